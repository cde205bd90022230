#include "app/view.h"
#include "app/commands/commands.h"
#include "app/commands/picture.h"
#include "app/language.h"

namespace orrery {
namespace {

struct WindowOptions {
  InputOptions input;
  SamplingWishes sampling;
  int count = -1;
  bool tour = false;
  std::string theme, language, dump;
};

int view(const WindowOptions& options) {
  if (display_available()) {
    ViewOptions view;
    view.model = options.input.has_model ? options.input.model : "";
    view.prompt = options.input.given_text();
    view.ids = options.input.ids;
    view.sampling = options.sampling;
    view.new_tokens = options.count;
    view.theme = options.theme;
    view.language = options.language;
    view.tour = options.tour;
    view.ui_dump = options.dump;
    return run_view(view);
  }
  const std::string file = "orrery.png";
  options.input.refuse_as_output(file);
  tell(say("there is no display here, so the picture of the main view goes to {0}", file));
  PictureOptions picture;
  if (!options.theme.empty()) picture.theme = options.theme;
  render_png(options.input, options.sampling, picture, 1, -1, file);
  return 0;
}

}  // namespace

void add_view(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<WindowOptions>();
  CLI::App* command = program.add_subcommand("view", tr("Opens the window (the same as no command at all)"));
  options->input.add_model(*command);
  options->input.add_prompt(*command);
  command->add_option("-n,--n-predict", options->count, tr("How many tokens; -1 until the context is full"))
      ->check(integer_in(-1, 1 << 24));
  add_looks(*command, options->theme, options->language);
  add_threads(*command);
  add_sampling(*command, options->sampling);
  command->add_flag("--tour", options->tour, tr("Begins with the tour, also where it was seen before"));
  command->add_option("--ui-dump", options->dump, "For tests: write the window's state here as JSON")
      ->group("");
  command->callback([options, &chosen] { chosen = [options] { return view(*options); }; });
}

}  // namespace orrery

#include <unistd.h>

#include <cmath>

#include "app/commands/commands.h"
#include "app/commands/picture.h"
#include "app/commands/window_picture.h"
#include "app/language.h"
#include "renderer/video.h"

namespace orrery {
namespace {

constexpr int largest_picture_side = 8192;

struct RenderOptions {
  InputOptions input;
  SamplingWishes sampling;
  PictureOptions picture;
  std::string file;
  int count = -2, token = -1, fps = 30;
  double seconds = 0;
  bool window = false;
  WindowPicture in_window;
};

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void read_size(const std::string& text, PictureOptions& picture) {
  int used = 0;
  if (text.size() > 16 || std::sscanf(text.c_str(), "%dx%d%n", &picture.width, &picture.height, &used) != 2 ||
      used != int(text.size()) || picture.width < 1 || picture.height < 1 ||
      picture.width > largest_picture_side || picture.height > largest_picture_side)
    throw CLI::ValidationError("--size", "'" + text + "' is no size like 1280x720, at most " +
                                             std::to_string(largest_picture_side) + " each way");
}

/// Progress on standard error: one line that counts up on a terminal, one at the end elsewhere.
void show_progress(int frame, int frames) {
  const bool terminal = isatty(2);
  if (!terminal && frame != frames) return;
  const std::string text = translate(say("frame {0} of {1}", frame, frames));
  std::fprintf(stderr, terminal ? "\r%s%s" : "%s%s", text.c_str(), frame == frames ? "\n" : "");
}

/// Where the film is after `done` (0..1) of its time: the prompt's pass takes as long as three tokens.
double film_position(const Trace& trace, double done) {
  constexpr double prompt_share = 3;
  const int passes = trace.pass_count(), steps = trace.steps_a_pass();
  double at = done * (passes - 1 + prompt_share);
  if (at <= prompt_share) return at / prompt_share * steps;
  at -= prompt_share;
  return std::min(double(trace.published()), (1 + at) * steps);
}

void render_film(const RenderOptions& options) {
  OutputFile output(options.file);  // complains before anything is computed
  const auto model = options.input.load();
  const std::vector<int> ids = options.input.tokens(*model);
  const int count = options.count == -2 ? 8 : options.count;
  Executor executor = Executor::start(model, ids, count == 0 ? 1 : count,
                                      fulfilled(fulfilled({}, model->sampling()), options.sampling));
  while (executor.run_pass()) {
  }
  const Trace& trace = *executor.trace();
  const double seconds = options.seconds > 0 ? options.seconds : 9 + 3.0 * (trace.pass_count() - 1);
  const int frames = std::max(1, int(std::lround(seconds * options.fps)));
  const int moving = std::max(1, frames - options.fps);  // the last second rests
  Picture picture(model, trace.token_count(trace.published()), options.picture);
  Video film(output.part(), options.picture.width, options.picture.height, options.fps, options.file);
  for (int frame = 0; frame < frames; ++frame) {
    const double done = std::min(1.0, double(frame) / moving);
    picture.frame(0.1f * float(std::sin(done * 6.2831853)));
    picture.draw(trace, film_position(trace, done), float(frame) / float(options.fps), Quality::still);
    film.add(picture.read());
    show_progress(frame + 1, frames);
  }
  film.finish();
  output.finish();
}

/// The same choices for the whole window.
void render_in_window(const RenderOptions& options) {
  WindowPicture picture = options.in_window;
  picture.view = {.model = options.input.model,
                  .prompt = options.input.given_text(),
                  .ids = options.input.ids,
                  .sampling = options.sampling,
                  .new_tokens = options.count == -2 ? 1 : options.count,
                  .theme = options.picture.theme,
                  .language = options.picture.language,
                  .keeps_settings = false,
                  .ui_dump = {}};
  picture.width = options.picture.width, picture.height = options.picture.height;
  picture.token = options.token, picture.step = options.picture.step, picture.at = options.picture.at;
  picture.focus = options.picture.focus;
  if (!options.picture.cell.empty()) picture.cells.insert(picture.cells.begin(), options.picture.cell);
  render_window(picture, options.file);
}

int render(const RenderOptions& options) {
  options.input.refuse_as_output(options.file);
  if (options.window)
    render_in_window(options);
  else if (ends_with(options.file, ".mp4"))
    render_film(options);
  else
    render_png(options.input, options.sampling, options.picture,
               options.count == -2 ? 1 : (options.count < 0 ? 1 << 24 : options.count), options.token,
               options.file);
  return 0;
}

}  // namespace

void add_render(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<RenderOptions>();
  CLI::App* command = program.add_subcommand("render", tr("Draws a picture or a film; needs no display"));
  options->input.add_model(*command);
  options->input.add_prompt(*command);
  command->add_option("-o,--output", options->file, tr("The picture (.png) or film (.mp4) to write"))
      ->type_name("FILE")
      ->required()
      ->check([](const std::string& file) {
        return ends_with(file, ".png") || ends_with(file, ".mp4")
                   ? std::string()
                   : "'" + file + "' ends in neither .png nor .mp4";
      });
  command
      ->add_option_function<std::string>(
          "--size", [options](const std::string& text) { read_size(text, options->picture); },
          tr("Width and height in pixels (default: 1280x720)"))
      ->type_name("WxH");
  command->add_option("--token", options->token, tr("Show the state after this token, counted from 0"))
      ->check(integer_in(0, 1 << 24));
  command->add_option("--step", options->picture.step, tr("Show the step that computes this hook"))
      ->type_name("HOOK");
  command->add_option("--cell", options->picture.cell, tr("Mark this cell and what it was computed from"))
      ->type_name("HOOK:ROW:COL");
  command
      ->add_option("--at", options->picture.at,
                   tr("How far that step, or the making of that cell, has come: 0 to 1"))
      ->check(number_in(0, 1));
  command
      ->add_option("--arcs", options->picture.arcs,
                   tr("Arcs between the tokens: where a head looks (L0H1), a layer (L0), one token (L0H1:5)"))
      ->type_name("HEAD");
  command->add_flag(
      "--written", options->picture.written,
      tr("Arcs show what is written, attention times the length of the value, not the attention"));
  command->add_flag("--lens", options->picture.lens,
                    tr("What each state would predict, as ghost columns beside the residual stream"));
  command->add_option("--focus", options->picture.focus, tr("Look at this tensor"))->type_name("TENSOR");
  command
      ->add_option("-n,--n-predict", options->count,
                   tr("Tokens to generate; -1 until the context is full (default: 1, films 8)"))
      ->check(integer_in(-1, 1 << 24));
  command->add_option("--fps", options->fps, tr("Pictures a second of a film"))
      ->check(integer_in(1, 240))
      ->capture_default_str();
  command
      ->add_option("--seconds", options->seconds,
                   tr("Length of a film (default: 9, and 3 for every further token)"))
      ->check(number_in(0.01, 36000));
  CLI::Option* window =
      command->add_flag("--window", options->window,
                        tr("Draw the whole window with its panes, as when it has just been opened"));
  command
      ->add_option("--action", options->in_window.actions,
                   tr("With --window: do this first, by its name, e.g. insight_attention; may be repeated"))
      ->type_name("NAME")
      ->needs(window);
  command->add_option("--head", options->in_window.head, tr("With --window: the head to look at, e.g. L0H1"))
      ->type_name("HEAD")
      ->needs(window);
  command
      ->add_option("--card", options->in_window.cells,
                   tr("With --window: pin this cell's card; may be repeated"))
      ->type_name("HOOK:ROW:COL")
      ->needs(window);
  add_looks(*command, options->picture.theme, options->picture.language);
  add_threads(*command);
  add_sampling(*command, options->sampling);
  command->callback([options, &chosen] {
    if (options->window && ends_with(options->file, ".mp4"))
      throw CLI::ValidationError("--window", tr("the window is drawn as a picture (.png) only"));
    chosen = [options] { return render(*options); };
  });
}

}  // namespace orrery

#include <cstdio>
#include <new>

#include "app/commands/commands.h"
#include "app/commands/support.h"

// Exit status: 0; 1 a failure, with one sentence on standard error; 2 wrong usage.
int main(int argc, char** argv) {
  using namespace orrery;
  CLI::App program{"Orrery shows a language model at work: every number that it computes, in 3D.", "orrery"};
  program.set_version_flag("--version", "orrery " ORRERY_VERSION);
  Action chosen;
  add_view(program, chosen);
  add_render(program, chosen);
  add_generate(program, chosen);
  add_trace(program, chosen);
  add_hooks(program, chosen);
  add_info(program, chosen);
  add_models(program, chosen);
  add_tokenize(program, chosen);
  add_bench(program, chosen);
  // Without a command (first argument an option, or nothing) it is 'view'.
  std::vector<const char*> arguments(argv, argv + argc);
  const std::string first = argc > 1 ? argv[1] : "";
  const bool general = first == "-h" || first == "--help" || first == "--version";
  if (first.empty() || (first[0] == '-' && !general)) arguments.insert(arguments.begin() + 1, "view");
  try {
    program.parse(int(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  }
  try {
    return chosen();
  } catch (const Error& error) {
    tell(error.message);
  } catch (const std::bad_alloc&) {
    tell(say("not enough memory for this model"));
  } catch (const std::exception& error) {
    tell(say("unexpected failure: {0}", error.what()));
  }
  return 1;
}

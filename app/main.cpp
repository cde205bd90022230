#include <cstdio>
#include <new>

#include "app/commands/commands.h"
#include "app/commands/support.h"

// Exit status: 0; 1 a failure, with one sentence on standard error; 2 wrong usage.
int main(int argc, char** argv) {
  using namespace orrery;
  CLI::App program{"Orrery shows a language model at work: every number that it computes, in 3D.", "orrery"};
  program.set_version_flag("--version", "orrery " ORRERY_VERSION);
  program.require_subcommand(1);
  Action chosen;
  add_generate(program, chosen);
  add_trace(program, chosen);
  add_hooks(program, chosen);
  add_info(program, chosen);
  add_models(program, chosen);
  add_tokenize(program, chosen);
  add_bench(program, chosen);
  try {
    program.parse(argc, argv);
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

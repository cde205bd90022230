#include <cstdio>
#include <new>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"

namespace {

/// Before the options are made, whose help is a matter of language, too: --lang, else the system's language.
void choose_language(int argc, char** argv) {
  std::string code = orrery::system_language();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--lang" && i + 1 < argc) code = argv[i + 1];
    if (argument.rfind("--lang=", 0) == 0) code = argument.substr(7);
  }
  orrery::set_language(code);
}

/// The library's own words in help texts; commands take them over from the program.
void translate_help(CLI::App& program) {
  using orrery::tr;
  program.set_help_flag("-h,--help", tr("Prints this help"));
  const auto words = program.get_formatter();
  words->label("Usage", tr("Usage"));
  words->label("OPTIONS", tr("OPTIONS"));
  words->label("SUBCOMMAND", tr("COMMAND"));
  words->label("SUBCOMMANDS", tr("COMMANDS"));
  words->label("Options", tr("Options"));
  words->label("Subcommands", tr("Commands"));
  words->label("Positionals", tr("Arguments"));
  words->label("REQUIRED", tr("required"));
}

}  // namespace

// Exit status: 0; 1 a failure, with one sentence on standard error; 2 wrong usage.
int main(int argc, char** argv) {
  using namespace orrery;
  choose_language(argc, argv);
  CLI::App program{tr("Orrery shows a language model at work: every number that it computes, in 3D."),
                   "orrery"};
  translate_help(program);
  program.set_version_flag("--version", "orrery " ORRERY_VERSION, tr("Prints the version"));
  Command chosen;
  add_view(program, chosen);
  add_render(program, chosen);
  add_generate(program, chosen);
  add_trace(program, chosen);
  add_hooks(program, chosen);
  add_info(program, chosen);
  add_convert(program, chosen);
  add_models(program, chosen);
  add_tokenize(program, chosen);
  add_tokenizer(program, chosen);
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

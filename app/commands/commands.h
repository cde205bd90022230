#pragma once
#include <functional>

namespace CLI {
class App;
}

namespace orrery {

/// What the chosen command does; returns the exit status, throws Error.
using Command = std::function<int()>;

// One function a command, each in its own file: adds the subcommand with its options to `program` and sets
// `chosen` when a person calls it.
void add_view(CLI::App& program, Command& chosen);
void add_render(CLI::App& program, Command& chosen);
void add_generate(CLI::App& program, Command& chosen);
void add_trace(CLI::App& program, Command& chosen);
void add_hooks(CLI::App& program, Command& chosen);
void add_info(CLI::App& program, Command& chosen);
void add_convert(CLI::App& program, Command& chosen);
void add_models(CLI::App& program, Command& chosen);
void add_tokenize(CLI::App& program, Command& chosen);
void add_tokenizer(CLI::App& program, Command& chosen);
void add_bench(CLI::App& program, Command& chosen);

}  // namespace orrery

#pragma once
// What the tabs of the page about tokenizers share.
#include <string>
#include <vector>

#include "app/app.h"
#include "app/style.h"

namespace orrery {

// Each fills the rest of the page.
void tokenizer_steps_tab(App& app);
void tokenizer_compare_tab(App& app);
void tokenizer_train_tab(App& app);

/// A list of the tokenizers to choose one from. True if another was chosen.
bool tokenizer_choice(TokenizerPage& page, const char* name, int& entry, float width);
/// A token's bytes as the window can draw them: characters beyond the fonts' reach as their numbers.
std::string drawable(std::string_view bytes);
/// The colour of the token of that number in a row: neighbours differ.
ImVec4 token_colour(size_t number);
/// Tokens one after the other, in as many lines as fit `height`; then how many more there are.
void token_flow(const char* name, const std::vector<std::string>& tokens, float height);
/// "12 tokens for 31 characters: 0.39 tokens a character".
Message token_counts(size_t tokens, size_t characters);

}  // namespace orrery

#include <algorithm>

#include "app/language.h"
#include "app/panels/insight_widgets.h"
#include "app/panels/tokenizer.h"

namespace orrery {
using namespace ui;

namespace {

// The same contents in two languages, shown as they are.
constexpr char english_text[] =
    "The white sun sets behind the mountains, and the Yellow River flows into the sea. To see a thousand "
    "miles further, climb one more storey.";
constexpr char chinese_text[] = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。";

/// Tokens a character as a bar, so that two can be compared at a glance.
void counts_bar(const TokenSteps& steps, float most) {
  const double each = steps.tokens_per_character();
  text(Font::small, colours().muted, translate(token_counts(steps.tokens, steps.characters)).c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x - px(8), high = px(6);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + width, at.y + high}, pack(colours().raised), px(3));
  list->AddRectFilled(at, {at.x + width * std::min(1.f, float(each) / most), at.y + high},
                      pack(colours().accent), px(3));
  ImGui::Dummy({width, high});
}

/// One text in the tokens of one tokenizer.
void sample(TokenizerPage& page, const char* name, int place, int entry, const std::string& words, float most,
            float height) {
  std::optional<Message> problem;
  const auto tokenizer = page.tokenizer(entry, problem);
  if (problem) return wrapped(Font::small, colours().danger, translate(*problem).c_str());
  const auto steps = tokenizer ? page.steps(place, tokenizer, words) : nullptr;
  if (!steps) return note(say("Being opened …"));
  if (steps->problem) return wrapped(Font::small, colours().danger, translate(*steps->problem).c_str());
  static std::vector<std::string> tokens;  // keeps its memory from frame to frame
  tokens.clear();
  for (int id : steps->steps.prefix) tokens.push_back(drawable(steps->tokenizer->bytes(id)));
  for (const TokenizingSteps::Piece& piece : steps->steps.pieces)
    for (const TokenizingSteps::Token& token : piece.tokens) {
      if (tokens.size() > 400) break;  // more than fit
      tokens.push_back(drawable(steps->tokenizer->bytes(token.id)));
    }
  tokens.resize(std::max(tokens.size(), std::min<size_t>(steps->tokens, 1 << 20)));
  token_flow(name, tokens, height);
  counts_bar(*steps, most);
}

}  // namespace

void tokenizer_compare_tab(App& app) {
  TokenizerPage& page = app.tokenizer_page;
  struct Row {
    const char* title;
    std::string words;
  };
  const Row rows[] = {
      {tr("Your text"), page.text}, {tr("English"), english_text}, {tr("Chinese"), chinese_text}};
  constexpr float most = 3;  // tokens a character: every byte of a Chinese character
  const float width = (ImGui::GetContentRegionAvail().x - px(20)) / 2;
  const float each = (ImGui::GetContentRegionAvail().y - px(26)) / 3;
  for (int row = 0; row < 3; ++row) {
    text(Font::small, colours().accent, rows[row].title);
    for (int column = 0; column < 2; ++column) {
      const int entry = column ? page.other : page.chosen, place = 1 + row * 2 + column;
      if (column) ImGui::SameLine(0, px(20));
      const std::string name = "compare_" + std::to_string(row) + (column ? "_other" : "_chosen");
      ImGui::BeginChild(name.c_str(), {width, each - px(28)}, false, ImGuiWindowFlags_NoScrollbar);
      if (entry >= 0) sample(page, name.c_str(), place, entry, rows[row].words, most, each - px(70));
      ImGui::EndChild();
    }
  }
  text(Font::small, colours().faint,
       tr("A bar that is full: three tokens a character, every byte of a Chinese one"));
}

}  // namespace orrery

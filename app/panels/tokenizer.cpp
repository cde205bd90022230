#include "app/panels/tokenizer.h"

#include <algorithm>

#include "app/language.h"
#include "app/panels/insight_widgets.h"
#include "app/panels/panels.h"
#include "app/panels/text_field.h"
#include "model/tokenizers/unicode.h"

namespace orrery {
using namespace ui;

namespace {

// Shown as they are, whatever the language of the window.
constexpr char english_sample[] = "The planets turn, and nothing is hidden: it's unbelievable!";
constexpr char chinese_sample[] = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。";
constexpr char mixed_sample[] = "Orrery 會轉動：naïve café, 春眠 2026 🪐";

/// Title, tabs and the button that closes. False if that was pressed.
bool page_header(TokenizerPage& page) {
  text(Font::title, colours().text, tr("How text becomes tokens"));
  ImGui::SameLine(0, px(24));
  const auto tab = [&](const char* id, const char* label, TokenizerTab which) {
    if (choice(id, label, page.tab == which)) page.tab = which;
    ImGui::SameLine(0, px(6));
  };
  tab("tokenizer_tab_steps", tr("Step by step"), TokenizerTab::steps);
  tab("tokenizer_tab_compare", tr("Two side by side"), TokenizerTab::compare);
  tab("tokenizer_tab_train", tr("Train one"), TokenizerTab::train);
  ImGui::SameLine(ImGui::GetWindowWidth() - px(46));
  return !icon_button("tokenizer_close", Icon::close, tr("Close"), px(26));
}

/// The text, and texts to try.
void text_row(App& app) {
  TokenizerPage& page = app.tokenizer_page;
  const auto sample = [&](const char* id, const char* label, const std::string& words) {
    ImGui::SameLine(0, px(6));
    if (button(id, label)) page.text = words;
  };
  WithFont with(Font::body);
  text_field("tokenizer_text", tr("A text to cut into tokens"), page.text,
             ImGui::GetContentRegionAvail().x - px(340));
  sample("tokenizer_prompt", tr("Prompt"), app.prompt.text);
  sample("tokenizer_english", "English", english_sample);
  sample("tokenizer_chinese", "中文", chinese_sample);
  sample("tokenizer_mixed", tr("Mixed"), mixed_sample);
}

/// Which tokenizer, and the field to open another.
void choice_row(TokenizerPage& page) {
  tokenizer_choice(page, "tokenizer_chosen", page.chosen, px(300));
  if (page.tab == TokenizerTab::compare) {
    ImGui::SameLine();
    text(Font::small, colours().muted, tr("beside"));
    ImGui::SameLine();
    tokenizer_choice(page, "tokenizer_other", page.other, px(300));
  }
  ImGui::SameLine(0, px(18));
  const bool entered = text_field("tokenizer_path", tr("Open another: tokenizer.json, vocab.txt, a folder"),
                                  page.path_field, ImGui::GetContentRegionAvail().x - px(96));
  ImGui::SameLine(0, px(6));
  if (button("tokenizer_open", tr("Open"), false, {px(88), 0}) || entered) page.open(page.path_field);
}

}  // namespace

bool tokenizer_choice(TokenizerPage& page, const char* name, int& entry, float width) {
  const auto label = [&](int number) {
    const TokenizerEntry& shown = page.entries[size_t(number)];
    std::string words = shown.name.empty() ? tr("No model is open") : shown.name;
    if (shown.tokenizer)
      words += " · " + translate(say("{0}, {1} tokens", tokenizer_kind(shown.tokenizer->kind()),
                                     shown.tokenizer->size()));
    need_glyphs(words.c_str());
    return words;
  };
  const int before = entry;
  ImGui::SetNextItemWidth(width);
  const bool open =
      ImGui::BeginCombo((std::string("##") + name).c_str(), entry >= 0 ? label(entry).c_str() : "");
  mark(name);
  if (!open) return false;
  for (int number = 0; number < int(page.entries.size()); ++number) {
    if (!page.listed(number)) continue;
    ImGui::PushID(number);
    if (ImGui::Selectable(label(number).c_str(), number == entry)) entry = number;
    ImGui::PopID();
    mark((std::string(name) + "_" + std::to_string(number)).c_str());
  }
  ImGui::EndCombo();
  return entry != before;
}

std::string drawable(std::string_view bytes) {
  const std::string shown = display_token(bytes);
  std::string words;
  for_each_character(shown, [&](size_t begin, size_t end, int point) {
    if (point <= 0xffff) {
      words += shown.substr(begin, end - begin);
      return;
    }
    char number[16];
    std::snprintf(number, sizeof number, "U+%X", unsigned(point));
    words += number;
  });
  return words;
}

ImVec4 token_colour(size_t number) { return colours().kinds[(number * 3) % 5]; }

void token_flow(const char* name, const std::vector<std::string>& tokens, float height) {
  WithFont with(Font::small);
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, row = px(22), gap = px(3);
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImVec2 at = corner;
  size_t shown = 0;
  for (; shown < tokens.size(); ++shown) {
    const char* words = tokens[shown].c_str();
    need_glyphs(words);
    const float wide = ImGui::CalcTextSize(words).x + px(8);
    if (at.x + wide > corner.x + width) at = {corner.x, at.y + row + gap};
    if (at.y + 2 * row + gap > corner.y + height && at.x + wide > corner.x + width - px(150)) break;
    list->AddRectFilled(at, {at.x + wide, at.y + row}, pack(fade(token_colour(shown), 0.26f)), px(4));
    list->AddText({at.x + px(4), at.y + (row - ImGui::GetFontSize()) / 2}, pack(colours().text), words);
    at.x += wide + gap;
  }
  if (shown < tokens.size()) {
    const std::string more = translate(say("and {0} more", tokens.size() - shown));
    need_glyphs(more.c_str());
    list->AddText({at.x + px(4), at.y + (row - ImGui::GetFontSize()) / 2}, pack(colours().muted),
                  more.c_str());
  }
  ImGui::Dummy({width, height});
  mark(name, corner, {corner.x + width, corner.y + height});
}

Message token_counts(size_t tokens, size_t characters) {
  const double each = characters ? double(tokens) / double(characters) : 0;
  char number[16];
  std::snprintf(number, sizeof number, "%.2f", each);
  return say("{0} tokens for {1} characters: {2} tokens a character", tokens, characters, number);
}

void tokenizer_page(App& app) {
  TokenizerPage& page = app.tokenizer_page;
  page.show(app.model, app.prompt.text);
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const float side = std::min(px(28), display.x * 0.03f), above = std::min(px(24), display.y * 0.03f);
  ImGui::SetNextWindowPos({side, above});
  ImGui::SetNextWindowSize({std::max(1.f, display.x - 2 * side), std::max(1.f, display.y - 2 * above)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(20), px(16)});
  ImGui::Begin("tokenizer_page", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
  ImGui::PopStyleVar(2);
  mark("tokenizer_page", {side, above}, {display.x - side, display.y - above});
  if (!page_header(page)) app.pages.tokenizer = false;
  text_row(app);
  if (page.tab != TokenizerTab::train) choice_row(page);
  ImGui::Dummy({0, px(2)});
  switch (page.tab) {
    case TokenizerTab::steps:
      tokenizer_steps_tab(app);
      break;
    case TokenizerTab::compare:
      tokenizer_compare_tab(app);
      break;
    case TokenizerTab::train:
      tokenizer_train_tab(app);
      break;
  }
  ImGui::End();
}

}  // namespace orrery

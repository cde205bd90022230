#include <algorithm>
#include <cmath>

#include "app/language.h"
#include "app/panels/insight_widgets.h"
#include "app/panels/text_field.h"
#include "app/panels/tokenizer.h"

namespace orrery {
using namespace ui;

namespace {

using State = BpeTraining::State;

void training_controls(TokenizerPage& page) {
  const bool running = page.training.state() == State::running;
  heading(tr("A text file to learn from"));
  text_field("train_file", tr("/path/to/a/text.txt"), page.training_file, ImGui::GetContentRegionAvail().x);
  heading(tr("How many tokens: 256 bytes, and what is learned"));
  ImGui::SetNextItemWidth(px(150));
  ImGui::InputInt("##vocabulary_size", &page.vocabulary_size, 256, 1024);
  mark("train_size");
  page.vocabulary_size = std::clamp(page.vocabulary_size, 256, 1 << 20);
  ImGui::SameLine(0, px(14));
  if (running) {
    if (button("train_cancel", tr("Cancel"))) page.training.cancel();
    const float shown = float(page.training.merges().size()) / float(std::max(1, page.vocabulary_size - 256));
    ImGui::ProgressBar(shown > 0 ? shown : page.training.progress(), {-1, px(6)}, "");
  } else if (button("train_start", tr("Learn"), true, {px(100), 0})) {
    page.train();
  }
}

/// Saving, and looking at what was learned.
void training_outcome(App& app) {
  TokenizerPage& page = app.tokenizer_page;
  const TrainedTokenizer& made = *page.training.result();
  wrapped(Font::small, colours().text,
          translate(say("Done: {0} tokens, learned from {1} words, {2} of them different.",
                        made.tokenizer->size(), made.words, made.different_words))
              .c_str());
  if (made.tokenizer->size() < page.vocabulary_size)
    note(say("No other pair of neighbours occurs twice: there is no more to learn."));
  if (button("train_look", tr("Look at its steps"), true)) {
    page.add(page.training.file().stem().string(), made.tokenizer);
    page.tab = TokenizerTab::steps;
  }
  heading(tr("Save it as tokenizer.json"));
  const bool entered = text_field("train_save_path", tr("/path/to/tokenizer.json"), page.save_path,
                                  ImGui::GetContentRegionAvail().x - px(96));
  ImGui::SameLine(0, px(6));
  if (!(button("train_save", tr("Save"), false, {px(88), 0}) || entered) || page.save_path.empty()) return;
  try {
    save_new_file(page.save_path, made.json);
    app.tell(say("Saved: {0}", page.save_path));
  } catch (const Error& error) {
    app.tell(error.message, true);
  }
}

/// The newest merges, each with how often the pair stood in the text.
void newest_merges(const BpeTraining& training, float height) {
  WithFont with(Font::small);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, row = px(22);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const auto& merges = training.merges();
  const double most = merges.empty() ? 1 : std::log(double(merges[0].count) + 1);
  float y = at.y;
  for (size_t i = merges.size(); i-- > 0 && y + row <= at.y + height; y += row) {
    const LearnedMerge& merge = merges[i];
    const std::string pair =
        drawable(training.bytes(merge.left)) + " + " + drawable(training.bytes(merge.right));
    const std::string both = drawable(training.bytes(merge.id)), count = std::to_string(merge.count);
    for (const std::string* words : {&pair, &both}) need_glyphs(words->c_str());
    const float part = float(std::log(double(merge.count) + 1) / most);
    const float full = width * 0.3f, right = at.x + width;
    list->AddRectFilled({right - full * part, y + px(3)}, {right, y + row - px(3)},
                        pack(fade(colours().accent, 0.35f)), px(3));
    const ImVec4 colour = i + 1 == merges.size() ? colours().warm : colours().text;
    list->AddText({at.x, y + px(2)}, pack(colours().faint), std::to_string(i + 1).c_str());
    list->AddText({at.x + px(52), y + px(2)}, pack(colours().muted),
                  fitting(pair, width * 0.32f - px(60)).c_str());
    list->AddText({at.x + width * 0.34f, y + px(2)}, pack(colour), fitting(both, width * 0.3f).c_str());
    list->AddText({right - px(6) - ImGui::CalcTextSize(count.c_str()).x, y + px(2)}, pack(colours().text),
                  count.c_str());
  }
  ImGui::Dummy({width, height});
  mark("train_merges", at, {at.x + width, at.y + height});
}

/// How the number of the text's tokens falls while merges are learned.
void course(const TokenizerPage& page, float height) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + width, at.y + height}, pack(colours().raised), px(6));
  ImGui::Dummy({width, height});
  mark("train_course", at, {at.x + width, at.y + height});
  if (page.course.empty()) return;
  const auto bytes = float(std::min<size_t>(page.text.size(), 2000));
  const float last = float(std::max<size_t>(1, size_t(page.vocabulary_size) - 256));
  const auto point = [&](std::pair<size_t, size_t> entry) {
    return ImVec2{at.x + width * std::min(1.f, float(entry.first) / last),
                  at.y + height - (height - px(6)) * float(entry.second) / std::max(1.f, bytes)};
  };
  ImVec2 before{at.x, at.y + px(6)};
  for (const auto& entry : page.course) {
    const ImVec2 here = point(entry);
    list->AddLine(before, here, pack(colours().accent), px(2));
    before = here;
  }
  list->AddCircleFilled(before, px(4), pack(colours().warm));
  WithFont with(Font::small);
  const std::string now = std::to_string(page.course.back().second);
  const float wide = ImGui::CalcTextSize(now.c_str()).x;
  list->AddText(
      {std::min(before.x + px(8), at.x + width - wide - px(4)), std::max(before.y - px(22), at.y + px(2))},
      pack(colours().warm), now.c_str());
}

void learned(TokenizerPage& page) {
  const BpeTraining& training = page.training;
  if (training.problem())
    return wrapped(Font::body, colours().danger, translate(*training.problem()).c_str());
  switch (training.state()) {
    case State::idle:
      return note(say(
          "A byte-level BPE begins with the 256 bytes. Again and again the two neighbours that stand side "
          "by side most often become one token. Here you see it learn."));
    case State::cancelled:
      note(say("Cancelled."));
      break;
    default:
      if (training.merges().empty()) note(say("The words of the text are being counted …"));
  }
  if (training.merges().empty()) return;
  text(Font::small, colours().accent,
       translate(say("{0} merges, the newest first, and how often each pair was seen (logarithmic bars)",
                     training.merges().size()))
           .c_str());
  newest_merges(training, ImGui::GetContentRegionAvail().y);
}

/// The person's text in the tokens that are known by now.
void live_text(TokenizerPage& page) {
  static std::vector<std::string> tokens;  // keeps its memory from frame to frame
  tokens.clear();
  for (int id : page.live) tokens.push_back(drawable(page.training.bytes(id)));
  const std::string_view shown = std::string_view(page.text).substr(0, 2000);
  size_t characters = 0;
  for (char byte : shown) characters += (byte & 0xc0) != 0x80;
  heading(tr("Your text with what is known by now"));
  token_flow("train_live", tokens, px(74));
  text(Font::small, colours().text, translate(token_counts(tokens.size(), characters)).c_str());
  heading(tr("Its tokens, from one a byte down, as merges are learned"));
  course(page, std::clamp(ImGui::GetContentRegionAvail().y - px(4), px(30), px(130)));
}

}  // namespace

void tokenizer_train_tab(App& app) {
  TokenizerPage& page = app.tokenizer_page;
  const float width = ImGui::GetContentRegionAvail().x * 0.46f;
  ImGui::BeginChild("train_left", {width, 0});
  training_controls(page);
  if (page.training.result()) training_outcome(app);
  if (!page.live.empty()) live_text(page);
  ImGui::EndChild();
  ImGui::SameLine(0, px(24));
  ImGui::BeginChild("train_right", {0, 0}, false, ImGuiWindowFlags_NoScrollbar);
  learned(page);
  ImGui::EndChild();
}

}  // namespace orrery

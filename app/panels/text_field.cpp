#include "app/panels/text_field.h"

#include <algorithm>

#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

/// ImGui needs room for more letters.
int grow(ImGuiInputTextCallbackData* data) {
  auto& words = *static_cast<std::string*>(data->UserData);
  words.resize(size_t(data->BufTextLen));
  data->Buf = words.data();
  return 0;
}

}  // namespace

bool text_field(const char* name, const char* hint, std::string& words, float width) {
  need_glyphs(words.c_str());
  need_glyphs(hint);
  ImGui::SetNextItemWidth(std::max(px(60), width));
  const bool entered = ImGui::InputTextWithHint(
      (std::string("##") + name).c_str(), hint, words.data(), words.capacity() + 1,
      ImGuiInputTextFlags_CallbackResize | ImGuiInputTextFlags_EnterReturnsTrue, grow, &words);
  mark(name);
  return entered;
}

}  // namespace orrery

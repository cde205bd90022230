#include "app/panels/links.h"

#include <algorithm>

#include "app/language.h"

namespace orrery {
using namespace ui;

bool text_link(const char* id, Font which, const ImVec4& colour, const std::string& words) {
  need_glyphs(words.c_str());
  WithFont with(which);
  const ImVec2 size = ImGui::CalcTextSize(words.c_str());
  const bool pressed = ImGui::InvisibleButton(id, {std::max(1.f, size.x), std::max(1.f, size.y)});
  mark(id);
  const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddText(low, pack(colour), words.c_str());
  if (ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    list->AddLine({low.x, high.y}, high, pack(colour));
  }
  return pressed;
}

void name_link(App& app, const char* id, const Tensor& tensor, Font which, float width) {
  const ImVec4& colour = colours().kinds[int(tensor.kind)];
  WithFont with(which);
  if (text_link(id, which, colour, width > 0 ? fitting(tensor.name, width) : tensor.name))
    app.scene.fly_to(tensor, app.settings.reduced_motion);
  if (!tensor.label.key.empty()) tooltip(translate(tensor.label).c_str());
}

void linked_sentence(App& app, const char* id, const Message& sentence, Font which, const ImVec4& colour) {
  const std::string whole = translate(sentence);
  need_glyphs(whole.c_str());
  WithFont with(which);
  ImGui::BeginGroup();
  float room = ImGui::GetContentRegionAvail().x;
  size_t at = 0;
  int links = 0;
  const Graph* graph = app.model ? &app.model->graph() : nullptr;
  while (at < whole.size() && room > 0) {
    // The next name that the sentence was given.
    const Tensor* next = nullptr;
    size_t from = whole.size(), length = 0;
    for (const std::string& argument : sentence.arguments)
      if (const Tensor* tensor = graph ? graph->find(argument) : nullptr)
        if (size_t place = whole.find(argument, at); place < from) {
          from = place;
          length = argument.size();
          next = tensor;
        }
    if (from > at) {
      const std::string plain = fitting(whole.substr(at, from - at), room);
      text(which, colour, plain.c_str());
      room -= ImGui::GetItemRectSize().x;
      ImGui::SameLine(0, 0);
    }
    if (!next || room <= 0) break;
    name_link(app, (std::string(id) + "_name_" + std::to_string(links++)).c_str(), *next, which, room);
    room -= ImGui::GetItemRectSize().x;
    ImGui::SameLine(0, 0);
    at = from + length;
  }
  ImGui::NewLine();
  ImGui::EndGroup();
}

}  // namespace orrery

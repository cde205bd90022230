#include <algorithm>
#include <cmath>

#include "app/card_place.h"
#include "app/language.h"
#include "app/panels/card_body.h"
#include "app/panels/links.h"
#include "app/panels/panels.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

constexpr ImGuiWindowFlags card_flags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings |
                                        ImGuiWindowFlags_AlwaysAutoResize |
                                        ImGuiWindowFlags_NoFocusOnAppearing;

Box scene_box(const App& app) {
  const auto& area = app.scene.area;
  return {float(area.x), float(area.y), float(area.x + area.width), float(area.y + area.height)};
}

/// What a card should not hide: what its cell was read from, and the other cards.
std::vector<Box> to_be_seen(const App& app, const CellFacts& facts, int own) {
  std::vector<Box> boxes;
  if (facts.derivation)
    for (const Region& region : facts.derivation->reads)
      if (const auto box = app.scene.screen_box(region)) boxes.push_back(*box);
  for (const Card& card : app.cards.pinned())
    if (card.id != own && card.placed)
      boxes.push_back({card.x, card.y, card.x + card.width, card.y + card.height});
  return boxes;
}

std::optional<Box> cell_box(const App& app, const Cell& cell) {
  return app.scene.screen_box({cell.tensor, cell.row, cell.col, 1, 1});
}

/// A line from a card to its cell, behind the windows.
void leader(const App& app, const Card& card, const ImVec4& colour) {
  const auto cell = cell_box(app, card.cell);
  const Box area = scene_box(app);
  if (!cell) return;
  const ImVec2 to{(cell->left + cell->right) / 2, (cell->top + cell->bottom) / 2};
  const ImVec2 from{std::clamp(to.x, card.x, card.x + card.width),
                    std::clamp(to.y, card.y, card.y + card.height)};
  if (from.x == to.x && from.y == to.y) return;  // the card lies on its cell
  ImDrawList* list = ImGui::GetBackgroundDrawList();
  list->PushClipRect({area.left, area.top}, {area.right, area.bottom});
  list->AddLine(from, to, pack(fade(colour, 0.75f)), px(1));
  list->AddCircle(to, px(6), pack(colour), 0, px(2));
  list->PopClipRect();
}

void go_back(App& app, Card& card) {
  app.cards.back(card);
  app.scene.selected = card.cell;
  app.scene.show_cell(card.cell, app.settings.reduced_motion);
  app.awake = 4;
}

/// Number, name and buttons.
void card_head(App& app, Card& card, const ImVec4& colour, bool& close) {
  const std::string name = "card" + std::to_string(card.id);
  const float side = px(22);
  const bool can_follow = card.cell.tensor->rows.axis == Axis::token;
  const int buttons = 2 + int(card.facts.derivation.has_value()) + int(!card.trail.empty()) + int(can_follow);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const std::string number = std::to_string(card.id);
  const ImVec2 middle{at.x + px(9), at.y + side / 2};
  list->AddCircleFilled(middle, px(9), pack(colour));
  {
    WithFont with(Font::small);
    const ImVec2 size = ImGui::CalcTextSize(number.c_str());
    list->AddText({middle.x - size.x / 2, middle.y - size.y / 2}, pack(colours().background), number.c_str());
  }
  ImGui::SetCursorScreenPos({at.x + px(26), at.y});
  text(Font::small, colours().muted,
       card.cell.tensor->label.key.empty() ? "" : translate(card.cell.tensor->label).c_str());
  ImGui::SameLine(ImGui::GetWindowWidth() - float(buttons) * (side + px(4)) - px(8));
  auto sign = [&](const char* id, Icon icon, const char* tip, bool active) {
    const bool pressed = icon_button((name + id).c_str(), icon, tip, side, active);
    ImGui::SameLine(0, px(4));
    return pressed;
  };
  if (!card.trail.empty() && sign("_back", Icon::left, tr("Back to the card's last cell"), false))
    go_back(app, card);
  if (can_follow && sign("_newest", Icon::token_on, tr("Stay with the newest token"), card.newest)) {
    card.newest = !card.newest;
    app.cards.touch();
  }
  if (card.facts.derivation &&
      sign("_replay", Icon::play, tr("Show how this number is made"), app.cards.replayed == card.id)) {
    app.cards.replay(card.id);
    if (app.cards.replayed == card.id) app.scene.show_work(card.cell, app.settings.reduced_motion);
  }
  if (sign("_copy", Icon::copy, tr("Copy this card as text"), false)) {
    app.copy_text(card_text(card.facts, translate));
  }
  close = icon_button((name + "_close").c_str(), Icon::close, tr("Close"), side);
  name_link(app, (name + "_name").c_str(), *card.cell.tensor, Font::mono, ImGui::GetContentRegionAvail().x);
}

/// The last steps of the way that led here.
void card_trail(App& app, Card& card) {
  if (card.trail.empty()) return;
  const Cell& last = card.trail.back();
  const std::string words =
      "← " + region_text({last.tensor, last.row, last.col, 1, 1}) +
      (card.trail.size() > 1 ? "  +" + std::to_string(card.trail.size() - 1) : std::string());
  WithFont with(Font::small);
  if (text_link(("card" + std::to_string(card.id) + "_trail").c_str(), Font::small, colours().faint,
                fitting(words, ImGui::GetContentRegionAvail().x)))
    go_back(app, card);
}

/// Beside its cell once; from then on where the person leaves it, but inside of the window.
void place_window(App& app, Card& card, float width) {
  if (!card.placed && card.width > 0 && ++card.settled > 2) {
    const auto cell = cell_box(app, card.cell);
    const Box area = scene_box(app);
    const Box middle{(area.left + area.right) / 2, (area.top + area.bottom) / 2, (area.left + area.right) / 2,
                     (area.top + area.bottom) / 2};
    const Box box = place_card(card.width, card.height, area, cell.value_or(middle),
                               to_be_seen(app, card.facts, card.id), true);
    card.x = box.left;
    card.y = box.top;
    card.placed = true;
  }
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const Box room = card.dragged ? Box{0, 0, display.x, display.y} : scene_box(app);
  card.x = std::max(room.left, std::min(card.x, room.right - card.width));
  card.y = std::max(room.top, std::min(card.y, room.bottom - card.height));
  // Out of sight until its size is known.
  ImGui::SetNextWindowPos(card.placed ? ImVec2{card.x, card.y} : ImVec2{-4000, -4000});
  ImGui::SetNextWindowSizeConstraints({width, 0}, {width, std::max(px(160), room.bottom - room.top)});
}

/// Returns false if the card is to go.
bool pinned_card(App& app, Card& card) {
  const std::string name = "card" + std::to_string(card.id);
  const ImVec4 colour = card_colour(card.id, app.settings.theme);
  place_window(app, card, px(336));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, px(1.5f));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(12), px(10)});
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(6), px(5)});
  ImGui::PushStyleColor(ImGuiCol_Border, fade(colour, 0.8f));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, fade(colours().panel, 0.97f));
  ImGui::Begin(name.c_str(), nullptr, card_flags & ~ImGuiWindowFlags_NoScrollbar);
  bool close = false;
  card_head(app, card, colour, close);
  card_trail(app, card);
  card_body(app, card.facts, &card);
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  if (card.placed && (std::abs(at.x - card.x) > 1 || std::abs(at.y - card.y) > 1)) {
    card.dragged = true;
    card.x = at.x;
    card.y = at.y;
  }
  if (!card.placed || card.width != size.x || card.height != size.y) app.awake = std::max(app.awake, 2);
  card.width = size.x;
  card.height = size.y;
  mark(name.c_str(), at, {at.x + size.x, at.y + size.y});
  ImGui::End();
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(3);
  if (card.placed) leader(app, card, colour);
  return !close;
}

/// The part of the picture's width that cards at its sides leave free: at least a third of it.
void find_free_room(App& app) {
  const Box area = scene_box(app);
  const float width = std::max(1.f, area.right - area.left), middle = (area.left + area.right) / 2;
  float from = area.left, to = area.right;
  for (const Card& card : app.cards.pinned()) {
    if (!card.placed || card.x > area.right || card.x + card.width < area.left) continue;
    if (card.x + card.width / 2 < middle)
      from = std::max(from, card.x + card.width);
    else
      to = std::min(to, card.x);
  }
  const bool room = to - from > width / 3;
  app.scene.free_from = room ? (from - area.left) / width : 0;
  app.scene.free_to = room ? (to - area.left) / width : 1;
}

/// What the mouse, or the keyboard, is on.
const CellFacts* facts_shown(App& app) {
  const auto cell = app.scene.hovered ? app.scene.hovered : app.scene.selected;
  return app.cards.hover(cell, *app.model, app.trace.get(), app.playback.steps());
}

bool inspector_open(const App& app) { return app.settings.right_open && !app.presenter; }

/// Where cells are smaller than pixels: what a pixel is made of.
void far_rule(const Box& cell) {
  const float wide = cell.right - cell.left, high = cell.bottom - cell.top;
  if (wide >= 0.7f && high >= 0.7f) return;
  auto cells = [](float size) { return std::max(1, int(std::lround(1 / std::max(size, 1e-3f)))); };
  wrapped(Font::small, colours().muted,
          translate(say("One pixel stands for about {0} x {1} cells: the mean of their positive and of their "
                        "negative numbers",
                        cells(wide), cells(high)))
              .c_str());
}

/// Beside what is hovered: its name and number, and where no pane tells more all of its card.
void hover_card(App& app) {
  const CellFacts* facts = facts_shown(app);
  if (!facts || app.scene.camera_moves() || app.cards.showing(facts->cell)) return;
  const auto box = cell_box(app, facts->cell);
  if (!box) return;
  const bool whole = !inspector_open(app);
  static ImVec2 size{300, 90};
  const Box at = place_card(size.x, size.y, scene_box(app), *box, to_be_seen(app, *facts, -1));
  ImGui::SetNextWindowPos({at.left, at.top});
  ImGui::SetNextWindowSizeConstraints({whole ? px(300) : px(120), 0}, {px(300), 4000});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(11), px(9)});
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(6), px(4)});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, fade(colours().panel, 0.95f));
  ImGui::Begin("hover_card", nullptr, card_flags | ImGuiWindowFlags_NoInputs);
  const Tensor& tensor = *facts->cell.tensor;
  text(Font::mono, colours().kinds[int(tensor.kind)], fitting(tensor.name, px(278)).c_str());
  if (whole)
    card_body(app, *facts, nullptr);
  else
    card_summary(app, *facts);
  far_rule(*box);
  size = ImGui::GetWindowSize();
  const ImVec2 corner = ImGui::GetWindowPos();
  mark("hover_card", corner, {corner.x + size.x, corner.y + size.y});
  ImGui::End();
  ImGui::PopStyleColor();
  ImGui::PopStyleVar(3);
}

}  // namespace

void inspector_panel(App& app) {
  heading(app.scene.hovered || !app.scene.selected ? tr("Under the mouse") : tr("Selected"));
  const CellFacts* facts = app.model ? facts_shown(app) : nullptr;
  if (!facts)
    return wrapped(Font::small, colours().muted,
                   tr("Point at a cell to see its number and how it came about. A click pins its card."));
  ImGui::SameLine(ImGui::GetContentRegionAvail().x - px(10));
  if (icon_button("inspector_copy", Icon::copy, tr("Copy this card as text"), px(22))) {
    app.copy_text(card_text(*facts, translate));
  }
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(6), px(4)});
  name_link(app, "inspector_name", *facts->cell.tensor, Font::mono, ImGui::GetContentRegionAvail().x);
  card_body(app, *facts, nullptr);
  ImGui::PopStyleVar();
}

void cards_overlay(App& app) {
  app.cards.pointed.reset();
  if (!app.model) return;
  if (app.cards.refresh(*app.model, app.trace.get(), app.playback.steps()))
    app.awake = std::max(app.awake, 2);
  int gone = -1;
  for (size_t i = 0; i < app.cards.pinned().size(); ++i)
    if (!pinned_card(app, app.cards.pinned()[i])) gone = app.cards.pinned()[i].id;
  if (gone >= 0) app.cards.unpin(gone), app.awake = 4;
  find_free_room(app);
  if (!app.pages.any()) hover_card(app);
}

}  // namespace orrery

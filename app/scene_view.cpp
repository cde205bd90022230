#include "app/scene_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/card_body.h"
#include "app/style.h"
#include "renderer/cell_arithmetic.h"
#include "renderer/cell_place.h"
#include "renderer/palette.h"
#include "renderer/picker.h"
#include "renderer/renderer.h"
#include "renderer/scene_builder.h"

namespace orrery {

class SceneParts {
 public:
  Renderer renderer;
  SceneBuilder builder;
  CellArithmetic arithmetic;
  Scene scene;
  Layout layout;
  std::shared_ptr<const Model> model, laid_out;
  std::shared_ptr<const Trace> trace;
  int token_rows = 0;
  float aspect = 0;
  Camera camera, from, to;
  float flight = 1;     ///< 0..1 of the way from `from` to `to`
  bool framed = false;  ///< the whole model is in the picture: keep it so when the window changes
  std::array<std::optional<Camera>, 10> stops;
  double rest = 0;  ///< seconds since the picture last moved
  double drawn_position = -1;
  std::shared_ptr<const Model> drawn;  ///< whose numbers the renderer knows
  ImVec2 pressed{0, 0};
  bool dragging = false, panning = false;

  void go(const Camera& goal, bool at_once) {
    from = camera;
    to = goal;
    flight = at_once ? 1.f : 0.f;
    if (at_once) camera = goal;
  }
};

SceneView::SceneView() = default;
SceneView::~SceneView() = default;
void SceneView::close() { parts_.reset(); }
bool SceneView::laid_out() const {
  return parts_ && parts_->laid_out && parts_->laid_out == parts_->model && framed_for_ == area;
}

void SceneView::show(std::shared_ptr<const Model> model, std::shared_ptr<const Trace> trace) {
  if (!parts_) parts_ = std::make_unique<SceneParts>();
  if (parts_->model != model) hovered.reset(), selected.reset();
  if (parts_->model != model) looked_at_ = followed_ = nullptr;
  parts_->model = std::move(model);
  parts_->trace = std::move(trace);
}

/// Lays the model out anew where the text, the model or the shape of the picture asks for it.
static bool update_layout(SceneParts& parts, float aspect, int tokens) {
  const Graph& graph = parts.model->graph();
  int rows = token_rows_for(std::max(1, tokens), graph.capacity());
  bool other = parts.laid_out != parts.model;
  bool stretched = parts.aspect <= 0 || aspect / parts.aspect > 1.15f || parts.aspect / aspect > 1.15f;
  if (!other && !stretched && rows == parts.token_rows) return false;
  LayoutOptions options;
  options.token_rows = rows;
  options.aspect = std::clamp(aspect, 0.4f, 4.f);
  parts.layout = make_layout(graph, options);
  ++parts.scene.layout_version;
  parts.laid_out = parts.model;
  parts.token_rows = rows;
  parts.aspect = aspect;
  if (other) parts.camera = Camera{}, parts.framed = true, parts.flight = 1;
  return true;
}

void SceneView::frame_all(bool at_once) {
  if (!parts_ || !parts_->laid_out) return;
  looked_at_ = nullptr;
  float aspect = float(area.width) / float(area.height);
  Camera home;
  parts_->go(frame_whole(parts_->layout, home, aspect), at_once);
  parts_->framed = true;
}

void SceneView::frame_selection(bool at_once) {
  if (!parts_ || !parts_->laid_out) return;
  const Tensor* tensor = selected ? selected->tensor : hovered ? hovered->tensor : focus_;
  if (!tensor) return frame_all(at_once);
  const Bounds bounds = bounds_of(parts_->layout, *tensor);
  if (bounds.empty()) return;
  parts_->go(parts_->camera.framing(bounds.low, bounds.high, float(area.width) / float(area.height), 0.2f),
             at_once);
  parts_->framed = false;
}

/// Goes to a box so that it stands in the part of the picture that no card covers.
void SceneView::go_to(const Bounds& bounds, float margin, bool at_once) {
  const float aspect = float(area.width) / float(area.height);
  Camera camera = Camera{}.framing(bounds.low, bounds.high, aspect * (free_to - free_from), margin);
  camera.pan(-((free_from + free_to) * 0.5f - 0.5f) * aspect, 0);
  parts_->go(camera, at_once);
  parts_->framed = following = false;
}

void SceneView::fly_to(const Tensor& tensor, bool at_once) {
  if (!parts_ || !parts_->laid_out) return;
  const Bounds bounds = bounds_of(parts_->layout, tensor);
  if (bounds.empty()) return;
  go_to(bounds, 0.18f, at_once);
  looked_at_ = &tensor;
}

void SceneView::fly_to_group(int group, bool at_once, int frame) {
  if (!parts_ || !parts_->laid_out) return;
  const Bounds bounds = bounds_of(parts_->layout, parts_->laid_out->graph(), frame < 0 ? group : frame);
  if (bounds.empty()) return;
  go_to(bounds, 0.13f, at_once);
  // The first thing in it that stands behind others, as a head does.
  looked_at_ = nullptr;
  for (const Tensor* tensor : parts_->laid_out->graph().groups()[size_t(group)].tensors)
    if (tensor->role == Role::activation && !looked_at_) looked_at_ = tensor;
}

void SceneView::show_cell(const Cell& cell, bool at_once) {
  if (!parts_ || !parts_->laid_out) return;
  const auto box = screen_box({cell.tensor, cell.row, cell.col, 1, 1});
  const float large = 7 * ui::px(100) / 100;  // pixels of a cell that can be seen
  const bool seen = box && box->left > float(area.x) && box->right < float(area.x + area.width) &&
                    box->top > float(area.y) && box->bottom < float(area.y + area.height) &&
                    box->right - box->left >= large;
  if (!seen) show_work(cell, at_once);
}

void SceneView::show_work(const Cell& cell, bool at_once) {
  if (!parts_ || !parts_->laid_out) return;
  std::vector<Region> reads;
  const Trace* trace = parts_->trace.get();
  if (trace && cell.tensor->op && cell.row < trace->rows_known(*cell.tensor, trace->published()))
    reads = cell.tensor->op->reads(*cell.tensor, cell, *trace);
  const float aspect = float(area.width) / float(area.height);
  Camera camera = frame_work(parts_->layout, Camera{}, cell, reads, aspect * (free_to - free_from));
  camera.pan(-((free_from + free_to) * 0.5f - 0.5f) * aspect, 0);
  parts_->go(camera, at_once);
  parts_->framed = false;
}

/// Takes the camera along with the work while that is slow enough to be looked at, and back to the whole
/// model.
void SceneView::follow_work(App& app) {
  SceneParts& p = *parts_;
  if (!p.trace || !following) {
    followed_ = nullptr;
    return;
  }
  const bool slow = app.playback.playing ? app.playback.speed().pace != Pace::steps : stepping;
  const bool close = slow && app.closeness() != Closeness::tensors && app.playback.fraction() > 0;
  if (app.playback.playing) stepping = false;
  if (!close) {
    if (followed_ && app.playback.playing) frame_all(app.settings.reduced_motion), followed_ = nullptr;
    return;
  }
  const Tensor* tensor = app.current_tensor();
  if (!tensor) tensor = &p.trace->graph().logits();  // a token is drawn
  if (tensor == followed_) return;
  const auto moment = cell_moment(*p.trace, app.playback.position);
  if (moment)
    show_work(moment->cell, app.settings.reduced_motion);
  else
    fly_to(*tensor, app.settings.reduced_motion), following = true;
  followed_ = tensor;
}

std::optional<Box> SceneView::screen_box(const Region& region) const {
  if (!parts_ || parts_->laid_out != parts_->model) return std::nullopt;
  const auto place = place_of(parts_->layout, region);
  if (!place) return std::nullopt;
  const float width = float(area.width), height = float(area.height);
  const glm::mat4 matrix = parts_->camera.projection(width / height) * parts_->camera.view();
  Box box{1e9f, 1e9f, -1e9f, -1e9f};
  for (int corner = 0; corner < 4; ++corner) {
    const glm::vec3 point =
        place->corner + glm::vec3(corner & 1 ? place->size.x : 0, corner & 2 ? -place->size.y : 0, 0);
    const glm::vec4 at = matrix * glm::vec4(point, 1);
    if (at.w <= 0) return std::nullopt;
    const float x = float(area.x) + (at.x / at.w * 0.5f + 0.5f) * width;
    const float y = float(area.y) + (0.5f - at.y / at.w * 0.5f) * height;
    box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x), std::max(box.bottom, y)};
  }
  return box;
}

std::optional<Region> SceneView::first_cells(const Tensor& tensor) const {
  if (!parts_ || parts_->laid_out != parts_->model) return std::nullopt;
  const auto& blocks = parts_->layout.blocks_of[size_t(tensor.index)];
  if (blocks.empty()) return std::nullopt;
  const Block& block = parts_->layout.blocks[size_t(blocks.front())];
  return Region{&tensor, block.first_row, block.first_col, block.rows, block.cols};
}

ImVec4 SceneView::colour_of(const Cell& cell, double value) const {
  const Palette& colours = palette(theme_, colour_blind_);
  glm::vec3 colour = colours.neutral;
  if (parts_ && std::isfinite(value)) {
    const Range range = parts_->renderer.range_of(*cell.tensor, cell.row, rule_);
    colour = range.attention ? attention_colour(colours, float(value))
                             : value_colour(colours, float(value) / std::max(range.limit, 1e-30f));
  }
  return {colour.r, colour.g, colour.b, 1};
}

bool SceneView::camera_moves() const { return parts_ && (parts_->flight < 1 || parts_->dragging); }

void SceneView::store_stop(int number) {
  if (parts_) parts_->stops[size_t(number)] = parts_->camera;
}

int SceneView::group_of_stop(const Graph& graph, int number) {
  const std::vector<int>& parts = graph.groups()[0].children;
  if (number <= 1 || parts.empty()) return number == 1 ? 0 : -1;
  const int count = int(parts.size()), stops = std::min(count, 8), stop = number - 2;
  if (stop >= stops) return -1;
  // More parts than keys: the first, the last, and some between.
  return parts[size_t(stops == 1 ? 0 : (stop * (count - 1) + (stops - 1) / 2) / (stops - 1))];
}

bool SceneView::go_to_stop(int number, bool at_once) {
  if (!parts_ || !parts_->laid_out) return false;
  if (parts_->stops[size_t(number)]) {
    parts_->go(*parts_->stops[size_t(number)], at_once);
  } else {
    const Graph& graph = parts_->laid_out->graph();
    const int group = group_of_stop(graph, number);
    if (group == 0) return frame_all(at_once), true;
    const Bounds bounds = group < 0 ? Bounds{} : bounds_of(parts_->layout, graph, group);
    if (bounds.empty()) return false;
    parts_->go(Camera{}.framing(bounds.low, bounds.high, float(area.width) / float(area.height), 0.06f),
               at_once);
  }
  parts_->framed = false;
  return true;
}

void SceneView::set_flying(bool on) { flying_ = on; }

bool SceneView::moving() const {
  return parts_ && (parts_->flight < 1 || flying_ || parts_->rest < 0.4 || parts_->renderer.loading());
}

std::string SceneView::camera_text() const {
  if (!parts_) return {};
  const Camera& c = parts_->camera;
  char text[128];
  std::snprintf(text, sizeof text, "%.2f %.2f %.2f yaw %.3f pitch %.3f distance %.2f", double(c.target.x),
                double(c.target.y), double(c.target.z), double(c.yaw), double(c.pitch), double(c.distance));
  return text;
}

bool SceneView::handle_input(App& app, double seconds) {
  if (!parts_ || !parts_->model) return false;
  SceneParts& p = *parts_;
  const ImGuiIO& io = ImGui::GetIO();
  focus_ = app.current_tensor();
  float aspect = float(area.width) / float(area.height);
  Camera before = p.camera;
  if (p.flight < 1) {
    p.flight = std::min(1.f, p.flight + float(seconds) / 0.6f);
    p.camera = between(p.from, p.to, p.flight);
  }
  float x = (io.MousePos.x - float(area.x)) / float(area.width);
  float y = (io.MousePos.y - float(area.y)) / float(area.height);
  mouse_inside = !io.WantCaptureMouse && x >= 0 && x < 1 && y >= 0 && y < 1;
  bool down = io.MouseDown[0] || io.MouseDown[1];
  if (!down) p.dragging = false;
  if (mouse_inside && !p.dragging && (ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1))) {
    p.dragging = true;
    p.panning = io.MouseDown[1] || io.KeyShift;
    p.pressed = io.MousePos;
  }
  if (p.dragging && (io.MouseDelta.x != 0 || io.MouseDelta.y != 0)) {
    p.flight = 1;
    p.framed = following = false;
    float size = float(std::max(1, area.height));
    if (p.panning)
      p.camera.pan(-io.MouseDelta.x / size, io.MouseDelta.y / size);
    else
      p.camera.orbit(-io.MouseDelta.x / size * 2.2f, io.MouseDelta.y / size * 2.2f);
  }
  if (mouse_inside && io.MouseWheel != 0) {
    p.flight = 1;
    p.framed = following = false;
    p.camera.zoom(std::pow(0.88f, io.MouseWheel), x, y, aspect);
  }
  if (flying_ && !io.WantTextInput && glfw_key_down) {
    glm::vec3 way(float(glfw_key_down('D')) - float(glfw_key_down('A')),
                  float(glfw_key_down('E')) - float(glfw_key_down('Q')),
                  float(glfw_key_down('W')) - float(glfw_key_down('S')));
    if (way != glm::vec3(0)) {
      p.camera.fly(way * float(seconds) * p.camera.distance * 0.6f);
      p.framed = false;
    }
  }
  // What is under the mouse.
  std::optional<Cell> was = hovered;
  hovered.reset();
  if (mouse_inside && p.laid_out == p.model && !p.dragging)
    if (auto hit = pick(p.camera.ray(x, y, aspect), p.layout, p.scene.blocks)) hovered = hit->cell;
  float moved = std::abs(io.MousePos.x - p.pressed.x) + std::abs(io.MousePos.y - p.pressed.y);
  if (mouse_inside && ImGui::IsMouseReleased(0) && moved < 4) {
    if (auto hit = pick(p.camera.ray(x, y, aspect), p.layout, p.scene.blocks)) {
      selected = hit->cell;
      ImGui::SetWindowFocus(("card" + std::to_string(app.cards.pin(hit->cell).id)).c_str());
    } else
      selected.reset();
  }
  follow_work(app);
  bool changed = !(before == p.camera) || was != hovered || p.drawn_position != app.playback.position;
  p.rest = changed ? 0 : p.rest + seconds;
  return changed;
}

void SceneView::draw(App& app, int width, int height) {
  if (!parts_ || !parts_->model) return;
  SceneParts& p = *parts_;
  (void)width;
  float aspect = float(area.width) / float(area.height);
  int tokens = std::max(app.tokens_shown(), int(app.prompt.ids.size()));
  bool changed = update_layout(p, aspect, tokens);
  if (p.framed && (changed || framed_for_ != area)) {
    Camera home = frame_whole(p.layout, Camera{}, aspect);
    p.camera = home;
    p.flight = 1;
  }
  framed_for_ = area;
  SceneOptions options;
  options.theme = app.settings.theme;
  options.colour_blind = app.settings.colour_blind;
  options.reduced_motion = app.settings.reduced_motion;
  options.range = app.settings.range;
  options.time = float(app.now);
  options.hovered = hovered;
  options.selected = selected;
  options.translate = translate;
  options.language = current_language();
  options.text_scale = app.ui_scale();
  options.closeness = app.closeness();
  options.replay = app.cards.moment();
  options.pointed = app.cards.pointed;
  options.looked_at = looked_at_;
  for (const Card& card : app.cards.pinned()) {
    const ImVec4 c = card_colour(card.id, app.settings.theme);
    options.pinned.push_back({card.cell, {c.x, c.y, c.z}});
  }
  const bool asks_why = app.settings.insight_open && app.insight.choices.page == InsightPage::why;
  if (asks_why && !app.insight.sources.parts.empty()) options.sources = &app.insight.sources;
  options.arcs = arcs_of(app);
  options.arcs_work = 4e6;  // some milliseconds of a frame
  arcs_on_ = options.arcs.has_value();
  Background::Answer<Finding<LensTable>> lens;  // kept until the scene is built
  const int complete = p.trace ? complete_rows(*p.trace, app.playback.steps()) : 0;
  if (app.insight.choices.lens_columns && complete > 0) lens = ask_lens(app.insight, p.trace, complete);
  if (lens.result && *lens.result) options.lens = &**lens.result;
  lens_rows_ = options.lens ? std::min(options.lens->rows, complete) : 0;
  theme_ = options.theme;
  colour_blind_ = options.colour_blind;
  rule_ = options.range;
  if (!app.playback.moving()) options.time = 0;
  p.scene.camera = p.camera;
  p.scene.height = float(area.height);
  p.builder.build(p.scene, p.layout, p.trace.get(), app.playback.position, options);
  if (arcs_on_ && !p.builder.arcs().complete()) app.awake = std::max(app.awake, 2);
  p.arithmetic.add(p.scene, area.width, area.height, translate);
  p.drawn_position = app.playback.position;
  if (p.trace) p.drawn = p.model;
  bool still = p.rest > 0.25 && !app.playback.moving() && p.flight >= 1;
  p.renderer.draw(p.scene, {framebuffer, area.x, height - area.y - area.height, area.width, area.height},
                  still ? Quality::still : Quality::moving);
}

/// What is asked for in the pane that looks inside; of the row that is pointed at alone.
std::optional<ArcChoice> SceneView::arcs_of(const App& app) const {
  const InsightChoices& choices = app.insight.choices;
  if (choices.arcs == ArcMode::none || app.insight.anatomy.head_count() == 0) return std::nullopt;
  ArcChoice choice{choices.layer, choices.arcs == ArcMode::head ? choices.head : -1, -1,
                   choices.mode == PatternMode::written};
  if (hovered && hovered->tensor->rows.axis == Axis::token) choice.query = hovered->row;
  return choice;
}

int SceneView::notes(const App& app) const {
  return int(arcs_of(app).has_value()) + int(app.insight.choices.lens_columns);
}

int SceneView::arcs_shown() const {
  return parts_ && arcs_on_ ? int(parts_->builder.arcs().arcs().size()) : 0;
}

std::optional<Legend> SceneView::legend(const App& app) const {
  if (!parts_ || !parts_->model || parts_->drawn != parts_->model) return std::nullopt;
  const auto pointed = hovered ? hovered : selected;
  const Tensor* tensor = pointed ? pointed->tensor : app.current_tensor();
  if (!tensor) tensor = &parts_->model->graph().logits();
  const RangeRule rule = app.settings.range;
  const int row = pointed ? pointed->row : std::max(0, app.tokens_shown() - 1);
  Legend legend = legend_of(*tensor, row, parts_->renderer.range_of(*tensor, row, rule), rule);
  legend.theme = app.settings.theme;
  legend.colour_blind = app.settings.colour_blind;
  if (const auto arcs = arcs_of(app)) legend.notes.push_back(arcs_note(*arcs, parts_->builder.arcs()));
  if (app.insight.choices.lens_columns) legend.notes.push_back(lens_note());
  return legend;
}

}  // namespace orrery

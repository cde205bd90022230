#include "app/scene_view.h"

#include "app/app.h"

namespace orrery {
class SceneParts {};
SceneView::SceneView() = default;
SceneView::~SceneView() = default;
void SceneView::close() {}
void SceneView::show(std::shared_ptr<const Model>, std::shared_ptr<const Trace>) {
  hovered.reset(), selected.reset();
}
bool SceneView::handle_input(App&, double) { return false; }
void SceneView::draw(App&, int, int) {}
void SceneView::frame_all(bool) {}
void SceneView::frame_selection(bool) {}
void SceneView::store_stop(int) {}
bool SceneView::go_to_stop(int, bool) { return false; }
bool SceneView::moving() const { return false; }
std::string SceneView::camera_text() const { return {}; }
void SceneView::set_flying(bool) {}
void SceneView::draw_legend(App&) {}
}  // namespace orrery

#pragma once
#include <memory>
#include <optional>

#include "app/legend.h"
#include "model/trace.h"

struct GLFWwindow;

namespace orrery {

struct App;
class SceneParts;  // layout, camera, scene, renderer: kept out of this header

/// The 3D picture inside the window: owns layout, camera and renderer; moves the camera; finds the cell under
/// the mouse. Main thread, with the window's OpenGL context current.
class SceneView {
 public:
  SceneView();
  ~SceneView();
  /// The free rectangle between the panes, in pixels from the top left; the picture is drawn there.
  struct Area {
    int x = 0, y = 0, width = 1, height = 1;
    bool operator==(const Area&) const = default;
  };
  Area area;
  std::optional<Cell> hovered, selected;
  bool mouse_inside = false;

  /// A model or recording to show (null: nothing).
  void show(std::shared_ptr<const Model> model, std::shared_ptr<const Trace> trace);
  /// Gives back what lives in the OpenGL context, before it goes.
  void close();
  /// Mouse and keys that the panels did not take; moves the camera. True if anything moved.
  bool handle_input(App& app, double seconds);
  void draw(App& app, int width, int height);

  void frame_all(bool at_once);
  void frame_selection(bool at_once);
  void store_stop(int number);
  /// To the view stored there, else to the whole model (1) or one of its parts; false if there are fewer
  /// parts.
  bool go_to_stop(int number, bool at_once);
  /// The group that a camera stop shows where no view was stored; 0 (the whole model) for 1, -1 for none.
  static int group_of_stop(const Graph& graph, int number);
  bool moving() const;
  std::string camera_text() const;  ///< for tests: target, yaw, pitch, distance
  void set_flying(bool on);
  /// What the colours mean of what is pointed at, selected or being computed; none before anything was drawn.
  std::optional<Legend> legend(const App& app) const;

  /// Whether a key (as GLFW numbers them) is down; set by the window.
  bool (*glfw_key_down)(int key) = nullptr;

 private:
  bool flying_ = false;
  const Tensor* focus_ = nullptr;  // what is being computed
  Area framed_for_;
  std::unique_ptr<SceneParts> parts_;
};

}  // namespace orrery

#pragma once
#include <memory>
#include <optional>

#include "app/card_place.h"
#include "app/legend.h"
#include "app/style.h"
#include "model/trace.h"
#include "renderer/layout.h"

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
  unsigned framebuffer = 0;  ///< where it is drawn; 0: the window
  std::optional<Cell> hovered, selected;
  bool mouse_inside = false;
  bool following = true;  ///< at slow speeds the camera goes where the work is
  bool stepping = false;  ///< single terms are stepped through: as slow as can be

  /// A model or recording to show (null: nothing).
  void show(std::shared_ptr<const Model> model, std::shared_ptr<const Trace> trace);
  /// Whether what is shown has found its place: what is gone to stands where it will stay.
  bool laid_out() const;
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
  void fly_to(const Tensor& tensor, bool at_once);
  /// `frame`: the part around it that is to fill the picture; -1: the group itself.
  void fly_to_group(int group, bool at_once, int frame = -1);
  /// Goes to a cell, unless it can be seen well already.
  void show_cell(const Cell& cell, bool at_once);
  /// Goes where a cell and all that it is read from can be seen.
  void show_work(const Cell& cell, bool at_once);
  /// Where pinned cards leave the picture free: from and to, as parts of its width. What is gone to stands
  /// there.
  float free_from = 0, free_to = 1;
  /// Where cells stand in the window; none if they are not laid out or behind the eye.
  std::optional<Box> screen_box(const Region& region) const;
  /// The cells that the first block of a tensor shows; none if it is not laid out.
  std::optional<Region> first_cells(const Tensor& tensor) const;
  /// The colour in which the scene shows a number of a cell's row.
  ImVec4 colour_of(const Cell& cell, double value) const;
  bool camera_moves() const;
  bool moving() const;
  std::string camera_text() const;  ///< for tests: target, yaw, pitch, distance
  void set_flying(bool on);
  /// What the colours mean of what is pointed at, selected or being computed; none before anything was drawn.
  std::optional<Legend> legend(const App& app) const;
  /// How many notes it has.
  int notes(const App& app) const;
  /// For tests: arcs and rows of ghost columns that the scene shows.
  int arcs_shown() const;
  int lens_rows() const { return lens_rows_; }

  /// Whether a key (as GLFW numbers them) is down; set by the window.
  bool (*glfw_key_down)(int key) = nullptr;

 private:
  void follow_work(App& app);
  std::optional<ArcChoice> arcs_of(const App& app) const;
  void go_to(const Bounds& bounds, float margin, bool at_once);

  bool flying_ = false;
  int lens_rows_ = 0;
  bool arcs_on_ = false;
  const Tensor* followed_ = nullptr;   // to whose making the camera has gone
  const Tensor* looked_at_ = nullptr;  // nothing stands before it
  RangeRule rule_ = RangeRule::tensor;
  bool colour_blind_ = false;
  Theme theme_ = Theme::dark;
  const Tensor* focus_ = nullptr;  // what is being computed
  Area framed_for_;
  std::unique_ptr<SceneParts> parts_;
};

}  // namespace orrery

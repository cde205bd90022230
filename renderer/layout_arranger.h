#pragma once
#include <span>
#include <vector>

#include "renderer/layout_arrange.h"

namespace orrery {

inline bool is_token_axis(Axis axis) { return axis == Axis::token || axis == Axis::source; }

/// What a wing takes up in the plane.
struct SlotBounds {
  float left = 0, right = 0, top = 0, bottom = 0;
};

/// Places a plan's slots in the plane, from the inside out: sizes, wings, sections, columns of sections.
class Arranger {
 public:
  Arranger(const Graph& graph, Plan& plan, const LayoutOptions& options, const Arrangement& choice);
  Layout run(bool sketch);

 private:
  /// A section, placed with its spine's left edge at x = 0 and its top at y = 0.
  struct Placed {
    std::vector<int> slots;
    std::vector<Label> labels;
    float left = 0, right = 0;  ///< reach of the wings from x = 0
    float next = 0;             ///< where the section below begins (negative)
    float bottom = 0;
  };

  // layout_sizes.cpp
  void measure(Slot& slot) const;
  bool ends_in_words(const Tensor& tensor) const;
  static void fold(Slot& slot, int count, float longest, bool down);
  /// Width and height of all lanes.
  static float reach(const Slot& slot);
  static float drop(const Slot& slot);

  // layout_wings.cpp
  float place_weights(const Slot& slot, const std::vector<int>& matrices, Placed& into);
  float slabs_height(const Slot& slot) const;
  float width_of(const PlanColumn& column, bool names) const;
  void place_column(const PlanColumn& column, glm::vec2 at, float wide, Placed& into, SlotBounds& bounds);
  SlotBounds place_wing(const Wing& wing, Placed& into);
  SlotBounds place_row(std::span<const PlanColumn> columns, Placed& into);
  bool thin(const PlanColumn& column) const;
  SlotBounds place_stacks(const Wing& wing, Placed& into);
  float row_of(const Slot& slot, const std::vector<bool>& done) const;

  // layout_sections.cpp
  Placed place_section(const Section& section);
  float head_of_section() const { return 1.35f * title_ + 0.25f * text_; }
  float beside_state(const Section& section) const;
  float place_weights_above(int state, float top, Placed& placed);
  void place_states(const Section& section, const std::vector<float>& ends, float lowest, Placed& placed);
  int group_of(const Wing& wing) const;
  const Group& layer_of(int group) const;
  float width_of_title(const Group& layer) const;
  bool names_need_two_lines(const Section& section, const Wing& wing, float width) const;
  void name_part(const Section& section, const Wing& wing, glm::vec2 at, float width, bool two_lines,
                 Placed& placed);
  void name_group(int group, glm::vec2 at, float width, Placed& placed) const;

  // layout_arrange.cpp
  void put_into_columns(std::vector<Placed>& placed);
  void place_input(const std::vector<Placed>& sections);
  void settle(Placed& section, const Section& plan, glm::vec2 at, float left, float right);
  void label(const Slot& slot, float width, Placed& into) const;
  void label_slab(const Slot& slot, Placed& into) const;
  void emit(const Slot& slot, bool sketch);

  static constexpr float fold_gap = 1.2f;

  const Graph& graph_;
  Plan& plan_;
  Arrangement choice_;
  Lengths lengths_;
  float state_ = 1;           // width of the residual stream
  bool right_wings_ = false;  // whether a layer has any
  float text_ = 1, strip_ = 1, gap_ = 1, title_ = 1;
  float lane_depth_ = 6, weight_depth_ = 3;
  Layout layout_;
};

}  // namespace orrery

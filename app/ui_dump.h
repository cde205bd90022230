#pragma once
#include <array>
#include <filesystem>
#include <map>
#include <string>

namespace orrery {

/// Rectangles of the named widgets of the frame under way (left, top, right, bottom in pixels): lets tests
/// drive the real window by names. Costs nothing unless it is on.
class WidgetMap {
 public:
  bool on = false;
  void begin_frame() { rectangles_.clear(); }
  void mark(const std::string& name, float left, float top, float right, float bottom) {
    if (on) rectangles_[name] = {left, top, right, bottom};
  }
  const std::map<std::string, std::array<float, 4>>& rectangles() const { return rectangles_; }

 private:
  std::map<std::string, std::array<float, 4>> rectangles_;
};
WidgetMap& widgets();

struct App;
/// Writes the state of the window and the rectangles as JSON, if it differs from what was written last.
void write_ui_dump(const App& app, const std::filesystem::path& file);

}  // namespace orrery

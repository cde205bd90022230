#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "renderer/gl.h"

namespace orrery {

/// One drawn character: where it stands in the atlas (texels) and beside the pen (ems, y upwards).
struct Glyph {
  float atlas_x = 0, atlas_y = 0, atlas_width = 0, atlas_height = 0;
  float left = 0, top = 0, width = 0, height = 0;
  float advance = 0;
  int index = 0;  ///< how many were drawn before it
};

/// The next character of a UTF-8 text; bytes that are no character become U+FFFD. Moves `text` behind it.
char32_t next_character(std::string_view& text);

/// The paths where Noto Sans CJK (or a font for want of it) is looked for, in this order.
std::filesystem::path find_font();

/// Signed distance fields of the characters that turned up so far. Characters that the font lacks are drawn
/// as its empty box.
class GlyphAtlas {
 public:
  /// Throws Error if no font is found.
  GlyphAtlas();
  ~GlyphAtlas();
  /// Draws the character into the atlas if it is new.
  const Glyph& glyph(char32_t character);
  /// Width of a text in ems.
  float width(std::string_view text);
  /// Uploads new glyphs; returns the bytes.
  size_t upload();
  const Texture& texture() const { return texture_; }
  int size() const { return size_; }
  static constexpr int em = 36, spread = 5;  ///< texels

 private:
  struct Font;
  Glyph rasterise(char32_t character);
  void place(int width, int height, int& x, int& y);

  std::unique_ptr<Font> font_;
  std::unordered_map<char32_t, Glyph> glyphs_;
  std::vector<std::uint8_t> texels_;
  std::vector<float> field_, line_;
  std::vector<int> hull_;
  int size_ = 1024, pen_x_ = 1, pen_y_ = 1, shelf_ = 0;
  int dirty_top_ = 0, dirty_bottom_ = 0;
  bool grown_ = true;
  Texture texture_;

  void transform(std::vector<float>& field, int width, int height);
};

}  // namespace orrery

#include "renderer/glyph_atlas.h"

#include <fcntl.h>
#include <stb/stb_truetype.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/message.h"

namespace orrery {
namespace {

constexpr int oversample = 3;
constexpr float unreachable = 1e9f;

}  // namespace

/// A font file in memory, mapped: its 19 MB are read as far as they are needed.
struct GlyphAtlas::Font {
  void* data = MAP_FAILED;
  size_t size = 0;
  stbtt_fontinfo info{};
  float scale = 1;  // font units to oversampled pixels

  explicit Font(const std::filesystem::path& file) {
    int handle = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (handle >= 0 && fstat(handle, &about) == 0 && about.st_size > 0) {
      size = size_t(about.st_size);
      data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, handle, 0);
    }
    if (handle >= 0) close(handle);
    if (data == MAP_FAILED) throw Error(say("{0}: the font cannot be read.", file.string()));
    auto bytes = static_cast<const unsigned char*>(data);
    // Face 3 of Noto Sans CJK is the one for Traditional Chinese as written in Taiwan.
    int offset = stbtt_GetFontOffsetForIndex(bytes, 3);
    if (offset < 0) offset = stbtt_GetFontOffsetForIndex(bytes, 0);
    if (offset < 0 || !stbtt_InitFont(&info, bytes, offset)) {
      munmap(data, size);
      throw Error(say("{0}: this is no font that can be used.", file.string()));
    }
    scale = stbtt_ScaleForMappingEmToPixels(&info, float(GlyphAtlas::em * oversample));
  }
  ~Font() { munmap(data, size); }
};

std::filesystem::path find_font() {
  for (const char* path :
       {"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
        "/usr/local/share/fonts/NotoSansCJK-Regular.ttc", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf"}) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) return path;
  }
  throw Error(say("No font was found: neither Noto Sans CJK nor DejaVu Sans. Install fonts-noto-cjk."));
}

char32_t next_character(std::string_view& text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned first = byte(0);
  size_t length = first < 0x80                    ? 1
                  : first >= 0xc2 && first < 0xe0 ? 2
                  : first >= 0xe0 && first < 0xf0 ? 3
                  : first >= 0xf0 && first < 0xf5 ? 4
                                                  : 0;
  char32_t character = length == 1   ? first
                       : length == 2 ? first & 0x1f
                       : length == 3 ? first & 0x0f
                                     : first & 0x07;
  bool good = length > 0 && length <= text.size();
  for (size_t i = 1; good && i < length; ++i) {
    good = (byte(i) & 0xc0) == 0x80;
    character = character << 6 | (byte(i) & 0x3f);
  }
  if (good &&
      ((length == 3 && character < 0x800) || (length == 4 && character < 0x10000) || character > 0x10ffff))
    good = false;
  text.remove_prefix(good ? length : 1);
  return good ? character : U'\ufffd';
}

GlyphAtlas::GlyphAtlas() : font_(std::make_unique<Font>(find_font())) {
  texels_.assign(size_t(size_) * size_t(size_), 0);
}
GlyphAtlas::~GlyphAtlas() = default;

const Glyph& GlyphAtlas::glyph(char32_t character) {
  auto [place, added] = glyphs_.try_emplace(character);
  if (added) {
    place->second = rasterise(character);
    place->second.index = int(glyphs_.size()) - 1;
  }
  return place->second;
}

float GlyphAtlas::width(std::string_view text) {
  float sum = 0;
  while (!text.empty()) sum += glyph(next_character(text)).advance;
  return sum;
}

/// Squared distances to the nearest zero of `field`, in place (Felzenszwalb and Huttenlocher, "Distance
/// Transforms of Sampled Functions", 2012): columns, then rows.
void GlyphAtlas::transform(std::vector<float>& field, int width, int height) {
  int longest = std::max(width, height);
  line_.resize(size_t(longest) * 2 + 1);
  hull_.resize(size_t(longest));
  float *value = line_.data(), *border = value + longest;
  auto pass = [&](float* data, int count, int stride) {
    for (int i = 0; i < count; ++i) value[i] = data[i * stride];
    int last = 0;
    hull_[0] = 0;
    border[0] = -unreachable;
    auto meet = [&](int a, int b) {
      return (value[b] + float(b) * float(b) - value[a] - float(a) * float(a)) / float(2 * (b - a));
    };
    for (int i = 1; i < count; ++i) {
      float at = meet(hull_[size_t(last)], i);
      while (last > 0 && at <= border[last]) at = meet(hull_[size_t(--last)], i);
      hull_[size_t(++last)] = i;
      border[last] = at;
    }
    for (int i = count - 1; i >= 0; --i) {
      while (last > 0 && border[last] > float(i)) --last;
      float away = float(i - hull_[size_t(last)]);
      data[i * stride] = away * away + value[hull_[size_t(last)]];
    }
  };
  for (int x = 0; x < width; ++x) pass(&field[size_t(x)], height, width);
  for (int y = 0; y < height; ++y) pass(&field[size_t(y) * size_t(width)], width, 1);
}

void GlyphAtlas::place(int width, int height, int& x, int& y) {
  if (pen_x_ + width + 1 > size_) {
    pen_x_ = 1;
    pen_y_ += shelf_ + 1;
    shelf_ = 0;
  }
  if (pen_y_ + height + 1 > size_) {
    // Twice the size: what is there stays where it is.
    std::vector<std::uint8_t> larger(size_t(size_) * size_t(size_) * 4, 0);
    for (int row = 0; row < size_; ++row)
      std::memcpy(&larger[size_t(row) * size_t(size_) * 2], &texels_[size_t(row) * size_t(size_)],
                  size_t(size_));
    texels_ = std::move(larger);
    pen_x_ = 1;
    pen_y_ = size_ + 1;
    shelf_ = 0;
    size_ *= 2;
    grown_ = true;
  }
  x = pen_x_;
  y = pen_y_;
  pen_x_ += width + 1;
  shelf_ = std::max(shelf_, height);
}

Glyph GlyphAtlas::rasterise(char32_t character) {
  const stbtt_fontinfo* info = &font_->info;
  int index = stbtt_FindGlyphIndex(info, int(character)), advance = 0, bearing = 0;
  stbtt_GetGlyphHMetrics(info, index, &advance, &bearing);
  Glyph glyph;
  glyph.advance = float(advance) * font_->scale / float(em * oversample);
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  stbtt_GetGlyphBitmapBox(info, index, font_->scale, font_->scale, &x0, &y0, &x1, &y1);
  if (x1 <= x0 || y1 <= y0 || x1 - x0 > 1000 || y1 - y0 > 1000) return glyph;
  // Room around it, in whole texels.
  const int border = spread * oversample;
  int left = x0 - border, top = y0 - border;
  int columns = (x1 - x0 + 2 * border + oversample - 1) / oversample;
  int rows = (y1 - y0 + 2 * border + oversample - 1) / oversample;
  int width = columns * oversample, height = rows * oversample;
  std::vector<unsigned char> bitmap(size_t(width) * size_t(height), 0);
  stbtt_MakeGlyphBitmap(info, &bitmap[size_t(border) * size_t(width) + size_t(border)], x1 - x0, y1 - y0,
                        width, font_->scale, font_->scale, index);
  std::vector<float> outside(bitmap.size()), inside(bitmap.size());
  for (size_t i = 0; i < bitmap.size(); ++i) {
    outside[i] = bitmap[i] > 127 ? 0 : unreachable;
    inside[i] = bitmap[i] > 127 ? unreachable : 0;
  }
  transform(outside, width, height);
  transform(inside, width, height);
  int x = 0, y = 0;
  place(columns, rows, x, y);
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) {
      size_t middle = size_t(row * oversample + 1) * size_t(width) + size_t(column * oversample + 1);
      float distance = std::sqrt(outside[middle]) - std::sqrt(inside[middle]);
      float texel = 0.5f - distance / float(2 * spread * oversample);
      texels_[size_t(y + row) * size_t(size_) + size_t(x + column)] =
          std::uint8_t(std::lround(std::clamp(texel, 0.f, 1.f) * 255));
    }
  dirty_top_ = dirty_bottom_ == 0 ? y : std::min(dirty_top_, y);
  dirty_bottom_ = std::max(dirty_bottom_, y + rows);
  glyph.atlas_x = float(x), glyph.atlas_y = float(y);
  glyph.atlas_width = float(columns), glyph.atlas_height = float(rows);
  const float pixels = float(em * oversample);
  glyph.left = float(left) / pixels, glyph.top = -float(top) / pixels;
  glyph.width = float(width) / pixels, glyph.height = float(height) / pixels;
  return glyph;
}

size_t GlyphAtlas::upload() {
  size_t bytes = 0;
  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  if (grown_) {
    grown_ = false;
    texture_ = Texture::make();
    glBindTexture(GL_TEXTURE_2D, texture_.name());
    glTexImage2D(GL_TEXTURE_2D, 0, GL_R8, size_, size_, 0, GL_RED, GL_UNSIGNED_BYTE, texels_.data());
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
    bytes = texels_.size();
  } else if (dirty_bottom_ > 0) {
    glBindTexture(GL_TEXTURE_2D, texture_.name());
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, dirty_top_, size_, dirty_bottom_ - dirty_top_, GL_RED,
                    GL_UNSIGNED_BYTE, &texels_[size_t(dirty_top_) * size_t(size_)]);
    bytes = size_t(dirty_bottom_ - dirty_top_) * size_t(size_);
  }
  dirty_top_ = dirty_bottom_ = 0;
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  return bytes;
}

}  // namespace orrery

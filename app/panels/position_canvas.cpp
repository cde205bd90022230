#include "app/panels/position_canvas.h"

#include <algorithm>
#include <cmath>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight_widgets.h"
#include "renderer/number_words.h"

namespace orrery {
using namespace ui;

namespace {

constexpr float slope_floor = -10;  // a weight times e^-10 is as good as none

/// One picture of the canvas: a box with tokens from left to right.
struct Frame {
  ImVec2 low, high;
  int last, trained;
  ImDrawList* list = ImGui::GetWindowDrawList();

  float x(double token) const { return low.x + (high.x - low.x) * float(token / std::max(1, last)); }
  float y(double value, double bottom, double top) const {
    const double part = std::clamp((value - bottom) / (top - bottom), 0.0, 1.0);
    return high.y - (high.y - low.y) * float(part);
  }
  /// The token under the mouse; -1: the mouse is elsewhere.
  int pointed(const char* name) const {
    ImGui::SetCursorScreenPos(low);
    ImGui::Dummy({std::max(1.f, high.x - low.x), std::max(1.f, high.y - low.y)});
    mark(name, low, high);
    if (!ImGui::IsItemHovered()) return -1;
    const float part = (ImGui::GetIO().MousePos.x - low.x) / std::max(1.f, high.x - low.x);
    return std::clamp(int(std::lround(part * float(last))), 0, last);
  }

  void back() const {
    list->AddRectFilled(low, high, pack(colours().raised), px(4));
    if (trained < last)
      list->AddRectFilled({x(trained), low.y}, high, pack(fade(colours().warm, 0.07f)), px(4));
  }
  /// A line at the trained length, over everything.
  void trained_line() const {
    if (trained > last) return;
    for (float at = low.y; at < high.y; at += px(8))
      list->AddLine({x(trained), at}, {x(trained), std::min(high.y, at + px(4))}, pack(colours().warm),
                    px(1.5f));
  }
  void cursor(int token) const {
    if (token >= 0) list->AddLine({x(token), low.y}, {x(token), high.y}, pack(colours().muted), 1);
  }
  void level(double value, double bottom, double top) const {
    const float at = y(value, bottom, top);
    list->AddLine({low.x, at}, {high.x, at}, pack(colours().line), 1);
    WithFont with(Font::small);
    const std::string words = short_number(value);
    const ImVec2 size = ImGui::CalcTextSize(words.c_str());
    list->AddText({low.x - size.x - px(6), at - size.y / 2}, pack(colours().muted), words.c_str());
  }
};

void title(const std::string& words) {
  WithFont with(Font::small);
  text(Font::small, colours().muted, fitting(words, ImGui::GetContentRegionAvail().x).c_str());
}

/// Round numbers beneath the pictures, and what they count.
void axis(const Frame& frame) {
  WithFont with(Font::small);
  double step = std::pow(10, std::floor(std::log10(std::max(1, frame.last) / 4.0)));
  while (frame.last / step > 8) step *= frame.last / step > 16 ? 5 : 2;
  step = std::max(1.0, step);
  for (double token = 0; token <= frame.last; token += step) {
    const std::string words = std::to_string(int(token));
    const float x = frame.x(token), width = ImGui::CalcTextSize(words.c_str()).x;
    frame.list->AddLine({x, frame.high.y}, {x, frame.high.y + px(4)}, pack(colours().muted));
    frame.list->AddText({std::min(x - width / 2, frame.high.x - width), frame.high.y + px(5)},
                        pack(colours().muted), words.c_str());
  }
}

/// What is drawn of a curve within one pixel's width.
struct PixelColumn {
  double least = 1e300, most = -1e300, sum = 0;
  int count = 0;
};

void draw_curve(const Frame& frame, const DrawnCurve& curve, float thick, double bottom, double top) {
  const int width = std::max(1, int(frame.high.x - frame.low.x));
  std::vector<PixelColumn> columns(size_t(width) + 1);
  for (size_t i = 0; i < curve.scores->scores.size(); ++i) {
    const double score = curve.scores->scores[i];
    if (!std::isfinite(score)) continue;
    const int distance = curve.scores->distances[i];
    if (distance > frame.last) break;
    PixelColumn& column = columns[size_t(frame.x(distance) - frame.low.x)];
    column = {std::min(column.least, score), std::max(column.most, score), column.sum + score,
              column.count + 1};
  }
  const ImU32 line = pack(fade(curve.colour, curve.chosen ? 1 : 0.85f)),
              band = pack(fade(curve.colour, curve.chosen ? 0.32f : 0.16f));
  ImVec2 before{-1, 0};
  for (int i = 0; i <= width; ++i) {
    const PixelColumn& column = columns[size_t(i)];
    if (!column.count) continue;
    const float x = frame.low.x + float(i), high = frame.y(column.most, bottom, top),
                low = frame.y(column.least, bottom, top);
    if (low - high > 1.5f) frame.list->AddRectFilled({x, high}, {x + 1, low}, band);
    const ImVec2 at{x, frame.y(column.sum / column.count, bottom, top)};
    if (before.x >= 0) frame.list->AddLine(before, at, line, thick);
    before = at;
  }
}

/// The score at a distance, or at the nearest one that was computed.
double score_at(const PositionScores& scores, int distance) {
  const auto found = std::ranges::lower_bound(scores.distances, distance);
  if (found == scores.distances.end()) return std::nan("");
  return scores.scores[size_t(found - scores.distances.begin())];
}

void curve_tooltip(const PositionCanvas& canvas, int distance) {
  ImGui::BeginTooltip();
  text(Font::small, colours().text, translate(say("Distance {0}", distance)).c_str());
  for (const DrawnCurve& curve : canvas.curves) {
    const double score = score_at(*curve.scores, distance);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + px(4)}, {at.x + px(10), at.y + px(14)},
                                              pack(curve.colour), px(2));
    ImGui::Dummy({px(12), px(18)});
    ImGui::SameLine();
    text(Font::small, colours().text,
         (curve.name + "   " + (std::isfinite(score) ? short_number(score) : tr("none"))).c_str());
  }
  ImGui::EndTooltip();
}

void draw_scores(const PositionCanvas& canvas, const Frame& frame) {
  double bottom = -0.4, top = 1.05;
  for (const DrawnCurve& curve : canvas.curves)
    for (double score : curve.scores->scores)
      if (std::isfinite(score)) bottom = std::min(bottom, score - 0.05), top = std::max(top, score + 0.05);
  frame.back();
  for (double value : {-0.5, 0.0, 0.5, 1.0})
    if (value >= bottom && value <= top) frame.level(value, bottom, top);
  // Curves may coincide, as a rotation's and the sinusoidal one do: each is thinner than those below it.
  for (const DrawnCurve& curve : canvas.curves)
    if (curve.chosen) draw_curve(frame, curve, px(4), bottom, top);
  float thick = px(2.4f);
  for (const DrawnCurve& curve : canvas.curves)
    if (!curve.chosen) draw_curve(frame, curve, thick, bottom, top), thick = std::max(px(1), 0.65f * thick);
  frame.trained_line();
  if (canvas.trained <= canvas.last) {
    WithFont with(Font::small);
    const std::string words = translate(say("trained: {0} tokens", canvas.trained));
    need_glyphs(words.c_str());
    const float width = ImGui::CalcTextSize(words.c_str()).x, x = frame.x(canvas.trained);
    const bool right = x + width + px(12) < frame.high.x;
    frame.list->AddText({right ? x + px(6) : x - width - px(6), frame.low.y + px(3)}, pack(colours().warm),
                        words.c_str());
  }
  const int pointed = frame.pointed("position_scores");
  frame.cursor(pointed);
  if (pointed >= 0) curve_tooltip(canvas, pointed);
}

void draw_encoding(App& app, const PositionCanvas& canvas, const Frame& frame) {
  frame.back();
  const std::shared_ptr<const EncodingPicture> picture = canvas.encoding;
  if (!picture || picture->numbers.rows == 0) return;
  const Matrix& numbers = picture->numbers;
  const int look = int(app.settings.theme) * 2 + int(app.settings.colour_blind);
  HeatTexture& texture = app.insight.position_picture;
  texture.show(picture, look, numbers.rows, numbers.cols, [&](std::vector<ImU32>& pixels) {
    for (int position = 0; position < numbers.rows; ++position)
      for (int channel = 0; channel < numbers.cols; ++channel) {
        const double number = numbers(position, channel);
        pixels[size_t(channel) * size_t(numbers.rows) + size_t(position)] =
            !std::isfinite(number) ? 0
            : picture->shares      ? weight_colour(app, number)
                                   : signed_colour(app, number / picture->largest);
      }
  });
  const float right = std::min(frame.high.x, frame.x(picture->last));
  frame.list->AddImage(texture.id(), frame.low, {right, frame.high.y});
  frame.trained_line();
  const int pointed = frame.pointed("position_encoding");
  frame.cursor(pointed);
  if (pointed < 0 || pointed > picture->last) return;
  const float down = (ImGui::GetIO().MousePos.y - frame.low.y) / std::max(1.f, frame.high.y - frame.low.y);
  const int row = std::clamp(
                int(std::lround(double(pointed) / std::max(1, picture->last) * (numbers.rows - 1))), 0,
                numbers.rows - 1),
            channel = std::clamp(int(down * float(numbers.cols)), 0, numbers.cols - 1);
  const int position = int(std::int64_t(row) * picture->last / std::max(1, numbers.rows - 1));
  const double number = numbers(row, channel);
  if (!std::isfinite(number)) return tooltip(tr("The table has no row for this position."));
  tooltip(translate(picture->shares
                        ? say("Head {0}, distance {1}: times {2}", channel, position, short_number(number))
                        : say("Position {0}, number {1}: {2}", position, channel, short_number(number)))
              .c_str());
}

void draw_slopes(const PositionCanvas& canvas, const Frame& frame) {
  frame.back();
  for (double value : {0.0, -5.0, -10.0}) frame.level(value, slope_floor, 0);
  int nearest = -1;
  const int pointed = frame.pointed("position_slopes");
  if (pointed >= 0) {
    float best = 1e9f;
    for (size_t head = 0; head < canvas.slopes.size(); ++head) {
      const float y = frame.y(-canvas.slopes[head] * pointed, slope_floor, 0);
      if (const float away = std::abs(y - ImGui::GetIO().MousePos.y); away < best)
        best = away, nearest = int(head);
    }
  }
  for (size_t head = 0; head < canvas.slopes.size(); ++head) {
    // A line ends where it leaves the picture.
    const double to = std::min(double(frame.last), -slope_floor / canvas.slopes[head]);
    const bool lit = int(head) == nearest;
    frame.list->AddLine({frame.x(0), frame.y(0, slope_floor, 0)},
                        {frame.x(to), frame.y(-canvas.slopes[head] * to, slope_floor, 0)},
                        pack(fade(colours().kinds[1], lit || canvas.slopes_chosen ? 1 : 0.6f)),
                        lit ? px(2.6f) : px(1.4f));
  }
  frame.trained_line();
  frame.cursor(pointed);
  if (nearest < 0) return;
  const double taken = canvas.slopes[size_t(nearest)] * pointed;
  tooltip(translate(say("Head {0}, distance {1}: score − {2}, weight times {3}", nearest, pointed,
                        short_number(taken), short_number(std::exp(-taken))))
              .c_str());
}

/// From the lowest to the highest colour, with numbers at its ends.
void ramp(const App& app, const EncodingPicture& picture) {
  WithFont with(Font::small);
  const auto write = [&](double value) {
    text(Font::small, colours().muted, short_number(value).c_str());
    ImGui::SameLine(0, px(5));
  };
  write(picture.shares ? 0 : -picture.largest);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  constexpr int parts = 32;
  const float width = px(72) / parts;
  for (int i = 0; i < parts; ++i) {
    const double part = (i + 0.5) / parts;
    ImGui::GetWindowDrawList()->AddRectFilled(
        {at.x + width * float(i), at.y + px(4)}, {at.x + width * float(i + 1) + 1, at.y + px(15)},
        picture.shares ? weight_colour(app, part) : signed_colour(app, part * 2 - 1));
  }
  ImGui::Dummy({px(72), px(16)});
  ImGui::SameLine(0, px(5));
  text(Font::small, colours().muted, short_number(picture.shares ? 1 : picture.largest).c_str());
}

}  // namespace

void PositionCanvas::draw(App& app) const {
  const float margin = px(44), line = ImGui::GetTextLineHeightWithSpacing();
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const ImVec2 room{ImGui::GetContentRegionAvail().x, ImGui::GetContentRegionAvail().y};
  const int pictures = slopes.empty() ? 2 : 3;
  const float high = std::max(px(90), room.y - float(pictures) * line - px(26) - float(pictures - 1) * px(8));
  const float shares[] = {slopes.empty() ? 0.62f : 0.48f, slopes.empty() ? 0.38f : 0.26f, 0.26f};
  const auto frame = [&](float share) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    return Frame{{start.x + margin, at.y}, {start.x + room.x - px(6), at.y + high * share}, last, trained};
  };
  const auto go_below = [&](const Frame& done) { ImGui::SetCursorScreenPos({start.x, done.high.y + px(8)}); };
  title(
      tr("Score of a query and a key of the same content, by distance; 1 at distance 0 without any scheme"));
  Frame at = frame(shares[0]);
  draw_scores(*this, at);
  go_below(at);
  if (encoding && encoding->numbers.rows > 0) {
    ramp(app, *encoding);
    ImGui::SameLine(0, px(12));
  }
  title(encoding_title);
  at = frame(shares[1]);
  draw_encoding(app, *this, at);
  go_below(at);
  if (!slopes.empty()) {
    title(slopes_title);
    at = frame(shares[2]);
    draw_slopes(*this, at);
  }
  axis(at);
}

}  // namespace orrery

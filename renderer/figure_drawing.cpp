#include "renderer/figure_drawing.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "renderer/easing.h"
#include "renderer/number_words.h"

namespace orrery {
namespace {

constexpr float thin = 0.008f;
constexpr float line_height = 0.125f;  // of the words

std::string with_sign(double value) { return (value < 0 ? "" : "+") + short_number(value); }

/// The part of `count` things, at most `most` of them, that has `here` in it: the last ones, if it can.
Run window(int count, int most, int here) {
  if (count <= most) return {0, count};
  return {std::clamp(std::min(count - most, here - most / 2), 0, count - most), most};
}

double largest_of(const std::vector<double>& numbers) {
  double largest = 0;
  for (double number : numbers)
    if (std::isfinite(number)) largest = std::max(largest, std::abs(number));
  return largest;
}

/// The part of a matrix that has room in a figure.
struct Window {
  Run rows, cols;
  std::vector<double> of(const std::vector<double>& matrix, int width) const {
    std::vector<double> numbers;
    for (int row = rows.first; row < rows.first + rows.count; ++row)
      for (int col = cols.first; col < cols.first + cols.count; ++col)
        numbers.push_back(matrix[size_t(row * width + col)]);
    return numbers;
  }
};

/// Draws one figure each call; numbers become places, never the other way round.
class Painter {
 public:
  Painter(const Derivation& derivation, double progress, const Palette& colours,
          const std::function<std::string(const Message&)>& translate)
      : derivation_(derivation), progress_(progress), colours_(colours), translate_(translate) {}

  Drawing take() { return std::move(drawing_); }

  void operator()(const std::monostate&) {}

  /// A function's curve, with the point that stands for this number.
  void curve() {
    const Explanation& why = derivation_.why;
    const double x = why.acts.back().terms.empty() ? 0 : why.acts.back().terms[0].values[0], y = why.value;
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    const double reach = std::max(4.0, std::ceil(std::abs(x)));
    constexpr int pieces = 48;
    double low = 0, high = 0;
    for (int i = 0; i <= pieces; ++i) {
      const double value = why.curve(reach * (2.0 * i / pieces - 1));
      low = std::min(low, value);
      high = std::max(high, value);
    }
    const double margin = 0.12 * (high - low) + 1e-9;
    const auto at = [&](double u, double v) {
      return glm::vec2(float((u + reach) / (2 * reach)) * Drawing::aspect,
                       float((v - low + margin) / (high - low + 2 * margin)));
    };
    line(at(-reach, 0), at(reach, 0), thin, faint(0.6f));
    line(at(0, low - margin), at(0, high + margin), thin, faint(0.6f));
    for (int i = 0; i < pieces; ++i) {
      const double a = reach * (2.0 * i / pieces - 1), b = reach * (2.0 * (i + 1) / pieces - 1);
      line(at(a, why.curve(a)), at(b, why.curve(b)), 2.5f * thin, kind());
    }
    line(at(x, 0), at(x, y), 1.5f * thin, text(0.8f));
    line(at(0, y), at(x, y), 1.5f * thin, text(0.8f));
    drawing_.points.push_back(at(x, y));
  }

  /// The pair as a hand on a dial: where it stood, the way that it turned, where it stands now.
  void operator()(const Dial& dial) {
    const double length = std::hypot(dial.x, dial.y), angle = dial.angle();
    const double longest = std::max(length, length * std::abs(dial.stretch));
    const glm::vec2 centre(0.5f, 0.5f);
    const auto at = [&](double x, double y) {
      return centre +
             (longest > 0 ? glm::vec2(float(x / longest), float(y / longest)) : glm::vec2(0)) * 0.42f;
    };
    const auto turned = [&](double by, double stretch) {
      return at((dial.x * std::cos(by) - dial.y * std::sin(by)) * stretch,
                (dial.y * std::cos(by) + dial.x * std::sin(by)) * stretch);
    };
    line({0.04f, 0.5f}, {0.96f, 0.5f}, thin, faint(0.45f));
    line({0.5f, 0.04f}, {0.5f, 0.96f}, thin, faint(0.45f));
    for (int i = 0; i < 48; ++i)
      line(turned(i / 48.0 * full_turn, 1), turned((i + 1) / 48.0 * full_turn, 1), thin, faint(0.5f));
    const double part = eased(0.05f, 0.8f, progress_);
    // Of many turns, only what is left of the last one is a way that the eye can follow.
    const double shown = std::remainder(angle, full_turn) * part;
    const auto on_arc = [&](double by) { return centre + (turned(by, 1) - centre) * 0.45f; };
    for (int i = 0; i < 32; ++i)
      line(on_arc(shown * i / 32), on_arc(shown * (i + 1) / 32), 2 * thin, chosen(0.9f));
    line(centre, turned(0, 1), 2 * thin, faint(0.9f));
    const glm::vec2 tip = turned(shown, 1 + (dial.stretch - 1) * part);
    line(centre, tip, 3 * thin, kind());
    drawing_.points.push_back(tip);
    const glm::vec2 foot = dial.of_y ? glm::vec2(0.5f, tip.y) : glm::vec2(tip.x, 0.5f);
    line(tip, foot, 1.5f * thin, text(0.8f));
    const double x = (dial.x * std::cos(angle) - dial.y * std::sin(angle)) * dial.stretch,
                 y = (dial.y * std::cos(angle) + dial.x * std::sin(angle)) * dial.stretch;
    lines_of_words(
        {{"(" + short_number(dial.x) + ", " + short_number(dial.y) + ")", faint()},
         {say_out(say("turned by {0} × {1}", short_number(dial.position), short_number(dial.frequency))),
          chosen()},
         {"= " + short_number(angle) + " rad", chosen()},
         {"→ (" + short_number(x) + ", " + short_number(y) + ")", text()}},
        1.06f);
  }

  /// Each distance's score before and after it lost what the slope takes.
  void operator()(const Slope& slope) {
    const Run shown = window(int(slope.after.size()), 48, slope.here);
    double low = -slope.slope * (shown.first + shown.count - 1), high = 0;
    for (int i = shown.first; i < shown.first + shown.count; ++i)
      for (double value : {slope.before[size_t(i)], slope.after[size_t(i)]})
        low = std::min(low, value), high = std::max(high, value);
    const double range = std::max(high - low, 1e-9);
    const auto at = [&](double distance, double value) {
      return glm::vec2(float(0.1 + 1.1 * (distance - shown.first + 0.5) / shown.count),
                       float(0.18 + 0.74 * (value - low) / range));
    };
    const double part = eased(0.1f, 0.8f, progress_);
    line(at(shown.first - 0.5, 0), at(shown.first + shown.count - 0.5, 0), thin, faint(0.6f));
    line(at(shown.first, -slope.slope * shown.first),
         at(shown.first + shown.count - 1, -slope.slope * (shown.first + shown.count - 1)), 2 * thin,
         chosen(0.9f));
    for (int i = shown.first; i < shown.first + shown.count; ++i) {
      const double before = slope.before[size_t(i)],
                   after = before + (slope.after[size_t(i)] - before) * part;
      const bool here = i == slope.here;
      line(at(i, before), at(i, after), (here ? 3 : 1.5f) * thin, here ? text() : faint(0.8f));
      tick(at(i, before), faint(0.9f), here);
      tick(at(i, after), here ? text() : kind(0.8f), here);
    }
    if (shown.count <= 24)
      for (int i = shown.first; i < shown.first + shown.count; ++i)
        if (shown.count <= 12 || i % 4 == 0)
          word({at(i, low).x, 0.07f}, std::to_string(i), 0.5f, i == slope.here ? text() : faint());
    lines_of_words({{say_out(say("distance {0}", slope.here)), text()},
                    {short_number(slope.before[size_t(slope.here)]), faint()},
                    {"− " + short_number(slope.slope) + " × " + std::to_string(slope.here), chosen()},
                    {"= " + short_number(slope.after[size_t(slope.here)]), text()}},
                   1.3f);
  }

  /// Bars of all scores; the chosen ones are lit and, where they are shared out, grow to sum to 1.
  void operator()(const Choice& choice) {
    const Run shown = window(int(choice.scores.size()), 32, std::max(choice.here, 0));
    double largest = std::max(largest_of(choice.scores), largest_of(choice.shares));
    if (largest == 0) largest = 1;
    const float wide = 1.9f / float(shown.count);
    const float lit = eased(0.2f, 0.5f, progress_), grown = eased(0.55f, 0.9f, progress_);
    line({0.05f, 0.14f}, {1.95f, 0.14f}, thin, faint(0.7f));
    for (int i = shown.first; i < shown.first + shown.count; ++i) {
      const double score = choice.scores[size_t(i)];
      const auto rank = std::ranges::find(choice.chosen, i) - choice.chosen.begin();
      const bool picked = rank < std::ssize(choice.chosen);
      const float left = 0.05f + wide * (float(i - shown.first) + 0.15f), right = left + wide * 0.7f;
      const auto height = [&](double value) { return 0.14f + 0.7f * float(value / largest); };
      const double share = picked && !choice.shares.empty() ? choice.shares[size_t(rank)] : score;
      const double value = score + (share - score) * grown;
      box({left, 0.14f}, {right, height(value)},
          picked ? chosen(0.25f + 0.65f * lit) : faint(0.28f - 0.2f * lit),
          i == choice.here ? text()
          : picked         ? chosen()
                           : faint(0.5f));
      if (picked && share != score) line({left, height(score)}, {right, height(score)}, thin, text(0.6f));
      if (shown.count <= 16)
        word({(left + right) / 2, 0.06f}, std::to_string(i), 0.5f,
             i == choice.here || picked ? text() : faint());
      if (picked || i == choice.here || shown.count <= 8)
        word({(left + right) / 2, std::max(0.2f, height(value) + 0.06f)}, short_number(value), 0.5f,
             picked ? text() : faint());
    }
  }

  /// A line for each one that can be chosen, a column for each token: lit where it was.
  void operator()(const Tally& tally) {
    const int tokens = int(tally.chosen.size());
    const Run columns = window(tokens, 40, tokens - 1), lines = window(tally.kinds, 8, tally.here);
    const float wide = 1.45f / float(columns.count), high = 0.94f / float(lines.count);
    const int come = std::min(tokens, int(std::ceil(progress_ * tokens)));
    for (int kind = lines.first; kind < lines.first + lines.count; ++kind) {
      const float top = 0.97f - high * float(kind - lines.first);
      const bool here = kind == tally.here;
      int count = 0;
      for (int t = 0; t < come; ++t) count += served(tally, t, kind);
      for (int t = columns.first; t < columns.first + columns.count; ++t) {
        const float left = 0.2f + wide * float(t - columns.first);
        const bool lit = t < come && served(tally, t, kind);
        box({left + 0.08f * wide, top - 0.88f * high}, {left + 0.92f * wide, top - 0.12f * high},
            lit ? chosen(here ? 0.95f : 0.6f) : faint(0.1f),
            t < come ? faint(here ? 0.9f : 0.4f) : faint(0.15f));
      }
      word({0.16f, top - high / 2}, std::to_string(kind), 1, here ? text() : faint());
      word({1.7f, top - high / 2}, std::to_string(count) + "/" + std::to_string(come), 0,
           here ? text() : faint());
    }
  }

  /// What is left of each token in a sum: the bars of those before fade, then the newest one comes.
  void operator()(const Carried& carried) {
    const float room = 1.f / float(carried.sums.size());
    for (size_t i = 0; i < carried.sums.size(); ++i)
      carried_sum(carried.sums[i], 1 - room * float(i + 1), room, carried.sums.size() == 1);
  }

  /// The parts of a matrix that changes, and what they add up to: the cell is framed in each.
  void operator()(const Update& update) {
    const Window shown{window(update.rows, 16, update.row), window(update.cols, 16, update.col)};
    const auto count = update.parts.size();
    const float room = Drawing::aspect / float(count), top = 0.87f;
    const bool whole = shown.rows.count == update.rows && shown.cols.count == update.cols;
    const float side =
        std::min((room - 0.14f) / float(shown.cols.count), (whole ? 0.65f : 0.47f) / float(shown.rows.count));
    const float foot = top - side * float(shown.rows.count);
    for (size_t p = 0; p < count; ++p) {
      const Update::Part& part = update.parts[p];
      const bool last = p + 1 == count;
      const float seen = eased(float(p) / float(count), float(p + 1) / float(count), progress_);
      const float middle = room * (float(p) + 0.5f) + 0.03f;
      const std::vector<double> numbers = shown.of(part.numbers, update.cols);
      matrix(update, shown, numbers, {middle - side * float(shown.cols.count) / 2, top}, side, seen);
      if (p > 0) word({room * float(p) + 0.015f, 0.55f}, last ? "=" : "+", 0.5f, text());
      const double own = part.numbers[size_t(update.row * update.cols + update.col)];
      word({middle, 0.94f}, say_out(part.name), 0.5f, last ? text() : faint());
      word({middle, foot - 0.08f}, last || p == 0 ? short_number(own) : with_sign(own), 0.5f,
           last ? text() : kind());
      word({middle, foot - 0.18f}, "±" + short_number(largest_of(numbers)), 0.5f, faint());
    }
    if (!whole)
      word({Drawing::aspect / 2, foot - 0.32f},
           say_out(say("rows {0} to {1}, columns {2} to {3} of {4} × {5}", shown.rows.first,
                       shown.rows.first + shown.rows.count - 1, shown.cols.first,
                       shown.cols.first + shown.cols.count - 1, update.rows, update.cols)),
           0.5f, faint());
  }

 private:
  static constexpr double full_turn = 2 * std::numbers::pi;

  static bool served(const Tally& tally, int token, int kind) {
    const std::vector<int>& chosen = tally.chosen[size_t(token)];
    return std::ranges::find(chosen, kind) != chosen.end();
  }

  /// Its cells, coloured by the largest of them, in a frame.
  void matrix(const Update& update, const Window& shown, const std::vector<double>& numbers, glm::vec2 corner,
              float side, float seen) {
    const double largest = std::max(largest_of(numbers), 1e-30);
    const glm::vec2 size(side * float(shown.cols.count), side * float(shown.rows.count));
    box({corner.x, corner.y - size.y}, {corner.x + size.x, corner.y}, glm::vec4(0), faint(0.5f));
    for (int i = 0; i < int(numbers.size()); ++i) {
      const int row = i / shown.cols.count, col = i % shown.cols.count;
      const bool here = shown.rows.first + row == update.row && shown.cols.first + col == update.col;
      const glm::vec2 at = corner + side * glm::vec2(col, -row);
      box({at.x, at.y - side}, {at.x + side, at.y},
          glm::vec4(value_colour(colours_, float(numbers[size_t(i)] / largest)), here ? 1 : seen),
          here ? text() : glm::vec4(0));
    }
  }

  void carried_sum(const Carried::Sum& sum, float foot, float room, bool alone) {
    const int count = int(sum.left.size());
    const Run shown = window(count, 48, count - 1);
    const float faded = eased(0.05f, 0.55f, progress_), come = eased(0.6f, 0.9f, progress_);
    double low = 0, high = 0, total = 0;
    for (size_t i = 0; i < sum.left.size(); ++i) {
      total += sum.left[i];
      for (double value : {sum.left[i], i < sum.before.size() ? sum.before[i] : 0})
        low = std::min(low, value), high = std::max(high, value);
    }
    const double range = std::max(high - low, 1e-30);
    const float wide = 1.3f / float(shown.count);
    const auto height = [&](double value) {
      return foot + room * (0.08f + 0.66f * float((value - low) / range));
    };
    line({0.05f, height(0)}, {1.4f, height(0)}, thin, faint(0.7f));
    for (int t = shown.first; t < shown.first + shown.count; ++t) {
      const float left = 0.07f + wide * float(t - shown.first), right = left + 0.8f * wide;
      const bool newest = t + 1 == count;
      const double now = sum.left[size_t(t)], before = newest ? 0 : sum.before[size_t(t)];
      const double value = newest ? now * double(come) : before + (now - before) * double(faded);
      if (!newest) box({left, height(0)}, {right, height(before)}, glm::vec4(0), faint(0.55f));
      box({left, height(0)}, {right, height(value)},
          newest ? chosen(0.95f) : glm::vec4(value_colour(colours_, value < 0 ? -0.6f : 0.6f), 1),
          glm::vec4(0));
    }
    word({0.05f, foot + room * 0.9f}, say_out(sum.name), 0, faint());
    if (count > 1 && alone) {
      double past = 0, kept = 0;
      for (size_t i = 0; i < sum.before.size(); ++i) past += sum.before[i], kept += sum.left[i];
      const glm::vec4 colour(value_colour(colours_, 0.8f), 1);
      word({1.45f, foot + room * 0.72f}, short_number(past), 0, colour);
      word({1.45f, foot + room * 0.56f}, "→ " + short_number(kept), 0, colour);
    }
    word({1.45f, foot + room * (alone ? 0.4f : 0.62f)}, with_sign(sum.left.back()), 0, chosen());
    word({1.45f, foot + room * (alone ? 0.24f : 0.36f)}, "= " + short_number(total), 0, text());
  }

  std::string say_out(const Message& message) const {
    return translate_ ? translate_(message) : message.english();
  }
  glm::vec4 text(float alpha = 1) const { return {colours_.text, alpha}; }
  glm::vec4 faint(float alpha = 1) const { return {colours_.faint_text, alpha}; }
  glm::vec4 kind(float alpha = 1) const { return {colours_.frame(derivation_.cell.tensor->kind), alpha}; }
  glm::vec4 chosen(float alpha = 1) const { return {colours_.frame(Kind::norm), alpha}; }

  void line(glm::vec2 from, glm::vec2 to, float width, glm::vec4 colour) {
    drawing_.lines.push_back({from, to, width, colour});
  }
  void tick(glm::vec2 at, glm::vec4 colour, bool wide) {
    const glm::vec2 half((wide ? 0.022f : 0.014f), 0);
    line(at - half, at + half, 2.5f * thin, colour);
  }
  void box(glm::vec2 a, glm::vec2 b, glm::vec4 fill, glm::vec4 rim) {
    drawing_.boxes.push_back({glm::min(a, b), glm::max(a, b), fill, rim});
  }
  void word(glm::vec2 at, std::string words, float align, glm::vec4 colour) {
    drawing_.words.push_back({at, std::move(words), align, colour});
  }
  void lines_of_words(const std::vector<std::pair<std::string, glm::vec4>>& lines, float left) {
    float y = 0.5f + line_height * (float(lines.size()) - 1) / 2;
    for (const auto& [words, colour] : lines) word({left, y}, words, 0, colour), y -= line_height;
  }

  const Derivation& derivation_;
  double progress_;
  const Palette& colours_;
  const std::function<std::string(const Message&)>& translate_;
  Drawing drawing_;
};

}  // namespace

bool has_drawing(const Derivation& derivation) {
  return derivation.why.curve || !std::holds_alternative<std::monostate>(derivation.figure);
}

Drawing draw_figure(const Derivation& derivation, double progress, const Palette& colours,
                    const std::function<std::string(const Message&)>& translate) {
  Painter painter(derivation, progress, colours, translate);
  std::visit(painter, derivation.figure);
  if (std::holds_alternative<std::monostate>(derivation.figure) && derivation.why.curve) painter.curve();
  return painter.take();
}

}  // namespace orrery

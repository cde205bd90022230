#include "renderer/plan_columns.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr size_t most_in_a_line = 10;

/// Whether `input` closes the stack, or what follows it there reads it as well: blends of one thing stand
/// below each other.
bool open_below(const Plan& plan, const std::vector<int>& stack, int input) {
  for (auto slot = stack.rbegin(); slot != stack.rend() && *slot != input; ++slot)
    if (std::ranges::find(plan.slots[size_t(*slot)].inputs, input) == plan.slots[size_t(*slot)].inputs.end())
      return false;
  return true;
}

/// Whether one can stand under the other: their columns mean the same, or are experts here and the choice
/// among them there.
bool columns_in_line(const Slot& above, const Slot& below) {
  const Dim &upper = above.front().cols, &lower = below.front().cols;
  const bool choice = (upper.axis == Axis::expert && lower.axis == Axis::unit) ||
                      (upper.axis == Axis::unit && lower.axis == Axis::expert);
  return above.lanes.size() == below.lanes.size() && (upper == lower || choice);
}

/// What stands between a result and the column that it could join.
enum class Between { nothing, apart, one_wide, reads_it };

/// Columns (column, last] of a wing: do they read from `column`, and are they wider than one number a token?
Between between(const Plan& plan, const Wing& wing, int column, int last) {
  Between found = last > column ? Between::apart : Between::nothing;
  const std::vector<int>& own = wing.columns[size_t(column)].stack;
  for (int c = column + 1; c <= last; ++c)
    for (int index : wing.columns[size_t(c)].stack) {
      const Slot& slot = plan.slots[size_t(index)];
      const bool reads = std::ranges::any_of(
          slot.inputs, [&](int input) { return std::ranges::find(own, input) != own.end(); });
      if (!reads) continue;
      if (slot.front().cols.size > 1) return Between::reads_it;
      found = Between::one_wide;
    }
  return found;
}

std::vector<int> matrices_of(const Plan& plan, int index) {
  std::vector<int> matrices;
  for (int input : plan.slots[size_t(index)].inputs) {
    const Slot& weight = plan.slots[size_t(input)];
    if (weight.weight && weight.owner == index && !weight.slab()) matrices.push_back(input);
  }
  return matrices;
}

/// The columns of a branch that fits into one line.
Wing one_line(const Plan& plan, const std::vector<int>& members) {
  Wing wing;
  std::vector<int> column_of(plan.slots.size(), -1);
  auto move_behind = [&](int column, int other) {
    std::rotate(wing.columns.begin() + column, wing.columns.begin() + column + 1,
                wing.columns.begin() + other + 1);
    for (size_t c = 0; c < wing.columns.size(); ++c)
      for (int slot : wing.columns[c].stack) column_of[size_t(slot)] = int(c);
  };
  for (int index : members) {
    const Slot& slot = plan.slots[size_t(index)];
    std::vector<int> matrices = matrices_of(plan, index);
    // Without a matrix of its own and with columns that mean the same, it stands under what it reads: the
    // textbook's place for an elementwise function, and for P · V the one under V.
    int under = -1, rightmost = -1;
    for (int input : slot.inputs) {
      const int column = column_of[size_t(input)];
      if (column < 0) continue;
      rightmost = std::max(rightmost, column);
      if (matrices.empty() && columns_in_line(plan.slots[size_t(input)], slot) &&
          open_below(plan, wing.columns[size_t(column)].stack, input))
        under = std::max(under, column);
    }
    // It also stands right of all that it reads; where that reads the column in turn, it opens a new one.
    const Between what = under >= 0 ? between(plan, wing, under, rightmost) : Between::reads_it;
    if (what != Between::reads_it) {
      wing.columns[size_t(under)].stack.push_back(index);
      column_of[size_t(index)] = under;
      if (what == Between::apart) move_behind(under, rightmost);
    } else {
      column_of[size_t(index)] = int(wing.columns.size());
      wing.columns.push_back({std::move(matrices), {index}});
    }
  }
  return wing;
}

/// The columns of a branch that is too long for one line: what is read by one or two stands above its reader,
/// and all that a step needs comes right before it, so that a stack can end anywhere.
class StackedColumns {
 public:
  StackedColumns(const Plan& plan, const std::vector<int>& members)
      : plan_(plan), readers_(plan.slots.size(), 0), column_of_(plan.slots.size(), -1) {
    for (int index : members)
      for (int input : plan.slots[size_t(index)].inputs) readers_[size_t(input)] += input != index;
    for (int index : members) {
      std::vector<int> matrices = matrices_of(plan, index);
      int under = -1;
      for (int input : plan.slots[size_t(index)].inputs)
        if (matrices.empty() && readers_[size_t(input)] <= 2 && ends_column(input) &&
            fits_under(index, input))
          under = std::max(under, column_of_[size_t(input)]);
      if (under < 0) {
        under = int(columns_.size());
        columns_.push_back({std::move(matrices), {}});
      }
      columns_[size_t(under)].stack.push_back(index);
      column_of_[size_t(index)] = under;
    }
    last_ = column_of_[size_t(members.back())];
  }

  Wing wing() {
    Wing wing;
    wing.stacked = true;
    std::vector<bool> seen(columns_.size(), false);
    // From the end: the last result asks for what it reads, and so on.
    ask_for(last_, seen, wing.columns);
    for (int column = int(columns_.size()) - 1; column >= 0; --column) {
      std::vector<PlanColumn> unread;
      ask_for(column, seen, unread);
      wing.columns.insert(wing.columns.begin(), unread.begin(), unread.end());
    }
    return wing;
  }

 private:
  bool ends_column(int slot) const {
    const int column = column_of_[size_t(slot)];
    return column >= 0 && columns_[size_t(column)].stack.back() == slot;
  }

  bool fits_under(int index, int above) const {
    const Slot& slot = plan_.slots[size_t(index)];
    if (!columns_in_line(plan_.slots[size_t(above)], slot)) return false;
    const int column = column_of_[size_t(above)];
    return std::ranges::none_of(slot.inputs, [&](int input) {
      const int other = column_of_[size_t(input)];
      return other >= 0 && other != column &&
             asked_by(other, std::vector(columns_.size(), false))[size_t(column)];
    });
  }

  /// Adds what a column reads, what took the most work first, and then the column itself.
  void ask_for(int column, std::vector<bool>& seen, std::vector<PlanColumn>& chain) const {
    if (seen[size_t(column)]) return;
    seen[size_t(column)] = true;
    struct Asked {
      int column;
      std::ptrdiff_t order;
    };
    std::vector<Asked> asked;
    for (int slot : columns_[size_t(column)].stack)
      for (int input : plan_.slots[size_t(slot)].inputs)
        if (const int from = column_of_[size_t(input)]; from >= 0 && !seen[size_t(from)])
          asked.push_back(
              {from, narrow_before(input, column) ? 1 : -std::ranges::count(asked_by(from, seen), true)});
    std::ranges::stable_sort(asked, {}, &Asked::order);
    for (const Asked& one : asked) ask_for(one.column, seen, chain);
    chain.push_back(columns_[size_t(column)]);
  }

  /// Whether few numbers a token become many in the first result of a column, which alone reads them: they
  /// stand beside each other.
  bool narrow_before(int slot, int column) const {
    const int reader = columns_[size_t(column)].stack.front();
    const auto width = [&](int index) {
      const Slot& one = plan_.slots[size_t(index)];
      return std::int64_t(one.front().cols.size) * std::ssize(one.lanes);
    };
    return readers_[size_t(slot)] == 1 && width(slot) < width(reader) &&
           std::ranges::find(plan_.slots[size_t(reader)].inputs, slot) !=
               plan_.slots[size_t(reader)].inputs.end();
  }

  /// The columns that one reads, at once or by way of others, and itself, but for those that are seen.
  std::vector<bool> asked_by(int column, const std::vector<bool>& seen) const {
    std::vector<bool> found(columns_.size(), false);
    std::vector<int> open = {column};
    while (!open.empty()) {
      const int at = open.back();
      open.pop_back();
      if (found[size_t(at)] || seen[size_t(at)]) continue;
      found[size_t(at)] = true;
      for (int slot : columns_[size_t(at)].stack)
        for (int input : plan_.slots[size_t(slot)].inputs)
          if (const int from = column_of_[size_t(input)]; from >= 0) open.push_back(from);
    }
    return found;
  }

  const Plan& plan_;
  std::vector<int> readers_, column_of_;  // by slot
  std::vector<PlanColumn> columns_;
  int last_ = 0;  // the column in which the branch ends
};

}  // namespace

Wing make_wing(const Plan& plan, const std::vector<int>& members) {
  Wing wing = one_line(plan, members);
  return wing.columns.size() > most_in_a_line ? StackedColumns(plan, members).wing() : wing;
}

}  // namespace orrery

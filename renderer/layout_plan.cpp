#include "renderer/layout_plan.h"

#include <algorithm>
#include <numeric>

#include "renderer/plan_columns.h"

namespace orrery {
namespace {

void tensors_inside(const Graph& graph, int group, std::vector<const Tensor*>& into) {
  const Group& g = graph.groups()[size_t(group)];
  into.insert(into.end(), g.tensors.begin(), g.tensors.end());
  for (int child : g.children) tensors_inside(graph, child, into);
}

bool same_shape(const Tensor& a, const Tensor& b) {
  return a.rows == b.rows && a.cols == b.cols && a.role == b.role && a.kind == b.kind;
}

/// Members of parallel groups share slots; every other tensor gets its own.
void make_slots(const Graph& graph, Plan& plan) {
  plan.slot_of.assign(graph.tensors().size(), -1);
  auto add = [&](const Tensor* tensor) {
    plan.slot_of[size_t(tensor->index)] = int(plan.slots.size());
    Slot& slot = plan.slots.emplace_back();
    slot.lanes = {tensor};
    slot.weight = tensor->role == Role::weight;
    slot.spine = tensor->spine;
  };
  std::vector<std::vector<const Tensor*>> first(graph.groups().size());
  for (const Group& group : graph.groups()) {
    if (group.flow != Flow::parallel || group.children.size() < 2) continue;
    std::vector<const Tensor*> leader, member;
    tensors_inside(graph, group.children[0], leader);
    for (const Tensor* tensor : leader)
      if (plan.slot_of[size_t(tensor->index)] < 0) add(tensor);
    for (size_t child = 1; child < group.children.size(); ++child) {
      member.clear();
      tensors_inside(graph, group.children[child], member);
      for (size_t k = 0; k < member.size(); ++k) {
        if (plan.slot_of[size_t(member[k]->index)] >= 0) continue;
        if (k < leader.size() && same_shape(*leader[k], *member[k])) {
          const int slot = plan.slot_of[size_t(leader[k]->index)];
          plan.slots[size_t(slot)].lanes.push_back(member[k]);
          plan.slot_of[size_t(member[k]->index)] = slot;
        } else {
          add(member[k]);
        }
      }
    }
  }
  for (const Tensor* tensor : graph.tensors())
    if (plan.slot_of[size_t(tensor->index)] < 0) add(tensor);
  for (Slot& slot : plan.slots) {
    plan.lanes = std::max(plan.lanes, int(slot.lanes.size()));
    for (const Tensor* tensor : slot.lanes)
      for (const Tensor* input : tensor->inputs) {
        const int from = plan.slot_of[size_t(input->index)];
        if (std::ranges::find(slot.inputs, from) == slot.inputs.end()) slot.inputs.push_back(from);
      }
  }
  for (const Tensor* step : graph.steps())
    for (const Tensor* input : step->inputs) {
      Slot& slot = plan.slots[size_t(plan.slot_of[size_t(input->index)])];
      if (slot.weight && slot.owner < 0) slot.owner = plan.slot_of[size_t(step->index)];
    }
}

/// Cuts what lies between two spine states into wings that do not read each other.
void add_wings(const Plan& plan, Section& section, const std::vector<int>& branch) {
  std::vector<int> part(branch.size());
  std::iota(part.begin(), part.end(), 0);
  auto root = [&](int i) {
    while (part[size_t(i)] != i) i = part[size_t(i)];
    return i;
  };
  for (size_t i = 0; i < branch.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const auto& inputs = plan.slots[size_t(branch[i])].inputs;
      if (std::ranges::find(inputs, branch[j]) == inputs.end()) continue;
      const int a = root(int(i)), b = root(int(j));
      part[size_t(std::max(a, b))] = std::min(a, b);
    }
  for (size_t i = 0; i < branch.size(); ++i) {
    if (root(int(i)) != int(i)) continue;
    std::vector<int> members;
    for (size_t j = i; j < branch.size(); ++j)
      if (root(int(j)) == int(i)) members.push_back(branch[j]);
    Wing wing = make_wing(plan, members);
    wing.left = section.wings.size() % 2 == 0;
    section.wings.push_back(std::move(wing));
  }
}

}  // namespace

Plan make_plan(const Graph& graph) {
  Plan plan;
  make_slots(graph, plan);
  std::vector<int> order;  // of the slots that stand in wings or the spine: all but the input
  std::vector<bool> seen(plan.slots.size(), false);
  auto visit = [&](int slot) {
    if (!seen[size_t(slot)]) order.push_back(slot);
    seen[size_t(slot)] = true;
  };
  for (const Tensor* step : graph.steps()) visit(plan.slot_of[size_t(step->index)]);

  bool layers_begun = false;
  std::vector<int> branch;
  auto flush = [&] {
    if (!branch.empty()) add_wings(plan, plan.sections.back(), branch);
    branch.clear();
  };
  for (int index : order) {
    const Slot& slot = plan.slots[size_t(index)];
    const int layer = slot.front().layer;
    const bool starts = plan.sections.empty() || (layer >= 0 && plan.sections.back().layer != layer) ||
                        (layer < 0 && layers_begun && plan.sections.back().layer >= 0);
    if (starts) {
      flush();
      plan.sections.emplace_back().layer = layer;
      layers_begun |= layer >= 0;
    }
    if (slot.spine) {
      flush();
      plan.sections.back().spine.push_back(index);
    } else {
      branch.push_back(index);
    }
  }
  flush();
  // What follows the last state of the stream is read like an answer: on the right.
  if (plan.sections.back().spine.empty())
    for (Wing& wing : plan.sections.back().wings) wing.left = false;
  return plan;
}

}  // namespace orrery

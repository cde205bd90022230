#include "model/graph.h"

#include <algorithm>

namespace orrery {

Graph::Graph() {
  groups_.emplace_back().label = say("Model");
  open_.push_back(0);
}

int Graph::open(Message label, Flow flow, int layer, int head) {
  Group group;
  group.index = int(groups_.size());
  group.parent = open_.back();
  group.label = std::move(label);
  group.flow = flow;
  group.layer = layer >= 0 ? layer : groups_[size_t(group.parent)].layer;
  group.head = head >= 0 ? head : groups_[size_t(group.parent)].head;
  groups_[size_t(group.parent)].children.push_back(group.index);
  open_.push_back(group.index);
  groups_.push_back(std::move(group));
  return open_.back();
}

void Graph::close() { open_.pop_back(); }

Tensor& Graph::add(std::string name, Dim rows, Dim cols, Role role, Kind kind) {
  if (by_name_.contains(name)) throw Error(say("the network has two tensors named '{0}'", name));
  auto tensor = std::make_unique<Tensor>();
  Group& group = groups_[size_t(open_.back())];
  tensor->index = int(owned_.size());
  tensor->name = std::move(name);
  tensor->label = Message{tensor->name, {}};
  tensor->rows = rows;
  tensor->cols = cols;
  tensor->role = role;
  tensor->kind = kind;
  tensor->group = group.index;
  tensor->layer = group.layer;
  tensor->head = group.head;
  group.tensors.push_back(tensor.get());
  by_name_[tensor->name] = tensor.get();
  pointers_.push_back(tensor.get());
  readers_.emplace_back();
  owned_.push_back(std::move(tensor));
  return *owned_.back();
}

const Tensor& Graph::weight(std::string name, Dim rows, Dim cols, Kind kind, WeightSource source) {
  Tensor& tensor = add(std::move(name), rows, cols, Role::weight, kind);
  tensor.columns_contiguous = kind == Kind::weight && rows.size > 1;
  tensor.source = std::move(source);
  return tensor;
}

const Tensor& Graph::input(std::string name, int capacity) {
  Tensor& tensor =
      add(std::move(name), {Axis::token, capacity}, {Axis::unit, 1}, Role::input, Kind::embedding);
  input_ = &tensor;
  return tensor;
}

const Tensor& Graph::apply(std::string name, Kind kind, std::unique_ptr<Op> op,
                           std::vector<const Tensor*> inputs) {
  Op::Shape shape = op->shape(inputs);
  Tensor& tensor = add(std::move(name), shape.rows, shape.cols, Role::activation, kind);
  add_step(tensor, std::move(op), std::move(inputs));
  return tensor;
}

const Tensor& Graph::declare(std::string name, Kind kind, Dim cols) {
  return add(std::move(name), {Axis::token, capacity()}, cols, Role::activation, kind);
}

const Tensor& Graph::define(const Tensor& declared, std::unique_ptr<Op> op,
                            std::vector<const Tensor*> inputs) {
  Op::Shape shape = op->shape(inputs);
  if (!(shape.rows == declared.rows && shape.cols == declared.cols))
    throw Error(say("the network is inconsistent: '{0}' cannot read '{1}' of shape [{2}, {3}]", op->name(),
                    declared.name, declared.rows.size, declared.cols.size));
  add_step(*owned_[size_t(declared.index)], std::move(op), std::move(inputs));
  return declared;
}

void Graph::add_step(Tensor& tensor, std::unique_ptr<Op> op, std::vector<const Tensor*> inputs) {
  tensor.op = op.get();
  tensor.inputs = std::move(inputs);
  tensor.step = int(steps_.size());
  if (in_loop_) tensor.loop = loops_;
  for (const Tensor* input : tensor.inputs) {
    auto& readers = readers_[size_t(input->index)];
    if (readers.empty() || readers.back() != &tensor) readers.push_back(&tensor);
  }
  steps_.push_back(&tensor);
  ops_.push_back(std::move(op));
}

void Graph::alias(std::string name, const Tensor& tensor) { by_name_[std::move(name)] = &tensor; }

void Graph::mark_spine(const Tensor& tensor) { owned_[size_t(tensor.index)]->spine = true; }

const Tensor* Graph::find(const std::string& name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Tensor& Graph::at(const std::string& name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  throw Error(say("the model has no tensor '{0}'; `orrery hooks` lists the names", name));
}

int Graph::head_count() const {
  int heads = 0;
  for (const Group& group : groups_) heads = std::max(heads, group.head + 1);
  return heads;
}

int Graph::layer_count() const {
  int layers = 0;
  for (const Group& group : groups_) layers = std::max(layers, group.layer + 1);
  return layers;
}

}  // namespace orrery

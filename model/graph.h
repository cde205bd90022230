#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/op.h"

namespace orrery {

/// Whether the members of a group follow each other or stand side by side (heads).
enum class Flow { sequence, parallel };

/// A named part of the network. Groups form a tree; group 0 is the whole model. They say sequence or
/// parallel, never coordinates.
struct Group {
  int index = 0;
  Message label;  ///< e.g. "Layer {0}"
  Flow flow = Flow::sequence;
  int parent = -1;
  int layer = -1, head = -1;
  std::vector<int> children;           ///< groups directly inside
  std::vector<const Tensor*> tensors;  ///< tensors directly inside, in order of creation
};

/// A network: tensors, ops and groups in execution order. Built once by an architecture, then immutable; safe
/// to read from any thread. Everything else reads this and nothing else describes a network: executor,
/// layout, explainer, animation.
class Graph {
 public:
  Graph();
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;

  // Building.
  /// Opens a group inside the open one until close() (see Scope). The layer and head are inherited if -1.
  int open(Message label, Flow flow, int layer = -1, int head = -1);
  void close();
  struct Scope {
    Graph& graph;
    ~Scope() { graph.close(); }
  };
  Scope group(Message label, Flow flow = Flow::sequence, int layer = -1, int head = -1) {
    open(std::move(label), flow, layer, head);
    return Scope{*this};
  }
  /// Declares a weight and where a checkpoint holds it.
  const Tensor& weight(std::string name, Dim rows, Dim cols, Kind kind, WeightSource source);
  /// Declares the input: one row per token, column 0 its id.
  const Tensor& input(std::string name, int capacity);
  /// Adds the step that computes `name`. Throws Error if the shapes do not fit.
  const Tensor& apply(std::string name, Kind kind, std::unique_ptr<Op> op, std::vector<const Tensor*> inputs);
  /// Declares an activation that a later step computes (define), because steps before that one read its
  /// earlier rows: a state that is carried from token to token.
  const Tensor& declare(std::string name, Kind kind, Dim cols);
  /// Adds the step that computes a declared tensor; its inputs may include the tensor itself. Throws Error if
  /// the shapes do not fit.
  const Tensor& define(const Tensor& declared, std::unique_ptr<Op> op, std::vector<const Tensor*> inputs);
  /// Steps that are added until the scope ends go through a pass's tokens together, one token at a time,
  /// because they read each other's earlier rows.
  struct Loop {
    Graph& graph;
    ~Loop() { graph.in_loop_ = false; }
  };
  Loop loop() {
    ++loops_;
    in_loop_ = true;
    return Loop{*this};
  }
  /// Says what people call a tensor; may be said after it was added.
  void label(const Tensor& tensor, Message label) { owned_[size_t(tensor.index)]->label = std::move(label); }
  /// Gives a tensor a second name (hook_resid_post of a block is hook_resid_pre of the next).
  void alias(std::string name, const Tensor& tensor);
  /// Marks a tensor as a state of the residual stream.
  void mark_spine(const Tensor& tensor);

  // Reading.
  std::span<const Tensor* const> tensors() const { return pointers_; }
  std::span<const Tensor* const> steps() const { return steps_; }  ///< computed tensors in execution order
  std::span<const Group> groups() const { return groups_; }
  const Tensor* find(const std::string& name) const;  ///< null if there is none
  const Tensor& at(const std::string& name) const;    ///< throws Error naming it
  const Tensor& tokens() const { return *input_; }
  const Tensor& logits() const { return *steps_.back(); }
  /// Tensors that read `tensor`, in execution order.
  std::span<const Tensor* const> readers(const Tensor& tensor) const {
    return readers_[size_t(tensor.index)];
  }
  const std::map<std::string, const Tensor*>& names() const { return by_name_; }  ///< every name, aliases too
  int capacity() const { return input_->rows.size; }                              ///< tokens of context
  int head_count() const;  ///< heads of a layer; 0 without attention
  int layer_count() const;

 private:
  Tensor& add(std::string name, Dim rows, Dim cols, Role role, Kind kind);
  void add_step(Tensor& tensor, std::unique_ptr<Op> op, std::vector<const Tensor*> inputs);

  std::vector<std::unique_ptr<Tensor>> owned_;
  std::vector<std::unique_ptr<Op>> ops_;
  std::vector<const Tensor*> pointers_, steps_;
  std::vector<std::vector<const Tensor*>> readers_;
  std::vector<Group> groups_;
  std::vector<int> open_;
  std::map<std::string, const Tensor*> by_name_;
  const Tensor* input_ = nullptr;
  int loops_ = 0;
  bool in_loop_ = false;
};

}  // namespace orrery

#pragma once
#include <string>
#include <vector>

#include "model/graph.h"

namespace orrery {

/// One attention head, as the graph holds it. Everything is found by hook names and by what reads what, so a
/// head of any architecture fits: grouped keys and values, rotated queries. Pointers live as long as the
/// graph.
struct HeadParts {
  int layer = 0, head = 0;
  const Tensor* query = nullptr;    ///< [T, d], as the scores read it
  const Tensor* key = nullptr;      ///< [T, d], as the scores read it; several heads may share it
  const Tensor* value = nullptr;    ///< [T, d]; several heads may share it
  const Tensor* scores = nullptr;   ///< [T, T]
  const Tensor* pattern = nullptr;  ///< [T, T]
  const Tensor* mixed = nullptr;    ///< z [T, d]
  const Tensor* output = nullptr;   ///< W_O [d, D]; null where heads are joined in another way

  std::string name() const { return "L" + std::to_string(layer) + "H" + std::to_string(head); }
};

/// One layer. What it does not have is null.
struct LayerParts {
  int layer = 0;
  const Tensor* before = nullptr;  ///< the residual stream as it comes in
  const Tensor* after = nullptr;   ///< and as it goes out
  std::vector<HeadParts> heads;
  const Tensor* attention_out = nullptr;
  const Tensor* hidden = nullptr;          ///< the neurons after their activation function [T, F]
  const Tensor* hidden_weights = nullptr;  ///< W_out [F, D]; null unless the MLP ends with a linear map
  const Tensor* hidden_bias = nullptr;     ///< b_out [1, D]
  const Tensor* mlp_out = nullptr;
};

/// The parts of a network that analyses look at.
struct Anatomy {
  std::vector<LayerParts> layers;
  const Tensor* last_state = nullptr;  ///< the residual stream after the last layer

  int head_count() const;  ///< of all layers together
  /// Null if there is none.
  const HeadParts* find_head(int layer, int head) const;
};
Anatomy anatomy_of(const Graph& graph);

/// Whether a state of the residual stream lies between the parts of a layer (attention, MLP).
bool between_parts(const Tensor& state);
/// The states of the residual stream in order: before the first layer and after each one, those between
/// attention and MLP only if asked for. Empty if the graph marks none.
std::vector<const Tensor*> stream_states(const Graph& graph, bool with_middles);

/// One sentence: the model has no attention pattern.
Message no_attention();

}  // namespace orrery

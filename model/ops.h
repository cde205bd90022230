#pragma once
#include <memory>

#include "model/op.h"

namespace orrery {

// The vocabulary of networks: one line and one sentence an op. T tokens, D channels, d channels of a head, F
// features, V words. Everything about an op stands in its file in ops/.

enum class Activation { gelu, gelu_tanh, gelu_fast, quick_gelu, silu, relu, squared_relu, tanh };
/// The activation of that name in configuration files ("gelu_new"); throws Error naming `where` if there is
/// none.
Activation activation_named(const std::string& name, const std::string& where);

namespace ops {

/// tokens [T,1], table [V,D] -> [T,D]: the table's row for each token's id.
std::unique_ptr<Op> embedding();
/// tokens [T,1], table [P,D] -> [T,D]: the table's row for each position.
std::unique_ptr<Op> position_embedding();
/// a [T,D], b [T,D] -> [T,D]: the sum of two.
std::unique_ptr<Op> add();
/// x [T,D] -> [T,1]: sqrt(variance + epsilon), layer norm's divisor.
std::unique_ptr<Op> layer_norm_scale(double epsilon);
/// x [T,D], scale [T,1] -> [T,D]: (x - mean) / scale.
std::unique_ptr<Op> normalize();
/// x [T,D], w [1,D], (b [1,D]) -> [T,D]: x * w + b, the learned stretch and shift after a norm.
std::unique_ptr<Op> scale_shift();
/// x [T,D], W [D,F], (b [1,F]) -> [T,F]: x W + b.
std::unique_ptr<Op> linear();
/// q [T,d], k [T,d] -> [T,T]: scale * q · k, -inf for keys after the query.
std::unique_ptr<Op> attention_scores(double scale);
/// scores [T,T] -> [T,T]: softmax of each row over the keys up to the query.
std::unique_ptr<Op> attention_pattern();
/// pattern [T,T], v [T,d] -> [T,d]: the sum of the values, weighted by the pattern.
std::unique_ptr<Op> attention_values();
/// z_0..z_{H-1} [T,d], W_0..W_{H-1} [d,D], (b [1,D]) -> [T,D]: every head's result through its own weights,
/// summed.
std::unique_ptr<Op> join_heads(int heads);
/// x [T,F] -> [T,F]: the activation function of each number.
std::unique_ptr<Op> activate(Activation activation);
/// x [T,D], table [V,D] -> [T,V]: x · each row of the embedding table.
std::unique_ptr<Op> unembed();

}  // namespace ops
}  // namespace orrery

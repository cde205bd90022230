#pragma once
#include <memory>

#include "model/op.h"
#include "model/rope.h"

namespace orrery {

// The vocabulary of networks: one line and one sentence an op. T tokens, D channels, d channels of a head, F
// features, V words. Everything about an op stands in its file in ops/.

enum class Activation {
  gelu,
  gelu_tanh,
  gelu_fast,
  quick_gelu,
  silu,
  relu,
  squared_relu,
  tanh,
  sigmoid,
  softplus
};
/// The activation's value at x.
float activate(Activation activation, float x);
double activate(Activation activation, double x);
/// As people write it: "SiLU".
const char* activation_title(Activation activation);
/// The activation of that name in configuration files ("gelu_new"); throws Error naming `where` if there is
/// none.
Activation activation_named(const std::string& name, const std::string& where);

namespace ops {

/// tokens [T,1], table [V,D] -> [T,D]: the table's row for each token's id.
std::unique_ptr<Op> embedding();
/// tokens [T,1], table [P,D] -> [T,D]: the table's row for each position.
std::unique_ptr<Op> position_embedding();
/// a [T,D], b [T,D], ... -> [T,D]: the sum of two or three.
std::unique_ptr<Op> add();
/// x [T,D] -> [T,1]: sqrt(variance + epsilon), layer norm's divisor.
std::unique_ptr<Op> layer_norm_scale(double epsilon);
/// x [T,D], scale [T,1] -> [T,D]: (x - mean) / scale.
std::unique_ptr<Op> normalize();
/// x [T,D], w [1,D], (b [1,D]) -> [T,D]: x * w + b, the learned stretch and shift after a norm.
std::unique_ptr<Op> scale_shift();
/// x [T,D], W [D,F], (b [1,F]) -> [T,F]: x W + b.
std::unique_ptr<Op> linear();
/// q [T,d], k [T,d] -> [T,T]: scale * q · k - slope * distance, -inf for keys after the query and for keys
/// that a window of that many tokens (0: any) no longer holds. The slope is ALiBi's.
std::unique_ptr<Op> attention_scores(double scale, double slope = 0, int window = 0);
/// scores [T,T] -> [T,T]: softmax of each row over the keys that the query sees.
std::unique_ptr<Op> attention_pattern(int window = 0);
/// pattern [T,T], v [T,d] -> [T,d]: the sum of the values, weighted by the pattern.
std::unique_ptr<Op> attention_values(int window = 0);
/// z_0..z_{H-1} [T,d], W_0..W_{H-1} [d,D], (b [1,D]) -> [T,D]: every head's result through its own weights,
/// summed.
std::unique_ptr<Op> join_heads(int heads);
/// x [T,F] -> [T,F]: the activation function of each number.
std::unique_ptr<Op> activate(Activation activation);
/// x [T,D], table [V,D] -> [T,V]: x · each row of the embedding table.
std::unique_ptr<Op> unembed();

// LLaMA and its relatives.

/// x [T,D] -> [T,1]: sqrt(mean of squares + epsilon), RMS norm's divisor.
std::unique_ptr<Op> rms_norm_scale(double epsilon);
/// x [T,D], scale [T,1] -> [T,D]: x / scale.
std::unique_ptr<Op> divide();
/// x [T,D], w [1,D] -> [T,D]: x * (1 + w), as Gemma keeps its norm's weights.
std::unique_ptr<Op> scale_by_one_plus();
/// tokens [T,1] -> [T,1]: how long the text was when the row was computed.
std::unique_ptr<Op> text_length();
/// x [T,d], (length [T,1]) -> [T,d]: pairs of channels turned by the position times their frequency.
std::unique_ptr<Op> rotate(std::shared_ptr<const Rope> rope);
/// gate [T,F], x [T,F] -> [T,F]: activation(gate) * x.
std::unique_ptr<Op> gate(Activation activation);
/// a [T,D], b [T,D] -> [T,D]: the product of the same cells.
std::unique_ptr<Op> multiply();
/// x [T,D] -> [T,D]: x times a fixed number.
std::unique_ptr<Op> scale(double factor);
/// x [T,D] -> [T,D]: x, but at most `limit` and at least -limit.
std::unique_ptr<Op> clamp(double limit);
/// x_0 [T,d], x_1 [T,d], ... -> [T, all of them]: side by side.
std::unique_ptr<Op> concatenate();

// A mixture of E experts, of which k are chosen for each token. Rows that were not computed hold NaN.

/// x [T,E] -> [T,E]: softmax of each row.
std::unique_ptr<Op> softmax();
/// weights [T,E] -> [T,k]: the numbers of the experts with the largest weights, the largest first.
std::unique_ptr<Op> choose_experts(int count);
/// weights [T,E], choice [T,k] -> [T,E]: the chosen experts' weights, stretched to sum to 1; 0 for the
/// others.
std::unique_ptr<Op> expert_shares();
/// choice [T,k], shares [T,E] -> [T,E]: the part of the tokens so far that each expert was given.
std::unique_ptr<Op> expert_load();
/// x [T,D], W [D,F], choice [T,k] -> [T,F]: x W where the expert was chosen.
std::unique_ptr<Op> expert_linear(int expert);
/// gate [T,F], x [T,F], choice [T,k] -> [T,F]: activation(gate) * x where the expert was chosen.
std::unique_ptr<Op> expert_gate(int expert, Activation activation);
/// shares [T,E], out_0 [T,D], ..., out_{E-1} -> [T,D]: what the chosen experts say, times their shares.
std::unique_ptr<Op> mix_experts();

// States that are carried from token to token: [T, rows * columns], one matrix a token, row after row. The
// first input of an op that carries one is that state itself.

/// x [T,E], taps [K,E], (b [1,E]) -> [T,E]: each channel mixed with its values at the tokens before.
std::unique_ptr<Op> causal_convolution();
/// h [T,E*N], delta [T,E], B [T,N], x [T,E], A_log [N,E] -> [T,E*N]: Mamba's state after each token.
std::unique_ptr<Op> selective_state();
/// h [T,E*N], C [T,N], x [T,E], D [1,E] -> [T,E]: C · each channel's state + D x.
std::unique_ptr<Op> read_state();
/// x [T,D], m [1,D] -> [T,D]: m of this token and 1 - m of the one before; or the other way round.
std::unique_ptr<Op> token_shift(bool share_of_past);
/// p [T,A], k [T,A], time_decay [1,A] -> [T,A]: RWKV-4's largest exponent so far.
std::unique_ptr<Op> decaying_max();
/// a [T,A], p [T,A], k [T,A], time_decay [1,A], (v [T,A]) -> [T,A]: RWKV-4's sum of values, or of weights
/// alone.
std::unique_ptr<Op> decaying_sum(bool of_values);
/// a, b, p, k, v [T,A], time_first [1,A] -> [T,A]: RWKV-4's mean of the values so far.
std::unique_ptr<Op> decaying_mean();
/// W [T,d*d], b [T,d], k [T,d], the model's own W [d,d] and b [1,d] -> [T,d]: TTT's k W + b before the step.
std::unique_ptr<Op> inner_prediction(int batch);
/// z, k, v [T,d], gamma, beta [1,d] -> [T,d]: the gradient of ½ |LN(z) - (v - k)|² by z.
std::unique_ptr<Op> inner_gradient();
/// W [T,d*d], gradient [T,d], rate [T,H], steps [1,M], own W [d,d], k [T,d] -> [T,d*d]: TTT's weights after
/// each token; the bias [T,d] likewise, without k.
std::unique_ptr<Op> inner_step(int batch, int head, bool bias);
/// q [T,d], W [T,d*d], b [T,d] -> [T,d]: q W + b.
std::unique_ptr<Op> ask_weights();
/// x [T,d] -> [T,d]: RWKV-7's exp(-0.606531 sigmoid(x)), what is kept of each column of the state.
std::unique_ptr<Op> decay();
/// k [T,d], w [1,d] -> [T,d]: k w / |k w|, the key that is taken out of the state.
std::unique_ptr<Op> removal_key();
/// k, a [T,d], w [1,d] -> [T,d]: k (1 + (a - 1) w), the key that is written.
std::unique_ptr<Op> writing_key();
/// v, v of the first layer, gate [T,d] -> [T,d]: a blend of the two by sigmoid(gate).
std::unique_ptr<Op> blend_values();
/// S [T,d*d], w, kk, a, v, k [T,d] -> [T,d*d]: S diag(w) - (S kk)(kk a)^T + v k^T.
std::unique_ptr<Op> delta_state();
/// S [T,d*d], r [T,d] -> [T,d]: S r.
std::unique_ptr<Op> ask_state();
/// y, r, k [T,d], w [1,d], v [T,d] -> [T,d]: y + (Σ r k w) v.
std::unique_ptr<Op> own_bonus();

}  // namespace ops
}  // namespace orrery

#pragma once
#include <functional>

#include "model/architecture.h"
#include "model/ops.h"

namespace orrery {

/// What the files of architectures share: the parts that many networks are made of, named as TransformerLens
/// names them. An architecture derives from it and reads like its paper; the graph grows in the order in
/// which the model computes.
class NetworkBuilder {
 protected:
  NetworkBuilder(int channels, int vocabulary, double epsilon)
      : channel_{Axis::channel, channels}, vocabulary_{Axis::vocabulary, vocabulary}, epsilon_(epsilon) {}

  /// A dimension of a weight, or the part of the checkpoint's dimension of `total` that starts at `first`.
  struct Part {
    Dim dim;
    int first = 0, total = 0;
    Part(Dim dim) : dim(dim), total(dim.size) {}
    Part(Dim dim, int first, int total) : dim(dim), first(first), total(total) {}
  };

  // Weights.
  /// [1, part] of the checkpoint's vector `file`.
  const Tensor& vector(const std::string& name, const std::string& file, Kind kind, const Part& part);
  /// [in, out] of the checkpoint's matrix `file`, whichever way round it holds it.
  const Tensor& matrix(const std::string& name, const std::string& file, const Part& in, const Part& out);
  /// The embedding table [V, D].
  const Tensor& token_table(const std::string& file);

  // Steps.
  /// x W + b with `file`weight and, where `bias` is not empty, `file`bias.
  const Tensor& project(const std::string& name, const Tensor& x, const std::string& weight,
                        const std::string& bias, const std::string& file, const Part& in, const Part& out,
                        Kind kind = Kind::activation);
  const Tensor& apply(const std::string& name, std::unique_ptr<Op> op, std::vector<const Tensor*> inputs) {
    return graph_.apply(name, Kind::activation, std::move(op), std::move(inputs));
  }
  /// Layer norm of x: `name`hook_scale, `name`hook_normalized, `name`out; weights `file`weight, `file`bias.
  const Tensor& layer_norm(const std::string& name, const std::string& file, const Tensor& x,
                           bool bias = true);
  /// The same with other weights: for a norm over a part of the channels.
  const Tensor& layer_norm(const std::string& name, const Tensor& x, const Tensor& weight, const Tensor* bias,
                           double epsilon);
  /// RMS norm; with `one_plus` as Gemma keeps its weights.
  const Tensor& rms_norm(const std::string& name, const std::string& file, const Tensor& x,
                         bool one_plus = false);

  /// How queries look at keys.
  struct Attention {
    double scale = 1;
    double slope = 0;  ///< ALiBi
    int window = 0;    ///< 0: all that came before
  };
  /// Scores, pattern and mixed values of one head; `attn` is "blocks.{i}.attn.".
  const Tensor& attend(const std::string& attn, const std::string& suffix, const Tensor& q, const Tensor& k,
                       const Tensor& v, const Attention& rule);

  /// One head's queries, keys and values.
  struct Projections {
    const Tensor *q, *k, *v;
  };
  /// How a checkpoint holds an attention whose queries, keys and values are one weight.
  struct FusedWeights {
    int heads;
    std::string qkv, output;  ///< names in the checkpoint, up to "weight" and "bias"
    bool head_first = false;  ///< [H, 3, d], otherwise [3, H, d]
    bool bias = true;
    std::string before = "";  ///< names of what comes out: hook_{before}q and so on
  };
  /// Attention of such weights over x; `look(head, suffix, projections)` turns a head's projections into its
  /// mixed values.
  using Look = std::function<const Tensor&(int head, const std::string& suffix, const Projections& of)>;
  const Tensor& fused_attention(int layer, const Tensor& x, const FusedWeights& weights, const Look& look);

  /// Two weights with an activation function between.
  const Tensor& plain_feed_forward(const std::string& block, const Tensor& x, const std::string& file_in,
                                   const std::string& file_out, int features, Activation activation,
                                   bool bias);

  /// Three weights: activation(x W_gate) * (x W_in), times W_out.
  const Tensor& gated_feed_forward(const std::string& block, const Tensor& x, const std::string& file,
                                   int features, Activation activation, bool bias);

  /// Makes `state` the newest state of the residual stream.
  void set_stream(const Tensor& state);
  /// Adds parts to the residual stream.
  void add_to_stream(const std::string& name, const Tensor& part, const Tensor* second = nullptr);
  /// The logits: x times the embedding table, or times the checkpoint's own matrix `file` where it is null.
  void unembed(const Tensor& x, const Tensor* table, const std::string& file);
  /// Says what people call the tensors, by the last part of their names, and gives the graph away.
  Graph finish();

  Dim channel_, vocabulary_, one_{Axis::unit, 1};
  double epsilon_;
  bool file_holds_in_out_ = false;  ///< GPT-2's Conv1D weights; otherwise [out, in]
  Graph graph_;
  const Tensor* stream_ = nullptr;  ///< the newest state of the residual stream
};

/// "blocks.3."
std::string block_name(int layer);

/// Builds for a context of `wanted` tokens, or of as many as a recording of at most 16 GiB holds: states that
/// are carried along and scores are kept for every token, however long the model's own context is.
Graph build_within_memory(int wanted, const std::function<Graph(int context)>& build);

/// Whether the checkpoint holds a tensor.
bool holds(std::span<const std::string> tensor_names, const std::string& name);

// Checks of configurations; all throw Error naming file and fields.
constexpr int size_limit = 1 << 24;  ///< a sane bound, so that products of two sizes fit 64 bits
/// Hugging Face reads a field under the architecture's own name and under the usual one: which of them the
/// file has, the own one if neither.
const char* field_of(const Config& config, const char* own, const char* usual);
void check_divides(const Config& config, const char* field, int size, const char* parts_field, int parts);
void check_even(const Config& config, const char* field, int size);
void check_positive(const Config& config, const char* field, double number);
/// Refuses carried states of more numbers than can be shown.
void check_state(const Config& config, std::int64_t numbers);
/// Refuses what a configuration asks for and Orrery lacks.
[[noreturn]] void throw_unsupported(const Config& config, const char* field, const char* value);
/// Refuses networks of more parts (heads, experts, layers) than can be shown.
void check_parts(const Config& config, const char* layers_field, int layers, const char* parts_field,
                 int parts);

}  // namespace orrery

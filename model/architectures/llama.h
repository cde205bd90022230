#pragma once
#include "model/architectures/network_builder.h"

namespace orrery {

/// What the configurations of LLaMA and its relatives say, in one vocabulary.
struct LlamaSettings {
  int layers, heads, key_heads, channels, head_channels, features, context, vocabulary;
  double epsilon = 1e-6;
  Activation activation = Activation::silu;
  RopeSettings rope{};
  int window = 0;              ///< tokens that a query looks back over; 0: all
  int first_window_layer = 0;  ///< layers before it have no window
  bool qkv_bias = false, output_bias = false, mlp_bias = false, tied = false;
  double embedding_scale = 1;  ///< Gemma multiplies the embeddings by √D
  bool norm_one_plus = false;  ///< Gemma's norms multiply by 1 + w
};

/// LLaMA's network; a relative that changes a part of it derives from this.
class LlamaBuilder : protected NetworkBuilder {
 public:
  explicit LlamaBuilder(const LlamaSettings& settings);
  virtual ~LlamaBuilder() = default;
  Graph build();

 protected:
  /// The second part of a layer: reads the stream, returns what is added to it.
  virtual const Tensor& feed_forward(const std::string& block, const std::string& file);
  const Tensor& norm(const std::string& name, const std::string& file) {
    return rms_norm(name, file, *stream_, s_.norm_one_plus);
  }

  LlamaSettings s_;
  Dim feature_;

 private:
  void embed();
  void layer(int i);
  const Tensor& attention(int i, const std::string& block, const std::string& file);
  struct KeysValues {
    const Tensor *keys, *values;
  };
  KeysValues key_head(const Tensor& x, int head, const std::string& attn, const std::string& file);
  const Tensor& query(const Tensor& x, int head, const std::string& attn, const std::string& file);
  const Tensor& turned(const std::string& name, const Tensor& x);

  Dim head_channel_;
  std::shared_ptr<const Rope> rope_;
  const Tensor *table_ = nullptr, *text_length_ = nullptr;
};

/// Reads what LLaMA, Mistral and Mixtral have in common. `defaults` holds the class's own sizes.
LlamaSettings llama_settings(const Config& config, std::span<const std::string> tensor_names,
                             LlamaSettings defaults);
/// Tokens of context to offer: scaled rotations are for texts beyond the trained length.
int llama_context(const LlamaSettings& settings);

Graph build_llama(const Config& config, std::span<const std::string> tensor_names);
/// LLaMA with a sliding window.
Graph build_mistral(const Config& config, std::span<const std::string> tensor_names);
/// LLaMA with biases on queries, keys and values.
Graph build_qwen2(const Config& config, std::span<const std::string> tensor_names);
/// LLaMA with scaled embeddings, norms of 1 + w and a gate of GELU.
Graph build_gemma(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery

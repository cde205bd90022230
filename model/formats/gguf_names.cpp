#include "model/formats/gguf_names.h"

#include <vector>

// GGML's docs/gguf.md and llama.cpp's gguf-py/gguf/constants.py, tensor_mapping.py; reference section 15.2.

namespace orrery {

namespace {

using Change = GgufChange;
using Keys = std::vector<GgufKey>;
using Names = std::vector<GgufName>;

const Keys llama_keys = {{"embedding_length", "hidden_size"},
                         {"feed_forward_length", "intermediate_size"},
                         {"block_count", "num_hidden_layers"},
                         {"attention.head_count", "num_attention_heads"},
                         {"attention.head_count_kv", "num_key_value_heads", true, false},
                         {"attention.key_length", "head_dim", true, false},
                         {"context_length", "max_position_embeddings"},
                         {"attention.layer_norm_rms_epsilon", "rms_norm_eps", false},
                         {"rope.freq_base", "rope_theta", false, false}};
const Keys gpt2_keys = {
    {"embedding_length", "n_embd"},    {"feed_forward_length", "n_inner"},
    {"block_count", "n_layer"},        {"attention.head_count", "n_head"},
    {"context_length", "n_positions"}, {"attention.layer_norm_epsilon", "layer_norm_epsilon", false}};
const Keys gpt_neox_keys = {{"embedding_length", "hidden_size"},
                            {"feed_forward_length", "intermediate_size"},
                            {"block_count", "num_hidden_layers"},
                            {"attention.head_count", "num_attention_heads"},
                            {"context_length", "max_position_embeddings"},
                            {"attention.layer_norm_epsilon", "layer_norm_eps", false},
                            {"rope.freq_base", "rotary_emb_base", false, false}};
const Keys bloom_keys = {{"embedding_length", "hidden_size"},
                         {"block_count", "n_layer"},
                         {"attention.head_count", "n_head"},
                         {"context_length", "seq_length"},
                         {"attention.layer_norm_epsilon", "layer_norm_epsilon", false}};
const Keys mpt_keys = {{"embedding_length", "d_model"},
                       {"block_count", "n_layers"},
                       {"attention.head_count", "n_heads"},
                       {"context_length", "max_seq_len"},
                       {"attention.layer_norm_epsilon", "layer_norm_epsilon", false}};
const Keys mamba_keys = {{"embedding_length", "hidden_size"},
                         {"block_count", "num_hidden_layers"},
                         {"ssm.conv_kernel", "conv_kernel"},
                         {"ssm.state_size", "state_size"},
                         {"ssm.time_step_rank", "time_step_rank"},
                         {"attention.layer_norm_rms_epsilon", "layer_norm_epsilon", false}};

/// LLaMA's relatives differ in what the converter does to queries, keys and norms.
Names llama_names(Change queries, Change keys, Change norms) {
  const std::string layer = "model.layers.{layer}.", experts = layer + "block_sparse_moe.";
  return {{"token_embd", "model.embed_tokens", false},
          {"output_norm", "model.norm", false, norms},
          {"output", "lm_head", false},
          {"attn_norm", layer + "input_layernorm", true, norms},
          {"attn_q", layer + "self_attn.q_proj", true, queries},
          {"attn_k", layer + "self_attn.k_proj", true, keys},
          {"attn_v", layer + "self_attn.v_proj"},
          {"attn_output", layer + "self_attn.o_proj"},
          {"ffn_norm", layer + "post_attention_layernorm", true, norms},
          {"ffn_gate", layer + "mlp.gate_proj"},
          {"ffn_up", layer + "mlp.up_proj"},
          {"ffn_down", layer + "mlp.down_proj"},
          {"ffn_gate_inp", experts + "gate"},
          {"ffn_gate_exps", experts + "experts.{expert}.w1", true, Change::experts},
          {"ffn_down_exps", experts + "experts.{expert}.w2", true, Change::experts},
          {"ffn_up_exps", experts + "experts.{expert}.w3", true, Change::experts}};
}
const Names turned_names = llama_names(Change::turned_queries, Change::turned_keys, Change::none);
const Names qwen2_names = llama_names(Change::none, Change::none, Change::none);
const Names gemma_names = llama_names(Change::none, Change::none, Change::plus_one);

const Names gpt2_names = {{"token_embd", "transformer.wte", false},
                          {"position_embd", "transformer.wpe", false},
                          {"output_norm", "transformer.ln_f", false},
                          {"output", "lm_head", false},
                          {"attn_norm", "transformer.h.{layer}.ln_1"},
                          {"attn_qkv", "transformer.h.{layer}.attn.c_attn", true, Change::transposed},
                          {"attn_output", "transformer.h.{layer}.attn.c_proj", true, Change::transposed},
                          {"ffn_norm", "transformer.h.{layer}.ln_2"},
                          {"ffn_up", "transformer.h.{layer}.mlp.c_fc", true, Change::transposed},
                          {"ffn_down", "transformer.h.{layer}.mlp.c_proj", true, Change::transposed}};
const Names gpt_neox_names = {
    {"token_embd", "gpt_neox.embed_in", false},
    {"output_norm", "gpt_neox.final_layer_norm", false},
    {"output", "embed_out", false},
    {"attn_norm", "gpt_neox.layers.{layer}.input_layernorm"},
    {"attn_qkv", "gpt_neox.layers.{layer}.attention.query_key_value", true, Change::fused},
    {"attn_output", "gpt_neox.layers.{layer}.attention.dense"},
    {"ffn_norm", "gpt_neox.layers.{layer}.post_attention_layernorm"},
    {"ffn_up", "gpt_neox.layers.{layer}.mlp.dense_h_to_4h"},
    {"ffn_down", "gpt_neox.layers.{layer}.mlp.dense_4h_to_h"}};
const Names bloom_names = {
    {"token_embd", "transformer.word_embeddings", false},
    {"token_embd_norm", "transformer.word_embeddings_layernorm", false},
    {"output_norm", "transformer.ln_f", false},
    {"output", "lm_head", false},
    {"attn_norm", "transformer.h.{layer}.input_layernorm"},
    {"attn_qkv", "transformer.h.{layer}.self_attention.query_key_value", true, Change::fused},
    {"attn_output", "transformer.h.{layer}.self_attention.dense"},
    {"ffn_norm", "transformer.h.{layer}.post_attention_layernorm"},
    {"ffn_up", "transformer.h.{layer}.mlp.dense_h_to_4h"},
    {"ffn_down", "transformer.h.{layer}.mlp.dense_4h_to_h"}};
const Names mpt_names = {{"token_embd", "transformer.wte", false},
                         {"output_norm", "transformer.norm_f", false},
                         {"output", "lm_head", false},
                         {"attn_norm", "transformer.blocks.{layer}.norm_1"},
                         {"attn_qkv", "transformer.blocks.{layer}.attn.Wqkv"},
                         {"attn_output", "transformer.blocks.{layer}.attn.out_proj"},
                         {"ffn_norm", "transformer.blocks.{layer}.norm_2"},
                         {"ffn_up", "transformer.blocks.{layer}.ffn.up_proj"},
                         {"ffn_down", "transformer.blocks.{layer}.ffn.down_proj"}};
const Names mamba_names = {{"token_embd", "backbone.embeddings", false},
                           {"output_norm", "backbone.norm_f", false},
                           {"output", "lm_head", false},
                           {"attn_norm", "backbone.layers.{layer}.norm"},
                           {"ssm_in", "backbone.layers.{layer}.mixer.in_proj"},
                           {"ssm_conv1d", "backbone.layers.{layer}.mixer.conv1d", true, Change::taps},
                           {"ssm_x", "backbone.layers.{layer}.mixer.x_proj"},
                           {"ssm_dt", "backbone.layers.{layer}.mixer.dt_proj"},
                           {"ssm_a", "backbone.layers.{layer}.mixer.A_log", true, Change::decay},
                           {"ssm_d", "backbone.layers.{layer}.mixer.D"},
                           {"ssm_out", "backbone.layers.{layer}.mixer.out_proj"}};

const GgufDialect dialects[] = {{"llama", "llama", GgufFamily::llama, llama_keys, turned_names},
                                {"qwen2", "qwen2", GgufFamily::llama, llama_keys, qwen2_names},
                                {"gemma", "gemma", GgufFamily::llama, llama_keys, gemma_names},
                                {"gpt2", "gpt2", GgufFamily::plain, gpt2_keys, gpt2_names},
                                {"gptneox", "gpt_neox", GgufFamily::gpt_neox, gpt_neox_keys, gpt_neox_names},
                                {"bloom", "bloom", GgufFamily::plain, bloom_keys, bloom_names},
                                {"mpt", "mpt", GgufFamily::mpt, mpt_keys, mpt_names},
                                {"mamba", "mamba", GgufFamily::mamba, mamba_keys, mamba_names}};

}  // namespace

const GgufDialect* find_gguf_dialect(const std::string& architecture) {
  for (const GgufDialect& dialect : dialects)
    if (dialect.architecture == architecture) return &dialect;
  return nullptr;
}

std::string gguf_architectures() {
  std::string names;
  for (const GgufDialect& dialect : dialects) names += (names.empty() ? "" : ", ") + dialect.architecture;
  return names;
}

}  // namespace orrery

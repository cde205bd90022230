"""Writes models in other formats than safetensors, each from the description of its format: GGUF, llama2.c's .bin,
llm-viz's JSON. The programs that define them (llama.cpp's converter, llama2.c's export.py) do to the numbers what
the functions here do."""
import base64
import io
import json
import math
import pathlib
import struct
import zipfile

from support import read_safetensors


class Matrix:
    """Numbers with a shape, row by row."""

    def __init__(self, shape, numbers):
        self.shape, self.numbers = list(shape), list(numbers)
        assert math.prod(self.shape) == len(self.numbers)

    def rows(self):
        width = self.shape[-1] if len(self.shape) > 1 else 1
        return [self.numbers[i:i + width] for i in range(0, len(self.numbers), width)]

    def reordered(self, order):
        """`order[i]` says which row comes to place i."""
        rows = self.rows()
        assert sorted(order) == list(range(len(rows)))
        return Matrix(self.shape, [number for i in order for number in rows[i]])

    def transposed(self):
        rows = self.rows()
        return Matrix(self.shape[::-1], [row[i] for i in range(self.shape[1]) for row in rows])

    def mapped(self, function):
        return Matrix(self.shape, map(function, self.numbers))

    def raw(self):
        return struct.pack(f"<{len(self.numbers)}f", *self.numbers)


def read_model(folder):
    """Configuration and tensors of a folder."""
    tensors, _ = read_safetensors(pathlib.Path(folder) / "model.safetensors")
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    return config, {name: Matrix(shape, numbers) for name, (_, shape, numbers) in tensors.items()}


def paired(matrix, heads):
    """Rows of each head so that the two channels that turn together are neighbours: [H, 2, d/2] to [H, d/2, 2]."""
    size = matrix.shape[0] // heads
    return matrix.reordered([h * size + half * (size // 2) + k
                             for h in range(heads) for k in range(size // 2) for half in (0, 1)])


def parts_first(matrix, heads):
    """Rows from [H, 3, d] to [3, H, d]."""
    size = matrix.shape[0] // (3 * heads)
    return matrix.reordered([(h * 3 + part) * size + i
                             for part in range(3) for h in range(heads) for i in range(size)])


# ---- GGUF

GGUF_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q4_K": 12,
              "Q5_K": 13, "Q6_K": 14, "BF16": 30}


def gguf_text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def gguf_value(value):
    """Type and bytes of a value of a key."""
    if isinstance(value, bool):
        return 7, struct.pack("<B", value)
    if isinstance(value, int):
        return (4, struct.pack("<I", value)) if value >= 0 else (5, struct.pack("<i", value))
    if isinstance(value, float):
        return 6, struct.pack("<f", value)
    if isinstance(value, str):
        return 8, gguf_text(value)
    items = [gguf_value(item) for item in value]
    kind = items[0][0] if items else 4
    return 9, struct.pack("<IQ", kind, len(items)) + b"".join(item for _, item in items)


def gguf(keys, tensors, version=3, alignment=32):
    """`tensors`: name to (type, shape, bytes), shapes as PyTorch has them."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(keys))
    for key, value in keys.items():
        kind, data = gguf_value(value)
        head += gguf_text(key) + struct.pack("<I", kind) + data
    body = b""
    for name, (kind, shape, data) in tensors.items():
        body += b"\0" * (-len(body) % alignment)
        head += gguf_text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *reversed(shape))
        head += struct.pack("<IQ", GGUF_TYPES.get(kind, kind), len(body))
        body += data
    return head + b"\0" * (-len(head) % alignment) + body


def f32(tensors):
    return {name: ("F32", matrix.shape, matrix.raw()) for name, matrix in tensors.items()}


LLAMA_NAMES = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
               "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
               "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
               "mlp.down_proj": "ffn_down", "block_sparse_moe.gate": "ffn_gate_inp"}
GPT2_NAMES = {"ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm",
              "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}
FUSED_NAMES = {"input_layernorm": "attn_norm", "attention.query_key_value": "attn_qkv",
               "self_attention.query_key_value": "attn_qkv", "attention.dense": "attn_output",
               "self_attention.dense": "attn_output", "post_attention_layernorm": "ffn_norm",
               "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down"}
MPT_NAMES = {"norm_1": "attn_norm", "attn.Wqkv": "attn_qkv", "attn.out_proj": "attn_output", "norm_2": "ffn_norm",
             "ffn.up_proj": "ffn_up", "ffn.down_proj": "ffn_down"}
MAMBA_NAMES = {"norm": "attn_norm", "mixer.in_proj": "ssm_in", "mixer.conv1d": "ssm_conv1d",
               "mixer.x_proj": "ssm_x", "mixer.dt_proj": "ssm_dt", "mixer.A_log": "ssm_a", "mixer.D": "ssm_d",
               "mixer.out_proj": "ssm_out"}
WHOLE_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
               "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm",
               "transformer.norm_f": "output_norm", "gpt_neox.embed_in": "token_embd", "embed_out": "output",
               "gpt_neox.final_layer_norm": "output_norm", "transformer.word_embeddings": "token_embd",
               "transformer.word_embeddings_layernorm": "token_embd_norm", "backbone.embeddings": "token_embd",
               "backbone.norm_f": "output_norm"}
LAYERS = ("model.layers.", "transformer.h.", "gpt_neox.layers.", "transformer.blocks.", "backbone.layers.")


def gguf_name(name, names):
    suffix = next((end for end in (".weight", ".bias") if name.endswith(end)), "")
    part = name[:len(name) - len(suffix)] if suffix else name
    for prefix in LAYERS:
        if part.startswith(prefix):
            layer, part = part[len(prefix):].split(".", 1)
            return f"blk.{layer}.{names[part]}{suffix}"
    return WHOLE_NAMES[part] + suffix


def renamed(tensors, names, change=lambda name, matrix: matrix):
    result = {}
    for name, matrix in tensors.items():
        new = gguf_name(name, names)
        result[new] = change(new.rsplit(".", 1)[0] if new.endswith((".weight", ".bias")) else new, matrix)
    return result


def llama_keys(config, name):
    keys = {"embedding_length": config["hidden_size"], "feed_forward_length": config["intermediate_size"],
            "block_count": config["num_hidden_layers"], "attention.head_count": config["num_attention_heads"],
            "attention.head_count_kv": config["num_key_value_heads"],
            "context_length": config["max_position_embeddings"],
            "attention.layer_norm_rms_epsilon": float(config["rms_norm_eps"]),
            "rope.freq_base": float(config.get("rope_theta", 10000)),
            "rope.dimension_count": config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])}
    if "head_dim" in config:
        keys["attention.key_length"] = config["head_dim"]
    if "num_local_experts" in config:
        keys["expert_count"] = config["num_local_experts"]
        keys["expert_used_count"] = config["num_experts_per_tok"]
    scaling = config.get("rope_scaling") or {}
    kind = scaling.get("rope_type", scaling.get("type"))
    if kind in ("linear", "yarn"):
        keys["rope.scaling.type"] = kind
        keys["rope.scaling.factor"] = float(scaling["factor"])
        keys["rope.scaling.original_context_length"] = config["max_position_embeddings"]
    if kind == "llama3":
        keys["rope.scaling.original_context_length"] = scaling["original_max_position_embeddings"]
    return {"general.architecture": name, **{f"{name}.{key}": value for key, value in keys.items()}}


def llama3_divisors(config):
    """What llama.cpp's converter writes as rope_freqs.weight."""
    scaling = config["rope_scaling"]
    size, result = config["hidden_size"] // config["num_attention_heads"], []
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    trained, factor = scaling["original_max_position_embeddings"], scaling["factor"]
    for k in range(0, size, 2):
        wavelength = 2 * math.pi * config["rope_theta"] ** (k / size)
        if wavelength < trained / high:
            result.append(1.0)
        elif wavelength > trained / low:
            result.append(factor)
        else:
            smooth = (trained / wavelength - low) / (high - low)
            result.append(1 / ((1 - smooth) / factor + smooth))
    return Matrix([len(result)], result)


def stacked_experts(tensors, config):
    """Mixtral's experts, all of a layer in one tensor of three dimensions."""
    result = {name: matrix for name, matrix in tensors.items() if ".experts." not in name}
    stacks = {}
    for layer in range(config["num_hidden_layers"]):
        for part, new in (("w1", "ffn_gate_exps"), ("w2", "ffn_down_exps"), ("w3", "ffn_up_exps")):
            each = [tensors[f"model.layers.{layer}.block_sparse_moe.experts.{e}.{part}.weight"]
                    for e in range(config["num_local_experts"])]
            stacks[f"blk.{layer}.{new}.weight"] = Matrix([len(each)] + each[0].shape,
                                                         [number for one in each for number in one.numbers])
    return result, stacks


def gguf_of_llama(config, tensors, name="llama"):
    heads, key_heads = config["num_attention_heads"], config["num_key_value_heads"]

    def change(part, matrix):
        if name == "llama" and part.endswith("attn_q"):
            return paired(matrix, heads)
        if name == "llama" and part.endswith("attn_k"):
            return paired(matrix, key_heads)
        if name == "gemma" and part.endswith("norm"):
            return matrix.mapped(lambda number: number + 1)
        return matrix

    stacks = {}
    if "num_local_experts" in config:
        tensors, stacks = stacked_experts(tensors, config)
    result = {**renamed(tensors, LLAMA_NAMES, change), **stacks}
    if (config.get("rope_scaling") or {}).get("rope_type") == "llama3":
        result["rope_freqs.weight"] = llama3_divisors(config)
    return llama_keys(config, name), result


def gguf_of_gpt2(config, tensors):
    def change(part, matrix):
        turned = part.split(".")[-1] in ("attn_qkv", "attn_output", "ffn_up", "ffn_down")
        return matrix.transposed() if turned and len(matrix.shape) == 2 else matrix

    keys = {"general.architecture": "gpt2", "gpt2.embedding_length": config["n_embd"],
            "gpt2.feed_forward_length": config["n_inner"] or 4 * config["n_embd"],
            "gpt2.block_count": config["n_layer"], "gpt2.attention.head_count": config["n_head"],
            "gpt2.context_length": config["n_positions"],
            "gpt2.attention.layer_norm_epsilon": float(config["layer_norm_epsilon"])}
    return keys, renamed(tensors, GPT2_NAMES, change)


def gguf_of_gpt_neox(config, tensors):
    heads = config["num_attention_heads"]
    keys = {"embedding_length": config["hidden_size"], "feed_forward_length": config["intermediate_size"],
            "block_count": config["num_hidden_layers"], "attention.head_count": heads,
            "context_length": config["max_position_embeddings"],
            "rope.dimension_count": int(config["rotary_pct"] * (config["hidden_size"] // heads)),
            "attention.layer_norm_epsilon": float(config["layer_norm_eps"]),
            "use_parallel_residual": config["use_parallel_residual"]}
    keys = {"general.architecture": "gptneox", **{f"gptneox.{key}": value for key, value in keys.items()}}
    return keys, renamed(tensors, FUSED_NAMES, lambda part, matrix:
                         parts_first(matrix, heads) if part.endswith("attn_qkv") else matrix)


def gguf_of_bloom(config, tensors):
    heads = config["n_head"]
    keys = {"general.architecture": "bloom", "bloom.embedding_length": config["hidden_size"],
            "bloom.context_length": 64, "bloom.feed_forward_length": 4 * config["hidden_size"],
            "bloom.block_count": config["n_layer"], "bloom.attention.head_count": heads,
            "bloom.attention.layer_norm_epsilon": float(config["layer_norm_epsilon"])}
    return keys, renamed(tensors, FUSED_NAMES, lambda part, matrix:
                         parts_first(matrix, heads) if part.endswith("attn_qkv") else matrix)


def gguf_of_mpt(config, tensors):
    attention = config["attn_config"]
    keys = {"general.architecture": "mpt", "mpt.embedding_length": config["d_model"],
            "mpt.context_length": config["max_seq_len"], "mpt.feed_forward_length": 4 * config["d_model"],
            "mpt.block_count": config["n_layers"], "mpt.attention.head_count": config["n_heads"],
            "mpt.attention.layer_norm_epsilon": float(config["layer_norm_epsilon"]),
            "mpt.attention.max_alibi_bias": float(attention.get("alibi_bias_max", 8))}
    if attention.get("clip_qkv"):
        keys["mpt.attention.clamp_kqv"] = float(attention["clip_qkv"])
    return keys, renamed(tensors, MPT_NAMES)


def gguf_of_mamba(config, tensors):
    def change(part, matrix):
        if part.endswith("ssm_a"):
            return matrix.mapped(lambda number: -math.exp(number))
        if part.endswith("ssm_conv1d") and len(matrix.shape) == 3:
            return Matrix([matrix.shape[0], matrix.shape[2]], matrix.numbers)
        return matrix

    keys = {"general.architecture": "mamba", "mamba.embedding_length": config["hidden_size"],
            "mamba.context_length": 1 << 20, "mamba.feed_forward_length": 0, "mamba.attention.head_count": 0,
            "mamba.block_count": config["num_hidden_layers"], "mamba.ssm.conv_kernel": config["conv_kernel"],
            "mamba.ssm.inner_size": config["expand"] * config["hidden_size"],
            "mamba.ssm.state_size": config["state_size"], "mamba.ssm.time_step_rank": config["time_step_rank"],
            "mamba.attention.layer_norm_rms_epsilon": float(config["layer_norm_epsilon"])}
    return keys, renamed(tensors, MAMBA_NAMES, change)


# ---- llama2.c

def llama2c(config, tensors, version):
    heads, key_heads, layers = (config[name] for name in
                                ("num_attention_heads", "num_key_value_heads", "num_hidden_layers"))
    shared = "lm_head.weight" not in tensors
    sizes = [config["hidden_size"], config["intermediate_size"], layers, heads, key_heads]

    def each(part, turn=0):
        matrices = [tensors[f"model.layers.{i}.{part}.weight"] for i in range(layers)]
        return b"".join((paired(matrix, turn) if turn else matrix).raw() for matrix in matrices)

    norms = each("input_layernorm"), each("post_attention_layernorm")
    attention = (each("self_attn.q_proj", heads) + each("self_attn.k_proj", key_heads) +
                 each("self_attn.v_proj") + each("self_attn.o_proj"))
    feed_forward = each("mlp.gate_proj") + each("mlp.down_proj") + each("mlp.up_proj")
    table, last = tensors["model.embed_tokens.weight"].raw(), tensors["model.norm.weight"].raw()
    head = b"" if shared else tensors["lm_head.weight"].raw()
    vocabulary, context = config["vocab_size"], config["max_position_embeddings"]
    if version == 0:
        turns = bytes(context * (config["hidden_size"] // heads) * 4)
        return (struct.pack("<7i", *sizes, vocabulary if shared else -vocabulary, context) + table + norms[0] +
                attention + norms[1] + feed_forward + last + turns + head)
    start = struct.pack("<Ii7iB", 0x616b3432, version, *sizes, vocabulary, context, shared)
    return start.ljust(256, b"\0") + norms[0] + norms[1] + last + table + attention + feed_forward + head


# ---- llm-viz

def llm_viz_json(config, tensors):
    """minGPT's model as llm-viz keeps it: matrices [out, in]."""
    result = {"config": {"model_type": "gpt-nano", "n_layer": config["n_layer"], "n_head": config["n_head"],
                         "n_embd": config["n_embd"], "vocab_size": config["vocab_size"],
                         "block_size": config["n_positions"]}}
    for name, matrix in tensors.items():
        if any(part in name for part in ("c_attn", "c_proj", "c_fc")) and len(matrix.shape) == 2:
            matrix = matrix.transposed()
        result[name] = {"shape": matrix.shape, "dtype": "torch.float32",
                        "data": base64.b64encode(matrix.raw()).decode()}
    if "lm_head.weight" not in tensors:
        result["lm_head.weight"] = result["transformer.wte.weight"]
    return json.dumps(result)


# ---- PyTorch

class PickleWriter:
    """Opcodes of protocol 2, as torch.save has them."""

    def __init__(self):
        self.data = b"\x80\2"

    def value(self, value):
        if value is None:
            self.data += b"N"
        elif isinstance(value, bool):
            self.data += b"\x88" if value else b"\x89"
        elif isinstance(value, int):
            self.data += b"J" + struct.pack("<i", value)
        elif isinstance(value, float):
            self.data += b"G" + struct.pack(">d", value)
        elif isinstance(value, str):
            self.data += b"X" + struct.pack("<I", len(value.encode())) + value.encode()
        elif isinstance(value, tuple):
            self.data += b"("
            for item in value:
                self.value(item)
            self.data += b"t"
        elif isinstance(value, dict):
            self.data += b"}("
            for key, item in value.items():
                self.value(key)
                self.value(item)
            self.data += b"u"
        else:
            value.write(self)

    def finished(self, value):
        self.value(value)
        return self.data + b"."


class Global:
    def __init__(self, module, name):
        self.line = f"c{module}\n{name}\n".encode()

    def write(self, pickle):
        pickle.data += self.line


class Call:
    def __init__(self, module, name, *arguments):
        self.callee, self.arguments = Global(module, name), arguments

    def write(self, pickle):
        pickle.value(self.callee)
        pickle.value(self.arguments)
        pickle.data += b"R"


class Reference:
    def __init__(self, *parts):
        self.parts = parts

    def write(self, pickle):
        pickle.value(self.parts)
        pickle.data += b"Q"


def torch_tensor(key, count, shape, strides=None, offset=0, storage="FloatStorage"):
    if strides is None:
        strides = tuple(math.prod(shape[i + 1:]) for i in range(len(shape)))
    return Call("torch._utils", "_rebuild_tensor_v2",
                Reference("storage", Global("torch", storage), key, "cpu", count), offset, tuple(shape),
                tuple(strides), False, Call("collections", "OrderedDict"))


def torch_archive(root, storages, folder="archive/"):
    """A ZIP of a pickle and its storages: key to bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        data = root if isinstance(root, bytes) else PickleWriter().finished(root)
        archive.writestr(folder + "data.pkl", data)
        for key, raw in storages.items():
            archive.writestr(f"{folder}data/{key}", raw)
    return out.getvalue()

"""Small language models in GGUF files, written as llama.cpp's converter writes them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import tokenizers
import torch
import transformers
from gguf.quants import quantize

TEXT = "the cat sat on the mat, and the cat's hat was 1789 sizes too big. The cat sat."
SIZES = {"vocab_size": 300, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
         "rms_norm_eps": 1e-5, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
KINDS: dict[str, tuple[Any, Any]] = {
    "llama": (transformers.LlamaForCausalLM, transformers.LlamaConfig(
        **SIZES, tie_word_embeddings=True)),
    "qwen2": (transformers.Qwen2ForCausalLM, transformers.Qwen2Config(**SIZES)),
    "qwen3": (transformers.Qwen3ForCausalLM, transformers.Qwen3Config(**SIZES, head_dim=24)),
}


def as_llama_cpp(weight: np.ndarray, heads: int) -> np.ndarray:
    """``permute`` of llama.cpp's convert_hf_to_gguf.py, which is to be undone."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]) \
        .swapaxes(1, 2).reshape(weight.shape)


def names(layers: int) -> dict[str, str]:
    """transformers' names → llama.cpp's, by the library's own table."""
    found = {}
    for architecture in (gguf.MODEL_ARCH.LLAMA, gguf.MODEL_ARCH.QWEN2, gguf.MODEL_ARCH.QWEN3):
        table = gguf.get_tensor_name_map(architecture, layers)
        for theirs, (_, ours) in table.mapping.items():
            found[theirs] = ours
    return found


def byte_pairs() -> tokenizers.Tokenizer:
    """A tokenizer as SmolLM2's, with 300 tokens, the first three of them marks."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.Digits(individual_digits=True),
        tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = tokenizers.decoders.ByteLevel()
    made.train_from_iterator([TEXT], tokenizers.trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return made


def pairs_of(tokenizer: tokenizers.Tokenizer) -> list[str]:
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [one if isinstance(one, str) else " ".join(one) for one in merges]


def write(
    path: Path, kind: str, model: Any, tokenizer: tokenizers.Tokenizer, packing: Any = None,
    frequencies: Sequence[float] | None = None, pre: str = "smollm", **fields: Any,
) -> Path:
    """The model in a file, as llama.cpp's converter writes it."""
    file, config = gguf.GGUFWriter(str(path), kind), model.config
    file.add_block_count(config.num_hidden_layers)
    file.add_context_length(config.max_position_embeddings)
    file.add_embedding_length(config.hidden_size)
    file.add_feed_forward_length(config.intermediate_size)
    file.add_head_count(config.num_attention_heads)
    file.add_head_count_kv(config.num_key_value_heads)
    file.add_layer_norm_rms_eps(config.rms_norm_eps)
    file.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if kind == "qwen3":
        file.add_key_length(config.head_dim)
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.token_to_id)
    pieces += [f"<unused {i}>" for i in range(len(pieces), config.vocab_size)]
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre(pre)
    file.add_token_list(pieces)
    file.add_token_types([3 if one.startswith("<|") else 1 for one in pieces])
    file.add_token_merges(pairs_of(tokenizer))
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    file.add_add_bos_token(False)
    file.add_chat_template("{% for m in messages %}<|im_start|>{{ m.role }}{% endfor %}")
    for name, value in fields.items():
        file.add_string(name.replace("__", "."), value)
    table = names(config.num_hidden_layers)
    for theirs, weight in model.state_dict().items():
        if theirs == "lm_head.weight" and config.tie_word_embeddings:
            continue
        part, _, last = theirs.rpartition(".")
        values = weight.float().numpy()
        if kind == "llama" and part.endswith(("q_proj", "k_proj")):
            values = as_llama_cpp(values, config.num_attention_heads if part.endswith("q_proj")
                                  else config.num_key_value_heads)
        if packing is not None and values.ndim == 2:
            file.add_tensor(f"{table[part]}.{last}", quantize(values, packing), raw_dtype=packing)
        else:
            file.add_tensor(f"{table[part]}.{last}", np.ascontiguousarray(values))
    if frequencies is not None:
        file.add_tensor("rope_freqs.weight", np.array(frequencies, np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


def made(kind: str, **changes: Any) -> Any:
    build, config = KINDS[kind]
    torch.manual_seed(1)
    model = build(type(config)(**{**config.to_dict(), **changes})).eval()
    with torch.no_grad():  # the usual start is so small that places hardly matter
        for weight in model.parameters():
            weight.normal_(0 if weight.dim() > 1 else 1, 0.3)
    return model

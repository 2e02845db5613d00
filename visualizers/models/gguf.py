"""A language model of a GGUF file, as a module of the library transformers and its tokenizer.

llama.cpp stores the weights packed (four bits a weight and a scale for each 32 of them, say) and under
names of its own. Here they are unpacked tensor by tensor into a model that was laid out without memory,
so that they are in memory once.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import psutil
import tokenizers
import torch
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn

from visualizers.data.gguf import GGUF, Packed
from visualizers.refusal import Refusal

AT_ONCE = 1 << 18  # bytes to unpack together: few enough for the cache, many enough for numpy

# The rows of these architectures' queries and keys were put into another order; see ``unrotated``.
_TURNED = ("llama",)

_OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_INSIDE = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_FREQUENCIES = "rope_freqs"  # by which the frequencies of the places are divided (Llama 3.1 and later)


def name_in_transformers(name: str) -> str:
    """``"blk.0.attn_q.weight"`` → ``"model.layers.0.self_attn.q_proj.weight"``; unknown: ``""``."""
    if found := re.fullmatch(r"blk\.(\d+)\.(\w+)\.(weight|bias)", name):
        number, inside, last = found.groups()
        return f"model.layers.{number}.{_INSIDE[inside]}.{last}" if inside in _INSIDE else ""
    part, _, last = name.rpartition(".")
    return f"{_OUTSIDE[part]}.{last}" if part in _OUTSIDE else ""


def unpacked(tensor: Packed) -> NDArray[np.float32]:
    """The numbers of a tensor.

    Blocks follow each other without regard to rows, so they are given to the library in long rows of
    its own, which it unpacks three times as fast as short ones.
    """
    kind = GGMLQuantizationType(tensor.kind)
    numbers, size = GGML_QUANT_SIZES[kind]  # of a block
    step = AT_ONCE // size * size           # bytes
    out = np.empty(tensor.raw.size // size * numbers, np.float32)
    for at in range(0, tensor.raw.size, step):
        values = dequantize(np.ascontiguousarray(tensor.raw[None, at:at + step]), kind)
        out[at // size * numbers:][: values.size] = values[0]
    return out.reshape(tensor.shape)


def unrotated(weight: Tensor, heads: int) -> Tensor:
    """Rows of a query or key matrix (H · D, …) in transformers' order.

    Places are coded by turning pairs of channels (Su et al. 2021, "RoFormer"). llama.cpp keeps the two
    of a pair side by side, transformers half a head apart.
    """
    pairs = weight.reshape(heads, -1, 2, *weight.shape[1:])                    # (H, D / 2, 2, …)
    return pairs.transpose(1, 2).reshape(weight.shape)


def language_model(gguf: GGUF, config: dict[str, Any], dtype: torch.dtype) -> nn.Module:
    """The ``…ForCausalLM`` of the library transformers with the file's weights, on the CPU.

    Raises:
        Refusal: an architecture that is not known here, weights that do not fit it, not enough memory.
    """
    import transformers

    needed = gguf.weights * dtype.itemsize
    free = psutil.virtual_memory().available
    if needed > free:
        raise Refusal("The model {name} needs {needed} GB of memory; {free} GB are free.",
                      name=gguf.name, needed=f"{needed / 1e9:.1f}", free=f"{free / 1e9:.1f}")
    weights: dict[str, Tensor] = {}
    slower = None
    for name, tensor in gguf.tensors.items():
        if name == f"{_FREQUENCIES}.weight":
            slower = torch.from_numpy(unpacked(tensor))                        # (D / 2,)
            continue
        theirs = name_in_transformers(name)
        if not theirs:
            raise Refusal("The model {name} has weights that are not known here ({tensor}).",
                          name=gguf.name, tensor=name)
        try:
            weight = torch.from_numpy(unpacked(tensor)).to(dtype)
        except NotImplementedError as error:
            raise Refusal("The weights in {name} are packed in a way that is not known here (type "
                          "{kind}).", name=gguf.name, kind=tensor.kind) from error
        if gguf.architecture in _TURNED and (heads := _heads(theirs, config)):
            weight = unrotated(weight, heads)
        weights[theirs] = weight

    fields = {name: value for name, value in config.items() if name != "model_type"}
    laid_out = transformers.AutoConfig.for_model(config["model_type"], **fields)
    with torch.device("meta"):  # shapes only
        module: Any = transformers.AutoModelForCausalLM.from_config(laid_out)
    if laid_out.tie_word_embeddings:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    for name, empty in module.state_dict().items():
        if name in weights and weights[name].shape != empty.shape:
            raise Refusal("The weights in {name} do not fit its description ({tensor}).", name=gguf.name,
                          tensor=name)
    missing, more = module.load_state_dict(weights, strict=False, assign=True)
    if missing or more:
        raise Refusal("The weights in {name} do not fit its description ({tensor}).",
                      name=gguf.name, tensor=(missing or more)[0])
    module.tie_weights()
    # What is computed rather than stored has no values yet.
    module.model.rotary_emb = type(module.model.rotary_emb)(laid_out)
    if slower is not None:
        module.model.rotary_emb.inv_freq /= slower
    return module.eval()  # type: ignore[no-any-return]


def _heads(name: str, config: dict[str, Any]) -> int:
    """How many heads share the rows of a weight; 0 for one that is neither of queries nor of keys."""
    if ".q_proj." in name:
        return int(config["num_attention_heads"])
    return int(config["num_key_value_heads"]) if ".k_proj." in name else 0


# --- tokens -------------------------------------------------------------------------------------

_CONTRACTED = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_BETWEEN = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# How a text is cut before pairs are joined, by the name that llama.cpp gives to the way.
_CUTS: dict[str, list[pre_tokenizers.PreTokenizer]] = {
    "gpt-2": [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "default": [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "smollm": [pre_tokenizers.Digits(individual_digits=True),
               pre_tokenizers.ByteLevel(add_prefix_space=False)],
    **{name: [pre_tokenizers.Split(
                  Regex(rf"{_CONTRACTED}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}{_BETWEEN}"),
                  "isolated"),
              pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
       for name, digits in (("llama-bpe", "{1,3}"), ("llama3", "{1,3}"), ("llama-v3", "{1,3}"),
                            ("smaug-bpe", "{1,3}"), ("qwen2", ""), ("deepseek-r1-qwen", ""))},
}
_CONTROL, _OWN = 3, 4  # kinds of tokens: never a part of a text, and always whole in it


def tokens(gguf: GGUF) -> tokenizers.Tokenizer:
    """The tokenizer that the file describes.

    Raises:
        Refusal: there is none, or one of a kind that is not known here.
    """
    pieces = gguf.fields.get("tokenizer.ggml.tokens")
    if not isinstance(pieces, list) or not pieces:
        raise Refusal("The model in {name} has no tokenizer.", name=gguf.name)
    kind = gguf.fields.get("tokenizer.ggml.model")
    try:
        if kind == "gpt2":
            made = _byte_level(gguf, pieces)
        elif kind == "llama":
            made = _sentence_pieces(gguf, pieces)
        else:
            raise Refusal("The tokens of the model {name} are of a kind that is not known here "
                          "({kind}).", name=gguf.name, kind=kind)
        kinds = gguf.fields.get("tokenizer.ggml.token_type", [])
        for piece, one in zip(pieces, kinds, strict=False):
            if one in (_CONTROL, _OWN):
                made.add_special_tokens([piece]) if one == _CONTROL else made.add_tokens([piece])
        if gguf.fields.get("tokenizer.ggml.add_bos_token", kind == "llama"):
            first = int(gguf.fields["tokenizer.ggml.bos_token_id"])
            made.post_processor = processors.TemplateProcessing(
                single=f"{pieces[first]} $A", pair=f"{pieces[first]} $A $B:1",
                special_tokens=[(pieces[first], first)])
        return made
    except Refusal:
        raise
    except Exception as error:  # whatever a foreign vocabulary can break in the library
        raise Refusal("The tokens of the model {name} cannot be read: {reason}", name=gguf.name,
                      reason=str(error).partition("\n")[0][:200]) from error


def _byte_level(gguf: GGUF, pieces: list[str]) -> tokenizers.Tokenizer:
    """Byte-pair encoding on bytes (Radford et al. 2019), with the file's own list of pairs."""
    way = str(gguf.fields.get("tokenizer.ggml.pre", "default"))
    if way not in _CUTS:
        raise Refusal("The tokens of the model {name} are of a kind that is not known here "
                      "({kind}).", name=gguf.name, kind=way)
    pairs = [tuple(one.split(" ", 1)) for one in gguf.fields.get("tokenizer.ggml.merges", [])]
    made = tokenizers.Tokenizer(models.BPE({piece: id for id, piece in enumerate(pieces)}, pairs))
    made.pre_tokenizer = pre_tokenizers.Sequence(_CUTS[way])
    made.decoder = decoders.ByteLevel()
    return made


def _sentence_pieces(gguf: GGUF, pieces: list[str]) -> tokenizers.Tokenizer:
    """SentencePiece's byte-pair encoding (Kudo and Richardson 2018): pairs are joined by the score of
    what they make."""
    ids = {piece: id for id, piece in enumerate(pieces)}
    scores = gguf.fields["tokenizer.ggml.scores"]
    joins = sorted((-scores[id], id, piece[:cut], piece[cut:]) for piece, id in ids.items()
                   for cut in range(1, len(piece)) if piece[:cut] in ids and piece[cut:] in ids)
    unknown = pieces[int(gguf.fields.get("tokenizer.ggml.unknown_token_id", 0))]
    made = tokenizers.Tokenizer(models.BPE(
        ids, [(left, right) for _, _, left, right in joins], unk_token=unknown, fuse_unk=True,
        byte_fallback=True))
    made.normalizer = normalizers.Sequence(
        ([normalizers.Prepend("▁")] if gguf.fields.get("tokenizer.ggml.add_space_prefix", True)
         else []) + [normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    return made

"""The small GPT as the library transformers would have it: an oracle for what is read from it."""

from __future__ import annotations

from typing import Any

import torch

from visualizers.models.checkpoint import load_tiny_gpt


def as_gpt2() -> Any:
    """``GPT2LMHeadModel`` with the small GPT's own weights."""
    import transformers

    gpt, _, _ = load_tiny_gpt()
    c = gpt.config
    made = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=c.vocabulary, n_positions=c.context, n_embd=c.width, n_layer=c.layers, n_head=c.heads,
        activation_function="gelu", bos_token_id=None, eos_token_id=None, pad_token_id=0)).eval()
    ours, body = gpt.state_dict(), made.transformer
    with torch.no_grad():
        body.wte.weight.copy_(ours["token_embedding.weight"])
        body.wpe.weight.copy_(ours["position_embedding.weight"])
        body.ln_f.weight.copy_(ours["norm.weight"])
        body.ln_f.bias.copy_(ours["norm.bias"])
        for at, block in enumerate(body.h):
            for name, part in (("norm_1", block.ln_1), ("norm_2", block.ln_2),
                               ("attention.qkv", block.attn.c_attn), ("attention.out", block.attn.c_proj),
                               ("mlp.up", block.mlp.c_fc), ("mlp.down", block.mlp.c_proj)):
                weight = ours[f"blocks.{at}.{name}.weight"]
                part.weight.copy_(weight if weight.dim() == 1 else weight.T)
                part.bias.copy_(ours[f"blocks.{at}.{name}.bias"])
    return made

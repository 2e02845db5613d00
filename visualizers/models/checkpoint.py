"""A trained GPT in one safetensors file: weights, size and tokens. Nothing in it can run.

The file's metadata hold ``config`` (the fields of ``GPTConfig``), ``tokens`` (the tokenizer) and
``about`` (how it was trained), each as JSON text.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from visualizers.models.gpt import GPT, GPTConfig
from visualizers.models.tokenizers import BytePairs


class Checkpoint(NamedTuple):
    """A trained model, its tokens, and how it was trained (text, seed, steps, losses)."""

    gpt: GPT
    tokens: BytePairs
    about: dict[str, Any]


def save(path: Path, gpt: GPT, tokens: BytePairs, about: Mapping[str, object]) -> None:
    """Write everything into ``path``."""
    save_file(
        {name: weight.detach().cpu().contiguous() for name, weight in gpt.state_dict().items()},
        path, {"config": json.dumps(dataclasses.asdict(gpt.config)), "tokens": tokens.definition,
               "about": json.dumps(dict(about))})


def load(path: Path) -> Checkpoint:
    """Read what ``save`` wrote; the model is on the CPU."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    # The first weights are drawn only to be replaced.
    gpt = GPT(GPTConfig(**json.loads(metadata["config"])), torch.Generator())
    gpt.load_state_dict(weights)
    return Checkpoint(gpt, BytePairs(metadata["tokens"]), json.loads(metadata["about"]))


def load_tiny_gpt() -> Checkpoint:
    """This project's own small GPT; ``visualizers.models.train_tiny_gpt`` says how it was made."""
    file = resources.files("resources").joinpath("weights", "tiny_gpt.safetensors")
    with resources.as_file(file) as path:
        return load(path)

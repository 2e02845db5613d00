"""The models that come with the program, read from safetensors files. Nothing in them can run.

The GPT is one file. Its metadata hold ``config`` (the fields of ``GPTConfig``), ``tokens`` (the
tokenizer) and ``about`` (how it was trained), each as JSON text. The BERT is a folder that the library
transformers reads too: ``model.safetensors``, ``tokenizer.json``, and ``config.json`` with ``about``. The
model of the made language is one file, with its ``words`` and ``about``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import tokenizers
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from visualizers.data.made_language import WORDS
from visualizers.models.bert import Bert, BertConfig, load_weights
from visualizers.models.gpt import GPT, GPTConfig
from visualizers.models.made_bert import CONFIG
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


def load_small_bert() -> tuple[Bert, tokenizers.Tokenizer]:
    """This project's own small BERT; ``visualizers.models.train_small_bert`` says how it was made."""
    with resources.as_file(resources.files("resources").joinpath("weights", "small_bert")) as folder:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        bert = Bert(BertConfig.of(config), torch.Generator())
        load_weights(bert, load_file(folder / "model.safetensors"))
        return bert, tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


def load_made_bert() -> Bert:
    """The masked model of the made language; ``visualizers.models.train_made_bert`` says how it was made.

    Raises:
        ValueError: the language has other words than those that it was trained on.
    """
    file = resources.files("resources").joinpath("weights", "made_bert.safetensors")
    with resources.as_file(file) as path, safe_open(path, "pt") as opened:
        if tuple(json.loads(opened.metadata()["words"])) != WORDS:
            raise ValueError("the made language has changed: train its model again")
        bert = Bert(CONFIG, torch.Generator())
        bert.load_state_dict({name: opened.get_tensor(name).float() for name in opened.keys()})  # noqa: SIM118
    return bert


@cache
def frozen_made_bert(device: str) -> Bert:
    """The same model for all who only read it, hang deltas into it or copy it: nobody changes it."""
    return load_made_bert().to(device).requires_grad_(False)

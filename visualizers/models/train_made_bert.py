"""Trains the masked model of the made language that comes with the program.

    python -m visualizers.models.train_made_bert

The language is that of ``visualizers/data/made_language.py``; no text comes up twice but by chance, and
no label is ever shown. Half of the texts begin at a later place, so that there is room in front of them
for the vectors that lecture 4 puts there. The learning rate goes up, and then down to nothing along a
cosine.

The same seed, packages and machine give the same weights; one thread needs some three minutes.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from visualizers.data import made_language
from visualizers.data.made_language import MASK, NUMBER, PAD, SPECIAL, WORDS, brief, encode, review
from visualizers.models.bert import Bert
from visualizers.models.made_bert import CONFIG, beginning, zero_shot

BATCH = 128      # texts
MASKED = 0.3     # share of words that are asked for, and half of it of those that only make grammar
FIRST_CONTENT = NUMBER[made_language.PRAISE[0]]
IGNORED = -100   # a target that does not count
WARM_UP = 60     # steps
BRIEF = 0.3      # share of the steps that read brief texts
POOL = 8         # batches whose texts are sorted by length
ROOM = 20        # places in front of a text at most
HELD_OUT = 1_000_000  # the seed of the texts on which it is measured


class Given(NamedTuple):
    """A batch of B texts, filled up to T tokens at both ends."""

    ids: Tensor     # (B, T) with masks
    real: Tensor    # (B, T)
    wanted: Tensor  # (B, T) the word that was there, or IGNORED


def given(texts: list[str], draw: random.Random, generator: torch.Generator, room: int = ROOM) -> Given:
    """Texts side by side, half of them moved on by up to ``room`` places, and some of their words masked
    (as by Devlin et al. 2019: 80 % become [MASK], 10 % another word and 10 % stay)."""
    rows = []
    for one in map(encode, texts):
        most = min(room, CONFIG.context - len(one)) if draw.random() < 0.5 else 0
        rows.append([PAD] * draw.randint(0, most) + one)
    longest = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])   # (B, T)
    often = torch.where(ids < FIRST_CONTENT, MASKED / 2, MASKED)
    asked = (torch.rand(ids.shape, generator=generator) < often) & (ids >= len(SPECIAL))
    how = torch.rand(ids.shape, generator=generator)                           # (B, T)
    other = torch.randint(len(SPECIAL), CONFIG.vocabulary, ids.shape, generator=generator)
    shown = torch.where(asked & (how < 0.8), MASK, ids)
    shown = torch.where(asked & (how >= 0.9), other, shown)
    return Given(shown, ids != PAD, torch.where(asked, ids, IGNORED))


def texts(draw: random.Random, steps: int) -> Iterator[list[str]]:
    """Batches of new reviews of about one length, brief ones at first: what belongs together is found in
    them sooner, since there is little else to look at."""
    for step in range(0, steps, POOL):
        one = brief if step < BRIEF * steps else review
        pool = sorted((one(draw).text for _ in range(POOL * BATCH)), key=lambda text: len(encode(text)))
        for at in draw.sample(range(POOL), POOL):
            yield pool[at * BATCH:(at + 1) * BATCH]


def loss_of(bert: Bert, batch: Given) -> Tensor:
    """Mean cross-entropy of the words that were asked for; only they are scored."""
    x = bert(batch.ids, real=batch.real)                                       # (B, T, C)
    asked = batch.wanted != IGNORED                                            # (B, T)
    return F.cross_entropy(bert.read_out(x[asked]), batch.wanted[asked])       # over (M, V)


def rate(step: int, steps: int) -> float:
    """The share of the learning rate at a step."""
    return min(1.0, step / WARM_UP) * (1 + math.cos(math.pi * step / (steps + 1))) / 2


# --- how good it is ----------------------------------------------------------------------------


TEMPLATES = ("{text} . overall it was [MASK] .", "{text} . we thought it was [MASK] .",
             "{text} . a [MASK] day .", "a [MASK] day . {text} .", "{text} . it was [MASK] .",
             "it was [MASK] . {text} .", "{text} it was [MASK]", "{text} [MASK] day", "{text} [MASK]")


def measured(bert: Bert) -> dict[str, float]:
    """The loss on texts that were not learnt from, and what is known without ever having been told."""
    held_out = [one.text for one in made_language.reviews(1000, HELD_OUT)]
    with torch.no_grad():
        loss = float(loss_of(bert, given(held_out, random.Random(1), torch.Generator().manual_seed(1))))
    found = {"loss": loss}
    asked = made_language.sentiment(500, HELD_OUT)
    for template in TEMPLATES:
        found[template] = zero_shot(bert, asked, template, ("bad", "good"))
    names = tuple(made_language.TOPICS)
    found["topics"] = zero_shot(bert, made_language.topics(500, HELD_OUT), "{text} and the [MASK] was",
                                tuple(made_language.TOPICS[name][0] for name in names))
    apart = made_language.agreement(500, HELD_OUT)
    found["agreement"] = zero_shot(
        bert, apart._replace(texts=[one.replace(",", "[MASK]") for one in apart.texts]), "{text} .",
        ("but", "and"))
    return {name: round(value, 4) for name, value in found.items()}


def save(path: Path, bert: Bert, about: dict[str, object]) -> None:
    """One file, in half precision, with its words and how it was made."""
    weights = {name: weight.half().contiguous() for name, weight in bert.state_dict().items()}
    save_file(weights, path, {"words": json.dumps(WORDS), "about": json.dumps(about)})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--out", type=Path, default=Path("resources/weights/made_bert.safetensors"))
    options = parser.parse_args()

    torch.set_num_threads(1)  # so that sums are always made in the same order
    generator, draw = torch.Generator().manual_seed(options.seed), random.Random(options.seed)
    bert = beginning(generator)
    print(f"{sum(one.numel() for one in bert.parameters())} weights")
    optimizer = torch.optim.AdamW(bert.parameters(), betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    began = time.process_time()
    batches = texts(draw, options.steps)
    for step in range(1, options.steps + 1):
        optimizer.param_groups[0]["lr"] = options.learning_rate * rate(step, options.steps)
        loss = loss_of(bert, given(
            next(batches), draw, generator, ROOM if step > BRIEF * options.steps else 0))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(bert.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0 or step == options.steps:
            spent = time.process_time() - began
            now = zero_shot(bert, made_language.sentiment(200, HELD_OUT), TEMPLATES[0], ("bad", "good"))
            print(f"step {step:5d}  loss {loss.item():.3f}  told without a label {now:.3f}  "
                  f"{spent:4.0f} CPU s", flush=True)
    found = measured(bert)
    print(found)
    save(options.out, bert, {
        "by": "python -m visualizers.models.train_made_bert", "seed": options.seed, "steps": options.steps,
        "learning_rate": options.learning_rate, "cpu_seconds": round(spent), "held_out": found,
        "python": platform.python_version(), "torch": torch.__version__})


if __name__ == "__main__":
    main()

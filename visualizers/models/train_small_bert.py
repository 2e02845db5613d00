"""Trains the small BERT that comes with the program.

    python -m visualizers.models.train_small_bert

The text is what every installation carries: the Python reference, the docstrings of Python's standard
library, of numpy and of scikit-learn, and the made reviews of this program, so that the model has met
everyday words. Every twentieth stretch of the reference and of the library's docstrings is held out.
Masking is that of Devlin et al. 2019, drawn anew each time a sentence comes up, as in RoBERTa (Liu et
al. 2019), and as there the model is not asked whether two sentences belong together. Twice as many
words are masked as there, because so small a model then learns more from each step (Wettig et al. 2023).

The same seed, packages and machine give the same weights; one thread needs about half an hour. The
weights are written as it goes, and with ``--resume FILE`` the state of the training too, so that one
that was broken off goes on where it was and ends with the same weights.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import math
import platform
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy
import sklearn
import tokenizers
import torch
from safetensors.torch import save_file
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor
from torch.nn import functional as F

from visualizers.data import reviews
from visualizers.data.sources import python_docstrings, python_reference
from visualizers.data.stdlib import prose_paragraphs
from visualizers.models.bert import Bert, BertConfig, name_in_transformers

DOCUMENTED = ("numpy", "sklearn")  # packages whose docstrings are read; neither is imported for it
REVIEWS = 2000
EVERYTHING = 10_000_000  # characters, more than there are
STRETCH = 40     # paragraphs
VOCABULARY, ENDINGS = 8000, 400
CONTEXT, LAYERS, HEADS, WIDTH = 128, 4, 4, 128
BATCH = 48       # texts
POOL = 16        # batches whose texts are sorted by length, so that little is filled up
MASKED, ASKED = 0.3, 0.15  # share of tokens that are asked for in training, and when it is measured
WARM_UP, SLOW, COOL_DOWN = 250, 8000, 1000  # steps of the learning rate
EVERY = 250      # steps from one measurement to the next
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNKNOWN, BEGIN, END, MASK = range(5)
IGNORED = -100   # a target that does not count


# --- the text -----------------------------------------------------------------------------------


def package_docstrings(name: str) -> list[str]:
    """What an installed package's docstrings say, each paragraph once, without lists of parameters."""
    found = importlib.util.find_spec(name)
    assert found is not None and found.origin is not None, f"{name} is not installed"
    folder = Path(found.origin).parent
    said: dict[str, None] = {}  # a set that keeps its order
    for file in sorted(folder.rglob("*.py")):
        if "tests" in file.relative_to(folder).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node,
                          ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                said.update(dict.fromkeys(
                    one for one in prose_paragraphs(ast.get_docstring(node) or "")
                    if "---" not in one and " : " not in one))
    return list(said)


def parted(paragraphs: Sequence[str]) -> tuple[list[str], list[str]]:
    """(what is learnt, what is held out): whole stretches are, because neighbours say much the same."""
    apart = [at // STRETCH % 20 == 19 for at in range(len(paragraphs))]
    return ([one for one, out in zip(paragraphs, apart, strict=True) if not out],
            [one for one, out in zip(paragraphs, apart, strict=True) if out])


def texts() -> tuple[list[str], list[str]]:
    """(what is learnt, what is held out): paragraphs, in their order."""
    learnt, held_out = parted(
        (python_reference.read() + python_docstrings.read(EVERYTHING)).splitlines())
    for name in DOCUMENTED:
        learnt += package_docstrings(name)
    known = set(learnt)
    return (learnt + [f"{one}." for one in reviews.reviews("en", REVIEWS)[0]],
            [one for one in held_out if one not in known])


def word_pieces(paragraphs: Sequence[str]) -> tokenizers.Tokenizer:
    """A tokenizer that cuts as BERT's does: small letters, from the left the longest piece there is.

    The pieces are all characters, the endings that most words share, and the most frequent words
    whole. They are counted here because the trainer of the library chooses otherwise each time.
    """
    made = tokenizers.Tokenizer(models.WordPiece({}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    words = Counter(word for one in paragraphs for word, _ in
                    made.pre_tokenizer.pre_tokenize_str(made.normalizer.normalize_str(one)))
    letters = Counter(letter for word, count in words.items() for letter in word * count)
    endings = Counter(word[-long:] for word in words if word.isalpha()
                      for long in range(2, min(len(word) - 1, 6)))
    alphabet = [one for one in by_count(letters) if letters[one] >= 20]
    pieces = dict.fromkeys([*SPECIAL, *alphabet, *(f"##{one}" for one in alphabet if one.isalnum()),
                            *(f"##{one}" for one in by_count(endings)[:ENDINGS])])
    for word in by_count(words):
        if len(pieces) < VOCABULARY and set(word) <= set(alphabet):
            pieces[word] = None
    made.model = models.WordPiece({piece: id for id, piece in enumerate(pieces)}, unk_token="[UNK]")
    made.add_special_tokens(list(SPECIAL))
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", BEGIN), ("[SEP]", END)])
    return made


def by_count(counted: Counter[str]) -> list[str]:
    """The most frequent first; those that are alike in the order of the alphabet."""
    return sorted(counted, key=lambda one: (-counted[one], one))


def sentences(paragraphs: Sequence[str], pieces: tokenizers.Tokenizer) -> list[list[int]]:
    """The sentences of a text as tokens, in their order, without those that are hardly any."""
    found = [one for line in paragraphs
             for one in re.split(r"(?<=[.!?]) +(?=[A-Z])", line)]
    return [one.ids[:CONTEXT - 2] for one in pieces.encode_batch(found, add_special_tokens=False)
            if len(one.ids) >= 4]


# --- what the model is given --------------------------------------------------------------------


class Given(NamedTuple):
    """A batch of B texts, filled up to T tokens."""

    ids: Tensor       # (B, T) with masks
    segments: Tensor  # (B, T)
    real: Tensor      # (B, T)
    wanted: Tensor    # (B, T) the token that was there, or IGNORED


class Sample(NamedTuple):
    """A text, or a pair of texts, with its special tokens."""

    ids: list[int]
    segments: list[int]


def sample(all: Sequence[list[int]], start: int, second: bool, more: int) -> Sample:
    """``more`` + 1 sentences from ``start`` on; with ``second``, the one after them beside them."""
    first, at = list(all[start]), start + 1
    while more and at < len(all) and len(first) + len(all[at]) < CONTEXT // 2:
        first, at, more = first + all[at], at + 1, more - 1
    ids = [BEGIN, *first, END]
    if second and at < len(all) and len(ids) + len(all[at]) < CONTEXT:
        return Sample([*ids, *all[at], END], [0] * len(ids) + [1] * (len(all[at]) + 1))
    return Sample(ids, [0] * len(ids))


def together(
    samples: Sequence[Sample], generator: torch.Generator, size: int, share: float = MASKED
) -> Given:
    """Samples side by side, a ``share`` of their tokens masked.

    Of the tokens that are asked for, 80 % become [MASK], 10 % another token and 10 % stay, so that
    the model cannot rely on seeing a mask where it is asked (Devlin et al. 2019, 3.1).
    """
    T = max(len(one.ids) for one in samples)
    ids, segments = (torch.tensor([[*part, *[PAD] * (T - len(part))] for part in parts])
                     for parts in zip(*samples, strict=True))                  # each (B, T)
    asked = (torch.rand(ids.shape, generator=generator) < share) & (ids >= len(SPECIAL))
    how = torch.rand(ids.shape, generator=generator)                           # (B, T)
    other = torch.randint(len(SPECIAL), size, ids.shape, generator=generator)  # (B, T)
    shown = torch.where(asked & (how < 0.8), MASK, ids)
    shown = torch.where(asked & (how >= 0.9), other, shown)
    return Given(shown, segments, ids != PAD, torch.where(asked, ids, IGNORED))


def batches(all: Sequence[list[int]], seed: int, size: int) -> Iterator[Given]:
    """Batches without end: pass after pass over every sentence, of texts of about one length."""
    draw, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    while True:
        order = draw.sample(range(len(all)), len(all))
        for begin in range(0, len(order) - POOL * BATCH + 1, POOL * BATCH):
            pool = sorted((sample(all, start, draw.random() < 0.5, draw.choice((0, 0, 1, 3)))
                           for start in order[begin:begin + POOL * BATCH]),
                          key=lambda one: len(one.ids))
            for at in draw.sample(range(POOL), POOL):
                yield together(pool[at * BATCH:(at + 1) * BATCH], generator, size)


# --- learning -----------------------------------------------------------------------------------


def loss_of(bert: Bert, given: Given) -> Tensor:
    """Mean cross-entropy of the tokens that were asked for; only they are scored."""
    x = bert(given.ids, given.segments, given.real)                            # (B, T, C)
    asked = given.wanted != IGNORED                                            # (B, T)
    return F.cross_entropy(bert.read_out(x[asked]), given.wanted[asked])       # over (M, V)


def rate(step: int, steps: int) -> float:
    """The share of the learning rate at a step: up at first, slowly down, at the end fast to nothing.

    Until its end a training is thus the same however long it shall be (Hu et al. 2024, "MiniCPM").
    """
    progress = min(1.0, max(0.0, (step - WARM_UP) / (SLOW - WARM_UP)))
    slowly = 0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2
    return min(1.0, step / WARM_UP) * slowly * min(1.0, (steps - step + 1) / COOL_DOWN)


class Measured(NamedTuple):
    """How well masked words that were never learnt from are filled in.

    Attributes:
        loss: mean cross-entropy in nats; ``words_alone`` that of knowing how frequent each word is.
        accuracy: share of masked tokens that are filled in rightly; ``commonest`` that of always
            saying the commonest one; ``among_five`` the right one is among the best five.
        tokens: how many were asked for.
    """

    loss: float
    words_alone: float
    accuracy: float
    commonest: float
    among_five: float
    tokens: int


@torch.no_grad()
def measure(bert: Bert, held_out: list[list[int]], learnt: Sequence[list[int]]) -> Measured:
    """One masked token in seven of each held-out sentence, all of them shown as [MASK]."""
    generator = torch.Generator().manual_seed(0)
    counts = torch.bincount(torch.tensor([one for ids in learnt for one in ids]),
                            minlength=bert.config.vocabulary) + 1.0            # (V,)
    odds = (counts / counts.sum()).log()                                       # (V,)
    loss = alone = 0.0
    right = common = five = total = 0
    ordered = sorted((sample(held_out, start, False, 0) for start in range(len(held_out))),
                     key=lambda one: len(one.ids))
    for begin in range(0, len(ordered), BATCH):
        given = together(ordered[begin:begin + BATCH], generator, bert.config.vocabulary, ASKED)
        asked = given.wanted != IGNORED
        ids = torch.where(asked, MASK, given.ids)
        wanted = given.wanted[asked]                                           # (M,)
        if not len(wanted):
            continue
        scores = bert.read_out(bert(ids, given.segments, given.real)[asked])   # (M, V)
        loss += float(F.cross_entropy(scores, wanted, reduction="sum"))
        alone -= float(odds[wanted].sum())
        right += int((scores.argmax(-1) == wanted).sum())
        five += int((scores.topk(5).indices == wanted[:, None]).sum())
        common += int((wanted == odds.argmax()).sum())
        total += len(wanted)
    return Measured(loss / total, alone / total, right / total, common / total, five / total, total)


@torch.no_grad()
def filled(bert: Bert, pieces: tokenizers.Tokenizer, text: str) -> str:
    """The three words that fit best into the [MASK] of ``text``."""
    ids = torch.tensor([pieces.encode(text).ids])                              # (1, T)
    scores = bert.read_out(bert(ids)[ids == MASK])[0]                          # (V,)
    return " ".join(str(pieces.id_to_token(int(one))) for one in scores.topk(3).indices)


def save(folder: Path, bert: Bert, pieces: tokenizers.Tokenizer, about: dict[str, object]) -> None:
    """A folder that this program and the library transformers read alike; weights in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name_in_transformers(name): weight.half().contiguous()
               for name, weight in bert.state_dict().items()},
              folder / "model.safetensors", {"format": "pt"})
    config = {**bert.config.as_transformers(), "about": about}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    (folder / "tokenizer.json").write_text(
        json.dumps(json.loads(pieces.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n",
        "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--out", type=Path, default=Path("resources/weights/small_bert"))
    parser.add_argument("--resume", type=Path, help="a file to keep the state of the training in")
    options = parser.parse_args()

    torch.set_num_threads(1)  # so that sums are always made in the same order
    text, kept_back = texts()
    pieces = word_pieces(text)
    learnt, held_out = sentences(text, pieces), sentences(kept_back, pieces)
    size = pieces.get_vocab_size()
    bert = Bert(BertConfig(size, CONTEXT, LAYERS, HEADS, WIDTH, 4 * WIDTH),
                torch.Generator().manual_seed(options.seed))
    print(f"{sum(map(len, learnt))} tokens in {len(learnt)} sentences to learn, "
          f"{sum(map(len, held_out))} held out, {sum(one.numel() for one in bert.parameters())} weights")

    optimizer = torch.optim.AdamW(bert.parameters(), betas=(0.9, 0.98), weight_decay=0.05, fused=True)
    given, done, spent = batches(learnt, options.seed, size), 0, 0.0
    if options.resume is not None and options.resume.is_file():
        state = torch.load(options.resume, weights_only=True)
        bert.load_state_dict(state["bert"])
        optimizer.load_state_dict(state["optimizer"])
        done, spent = state["done"], state["spent"]
        for _ in range(done):
            next(given)
    began = time.process_time() - spent
    for step in range(done + 1, options.steps + 1):
        optimizer.param_groups[0]["lr"] = options.learning_rate * rate(step, options.steps)
        loss = loss_of(bert, next(given))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(bert.parameters(), 1.0)
        optimizer.step()
        if step % EVERY == 0 or step == options.steps:
            spent = time.process_time() - began
            now = measure(bert, held_out, learnt)
            save(options.out, bert, pieces, {
                "by": "python -m visualizers.models.train_small_bert", "seed": options.seed,
                "step": step, "of": options.steps, "learning_rate": options.learning_rate,
                "cpu_seconds": round(spent), "tokens": sum(map(len, learnt)),
                "held_out": {name: round(value, 4) for name, value in now._asdict().items()},
                "python": platform.python_version(), "torch": torch.__version__,
                "tokenizers": tokenizers.__version__, "numpy": numpy.__version__,
                "scikit-learn": sklearn.__version__})
            print(f"step {step:5d}  loss {loss.item():.3f}  held out {now.loss:.3f}  "
                  f"accuracy {now.accuracy:.3f}  {spent:5.0f} CPU s  "
                  f"{filled(bert, pieces, 'The function returns a [MASK] of strings.')}", flush=True)
            if options.resume is not None:  # a pickle of tensors alone, read as such
                torch.save({"bert": bert.state_dict(), "optimizer": optimizer.state_dict(),
                            "done": step, "spent": spent}, options.resume)


if __name__ == "__main__":
    main()

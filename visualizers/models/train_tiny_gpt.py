"""Trains the small GPT that comes with the program.

    python -m visualizers.models.train_tiny_gpt

The text is the Python reference that every Python carries, its last twentieth held out, and the
docstrings of the standard library. The weights kept are those with the lowest held-out loss. The
same seed, Python and machine give the same weights; one thread of a laptop needs about ten minutes.
"""

from __future__ import annotations

import argparse
import math
import platform
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.data import Data
from visualizers.models import checkpoint
from visualizers.models.gpt import GPT, GPTConfig, next_token_odds
from visualizers.models.tokenizers import BytePairs, split

TEXT, MORE = "python-reference", "python-docstrings"
VOCABULARY = 1024
CONTEXT, LAYERS, HEADS, WIDTH, DROPOUT = 128, 4, 4, 128, 0.1
BATCH = 12
WARM_UP = 100  # steps


def windows(ids: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
    """The texts that begin at ``starts``, and the same one token later; each (B, T)."""
    part = ids[starts[:, None] + torch.arange(CONTEXT + 1)]                    # (B, T + 1)
    return part[:, :-1], part[:, 1:]


@torch.no_grad()
def held_out_loss(gpt: GPT, ids: Tensor) -> float:
    """Mean loss in nats a token over the whole held-out text, window after window."""
    total, count = 0.0, 0
    for starts in torch.arange(0, len(ids) - CONTEXT - 1, CONTEXT).split(32):
        given, wanted = windows(ids, starts)
        total += float(F.cross_entropy(gpt(given).flatten(0, 1), wanted.flatten(),
                                       reduction="sum"))
        count += wanted.numel()
    return total / count


@torch.no_grad()
def written(gpt: GPT, tokens: BytePairs, prompt: str, length: int) -> str:
    """``prompt`` and ``length`` more tokens, drawn at temperature 0.7."""
    draw = torch.Generator().manual_seed(0)
    ids = tokens.encode(prompt).tolist()
    for _ in range(length):
        logits = gpt(torch.tensor([ids[-CONTEXT:]]))[0, -1]                    # (V,)
        ids.append(int(torch.multinomial(next_token_odds(logits, 0.7, 40), 1, generator=draw)))
    return tokens.decode(ids)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--out", type=Path, default=Path("resources/weights/tiny_gpt.safetensors"))
    options = parser.parse_args()

    torch.set_num_threads(1)  # so that sums are always made in the same order
    generator = torch.Generator().manual_seed(options.seed)
    learnt, kept_back = split(Data().text(TEXT).text)
    learnt += Data().text(MORE).text
    tokens = BytePairs.learn(learnt, VOCABULARY)
    train, held_out = (torch.from_numpy(tokens.encode(part)) for part in (learnt, kept_back))
    # The exact GELU is the faster one on a CPU; everything else is as in GPT-2.
    gpt = GPT(GPTConfig(tokens.size, CONTEXT, LAYERS, HEADS, WIDTH, DROPOUT, gelu="none"), generator)
    weights = sum(one.numel() for one in gpt.parameters())
    print(f"{len(train)} tokens to learn, {len(held_out)} held out, {weights} weights")

    optimizer = torch.optim.AdamW(gpt.parameters(), weight_decay=0.1, fused=True)
    best_loss, began = math.inf, time.perf_counter()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for step in range(1, options.steps + 1):
        progress = min(1.0, max(0.0, (step - WARM_UP) / (options.steps - WARM_UP)))
        rate = min(1.0, step / WARM_UP) * (0.05 + 0.95 * (1 + math.cos(math.pi * progress)) / 2)
        optimizer.param_groups[0]["lr"] = options.learning_rate * rate
        given, wanted = windows(
            train, torch.randint(len(train) - CONTEXT, (BATCH,), generator=generator))
        loss = F.cross_entropy(gpt(given, drop=generator).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(gpt.parameters(), 1.0)
        optimizer.step()
        if step % 200 == 0 or step == options.steps:
            now = held_out_loss(gpt, held_out)
            if now < best_loss:
                best_loss = now
                checkpoint.save(options.out, gpt, tokens, {
                    "text": [TEXT, MORE], "seed": options.seed, "step": step, "of": options.steps,
                    "learning_rate": options.learning_rate, "held_out_loss": round(now, 4),
                    "python": platform.python_version(), "torch": torch.__version__})
            print(f"step {step:5d}  loss {loss.item():.3f}  held out {now:.3f}  "
                  f"{time.perf_counter() - began:5.0f} s  {written(gpt, tokens, 'The ', 30)!r}",
                  flush=True)

    print(f"{options.out}: {options.out.stat().st_size} bytes, held-out loss {best_loss:.3f}")


if __name__ == "__main__":
    main()

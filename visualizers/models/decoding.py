"""What is done with a model's scores before a token is taken, and how a text that grows is gone back in.

Fan et al. 2018 (top-k); Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration" (top-p);
Nguyen et al. 2024 (min-p); Keskar et al. 2019 (repetition penalty); Su et al. 2022, "A Contrastive
Framework for Neural Text Generation" (contrastive search).

Shapes: V different tokens, T tokens of text, K candidates, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.models.gpt import next_token_odds


def drawn_from(
    scores: Tensor, temperature: float, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0
) -> Tensor:
    """Probabilities (V,) to draw the next token from.

    Args:
        scores: of all tokens (V,).
        temperature, top_k: as in ``next_token_odds``.
        top_p: the best tokens stay, as few as have this probability together; 1 keeps all.
        min_p: tokens stay that have at least this share of the best one's probability; 0 keeps all.
    """
    odds = next_token_odds(scores, temperature, top_k)                         # (V,)
    if top_p < 1:
        best, order = odds.sort(descending=True, stable=True)                  # (V,) each
        better = best.cumsum(0) - best          # what all better ones have together
        best = best.masked_fill(better >= top_p, 0.0)
        odds = torch.zeros_like(odds).scatter(0, order, best / best.sum())
    if min_p > 0:
        odds = odds.masked_fill(odds < min_p * odds.max(), 0.0)
        odds = odds / odds.sum()
    return odds


def penalised(scores: Tensor, ids: Sequence[int], penalty: float) -> Tensor:
    """Scores (V,) with those of all tokens that stand in the text brought nearer to "no"."""
    there = torch.tensor(sorted(set(ids)), dtype=torch.long, device=scores.device)
    score = scores[there]
    return scores.scatter(0, there, torch.where(score > 0, score / penalty, score * penalty))


def contrasted(odds: Tensor, new: Tensor, before: Tensor, alpha: float) -> Tensor:
    """How good each candidate is: likely, and not like anything that stands there already.

    (1 − α) p − α max cos(h, h of an earlier token)

    Args:
        odds: of the candidates (K,).
        new: their states after the last layer (K, C).
        before: the states of the text (T, C).
    """
    alike = F.normalize(new, dim=-1) @ F.normalize(before, dim=-1).T           # (K, T)
    return (1 - alpha) * odds - alpha * alike.amax(-1)                         # (K,)


def repeated(ids: Sequence[int], n: int = 4) -> float:
    """The share of n-grams that stood there before (rep-n of Welleck et al. 2020)."""
    grams = [tuple(ids[at : at + n]) for at in range(len(ids) - n + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


Click = tuple[int, ...]  # its number, the step at which it was made, and the written tokens that stay


def kept_by(click: Click, followed: Click, step: int, vocabulary: int) -> list[int] | None:
    """The written tokens that stay after this click, or None where it has nothing to say.

    A click is followed once, and by no text that is younger than it: whoever goes back in time to
    before a click has not made it yet.

    Args:
        followed: the last click that was followed.
        step: of the text.
    """
    if len(click) < 2 or click == followed or click[1] > step:
        return None
    return [one for one in click[2:] if 0 <= one < vocabulary]

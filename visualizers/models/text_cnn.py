"""A convolutional network for sentences, forward and backward by hand, and the MLP it is compared to.

Kim 2014, "Convolutional Neural Networks for Sentence Classification"; Collobert et al. 2011. A filter
w ∈ R^{h·D} is laid on each window of h words and gives one feature map,

    f_i = relu(w · [x_i … x_{i+h-1}] + b),    i = 1 … n-h+1,

and max-pooling over time keeps its largest value alone: m = max_i f_i. On the way back the error of m
goes to that one window and to no other, which is why a filter comes to stand for an n-gram, and why it
does not matter where in the sentence the n-gram is.

Shapes: B sentences, T places, D numbers a place, h words in a window, n = T - h + 1 windows, M filters,
C classes, V words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Tensors = dict[str, Tensor]


# --- the convolution and max-pooling over time ---------------------------------------------------


def windows(x: Tensor, h: int) -> Tensor:
    """Every run of ``h`` neighbours as one row: (B, T, D) → (B, n, h·D)."""
    return x.unfold(1, h, 1).transpose(2, 3).flatten(2)


@dataclass(frozen=True)
class Pooled:
    """What the filters said of a batch.

    Attributes:
        rows: (B, n, h·D) the windows.
        maps: (B, n, M) the feature maps; -1 where a window begins beyond the sentence's last one.
        best: (B, M) the largest of each map.
        where: (B, M) the window it comes from.
    """

    rows: Tensor
    maps: Tensor
    best: Tensor
    where: Tensor


def convolve(x: Tensor, lengths: Tensor, w: Tensor, b: Tensor) -> Pooled:
    """The feature maps of ``x`` (B, T, D) under filters ``w`` (M, h·D), and the largest of each.

    ``lengths`` (B,): how many of the T places belong to the sentence. It has length - h + 1 windows,
    and one if it is shorter than a window.
    """
    h = w.shape[1] // x.shape[2]
    rows = windows(x, h)                                                    # (B, n, h·D)
    maps = torch.addmm(b, rows.flatten(0, 1), w.T)                          # (B·n, M)
    maps = torch.relu(maps).view(*rows.shape[:2], -1)                       # (B, n, M)
    last = (lengths - h).clamp(min=0)                                       # (B,)
    beyond = torch.arange(maps.shape[1], device=x.device) > last[:, None]   # (B, n)
    maps = maps.masked_fill(beyond[..., None], -1.0)
    best, where = maps.max(1)                                               # (B, M)
    return Pooled(rows, maps, best, where)


def convolve_back(pooled: Pooled, d_best: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The error ``d_best`` (B, M) sent back through max-pooling and the convolution.

    Returns:
        d_w (M, h·D), d_b (M,), and d_rows (B, M, h·D): what each filter sends to the one window that
        it chose, ``pooled.where``.
    """
    d_a = d_best * (pooled.best > 0)                                        # (B, M), relu
    sentence = torch.arange(len(d_a), device=d_a.device)[:, None]           # (B, 1)
    chosen = pooled.rows[sentence, pooled.where]                            # (B, M, h·D)
    d_w = (d_a[..., None] * chosen).sum(0)
    return d_w, d_a.sum(0), d_a[..., None] * w


def places_of(where: Tensor, h: int) -> Tensor:
    """The h places that each chosen window covers: (B, M) → (B, M, h)."""
    return where[..., None] + torch.arange(h, device=where.device)


# --- the two networks ----------------------------------------------------------------------------


def normal(generator: torch.Generator, scale: float, *shape: int) -> Tensor:
    return scale * torch.randn(*shape, generator=generator)


class TextCNN:
    """Embedding, one convolution, max-pooling over time, dropout, softmax.

    ``tensors``: embedding (V, D), filters (M, h·D), bias (M,), out (C, M), out_bias (C,). Word 0 is
    empty space; its vector is and stays zero.
    """

    def __init__(self, V: int, D: int, h: int, M: int, C: int, generator: torch.Generator) -> None:
        self.h = h
        self.tensors: Tensors = {
            "embedding": normal(generator, 0.5, V, D),
            "filters": normal(generator, math.sqrt(2 / (h * D)), M, h * D),
            "bias": torch.zeros(M),
            "out": normal(generator, 1 / math.sqrt(M), C, M),
            "out_bias": torch.zeros(C),
        }
        self.tensors["embedding"][0] = 0

    def pool(self, ids: Tensor, lengths: Tensor) -> Pooled:
        """What the filters say of sentences ``ids`` (B, T) of ``lengths`` (B,)."""
        t = self.tensors
        return convolve(t["embedding"][ids], lengths, t["filters"], t["bias"])

    def answer(self, z: Tensor) -> Tensor:
        """The logits (B, C) for pooled values ``z`` (B, M)."""
        return z @ self.tensors["out"].T + self.tensors["out_bias"]

    def logits(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """(B, C), without dropout."""
        return self.answer(self.pool(ids, lengths).best)

    def loss(
        self, ids: Tensor, lengths: Tensor, labels: Tensor, mask: Tensor,
        beside: Tensor | float = 0.0,
    ) -> tuple[Tensor, Tensor, Tensors]:
        """Cross-entropy, the logits and the gradient of every tensor; ``mask`` (B, M) is dropout, and
        ``beside`` (B, C) what something else adds to the logits."""
        t = self.tensors
        pooled = self.pool(ids, lengths)
        z = pooled.best * mask                                              # (B, M)
        logits = self.answer(z) + beside                                    # (B, C)
        d_logits = softmax_error(logits, labels)                            # (B, C)
        d_w, d_b, d_rows = convolve_back(pooled, (d_logits @ t["out"]) * mask, t["filters"])

        # Word i of a chosen window gets the i-th part of the window's error.
        read = ids.gather(1, places_of(pooled.where, self.h).flatten(1))    # (B, M·h)
        d_embedding = scattered(read, d_rows.reshape(*read.shape, -1), t["embedding"])
        return F.cross_entropy(logits, labels), logits, {
            "embedding": d_embedding, "filters": d_w, "bias": d_b,
            "out": d_logits.T @ z, "out_bias": d_logits.sum(0)}


class ConcatMLP:
    """All T places side by side into one hidden layer: each word at each place has weights of its own.

    ``tensors``: embedding (V, D), hidden (H, T·D), bias (H,), out (C, H), out_bias (C,).
    """

    def __init__(self, V: int, D: int, T: int, H: int, C: int, generator: torch.Generator) -> None:
        self.tensors: Tensors = {
            "embedding": normal(generator, 0.5, V, D),
            "hidden": normal(generator, math.sqrt(2 / (T * D)), H, T * D),
            "bias": torch.zeros(H),
            "out": normal(generator, 1 / math.sqrt(H), C, H),
            "out_bias": torch.zeros(C),
        }
        self.tensors["embedding"][0] = 0

    def hidden(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """The row of all places (B, T·D) and the hidden layer (B, H)."""
        t = self.tensors
        row = t["embedding"][ids].flatten(1)
        return row, torch.relu(row @ t["hidden"].T + t["bias"])

    def logits(self, ids: Tensor) -> Tensor:
        """(B, C), without dropout."""
        t = self.tensors
        return self.hidden(ids)[1] @ t["out"].T + t["out_bias"]

    def loss(self, ids: Tensor, labels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensors]:
        """Cross-entropy, the logits and the gradient of every tensor; ``mask`` (B, H) is dropout."""
        t = self.tensors
        row, hidden = self.hidden(ids)
        z = hidden * mask                                                   # (B, H)
        logits = z @ t["out"].T + t["out_bias"]
        d_logits = softmax_error(logits, labels)                            # (B, C)
        d_a = (d_logits @ t["out"]) * mask * (hidden > 0)                   # (B, H)
        d_x = (d_a @ t["hidden"]).view(*ids.shape, -1)                      # (B, T, D)
        return F.cross_entropy(logits, labels), logits, {
            "embedding": scattered(ids, d_x, t["embedding"]), "hidden": d_a.T @ row,
            "bias": d_a.sum(0), "out": d_logits.T @ z, "out_bias": d_logits.sum(0)}


def softmax_error(logits: Tensor, labels: Tensor) -> Tensor:
    """∂(mean cross-entropy)/∂logits = (softmax - one-hot) / B."""
    return (logits.softmax(1) - F.one_hot(labels, logits.shape[1])) / len(labels)


def scattered(ids: Tensor, errors: Tensor, embedding: Tensor) -> Tensor:
    """The gradient of the embedding (V, D): the errors (B, K, D) of words ``ids`` (B, K), summed by
    word. Empty space, word 0, learns nothing."""
    d = torch.zeros_like(embedding).index_add_(0, ids.flatten(), errors.flatten(0, 1))
    d[0] = 0
    return d

"""A tagger: it reads a sentence in one direction or both, and gives each word a tag.

Schuster and Paliwal 1997, "Bidirectional Recurrent Neural Networks": a second network reads the
sentence from its end, and the two states of a word stand side by side,

    h_t = [ →h_t ; ←h_t ],    →h_t = f(→h_{t-1}, x_t),    ←h_t = f(←h_{t+1}, x_t)

so that what is read from h_t has seen the whole sentence. The cells f are those of ``recurrent.py``.

Shapes: B sentences, T words, D numbers an embedding, H units, G blocks of weights (GRU 3, LSTM 4),
C tags.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from visualizers.models.recurrent import CELLS, Parts, back_through_time

WIDTH = 16  # D, where nothing else is asked for


def reversal(lengths: Tensor, T: int) -> Tensor:
    """Where each place goes when every sentence is turned round within its own length, (T, B).

    What fills up a short sentence stays behind its end, so that no reader meets it first.
    """
    t = torch.arange(T, device=lengths.device)[:, None]                            # (T, 1)
    return torch.where(t < lengths, lengths - 1 - t, t)                            # (T, B)


def turned(x: Tensor, order: Tensor) -> Tensor:
    """``x`` (T, B, ·) with each sentence turned round; twice gives ``x`` again."""
    return x.gather(0, order[..., None].expand_as(x))                              # (T, B, ·)


class Tagger:
    """Embeds the words, reads them in some directions and takes a tag from each word's states."""

    def __init__(
        self, cell: str, directions: tuple[str, ...], size: int, V: int, C: int,
        generator: torch.Generator, width: int = WIDTH,
    ) -> None:
        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator) / math.sqrt(shape[-1])

        self.cell, self.directions = CELLS[cell], directions
        each = max(1, size // len(directions))                                     # H of a direction
        rows = self.cell.blocks * each
        self.e = normal(V, width) * math.sqrt(width)                       # (V, D)
        self.u = [normal(rows, width) for _ in directions]                     # (G·H, D)
        self.w = [normal(rows, each) for _ in directions]                          # (G·H, H)
        self.b = [torch.zeros(rows) for _ in directions]                           # (G·H,)
        self.v = normal(C, each * len(directions))                                 # (C, n·H)
        self.c = torch.zeros(C)

    @property
    def learnt(self) -> list[Tensor]:
        return [self.e, *self.u, *self.w, *self.b, self.v, self.c]

    def to(self, device: str) -> None:
        self.e, self.v, self.c = (one.to(device) for one in (self.e, self.v, self.c))
        self.u, self.w, self.b = ([one.to(device) for one in each]
                                  for each in (self.u, self.w, self.b))
        for one in self.learnt:
            one.requires_grad_()

    def run(self, x: Tensor, order: Tensor) -> list[tuple[Tensor, Parts]]:
        """What each direction's network does, in its own order of reading. x (T, B, D)"""
        return [self.cell.forward((turned(x, order) if way == "backward" else x) @ u.T + b, w)
                for way, u, w, b in zip(self.directions, self.u, self.w, self.b, strict=True)]

    def joined(self, runs: list[tuple[Tensor, Parts]], order: Tensor) -> Tensor:
        """h of each word: the states of all directions side by side, (T, B, n·H)."""
        sides = []
        for way, w, (s, _) in zip(self.directions, self.w, runs, strict=True):
            h = s[1:, :, : w.shape[1]]                                             # (T, B, H)
            sides.append(turned(h, order) if way == "backward" else h)
        return torch.cat(sides, 2)

    def read(self, x: Tensor, order: Tensor) -> Tensor:
        """Scores of the tags of words whose vectors are given. (T, B, D) → (T, B, C)"""
        return self.joined(self.run(x, order), order) @ self.v.T + self.c

    @torch.no_grad()
    def loss(
        self, x: Tensor, order: Tensor, tags: Tensor
    ) -> tuple[Tensor, Tensor, list[Tensor], Tensor]:
        """Cross-entropy over all words, and its gradients, the way back through time written out.

        Args:
            x: (T, B, D) the words' vectors; ``tags`` (T, B), −1 after the end of a sentence.

        Returns:
            The loss, ln of the tags' odds (T, B, C), the gradients of ``learnt`` without the embedding,
            and that of ``x``.
        """
        runs = self.run(x, order)
        h = self.joined(runs, order)                                               # (T, B, n·H)
        log_odds = (h @ self.v.T + self.c).log_softmax(2)                          # (T, B, C)
        there = tags >= 0
        picked = tags.clamp(min=0)[..., None]                                      # (T, B, 1)
        loss = -(log_odds.gather(2, picked)[..., 0] * there).sum() / there.sum()
        d = log_odds.exp()
        d.scatter_add_(2, picked, -torch.ones_like(d[..., :1]))
        d *= (there / there.sum())[..., None]                                      # (T, B, C)

        d_x, each = torch.zeros_like(x), []
        for way, u, w, d_h, (s, parts) in zip(self.directions, self.u, self.w, (d @ self.v).chunk(
                len(self.directions), 2), runs, strict=True):
            backward = way == "backward"
            d_own, read = (turned(one, order) if backward else one for one in (d_h, x))
            slopes = self.cell.slopes(s, parts)
            d_a, d_u = self.cell.errors(self._through_time(d_own, slopes, w), slopes)  # (T, B, G·H) each
            each.append((d_a.flatten(0, 1).T @ read.flatten(0, 1),                     # of u
                         d_u.flatten(0, 1).T @ s[:-1, :, : w.shape[1]].flatten(0, 1),  # of w
                         d_a.sum((0, 1))))                                             # of b
            back = d_a @ u
            d_x += turned(back, order) if backward else back
        gradients = [one for kind in zip(*each, strict=True) for one in kind]
        return loss, log_odds, [*gradients, d.flatten(0, 1).T @ h.flatten(0, 1), d.sum((0, 1))], d_x

    def _through_time(self, d_h: Tensor, slopes: Parts, w: Tensor) -> Tensor:
        """∂loss/∂s_t for all t: what each state hands on, and what it is asked for itself. (T, B, S)"""
        T, B, H = d_h.shape
        own = torch.zeros(T, B, H * self.cell.states, device=d_h.device, dtype=d_h.dtype)
        own[..., :H] = d_h
        steps = list(zip(*(one.unbind() for one in slopes), strict=True))
        errors = [own[-1]]
        for t in range(T - 1, 0, -1):
            errors.append(own[t - 1] + self.cell.back(errors[-1], steps[t], w))
        return torch.stack(errors[::-1])

    @torch.no_grad()
    def look(self, ids: Tensor, at: int) -> tuple[Tensor, Tensor]:
        """Odds of the tags of one sentence (T, C), and what the tag of word ``at`` hangs on (T,).

        The latter is |∂ (best score − second best) / ∂ x_j| for each word j, as shares of their sum:
        how much a small change of that word moves the decision. It goes back through the Jacobians
        of the cell, from the word to the first one that each direction has read.
        """
        T = len(ids)
        order = reversal(torch.tensor([T], device=ids.device), T)                  # (T, 1)
        runs = self.run(self.e[ids], order)
        scores = (self.joined(runs, order) @ self.v.T + self.c)[:, 0]              # (T, C)
        if at < 0:
            return scores.softmax(1), torch.zeros(T)
        best, second = scores[at].topk(2).indices
        errors = (self.v[best] - self.v[second]).chunk(len(self.directions))       # (H,) each
        slope = torch.zeros(T, self.e.shape[1], device=ids.device)                       # (T, D)
        for way, u, w, error, (s, parts) in zip(self.directions, self.u, self.w, errors,
                                                runs, strict=True):
            read = (T - 1 - at if way == "backward" else at) + 1                   # words so far
            slopes = self.cell.slopes(s[: read + 1], tuple(one[:read] for one in parts))
            last = torch.zeros_like(s[0])                                          # (1, S)
            last[0, : w.shape[1]] = error
            d = back_through_time(self.cell, last, slopes, w)[:-1].flip(0)         # (read, 1, S)
            dx = (self.cell.errors(d, slopes)[0] @ u)[:, 0]                        # (read, D)
            slope[order[:read, 0] if way == "backward" else slice(read)] += dx
        size = slope.norm(dim=1)                                                   # (T,)
        return scores.softmax(1), size / size.sum().clamp_min(1e-30)

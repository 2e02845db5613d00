"""LAC, a tagger that was trained before: where the words and names of a Chinese text are.

Jiao, Sun and Sun 2018, "Chinese Lexical Analysis with Deep Bi-GRU-CRF Network". Each character becomes
a vector, two layers of GRUs read the text in both directions, a linear layer scores every tag of every
character, and the best path of tags is found with scores for one tag after another (Viterbi 1967).

Shapes: T characters, D = 128 numbers of a character, H = 128 of a state, Y tags.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.sources.lac import LacFiles

NAMES = {"PER": "person", "LOC": "place", "TIME": "time", "ORG": "organisation"}


@dataclass(frozen=True)
class Word:
    """A word of a text: its characters ``start`` … ``end - 1`` and its tag, such as ``"PER"``."""

    text: str
    start: int
    end: int
    tag: str


class Lac:
    """The network, on a device."""

    def __init__(self, files: LacFiles, device: str) -> None:
        self.files, self.device = files, device
        t = {name: torch.tensor(array) for name, array in files.tensors.items() if array.ndim > 1
             or name.startswith("linear")}
        self.embedding = t["embedding_0.w_0"].to(device)                        # (V, D)
        D, H = self.embedding.shape[1], t["helper.concat.6"].shape[2]
        self.gru = torch.nn.GRU(D, H, num_layers=2, bidirectional=True)
        layers = ((t["helper.concat.5"], t["helper.concat.6"], t["helper.concat.9"]),
                  (t["helper.concat.14"], t["helper.concat.15"], t["helper.concat.18"]))
        with torch.no_grad():
            for layer, (w, r, b) in enumerate(layers):
                for way, end in enumerate(("", "_reverse")):
                    for name, weight in (("weight_ih", w[way]), ("weight_hh", r[way]),
                                         ("bias_ih", b[way, : 3 * H]), ("bias_hh", b[way, 3 * H :])):
                        getattr(self.gru, f"{name}_l{layer}{end}").copy_(_reordered(weight))
        self.gru = self.gru.to(device).eval()
        self.out, self.bias = t["linear_0.w_0"].to(device), t["linear_0.b_0"].to(device)

    @torch.no_grad()
    def scores(self, text: str) -> Tensor:
        """The score of every tag of every character, (T, Y)."""
        characters, other = self.files.characters, self.files.characters["OOV"]
        ids = [characters.get(self.files.halves.get(one, one), other) for one in text]
        states, _ = self.gru(self.embedding[torch.tensor(ids, device=self.device)])  # (T, 2 H)
        scores: Tensor = states @ self.out + self.bias
        return scores

    def words(self, text: str) -> list[Word]:
        """The words of a text, each with its tag."""
        if not text:
            return []
        best = viterbi(self.scores(text).cpu().numpy(), self.files.transitions)
        found: list[Word] = []
        for at, tag in enumerate(best.tolist()):
            kind, _, part = self.files.tags[tag].rpartition("-")
            if part == "I" and found:
                last = found[-1]
                found[-1] = Word(last.text + text[at], last.start, at + 1, last.tag)
            else:
                found.append(Word(text[at], at, at + 1, kind))
        return found

    def names(self, text: str) -> list[Word]:
        """Its persons, places, times and organisations."""
        return [one for one in self.words(text) if one.tag in NAMES]


def _reordered(weight: Tensor) -> Tensor:
    """ONNX keeps the update gate, the reset gate and the state in this order; torch the reset gate
    first."""
    update, reset, state = weight.chunk(3)
    return torch.cat([reset, update, state])


def viterbi(scores: NDArray[np.float32], transitions: NDArray[np.float32]) -> NDArray[np.int64]:
    """The path of tags (T,) with the largest sum of scores (T, Y) and transitions (Y, Y)."""
    best, back = scores[0], []
    for row in scores[1:]:
        through = best[:, None] + transitions                                   # (Y before, Y now)
        back.append(through.argmax(0))
        best = through.max(0) + row
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return np.array(path[::-1])

"""What word2vec needs around its equations: words, counts, noise, Huffman codes, a stream of text.

The equations themselves are in ``visualizers/l1_basics/word2vec/experiment.py``.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from visualizers.models.chinese import words_in

LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
IDENTIFIERS = re.compile(r"[^\W\d]\w*")


def split(text: str, language: str, progress: Callable[[int, int, str], None]) -> list[str]:
    """The words of a text, lower-case; Chinese is segmented with jieba, code into identifiers.

    Args:
        language: ``"en"``, ``"zh"`` or ``"code"``.
        progress: called with (characters done, characters in all, what is done) while it takes long.
    """
    if language == "code":
        return IDENTIFIERS.findall(text)
    if language != "zh":
        return LETTERS.findall(text.lower())
    progress(0, len(text), "Cutting the text into words")  # loading jieba's dictionary alone takes a second
    words: list[str] = []
    for start in range(0, len(text), 20_000):
        words += [word for word in words_in(text[start : start + 20_000]) if LETTERS.fullmatch(word)]
        progress(min(start + 20_000, len(text)), len(text), "Cutting the text into words")
    return words


@dataclass(frozen=True)
class Vocabulary:
    """The most frequent words, in falling order of frequency.

    Attributes:
        words: (V,) word ``i`` has rank ``i``.
        ids: word to rank.
        counts: (V,) float64, how often each occurs.
    """

    words: tuple[str, ...]
    ids: dict[str, int]
    counts: Tensor

    @staticmethod
    def of(text: Sequence[str], size: int) -> Vocabulary:
        """The ``size`` most frequent words of a text; equally frequent ones in order of spelling."""
        counted = sorted(Counter(text).items(), key=lambda one: (-one[1], one[0]))[:size]
        words = tuple(word for word, _ in counted)
        counts = torch.tensor([count for _, count in counted], dtype=torch.float64)
        return Vocabulary(words, {word: i for i, word in enumerate(words)}, counts)

    def encode(self, text: Sequence[str]) -> Tensor:
        """(n,) int64: the ranks of a text's words; words outside the vocabulary are left out."""
        ids = self.ids
        return torch.tensor([ids[word] for word in text if word in ids], dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.words)


OFTEN = 24  # times that a word stands in a text for a twin of it to be learnt from half of them


def plant_twins(
    words: Sequence[str], most: int, generator: torch.Generator
) -> tuple[list[str], list[tuple[str, str]]]:
    """Give some words a twin: each occurrence becomes ``word`` or ``word′`` by the toss of a coin.

    Twins mean the same by construction and hardly ever stand beside each other, so that a model
    which learns meaning from contexts must place them together. This gives any text, in any
    language, a test of similarity that needs no human judgement (after the pseudo-words of
    Schütze 1992). The twins are spread evenly over the ranks 30 to 400, among words that occur at
    least ``OFTEN`` times; at most one word in twelve is given one.

    Returns:
        The text with twins, and the pairs (word, twin).
    """
    counted = sorted(Counter(words).items(), key=lambda one: (-one[1], one[0]))
    fit = [word for word, count in counted[30:400] if count >= OFTEN]
    number = min(most, len(fit), len(counted) // 12)
    chosen = [fit[i * len(fit) // number] for i in range(number)]
    places = {word: [] for word in chosen}  # type: dict[str, list[int]]
    for at, word in enumerate(words):
        if word in places:
            places[word].append(at)
    planted = list(words)
    for word in chosen:
        coins = torch.randint(0, 2, (len(places[word]),), generator=generator).tolist()
        for at, coin in zip(places[word], coins, strict=True):
            if coin:
                planted[at] = word + "′"
    return planted, [(word, word + "′") for word in chosen]


def keep_probability(counts: Tensor, threshold: float) -> Tensor:
    """(V,) the probability that an occurrence of a word is kept: min(1, √(t / f)).

    Frequent words say little about their neighbours; dropping them also widens the window.
    Mikolov et al. 2013b, equation 5.

    Args:
        counts: (V,).
        threshold: t, a relative frequency; words rarer than t are always kept.
    """
    frequency = counts / counts.sum()
    return torch.sqrt(threshold / frequency).clamp(max=1.0)


def noise_distribution(counts: Tensor, power: float) -> Tensor:
    """(V,) the distribution f^α / Σ f^α of negative samples. Mikolov et al. 2013b, section 2.2."""
    raised = (counts / counts.sum()).pow(power)
    return raised / raised.sum()


def draw(cumulative: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(count,) int64 ranks drawn from a distribution given by its cumulative sums (V,) float64."""
    uniform = torch.rand(count, generator=generator, dtype=torch.float64)
    return torch.searchsorted(cumulative, uniform, right=True).clamp_(max=len(cumulative) - 1)


@dataclass(frozen=True)
class Huffman:
    """The binary tree in which frequent words have short paths from the root.

    A tree over V words has V - 1 inner nodes; each holds a vector. A path of L decisions leads to
    a word; its rows here are padded to the longest path.

    Attributes:
        nodes: (V, L) int64, the inner nodes from the root down; 0 where padded.
        signs: (V, L) float32, +1 to go left, -1 to go right, 0 where padded.
        lengths: (V,) int64, the number of decisions.
        heaviest: for each side of each inner node (left, right) the most frequent word below it.
    """

    nodes: Tensor
    signs: Tensor
    lengths: Tensor
    heaviest: tuple[tuple[int, int], ...]

    def to(self, device: str) -> Huffman:
        """The same tree on another device."""
        return Huffman(self.nodes.to(device), self.signs.to(device), self.lengths.to(device),
                       self.heaviest)

    @staticmethod
    def of(counts: Tensor) -> Huffman:
        """Join the two rarest subtrees again and again (Huffman 1952). Needs two words or more."""
        size = len(counts)
        heap = [(count, leaf) for leaf, count in enumerate(counts.tolist())]
        heapq.heapify(heap)
        best = list(range(size))  # the most frequent word of each subtree: its lowest rank
        parent, sign = [0] * (2 * size - 1), [0.0] * (2 * size - 1)
        heaviest: list[tuple[int, int]] = []
        for joined in range(size, 2 * size - 1):
            right_count, right = heapq.heappop(heap)  # the rarer one
            left_count, left = heapq.heappop(heap)
            parent[left] = parent[right] = joined
            sign[left], sign[right] = 1.0, -1.0
            best.append(min(best[left], best[right]))
            heaviest.append((best[left], best[right]))
            heapq.heappush(heap, (left_count + right_count, joined))
        root = 2 * size - 2
        paths: list[list[tuple[int, float]]] = []
        for leaf in range(size):
            path, at = [], leaf
            while at != root:
                path.append((parent[at] - size, sign[at]))
                at = parent[at]
            paths.append(path[::-1])
        longest = max(map(len, paths))
        return Huffman(
            torch.tensor([[node for node, _ in p] + [0] * (longest - len(p)) for p in paths]),
            torch.tensor([[s for _, s in p] + [0.0] * (longest - len(p)) for p in paths]),
            torch.tensor([len(p) for p in paths]),
            tuple(heaviest),
        )


class Stream:
    """An endless walk through a text from which frequent words are dropped on the way.

    Attributes:
        read: how many words of the text have gone by, dropped ones too.
    """

    CHUNK = 16_384  # words for which the dropping is decided at once

    def __init__(self, text: Tensor) -> None:
        """``text``: (n,) int64 ranks."""
        self.text = text
        self.read = 0
        self._at = 0
        self._kept = text[:0]

    def __deepcopy__(self, memo: object) -> Stream:
        """Tensors here are replaced and never changed in place, so copies may share them."""
        return copy(self)

    def take(self, count: int, margin: int, keep: Tensor, generator: torch.Generator) -> Tensor:
        """(count + 2·margin,) the next words with ``margin`` more on both sides.

        The margins are context only: the next call begins where this one's ``count`` words end.

        Args:
            keep: (V,) probability of keeping each word.
        """
        parts, have = [self._kept], len(self._kept)
        while have < count + 2 * margin:
            chunk = self.text[self._at : self._at + self.CHUNK]
            self._at = (self._at + len(chunk)) % len(self.text)
            self.read += len(chunk)
            chance = torch.rand(len(chunk), generator=generator)
            parts.append(chunk.masked_select(chance < keep.index_select(0, chunk)))
            have += len(parts[-1])
        kept = torch.cat(parts) if len(parts) > 1 else self._kept
        self._kept = kept[count:]
        return kept[: count + 2 * margin]


def touched_weights(dimension: int, vocabulary: int, negatives: int, decisions: float) -> Tensor:
    """(3,) the output weights that one pair of words touches, for the three output layers.

    Full softmax touches every row, negative sampling the target's and the negatives' rows,
    hierarchical softmax one row for each decision.
    """
    rows = torch.tensor([float(vocabulary), 1.0 + negatives, decisions])
    return rows * dimension


def rank_correlation(a: Tensor, b: Tensor) -> float:
    """Spearman's correlation of two lists (n,): that of their ranks, equal values sharing one."""
    def ranks(values: Tensor) -> Tensor:
        _, place, count = torch.unique(values, return_inverse=True, return_counts=True)
        return torch.as_tensor(count.cumsum(0) - (count - 1) / 2)[place]

    both = torch.stack([ranks(a), ranks(b)]).double()
    return float(torch.nan_to_num(torch.corrcoef(both)[0, 1]))


def principal_plane(vectors: Tensor, like: Tensor | None = None) -> Tensor:
    """(d, 2) the two directions in which unit vectors (V, d) differ most, orthonormal.

    Args:
        like: (d, 2) an earlier plane; the new one is turned within itself to resemble it, so
            that a map fitted again does not flip over (orthogonal Procrustes).
    """
    centred = (vectors - vectors.mean(0)).double().cpu()
    plane = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -2:].flip(1)
    if like is not None:
        left, _, right = torch.linalg.svd(plane.T @ like.double().cpu())
        plane = plane @ left @ right
    return torch.as_tensor(plane).to(vectors)

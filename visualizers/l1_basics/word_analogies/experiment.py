"""Analogies by sums of word vectors.

Mikolov, Yih and Zweig 2013, "Linguistic regularities in continuous space word representations": a is to b
as d is to c, where d is the word whose vector has the largest cosine with a − b + c (vectors of length 1;
Levy and Goldberg 2014 call it 3CosAdd):

    d = argmax_w cos(w, a − b + c) over all words w but a, b and c

That the three are left out matters: mostly a − b is small beside c, and the nearest word to the sum is c
(Linzen 2016; Rogers, Drozd and Li 2017). So everything here is computed with and without it.

Vectors are read (GloVe: Pennington, Socher and Manning 2014), or learnt here by skip-gram with negative
sampling from the counts of a text (``visualizers/models/cooccurrence.py``).

Shapes: V words, d numbers in a vector, Q questions, n words on the map.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.kinds.vectors import WordVectors
from visualizers.l1_basics.word_analogies.panel import NEAR, PAIRS, Frame, Params
from visualizers.l1_basics.word_analogies.relations import ENGLISH, OWN, asked, listed, questions_of
from visualizers.models.cooccurrence import SkipGram, neighbour_counts
from visualizers.models.word2vec import Vocabulary, split
from visualizers.panel import Context
from visualizers.refusal import Refusal
from widgets.theme.words import tr_mark

Array = NDArray[Any]

SCORED = 30_000  # most frequent words among which the questions' answers are looked for
MOST = 200  # questions of a relation
A_STEP = 4  # of them that one step asks, where nothing is trained
LEAST = 8  # a word that stands in the text less often is not learnt for a relation's sake


class Answers(NamedTuple):
    """(Q,) of each question."""

    right: NDArray[np.bool_]  # with the three words set aside
    itself: NDArray[np.bool_]  # with nothing set aside
    copied: NDArray[np.bool_]  # the nearest is a, b or c then


class Looked(NamedTuple):
    """What ``measure`` found for the question of the moment."""

    corners: tuple[int, int, int]
    near: list[int]
    cosines: Array
    itself: int
    relation: int
    expected: int
    place: int
    unknown: tuple[str, ...]


class WordAnalogies:
    """The questions of every relation, and one that is looked at."""

    shared: ClassVar[tuple[str, ...]] = (
        "words", "table", "lengths", "unit", "counts", "relations", "pairs", "questions", "oriented")
    measure_every = 10
    measure_reads: ClassVar[tuple[str, ...]] = ("question", "aside", "among")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device, self.steps = context.generator, context.device, 0
        self.counts: Tensor | None = None
        self.words: Sequence[str]
        context.progress(0, 1, "reading the word vectors")
        found = context.data.read("vectors", params.vectors)
        context.stands_in(found.missing, found.title)
        pairs = self._take(found, context) if len(found.words) else self._begin_training(params, context)
        at = {word: row for row, word in enumerate(self.words[:SCORED])}
        self.relations = tuple(pairs)
        self.pairs = [np.array([(at[a], at[b]) for a, b in one]) for one in pairs.values()]  # (P, 2) each
        self.oriented = [{(a, b): place for place, (a, b) in enumerate(one.tolist())} for one in self.pairs]
        self.questions: list[Array] = []                                          # (Q, 4) each
        for one in pairs.values():
            every = np.array(questions_of(one, at), np.int64).reshape(-1, 4)
            drawn = torch.randperm(len(every), generator=self.generator)[:MOST]
            self.questions.append(every[drawn.numpy()])
        self.tally = np.zeros((len(pairs), 4), np.int64)  # right, itself, copied, asked
        if self.counts is None:
            self._ask()

    def _take(self, found: WordVectors, context: Context) -> dict[str, list[tuple[str, str]]]:
        """Vectors as they are read: nothing of them is copied but the most frequent ones."""
        self.words, self.title = found.words, found.title
        self.table = found.vectors                                                # (V, d)
        self.lengths = np.sqrt(np.einsum("vd,vd->v", self.table, self.table))     # (V,)
        few = self.table[:SCORED]
        self.unit = few / np.maximum(self.lengths[: len(few), None], 1e-9)        # (30000, d)
        known = dict.fromkeys(self.words[:SCORED])
        found_pairs = asked(context.data.read("table", "questions-words") or (), known) \
            or max((listed(one, known) for one in (ENGLISH, *OWN)), key=len)
        if not found_pairs:
            raise Refusal("{title} knows none of the relations that are asked for: choose other vectors.",
                          title=found.title)
        return found_pairs

    def _begin_training(self, params: Params, context: Context) -> dict[str, list[tuple[str, str]]]:
        """Counts of a text, and first vectors for its words."""
        text = context.text(params.text)
        read = split(text.text, text.language, context.progress)
        known = {word: count for word, count in Counter(read).items() if count >= LEAST}
        pairs = max((listed(one, known) for one in OWN), key=lambda one: sum(map(len, one.values())))
        if not pairs:
            raise Refusal("{title} has none of the relations that are asked for: choose another text.",
                          title=text.title)
        frequent = Vocabulary.of(read, params.vocabulary)
        wanted = dict.fromkeys(word for some in pairs.values() for pair in some for word in pair)
        self.words = (*frequent.words, *(word for word in wanted if word not in frequent.ids))
        self.title = text.title
        at, V, d = {word: row for row, word in enumerate(self.words)}, len(self.words), params.dimension
        ids = torch.tensor([at.get(word, V) for word in read])                    # (N,)
        self.counts = neighbour_counts(ids, V, params.window).to(self.device)     # (V, V)
        self.learning = SkipGram(V, d, self.generator, self.device)
        return pairs

    # --- learning, or asking on

    def step(self, params: Params) -> Mapping[str, float]:
        """Learn from all pairs of neighbours at once; or, where vectors are read, ask more questions."""
        self.steps += 1
        if self.counts is None:
            self._ask()
            return {"asked": float(self.tally[:, 3].sum())}
        return {"loss": self.learning.step(self.counts, params.learning_rate)}

    def _ask(self) -> None:
        """The next questions of each relation."""
        for tally, questions in zip(self.tally, self.questions, strict=True):
            start = int(tally[3])
            tally += counted(answers(self.unit, questions[start : start + A_STEP]))

    def finished(self, params: Params) -> bool:
        """Whether all questions have been asked, where that is all there is to do."""
        return self.counts is None and all(
            tally[3] >= len(one) for tally, one in zip(self.tally, self.questions, strict=True))

    def idle(self, params: Params) -> Mapping[str, str]:
        if self.counts is not None:
            return {}
        why = tr_mark("These vectors are read, not trained: only those that are trained here can change.")
        return dict.fromkeys(("text", "window", "vocabulary", "dimension", "learning_rate"), why)

    # --- measuring

    def measure(self, params: Params) -> Mapping[str, float]:
        """Answer the question of the moment; of vectors that learn here, all others too."""
        if self.counts is not None:
            self.table = self.learning.inputs.cpu().numpy().copy()                # (V, d)
            self.lengths = np.linalg.norm(self.table, axis=1)                     # (V,)
            self.unit = self.table / np.maximum(self.lengths[:, None], 1e-9)
            self.tally = np.stack([counted(answers(self.unit, one)) for one in self.questions])
        self.looked = self._look(params)
        right, itself, copied = (self.tally[:, :3] / np.maximum(self.tally[:, 3:], 1)).mean(0)
        return {"right": float(right), "right_itself": float(itself), "copied": float(copied)}

    def _look(self, params: Params) -> Looked:
        """Search for the word nearest to a − b + c among all words."""
        corners, unknown = self._corners(params.question)
        relation, expected = self._expected(*corners)
        target = self._sum(corners)                                               # (d,)
        among = min(params.among, len(self.words))
        best, cosines = nearest(self.table, self.lengths, target, NEAR + 3, among)
        near = [at for at, one in enumerate(best) if not params.aside or one not in corners][:NEAR]
        found = best[near].tolist()
        place = found.index(expected) + 1 if expected in found else 0
        return Looked(corners, found, cosines[near], int(best[0]), relation, expected, place, unknown)

    def _unit(self, rows: Sequence[int]) -> Array:
        """(k, d) vectors of length 1."""
        some = list(rows)
        return np.asarray(self.table[some] / np.maximum(self.lengths[some, None], 1e-9))

    def _sum(self, corners: Sequence[int]) -> Array:
        a, b, c = self._unit(corners)
        return np.asarray(a - b + c)

    def _corners(self, question: str) -> tuple[tuple[int, int, int], tuple[str, ...]]:
        """a, b and c; the first two pairs of a relation where the question is not of three known words."""
        asked_for = three_words(question)
        rows = [self._row(word) for word in asked_for]
        if len(rows) == 3 and min(rows) >= 0 and len(set(rows)) == 3:
            return (rows[0], rows[1], rows[2]), ()
        (b, a), (c, _) = self.pairs[0][:2].tolist()
        return (a, b, c), tuple(word for word, row in zip(asked_for, rows, strict=True) if row < 0)

    def _row(self, word: str) -> int:
        for one in dict.fromkeys((word, word.lower())):
            try:
                return self.words.index(one)
            except ValueError:
                pass
        return -1

    def _expected(self, a: int, b: int, c: int) -> tuple[int, int]:
        """The relation that the question is of, and its answer; −1 for none.

        Either b leads to a as c does to the answer, or b to c as a does.
        """
        for number, oriented in enumerate(self.oriented):
            for pair, other in (((b, a), c), ((b, c), a), ((a, b), c), ((c, b), a)):
                if pair not in oriented:
                    continue
                forwards = pair[0] == b
                for one, end in oriented:
                    start, answer = (one, end) if forwards else (end, one)
                    if start == other and answer not in (a, b, c):
                        return number, answer
        return -1, -1

    # --- drawing

    def frame(self, params: Params) -> Frame:
        looked = self.looked
        pairs = self.pairs[looked.relation] if looked.relation >= 0 else np.zeros((0, 2), np.int64)
        pairs = pairs[np.argsort(pairs.sum(1), kind="stable")][:PAIRS]            # the most frequent
        shown = list(dict.fromkeys([*looked.corners, *looked.near, looked.itself,
                                    *pairs.ravel().tolist()]))
        at = {row: place for place, row in enumerate(shown)}
        target = self._sum(looked.corners)                                        # (d,)
        a, b, c = (at[one] for one in looked.corners)
        points, goal, held = flat(self._unit(shown), target, (a, b, c))
        cosines = self._unit(shown) @ target / max(float(np.linalg.norm(target)), 1e-9)
        right, itself = (self.tally[:, :2] / np.maximum(self.tally[:, 3:], 1)).astype(np.float32).T.copy()
        return Frame(
            words=tuple(self.words[row] for row in shown), points=points, target=goal, held=held,
            closeness=cosines.astype(np.float32).clip(-1, 1),
            corners=np.array([a, b, c], np.int32),
            pairs=np.array([[at[one], at[other]] for one, other in pairs.tolist()], np.int32).reshape(-1, 2),
            near=np.array([at[one] for one in looked.near], np.int32),
            cosines=looked.cosines.astype(np.float32).clip(-1, 1), itself=at[looked.itself],
            expected=self.words[looked.expected] if looked.expected >= 0 else "",
            place=looked.place, unknown=looked.unknown, relations=self.relations,
            relation=looked.relation, answered=right, answered_itself=itself,
            asked=self.tally[:, 3].astype(np.int32), starts=tuple(map(self._start, self.pairs)),
            searched=min(params.among, len(self.words)), trained=self.counts is not None, title=self.title)

    def _start(self, pairs: Array) -> str:
        (b, a), (c, _) = pairs[:2].tolist()
        return f"{self.words[a]} − {self.words[b]} + {self.words[c]}"


def three_words(question: str) -> list[str]:
    """The words of "a − b + c", however it is written."""
    return [word for word in re.split(r"[\s,，、;:：＋+−–—]+|(?<!\w)-|-(?!\w)", question.strip()) if word]


def nearest(
    table: Array, lengths: Array, target: Array, k: int, among: int
) -> tuple[NDArray[np.int64], Array]:
    """The k words with the largest cosine with a vector, and these cosines.

    Args:
        table, lengths: (V, d) vectors, the most frequent words first, and how long each is (V,).
        target: (d,).
        among: only so many are looked at.
    """
    cosines = table[:among] @ (target / max(float(np.linalg.norm(target)), 1e-9)).astype(table.dtype)
    cosines /= np.maximum(lengths[:among], 1e-9)                                  # (among,)
    best = torch.from_numpy(cosines).topk(min(k, among))
    return best.indices.numpy(), best.values.numpy()


def answers(unit: Array, questions: Array) -> Answers:
    """What 3CosAdd says to a : b = c : d, for vectors of length 1 (V, d) and questions (Q, 4)."""
    a, b, c, d = questions.T
    cosines = (unit[b] - unit[a] + unit[c]) @ unit.T                              # (Q, V), but for a factor
    itself = cosines.argmax(1) if len(questions) else d
    np.put_along_axis(cosines, questions[:, :3], -np.inf, axis=1)
    aside = cosines.argmax(1) if len(questions) else d
    return Answers(aside == d, itself == d, (itself[:, None] == questions[:, :3]).any(1))


def counted(found: Answers) -> NDArray[np.int64]:
    """(4,) how many were right, right by itself, copied, and asked."""
    return np.array([found.right.sum(), found.itself.sum(), found.copied.sum(), len(found.right)])


def flat(unit: Array, target: Array, corners: tuple[int, int, int]) -> tuple[Array, Array, float]:
    """The two directions in which words (n, d) differ most (PCA), turned so that b → a points upwards and c
    lies to the right of b: which way a map is turned says nothing.

    Returns:
        (n, 2) words, (2,) the target, and the share of the spread that lies in the plane.
    """
    centre = unit.mean(0)
    _, strength, directions = np.linalg.svd((unit - centre).astype(np.float64), full_matrices=False)
    plane = directions[:2].T                                                      # (d, 2)
    if plane.shape[1] < 2:
        plane = np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))
    points, goal = (unit - centre) @ plane, (target - centre) @ plane             # (n, 2), (2,)
    a, b = points[corners[0]], points[corners[1]]
    up = (a - b) / max(float(np.linalg.norm(a - b)), 1e-9)
    turn = np.array([[up[1], up[0]], [-up[0], up[1]]])                            # up becomes (0, 1)
    points, goal = points @ turn, goal @ turn
    if points[corners[2], 0] < points[corners[1], 0]:
        points, goal = points * [-1, 1], goal * [-1, 1]
    held = float((strength[:2] ** 2).sum() / max(float((strength**2).sum()), 1e-12))
    return points.astype(np.float32), goal.astype(np.float32), min(held, 1.0)

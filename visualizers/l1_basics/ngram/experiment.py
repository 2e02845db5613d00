"""A text is read part by part, its n-grams are counted, and what the counts know is asked.

How a text is cut into words and the four ways to smooth are in ``visualizers/models/ngrams.py``. A line
begins with n − 1 signs that stand for "nothing before", and ends with one that is predicted like a word.
Words that the text has once only are all one word, the unknown one, so that new words have a count.

Shapes: T words, M methods, N lengths of n-grams, V words that can come next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from visualizers.l1_basics.ngram.panel import METHODS, NEXT, PARTS, Frame, N, Params
from visualizers.models.ngrams import (
    BEGIN,
    END,
    UNKNOWN,
    Floats,
    Model,
    Reading,
    Smoothing,
    made_ready,
    perplexity,
)
from visualizers.panel import Context

ASKED = 2000       # words of the text read, of which the perplexity is taken
WRITTEN = {"words": 45, "characters": 160}
SPAN = {"words": 6, "characters": 14}  # from here on a span is called copied
LINE = {"words": 14, "characters": 60}  # of the game


class NGrams:
    """Counts of what has been read so far."""

    shared: ClassVar[tuple[str, ...]] = ("context", "corpus", "reading", "model")  # replaced, never changed
    measure_every = 2
    measure_reads: ClassVar[tuple[str, ...]] = (
        "own", "n", "method", "k", "share", "discount", "context", "sentence", "pick", "guesses")

    def __init__(self, params: Params, context: Context) -> None:
        self.context = context
        self.corpus = context.text(params.corpus) if params.learn == "a text" else None
        self.parts = 1
        self.reading: tuple[object, Reading] | None = None
        self.model: tuple[object, Model] | None = None
        self.seen: dict[str, Any] = {}
        self.asked: object = None  # for what the perplexities were computed
        self.perplexities = np.ones((len(METHODS), N)), np.ones((len(METHODS), N))
        self.measure(params)

    # --- reading

    def read(self, params: Params) -> Reading:
        """The text; made ready anew where it was edited."""
        key = params.own if self.corpus is None else ""
        if self.reading is None or self.reading[0] != key:
            text, language = (self.corpus.text, self.corpus.language) if self.corpus else (params.own, "")
            if not self.corpus and re.search("[\u4e00-\u9fff]", text):
                language = "zh"
            self.reading = key, made_ready(text, language, params.unit, int(self.corpus is not None),
                                           (9 + params.seed) % 10, self.context.progress)
            self.model = None
        return self.reading[1]

    def counted(self, params: Params) -> tuple[Model, int]:
        """The n-grams of the parts read so far, and of how many words they are."""
        reading = self.read(params)
        line = max(1, round(len(reading.lines) * self.parts / PARTS))
        words = int(reading.ends[line - 1])
        if self.model is None or self.model[0] != words:
            self.model = words, Model([one[:words] for one in reading.grams], reading.base,
                                      reading.vocabulary)
        return self.model[1], words

    def step(self, params: Params) -> Mapping[str, float]:
        """Read one more part."""
        self.parts = min(PARTS, self.parts + 1)
        return {"words": float(self.counted(params)[1])}

    def finished(self, params: Params) -> bool:
        return self.parts >= PARTS

    # --- asking

    def measure(self, params: Params) -> Mapping[str, float]:
        reading = self.read(params)
        model, words = self.counted(params)
        by = Smoothing(params.k, params.share, params.discount)
        if self.asked != (asked := (model, by)):  # what else has changed, changes no perplexity
            self.asked = asked
            self.perplexities = self.perplexity(reading, model, words, by)
        held_out, training = self.perplexities
        unread = [float((model.plain[n].of(reading.held_grams[n]) == 0).mean()) for n in range(N)]
        self.seen = {
            "held_out": held_out, "training": training, "unread": np.array(unread, np.float32),
            "once": np.array([(one.counts == 1).mean() for one in model.plain], np.float32),
            "different": np.array([len(one.keys) for one in model.plain], np.int32),
            "read": words, "vocabulary": reading.vocabulary,
            **self.next_words(params, reading, model, by),
            **self.sentence(params, reading, model, by),
            **self.written(params, reading, model, by),
            **self.game(params, reading, model, by)}
        return {"perplexity": float(held_out[METHODS.index(params.method), params.n - 1]),
                "unread": unread[params.n - 1]}

    def perplexity(self, reading: Reading, model: Model, words: int, by: Smoothing) -> tuple[Floats, Floats]:
        """Of the lines held out and of the last ones read, (M, N) each."""
        lately = reading.grams[-1][max(0, words - ASKED) : words]
        found = [[[perplexity(one) for one in model.every(method, N, grams, by)] for method in METHODS]
                 for grams in (reading.held_grams[-1], lately)]
        return np.array(found[0]), np.array(found[1])

    def last(self, before: Sequence[int], n: int) -> list[int]:
        """The n − 1 words before the next one; where there are fewer, the line begins there."""
        return [*[BEGIN] * (N - 1), *before][len(before) + N - n:]

    def next_words(self, params: Params, reading: Reading, model: Model, by: Smoothing) -> dict[str, Any]:
        """What may come after the context, and the numbers of one word's formula."""
        n = params.n
        h = self.last(reading.numbers(reading.cut(params.context)), n)
        odds = np.stack([model.next_odds(one, h, by) for one in METHODS])      # (M, V)
        best = np.argsort(-odds[METHODS.index(params.method)], kind="stable")[:NEXT]
        pick = params.pick if 0 <= params.pick < len(best) else 0
        word = int(best[pick]) + 1
        row = model.plain[n - 1].row(reading.key(h))                           # (V + 1,)
        context = np.array([reading.key(h)])                                   # (1,)
        shorter = [0.0] * len(METHODS) if n == 1 else \
            [0.0, *(model.next_odds(one, h[1:], by, within=True)[word - 1] for one in METHODS[1:])]
        return {"context": tuple(reading.names[at] or "⇥" for at in h),
                "next": tuple(reading.names[at + 1] for at in best), "odds": odds[:, best], "pick": pick,
                "count": int(row[word]), "after": int(row.sum()), "kinds": int((row > 0).sum()),
                "shorter": np.array(shorter),
                "left": float(model.left(n, context, by)[0]) if row.any() else 1.0}

    def sentence(self, params: Params, reading: Reading, model: Model, by: Smoothing) -> dict[str, Any]:
        """P(w₁ … w_S) = Π P(w | the n − 1 words before it)."""
        grams, _ = reading.grams_of([reading.numbers(reading.cut(params.sentence))[:60]])
        chain = model.every(params.method, params.n, grams[params.n - 1], by)[-1]   # (S,)
        words = grams[0].tolist()
        return {"sentence": tuple(reading.names[one] for one in words), "chain": chain}

    def write(self, params: Params, reading: Reading, model: Model, by: Smoothing, before: Sequence[int],
              length: int, luck: np.random.Generator, ends: bool) -> list[int]:
        """Draw words one after the other; ``ends`` with the line, else the next line begins."""
        made, line = list[int](), list(before)
        while len(made) < length:
            h = self.last(line, params.n)
            odds = model.next_odds(params.method, h, by).copy()                # (V,)
            odds[UNKNOWN - 1] = 0.0  # which has no name
            if ends and len(made) < 3:
                odds[END - 1] = 0.0
            rising = odds.cumsum()
            word = 1 + min(int(np.searchsorted(rising, luck.random() * rising[-1], "right")), len(odds) - 1)
            if ends and word == END:
                break
            made.append(word)
            line = [] if word == END else [*line, word]
        return made

    def written(self, params: Params, reading: Reading, model: Model, by: Smoothing) -> dict[str, Any]:
        """A text drawn from the counts, and which spans of it stand in the text that was read."""
        before = reading.numbers(reading.cut(params.context))
        luck = np.random.default_rng(params.seed)
        made = self.write(params, reading, model, by, before, WRITTEN[params.unit], luck, ends=False)
        names, span = [reading.names[one] for one in made], SPAN[params.unit]
        copied = np.zeros(len(names), np.uint8)
        for at in range(len(names) - span + 1):
            if stands_in(reading.text, f" {' '.join(names[at : at + span])} "):
                copied[at : at + span] = 1
        return {"written": tuple(names), "copied": copied, "span": span}

    def game(self, params: Params, reading: Reading, model: Model, by: Smoothing) -> dict[str, Any]:
        """Two lines: one that was held out, and one that the counts have written."""
        machine = [int(np.random.default_rng((params.seed, at)).integers(2))
                   for at in range(len(params.guesses) + 1)]
        luck = np.random.default_rng((params.seed, len(params.guesses), 1))
        length = LINE[params.unit]
        long = [one for one in reading.held if len(one) >= min(length, 8)] or reading.held
        real = long[int(luck.integers(len(long)))][:length]
        made = self.write(params, reading, model, by, [], max(3, len(real)), luck, ends=True)
        join = "" if params.unit == "characters" or reading.chinese else " "
        lines = [join.join(reading.names[one] for one in line) for line in (real, made)]
        return {"lines": tuple(lines if machine[-1] else lines[::-1]), "machine": machine[-1],
                "before": machine[-2] if params.guesses else -1,
                "right": sum(a == b for a, b in zip(params.guesses, machine, strict=False))}

    def frame(self, params: Params) -> Frame:
        seen: dict[str, Any] = {name: one.copy() if isinstance(one, np.ndarray) else one
                                for name, one in self.seen.items()}
        return Frame(**seen)


@lru_cache(maxsize=20_000)
def stands_in(text: str, span: str) -> bool:
    return span in text

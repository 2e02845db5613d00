"""The lattice with its best path, what one frequency does to it, and layers of what is found."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.segmentation.glosses import GLOSSES, MEANINGS, NAMES, part_of_speech
from visualizers.l1_basics.segmentation.panel import EXPONENTS, STATES, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.pictures.spans import Link, Span, SpanRows, State, rows_for
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import compact, count, decimal, fixed, percent, quantity, unit_of
from widgets.theme.words import tr_mark
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

FACTORS = 10.0 ** np.array(EXPONENTS)
PLACES = (tr_mark("B: begins"), tr_mark("M: middle"), tr_mark("E: ends"), tr_mark("S: alone"))


class SegmentationView(PanelView):
    """A click on a word of the lattice marks it; its frequency is then what the control multiplies."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.lattice = SpanRows(look, " ")
        self.facts = Readouts(look)
        self.flip = CurvePlot(look, "", x=words("frequency ×"), y=words("share"),
                              log_x=True, y_range=(0.0, 1.0), x_range=(FACTORS[0], FACTORS[-1]))
        self.readings = Table(look, "", [(words("in words"), 4), (words("share"), 1.25)])
        self.readings.setAccessibleName(words("Readings"))
        self.beside = Pages(self, "beside", {"flip": (words("What would flip it"), self.flip),
                                             "readings": (words("Readings"), self.readings)})
        self.layers = SpanRows(look, "")
        self.layers.setAccessibleName(words("Annotations"))
        self.trellis = SpanRows(look, " ", apart=0.16)
        self.layer = Pages(self, "layer", {"layers": (words("Annotations"), self.layers),
                                           "unknown": (words("Unknown words"), self.trellis)})
        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.lattice, 1)
        top.body.addWidget(self.facts)
        left.body.addWidget(self.beside)
        right.body.addWidget(self.layer)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Lattice"), rank=1, smallest=(460, 270), share=6),
            beside(Place(left, words("Flip"), rank=2, smallest=(280, 200), share=2),
                   Place(right, words("Annotations"), rank=3, smallest=(340, 190), share=3), share=5))))
        self._shown: Shown[Params, Frame] | None = None
        self.lattice.clicked.connect(self._mark)

    def _mark(self, edge: int) -> None:
        if self._shown is not None:
            self.changed.emit("word", _word(self._shown.frame, edge))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame, params, words = shown.frame, shown.params, self.words
        self._draw_lattice(frame, params)
        after = [int(one) for at, one in enumerate(frame.frequency) if _word(frame, at) == frame.word][:1]
        self.facts.draw((
            (words("best reading"),
             percent(float(frame.shares[0])) if frame.left < len(frame.signs) else "–"),
            (f"◆ {frame.word}", count(frame.before) if after in ([frame.before], [])
             else f"{count(frame.before)} → {count(after[0])}"),
            (words("in the dictionary"), quantity(frame.known, "word", words))))
        if self.beside.show_page(params.beside) == "flip":
            self._draw_flip(shown)
        else:
            self.readings.draw([(one, percent(float(share))) for one, share in
                                zip(frame.readings, frame.shares, strict=True) if one], selected=0)
        if self.layer.show_page(params.layer) == "layers":
            self._draw_layers(frame)
        else:
            self._draw_trellis(frame, params)

    def _gloss(self, word: str) -> str:
        """What a word means, for those who read English."""
        return GLOSSES.get(word, "") if self.words.language != "zh" else ""

    def _readings(self, frame: Frame) -> str:
        if frame.count < 1e6:
            return quantity(frame.count, "reading", self.words)
        return f"{decimal(frame.count)} {unit_of(frame.count, 'reading', self.words)}"

    def _draw_lattice(self, frame: Frame, params: Params) -> None:
        words, path = self.words, set(_path(frame))
        edges = list(zip(frame.begin.tolist(), frame.end.tolist(), strict=True))
        spans = []
        for at, ((begin, end), row) in enumerate(zip(edges, rows_for(edges), strict=True)):
            word, gloss = _word(frame, at), self._gloss(_word(frame, at))
            state: State = "ahead" if begin < frame.left else "taken" if (begin, end) in path else \
                "best" if frame.next[begin] == end else "open"
            often = int(frame.frequency[at])
            spans.append(Span(
                row, begin, end, (f"{word} {gloss}", word) if gloss else (word,),
                (count(often), compact(often)), state, ringed=word == frame.word,
                said=words("{word}   frequency {count}   −ln P {cost}", word=f"{word} {gloss}".rstrip(),
                           count=count(often), cost=fixed(float(frame.cost[at])))))
        numbers = {edge: at for at, edge in enumerate(edges)}
        taken = [numbers[one] for one in _path(frame) if one in numbers]
        readings = self._readings(frame)
        meaning = MEANINGS.get(params.sentence, "") if words.language != "zh" else ""
        title = words("“{meaning}”: {readings}; click a word to mark it ◆", meaning=meaning,
                      readings=readings) if meaning else \
            words("{readings}; click a word to mark it ◆", readings=readings)
        if frame.left == len(frame.signs):
            title = words("“{meaning}”: words of the dictionary", meaning=meaning) if meaning else \
                words("Words of the dictionary")
        self.lattice.draw(
            frame.signs, spans, links=[Link(a, b) for a, b in pairwise(taken)],
            gaps=[fixed(one, 1) if one >= 0 else "" for one in frame.ahead.tolist()],
            gaps_name="−ln P", since=frame.left, title=title)

    def _draw_flip(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        if frame.left == len(frame.signs):
            self.flip.draw([], note=words("nothing is decided yet"))
            return
        now = np.log10(shown.params.factor)
        curves = [Curve(one, FACTORS, ghost.label if not at else "", style="ghost")
                  for ghost in shown.ghosts
                  for at, one in enumerate((ghost.frame.having, ghost.frame.lacking))]
        for series, (values, name) in enumerate((
                (frame.lacking, words("best without {word}", word=frame.word)),
                (frame.having, words("best with {word}", word=frame.word)))):
            curves += [Curve(values, FACTORS, name, series, width=2.2),
                       Curve(np.interp([now], EXPONENTS, values), np.array([shown.params.factor]),
                             series=series, style="dots", width=4.0)]
        rules = [Rule(shown.params.factor, words("now"), axis="x")]
        if frame.flip:
            rules.append(Rule(frame.flip, words("flips at ×{factor}", factor=decimal(frame.flip, 2)),
                              axis="x", series=1))
        self.flip.draw(curves, rules)

    def _draw_layers(self, frame: Frame) -> None:
        words = self.words
        tags = [(word, tag) for word, tag in zip(frame.tagged, frame.tags, strict=False)]
        spans = [Span(0, begin, end, self._word_texts(word), state="taken", said=self._said(word))
                 for begin, end, word in _placed(frame.words, frame.left)]
        for (begin, end, word), (_, tag) in zip(_placed(frame.tagged, frame.left), tags, strict=False):
            name = words(part_of_speech(tag))
            spans.append(Span(1, begin, end, (f"{tag} {name}", tag), state="best",
                              said=f"{self._said(word)}   {tag}   {name}"))
            if tag in NAMES:
                spans.append(Span(2, begin, end, (f"{word} {name}", name, tag), state="open",
                                  said=f"{self._said(word)}   {name}"))
        self.layers.draw(frame.signs, spans, since=frame.left,
                         names=(words("in words"), words("part of speech"), words("proper names")))

    def _word_texts(self, word: str) -> tuple[str, ...]:
        gloss = self._gloss(word)
        return (f"{word} {gloss}", word) if gloss else (word,)

    def _said(self, word: str) -> str:
        return f"{word} {self._gloss(word)}".rstrip()

    def _draw_trellis(self, frame: Frame, params: Params) -> None:
        words = self.words
        signs: list[str] = []
        columns = []  # of each unknown character
        for sign, opens in zip(frame.unknown, frame.opens.tolist(), strict=True):
            if opens and signs:
                signs.append("")
            columns.append(len(signs))
            signs.append(sign)
        spans, links = [], []
        for at, column in enumerate(columns):
            for state, name in enumerate(STATES):
                score, came_from = float(frame.scores[at, state]), int(frame.back[at, state])
                best = int(frame.path[at]) == state
                text = fixed(score, 1) if score <= 0 else "–"
                spans.append(Span(state, column, column + 1, (text,),
                                  state="taken" if best else "open" if score <= 0 else "ahead",
                                  said=words("{sign} as {state}   ln P {score}", sign=frame.unknown[at],
                                             state=name, score=text)))
                if at and came_from >= 0 and not frame.opens[at]:
                    strong = best and int(frame.path[at - 1]) == came_from
                    if strong or score <= 0:
                        links.append(Link(4 * (at - 1) + came_from, 4 * at + state, strong))
        empty = words("No run of single characters here: the dictionary has every word.") \
            if params.hmm else words("The hidden Markov model is switched off.")
        self.trellis.draw(signs, spans, links=links, empty=empty,
                          names=[words(one) for one in PLACES] if signs else (),
                          title=words("ln P of the best way to each state") if signs else "")

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if frame.left == len(frame.signs):
            return words("Step 0: {count} of the dictionary stand in this sentence; none is taken yet.",
                         count=quantity(len(frame.begin), "word", words))
        values = {
            "step": count(shown.step), "reading": frame.readings[0], "share": percent(float(frame.shares[0])),
            "count": self._readings(frame)}
        if not frame.flip:
            return words("Step {step}: of {count}, {reading} has {share} of the probability.", **values)
        return words("Step {step}: of {count}, {reading} has {share} of the probability; it flips where "
                     "{word} is {factor} times as frequent.", **values,
                     word=frame.word, factor=decimal(frame.flip, 2))


def _word(frame: Frame, edge: int) -> str:
    return "".join(frame.signs[int(frame.begin[edge]) : int(frame.end[edge])])


def _path(frame: Frame) -> list[tuple[int, int]]:
    """Begin and end of each word of the best path so far."""
    found, at = [], frame.left
    while at < len(frame.signs) and frame.next[at] > at:
        found.append((at, int(frame.next[at])))
        at = int(frame.next[at])
    return found


def _placed(words: tuple[str, ...], left: int) -> list[tuple[int, int, str]]:
    """Where each word begins and ends; blanks are left out."""
    ends = list(accumulate((len(one) for one in words), initial=left))
    return [(begin, end, word) for begin, end, word in zip(ends, ends[1:], words, strict=False)
            if word.strip()]

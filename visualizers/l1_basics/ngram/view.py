"""Perplexity over n, one curve a method; what the counts say comes next, and what they write."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.ngram.panel import METHODS, Frame, N, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip, legible
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, percent, quantity
from widgets.views.cards import Card, column
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

LENGTHS = np.arange(1, N + 1, dtype=np.float64)


class NGramView(PanelView):
    """A click on a next word fills its formula in; a click on a line of the game is a guess."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.perplexity = CurvePlot(look, words("New text; dashed: what was read"),
                                    x=words("n, looked at together"), y=words("perplexity"),
                                    log_y=True, integer_x=True)
        self.unread = CurvePlot(look, " ", x=words("n, looked at together"),
                                y=words("share"), y_range=(0.0, 1.0), integer_x=True)
        self.over = Pages(self, "curve", {"perplexity": (words("Perplexity"), self.perplexity),
                                          "unread": (words("Unread"), self.unread)})
        self.facts = Readouts(look)
        self.next = BarChart(look, " ", write=decimal, high=1.0)
        self.table = Table(look, "", [(words("smoothing"), 5.3), (words("formula"), 10.8), ("P", 2.2)])
        self.table.setAccessibleName(words("Formulas"))
        self.chain = BarChart(look, " ", write=decimal, high=1.0)
        following = QWidget()
        following.setLayout(column(self.next, self.table, stretch=(1, 1)))
        self.beside = Pages(self, "beside", {"next": (words("Next words"), following),
                                             "sentence": (words("Sentence"), self.chain)})
        self.strip = TokenStrip(look, " ", lines=4)
        self.lines = Table(look, " ", [(words("line"), 1)])
        self.wrote = Pages(self, "wrote", {"text": (words("Written"), self.strip),
                                           "game": (words("Who wrote it?"), self.lines)})

        left, right, under = (Card(look) for _ in range(3))
        left.body.addWidget(self.over, 1)
        left.body.addWidget(self.facts)
        right.body.addWidget(self.beside)
        under.body.addWidget(self.wrote)
        self.setLayout(Arrangement(look, below(
            beside(Place(left, words("Perplexity"), rank=1, smallest=(340, 230), share=1),
                   Place(right, words("Next words"), rank=2, smallest=(356, 230), share=1), share=11),
            Place(under, words("Written"), rank=3, smallest=(400, 150), share=5))))

        self._shown: Shown[Params, Frame] | None = None
        self.next.clicked.connect(lambda at: self.changed.emit("pick", at))
        self.lines.clicked.connect(self._guess)

    def _guess(self, line: int) -> None:
        """This line is the machine's."""
        if self._shown is not None:
            self.changed.emit("guesses", (*self._shown.params.guesses, line))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._shown = shown
        if self.over.show_page(params.curve) == "perplexity":
            self._draw_perplexity(shown)
        else:
            self.unread.draw([
                Curve(frame.unread, LENGTHS, words("new text: never read")),
                Curve(frame.once, LENGTHS, words("read: only once"), series=1)],
                [Rule(params.n, f"n = {params.n}", axis="x")],
                title=words("{different} different {n}-grams were read", n=params.n,
                            different=count(int(frame.different[params.n - 1]))))
        self.facts.draw((
            (words("read"), quantity(frame.read, self._unit(params), words)),
            (words("vocabulary"), count(frame.vocabulary)),
            (words("of new text never read"), percent(float(frame.unread[params.n - 1]))),
            *([("", self.of_step(shown))] if self.of_step(shown) else [])))
        if self.beside.show_page(params.beside) == "next":
            self._draw_next(frame, params)
        else:
            self._draw_sentence(frame, params)
        if self.wrote.show_page(params.wrote) == "text":
            self.strip.draw(
                frame.written, series=1, weights=0.7 * frame.copied,
                title=words("Drawn word by word; filled where {span} in a row stand in the text",
                            span=frame.span) if params.unit == "words" else
                words("Drawn sign by sign; filled where {span} in a row stand in the text",
                      span=frame.span))
        else:
            self._draw_game(frame)

    def _unit(self, params: Params) -> str:
        return "word" if params.unit == "words" else "character"

    def _draw_perplexity(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        at = METHODS.index(params.method)
        curves = [Curve(ghost.frame.held_out[METHODS.index(ghost.params.method)], LENGTHS, ghost.label,
                        style="ghost") for ghost in shown.ghosts]
        curves += [Curve(frame.held_out[one], LENGTHS, words(name), series=one,
                         width=3.0 if one == at else 1.8) for one, name in enumerate(METHODS)]
        curves.append(Curve(frame.training[at], LENGTHS, "", series=at, style="dashed"))
        self.perplexity.draw(curves, [Rule(params.n, f"n = {params.n}", axis="x")])

    def _draw_next(self, frame: Frame, params: Params) -> None:
        words, at = self.words, METHODS.index(params.method)
        said = " ".join(map(legible, frame.context)) if params.unit == "words" else \
            legible("".join(frame.context))
        title = words("After “{context}”; click one for its formula", context=said) if said else \
            words("Whatever stands before; click one for its formula")
        self.next.draw(frame.odds[at], [legible(one) for one in frame.next], highlight=frame.pick,
                       series=at, title=title)
        rows = [(words("counts alone"), f"{count(frame.count)} / {count(frame.after)}",
                 decimal(frame.count / frame.after, 2) if frame.after else "–")]
        rows += [(words(method), self._formula(frame, params, one),
                  decimal(float(frame.odds[one, frame.pick]), 2)) for one, method in enumerate(METHODS)]
        self.table.draw(rows, selected=at + 1, heads=(
            words("smoothing"), words("formula of {word}", word=legible(frame.next[frame.pick])), "P"))

    def _formula(self, frame: Frame, params: Params, method: int) -> str:
        """The method's line with its numbers."""
        c, after, shorter = count(frame.count), count(frame.after), decimal(float(frame.shorter[method]), 2)
        if params.n == 1:
            shorter = f"1/{count(frame.vocabulary)}"
        taken = decimal(params.discount)
        if METHODS[method] == "add-k":
            added = decimal(params.k * frame.vocabulary)
            return f"({c} + {decimal(params.k)}) / ({after} + {added})"
        if not frame.after:
            return self.words("never read: {shorter}", shorter=shorter)
        if METHODS[method] == "interpolation":
            return f"{decimal(params.share)} · {c}/{after} + {decimal(1 - params.share)} · {shorter}"
        if METHODS[method] == "back-off":
            return f"({c} − {taken}) / {after}" if frame.count else f"{decimal(frame.left, 2)} · {shorter}"
        known = f"({c} − {taken})/{after}" if frame.count else "0"
        return f"{known} + {decimal(params.discount * frame.kinds / frame.after, 2)} · {shorter}"

    def _draw_sentence(self, frame: Frame, params: Params) -> None:
        logs = np.log(np.maximum(frame.chain, 1e-300))
        self.chain.draw(
            frame.chain, [legible(one) for one in frame.sentence], series=METHODS.index(params.method),
            title=self.words("Product of all {n}: {p}; perplexity {perplexity}", n=len(logs),
                             p=decimal(float(np.exp(max(logs.sum(), -650.0)))),
                             perplexity=decimal(float(np.exp(-logs.mean())))))

    def _draw_game(self, frame: Frame) -> None:
        words, params = self.words, self._shown.params if self._shown else None
        assert params is not None
        asked = words("Click the line that the counts wrote")
        if params.guesses:
            was = words("Right") if params.guesses[-1] == frame.before else words("Not so")
            asked = words("{was}; {right} of {all} so far. Which of these did the counts write?", was=was,
                          right=frame.right, all=len(params.guesses))
        self.lines.draw([(one,) for one in frame.lines], title=asked)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params, words = shown.frame, shown.params, self.words
        at = METHODS.index(params.method)
        best = 1 + int(frame.held_out[at].argmin())
        return words(
            "Step {measured}, {read}: {method} at n = {n} has perplexity {new} on new text and {old} on "
            "what it read; its best n is {best}. {unread} of the new n-grams were never read.",
            measured=count(shown.measured), read=quantity(frame.read, self._unit(params), words),
            method=words(params.method), new=fixed(float(frame.held_out[at, params.n - 1]), 1), n=params.n,
            old=fixed(float(frame.training[at, params.n - 1]), 1), best=best,
            unread=percent(float(frame.unread[params.n - 1])))

"""A sentence whose words grow together, what is joined next, and what it gains and costs."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from visualizers.l3_transformers.tokenization.panel import Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip, legible, visible
from widgets.theme.look import Look
from widgets.theme.numbers import compact, count, decimal, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

COUNTED = ("BPE", "byte BPE", "whole words")  # the others weigh by likelihood
JOINING = ("BPE", "byte BPE", "WordPiece")


def _pair(left: str, right: str) -> str:
    return f"{legible(left)} + {legible(right)}" if right else legible(left)


class TokenizationView(PanelView):
    """A click on a token lists the merges that it is made of."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.strip = TokenStrip(look, " ", lines=3, fills=True)
        self.real = TokenStrip(look, " ", lines=2, fills=True)
        self.facts = Readouts(look)
        self.next = BarChart(look, " ", write=decimal).calm()
        self.done = Table(look, " ", [("#", 2), (words("pieces"), 5), (words("become"), 5),
                                      (words("count"), 3)]).calm()
        self.lists = Pages(self, "table", {"next": (words("To be joined"), self.next),
                                           "done": (words("Joined"), self.done)})
        self.tokens = CurvePlot(look, "", x=words("step"), y=words("tokens a word"),
                                integer_x=True).calm()
        self.costs = CurvePlot(look, "", x=words("step"), y=words("share of all"), y_range=(0.0, 1.0),
                               integer_x=True).calm()
        self.curves = Pages(self, "curve", {"tokens": (words("Tokens a word"), self.tokens),
                                            "costs": (words("Costs"), self.costs)})

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.strip, 3)
        top.body.addWidget(self.real, 2)
        top.body.addWidget(self.facts)
        left.body.addWidget(self.lists)
        right.body.addWidget(self.curves)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Tokens"), rank=1, smallest=(360, 240), share=5),
            beside(Place(left, words("Pairs"), rank=2, smallest=(300, 210)),
                   Place(right, words("Tokens a word"), rank=3, smallest=(300, 210)), share=5))))
        self.strip.clicked.connect(self._choose)
        self._shown: Shown[Params, Frame] | None = None

    def _choose(self, index: int) -> None:
        """List what this token is made of; a second click lists all again."""
        if self._shown is not None:
            self.changed.emit("token", -1 if index == self._shown.params.token else index)
            self.changed.emit("table", "done")

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._shown = shown
        self.strip.draw(frame.tokens, weights=frame.wholes, selected=frame.made,
                        unknown=frame.unknown.nonzero()[0].tolist(), title=self._title(shown))
        title = self.words("{model} cuts it into {tokens}, out of a vocabulary of {size}",
                           tokens=quantity(len(frame.real), "token", self.words),
                           model=self.words(frame.real_name), size=count(frame.real_size))
        if (self.real.tokens, self.real.title) != (frame.real, title):  # it stands still
            self.real.draw(frame.real, unknown=frame.real_unknown.nonzero()[0].tolist(), title=title)
        self._draw_facts(shown)
        if self.lists.show_page(params.table) == "next":
            self._draw_next(frame, params)
        else:
            self._draw_done(frame, params)
        if self.curves.show_page(params.curve) == "tokens":
            self._draw_tokens(shown)
        else:
            self._draw_costs(shown)

    def _steps(self, shown: Shown[Params, Frame]) -> str:
        if shown.params.method in JOINING:
            return quantity(shown.step, "merge", self.words)
        return quantity(shown.step, "step", self.words)

    def _title(self, shown: Shown[Params, Frame]) -> str:
        return self.words("{tokens} after {steps}; one in full colour is a whole word",
                          tokens=quantity(len(shown.frame.tokens), "token", self.words),
                          steps=self._steps(shown))

    def _draw_facts(self, shown: Shown[Params, Frame]) -> None:
        """Of the words that were held out, and what the vocabulary weighs."""
        last, frame, words = shown.history.last(), shown.frame, self.words
        if "held_out" not in last:
            return
        a_word = words("tokens a held-out phrase") if frame.phrases \
            else words("tokens a held-out word")
        self.facts.draw((
            (words("vocabulary"), count(frame.vocabulary)), (a_word, fixed(last["held_out"])),
            (words("unknown words"), percent(last["unknown_words"], 1)),
            (words("weights of its embeddings"), compact(frame.weights))))

    def _draw_next(self, frame: Frame, params: Params) -> None:
        titles = {"unigram": self.words("Cheapest pieces (nats), dropped first"),
                  "WordPiece": self.words("Pairs by nats gained, the next one first"),
                  "whole words": self.words("Frequent words, the next one first")}
        title = titles.get(params.method) or self.words("Frequent pairs, the next one first")
        if not len(frame.next_lefts):
            title = self.words("Nothing is left to join")
        self.next.draw(frame.next_values, [_pair(*pair) for pair in zip(
            frame.next_lefts, frame.next_rights, strict=True)], highlight=0, title=title)

    def _draw_done(self, frame: Frame, params: Params) -> None:
        if frame.made >= 0:
            title = self.words("What “{token}” is made of",
                               token=visible(frame.tokens[frame.made].strip() or "␣"))
        elif params.method == "unigram":
            title = self.words("Dropped, the last ones first")
        elif params.method == "whole words":
            title = self.words("Taken, the last ones first")
        else:
            title = self.words("Joined, the last ones first")
        rows = [(count(number), _pair(left, right) if left else "–",
                 legible(joined), count(value) if params.method in COUNTED else decimal(value))
                for number, left, right, joined, value in zip(
                    frame.numbers.tolist(), frame.lefts, frame.rights, frame.joined,
                    frame.values.tolist(), strict=True)]
        self.done.draw(rows, title=title, heads=(
            "#", self.words("pieces"),
            self.words("become") if params.method in JOINING else self.words("piece"),
            self.words("count") if params.method in COUNTED else self.words("nats")))

    def _draw_tokens(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = [Curve(*ghost.history.points("held_out"), label=ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        curves += [Curve(*history.points("held_out"), self.words("held-out text"), series=1),
                   Curve(history["tokens_a_word"], history.steps, self.words("text learnt from"))]
        self.tokens.draw(curves, note=self.words("the same word takes fewer tokens")
                         if shown.params.method in JOINING and shown.step else "")

    def _draw_costs(self, shown: Shown[Params, Frame]) -> None:
        """What becomes cheaper with a larger vocabulary, and what becomes dearer."""
        history = shown.history
        length, at = history.points("held_out")
        first = max(length.max(initial=0.0), 1e-9)
        self.costs.draw([
            Curve((length / first) ** 2, at, self.words("pairs that attention compares")),
            Curve(*history.points("rare"), self.words("tokens seen fewer than 10 times"), series=1),
            Curve(*history.points("unknown_words"), self.words("unknown words"), series=2)])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        last = shown.history.last()
        return self.words(
            "After {steps} the sentence is {tokens}, and a held-out word takes {mean}; {model} cuts it "
            "into {real}.", steps=self._steps(shown),
            tokens=quantity(len(frame.tokens), "token", self.words),
            mean=fixed(last.get("held_out", float("nan"))), model=self.words(frame.real_name),
            real=count(len(frame.real)))

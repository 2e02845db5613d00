"""The picture of a prompt against a new head: accuracy over examples, and what the mask says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l4_tuning.prompt_vs_head.panel import (
    CLASSES,
    DRAWS,
    SHOTS,
    WORDINGS,
    Frame,
    Params,
)
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import count, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

PROMPT, HEAD = 0, 1  # rows of the frame, and their series
K = np.array(SHOTS, float)
# How the wordings read, in short: the text stands in front, or where the dots are.
READS = (". overall it was _", ". we thought it was _", ". a _ day", "a _ day . …", "_ day", ". it was _",
         "it was _", "it was _ . …")


class PromptVsHeadView(PanelView):
    """Accuracy over examples on the left; on the right the template, the odds, and other wordings."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.plot = CurvePlot(look, words("Accuracy on texts that were not learnt from"),
                              x=words("labelled examples of each class"), log_x=True,
                              x_range=(1.0, 32.0), y_range=(0.4, 1.03))
        self.readouts = Readouts(look).calm()
        self.strip = TokenStrip(look, words("Your text in the template"), lines=3).calm()
        self.said = Readouts(look).calm()
        self.wordings = BarChart(look, "", x=words("accuracy without any example"), high=1.0,
                                 write=percent).calm()
        self.wordings.clicked.connect(lambda one: self.changed.emit("template", WORDINGS[one]))
        self.odds = Table(look, "", [(words("at the mask"), 0.34), (words("stands for"), 0.26),
                                     (words("before"), 0.2), (words("tuned"), 0.2)]).calm()
        self.loss = CurvePlot(look, "", x=words("training step"), y=words("loss"), y_range=(0.0, 1.0),
                              integer_x=True).calm()
        self.pages = Pages(self, "beside", {"wordings": (words("Wordings"), self.wordings),
                                            "odds": (words("Odds of words"), self.odds),
                                            "loss": (words("Loss"), self.loss)})
        large, text, more = (Card(look) for _ in range(3))
        large.body.addWidget(self.plot, 1)
        large.body.addWidget(self.readouts)
        text.body.addWidget(self.strip)
        text.body.addWidget(self.said)
        text.body.addStretch(1)
        more.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, beside(
            Place(large, words("Accuracy"), rank=1, smallest=(380, 260), share=11),
            below(Place(text, words("Template"), rank=2, smallest=(330, 130), share=5),
                  Place(more, words("Wordings"), rank=3, smallest=(330, 220), share=8), share=9))))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        self._draw_plot(shown)
        at, total = frame.runs, DRAWS * len(SHOTS)
        self.readouts.draw([(self.words("runs done"), f"{count(at)} / {count(total)}"),
                            (self.words("numbers trained, prompt / head"),
                             f"{count(frame.trained[0])} / {count(frame.trained[1])}")])
        self._draw_text(frame)
        match self.pages.show_page(shown.params.beside):
            case "wordings":
                self._draw_wordings(shown)
            case "odds":
                self._draw_odds(frame)
            case _:
                self._draw_loss(shown)

    def _draw_plot(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        curves = []
        for ghost in shown.ghosts:
            before = np.full(len(K), ghost.frame.zero_shot)
            curves += [Curve(_known(ghost.frame.prompt), K, ghost.label, style="ghost", width=1.5),
                       Curve(before, K, "" if ghost.frame.runs else ghost.label, style="ghost", width=1.0)]
        for row in (HEAD, PROMPT):
            known = _known(frame.accuracy[row])                                 # (DRAWS, SHOTS)
            if np.isfinite(known).sum(0).max() > 1:  # from the worst to the best draw
                for edge in (np.fmin, np.fmax):
                    curves.append(Curve(edge.reduce(known), K, series=row, style="dashed",
                                        width=1.0))
        curves += [Curve(_known(frame.head), K, words("new head"), series=HEAD, width=2.5),
                   Curve(_known(frame.prompt), K, words("prompt"), series=PROMPT, width=3.0)]
        rules = [Rule(frame.zero_shot, words("prompt, no example"), series=PROMPT),
                 Rule(frame.new_head, words("new head, no example"), series=HEAD)]
        done = int((frame.accuracy[PROMPT] >= 0).any(1).sum())
        self.plot.draw(curves, rules, note=words("mean of {n} draws; dashed: worst and best", n=done)
                       if done > 1 else "")

    def _draw_text(self, frame: Frame) -> None:
        # What is scored is filled, what is trained in the second colour, what only surrounds is pale.
        weights = np.array([0.0, 0.25, 1.0, 0.8])[frame.kinds]
        series = [int(kind == 3) for kind in frame.kinds]
        self.strip.draw(frame.tokens, weights=weights, series=series,
                        title=self.words("Your text in the template: the filled token is scored"))
        self.said.draw([(self.words(name), self._answer(odds)) for name, odds in zip(
            ("prompt, untrained", "prompt, this run", "new head, this run"), frame.odds, strict=True)])

    def _answer(self, odds: NDArray[np.float32]) -> str:
        best = int(odds.argmax())
        return f"{named(best, self.words(CLASSES[best]))} {percent(float(odds[best]))}"

    def _draw_wordings(self, shown: Shown[Params, Frame]) -> None:
        names = list(READS)
        chosen = WORDINGS.index(shown.params.template) if shown.params.template in WORDINGS else -1
        values = [*shown.frame.wording_accuracy]
        if chosen < 0:
            names.append(self.words("your own"))
            values.append(np.float32(shown.frame.zero_shot))
        self.wordings.draw(values, names, highlight=chosen if chosen >= 0 else len(WORDINGS),
                           series=[int(one != (chosen if chosen >= 0 else len(WORDINGS))) * 2
                                   for one in range(len(names))])

    def _draw_odds(self, frame: Frame) -> None:
        rows = [(word, named(int(kind), self.words(CLASSES[kind])), percent(float(before), 1),
                 percent(float(now), 1))
                for word, kind, before, now in zip(frame.words, frame.word_class, *frame.word_odds,
                                                   strict=True)]
        rows += [(word, "–", percent(float(odds), 1), "") for word, odds in zip(
            frame.likely, frame.likely_odds, strict=True) if word not in frame.words]
        self.odds.draw(rows, muted=range(len(frame.words), len(rows)))

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        every = np.concatenate([history["loss"], history["head_loss"], [1.0]])
        self.loss.draw([Curve(history["head_loss"], history.steps, self.words("new head"), series=HEAD,
                              width=1.0),
                        Curve(history["loss"], history.steps, self.words("prompt"), series=PROMPT,
                              width=1.5)],
                       y_range=(0.0, float(np.ceil(np.quantile(every, 0.98)))))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if frame.prompt[0] < 0:
            return words("Without any example the prompt is right about {zero} of the texts, a new head "
                         "about {head}; nothing has been tuned yet.", zero=percent(frame.zero_shot),
                         head=percent(frame.new_head))
        last = int((frame.prompt >= 0).nonzero()[0][-1])
        return words("With one example of each class the prompt is right about {one} of the texts and a new "
                     "head about {head}; with {k} about {many} and {head_many}. Without any the prompt has "
                     "{zero}.", one=percent(frame.prompt[0]), head=percent(frame.head[0]),
                     k=count(SHOTS[last]), many=percent(frame.prompt[last]),
                     head_many=percent(frame.head[last]), zero=percent(frame.zero_shot))


def _known(accuracy: NDArray[np.float32]) -> NDArray[np.float32]:
    """NaN where nothing has been trained yet."""
    known: NDArray[np.float32] = np.where(accuracy >= 0, accuracy, np.nan)
    return known

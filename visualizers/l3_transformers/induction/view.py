"""The picture of induction: where the loss falls, which heads do it, when, and what it is good for."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l3_transformers.induction.panel import Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.headgrid import HeadGrid
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

HIGHEST = 1.5  # of the loss of guessing: a model that is sure of the wrong symbol loses more


class InductionView(PanelView):
    """The sequence and its loss by place carry the claim; beside it the heads, below it time and use."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        nats, step = words("loss in nats"), words("training step")
        self.strip = TokenStrip(look, " ", lines=2)
        self.places = CurvePlot(look, words("Loss at each place of a sequence"),
                                x=words("place in the sequence"), y=nats, integer_x=True).calm()
        self.figures = Readouts(look).calm()
        self.grid = HeadGrid(look, words("Heads: click one to knock it out"),
                             x=words("head"), y=words("layer")).calm()
        self.grid.clicked.connect(self._knock)
        self.scores = Heatmap(look, "", values=True, color_bar=False).calm()
        self.scores.clicked.connect(lambda _, head: self._knock(0, head))
        self.skill = CurvePlot(look, "", x=step, y_range=(0.0, 1.04), integer_x=True).calm()
        self.loss = CurvePlot(look, "", x=step, y=nats, integer_x=True).calm()
        self.beside = Pages(self, "beside", {"skill": (words("All at once"), self.skill),
                                             "loss": (words("Loss"), self.loss)})
        self.shots = CurvePlot(look, "", x=words("pairs in context"),
                               y_range=(0.0, 1.04), integer_x=True).calm()
        self.next = BarChart(look, " ", high=1.0, write=percent).calm()
        self.asked = Pages(self, "asked", {"shots": (words("Examples in context"), self.shots),
                                           "next": (words("Next symbol"), self.next)})
        self._frame: Frame | None = None

        top, heads, left, right = (Card(look) for _ in range(4))
        top.body.addWidget(self.strip)
        top.body.addWidget(self.places, 1)
        top.body.addWidget(self.figures)
        heads.body.addWidget(self.grid, 3)
        heads.body.addWidget(self.scores, 2)
        left.body.addWidget(self.beside)
        right.body.addWidget(self.asked)
        self.setLayout(Arrangement(look, below(
            beside(Place(top, words("Loss by place"), rank=1, smallest=(380, 270), share=11),
                   Place(heads, words("Attention"), rank=2, smallest=(270, 270), share=8), share=9),
            beside(Place(left, words("Training"), rank=3, smallest=(290, 180), share=11),
                   Place(right, words("Use"), rank=4, smallest=(270, 180), share=8), share=7))))

    def _knock(self, layer: int, head: int) -> None:
        """Leave a head out, or put it back."""
        if self._frame is not None:
            which = layer * self._frame.maps.shape[1] + head
            self.changed.emit("knocked", tuple(sorted({*self._frame.knocked} ^ {which})))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        self._frame = frame
        title = words("Your sequence: darker where it was surer") if frame.own else \
            words("A test sequence: darker where it was surer")
        self.strip.draw(frame.letters, weights=frame.odds, title=title)
        self._draw_places(shown)
        self._draw_heads(frame)
        when = self.of_step(shown)
        self.figures.draw([
            (words("loss where it repeats"), fixed(frame.repeats)),
            (words("right there"), percent(frame.accuracy)),
            *([(words("knocked out"), ", ".join(_name(one, frame) for one in frame.knocked))]
              if frame.knocked else []), *([("", when)] if when else [])])
        if self.beside.show_page(shown.params.beside) == "skill":
            self._draw_skill(shown)
        else:
            self._draw_loss(shown)
        if self.asked.show_page(shown.params.asked) == "shots":
            self._draw_shots(shown)
        else:
            self.next.draw(frame.next_odds, frame.candidates, title=words(
                "Next after “{end}”", end="".join(frame.letters[-12:])))

    def _draw_places(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        curves = [Curve(ghost.frame.loss_at, ghost.frame.at, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        if frame.knocked:
            curves.append(Curve(frame.whole_at, frame.at, self.words("all heads"), series=1,
                                style="dashed", width=1.5))
        curves.append(Curve(frame.loss_at, frame.at, width=3.0))
        self.places.draw(
            curves, [Rule(frame.guessing, self.words("guessing")),
                     Rule(frame.begins, self.words("here it begins again"), axis="x")],
            x_range=(1.0, float(frame.at[-1])), y_range=(0.0, HIGHEST * frame.guessing))

    def _draw_heads(self, frame: Frame) -> None:
        layers, heads = frame.previous.shape
        names = [str(one + 1) for one in range(max(layers, heads))]
        self.grid.draw(frame.maps, high=255.0, row_labels=names[:layers],
                       column_labels=names[:heads])
        self.scores.draw(
            np.stack([frame.previous.ravel(), frame.induction.ravel()]), low=0.0, high=1.0,
            x_labels=[_name(one, frame) for one in range(layers * heads)],
            y_labels=[self.words("just before"), self.words("what came next")],
            marks=[(row, one) for one in frame.knocked for row in (0, 1)],
            title=self.words("How much they look …"))

    def _draw_skill(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        curves = [Curve(*ghost.history.points("repeats_accuracy"), ghost.label, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        curves += [
            Curve(*history.points("previous_score"), words("previous-token head"), series=2,
                  width=1.5),
            Curve(*history.points("induction_score"), words("induction head"), series=1),
            Curve(*history.points("repeats_accuracy"), words("right answers"), width=2.5),
        ]
        self.skill.draw(curves, y_range=(0.0, 1.04))

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        curves = ghost_curves(shown.ghosts, "repeats_loss")
        curves += [
            Curve(*history.points("fresh_loss"), words("before it repeats"), series=1),
            Curve(*history.points("repeats_loss"), words("where it repeats"), width=2.5),
        ]
        self.loss.draw(curves, [Rule(shown.frame.guessing, words("guessing"))],
                       y_range=(0.0, HIGHEST * shown.frame.guessing))

    def _draw_shots(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        pairs = np.arange(len(frame.shots))
        curves = [Curve(ghost.frame.shots, np.arange(len(ghost.frame.shots)), ghost.label,
                        style="ghost", width=1.5) for ghost in shown.ghosts]
        curves += [Curve(frame.shown, pairs, words("answer shown"), series=1, style="dashed",
                         width=1.5),
                   Curve(frame.shots, pairs, words("right answers"), width=2.5)]
        self.shots.draw(curves, [Rule(float(np.exp(-frame.guessing)), words("guessing"))],
                        y_range=(0.0, 1.04), x_range=(0.0, float(pairs[-1])))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        layer, head = divmod(int(frame.induction.argmax()), frame.induction.shape[1])
        said = words(
            "Step {measured}: loss {fresh} before a sequence repeats, {repeats} where it does, {accuracy} "
            "right. Most at what came next looks head {layer}.{head}, {score}. After {pairs} {shots} of "
            "answers are right.",
            measured=count(shown.measured), fresh=fixed(frame.fresh), repeats=fixed(frame.repeats),
            accuracy=percent(frame.accuracy), head=head + 1, layer=layer + 1,
            score=percent(float(frame.induction.max())),
            pairs=quantity(len(frame.shots) - 1, "pair", words), shots=percent(frame.shots[-1]))
        if frame.knocked:
            said += words(" Knocked out: {out}.", out=", ".join(_name(one, frame) for one in frame.knocked))
        return said


def _name(which: int, frame: Frame) -> str:
    """A head by its layer and its number, 2.1."""
    layer, head = divmod(which, frame.maps.shape[1])
    return f"{layer + 1}.{head + 1}"

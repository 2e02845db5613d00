"""The picture of a CNN for sentences: which windows its filters choose, and where that works."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l2_networks.text_cnn.panel import Frame, Params, sentence_key
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.numbers import count, percent
from widgets.views.cards import Card, Switch, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

BESIDE = ("accuracy", "loss")


class TextCNNView(PanelView):
    """The sentence and its feature maps on top, the filters beside; below, training and position."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.strip = TokenStrip(look, " ", lines=2)
        self.strip.clicked.connect(self._remove)
        self.maps = Heatmap(look, " ", x=words("filter"), palette="sequential", color_bar=False)
        self.maps.clicked.connect(lambda _, chosen: self._choose(chosen))
        self.readouts = Readouts(look).calm()
        self.sizes = Readouts(look).calm()
        self.table = Table(look, words("Filters and what they answer to"), [
            ("", 0.09), (words("top n-grams"), 0.49), ("", 0.42)]).calm()
        self.table.clicked.connect(lambda one: self._choose(-1 - one))  # it begins with the last

        self.switch = Switch(look, [words("Accuracy"), words("Loss")])
        self.switch.chosen.connect(lambda index: self.changed.emit("beside", BESIDE[index]))
        self.accuracy = CurvePlot(look, "", x=words("training step"), y_range=(0.0, 1.0),
                                  integer_x=True).calm()
        self.loss = CurvePlot(look, "", x=words("training step"), y_range=(0.0, 1.0),
                              integer_x=True).calm()
        self.stack = stacked(self.accuracy, self.loss)
        self.position = CurvePlot(
            look, words("Accuracy when sentences are moved"),
            x=words("places to the right"), y_range=(0.0, 1.0), integer_x=True).calm()
        self._frame: Frame | None = None
        self._params = Params()

        top, filters, left, right = (Card(look) for _ in range(4))
        top.body.addWidget(self.strip)
        top.body.addWidget(self.maps, 1)
        top.body.addWidget(self.readouts)
        filters.body.addWidget(self.table, 1)
        filters.body.addWidget(self.sizes)
        left.body.addWidget(self.switch)
        left.body.addWidget(self.stack, 1)
        right.body.addWidget(self.position)
        self.setLayout(Arrangement(look, below(
            beside(Place(top, words("Sentence"), rank=1, smallest=(365, 250), share=11),
                   Place(filters, words("Filters"), rank=2, smallest=(360, 190), share=9), share=8),
            beside(Place(left, words("Accuracy"), rank=3, smallest=(280, 180)),
                   Place(right, words("Moved"), rank=4, smallest=(280, 170)), share=5))))

    # --- what a click does

    def _choose(self, chosen: int) -> None:
        if self._frame is not None:
            self.changed.emit("filter", int(self._frame.numbers[chosen]))

    def _remove(self, token: int) -> None:
        """Leave a word out, or put it back."""
        if self._frame is not None:
            left_out = set(self._frame.removed) ^ {token}
            self.changed.emit("removed", (sentence_key(self._params), *sorted(left_out))
                              if left_out else ())

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame, self._params = frame, params
        self._draw_sentence(frame, params)
        self._draw_maps(frame, params)
        self._draw_table(frame)
        cnn, mlp = self._answer(frame.odds, frame), self._answer(frame.mlp_odds, frame)
        said = [(self.words("the CNN says"), cnn), (self.words("the MLP says"), mlp)]
        if frame.label >= 0:
            said.append((self.words("label"), self.words(frame.names[frame.label])))
        self.readouts.draw(said)
        self.sizes.draw([(self.words("numbers learnt, CNN / MLP"),
                          f"{count(frame.sizes[0])} / {count(frame.sizes[1])}")])
        beside = BESIDE.index(params.beside) if params.beside in BESIDE else 0
        self.switch.set(beside)
        self.stack.setCurrentIndex(beside)
        (self._draw_accuracy, self._draw_loss)[beside](shown)
        self._draw_position(shown)

    def _answer(self, odds: NDArray[np.float32], frame: Frame) -> str:
        best = int(odds.argmax())
        return f"{self.words(frame.names[best])} {percent(odds[best])}"

    def _draw_sentence(self, frame: Frame, params: Params) -> None:
        """Each word in the colour of the class that the chosen windows around it speak for."""
        h, n = params.window, len(frame.tokens)
        said = frame.weights * frame.best                                       # (M,)
        share = np.zeros(n + h)
        for offset in range(h):
            np.add.at(share, frame.where + offset, said / h)
        share[list(frame.removed)] = 0
        share = share[:n]
        weights = np.abs(share) / max(1.0, float(np.abs(share).max(initial=0.0)))
        title = self.words("Your sentence: click a word to leave it out") if frame.label < 0 else \
            self.words("A test sentence: click a word to leave it out")
        if frame.shortened:
            title = self.words("The first {count} words are read; click one to leave it out", count=n)
        if frame.unknown.any():
            title += self.words("; dotted: not in the vocabulary")
        self.strip.draw(frame.tokens, weights=weights, series=[int(one < 0) for one in share],
                        muted=frame.removed, unknown=np.flatnonzero(frame.unknown).tolist(), title=title)

    def _draw_maps(self, frame: Frame, params: Params) -> None:
        h, n, between = params.window, len(frame.tokens), "" if frame.language == "zh" else " "
        tokens = ["·" if one in frame.removed else token for one, token in enumerate(frame.tokens)]
        names = [between.join(tokens[at : at + h]) for at in range(len(frame.maps))]
        self.maps.draw(
            frame.maps, low=0.0, high=max(0.5, float(frame.maps.max(initial=0.0))),
            x_labels=[str(one + 1) for one in frame.numbers], y_labels=names,
            marks=[(int(where), one) for one, where in enumerate(frame.where) if frame.best[one] > 0],
            column=frame.chosen, title=self.words(
                "Feature maps: {n} − {h} + 1 = {count} windows", n=n, h=h,
                count=len(frame.maps)) if n >= h else self.words(
                "Feature maps: the sentence is shorter than a window"))

    def _draw_table(self, frame: Frame) -> None:
        each = frame.top_values.shape[1]
        rows = []
        for one, number in enumerate(frame.numbers):
            grams = tuple(gram for gram, value in zip(frame.top[one * each :], frame.top_values[one],
                                                  strict=False) if value > 0)
            rows.append((str(number + 1), grams or self.words("none"),
                         float(frame.weights[one])))
        against = frame.names[1 - frame.sign] if len(frame.names) == 2 else "others"
        self.table.draw(rows[::-1], selected=len(rows) - 1 - frame.chosen,
                        muted=[len(rows) - 1 - int(one) for one in np.flatnonzero(frame.idle)],
                        heads=("", self.words("top n-grams"),
                               f"{self.words(against)} ◂ ▸ {self.words(frame.names[frame.sign])}"))

    def _draw_accuracy(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = [Curve(*ghost.history.points("accuracy"), ghost.label, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        curves += [
            Curve(*history.points("mlp_train_accuracy"), series=1, width=1.0, style="dashed"),
            Curve(*history.points("train_accuracy"), width=1.0, style="dashed"),
            Curve(*history.points("mlp_accuracy"), "MLP", series=1),
            Curve(*history.points("accuracy"), "CNN", width=2.5),
        ]
        best = self._best(shown.frame, self.words("all that such n-grams allow"))
        self.accuracy.draw(curves, best, y_range=_room(shown.frame),
                           note=self.words("validation; training dashed"))

    def _best(self, frame: Frame, label: str = "") -> list[Rule]:
        return [Rule(frame.best_possible, label)] if 0 < frame.best_possible < 1 else []

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = [Curve(*ghost.history.points("valid_loss"), ghost.label, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        curves += [
            Curve(*history.points("mlp_loss"), series=1, width=1.0, style="dashed"),
            Curve(*history.points("loss"), width=1.0, style="dashed"),
            Curve(*history.points("mlp_valid_loss"), "MLP", series=1),
            Curve(*history.points("valid_loss"), "CNN", width=2.5),
        ]
        every = np.concatenate([history.points("valid_loss")[0],
                                history.points("mlp_valid_loss")[0], [1.0]])
        self.loss.draw(curves, y_range=(0.0, float(np.ceil(np.quantile(every, 0.95)))),
                       note=self.words("validation; training dashed"))

    def _draw_position(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        curves = [Curve(ghost.frame.accuracy_at, ghost.frame.shifts, ghost.label, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        curves += [Curve(frame.mlp_accuracy_at, frame.shifts, "MLP", series=1),
                   Curve(frame.accuracy_at, frame.shifts, "CNN", width=2.5)]
        last = shown.params.seen - 1
        rules = [Rule(last, self.words("up to here in training"), axis="x")] \
            if last < frame.shifts[-1] else []
        self.position.draw(curves, [*rules, *self._best(frame)], y_range=_room(frame),
                           x_range=(0.0, float(frame.shifts[-1])), note=self.of_step(shown))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params = shown.frame, shown.params
        chosen = frame.chosen
        between = "" if frame.language == "zh" else " "
        at = int(frame.where[chosen])
        return self.words(
            "Step {measured}: the CNN has {accuracy} of the test sentences right, {moved} if moved by "
            "{shift} places; the MLP {mlp} and {mlp_moved}. At step {step} filter {filter} chose “{gram}”: "
            "{answer}.",
            measured=count(shown.measured), step=count(shown.step), accuracy=percent(frame.accuracy_at[0]),
            moved=percent(frame.accuracy_at[-1]), shift=int(frame.shifts[-1]),
            mlp=percent(frame.mlp_accuracy_at[0]), mlp_moved=percent(frame.mlp_accuracy_at[-1]),
            filter=int(frame.numbers[chosen]) + 1,
            gram=between.join(frame.tokens[at : at + params.window]),
            answer=self._answer(frame.odds, frame))


def _room(frame: Frame) -> tuple[float, float]:
    """From somewhat below guessing to all right."""
    return 0.4 if len(frame.names) == 2 else 0.0, 1.04

"""A word's one static vector beside its many in context; below, what is nearest, and how far they part."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from visualizers.l1_basics.polysemy.panel import MADE, NEAREST, STEPS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, Style, ghost_curves
from widgets.pictures.scatter import ScatterPlot
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

STYLES: tuple[Style, ...] = ("solid", "dashed", "solid", "solid")  # of each word


class PolysemyView(PanelView):
    """Two maps side by side carry the claim."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        main = words("main direction (PCA)")
        second = words("second direction")
        self.static = ScatterPlot(look, " ", x=main, y=second, from_zero=False, dot=3.6)
        self.context = ScatterPlot(look, " ", x=main, y=second, from_zero=False, dot=3.6)
        self.context.clicked.connect(self._pick)
        self.table = Table(look, " ", [(words("nearest to it"), 7.6), (words("meaning"), 2.4)])
        self.score = CurvePlot(look, words("How far the meanings part"), y=words("silhouette"),
                               y_range=(-0.2, 1.0), integer_x=True).calm()
        self.score.clicked.connect(self._choose_layer)
        self._frame: Frame | None = None
        self._layers = False  # whether the score is drawn over layers

        top, left, right = Card(look), Card(look), Card(look)
        maps = QHBoxLayout()
        maps.setSpacing(look.px(12))
        maps.addWidget(self.static, 1)
        maps.addWidget(self.context, 1)
        top.body.addLayout(maps, 1)
        left.body.addWidget(self.table)
        right.body.addWidget(self.score)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Occurrences"), rank=1, smallest=(540, 250), share=3),
            beside(Place(left, words("Nearest"), rank=2, smallest=(350, 160), share=6),
                   Place(right, words("Score"), rank=3, smallest=(280, 160), share=5), share=2))))

    # --- what a click does

    def _pick(self, point: int) -> None:
        if self._frame is not None and point < len(self._frame.sentences):
            self.changed.emit("picked", point)

    def _choose_layer(self, x: float, _y: float) -> None:
        if self._layers and self._frame is not None:
            self.changed.emit("layer", int(min(max(round(x), 0), self._frame.silhouette.shape[1] - 1)))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._frame = shown.frame
        self._layers = shown.params.texts not in MADE
        self._draw_static(shown)
        self._draw_context(shown)
        self._draw_table(shown.frame)
        self._draw_score(shown)

    def _draw_static(self, shown: Shown[Params, Frame]) -> None:
        frame, word = shown.frame, shown.frame.names[shown.frame.chosen]
        last = len(frame.vocabulary) - 1
        order = [last, *(frame.vocabulary.index(one) for one in frame.static_near if one in frame.vocabulary),
                 *range(last)]
        self.static.draw(
            frame.places[:, 0], frame.places[:, 1], frame.vocabulary, series=frame.group,
            series_names=(*frame.fields, word), labelled=list(dict.fromkeys(order)), selected=[last],
            title=self.words("Static: one vector for “{word}”", word=word))

    def _draw_context(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        points = np.concatenate([frame.points, frame.own])
        names = [*frame.sentences, *([words("your sentence")] * len(frame.own))]
        series = np.concatenate([frame.sense, np.full(len(frame.own), 2)]).astype(np.intp)
        own = [len(points) - 1] if len(frame.own) else []
        self.context.draw(
            points[:, 0], points[:, 1], names, series=series, selected=own or [frame.picked][: len(points)],
            series_names=(*frame.fields, *([words("your sentence")] if own else [])),
            title=words("In context: {n} vectors", n=len(frame.sentences)))

    def _draw_table(self, frame: Frame) -> None:
        words = self.words
        if not frame.sentences:
            self.table.draw([], title=words("No sentence has been read yet"))
            return
        sense = frame.sense[frame.picked]
        word = frame.names[frame.chosen]
        rows = [(_around(frame.sentences[one], word),
                 _marked(frame.fields[frame.sense[one]], frame.sense[one] == sense)) for one in frame.near]
        self.table.draw(rows, title=frame.sentences[frame.picked])

    def _draw_score(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        one_point = Rule(0.0, words("static: one point"))
        if self._layers:
            layers = np.arange(frame.silhouette.shape[1])
            curves = []
            for ghost in shown.ghosts:
                row = ghost.frame.silhouette[ghost.frame.chosen]
                curves.append(Curve(row, np.arange(len(row)), ghost.label, style="ghost"))
            curves += [Curve(row, layers, name, at, STYLES[at], self._width(frame, at))
                       for at, (name, row) in enumerate(zip(frame.names, frame.silhouette, strict=True))]
            self.score.draw(curves, [one_point, Rule(frame.layer, words("layer"), axis="x")],
                            x_range=(0.0, float(layers[-1])),
                            title=words("How far the meanings part, by layer"))
            return
        curves = ghost_curves(shown.ghosts, f"silhouette_{frame.chosen}")
        for at, name in enumerate(frame.names):
            curves.append(Curve(*shown.history.points(f"silhouette_{at}"), name, at, STYLES[at],
                                self._width(frame, at)))
        self.score.draw(curves, [one_point], x_range=(0.0, float(STEPS)),
                        title=words("How far the meanings part, by step"), note=self.of_step(shown))

    @staticmethod
    def _width(frame: Frame, at: int) -> float:
        return 3.0 if at == frame.chosen else 1.4

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if not frame.sentences:
            return words("No sentence has been read yet.")
        at = (frame.chosen, frame.layer)
        values = {"word": frame.names[frame.chosen], "silhouette": fixed(float(frame.silhouette[at])),
                  "step": count(shown.measured)}
        if not shown.params.sentence.strip():
            return words("Step {step}: of all “{word}”, {right} have their own meaning nearest; silhouette "
                         "{silhouette}. Static, they are one point, near {near}.",
                         right=percent(float(frame.right[at])),
                         near=words(", ").join(frame.static_near[:4]), **values)
        first = frame.votes > NEAREST // 2
        said = words("Step {step}: “{word}” does not stand in your sentence; silhouette {silhouette}.",
                     **values) if frame.votes < 0 else \
            words("Step {step}: in your sentence “{word}” is {field}, say {votes} of its {n} nearest; "
                  "silhouette {silhouette}.", field=frame.fields[0 if first else 1], n=NEAREST,
                  votes=frame.votes if first else NEAREST - frame.votes, **values)
        if frame.unknown:
            said += words(" Not known to the network: {words}.", words=words(", ").join(frame.unknown[:4]))
        return said


def _around(text: str, word: str) -> str:
    """The word with three words to each side, as a concordance shows it."""
    words = text.split()
    at = next((at for at, one in enumerate(words) if one.lower().strip(".,") == word), None)
    if at is None:  # no spaces between words, and no long sentences
        return text
    begin, end = max(0, at - 3), min(len(words), at + 4)
    return f"{'… ' if begin else ''}{' '.join(words[begin:end])}{' …' if end < len(words) else ''}"


def _marked(field: str, same: bool) -> str:
    """A meaning, with a mark where it is the one asked for."""
    return f"{field} ✓" if same else field

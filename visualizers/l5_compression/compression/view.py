"""The picture of the kitchen: the recipe, where it leads, and what it does to layers and answers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from visualizers.l5_compression.compression.panel import (
    CARDS,
    LONG,
    LONGEST,
    PICTURES,
    Frame,
    Params,
)
from visualizers.panel import Shown
from widgets.pictures.barrows import BarRows
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, ghost_curves
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.scatter import ScatterPlot
from widgets.pictures.tokens import TokenStrip, legible
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, percent, size, times
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

# BMCook's README, T5-3B (github.com/OpenBMB/BMCook): how many times faster, and the share of the score kept.
BMCOOK = (("P+D", 2, 0.988), ("P+D+Q", 8, 0.986), ("P+D+Q+M", 12, 0.974), ("T5-Base", 7, 0.950))
PATH, _, ALONE, PUBLISHED = range(4)  # series of the plot


class CompressionView(PanelView):
    """Recipe and plot on the left; on the right one answer before and after, and pages."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.shelf = TokenStrip(look, "", lines=2)
        self.shelf.setAccessibleName(words("Cards that can be added"))
        self.shelf.clicked.connect(self._add)
        self.recipe = TokenStrip(
            look, words("Recipe: click a card to take it out; those below add one"), lines=2)
        self.recipe.clicked.connect(self._take_out)
        self.plot = ScatterPlot(look, "", x=words("size in kB"), y=words("accuracy"), log_x=True,
                                from_zero=False, dot=4.0, walk=True)
        self.plot.setMinimumSize(look.px(220), look.px(124))
        self.plot.setAccessibleName(words("Accuracy and size"))
        self.readouts = Readouts(look).calm()
        self.image = Heatmap(look, "", square=True, color_bar=False).calm()
        self.image.setAccessibleName(words("the picture; a click shows the next one"))
        self.image.clicked.connect(self._next_picture)
        self.image.setFixedSize(look.px(124), look.px(124))
        self.answers = BarRows(look, words("One answer, before and after")).calm()
        self.layers = BarChart(look, "", x=words("accuracy"), high=1.0, write=_share).calm()
        self.alone = BarChart(look, "", x=words("accuracy"), high=1.0, write=_share).calm()
        self.alone.clicked.connect(self._choose)
        self.time = CurvePlot(look, "", x=words("training step"), y=words("accuracy"), y_range=(0.0, 1.05),
                              integer_x=True).calm()
        self.speed = BarChart(look, "", x=words("milliseconds for all products"), write=decimal).calm()
        self.pages = Pages(self, "beside", {
            "layers": (words("Layers"), self.layers), "cards": (words("Card by card"), self.alone),
            "time": (words("Over time"), self.time), "speed": (words("Speed"), self.speed)})
        self._picture = -1
        self._cards: tuple[str, ...] = ()
        self._recipe: tuple[str, ...] = ()

        large, answer, more = (Card(look) for _ in range(3))
        large.body.addWidget(self.recipe)
        large.body.addWidget(self.shelf)
        large.body.addWidget(self.plot, 1)
        large.body.addWidget(self.readouts)
        across, picture = QHBoxLayout(), QVBoxLayout()
        picture.addWidget(self.image, 0, Qt.AlignmentFlag.AlignTop)
        across.addLayout(picture)
        across.addWidget(self.answers, 1)
        answer.body.addLayout(across, 1)
        more.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, beside(
            Place(large, words("Accuracy and size"), rank=1, smallest=(365, 330), share=12),
            below(Place(answer, words("Before and after"), rank=2, smallest=(310, 190), share=4),
                  Place(more, words("Layers"), rank=3, smallest=(310, 210), share=5), share=9))))

    # --- what a click does

    def _add(self, index: int) -> None:
        if len(self._recipe) < LONGEST:
            self.changed.emit("recipe", (*self._recipe, self._offered()[index]))

    def _take_out(self, index: int) -> None:
        self.changed.emit("recipe", (*self._recipe[:index], *self._recipe[index + 1 :]))

    def _choose(self, index: int) -> None:
        self.changed.emit("card", self._cards[index])

    def _next_picture(self) -> None:
        self.changed.emit("picture", (self._picture + 1) % PICTURES)

    def _offered(self) -> tuple[str, ...]:
        return tuple(one for one in CARDS if one in self._cards or one in LONG)

    # --- drawing

    def _card(self, name: str, params: Params) -> str:
        """A card with its amount."""
        amount = {"prune": percent(params.sparsity), "neurons": f"−{percent(params.removed)}",
                  "heads": f"−{percent(params.removed)}", "quantise": count(params.bits),
                  "low rank": count(params.rank), "tune": count(params.tuning),
                  "distil": count(params.tuning)}.get(name, "")
        return f"{self.words(name)}\u00a0{amount}".strip()

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._cards, self._recipe = frame.cards, frame.recipe
        self.shelf.draw([words(one) for one in self._offered()])
        waiting = [""] if not frame.recipe else [self._card(one, params) for one in frame.recipe]
        self.recipe.draw([words("no card yet")] if not frame.recipe else waiting,
                         weights=[float(at < frame.done) for at in range(len(waiting))],
                         muted=[at for at in range(len(waiting)) if at >= frame.done])
        self._draw_plot(shown)
        self.readouts.draw([
            (words("now"), f"{size(frame.now_bytes)}, {_share(frame.now_right)}"),
            (words("smaller by"), times(frame.path_bytes[0] / frame.now_bytes)),
            (words("steps to go"), count(frame.to_go))])
        self._draw_answer(shown)
        match self.pages.show_page(params.beside):
            case "layers":
                self._draw_layers(frame, params)
            case "cards":
                self._draw_cards(frame, params)
            case "time":
                history = shown.history
                ghosts = ghost_curves(shown.ghosts, "accuracy")
                self.time.draw([*ghosts, Curve(*history.points("accuracy"), words("compressed"), width=2.5)])
            case _:
                self._draw_speed(shown)

    def _draw_plot(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        whole, right = frame.path_bytes[0] / 1000, float(frame.path_right[0])
        way = [words("as trained"), *(f"{at + 1} {words(one)}" for at, one in enumerate(frame.recipe))]
        walked = [*zip(frame.path_bytes / 1000, frame.path_right, way, strict=False)]
        if (frame.now_bytes, frame.now_right) != (frame.path_bytes[-1], frame.path_right[-1]):
            walked.append((frame.now_bytes / 1000, frame.now_right, words("now")))
        groups = [
            walked,
            [*zip(frame.try_bytes / 1000, frame.try_right, frame.try_names, strict=True)],
            [*zip(frame.alone_bytes / 1000, frame.alone_right,
                  [self._card(one, params) for one in frame.cards], strict=True),
             (frame.plan_bytes / 1000, frame.plan_right, words("recipe, untuned"))],
            [(whole / faster, right * kept, f"{name}, {faster} ×") for name, faster, kept in BMCOOK]]
        points = [(x, y, name, series) for series, group in enumerate(groups) for x, y, name in group]
        x, y, names, series = (list(one) for one in zip(*points, strict=True))
        kinds = np.array(series)
        self.plot.draw(
            np.array(x), np.array(y), names, series=kinds,
            series_names=[words("recipe"), words("earlier"), words("one card"), words("BMCook, × faster")],
            labelled=[*np.flatnonzero(kinds == ALONE), *np.flatnonzero(kinds == PUBLISHED)],
            selected=np.flatnonzero(kinds == PATH).tolist(),
            ghosts=[(ghost.label, ghost.frame.path_bytes / 1000, ghost.frame.path_right)
                    for ghost in shown.ghosts])

    def _draw_answer(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        digits, self._picture = frame.picture >= 0, frame.picture
        self.image.setVisible(digits)
        if digits:
            self.image.draw(frame.image, low=0.0, high=1.0, x_labels=[""] * 8, y_labels=[""] * 8)
            title = words("The answer that changed most, a {digit}", digit=frame.options[frame.answer]) \
                if shown.params.picture < 0 else words("Picture {n}, a {digit}", n=frame.picture,
                                                       digit=frame.options[frame.answer])
        else:
            title = words("What comes next, after “{text}”", text=shown.params.prompt[-24:])
        full = max(0.01, float(max(frame.before.max(), frame.after.max())))
        self.answers.draw(np.stack([frame.before, frame.after]), [words("as trained"), words("now")],
                          [legible(one) for one in frame.options], series=(1, 0),
                          lit=frame.answer, title=title, tops=None if digits else np.full(2, full),
                          notes=() if digits else [words("full: {share}", share=percent(full))] * 2)

    def _draw_layers(self, frame: Frame, params: Params) -> None:
        card = params.card if params.card in frame.cards else frame.cards[0]
        names = [self._layer(one) for one in frame.layers]
        self.layers.draw(frame.layer_right, names, highlight=int(frame.layer_right.argmin()),
                         title=self.words("One layer alone after “{card}”, not tuned",
                                          card=self._card(card, params)))

    def _draw_cards(self, frame: Frame, params: Params) -> None:
        chosen = frame.cards.index(params.card) if params.card in frame.cards else 0
        self.alone.draw(frame.alone_right, [self._card(one, params) for one in frame.cards], highlight=chosen,
                        title=self.words("Each card alone, not tuned: click one for its layers"))

    def _draw_speed(self, shown: Shown[Params, Frame]) -> None:
        dense, stored = (shown.history.newest(one)[1] for one in ("dense_ms", "stored_ms"))
        self.speed.draw([dense, stored], [self.words("as trained"), self.words("as stored now")],
                        series=[1, 0], title=self.words("Measured on this machine"))

    def _layer(self, name: str) -> str:
        kind, _, number = name.partition(" ")
        return self.words("Layer {number}", number=number) if kind == "layer" else name

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        return self.words(
            "Step {step}, cards through: {done} of {all}. The network takes {size} instead of {whole}, "
            "and {right} of the held-out answers are right instead of {before}.", step=count(shown.measured),
            done=frame.done, all=len(frame.recipe), size=size(frame.now_bytes),
            whole=size(frame.path_bytes[0]), right=_share(frame.now_right),
            before=_share(float(frame.path_right[0])))


def _share(value: float) -> str:
    return percent(value, 1)

"""The picture of one backbone with many small files: what they learn, where they sit, what they cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l4_tuning.delta_lab.panel import METHODS, SEEDS, TASKS, Frame, Params
from visualizers.panel import Shown
from visualizers.shapes import Float32
from widgets.pictures.bars import BarChart
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.marked import Entry, MarkedTexts, Span
from widgets.pictures.readouts import Readouts
from widgets.pictures.scatter import ScatterPlot
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import count, percent, size
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

LORA, FULL = 3, 5


class DeltaLabView(PanelView):
    """Accuracy over the share of weights on the left; answers, tree and seeds on the right, and the cost."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self._methods: NDArray[np.intp] = np.zeros(0, np.intp)  # of each point
        self.shares = ScatterPlot(look, words("Accuracy over the share of weights trained"),
                                  x=words("% of the backbone's weights"), y=words("accuracy"),
                                  log_x=True, dot=4.5).calm()
        self.shares.clicked.connect(lambda point: self.changed.emit("method", int(self._methods[point])))
        self.readouts = Readouts(look).calm()
        self.answers = MarkedTexts(look, "", share=0.34, narrow=200).calm()
        self.tree = Table(look, "", ((words("part of the backbone"), 7), (words("its numbers"), 4),
                                     (words("trained"), 4))).calm()
        self.seeds = Heatmap(look, "", x=words("task and seed"), palette="sequential", values=True,
                             write=percent, color_bar=False).calm()
        self.seeds.clicked.connect(lambda row, _: self.changed.emit("method", row))
        self.bars = BarChart(look, "", write=size).calm()
        self.bars.clicked.connect(lambda row: self.changed.emit("method", row))
        self.memory = BarChart(look, "", write=size).calm()
        self.memory.clicked.connect(lambda row: self.changed.emit("method", row))
        self.pages = Pages(self, "beside", {
            "answers": (words("Answers"), self.answers), "tree": (words("Modules"), self.tree),
            "seeds": (words("Each seed"), self.seeds)})
        self.costs = Pages(self, "cost", {"file": (words("File"), self.bars),
                                          "memory": (words("Peak memory"), self.memory)})

        large, inside, cost = (Card(look) for _ in range(3))
        large.body.addWidget(self.shares, 1)
        large.body.addWidget(self.readouts)
        inside.body.addWidget(self.pages)
        cost.body.addWidget(self.costs)
        self.setLayout(Arrangement(look, beside(
            Place(large, words("Accuracy"), rank=1, smallest=(380, 280), share=10),
            below(Place(inside, words("One backbone"), rank=2, smallest=(340, 220), share=6),
                  Place(cost, words("Cost"), rank=3, smallest=(340, 210), share=5), share=9))))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        method = max(0, min(shown.params.method, len(METHODS) - 1))
        self._draw_shares(shown, method)
        self.readouts.draw([
            (words("all detached, the same as never attached"),
             words("bit for bit") if frame.identical else words("no")),
            (words("numbers of the backbone with a gradient"), count(frame.gradients))])
        match self.pages.show_page(shown.params.beside):
            case "answers":
                self._draw_answers(shown, method)
            case "tree":
                self._draw_tree(frame, method)
            case "seeds":
                self._draw_seeds(frame, method)
        named = [words(one) for one in METHODS]
        if self.costs.show_page(shown.params.cost) == "file":
            self.bars.draw(frame.file, named, highlight=method, title=words("Bytes kept for one task"))
        else:
            self.memory.draw(
                frame.peak, named, highlight=method, series=2, title=words(
                    "The most at once; {method} keeps {kept} of activations", method=named[method],
                    kept=size(frame.memory[method, 0]))
                if frame.peak.any() else words("Measured with the first update: press Play"))

    def _draw_shares(self, shown: Shown[Params, Frame], method: int) -> None:
        frame, words = shown.frame, self.words
        share, mean = 100 * frame.trained / frame.whole, frame.mean
        known = np.argwhere(mean >= 0)                                         # (points, method and task)
        self._methods = known[:, 0]
        newest = int(known[:, 1].max())
        self.shares.draw(
            share[known[:, 0]], mean[known[:, 0], known[:, 1]], [words(METHODS[one]) for one in known[:, 0]],
            series=known[:, 1], series_names=[words(one) for one in TASKS],
            labelled=np.flatnonzero(known[:, 1] == newest).tolist(), y_range=(0.0, 1.02),
            selected=np.flatnonzero(known[:, 0] == method).tolist(),
            ghosts=[(ghost.label, 100 * ghost.frame.trained / ghost.frame.whole,
                     _over(ghost.frame.mean)) for ghost in shown.ghosts])

    def _draw_answers(self, shown: Shown[Params, Frame], method: int) -> None:
        frame, words, attach = shown.frame, self.words, shown.params.attach
        waits = "attach" in shown.idle
        if attach == "nothing" or waits:
            title = words("No delta yet: the bare backbone, “overall it was …”") if waits else \
                words("Nothing attached: “overall it was …”")
        else:
            title = words("Attached: {task}, {method}", task=words(attach), method=words(METHODS[method]))
        bare = attach == "nothing" or waits
        self.answers.draw([
            Entry((Span(text),), (Span(f"{answer if bare else words(answer)} {percent(odds)}", muted=bare),))
            for text, answer, odds in zip(frame.asked, frame.answers, frame.odds, strict=True)], title=title)

    def _draw_tree(self, frame: Frame, method: int) -> None:
        rows: list[tuple[str, str, str]] = []
        muted: list[int] = []
        headed: set[str] = set()
        for name in frame.parts:
            *above, _ = name.split(".")
            for depth in range(2, len(above) + 1):  # "blocks.0" and "blocks.0.attention": all that is in them
                if (head := ".".join(above[:depth])) not in headed:
                    headed.add(head)
                    self._branch(rows, muted, frame, method, head)
            self._branch(rows, muted, frame, method, name)
        self.tree.draw(rows, muted=muted,
                       title=self.words("What {method} trains, and where",
                                        method=self.words(METHODS[method])))

    def _branch(self, rows: list[tuple[str, str, str]], muted: list[int], frame: Frame, method: int,
                name: str) -> None:
        """A line of the tree: a part, or several together, with its numbers and those trained there."""
        inside = [at for at, part in enumerate(frame.parts) if part == name or part.startswith(f"{name}.")]
        own, more = int(frame.own[inside].sum()), int(frame.added[method, inside].sum())
        above, _, last = name.rpartition(".")
        shown = self.words("block {n}", n=int(last) + 1) if above == "blocks" else last
        if not more:
            muted.append(len(rows))
        rows.append((f"{'    ' * max(0, name.count('.') - 1)}{shown}", count(own), f"+ {count(more)}" if more
                     else "–"))

    def _draw_seeds(self, frame: Frame, method: int) -> None:
        words = self.words
        known = np.where(frame.accuracy >= 0, frame.accuracy, np.nan)
        self.seeds.draw(known.reshape(len(METHODS), -1), low=0.0, high=1.0, row=method,
                        y_labels=[words(one) for one in METHODS],
                        x_labels=[f"{words(task)} {seed + 1}" for task in TASKS for seed in range(SEEDS)])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        mean = _over(frame.mean)
        return self.words(
            "Step {step}, mean over what was trained: LoRA {lora} with {share} of the weights and a file of "
            "{file}, full tuning {full} with all of them and {whole}.", step=count(shown.measured),
            lora=percent(mean[LORA]), share=percent(frame.trained[LORA] / frame.whole, 1),
            file=size(frame.file[LORA]), full=percent(mean[FULL]), whole=size(frame.file[FULL]))


def _over(mean: Float32) -> Float32:
    """(methods,): the mean over the tasks that were begun."""
    over: Float32 = mean[:, mean[0] >= 0].mean(1)
    return over

"""The picture of memory in training: the formula beside a step that was taken, and the step itself."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l5_compression.training_memory.panel import DEPTHS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot
from widgets.pictures.readouts import Readouts
from widgets.pictures.stacks import Stack, StackedAreas, Stacks, Stretch
from widgets.theme.look import Look
from widgets.theme.numbers import SPACE, count, decimal, percent, quantity, signed, size
from widgets.views.cards import Card, column
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

GIB = 2.0**30


def gib(bytes_: float) -> str:
    """Memory as GPUs are sold: 1 GB is 2³⁰ bytes."""
    return f"{decimal(bytes_ / GIB)}{SPACE}GB"


class TrainingMemoryView(PanelView):
    """The stacks carry the claim; beside them one step; below a real model, the depth, one layer."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.stacks = Stacks(look, words("Predicted, and measured in a step"))
        self.time = StackedAreas(look, words("One step, operation by operation"), x=words("operation"))
        self.readouts = Readouts(look).calm()
        self.real = Stacks(look, "", write=gib)
        self.needs = Readouts(look).calm()
        self.depths = CurvePlot(look, words("Activations over depth"), x=words("layers"), y=words("kB"),
                               x_range=(0.0, DEPTHS[-1] + 0.5), integer_x=True).calm()
        self.kept = BarChart(look, words("What one layer keeps for the way back"), write=size).calm()
        real = QWidget()
        real.setLayout(column(self.real, self.needs, stretch=(1, 0)))
        self.pages = Pages(self, "beside", {
            "real": (words("Real model"), real), "depth": (words("Depth"), self.depths),
            "kept": (words("One layer"), self.kept)})

        left, right, low = Card(look), Card(look), Card(look)
        left.body.addWidget(self.stacks)
        right.body.addWidget(self.time, 1)
        right.body.addWidget(self.readouts)
        low.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, below(
            beside(Place(left, words("Parts"), rank=1, smallest=(350, 220)),
                   Place(right, words("One step"), rank=2, smallest=(300, 200)), share=1),
            Place(low, words("More"), rank=3, smallest=(380, 200), share=1))))

    def _parts(self) -> list[str]:
        words = self.words
        return [words("weights"), words("gradients"), words("optimiser"), words("activations"),
                words("work space")]

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        parts, known = self._parts(), len(frame.predicted)
        stacks = [Stack(words("predicted"), np.append(frame.predicted, np.nan)),
                  Stack(words("measured"), frame.measured)]
        stacks += [Stack(ghost.label, ghost.frame.measured, ghost=True) for ghost in shown.ghosts]
        errors = frame.measured[:known] / np.maximum(frame.predicted, 1.0) - 1.0
        self.stacks.draw(parts, stacks, heads=(words("sum"), words("error")), notes=[
            f"{signed(100 * error, 2)}{SPACE}%" if expected else ""
            for error, expected in zip(errors, frame.predicted, strict=True)])
        self._draw_step(shown)
        match self.pages.show_page(shown.params.beside):
            case "real":
                self._draw_real(shown)
            case "depth":
                self._draw_depth(frame)
            case _:
                self.kept.draw(frame.kept_bytes, [self._kept(one) for one in frame.kept_shapes], series=3)

    def _draw_step(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        names = (words("forward"), words("backward"), words("update"))
        begins = np.flatnonzero(np.diff(frame.phase, prepend=-1))
        ends = np.append(begins[1:] - 1, len(frame.phase) - 1)
        self.time.draw(
            self._parts(), frame.alive, [Stretch(int(a), int(b), names[frame.phase[a]])
                                         for a, b in zip(begins, ends, strict=True)],
            last=frame.operations, ghosts=[ghost.frame.alive.sum(0) for ghost in shown.ghosts])
        items = [(words("peak"), size(frame.peak)), (words("weights"), count(frame.weights)),
                 (words("bytes for each"), decimal(frame.predicted[:3].sum() / frame.weights))]
        if frame.device_peak:
            items.append((words("the device counts"), size(frame.device_peak)))
        self.readouts.draw(items)

    def _draw_real(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        room, total = frame.room, float(frame.real.sum())
        stacks = [Stack(words("it needs"), frame.real)]
        stacks += [Stack(ghost.label, ghost.frame.real, ghost=True) for ghost in shown.ghosts]
        self.real.draw(
            self._parts()[:4], stacks, heads=(words("sum"), words("share")),
            notes=[percent(float(one) / total) for one in frame.real],
            rule=(room, words("one GPU of {room}", room=quantity(params.gpu, "GB", words))), title=words(
                "{weights} billion weights, {layers} layers of width {width}",
                weights=decimal(params.billions), layers=frame.real_layers, width=count(frame.real_width)))
        self.needs.draw([
            (words("such GPUs at least"), count(math.ceil(total / room))),
            (words("weights alone"), gib(float(frame.real[0])))])

    def _draw_depth(self, frame: Frame) -> None:
        x, words = np.array(DEPTHS, np.float64), self.words
        curves = []
        for series, name, measured, predicted in (
                (0, words("all kept"), frame.depth_plain, frame.depth_plain_predicted),
                (1, words("groups of √L layers"), frame.depth_grouped, frame.depth_grouped_predicted)):
            curves += [Curve(predicted / 1000, x, name, series=series, style="dashed", width=1.5),
                       Curve(measured / 1000, x, "", series=series, style="dots", width=4.0)]
        self.depths.draw(curves, note=words("dots measured, lines predicted"))

    def _kept(self, entry: str) -> str:
        """A kept tensor's name in words, and its shape."""
        name, _, shape = entry.partition(": ")
        words = self.words
        known: dict[str, str] = {
            "input": words("what comes in"), "mean": words("its mean"), "spread": words("its spread"),
            "normed": words("normalised"), "q": words("queries"), "k": words("keys"), "v": words("values"),
            "q, k, v": words("queries, keys, values"), "weights": words("attention weights"),
            "log of sums": words("logarithms of the softmax's sums"),
            "heads' output": words("what the heads read"), "stream": words("after attention"),
            "second mean": words("its mean"), "second spread": words("its spread"),
            "second normed": words("normalised"), "before GELU": words("before the GELU"),
            "after GELU": words("after the GELU")}
        return f"{known.get(name, name)}, {shape}"

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        found: NDArray[np.float64] = frame.measured[: len(frame.predicted)]
        shares = found / found.sum()
        errors = np.abs(found / np.maximum(frame.predicted, 1.0) - 1.0)[frame.predicted > 0]
        return self.words(
            "Of the memory of a step {weights} are the weights, {activations} the activations; the formula "
            "is off by {error} at most, and the step takes {peak} at its peak.",
            weights=percent(float(shares[0])), activations=percent(float(shares[3])),
            error=percent(float(errors.max()), 2), peak=size(frame.peak))

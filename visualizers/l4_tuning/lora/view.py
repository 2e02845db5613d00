"""The picture of LoRA beside full tuning: what was learnt, what is left, and what changed inside."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l4_tuning.lora.panel import KEYS, LEARNERS, Frame, Params
from visualizers.panel import Shown
from visualizers.shapes import Float32
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, percent, size
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

FULL, LORA = 0, 1
LOW = 0.38  # of the made BERT's new task: a little below guessing
SERIES = (1, 0, 2)  # of each learner
SMALL = 1e-5  # of singular values: what is smaller is left out of a logarithmic plot


class LoraView(PanelView):
    """New against old on the left; on the right the change of the matrices, and time."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.paths = CurvePlot(look, words("Accuracy: what is learnt, and what is left"), x=words("new task"),
                               y=words("old task"),
                               y_min_span=0.3).calm()
        self.readouts = Readouts(look).calm()
        self.spectrum = CurvePlot(look, "", x=words("direction of ΔW"), y=words("singular value"), log_y=True,
                                  integer_x=True).calm()
        self.layers = BarChart(look, "", x=words("share of ‖ΔW‖²"),
                               high=1.0, write=percent).calm()
        self.layers.clicked.connect(lambda row: self.changed.emit("matrix", row))
        self.time = CurvePlot(look, words("New task over time"), x=words("training step"),
                              y=words("accuracy"), integer_x=True).calm()
        self.pages = Pages(self, "beside", {"spectrum": (words("One matrix"), self.spectrum),
                                            "layers": (words("All matrices"), self.layers)})

        large, inside, time = (Card(look) for _ in range(3))
        large.body.addWidget(self.paths, 1)
        large.body.addWidget(self.readouts)
        inside.body.addWidget(self.pages)
        time.body.addWidget(self.time)
        self.setLayout(Arrangement(look, beside(
            Place(large, words("New and old"), rank=1, smallest=(380, 280), share=10),
            below(Place(inside, words("Change of the weights"), rank=2, smallest=(340, 250), share=7),
                  Place(time, words("Over time"), rank=3, smallest=(340, 150), share=4), share=9))))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words, lora = shown.frame, self.words, _lora(shown.frame)
        self._draw_paths(shown)
        self.readouts.draw([
            (words("trained by LoRA"), f"{count(frame.trained[lora])} / {count(frame.whole)} "
                                       f"({percent(frame.trained[lora] / frame.whole, 1)})"),
            (words("memory: LoRA / full tuning"), f"{size(frame.memory[0])} / {size(frame.memory[1])}"),
            (words("merged into W: same answers"), percent(frame.same)),
            (words("largest difference of a score"), decimal(frame.merged, 2))])
        matrix = max(0, min(shown.params.matrix, len(frame.kinds) - 1))
        if self.pages.show_page(shown.params.beside) == "spectrum":
            self._draw_spectrum(shown, matrix)
        else:
            title = words("LoRA: held by the first of its {n} directions", n=shown.params.rank) \
                if _real(frame) else \
                words("Full tuning: held by the first {n} of 64 directions", n=shown.params.rank)
            self.layers.draw(  # full tuning's, or LoRA's where it is alone
                frame.first[0], [self._named(frame, one) for one in range(len(frame.kinds))],
                series=SERIES[LORA if _real(frame) else FULL], highlight=matrix, title=title)
        self._draw_time(shown)

    def _named(self, frame: Frame, matrix: int) -> str:
        """ "1 query": of the first block."""
        return f"{count(frame.blocks[matrix])} {self.words(frame.kinds[matrix])}"

    def _draw_paths(self, shown: Shown[Params, Frame]) -> None:
        curves = [Curve(ghost.history.points("lora_kept")[0], ghost.history.points("lora_new")[0],
                        ghost.label, style="ghost", width=1.5) for ghost in shown.ghosts]
        frame = shown.frame
        for at in _learners(frame):
            key = KEYS[at]
            kept, new = shown.history.points(f"{key}_kept")[0], shown.history.points(f"{key}_new")[0]
            curves += [Curve(kept[-1:], new[-1:], series=SERIES[at], style="dots", width=7.0),  # where it is
                       Curve(kept, new, self.words(LEARNERS[at]), series=SERIES[at])]
        self.paths.draw(curves, [Rule(frame.before, self.words("before tuning")),
                                 Rule(frame.guessing, self.words("guessing"), axis="x")],
                        x_range=_across(frame), y_range=(0.0, 1.04) if _real(frame) else None,
                        note=self.of_step(shown))

    def _draw_spectrum(self, shown: Shown[Params, Frame], matrix: int) -> None:
        frame, words = shown.frame, self.words
        across = np.arange(1, frame.spectrum.shape[2] + 1)
        curves = []
        for ghost in shown.ghosts:
            values = ghost.frame.spectrum[_lora(ghost.frame), min(matrix, len(ghost.frame.kinds) - 1)]
            curves.append(Curve(_seen(values), across, ghost.label, style="ghost", width=1.5))
        for row, at in enumerate(_learners(frame)):
            if at in (FULL, LORA):
                curves.append(Curve(_seen(frame.spectrum[row, matrix]), across, words(LEARNERS[at]),
                                    series=SERIES[at]))
        most = 2 * shown.params.rank if _real(frame) else len(across)  # beyond its rank LoRA's has nothing
        self.spectrum.draw(curves, [Rule(shown.params.rank, words("rank"), axis="x")],
                           x_range=(0.0, most + 2.0),
                           note=words("ΔW of block {n}, {matrix}", n=frame.blocks[matrix],
                                      matrix=words(frame.kinds[matrix])))

    def _draw_time(self, shown: Shown[Params, Frame]) -> None:
        curves = ghost_curves(shown.ghosts, "lora_new")
        curves += [Curve(*shown.history.points(f"{KEYS[at]}_new"), self.words(LEARNERS[at]),
                         series=SERIES[at]) for at in _learners(shown.frame)]
        self.time.draw(curves, [Rule(shown.frame.guessing, self.words("guessing"))],
                       y_range=_across(shown.frame))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        if _real(frame):
            return self.words(
                "Step {step}: SmolLM2 with LoRA tells {lora} of the new facts and keeps {lora_kept} of "
                "the old; before tuning that stood at {before}.", step=count(shown.measured),
                lora=percent(frame.new[0]), lora_kept=percent(frame.kept[0]), before=percent(frame.before))
        return self.words(
            "Step {step}: full tuning has {full} of the new task and keeps {full_kept} of the old, "
            "LoRA {lora} and {lora_kept}, LoRA at full tuning's rate {shared}; before tuning the old task "
            "stood at {before}.",
            step=count(shown.measured), full=percent(frame.new[0]), full_kept=percent(frame.kept[0]),
            lora=percent(frame.new[1]), lora_kept=percent(frame.kept[1]), shared=percent(frame.new[2]),
            before=percent(frame.before))


def _seen(values: Float32) -> Float32:
    """Singular values without those that are only rounding."""
    return np.where(values > SMALL, values, np.float32(np.nan))


def _real(frame: Frame) -> bool:
    """Whether it is of SmolLM2, which LoRA alone tunes."""
    return len(frame.new) == 1


def _learners(frame: Frame) -> list[int]:
    """Which of the three are there, in the order of the frame's rows."""
    return [LORA] if _real(frame) else list(range(len(LEARNERS)))


def _lora(frame: Frame) -> int:
    """The row of the LoRA that learns at its own rate."""
    return _learners(frame).index(LORA)


def _across(frame: Frame) -> tuple[float, float]:
    """The accuracies that a new task can have."""
    return (-0.04 if _real(frame) else LOW, 1.04)

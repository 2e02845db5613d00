"""The picture of CNN against RNN: who is right at which distance, and what it costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l2_networks.cnn_vs_rnn.panel import LENGTHS, Frame, Params
from visualizers.panel import History, Shown
from widgets.pictures.comparison import Comparison
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

CNN, RNN = 1, 0  # their colours everywhere
RECENT = 400  # measurements that the medians of the clock count, of all lengths together
STEPS = 100  # last steps whose median time stands in the table


class CnnVsRnnView(PanelView):
    """Accuracy over distance carries the claim; below it one text, the cost, and the table."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.main = CurvePlot(look, words("Right answers over the distance of the words"),
                              x=words("distance in words"), y=words("share right"),
                              y_range=(0.25, 1.15), integer_x=True)
        self.main.clicked.connect(self._choose_example)
        self.strip = TokenStrip(look, words("One text")).calm()
        self.time = CurvePlot(look, "", x=words("words in a text (forward and back)"), y="ms",
                              integer_x=True).calm()
        self.loss = CurvePlot(look, "", x=words("training step"), y=words("loss"),
                              y_range=(0.0, 1.0), integer_x=True).calm()
        self.cost = Pages(self, "beside", {"time": (words("Time"), self.time),
                                           "losses": (words("Loss"), self.loss)})
        self.table = Comparison(look, (CNN, RNN)).calm()

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.main, 1)
        top.body.addWidget(self.strip)
        left.body.addWidget(self.cost)
        right.body.addWidget(self.table, 1)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Right answers"), rank=1, smallest=(420, 200), share=8),
            beside(Place(left, words("Cost"), rank=2, smallest=(280, 190)),
                   Place(right, words("Figures"), rank=3), share=5))))

    def _choose_example(self, x: float, _y: float) -> None:
        self.changed.emit("example", max(1, round(x)))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._draw_main(shown)
        self._draw_text(shown)
        match self.cost.show_page(shown.params.beside):
            case "time":
                self._draw_time(shown)
            case "losses":
                self._draw_loss(shown)
        self._draw_table(shown)

    def _draw_main(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        curves = []
        for ghost in shown.ghosts:
            known = ghost.frame.texts > 0
            for shares, name in ((ghost.frame.cnn_by_distance, "CNN"),
                                 (ghost.frame.rnn_by_distance, ghost.params.cell)):
                curves.append(_over_distance(shares, known, f"{ghost.label} · {name}", 0, "ghost"))
        known = frame.texts > 0
        curves += [_over_distance(frame.cnn_by_distance, known, "CNN", CNN),
                   _over_distance(frame.rnn_by_distance, known, f"RNN ({params.cell})", RNN)]
        longest = max(len(one.texts) for one in (frame, *(ghost.frame for ghost in shown.ghosts)))
        rules = [Rule(0.5, self.words("guessing"))]
        if params.task == "which word comes first":
            rules.append(Rule(params.window - 0.5, self.words("a window of {h} reaches to here",
                                                              h=params.window), "x", CNN))
        self.main.draw(curves, rules, x_range=(0.5, longest + 0.5))

    def _draw_text(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        weights = np.zeros(len(frame.tokens), np.float32)
        first = int(frame.cues[0])
        weights[first : first + shown.params.window] = 0.25  # what a window from the first word sees
        weights[frame.cues] = 1.0
        first_asked = shown.params.task == "which word comes first"
        title = self.words(
            "Distance {d}: {answer} comes first. The CNN gives it {cnn}, the RNN {rnn}" if first_asked
            else "Distance {d}: {answer} occurs. The CNN gives it {cnn}, the RNN {rnn}",
            d=frame.example_distance, answer="AB"[frame.example_y],
            cnn=percent(frame.example_cnn), rnn=percent(frame.example_rnn))
        self.strip.draw(frame.tokens, weights=weights, series=CNN, title=title)

    def _draw_time(self, shown: Shown[Params, Frame]) -> None:
        curves = []
        for ghost in shown.ghosts:
            for name in ("timed_cnn_ms", "timed_rnn_ms"):
                x, y = _times(ghost.history, name)
                curves.append(Curve(y, x, style="ghost", width=1.5))
        for name, label, series in (("timed_cnn_ms", "CNN", CNN), ("timed_rnn_ms", "RNN", RNN)):
            x, y = _times(shown.history, name)
            curves += [Curve(y, x, label, series), Curve(y, x, series=series, style="dots")]
        note = "" if len(shown.history) else self.words("measured while they train")
        self.time.draw(curves, x_range=(0.0, float(LENGTHS[-1])), note=note)

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        curves = []
        for ghost in shown.ghosts:
            for name in ("cnn_loss", "rnn_loss"):
                curves.append(Curve(ghost.history[name], ghost.history.steps, style="ghost",
                                    width=1.5))
        history = shown.history
        curves += [Curve(history["cnn_loss"], history.steps, "CNN", CNN, width=1.5),
                   Curve(history["rnn_loss"], history.steps, "RNN", RNN, width=1.5)]
        self.loss.draw(curves, [Rule(float(np.log(2)), self.words("guessing"))])

    def _draw_table(self, shown: Shown[Params, Frame]) -> None:
        frame, history, words = shown.frame, shown.history, self.words
        last, h = history.last(), shown.params.window
        length = len(frame.tokens)

        shuffled = [percent(last[f"{net}_shuffled"]) if last else "–" for net in ("cnn", "rnn")]
        times = [fixed(np.median(history[name][-STEPS:]), 1) if len(history) else "–"
                 for name in ("cnn_ms", "rnn_ms")]
        shares = frame.cnn_by_distance, frame.rnn_by_distance
        self.table.draw(("CNN", "RNN"), [
            (words("parameters"), count(frame.cnn_parameters), count(frame.rnn_parameters)),
            (words("matrix products, {short} → {long} words", short=LENGTHS[0], long=LENGTHS[-1]),
             *(f"{count(one[0])} → {count(one[-1])}"
               for one in (frame.cnn_products, frame.rnn_products))),
            (words("ms a step, {length} words", length=length), *times),
            (words("right, distance below {h}", h=h),
             *(_share(one[: h - 1], frame.texts[: h - 1]) for one in shares)),
            (words("right, distance {h} and more", h=h),
             *(_share(one[h - 1 :], frame.texts[h - 1 :]) for one in shares)),
            (words("right, words shuffled"), *shuffled),
        ])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, h = shown.frame, shown.params.window
        if not len(shown.history):
            return self.words("Before training; the CNN has {cnn} parameters, the RNN {rnn}.",
                              cnn=count(frame.cnn_parameters), rnn=count(frame.rnn_parameters))
        near, far = [[_share(one[part], frame.texts[part])
                      for one in (frame.cnn_by_distance, frame.rnn_by_distance)]
                     for part in (slice(0, h - 1), slice(h - 1, None))]
        return self.words(
            "After {step} steps, right at distances below {h}: CNN {near_cnn}, RNN {near_rnn}; "
            "at {h} and more: CNN {far_cnn}, RNN {far_rnn}.", step=shown.step, h=h,
            near_cnn=near[0], near_rnn=near[1], far_cnn=far[0], far_rnn=far[1])


def _over_distance(
    shares: NDArray[np.float32], known: NDArray[np.bool_], label: str, series: int,
    style: str = "solid",
) -> Curve:
    return Curve(np.where(known, shares, np.nan), np.arange(1, len(shares) + 1), label, series,
                 "ghost" if style == "ghost" else "solid", 3.0 if style == "solid" else 1.5)


def _share(shares: NDArray[np.float32], texts: NDArray[np.float32]) -> str:
    """The share of right answers over some distances, or a dash where no text was seen."""
    return percent(float(np.average(shares, weights=texts))) if texts.sum() > 0 else "–"


def _times(history: History, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lengths measured so far, and the median of the last times of each."""
    lengths = history["timed_length"]
    at = np.flatnonzero(lengths)[-RECENT:]
    found, times = lengths[at], history[name][at]
    seen = np.array([one for one in LENGTHS if (found == one).any()], dtype=np.float64)
    return seen, np.array([np.median(times[found == one]) for one in seen])

"""The picture of words never tuned on: for each method, from the words it saw to those it did not."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l4_tuning.unseen_words.panel import METHODS, SIDE, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, Style, ghost_curves
from widgets.pictures.dumbbells import Dumbbells, Pairs
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.scatter import ScatterPlot
from widgets.theme.look import Look
from widgets.theme.numbers import count, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

SERIES = (0, 1)  # of the pre-trained and the random backbone
BACKBONE_NAMES = ("pre-trained backbone", "random backbone")
GROUPS = ("praise ✓", "praise", "blame ✓", "blame")


class UnseenWordsView(PanelView):
    """The pairs on the left; on the right the map of words, and each word's accuracy."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.pairs = Dumbbells(look, words("From words tuned on to words never tuned on"),
                               x=words("accuracy"), heads=(words("tuned on"), words("never tuned on")))
        self.pairs.clicked.connect(lambda row: self.changed.emit("method", row))
        self.readouts = Readouts(look).calm()
        self.map = ScatterPlot(look, words("✓ tuned on: click a word to change it"),
                               x=words("main direction of the pre-trained embeddings"),
                               y=words("second direction")).calm()
        self.map.clicked.connect(self._toggle)
        self.grid = Heatmap(look, "", palette="sequential", color_bar=True, write=percent).calm()
        self.grid.clicked.connect(self._choose)
        self.time = CurvePlot(look, words("Over time, all methods"), x=words("training step"),
                              y=words("accuracy"), y_range=(0.3, 1.03),
                              integer_x=True).calm()
        self.pages = Pages(self, "beside", {"map": (words("Words"), self.map),
                                            "words": (words("Word by word"), self.grid)})
        self._frame: Frame | None = None

        large, cloud, time = (Card(look) for _ in range(3))
        large.body.addWidget(self.pairs, 1)
        large.body.addWidget(self.readouts)
        cloud.body.addWidget(self.pages)
        time.body.addWidget(self.time)
        self.setLayout(Arrangement(look, beside(
            Place(large, words("Methods"), rank=1, smallest=(380, 280), share=10),
            below(Place(cloud, words("Words"), rank=2, smallest=(340, 250), share=7),
                  Place(time, words("Over time"), rank=3, smallest=(340, 150), share=4), share=9))))

    # --- what a click does

    def _choose(self, row: int, _word: int) -> None:
        if row < len(METHODS):  # the last row is the chosen method's, too
            self.changed.emit("method", row)

    def _toggle(self, word: int) -> None:
        """Tune on a word, or no more; one of each side always stays."""
        if self._frame is None:
            return
        now = set(np.flatnonzero(self._frame.taught).tolist()) ^ {word}
        if any(one < SIDE for one in now) and any(one >= SIDE for one in now):
            self.changed.emit("taught", tuple(sorted(now)))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        self._frame = frame
        method = max(0, min(shown.params.method, len(METHODS) - 1))
        pairs = [Pairs(ghost.label, ghost.frame.seen[:, 0], ghost.frame.unseen[:, 0], SERIES[0], ghost=True)
                 for ghost in shown.ghosts]
        pairs += [Pairs(words(name), frame.seen[:, at], frame.unseen[:, at], SERIES[at])
                  for at, name in enumerate(BACKBONE_NAMES)]
        self.pairs.draw([words(one) for one in METHODS], pairs, selected=method,
                        notes=[percent(one / frame.whole, 1) if at else percent(1.0)
                               for at, one in enumerate(frame.trained)],
                        rule=(0.5, words("guessing")))
        self.readouts.draw([
            (words("numbers trained by {method}", method=words(METHODS[method])),
             f"{count(frame.trained[method])} / {count(frame.whole)}"),
            (words("words never tuned on"), count(len(frame.words) - int(frame.taught.sum())))])
        if self.pages.show_page(shown.params.beside) == "map":
            self._draw_map(frame)
        else:
            self._draw_grid(frame, method)
        self._draw_time(shown)

    def _draw_map(self, frame: Frame) -> None:
        group = 2 * (1 - frame.side.astype(int)) + (1 - frame.taught)
        self.map.draw(frame.place[:, 0], frame.place[:, 1], frame.words, series=group,
                      series_names=[self.words(one) for one in GROUPS], labelled=range(len(frame.words)))

    def _draw_grid(self, frame: Frame, method: int) -> None:
        order = np.lexsort((np.arange(len(frame.words)), 1 - frame.side, 1 - frame.taught))
        right = np.concatenate([frame.right[:, 0], frame.right[method, 1:]])   # (METHODS + 1, W)
        self.grid.draw(right[:, order], low=0.0, high=1.0, row=method,
                       x_labels=[frame.words[one] for one in order],
                       y_labels=[*(self.words(one) for one in METHODS),
                                 self.words("random: {method}", method=self.words(METHODS[method]))],
                       title=self.words("The first {n} words were tuned on", n=int(frame.taught.sum())))

    def _draw_time(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        names: tuple[tuple[str, int, Style], ...] = (
            ("random_words_seen", 1, "dashed"), ("random_words_unseen", 1, "solid"),
            ("words_seen", 0, "dashed"), ("words_unseen", 0, "solid"))
        curves = ghost_curves(shown.ghosts, "words_unseen")
        for name, series, style in names:
            label = words(BACKBONE_NAMES[series]) if style == "solid" else ""
            curves.append(Curve(*history.points(name), label, series=series, style=style,
                                width=2.5 if style == "solid" else 1.2))
        self.time.draw(curves, [Rule(0.5, words("guessing"))],
                       note=words("never tuned on; dashed: tuned on"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        seen, unseen = frame.seen.mean(0), frame.unseen.mean(0)
        return self.words(
            "Step {step}, words never tuned on: {unseen} right on the pre-trained backbone, {random_unseen} "
            "on the random one; words tuned on: {seen} and {random_seen}.", step=count(shown.measured),
            unseen=percent(unseen[0]), random_unseen=percent(unseen[1]), seen=percent(seen[0]),
            random_seen=percent(seen[1]))

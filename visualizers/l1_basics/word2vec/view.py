"""The map of words, and beside it the pair of words that moves it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import overload
from unicodedata import east_asian_width

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStackedWidget, QWidget

from visualizers.l1_basics.word2vec.panel import BATCHES, GRID, RATES, Frame, Params
from visualizers.panel import History, Shown
from widgets.base.labels import Quiet
from widgets.base.tips import explain
from widgets.pictures.bars import BarChart
from widgets.pictures.canvas import Canvas
from widgets.pictures.cloud import PointCloud
from widgets.pictures.curves import CurvePlot, loss_curves
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.multiples import Multiples, Small
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.numbers import compact, count, decimal, fixed, percent, quantity
from widgets.views.cards import Card, Switch, column, row
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

TWINS = 2  # series
WordShown = Shown[Params, Frame]


class Word2VecView(PanelView):
    """A large map, or the window that slides, or a grid of runs; neighbours, pair, path and cost beside it;
    loss and scores below."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self._frame: Frame | None = None
        self._refit = 0
        self.map = PointCloud(look, words("Map of words"))
        explain(self.map, words("Drag to pan, turn the wheel to zoom, click a word to see its "
                                "neighbours; a double click shows all words again."))
        self.map.clicked.connect(self._choose)
        self.axes = Quiet(look)
        self.refit = QPushButton(words("Fit axes"))
        explain(self.refit, words("Turn the map so that it shows the two directions in which the "
                                  "words differ most now"))
        self.refit.clicked.connect(lambda: self.changed.emit("refit", self._refit + 1))
        map_page = QWidget()
        map_page.setLayout(column(self.map, row(self.axes, self.refit, stretch=(1, 0)), stretch=(1, 0)))
        self.window_page = WindowPage(look)
        self.window_page.place.connect(lambda place: self.changed.emit("place", place))
        self.window_page.shaken.connect(lambda often: self.changed.emit("shaken", often))
        self.grid = Multiples(look, words("Share of twins found over steps"), rows=words("learning rate"),
                              columns=words("positions of an update"))
        self.grid.clicked.connect(lambda row, column: self.changed.emit("cell", row * len(BATCHES) + column))
        self.grid_note = Quiet(look)
        self.grid_note.setWordWrap(True)
        grid_page = QWidget()
        grid_page.setLayout(column(self.grid, self.grid_note, stretch=(1, 0)))
        self.large = Pages(self, "large", {"map": (words("Map"), map_page),
                                           "window": (words("Window"), self.window_page),
                                           "grid": (words("Grid"), grid_page)})
        self.progress = Switch(look, (words("Score"), words("Loss")))
        self.scores = CurvePlot(look, "", x=words("step"), y=words("score"), y_range=(0.0, 1.0),
                                integer_x=True).calm()
        self.loss = CurvePlot(look, "", x=words("step"), y=words("nats"), integer_x=True).calm()
        self.curves = QStackedWidget()
        for plot in (self.scores, self.loss):
            self.curves.addWidget(plot)
        self.progress.chosen.connect(self.curves.setCurrentIndex)
        self.neighbours = BarChart(look, words("Nearest words"), x=words("cosine, all dimensions"),
                                   high=1.0).calm()
        self.neighbours.clicked.connect(self._choose_neighbour)
        self.facts = Quiet(look)
        self.facts.setWordWrap(True)
        self.switch = Switch(look, (words("Pair"), words("Path"), words("Cost")))
        self.rows = Heatmap(look, words("Weights that one pair touches"), x=words("dimension"),
                            palette="diverging", color_bar=False).calm()
        self.path = HuffmanPath(look)
        self.cost = BarChart(look, words("Output weights one pair touches"),
                             x=words("powers of ten"), write=lambda power: compact(10.0**power)).calm()
        self.cost_note = Quiet(look)
        self.cost_note.setWordWrap(True)
        self._cost_page = QWidget()
        self._cost_page.setLayout(column(self.cost, self.cost_note, stretch=(1, 0)))
        self.pages = QStackedWidget()
        for page in (self.rows, self.path, self._cost_page):
            self.pages.addWidget(page)
        self.switch.chosen.connect(self.pages.setCurrentIndex)
        self._arrange()

    def _arrange(self) -> None:
        large, progress, near, pair = (Card(self.look) for _ in range(4))
        large.body.addWidget(self.large, 1)
        progress.body.addWidget(self.progress)
        progress.body.addWidget(self.curves, 1)
        near.body.addWidget(self.neighbours, 1)
        near.body.addWidget(self.facts)
        pair.body.addWidget(self.switch)
        pair.body.addWidget(self.pages, 1)
        words = self.words
        self.setLayout(Arrangement(self.look, beside(
            below(Place(large, words("Map of words"), rank=1, smallest=(360, 220), share=5),
                  Place(progress, words("Score"), rank=4, smallest=(300, 180), share=2), share=3),
            below(Place(near, words("Nearest words"), rank=2, smallest=(240, 180), share=5),
                  Place(pair, words("Pair"), rank=3, smallest=(290, 220), share=6), share=2))))

    # --- what a click says

    def _choose(self, point: int) -> None:
        if self._frame is not None and point >= 0:
            names = Names(self._frame)
            self.changed.emit("word", names.known.get(point, f"#{point}"))

    def _choose_neighbour(self, bar: int) -> None:
        if self._frame is not None and 0 <= bar < len(self._frame.neighbours):
            self.changed.emit("word", self._frame.neighbours[bar])

    # --- drawing

    def show_frame(self, shown: WordShown) -> None:
        frame, words = shown.frame, self.words
        self._frame, self._refit = frame, shown.params.refit
        match self.large.show_page(shown.params.large or ("grid" if shown.params.grid else "map")):
            case "map":
                self._draw_map(frame)
                self.axes.say(words("Axes fitted at step {step}. Lines join twins.",
                                    step=count(frame.fitted)))
            case "window":
                self.window_page.draw(shown)
            case _:
                self._draw_grid(shown)
        self.loss.draw(loss_curves(shown.history, ["loss"], [""], shown.ghosts, "loss"))
        self._draw_scores(shown)
        self.neighbours.draw(frame.cosines, frame.neighbours, title=words(
            "Nearest to “{word}”", word=frame.word))
        facts = words("{share} of the text, {noise} of the negatives; {kept} of its places kept",
                      share=percent(frame.frequency, 1), noise=percent(frame.noise, 1),
                      kept=percent(frame.kept, 1))
        if frame.asked:
            facts = words("“{asked}” is not in the vocabulary. ", asked=frame.asked) + facts
        self.facts.say(facts)
        self._draw_pair(shown)
        self.path.draw(frame)
        self._draw_cost(shown)

    def _draw_map(self, frame: Frame) -> None:
        points = frame.points.astype(np.float32) * np.float32(frame.extent / 32767)
        at = frame.word_at
        # The most frequent words of all say little; placing many labels would cost the frame.
        order = [at, *frame.neighbours_at.tolist(), *frame.twins[:, 0].tolist(),
                 *range(20, min(80, len(frame.labels)))]
        twins = [(int(a), int(b), TWINS) for a, b in frame.twins]
        self.map.draw(
            points, labels=Names(frame), label_order=order,
            values=frame.closeness.astype(np.float32) / 255, low=0.0, high=1.0,
            value_name=self.words("cosine"), selected=(at,),
            linked=[*twins, *((at, int(one), 0) for one in frame.neighbours_at)],
            title=self.words("Map of {words}", words=quantity(frame.vocabulary, "word", self.words)))

    def _draw_grid(self, shown: WordShown) -> None:
        frame, words = shown.frame, self.words
        if not len(frame.grid):
            nothing = Small(np.empty(0), np.empty(0))
            self.grid.draw([[nothing] * len(BATCHES)] * len(RATES), [decimal(one) for one in RATES],
                           [count(one) for one in BATCHES])
            self.grid_note.say(words("Switch on “Grid of runs” to train these nine side by side."))
            return
        best = divmod(int(frame.grid.argmax()), len(frame.batches))
        self.grid.draw(
            _table(shown.history), [decimal(one) for one in RATES], [count(one) for one in frame.batches],
            selected=divmod(frame.cell, len(frame.batches)), best=best, best_name=words("best"),
            ghosts=[(ghost.label, _table(ghost.history)) for ghost in shown.ghosts if ghost.params.grid])
        self.grid_note.say(words("All nine have read as many words. A click chooses whose map and pairs are "
                                 "shown. {measured}", measured=self.of_step(shown)))

    def _draw_scores(self, shown: WordShown) -> None:
        words, history = self.words, shown.history
        names = {"twins": words("twins"), "similarity": words("WordSim-353"),
                 "analogies": words("analogies")}
        have = [name for name in names if name in history]
        if shown.params.grid:  # of the model that is chosen
            have = [GRID[shown.frame.cell]]
            names[have[0]] = words("twins")
        curves = loss_curves(history, have or ["twins"], [names[one] for one in have or ["twins"]],
                             shown.ghosts, "twins")
        # Series 0 and 1 are the signs of weights, and twins are joined on the map in their colour.
        curves = [one if one.style == "ghost" else replace(
            one, series=min(TWINS + one.series, 3), style="dashed" if one.series == 2 else one.style)
            for one in curves] if len(history) else []
        self.scores.draw(curves, note="" if len(history) else words("starts with training"))

    def _draw_pair(self, shown: WordShown) -> None:
        frame, words = shown.frame, self.words
        tree = bool(len(frame.path_left))
        labels = [f"▸ {short(word)}" for word in frame.row_words[: frame.inputs]]
        for word, p, target in zip(frame.row_words[frame.inputs :], frame.row_probability,
                                   frame.row_target, strict=True):
            if tree:
                said = words("left") if target else words("right")
                labels.append(f"{word} {said} {fixed(p if target else 1 - p)}")
            else:
                labels.append(f"{'+' if target else '−'} {short(word, 5)} {fixed(p)}")
        reach = float(np.abs(frame.rows).max(initial=0.0))
        limit = 2.0 ** math.ceil(math.log2(max(reach, 1e-3)))
        if shown.params.model == "CBOW":
            title = words("… → {centre}: weights touched", centre=frame.centre)
        else:
            title = words("{centre} → {context}: weights touched", centre=short(frame.centre),
                          context=short(frame.context))
        self.rows.draw(frame.rows, low=-limit, high=limit, y_labels=labels, title=title)

    def _draw_cost(self, shown: WordShown) -> None:
        words, frame = self.words, shown.frame
        used = ("full softmax", "negative sampling", "hierarchical softmax").index(
            shown.params.output)
        self.cost.draw(np.log10(np.maximum(frame.touched, 1.0)),
                       [words("softmax"), words("negatives"), words("tree")], highlight=used)
        full, negative, tree = (float(one) for one in frame.touched)
        self.cost_note.say(words(
            "Of {all} output weights, full softmax touches {full}, negative sampling {negative} "
            "({negative_share}), the tree {tree} ({tree_share}).",
            all=count(frame.matrix), full=count(full), negative=count(negative),
            negative_share=percent(negative / frame.matrix, 1), tree=count(tree),
            tree_share=percent(tree / frame.matrix, 1)))

    def describe(self, shown: WordShown) -> str:
        frame = shown.frame
        return self.words(
            "After {steps} the words nearest to “{word}” are {near}; after {measured}, {twins} of the "
            "twins had found each other.", steps=quantity(shown.step, "step", self.words),
            measured=count(shown.measured), word=frame.word,
            near=self.words(", ").join(frame.neighbours[:5]), twins=percent(frame.twins_found))


def _table(history: History) -> list[list[Small]]:
    """The curves of all models of the grid."""
    found = [Small(*history.points(name)) for name in GRID]
    return [found[row : row + len(BATCHES)] for row in range(0, len(GRID), len(BATCHES))]


class WindowPage(QWidget):
    """A window that slides over a sentence, the pairs that it has given, and who is in it how often.

    Signals:
        place(word): where it is to stand.
        shaken(often): sizes and drops are to be drawn anew.
    """

    place = Signal(int)
    shaken = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.words = words = look.words
        self._state = 0, 1, 0  # the place, the words of the sentence, how often it was drawn anew
        self.strip = TokenStrip(look, " ", lines=2)
        self.strip.clicked.connect(self.place)
        slide, draw = QPushButton(words("Slide on")), QPushButton(words("Draw anew"))
        explain(slide, words("Move the window to the next word"))
        explain(draw, words("Toss again for the words that are dropped and the sizes of the windows"))
        slide.clicked.connect(lambda: self.place.emit((self._state[0] + 1) % self._state[1]))
        draw.clicked.connect(lambda: self.shaken.emit(self._state[2] + 1))
        self.pairs = TokenStrip(look, " ", lines=3, grows=True)  # and as many as there is room for
        self.kept = BarChart(look, words("Chance to be kept"), high=1.0, write=percent).calm()
        self.near = BarChart(look, words("In the window"), high=1.0, write=percent).calm()
        for chart in (self.kept, self.near):  # scrolled in the smallest window
            chart.setMinimumHeight(look.px(56))
        chances = column(self.kept, self.near, stretch=(1, 1))
        whole = column(row(self.strip, slide, draw, stretch=(1, 0, 0)),
                       row(self.pairs, chances, stretch=(3, 2)), stretch=(0, 1))
        for layout in (chances, whole):
            layout.setSpacing(look.px(6))
        self.setLayout(whole)

    def draw(self, shown: WordShown) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._state = frame.place, len(frame.sentence), params.shaken
        names, here = frame.sentence, frame.pairs[frame.pairs[:, 0] == frame.place, 1]
        lit = np.zeros(len(names), np.float32)
        lit[here] = 0.5
        dropped = np.flatnonzero(frame.drawn == 0).tolist()
        if frame.place in dropped:
            said = words("“{word}” is dropped this time", word=names[frame.place])
        else:
            said = words("“{word}”, window of {size}", word=names[frame.place],
                         size=count(frame.sizes[frame.place]))
        self.strip.draw(names, weights=lit, selected=frame.place, muted=dropped, title=said)
        middles = list(dict.fromkeys(frame.pairs[:, 0].tolist()))
        if params.model == "CBOW":
            made = [(one, " + ".join(names[other] for other in frame.pairs[frame.pairs[:, 0] == one, 1]),
                     names[one]) for one in middles]
        else:
            made = [(middle, names[middle], names[other]) for middle, other in frame.pairs.tolist()]
        self.pairs.draw([f"{given} → {asked}" for _, given, asked in made],
                        weights=[0.5 * (middle == frame.place) for middle, _, _ in made],
                        title=words("{predictions} so far",
                                    predictions=quantity(len(made), "prediction", words)))
        self.kept.draw(frame.keeping, names, highlight=frame.place)
        away = np.arange(1, params.window + 1)
        self.near.draw((params.window - away + 1) / params.window if params.soft else np.ones(len(away)),
                       [quantity(int(one), "word", words) for one in away])


class Names(Sequence[str]):
    """The names of all points, of which a frame knows those that can be needed."""

    def __init__(self, frame: Frame) -> None:
        self.total = frame.vocabulary
        self.known: Mapping[int, str] = {
            **dict(enumerate(frame.labels)), frame.word_at: frame.word,
            **dict(zip(frame.neighbours_at.tolist(), frame.neighbours, strict=True)),
            **dict(zip(frame.twins.ravel().tolist(), frame.twin_words, strict=True)),
        }

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(self.total))]
        return self.known.get(at, f"#{at}")

    def __iter__(self) -> Iterator[str]:
        return (self[at] for at in range(self.total))


class HuffmanPath(Canvas[int]):
    """The decisions that lead to a word, from the root down, with the side not taken."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, look.words("Path in the Huffman tree"), parent)
        self.words = look.words
        self.frame: Frame | None = None
        self.setMinimumSize(look.px(160), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def draw(self, frame: Frame) -> None:
        """Show the path of this frame; without one, say how to get one."""
        self.frame = frame
        if self._levels:
            product = float(np.prod(frame.path_probability.astype(np.float64)))
            self.retitle(self.words(
                "{context}: {decisions}, P = {p}", context=frame.path_word,
                decisions=quantity(self._levels, "decision", self.words), p=decimal(product, 2)))
        else:
            self.retitle(self.words("Path in the Huffman tree"))
        if self.current is not None and self.current >= self._levels:
            self.current = None
        self.update()

    # Where things are

    @property
    def _levels(self) -> int:
        return len(self.frame.path_left) if self.frame is not None else 0

    @property
    def _area(self) -> QRectF:
        return QRectF(0, self.head, self.width(), self.height() - self.head - self.look.px(2))

    def _spots(self) -> tuple[list[QPointF], float, float]:
        """Where the nodes are, and how far it is across and down from one to the next."""
        assert self.frame is not None
        look, area = self.look, self._area
        across = np.concatenate([[0], np.cumsum(np.where(self.frame.path_left > 0, -1, 1))])
        low, high = int(across.min()) - 1, int(across.max()) + 1
        side = min(look.px(64), area.width() / 4)  # room for the words of the sides not taken
        step = min((area.width() - 2 * side) / max(high - low, 1), look.px(28))
        start = area.center().x() - (low + high) / 2 * step
        down = area.height() / (self._levels + 0.6)
        return [QPointF(start + x * step, area.top() + (level + 0.3) * down)
                for level, x in enumerate(across.tolist())], step, down

    def place(self, part: int) -> QRectF:
        spots = self._spots()[0]
        reach = self.look.px(4)
        return QRectF(spots[part], spots[part + 1]).normalized().adjusted(-reach, -reach, reach, reach)

    def part_at(self, x: float, y: float) -> int | None:
        if not self._levels:
            return None
        tops = [spot.y() for spot in self._spots()[0]]
        return next((level for level in range(self._levels)
                     if tops[level] <= y < tops[level + 1]), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self._levels:
            return None
        return 0 if part is None else min(max(part + (dy or dx), 0), self._levels - 1)

    def say(self, part: int) -> str:
        assert self.frame is not None
        frame, p = self.frame, float(self.frame.path_probability[part])
        turn = self.words("left") if frame.path_left[part] else self.words("right")
        return f"{count(part + 1)}   {turn} {fixed(p)}   {frame.path_off[part]} {fixed(1 - p)}"

    # Painting

    def paint(self, painter: QPainter) -> None:
        if self.frame is None:
            return
        if not self._levels:
            self.paragraph(painter, self.words(
                "Choose the output “hierarchical softmax” to see the decisions that lead to a word."),
                self._area)
            return
        look, frame = self.look, self.frame
        spots, step, down = self._spots()
        every = math.ceil(self.text_height(11) / down)  # when levels are close, not all are labelled
        for level, move in enumerate(np.where(frame.path_left > 0, -1, 1).tolist()):
            here, there = spots[level], spots[level + 1]
            off = QPointF(here.x() - move * step * 0.8, here.y() + down * 0.8)
            painter.setPen(look.pen("ghost", look.px(1)))
            painter.drawLine(here, off)
            p = float(frame.path_probability[level])
            painter.setPen(look.pen("accent", look.px(1) + look.px(3) * p))
            painter.drawLine(here, there)
            if level % every == 0:
                self._beside(painter, off, move < 0, "muted",
                             f"{short(frame.path_off[level])} {fixed(1 - p)}")
                if self._levels <= 14:
                    middle = QPointF((here.x() + there.x()) / 2, (here.y() + there.y()) / 2)
                    self._beside(painter, middle, move > 0, "text", fixed(p))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("accent"))
            painter.drawEllipse(here, look.px(3), look.px(3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setBrush(look.color("accent"))
        painter.drawEllipse(spots[-1], look.px(5), look.px(5))
        self._beside(painter, spots[-1], True, "accent", frame.path_word)

    def _beside(
        self, painter: QPainter, at: QPointF, right: bool, token: str, text: str
    ) -> None:
        """A text beside a point, inside the picture."""
        gap, width = self.look.px(7), self.text_width(text, 11)
        x = at.x() + gap if right else at.x() - gap - width
        self.put(painter, self.label(text, token, 11), min(max(x, 0.0), self.width() - width), at.y(),
                 0.0, 0.5)


def short(word: str, letters: int = 10) -> str:
    """A word that fits beside a figure. A Chinese sign and "…" take the room of two letters."""
    wide = [1 + (east_asian_width(sign) in "WF") for sign in word]
    if sum(wide) <= letters:
        return word
    return word[: int(np.searchsorted(np.cumsum(wide), letters - 2, "right"))] + "…"

"""A text coloured by what goes on inside, units that follow something, perplexity, and writing."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QWheelEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from visualizers.l2_networks.rnn_lm.panel import COLOURS, Frame, Params
from visualizers.panel import History, Shown
from widgets.pictures import raster
from widgets.pictures.bars import BarChart
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.pictures.curves import Curve, CurvePlot, Rule, running_mean
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts, TextFlow
from widgets.pictures.tokens import on_one_line, visible
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, quantity, signed
from widgets.theme.style import font
from widgets.theme.words import Words
from widgets.views.cards import Card, Switch, row
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

SMOOTHING = 25  # steps that the training curve is a mean of
SCALE = 64  # pixels that the scale of shades is long
STRENGTH = 0.7  # how far shades go from the card at most: text stays legible on them


def feature_words(words: Words) -> dict[str, str]:
    """What units are compared with."""
    return {
        "quotes": words("quotes"), "docstring": words("docstring"), "comment": words("comment"),
        "brackets": words("brackets"), "place in line": words("place in line"),
        "indentation": words("indentation"), "place in word": words("place in word"),
        "line start": words("line start"), "word end": words("word end"),
        "line end": words("line end"), "capital": words("capital"), "digit": words("digit"),
    }


def shades(look: Look, diverging: bool) -> raster.Table:
    """From series 2 over the card to series 1, or from the card to series 1, pale enough for text."""
    theme = look.theme
    card, series = np.array(raster.rgba(theme.card), float), raster.diverging(theme).astype(float)
    text = float(raster.luminance(np.array(raster.rgba(theme.text)[:3])))
    for strength in np.arange(STRENGTH, 0.1, -0.02):
        table = (strength * series + (1 - strength) * card).round().astype(np.uint8)
        light = raster.luminance(table[:, :3])
        if ((np.maximum(light, text) + 0.05) / (np.minimum(light, text) + 0.05)).min() >= look.legible:
            break
    return table if diverging else table[128:].repeat(2, 0)


def _wide(sign: str) -> bool:
    """Whether a sign takes two cells, as Chinese ones do."""
    return unicodedata.east_asian_width(sign) in "WF"


class ColouredText(Canvas[int]):
    """Plain text in cells of equal width, each coloured by a value. Parts are tokens.

    Signals:
        clicked(token).
    """

    clicked = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, " ", parent)
        self.text = ""
        self.starts: NDArray[Any] = np.zeros(0, np.int32)
        self.shade: NDArray[Any] = np.zeros(0, np.float32)
        self.diverging, self.place_of, self.ends = True, -1, ("", "")
        self.unknown: list[int] = []
        self.mono = font(look, 12, mono=True)
        measure = QFontMetricsF(self.mono)
        self.cell = measure.horizontalAdvance("0" * 50) / 50
        self.line, self.ascent = round(measure.height()) + look.px(2), measure.ascent()
        self.reel = Scroll(self)
        self.tables = {one: shades(look, one) for one in (False, True)}
        self._flow: tuple[object, NDArray[Any], NDArray[Any]] = (None, self.starts, self.starts)
        self.setMinimumSize(look.px(200), look.px(100))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def draw(
        self, text: str, starts: NDArray[Any], shade: NDArray[Any], *, diverging: bool, place: int,
        title: str, ends: tuple[str, str], unknown: NDArray[Any] | None = None,
    ) -> None:
        """Show ``text`` (N,) with tokens that begin at ``starts`` (T,), coloured by ``shade`` (N,) on a
        scale that is named at its ``ends``; those that are ``unknown`` (T,) have a dotted rim."""
        if text != self.text:
            self.current = None
        self.text, self.starts, self.shade = text, starts, shade
        self.diverging, self.place_of, self.ends = diverging, place, ends
        self.unknown = [] if unknown is None else np.flatnonzero(unknown).tolist()
        self.retitle(title)
        self.update()

    # --- where things are

    @property
    def head(self) -> int:
        """Height of the title, and of the scale below it where the title leaves no room beside it."""
        return super().head + (0 if self._scale_beside else self.text_height())

    @property
    def _scale_beside(self) -> bool:
        scale = sum(self.text_width(one, 11) for one in self.ends) + self.look.px(SCALE + 24)
        return self.text_width(self.title, 13, bold=True) + scale <= self.width()

    def _cells(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Row and column of each character; wide signs take two columns, a line break one."""
        columns = max(8, int((self.width() - self.look.px(8)) / self.cell))
        key = (self.text, columns)
        if self._flow[0] != key:
            rows, places = np.zeros(len(self.text), int), np.zeros(len(self.text), int)
            at, down = 0, 0
            for index, sign in enumerate(self.text):
                wide = 1 + _wide(sign)
                if at + wide > columns and sign != "\n":
                    at, down = 0, down + 1
                rows[index], places[index] = down, min(at, columns - 1)
                at, down = (0, down + 1) if sign == "\n" else (at + wide, down)
            self._flow = key, rows, places
        _, rows, places = self._flow
        lines = int(rows[-1]) + 1 if len(rows) else 1
        self.reel.fit(rows_of(lines, self.line), self.height() - self.head)
        if 0 <= self.place_of < len(self.starts):
            row = int(rows[self.starts[self.place_of]])
            self.reel.hold((self.text, self.place_of), row * self.line, (row + 1) * self.line)
        return rows, places

    def _token(self, index: int) -> tuple[int, int]:
        """First character of a token, and the one after its last."""
        end = int(self.starts[index + 1]) if index + 1 < len(self.starts) else len(self.text)
        return int(self.starts[index]), end

    def place(self, part: int) -> QRectF:
        rows, places = self._cells()
        first, end = self._token(part)
        last = end - 1
        left, right = float(places[first]), float(places[last] + 1 + _wide(self.text[last]))
        if rows[first] != rows[last] or right <= left:  # a token over two lines: its first cell
            left, right = float(places[first]), float(places[first] + 1 + _wide(self.text[first]))
        top = self.head + rows[first] * self.line - self.reel.offset
        return QRectF(left * self.cell, float(top), (right - left) * self.cell, self.line)

    def part_at(self, x: float, y: float) -> int | None:
        rows, places = self._cells()
        if not 0 <= y - self.head < self.reel.room or not len(self.starts):
            return None
        down = int((y - self.head + self.reel.offset) // self.line)
        there = np.flatnonzero((rows == down) & (places <= x / self.cell))
        if not len(there) or x > (places[there[-1]] + 2) * self.cell:
            return None
        return int(np.searchsorted(self.starts, there[-1], side="right")) - 1

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not len(self.starts):
            return None
        if part is None:
            return min(max(self.place_of, 0), len(self.starts) - 1)
        if dx:
            return min(max(part + dx, 0), len(self.starts) - 1)
        here = self.place(part).center()
        found = self.part_at(here.x(), here.y() + dy * self.line)
        return part if found is None else found

    def say(self, part: int) -> str:
        if part >= len(self.starts):
            return ""
        first, end = self._token(part)
        value = (signed if self.diverging else fixed)(float(self.shade[first]))
        said = f"“{visible(self.text[first:end])}”   {value}"
        return f"{said}   {self.look.words('not in the vocabulary')}" if part in self.unknown else said

    def tell_hover(self, part: int | None) -> None:
        pass

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._cells()
        self.reel.wheel(event, self.line)
        self.update()

    # --- painting

    def paint(self, painter: QPainter) -> None:
        if not self.text:
            return
        self._paint_scale(painter)
        rows, places = self._cells()
        area = QRect(0, self.head, self.width(), self.height() - self.head)
        view = self.reel.view(area)
        painter.setClipRect(view)
        grid = np.full((int(rows[-1]) + 1, int(places.max()) + 2), np.nan, np.float32)
        wide = np.flatnonzero([_wide(one) for one in self.text]) \
            if not self.text.isascii() else np.zeros(0, int)
        grid[rows[wide], places[wide] + 1] = self.shade[wide]
        grid[rows, places] = self.shade
        low = -1.0 if self.diverging else 0.0
        image = raster.to_image(raster.colour(grid, low, 1.0, self.tables[self.diverging]))
        target = QRectF(0, self.head - self.reel.offset, grid.shape[1] * self.cell,
                        grid.shape[0] * self.line)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(target, image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.layer(painter, "text", (self.text, self.reel.offset), self._paint_text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen("muted", 1.5, Qt.PenStyle.DotLine))
        for part in self.unknown:
            painter.drawRect(self.place(part).adjusted(0.5, 1, -0.5, -1))
        if 0 <= self.place_of < len(self.starts):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.look.pen("text", self.look.px(2)))
            painter.drawRoundedRect(self.place(self.place_of).adjusted(-1, 0, 1, 0), 2, 2)
        painter.setClipping(False)
        self.reel.paint(painter, area)

    def _paint_scale(self, painter: QPainter) -> None:
        """The colours from end to end, at the right."""
        px, (low, high) = self.look.px, self.ends
        top = 0 if self._scale_beside else super().head
        middle = top + self.text_height() / 2
        high_at = self.put(painter, self.label(high, "muted", 11), self.width(), middle, 1.0, 0.5)
        bar = QRectF(high_at.left() - px(4 + SCALE), round(middle) - px(5), px(SCALE), px(10))
        painter.drawImage(bar, raster.to_image(self.tables[self.diverging][None]))
        painter.setPen(self.look.pen("hairline"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        self.put(painter, self.label(low, "muted", 11), bar.left() - px(4), middle, 1.0, 0.5)

    def _paint_text(self, painter: QPainter) -> None:
        rows, places = self._cells()
        painter.setFont(self.mono)
        for index, sign in enumerate(self.text):
            top = self.head + rows[index] * self.line - self.reel.offset
            if self.head - self.line < top < self.height() and sign != " ":
                painter.setPen(self.look.color("text"))
                shown = on_one_line(sign)
                painter.drawText(QPointF(places[index] * self.cell,
                                         float(top) + self.look.px(1) + self.ascent), shown)


class RnnLanguageModelView(PanelView):
    """Above: the coloured text, and what units follow. Below: perplexity, the next token, writing."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.names = feature_words(words)
        self.colour = Switch(look, (words("A unit"), words("Surprise"), words("Connection")))
        self.passage = QPushButton(words("Another passage"))
        self.text = ColouredText(look)
        self.search = BarChart(look, "", x=words("|correlation| on other text"), high=1.0).calm()
        self.units = Heatmap(look, "", x=words("unit"), palette="diverging", color_bar=False).calm()
        self.beside = Pages(self, "beside", {"search": (words("Units found"), self.search),
                                             "all": (words("All units"), self.units)})
        self.figures = Readouts(look).calm()
        self.perplexity = CurvePlot(look, words("Perplexity"), x=words("training step"), log_y=True,
                                    integer_x=True).calm()
        self.next = BarChart(look, words("Next"), high=1.0).calm()
        self.lines = TextFlow(look, words("What it writes, and at which step"), mono=True).calm()

        def card(*widgets: QWidget) -> Card:
            made = Card(look)
            for widget in widgets:
                made.body.addWidget(widget, int(not isinstance(widget, (Switch, Readouts))))
            return made

        shown = Card(look)
        choices = row(self.colour, self.passage)
        choices.addStretch(1)
        shown.body.addLayout(choices)
        shown.body.addWidget(self.text, 1)
        self.setLayout(Arrangement(look, below(
            beside(Place(shown, words("Text"), rank=1, smallest=(400, 220), share=8),
                   Place(card(self.beside, self.figures), words("Units"), rank=2, smallest=(260, 220),
                         share=5), share=6),
            beside(Place(card(self.perplexity), words("Perplexity"), rank=4, smallest=(240, 170),
                         share=5),
                   Place(card(self.next), words("Next"), rank=3, smallest=(190, 170), share=4),
                   Place(card(self.lines), words("Writing"), rank=5, smallest=(240, 150), share=6),
                   share=5))))

        self._shown: Shown[Params, Frame] | None = None
        self.colour.chosen.connect(lambda index: self.changed.emit("colour", COLOURS[index]))
        self.text.clicked.connect(lambda token: self.changed.emit("place", token))
        self.passage.clicked.connect(self._next_passage)
        self.search.clicked.connect(lambda index: self._choose(index, -1))
        self.units.clicked.connect(self._choose)
        self.next.clicked.connect(self._append)

    # --- what clicks do

    def _next_passage(self) -> None:
        if self._shown is not None:
            params = self._shown.params
            for name, value in (("prompt", ""), ("place", -1),
                                ("passage", params.passage + (not params.prompt))):
                self.changed.emit(name, value)

    def _choose(self, feature: int, unit: int) -> None:
        """Colour the text by a unit, or by the one that was found for a feature."""
        if self._shown is not None and feature < len(self._shown.frame.features):
            self.changed.emit("feature", self._shown.frame.features[feature])
            self.changed.emit("unit", unit)
            self.changed.emit("colour", "unit")

    def _append(self, index: int) -> None:
        """A clicked token goes to the end of the user's text, if there is one."""
        if self._shown is not None and self._shown.params.prompt \
                and index < len(self._shown.frame.candidates):
            self.changed.emit("prompt", self._shown.params.prompt
                              + self._shown.frame.candidates[index])

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame, params, words = shown.frame, shown.params, self.words
        colour = params.colour if params.colour in COLOURS else "unit"
        self.colour.set(COLOURS.index(colour))
        title, ends = {
            "unit": (words("Unit {unit} at each token", unit=frame.unit), (signed(-1, 0), signed(1, 0))),
            "surprise": (words("How surprised it was"), (count(0), words("as by a blind guess"))),
            "connection": (words("What the guess after the framed token hangs on"),
                           (count(0), words("most"))),
        }[colour]
        if frame.total > len(frame.starts):
            title += words("; the first {count} of {total} tokens are read",
                           count=count(len(frame.starts)), total=count(frame.total))
        if frame.unknown.any():
            title += words("; dotted: not in the vocabulary")
        self.text.draw(frame.passage, frame.starts, frame.shade, diverging=colour == "unit",
                       place=frame.place, title=title, ends=ends, unknown=frame.unknown)

        page = self.beside.show_page(params.beside)
        names = [self.names[one] for one in frame.features]
        if page == "search":
            chosen = np.flatnonzero(frame.best == frame.unit)
            order = self._feature(frame, params)
            self.search.draw(
                np.abs(frame.scores), names,
                highlight=order if order in chosen else int(chosen[0]) if len(chosen) else -1)
        else:
            self.units.draw(frame.correlations, low=-1.0, high=1.0, y_labels=names,
                            column=frame.unit)
        self._draw_figures(frame, params)
        self._draw_perplexity(shown)
        first = int(frame.starts[max(0, frame.place - 12)])
        end = int(frame.starts[frame.place + 1]) if frame.place + 1 < len(frame.starts) \
            else len(frame.passage)
        self.next.draw(frame.odds, [visible(one) for one in frame.candidates],
                       muted=np.flatnonzero(frame.odds == 0).tolist(),
                       title=words("After “{text}”", text=legible(frame.passage[first:end][-14:])))
        self._draw_lines(frame)

    def _feature(self, frame: Frame, params: Params) -> int:
        """The feature that is chosen, or where training has added most to its unit; −1 if none."""
        if params.feature in frame.features:
            return frame.features.index(params.feature)
        gained = np.abs(frame.scores) - np.abs(frame.first_scores)
        return int(gained.argmax()) if len(gained) else -1

    def _draw_figures(self, frame: Frame, params: Params) -> None:
        feature = self._feature(frame, params)
        if feature < 0:
            self.figures.draw([])
            return
        items = [(self.words("correlation of unit {unit}", unit=frame.unit),
                  signed(float(frame.correlations[feature, frame.unit]))),
                 (self.words("best before training"), fixed(abs(float(frame.first_scores[feature]))))]
        if frame.areas[feature] > 0 and frame.unit == frame.best[feature]:
            items.append((self.words("area under ROC"), fixed(float(frame.areas[feature]))))
        self.figures.draw(items)

    def _draw_perplexity(self, shown: Shown[Params, Frame]) -> None:
        frame, history, words = shown.frame, shown.history, self.words
        curves = [measured(one.history, one.label, style="ghost") for one in shown.ghosts]
        if len(history):
            curves += [Curve(np.exp(running_mean(history["loss"], SMOOTHING)), history.steps,
                             words("training"), series=2, width=1.5),
                       measured(history, words("held out"), series=3)]
        self.perplexity.draw(
            curves, [Rule(float(frame.vocabulary), words("blind guessing")),
                     Rule(float(np.exp(frame.frequency_loss)), words("counting tokens")),
                     Rule(float(np.exp(frame.pair_loss)), words("counting pairs"))],
            note=words("held out: {perplexity}", perplexity=decimal(float(np.exp(frame.held_out)))),
            y_range=(2.0, 1.5 * max(float(frame.vocabulary), 4.0)))

    def _draw_lines(self, frame: Frame) -> None:
        self.lines.draw_lines([
            (count(step), legible(line), len(legible(line[:given]))) for step, given, line in zip(
                frame.sample_steps, frame.sample_given, frame.sample, strict=True)], series=2)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        feature = self._feature(frame, shown.params)
        said = self.words(
            "After {steps} the perplexity on held-out text is {perplexity} (blind guessing: "
            "{vocabulary}).", steps=quantity(shown.measured, "step", self.words),
            perplexity=decimal(float(np.exp(frame.held_out))), vocabulary=count(frame.vocabulary))
        if feature < 0:
            return said
        return said + self.words(" Unit {unit} follows “{feature}” with a correlation of {score}.",
                                 unit=frame.best[feature], feature=self.names[frame.features[feature]],
                                 score=fixed(float(frame.scores[feature])))


def measured(history: History, label: str, **how: Any) -> Curve:
    """The held-out perplexity at the steps at which it was measured."""
    losses, steps = history.points("held_out")
    return Curve(np.exp(losses), steps, label, **how)


def legible(text: str) -> str:
    """Line breaks as a sign, and long runs of spaces as one arrow."""
    return re.sub(" {4,}", "⇥", on_one_line(text))

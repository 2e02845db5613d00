"""The picture of extraction: the graph that was read, one sentence of it, and how the scores grow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Signal
from PySide6.QtGui import QColor, QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizers.data.abstracts import DISEASE, DRUG, INSIDE, RELATIONS
from visualizers.l7_biomedical.knowledge_extraction.panel import MISSED, RIGHT, WRONG, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.canvas import Canvas, Scroll, rows_of
from widgets.pictures.curves import Curve, CurvePlot, ghost_curves
from widgets.pictures.tokens import NotedStrip
from widgets.theme.look import Look
from widgets.theme.marks import mark_of, paint_marks
from widgets.theme.numbers import count, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

Part = tuple[str, int]  # ("drug", number), ("disease", number) or ("edge", number)
DASHES: tuple[Sequence[float], ...] = ((), (6, 3), (1.5, 3))  # of treats, causes, does not
UNSEEN, NO_NAME = 1, 2  # what a name is, beside a known one
CROSS = "✗"


class FactGraph(Canvas[Part]):
    """Drugs on the left, diseases on the right, and what was read of each pair as a line with a mark.

    Signals:
        clicked(edge): the edge's number.
    """

    clicked = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, " ", parent)
        self.frame: Frame | None = None
        self._widest = (0, 0)  # of the names on either side
        self._at: tuple[()] | tuple[tuple[float, float, float], tuple[float, float, float]] = ()
        self.reels = Scroll(self), Scroll(self)  # of either side
        self.setMinimumSize(look.px(300), look.px(170))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def draw(self, frame: Frame, title: str) -> None:
        self.retitle(title)
        if self.frame is None or (frame.drugs, frame.diseases) != (self.frame.drugs, self.frame.diseases):
            drugs, diseases = (max((self.text_width(name, 12) for name in names), default=0)
                               for names in (frame.drugs, frame.diseases))
            self._widest = drugs, diseases
        self.frame = frame
        if self.current is not None and self.current[1] >= self._count(self.current[0]):
            self.current = None
        self.update()

    def _count(self, kind: str) -> int:
        assert self.frame is not None
        return len({"drug": self.frame.drugs, "disease": self.frame.diseases}.get(kind, self.frame.ends))

    # Where things are

    @property
    def _top(self) -> int:
        """Below the title and the legend."""
        return self.head + self.text_height(12) + self.look.px(6)

    def _pitch(self, side: int) -> float:
        assert self.frame is not None
        least = float(self.text_height(12) + self.look.px(2))
        rows, room = self._count("disease" if side else "drug"), self.height() - self._top
        pitch = max(least, min(room / max(rows, 1), 2.2 * least))
        self.reels[side].fit(rows_of(rows, pitch), room)
        if 0 <= self.frame.chosen < len(self.frame.ends):
            row = int(self.frame.ends[self.frame.chosen][side])
            self.reels[side].hold((self.frame.chosen, row), row * pitch, (row + 1) * pitch)
        return pitch

    def _seen(self, side: int, row: int) -> bool:
        """Whether a name is in sight, and not one of those that hall text leaves out."""
        _, y, pitch = self._at[side] if self._at else self._first(side)
        down = y + row * pitch - self._top
        return not self.reels[side].cut or 0 < down < self.reels[side].room

    def _column(self, side: int) -> float:
        """Where the lines of a side begin: beside its longest name."""
        wide = min(self._widest[side], round(0.38 * self.width())) + self.look.px(16)
        return wide if side == 0 else self.width() - wide

    def _first(self, side: int) -> tuple[float, float, float]:
        """Where the first name of a side stands, x and y, and how far it is from one to the next."""
        pitch = self._pitch(side)
        rows = self._count("disease" if side else "drug")
        spare = max(0.0, self.height() - self._top - rows * pitch) / 2
        return self._column(side), self._top + spare + 0.5 * pitch - self.reels[side].offset, pitch

    def _spot(self, side: int, row: int) -> QPointF:
        x, y, pitch = self._at[side] if self._at else self._first(side)
        return QPointF(x, y + row * pitch)

    def _middle(self, edge: int) -> QPointF:
        """Of an edge's mark; neighbours have theirs at other places."""
        assert self.frame is not None
        drug, disease = (int(one) for one in self.frame.ends[edge])
        a, b = self._spot(0, drug), self._spot(1, disease)
        return a + (b - a) * (0.3 + 0.4 * ((0.5 + edge * 0.618) % 1))

    def place(self, part: Part) -> QRectF:
        kind, number = part
        if kind == "edge":
            middle, half = self._middle(number), self.look.px(9)
            return QRectF(middle.x() - half, middle.y() - half, 2 * half, 2 * half)
        side = int(kind == "disease")
        spot, pitch = self._spot(side, number), self._pitch(side)
        left, right = (0.0, spot.x()) if side == 0 else (spot.x(), float(self.width()))
        return QRectF(left, spot.y() - pitch / 2, right - left, pitch)

    def part_at(self, x: float, y: float) -> Part | None:
        if self.frame is None or y < self._top:
            return None
        for kind in ("drug", "disease"):
            for row in range(self._count(kind)):
                if self._seen(int(kind == "disease"), row) and self.place((kind, row)).contains(x, y):
                    return kind, row
        near, best = None, 6.0 * self.look.scale
        for edge, (drug, disease) in enumerate(self.frame.ends.tolist()):
            if not self._seen(0, drug) or not self._seen(1, disease):
                continue
            a, b = self._spot(0, drug), self._spot(1, disease)
            if a.x() <= x <= b.x() and a.x() < b.x():
                away = abs(a.y() + (b.y() - a.y()) * (x - a.x()) / (b.x() - a.x()) - y)
                away = min(away, math.hypot(self._middle(edge).x() - x, self._middle(edge).y() - y) / 2)
                if away < best:
                    near, best = edge, away
        return None if near is None else ("edge", near)

    def beside(self, part: Part | None, dx: int, dy: int) -> Part | None:
        """↑/↓ walk within drugs, edges or diseases; ←/→ lead from one of these to the next."""
        if self.frame is None:
            return None
        kinds = [one for one in ("drug", "edge", "disease") if self._count(one)]
        if not kinds:
            return None
        if part is None:
            return ("edge" if "edge" in kinds else kinds[0]), 0
        kind, number = part
        if dx:
            kind = kinds[min(max(kinds.index(kind) + dx, 0), len(kinds) - 1)]
        number = min(max(number + dy, 0), self._count(kind) - 1)
        ends = self.frame.ends[number].tolist() if kind == "edge" else [number, number]
        for side, row in enumerate(ends):
            if kind in ("edge", ("drug", "disease")[side]):
                pitch = self._pitch(side)
                self.reels[side].reveal(row * pitch, (row + 1) * pitch)
        return kind, number

    def say(self, part: Part) -> str:
        assert self.frame is not None
        frame, words, (kind, number) = self.frame, self.look.words, part
        if kind == "edge":
            drug, disease = frame.ends[number].tolist()
            relation = words(RELATIONS[frame.relation[number]])
            fact = f"{frame.drugs[drug]} – {relation} – {frame.diseases[disease]}"
            if frame.state[number] == MISSED:
                return f"{fact}   {words('missed')}"
            said = percent(float(frame.score[number]))
            return f"{fact}   {said}   {words('wrong')}" if frame.state[number] == WRONG \
                else f"{fact}   {said}"
        of_kind, found = (frame.drug_kind, frame.drug_found) if kind == "drug" \
            else (frame.disease_kind, frame.disease_found)
        name = (frame.drugs if kind == "drug" else frame.diseases)[number]
        about = [words("known name"), words("unseen name"), words("not such a name")][of_kind[number]]
        return f"{name}   {about}" + ("" if found[number] else f"   {words('missed')}")

    def tell_click(self, part: Part | None) -> None:
        if part is not None and part[0] == "edge":
            self.clicked.emit(part[1])

    def wheelEvent(self, event: QWheelEvent) -> None:
        for reel in self.reels:
            reel.wheel(event, self.text_height(12))
        event.setAccepted(any(reel.length > reel.room or reel.cut for reel in self.reels))
        self.update()

    # Painting

    def paint(self, painter: QPainter) -> None:
        if self.frame is None:
            return
        self._paint_legend(painter)
        area = QRect(0, self._top, self.width(), self.height() - self._top)
        self._at = self._first(0), self._first(1)  # once for all that is painted
        cut = any(reel.cut for reel in self.reels)
        painter.setClipRect(area.adjusted(0, 0, 0, -self.reels[0].foot) if cut else area)
        order = sorted(range(len(self.frame.ends)), key=lambda one: (
            one == self.frame.chosen, -int(self.frame.state[one])) if self.frame else (False, 0))
        for edge in order:
            if all(self._seen(side, row) for side, row in enumerate(self.frame.ends[edge].tolist())):
                self._paint_edge(painter, edge)
        for side in range(2):
            self._paint_names(painter, side)
        painter.setClipping(False)
        if cut:
            self.reels[0].paint(painter, area)
            self.reels[1].paint(painter, area.adjusted(min(
                round(self._column(1)), area.width() - self.look.px(140)), 0, 0, 0))
        else:
            max(self.reels, key=lambda one: one.length).paint(painter, area)
        self._at = ()

    def _paint_legend(self, painter: QPainter) -> None:
        words, x, px = self.look.words, 0.0, self.look.px
        entries: list[tuple[str, str | int]] = [
            (f"{mark_of(number)} {words(RELATIONS[number + 1])}", number) for number in range(3)]
        entries += [(f"{CROSS} {words('wrong')}", "warning"), (f"┄ {words('missed')}", "muted"),
                    (f"○ {words('unseen name')}", "muted")]
        for text, ink in entries:
            if x + self.text_width(text, 12) > self.width():
                break
            x = self.put(painter, self.label(text, ink, 12), x, self.head).right() + px(10)

    def _ink(self, edge: int) -> QColor:
        assert self.frame is not None
        return self.look.color("ghost") if self.frame.state[edge] == MISSED \
            else self.look.color(int(self.frame.relation[edge]) - 1)

    def _paint_edge(self, painter: QPainter, edge: int) -> None:
        assert self.frame is not None
        drug, disease = self.frame.ends[edge].tolist()
        series, state = int(self.frame.relation[edge]) - 1, int(self.frame.state[edge])
        seen = edge == self.frame.chosen or self.current == ("edge", edge)
        width = (2.8 if seen else 1.0 if state == MISSED else 1.7) * self.look.scale
        pen = self.look.pen(self._ink(edge), width)
        if DASHES[series]:
            pen.setDashPattern([one * 1.7 * self.look.scale / width for one in DASHES[series]])
        painter.setPen(pen)
        painter.drawLine(self._spot(0, drug), self._spot(1, disease))
        middle, radius = self._middle(edge), 4.2 * self.look.scale
        painter.setPen(self.look.pen(self._ink(edge), 1.4 * self.look.scale))
        painter.setBrush(self.look.color("card") if state == MISSED else self._ink(edge))
        paint_marks(painter, series, [(middle.x(), middle.y())], radius)
        if state == WRONG:
            self._paint_cross(painter, middle, 6.5 * self.look.scale)

    def _paint_cross(self, painter: QPainter, at: QPointF, size: float) -> None:
        for ink, width in (("card", 5.0), ("warning", 2.2)):
            painter.setPen(self.look.pen(ink, width * self.look.scale))
            for turn in (1, -1):
                painter.drawLine(at + QPointF(-size, -size * turn), at + QPointF(size, size * turn))

    def _paint_names(self, painter: QPainter, side: int) -> None:
        frame, px = self.frame, self.look.px
        assert frame is not None
        names, kinds, found = ((frame.drugs, frame.drug_kind, frame.drug_found),
                               (frame.diseases, frame.disease_kind, frame.disease_found))[side]
        longest = round(0.38 * self.width())
        for row, name in enumerate(names):
            if not self._seen(side, row):
                continue
            spot = self._spot(side, row)
            ink = "text" if found[row] else "muted"
            if kinds[row] == NO_NAME:
                self._paint_cross(painter, spot, 3.2 * self.look.scale)
            else:
                painter.setPen(self.look.pen(ink, 1.5 * self.look.scale))
                painter.setBrush(self.look.color("card" if kinds[row] == UNSEEN else ink))
                painter.drawEllipse(spot, 3.6 * self.look.scale, 3.6 * self.look.scale)
            text = name
            while self._widest[side] > longest and self.text_width(text, 12) > longest:
                text = text[:-2].rstrip() + "…"
            away = px(9) if side else -px(9)
            self.put(painter, self.label(text, ink, 12), spot.x() + away, spot.y(), 1.0 - side, 0.5)


class ExtractionView(PanelView):
    """The graph on top; below, the sentence of one fact, and the scores while training."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.graph = FactGraph(look)
        self.graph.clicked.connect(self._choose)
        self.strip = NotedStrip(look, " ", lines=3)
        # It has the card to itself, so that no sentence asks for more room than another.
        self.strip.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.names, self.relations = (
            CurvePlot(look, "", x=words("training step"), y_range=(0.0, 1.04), integer_x=True).calm()
            for _ in range(2))
        self.facts = BarChart(look, "", x=words("F1 of facts, unseen names"), high=1.0).calm()
        self.beside = Pages(self, "beside", {
            "names": (words("Names"), self.names), "relations": (words("Relations"), self.relations),
            "facts": (words("Whole facts"), self.facts)})
        self._frame: Frame | None = None

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.graph)
        left.body.addWidget(self.strip)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Graph"), rank=1, smallest=(380, 240), share=8),
            beside(Place(left, words("Sentence"), rank=2, smallest=(330, 190), share=8),
                   Place(right, words("Scores"), rank=3, smallest=(290, 190), share=7), share=6))))

    def _choose(self, edge: int) -> None:
        if self._frame is not None:
            self.changed.emit("edge", tuple(self._frame.where[edge].tolist()))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame = frame
        drugs = self.words("real names, made findings") if frame.real \
            else self.words("made names of drugs, made findings")
        title = self.words("Read from {texts}: {drugs}; click a line",
                           texts=quantity(frame.read, "text", self.words), drugs=drugs)
        if late := self.of_step(shown):
            title += f" ({late})"
        self.graph.draw(frame, title)
        self._draw_sentence(frame)
        match self.beside.show_page(params.beside):
            case "names":
                self._draw_names(shown)
            case "relations":
                self._draw_relations(shown)
            case "facts":
                self._draw_facts(frame)

    def _draw_sentence(self, frame: Frame) -> None:
        """The tags that were found, how sure each is, and what was read of the pair."""
        tags = {DRUG: self.words("drug"), DISEASE: self.words("disease"), INSIDE: "…"}
        wrong = frame.found != frame.tags
        notes = [(f"{CROSS} " if bad else "") + tags.get(int(tag), "") for tag, bad in
                 zip(frame.found, wrong, strict=True)]
        title = self.words("Below each word its tag, and how sure it is")
        if frame.pair:
            pair = ", ".join(frame.pair)
            best = int(frame.odds.argmax())
            if frame.odds.any():
                title = self.words("{pair}: {said} {odds}; true: {truth}", pair=pair,
                                   said=self.words(RELATIONS[best]), odds=percent(float(frame.odds[best])),
                                   truth=self.words(RELATIONS[frame.truth]))
            else:
                title = self.words("{pair}: not found; true: {truth}", pair=pair,
                                   truth=self.words(RELATIONS[frame.truth]))
        self.strip.draw(frame.words, weights=np.where(frame.found > 0, 0.45, 0.0),
                        unknown=np.flatnonzero(wrong).tolist(), notes=[notes], shares=frame.sure,
                        title=title)

    def _draw_names(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = [Curve(*ghost.history.points("names_characters_unseen"), ghost.label, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        curves += [
            Curve(*history.points("names_words_known"), series=1, width=1.0, style="dashed"),
            Curve(*history.points("names_characters_known"), width=1.0, style="dashed"),
            Curve(*history.points("names_words_unseen"), self.words("whole words"), series=1),
            Curve(*history.points("names_characters_unseen"), self.words("and characters"), width=2.5)]
        self.names.draw(curves, y_range=(0.0, 1.04), note=self.words("F1, unseen names; known ones dashed"))

    def _draw_relations(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = ghost_curves(shown.ghosts, "relations_markers")
        curves += [Curve(*history.points("relations_plain"), self.words("no markers"), series=1),
                   Curve(*history.points("relations_markers"), self.words("with markers"), width=2.5)]
        self.relations.draw(curves, y_range=(0.0, 1.04), note=self.words("F1 between the true names"))

    def _draw_facts(self, frame: Frame) -> None:
        names = [self.words("whole words"), self.words("and characters")]
        markers = [self.words("no markers"), self.words("with markers")]
        self.facts.draw(frame.facts_f1[:, :, 1].ravel(), [f"{one}, {other}" for one in names
                                                          for other in markers], series=[1, 1, 0, 0])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        (_, words), (_, characters) = frame.names_f1.tolist()
        return self.words(
            "Of the edges {right} are right, {wrong} wrong, {missed} missed. F1 at step {measured}: unseen "
            "names {words}, with characters {characters}; relations {plain}, with markers {markers}.",
            right=count((frame.state == RIGHT).sum()), wrong=count((frame.state == WRONG).sum()),
            missed=count((frame.state == MISSED).sum()), measured=count(shown.measured),
            words=fixed(words), characters=fixed(characters),
            plain=fixed(float(frame.relations_f1[0])), markers=fixed(float(frame.relations_f1[1])))

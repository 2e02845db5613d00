"""The picture of parallel training: a lane a worker, the ring, the pipeline's slots, the large model."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizers.l5_compression.parallel.panel import HELD, MESSAGES, WAYS, Frame, Params
from visualizers.panel import History, Shown
from widgets.base.calm import may_wait
from widgets.pictures.bars import BarChart
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.marks import named, paint_marks
from widgets.theme.numbers import count, decimal, percent, quantity, size
from widgets.theme.words import Words
from widgets.views.cards import Card
from widgets.views.code import CodeText
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

COLOURS = (0, 1, 2, 0, 1)  # of the messages: those of a pipeline never stand beside those of a ring


class Lanes(Canvas[tuple[int, int]]):
    """A lane a worker: which part of the weights, gradients and Adam's moments it holds, how much of the
    activations, and what it sends to the next. The outline is what one process alone holds.

    A part is (worker, column); the last column is what it sends.
    """

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, look.words("What each worker holds, and what it sends in a step"), parent)
        self.frame: Frame | None = None
        self.ghost: Frame | None = None
        self.ring = True
        self.setMinimumSize(look.px(420), look.px(200))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, frame: Frame, ghost: Frame | None, *, ring: bool, title: str) -> None:
        """``ring``: messages go round; else they go along the line, to either side."""
        def seen(one: Frame | None) -> object:
            return one and [each.tobytes() for each in (one.held, one.parts, one.sent, one.moment)]

        # A step changes the weights and not who holds them: most frames need no new picture.
        old = (seen(self.frame), seen(self.ghost), self.ring, self.title)
        self.retitle(title)
        self.frame, self.ghost, self.ring = frame, ghost, ring
        if self.current is not None and self.current[0] >= len(frame.held):
            self.current = None
        if (seen(frame), seen(ghost), ring, title) != old:
            self.update()

    # Where things are

    def place(self, part: tuple[int, int]) -> QRectF:
        """The whole cell of a part; its strip lies in it."""
        assert self.frame is not None
        px, (worker, column) = self.look.px, part
        line = self.text_height(12)
        top = self.head + 2 * line + px(8)
        pitch = (self.height() - top - line - px(4)) / len(self.frame.held)  # below, the messages' names
        left = self.text_width(self._name(0), 13, True) + px(12)
        wide = (self.width() - left - px(24)) / 5  # at the right, the arrows
        return QRectF(left + column * wide, top + worker * pitch, wide - px(8), pitch)

    def _strip(self, part: tuple[int, int]) -> QRectF:
        cell, px = self.place(part), self.look.px
        tall = max(float(px(10)), cell.height() - self.text_height(12) - px(10))
        return QRectF(cell.left(), cell.top() + px(2), cell.width(), min(tall, float(px(80))))

    def part_at(self, x: float, y: float) -> tuple[int, int] | None:
        if self.frame is None:
            return None
        return next(((one, column) for one in range(len(self.frame.held)) for column in range(5)
                     if self.place((one, column)).contains(x, y)), None)

    def beside(self, part: tuple[int, int] | None, dx: int, dy: int) -> tuple[int, int] | None:
        if self.frame is None:
            return None
        if part is None:
            return 0, 0
        return (min(max(part[0] + dy, 0), len(self.frame.held) - 1), min(max(part[1] + dx, 0), 4))

    def _name(self, worker: int) -> str:
        return self.look.words("worker {number}", number=worker)

    def say(self, part: tuple[int, int]) -> str:
        assert self.frame is not None
        (worker, column), words = part, self.look.words
        if column == 4:
            return words("{worker} sends in a step: {what}", worker=self._name(worker), what=", ".join(
                f"{words(what)} {size(int(bytes_))}" for what, bytes_ in
                zip(MESSAGES, self.frame.sent[worker], strict=True) if bytes_) or "0")
        said = words("{worker} holds {part} of {whole}: {what}", worker=self._name(worker),
                     part=size(int(self.frame.held[worker, column])),
                     whole=size(int(self.frame.alone[column])), what=words(HELD[column]))
        if column == 0 and self.frame.moment[worker]:
            said += words("; {size} more for a moment", size=size(int(self.frame.moment[worker])))
        return said

    # Painting

    def paint(self, painter: QPainter) -> None:
        if self.frame is None:
            return
        self._paint_heads(painter)
        for worker in range(len(self.frame.held)):
            cell = self.place((worker, 0))
            middle = self._strip((worker, 0)).center().y()
            self.put(painter, self.label(self._name(worker), "text", 13, True), 0, middle, 0, 0.5)
            self.put(painter, self.label(size(int(self.frame.held[worker].sum())), "muted", 12), 0,
                     middle + self.text_height(13) / 2, 0, 0)
            if worker:
                painter.setPen(self.look.pen("hairline"))
                painter.drawLine(QLineF(0, cell.top() - self.look.px(2), self.width() - self.look.px(34),
                                        cell.top() - self.look.px(2)))
            for column in range(4):
                self._paint_held(painter, (worker, column))
            self._paint_sent(painter, worker)
        self._paint_arrows(painter)

    def _paint_heads(self, painter: QPainter) -> None:
        assert self.frame is not None
        words, line = self.look.words, self.text_height(12)
        top = self.place((0, 0)).top() - self.look.px(6)
        for column, name in enumerate((*HELD, "sends")):
            cell, text = self.place((0, column)), words(name)
            if column < 4 and self.text_width(named(column, text), 12, True) <= cell.width():
                text = named(column, text)
            bold = self.text_width(text, 12, True) <= cell.width()
            self.put(painter, self.label(text, column if column < 4 else "text", 12, bold), cell.left(),
                     top - line, 0, 1)
            if column < 4:
                self.put(painter, self.label(words("of {size}", size=size(int(self.frame.alone[column]))),
                                             "muted", 12), cell.left(), top, 0, 1)
        sends = self.label(words("sent:"), "muted", 12)
        x = self.put(painter, sends, self.place((0, 0)).left(), self.height(), 0, 1).right()
        for one, what in enumerate(MESSAGES):
            if self.frame.sent[:, one].any():
                made = self.label(named(COLOURS[one], words(what)), COLOURS[one], 12)
                x = self.put(painter, made, x + self.look.px(8), self.height(), 0, 1).right()

    def _paint_held(self, painter: QPainter, part: tuple[int, int]) -> None:
        assert self.frame is not None
        strip, (worker, column) = self._strip(part), part
        if column < 3:
            shares = self.frame.parts[worker, column] / 100
        else:
            shares = np.array([self.frame.held[worker, 3] / self.frame.alone[3]])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("ground"))
        painter.drawRect(strip)
        painter.setBrush(self.look.color(column))
        wide = strip.width() / len(shares)
        if column < 3:  # neighbours that are equally full are one rectangle
            edges = np.flatnonzero(np.diff(shares, prepend=-1.0, append=-1.0))
            for start, stop in pairwise(edges.tolist()):
                tall = strip.height() * float(shares[start])
                painter.drawRect(QRectF(strip.left() + start * wide, strip.bottom() - tall,
                                        (stop - start) * wide, tall))
        else:
            painter.drawRect(QRectF(strip.left(), strip.top(), strip.width() * min(1.0, float(shares[0])),
                                    strip.height()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen("ghost"))
        painter.drawRect(strip)
        if self.ghost is not None and worker < len(self.ghost.held):
            share = self.ghost.held[worker, column] / self.ghost.alone[column]
            painter.setPen(self.look.pen("muted", self.look.px(2), Qt.PenStyle.DotLine))
            y = strip.bottom() + self.look.px(2)
            painter.drawLine(QLineF(strip.left(), y, strip.left() + strip.width() * share, y))
        self.put(painter, self.label(size(int(self.frame.held[worker, column])), "text", 12),
                 strip.left(), strip.bottom() + self.look.px(4))

    def _paint_sent(self, painter: QPainter, worker: int) -> None:
        assert self.frame is not None
        strip = self._strip((worker, 4))
        most = max(float(self.frame.sent.sum(1).max()), self.frame.sent_formula) * 1.02
        x = strip.left()
        painter.setPen(Qt.PenStyle.NoPen)
        for one, sent in enumerate(self.frame.sent[worker].tolist()):
            wide = strip.width() * sent / most
            painter.setBrush(self.look.color(COLOURS[one]))
            painter.drawRect(QRectF(x, strip.top() + strip.height() / 4, wide, strip.height() / 2))
            if wide > self.look.px(12):  # the mark of its kind lies on it
                painter.setBrush(self.look.color("card"))
                paint_marks(painter, COLOURS[one], [(x + wide / 2, strip.center().y())],
                            min(self.look.px(4), strip.height() / 6))
            x += wide
        self.put(painter, self.label(size(int(self.frame.sent[worker].sum())), "text", 12),
                 strip.left(), strip.bottom() + self.look.px(4))

    def _paint_arrows(self, painter: QPainter) -> None:
        """To the next worker, and round from the last to the first; in a pipeline to either side."""
        assert self.frame is not None
        px, N = self.look.px, len(self.frame.held)
        ys = [self._strip((one, 0)).center().y() for one in range(N)]
        x, far, head = self.width() - px(20), self.width() - px(4), px(4)
        painter.setPen(self.look.pen("muted", self.look.px(1.5)))
        painter.setBrush(self.look.color("muted"))
        for one in range(N - 1):
            painter.drawLine(QLineF(x, ys[one] + px(3), x, ys[one + 1] - px(4)))
            _head(painter, x, ys[one + 1] - px(3), head, down=True)
            if not self.ring:
                painter.drawLine(QLineF(far - px(4), ys[one] + px(4), far - px(4), ys[one + 1] - px(3)))
                _head(painter, far - px(4), ys[one] + px(3), head, down=False)
        if self.ring:
            painter.drawPolyline(QPolygonF([QPointF(x, ys[-1] + px(3)), QPointF(x, ys[-1] + px(10)),
                                            QPointF(far, ys[-1] + px(10)), QPointF(far, ys[0] - px(10)),
                                            QPointF(x, ys[0] - px(10)), QPointF(x, ys[0] - px(4))]))
            painter.setBrush(self.look.color("muted"))
            _head(painter, x, ys[0] - px(3), head, down=True)


def _head(painter: QPainter, x: float, y: float, length: float, *, down: bool) -> None:
    back = y - 1.6 * length if down else y + 1.6 * length
    painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - length, back), QPointF(x + length, back)]))


class Ring(Canvas[tuple[int, int]]):
    """A collective, round by round: a row a worker, a column a piece; the squares of a piece say whose
    part is in it already. What has just arrived is framed. A part is (worker, piece)."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "", parent)
        self.before: NDArray[np.int32] = np.zeros((1, 1), np.int32)
        self.after = self.before
        self.setMinimumSize(look.px(250), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, before: NDArray[np.int32], after: NDArray[np.int32], *, title: str) -> None:
        """Show (N, N) pieces by worker, before and after a round: bit r of each is worker r's part."""
        same = np.array_equal(before, self.before) and np.array_equal(after, self.after)
        if same and title == self.title:
            return
        self.retitle(title)
        self.before, self.after = before, after
        if self.current is not None and max(self.current) >= len(after):
            self.current = None
        self.update()

    def place(self, part: tuple[int, int]) -> QRectF:
        px, N = self.look.px, len(self.after)
        left = self.text_width(self._name(0), 12) + px(10)
        top = self.head + self.text_height(12) + px(4)
        wide, tall = (self.width() - left) / N, (self.height() - top) / N
        return QRectF(left + part[1] * wide, top + part[0] * tall, wide, tall).adjusted(
            px(2), px(2), -px(2), -px(2))

    def part_at(self, x: float, y: float) -> tuple[int, int] | None:
        N = len(self.after)
        return next(((one, piece) for one in range(N) for piece in range(N)
                     if self.place((one, piece)).contains(x, y)), None)

    def beside(self, part: tuple[int, int] | None, dx: int, dy: int) -> tuple[int, int] | None:
        last = len(self.after) - 1
        return (0, 0) if part is None else (min(max(part[0] + dy, 0), last), min(max(part[1] + dx, 0), last))

    def _name(self, worker: int) -> str:
        return self.look.words("worker {number}", number=worker)

    def _inside(self, part: tuple[int, int]) -> list[int]:
        return [one for one in range(len(self.after)) if self.after[part] >> one & 1]

    def say(self, part: tuple[int, int]) -> str:
        who = ", ".join(map(str, self._inside(part)))
        return self.look.words("{worker}, piece {piece}: from worker {who}", worker=self._name(part[0]),
                               piece=part[1], who=who or "–")

    def paint(self, painter: QPainter) -> None:
        px, N = self.look.px, len(self.after)
        for piece in range(N):
            cell = self.place((0, piece))
            self.put(painter, self.label(self.look.words("piece {number}", number=piece), "muted", 12,
                                         longest=round(cell.width())), cell.center().x(),
                     cell.top() - px(3), 0.5, 1)
        for worker in range(N):
            cell = self.place((worker, 0))
            self.put(painter, self.label(self._name(worker), "text", 12), 0, cell.center().y(), 0, 0.5)
            for piece in range(N):
                self._paint_piece(painter, (worker, piece))

    def _paint_piece(self, painter: QPainter, part: tuple[int, int]) -> None:
        px, cell, N, inside = self.look.px, self.place(part), len(self.after), self._inside(part)
        arrived = self.after[part] != self.before[part] and self.after[part] > 0
        painter.setPen(self.look.pen("accent" if arrived else "hairline",
                            px(2) if arrived else 1))
        painter.setBrush(self.look.color("accent_wash" if len(inside) == N else "ground"))
        painter.drawRoundedRect(cell, px(4), px(4))
        side = min((cell.width() - px(8)) / N - px(2), cell.height() - px(8), px(22))
        left = cell.center().x() - (N * (side + px(2)) - px(2)) / 2
        for one in range(N):
            square = QRectF(left + one * (side + px(2)), cell.center().y() - side / 2, side, side)
            painter.setPen(self.look.pen("ghost"))
            painter.setBrush(self.look.color("accent") if one in inside else Qt.BrushStyle.NoBrush)
            painter.drawRect(square)


class Gantt(Canvas[int]):
    """Which stage worked on which micro-batch when: forward filled, back outlined, else it waits."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "", parent)
        self.slots: NDArray[np.int32] = np.zeros((0, 4), np.int32)
        self.length, self.stages = 1, 1
        self.setMinimumSize(look.px(250), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, slots: NDArray[np.int32], length: int, *, stages: int, title: str) -> None:
        """Show (U, 4) stage, slot, back?, micro-batch in a chart of ``length`` slots."""
        if np.array_equal(slots, self.slots) and title == self.title:
            return
        self.retitle(title)
        self.slots, self.length, self.stages = slots, length, stages
        if self.current is not None and self.current >= len(slots):
            self.current = None
        self.update()

    @property
    def _inside(self) -> QRectF:
        px, line = self.look.px, self.text_height(12)
        left = self.text_width(self._name(0), 12) + px(10)
        return QRectF(left, self.head + px(2), self.width() - left - 1,
                      self.height() - self.head - line - px(6))

    def _name(self, worker: int) -> str:
        return self.look.words("worker {number}", number=worker)

    def place(self, part: int) -> QRectF:
        inside = self._inside
        stage, slot = self.slots[part, :2].tolist()
        wide, tall = inside.width() / self.length, inside.height() / self.stages
        gap = min(1.0, wide / 6)
        return QRectF(inside.left() + slot * wide, inside.top() + stage * tall, wide, tall).adjusted(
            gap, tall / 10, -gap, -tall / 10)

    def part_at(self, x: float, y: float) -> int | None:
        return next((one for one in range(len(self.slots)) if self.place(one).contains(x, y)), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not len(self.slots):
            return None
        if part is None:
            return 0
        stage, slot = self.slots[part, :2].tolist()
        stage = min(max(stage + dy, 0), self.stages - 1)
        mine = np.flatnonzero(self.slots[:, 0] == stage)
        mine = mine[np.argsort(self.slots[mine, 1])]
        if dy:
            return int(mine[np.abs(self.slots[mine, 1] - slot).argmin()])
        return int(mine[min(max(int(np.flatnonzero(mine == part)[0]) + dx, 0), len(mine) - 1)])

    def say(self, part: int) -> str:
        stage, slot, back, micro = self.slots[part].tolist()
        text = "{worker}, slot {slot}: micro-batch {micro} back" if back else \
            "{worker}, slot {slot}: micro-batch {micro} forward"
        return self.look.words(text, worker=self._name(stage), slot=slot + 1, micro=micro + 1)

    def paint(self, painter: QPainter) -> None:
        px, inside, words = self.look.px, self._inside, self.look.words
        for stage in range(self.stages):
            row = QRectF(inside.left(), inside.top() + stage * inside.height() / self.stages,
                         inside.width(), inside.height() / self.stages)
            painter.fillRect(row.adjusted(0, row.height() / 10, 0, -row.height() / 10),
                             self.look.color("ground"))
            self.put(painter, self.label(self._name(stage), "text", 12), 0, row.center().y(), 0, 0.5)
        for one, (_, _, back, micro) in enumerate(self.slots.tolist()):
            cell = self.place(one)
            painter.setPen(self.look.pen(1 if back else 0))
            painter.setBrush(self.look.color("card") if back else self.look.color(0))
            painter.drawRect(cell.adjusted(0.5, 0, -0.5, 0))
            if cell.width() > self.text_width("30", 12) and cell.height() > self.text_height(12):
                self.put(painter, self.label(str(micro + 1), "text" if back else "on_accent", 12),
                         cell.center().x(), cell.center().y(), 0.5, 0.5)
        y = self.height() - self.text_height(12) / 2
        x = inside.left()
        for back, name in ((False, words("forward")), (True, words("back"))):
            box = QRectF(x, y - px(5), px(10), px(10))
            painter.setPen(self.look.pen(1 if back else 0))
            painter.setBrush(self.look.color("card") if back else self.look.color(0))
            painter.drawRect(box)
            x = self.put(painter, self.label(name, "muted", 12), box.right() + px(5), y, 0, 0.5).right() \
                + px(12)
        room = round(self.width() - x)
        self.put(painter, self.label(words("time in slots →"), "muted", 12, longest=max(20, room)),
                 self.width(), y, 1, 0.5)


class ParallelView(PanelView):
    """The lanes on top; below, the ring, the slots and the large model, and what comes of training."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.lanes = Lanes(look)
        self.readouts = Readouts(look).calm()
        self.ring, self.gantt = Ring(look).calm(), Gantt(look).calm()
        self.large = BarChart(look, "", x=words("GB on each GPU, without activations"),
                              write=decimal).calm()
        self.script = CodeText(look, words("The same on several machines"))
        steps = words("training step")
        self.loss = CurvePlot(look, "", x=steps, y=words("loss"), integer_x=True).calm()
        self.difference = CurvePlot(look, "", x=steps, y=words("difference"), log_y=True,
                                    integer_x=True).calm()
        self.bytes = CurvePlot(look, "", x=steps, y="kB", integer_x=True).calm()
        self.beside = Pages(self, "beside", {
            "ring": (words("Ring"), self.ring), "gantt": (words("Bubble"), self.gantt),
            "large": (words("Large model"), self.large), "script": ("torchrun", self.script)})
        self.below = Pages(self, "below", {
            "loss": (words("Loss"), self.loss), "difference": (words("Difference"), self.difference),
            "bytes": (words("Bytes"), self.bytes)})

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.lanes, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.beside)
        right.body.addWidget(self.below)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Workers"), rank=1, smallest=(460, 270), share=12),
            beside(Place(left, words("What travels"), rank=2, smallest=(350, 200), share=11),
                   Place(right, words("Training"), rank=3, smallest=(300, 200), share=9), share=8))))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self.lanes.draw(frame, shown.ghosts[-1].frame if shown.ghosts else None,
                        ring=WAYS[frame.way] != "pipeline", title=self._title(WAYS[frame.way]))
        self.readouts.draw([
            (self.words("sent, measured / formula"),
             f"{size(int(frame.sent.sum(1).max()))} / {size(frame.sent_formula)}"),
            (self.words("messages"), count(frame.calls)),
            (self.words("weights off one process's by"), decimal(frame.difference, 2)),
        ])
        match self.beside.show_page(params.beside):
            case "ring":
                self._draw_ring(frame, params)
            case "gantt":
                self._draw_gantt(frame)
            case "large":
                self._draw_large(frame, params)
            case _:
                self.script.say(script(params, self.words))
        match self.below.show_page(params.below):
            case "loss":
                self._draw_loss(shown)
            case "difference":
                self._draw_difference(shown)
            case _:
                self._draw_bytes(shown)

    def _title(self, way: str) -> str:
        return self.words({
            "data parallel": "Data parallel: everyone holds all and takes a part of the batch",
            "ZeRO 1": "ZeRO 1: Adam's moments are cut",
            "ZeRO 2": "ZeRO 2: Adam's moments and the gradients are cut",
            "ZeRO 3": "ZeRO 3: moments, gradients and weights are cut",
            "tensor parallel": "Tensor parallel: every block is cut, and everyone takes the whole batch",
            "pipeline": "Pipeline: the layers are cut; the batch goes through in parts",
        }[way])

    def _draw_ring(self, frame: Frame, params: Params) -> None:
        each = frame.pieces.max() / len(frame.pieces)
        self.ring.draw(frame.before, frame.after, title=self.words(
            "{collective}, round {round} of {rounds}; in all {times} × the data sent",
            collective=self.words(params.collective), round=frame.round, rounds=frame.rounds,
            times=decimal(float(each))))

    def _draw_gantt(self, frame: Frame) -> None:
        if WAYS[frame.way] == "pipeline":
            title = self.words("Idle {measured}; (N − 1) / (m + N − 1) = {formula}",
                               measured=percent(frame.idle, 1), formula=percent(frame.idle_formula, 1))
        else:
            title = self.words("Nobody waits: all compute at the same time")
        self.gantt.draw(frame.slots, frame.length, stages=len(frame.held), title=title)

    def _draw_large(self, frame: Frame, params: Params) -> None:
        title = self.words("{weights} on {gpus}", weights=quantity(
            params.billions, "billion weight", self.words), gpus=quantity(params.gpus, "GPU", self.words))
        self.large.draw(frame.gigabytes, [self.words(one) for one in WAYS[:4]], title=title,
                        highlight=WAYS.index(params.way) if params.way in WAYS[:4] else -1)

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = ghost_curves(shown.ghosts, "loss")
        curves += [Curve(*history.points("loss"), self.words("workers"), width=4.0),
                   Curve(*history.points("loss_alone"), self.words("one process"), series=1, style="dashed")]
        self.loss.draw(curves)

    def _draw_difference(self, shown: Shown[Params, Frame]) -> None:
        curves = ghost_curves(shown.ghosts, "difference")
        curves.append(Curve(*shown.history.points("difference")))
        self.difference.draw(curves, [Rule(1e-6, self.words("a millionth"))])

    def _draw_bytes(self, shown: Shown[Params, Frame]) -> None:
        def kilo(history: History, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            y, x = history.points(name)
            return y / 1000, x

        curves = [Curve(*kilo(one.history, "held"), one.label, style="ghost", width=1.5)
                  for one in shown.ghosts]
        curves += [Curve(*kilo(shown.history, "held"), self.words("held by one worker")),
                   Curve(*kilo(shown.history, "sent"), self.words("sent by it in a step"), series=1)]
        self.bytes.draw(curves, y_range=(0.0, 1.1 * frame_most(shown)))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params = shown.frame, shown.params
        return self.words(
            "{workers}, {way}: the fullest holds {held} of {alone} and sends {sent} in a step. After {step} "
            "steps the weights are within {difference} of one process's.",
            way=self.words(WAYS[frame.way]), workers=quantity(params.workers, "worker", self.words),
            held=size(int(frame.held.sum(1).max())), alone=size(int(frame.alone.sum())),
            sent=size(int(frame.sent.sum(1).max())), step=count(shown.step),
            difference=decimal(frame.difference, 2))


def frame_most(shown: Shown[Params, Frame]) -> float:
    """kB of the highest of the curves of bytes, whatever comes."""
    tops = [float(np.nanmax(history[name], initial=0.0)) for history in
            (shown.history, *(one.history for one in shown.ghosts)) for name in ("held", "sent")]
    return max(*tops, 1000.0) / 1000


def script(params: Params, words: Words) -> str:
    """How the same file is started with torchrun on one machine and on two."""
    told = f'by_hand.py --way "{params.way}" --width {params.width}'
    if params.way == "pipeline":
        told += f" \\\n  --micro-batches {params.micro_batches} --schedule {params.schedule}"
    each = f"--nproc-per-node={params.workers}"
    return "\n".join((
        f"# {words('by_hand.py: copied from Code, or written by the saved notebook')}",
        f"# {words('one machine')}",
        f"torchrun --standalone {each} \\", f"  {told}", "",
        f"# {words('the first of two machines; on the second --node-rank=1')}",
        f"torchrun --nnodes=2 --node-rank=0 {each} \\",
        "  --master-addr=FIRST --master-port=29500 \\", f"  {told}", ""))

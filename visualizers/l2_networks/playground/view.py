"""The picture of the playground: the network with all its maps, the plane, and what was learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from visualizers.data.points import FEATURES, REACH, features, grid
from visualizers.l2_networks.playground.panel import (
    BENDS,
    MOST_DRAWN,
    MOST_LAYERS,
    MOST_NEURONS,
    RANGES,
    SMALL,
    Frame,
    Params,
    sizes,
)
from visualizers.l2_networks.playground.taking import as_json, as_python, matrices
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, loss_curves
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.netmap import CLASS_SERIES, Column, FieldMap, NetMap
from widgets.pictures.readouts import Readouts
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.style import font
from widgets.views.cards import Card, Switch, column, row, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

BESIDE = ("confusion", "errors")
LOSS = 3  # series
ALIKE = 1e-6  # neurons whose weights differ by rounding only
NEAR = 0.5  # what is rubbed out lies within this of the pointer
COPIED_MS = 1500


class PlaygroundView(PanelView):
    """Above, network and plane; below, the losses and one of two close-ups."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.net = NetMap(look, words("Network"))
        self.plane = FieldMap(look, words("Output"), reach=REACH, x="x₁", y="x₂")
        self.pen = Switch(look, [*self._classes(3), words("rub out")])
        self.pen.hide()
        self.readouts = Readouts(look).calm()
        self.copy = QPushButton(words("Copy network"), self)
        self.copy.setFont(font(look, 11))
        self.copy.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.copy.setAccessibleName(words("Copy network"))
        menu = QMenu(self.copy)
        menu.addAction(words("Weights as JSON"), self._copy_json)
        menu.addAction(words("Python function"), self._copy_python)
        self.copy.setMenu(menu)
        self.losses = CurvePlot(look, words("Loss"), x=words("epoch"), integer_x=True,
                                y_min_span=0.05).calm()
        self.switch = Switch(look, [words("Confusion"), words("Errors going back")])
        self.confusion = Heatmap(look, "", x=words("answered"), y=words("true"), values=True,
                                 palette="diverging", write=numbers.count,
                                 color_bar=False).calm()
        self.errors = CurvePlot(look, words("Error that reaches each layer"),
                                x=words("hidden layer"), y="|∂L/∂z|", log_y=True,
                                integer_x=True).calm()
        self.stack = stacked(self.confusion, self.errors)

        self.net.clicked.connect(self._clicked)
        self.net.hovered.connect(self._hovered)
        self.net.edited.connect(self._edited)
        self.plane.drawn.connect(self._drawn)
        self.switch.chosen.connect(lambda index: self.changed.emit("beside", BESIDE[index]))
        self._maps = _feature_maps()
        self._names: dict[tuple[int, int], str] = {}  # of neurons, said at every frame
        self._shown: Shown[Params, Frame] | None = None
        self._hover: tuple[int, int] | None = None  # (column, row) of the neuron under the pointer
        # What was sent and has not come back with a frame; the next click builds on it.
        self._sent: dict[str, tuple[object, ...]] = {}

        top, left, right = Card(look), Card(look), Card(look)
        drawn = column(self.plane, self.pen, stretch=(1, 0))
        top.body.addLayout(row(self.net, drawn, stretch=(17, 10)), 1)
        top.body.addLayout(row(self.readouts, self.copy, stretch=(1, 0)))
        left.body.addWidget(self.losses)
        right.body.addWidget(self.switch)
        right.body.addWidget(self.stack, 1)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Network"), rank=1, smallest=(500, 220), share=9),
            beside(Place(left, words("Loss"), rank=2, smallest=(280, 170), share=3),
                   Place(right, words("What goes wrong"), rank=3, smallest=(240, 190), share=2), share=5))))

    def _classes(self, count: int) -> list[str]:
        """What the classes are called: their marks, and a letter each."""
        return [named(series, name) for series, name in zip(CLASS_SERIES, "ABC", strict=True)][:count]

    # Drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        for name, value in list(self._sent.items()):
            if getattr(shown.params, name) == value:
                del self._sent[name]
        self._draw_net(shown)
        self._draw_plane(shown)
        self._draw_readouts(shown)
        self._draw_losses(shown)
        at = BESIDE.index(shown.params.beside) if shown.params.beside in BESIDE else 0
        self.switch.set(at)
        self.stack.setCurrentIndex(at)
        (self._draw_confusion, self._draw_errors)[at](shown)

    def _draw_net(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        words, names = self.words, tuple(FEATURES)
        known = [names.index(one) for one in params.features]
        off = tuple(index for index in range(len(names)) if index not in known)
        columns = [Column(
            self._maps, title=words("Features"), labels=names, off=off,
            names=[words("{feature}: click to give it", feature=name) if index in off else name
                   for index, name in enumerate(names)])]
        at = 0
        for layer, (count, bend) in enumerate(zip(frame.widths[1:-1].tolist(), frame.bends,
                                                  strict=True)):
            columns.append(Column(
                frame.maps[at : at + count], title=self._bend(bend.removesuffix(" ReLU")), named=True,
                resizable=True,
                names=[self._neuron(layer, index) for index in range(count)]))
            at += count
        classes = self._classes(3) if frame.classes == 3 else [words("output")]
        columns.append(Column(frame.output, title=words("Output"), names=classes,
                              series=CLASS_SERIES if frame.classes == 3 else ()))
        self.net.draw(columns, matrices(frame), sources=known, locked=self._place(shown, params.looked_at))

    def _bend(self, name: str) -> str:
        return self.words("linear") if name == "linear" else name

    def _neuron(self, layer: int, index: int) -> str:
        if (layer, index) not in self._names:
            self._names[layer, index] = self.words("neuron {index} of layer {layer}",
                                                   index=index + 1, layer=layer + 1)
        return self._names[layer, index]

    def _place(self, shown: Shown[Params, Frame], hidden: int) -> tuple[int, int]:
        """(column, row) of a hidden neuron; (-1, -1) for none."""
        for layer, count in enumerate(shown.frame.widths[1:-1].tolist()):
            if 0 <= hidden < count:
                return layer + 1, hidden
            hidden -= count
        return -1, -1

    def _draw_plane(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        values, scale, title, names = frame.output, 1.0, words("Output"), self._classes(3)
        layer, index = self._hover or self._place(shown, params.looked_at)
        widths = frame.widths.tolist()
        if layer == 0:
            values, title = self._maps[index : index + 1], tuple(FEATURES)[index]
            scale = float(_feature_scales()[index])
        elif 0 < layer < len(widths) - 1 and index < widths[layer]:
            at = sum(widths[1:layer]) + index
            values, scale = frame.maps[at : at + 1], float(frame.scales[at])
            title = self._neuron(layer - 1, index)
        drawing = params.data == "drawn by hand"
        self.pen.setVisible(drawing)
        note = words("draw points here") if drawing and not params.drawn else ""
        self.plane.draw(values, frame.points, frame.targets, filled=frame.trained_on,
                        classes=frame.classes, scale=scale, names=names, drawing=drawing, note=note,
                        title=title)

    def _draw_readouts(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        score = words("test accuracy") if frame.classes else words("test R²")
        items = [
            (words("epoch"), numbers.count(shown.step)),
            (words("training loss"), numbers.decimal(frame.train_loss)),
            (words("test loss"), numbers.decimal(frame.test_loss)),
            (score, numbers.percent(frame.test_score, 1) if frame.classes
             else numbers.decimal(frame.test_score)),
        ]
        if len(frame.single) and frame.classes != 3:
            items.append((words("all layers together"), self._equation(shown)))
        if frame.spread < ALIKE and len(frame.bends):
            items.append((words("neurons of a layer"), words("all alike")))
        if frame.left >= 0:
            items.append((words("epochs left"), numbers.count(frame.left)))
        if len(frame.updates):
            items += [(words("updates an epoch"), numbers.count(frame.updates[0])),
                      (words("weights and biases"), numbers.count(frame.updates[1])),
                      (words("mean |w|"), numbers.decimal(frame.mean_weight)),
                      (words("exactly zero"), numbers.percent(frame.zeros))]
        self.readouts.draw(items)

    def _equation(self, shown: Shown[Params, Frame]) -> str:
        """The one matrix of a network without bends, as a sum."""
        terms = [*shown.params.features, ""]
        text = " ".join(f"+ {numbers.fixed(value)} {name}".strip()
                        for value, name in zip(shown.frame.single.tolist(), terms, strict=True))
        return text.removeprefix("+ ").replace(f"+ {numbers.MINUS}", f"{numbers.MINUS} ")

    def _draw_losses(self, shown: Shown[Params, Frame]) -> None:
        """Both in the one colour that is neither a sign nor a class here."""
        words = self.words
        curves = loss_curves(shown.history, ("loss", "test_loss"),
                             (words("training"), words("test")), shown.ghosts)
        self.losses.draw([
            one if one.style == "ghost" else
            replace(one, series=LOSS, style="solid" if one.series else "dashed") for one in curves])

    def _draw_confusion(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        names = self._classes(frame.classes)
        if not frame.classes:
            names = [numbers.fixed(one, 1) for one in np.linspace(-1, 1, 2 * RANGES + 1)[1::2].tolist()]
        self.confusion.draw(
            frame.confusion.astype(np.float32), x_labels=names, y_labels=names,
            title=words("Test points by class") if frame.classes else words("Test points by value"))

    def _draw_errors(self, shown: Shown[Params, Frame]) -> None:
        curves = [Curve(_gaps(ghost.frame.errors), np.arange(1, len(ghost.frame.errors) + 1),
                        ghost.label, style="ghost") for ghost in shown.ghosts]
        errors = _gaps(shown.frame.errors)
        layers = np.arange(1, len(errors) + 1)
        curves += [Curve(errors, layers, width=2.0), Curve(errors, layers, style="dots", width=6.0)]
        self.errors.draw(curves, x_range=(0.5, max(2.5, len(errors) + 0.5)),
                         note="" if len(errors) else self.words("no hidden layer"))

    # What a learner does

    def _hovered(self, kind: str, a: int, b: int, _c: int) -> None:
        self._hover = (a, b) if kind == "neuron" else None
        if self._shown is not None:
            self._draw_plane(self._shown)

    def _clicked(self, kind: str, a: int, b: int, _c: int) -> None:
        shown = self._shown
        if shown is None:
            return
        params, counts = shown.params, list(sizes(shown.params.layers))
        match kind:
            case "neuron" if a == 0:
                name = tuple(FEATURES)[b]
                chosen = set(params.features) ^ {name}
                self.changed.emit("features", tuple(one for one in FEATURES if one in chosen))
            case "neuron" if a <= len(counts):
                index = sum(counts[: a - 1]) + b
                self.changed.emit("looked_at", -1 if index == params.looked_at else index)
            case "neuron":
                self.changed.emit("looked_at", -1)
            case "name":
                self._offer(a - 1)
            case "count":
                counts[a - 1] = min(MOST_NEURONS, max(1, counts[a - 1] + b))
                self._resize(counts)
            case "layers":
                counts = counts[:-1] if a < 0 else [*counts, counts[-1] if counts else 4]
                self._resize(counts[:MOST_LAYERS])

    def _resize(self, counts: list[int]) -> None:
        text = " ".join(str(one) for one in counts)
        if self._shown is not None and text != self._shown.params.layers:
            self.changed.emit("layers", text)

    def _offer(self, layer: int) -> None:
        """A menu of activations for one layer."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in ("", *BENDS):
            text = self._bend(name) if name else self.words("as all layers")
            menu.addAction(text).setData((layer, name))
        menu.triggered.connect(lambda action: self._bend_layer(*action.data()))
        below = self.net.place(("name", layer + 1, 0, 0)).bottomLeft()
        menu.popup(self.net.mapToGlobal(QPoint(round(below.x()), round(below.y()))))

    def _bend_layer(self, layer: int, name: str) -> None:
        if self._shown is None:
            return
        own = list(self._shown.params.bends)
        own += [""] * (layer + 1 - len(own))
        own[layer] = name
        self.changed.emit("bends", tuple(own))

    def _edited(self, layer: int, to: int, source: int, value: float) -> None:
        """Each edit has a higher number than all before; those that were made need no repeating."""
        if self._shown is None:
            return
        frame = self._shown.frame
        sent = self._sent.get("edits", self._shown.params.edits)
        waiting = [one for one in sent if one[0] > frame.applied and one[1:4] != (layer, to, source)]  # type: ignore[index]
        number = 1 + max((one[0] for one in sent), default=frame.applied)  # type: ignore[index]
        self._send("edits", (*waiting, (max(number, frame.applied + 1), layer, to, source, value)))

    def _drawn(self, x: float, y: float) -> None:
        if self._shown is None:
            return
        points = self._sent.get("drawn", self._shown.params.drawn)
        if self.pen.index == 3:
            left = tuple(one for one in points if np.hypot(one[0] - x, one[1] - y) > NEAR)  # type: ignore[index]
        else:
            left = (*points, (round(x, 2), round(y, 2), self.pen.index))[-MOST_DRAWN:]
        if left != points:
            self._send("drawn", left)

    def _send(self, name: str, value: tuple[object, ...]) -> None:
        self._sent[name] = value
        self.changed.emit(name, value)

    def _copy_json(self) -> None:
        if self._shown is not None:
            self._copied(as_json(self._shown.frame, self._shown.params))

    def _copy_python(self) -> None:
        if self._shown is not None:
            self._copied(as_python(self._shown.frame, self._shown.params))

    def _copied(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.copy.setText(self.words("Copied"))
        QTimer.singleShot(COPIED_MS, self.copy, lambda: self.copy.setText(self.words("Copy network")))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        layers = words("{neurons} in {layers}",
                       neurons=numbers.quantity(len(frame.maps), "hidden neuron", words),
                       layers=numbers.quantity(len(frame.bends), "layer", words)) \
            if len(frame.bends) else words("no hidden layer")
        values = {"epochs": numbers.quantity(shown.step, "epoch", words), "layers": layers,
                  "loss": numbers.decimal(frame.train_loss), "test": numbers.decimal(frame.test_loss)}
        if frame.classes:
            return words(
                "After {epochs} a network with {layers} gets {right} of the test points right; its "
                "training loss is {loss}, its test loss {test}.",
                right=numbers.percent(frame.test_score), **values)
        return words(
            "After {epochs} a network with {layers} has a test R² of {score}; its training loss is "
            "{loss}, its test loss {test}.", score=numbers.decimal(frame.test_score), **values)


def _feature_scales() -> NDArray[np.float32]:
    """The largest size of each feature on the plane, (7,)."""
    found: NDArray[np.float32] = np.abs(features(grid(SMALL), tuple(FEATURES))).max(0)
    return found


def _feature_maps() -> NDArray[np.uint8]:
    """(7, 28, 28) the maps of all features, as bytes like a neuron's."""
    table = features(grid(SMALL), tuple(FEATURES)) / _feature_scales()
    return np.round(table.T.reshape(-1, SMALL, SMALL) * 127 + 128).astype(np.uint8)


def _gaps(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Values for a logarithmic axis: a gap where there is nothing."""
    return np.where(values > 0, values, np.nan).astype(np.float64)

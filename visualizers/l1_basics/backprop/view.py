"""The graph, the Jacobians that multiply along its paths, and what each way costs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.backprop.panel import (
    EPSILONS,
    INPUT,
    NUMBER,
    OPERATION,
    VALUES,
    Frame,
    Params,
)
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.flowgraph import Flow, FlowGraph, FlowNode
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.matrixchain import Factor, MatrixChain
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

Matrix: TypeAlias = NDArray[Any]

TERMS = 4  # of a sum that is written out
LONGEST = 4  # factors of a product


class BackpropView(PanelView):
    """A click on a node keeps it in view; an input that is a number can be dragged."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.graph = FlowGraph(look, words("Computational graph"))
        self.figures = Readouts(look)
        self.chain = MatrixChain(look, " ")
        self.cost = CurvePlot(look, "", x=words("multiplications"), y=words("known"))
        self.jacobian = Heatmap(look, " ", palette="diverging", values=True)
        self.differences = CurvePlot(look, "", x=words("difference ε"), y=words("error"), log_x=True,
                                     log_y=True, x_range=(EPSILONS[0], EPSILONS[-1]))
        self.pages = Pages(self, "page", {"cost": (words("Cost"), self.cost),
                                          "jacobian": (words("Jacobian"), self.jacobian),
                                          "differences": (words("Differences"), self.differences)})
        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.graph, 1)
        top.body.addWidget(self.figures)
        left.body.addWidget(self.chain)
        right.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Computational graph"), rank=1, smallest=(420, 250), share=7),
            beside(Place(left, words("Chain rule"), rank=2, smallest=(330, 190), share=6),
                   Place(right, words("Cost"), rank=3, smallest=(300, 200), share=5), share=6))))
        self._shown: Shown[Params, Frame] | None = None
        self.graph.clicked.connect(lambda node: self.changed.emit("chosen", node))
        self.graph.moved.connect(self._move)

    def _move(self, node: int, value: float) -> None:
        """All values as they are, but for the one that was moved."""
        if self._shown is not None:
            frame = self._shown.frame
            self.changed.emit("values", ", ".join(
                f"{name} = {value if at == node else round(float(frame.values[at, 0, 0]), 6)}"
                for at, name in enumerate(frame.names) if frame.kinds[at] == INPUT))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame = shown.frame
        self._draw_graph(frame, shown.params)
        self._draw_figures(frame, shown.params)
        self._draw_chain(frame, shown.params)
        match self.pages.show_page(shown.params.page):
            case "cost":
                self._draw_cost(shown)
            case "jacobian":
                self._draw_jacobian(frame, shown.params)
            case _:
                self._draw_differences(frame, shown.params)

    def _problem(self, frame: Frame) -> str:
        """What is wrong with what was typed, in one sentence."""
        words, piece = self.words, frame.piece
        match frame.problem:
            case "":
                return ""
            case "empty":
                return words("Type an expression, such as (x + y) * max(y, z).")
            case "sign":
                return words("“{piece}” does not belong there.", piece=piece)
            case "end":
                return words("The expression stops in the middle: a number, a name or a bracket is missing.")
            case "function":
                return words("There is no function “{piece}” here; there are exp, ln, sqrt, abs, sin, cos, "
                             "tanh, sigmoid, relu, max and min.", piece=piece)
            case "arguments":
                return words("“{piece}” takes another number of arguments.", piece=piece)
            case "long":
                return words("An expression has {n} characters at most.", n=piece)
            case "nodes":
                return words("A graph has {n} nodes at most.", n=piece)
            case "variables":
                return words("An expression has {n} variables at most.", n=piece)
            case "outputs":
                return words("An expression has {n} outputs at most.", n=piece)
            case "constant":
                return words("An output without a variable has no derivative: type a name such as x.")
            case "again":
                return words("“{piece}” has a meaning already.", piece=piece)
            case "values":
                return words("“{piece}” is no value, such as x = 1; the seed has drawn values.", piece=piece)
            case _:
                return words("{piece} has no finite value here.", piece=piece)

    def _title(self, frame: Frame, params: Params) -> str:
        words = self.words
        if not frame.names:
            return words("Computational graph")
        if frame.phase == VALUES:
            return words("Values, from left to right; click a node, drag a number")
        if params.mode == "reverse":
            return words("Value, and ∂: the derivative of {output} by the node", output=frame.begun)
        return words("Value, and ∂: the derivative of the node by {input}", input=frame.begun)

    def _value(self, frame: Frame, at: int) -> Matrix | None:
        """(rows, columns) of a node, once it is computed."""
        return _cut(frame.values[at], frame.rows[at], frame.columns[at]) if frame.valued[at] else None

    def _derivative(self, frame: Frame, at: int) -> Matrix | None:
        """(rows, columns) of a node, once the walk has been there."""
        return _cut(frame.derivatives[at], frame.rows[at], frame.columns[at]) if frame.derived[at] else None

    def _draw_graph(self, frame: Frame, params: Params) -> None:
        typed = params.graph == "typed expression"
        nodes = [FlowNode(name, frame.formulas[at], self._value(frame, at),
                          self._derivative(frame, at), bool(frame.kinds[at] != NUMBER),
                          typed and bool(frame.kinds[at] == INPUT))
                 for at, name in enumerate(frame.names)]
        edges = [Flow(int(a), int(b), _slope(float(slope)) if known else "")
                 for (a, b), slope, known in zip(frame.edges, frame.slopes, frame.sloped, strict=True)]
        back = params.mode == "reverse" and frame.phase != VALUES
        lit = [at for at, edge in enumerate(edges)  # from where something comes
               if frame.now == (edge.start if back else edge.end)
               and (frame.phase == VALUES or frame.derived[edge.end if back else edge.start])]
        self.graph.draw(nodes, edges, now=frame.now, chosen=frame.chosen, lit=lit, back=back,
                        note=self._problem(frame), title=self._problem(frame) if nodes and frame.problem
                        else self._title(frame, params))

    def _draw_figures(self, frame: Frame, params: Params) -> None:
        words = self.words
        walks = words("{walk} of {all}", walk=count(frame.walk), all=count(frame.walks))
        items = [(words("walk"), walks), (words("multiplications"), count(frame.multiplications)),
                 (words("derivatives known"), words("{walk} of {all}", walk=count(frame.known),
                                                    all=count(frame.jacobian.size)))]
        name, said = self._spelt(frame, params)
        self.figures.draw([*([(name, said)] if said else []), *items] if frame.names else [])

    def _spelt(self, frame: Frame, params: Params) -> tuple[str, str]:
        """How the chosen node's derivative comes about: 2 · 1 + 3 · 1 = 5, or the shapes that multiply."""
        at = frame.chosen
        if at < 0:
            return "", ""
        known = self._derivative(frame, at)
        if known is None or frame.phase == VALUES:
            value = self._value(frame, at)
            if value is None or value.size > 1:
                return "", ""
            formula = frame.formulas[at]
            return frame.names[at], f"{formula} = {decimal(float(value[0, 0]))}" if formula \
                else decimal(float(value[0, 0]))
        name = f"∂{frame.begun}/∂{frame.names[at]}" if params.mode == "reverse" \
            else f"∂{frame.names[at]}/∂{frame.begun}"
        terms = []
        for (a, b), slope, sloped in zip(frame.edges, frame.slopes, frame.sloped, strict=True):
            here, there = (a, b) if params.mode == "reverse" else (b, a)
            upstream = self._derivative(frame, int(there))
            if here == at and upstream is not None and upstream.size == 1 and sloped:
                terms.append(f"{decimal(float(upstream[0, 0]))} · {_bracketed(float(slope))}")
        if known.size > 1:
            return name, _listed(known)
        result = decimal(float(known[0, 0]))
        return name, f"{' + '.join(terms)} = {result}" if 0 < len(terms) <= TERMS else result

    def _draw_chain(self, frame: Frame, params: Params) -> None:
        words, reverse = self.words, params.mode == "reverse"
        rows: list[tuple[str, list[Factor]]] = []
        many = frame.paths > 1
        whole = frame.chosen >= 0 and self._derivative(frame, frame.chosen) is not None
        for path in dict.fromkeys(frame.path.tolist()):
            at = np.flatnonzero(frame.path == path)
            partials = [_cut(frame.partials[one], frame.partial_rows[one], frame.partial_columns[one])
                        for one in at]
            factors = [Factor(self._factor(frame, int(one)), _cut(frame.factors[one], frame.factor_rows[one],
                                                             frame.factor_columns[one])) for one in at]
            last = partials[-1] if reverse else partials[0]
            if whole and (more := len(at) - LONGEST) > 0:  # what is far is one factor: the product so far
                if reverse:
                    name = f"∂{frame.begun}/∂{frame.names[int(frame.factor_edges[at[more], 0])]} …"
                    factors[: more + 1], partials = [Factor(name, partials[more])], partials[more:]
                else:
                    name = f"∂{frame.names[int(frame.factor_edges[at[LONGEST - 1], 1])]}/∂{frame.begun} …"
                    factors[LONGEST - 1 :] = [Factor(name, partials[LONGEST - 1])]
                    partials = partials[:LONGEST]
            factors = [replace(one, sign="·" if index else "") for index, one in enumerate(factors)]
            if whole and len(at) > 1:
                factors.append(Factor(self._whole(frame, params), last, "="))
            rows.append((words("path {n}", n=count(path + 1)) if many and whole else "", factors))
            if whole and not many and len(at) > 2:
                signs = "→" if reverse else "←"
                rows.append((words("so far"), [Factor("", one, signs if index else "")
                                               for index, one in enumerate(partials)]))
        if whole and many:
            total = self._derivative(frame, frame.chosen)
            assert total is not None
            rows.append((words("sum of paths"), [Factor(self._whole(frame, params), total.reshape(
                (1, -1) if reverse else (-1, 1)))]))
        self.chain.draw(rows, title=self._chain_title(frame, whole), note=words(
            "Each edge has a local Jacobian: how its end changes with its start."))

    def _chain_title(self, frame: Frame, whole: bool) -> str:
        words = self.words
        if not whole:
            return words("Local Jacobians")
        if frame.paths > 1:
            return words("Chain rule: products along {n} paths, summed", n=count(frame.paths))
        return words("Chain rule: Jacobians multiply along the path")

    def _factor(self, frame: Frame, at: int) -> str:
        start, end = (frame.names[int(one)] for one in frame.factor_edges[at])
        return f"∂{end}/∂{start}"

    def _whole(self, frame: Frame, params: Params) -> str:
        name = frame.names[frame.chosen]
        return f"∂{frame.begun}/∂{name}" if params.mode == "reverse" else f"∂{name}/∂{frame.begun}"

    def _draw_cost(self, shown: Shown[Params, Frame]) -> None:
        """How many derivatives each mode knows for so many multiplications, and where the run is."""
        frame, words = shown.frame, self.words
        curves = []
        for ghost in shown.ghosts:
            curves.append(Curve(ghost.history["known"], ghost.history["multiplications"], ghost.label,
                                style="ghost", width=3.0))
        if not frame.names:
            self.cost.draw([], x_range=(0.0, 1.0), y_range=(0.0, 1.0))
            return
        forward = words("forward: {walks}", walks=quantity(len(frame.input_names), "walk", words))
        reverse = words("reverse: {walks}", walks=quantity(len(frame.output_names), "walk", words))
        curves.append(Curve(frame.forward_costs[:, 1], frame.forward_costs[:, 0], forward, 1, "dashed"))
        curves.append(Curve(frame.reverse_costs[:, 1], frame.reverse_costs[:, 0], reverse))
        curves.append(Curve(np.array([frame.known]), np.array([frame.multiplications]),
                            series=int(shown.params.mode != "reverse"), style="dots", width=6.0))
        most = max(int(frame.reverse_costs[-1, 0]), int(frame.forward_costs[-1, 0]), 1)
        self.cost.draw(curves, [Rule(frame.multiplications, words("now"), axis="x")],
                       x_range=(0.0, 1.08 * most), y_range=(0.0, 1.15 * max(1, frame.jacobian.size)))

    def _draw_jacobian(self, frame: Frame, params: Params) -> None:
        words = self.words
        title = words("∂ output / ∂ input: each walk fills a row") if params.mode == "reverse" \
            else words("∂ output / ∂ input: each walk fills a column")
        known = np.where(frame.found, frame.jacobian, np.nan)
        most = float(np.nanmax(np.abs(known))) if np.isfinite(known).any() else 0.0
        unit = 10.0 ** (math.floor(math.log10(most)) - 1) if most > 0 else 1.0
        most = unit * math.ceil(most / unit)  # a round end of the scale
        self.jacobian.draw(known, low=-most, high=most, x_labels=frame.input_names,
                           y_labels=frame.output_names, title=title)

    def _draw_differences(self, frame: Frame, params: Params) -> None:
        words = self.words
        error = np.where(frame.errors > 0, frame.errors, np.nan)
        self.differences.draw(
            [Curve(error[1], np.array(EPSILONS), words("one-sided"), 1, "dashed"),
             Curve(error[0], np.array(EPSILONS), words("two-sided"), 0)],
            [Rule(params.epsilon, "ε", axis="x")],
            note=words("largest error at ε: {error}", error=decimal(frame.difference, 2)))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if not frame.names or frame.problem == "undefined":
            return self._problem(frame)
        if frame.phase == VALUES:
            done = sum(self._value(frame, at) is not None for at in range(len(frame.names))
                       if frame.kinds[at] == OPERATION)
            mode = words("reverse mode") if shown.params.mode == "reverse" else words("forward mode")
            return words("{done} of {all} operations have a value; then {mode} takes {walks}.",
                         done=count(done), all=count(int((frame.kinds == OPERATION).sum())),
                         mode=mode, walks=quantity(frame.walks, "walk", words))
        other = frame.forward_costs if shown.params.mode == "reverse" else frame.reverse_costs
        return words(
            "{known} of {all} derivatives are known after {spent}; the other mode takes {other} for all. "
            "Finite differences are off by {error}.",
            known=count(frame.known), all=count(frame.jacobian.size),
            spent=quantity(frame.multiplications, "multiplication", words),
            other=count(int(other[-1, 0])), error=decimal(frame.difference, 2))


def _cut(matrix: Matrix, rows: int, columns: int) -> Matrix:
    return matrix[:rows, :columns]


def _slope(number: float) -> str:
    """What an edge multiplies by, in as many digits as have room there."""
    text = decimal(number)
    return f"× {text}" if len(text) < 5 else f"×{decimal(number, 2)}"


def _bracketed(number: float) -> str:
    return f"({decimal(number)})" if number < 0 else decimal(number)


def _listed(matrix: Matrix) -> str:
    """The numbers of a derivative, as many as a line holds."""
    numbers = [decimal(float(one), 2) for one in matrix.ravel()[:6]]
    return f"({', '.join(numbers)}{', …' if matrix.size > 6 else ''})"

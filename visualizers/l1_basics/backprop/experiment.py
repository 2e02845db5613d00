"""Backpropagation: the chain rule on a graph, one node at a step (Rumelhart, Hinton and Williams 1986).

A graph is a list of nodes, each after its inputs. Whatever its shape, a node is a row of numbers here, and
an edge from p to v has a local Jacobian ∂v/∂p, a matrix of |v| rows and |p| columns. The chain rule sums
over paths and multiplies along each. There are two orders in which to do so (Griewank and Walther 2008):

    reverse   ∂s/∂p = Σ over v that use p of  ∂s/∂v · ∂v/∂p     from one output s back to all inputs
    forward   ∂v/∂x = Σ over p that v uses of ∂v/∂p · ∂p/∂x     from one input x on to all outputs

"Downstream gradient = upstream gradient × local gradient" is the first line. Libraries do the same without
ever writing a local Jacobian down: of a diagonal one they keep the diagonal.

Which node uses which, and what a walk costs, is in graph.py.

Shapes: B places at once, S walks at once; |v| numbers in node v; K entries of outputs, P of inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.l1_basics.backprop.expression import VARIABLES, Nonsense, given
from visualizers.l1_basics.backprop.graph import Edge, Graph, Moment, Node, network, typed
from visualizers.l1_basics.backprop.panel import (
    COLUMNS,
    DONE,
    EPSILONS,
    INPUT,
    NUMBER,
    OPERATION,
    PATHS,
    ROWS,
    SIDE,
    VALUES,
    WALKING,
    Frame,
    Params,
)
from visualizers.models.precision import finest
from visualizers.panel import Context

# --- operations on numbers: the value, and the slope by each input --------------------------------

Function = Callable[..., Tensor]
Slopes = Callable[..., tuple[Tensor, ...]]


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + (-x).exp())


def larger(x: Tensor, y: Tensor) -> Tensor:
    """1 where x is larger, 0 where it is smaller, and a half each where both are the same."""
    return (x > y).to(x) + 0.5 * (x == y).to(x)


OPERATIONS: dict[str, tuple[Function, Slopes]] = {
    "+": (lambda x, y: x + y, lambda x, y: (torch.ones_like(x), torch.ones_like(y))),
    "-": (lambda x, y: x - y, lambda x, y: (torch.ones_like(x), -torch.ones_like(y))),
    "*": (lambda x, y: x * y, lambda x, y: (y, x)),
    "/": (lambda x, y: x / y, lambda x, y: (1 / y, -x / y**2)),
    "^": (lambda x, y: x**y, lambda x, y: (torch.where(y == 0, 0.0, y * x ** (y - 1)), x**y * x.log())),
    "max": (torch.maximum, lambda x, y: (larger(x, y), larger(y, x))),
    "min": (torch.minimum, lambda x, y: (larger(y, x), larger(x, y))),
    "neg": (lambda x: -x, lambda x: (-torch.ones_like(x),)),
    "exp": (torch.exp, lambda x: (x.exp(),)),
    "ln": (torch.log, lambda x: (1 / x,)),
    "sqrt": (torch.sqrt, lambda x: (0.5 / x.sqrt(),)),
    "abs": (torch.abs, lambda x: (x.sign(),)),
    "sin": (torch.sin, lambda x: (x.cos(),)),
    "cos": (torch.cos, lambda x: (-x.sin(),)),
    "tanh": (torch.tanh, lambda x: (1 - x.tanh() ** 2,)),
    "sigmoid": (sigmoid, lambda x: (sigmoid(x) * (1 - sigmoid(x)),)),
    "relu": (lambda x: x.clamp(min=0), lambda x: ((x > 0).to(x),)),  # at the kink 0, as libraries have it
}


# --- one node: its value, and its Jacobians -------------------------------------------------------


def value(node: Node, x: Sequence[Tensor]) -> Tensor:
    """(B, |v|) of its inputs (B, |p|) each."""
    if node.op in ("affine", "linear"):
        W = x[0].unflatten(1, (node.size, -1))                                  # (B, n, m)
        z: Tensor = (W @ x[1][:, :, None])[:, :, 0]                             # (B, n)
        return z + x[2] if node.op == "affine" else z
    return OPERATIONS[node.op][0](*x)


def local_jacobians(node: Node, x: Sequence[Tensor]) -> list[Tensor]:
    """∂v/∂p (|v|, |p|) for each input p, whose values are (|p|,)."""
    n = node.size
    if node.op in ("affine", "linear"):                                         # z = W x + b
        by_W = torch.kron(torch.eye(n).to(x[1]), x[1][None])                    # (n, n·m): x in row i
        return [by_W, x[0].view(n, -1), torch.eye(n).to(x[1])][: len(x)]        # by W, x and b
    return [torch.diag(slope) for slope in OPERATIONS[node.op][1](*x)]          # (n, n) each


# --- the whole graph: values, and the two walks ---------------------------------------------------


def evaluate(graph: Graph, given: Mapping[int, Tensor]) -> list[Tensor]:
    """The value (B, |v|) of every node, from those of the inputs."""
    like = next(iter(given.values()))
    values: list[Tensor] = []
    for at, node in enumerate(graph.nodes):
        if node.op == "input":
            values.append(given[at])
        elif node.op == "number":
            values.append(torch.full_like(like[:, :1], node.number))
        else:
            values.append(value(node, [values[one] for one in node.inputs]))
    return values


def local_all(graph: Graph, values: Sequence[Tensor]) -> dict[Edge, Tensor]:
    """The local Jacobian of every edge, at values (1, |v|)."""
    local = {(at, slot): J for at, node in enumerate(graph.nodes) if node.inputs
             for slot, J in enumerate(local_jacobians(node, [values[one][0] for one in node.inputs]))}
    # What has no value has no slope, though the formula may give one, as 1 / x does for ln(−1).
    return {edge: J if bool(values[edge[0]].isfinite().all()) else torch.full_like(J, torch.nan)
            for edge, J in local.items()}


def reverse_mode(graph: Graph, seeds: Sequence[Edge], local: Mapping[Edge, Tensor]) -> list[Tensor]:
    """(S, |v|) the derivative of each output entry that is asked for by all of every node."""
    gradient = seeded(graph, seeds, local)
    for at in reversed(range(len(graph.nodes))):
        for user, slot in graph.uses[at]:
            if graph.active[at]:
                gradient[at] = gradient[at] + gradient[user] @ local[user, slot]  # upstream · local
    return gradient


def forward_mode(graph: Graph, seeds: Sequence[Edge], local: Mapping[Edge, Tensor]) -> list[Tensor]:
    """(S, |v|) the derivative of all of every node by each input entry that is asked for."""
    tangent = seeded(graph, seeds, local)
    for at, node in enumerate(graph.nodes):
        for slot, one in enumerate(node.inputs):
            if graph.active[one]:
                tangent[at] = tangent[at] + tangent[one] @ local[at, slot].T
    return tangent


def seeded(graph: Graph, seeds: Sequence[Edge], local: Mapping[Edge, Tensor]) -> list[Tensor]:
    """Zero everywhere, and 1 at the entry where each walk begins."""
    like = next(iter(local.values()), torch.zeros(0, dtype=torch.float64))
    begun = [like.new_zeros(len(seeds), node.size) for node in graph.nodes]
    for walk, (at, entry) in enumerate(seeds):
        begun[at][walk, entry] = 1.0
    return begun


# --- the run -------------------------------------------------------------------------------------


class Backprop:
    """A plan of steps over a graph: first every value, then one walk after another."""

    shared: ClassVar[tuple[str, ...]] = ("graph", "walks", "plan", "weights", "drawn", "direction")

    def __init__(self, params: Params, context: Context) -> None:
        self.steps = 0
        self.problem, self.piece = "", ""
        self.graph = Graph([], [])
        try:
            self.graph = Graph(*(typed(params.expression) if params.graph == "typed expression"
                                 else network(params)))
        except Nonsense as nonsense:
            self.problem, self.piece = nonsense.kind, nonsense.piece
        kind = finest(context.device)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=context.generator).to(context.device, kind)

        self.drawn = (10 * draw(VARIABLES)).round() / 10  # values of variables that are given none
        self.weights = {}
        if params.graph == "small network":
            for at, node in enumerate(self.graph.nodes):
                if node.op == "input":  # inputs of deviation 1, weights that keep it so, small biases
                    scale = 0.1 if node.name[0] == "b" else node.shape[1] ** -0.5
                    self.weights[at] = scale * draw(1, node.size)                   # (1, |p|)
        self.direction = draw(max(1, len(self.graph.ins)))                      # (P,)
        self.direction /= self.direction.norm()
        self.walks = {way: self.graph.walks(way) for way in (True, False)}  # of reverse and of forward mode
        self.plan = [Moment(VALUES, 0, at) for at, node in enumerate(self.graph.nodes) if node.inputs]
        self.plan += self.walks[params.mode == "reverse"]

    def step(self, params: Params) -> Mapping[str, float]:
        """The next node: its value, or its derivative."""
        self.steps = min(self.steps + 1, len(self.plan))
        now = self.now
        return {"multiplications": float(now.spent), "known": float(now.known)}

    @property
    def now(self) -> Moment:
        return self.plan[self.steps - 1] if self.steps else Moment(VALUES, 0, -1)

    def finished(self, params: Params) -> bool:
        return self.steps >= len(self.plan)

    # --- looking

    def inputs(self, params: Params) -> tuple[dict[int, Tensor], str]:
        """The value (1, |p|) of each input, and the piece of the typed values that is none."""
        if params.graph == "small network":
            return self.weights, ""
        piece = ""
        try:
            values = given(params.values)
        except Nonsense as nonsense:
            values, piece = {}, nonsense.piece
        found = {}
        for index, at in enumerate(self.graph.wanted):
            number = values.get(self.graph.nodes[at].name)
            found[at] = self.drawn[index].view(1, 1) if number is None else \
                self.drawn.new_full((1, 1), number)
        return found, piece

    def frame(self, params: Params) -> Frame:
        graph, now, reverse = self.graph, self.now, params.mode == "reverse"
        if not graph.nodes:
            return self.picture(params)
        given, piece = self.inputs(params)
        values = evaluate(graph, given)
        local = local_all(graph, values)
        valued = {one.node for one in self.plan[: self.steps] if one.phase == VALUES} \
            | {at for at, node in enumerate(graph.nodes) if not node.inputs}
        seeds = graph.outs if reverse else graph.ins
        walking = now.phase == WALKING
        walk = reverse_mode if reverse else forward_mode
        found = walk(graph, seeds[: now.walk + 1] if walking else [], local)           # (S, |v|) each
        visited = {one.node for one in self.plan[: self.steps] if one.phase == WALKING
                   and one.walk == now.walk}
        over = walking and now.known == (now.walk + 1) * len(graph.ins if reverse else graph.outs)
        return self.picture(
            params, values={at: values[at][0] for at in valued}, local=local,
            derivatives={at: found[at][now.walk] for at in visited},
            jacobian=self.whole(found, now.walk + int(over) if walking else 0, visited, reverse),
            exact=self.whole(reverse_mode(graph, graph.outs, local), len(graph.outs), set(), True)[0],
            given=given, problem="values" if piece else "", piece=piece)

    def whole(self, walked: Sequence[Tensor], walks: int, visited: set[int], reverse: bool
              ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """(K, P) the Jacobian of outputs by inputs, and which of it is known: rows of walks in reverse mode,
        columns in forward mode, and what the walk under way has reached."""
        graph = self.graph
        values = np.zeros((len(graph.outs), len(graph.ins)))
        known = np.zeros(values.shape, np.uint8)
        side, sure = (values, known) if reverse else (values.T, known.T)
        for walk in range(len(walked[0])):
            for index, (at, entry) in enumerate(graph.ins if reverse else graph.outs):
                if walk < walks or at in visited:
                    side[walk, index], sure[walk, index] = float(walked[at][walk, entry]), 1
        return values, known

    def differences(self, given: Mapping[int, Tensor], epsilon: float, exact: NDArray[np.float64]
                    ) -> tuple[float, NDArray[np.float64]]:
        """What moving the inputs by ε says: the largest error of all derivatives at this ε, and the error
        along one direction over ε, two-sided (f(x + ε) − f(x − ε)) / 2ε, one-sided (f(x + ε) − f(x)) / ε."""
        graph, P = self.graph, len(self.graph.ins)
        steps = torch.tensor(EPSILONS).to(self.direction)                       # (E,)
        moves = torch.cat([epsilon * torch.eye(P).to(steps), -epsilon * torch.eye(P).to(steps),
                           steps[:, None] * self.direction, -steps[:, None] * self.direction,
                           torch.zeros(1, P).to(steps)])                        # (B, P)
        moved, at = {}, 0
        for one, node in enumerate(graph.nodes):
            if node.op == "input":
                moved[one] = given[one].expand(len(moves), -1)
                if node.wanted:
                    moved[one] = moved[one] + moves[:, at : at + node.size]
                    at += node.size
        values = evaluate(graph, moved)
        f = torch.cat([values[one] for one in graph.outputs], 1)                # (B, K)
        plus, minus, ahead, behind, here = f.split([P, P, len(steps), len(steps), 1])
        measured = ((plus - minus) / (2 * epsilon)).T.cpu().numpy()             # (K, P)
        slope = torch.from_numpy(exact).to(f) @ self.direction                  # (K,)
        errors = [(ahead - behind) / (2 * steps[:, None]) - slope, (ahead - here) / steps[:, None] - slope]
        return float(np.abs(measured - exact).max()), np.stack([
            one.abs().amax(1).cpu().double().numpy() for one in errors])

    def at_rest(self, params: Params) -> int:
        """At the end, the input or output to which most paths lead."""
        graph = self.graph
        if params.mode == "reverse":
            return max(graph.wanted, key=lambda one: graph.between(one, graph.outs[self.now.walk][0])[1])
        return max(graph.outputs, key=lambda one: graph.between(graph.ins[self.now.walk][0], one)[1])

    # --- what is sent

    def chain(self, params: Params, chosen: int, valued: set[int], reached: set[int],
              local: Mapping[Edge, Tensor]) -> tuple[list[tuple[int, int, int, Tensor, Tensor]], int]:
        """Factors (path, from, to, local Jacobian, product so far) and how many paths there are.

        Of a node that the walk has not reached, its local Jacobians alone, each a path of one factor."""
        graph, now, reverse = self.graph, self.now, params.mode == "reverse"
        if chosen < 0:
            return [], 0
        if chosen not in reached:
            edges = [(chosen, slot) for slot in range(len(graph.nodes[chosen].inputs))] or graph.uses[chosen]
            shown = [(to, slot) for to, slot in edges if to in valued
                     and graph.nodes[graph.nodes[to].inputs[slot]].op != "number"]
            return [(index, graph.nodes[to].inputs[slot], to, local[to, slot], local[to, slot])
                    for index, (to, slot) in enumerate(shown[:PATHS])], len(shown)
        begin, entry = (graph.outs if reverse else graph.ins)[now.walk]
        paths, count = graph.between(*((chosen, begin) if reverse else (begin, chosen)))
        rows = []
        for index, path in enumerate(paths):
            matrices = [local[edge] for edge in path]
            if not path:  # where the walk begins
                rows.append((index, chosen, chosen, torch.ones(1, 1), torch.ones(1, 1)))
                continue
            if reverse:
                matrices[0] = matrices[0][entry : entry + 1]
            else:
                matrices[-1] = matrices[-1][:, entry : entry + 1]
            products = list(matrices)
            for at in range(1, len(path)):  # the product so far: from the left, or from the right
                if reverse:
                    products[at] = products[at - 1] @ matrices[at]
                else:
                    products[-at - 1] = matrices[-at - 1] @ products[-at]
            rows += [(index, graph.nodes[to].inputs[slot], to, J, product)
                     for (to, slot), J, product in zip(path, matrices, products, strict=True)]
        return rows, count

    def picture(
        self, params: Params, values: Mapping[int, Tensor] | None = None,
        local: Mapping[Edge, Tensor] | None = None, derivatives: Mapping[int, Tensor] | None = None,
        jacobian: tuple[NDArray[np.float64], NDArray[np.uint8]] | None = None,
        exact: NDArray[np.float64] | None = None, given: Mapping[int, Tensor] | None = None,
        problem: str = "", piece: str = "",
    ) -> Frame:
        graph, now = self.graph, self.now
        nodes, local, values, derivatives = graph.nodes, local or {}, values or {}, derivatives or {}
        edges = [(one, at, slot) for at, node in enumerate(nodes) for slot, one in enumerate(node.inputs)]
        chosen = params.chosen
        if not 0 <= chosen < len(nodes) or nodes[chosen].op == "number":
            chosen = self.at_rest(params) if nodes and self.finished(params) else now.node
        factors, paths = self.chain(params, chosen, set(values), set(derivatives), local)
        difference, errors = 0.0, np.zeros((2, len(EPSILONS)))
        if given is not None and exact is not None:
            difference, errors = self.differences(given, params.epsilon, exact)
        lost = next((nodes[at].name for at in sorted(values) if not bool(values[at].isfinite().all())), "")
        reverse = params.mode == "reverse"
        seeds = graph.outs if reverse else graph.ins
        sloped = [at in values and nodes[at].size == nodes[one].size == 1 and graph.active[one]
                  for one, at, _ in edges]
        return Frame(
            problem=problem or self.problem or ("undefined" if lost else ""),
            piece=piece or self.piece or lost,
            names=tuple(node.name for node in nodes), formulas=tuple(node.formula for node in nodes),
            kinds=np.array([INPUT if node.op == "input" else NUMBER if node.op == "number" else OPERATION
                            for node in nodes], np.uint8),
            rows=np.array([node.shape[0] for node in nodes], np.int32),
            columns=np.array([node.shape[1] for node in nodes], np.int32),
            values=padded([values[at].view(nodes[at].shape) if at in values else None
                           for at in range(len(nodes))], ROWS, SIDE),
            derivatives=padded([derivatives[at].view(nodes[at].shape) if at in derivatives else None
                                for at in range(len(nodes))], ROWS, SIDE),
            valued=mask(at in values for at in range(len(nodes))),
            derived=mask(at in derivatives for at in range(len(nodes))),
            edges=np.array([(one, at) for one, at, _ in edges], np.int32).reshape(-1, 2),
            slopes=finite(np.array([float(local[at, slot]) if seen else 0.0
                                    for (one, at, slot), seen in zip(edges, sloped, strict=True)])),
            sloped=mask(sloped),
            phase=DONE if nodes and self.finished(params) else now.phase, now=now.node, chosen=chosen,
            walk=now.walk + 1 if now.phase == WALKING else 0, walks=len(seeds),
            begun=self.entry(seeds[now.walk]) if now.phase == WALKING else "",
            known=now.known, multiplications=now.spent,
            path=np.array([one[0] for one in factors], np.int32),
            factor_edges=np.array([one[1:3] for one in factors], np.int32).reshape(-1, 2),
            factor_rows=np.array([one[3].shape[0] for one in factors], np.int32),
            factor_columns=np.array([one[3].shape[1] for one in factors], np.int32),
            factors=padded([one[3] for one in factors], ROWS, COLUMNS),
            partial_rows=np.array([one[4].shape[0] for one in factors], np.int32),
            partial_columns=np.array([one[4].shape[1] for one in factors], np.int32),
            partials=padded([one[4] for one in factors], ROWS, COLUMNS),
            paths=paths,
            input_names=tuple(self.entry(one) for one in graph.ins),
            output_names=tuple(self.entry(one) for one in graph.outs),
            jacobian=finite(jacobian[0] if jacobian is not None else np.zeros((0, 0))),
            found=jacobian[1] if jacobian is not None else np.zeros((0, 0), np.uint8),
            reverse_costs=prices(self.walks[True]), forward_costs=prices(self.walks[False]),
            difference=difference if np.isfinite(difference) else float("nan"), errors=finite(errors))

    def entry(self, one: Edge) -> str:
        """What an entry of a node is called: y, x[2], W[1,3]."""
        node = self.graph.nodes[one[0]]
        row, column = divmod(one[1], node.shape[1])
        if node.size == 1:
            return node.name
        return f"{node.name}[{row + 1}]" if 1 in node.shape else f"{node.name}[{row + 1},{column + 1}]"


def padded(matrices: Sequence[Tensor | None], rows: int, columns: int) -> NDArray[np.float64]:
    """(n, rows, columns), each matrix in its corner and 0 beyond it, or where there is none."""
    found = np.zeros((len(matrices), rows, columns))
    for at, one in enumerate(matrices):
        if one is not None:
            found[at, : one.shape[0], : one.shape[1]] = one.cpu().double().numpy()
    return finite(found)


def prices(moments: Sequence[Moment]) -> NDArray[np.int32]:
    """(A, 2) what was spent and known, from nothing on."""
    return np.array([(0, 0), *((one.spent, one.known) for one in moments)], np.int32)


def mask(flags: Iterable[bool]) -> NDArray[np.uint8]:
    return np.array(list(flags), np.uint8)


def finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is infinite has no value that can be shown."""
    return np.where(np.isfinite(values), values, np.nan)

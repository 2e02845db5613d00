"""A graph of nodes: which of them use which, and what a walk over it meets and costs.

Nothing is derived here. A walk visits nodes, and at each it multiplies what has arrived by the entries of
local Jacobians that can differ from 0; which those are is known before any value is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visualizers.l1_basics.backprop.expression import formula, parse
from visualizers.l1_basics.backprop.panel import PATHS, WALKING, Params

Edge = tuple[int, int]  # a node and which of its inputs; or a node and which of its entries


@dataclass(frozen=True)
class Node:
    op: str  # "input", "number", "affine", "linear", or one of OPERATIONS
    inputs: tuple[int, ...] = ()
    name: str = ""
    formula: str = ""
    shape: tuple[int, int] = (1, 1)
    number: float = 0.0
    wanted: bool = True  # of an input: whether derivatives by it are asked for

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]


def typed(text: str) -> tuple[list[Node], list[int]]:
    """An expression as a graph of numbers."""
    nodes, outputs = parse(text)
    return [Node(one.op, one.inputs, one.name, formula(one, [nodes[each].name for each in one.inputs])
                 if one.inputs else "", number=one.number) for one in nodes], outputs


def network(params: Params) -> tuple[list[Node], list[int]]:
    """s = U h with h = f(W x + b), once or several times over; uᵀh where s is one number."""
    nodes = [Node("input", (), "x", "", (params.inputs, 1))]
    below, size, n = 0, params.inputs, params.width
    for layer in range(1, params.layers + 1):
        sub = "₁₂₃"[layer - 1] if params.layers > 1 else ""
        nodes += [
            Node("input", (), f"W{sub}", "", (n, size), wanted=params.weights),
            Node("input", (), f"b{sub}", "", (n, 1), wanted=params.weights),
            Node("affine", (len(nodes), below, len(nodes) + 1), f"z{sub}",
                 f"W{sub}{nodes[below].name} + b{sub}", (n, 1)),
            Node(params.activation, (len(nodes) + 2,), f"h{sub}", f"{params.activation}(z{sub})", (n, 1))]
        below, size = len(nodes) - 1, n
    last = "uᵀ" if params.outputs == 1 else "U"
    nodes += [Node("input", (), last[0], "", (params.outputs, n), wanted=params.weights),
              Node("linear", (len(nodes), below), "s", f"{last}{nodes[below].name}", (params.outputs, 1))]
    return nodes, [len(nodes) - 1]


def pattern(nodes: Sequence[Node], node: Node) -> list[NDArray[np.bool_]]:
    """Which entries of its local Jacobians can differ from 0, whatever the values: (|v|, |p|) each."""
    n = node.size
    if node.op in ("affine", "linear"):
        m = nodes[node.inputs[1]].size
        by = [np.kron(np.eye(n), np.ones((1, m))), np.ones((n, m)), np.eye(n)]
        return [one > 0 for one in by[: len(node.inputs)]]
    return [np.eye(n) > 0 for _ in node.inputs]


@dataclass(frozen=True)
class Moment:
    """One step of the plan, and what was spent and known after it."""

    phase: int
    walk: int
    node: int
    spent: int = 0
    known: int = 0


class Graph:
    """Nodes, which of them use which, and the order and the price of walks over them."""

    def __init__(self, nodes: list[Node], outputs: list[int]) -> None:
        self.nodes, self.outputs = nodes, outputs
        self.uses: list[list[Edge]] = [[] for _ in nodes]  # of each node, by whom and as which input
        self.active: list[bool] = []  # whether a wanted input stands below
        for at, node in enumerate(nodes):
            for slot, one in enumerate(node.inputs):
                self.uses[one].append((at, slot))
            self.active.append(node.wanted if node.op == "input"
                               else any(self.active[one] for one in node.inputs))
        self.masks = {at: pattern(nodes, node) for at, node in enumerate(nodes) if node.inputs}
        self.leading = [at in outputs for at in range(len(nodes))]  # whether an output stands above it
        for at in reversed(range(len(nodes))):
            for one in nodes[at].inputs:
                self.leading[one] = self.leading[one] or self.leading[at]
        self.wanted = [at for at, node in enumerate(nodes) if node.op == "input" and node.wanted]
        self.ins = [(at, entry) for at in self.wanted for entry in range(nodes[at].size)]  # (P)
        self.outs = [(at, entry) for at in outputs for entry in range(nodes[at].size)]  # (K)

    # --- what a walk costs, without walking it

    def visits(self, seed: Edge, reverse: bool) -> list[tuple[int, int]]:
        """The nodes of one walk in order, each with its multiplications: one for each pair of an entry
        that has arrived and an entry of the local Jacobian that can differ from 0."""
        masks = self.masks
        reach = [np.zeros(node.size, np.bool_) for node in self.nodes]
        reach[seed[0]][seed[1]] = True
        useful = self.active if reverse else self.leading
        found = []
        for at in reversed(range(len(self.nodes))) if reverse else range(len(self.nodes)):
            cost = 0
            edges = [(other, masks[other][slot]) for other, slot in self.uses[at]] if reverse else \
                [(other, masks[at][slot].T) for slot, other in enumerate(self.nodes[at].inputs)]
            for other, mask in edges:
                if useful[at] and self.active[other]:
                    cost += int(mask[reach[other]].sum())
                    reach[at] = reach[at] | mask[reach[other]].any(0)
            if useful[at] and bool(reach[at].any()):
                found.append((at, cost))
        return found

    def walks(self, reverse: bool) -> list[Moment]:
        """All walks of a mode, and what each node of them costs."""
        spent, moments = 0, []
        seeds, others = (self.outs, self.ins) if reverse else (self.ins, self.outs)
        ends = self.wanted if reverse else self.outputs
        for walk, seed in enumerate(seeds):
            known = walk * len(others)
            visits = self.visits(seed, reverse)
            for at, cost in visits:
                spent += cost
                known += self.nodes[at].size if at in ends else 0
                if at == visits[-1][0]:
                    known = (walk + 1) * len(others)  # what was not reached is 0, and that is known
                moments.append(Moment(WALKING, walk, at, spent, known))
        return moments

    def between(self, start: int, end: int) -> tuple[list[list[Edge]], int]:
        """Some paths from a node to a later one, as edges from the end on, and how many there are."""
        count = [0] * len(self.nodes)
        count[end] = 1
        for at in reversed(range(start, end)):
            count[at] = sum(count[user] for user, _ in self.uses[at]) if self.active[at] else 0
        paths: list[list[Edge]] = []

        def follow(at: int, edges: list[Edge]) -> None:
            if at == end:
                paths.append(edges[::-1])
                return
            for user, slot in self.uses[at]:
                if count[user] and len(paths) < PATHS:
                    follow(user, [*edges, (user, slot)])

        if count[start]:
            follow(start, [])
        return paths, count[start]

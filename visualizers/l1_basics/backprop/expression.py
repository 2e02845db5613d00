"""A typed expression as nodes of a graph, in the order in which they can be computed.

    (x + y) * max(y, z)      three variables, three operations, one output
    x * y; x + y             two outputs
    a = x + y; a * a         a name for what is used twice

Read by hand, one sign after the other, so that nothing typed is ever run as a program:

    statements   [name =] sum  separated by ;
    sum          product + product − …
    product      sign * sign / …
    sign         − sign, or power
    power        atom ^ sign
    atom         number, name, function(sum, …), (sum)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from widgets.theme.numbers import decimal

LONGEST = 200  # characters
NODES = 32
VARIABLES = 8
OUTPUTS = 6
DEEPEST = 40  # brackets and signs within one another

FUNCTIONS = {"exp": 1, "ln": 1, "sqrt": 1, "abs": 1, "sin": 1, "cos": 1, "tanh": 1, "sigmoid": 1, "relu": 1,
             "max": 2, "min": 2}  # and how many arguments each takes
SPELT = {"log": "ln", "ReLU": "relu"}
SIGNS = str.maketrans({"·": "*", "×": "*", "÷": "/", "−": "-", "（": "(", "）": ")", "，": ",", "；": ";",
                       "＝": "=", "\n": ";"})
TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([^\W\d]\w*)|(\*\*|[-+*/^(),;=])|(\S))")
GIVEN = re.compile(r"\s*([^\W\d]\w*)\s*=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


class Nonsense(ValueError):
    """What was typed is no expression: which kind of mistake it is, and the piece to blame."""

    def __init__(self, kind: str, piece: str = "") -> None:
        super().__init__(f"{kind} {piece}")
        self.kind, self.piece = kind, piece


@dataclass
class Node:
    """One node: a variable (op ``input``), a ``number``, or an operation on nodes before it."""

    op: str
    inputs: tuple[int, ...] = ()
    name: str = ""
    number: float = 0.0


def parse(text: str) -> tuple[list[Node], list[int]]:
    """The nodes, each after its inputs, and which of them are outputs.

    Raises:
        Nonsense: the text is no expression, or too large a one.
    """
    reader = _Reader(text)
    outputs = reader.statements()
    nodes = reader.nodes
    depends = variable(nodes)
    if not all(depends[one] for one in outputs):
        raise Nonsense("constant")
    if len(outputs) > OUTPUTS:
        raise Nonsense("outputs", str(OUTPUTS))
    _name(nodes, outputs)
    return nodes, outputs


def variable(nodes: list[Node]) -> list[bool]:
    """Of each node, whether it depends on a variable."""
    found: list[bool] = []
    for node in nodes:
        found.append(node.op == "input" or any(found[one] for one in node.inputs))
    return found


def given(text: str) -> dict[str, float]:
    """Values of variables, ``x = 1, y = 2``. Raises ``Nonsense`` naming the first piece that is none."""
    found = {}
    for piece in re.split("[,;]", text.translate(SIGNS)):
        if piece.strip():
            match = GIVEN.fullmatch(piece)
            if match is None or not abs(float(match[2])) <= 1e6:
                raise Nonsense("values", piece.strip()[:24])
            found[match[1]] = float(match[2])
    return found


def formula(node: Node, names: list[str]) -> str:
    """What an operation does, in the names of its inputs."""
    match node.op:
        case "+" | "/":
            return f"{names[0]} {node.op} {names[1]}"
        case "-":
            return f"{names[0]} − {names[1]}"
        case "*":
            return f"{names[0]} · {names[1]}"
        case "^":
            return f"{names[0]}^{names[1]}"
        case "neg":
            return f"−{names[0]}"
    return f"{node.op}({', '.join(names)})"


def _name(nodes: list[Node], outputs: list[int]) -> None:
    """Names for what has none: a, b, c … in the order of computing, and f for the output."""
    taken = {node.name for node in nodes}
    unnamed = [one for one in outputs if not nodes[one].name]
    for index, one in enumerate(unnamed):
        free = "f" if len(unnamed) == 1 else f"f{'₁₂₃₄₅₆'[index]}"
        nodes[one].name = free if free not in taken else f"{free}′"
    letters = iter([one for one in "abcdeghijklmnopqrstuvwxyz" if one not in taken]
                   + [f"a{one}" for one in range(1, NODES + 1) if f"a{one}" not in taken])
    for node in nodes:
        if node.op == "number":
            node.name = decimal(node.number, 4)
        elif not node.name:
            node.name = next(letters)


class _Reader:
    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise Nonsense("long", str(LONGEST))
        self.tokens: list[tuple[str, str]] = []
        for number, name, sign, other in TOKEN.findall(text.translate(SIGNS)):
            if other:
                raise Nonsense("sign", other)
            self.tokens.append(("number", number) if number else ("name", SPELT.get(name, name)) if name
                               else ("sign", "^" if sign == "**" else sign))
        if not any(kind != "sign" for kind, _ in self.tokens):
            raise Nonsense("empty")
        self.at, self.depth = 0, 0
        self.nodes: list[Node] = []
        self.known: dict[str, int] = {}  # name → node

    # --- one token after the other

    def next(self, ahead: int = 0) -> str:
        """The sign that comes, empty where a number or a name comes."""
        kind, text = self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ("end", "end")
        return text if kind in ("sign", "end") else ""

    def take(self, *signs: str) -> str:
        """The next sign if it is one of these, and then the one after it comes."""
        found = self.next()
        if found not in signs:
            return ""
        self.at += 1
        return found

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.mistake()

    def mistake(self) -> Nonsense:
        return Nonsense("end") if self.at >= len(self.tokens) else Nonsense("sign", self.tokens[self.at][1])

    def add(self, op: str, *inputs: int, name: str = "", number: float = 0.0) -> int:
        if len(self.nodes) >= NODES:
            raise Nonsense("nodes", str(NODES))
        self.nodes.append(Node(op, inputs, name, number))
        return len(self.nodes) - 1

    # --- the grammar

    def statements(self) -> list[int]:
        outputs: list[int] = []
        last = -1
        while self.at < len(self.tokens):
            if self.take(";"):
                continue
            name = ""
            if self.tokens[self.at][0] == "name" and self.next(1) == "=":
                name = self.tokens[self.at][1]
                if name in self.known or name in FUNCTIONS:
                    raise Nonsense("again", name)
                self.at += 2
            last = self.sum()
            if self.next() not in (";", "end"):
                raise self.mistake()
            if name:
                if name in self.known:
                    raise Nonsense("again", name)
                self.known[name] = last
                self.nodes[last].name = self.nodes[last].name or name
            elif last not in outputs:
                outputs.append(last)
        return outputs or [last]

    def sum(self) -> int:
        left = self.product()
        while op := self.take("+", "-"):
            left = self.add(op, left, self.product())
        return left

    def product(self) -> int:
        left = self.sign()
        while op := self.take("*", "/"):
            left = self.add(op, left, self.sign())
        return left

    def sign(self) -> int:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Nonsense("nodes", str(NODES))
        if self.take("-"):
            found = self.sign()
            if self.nodes[found].op == "number" and not self.nodes[found].name:
                self.nodes[found].number *= -1
            else:
                found = self.add("neg", found)
        else:
            self.take("+")
            found = self.power()
        self.depth -= 1
        return found

    def power(self) -> int:
        base = self.atom()
        return self.add("^", base, self.sign()) if self.take("^") else base

    def atom(self) -> int:
        if self.take("("):
            found = self.sum()
            self.need(")")
            return found
        if self.at >= len(self.tokens) or self.tokens[self.at][0] == "sign":
            raise self.mistake()
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            if not float(text) <= 1e6:
                raise Nonsense("sign", text)
            return self.add("number", number=float(text))
        if text in FUNCTIONS or self.next() == "(":
            return self.function(text)
        if text not in self.known:
            self.known[text] = self.add("input", name=text)
            if sum(node.op == "input" for node in self.nodes) > VARIABLES:
                raise Nonsense("variables", str(VARIABLES))
        return self.known[text]

    def function(self, name: str) -> int:
        if name not in FUNCTIONS:
            raise Nonsense("function", name)
        self.need("(")
        inputs = [self.sum()]
        while self.take(","):
            inputs.append(self.sum())
        self.need(")")
        if len(inputs) != FUNCTIONS[name]:
            raise Nonsense("arguments", name)
        return self.add(name, *inputs)

"""What stands between $(( and )): whole numbers of 64 bits, as C computes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from tree_sitter import Node

from visualizers.l1_basics.linux.parsing import BadSyntax, parsed, said


class Variables(Protocol):
    """Where numbers are read from and written to."""

    def get(self, name: str) -> str: ...
    def assign(self, name: str, value: str) -> None: ...


class BadNumber(Exception):
    """What bash says of an expression that has no value."""


def wrapped(value: int) -> int:
    """Into 64 bits."""
    return (value + 2**63) % 2**64 - 2**63


def _divided(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _divided,
    "%": lambda a, b: a - b * _divided(a, b), "**": lambda a, b: pow(a, b, 2**64),
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << (b & 63), ">>": lambda a, b: a >> (b & 63),
}
_DEEPEST = 40  # of variables that name other variables


def evaluate(text: str, variables: Variables, deep: int = 0) -> int:
    """The value of an expression in which $ has been replaced already. Raises ``BadNumber``."""
    if not text.strip():
        return 0
    if deep > _DEEPEST:
        raise BadNumber(f"{text}: expression recursion level exceeded (error token is \"{text}\")")
    try:
        root = parsed(f"(({text.strip()}))")
    except BadSyntax as error:
        raise BadNumber(f"{text}: syntax error: operand expected (error token is \"{error}\")") from error
    statement = root.named_children[0] if root.named_children else None
    if statement is None or statement.type != "compound_statement":
        raise BadNumber(f"{text}: syntax error in expression")
    try:
        values = [_value(one, variables, deep) for one in statement.named_children]
    except ZeroDivisionError as error:
        raise BadNumber(f"{text.strip()}: division by 0 (error token is \"{error}\")") from error
    return values[-1] if values else 0


def _value(node: Node, variables: Variables, deep: int) -> int:
    def of(part: Node | None) -> int:
        return 0 if part is None else _value(part, variables, deep)

    match node.type:
        case "number" | "word" | "variable_name":
            return _atom(said(node), variables, deep)
        case "subscript":
            return _atom(_place(node, variables, deep), variables, deep)
        case "parenthesized_expression":
            return [of(one) for one in node.named_children][-1]
        case "binary_expression":
            return _binary(node, variables, deep)
        case "unary_expression":
            sign, part = said(node.children[0]), node.children[-1]
            if sign in ("++", "--"):
                return _step(part, 1 if sign == "++" else -1, variables, deep)[1]
            value = of(part)
            return {"-": -value, "+": value, "!": int(not value), "~": ~value}[sign]
        case "postfix_expression":
            return _step(node.children[0], 1 if said(node.children[-1]) == "++" else -1, variables, deep)[0]
        case "ternary_expression":
            yes, no = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
            return of(yes if of(node.child_by_field_name("condition")) else no)
        case "variable_assignment":
            return _set(node, variables, deep)
    raise BadNumber(f"{said(node)}: this arithmetic is not supported")


def _atom(text: str, variables: Variables, deep: int) -> int:
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", text):
        return wrapped(int(text, 16))
    if re.fullmatch(r"0[0-7]*", text):
        return wrapped(int(text, 8))
    if re.fullmatch(r"-?[0-9]{1,40}", text):
        return wrapped(int(text))
    if based := re.fullmatch(r"([0-9]+)#([0-9a-zA-Z]+)", text):
        try:
            return int(based[2], int(based[1])) if 2 <= int(based[1]) <= 36 else 0
        except ValueError as error:
            raise BadNumber(f"{text}: value too great for base (error token is \"{text}\")") from error
    if re.fullmatch(r"0[0-9]+", text):
        raise BadNumber(f"{text}: value too great for base (error token is \"{text}\")")
    if re.fullmatch(r"[A-Za-z_]\w*(\[.*\])?", text):
        return evaluate(variables.get(text), variables, deep + 1)
    raise BadNumber(f"{text}: syntax error: operand expected (error token is \"{text}\")")


def _place(node: Node, variables: Variables, deep: int) -> str:
    """The name of a variable or of a place in an array, which a value is put into."""
    if node.type == "subscript":
        index = node.child_by_field_name("index")
        return f"{said(node.children[0])}[{_value(index, variables, deep) if index else 0}]"
    if node.type in ("word", "variable_name"):
        return said(node)
    raise BadNumber(f"{said(node)}: attempted assignment to non-variable")


def _step(node: Node, by: int, variables: Variables, deep: int) -> tuple[int, int]:
    """The value before and after ++ or --."""
    name = _place(node, variables, deep)
    before = _atom(name, variables, deep)
    variables.assign(name, str(wrapped(before + by)))
    return before, wrapped(before + by)


def _set(node: Node, variables: Variables, deep: int) -> int:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    assert name is not None
    found = 0 if value is None else _value(value, variables, deep)
    variables.assign(_place(name, variables, deep), str(found))
    return found


def _binary(node: Node, variables: Variables, deep: int) -> int:
    left, right = node.children[0], node.children[-1]
    sign = said(node.children[1])
    if sign == "=" and left.type == "binary_expression" and said(left.children[1]) == "=":
        # The grammar joins a = b = 2 from the left; it is meant from the right.
        variables.assign(_place(left.children[-1], variables, deep), str(_value(right, variables, deep)))
        return _binary(left, variables, deep)
    a = 0 if sign == "=" else _value(left, variables, deep)
    if sign == "&&":
        return int(bool(a) and bool(_value(right, variables, deep)))
    if sign == "||":
        return int(bool(a) or bool(_value(right, variables, deep)))
    b = _value(right, variables, deep)
    if sign == ",":
        return b
    plain = sign if sign in _BINARY else sign.removesuffix("=")
    if plain in ("/", "%") and b == 0:
        raise ZeroDivisionError(said(right))
    if plain == "**" and b < 0:
        raise BadNumber(f"exponent less than 0 (error token is \"{said(right)}\")")
    value = b if sign == "=" else wrapped(int(_BINARY[plain](a, b)))
    if sign not in _BINARY:  # = += -= …
        variables.assign(_place(left, variables, deep), str(value))
    return value

"""Tours: what to set, how long to train, and what must then be true.

``tour.toml`` of a panel holds the steps. Their ``expect`` is an expression over what was observed,
evaluated here by walking its syntax tree: names, numbers, arithmetic, comparisons, indexing and a
few functions, and nothing else, so a tour can compute but never act.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from visualizers.panel import Panel, Shown
from widgets.parameters import changed, needs_restart, to_dict
from widgets.words import read_table


class BadExpression(ValueError):
    """The expression uses something a tour may not, or a name that was not observed."""


@dataclass(frozen=True)
class TourStep:
    """One step of a tour.

    Attributes:
        say: language to text.
        set: parameters that differ from the step before (the first step: from the defaults).
        steps: training steps to run after setting them.
        fresh: begin a new run although no changed parameter needs one.
        expect: what must be true at the end.
    """

    say: Mapping[str, str]
    set: Mapping[str, Any]
    steps: int
    fresh: bool
    expect: str

    def text(self, language: str) -> str:
        return self.say.get(language, self.say.get("en", ""))


def load_tour(panel: Panel) -> tuple[TourStep, ...]:
    """The panel's tour; empty where it has none."""
    table = read_table(panel.package, "tour.toml")
    known = {"set", "steps", "fresh", "expect"}
    return tuple(
        TourStep(
            say={key: str(value) for key, value in one.items() if key not in known},
            set=one.get("set", {}), steps=int(one.get("steps", 0)),
            fresh=bool(one.get("fresh", False)), expect=str(one.get("expect", "")),
        )
        for one in table.get("step", [])
    )


def observed(shown: Shown[Any, Any]) -> dict[str, Any]:
    """The names that an expectation can use."""
    names: dict[str, Any] = dict(shown.history.last())
    names.update({one.name: getattr(shown.frame, one.name) for one in fields(shown.frame)})
    names["step"] = shown.step
    return names


def holds(expect: str, shown: Shown[Any, Any], previous: Mapping[str, Any] | None = None) -> bool:
    """Whether ``expect`` is true of ``shown``; ``previous`` is ``observed`` of the step before.

    Raises:
        BadExpression: the expression is not one that a tour may use.
    """
    groups = {
        "params": to_dict(shown.params),
        "history": {name: shown.history[name] for name in shown.history.names},
        "previous": dict(previous or {}),
    }
    return bool(evaluate(expect, observed(shown), groups))


def evaluate(
    expression: str, names: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]] | None = None
) -> Any:
    """The value of a safe expression. ``groups`` are read with a dot: ``params.learning_rate``."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        raise BadExpression(f"not an expression: {expression!r}") from error
    return _value(tree.body, names, groups or {})


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "min": lambda *a: np.min(a[0]) if len(a) == 1 else min(a),
    "max": lambda *a: np.max(a[0]) if len(a) == 1 else max(a),
    "mean": np.mean, "sum": np.sum, "any": np.any, "all": np.all, "len": len, "log": np.log,
    "log2": np.log2, "log10": np.log10, "exp": np.exp, "sqrt": np.sqrt, "median": np.median,
    "sort": np.sort, "argmax": np.argmax, "argmin": np.argmin, "std": np.std,
    "first": lambda a: a[0], "last": lambda a: a[-1],
}


def _value(node: ast.AST, names: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]]) -> Any:
    def of(part: ast.AST) -> Any:
        return _value(part, names, groups)

    match node:
        case ast.Constant(value=value) if isinstance(value, (int, float, str, bool, type(None))):
            return value
        case ast.Name(id=name):
            if name not in names:
                raise BadExpression(f"{name!r} was not observed; there are {', '.join(sorted(names))}")
            return names[name]
        case ast.Attribute(value=ast.Name(id=group), attr=name) if group in groups:
            if name not in groups[group]:
                raise BadExpression(f"{group} has no {name!r}")
            return groups[group][name]
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -of(part)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not of(part)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(bool(of(part)) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(bool(of(part)) for part in parts)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(of(left), of(right))
        case ast.BinOp(left=left, op=how, right=right) if type(how) in _BINARY:
            return _BINARY[type(how)](of(left), of(right))
        case ast.Compare(left=left, ops=hows, comparators=rights):
            return _chain(of(left), hows, [of(right) for right in rights])
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*[of(part) for part in parts])
        case ast.Subscript(value=base, slice=index):
            return of(base)[of(index)]
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if part is None else of(part) for part in (lower, upper, step)))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(of(part) for part in parts)
        case _:
            raise BadExpression(f"a tour may not use {ast.unparse(node)!r}")


def _power(base: Any, exponent: Any) -> Any:
    if np.max(np.abs(exponent)) > 1000:  # 9**9**9 would never end
        raise BadExpression("an exponent above 1000")
    return np.power(np.asarray(base, dtype=np.float64), exponent)


def _chain(left: Any, hows: list[ast.cmpop], rights: list[Any]) -> Any:
    result: Any = True
    for how, right in zip(hows, rights, strict=True):
        if type(how) not in _COMPARE:
            raise BadExpression("a tour may not compare by identity")
        here = _COMPARE[type(how)](left, right)
        result = here if result is True else np.logical_and(result, here)
        left = right
    return result


@dataclass(frozen=True)
class Observation:
    """How one tour step went."""

    index: int
    step: TourStep
    held: bool
    shown: Shown[Any, Any]
    error: str = ""


def walk(
    panel: Panel,
    run: Callable[[Any, int, Shown[Any, Any] | None], Shown[Any, Any]],
) -> Iterator[Observation]:
    """Take the tour. ``run(params, steps, before)`` trains ``steps`` steps under ``params``.

    ``before`` is what the step before ended with, or ``None`` when a new run must begin. A tour
    begins with the English defaults in every language, because these are what it is tested with.
    """
    params = panel.params()
    shown: Shown[Any, Any] | None = None
    previous: dict[str, Any] = {}
    for index, step in enumerate(load_tour(panel)):
        new = changed(params, **step.set)
        fresh = shown is None or step.fresh or needs_restart(params, new)
        shown = run(new, step.steps, None if fresh else shown)
        try:
            held, error = holds(step.expect, shown, previous), ""
        except (BadExpression, IndexError, TypeError, ValueError) as trouble:
            held, error = False, str(trouble)
        yield Observation(index, step, held, shown, error)
        previous, params = observed(shown), new

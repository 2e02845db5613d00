"""Tours: what to set, how long to train, what to guess beforehand, and what must then be true.

``tour.toml`` of a panel holds the steps, and the suggestions of its guide:

    [[step]]
    en = "Train 80 steps."                       # before: what is done, and nothing about the result
    zh = "…"
    seen = { en = "The loss falls …", zh = "…" } # the result, shown when it has been seen
    steps = 80
    expect = "held_out < frequency_loss"         # what must be true at the end

    [step.ask]                                   # asked before the step plays
    en = "What will the loss pass?"
    zh = "…"
    [[step.ask.answer]]                          # two to four; exactly one is right at the end
    en = "…"
    zh = "…"
    right = "held_out < frequency_loss"
    [[step.ask.answer]]
    en = "…"
    zh = "…"
    right = "held_out >= frequency_loss"
    why = { en = "What is mistaken about it.", zh = "…" }

    [[try]]                                      # a button of the guide
    en = "Raise the temperature to 1.5."
    zh = "…"
    set = { temperature = 1.5 }
    steps = 0                                    # so many are trained at once, if any

A question about a curve names the plot that the step will fill, ``sketch = "loss"`` (the view's
attribute), and the scalar that the plot shows, ``curve = "held_out"``. The learner draws on that plot,
or chooses in words. Its answers are expressions over ``curve``, 101 values at equal distances from the
begin of the step to its end; the same expressions judge the sketch and what really happened.

``expect`` and ``right`` are expressions over what was observed, evaluated here by walking their syntax
tree: names, numbers, arithmetic, comparisons, indexing and a few functions, and nothing else, so a
tour can compute but never act. What a clock measured (a name that ends in ``_ms`` or ``_seconds``) is
not among the names: what is true must not depend on how busy a machine is.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel, Shown
from widgets.controls.parameters import changed, needs_restart, to_dict
from widgets.theme.words import LANGUAGES, read_table


class BadExpression(ValueError):
    """The expression uses something a tour may not, or a name that was not observed."""


POINTS = 101  # of a sketched curve, and of the real one beside it
SMOOTH = 5  # a real curve is averaged over so many points to either side before it is judged
CLOCKS = ("_ms", "_seconds")  # how names of measured times end


@dataclass(frozen=True)
class Answer:
    """One answer of a question: its text, when it is right, and what is mistaken about it if not."""

    say: Mapping[str, str]
    right: str
    why: Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """What is asked before a step plays.

    Attributes:
        say: language to the question.
        answers: two to four, of which exactly one is right at the end of the step.
        sketch: the view's plot on which the answer can be drawn; empty where it is only chosen.
        curve: the scalar that is drawn.
        range: least and greatest value of the empty plot; without it those that it has.
    """

    say: Mapping[str, str]
    answers: tuple[Answer, ...]
    sketch: str = ""
    curve: str = ""
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class TourStep:
    """One step of a tour.

    Attributes:
        say: language to text: what is done, and what to watch.
        seen: language to text: what was to be seen, told afterwards.
        set: parameters that differ from the step before (the first step: from the defaults).
        steps: training steps to run after setting them.
        fresh: begin a new run although no changed parameter needs one.
        expect: what must be true at the end.
        ask: a question to answer before.
    """

    say: Mapping[str, str]
    set: Mapping[str, Any]
    steps: int
    fresh: bool
    expect: str
    seen: Mapping[str, str]
    ask: Ask | None = None


@dataclass(frozen=True)
class Try:
    """A suggestion of the guide: what to set, and how many steps to train then."""

    say: Mapping[str, str]
    set: Mapping[str, Any]
    steps: int = 0


def said(texts: Mapping[str, str], language: str) -> str:
    """A text in a language; English where it is missing."""
    return texts.get(language, texts.get("en", ""))


def load_tour(panel: Panel) -> tuple[TourStep, ...]:
    """The panel's tour; empty where it has none."""
    return tuple(
        TourStep(
            say=_texts(one), seen=_texts(one.get("seen", {})), set=_values(one),
            steps=int(one.get("steps", 0)), fresh=bool(one.get("fresh", False)),
            expect=str(one.get("expect", "")), ask=ask_of(one["ask"]) if "ask" in one else None,
        )
        for one in read_table(panel.package, "tour.toml").get("step", [])
    )


def load_tries(panel: Panel) -> tuple[Try, ...]:
    """The suggestions of the panel's guide, in its order."""
    return tuple(Try(_texts(one), _values(one), int(one.get("steps", 0)))
                 for one in read_table(panel.package, "tour.toml").get("try", []))


def ask_of(table: Mapping[str, Any]) -> Ask:
    """The question that a table of ``tour.toml`` holds."""
    low_high = table.get("range")
    return Ask(
        say=_texts(table), sketch=str(table.get("sketch", "")), curve=str(table.get("curve", "")),
        range=None if low_high is None else (float(low_high[0]), float(low_high[1])),
        answers=tuple(Answer(_texts(one), str(one.get("right", "")), _texts(one.get("why", {})))
                      for one in table.get("answer", [])),
    )


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    """The entries of a table that are texts in a language."""
    return {key: value for key, value in table.items() if key in LANGUAGES}


def _values(table: Mapping[str, Any]) -> dict[str, Any]:
    return dict(table.get("set", {}))


def is_clock(name: str) -> bool:
    """Whether a scalar or a field is a time that was measured."""
    return name.endswith(CLOCKS)


def observed(shown: Shown[Any, Any]) -> dict[str, Any]:
    """The names that an expectation can use."""
    names: dict[str, Any] = dict(shown.history.last())
    names.update({one.name: getattr(shown.frame, one.name) for one in fields(shown.frame)})
    names["step"] = shown.step
    return {name: value for name, value in names.items() if not is_clock(name)}


def holds(expect: str, shown: Shown[Any, Any], previous: Mapping[str, Any] | None = None) -> bool:
    """Whether ``expect`` is true of ``shown``; ``previous`` is ``observed`` of the step before.

    Raises:
        BadExpression: the expression is not one that a tour may use.
    """
    return bool(evaluate(expect, observed(shown), _groups(shown, previous)))


def failing(
    expect: str, shown: Shown[Any, Any], previous: Mapping[str, Any] | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """The parts of ``expect`` that are not true of ``shown``, each with the values that it compares.

    Raises:
        BadExpression: the expectation is not one that a tour may use.
    """
    names, groups = observed(shown), _groups(shown, previous)
    parts = [_parsed(expect)]
    while any(map(_joined, parts)):
        parts = [each for one in parts for each in (one.values if _joined(one) else [one])]
    return [(ast.unparse(one), {ast.unparse(side): _value(side, names, groups) for side in _sides(one)})
            for one in parts if not bool(_value(one, names, groups))]


def _joined(node: ast.expr) -> TypeGuard[ast.BoolOp]:
    return isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And)


def _sides(node: ast.expr) -> list[ast.expr]:
    """What an expression compares, without the numbers that it names itself."""
    sides = [each for one in ast.walk(node) if isinstance(one, ast.Compare)
             for each in (one.left, *one.comparators)] or [node]
    return [one for one in sides if any(isinstance(each, ast.Name) for each in ast.walk(one))]


def right_answers(
    ask: Ask, shown: Shown[Any, Any], previous: Mapping[str, Any] | None = None, *,
    begun: int = 0, sketch: NDArray[Any] | None = None,
) -> tuple[int, ...]:
    """Which answers are right of ``shown``, or of a ``sketch`` in place of the real curve.

    Args:
        begun: the step of training at which the step of the tour began.

    Raises:
        BadExpression: an expression is not one that a tour may use.
    """
    names = observed(shown)
    if ask.sketch:
        names["curve"] = curve_of(shown, ask.curve, begun) if sketch is None else sketch
    groups = _groups(shown, previous)
    return tuple(index for index, answer in enumerate(ask.answers)
                 if bool(evaluate(answer.right, names, groups)))


def traced(steps: Iterable[TourStep]) -> set[str]:
    """The scalars that the steps of a tour look at over time, not only as they end.

    Raises:
        BadExpression: an expression is not one that a tour may use.
    """
    found = {one.ask.curve for one in steps if one.ask}
    for one in steps:
        for text in (one.expect, *(answer.right for answer in (one.ask.answers if one.ask else ()))):
            found |= {each.attr for each in ast.walk(_parsed(text)) if isinstance(each, ast.Attribute)
                      and isinstance(each.value, ast.Name) and each.value.id == "history"}
    return found


def curve_of(shown: Shown[Any, Any], name: str, begun: int) -> NDArray[np.float64]:
    """A scalar from one step to the last, without its noise: (101,) values at equal distances."""
    values, steps = shown.history.points(name)
    there = np.isfinite(values) & (steps > begun)
    if not there.any():
        raise BadExpression(f"{name!r} was not observed")
    wanted = np.linspace(begun + 1, len(shown.history), POINTS)
    curve = np.interp(wanted, steps[there], values[there])
    # The mean over a window that shrinks towards both ends, so that these keep their height.
    total = np.concatenate([[0.0], np.cumsum(curve)])
    index = np.arange(POINTS)
    reach = np.minimum(SMOOTH, np.minimum(index, POINTS - 1 - index))
    smooth: NDArray[np.float64] = (total[index + reach + 1] - total[index - reach]) / (2 * reach + 1)
    return smooth


def _groups(
    shown: Shown[Any, Any], previous: Mapping[str, Any] | None
) -> dict[str, Mapping[str, Any]]:
    return {
        "params": to_dict(shown.params),
        "history": {name: _known(shown.history[name]) for name in shown.history.names
                    if not is_clock(name)},
        "previous": dict(previous or {}),
    }


def evaluate(
    expression: str, names: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]] | None = None
) -> Any:
    """The value of a safe expression. ``groups`` are read with a dot: ``params.learning_rate``."""
    return _value(_parsed(expression), names, groups or {})


def _parsed(expression: str) -> ast.expr:
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise BadExpression(f"not an expression: {expression!r}") from error


def check(expression: str) -> None:
    """Whether a tour may use an expression, whatever is observed.

    Raises:
        BadExpression: it is none, or it does more than compute.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as of an escape that is none
            tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, Warning, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(f"not an expression: {expression!r}") from error
    for node in ast.walk(tree):
        calls = isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and not node.keywords
                                                    and node.func.id in _FUNCTIONS)
        inside = isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Name)
        if calls or inside or not isinstance(node, _ALLOWED):
            raise BadExpression(f"a tour may not use {ast.unparse(node)!r}")


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}
_ALLOWED = (
    *_BINARY, *_COMPARE, ast.Expression, ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.USub,
    ast.Not, ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.Pow, ast.Compare, ast.Call, ast.Subscript,
    ast.Slice, ast.Tuple, ast.List, ast.Load,
)


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the steps at which a scalar was not measured."""
    return values[~np.isnan(values)]


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
    """How one tour step went: whether its expectation held, and which answers were right."""

    index: int
    step: TourStep
    held: bool
    shown: Shown[Any, Any]
    error: str = ""
    right: tuple[int, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the step says what is so: it held, and exactly one answer is right."""
        return self.held and (self.step.ask is None or len(self.right) == 1)


def walk(
    panel: Panel,
    run: Callable[[Any, int, Shown[Any, Any] | None], Shown[Any, Any]],
    seed: int | None = None,
) -> Iterator[Observation]:
    """Take the tour. ``run(params, steps, before)`` trains ``steps`` steps under ``params``.

    ``before`` is what the step before ended with, or ``None`` when a new run must begin. A tour
    begins with the English defaults in every language, because these are what it is tested with, and
    with the panel's own seed or another one.
    """
    params = panel.params() if seed is None else changed(panel.params(), seed=seed)
    shown: Shown[Any, Any] | None = None
    previous: dict[str, Any] = {}
    for index, step in enumerate(load_tour(panel)):
        new = changed(params, **step.set)
        fresh = shown is None or step.fresh or needs_restart(params, new)
        begun = 0 if fresh or shown is None else shown.step
        shown = run(new, step.steps, None if fresh else shown)
        right: tuple[int, ...] = ()
        try:
            held, error = holds(step.expect, shown, previous), ""
            if step.ask is not None:
                right = right_answers(step.ask, shown, previous, begun=begun)
        except (BadExpression, IndexError, TypeError, ValueError) as trouble:
            held, error = False, str(trouble)
        yield Observation(index, step, held, shown, error, right)
        previous, params = observed(shown), new

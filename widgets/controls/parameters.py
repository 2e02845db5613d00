"""What a control needs to know about a parameter, declared once beside its default.

A panel lists its parameters as a frozen dataclass whose fields are made by the functions below. The
controls, the command line, the run file and the tests all read the same declaration.

    @dataclass(frozen=True)
    class Params:
        cell: Literal["linear", "tanh"] = choice("tanh", help="Which recurrence is trained.")
        learning_rate: float = number(0.01, 1e-4, 1.0, log=True, help="Size of one update.")

No Qt and no torch here: headless commands and worker processes read declarations too.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from widgets.theme import numbers

Kind = Literal["number", "integer", "choice", "flag", "text", "source", "hidden"]

# A condition under which a control is worth showing: {"cell": ("gru", "lstm")}.
When = Mapping[str, tuple[object, ...]]

LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: everything a control, a command line or a test must know."""

    name: str
    kind: Kind
    default: Any
    label: str
    help: str
    restart: bool
    low: float | None = None
    high: float | None = None
    log: bool = False
    unit: str = ""  # in the singular; what is shown has its plural
    off: float | None = None  # the value that is shown as the word "off"
    year: bool = False  # a whole number that is written as years are, 1945
    choices: tuple[str, ...] = ()
    source: str | None = None
    needs: str = ""  # what a source must be able to do
    own: bool = True  # whether a source may be the user's own
    when: When | None = None
    stays: bool = False  # what a click set and Esc leaves alone
    check: Callable[[str], object] | None = None  # of a text: raises ``Unfit`` where it does not fit
    type: Any = None  # the field's annotation, which a hidden value keeps to

    def shown_for(self, params: object) -> bool:
        """Whether the control has anything to act on, given the other values."""
        return self.when is None or all(
            getattr(params, name) in values for name, values in self.when.items()
        )


class Unfit(ValueError):
    """A value that a parameter does not take. The message is one sentence for the user.

    Attributes:
        message: the English sentence with ``{placeholders}``.
        values: what goes into the placeholders, so that a translation can be filled in.
    """

    def __init__(self, message: str, **values: object) -> None:
        self.message, self.values = message, values
        super().__init__(message.format(**values))

    def __reduce__(self) -> Any:
        return _unfit, (self.message, self.values)


def _unfit(message: str, values: dict[str, object]) -> Unfit:
    return Unfit(message, **values)


def number(
    default: float, low: float, high: float, *, log: bool = False, unit: str = "",
    off: float | None = None, label: str = "", help: str, restart: bool = False,
    when: When | None = None,
) -> Any:
    """A real number on a slider; live unless ``restart``. ``log`` spaces the slider by ratios."""
    return _declare("number", default, label=label, help=help, restart=restart, low=low,
                    high=high, log=log, unit=unit, off=off, when=when)


def integer(
    default: int, low: int, high: int, *, log: bool = False, unit: str = "",
    off: int | None = None, year: bool = False, label: str = "", help: str, restart: bool = True,
    when: When | None = None,
) -> Any:
    """A whole number on a slider; starts the run again unless ``restart=False``."""
    return _declare("integer", default, label=label, help=help, restart=restart, low=low,
                    high=high, log=log, unit=unit, off=off, year=year, when=when)


def choice(
    default: str, *, label: str = "", help: str, restart: bool = True, when: When | None = None
) -> Any:
    """One of the strings of the field's ``Literal`` annotation."""
    return _declare("choice", default, label=label, help=help, restart=restart, when=when)


def flag(
    default: bool, *, label: str = "", help: str, restart: bool = False, when: When | None = None
) -> Any:
    """A switch; live unless ``restart``."""
    return _declare("flag", default, label=label, help=help, restart=restart, when=when)


def text(
    default: str, *, label: str = "", help: str, restart: bool = False, when: When | None = None,
    check: Callable[[str], object] | None = None,
) -> Any:
    """A line or a paragraph typed by the user; live unless ``restart``. ``check`` raises ``Unfit`` for
    what cannot be meant, so that it is refused with the reason and never repaired in silence."""
    return _declare("text", default, label=label, help=help, restart=restart, when=when, check=check)


def source(
    kind: str, default: str, *, needs: str = "", own: bool = True, label: str = "", help: str,
    when: When | None = None
) -> Any:
    """Something of the data catalogue: the name of one of a kind (``"text"``, ``"labelled"``,
    ``"model"`` …), or the user's own, ``file:PATH`` or ``folder:PATH``.

    Of models, only those are offered and taken that can do what the panel ``needs``: ``"encode"``,
    ``"fill"``, ``"write"`` or ``"chat"``. Without ``own`` only what has a name is taken."""
    return _declare("source", default, label=label, help=help, restart=True, source=kind,
                    needs=needs, own=own, when=when)


def hidden(default: Any, *, help: str = "", restart: bool = False, stays: bool = False) -> Any:
    """What a click in the view sets: a token, a head, a dragged point. JSON values and tuples.

    Esc takes it back, unless it ``stays``: what the user made, or which page of a card is open.
    """
    return _declare("hidden", default, help=help, restart=restart, stays=stays)


def _declare(kind: Kind, default: Any, **rest: Any) -> Any:
    return field(default=default, metadata={"parameter": {"kind": kind, **rest}})


@cache
def parameters_of(params: type) -> tuple[Parameter, ...]:
    """The declarations of a params dataclass, in order.

    Raises:
        TypeError: a field was not made by one of the functions of this module.
    """
    hints = get_type_hints(params)
    found = []
    for one in fields(params):
        spec = dict(one.metadata.get("parameter", ()))
        if not spec:
            raise TypeError(f"{params.__name__}.{one.name} is not declared by widgets.controls.parameters")
        if spec["kind"] == "choice":
            if get_origin(hints[one.name]) is not Literal:
                raise TypeError(f"{params.__name__}.{one.name} needs a Literal annotation")
            spec["choices"] = get_args(hints[one.name])
        spec["label"] = spec.get("label") or one.name.replace("_", " ").capitalize()
        found.append(Parameter(name=one.name, default=one.default, type=hints[one.name], **spec))
    return tuple(found)


def parameter(params: type, name: str) -> Parameter:
    """The declaration called ``name``; ``Unfit`` names the nearest match if there is none."""
    known = {one.name: one for one in parameters_of(params)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise Unfit("There is no parameter {name}; the nearest is {near}.",
                    name=repr(name), near=near[0] if near else "-")
    return known[name]


def fit(one: Parameter, value: object) -> Any:
    """``value`` as the parameter's own type, within its range.

    Raises:
        Unfit: the value does not belong to the parameter; the sentence says what does.
    """
    match one.kind:
        case "number" | "integer":
            return _fit_number(one, value)
        case "choice":
            if value not in one.choices:
                near = difflib.get_close_matches(str(value), one.choices, n=1, cutoff=0.0)
                raise Unfit("{name} is one of {choices}, not {value}; the nearest is {near}.",
                            name=one.name, choices=", ".join(one.choices), value=_short(value),
                            near=near[0] if near else one.choices[0])
            return value
        case "flag":
            if not isinstance(value, bool):
                raise Unfit("{name} is true or false, not {value}.", name=one.name, value=_short(value))
            return value
        case "text" | "source":
            if not isinstance(value, str) or len(value) > LONGEST_TEXT:
                raise Unfit("{name} is a text of at most {longest} characters.",
                            name=one.name, longest=LONGEST_TEXT)
            if one.check is not None:
                one.check(value)
            return value
        case "hidden":
            return _fit_type(one, one.type, value)


def _fit_number(one: Parameter, value: object) -> float | int:
    assert one.low is not None and one.high is not None
    whole = one.kind == "integer"
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    if usable and whole:
        usable = math.isfinite(value) and float(value).is_integer()  # type: ignore[arg-type]
    if not usable or not one.low <= value <= one.high:  # type: ignore[operator]
        raise Unfit("{name} is {what} from {low} to {high}, not {value}.", name=one.name,
                    what="a whole number" if whole else "a number",
                    low=numbers.decimal(one.low), high=numbers.decimal(one.high),
                    value=numbers.decimal(value, 4) if isinstance(value, float) else _short(value))
    assert isinstance(value, (int, float))
    return int(value) if whole else float(value)


def _fit_type(one: Parameter, kind: Any, value: object) -> Any:
    """Hidden values are of their annotation: scalars stay scalars, sequences are tuples."""
    if get_origin(kind) is tuple:
        if not isinstance(value, (tuple, list)):
            raise Unfit("{name} is a list, not {value}.", name=one.name, value=_short(value))
        items = get_args(kind)
        if items[1:] == (...,):
            items = items[:1] * len(value)
        if len(items) == len(value) <= LONGEST_TEXT:
            return tuple(_fit_type(one, *pair) for pair in zip(items, value, strict=True))
    elif kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if abs(value) <= sys.float_info.max:
            return float(value)
    elif kind is str and isinstance(value, str):
        if len(value) <= LONGEST_TEXT:
            return value
    elif kind is object:  # one of the plain kinds, told by the value
        return _fit_type(one, type(value) if type(value) in (int, float, bool, str) else None, value)
    elif (kind is int and type(value) is int and abs(value) < 2**53) or kind is bool is type(value):
        return value
    raise Unfit("{name} does not take {value}.", name=one.name, value=_short(value))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def written(one: Parameter, value: float) -> str:
    """A number as it is shown and typed, without its unit."""
    if one.year:
        return numbers.year(value)
    return numbers.count(value) if one.kind == "integer" else numbers.decimal(value, 4)


def parse(one: Parameter, typed: str) -> Any:
    """A value typed on a command line or into a field. Raises ``Unfit``."""
    value: object = typed
    if one.kind in ("number", "integer"):
        if one.off is not None and typed.strip().lower() == "off":
            return fit(one, one.off)
        try:
            value = numbers.read(typed)
        except ValueError:
            value = typed
    elif one.kind == "flag":
        value = {"true": True, "on": True, "1": True, "yes": True, "false": False, "off": False,
                 "0": False, "no": False}.get(typed.strip().lower(), typed)
    elif one.kind == "hidden":
        import json

        try:
            value = json.loads(typed)
        except ValueError:
            value = typed
    return fit(one, value)


def to_dict(params: Any) -> dict[str, Any]:
    """The values as plain JSON types (tuples become lists when written)."""
    return {one.name: getattr(params, one.name) for one in fields(params)}


def from_dict(params: type, values: Mapping[str, object]) -> Any:
    """The params object with these values and defaults for the rest. Raises ``Unfit``."""
    return params(**{name: fit(parameter(params, name), value) for name, value in values.items()})


def changed(params: Any, **values: object) -> Any:
    """A copy with some values replaced, each one checked. Raises ``Unfit``."""
    kind = type(params)
    return dataclasses.replace(
        params, **{name: fit(parameter(kind, name), value) for name, value in values.items()}
    )


def needs_restart(old: Any, new: Any) -> bool:
    """Whether going from ``old`` to ``new`` changes a parameter that starts the run again."""
    return any(
        one.restart and getattr(old, one.name) != getattr(new, one.name)
        for one in parameters_of(old.__class__)
    )


def differences(params: Sequence[Any]) -> dict[str, list[Any]]:
    """The parameters in which these params objects differ, each with its values in order."""
    if not params:
        return {}
    return {
        one.name: [getattr(each, one.name) for each in params]
        for one in parameters_of(params[0].__class__)
        if one.kind != "hidden" and len({repr(getattr(each, one.name)) for each in params}) > 1
    }

"""What a frame's fields are: kind, named sizes and range, written beside each field and checked.

    @dataclass(frozen=True)
    class Frame:
        words: Annotated[tuple[str, ...], "T", "T ≥ 1"]       # the sentence
        maps: Annotated[Float32, "windows M", "≥ 0"]          # what each filter says of each window
        chosen: Annotated[int, "0 … M-1"]                     # the filter that is looked at
        links: Annotated[Int32, "L 2", "0 … T-1"]             # pairs of words
        loss: Annotated[float, "≥ 0"]

A learner reads this as documentation, an author is held to it by a contract test, and a run file
from anywhere is refused by it, so that a view may rely on what stands here.

The first text after an array, a tuple or a ``str`` names its sizes, one word each. A size is a
number, a whole number among the fields, a constant of the module (a tuple stands for its length), or
a name that means the same size everywhere in the frame; or what can be computed from these:
``T+1``, ``2*M``, ``T-params.window+1``. Each further text is one condition:

    "0 … 1"     every value lies from 0 to 1, both ends included; "0 … T-1" is an index
    "≥ 0"       also >, ≤, < and =
    "rising"    each value is larger than the one before
    "in NAMES"  every value is one of these
    "or NaN"    a value may be missing; otherwise every number is finite, and none beyond all measure
    "any"       nothing more is to be said of the values
    "T ≥ 1"     what begins with a name must hold as it stands

``jaxtyping`` reads like this for arrays, and its notation is kept. It says nothing of values, of
tuples, texts and numbers, or of parameters, and an index that points outside is exactly what ends a
program that draws; nor does it say in a sentence what does not fit.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import types
import typing
from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeAlias, get_args, get_origin

import numpy as np
from numpy.typing import NDArray

Bool: TypeAlias = NDArray[np.bool_]
UInt8: TypeAlias = NDArray[np.uint8]
Int8: TypeAlias = NDArray[np.int8]
Int16: TypeAlias = NDArray[np.int16]
Int32: TypeAlias = NDArray[np.int32]
Int64: TypeAlias = NDArray[np.int64]
Float16: TypeAlias = NDArray[np.float16]
Float32: TypeAlias = NDArray[np.float32]
Float64: TypeAlias = NDArray[np.float64]

LARGEST_FRAME = 1_000_000  # bytes; more of it would slow down the pipe to the window
LONGEST_TEXT = 20_000  # characters of one text
FARTHEST = 2**53  # whole numbers beyond it are not exact everywhere
BEYOND = 1e100  # what is drawn is also multiplied, squared and summed
ROUNDING = 1e-5  # by which a computed number may miss the bound of a range

_BUILTINS = {"len": len, "max": max, "min": min, "sum": sum, "__builtins__": {}}
_SIGNS = {"≥": np.greater_equal, ">": np.greater, "≤": np.less_equal, "<": np.less, "=": np.equal}
_FREE = {"any", "rising", "or NaN"}
_SURROGATE = re.compile("[\ud800-\udfff]")  # half of a character, which no text can be written with


class Misfit(Exception):
    """A field that is not what its frame declares.

    Attributes:
        field: its name.
        found: what it is, in the notation of this module.
        wanted: what it should be, with the sizes that are known.
    """

    def __init__(self, field: str, found: str, wanted: str) -> None:
        self.field, self.found, self.wanted = field, found, wanted
        super().__init__(f"{field} is {found}, not {wanted}")


@dataclass(frozen=True)
class Field:
    """One field's declaration.

    Attributes:
        name: of the field.
        kind: ``"array"``, ``"tuple"``, ``"str"``, ``"bool"``, ``"int"`` or ``"float"``.
        items: the dtypes that an array may have, or the types of a tuple's items.
        fixed: the number of items of a tuple such as ``tuple[int, int]``; else -1.
        sizes: one expression a dimension; nothing where the sizes do not matter.
        conditions: of its values, and of the sizes.
        text: the declaration as it is read.
    """

    name: str
    kind: str
    items: tuple[Any, ...]
    fixed: int
    sizes: tuple[str, ...] | None
    conditions: tuple[str, ...]
    text: str

    @property
    def numbers(self) -> bool:
        """Whether it holds numbers, which have a range."""
        return not set(self.items) & {str, bool, np.bool_}


@cache
def declared(frame: type) -> tuple[Field, ...]:
    """The declarations of a frame's fields, in order.

    Raises:
        TypeError: a field says too little, or something that cannot be read.
    """
    hints = typing.get_type_hints(frame, include_extras=True)
    return tuple(_declaration(frame, one.name, hints[one.name]) for one in dataclasses.fields(frame))


def check(frame: Any, params: Any = None) -> None:
    """Nothing, if ``frame`` is what its class declares.

    Args:
        frame: of any panel.
        params: of the same moment; declarations may say ``params.window``.

    Raises:
        Misfit: for the first field that is not.
    """
    _Frame(frame, params).check()


# --- reading a declaration -----------------------------------------------------------------------


def _declaration(frame: type, name: str, hint: Any) -> Field:
    where = f"{frame.__module__}.{frame.__name__}.{name}"
    kind: Any = hint
    texts: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        kind, texts = hint.__origin__, hint.__metadata__
    if not all(isinstance(one, str) for one in texts):
        raise TypeError(f"{where}: sizes and conditions are texts")
    short, items, fixed = _kind(where, kind)
    sizes: tuple[str, ...] | None = None
    conditions = texts
    if short == "array" or (short in ("tuple", "str") and texts and fixed < 0):
        if not texts:
            raise TypeError(f"{where}: name its sizes, as in Annotated[Float32, \"T H\"]")
        sizes, conditions = tuple(texts[0].split()), texts[1:]
        if short != "array" and len(sizes) != 1:
            raise TypeError(f"{where}: a {short} has one size")
    elif short == "tuple" and fixed < 0:
        raise TypeError(f"{where}: name its size, as in Annotated[tuple[str, ...], \"T\"]")
    for size in sizes or ():
        _compiled(size)
    for condition in conditions:
        for expression in _expressions(condition):
            _compiled(expression)
    one = Field(name, short, items, fixed, sizes, conditions, "")
    if one.numbers and not conditions:
        raise TypeError(f"{where}: say the range of its values, or \"any\"")
    names = " | ".join(np.dtype(one).name if short == "array" else one.__name__ for one in items)
    what = f"tuple of {names}" if short == "tuple" else names
    parts = ([f"“{texts[0]}”"] if sizes is not None else []) + [one for one in conditions if one != "any"]
    return dataclasses.replace(one, text=" ".join([what, ", ".join(parts)]).strip())


def _kind(where: str, kind: Any) -> tuple[str, tuple[Any, ...], int]:
    """What sort of field it is, what it holds, and how many of them where that is written out."""
    if kind in (bool, int, float, str):
        return kind.__name__, (kind,), -1
    each = get_args(kind) if isinstance(kind, types.UnionType) or get_origin(kind) is typing.Union \
        else (kind,)
    if all(get_origin(one) is np.ndarray for one in each):
        return "array", tuple(_dtype(one) for one in each), -1
    if get_origin(kind) is tuple:
        items = get_args(kind)
        if len(items) == 2 and items[1] is Ellipsis:
            return "tuple", items[:1], -1
        if items and len(set(items)) == 1:
            return "tuple", items[:1], len(items)
    raise TypeError(f"{where}: {kind} is none of the kinds that a frame holds")


def _dtype(array: Any) -> Any:
    """The scalar type of an array type: ``NDArray[np.float32]`` is ``ndarray[shape, dtype[float32]]``."""
    _, dtype = get_args(array)
    (scalar,) = get_args(dtype)
    return scalar


def _expressions(condition: str) -> tuple[str, ...]:
    """The expressions in a condition, as Python."""
    if condition in _FREE:
        return ()
    if "…" in condition:
        return tuple(_python(one) for one in condition.split("…"))
    if condition[0] in _SIGNS:
        return (_python(condition[1:]),)
    if condition.startswith("in "):
        return (_python(condition[3:]),)
    return (_python(condition),)


def _python(text: str) -> str:
    return re.sub(r"(?<![<>=!])=(?!=)", "==", text.replace("≥", ">=").replace("≤", "<=")).strip()


@cache
def _compiled(expression: str) -> types.CodeType:
    """Only declarations are compiled, which the program's own sources hold; never what is checked."""
    try:
        return compile(expression, "a frame's declaration", "eval")
    except SyntaxError as error:
        raise TypeError(f"{expression!r} is no expression") from error


# --- checking a value ----------------------------------------------------------------------------


class _Frame:
    """One frame under examination, and what the names in its declarations stand for."""

    def __init__(self, frame: Any, params: Any) -> None:
        self.fields: tuple[Field, ...] = declared(frame.__class__)
        self.held = {one.name: getattr(frame, one.name) for one in self.fields}
        self.params = params
        self.sizes: dict[str, int] = {}
        constants = {name: value for name, value in vars(sys.modules[type(frame).__module__]).items()
                     if name.isupper() and len(name) > 1}
        self.names = ChainMap[str, Any](self.sizes, {**self.held, "params": params}, constants)
        self.taken = {*constants, *(one.name for one in self.fields if one.kind == "int")}

    def value(self, expression: str) -> Any:
        """What an expression of a declaration amounts to here."""
        return eval(_compiled(expression), dict(_BUILTINS), self.names)

    def check(self) -> None:
        for one in self.fields:
            if not _of_kind(one, self.held[one.name]):
                raise Misfit(one.name, said(self.held[one.name]), one.text)
        total = sum(map(_bytes, self.held.values()))
        if total > LARGEST_FRAME:
            raise Misfit("frame", f"{total:,} bytes", f"≤ {LARGEST_FRAME:,}")
        for one in self.fields:  # a free name means the size that it has at its first place
            for size, length in self._lengths(one):
                if size.isidentifier() and size not in self.taken:
                    self.sizes.setdefault(size, length)
        for one in self.fields:
            self._check_sizes(one)
        for one in self.fields:
            self._check_values(one)

    def _lengths(self, one: Field) -> Iterator[tuple[str, int]]:
        value = self.held[one.name]
        lengths = value.shape if isinstance(value, np.ndarray) else (len(value),) if one.sizes else ()
        return zip(one.sizes or (), lengths, strict=True)

    def _check_sizes(self, one: Field) -> None:
        for size, length in self._lengths(one):
            meant = self.value(_python(size))
            if isinstance(meant, tuple):
                meant = len(meant)
            if meant != length:
                raise self._misfit(one, self.held[one.name])

    def _check_values(self, one: Field) -> None:
        value = self.held[one.name]
        if one.numbers:
            array = np.asarray(value)
            array = array.astype(np.float64) if array.dtype.kind == "f" else array
            if "or NaN" in one.conditions:
                array = array[~np.isnan(array)]
            self._refuse(one, array, np.isfinite(array) & (np.abs(array) < BEYOND)
                         if array.dtype.kind == "f" else np.isfinite(array))
        for condition in one.conditions:
            expressions = [self.value(each) for each in _expressions(condition)]
            if "…" in condition:
                low, high = expressions
                self._refuse(one, array, (array >= low - _slack(array, low))
                             & (array <= high + _slack(array, high)))
            elif condition[0] in _SIGNS:
                if one.numbers:
                    self._refuse(one, array, _SIGNS[condition[0]](array, expressions[0]))
                elif value != expressions[0]:
                    raise self._misfit(one, value)
            elif condition == "rising":
                self._refuse(one, array[1:], array[1:] > array[:-1])
            elif condition.startswith("in "):
                for each in value if isinstance(value, tuple) else (value,):
                    if each not in expressions[0]:
                        raise self._misfit(one, each)
            elif expressions and not expressions[0]:
                raise self._misfit(one, value)

    def _refuse(self, one: Field, array: NDArray[Any], fits: NDArray[np.bool_]) -> None:
        if not fits.all():
            raise self._misfit(one, array[~fits].flat[0].item())

    def _misfit(self, one: Field, value: Any) -> Misfit:
        """What does not fit, and what would have, with the numbers that this is made of."""
        texts = " ".join((*(one.sizes or ()), *one.conditions))
        parts = [f"{name} = {number}" for name, number in self._numbers()
                 if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", texts)]
        return Misfit(one.name, said(value), ", ".join([one.text, *parts]))

    def _numbers(self) -> Iterator[tuple[str, int]]:
        """All sizes and whole numbers that a declaration may name."""
        for name, value in self.names.items():
            if type(value) is int:
                yield name, value
            elif isinstance(value, tuple) and name.isupper():
                yield name, len(value)
        for name, value in vars(self.params).items() if self.params is not None else ():
            if type(value) is int:
                yield f"params.{name}", value


def _slack(array: NDArray[Any], limit: float) -> float:
    """What a sum of shares may miss its bound by; nothing for whole numbers."""
    return ROUNDING * max(1.0, abs(limit)) if array.dtype.kind == "f" else 0.0


def _of_kind(one: Field, value: Any) -> bool:
    """Whether a value is of the field's kind, whatever its size."""
    if one.kind == "array":
        return isinstance(value, np.ndarray) and value.dtype.type in one.items \
            and value.dtype.isnative and value.ndim == len(one.sizes or ())
    if one.kind == "tuple":
        return isinstance(value, tuple) and one.fixed in (-1, len(value)) \
            and all(_plain(item, one.items[0]) for item in value)
    return _plain(value, one.items[0])


def _plain(value: Any, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and len(value) <= LONGEST_TEXT and _SURROGATE.search(value) is None
    if kind is float:
        return type(value) is float or _plain(value, int)
    return type(value) is kind and isinstance(value, int) and -FARTHEST < value < FARTHEST


def _bytes(value: Any) -> int:
    """Of a field on its way to the window, roughly."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, tuple):
        return sum(map(_bytes, value))
    return len(value.encode()) if isinstance(value, str) else 8


def said(value: Any) -> str:
    """A value in a few signs: of what is long only kind and size."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name} {' × '.join(map(str, value.shape))}".strip()
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, str):
        return f"“{value}”" if len(value) <= 20 and value.isprintable() else f"str of {len(value)}"
    return f"{value:g}" if isinstance(value, float) else str(value)[:24]

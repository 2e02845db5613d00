"""Declarations of frames: what they say is what is checked, and what does not fit is said."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest

from visualizers.shapes import (
    LARGEST_FRAME,
    Bool,
    Float16,
    Float32,
    Int32,
    Int64,
    Misfit,
    check,
    declared,
)

PARTS = ("head", "tail")
KINDS = {"short": ("a",), "long": ("a", "b")}


@dataclass(frozen=True)
class Params:
    window: int = 2
    kind: str = "long"


@dataclass(frozen=True)
class Frame:
    words: Annotated[tuple[str, ...], "T"] = ("one", "two", "three")
    maps: Annotated[Float32, "T-params.window+1 M", "0 … 1"] = dataclasses.field(
        default_factory=lambda: np.full((2, 4), 0.5, np.float32))
    edges: Annotated[Int32, "E 2", "0 … T-1"] = dataclasses.field(
        default_factory=lambda: np.array([[0, 2], [1, 0]], np.int32))
    chosen: Annotated[int, "0 … M-1"] = 3
    count: Annotated[int, "≥ 0"] = 4
    some: Annotated[tuple[str, ...], "S", "S ≥ 1"] = ("some",)
    counts: Annotated[Int64, "count", "≥ 0", "rising"] = dataclasses.field(
        default_factory=lambda: np.arange(4))
    parts: Annotated[Float32 | Float16, "PARTS T", "any"] = dataclasses.field(
        default_factory=lambda: np.zeros((2, 3), np.float16))
    gaps: Annotated[Float32, "G", "or NaN", "≤ 1", "G in (0, T)"] = dataclasses.field(
        default_factory=lambda: np.array([np.nan, 1, -5], np.float32))
    known: Annotated[Bool, "T"] = dataclasses.field(default_factory=lambda: np.ones(3, bool))
    names: Annotated[tuple[str, ...], "K", "= KINDS[params.kind]"] = ("a", "b")
    tags: Annotated[tuple[str, ...], "tags", "in PARTS"] = ("tail",)
    text: Annotated[str, "N", "N > T"] = "text"
    loss: Annotated[float, "> 0"] = 0.5
    place: Annotated[tuple[int, int], "≥ 0", "place[0] < T"] = (2, 9)
    done: bool = False
    title: str = ""


FITS = Frame()


def test_that_what_is_as_declared_passes() -> None:
    check(FITS, Params())


def changed(**values: Any) -> Frame:
    return dataclasses.replace(FITS, **values)


def f32(*shape: int, of: float = 0.5) -> np.ndarray:
    return np.full(shape, of, np.float32)


@pytest.mark.parametrize(("field", "value", "said"), [
    ("some", (), "tuple of 0, not tuple of str “S”, S ≥ 1, S = 0"),
    ("words", ["one", "two", "three"], "list of 3"),
    ("words", ("one", 2, "three"), "tuple of 3"),
    ("words", ("one", "two", "x" * 20_001), "tuple of 3"),
    ("words", ("one", "two", "\ud800"), "tuple of 3"),
    ("maps", f32(3, 4), "float32 3 × 4, not float32 “T-params.window+1 M”, 0 … 1, T = 3, M = 4, "
                        "params.window = 2"),
    ("maps", f32(2, 4).astype(np.float64), "float64 2 × 4"),
    ("maps", f32(2, 4).astype(">f4"), "float32 2 × 4"),
    ("maps", f32(2, 4, 1), "float32 2 × 4 × 1"),
    ("maps", f32(2, 4, of=1.001), "1.001, not"),
    ("maps", f32(2, 4, of=np.nan), "nan, not"),
    ("maps", f32(2, 4, of=np.inf), "inf, not"),
    ("maps", [[0.5] * 4] * 2, "list of 2"),
    ("edges", np.array([[0, 3]], np.int32), "3, not int32 “E 2”, 0 … T-1, T = 3"),
    ("edges", np.array([[-1, 0]], np.int32), "-1, not"),
    ("edges", np.array([[0, 1, 2]], np.int32), "int32 1 × 3"),
    ("chosen", 4, "4, not int 0 … M-1, M = 4"),
    ("chosen", True, "True, not int"),
    ("chosen", 10**400, "1000"),
    ("counts", np.array([0, 2, 2, 3]), "2, not int64 “count”, ≥ 0, rising"),
    ("counts", np.arange(5), "int64 5, not int64 “count”, ≥ 0, rising, count = 4"),
    ("parts", f32(3, 3), "float32 3 × 3, not float32 | float16 “PARTS T”, PARTS = 2, T = 3"),
    ("gaps", f32(2, of=0.0), "float32 2"),
    ("gaps", f32(3, of=2.0), "2, not"),
    ("gaps", f32(3, of=-np.inf), "-inf, not"),
    ("known", np.ones(3, np.uint8), "uint8 3"),
    ("names", ("b", "a"), "tuple of 2"),
    ("tags", ("tail", "wing"), "“wing”, not"),
    ("text", "abc", "“abc”, not str “N”, N > T, T = 3, N = 3"),
    ("loss", 0.0, "0, not float > 0"),
    ("loss", float("inf"), "inf"),
    ("loss", "much", "“much”"),
    ("place", (3, 0), "tuple of 2"),
    ("place", (1, 2, 3), "tuple of 3"),
    ("done", 0, "0, not bool"),
    ("title", None, "None, not str"),
])
def test_that_what_does_not_fit_is_named(field: str, value: Any, said: str) -> None:
    with pytest.raises(Misfit) as misfit:
        check(changed(**{field: value}), Params())
    assert misfit.value.field == field
    assert said in str(misfit.value)


def test_that_rounding_may_miss_a_bound_but_an_index_may_not() -> None:
    check(changed(maps=f32(2, 4, of=1 + 1e-6)), Params())
    with pytest.raises(Misfit):
        check(changed(edges=np.array([[3, 0]], np.int32)), Params())


def test_that_a_frame_depends_on_its_parameters() -> None:
    with pytest.raises(Misfit, match="names"):
        check(FITS, Params(kind="short"))
    with pytest.raises(Misfit, match="maps"):
        check(FITS, Params(window=3))


def test_that_a_frame_of_more_than_a_megabyte_is_refused() -> None:
    with pytest.raises(Misfit, match="frame is 1,000,"):
        check(changed(edges=np.zeros((LARGEST_FRAME // 8, 2), np.int32)), Params())


@pytest.mark.parametrize("kind", [
    Float32,                                    # no sizes
    Annotated[Float32, "T"],                    # no range
    Annotated[int, "0 …"],                      # half a range
    Annotated[Float32, "T+", "any"],            # no expression
    Annotated[Float32, "T", 3],                 # no text
    int, float, tuple[str, ...], dict, list[int], object, tuple[int, str],
])
def test_that_a_declaration_that_says_too_little_is_refused(kind: Any) -> None:
    frame = dataclasses.make_dataclass("Short", [("field", kind)], frozen=True)
    frame.__module__ = __name__
    with pytest.raises(TypeError):
        declared(frame)

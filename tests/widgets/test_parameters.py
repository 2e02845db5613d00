"""What a click sets is of the kind that its parameter declares, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from widgets.controls.parameters import LONGEST_TEXT, Unfit, changed, hidden


@dataclass(frozen=True)
class Params:
    token: int = hidden(-1)
    beside: str = hidden("")
    scale: float = hidden(1.0)
    open: bool = hidden(False)
    head: tuple[int, int] = hidden((0, 0))
    masked: tuple[int, ...] = hidden(())
    held: tuple[tuple[str, float], ...] = hidden(())
    removed: tuple[object, ...] = hidden(())


@pytest.mark.parametrize(("name", "value", "kept"), [
    ("token", 3, 3), ("beside", "loss", "loss"), ("scale", 2, 2.0), ("open", True, True),
    ("head", [1, 2], (1, 2)), ("masked", [], ()), ("masked", (5, 6, 7), (5, 6, 7)),
    ("held", [["z", 1]], (("z", 1.0),)), ("removed", ["#3", 1, 2], ("#3", 1, 2)),
])
def test_that_a_value_of_the_declared_kind_is_kept(name: str, value: Any, kept: Any) -> None:
    assert getattr(changed(Params(), **{name: value}), name) == kept


@pytest.mark.parametrize(("name", "value"), [
    ("token", "3"), ("token", True), ("token", 1.5), ("token", None), ("token", 10**400),
    ("beside", 5), ("beside", "x" * (LONGEST_TEXT + 1)), ("scale", float("inf")), ("scale", 10**400),
    ("scale", True), ("open", 1), ("head", (1,)), ("head", (1, 2, 3)), ("head", 4), ("head", (1, "2")),
    ("masked", ((1,),)), ("held", (("z",),)), ("held", ((1.0, "z"),)), ("removed", ([],)),
])
def test_that_anything_else_is_refused_in_a_short_sentence(name: str, value: Any) -> None:
    with pytest.raises(Unfit, match=name) as refused:
        changed(Params(), **{name: value})
    assert len(str(refused.value)) < 120

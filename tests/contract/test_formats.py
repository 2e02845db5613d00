"""Numbers are written by ``widgets.theme.numbers`` alone: no view, widget or window has a format of its own.

A format in one place rounds 99.6 % to 100 %, forgets the minus sign in another and writes "1 epochs"
in a third.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from visualizers.catalog import panels

ROOT = Path(__file__).resolve().parents[2]


def own_formats(source: str) -> list[str]:
    """What formats a number in a source: f"{x:.2f}", "{:,}".format(x), "%.2f" % x, a minus put in."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=parts)):
                spec = "".join(one.value for one in parts if isinstance(one, ast.Constant))
                wrong = bool(re.search(r"[.,%eEfFgGnd]", spec)) or not parts
            case ast.Constant(value=str(text)):
                wrong = bool(re.search(r"\{\w*:[^{}]*[.,%eEfFgGnd]\}|%\.?\d*[fge]\b", text))
            case ast.Call(func=ast.Name(id="format")):
                wrong = True
            case ast.Call(func=ast.Name(id="str"), args=[ast.Call(func=ast.Name(id="round"))]):
                wrong = True
            case ast.FormattedValue(value=ast.Call(func=ast.Name(id="round"))):
                wrong = True
            case ast.Call(func=ast.Attribute(attr="replace"),
                          args=[ast.Constant(value="-"), ast.Constant(value="−")]):
                wrong = True
            case ast.Call(func=ast.Attribute(attr="replace"),
                          args=[ast.Constant(value="-"), ast.Constant(value="\\u2212")]):
                wrong = True
            case _:
                wrong = False
        if wrong:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("wrong", [
    'f"{x:.2f}"', 'f"{x:,}"', 'f"{x:.0%}"', 'f"{x:+.{places}f}"', '"{:.1%}".format(x)', 'format(x, ".2f")',
    '"%.2f" % x', 'str(round(x, 2))', 'f"{round(x)} steps"', 'text.replace("-", "−")', 'f"{x:d}"',
])
def test_that_a_format_is_found(wrong: str) -> None:
    assert own_formats(wrong)


@pytest.mark.parametrize("right", [
    'f"{name}"', 'f"{name:20}"', 'words("{share} right", share=percent(x))', 'width = round(x)',
    'f"{x!r}"', 'text.replace("-", "_")', '"100 %"', 'f"{a}: {b}"', '"{name}.png".format(name=x)',
])
def test_that_what_formats_no_number_is_left_alone(right: str) -> None:
    assert not own_formats(right)


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_a_view_has_no_format_of_its_own(panel) -> None:
    folder = ROOT / Path(*panel.package.split("."))
    found = own_formats((folder / "view.py").read_text("utf-8"))
    assert not found, found


# What is written for programs (CSV, code, logs) or is not a number's text.
OTHERWISE = {
    "widgets/theme/numbers.py",  # the one place
}


@pytest.mark.parametrize("folder", ["widgets", "app"])
def test_that_the_window_has_no_format_of_its_own(folder: str) -> None:
    found = {
        str(file.relative_to(ROOT)): formats for file in sorted((ROOT / folder).rglob("*.py"))
        if str(file.relative_to(ROOT)) not in OTHERWISE
        and (formats := own_formats(file.read_text("utf-8")))
    }
    assert not found

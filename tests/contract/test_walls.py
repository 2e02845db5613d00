"""The walls between the parts of the program hold for what is there now, not for a list of once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from visualizers.catalog import LECTURES

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads(
    (ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


def circle(imports: Mapping[str, Iterable[str]]) -> list[str]:
    """Modules that import each other in turn, the first one named again at the end."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_that_no_panel_of_any_lecture_may_import_another() -> None:
    """A lecture that the contract does not name has no wall between its panels."""
    contract = next(one for one in CONTRACTS if one["type"] == "independence")
    assert contract["modules"] == [f"visualizers.{one.folder}.*" for one in LECTURES]


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda one: one.folder)
def test_that_a_lecture_is_a_package(lecture) -> None:
    """The contract sees only what can be imported."""
    assert (ROOT / "visualizers" / lecture.folder / "__init__.py").is_file()


def test_that_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions and for the type checker count: they are knowledge, too."""
    graph = grimp.build_graph("app", "widgets", "visualizers", "resources", cache_dir=None)
    imports = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    assert "app.window.page" in imports["app.window.window"]
    assert circle(imports) == []


def test_that_a_circle_is_found() -> None:
    assert circle({"page": ["window"], "window": ["filing", "page"], "filing": []}) in (
        ["page", "window", "page"], ["window", "page", "window"])

"""The README says what the program has: its roadmap is the catalogue's, its pictures are there."""

from __future__ import annotations

import re
from pathlib import Path

from visualizers.catalog import LECTURES, panels
from visualizers.uses import pack_sets

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def row(lecture: object) -> str:
    """A lecture's line in the README's roadmap."""
    there = [one for one in panels() if one.lecture == lecture.folder]  # type: ignore[attr-defined]
    said = "<br>".join(f"**{one.id}** – {one.title}" for one in there)
    return f"| {lecture.number} {lecture.title} | {said or 'to come: ' + lecture.about} |"  # type: ignore[attr-defined]


def test_that_the_roadmap_is_the_catalogue_s() -> None:
    table = "\n".join(["| lecture | panels |", "|---|---|", *map(row, LECTURES)])
    assert table in README, f"the README's roadmap should be\n\n{table}"


def test_that_every_picture_and_file_it_points_to_exists() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", README)
    assert named
    for one in (first or second for first, second in named):
        assert (ROOT / one).is_file(), one


def test_that_the_sets_of_data_weigh_what_it_says() -> None:
    sizes = {one.id: round(one.size / 1e6) for one in pack_sets()}
    each = [size for id, size in sizes.items() if id.startswith("lecture-")]
    assert README.count(f"{sizes['lectures']} MB") == 2
    assert f"| {min(each)}–{max(each)} MB |" in README
    assert f"| {sizes['all']} MB |" in README

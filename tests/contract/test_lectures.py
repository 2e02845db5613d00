"""The nine lectures that ship: each is rehearsed, complete in both languages, and a sitting long."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from app.files import moments
from app.files.lecture import Moment, shipped
from app.files.rehearsed import reasons
from app.headless.rehearsal import rehearse
from visualizers.catalog import LECTURES, panel
from widgets.controls.parameters import parameter
from widgets.theme.words import LANGUAGES, Words

# A group each, so that the processes of the suite share them.
every_lecture = pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in shipped()])


@every_lecture
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_that_every_moment_is_on_any_machine_what_its_script_says(name: str, tmp_path: Path) -> None:
    """Here without the data pack: what a moment lacks is told, and the stand-in keeps its word, too."""
    for row, run in rehearse(shipped()[name], limit=math.inf, where=tmp_path):
        assert run is not None and not row.expected and row.answered and row.error is None, \
            (row.number, row.moment.panel, reasons(row, Words()))
        assert bool(row.fetch) == bool(row.lacking)
        kept = moments.find(row.moment, tmp_path)
        assert row.lacking or (kept is not None and kept.step == run.step)


def test_that_each_lecture_of_the_course_has_one() -> None:
    assert list(shipped()) == [f"l{one.number}" for one in LECTURES]


@every_lecture
def test_that_it_is_a_sitting_over_the_panels_of_its_lecture(name: str) -> None:
    lecture = shipped()[name]
    assert 7 <= len(lecture.moments) <= 12
    assert 30 <= sum(one.minutes for one in lecture.moments) <= 45
    assert sum(one.question is not None for one in lecture.moments) >= 4
    folder = next(one.folder for one in LECTURES if f"l{one.number}" == name)
    assert {panel(one.panel).lecture for one in lecture.moments} == {folder}


@every_lecture
def test_that_it_speaks_both_languages(name: str) -> None:
    lecture = shipped()[name]
    assert set(lecture.title) == set(LANGUAGES)
    for one in lecture.moments:
        assert set(one.name) == set(one.note) == set(LANGUAGES), one.name
        assert one.note["en"].count(". ") >= 1 and one.note["zh"].count("。") >= 2, one.name
        assert not asked_in_one_language(one), one.name


def asked_in_one_language(one: Moment) -> list[str]:
    """What its question, or why an answer is wrong, does not say in both."""
    if one.question is None:
        return []
    said = [one.question.say, *(each.say for each in one.question.answers),
            *(each.why for each in one.question.answers if each.why)]
    return [str(texts) for texts in said if set(texts) != set(LANGUAGES)]


@every_lecture
def test_that_the_stage_shows_controls_that_can_be_seen(name: str) -> None:
    for one in shipped()[name].moments:
        assert one.controls, one.name
        for control in one.controls:
            assert parameter(panel(one.panel).params, control).kind != "hidden", (one.name, control)

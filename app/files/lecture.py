"""Lectures (``.lecture``): moments of panels in the order in which they are shown.

A zip of ``lecture.toml`` and ``runs/NN.bml``, each a run file as ``runfile`` writes it; never pickles.
A lecture that ships with the program is only the text, ``resources/lectures/l1.toml`` … ``l9.toml``; its
moments are trained on the machine on which they are shown.

    format = "Big Models Lab lecture"
    version = 1
    title = { en = "…", zh = "…" }

    [[moment]]
    panel = "rnn_gradients"
    name = { en = "…", zh = "…" }
    note = { en = "…", zh = "…" }     # for the speaker
    minutes = 4                       # planned
    set = { cell = "LSTM" }           # what differs from the panel's defaults; the seed is a parameter
    steps = 120                       # trained to
    changes = [ { step = 60, set = { learning_rate = 0.1 } } ]  # live controls moved on the way
    controls = ["cell"]               # that the stage shows; without it all for which it has room
    fill = 1                          # rank of the card that fills the view; without it none
    tab = 3                           # rank of the folded card whose tab is open; without it the first
    tour = 3                          # the panel's tour step whose expectation and question are used
    expect = "slope < 1"              # an expectation of its own, as in tour.toml
    run = "runs/01.bml"               # the moment as it was kept; not in a script
    ghosts = [ { set = { cell = "GRU" }, steps = 120, run = "runs/01-1.bml" } ]  # pinned behind it
    tally = [[12, 30, 3], [4, 40, 1]] # answers counted in the hall: the first vote, and the second

    [moment.ask]                      # a question of its own, as in tour.toml
    en = "…"
    zh = "…"
    answer = [ { en = "…", zh = "…", right = "slope < 1" }, … ]

A file may come from anyone, so reading is strict: every value is checked against the declarations of
its panel, no key is unknown, and whatever does not fit is one plain sentence.
"""

from __future__ import annotations

import dataclasses
import io
import math
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from app.engine.errand import Interrupted
from app.engine.protocol import Change
from app.files import runfile
from app.session.pins import Pinned, as_pinned
from app.session.record import Record
from app.session.tours import Ask, BadExpression, ask_of, check, load_tour
from visualizers.catalog import panel as find_panel
from visualizers.files import Told, nobody, replacing
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import Unfit, changed, fit, parameter
from widgets.theme.words import LANGUAGES

FORMAT = "Big Models Lab lecture"
VERSION = 1
ENDING = ".lecture"
DOCUMENT = "lecture.toml"
LARGEST = 256 << 20  # bytes of a file, and of the frames of all its runs
LONGEST = 4 << 20  # bytes of the document
MOST_MOMENTS = 100
MOST_STEPS = 10_000_000
MOST_MINUTES = 600.0
MOST_VOTES = 2
MOST_GHOSTS = 12  # behind one moment: what is pinned, and what runs beside it
FRAMES, FILM_BYTES = 24, 4 << 20  # of the run of one moment
LONGEST_NAME, LONGEST_NOTE, LONGEST_EXPRESSION = 200, 20_000, 1000  # characters


@dataclass(frozen=True)
class Moment:
    """A state of a panel that is shown at one time of a lecture.

    Attributes:
        panel: its id.
        name, note: language to text; the note is the speaker's.
        minutes: planned for it; 0 where nobody said.
        set: parameters that differ from the panel's defaults, when the run begins.
        steps: to which it is trained.
        changes: of live controls on the way, the last of them perhaps at the end.
        controls: names of those that the stage shows; None for all for which it has room.
        fill: rank of the card that fills the view; 0 for none.
        tab: rank of the folded card whose tab was chosen; 0 for the first.
        tour: the panel's tour step whose expectation and question it has, counted from 1; 0 for none.
        expect, ask: its own, which come before those of the tour.
        tally: what was counted in the hall: up to two votes, each with a number per answer.
        ghosts: the runs that stand behind its own, each with what it follows from, its name and its run.
        run: the moment as it was kept, up to ``steps`` or where it settled before; None where it
            has still to be trained.
    """

    panel: str
    name: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, str] = field(default_factory=dict)
    minutes: float = 0.0
    set: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 0
    changes: tuple[Change, ...] = ()
    controls: tuple[str, ...] | None = None
    fill: int = 0
    tab: int = 0
    tour: int = 0
    expect: str = ""
    ask: Ask | None = None
    tally: tuple[tuple[int, ...], ...] = ()
    ghosts: tuple[Moment, ...] = ()
    run: Record | None = field(default=None, compare=False, repr=False)

    @property
    def params(self) -> Any:
        """The values with which the run begins."""
        return changed(find_panel(self.panel).params(), **self.set)

    @property
    def expectation(self) -> str:
        """What must be true of it: its own or its tour's; empty for nothing."""
        return self.expect or (load_tour(find_panel(self.panel))[self.tour - 1].expect if self.tour else "")

    @property
    def question(self) -> Ask | None:
        """What is asked in the hall: its own question or its tour's."""
        return self.ask or (load_tour(find_panel(self.panel))[self.tour - 1].ask if self.tour else None)


@dataclass(frozen=True)
class Lecture:
    """A title in several languages, and moments in their order."""

    title: Mapping[str, str] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()


def pinned(moment: Moment) -> tuple[Pinned, ...]:
    """The ghosts of a moment as a session has them."""
    return tuple(as_pinned(dataclasses.replace(one.run, label=next(iter(one.name.values()), "")))
                 for one in moment.ghosts if one.run is not None)


def spoken(texts: Mapping[str, str], language: str) -> str:
    """A text in a language, or in another one where it was only written in that."""
    return texts.get(language) or next((one for one in texts.values() if one), "")


def shipped() -> Mapping[str, Lecture]:
    """The scripts that come with the program, ``"l1"`` … ``"l9"``, in the order of the course."""
    folder = resources.files("resources").joinpath("lectures")
    files = sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else []
    names = [one.name.removesuffix(".toml") for one in files if one.name.endswith(".toml")]
    return {name: script(name) for name in names}


@cache
def script(name: str) -> Lecture:
    """One of them. Each reads the tours of its panels, so that not all are read for one."""
    file = resources.files("resources").joinpath("lectures", f"{name}.toml")
    return parse(file.read_text("utf-8"), file.name)


# --- writing -------------------------------------------------------------------------------------


def write(path: Path, lecture: Lecture, told: Told = nobody) -> None:
    """Save a lecture with the runs that it has, as ``read`` takes it; long films are thinned.

    Raises:
        Refusal: it cannot be written, or it has too many moments; an old file stays whole.
    """
    if len(lecture.moments) > MOST_MOMENTS:
        raise Refusal("A lecture has at most {most} moments; make two of it.", most=MOST_MOMENTS)
    runs = {name: one.run for number, moment in enumerate(lecture.moments, 1)
            for name, one in _members(number, moment) if one.run is not None}
    text = written(lecture, runs=True)
    if len(text.encode()) > LONGEST:
        raise Refusal("The notes of this lecture are too long for a file; shorten them.")
    with replacing(path) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(DOCUMENT, text, zipfile.ZIP_DEFLATED)
            for index, (name, run) in enumerate(runs.items()):
                told(index, len(runs))
                packed = io.BytesIO()
                runfile.pack(packed, run, frames=FRAMES, film_bytes=FILM_BYTES)
                archive.writestr(name, packed.getvalue())
        if file.stat().st_size > LARGEST:
            raise Refusal("This lecture is too large for a file (over {limit} MB); make two of it.",
                          limit=LARGEST >> 20)


def written(lecture: Lecture, *, runs: bool = False) -> str:
    """The document of a lecture, as a script has it, or with the names of the ``runs`` beside it."""
    import tomli_w

    document = {"format": FORMAT, "version": VERSION, "title": lecture.title, "moment": [
        _table(number, one, runs=runs) for number, one in enumerate(lecture.moments, 1)]}
    # A half of a pair of letters, as a field may hold it, has no place in a file.
    return tomli_w.dumps(document).encode("utf-8", "replace").decode()


def _members(number: int, moment: Moment) -> list[tuple[str, Moment]]:
    """A moment and its ghosts, with the names of their runs in the file."""
    return [(f"runs/{number:02}.bml", moment),
            *((f"runs/{number:02}-{at}.bml", one) for at, one in enumerate(moment.ghosts, 1))]


def _table(number: int, moment: Moment, *, runs: bool) -> dict[str, Any]:
    (run, _), *ghosts = _members(number, moment)
    table = {"panel": moment.panel, **_said(moment)}
    if moment.ask is not None:
        table["ask"] = _asked(moment.ask)
    if runs and moment.run is not None:
        table["run"] = run
    if ghosts:
        table["ghosts"] = [{**_said(one), **({"run": name} if runs and one.run is not None else {})}
                           for name, one in ghosts]
    return table


def _said(moment: Moment) -> dict[str, Any]:
    """What is said of a moment or a ghost, where it is not what goes without saying."""
    table: dict[str, Any] = {}
    plain = Moment(moment.panel)
    for name in ("name", "note", "minutes", "set", "steps", "controls", "fill", "tab", "tour", "expect",
                 "tally"):
        if (value := getattr(moment, name)) != getattr(plain, name):
            table[name] = value
    if moment.changes:
        table["changes"] = [{"step": one.step, "set": dict(one.values)} for one in moment.changes]
    return table


def _asked(ask: Ask) -> dict[str, Any]:
    table: dict[str, Any] = {**ask.say}
    if ask.sketch:
        table |= {"sketch": ask.sketch, "curve": ask.curve}
    if ask.range is not None:
        table["range"] = list(ask.range)
    table["answer"] = [{**one.say, "right": one.right, **({"why": one.why} if one.why else {})}
                       for one in ask.answers]
    return table


# --- reading -------------------------------------------------------------------------------------


class _Damaged(Exception):
    """Something in the file is not as it was written."""


def read(path: Path, told: Told = nobody) -> Lecture:
    """The lecture in ``path``, or the script if it is a ``.toml``.

    Raises:
        Refusal: the file is missing, no lecture, damaged, too large, from a newer version, or about
            panels or values that this version does not have.
    """
    with _strictly(path.name):
        script = path.suffix.lower() == ".toml"
        if path.stat().st_size > (LONGEST if script else LARGEST):
            raise Refusal("{name} is too large for a lecture; choose another file.", name=path.name)
        if script:
            return _lecture(path.read_text("utf-8"))
        with zipfile.ZipFile(path) as archive:
            return _unpacked(archive, told)


def parse(text: str, name: str) -> Lecture:
    """The lecture that a document describes, without runs. Raises ``Refusal`` with the file's name."""
    with _strictly(name):
        return _lecture(text)


@contextmanager
def _strictly(name: str) -> Iterator[None]:
    """Whatever a file provokes is one sentence."""
    try:
        yield
    except (Refusal, Interrupted):
        raise
    except Unfit as error:
        raise Refusal("{name} has a value that its panel does not take: {reason}", name=name,
                      reason=error) from error
    except FileNotFoundError:
        raise Refusal("There is no file {name} any more.", name=name) from None
    except zipfile.BadZipFile:
        raise Refusal("{name} is not a lecture, or only a part of one; use a copy of it.",
                      name=name) from None
    except tomllib.TOMLDecodeError as error:
        raise Refusal("{name} is not written as a lecture is: {reason}. Mend that line.", name=name,
                      reason=str(error)) from None
    except PermissionError:
        raise Refusal("{name} may not be read; change its permissions.", name=name) from None
    except MemoryError as error:
        raise Refusal("{name} needs more memory than a lecture may take, so it was not opened.",
                      name=name) from error
    except Exception as error:  # whatever a damaged file provokes inside zipfile, numpy or tomllib
        raise Refusal("{name} is damaged and cannot be opened; use a copy of it.", name=name) from error


def _unpacked(archive: zipfile.ZipFile, told: Told) -> Lecture:
    names = archive.namelist()
    if DOCUMENT not in names:
        raise Refusal("This zip file holds no lecture of Big Models Lab; choose a .lecture file.")
    runs: list[str] = []
    lecture = _lecture(_member(archive, DOCUMENT, LONGEST).decode("utf-8"), runs)
    wanted = [one for one in runs if one]
    if len(set(names)) != len(names) or set(names) != {DOCUMENT, *wanted} or len(set(wanted)) != len(wanted):
        raise _Damaged("members")  # something was added, such as a path or a pickle
    moments, order, size = [], iter(runs), 0

    def with_run(moment: Moment, number: int) -> Moment:
        nonlocal size
        if not (name := next(order)):
            return moment
        record = runfile.unpack(io.BytesIO(_member(archive, name, runfile.LARGEST)))
        size += sum(getattr(each.frame, one.name).nbytes for each in record.film
                    for one in dataclasses.fields(each.frame)
                    if hasattr(getattr(each.frame, one.name), "nbytes"))
        if size > LARGEST:
            raise MemoryError
        if not of(moment, record):
            raise Refusal("The run of moment {number} is another one than the lecture says; use "
                          "another copy of the file.", number=number)
        return dataclasses.replace(moment, run=record)

    for number, moment in enumerate(lecture.moments, 1):
        told(number - 1, len(lecture.moments))
        moment = with_run(moment, number)
        moments.append(dataclasses.replace(moment, ghosts=tuple(
            with_run(one, number) for one in moment.ghosts)))
    return dataclasses.replace(lecture, moments=tuple(moments))


def of(moment: Moment, record: Record) -> bool:
    """Whether a run is the one that a moment describes: it may have settled before its last step."""
    if (record.panel, record.params) != (moment.panel, moment.params) or record.step > moment.steps:
        return False
    changes = [one for one in moment.changes if record.step == moment.steps or one.step <= record.step]
    return _course(record.params, record.changes) == _course(record.params, changes)


def _course(params: Any, changes: Sequence[Change]) -> list[tuple[int, Any]]:
    """The values after each change that changed something, with its step."""
    found = [(-1, params)]
    for one in changes:
        after = dataclasses.replace(found[-1][1], **one.values)
        if after != found[-1][1]:
            found.append((one.step, after))
    return found


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    size = archive.getinfo(name).file_size
    if size > most:
        raise _Damaged(name)
    with archive.open(name) as member:
        data = member.read(size + 1)
    if len(data) > size:
        raise _Damaged(name)
    return data


def _lecture(text: str, runs: list[str] | None = None) -> Lecture:
    """The lecture of a document; without a list for the names of its runs it may not have any."""
    table = tomllib.loads(text)
    if table.get("format") != FORMAT:
        raise Refusal("This file describes no lecture of Big Models Lab; choose another one.")
    version = _whole(table.get("version"), 2**31)
    if version > VERSION:
        raise Refusal("This lecture was saved by a newer version of Big Models Lab; update the program "
                      "to open it.")
    _only(table, {"format", "version", "title", "moment"})
    moments = table.get("moment", [])
    if not isinstance(moments, list) or len(moments) > MOST_MOMENTS:
        raise _Damaged("moments")
    return Lecture(_texts(table.get("title", {}), LONGEST_NAME),
                   tuple(_moment(one, runs, number) for number, one in enumerate(moments, 1)))


KEYS = {one.name for one in dataclasses.fields(Moment)}


def _moment(table: Mapping[str, Any], runs: list[str] | None, number: int) -> Moment:
    _only(table, KEYS)
    panel = find_panel(_text(table["panel"], LONGEST_NAME))
    values = _recipe(panel, table, runs, number, f"runs/{number:02}.bml")
    ghosts = tuple(_ghost(panel, one, runs, number, at)
                   for at, one in enumerate(_list(table.get("ghosts", []), MOST_GHOSTS), 1))
    controls = table.get("controls")
    if controls is not None:
        controls = tuple(dict.fromkeys(parameter(panel.params, one).name for one in _list(controls, 100)))
    tour = _whole(table.get("tour", 0), 1000)
    if tour > len(load_tour(panel)):
        raise Refusal("Moment {number}: the tour of {panel} has {count} steps, so there is no step {tour}.",
                      number=number, panel=panel.id, count=len(load_tour(panel)), tour=tour)
    return Moment(
        **values, note=_texts(table.get("note", {}), LONGEST_NOTE),
        minutes=_minutes(table.get("minutes", 0.0)), ghosts=ghosts, controls=controls,
        fill=_whole(table.get("fill", 0), 20), tab=_whole(table.get("tab", 0), 20), tour=tour,
        expect=_expression(table.get("expect", ""), number),
        ask=_question(panel, table["ask"], number) if "ask" in table else None,
        tally=tuple(tuple(_whole(each, 1_000_000) for each in _list(one, 4))
                    for one in _list(table.get("tally", []), MOST_VOTES)),
    )


def _ghost(panel: Panel, table: Any, runs: list[str] | None, number: int, at: int) -> Moment:
    _only(table, {"name", "set", "steps", "changes", "run"})
    return Moment(**_recipe(panel, table, runs, number, f"runs/{number:02}-{at}.bml"))


def _recipe(
    panel: Panel, table: Mapping[str, Any], runs: list[str] | None, number: int, file: str
) -> dict[str, Any]:
    """What the run of a moment or a ghost follows from, and its name; where its run is, goes to ``runs``."""
    run = _text(table.get("run", ""), 40)
    if run and (runs is None or run != file):
        raise _Damaged("run")
    if runs is not None:
        runs.append(run)
    values = {name: fit(parameter(panel.params, name), value) for name, value in table.get("set", {}).items()}
    steps = _whole(table.get("steps", 0), MOST_STEPS)
    if steps and not panel.trains:
        raise Refusal("Moment {number}: {panel} trains nothing, so it has no steps; leave them out.",
                      number=number, panel=panel.id)
    return {"panel": panel.id, "name": _texts(table.get("name", {}), LONGEST_NAME), "set": values,
            "steps": steps, "changes": _changes(panel, table.get("changes", []), steps, number)}


def _changes(panel: Panel, tables: Any, steps: int, number: int) -> tuple[Change, ...]:
    changes, last = [], -1
    for one in _list(tables, runfile.MOST_CHANGES):
        _only(one, {"step", "set"})
        step = _whole(one["step"], steps)
        if step <= last:
            raise _Damaged("changes")
        last = step
        for name in one["set"]:
            if parameter(panel.params, name).restart:
                raise Refusal("Moment {number}: {name} starts the run again, so it cannot change on the "
                              "way; put it into set.", number=number, name=name)
        changes.append(Change(step, {name: fit(parameter(panel.params, name), value)
                                     for name, value in one["set"].items()}))
    return tuple(changes)


def _question(panel: Panel, table: Any, number: int) -> Ask:
    _only(table, {*LANGUAGES, "sketch", "curve", "range", "answer"})
    answers = _list(table["answer"], 4)
    for one in answers:
        _only(one, {*LANGUAGES, "right", "why"})
        _texts({name: text for name, text in one.items() if name in LANGUAGES}, LONGEST_NOTE)
        _texts(one.get("why", {}), LONGEST_NOTE)
        _expression(one["right"], number)
    _texts({name: text for name, text in table.items() if name in LANGUAGES}, LONGEST_NOTE)
    sketch, curve = _text(table.get("sketch", ""), 80), _text(table.get("curve", ""), 80)
    if len(answers) < 2 or bool(sketch) != bool(curve) or (curve and curve not in panel.scalars) \
            or (sketch and not sketch.isidentifier()):
        raise Refusal("Moment {number}: a question has two to four answers, and a sketch names a plot and "
                      "one of the panel's scalars.", number=number)
    if "range" in table and not all(isinstance(one, (int, float)) and math.isfinite(one)
                                    for one in (*_list(table["range"], 2), table["range"][1])):
        raise _Damaged("range")
    return ask_of(table)


def _expression(text: Any, number: int) -> str:
    expression = _text(text, LONGEST_EXPRESSION)
    try:
        if expression:
            check(expression)
    except BadExpression:
        raise Refusal("Moment {number}: {expression} is not an expression that a tour may use.",
                      number=number, expression=expression[:80]) from None
    return expression


def _only(table: Any, known: set[str]) -> None:
    if not isinstance(table, dict):
        raise _Damaged("table")
    if unknown := sorted(set(table) - known):
        raise Refusal("A lecture has no {names}; take it out.",
                      names=", ".join(repr(one) for one in unknown)[:200])


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _Damaged("list")
    return value


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise _Damaged("text")
    return value


def _texts(table: Any, most: int) -> dict[str, str]:
    _only(table, set(LANGUAGES))
    return {name: _text(table[name], most) for name in LANGUAGES if name in table}


def _whole(value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _Damaged("number")
    return value


def _minutes(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_MINUTES:
        raise _Damaged("minutes")
    return float(value)


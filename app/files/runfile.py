"""Run files (``.bml``): what was set, what was changed and when, and what was seen.

A zip of one JSON document and plain arrays, never pickles. A file may come from anyone, so reading
is strict: only the expected members, within their size, and every value is checked against the
panel's own declarations. Whatever does not fit is one plain sentence.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import math
import operator
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.engine.errand import Interrupted
from app.engine.protocol import Change
from app.session.record import Record, Seen
from visualizers import shapes
from visualizers.catalog import panel as find_panel
from visualizers.files import Told, nobody, replacing
from visualizers.panel import History, Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import Unfit, fit, from_dict, parameter, to_dict

FORMAT = "Big Models Lab run"
VERSION = 2  # of files whose history leaves steps out; all others are of version 1
LARGEST = 64 << 20  # bytes of a file, and of all that is inside it unpacked
LONGEST = 8 << 20  # bytes of the document, in which what is small takes much memory
MOST_FRAMES = 60
MOST_FILM = 32 << 20  # bytes
MOST_VALUES = 2 << 20  # of the history: steps × scalars
MOST_CHANGES = 50_000
MOST_SCALARS = 200
DOCUMENT = "run.json"
SCALAR = re.compile(r"\w{1,80}", re.ASCII)


# --- writing -------------------------------------------------------------------------------------


def write(path: Path, record: Record, told: Told = nobody) -> int:
    """Save ``record`` as ``read`` takes it: a long film and a long history are thinned.

    Returns:
        Of how many steps the file has the scalars; all of them unless the run is a long one.

    Raises:
        Refusal: it cannot be written, or not in a size that can be read; an old file stays whole.
    """
    with replacing(path) as file:
        return pack(file, record, told, frames=MOST_FRAMES, film_bytes=MOST_FILM)


def pack(
    file: Path | BinaryIO, record: Record, told: Told = nobody, *, frames: int, film_bytes: int
) -> int:
    """``write`` into a file that nobody reads yet, with so much of the film at most."""
    film = whole(record.film)
    if not film:
        raise Refusal("Nothing of this run can be saved: its numbers are no numbers any more.")
    if len(record.changes) > MOST_CHANGES:
        raise Refusal("This run has more than {count} changes of its controls, too many for a file.",
                      count=MOST_CHANGES)
    history = record.history.thinned(MOST_VALUES // (len(record.history.names) + 1),
                                     [one.step for one in film])
    most = frames
    while True:
        part = thinned(film, most)
        arrays: list[NDArray[Any]] = [_table(history)] if history.whole else \
            [_table(history), history.steps]
        document = _described(record, history, [_written(one, arrays) for one in part])
        members = [(f"arrays/{index}.npy", array) for index, array in enumerate(arrays)]
        text = _text({**document, "sha256": {name: _hash(array) for name, array in members}})
        fits = len(text) <= LONGEST and sum(array.nbytes for array in arrays) - arrays[0].nbytes <= film_bytes
        if fits or len(part) == 1:
            break
        most = len(part) // 2
    if len(text) > LONGEST:
        raise Refusal("This run is too large for a file; set it to smaller values.")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(DOCUMENT, text)
        for index, (name, array) in enumerate(members):
            told(index, len(members))
            archive.writestr(name, _npy(array))
    return len(history.steps)


def _described(record: Record, history: History, film: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": FORMAT, "version": 1 if history.whole else VERSION,
        "panel": record.panel, "params": to_dict(record.params), "seed": record.seed,
        "changes": [{"step": one.step, "values": dict(one.values)} for one in record.changes],
        "device": record.device, "threads": record.threads, "versions": dict(record.versions),
        "label": record.label, "step": record.step, "scalars": list(history.names),
        "start": {name: value for name, value in history.start.items() if math.isfinite(value)},
        "film": film,
    }


def _written(seen: Seen, arrays: list[NDArray[Any]]) -> dict[str, Any]:
    """A moment for the document; its arrays go to ``arrays``."""
    fields: dict[str, Any] = {}
    for one in dataclasses.fields(seen.frame):
        value = getattr(seen.frame, one.name)
        if isinstance(value, np.ndarray):
            fields[one.name] = {"array": len(arrays)}
            arrays.append(value)
        else:
            fields[one.name] = _known(value)
    return {"step": seen.step, "measured": seen.measured, "params": to_dict(seen.params), "frame": fields}


def _known(value: Any) -> Any:
    """A value for JSON, which knows no NaN: what is missing is null."""
    if isinstance(value, tuple):
        return [_known(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _text(document: dict[str, Any]) -> bytes:
    try:
        return _json(document, escaped=False).encode()
    except UnicodeEncodeError:  # a file's name need not be a text: half a character is escaped
        return _json(document, escaped=True).encode()


def _json(document: dict[str, Any], *, escaped: bool) -> str:
    return json.dumps(document, default=_plain, allow_nan=False, ensure_ascii=escaped)


def whole(film: Sequence[Seen]) -> list[Seen]:
    """The moments that can be read again: a run that diverges may end in some that cannot."""
    return [moment for moment in film if _fits(moment.frame, moment.params)]


def _fits(frame: Any, params: Any) -> bool:
    try:
        shapes.check(frame, params)
    except shapes.Misfit:
        return False
    return True


def thinned(film: Sequence[Any], most: int) -> list[Any]:
    """At most ``most`` of the film, evenly, with the first and the last; the last alone for one."""
    if len(film) <= most:
        return list(film)
    if most == 1:
        return [film[-1]]
    return [film[round(index * (len(film) - 1) / (most - 1))] for index in range(most)]


def _table(history: History) -> NDArray[np.float64]:
    """(scalars, steps that are kept)"""
    rows = [history[name] for name in history.names]
    return np.stack(rows) if len(history) and rows else np.empty((len(rows), 0))


def _hash(array: NDArray[Any]) -> str:
    return hashlib.sha256(_npy(array)).hexdigest()


def _npy(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a run file")


# --- reading -------------------------------------------------------------------------------------


class _Damaged(Exception):
    """Something in the file is not as it was written."""


def read(path: Path, told: Told = nobody) -> Record:
    """The record in ``path``.

    Raises:
        Refusal: the file is missing, not a run, damaged, too large, from a newer version, or about a
            panel that this version does not have.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Refusal("{name} is too large for a run file (over {limit} MB).",
                          name=path.name, limit=LARGEST >> 20)
        return unpack(path, told)
    except (Refusal, Interrupted):
        raise
    except FileNotFoundError:
        raise Refusal("There is no file {name} any more.", name=path.name) from None
    except zipfile.BadZipFile:
        raise Refusal("{name} is not a run file, or only a part of one; save the run again.",
                      name=path.name) from None
    except PermissionError:
        raise Refusal("{name} may not be read; change its permissions.", name=path.name) from None
    except MemoryError as error:
        raise Refusal("{name} needs more memory than a run may take, so it was not opened.",
                      name=path.name) from error
    except Exception as error:  # whatever a damaged file provokes inside zipfile, numpy or json
        raise Refusal("{name} is damaged and cannot be opened; use a copy of it.",
                      name=path.name) from error


def unpack(file: Path | BinaryIO, told: Told = nobody) -> Record:
    """The record in a file; one that is no run or damaged raises whatever it provokes."""
    with zipfile.ZipFile(file) as archive:
        return _record(_document(archive), archive, told)


def _member(archive: zipfile.ZipFile, name: str, sha256: str | None) -> bytes:
    """A member's bytes, no more of them than it says it has, and the right ones."""
    size = archive.getinfo(name).file_size
    if size > (LARGEST if sha256 else LONGEST):
        raise _Damaged(name)
    with archive.open(name) as member:
        data = member.read(size + 1)
    if len(data) > size or (sha256 and hashlib.sha256(data).hexdigest() != sha256):
        raise _Damaged(name)
    return data


def _document(archive: zipfile.ZipFile) -> dict[str, Any]:
    names = archive.namelist()
    if DOCUMENT not in names:
        raise Refusal("This zip file holds no run of Big Models Lab; choose a .bml file.")
    if sum(one.file_size for one in archive.infolist()) > LARGEST:
        raise _Damaged("unpacks to too much")
    document = json.loads(_member(archive, DOCUMENT, None).decode("utf-8"), parse_constant=_no_constant)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Refusal("This zip file holds no run of Big Models Lab; choose a .bml file.")
    version = document.get("version")
    if not isinstance(version, int):
        raise _Damaged("version")
    if version > VERSION:
        raise Refusal("This run was saved by a newer version of Big Models Lab; update the program "
                      "to open it.")
    expected = {DOCUMENT, *document["sha256"]}
    if set(names) != expected or len(names) != len(expected):
        raise _Damaged("members")  # something was added, such as a path or a pickle
    return document


def _no_constant(name: str) -> Any:
    raise _Damaged(name)


def _record(document: Mapping[str, Any], archive: zipfile.ZipFile, told: Told) -> Record:
    panel = find_panel(str(document["panel"]))
    step, film = _whole(document["step"]), document["film"]
    if not film or not _rising([one["step"] for one in film], step) \
            or not _rising([one["step"] for one in document["changes"]], step) \
            or len(film) > 10 * MOST_FRAMES or len(document["changes"]) > MOST_CHANGES:
        raise _Damaged("steps")
    arrays = []
    for index in range(len(document["sha256"])):
        told(index, len(document["sha256"]))
        name = f"arrays/{index}.npy"
        arrays.append(_array(_member(archive, name, document["sha256"][name])))
    try:
        params = from_dict(panel.params, document["params"])
        changes = tuple(
            Change(one["step"], {name: fit(parameter(panel.params, name), value)
                                 for name, value in one["values"].items()})
            for one in document["changes"]
        )
        seen = [_moment(panel, one, arrays) for one in film]
    except shapes.Misfit as error:
        raise Refusal("This run does not fit {panel}: {field} is {found}, not {wanted}. Use another "
                      "copy of the file.", panel=panel.id, field=error.field,
                      found=error.found, wanted=error.wanted) from error
    except Unfit as error:
        raise Refusal("This run has a value that {panel} does not take: {reason}",
                      panel=panel.id, reason=error) from error
    history = _history(document["scalars"], arrays[0], arrays[1] if document["version"] > 1 else None)
    history.fill(0, {_scalar(name): _finite(value) for name, value in document.get("start", {}).items()})
    if len(history):
        _same(panel, set(panel.scalars) - set(history.names))
    if len(history) != step or len(history.names) > MOST_SCALARS:
        raise _Damaged("history")
    return Record(
        panel=panel.id, params=params, changes=changes, seed=_whole(document["seed"]),
        device=_said(document["device"], 20), threads=_whole(document["threads"]),
        versions={_said(name, 40): _said(value, 200)
                  for name, value in list(document["versions"].items())[:20]},
        history=history, film=seen, step=step, label=_said(document["label"], 200),
    )


def _array(data: bytes) -> NDArray[Any]:
    """An array whose head speaks of exactly the bytes that are there: others would take any memory."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    shape, _, dtype = (np.lib.format.read_array_header_1_0(file) if version == (1, 0)
                       else np.lib.format.read_array_header_2_0(file))
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data) - file.tell() \
            or max(shape, default=0) > LARGEST:
        raise _Damaged("array")
    file.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _rising(steps: Sequence[Any], last: int) -> bool:
    """Whether these are steps of a run, each once and in their order."""
    return all(_whole(one) <= last for one in steps) and all(map(operator.lt, steps, steps[1:]))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _Damaged("number")
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _Damaged("number")
    return float(value)


def _scalar(name: Any) -> str:
    if not isinstance(name, str) or not SCALAR.fullmatch(name):
        raise _Damaged("scalar")
    return name


def _said(text: Any, most: int) -> str:
    """A text as it can be shown and saved again."""
    return str(text)[:most].encode(errors="replace").decode()


def _history(names: Sequence[Any], table: NDArray[Any], steps: NDArray[Any] | None) -> History:
    """The scalars of these steps, or of all; every step has some."""
    if table.dtype != np.float64 or table.ndim != 2 or not len(names) == len(set(names)) == len(table):
        raise _Damaged("scalars")
    if steps is None:
        steps = np.arange(1.0, 1.0 + (table.shape[1] if len(names) else 0))
    if steps.dtype != np.float64 or steps.shape != table.shape[1:] or (len(steps) and not (
            steps[0] >= 1 and (steps == np.floor(steps)).all() and (np.diff(steps) > 0).all())):
        raise _Damaged("steps")
    return History.of({_scalar(name): row for name, row in zip(names, table, strict=True)}, steps)


def _moment(panel: Panel, one: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> Seen:
    """A step, its parameters and its frame, which is all that the panel's frame declares."""
    step, params, fields = one["step"], from_dict(panel.params, one["params"]), one["frame"]
    _same(panel, set(fields) ^ {each.name for each in shapes.declared(panel.frame)})
    measured = _whole(one.get("measured", step))
    if measured > step:
        raise _Damaged("measured")
    frame = panel.frame(**{name: _field(value, arrays) for name, value in fields.items()})
    shapes.check(frame, params)
    return Seen(step, params, frame, measured)


def _same(panel: Panel, different: set[str]) -> None:
    if different:
        raise Refusal("This run was saved by another version of {panel}, which knew other numbers "
                      "({names}); run it again.", panel=panel.id,
                      names=", ".join(sorted(different))[:200])


def _field(value: Any, arrays: Sequence[NDArray[Any]]) -> Any:
    return arrays[_whole(value["array"])] if isinstance(value, dict) else _tupled(value)


def _tupled(value: Any) -> Any:
    """What JSON wrote: its lists are tuples, and what was missing is NaN."""
    if isinstance(value, list):
        return tuple(_tupled(one) for one in value)
    return math.nan if value is None else value

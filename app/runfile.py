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
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.protocol import Change
from app.record import Record, Seen
from visualizers import shapes
from visualizers.catalog import panel as find_panel
from visualizers.files import replacing
from visualizers.panel import History, Panel
from visualizers.refusal import Refusal
from widgets.parameters import Unfit, fit, from_dict, parameter, to_dict

FORMAT = "Big Models Lab run"
VERSION = 1
LARGEST = 64 << 20  # bytes of a file, and of all that is inside it unpacked ×4
MOST_FRAMES = 60
DOCUMENT = "run.json"


# --- writing -------------------------------------------------------------------------------------


def write(path: Path, record: Record) -> None:
    """Save ``record``. Raises ``Refusal`` where it cannot be written; an old file stays whole."""
    arrays: list[NDArray[Any]] = [_table(record.history)]
    film = []
    for seen in thinned(whole(record.film), MOST_FRAMES):
        fields: dict[str, Any] = {}
        for one in dataclasses.fields(seen.frame):
            value = getattr(seen.frame, one.name)
            if isinstance(value, np.ndarray):
                fields[one.name] = {"array": len(arrays)}
                arrays.append(value)
            else:
                fields[one.name] = value
        film.append({"step": seen.step, "measured": seen.measured, "params": to_dict(seen.params),
                     "frame": fields})
    if not film:
        raise Refusal("Nothing of this run can be saved: its numbers are no numbers any more.")
    members = [(f"arrays/{index}.npy", _npy(array)) for index, array in enumerate(arrays)]
    document = {
        "format": FORMAT, "version": VERSION,
        "panel": record.panel, "params": to_dict(record.params), "seed": record.seed,
        "changes": [{"step": one.step, "values": dict(one.values)} for one in record.changes],
        "device": record.device, "threads": record.threads, "versions": dict(record.versions),
        "label": record.label, "step": record.step, "scalars": list(record.history.names),
        "start": {name: value for name, value in record.history.start.items() if math.isfinite(value)},
        "film": film,
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in members},
    }
    text = json.dumps(document, ensure_ascii=False, default=_plain)
    with replacing(path) as file, zipfile.ZipFile(
        file, "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        archive.writestr(DOCUMENT, text)
        for name, data in members:
            archive.writestr(name, data)


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
    """At most ``most`` of the film, evenly, with the first and the last."""
    if len(film) <= most:
        return list(film)
    return [film[round(index * (len(film) - 1) / (most - 1))] for index in range(most)]


def _table(history: History) -> NDArray[np.float64]:
    """(scalars, steps)"""
    rows = [history[name] for name in history.names]
    return np.stack(rows) if len(history) and rows else np.empty((len(rows), 0))


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


def read(path: Path) -> Record:
    """The record in ``path``.

    Raises:
        Refusal: the file is missing, not a run, damaged, too large, from a newer version, or about a
            panel that this version does not have.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Refusal("{name} is too large for a run file (over {limit} MB).",
                          name=path.name, limit=LARGEST >> 20)
        with zipfile.ZipFile(path) as archive:
            return _record(_document(archive), archive)
    except Refusal:
        raise
    except FileNotFoundError:
        raise Refusal("There is no file {name} any more.", name=path.name) from None
    except zipfile.BadZipFile:
        raise Refusal("{name} is not a run file, or only a part of one; save the run again.",
                      name=path.name) from None
    except PermissionError:
        raise Refusal("{name} may not be read; change its permissions.", name=path.name) from None
    except Exception as error:  # whatever a damaged file provokes inside zipfile, numpy or json
        raise Refusal("{name} is damaged and cannot be opened; use a copy of it.",
                      name=path.name) from error


def _member(archive: zipfile.ZipFile, name: str, sha256: str | None) -> bytes:
    """A member's bytes, no more of them than may be, and the right ones."""
    if archive.getinfo(name).file_size > 4 * LARGEST:
        raise _Damaged(name)
    with archive.open(name) as member:
        data = member.read(4 * LARGEST + 1)
    if len(data) > 4 * LARGEST or (sha256 and hashlib.sha256(data).hexdigest() != sha256):
        raise _Damaged(name)
    return data


def _document(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The JSON document, after a look at what else is in the archive."""
    names = archive.namelist()
    if DOCUMENT not in names:
        raise Refusal("This zip file holds no run of Big Models Lab; choose a .bml file.")
    if sum(one.file_size for one in archive.infolist()) > 4 * LARGEST:
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


def _record(document: Mapping[str, Any], archive: zipfile.ZipFile) -> Record:
    panel = find_panel(str(document["panel"]))
    arrays = [
        np.lib.format.read_array(
            io.BytesIO(_member(archive, f"arrays/{index}.npy", document["sha256"][f"arrays/{index}.npy"])),
            allow_pickle=False)
        for index in range(len(document["sha256"]))
    ]
    try:
        params = from_dict(panel.params, document["params"])
        changes = tuple(
            Change(_whole(one["step"]), {name: fit(parameter(panel.params, name), value)
                                         for name, value in one["values"].items()})
            for one in document["changes"]
        )
        film = [_moment(panel, one, arrays) for one in document["film"]]
    except shapes.Misfit as error:
        raise Refusal("This run does not fit {panel}: {field} is {found}, not {wanted}. Use another "
                      "copy of the file.", panel=panel.id, field=error.field,
                      found=error.found, wanted=error.wanted) from error
    except Unfit as error:
        raise Refusal("This run has a value that {panel} does not take: {reason}",
                      panel=panel.id, reason=error) from error
    history = _history(document["scalars"], arrays[0])
    history.fill(0, {str(name): _finite(value) for name, value in document.get("start", {}).items()})
    if len(history):
        _same(panel, set(panel.scalars) - set(history.names))
    step = _whole(document["step"])
    steps = [one.step for one in film]
    if len(history) != step or not film or steps != sorted(set(steps)):
        raise _Damaged("history")
    return Record(
        panel=panel.id, params=params, changes=changes, seed=_whole(document["seed"]),
        device=str(document["device"])[:20], threads=_whole(document["threads"]),
        versions={str(name): str(value) for name, value in document["versions"].items()},
        history=history, film=film, step=step, label=str(document["label"])[:200],
    )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _Damaged("number")
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _Damaged("number")
    return float(value)


def _history(names: Sequence[str], table: NDArray[Any]) -> History:
    if table.dtype != np.float64 or table.ndim != 2 or not len(names) == len(set(names)) == len(table):
        raise _Damaged("scalars")
    history = History()
    if table.size:
        history.extend({str(name): row for name, row in zip(names, table, strict=True)})
    return history


def _moment(panel: Panel, one: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> Seen:
    """A step, its parameters and its frame, which is all that the panel's frame declares."""
    step, params, fields = _whole(one["step"]), from_dict(panel.params, one["params"]), one["frame"]
    _same(panel, set(fields) ^ {each.name for each in shapes.declared(panel.frame)})
    frame = panel.frame(**{name: _field(value, arrays) for name, value in fields.items()})
    shapes.check(frame, params)
    return Seen(step, params, frame, _whole(one.get("measured", step)))


def _same(panel: Panel, different: set[str]) -> None:
    if different:
        raise Refusal("This run was saved by another version of {panel}, which knew other numbers "
                      "({names}); run it again.", panel=panel.id,
                      names=", ".join(sorted(different))[:200])


def _field(value: Any, arrays: Sequence[NDArray[Any]]) -> Any:
    return arrays[_whole(value["array"])] if isinstance(value, dict) else _tupled(value)


def _tupled(value: Any) -> Any:
    return tuple(_tupled(one) for one in value) if isinstance(value, list) else value

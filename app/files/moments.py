"""The runs of moments that were trained on this machine: kept so that each is trained only once.

Nothing depends on them: one that is missing or damaged is trained again, and one that cannot be
written is not missed.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

from app.files import runfile
from app.files.lecture import FILM_BYTES, FRAMES, Moment, of
from app.session.record import Record, versions
from visualizers.files import Told, nobody, rewriting
from visualizers.refusal import Refusal
from widgets.controls.parameters import to_dict

MOST_FILES = 400  # the oldest go
ENDING = ".bml"


def folder() -> Path:
    """Where they are kept: in ``$BIGMODELS_CONFIG``, or in the user's own folder for such things."""
    chosen = os.environ.get("BIGMODELS_CONFIG")
    if chosen:
        return Path(chosen) / "moments"
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("bigmodels-lab", appauthor=False)) / "moments"


def recipe(moment: Moment) -> str:
    """What the run of a moment follows from, as one hash: panel, values, changes, steps and versions."""
    said = [moment.panel, to_dict(moment.params), moment.steps,
            [[one.step, dict(one.values)] for one in moment.changes], versions()]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8", "replace")).hexdigest()


def find(moment: Moment, where: Path, told: Told = nobody) -> Record | None:
    """The run of a moment that is kept in a folder, or None."""
    path = where / (recipe(moment) + ENDING)
    try:
        record = runfile.read(path, told)
    except Refusal:
        return None
    return record if of(moment, record) else None


def found(moment: Moment, where: Path, told: Told = nobody) -> Moment:
    """The moment with its run and its ghosts, as far as they are kept in a folder."""
    ghosts = tuple(replace(one, run=one.run or find(one, where, told)) for one in moment.ghosts)
    return replace(moment, run=moment.run or find(moment, where, told),
                   ghosts=tuple(one for one in ghosts if one.run is not None))


def keep(moment: Moment, record: Record, where: Path, told: Told = nobody) -> bool:
    """Keep the run of a moment in a folder; whether it could be."""
    try:
        where.mkdir(parents=True, exist_ok=True)
        with rewriting(where / (recipe(moment) + ENDING), lasting=False) as file:
            runfile.pack(file, record, told, frames=FRAMES, film_bytes=FILM_BYTES)
        for old in sorted(where.glob("*" + ENDING), key=lambda one: one.stat().st_mtime)[:-MOST_FILES]:
            old.unlink()
    except (OSError, Refusal):
        return False
    return True

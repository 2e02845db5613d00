"""What the program remembers between two starts: one small JSON file in the user's own folder.

A file that is missing, damaged or from a newer version never stops the program: what can be read is
read, the rest is the default. A setting that cannot be written (a full disk, a read-only folder) is
kept for this session and the caller is told.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visualizers.files import rewriting

VERSION = 1
MOST_RECENT = 8


@dataclass
class Settings:
    """All that is remembered.

    Attributes:
        language: ``"system"`` or a language of ``widgets.theme.words.LANGUAGES``.
        theme: ``"system"``, ``"light"`` or ``"dark"``.
        scale: of all sizes, 1.0 to 2.0.
        hall: of a screen, by its name and size, whether it has hall text or desk text; where nothing was
            chosen, what is presented has hall text.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        threads: torch's threads; 0 lets each run find out.
        visited: ids of the panels that were opened, in the order of their first visit.
        finished: ids of the panels whose tours were seen to the end.
        last: the panel that was open last.
        geometry: the window's place and size, as Qt writes it (base 64).
        roadmap, side: whether the left and the right column are unfolded.
        grid: whether runs beside one another have a picture each, rather than one for all.
        recent: run files, the newest first.
        stage_controls: what the hall sees of a panel's controls, each as ``panel.parameter``.
        at_once: whether a control that is dragged acts on the stage before it is let go.
        folder: where a file was saved or opened last.
    """

    language: str = "system"
    theme: str = "system"
    scale: float = 1.0
    hall: dict[str, bool] = field(default_factory=dict)
    device: str = "auto"
    threads: int = 0
    visited: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    last: str = ""
    geometry: str = ""
    roadmap: bool = True
    side: bool = True
    grid: bool = True
    recent: list[str] = field(default_factory=list)
    stage_controls: list[str] = field(default_factory=list)
    at_once: bool = False
    folder: str = ""
    path: Path | None = field(default=None, repr=False, compare=False)  # None: never written
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)  # as in the file

    @classmethod
    def load(cls, path: Path | None = None) -> Settings:
        """The settings in ``path`` (default: ``settings_file()``), tolerant of any damage."""
        path = path or settings_file()
        found = cls(**_stored(path), path=path)
        found._kept = found._values()
        return found

    def save(self) -> bool:
        """Write the file in one go, so that a crash leaves the old one; False if it cannot be.

        Another window may have written it since: only what has changed in this one replaces what is
        there. Settings without a path are those of one picture or one test: there is nothing to keep.
        """
        if self.path is None:
            return True
        now = self._values()
        there = _stored(self.path)
        changed = {name: _joined(value, self._kept.get(name, type(value)()), there.get(name, type(value)()))
                   if isinstance(value, (list, dict)) else value
                   for name, value in now.items() if value != self._kept.get(name)}
        values = {"version": VERSION} | now | there | changed
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with rewriting(self.path) as file:  # in ASCII: a file's name need not be text
                file.write_text(json.dumps(values, indent=1), "ascii")
        except OSError:
            return False
        self._kept = now
        return True

    def _values(self) -> dict[str, Any]:
        return {name: copy(getattr(self, name)) for name in _FIELDS}

    def has_hall(self, screen: str, presented: bool) -> bool:
        """Whether a screen has hall text."""
        return self.hall.get(screen, presented)

    def switch_hall(self, screen: str, presented: bool) -> None:
        """Hall text instead of desk text on a screen, or the other way round."""
        on = not self.has_hall(screen, presented)
        if on == presented:
            self.hall.pop(screen, None)  # what it would have anyway needs no remembering
        else:
            self.hall[screen] = on

    def visit(self, panel: str) -> None:
        """Remember that ``panel`` was opened."""
        self.last = panel
        if panel not in self.visited:
            self.visited.append(panel)

    def finish(self, panel: str) -> bool:
        """Remember that the tour of ``panel`` was seen to its end; whether that is new."""
        if panel in self.finished:
            return False
        self.finished.append(panel)
        return True

    def used_file(self, path: str) -> None:
        """Put a run file at the head of the recent ones."""
        self.recent = [path, *(one for one in self.recent if one != path)][:MOST_RECENT]


_FIELDS = tuple(one.name for one in dataclasses.fields(Settings) if one.name not in ("path", "_kept"))
_CHOICES: dict[str, tuple[str, ...]] = {
    "language": ("system", "en", "zh"),
    "theme": ("system", "light", "dark"),
    "device": ("auto", "cpu", "cuda", "mps"),
}
_RANGES = {"scale": (1.0, 2.0), "threads": (0, 1024)}


def settings_file() -> Path:
    """``settings.json`` in ``$BIGMODELS_CONFIG``, or in the user's own configuration folder."""
    chosen = os.environ.get("BIGMODELS_CONFIG")
    if chosen:
        return Path(chosen) / "settings.json"
    from platformdirs import user_config_dir

    return Path(user_config_dir("bigmodels-lab", appauthor=False)) / "settings.json"


def _joined(now: Any, before: Any, there: Any) -> Any:
    """A list or a table with what another window has added to it since."""
    if isinstance(now, dict):
        return {name: value for name, value in there.items() if name not in before} | now
    return [*now, *(one for one in there if one not in now and one not in before)]


def _stored(path: Path) -> dict[str, Any]:
    """What a file of settings holds that can be used."""
    try:
        if not path.is_file():  # what is no file is not waited for
            return {}
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return _usable(found) if isinstance(found, Mapping) else {}


def _usable(stored: Mapping[Any, Any]) -> dict[str, Any]:
    """The entries that have the right type and range; the others keep their defaults."""
    defaults, found = Settings(), {}
    for name in _FIELDS:
        value, like = stored.get(name), getattr(defaults, name)
        if name in _RANGES:
            low, high = _RANGES[name]
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            if not low <= value <= high:
                continue
            value = type(like)(value)
        elif isinstance(like, list):
            if not isinstance(value, list):
                continue
            value = [one for one in value if isinstance(one, str)]
        elif isinstance(like, dict):
            if not isinstance(value, dict):
                continue
            value = {screen: on for screen, on in value.items() if isinstance(on, bool)}
        elif type(value) is not type(like) or value not in _CHOICES.get(name, (value,)):
            continue
        found[name] = value
    return found

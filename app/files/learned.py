"""What a learner has done, a panel at a time: one small JSON file beside the settings, and nowhere else.

A file that is missing, damaged or made by hand never stops the program: what can be read is read.
Two windows may write it: each adds what was done in it to what is there by then.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.files.link import LONGEST, is_link
from visualizers.files import replacing, rewriting
from visualizers.refusal import Refusal

VERSION = 1
NAME = "learned.json"
LARGEST = 1 << 20  # bytes of a file that is read
MOST_PANELS = 500
MOST_STEPS = 100  # of a tour
MOST_TRIES = 5  # of a question that are kept
MOST_SECONDS = 1e8
OUTCOMES = ("right", "wrong", "shown")  # shown: somebody wanted no guess, only to see it
ID = re.compile(r"\w{1,60}", re.ASCII)


@dataclass
class Done:
    """What was done on one panel.

    Attributes:
        seen: the steps of its tour that were observed, from 0.
        steps: how many the tour has, as it was when one was seen.
        tries: step to how its question was answered, the first try first.
        seconds: for which it was worked with.
    """

    seen: set[int] = field(default_factory=set)
    tries: dict[int, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    steps: int = 0

    def right(self, at: int) -> int:
        """How many questions were answered right at the first try (1), or at the second (2)."""
        return sum(len(one) >= at and one[at - 1] == "right" and "right" not in one[:at - 1]
                   for one in self.tries.values())


class Learned:
    """The record. Without a path it is kept for as long as the window is open.

    Attributes:
        panels: id to what was done.
        stopped: the line of the state in which the last panel was left; empty for none.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.panels: dict[str, Done] = {}
        self.stopped = ""
        if path is not None:
            self.panels, self.stopped = _stored(path)
        self._kept = deepcopy(self.panels)  # as in the file

    def of(self, panel: str) -> Done:
        """What was done on a panel, to be read."""
        return self.panels.get(panel, Done())

    def saw(self, panel: str, step: int, steps: int) -> bool:
        """A step of the tour, which has so many, was observed; whether that is new."""
        done = self._of(panel)
        if (step in done.seen and done.steps == steps) or step >= MOST_STEPS:
            return False
        done.seen.add(step)
        done.steps = min(steps, MOST_STEPS)
        return True

    def tried(self, panel: str, step: int, outcome: str) -> None:
        """The question of a step was answered: one of ``OUTCOMES``."""
        tries = self._of(panel).tries.setdefault(step, [])
        if len(tries) < MOST_TRIES:
            tries.append(outcome)

    def spent(self, panel: str, seconds: float) -> None:
        """So long it was worked with."""
        self._of(panel).seconds += seconds

    def _of(self, panel: str) -> Done:
        return self.panels.setdefault(panel, Done())

    def save(self) -> bool:
        """Write the file in one go; False if it cannot be written."""
        if self.path is None:
            return True
        there, _ = _stored(self.path)
        names = dict.fromkeys((*there, *self.panels))
        merged = {id: _joined(self.of(id), self._kept.get(id, Done()), there.get(id, Done()))
                  for id in names}
        merged = {id: one for id, one in list(merged.items())[:MOST_PANELS]
                  if one.seen or one.tries or one.seconds}
        document = {"version": VERSION, "stopped": self.stopped, "panels": {
            id: {"seen": sorted(one.seen), "tries": {str(at): tries for at, tries in one.tries.items()},
                 "steps": one.steps, "seconds": round(one.seconds, 1)} for id, one in merged.items()}}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with rewriting(self.path) as file:
                file.write_text(json.dumps(document, indent=1), "ascii")
        except OSError:
            return False
        self.panels, self._kept = merged, deepcopy(merged)
        return True

    def forget(self) -> bool:
        """Delete all of it; False if the file cannot be deleted."""
        self.panels, self._kept, self.stopped = {}, {}, ""
        try:
            if self.path is not None:
                self.path.unlink(missing_ok=True)
        except OSError:
            return False
        return True


def _joined(now: Done, before: Done, there: Done) -> Done:
    """What is there with what has been added here since it was read."""
    tries = {at: list(one) for at, one in there.tries.items()}
    for at, one in now.tries.items():
        new = one[len(before.tries.get(at, [])):]
        tries[at] = [*tries.get(at, []), *new][:MOST_TRIES]
    return Done(there.seen | (now.seen - before.seen), {at: one for at, one in tries.items() if one},
                there.seconds + max(0.0, now.seconds - before.seconds), now.steps or there.steps)


def _stored(path: Path) -> tuple[dict[str, Done], str]:
    """What a file holds that can be used."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return {}, ""
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}, ""
    if not isinstance(found, Mapping):
        return {}, ""
    stopped, panels = found.get("stopped"), found.get("panels")
    if not isinstance(stopped, str) or not is_link(stopped) or len(stopped) > LONGEST:
        stopped = ""
    usable = {id: _done(one) for id, one in panels.items()
              if ID.fullmatch(id) and isinstance(one, Mapping)} if isinstance(panels, Mapping) else {}
    return dict(list(usable.items())[:MOST_PANELS]), stopped


def _done(stored: Mapping[Any, Any]) -> Done:
    seen, tries, seconds = stored.get("seen"), stored.get("tries"), stored.get("seconds")
    found = Done()
    if isinstance(seen, list):
        found.seen = {one for one in seen if type(one) is int and 0 <= one < MOST_STEPS}
    if isinstance(tries, Mapping):
        for at, one in tries.items():
            if at.isascii() and at.isdigit() and len(at) < 4 and int(at) < MOST_STEPS \
                    and isinstance(one, list):
                found.tries[int(at)] = [each for each in one if each in OUTCOMES][:MOST_TRIES]
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) \
            and 0 <= seconds <= MOST_SECONDS:
        found.seconds = float(seconds)
    if type(stored.get("steps")) is int and 0 <= stored["steps"] <= MOST_STEPS:
        found.steps = stored["steps"]
    return found


# --- to take along -------------------------------------------------------------------------------

COLUMNS = ("panel", "title", "lecture", "opened", "tour_steps_seen", "tour_steps",
           "questions_right_at_first_try", "questions_right_at_second_try", "questions_tried", "seconds")


def export(rows: list[dict[str, Any]], path: Path) -> None:
    """Write rows with ``COLUMNS`` as ``.csv`` or ``.json``. Raises ``Refusal``."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        out = io.StringIO()
        table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        text = out.getvalue()
    elif suffix == ".json":
        text = json.dumps(rows, ensure_ascii=False, indent=1)
    else:
        raise Refusal("A record is saved as .csv or .json, not as {suffix}.", suffix=suffix or "-")
    with replacing(path) as file:
        file.write_text(text, "utf-8", newline="\n")

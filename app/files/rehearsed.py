"""What a rehearsal of a lecture found out, and how it is told: in a table of the window or of a command."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.files.lecture import Moment
from visualizers.data import Source
from visualizers.refusal import Refusal
from widgets.theme import numbers
from widgets.theme.words import Words

LIMIT = 60.0  # seconds in which a moment is made
OPENS_IN = 1.0  # seconds in which a moment that was made before is on the screen
SAME = 1e-3  # of a field's greatest value: what is nearer than that looks the same
STATES = ("ready", "slow", "differs", "lacks")


@dataclass(frozen=True)
class Rehearsed:
    """How one moment went.

    Attributes:
        number: its place in the lecture, from 1.
        moment: without its run.
        seconds: until it was made: data read, model built, trained, measured. By the clock.
        opens: seconds until the kept run could be shown; NaN where none could be kept.
        expected: what did not hold, each part of the expectation with the values of its sides.
        right: the answers of its question that are right, from 0.
        lacking: what was asked for and is not here.
        error: why it could not be made or judged.
        unlike: the field of the kept run that is least like what was made here; empty for none.
        apart: by how much, as a share of the field's greatest value; 0 if bit for bit the same, and
            NaN without a kept run.
        limit: seconds that were allowed.
    """

    number: int
    moment: Moment
    seconds: float = 0.0
    opens: float = math.nan
    expected: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    right: tuple[int, ...] = ()
    lacking: tuple[Source, ...] = ()
    error: Refusal | None = None
    unlike: str = ""
    apart: float = math.nan
    limit: float = LIMIT

    @property
    def answered(self) -> bool:
        """Whether its question, if it asks one, has exactly one right answer."""
        return self.moment.question is None or len(self.right) == 1

    @property
    def differs(self) -> bool:
        return bool(self.error or self.expected or not self.answered or self.apart > SAME)

    @property
    def slow(self) -> bool:
        return self.seconds > self.limit or self.opens > OPENS_IN

    @property
    def state(self) -> str:
        """One of ``STATES``: the worst that is true of it."""
        return "lacks" if self.lacking else "differs" if self.differs else "slow" if self.slow else "ready"

    @property
    def fetch(self) -> str:
        """The command that fetches what is lacking; empty where no command does."""
        archives = dict.fromkeys(one.archive for one in self.lacking if one.archive)
        return f"bigmodels-lab data fetch {' '.join(archives)}" if archives else ""


def state_said(one: Rehearsed, words: Words) -> str:
    """Its state in one word."""
    match one.state:
        case "lacks":
            return words("lacks")
        case "differs":
            return words("differs")
        case "slow":
            return words("slow")
        case _:
            return words("ready")


def kept_said(one: Rehearsed, words: Words) -> str:
    """How like its kept run what was made here is; empty where none was kept."""
    if math.isnan(one.apart):
        return ""
    return words("bit for bit") if one.apart == 0 else \
        words("but for {share}", share=numbers.decimal(one.apart, 2))


def reasons(one: Rehearsed, words: Words) -> list[str]:
    """Why a moment is not ready, a sentence each, the worst first; none for one that is."""
    said = []
    if one.lacking:
        titles = ", ".join(words(each.title) for each in one.lacking)
        said.append(words("{titles} is not here. Fetch it: {command}", titles=titles, command=one.fetch)
                    if one.fetch else words("{titles} is not here.", titles=titles))
    if one.error is not None:
        said.append(words.tell(one.error.message, one.error.values))
    for part, values in one.expected:
        found = ", ".join(f"{name} = {_short(value)}" for name, value in values.items())
        said.append(words("Expected {part}, but {found}", part=part, found=found))
    if not one.answered and one.error is None:
        said.append(words("Of its question no answer is right.") if not one.right else
                    words("Of its question the answers {numbers} are right; it must be one.",
                          numbers=", ".join(str(each + 1) for each in one.right)))
    if one.apart > SAME:
        said.append(words("Made again, {field} of the kept run is off by {share} of its greatest value.",
                          field=one.unlike, share=numbers.percent(one.apart))
                    if math.isfinite(one.apart) else
                    words("Made again, {field} of the kept run is another one.", field=one.unlike))
    if one.seconds > one.limit:
        said.append(words("It took {seconds} s to make; the limit is {limit} s.",
                          seconds=numbers.decimal(one.seconds), limit=numbers.decimal(one.limit)))
    if one.opens > OPENS_IN:
        said.append(words("Kept, it took {seconds} s to open; the limit is {limit} s.",
                          seconds=numbers.decimal(one.opens), limit=numbers.decimal(OPENS_IN)))
    return said


def _short(value: Any) -> str:
    """A value in a sentence: a number, a text, or the ends of many numbers."""
    array = np.asarray(value)
    if array.ndim == 0 and array.dtype.kind in "iuf":
        return numbers.decimal(float(array))
    if array.ndim == 1 and len(array) <= 6 and array.dtype.kind in "iuf":
        return "[" + ", ".join(numbers.decimal(float(each)) for each in array) + "]"
    if array.size and array.dtype.kind in "iuf":
        return f"{numbers.decimal(float(np.nanmin(array)))} … {numbers.decimal(float(np.nanmax(array)))}"
    text = str(value)
    return text if len(text) <= 60 else text[:60] + "…"

"""A state as one line of text, ``bml:…``: short enough for a chat or a QR code.

It holds the panel, the values that differ from the defaults, the changes on the way, the step, the
seed and the program's version, and no picture: whoever opens it trains to that step again. Inside is
compressed JSON behind a checksum, written in letters that a URL may have. A line may come from
anyone, so reading is as strict as that of run files, and whatever does not fit is one sentence.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import re
import shlex
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.engine.protocol import Change
from app.session.record import Record, versions
from visualizers.catalog import Said
from visualizers.catalog import panel as find_panel
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import Parameter, Unfit, fit, from_dict, parameter
from widgets.theme.words import LANGUAGES

SCHEME = "bml:"
FORMAT = 1
LONGEST = 2000  # characters of a line
MOST = 64 << 10  # bytes of what a line unpacks to
MOST_CHANGES = 2000
CHECK = 4  # bytes of the checksum
ROUND = " \t\r\n<>()[]\"'“”.,;"  # what stands round a line that is copied out of a text


@dataclass(frozen=True)
class Handed:
    """A state that can be handed on.

    Attributes:
        panel: its id.
        params: at the start of the run.
        changes: of live parameters on the way, in the order of their steps; what is changed at the
            last step is what the controls show.
        step: where the run stands.
        version: of the program that wrote it.
    """

    panel: str
    params: Any
    changes: tuple[Change, ...] = ()
    step: int = 0
    version: str = ""

    @property
    def now(self) -> Any:
        """What the controls show."""
        params = self.params
        for change in self.changes:
            params = dataclasses.replace(params, **change.values)
        return params


def handed(panel: Panel, record: Record) -> Handed:
    """Where a run stands at its last step; of a panel without training its values."""
    found = Handed(panel.id, record.params, tuple(record.changes), record.step, versions()["program"])
    if not panel.trains or not record.step:
        return dataclasses.replace(found, params=found.now, changes=(), step=0)
    return found


# --- writing -------------------------------------------------------------------------------------


def line(one: Handed) -> str:
    """The line of text. Of a run with too many changes of its controls only the last values are in it.

    Raises:
        Refusal: it needs a file of the user's own, or is too long.
    """
    panel = find_panel(one.panel)
    for declared in panel.parameters:
        if any(_is_own(declared, getattr(params, declared.name)) for params in (one.params, one.now)):
            raise Refusal("A file of your own does not fit into a link: save the run instead.")
    for part in (one, dataclasses.replace(one, params=one.now, changes=())):
        text = SCHEME + _packed(_described(panel, part))
        if len(text) <= LONGEST:
            return text
    raise Refusal("The texts of this state are too long for a link: save the run instead.")


def _described(panel: Panel, one: Handed) -> dict[str, Any]:
    defaults = panel.params()
    values = {each.name: getattr(one.params, each.name) for each in panel.parameters
              if each.name == "seed" or getattr(one.params, each.name) != getattr(defaults, each.name)}
    found: dict[str, Any] = {"p": one.panel, "v": one.version, "d": values}
    if one.step:
        found["s"] = one.step
    if one.changes:
        found["c"] = [[each.step, dict(each.values)] for each in one.changes]
    return found


def _packed(document: Mapping[str, Any]) -> str:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        errors="replace")
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeezer.compress(body) + squeezer.flush()
    return base64.urlsafe_b64encode(bytes([FORMAT]) + _check(body) + packed).decode().rstrip("=")


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:CHECK]


def _is_own(one: Parameter, value: Any) -> bool:
    """Whether a text or a model is the user's own, which others do not have."""
    return one.kind == "source" and ":" in str(value)


# --- reading -------------------------------------------------------------------------------------


def is_link(text: str) -> bool:
    """Whether a text means to be such a line."""
    return text.strip(ROUND)[: len(SCHEME)].lower() == SCHEME


def read(text: str) -> Handed:
    """What a line of text says.

    Raises:
        Refusal: it is not whole, from a newer version, about a panel that this version does not have,
            or has values that the panel does not take.
    """
    body = _unpacked(text)
    try:
        document = json.loads(body, parse_constant=_no_constant)
        panel = find_panel(_text(document["p"]))
        params = _params(panel, document["d"])
        step = _whole(document.get("s", 0))
        changes = _changes(panel, document.get("c", []), step)
        version = _text(document["v"])
    except Refusal:
        raise
    except Unfit as error:
        raise Refusal("This link has a value that {panel} does not take: {reason}",
                      panel=panel.id, reason=error) from error
    except Exception as error:  # whatever a line that was made by hand provokes
        raise _damaged() from error
    if (step and not panel.trains) or (changes and not step):
        raise _damaged()
    return Handed(panel.id, params, changes, step, version)


def _unpacked(text: str) -> bytes:
    if not is_link(text):
        raise Refusal("This is no link to a state: it begins with bml: and is one line.")
    letters = re.sub(r"\s", "", text.strip(ROUND)[len(SCHEME):])  # mail breaks long lines
    if len(letters) > LONGEST or not re.fullmatch(r"[A-Za-z0-9_-]+", letters):
        raise _damaged()
    try:
        data = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        if data[0] > FORMAT:
            raise Refusal("This link was made by a newer version of Big Models Lab; update the program "
                          "to open it.")
        opener = zlib.decompressobj(-15)
        body = opener.decompress(data[1 + CHECK:], MOST)
    except (ValueError, IndexError, zlib.error) as error:
        raise _damaged() from error
    if not opener.eof or opener.unused_data or data[0] != FORMAT or data[1:1 + CHECK] != _check(body):
        raise _damaged()
    return body


def _damaged() -> Refusal:
    return Refusal("This link is not whole: copy it again from where it came.")


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _params(panel: Panel, values: Mapping[str, Any]) -> Any:
    _no_own(panel, values)
    return from_dict(panel.params, values)


def _changes(panel: Panel, rows: Sequence[Any], step: int) -> tuple[Change, ...]:
    if len(rows) > MOST_CHANGES:
        raise ValueError("too many")
    changes: list[Change] = []
    for at, values in rows:
        _no_own(panel, values)
        if not values or any(parameter(panel.params, name).restart for name in values):
            raise ValueError("a change that begins another run")
        if not (changes[-1].step if changes else -1) < _whole(at) <= step:
            raise ValueError("steps")
        changes.append(Change(at, {name: fit(parameter(panel.params, name), value)
                                   for name, value in values.items()}))
    return tuple(changes)


def _no_own(panel: Panel, values: Mapping[str, Any]) -> None:
    """Nobody's line makes this program read a file of this machine."""
    if any(_is_own(parameter(panel.params, name), value) for name, value in values.items()):
        raise Refusal("This link needs a file of another machine: ask for the saved run instead.")


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 80:
        raise ValueError("text")
    return value.encode(errors="replace").decode()


# --- as a command line ---------------------------------------------------------------------------


def command(one: Handed, *, render: bool = False) -> str:
    """The command that opens the state in a window, or draws it into a file, as this system's shell
    reads it. With changes on the way it has the line of text; else it names the values that differ
    from the defaults of any language.

    Raises:
        Refusal: as ``line``, where it has to stand in it.
    """
    words = ["bigmodels-lab", *(["render"] if render else []), *_state_words(one)]
    if render:
        words += ["--png", f"{one.panel}.png"]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _state_words(one: Handed) -> list[str]:
    if any(change.step for change in one.changes):
        return [line(one)]
    panel, words, params = find_panel(one.panel), [one.panel], one.now
    defaults = [Said(panel, language).params() for language in LANGUAGES]
    for each in panel.parameters:
        value = getattr(params, each.name)
        if each.name == "seed":
            if any(value != other.seed for other in defaults):
                words += ["--seed", str(value)]
        elif any(value != getattr(other, each.name) for other in defaults):
            words += ["--set", f"{each.name}={typed(each, value)}"]
    return words + (["--steps", str(one.step)] if one.step else [])


def typed(one: Parameter, value: Any) -> str:
    """A value as ``parse`` reads it back, to the last digit."""
    match one.kind:
        case "number" | "integer":
            return repr(value)
        case "flag":
            return "true" if value else "false"
        case "hidden":
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)

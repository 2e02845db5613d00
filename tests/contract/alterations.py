"""Run files altered at random, with right hashes: what a stranger's file may hold."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

NUMBERS = (0, 1, -1, 2, 3, 7, 100, -100, 255, 10**4, 10**6, -10**6, 2**31, 2**40, 10**18, 10**400)
REALS = (0.0, -0.0, 1.0, -1.0, 0.5, 1.0001, 1e-30, 1e6, -1e6, 1e30, -1e38, 1e300, 1e308)
TEXTS = ("", " ", "x" * 300, "学" * 5000, "🙂\n\t\r", "\x00", "\u202eabc", "<b>bold</b>", "{0}{x}", "#9999",
         "\ud800", "-1", "1", "all", "unit")
PLAIN = (*NUMBERS, *REALS, *TEXTS, True, False, None, [], [1], {"array": 0}, {"array": 10**6}, {})
KINDS = ("<f4", "<f8", "<f2", ">f4", "<i4", "<i8", "<i2", "<u1", "?", "<c8", "<U4")


@dataclasses.dataclass
class RunFile:
    """A run file taken apart."""

    document: dict[str, Any]
    arrays: list[np.ndarray]
    head: bytes = b""  # in the place of the shape in the first arrays' heads
    flipped: tuple[float, ...] = ()  # where in the file bits are turned, as shares of its length

    @classmethod
    def read(cls, path: Path) -> RunFile:
        with zipfile.ZipFile(path) as archive:
            document = json.loads(archive.read("run.json"))
            return cls(document, [np.lib.format.read_array(io.BytesIO(archive.read(f"arrays/{one}.npy")))
                                  for one in range(len(document["sha256"]))])

    def write(self, path: Path) -> None:
        members = {}
        for index, array in enumerate(self.arrays):
            out = io.BytesIO()
            np.lib.format.write_array(out, array, allow_pickle=False)
            data = out.getvalue()
            if self.head and index < 3:
                before, shape, after = data.partition(b"'shape': ")
                end = after.index(b", }")
                data = before + shape + self.head[: end].ljust(end) + after[end:]
            members[f"arrays/{index}.npy"] = data
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
        text = json.dumps({**self.document, "sha256": hashes})
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("run.json", text)
            for name, data in members.items():
                archive.writestr(name, data)
        if self.flipped:
            whole = bytearray(path.read_bytes())
            for place in self.flipped:
                whole[int(place * len(whole))] ^= 0x10
            path.write_bytes(bytes(whole))

    def altered(self, generator: np.random.Generator) -> tuple[RunFile, str]:
        """A copy in which something, or now and then some things, are otherwise; and what."""
        other = RunFile(copy.deepcopy(self.document), list(self.arrays))
        said = [other._alter(generator) for _ in range(int(generator.choice((1, 1, 1, 2, 5))))]
        return other, "; ".join(said)

    def _alter(self, generator: np.random.Generator) -> str:
        def pick(things: Any) -> Any:
            return things[int(generator.integers(len(things)))]

        film = self.document["film"]
        whole = [one for one in film if isinstance(one, dict) and {"frame", "params"} <= set(one)] \
            if isinstance(film, list) else []
        moment = pick(whole) if whole else {"frame": {"": 0}, "params": {"": 0}}
        match pick(("array",) * 16 + ("field",) * 8 + ("params",) * 4 + ("scalars", "moments") * 2 + (
                "document", "changes", "film", "head", "bits")):
            case "array":
                at = int(generator.integers(len(self.arrays)))
                self.arrays[at], how = altered_array(self.arrays[at], generator)
                return f"array {at} ({self._name(at)}): {how}"
            case "field":
                name = pick(sorted(moment["frame"]))
                moment["frame"][name] = altered_value(moment["frame"][name], generator)
                return f"field {name} = {moment['frame'][name]!r:.80}"
            case "params":
                name = pick(sorted(moment["params"]))
                moment["params"][name] = altered_value(moment["params"][name], generator)
                return f"params {name} = {moment['params'][name]!r:.80}"
            case "scalars":
                scalars = self.document["scalars"]
                if isinstance(scalars, list) and scalars:
                    scalars[int(generator.integers(len(scalars)))] = pick((*TEXTS, *scalars))
                return "a scalar's name"
            case "document":
                name = pick(sorted(self.document))
                if name not in ("format", "panel", "sha256"):
                    self.document[name] = altered_value(self.document[name], generator)
                return f"{name} = {self.document[name]!r:.80}"
            case "changes":
                one = {"step": pick((0, 1, self.document["step"], *NUMBERS)),
                       "values": pick(({}, {"seed": 1}, moment["params"], {"": 1}, {"x" * 300: []}, 7))}
                count = pick((1, 2, 300, 60_000))
                self.document["changes"] = [one] * count if pick((True, False)) else [
                    {**one, "step": step} for step in range(count)]
                return f"{count} changes {one!r:.80}"
            case "film":
                film = self.document["film"]
                how = pick(("many", "turned", "measured", "half", "alone"))
                if how == "many":
                    self.document["film"] = [{**moment, "step": step} for step in range(700)]
                elif how == "turned" and isinstance(film, list):
                    film.reverse()
                elif how == "measured":
                    moment["measured"] = pick(PLAIN)
                elif how == "half":
                    moment.pop(pick(sorted(moment)))
                else:
                    self.document["film"] = [moment]
                return f"the film {how}"
            case "head":
                self.head = pick((b"(2,)", b"(0,)", b"(0, 9999999)", b"(99999999,)", b"()", b"(-1,)", b"x",
                                  b"(10**9,)", b"(True,)"))
                return f"heads say {self.head!r}"
            case "bits":
                self.flipped = tuple(generator.random(int(pick((1, 3)))))
                return "turned bits"
            case _:
                moment["step"] = pick(NUMBERS)
                return "a moment's step"

    def _name(self, at: int) -> str:
        found = [] if not isinstance(film := self.document["film"], list) else [
            name for moment in film if isinstance(moment, dict)
            for name, value in dict(moment.get("frame", {})).items() if value == {"array": at}]
        return found[0] if found else "history"


def altered_array(array: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, str]:
    """An array with other values, another shape or another dtype."""
    def pick(things: Any) -> Any:
        return things[int(generator.integers(len(things)))]

    way = pick(("one", "one", "some", "all", "noise", "shuffled", "shorter", "longer", "empty", "flat",
                "turned", "deeper", "dtype"))
    if way in ("one", "some", "all") and array.size:
        other = array.copy()
        count = {"one": 1, "some": max(1, array.size // 3), "all": array.size}[way]
        places = generator.permutation(array.size)[:count]
        value = pick((*REALS, np.nan, np.inf, -np.inf) if array.dtype.kind == "f" else
                     (*NUMBERS[:-1], array.size))
        with np.errstate(all="ignore"):
            other.reshape(-1)[places] = np.array(value).astype(array.dtype)
        return other, f"{way} = {value}"
    if way == "noise":
        if array.dtype.kind == "f":
            return (generator.normal(size=array.shape) * 10.0 ** generator.integers(-3, 6)).astype(
                array.dtype), way
        return generator.integers(0, 2**62, array.shape).astype(array.dtype), way
    if way == "shuffled":
        return generator.permutation(array.reshape(-1)).reshape(array.shape), way
    if way in ("shorter", "longer") and array.ndim and array.size:
        axis = int(generator.integers(array.ndim))
        part = np.take(array, [0], axis)
        return (np.delete(array, 0, axis) if way == "shorter" else
                np.concatenate([array, *[part] * int(pick((1, 2, 50)))], axis)), f"{way} along {axis}"
    if way == "empty":
        return np.empty((0,) * array.ndim, array.dtype), way
    if way == "flat":
        return array.reshape(-1), way
    if way == "turned":
        return np.ascontiguousarray(array.T), way
    if way == "deeper":
        return array[None], way
    with np.errstate(all="ignore"):
        kind = pick(KINDS)
        return array.astype(kind), f"as {kind}"


def altered_value(value: Any, generator: np.random.Generator) -> Any:
    """Something else in the place of a number, a text or a list, more often of its own kind."""
    def pick(things: Any) -> Any:
        return things[int(generator.integers(len(things)))]

    if isinstance(value, list) and value and generator.random() < 0.8:
        other = list(value)
        match pick(("item", "shorter", "longer", "none", "nested")):
            case "item":
                at = int(generator.integers(len(other)))
                other[at] = altered_value(other[at], generator)
            case "shorter":
                other.pop()
            case "longer":
                other.append(other[0])
            case "none":
                other = []
            case _:
                other = [other]
        return other
    if generator.random() < 0.2:
        return pick(PLAIN)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return pick((*NUMBERS, value + 1, value - 1))
    return pick({float: REALS, str: TEXTS}.get(type(value), PLAIN))

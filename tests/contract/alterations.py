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
            members[f"arrays/{index}.npy"] = out.getvalue()
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
        text = json.dumps({**self.document, "sha256": hashes})
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("run.json", text)
            for name, data in members.items():
                archive.writestr(name, data)

    def altered(self, generator: np.random.Generator) -> tuple[RunFile, str]:
        """A copy in which something, or now and then some things, are otherwise; and what."""
        other = RunFile(copy.deepcopy(self.document), list(self.arrays))
        said = [other._alter(generator) for _ in range(int(generator.choice((1, 1, 1, 2, 5))))]
        return other, "; ".join(said)

    def _alter(self, generator: np.random.Generator) -> str:
        def pick(things: Any) -> Any:
            return things[int(generator.integers(len(things)))]

        moment = pick(self.document["film"])
        match pick(("array",) * 8 + ("field",) * 4 + ("params", "params", "scalars", "moments")):
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
                if scalars:
                    scalars[int(generator.integers(len(scalars)))] = pick((*TEXTS, *scalars))
                return "a scalar's name"
            case _:
                moment["step"] = pick(NUMBERS)
                return "a moment's step"

    def _name(self, at: int) -> str:
        found = [name for moment in self.document["film"] for name, value in moment["frame"].items()
                 if value == {"array": at}]
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

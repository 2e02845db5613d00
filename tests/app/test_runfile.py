"""Run files: what is written is read again, and nothing else is."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.protocol import Change
from app.record import Record, Seen, versions
from app.runfile import LARGEST, MOST_FRAMES, VERSION, read, write
from app.trial import Trial
from visualizers.catalog import panel, panels
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.parameters import changed


def recorded(one: Panel, steps: int = 5) -> Record:
    trial = Trial(one)
    film = [Seen(0, trial.params, trial.frame(), 0)]
    for _ in range(steps if one.trains else 0):
        trial.train(1)
        shown = trial.shown(at_rest=False)
        film.append(Seen(shown.step, shown.params, shown.frame, shown.measured))
    return Record(panel=one.id, params=trial.params, changes=(Change(2, {"seed": 3}),), seed=0,
                  device="cpu", threads=1, versions=versions(), history=trial.history, film=film,
                  step=len(trial.history), label="a run – 一次运行")


@pytest.fixture(scope="module")
def record() -> Record:
    return recorded(panel("rnn_gradients"))


@pytest.fixture
def file(tmp_path: Path, record: Record) -> Path:
    path = tmp_path / "run.bml"
    write(path, record)
    return path


def equal(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
               for a, b in zip(vars(one).values(), vars(other).values(), strict=True))


@pytest.mark.parametrize("one", panels(), ids=lambda one: one.id)
def test_that_what_was_written_is_read_again(one: Panel, tmp_path: Path) -> None:
    written = recorded(one)
    write(tmp_path / "a.bml", written)
    again = read(tmp_path / "a.bml")
    for name in ("panel", "params", "changes", "seed", "device", "threads", "versions", "step", "label"):
        assert getattr(again, name) == getattr(written, name), name
    assert again.history.names == written.history.names
    for name in again.history.names:
        np.testing.assert_array_equal(again.history[name], written.history[name])
    assert again.history.start == written.history.start
    for seen, old in zip(again.film, written.film, strict=True):
        assert (seen.step, seen.measured, seen.params) == (old.step, old.measured, old.params)
        assert equal(seen.frame, old.frame)


def test_that_a_long_film_is_thinned_to_its_ends(record: Record, tmp_path: Path) -> None:
    first = record.film[0]
    long = dataclasses.replace(record, film=[dataclasses.replace(first, step=one)
                                            for one in range(500)])
    write(tmp_path / "a.bml", long)
    steps = [seen.step for seen in read(tmp_path / "a.bml").film]
    assert len(steps) == MOST_FRAMES
    assert (steps[0], steps[-1]) == (0, 499)


def test_that_a_file_holds_json_and_arrays_only(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            assert name == "run.json" or data.startswith(b"\x93NUMPY")


def test_that_a_truncated_file_is_one_sentence(file: Path) -> None:
    whole = file.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(Refusal):
            read(file)


def test_that_a_flipped_bit_is_noticed_or_harmless(file: Path, record: Record) -> None:
    whole = file.read_bytes()
    generator = np.random.default_rng(0)
    refused = 0
    for place in generator.integers(0, len(whole), 300):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(generator.integers(8))
        file.write_bytes(bytes(damaged))
        try:
            again = read(file)
        except Refusal:
            refused += 1
        else:
            assert again.params == record.params
            assert equal(again.film[-1].frame, record.film[-1].frame)
    assert refused > 200


def rewritten(file: Path, change: Any, members: dict[str, bytes] | None = None) -> None:
    """The same file with its document changed, and with members added."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(parts["run.json"])
    change(document)
    parts["run.json"] = json.dumps(document).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {**parts, **(members or {})}.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(version=VERSION + 1), "newer version"),
        (lambda d: d.update(version="x"), "damaged"),
        (lambda d: d.update(format="something else"), "no run of Big Models Lab"),
        (lambda d: d.update(panel="no_such_panel"), "no panel"),
        (lambda d: d["params"].update(length=10**6), "from 5 to 200"),
        (lambda d: d["params"].update(learning_rate="fast"), "does not take"),
        (lambda d: d["params"].update(surprise=1), "no parameter"),
        (lambda d: d["film"][0]["frame"].pop("slope"), "another version of rnn_gradients, which knew "
         "other numbers (slope)"),
        (lambda d: d["film"][0]["frame"].update(slope="steep"), "slope is “steep”, not float ≥ 0"),
        (lambda d: d["film"][0]["frame"].update(slope=-1.0), "slope is -1, not float ≥ 0"),
        (lambda d: d["film"][0]["frame"].update(slope={"array": 1}), "slope is float32 41, not float"),
        (lambda d: d["film"][0]["frame"].update(log_gradient={"array": 0}),
         "log_gradient is float64 4 × 5, not float32"),
        (lambda d: d["film"][1]["params"].update(length=39),
         "log_gradient is float32 41, not float32 “params.length+1”, FAINTEST … -FAINTEST, "
         "params.length = 39"),
        (lambda d: d["film"][1].update(step=0), "damaged"),
        (lambda d: d["film"][1]["params"].update(beside=5), "beside"),
        (lambda d: d["film"][0]["frame"].update(slope={"array": 999}), "damaged"),
        (lambda d: d["film"][0]["frame"].update(slope=float("nan")), "damaged"),
        (lambda d: d.update(step=-1), "damaged"),
        (lambda d: d.update(film=[]), "damaged"),
        (lambda d: d.update(scalars=["loss"] * 99), "damaged"),
        (lambda d: d.update(scalars=["loss"] * 4), "damaged"),
        (lambda d: d["scalars"].__setitem__(1, "accuracies"), "other numbers (accuracy)"),
        (lambda d: d.pop("sha256"), "damaged"),
        (lambda d: d["sha256"].update({"arrays/0.npy": "0" * 64}), "damaged"),
    ],
)
def test_that_a_value_that_does_not_fit_is_one_sentence(file: Path, change, said) -> None:
    rewritten(file, change)
    with pytest.raises(Refusal) as refused:
        read(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["text_cnn", "word2vec"])
def test_that_runs_that_once_ended_the_program_are_refused(name: str) -> None:
    """Their arrays were altered at random, with right hashes."""
    with pytest.raises(Refusal, match=name):
        read(Path(__file__).parent / "runs" / f"{name}.bml")


def test_that_moments_whose_numbers_are_none_are_left_out(record: Record, tmp_path: Path) -> None:
    last = record.film[-1]
    broken = dataclasses.replace(last, frame=dataclasses.replace(last.frame, slope=float("nan")))
    write(tmp_path / "a.bml",
          dataclasses.replace(record, film=[*record.film[:-1], broken]))
    assert [one.step for one in read(tmp_path / "a.bml").film] == [0, 1, 2, 3, 4]
    with pytest.raises(Refusal, match="Nothing of this run"):
        write(tmp_path / "a.bml", dataclasses.replace(record, film=[broken]))


def test_that_a_path_out_of_the_folder_is_refused(file: Path, tmp_path: Path) -> None:
    rewritten(file, lambda d: None, {"../escaped.txt": b"out"})
    with pytest.raises(Refusal):
        read(file)
    assert not (tmp_path.parent / "escaped.txt").exists()


def test_that_a_pickle_is_never_loaded(file: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (canary,)

    out = io.BytesIO()
    np.lib.format.write_array(out, np.array([Bomb()], dtype=object), allow_pickle=True)
    import hashlib

    data = out.getvalue()
    rewritten(file, lambda d: d["sha256"].update({"arrays/0.npy": hashlib.sha256(data).hexdigest()}),
              {"arrays/0.npy": data})
    with pytest.raises(Refusal):
        read(file)
    rewritten(file, lambda d: d["sha256"].update({"bomb.pkl": "0"}), {"bomb.pkl": pickle.dumps(Bomb())})
    with pytest.raises(Refusal):
        read(file)
    assert not canary.exists()


def test_that_something_else_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "holiday.bml"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"\xff\xd8")
    with pytest.raises(Refusal, match="no run of Big Models Lab"):
        read(path)


def test_that_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.bml"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(Refusal, match="too large"):
        read(path)


def test_that_a_zip_bomb_is_refused(file: Path) -> None:
    rewritten(file, lambda d: d["sha256"].update({"arrays/999.npy": "0"}))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arrays/999.npy", bytes(5 * LARGEST))
    assert file.stat().st_size < LARGEST
    with pytest.raises(Refusal, match="damaged"):
        read(file)


def test_that_a_file_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="There is no file"):
        read(tmp_path / "gone.bml")


def test_that_params_of_a_record_are_the_panel_s_own(file: Path) -> None:
    again = read(file)
    assert again.params == changed(again.params)

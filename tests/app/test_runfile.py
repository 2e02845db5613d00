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
from app.files.runfile import LARGEST, MOST_FRAMES, VERSION, read, write
from app.headless.trial import Trial
from app.session.record import Record, Seen, versions
from visualizers.catalog import panel, panels
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed


def recorded(one: Panel, steps: int = 5) -> Record:
    trial = Trial(one)
    film = [Seen(0, trial.params, trial.frame(), 0)]
    for _ in range(steps if one.trains else 0):
        trial.train(1)
        shown = trial.shown(at_rest=False)
        film.append(Seen(shown.step, shown.params, shown.frame, shown.measured))
    return Record(panel=one.id, params=trial.params, changes=(Change(2, {"seed": 3}),) if one.trains else (),
                  seed=0, device="cpu", threads=1, versions=versions(), history=trial.history, film=film,
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
    history = record.history.copy()
    history.extend({name: np.ones(500) for name in history.names})
    long = dataclasses.replace(
        record, history=history, step=len(history),
        film=[dataclasses.replace(first, step=one) for one in range(500)])
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
        (lambda d: d["film"][-1].update(step=2**40), "damaged"),
        (lambda d: d["film"][-1].update(step=6), "damaged"),
        (lambda d: d["film"][-1].update(measured=6), "damaged"),
        (lambda d: d.update(step=2**40, scalars=[]), "damaged"),
        (lambda d: d["scalars"].__setitem__(0, "x" * 300), "damaged"),
        (lambda d: d["scalars"].__setitem__(0, "<b>loss</b>"), "damaged"),
        (lambda d: d["start"].update({"": 1.0}), "damaged"),
        (lambda d: d.update(changes=[{"step": 9, "values": {}}]), "damaged"),
        (lambda d: d.update(changes=[{"step": 2, "values": {}}, {"step": 1, "values": {}}]), "damaged"),
        (lambda d: d.update(changes=[{"step": 1, "values": {}}] * 100_000), "damaged"),
        (lambda d: d["changes"][0]["values"].update(seed="\ud800"), "does not take"),
        (lambda d: d.update(version=2), "damaged"),
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


def test_that_texts_of_a_stranger_can_be_shown_and_saved_again(file: Path) -> None:
    rewritten(file, lambda d: d.update(label="\ud800" * 1000, versions={"\ud800": "x" * 10**5},
                                       device="\udfff"))
    again = read(file)
    assert again.label == "?" * 200 and again.device == "?"
    write(file, again)


def test_that_an_array_s_head_cannot_ask_for_more_than_is_there(file: Path) -> None:
    import hashlib

    with zipfile.ZipFile(file) as archive:
        data = archive.read("arrays/1.npy")
    for shape in (b"(10**9,)", b"(0, 10**12,)", b"(4000000000,)", b"(0, 4000000000)"):
        lied = data[:10] + (b"{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + b", }").ljust(
            data.index(b"\n") - 10) + data[data.index(b"\n"):]
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        document = json.loads(parts["run.json"])
        document["sha256"]["arrays/1.npy"] = hashlib.sha256(lied).hexdigest()
        with zipfile.ZipFile(file, "w") as archive:
            for name, part in {**parts, "run.json": json.dumps(document).encode(),
                               "arrays/1.npy": lied}.items():
                archive.writestr(name, part)
        with pytest.raises(Refusal, match="damaged"):
            read(file)


# --- what is saved can be opened -------------------------------------------------------------------


def test_that_a_run_of_two_and_a_half_million_steps_is_read_again(record: Record, tmp_path: Path) -> None:
    history, generator = record.history.copy(), np.random.default_rng(0)
    for _ in range(25):
        history.extend({name: generator.normal(size=100_000) for name in history.names})
    history.extend({name: np.full(1, 77.0) for name in history.names})
    film = [*record.film, dataclasses.replace(record.film[-1], step=1_234_567, measured=1_234_567),
            dataclasses.replace(record.film[-1], step=len(history), measured=len(history))]
    path = tmp_path / "a.bml"
    kept = write(path, dataclasses.replace(record, history=history, step=len(history), film=film))
    assert 100_000 < kept < 200_000 and path.stat().st_size < 10e6
    again = read(path)
    assert len(again.history) == again.step == len(history) == 2_500_006
    for name in history.names:
        np.testing.assert_array_equal(again.history[name], history[name])
    np.testing.assert_array_equal(again.history.steps, history.steps)
    again.history.extend({name: np.ones(3) for name in history.names})
    assert len(again.history) == 2_500_009


def test_that_a_run_with_very_many_scalars_is_thinned_until_it_can_be_read(
    record: Record, tmp_path: Path
) -> None:
    history = record.history.copy()
    history.extend({f"scalar_{one}": np.linspace(0, one, 90_000) for one in range(60)})
    kept = write(tmp_path / "a.bml", dataclasses.replace(record, history=history, step=len(history)))
    assert kept < 60_000
    again = read(tmp_path / "a.bml")
    assert len(again.history) == 90_005 and again.history.newest("scalar_59") == (90_005, 59.0)
    assert np.nanmax(again.history["scalar_3"]) == 3.0 and not again.history.whole


def test_that_a_value_that_is_missing_is_read_again_and_json_holds_no_nan(tmp_path: Path) -> None:
    written = recorded(panel("backprop"))
    last = written.film[-1]
    missing = dataclasses.replace(last, frame=dataclasses.replace(last.frame, difference=float("nan")))
    write(tmp_path / "a.bml", dataclasses.replace(written, film=[missing]))
    with zipfile.ZipFile(tmp_path / "a.bml") as archive:
        assert b"NaN" not in archive.read("run.json")
    assert np.isnan(read(tmp_path / "a.bml").film[-1].frame.difference)


def test_that_a_film_of_large_frames_is_thinned_until_it_can_be_read(
    record: Record, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("app.files.runfile.MOST_FILM", 1)
    write(tmp_path / "a.bml", record)
    assert [one.step for one in read(tmp_path / "a.bml").film] == [5]
    monkeypatch.setattr("app.files.runfile.LONGEST", 3000)
    write(tmp_path / "a.bml", record)
    read(tmp_path / "a.bml")
    monkeypatch.setattr("app.files.runfile.LONGEST", 300)
    with pytest.raises(Refusal, match="too large for a file"):
        write(tmp_path / "b.bml", record)
    monkeypatch.setattr("app.files.runfile.MOST_CHANGES", 0)
    with pytest.raises(Refusal, match="too many for a file"):
        write(tmp_path / "b.bml", record)
    assert [one.name for one in tmp_path.iterdir()] == ["a.bml"]


def test_that_a_file_s_name_may_be_as_long_as_names_can_be_and_hold_what_is_no_text(
    record: Record, tmp_path: Path
) -> None:
    path = tmp_path / ("运" * 83 + "ab.bml")
    assert len(path.name.encode()) == 255
    write(path, dataclasses.replace(record, label="\udcff"))
    assert read(path).label == "?"


def test_that_how_far_it_is_is_told_and_can_end_the_work(file: Path, record: Record, tmp_path: Path) -> None:
    from app.engine.errand import Interrupted

    told: list[tuple[int, int]] = []
    read(file, lambda *at: told.append(at))
    assert told[0][0] == 0 and told[-1][0] == told[-1][1] - 1

    def stop(_done: int, _total: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        read(file, stop)
    with pytest.raises(Interrupted):
        write(tmp_path / "b.bml", record, stop)
    assert [one.name for one in tmp_path.iterdir()] == ["run.bml"]

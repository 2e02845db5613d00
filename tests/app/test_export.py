"""Pictures, tables, films and notebooks; and that a failed save leaves the old file."""

from __future__ import annotations

import csv
import os
import weakref
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from app.files.export import save_image, save_movie
from app.files.notebook import notebook, save_notebook, sections
from app.files.runfile import write
from app.files.scalars import save_csv
from app.headless.trial import Trial
from app.session.record import Record, Seen, versions
from visualizers.catalog import Said, panel
from visualizers.files import replacing
from visualizers.panel import History, load
from visualizers.refusal import Refusal
from widgets.theme.look import Look, theme


@pytest.fixture
def view(qtbot):
    """A panel's view with a frame of a short run on it, the film of that run beside it."""
    one = panel("rnn_gradients")
    made = load(one.view)(Look(theme("light"), Said(one, "en").words()))
    qtbot.addWidget(made)
    made.resize(740, 550)
    trial = Trial(one)
    film = []
    for _ in range(6):
        trial.train(1)
        film.append(Seen(trial.step, trial.params, trial.frame(), trial.step))
    made.show()
    made.show_frame(trial.shown())
    return made, film, trial.history


def test_that_a_png_has_twice_the_pixels_of_the_view(view, tmp_path) -> None:
    save_image(view[0], tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert (image.width(), image.height()) == (1480, 1100)


def test_that_an_svg_holds_its_texts_and_lines(view, tmp_path) -> None:
    from xml.etree import ElementTree

    save_image(view[0], tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert root.tag.endswith("svg")
    assert "path" in tags or "polyline" in tags


def test_that_another_suffix_is_refused(view, tmp_path) -> None:
    with pytest.raises(Refusal, match=r"not as \.bmp"):
        save_image(view[0], tmp_path / "a.bmp")


def test_that_a_csv_has_every_step(tmp_path) -> None:
    history = History()
    history.extend({"loss": np.array([1 / 3, 0.25]), "accuracy": np.array([0.1, np.nan])})
    save_csv(history, tmp_path / "a.csv")
    rows = list(csv.reader((tmp_path / "a.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["step", "loss", "accuracy"]
    assert float(rows[1][1]) == 1 / 3
    assert rows[2] == ["2", "0.25", ""]


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_that_a_film_has_a_picture_for_each_frame(view, tmp_path, suffix) -> None:
    made, film, history = view
    path = tmp_path / f"a{suffix}"
    done = list(save_movie(made, film, history, path, size=QSize(740, 550)))
    assert done[-1] == (6, 6)
    if suffix == ".gif":
        import imageio.v3

        assert imageio.v3.imread(path).shape[:3] == (6, 550, 740)
    else:
        from imageio_ffmpeg import count_frames_and_secs

        assert count_frames_and_secs(str(path))[0] == 6


def test_that_a_cancelled_film_leaves_nothing(view, tmp_path) -> None:
    made, film, history = view
    running = save_movie(made, film, history, tmp_path / "a.gif")
    next(running)
    running.close()
    assert list(tmp_path.iterdir()) == []


def test_that_a_film_keeps_none_of_its_pictures(view, tmp_path, monkeypatch) -> None:
    made, film, history = view
    kept: list[weakref.ref] = []
    import app.files.export

    def pixels(widget, real=app.files.export._pixels):
        assert sum(one() is not None for one in kept) <= 1
        picture = real(widget)
        kept.append(weakref.ref(picture))
        return picture

    monkeypatch.setattr(app.files.export, "_pixels", pixels)
    for suffix in ("gif", "mp4"):
        assert list(save_movie(made, film * 5, history, tmp_path / f"a.{suffix}"))[-1] == (30, 30)
    assert len(kept) == 60


def test_that_a_film_s_pictures_are_those_of_the_view(view, tmp_path) -> None:
    import imageio.v3

    from app.files.export import _pixels

    made, film, history = view
    list(save_movie(made, film[-1:], history, tmp_path / "a.gif", size=QSize(740, 550)))
    made.resize(740, 550)
    found = imageio.v3.imread(tmp_path / "a.gif", index=0)[..., :3].astype(int)
    assert np.abs(found - _pixels(made).astype(int)).mean() < 1.0


def exports(view, path: Path):
    """What saves something as ``path``, each kind of export once."""
    made, film, history = view
    one = panel("rnn_gradients")
    record = Record(panel=one.id, params=one.params(), changes=(), seed=0, device="cpu", threads=1,
                    versions=versions(), history=history, film=film, step=len(history))
    return {
        ".png": lambda: save_image(made, path), ".svg": lambda: save_image(made, path),
        ".csv": lambda: save_csv(history, path), ".gif": lambda: list(save_movie(made, film, history, path)),
        ".mp4": lambda: list(save_movie(made, film, history, path)),
        ".ipynb": lambda: save_notebook(one, one.params(), path), ".bml": lambda: write(path, record),
    }[path.suffix]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk to write to")
@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv", ".gif", ".mp4", ".ipynb", ".bml"])
def test_that_a_full_disk_leaves_the_old_file_and_is_said(view, tmp_path, monkeypatch, suffix) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("old")

    def on_a_full_disk(dir: Path, prefix: str, suffix: str) -> tuple[int, str]:
        new = dir / f"{prefix}x{suffix}"
        new.symlink_to("/dev/full")
        return os.open(os.devnull, os.O_RDONLY), str(new)

    with monkeypatch.context() as patch:
        patch.setattr("visualizers.files.tempfile.mkstemp", on_a_full_disk)
        with pytest.raises(Refusal, match=rf"The disk is full, so a\{suffix} was not saved"):
            exports(view, path)()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    exports(view, path)()
    assert path.stat().st_size > 100 and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv", ".gif", ".mp4", ".ipynb", ".bml"])
def test_that_an_export_s_name_may_be_as_long_as_names_can_be(view, tmp_path, suffix) -> None:
    path = tmp_path / ("a" * (255 - len(suffix)) + suffix)
    exports(view, path)()
    assert path.stat().st_size > 100


def test_that_a_saved_file_may_be_read_like_any_other(tmp_path) -> None:
    (tmp_path / "plain.txt").touch()
    with replacing(tmp_path / "a.csv") as file:
        file.write_text("1")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


def test_that_a_missing_folder_is_one_sentence(tmp_path) -> None:
    with pytest.raises(Refusal, match="There is no folder"), replacing(tmp_path / "no" / "a.csv"):
        pass


@pytest.mark.slow
def test_that_a_notebook_s_cells_run_in_order(tmp_path, monkeypatch) -> None:
    """Executed by a real kernel, as a learner would."""
    from nbclient import NotebookClient

    monkeypatch.undo()  # the kernel talks over sockets of this machine
    one = panel("rnn_gradients")
    save_notebook(one, one.params(length=8), tmp_path / "a.ipynb", steps=12)
    import nbformat

    read = nbformat.read(tmp_path / "a.ipynb", as_version=4)
    nbformat.validate(read)
    done = NotebookClient(read, timeout=120, kernel_name="python3").execute()
    printed = "".join(out.get("text", "") for cell in done.cells for out in cell.get("outputs", []))
    assert "'loss'" in printed
    assert "log_gradient" in printed
    assert "length=8" in "".join(cell.source for cell in done.cells)


@pytest.mark.slow
def test_that_the_pipeline_s_notebook_reads_as_five_steps_and_runs_to_its_test(
    tmp_path, monkeypatch
) -> None:
    from nbclient import NotebookClient

    monkeypatch.undo()  # the kernel talks over sockets of this machine
    one = panel("pipeline")
    params = one.params(data="made-reviews", model="bag of vectors", patience=1, width=8, batch=128)
    made = notebook(one, params, steps=3)
    headings = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    steps = [one.partition(":")[0].removeprefix("## ") for one in headings[1:6]]
    assert steps == ["Prepare", "Build", "Train", "Evaluate", "Test"]
    chinese = notebook(one, params, language="zh")
    assert "## 准备：文本变成一批批编号" in [cell.source for cell in chinese.cells]
    done = NotebookClient(made, timeout=120, kernel_name="python3").execute()
    printed = "".join(out.get("text", "") for cell in done.cells for out in cell.get("outputs", []))
    assert "'valid_accuracy'" in printed and "test_accuracy" in printed
    assert "reached                   5" in printed, "the run came to its test"


def test_that_a_source_is_cut_at_its_sections() -> None:
    code = "import a\n\n\n# --- one ---\n\n\nx = 1\n# not --- a section ---\n\n# --- two: 2 ------\ny = 2\n"
    assert sections(code) == [("", "import a"), ("one", "x = 1\n# not --- a section ---"),
                              ("two: 2", "y = 2")]
    assert sections("x = 1\n") == [("", "x = 1")]


def test_that_a_notebook_of_any_panel_is_valid() -> None:
    import nbformat

    from visualizers.catalog import panels

    for one in panels():
        nbformat.validate(notebook(one, one.params(), language="zh"))

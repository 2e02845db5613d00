"""A state that is handed on: as a line of text, a QR code, a command line and a page."""

from __future__ import annotations

import base64
import json
import random
import re
import shlex
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage

from app import main as program
from app.engine.protocol import Change
from app.files import handout, link, qr
from app.files.link import Handed
from app.headless.commands import state
from app.window.handing import CodeSheet
from app.window.palette import Palette
from visualizers.catalog import Said, panel, panels
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed, from_dict
from widgets.theme.look import theme
from widgets.theme.words import window_words

CTRL = Qt.KeyboardModifier.ControlModifier
ODD = "it's a \"quoted\" text, with $HOME,  blanks, `ticks`, 你好 & \\ all"


def some(id: str = "rnn_gradients", changes: tuple[Change, ...] = (), step: int = 0, **values: Any) -> Handed:
    one = panel(id)
    return Handed(id, changed(one.params(), **values), changes, step, "0.1.0")


def packed(document: Any, version: int = 1) -> str:
    """A line that was made by hand, with a checksum that is right."""
    body = json.dumps(document).encode()
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = bytes([version]) + link._check(body) + squeezer.compress(body) + squeezer.flush()
    return "bml:" + base64.urlsafe_b64encode(data).decode().rstrip("=")


# --- the line ------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", panels(), ids=lambda one: one.id)
def test_that_the_line_of_every_panel_comes_back_as_it_was(one: Any) -> None:
    values = {each.name: each.choices[-1] if each.kind == "choice" else not each.default
              if each.kind == "flag" else each.high for each in one.parameters
              if each.kind in ("choice", "flag", "number", "integer")}
    live = {each.name: each.low for each in one.parameters if each.kind == "number" and not each.restart}
    way = (Change(3, live),) if live and one.trains else ()
    given = Handed(one.id, from_dict(one.params, values), way, 7 if one.trains else 0, "0.1.0")
    text = link.line(given)
    assert len(text) < 2000 and re.fullmatch(r"bml:[A-Za-z0-9_-]+", text)
    assert link.read(text) == given
    assert link.read(f"<{text[:30]}\n{text[30:]}>. ") == given  # as a mail breaks it


def test_that_a_line_with_any_letter_altered_is_refused_or_means_the_same() -> None:
    given = some(cell="LSTM", step=40, changes=(Change(10, {"learning_rate": 0.02}),))
    text, chance = link.line(given), random.Random(0)
    for at in range(4, len(text)):
        other = chance.choice([one for one in "ABab09_-" if one != text[at]])
        altered = text[:at] + other + text[at + 1:]
        if at == len(text) - 1 and base64.urlsafe_b64decode(altered[4:] + "==") \
                == base64.urlsafe_b64decode(text[4:] + "=="):
            continue  # the last letter has bits that mean nothing
        with pytest.raises(Refusal, match=r"not whole|newer version"):
            link.read(altered)
    for cut in (5, 8, len(text) - 3):
        with pytest.raises(Refusal, match="not whole"):
            link.read(text[:cut])


@pytest.mark.parametrize(("document", "said"), [
    ({"p": "rnn_gradient", "v": "1", "d": {}}, "nearest is rnn_gradients"),
    ({"p": "rnn_gradients", "v": "1", "d": {"cell": "lstm"}}, "cell is one of"),
    ({"p": "rnn_gradients", "v": "1", "d": {"cells": "GRU"}}, "no parameter"),
    ({"p": "rnn_gradients", "v": "1", "d": {"seed": 10**30}}, "whole number"),
    ({"p": "rnn_gradients", "v": "1", "d": {}, "s": -1}, "not whole"),
    ({"p": "rnn_gradients", "v": "1", "d": {}, "s": 5, "c": [[9, {"learning_rate": 0.1}]]}, "not whole"),
    ({"p": "rnn_gradients", "v": "1", "d": {}, "s": 9, "c": [[5, {"cell": "GRU"}]]}, "not whole"),
    ({"p": "rnn_gradients", "v": "1", "d": {}, "s": 9, "c": [[5, {}]]}, "not whole"),
    ({"p": "rnn_lm", "v": "1", "d": {"text": "file:/etc/passwd"}}, "another machine"),
    ({"p": "rnn_gradients", "v": "1"}, "not whole"), ([], "not whole"), (3, "not whole"),
    ({"p": ["x"], "v": "1", "d": {}}, "not whole"), ({"p": "x" * 99, "v": "1", "d": {}}, "not whole"),
    ({"p": "dot_product", "v": "1", "d": {}, "s": 5}, "not whole"),
])
def test_that_what_the_panel_does_not_declare_is_one_sentence(document: Any, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        link.read(packed(document))
    told = window_words("en").tell(refused.value.message, refused.value.values)
    assert said in told and "\n" not in told


def test_that_a_newer_format_and_a_line_that_unpacks_to_too_much_are_refused() -> None:
    with pytest.raises(Refusal, match="newer version"):
        link.read(packed({}, version=2))
    with pytest.raises(Refusal, match="not whole"):
        link.read(packed({"p": "x" * (1 << 20)}))
    with pytest.raises(Refusal, match="not whole"):
        link.read("bml:" + "A" * 3000)
    with pytest.raises(Refusal, match="begins with bml:"):
        link.read("https://example.org")


def test_that_a_file_of_ones_own_or_a_long_text_is_not_handed_on() -> None:
    with pytest.raises(Refusal, match="file of your own"):
        link.line(some("rnn_lm", text="file:/home/me/diary.txt"))
    noise = "".join(random.Random(0).choices([chr(one) for one in range(0x4E00, 0x9000)], k=1500))
    with pytest.raises(Refusal, match="too long"):
        link.line(some("rnn_lm", prompt=noise) if "prompt" in dir(panel("rnn_lm").params())
                  else some("tokenization", text=noise))


def test_that_too_many_changes_leave_the_last_values() -> None:
    chance = random.Random(0)
    way = tuple(Change(at, {"learning_rate": chance.uniform(0.001, 0.1)}) for at in range(400))
    given = some(changes=way, step=500)
    back = link.read(link.line(given))
    assert back.changes == () and back.params == given.now and back.step == 500


# --- the command line ----------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="reads lines as a POSIX shell does")
@pytest.mark.parametrize("given", [
    some(), some(cell="LSTM", seed=7, learning_rate=0.0123456789, step=25),
    some(changes=(Change(0, {"learning_rate": 0.02}),), step=9),
    some(changes=(Change(4, {"learning_rate": 0.02}),), step=9),
], ids=["defaults", "values", "changed at once", "changed on the way"])
def test_that_the_command_leads_back(given: Handed) -> None:
    words = shlex.split(link.command(given))
    assert words[0] == "bigmodels-lab"
    for language in ("en", "zh"):
        back = state(words[1:])(language)
        assert (back.now, back.step) == (given.now, given.step)
    assert shlex.split(link.command(given, render=True))[:2] == ["bigmodels-lab", "render"]


def texts() -> list[tuple[str, str]]:
    """A text or a hidden value of some panels."""
    found = {}
    for one in panels():
        for each in one.parameters:
            if each.kind == "text" and each.check is None:
                found.setdefault(each.kind, (one.id, each.name))
    return list(found.values())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
@pytest.mark.parametrize(("id", "name"), texts())
def test_that_a_shell_hands_over_blanks_and_quotes(id: str, name: str) -> None:
    given = some(id, **{name: ODD})
    say = "import sys, json; print(json.dumps(sys.argv[1:]))"
    command = link.command(given).removeprefix("bigmodels-lab ")
    told = subprocess.run(["sh", "-c", f"{shlex.quote(sys.executable)} -c {shlex.quote(say)} {command}"],
                          capture_output=True, text=True, check=True, encoding="utf-8").stdout
    assert state(json.loads(told))("en").params == given.params


def test_that_main_opens_a_line_and_values(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(program, "open_window", lambda asked=None: opened.append(asked("en")) or 0)
    given = some(cell="GRU", step=3)
    assert program.main([link.line(given)]) == 0
    assert program.main(["rnn_gradients", "--set", "cell=GRU", "--steps", "3"]) == 0
    assert [(one.params, one.step) for one in opened] == [(given.params, 3)] * 2
    for wrong in (["bml:AAAA"], ["rnn_gradients", "--set", "cell=gru"],
                  [link.line(given), "--set", "cell=LSTM"]):
        assert program.main(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert len(opened) == 2


def test_that_render_draws_a_line_as_its_values_say(tmp_path: Path) -> None:
    from app.headless.commands import run

    way = (Change(2, {"learning_rate": 0.05}),)
    for name, what in (("line", [link.line(some(changes=way, step=4))]),
                       ("values", ["rnn_gradients", "--steps", "4"])):
        assert run(["render", *what, "--json", str(tmp_path / f"{name}.json")]) == 0
    line, values = (json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
                    for name in ("line", "values"))
    assert line["params"]["learning_rate"] == 0.05 and line["step"] == values["step"] == 4
    assert line["scalars"] != values["scalars"]


# --- in the window -------------------------------------------------------------------------------


def test_that_a_state_is_copied_and_pasted_by_keys(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.session.step(5)
    qtbot.waitUntil(lambda: window.session.last_step == 5, timeout=10_000)
    window.session.set_params(learning_rate=0.3)
    window.session.step(5)
    qtbot.waitUntil(lambda: window.session.last_step == 10, timeout=10_000)
    curve, position = list(window.session.history["distance"]), window.session.current().frame.position
    qtbot.keyClick(window, Qt.Key.Key_C, CTRL | Qt.KeyboardModifier.ShiftModifier)
    text = QGuiApplication.clipboard().text()
    assert text.startswith("bml:") and "line of" in window.toast.text()
    window.session.open(window.session.panel.params())
    qtbot.waitUntil(lambda: window.session.last_step == 0 and window.session.state.name == "PAUSED")
    window.show_home()
    qtbot.keyClick(window, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: window.session is not None and window.session.last_step == 10, timeout=10_000)
    assert window.session.params.learning_rate == 0.3 and window.session.state.name == "PAUSED"
    assert list(window.session.history["distance"]) == curve
    assert window.session.current().frame.position == position
    assert window.side.controls.control("learning_rate") is not None
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)  # and back to what was there
    qtbot.waitUntil(lambda: window.session.last_step == 0)
    assert window.session.params.learning_rate == 0.1


def test_that_an_earlier_step_is_handed_on_as_it_was(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.session.step(4)
    qtbot.waitUntil(lambda: window.session.last_step == 4, timeout=10_000)
    window.session.set_params(learning_rate=0.3)
    window.session.step(4)
    qtbot.waitUntil(lambda: window.session.last_step == 8, timeout=10_000)
    window.session.seek(3, exact=True)
    qtbot.waitUntil(lambda: window.session.step_shown == 3, timeout=10_000)
    window.do("copy-link")
    back = link.read(QGuiApplication.clipboard().text())
    assert (back.step, back.now.learning_rate) == (3, 0.1)


@pytest.mark.parametrize(("language", "none", "damaged"), [
    ("en", "The clipboard has no link", "not whole"), ("zh", "剪贴板里没有链接", "不完整")])
def test_that_what_cannot_be_pasted_is_said(
    lab: Any, qtbot: Any, language: str, none: str, damaged: str
) -> None:
    window = lab(language=language)
    for text, said in (("hello", none), ("bml:AAAA", damaged)):
        QGuiApplication.clipboard().setText(text)
        qtbot.keyClick(window, Qt.Key.Key_V, CTRL)
        assert said in window.toast.text()
    assert window.session.state.name == "PAUSED"


def test_that_a_line_is_opened_from_the_palette_and_never_pasted_from_a_field(lab: Any, qtbot: Any) -> None:
    window = lab()
    given = Handed("tiny", changed(window.session.params, start="left"), (), 6, "0.0.9")
    QGuiApplication.clipboard().setText(link.line(given))
    qtbot.keyClick(window, Qt.Key.Key_K, CTRL)
    palette = window.findChild(Palette)
    qtbot.keyClick(palette.field, Qt.Key.Key_V, CTRL)
    assert window.session.params.start == "right"
    assert [palette.list.item(row).text() for row in range(palette.list.count())] == ["Open this state"]
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.last_step == 6, timeout=10_000)
    assert window.session.params.start == "left"
    assert "version 0.0.9" in window.toast.text()


@pytest.fixture(autouse=True)
def small_panel_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue, with the small panel of the tests."""
    from small.l2_networks.tiny.panel import PANEL

    monkeypatch.setattr(link, "find_panel", lambda id: PANEL if id == "tiny" else panel(id))


def test_that_the_code_is_shown_large_by_a_key(lab: Any, qtbot: Any) -> None:
    window = lab()
    qtbot.keyClick(window, Qt.Key.Key_Q,
                   Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    sheet = window.findChild(CodeSheet)
    assert sheet.isVisible() and sheet.code.height() > window.height() / 2
    assert link.read(sheet.code.accessibleDescription()).panel == "tiny"
    drawn = sheet.code.grab().toImage()
    ratio, modules = drawn.devicePixelRatio(), qr.image(sheet.code.accessibleDescription())
    each = int(min(drawn.width(), drawn.height()) / modules.width())
    left, top = ((length - each * modules.width()) / 2 for length in (drawn.width(), drawn.height()))
    assert ratio == 1 and each >= 4
    for y in range(modules.height()):
        for x in range(modules.width()):
            seen = drawn.pixelColor(int(left + (x + 0.5) * each), int(top + (y + 0.5) * each)).lightness()
            assert (seen > 128) == (modules.pixelColor(x, y).lightness() > 128)
    qtbot.mouseClick(sheet.button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == sheet.code.accessibleDescription()
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not window.findChildren(CodeSheet) or not sheet.isVisible()


def test_that_a_code_has_its_corners_and_its_quiet_zone() -> None:
    made = qr.image("bml:" + "x" * 1990)
    assert made.width() <= 160
    black = [[made.pixelColor(x, y).lightness() == 0 for x in range(made.width())]
             for y in range(made.height())]
    assert not any(any(row[:qr.QUIET]) for row in black) and not any(map(any, black[:qr.QUIET]))
    assert black[qr.QUIET][qr.QUIET:qr.QUIET + 8] == [True] * 7 + [False]


# --- pages ---------------------------------------------------------------------------------------


def page_of(language: str, **more: Any) -> handout.Leaf:
    image = QImage(900, 600, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkCyan)
    given = some(cell="LSTM", step=1500, changes=(Change(10, {"learning_rate": 0.02}),))
    return handout.leaf(Said(panel("rnn_gradients"), language), given, image, **more)


@pytest.mark.parametrize(("language", "says"), [
    ("en", ["step 1,500", "seed 0", "From step 10 on: Learning rate 0.02.", "<b>LSTM</b>",
            "What &lt;b&gt;?"]),
    ("zh", ["第 1,500 步", "随机种子 0", "从第 10 步起", "<b>LSTM</b>", "What &lt;b&gt;?"])])
def test_that_a_page_of_html_has_everything_in_it(
    qapp: Any, tmp_path: Path, language: str, says: list[str]
) -> None:
    one, file = page_of(language, question="What <b>?", answers=("this", "that")), tmp_path / "a.html"
    assert list(handout.save([one, one], 2, file, window_words(language), "Two")) == [(1, 2), (2, 2)]
    told = file.read_text("utf-8")
    assert all(each in told for each in [*says, one.link, "this", "that", Said(
        panel("rnn_gradients"), language).claim])
    bare = re.sub(r"data:image/png;base64,[^\"]*", "", told)
    assert not re.search(r"https?:|//|<script|<link|url\(|\bon\w+=", bare)
    images = [base64.b64decode(each) for each in re.findall(r"base64,([^\"]+)", told)]
    assert len(images) == 4 and all(QImage.fromData(each).width() > 20 for each in images)
    assert link.read(one.link).now.cell == "LSTM"


@pytest.mark.parametrize("answers", [2, 40])
def test_that_a_page_of_pdf_is_one_sheet_however_much_it_says(
    qapp: Any, tmp_path: Path, answers: int
) -> None:
    one = page_of("en", question="What comes?", answers=("an answer of some words",) * min(answers, 12),
                  note="A note. " * 3 * answers)
    file = tmp_path / "a.pdf"
    assert list(handout.save([one] * 3, 3, file, window_words("en"), "x"))[-1] == (3, 3)
    data = file.read_bytes()
    assert data.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", data)) == 3


def test_that_a_page_that_cannot_be_written_is_one_sentence_and_leaves_what_was_there(
    qapp: Any, tmp_path: Path
) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"before")
    going = handout.save([page_of("en")] * 2, 2, file, window_words("en"), "x")
    next(going)
    going.close()
    assert file.read_bytes() == b"before" and list(tmp_path.iterdir()) == [file]
    with pytest.raises(Refusal, match=r"\.pdf or \.html"):
        list(handout.save([page_of("en")], 1, tmp_path / "a.doc", window_words("en"), "x"))
    with pytest.raises(Refusal, match="no folder"):
        list(handout.save([page_of("en")], 1, tmp_path / "gone" / "a.pdf", window_words("en"), "x"))


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_that_the_window_writes_the_moment(lab: Any, qtbot: Any, tmp_path: Path, suffix: str) -> None:
    window, file = lab(), tmp_path / f"a{suffix}"
    window.handing.save_page(file)
    qtbot.waitUntil(file.exists, timeout=10_000)
    assert "Saved" in window.toast.text() and file.stat().st_size > 5000


@pytest.mark.parametrize("hall", [False, True])
def test_that_a_page_is_light_whatever_the_window_looks_like(
    lab: Any, qtbot: Any, tmp_path: Path, hall: bool
) -> None:
    window, file = lab(theme="dark"), tmp_path / "a.html"
    if hall:
        qtbot.keyClick(window, Qt.Key.Key_H)
    before = window.look
    window.handing.save_page(file)
    qtbot.waitUntil(file.exists, timeout=10_000)
    data = re.search(r'class="picture" src="data:image/png;base64,([^"]+)"', file.read_text("utf-8"))
    assert data is not None and window.look == before and before.theme.name == "dark"
    image = QImage.fromData(base64.b64decode(data.group(1)))
    assert image.width() == round(handout.SIZE.width() * handout.SHARP)
    corner, shades = QColor(theme("light").ground), []
    assert image.pixelColor(0, 0) == corner
    for y in range(0, image.height(), 7):
        shades += [image.pixelColor(x, y).lightnessF() for x in range(0, image.width(), 7)]
    assert sorted(shades)[len(shades) // 20] > 0.5, "cards, ground and controls are light"


# --- a lecture -----------------------------------------------------------------------------------

SCRIPT = """
format = "Big Models Lab lecture"
version = 1
title = { en = "Two losses", zh = "两种损失" }
[[moment]]
panel = "softmax_loss"
name = { en = "Sure of it", zh = "很有把握" }
note = { en = "Point at the bar.", zh = "指一指条形。" }
ask = { en = "Which is larger?", zh = "哪个更大？", answer = [
  { en = "this", zh = "这个", right = "step >= 0" }, { en = "that", zh = "那个", right = "step < 0" } ] }
[[moment]]
panel = "softmax_loss"
name = { en = "In doubt", zh = "有疑问" }
fill = 1
"""


@pytest.mark.parametrize(("language", "says", "note"), [
    ("en", ["Sure of it", "In doubt", "1 / 2 · ", "Which is larger?", "that"], "Point at the bar."),
    ("zh", ["很有把握", "有疑问", "2 / 2 · ", "哪个更大？", "那个"], "指一指条形。")])
def test_that_a_lecture_is_a_handout_with_all_its_moments(
    qapp: Any, tmp_path: Path, language: str, says: list[str], note: str
) -> None:
    from app.headless.commands import run

    script = tmp_path / "two.toml"
    script.write_text(SCRIPT, "utf-8")
    for more in ([], ["--notes"]):
        out = tmp_path / f"a{len(more)}.html"
        assert run(["lecture", str(script), "--lang", language, "--handout", str(out), *more]) == 0
        told = out.read_text("utf-8")
        assert all(each in told for each in says) and (note in told) == bool(more)
        assert len(re.findall(r"bml:[A-Za-z0-9_-]{20,}", told)) == 2
        assert told.count("data:image/png") == 4
    assert run(["lecture", str(script), "--handout", str(tmp_path / "a.doc")]) == 2


def test_that_the_window_writes_the_handout_of_a_lecture_that_has_its_runs(
    lab: Any, qtbot: Any, tmp_path: Path
) -> None:
    from app.files import lecture
    from app.headless.commands import run

    script, whole = tmp_path / "two.toml", tmp_path / "two.lecture"
    script.write_text(SCRIPT, "utf-8")
    run(["lecture", str(script), "--save", str(whole)])
    window, out = lab(), tmp_path / "a.pdf"
    with pytest.raises(Refusal, match="rehearse it"):
        window.handing.save_handout(lecture.read(script), out)
    window.handing.save_handout(lecture.read(whole), out)
    assert not out.exists()  # a page at each turn of the window
    qtbot.waitUntil(out.exists, timeout=10_000)
    assert len(re.findall(rb"/Type\s*/Page\b", out.read_bytes())) == 2
    window.handing.save_handout(lecture.read(whole), tmp_path / "b.pdf")
    window.handing.close()  # given up
    assert not (tmp_path / "b.pdf").exists() and not list(tmp_path.glob(".new-*"))

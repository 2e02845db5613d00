"""A learner's way: what is kept of it, how long somebody was there, the map, and going on."""

from __future__ import annotations

import csv
import graphlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel

from app.files import learned as files
from app.files.learned import Learned
from app.files.link import Handed, line
from app.files.settings import Settings
from app.session.tours import Answer, Ask, TourStep
from app.window import attention as attending
from app.window.attention import Attention
from app.window.course import AskFirst, CourseMap, CoursePage, broken, duration
from app.window.home import Door
from visualizers.catalog import LECTURES, Said, beyond, panel, panels, supports
from visualizers.refusal import Refusal
from widgets.pictures.picture import Picture
from widgets.theme.look import Look, hall_look, theme
from widgets.theme.words import window_words

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier

# --- the record ----------------------------------------------------------------------------------


def test_that_the_record_comes_back_and_counts_tries_apart(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "learned.json"
    record = Learned(file)
    assert record.saw("ngram", 0, 5) and not record.saw("ngram", 0, 5)
    for step, outcomes in enumerate((["right"], ["wrong", "right"], ["shown", "right"], ["wrong"],
                                     ["wrong", "wrong", "right"], ["right", "right"])):
        for one in outcomes:
            record.tried("ngram", step, one)
    record.spent("ngram", 61.25)
    record.stopped = "bml:AAAA"
    assert record.save()
    back = Learned(file)
    done = back.of("ngram")
    assert (done.seen, done.steps, done.seconds, back.stopped) == ({0}, 5, 61.2, "bml:AAAA")
    assert (done.right(1), done.right(2), len(done.tries)) == (2, 2, 6)


def test_that_two_windows_add_up_and_what_was_deleted_stays_deleted(tmp_path: Path) -> None:
    file = tmp_path / "learned.json"
    first = Learned(file)
    first.spent("ngram", 10)
    first.tried("ngram", 1, "wrong")
    first.save()
    second = Learned(file)
    for record, step, outcome in ((first, 2, "right"), (second, 3, "shown")):
        record.spent("ngram", 5)
        record.saw("ngram", step, 9)
        record.tried("ngram", 1, outcome)
        record.save()
        record.save()  # adds nothing
    done = Learned(file).of("ngram")
    assert (done.seconds, done.seen, done.tries) == (20, {2, 3}, {1: ["wrong", "right", "shown"]})
    assert second.forget() and not file.exists() and not second.panels
    first.spent("word2vec", 3)
    first.save()
    assert {id: one.seconds for id, one in Learned(file).panels.items()} == {"word2vec": 3}


@pytest.mark.parametrize("damaged", [
    b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000, b'{"panels": 3}', b'{"panels": {"ngram": []}}',
    b'{"panels": {"../x": {"seconds": 4}, "a b": {}}}', b'{"stopped": "rm -rf"}',
    b'{"panels": {"ngram": {"seen": [true, -1, 1e9, "x"], "tries": {"-1": ["right"], "x": 3, "2": 3, '
    b'"99999": ["right"]}, "seconds": -1, "steps": 1e3}}}',
    b'{"panels": {"ngram": {"seconds": NaN}}}', b'{"panels": {"ngram": {"seconds": true}}}',
    b" " * (files.LARGEST + 1)])
def test_that_a_damaged_record_is_as_if_it_had_never_been_there(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / "learned.json"
    file.write_bytes(damaged)
    record = Learned(file)
    assert set(record.panels) <= {"ngram"} and record.stopped == ""
    assert record.of("ngram") == files.Done()
    record.spent("ngram", 1)
    assert record.save() and Learned(file).of("ngram").seconds == 1


def test_that_the_record_is_bounded_and_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "learned.json"
    record = Learned(file)
    for number in range(files.MOST_PANELS + 50):
        record.spent(f"p{number}", 1)
    for _ in range(50):
        record.tried("p0", 0, "wrong")
    record.saw("p0", 10**6, 3)
    record.save()
    back = Learned(file)
    assert len(back.panels) == files.MOST_PANELS and len(back.of("p0").tries[0]) == files.MOST_TRIES
    assert not back.of("p0").seen and file.stat().st_size < files.LARGEST
    (tmp_path / "folder").mkdir()
    other = Learned(tmp_path / "folder")
    other.spent("ngram", 1)
    assert not other.save() and not other.forget() and (tmp_path / "folder").is_dir()


# --- being there ---------------------------------------------------------------------------------


def test_that_only_time_with_the_window_in_front_and_something_done_counts(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, now, place, spent = QLabel("here"), [100.0], ["ngram"], []
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    monkeypatch.setattr(attending, "monotonic", lambda: now[0])
    watching = Attention(window, lambda: place[0], lambda id, seconds: spent.append((id, seconds)))
    watching._timer.stop()

    def after(seconds: float) -> list[tuple[str, float]]:
        spent.clear()
        for _ in range(round(seconds)):
            now[0] += 1
            watching.look()
        return list(spent)

    assert after(3) == [("ngram", 1.0)] * 3
    assert len(after(100)) == attending.STILL - 3  # nobody touches anything
    watching.acted()
    assert after(2) == [("ngram", 1.0)] * 2
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    assert after(2) == []
    monkeypatch.undo()
    monkeypatch.setattr(attending, "monotonic", lambda: now[0])
    place[0] = ""
    watching.acted()
    assert after(2) == []
    place[0] = "word2vec"
    now[0] += 3600  # the machine slept
    watching.acted()
    spent.clear()
    watching.look()
    assert not spent and after(1) == [("word2vec", 1.0)]


def test_that_a_time_is_written_in_what_it_has() -> None:
    said = {language: [duration(one, window_words(language)) for one in (8, 60, 3599, 7500)]
            for language in ("en", "zh")}
    assert said == {"en": ["8 s", "1 min", "1 h 0 min", "2 h 5 min"],
                    "zh": ["8 秒", "1 分钟", "1 小时 0 分钟", "2 小时 5 分钟"]}


# --- in the window -------------------------------------------------------------------------------

STEP = TourStep({"en": "Train.", "zh": "训练。"}, {}, 10, True, "step == 10", {"en": "So.", "zh": "好。"},
                Ask({"en": "Where?", "zh": "哪里？"}, (
                    Answer({"en": "out", "zh": "外"}, "step < 0", {"en": "No.", "zh": "不。"}),
                    Answer({"en": "rest", "zh": "停"}, "step > 0", {}))))


def test_that_steps_seen_and_both_tries_are_kept_from_the_keys(
    lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.window.guide.load_tour", lambda _: (STEP, STEP))
    window = lab()
    tour = window.guiding.tour("tiny")
    for step, keys, tries in ((0, "1", ["wrong"]), (0, "2", ["wrong", "right"]), (1, "0", ["shown"])):
        tour.ask(step)
        assert tour.open == step
        qtbot.keyClick(window, keys)
        qtbot.waitUntil(lambda: not tour.running, timeout=10_000)
        assert tour.state(step) == "done"
        assert window.learned.of("tiny").tries[step] == tries
    tour.ask(0)  # who knows it is not asked a third time
    assert tour.open is None
    qtbot.waitUntil(lambda: not tour.running, timeout=10_000)
    window.close()
    done = Learned(tmp_path / "learned.json").of("tiny")
    assert (done.seen, done.steps, done.right(1), done.right(2)) == ({0, 1}, 2, 0, 1)
    assert done.tries == {0: ["wrong", "right"], 1: ["shown"]}


@pytest.fixture
def tiny_is_known(monkeypatch: pytest.MonkeyPatch) -> Any:
    from small.l2_networks.tiny.panel import PANEL

    monkeypatch.setattr("app.files.link.find_panel", lambda id: PANEL if id == "tiny" else panel(id))
    return PANEL


def test_that_one_goes_on_where_one_stopped_in_another_window(
    lab: Any, qtbot: Any, tiny_is_known: Any
) -> None:
    window = lab()
    window.session.set_params(start="left")
    qtbot.waitUntil(lambda: getattr(window.session.current(), "params", None) == window.session.params,
                    timeout=10_000)
    window.session.step(7)
    qtbot.waitUntil(lambda: window.session.last_step == 7, timeout=10_000)
    window.learned.saw("tiny", 0, 1)
    position = window.session.current().frame.position
    window.close()
    again = lab(open_panel=False, visited=["tiny"], last="tiny")
    door = again.middle.widget(0).findChildren(Door)[0]
    assert door.accessibleName() == "Go on where you stopped: Down a parabola"
    assert "At step 7." in door.accessibleDescription()
    for _ in range(40):
        if not door.hasFocus():
            qtbot.keyClick(again.focusWidget() or again, Qt.Key.Key_Tab)
    qtbot.keyClick(door, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: again.session is not None and again.session.last_step == 7, timeout=10_000)
    assert again.session.params.start == "left" and again.session.current().frame.position == position


def test_that_without_a_line_the_panel_is_opened(lab: Any, qtbot: Any, tiny_is_known: Any) -> None:
    window = lab(open_panel=False, visited=["tiny"], last="tiny")
    for stopped in ("", "bml:AAAA", line(Handed("ngram", panel("ngram").params(), (), 3, "1"))):
        window.show_home()
        window.learned.stopped = stopped
        window.way.resume()
        assert window.place == "tiny"
        window.sessions.clear()


@pytest.mark.parametrize(("language", "deleted"), [("en", "The record is deleted."), ("zh", "记录已删除。")])
def test_that_the_record_is_deleted_only_when_it_is_confirmed(
    lab: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, deleted: str
) -> None:
    monkeypatch.setattr("app.window.way.WRITE_AFTER", 50)
    window, file = lab(language=language), tmp_path / "learned.json"
    window.learned.spent("tiny", 30)
    qtbot.keyClick(window, Qt.Key.Key_M, CTRL)
    page = window.middle.widget(0)
    assert isinstance(page, CoursePage) and window.place == "map"
    qtbot.waitUntil(file.is_file)
    assert str(file) in " ".join(one.text() for one in page.findChildren(QLabel))
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Space):  # Space presses what has the keyboard: keep it
        qtbot.mouseClick(page.forget, LEFT)
        sheet = window.findChild(AskFirst)
        assert sheet.no.hasFocus()
        qtbot.keyClick(sheet.no if key == Qt.Key.Key_Space else sheet, key)
        assert not sheet.isVisible() and file.is_file() and window.learned.of("tiny").seconds
    qtbot.mouseClick(page.forget, LEFT)
    sheet = window.findChildren(AskFirst)[-1]
    qtbot.keyClick(sheet.no, Qt.Key.Key_Backtab)
    assert sheet.yes.hasFocus()
    qtbot.keyClick(sheet.yes, Qt.Key.Key_Space)
    assert not file.exists() and window.toast.text() == deleted
    kept = Settings.load(tmp_path / "settings.json")
    assert (kept.visited, kept.finished, kept.last) == ([], [], "")
    assert not list((tmp_path / "pictures").glob("*.jpg"))


def test_that_the_record_is_written_when_the_window_has_been_quiet_and_at_its_end(
    lab: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.window.way.WRITE_AFTER", 300)
    written: list[float] = []
    save = Learned.save
    monkeypatch.setattr(Learned, "save", lambda self: (written.append(1), save(self))[1])
    window, file = lab(), tmp_path / "learned.json"
    for _ in range(4):
        window.show_map()
        window.open_panel("tiny")
    assert not written and not file.exists(), "turning pages waits for no disk"
    qtbot.waitUntil(lambda: bool(written))
    assert len(written) == 1 and file.is_file()
    window.guiding._judged("tiny", 0, "right")
    window.close()
    assert len(written) == 2 and Learned(file).of("tiny").right(1) == 1, "nothing is lost at the end"


def test_that_the_record_is_exported_as_a_table(lab: Any, tmp_path: Path) -> None:
    window = lab()
    window._attention._timer.stop()
    window.learned.spent("tiny", 30 - window.learned.of("tiny").seconds)
    window.learned.saw("tiny", 0, 4)
    window.learned.tried("tiny", 0, "right")
    for suffix in ("csv", "json"):
        window.way.export(tmp_path / f"a.{suffix}")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    rows = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [{name: str(value) for name, value in one.items()} for one in rows] == table
    assert rows == [{"panel": "tiny", "title": "Down a parabola", "lecture": 2, "opened": True,
                     "tour_steps_seen": 1, "tour_steps": 4, "questions_right_at_first_try": 1,
                     "questions_right_at_second_try": 0, "questions_tried": 1, "seconds": 30}]
    with pytest.raises(Refusal, match=r"\.csv or \.json"):
        window.way.export(tmp_path / "a.txt")


# --- the map -------------------------------------------------------------------------------------


def test_that_nothing_rests_on_itself_however_far() -> None:
    near = {one.id: one.rests_on for one in panels()}
    assert len(list(graphlib.TopologicalSorter(near).static_order())) == len(panels())
    above = supports(panels())
    for one in panels():
        assert one.id not in beyond(one.id, near)
        assert all(one.id in above[id] for id in one.rests_on)
        for id in beyond(one.id, near):
            assert one.id in beyond(id, above)
    assert beyond("compute", near)[:3] == panel("compute").rests_on
    assert "playground" in beyond("compute", near)  # through mixed precision


def course(qtbot: Any, language: str, size: tuple[int, int] = (1250, 690), **settings: Any) -> CoursePage:
    record = Learned()
    record.saw("ngram", 0, 2)
    record.spent("ngram", 90)
    page = CoursePage(Look(theme("light"), window_words(language), 1.0), panels(),
                      Settings(**settings), record)
    qtbot.addWidget(page)
    page.resize(*size)
    page.show()
    return page


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("now", [None, "attention_maps"])
def test_that_every_panel_and_lecture_is_written_whole_on_the_map(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, language: str, now: str | None
) -> None:
    monkeypatch.setattr(Picture, "recording", True)
    page = course(qtbot, language, visited=["ngram"], finished=["ngram"])
    page.map.preview(now, True)
    page.map.grab()
    written = page.map.written
    assert all(one.whole for one in written), [one.text for one in written if not one.whole]
    told = "".join(one.text.replace(" ", "") for one in written)
    for one in panels():
        assert Said(one, language).title.replace(" ", "") in told
    for lecture in LECTURES:
        assert window_words(language)(lecture.title).replace(" ", "") in told
    inside = page.map.rect()
    boxes = [page.map.place(one.id) for one in panels()]
    assert all(inside.contains(one.toAlignedRect()) for one in boxes)
    assert not any(one.intersects(other) for at, one in enumerate(boxes) for other in boxes[:at])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(1280, 720), (1024, 768), (1920, 1080)])
def test_that_the_map_on_a_stage_shows_whole_columns_round_the_last_panel_and_never_scrolls(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, language: str, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(Picture, "recording", True)
    page = CoursePage(hall_look("light", window_words(language), QSize(*size)), panels(),
                      Settings(last="stance"), Learned())
    qtbot.addWidget(page)
    page.resize(size[0] - 30, size[1] - 30)
    page.show()
    picture: CourseMap = page.map

    def seen() -> list[str]:
        picture.grab()
        assert all(one.whole for one in picture.written)
        assert picture.height() == page._area.viewport().height()
        assert picture.width() == page._area.viewport().width()
        shown = [one.id for one in panels() if picture._seen(one.id)]
        assert all(picture.rect().contains(picture.place(id).toAlignedRect()) for id in shown)
        assert picture.reel.before + picture.reel.after == len(panels()) - len(shown) > 0
        told = "".join(one.text.replace(" ", "") for one in picture.written)
        assert all(Said(panel(id), language).title.replace(" ", "") in told for id in shown)
        assert any(re.search(r"\d+", one.text) and "…" in one.text for one in picture.written)
        return shown

    assert "stance" in seen()
    picture.setFocus(Qt.FocusReason.TabFocusReason)
    met = set()
    for _ in range(40):
        qtbot.keyClick(picture, Qt.Key.Key_Right)
        met |= set(seen())
        assert picture.current in met
    assert met == {one.id for one in panels()}, "the keys bring every panel into sight"


def test_that_the_map_is_walked_and_opened_by_keys_and_by_the_mouse(qtbot: Any) -> None:
    page = course(qtbot, "en")
    picture: CourseMap = page.map
    assert "Tab" in page.detail.text()
    picture.setFocus(Qt.FocusReason.TabFocusReason)
    seen = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Left):
        qtbot.keyClick(picture, key)
        seen.append(picture.current)
    first = [one.id for one in panels() if one.lecture == "l1_basics"]
    assert seen[:2] == first[:2] and seen[2] in first[8:] and picture.current in first
    for _ in range(40):  # every panel can be reached
        qtbot.keyClick(picture, Qt.Key.Key_Right)
    assert panel(picture.current).lecture == "l9_social"
    picture.preview("ngram", True)
    assert "1 of 2 steps seen" in page.detail.text() and "2 min" in page.detail.text()
    picture.preview("similar_cases", True)
    assert "Rests on: Attention maps, Embeddings in motion, Retrieval" in page.detail.text()
    assert picture.accessibleDescription().startswith("Similar cases")
    with qtbot.waitSignal(page.chosen) as chosen:
        qtbot.keyClick(picture, Qt.Key.Key_Return)
    assert chosen.args == ["similar_cases"]
    with qtbot.waitSignal(page.chosen) as chosen:
        qtbot.mouseClick(picture, LEFT, pos=picture.place("word2vec").center().toPoint())
    assert chosen.args == ["word2vec"]


def test_that_titles_are_broken_between_words_and_chinese_characters(qtbot: Any) -> None:
    look = Look(theme("light"), window_words("en"), 1.0)
    picture = CourseMap(look, panels(), Settings(), Learned())
    qtbot.addWidget(picture)
    metrics = picture.fonts(12)[1]
    for text in ("A recurrent network learns to write", "句子的卷积神经网络与 RNN 的较量"):
        lines = broken(text, 100, metrics)
        assert len(lines) > 1 and all(metrics.horizontalAdvance(one) <= 100 for one in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")

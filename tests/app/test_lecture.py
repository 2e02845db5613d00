"""Lecture files: what is written is read again, and nothing else is."""

from __future__ import annotations

import dataclasses
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_runfile import equal

from app.engine.protocol import Change
from app.files import lecture as files
from app.files.lecture import Lecture, Moment, parse, read, shipped, spoken, write, written
from app.files.moments import find, keep, recipe
from app.headless.trial import Trial
from app.session.record import Record, Seen, versions
from app.session.tours import Answer, Ask, BadExpression, check, load_tour
from visualizers.catalog import panel, panels
from visualizers.refusal import Refusal

ASK = Ask({"en": "Which?", "zh": "哪个？"}, (
    Answer({"en": "Less", "zh": "更少"}, "loss < 1", {}),
    Answer({"en": "More", "zh": "更多"}, "loss >= 1", {"en": "It falls.", "zh": "它在下降。"})),
    "loss", "loss", (0.0, 2.0))

PLAIN = Moment(
    "rnn_gradients", {"en": "Gates \"open\"", "zh": "门\n打开"}, {"en": "Wait.\tThen \x7f", "zh": "等。"},
    4.5, {"cell": "LSTM", "seed": 7, "beside": "gates"}, 4, (Change(2, {"learning_rate": 0.02}),),
    ("cell", "learning_rate"), 2, 3, 2, "slope < 2", ASK, ((3, 4), (1, 6)))


def trained(moment: Moment) -> Record:
    """The run of a moment, by the plain loop."""
    trial, changes = Trial(panel(moment.panel), moment.params), list(moment.changes)
    film = [Seen(0, trial.params, trial.frame(), 0)]
    for step in range(moment.steps + 1):
        while changes and changes[0].step == step:
            trial.params = dataclasses.replace(trial.params, **changes.pop(0).values)
        if step < moment.steps:
            trial.train(1)
            film.append(Seen(trial.step, trial.params, trial.frame(), trial.step))
    return Record(moment.panel, moment.params, moment.changes, trial.params.seed, "cpu", 1, versions(),
                  trial.history, film, moment.steps)


@pytest.fixture(scope="module")
def lecture() -> Lecture:
    other = Moment("dot_product", {"en": "Softmax"})
    return Lecture({"en": "Mine", "zh": "我的"}, (
        dataclasses.replace(PLAIN, run=trained(PLAIN)), other, dataclasses.replace(PLAIN, tally=())))


@pytest.fixture
def file(tmp_path: Path, lecture: Lecture) -> Path:
    write(tmp_path / "a.lecture", lecture)
    return tmp_path / "a.lecture"


def test_that_what_was_written_is_read_again(file: Path, lecture: Lecture) -> None:
    again = read(file)
    assert again == lecture
    run, old = again.moments[0].run, lecture.moments[0].run
    assert run is not None and old is not None and again.moments[1].run is None
    assert (run.params, run.changes, run.step) == (old.params, old.changes, old.step)
    assert equal(run.film[-1].frame, old.film[-1].frame)


def test_that_a_script_is_the_same_text_without_runs(tmp_path: Path, lecture: Lecture) -> None:
    (tmp_path / "a.toml").write_text(written(lecture), "utf-8")
    again = read(tmp_path / "a.toml")
    assert again == lecture
    assert all(one.run is None for one in again.moments)


def test_that_a_moment_knows_its_values_its_expectation_and_its_question() -> None:
    assert PLAIN.params.cell == "LSTM" and PLAIN.params.seed == 7
    assert (PLAIN.expectation, PLAIN.question) == ("slope < 2", ASK)
    of_the_tour = dataclasses.replace(PLAIN, expect="", ask=None)
    step = load_tour(panel("rnn_gradients"))[1]
    assert (of_the_tour.expectation, of_the_tour.question) == (step.expect, step.ask)
    assert (Moment("dot_product").expectation, Moment("dot_product").question) == ("", None)
    assert spoken({"zh": "门"}, "en") == "门" and spoken({}, "en") == ""


HEAD = 'format = "Big Models Lab lecture"\nversion = 1\n'
ONE = HEAD + '[[moment]]\npanel = "rnn_gradients"\n'


@pytest.mark.parametrize(("text", "said"), [
    ("format = 3", "no lecture of Big Models Lab"),
    (HEAD.replace("1", "2"), "newer version"),
    (HEAD + "surprise = 1", "no 'surprise'"),
    (HEAD + 'title = { fr = "x" }', "no 'fr'"),
    (HEAD + "[[moment]]\npanel = \"nowhere\"", "no panel 'nowhere'"),
    (ONE + "surprise = 1", "no 'surprise'"),
    (ONE + "set = { cell = \"RNN\" }", "one of linear, tanh"),
    (ONE + "set = { sell = 1 }", "no parameter 'sell'"),
    (ONE + "set = { length = 10000 }", "from 5 to 200"),
    (ONE + "steps = -1", "damaged"),
    (ONE + "steps = 1.5", "damaged"),
    (ONE + "minutes = inf", "damaged"),
    (ONE + "controls = [\"sell\"]", "no parameter 'sell'"),
    (ONE + "steps = 9\nchanges = [{ step = 10, set = { clip = 1 } }]", "damaged"),
    (ONE + "steps = 9\nchanges = [{ step = 4, set = {} }, { step = 4, set = {} }]", "damaged"),
    (ONE + "steps = 9\nchanges = [{ step = 4, set = { cell = \"LSTM\" } }]", "cell starts the run again"),
    (ONE + "tour = 99", "no step 99"),
    (ONE + "expect = \"__import__('os').system('ls')\"", "not an expression that a tour may use"),
    (ONE + "expect = \"slope <\"", "not an expression that a tour may use"),
    (ONE + "ask = { en = \"?\", answer = [{ en = \"a\", right = \"1\" }] }", "two to four answers"),
    (ONE + "ask = { en = \"?\", answer = [{ en = \"a\" }, { en = \"b\" }] }", "damaged"),
    (ONE + "ask = { en = \"?\", sketch = \"loss\", curve = \"nothing\", "
           "answer = [{ right = \"1\" }, { right = \"2\" }] }", "one of the panel's scalars"),
    (ONE + "tally = [[1], [2], [3]]", "damaged"),
    (ONE + "tally = [[-1]]", "damaged"),
    (ONE + "run = \"runs/01.bml\"", "damaged"),
    (HEAD + '[[moment]]\npanel = "dot_product"\nsteps = 3', "dot_product trains nothing"),
    (HEAD + "moment = 3", "damaged"),
    ("not a lecture", "Mend that line"),
])
def test_that_what_does_not_fit_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=said) as caught:
        parse(text, "a.toml")
    assert str(caught.value).endswith(".")


def repacked(file: Path, change: Any) -> None:
    """The same file with its members changed."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(("change", "said"), [
    (lambda m: m.pop("lecture.toml"), "no lecture of Big Models Lab"),
    (lambda m: m.update({"runs/09.bml": b""}), "damaged"),
    (lambda m: m.update({"../x": b""}), "damaged"),
    (lambda m: m.update({"x.pickle": pickle.dumps(1)}), "damaged"),
    (lambda m: m.pop("runs/01.bml"), "damaged"),
    (lambda m: m.update({"runs/01.bml": b"nothing"}), "not a lecture"),
    (lambda m: m.update({"lecture.toml": m["lecture.toml"].replace(b"seed = 7", b"seed = 8")}),
     "run of moment 1 is another one"),
    (lambda m: m.update({"lecture.toml": b"x = " + b"1" * (files.LONGEST + 1)}), "damaged"),
])
def test_that_other_members_are_refused(file: Path, change: Any, said: str) -> None:
    repacked(file, change)
    with pytest.raises(Refusal, match=said):
        read(file)


def test_that_what_is_no_lecture_is_one_sentence(tmp_path: Path, monkeypatch: Any, file: Path) -> None:
    with pytest.raises(Refusal, match=r"no file b\.lecture"):
        read(tmp_path / "b.lecture")
    (tmp_path / "c.lecture").write_bytes(b"PK")
    with pytest.raises(Refusal, match="not a lecture"):
        read(tmp_path / "c.lecture")
    monkeypatch.setattr(files, "LARGEST", 1000)
    with pytest.raises(Refusal, match="too large"):
        read(file)


def test_that_too_many_moments_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="at most 100"):
        write(tmp_path / "a.lecture", Lecture({}, (Moment("dot_product"),) * 101))
    assert not (tmp_path / "a.lecture").exists()


def test_that_an_altered_file_is_refused_or_opens(file: Path, lecture: Lecture) -> None:
    whole = file.read_bytes()
    generator = np.random.default_rng(0)
    refused = 0
    for place in generator.integers(0, len(whole), 150):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(generator.integers(8))
        file.write_bytes(bytes(damaged))
        try:
            assert len(read(file).moments) == len(lecture.moments)
        except Refusal:
            refused += 1
    assert refused > 100


def test_that_altered_words_are_refused_or_open(lecture: Lecture) -> None:
    text = written(lecture)
    generator = np.random.default_rng(1)
    letters = sorted({*text, "[", "]", "{", "}", "=", "-", "9", "\"", "\\", "\n", "é"})
    opened = refused = 0
    for _ in range(600):
        start = int(generator.integers(len(text)))
        end = start + int(generator.integers(4))
        put = "".join(generator.choice(letters) for _ in range(int(generator.integers(3))))
        try:
            parse(written(parse(text[:start] + put + text[end:], "a")), "a")
            opened += 1
        except Refusal:
            refused += 1
    assert opened > 100 and refused > 100


def test_that_a_run_is_found_by_its_recipe_alone(tmp_path: Path, lecture: Lecture) -> None:
    moment = lecture.moments[0]
    assert moment.run is not None
    assert find(moment, tmp_path) is None
    assert keep(moment, moment.run, tmp_path / "new")
    found = find(dataclasses.replace(moment, name={}, note={}, minutes=9.0), tmp_path / "new")
    assert found is not None and equal(found.film[-1].frame, moment.run.film[-1].frame)
    for other in ({"steps": 5}, {"set": {"cell": "GRU"}}, {"changes": ()},
                  {"panel": "dot_product", "set": {}}):
        changed = dataclasses.replace(moment, **other)
        assert recipe(changed) != recipe(moment) and find(changed, tmp_path / "new") is None
    file = next((tmp_path / "new").iterdir())
    file.write_bytes(file.read_bytes()[:-30])
    assert find(moment, tmp_path / "new") is None


@pytest.mark.parametrize("one", panels(), ids=lambda one: one.id)
def test_that_every_expression_of_a_tour_may_be_used(one: Any) -> None:
    for step in load_tour(one):
        check(step.expect)
        for answer in step.ask.answers if step.ask else ():
            check(answer.right)


@pytest.mark.parametrize("wrong", [
    "lambda: 1", "[x for x in y]", "a := 1", "a if b else c", "f'{a}'", "a.b(", "a.b(1)", "exec(1)", "a.b.c",
    "'\\d'",
])
def test_that_what_does_more_than_compute_is_no_expression(wrong: str) -> None:
    with pytest.raises(BadExpression):
        check(wrong)


def test_that_what_ships_is_in_the_order_of_the_course_and_says_all_in_both_languages() -> None:
    for number, (name, one) in enumerate(shipped().items(), 1):
        assert name == f"l{number}"
        for texts in (one.title, *(each.name for each in one.moments), *(each.note for each in one.moments)):
            assert texts.keys() == {"en", "zh"} and all(texts.values())
        for moment in one.moments:
            assert find_lecture(moment) and moment.run is None


def find_lecture(moment: Moment) -> str:
    return panel(moment.panel).lecture

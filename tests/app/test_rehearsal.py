"""A rehearsal says of each moment whether it is ready, and why not, and keeps what it made."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.engine.errand import Interrupted
from app.engine.protocol import Change
from app.files import lecture as files
from app.files import moments
from app.files.lecture import Lecture, Moment
from app.files.rehearsed import LIMIT, Rehearsed, reasons
from app.headless.rehearsal import rehearse, with_runs
from app.main import main
from app.session.record import Record
from app.session.tours import Answer, Ask
from widgets.theme.words import Words, window_words

GRADIENTS = Moment("rnn_gradients", name={"en": "Fading"}, set={"length": 10}, steps=4,
                   expect="abs(slope - 0.8) < 0.2 and step == 4")


def tried(moment: Moment, where: Path, limit: float = LIMIT) -> tuple[Rehearsed, Record | None]:
    (one,) = rehearse(Lecture(moments=(moment,)), where=where, limit=limit)
    return one


def why(row: Rehearsed) -> str:
    return "\n".join(reasons(row, Words()))


def test_that_a_moment_that_keeps_its_word_is_ready_and_kept(tmp_path: Path) -> None:
    row, run = tried(GRADIENTS, tmp_path, limit=math.inf)
    assert not row.differs and not row.lacking and reasons(replace(row, opens=0.1), Words()) == []
    kept = moments.find(GRADIENTS, tmp_path)
    assert run is not None and kept is not None and kept.step == run.step == 4
    assert [one.step for one in kept.film] == [0, 1, 2, 3, 4]


def test_that_what_does_not_hold_is_told_with_its_values(tmp_path: Path) -> None:
    row, _ = tried(replace(GRADIENTS, expect="step == 4 and step > 100 and 2 < step * 2 <= 6"), tmp_path)
    assert row.state == "differs"
    assert [part for part, _ in row.expected] == ["step > 100", "2 < step * 2 <= 6"]
    assert "Expected step > 100, but step = 4" in why(row)
    assert "step * 2 = 8" in why(row)


@pytest.mark.parametrize(("rights", "said"), [
    (("step > 5", "step > 6"), "no answer is right"),
    (("step > 1", "step > 2"), "the answers 1, 2 are right"),
])
def test_that_a_question_has_exactly_one_right_answer(
    rights: tuple[str, str], said: str, tmp_path: Path
) -> None:
    ask = Ask({"en": "How many?"}, tuple(Answer({"en": one}, one, {}) for one in rights))
    row, _ = tried(replace(GRADIENTS, ask=ask), tmp_path)
    assert row.state == "differs" and said in why(row)


def test_that_an_expectation_sees_what_was_before_the_last_change(tmp_path: Path) -> None:
    moved = replace(GRADIENTS, changes=(Change(3, {"spectral_radius": 1.2}),),
                    expect="previous.step == 3 and slope > previous.slope + 0.2")
    row, run = tried(moved, tmp_path)
    assert not row.differs, why(row)
    assert run is not None and run.film[-1].params.spectral_radius == 1.2


def test_that_what_is_not_here_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    row, _ = tried(Moment("word_analogies"), tmp_path)  # its vectors are in the data pack
    assert row.state == "lacks"
    assert row.fetch.startswith("bigmodels-lab data fetch ")
    assert row.fetch in why(row)
    assert moments.find(row.moment, tmp_path) is None  # a stand-in's run would pass for the real one


def test_that_an_own_file_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    row, run = tried(Moment("rnn_lm", set={"text": f"file:{tmp_path / 'gone.txt'}"}), tmp_path)
    assert run is None and row.state == "differs" and "gone.txt" in why(row)


def test_that_a_slow_moment_says_what_was_allowed(tmp_path: Path) -> None:
    row, _ = tried(GRADIENTS, tmp_path, limit=1e-6)
    assert row.state == "slow" and "limit" in why(row)


def test_that_a_kept_run_is_compared_bit_for_bit(tmp_path: Path) -> None:
    _, run = tried(GRADIENTS, tmp_path)
    assert run is not None
    row, _ = tried(replace(GRADIENTS, run=run), tmp_path)
    assert row.apart == 0 and not row.differs
    last = run.film[-1]
    other = replace(last.frame, log_gradient=last.frame.log_gradient * np.float32(1.25))
    altered = replace(run, film=[*run.film[:-1], replace(last, frame=other)])
    row, _ = tried(replace(GRADIENTS, run=altered), tmp_path)
    assert row.state == "differs" and row.unlike == "log_gradient" and row.apart == pytest.approx(0.2)
    assert "log_gradient of the kept run is off by 20" in why(row)


def test_that_a_run_of_another_length_is_another_one(tmp_path: Path) -> None:
    _, run = tried(GRADIENTS, tmp_path)
    row, _ = tried(replace(GRADIENTS, steps=5, expect="", run=run), tmp_path)
    assert (row.unlike, row.apart) == ("step", math.inf) and row.state == "differs"


def test_that_nobody_waits_for_what_was_cancelled(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def told(done: int, total: int) -> None:
        seen.append((done, total))
        if done >= 50:
            raise Interrupted

    with pytest.raises(Interrupted):
        list(rehearse(Lecture(moments=(GRADIENTS, GRADIENTS)), where=tmp_path, told=told))
    assert seen[0][0] == 0 and seen[-1][0] < 100 and {total for _, total in seen} == {200}


def test_that_the_command_prints_a_table_and_says_by_its_status_if_all_is_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "mine.toml"
    false = replace(GRADIENTS, name={"en": "Rising"}, expect="slope > 3")
    script.write_text(files.written(Lecture({"en": "Mine"}, (GRADIENTS, false))), "utf-8")
    assert main(["lecture", str(script), "--limit", "1000"]) == 1
    printed = capsys.readouterr().out
    assert "Fading" in printed and "Expected slope > 3" in printed
    assert "1 of 2 moments are ready" in printed
    assert main(["lecture", str(script), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["state"] for one in told["moments"]][1] == "differs" and not told["ready"]
    assert told["moments"][1]["failing"][0]["part"] == "slope > 3"


def test_that_a_rehearsed_lecture_is_saved_with_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, saved = tmp_path / "mine.toml", tmp_path / "mine.lecture"
    script.write_text(files.written(Lecture({"en": "Mine"}, (GRADIENTS,))), "utf-8")
    assert main(["lecture", str(script), "--save", str(saved), "--limit", "1000"]) == 0
    (moment,) = files.read(saved).moments
    assert moment.run is not None and moment.run.step == 4
    assert main(["lecture", str(saved), "--limit", "1000", "--lang", "zh"]) == 0
    assert "逐位相同" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "said"), [
    (["nothing"], "There is no lecture 'nothing'; name a file, or one of l1, l2"),
    (["gone.lecture"], "There is no file gone.lecture"),
    (["l1", "--save", "l1.zip"], "A lecture is saved as .lecture"),
    (["l1", "--limit", "0"], "above 0"),
])
def test_that_a_wrong_call_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lecture", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_that_a_moment_that_could_not_be_made_keeps_the_run_it_had(tmp_path: Path) -> None:
    _, run = tried(GRADIENTS, tmp_path)
    lecture = Lecture(moments=(replace(GRADIENTS, run=run), GRADIENTS))
    assert [one.run for one in with_runs(lecture, [None, run]).moments] == [run, run]


def test_that_texts_and_places_without_a_number_are_compared_too(tmp_path: Path) -> None:
    _, run = tried(Moment("dot_product"), tmp_path)
    assert run is not None
    last = run.film[-1]
    words = tuple(reversed(last.frame.words))
    altered = replace(run, film=[replace(last, frame=replace(last.frame, words=words))])
    row, _ = tried(replace(Moment("dot_product"), run=altered), tmp_path)
    assert (row.unlike, row.apart) == ("words", math.inf)
    assert reasons(row, window_words("zh")) == ["重新生成后，保存的运行中 words 变成了另一个。"]

"""What a session and its worker owe each other, without either: a pool of listeners that only note."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.engine.protocol import Begin, End, Framed, Grant, Hold, Look, Pace, Recall, SetPace
from app.session.conversation import (
    NEWEST,
    UNHEARD,
    Away,
    Conversation,
    Lost,
    Recalling,
    Standing,
)


class Listener:
    alive = ready = True
    pid = 1

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def send(self, message: Any) -> None:
        self.heard.append(message)

    def receive(self) -> list[Any]:
        return []

    def kill(self) -> None:
        self.alive = False


class Listeners:
    def __init__(self) -> None:
        self.taken: list[Listener] = []
        self.back: list[Listener] = []

    def warm(self) -> None: ...

    def take(self) -> Listener:
        self.taken.append(Listener())
        return self.taken[-1]

    def give_back(self, worker: Any) -> None:
        self.back.append(worker)

    def discard(self, worker: Any) -> None:
        worker.kill()


def begin(talk: Conversation) -> Begin:
    return Begin(talk.token, "toys:Counter", None)


def framed(talk: Conversation, step: int = 0, **values: Any) -> Framed:
    return Framed(talk.token, step, None, "p", {"loss": np.zeros(0)}, step,
                  values.pop("version", 0), **values)


def conversation(begun: bool = True) -> tuple[Conversation, Listeners]:
    pool = Listeners()
    talk = Conversation(pool, lambda: None)
    if begun:
        talk.begin(begin(talk))
        talk.heard_of(talk.token)
        talk.framed(framed(talk))
        talk.first_frame("p")
        pool.taken[0].heard.clear()
    return talk, pool


def test_that_at_most_one_unheard_run_is_on_its_way() -> None:
    talk, pool = conversation(begun=False)
    talk.begin(first := begin(talk))
    for _ in range(3):
        talk.about(None)
        talk.begin(last := begin(talk))
    (worker,) = pool.taken
    assert worker.heard == [first]
    talk.heard_of(last.run)
    assert worker.heard == [first], "that one has not been sent yet"
    talk.heard_of(first.run)
    assert worker.heard == [first, last]
    talk.heard_of(last.run)
    assert talk.wait(99) is None


def test_that_a_worker_that_hears_nothing_for_long_is_told_of_with_the_newest_run() -> None:
    talk, pool = conversation(begun=False)
    talk.begin(first := begin(talk))
    pool.taken[0].ready = False
    assert talk.wait(9 * UNHEARD) is None, "it is still being started"
    pool.taken[0].ready = True
    assert talk.wait(UNHEARD) is None
    assert talk.wait(0.1) is first
    talk.about(None)
    talk.begin(second := begin(talk))
    assert talk.wait(0.1) is second
    talk.end_run()
    assert talk.wait(0.1) is first and isinstance(pool.taken[0].heard[-1], End)
    talk.discard()
    assert talk.worker is None and talk.wait(9) is None and not pool.taken[0].alive


def test_that_one_version_of_the_values_is_on_its_way_and_the_newest_follows() -> None:
    talk, pool = conversation()
    talk.grant(1, "q")
    talk.grant(1, "r")
    assert pool.taken[0].heard == [Grant(talk.token, 1, "q", 1), Grant(talk.token, 1)]
    assert talk.told.on_the_way and not talk.told.news("r")
    talk.framed(framed(talk, 1, version=1))
    assert talk.told.news("r") and not talk.told.news("q")
    talk.look("r")
    assert pool.taken[0].heard[-1] == Look(talk.token, "r", 2)
    talk.refused()
    assert not talk.told.on_the_way, "no answer will come"


def test_that_credits_are_counted_from_the_beginning_on_both_sides() -> None:
    talk, pool = conversation()
    talk.grant(2, "p")
    talk.framed(framed(talk, 1, spent=1))
    assert talk.credits.left == 1 and talk.owes
    talk.hold()
    talk.framed(framed(talk, 2, spent=1))  # on its way already
    assert talk.credits.left == 0 and talk.owes
    talk.held()
    assert not talk.owes
    talk.grant_steps(5, "p")
    assert pool.taken[0].heard[-2:] == [SetPace(talk.token, Pace(5, 0.0)), Grant(talk.token, 1)]
    assert talk.credits.stride == 5 and Hold(talk.token) in pool.taken[0].heard


def test_that_one_recall_at_a_time_is_on_its_way_but_for_the_one_to_the_present() -> None:
    talk, pool = conversation()
    assert talk.stand(None) and pool.taken[0].heard == []
    assert not talk.stand(4) and talk.place == Recalling(4)
    assert not talk.stand(3) and not talk.stand(4, anew=True)
    assert pool.taken[0].heard == [Recall(talk.token, 4)]
    talk.framed(framed(talk, 9, recalls=0))
    assert talk.recalling, "that frame was on its way already"
    assert not talk.framed(framed(talk, 4, recalls=1, recalled=True))
    assert talk.place == Standing(4) and talk.stand(4)
    assert not talk.stand(4, anew=True), "a frame of it is wanted"
    assert talk.stand(None) and talk.place == Standing()
    assert pool.taken[0].heard[-1] == Recall(talk.token, NEWEST)
    assert talk.told.news("p"), "the present obeys what was told there"


def test_that_nothing_is_recalled_before_the_steps_that_were_asked_for_are_trained() -> None:
    talk, _ = conversation()
    talk.grant(1, "p")
    assert not talk.stand(2) and talk.place == Standing()
    talk.framed(framed(talk, 1, spent=1))
    talk.stand(0)
    assert talk.place == Recalling(0)


def test_that_a_step_that_turns_out_to_be_the_newest_is_the_present() -> None:
    talk, _ = conversation()
    talk.stand(8)
    assert talk.framed(framed(talk, 6, recalls=1)) and talk.place == Standing()
    assert not talk.framed(framed(talk, 7, recalls=1))


def test_that_after_an_error_the_worker_is_told_again_where_to_stand() -> None:
    talk, pool = conversation()
    talk.grant(1, "p")
    talk.refused()
    assert talk.place == Lost() and talk.owes and talk.begun
    assert talk.stand(None) and pool.taken[0].heard[-1] == Recall(talk.token, NEWEST)


def test_that_a_branch_is_another_run_that_has_shown_nothing() -> None:
    talk, pool = conversation()
    before = talk.token
    talk.grant(2, "p")
    talk.branch(3)
    assert pool.taken[0].heard[-1] == Recall(before, 3, rename=talk.token) and talk.token != before
    assert talk.place == Away() and not talk.owes and talk.told.news("p")


def test_that_only_a_worker_that_answers_is_given_back() -> None:
    for silence, given in ((0.0, True), (UNHEARD, False)):
        talk, pool = conversation()
        talk.silence = silence
        talk.close()
        assert (pool.back == pool.taken) is given and talk.worker is None and not talk.begun
    talk, pool = conversation(begun=False)
    talk.begin(begin(talk))
    talk.close()
    assert pool.back == [], "it is deep in a set-up"

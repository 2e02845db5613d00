"""Silicon samples: the fit against scikit-learn's, samples against their odds, answers against scores."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from visualizers.data import Data
from visualizers.data.sources.anes96 import voters
from visualizers.data.voters import FACTS, made, odds
from visualizers.l9_social.silicon_sample import experiment
from visualizers.l9_social.silicon_sample.experiment import (
    DRAWS,
    FOLDS,
    SiliconSample,
    preference,
    tempered,
    tie,
)
from visualizers.l9_social.silicon_sample.panel import Frame, Params
from visualizers.l9_social.silicon_sample.personas import EDGES, NAMES, described, groups
from visualizers.models.language import Language
from visualizers.panel import Context


def begin(seed: int = 5, **values: Any) -> tuple[SiliconSample, Params]:
    params = Params(**{"people": "made", "seed": seed, **values})
    return SiliconSample(params, Context("cpu", seed, Data())), params


def run(steps: int, seed: int = 5, **values: Any) -> tuple[SiliconSample, Frame]:
    one, params = begin(seed, **values)
    for _ in range(steps):
        one.step(params)
    return one, one.frame(params)


@pytest.mark.parametrize("told", [{}, {"party": False, "age": False}])
def test_that_each_voter_is_answered_for_by_a_regression_on_the_others(told) -> None:
    one, params = begin(learning_rate=3.0, **told)
    for _ in range(250):
        one.step(params)
    x, y, fold = one.x.numpy(), one.voters.vote, one.fold.numpy()
    assert np.bincount(fold).tolist() == [189, 189, 189, 189, 188] and FOLDS == 5
    for held in range(FOLDS):
        fit = LogisticRegression(C=1e9).fit(x[fold != held, :-1], y[fold != held])
        assert one.z[fold == held] == pytest.approx(fit.decision_function(x[fold == held, :-1]), abs=0.02)


def test_that_a_step_is_gradient_descent_on_the_cross_entropy_of_each_fold() -> None:
    one, params = begin(learning_rate=0.7)
    one.step(params)
    w = one.w.clone().requires_grad_()
    loss = sum(torch.nn.functional.binary_cross_entropy_with_logits(
        one.x[one.fold != held] @ w[:, held], one.y[one.fold != held]) for held in range(FOLDS))
    assert isinstance(loss, torch.Tensor)
    loss.backward()
    one.step(params)
    assert w.grad is not None
    assert one.w.numpy() == pytest.approx((w - 0.7 * w.grad).detach().numpy(), abs=1e-6)


def test_that_temperature_is_the_power_of_the_odds() -> None:
    z = np.linspace(-4, 4, 9)
    p = 1 / (1 + np.exp(-z))
    for T in (0.3, 1.0, 2.5):
        raised = p ** (1 / T)
        assert tempered(z, T) == pytest.approx(raised / (raised + (1 - p) ** (1 / T)))
    assert tempered(z, 0.0).tolist() == [0, 0, 0, 0, 0.5, 1, 1, 1, 1]
    assert tempered(z, 1e-9)[[0, -1]] == pytest.approx([0, 1])


def test_that_the_tie_is_the_correlation_with_single_answers() -> None:
    rng = np.random.default_rng(3)
    fact, answers = rng.integers(0, 7, 400).astype(np.float32), rng.random((400, 5)) < 0.4
    long = np.corrcoef(np.repeat(fact, 5), answers.ravel())[0, 1]
    assert tie(fact, answers.mean(1)) == pytest.approx(long, abs=1e-6)
    assert tie(fact, answers[:, 0]) == pytest.approx(np.corrcoef(fact, answers[:, 0])[0, 1], abs=1e-6)
    assert tie(fact, np.ones(400)) == 0.0


@pytest.mark.parametrize("T", [0.0, 1.0, 2.0])
def test_that_shares_of_groups_are_those_of_the_drawn_answers(T) -> None:
    one, frame = run(40, temperature=T)
    drawn = one.chance < tempered(one.z, T)[:, None]
    party = one.voters.facts[:, FACTS.index("party")]
    for group in range(7):
        assert frame.true[group] == pytest.approx(one.voters.vote[party == group].mean(), abs=1e-6)
        assert frame.simulated[group] == pytest.approx(drawn[party == group].mean(), abs=1e-6)
    assert frame.simulated_total == pytest.approx(drawn.mean())
    assert drawn.mean() == pytest.approx(tempered(one.z, T).mean(), abs=4 / np.sqrt(drawn.size))
    at = int(np.abs(frame.temperatures - T).argmin())
    assert frame.total_at[at] == pytest.approx(frame.simulated_total, abs=0.02)
    assert frame.tie_at[at] == pytest.approx(frame.simulated_tie, abs=0.02)
    assert frame.gap == pytest.approx(np.average(np.abs(frame.true - frame.simulated),
                                                 weights=frame.sizes), abs=1e-6)


def effect(seed: int, people: str) -> None:
    """What the course says: the total at every temperature, the tie at three."""
    _, frame = run(60, seed, people=people)
    assert np.ptp(frame.total_at[:21]) < 0.04 and np.abs(frame.total_at[:21] - frame.total).max() < 0.04
    at = {T: float(frame.tie_at[round(10 * T)]) for T in (0, 1, 2)}
    assert [at[0], at[1], at[2]] == pytest.approx([0.91, 0.785, 0.58], abs=0.025)
    assert frame.tie == pytest.approx(0.80, abs=0.01)


@pytest.mark.parametrize("seed", [3, 11])
def test_that_the_total_stays_and_the_tie_does_not(seed) -> None:
    effect(seed, "made")
    _, blind = run(60, seed, temperature=1.0, party=False, ideology=False)
    assert abs(blind.simulated_total - blind.total) < 0.02 and blind.simulated_tie < 0.1
    assert blind.gap > 0.3


@pytest.mark.pack("statsmodels")
def test_that_the_same_holds_for_the_voters_of_the_survey() -> None:
    effect(3, "ANES 1996")
    found = Data().read("table", "anes96")
    assert len(found.vote) == 944 and found.vote.mean() == pytest.approx(0.416, abs=5e-4)
    assert found.facts.min(0).tolist() == [19, 1, 1, 1, 0]
    assert found.facts.max(0).tolist() == [91, 7, 24, 7, 6]
    one, _ = run(60, people="ANES 1996")
    assert one.real and ((one.z > 0) == one.voters.vote).mean() == pytest.approx(0.904, abs=0.012)


def test_that_columns_are_found_by_their_names() -> None:
    head = "'popul'\t'educ'\t'age'\t'PID'\t'income'\t'selfLR'\t'vote'\r\n"
    found = voters(f"{head}5\t3\t40\t6\t1\t7\t1\r\n0\t7\t91\t0\t24\t1\t0")
    assert found.facts.tolist() == [[40, 3, 1, 7, 6], [91, 7, 24, 1, 0]] and found.vote.tolist() == [1, 0]


def test_that_made_votes_follow_their_known_odds() -> None:
    people = made(40_000)
    p = odds(people.facts)
    for low in np.arange(0.0, 1.0, 0.2):
        some = (p >= low) & (p < low + 0.2)
        assert people.vote[some].mean() == pytest.approx(p[some].mean(), abs=0.02)
    assert np.array_equal(made().facts, made().facts)


def test_that_every_value_of_a_fact_has_one_group_and_words_in_every_wording() -> None:
    people = made()
    for column, fact in enumerate(FACTS):
        index, names = groups(fact, people.facts[:, column])
        assert index.min() >= 0 and index.max() < len(names) == len(EDGES[fact]) + 1 == len(NAMES[fact])
    told = dict(zip(FACTS, (36.0, 3.0, 1.0, 7.0, 2.0), strict=True))
    assert described(told, "first person") == (
        "It is 1996. I am 36 years old. My education is high school. My household earns about $2,000 a "
        "year. Politically I am extremely conservative. I am an independent who leans Democrat. I will "
        "vote for the")
    assert "Party: leans Democrat\n" in described(told, "form")
    assert described({}, "form") == "Survey of voters, 1996\nVote:"
    for wording in ("first person", "form", "chat"):
        assert "high school" not in described({"age": 36.0}, wording)


class Letters:
    """A model over ASCII letters that scores the next one by itself and by the last alone."""

    title, limit = "letters", 50

    def __init__(self, tokens: dict[str, list[int]]) -> None:
        self.tokens = tokens
        self.table = torch.randn(256, 256, generator=torch.Generator().manual_seed(2))

    def encode(self, text: str) -> list[int]:
        return self.tokens.get(text, [ord(one) for one in text])

    def scores(self, ids: list[int]) -> torch.Tensor:
        return self.table[ids]

    def next_scores(self, ids: list[int]) -> torch.Tensor:
        return self.table[ids[-1]]


@pytest.mark.parametrize("tokens", [{}, {" D": [7], " R": [9]}])
def test_that_a_preference_is_the_difference_of_the_answers_log_probabilities(tokens) -> None:
    model = Letters(tokens)
    log = model.table.log_softmax(-1)

    def said(answer: str) -> float:
        path = [ord("t"), *model.encode(answer)]
        return float(sum(log[a, b] for a, b in pairwise(path)))

    language: Language = model  # type: ignore[assignment]
    assert preference(language, "for t", (" D", " R")) == pytest.approx(said(" R") - said(" D"), abs=1e-4)
    long = preference(language, "x" * 200 + "t", (" D", " R"))
    assert long == pytest.approx(said(" R") - said(" D"), abs=1e-4)


def test_that_a_language_model_is_asked_one_person_at_a_step(monkeypatch) -> None:
    class Here(Data):
        def model(self, id: str) -> Any:
            return SimpleNamespace(id=id, missing="")

    monkeypatch.setattr(experiment, "open_language", lambda *_: Letters({}))
    params = Params(people="made", who="language model", model="smollm2")
    one = SiliconSample(params, Context("cpu", 5, Here()))
    assert one.frame(params).asked == 0 and one.frame(params).simulated.max() == -1
    for step in range(1, 4):
        said = one.step(params)
        assert one.frame(params).asked == step and np.isfinite(list(said.values())).all()
    first = int(one.order[0])
    assert one.language is not None
    assert one.z[first] == pytest.approx(preference(
        one.language, one.prompt(params, first), (" Democrat", " Republican")), abs=1e-4)
    one.asked = np.ones_like(one.asked)
    assert one.finished(params)


def test_that_the_fitted_model_answers_where_no_language_model_can() -> None:
    notes: list[str] = []
    params = Params(people="made", who="language model", model="smollm2")
    one = SiliconSample(params, Context("cpu", 5, Data(), on_note=lambda text, _: notes.append(text)))
    assert one.language is None and one.asked.all() and len(notes) == 1 and not one.finished(params)
    assert one.chance.shape[1] == DRAWS

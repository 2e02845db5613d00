"""Five steps of a classifier: who may look at what, the stop, the test, and the baselines."""

from __future__ import annotations

import copy
import inspect
import itertools
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from visualizers.data import Data, Labelled
from visualizers.data.reviews import BEST_POSSIBLE
from visualizers.l2_networks.pipeline import experiment
from visualizers.l2_networks.pipeline.experiment import LENGTH, Pipeline, prepare
from visualizers.l2_networks.pipeline.panel import Params
from visualizers.models.tokenizers import Vocabulary, cut
from visualizers.panel import Context

MODELS = ("GRU", "LSTM", "RNN", "CNN", "bag of vectors")


def begin(**values: Any) -> tuple[Pipeline, Params]:
    params = Params(**({"data": "made-reviews"} | values))
    return Pipeline(params, Context("cpu", params.seed, Data())), params


def whole(**values: Any) -> tuple[Pipeline, Params]:
    one, params = begin(**values)
    while not one.finished(params):
        one.step(params)
    return one, params


def few(texts: int = 60, classes: int = 3) -> Labelled:
    words = ("alpha", "beta", "gamma", "delta", "omega")
    made = tuple(f"{words[i % 5]} {words[i * i % 5]} number{i}" for i in range(texts))
    return Labelled("few", made, tuple(i % classes for i in range(texts)),
                    tuple("xyz"[:classes]), "en", "Few")


def test_that_only_the_training_part_makes_the_vocabulary() -> None:
    found = few()
    prepared = prepare(found, Params(vocabulary=1000), "cpu")
    learnt = {word for i in prepared.split.train for word in cut(found.texts[i])}
    assert set(prepared.vocabulary.words[2:]) == learnt
    for i in np.concatenate((prepared.split.valid, prepared.split.test)):
        row = prepared.x[i].tolist()
        assert Vocabulary.OTHER in row, "a word of its own is unknown to the vocabulary"
    parts = [set(part) for part in (prepared.split.train, prepared.split.valid, prepared.split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(found.texts)


@pytest.mark.parametrize("kind", MODELS)
def test_that_what_fills_a_text_up_changes_no_answer(kind: str) -> None:
    one, _ = begin(model=kind)
    x, _ = experiment.batch(one.prepared, one.order[:1])
    padded = torch.nn.functional.pad(x, (0, LENGTH - x.shape[1]))
    with torch.no_grad():
        assert torch.allclose(one.model(x), one.model(padded), atol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_that_the_shapes_said_are_the_shapes_there_are(kind: str) -> None:
    one, params = begin(model=kind, width=8)
    frame = one.frame(params)
    assert frame.parameters.sum() == sum(p.numel() for p in one.model.parameters())
    x, _ = experiment.batch(one.prepared, one.order[:5])
    sizes = {"B": 5, "L": x.shape[1]}
    said = [tuple(sizes.get(part) or int(part) for part in shape.strip("()").split(", "))
            for shape in frame.shapes]
    assert said[0] == x.shape and said[1] == one.model.embedding(x).shape
    assert said[-2] == one.model.read(x).shape and said[-1] == one.model(x).shape
    if kind == "CNN":
        assert said[2] == one.model.reader(one.model.embedding(x).transpose(1, 2)).shape
    elif kind != "bag of vectors":
        assert said[2] == one.model.reader(one.model.embedding(x))[0].shape


def test_that_validation_measures_what_a_plain_loop_measures() -> None:
    one, _ = begin()
    rows = one.prepared.split.valid[:50]
    loss, accuracy = experiment.evaluate(one.model, one.prepared, rows)
    with torch.no_grad():
        scores = torch.cat([one.model(one.prepared.x[i : i + 1]) for i in rows])
    y = one.prepared.y[rows]
    assert loss == pytest.approx(float(torch.nn.functional.cross_entropy(scores, y)), rel=1e-5)
    assert accuracy == pytest.approx(float((scores.argmax(1) == y).float().mean()))


def test_that_each_epoch_learns_from_every_training_text_once_and_from_no_other() -> None:
    one, params = begin(batch=100)
    seen: list[int] = []
    while one.epoch == 0:
        one.step(params)
        seen += one.rows.tolist()
    assert sorted(seen) == sorted(one.prepared.split.train.tolist())


def test_that_the_best_epoch_s_weights_are_tested_once_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[int] = []
    real = experiment.test

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return real(*arguments)

    monkeypatch.setattr(experiment, "test", counted)
    one, params = begin(model="bag of vectors", patience=3, learning_rate=0.05)
    kept: dict[int, Any] = {0: copy.deepcopy(one.model.state_dict())}
    while not one.finished(params):
        assert not calls and one.frame(params).confusion.sum() == 0
        epoch = one.epoch
        before = copy.deepcopy(one.model.state_dict())
        one.step(params)
        if one.epoch > epoch and not one.finished(params):
            kept[one.epoch] = copy.deepcopy(one.model.state_dict())
        assert one.finished(params) or set(before) == set(one.model.state_dict())
    assert len(calls) == 1
    assert one.epoch - one.best_epoch == 3
    for name, weights in one.model.state_dict().items():
        assert torch.equal(weights, kept[one.best_epoch][name])
    frame = one.frame(params)
    _, accuracy = experiment.evaluate(one.model, one.prepared, one.prepared.split.test)
    assert frame.test_accuracy == pytest.approx(accuracy)
    assert frame.confusion.sum() == len(one.prepared.split.test)


def test_that_the_errors_are_errors_and_the_surest_come_first() -> None:
    one, params = whole(model="bag of vectors", patience=1)
    frame = one.frame(params)
    assert len(one.errors) == frame.confusion.sum() - np.trace(frame.confusion)
    with torch.no_grad():
        sure = []
        for index, given in one.errors:
            chances = one.model(one.prepared.x[index : index + 1]).softmax(1)[0]
            assert int(chances.argmax()) == given != one.found.labels[index]
            sure.append(float(chances.max()))
    assert all(a >= b - 1e-5 for a, b in itertools.pairwise(sure))
    assert frame.wrong[0] == one.found.texts[one.errors[0][0]]


@pytest.mark.parametrize("classes", [2, 3])
def test_that_the_bag_of_words_is_scikit_learn_s_logistic_regression(classes: int) -> None:
    found = few(150, classes)
    prepared = prepare(found, Params(vocabulary=50), "cpu")
    w, b = experiment.bag_of_words(prepared, classes)
    learnt = [found.texts[i] for i in prepared.split.train]
    counter = CountVectorizer(vocabulary=list(prepared.vocabulary.words[2:]))
    counts = counter.transform(learnt).toarray()
    unknown = np.array([(prepared.x[i] == 1).sum() for i in prepared.split.train])
    # For two classes ours has two columns and so half the penalty on their difference.
    theirs = LogisticRegression(C=2.0 if classes == 2 else 1.0, tol=1e-8, max_iter=5000)
    theirs.fit(np.column_stack((unknown, counts)), prepared.y[prepared.split.train])
    chances = theirs.predict_proba(np.column_stack((unknown, counts)))
    ours = (torch.sparse.mm(experiment.counted(prepared.x[prepared.split.train],
                                               prepared.vocabulary.size), w) + b).softmax(1)
    assert np.allclose(ours.numpy(), chances, atol=2e-3)


def test_that_the_majority_s_share_is_its_share() -> None:
    found = few()
    skewed = Labelled("few", found.texts, tuple(int(i < 20) for i in range(60)), ("x", "y"), "en", "")
    prepared = prepare(skewed, Params(), "cpu")
    rows = prepared.split.valid
    assert experiment.majority(prepared, rows) == pytest.approx(
        np.mean([skewed.labels[i] == 0 for i in rows]))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "best"), [("GRU", 1.0), ("CNN", BEST_POSSIBLE[experiment.WINDOW - 1])])
def test_that_who_reads_order_finds_what_is_negated_and_a_bag_does_not(
    kind: str, best: float
) -> None:
    one, params = whole(model=kind, seed=1, learning_rate=0.01, batch=96, patience=1)
    frame = one.frame(params)
    assert frame.test_accuracy == pytest.approx(best, abs=0.05)
    assert frame.test_bag < 0.6 and abs(frame.test_majority - 0.5) < 0.05


def test_that_an_own_text_goes_through_the_same_steps() -> None:
    one, params = begin()
    frame = one.frame(Params(data="made-reviews", sentence="The film was not zyxw"))
    assert frame.tokens[:3] == ("the", "film", "was") and frame.ids[-1] == Vocabulary.OTHER
    with torch.no_grad():
        expected = one.model(torch.from_numpy(frame.ids.astype(np.int64))[None]).softmax(1)[0]
    assert np.allclose(frame.chances, expected.numpy(), atol=1e-6)
    assert one.frame(params).example == one.found.texts[one.prepared.split.valid[0]]
    assert len(one.frame(Params(data="made-reviews", sentence="  ")).ids)


def test_that_the_code_shown_is_the_code_that_runs() -> None:
    one, params = begin()
    code = one.frame(params).code
    source = inspect.getsource(experiment)
    for step, name in zip(code, ("prepare", "build", "train", "evaluate", "test"), strict=True):
        assert f"def {name}(" in step
        for line in step.splitlines():
            assert line.strip() in source


def test_that_missing_texts_are_said_to_be_missing(tmp_path: Any) -> None:
    notes: list[str] = []
    params = Params(data="movie-reviews")
    context = Context("cpu", 0, Data(tmp_path))
    context.on_note = lambda text, values: notes.append(text.format(**values))
    frame = Pipeline(params, context).frame(params)
    assert frame.title == "Made reviews" and "Movie reviews is not here yet" in notes[0]

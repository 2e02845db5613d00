"""From sentences to a graph: what is made says what it says, and scores are counted by hand."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch.nn.functional import cross_entropy

from visualizers.data import Data
from visualizers.data.abstracts import (
    CAUSES,
    DISEASE,
    DRUG,
    INSIDE,
    NOT,
    NOTHING,
    OTHER,
    TREATS,
    Sentence,
    Shelf,
    Span,
    made_drugs,
    pairs_of,
    sentences,
    short_names,
    spans_of,
)
from visualizers.data.sources.drug_names import names_of, plain
from visualizers.l7_biomedical.knowledge_extraction.experiment import (
    MARKERS,
    TESTED,
    Extraction,
    Graph,
    Seen,
    blinded,
    encoded,
    facts_f1,
    marked,
    names_f1,
)
from visualizers.l7_biomedical.knowledge_extraction.panel import MISSED, RIGHT, SHOWN, WRONG, Params
from visualizers.models.retrieval import pieces_of
from visualizers.models.tagger import reversal
from visualizers.panel import Context
from visualizers.refusal import Refusal

SHELF = Shelf(("lumapril", "kemab"), ("cholera", "atopic dermatitis"), ("massage",), ("quality of life",))


def begin(steps: int = 0, **values: Any) -> tuple[Extraction, Params]:
    given: dict[str, Any] = {"seed": 4, "drugs": "made drugs", **values}
    params = Params(**given)
    one = Extraction(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> Extraction:
    return begin(300)[0]


# --- names ---------------------------------------------------------------------------------------


def test_that_no_class_comes_out_of_a_pickle() -> None:
    assert plain(pickle.dumps({"a": [1, "b", None]})) == {"a": [1, "b", None]}
    for bad in (pickle.dumps(Path("x")), pickle.dumps(np.zeros(2)), pickle.dumps(print), b"", b"\x80"):
        with pytest.raises(Refusal):
            plain(bad)


def test_that_names_of_drugs_are_single_words_that_patients_are_told_of() -> None:
    listed = {"abacavir": {"medline_plus_id": "a1"}, "zinc": {"medline_plus_id": "a2"},
              "water for injection": {"medline_plus_id": "a3"}, "obscurine": {"name": "x"}}
    assert names_of(listed) == ("abacavir",)


@pytest.mark.pack("drug-named-entity-recognition")
def test_that_the_archive_holds_the_names() -> None:
    names = Data().read("table", "drug-names")
    assert len(names) == 1059 and {"abacavir", "rivastigmine", "simvastatin"} <= set(names)


def test_that_made_drugs_are_no_real_ones_and_end_like_them() -> None:
    made = made_drugs()
    assert len(set(made)) == len(made) == 600 and made == made_drugs()
    assert sum(name.endswith(("pril", "mab", "statin", "vir")) for name in made) > 150


def test_that_names_of_diseases_are_plain() -> None:
    titles = ["Cholera", "Atopic dermatitis", "Other asthma", "Pneumonia, unspecified organism",
              "Type 2 diabetes mellitus", "Disease of liver", "Gout"]
    assert short_names(titles) == ("atopic dermatitis", "cholera")


# --- sentences -----------------------------------------------------------------------------------


def test_that_a_sentence_says_what_its_words_say() -> None:
    words_of = {TREATS: {"relieved", "cured", "effective", "shortened", "responded", "improved"},
                CAUSES: {"triggered", "caused", "led", "followed", "developed", "appeared"},
                NOTHING: {"given", "studied", "recorded", "received"}}
    relations = set()
    for one in [each for seed in "abcdefgh" for each in sentences(SHELF, 40, 0.25, seed)]:
        for (drug, disease), relation in one.facts.items():
            assert one.name(drug) in SHELF.drugs and one.name(disease) in SHELF.diseases
            first, last = sorted((drug, disease))
            between = {*one.words[first.end : last.start], *one.words[max(first.start - 3, 0) : first.start]}
            said = bool(between & {"not", "failed", "never"})
            assert said == (relation == NOT)
            if relation != NOT:
                assert between & words_of[relation], (one.words, relation)
            relations.add(relation)
        assert spans_of(one.tags) == list(one.spans) == sorted(one.spans)
    assert relations == {NOTHING, TREATS, CAUSES, NOT}


def test_that_the_same_pair_always_has_the_same_relation() -> None:
    told: dict[tuple[str, str], set[int]] = {}
    for one in sentences(SHELF, 200, 0.3, "b"):
        for (drug, disease), relation in one.facts.items():
            told.setdefault((one.name(drug), one.name(disease)), set()).add(relation)
    assert len(told) == 4 and all(len(one) == 1 for one in told.values())
    assert NOT not in {relation for one in sentences(SHELF, 200, 0.0, "c") for relation in one.facts.values()}


def test_that_names_of_several_words_are_read_from_their_tags() -> None:
    assert spans_of([OTHER, DRUG, DISEASE, INSIDE, DISEASE, INSIDE, INSIDE]) == [
        (1, 2, DRUG), (2, 4, DISEASE), (4, 7, DISEASE)]
    assert spans_of([INSIDE, INSIDE, DRUG, INSIDE, DRUG, DRUG]) == [
        (0, 2, DISEASE), (2, 3, DRUG), (3, 4, DISEASE), (4, 5, DRUG), (5, 6, DRUG)]


LUMAPRIL = Span(0, 1, DRUG)
DERMATITIS = Span(2, 4, DISEASE)
KEMAB, CHOLERA = Span(6, 7, DRUG), Span(8, 9, DISEASE)
SAID = Sentence(("lumapril", "relieved", "atopic", "dermatitis", ",", "whereas", "kemab", "caused",
                 "cholera"),
                (LUMAPRIL, DERMATITIS, KEMAB, CHOLERA),
                {(LUMAPRIL, DERMATITIS): TREATS, (KEMAB, CHOLERA): CAUSES})


def test_that_a_question_hides_the_names_and_marks_the_pair() -> None:
    tokens, places = blinded(SAID, SAID.spans)
    assert " ".join(tokens) == "drug relieved disease , whereas drug caused disease"
    assert [tokens[places[span]] for span in SAID.spans] == ["drug", "disease", "drug", "disease"]
    assert " ".join(marked(tokens, places, (KEMAB, DERMATITIS), MARKERS)) == \
        "drug relieved <2> disease </2> , whereas <1> drug </1> caused disease"
    vocabulary = {word: at for at, word in enumerate(dict.fromkeys(["", "\ufffd", *MARKERS, *tokens]))}
    asked = [(SAID, SAID.spans, pair) for pair in pairs_of(SAID.spans)]
    plainly, told = encoded(asked, vocabulary, False)[0], encoded(asked, vocabulary, True)[0]
    assert len(plainly.unique(dim=0)) == 1 and len(told.unique(dim=0)) == 4


# --- scores, counted by hand ---------------------------------------------------------------------


def seen(spans: list[Span], said: dict[tuple[Span, Span], int]) -> Seen:
    odds = {pair: [float(relation == each) for each in range(4)] for pair, relation in said.items()}
    return Seen(SAID, [OTHER] * 9, [1.0] * 9, spans, (odds, odds))


def test_that_scores_count_exact_names_and_whole_facts() -> None:
    cut = Span(3, 4, DISEASE)  # "dermatitis" alone
    one = seen([LUMAPRIL, cut, KEMAB, CHOLERA],
               {(LUMAPRIL, cut): TREATS, (LUMAPRIL, CHOLERA): NOTHING, (KEMAB, cut): NOTHING,
                (KEMAB, CHOLERA): CAUSES})
    assert names_f1([one]) == pytest.approx(2 * 3 / (4 + 4))
    assert facts_f1([one], 0) == pytest.approx(2 * 1 / (2 + 2))
    assert names_f1([seen([], {})]) == facts_f1([seen([], {})], 1) == 0.0
    graph = Graph(frozenset({"lumapril", "cholera"}))
    graph.add(0, one, 0)
    edges = {(tuple(graph.names[0])[edge.ends[0]], tuple(graph.names[1])[edge.ends[1]]): edge.state
             for edge in graph.finished()}
    assert edges == {("lumapril", "dermatitis"): WRONG, ("kemab", "cholera"): RIGHT,
                     ("lumapril", "atopic dermatitis"): MISSED}
    assert dict(zip(graph.names[1], graph.kinds(1), strict=True)) == {
        "atopic dermatitis": 1, "cholera": 0, "dermatitis": 2}
    graph.add(1, seen([LUMAPRIL, DERMATITIS], {(LUMAPRIL, DERMATITIS): TREATS}), 0)
    assert sorted(edge.state for edge in graph.finished()) == [RIGHT, RIGHT, WRONG], "told elsewhere"


def test_that_the_f1_of_relations_is_scikit_learns(trained: Extraction) -> None:
    true = [(one, one.spans, pair) for one in trained.tests[: 2 * TESTED] for pair in one.pairs]
    right = [one.relation(*pair) for one, _, pair in true]
    with torch.no_grad():
        for at, reader in enumerate(trained.readers):
            said = trained._read(reader, true).argmax(1).tolist()
            wanted = f1_score(right, said, labels=[TREATS, CAUSES, NOT], average="micro")
            assert trained.relations_f1[at] == pytest.approx(wanted, abs=1e-6)


# --- what is learnt ------------------------------------------------------------------------------


def test_that_tests_of_unseen_names_have_none_of_training() -> None:
    corpus = begin()[0].corpus
    learnt = {one.name(span) for one in corpus.train for span in one.spans}
    for at, part in enumerate(corpus.tests):
        named = {one.name(span) for one in part for span in one.spans}
        assert (named <= corpus.known, not named & corpus.known) == (at == 0, at == 1)
    assert learnt <= corpus.known


def test_that_a_words_vector_is_its_own_and_the_mean_of_its_pieces() -> None:
    tagger = begin()[0].taggers[1]
    words = torch.tensor([[5], [tagger.words.known]])
    unknown = list(tagger.words.numbers)[tagger.words.known]
    assert pieces_of(unknown, 4096, True) == tuple(tagger.words.pieces[words[1]].ids.tolist())
    with torch.no_grad():
        own = tagger.tagger.e[torch.tensor([5, 1])]
        pieces = torch.stack([tagger.pieces[tagger.words.pieces[one].ids].mean(0) for one in words])
        order = torch.tensor([[1], [0]])
        assert torch.allclose(tagger.scores(words), tagger.tagger.read((own + pieces)[:, None], order),
                              atol=1e-5)


def test_that_the_taggers_gradients_equal_autograd() -> None:
    one = begin()[0]
    words, tags = (each[:, :4] for each in one.encoded)
    forgotten = torch.rand(words.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    for tagger in one.taggers:
        loss, found = tagger.loss(words, tags, forgotten)
        for tensor in tagger.learnt:
            tensor.requires_grad_()
        x, _, _ = tagger.vectors(words, forgotten)
        scores = tagger.tagger.read(x, reversal((words > 0).sum(0), len(words)))
        wanted = cross_entropy(scores.flatten(0, 1), tags.flatten(), ignore_index=-1)
        wanted.backward()
        assert float(loss) == pytest.approx(wanted.item(), abs=1e-5)
        for tensor, gradient in zip(tagger.learnt, found, strict=True):
            assert tensor.grad is not None and torch.allclose(tensor.grad, gradient, atol=1e-5)


def test_that_characters_narrow_the_gap_and_markers_lift_relations(trained: Extraction) -> None:
    frame = trained.frame(Params(seed=4, drugs="made drugs"))
    (words_known, words), (known, characters) = frame.names_f1.tolist()
    assert min(words_known, known) > 0.9
    assert words < 0.82 and characters > words + 0.05
    assert frame.relations_f1[1] > 0.85 and frame.relations_f1[0] < 0.65
    assert (frame.facts_f1[:, 1] > frame.facts_f1[:, 0] + 0.1).all()
    assert frame.facts_f1[1, 1, 1] > frame.facts_f1[0, 1, 1] + 0.05


def test_that_controls_choose_what_is_drawn(trained: Extraction) -> None:
    base: dict[str, Any] = {"seed": 4, "drugs": "made drugs"}
    assert trained.frame(Params(**base, texts=1)).read == 1
    whole = trained.frame(Params(**base, texts=SHOWN, unseen=0.0))
    assert 1 not in whole.drug_kind and 1 not in whole.disease_kind, "no unseen name"
    assert 0 not in trained.frame(Params(**base, unseen=1.0)).drug_kind
    picked = tuple(int(one) for one in whole.where[-1])
    shown = trained.frame(Params(**base, texts=SHOWN, unseen=0.0, edge=picked))
    assert shown.chosen == len(shown.ends) - 1
    drug, disease = shown.ends[shown.chosen]
    assert shown.words[picked[1]] == shown.drugs[drug]
    assert shown.words[picked[2]] == shown.diseases[disease].split()[0]

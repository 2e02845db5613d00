"""Words never tuned on: the learners are what they say, and only pre-training carries over."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.data.made_language import WORDS as LANGUAGE
from visualizers.l4_tuning.unseen_words.experiment import WORDS, UnseenWords, taught
from visualizers.l4_tuning.unseen_words.panel import METHODS, SIDE, Params
from visualizers.models.checkpoint import load_made_bert
from visualizers.models.delta import attached
from visualizers.models.made_bert import rows_of
from visualizers.models.tuned import delta_of
from visualizers.panel import Context, History, Shown

PANEL = panel("unseen_words")
# peft asks transformers by a name that will go
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


def begin(steps: int = 0, **values: Any) -> tuple[UnseenWords, Params]:
    params = Params(**values)
    one = UnseenWords(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> UnseenWords:
    return begin(60, seed=5)[0]


@pytest.mark.slow
def test_that_only_a_pre_trained_backbone_knows_words_never_tuned_on(trained: UnseenWords) -> None:
    assert (trained.seen[:, 0] > 0.95).all() and (trained.seen[:, 1] > 0.85).mean() > 0.8
    assert (trained.unseen[:, 0] > 0.8).all(), "by each method"
    assert trained.unseen[:, 0].mean() > 0.9 and trained.unseen[:, 1].mean() < 0.7


def test_that_backbones_stay_as_they_were_but_for_full_tuning(trained: UnseenWords) -> None:
    fresh = load_made_bert().state_dict()
    assert all(torch.equal(one, fresh[name]) for name, one in trained.backbones[0].state_dict().items())
    full = trained.learners[0][0].bert
    assert full is not trained.backbones[0]
    assert not torch.equal(full.state_dict()["blocks.0.up.weight"], fresh["blocks.0.up.weight"])
    assert all(learner.bert is backbone for row in trained.learners[1:]
               for learner, backbone in zip(row, trained.backbones, strict=True))


def test_that_the_numbers_trained_are_those_of_each_methods_formula() -> None:
    one, params = begin(size=3)
    C, layers, inner, head = 64, 2, 240, 2 * 64 + 2
    biases = C + layers * (6 * C + inner + C)  # the first norm; q k v out, two norms, up, down
    wanted = {"full tuning": sum(w.numel() for w in one.backbones[0].parameters()),
              "BitFit": biases, "LoRA": layers * 2 * 3 * 2 * C,
              "adapter": layers * 2 * (2 * 3 * C + 3 + C), "prefix": layers * 2 * 3 * C, "soft prompt": 3 * C}
    assert one.frame(params).trained.tolist() == [wanted[method] + head for method in METHODS]


def test_that_lora_trained_here_is_pefts(trained: UnseenWords) -> None:
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    from visualizers.models.bert import name_in_transformers
    from visualizers.models.made_bert import CONFIG

    size = {key: value for key, value in CONFIG.as_transformers().items() if key != "architectures"}
    theirs = transformers.BertForMaskedLM(transformers.BertConfig(**size)).eval()
    learner = trained.learners[METHODS.index("LoRA")][0]
    theirs.load_state_dict({name_in_transformers(name): one for name, one in
                            learner.bert.state_dict().items()}, strict=False)
    wrapped = peft.get_peft_model(theirs, peft.LoraConfig(r=4, lora_alpha=4,
                                                          target_modules=["query", "value"]))
    delta: Any = learner.delta
    ids = rows_of(["the soup was lovely", "the plot was nasty"])
    with torch.no_grad():
        for name, part in zip(delta.names, delta.parts, strict=True):
            _, layer, _, matrix = name.split(".")
            one = theirs.get_submodule(f"bert.encoder.layer.{layer}.attention.self.{matrix}")
            one.lora_A["default"].weight.copy_(part.a)
            one.lora_B["default"].weight.copy_(part.b)
        x = wrapped.base_model.model.double().bert(input_ids=ids).last_hidden_state
        bert, delta = copy.deepcopy(learner.bert).double(), copy.deepcopy(delta).double()
        with attached(delta, bert):
            torch.testing.assert_close(bert(ids), x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", ["BitFit", "LoRA", "adapter"])
def test_that_a_delta_begins_as_the_backbone(method: str) -> None:
    bert = load_made_bert()
    ids = rows_of(["the soup was not good", "the bed was kind"])
    delta = delta_of(method, bert, 4, torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = bert(ids)
        with attached(delta, bert):
            torch.testing.assert_close(bert(ids), before, rtol=0, atol=1e-6)


def test_that_words_are_tuned_on_or_asked_about_as_they_were_clicked() -> None:
    drawn = taught(Params(seed=2))
    assert len(drawn) == 6 and sum(one < SIDE for one in drawn) == 3
    one, params = begin(taught=(0, 4, 13))
    assert one.taught == (0, 4, 13)
    used = {LANGUAGE[word] for row in one.ids.tolist() for word in row} & set(WORDS)
    assert used == {WORDS[0], WORDS[4], WORDS[13]}
    frame = one.frame(params)
    assert np.flatnonzero(frame.taught).tolist() == [0, 4, 13]
    mean = frame.right[:, :, [0, 4, 13]].mean(-1)
    assert np.allclose(frame.seen, mean)
    assert len(taught(Params(taught=(3,)))) == 2, "a side without a word gets one"
    every, params = begin(taught=tuple(range(20)))
    assert (every.frame(params).unseen == 0).all() and np.isfinite(every.frame(params).seen).all()


def test_that_the_map_puts_the_sides_apart() -> None:
    one, _ = begin()
    assert one.place[:SIDE, 0].min() > one.place[SIDE:, 0].max()


def test_that_the_last_row_is_the_chosen_method_on_the_random_backbone(
    trained: UnseenWords, view: Any
) -> None:
    params = Params(seed=5, method=4, beside="words")
    frame = trained.frame(params)
    view.show_frame(Shown(frame, params, History()))
    order = [frame.words.index(word) for word in view.grid.x_labels]
    shown = view.grid.data[:, np.argsort(order)]
    assert np.array_equal(shown, [*frame.right[:, 0], frame.right[4, 1]])
    assert not np.array_equal(shown[-1], shown[4]) and METHODS[4] in view.grid.y_labels[-1]
    view.grid.clicked.emit(len(METHODS), 0)
    assert not view.sent
    view.grid.clicked.emit(1, 0)
    assert view.sent == [("method", 1)]

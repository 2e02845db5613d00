"""The delta lab: counts and files are what they say, deltas come and go, the backbone stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from visualizers.data import Data
from visualizers.l4_tuning.delta_lab.experiment import BATCH, MADE, RATES, DeltaLab
from visualizers.l4_tuning.delta_lab.panel import CLASSES, METHODS, TASKS, Params
from visualizers.models.checkpoint import load_made_bert
from visualizers.models.delta import attached
from visualizers.models.ledger import Ledger
from visualizers.models.made_bert import CONFIG
from visualizers.models.tuned import delta_of
from visualizers.panel import Context

PROMPT, PREFIX, BITFIT, LORA, ADAPTER, FULL = range(6)
C, LAYERS, INNER = 64, 2, 240
# peft asks transformers by a name that will go
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


def begin(steps: int = 0, **values: Any) -> tuple[DeltaLab, Params]:
    params = Params(**values)
    one = DeltaLab(params, Context("cpu", params.seed, Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> tuple[DeltaLab, Params]:
    return begin(100, seed=5, each=50)


@pytest.mark.slow
def test_that_two_percent_of_the_weights_do_the_easy_tasks_as_well(trained: tuple[DeltaLab, Params]) -> None:
    accuracy = trained[0].accuracy[:, :, 0]
    assert (accuracy[LORA, :2] > 0.8).all()
    assert (accuracy[LORA, :2] > accuracy[FULL, :2] - 0.1).all()
    assert (accuracy[:, 2] < 0).all() and len(trained[0].served) == 2


@pytest.mark.slow
def test_that_detached_is_never_attached_bit_for_bit(trained: tuple[DeltaLab, Params]) -> None:
    one, params = trained
    fresh = load_made_bert()
    assert all(torch.equal(w, fresh.state_dict()[name]) for name, w in one.backbone.state_dict().items())
    with torch.no_grad():
        before = fresh(one.probe)
        for learners in one.served:
            for learner in learners[:FULL]:
                with attached(learner.delta, one.backbone):
                    assert not torch.equal(one.backbone(one.probe), before), "attached, it changes something"
                assert torch.equal(one.backbone(one.probe), before)
    frame = one.frame(params)
    assert frame.identical and frame.gradients == 0
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in one.backbone.modules())


@pytest.mark.slow
def test_that_answers_follow_what_is_attached(trained: tuple[DeltaLab, Params]) -> None:
    one, _ = trained
    said = {task: one.frame(Params(attach=task, method=LORA)) for task in ("nothing", *TASKS)}
    assert set(said["sentiment"].answers) <= {"negative", "positive"}
    assert said["topic"].answers[1:] == ("film", "hotel", "music", "food")
    assert said["agreement"].answers == said["nothing"].answers, "not trained yet: nothing is attached"
    assert "attach" in one.idle(Params(attach="agreement")) and not one.idle(Params(attach="topic"))
    again = one.frame(Params(attach="nothing"))
    assert again.answers == said["nothing"].answers and (again.odds == said["nothing"].odds).all()


@pytest.mark.slow
def test_that_a_file_on_disk_has_these_bytes_and_gives_the_delta_back(trained: tuple[DeltaLab, Params],
                                                                      tmp_path: Path) -> None:
    one, params = trained
    frame = one.frame(params)
    for at, learner in enumerate(one.served[0]):
        path = tmp_path / f"{at}.safetensors"
        path.write_bytes(learner.file())
        assert path.stat().st_size == frame.file[at]
        kept = safetensors.torch.load_file(path)
        numbers = sum(w.numel() for w in kept.values())
        assert numbers == frame.trained[at] + 2 * C + 2 and 4 * numbers < frame.file[at]
        if learner.delta is not None:  # into a new one, on a backbone read anew
            bert = load_made_bert()
            other = delta_of(METHODS[at], bert, params.size, torch.Generator().manual_seed(99),
                             2 * params.size)
            assert other is not None
            other.load_state_dict({name.removeprefix("delta."): w for name, w in kept.items()
                                   if name.startswith("delta.")})
            with torch.no_grad(), attached(other, bert):
                theirs = bert(one.probe)
            with torch.no_grad(), attached(learner.delta, one.backbone):
                assert torch.equal(one.backbone(one.probe), theirs)


def test_that_counts_are_those_of_each_formula_and_of_the_tree() -> None:
    one, params = begin(size=3)
    frame = one.frame(params)
    whole = sum(w.numel() for w in load_made_bert().parameters())
    wanted = [3 * C, LAYERS * 2 * 3 * C, C + LAYERS * (6 * C + INNER + C), LAYERS * 2 * 3 * 2 * C,
              LAYERS * 2 * (2 * 6 * C + 6 + C), whole]
    assert frame.trained.tolist() == wanted and frame.whole == whole
    assert frame.added.sum(1)[:FULL].tolist() == wanted[:FULL], "the tree shows where each of them is"
    assert (frame.added[FULL] == frame.own).all()
    place = frame.parts.index("blocks.1.attention.value")
    assert frame.added[:, place].tolist() == [0, 3 * C, C, 2 * 3 * C, 0, C * C + C]


def test_that_peft_counts_the_same() -> None:
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    one, params = begin(size=4)
    size = {key: value for key, value in CONFIG.as_transformers().items() if key != "architectures"}

    def counted(kind: Any, **values: Any) -> int:
        bert = transformers.BertForTokenClassification(transformers.BertConfig(**size, num_labels=2))
        model = peft.get_peft_model(bert, kind(task_type="FEATURE_EXTRACTION", **values))
        return sum(w.numel() for w in model.parameters() if w.requires_grad)

    trained = one.frame(params).trained
    assert counted(peft.LoraConfig, r=4, target_modules=["query", "value"]) == trained[LORA]
    assert counted(peft.PromptTuningConfig, num_virtual_tokens=4) == trained[PROMPT]
    assert counted(peft.PrefixTuningConfig, num_virtual_tokens=4) == trained[PREFIX]


def test_that_memory_is_counted_in_the_first_update() -> None:
    one, params = begin(1)
    frame = one.frame(params)
    numbers = frame.trained[:FULL] + 2 * C + 2
    assert (frame.memory[:FULL, 1] == 4 * numbers).all() and (frame.memory[:FULL, 2] == 8 * numbers).all()
    before = begin()[0]
    assert (before.memory == 0).all() and (before.peak == 0).all()
    x = torch.randn(50, 7, requires_grad=True)
    layer = torch.nn.Linear(7, 3)
    ledger = Ledger([x, *layer.parameters()], ("activations", "work space"))
    with ledger:
        with ledger.keep():
            loss = layer(x * 2.0).exp().sum()
        kept = ledger.alive[0]
        loss.backward()
        del loss
    assert kept == 4 * 50 * (7 + 3), "the input of the layer and what exp gave, not the weights"
    assert ledger.alive.sum() == 4 * (50 * 7 + 3 * 7 + 3), "all but the gradients is given back"


def test_that_peak_memory_is_that_of_the_allocator() -> None:
    """torch's profiler is told by the allocator itself of each piece that it gives and takes back."""
    one, params = begin(1)
    frame, (ids, labels) = one.frame(params), one.data[0]
    for at, learner in enumerate(one.learners):
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU],
                                    profile_memory=True) as found:
            torch.nn.functional.cross_entropy(learner(ids[:BATCH]), labels[:BATCH]).backward()
        given: Any = found.profiler.kineto_results.events()  # type: ignore[union-attr]
        alive = np.cumsum([each.nbytes() for each in sorted(
            (each for each in given if each.name() == "[memory]"), key=lambda each: each.start_ns())])
        there = sum(w.nbytes for w in learner.parameters()) + frame.memory[at, 2]
        assert frame.peak[at] == pytest.approx(there + alive.max(), rel=0.01)


def test_that_rounds_go_task_by_task_and_seed_by_seed() -> None:
    one, params = begin(10, each=10, size=1)
    for number in range(1, 9):
        one.steps = 10 * number  # as if the steps between had been made
        one.step(params)
        assert one.round == number and one.task == number % len(TASKS)
    one.measure(params)
    assert (one.accuracy >= 0).all() and len(one.served) == len(TASKS)
    assert tuple(MADE[task](4, 1).names for task in TASKS) == CLASSES
    one.steps = 90
    assert one.finished(params) and len(RATES) == len(METHODS) == len(one.learners)

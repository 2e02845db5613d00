"""Our GPT against transformers' GPT-2, and the tokenizers against what they promise."""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from visualizers.data import Data
from visualizers.models import checkpoint
from visualizers.models.gpt import GPT, GPTConfig, Kept, next_token_odds
from visualizers.models.tokenizers import UNKNOWN, BytePairs, Characters, split

SMALL = GPTConfig(vocabulary=50, context=16, layers=3, heads=4, width=32)
TEXT = "A class is an object. An object has a class; the class of a class is type.\n" * 40


def seeded(config: GPTConfig = SMALL) -> GPT:
    return GPT(config, torch.Generator().manual_seed(0))


def copied_from(theirs: nn.Module, config: GPTConfig) -> GPT:
    """Our model with the weights of a ``GPT2LMHeadModel``, whose Conv1D stores them transposed."""
    names = {
        "transformer.wte": "token_embedding", "transformer.wpe": "position_embedding",
        "transformer.ln_f": "norm", "transformer.h": "blocks", "lm_head": "head",
        "ln_1": "norm_1", "ln_2": "norm_2", "attn.c_attn": "attention.qkv",
        "attn.c_proj": "attention.out", "mlp.c_fc": "mlp.up", "mlp.c_proj": "mlp.down",
    }
    state: dict[str, Tensor] = {}
    for name, weight in theirs.state_dict().items():
        transposed = any(part in name for part in (".c_attn.w", ".c_proj.w", ".c_fc.w"))
        for old, new in names.items():
            name = name.replace(old, new)
        state[name] = weight.T if transposed else weight
    if config.tied:
        del state["head.weight"]
    ours = seeded(config)
    ours.load_state_dict(state)
    return ours


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("gelu", "theirs_gelu"), [("tanh", "gelu_new"), ("none", "gelu")])
def test_that_it_equals_gpt2_of_transformers_on_copied_weights(
    tied: bool, gelu: Literal["none", "tanh"], theirs_gelu: str
) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(1)
    theirs = GPT2LMHeadModel(GPT2Config(
        vocab_size=50, n_positions=16, n_embd=32, n_layer=3, n_head=4, tie_word_embeddings=tied,
        activation_function=theirs_gelu, initializer_range=0.2, attn_implementation="eager",
        bos_token_id=0, eos_token_id=0)).eval()
    config = GPTConfig(50, 16, 3, 4, 32, tied=tied, gelu=gelu)
    ours = copied_from(theirs, config)
    ids = torch.randint(0, 50, (2, 16))
    kept = Kept()
    with torch.no_grad():
        logits = ours(ids, keep=kept)
        expected = theirs(ids, output_attentions=True, output_hidden_states=True)

    torch.testing.assert_close(logits, expected.logits, rtol=1e-4, atol=1e-5)
    for mine, other in zip(kept.attention, expected.attentions, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)
    # transformers gives the last residual after the final norm, the others before it.
    *before, last = expected.hidden_states
    for mine, other in zip(kept.residual[:-1], before, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours.norm(kept.residual[-1]), last, rtol=1e-4, atol=1e-5)


def test_that_attention_is_causal_and_its_rows_sum_to_one() -> None:
    gpt, kept = seeded(), Kept()
    ids = torch.arange(16)[None]
    with torch.no_grad():
        before = gpt(ids, keep=kept)
        changed = ids.clone()
        changed[0, 10] = 49
        after = gpt(changed)
    for weight in kept.attention:
        assert weight.shape == (1, 4, 16, 16)
        torch.testing.assert_close(weight.sum(-1), torch.ones(1, 4, 16))
        assert not weight.triu(1).any()
    assert torch.equal(before[:, :10], after[:, :10])
    assert not torch.allclose(before[:, 10:], after[:, 10:])


def test_that_looking_inside_changes_nothing_and_the_last_layer_reads_out_as_the_answer() -> None:
    gpt, kept = seeded(), Kept()
    ids = torch.arange(12)[None]
    logits = gpt(ids, keep=kept)
    assert torch.equal(logits, gpt(ids))
    assert torch.equal(logits, gpt.read_out(kept.residual[-1]))
    assert len(kept.residual) == 4


def test_that_a_fresh_model_finds_every_token_about_as_likely() -> None:
    odds = seeded()(torch.arange(16)[None])[0].softmax(-1)                     # (16, 50)
    surprise = -(odds * odds.log()).sum(-1)
    assert surprise.min().item() > 0.99 * math.log(50)


def test_that_dropout_is_drawn_from_the_given_generator_alone() -> None:
    gpt = seeded(GPTConfig(50, 16, 2, 4, 32, dropout=0.5))
    ids = torch.arange(16)[None]
    torch.manual_seed(0)
    state = torch.get_rng_state()
    one = gpt(ids, drop=torch.Generator().manual_seed(3))
    two = gpt(ids, drop=torch.Generator().manual_seed(3))
    other = gpt(ids, drop=torch.Generator().manual_seed(4))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.equal(gpt(ids), gpt(ids))
    assert torch.equal(state, torch.get_rng_state())


def test_that_dropout_keeps_the_mean() -> None:
    from visualizers.models.gpt import drop_out

    x = drop_out(torch.ones(200_000), 0.3, torch.Generator().manual_seed(0))
    assert x.mean().item() == pytest.approx(1.0, abs=0.01)
    assert (x == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


def test_that_a_width_that_heads_cannot_share_is_said() -> None:
    with pytest.raises(ValueError, match="multiple"):
        GPT(GPTConfig(50, width=30, heads=4), torch.Generator())


def test_that_temperature_and_top_k_shape_the_odds() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    torch.testing.assert_close(next_token_odds(logits, 1.0, 0), logits.softmax(-1))
    torch.testing.assert_close(next_token_odds(logits, 2.0, 0), (logits / 2).softmax(-1))
    best_two = next_token_odds(logits, 1.0, 2)
    assert (best_two > 0).tolist() == [True, True, False, False]
    torch.testing.assert_close(best_two[0] / best_two[1], torch.tensor(math.e))
    assert next_token_odds(logits, 0.0, 0).tolist() == [1, 0, 0, 0]
    assert next_token_odds(logits * 1e6, 1e-4, 3).tolist() == [1, 0, 0, 0]


def test_that_characters_come_back_and_strange_ones_are_marked() -> None:
    tokens = Characters.learn(TEXT)
    ids = tokens.encode("a class 猫\n")
    assert tokens.decode(ids) == f"a class {UNKNOWN}\n"
    assert "".join(tokens.pieces(ids)) == tokens.decode(ids)
    assert tokens.size == len(set(TEXT)) + 1
    assert max(ids) < tokens.size
    assert Characters.learn("aaabbc", most=2).alphabet == (UNKNOWN, "a", "b")


def test_that_byte_pairs_encode_any_text_and_save_tokens() -> None:
    tokens = BytePairs.learn(TEXT, 300)
    for text in ("a class is an object.\n", "量子 🙂\r\n\x00", ""):
        assert tokens.decode(tokens.encode(text)) == text
    assert len(tokens.encode("the class")) < len("the class") / 2
    assert max(tokens.encode("量子 class")) < tokens.size <= 300


def test_that_byte_pairs_are_learnt_alike_and_survive_being_written_down() -> None:
    one, two = BytePairs.learn(TEXT, 300), BytePairs.learn(TEXT, 300)
    assert one.definition == two.definition
    again = BytePairs(one.definition)
    assert again.encode("An object").tolist() == one.encode("An object").tolist()


def test_that_the_first_merge_joins_the_most_frequent_pair() -> None:
    # Sennrich et al. 2016: in low × 5, lower × 2, newest × 6, widest × 3 the pairs e-s and s-t are
    # most frequent (9 times each), and est is a token after the second merge.
    text = "\n".join(["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3)
    learnt = BytePairs.learn(text, 258)
    assert "est" in learnt.pieces(range(learnt.size))


def test_that_a_text_is_split_where_a_line_begins() -> None:
    learnt, held_out = split(TEXT, 0.1)
    assert learnt + held_out == TEXT
    assert held_out.startswith("A class is")
    assert 0.09 < len(held_out) / len(TEXT) < 0.15
    assert split("x" * 100) == ("x" * 95, "x" * 5)


def test_that_a_checkpoint_comes_back_whole(tmp_path: Path) -> None:
    gpt, tokens = seeded(), BytePairs.learn(TEXT, 300)
    path = tmp_path / "one.safetensors"
    checkpoint.save(path, gpt, tokens, {"seed": 0})
    back = checkpoint.load(path)
    assert back.about == {"seed": 0}
    assert back.gpt.config == gpt.config
    assert back.tokens.definition == tokens.definition
    ids = torch.arange(16)[None]
    assert torch.equal(back.gpt(ids), gpt(ids))


def test_that_the_shipped_model_knows_the_python_reference() -> None:
    file = resources.files("resources").joinpath("weights", "tiny_gpt.safetensors")
    assert len(file.read_bytes()) <= 4_000_000
    gpt, tokens, _ = checkpoint.load_tiny_gpt()
    _, held_out = split(Data().text("python-reference").text)
    ids = torch.from_numpy(tokens.encode(held_out)[: 20 * gpt.config.context + 1])
    given = ids[:-1].view(20, -1)
    with torch.no_grad():
        loss = nn.functional.cross_entropy(gpt(given).flatten(0, 1), ids[1:])
    letters = len(tokens.decode(ids.tolist())) / len(ids)
    # Uniform guessing costs ln V = 6.9 nats a token; a table of single tokens some 5.6.
    assert loss.item() < 4.2
    assert loss.item() / math.log(2) / letters < 2.4  # bits a character


def test_that_training_attends_as_what_is_looked_at_does() -> None:
    """Training leaves the weights of the attention unwritten; outputs and gradients are those with them."""
    ids = torch.arange(32).view(2, 16)
    found = []
    for inside in ({"drop": torch.Generator()}, {"keep": Kept()}):
        gpt = seeded()
        logits = gpt(ids, **inside)
        logits.square().sum().backward()
        found.append([logits, *(one.grad for one in gpt.parameters())])
    for fused, written in zip(*found, strict=True):
        torch.testing.assert_close(fused, written)

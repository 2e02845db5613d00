"""The language model of proteins: columns against counts, trained models against transformers'."""

from __future__ import annotations

import argparse
import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from visualizers.data import Data
from visualizers.data.kinds.alignment import GAP, lined_up
from visualizers.data.sources import made_domains
from visualizers.l7_biomedical.protein_lm.experiment import (
    ANTIBODY,
    ProteinLM,
    coded,
    found,
    information,
)
from visualizers.l7_biomedical.protein_lm.panel import LIVE, RESIDUES, Params, protein_key
from visualizers.models.protein import MASK, trained_reader
from visualizers.panel import Context
from visualizers.refusal import Refusal


def begin(steps: int = 0, pack: Path | None = Path("nowhere"), **values: Any) -> tuple[ProteinLM, Params]:
    chosen: dict[str, Any] = {"data": "made-domains", "seed": 5, **values}
    params = Params(**chosen)
    one = ProteinLM(params, Context("cpu", params.seed, Data(pack)))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> ProteinLM:
    return begin(230)[0]


# --- the columns -------------------------------------------------------------------------------


def test_that_the_line_is_what_counting_each_column_gives() -> None:
    one, params = begin(map="column")
    frame, learnt, tested = one.frame(params), one.residues.tolist(), one.test[:30].tolist()
    usual = [Counter(row[at] for row in learnt if row[at] < GAP).most_common(1)[0][0]
             for at in range(len(learnt[0]))]
    right = [row[at] == usual[at] for row in tested for at in range(len(row)) if row[at] < GAP]
    assert frame.line == pytest.approx(np.mean(right))
    for at in (0, 2, 11):
        counts = Counter(row[at] for row in learnt)
        assert frame.mapped[:, at] == pytest.approx([counts[code] / len(learnt) for code in range(20)])


def test_that_information_is_log_20_less_the_entropy() -> None:
    from scipy.stats import entropy

    shares = np.random.default_rng(0).dirichlet(np.ones(20), 7)
    assert np.allclose(information(torch.tensor(shares)), np.log2(20) - entropy(shares, base=2, axis=1))


def test_that_the_made_proteins_are_as_their_table_says() -> None:
    rows = made_domains.read().residues
    for column, letter in made_domains.CONSERVED.items():
        share = (rows[:, column] == RESIDUES.index(letter)).mean()
        assert share == pytest.approx(0.95 + 0.05 / 20, abs=0.015)
    for first, second in made_domains.PAIRS:
        together = Counter(RESIDUES[a] + RESIDUES[b] for a, b in rows[:, [first, second]])
        kept = sum(together[one] for one in made_domains.PARTNERS) / len(rows)
        assert kept == pytest.approx(0.9 + 0.1 / 6, abs=0.02)


def test_that_nobody_does_better_than_counting_pairs(trained: ProteinLM) -> None:
    """The best that is stated, by counting: the commonest residue, given the partner where there is one."""
    rows = trained.residues.numpy()
    partner = {a: b for pair in made_domains.PAIRS for a, b in (pair, pair[::-1])}
    right = 0.0
    for column in range(rows.shape[1]):
        given = rows[:, partner[column]] if column in partner else np.zeros(len(rows), int)
        right += sum(np.bincount(rows[given == one, column]).max() for one in np.unique(given)) / len(rows)
    assert trained.best == pytest.approx(right / rows.shape[1], abs=0.015)
    assert trained.right < trained.best + 0.04


# --- first the columns, then what goes with what -------------------------------------------------


def test_that_the_columns_are_learnt_first() -> None:
    one, _ = begin(65)
    assert abs(one.right - one.line) < 0.07


def test_that_then_the_pairs_are_found_and_the_line_is_passed(trained: ProteinLM) -> None:
    frame = trained.frame(Params(data="made-domains", seed=5))
    assert trained.right > trained.line + 0.07 and frame.pairs_found >= 0.75
    assert trained.shuffled < 0.15
    paired = sorted({one for pair in made_domains.PAIRS for one in pair})
    gain = frame.column_right - frame.column_line
    assert gain[paired].mean() > 0.3 and abs(np.delete(gain, paired).mean()) < 0.06


@pytest.mark.slow
def test_that_twenty_proteins_teach_the_columns_and_few_of_the_pairs(trained: ProteinLM) -> None:
    one, params = begin(200, examples=20)
    assert one.right > one.line - 0.03 and one.right < trained.right - 0.07
    assert one.frame(params).pairs_found < trained.frame(params).pairs_found


def test_that_a_hidden_partner_is_missed_and_a_strange_one_forgotten(trained: ProteinLM) -> None:
    plain = Params(data="made-domains", seed=5, example=3)
    key = protein_key(plain)
    open_, hidden = (trained.frame(Params(data="made-domains", seed=5, example=3, masked=masked))
                     for masked in ((), (key, 4)))
    assert hidden.masked == (4,) and hidden.chances[:, 20].max() < open_.chances[:, 20].max() - 0.15
    assert hidden.chances[18, 2] == pytest.approx(open_.chances[18, 2], abs=0.2)
    other = trained.frame(Params(data="made-domains", seed=5, example=4, masked=(key, 4)))
    assert other.masked == ()


def test_that_the_share_of_pairs_found_counts_whom_each_end_looks_at_most() -> None:
    attention = torch.full((4, 4), 0.1)
    attention[0, 3], attention[3, 1], attention[1, 1] = 0.6, 0.6, 0.9
    assert found(attention, np.array([[0, 3]], np.int32)) == 0.5
    assert found(attention, np.zeros((0, 2), np.int32)) == 0.0


def test_that_what_a_place_is_asked_it_does_not_see(trained: ProteinLM) -> None:
    """The chances at a place do not depend on what stands there, only on the others."""
    residues = trained.test[0].clone()
    also = torch.zeros(len(residues), dtype=torch.bool)
    first, _ = trained.reader.hidden_one_by_one(residues, also)
    residues[7] = (residues[7] + 1) % 20
    second, _ = trained.reader.hidden_one_by_one(residues, also)
    assert torch.allclose(first[7], second[7], atol=1e-5) and not torch.allclose(first[8], second[8])


def test_that_masking_some_at_once_asks_each_place_once(trained: ProteinLM) -> None:
    residues, also = trained.test[1], torch.zeros(30, dtype=torch.bool)
    many, _ = trained.reader.hidden_one_by_one(residues, also, 8)
    masked = torch.arange(30) % 8 == 3
    scores = trained.reader.scores(residues.masked_fill(masked, MASK)[None])[0]
    assert torch.allclose(many[11], scores[11].softmax(-1), atol=1e-5)


# --- one's own ---------------------------------------------------------------------------------


def test_that_own_residues_are_read_and_the_rest_is_counted(trained: ProteinLM) -> None:
    frame = trained.frame(Params(data="made-domains", seed=5, sequence="mkw ?ZJg"))
    assert frame.residues == "MKWG" + "-" * 26 and frame.known == 4 and frame.ignored == 3


def test_that_an_own_alignment_is_read_and_others_are_refused(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows = ["".join(draw.choice(list("ACDE-"), 9)) for _ in range(80)]
    file = tmp_path / "own.fasta"
    file.write_text("".join(f">{at}\n{row[:5]}\n{row[5:]}\n" for at, row in enumerate(rows)))
    one, params = begin(2, data=f"file:{file}")
    assert one.frame(params).chances.shape == (20, 9) and one.best == 0
    with pytest.raises(Refusal, match="no alignment"):
        lined_up([">a", "ACD", ">b", "AC"] * 40, "own")


def test_that_what_is_not_fetched_is_said_and_stood_in_for() -> None:
    notes: list[str] = []
    params = Params(data="ww-domains", reader="sapiens")
    context = Context("cpu", 0, Data(Path("nowhere")), on_note=lambda text, values: notes.append(
        text.format(**values)))
    one = ProteinLM(params, context)
    assert one.live and "Sapiens" in notes[0] and "WW domains" in notes[1]


# --- what was trained before -------------------------------------------------------------------


@pytest.mark.pack("sapiens")
def test_that_sapiens_is_transformers_roberta_and_knows_antibodies() -> None:
    from transformers import RobertaConfig, RobertaForMaskedLM

    data = Data()
    files = data.read("protein_model", "sapiens")
    with torch.serialization.safe_globals([argparse.Namespace]):
        weights = torch.load(io.BytesIO(files.weights), weights_only=True, map_location="cpu")["model"]
    theirs = RobertaForMaskedLM(RobertaConfig(
        vocab_size=25, hidden_size=128, num_hidden_layers=4, num_attention_heads=8, intermediate_size=256,
        max_position_embeddings=146, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1)).eval()
    names = {
        "embed_tokens": "embeddings.word_embeddings", "embed_positions": "embeddings.position_embeddings",
        "emb_layer_norm": "embeddings.LayerNorm", "self_attn.q_proj": "attention.self.query",
        "self_attn.k_proj": "attention.self.key", "self_attn.v_proj": "attention.self.value",
        "self_attn.out_proj": "attention.output.dense", "fc1": "intermediate.dense", "fc2": "output.dense",
        "self_attn_layer_norm": "attention.output.LayerNorm", "final_layer_norm": "output.LayerNorm"}
    state = {"roberta.embeddings.token_type_embeddings.weight": torch.zeros(1, 128)}
    for name, one in weights.items():
        name = name.removeprefix("decoder.").replace("sentence_encoder.layers.", "roberta.encoder.layer.") \
            .replace("sentence_encoder.", "roberta.")
        for old, new in names.items():
            name = name.replace(f".{old}.", f".{new}.")
        state[name.replace("lm_head.weight", "lm_head.decoder.weight")] = one
    missing = theirs.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    theirs.tie_weights()

    reader = trained_reader(files, "cpu")
    residues = coded(ANTIBODY)
    residues[[5, 40, 41]] = MASK
    ids = torch.cat([torch.tensor([0]), reader.tokens[residues], torch.tensor([2])])[None]
    with torch.no_grad():
        wanted = theirs(ids).logits[0, 1:-1, reader.tokens[:GAP]]
        ours = reader.scores(residues[None])[0]
    assert torch.allclose(ours, wanted, atol=1e-3)

    one, params = begin(pack=None, reader="sapiens")
    assert one.finished(params) and 0.7 < one.right < 0.85 and one.shuffled < 0.15
    assert one.frame(params).residues == ANTIBODY


@pytest.mark.slow
@pytest.mark.pack("antiberty")
def test_that_antiberty_is_transformers_bert_and_knows_antibodies_better() -> None:
    from transformers import BertConfig, BertForMaskedLM

    files = Data().read("protein_model", "antiberty")
    theirs = BertForMaskedLM(BertConfig(**{
        name: files.config[name] for name in (
            "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
            "max_position_embeddings", "type_vocab_size", "layer_norm_eps")})).eval()
    theirs.load_state_dict(torch.load(io.BytesIO(files.weights), weights_only=True, map_location="cpu"),
                           strict=False)
    one, params = begin(pack=None, reader="antiberty")
    residues = coded(ANTIBODY)
    residues[[5, 40, 41]] = MASK
    ids = torch.cat([torch.tensor([2]), one.reader.tokens[residues], torch.tensor([3])])[None]
    with torch.no_grad():
        wanted = theirs(ids).logits[0, 1:-1, one.reader.tokens[:GAP]]
        assert torch.allclose(one.reader.scores(residues[None])[0], wanted, atol=2e-3)
    assert 0.8 < one.right < 0.9 and one.shuffled < 0.15 and params.reader != LIVE


@pytest.mark.slow
@pytest.mark.pack("logomaker")
def test_that_of_real_domains_counting_gets_half_right_and_the_model_that_first_and_then_more() -> None:
    one, params = begin(100, pack=None, data="ww-domains", seed=0)
    frame = one.frame(params)
    assert len(frame.residues) == 31 and len(one.residues) == 2500
    assert frame.line == pytest.approx(0.5, abs=0.04) and abs(one.right - one.line) < 0.06
    for _ in range(100):
        one.step(params)
    one.measure(params)
    assert one.right > one.line + 0.02 and one.shuffled < 0.12

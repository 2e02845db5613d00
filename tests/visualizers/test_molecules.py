"""Writing molecules: what is valid, where a text breaks and what is likely, against RDKit and torch."""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from rdkit.DataStructs import TanimotoSimilarity
from sklearn.metrics import roc_auc_score

from visualizers.data import Data
from visualizers.data.torchfile import plain, tensors
from visualizers.l7_biomedical.molecules.experiment import (
    END,
    LONGEST,
    WRITTEN,
    MoleculeWriter,
    roc_area,
)
from visualizers.l7_biomedical.molecules.panel import FAULTS, Params
from visualizers.models import chemistry
from visualizers.models.annalog import Annalog
from visualizers.models.chemistry import Known, canonical, diversity, drawing, fault_of
from visualizers.panel import Context
from visualizers.refusal import Refusal

ASPIRIN = "CC(=O)OC1=CC=CC=C1C(O)=O"
NOWHERE = Data(Path("nowhere"))


@pytest.fixture(scope="module")
def molecules() -> list[str]:
    return [one for one in NOWHERE.read("molecules", "nci-molecules").smiles
            if len(one) <= LONGEST and "." not in one]


def begin(steps: int = 0, **values: Any) -> tuple[MoleculeWriter, Params]:
    params = Params(**values)
    one = MoleculeWriter(params, Context("cpu", params.seed, NOWHERE))
    for _ in range(steps):
        one.step(params)
    one.measure(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> tuple[MoleculeWriter, Params]:
    return begin(350, seed=5)


# --- the molecules -----------------------------------------------------------------------------


def test_that_the_molecules_are_those_that_rdkit_brings_along(molecules: list[str]) -> None:
    every = NOWHERE.read("molecules", "nci-molecules").smiles
    assert len(every) == 4900 and every[0] == "CC1=CC(=O)C=CC1=O"
    assert len(molecules) == 3689
    assert sum(fault_of(one).kind != "" for one in every) == 8, "RDKit refuses eight of them"


def test_that_what_is_not_fetched_is_stood_in_for_and_an_own_file_is_read(tmp_path: Path) -> None:
    found = NOWHERE.read("molecules", "pubchem-molecules")
    assert (found.id, found.missing) == ("nci-molecules", "pubchem-molecules")
    (tmp_path / "mine.smi").write_text("CCO ethanol\n\nCCN\tethylamine\nCCO again\n")
    assert NOWHERE.read("molecules", f"file:{tmp_path / 'mine.smi'}").smiles == ("CCO", "CCN")
    with pytest.raises(Refusal, match="nci-molecules"):
        NOWHERE.read("molecules", "nci-molecule")
    with pytest.raises(Refusal, match="Too few"):
        begin(molecules=f"file:{tmp_path / 'mine.smi'}")


@pytest.mark.pack("chemicals")
def test_that_the_molecules_of_the_pack_are_complete() -> None:
    found = Data().read("molecules", "pubchem-molecules").smiles
    assert len(found) > 60_000 and found[0] == "CCN1C=NC2=C1N=CN=C2N"
    draw = random.Random(0)
    assert np.mean([fault_of(one).kind == "" for one in draw.sample(found, 300)]) > 0.98


# --- where a text breaks -----------------------------------------------------------------------


def damaged(molecules: list[str], count: int) -> list[str]:
    """Molecules with a sign taken away, put in or changed."""
    draw, found = random.Random(3), []
    for _ in range(count):
        one = draw.choice(molecules)
        at, sign = draw.randrange(len(one)), draw.choice("()[]=#123CNOFS%+-cHl.")
        found.append(draw.choice([one[:at] + one[at + 1 :], one[:at] + sign + one[at:],
                                  one[:at] + sign + one[at + 1 :]]))
    return found


def test_that_the_grammar_is_broken_exactly_where_rdkit_reads_nothing(molecules: list[str]) -> None:
    for one in damaged(molecules, 4000):
        found, atoms = chemistry._scan(one)
        loose = Chem.MolFromSmiles(one, sanitize=False)
        assert bool(found.kind) == (loose is None), one
        fault = fault_of(one)
        assert fault.kind in FAULTS and fault.kind != "other", one
        assert (fault.kind == "") == (Chem.MolFromSmiles(one) is not None)
        assert not fault.kind or 0 <= fault.start < fault.stop <= len(one)
        if loose is not None and not found.kind:
            symbols = [one[begin:end].strip("[]") for begin, end in atoms]
            assert len(symbols) == loose.GetNumAtoms()
            assert all(atom.GetSymbol().lower() in symbol.lower() or atom.GetSymbol() == "*"
                       for atom, symbol in zip(loose.GetAtoms(), symbols, strict=True)), one


@pytest.mark.parametrize(("text", "kind", "lit"), [
    ("CC(=O)OC1=CC=CC=C2C(O)=O", "open ring", "1"), ("CC(C", "open branch", "("),
    ("CC)C", "no branch", ")"), ("C[N+", "open atom", "["), ("CC]", "no atom", "]"),
    ("CC(C)(C)(C)C", "valence", "C"), ("CC==O", "idle bond", "="), ("CC=", "idle bond", "="),
    ("C11", "idle ring", "1"), ("CXC", "unknown", "X"), ("c1cccc1", "aromatic", "c"),
    ("CCOF(C)C", "valence", "F"), ("(C)C", "no atom", "("), ("", "nothing", ""), (ASPIRIN, "", ""),
])
def test_that_the_sign_to_blame_is_lit(text: str, kind: str, lit: str) -> None:
    found = fault_of(text)
    assert (found.kind, text[found.start : found.stop]) == (kind, lit)


def test_that_taking_the_lit_bracket_away_mends_a_sentence(molecules: list[str]) -> None:
    for one in molecules[:200]:
        broken = one + ")"
        found = fault_of(broken)
        assert found.kind == "no branch" and broken[: found.start] + broken[found.stop :] == one
    assert fault_of("CC", ended=False).kind == "no end"


def test_that_the_faults_of_the_frame_are_those_that_are_found() -> None:
    assert FAULTS == chemistry.FAULTS


# --- drawing, novelty, diversity ---------------------------------------------------------------


def test_that_a_drawing_has_the_atoms_and_bonds_of_the_molecule() -> None:
    found = drawing("C[NH+](C)CC1=CC=CC=C1C#N")
    assert found.symbols.count("N") == 2 and len(found.symbols) == 12
    assert found.charges.sum() == 1 and found.hydrogens[found.symbols.index("N")] == 1
    assert sorted(found.orders.tolist()) == [1] * 8 + [2] * 3 + [3]
    lengths = np.linalg.norm(found.xy[found.ends[:, 0]] - found.xy[found.ends[:, 1]], axis=1)
    assert np.allclose(lengths, 1.5, atol=0.05)


def test_that_a_molecule_is_known_however_it_is_written(molecules: list[str]) -> None:
    known = Known(molecules)
    for one in molecules[5:60]:
        molecule = Chem.MolFromSmiles(one)
        if molecule is not None:
            again = Chem.MolToSmiles(molecule, rootedAtAtom=molecule.GetNumAtoms() - 1,
                                     canonical=False)
            assert again in known and canonical(again) == canonical(one)
    assert "C" * 31 + "N" not in known


def test_that_diversity_is_one_less_the_mean_similarity() -> None:
    some = ["CCO", "CCN", "C1=CC=CC=C1", "CC(=O)O"]
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    prints = [maker.GetFingerprint(Chem.MolFromSmiles(one)) for one in some]
    pairs = [TanimotoSimilarity(prints[a], prints[b]) for a in range(4) for b in range(a)]
    assert diversity(some) == pytest.approx(1 - np.mean(pairs))
    assert diversity(["CCO", "OCC"]) == 0 == diversity(["CCO"])


# --- writing and judging -----------------------------------------------------------------------


def test_that_the_surprise_in_writing_is_that_in_reading(
    trained: tuple[MoleculeWriter, Params]
) -> None:
    one, _ = trained
    written = one.write(torch.linspace(0.4, 1.6, 40), 7)
    for text, surprise, fault in zip(written.texts, written.surprise, written.faults, strict=True):
        assert one.judge(text, fault.kind != "no end").sum() == pytest.approx(surprise, rel=1e-3)
        assert (fault.kind == "") == (fault.kind != "no end" and text != ""
                                      and Chem.MolFromSmiles(text) is not None)


def test_that_a_sentence_is_as_likely_as_torchs_loss_says(
    trained: tuple[MoleculeWriter, Params]
) -> None:
    one, _ = trained
    ids = torch.from_numpy(one.tokens.encode(END + ASPIRIN + END))
    with torch.no_grad():
        h, _ = one.network.cell(one.network.embedding(ids[:-1, None]))
        logits = one.network.readout(h[:, 0])
        logits[:, 0] = -torch.inf
        theirs = torch.nn.functional.cross_entropy(logits, ids[1:], reduction="sum").item()
    assert one.judge(ASPIRIN).sum() == pytest.approx(theirs, rel=1e-4)


def test_that_sentences_are_drawn_as_often_as_they_are_likely(
    trained: tuple[MoleculeWriter, Params]
) -> None:
    """The first sign of 3,000 sentences, against its probabilities at that temperature."""
    one, _ = trained
    with torch.no_grad():
        h, _ = one.network.cell(one.network.embedding(torch.tensor([[one.end]])))
        logits = one.network.readout(h[0, 0])
        logits[0] = -torch.inf
    wanted = (logits / 0.8).softmax(0).numpy()
    firsts = [one.tokens.encode(text[:1] or END)[0]
              for seed in range(2) for text in one.write(torch.full((1500,), 0.8), seed).texts]
    found = np.bincount(firsts, minlength=len(wanted)) / len(firsts)
    assert np.abs(found - wanted).max() < 0.03


def test_that_only_real_signs_are_learnt_from() -> None:
    one, params = begin(seed=3)
    before = one.generator.get_state()
    rows = one.batch(params.batch)
    one.generator.set_state(before)
    loss = one.step(params)["loss"]
    fresh, _ = begin(seed=3)
    total, signs = 0.0, 0
    for row in rows.tolist():
        ids = fresh.table[: int(fresh.lengths[row]) + 1, row]
        with torch.no_grad():
            h, _ = fresh.network.cell(fresh.network.embedding(ids[:-1, None]))
            total += torch.nn.functional.cross_entropy(
                fresh.network.readout(h[:, 0]), ids[1:], reduction="sum").item()
        signs += len(ids) - 1
    assert loss == pytest.approx(total / signs, rel=1e-4)


# --- what the panel shows ----------------------------------------------------------------------


def test_that_the_area_is_scikit_learns() -> None:
    draw = np.random.default_rng(0)
    true, values = draw.random(300) < 0.3, draw.integers(0, 40, 300)
    assert roc_area(true, values) == pytest.approx(roc_auc_score(true, values))
    assert roc_area(np.zeros(5, bool), np.arange(5)) == 0.5


def test_that_the_unlikely_sentences_are_the_broken_ones(
    trained: tuple[MoleculeWriter, Params]
) -> None:
    one, params = trained
    frame = one.frame(params)
    assert frame.auc == pytest.approx(roc_auc_score(~frame.valid, frame.surprise))
    many = one.write(torch.ones(600), 11)
    lengths = np.array([len(text) for text in many.texts])
    area = roc_auc_score(~many.valid, many.surprise)
    assert area > 0.72 and area > roc_auc_score(~many.valid, lengths) + 0.05
    order = many.surprise.argsort()
    assert many.valid[order[:150]].mean() > many.valid.mean() + 0.15


def test_that_most_different_molecules_come_between_the_extremes(
    trained: tuple[MoleculeWriter, Params]
) -> None:
    shares = trained[0]._sweep()
    assert shares[3].max() > shares[3, 0] + 0.25 and shares[3].max() > shares[3, -1] + 0.3
    assert (shares[3] <= shares[1] + 1e-6).all() and (shares[1] + shares[2] <= 1 + 1e-6).all()


def test_that_the_likeliest_are_kept_and_drawn(trained: tuple[MoleculeWriter, Params]) -> None:
    one, _ = trained
    params = Params(seed=5, keep=0.25, leaf=1)
    one.measure(params)
    frame = one.frame(params)
    assert frame.kept.sum() == WRITTEN // 4
    assert frame.surprise[frame.kept].max() <= frame.surprise[~frame.kept].min()
    assert frame.numbers.tolist() == np.flatnonzero(frame.kept)[8:16].tolist()
    assert frame.kept_valid == pytest.approx(frame.valid[frame.kept].mean())
    for cell, (text, fault) in enumerate(zip(frame.texts, frame.faults, strict=True)):
        if not fault:
            drawn = np.flatnonzero(frame.cells == cell)
            wanted = Chem.MolFromSmiles(text)
            assert [frame.symbols[at] for at in drawn] == [a.GetSymbol() for a in wanted.GetAtoms()]


def test_that_a_typed_molecule_is_drawn_first_and_read(trained: tuple[MoleculeWriter, Params]) -> None:
    one, _ = trained
    frame = one.frame(Params(smiles=ASPIRIN))
    assert (frame.own, frame.texts[0], frame.numbers[0], frame.read) == (True, ASPIRIN, -1, 0)
    assert "".join(frame.signs) == ASPIRIN + "⏎" and not frame.unknown.any()
    broken = one.frame(Params(smiles=ASPIRIN.replace("C1C", "C2C")))
    assert broken.faults[0] == "open ring"
    assert broken.sign_surprise.sum() > frame.sign_surprise.sum() + 2
    odd = one.frame(Params(smiles="CC🙂"))
    assert odd.unknown.tolist() == [False, False, True, False] and odd.faults[0] == "unknown"


# --- ANNalog -----------------------------------------------------------------------------------


def test_that_a_saved_file_can_name_nothing_that_runs(tmp_path: Path) -> None:
    assert plain(pickle.dumps({"itos": ["C", 1.5], "n": (2, None)})) == {"itos": ["C", 1.5], "n": (2, None)}
    for harmful in (print, Path("x"), np.float64(1.0)):
        with pytest.raises(Refusal, match="not opened"):
            plain(pickle.dumps(harmful))
    made = {"a": torch.arange(12.0).view(3, 4).T, "b": torch.arange(5)[2:]}
    torch.save(made, tmp_path / "made.pt")
    found = tensors((tmp_path / "made.pt").read_bytes(), "made.zip")
    assert all(np.array_equal(found[name], one.numpy()) for name, one in made.items())


@pytest.fixture
def annalog() -> Annalog:
    signs, weights = Data().read("table", "annalog")
    return Annalog(signs, {name: torch.from_numpy(one) for name, one in weights.items()})


@pytest.mark.pack("annalog")
def test_that_annalogs_encoder_is_torchs_on_the_same_weights(annalog: Annalog) -> None:
    ids = torch.tensor([[2, 5, 5, 9, 3]])
    x = annalog._embed(ids, "encoder")
    for layer in range(3):
        theirs = torch.nn.TransformerEncoderLayer(256, 8, 512, 0.0, batch_first=True).eval()
        name, w = f"encoder.layers.{layer}", annalog.weights
        state = {}
        for part in ("weight", "bias"):
            state |= {f"self_attn.in_proj_{part}": torch.cat(
                [w[f"{name}.self_attention.fc_{one}.{part}"] for one in "qkv"]),
                f"self_attn.out_proj.{part}": w[f"{name}.self_attention.fc_o.{part}"],
                f"norm1.{part}": w[f"{name}.self_attn_layer_norm.{part}"],
                f"norm2.{part}": w[f"{name}.ff_layer_norm.{part}"]}
            state |= {f"linear{one}.{part}": w[f"{name}.positionwise_feedforward.fc_{one}.{part}"]
                      for one in (1, 2)}
        theirs.load_state_dict(state)
        with torch.no_grad():
            x = theirs(x)
    with torch.no_grad():
        assert torch.allclose(annalog.encode(ids), x, atol=1e-4)


@pytest.mark.pack("annalog")
def test_that_beam_search_finds_relatives_and_their_likelihood(annalog: Annalog) -> None:
    smiles = canonical(ASPIRIN)
    found = annalog.relatives(smiles, 4, "cpu")
    assert "".join(found[0].signs[:-1]) == smiles
    assert [one.surprise for one in found] == sorted(one.surprise for one in found)
    assert all(fault_of("".join(one.signs[:-1])).kind == "" for one in found)
    source = torch.tensor([[2, *(annalog.numbers[one] for one in annalog.cut(smiles)), 3]])
    for one in found:
        ids = torch.tensor([[2, *(annalog.numbers[sign] for sign in one.signs)]])
        with torch.no_grad():
            logits, weight = annalog.decode(ids[:, :-1], annalog.encode(source))
        wanted = torch.nn.functional.cross_entropy(logits[0], ids[0, 1:], reduction="sum").item()
        assert one.surprise == pytest.approx(wanted, rel=1e-3)
        assert torch.allclose(weight.sum(-1), torch.ones(1), atol=1e-5)
        assert one.attention.shape == (len(one.signs), len(annalog.cut(smiles)))


@pytest.mark.pack("annalog")
def test_that_the_relatives_of_a_typed_molecule_are_drawn() -> None:
    params = Params(smiles=ASPIRIN, above="relatives", relative=1, units=16)
    one = MoleculeWriter(params, Context("cpu", 0, Data()))
    one.measure(params)
    frame = one.frame(params)
    assert frame.annalog and frame.origin == canonical(ASPIRIN) == frame.relatives[0]
    assert frame.relative_alike[0] == 1 and frame.relative == 1
    K = len(frame.numbers)
    assert (frame.cells == K).sum() == 13, "the first relative is the molecule itself"
    assert "".join(frame.relative_signs[:-1]) == frame.relatives[1]
    assert "".join(frame.origin_signs) == frame.origin
    params = Params(smiles="CC(", above="relatives", units=16)
    one.measure(params)
    assert one.frame(params).origin != "" or not one.written.valid[:7].any()


def test_that_without_annalog_there_is_no_page_of_it() -> None:
    one, _ = begin(units=16)
    params = Params(above="relatives", smiles=ASPIRIN)
    one.measure(params)
    frame = one.frame(params)
    assert not frame.annalog and not frame.relatives and frame.attention.shape == (0, 0)

"""Properties of molecules: the closed form against scikit-learn, the shares against RDKit's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score

from visualizers.data import Data
from visualizers.l7_biomedical.molecule_properties.experiment import (
    SIGN,
    PropertyPredictor,
    atoms_of,
    pieces,
)
from visualizers.l7_biomedical.molecule_properties.panel import Frame, Params
from visualizers.models.chemistry import crippen, weight
from visualizers.panel import Context
from visualizers.refusal import Refusal

NOWHERE = Data(Path("nowhere"))
ASPIRIN = "CC(=O)OC1=CC=CC=C1C(O)=O"


def begin(catalogue: Data = NOWHERE, notes: list[str] | None = None, **values: Any
          ) -> tuple[PropertyPredictor, Params]:
    params = Params(**({"data": "computed-logp", "seed": 4} | values))
    context = Context("cpu", params.seed, catalogue)
    if notes is not None:
        context.on_note = lambda text, values: notes.append(text.format(**values))
    one = PropertyPredictor(params, context)
    one.measure(params)
    return one, params


def looked(one: PropertyPredictor, **values: Any) -> Frame:
    params = Params(**({"data": "computed-logp", "seed": 4} | values))
    one.measure(params)
    return one.frame(params)


@pytest.fixture(scope="module")
def fitted() -> PropertyPredictor:
    return begin()[0]


# --- the fit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "amount", "penalty"), [(1, 5000, 1.0), (3, 5000, 0.1), (2, 60, 10.0)])
def test_that_the_prediction_is_scikit_learns(
    fitted: PropertyPredictor, n: int, amount: int, penalty: float
) -> None:
    frame = looked(fitted, context=n, amount=amount, ridge=penalty)
    words = {" ".join(piece) for piece in fitted.vocabulary[: fitted.upto[n]]}
    counter = CountVectorizer(tokenizer=SIGN.findall, token_pattern=None, lowercase=False,
                              ngram_range=(1, n), vocabulary=sorted(words))
    smiles = fitted.found.smiles
    train = [smiles[row] for row in fitted.train[:amount]]
    theirs = Ridge(alpha=penalty).fit(counter.transform(train).toarray(), fitted.y[:amount].numpy())
    wanted = theirs.predict(counter.transform([smiles[row] for row in fitted.test]).toarray())
    assert np.allclose(frame.predicted, wanted, atol=1e-4)
    assert frame.r2 == pytest.approx(r2_score(fitted.test_y, wanted), abs=1e-5)
    assert frame.error == pytest.approx(np.abs(wanted - fitted.test_y.numpy()).mean(), abs=1e-5)
    assert frame.learnt == min(amount, len(fitted.train))


def test_that_the_molar_mass_alone_is_a_straight_line(fitted: PropertyPredictor) -> None:
    frame = looked(fitted)
    mass = [np.array([[Descriptors.MolWt(Chem.MolFromSmiles(fitted.found.smiles[row]))]
                      for row in part]) for part in (fitted.train, fitted.test)]
    theirs = LinearRegression().fit(mass[0].reshape(-1, 1), fitted.y.numpy())
    assert frame.r2_at[0] == pytest.approx(
        r2_score(fitted.test_y, theirs.predict(mass[1].reshape(-1, 1))), abs=1e-4)
    assert weight(ASPIRIN) == pytest.approx(180.16, abs=0.01)


def test_that_the_curve_over_molecules_ends_where_the_fit_is(fitted: PropertyPredictor) -> None:
    frame = looked(fitted, beside="amount", context=3)
    assert frame.amounts.tolist() == [20, 50, 100, 200, 500, 1000, 1600]
    assert frame.all_at[-1] == pytest.approx(frame.r2_at[3], abs=1e-5)
    assert frame.one_at[-1] == pytest.approx(frame.r2_at[1], abs=1e-5)
    fewer = looked(fitted, amount=100, context=3)
    assert frame.all_at[2] == pytest.approx(fewer.r2, abs=1e-5)
    assert not len(looked(fitted).amounts)


def test_that_nothing_held_out_is_learnt_from(fitted: PropertyPredictor) -> None:
    assert not set(fitted.train) & set(fitted.test)
    assert len(fitted.test) == 400 and len(fitted.train) == 1600
    other, _ = begin(seed=9)
    assert set(other.test) != set(fitted.test)


# --- the shares --------------------------------------------------------------------------------


@pytest.mark.parametrize("smiles", [ASPIRIN, "C[N+](C)(C)CC%12CC%12Br", "O", "ClC1=CC=CC=C1[N+]([O-])=O"])
def test_that_each_sign_belongs_to_an_atom(smiles: str) -> None:
    signs = SIGN.findall(smiles)
    owner = atoms_of(signs)
    molecule = Chem.MolFromSmiles(smiles)
    assert "".join(signs) == smiles and owner[0] == 0
    assert owner[-1] + 1 == molecule.GetNumAtoms() and set(np.diff(owner)) <= {0, 1}
    for atom, first in zip(molecule.GetAtoms(), np.unique(owner, return_index=True)[1], strict=True):
        assert atom.GetSymbol() in signs[first]


def test_that_pieces_are_all_runs_of_neighbours() -> None:
    found = [("".join(piece), at) for at, piece in pieces(["C", "=", "O"], 2)]
    assert found == [("C", 0), ("=", 1), ("O", 2), ("C=", 0), ("=O", 1)]


@pytest.mark.parametrize("n", [1, 3, 5])
def test_that_base_and_shares_are_the_prediction(fitted: PropertyPredictor, n: int) -> None:
    looked(fitted, context=n)
    for chosen in range(0, 400, 37):
        frame = fitted.frame(Params(context=n, chosen=chosen))
        assert frame.prediction == pytest.approx(frame.predicted[chosen], abs=1e-4)
        for parts in (frame.added, frame.sign_adds, frame.piece_adds):
            assert frame.base + parts.sum() == pytest.approx(frame.prediction, abs=1e-4)
    own = fitted.frame(Params(context=n, smiles=ASPIRIN))
    assert own.base + own.added.sum() == pytest.approx(own.prediction, abs=1e-4)


def test_that_the_true_shares_are_those_of_rdkits_logp(fitted: PropertyPredictor) -> None:
    for row in fitted.test[:60]:
        smiles = fitted.found.smiles[row]
        assert sum(crippen(smiles)) == pytest.approx(Crippen.MolLogP(Chem.MolFromSmiles(smiles)))
    frame = looked(fitted, smiles=ASPIRIN)
    assert len(frame.truth) == len(frame.added) == 13
    assert frame.truth.sum() == pytest.approx(frame.value, abs=1e-5)
    assert crippen("not one") == ()


def test_that_a_good_prediction_does_not_make_the_shares_true(fitted: PropertyPredictor) -> None:
    one, three, five = (looked(fitted, context=n) for n in (1, 3, 5))
    assert one.r2 > one.r2_at[0] + 0.4 and three.r2 > one.r2 + 0.03 and five.r2 > 0.95
    assert 0.4 < three.credit < 0.85 and abs(five.credit - three.credit) < 0.1
    ours, true = (np.concatenate([part(row) for row in fitted.test]) for part in (
        lambda row: fitted.atoms(fitted.signs[row], 5),
        lambda row: np.array(crippen(fitted.found.smiles[row]))))
    assert five.credit == pytest.approx(np.corrcoef(ours, true)[0, 1])


def test_that_few_molecules_are_learnt_by_heart(fitted: PropertyPredictor) -> None:
    few, many = looked(fitted, amount=50), looked(fitted)
    assert few.train_r2_at[3] > few.r2 + 0.06
    assert many.train_r2_at[3] < many.r2 + 0.03


# --- what is shown -----------------------------------------------------------------------------


def test_that_what_is_no_molecule_is_said_and_lit(fitted: PropertyPredictor) -> None:
    frame = looked(fitted, smiles="CC(C)(C)(C)C")
    assert frame.fault == "valence" and frame.smiles[slice(*frame.lit)] == "C"
    folded = looked(fitted, smiles="[H]OCC")
    assert folded.fault == "other", "hydrogens of its own are folded away"
    odd = looked(fitted, smiles="[Xe]C")
    assert odd.new or odd.fault


def test_that_computed_values_stand_in_for_boiling_points() -> None:
    notes: list[str] = []
    one, params = begin(notes=notes, data="boiling-points")
    assert one.found.id == "computed-logp" and "Boiling points" in notes[0]
    assert one.frame(params).quantity == "logP, computed"


def test_that_an_own_table_is_read(tmp_path: Path) -> None:
    lines = [f"{'C' * n}O,{10.0 * n}" for n in range(1, 70)]
    (tmp_path / "mine.csv").write_text("smiles,value\n" + "\n".join(lines))
    one, params = begin(data=f"file:{tmp_path / 'mine.csv'}", context=1)
    frame = one.frame(params)
    assert frame.r2 > 0.99 and not len(frame.truth) and frame.credit == 0
    (tmp_path / "few.csv").write_text("\n".join(lines[:20]))
    with pytest.raises(Refusal, match="Too few"):
        begin(data=f"file:{tmp_path / 'few.csv'}")
    (tmp_path / "none.csv").write_text("nothing here")
    with pytest.raises(Refusal, match="No line"):
        begin(data=f"file:{tmp_path / 'none.csv'}")


@pytest.mark.pack("chemicals")
def test_that_more_context_predicts_boiling_points_better() -> None:
    one, params = begin(Data(), data="boiling-points", seed=2)
    frame = one.frame(params)
    assert len(one.found.smiles) == 4205 and (frame.quantity, frame.unit) == ("boiling point", "K")
    mass, single, _, three, *_ = frame.r2_at
    assert mass < 0.5 and 0.72 < single < 0.86 and three > single + 0.06 and three > 0.86
    ethanol = dict(zip(one.found.names, one.found.values, strict=True))["Ethanol"]
    assert ethanol == pytest.approx(351.4, abs=0.6)
    assert one.found.weights[0] == pytest.approx(weight(one.found.smiles[0]), abs=0.05)


@pytest.mark.pack("chemicals")
def test_that_measured_logp_is_read() -> None:
    found = Data().read("property", "measured-logp")
    assert len(found.smiles) > 3800 and found.quantity == "logP"
    assert dict(zip(found.smiles, found.values, strict=True))["CCO"] == pytest.approx(-0.31, abs=0.1)

"""The playground: the hand-written network against autograd and torch.optim, and what it teaches."""

from __future__ import annotations

import copy
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visualizers.data.points import FEATURES, SETS, drawn, features, grid, make
from visualizers.l2_networks.playground.experiment import Playground
from visualizers.l2_networks.playground.panel import MOST_LAYERS, MOST_NEURONS, Params, sizes
from visualizers.l2_networks.playground.taking import as_json, as_python, matrices
from visualizers.models.perceptron import (
    ACTIVATIONS,
    OPTIMIZERS,
    Logistic,
    Loss,
    Network,
    Pass,
    Shrink,
    Softmax,
    Squared,
    collapsed,
)
from visualizers.panel import Context
from widgets.controls.parameters import changed

ALL = tuple(FEATURES)
TORCH = {"linear": lambda z: z, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "ReLU": torch.relu,
         "leaky ReLU": lambda z: F.leaky_relu(z, 0.1)}


def begin(**values: Any) -> tuple[Playground, Params]:
    params = Params(**values)
    return Playground(params, Context("cpu", params.seed, data=None)), params  # type: ignore[arg-type]


# --- the network, its way back and its updates ---------------------------------------------------


def random_network(widths: list[int], seed: int = 0) -> Network:
    network = Network(widths, dtype=torch.float64)
    network.flat.copy_(torch.randn(len(network.flat), generator=torch.Generator().manual_seed(seed)))
    return network


def torchs_loss(loss: Loss, scores: Tensor, target: Tensor) -> Tensor:
    """The same losses by torch's own functions; scores and targets are (K, B)."""
    match loss:
        case Logistic():
            return F.binary_cross_entropy_with_logits(scores, target)
        case Softmax():
            return F.cross_entropy(scores.T, target.T)
        case Squared(bounded=bounded):
            answer = scores.tanh() if bounded else scores
            return 0.5 * F.mse_loss(answer, target, reduction="none").sum(0).mean()
    raise AssertionError


def target_for(loss: Loss, outputs: int, points: int) -> Tensor:
    kinds = torch.arange(points) % max(2, outputs)
    if isinstance(loss, Softmax):
        return F.one_hot(kinds, outputs).double().T.contiguous()
    if isinstance(loss, Logistic):
        return kinds.double()[None]
    return torch.linspace(-1, 1, outputs * points, dtype=torch.float64).view(outputs, points)


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(("loss", "outputs"), [
    (Logistic(), 1), (Softmax(), 3), (Squared(True), 1), (Squared(True), 3), (Squared(False), 1)])
def test_that_every_gradient_equals_autograd(
    activation: str, loss: Loss, outputs: int, dropout: bool
) -> None:
    network = random_network([3, 5, 4, outputs])
    points, generator = 7, torch.Generator().manual_seed(1)
    x = torch.cat([torch.randn(3, points, generator=generator), torch.ones(1, points)]).double()
    masks = [2.0 * (torch.rand(n, points, generator=generator) > 0.5).double() for n in (5, 4)] \
        if dropout else []
    target = target_for(loss, outputs, points)
    way = Pass(network, points, [ACTIVATIONS[activation], ACTIVATIONS["tanh"]])
    scores = way.forward(x, masks)
    way.backward(loss, target, x.t(), masks)

    flat = network.flat.clone().requires_grad_()
    one, a = torch.ones(1, points, dtype=torch.float64), x
    for layer, (w, f) in enumerate(zip(network.split(flat), [TORCH[activation], torch.tanh, None],
                                       strict=True)):
        a = w @ a
        if f is not None:
            a = f(a) * masks[layer] if masks else f(a)
            a = torch.cat([a, one])
    expected = torchs_loss(loss, a, target)
    (gradient,) = torch.autograd.grad(expected, flat)

    assert torch.allclose(scores, a.detach(), atol=1e-12)
    assert float(loss.each(scores, target).mean()) == pytest.approx(expected.item(), rel=1e-10)
    assert torch.allclose(network.gradient, gradient, atol=1e-12)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_that_an_optimiser_moves_as_torchs_does(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    ours = torch.randn(20, generator=generator, dtype=torch.float64)
    theirs = ours.clone().requires_grad_()
    rate = 0.05
    one = OPTIMIZERS[name](ours)
    other: torch.optim.Optimizer = {
        "SGD": lambda: torch.optim.SGD([theirs], rate),
        "momentum": lambda: torch.optim.SGD([theirs], rate, momentum=0.9),
        "RMSProp": lambda: torch.optim.RMSprop([theirs], rate, alpha=0.9),
        "Adam": lambda: torch.optim.Adam([theirs], rate),
    }[name]()
    for _ in range(30):
        g = torch.randn(20, generator=generator, dtype=torch.float64)
        one.update(ours, g, rate)
        theirs.grad = g.clone()
        other.step()
    assert torch.allclose(ours, theirs.detach(), atol=1e-10)


def test_that_the_pull_of_l2_is_torchs_weight_decay() -> None:
    generator = torch.Generator().manual_seed(0)
    ours = torch.randn(9, generator=generator, dtype=torch.float64)
    for kind, optimizer in (("SGD", torch.optim.SGD), ("Adam", torch.optim.AdamW)):
        theirs, mine = ours.clone().requires_grad_(), ours.clone()
        other = optimizer([theirs], lr=0.1, weight_decay=0.3)
        one, shrink = OPTIMIZERS[kind](mine), Shrink("L2", 0.1 * 0.3, torch.ones_like(mine))
        for _ in range(10):
            g = torch.randn(9, generator=generator, dtype=torch.float64)
            shrink.apply(mine)
            one.update(mine, g, 0.1)
            theirs.grad = g.clone()
            other.step()
        assert torch.allclose(mine, theirs.detach(), atol=1e-10)


def test_that_l1_stops_at_zero_and_spares_biases() -> None:
    network = random_network([2, 3, 1])
    before = network.flat.clone()
    Shrink("L1", 0.5, network.is_weight).apply(network.flat)
    expected = before.sign() * (before.abs() - 0.5 * network.is_weight).clamp_min(0)
    assert torch.allclose(network.flat, expected)
    small = (before.abs() <= 0.5) & (network.is_weight > 0)
    assert small.any() and (network.flat[small] == 0).all()
    for matrix, old in zip(network.split(network.flat), network.split(before), strict=True):
        assert torch.equal(matrix[:, -1], old[:, -1])


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_that_a_linear_network_of_any_depth_is_one_matrix(depth: int) -> None:
    network = random_network([4, *[6] * depth, 3])
    x = torch.cat([torch.randn(4, 50, dtype=torch.float64), torch.ones(1, 50)])
    way = Pass(network, 50, [ACTIVATIONS["linear"]] * depth, back=False)
    whole = collapsed(network.split(network.flat))
    assert whole.shape == (3, 5)
    assert torch.allclose(way.forward(x), whole @ x, rtol=1e-10)


def test_that_first_weights_have_the_spread_their_schemes_promise() -> None:
    generator = torch.Generator().manual_seed(0)
    for scheme, expected in (("Xavier", (2 / 700) ** 0.5), ("He", (2 / 400) ** 0.5), ("zeros", 0.0),
                             ("too large", 5.0)):
        network = Network([400, 300])
        network.start(scheme, generator)
        (matrix,) = network.split(network.flat)
        assert float(matrix[:, :-1].std()) == pytest.approx(expected, rel=0.02)
        assert not matrix[:, -1].any()
    for widths in ([40, 30], [30, 40]):
        network = Network(widths)
        network.start("orthogonal", generator)
        w = network.split(network.flat)[0][:, :-1]
        product = w @ w.T if widths[0] > widths[1] else w.T @ w
        assert torch.allclose(product, torch.eye(30), atol=1e-5)


# --- the points ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(SETS))
def test_that_a_set_of_points_is_seeded_balanced_and_on_the_plane(name: str) -> None:
    one, same = (make(name, 400, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.at(0.3), same.at(0.3)) and np.array_equal(one.target, same.target)
    assert np.abs(one.clean).max() <= 6.5
    assert not np.array_equal(one.at(0.5), one.at(0.0)) and np.array_equal(one.at(0.0), one.clean)
    if one.classes:
        counts = np.bincount(one.target.astype(int), minlength=one.classes)
        assert counts.max() - counts.min() <= 1
    else:
        assert np.abs(one.target).max() <= 1 and one.target.std() > 0.1


def test_that_without_noise_the_sets_are_what_they_are_called() -> None:
    draw = np.random.default_rng(0)
    circle, xor = make("circle", 300, draw), make("exclusive or", 300, draw)
    radius = np.linalg.norm(circle.clean, axis=1)
    assert radius[circle.target == 1].max() < radius[circle.target == 0].min()
    assert np.array_equal(xor.clean.prod(axis=1) > 0, xor.target == 1)
    plane = make("plane", 300, draw)
    assert np.allclose(plane.target, plane.clean.sum(axis=1) / 12, atol=1e-5)


def test_that_features_are_what_they_are_called() -> None:
    xy = grid(5)
    x, y = xy.T
    expected = [x, y, x**2, y**2, x * y, np.sin(x), np.sin(y)]
    assert np.allclose(features(xy, ALL), np.stack(expected, axis=1), atol=1e-6)
    assert features(xy, ()).shape == (25, 0)
    assert xy[0, 0] < 0 < xy[0, 1], "rows run from the top, where x₂ is positive"


# --- the experiment ------------------------------------------------------------------------------


def test_that_layers_are_read_from_what_is_typed() -> None:
    assert sizes("4 2") == (4, 2) == sizes("4,2") == sizes("4 × 2")
    assert sizes("") == () == sizes("  ")
    assert sizes("16 " * MOST_LAYERS) == (MOST_NEURONS,) * MOST_LAYERS


def by_torch(one: Playground, params: Params) -> tuple[nn.Sequential, torch.optim.Optimizer]:
    """The same network out of torch's own modules."""
    parts: list[nn.Module] = []
    found = one.network.split(one.network.flat)
    for index, matrix in enumerate(found):
        layer = nn.Linear(matrix.shape[1] - 1, matrix.shape[0])
        layer.weight.data.copy_(matrix[:, :-1])
        layer.bias.data.copy_(matrix[:, -1])
        parts += [layer] if index == len(found) - 1 else [layer, nn.Tanh()]
    model = nn.Sequential(*parts)
    return model, torch.optim.SGD(model.parameters(), params.learning_rate)


def test_that_ten_epochs_are_those_of_the_plain_torch_loop() -> None:
    one, params = begin(batch_size=12, features=ALL, layers="6 5")
    model, optimizer = by_torch(one, params)
    twin = copy.deepcopy(one)
    for _ in range(10):
        scalars = one.step(params)
        if twin.plan is None or twin.plan.params is not params:
            twin.plan = twin.planned(params, twin.network)
        with torch.inference_mode():
            twin.plan.shuffle(twin.generator)  # the same order
        for batch in twin.plan.batches:
            optimizer.zero_grad()
            x, target = batch.x[:-1].T.clone(), batch.target.T.clone()
            loss = F.binary_cross_entropy_with_logits(model(x), target)
            loss.backward()
            optimizer.step()
    ours = torch.cat([part.flatten() for matrix in one.network.split(one.network.flat)
                      for part in (matrix[:, :-1], matrix[:, -1])])
    theirs = torch.cat([part.detach().flatten() for part in model.parameters()])
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert one.plan is not None
    table = one.plan.table
    with torch.no_grad():
        logits = model(table.x[:-1].T)
    known = table.y.T
    tested = slice(table.trained_on, None)
    assert scalars["test_loss"] == pytest.approx(
        float(F.binary_cross_entropy_with_logits(logits[tested], known[tested])), abs=1e-5)
    assert scalars["test_score"] == pytest.approx(
        float(((logits[tested] > 0) == (known[tested] > 0.5)).float().mean()))


def test_that_the_last_batch_may_be_smaller() -> None:
    one, params = begin(batch_size=60)  # 250 = 4 · 60 + 10
    one.step(params)
    assert one.plan is not None
    assert [batch.x.shape[1] for batch in one.plan.batches] == [60, 60, 60, 60, 10]
    seen = torch.cat([batch.x for batch in one.plan.batches], 1)
    known = one.plan.table.x[:, :250]
    assert torch.equal(seen.sort(1).values, known.sort(1).values), "every point once"


@torch.inference_mode()
def test_that_r_squared_is_sklearns() -> None:
    from sklearn.metrics import r2_score

    one, params = begin(data="hills", layers="8")
    for _ in range(5):
        scalars = one.step(params)
    assert one.plan is not None
    table = one.plan.table
    scores = one.plan.tell()[0].numpy()
    tested = slice(table.trained_on, None)
    assert scalars["test_score"] == pytest.approx(r2_score(table.target[tested], scores[tested]),
                                                  abs=1e-5)


@pytest.mark.parametrize("data", ["circle", "three rings"])
@torch.inference_mode()
def test_that_confusion_is_sklearns(data: str) -> None:
    from sklearn.metrics import confusion_matrix

    one, params = begin(data=data)
    for _ in range(8):
        one.step(params)
    frame = one.frame(changed(params, show_test=True))
    assert one.plan is not None
    said = one.plan.table.decided(one.plan.tell())[frame.trained_on :].numpy().astype(int)
    true = frame.targets[frame.trained_on :].astype(int)
    assert np.array_equal(frame.confusion, confusion_matrix(true, said))
    assert np.trace(frame.confusion) / frame.confusion.sum() == pytest.approx(frame.test_score)


@pytest.mark.parametrize("depth", [0, 1, 2, 4])
def test_that_linear_layers_of_any_depth_stay_below_three_quarters_of_exclusive_or(
    depth: int,
) -> None:
    for seed in range(3):
        one, params = begin(data="exclusive or", activation="linear", layers="8 " * depth, seed=seed)
        best = max(one.step(params)["test_score"] for _ in range(40))
        assert best <= 0.75
        assert one.frame(params).single_gap < 1e-4


def test_that_one_bend_is_enough_for_exclusive_or() -> None:
    for seed in range(3):
        one, params = begin(data="exclusive or", activation="ReLU", layers="8 8 8", seed=seed)
        for _ in range(100):
            scalars = one.step(params)
        assert scalars["test_score"] > 0.97


def test_that_neurons_which_start_alike_stay_alike() -> None:
    for activation in ("tanh", "sigmoid"):
        one, params = begin(initialization="zeros", activation=activation, layers="4 3")
        for _ in range(30):
            one.step(params)
        frame = one.frame(params)
        assert frame.spread < 1e-6
        assert all(np.allclose(matrix, matrix[:1], atol=1e-6) for matrix in matrices(frame)[:-1])
        assert frame.test_score < 0.7


def test_that_an_error_shrinks_at_least_fourfold_through_a_sigmoid() -> None:
    """Apart from what the weights do: orthogonal ones keep its length."""
    one, params = begin(layers="6 6 6 6", activation="sigmoid", initialization="orthogonal",
                        beside="errors")
    errors = one.frame(params).errors
    assert len(errors) == 4
    network, plan = one.network, one.planned(params, one.network)
    way = Pass(network, plan.table.trained_on, plan.activations)
    x = plan.table.x[:, : plan.table.trained_on]
    way.forward(x)
    way.backward(one.loss, plan.table.y[:, : plan.table.trained_on], x.t())
    norms = [float(one.norm()) for one in way.errors[:-1]]
    assert all(below <= 0.25 * above * 1.0001 for below, above in pairwise(norms))
    assert errors[0] == pytest.approx(float(way.errors[0].abs().mean()) * len(x.T), rel=1e-4)


def test_that_a_layer_can_have_an_activation_of_its_own() -> None:
    one, params = begin(layers="5 5", bends=("ReLU", ""))
    assert one.frame(params).bends == ("ReLU", "tanh")
    assert one.frame(changed(params, activation="sigmoid")).bends == ("ReLU", "sigmoid")
    maps = one.frame(params).maps
    assert maps[:5].min() >= 128 > maps[5:].min(), "ReLU is never below zero"


def test_that_a_weight_set_by_hand_is_seen_at_once_and_set_once() -> None:
    one, params = begin()
    one.step(params)
    edited = changed(params, edits=((1, 0, 2, 1, 7.5), (2, 1, 0, 4, -3.0)))
    frame = one.frame(edited)
    first, second, _ = matrices(frame)
    assert first[2, 1] == 7.5 and second[0, 4] == -3.0
    assert not torch.any(one.network.flat == 7.5), "a frame only looks"
    twin = copy.deepcopy(one)
    one.step(edited)
    after = one.network.split(one.network.flat)[0][2, 1]
    assert after != 7.5 and abs(float(after) - 7.5) < 0.5, "training goes on from there"
    one.step(edited)
    moved = changed(edited, learning_rate=0.05)  # another change must not set it again
    before = one.network.split(one.network.flat)[0][2, 1].clone()
    one.step(moved)
    assert abs(float(one.network.split(one.network.flat)[0][2, 1] - before)) < 0.5
    assert one.applied == 2
    twin.step(edited)
    twin.step(edited)
    twin.step(moved)
    assert torch.equal(one.network.flat, twin.network.flat), "so a replay comes to the same"


def test_that_edits_of_an_earlier_run_are_not_made_again() -> None:
    plain, params = begin()
    again, other = begin(edits=((5, 0, 0, 0, 9.0),))
    plain.step(params)
    again.step(other)
    assert torch.equal(plain.network.flat, again.network.flat)


def test_that_points_drawn_by_hand_join_the_training() -> None:
    one, params = begin(data="drawn by hand", train_share=0.9, layers="8", learning_rate=0.3)
    assert one.step(params)["loss"] == 0.0 and len(one.frame(params).points) == 0
    here = tuple((x, y, kind) for kind, (x, y) in enumerate(((-3.0, 0.0), (3.0, 3.0), (3.0, -3.0)))
                 for x, y in ((x, y), (x + 0.5, y), (x, y + 0.5)))
    grown = changed(params, drawn=here)
    assert len(one.frame(grown).points) == 9, "seen before the next step"
    for _ in range(100):
        scalars = one.step(grown)
    assert scalars["score"] == 1.0
    frame = one.frame(grown)
    at = int((1 - 3.0 / 6) / 2 * 56), int((1 + 3.0 / 6) / 2 * 56)
    assert frame.output[:, at[0], at[1]].argmax() == 1
    table = one.planned(grown, one.network).table
    assert table.trained_on + table.tested == 9 and 0 < table.tested < 3


def test_that_drawn_points_stay_on_their_side_when_more_come() -> None:
    points = tuple((float(i % 5), float(i // 5), i % 3) for i in range(40))
    assert drawn(points, 3).classes == 3
    one, params = begin(data="drawn by hand")
    sides = []
    for count in (20, 40):
        table = one.planned(changed(params, drawn=points[:count]), one.network).table
        sides.append({tuple(p) for p in table.xy[: table.trained_on].tolist()})
        assert abs(table.trained_on - count / 2) <= 1
    assert sides[0] <= sides[1]


def test_that_training_stops_when_the_test_loss_no_longer_improves() -> None:
    one, params = begin(data="exclusive or", noise=0.25, points=200, layers="16 16", optimizer="Adam",
                        learning_rate=0.01, stop="no better test loss", patience=20)
    losses: list[float] = []
    while not one.finished(params):
        losses.append(one.step(params)["test_loss"])
        assert len(losses) < 500
    best = int(np.argmin(losses))
    assert 15 <= len(losses) - 1 - best <= 20  # improvements below a thousandth do not count
    assert one.frame(params).left == 0
    fixed, params = begin(stop="after some epochs", patience=7)
    steps = 0
    while not fixed.finished(params):
        fixed.step(params)
        steps += 1
    assert steps == 7


def test_that_a_run_out_of_numbers_says_why() -> None:
    for values, cause in (
        ({"learning_rate": 10.0, "data": "plane", "activation": "linear"}, "overshoots"),
        ({"learning_rate": 10.0, "regularization": "L2", "strength": 1.0}, "turns the weights"),
    ):
        params = Params(**values)
        told: list[str] = []
        context = Context("cpu", 0, data=None,  # type: ignore[arg-type]
                          on_note=lambda text, given, told=told: told.append(text.format(**given)))
        one = Playground(params, context)
        for _ in range(3000):
            if not np.isfinite(one.step(params)["loss"]):
                break
        assert told and cause in told[-1]
        frame = one.frame(params)
        assert np.isfinite(frame.weights).all() and np.isfinite(frame.train_loss)


@torch.inference_mode()
def test_that_dropout_silences_its_share_and_none_of_the_test() -> None:
    one, params = begin(dropout=0.4, layers="16 16")
    one.step(params)
    assert one.plan is not None
    masks = torch.cat([torch.cat(batch.masks) for batch in one.plan.batches], 1)
    assert float((masks == 0).float().mean()) == pytest.approx(0.4, abs=0.03)
    assert float(masks.max()) == pytest.approx(1 / 0.6)
    assert torch.equal(one.plan.tell().clone(), one.plan.tell()), "all awake when looked at"


def test_that_maps_are_what_the_network_says() -> None:
    one, params = begin(layers="5 3", activation="leaky ReLU", features=ALL)
    one.step(params)
    frame = one.frame(params)
    x = torch.cat([torch.from_numpy(features(grid(56), ALL)).T, torch.ones(1, 56 * 56)])
    for matrix, count, at in zip(matrices(frame), (5, 3), (0, 5), strict=False):
        z = torch.from_numpy(matrix) @ x
        a = F.leaky_relu(z, 0.1)
        seen = (frame.maps[at : at + count].astype(float) - 128) / 127 \
            * frame.scales[at : at + count, None, None]
        expected = a.view(count, 56, 56)[:, ::2, ::2].numpy()
        assert np.abs(seen - expected).max() <= frame.scales.max() / 127
        x = torch.cat([a, torch.ones(1, 56 * 56)])


@pytest.mark.parametrize("values", [
    {}, {"data": "three spirals", "layers": "5 4", "bends": ("ReLU",), "features": ALL},
    {"data": "hills", "layers": "", "activation": "linear"},
    {"loss": "squared error", "activation": "sigmoid"}, {"data": "three rings", "loss": "squared error"},
])
def test_that_a_network_taken_away_answers_the_same(values: dict[str, Any]) -> None:
    one, params = begin(**values)
    for _ in range(5):
        one.step(params)
    frame = one.frame(params)
    space: dict[str, Any] = {}
    exec(as_python(frame, params), space)
    x, y = grid(56).astype(np.float64).T
    said = space["network"](x, y)
    expected = one.loss.answer(Pass(one.network, 56 * 56, one.planned(params, one.network).activations,
                                    back=False).forward(one.cells)).numpy()
    assert np.abs(said - expected).max() < 1e-3
    told = json.loads(as_json(frame, params))
    assert len(told["layers"]) == len(frame.widths) - 1
    assert np.allclose(told["layers"][0]["weights"], matrices(frame)[0][:, :-1], atol=1e-5)

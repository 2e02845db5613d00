"""Gradient descent: six optimisers against torch.optim, and the edges against the closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from visualizers.l1_basics.gradient_descent.experiment import GradientDescent, edges, factors
from visualizers.l1_basics.gradient_descent.panel import LENGTH, LOWEST, MINIMUM, OPTIMISERS, Params
from visualizers.panel import Context
from widgets.controls.parameters import changed

LANDSCAPES = ("narrow valley", "saddle", "sharp and wide valley", "curved valley", "small network")


def begin(steps: int = 0, **values: Any) -> tuple[GradientDescent, Params]:
    params = Params(**values)
    race = GradientDescent(params, Context("cpu", params.seed, data=None))  # type: ignore[arg-type]
    for _ in range(steps):
        race.step(params)
    return race, params


def torchs(name: str, w: torch.Tensor, params: Params) -> torch.optim.Optimizer:
    rate, beta = params.learning_rate, params.momentum
    match name:
        case "SGD":
            return torch.optim.SGD([w], lr=rate)
        case "momentum":
            return torch.optim.SGD([w], lr=rate, momentum=beta)
        case "Nesterov":
            return torch.optim.SGD([w], lr=rate, momentum=beta, nesterov=True)
        case "RMSProp":
            return torch.optim.RMSprop([w], lr=rate, alpha=0.9)
        case "Adam":
            return torch.optim.Adam([w], lr=rate, betas=(beta, 0.999))
        case _:
            return torch.optim.AdamW([w], lr=rate, betas=(beta, 0.999), weight_decay=params.weight_decay)


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_that_each_optimiser_goes_the_way_of_torchs(landscape: str) -> None:
    race, params = begin(landscape=landscape, learning_rate=0.03, momentum=0.8, weight_decay=0.3, angle=20.0,
                         seed=5)
    for index, name in enumerate(OPTIMISERS):
        w = race.path[index, 0].clone().requires_grad_()
        other = torchs(name, w, params)
        places = []
        for _ in range(40):
            other.zero_grad()
            race.model.loss(w[None]).sum().backward()
            other.step()
            places.append(w.detach().clone())
        if index == 0:
            for _ in range(40):
                race.step(params)
        assert torch.allclose(race.path[index, 1:41], torch.stack(places), rtol=1e-8, atol=1e-9), name


def test_that_all_get_the_same_batch_and_that_it_is_a_part_of_the_data() -> None:
    race, params = begin(landscape="small network", batch=8, seed=2)
    state = race.generator.get_state()
    g = race.gradient(params)
    assert torch.allclose(g, g[:1].expand_as(g))  # from one start
    race.generator.set_state(state)
    batch = torch.randperm(64, generator=race.generator)[:8]
    assert len(set(batch.tolist())) == 8
    w = race.w[0].clone().requires_grad_()
    loss = binary_cross_entropy_with_logits(by_modules(w, race.model.x[batch]), race.model.y[batch])
    (mine,) = torch.autograd.grad(loss, w)
    assert torch.allclose(mine, g[0])


def by_modules(w: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The scores of torch's own layers with these weights."""
    w1, b1, w2, b2 = w.split([16, 8, 8, 1])
    hidden = torch.nn.functional.linear(x, w1.view(8, 2), b1).tanh()
    return torch.nn.functional.linear(hidden, w2.view(1, 8), b2)[:, 0]


@pytest.mark.parametrize("steepness", [3.0, 20.0, 80.0])
@pytest.mark.parametrize("angle", [0.0, 30.0])
def test_that_sgd_runs_away_exactly_above_two_over_lambda(steepness: float, angle: float) -> None:
    for part, away in ((0.998, False), (1.002, True)):
        rate = part * 2 / steepness
        race, _ = begin(LENGTH, steepness=steepness, angle=angle, learning_rate=rate)
        turn = math.radians(angle)
        across = torch.tensor([-math.sin(turn), math.cos(turn)], dtype=torch.float64)
        far = ((race.path[0] - torch.tensor(MINIMUM)) @ across).abs()
        ratios = far[1:] / far[:-1]
        assert torch.allclose(ratios, torch.full_like(ratios, abs(1 - rate * steepness)), rtol=1e-6)
        assert bool(far[-1] > far[0]) is away


@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_that_the_edges_of_momentum_and_nesterov_are_where_they_begin_to_run_away(beta: float) -> None:
    for index in (1, 2):
        edge = edges(20.0, beta)[index]
        for part, away in ((0.97, False), (1.03, True)):
            race, params = begin(200, momentum=beta, learning_rate=part * edge)
            assert (race.left[index] > 0) is away, (index, part)
            if away:
                measured = race.frame(params).measured[index]
                wanted = factors(np.array([part * edge]), (1.0, 20.0), beta)[index, 0]
                assert measured == pytest.approx(wanted, rel=0.02)


def test_that_the_factors_are_the_eigenvalues_of_a_step() -> None:
    """The step as a matrix on (what is left, what was added up), built from the rule itself."""
    beta, rates = 0.85, np.linspace(0.001, 0.5, 40)
    found = factors(rates, (1.0, 12.0), beta)
    for column, rate in enumerate(rates):
        largest = np.zeros(3)
        for curvature in (1.0, 12.0):
            x = rate * curvature
            steps = (np.array([[1 - x]]),
                     np.array([[1 - x, -rate * beta], [curvature, beta]]),
                     np.array([[1 - x * (1 + beta), -rate * beta * beta], [curvature, beta]]))
            largest = np.maximum(largest, [np.abs(np.linalg.eigvals(one)).max() for one in steps])
        assert found[:, column] == pytest.approx(largest, rel=1e-6)


def test_that_only_those_that_scale_each_weight_notice_that_the_valley_is_turned() -> None:
    straight, _ = begin(60, learning_rate=0.04)
    turned, _ = begin(60, learning_rate=0.04, angle=37.0)
    for index in (0, 1, 2):
        assert float(turned.losses[index]) == pytest.approx(float(straight.losses[index]), rel=1e-6)
    for index in (3, 4):
        assert float(turned.losses[index]) > 1.5 * float(straight.losses[index])


def test_that_noise_leaves_sgd_the_spread_that_theory_gives() -> None:
    """E ½λx² = ½ η σ² / (2 − ηλ) in each direction, once it has come down."""
    race, params = begin(50, learning_rate=0.3, noise=1.5, steepness=4.0, seed=3)
    losses = []
    for _ in range(2000):
        race.step(params)
        losses.append(float(race.losses[0]))
    wanted = sum(0.5 * 0.3 * 1.5**2 / (2 - 0.3 * curvature) for curvature in (1.0, 4.0))
    assert np.mean(losses) == pytest.approx(wanted, rel=0.1)


@pytest.mark.parametrize("seed", [1, 4])
def test_that_the_plane_is_that_of_numpys_pca_and_true_where_the_followed_one_is(seed: int) -> None:
    race, params = begin(80, landscape="small network", follow="Adam", learning_rate=0.1, batch=16, seed=seed)
    race.measure(params)
    places = race.path[:, :81].reshape(-1, 33).numpy()
    _, spread, directions = np.linalg.svd(places - places.mean(0), full_matrices=False)
    assert np.abs(np.diag(race.plane.numpy() @ directions[:2].T)) == pytest.approx([1, 1], abs=1e-6)
    assert race.held == pytest.approx(float((spread[:2] ** 2).sum() / (spread**2).sum()))

    frame = race.frame(params)
    assert np.allclose(frame.paths[4, -1], 0, atol=1e-6)  # the plane's origin
    x, y = 7, 30
    w = race.w[4] + frame.across[x] * race.plane[0] + frame.up[y] * race.plane[1]
    assert frame.surface[y, x] == pytest.approx(
        float(binary_cross_entropy_with_logits(by_modules(w, race.model.x), race.model.y)), rel=1e-4)
    for path in frame.paths:  # all of it is seen
        assert frame.across[0] < path[:, 0].min() and path[:, 0].max() < frame.across[-1]
        assert frame.up[0] < path[:, 1].min() and path[:, 1].max() < frame.up[-1]


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_that_the_curvature_is_what_a_small_step_along_it_shows(landscape: str) -> None:
    """Against second differences of the loss along many directions: none bends more, and one as much."""
    race, params = begin(10, landscape=landscape, learning_rate=0.02, seed=6, angle=25.0)
    race.measure(params)
    here, small = race.w[0], 1e-4
    rows = torch.eye(len(here), dtype=here.dtype)
    hessian = torch.stack([(slope(race, here + small * one) - slope(race, here - small * one)) / (2 * small)
                           for one in rows])
    largest = float(torch.linalg.eigvalsh((hessian + hessian.T) / 2)[-1])
    assert race.curvature == pytest.approx(largest, rel=1e-4)
    if landscape == "narrow valley":
        assert race.curvature == pytest.approx(20.0)


def slope(race: GradientDescent, w: torch.Tensor) -> torch.Tensor:
    w = w.clone().requires_grad_()
    (g,) = torch.autograd.grad(race.model.loss(w[None]).sum(), w)
    return g


def test_that_a_click_is_the_start_and_that_nobody_leaves_the_ridge_without_noise() -> None:
    race, params = begin(100, landscape="saddle", start=(-2.1, 0.0))
    assert torch.allclose(race.path[:, 0], torch.tensor([[-2.1, 0.0]], dtype=torch.float64))
    assert torch.equal(race.w[:, 1], torch.zeros(6, dtype=torch.float64))
    noisy, _ = begin(200, landscape="saddle", start=(-2.1, 0.0), noise=0.2, seed=8)
    assert bool((noisy.losses < 0.2).all()) and bool((race.losses > 0.99).all())
    assert race.path[0, 0, 0] > -3 and begin(start=(99.0, -99.0))[0].path[0, 0].tolist() == [3.0, -2.0]
    assert race.finished(params) is False


def test_that_the_lowest_places_are_level_and_nothing_is_lower() -> None:
    for landscape, place in LOWEST.items():
        race, _ = begin(landscape=landscape)
        here = torch.tensor(place, dtype=torch.float64)
        assert float(slope(race, here).norm()) < 1e-3
        assert float(race.model.loss(here[None])) <= race.heights.min() + 1e-6


@pytest.mark.parametrize("seed", [3, 9])
def test_that_a_sharp_valley_cannot_hold_sgd_at_a_large_rate(seed: int) -> None:
    calm, _ = begin(150, landscape="sharp and wide valley", learning_rate=0.1, seed=seed)
    wild, params = begin(150, landscape="sharp and wide valley", learning_rate=0.5, seed=seed)
    assert float(calm.w[0, 0]) < -1.4 and float(wild.w[0, 0]) > 1.0
    wild.measure(params)
    assert wild.curvature < 2 / 0.5


def test_that_who_is_lost_stays_where_it_was_lost_and_all_numbers_are_finite() -> None:
    race, params = begin(30, learning_rate=1.0, steepness=100.0)
    assert race.left[0] > 0 and race.left[1] > 0
    before = race.w[0].clone()
    race.step(changed(params, learning_rate=0.01))
    assert torch.equal(race.w[0], before)
    frame = race.frame(params)
    assert np.isfinite(frame.paths).all() and np.isfinite(frame.losses).all()

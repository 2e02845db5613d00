"""Backpropagation: every derivative against torch.autograd and differences, the course's numbers, and what
is typed."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from torch import Tensor
from torch.autograd.functional import jacobian, jvp, vjp

from visualizers import shapes
from visualizers.catalog import panel
from visualizers.l1_basics.backprop.experiment import Backprop
from visualizers.l1_basics.backprop.expression import FUNCTIONS, Nonsense, parse
from visualizers.l1_basics.backprop.panel import DONE, PROBLEMS, VALUES, Frame, Params
from visualizers.panel import Context, Shown

PANEL = panel("backprop")
NAMES: dict[str, Any] = {
    "exp": torch.exp, "ln": torch.log, "sqrt": torch.sqrt, "abs": torch.abs, "sin": torch.sin,
    "cos": torch.cos, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu,
    "max": torch.maximum, "min": torch.minimum}
EXPRESSIONS = (
    "(x + y) * max(y, z)",
    "1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))",
    "x - y / z + sqrt(abs(x * z)) ^ 3",
    "sin(x)*cos(y) - tanh(x*y) + sigmoid(z - x) * relu(y) - min(x, y*z)",
    "ln(1 + exp(x)) * y; x^y^2; 2^x - -3*y",
    "a = x * y; b = a * a + a; b / (1 + a^2); a - x",
    "x^2 + 3*x*y - 2.5e-1*y; r",
)


def begin(steps: int = 10_000, **values: Any) -> tuple[Backprop, Params]:
    params = Params(**values)
    run = Backprop(params, Context("cpu", params.seed, data=None))  # type: ignore[arg-type]
    while steps and not run.finished(params):
        run.step(params)
        steps -= 1
    return run, params


def frame_of(steps: int = 10_000, **values: Any) -> Frame:
    run, params = begin(steps, **values)
    frame = run.frame(params)
    shapes.check(frame, params)
    return frame


def torchs(text: str, names: tuple[str, ...]) -> Any:
    """The same expression by Python and torch: a function of the variables as one tensor."""
    def f(x: Tensor) -> Tensor:
        known = {**NAMES, **dict(zip(names, x.unbind(), strict=True))}
        found = []
        for piece in text.replace("^", "**").split(";"):
            tree = ast.parse(piece.strip()).body[0]
            if isinstance(tree, ast.Assign):
                known[ast.unparse(tree.targets[0])] = eval(ast.unparse(tree.value), {}, known)
            else:
                found.append(eval(piece.strip(), {}, known))
        return torch.stack(found)
    return f


# --- the course's numbers --------------------------------------------------------------------------------


def test_that_the_slides_example_gives_6_and_2_5_0_in_both_modes() -> None:
    for mode in ("reverse", "forward"):
        frame = frame_of(mode=mode)
        assert frame.values[:, 0, 0].tolist() == [1, 2, 3, 0, 2, 6]
        assert frame.jacobian.tolist() == [[2, 5, 0]] and frame.input_names == ("x", "y", "z")
    frame = frame_of(chosen=1)  # y has two paths
    assert frame.derivatives[:, 0, 0].tolist() == [2, 5, 2, 0, 3, 1]
    assert frame.paths == 2 and sorted(frame.partials[[1, 3], 0, 0].tolist()) == [2, 3]


@pytest.mark.parametrize("seed", [0, 3, 4])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_that_the_jacobians_of_the_network_are_u_a_diagonal_and_w(seed: int, activation: str) -> None:
    """s = uᵀh and h = f(Wx + b), so ∂s/∂b = uᵀ diag(f′(z)), and ∂s/∂x is that times W."""
    run, _ = begin(graph="small network", activation=activation, seed=seed)
    x, W, b, u = (run.weights[at].view(run.graph.nodes[at].shape) for at in (0, 1, 2, 5))
    z = (W @ x + b)[:, 0].requires_grad_()
    (slope,) = torch.autograd.grad(getattr(torch, activation)(z).sum(), z)
    frame = frame_of(graph="small network", activation=activation, seed=seed, chosen=0)
    got = frame.factors
    assert frame.factor_rows.tolist() == [1, 4, 4] and frame.factor_columns.tolist() == [4, 4, 3]
    assert np.allclose(got[0, :1, :4], u) and np.allclose(got[1, :4, :4], torch.diag(slope))
    assert np.allclose(got[2, :4, :3], W)
    assert np.allclose(frame.partials[1, 0, :4], u[0] * slope)
    assert np.allclose(frame.derivatives[2, :4, 0], u[0] * slope)  # by b
    assert np.allclose(frame.derivatives[0, :3, 0], (u * slope) @ W)
    assert frame.difference < 1e-6


# --- autograd --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_that_typed_expressions_agree_with_autograd_at_every_node(text: str) -> None:
    for seed in (1, 6):
        values = ", ".join(f"{name} = {0.3 + 0.4 * index + 0.1 * seed}"
                           for index, name in enumerate(("z", "y", "x", "w0", "x0", "w1", "x1", "w2", "r")))
        frames = [frame_of(expression=text, values=values, mode=mode, seed=seed)
                  for mode in ("reverse", "forward")]
        names = frames[0].input_names
        at = torch.tensor([float(frames[0].values[frames[0].names.index(one), 0, 0]) for one in names],
                          dtype=torch.float64)
        f = torchs(text, names)
        wanted = jacobian(f, at)
        for frame in frames:
            assert np.allclose(frame.jacobian, wanted, rtol=1e-12, atol=1e-12)
            assert frame.difference < 1e-6 and frame.phase == DONE
            assert np.allclose([frame.values[frame.names.index(one), 0, 0]
                                for one in frame.output_names], f(at))
        # The last walk of each mode is a product of autograd's, without the whole matrix.
        K, P = wanted.shape
        by = vjp(f, at, torch.eye(K, dtype=torch.float64)[-1])[1]
        onward = jvp(f, at, torch.eye(P, dtype=torch.float64)[-1])[1]
        for frame, product, nodes in ((frames[0], by, [frames[0].names.index(one) for one in names]),
                                      (frames[1], onward, [frames[1].names.index(one)
                                                           for one in frames[1].output_names])):
            assert np.allclose(frame.derivatives[nodes, 0, 0], product)


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_that_networks_of_any_size_agree_with_autograd(mode: str) -> None:
    for seed, layers, outputs, weights in ((2, 1, 3, True), (3, 2, 1, True), (5, 3, 2, False)):
        run, params = begin(graph="small network", layers=layers, outputs=outputs, inputs=2, width=3,
                            weights=weights, mode=mode, seed=seed, activation="sigmoid")
        frame = run.frame(params)
        flat = torch.cat([run.weights[at][0] for at in sorted(run.weights)])
        sizes = [run.graph.nodes[at].size for at in sorted(run.weights)]
        shape = [run.graph.nodes[at].shape for at in sorted(run.weights)]

        def f(all_numbers: Tensor, sizes: list[int] = sizes, shape: list[Any] = shape) -> Tensor:
            parts = [one.view(size) for one, size in zip(all_numbers.split(sizes), shape, strict=True)]
            h = parts[0]
            for W, b in zip(parts[1:-1:2], parts[2:-1:2], strict=True):
                h = torch.sigmoid(W @ h + b)
            return (parts[-1] @ h)[:, 0]

        wanted = jacobian(f, flat)[:, : None if weights else sizes[0]]
        assert np.allclose(frame.jacobian, wanted, atol=1e-14) and frame.difference < 1e-6


def test_that_kinks_have_the_slopes_that_autograd_gives_them() -> None:
    for text in ("max(x, y)", "min(x, y)", "relu(x - y)", "abs(x - y)", "(x - y)^2", "(x - y)^1"):
        frame = frame_of(expression=text, values="x = 2, y = 2")
        at = torch.full((2,), 2.0, dtype=torch.float64)
        assert np.allclose(frame.jacobian, jacobian(torchs(text, ("x", "y")), at)), text


# --- cost ------------------------------------------------------------------------------------------------


def test_that_what_is_counted_are_the_entries_that_meet() -> None:
    """By hand: W (n × m), x, b, then u: one walk back meets n·m + n·m + n + n + n + n entries."""
    frame = frame_of(graph="small network", inputs=3, width=4)
    assert frame.reverse_costs[-1].tolist() == [12 + 12 + 4 + 4 + 4 + 4, 23]
    # forward: an entry of x passes W, f and u; one of W or b a single neuron; one of u nothing but h
    assert frame.forward_costs[-1].tolist() == [3 * (4 + 4 + 4) + 12 * 3 + 4 * 3 + 4, 23]
    assert frame_of().reverse_costs[-1].tolist() == [6, 3] and frame_of().forward_costs[-1].tolist() == [8, 3]
    few = frame_of(graph="small network", inputs=1, outputs=8, weights=False)
    assert few.reverse_costs[-1, 0] > 2 * few.forward_costs[-1, 0]


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_that_nothing_is_shown_before_its_step(mode: str) -> None:
    run, params = begin(0, expression="r * cos(t); r * sin(t)", values="r = 2, t = 1", mode=mode)
    exact = np.array([[np.cos(1), -2 * np.sin(1)], [np.sin(1), 2 * np.cos(1)]])
    seen = []
    while True:
        frame = run.frame(params)
        shapes.check(frame, params)
        known = frame.found == 1
        assert known.sum() == frame.known
        assert np.allclose(frame.jacobian[known], exact[known])
        if frame.phase == VALUES:
            assert not frame.derived.any()
        seen.append(known.tolist())
        if run.finished(params):
            break
        run.step(params)
    half = [[True, True], [False, False]] if mode == "reverse" else [[True, False], [True, False]]
    assert half in seen and frame.known == 4


def test_that_a_node_used_again_and_again_has_all_its_paths() -> None:
    frame = frame_of(expression="a=x*x;b=a*a;c=b*b;d=c*c;d*d", values="x = 1", chosen=0)
    assert frame.paths == 2**5 and frame.jacobian.tolist() == [[32]]
    assert set(frame.path) == {0, 1, 2, 3} and frame.factors[frame.path == 0, 0, 0].prod() == 1


def test_that_the_error_of_differences_falls_with_the_square_of_epsilon_and_then_drowns() -> None:
    """x³ at 1: two-sided ε² exactly, one-sided 3ε + ε²; below, rounding of some 1e-16 / ε."""
    frame = frame_of(expression="x^3", values="x = 1", epsilon=0.01)
    assert frame.difference == pytest.approx(1e-4, rel=1e-6)
    epsilon = np.logspace(-12, 0, 25)
    assert np.allclose(frame.errors[0, 18:], epsilon[18:] ** 2, rtol=1e-6)
    way = np.sign(float(begin(0, expression="x^3")[0].direction[0]))  # of one input: forwards or back
    assert np.allclose(frame.errors[1, 18:], abs(3 * epsilon * way + epsilon**2)[18:], rtol=1e-6)
    assert frame.errors[0, :4].max() > 1e-7


# --- what is typed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "problem"), [
    ("", "empty"), (" ( ", "empty"), ("x +", "end"), ("(x", "end"), ("x $ 2", "sign"), ("x y", "sign"),
    (") x", "sign"), ("x + * y", "sign"), ("foo(x)", "function"), ("max(x)", "arguments"),
    ("exp(x, y)", "arguments"), ("exp", "end"), ("3 + 4", "constant"), ("x; 2", "constant"),
    ("x = 2; x * y; x = 3", "again"), ("max = x", "again"), ("x" * 300, "long"),
    ("+".join("x" * 60), "nodes"),
    ("(" * 90 + "x" + ")" * 90, "nodes"), ("-" * 90 + "x", "nodes"),
    ("+".join(f"x{n}" for n in range(10)), "variables"), (";".join("abcdefgh"), "outputs"),
    ("__import__('os')", "sign"), ("x.real", "sign"), ("[x]", "sign"), ("x = x", "again"),
    ("1e999 * x", "sign"),
    ("机器学习 machine learning 1+1=2 🙂", "sign"), ("x if y", "sign")])
def test_that_nonsense_is_one_kind_of_mistake_and_a_frame_that_says_so(text: str, problem: str) -> None:
    with pytest.raises(Nonsense) as nonsense:
        parse(text)
    assert nonsense.value.kind == problem
    frame = frame_of(expression=text)
    assert frame.problem == problem and frame.names == () and problem in PROBLEMS


def test_that_signs_of_other_keyboards_and_precedence_are_those_of_python() -> None:
    for text, python in (("2·x − y ÷ 4 × 3", "2*x - y/4*3"), ("-x^2", "-x**2"), ("2^-x^2", "2**-x**2"),
                         ("（x+1）*2", "(x+1)*2"), ("--x", "x"), ("x-y-2", "x-y-2"),
                         ("x/y/2", "x/y/2"), ("log(x)", "ln(x)"), ("ReLU(x)", "relu(x)")):
        frame = frame_of(expression=text, values="x = 1.5, y = 0.7")
        wanted = eval(python, {}, {"x": torch.tensor(1.5).double(), "y": torch.tensor(0.7).double(), **NAMES})
        (end,) = frame.output_names
        assert frame.values[frame.names.index(end), 0, 0] == pytest.approx(float(wanted)), text


def test_that_every_function_is_derived() -> None:
    for name, count in FUNCTIONS.items():
        text = f"{name}({', '.join('xy'[:count])})"
        frame = frame_of(expression=text, values="x = 0.8, y = 1.7")
        at = torch.tensor([0.8, 1.7][:count], dtype=torch.float64)
        assert np.allclose(frame.jacobian, jacobian(torchs(text, ("x", "y")[:count]), at)), name


def test_that_values_that_are_none_are_named_and_the_seed_helps() -> None:
    run, params = begin(0, values="x = 1, y = two")
    frame = run.frame(params)
    assert (frame.problem, frame.piece) == ("values", "y = two") and frame.values[0, 0, 0] == run.drawn[0]
    assert frame_of(0, values="").problem == "" and frame_of(values="").known == 3
    lost = frame_of(expression="x + ln(y)", values="x = 1, y = -1")
    assert (lost.problem, lost.piece) == ("undefined", "a") and np.isnan(lost.jacobian).all()


# --- the view --------------------------------------------------------------------------------------------


def shown(steps: int = 10_000, **values: Any) -> Shown[Params, Frame]:
    from visualizers.panel import History

    run, params = begin(steps, **values)
    return Shown(run.frame(params), params, History(), run.steps)


def test_that_a_click_keeps_a_node_and_a_drag_gives_an_input_another_value(view: Any, qtbot: Any) -> None:
    view.show_frame(shown())
    graph = view.graph
    qtbot.mouseClick(graph, Qt.MouseButton.LeftButton, pos=graph.place(4).center().toPoint())
    assert view.sent == [("chosen", 4)]
    z = graph.place(3).center().toPoint()
    qtbot.mousePress(graph, Qt.MouseButton.LeftButton, pos=z)
    qtbot.mouseMove(graph, pos=z + QPoint(80, 0))
    qtbot.mouseRelease(graph, Qt.MouseButton.LeftButton, pos=z + QPoint(80, 0))
    name, text = view.sent[-1]
    assert name == "values" and ("chosen", 3) not in view.sent
    assert frame_of(values=text).values[[0, 1], 0, 0].tolist() == [1, 2]
    assert frame_of(values=text).values[3, 0, 0] == pytest.approx(80 / graph.look.px(8) * 0.1)


def test_that_the_view_writes_the_sum_over_paths_and_one_sentence_for_nonsense(view: Any) -> None:
    view.show_frame(shown())
    assert ("∂f/∂y", "2 · 1 + 3 · 1 = 5") in view.figures._items
    assert [name for name, _ in view.chain.rows] == ["path 1", "path 2", "sum of paths"]
    for problem in ("x +", "foo(x)", "", "x $ y"):
        moment = shown(expression=problem)
        view.show_frame(moment)
        sentence = view.describe(moment)
        assert view.graph.note == sentence and sentence.endswith(".") and sentence.count(". ") == 0
    view.show_frame(shown(4, graph="small network", layers=3, width=8, outputs=8))
    view.show_frame(shown(graph="small network", layers=3, mode="forward", page="jacobian"))
    view.show_frame(shown(graph="small network", layers=3, page="differences"))
    assert len(view.chain.rows[0][1]) == 5  # four factors and what they make

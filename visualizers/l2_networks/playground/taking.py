"""A trained network to take away: its numbers as JSON, or as a Python function that needs only numpy."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from visualizers.l2_networks.playground.panel import Frame, Params

BENT = {
    "tanh": "np.tanh(z)", "sigmoid": "1 / (1 + np.exp(-z))", "ReLU": "np.maximum(0, z)",
    "leaky ReLU": "np.maximum(0.1 * z, z)", "linear": "z",
}
SEEN = {
    "x₁": "x1", "x₂": "x2", "x₁²": "x1 ** 2", "x₂²": "x2 ** 2", "x₁x₂": "x1 * x2",
    "sin x₁": "np.sin(x1)", "sin x₂": "np.sin(x2)",
}


def matrices(frame: Frame) -> list[NDArray[np.float32]]:
    """(n_out, n_in + 1) each; the last column are the biases."""
    found, at = [], 0
    for below, here in zip(frame.widths.tolist(), frame.widths.tolist()[1:], strict=False):
        found.append(frame.weights[at : at + here * (below + 1)].reshape(here, below + 1))
        at += here * (below + 1)
    return found


def answer(frame: Frame, params: Params) -> str:
    """How the scores of the last layer become an answer, as Python."""
    if frame.classes == 0:
        return "z"
    if params.loss == "squared error":
        return BENT["tanh"]
    return BENT["sigmoid"] if frame.classes == 2 else \
        "np.exp(z - z.max(0)) / np.exp(z - z.max(0)).sum(0)"


def as_json(frame: Frame, params: Params) -> str:
    """Every number of the network, with names."""
    layers = [
        {"activation": bend, "weights": np.round(one[:, :-1].astype(float), 6).tolist(),
         "biases": np.round(one[:, -1].astype(float), 6).tolist()}
        for one, bend in zip(matrices(frame), [*frame.bends, "output"], strict=True)
    ]
    return json.dumps({"features": list(params.features), "layers": layers,
                       "answer": answer(frame, params)}, ensure_ascii=False, indent=1)


def as_python(frame: Frame, params: Params) -> str:
    """The network as a function of arrays x1 and x2 of one length."""
    lines = ["import numpy as np", "", "", "def network(x1, x2):",
             "    one = np.ones_like(x1)",
             f"    a = np.stack([{', '.join([*(SEEN[name] for name in params.features), 'one'])}])"]
    for matrix, bend in zip(matrices(frame), [*frame.bends, ""], strict=True):
        numbers = ",\n                  ".join(
            "[" + ", ".join(f"{value:.6g}" for value in row) + "]" for row in matrix.tolist())
        lines.append(f"    z = np.array([{numbers}]) @ a")
        lines.append(f"    a = np.vstack([{BENT[bend]}, one])" if bend else
                     f"    return {answer(frame, params)}")
    return "\n".join(lines) + "\n"

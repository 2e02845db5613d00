from __future__ import annotations

import numpy as np
import pytest

from app.session.tours import BadExpression, evaluate

NAMES = {"slope": 0.9003, "norms": np.array([1.0, 0.5, 0.25]), "words": ("a", "b"), "loss": 1.5}
GROUPS = {"params": {"rate": 0.1, "cell": "gru"}, "previous": {"loss": 2.0}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("abs(slope - 0.9) < 0.006", True),
        ("loss < previous.loss and params.cell == 'gru'", True),
        ("loss > previous.loss or not params.rate < 1", False),
        ("norms[-1] / norms[0]", 0.25),
        ("max(norms[1:])", 0.5),
        ("0 < loss < 1", False),
        ("all(norms > 0.2) and len(words) == 2", True),
        ("2 ** 10", 1024),
        ("'a' in words", True),
        ("mean(norms) - sum(norms) / 3", 0.0),
    ],
)
def test_that_an_expression_has_the_value_that_python_gives_it(expression, value):
    assert evaluate(expression, NAMES, GROUPS) == pytest.approx(value)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')", "slope.__class__", "(lambda: 1)()", "[x for x in words]",
        "unknown > 1", "params.unknown", "open('x')", "slope is None", "9 ** 9999", "norms.sum()",
        "a = 1", "f'{slope}'", "print(1)", "",
    ],
)
def test_that_nothing_but_arithmetic_over_the_observed_is_evaluated(expression):
    with pytest.raises(BadExpression):
        evaluate(expression, NAMES, GROUPS)

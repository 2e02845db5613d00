"""A power law, fitted: L = E + a C^(−α), with E = 0 where no floor is asked for.

Least squares of ln L: a straight line over ln C without a floor; with one by Gauss and Newton's steps,
damped (Levenberg 1944, Marquardt 1963).
The covariance of what is found is σ² (JᵀJ)⁻¹, J the derivatives of ln L by a, α and E at each budget.

That takes the errors as independent, but these are not: neighbouring budgets are of the same runs, and
the lowest of a few curves lies above the line and below it in waves. So n budgets count as n / τ of
them, with τ = 1 + 2 Σ ρ(k), the sum over the errors' correlations with those k budgets away, up to the
first that is not positive (Geyer 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPARE = 6  # points more than numbers that are fitted; with fewer there is nothing to say about errors
ROUNDS = 200


@dataclass(frozen=True)
class Law:
    """What was fitted.

    Attributes:
        middle: of the points' ln C, round which it was fitted.
        scale: ln a, where C is counted in units of e to the ``middle``.
        covariance: of scale, exponent and floor, for independent errors times τ.
        tau: how many neighbours are worth as much as one independent point.
    """

    middle: float
    scale: float
    exponent: float
    floor: float
    covariance: Floats
    points: int
    tau: float

    def at(self, compute: Floats) -> tuple[Floats, Floats]:
        """The losses at these budgets, and the standard error of their logarithms."""
        x = np.log(compute) - self.middle
        theta = np.array([self.scale, self.exponent, self.floor])
        J = derivatives(x, theta)  # (n, 3)
        return values(x, theta), np.sqrt(np.maximum(np.einsum("ni,ij,nj->n", J, self.covariance, J), 0.0))

    def errors(self) -> Floats:
        """(3,) standard errors of scale, exponent and floor."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))


def values(x: Floats, theta: Floats) -> Floats:
    """L at x = ln C."""
    scale, exponent, floor = theta
    found: Floats = floor + np.exp(scale - exponent * x)
    return found


def derivatives(x: Floats, theta: Floats) -> Floats:
    """(n, 3) of ln L by scale, exponent and floor."""
    whole = values(x, theta)
    falling = whole - theta[2]
    found: Floats = np.stack([falling, -x * falling, np.ones_like(x)], 1) / whole[:, None]
    return found


def correlation_time(errors: Floats) -> float:
    """τ of errors in their order."""
    total, square = 1.0, float(errors @ errors)
    for k in range(1, len(errors) if square > 0 else 0):
        rho = float(errors[k:] @ errors[:-k]) / square
        if rho <= 0:
            break
        total += 2 * rho
    return total


def needed(floor: bool) -> int:
    """How many points a law takes at least."""
    return SPARE + (3 if floor else 2)


def fit(compute: Floats, losses: Floats, *, floor: bool = False) -> Law | None:
    """The law of losses (n,) at budgets (n,); nothing where there are too few."""
    if len(compute) < needed(floor):
        return None
    x, middle = np.log(compute), float(np.log(compute).mean())
    x, y = x - middle, np.log(losses)
    theta = np.array([y.mean(), -(x @ y) / (x @ x), 0.0])  # without a floor it is a straight line
    if floor:
        starts = [np.array([np.log(share * losses.min()), 0.2, (1 - share) * losses.min()])
                  for share in (0.7, 0.3)]
        theta = min([theta, *(_settled(x, y, one) for one in starts)],
                    key=lambda one: _error(x, y, one) + 1e-12 * (one[2] > 0))
    free = 3 if floor else 2
    J, left = derivatives(x, theta)[:, :free], y - np.log(values(x, theta))
    tau = correlation_time(left)
    covariance = np.zeros((3, 3))
    covariance[:free, :free] = np.linalg.pinv(J.T @ J) * (left @ left) / (len(x) - free) * tau
    scale, exponent, lowest = theta.tolist()
    return Law(middle, scale, exponent, lowest, covariance, len(x), tau)


def _error(x: Floats, y: Floats, theta: Floats) -> float:
    left = y - np.log(values(x, theta))
    return float(left @ left)


def _settled(x: Floats, y: Floats, theta: Floats) -> Floats:
    """Where the error is least, coming from ``theta``; E does not go below 0."""
    damping, error = 1e-3, _error(x, y, theta)
    for _ in range(ROUNDS):
        J, left = derivatives(x, theta), y - np.log(values(x, theta))
        A = J.T @ J
        step = np.linalg.solve(A + damping * np.diag(np.diag(A) + 1e-12), J.T @ left)
        tried = theta + np.clip(step, -1.0, 1.0)
        tried[2] = max(0.0, tried[2])
        new = _error(x, y, tried)
        if new <= error:
            done = error - new <= 1e-14 * error and damping < 1e-6
            theta, error, damping = tried, new, max(damping / 10, 1e-12)
            if done:
                break
        else:
            damping *= 10
            if damping > 1e10:
                break
    return theta

"""Voters: who they are, and for whom they voted in 1996; people who answered a survey, or made ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FACTS = ("age", "education", "income", "ideology", "party")

# Of the made voters: how many are of each party, from strong Democrat to strong Republican.
PARTIES = (0.21, 0.19, 0.12, 0.04, 0.10, 0.16, 0.18)
# Their log-odds of voting Republican: what a year, a step of education, … adds, and what nobody lacks.
EFFECTS = (0.01, 0.05, 0.04, 0.6, 1.05)
CONSTANT = -7.8


class Voters(NamedTuple):
    """N persons. No names."""

    facts: NDArray[np.float32]  # (N, FACTS): years; 1 … 7; 1 … 24; 1 liberal … 7; 0 Democrat … 6
    vote: NDArray[np.uint8]  # (N,) 1 for the Republican, 0 for the Democrat


def frozen(voters: Voters) -> Voters:
    """The same, read-only: it is read once a process and lent to all."""
    for one in voters:
        one.flags.writeable = False
    return voters


def odds(facts: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) the true probability that a made voter votes Republican."""
    odds: NDArray[np.float64] = 1 / (1 + np.exp(-(facts @ np.array(EFFECTS) + CONSTANT)))
    return odds


def made(count: int = 944) -> Voters:
    """Voters whose facts hang together as in the survey of 1996, and whose votes are drawn from ``odds``."""
    rng = np.random.default_rng(1996)
    party = rng.choice(7, count, p=PARTIES)
    noise = rng.normal(size=(4, count))
    lean = (party - 2.8) / 2.3
    age = np.clip(47 + 16 * noise[0], 19, 91)
    education = np.clip(4.6 + 1.6 * noise[1], 1, 7)
    income = np.clip(17 + 2.1 * noise[1] + 1.2 * lean + 5 * noise[2], 1, 24)
    ideology = np.clip(4.3 + 0.87 * lean + 1.1 * noise[3], 1, 7)
    facts = np.stack([age, education, income, ideology, party], 1).round().astype(np.float32)
    return frozen(Voters(facts, (rng.random(count) < odds(facts)).astype(np.uint8)))

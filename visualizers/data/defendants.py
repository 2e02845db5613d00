"""Defendants and how a risk score rated them: what the table of COMPAS gives, and persons made from it.

ProPublica (2016) asked for the COMPAS scores of Broward County, Florida, and looked up who was charged
again within two years; Chouldechova (2017) tabulated score against outcome for two groups. ``TABLE`` is
that table. Persons made from it have exactly its scores and outcomes; their age and earlier offences
are drawn, with means that rise and fall with the score as they do in the county's files.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GROUPS = ("African-American", "Caucasian")  # as the county's files name them

# (group, outcome, decile): persons who were not charged again, and those who were.
TABLE = (
    ((280, 241, 173, 179, 165, 131, 134, 86, 88, 37), (85, 105, 125, 158, 158, 187, 209, 215, 229, 190)),
    ((477, 221, 156, 145, 109, 67, 45, 24, 22, 15), (128, 100, 82, 98, 91, 93, 68, 72, 55, 35)),
)


class Defendants(NamedTuple):
    """N persons, each with a score from 1 (low risk) to 10 and what followed. No names."""

    group: NDArray[np.uint8]  # (N,) 0 or 1, an index into ``names``
    decile: NDArray[np.uint8]  # (N,) 1 … 10
    outcome: NDArray[np.uint8]  # (N,) 1 if charged again within two years
    age: NDArray[np.float32]  # (N,) years
    priors: NDArray[np.float32]  # (N,) earlier offences
    names: tuple[str, str]  # of the groups


def frozen(people: Defendants) -> Defendants:
    """The same, read-only: it is read once a process and lent to all."""
    for one in people[:-1]:
        one.flags.writeable = False
    return people


def made() -> Defendants:
    """The persons of the table, with drawn ages and earlier offences."""
    rng = np.random.default_rng(8)
    counts = np.array(TABLE)  # (group, outcome, decile)
    group, outcome, decile = (np.repeat(index.ravel(), counts.ravel())
                              for index in np.indices(counts.shape))  # (N,) each
    age = 17 + np.exp(rng.normal(2.5 + 0.8 * np.exp(-decile / 1.5) - 0.03 * decile - 0.18 * outcome, 0.6))
    mean = (0.7 + 0.45 * decile) * (1 + 0.9 * outcome)  # of the earlier offences
    priors = rng.poisson(rng.gamma(1.0, mean))  # many have none, a few have dozens
    return frozen(Defendants(
        group.astype(np.uint8), (decile + 1).astype(np.uint8), outcome.astype(np.uint8),
        np.clip(age, 18, 80).round().astype(np.float32), np.minimum(priors, 40).astype(np.float32),
        ("Group A", "Group B")))

"""Made protein domains: columns that are conserved, columns that go in pairs, and columns of chance.

What each column and each pair was made from is known, so that it can be counted how many residues the
commonest of each column gets right, and how many the best reader that knows both.
"""

from __future__ import annotations

import numpy as np

from visualizers.data.kinds.alignment import Columns
from visualizers.data.registry import Source

LENGTH, COUNT = 30, 4000
CONSERVED = {2: "W", 6: "G", 13: "Y", 17: "P", 24: "W", 27: "P"}
SURE = 0.95  # how often a conserved column has its residue
PAIRS = ((4, 20), (8, 14), (10, 25), (11, 19))  # each residue of one has its partner in the other
PARTNERS = ("DK", "EK", "KE", "RD", "LV", "FA")  # equally often
KEPT = 0.9  # how often the second of a pair is the partner of the first
CHANCE = (0.3, 0.2, 0.15, 0.15, 0.1, 0.1)  # the shares of six residues in every other column
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"


def read() -> Columns:
    draw = np.random.default_rng(7)
    codes = {one: at for at, one in enumerate(RESIDUES)}
    rows = np.empty((COUNT, LENGTH), np.int64)
    right = 0.0  # expected, of the best reader
    firsts = np.array([codes[one[0]] for one in PARTNERS])
    for column in range(LENGTH):
        if column in CONSERVED:
            other = draw.integers(0, 20, COUNT)
            rows[:, column] = np.where(draw.random(COUNT) < SURE, codes[CONSERVED[column]], other)
            right += SURE + (1 - SURE) / 20
        elif not any(column in pair for pair in PAIRS):
            rows[:, column] = draw.choice(draw.permutation(20)[: len(CHANCE)], COUNT, p=CHANCE)
            right += max(CHANCE)
    for first, second in PAIRS:
        kind = draw.integers(0, len(PARTNERS), COUNT)
        kept = draw.random(COUNT) < KEPT
        other = draw.integers(0, len(PARTNERS), COUNT)
        rows[:, first] = firsts[kind]
        seconds = np.array([codes[one[1]] for one in PARTNERS])
        rows[:, second] = seconds[np.where(kept, kind, other)]
        joint = np.zeros((20, 20))
        for one in range(len(PARTNERS)):
            joint[firsts[one], seconds[one]] += KEPT / len(PARTNERS)
            np.add.at(joint, (firsts[one], seconds), (1 - KEPT) / len(PARTNERS) ** 2)
        right += joint.max(1).sum() + joint.max(0).sum()  # of the second, given the first, and back
    rows = np.unique(rows, axis=0)
    rows.flags.writeable = False  # it is made once a process and lent to all
    return Columns(rows, PAIRS, float(right) / LENGTH)


SOURCE = Source(
    kind="alignment", id="made-domains", title="Made domains",
    about="4,000 made protein domains of 30 residues: six columns are conserved, four pairs go together",
    licence="Made by this program", read=read)

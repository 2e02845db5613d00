"""Human 5′ splice sites from the package logomaker, after GENCODE's annotation of the genome hg38."""

from __future__ import annotations

from visualizers.data.kinds.sites import Aligned, counted
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

MEMBER = "logomaker/examples/datafiles/ss_sequences.txt"


def read(pack: Pack) -> Aligned:
    lines = pack.read("logomaker", MEMBER).decode("utf-8").splitlines()
    return counted(lines, "ss_sequences.txt")._replace(boundary=3)


SOURCE = Source(
    kind="sites", id="splice-sites", title="Human splice sites", archive="logomaker",
    about="10,227 different stretches of nine bases where an exon ends, 298,479 in all",
    licence="GENCODE (Frankish et al. 2019); package MIT", read=read)

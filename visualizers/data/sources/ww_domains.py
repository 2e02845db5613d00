"""WW domains, some thirty residues each, aligned by Pfam, from the package logomaker."""

from __future__ import annotations

from visualizers.data.kinds.alignment import Columns, lined_up
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

MEMBER = "logomaker/examples/datafiles/ww_sequences.fa"


def read(pack: Pack) -> Columns:
    return lined_up(pack.read("logomaker", MEMBER).decode("utf-8").splitlines(), "ww_sequences.fa")


SOURCE = Source(
    kind="alignment", id="ww-domains", title="WW domains", archive="logomaker",
    about="3,390 different ones of 4,025 aligned protein domains with two tryptophans, W",
    licence="Pfam (Finn et al. 2014), CC0; package MIT", read=read)

"""The small masked model that a panel trains itself: nothing to read, only a name to choose it by."""

from __future__ import annotations

from visualizers.data.kinds.protein_model import ProteinModel
from visualizers.data.registry import Source


def read() -> ProteinModel:
    return ProteinModel("live-protein-model", "Trained here", "live")


SOURCE = Source(
    kind="protein_model", id="live-protein-model", title="Trained here",
    about="A masked model of two layers that learns the aligned domains before your eyes",
    licence="Made by this program", read=read)

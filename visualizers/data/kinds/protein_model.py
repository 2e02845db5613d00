"""Masked models of proteins: those that were trained before, as files, and the one that is trained live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from visualizers.data.registry import Kind
from visualizers.refusal import Refusal


@dataclass(frozen=True)
class ProteinModel:
    """A model's files; ``visualizers.models.protein`` builds it.

    Attributes:
        form: whose names its weights have; ``"live"`` for the one that has none yet.
        weights: a checkpoint of torch's, from which numbers are read and nothing else.
        vocabulary: its tokens in order.
        passes: in how many readings all residues of a chain are masked, if not one by one.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    title: str
    form: Literal["live", "fairseq", "transformers"]
    weights: bytes = field(default=b"", repr=False)
    config: Mapping[str, Any] = field(default_factory=dict)
    vocabulary: tuple[str, ...] = ()
    passes: int = 0
    missing: str = ""


KIND = Kind(
    id="protein_model", value=lambda source, read, missing: replace(read, missing=missing),
    unknown=lambda name, near: Refusal("There is no model of proteins {name}; the nearest is {near}.",
                                       name=name, near=near),
    stand_ins={"": ("live-protein-model",)})

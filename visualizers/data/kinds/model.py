"""Models that were trained before, as files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from visualizers.data.models import ModelFiles, cached, in_folder, of_gguf
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal


def _value(_source: Source, read: ModelFiles, missing: str) -> ModelFiles:
    return replace(read, missing=missing)


def _own_folder(path: str) -> ModelFiles:
    return in_folder(Path(path).expanduser(), f"folder:{path}")


def _own_file(path: str) -> ModelFiles:
    return of_gguf(Path(path).expanduser(), f"file:{path}", Path(path).stem)


KIND = Kind(
    id="model", value=_value, lacks=lambda read: read is None,
    own={"folder": _own_folder, "name": cached, "file": _own_file},
    unknown=lambda name, near: Refusal("There is no model {name}; the nearest is {near}.", name=name,
                                       near=near),
    stand_ins={"": ("small-bert", "tiny-gpt")})

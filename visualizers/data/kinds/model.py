"""Models that were trained before, as files."""

from __future__ import annotations

from dataclasses import replace

from visualizers.data.models import ModelFiles, cached, in_folder, of_gguf
from visualizers.data.own import OwnFile
from visualizers.data.registry import Kind, Source
from visualizers.refusal import Refusal


def _value(_source: Source, read: ModelFiles, missing: str) -> ModelFiles:
    return replace(read, missing=missing)


def _own_folder(own: OwnFile) -> ModelFiles:
    return in_folder(own.file, own.id)


def _own_file(own: OwnFile) -> ModelFiles:
    return of_gguf(own.file, own.id, own.file.stem)


def _fetched(own: OwnFile) -> ModelFiles:
    return cached(own.path)


KIND = Kind(
    id="model", value=_value, lacks=lambda read: read is None,
    own={"folder": _own_folder, "name": _fetched, "file": _own_file},
    unknown=lambda name, near: Refusal("There is no model {name}; the nearest is {near}.", name=name,
                                       near=near),
    stand_ins={"": ("small-bert", "tiny-gpt")})

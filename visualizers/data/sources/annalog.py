"""ANNalog, a model that writes relatives of a molecule, from the package of the same name."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from visualizers.data.pack import Pack
from visualizers.data.registry import Source
from visualizers.data.torchfile import plain, tensors

FOLDER = "annalog/ckpt_and_vocab"


class Weights(NamedTuple):
    """The signs that it knows, by number, and its tensors."""

    signs: tuple[str, ...]
    tensors: dict[str, NDArray[Any]]


def read(pack: Pack) -> Weights:
    with pack.open("annalog") as archive:
        signs = plain(archive.read(f"{FOLDER}/stereo_experiment_vocab_ttf.pkl"))["itos"]
        saved = archive.read(f"{FOLDER}/Lev_extended.pt")
    return Weights(tuple(signs), tensors(saved, "Lev_extended.zip"))


SOURCE = Source(
    kind="table", id="annalog", title="ANNalog",
    about="An encoder and decoder that write relatives of a molecule, trained on pairs of ChEMBL",
    licence="MIT", archive="annalog", read=read)

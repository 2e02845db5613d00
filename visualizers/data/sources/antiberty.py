"""AntiBERTy, a larger masked model of antibody chains, from the package of that name."""

from __future__ import annotations

import json

from visualizers.data.kinds.protein_model import ProteinModel
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

FOLDER = "antiberty/trained_models"


def read(pack: Pack) -> ProteinModel:
    with pack.open("antiberty") as archive:
        model = f"{FOLDER}/AntiBERTy_md_smooth"
        return ProteinModel(
            "antiberty", "AntiBERTy", "transformers", archive.read(f"{model}/pytorch_model.bin"),
            json.loads(archive.read(f"{model}/config.json")),
            tuple(archive.read(f"{FOLDER}/vocab.txt").decode("utf-8").split()), passes=8)


SOURCE = Source(
    kind="protein_model", id="antiberty", title="AntiBERTy", archive="antiberty",
    about="A masked model of antibody chains: 8 layers of 8 heads, 25.8 million weights",
    licence="Ruffolo et al. 2021, MIT", read=read)

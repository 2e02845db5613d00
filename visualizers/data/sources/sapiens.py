"""Sapiens, a masked model of human antibody chains, from the package of that name."""

from __future__ import annotations

from visualizers.data.kinds.protein_model import ProteinModel
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

FOLDER = "sapiens/models/v1"


def read(pack: Pack) -> ProteinModel:
    listed = pack.read("sapiens", f"{FOLDER}/dict.txt").decode("utf-8").splitlines()
    letters = (line.split()[0] for line in listed if line.strip())
    return ProteinModel(
        "sapiens", "Sapiens", "fairseq", pack.read("sapiens", f"{FOLDER}/checkpoint_vh.pt"),
        {"num_attention_heads": 8, "layer_norm_eps": 1e-5},
        ("<s>", "<pad>", "</s>", "<unk>", *letters, "<mask>"), passes=8)


SOURCE = Source(
    kind="protein_model", id="sapiens", title="Sapiens", archive="sapiens",
    about="A masked model of antibody chains: 4 layers of 8 heads, 0.6 million weights",
    licence="Prihoda et al. 2022, MIT", read=read)

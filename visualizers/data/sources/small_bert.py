"""The small BERT that this program has trained itself (``visualizers.models.train_small_bert``)."""

from __future__ import annotations

from importlib import resources

from visualizers.data.models import ENCODER, ModelFiles, parse
from visualizers.data.registry import Source
from visualizers.refusal import Refusal

ABILITIES = ENCODER | {"fill"}


def read() -> ModelFiles:
    """Raises ``Refusal`` where an installation lacks it."""
    folder = resources.files("resources").joinpath("weights", "small_bert")
    names = tuple(one.name for one in folder.iterdir()) if folder.is_dir() else ()
    if not {"config.json", "model.safetensors", "tokenizer.json"} <= set(names):
        raise Refusal("The small BERT of this program is not installed; install the program again.")
    return ModelFiles("small-bert", "Small BERT", None,
                      parse(folder.joinpath("config.json").read_bytes(), "Small BERT"),
                      lambda name: folder.joinpath(name).read_bytes(), names, ABILITIES)


SOURCE = Source(
    kind="model", id="small-bert", title="Small BERT", abilities=ABILITIES,
    about="This program's own small masked language model",
    licence="Trained by this program", read=read)

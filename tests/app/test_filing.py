"""The user's own models: only those are taken that can do what the panel needs."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.window.filing import Filing
from app.window.sources import options
from visualizers.data import Data
from widgets.controls.parameters import parameters_of, source
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


@dataclass(frozen=True)
class Writes:
    text: str = source("text", "python-reference", help="What is read.")
    model: str = source("model", "tiny-gpt", needs="write", help="What writes.")


@dataclass(frozen=True)
class Fills:
    model: str = source("model", "tiny-gpt", needs="fill", help="What fills in.")


class Window:
    """As much of a window as filing needs."""

    def __init__(self, params: type) -> None:
        self.taken: dict[str, Any] = {}
        self.said: list[str] = []
        self.page = None
        self.look = Look(theme("light"), Words())
        self.session = SimpleNamespace(
            panel=SimpleNamespace(parameters=parameters_of(params)), set_params=self.taken.update)
        self.toast = SimpleNamespace(say=lambda text, warning: self.said.append(text))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The head of a Llama; its one tensor is enough to be known by."""
    import gguf

    path = tmp_path / "my.GGUF"
    made = gguf.GGUFWriter(str(path), "llama")
    made.add_block_count(1)
    made.add_context_length(8)
    made.add_embedding_length(4)
    made.add_feed_forward_length(4)
    made.add_head_count(1)
    made.add_layer_norm_rms_eps(1e-5)
    made.add_tensor("token_embd.weight", np.zeros((3, 4), np.float32))
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()
    return path


def test_that_a_dropped_gguf_file_goes_to_the_model(file: Path) -> None:
    window = Window(Writes)
    Filing(window).take(str(file))  # type: ignore[arg-type]
    assert window.taken == {"model": f"file:{file}"} and not window.said


def test_that_a_model_which_cannot_do_what_the_panel_needs_is_refused(file: Path) -> None:
    window = Window(Fills)
    Filing(window).take(str(file))  # type: ignore[arg-type]
    assert not window.taken
    assert window.said == [
        "The model my cannot fill in masked words; choose a masked language model."]


def test_that_only_models_are_offered_that_can_do_what_the_panel_needs() -> None:
    able = {one.id for one in Data().entries("model") if "write" in one.abilities}
    one = next(each for each in parameters_of(Writes) if each.name == "model")
    assert {each.value for each in options(one, Words())} == able
    assert "tiny-gpt" in able and "minilm" not in able
    text = next(each for each in parameters_of(Writes) if each.name == "text")
    assert len(options(text, Words())) == len(Data().entries("text"))

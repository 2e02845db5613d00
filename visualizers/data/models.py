"""A model's files, and where a user's own are: in a folder or in the local cache.

Only files are found and checked here; ``visualizers.models.pretrained`` builds the model.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visualizers.data.gguf import GGUF, config_of, read_gguf
from visualizers.data.pack import Fetched, _kill, _size_of
from visualizers.refusal import Refusal, reason_of

TOKENIZERS = (("tokenizer.json",), ("vocab.txt",), ("vocab.json", "merges.txt"))
LARGEST_HEADER = 100 << 20  # bytes, as in the safetensors format itself

# What a model can do, and how one that cannot is refused.
ABILITIES = {
    "encode": "The model {name} cannot read a text into vectors; choose another one.",
    "fill": "The model {name} cannot fill in masked words; choose a masked language model.",
    "write": "The model {name} cannot write; choose a language model.",
    "chat": "The model {name} cannot hold a conversation; choose a language model that chats.",
}
ENCODER = frozenset({"encode"})
CHATML = "<|im_start|>"  # what the one form of conversation that is known here begins with


@dataclass(frozen=True)
class ModelFiles:
    """A model's files.

    Attributes:
        id: what was asked for, or what stands in for it.
        folder: where they are on the disk; ``None`` if they are inside an archive.
        config: ``config.json``; empty for this program's own GPT.
        abilities: what it can do, some of ``ABILITIES``.
        gguf: the one file that holds it all, where it is a GGUF file.
        missing: the id that was asked for and is not here, or empty.
    """

    id: str
    title: str
    folder: Path | None
    config: dict[str, Any]
    _read: Callable[[str], bytes]
    _names: tuple[str, ...]
    abilities: frozenset[str] = ENCODER
    gguf: GGUF | None = field(default=None, repr=False, compare=False)
    missing: str = ""

    def names(self) -> tuple[str, ...]:
        return self._names

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises ``Refusal``."""
        return self._read(name)

    def must(self, ability: str) -> None:
        """Raises ``Refusal`` if the model cannot do this, one of ``ABILITIES``."""
        if ability not in self.abilities:
            raise Refusal(ABILITIES[ability], name=self.title)


def abilities_of(config: Mapping[str, Any], chats: bool) -> frozenset[str]:
    """What a model of the library transformers can do, by the architecture that it was saved as.

    Args:
        config: its ``config.json``.
        chats: whether it comes with a form of conversation that is known here.
    """
    named = [str(one) for one in config.get("architectures") or ()]
    if any(one.endswith("ForMaskedLM") for one in named):
        return ENCODER | {"fill"}
    if any(one.endswith(("ForCausalLM", "LMHeadModel")) for one in named):
        return ENCODER | {"write", "chat"} if chats else ENCODER | {"write"}
    return ENCODER


def in_folder(folder: Path, id: str, title: str = "") -> ModelFiles:
    """A Hugging Face model in a folder, its files checked but not loaded.

    Raises:
        Refusal: no folder, no model in it, files missing or cut short, or weights as a pickle.
    """
    name = title or folder.name
    if not folder.is_dir():
        raise Refusal("There is no folder {path}; choose another one.", path=str(folder))
    try:
        names = tuple(sorted(one.name for one in folder.iterdir() if one.is_file()))
    except OSError as error:
        raise Refusal("The folder {name} cannot be read: {reason}.", name=name,
                      reason=reason_of(error)) from error
    if "config.json" not in names:
        raise Refusal("There is no model in {name}: a model's folder holds config.json, "
                      "model.safetensors and tokenizer.json.", name=name)
    config = parse((folder / "config.json").read_bytes(), name)
    weights = _weights(folder, names, name)
    for one in weights:
        _check_safetensors(folder / one, name)
    if not any(set(one) <= set(names) for one in TOKENIZERS):
        for one in names:
            if one.endswith(".model"):
                raise Refusal("The tokenizer in {name} is a SentencePiece file, {file}, which is not read "
                              "here; add its tokenizer.json.", name=name, file=one)
        raise Refusal("The model in {name} has no tokenizer; add its tokenizer.json.", name=name)
    return ModelFiles(id, name, folder, config, lambda one: (folder / one).read_bytes(), names,
                      abilities_of(config, _chats(folder, names)))


def _chats(folder: Path, names: tuple[str, ...]) -> bool:
    """Whether a folder says how to hold a conversation. The template is code, so it is not run."""
    return any(CHATML in (folder / one).read_text("utf-8", errors="replace")
               for one in ("chat_template.jinja", "tokenizer_config.json") if one in names)


def of_gguf(source: Path | bytes, id: str, title: str) -> ModelFiles:
    """The model of a GGUF file, checked but not loaded.

    Args:
        source: where the file is, or what was read from an archive.

    Raises:
        Refusal: no such file, damaged or cut short, or of a kind that is not known here.
    """
    gguf = read_gguf(source, title)
    config = config_of(gguf)
    chats = CHATML in str(gguf.fields.get("tokenizer.chat_template", ""))
    return ModelFiles(id, title, None, config, _no_file, (), abilities_of(config, chats), gguf)


def _no_file(name: str) -> bytes:
    raise FileNotFoundError(name)


def parse(data: bytes, name: str) -> dict[str, Any]:
    """A ``config.json``. Raises ``Refusal`` if it is none."""
    try:
        config = json.loads(data)
        if isinstance(config, dict):
            return config
    except ValueError:
        pass
    raise Refusal("The config.json of {name} is damaged; get it again.", name=name)


def _weights(folder: Path, names: tuple[str, ...], name: str) -> list[str]:
    if "model.safetensors" in names:
        return ["model.safetensors"]
    if "model.safetensors.index.json" in names:
        index = parse((folder / "model.safetensors.index.json").read_bytes(), name)
        parts = sorted({str(one) for one in dict(index.get("weight_map", {})).values()})
        for one in parts:
            if one not in names:
                raise Refusal("The model in {name} is not complete: {file} is missing.", name=name,
                              file=one)
        if parts:
            return parts
    if any(one.endswith((".bin", ".pt", ".pth", ".ckpt")) for one in names):
        raise Refusal("The weights in {name} are a pickle, which could run any code; save them as "
                      "model.safetensors first.", name=name)
    raise Refusal("The model in {name} is not complete: {file} is missing.", name=name,
                  file="model.safetensors")


def _check_safetensors(path: Path, name: str) -> None:
    """Whether the file is as long as its header says, without reading the weights."""
    damaged = Refusal("The weights {file} in {name} are damaged or cut short; get them again.",
                      file=path.name, name=name)
    try:
        size = path.stat().st_size
        with path.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 2 <= length <= min(size - 8, LARGEST_HEADER):
                raise damaged
            header = json.loads(opened.read(length))
        ends = [one["data_offsets"][1] for key, one in header.items() if key != "__metadata__"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise damaged from error
    if size != 8 + length + max(ends, default=0):
        raise damaged


_NAME = re.compile(r"[\w.-]+/[\w.-]+|[\w.-]+")


def cached(name: str) -> ModelFiles:
    """A model of the local Hugging Face cache. Opens no socket. Raises ``Refusal``."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise Refusal("{name} is not the name of a model; names look like organisation/model.",
                      name=repr(name))
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json")
    if not isinstance(found, str):
        raise Refusal("The model {name} is not in the local cache; fetch it by its name on the "
                      "Data page, or choose a folder.", name=name)
    return in_folder(Path(found).parent, f"name:{name}", name)


class FetchModel:
    """A download of a model into the local Hugging Face cache, in a process of its own."""

    def __init__(self, name: str) -> None:
        if not _NAME.fullmatch(name) or ".." in name:
            raise Refusal("{name} is not the name of a model; names look like organisation/model.",
                          name=repr(name))
        self.name = name
        code = ("import sys; from huggingface_hub import snapshot_download; "
                "snapshot_download(sys.argv[1], allow_patterns=['*.json', '*.txt', '*.model', "
                "'*.safetensors'])")
        environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by cancel
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, name], stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=subprocess.STDOUT, env=environment, start_new_session=os.name == "posix")

    def poll(self) -> Fetched:
        """Bytes so far (the total is not known beforehand and is 0). Raises ``Refusal``."""
        code = self._process.poll()
        done = _size_of(_cache_folder(self.name))
        if code is None:
            return Fetched(done, 0)
        if code:
            self._log.seek(0)
            lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
            self.cancel()
            low = " ".join(lines).lower()
            if "repositorynotfound" in low or "gatedrepo" in low:
                raise Refusal("There is no model {name} that can be had without an account.",
                              name=self.name)
            if "connect" in low or "offline" in low or "resolution" in low or "timed out" in low:
                raise Refusal("The download did not arrive; check the network and try again.")
            raise Refusal("The download failed: {reason}", reason=(lines or ["?"])[-1])
        self.cancel()
        return Fetched(done, done, finished=True)

    def cancel(self) -> None:
        """Stop it. What has arrived whole stays in the cache, to be taken up again."""
        _kill(self._process)
        if not self._log.closed:
            self._log.close()


def _cache_folder(name: str) -> Path:
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache/huggingface"))
    hub = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    return hub / f"models--{name.replace('/', '--')}"

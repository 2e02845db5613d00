"""Models of others: their attention is their own or refused, and nothing is drawn at random for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import tokenizers
import torch

from visualizers.data import Data, ModelFiles
from visualizers.models import pretrained
from visualizers.models.language import open_language
from visualizers.models.opened import Decoder, open_model
from visualizers.models.pretrained import (
    Cut,
    Transformer,
    longest,
    must_be_weights,
    name_of,
    open_reader,
    plain_attention,
)
from visualizers.refusal import Refusal

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

SMALL = {"vocab_size": 65, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
SIZES = {**SMALL, "hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2,
         "intermediate_size": 32, "max_position_embeddings": 40}
GROUPED = {**SIZES, "num_key_value_heads": 2, "head_dim": 8}
OF_2018 = {**SMALL, "d_model": 32, "n_head": 4, "n_layer": 2, "d_inner": 32}


def of(kind: str, **fields: Any) -> Callable[[], Any]:
    return lambda: transformers.AutoModel.from_config(transformers.AutoConfig.for_model(kind, **fields))


# Kinds that the simplest formula does not give, or that compute their attention in ways of their own.
MODELS: dict[str, Callable[[], Any]] = {
    "gemma2": of("gemma2", **GROUPED, attn_logit_softcapping=2.0, sliding_window=4),
    "gpt_oss": of("gpt_oss", **GROUPED, num_local_experts=2, num_experts_per_tok=1, sliding_window=4),
    "falcon": of("falcon", **SIZES),
    "bloom": of("bloom", **SMALL, hidden_size=32, n_head=4, n_layer=2),
    "openai-gpt": of("openai-gpt", **SMALL, n_embd=32, n_head=4, n_layer=2, n_positions=40),
    "fsmt": of("fsmt", **SMALL, langs=["a", "b"], src_vocab_size=65, tgt_vocab_size=65, d_model=32,
               encoder_layers=2, decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4,
               encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=40),
    "diffllama": of("diffllama", **GROUPED),
    "xlnet": of("xlnet", **OF_2018),
    "deberta": of("deberta", **SIZES, relative_attention=True, pos_att_type=["c2p", "p2c"]),
    "squeezebert": of("squeezebert", **SIZES, embedding_size=32, q_groups=1, k_groups=1, v_groups=1,
                      post_attention_groups=1, intermediate_groups=1, output_groups=1),
    "longformer": of("longformer", **SIZES, attention_window=4),
    "bert": of("bert", **SIZES),
    "llama": of("llama", **GROUPED),
}
CAUSAL = ("gemma2", "gpt_oss", "falcon", "bloom", "openai-gpt", "diffllama", "llama")
NO_MAP = ("squeezebert", "longformer")


def quiet(_done: int, _total: int, _what: str) -> None:
    """Nobody watches."""


def save_tokens(folder: Path, words: int = 60) -> None:
    vocabulary = {word: i for i, word in enumerate(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(words))])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(folder / "tokenizer.json"))


def saved(model: Any, folder: Path) -> Path:
    with torch.no_grad():  # the usual start is so small that all attention would be alike
        for name, weight in model.named_parameters():
            if weight.dim() > 1 or name.endswith("sinks"):
                weight.normal_(0, 0.4, generator=torch.Generator().manual_seed(len(name)))
    model.save_pretrained(folder)
    save_tokens(folder)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: saved(make(), tmp_path_factory.mktemp(name)) for name, make in MODELS.items()}


def reader(folder: Path) -> Transformer:
    made = open_reader(Data(Path("nowhere")).model(f"folder:{folder}"), "cpu", quiet)
    assert isinstance(made, Transformer)
    return made


def read(one: Transformer, masked: tuple[int, ...] = ()) -> tuple[Cut, torch.Tensor, list[torch.Tensor]]:
    cut = one.cut("w1 w5 w9 w5 w2 w31 w7 w1 w1 w4 w8 w40", "", min(one.limit, 512))
    blocked = torch.zeros(len(cut.ids), dtype=torch.bool)
    blocked[list(masked)] = True
    return cut, *one.run(cut, blocked, plain_attention)


def refused(folder: Path, match: str) -> None:
    with pytest.raises(Refusal, match=match) as caught:
        read(reader(folder))
    assert "\n" not in str(caught.value)


def changed_copy(source: Path, into: Path, config: dict[str, Any] | None = None,
                 weights: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> Path:
    """A model's folder with other fields in its config or other weights."""
    for one in source.iterdir():
        (into / one.name).write_bytes(one.read_bytes())
    if config:
        fields = json.loads((source / "config.json").read_text())
        (into / "config.json").write_text(json.dumps({**fields, **config}))
    if weights:
        held = safetensors.torch.load_file(source / "model.safetensors")
        safetensors.torch.save_file(weights(held), into / "model.safetensors", {"format": "pt"})
    return into


# --- the model's own attention


@pytest.mark.parametrize("name", [one for one in MODELS if one not in NO_MAP])
def test_that_attention_is_that_of_the_same_model_opened_as_eager(
    folders: dict[str, Path], name: str
) -> None:
    cut, last, weights = read(reader(folders[name]))
    model = transformers.AutoModel.from_pretrained(
        folders[name], attn_implementation="eager", local_files_only=True).eval()
    model = model.get_encoder() if name == "fsmt" else model
    with torch.no_grad():
        out = model(input_ids=torch.tensor([cut.ids]), output_attentions=True)
    theirs = [one[0] for one in out.attentions]
    assert len(weights) == len(theirs) == 2
    for ours, own in zip(weights, theirs, strict=True):
        assert ours.shape == own.shape == (4, 12, 12)
        assert (ours - own).abs().max() < 1e-5 and ours.std() > 0.05
        sums = ours.sum(-1)
        assert sums.max() < 1 + 1e-5 and (sums.min() > 1 - 1e-5 or name == "gpt_oss")
        assert (float(ours.triu(1).max()) == 0) == (name in CAUSAL)
    torch.testing.assert_close(last, out.last_hidden_state[0], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", [one for one in MODELS if one not in NO_MAP])
def test_that_nobody_looks_at_masked_tokens_even_where_nothing_else_is_seen(
    folders: dict[str, Path], name: str
) -> None:
    masked = [0, 1, 4]
    for each in read(reader(folders[name]), tuple(masked))[2]:
        others = each.clone()
        others.diagonal(0, 1, 2).zero_()
        assert others[..., masked].max() == 0
        assert name not in CAUSAL or each.triu(1).max() == 0
        assert name == "gpt_oss" or (each.sum(-1) - 1).abs().max() < 1e-5


def test_that_a_cap_and_a_sink_are_what_their_papers_say() -> None:
    random = torch.Generator().manual_seed(0)
    query, key = torch.randn(2, 3, 5, 4, generator=random) * 3
    bias = torch.full((5, 5), torch.finfo().min).triu(1)[None]
    sink = torch.tensor([0.5, -1.0, 2.0])
    score = (query @ key.mT / 2).double()
    score = 2.0 * (score / 2.0).tanh() + bias
    raised = score.exp()                                                       # (H, T, T)
    expected = raised / (raised.sum(-1, keepdim=True) + sink.double().exp()[:, None, None])
    from visualizers.l3_transformers.attention_maps.experiment import attention

    for each in (attention, plain_attention):
        torch.testing.assert_close(each(query, key, 0.5, bias, 2.0, sink).double(), expected,
                                   atol=1e-6, rtol=1e-5)


def test_that_a_part_of_attention_that_is_not_known_is_refused_by_name(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "_OF_NO_WEIGHT", pretrained._OF_NO_WEIGHT - {"dropout"})
    refused(folders["llama"], r"a part that is not known here \(dropout\)")


def test_that_a_model_is_asked_for_its_own_weights_where_the_formula_gives_others(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, ours = read(reader(folders["llama"]))

    def without_places(*given: Any) -> torch.Tensor:
        return torch.softmax(given[0] @ given[1].mT, -1)

    monkeypatch.setattr(pretrained, "plain_attention", without_places)
    asked = reader(folders["llama"])
    monkeypatch.undo()
    assert not asked._by_hand
    for one, own in zip(ours, read(asked)[2], strict=True):
        torch.testing.assert_close(one, own)


@pytest.mark.parametrize(("name", "sentence"), [
    ("longformer", "does not look from every token at every token"),
    ("squeezebert", "are no weights, since they do not sum to 1"),
])
def test_that_what_is_no_attention_is_refused(
    folders: dict[str, Path], name: str, sentence: str
) -> None:
    refused(folders[name], sentence)


@pytest.mark.parametrize(("weights", "sentence"), [
    ([], "does not look from every token"),
    ([torch.full((2, 3, 4), 0.25)], "does not look from every token"),
    ([torch.randn(2, 3, 3)], "are no weights"),
    ([torch.full((2, 3, 3), torch.nan)], "are no weights"),
    ([torch.full((2, 3, 3), 1 / 3)], "looks ahead"),
])
def test_that_what_a_decoder_gives_is_checked(weights: list[torch.Tensor], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        must_be_weights("it", "kind", weights, 3, causal=True, sinks=False)
    must_be_weights("it", "kind", [torch.eye(3)[None]], 3, causal=True, sinks=False)


def test_that_a_limit_below_one_is_no_limit(folders: dict[str, Path]) -> None:
    one = reader(folders["xlnet"])
    config = one.module.config
    assert config.max_position_embeddings == -1 and longest(one.module, config) > 100_000
    cut = one.cut("w1 " * 100, "", min(one.limit, 512))
    assert len(cut.ids) == cut.total == 100


@pytest.mark.parametrize("kind", ["ibert", "data2vec-text", "esm", "mpnet", "camembert", "bert"])
@pytest.mark.parametrize("padding", [0, 1])
def test_that_a_model_reads_as_many_tokens_as_its_limit_says(
    tmp_path: Path, kind: str, padding: int
) -> None:
    one = reader(saved(of(kind, **{**SIZES, "pad_token_id": padding})(), tmp_path))
    cut = one.cut("w1 " * 100, "", one.limit)
    assert 37 < len(cut.ids) == one.limit <= 40
    assert one.run(cut, torch.zeros(one.limit, dtype=torch.bool), plain_attention)[1]


def test_that_a_model_whose_attention_does_nothing_yet_is_no_decoder(tmp_path: Path) -> None:
    model = of("bert", **SIZES)()
    saved(model, tmp_path)
    with torch.no_grad():
        for layer in model.encoder.layer:
            layer.attention.output.dense.weight.zero_()
    model.save_pretrained(tmp_path)
    assert read(reader(tmp_path))[2][0].triu(1).max() > 0


@pytest.mark.parametrize("decoding", [True, False])
def test_that_tokens_of_single_bytes_are_shown_as_bytes(decoding: bool) -> None:
    pieces = ["<unk>", "▁a", *(f"<0x{byte:02X}>" for byte in range(256))]
    made = tokenizers.Tokenizer(tokenizers.models.BPE(
        {piece: id for id, piece in enumerate(pieces)}, [], unk_token="<unk>", byte_fallback=True))
    if decoding:
        made.decoder = tokenizers.decoders.Sequence([
            tokenizers.decoders.Replace("▁", " "), tokenizers.decoders.ByteFallback()])
    names = [name_of(made, one) for one in made.encode("你").ids]
    assert names == ["‹e4›", "‹bd›", "‹a0›"]
    assert pretrained.Tokens(made).cut("你", "", 9).names == tuple(names)


# --- models that write


@pytest.mark.parametrize(("kind", "fast"), [("falcon", False), ("llama", True)])
def test_that_a_decoder_that_is_looked_into_never_looks_ahead(
    tmp_path: Path, kind: str, fast: bool
) -> None:
    fields = {**GROUPED} if kind == "llama" else {**SIZES}
    saved(transformers.AutoModelForCausalLM.from_config(
        transformers.AutoConfig.for_model(kind, **fields)), tmp_path)
    one = open_model(Data().model(f"folder:{tmp_path}"), "cpu", quiet)
    assert isinstance(one, Decoder)
    assert one.module.config._attn_implementation == ("sdpa" if fast else "eager")
    ids = one.encode("w1 w5 w9 w5 w2 w31 w7")
    weights = one.attention(ids)
    assert weights.shape == (2, 4, 7, 7) and weights.triu(1).max() == 0
    model = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, attn_implementation="eager", dtype=torch.bfloat16).eval()
    with torch.no_grad():
        out = model(input_ids=torch.tensor([ids]), output_attentions=True)
    torch.testing.assert_close(weights, torch.cat(out.attentions).float(), atol=0.02, rtol=0.02)


def test_that_a_model_without_attention_is_not_looked_into(tmp_path: Path) -> None:
    saved(transformers.MambaForCausalLM(transformers.MambaConfig(
        **SMALL, hidden_size=16, num_hidden_layers=1, state_size=4)), tmp_path)
    with pytest.raises(Refusal, match="has no attention to look at"):
        open_model(Data().model(f"folder:{tmp_path}"), "cpu", quiet)


# --- weights that are not in the file


def test_that_layers_that_are_not_in_the_file_are_refused_by_name(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    refused(changed_copy(folders["bert"], tmp_path, {"num_hidden_layers": 3}),
            r"are not complete: encoder\.layer\.2\.attention.* is missing")


def test_that_layers_beyond_the_config_are_refused_by_name(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    refused(changed_copy(folders["bert"], tmp_path, {"num_hidden_layers": 1}),
            r"have more layers than its config.json describes \(encoder\.layer\.1\.")


def test_that_weights_of_foreign_names_are_refused_by_name(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    refused(changed_copy(folders["bert"], tmp_path, weights=lambda held: {
        f"backbone_{name}": one for name, one in held.items()}), "are not complete: embeddings")


def test_that_a_single_missing_weight_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    gone = "layers.1.self_attn.k_proj.weight"
    refused(changed_copy(folders["llama"], tmp_path, weights=lambda held: {
        name: one for name, one in held.items() if name != gone}),
        f"are not complete: {gone} is missing")


def test_that_a_missing_pooler_is_normal(folders: dict[str, Path], tmp_path: Path) -> None:
    without = changed_copy(folders["bert"], tmp_path, weights=lambda held: {
        name: one for name, one in held.items() if not name.startswith("pooler")})
    torch.testing.assert_close(read(reader(without))[1], read(reader(folders["bert"]))[1])


@pytest.mark.parametrize("make", [
    lambda: transformers.BertForMaskedLM(transformers.BertConfig(**SIZES)),
    lambda: transformers.BertForSequenceClassification(transformers.BertConfig(**SIZES)),
    lambda: transformers.LlamaForCausalLM(transformers.LlamaConfig(**GROUPED)),
    lambda: transformers.T5EncoderModel(transformers.T5Config(
        vocab_size=65, d_model=24, num_heads=3, d_kv=8, d_ff=32, num_layers=2,
        decoder_start_token_id=0)),
])
def test_that_the_head_of_a_task_is_left_out(make: Callable[[], Any], tmp_path: Path) -> None:
    assert read(reader(saved(make(), tmp_path)))[2]


def test_that_a_decoder_without_the_matrix_that_scores_words_is_refused(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    body = changed_copy(folders["llama"], tmp_path, {"architectures": ["LlamaForCausalLM"]})
    with pytest.raises(Refusal, match=r"are not complete: lm_head\.weight is missing"):
        open_language(Data().model(f"folder:{body}"), "cpu", quiet)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_that_weights_that_are_no_numbers_are_refused_by_name(
    folders: dict[str, Path], tmp_path: Path, value: float
) -> None:
    def damaged(held: dict[str, Any]) -> dict[str, Any]:
        held["layers.1.mlp.up_proj.weight"][3, 5] = value
        return held

    refused(changed_copy(folders["llama"], tmp_path, weights=damaged),
            r"layers\.1\.mlp\.up_proj\.weight holds what is no number")


@pytest.mark.parametrize("damage", ["config", "tokenizer.json", "model.safetensors"])
def test_that_a_bert_in_an_archive_that_does_not_fit_is_refused(
    folders: dict[str, Path], damage: str
) -> None:
    held = {one.name: one.read_bytes() for one in folders["bert"].iterdir()}
    config = {} if damage == "config" else json.loads(held["config.json"])
    held[damage] = b"{}"
    files = ModelFiles("minilm", "MiniLM", None, {**config, "model_type": "bert"}, held.__getitem__,
                       tuple(held))
    with pytest.raises(Refusal, match="The model MiniLM cannot be loaded"):
        open_reader(files, "cpu", quiet)


# --- tokens that the model does not know


def test_that_a_tokenizer_larger_than_its_model_is_refused(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    larger = changed_copy(folders["bert"], tmp_path)
    save_tokens(larger, 100)
    refused(larger, "has 105 tokens and the model knows only 65")


def test_that_only_the_text_with_a_mark_that_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    saved(transformers.LlamaForCausalLM(transformers.LlamaConfig(**GROUPED)), tmp_path)
    made = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    made.add_special_tokens(["<later>"])
    made.save(str(tmp_path / "tokenizer.json"))
    one = reader(tmp_path)
    assert read(one)[2]
    cut = one.cut("w1 <later>", "", 40)
    with pytest.raises(Refusal, match="the model knows only 65"):
        one.run(cut, torch.zeros(2, dtype=torch.bool), plain_attention)
    writer = open_language(Data().model(f"folder:{tmp_path}"), "cpu", quiet)
    assert writer.encode("w1 w2") == [6, 7]
    with pytest.raises(Refusal, match="the model knows only 65"):
        writer.encode("w1 <later>")

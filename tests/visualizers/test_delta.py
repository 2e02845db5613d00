"""Delta tuning: what is attached equals peft's on copied weights, what is detached was never there."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from visualizers.models.bert import Bert, BertConfig, load_weights
from visualizers.models.delta import (
    Adapter,
    BitFit,
    Delta,
    KeysAndValues,
    Lora,
    LowRank,
    Prefix,
    SoftPrompt,
    attached,
)

transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")
transformers.logging.set_verbosity_error()
# peft asks transformers by a name that will go
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

CONFIG = {"vocab_size": 50, "hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2,
          "intermediate_size": 40, "max_position_embeddings": 32, "type_vocab_size": 1,
          "layer_norm_eps": 1e-6, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
METHODS: dict[str, Callable[[Bert, torch.Generator], Delta]] = {
    "LoRA": Lora, "adapter": Adapter, "prefix": Prefix, "soft prompt": SoftPrompt,
    "BitFit": lambda bert, _: BitFit(bert)}


def theirs() -> Any:
    torch.manual_seed(1)
    model = transformers.BertForMaskedLM(transformers.BertConfig(
        **CONFIG, attn_implementation="eager")).eval()
    with torch.no_grad():  # the usual start is so small that all attention would be alike
        for weight in model.parameters():
            weight.normal_(0 if weight.dim() > 1 else 0.5, 0.3)
    return model


@pytest.fixture
def pair() -> tuple[Any, Bert]:
    """transformers' model and ours with the same weights."""
    model = theirs()
    bert = Bert(BertConfig.of(model.config.to_dict()), torch.Generator())
    load_weights(bert, model.state_dict())
    return model, bert.requires_grad_(False)


def given() -> tuple[Tensor, Tensor]:
    ids = torch.randint(5, 50, (3, 11), generator=torch.Generator().manual_seed(0))
    return ids, torch.arange(11) < torch.tensor([[11], [7], [4]])


def moved(delta: Delta) -> Delta:
    """As if trained: no weight is what it began with."""
    made = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for one in delta.parameters():
            one.add_(0.3 * torch.randn(one.shape, generator=made))
    return delta


@torch.no_grad()
def scores(bert: Bert, delta: Delta | None = None) -> Tensor:
    ids, real = given()
    with attached(delta, bert):
        return bert.read_out(bert(ids, real=real))[real]


@pytest.mark.parametrize("name", METHODS)
def test_that_what_is_detached_was_never_there(name: str, pair: tuple[Any, Bert]) -> None:
    _, bert = pair
    before, weights = scores(bert), {key: one.clone() for key, one in bert.state_dict().items()}
    delta = moved(METHODS[name](bert, torch.Generator().manual_seed(0)))
    with attached(delta, bert):
        ids, real = given()
        x = bert(ids, real=real)
        assert x.shape == (3, 11, 24)
        x[real].square().sum().backward()
    assert all(one.grad is not None and one.grad.abs().max() > 0 for one in delta.parameters()), "all learn"
    assert all(one.grad is None for one in bert.parameters())
    assert not torch.equal(scores(bert, delta), before)
    assert torch.equal(scores(bert), before)
    assert all(torch.equal(one, weights[key]) for key, one in bert.state_dict().items())


@pytest.mark.parametrize("name", ["LoRA", "adapter", "BitFit"])
def test_that_a_zero_beginning_equals_the_backbone(name: str, pair: tuple[Any, Bert]) -> None:
    _, bert = pair
    delta = METHODS[name](bert, torch.Generator().manual_seed(0))
    torch.testing.assert_close(scores(bert, delta), scores(bert), rtol=0, atol=1e-6)


def test_that_lora_equals_pefts(pair: tuple[Any, Bert]) -> None:
    model, bert = pair
    lora = moved(Lora(bert, torch.Generator().manual_seed(0), rank=3, alpha=6.0))
    assert isinstance(lora, Lora)
    wrapped = peft.get_peft_model(
        model, peft.LoraConfig(r=3, lora_alpha=6, target_modules=["query", "value"]))
    with torch.no_grad():
        for name, part in zip(lora.names, lora.parts, strict=True):
            _, layer, _, matrix = name.split(".")
            assert isinstance(part, LowRank)
            one = model.get_submodule(f"bert.encoder.layer.{layer}.attention.self.{matrix}")
            one.lora_A["default"].weight.copy_(part.a)
            one.lora_B["default"].weight.copy_(part.b)
        ids, real = given()
        out = wrapped(input_ids=ids, attention_mask=real.long()).logits[real]
    torch.testing.assert_close(scores(bert, lora), out, rtol=1e-5, atol=1e-5)
    assert lora.count == wrapped.get_nb_trainable_parameters()[0]
    unmerged = scores(bert, lora)
    bert.load_state_dict(lora.merged(bert), strict=False)
    torch.testing.assert_close(scores(bert), unmerged, rtol=1e-5, atol=1e-5)


def test_that_the_soft_prompt_equals_pefts(pair: tuple[Any, Bert]) -> None:
    model, bert = pair
    prompt = moved(SoftPrompt(bert, torch.Generator().manual_seed(0), size=5))
    wrapped = peft.PeftModelForFeatureExtraction(model, peft.PromptTuningConfig(
        task_type="FEATURE_EXTRACTION", num_virtual_tokens=5, num_layers=2, token_dim=24,
        num_attention_heads=3))
    with torch.no_grad():
        wrapped.prompt_encoder["default"].embedding.weight.copy_(next(prompt.parameters()))
        ids, real = given()
        out = wrapped(input_ids=ids, attention_mask=real.long()).logits[:, 5:][real]
    torch.testing.assert_close(scores(bert, prompt), out, rtol=1e-5, atol=1e-5)
    assert prompt.count == wrapped.get_nb_trainable_parameters()[0]


def test_that_a_prefix_equals_attention_with_more_keys_and_values(pair: tuple[Any, Bert]) -> None:
    _, bert = pair
    prefix = moved(Prefix(bert, torch.Generator().manual_seed(0), size=4))
    attention = bert.get_submodule("blocks.0.attention")
    x = torch.randn(2, 6, 24, generator=torch.Generator().manual_seed(2))
    seen: list[Tensor] = []
    taken = attention.register_forward_hook(lambda _, __, y: seen.append(y))
    with attached(prefix, bert), torch.no_grad():
        attention(x, torch.zeros(2, 1, 1, 6), None)
        taken.remove()
        part = prefix.parts[0]  # type: ignore[index]
        assert isinstance(part, KeysAndValues)
        q, k, v = (bert.get_submodule(f"blocks.0.attention.{name}")(x) for name in ("query", "key", "value"))
        assert torch.equal(k[:, :4], part.keys.expand(2, -1, -1)) and torch.equal(v[1, :4], part.values)
        q, k, v = (one.view(2, -1, 3, 8).transpose(1, 2) for one in (q, k, v))
        wanted = torch.nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        torch.testing.assert_close(seen[0], attention.get_submodule("out")(wanted), rtol=0, atol=1e-6)


def test_that_an_adapter_equals_its_closed_form(pair: tuple[Any, Bert]) -> None:
    model, bert = pair
    adapter = moved(Adapter(bert, torch.Generator().manual_seed(0), size=5))

    class Behind(torch.nn.Module):
        def __init__(self, inner: Any, part: Any) -> None:
            super().__init__()
            self.inner, self.part = inner, part

        def forward(self, x: Tensor) -> Tensor:
            h: Tensor = self.inner(x)
            bent = torch.nn.functional.gelu(h @ self.part.down.T + self.part.down_bias)
            out: Tensor = h + bent @ self.part.up.T + self.part.up_bias
            return out

    parts = iter(adapter.parts)  # type: ignore[arg-type]
    for layer in model.bert.encoder.layer:
        layer.attention.output.dense = Behind(layer.attention.output.dense, next(parts))
        layer.output.dense = Behind(layer.output.dense, next(parts))
    ids, real = given()
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=real.long()).logits[real]
    torch.testing.assert_close(scores(bert, adapter), out, rtol=1e-5, atol=1e-5)


def test_that_bitfit_equals_other_biases(pair: tuple[Any, Bert]) -> None:
    _, bert = pair
    delta = moved(BitFit(bert))
    assert isinstance(delta, BitFit)
    wanted = scores(bert, delta)
    with torch.no_grad():
        for name, part in zip(delta.names, delta.parts, strict=True):
            bert.get_parameter(f"{name}.bias").add_(next(part.parameters()))
    torch.testing.assert_close(scores(bert), wanted, rtol=1e-5, atol=1e-5)
    assert delta.count == sum(one.numel() for name, one in bert.named_parameters()
                              if name.endswith("bias") and not name.startswith("head"))

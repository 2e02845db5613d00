"""What tuning on a few words does to words that it never showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import hidden, integer, number

METHODS = ("full tuning", "BitFit", "LoRA", "adapter", "prefix", "soft prompt")
BACKBONES = ("pre-trained", "random")
SIDE = 10  # words that praise, and as many that blame
EACH = 3  # words of each side that are tuned on at first
STEPS = 150  # until it has settled


@dataclass(frozen=True)
class Params:
    size: int = integer(4, 1, 16, log=True, label="Size", help=(
        "The rank of LoRA, the width of the adapters, the number of keys of the prefix and of vectors of the "
        "soft prompt."))
    rate: float = number(1.0, 0.1, 10.0, log=True, label="Learning rate", unit="×", help=(
        "Times each method's own rate: what suits one is far too small or too large for another."))
    batch: int = integer(16, 4, 64, log=True, unit="text", restart=False, help="Texts in one update.")
    seed: int = integer(0, 0, 999, help="Draws which words are tuned on, the texts and the beginnings.")
    taught: tuple[int, ...] = hidden((), restart=True, stays=True)  # words tuned on; () draws them
    method: int = hidden(2, stays=True)  # whose words are looked at
    beside: str = hidden("map", stays=True)  # the map, or each word by itself


@dataclass(frozen=True)
class Frame:
    """M methods on a pre-trained and on a random backbone; W words, those that praise first."""

    words: Annotated[tuple[str, ...], "W"]
    side: Annotated[UInt8, "W", "0 … 1"]  # 1 for those that praise
    taught: Annotated[UInt8, "W", "0 … 1"]  # 1 for those that are tuned on
    right: Annotated[Float32, "METHODS BACKBONES W", "0 … 1"]  # share of each word's texts rightly told
    seen: Annotated[Float32, "METHODS BACKBONES", "0 … 1"]  # mean over the words that are tuned on …
    unseen: Annotated[Float32, "METHODS BACKBONES", "0 … 1"]  # … and over the others
    place: Annotated[Float32, "W 2", "any"]  # the pre-trained embeddings, in their two main directions
    trained: Annotated[Int32, "METHODS", "≥ 0"]  # numbers that an update changes, the head included
    whole: Annotated[int, "≥ 1"]  # numbers of the backbone


PANEL = Panel(
    id="unseen_words",
    title="Words never tuned on",
    claim="Tuned on six words, the pre-trained model knows fourteen others too, by any method; a random "
          "one learns the six and nothing else.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l4_tuning.unseen_words.experiment:UnseenWords",
    view="visualizers.l4_tuning.unseen_words.view:UnseenWordsView",
    scalars=("loss", "random_loss", "words_seen", "words_unseen", "random_words_seen",
             "random_words_unseen"),
    headline="words_unseen",
    headline_label="the accuracy on words never tuned on",
    concepts=("4.12", "4.13", "4.14", "4.15", "4.16"),
    keywords=("delta tuning", "LoRA", "adapter", "prefix tuning", "prompt tuning", "BitFit", "PEFT",
              "fine-tuning", "pre-training", "transfer", "generalisation", "增量微调", "适配器", "前缀微调",
              "低秩", "预训练", "微调", "泛化"),
    rests_on=("word2vec", "attention_maps"),
    proved_with={"size": 1, "batch": 4},
)

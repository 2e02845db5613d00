"""A convolutional network for sentences: filters, max-pooling, and what position means to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import hidden, integer, number, source, text

FARTHEST = 16  # by so many places a sentence is moved at most
EXAMPLES = 200  # sentences of the test part that can be looked at
TOP = 3  # n-grams listed for each filter


@dataclass(frozen=True)
class Params:
    data: str = source("labelled", "made-reviews", label="Texts", help=(
        "Labelled sentences to learn from; an own table has a column of texts and one of labels."))
    window: int = integer(
        4, 1, 7, unit="word", label="Window h",
        help="How many neighbouring words a filter sees at once (characters in Chinese).")
    filters: int = integer(12, 1, 64, log=True, help="How many filters look at each window.")
    sentence: str = text(
        "", help="Type a sentence of your own; empty shows one of the test part.")
    example: int = integer(
        13, 0, EXAMPLES - 1, restart=False, when={"sentence": ("",)},
        help="Which sentence of the test part is shown. No network learns from it.")
    seen: int = integer(
        4, 1, FARTHEST + 1, unit="place", label="Places in training",
        help="In training, sentences begin at one of the first places; the test moves them on, up to "
             "16 places to the right.")
    learning_rate: float = number(0.005, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    dropout: float = number(
        0.3, 0.0, 0.8, help="Share of the pooled values, and of the MLP's hidden ones, that are left "
                            "out of a training step.")
    width: int = integer(24, 4, 64, log=True, label="Embedding size", unit="number",
                         help="How many numbers stand for a word.")
    seed: int = integer(0, 0, 999, help="Draws other weights, another split and other batches.")
    filter: int = hidden(-1)  # the chosen filter; -1 chooses the one that says most
    removed: tuple[object, ...] = hidden(())  # (what the sentence is known by, index, index, …)
    beside: str = hidden("accuracy", stays=True)  # what the small plot shows


def sentence_key(params: Params) -> str:
    """What the shown sentence is known by: removed words belong to one sentence only."""
    return params.sentence.strip() or f"#{params.example}"


@dataclass(frozen=True)
class Frame:
    """One sentence of n words under M filters, and what is known of the training. C classes.

    Filters are sorted from those that speak most against the class ``sign`` to those that speak most
    for it.
    """

    tokens: Annotated[tuple[str, ...], "n", "n ≥ 1"]  # the words
    unknown: Annotated[UInt8, "n", "0 … 1"]  # 1 for those that training never saw
    removed: Annotated[tuple[int, ...], "r", "0 … n-1"]  # the words that are left out
    shortened: bool  # whether the sentence was longer than what is read
    maps: Annotated[Float32, "windows M", "windows == max(1, n-params.window+1)", "≥ 0"]
    numbers: Annotated[Int32, "M", "0 … M-1"]  # the filters' names
    where: Annotated[Int32, "M", "0 … windows-1"]  # the window that max-pooling chose …
    best: Annotated[Float32, "M", "≥ 0"]  # … and its value
    weights: Annotated[Float32, "M", "any"]  # in the output: for class sign, less the others' mean
    top: Annotated[tuple[str, ...], "M*TOP"]  # the n-grams that each filter answers to most
    top_values: Annotated[Float32, "M TOP", "≥ 0"]  # with its answers
    idle: Annotated[UInt8, "M", "0 … 1"]  # 1 for filters that answer to nothing
    chosen: Annotated[int, "0 … M-1"]  # column of the chosen filter
    odds: Annotated[Float32, "C", "0 … 1"]  # what the CNN says of the sentence …
    mlp_odds: Annotated[Float32, "C", "0 … 1"]  # … and the MLP
    label: Annotated[int, "-1 … C-1"]  # its class; −1 for an own sentence
    names: Annotated[tuple[str, ...], "C", "C ≥ 2"]  # of the classes
    sign: Annotated[int, "0 … C-1"]  # the class that positive weights speak for
    shifts: Annotated[Int32, "S", "S ≥ 1", "≥ 0", "rising"]  # so many places later begin …
    accuracy_at: Annotated[Float32, "S", "0 … 1"]  # … the test sentences that are rightly told
    mlp_accuracy_at: Annotated[Float32, "S", "0 … 1"]
    best_possible: Annotated[float, "0 … 1"]  # what n-grams of h words allow at most; 0: not known
    sizes: Annotated[tuple[int, ...], "2", "≥ 0"]  # numbers learnt by CNN and MLP, embeddings apart
    vocabulary: Annotated[int, "≥ 0"]  # words known
    texts: Annotated[int, "≥ 0"]  # sentences in all three parts
    language: str


PANEL = Panel(
    id="text_cnn",
    title="CNN for sentences",
    claim="A filter learns an n-gram; max-pooling finds its best place in the sentence, wherever "
          "that is.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.text_cnn.experiment:SentenceCNN",
    view="visualizers.l2_networks.text_cnn.view:TextCNNView",
    scalars=("loss", "mlp_loss", "valid_loss", "mlp_valid_loss", "accuracy", "mlp_accuracy",
             "train_accuracy", "mlp_train_accuracy"),
    headline="accuracy",
    headline_label="the CNN's accuracy",
    concepts=("2.11", "2.12"),
    keywords=("CNN", "convolution", "filter", "kernel", "n-gram", "max pooling", "sentiment",
              "text classification", "position invariance", "MLP", "卷积神经网络", "卷积核", "最大池化",
              "情感分析", "文本分类", "平移不变性"),
)

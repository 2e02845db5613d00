"""A convolutional network for sentences: filters, max-pooling, and what position means to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel
from widgets.parameters import hidden, integer, number, source, text

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
    """One sentence of n words under M filters of h words, and what is known of the training.

    Attributes:
        tokens: (n,) the words; ``unknown`` (n,) 1 for those that training never saw.
        removed: indices of the words that are left out.
        shortened: whether the sentence was longer than what is read.
        maps: (n-h+1, M) the feature maps; filters are sorted from those that speak most against
            ``sign`` to those that speak most for it, and ``numbers`` (M,) are their names.
        where, best: (M,) the window that max-pooling chose, and its value.
        weights: (M,) weight of each filter in the output: for class ``sign``, less the mean of the
            others.
        top: (M · TOP,) the n-grams of the training texts that each filter answers to most,
            ``top_values`` (M, TOP) with its answers.
        idle: (M,) 1 for filters that answer to nothing.
        chosen: column of the chosen filter.
        odds, mlp_odds: (C,) what the two networks say of the sentence.
        label: its class, or -1 for an own sentence.
        names: (C,) of the classes; ``sign`` is the one that positive weights speak for.
        shifts, accuracy_at, mlp_accuracy_at: (S,) accuracy on test sentences that begin so many
            places later.
        best_possible: accuracy that n-grams of h words allow at most, where it is known; else 0.
        sizes: numbers learnt by the CNN and by the MLP, without the embeddings.
        vocabulary: words known; ``texts`` sentences in all three parts.
    """

    tokens: tuple[str, ...]
    unknown: NDArray[np.uint8]
    removed: tuple[int, ...]
    shortened: bool
    maps: NDArray[np.float32]
    numbers: NDArray[np.int32]
    where: NDArray[np.int32]
    best: NDArray[np.float32]
    weights: NDArray[np.float32]
    top: tuple[str, ...]
    top_values: NDArray[np.float32]
    idle: NDArray[np.uint8]
    chosen: int
    odds: NDArray[np.float32]
    mlp_odds: NDArray[np.float32]
    label: int
    names: tuple[str, ...]
    sign: int
    shifts: NDArray[np.int32]
    accuracy_at: NDArray[np.float32]
    mlp_accuracy_at: NDArray[np.float32]
    best_possible: float
    sizes: tuple[int, ...]
    vocabulary: int
    texts: int
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
    concepts=("2.11", "2.12"),
    keywords=("CNN", "convolution", "filter", "kernel", "n-gram", "max pooling", "sentiment",
              "text classification", "position invariance", "MLP", "卷积神经网络", "卷积核", "最大池化",
              "情感分析", "文本分类", "平移不变性"),
)

"""Relation classification: what a CNN must be told so that it knows which two names are meant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel
from widgets.parameters import hidden, integer, number

VARIANTS = ("words alone", "markers", "positions", "both")
SCALARS = ("alone", "markers", "positions", "both")  # what the networks are called in the history
EXAMPLES = 200  # sentences that can be looked at


@dataclass(frozen=True)
class Params:
    facts: int = integer(
        2, 1, 3, help="How many things a sentence says, each of two names of its own. The question is "
                      "about one pair of names. All names are invented.")
    remark: int = integer(
        2, 0, 4, unit="word", label="Longest remark",
        help="A remark of up to so many words may stand between a name and what is said of it.")
    window: int = integer(3, 1, 7, unit="word", label="Window h",
                          help="How many neighbouring words a filter sees at once.")
    filters: int = integer(24, 4, 64, log=True, help="How many filters each network has.")
    example: int = integer(0, 0, EXAMPLES - 1, restart=False,
                           help="Which sentence of the test part is shown.")
    farthest: int = integer(
        8, 1, 15, unit="word", label="Farthest distance",
        help="Distances beyond it are all the same to the position features.")
    place_width: int = integer(6, 1, 16, unit="number", label="Size of a position",
                               help="How many numbers stand for a distance to a name.")
    learning_rate: float = number(0.005, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    dropout: float = number(0.2, 0.0, 0.8, help="Share of the pooled values that are left out of a "
                                                "training step.")
    seed: int = integer(0, 0, 999, help="Draws other sentences, weights and batches.")
    variant: str = hidden("positions", stays=True)  # whose reading is shown
    pair: tuple[int, ...] = hidden(())  # (example, name clicked before, name clicked last)
    beside: str = hidden("confusion", stays=True)  # or "windows"


@dataclass(frozen=True)
class Frame:
    """One sentence as one of the four networks reads it, and how often each of them is right.

    Attributes:
        variant: number of the network that is looked at.
        tokens: (m,) what it reads, with markers if it gets them; ``names`` places of the names.
        pair: numbers of the two names that are asked for, the one that comes first before the other;
            ``truth`` what is said of them.
        distances: (2, m) of each token to either name, in tokens.
        covered: (m,) share of the filters whose chosen window holds the token.
        windows: (K,) the windows that max-pooling chose, ``window_filters`` (K,) by how many filters,
            ``window_says`` (K,) how much they speak for the network's answer.
        odds: (4, C) of each relation, by network.
        confusion: (C, C) share of the test questions of each relation (row) that got each answer.
        accuracy: (4,) on the test questions.
        best_alone: the accuracy that is possible at most without knowing the pair.
        sizes: numbers learnt by each network.
    """

    variant: int
    tokens: tuple[str, ...]
    names: tuple[int, ...]
    pair: tuple[int, ...]
    truth: int
    distances: NDArray[np.int32]
    covered: NDArray[np.float32]
    windows: tuple[str, ...]
    window_filters: NDArray[np.int32]
    window_says: NDArray[np.float32]
    odds: NDArray[np.float32]
    confusion: NDArray[np.float32]
    accuracy: NDArray[np.float32]
    best_alone: float
    sizes: tuple[int, ...]


PANEL = Panel(
    id="relation_cnn",
    title="Relations between names",
    claim="A sentence says several things; distances to the two names tell a CNN which one is "
          "meant.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.relation_cnn.experiment:RelationCNN",
    view="visualizers.l2_networks.relation_cnn.view:RelationCNNView",
    concepts=("2.13",),
    keywords=("relation classification", "relation extraction", "CNN", "position features",
              "entity markers", "max pooling", "confusion matrix", "关系分类", "关系抽取", "位置特征",
              "实体标记", "卷积神经网络"),
)

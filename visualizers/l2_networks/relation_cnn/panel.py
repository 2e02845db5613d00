"""Relation classification: what a CNN must be told so that it knows which two names are meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from visualizers.data.relations import RELATIONS
from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import hidden, integer, number

VARIANTS = ("words alone", "markers", "positions", "both")
SCALARS = ("alone", "markers", "positions", "both")  # what the networks are called in the history
ANSWERS = RELATIONS  # what can be said of two names
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
    """One sentence of m tokens as one of the four networks reads it, and how often each is right."""

    variant: Annotated[int, "0 … len(VARIANTS)-1"]  # the network that is looked at
    tokens: Annotated[tuple[str, ...], "m", "m ≥ 1"]  # what it reads, with markers if it gets them
    names: Annotated[tuple[int, ...], "n", "0 … m-1"]  # places of the names
    pair: Annotated[tuple[int, ...], "2", "0 … n-1"]  # the two that are asked for, as they come
    truth: Annotated[int, "0 … len(ANSWERS)-1"]  # what is said of them
    distances: Annotated[Int32, "2 m", "any"]  # of each token to either name, in tokens
    covered: Annotated[Float32, "m", "0 … 1"]  # share of the filters whose window holds the token
    windows: Annotated[tuple[str, ...], "K"]  # that max-pooling chose
    window_filters: Annotated[Int32, "K", "≥ 0"]  # by how many filters
    window_says: Annotated[Float32, "K", "any"]  # how much they speak for the network's answer
    odds: Annotated[Float32, "VARIANTS ANSWERS", "0 … 1"]
    confusion: Annotated[Float32, "ANSWERS ANSWERS", "0 … 1"]  # share of the test questions of a
    #                            relation (row) that got each answer
    accuracy: Annotated[Float32, "VARIANTS", "0 … 1"]  # on the test questions
    best_alone: Annotated[float, "0 … 1"]  # the accuracy possible at most without knowing the pair
    sizes: Annotated[tuple[int, ...], "VARIANTS", "≥ 0"]  # numbers learnt by each network


PANEL = Panel(
    id="relation_cnn",
    title="Relations between names",
    claim="A sentence says several things; distances to the two names tell a CNN which one is "
          "meant.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.relation_cnn.experiment:RelationCNN",
    view="visualizers.l2_networks.relation_cnn.view:RelationCNNView",
    scalars=("loss", "accuracy_alone", "accuracy_markers", "accuracy_positions", "accuracy_both"),
    headline="accuracy_positions",
    headline_label="accuracy with positions",
    concepts=("2.13",),
    keywords=("relation classification", "relation extraction", "CNN", "position features",
              "entity markers", "max pooling", "confusion matrix", "关系分类", "关系抽取", "位置特征",
              "实体标记", "卷积神经网络"),
    proved_with={"filters": 8},
)

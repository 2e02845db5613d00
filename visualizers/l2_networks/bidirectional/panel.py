"""Both directions: tagging words whose reading depends on what comes after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel
from widgets.parameters import choice, hidden, integer, number
from widgets.parameters import text as typed

TAGGERS = ("forward", "backward", "both")


@dataclass(frozen=True)
class Params:
    sentence: str = typed(
        "", label="Your sentence",
        help="Words that the grammar has, such as “the brave judge paints the houses .”; empty shows "
             "its examples. The taggers read it as they are now.")
    language: Literal["English", "Chinese"] = choice(
        "English", label="Language of the sentences",
        help="Two small grammars with words of two readings. Nobody wrote these sentences.")
    cell: Literal["tanh", "GRU", "LSTM"] = choice(
        "tanh", help="How one state follows from the last, the same for all three taggers.")
    reach: int = integer(
        1, 0, 4, unit="phrase", label="Phrases in between",
        help="How many phrases may stand between a word and what decides about it.")
    hidden_size: int = integer(
        32, 2, 128, log=True, unit="unit", label="Units of each tagger",
        help="Numbers in the state that a tag is read from. The tagger of both directions gives "
             "half of them to each, so that it wins by what it sees and not by its size.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    batch: int = integer(
        32, 4, 128, log=True, unit="sentence", restart=False,
        help="Sentences read in one step: new ones each time, the same for the three.")
    seed: int = integer(0, 0, 999, help="Draws other weights and other sentences.")
    need: int = hidden(
        1, stays=True, help="Which examples are shown: 0 decided on the left, 1 right, 2 both.")
    example: int = hidden(0, stays=True, help="Which of the examples.")
    word: int = hidden(-1, help="The word whose tag is traced back; −1 takes one of two readings.")


@dataclass(frozen=True)
class Frame:
    """T words of the sentence that is shown, C tags; the taggers are in the order of ``TAGGERS``.

    Attributes:
        words: the sentence, T.
        known: whether the grammar has the word; others are not read, (T,).
        tag_names: the tags, C.
        meant: each word's tag by the grammar, −1 where it does not say, (T,).
        needs: what decides: 0 words on the left, 1 on the right, 2 both; −1 nothing, (T,).
        odds: what each tagger gives to each tag, (3, T, C); 0 for unknown words.
        word: the word that is traced back.
        influence: how much each word has to do with the tag of that word, shares of one, (3, T).
        ceiling: the best accuracy there is for a reader of one direction, counted in the grammar:
            forward, backward × decided on the left, right, both, (2, 3).
        weights: how many numbers each tagger learns.
        unknown: words that the grammar does not have.
    """

    words: tuple[str, ...]
    known: NDArray[np.bool_]
    tag_names: tuple[str, ...]
    meant: NDArray[np.int64]
    needs: NDArray[np.int64]
    odds: NDArray[np.float32]
    word: int
    influence: NDArray[np.float32]
    ceiling: NDArray[np.float32]
    weights: tuple[int, ...]
    unknown: tuple[str, ...]


PANEL = Panel(
    id="bidirectional",
    title="Both directions",
    claim="A word whose reading depends on what follows can only be guessed from the left; a second "
          "network that reads from the end knows.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.bidirectional.experiment:Bidirectional",
    view="visualizers.l2_networks.bidirectional.view:BidirectionalView",
    concepts=("2.10",),
    speed="1 step a frame",  # at full speed it is over in two seconds
    keywords=("BiRNN", "BiLSTM", "bidirectional", "tagging", "part of speech", "garden path",
              "context", "双向循环神经网络", "双向", "词性标注", "花园幽径", "上下文"),
)

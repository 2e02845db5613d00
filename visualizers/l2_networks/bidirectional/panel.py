"""Both directions: tagging words whose reading depends on what comes after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Bool, Float32, Int64
from widgets.controls.parameters import choice, hidden, integer, number
from widgets.controls.parameters import text as typed
from widgets.controls.speeds import Speed

TAGGERS = ("forward", "backward", "both")
TAGS = ("noun", "verb", "adjective", "adverb", "pronoun", "determiner", "preposition", "participle",
        "gerund", "auxiliary", "particle", "punctuation")


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
    """T words of the sentence that is shown, C tags; the taggers are in the order of ``TAGGERS``."""

    words: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # the sentence
    known: Annotated[Bool, "T"]  # whether the grammar has the word; others are not read
    tag_names: Annotated[tuple[str, ...], "C", "C ≥ 1", "in TAGS"]
    meant: Annotated[Int64, "T", "-1 … C-1"]  # each word's tag by the grammar, −1 where it has none
    needs: Annotated[Int64, "T", "-1 … 2"]  # what decides: words on the left, the right, both; −1 nothing
    odds: Annotated[Float32, "TAGGERS T C", "0 … 1"]  # of each tag; 0 for unknown words
    word: Annotated[int, "0 … T-1"]  # the word that is traced back
    influence: Annotated[Float32, "TAGGERS T", "0 … 1"]  # share of each word in the tag of that word
    ceiling: Annotated[Float32, "2 3", "0 … 1"]  # the best accuracy of a reader of one direction,
    #                              forward, backward × decided on the left, right, both: counted
    weights: Annotated[tuple[int, ...], "TAGGERS", "≥ 0"]  # how many numbers each tagger learns
    unknown: Annotated[tuple[str, ...], "U"]  # words that the grammar does not have
    total: Annotated[int, "≥ T"]  # words of the whole sentence; more than T where it was too long


PANEL = Panel(
    id="bidirectional",
    title="Both directions",
    claim="A word whose reading depends on what follows can only be guessed from the left; a second "
          "network that reads from the end knows.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.bidirectional.experiment:Bidirectional",
    view="visualizers.l2_networks.bidirectional.view:BidirectionalView",
    scalars=("loss", "loss_forward", "loss_backward", "loss_both", "forward_left", "forward_right",
             "forward_both", "backward_left", "backward_right", "backward_both", "both_left",
             "both_right", "both_both"),
    headline="both_right",
    headline_label="accuracy of both directions where the right side decides",
    concepts=("2.10",),
    speed=Speed.FRAME,  # at full speed it is over in two seconds
    keywords=("BiRNN", "BiLSTM", "bidirectional", "tagging", "part of speech", "garden path",
              "context", "双向循环神经网络", "双向", "词性标注", "花园幽径", "上下文"),
)

"""Polysemy: one vector for a word, or one for each place where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, number, text
from widgets.controls.speeds import Speed

WORDS = 4  # with two meanings, in each language
STEPS = 250
NEAREST = 5
FARTHEST = 12  # words to each side: the whole sentence

MADE = ("English", "Chinese")


@dataclass(frozen=True)
class Params:
    texts: Literal["English", "Chinese", "MiniLM"] = choice("English", label="Model and texts", help=(
        "Made sentences from which a small network learns here, or real ones read by MiniLM, which has "
        "learnt before."))
    word: Literal["bank", "bat", "apple", "mouse"] = choice(
        "bank", restart=False, when={"texts": ("English", "MiniLM")},
        help="The word with two meanings that is looked at.")
    chinese_word: Literal["苹果", "杜鹃", "黄牛", "窗口"] = choice(
        "苹果", label="Word", restart=False, when={"texts": ("Chinese",)},
        help="The word with two meanings that is looked at.")
    window: int = integer(FARTHEST, 0, FARTHEST, unit="word", restart=False, label="Context seen", help=(
        "How many words to each side of the word the network may look at when the vectors are read."))
    sentence: str = text("", label="Your sentence", help=(
        "A sentence of your own with the word, to see where its vector falls."))
    learning_rate: float = number(0.007, 0.001, 0.02, log=True, when={"texts": MADE}, help=(
        "Size of one update (Adam)."))
    seed: int = integer(0, 0, 999, when={"texts": MADE}, help="Draws the sentences and the first weights.")
    picked: int = hidden(0, stays=True)  # the occurrence whose neighbours are listed
    layer: int = hidden(-1, stays=True)  # which is looked at; −1 is the last one


@dataclass(frozen=True)
class Frame:
    """N occurrences of the word that is looked at; the first of its two meanings is 0."""

    names: Annotated[tuple[str, ...], "WORDS"]  # the words with two meanings
    chosen: Annotated[int, "0 … WORDS-1"]
    fields: Annotated[tuple[str, ...], "2"]  # of the two meanings
    sentences: Annotated[tuple[str, ...], "N"]
    sense: Annotated[UInt8, "N", "0 … 1"]
    points: Annotated[Float32, "N 2", "any"]  # their vectors, in their two main directions
    own: Annotated[Float32, "K 2", "any"]  # the user's sentence there, if it has the word
    unknown: Annotated[tuple[str, ...], "U"]  # words of it that the network does not know
    votes: Annotated[int, "-1 … NEAREST"]  # its nearest occurrences that have the first meaning
    picked: Annotated[int, "-1 … N-1"]
    near: Annotated[Int32, "R", "0 … N-1"]  # nearest to the one picked
    silhouette: Annotated[Float32, "WORDS L", "-1 … 1"]  # of the meanings, in each layer
    right: Annotated[Float32, "WORDS L", "0 … 1"]  # occurrences whose nearest one has their meaning
    layer: Annotated[int, "0 … L-1"]  # that is looked at
    vocabulary: Annotated[tuple[str, ...], "V"]  # nouns of the two fields, and the word itself, last
    group: Annotated[UInt8, "V", "0 … 2"]  # the field; 2 for the word
    places: Annotated[Float32, "V 2", "any"]  # their static vectors
    static_near: Annotated[tuple[str, ...], "6"]  # nearest to the word's one static vector


PANEL = Panel(
    id="polysemy",
    title="Polysemy",
    claim="A static vector is one point between a word's meanings; read in its sentence, each occurrence has "
          "its own, and the meanings part.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.polysemy.experiment:Polysemy",
    view="visualizers.l1_basics.polysemy.view:PolysemyView",
    scalars=("read", "silhouette", "right", *(f"silhouette_{one}" for one in range(WORDS))),
    headline="silhouette",
    headline_label="the silhouette of the meanings",
    concepts=("1.18",),
    keywords=("word sense", "ambiguity", "contextual embedding", "static embedding", "ELMo", "BERT", "MiniLM",
              "word sense disambiguation", "silhouette", "一词多义", "多义词", "上下文词向量", "静态词向量",
              "词义消歧", "歧义"),
    sources=("minilm",),
    rests_on=("attention_maps", "masked_lm"),
    speed=Speed.FRAME,
)

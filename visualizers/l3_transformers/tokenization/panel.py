"""Tokens: what a text is cut into, what is drawn of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer, source, text
from widgets.controls.speeds import Speed

NEXT = 8  # candidates that are listed
DONE = 120  # merges that are listed, the newest first
LONGEST = 600  # characters of a text that is cut and shown


@dataclass(frozen=True)
class Params:
    method: Literal["BPE", "byte BPE", "WordPiece", "unigram", "whole words"] = choice(
        "BPE", help=(
            "BPE joins the most frequent pair of neighbours; byte BPE does so with bytes; WordPiece "
            "joins the pair that makes the text most probable; unigram begins with too many pieces "
            "and drops those it can spare; whole words takes the most frequent words as they are."))
    learn: Literal["a text", "four words", "own words"] = choice(
        "a text", label="Learn from",
        help="A text; the example of the course, low 5 times, lower 2, newest 6, widest 3; or words "
             "of your own.")
    corpus: str = source("text", "python-reference", label="Text", when={"learn": ("a text",)}, help=(
        "What the pieces are learnt from, in any language, or a file of yours; its first 200,000 "
        "characters are read."))
    own: str = text("hug hug hug hug pug pun pun bun hugs hugs", label="Words", restart=True,
                    when={"learn": ("own words",)},
                    help="Words to learn from; one that is repeated counts more.")
    merges: int = integer(400, 1, 3000, log=True, restart=False, unit="merge", help=(
        "How many pairs are joined at most. Unigram keeps so many pieces beside the single "
        "characters, and whole words so many words."))
    reading: Literal[
        "English", "low and lowest", "Chinese", "code", "emoji", "own text"] = choice(
        "English", restart=False, label="Sentence", help="What is cut into tokens as they grow.")
    sentence: str = text("Type a sentence, and watch its words grow together.", label="Own sentence",
                         when={"reading": ("own text",)}, help="Any text, in any language.")
    real: str = source("model", "minilm", needs="encode", label="Real tokenizer", help=(
        "A trained model whose own tokens stand below: MiniLM or SmolLM2 from the data pack, this "
        "program's small BERT or GPT, or any model of yours."))
    width: int = integer(576, 16, 4096, log=True, restart=False, unit="number",
                         label="Embedding size",
                         help="How many weights a model keeps for each token of its vocabulary.")
    seed: int = integer(0, 0, 999, help="Draws the lines of the text that are held out.")
    token: int = hidden(-1)  # the clicked token, whose making is listed
    table: str = hidden("next", stays=True)  # what the list shows: next, done
    curve: str = hidden("tokens", stays=True)  # what the plot shows: tokens, costs


@dataclass(frozen=True)
class Frame:
    """One sentence of T tokens, what may be joined next, and what has been joined. White space and
    bytes are shown by signs."""

    tokens: Annotated[tuple[str, ...], "T", "T ≥ 1"]  # the sentence, as far as pieces are learnt
    words: Annotated[Int32, "T", "≥ 0"]  # the word each is of
    wholes: Annotated[Float32, "T", "0 … 1"]  # the share of its word that each is; 1 for all of it
    unknown: Annotated[UInt8, "T", "0 … 1"]  # 1 where the vocabulary has nothing for it
    real: Annotated[tuple[str, ...], "R", "R ≥ 1"]  # the same sentence in a real tokenizer
    real_unknown: Annotated[UInt8, "R", "0 … 1"]
    real_size: Annotated[int, "≥ 1"]  # its vocabulary
    real_name: str
    next_lefts: Annotated[tuple[str, ...], "N", "N ≤ NEXT"]  # what may be joined next, the best first
    next_rights: Annotated[tuple[str, ...], "N"]  # empty where a piece stands alone
    next_values: Annotated[Float32, "N", "any"]  # its count, or what is gained or lost by it
    numbers: Annotated[Int32, "M", "M ≤ DONE", "≥ 1"]  # which merge each was
    lefts: Annotated[tuple[str, ...], "M"]  # the pieces that were joined …
    rights: Annotated[tuple[str, ...], "M"]
    joined: Annotated[tuple[str, ...], "M"]  # … and what they became
    values: Annotated[Float32, "M", "any"]  # the count or gain by which it was chosen
    made: Annotated[int, "-1 … T-1"]  # the token whose merges these are; −1 if they are the last ones
    vocabulary: Annotated[int, "≥ 1"]  # pieces so far
    weights: Annotated[int, "≥ 1"]  # of their embeddings in a model
    phrases: bool  # whether what is between two signs is a phrase, as in Chinese, not a word


PANEL = Panel(
    id="tokenization",
    title="Pairs become words",
    claim="Joining the most frequent pair of neighbours, again and again, turns letters into whole "
          "frequent words and into pieces of which every rare word can be built.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l3_transformers.tokenization.experiment:Tokenization",
    view="visualizers.l3_transformers.tokenization.view:TokenizationView",
    scalars=("tokens_a_word", "vocabulary", "chosen_by", "held_out", "unknown_words", "rare"),
    headline="held_out",
    headline_label="tokens a word",
    concepts=("3.4",),
    keywords=("BPE", "byte pair encoding", "WordPiece", "unigram", "SentencePiece", "tokenizer",
              "subword", "vocabulary", "merge", "字节对编码", "分词", "子词", "词表", "词元"),
    speed=Speed.FRAME,
    rests_on=("word2vec",),
)

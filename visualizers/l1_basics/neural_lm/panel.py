"""The neural language model of Bengio et al. 2003, learning beside the n-gram on the same text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, source, text
from widgets.controls.speeds import Speed

AMOUNTS = ("1/27", "1/9", "1/3", "all")  # of the text: each has a network of its own
SHARES = (1 / 27, 1 / 9, 1 / 3, 1.0)
HELD = tuple(f"held_out_{at}" for at in range(len(AMOUNTS)))  # their perplexities in the history
READ = tuple(f"training_{at}" for at in range(len(AMOUNTS)))
MIXED = tuple(f"mixed_{at}" for at in range(len(AMOUNTS)))
NEXT = 6  # next words that are shown
MAPPED = 250  # words on the map at most
NEAR = 6


@dataclass(frozen=True)
class Params:
    corpus: str = source("text", "made-sentences", label="Text", help=(
        "What both learn from, in any language, or a file of yours; every tenth line is held out."))
    amount: Literal["1/27", "1/9", "1/3", "all"] = choice(
        "1/9", restart=False, label="Text read", help=(
            "How much of the text the models that are shown have read. Four networks train side by side, "
            "one for each amount."))
    n: int = integer(4, 2, 5, label="n", help=(
        "Both predict a word from the n − 1 words before it."))
    method: Literal["add-k", "interpolation", "back-off", "Kneser-Ney"] = choice(
        "Kneser-Ney", restart=False, label="Smoothing",
        help="How the counts treat n-grams that were never read.")
    share: float = number(0.5, 0.0, 1.0, label="Network's share", help=(
        "How much the network counts where its probabilities are mixed with those of the counts."))
    dimension: int = integer(20, 2, 100, log=True, label="Dimension m", help="Numbers in a word's vector.")
    hidden_units: int = integer(50, 2, 200, log=True, label="Hidden units h",
                                help="Between the word vectors and the next word.")
    direct: bool = flag(False, restart=True, label="Direct connections W", help=(
        "From the word vectors straight to the next word, past the hidden units."))
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    weight_decay: float = number(0.1, 1e-3, 1.0, log=True, off=1e-3, help=(
        "Pulls all weights towards 0 at each update, against learning by heart."))
    batch: int = integer(128, 8, 512, log=True, restart=False, unit="word", label="Batch size",
                         help="Predicted words from which an update is computed.")
    context: str = text("an angry", label="Context", help="After which the next word is wanted.")
    word: str = text("sailor", help="Whose nearest words are shown: type a word, or click one in the map.")
    seed: int = integer(0, 0, 999, help="Which lines are held out, and where the random numbers begin.")
    curve: str = hidden("steps", stays=True, help="What the first card shows: steps or amounts.")
    beside: str = hidden("next", stays=True, help="What the third card shows: next, near or where.")


@dataclass(frozen=True)
class Frame:
    """A amounts of text, W words on a map, K next words by R models, n the length of an n-gram."""

    words: Annotated[Int32, "A", "≥ 1"]  # of the text that each amount is
    held_out: Annotated[Float32, "A", "> 0"]  # perplexity of the network on lines that were not read
    training: Annotated[Float32, "A", "> 0"]  # … and on those that were
    counts: Annotated[Float32, "A", "> 0"]  # perplexity of the n-gram on the former
    mixed: Annotated[Float32, "A", "> 0"]  # … of both together
    floor: Annotated[float, "≥ 0"]  # what nobody can go below; 0 where it is not known
    weights: Annotated[int, "≥ 1"]  # of a network
    grams: Annotated[int, "≥ 1"]  # n-grams that the counts keep
    vocabulary: Annotated[int, "≥ 2"]  # different words, the end of a line and the unknown among them

    by_network: Annotated[Float32, "n", "> 0", "or NaN"]  # perplexity where the longest n-gram that was
    by_counts: Annotated[Float32, "n", "> 0", "or NaN"]   # read has 0 or 1, 2, … n words
    part: Annotated[Float32, "n", "0 … 1"]  # of the held-out words

    context: Annotated[tuple[str, ...], "C", "C ≥ 1"]  # the last n − 1 words
    often: Annotated[int, "≥ 0"]  # how often they were read, one after the other
    next: Annotated[tuple[str, ...], "K", "K ≥ 1"]
    odds: Annotated[Float32, "R K", "2 ≤ R", "R ≤ 3", "0 … 1"]  # by counts, network, and the whole language

    points: Annotated[Float32, "W 2", "any"]  # the map
    labels: Annotated[tuple[str, ...], "W"]
    closeness: Annotated[UInt8, "W", "any"]  # cosine with the chosen word, 0 … 255 for 0 … 1
    word: str  # the chosen word
    word_at: Annotated[int, "0 … W-1"]
    asked: str  # the word asked for, where it is not among them
    near: Annotated[tuple[str, ...], "N"]  # nearest in the original space
    near_at: Annotated[Int32, "N", "0 … W-1"]
    cosines: Annotated[Float32, "N", "-1 … 1"]


PANEL = Panel(
    id="neural_lm",
    title="Neural language model",
    claim="A network learns vectors in which like words are alike: it predicts well after words never read "
          "together, where counts fall back on fewer words.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.neural_lm.experiment:NeuralLM",
    view="visualizers.l1_basics.neural_lm.view:NeuralLMView",
    scalars=("loss", "network", *HELD, *READ, *MIXED),
    headline="network",
    headline_label="perplexity of the network",
    concepts=("1.6",),
    speed=Speed.FRAME,
    rests_on=("playground",),
    keywords=("Bengio", "neural language model", "NNLM", "n-gram", "Kneser-Ney", "perplexity",
              "word vectors", "embedding", "mixture", "generalisation", "神经语言模型", "词向量", "困惑度",
              "n 元", "混合", "泛化"),
    proved_with={"dimension": 6, "hidden_units": 8, "batch": 32},
)

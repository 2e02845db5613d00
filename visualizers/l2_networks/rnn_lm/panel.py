"""A recurrent language model learns to write, and its units are searched for what they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Bool, Float32, Int32, Int64
from widgets.controls.parameters import choice, hidden, integer, number, source
from widgets.controls.parameters import text as typed

FEATURES = ("quotes", "docstring", "comment", "brackets", "place in line", "indentation",
            "place in word", "line start", "word end", "line end", "capital", "digit")
COLOURS = ("unit", "surprise", "connection")


@dataclass(frozen=True)
class Params:
    text: str = source(
        "text", "python-source",
        help="What it reads. The last twentieth is held out and never learnt from.")
    tokens: Literal["characters", "words"] = choice(
        "characters", help="What is guessed next: a character, or a whole word with the space "
                           "before it. Words learn more slowly; those too rare count as one.")
    prompt: str = typed(
        "", label="Your text",
        help="Is coloured and continued instead of held-out text, such as “never too late to”; empty "
             "shows held-out text.")
    temperature: float = number(
        0.8, 0.0, 2.0, help="Divides the scores before the next one is drawn: 0 always takes the "
                            "best, 1 is what was learnt, more is bolder.")
    cell: Literal["tanh", "GRU", "LSTM"] = choice(
        "LSTM", help="How one state follows from the last.")
    hidden_size: int = integer(
        128, 8, 256, log=True, unit="unit", label="Hidden units", help="Numbers in the state.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    length: int = integer(
        50, 5, 100, unit="token", restart=False, label="Errors go back",
        help="How far errors are sent back in time. The state itself is carried on from one piece of "
             "text to the next, however short they are.")
    batch: int = integer(
        16, 1, 64, log=True, unit="stream",
        help="How many places of the text are read side by side.")
    seed: int = integer(0, 0, 999, help="Where the random numbers begin.")
    unit: int = hidden(-1, help="The unit that colours the text; −1: the one found for the feature.")
    feature: str = hidden("", help="The feature whose unit is shown; empty: where training added most.")
    place: int = hidden(-1, help="The token after which to guess; −1: the last.")
    passage: int = hidden(
        0, stays=True, help="Which held-out passage is shown, counted from the most varied.")
    colour: str = hidden("unit", stays=True, help="What colours the text: unit, surprise or connection.")
    beside: str = hidden("search", stays=True, help="What stands beside: search or all.")


@dataclass(frozen=True)
class Frame:
    """N characters of the text that is shown, T tokens, F features, H units."""

    vocabulary: Annotated[int, "≥ 1"]  # how many tokens there are
    weights: Annotated[int, "≥ 0"]  # how many are learnt
    held_out: Annotated[float, "0 … 700"]  # the loss on held-out text, in nats a token
    frequency_loss: Annotated[float, "0 … 700"]  # of knowing only how frequent each token is
    pair_loss: Annotated[float, "0 … 700"]  # of knowing which token follows which
    passage: Annotated[str, "N", "N ≥ 1"]  # the text that is shown
    starts: Annotated[Int32, "T", "T ≥ 1", "0 … N-1", "rising"]  # where each token begins in it
    unknown: Annotated[Bool, "T"]  # tokens that it has never learnt, and reads as one and the same
    total: Annotated[int, "≥ T"]  # tokens of the whole text; more than T where it was too long
    shade: Annotated[Float32, "N", "-1 … 1"]  # what colours each character: the unit's activation;
    #                            or, from 0, how surprising its token was, or its part in the guess
    unit: Annotated[int, "0 … H-1"]  # that is chosen
    place: Annotated[int, "0 … T-1"]  # the token after which the guess is looked at
    candidates: Annotated[tuple[str, ...], "K"]  # the likeliest next tokens
    odds: Annotated[Float32, "K", "0 … 1"]  # their probabilities with the temperature
    learnt_odds: Annotated[Float32, "K", "0 … 1"]  # … as learnt
    features: Annotated[tuple[str, ...], "F", "in FEATURES"]  # what units were compared with
    best: Annotated[Int32, "F", "0 … H-1"]  # the unit that was found for each feature
    scores: Annotated[Float32, "F", "-1 … 1"]  # its correlation on text that it was not chosen by
    areas: Annotated[Float32, "F", "0 … 1"]  # for features that are true or false, the area under the
    #                            ROC curve of that unit, counted so that a half is chance; else 0
    first_scores: Annotated[Float32, "F", "-1 … 1"]  # before training, of the units best then
    correlations: Annotated[Float32, "F H", "-1 … 1"]  # of every unit with every feature
    sample: Annotated[tuple[str, ...], "lines"]  # what it wrote
    sample_steps: Annotated[Int64, "lines", "≥ 0"]  # the step at which each line was begun
    sample_given: Annotated[Int64, "lines", "≥ 0"]  # how many of its characters were given


PANEL = Panel(
    id="rnn_lm",
    title="A recurrent network learns to write",
    claim="Asked only for the next character, a recurrent network learns to spell, and units of it "
          "come to follow how the text is built.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.rnn_lm.experiment:RnnLanguageModel",
    view="visualizers.l2_networks.rnn_lm.view:RnnLanguageModelView",
    scalars=("loss", "held_out"),
    headline="held_out",
    headline_label="held-out loss",
    concepts=("2.6", "2.5", "2.9"),
    keywords=("language model", "char-rnn", "LSTM", "perplexity", "sampling", "temperature",
              "hidden unit", "neuron", "LSTMVis", "循环神经网络", "语言模型", "困惑度", "采样",
              "隐藏单元", "字符级"),
    proved_with={"hidden_size": 16, "length": 10, "batch": 4},
)

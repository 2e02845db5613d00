"""A recurrent language model learns to write, and its units are searched for what they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visualizers.panel import Panel
from widgets.parameters import choice, hidden, integer, number, source
from widgets.parameters import text as typed

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
    """N characters of the text that is shown, T tokens, F features, H units.

    Attributes:
        vocabulary: V, how many tokens there are.
        weights: how many weights are learnt.
        held_out: the loss on held-out text, in nats a token.
        frequency_loss, pair_loss: of knowing only how frequent each token is, or which follows which.
        passage: the text that is shown.
        starts: where each token begins in it, (T,).
        shade: what colours each character, (N,): the unit's activation −1 … 1; or, from 0 to 1, how
            surprising each token was, or its part in the guess after ``place``.
        unit: the unit that is chosen.
        place: the token after which the guess is looked at.
        candidates, odds: the likeliest next tokens, and their probabilities with the temperature.
        learnt_odds: their probabilities as learnt.
        features: what units were compared with.
        best: the unit that was found for each feature, (F,).
        scores: its correlation with the feature on text that it was not chosen by, (F,).
        areas: for features that are true or false, the area under the ROC curve of that unit on the
            same text, counted so that a half is chance; for others 0, (F,).
        first_scores: the same correlations before training, of the units that were best then, (F,).
        correlations: of every unit with every feature, on all that text, (F, H).
        sample, sample_steps: what it wrote, and the step at which each line was begun.
        sample_given: how many characters of each line were given.
    """

    vocabulary: int
    weights: int
    held_out: float
    frequency_loss: float
    pair_loss: float
    passage: str
    starts: NDArray[np.int32]
    shade: NDArray[np.float32]
    unit: int
    place: int
    candidates: tuple[str, ...]
    odds: NDArray[np.float32]
    learnt_odds: NDArray[np.float32]
    features: tuple[str, ...]
    best: NDArray[np.int32]
    scores: NDArray[np.float32]
    areas: NDArray[np.float32]
    first_scores: NDArray[np.float32]
    correlations: NDArray[np.float32]
    sample: tuple[str, ...]
    sample_steps: NDArray[np.int64]
    sample_given: NDArray[np.int64]


PANEL = Panel(
    id="rnn_lm",
    title="A recurrent network learns to write",
    claim="Asked only for the next character, a recurrent network learns to spell, and units of it "
          "come to follow how the text is built.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.rnn_lm.experiment:RnnLanguageModel",
    view="visualizers.l2_networks.rnn_lm.view:RnnLanguageModelView",
    concepts=("2.6", "2.5", "2.9"),
    keywords=("language model", "char-rnn", "LSTM", "perplexity", "sampling", "temperature",
              "hidden unit", "neuron", "LSTMVis", "循环神经网络", "语言模型", "困惑度", "采样",
              "隐藏单元", "字符级"),
)

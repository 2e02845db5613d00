"""The same examples in every order, the same questions, and a model whose weights never change.

Brown et al. 2020 ("in-context learning"); Lu et al. 2022, "Fantastically Ordered Prompts and Where to
Find Them"; Zhao et al. 2021, "Calibrate Before Use". A prompt is an instruction, S examples with their
label words, and a question with a blank. The model's probabilities of the two label words at the blank,
made to sum to 1, are its answer p. Asked about nothing at all (a *content-free* input) it should not
lean to either side. It does, and this lean p_cf is taken away:

    answer as asked     argmax p
    calibrated          argmax W p,    W = diag(p_cf)⁻¹

One step is one prompt: one order, asked about all sentences. When all orders have been tried, prompts
with fewer and more examples follow.

Shapes: O orders of S examples, Q sentences, F content-free inputs.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.made_language import BLAME, HOW, PRAISE, TOPICS, opinion
from visualizers.l4_tuning.prompting.panel import (
    NOT_YET,
    ORDERS,
    QUESTIONS,
    Frame,
    Params,
    example_lines,
)
from visualizers.l4_tuning.prompting.reading import BLANK, Causal, Masked, Reader
from visualizers.models.language import open_language
from visualizers.panel import Context
from visualizers.refusal import Refusal

SOME = 6  # orders of another number of examples
ASKED_SEED = 40_000


@dataclass(frozen=True)
class Example:
    """A sentence, and whether it is positive (1) or negative (0)."""

    text: str
    label: int


@dataclass(frozen=True)
class Answers:
    """What a prompt made the model say."""

    as_asked: NDArray[np.float32]    # (Q, 2), rows sum to 1
    calibrated: NDArray[np.float32]  # (Q, 2)
    free: float                      # P(positive) of what has no content


def calibrated(p: Tensor, free: Tensor) -> Tensor:
    """W p with W = diag(p_cf)⁻¹, made to sum to 1: (Q, 2) from p (Q, 2) and p_cf (2,)."""
    q = p / free                                                               # (Q, 2)
    return q / q.sum(-1, keepdim=True)


class Prompting:
    """Tries one order after another and keeps what was answered."""

    shared: ClassVar[tuple[str, ...]] = ("reader", "asked", "truth", "plan", "orders", "free")
    # All that is shown was asked in the steps before.
    remembered: ClassVar[tuple[str, ...]] = (
        "asked", "accuracy", "leaning", "free", "worst", "middle", "best", "after", "chosen", "odds", "shots",
        "shots_raw", "shots_calibrated")

    def __init__(self, params: Params, context: Context) -> None:
        self.reader = self._open(params, context)
        self.template = self._template(params, context)
        self.label_words, self.words = self._label_words(params, context)
        lines, strange = read_examples(params.examples)
        if strange:
            context.note("The line “{line}” begins with neither + nor −, so it is left out.", line=strange)
        self.examples = lines
        coin = random.Random(params.seed)
        # What the prompt says of each example.
        self.given = [coin.randrange(2) if params.labels == "random" else
                      1 - one.label if params.labels == "flipped" else one.label for one in lines]
        self.asked = questions(QUESTIONS, ASKED_SEED + params.seed, params.sentences == "hard")
        self.truth = np.array([one.label for one in self.asked])               # (Q,)
        self.free = tuple(one.strip() for one in params.content_free.split(";")) \
            if params.content_free.strip() else self.reader.free
        self.shots = min(params.shots, len(lines))
        self.orders = orders_of(self.shots, ORDERS, params.seed)
        others = [many for many in range(min(self.reader.fits, len(lines)) + 1) if many != self.shots]
        self.plan = [(self.shots, order) for order in self.orders]
        self.plan += [(many, order) for many in others if many < 5 or many % 2 == 0
                      for order in orders_of(many, SOME, params.seed)]
        self.answers: list[Answers] = []
        if over := self.reader.over(self.head(params, self.orders[0]), self.question(self.asked[0].text)):
            context.note("The prompt is longer than {model} reads: {n} of its first words are left out.",
                         model=self.reader.title, n=over)
        self.answers.append(self.answer(params, self.plan[0][1]))

    def _open(self, params: Params, context: Context) -> Reader:
        if params.model == "SmolLM2":
            files = context.data.model("smollm2")
            context.stands_in(files.missing, Masked.title)
            if not files.missing:
                return Causal(open_language(files, context.device, context.progress, torch.bfloat16))
        return Masked(context.device)

    def _template(self, params: Params, context: Context) -> str:
        wanted = params.template.strip("\n")
        if wanted and (wanted.count("*"), wanted.count("_")) != (1, 1):
            context.note("A template has one * for the sentence and one _ for its label word.")
            wanted = ""
        return wanted or self.reader.template

    def _label_words(self, params: Params, context: Context) -> tuple[tuple[str, str], tuple[int, int]]:
        try:
            pair = params.label_words.split(";")
            if len(pair) != 2 or not all(one.strip() for one in pair):
                raise Refusal("Write the word for negative, a semicolon, and the word for positive.")
            chosen = (pair[0].strip(), pair[1].strip())
            return chosen, self.reader.words(chosen, self.template)
        except Refusal as wrong:
            context.note(wrong.message, **wrong.values)
            usual = ("bad", "good")
            return usual, self.reader.words(usual, self.template)

    # --- the prompt

    def head(self, params: Params, order: Sequence[int]) -> str:
        """All before the question: the instruction and the examples in this order."""
        shown = [self.template.replace("_", self.label_words[self.given[one]])
                 .replace("*", self.examples[one].text) for one in order]
        said = params.instruction.strip()
        return self.reader.between.join([said, *shown] if said else shown)

    def question(self, sentence: str) -> str:
        return self.template.replace("_", BLANK).replace("*", sentence)

    def answer(self, params: Params, order: Sequence[int]) -> Answers:
        """Ask a prompt about all sentences, and about nothing."""
        asked = [self.question(one) for one in (*(one.text for one in self.asked), *self.free)]
        scores = self.reader.scores(self.head(params, order), asked, self.words)     # (Q + F, 2)
        p = scores.softmax(-1)                                                 # (Q + F, 2)
        p, free = p[:QUESTIONS], p[QUESTIONS:].mean(0)                         # (Q, 2), (2,)
        return Answers(p.numpy().copy(), calibrated(p, free).numpy().copy(), float(free[1]))

    # --- one prompt

    def finished(self, params: Params) -> bool:
        return len(self.answers) == len(self.plan)

    def step(self, params: Params) -> Mapping[str, float]:
        """Ask the next prompt."""
        if not self.finished(params):
            self.answers.append(self.answer(params, self.plan[len(self.answers)][1]))
        raw, fixed = self.accuracies()                                         # (asked,) each
        main = slice(0, len(self.orders))
        return {"accuracy": float(raw[-1]), "calibrated": float(fixed[-1]),
                "mean_accuracy": float(raw[main].mean()), "mean_calibrated": float(fixed[main].mean())}

    def accuracies(self) -> NDArray[np.float64]:
        """Share of the sentences rightly answered by each prompt so far, as asked and calibrated."""
        return np.array([[np.mean(one.argmax(1) == self.truth) for one in kind] for kind in (
            [one.as_asked for one in self.answers], [one.calibrated for one in self.answers])])

    # --- looking

    def frame(self, params: Params) -> Frame:
        many = len(self.orders)
        asked = min(len(self.answers), many)
        found = self.accuracies()                                              # (2, prompts)
        accuracy = np.full((2, many), NOT_YET, np.float32)
        accuracy[:, :asked] = found[:, :asked]
        leaning = np.zeros((2, many), np.float32)
        for at, one in enumerate(self.answers[:asked]):
            leaning[:, at] = [lean(one.as_asked), lean(one.calibrated)]
        given = np.array(self.given[:self.shots], np.uint8)                    # (S,)
        orders = np.array(self.orders, np.int32).reshape(many, self.shots)     # (O, S)
        after = np.zeros(2, np.float32)
        if self.shots:
            last = given[orders[:asked, -1]]                                   # (asked,)
            after[:] = [leaning[0, :asked][last == one].mean() if (last == one).any() else 0.0
                        for one in (0, 1)]
        chosen = params.order if 0 <= params.order < asked else asked - 1
        now = self.answers[chosen]
        tried = sorted({shots for shots, _ in self.plan[:len(self.answers)]})
        of = [[at for at, (shots, _) in enumerate(self.plan[:len(self.answers)]) if shots == one]
              for one in tried]
        spread = np.array([[(found[row, ats].min(), found[row, ats].mean(), found[row, ats].max())
                            for ats in of] for row in (0, 1)], np.float32).transpose(0, 2, 1)  # (2, 3, K)
        return Frame(
            orders=orders, given=given, examples=tuple(one.text for one in self.examples[:self.shots]),
            label_words=self.label_words, asked=asked, accuracy=accuracy, leaning=leaning,
            free=np.array([one.free for one in self.answers[:asked]] + [0.0] * (many - asked), np.float32),
            worst=found[:, :asked].min(1).astype(np.float32),
            middle=found[:, :asked].mean(1).astype(np.float32),
            best=found[:, :asked].max(1).astype(np.float32),
            after=after, chosen=chosen, template=self.template,
            sentences=tuple(one.text for one in self.asked), truth=self.truth.astype(np.uint8),
            odds=np.stack([now.as_asked[:, 1], now.calibrated[:, 1]]),
            shots=np.array(tried, np.int32), shots_raw=spread[0].copy(),
            shots_calibrated=spread[1].copy(), title=self.reader.title)


def lean(p: NDArray[np.float32]) -> float:
    """The mean of ln p(positive) / p(negative) over the sentences, which are half and half."""
    p = np.clip(p, 1e-7, 1.0)
    return float(np.mean(np.log(p[:, 1]) - np.log(p[:, 0])))


def orders_of(many: int, most: int, seed: int) -> list[tuple[int, ...]]:
    """The order as it stands, then others: all of them, or ``most`` that are drawn."""
    first = tuple(range(many))
    if many <= 4:
        every = list(itertools.permutations(first))[1:]
        random.Random(seed).shuffle(every)
        return [first, *every][:most]
    draw, found = random.Random(seed), [first]
    while len(found) < most:
        other = tuple(draw.sample(first, many))
        if other not in found:
            found.append(other)
    return found


def read_examples(typed: str) -> tuple[list[Example], str]:
    """The examples of a text, one a line, and the first line that is none."""
    lines = [one.strip() for one in typed.splitlines() if one.strip()]
    strange = next((one for one in lines if not example_lines(one)), "")
    return [Example(one[1:].strip(), int(one[0] == "+")) for one in example_lines(typed)], strange


def questions(count: int, seed: int, hard: bool) -> list[Example]:
    """Different sentences of the made language, half of them positive; the hard ones say it with "not"."""
    draw, found = random.Random(seed), list[Example]()
    things = [thing for topic in TOPICS.values() for thing in topic]
    while len(found) < count:
        label = len(found) % 2
        said = opinion(draw, draw.choice(things), label, turned=float(hard), words=(BLAME, PRAISE))
        one = Example(" ".join(word for word in said.split() if word not in HOW), label)
        if one not in found:
            found.append(one)
    return found

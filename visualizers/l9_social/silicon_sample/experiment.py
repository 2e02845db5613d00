"""Silicon sampling: a model answers a survey in the place of people, told who each of them is.

Argyle et al. (2023), "Out of One, Many: Using Language Models to Simulate Human Samples". Given what is
known of a person as x, a model says how likely each answer is. With z the log-odds of the Republican,

    P(Republican | x) = sigmoid(z / T),     T → 0: always the likelier answer

is what an answer is drawn from at the temperature T. The share of all answers averages over everybody:
errors to the left and to the right cancel in it. The difference between groups does not average.

The fitted model is a logistic regression, z = w · x + b, trained in five folds at once: whoever is
simulated was never seen by the weights that answer for them. A language model is not trained; it reads
a description of one person at a step, and z is how much likelier it finds one answer than the other.

Shapes: N voters, F facts that are told, K folds, D answers drawn for each voter, G groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.data.voters import FACTS, Voters
from visualizers.l9_social.silicon_sample.panel import HOTTEST, TEMPERATURES, Frame, Params
from visualizers.l9_social.silicon_sample.personas import ANSWERS, described, groups
from visualizers.models.language import Language, open_language
from visualizers.panel import Context

FOLDS = 5
LETTERS = "tiny-gpt"  # writes letter by letter, and knows nothing of persons and parties
DRAWS = 20  # answers for each voter, so that a group's share is not luck
Floats = NDArray[np.float64]


class Sample(NamedTuple):
    """What one temperature makes of the log-odds."""

    shares: Floats  # (G,) of the Republican among the answers for each group; −1 where nobody is asked
    total: float
    tie: float  # correlation of fact and answer
    gap: float  # distance of the groups from the truth


class SiliconSample:
    """Voters, and the log-odds of their answers as the model sees them now."""

    shared: ClassVar[tuple[str, ...]] = ("voters", "real", "x", "y", "fold", "chance", "language", "order")

    def __init__(self, params: Params, context: Context) -> None:
        self.voters, self.real = read(params, context)
        generator, N = context.generator, len(self.voters.vote)
        told = [one for one, fact in enumerate(FACTS) if getattr(params, fact)]
        facts = self.voters.facts[:, told]                                      # (N, F)
        scaled = (facts - facts.mean(0)) / facts.std(0)
        x = np.hstack([scaled, np.ones((N, 1), np.float32)])                    # (N, F + 1)
        self.x = torch.tensor(x, dtype=torch.float32, device=context.device)
        self.y = torch.tensor(self.voters.vote, dtype=torch.float32, device=context.device)  # (N,)
        self.order = torch.randperm(N, generator=generator)
        self.fold = torch.empty(N, dtype=torch.long)
        self.fold[self.order] = torch.arange(N) % FOLDS
        self.chance = torch.rand(N, DRAWS, generator=generator).numpy()         # (N, D)
        self.w = torch.zeros(x.shape[1], FOLDS, device=context.device)          # (F + 1, K)
        self.language: Language | None = None
        self.z = np.zeros(N)                                                    # (N,)
        self.asked = np.ones(N, bool)                                           # (N,)
        if params.who == "language model":
            files = context.data.model(params.model)
            if files.missing or files.id == LETTERS:
                context.note("{model} cannot be asked here, so the fitted model answers. SmolLM2 can, once "
                             "it is fetched on the Data page.",
                             model=context.data.title(files.missing or files.id))
            else:
                self.language = open_language(files, context.device, context.progress)
                self.asked[:] = False

    # --- one step: an update, or one person asked

    def step(self, params: Params) -> Mapping[str, float]:
        if self.language is not None:
            self.ask(params)
        else:
            self.learn(params.learning_rate)
        z, vote = self.z[self.asked], self.voters.vote[self.asked]
        loss = np.mean(np.logaddexp(0, z) - vote * z)  # −log of the odds of what was voted
        return {"loss": float(loss), "accuracy": float(np.mean((z > 0) == vote)),
                "gap": self.sample(params).gap}

    def learn(self, learning_rate: float) -> None:
        """A step of gradient descent in each fold, on all voters outside it."""
        folds = torch.arange(FOLDS)
        seen = (self.fold[:, None] != folds).to(self.x)                         # (N, K)
        p = torch.sigmoid(self.x @ self.w)                                      # (N, K)
        gradient = self.x.T @ ((p - self.y[:, None]) * seen) / seen.sum(0)      # (F + 1, K)
        self.w = self.w - learning_rate * gradient
        z = (self.x @ self.w).cpu().gather(1, self.fold[:, None])[:, 0]         # (N,) by the own fold
        self.z = z.double().numpy()

    def ask(self, params: Params) -> None:
        """Let the language model answer for the next person."""
        assert self.language is not None
        one = int(self.order[min(int(self.asked.sum()), len(self.order) - 1)])
        self.z, self.asked = self.z.copy(), self.asked.copy()
        self.z[one] = preference(self.language, self.prompt(params, one), ANSWERS[params.wording])
        self.asked[one] = True

    def finished(self, params: Params) -> bool:
        """Whether everybody has been asked; a fit may always be made a little better."""
        return self.language is not None and bool(self.asked.all())

    def prompt(self, params: Params, one: int) -> str:
        told = {fact: float(value) for fact, value in zip(FACTS, self.voters.facts[one], strict=True)
                if getattr(params, fact)}
        return described(told, params.wording)

    # --- what comes of it

    def sample(self, params: Params) -> Sample:
        """The answers that are drawn at this temperature, one voter after the other D times."""
        odds = tempered(self.z, params.temperature)                             # (N,)
        answers = (self.chance < odds[:, None]).mean(1)[self.asked]             # (asked,) share of D
        index, names = self.groups(params)
        true = means(index, self.voters.vote, len(names))
        shares = means(index[self.asked], answers, len(names))
        size = np.bincount(index, minlength=len(names)) * (shares >= 0)
        gap = float((size * np.abs(shares - true)).sum() / max(size.sum(), 1))
        total = float(answers.mean()) if len(answers) else -1.0
        return Sample(shares, total, tie(self.fact(params)[self.asked], answers), gap)

    def fact(self, params: Params) -> NDArray[np.float32]:
        return self.voters.facts[:, FACTS.index(params.by)]                     # (N,)

    def groups(self, params: Params) -> tuple[NDArray[np.intp], tuple[str, ...]]:
        return groups(params.by, self.fact(params))

    def frame(self, params: Params) -> Frame:
        """Groups, total and tie at this temperature, and what is expected at every other."""
        vote, fact, sample = self.voters.vote, self.fact(params), self.sample(params)
        index, names = self.groups(params)
        temperatures = np.linspace(0, HOTTEST, TEMPERATURES)
        expected = [tempered(self.z[self.asked], float(one)) for one in temperatures]
        person = int(self.order[min(params.person, len(vote) - 1)])  # as they are asked
        known = bool(self.asked[person])
        odds = float(tempered(self.z[[person]], params.temperature)[0])
        return Frame(
            real=self.real, answers_by=self.language.title if self.language else "",
            asked=int(self.asked.sum()), voters=len(vote), groups=names,
            sizes=np.bincount(index, minlength=len(names)).astype(np.int32),
            true=means(index, vote, len(names)).astype(np.float32),
            simulated=sample.shares.astype(np.float32), total=float(vote.mean()),
            simulated_total=sample.total, tie=tie(fact, vote), simulated_tie=sample.tie, gap=sample.gap,
            temperatures=temperatures.astype(np.float32),
            total_at=np.array([one.mean() if len(one) else -1 for one in expected], np.float32),
            tie_at=np.array([tie(fact[self.asked], one) for one in expected], np.float32),
            prompt=self.prompt(params, person), vote=int(vote[person]),
            odds=odds if known else -1.0,
            says=float((self.chance[person] < odds).mean()) if known else -1.0)


def read(params: Params, context: Context) -> tuple[Voters, bool]:
    """The voters, and whether they are those of the survey."""
    if params.people == "ANES 1996":
        if found := context.data.read("table", "anes96"):
            return found, True
        context.stands_in("anes96", context.data.title("voters-made"))
    return context.data.read("table", "voters-made"), False


def tempered(z: Floats, temperature: float) -> Floats:
    """The probability of the Republican at a temperature; at 0 the likelier answer is certain."""
    if temperature <= 0:
        return np.heaviside(z, 0.5)
    odds: Floats = 1 / (1 + np.exp(-np.clip(z / temperature, -500, 500)))
    return odds


def means(index: NDArray[np.intp], values: NDArray[np.generic], count: int) -> Floats:
    """(G,) the mean of each group; −1 where it has nobody."""
    size = np.bincount(index, minlength=count)
    found = np.bincount(index, values.astype(np.float64), count) / np.maximum(size, 1)
    return np.where(size > 0, found, -1.0)


def tie(fact: NDArray[np.float32], share: NDArray[np.generic]) -> float:
    """The correlation of a fact with yes-or-no answers of which each voter's share is expected to be yes:
    each answer varies by itself, so it is the whole variance m (1 − m) that the covariance is held to."""
    if len(fact) < 2:
        return 0.0
    answers = share.astype(np.float64)
    mean, spread = answers.mean(), fact.std()
    if spread == 0 or mean * (1 - mean) <= 0:
        return 0.0
    covariance = ((fact - fact.mean()) * (answers - mean)).mean()
    return float(covariance / (spread * np.sqrt(mean * (1 - mean))))


def preference(language: Language, prompt: str, answers: tuple[str, str]) -> float:
    """How much likelier the second answer is than the first: the difference of their log-probabilities,
    token by token where an answer has several."""
    ids, both = language.encode(prompt), [language.encode(one) for one in answers]
    if all(len(one) == 1 for one in both):
        scores = language.next_scores(ids[-language.limit:])                    # (V,)
        return float(scores[both[1][0]] - scores[both[0][0]])
    found = []
    for own in both:
        text = [*ids, *own][-language.limit:]
        said = language.scores(text).log_softmax(-1)[-len(own) - 1 : -1]        # (len(own), V)
        found.append(float(picked(said, own)))
    return found[1] - found[0]


def picked(said: Tensor, own: list[int]) -> Tensor:
    """The sum of the log-probabilities of these tokens."""
    return said.cpu().gather(1, torch.tensor(own)[:, None]).sum()

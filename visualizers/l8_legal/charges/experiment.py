"""Nine charges that are easily taken for one another, read from the facts of made cases.

Legal judgment prediction goes from the facts to the charge, from the charge to the article, and from
both and the amount to the term (Zhong et al. 2018, "Legal Judgment Prediction via Topological
Learning"). Beside the words of the facts a reader can be given the elements or events that a detector
finds in them (Hu et al. 2018; Yao et al. 2022, "LEVEN"). Such a detector errs.

All readers are softmax classifiers over what they are given, learnt by gradient descent with weight
decay; readers of 1, 2, 5 … cases a charge learn side by side in the same step.

Shapes: N cases, F words or n-grams, E elements, K sizes of what is learnt from, C charges, T places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from visualizers.data.cases import CHARGES, ELEMENTS, PLACES, Case, edited, make_cases, term_of
from visualizers.l8_legal.charges.panel import (
    AS_TOLD,
    EXAMPLES,
    NAMED,
    NO_DECAY,
    NONE,
    SIZES,
    Frame,
    Params,
)
from visualizers.models.arrays import array
from visualizers.models.dropout import dropout_mask
from visualizers.models.lac import NAMES, Lac
from visualizers.models.text_cnn import TextCNN, places_of, softmax_error
from visualizers.models.tokenizers import cut
from visualizers.panel import Context

C, E, K = len(CHARGES), len(ELEMENTS), len(SIZES)
AT_LEAST = 3  # cases that an n-gram must be in to have a weight
WINDOW, FILTERS, WIDTH, DROPOUT, BATCH = 3, 24, 12, 0.3, 27  # of the text CNN
ROOM = 20  # words by which an edited case may be longer than any to learn from
TRAIN, EVEN, PLANTED = 0, 1, 2  # groups of cases


@dataclass(frozen=True)
class Told:
    """A case as it is read: its words, and where those of its place are."""

    tokens: tuple[str, ...]
    place: tuple[int, ...]

    @classmethod
    def of(cls, case: Case, language: str) -> Told:
        tokens = cut(case.facts(language), language)
        return cls(tokens, words_of(getattr(PLACES[case.place], language), tokens, language))


@lru_cache(maxsize=8)
def told_cases(
    count: int, seed: int, bias: float, language: str
) -> tuple[tuple[Case, ...], tuple[Told, ...]]:
    """Made cases, and as they are read. Every restart with other weights asks for the same."""
    cases = tuple(make_cases(count, seed, bias))
    return cases, tuple(Told.of(case, language) for case in cases)


def words_of(name: str, tokens: Sequence[str], language: str) -> tuple[int, ...]:
    """Which of the words make up a name, wherever it stands."""
    wanted = cut(name, language)
    return tuple(at + more for at in range(len(tokens) - len(wanted) + 1)
                 if tokens[at : at + len(wanted)] == wanted for more in range(len(wanted)))


class Lessons:
    """What is to be learnt from N cases: their charges, and which of them belong to each size."""

    def __init__(self, count: int, device: str) -> None:
        self.labels = (torch.arange(count) % C).to(device)    # the charges take turns, so the first
        self.counts = (C * torch.tensor(SIZES)).to(device)    # C·n cases hold n of each
        places = torch.arange(count, device=device)[:, None]
        share = (places < self.counts) / self.counts                            # (N, K)
        self.share = share[:, None, :, None]                                    # (N, 1, K, 1)
        self.hot = one_hot(self.labels, C)[:, None, None]                       # (N, 1, 1, C)

    def error(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy of logits (N, R, K, C), averaged over readers and sizes, and its gradient
        (softmax − one-hot) / n for each reader and size by itself."""
        odds = logits.softmax(3)
        error = (odds - self.hot) * self.share
        loss = -((odds * self.hot).sum(3, keepdim=True).clamp(min=1e-30).log() * self.share).sum()
        return loss / (logits.shape[1] * K), error


class NGrams:
    """One weight for each n-gram and charge: logit = Σ x_f · w_f, for two readers and all K sizes.

    x_f = 1 / √(n-grams in the facts) for each n-gram that occurs, so that long facts are no louder.
    """

    RATE, TESTED, MEASURE_EVERY = 1.0, 50 * C, 5  # of the learning rate; test cases; steps

    def __init__(self, told: Sequence[Told], params: Params, context: Context) -> None:
        self.longest, self.forbid = params.gram, params.forbid
        counted = Counter(gram for one in told for gram in {gram for gram, _ in self.grams(one)})
        kept = sorted(gram for gram, count in counted.items() if count >= AT_LEAST)
        self.known = {gram: index for index, gram in enumerate(kept)}
        self.w = torch.zeros(len(kept), 2, K, C, device=context.device)
        self.tensors = [self.w]

    def grams(self, one: Told) -> list[tuple[tuple[str, ...], int]]:
        """Every n-gram and where it begins; those that touch a forbidden word are left out."""
        shut = set(one.place) if self.forbid else set()
        return [(one.tokens[at : at + n], at) for n in range(1, self.longest + 1)
                for at in range(len(one.tokens) - n + 1) if shut.isdisjoint(range(at, at + n))]

    def encode(self, told: Sequence[Told]) -> Tensor:
        """(N, F)"""
        x = torch.zeros(len(told), len(self.known))
        for row, one in enumerate(told):
            x[row, [self.known[gram] for gram, _ in self.grams(one) if gram in self.known]] = 1
        return x / x.sum(1, keepdim=True).clamp(min=1).sqrt()

    def logits(self, x: Tensor) -> Tensor:
        """What the words say to the reader without elements and to the one with them: (N, 2, K, C)."""
        return (x @ self.w.flatten(1)).view(-1, 2, K, C)

    def learn(self, x: Tensor, beside: Tensor, lessons: Lessons) -> tuple[Tensor, Tensor]:
        """Leave ∂loss/∂w = xᵀ · ∂loss/∂logits behind; the loss and ∂loss/∂logits (N, 2, K, C).

        ``beside`` (N, 2, K, C) is what the elements and the biases add to the logits.
        """
        loss, error = lessons.error(self.logits(x) + beside)
        self.w.grad = (x.T @ error.flatten(1)).view_as(self.w)
        return loss, error

    def hold_down(self, rate: Tensor) -> None:
        """Weight decay: the gradient of rate/2 · |w|², rate (K, 1) for each size."""
        assert self.w.grad is not None
        self.w.grad += rate * self.w

    def contributions(self, one: Told, x: Tensor, reader: int, size: int) -> Tensor:
        """What each word adds to each logit, (T, C): an n-gram shares its part among its words."""
        grams = [(gram, at) for gram, at in self.grams(one) if gram in self.known]
        times = Counter(gram for gram, _ in grams)
        parts = [(at + more, self.known[gram], 1 / (len(gram) * times[gram]))
                 for gram, at in grams for more in range(len(gram))]
        places, features, shares = zip(*parts, strict=True) if parts else ((), (), ())
        weights = (x[0, :, None] * self.w[:, reader, size]).cpu()               # (F, C)
        added = torch.zeros(len(one.tokens), C)
        return added.index_add_(0, torch.tensor(places, dtype=torch.long), torch.tensor(shares)[:, None]
                                * weights[torch.tensor(features, dtype=torch.long)])

    def bias(self, reader: int, size: int) -> Tensor:
        """(C,)"""
        return torch.zeros(C)

    def count(self) -> int:
        """Weights of one reader."""
        return len(self.known) * C


class CNNs:
    """A text CNN for each reader and size: its pooled values stand where the n-grams stood."""

    RATE, TESTED, MEASURE_EVERY = 0.2, 20 * C, 48

    def __init__(self, told: Sequence[Told], params: Params, context: Context) -> None:
        self.forbid, self.generator = params.forbid, context.generator
        words = sorted({word for one in told for word in one.tokens})
        self.known = {(word,): index + 2 for index, word in enumerate(words)}   # 0 is empty, 1 unknown
        self.longest = max(len(one.tokens) for one in told) + ROOM
        self.nets = [[TextCNN(len(words) + 2, WIDTH, WINDOW, FILTERS, C, self.generator) for _ in SIZES]
                     for _ in range(2)]
        for net in (net for row in self.nets for net in row):
            net.tensors = {name: one.to(context.device) for name, one in net.tensors.items()}
        self.tensors = [one for row in self.nets for net in row for one in net.tensors.values()]

    def encode(self, told: Sequence[Told]) -> Tensor:
        """(N, T) numbers of words; those that are forbidden are empty space."""
        ids = torch.zeros(len(told), self.longest, dtype=torch.long)
        for row, one in zip(ids, told, strict=True):
            found = [self.known.get((word,), 1) for word in one.tokens][: self.longest]
            row[: len(found)] = torch.tensor(found)
            if self.forbid:
                row[list(one.place)] = 0
        return ids

    def lengths(self, ids: Tensor) -> Tensor:
        """The place behind the last word, (N,)."""
        return ((ids > 0) * torch.arange(1, ids.shape[1] + 1, device=ids.device)).amax(1)

    def logits(self, ids: Tensor) -> Tensor:
        """(N, 2, K, C)"""
        lengths = self.lengths(ids)
        return torch.stack([torch.stack([net.logits(ids, lengths) for net in row], 1)
                            for row in self.nets], 1)

    def learn(self, ids: Tensor, beside: Tensor, lessons: Lessons) -> tuple[Tensor, Tensor]:
        """One batch for each network. The errors (N, 2, K, C) of cases that are in none are zero."""
        lengths, error, losses = self.lengths(ids), torch.zeros_like(beside), []
        for reader, row in enumerate(self.nets):
            for size, net in enumerate(row):
                rows = torch.randint(C * SIZES[size], (BATCH,), generator=self.generator)
                mask = dropout_mask(self.generator, DROPOUT, torch.empty(BATCH, FILTERS))
                rows, mask = rows.to(ids.device), mask.to(ids.device)
                labels = lessons.labels[rows]
                loss, logits, gradients = net.loss(ids[rows], lengths[rows], labels, mask,
                                                   beside[rows, reader, size])
                for name, tensor in net.tensors.items():
                    tensor.grad = gradients[name]
                error[:, reader, size].index_add_(0, rows, softmax_error(logits, labels))
                losses.append(loss)
        return torch.stack(losses).mean(), error

    def hold_down(self, rate: Tensor) -> None:
        """Weight decay of the output's weights, rate (K, 1) for each size."""
        for row in self.nets:
            for net, one in zip(row, rate, strict=True):
                net.tensors["out"].grad += one * net.tensors["out"]

    def contributions(self, one: Told, ids: Tensor, reader: int, size: int) -> Tensor:
        """What each word adds to each logit, (T, C): a filter shares its part among its window."""
        net = self.nets[reader][size]
        pooled = net.pool(ids, self.lengths(ids))
        each = pooled.best[0, :, None] * net.tensors["out"].T / WINDOW          # (M, C)
        places = places_of(pooled.where, WINDOW)[0]                             # (M, h)
        added = torch.zeros(self.longest, C, device=ids.device)
        added.index_add_(0, places.flatten(), each.repeat_interleave(WINDOW, 0))
        return added[: len(one.tokens)].cpu()

    def bias(self, reader: int, size: int) -> Tensor:
        """(C,)"""
        return self.nets[reader][size].tensors["out_bias"].cpu()

    def count(self) -> int:
        """Weights of one reader."""
        return sum(one.numel() for one in self.nets[0][0].tensors.values())


class ChargePrediction:
    """Readers of the text, of the text with elements, and of the elements alone."""

    shared: ClassVar[tuple[str, ...]] = ("context", "tests", "read", "true", "luck", "lessons", "lac")
    measure_reads: ClassVar[tuple[str, ...]] = ("noise",)

    def __init__(self, params: Params, context: Context) -> None:
        self.context, self.device, generator = context, context.device, context.generator
        self.lac: list[Lac] = []  # opened when names are looked at
        self.looked_at: tuple[Case, Told, Tensor] | None = None  # the case of the last frame, as read
        self.language = "zh" if params.language == "Chinese" else "en"
        bias, seed = params.place_bias, 10 * params.seed
        kind = NGrams if params.reader == "n-grams" else CNNs
        made = [(C * SIZES[-1], seed + 1, bias),              # to learn from,
                (kind.TESTED, seed + 2, 0.0)]                 # to be tested on, the place drawn evenly,
        if bias:
            made.append((kind.TESTED, seed + 3, bias))        # and drawn as in training
        groups, told = zip(*(told_cases(*one, self.language) for one in made), strict=True)
        self.tests = groups[EVEN][:EXAMPLES]
        self.words: NGrams | CNNs = kind(told[TRAIN], params, context)
        self.measure_every = self.words.MEASURE_EVERY
        self.read = [self.words.encode(group).to(self.device) for group in told]
        self.true = [torch.tensor([[float(one in case.elements) for one in ELEMENTS] for case in group])
                     for group in groups]                                       # (N, E) each
        # Where luck < noise the detector is wrong, so a little more noise adds a few errors.
        self.luck = [torch.rand(len(group), E, generator=generator) for group in groups]
        self.lessons = Lessons(C * SIZES[-1], self.device)

        self.v = torch.zeros(E, 2, K, C, device=self.device)  # the elements' weights beside text, alone
        self.b = torch.zeros(3, K, C, device=self.device)     # the biases of all three readers
        self.optimizer = torch.optim.Adam(
            [{"params": self.words.tensors}, {"params": [self.v, self.b]}], fused=True)

    def detected(self, group: int, noise: float) -> Tensor:
        """The elements that the detector reports of each case, (N, E)."""
        wrong = (self.luck[group] < noise).float()
        return (self.true[group] - wrong).abs().to(self.device)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of all readers of all sizes."""
        known = self.detected(TRAIN, params.noise)                              # (N, E)
        says = (known @ self.v.flatten(1)).view(-1, 2, K, C)                    # (N, 2, K, C)
        beside = torch.stack([torch.zeros_like(says[:, 0]), says[:, 0]], 1) + self.b[:2]
        loss, error = self.words.learn(self.read[TRAIN], beside, self.lessons)  # (N, 2, K, C)
        alone_loss, alone = self.lessons.error(says[:, 1:] + self.b[2:])        # (N, 1, K, C)

        error = torch.cat([error, alone], 1)                                    # (N, 3, K, C)
        self.v.grad = (known.T @ error[:, 1:].flatten(1)).view_as(self.v)
        self.b.grad = error.sum(0)
        decay = params.decay if params.decay > NO_DECAY else 0.0
        decays = decay / self.lessons.counts[:, None]                           # (K, 1)
        self.words.hold_down(decays)
        self.v.grad += decays * self.v
        for group, rate in zip(self.optimizer.param_groups, (self.words.RATE, 1.0), strict=True):
            group["lr"] = params.learning_rate * rate
        self.optimizer.step()
        return {"loss": float(loss), "elements_loss": float(alone_loss)}

    # --- measuring

    def logits(self, group: int, noise: float) -> Tensor:
        """Of the three readers about a group of cases: (N, 3, K, C)."""
        text = self.words.logits(self.read[group])                              # (N, 2, K, C)
        says = (self.detected(group, noise) @ self.v.flatten(1)).view(-1, 2, K, C)
        return torch.stack([text[:, 0], text[:, 1] + says[:, 0], says[:, 1]], 1) + self.b

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Who is right how often about cases that nobody has learnt from."""
        self.accuracy = self._accuracy(EVEN, params)                            # (3, K)
        self.planted = self._accuracy(PLANTED, params) if params.place_bias else self.accuracy
        few, many = self.accuracy[:, 0].tolist(), self.accuracy[:, -1].tolist()
        return {"few_text": few[0], "few_both": few[1], "many_text": many[0], "many_both": many[1],
                "many_elements": many[2]}

    def _accuracy(self, group: int, params: Params) -> NDArray[np.float32]:
        answers = self.logits(group, params.noise).argmax(3)                    # (N, 3, K)
        labels = torch.arange(len(answers), device=self.device) % C
        return array((answers == labels[:, None, None]).float().mean(0))

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One case as one of the readers reads it now."""
        case = self.edited(params)
        if self.looked_at is None or self.looked_at[0] != case:
            told = Told.of(case, self.language)
            self.looked_at = case, told, self.words.encode([told]).to(self.device)
        _, told, x = self.looked_at
        true = torch.tensor([one in case.elements for one in ELEMENTS])
        wrong = self.luck[EVEN][params.example] < params.noise
        detected = (true ^ wrong).float()                                       # (E,)
        size, reader = min(max(params.size, 0), K - 1), int(params.who != "text")

        words = self.words.contributions(told, x, reader, size)                 # (T, C)
        elements = reader * detected[:, None] * self.v[:, 0, size].cpu()        # (E, C)
        bias = self.b[reader, size].cpu() + self.words.bias(reader, size)       # (C,)
        logits = words.sum(0) + elements.sum(0) + bias                          # (C,)
        answer = int(logits.argmax())
        says, element_says, of_bias = (one[..., answer] - one.mean(-1) for one in (words, elements, bias))
        total = float(says.abs().sum())
        charge = next((index for index, one in enumerate(CHARGES) if one.id == case.charge), NONE)
        injury = "injury" in case.elements
        names = self.names(case, told) if params.beside == "names" else {}
        return Frame(
            accuracy=self.accuracy.copy(), planted=self.planted.copy(), size=size,
            with_elements=bool(reader), tokens=told.tokens, says=array(says), place=told.place,
            struck=params.forbid, true=array(true.to(torch.uint8)),
            unknown=np.array([(one,) not in self.words.known for one in told.tokens], np.uint8),
            detected=array(detected.to(torch.uint8)), element_says=array(element_says),
            bias=float(of_bias), odds=array(logits.softmax(0)), answer=answer, truth=charge,
            term=term_of(CHARGES[answer].id, case.amount, injury), true_term=case.term_months,
            amount=case.amount,
            place_share=float(says[list(told.place)].abs().sum()) / total if total else 0.0,
            names=tuple(name for _, name in names),
            name_kinds=np.array([NAMED.index(kind) for kind, _ in names], np.int32),
            name_says=np.array([float(says[list(at)].sum()) for at in names.values()], np.float32),
            found_by_lac=bool(self.lac) and params.beside == "names",
            weights=(self.words.count(), self.words.count() + E * C), language=self.language)

    def names(self, case: Case, told: Told) -> dict[tuple[str, str], list[int]]:
        """The names in the facts, (kind, name), and the words that they consist of: found by LAC in
        Chinese where it is fetched, else known, because the case is made."""
        if self.language == "en" or not self._open_lac():
            return {(kind, name): list(words_of(name, told.tokens, self.language))
                    for kind, name in case.names(self.language)}
        facts = case.facts("zh")
        ends = np.cumsum([len(one) for one in told.tokens])  # of each word, in characters
        found: dict[tuple[str, str], list[int]] = {}
        for word in self.lac[0].names(facts):
            inside = np.flatnonzero((ends > word.start) & (ends - [len(x) for x in told.tokens] < word.end))
            found.setdefault((NAMES[word.tag], word.text), []).extend(inside.tolist())
        return found

    def _open_lac(self) -> bool:
        if not self.lac and (files := self.context.data.read("table", "lac")):
            self.context.progress(0, 1, "Opening LAC")
            self.lac.append(Lac(files, self.device))
        return bool(self.lac)

    def edited(self, params: Params) -> Case:
        """The test case with the facts that the user has changed."""
        case = self.tests[params.example]
        case = edited(
            case, violence={"yes": True, "no": False}.get(params.violence),
            office=None if params.office == "as told" else params.office,
            amount=None if params.amount == AS_TOLD else params.amount)
        places = [place.en for place in PLACES]
        return case if params.place == "as told" else replace(case, place=places.index(params.place))

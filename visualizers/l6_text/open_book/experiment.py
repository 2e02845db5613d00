"""Two networks learn the same old facts: one by heart, the other how to find an answer in a passage.

Chen et al. 2017, "Reading Wikipedia to Answer Open-Domain Questions" (DrQA: retriever and reader);
Rajpurkar et al. 2016 and 2018 (SQuAD: spans, exact match, F1, no answer); Roberts et al. 2020 ("closed
book"); Lewis et al. 2020 ("retrieval-augmented generation").

    closed   p(answer | question) = softmax(W₂ relu(W₁ mean E[question]))          over all answers
    open     p(start = t) = softmax_t(h_t · W_s q),   p(end = t) = softmax_t(h_t · W_e q)

h_t is the passage at place t, seen through two convolutions with a mark on each word that the question
has too; q is the question. Place 0 is no word: it stands for "the answer is not here", and its score is
made of the question and of how many of its names the passage lacks. To the reader every name is the same
word (Hermann et al. 2015), so that it cannot learn people by heart; the marks tell whose passage it is.

Both learn from the old facts alone. Then both are asked about new ones, of people they have never heard
of; the open book's passages are found by BM25 or by a dual encoder (Karpukhin et al. 2020).

Shapes: B questions, W words of a question, T places of a passage, V words known, H channels, A answers,
N passages.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from visualizers.l6_text.open_book.facts import ANSWERS, NAMES, Fact, Library, library, world
from visualizers.l6_text.open_book.panel import FOUND, LISTED, NEW, Frame, Params
from visualizers.l6_text.open_book.real import Asking, cited
from visualizers.l6_text.open_book.scoring import exact_match, f1, normal
from visualizers.models.bm25 import BM25
from visualizers.models.language import Language, open_language
from visualizers.models.retrieval import DualEncoder, Texts, words_of
from visualizers.panel import Context

BATCH = 32
EMBEDDING, CHANNELS, HIDDEN = 32, 32, 128
LONGEST = 4  # tokens of an answer
HIDE = 0.15  # share of a passage's words that training hides
PAD, UNKNOWN, NAME = range(3)
ROWS, WIDTH, TEMPERATURE, DUAL_RATE = 4096, 32, 0.1, 0.5  # of the dual encoder
TAUGHT, TAUGHT_STEPS = 48, 300  # people from whom it learns before a real model is asked, and for how long
REMOVED = 3  # passages, the likeliest ones without the answer, from which wrong ones are drawn
CHOICES = tuple(answer for kind in ANSWERS.values() for answer in kind)
KIND_OF = {answer: kind for kind, answers in ANSWERS.items() for answer in answers}


class ClosedBook(nn.Module):
    """The question alone decides among all answers."""

    def __init__(self, V: int, generator: torch.Generator) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, EMBEDDING)
        self.inner = nn.Linear(EMBEDDING, HIDDEN)
        self.out = nn.Linear(HIDDEN, len(CHOICES))
        begin(self, generator)

    def forward(self, questions: Tensor) -> Tensor:
        x = mean_of(self.embedding, known_of(questions, self.embedding))       # (B, E)
        scores: Tensor = self.out(F.relu(self.inner(x)))                       # (B, A)
        return scores


class Reader(nn.Module):
    """Points at where the answer starts and ends in a passage, or at place 0."""

    def __init__(self, V: int, names: Tensor, generator: torch.Generator) -> None:
        """``names`` are the numbers of words that are names."""
        super().__init__()
        self.embedding = nn.Embedding(V, EMBEDDING)
        self.register_buffer("read_as", torch.arange(V).index_fill(0, names, NAME))      # (V,)
        self.question = nn.Linear(EMBEDDING, CHANNELS)
        self.near = nn.Linear(5 * (EMBEDDING + 1), CHANNELS)
        self.wider = nn.Linear(3 * CHANNELS, CHANNELS)
        self.start, self.end = (nn.Linear(CHANNELS, CHANNELS) for _ in range(2))
        self.nowhere = nn.Linear(CHANNELS + 3, CHANNELS)
        begin(self, generator)

    def forward(
        self, questions: Tensor, passages: Tensor, hidden: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Log probabilities of start and end, (B, T + 1) each, from ids (B, W) and (B, T); ``hidden`` (B, T)
        words are read as unknown ones."""
        asked = self.seen(questions)                                           # (B, W)
        q = torch.tanh(self.question(mean_of(self.embedding, asked)))          # (B, H)
        same = questions[:, :, None] == passages[:, None, :]                   # (B, W, T)
        marked = (same.any(1) & (passages != PAD)).float()                     # (B, T)
        words = self.seen(passages)                                            # (B, T)
        words = words if hidden is None else words.masked_fill(hidden, UNKNOWN)
        x = torch.cat([self.embedding(words), marked[:, :, None]], 2)          # (B, T, E + 1)
        h = F.relu(self.near(windows(x, 2)))                                   # (B, T, H)
        h = torch.tanh(self.wider(windows(h, 1)))                              # (B, T, H)
        # How many names of the question the passage lacks: none, one, two or more.
        named = (asked == NAME) | (asked == UNKNOWN)                           # (B, W)
        m = F.one_hot((named & ~same.any(2)).sum(1).clamp(max=2), 3).float()   # (B, 3)
        h_0 = torch.tanh(self.nowhere(torch.cat([q, m], 1)))[:, None]          # (B, 1, H)
        h = torch.cat([h_0, h], 1)                                             # (B, T + 1, H)
        there = F.pad(passages != PAD, (1, 0), value=True)                     # (B, T + 1)
        start, end = (torch.einsum("bth,bh->bt", h, one(q)).masked_fill(~there, -torch.inf).log_softmax(1)
                      for one in (self.start, self.end))                       # (B, T + 1) each
        return start, end

    def seen(self, ids: Tensor) -> Tensor:
        """Names as one and the same word."""
        as_read: Tensor = self.get_buffer("read_as")[known_of(ids, self.embedding)]
        return as_read


def windows(x: Tensor, reach: int) -> Tensor:
    """Each place with its neighbours on both sides: (B, T, n C) from (B, T, C), n = 2 reach + 1."""
    wide = F.pad(x, (0, 0, reach, reach))                                      # (B, T + 2 reach, C)
    return torch.cat([wide[:, at:at + x.shape[1]] for at in range(2 * reach + 1)], 2)


def known_of(ids: Tensor, embedding: nn.Embedding) -> Tensor:
    """Words that no old fact has are one and the same."""
    return ids.masked_fill(ids >= embedding.num_embeddings, UNKNOWN)


def mean_of(embedding: nn.Embedding, ids: Tensor) -> Tensor:
    """The mean vector of the words of each question, (B, E) from (B, W), scaled so that one word matters."""
    real = (ids != PAD).float()[:, :, None]                                    # (B, W, 1)
    mean: Tensor = (embedding(ids) * real).sum(1) / real.sum(1).clamp(min=1).sqrt()
    return mean


def best_spans(start: Tensor, end: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest span of each text: first and last place, (B,) each, and its log probability.

    Args:
        start, end: log probabilities (B, T). Place 0 stands for "no answer"; then both are 0.
    """
    T = start.shape[1]
    both = start[:, :, None] + end[:, None, :]                                 # (B, T, T)
    first, last = torch.arange(T, device=start.device)[:, None], torch.arange(T, device=start.device)[None]
    fits = (last >= first) & (last < first + LONGEST) & ((first > 0) | (last == 0))   # (T, T)
    best, at = both.masked_fill(~fits, -torch.inf).flatten(1).max(1)           # (B,) each
    return at // T, at % T, best


def begin(module: nn.Module, generator: torch.Generator) -> None:
    """First weights that keep the size of what goes through them."""
    with torch.no_grad():
        for weight in module.parameters():
            if weight.dim() > 1:
                weight.normal_(0.0, float(weight[0].numel()) ** -0.5, generator=generator)
            else:
                weight.zero_()
        for one in module.modules():
            if isinstance(one, nn.Embedding):
                one.weight[UNKNOWN] = 0.0


@dataclass(frozen=True)
class Read:
    """What a reader made of the passages it was given for one question."""

    answer: str
    passage: int
    start: NDArray[np.float32]  # (T + 1,), of the passage that the answer is from
    end: NDArray[np.float32]


@dataclass(frozen=True)
class Tested:
    """Answers to all questions, old ones first, and how they stand."""

    known: NDArray[np.intp]            # the questions that have been asked
    said: tuple[tuple[str, ...], ...]  # three ways
    cited: tuple[str, ...]
    backed: float
    exact: NDArray[np.float32]   # (3, 2)
    f1: NDArray[np.float32]      # (3, 2)
    silent: NDArray[np.float32]  # (3, 2)
    hit: NDArray[np.float32]     # (2,)


class OpenBook:
    """Trains both networks on the old facts, and asks them about old and new ones."""

    shared: ClassVar[tuple[str, ...]] = ("model", "library", "facts", "number", "questions", "passages",
                                         "bm25", "counted", "own", "others", "answers", "spans",
                                         "asked_texts", "passage_texts", "tested")
    measure_every = 25
    measure_reads: ClassVar[tuple[str, ...]] = ("passages",)

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.generator = context.device, context.generator
        self.model = self._open(params, context)
        self.library: Library = library(params.people, NEW, params.seed) if self.model is None \
            else world(LISTED, params.seed)
        old, new = self.library.old, self.library.new
        if self.model is not None:
            new = new[::3]  # one of each person: a real model takes its time
        self.facts = (*old, *new)
        self.split = len(old)
        self.own = np.array([one.passage for one in self.facts])               # (Q,)
        self.bm25 = BM25([words_of(one) for one in self.library.passages])
        self.counted = np.stack([self.bm25.scores(words_of(one.question)) for one in self.facts])  # (Q, N)
        self.others = ranked(self.counted, self.own)[:, :REMOVED]              # (Q, 3), never the right one
        if self.model is None:
            self._prepare(params)
        else:
            self.asking = Asking()
        self.dual = DualEncoder(ROWS, WIDTH, self.generator)
        self.asked_texts = Texts.of([words_of(one.question) for one in self.facts], ROWS)
        self.passage_texts = Texts.of([words_of(one) for one in self.library.passages], ROWS)
        if self.model is not None and params.retriever == "dual encoder":
            context.progress(0, 1, "teaching the dual encoder")
            self._teach(params.seed)

    def _open(self, params: Params, context: Context) -> Language | None:
        if params.reader != "SmolLM2":
            return None
        files = context.data.model("smollm2")
        if files.missing:
            context.note("SmolLM2 is not here yet, so two small networks are trained. Fetch it on the Data "
                         "page.")
            return None
        return open_language(files, self.device, context.progress, torch.bfloat16)

    def _prepare(self, params: Params) -> None:
        """The words of the old facts as numbers, and networks that know nothing."""
        known = [*(one.question for one in self.library.old), *self.library.passages[:params.people]]
        self.number = {word: at + 3 for at, word in enumerate(sorted({
            word for text in known for word in text.split()}))}
        self.questions = self.ids([one.question for one in self.facts])        # (Q, W)
        self.passages = self.ids(self.library.passages)                        # (N, T)
        V = len(self.number) + 3
        names = torch.tensor([at for word, at in self.number.items() if word in NAMES])
        self.closed = ClosedBook(V, self.generator).to(self.device)
        self.reader = Reader(V, names, self.generator).to(self.device)
        self.learnt = [*self.closed.parameters(), *self.reader.parameters()]
        self.optimizer = torch.optim.Adam(self.learnt, fused=True)
        self.answers = torch.tensor([CHOICES.index(one.answer) for one in self.facts])   # (Q,)
        spans = [span_of(self.library.passages[one.passage], one.answer) for one in self.facts]
        self.spans = torch.tensor(spans)                                       # (Q, 2), from place 1

    def ids(self, texts: Sequence[str]) -> Tensor:
        """Words as numbers, filled up behind: (B, T). Words of no old fact have numbers beyond V, by which
        the same one is known again."""
        beyond = len(self.number) + 3
        rows = [[self.number.get(word, beyond + zlib.crc32(word.encode())) for word in one.lower().split()]
                or [UNKNOWN] for one in texts]
        longest = max(map(len, rows))
        return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows], device=self.device)

    # --- training

    def finished(self, params: Params) -> bool:
        return self.model is not None and len(self.asking.answers) == len(self.facts)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both networks on a batch of old facts; a real model answers one question."""
        if self.model is not None:
            if not self.finished(params):
                at = self.asking.order(self.split, len(self.facts))
                fit, own = self.scores(params)[at : at + 1], self.own[at : at + 1]       # (1, N), (1,)
                found, others = ([self.library.passages[one] for one in order[0, :params.passages]]
                                 for order in (ranked(fit), ranked(fit, own)))
                self.asking.answers[at] = self.asking.answer(
                    self.model, self.facts[at].question, found, others)
            return {"loss": 0.0, "closed_loss": 0.0}
        rows = torch.randint(self.split, (BATCH,), generator=self.generator)   # (B,) old facts
        wrong = torch.rand(BATCH, generator=self.generator) < params.wrong     # (B,)
        pick = torch.randint(REMOVED, (BATCH,), generator=self.generator)      # (B,)
        passage = torch.where(wrong, torch.from_numpy(self.others)[rows, pick],
                              torch.from_numpy(self.own)[rows])                # (B,)
        spans = self.spans[rows].masked_fill(wrong[:, None], 0).to(self.device)  # (B, 2); 0: not here
        rows, questions = rows.to(self.device), self.questions[rows.to(self.device)]     # (B, W)
        given = self.passages[passage.to(self.device)]                         # (B, T)
        hidden = torch.rand(given.shape, generator=self.generator) < HIDE      # so that new words can be read
        start, end = self.reader(questions, given, hidden.to(self.device))     # (B, T + 1) each
        loss = (F.nll_loss(start, spans[:, 0]) + F.nll_loss(end, spans[:, 1])) / 2
        closed_loss = F.cross_entropy(self.closed(questions), self.answers.to(self.device)[rows])
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.zero_grad()
        (loss + closed_loss).backward()  # they share no weight, so each learns from its own loss
        self.optimizer.step()
        if params.retriever == "dual encoder":
            rows = rows.cpu()
            self._train_dual(self.asked_texts[rows], self.passage_texts, torch.from_numpy(self.own)[rows])
        return {"loss": loss.item(), "closed_loss": closed_loss.item()}

    def _train_dual(self, questions: Texts, passages: Texts, own: Tensor) -> None:
        """Pull questions to their ``own`` passages (B,), away from the others of the batch."""
        _, gradient = self.dual.loss(questions, passages[own], own[:, None] == own[None], TEMPERATURE)
        self.dual.table = self.dual.table - DUAL_RATE * gradient

    def _teach(self, seed: int) -> None:
        """For a real model the encoder learns before anything is asked: from the capitals, and from made
        people other than those who are asked about."""
        others = library(TAUGHT, 0, seed + 1)
        asked = {name_of(one) for one in self.library.passages}
        facts = [one for one in others.old if name_of(others.passages[one.passage]) not in asked]
        here = len(self.library.passages)
        questions = Texts.of([words_of(one.question) for one in (*self.library.old, *facts)], ROWS)
        passages = Texts.of([words_of(one) for one in (*self.library.passages, *others.passages)], ROWS)
        own = torch.tensor([*(one.passage for one in self.library.old),
                            *(here + one.passage for one in facts)])
        for _ in range(TAUGHT_STEPS):
            rows = torch.randint(len(own), (BATCH,), generator=self.generator)
            self._train_dual(questions[rows], passages, own[rows])

    # --- looking up and answering

    def scores(self, params: Params) -> NDArray[np.float64]:
        """How well each passage fits each question, (Q, N)."""
        if params.retriever == "BM25":
            return self.counted
        found = self.dual.vectors(self.asked_texts) @ self.dual.vectors(self.passage_texts).T
        return found.double().numpy()

    @torch.no_grad()
    def read(self, questions: Tensor, passages: Tensor, texts: Sequence[Sequence[str]]) -> list[Read]:
        """Answers from k passages each, given as numbers (B, k, T) and as texts.

        The likeliest span of any passage wins. Only if all say "not here" there is none."""
        B, k = passages.shape[:2]
        start, end = self.reader(questions.repeat_interleave(k, 0), passages.flatten(0, 1))   # (B k, T + 1)
        first, last, best = best_spans(start, end)                             # (B k,) each
        best = torch.where(first == 0, best - 100, best).view(B, k).cpu()
        begins, ends = (one.exp().cpu().numpy() for one in (start, end))       # (B k, T + 1)
        firsts, lasts = first.tolist(), last.tolist()
        found = []
        for at, which in enumerate(best.argmax(1).tolist()):
            row = at * k + which
            words = texts[at][which].split()
            a, b, T = firsts[row], lasts[row], len(words) + 1
            found.append(Read(" ".join(words[a - 1:b]) if a else "", which,
                              begins[row, :T].copy(), ends[row, :T].copy()))
        return found

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Ask all questions with the book closed, open, and open without the right passage."""
        scores = self.scores(params)                                           # (Q, N)
        order, without = ranked(scores), ranked(scores, self.own)              # (Q, N), (Q, N - 1)
        first = order[:, 0] == self.own                                        # (Q,)
        known, backed = np.arange(len(self.facts)), 1.0
        if self.model is None:
            closed = [CHOICES[one] for one in self.closed(self.questions).argmax(1).tolist()]
            said = [closed]
            names = list[str]()
            for best in (order[:, :params.passages], without[:, :params.passages]):
                given = self.passages[torch.from_numpy(best.copy()).to(self.device)]     # (Q, k, T)
                texts = [[self.library.passages[one] for one in row] for row in best]
                found = self.read(self.questions, given, texts)
                said.append([one.answer for one in found])
                names = names or [f"[{one.passage + 1}]" if one.answer else "" for one in found]
        else:
            known = np.array(sorted(self.asking.answers), np.intp)
            said = [[self.asking.answers.get(at, ("", "", ""))[way] for at in range(len(self.facts))]
                    for way in range(3)]
            names, said[1], good = cited(said[1], [[self.library.passages[one] for one in row]
                                                   for row in order[:, :params.passages]])
            said[2] = cited(said[2], [[]] * len(self.facts))[1]
            backed = float(np.mean([good[at] for at in known])) if len(known) else 0.0
        sets = [known[known < self.split], known[known >= self.split]]
        truth = [one.answer for one in self.facts]

        def shares(score: Callable[[str, str], float]) -> NDArray[np.float32]:
            return np.array([[np.mean([score(way[at], truth[at]) for at in one]) if len(one) else 0.0
                              for one in sets] for way in said], np.float32)

        self.tested = Tested(
            known, tuple(tuple(way) for way in said), tuple(names), backed, shares(exact_match), shares(f1),
            shares(lambda answer, _truth: float(not answer)),
            np.array([first[one].mean() if len(one) else 0.0 for one in sets], np.float32))
        exact = self.tested.exact
        return {"closed_old": float(exact[0, 0]), "closed_new": float(exact[0, 1]),
                "open_old": float(exact[1, 0]), "open_new": float(exact[1, 1]),
                "removed_new": float(exact[2, 1])}

    def idle(self, params: Params) -> Mapping[str, str]:
        if self.model is None:
            return {}
        why = "SmolLM2 is asked what stands in the list."
        return {"question": why, "passage": why}

    # --- looking

    def listed(self) -> list[int]:
        """The questions in the list, old and new ones in turn, a different kind each time."""
        step_old, step_new = max(1, self.split // LISTED), max(1, (len(self.facts) - self.split) // LISTED)
        stride = [step + (step % 3 == 0) for step in (step_old, step_new)] if self.model is None \
            else [step_old, step_new]
        new = len(self.facts) - self.split
        return [one for at in range(LISTED)
                for one in (at * stride[0] % self.split, self.split + at * stride[1] % new)]

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        tested, rows = self.tested, self.listed()
        own_question = params.question.strip()
        chosen = -1 if own_question else params.chosen if 0 <= params.chosen < len(rows) else 1
        fact = Fact(own_question, "", "", -1) if own_question else self.facts[rows[chosen]]
        shelf, mine = self.library.passages, params.passage.strip()
        scores = self._fit(fact, rows[chosen] if chosen >= 0 else -1, params)  # (N,)
        order = np.argsort(-scores, kind="stable")
        without = [one for one in order.tolist() if one != (fact.passage if fact.passage >= 0 else order[0])]
        found = [mine] if mine else [shelf[one] for one in order[:FOUND].tolist()]
        others = [shelf[one] for one in without[:FOUND]]
        at = rows[chosen] if chosen >= 0 else -1
        if self.model is None:
            ask = self.ids([fact.question])
            closed = CHOICES[int(self.closed(ask)[0].argmax())]
            reads = [self.read(ask, self.ids(texts)[None], [texts])[0]
                     for texts in (found[:params.passages], others[:params.passages])]
            answers = (closed, reads[0].answer, reads[1].answer)
            given = [found[reads[0].passage], others[reads[1].passage]]
        else:
            closed, opened, removed = (way[at] if at >= 0 else "" for way in tested.said)
            answers = (closed, opened, removed)
            given = [found[0], others[0]]
            reads = [Read("", 0, *[np.zeros(len(text.split()) + 1, np.float32)] * 2) for text in given]
        new_closed = [(self.facts[one].kind, tested.said[0][one]) for one in tested.known
                      if one >= self.split] if self.model is None else []
        return Frame(
            exact=tested.exact.copy(), f1=tested.f1.copy(), silent=tested.silent.copy(),
            right_kind=float(np.mean([KIND_OF.get(said) == kind for kind, said in new_closed]))
            if new_closed else 0.0, hit=tested.hit.copy(), backed=tested.backed, asked=len(tested.known),
            questions=tuple(self.facts[one].question for one in rows),
            new=np.array([one >= self.split for one in rows], np.uint8),
            truth=tuple(self.facts[one].answer for one in rows),
            closed=tuple(tested.said[0][one] for one in rows),
            open=tuple(tested.said[1][one] for one in rows),
            removed=tuple(tested.said[2][one] for one in rows),
            cited=tuple(tested.cited[one] for one in rows),
            known=np.isin(rows, tested.known).astype(np.uint8), chosen=chosen, question=fact.question,
            answers=answers, tokens=("∅", *given[0].split()), start=reads[0].start, end=reads[0].end,
            removed_tokens=("∅", *given[1].split()), removed_start=reads[1].start, removed_end=reads[1].end,
            found=tuple(found), found_scores=np.array([0.0] if mine else scores[order[:FOUND]], np.float32),
            own=-1 if mine or fact.passage < 0 else
            next((at for at, one in enumerate(order[:FOUND].tolist()) if one == fact.passage), -1),
            real=self.model is not None)

    def _fit(self, fact: Fact, at: int, params: Params) -> NDArray[np.float64]:
        """How well each passage fits this question, (N,)."""
        if params.retriever == "BM25":
            return self.counted[at] if at >= 0 else self.bm25.scores(words_of(fact.question))
        one = Texts.of([words_of(fact.question)], ROWS)
        found = self.dual.vectors(one) @ self.dual.vectors(self.passage_texts).T         # (1, N)
        return found[0].double().numpy()


def ranked(scores: NDArray[np.float64], without: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """The numbers of the passages, the best fitting one first: (Q, N), or (Q, N - 1) without one each."""
    if without is None:
        return np.argsort(-scores, axis=1, kind="stable")
    scores = scores.copy()
    np.put_along_axis(scores, without[:, None], -np.inf, 1)
    return np.argsort(-scores, axis=1, kind="stable")[:, :-1]


def name_of(passage: str) -> tuple[str, ...]:
    """Whom a passage is about, or what: its first two words."""
    return tuple(passage.split()[:2])


def span_of(passage: str, answer: str) -> tuple[int, int]:
    """The first and last place of an answer in a passage; places count from 1."""
    words, wanted = passage.split(), answer.split()
    at = next(at for at in range(len(words)) if words[at:at + len(wanted)] == wanted)
    return at + 1, at + len(wanted)


assert all(normal(one) for one in CHOICES)

"""A model learns a statute book, answers questions with citations, and each of them is looked up.

A recurrent network reads lines of a question, a citation and the article that it cites,

    Towing a barge at night? Harbour Act, Article 12: whoever tows a barge at night pays 50 crowns.

and learns p(next character | characters so far), nothing else. An article that exists and one that
might as well exist are equally likely to it (Dahl et al. 2024, "Large Legal Fictions"). Whether it
exists is not asked of a model: the pair (law, article) is looked up in the book (``checking.py``).

*Retrieve first* (Lewis et al. 2020): BM25 finds the articles in force whose words fit the question, and
where the network begins to cite, it can only go on with one of these.

Shapes: N lines of up to L characters, B lines in a batch, T = L - 1, V characters in the vocabulary,
H units, R answers that are written side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from visualizers.data.statutes import Article, Statutes, cited
from visualizers.l8_legal.citations.asking import QUESTIONS, in_english
from visualizers.l8_legal.citations.checking import Asked, Checked, Library, spelled
from visualizers.l8_legal.citations.panel import ANSWERS, TEMPERATURES, VERDICTS, Frame, Params
from visualizers.l8_legal.citations.real import ANSWERS as REAL_ANSWERS
from visualizers.l8_legal.citations.real import Writing
from visualizers.models.language import Language, open_language
from visualizers.models.tokenizers import Characters
from visualizers.panel import Context

EMBEDDING = 32      # numbers an embedding
VOCABULARY = 1200   # V at most
LONGEST = 130       # L at most
CLIP = 1.0          # the longest gradient a step may follow
SWEPT = 12          # answers at each temperature of the curve
NEAR = 3            # articles shown for an invented one
MORE = 30           # characters more, where an answer is cut off in what it is given
ENDS = "\n?？"       # an answer is over where its line ends, or another question begins
OTHER = 0           # stands for rare characters, and fills up a line that is shorter
State = tuple[Tensor, Tensor]


class Network(nn.Module):
    """Embedding, LSTM, readout."""

    def __init__(self, V: int, H: int, generator: torch.Generator) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, EMBEDDING)
        self.cell = nn.LSTM(EMBEDDING, H, batch_first=True)
        self.readout = nn.Linear(H, V)
        with torch.no_grad():
            for one in (*self.cell.parameters(), *self.readout.parameters()):
                one.uniform_(-1 / math.sqrt(H), 1 / math.sqrt(H), generator=generator)
            self.embedding.weight.normal_(0.0, 0.5, generator=generator)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Scores (B, T, V) of what follows each of x (B, T), and the state, two of (1, B, H)."""
        h, state = self.cell(self.embedding(x), state)                         # (B, T, H)
        return self.readout(h), state


class Citations:
    """Trains the network on the book, lets it answer, and looks up what it cites."""

    shared: ClassVar[tuple[str, ...]] = ("library", "asked", "tokens", "lines", "known", "model",
                                         "checked", "swept", "real")
    measure_every = 50
    measure_reads: ClassVar[tuple[str, ...]] = ("retrieve", "temperature", "question")

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.generator, self.seed = context.device, context.generator, params.seed
        context.progress(0, 2, "reading the statutes")
        book: Statutes = context.data.read("statutes", params.book)
        context.stands_in(book.missing, book.title)
        self.model = self._open(params, context)
        english = self.model is not None and book.language == "zh"
        if english:
            book = replace(book, id=f"{book.id}-en", language="en", articles=in_english(book))
        self.library = Library.of(book)
        self.asked = self._questions(params.seed, english)
        context.progress(1, 2, "reading the statutes")
        self.swept: list[Checked] = []
        self.swept_for: tuple[int, bool, str] | None = None
        self.steps = 0
        self.writing = Writing()
        if self.model is not None:
            V = self.model.module.config.vocab_size
            self.known = {one.strip() for one in self.model.pieces(range(V))}
        else:
            self._prepare(params)

    def _open(self, params: Params, context: Context) -> Language | None:
        """The real language model, if it is wanted and here."""
        if params.writer != "SmolLM2":
            return None
        files = context.data.model("smollm2")
        if files.missing:
            context.note("SmolLM2 is not here yet, so a small network is trained. Fetch it on the Data "
                         "page.")
            return None
        return open_language(files, self.device, context.progress)

    def _questions(self, seed: int, english: bool) -> list[Asked]:
        """What is asked, with the articles in force that answer it."""
        if english:
            return [Asked(one.say, one.words, found[0]) for one in QUESTIONS
                    if (found := self.library.search(one.words, one.law))]
        valid, draw = self.library.valid, np.random.default_rng(seed)
        return [Asked(valid[one].question, valid[one].question, valid[one])
                for one in draw.permutation(len(valid))[:ANSWERS]]

    def _prepare(self, params: Params) -> None:
        """The book's lines as numbers, and a network that knows nothing."""
        book = self.library.book
        texts = [f"{self._begin(one.question)}{self._head([one])}{one.text}\n" for one in book.articles]
        self.known = {piece for text in texts for piece in spelled(text, book.language)}
        self.tokens = Characters.learn("".join(texts), VOCABULARY)
        lines = np.zeros((len(texts), min(LONGEST, max(map(len, texts)))), np.int64)
        for line, text in zip(lines, texts, strict=True):
            ids = self.tokens.encode(text[: len(line)])
            line[: len(ids)] = ids
        self.lines = torch.from_numpy(lines).to(self.device)                   # (N, L)
        self.network = Network(self.tokens.size, params.hidden_size, self.generator).to(self.device)
        self.learnt = list(self.network.parameters())
        self.optimizer = torch.optim.Adam(self.learnt, fused=True)

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One update on a batch of lines; a real model learns nothing and writes one token."""
        if self.model is not None:
            self._ask(params)
            return {"loss": self.writing.say(self.model, params.temperature, self.generator)}
        rows = torch.randint(len(self.lines), (params.batch,), generator=self.generator)
        lines = self.lines[rows.to(self.device)]                               # (B, L)
        longest = int((lines != OTHER).sum(1).max())
        given, wanted = lines[:, : longest - 1], lines[:, 1:longest]           # (B, T)
        scores, _ = self.network(given)                                        # (B, T, V)
        loss = cross_entropy(scores.flatten(0, 1), wanted.flatten(), ignore_index=OTHER)

        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.learnt, CLIP)
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        self.steps += 1
        return {"loss": loss.item()}

    def finished(self, params: Params) -> bool:
        """Whether a real model has given all its answers."""
        return self.model is not None and self.writing.done \
            and self.writing.key == (params.retrieve, params.question)

    # --- asking and looking up

    def _wanted(self, params: Params) -> list[Asked]:
        """The questions: the user's own one several times, or those about the book."""
        own = params.question.strip()
        most = len(self.asked) if self.model is None else REAL_ANSWERS
        return [Asked(own, own)] * (most // 2) if own else self.asked[:most]

    def _search(self, asked: Sequence[Asked], params: Params) -> list[list[Article] | None]:
        """For each question the articles that alone can be cited, if there are any; ``None`` where nothing
        is looked for."""
        found = {one.words: self.library.search(one.words) if params.retrieve else None
                 for one in asked}
        return [found[one.words] for one in asked]

    def _ask(self, params: Params) -> None:
        """Let a real model begin anew if the question or what it may read has changed."""
        if self.writing.key != (params.retrieve, params.question):
            asked = self._wanted(params)
            self.writing.begin(asked, self._search(asked, params), (params.retrieve, params.question))

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Answers at this temperature, and at others, with every citation looked up."""
        asked = self._wanted(params)
        found = self._search(asked, params)
        if self.model is not None:
            self._ask(params)
            self.checked = self.library.check(asked, self.writing.texts(self.model), self.known)
        else:
            questions, allowed, heat = [one.say for one in asked], found, [params.temperature] * len(asked)
            again = self.swept_for != (now := (self.steps, params.retrieve, params.question))
            if again:  # these answers do not depend on the temperature that is set
                few = asked[:SWEPT]
                for temperature in TEMPERATURES:
                    questions = questions + [one.say for one in few]
                    allowed = allowed + found[: len(few)]
                    heat += [temperature] * len(few)
            answers = self.write(questions, allowed, torch.tensor(heat))
            self.checked = self.library.check(asked, answers[: len(asked)], self.known)
            if again:
                self.swept_for = now
                self.swept = [self.library.check(few, answers[at:][: len(few)], self.known)
                              for at in range(len(asked), len(answers), len(few))]
        # Looked for here and not in ``frame``, which is asked thirty times a second.
        self.real = [one.article or self.library.shelf.nearest(one.law, one.label)[0]
                     for one in self.checked.cites]
        hits = [bool(own and own[0] == one.article) for one, own in zip(asked, found, strict=True)]
        self.found = sum(hits) / max(1, len(hits))
        _, amended, repealed, invented = self.checked.shares
        return {"fluent": self.checked.fluent, "invented": invented, "old": amended + repealed,
                "right": self.checked.right}

    # --- writing

    def _begin(self, question: str) -> str:
        return question if self.library.language == "zh" else f"{question} "

    def _head(self, found: Sequence[Article] | None) -> str:
        """The citation of the first of these articles, with which a line goes on."""
        return cited(found[0], self.library.language) \
            + ("：" if self.library.language == "zh" else ": ") if found else ""

    def _bound(self, text: str, found: Sequence[Article]) -> str:
        """Where a text begins to cite once more: how one of the articles that were found goes on."""
        law, other = found[0].law, found[min(1, len(found) - 1)]
        if text.endswith("《"):
            return f"{other.law}》{other.label}的"  # what follows ends the number
        if text.endswith(("本法第", "本条例第")):
            return next((one for one in found[1:] if one.law == law), found[0]).label[1:] + "的"
        if text.endswith(" Article "):
            return f"{other.label} of {'this Act' if other.law == law else f'the {other.law}'}."
        return ""

    def write(
        self, questions: Sequence[str], found: Sequence[Sequence[Article] | None], temperatures: Tensor,
    ) -> list[str]:
        """Answer R questions side by side, a character at a time, until each is over.

        Args:
            found: for each, the articles that alone can be cited: without any there is no answer. ``None``
                lets it cite what it likes.
            temperatures: (R,) of the draw.
        """
        pen = torch.Generator().manual_seed(self.seed)
        # (R, T) each answer has its own: the same scores give the same text, whatever is written beside it
        lots = torch.rand(len(questions), LONGEST + MORE, generator=pen)
        begins = [self._begin(one) for one in questions]
        due = [begin + self._head(own) for begin, own in zip(begins, found, strict=True)]
        texts = [""] * len(due)
        x = torch.zeros(len(due), dtype=torch.long)                            # (R,)
        state: State | None = None
        # In English a comma parts law and article: with a search it would cite past what was found.
        comma = int(self.tokens.encode(",")[0]) if self.library.language == "en" else OTHER
        bound = torch.tensor([own is not None for own in found])               # (R,)
        going = {row for row, own in enumerate(found) if own or own is None}
        number = {sign: at for at, sign in enumerate(self.tokens.alphabet)}
        for place in range(LONGEST + MORE):
            if place:
                scores, state = self.network(x[:, None].to(self.device), state)  # (R, 1, V)
                scores = scores[:, 0].cpu()                                    # (R, V)
                scores[:, OTHER] = -math.inf
                scores[bound, comma] = -math.inf
                scores = (scores - scores.amax(1, keepdim=True)) / temperatures.clamp_min(1e-4)[:, None]
                below = scores.softmax(1).cumsum(1)                            # (R, V), up to 1
                spot = lots[:, place, None]                                    # (R, 1) falls on one character
                x = (below <= spot).sum(1).clamp_max(self.tokens.size - 1)
            drawn, given = x.tolist(), dict[int, int]()
            for row in sorted(going):
                if not due[row] and (own := found[row]):
                    due[row] = self._bound(texts[row], own)
                if due[row]:  # what is given is not drawn
                    texts[row], due[row] = texts[row] + due[row][0], due[row][1:]
                    given[row] = number.get(texts[row][-1], OTHER)
                elif place < LONGEST:
                    texts[row] += self.tokens.alphabet[drawn[row]]
                    if texts[row][-1] in ENDS:
                        going.discard(row)
                else:
                    texts[row] += "…"
                    going.discard(row)
            if not going:
                break
            if given:
                x[list(given)] = torch.tensor(list(given.values()))
        return [text[len(begin):].rstrip("\n") for text, begin in zip(texts, begins, strict=True)]

    # --- looking

    def frame(self, params: Params) -> Frame:
        """The answers with their citations, and the articles that lie nearest to the chosen one."""
        checked, cites = self.checked, self.checked.cites
        invented = [at for at, one in enumerate(cites) if one.article is None]
        chosen = params.chosen if 0 <= params.chosen < len(cites) else \
            invented[0] if invented else min(0, len(cites) - 1)
        shelf, language = self.library.shelf, self.library.language
        near: list[Article] = []
        if cites:
            one = cites[chosen]
            near = [one.article] if one.article else shelf.nearest(one.law, one.label, NEAR)
        wanted = [one.article for one in checked.asked]
        shares = [one.shares for one in self.swept]
        return Frame(
            questions=tuple(one.say for one in checked.asked), answers=checked.answers,
            at=np.array([one.at for one in cites], np.int32),
            starts=np.array([one.start for one in cites], np.int32),
            ends=np.array([one.end for one in cites], np.int32),
            verdicts=tuple(one.verdict for one in cites),
            real=tuple(cited(one, language) for one in self.real), chosen=chosen,
            near=tuple(cited(one, language) for one in near),
            near_status=tuple(one.status for one in near), near_text=tuple(one.text for one in near),
            asked=tuple(cited(one, language) if one else "" for one in wanted),
            shares=np.array(checked.shares, np.float32), fluent=checked.fluent, kept=checked.kept,
            right=checked.right,
            temperatures=np.array(TEMPERATURES[: len(shares)], np.float32),
            invented_at=np.array([one[VERDICTS.index("invented")] for one in shares], np.float32),
            fluent_at=np.array([one.fluent for one in self.swept], np.float32),
            found=self.found, articles=len(shelf.articles), laws=len(shelf.laws),
            weights=0 if self.model is not None else sum(one.numel() for one in self.learnt),
            language=language, title=self.library.book.title,
            writing=self.model is not None and not self.writing.done)

"""A BERT and a GPT of the same size read the same sentences, and are asked different questions.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers". Of the words of a sentence
a share M is asked for, all at once, from what is left of the sentence on both sides:

    L_BERT = - mean over t in M of      ln p(word t | the sentence with M masked)

Radford et al. 2018 ask for every word, from the words before it alone:

    L_GPT  = - mean over all t of       ln p(word t | words 1 … t-1)

The two models are written out in ``visualizers/models/bert.py`` and ``gpt.py``.

Shapes: B sentences, T = 1 + the words of the longest one (a sign for the beginning stands first),
V words, C channels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from math import log
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from visualizers.l3_transformers.masked_lm.panel import (
    BLANK,
    BLANKS,
    EXAMPLES,
    GUESSES,
    LONGEST,
    OTHER_RATES,
    Frame,
    Params,
    sentence_key,
)
from visualizers.models.arrays import array
from visualizers.models.bert import Bert, BertConfig
from visualizers.models.gpt import GPT, GPTConfig
from visualizers.models.tokenizers import Vocabulary, cut
from visualizers.panel import Context
from visualizers.refusal import Refusal

HEADS = 4
WORDS = 1500      # of the vocabulary
FEWEST = 40       # sentences to learn from
SHORTEST = 4      # words of a sentence that is learnt from
MOST = 20_000     # sentences
CHECKED = 40      # held-out sentences on which everything is measured
PROBED = 200      # sentences that the probe learns from, and as many that it is tested on
IGNORED = -100    # a target that does not count


def sentences_of(text: str, language: str) -> list[tuple[str, ...]]:
    """The sentences of a text as words, none twice, without the sign at their end."""
    ends = r"(?<=[。！？])|\n" if language == "zh" else r"(?<=[.!?]) +|\n"
    found = (tuple(one for one in cut(part, language) if one not in ".。!！?？")
             for part in re.split(ends, text))
    return list(dict.fromkeys(one for one in found if SHORTEST <= len(one) <= LONGEST))[:MOST]


def mask(ids: Tensor, rate: float, masking: str, words: int, mask_id: int,
         generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sentences (B, T) as BERT is given them, and what it is asked for: (B, T) each.

    Of the words asked for 80 % become [MASK], 10 % a random word and 10 % stay as they are, so that
    BERT can never be sure of a word that it sees.
    """
    draw = torch.rand(2, *ids.shape, generator=generator).to(ids.device)       # (2, B, T)
    random = torch.randint(2, 2 + words, ids.shape, generator=generator).to(ids.device)
    real = (ids >= 2) & (ids < 2 + words)                                      # (B, T)
    asked = real & (draw[0] < rate)                                            # (B, T)
    asked |= real & (draw[0] == draw[0].masked_fill(~real, 2).amin(1, keepdim=True))  # at least one
    given = torch.where(asked, mask_id, ids)
    if masking == "80/10/10":
        given = torch.where(asked & (draw[1] < 0.2), random, given)
        given = torch.where(asked & (draw[1] < 0.1), ids, given)
    return given, torch.where(asked, ids, IGNORED)


@cache
def least_losses(language: tuple[tuple[str, ...], ...]) -> NDArray[np.float64]:
    """The least loss possible at each place, (2, P): knowing both sides, and the left one alone.

    ``language`` is all sentences that there are, equally long and equally likely. What can follow a
    beginning, or fill a gap, is then counted: a word that is one of n that fit costs ln n.
    """
    beginnings = Counter(one[:t] for one in language for t in range(len(one) + 1))
    gaps = Counter((t, one[:t], one[t + 1 :]) for one in language for t in range(len(one)))
    losses = [[(log(gaps[t, one[:t], one[t + 1 :]]), log(beginnings[one[:t]] / beginnings[one[: t + 1]]))
               for t in range(len(one))] for one in language]                   # (S, P, 2)
    found: NDArray[np.float64] = np.array(losses).mean(0).T
    return found


class MaskedLM:
    """BERT, GPT and, if asked for, BERTs of other mask rates, trained on the same batches."""

    shared: ClassVar[tuple[str, ...]] = (
        "vocabulary", "numbers", "examples", "train", "checked", "probes", "best")
    remembered: ClassVar[tuple[str, ...]] = ("asked",)
    measure_every = 50
    measure_reads: ClassVar[tuple[str, ...]] = ("beside",)

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 1, "reading the sentences")
        text = context.text(params.text)
        self.language = text.language
        found = sentences_of(text.text, self.language)
        if len(found) < FEWEST:
            raise Refusal("{title} has {count} sentences of {least} to {most} words; at least {fewest} are "
                          "needed to learn from: choose a longer text.", title=text.title,
                          count=len(found), least=SHORTEST, most=LONGEST, fewest=FEWEST)
        # Every tenth sentence is held out.
        learnt = [one for at, one in enumerate(found) if at % 10]
        self.examples = found[::10][:EXAMPLES]
        made = text.id.startswith("made-sentences")
        self.best = least_losses(tuple(found)) if made else None
        counted = Counter(word for one in learnt for word in one)
        frequent = sorted(counted, key=lambda one: (-counted[one], one))[:WORDS]
        # A word that a real text has only once says more about that place than about the word.
        self.vocabulary = Vocabulary([one for one in frequent if counted[one] > 1 or made])
        self.numbers = {one: at for at, one in enumerate(self.vocabulary.words) if at >= 2}
        self.words = self.vocabulary.size - 2
        self.MASK, self.BEGIN = self.vocabulary.size, self.vocabulary.size + 1
        self.T = 1 + max(map(len, found))
        self.train = self._ids(learnt)                                          # (N, T)
        self.checked = self._ids(self.examples[:CHECKED])                       # (E, T)
        self.probes = self._ids(learnt[: 2 * PROBED])                           # (2 P, T)

        V, C = self.vocabulary.size + 2, HEADS * max(1, round(params.width / HEADS))
        if params.width != C:
            context.note("The width is {width}, the nearest multiple of {heads} heads.",
                         width=C, heads=HEADS)
        size = BertConfig(V, self.T, params.layers, HEADS, C, 4 * C, segments=1)
        self.others = OTHER_RATES if params.rates else ()
        self.berts = [Bert(size, self.generator).to(self.device) for _ in (0, *self.others)]
        self.bert = self.berts[0]
        self.gpt = GPT(GPTConfig(V, self.T, params.layers, HEADS, C, gelu="none"), self.generator)
        self.gpt.to(self.device)
        self.learnt = [weight for model in (*self.berts, self.gpt) for weight in model.parameters()]
        self.optimizer = torch.optim.AdamW(self.learnt, fused=True)
        self.asked = (0, 0)
        self.weights = tuple(sum(one.numel() for one in model.parameters())
                             for model in (self.bert, self.gpt))

    def _ids(self, sentences: Sequence[Sequence[str]]) -> Tensor:
        """The sentences as numbers, (B, T): the sign for the beginning, words, 0 for what is empty."""
        ids = torch.zeros(len(sentences), self.T, dtype=torch.long)             # (B, T)
        ids[:, 0] = self.BEGIN
        for row, words in zip(ids, sentences, strict=True):
            row[1 : len(words) + 1] = torch.tensor(
                [self.numbers.get(one, Vocabulary.OTHER) for one in words])
        return ids.to(self.device)

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of all models on the same sentences."""
        rows = torch.randint(len(self.train), (params.batch,), generator=self.generator)
        ids = self.train[rows.to(self.device)]                                  # (B, T)
        losses = []
        for bert, rate in zip(self.berts, (params.mask_rate, *self.others), strict=True):
            given, wanted = mask(ids, rate, params.masking, self.words, self.MASK, self.generator)
            asked = wanted != IGNORED                                           # (B, T)
            x = bert(given, real=given > 0)                                     # (B, T, C)
            losses.append(F.cross_entropy(bert.read_out(x[asked]), wanted[asked]))
            if bert is self.bert:
                count = int(asked.sum())
        scores = self.gpt(ids[:, :-1])                                          # (B, T-1, V)
        wanted = ids[:, 1:].masked_fill(ids[:, 1:] < 2, IGNORED)                # (B, T-1)
        losses.append(F.cross_entropy(scores.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED))

        self.optimizer.zero_grad()
        torch.stack(losses).sum().backward()                  # each model has its own loss alone
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        self.asked = count, int((wanted != IGNORED).sum())
        return {"loss": losses[0].item(), "gpt_loss": losses[-1].item()}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Each word of the held-out sentences by itself: BERT sees all others, GPT those before it."""
        ids = self.checked
        wanted = ids[:, 1:]                                                     # (E, T-1)
        real = wanted >= 2                                                      # (E, T-1)
        row, place = real.nonzero(as_tuple=True)                                # (W,), (W,)
        one_blank = ids[row].scatter(1, place[:, None] + 1, self.MASK)          # (W, T)
        scores = [self._at(bert, one_blank, place + 1) for bert in self.berts]  # (W, V) each
        scores.append(self.gpt(ids[:, :-1])[real])                              # (W, V)
        right = [(one.argmax(1) == wanted[real]).float().mean().item() for one in scores]
        losses = [F.cross_entropy(one, wanted[real], reduction="none") for one in (scores[0], scores[-1])]

        count = torch.zeros(self.T - 1, device=self.device).index_add(
            0, place, torch.ones_like(losses[0])).clamp(min=1)                  # (T-1,)
        self.loss_at = np.stack([array(torch.zeros_like(count).index_add(0, place, one) / count)
                                 for one in losses])                            # (2, T-1)
        self.accuracy_at = right[:-1]
        # Fitting it costs more than all the rest, so it is fitted where it can be seen.
        self.probe_at = [self._probe(bert) for bert in self.berts] if params.beside == "rates" else []
        self.mended = self._mended(ids[row], place + 1)
        return {"held_out": losses[0].mean().item(), "gpt_held_out": losses[1].mean().item(),
                "accuracy": right[0], "gpt_accuracy": right[-1]}

    def _at(self, bert: Bert, ids: Tensor, place: Tensor) -> Tensor:
        """Scores (W, V) of what stands at one place (W,) of each sentence (W, T)."""
        x = bert(ids, real=ids > 0)                                             # (W, T, C)
        return bert.read_out(x[torch.arange(len(ids), device=self.device), place])

    def _mended(self, ids: Tensor, place: Tensor) -> float:
        """The share of words for which, with a wrong word in their place, BERT says the right one."""
        own = torch.Generator().manual_seed(1)  # the same wrong words each time
        wrong = torch.randint(2, 2 + self.words, place.shape, generator=own).to(self.device)
        right = ids.gather(1, place[:, None])[:, 0]                             # (W,)
        said = self._at(self.bert, ids.scatter(1, place[:, None], wrong[:, None]), place).argmax(1)
        return float((said == right)[wrong != right].float().mean())

    def _probe(self, bert: Bert) -> float:
        """A linear reader of BERT's frozen vectors has to tell sentences from scrambled ones.

        It is fitted by least squares to the mean vector of each sentence and tested on others.
        """
        own = torch.Generator().manual_seed(2)
        ids = self.probes
        turned = ids.clone()
        length = (ids > 0).sum(1).cpu() - 1                                     # (2 P,)
        first = (torch.rand(len(ids), generator=own) * (length - 1)).long() + 1
        rows = torch.arange(len(ids))
        turned[rows, first], turned[rows, first + 1] = ids[rows, first + 1], ids[rows, first]
        both = torch.stack([ids, turned], 1).flatten(0, 1)                      # (4 P, T)
        x = bert(both, real=both > 0)                                           # (4 P, T, C)
        live = (both > 0)[..., None]
        mean = (x * live).sum(1) / live.sum(1)                                  # (4 P, C)
        mean = torch.cat([mean, torch.ones_like(mean[:, :1])], 1).double().cpu()
        label = torch.tensor([1.0, -1.0]).repeat(len(ids)).double()             # (4 P,)
        half = 2 * (len(ids) // 2)
        X, y = mean[:half], label[:half]
        w = torch.linalg.solve(X.T @ X + 0.1 * torch.eye(X.shape[1]), X.T @ y)
        return float(((mean[half:] @ w > 0) == (label[half:] > 0)).double().mean())

    # --- looking

    def _blanks(self, params: Params, words: Sequence[str]) -> tuple[int, ...]:
        """Where the shown sentence has blanks: typed, clicked, or where the right side says most."""
        typed = {at for at, word in enumerate(words) if set(word) == {BLANK}}
        if params.blanks[:1] == (sentence_key(params),):
            return tuple(sorted(typed | {one for one in params.blanks[1:]
                                         if isinstance(one, int) and 0 <= one < len(words)}))
        n = len(words)
        if not typed and self.best is not None and n == self.best.shape[1]:
            given = self.best[1] - self.best[0]                                 # (P,)
            return tuple(sorted(at for at in np.argsort(-given)[:BLANKS].tolist() if given[at] > 0.01))
        return tuple(sorted(typed or {n // 4, n // 2, 3 * n // 4}))

    def _odds(self, scores: Tensor) -> Tensor:
        """Odds (…, V) of words alone: nothing else can stand in a sentence."""
        signs = torch.tensor([Vocabulary.PAD, Vocabulary.OTHER, self.MASK, self.BEGIN],
                             device=self.device)
        return scores.index_fill(-1, signs, -torch.inf).softmax(-1)

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """One sentence with blanks, under both models as they are now."""
        own = tuple(one for one in cut(params.sentence, self.language) if one not in ".。!！?？")
        every = own or self.examples[params.example % len(self.examples)]
        words = every[: self.T - 1]
        blanks = self._blanks(params, words)
        shown = blanks[:BLANKS]
        ids = self._ids([words])[:, : len(words) + 1]                           # (1, n+1)
        known = [at for at in shown if set(words[at]) != {BLANK}]
        places = torch.tensor(blanks, device=self.device, dtype=torch.long)     # (k,)

        given = ids.index_fill(1, places + 1, self.MASK)                        # (1, n+1)
        bert = self._odds(self.bert.read_out(self.bert(given)[0, places + 1]))  # (k, V)
        # GPT writes from left to right: into each blank its best word, and goes on from there.
        written, said = ids.clone(), [torch.zeros(0, bert.shape[1], device=self.device)]
        for at in blanks:
            said.append(self._odds(self.gpt(written[:, : at + 1])[:, -1]))      # (1, V)
            written[0, at + 1] = said[-1].argmax()
        gpt = torch.cat(said)                                                   # (k, V)

        odds = torch.stack([bert, gpt])[:, : len(shown)]                        # (2, K, V)
        top = odds.topk(GUESSES, -1)                                            # (2, K, N)
        listed = [self.vocabulary.pieces(one.flatten().tolist()) for one in top.indices]
        right = ids[0, places + 1][: len(shown)]                                # (K,)
        truth = odds.gather(2, right.expand(2, -1)[..., None])[..., 0]          # (2, K)
        return Frame(
            tokens=words,
            unknown=np.array([word == Vocabulary.OTHER and set(words[at]) != {BLANK}
                              for at, word in enumerate(ids[0, 1:].tolist())], np.uint8),
            shortened=len(every) > len(words),
            blanks=blanks,
            shown=np.array(shown, np.int32),
            truth=tuple(words[at] if at in known else "" for at in shown),
            bert_words=listed[0], bert_odds=array(top.values[0]),
            gpt_words=listed[1], gpt_odds=array(top.values[1]),
            truth_odds=array(truth),
            loss_at=self.loss_at.astype(np.float32),
            best_at=np.zeros_like(self.loss_at, np.float32) if self.best is None
            else self.best.astype(np.float32),
            counted=self.best is not None,
            rates=np.array([params.mask_rate, *self.others], np.float32),
            accuracy_at=np.array(self.accuracy_at, np.float32),
            probe_at=np.array(self.probe_at, np.float32),
            mended=self.mended,
            weights=self.weights,
            asked=self.asked,
            vocabulary=self.words,
            sentences=len(self.train),
            language=self.language,
        )

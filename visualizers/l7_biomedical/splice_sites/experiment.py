"""Three readers learn to tell splice sites from other bases.

Logistic regression has a weight for each base at each place. The filter has w · 4 weights that are laid
on every window of w bases, and the best window counts: a position weight matrix that is learnt (Alipanahi
et al. 2015, "DeepBind"). Its weights become log-odds,

    w_ib → log p_i(b) / q_i(b),

p_i(b) the share of base b at place i of sites and q_i(b) that of what they are told from: where both have
the same, there is nothing to learn. The Transformer reads overlapping k-mers (Ji et al. 2021, "DNABERT")
and learns to fill in masked ones besides.

Shapes: N examples, L places, w bases in a window, P = L − w + 1 windows, T = L − k + 1 k-mers, V of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as logistic_loss
from torch.nn.functional import cross_entropy, one_hot

from visualizers.l7_biomedical.splice_sites.panel import (
    BASES,
    EXAMPLES,
    LONGEST_SCAN,
    MODELS,
    Frame,
    Params,
)
from visualizers.models.arrays import array
from visualizers.models.bert import Bert, BertConfig
from visualizers.panel import Context

BATCH, TESTED, HELD_OUT = 32, 800, 0.3
LINEAR = 6  # times as large a step for the filter and logistic regression
SCANNED, PLANTED = 240, 3
FIXED = 0.95  # a column where so many sites have the same base is kept in decoys
LONGEST_SPAN, FILLED = 6, 200
FPR = np.linspace(0, 1, 51, dtype=np.float32)


class SpliceSites:
    """The three models, trained on the same batches."""

    shared: ClassVar[tuple[str, ...]] = (
        "data", "bases", "counts", "learnt_from", "test", "logo", "log_odds", "best", "long", "planted")
    measure_every = 64

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 1, "reading the sites")
        self.data = context.data.read("sites", params.data)
        context.stands_in(self.data.missing, self.data.title)
        self.bases = torch.tensor(self.data.aligned.bases)                      # (N, W)
        self.counts = torch.tensor(self.data.aligned.counts, dtype=torch.float)  # (N,)
        shares = self.shares(self.bases, self.counts)                           # (W, 4)
        self.fixed = shares.amax(1) > FIXED                                     # (W,)
        W = len(shares)
        L, self.room = W + params.room, params.room

        # No stretch that is tested on is learnt from, however often it occurs.
        order = torch.randperm(len(self.bases), generator=self.generator)
        cut = int(HELD_OUT * len(order))
        self.learnt_from = self.draw(order[cut:], params.examples, params)      # (2, n, L)
        self.test = self.draw(order[:cut], TESTED, params)                      # (2, 800, L)
        self.long, self.planted = self.made_sequence(order[:cut])

        # The three models.
        w = min(params.width, L, W + 3)
        normal = torch.empty(w, 4).normal_(0, 0.05, generator=self.generator)
        self.w, self.w_bias = normal.to(self.device), torch.zeros(1, device=self.device)
        self.v, self.v_bias = torch.zeros(L, 4, device=self.device), torch.zeros(1, device=self.device)
        self.k = min(params.k, L - 3)
        T = L - self.k + 1
        config = BertConfig(4**self.k + 1, T, layers=1, heads=2, width=32, inner=64, segments=1)
        self.bert = Bert(config, self.generator).to(self.device)
        with torch.no_grad():  # BERT's own start, N(0, 0.02²), is made for wider models
            for weight in self.bert.parameters():
                weight.mul_(6 if weight.dim() == 2 else 1)
        self.out = torch.zeros(config.width + 1, device=self.device, requires_grad=True)
        self.linear = torch.optim.Adam([self.w, self.w_bias, self.v, self.v_bias])
        self.optimizer = torch.optim.Adam([*self.bert.parameters(), self.out], fused=True)

        # What the sites are, and by how much each base speaks for one.
        self.pad = 0 if w == L else 3
        if params.shuffle:
            shares[~self.fixed] = shares[~self.fixed].mean(0)
        kept = params.decoys != "random"
        other = torch.full((W, 4), 0.25)
        other[self.fixed & kept] = shares[self.fixed & kept]
        if params.decoys == "shuffled sites":
            other[~self.fixed] = shares[~self.fixed].mean(0)
        space = (0, 0, self.pad, self.pad)
        pad = torch.nn.functional.pad
        self.logo = pad(shares * information(shares)[:, None], space)           # (C, 4)
        log_odds = ((shares + 1e-3) / (other + 1e-3)).log()                     # (W, 4)
        self.log_odds = pad(log_odds - log_odds.mean(1, keepdim=True), space).to(self.device)
        self.best = self.best_auc(params)

    # --- data

    def shares(self, bases: Tensor, counts: Tensor) -> Tensor:
        """The share of each base in each column, (W, 4)."""
        return (one_hot(bases, 4) * counts[:, None, None]).sum(0) / counts.sum()

    def sites(self, rows: Tensor, n: int) -> Tensor:
        """``n`` of the stretches ``rows``, each drawn as often as it occurs: (n, W)."""
        drawn = torch.multinomial(self.counts[rows], n, replacement=True, generator=self.generator)
        return self.bases[rows[drawn]]

    def shuffled(self, x: Tensor) -> Tensor:
        """The same bases in another order, all but those that every site has: (n, W)."""
        x, free = x.clone(), ~self.fixed
        order = torch.rand(x[:, free].shape, generator=self.generator).argsort(1)
        x[:, free] = x[:, free].gather(1, order)
        return x

    def random(self, n: int, length: int) -> Tensor:
        return torch.randint(4, (n, length), generator=self.generator)

    def draw(self, rows: Tensor, n: int, params: Params) -> Tensor:
        """``n`` sites and ``n`` decoys, each at its place among random bases: (2, n, L)."""
        sites, decoys = self.sites(rows, n), self.sites(rows, n)
        if params.shuffle:
            sites = self.shuffled(sites)
        if params.decoys == "shuffled sites":
            decoys = self.shuffled(decoys)
        elif params.decoys == "random":
            decoys = self.random(*decoys.shape)
        else:
            decoys[:, ~self.fixed] = self.random(*decoys[:, ~self.fixed].shape)
        W = sites.shape[1]
        around = self.random(2 * n, W + self.room)                              # (2n, L)
        begin = torch.randint(self.room + 1, (2 * n, 1), generator=self.generator)
        placed = around.scatter(1, begin + torch.arange(W), torch.cat([sites, decoys]))
        return placed.view(2, n, W + self.room).to(self.device)

    def made_sequence(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Random bases with sites of the test part in them, and where those begin."""
        W = self.bases.shape[1]
        long, each = self.random(1, SCANNED)[0], SCANNED // PLANTED
        begin = torch.arange(PLANTED) * each + torch.randint(each - W, (PLANTED,), generator=self.generator)
        for at, site in zip(begin.tolist(), self.sites(rows, PLANTED), strict=True):
            long[at : at + W] = site
        return long, begin

    def kmers(self, x: Tensor) -> Tensor:
        """The number of the k-mer that begins at each place: (N, L) → (N, T)."""
        T = x.shape[1] - self.k + 1
        return torch.stack([x[:, i : i + T] * 4 ** (self.k - 1 - i) for i in range(self.k)]).sum(0)

    # --- the three scores: above zero, a stretch is taken for a site

    def windows(self, x: Tensor) -> Tensor:
        """One-hot windows side by side: (N, L) → (N, P, w, 4)."""
        return one_hot(x, 4).float().unfold(1, len(self.w), 1).transpose(2, 3)

    def filter(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The filter's answer to the window that it likes best, (N,), and which that is."""
        answers = (self.windows(x) * self.w).sum((2, 3))                        # (N, P)
        best, where = answers.max(1)                                            # max-pooling
        return best + self.w_bias, where

    def regression(self, x: Tensor) -> Tensor:
        return (one_hot(x, 4) * self.v).sum((1, 2)) + self.v_bias               # (N,)

    def transformer(self, hidden: Tensor) -> Tensor:
        """From the vectors of all k-mers, (N, T, C), their mean, and from that a score: (N,)."""
        return hidden.mean(1) @ self.out[:-1] + self.out[-1]

    def scores(self, x: Tensor) -> Tensor:
        """Of all three models: (3, N)."""
        return torch.stack([self.filter(x)[0], self.regression(x),
                            self.transformer(self.bert(self.kmers(x)))])

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of each model on the same sites and decoys."""
        n = self.learnt_from.shape[1]
        rows = torch.randint(n, (2, BATCH), generator=self.generator).to(self.device)
        x = torch.cat([self.learnt_from[0, rows[0]], self.learnt_from[1, rows[1]]])  # (2B, L)
        y = torch.arange(2 * BATCH, device=self.device) < BATCH
        y = y.float()                                                           # (2B,) 1 for sites

        # Cross-entropy's slope is (probability − truth); it goes back to the bases that were read …
        score = self.regression(x)                                              # (2B,)
        error = (score.sigmoid() - y) / len(y)                                  # ∂L/∂score
        self.v.grad, self.v_bias.grad = (one_hot(x, 4) * error[:, None, None]).sum(0), error.sum()[None]
        # … and in the filter to those of the chosen window alone.
        best, where = self.filter(x)
        error = (best.sigmoid() - y) / len(y)
        chosen = self.windows(x)[torch.arange(len(x)), where]                   # (2B, w, 4)
        self.w.grad, self.w_bias.grad = (chosen * error[:, None, None]).sum(0), error.sum()[None]
        self.linear.param_groups[0]["lr"] = LINEAR * params.learning_rate
        self.linear.step()

        # The Transformer tells sites and fills in masked k-mers, of sites and of random bases.
        rows = torch.randint(n, (BATCH // 2,), generator=self.generator).to(self.device)
        random = self.random(3 * BATCH // 2, x.shape[1]).to(self.device)
        target = self.kmers(torch.cat([self.learnt_from[0, rows], random]))     # (2B, T)
        T = target.shape[1]
        span = torch.randint(1, T - 1, (2 * BATCH,), generator=self.generator)
        begin = 1 + (torch.rand(2 * BATCH, generator=self.generator) * (T - 1 - span)).long()
        given, masked = self.mask(target, begin, span)
        hidden = self.bert(torch.cat([self.kmers(x), given]))                   # (4B, T, C)
        loss = logistic_loss(self.transformer(hidden[: len(x)]), y)
        fill_loss = cross_entropy(self.bert.read_out(hidden[len(x) :][masked]), target[masked])
        self.optimizer.zero_grad()
        (loss + fill_loss).backward()
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": float(logistic_loss(best, y)), "logistic_loss": float(logistic_loss(score, y)),
                "transformer_loss": float(loss.detach()), "fill_loss": float(fill_loss.detach())}

    def mask(self, kmers: Tensor, begin: Tensor, span: Tensor) -> tuple[Tensor, Tensor]:
        """Put the mask in the place of ``span`` neighbouring k-mers: what is given, and where."""
        at = torch.arange(kmers.shape[1])
        masked = ((at >= begin[:, None]) & (at < (begin + span)[:, None])).to(kmers.device)
        return kmers.masked_fill(masked, 4**self.k), masked

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The test part, and how well masked k-mers are filled in."""
        sites, decoys = self.scores(self.test[0]).cpu(), self.scores(self.test[1]).cpu()  # (3, 800)
        self.aucs = torch.stack([auc(*pair) for pair in zip(sites, decoys, strict=True)])
        self.accuracies = ((sites > 0).float().mean(1) + (decoys <= 0).float().mean(1)) / 2
        self.tpr = np.stack([roc(*pair) for pair in zip(sites, decoys, strict=True)])   # (3, R)
        draw = torch.Generator().manual_seed(params.seed)
        random = torch.randint(4, (FILLED, self.test.shape[2]), generator=draw).to(self.device)
        self.filled = torch.stack([self.fill(self.test[0, :FILLED]), self.fill(random)])  # (2, S)
        names = ("", "logistic_", "transformer_")
        found = {f"{name}auc": float(one) for name, one in zip(names, self.aucs, strict=True)}
        found |= {f"{name}accuracy": float(one) for name, one in zip(names, self.accuracies, strict=True)}
        return found | {"agreement": self.aligned()[1]}

    def fill(self, x: Tensor) -> Tensor:
        """Share of the masked k-mers that are filled in rightly where 1 … S neighbours are masked: (S,)."""
        target = self.kmers(x)                                                  # (N, T)
        N, T = target.shape
        shares = []
        for span in range(1, min(LONGEST_SPAN, T - 2) + 1):
            begin = 1 + torch.arange(N) % (T - 1 - span)
            given, masked = self.mask(target, begin, torch.full((N,), span))
            guess = self.bert.read_out(self.bert(given)[masked]).argmax(1)
            shares.append((guess == target[masked]).float().mean())
        return torch.stack(shares).cpu()

    def fill_theory(self, spans: int) -> Tensor:
        """In random bases: a base that no neighbour shows is right once in four times, (S,)."""
        k, shares = self.k, []
        for span in range(1, spans + 1):
            hidden = range(k - 1, span)  # of the bases from the first masked k-mer on
            each = [sum(one <= at < one + k for at in hidden) for one in range(span)]
            shares.append(float(np.mean(0.25 ** np.array(each))))
        return torch.tensor(shares)

    def best_auc(self, params: Params) -> float:
        """AUC of the log-odds that made sites were drawn with; nobody can do better."""
        truth = torch.tensor(self.data.aligned.truth).float()                   # (W, 4) or empty
        if not len(truth) or params.shuffle or params.room or params.decoys == "shuffled sites":
            return 0.0
        other = torch.full_like(truth, 0.25)
        if params.decoys != "random":
            other[self.fixed] = truth[self.fixed]
        odds = ((truth + 1e-9) / (other + 1e-9)).log()
        sites, decoys = ((one_hot(one.cpu(), 4) * odds).sum((1, 2)) for one in self.test)
        return float(auc(sites, decoys))

    # --- looking

    def aligned(self) -> tuple[int, float]:
        """Where among the sites' columns the filter fits best, and its correlation with their log-odds."""
        w = self.w - self.w.mean(1, keepdim=True)                               # (w, 4)
        parts = self.log_odds.unfold(0, len(w), 1).transpose(1, 2)              # (places, w, 4)
        begin = int((parts * w).sum((1, 2)).argmax())
        size = float(w.norm() * parts[begin].norm())
        return begin, max(-1.0, min(1.0, float((parts[begin] * w).sum()) / size)) if size else 0.0

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """Filter and sites, one site with its mutations, one sequence scanned."""
        begin, agreement = self.aligned()
        C, w, boundary = len(self.logo), len(self.w), self.data.aligned.boundary
        shares = self.w.softmax(1).cpu()                                        # (w, 4), sums to 1
        logo = torch.zeros(C, 4)
        logo[begin : begin + w] = shares * information(shares)[:, None]
        places = np.arange(C) - self.pad - boundary
        labels = [f"+{at + 1}" if at >= 0 else f"−{-at}" for at in places.tolist()] if boundary \
            else [str(at + 1) for at in places.tolist()]

        original = self.test[0, params.example % EXAMPLES]                      # (L,)
        site = original.clone()
        if params.mutated[:1] == (params.example,):
            pairs = zip(params.mutated[1::2], params.mutated[2::2], strict=False)
            for at, base in pairs:
                if isinstance(at, int) and isinstance(base, int) and 0 <= at < len(site) and 0 <= base < 4:
                    site[at] = base
        L = len(site)
        mutants = site.repeat(4 * L, 1)                                         # (4L, L)
        mutants[torch.arange(4 * L), torch.arange(4 * L) % L] = \
            torch.arange(4, device=self.device).repeat_interleave(L)
        scores = self.scores(torch.cat([site[None], original[None], mutants]))  # (3, 2 + 4L)
        judged = scores[MODELS.index(params.judge)]

        typed = "".join(params.sequence.upper().replace("T", "U").split())
        own = [BASES.index(one) for one in typed if one in BASES]
        usable = len(own) >= w
        long = torch.tensor(own[:LONGEST_SCAN]) if usable else self.long
        scan = ((self.windows(long[None].to(self.device)) * self.w).sum((2, 3)) + self.w_bias)[0].cpu()
        planted = (self.planted + begin - self.pad).clamp(0, len(scan) - 1) if not usable \
            else torch.zeros(0, dtype=torch.long)
        alarms = scan > 0
        return Frame(
            title=self.data.title, distinct=len(self.bases),
            filter_logo=array(logo), data_logo=array(self.logo), labels=tuple(labels),
            boundary=boundary + self.pad if boundary else 0, begin=begin, width=w, agreement=agreement,
            fpr=FPR, tpr=self.tpr.copy(), aucs=array(self.aucs), accuracies=array(self.accuracies),
            best=self.best, filled=array(self.filled),
            fill_theory=array(self.fill_theory(self.filled.shape[1])), k=self.k,
            site=spelt(site), original=spelt(original),
            effects=array((judged[2:] - judged[0]).view(4, L)),
            odds=array(scores[:, 0].sigmoid()), odds_before=array(scores[:, 1].sigmoid()),
            scanned=spelt(long), scores=array(scan), planted=array(planted).astype(np.int32),
            found=int(alarms[planted].sum()),
            false_alarms=int(alarms.sum()) - int(alarms[planted.unique()].sum()),
            ignored=len(typed) - len(own))


def information(shares: Tensor) -> Tensor:
    """Bits that a column tells: two less its entropy. (…, 4) → (…,)."""
    return 2 + (shares * shares.clamp(min=1e-12).log2()).sum(-1)


def auc(sites: Tensor, decoys: Tensor) -> Tensor:
    """How often a site scores above a decoy; a tie counts half."""
    ordered = decoys.sort().values
    below = torch.searchsorted(ordered, sites) + torch.searchsorted(ordered, sites, right=True)
    return below.float().mean() / (2 * len(decoys))


def roc(sites: Tensor, decoys: Tensor) -> NDArray[np.float32]:
    """The share of sites above a threshold, for the ``FPR`` of the decoys that are, (R,).

    From one threshold to the next the curve is straight: of scores that tie as many sites come first as
    decoys.
    """
    at = torch.cat([sites, decoys]).unique().flip(0)                            # the highest first
    found, wrong = (np.append(0, 1 - torch.searchsorted(one.sort().values, at) / len(one))
                    for one in (sites, decoys))
    curve: NDArray[np.float32] = np.interp(FPR, wrong, found).astype(np.float32)
    return curve


def spelt(bases: Tensor) -> str:
    return "".join(BASES[one] for one in bases.tolist())

"""A neural probabilistic language model learns beside n-grams that count the same text.

Bengio, Ducharme, Vincent, Jauvin 2003, "A neural probabilistic language model", section 2. Each word w has
a vector C(w), learnt with the rest. The vectors of the n − 1 words before, one behind the other, are x, and

    y = b + W x + U tanh(d + H x)        (equation 1; W is 0 without direct connections)
    P(w | the n − 1 words before) = exp(y_w) / Σ_v exp(y_v)

The n-grams, and how they treat what was never read, are in ``visualizers/models/ngrams.py``. Both are asked
for the same held-out lines and over the same vocabulary, so their perplexities can be compared.

Four networks train at once, each on its own amount of the text: one dimension more in every tensor.

Shapes: A = 4 amounts, V words that can come next, V + 1 that can stand before (also "nothing": a line has
begun), c = n − 1 words before, m numbers a vector, h hidden units, B words of a batch, T held-out words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from visualizers.l1_basics.neural_lm.panel import (
    AMOUNTS,
    HELD,
    MAPPED,
    MIXED,
    NEAR,
    NEXT,
    READ,
    SHARES,
    Frame,
    Params,
)
from visualizers.models.ngrams import (
    BEGIN,
    UNKNOWN,
    Floats,
    Ints,
    Model,
    Smoothing,
    made_ready,
    perplexity,
)
from visualizers.models.ngrams import N as LONGEST
from visualizers.models.word2vec import principal_plane
from visualizers.panel import Context

BY = Smoothing(k=0.01, share=0.7, discount=0.75)
LOGITS = 2_400_000  # of a measurement, for each network
SAMPLE = 600        # words read of which the perplexity is taken
TURNED = 4          # steps between two turns of the map's axes


class Network:
    """A networks of one shape, side by side."""

    def __init__(self, V: int, c: int, params: Params, generator: torch.Generator, device: str) -> None:
        A, m, h = len(AMOUNTS), params.dimension, params.hidden_units

        def drawn(*shape: int, scale: float) -> Tensor:
            """The same beginning for all A networks."""
            one = scale * torch.randn(shape, generator=generator)
            return one.expand(A, *shape).clone().to(device).requires_grad_()

        self.C = drawn(V + 1, m, scale=0.1)                        # (A, V + 1, m)
        self.H = drawn(c * m, h, scale=(c * m) ** -0.5)            # (A, c·m, h)
        self.d = drawn(1, h, scale=0.0)                            # (A, 1, h)
        self.U = drawn(h, V, scale=0.0)                            # (A, h, V): at first all words are alike
        self.b = drawn(1, V, scale=0.0)                            # (A, 1, V)
        self.W = drawn(c * m, V, scale=0.0) if params.direct else None  # (A, c·m, V)
        self.weights = [one for one in (self.C, self.H, self.d, self.U, self.b, self.W) if one is not None]

    def __call__(self, before: Tensor) -> Tensor:
        """y (A, B, V) from the words before, (A, B, c)."""
        A, B, _ = before.shape
        network = torch.arange(A, device=before.device)[:, None, None]
        x = self.C[network, before].view(A, B, -1)                 # (A, B, c·m)
        y = self.b + torch.tanh(self.d + x @ self.H) @ self.U      # (A, B, V)
        return y if self.W is None else y + x @ self.W


class NeuralLM:
    """Four networks and the counts, on the same text."""

    shared: ClassVar[tuple[str, ...]] = ("reading", "models", "language", "text", "held", "length", "device")
    remembered: ClassVar[tuple[str, ...]] = ("points",)
    measure_reads: ClassVar[tuple[str, ...]] = ("amount", "method", "share")

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.generator = context.device, context.generator
        text = context.text(params.corpus)
        self.reading = reading = made_ready(
            text.text, text.language, "words", 1, (9 + params.seed) % 10, context.progress)
        n, V, lines = params.n, reading.vocabulary, len(reading.lines)
        ends = [int(reading.ends[max(0, round(lines * share) - 1)]) for share in SHARES]
        self.models = tuple(Model([one[:end] for one in reading.grams[:n]], reading.base, V) for end in ends)
        # Of the made language all sentences are known and equally likely, so counting them is knowing it.
        self.language = Model([np.concatenate([a, b]) for a, b in zip(
            reading.grams[:n], reading.held_grams[:n], strict=True)], reading.base, V) \
            if text.id.startswith("made-sentences") else None
        self.words = np.array(ends, np.int32)                                  # (A,)
        self.length = torch.tensor(ends)[:, None]                              # (A, 1)
        self.text = self.digits(reading.grams[n - 1], n)                       # (words, n)
        asked = max(1000, min(4000, LOGITS // V))
        self.held = reading.held_grams[n - 1][:asked]                          # (T,)
        self.network = Network(V, n - 1, params, self.generator, self.device)
        self.optimizer = torch.optim.Adam(self.network.weights, lr=params.learning_rate)
        self.measure_every = 8 if V < 500 else 16
        self.plane = [principal_plane(normalize(one)) for one in self.network.C.detach()]  # A × (m, 2)
        self.steps = 0
        self.counted: dict[str, Floats] = {}
        self.measure(params)

    def digits(self, grams: Ints, n: int) -> Tensor:
        """(…, n) the words of n-grams, each of which is one whole number."""
        places = self.reading.base ** np.arange(n - 1, -1, -1)
        return torch.from_numpy(grams[:, None] // places % self.reading.base)

    # --- learning

    def step(self, params: Params) -> Mapping[str, float]:
        """Predict B words of each amount of text, and follow the gradient of −log P of the true ones."""
        drawn = torch.rand(len(AMOUNTS), params.batch, generator=self.generator)
        words = self.text[(drawn * self.length).long()].to(self.device)       # (A, B, n)
        y = self.network(words[..., :-1])                                      # (A, B, V)
        right = words[..., -1] - 1                                             # (A, B): without BEGIN
        loss = cross_entropy(y.flatten(0, 1), right.flatten()) * len(AMOUNTS)  # a sum over the networks
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if params.weight_decay > 1e-3:
            with torch.no_grad():
                for one in self.network.weights:
                    one.mul_(1 - params.learning_rate * params.weight_decay)
        self.steps += 1
        if self.steps % TURNED == 0:  # the map's axes follow, turned as little as can be
            shown = self.mapped()
            self.plane = [principal_plane(normalize(one[shown]), before)
                          for one, before in zip(self.network.C.detach(), self.plane, strict=True)]
        return {"loss": loss.item() / len(AMOUNTS)}

    # --- asking

    @torch.no_grad()
    def odds(self, grams: Tensor) -> Tensor:
        """(A, T) the probability of the last word of each n-gram (A, T, n), by each network."""
        y = self.network(grams[..., :-1].to(self.device))                      # (A, T, V)
        right = grams[..., -1:].to(self.device) - 1                            # (A, T, 1)
        return (y.gather(2, right)[..., 0] - y.logsumexp(2)).exp()

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Perplexities of all on the held-out lines, and of the networks on what they read last."""
        n, A = params.n, len(AMOUNTS)
        held = self.digits(self.held, n)                                       # (T, n)
        self.by_network = self.odds(held.expand(A, -1, -1)).double().cpu().numpy()   # (A, T)
        self.by_counts = self.counts(params)                                   # (A, T)
        both = params.share * self.by_network + (1 - params.share) * self.by_counts
        lately = (self.length - 1 - torch.arange(SAMPLE)).clamp(min=0)         # (A, SAMPLE)
        read = self.odds(self.text[lately]).double().cpu().numpy()             # (A, SAMPLE)
        self.perplexities = np.array([[perplexity(one) for one in of] for of in (
            self.by_network, read, self.by_counts, both)])                     # (4, A)
        found = {name: float(one) for names, row in zip((HELD, READ, MIXED), self.perplexities[[0, 1, 3]],
                                                        strict=True)
                 for name, one in zip(names, row, strict=True)}
        return {"network": found[HELD[AMOUNTS.index(params.amount)]], **found}

    def counts(self, params: Params) -> Floats:
        """(A, T) what the n-grams of each amount give the held-out words; asked once for each method."""
        if params.method not in self.counted:
            self.counted = {**self.counted, params.method: np.stack([
                one.every(params.method, params.n, self.held, BY)[-1] for one in self.models])}
        return self.counted[params.method]

    def floor(self, n: int) -> float:
        """The perplexity of whoever knows the language, from n − 1 words; 0 where nobody does."""
        if self.language is None:
            return 0.0
        counts = self.language.plain[n - 1]
        total, _, _ = counts.after(self.held // self.reading.base)
        return perplexity(counts.of(self.held) / total)

    def longest(self, at: int, n: int) -> Ints:
        """(T,) how many words the longest n-gram has that ends at each held-out word and was read; a
        word that was never read counts as 1."""
        found = np.ones(len(self.held), np.int64)
        for m in range(2, n + 1):
            found[self.models[at].plain[m - 1].of(self.held % self.reading.base**m) > 0] = m
        return found

    def following(self, params: Params, at: int) -> dict[str, object]:
        """What may come after the context, by the counts, the network, and the language itself."""
        reading, n, model = self.reading, params.n, self.models[at]
        given = reading.numbers(reading.cut(params.context))
        h = [*[BEGIN] * (LONGEST - 1), *given][-(n - 1):]                      # the last n − 1 words
        y = self.network(torch.tensor(h, device=self.device).expand(len(AMOUNTS), 1, -1))[at, 0]  # (V,)
        rows = [model.next_odds(params.method, h, BY), y.softmax(0).double().cpu().numpy()]
        if self.language is not None:
            seen = self.language.plain[n - 1].row(reading.key(h))[1:]          # (V,)
            if seen.any():
                rows.append(seen / seen.sum())
        odds = np.stack(rows)                                                  # (R, V)
        ranked = np.argsort(-odds[:2], 1, kind="stable")[:, :NEXT].T           # (NEXT, 2): in turns
        best = sorted(list(dict.fromkeys(ranked.ravel().tolist()))[:NEXT], key=lambda w: -odds[:2, w].sum())
        often = int(model.plain[n - 1].row(reading.key(h)).sum())
        return {"context": tuple(reading.names[one] or "⇥" for one in h), "often": often,
                "next": tuple(reading.names[one + 1] for one in best),
                "odds": odds[:, best].astype(np.float32)}

    def mapped(self) -> Tensor:
        """(W,) the words of the map: the most frequent ones."""
        return torch.arange(UNKNOWN + 1, min(self.reading.base, UNKNOWN + 1 + MAPPED), device=self.device)

    def map(self, params: Params, at: int) -> dict[str, object]:
        """Where the words are, and which are nearest to the chosen one in all m dimensions."""
        shown = self.mapped().tolist() or [UNKNOWN]
        names = [self.reading.names[one] for one in shown]
        unit = normalize(self.network.C[at][shown])                            # (W, m)
        points = (unit - unit.mean(0)) @ self.plane[at]                        # (W, 2)
        asked = params.word.strip().lower()
        chosen = names.index(asked) if asked in names else len(names) // 3
        cosine = unit @ unit[chosen]                                           # (W,)
        best = [one for one in cosine.argsort(descending=True, stable=True).tolist() if one != chosen][:NEAR]
        return {"points": points.cpu().numpy(), "labels": tuple(names),
                "closeness": (cosine.clamp(0, 1) * 255).byte().cpu().numpy(), "word": names[chosen],
                "word_at": chosen, "asked": "" if asked in ("", names[chosen]) else params.word.strip(),
                "near": tuple(names[one] for one in best), "near_at": np.array(best, np.int32),
                "cosines": cosine[best].cpu().numpy()}

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        at, n = AMOUNTS.index(params.amount), params.n
        held_out, training, counts, mixed = self.perplexities.astype(np.float32)
        longest = self.longest(at, n)                                          # (T,)
        by = [[perplexity(odds[at, longest == m]) if (longest == m).any() else np.nan
               for m in range(1, n + 1)] for odds in (self.by_network, self.by_counts)]
        part = [(longest == m).mean() for m in range(1, n + 1)]
        seen: dict[str, object] = {**self.following(params, at), **self.map(params, at)}
        return Frame(
            words=self.words.copy(), held_out=held_out, training=training, counts=counts, mixed=mixed,
            floor=self.floor(n), weights=sum(one[0].numel() for one in self.network.weights),
            grams=sum(len(one.keys) for one in self.models[at].plain), vocabulary=self.reading.vocabulary,
            by_network=np.array(by[0], np.float32), by_counts=np.array(by[1], np.float32),
            part=np.array(part, np.float32), **seen)  # type: ignore[arg-type]

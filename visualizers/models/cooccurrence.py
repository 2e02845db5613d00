"""Word vectors from the counts of who stands with whom: by training, and without.

Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization": skip-gram with negative
sampling (Mikolov et al. 2013) factorises the matrix of pointwise mutual information, so that of a batch,
or of a whole text, nothing matters but its counts.
"""

from __future__ import annotations

import torch
from torch import Tensor

NEGATIVES = 3  # random words against each true neighbour


def skip_gram(inputs: Tensor, outputs: Tensor, counts: Tensor) -> tuple[float, Tensor, Tensor]:
    """Skip-gram with k negatives from counts: Σ_wc [#(w,c) log σ(w·c) + k #(w) p(c) log σ(−w·c)]; the
    loss of a pair, and the gradients of the sum for both kinds of vectors."""
    of = counts.sum(0)                                                          # (V,)
    noise = of.pow(0.75) / of.pow(0.75).sum()                                   # (V,) negatives
    against = NEGATIVES * of[:, None] * noise                                   # (V, V)
    logits = inputs @ outputs.T                                                 # (V, V)
    said = counts * torch.nn.functional.logsigmoid(logits) \
        + against * torch.nn.functional.logsigmoid(-logits)
    error = counts * torch.sigmoid(-logits) - against * torch.sigmoid(logits)   # (V, V)
    return float(-said.sum() / of.sum()), error @ outputs, error.T @ inputs


class SkipGram:
    """Two vectors for each of V words, which learn from counts.

    Each row has one rate, which sinks with the squares of all gradients that it has had (Adagrad: Duchi,
    Hazan and Singer 2011).

    Attributes:
        inputs, outputs: (V, d) each.
        input_sums, output_sums: (V, 1) the sums of the mean squares of their gradients.
    """

    def __init__(self, V: int, d: int, generator: torch.Generator, device: str) -> None:
        inputs, outputs = (torch.rand(2, V, d, generator=generator) - 0.5) / d
        self.inputs, self.outputs = inputs.to(device), outputs.to(device)
        self.input_sums, self.output_sums = (torch.full((V, 1), 1e-6, device=device) for _ in range(2))

    @torch.no_grad()
    def step(self, counts: Tensor, rate: float) -> float:
        """Climb along the gradient of all pairs that are counted (V, V), and give the loss of one."""
        loss, pull, push = skip_gram(self.inputs, self.outputs, counts)
        for vectors, sums, gradient in ((self.inputs, self.input_sums, pull),
                                        (self.outputs, self.output_sums, push)):
            sums += gradient.square().mean(1, keepdim=True)                     # (V, 1)
            vectors += rate * gradient / sums.sqrt()
        return loss


def neighbour_counts(ids: Tensor, V: int, window: int) -> Tensor:
    """(V, V) how often word c stands at most ``window`` words from word w.

    Args:
        ids: (N,) the text; V for a word that is not counted, which takes its place all the same.
    """
    counts = torch.zeros((V + 1) * (V + 1))
    for far in range(1, window + 1):
        pairs = ids[:-far] * (V + 1) + ids[far:]                                # (N - far,)
        counts += torch.bincount(pairs, minlength=len(counts))
    table = counts.view(V + 1, V + 1)[:V, :V]
    return table + table.T


def ppmi(counts: Tensor) -> Tensor:
    """(V, V) positive pointwise mutual information: max(0, log p(w,c) / p(w) p(c)), 0 where nothing was
    counted. ``counts`` (V, V) are symmetric."""
    of = counts.sum(1)                                                          # (V,)
    expected = of[:, None] * of / of.sum().clamp(min=1.0)
    return (counts / expected.clamp(min=1e-12)).log().clamp(min=0.0)            # (V, V)


def factors(symmetric: Tensor, d: int) -> Tensor:
    """(V, d) the d largest directions of a symmetric matrix, each times the root of its singular value.

    The singular values of a symmetric matrix are the sizes of its eigenvalues.
    """
    values, directions = torch.linalg.eigh(symmetric)                           # rising
    best = values.abs().argsort(descending=True, stable=True)[:d]
    return torch.as_tensor(directions[:, best] * values[best].abs().sqrt())


def ppmi_svd(counts: Tensor, d: int) -> Tensor:
    """(V, d) vectors of words that are their own contexts, from their PPMI."""
    return factors(ppmi(counts), d)


def unit(vectors: Tensor) -> Tensor:
    """(V, d) each of length 1."""
    return torch.nn.functional.normalize(vectors, dim=1)

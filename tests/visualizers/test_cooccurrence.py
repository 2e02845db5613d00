"""Vectors from counts: skip-gram's gradients against autograd, PPMI against numpy's decomposition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from visualizers.models.associations import pair_counts
from visualizers.models.cooccurrence import ppmi_svd, skip_gram


def test_that_the_gradients_of_skip_gram_equal_autograd() -> None:
    made = torch.Generator().manual_seed(2)
    inputs, outputs = (torch.randn(12, 5, generator=made, dtype=torch.float64) for _ in range(2))
    counts = pair_counts(torch.randint(12, (40, 5), generator=made), 12).double()
    loss, pull, push = skip_gram(inputs, outputs, counts)
    ours = [one.clone().requires_grad_() for one in (inputs, outputs)]
    logits = ours[0] @ ours[1].T
    noise = counts.sum(0) ** 0.75 / (counts.sum(0) ** 0.75).sum()
    total = (counts * torch.sigmoid(logits).log()).sum() \
        + (3 * counts.sum(1)[:, None] * noise * torch.sigmoid(-logits).log()).sum()
    total.backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(float(-total.detach() / counts.sum()))
    for gradient, one in zip((pull, push), ours, strict=True):
        assert one.grad is not None and torch.allclose(gradient, one.grad)


def test_that_counted_vectors_give_back_the_information_they_are_made_of() -> None:
    draw = np.random.default_rng(1)
    joint = draw.random((9, 9)) ** 3
    joint = joint + joint.T
    p = joint / joint.sum()
    pmi = np.maximum(0, np.log(p / np.outer(p.sum(1), p.sum(0))))
    left, sizes, _ = np.linalg.svd(pmi)
    for d in (9, 4):
        theirs = left[:, :d] * np.sqrt(sizes[:d])
        ours = ppmi_svd(torch.from_numpy(joint), d).numpy()
        assert np.allclose(ours @ ours.T, theirs @ theirs.T), "but for the signs of its directions"


def test_that_words_that_never_meet_have_no_vector() -> None:
    counts = torch.zeros(4, 4)
    counts[0, 1] = counts[1, 0] = 3.0
    assert torch.isfinite(ppmi_svd(counts, 2)).all() and (ppmi_svd(counts, 2)[2:] == 0).all()

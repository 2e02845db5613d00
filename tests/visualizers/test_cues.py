"""Texts with cues: the distances, the margins, and that no narrow window betrays the order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from visualizers.data.cues import (
    FILLERS,
    MARGIN,
    WIDEST,
    WORDS,
    Task,
    cue_texts,
    shuffled,
    spelled,
    text_length,
)

TASKS: tuple[Task, ...] = ("which word comes first", "which word occurs")


@pytest.mark.parametrize("longest", [2, 20, 60])
def test_that_the_two_words_stand_as_far_apart_as_is_said_and_keep_the_margin(longest: int) -> None:
    texts = cue_texts("which word comes first", 500, longest, 1)
    rows, places = np.nonzero(texts.x < WORDS)
    assert (np.bincount(rows) == 2).all()
    first, second = places.reshape(-1, 2).T
    assert (second - first == texts.distance).all()
    assert first.min() >= MARGIN and second.max() < text_length(longest) - MARGIN
    assert (texts.x[np.arange(500), first] == texts.y).all()
    assert set(texts.distance) <= set(range(1, longest + 1))


def test_that_the_one_word_stands_as_far_from_the_end_as_is_said() -> None:
    texts = cue_texts("which word occurs", 500, 20, 1)
    rows, places = np.nonzero(texts.x < WORDS)
    assert (rows == np.arange(500)).all()
    assert (texts.x.shape[1] - 1 - places == texts.distance).all()
    assert (texts.x[rows, places] == texts.y).all()


@pytest.mark.parametrize("task", TASKS)
def test_that_distances_and_answers_are_drawn_evenly(task: Task) -> None:
    texts = cue_texts(task, 40_000, 20, 5)
    counts = np.bincount(texts.distance, minlength=21)[1:]
    assert np.abs(counts / 2000 - 1).max() < 0.1
    assert abs(texts.y.mean() - 0.5) < 0.01
    given = np.full(7, 4)
    assert (cue_texts(task, 7, 20, 5, given).distance == 4).all()


@pytest.mark.parametrize("h", [1, 3, WIDEST])
def test_that_beyond_the_window_both_orders_leave_the_same_bag_of_windows(h: int) -> None:
    """Each slot of a window meets each word once in every text, and never both words together."""
    texts = cue_texts("which word comes first", 400, 20, 2)
    far = texts.distance >= h
    windows = np.lib.stride_tricks.sliding_window_view(texts.x[far], h, axis=1)  # (B, P, h)
    assert ((windows < WORDS).sum(2) <= 1).all()
    for word, slot in itertools.product(range(WORDS), range(h)):
        assert ((windows[:, :, slot] == word).sum(1) == 1).all()
    near = np.lib.stride_tricks.sliding_window_view(texts.x[~far], h, axis=1)
    assert (((near < WORDS).sum(2) == 2).any(1)).all()


def test_that_max_pooling_can_tell_pairs_apart_so_that_order_must_be_asked_for() -> None:
    for a, x in itertools.product((0, 1), repeat=2):
        assert (a ^ x) == 2 * max(a, x) - a - x


def test_that_shuffling_keeps_each_text_s_words_and_loses_their_order() -> None:
    texts = cue_texts("which word comes first", 2000, 20, 3)
    mixed = shuffled(texts.x, 4)
    assert (np.sort(mixed) == np.sort(texts.x)).all()
    first = mixed[np.arange(2000), (mixed < WORDS).argmax(1)]
    assert abs((first == texts.y).mean() - 0.5) < 0.05


def test_that_the_same_seed_gives_the_same_texts() -> None:
    one, same, other = (cue_texts("which word occurs", 8, 20, seed) for seed in (1, 1, 2))
    assert (one.x == same.x).all() and not (one.x == other.x).all()


def test_that_every_symbol_has_a_letter_of_its_own() -> None:
    letters = spelled(np.arange(WORDS + FILLERS))
    assert letters[:WORDS] == ("A", "B") and len(set(letters)) == len(letters)

"""The parts of a run that a worker keeps, each alone."""

from __future__ import annotations

import math

import numpy as np

from app.engine.protocol import Change, Pace
from app.engine.run import Beat, Keyframe, Keyframes, News, Speedometer


def test_that_news_are_told_once_and_none_is_lost() -> None:
    news = News()
    news.rows += [{"loss": 3.0}, {"loss": 2.0, "size": 7.0}]
    news.gather({"size": 7.0})
    news.rows.append({"loss": 1.0})
    news.changes.append(change := Change(1, {"learning_rate": 0.1}))
    scalars, first, changes = news.take(3, {"size": 7.0})
    assert scalars["loss"].tolist() == [3.0, 2.0, 1.0] and (first, changes) == (0, (change,))
    assert np.array_equal(scalars["size"], [math.nan, 7.0, math.nan], equal_nan=True)
    assert news.take(3, {}) == ({}, 3, ()) and not news.scalars
    news.rows.append({"loss": 9.0})
    news.begin_at(2)
    assert news.take(2, {}) == ({}, 2, ())


def test_that_frames_keep_time_until_one_is_far_too_late() -> None:
    beat = Beat(Pace(None, 1.0), due=10.0)
    assert beat.after(10.25) == 11.0, "in step with those before"
    assert beat.after(10.75) == 11.75 and beat.after(9.0) == 10.0
    beat = Beat(Pace(5), left=3, due=7.0)
    beat.change(Pace(5))
    assert (beat.left, beat.due) == (3, 7.0), "a stretch that has begun goes on"
    beat.change(Pace(2))
    assert (beat.pace, beat.left, beat.due) == (Pace(2), 0, 0.0)


def test_that_the_speed_is_known_soon_and_renewed_four_times_a_second() -> None:
    speed = Speedometer()
    assert speed.read() == 0
    speed.trained(10, 0.125)
    assert speed.read() == 80
    speed.trained(10, 0.25)
    assert speed.read() == 20 / 0.375
    speed.trained(1, 0.125)
    assert speed.read() == 20 / 0.375, "too little to tell by"


def test_that_a_copy_fits_beside_the_first_or_in_its_place() -> None:
    frames = Keyframes.within(100)
    assert frames.fits(100, 0) and not frames.fits(101, 0)
    frames.kept.add(0, Keyframe(None, None), 60)
    assert frames.fits(40, 5) and not frames.fits(41, 5) and frames.fits(100, 0)

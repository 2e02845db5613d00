"""Numbers are written once: true, short, and never broken from their units."""

from __future__ import annotations

import math
import random

import pytest

from widgets.theme import numbers
from widgets.theme.words import Words

EN = Words()
ZH = Words("zh", {"epoch": "轮", "step/s": "步/秒", "ms": "ms", "hidden neuron": "个隐藏神经元"})
NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (7, "7"), (999, "999"), (1675, "1,675"), (-1675, "−1,675"), (1234567, "1,234,567"),
    (1675.0, "1,675"), (-0.2, "0"), (NAN, "–"), (INF, "∞"), (-INF, "−∞"),
    (10**20, "100,000,000,000,000,000,000"),
])
def test_that_counts_have_commas_between_thousands(value: float, text: str) -> None:
    assert numbers.count(value) == text


@pytest.mark.parametrize(("value", "digits", "text"), [
    (0.0, 3, "0"), (-0.0, 3, "0"), (3.0, 3, "3"), (0.012345, 3, "0.0123"), (-0.5, 3, "−0.5"),
    (1234.0, 3, "1,234"), (1234.4, 3, "1,234"), (12345.0, 3, "12,345"), (2.5e7, 3, "2.5·10⁷"),
    (1e32, 3, "10³²"), (-1e32, 3, "−10³²"), (1e6, 3, "10⁶"), (999_999.0, 3, "10⁶"),
    (999_499.0, 3, "999,499"), (0.9996, 3, "1"), (99.96, 3, "100"), (99.94, 3, "99.9"),
    (0.0001, 3, "0.0001"), (0.00012345, 3, "0.000123"), (0.00009999, 3, "0.0001"),
    (0.0000123, 3, "1.23·10⁻⁵"), (1e-38, 3, "10⁻³⁸"), (1432.6, 2, "1,433"), (12.34, 2, "12"),
    (9.87, 2, "9.9"), (0.5, 1, "0.5"), (0.25, 4, "0.25"), (3.14159, 5, "3.1416"), (5e-324, 3, "4.94·10⁻³²⁴"),
    (NAN, 3, "–"), (INF, 3, "∞"), (-INF, 3, "−∞"),
])
def test_that_decimals_keep_significant_digits(value: float, digits: int, text: str) -> None:
    assert numbers.decimal(value, digits) == text


@pytest.mark.parametrize(("value", "places", "text"), [
    (0.5, 2, "0.50"), (-0.5, 2, "−0.50"), (-0.001, 2, "0.00"), (1234.5, 1, "1,234.5"), (2.0, 0, "2"),
    (-0.4, 0, "0"), (0.676, 3, "0.676"), (NAN, 2, "–"), (-INF, 2, "−∞"),
])
def test_that_fixed_places_line_up(value: float, places: int, text: str) -> None:
    assert numbers.fixed(value, places) == text


@pytest.mark.parametrize(("value", "text"), [
    (0.31, "+0.31"), (-0.31, "−0.31"), (0.0, "0.00"), (0.001, "0.00"), (-0.001, "0.00"), (INF, "+∞"),
    (NAN, "–"),
])
def test_that_signed_numbers_show_their_sign(value: float, text: str) -> None:
    assert numbers.signed(value) == text


@pytest.mark.parametrize(("share", "digits", "text"), [
    (0.0, 0, "0 %"), (1.0, 0, "100 %"), (0.5, 0, "50 %"), (0.6149, 0, "61 %"), (0.6149, 1, "61.5 %"),
    (0.996, 0, "99.6 %"), (0.9951, 0, "99.5 %"), (0.9949, 0, "99 %"), (0.9996, 0, "> 99.9 %"),
    (0.9996, 1, "99.96 %"), (0.99999, 1, "> 99.99 %"), (1 - 1e-12, 0, "> 99.9 %"),
    (0.004, 0, "0.4 %"), (0.0004, 0, "< 0.1 %"), (0.0004, 1, "0.04 %"), (1e-12, 0, "< 0.1 %"),
    (0.005, 0, "0.5 %"), (-0.12, 0, "−12 %"), (-0.004, 0, "−0.4 %"), (-1e-9, 0, "> −0.1 %"),
    (-0.9996, 0, "< −99.9 %"), (-1.0, 0, "−100 %"), (-0.0, 0, "0 %"), (1.004, 0, "100 %"), (2.5, 0, "250 %"),
    (12.345, 0, "1,234 %"), (NAN, 0, "–"), (INF, 0, "∞"),
])
def test_that_percents_are_never_rounded_to_all_or_nothing(
    share: float, digits: int, text: str
) -> None:
    assert numbers.percent(share, digits) == text.replace(" ", "\u00a0")


def test_that_no_share_between_them_is_written_like_none_or_all() -> None:
    rng = random.Random(0)
    for _ in range(3_000):
        near = 10 ** rng.uniform(-15, -0.01)
        for share in (near, 1 - near, -near):
            if share in (0.0, 1.0):
                continue
            for digits in range(4):
                text = numbers.percent(share, digits)
                said = float(text.strip("<> \u00a0%").replace("−", "-").replace(",", ""))
                assert abs(said) not in (0.0, 100.0), (share, digits, text)
                assert abs(said / 100 - share) <= 10.0 ** -(digits + 2) + 1e-9, (share, text)
                if "<" in text:
                    assert share < said / 100
                if ">" in text:
                    assert share > said / 100


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (9999, "9,999"), (12_345, "12.3 k"), (999_950, "1 M"), (1_234_567, "1.23 M"), (86e6, "86 M"),
    (1.35e8, "135 M"), (4e9, "4 G"), (-2e6, "−2 M"), (NAN, "–"), (INF, "∞"),
])
def test_that_large_numbers_can_be_written_in_few_digits(value: float, text: str) -> None:
    assert numbers.compact(value) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize(("value", "text"), [
    (0, "0 B"), (512, "512 B"), (4210, "4.21 kB"), (999_999, "1 MB"), (92_900_000, "92.9 MB"),
    (1.2e9, "1.2 GB"), (314_159_265, "314 MB"),
])
def test_that_sizes_have_the_unit_that_fits(value: float, text: str) -> None:
    assert numbers.size(value) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0.00"), (0.004, "0.004"), (-0.0012, "−0.001"), (0.31, "0.31"), (NAN, "–"), (INF, "∞"),
])
def test_that_what_is_not_zero_does_not_read_as_zero(value: float, text: str) -> None:
    assert numbers.not_nothing(value, numbers.fixed) == text


@pytest.mark.parametrize(("n", "unit", "english", "chinese"), [
    (0, "epoch", "0 epochs", "0 轮"), (1, "epoch", "1 epoch", "1 轮"), (2, "epoch", "2 epochs", "2 轮"),
    (1675, "epoch", "1,675 epochs", "1,675 轮"), (1.0, "epoch", "1 epoch", "1 轮"),
    (-1, "epoch", "−1 epoch", "−1 轮"), (0.5, "epoch", "0.5 epochs", "0.5 轮"),
    (0, "hidden neuron", "0 hidden neurons", "0 个隐藏神经元"), (NAN, "epoch", "– epochs", "– 轮"),
    (12.3, "ms", "12.3 ms", "12.3 ms"), (1, "ms", "1 ms", "1 ms"),
    (1, "step/s", "1 step/s", "1 步/秒"), (1432.6, "step/s", "1,433 steps/s", "1,433 步/秒"),
])
def test_that_quantities_have_a_plural_and_do_not_break(
    n: float, unit: str, english: str, chinese: str
) -> None:
    assert numbers.quantity(n, unit, EN) == english.replace(" ", "\u00a0", 1)
    assert numbers.quantity(n, unit, ZH) == chinese.replace(" ", "\u00a0", 1)


@pytest.mark.parametrize(("one", "many"), [
    ("word", "words"), ("batch", "batches"), ("class", "classes"), ("box", "boxes"), ("city", "cities"),
    ("key", "keys"), ("hidden layer", "hidden layers"), ("bit of a weight", "bits of a weight"),
    ("step/s", "steps/s"), ("letter a second", "letters a second"), ("ms", "ms"), ("×", "×"),
    ("MB/s", "MB/s"),
])
def test_that_units_have_their_plural(one: str, many: str) -> None:
    assert numbers.plural(one) == many


@pytest.mark.parametrize(("typed", "value"), [
    ("1,675", 1675), ("1,234,567.5", 1234567.5), ("0,5", 0.5), ("0,125", 0.125), ("1,5", 1.5),
    ("−3", -3), ("1e-5", 1e-5), ("10⁻⁵", 1e-5), ("2.5·10⁷", 2.5e7), ("−10³", -1000), (" 12 ", 12), ("∞", INF),
])
def test_that_numbers_are_read_as_people_type_them(typed: str, value: float) -> None:
    assert numbers.read(typed) == pytest.approx(value)


@pytest.mark.parametrize("typed", ["", "many", "1.2.3", "10⁻", "1,2,3"])
def test_that_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        numbers.read(typed)


def test_that_what_is_written_can_be_read_and_is_as_true_as_its_digits() -> None:
    rng = random.Random(1)
    for _ in range(3_000):
        value = rng.choice((-1, 1)) * 10 ** rng.uniform(-20, 20)
        for digits in (2, 3, 4):
            text = numbers.decimal(value, digits)
            assert "-" not in text and " " not in text
            assert numbers.read(text) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
            assert len(text) <= 8 + digits
        assert numbers.read(numbers.count(value)) == pytest.approx(value, abs=0.5, rel=1e-12)


@pytest.mark.parametrize(("values", "texts"), [
    ([0, 0.05, 0.1], ["0", "0.05", "0.10"]), ([-1, 0, 1], ["−1", "0", "1"]),
    ([0, 1000, 2000], ["0", "1,000", "2,000"]), ([0.05], ["0.05"]), ([0], ["0"]),
    ([0, 5e-5, 1e-4], ["0", "5·10⁻⁵", "10⁻⁴"]), ([0, 5e5, 1e6, 1.5e6], ["0", "5·10⁵", "10⁶", "1.5·10⁶"]),
    ([1_000_000, 1_000_002], ["10⁶", "1.000002·10⁶"]), ([0.1 + 0.2, 0.4], ["0.3", "0.4"]),
    ([-1e-18, 0.1, 0.2], ["0", "0.1", "0.2"]),
])
def test_that_ticks_have_the_digits_that_tell_them_apart(
    values: list[float], texts: list[str]
) -> None:
    assert numbers.ticks(values) == texts


def test_that_every_tick_says_its_own_place() -> None:
    rng = random.Random(2)
    for _ in range(2000):
        step = rng.choice((1, 2, 5)) * 10.0 ** rng.randint(-12, 12)
        first = rng.randint(-10, 10) if rng.random() < 0.8 else rng.randint(-5000, 5000)
        values = [step * one for one in range(first, first + rng.randint(2, 7))]
        texts = numbers.ticks(values)
        assert len(set(texts)) == len(values)
        for value, text in zip(values, texts, strict=True):
            assert numbers.read(text) == pytest.approx(value, rel=1e-9, abs=step * 1e-6)


@pytest.mark.parametrize(("values", "texts"), [
    ([-12, -6, 0], ["10⁻¹²", "10⁻⁶", "1"]), ([-2, 0, 2], ["10⁻²", "1", "10²"]), ([0, 1], ["1", "10"]),
    ([math.log10(one) for one in (20, 50, 100, 200)], ["20", "50", "100", "200"]),
    ([math.log10(one) for one in (0.98, 1, 1.02)], ["0.98", "1", "1.02"]),
    ([math.log10(one) for one in (0.2, 1, 20)], ["0.2", "1", "20"]),
    ([math.log10(one) for one in (2e-8, 5e-8, 1e-7)], ["2·10⁻⁸", "5·10⁻⁸", "10⁻⁷"]),
])
def test_that_decades_are_powers_and_what_lies_between_them_plain(
    values: list[float], texts: list[str]
) -> None:
    assert numbers.decades(values) == texts

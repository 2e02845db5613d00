"""How numbers are written, once: on axes, in readouts, sentences, controls, tables and tool tips.

    count(1675)                      1,675
    decimal(0.012345)                0.0123        three significant digits
    decimal(2.5e7)                   2.5·10⁷
    fixed(-0.5)                      −0.50         two places, for figures below one another
    signed(0.31)                     +0.31
    percent(0.6149)                  61 %
    percent(0.9996)                  > 99.9 %      what is not all is never called 100 %
    compact(1_234_567)               1.23 M
    size(92_900_000)                 92.9 MB
    times(3.1)                       3.1 ×
    quantity(1, "epoch", words)      1 epoch       0 epochs, 2 epochs; 2轮 in Chinese

The minus is U+2212, thousands have a comma, a value and its unit never break apart (U+00A0). What is
not a number is "–", infinity "∞". Own code rather than Babel: that is 10 MB for two languages which
write digits alike, and it rounds 99.6 % to 100 %.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence

from widgets.theme.words import Words

SPACE = "\u00a0"  # between a value and its unit: no line breaks there
MINUS = "\u2212"
NOTHING = "–"
LARGE, SMALL = 1e6, 1e-4  # from here on, and below, powers of ten are read more easily
SYMBOLS = frozenset({"%", "×", "s", "ms", "min", "h", "B", "kB", "MB", "GB", "px",
                     "yuan"})  # have no plural

Write = Callable[[float], str]  # how a widget is told to write its numbers

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def year(n: float) -> str:
    """A year, which has no thousands: 1945."""
    return str(round(n))


def count(n: float) -> str:
    """A whole number: 1,675."""
    return _odd(n) or _signs(f"{round(n):,}")


def decimal(x: float, digits: int = 3) -> str:
    """``x`` in so many significant digits, without zeros at its end; whole numbers are whole."""
    if (odd := _odd(x)) is not None:
        return odd
    if x == 0:
        return "0"
    rounded = float(f"{x:.{digits - 1}e}")
    if not SMALL <= abs(rounded) < LARGE:
        return _power(rounded, digits - 1)
    if float(x).is_integer() or abs(rounded) >= 10 ** (digits - 1):
        return count(x)
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    return _signs(f"{rounded:,.{places}f}".rstrip("0").rstrip("."))


def fixed(x: float, places: int = 2) -> str:
    """``x`` with so many places after the point, so that figures below one another line up."""
    if (odd := _odd(x)) is not None:
        return odd
    text = f"{x:,.{places}f}"
    return _signs(text if any(sign in "123456789" for sign in text) else text.lstrip("-"))


def signed(x: float, places: int = 2) -> str:
    """As ``fixed``, with its sign: for differences and correlations. Nothing has no sign."""
    text = fixed(x, places)
    return f"+{text}" if x > 0 and any(sign in "123456789∞" for sign in text) else text


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 as percent.

    Nothing below 100 % is written 100 %, nothing above zero 0 %: where the digits that are asked for
    would say so, one more is shown (99.6 %), and where that would too, the bound (> 99.9 %).
    """
    if (odd := _odd(share)) is not None:
        return odd
    size, minus = abs(100 * share), MINUS if share < 0 else ""
    end = next((end for end in (0.0, 100.0)
                if round(size, digits) == end and size != end and size < 100), None)
    if end is None:
        return f"{minus if round(size, digits) else ''}{fixed(size, digits)}{SPACE}%"
    if round(size, digits + 1) != end:
        return f"{minus}{fixed(size, digits + 1)}{SPACE}%"
    least = 10.0 ** -(digits + 1)
    bound, beyond = (least, "<") if end == 0.0 else (100.0 - least, ">")
    if minus:
        beyond = "<" if beyond == ">" else ">"
    return f"{beyond}{SPACE}{minus}{fixed(bound, digits + 1)}{SPACE}%"


def not_nothing(x: float, write: Write) -> str:
    """As ``write`` has it; but what is not zero does not read as zero for want of digits."""
    text = write(x)
    return decimal(x, 1) if x and not any(sign in "123456789" for sign in text) and math.isfinite(x) \
        else text


def scale_end(value: float, span: float) -> str:
    """The end of a scale: what is nothing beside its span is 0."""
    return decimal(0.0 if abs(value) < span * 1e-3 else value)


def compact(n: float) -> str:
    """A large number in three digits: 12.3 k, 1.23 M, 4 G; below ten thousand it is written out."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(n) >= max(size * 0.9995, 9999.5) and not math.isinf(n):
            return f"{decimal(n / size)}{SPACE}{unit}"
    return decimal(n)


def size(bytes_: float) -> str:
    """How much room something takes: 512 B, 4.21 kB, 92.9 MB, 1.2 GB."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if bytes_ >= one * 0.9995:
            return f"{decimal(bytes_ / one)}{SPACE}{unit}"
    return f"{count(bytes_)}{SPACE}B"


def times(factor: float, digits: int = 3) -> str:
    """How many times as much: 3.1 ×."""
    return f"{decimal(factor, digits)}{SPACE}×"


def quantity(n: float, unit: str, words: Words, *, digits: int = 3) -> str:
    """A number of things, or of a unit's worth: 1 epoch, 2 epochs, 0.5 s, 1,433 steps/s.

    ``unit`` is the English singular; ``words`` translates it. A symbol (s, ms, MB) has no plural.
    """
    value = count(n) if math.isfinite(n) and float(n).is_integer() else decimal(n, digits)
    return value + SPACE + unit_of(n, unit, words)


def unit_of(n: float, unit: str, words: Words) -> str:
    """The unit as it stands behind ``n``: in the language of ``words``, one or many."""
    if unit in words.table:
        return words(unit)  # other languages here have one form for one and many
    return unit if abs(n) == 1 else plural(unit)


def plural(unit: str) -> str:
    """Many of an English unit; of "step/s" and "bit of a weight" the steps and the bits are many."""
    found = re.match(r"(.*?)((?:/| a | of | per ).*)?$", unit)
    assert found is not None
    head, rest = found[1], found[2] or ""
    if head in SYMBOLS or not head:
        return unit
    if re.search(r"[^aeiou]y$", head):
        return f"{head[:-1]}ies{rest}"
    return f"{head}{'es' if re.search(r'(s|x|z|(?<!epo)ch|sh)$', head) else 's'}{rest}"


def read(typed: str) -> float:
    """The number that was typed, or written by this module. Raises ``ValueError``.

    A comma before three digits parts the thousands, as they are written here; elsewhere it is the
    decimal point of those who write one.
    """
    text = re.sub(r"\s", "", typed).replace(MINUS, "-").replace("∞", "inf")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    text = text.replace(",", ".")
    if power := re.fullmatch(r"([+-]?)(?:([\d.]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text):
        sign, mantissa, exponent = power.groups()
        text = f"{sign}{mantissa or 1}e{exponent.translate(_LOWERED)}"
    return float(text)


# --- axes ----------------------------------------------------------------------------------------


def ticks(values: Sequence[float]) -> list[str]:
    """The ticks of an axis, with just the digits that tell neighbours apart; all in one manner."""
    ordered = sorted(set(values))
    gaps = [b - a for a, b in itertools.pairwise(ordered)]
    if not gaps:
        return [decimal(value) for value in values]
    step, most = min(gaps), max(abs(ordered[0]), abs(ordered[-1]))
    near = [0.0 if abs(value) < step * 1e-6 else value for value in values]
    if most >= LARGE or most < 10 * SMALL:
        return [_power(value, max(0, _digits(step) + math.floor(math.log10(abs(value)) + 1e-9)))
                if value else "0" for value in near]
    return [fixed(value, max(0, _digits(step))) if value else "0" for value in near]


def decades(exponents: Sequence[float]) -> list[str]:
    """The ticks of a logarithmic axis: plain numbers where none is very large or small."""
    whole = all(abs(one - round(one)) < 1e-6 for one in exponents)
    if not whole and all(-3 < one < 5 for one in exponents):
        values = [10.0**one for one in exponents]
        exact = next(digits for digits in range(3, 17) if digits == 16 or all(
            math.isclose(float(f"{value:.{digits - 1}e}"), value, rel_tol=1e-9) for value in values))
        return [decimal(value, exact) for value in values]
    return [_decade(one) for one in exponents]


def _decade(exponent: float) -> str:
    whole = round(exponent)
    if abs(exponent - whole) > 1e-6:
        value = 10 ** (exponent - math.floor(exponent))
        return f"{decimal(value, 4)}·10{str(math.floor(exponent)).translate(_RAISED)}"
    return ("1", "10")[whole] if whole in (0, 1) else f"10{str(whole).translate(_RAISED)}"


def power_of_two(exponent: int) -> str:
    """2⁻¹⁴."""
    return f"2{str(exponent).translate(_RAISED)}"


def _digits(step: float) -> int:
    """How many places after the point ``step`` needs: 1 of 0.5, −2 of 100."""
    return -math.floor(math.log10(step) + 1e-9)


def _power(value: float, places: int) -> str:
    """``value`` times a power of ten, with at most so many places: 2.5·10⁷, 10⁻⁵."""
    mantissa, _, exponent = f"{value:.{places}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return _signs({"1": power, "-1": f"-{power}"}.get(mantissa, f"{mantissa}·{power}"))


def _signs(text: str) -> str:
    return text.replace("-", MINUS)


def _odd(x: float) -> str | None:
    """What is no finite number."""
    if math.isfinite(x):
        return None
    return NOTHING if math.isnan(x) else "∞" if x > 0 else f"{MINUS}∞"

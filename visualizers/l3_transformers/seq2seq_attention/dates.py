"""Dates as people write them, and as ISO 8601 does."""

from __future__ import annotations

import datetime
import re

FIRST = datetime.date(1900, 1, 1)
DAYS = (datetime.date(2100, 1, 1) - FIRST).days
SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789 ,-"
ISO = len("1900-01-01")
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
          "october", "november", "december")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST = 40  # signs of a date that are read


def _date(day: int) -> datetime.date:
    return FIRST + datetime.timedelta(days=day)


def iso(day: int) -> str:
    """1987-03-05 for so many days after the first."""
    return _date(day).isoformat()


def written(day: int, manner: int) -> str:
    """The same date in one of five manners."""
    date = _date(day)
    month, weekday = MONTHS[date.month - 1], WEEKDAYS[date.weekday()]
    return (
        f"{date.day} {month[:3]} {date.year}",
        f"{month} {date.day}, {date.year}",
        f"{date.day}{_ending(date.day)} of {month} {date.year}",
        f"{weekday}, {date.day} {month} {date.year}",
        f"{date.year}, {month} {date.day}",
    )[manner % 5]


def _ending(day: int) -> str:
    """st, nd, rd or th."""
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def understood(text: str) -> str:
    """A typed date as ISO writes it; nothing where it is not clear."""
    month = next((index for index, name in enumerate(MONTHS, 1) if name[:3] in text), 0)
    numbers = [int(one) for one in re.findall(r"\d+", text)]
    years, days = [one for one in numbers if one > 31], [one for one in numbers if one <= 31]
    if not month or len(years) != 1 or len(days) != 1:
        return ""
    try:
        return datetime.date(years[0], month, days[0]).isoformat()
    except ValueError:
        return ""

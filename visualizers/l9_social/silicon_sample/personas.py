"""Facts in words: how a person is described to a language model, and into which groups facts fall."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from visualizers.models.language import Turn, conversation
from widgets.theme.words import tr_mark

PARTIES = (tr_mark("strong Democrat"), tr_mark("weak Democrat"), tr_mark("leans Democrat"),
           tr_mark("independent"), tr_mark("leans Republican"), tr_mark("weak Republican"),
           tr_mark("strong Republican"))
IDEOLOGIES = (tr_mark("extremely liberal"), tr_mark("liberal"), tr_mark("slightly liberal"),
              tr_mark("moderate"), tr_mark("slightly conservative"), tr_mark("conservative"),
              tr_mark("extremely conservative"))
SCHOOLS = (tr_mark("grade school"), tr_mark("some high school"), tr_mark("high school"),
           tr_mark("some college"), tr_mark("college"), tr_mark("master's degree"),
           tr_mark("doctorate"))
# The survey's steps of a household's income: where each begins in thousands of dollars, 2 for the least.
DOLLARS = (2, 3, 5, 7, 9, 10, 11, 12, 13, 14, 15, 17, 20, 22, 25, 30, 35, 40, 45, 50, 60, 75, 90, 105)

# What may follow a description: the Democrat's answer, the Republican's.
ANSWERS = {
    "first person": (" Democrat", " Republican"),
    "form": (" Democrat", " Republican"),
    "chat": (" Democratic", " Republican"),
}

EDGES: Mapping[str, tuple[float, ...]] = {  # where the next group begins
    "age": (30, 40, 50, 60, 70), "education": (2, 3, 4, 5, 6, 7), "income": (8, 14, 18, 21),
    "ideology": (2, 3, 4, 5, 6, 7), "party": (1, 2, 3, 4, 5, 6)}
NAMES: Mapping[str, tuple[str, ...]] = {
    "age": ("18–29", "30–39", "40–49", "50–59", "60–69", "70–"), "education": SCHOOLS,
    "income": ("0–12 k$", "12–22 k$", "22–40 k$", "40–60 k$", "60– k$"),
    "ideology": IDEOLOGIES, "party": PARTIES}


def groups(fact: str, values: NDArray[np.float32]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """The group of each value, and what the groups are called."""
    return np.searchsorted(EDGES[fact], values, "right"), NAMES[fact]


def described(told: Mapping[str, float], wording: str) -> str:
    """What a language model reads of a person, up to where it answers.

    Args:
        told: fact → value, of the facts that it is told.
    """
    said = {fact: sentence(fact, value) for fact, value in told.items()}
    if wording == "form":
        lines = [f"{fact.capitalize()}: {short(fact, value)}\n" for fact, value in told.items()]
        return "Survey of voters, 1996\n" + "".join(lines) + "Vote:"
    whole = " ".join(["It is 1996.", *said.values()])
    if wording == "chat":
        return conversation([Turn("user", f"{whole} Will I vote for the Democratic or the Republican "
                                          "candidate?")]) + "You will vote for the"
    return f"{whole} I will vote for the"


def short(fact: str, value: float) -> str:
    """A fact in a word or two."""
    match fact:
        case "age":
            return f"{value:.0f}"
        case "income":
            return f"${DOLLARS[int(value) - 1]},000"
        case "education":
            return SCHOOLS[int(value) - 1]
        case "ideology":
            return IDEOLOGIES[int(value) - 1]
    return PARTIES[int(value)]


def sentence(fact: str, value: float) -> str:
    """A fact as a sentence of the person."""
    word = short(fact, value)
    match fact:
        case "age":
            return f"I am {word} years old."
        case "education":
            return f"My education is {word}."
        case "income":
            return f"My household earns about {word} a year."
        case "ideology":
            return f"Politically I am {word}."
    if word.startswith("leans"):
        return f"I am an independent who {word}."
    return f"I am {'an' if word[0] in 'aeiou' else 'a'} {word}."

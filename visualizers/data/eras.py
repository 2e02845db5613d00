"""A made chronicle of 237 years in which some words change what they are about, and the rest do not.

Each sentence is about one of twelve matters. Its words are drawn from those of that matter, the first
ones often and the last ones seldom, and between them stand small words that go with everything. A few
words leave their matter for another in a year of their own: from then on they are found in the sentences
of the new one, as often as before in those of the old one. Nothing else ever changes.
"""

from __future__ import annotations

import random
from itertools import accumulate

FIRST, LAST = 1790, 2026
SENTENCES, MATTER_WORDS, SMALL_WORDS = 60, 6, 3  # a year; in a sentence

MATTERS = tuple(tuple(line.split()) for line in """
field harvest plough cattle seed barn orchard grain hedge meadow shepherd furrow mill straw
ship harbour sail anchor captain tide voyage mast cargo lighthouse pilot deck rope gull
court judge verdict witness oath jury appeal statute clerk pardon trial bench plea warrant
army battle fort cannon siege march soldier truce flank garrison banner trench sentry retreat
school lesson pupil teacher chalk grammar essay slate library lecture degree exam student tutor
song choir fiddle dance melody chorus drum concert tune rehearsal harp ballad singer stage
bank coin debt loan interest ledger credit rent tax price market wage profit merchant
road bridge wagon railway station engine tunnel signal carriage rail driver timetable wheel bus
doctor fever hospital nurse wound remedy vaccine surgeon patient clinic pulse bandage dose ward
letter post telegraph message stamp courier envelope wire telephone parcel address reply cable news
forest timber oak axe wolf fern deer trail moss river stream pine hunter owl
kitchen bread oven salt butter kettle soup recipe spoon apron supper flour honey cook
""".strip().splitlines())

SMALL = ("the", "of", "and", "to", "in", "a", "that", "it", "with", "for", "as", "was", "on", "by", "this",
         "from", "at", "but", "which", "or")

# word → the matter that it goes to, counted from 0, and the year
MOVES = {"sail": (6, 1910), "bench": (5, 1925), "signal": (9, 1905), "ward": (2, 1935), "stage": (7, 1915),
         "stream": (9, 1930), "seed": (6, 1920), "drum": (11, 1912)}


def chronicle(strength: float, seed: int) -> tuple[list[list[str]], list[int]]:
    """One text a year, and the years. ``strength`` is the share of each moving word's occurrences that
    go with the new matter once its year has come."""
    draw = random.Random(seed)
    weights = list(accumulate(1 / (rank + 2) for rank in range(len(MATTERS[0]))))
    small_weights = list(accumulate(1 / (rank + 1) for rank in range(len(SMALL))))
    home = {word: number for number, matter in enumerate(MATTERS) for word in matter}
    texts, years = [], []
    for year in range(FIRST, LAST + 1):
        gone = {word: to for word, (to, since) in MOVES.items() if year >= since}
        text: list[str] = []
        for _ in range(SENTENCES):
            matter = draw.randrange(len(MATTERS))
            drawn = draw.choices(MATTERS[matter], cum_weights=weights, k=MATTER_WORDS)
            sentence = [word for word in drawn if word not in gone or draw.random() >= strength]
            # A word that has gone is met elsewhere as often as it was drawn at home.
            for word, to in gone.items():
                if to == matter:
                    rank = MATTERS[home[word]].index(word)
                    often = MATTER_WORDS / (rank + 2) / weights[-1]
                    sentence += [word] * (draw.random() < strength * often)
            sentence += draw.choices(SMALL, cum_weights=small_weights, k=SMALL_WORDS)
            draw.shuffle(sentence)
            text += sentence
        texts.append(text)
        years.append(year)
    return texts, years

"""Sentences as abstracts of medical papers have them, made: drugs, diseases, and what is said of them.

    in 40 patients , abacavir relieved severe atopic dermatitis , whereas sertraline triggered cholera

The names are real where they are given, the findings are drawn by lot, and whoever shows them says so.
What a sentence says of a drug and a disease is one of ``RELATIONS``. Other things stand in the same
places, *massage relieved cholera*, *abacavir improved sleep*, and are no names: so a reader must know
the names, or how names look, and not just their places.

A name of several words is tagged as usual (Ramshaw and Marcus 1995): its first word begins it, B, and
the others go on with it, I.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

RELATIONS = ("nothing said", "treats", "causes", "does not")
NOTHING, TREATS, CAUSES, NOT = range(4)
TAGS = ("other", "drug", "disease", "disease, goes on")  # O, B-drug, B-disease, I-disease
OTHER, DRUG, DISEASE, INSIDE = range(4)
NAMED = 0.7  # share of the places that hold a name rather than another thing

# How it is said from the first to the second: A the drug's place, O the disease's.
_SAID = {
    TREATS: ("A relieved O", "A cured O", "A was effective against O", "A shortened O",
             "O was relieved by A", "O responded to A", "O improved under A", "O was cured by A"),
    CAUSES: ("A triggered O", "A caused O", "A led to O", "A was followed by O",
             "O was triggered by A", "O developed under A", "O was caused by A", "O appeared after A"),
    NOT: ("A did not relieve O", "A failed to cure O", "A was not effective against O",
          "A did not cause O", "O did not respond to A", "O was not caused by A",
          "O was not relieved by A", "O never developed under A"),
    NOTHING: ("A was given to patients with O", "A was studied in O", "O was recorded before A",
              "patients with O received A"),
}
_LEADS = ("", "", "in this trial ,", "in 40 patients ,", "over six months ,", "in one case ,",
          "as expected ,", "in children ,")
_BEFORE = ("", "", "severe", "early", "mild", "recurrent")
_JOINTS = (", whereas", ", while", "and", ", and later")
# What else may stand in the place of a drug, and in that of a disease.
ACTING = ("exercise", "massage", "acupuncture", "hypnosis", "surgery", "dialysis", "vaccination",
          "fasting", "yoga", "meditation", "sunlight", "noise", "smoking", "coffee", "garlic", "ginger",
          "honey", "dust", "pollen", "travel", "singing", "swimming", "radiotherapy", "counselling",
          "bandages", "compresses", "sauna", "altitude", "walking", "traction", "splints", "lavage",
          "transfusion", "hypothermia", "biofeedback", "humidity", "gardening", "isolation",
          "breathing exercises", "bed rest", "cold water", "loud music", "night shifts", "warm baths",
          "dancing", "cycling", "stretching", "pottery", "poetry", "knitting", "fishing", "rowing",
          "lavender", "peppermint", "chamomile", "turmeric", "rosemary", "spinach", "oatmeal", "yoghurt",
          "chocolate", "vinegar", "herring", "mushrooms", "seaweed", "thunder", "moonlight", "daylight",
          "draughts", "commuting", "overtime", "homework", "loneliness", "laughter", "friendship",
          "marriage", "retirement", "military service", "school lessons", "telephone calls", "pet dogs",
          "goggles", "insoles", "crutches", "pillows", "mattresses", "spectacles", "lenses", "implants",
          "pacemakers", "catheters", "sutures", "plaster casts", "needles", "magnets", "lasers",
          "ultrasound", "microwaves", "infrared light", "electric fields", "vibration", "compression",
          "immobilisation", "drainage", "irrigation", "puncture", "resection", "intubation", "ventilation",
          "defibrillation", "ablation", "embolisation", "grafting", "screening", "monitoring", "coaching")
SUFFERING = ("sleep", "appetite", "mood", "memory", "growth", "vision", "hearing", "balance", "speech",
             "fitness", "comfort", "recovery", "mobility", "alertness", "posture", "digestion",
             "concentration", "breathing", "circulation", "wound healing", "quality of life", "muscle tone",
             "body weight", "reaction time", "blood flow", "skin colour", "daily activity", "voice",
             "attention", "endurance", "reflexes", "coordination", "learning", "grip strength",
             "confidence", "motivation", "curiosity", "patience", "creativity", "handwriting", "reading",
             "swallowing", "chewing", "smelling", "taste", "touch", "colour vision", "night vision",
             "walking speed", "stride length", "jumping", "climbing", "throwing", "typing", "singing voice",
             "hair growth", "nail growth", "bone growth", "tooth colour", "skin moisture", "tear flow",
             "saliva", "sweating", "yawning", "dreaming", "laughing", "blinking", "resting pulse",
             "lung volume", "heart rate", "body height", "waist size", "muscle mass", "eye pressure",
             "oxygen uptake", "calorie intake", "water intake", "school marks", "work output",
             "sick leave", "length of stay", "cost of care", "time to discharge", "satisfaction",
             "independence", "self care", "social contacts", "family life", "driving", "dexterity",
             "flexibility", "agility", "stamina", "vitality", "freshness", "relaxation", "serenity")
_ONSETS = ("ab", "cor", "dal", "fen", "gli", "ket", "lum", "mir", "nor", "pra", "rol", "sit", "tel", "val",
           "zan")
_MIDDLES = ("a", "e", "i", "o", "ota", "ami", "ino", "era", "olu", "idi")
_STEMS = ("pril", "sartan", "statin", "olol", "azole", "cillin", "mab", "tinib", "vir", "prazole", "caine",
          "gliptin")


def made_drugs() -> tuple[str, ...]:
    """Names of no drug, built like those of drugs: the stem says of which family (as *-pril* does)."""
    every = [one + middle + stem for one in _ONSETS for middle in _MIDDLES for stem in _STEMS]
    return tuple(random.Random(7).sample(every, 600))


def short_names(titles: Sequence[str]) -> tuple[str, ...]:
    """Titles of diseases of one to three plain words that name a single thing."""
    vague = {"other", "unspecified", "and", "or", "of", "the", "in", "due", "to", "without", "with", "not",
             "type", "stage", "by", "for", "disease", "diseases", "disorder", "disorders", "classified",
             "recurrent", "severe", "mild", "early"}
    small = (title.lower() for title in titles)
    return tuple(sorted({one for one in small if re.fullmatch(r"[a-z]+( [a-z]+){0,2}", one)
                         and 5 <= len(one) <= 24 and not set(one.split()) & vague}))


class Span(NamedTuple):
    """Words start … end - 1 are a name of this kind, ``DRUG`` or ``DISEASE``."""

    start: int
    end: int
    kind: int


@dataclass(frozen=True)
class Sentence:
    """Words, the names among them, and what is said of a drug and a disease, by their places."""

    words: tuple[str, ...]
    spans: tuple[Span, ...]
    facts: dict[tuple[Span, Span], int]

    @property
    def tags(self) -> list[int]:
        """The tag of each word."""
        found = [OTHER] * len(self.words)
        for start, end, kind in self.spans:
            found[start:end] = [kind] + [INSIDE] * (end - start - 1)
        return found

    @property
    def pairs(self) -> list[tuple[Span, Span]]:
        """Every drug with every disease."""
        return pairs_of(self.spans)

    def name(self, span: Span) -> str:
        return " ".join(self.words[span.start : span.end])

    def relation(self, drug: Span, disease: Span) -> int:
        return self.facts.get((drug, disease), NOTHING)


def pairs_of(spans: Sequence[Span]) -> list[tuple[Span, Span]]:
    """Every drug with every disease."""
    return [(one, other) for one in spans if one.kind == DRUG for other in spans if other.kind == DISEASE]


def spans_of(tags: Sequence[int]) -> list[Span]:
    """The names that a row of tags says: a part without a beginning begins one."""
    found: list[Span] = []
    for at, tag in enumerate(tags):
        goes_on = tag == INSIDE and found and found[-1].end == at and found[-1].kind == DISEASE
        if goes_on:
            found[-1] = found[-1]._replace(end=at + 1)
        elif tag != OTHER:
            found.append(Span(at, at + 1, DRUG if tag == DRUG else DISEASE))
    return found


@dataclass(frozen=True)
class Shelf:
    """The names and other things that sentences are made of."""

    drugs: tuple[str, ...]
    diseases: tuple[str, ...]
    acting: tuple[str, ...]
    suffering: tuple[str, ...]


def sentences(shelf: Shelf, count: int, negated: float, seed: str) -> list[Sentence]:
    """``count`` sentences of two findings each. The same drug and disease always have the same
    relation; so many of them are ``negated``."""
    draw, made, told = random.Random(seed), [], dict[tuple[str, str], int]()
    for _ in range(count):
        words: list[str] = []
        spans: list[Span] = []
        facts: dict[tuple[Span, Span], int] = {}
        words += draw.choice(_LEADS).split()
        for finding in range(2):
            if finding:
                words += draw.choice(_JOINTS).split()
            drug = draw.choice(shelf.drugs) if draw.random() < NAMED else ""
            disease = draw.choice(shelf.diseases) if draw.random() < NAMED else ""
            agent = drug or draw.choice(shelf.acting)
            patient = disease or draw.choice(shelf.suffering)
            lot = NOT if draw.random() < negated else draw.choice((TREATS, TREATS, CAUSES, CAUSES, NOTHING))
            relation = told.setdefault((agent, patient), lot)
            places: dict[str, Span] = {}
            for piece in draw.choice(_SAID[relation]).split():
                if piece in ("A", "O"):
                    name, kind = (agent, DRUG) if piece == "A" else (patient, DISEASE)
                    words += draw.choice(_BEFORE).split() if piece == "O" else []
                    span = Span(len(words), len(words) + len(name.split()), kind)
                    words += name.split()
                    if (drug, disease)[piece == "O"]:
                        places[piece] = span
                        spans.append(span)
                else:
                    words.append(piece)
            if len(places) == 2:
                facts[places["A"], places["O"]] = relation
        made.append(Sentence(tuple(words), tuple(spans), facts))
    return made

"""Charge prediction: a reader of the facts, with and without the elements that a detector finds in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.data.cases import CHARGES, ELEMENTS
from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number
from widgets.controls.speeds import Speed

CHARGE_IDS, ELEMENT_IDS = tuple(one.id for one in CHARGES), tuple(ELEMENTS)
SIZES = (1, 2, 5, 10, 20, 50)  # cases of each charge that a reader has learnt from
NAMED = ("person", "place", "time", "organisation")
READERS = ("text", "both", "elements")  # what is read: the facts, the facts and the elements, these alone
EXAMPLES = 90  # test cases that can be looked at
AS_TOLD = 1000  # the amount at which the case keeps its own
NO_DECAY = 1e-4
NONE = -1  # no charge of the nine


@dataclass(frozen=True)
class Params:
    language: Literal["English", "Chinese"] = choice(
        "English", help="In which language the made cases are told.")
    reader: Literal["n-grams", "text CNN"] = choice(
        "n-grams", help="What reads the facts: one weight for each word or character (and each run of "
                        "them) and charge, or a convolutional network.")
    gram: int = integer(
        1, 1, 3, label="Longest n-gram", unit="word", when={"reader": ("n-grams",)},
        help="Runs of up to so many neighbours have a weight of their own (characters in Chinese).")
    noise: float = number(
        0.1, 0.0, 0.5, label="Detector's errors",
        help="How often the detector of elements is wrong: it misses one that is there, or reports one "
             "that is not.")
    decay: float = number(
        0.1, NO_DECAY, 1.0, log=True, off=NO_DECAY, label="Weight decay λ",
        help="How much large weights are held down. What needs only a few of them is then preferred.")
    place_bias: float = number(
        0.0, 0.0, 1.0, restart=True, label="Planted correlation",
        help="In so many of the cases to learn from, the place is the one that belongs to the charge. In "
             "the test cases it is drawn evenly.")
    forbid: bool = flag(
        False, restart=True, label="Forbid the place",
        help="The words that name the place are struck out before anyone reads.")
    example: int = integer(
        6, 0, EXAMPLES - 1, restart=False, label="Test case",
        help="Which case is read below. No reader has learnt from it.")
    violence: Literal["as told", "yes", "no"] = choice(
        "as told", restart=False, label="Edit: violence",
        help="Tell the same case with or without violence.")
    office: Literal["as told", "state", "company", "none"] = choice(
        "as told", restart=False, label="Edit: office held",
        help="Tell the same case with another office of the accused, who makes use of it.")
    amount: int = integer(
        AS_TOLD, AS_TOLD, 1_000_000, log=True, off=AS_TOLD, unit="yuan", restart=False,
        label="Edit: amount", help="Tell the same case with another amount.")
    place: Literal[
        "as told", "East Gate Market", "North Bridge Station", "South Lake Park", "West Hill Estate",
        "Golden Water Tower", "Red Star Depot", "Ginkgo Street", "Blue Stone Pier", "White Pagoda Square",
    ] = choice(
        "as told", restart=False, label="Edit: place", help="Tell the same case of another place.")
    learning_rate: float = number(0.1, 1e-3, 0.5, log=True, help="Size of one update (Adam).")
    seed: int = integer(0, 0, 999, help="Draws other cases and other errors of the detector.")
    size: int = hidden(len(SIZES) - 1, stays=True)  # the reader of so many cases reads the facts
    who: str = hidden("both", stays=True)  # or "text"
    beside: str = hidden("elements", stays=True)  # or "charges", "place", "names"


@dataclass(frozen=True)
class Frame:
    """How often each reader is right, and one case of n words as one of them reads it."""

    accuracy: Annotated[Float32, "READERS SIZES", "0 … 1"]  # on test cases whose place is drawn evenly …
    planted: Annotated[Float32, "READERS SIZES", "0 … 1"]  # … and with the correlation of training
    size: Annotated[int, "0 … len(SIZES)-1"]  # of SIZES: the reader that reads the facts below
    with_elements: bool  # whether it is given the elements, too
    tokens: Annotated[tuple[str, ...], "n", "n ≥ 1"]
    says: Annotated[Float32, "n", "any"]  # what each word adds to the logit of the answer, the mean logit
    #                                       taken off
    place: Annotated[tuple[int, ...], "m", "0 … n-1"]  # the words that name the place
    struck: bool  # whether these are struck out
    unknown: Annotated[UInt8, "n", "0 … 1"]  # 1 for words that no case to learn from has
    true: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]  # the elements of the case …
    detected: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]  # … those that the detector reports …
    element_says: Annotated[Float32, "ELEMENT_IDS", "any"]  # … and what each adds to that logit
    bias: Annotated[float, "any"]  # what is added to it whatever the case
    odds: Annotated[Float32, "CHARGE_IDS", "0 … 1"]
    answer: Annotated[int, "0 … len(CHARGE_IDS)-1"]
    truth: Annotated[int, "-1 … len(CHARGE_IDS)-1"]  # the charge that follows from the elements; −1: none
    term: Annotated[int, "≥ 0"]  # months on the made scale for the answer …
    true_term: Annotated[int, "≥ 0"]  # … and for the truth
    amount: Annotated[int, "≥ 0"]  # yuan
    place_share: Annotated[float, "0 … 1"]  # of all that the words add, for or against
    names: Annotated[tuple[str, ...], "R"]  # in the facts, where they are looked at …
    name_kinds: Annotated[Int32, "R", "0 … len(NAMED)-1"]
    name_says: Annotated[Float32, "R", "any"]  # … and what all their words add to the answer's logit
    found_by_lac: bool  # or known, because the case is made
    weights: Annotated[tuple[int, ...], "2", "≥ 0"]  # learnt by a reader without and with elements
    language: str


PANEL = Panel(
    id="charges",
    title="Charges from facts",
    claim="Elements found by a detector that errs help a reader who has seen few cases, and hold back "
          "one who has seen many.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l8_legal.charges.experiment:ChargePrediction",
    view="visualizers.l8_legal.charges.view:ChargesView",
    scalars=("loss", "few_text", "few_both", "many_text", "many_both", "many_elements"),
    headline="many_both",
    headline_label="accuracy with elements, 50 cases a charge",
    speed=Speed.FRAME,  # the curves are there within some sixty steps
    sources=("lac",),
    concepts=("8.1", "8.2", "8.5", "8.13"),
    rests_on=("text_cnn", "pipeline"),
    keywords=("law", "charge prediction", "legal judgment prediction", "elements", "event detection",
              "low resource", "shortcut", "spurious correlation", "explanation", "n-gram", "CNN",
              "法律", "罪名预测", "判决预测", "构成要件", "事件检测", "少样本", "伪相关", "可解释"),
)

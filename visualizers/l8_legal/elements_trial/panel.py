"""A trial by elements: few questions decide, each answer is a reason, and doubt does not convict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.data.cases import CHARGES, ELEMENTS
from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number
from widgets.controls.speeds import Speed

TESTS = 300  # cases that nobody has learnt from
VERDICTS = (*(one.id for one in CHARGES), "")  # the last one is an acquittal
ELEMENT_IDS = tuple(ELEMENTS)
ACQUITTED = len(CHARGES)
ANSWERS = ("yes", "no", "unknown", "")  # the last one is still to come


@dataclass(frozen=True)
class Params:
    language: Literal["English", "Chinese"] = choice(
        "English", help="In which language the made cases are told.")
    presume: bool = flag(
        True, label="Presumption of innocence",
        help="On: what is unknown counts as no, and only a charge whose every element was answered yes is "
             "proven. Off: the charge that is most frequent among cases with these answers.")
    example: int = integer(
        15, 0, TESTS - 1, restart=False, label="Case", help="Which case is tried. Nobody has learnt from it.")
    witness: Literal["the file", "you"] = choice(
        "the file", restart=False, label="Who answers",
        help="The file of the case, or you: click yes, no or unknown beside each question.")
    unknown: float = number(
        0.0, 0.0, 0.9, label="Unknown answers", help="How often a question finds no answer in the file.")
    wrong: float = number(
        0.0, 0.0, 0.5, label="Wrong answers", help="How often an answer is the opposite of the truth.")
    innocent: float = number(
        0.3, 0.0, 0.8, restart=True, label="Innocent",
        help="So many of the cases lack an element: they look like a charge and are none.")
    cases: int = integer(
        360, 30, 900, unit="case", help="Decided cases from which the questions are chosen.")
    seed: int = integer(0, 0, 999, help="Draws other cases and other mishaps of answers.")
    answers: tuple[str, ...] = hidden(
        (), help="Answers that were changed by hand: the case, then element=answer.")
    forbidden: tuple[str, ...] = hidden((), help="Elements that may not be asked about.")
    beside: str = hidden("accuracy", stays=True, help="What the small plot shows: accuracy or questions.")


def case_key(params: Params) -> str:
    """What changed answers belong to: another case is answered anew."""
    return f"#{params.example}"


@dataclass(frozen=True)
class Frame:
    """A tree of n nodes, a path of p nodes with q questions in it, and d numbers of questions."""

    parents: Annotated[Int32, "n", "n ≥ 1", "-1 … n-1"]  # of each node; the root comes first
    sides: Annotated[UInt8, "n", "0 … 1"]  # 1: where the answer was yes
    questions: Annotated[Int32, "n", "-1 … len(ELEMENT_IDS)-1"]  # the element asked about; −1: a leaf
    likely: Annotated[Int32, "n", "0 … ACQUITTED"]  # the most frequent verdict of its cases
    cases: Annotated[Int32, "n", "≥ 0"]  # decided cases that come here
    unsure: Annotated[Float32, "n", "≥ 0"]  # entropy of their verdicts, in bits
    path: Annotated[tuple[int, ...], "p", "p ≥ 1", "0 … n-1"]  # the nodes that the case goes through
    answers: Annotated[tuple[str, ...], "q", "in ANSWERS"]
    changed: Annotated[tuple[str, ...], "q", "in ANSWERS"]  # those that were set by hand, else empty
    evidence: Annotated[tuple[str, ...], "q"]  # the sentence of the file that says yes
    told: Annotated[Float32, "q", "≥ 0"]  # what each question told on average, in bits
    gains: Annotated[Float32, "ELEMENT_IDS", "≥ 0"]  # what each could have told where the last was asked
    forbidden: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]
    proven: Annotated[UInt8, "ELEMENT_IDS", "0 … 1"]  # elements answered yes
    verdict: Annotated[int, "0 … ACQUITTED"]
    truth: Annotated[int, "0 … ACQUITTED"]
    box: Annotated[int, "0 … ACQUITTED"]  # what the black box says of the facts …
    box_share: Annotated[float, "0 … 1"]  # … and how sure it is
    facts: str
    numbers: Annotated[Int32, "d", "≥ 0", "rising"]  # of questions
    proven_right: Annotated[Float32, "d", "0 … 1"]  # test cases rightly judged by what is proven …
    likely_right: Annotated[Float32, "d", "0 … 1"]  # … by what is most likely …
    proven_convicts: Annotated[Float32, "d", "0 … 1"]  # innocents who are convicted …
    likely_convicts: Annotated[Float32, "d", "0 … 1"]
    random_right: Annotated[Float32, "len(ELEMENT_IDS)+1", "0 … 1"]  # asked in a random order
    box_right: Annotated[float, "0 … 1"]
    box_convicts: Annotated[float, "0 … 1"]
    mean_questions: Annotated[float, "≥ 0"]  # asked on average


PANEL = Panel(
    id="elements_trial",
    title="Trial by elements",
    claim="Half of the questions decide every case, the answers are the reasons, and where doubt counts as "
          "no, it convicts nobody.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l8_legal.elements_trial.experiment:ElementsTrial",
    view="visualizers.l8_legal.elements_trial.view:ElementsTrialView",
    scalars=("loss", "accuracy", "convicted"),
    speed=Speed.ONE,  # a step is one more question
    headline="accuracy",
    headline_label="accuracy",
    concepts=("8.9",),
    keywords=("decision tree", "information gain", "entropy", "presumption of innocence", "explanation",
              "interpretability", "QAjudge", "black box", "决策树", "信息增益", "无罪推定", "要件审判",
              "可解释", "黑箱"),
    rests_on=("text_cnn", "playground"),
    proved_with={"cases": 60},
)

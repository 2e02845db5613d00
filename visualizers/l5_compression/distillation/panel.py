"""Distillation: a student that never sees one of the digits learns it from its teacher's wrong answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number

STUDENTS = 3  # that are looked at: by labels, at T = 1, at the T of the slider
LADDER = (1.0, 2.0, 4.0, 8.0, 20.0)  # temperatures that are always tried beside it
DOUBTS = (1.0, 4.0, 20.0)  # those at which the teacher's odds are shown beside it
RAISES = 41  # values of the raised bias, 0 … 10


@dataclass(frozen=True)
class Params:
    temperature: float = number(
        8.0, 1.0, 20.0, log=True, label="Temperature T",
        help="Divides the scores of teacher and student before the softmax: the higher, the louder are the "
             "small odds of the wrong answers.")
    bias: float = number(
        0.0, 0.0, 10.0, off=0.0, label="Raised bias",
        help="Added to the score of the withheld digit when a student answers; nothing is trained for it.")
    hard_share: float = number(
        0.0, 0.0, 1.0, label="Share of labels",
        help="Of the loss: how much the labels count beside the teacher's odds.")
    withheld: Literal["none", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] = choice(
        "3", label="Withheld digit", help="No student is ever shown a picture of it. The teacher was.")
    width: int = integer(32, 4, 128, log=True, unit="neuron", label="Student's width",
                         help="Hidden neurons of a student; the teacher has two layers of 128.")
    teacher_steps: int = integer(
        300, 30, 3000, log=True, unit="step", label="Teacher's training",
        help="How long the teacher has learnt: the longer, the surer it is, and the fainter its doubts.")
    length: int = integer(800, 100, 5000, log=True, unit="step", restart=False, label="Steps in all",
                          help="Steps until the students are done.")
    learning_rate: float = number(0.002, 1e-4, 0.03, log=True, help="Size of one update (Adam).")
    seed: int = integer(0, 0, 999, help="Draws other weights, another split and other batches.")
    looked_at: int = hidden(-1, help="The digit of which a picture is shown to the teacher.")
    beside: str = hidden("time", stays=True, help="What the small plot shows.")


@dataclass(frozen=True)
class Frame:
    """Three students and their teacher. Students: by labels, at T = 1, at the T of the slider."""

    by_digit: Annotated[Float32, "STUDENTS 10", "0 … 1"]  # share of each digit's pictures told rightly
    overall: Annotated[Float32, "STUDENTS", "0 … 1"]  # of all held-out pictures
    withheld_right: Annotated[Float32, "STUDENTS", "0 … 1"]  # of the withheld digit's, if any
    ladder: Annotated[Float32, "LADDER", "0 … 1"]  # the same, at the temperatures of LADDER
    raises: Annotated[Float32, "RAISES", "0 … 10", "rising"]  # with so much added to the digit's score …
    raised: Annotated[Float32, "STUDENTS RAISES", "0 … 1"]  # … all pictures told rightly
    image: Annotated[Float32, "8 8", "0 … 1"]  # the picture that is looked at …
    label: Annotated[int, "0 … 9"]  # … what it shows …
    said: Annotated[Int32, "STUDENTS", "0 … 9"]  # … and what the students say
    dark_t: Annotated[Float32, "D", "D ≥ 1", "≥ 1", "rising"]  # temperatures …
    dark: Annotated[Float32, "D 10", "0 … 1"]  # … and the teacher's odds there
    withheld: Annotated[int, "-1 … 9"]  # −1: none is
    teacher_accuracy: Annotated[float, "0 … 1"]
    to_go: Annotated[int, "≥ 0"]  # steps until the students are done
    numbers: Annotated[tuple[int, ...], "2", "≥ 1"]  # of the teacher and of a student


PANEL = Panel(
    id="distillation",
    title="Distillation",
    claim="A student learns a digit that it never sees: the teacher's wrong answers say what it looks like, "
          "and the temperature makes them loud enough.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l5_compression.distillation.experiment:Distillation",
    view="visualizers.l5_compression.distillation.view:DistillationView",
    scalars=("loss", "label_loss", "accuracy", "unseen", "label_accuracy", "label_unseen", "cold_unseen"),
    headline="unseen",
    headline_label="the accuracy on the digit never shown",
    concepts=("5.12",),
    keywords=("knowledge distillation", "soft targets", "temperature", "dark knowledge", "teacher", "student",
              "compression", "知识蒸馏", "软标签", "暗知识", "温度", "教师", "学生", "压缩"),
    sources=("digits",),
    rests_on=("playground",),
    proved_with={"width": 8, "teacher_steps": 60},
)

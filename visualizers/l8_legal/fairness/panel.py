"""Fairness of a score: equal false alarms, equal misses and equal precision exclude one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number
from widgets.controls.speeds import Speed

LOWEST, HIGHEST = 1.0, 11.0  # thresholds: everyone is high risk, nobody is
GRID = 51  # thresholds that are tried for each group
LEAST = 0.15  # of each group, at least so many are called high risk, and so many low: where nearly
#               all are called the same, everything is equal and nothing is decided
GROUPS = ("African-American", "Caucasian", "Group A", "Group B")  # as the data name them
MEASURES = ("FPR", "FNR", "PPV")
SETS = ((0, 1), (0, 2), (1, 2), (0, 1, 2))  # of measures that are wanted equal together


@dataclass(frozen=True)
class Params:
    people: Literal["COMPAS", "made"] = choice(
        "COMPAS", label="Whose scores",
        help="The defendants of Broward County where they have been fetched, or made persons with the "
             "scores and outcomes of the published table.")
    score: Literal["COMPAS score", "two-feature model"] = choice(
        "COMPAS score", restart=False, label="What decides",
        help="The score that decides: the one that was sold, or the one that is trained here on age "
             "and earlier offences, its tenths numbered alike.")
    threshold_a: float = number(
        5.0, LOWEST, HIGHEST, label="Threshold of A",
        help="From this score on a person of group A is called high risk. Drag it in the picture too.")
    threshold_b: float = number(
        5.0, LOWEST, HIGHEST, label="Threshold of B",
        help="The same for group B.")
    equal_fpr: bool = flag(
        False, label="Equal false alarms (FPR)",
        help="Of those who were not charged again, as many are called high risk in both groups.")
    equal_fnr: bool = flag(
        False, label="Equal misses (FNR)",
        help="Of those who were charged again, as many are called low risk in both groups.")
    equal_ppv: bool = flag(
        False, label="Equal precision (PPV)",
        help="Of those called high risk, as many were charged again in both groups.")
    tolerance: float = number(
        0.025, 0.005, 0.1, label="Counts as equal",
        help="Two rates that differ by no more than this are called equal.")
    lot: float = number(
        0.0, 0.0, 0.9, label="Decided by lot in A",
        help="For this share of group A a lot decides instead of the score, with as many high risks. "
             "It makes decisions worse, and so reaches rates that no threshold reaches.")
    learning_rate: float = number(0.3, 0.01, 3.0, log=True, help="Size of one update of the model.")
    seed: int = integer(0, 0, 999, help="Draws other first weights, another split and other lots.")
    beside: str = hidden("thresholds", stays=True, help="What the small card shows: thresholds, roc, "
                                                        "accuracy.")


@dataclass(frozen=True)
class Frame:
    """N persons of two groups under their thresholds. FPR, FNR and PPV are always in this order.

    With lots, rates are what is expected of them; ``flagged`` is how they fell.
    """

    place: Annotated[Float32, "N", "1 … 11"]  # the score of each person, spread within its tenth
    group: Annotated[UInt8, "N", "0 … 1"]
    outcome: Annotated[UInt8, "N", "0 … 1"]  # 1: charged again
    flagged: Annotated[UInt8, "N", "0 … 1"]  # 1: called high risk
    moved: Annotated[UInt8, "N", "0 … 1"]  # 1: decided otherwise at the thresholds of ``target``
    names: tuple[str, str]  # of the groups
    real: bool  # whether these are the defendants of COMPAS
    base: Annotated[Float32, "2", "0 … 1"]  # share charged again in each group
    rates: Annotated[Float32, "2 MEASURES", "-1 … 1"]  # −1 for the PPV where nobody is high risk
    right: Annotated[Float32, "2", "0 … 1"]  # share of right decisions in each group
    tried: Annotated[Float32, "GRID", "1 … 11", "rising"]  # thresholds
    roc: Annotated[Float32, "2 GRID 2", "0 … 1"]  # FPR and 1 − FNR at each of them, without lots
    equal: Annotated[UInt8, "MEASURES GRID GRID", "0 … 1"]  # 1 where A's threshold (down) and B's
    #                                                         (across) make a measure equal
    pairs: Annotated[Int32, "SETS", "≥ 0"]  # how many pairs make each set of measures equal …
    least_lot: Annotated[Float32, "SETS", "-1 … 1"]  # … the least share of lots with which any does,
    #                                                  −1 for none
    closest: Annotated[float, "0 … 1"]  # how far apart the worst of three must be, lots or not
    target: Annotated[Float32, "K", "K in (0, 2)", "1 … 11"]  # the nearest thresholds that do what is
    #                                                           asked, if any do
    weights: Annotated[Float32, "3", "any"]  # of the model: age, earlier offences, constant
    tested: Annotated[int, "≥ 1"]  # persons on whom accuracies are measured


PANEL = Panel(
    id="fairness",
    title="Fairness of a score",
    claim="Equal false alarms, equal misses, equal precision: where groups differ in how many are charged "
          "again, any two can be had, some only by lot; never all three.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l8_legal.fairness.experiment:Fairness",
    view="visualizers.l8_legal.fairness.view:FairnessView",
    scalars=("loss", "accuracy", "score_accuracy"),
    headline="accuracy",
    headline_label="the model's accuracy",
    concepts=("8.14",),
    sources=("compas", "compas-made"),
    rests_on=("playground", "pipeline"),
    speed=Speed.FRAME,  # three weights are learnt within a hundred steps
    keywords=("COMPAS", "recidivism", "false positive rate", "false negative rate", "precision",
              "threshold", "equalised odds", "predictive parity", "calibration", "bias", "ROC",
              "logistic regression", "公平", "再犯", "假阳性率", "假阴性率", "精确率", "阈值", "机会均等",
              "预测均等", "逻辑回归"),
)

"""Silicon samples: survey answers simulated from who people are, with the right total or the wrong people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, flag, hidden, integer, number, source
from widgets.controls.speeds import Speed

HOTTEST = 3.0
TEMPERATURES = 31  # at which a total and a tie are computed
FITTED = {"who": ("fitted model",)}
ASKED = {"who": ("language model",)}


@dataclass(frozen=True)
class Params:
    people: Literal["ANES 1996", "made"] = choice(
        "ANES 1996", label="Whose votes",
        help="944 people who were asked in 1996, where they have been fetched, or made voters whose "
             "true probabilities are known.")
    who: Literal["fitted model", "language model"] = choice(
        "fitted model", label="Who answers for them",
        help="A logistic regression that has seen the answers of other people, or a language model that "
             "is told who it is to be.")
    model: str = source(
        "model", "smollm2", needs="write", label="Language model", when=ASKED,
        help="Which model is asked. It reads one person at each step.")
    wording: Literal["first person", "form", "chat"] = choice(
        "first person", when=ASKED,
        help="How a person is described and asked: I am …; a filled-in form; or a conversation.")
    temperature: float = number(
        2.0, 0.0, HOTTEST,
        help="Divides the log-odds before an answer is drawn: 0 always gives the likelier answer, 1 the "
             "model's own odds, more evens them out.")
    age: bool = flag(True, restart=True, help="The persona says how old it is.")
    education: bool = flag(True, restart=True, help="The persona says what schools it went to.")
    income: bool = flag(True, restart=True, help="The persona says what its household earns.")
    ideology: bool = flag(True, restart=True, help="The persona says how liberal or conservative it is.")
    party: bool = flag(True, restart=True, help="The persona says which party it is nearest to.")
    by: Literal["party", "ideology", "age", "education", "income"] = choice(
        "party", restart=False, label="Groups by",
        help="By which fact people are put into groups, whether or not the persona says it.")
    person: int = integer(0, 0, 943, restart=False, help="Who is shown on the page One person.")
    learning_rate: float = number(1.0, 0.01, 3.0, log=True, when=FITTED, help="Size of one update.")
    seed: int = integer(0, 0, 999, help="Draws other answers, and parts people differently for the fit.")
    beside: str = hidden("temperature", stays=True, help="What the small card shows: temperature, "
                                                         "person, learning.")


@dataclass(frozen=True)
class Frame:
    """What voters of G groups answered, and what was answered for them; shares of the Republican.

    −1 stands for the share of a group of whom nobody has been asked yet.
    """

    real: bool  # whether these are the people of the survey
    answers_by: str  # what answers for them
    asked: Annotated[int, "≥ 0"]  # for how many it has answered
    voters: Annotated[int, "≥ 1"]  # of how many
    groups: Annotated[tuple[str, ...], "G", "G ≥ 2"]
    sizes: Annotated[Int32, "G", "≥ 0"]  # how many voters are in each
    true: Annotated[Float32, "G", "-1 … 1"]
    simulated: Annotated[Float32, "G", "-1 … 1"]
    total: Annotated[float, "0 … 1"]  # of all voters, in truth
    simulated_total: Annotated[float, "-1 … 1"]
    tie: Annotated[float, "-1 … 1"]  # correlation of the fact with the vote, in truth
    simulated_tie: Annotated[float, "-1 … 1"]  # … and with the answers; 0 where all answer alike
    gap: Annotated[float, "0 … 1"]  # mean distance of a group's share from the truth, weighted by size
    temperatures: Annotated[Float32, "TEMPERATURES", "≥ 0", "rising"]
    total_at: Annotated[Float32, "TEMPERATURES", "-1 … 1"]  # what is expected at each of them …
    tie_at: Annotated[Float32, "TEMPERATURES", "-1 … 1"]
    prompt: str  # what is known of the person that is shown, in words
    odds: Annotated[float, "-1 … 1"]  # that this person is said to vote Republican, at the temperature
    says: Annotated[float, "-1 … 1"]  # share of the drawn answers that do
    vote: Annotated[int, "0 … 1"]  # what they voted


PANEL = Panel(
    id="silicon_sample",
    title="Silicon samples",
    claim="A simulated survey can have the right total and the wrong people: temperature hardly moves "
          "the total, but it exaggerates or levels the groups.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l9_social.silicon_sample.experiment:SiliconSample",
    view="visualizers.l9_social.silicon_sample.view:SiliconSampleView",
    scalars=("loss", "accuracy", "gap"),
    headline="gap",
    headline_label="distance from the true groups",
    concepts=("9.11",),
    sources=("anes96", "voters-made"),
    rests_on=("playground", "decoding"),
    speed=Speed.FRAME,  # six weights are learnt within sixty steps
    keywords=("silicon sampling", "survey", "persona", "language model", "temperature", "marginal",
              "subgroup", "election", "ANES", "vote", "simulation", "SmolLM2", "硅样本", "问卷", "人设",
              "温度", "边际", "子群体", "选举", "投票", "模拟"),
)

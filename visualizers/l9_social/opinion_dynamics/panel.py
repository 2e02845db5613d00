"""Bounded confidence: people who only listen to those who think much like them already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float16, Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number
from widgets.controls.speeds import Speed

MADE = ("small world", "scale-free")  # networks whose size can be chosen
BOT = 0.9  # what every bot holds for good
BOUNDS = tuple(round(0.06 + 0.02 * one, 2) for one in range(24))  # ε of each column of the map
BINS = 40  # of opinion, in the map


@dataclass(frozen=True)
class Params:
    epsilon: float = number(
        0.2, 0.02, 1.0, label="Confidence bound ε",
        help="Two people listen to each other only if their opinions, from 0 to 1, differ by less. "
             "Acts at once: camps move on as soon as they come within reach.")
    model: Literal["Deffuant", "Hegselmann–Krause"] = choice(
        "Deffuant",
        help="Deffuant: people meet in pairs and move towards each other. Hegselmann–Krause: all "
             "move at once, each to the mean of everyone within reach.")
    mu: float = number(
        0.5, 0.02, 0.5, label="Step towards each other μ", when={"model": ("Deffuant",)},
        help="The share of their difference by which each of two people moves; 0.5 meets halfway.")
    network: Literal["everyone", "small world", "scale-free", "karate club"] = choice(
        "everyone", label="Who can meet",
        help="Everyone meets everyone, or only those who know each other: a ring with short cuts "
             "(Watts and Strogatz), a network with hubs (Barabási and Albert), or the 34 members of "
             "Zachary's karate club.")
    people: int = integer(
        1000, 50, 5000, log=True, when={"network": ("everyone", *MADE)},
        help="How many people there are.")
    ties: int = integer(
        10, 2, 20, label="Acquaintances", when={"network": MADE},
        help="How many others a person knows, on average.")
    rewiring: float = number(
        0.1, 0.0, 1.0, restart=True, when={"network": ("small world",)},
        help="The share of ties on the ring that lead to a random person instead of a neighbour.")
    recommender: float = number(
        0.0, 0.0, 0.95, label="Recommender", when={"model": ("Deffuant",)},
        help="How much like is brought to like: at 0 people meet by chance, near 1 only those who "
             "think nearly alike. The ghost is the same run without it.")
    bots: int = integer(
        0, 0, 50, unit="bot",
        help="So many people hold 0.9 for good: they talk and never move. The ghost is the same run "
             "without them.")
    without: Literal["all that was added", "recommender", "bots"] = choice(
        "all that was added", label="Ghost without",
        help="Which cause is taken away in the ghost: the same people, the same meetings drawn, and "
             "no recommender, or no bots.")
    seed: int = integer(0, 0, 999, help="Draws other opinions, other meetings and another network.")
    person: int = hidden(-1, help="The person whose path is drawn on top; -1 for nobody.")
    beside: str = hidden(
        "polarisation", stays=True, help="What the small plot shows: polarisation, clusters, map.")


@dataclass(frozen=True)
class Frame:
    """N people's opinions now, and what is kept of the way there.

    The picture's clock counts the rounds after which somebody has visibly moved, by 0.001, so it
    waits while all is at rest. At most 256 of them are kept, evenly spaced, and the paths of at most
    1,000 people, in half precision: finer than a pixel.
    """

    times: Annotated[Int32, "T", "T ≥ 1", "≥ 0", "rising"]  # rounds at which opinions were kept
    paths: Annotated[Float16, "T P", "0 … 1"]  # opinions then
    people: Annotated[Int32, "P", "0 … N-1"]  # whose path each one is
    past_clusters: Annotated[Int32, "T", "0 … N"]  # how many clusters there were then
    past_polarisation: Annotated[Float32, "T", "0 … 1"]
    opinions: Annotated[Float32, "N", "N ≥ 1", "0 … 1"]  # of all people, now
    cluster_opinion: Annotated[Float32, "C", "0 … 1", "rising"]  # mean opinion of each cluster now
    cluster_share: Annotated[Float32, "C", "0 … 1"]  # its share of the people
    cluster_width: Annotated[Float32, "C", "0 … 1"]  # from its lowest opinion to its highest
    polarisation: Annotated[float, "0 … 1"]  # now
    ghost: Annotated[Float16, "T Q", "0 … 1"]  # deciles of the same people without a cause, then
    ghost_clusters: Annotated[Int32, "T", "0 … N"]  # how many clusters they had then
    ghost_polarisation: Annotated[Float32, "T", "0 … 1"]
    ghost_opinions: Annotated[Float32, "K", "0 … 1"]  # of all of them, now; none without a ghost
    map: Annotated[Float32, "BINS BOUNDS", "0 … 1"]  # share of opinions, for every ε at once
    map_clusters: Annotated[Int32, "BOUNDS", "≥ 0"]
    members: Annotated[Int32, "G", "0 … N-1"]  # the people of whom the network is drawn
    positions: Annotated[Float32, "G 2", "-1 … 1"]
    edges: Annotated[Int32, "E 2", "0 … G-1"]  # members who can meet and would listen now
    talking: Annotated[float, "0 … 1"]  # share of all who can meet that would listen to each other
    disagreement: Annotated[float, "0 … 1"]  # the widest between two who would listen to each other
    at_rest: bool  # nobody has anything left to discuss


PANEL = Panel(
    id="opinion_dynamics",
    title="Bounded confidence",
    claim="People who listen only to those who think alike split into camps; the narrower their "
          "confidence, the more camps.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l9_social.opinion_dynamics.experiment:OpinionDynamics",
    view="visualizers.l9_social.opinion_dynamics.view:OpinionDynamicsView",
    scalars=("clusters", "polarisation", "largest_cluster", "mean_opinion", "spread", "rounds"),
    headline="polarisation",
    headline_label="polarisation",
    concepts=("9.7", "9.8"),
    speed=Speed.FRAME,  # camps form within some fifty rounds
    keywords=("opinion dynamics", "Deffuant", "Hegselmann–Krause", "bounded confidence",
              "polarisation", "consensus", "echo chamber", "small world", "scale-free",
              "karate club", "network", "观点动力学", "有界信任", "极化", "共识", "回音室", "社会网络"),
)

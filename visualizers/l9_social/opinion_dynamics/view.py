"""The picture of bounded confidence: everybody's opinion over time, and the camps they end in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l9_social.opinion_dynamics.panel import BINS, BOUNDS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import Histogram
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.network import NetworkGraph, TrajectoryField
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, percent, quantity
from widgets.theme.words import tr_mark
from widgets.views.cards import Card, Switch, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

BESIDE = ("polarisation", "clusters", "map")
WITHOUT = {"recommender": tr_mark("without the recommender"), "bots": tr_mark("without the bots")}
EDGES = np.linspace(0.0, 1.0, 51)  # bins of the histogram
LEAST_ROUNDS = {"Deffuant": 70, "Hegselmann–Krause": 10}  # on the axis of time
NAMED = 5  # so many clusters are listed one by one
CAMP = 0.15  # people who are spread wider than this are not near any one opinion


class OpinionDynamicsView(PanelView):
    """All paths above; below them the histogram, who listens to whom, and one figure over time."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.paths = TrajectoryField(look, x=words("round"), y=words("opinion"), y_range=(0.0, 1.0))
        self.readouts = Readouts(look).calm()
        self.histogram = Histogram(look, words("Opinions now"), x=words("opinion"),
                                   y=words("people")).calm()
        self.graph = NetworkGraph(look, words("Who listens")).calm()
        self.switch = Switch(look, [words("Polarisation"), words("Clusters"), words("Every ε")])
        self.polarisation = CurvePlot(look, "", x=words("round"), y_range=(0.0, 1.0),
                                      integer_x=True).calm()
        self.clusters = CurvePlot(look, "", x=words("round"), y_min_span=4.0, integer_x=True).calm()
        self.map = Heatmap(look, "", x="ε", y=words("opinion"), color_bar=False, origin="bottom").calm()
        self.map.setAccessibleName(words("Where people end, for every ε"))
        self.stack = stacked(self.polarisation, self.clusters, self.map)

        self.paths.clicked.connect(self._choose_path)
        self.graph.clicked.connect(self._choose_member)
        self.switch.chosen.connect(self._choose_beside)
        self._numbers: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None
        self._person = -1

        top, left, middle, right = (Card(look) for _ in range(4))
        top.body.addWidget(self.paths, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.histogram)
        middle.body.addWidget(self.graph)
        right.body.addWidget(self.switch)
        right.body.addWidget(self.stack, 1)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Opinions"), rank=1, smallest=(400, 200), share=8),
            beside(Place(left, words("Opinions now"), rank=2, smallest=(220, 170)),
                   Place(middle, words("Who listens"), rank=3, smallest=(224, 170)),
                   Place(right, words("Over time"), rank=4, smallest=(220, 180)), share=5))))

    def _choose_path(self, index: int) -> None:
        if self._numbers is not None:
            self._choose(int(self._numbers[0][index]))

    def _choose_member(self, index: int) -> None:
        if self._numbers is not None:
            self._choose(int(self._numbers[1][index]))

    def _choose(self, person: int) -> None:
        """A second click on the same person lets go."""
        self.changed.emit("person", -1 if person == self._person else person)

    def _choose_beside(self, index: int) -> None:
        self.changed.emit("beside", BESIDE[index])

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._numbers, self._person = (frame.people, frame.members), params.person
        everybody, drawn = len(frame.opinions), len(frame.people)
        title = self.words("What {people} people think", people=count(everybody)) \
            if drawn == everybody else self.words(
                "What {people} people think, {drawn} of them drawn", people=count(everybody),
                drawn=count(drawn))
        # An axis that ends soon after its first rounds would be drawn again and again.
        least = LEAST_ROUNDS[params.model]
        ghost = self._ghost(shown)
        if ghost:
            title = self.words("{title}; dashed: deciles {without}", title=title, without=ghost)
        self.paths.draw(frame.paths, steps=frame.times, low=0.0, high=1.0, title=title,
                        ghosts=frame.ghost,
                        x_range=(0, least) if frame.times[-1] <= least else None,
                        selected=_place(frame.people, params.person))
        self._draw_readouts(shown)
        self._draw_histogram(shown)
        self._draw_graph(shown)
        beside = BESIDE.index(params.beside) if params.beside in BESIDE else 0
        self.switch.set(beside)
        self.stack.setCurrentIndex(beside)
        (self._draw_polarisation, self._draw_clusters, self._draw_map)[beside](shown)

    def _ghost(self, shown: Shown[Params, Frame]) -> str:
        """Without what the ghost is; empty where there is none."""
        if not len(shown.frame.ghost_opinions):
            return ""
        params = shown.params
        added = [name for name, on in (("recommender", params.recommender), ("bots", params.bots)) if on
                 and params.without in (name, "all that was added")]
        return self.words(WITHOUT[added[0]]) if len(added) == 1 else self.words("without both")

    def _draw_readouts(self, shown: Shown[Params, Frame]) -> None:
        frame, ghost = shown.frame, self._ghost(shown)
        dispute = self.words("none") if frame.at_rest else fixed(frame.disagreement, 3)
        self.readouts.draw([
            (self.words("clusters"), str(len(frame.cluster_opinion))),
            *([(f"… {ghost}", str(frame.ghost_clusters[-1]))] if ghost else []),
            (self.words("polarisation"), fixed(frame.polarisation)),
            (self.words("pairs that listen"), percent(frame.talking)),
            (self.words("widest dispute"), dispute),
            *([] if ghost else [(self.words("in the network drawn"), str(len(frame.members)))]),
        ])

    def _draw_histogram(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        rules = []
        if 0 <= params.person < len(frame.opinions):
            own = float(frame.opinions[params.person])
            rules = [Rule(at, axis="x", series=1)
                     for at in (own - params.epsilon, own + params.epsilon) if 0 < at < 1]
        ghost = self._ghost(shown)
        title = self.words("Opinions now")
        self.histogram.draw(
            np.histogram(frame.opinions, EDGES)[0], EDGES, rules=rules,
            overlay_counts=np.histogram(frame.ghost_opinions, EDGES)[0] if ghost else None,
            title=self.words("{title}; line: {without}", title=title, without=ghost) if ghost else title)

    def _draw_graph(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self.graph.draw(frame.positions, frame.edges, frame.opinions[frame.members],
                        selected=_place(frame.members, params.person))

    def _draw_polarisation(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        curves = [Curve(ghost.frame.past_polarisation, ghost.frame.times, ghost.label, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        if ghost := self._ghost(shown):
            curves.append(Curve(frame.ghost_polarisation, frame.times, ghost, style="ghost"))
        curves.append(Curve(frame.past_polarisation, frame.times))
        self.polarisation.draw(curves)

    def _draw_clusters(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        curves = [Curve(ghost.frame.past_clusters, ghost.frame.times, ghost.label, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        if ghost := self._ghost(shown):
            curves.append(Curve(frame.ghost_clusters, frame.times, ghost, style="ghost"))
        curves.append(Curve(frame.past_clusters, frame.times, style="steps"))
        self.clusters.draw(curves)

    def _draw_map(self, shown: Shown[Params, Frame]) -> None:
        """Where people are under every bound; the frame is the bound of the run."""
        nearest = int(np.abs(np.array(BOUNDS) - shown.params.epsilon).argmin())
        inside = BOUNDS[0] - 0.02 < shown.params.epsilon < BOUNDS[-1] + 0.02
        self.map.draw(np.sqrt(shown.frame.map), low=0.0, high=0.7,
                      title="" if shown.params.network == "everyone"
                      else self.words("200 people who can all meet"),
                      x_labels=[fixed(one) for one in BOUNDS],
                      y_labels=[decimal(one / BINS) for one in range(BINS)],
                      column=nearest if inside else -1)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        people = count(len(frame.opinions))
        rounds = quantity(round(frame.times[-1]), "round", self.words)
        if ghost := self._ghost(shown):
            return self.words(
                "{people} people after {rounds}: clusters {clusters}, mean opinion {own}. The same people "
                "{without}: clusters {others}, mean opinion {mean}.", people=people, rounds=rounds,
                clusters=len(frame.cluster_opinion), own=fixed(float(frame.opinions.mean())),
                without=ghost, others=int(frame.ghost_clusters[-1]),
                mean=fixed(float(frame.ghost_opinions.mean())))
        largest = np.sort(np.argsort(-frame.cluster_share, kind="stable")[:NAMED])
        listed = ("、" if self.words.language == "zh" else ", ").join(
            self.words("{share} near {opinion}", share=percent(frame.cluster_share[one]),
                       opinion=fixed(frame.cluster_opinion[one]))
            if frame.cluster_width[one] <= CAMP else
            self.words("{share} spread over {width}", share=percent(frame.cluster_share[one]),
                       width=fixed(frame.cluster_width[one])) for one in largest)
        return self.words(
            "{people} people after {rounds}; clusters: {clusters} ({listed}); polarisation: "
            "{polarisation}.", rounds=rounds, people=people,
            clusters=len(frame.cluster_opinion), listed=listed or "–",
            polarisation=fixed(frame.polarisation))


def _place(numbers: NDArray[np.int32], person: int) -> int:
    """Where a person is in a sample, or -1."""
    found = np.flatnonzero(numbers == person)
    return int(found[0]) if len(found) else -1

"""The picture of relation classification: four networks race, and one question as one of them reads it."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.data.relations import RELATIONS
from visualizers.l2_networks.relation_cnn.panel import SCALARS, VARIANTS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import NotedStrip
from widgets.theme.look import Look
from widgets.theme.numbers import fixed, percent, signed
from widgets.views.cards import Card, Switch
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

SERIES = (1, 2, 0, 3)  # the colour of each network


class RelationCNNView(PanelView):
    """The race on top, what one network confuses beside it; below, a sentence and its two names."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.race = CurvePlot(look, words("Test questions answered rightly"),
                              x=words("training step"), y_range=(0.0, 1.04), integer_x=True)
        self.confusion = Heatmap(look, "", x=words("answer"), y=words("truth"), color_bar=False,
                                 values=True, write=_share).calm()
        self.windows = Table(look, "", [(words("window"), 0.5), (words("filters"), 0.2),
                                        (words("for the answer"), 0.3)]).calm()
        self.beside = Pages(self, "beside", {"confusion": (words("Confusions"), self.confusion),
                                             "windows": (words("Chosen windows"), self.windows)})

        self.strip = NotedStrip(look, " ", lines=2)
        self.strip.clicked.connect(self._ask)
        self.variant = Switch(look, [words(one) for one in VARIANTS])
        self.variant.chosen.connect(lambda one: self.changed.emit("variant", VARIANTS[one]))
        self.readouts = Readouts(look).calm()
        self._frame: Frame | None = None
        self._params = Params()

        left, right, bottom = Card(look), Card(look), Card(look)
        left.body.addWidget(self.race)
        right.body.addWidget(self.beside)
        bottom.body.addWidget(self.variant)
        bottom.body.addWidget(self.strip, 1)
        bottom.body.addWidget(self.readouts)
        self.setLayout(Arrangement(look, below(
            beside(Place(left, words("Race"), rank=1, smallest=(320, 180), share=10),
                   Place(right, words("Confusions"), rank=3, smallest=(300, 220), share=9), share=3),
            Place(bottom, words("Sentence"), rank=2, smallest=(380, 190)))))

    def _ask(self, token: int) -> None:
        """A clicked name takes the place of the one that was clicked longer ago."""
        frame, params = self._frame, self._params
        if frame is None or token not in frame.names:
            return
        clicked = frame.names.index(token)
        pair = params.pair[1:] if params.pair[:1] == (params.example,) else frame.pair
        if clicked not in pair:
            self.changed.emit("pair", (params.example, pair[1], clicked))

    def _relation(self, number: int) -> str:
        return self.words(RELATIONS[number])

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame, self._params = frame, params
        self._draw_race(shown)
        match self.beside.show_page(params.beside):
            case "confusion":
                self._draw_confusion(frame)
            case "windows":
                self._draw_windows(frame)
        self._draw_sentence(frame)
        self.variant.set(frame.variant)
        first, second = _asked(frame)
        self.readouts.draw([
            (self.words("asked for"), f"{first} → {second}"),
            (self.words("truth"), self._relation(frame.truth)),
            *((self.words(name), f"{self._relation(int(odds.argmax()))} {percent(odds.max())}")
              for name, odds in zip(VARIANTS, frame.odds, strict=True))])

    def _draw_race(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = [Curve(*ghost.history.points(f"accuracy_{name}"),
                        ghost.label if name == "positions" else "", style="ghost", width=1.5)
                  for ghost in shown.ghosts for name in SCALARS]
        curves += [Curve(*history.points(f"accuracy_{scalar}"), self.words(name),
                         series=series, width=3.0 if name == "positions" else 2.0)
                   for scalar, name, series in zip(SCALARS, VARIANTS, SERIES, strict=True)]
        known = shown.frame.best_alone
        rules = [Rule(known, self.words("all that is possible without the pair"))] if known < 1 else []
        self.race.draw(curves, rules, y_range=(0.0, 1.04))

    def _draw_confusion(self, frame: Frame) -> None:
        names = [self._relation(one) for one in range(len(RELATIONS))]
        self.confusion.draw(frame.confusion, low=0.0, high=1.0, x_labels=names, y_labels=names)

    def _draw_windows(self, frame: Frame) -> None:
        self.windows.draw([(text, str(count), float(says)) for text, count, says in
                           zip(frame.windows, frame.window_filters, frame.window_says, strict=True)])

    def _draw_sentence(self, frame: Frame) -> None:
        """What the network that is looked at reads, and which tokens its filters chose."""
        asked = [frame.names[one] for one in frame.pair]
        shade = np.zeros(len(frame.tokens))
        shade[list(frame.names)] = 0.25
        shade[asked] = 0.9
        notes = []
        if VARIANTS[frame.variant] in ("positions", "both"):
            far = self._params.farthest
            notes = [[signed(one, 0) for one in row]
                     for row in np.clip(frame.distances, -far, far)]
        self.strip.draw(
            frame.tokens, weights=shade, series=[int(at == asked[1]) for at in range(len(shade))],
            notes=notes, shares=frame.covered / max(float(frame.covered.max(initial=0.0)), 1e-9),
            title=self.words("Click a name. Below: distances to both, filters that chose it")
            if notes else self.words("Click a name. Below: filters that chose it"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        first, second = _asked(frame)
        alone, markers, positions, both = (percent(one) for one in frame.accuracy)
        return self.words(
            "Step {measured}, test questions right: words {alone}, markers {markers}, positions "
            "{positions}, both {both}. Step {step}, {first} and {second}: “{answer}”, in truth “{truth}”.",
            measured=shown.measured, step=shown.step, alone=alone, markers=markers,
            positions=positions, both=both, first=first, second=second, truth=self._relation(frame.truth),
            answer=self._relation(int(frame.odds[frame.variant].argmax())))


def _asked(frame: Frame) -> tuple[str, str]:
    """The two names that are asked for."""
    first, second = (frame.tokens[frame.names[one]] for one in frame.pair)
    return first, second


def _share(value: float) -> str:
    """A share as it stands in a cell; nothing where there is next to none."""
    return fixed(value) if value >= 0.005 else ""

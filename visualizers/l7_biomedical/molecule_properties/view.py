"""Predicted against measured; one molecule with each atom's share; what more signs and molecules bring."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l7_biomedical.molecule_properties.panel import CONTEXTS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot
from widgets.pictures.molecule import Molecule, MoleculePicture
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import count, decimal, fixed, signed
from widgets.theme.words import Words
from widgets.views.cards import Card, Pane, Switch, row
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

PAINTED = ("learnt", "known")
SHOWN = 14  # pieces
LONGEST_NAME = 30  # signs of a name that stands in a title


def quantity_words(words: Words) -> dict[str, str]:
    """What is predicted."""
    return {"boiling point": words("boiling point"), "logP": words("logP"),
            "logP, computed": words("logP, computed"), "value": words("value")}


class MoleculePropertiesView(PanelView):
    """Left, all held-out molecules as points; right, one of them, and what the fit has learnt from."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.names = quantity_words(words)
        self.cloud = CurvePlot(look, " ", x=words("measured"), y=words("predicted"))
        self.cloud.clicked.connect(self._choose)
        self.figures = Readouts(look)
        self.painted = Switch(look, (words("Learnt"), words("True")))
        self.painted.chosen.connect(lambda index: self.changed.emit("painted", PAINTED[index]))
        self.molecule = MoleculePicture(look, " ")
        self.sum = Readouts(look)
        self.context = CurvePlot(look, "", x=words("signs in a row n; 0: the mass alone"),
                                 y=words("R²"), integer_x=True)
        self.context.clicked.connect(
            lambda x, _: self.changed.emit("context", min(max(round(x), 1), CONTEXTS[-1])))
        self.amount = CurvePlot(look, "", x=words("molecules learnt from"), y=words("R²"), log_x=True)
        self.strip = TokenStrip(look, " ", lines=2)
        self.pieces = BarChart(look, "", x=words("its pieces add"), low=-1e-6, write=signed)
        self.beside = Pages(self, "beside", {
            "context": (words("Signs"), self.context), "amount": (words("Amount"), self.amount),
            "pieces": (words("Pieces"), Pane(look, self.strip, self.pieces))})
        self._shown: Shown[Params, Frame] | None = None

        left, one, right = (Card(look) for _ in range(3))
        left.body.addWidget(self.cloud, 1)
        left.body.addWidget(self.figures)
        switch = row(self.painted)
        switch.addStretch(1)
        one.body.addLayout(switch)
        one.body.addWidget(self.molecule, 1)
        one.body.addWidget(self.sum)
        right.body.addWidget(self.beside, 1)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Prediction"), rank=1, smallest=(330, 260), share=6),
            below(Place(one, words("One molecule"), rank=2, smallest=(290, 250)),
                  Place(right, words("Why"), rank=3, smallest=(290, 262)), share=5))))

    def _choose(self, x: float, y: float) -> None:
        """The held-out molecule nearest to a click, as far as the eye sees."""
        if self._shown is not None:
            frame = self._shown.frame
            spans = [high - low for low, high in self.cloud.ranges()]
            far = np.hypot((frame.measured - x) / spans[0], (frame.predicted - y) / spans[1])
            self.changed.emit("smiles", "")
            self.changed.emit("chosen", int(far.argmin()))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame = shown.frame
        self._draw_cloud(frame)
        self._draw_molecule(shown)
        match self.beside.show_page(shown.params.beside):
            case "context":
                self._draw_context(shown)
            case "amount":
                self._draw_amount(shown)
            case "pieces":
                self._draw_pieces(frame)

    def _quantity(self, frame: Frame) -> str:
        name = self.names.get(frame.quantity, frame.quantity)
        return f"{name}, {frame.unit}" if frame.unit else name

    def _draw_cloud(self, frame: Frame) -> None:
        words = self.words
        low, high = float(frame.measured.min()), float(frame.measured.max())
        part = 0.1 * (high - low or 1.0)  # the axes stay while a control is dragged: they grow by such parts
        room = 4 * part  # predictions farther away than this are only pointed at
        low -= part * math.ceil(min(max(low - float(frame.predicted.min()), 0.0), room) / part + 0.3)
        high += part * math.ceil(min(max(float(frame.predicted.max()) - high, 0.0), room) / part + 0.3)
        span = low, high
        curves = [Curve(np.array(span), np.array(span), words("exact"), series=2, style="dashed", width=1.2),
                  Curve(frame.predicted, frame.measured, style="dots", width=1.5)]
        if not frame.fault:
            at = frame.prediction if math.isnan(frame.value) else frame.value
            curves.append(Curve(np.array([frame.prediction]), np.array([at]),
                                words("yours") if frame.chosen < 0 else words("this one"), series=1,
                                style="dots", width=5.0))
        self.cloud.draw(curves, x_range=span, y_range=span, title=words(
            "{count} held-out molecules: {quantity}", quantity=self._quantity(frame),
            count=count(len(frame.measured))))
        self.figures.draw([(words("R²"), fixed(frame.r2, 3)),
                           (words("off by"), self._with_unit(frame, frame.error)),
                           (words("always the mean: off by"), self._with_unit(frame, frame.spread))])

    def _with_unit(self, frame: Frame, value: float, sign: bool = False) -> str:
        text = signed(value) if sign else decimal(value)
        return f"{text}\u00a0{frame.unit}" if frame.unit else text

    def _draw_molecule(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        known = len(frame.truth) > 0
        self.painted.setVisible(known)
        true = known and shown.params.painted == "known"
        self.painted.set(int(true))
        values = frame.truth if true else frame.added
        if frame.fault:
            self.molecule.draw(None, empty=words("“{text}” is no molecule to RDKit", text=frame.smiles),
                               title=words("Your molecule"))
            self.sum.draw([])
            return
        high = float(np.abs(values).max(initial=0.0))
        signs = {"more": named(0, words("more")), "less": named(1, words("less"))}
        if true:
            title = words("What each atom truly adds: {more}, {less}", **signs)
        elif 0 < len(frame.name) <= LONGEST_NAME:
            title = words("{name}: {more}, {less}", name=frame.name, **signs)
        else:
            title = words("What each atom adds: {more}, {less}", **signs)
        self.molecule.draw(
            Molecule(frame.xy, frame.symbols, frame.hydrogens, frame.charges, frame.ends, frame.orders),
            values, high=high, unit=frame.unit, title=title)
        atoms = float(frame.added.sum())
        said = [(words("base and atoms"),
                 f"{decimal(frame.base)} {'−' if atoms < 0 else '+'} {decimal(abs(atoms))}"),
                (words("predicted"), self._with_unit(frame, frame.prediction))]
        if not math.isnan(frame.value):
            said.append((words("measured"), self._with_unit(frame, frame.value)))
        if known:
            said.append((words("shares like the true ones"), fixed(frame.credit)))
        self.sum.draw(said)

    def _draw_context(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        at = np.array(CONTEXTS, float)
        curves = [Curve(one.frame.r2_at, at, one.label, style="ghost", width=1.5) for one in shown.ghosts]
        n = shown.params.context
        curves += [Curve(frame.train_r2_at, at, words("learnt from"), series=3, style="dashed", width=1.5),
                   Curve(frame.r2_at, at, words("held out"), width=2.5),
                   Curve(frame.r2_at[n : n + 1], at[n : n + 1], series=1, style="dots", width=4.0)]
        low = min(0.0, math.floor(5 * float(frame.r2_at.min())) / 5)
        self.context.draw(curves, x_range=(-0.2, CONTEXTS[-1] + 0.2), y_range=(max(-1.0, low), 1.04))

    def _draw_amount(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        if not len(frame.amounts):
            self.amount.draw([])
            return
        curves = [Curve(one.frame.all_at, one.frame.amounts, one.label, style="ghost", width=1.5)
                  for one in shown.ghosts if len(one.frame.amounts)]
        curves.append(Curve(frame.one_at, frame.amounts, words("single signs"), series=1, style="dashed"))
        if shown.params.context > 1:
            curves.append(Curve(frame.all_at, frame.amounts, words("pieces of up to {n}",
                                                                   n=shown.params.context), width=2.5))
        low = min(float(frame.one_at.min()), float(frame.all_at.min()))
        self.amount.draw(curves, x_range=(15.0, 1.3 * float(frame.amounts[-1])),
                         y_range=(max(-1.0, math.floor(10 * low - 0.5) / 10), 1.02))

    def _draw_pieces(self, frame: Frame) -> None:
        adds = frame.sign_adds
        self.strip.draw(frame.signs, weights=np.abs(adds) / max(1e-9, float(np.abs(adds).max(initial=0.0))),
                        series=[int(one < 0) for one in adds], title=self.words("SMILES"))
        names = list(frame.pieces[:SHOWN])
        values = frame.piece_adds[:SHOWN].tolist()
        if frame.new:
            names.append(self.words("{count} new", count=len(frame.new)))
            values.append(0.0)
        self.pieces.draw(values, names, series=[int(one < 0) for one in values],
                         muted=[len(values) - 1] if frame.new else [])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        said = words(
            "Learnt from {learnt} molecules by pieces of up to {n} signs: R² is {r2} for the {held} held "
            "out; by the molar mass alone it is {mass}, by single signs {one}.",
            learnt=count(frame.learnt), n=shown.params.context, r2=fixed(frame.r2),
            held=count(len(frame.measured)), mass=fixed(float(frame.r2_at[0])),
            one=fixed(float(frame.r2_at[1])))
        if frame.fault:
            said += words(" “{text}” is no molecule.", text=frame.smiles)
        return said

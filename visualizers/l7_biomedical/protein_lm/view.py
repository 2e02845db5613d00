"""The picture of a protein model: what it expects at each place, below what each column is like."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l7_biomedical.protein_lm.panel import RESIDUES, Frame, Params, protein_key
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.logo import LogoPlot
from widgets.theme.look import Look
from widgets.theme.numbers import count, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

# Rows in the order of what residues are like, and the colour of each kind.
ORDER = "WFYMLIVACGPTSQNHKRED"
KINDS = {letter: kind for kind, letters in enumerate(("WFYMLIVAC", "TSQNH", "KR", "ED"))
         for letter in letters}
ROWS = np.array([RESIDUES.index(one) for one in ORDER])
FRAMED = 60  # places at most whose residues are framed in the map


class ProteinLMView(PanelView):
    """The columns' logo above the map of predictions; beside it training, columns and attention."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.map = Heatmap(look, " ", palette="sequential", color_bar=False, dense=True)
        self.difference = Heatmap(look, " ", palette="diverging", color_bar=False, dense=True)
        for one in (self.map, self.difference):
            one.clicked.connect(lambda _, place: self._mask(place))
        self.logo = LogoPlot(look, " ", ORDER, series=KINDS, edges=self._edges)
        self.maps = Pages(self, "", {"map": ("", self.map), "difference": ("", self.difference)})
        self.maps.switch.hide()

        self.right = CurvePlot(look, words("Residues right"), x=words("training step"), y_range=(0.0, 1.0),
                               integer_x=True).calm()
        self.columns = CurvePlot(look, "", x=words("column"), y_range=(0.0, 1.04), integer_x=True).calm()
        self.attention = Heatmap(look, "", x=words("looks at"), y=words("hidden place"), square=True,
                                 color_bar=False)
        self.attention.clicked.connect(lambda row, _: self.changed.emit("looked", row))
        self.beside = Pages(self, "beside", {"columns": (words("By column"), self.columns),
                                             "attention": (words("Attention"), self.attention)})
        self._frame: Frame | None = None
        self._params = Params()

        main, training, more = (Card(look) for _ in range(3))
        main.body.addWidget(self.logo, 2)
        main.body.addWidget(self.maps, 4)
        training.body.addWidget(self.right)
        more.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, beside(
            Place(main, words("Predictions"), rank=1, smallest=(400, 290), share=9),
            below(Place(training, words("Residues right"), rank=2, smallest=(250, 180), share=5),
                  Place(more, words("Columns and attention"), rank=3, smallest=(250, 210), share=6),
                  share=6))))

    def _edges(self) -> tuple[float, float]:
        """Where the map's columns begin and end; the logo's stand above them."""
        area = self.maps.stack.currentWidget().area  # type: ignore[union-attr]
        return float(area.left()), float(area.left() + area.width())

    # --- what a click does

    def _mask(self, place: int) -> None:
        """Hide a residue from all the others, or show it again."""
        frame = self._frame
        if frame is not None:
            hidden = set(frame.masked) ^ {place}
            self.changed.emit("masked", (protein_key(self._params), *sorted(hidden)) if hidden else ())

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame, self._params = frame, params
        self._draw_map(frame, params)
        self._draw_right(shown)
        if self.beside.show_page(params.beside) == "columns":
            self._draw_columns(shown)
        else:
            self._draw_attention(frame)

    def _draw_map(self, frame: Frame, params: Params) -> None:
        words, kind = self.words, params.map if frame.live else "model"
        letters = ["▢" if at in frame.masked else one for at, one in enumerate(frame.residues)]
        framed = [(ORDER.index(one), at) for at, one in enumerate(frame.residues) if one != "-"] \
            if len(letters) <= FRAMED else []
        titles = {
            "model": words("Expected where a residue is hidden; framed: the real one") if framed else
            words("Expected where a residue is hidden"),
            "column": words("How often in the column; framed: the real one"),
            "model less column": words("What the context adds; framed: the real one")}
        if frame.ignored:
            titles[kind] += words("; signs left out: {count}", count=count(frame.ignored))
        page = self.maps.show_page("difference" if kind == "model less column" else "map")
        low = -1.0 if page == "difference" else 0.0
        (self.difference if page == "difference" else self.map).draw(
            frame.mapped[ROWS], low=low, high=1.0, x_labels=letters, y_labels=tuple(ORDER), marks=framed,
            column=frame.looked, title=titles[kind])
        tallest = float(np.ceil(frame.logo.sum(1).max()))
        title = words("What each column is like, in bits: {title}", title=words(frame.title)) if frame.live \
            else words("How sure {reader} is of each place, in bits", reader=frame.reader)
        self.logo.draw(frame.logo[:, ROWS], [str(one + 1) for one in range(len(letters))],
                       high=max(1.0, min(4.4, tallest)), title=title)

    def _draw_right(self, shown: Shown[Params, Frame]) -> None:
        frame, history, words = shown.frame, shown.history, self.words
        if not frame.live:
            self.right.draw([], [Rule(frame.right, words("an antibody"), series=0),
                                 Rule(frame.shuffled, words("shuffled"), series=1)],
                            note=words("was trained before"))
            return
        curves = ghost_curves(shown.ghosts, "right")
        curves += [Curve(*history.points("shuffled"), words("shuffled"), series=1, width=1.5),
                   Curve(*history.points("right"), words("model"), width=2.5)]
        rules = [Rule(frame.line, words("commonest of the column"))]
        if frame.best:
            rules.append(Rule(frame.best, words("at best"), series=2))
        top = min(1.0, 0.2 + max(frame.line, frame.best, frame.right))
        self.right.draw(curves, rules, y_range=(0.0, top))

    def _draw_columns(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        places = np.arange(1, len(frame.residues) + 1)
        if frame.live:
            curves = [Curve(frame.column_line, places, words("commonest"), style="steps", series=1,
                            width=1.5),
                      Curve(frame.column_right, places, words("model"), style="dots", width=3.0)]
            note = self.of_step(shown)
        else:
            there = np.array([frame.chances[RESIDUES.index(one), at] if one != "-" else np.nan
                              for at, one in enumerate(frame.residues)])
            curves = [Curve(there, places)]
            note = words("chance of what stands there")
        self.columns.draw(curves, note=note, x_range=(0.5, len(places) + 0.5))

    def _draw_attention(self, frame: Frame) -> None:
        names = [f"{one}{at + 1}" for at, one in enumerate(frame.residues)]
        marks = [(a, b) for pair in frame.pairs.tolist() for a, b in (pair, pair[::-1])]
        title = self.words("Framed: the pairs that were made; {share} look at their partner most",
                           share=percent(frame.pairs_found)) if marks else \
            self.words("Whom a hidden residue looks at, all heads together")
        self.attention.draw(frame.attention, low=0.0,
                            high=max(0.05, float(np.quantile(frame.attention, 0.995))),
                            x_labels=names, y_labels=names, marks=marks, row=frame.looked, title=title)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if not frame.live:
            return words(
                "{reader} names {right} of an antibody's residues while each is hidden, and {shuffled} of "
                "the same ones in another order; of the chain shown {here}.", reader=frame.reader,
                right=percent(frame.right, 1), shuffled=percent(frame.shuffled, 1),
                here=percent(frame.right_here))
        return words(
            "At step {measured} the model names {right} of the hidden residues, the column's commonest "
            "{line}; shuffled {shuffled}. The protein shown at step {step}: {here}.",
            measured=count(shown.measured), right=percent(frame.right, 1), line=percent(frame.line, 1),
            shuffled=percent(frame.shuffled, 1), step=count(shown.step), here=percent(frame.right_here))

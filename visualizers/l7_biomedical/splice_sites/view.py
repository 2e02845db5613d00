"""The picture of a filter that becomes a motif: its logo above that of the sites."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l7_biomedical.splice_sites.panel import BASES, MODELS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.logo import LogoPlot
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

BITS = 2.0  # a column tells at most so many
NAMES = ("", "logistic_", "transformer_")


class SpliceSitesView(PanelView):
    """Two logos on top; below, how well sites are told, and what a mutation or a long sequence does."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.filter_logo = LogoPlot(look, " ", BASES, y=words("bits"))
        self.data_logo = LogoPlot(look, " ", BASES, y=words("bits"))

        self.roc = CurvePlot(look, "", x=words("decoys taken for sites"), y=words("sites found"),
                             x_range=(0.0, 1.0), y_range=(0.0, 1.02)).calm()
        self.auc = CurvePlot(look, "", x=words("training step"), y=words("AUC"), integer_x=True).calm()
        self.fill = CurvePlot(look, "", x=words("neighbouring k-mers masked at once"),
                              y=words("share right"), y_range=(0.0, 1.05), integer_x=True).calm()
        self.left = Pages(self, "left", {
            "roc": (words("ROC"), self.roc), "auc": (words("AUC"), self.auc),
            "fill": (words("Masked k-mers"), self.fill)})

        self.map = Heatmap(look, " ", y=words("mutated to"), palette="diverging")
        self.map.clicked.connect(self._mutate)
        self.scan = CurvePlot(look, "", x=words("place in the sequence; above 0: a site"),
                              y=words("score"), integer_x=True).calm()
        self.said = Readouts(look).calm()
        self.right = Pages(self, "right", {
            "mutations": (words("Mutate"), self.map), "scan": (words("Scan"), self.scan)})
        self._frame: Frame | None = None
        self._params = Params()

        top, low_left, low_right = (Card(look) for _ in range(3))
        top.body.addWidget(self.filter_logo, 1)
        top.body.addWidget(self.data_logo, 1)
        low_left.body.addWidget(self.left)
        low_right.body.addWidget(self.right, 1)
        low_right.body.addWidget(self.said)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Logos"), rank=1, smallest=(380, 272), share=8),
            beside(Place(low_left, words("How well"), rank=2, smallest=(300, 200)),
                   Place(low_right, words("Mutate and scan"), rank=3, smallest=(330, 215)), share=6))))

    # --- what a click does

    def _mutate(self, base: int, place: int) -> None:
        """Put another base at a place; the site's own base puts it back."""
        frame, params = self._frame, self._params
        if frame is None or place >= len(frame.site):
            return
        site = [*frame.site]
        site[place] = BASES[base]
        changes = [one for at, (new, old) in enumerate(zip(site, frame.original, strict=True))
                   if new != old for one in (at, BASES.index(new))]
        self.changed.emit("mutated", (params.example, *changes) if changes else ())

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame, self._params = frame, params
        self._draw_logos(frame, params)
        match self.left.show_page(params.left):
            case "roc":
                self._draw_roc(shown)
            case "auc":
                self._draw_auc(shown)
            case _:
                self._draw_fill(shown)
        self.said.setVisible(params.right != "scan" or frame.ignored > 0)
        if self.right.show_page(params.right) == "mutations":
            self._draw_map(frame, params)
        else:
            self._draw_scan(frame, params)

    def _draw_logos(self, frame: Frame, params: Params) -> None:
        words = self.words
        covered = range(frame.begin, frame.begin + frame.width)
        outside = [one for one in range(len(frame.labels)) if one not in covered]
        self.filter_logo.draw(frame.filter_logo, frame.labels, high=BITS, divider=frame.boundary,
                              muted=outside, title=words(
                                  "What the filter has learnt: {bits} bits; decoys: {decoys}",
                                  bits=fixed(frame.filter_logo.sum()), decoys=words(params.decoys)))
        self.data_logo.draw(
            frame.data_logo, frame.labels, high=BITS, divider=frame.boundary,
            title=words("What the sites have in common: {bits} bits; {title}",
                        bits=fixed(frame.data_logo.sum()), title=words(frame.title)))

    def _draw_roc(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        curves = [Curve(ghost.frame.tpr[0], ghost.frame.fpr, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        curves += [Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), self.words("guessing"), style="dashed",
                         series=3, width=1.0)]
        for one in (2, 1, 0):
            curves.append(Curve(frame.tpr[one], frame.fpr, self._name(one, frame), series=one,
                                width=2.5 if one == 0 else 1.5))
        self.roc.draw(curves, note=self.of_step(shown))

    def _name(self, one: int, frame: Frame) -> str:
        return f"{self.words(MODELS[one])} {fixed(frame.aucs[one], 3)}"

    def _draw_auc(self, shown: Shown[Params, Frame]) -> None:
        history, frame = shown.history, shown.frame
        curves = ghost_curves(shown.ghosts, "auc")
        curves += [Curve(*history.points(f"{NAMES[one]}auc"), self.words(MODELS[one]), series=one,
                         width=2.5 if one == 0 else 1.5) for one in (2, 1, 0)]
        rules = [Rule(frame.best, self.words("the true log-odds"))] if frame.best else []
        self.auc.draw(curves, rules, y_range=(0.45, 1.02))

    def _draw_fill(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        spans = np.arange(1, frame.filled.shape[1] + 1)
        self.fill.draw([
            Curve(frame.fill_theory, spans, series=1, style="dashed", width=1.5),
            Curve(frame.filled[1], spans, words("random bases"), series=1),
            Curve(frame.filled[0], spans, words("sites"), width=2.5),
        ], [Rule(frame.k, axis="x")] if frame.k < len(spans) else [], x_range=(0.7, len(spans) + 0.3),
            title=words("{k} masked hide a base; dashed: at best", k=frame.k), note=self.of_step(shown))

    def _draw_map(self, frame: Frame, params: Params) -> None:
        words = self.words
        names = frame.labels if len(frame.labels) == len(frame.site) \
            else tuple(str(one + 1) for one in range(len(frame.site)))
        most = max(1.0, float(np.ceil(np.abs(frame.effects).max())))
        self.map.draw(
            frame.effects, low=-most, high=most, x_labels=names, y_labels=tuple(BASES),
            marks=[(BASES.index(base), place) for place, base in enumerate(frame.site)],
            title=words("{site}: click a base to mutate it", site=frame.site))
        one = MODELS.index(params.judge)
        before, now = fixed(frame.odds_before[one]), fixed(frame.odds[one])
        self.said.draw([(words("chance of a site, {model}", model=words(params.judge)),
                         now if frame.site == frame.original else f"{before} → {now}")])

    def _draw_scan(self, frame: Frame, params: Params) -> None:
        words = self.words
        places = np.arange(1, len(frame.scores) + 1)
        curves = [Curve(np.maximum(frame.scores, 0.0), places, style="area", width=1.0),
                  Curve(frame.scores, places, width=1.2)]
        short = bool(params.sequence.strip() and len(frame.planted))
        if len(frame.planted):
            curves.append(Curve(frame.scores[frame.planted], places[frame.planted], series=1, style="dots",
                                width=4.0))
            title = words("{found} of {sites} real sites found (dots), {wrong} wrongly",
                          found=count(frame.found), sites=count(len(frame.planted)),
                          wrong=count(frame.false_alarms))
        else:
            title = words("{bases}, {count} taken for sites", count=count(frame.false_alarms),
                          bases=quantity(len(frame.scanned), "base", words))
        self.scan.draw(curves, [Rule(0.0)], x_range=(0.0, float(len(places) + 1)),
                       title=words("Too short; random bases instead") if short else title)
        self.said.draw([(words("signs that are no bases"), count(frame.ignored))] if frame.ignored else [])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        tall = frame.filter_logo.sum(1)
        at = int(tall.argmax())
        return words(
            "At step {step} the filter asks most for {base} at {place}: {bits} bits, the sites have {own}; "
            "r = {r} with the log-odds. AUC at step {measured}: filter {auc}, logistic regression "
            "{logistic}, Transformer {transformer}.",
            step=count(shown.step), base=BASES[int(frame.filter_logo[at].argmax())],
            place=frame.labels[at], bits=fixed(tall[at]), own=fixed(frame.data_logo[at].sum()),
            r=decimal(frame.agreement, 2), measured=count(shown.measured), auc=fixed(frame.aucs[0], 3),
            logistic=fixed(frame.aucs[1], 3), transformer=fixed(frame.aucs[2], 3))

"""What the model writes, how likely it finds it, how it gets better, and one sentence sign by sign."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QPushButton, QWidget

from visualizers.l7_biomedical.molecules.panel import CELLS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import Histogram
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves, running_mean
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.molecule import Cell, Molecule, MoleculeGrid
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import count, fixed, percent
from widgets.theme.words import Words
from widgets.views.cards import Card, Switch, row, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

ABOVE = ("written", "relatives")
BINS = 24
SMOOTHING = 25  # steps that the training curve is a mean of


def fault_words(words: Words) -> dict[str, str]:
    """Why a text is no molecule, in a few words."""
    return {
        "": words("a molecule"), "nothing": words("nothing written"), "no end": words("no end found"),
        "open branch": words("branch stays open"), "no branch": words("closes no branch"),
        "open atom": words("bracket stays open"), "no atom": words("no atom before it"),
        "open ring": words("ring stays open"), "idle ring": words("no ring of two"),
        "unknown": words("no such atom"), "idle bond": words("bond to nothing"),
        "valence": words("too many bonds"), "aromatic": words("not aromatic"),
        "other": words("no molecule"),
    }


class MoleculesView(PanelView):
    """Above, what is written; below, likelihoods, training, and one sentence."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.why = fault_words(words)
        self.above = Switch(look, (words("Written"), words("Relatives")))
        self.above.chosen.connect(lambda index: self.changed.emit("above", ABOVE[index]))
        self.relatives = MoleculeGrid(look, " ")
        self.relatives.clicked.connect(lambda index: self.changed.emit("relative", index))
        self.attention = Heatmap(look, " ", color_bar=False, dense=True).calm()
        self.grid = MoleculeGrid(look, " ")
        self.grid.clicked.connect(self._choose)
        self.kept = Readouts(look).calm()
        self.more = QPushButton(words("Others"))
        self.more.clicked.connect(self._leaf)
        self.likelihood = Histogram(look, " ", x=words("surprise −ln p, nats"), y=words("sentences")).calm()
        self.aucs = Readouts(look).calm()
        self.valid = CurvePlot(look, "", x=words("training step"), y_range=(0.0, 1.0),
                               integer_x=True).calm()
        self.sweep = CurvePlot(look, "", x=words("temperature"), y_range=(0.0, 1.04)).calm()
        self.loss = CurvePlot(look, "", x=words("training step"), y=words("nats a sign"),
                              integer_x=True).calm()
        self.beside = Pages(self, "beside", {
            "valid": (words("Valid"), self.valid), "temperature": (words("Temperature"), self.sweep),
            "loss": (words("Loss"), self.loss)})
        self.strip = TokenStrip(look, " ", lines=4).calm()
        self.verdict = Readouts(look).calm()
        self._shown: Shown[Params, Frame] | None = None

        written, likely, training, one = (Card(look) for _ in range(4))
        kin = QWidget()
        kin.setLayout(row(self.relatives, self.attention, stretch=(3, 2)))
        self.pages = stacked(self.grid, kin)
        written.body.addWidget(self.pages, 1)
        foot = row(self.above, self.kept, self.more, stretch=(0, 1, 0))
        written.body.addLayout(foot)
        likely.body.addWidget(self.likelihood, 1)
        likely.body.addWidget(self.aucs)
        training.body.addWidget(self.beside, 1)
        one.body.addWidget(self.strip)
        one.body.addStretch(1)
        one.body.addWidget(self.verdict)
        self.setLayout(Arrangement(look, below(
            Place(written, words("Written"), rank=1, smallest=(420, 250), share=5),
            beside(Place(likely, words("Likelihood"), rank=2, smallest=(236, 216), share=6),
                   Place(training, words("Training"), rank=3, smallest=(240, 180), share=5),
                   Place(one, words("One sentence"), rank=4, smallest=(190, 200), share=4),
                   share=4))))

    # --- what clicks do

    def _choose(self, cell: int) -> None:
        if self._shown is not None and cell < len(self._shown.frame.numbers):
            number = int(self._shown.frame.numbers[cell])
            if number >= 0:
                self.changed.emit("smiles", "")
                self.changed.emit("chosen", number)

    def _leaf(self) -> None:
        if self._shown is not None:
            leaves = -(-int(self._shown.frame.kept.sum()) // CELLS)
            self.changed.emit("chosen", -1)
            self.changed.emit("leaf", (self._shown.params.leaf + 1) % leaves)

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame = shown.frame
        page = int(frame.annalog and shown.params.above == "relatives")
        self.above.setVisible(frame.annalog)
        self.more.setVisible(not page)
        self.above.set(page)
        self.pages.setCurrentIndex(page)
        (self._draw_grid, self._draw_relatives)[page](shown)
        self._draw_likelihood(frame)
        match self.beside.show_page(shown.params.beside):
            case "valid":
                self._draw_valid(shown)
            case "temperature":
                self._draw_sweep(shown)
            case "loss":
                self._draw_loss(shown)
        self._draw_one(frame)

    def _draw_grid(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        cells = []
        for index, (number, text, fault) in enumerate(zip(frame.numbers, frame.texts, frame.faults,
                                                          strict=True)):
            own = number < 0
            surprise = float(frame.sign_surprise.sum() if own else frame.surprise[number])
            caption = f"{words('yours')} {fixed(surprise, 1)}" if own else fixed(surprise, 1)
            cells.append(Cell(text, caption, int(bool(fault)),
                              None if fault else molecule_of(frame, index),
                              (int(frame.lit[index, 0]), int(frame.lit[index, 1])),
                              self.why[fault] if fault else ""))
        self.grid.draw(cells, selected=frame.read, title=words(
            "What it writes: {valid}, {broken}, each with its surprise",
            valid=named(0, words("a molecule")), broken=named(1, words("nonsense"))))
        whole = shown.params.keep >= 1.0
        said = [(words("valid of all {count}", count=len(frame.valid)) if whole else
                 words("valid of the {count} likeliest", count=int(frame.kept.sum())),
                 percent(frame.kept_valid))]
        if frame.kept_valid > 0:
            said += [(words("of these new"), percent(frame.novel)),
                     (words("different"), percent(frame.distinct)),
                     (words("diversity"), fixed(frame.diversity)),
                     (words("length"), fixed(frame.length, 1))]
        self.kept.draw(said)

    def _draw_relatives(self, shown: Shown[Params, Frame]) -> None:
        """What ANNalog, an encoder and decoder trained by others, writes beside one molecule."""
        frame, words = shown.frame, self.words
        cells = []
        for index, (text, fault) in enumerate(zip(frame.relatives, frame.relative_faults, strict=True)):
            caption = f"{fixed(float(frame.relative_surprise[index]), 1)}   " + words(
                "alike {share}", share=percent(float(frame.relative_alike[index])))
            cells.append(Cell(text, caption, int(bool(fault)),
                              None if fault else molecule_of(frame, len(frame.numbers) + index),
                              (int(frame.relative_lit[index, 0]), int(frame.relative_lit[index, 1])),
                              self.why[fault] if fault else ""))
        self.relatives.draw(cells, selected=frame.relative, title=words("Relatives by ANNalog's beam search")
                            if cells else words("Train until a molecule is drawn, or type one"))
        self.attention.draw(frame.attention, low=0.0, x_labels=frame.origin_signs,
                            y_labels=frame.relative_signs, title=words("Where each sign looked"))
        self.kept.draw([(words("of"), frame.origin)] if cells else [])

    def _draw_likelihood(self, frame: Frame) -> None:
        words = self.words
        top = max(40.0, 10 * np.ceil(float(np.quantile(frame.surprise, 0.98)) / 10))
        edges = np.linspace(0.0, top, BINS + 1)
        within = np.minimum(frame.surprise, top)
        valid, broken = (np.histogram(within[one], edges)[0] for one in (frame.valid, ~frame.valid))
        rules = []
        if not frame.kept.all():
            rules.append(Rule(float(frame.surprise[frame.kept].max()), words("kept up to here"), axis="x"))
        elif frame.own:
            rules.append(Rule(float(frame.sign_surprise.sum()), words("yours"), axis="x"))
        self.likelihood.draw(valid, edges, overlay_counts=broken, rules=rules, title=words(
            "Valid filled, broken a line"))
        self.aucs.draw([(words("broken: less likely"), percent(frame.auc)),
                        (words("longer"), percent(frame.length_auc))])

    def _draw_valid(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        curves = ghost_curves(shown.ghosts, "valid")
        if shown.params.keep < 1.0:
            curves.append(Curve(*history.points("kept_valid"), words("of the kept"), series=2,
                                style="dashed"))
        curves.append(Curve(*history.points("valid"), words("valid"), width=2.5))
        self.valid.draw(curves, y_range=(0.0, 1.04), note=self.of_step(shown))

    def _draw_sweep(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        at = frame.temperatures
        curves = [Curve(one.frame.valid_at, one.frame.temperatures, one.label, style="ghost", width=1.5)
                  for one in shown.ghosts if len(one.frame.temperatures)]
        curves += [Curve(frame.unfinished_at, at, words("no end found"), series=1, style="dashed"),
                   Curve(frame.distinct_at, at, words("different"), series=2, width=1.5),
                   Curve(frame.valid_at, at, words("valid"), width=2.5)] if len(at) else []
        self.sweep.draw(curves, [Rule(shown.params.temperature, words("now"), axis="x")],
                        x_range=(0.0, 2.0), y_range=(0.0, 1.04), note=self.of_step(shown))

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        curves = [Curve(running_mean(one.history["loss"], SMOOTHING), one.history.steps, one.label,
                        style="ghost", width=1.5) for one in shown.ghosts]
        curves.append(Curve(running_mean(shown.history["loss"], SMOOTHING), shown.history.steps,
                            self.words("training")))
        self.loss.draw(curves, y_range=(0.0, 4.0))

    def _draw_one(self, frame: Frame) -> None:
        words = self.words
        start, stop = map(int, frame.lit[frame.read])
        most = np.log(40.0)  # a blind guess among the signs
        self.strip.draw(
            frame.signs, weights=np.clip(frame.sign_surprise / most, 0, 1), series=1,
            selected=start if stop > start else -1, unknown=np.flatnonzero(frame.unknown).tolist(),
            title=words("Yours: darker signs surprise it more") if frame.own
            else words("Darker signs surprise it more"))
        self.verdict.draw([
            (words("surprise"), fixed(float(frame.sign_surprise.sum()), 1)),
            (words("RDKit"), self.why[frame.faults[frame.read]])])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        said = words(
            "At step {measured}, {valid} of {count} sentences are molecules; of two, the broken one is "
            "less likely in {auc} of the cases.", measured=count(shown.measured),
            valid=percent(float(frame.valid.mean())), count=count(len(frame.valid)),
            auc=percent(frame.auc))
        if not frame.kept.all():
            said += words(" Of the likeliest {kept}, {valid} are molecules.",
                          kept=count(int(frame.kept.sum())), valid=percent(frame.kept_valid))
        return said


def molecule_of(frame: Frame, cell: int) -> Molecule:
    """The molecule that is drawn in a cell."""
    here = np.flatnonzero(frame.cells == cell)
    first = int(here[0]) if len(here) else 0
    bonds = np.isin(frame.ends[:, 0], here)
    return Molecule(frame.xy[here], [frame.symbols[one] for one in here], frame.hydrogens[here],
                    frame.charges[here], frame.ends[bonds] - first, frame.orders[bonds])

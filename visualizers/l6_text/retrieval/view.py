"""The picture of retrieval: the matrix of scores, the race with BM25, words against words, and measures."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l6_text.retrieval.panel import SHOWN, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves, loss_curves
from widgets.pictures.heatmap import Cell, Heatmap
from widgets.pictures.ranklists import RankLists
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import count, fixed, percent
from widgets.views.cards import Card, Pane
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

ENCODER, BM25, LATE = range(3)  # rows of the frame, and their series
LABEL = 24  # characters of a name beside the matrix


class ScoreMatrix(Heatmap):
    """Names against titles; a readout names both."""

    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    def say(self, part: Cell) -> str:
        return f"{self.names[part[0]]} · {self.titles[part[1]]}   {fixed(float(self.data[part]))}"


class RetrievalView(PanelView):
    """The matrix over the whole height; beside it the race, and one query looked at closely."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.matrix = ScoreMatrix(look, " ", dense=True, color_bar=False)
        self.matrix.clicked.connect(self._choose_cell)
        self.figures = Readouts(look).calm()

        def plot(x: str) -> CurvePlot:
            return CurvePlot(look, "", x=x, y_range=(0.0, 1.0), integer_x=True).calm()

        self.steps, self.pairs = plot(words("training step")), plot(words("pairs learnt from"))
        self.mrr = plot(words("training step"))
        self.loss = CurvePlot(look, "", x=words("training step"), y=words("loss"), y_range=(0.0, 3.0),
                              integer_x=True).calm()
        self.race = Pages(self, "race", {
            "steps": (words("Right first"), self.steps), "pairs": (words("by pairs"), self.pairs),
            "mrr": ("MRR", self.mrr), "loss": (words("Loss"), self.loss)})

        self.grid = Heatmap(look, " ", x=words("outlined: the best match"), values=True,
                            color_bar=False).calm()
        self.scores = Readouts(look).calm()
        self.found = Table(look, " ", [(words("title"), 0.58), (words("encoder"), 0.2),
                                       ("BM25", 0.22)]).calm()
        self.found.clicked.connect(self._choose_title)
        self.lists = RankLists(look, words("Drag a document, or click to grade it")).calm()
        self.lists.arranged.connect(self._arrange)
        self.means = Readouts(look).calm()
        self.beside = Pages(self, "beside", {
            "words": (words("Word by word"), Pane(look, self.scores, self.grid)),
            "found": (words("Found"), self.found),
            "measures": (words("Measures"), Pane(look, self.means, self.lists))})
        self._frame: Frame | None = None
        self._params = Params()

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.matrix, 1)
        top.body.addWidget(self.figures)
        left.body.addWidget(self.race)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, beside(
            Place(top, words("Scores"), rank=1, smallest=(390, 290), share=13),
            below(Place(left, words("Right first"), rank=2, smallest=(310, 200), share=7),
                  Place(right, words("Word by word"), rank=3, smallest=(310, 210), share=8), share=10))))

    # --- what a click does

    def _choose_cell(self, row: int, column: int) -> None:
        if self._frame is not None:
            self.changed.emit("chosen", (row, int(self._frame.documents[column])))

    def _choose_title(self, candidate: int) -> None:
        if self._frame is not None:
            self.changed.emit("chosen", (self._params.chosen[0], int(self._frame.numbers[candidate])))

    def _arrange(self, row: int, grades: tuple[int, ...]) -> None:
        """Keep the lists as they have been dragged."""
        if self._frame is not None:
            lists = self._frame.relevance.tolist()
            lists[row] = list(grades)
            self.changed.emit("dragged", (self._params.lists, *(one for each in lists for one in each)))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame, self._params = frame, params
        self._draw_matrix(frame, params)
        match self.race.show_page(params.race):
            case "steps":
                self._draw_race(shown, self.steps, by_pairs=False)
            case "pairs":
                self._draw_race(shown, self.pairs, by_pairs=True)
            case "mrr":
                self._draw_mrr(shown)
            case _:
                self.loss.draw(loss_curves(shown.history, ["loss"], [""], shown.ghosts))
        match self.beside.show_page(params.beside):
            case "words":
                self._draw_words(frame)
            case "found":
                self._draw_found(frame)
            case _:
                self._draw_lists(frame)

    def _draw_matrix(self, frame: Frame, params: Params) -> None:
        words, others = self.words, frame.same.astype(bool) & ~np.eye(SHOWN, dtype=bool)
        columns = np.flatnonzero(frame.documents == frame.document)
        self.matrix.names, self.matrix.titles = frame.names, frame.titles
        self.matrix.draw(
            frame.cosines, low=0.0, high=1.0, y_labels=[_short(one) for one in frame.names],
            x_labels=[str(one + 1) for one in range(SHOWN)],
            marks=[(int(row), int(column)) for row, column in np.argwhere(others)],
            row=frame.row, column=int(columns[0]) if len(columns) == 1 else -1,
            title=words("Names × titles; outlined: false negatives"))
        self.figures.draw([
            (words("a right title is the largest of its row"),
             f"{count(frame.diagonal * SHOWN)} / {count(SHOWN)}"),
            (words("rows with a false negative in a batch of {count}", count=count(params.batch)),
             percent(frame.false))])

    def _draw_race(self, shown: Shown[Params, Frame], plot: CurvePlot, by_pairs: bool) -> None:
        """hit@1 over steps, or over the pairs that were learnt from."""
        words = self.words
        curves = []
        for history, label, style in (
                *((ghost.history, ghost.label, "ghost") for ghost in shown.ghosts),
                (shown.history, words("encoder"), "solid")):
            values, steps = history.points("hit_encoder")
            if by_pairs:
                learnt = np.concatenate([[0.0], history["pairs"]])
                steps = learnt[np.searchsorted(history.steps, steps, side="right")]
            late, at = history.points("hit_late")
            if style == "solid":
                curves.append(Curve(late, steps if by_pairs else at, words("late interaction"), series=LATE))
            curves.append(Curve(values, steps, label, style=style,  # type: ignore[arg-type]
                                width=1.5 if style == "ghost" else 2.5))
        plot.draw(curves, [Rule(float(shown.frame.hit[BM25]), "BM25", series=BM25)], y_range=(0.0, 1.0),
                  note=self.of_step(shown))

    def _draw_mrr(self, shown: Shown[Params, Frame]) -> None:
        curves = ghost_curves(shown.ghosts, "mrr_encoder")
        curves.append(Curve(*shown.history.points("mrr_encoder"), self.words("encoder"), width=2.5))
        self.mrr.draw(curves, [Rule(float(shown.frame.mrr[BM25]), "BM25", series=BM25)],
                      y_range=(0.0, 1.0), note=self.of_step(shown))

    def _draw_words(self, frame: Frame) -> None:
        """Words of the query across, of the title down; the maximum of each column is outlined."""
        words = self.words
        self.grid.draw(frame.grid.T, low=0.0, high=1.0, x_labels=frame.query, y_labels=frame.words,
                       marks=[(int(best), one) for one, best in enumerate(frame.best)],
                       title=words("Against “{title}”", title=frame.title)
                       if frame.query else words("Nothing is asked: type a disease"))
        cosine, bm25, late = (fixed(float(one)) for one in frame.scores)
        self.scores.draw([(words("cosine"), cosine), ("Σ max", late), ("BM25", bm25)])

    def _draw_found(self, frame: Frame) -> None:
        """The first titles of both methods, with their places among all."""
        words, right = self.words, frame.right
        rows = []
        for one, title in enumerate(frame.candidates):
            encoder, bm25 = (count(int(place)) for place in frame.places[:, one])
            rows.append((named(0, title) if one == right else title, encoder,
                         bm25 if frame.found[BM25, one] > 0 else words("no word")))
        chosen = np.flatnonzero(frame.numbers == frame.document)
        query = " ".join(frame.query)
        self.found.draw(rows, selected=int(chosen[0]) if len(chosen) else -1,
                        heads=(words("title"), words("encoder"), "BM25"),
                        title=words("Places for “{query}”; ● right", query=query) if right >= 0
                        else words("Places for “{query}”", query=query))

    def _draw_lists(self, frame: Frame) -> None:
        words, many = self.words, len(frame.relevance)
        rows = zip(frame.reciprocal, frame.precision, frame.ndcg, strict=True)
        self.lists.draw(
            frame.relevance.tolist(), names=[words("query {n}", n=count(one + 1)) for one in range(many)],
            heads=("RR", "AP", "NDCG"),
            figures=[[fixed(float(value)) for value in row] for row in rows])
        self.means.draw([("MRR", fixed(float(frame.reciprocal.mean()))),
                         ("MAP", fixed(float(frame.precision.mean()))),
                         ("NDCG", fixed(float(frame.ndcg.mean())))])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        return self.words(
            "Step {step}: a right title scores most in {diagonal} of {rows} rows. Right first at step "
            "{measured}: encoder {encoder}, BM25 {bm25}; where no word is shared, {strange} and {none}.",
            step=count(shown.step), measured=count(shown.measured), rows=count(SHOWN),
            diagonal=count(frame.diagonal * SHOWN), encoder=percent(float(frame.hit[ENCODER])),
            bm25=percent(float(frame.hit[BM25])), strange=percent(float(frame.hit_strange[ENCODER])),
            none=percent(float(frame.hit_strange[BM25])))


def _short(name: str) -> str:
    """So much of a name as has room beside the matrix."""
    return name if len(name) <= LABEL else name[: LABEL - 1].rstrip() + "…"

"""The picture of similar cases: two orders of the same thirty, and why each pair is thought alike."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from visualizers.data.cases import CHARGES, ELEMENTS
from visualizers.l8_legal.similar_cases.panel import (
    CANDIDATES,
    LIKE,
    QUERIES,
    TRAP,
    Frame,
    Params,
    graded_for,
)
from visualizers.panel import Shown
from widgets.pictures.ranks import QUIET, RankColumns
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.numbers import decimal, fixed, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

SERIES = {LIKE: 0, TRAP: 1}
LEFT, RIGHT = 0, 1


class SimilarCasesView(PanelView):
    """The two orders over the whole height; beside them the two texts, and what agrees in them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.columns = RankColumns(look, " ")
        self.columns.clicked.connect(lambda one: self.changed.emit("chosen", one))
        self.columns.graded.connect(self._grade)
        self.scores = Readouts(look)
        self.statutes = RankColumns(look, " ")
        self.statutes.clicked.connect(lambda one: self.changed.emit("statute", one))
        self.found = Readouts(look)
        self.page = Pages(self, "page", {
            "cases": (words("Cases"), _stacked(self.columns, self.scores)),
            "statutes": (words("Statutes"), _stacked(self.statutes, self.found))})

        self.query = TokenStrip(look, " ", lines=4)
        self.other = TokenStrip(look, " ", lines=4)
        self.elements = Table(look, "", [(words("element"), 0.46), (words("query"), 0.27),
                                         (words("this case"), 0.27)]).calm()
        self.places = Table(look, "", [(words("place"), 0.2), ("", 0.4), ("", 0.4)]).calm()
        self.beside = Pages(self, "beside", {"elements": (words("Elements"), self.elements),
                                             "ndcg": ("NDCG", self.places)})
        self._params = Params()

        left, texts, right = Card(look), Card(look), Card(look)
        left.body.addWidget(self.page)
        texts.body.addWidget(self.query, 1)
        texts.body.addWidget(self.other, 1)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Two orders"), rank=1, smallest=(360, 280), share=11),
            below(Place(texts, words("Two texts"), rank=2, smallest=(300, 220), share=6),
                  Place(right, words("What agrees"), rank=3, smallest=(300, 170), share=5), share=9))))

    def _grade(self, case: int, grade: int) -> None:
        """Keep the grades that were set by hand for these candidates."""
        key, before = graded_for(self._params), self._params.graded
        grades = dict(zip(before[1::2], before[2::2], strict=False)) if before[:1] == (key,) else {}
        grades[case] = grade
        self.changed.emit("graded", (key, *(value for pair in grades.items() for value in pair)))

    def _charge(self, index: int) -> str:
        """Its name, as short as a column needs it."""
        return CHARGES[index].short(self.words.language)

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, self._params = shown.frame, shown.params
        statutes = self.page.show_page(shown.params.page) == "statutes"
        if statutes:
            self._draw_statutes(frame)
        else:
            self._draw_cases(frame, shown.params)
        self._draw_texts(frame, statutes)
        if self.beside.show_page(shown.params.beside) == "elements":
            self._draw_elements(frame, statutes)
        else:
            self._draw_places(frame, shown.params, statutes)

    def _left(self, frame: Frame) -> str:
        return frame.model or "BM25"

    def _draw_cases(self, frame: Frame, params: Params) -> None:
        words = self.words
        self.columns.draw(
            [self._charge(one) for one in frame.charges.tolist()],
            frame.orders[LEFT].tolist(), frame.orders[RIGHT].tolist(),
            heads=(words("by {what}", what=self._left(frame)), words("by elements")),
            series=[SERIES.get(kind, QUIET) for kind in frame.kinds.tolist()],
            grades=frame.relevance.tolist(),
            details=tuple([fixed(score) for score in row] for row in frame.scores),  # type: ignore[arg-type]
            selected=frame.chosen, title=words(
                "Like this {charge}: ● similar, ■ traps; drag to grade",
                charge=self._charge(frame.charge)))
        means = [words("not measured") if np.isnan(one) else fixed(one) for one in frame.mean_ndcg]
        self.scores.draw([
            (words("NDCG of the first {depth}", depth=params.depth),
             f"{fixed(frame.ndcg[LEFT])} → {fixed(frame.ndcg[RIGHT])}"),
            (words("over {count} queries", count=QUERIES), f"{means[LEFT]} → {means[RIGHT]}")])

    def _draw_statutes(self, frame: Frame) -> None:
        words = self.words
        self.statutes.draw(
            [f"{self._charge(one)} {CHARGES[one].article}" for one in range(len(CHARGES))],
            frame.statute_orders[LEFT].tolist(), frame.statute_orders[RIGHT].tolist(),
            heads=(words("facts in lay words"), words("in legal words")),
            series=[0 if one == frame.charge else QUIET for one in range(len(CHARGES))],
            details=tuple([fixed(score) for score in row]  # type: ignore[arg-type]
                          for row in frame.statute_scores),
            selected=frame.statute, title=words("Nine articles by BM25: ● the right one"))
        first, mrr = frame.statute_first, frame.statute_mrr
        self.found.draw([
            (words("right one first, of 180 cases"), f"{percent(first[LEFT])} → {percent(first[RIGHT])}"),
            (words("mean of 1 / its place"), f"{fixed(mrr[LEFT])} → {fixed(mrr[RIGHT])}")])

    def _draw_texts(self, frame: Frame, statutes: bool) -> None:
        words, largest = self.words, float(frame.parts.max(initial=0.0))
        self.query.draw(frame.tokens, weights=frame.parts / max(largest, 1e-6), title=words(
            "Query, {charge}: shaded by BM25", charge=self._charge(frame.charge)))
        if statutes:
            title = words("Article {article}: shared words shaded", article=CHARGES[frame.statute].article)
        else:
            title = words("{charge}: shared words shaded",
                          charge=self._charge(int(frame.charges[frame.chosen])))
        self.other.draw(frame.other, weights=0.5 * frame.shared, title=title)

    def _draw_elements(self, frame: Frame, statutes: bool) -> None:
        words, rows, muted = self.words, [], []
        needed = [name in CHARGES[frame.statute].required for name in ELEMENTS]
        other = np.array(needed) if statutes else frame.true | frame.found
        mine = frame.query_true | frame.query_found
        order = np.argsort(3 - 2 * mine.astype(int) - other.astype(int), kind="stable").tolist()
        for at, index in enumerate(order):
            one = list(ELEMENTS.values())[index]
            theirs = (words("required") if needed[index] else "–") if statutes else \
                self._said(int(frame.true[index]), int(frame.found[index]))
            rows.append((one.zh if words.language == "zh" else one.en,
                         self._said(int(frame.query_true[index]), int(frame.query_found[index])), theirs))
            if not (mine[index] and other[index]):
                muted.append(at)
        heads = (words("element"), words("query"), words("article") if statutes else words("this case"))
        self.elements.draw(rows, muted=muted, heads=heads,
                           title=words("Elements that the detector reports"))

    def _said(self, true: int, found: int) -> str:
        words = self.words
        return words("found") if true and found else words("missed") if true \
            else words("invented") if found else "–"

    def _draw_places(self, frame: Frame, params: Params, statutes: bool) -> None:
        words = self.words
        self.places.draw(
            [(str(place + 1), float(frame.adds[LEFT, place]), float(frame.adds[RIGHT, place]))
             for place in range(min(params.depth, CANDIDATES))],
            heads=(words("place"), self._left(frame), words("elements")),
            title=words("What each place adds to the NDCG of the cases") if statutes
            else words("What each place adds to the NDCG"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params, words = shown.frame, shown.params, self.words
        if params.page == "statutes":
            return words(
                "Among nine articles, facts told in lay words find theirs first in {lay} of 180 cases, in "
                "legal words in {legal}.", lay=percent(frame.statute_first[LEFT]),
                legal=percent(frame.statute_first[RIGHT]))
        values: dict[str, object] = {
            "left": self._left(frame), "like": decimal(float(frame.like_place[LEFT])),
            "like_right": decimal(float(frame.like_place[RIGHT])), "depth": params.depth,
            "ndcg": fixed(frame.ndcg[LEFT]), "ndcg_right": fixed(frame.ndcg[RIGHT])}
        if not frame.trap_place[LEFT]:
            return words(
                "By {left} the similar cases stand at place {like} on average, by elements at {like_right}. "
                "NDCG of the first {depth}: {ndcg} and {ndcg_right}.", **values)
        return words(
            "By {left} the traps stand at place {trap} on average and the similar cases at {like}; by "
            "elements at {trap_right} and {like_right}. NDCG of the first {depth}: {ndcg} and {ndcg_right}.",
            trap=decimal(float(frame.trap_place[LEFT])), trap_right=decimal(float(frame.trap_place[RIGHT])),
            **values)


def _stacked(*widgets: QWidget) -> QWidget:
    """A picture with its figures below."""
    page = QWidget()
    lines = QVBoxLayout(page)
    lines.setContentsMargins(0, 0, 0, 0)
    for at, widget in enumerate(widgets):
        lines.addWidget(widget, int(at == 0))
    return page

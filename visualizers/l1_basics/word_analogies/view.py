"""The parallelogram of three words on a map, what is nearest to its fourth, and how often that is right."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.word_analogies.panel import Frame, Params
from visualizers.panel import Shown
from widgets.base.tips import explain
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, ghost_curves
from widgets.pictures.dumbbells import Dumbbells, Pairs
from widgets.pictures.parallelogram import Parallelogram
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView


class WordAnalogiesView(PanelView):
    """The map carries the claim; beside it the scores of the relations, the nearest words, the course."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self._frame: Frame | None = None
        self.map = Parallelogram(look, " ")
        explain(self.map, words("Drag a corner to another word, or click the one and then the other; a "
                                "click on another word asks for it in place of c."))
        self.map.moved.connect(self._move)
        self.map.clicked.connect(lambda point: self._move(2, point))
        self.facts = Readouts(look).calm()
        self.scores = Dumbbells(look, words("Questions answered"), x=words("share of questions"),
                                heads=(words("nothing set aside"), words("a, b, c set aside"))).calm()
        self.scores.clicked.connect(self._ask)
        self.near = BarChart(look, " ", x=words("cosine, all dimensions"), high=1.0).calm()
        self.near.clicked.connect(self._take)
        self.course = CurvePlot(look, "", x=words("step"), y=words("share of questions"),
                                y_range=(0.0, 1.0), integer_x=True).calm()
        self.beside = Pages(self, "beside", {"relations": (words("Relations"), self.scores),
                                             "course": (words("Over steps"), self.course)})
        left, top, right = Card(look), Card(look), Card(look)
        left.body.addWidget(self.map, 1)
        left.body.addWidget(self.facts)
        top.body.addWidget(self.beside)
        right.body.addWidget(self.near)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Map"), rank=1, smallest=(370, 300), share=11),
            below(Place(top, words("Relations"), rank=2, smallest=(290, 260), share=8),
                  Place(right, words("Nearest"), rank=3, smallest=(280, 150), share=4), share=9))))

    # --- what a click does

    def _move(self, corner: int, point: int) -> None:
        """Ask the same with another word at one corner."""
        if self._frame is not None and 0 <= point < len(self._frame.words):
            three = [self._frame.words[one] for one in self._frame.corners.tolist()]
            if (word := self._frame.words[point]) not in three:
                three[corner] = word
                self.changed.emit("question", sum_of(three))

    def _take(self, bar: int) -> None:
        if self._frame is not None and 0 <= bar < len(self._frame.near):
            self._move(2, int(self._frame.near[bar]))

    def _ask(self, relation: int) -> None:
        if self._frame is not None and 0 <= relation < len(self._frame.starts):
            self.changed.emit("question", self._frame.starts[relation])

    # --- drawing

    def _names(self, frame: Frame) -> list[str]:
        words = self.words
        known = {
            "family": words("family"), "capitals": words("capitals"), "plurals": words("plurals"),
            "past tense": words("past tense"), "third person": words("third person"),
            "opposites": words("opposites"), "comparatives": words("comparatives"),
            "superlatives": words("superlatives"), "adverbs": words("adverbs"),
            "-ing forms": words("-ing forms"), "nationalities": words("nationalities"),
            "currencies": words("currencies"), "city and state": words("city and state"),
        }
        return [known.get(one, one) for one in frame.relations]

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = self._frame = shown.frame
        self.map.draw(frame.points, frame.words, corners=tuple(frame.corners.tolist()), target=frame.target,
                      answer=int(frame.near[0]) if len(frame.near) else -1, near=frame.near.tolist(),
                      pairs=[(a, b) for a, b in frame.pairs.tolist()], values=frame.closeness,
                      title=self._sum(frame))
        self._draw_facts(frame)
        self._draw_near(shown)
        if self.beside.show_page(shown.params.beside) == "relations":
            self._draw_scores(shown)
        else:
            self._draw_course(shown)

    def _sum(self, frame: Frame) -> str:
        said = sum_of([frame.words[one] for one in frame.corners.tolist()])
        return f"{said} ≈ {frame.words[frame.near[0]]}" if len(frame.near) else said

    def _draw_facts(self, frame: Frame) -> None:
        words = self.words
        items = [(words("searched"), quantity(frame.searched, "word", words)),
                 (words("nearest of all"), frame.words[frame.itself]),
                 (words("spread on this map"), percent(frame.held))]
        if frame.expected:
            place = words("place {n}", n=count(frame.place)) if frame.place else words("not found")
            items.insert(2, (words("wanted"), f"{frame.expected}, {place}"))
        self.facts.draw(items)

    def _draw_scores(self, shown: Shown[Params, Frame]) -> None:
        frame, names = shown.frame, self._names(shown.frame)
        pairs = [Pairs("", frame.answered_itself, frame.answered)]
        for ghost in shown.ghosts:
            if ghost.frame.relations == frame.relations:
                pairs.append(Pairs(ghost.label, ghost.frame.answered_itself, ghost.frame.answered,
                                   ghost=True))
        self.scores.draw(names, pairs, selected=frame.relation, title=self.words(
            "{questions} answered", questions=quantity(int(frame.asked.sum()), "question", self.words)))

    def _draw_near(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        names = [frame.words[one] for one in frame.near.tolist()]
        lit = names.index(frame.expected) if frame.expected in names else -1
        title = words("Nearest to a − b + c, the three set aside") if shown.params.aside else \
            words("Nearest to a − b + c")
        self.near.draw(frame.cosines, names, highlight=lit, title=title)

    def _draw_course(self, shown: Shown[Params, Frame]) -> None:
        words, history = self.words, shown.history
        curves = ghost_curves(shown.ghosts, "right")
        names = {"right": words("three set aside"), "right_itself": words("nothing set aside"),
                 "copied": words("nearest is one of the three")}
        for series, (name, label) in enumerate(names.items()):
            y, x = history.points(name)
            curves.append(Curve(y, x, label, series, "dashed" if series else "solid"))
        self.course.draw(curves, note=self.of_step(shown))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        right, itself = (percent(float(one.mean())) if len(one) else "–"
                         for one in (frame.answered, frame.answered_itself))
        about = words("{title}, {steps} here", title=words(frame.title),
                      steps=quantity(shown.measured, "step", words)) if frame.trained else words(frame.title)
        said = words("{sum}. With the three words set aside {right} of the questions are right, without "
                     "that {itself} ({about}).",
                     sum=self._sum(frame), right=right, itself=itself, about=about)
        if frame.unknown:
            said += " " + words("No vector for {words}.", words=words(", ").join(frame.unknown))
        return said


def sum_of(three: list[str]) -> str:
    """ "a − b + c" """
    return f"{three[0]} − {three[1]} + {three[2]}"

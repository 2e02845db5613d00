"""The picture of charge prediction: who needs how many cases, and which words make the charge."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.data.cases import CHARGES, ELEMENTS
from visualizers.l8_legal.charges.panel import SIZES, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.numbers import count, percent, quantity
from widgets.views.cards import Card, Switch
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

WHO = ("text", "both")
TEXT, BOTH, ALONE = range(3)  # the readers' series, too


class ChargesView(PanelView):
    """The race on top, the answer's reasons beside it; below, the facts as one reader reads them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words, cases = self.words, self.words("cases of each charge learnt from")
        self.race = CurvePlot(look, words("New cases rightly charged"), x=cases, log_x=True,
                              y_range=(0.0, 1.04), integer_x=True)
        self.race.clicked.connect(self._choose_size)
        self.elements = Table(look, "", [(words("element"), 0.5), (words("detector"), 0.22),
                                         (words("adds"), 0.28)]).calm()
        self.charges = BarChart(look, "", high=1.0, write=percent).calm()
        self.place = CurvePlot(look, "", x=cases, log_x=True, y_range=(0.0, 1.04), integer_x=True).calm()
        self.names = Table(look, "", [(words("name"), 0.44), (words("kind"), 0.28),
                                      (words("adds"), 0.28)]).calm()
        self.beside = Pages(self, "beside", {"elements": (words("Elements"), self.elements),
                                             "charges": (words("Charges"), self.charges),
                                             "place": (words("Place"), self.place),
                                             "names": (words("Names"), self.names)})
        self.who = Switch(look, [words("Text alone"), words("Text and elements")])
        self.who.chosen.connect(lambda one: self.changed.emit("who", WHO[one]))
        self.facts = TokenStrip(look, " ", lines=4)
        self.readouts = Readouts(look).calm()

        left, right, bottom = Card(look), Card(look), Card(look)
        left.body.addWidget(self.race)
        right.body.addWidget(self.beside)
        bottom.body.addWidget(self.who)
        bottom.body.addWidget(self.facts, 1)
        bottom.body.addWidget(self.readouts)
        self.setLayout(Arrangement(look, below(
            beside(Place(left, words("Accuracy"), rank=1, smallest=(330, 190), share=11),
                   Place(right, words("Reasons"), rank=3, smallest=(310, 190), share=9), share=6),
            Place(bottom, words("The facts"), rank=2, smallest=(400, 180), share=4))))

    def _choose_size(self, cases: float, _share: float) -> None:
        """The reader of so many cases reads the facts."""
        nearest = np.abs(np.log(np.array(SIZES) / max(cases, 0.1))).argmin()
        self.changed.emit("size", int(nearest))

    def _name(self, index: int) -> str:
        return CHARGES[index].name(self.words.language) if index >= 0 else self.words("none of the nine")

    def _charge(self, index: int) -> str:
        if index < 0:
            return self._name(index)
        return self.words("{charge}, article {article}", article=CHARGES[index].article,
                          charge=self._name(index))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        self._draw_race(shown)
        match self.beside.show_page(shown.params.beside):
            case "elements":
                self._draw_elements(frame)
            case "charges":
                language = self.words.language
                self.charges.draw(frame.odds, [f"{one.short(language)} {one.article}" for one in CHARGES],
                                  highlight=frame.answer, title=self.words("What the reader says"))
            case "place":
                self._draw_place(shown)
            case "names":
                self._draw_names(frame)
        self.who.set(int(frame.with_elements))
        self._draw_facts(frame)

    def _draw_race(self, shown: Shown[Params, Frame]) -> None:
        frame, words, x = shown.frame, self.words, np.array(SIZES)
        curves = [Curve(ghost.frame.accuracy[which], x, ghost.label if which == BOTH else "",
                        style="ghost", width=1.5) for ghost in shown.ghosts for which in (TEXT, BOTH)]
        curves += [Curve(frame.accuracy[ALONE], x, words("elements alone"), ALONE, "dashed", 1.5),
                   Curve(frame.accuracy[TEXT], x, words("text alone"), TEXT, width=2.5),
                   Curve(frame.accuracy[BOTH], x, words("text and elements"), BOTH, width=3.0)]
        rules = [Rule(1 / len(CHARGES), words("guessing")),
                 Rule(SIZES[frame.size], words("reads the facts below"), axis="x")]
        self.race.draw(curves, rules, x_range=(SIZES[0], SIZES[-1]), note=self.of_step(shown))

    def _draw_elements(self, frame: Frame) -> None:
        words = self.words
        rows, muted = [], []
        order = np.argsort(3 - 2 * (frame.true | frame.detected) - frame.true, kind="stable")
        for at, index in enumerate(order.tolist()):
            one = list(ELEMENTS.values())[index]
            true, found = bool(frame.true[index]), bool(frame.detected[index])
            said = words("found") if true and found else words("missed") if true else \
                words("invented") if found else "–"
            rows.append((one.zh if words.language == "zh" else one.en, said,
                         float(frame.element_says[index])))
            if not (true or found):
                muted.append(at)
        given = words("What the elements say") if frame.with_elements \
            else words("Elements, not given to this reader")
        self.elements.draw(rows, muted=muted, title=given)

    def _draw_place(self, shown: Shown[Params, Frame]) -> None:
        frame, words, x = shown.frame, self.words, np.array(SIZES)
        which = BOTH if frame.with_elements else TEXT
        self.place.draw([
            Curve(frame.planted[which], x, words("place as in training"), 3, "dashed"),
            Curve(frame.accuracy[which], x, words("place drawn evenly"), which, width=2.5),
        ], title=words("Right for the wrong reason?"), x_range=(SIZES[0], SIZES[-1]), note=words(
            "the place makes {share} of what the words say", share=percent(frame.place_share)))

    def _draw_names(self, frame: Frame) -> None:
        words = self.words
        kinds = (words("person"), words("place name"), words("time"), words("organisation"))
        self.names.draw(
            [(name, kinds[kind], float(says)) for name, kind, says in
             zip(frame.names, frame.name_kinds.tolist(), frame.name_says, strict=True)],
            title=words("Names that LAC finds") if frame.found_by_lac
            else words("Names in this made case"))

    def _draw_facts(self, frame: Frame) -> None:
        """Each word in the colour of what it says for the answer, or against it."""
        words, largest = self.words, float(np.abs(frame.says).max(initial=0.0))
        self.facts.draw(
            frame.tokens, weights=np.abs(frame.says) / max(largest, 1e-6),
            series=[int(one < 0) for one in frame.says], muted=frame.place if frame.struck else (),
            unknown=np.flatnonzero(frame.unknown).tolist(), title=words(
                "What speaks for ● and against ■ “{charge}”, learnt from {cases}",
                charge=self._charge(frame.answer), cases=quantity(SIZES[frame.size], "case", words)))
        self.readouts.draw([
            (words("the reader says"), words(
                "{charge}, {term} ({share})", charge=self._charge(frame.answer),
                term=quantity(frame.term, "month", words), share=percent(frame.odds[frame.answer]))),
            (words("its elements say"), words(
                "{charge}, {term}", charge=self._charge(frame.truth),
                term=quantity(frame.true_term, "month", words)) if frame.truth >= 0
                else self._charge(frame.truth))])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        text, both = frame.accuracy[TEXT], frame.accuracy[BOTH]
        return self.words(
            "Learnt from one case each, text alone has {few} right, with elements {few_both}; from {most}, "
            "{many} and {many_both} (step {measured}). Step {step} reads here {answer}, by elements "
            "{truth}.",
            few=percent(text[0]), few_both=percent(both[0]), most=SIZES[-1], many=percent(text[-1]),
            many_both=percent(both[-1]), measured=count(shown.measured), step=count(shown.step),
            answer=self._name(frame.answer), truth=self._name(frame.truth))

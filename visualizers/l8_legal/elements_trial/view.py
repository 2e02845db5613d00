"""The picture of a trial by elements: the tree with the case's path, the reasons, and what they lead to."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.data.cases import CHARGES, ELEMENTS
from visualizers.l8_legal.elements_trial.panel import (
    ACQUITTED,
    ELEMENT_IDS,
    Frame,
    Params,
    case_key,
)
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.decisions import DecisionTree
from widgets.pictures.marked import Entry, MarkedTexts, Span
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

CLICKS = ("yes", "no", "unknown", "")  # what a click sets an answer to; "" leaves it to the file
SERIES = {"yes": 0, "no": 1, "unknown": 3}
CONVICTED, FREE = 1, 2  # series of verdicts


class ElementsTrialView(PanelView):
    """The tree on top; below, the reasons, and accuracy or what each question would tell."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.tree = DecisionTree(look, " ")
        self.tree.clicked.connect(self._click_node)
        self.figures = Readouts(look).calm()
        self.reasons = MarkedTexts(look, " ", share=0.2, narrow=300).calm()
        self.reasons.clicked.connect(self._answer)
        self.accuracy = CurvePlot(look, "", x=words("questions asked"), y_range=(0.0, 1.04),
                                  x_range=(0.0, float(len(ELEMENTS))), integer_x=True).calm()
        self.questions = BarChart(look, "", x=words("bits"), high=1.0, write=fixed).calm()
        self.questions.clicked.connect(self._forbid)
        self.beside = Pages(self, "beside", {"accuracy": (words("Accuracy"), self.accuracy),
                                             "questions": (words("Questions"), self.questions)})
        self._shown: Shown[Params, Frame] | None = None

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.tree, 1)
        top.body.addWidget(self.figures)
        left.body.addWidget(self.reasons)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, below(
            Place(top, words("The questions"), rank=1, smallest=(420, 230), share=7),
            beside(Place(left, words("Reasons"), rank=2, smallest=(330, 190), share=5),
                   Place(right, words("Accuracy"), rank=3, smallest=(300, 200), share=5), share=6))))

    # --- what a click does

    def _click_node(self, node: int) -> None:
        """A question on the path: turn its answer round."""
        if self._shown is not None and node in self._shown.frame.path[: len(self._shown.frame.answers)]:
            at = self._shown.frame.path.index(node)
            self._answer(len(CLICKS) * int(self._shown.frame.questions[node]) + self._next(at))

    def _next(self, at: int) -> int:
        """What a click sets the answer of question ``at`` to: the opposite, then unknown, then the file's."""
        assert self._shown is not None
        frame = self._shown.frame
        if not frame.changed[at]:
            return CLICKS.index("no" if frame.answers[at] == "yes" else "yes")
        return CLICKS.index("" if frame.changed[at] == "unknown" else "unknown")

    def _answer(self, part: int) -> None:
        if self._shown is None:
            return
        element, answer = divmod(part, len(CLICKS))
        key, name = case_key(self._shown.params), ELEMENT_IDS[element]
        before = self._shown.params.answers
        kept = [one for one in before[1:] if not one.startswith(f"{name}=")] if before[:1] == (key,) else []
        if CLICKS[answer]:
            kept.append(f"{name}={CLICKS[answer]}")
        self.changed.emit("answers", (key, *kept) if kept else ())

    def _forbid(self, bar: int) -> None:
        """Forbid a question, or allow it again."""
        if self._shown is not None:
            name, before = ELEMENT_IDS[bar], self._shown.params.forbidden
            self.changed.emit("forbidden", tuple(one for one in before if one != name)
                              if name in before else (*before, name))

    # --- names

    def _element(self, index: int) -> str:
        one = list(ELEMENTS.values())[index]
        return one.zh if self.words.language == "zh" else one.en

    def _question(self, index: int) -> str:
        name = self._element(index)
        return self.words("{element}?", element=name[0].upper() + name[1:])

    def _verdict(self, index: int) -> str:
        if index == ACQUITTED:
            return self.words("not guilty")
        return CHARGES[index].name_zh if self.words.language == "zh" else CHARGES[index].name_en

    def _said(self, answer: str) -> str:
        words = self.words
        return {"yes": words("yes"), "no": words("no"), "unknown": words("unknown"), "": "?"}[answer]

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        self._draw_tree(shown)
        self._draw_reasons(shown)
        if self.beside.show_page(shown.params.beside) == "accuracy":
            self._draw_accuracy(shown)
        else:
            self._draw_questions(shown.frame)

    def _draw_tree(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        names, notes, series = [], [], []
        for question, likely, cases, unsure in zip(frame.questions, frame.likely, frame.cases, frame.unsure,
                                                   strict=True):
            leaf = question < 0
            names.append(self._verdict(int(likely)) if leaf else self._question(int(question)))
            notes.append(words("{cases}, unsure by {bits}", cases=quantity(int(cases), "case", words),
                               bits=quantity(float(unsure), "bit", words, digits=2)))
            series.append(-1 if not leaf else FREE if likely == ACQUITTED else CONVICTED)
        at = frame.path[-1]
        if frame.questions[at] < 0:
            names[at] = self._verdict(frame.verdict)
            series[at] = FREE if frame.verdict == ACQUITTED else CONVICTED
        self.tree.draw(
            frame.parents, frame.sides, names, series=series, notes=notes, path=frame.path,
            answers=[self._said(one) for one in frame.answers], levels=6, unnamed=words("not guilty"),
            title=words("Case {number}: no to the left, yes to the right; ■ convicted, ▲ not guilty",
                        number=shown.params.example))
        asked = sum(one != "" for one in frame.answers)
        self.figures.draw([
            (words("verdict"), self._verdict(frame.verdict)), (words("in truth"), self._verdict(frame.truth)),
            (words("black box"), f"{self._verdict(frame.box)} {percent(frame.box_share)}"),
            (words("questions asked"), words("{asked} of {all}", asked=asked, all=len(ELEMENTS))),
            (words("on average"), decimal(frame.mean_questions))])

    def _draw_reasons(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        entries = []
        for at, (answer, changed, evidence, told) in enumerate(zip(
                frame.answers, frame.changed, frame.evidence, frame.told, strict=True)):
            question = int(frame.questions[frame.path[at]])
            spans = [Span(f"{at + 1}  {self._question(question)} ")]
            first = len(CLICKS) * question
            if answer:
                spans.append(Span(self._said(answer), SERIES[answer], first + self._next(at)))
                if changed:
                    why = words("said by you")
                elif answer == "yes":
                    why = f"“{evidence}”" if evidence else words("the file says so, wrongly")
                elif answer == "no":
                    why = words("nothing in the file says so")
                else:
                    why = words("the file has no answer: it counts as no") if shown.params.presume \
                        else words("the file has no answer: what is more frequent goes on")
                spans.append(Span(f" {why}", muted=True))
            else:
                for one in CLICKS[:3]:
                    spans += [Span(self._said(one), SERIES[one], first + CLICKS.index(one)), Span(" ")]
            bits = quantity(float(told), "bit", words, digits=2) if told > 0 else words("to prove it")
            entries.append(Entry(tuple(spans), (Span(bits, muted=True),)))
        series = FREE if frame.verdict == ACQUITTED else CONVICTED
        entries.insert(0, Entry((Span(self._verdict(frame.verdict), series),
                                 Span(f" {self._because(frame, shown.params)}"))))
        entries.append(Entry((Span(words("The black box: {verdict}, {share}. It gives no reasons.",
                                         verdict=self._verdict(frame.box), share=percent(frame.box_share)),
                                   muted=True),)))
        self.reasons.draw(entries, title=words("The reasons; click an answer to change it"))

    def _because(self, frame: Frame, params: Params) -> str:
        """Why this verdict follows, in words."""
        words = self.words
        between = "、" if words.language == "zh" else ", "
        proven = {ELEMENT_IDS[one] for one in np.flatnonzero(frame.proven)}
        if not params.presume:
            return words("is what most of the {cases} decided cases with these answers were.",
                         cases=count(int(frame.cases[frame.path[-1]])))
        if frame.verdict != ACQUITTED:
            names = between.join(self._element(ELEMENT_IDS.index(one)) for one in ELEMENT_IDS
                                 if one in CHARGES[frame.verdict].required)
            return words("(article {article}): proven is {elements}.",
                         article=CHARGES[frame.verdict].article, elements=names)
        near = max(range(len(CHARGES)), key=lambda one: (
            len(CHARGES[one].required & proven) / len(CHARGES[one].required)))
        lacking = between.join(self._element(ELEMENT_IDS.index(one)) for one in ELEMENT_IDS
                               if one in CHARGES[near].required - proven)
        return words("No charge has all its elements; {charge} lacks: {elements}.",
                     charge=self._verdict(near), elements=lacking)

    def _draw_accuracy(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        curves = [Curve(ghost.frame.proven_right, ghost.frame.numbers, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        x = frame.numbers
        curves += [Curve(frame.random_right, None, words("random"), 2, "dashed", 1.5),
                   Curve(frame.likely_convicts, x, words("likely convicts innocents"), 1, "dashed", 2.0),
                   Curve(frame.likely_right, x, words("likely"), 1),
                   Curve(frame.proven_right, x, words("proven"), 0, width=2.5)]
        self.accuracy.draw(curves, [Rule(frame.box_right, words("black box"))],
                           x_range=(0.0, float(len(ELEMENTS))), note=self.of_step(shown))

    def _draw_questions(self, frame: Frame) -> None:
        words = self.words
        asked = [int(frame.questions[at]) for at in frame.path[: len(frame.answers)]]
        forbidden = np.flatnonzero(frame.forbidden).tolist()
        names = [f"{self._element(one)} ✕" if one in forbidden else self._element(one)
                 for one in range(len(ELEMENTS))]
        self.questions.draw(
            frame.gains, names, highlight=asked[-1] if asked else -1, muted=forbidden,
            title=words("What question {number} would tell; click to forbid", number=max(1, len(asked))))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        return self.words(
            "At step {step}, proven: {right} right, {convicted} of the innocent convicted; likely: {likely} "
            "and {likely_convicted}; black box: {box} and {box_convicted}.", step=count(shown.measured),
            right=percent(frame.proven_right[-1]), convicted=percent(frame.proven_convicts[-1]),
            likely=percent(frame.likely_right[-1]), likely_convicted=percent(frame.likely_convicts[-1]),
            box=percent(frame.box_right), box_convicted=percent(frame.box_convicts))

"""The picture of a pipeline: five steps that light up, and beside each its code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from visualizers.l2_networks.pipeline.panel import OTHER, Frame, Params
from visualizers.panel import Shown
from widgets.base.calm import may_wait
from widgets.base.labels import Heading
from widgets.pictures.bars import BarChart
from widgets.pictures.canvas import Canvas
from widgets.pictures.comparison import Comparison
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts, TextFlow
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent, quantity
from widgets.views.cards import Card, Pane, column, stacked
from widgets.views.code import CodeText
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

PREPARE, BUILD, TRAIN, EVALUATE, TEST = range(1, 6)


class Steps(Canvas[int]):
    """Numbered steps side by side: done, now, still to come; one of them is open.

    Signals:
        clicked(index): 0 for the first.
    """

    flat = True
    clicked = Signal(int)

    def __init__(
        self, look: Look, names: Sequence[str], meanings: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, "", parent)
        self.names, self.meanings = tuple(names), tuple(meanings)
        self.facts: tuple[str, ...] = ("",) * len(self.names)
        self.reached, self.open = 0, 0
        self.setMinimumSize(look.px(420), look.px(36))
        self.setMaximumHeight(look.px(58))

    @may_wait
    def draw(self, facts: Sequence[str], *, reached: int, shown: int) -> None:
        """``facts``: a line for each step; ``reached``: how many have begun; ``shown``: the open one,
        from 0."""
        self.facts, self.reached, self.open = tuple(facts), reached, shown
        self.setAccessibleName(", ".join(f"{name}: {fact}" for name, fact in
                                         zip(self.names, self.facts, strict=True)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.look.px(740), self.look.px(58))

    @property
    def _low(self) -> bool:
        """Whether there is room for the names only."""
        return self.height() < self.look.px(54)

    def _said(self, part: int) -> str:
        """The line below a name: of all steps where they have room, else of the open one alone."""
        return "" if self._low or (part != self.open and self._needed(True) > self.width()) \
            else self.facts[part]

    def _needed(self, all_facts: bool) -> int:
        """The width at which nothing is cut."""
        return sum(self._wants(part, all_facts or part == self.open) for part in range(len(self.names))) \
            + self.look.px(8) * (len(self.names) - 1)

    def _wants(self, part: int, fact: bool) -> int:
        """The width of a step with its name, and with its fact."""
        px = self.look.px
        name = self.text_width(self.names[part], 13, True) + px(46)
        return max(name, self.text_width(self.facts[part], 11) + px(20)) if fact and not self._low \
            else name

    def place(self, part: int) -> QRectF:
        """Steps share the room evenly; where it is scarce each has what it needs."""
        gap, count = self.look.px(8), len(self.names)
        room = self.width() - gap * (count - 1)
        wants = [self._wants(one, bool(self._said(one))) for one in range(count)]
        even = max(wants) <= room / count
        spare = (room - sum(wants)) / count
        wides = [room / count if even else want + spare for want in wants]
        left = sum(wides[:part]) + gap * part
        return QRectF(left, 0, wides[part], self.height()).adjusted(1, 1, -1, -1)

    def part_at(self, x: float, y: float) -> int | None:
        return next((part for part in range(len(self.names)) if self.place(part).contains(x, y)),
                    None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        return self.open if part is None else min(max(part + dx + dy, 0), len(self.names) - 1)

    def say(self, part: int) -> str:
        return f"{self.meanings[part]} ({self.facts[part]})"

    def paint(self, painter: QPainter) -> None:
        px, color = self.look.px, self.look.color
        painter.fillRect(self.rect(), color("ground"))
        for part, name in enumerate(self.names):
            box, lit, shown = self.place(part), part < self.reached, part == self.open
            painter.setPen(self.look.pen("accent" if shown else "hairline", px(2) if shown else 1))
            painter.setBrush(color("accent_wash" if lit else "card"))
            painter.drawRoundedRect(box, px(8), px(8))
            side = px(20)
            disc = QRectF(box.left() + px(8), box.top() + px(7), side, side)
            painter.setPen(self.look.pen("accent" if lit else "ghost", 1.5))
            painter.setBrush(color("accent" if lit else "card"))
            painter.drawEllipse(disc)
            number = self.label(str(part + 1), "on_accent" if lit else "muted", 11, True)
            self.put(painter, number, disc.center().x(), disc.center().y(), 0.5, 0.5)
            room = max(20, round(box.width()) - px(36))
            title = self.label(name, "text" if lit else "muted", 13, True, longest=room)
            self.put(painter, title, disc.right() + px(7), disc.center().y(), 0, 0.5)
            if fact := self._said(part):
                below = self.label(fact, "muted", 11, longest=max(20, round(box.width()) - px(12)))
                self.put(painter, below, box.left() + px(8), box.bottom() - px(5), 0, 1)


class PipelineView(PanelView):
    """The five steps on top; below them what the open one has made, and the code that made it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self._params: Params | None = None  # of what is shown
        titles = (words("Prepare: texts become batches of numbers"),
                  words("Build: layers lead from words to classes"),
                  words("Train: each batch moves the weights a little"),
                  words("Evaluate: texts that were not learnt from decide when to stop"),
                  words("Test: looked at once, when all is decided"))
        self.steps = Steps(look, [words("Prepare"), words("Build"), words("Train"),
                                  words("Evaluate"), words("Test")], titles).calm()
        self.steps.clicked.connect(self._choose)
        self.code = CodeText(look, words("The code of this step"), size=11)

        self.text = TokenStrip(look, words("One text"), lines=1).calm()
        self.numbers = TokenStrip(look, words("Its words by number"), lines=1).calm()
        self.batch = Heatmap(look, words("A batch"), x=words("position"), y=words("text"),
                             color_bar=False).calm()
        self.layers = Comparison(look, rows=5).calm()
        self.sizes = Readouts(look).calm()
        self.loss = CurvePlot(look, titles[2], x=words("training step"), y=words("loss"), integer_x=True)
        self.accuracy = CurvePlot(look, titles[3], x=words("epoch"), y=words("share right"),
                                  y_range=(0.0, 1.05), integer_x=True).calm()
        self.bars = BarChart(look, words("Right on the test set"), low=0.0, high=1.0,
                             write=partial(percent, digits=1)).calm()
        self.confusion = Heatmap(look, words("Who is taken for whom"), x=words("answer"),
                                 y=words("truth"), values=True, write=count,
                                 square=True, color_bar=False).calm()
        self.wrong = TextFlow(look, words("Wrong answers, the surest last")).calm()
        self.said = Readouts(look).calm()
        self.stack = stacked(*map(_page, (
            Arrangement(look, below(
                Place(Pane(look, self.text, self.numbers), words("As words"), rank=2, share=0),
                Place(Pane(look, self.batch), words("As numbers"), rank=1))),
            column(Heading(look, titles[1]), self.layers, self.sizes, stretch=(0, 1, 0)),
            column(self.loss),
            column(self.accuracy),
            Arrangement(look, below(
                Place(Pane(look, self.bars), words("Results"), rank=2, share=2),
                beside(Place(Pane(look, self.confusion), words("Mix-ups"), rank=1,
                             smallest=(200, 150), share=5),
                       Place(Pane(look, self.wrong), words("Wrong answers"), rank=3,
                             smallest=(220, 120), share=6), share=5))))))

        made, code = Card(look), Card(look)
        made.body.addWidget(self.stack, 1)
        made.body.addWidget(self.said)
        code.body.addWidget(self.code, 1)
        self.setLayout(Arrangement(look, below(
            self.steps,
            beside(Place(made, words("What it makes"), rank=1, smallest=(340, 200)),
                   Place(code, words("Code"), rank=2, smallest=(340, 160))))))

    def _choose(self, index: int) -> None:
        again = self._params is not None and self._params.open == index + 1
        self.changed.emit("open", 0 if again else index + 1)  # the open one again: follow the run

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, self._params = shown.frame, shown.params
        self.steps.draw(self._facts(shown), reached=frame.reached, shown=_open(shown) - 1)
        self.code.say(frame.code[_open(shown) - 1])
        self.stack.setCurrentIndex(_open(shown) - 1)
        (self._draw_prepare, self._draw_build, self._draw_train, self._draw_evaluate,
         self._draw_test)[_open(shown) - 1](shown)
        answer = int(frame.chances.argmax())
        self.said.draw([(self.words("the text of step 1 is"),
                         f"{self.words(frame.names[answer])} {percent(frame.chances[answer])}")])

    def _facts(self, shown: Shown[Params, Frame]) -> list[str]:
        frame, words, last = shown.frame, self.words, shown.history.last()
        train = words("loss {loss}", loss=fixed(last["loss"])) if "loss" in last else words("not yet")
        best = words("best {share}, epoch {epoch}", epoch=frame.best_epoch,
                     share=percent(frame.valid_accuracy[frame.best_epoch], digits=1))
        test = words("{share} right", share=percent(frame.test_accuracy, digits=1)) \
            if frame.reached == TEST else words("closed")
        return [words("{count} texts", count=count(int(frame.sizes.sum()))),
                words("{count} parameters", count=count(int(frame.parameters.sum()))),
                train, best if frame.epoch else words("not yet"), test]

    def _draw_prepare(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        unknown = np.flatnonzero(frame.ids == OTHER).tolist()
        title = words("One text: its first {count} of {total} words are read", count=len(frame.tokens),
                      total=frame.words) if frame.words > len(frame.tokens) \
            else words("One text, in words")
        if unknown:
            title += words("; dotted: not in the vocabulary")
        self.text.draw(frame.tokens or ("·",), unknown=unknown, title=title)
        self.numbers.draw([str(one) for one in frame.ids] or ["0"], unknown=unknown, title=words(
            "Its words by number, of {count} in the vocabulary", count=count(frame.vocabulary)))
        ids = np.where(frame.batch > 0, frame.batch, np.nan).astype(np.float64)
        self.batch.draw(ids, low=0.0, high=float(frame.vocabulary), title=words(
            "A batch: {texts} texts, cut or filled to {places} places", texts=ids.shape[0],
            places=ids.shape[1]))

    def _draw_build(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        named = {"ids": words("numbers of the words"), "Embedding": words("Embedding"),
                 "mean": words("mean over the words"), "max": words("largest over the places"),
                 "last": words("state of the last word")}
        self.layers.draw((words("gives"), words("parameters")), [
            (named.get(name, name), shape, count(many) if many else "–")
            for name, shape, many in zip(frame.layers, frame.shapes, frame.parameters.tolist(),
                                          strict=True)])
        self.sizes.draw([("B", words("texts of a batch")), ("L", words("places")),
                         (words("parameters"), count(int(frame.parameters.sum())))])

    def _draw_train(self, shown: Shown[Params, Frame]) -> None:
        frame, history, words = shown.frame, shown.history, self.words
        curves = []
        for ghost in shown.ghosts:
            curves += [Curve(ghost.frame.valid_loss, ghost.frame.valid_steps, ghost.label,
                             style="ghost", width=1.5),
                       Curve(ghost.history["loss"], ghost.history.steps, style="ghost", width=1.0)]
        # After the last epoch's end the loss goes on to where it was last measured.
        between = int(shown.measured > frame.valid_steps[-1])
        curves += [Curve(history["loss"], history.steps, words("training batch"), width=1.0),
                   Curve(np.append(frame.valid_loss, [frame.now_loss] * between),
                         np.append(frame.valid_steps, [shown.measured] * between),
                         words("validation"), series=1, width=3.0)]
        rules = []
        if frame.best_epoch:
            rules.append(Rule(float(frame.valid_steps[frame.best_epoch]),
                              words("kept: epoch {epoch}", epoch=frame.best_epoch), "x", 1))
        top = 1.5 * max(float(frame.valid_loss[0]), 0.5)
        self.loss.draw(curves, rules, y_range=(0.0, top))

    def _draw_evaluate(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        curves = [Curve(ghost.frame.valid_accuracy, label=ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        curves += [Curve(frame.train_accuracy, np.arange(1, frame.epoch + 1), words("training"),
                         width=1.5),
                   Curve(frame.valid_accuracy, label=words("validation"), series=1, width=3.0),
                   Curve(frame.valid_accuracy, series=1, style="dots")]
        rules = [Rule(frame.valid_majority, words("most frequent class")),
                 Rule(frame.valid_bag, words("bag of words"), series=2)]
        if frame.best_epoch:
            rules.append(Rule(float(frame.best_epoch), words("kept"), "x", 1))
        low = min(0.4, *(float(one) for one in (frame.valid_majority, *frame.valid_accuracy)))
        self.accuracy.draw(curves, rules, x_range=(0.0, max(4.0, frame.epoch + 0.5)),
                           y_range=(max(0.0, low - 0.1), 1.08))

    def _draw_test(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        done = frame.reached == TEST
        names = [words(name) for name in frame.names]
        self.bars.draw([frame.test_majority, frame.test_bag, frame.test_accuracy] if done else [],
                       [words("most frequent class"), words("bag of words"),
                        self._model(shown.params)], muted=(0, 1))
        self.confusion.draw(frame.confusion if done else np.zeros((0, 0)), x_labels=names,
                            y_labels=names)
        if not done:
            self.wrong.draw(words("The test set stays closed until training has ended: whoever looks "
                                  "at it earlier and changes something has learnt from it."))
            return
        errors = [words("{true} taken for {given}: {text}", true=names[true], given=names[given],
                        text=text)
                  for text, true, given in zip(frame.wrong, frame.wrong_true.tolist(),
                                               frame.wrong_given.tolist(), strict=True)][::-1]
        self.wrong.draw("\n".join(errors) or words("None: every answer is right."))

    def _model(self, params: Params) -> str:
        return self.words("bag of vectors") if params.model == "bag of vectors" else params.model

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        values = {"title": words(frame.title), "model": self._model(shown.params)}
        if frame.reached == TEST:
            return words(
                "{title}: the {model} of epoch {epoch} gets {share} of the test set right; bag of "
                "words {bag}, most frequent class {most}.", epoch=frame.best_epoch,
                share=percent(frame.test_accuracy, digits=1), bag=percent(frame.test_bag, digits=1),
                most=percent(frame.test_majority, digits=1), **values)
        return words(
            "{title}: after {steps}, {epochs}, the {model} gets {share} of the validation set right; "
            "bag of words {bag}.", steps=quantity(shown.measured, "step", words),
            epochs=quantity(frame.epoch, "epoch", words),
            share=percent(frame.now_accuracy, digits=1),
            bag=percent(frame.valid_bag, digits=1), **values)


def _page(layout: QVBoxLayout) -> QWidget:
    """A layout as a widget, for a stack."""
    page = QWidget()
    page.setLayout(layout)
    return page


def _open(shown: Shown[Params, Frame]) -> int:
    """The step that is shown: the one that was clicked, or the one the run is in."""
    if PREPARE <= shown.params.open <= TEST:
        return shown.params.open
    reached = shown.frame.reached
    return PREPARE if reached == BUILD else TEST if reached == TEST else TRAIN

"""What is written, what comes next, how the loss falls, and what goes on inside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QStackedWidget, QWidget

from visualizers.l3_transformers.tiny_gpt.panel import Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, running_mean
from widgets.pictures.headgrid import HeadGrid
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts, TextFlow
from widgets.pictures.tokens import legible, on_one_line
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed
from widgets.views.cards import Card, Switch, row
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

PLACES = ("attention", "lens")
SMOOTHING = 25  # steps that the bold training curve is a mean of


class TinyGPTView(PanelView):
    """Left: the written lines, and attention or logit lens. Right: next tokens, and the loss."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.lines = TextFlow(look, words("What it writes, and the step at which it began to"),
                              mono=True)
        self.bars = BarChart(look, words("Next token"), high=1.0).calm()
        self.loss = CurvePlot(look, words("Loss"), x=words("step"), y=words("nats a token"),
                              integer_x=True)
        self.figures = Readouts(look).calm()
        self.switch = Switch(look, (words("Attention"), words("Logit lens")))
        self.heads = HeadGrid(look, x=words("head"), y=words("layer")).calm()
        self.attention = Heatmap(look, "", x=words("looks at"), y=words("token"), square=True,
                                 color_bar=False).calm()
        self.lens = Heatmap(look, "", x=words("after"), y=words("layer"), origin="bottom").calm()

        attention = QWidget()
        attention.setLayout(row(self.heads, self.attention, stretch=(2, 3)))
        self.inside = QStackedWidget()
        self.inside.addWidget(attention)
        self.inside.addWidget(self.lens)

        def card(*widgets: QWidget) -> Card:
            made = Card(look)
            for widget in widgets:
                made.body.addWidget(widget, int(widget not in (self.figures, self.switch)))
            return made

        self.setLayout(Arrangement(look, beside(
            below(Place(card(self.lines), words("Writing"), rank=1, smallest=(360, 180), share=5),
                  Place(card(self.switch, self.inside), words("Inside"), rank=3, smallest=(400, 240),
                        share=6), share=4),
            below(Place(card(self.bars), words("Next token"), rank=2, smallest=(230, 170), share=5),
                  Place(card(self.loss, self.figures), words("Loss"), rank=4, smallest=(260, 190),
                        share=6), share=3))))

        self.bars.clicked.connect(self._append)
        self.heads.clicked.connect(lambda layer, head: self.changed.emit("head", (layer, head)))
        self.heads.hovered.connect(self._preview)
        self.switch.chosen.connect(lambda index: self.changed.emit("inside", PLACES[index]))
        self._shown: Shown[Params, Frame] | None = None

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._shown = shown
        self._draw_lines(frame)
        self._draw_loss(shown)
        self.bars.draw(
            frame.odds, [legible(one) for one in frame.candidates],
            muted=np.flatnonzero(frame.odds == 0).tolist(),
            title=self.words("Next after “{prompt}”", prompt=_end("".join(frame.prompt), 18)))
        self.figures.draw((
            (self.words("perplexity") if shown.measured == shown.step else
             self.words("perplexity, step {step}", step=count(shown.measured)),
             fixed(np.exp(frame.held_out), 1)),
            (self.words("bits a character"),
             fixed(frame.held_out / np.log(2) / frame.characters_per_token)),
            (self.words("weights"), count(frame.weights)), *self._prompt(frame)))

        place = PLACES.index(params.inside) if params.inside in PLACES else 0
        self.switch.set(place)
        self.inside.setCurrentIndex(place)
        if place == 0:
            layers, heads = frame.heads.shape[:2]
            self.heads.draw(frame.heads, selected=(frame.head[0], frame.head[1]), high=255.0,
                            row_labels=[str(one + 1) for one in range(layers)],
                            column_labels=[str(one + 1) for one in range(heads)])
            self._draw_attention(frame, frame.attention, *frame.head)
        else:
            names = [self.words("input"), *(str(one + 1) for one in range(len(frame.lens_odds) - 1))]
            self.lens.draw(frame.lens_odds, low=0.0, high=1.0, y_labels=names,
                           x_labels=[legible(one) for one in frame.prompt],
                           texts=[legible(one) for one in frame.lens])

    def _prompt(self, frame: Frame) -> list[tuple[str, str]]:
        """What of the prompt is not read, where there is any."""
        words, read = self.words, len(frame.prompt)
        said = []
        if frame.prompt_tokens > read:
            said.append((words("of the prompt it reads"), words(
                "the last {count} of {total} tokens", count=read, total=frame.prompt_tokens)))
        if frame.unknown:
            said.append((words("not in the vocabulary"), f"{frame.unknown}"))
        return said

    def _draw_lines(self, frame: Frame) -> None:
        self.lines.draw_lines([(count(step), on_one_line(line), int(given)) for step, given, line in zip(
            frame.sample_steps, frame.sample_given, frame.sample, strict=True)])

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        frame, history, words = shown.frame, shown.history, self.words
        curves = [Curve(*one.history.points("held_out"), one.label, style="ghost")
                  for one in shown.ghosts]
        if len(history):
            curves += [Curve(running_mean(history["loss"], SMOOTHING), history.steps,
                             words("training")),
                       Curve(*history.points("held_out"), words("held out"), series=1)]
        self.loss.draw(
            curves, [Rule(frame.uniform_loss, words("blind guessing")),
                     Rule(frame.frequency_loss, words("counting tokens")),
                     Rule(frame.pair_loss, words("counting pairs"))],
            y_range=(0.0, 1.08 * max(frame.uniform_loss, *(
                float(np.max(one.y[-1:], initial=0.0)) for one in curves), 0.0)))

    def _draw_attention(
        self, frame: Frame, weights: NDArray[Any], layer: int, head: int
    ) -> None:
        tokens = [legible(one) for one in frame.prompt]
        self.attention.draw(
            weights, low=0.0, high=1.0, x_labels=tokens, y_labels=tokens,
            title=self.words("Layer {layer}, head {head}", layer=layer + 1, head=head + 1))

    def _preview(self, layer: int, head: int) -> None:
        """The head under the pointer; the chosen one when it leaves."""
        if self._shown is not None:
            frame = self._shown.frame
            if layer < 0:
                self._draw_attention(frame, frame.attention, *frame.head)
            else:
                self._draw_attention(
                    frame, frame.heads[layer, head].astype(np.float32) / 255, layer, head)
            self.attention.catch_up()

    def _append(self, index: int) -> None:
        """A clicked token goes to the end of the prompt."""
        if self._shown is not None and index < len(self._shown.frame.candidates):
            self.changed.emit("prompt",
                              self._shown.params.prompt + self._shown.frame.candidates[index])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, last = shown.frame, shown.history.last()
        return self.words(
            "After {steps} steps the loss is {loss}; on the held-out text it is {held_out} after "
            "{measured} (blind guessing: {uniform}); after “{prompt}” the likeliest token is “{token}” "
            "with {odds}.",
            steps=shown.step, loss=fixed(last.get('loss', frame.held_out)),
            held_out=fixed(frame.held_out), measured=shown.measured,
            uniform=fixed(frame.uniform_loss), prompt=_end("".join(frame.prompt), 40),
            token=legible(frame.candidates[0]), odds=fixed(frame.odds[0]))


def _end(text: str, most: int) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= most else "…" + text[1 - most:]

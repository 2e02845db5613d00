"""The text with its next token, and below it what the model does to know."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l3_transformers.language_model.lines import five_lines
from visualizers.l3_transformers.language_model.panel import FORCED, PROMPT, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.headgrid import HeadGrid
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip, legible, on_one_line, shortened
from widgets.theme.look import Look
from widgets.theme.numbers import compact, count, decimal, fixed, percent, quantity, size
from widgets.views.cards import Card, column, row
from widgets.views.code import CodeText
from widgets.views.layout import Arrangement, Place, below
from widgets.views.pages import Pages
from widgets.views.view import PanelView

NAMED = 20  # a matrix of more tokens has numbers below it


def _end(frame: Frame, most: int = 28) -> str:
    """The end of what a pinned run has written."""
    text = on_one_line("".join(frame.pieces))
    return text if len(text) <= most else "…" + text[1 - most:]


class Line(TokenStrip):
    """The text. A dotted rim marks what was forced."""

    def say(self, part: int) -> str:
        name = legible(self.tokens[part])
        if self.weights is not None and part:
            name += f"   {percent(float(self.weights[part]), 1)}"
        return f"{name}   {self.look.words('forced')}" if part in self.unknown else name


class LanguageModelView(PanelView):
    """A click on a written token goes back to it; a click on a bar puts that token in its place."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.strip = Line(look, " ", lines=5, grows=True)
        self.bars = BarChart(look, " ", high=1.0).calm()
        self.facts = Readouts(look).calm()
        self.lens = Heatmap(look, words("What each layer would say next; the brighter, the surer"),
                            x=words("after"), y=words("layer"), origin="bottom",
                            color_bar=False).calm()
        self.grid = HeadGrid(look, x=words("head"), y=words("layer")).calm()
        self.matrix = Heatmap(look, " ", x=words("is looked at"), y=words("looks"),
                              color_bar=False).calm()
        self.work = CurvePlot(look, words("Multiplications for the next token"), x=words("tokens so far"),
                              y=words("millions"), integer_x=True).calm()
        self.clock = CurvePlot(look, words("Time that each token took"), x=words("tokens drawn"),
                               y="ms", integer_x=True).calm()
        self.costs = Readouts(look).calm()
        self.branches = Table(look, words("This line, and those that were left"), [
            (words("line"), 7), (words("nats a token"), 2)]).calm()
        self.code = CodeText(look, words("The same with transformers"))

        heads, cost = QWidget(), QWidget()
        heads.setLayout(row(self.grid, self.matrix, stretch=(2, 3)))
        cost.setLayout(column(row(self.work, self.clock, stretch=(1, 1)), self.costs, stretch=(1, 0)))
        self.pages = Pages(self, "inside", {
            "lens": (words("Logit lens"), self.lens), "attention": (words("Attention"), heads),
            "cache": (words("Cache"), cost), "branches": (words("Branches"), self.branches),
            "code": (words("Code"), self.code)})

        top, bottom = Card(look), Card(look)
        top.body.addLayout(row(column(self.strip, self.facts, stretch=(1, 0)), self.bars,
                               stretch=(3, 2)))
        bottom.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Next token"), rank=1, smallest=(480, 220), share=1),
            Place(bottom, words("Inside"), rank=2, smallest=(420, 230), share=1))))

        self.strip.clicked.connect(self._go_back)
        self.bars.clicked.connect(self._force)
        self.grid.clicked.connect(lambda layer, head: self.changed.emit("head", (layer, head)))
        self._shown: Shown[Params, Frame] | None = None

    # --- what a click does

    def _go_back(self, index: int) -> None:
        """Back to where this token was drawn."""
        if self._shown is not None and index >= self._shown.frame.given:
            self._cut(self._shown.frame.written[: index - self._shown.frame.given].tolist())

    def _force(self, index: int) -> None:
        """This token comes next, whatever would have been drawn."""
        if self._shown is not None and index < len(self._shown.frame.candidate_ids):
            frame = self._shown.frame
            self._cut([*frame.written.tolist(), int(frame.candidate_ids[index])])

    def _cut(self, stays: list[int]) -> None:
        assert self._shown is not None
        number = max(self._shown.params.cut[:1], default=0) + 1
        self.changed.emit("cut", (number, self._shown.step, *stays))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._shown = shown
        self.strip.draw(
            frame.pieces, weights=frame.learnt, muted=np.flatnonzero(frame.kinds == PROMPT).tolist(),
            unknown=np.flatnonzero(frame.kinds == FORCED).tolist(),
            title=words("The fuller a token, the likelier it was; click one to go back"))
        cut = frame.odds == 0  # what the filters leave out shows how likely it was
        self.bars.draw(
            np.where(cut, frame.as_learnt, frame.odds), [shortened(one, 12) for one in frame.candidates],
            muted=np.flatnonzero(cut).tolist(),
            title=words("Next token: click one to force it; grey is cut off"))
        facts = [(words("model"), words(frame.model)),
                 (words("can be drawn"), words("{kept} of {all}", kept=count(frame.kept),
                                               all=count(frame.vocabulary))),
                 (words("best as learnt"), percent(float(frame.as_learnt[0]))),
                 (words("entropy"), words("{nats} nats", nats=fixed(frame.entropy)))]
        if frame.skipped:
            facts.append((words("left out of the prompt"), quantity(frame.skipped, "token", words)))
        facts += [(ghost.label, _end(ghost.frame)) for ghost in shown.ghosts]
        self.facts.draw(facts)
        match self.pages.show_page(params.inside):
            case "lens":
                self._draw_lens(frame)
            case "attention":
                self._draw_attention(frame)
            case "cache":
                self._draw_work(shown)
            case "branches":
                self._draw_branches(frame)
            case _:
                self.code.say(five_lines(params, frame.source))

    def _draw_lens(self, frame: Frame) -> None:
        names = [self.words("input") if one == 0 else str(one) for one in frame.layers.tolist()]
        self.lens.draw(frame.lens_odds, low=0.0, high=1.0, y_labels=names,
                       x_labels=[shortened(one) for one in frame.places],
                       texts=[shortened(one) for one in frame.lens])

    def _draw_attention(self, frame: Frame) -> None:
        layers, heads = frame.heads.shape[:2]
        if layers == 0:  # the next frame has it
            return
        numbers = [str(one + 1) for one in range(max(layers, heads))]
        self.grid.draw(frame.heads, selected=frame.head, high=255.0, row_labels=numbers[:layers],
                       column_labels=numbers[:heads])
        tokens = [shortened(one) for one in frame.pieces]
        self.matrix.draw(np.asarray(frame.attention, np.float32), low=0.0, high=1.0, y_labels=tokens,
                         x_labels=tokens if len(tokens) <= NAMED else (), title=self.words(
                             "Layer {layer}, head {head}", layer=frame.head[0] + 1,
                             head=frame.head[1] + 1))

    def _draw_work(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self.work.draw(
            [Curve(frame.without_cache / 1e6, frame.lengths, words("all is read again"), series=1),
             Curve(frame.with_cache / 1e6, frame.lengths, words("with the cache"))],
            [Rule(len(frame.pieces), words("now"), axis="x")])
        took, at = shown.history.points("took_ms")
        self.clock.draw([*ghost_curves(shown.ghosts, "took_ms", Curve.width), Curve(took, at, style="dots")])
        self.costs.draw((
            (words("KV cache"), words("on") if params.cache else words("off")),
            (words("it holds"), size(frame.cache_bytes)),
            *(((words("the last token took"), words("{ms} ms", ms=decimal(took[-1], 2))),)
              if len(took) else ()),
            (words("multiplications so far"), compact(frame.spent))))

    def _draw_branches(self, frame: Frame) -> None:
        written = "".join(frame.pieces[frame.given:])
        new = [float(-np.log(max(one, 1e-12))) for one in frame.learnt[frame.given:].tolist()]
        rows = [(on_one_line(text), fixed(surprise)) for text, surprise in [
            (written, float(np.mean(new)) if new else 0.0),
            *zip(frame.branches, frame.branch_surprise.tolist(), strict=True)]]
        self.branches.draw(rows, selected=0)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        return self.words(
            "{model} has written {written} after {given}; next it finds “{token}” likeliest, with {odds} "
            "as learnt, and {kept} can be drawn.", model=self.words(frame.model),
            written=quantity(len(frame.pieces) - frame.given, "token", self.words),
            given=quantity(frame.given, "token", self.words), token=legible(frame.candidates[0]),
            odds=percent(float(frame.as_learnt[0])), kept=quantity(frame.kept, "token", self.words))

"""All heads as one picture; the chosen one as a matrix and as lines; the text to click in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from visualizers.l3_transformers.attention_maps.panel import Frame, Params, chosen
from visualizers.panel import Shown
from widgets.pictures.headgrid import HeadGrid
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import TokenLinks, TokenStrip, visible
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent
from widgets.views.cards import Card, Switch, column, row
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

CLICKS = ("lock", "mask")
UNKNOWN = ("[UNK]", "<unk>", "\ufffd")  # what stands for a word that a model does not know
NAMED = 60  # a matrix of more tokens has numbers at its edges


class AttentionMapsView(PanelView):
    """Hovering previews a head or a token; a click keeps it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        # On the stage its tab is narrow, and high.
        self.strip = TokenStrip(look, words("Attention received"), lines=9 if look.hall else 3)
        self.switch = Switch(look, [words("Click locks"), words("Click masks")])
        self.grid = HeadGrid(look, words("All heads"), x=words("head"), y=words("layer"))
        self.matrix = Heatmap(look, " ", x=words("is looked at"), y=words("looks"), color_bar=False)
        self.links = TokenLinks(look, words("looks → is looked at"))
        self.facts = Readouts(look)
        self.shown: Shown[Params, Frame] | None = None
        self.over = -1                       # the token under the pointer
        self.sketch: tuple[int, int] | None = None  # the head that is previewed

        top, left, middle, right = (Card(look) for _ in range(4))
        top.body.addLayout(row(self.strip, column(self.switch), stretch=(1, 0)))
        left.body.addLayout(column(self.grid, self.facts, stretch=(1, 0)))
        middle.body.addWidget(self.matrix)
        right.body.addWidget(self.links)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Attention received"), rank=3, smallest=(300, 96)),
            beside(Place(left, words("All heads"), rank=2, smallest=(200, 240), share=10),
                   Place(middle, words("One head"), rank=1, smallest=(200, 220), share=12),
                   Place(right, words("Lines"), rank=4, smallest=(200, 220), share=9), share=8))))

        self.switch.chosen.connect(lambda index: self.changed.emit("clicking", CLICKS[index]))
        self.grid.hovered.connect(self.preview_head)
        self.grid.clicked.connect(self.choose_head)
        self.strip.hovered.connect(self.preview_token)
        self.strip.clicked.connect(self.choose_token)
        self.links.hovered.connect(lambda side, index: self.preview_token(index if side < 1 else -1))
        self.links.clicked.connect(lambda _side, index: self.choose_token(index))
        self.matrix.hovered.connect(lambda line, _column: self.preview_token(line))
        self.matrix.clicked.connect(lambda line, _column: self.choose_token(line))

    # --- what a pointer does

    def preview_head(self, layer: int, head: int) -> None:
        """Show a head's small picture at once, and ask for all of it."""
        self.sketch = (layer, head) if layer >= 0 else None
        if self.shown is None:
            return
        if self.sketch is not None and self.shown.params.show == "one head" \
                and (self.shown.frame.layer, self.shown.frame.head) != self.sketch:
            self._draw_map(self.shown, self._sketched(self.shown.frame, layer, head), layer, head)
        self.changed.emit("preview", (layer, head) if layer >= 0 else ())

    def choose_head(self, layer: int, head: int) -> None:
        self.changed.emit("layer", layer)
        self.changed.emit("head", head)

    def preview_token(self, index: int) -> None:
        if index != self.over and self.shown is not None:
            self.over = index
            self._draw_tokens(self.shown)

    def choose_token(self, index: int) -> None:
        """Lock a token, or mask it; a second click undoes the first."""
        if self.shown is None or index < 0:
            return
        params = self.shown.params
        if params.clicking == "mask":
            masked = set(params.masked) ^ {index}
            self.changed.emit("masked", tuple(sorted(masked)))
        else:
            self.changed.emit("token", -1 if index == params.token else index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.shown is not None and (
                self.shown.params.token >= 0 or self.shown.params.masked):
            self.changed.emit("token", -1)
            self.changed.emit("masked", ())
        else:
            super().keyPressEvent(event)

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        before = self.shown
        self.shown = shown
        frame, params = shown.frame, shown.params
        if before is None or before.frame.tokens != frame.tokens:
            self.over = -1
        self.switch.set(CLICKS.index(params.clicking) if params.clicking in CLICKS else 0)
        grid = frame.grid
        if self.grid.stack.shape == grid.shape and np.array_equal(self.grid.stack, grid):
            grid = self.grid.stack  # the same picture need not be made again
        layers, heads = grid.shape[:2]
        numbers = [str(one + 1) for one in range(max(layers, heads))]
        self.grid.draw(grid, selected=chosen(params, frame.before), row_labels=numbers[:layers],
                       column_labels=numbers[:heads])
        self._draw_map(shown, np.asarray(frame.matrix, np.float32), frame.layer, frame.head)
        self._draw_tokens(shown)
        self._draw_facts(frame, params)

    def _sketched(self, frame: Frame, layer: int, head: int) -> NDArray[Any]:
        """The full size of a head's small picture: blurred where the text is long."""
        small = frame.grid[layer, head].astype(np.float32) * (frame.peaks[layer, head] / 255)
        places = np.arange(len(frame.tokens)) * len(small) // max(1, len(frame.tokens))
        return np.asarray(small[np.ix_(places, places)])

    def _title(self, frame: Frame, params: Params, layer: int, head: int) -> str:
        if params.show == "rollout":
            return self.words("Rollout through layer {layer}", layer=layer + 1)
        if head < 0:
            return self.words("Layer {layer}, mean of its heads", layer=layer + 1)
        return self.words("Layer {layer}, head {head}", layer=layer + 1, head=head + 1)

    def _draw_map(self, shown: Shown[Params, Frame], matrix: NDArray[Any], layer: int,
                  head: int) -> None:
        """Draw ``matrix`` (T, T), the head ``layer``, ``head``, as coloured cells."""
        frame, params = shown.frame, shown.params
        labels = [visible(one.strip() or one) for one in frame.tokens] \
            if len(frame.tokens) <= NAMED else ()
        self.matrix.draw(matrix, low=0.0, high=max(float(matrix.max(initial=0)), 1e-6),
                         x_labels=labels, y_labels=labels, row=self._focus(shown),
                         title=self._title(frame, params, layer, head))

    def _focus(self, shown: Shown[Params, Frame]) -> int:
        """The token that looks: the one under the pointer, or else the locked one."""
        at = self.over if self.over >= 0 else shown.params.token
        return at if at < len(shown.frame.tokens) else -1

    def _draw_tokens(self, shown: Shown[Params, Frame]) -> None:
        """Draw the lines and the strip, and frame the row of the token that looks."""
        frame, params = shown.frame, shown.params
        matrix, focus = np.asarray(frame.matrix, np.float32), self._focus(shown)
        if self.matrix.row != focus:
            self.matrix.row = focus
            self.matrix.update()
        names = [one.strip() or one for one in frame.tokens]
        locked = params.token if params.token < len(names) else -1
        self.links.draw(names, names, matrix, focus=focus, selected=locked, muted=params.masked)
        if focus >= 0:
            weights = matrix[focus]
            title = self.words("What “{token}” looks at", token=visible(names[focus]))
        elif frame.moved.any():
            weights = frame.moved
            title = self.words("How far the mask moved each token")
        else:
            weights = matrix.mean(0)
            title = self.words("Attention received")
        peak = float(weights.max(initial=0.0))
        self.strip.draw(names, weights=weights / peak if peak > 0 else weights, selected=locked,
                        muted=params.masked, title=title,
                        unknown=[at for at, one in enumerate(names) if one in UNKNOWN])

    def _draw_facts(self, frame: Frame, params: Params) -> None:
        """Where the attention goes that is shown: of one head, or of what joins many."""
        T = len(frame.tokens)
        if frame.head >= 0:
            at = frame.layer, frame.head
            before, itself, sinks = frame.before[at], frame.itself[at], frame.resting[at]
        else:
            whole = np.asarray(frame.matrix, np.float32)
            before = np.trace(whole, -1) / max(1, T - 1)
            itself, sinks = np.trace(whole) / T, whole[:, frame.sinks > 0].sum() / T
        tokens = count(T)
        if frame.total > T:
            tokens = self.words("{shown} of {total}", shown=count(T), total=count(frame.total))
        facts = [(self.words("token before"), percent(float(before))),
                 (self.words("itself"), percent(float(itself)))]
        if params.sinks:
            facts.append((self.words("sinks"), percent(float(sinks))))
        self.facts.draw((*facts, (self.words("evenness"), fixed(frame.evenness)),
                         (self.words("tokens"), tokens)))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        matrix = np.array(frame.matrix, np.float32)
        if frame.ahead == 0 and len(matrix) > 1:
            matrix[0] = 0  # a decoder's first token has no choice
        row_, column_ = np.unravel_index(int(np.argmax(matrix)), matrix.shape)
        return self.words(
            "{model} reads {tokens} tokens; in layer {layer} “{one}” looks most at “{other}”, with "
            "{weight} of its attention.", model=self.words(frame.model), tokens=len(frame.tokens),
            layer=frame.layer + 1, one=frame.tokens[row_].strip(),
            other=frame.tokens[column_].strip(), weight=fixed(float(frame.matrix[row_, column_])))

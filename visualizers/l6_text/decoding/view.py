"""The tree of one rule and its text, all rules side by side, and what the rule does to the odds."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l6_text.decoding.panel import CUT, METHODS, TAKEN, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.dumbbells import Dumbbells, Pairs
from widgets.pictures.scatter import ScatterPlot
from widgets.pictures.table import Table
from widgets.pictures.tokens import TokenStrip, legible, on_one_line, shortened
from widgets.pictures.tokentree import Node, State, TokenTree
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

FATES: tuple[State, ...] = ("cut", "open", "taken")
MOST_NODES = 8192  # that are remembered


class Written(TokenStrip):
    """The text, with what is said of its tokens."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, " ", lines=2, grows=True)
        self.remarks: tuple[str, ...] = ()  # what is said of a token

    def say(self, part: int) -> str:
        return "   ".join(filter(None, (legible(self.tokens[part]), self.remarks[part])))

    def heightForWidth(self, width: int) -> int:
        return super().heightForWidth(width) - self.look.px(3)  # no line is half in sight


class DecodingView(PanelView):
    """A click on a node of the tree, or on a written token, is where all rules go on from."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.tree = TokenTree(look, " ")
        self.strip = Written(look)
        self.table = Table(look, "", [
            (words("rule"), 4), (words("repeated"), 3), (words("distinct"), 3), ("ln p", 2),
            (words("copied"), 3)]).calm()
        self.map = ScatterPlot(look, words("How likely each text is, and how much of it repeats"),
                               x=words("mean ln p of a token"), y=words("repeated, percent")).calm()
        self.branches = Table(look, words("Texts that were left"), [
            (words("rule"), 2), ("ln p", 1), (words("what it had written"), 6)]).calm()
        self.compare = Pages(self, "compare", {
            "table": (words("Side by side"), self.table), "map": (words("Map"), self.map),
            "branches": (words("Branches"), self.branches)})
        self.filter = Dumbbells(look, " ", x=words("probability"),
                                heads=(words("as learnt"), words("after the rule"))).calm()

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.tree, 1)
        top.body.addWidget(self.strip)
        left.body.addWidget(self.compare)
        right.body.addWidget(self.filter)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Tree of tokens"), rank=1, smallest=(420, 260), share=11),
            beside(Place(left, words("Side by side"), rank=2, smallest=(350, 220), share=6),
                   Place(right, words("Before and after"), rank=3, smallest=(290, 220), share=5),
                   share=9))))

        self._shown: Shown[Params, Frame] | None = None
        self._nodes: dict[tuple[object, ...], Node] = {}  # those that have been drawn, by what they say
        self.tree.clicked.connect(self._branch)
        self.tree.hovered.connect(lambda column, _node: self._draw_filter(column))
        self.strip.clicked.connect(self._go_back)
        self.table.clicked.connect(self._choose)
        self.map.clicked.connect(self._choose)

    # --- what a click does

    def _choose(self, row: int) -> None:
        if 1 <= row <= len(METHODS):  # the first one is people's own text
            self.changed.emit("method", METHODS[row - 1])

    def _go_back(self, index: int) -> None:
        """All rules go on from before this token."""
        if self._shown is not None and index >= self._shown.frame.given:
            self._cut(self._shown.frame.written[: index - self._shown.frame.given].tolist())

    def _branch(self, column: int, node: int) -> None:
        """All rules go on after this token, whatever was taken there."""
        if self._shown is None:
            return
        frame, path = self._shown.frame, []
        while column >= 0:
            at = int(np.flatnonzero(frame.column == column)[node])
            path.append(int(frame.node_ids[at]))
            column, node = column - 1, int(frame.parent[at])
        self._cut([*frame.written[: frame.shared - frame.given].tolist(), *reversed(path)])

    def _cut(self, stays: list[int]) -> None:
        assert self._shown is not None
        number = max(self._shown.params.cut[:1], default=0) + 1
        self.changed.emit("cut", (number, self._shown.step, *stays))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._shown = shown
        names = [words(one) for one in METHODS]
        self._draw_tree(frame, params)
        self._draw_strip(frame, names[METHODS.index(params.method)])
        match self.compare.show_page(params.compare):
            case "table":
                self._draw_table(shown, names)
            case "map":
                self._draw_map(shown, names)
            case _:
                rows = [(words(method), fixed(value), on_one_line(text)) for method, value, text in zip(
                    frame.branch_methods, frame.branch_log_odds.tolist(), frame.branches, strict=True)]
                self.branches.draw(rows)
        self._draw_filter(-1)

    def _draw_tree(self, frame: Frame, params: Params) -> None:
        words, beams = self.words, params.method == "beam search"
        nodes = [self._node(beams, *one) for one in zip(
            frame.nodes, frame.parent.tolist(), frame.fate.tolist(), frame.score.tolist(),
            frame.as_learnt.tolist(), frame.odds.tolist(), strict=True)]
        columns = [[one for _, one in group] for _, group in groupby(
            zip(frame.column.tolist(), nodes, strict=True), key=lambda pair: pair[0])]
        titles = {
            "greedy": words("The best token is taken, always; click any token to go on from it"),
            "beam search": words("The {n} likeliest texts are kept, with their ln p; dashed ones are "
                                 "dropped; click one to go on from it", n=params.beams),
            "penalty": words("The best token after the penalty is taken; click any to go on from it"),
            "contrastive": words("Likely and unlike the text before; click any token to go on from it"),
        }
        self.tree.draw(frame.pieces[frame.shared - 1], columns, title=titles.get(params.method) or words(
            "One of {kept} tokens is drawn, dashed ones are cut off; click any to go on from it",
            kept=count(int(frame.kept[-1]))))

    def _node(self, beams: bool, text: str, parent: int, fate: int, score: float, learnt: float, odds: float
              ) -> Node:
        """A node with its figures. All columns but the last stay as they are from frame to frame."""
        key = beams, text, parent, fate, score, learnt, odds
        if key not in self._nodes:
            if len(self._nodes) >= MOST_NODES:
                self._nodes.clear()
            value = percent(learnt)
            self._nodes[key] = Node(text, parent, FATES[fate], *(
                (fixed(score, 1), value) if beams else
                (value, self.words("after the rule {odds}", odds=percent(odds)))))
        return self._nodes[key]

    def _draw_strip(self, frame: Frame, name: str) -> None:
        words = self.words
        notes = {(0, 0): "", (1, 0): words("repeated"), (0, 1): words("copied"),
                 (1, 1): f"{words('repeated')}, {words('copied')}"}
        self.strip.remarks = tuple(notes[pair] for pair in zip(
            frame.again.tolist(), frame.copied.tolist(), strict=True))
        self.strip.draw(
            frame.pieces, weights=0.75 * frame.again, series=1,
            muted=range(frame.shared), unknown=np.flatnonzero(frame.copied).tolist(),
            title=words("{name}: filled where four tokens in a row stood there before", name=name))

    def _draw_table(self, shown: Shown[Params, Frame], names: list[str]) -> None:
        frame, words = shown.frame, self.words
        human, chosen = frame.human.tolist(), METHODS.index(shown.params.method)
        rows = [(words("people's text"), percent(human[1]), percent(human[2]), fixed(human[0]), "–"),
                *(_row(name, frame, at) for at, name in enumerate(names))]
        for ghost in shown.ghosts:
            at = METHODS.index(ghost.params.method)
            rows.append(_row(f"{ghost.label}: {names[at]}", ghost.frame, at))
        self.table.draw(rows, selected=chosen + 1, muted=(0, *range(len(METHODS) + 1, len(rows))))

    def _draw_map(self, shown: Shown[Params, Frame], names: list[str]) -> None:
        frame, chosen = shown.frame, METHODS.index(shown.params.method)
        points = [(float(frame.human[0]), float(frame.human[1]), self.words("people's text"), 1)]
        points += [(float(frame.log_odds[at]), float(frame.repeated[at]), name, 0)
                   for at, name in enumerate(names)]
        for ghost in shown.ghosts:
            at = METHODS.index(ghost.params.method)
            points.append((float(ghost.frame.log_odds[at]), float(ghost.frame.repeated[at]),
                           ghost.label, 2))
        x, y, labels, kinds = zip(*points, strict=True)
        self.map.draw(np.array(x), 100 * np.array(y), labels, series=np.array(kinds),
                      labelled=range(len(points)), selected=(chosen + 1,))

    def _draw_filter(self, column: int) -> None:
        """The odds before and after the rule, of the column under the pointer or of the last one."""
        if self._shown is None:
            return
        frame, words = self._shown.frame, self.words
        column = frame.C - 1 if not 0 <= column < frame.C else column
        at = np.flatnonzero(frame.column == column)
        names = [shortened(frame.nodes[one], 12) for one in at]
        taken = np.flatnonzero(frame.fate[at] == TAKEN)
        kept = count(int(frame.kept[column]))
        title = words("Of all texts {kept} are kept", kept=kept) \
            if self._shown.params.method == "beam search" else \
            words("Next token: {kept} of {all} can be taken", kept=kept, all=count(frame.vocabulary))
        name = words(self._shown.params.method)
        self.filter.draw(
            names, [Pairs(name, frame.as_learnt[at], frame.odds[at])], title=title,
            selected=int(taken[0]) if len(taken) else -1,
            notes=[words("cut off") if frame.fate[one] == CUT else "" for one in at])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        at = METHODS.index(shown.params.method)
        drawn = METHODS.index("top p")
        return words(
            "After {tokens} {method} repeats {repeated} of its groups of four tokens and top p {other}; "
            "the mean ln p of a token is {log} and {log_other}, of people's own text {human}.",
            tokens=quantity(int(frame.tokens[at]), "token", words), method=words(METHODS[at]),
            repeated=percent(float(frame.repeated[at])), other=percent(float(frame.repeated[drawn])),
            log=fixed(float(frame.log_odds[at])), log_other=fixed(float(frame.log_odds[drawn])),
            human=fixed(float(frame.human[0])))


def _row(name: str, frame: Frame, at: int) -> tuple[str, ...]:
    copied = float(frame.from_training[at])
    return (name, percent(float(frame.repeated[at])), percent(float(frame.different[at])),
            fixed(float(frame.log_odds[at])), percent(copied) if copied == copied else "–")

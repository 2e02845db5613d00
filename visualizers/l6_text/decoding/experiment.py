"""Decoding: one model gives the odds, eight rules write from them at the same time.

Greedy takes the likeliest token; beam search keeps the W likeliest texts; the others draw from the odds,
from the best k tokens (Fan et al. 2018), from the fewest whose odds reach p (Holtzman et al. 2020), from
those with a share of the best one's odds (Nguyen et al. 2024); a penalty lowers what stands there already
(Keskar et al. 2019); contrastive search takes the candidate that is likely and unlike the text before it
(Su et al. 2022). ``models/decoding.py`` has the formulas.

Shapes: V different tokens, R texts read side by side (one for each rule, W for beam search), K candidates
of contrastive search, C channels of a state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.l6_text.decoding.panel import (
    CUT,
    DRAWN,
    METHODS,
    OPEN,
    SPAN,
    TAKEN,
    Frame,
    Method,
    Params,
)
from visualizers.models.decoding import Click, contrasted, drawn_from, kept_by, penalised, repeated
from visualizers.models.opened import open_model
from visualizers.models.tokenizers import split
from visualizers.panel import Context

NODES = 7          # candidates of a column; beam search has more where it keeps more
CANDIDATES = 5     # K
HUMAN = (6, 80, 20)  # pieces of people's own text, tokens of each, and how many of them only lead in
BRANCHES = 8       # that are remembered
NONE = torch.empty(0)
SINGLE = tuple(one for one in METHODS if one not in ("beam search", "contrastive"))


class Node(NamedTuple):
    """A candidate of one step."""

    token: int
    parent: int     # the text that it follows: its place among those of the step before
    p: float        # as learnt
    odds: float     # after the rule
    score: float    # by which the rule ranks
    fate: int


@dataclass
class Text:
    """What a rule writes, or one of the texts that it keeps."""

    ids: list[int]           # since the shared beginning
    logs: list[float]        # ln p of each, as learnt
    column: list[int]        # where each of them is in its column of the tree
    over: bool = False       # the model has ended it

    def and_then(self, token: int, log: float, place: int, ends: frozenset[int]) -> Text:
        if self.over:
            return self
        return Text([*self.ids, token], [*self.logs, log], [*self.column, place], token in ends)


@dataclass
class Race:
    """All texts from one beginning."""

    asked: str               # the prompt
    clicked: Click           # the last click that it follows
    given: int               # tokens of the prompt
    start: list[int]         # the prompt, and what all share of the written
    start_logs: list[float]  # ln p of what they share
    texts: dict[Method, list[Text]]
    trees: dict[Method, list[tuple[list[Node], int]]]  # columns, and how many each left to be taken
    scores: Tensor           # (R, V) of the texts in SINGLE, then of the beams
    cache: Any
    before: Tensor           # (T, C) states of the text of contrastive search
    tried: Tensor = NONE     # (K,) its candidates
    likely: Tensor = NONE    # (K,) their odds
    states: Tensor = NONE    # (K, C) their states
    ahead: Tensor = NONE     # (K, V) the scores after each
    ahead_cache: Any = None
    steps: int = 0


class Decoding:
    """A trained model, and eight texts that it writes."""

    shared: ClassVar[tuple[str, ...]] = ("model", "manual", "human")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator = context.generator
        files = context.data.model(params.model)
        context.stands_in(files.missing, files.title)
        self.model = open_model(files, context.device, context.progress)
        self.own = files.id == "tiny-gpt"  # whose training text is known
        self.manual = context.data.text("python-reference").text
        self.human = self.of_people(context)
        self.branches: list[tuple[str, Method, float]] = []
        self.steps = 0
        self.waiting: tuple[object, Race] | None = None  # after a click, before the next step
        self.race = self.begun(params, [])

    # --- from a prompt, or from a clicked place

    def begun(self, params: Params, stays: Sequence[int]) -> Race:
        """Read the prompt and what all texts share, and be ready to write."""
        model = self.model
        prompt = (model.encode(params.prompt) or model.encode("\n"))[-(model.limit - 1):]
        start = [*prompt, *stays][: model.limit]
        scores, _ = model.read(start, every=True)                              # (T, V)
        logs = scores[:-1].log_softmax(-1).gather(
            1, torch.tensor(start[1:], device=scores.device)[:, None])[:, 0]   # (T - 1,)
        R = len(SINGLE) + 1                                                    # one beam at first
        last, states, cache = model.read_rows(torch.tensor([start]))           # (1, V), (1, T, C)
        race = Race(
            params.prompt, params.cut, len(prompt), start, logs[len(prompt) - 1:].tolist(),
            texts={one: [Text([], [], [])] for one in METHODS}, trees={one: [] for one in METHODS},
            scores=last.cpu().expand(R, -1), cache=model.pick_rows(cache, torch.zeros(R, dtype=torch.long)),
            before=states[0].cpu())
        if len(start) < model.limit:
            last, _, cache = model.read_rows(torch.tensor([start]))
            self.look_ahead(race, last[0].cpu(), cache)
        return race

    def look_ahead(self, race: Race, scores: Tensor, cache: Any) -> None:
        """Contrastive search reads every candidate to see what state it would lead to."""
        odds = scores.softmax(-1)                                              # (V,)
        race.likely, race.tried = odds.topk(min(CANDIDATES, len(odds)))        # (K,) each
        rows = self.model.pick_rows(cache, torch.zeros(len(race.tried), dtype=torch.long))
        ahead, states, race.ahead_cache = self.model.read_rows(race.tried[:, None], rows)
        race.ahead, race.states = ahead.cpu(), states[:, -1].cpu()             # (K, V), (K, C)

    def now(self, params: Params) -> Race:
        """The race as these parameters want it: the one that runs, unless the prompt has changed or the
        learner has clicked."""
        race, vocabulary = self.race, self.race.scores.shape[1]
        stays = kept_by(params.cut, race.clicked, self.steps, vocabulary)
        if race.asked == params.prompt and stays is None:
            return race
        key = (params.prompt, params.cut, race.steps)
        if self.waiting is None or self.waiting[0] != key:
            self.waiting = key, self.begun(params, stays or [])
        return self.waiting[1]

    # --- one token

    def step(self, params: Params) -> Mapping[str, float]:
        """Every rule takes a token, and all texts are read once more."""
        race = self.now(params)
        if race is not self.race:
            self.branches = self.left_behind(race, params)
            self.race, self.waiting = race, None
        race.clicked = params.cut  # one that was made later than now is never followed
        self.steps += 1
        if self.left(params, race):
            race.steps += 1
            self.write(race, params)
        ids, logs = self.whole(race, params.method)
        return {"repeated": repeated(ids), "log_odds": float(np.mean(logs)) if logs else 0.0}

    def write(self, race: Race, params: Params) -> None:
        model, ends = self.model, self.model.ends
        luck = self.generator.get_state()
        for row, method in enumerate(SINGLE):
            text = race.texts[method][0]
            if text.over:
                continue
            nodes, kept = self.candidates(race, method, params)
            odds = self.odds(race.scores[row], race, method, params)           # (V,)
            if method in DRAWN:
                self.generator.set_state(luck)  # the same random numbers for all that draw
                token = int(torch.multinomial(odds, 1, generator=self.generator))
            else:
                token = nodes[0].token
            log = float(race.scores[row].log_softmax(-1)[token])
            if all(one.token != token for one in nodes):
                nodes[-1] = Node(token, 0, math.exp(log), float(odds[token]),
                                 float(race.scores[row, token]), OPEN)
            place = next(at for at, one in enumerate(nodes) if one.token == token)
            nodes[place] = nodes[place]._replace(fate=TAKEN)
            race.trees[method].append((nodes, kept))
            race.texts[method] = [text.and_then(token, log, place, ends)]

        nodes, kept = self.candidates(race, "beam search", params)
        race.trees["beam search"].append((nodes, kept))
        beams = race.texts["beam search"]
        race.texts["beam search"] = [
            beams[one.parent].and_then(one.token, math.log(max(one.p, 1e-30)), at, ends)
            for at, one in enumerate(nodes[:kept])]
        rows = [*range(len(SINGLE)), *(len(SINGLE) + one.parent for one in nodes[:kept])]

        nodes, _ = self.candidates(race, "contrastive", params)
        if not race.texts["contrastive"][0].over:
            race.trees["contrastive"].append(([nodes[0]._replace(fate=TAKEN), *nodes[1:]], 1))
        best = int((race.tried == nodes[0].token).nonzero()[0])
        race.texts["contrastive"] = [race.texts["contrastive"][0].and_then(
            nodes[0].token, float(race.likely[best].log()), 0, ends)]
        race.before = torch.cat([race.before, race.states[best : best + 1]])

        if len(race.start) + race.steps < model.limit:
            texts = [race.texts[one][0] for one in SINGLE] + race.texts["beam search"]
            new = torch.tensor([[one.ids[-1]] for one in texts])               # (R, 1)
            scores, _, race.cache = model.read_rows(
                new, model.pick_rows(race.cache, torch.tensor(rows)))          # (R, V)
            race.scores = scores.cpu()
            picked = model.pick_rows(race.ahead_cache, torch.tensor([best]))
            self.look_ahead(race, race.ahead[best], picked)

    def odds(self, scores: Tensor, race: Race, method: Method, params: Params) -> Tensor:
        """The odds (V,) with which a rule takes the next token, from the model's scores (V,)."""
        match method:
            case "sampling":
                return drawn_from(scores, params.temperature)
            case "top k":
                return drawn_from(scores, params.temperature, top_k=params.top_k)
            case "top p":
                return drawn_from(scores, params.temperature, top_p=params.top_p)
            case "min p":
                return drawn_from(scores, params.temperature, min_p=params.min_p)
            case "penalty":
                scores = penalised(scores, race.start + race.texts[method][0].ids, params.penalty)
        return drawn_from(scores, 0.0)  # the best one

    def candidates(self, race: Race, method: Method, params: Params) -> tuple[list[Node], int]:
        """What may come next, the best first, and how much of it the rule leaves."""
        if method == "beam search":
            return self.beams(race, params.beams)
        if method == "contrastive":
            value = contrasted(race.likely, race.states, race.before, params.alpha)   # (K,)
            return [Node(int(race.tried[at]), 0, float(race.likely[at]), float(not place),
                         float(value[at]), CUT if place else OPEN)
                    for place, at in enumerate(value.argsort(descending=True).tolist())], 1
        row = SINGLE.index(method)
        scores = race.scores[row]                                              # (V,)
        odds, learnt = self.odds(scores, race, method, params), scores.softmax(-1)
        ranked = scores if method != "penalty" else penalised(
            scores, race.start + race.texts[method][0].ids, params.penalty)
        best = ranked.topk(min(NODES, len(ranked))).indices.tolist()
        if method == "penalty":  # what it has pushed down is worth seeing
            best = [*best[:-1], int(scores.argmax())] if int(scores.argmax()) not in best else best
        return [Node(one, 0, float(learnt[one]), float(odds[one]), float(ranked[one]),
                     OPEN if odds[one] > 0 else CUT) for one in best], int((odds > 0).sum())

    def beams(self, race: Race, most: int) -> tuple[list[Node], int]:
        """The likeliest texts of all that go on from those kept, by the sum of their ln p."""
        texts = race.texts["beam search"]
        logs = race.scores[len(SINGLE):].log_softmax(-1)                       # (W, V)
        found: list[Node] = []
        shown = max(NODES, most + 3)
        for row, text in enumerate(texts):
            so_far = sum(text.logs)
            if text.over:  # it stays as it is, and competes
                found.append(Node(text.ids[-1], row, 1.0, 0.0, so_far, CUT))
                continue
            best, tokens = logs[row].topk(min(shown, logs.shape[1]))
            found += [Node(token, row, math.exp(log), 0.0, so_far + log, CUT)
                      for log, token in zip(best.tolist(), tokens.tolist(), strict=True)]
        found = sorted(found, key=lambda one: -one.score)[:shown]
        weight = np.exp(np.array([one.score for one in found[:most]]) - found[0].score)
        return [one._replace(odds=float(weight[at] / weight.sum()), fate=OPEN) if at < most else one
                for at, one in enumerate(found)], min(most, len(found))

    # --- how far it is

    def left(self, params: Params, race: Race) -> int:
        """How many tokens are still to be written."""
        if all(one[0].over for one in race.texts.values()):
            return 0
        begun = len(race.start) - race.given
        return max(0, min(params.length - begun, self.model.limit - len(race.start)) - race.steps)

    def finished(self, params: Params) -> bool:
        return self.left(params, self.now(params)) == 0

    def whole(self, race: Race, method: Method) -> tuple[list[int], list[float]]:
        """All that a rule has written since the prompt, shared beginning included, and its ln p."""
        text = race.texts[method][0]
        return race.start[race.given:] + text.ids, race.start_logs + text.logs

    def left_behind(self, race: Race, params: Params) -> list[tuple[str, Method, float]]:
        """The text that was shown when the learner went elsewhere."""
        ids, logs = self.whole(self.race, params.method)
        if race is self.race or not ids or race.asked != self.race.asked:
            return self.branches
        return [(self.model.decode(ids), params.method, float(np.mean(logs))), *self.branches][:BRANCHES]

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        race, model, method = self.now(params), self.model, params.method
        left = self.left(params, race)
        columns = list(race.trees[method])
        if left and not race.texts[method][0].over:
            columns.append(self.candidates(race, method, params))
        if not columns:  # nothing may be written at all: what would come
            columns.append(self.candidates(race, "greedy", params))
        columns = [(list(nodes), kept) for nodes, kept in columns]  # the kept ones stay as they are
        if method == "beam search":  # the way that led to the best text of today
            for column, place in enumerate(race.texts[method][0].column):
                nodes = columns[column][0]
                nodes[place] = nodes[place]._replace(fate=TAKEN)
        nodes = [one for column, _ in columns for one in column]
        parents = [one.parent if method == "beam search" or not at else self.taken(columns[at - 1][0])
                   for at, (column, _) in enumerate(columns) for one in column]
        ids, _ = self.whole(race, method)
        whole = [*race.start[: race.given], *ids]
        pieces = model.pieces(whole)
        figures = [self.figures(race, one) for one in METHODS]
        branches = self.left_behind(race, params)
        return Frame(
            model=model.title, pieces=pieces, written=np.array(ids, np.int64), given=race.given,
            shared=len(race.start), again=again(whole, race.given),
            copied=self.copied_tokens(pieces, race.given),
            column=np.repeat(np.arange(len(columns)), [len(one) for one, _ in columns]).astype(np.int32),
            parent=np.array(parents, np.int32), nodes=model.pieces([one.token for one in nodes]),
            node_ids=np.array([one.token for one in nodes], np.int64),
            as_learnt=np.array([one.p for one in nodes], np.float32).clip(0, 1),
            odds=np.array([one.odds for one in nodes], np.float32).clip(0, 1),
            score=np.array([one.score for one in nodes], np.float32),
            fate=np.array([one.fate for one in nodes], np.uint8), C=len(columns),
            kept=np.array([kept for _, kept in columns], np.int32),
            texts=tuple(model.decode(self.whole(race, one)[0]) for one in METHODS),
            tokens=np.array([len(self.whole(race, one)[0]) for one in METHODS], np.int32),
            log_odds=np.array([one[0] for one in figures], np.float32),
            repeated=np.array([one[1] for one in figures], np.float32),
            different=np.array([one[2] for one in figures], np.float32),
            from_training=np.array([one[3] for one in figures], np.float32),
            human=self.human, vocabulary=race.scores.shape[1], left=left,
            branches=tuple(one for one, _, _ in branches),
            branch_methods=tuple(one for _, one, _ in branches),
            branch_log_odds=np.array([min(one, 0.0) for _, _, one in branches], np.float32))

    @staticmethod
    def taken(nodes: Sequence[Node]) -> int:
        return next((at for at, one in enumerate(nodes) if one.fate == TAKEN), 0)

    def figures(self, race: Race, method: Method) -> tuple[float, float, float, float]:
        """Mean ln p, repeated, different and copied, of what a rule has written."""
        ids, logs = self.whole(race, method)
        if not ids:
            return 0.0, 0.0, 1.0, 0.0 if self.own else np.nan
        pieces = self.model.pieces([*race.start[: race.given], *ids])
        marks = self.copied_tokens(pieces, race.given)
        return (min(0.0, float(np.mean(logs))), repeated(ids), len(set(ids)) / len(ids),
                float(marks[race.given:].mean()) if self.own else np.nan)

    def copied_tokens(self, pieces: Sequence[str], given: int) -> NDArray[np.uint8]:
        """1 for each token within SPAN characters that stand in the training text, prompt excluded."""
        marks = np.zeros(len(pieces), np.uint8)
        if self.own:
            text = "".join(pieces)
            ends = np.cumsum([len(one) for one in pieces])
            for at in range(len(text) - SPAN + 1):
                if stands_in(self.manual, text[at : at + SPAN]):
                    first, last = np.searchsorted(ends, [at + 1, at + SPAN])
                    marks[first : last + 1] = 1
            marks[:given] = 0
        return marks

    def of_people(self, context: Context) -> NDArray[np.float32]:
        """The same figures of text that people wrote and no model saw: the end of the Python manual."""
        count, length, lead = HUMAN
        count, length = count if self.own else 2, min(length, self.model.limit)
        _, held_out = split(self.manual)
        starts = np.linspace(0, len(held_out) - 8 * length, count).astype(int).tolist()
        ids = [self.model.encode(held_out[at : at + 8 * length])[:length] for at in starts]
        found = []
        for at, one in enumerate(ids):
            context.progress(at, count, "reading what people wrote")
            scores, _ = self.model.read(one, every=True)                       # (T, V)
            logs = scores[:-1].log_softmax(-1).gather(
                1, torch.tensor(one[1:], device=scores.device)[:, None])       # (T - 1, 1)
            part = one[lead:]
            found.append((float(logs[lead - 1:].mean()), repeated(part), len(set(part)) / len(part)))
        mean: NDArray[np.float32] = np.array(found, np.float32).mean(0)
        return mean


def again(ids: Sequence[int], given: int) -> NDArray[np.uint8]:
    """1 for each written token that ends four tokens which stood there before."""
    seen, marks = set(), np.zeros(len(ids), np.uint8)
    for at in range(given + 3, len(ids)):
        gram = tuple(ids[at - 3 : at + 1])
        marks[at] = gram in seen
        seen.add(gram)
    return marks


@lru_cache(maxsize=50_000)
def stands_in(text: str, span: str) -> bool:
    """Whether a text has this span, word for word."""
    return span in text

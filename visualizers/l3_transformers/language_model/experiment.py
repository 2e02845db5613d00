"""A language model writes: it scores every token as the next one, a rule draws one, and again.

Radford et al. 2019 (writing by drawing the next token); Fan et al. 2018 (top-k); Holtzman et al. 2020,
"The Curious Case of Neural Text Degeneration" (top-p); nostalgebraist 2020 (the logit lens); Pope et
al. 2023, "Efficiently Scaling Transformer Inference" (what a cache of keys and values saves).

With z the scores of all tokens and τ the temperature,

    p = softmax(z / τ), kept to the best k, kept to the fewest whose sum reaches p, made to sum to 1.

Shapes: T tokens of text, V different tokens, L layers, H heads, Y layers and P places of the lens.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.l3_transformers.language_model.lines import SMOLLM2, few_shots
from visualizers.l3_transformers.language_model.panel import DRAWN, FORCED, PROMPT, Frame, Params
from visualizers.models.arrays import array
from visualizers.models.decoding import Click, drawn_from, kept_by
from visualizers.models.language import Turn, conversation
from visualizers.models.opened import SmallGPT, open_model
from visualizers.panel import Context

CANDIDATES = 10        # bars
ROWS, PLACES = 9, 6    # of the lens
LAST = 4               # layers that it always shows
GRID = 250_000         # numbers of all heads' small pictures together
BRANCHES = 8           # that are remembered
WHOLE = 256            # matrices of more tokens travel with half precision


@dataclass
class Line:
    """A text that grows, and what the model says of it."""

    asked: str             # the prompt
    clicked: Click         # the last click that it follows
    reach: int
    ids: list[int]         # T tokens
    given: int             # of the prompt
    skipped: int           # of the prompt, which were too many
    kinds: list[int]       # who wrote each
    learnt: list[float]    # how likely each was
    scores: Tensor         # (V,) of the next one
    cache: Any             # keys and values, or None


class LanguageModel:
    """A trained model, and the line that it writes."""

    shared: ClassVar[tuple[str, ...]] = ("model", "note")

    def __init__(self, params: Params, context: Context) -> None:
        self.note, self.generator = context.note, context.generator
        files = context.data.model(params.model)
        if files.missing:
            context.note("{wanted} is not fetched, so this is {model}, which comes with this program; "
                         "the Data page has {wanted}.", wanted=context.data.title(files.missing),
                         model=files.title)
        self.model = open_model(files, context.device, context.progress)
        self.source = SMOLLM2 if files.folder is None else str(files.folder)
        self.kept = last_ones()  # what was computed for a look, so that it is not computed twice
        self.branches: list[tuple[str, float]] = []
        self.spent, self.steps = 0.0, 0
        self.line = self.begun(params)

    # --- the text

    def asked(self, params: Params) -> str:
        """The text that the model is given."""
        if params.form == "chat":
            return conversation([Turn("user", params.prompt)])
        return few_shots(params) if params.form == "few shots" else params.prompt

    def room(self, params: Params) -> int:
        """The longest text, prompt included."""
        return min(params.reach, self.model.limit)

    def begun(self, params: Params) -> Line:
        """The prompt, read: its end where it is too long to leave room for a token."""
        asked = self.asked(params)
        ids = self.model.encode(asked) or self.model.encode("\n")
        skipped = max(0, len(ids) - self.room(params) + 1)
        ids = ids[skipped:]
        if params.form == "chat" and isinstance(self.model, SmallGPT):
            self.note("The small GPT has never seen a conversation: to it the marks are letters.")
        return self.read(params, asked, ids, len(ids), skipped, [PROMPT] * len(ids))

    def read(self, params: Params, asked: str, ids: list[int], given: int, skipped: int,
             kinds: list[int]) -> Line:
        """Read a whole text. How likely each of its tokens was, comes with it."""
        scores, cache = self.model.read(ids, every=True)                       # (T, V)
        odds = scores[:-1].softmax(-1)                                         # (T - 1, V)
        learnt = odds.gather(1, torch.tensor(ids[1:], device=odds.device)[:, None])[:, 0]
        return Line(asked, params.cut, params.reach, ids, given, skipped, kinds,
                    [0.0, *learnt.tolist()], scores[-1].cpu(), cache)

    def now(self, params: Params) -> Line:
        """The line as these parameters want it: the one that grows, unless the prompt has changed since,
        or the learner went back in it."""
        line = self.line
        asked = self.asked(params)
        if (line.asked, line.reach) != (asked, params.reach):
            line = self.kept("line", (asked, params.reach, params.cut), lambda: self.begun(params))
        elif (stays := kept_by(params.cut, line.clicked, self.steps, len(line.scores))) is not None:
            line = self.kept("line", (asked, params.reach, params.cut, tuple(line.ids)),
                             lambda: self.after_click(params, stays))
        return line

    def after_click(self, params: Params, stays: list[int]) -> Line:
        """Back to what stays; a token that was not there has been forced."""
        line = self.line
        ids = [*line.ids[: line.given], *stays][: self.room(params)]
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ids, line.ids, strict=False)))
        kinds = [*line.kinds[:same], *[FORCED] * (len(ids) - same)]
        return self.read(params, line.asked, ids, line.given, line.skipped, kinds)

    # --- one token

    def step(self, params: Params) -> Mapping[str, float]:
        """Draw a token, append it, and ask the model again."""
        self.adopt(self.now(params))
        line = self.line
        line.clicked = params.cut  # one that was made later than now is never followed
        self.steps += 1
        odds = drawn_from(line.scores, params.temperature, params.top_k, params.top_p)   # (V,)
        token = int(odds.argmax()) if params.temperature == 0 else \
            int(torch.multinomial(odds, 1, generator=self.generator))
        learnt = line.scores.log_softmax(-1)                                   # (V,)
        scalars = {"surprise": -float(learnt[token]), "entropy": entropy(learnt), "operations": 0.0,
                   "took_ms": 0.0}
        if self.left(params, line) == 0:
            return scalars
        line.ids.append(token)
        line.kinds.append(DRAWN)
        line.learnt.append(math.exp(float(learnt[token])))

        if params.cache and line.cache is not None:
            new, cache = [token], line.cache    # one token is read; it looks at what was kept
        else:
            new, cache = line.ids, None         # all is read once more
        began = time.perf_counter()
        scores, line.cache = self.model.read(new, cache)                       # (1, V)
        line.scores = scores[0].cpu()  # on a device, the time it takes ends here
        scalars["took_ms"] = 1000 * (time.perf_counter() - began)
        if not params.cache:
            line.cache = None
        scalars["operations"] = self.model.size.operations(len(new), len(line.ids))
        self.spent += scalars["operations"]
        return scalars

    def adopt(self, line: Line) -> None:
        """Go on with this line."""
        if line is not self.line:
            self.branches = self.left_behind(line)
            self.line = line
            self.kept("line", None, lambda: None)  # it grows now, and is nobody else's

    def left_behind(self, line: Line) -> list[tuple[str, float]]:
        """What was written and is no longer part of this line, with the mean −ln p of its tokens."""
        old = self.line
        if line is old or len(old.ids) == old.given or line.ids[: len(old.ids)] == old.ids:
            return self.branches
        lost = [-math.log(max(one, 1e-12)) for one in old.learnt[old.given:]]
        return [(self.model.decode(old.ids[old.given:]), float(np.mean(lost))),
                *self.branches][:BRANCHES]

    def left(self, params: Params, line: Line) -> int:
        """How many tokens may still be written."""
        if line.ids[-1] in self.model.ends and len(line.ids) > line.given:
            return 0
        return max(0, min(params.length - (len(line.ids) - line.given),
                          self.room(params) - len(line.ids)))

    def finished(self, params: Params) -> bool:
        return self.left(params, self.now(params)) == 0

    def idle(self, params: Params) -> Mapping[str, str]:
        if params.temperature > 0:
            return {}
        why = "At temperature 0 the best token is always taken, and no filter leaves that out."
        return {"top_k": why, "top_p": why}

    # --- looking

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        line, model = self.now(params), self.model
        learnt = line.scores.softmax(-1)                                       # (V,)
        odds = drawn_from(line.scores, params.temperature, params.top_k, params.top_p)
        best = learnt.topk(min(CANDIDATES, len(learnt))).indices               # (N,)
        lengths = np.linspace(1, self.room(params), 24).round().astype(np.int64)
        # For one more token: a cached model reads one, another one reads all.
        work = [[model.size.operations(1, one), model.size.operations(one, one)]
                for one in lengths.tolist()]
        # Some of all layers, and the last ones, where large models make up their mind.
        layers = np.unique([*np.linspace(0, model.depth - LAST, ROWS - LAST).round().clip(0),
                            *range(max(0, model.depth - LAST), model.depth + 1)]).astype(np.int64)
        branches = self.left_behind(line)
        return Frame(
            model=model.title, source=self.source, pieces=model.pieces(line.ids),
            written=np.array(line.ids[line.given:], np.int64),
            kinds=np.array(line.kinds, np.uint8), learnt=np.clip(np.array(line.learnt, np.float32), 0, 1),
            given=line.given, skipped=line.skipped, left=self.left(params, line),
            candidates=model.pieces(best.tolist()), candidate_ids=array(best),
            odds=array(odds[best]), as_learnt=array(learnt[best]),
            kept=int((odds > 0).sum()), vocabulary=len(learnt), entropy=entropy(learnt.log()),
            layers=layers, **self.lens(params, line, layers.tolist(), int(best[0])),
            **self.attention(params, line), lengths=lengths,
            with_cache=np.array(work)[:, 0], without_cache=np.array(work)[:, 1], spent=self.spent,
            cache_bytes=len(line.ids) * model.size.kept * model.size.bytes * params.cache,
            branches=tuple(text for text, _ in branches),
            branch_surprise=np.array([one for _, one in branches], np.float32))

    def lens(self, params: Params, line: Line, layers: list[int], best: int) -> dict[str, Any]:
        """What each layer would already say, read with the last layer's eyes."""
        P = min(PLACES, len(line.ids)) if params.inside == "lens" else 0
        if P == 0:
            return {"places": (), "lens": (), "lens_odds": np.zeros((len(layers), 0), np.float32),
                    "answer": np.zeros(len(layers), np.float32)}

        def look() -> tuple[Tensor, ...]:
            odds = self.model.guesses(line.ids, layers, P).softmax(-1)         # (Y, P, V)
            most, says = odds.max(-1)                                          # (Y, P) each
            return most, says, odds[:, -1, best]

        most, says, answer = self.kept("lens", tuple(line.ids), look)
        return {"places": self.model.pieces(line.ids[-P:]),
                "lens": self.model.pieces(says.flatten().tolist()),
                "lens_odds": array(most).clip(0, 1), "answer": array(answer).clip(0, 1)}

    def attention(self, params: Params, line: Line) -> dict[str, Any]:
        """The weights of all heads, small, and of the chosen one; at first the one that looks most at the
        token before."""
        if params.inside != "attention":
            return {"head": (0, 0), "attention": np.zeros((0, 0), np.float32),
                    "heads": np.zeros((0, 0, 0, 0), np.uint8)}
        weights: Tensor = self.kept("attention", tuple(line.ids),
                                    lambda: self.model.attention(line.ids).cpu())  # (L, H, T, T)
        L, H, T = weights.shape[:3]
        layer, head = params.head
        if not (0 <= layer < L and 0 <= head < H):
            layer, head = divmod(int(weights.diagonal(-1, 2, 3).sum(-1).argmax()), H)
        side = min(T, max(8, math.isqrt(GRID // (L * H))))
        small = F.adaptive_avg_pool2d(weights, side)                           # (L, H, t, t)
        small = small / small.amax((2, 3), keepdim=True)
        exact = np.float32 if T <= WHOLE else np.float16
        return {"head": (layer, head),
                "attention": weights[layer, head].clamp(0, 1).numpy().astype(exact),
                "heads": array((small * 255).round().byte())}


def entropy(log_odds: Tensor) -> float:
    """−Σ p ln p of (V,) logarithms of probabilities."""
    return max(0.0, float(-(log_odds.exp() * log_odds.clamp(min=-100)).sum()))


def last_ones() -> Callable[[str, object, Callable[[], Any]], Any]:
    """A memory for the last result under each name: computed again only if its key is another one."""
    memory: dict[str, tuple[object, Any]] = {}

    def kept(name: str, key: object, compute: Callable[[], Any]) -> Any:
        if name not in memory or memory[name][0] != key:
            memory[name] = key, compute()
        return memory[name][1]

    return kept

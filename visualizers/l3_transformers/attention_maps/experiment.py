"""Attention of a trained model, computed by hand.

Vaswani et al. 2017, "Attention Is All You Need", eq. 1; Abnar and Zuidema 2020, "Quantifying
Attention Flow in Transformers", eq. 1 (rollout).

Shapes: T tokens, L layers of H heads, D numbers in each head's query and key.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from visualizers.l3_transformers.attention_maps.panel import LONGEST, Frame, Params, chosen
from visualizers.l3_transformers.attention_maps.texts import EXAMPLES
from visualizers.models.pretrained import Cut, SmallBert, TinyGPT, has_sinks, open_reader, redraw
from visualizers.panel import Context

GRID_BYTES = 250_000  # of all small pictures together
WHOLE = 256           # matrices of more tokens travel with half precision


def attention(query: Tensor, key: Tensor, scale: float, bias: Tensor,
              cap: float | None = None, sink: Tensor | None = None) -> Tensor:
    """softmax(Q Kᵀ / √D + bias): how much each token takes from each other one.

    Args:
        query, key: (H, T, D).
        scale: 1 / √D, so that scores do not grow with D.
        bias: (1 or H, T, T), 0 where a token may be seen and hugely negative where it may not:
            later tokens in a decoder, masked tokens.
        cap: only in a few models (Gemma 2): scores come near to ± cap and never beyond.
        sink: (H,), only in a few models (gpt-oss): the learnt score of one more place, which holds
            nothing, for heads that find no target.

    Returns:
        (H, T, T), rows sum to 1, or to less by what goes to the sink.
    """
    score = query @ key.transpose(-2, -1) * scale                              # (H, T, T)
    if cap is not None:
        score = cap * (score / cap).tanh()
    score = score + bias
    if sink is None:
        return score.softmax(-1)
    nothing = sink[:, None, None].expand(-1, score.shape[1], 1)                # (H, T, 1)
    return torch.cat([score, nothing], -1).softmax(-1)[..., :-1]


def rollout(weights: Tensor) -> Tensor:
    """Attention through all layers: how much of each input token arrives at each place.

    Beside what a layer's heads take (their mean, A), each token keeps itself through the residual
    connection, so a layer passes on ½ A + ½ I; the layers are multiplied, the first one innermost.

    Args:
        weights: (L, H, T, T).

    Returns:
        (L, T, T): the flow up to each layer; rows sum to 1 where those of the weights do.
    """
    stay = torch.eye(weights.shape[-1])                                        # (T, T)
    flows = [stay]
    for layer in weights:
        mean = layer.float().mean(0)                                           # (T, T)
        flows.append((0.5 * mean + 0.5 * stay) @ flows[-1])
    return torch.stack(flows[1:])


@dataclass(frozen=True)
class Seen:
    """A text as the model saw it: computed once, then only looked up."""

    key: object
    cut: Cut
    weights: Tensor    # (L, H, T, T) on the CPU
    last: Tensor       # (T, C)
    frame: Frame       # all but the matrix


class AttentionMaps:
    """Reads a text with a trained model and keeps the attention of every head."""

    shared = ("reader", "context", "seen", "plain", "flows")

    def __init__(self, params: Params, context: Context) -> None:
        self.context = context
        files = context.data.model(params.model)
        if files.missing:
            context.note("{wanted} is not fetched, so this is {model}, which comes with this program; "
                         "the Data page has {wanted}.", wanted=context.data.title(files.missing),
                         model=files.title)
        self.reader = open_reader(files, context.device, context.progress)
        if has_sinks(self.reader.module):
            context.note("Heads of {model} may also rest on a place that is no token; what goes there is "
                         "missing from the rows and counted among the sinks.", model=files.title)
        if params.weights == "random":
            redraw(self.reader.module, context.generator)
        self.seen: list[Seen] = []   # the text of the moment
        self.plain: list[Seen] = []  # the same text without masks
        self.flows: list[tuple[object, Tensor]] = []  # its rollout
        self.read(params)            # a model without attention is found out at once

    def read(self, params: Params) -> Seen:
        """What the model sees; from memory if only something else has changed."""
        text, second = EXAMPLES.get(params.example) or (params.words, params.second)
        if params.example == "long text":
            text = self.context.data.text("python-reference").text[:4000]
        plain, key = (text, second, ()), (text, second, params.masked)
        if not self.plain or self.plain[0].key != plain:
            cut = self.reader.cut(text, second, min(self.reader.limit, LONGEST))
            self._tell(cut)
            self.seen = self.plain = [self._look(plain, cut)]
        if self.seen[0].key != key:
            self.seen = self.plain if key == plain else [self._look(key, self.plain[0].cut,
                                                                    params.masked)]
        return self.seen[0]

    def _tell(self, cut: Cut) -> None:
        """What a learner should know about these tokens."""
        if cut.total > len(cut.ids):
            self.context.note("The text has {total} tokens; {model} is shown the first {shown}.",
                              total=cut.total, model=self.reader.title, shown=len(cut.ids))
        elif isinstance(self.reader, TinyGPT) and any(one[0] == "‹" for one in cut.names):
            self.context.note("The small GPT has learnt English only; it reads this text byte by "
                              "byte.")
        elif isinstance(self.reader, SmallBert) and "[UNK]" in cut.names:
            self.context.note("The small BERT has learnt English only; what it does not know is [UNK] "
                              "to it.")

    @torch.no_grad()
    def _look(self, key: object, cut: Cut, masked: tuple[int, ...] = ()) -> Seen:
        T = len(cut.ids)
        nobody = torch.zeros(T, dtype=torch.bool)                              # (T,)
        nobody[[one for one in masked if 0 <= one < T]] = True
        last, layers = self.reader.run(cut, nobody.to(self.context.device), attention)
        heads = min(len(one) for one in layers)
        exact = torch.float32 if T <= WHOLE else torch.float16
        weights = torch.stack([one[:heads].to("cpu", exact) for one in layers])  # (L, H, T, T)

        sinks = torch.tensor(sinks_of(cut))                                    # (T,)
        small, peaks, before, itself, resting, even, ahead, leak = [], [], [], [], [], [], 0.0, 0.0
        side = min(T, max(8, math.isqrt(GRID_BYTES // weights[:, :, 0, 0].numel())))
        for each in weights.float():                                           # (H, T, T)
            tiles = F.adaptive_avg_pool2d(each, side)                          # (H, t, t)
            peak = tiles.amax((1, 2))                                          # (H,)
            peaks.append(peak)
            small.append((tiles / peak[:, None, None] * 255).round().byte())
            before.append(each.diagonal(-1, 1, 2).sum(-1) / max(1, T - 1))     # (H,)
            itself.append(each.diagonal(0, 1, 2).mean(-1))
            nothing = (1 - each.sum(-1)).clamp(min=0)  # (H, T), what goes to a sink that is no token
            resting.append((each[:, :, sinks].sum(-1) + nothing).mean(-1).clamp(max=1))
            even.append(evenness(each))
            ahead = max(ahead, each.triu(1).max().item())
            others = each.masked_fill(torch.eye(T, dtype=torch.bool), 0.0)
            leak = max(leak, others[:, :, nobody].sum(-1).max().item())
        moved = torch.zeros(T)
        if nobody.any():
            moved = 1 - F.cosine_similarity(last, self.plain[0].last, -1).cpu().clamp(-1, 1)
        frame = Frame(
            tokens=cut.names, segments=cut.segments, sinks=sinks_of(cut).astype(np.uint8),
            matrix=np.empty((0, 0), np.float32), layer=0, head=0,
            grid=torch.stack(small).numpy(), peaks=torch.stack(peaks).numpy(),
            before=torch.stack(before).numpy(), itself=torch.stack(itself).numpy(),
            resting=torch.stack(resting).numpy(), evenness=float(np.mean(even)),
            moved=moved.float().numpy(), ahead=ahead, leak=leak, total=cut.total,
            model=self.reader.title)
        return Seen(key, cut, weights, last, frame)

    def frame(self, params: Params) -> Frame:
        """The matrix that is asked for, beside the small pictures of all."""
        seen = self.read(params)
        L, H = seen.weights.shape[:2]
        layer, head = chosen(params, seen.frame.before)
        if len(params.preview) == 2 and 0 <= params.preview[0] < L:
            layer, head = params.preview[0], min(max(params.preview[1], 0), H - 1)
        if params.show == "one head":
            matrix = seen.weights[layer, head]                                 # (T, T)
        elif params.show == "average of a layer":
            matrix, head = seen.weights[layer].float().mean(0), -1
        else:
            if not self.flows or self.flows[0][0] != seen.key:
                self.flows = [(seen.key, rollout(seen.weights))]
            matrix, head = self.flows[0][1][layer], -1
        shown = matrix.to(seen.weights.dtype).numpy().copy()
        if not params.sinks:
            shown[:, sinks_of(seen.cut)] = 0
        if params.between != "all tokens" and seen.cut.segments.any():
            shown[~between(seen.cut.segments, params.between)] = 0
        return replace(seen.frame, matrix=shown, layer=layer, head=head)


def sinks_of(cut: Cut) -> NDArray[np.bool_]:
    """(T,) true for the tokens that collect attention nobody needs (Xiao et al. 2023).

    Those that the tokenizer adds, [CLS] and [SEP], or else the first token.
    """
    found = cut.special.copy()
    found[0] = True
    return found


def between(segments: NDArray[np.uint8], which: str) -> NDArray[np.bool_]:
    """(T, T) true where row and column belong to the sentences asked for."""
    row, column = segments[:, None], segments[None, :]
    if which == "within each":
        return np.asarray(row == column)
    first, second = (0, 1) if which == "first to second" else (1, 0)
    return np.asarray((row == first) & (column == second))


def evenness(weights: Tensor) -> float:
    """Mean of H(row) / log n over rows that may look at n > 1 tokens; 1 is everywhere alike."""
    weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)  # a sink may have taken a part
    entropy = torch.special.entr(weights).sum(-1)                              # (H, T)
    choices = (weights > 0).sum(-1)                                            # (H, T)
    several = choices > 1
    if not several.any():
        return 1.0
    return float((entropy[several] / choices[several].float().log()).mean())

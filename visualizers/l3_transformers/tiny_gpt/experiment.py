"""A GPT learns to predict the next token of a text, and writes while it learns.

Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training". Training makes

    L = - mean over t of  ln p(token t+1 | tokens 0 … t)

small, nothing else. L is ln V for blind guessing; e^L is the *perplexity*.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from visualizers.l3_transformers.tiny_gpt.panel import Frame, Params
from visualizers.models.arrays import array
from visualizers.models.checkpoint import load_tiny_gpt
from visualizers.models.counting import counted_losses
from visualizers.models.gpt import GPT, GPTConfig, Kept, next_token_odds
from visualizers.models.tokenizers import BytePairs, Characters, Tokens, split, too_short
from visualizers.panel import Context

CLIP = 1.0           # the longest gradient a step may follow
HELD_OUT = 12        # windows of held-out text on which the loss is measured
WRITE_EVERY = 4      # steps for a token; each costs a pass through the model
LINE = 38            # characters of a written line
PARAGRAPH = 300      # of one that the trained model writes, which can say more
READ = 64            # tokens of the prompt that are looked into
CANDIDATES = 12      # bars
# Of the lines written between two of these steps, the first one stays to be seen.
MILESTONES = (50, *(digit * 10**power for power in range(2, 9) for digit in (1, 2, 5)))


@dataclass
class Line:
    """A line that is being written: the prompt and the tokens drawn so far."""

    begun: int          # the step
    prompt: str
    given: list[int]    # the prompt's tokens
    drawn: list[int]
    text: str = ""      # the end of the prompt, and what follows it
    length: int = LINE

    @property
    def opening(self) -> str:
        """What is shown of the prompt: its end."""
        return self.prompt[-2 * LINE:]

    @property
    def full(self) -> bool:
        return len(self.text) >= max(self.length, len(self.opening) + self.length // 2)


class TinyGPT:
    """Trains a GPT of any size on a text."""

    shared: ClassVar[tuple[str, ...]] = ("tokens", "pieces", "train", "held_out")
    remembered: ClassVar[tuple[str, ...]] = ("sample", "sample_steps", "sample_given")
    measure_every = 25

    def __init__(self, params: Params, context: Context) -> None:
        self.device, self.generator = context.device, context.generator
        # The pen draws from a generator of its own, so that writing cannot change what is learnt.
        self.pen = torch.Generator().manual_seed(params.seed)

        text = context.text(params.text)
        learnt, kept_back = split(text.text)
        self.tokens, self.gpt = self._model(params, learnt, context)
        self.gpt.to(self.device)
        self.pieces = self.tokens.pieces(range(self.tokens.size))

        T = self.gpt.config.context
        ids = torch.from_numpy(self.tokens.encode(learnt))                         # (N,)
        kept = torch.from_numpy(self.tokens.encode(kept_back))                     # (M,)
        if (lacks := T + 2 - len(kept)) > 0:
            raise too_short(text.title, len(ids) + len(kept), lacks, tokens=True)
        self.facts = counted_losses(ids, kept, self.tokens.size)
        self.facts["characters_per_token"] = len(kept_back) / len(kept)
        self.train, kept = ids.to(self.device), kept.to(self.device)
        starts = torch.linspace(0, len(kept) - T - 1, HELD_OUT).long()             # (B,)
        self.held_out = self._windows(kept, starts)                                # (B, T) each

        self.learnt = list(self.gpt.parameters())
        self.optimizer = torch.optim.AdamW(self.learnt, fused=True)
        self.steps = 0
        self.start = kept_back.lstrip()[:8]
        if params.prompt and self._asked(params) == self.start:
            context.note("This text has no character of the prompt, so the model goes on from "
                         "“{start}”.", start=self.start)
        self.length = PARAGRAPH if params.start == "trained model" else LINE
        self.lines: list[Line] = []
        self._write(params)
        while not self.lines[-1].full:
            self._write(params)

    def _model(self, params: Params, learnt: str, context: Context) -> tuple[Tokens, GPT]:
        """The tokens and the model to start from."""
        if params.start == "trained model":
            ready = load_tiny_gpt()
            config = dataclasses.replace(ready.gpt.config, dropout=params.dropout)
            gpt = GPT(config, self.generator)
            gpt.load_state_dict(ready.gpt.state_dict())
            context.note("The trained model brings its own {tokens} byte pairs, {layers} layers of "
                         "{heads} heads and {width} channels, and reads {context} tokens.",
                         tokens=config.vocabulary, layers=config.layers, heads=config.heads,
                         width=config.width, context=config.context)
            return ready.tokens, gpt
        tokens: Tokens = Characters.learn(learnt) if params.tokens == "characters" \
            else BytePairs.learn(learnt, params.vocabulary)
        width = params.heads * max(1, round(params.width / params.heads))
        if width != params.width:
            context.note("The width is {width}, the nearest multiple of {heads} heads.",
                         width=width, heads=params.heads)
        # The exact GELU is the faster one on a CPU; everything else is as in GPT-2.
        return tokens, GPT(GPTConfig(tokens.size, params.context, params.layers, params.heads, width,
                                     params.dropout, gelu="none"), self.generator)

    # --- training

    def step(self, params: Params) -> Mapping[str, float]:
        """One update on a batch of pieces of the text."""
        T = self.gpt.config.context
        starts = torch.randint(len(self.train) - T, (params.batch,), generator=self.generator)  # (B,)
        given, wanted = self._windows(self.train, starts)                          # (B, T) each
        logits = self.gpt(given, drop=self.generator)                              # (B, T, V)
        loss = F.cross_entropy(logits.flatten(0, 1), wanted.flatten())

        loss.backward()
        length = get_total_norm([one.grad for one in self.learnt if one.grad is not None]).item()
        if length > CLIP:
            clip_grads_with_norm_(self.learnt, CLIP, torch.tensor(length))
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad()

        self.steps += 1
        if self.steps % WRITE_EVERY == 0:
            self._write(params)
        return {"loss": loss.item(), "gradient_norm": length}

    def _windows(self, ids: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
        """Pieces of T tokens from ``starts`` (B,), and the same one token later; each (B, T)."""
        part = starts[:, None] + torch.arange(self.gpt.config.context + 1)         # (B, T + 1)
        window = ids[part.to(self.device)]
        return window[:, :-1], window[:, 1:]

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """The loss on the held-out windows."""
        given, wanted = self.held_out
        self.held_out_loss = F.cross_entropy(self.gpt(given).flatten(0, 1), wanted.flatten()).item()
        return {"held_out": self.held_out_loss}

    # --- writing and looking

    def _asked(self, params: Params) -> str:
        """The prompt; the text's own words where it has no character of it."""
        ids = self.tokens.encode(params.prompt)
        unknown = isinstance(self.tokens, Characters) and len(ids) > 0 and not ids.any()
        return self.start if unknown else params.prompt

    def _prompt(self, prompt: str, most: int) -> list[int]:
        """The end of the prompt as tokens. Before an empty prompt there is the end of a line."""
        ids: list[int] = self.tokens.encode(prompt or "\n").tolist()
        return ids[-min(most, self.gpt.config.context):]

    @torch.no_grad()
    def _write(self, params: Params) -> None:
        """Draw one more token of the growing line, or of a new one if it is full."""
        prompt = self._asked(params)
        if not self.lines or self.lines[-1].full or self.lines[-1].prompt != prompt:
            self._new_line(prompt)
        line = self.lines[-1]
        read = (line.given + line.drawn)[-self.gpt.config.context:]                # T tokens
        logits = self.gpt(torch.tensor([read], device=self.device))[0, -1]         # (V,)
        odds = next_token_odds(logits, params.temperature, params.top_k).cpu()     # (V,)
        line.drawn.append(int(torch.multinomial(odds, 1, generator=self.pen)))
        line.text = line.opening + self.tokens.decode(line.drawn)

    def _new_line(self, prompt: str) -> None:
        """Begin a line. Of the older ones the first after each milestone stays, and the last."""
        full = [one for one in self.lines if one.full]
        first = {bisect_right(MILESTONES, one.begun): one for one in reversed(full)}
        stay = [one for one in full if one in first.values() or one is full[-1]]
        self.lines = [*stay, Line(self.steps, prompt, self._prompt(prompt, READ), [], length=self.length)]

    @torch.no_grad()
    def frame(self, params: Params) -> Frame:
        """A look at the prompt with the model as it is now."""
        asked = self._asked(params)
        config, read = self.gpt.config, self._prompt(asked, READ)
        L, H = config.layers, config.heads
        kept = Kept()
        logits = self.gpt(torch.tensor([read], device=self.device), keep=kept)[0, -1]       # (V,)

        learnt = logits.softmax(-1)                                                # (V,)
        odds = next_token_odds(logits, params.temperature, params.top_k)
        best = logits.topk(min(CANDIDATES, len(logits))).indices                   # (N,)

        attention = torch.cat(kept.attention)                                      # (L, H, T, T)
        layer, head = min(params.head[0], L - 1), min(params.head[1], H - 1)
        lens = self.gpt.read_out(torch.cat(kept.residual)).softmax(-1)             # (L + 1, T, V)
        lens_odds, lens_best = lens.max(-1)                                        # (L + 1, T)

        return Frame(
            **self.facts, vocabulary=self.tokens.size, context=config.context,
            weights=sum(one.numel() for one in self.learnt), held_out=self.held_out_loss,
            sample=tuple(one.text for one in self.lines),
            sample_steps=np.array([one.begun for one in self.lines]),
            sample_given=np.array([len(one.opening) for one in self.lines]),
            prompt=tuple(self.pieces[one] for one in read),
            prompt_tokens=max(len(read), len(self.tokens.encode(asked))),
            unknown=read.count(0) if isinstance(self.tokens, Characters) else 0,
            candidates=tuple(self.pieces[one] for one in best.tolist()),
            odds=array(odds[best]), learnt_odds=array(learnt[best]),
            head=(layer, head), attention=array(attention[layer, head]),
            heads=array((attention * 255).round().byte()),
            lens=tuple(self.pieces[one] for one in lens_best.flatten().tolist()),
            lens_odds=array(lens_odds), answer_odds=array(lens[:, -1, best[0]]))

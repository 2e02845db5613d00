"""Everything of the word2vec panel but the learning: its text, its tests, and what is drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from visualizers.l1_basics.word2vec.panel import Frame, Params
from visualizers.models.word2vec import (
    Huffman,
    Stream,
    Vocabulary,
    keep_probability,
    noise_distribution,
    plant_twins,
    rank_correlation,
    split,
    touched_weights,
)
from visualizers.panel import Context
from visualizers.refusal import Refusal

NAMES = 300  # of the most frequent words, carried by each frame
NEAR = 10    # neighbours that are shown, and among which a twin must be
CHINESE = re.compile("[\u4e00-\u9fff]")
Moment = tuple[int, tuple[int, ...], tuple[int, ...]]  # a word, those around it, negatives


class Reading:
    """A text made ready. Nothing here changes after ``__init__``."""

    def __init__(self, params: Params, context: Context) -> None:
        self.device = context.device
        text = context.text(params.text)
        words = split(text.text, text.language, context.progress)
        if len(words) < 100 or len(set(words)) < 10:
            raise Refusal("{title} is too short to learn from: choose a text of at least a hundred "
                          "words, ten of them different.", title=text.title)
        words, twins = plant_twins(words, 32, context.generator)
        self.vocabulary = Vocabulary.of(words, params.vocabulary)
        self.text = self.vocabulary.encode(words)                  # (n,)
        self.huffman = Huffman.of(self.vocabulary.counts).to(self.device)
        ids = self.vocabulary.ids
        self.twins = torch.tensor([(ids[a], ids[b]) for a, b in twins if a in ids and b in ids],
                                  dtype=torch.int64).view(-1, 2)   # (M, 2)
        judged = [(ids[a], ids[b], said)
                  for a, b, said in context.data.read("table", "wordsim353")
                  if a in ids and b in ids]
        self.judged = torch.tensor([(a, b) for a, b, _ in judged], dtype=torch.int64).view(-1, 2)
        self.judgements = torch.tensor([said for _, _, said in judged])
        known = [[ids[word] for word in four]
                 for _, *four in context.data.read("table", "questions-words")
                 if all(word in ids for word in four)]
        # Evenly from all sections; a handful of questions would say nothing.
        few = known[:: 1 + len(known) // 400] if len(known) >= 100 else []
        self.analogies = torch.tensor(few, dtype=torch.int64).view(-1, 4)
        # Examining the vectors costs more the more words there are; learning should not wait.
        self.examine_every = 25 + len(self.vocabulary) // 20

    def stream(self) -> Stream:
        """A walk through the text, from its beginning."""
        return Stream(self.text)

    def scores(self, vectors: Tensor) -> dict[str, float]:
        """How well vectors (V, d) know meaning: the same names for the same text.

        ``twins``: the share of planted twins that are among each other's ten nearest words.
        ``similarity``: Spearman's correlation with the judgements of WordSim-353.
        ``analogies``: the share of a : b = c : d for which d is the nearest to b - a + c.
        The last two where the data pack gives them and the text knows 20 pairs, 100 analogies.
        """
        unit = F.normalize(vectors)
        found = {"twins": 0.0}
        if len(self.twins):
            asked = torch.cat([self.twins, self.twins.flip(1)]).to(unit.device)   # (2M, 2)
            cosine = unit[asked[:, 0]] @ unit.T                    # (2M, V)
            nearer = (cosine > cosine.gather(1, asked[:, 1:])).sum(1) - 1  # all but itself
            found["twins"] = float((nearer < NEAR).float().mean())
        if len(self.judged) >= 20:
            a, b = self.judged.to(unit.device).T
            cosine = (unit[a] * unit[b]).sum(1).cpu()
            found["similarity"] = rank_correlation(cosine, self.judgements)
        if len(self.analogies):
            a, b, c, d = self.analogies.to(unit.device).T
            cosine = (unit[b] - unit[a] + unit[c]) @ unit.T        # (Q, V)
            cosine.scatter_(1, torch.stack([a, b, c], 1), -torch.inf)
            found["analogies"] = float((cosine.argmax(1) == d).float().mean())
        return found

    def frame(
        self, params: Params, inputs: Tensor, outputs: Tensor, plane: Tensor, fitted: int,
        moment: Moment, twins_found: float, grid: Mapping[str, Any],
    ) -> Frame:
        """What to draw from the vectors (V, d) at this moment."""
        vocabulary, names = self.vocabulary, self.vocabulary.words
        unit = F.normalize(inputs)
        points = (unit - unit.mean(0)) @ plane                     # (V, 2)
        extent = max(float(points.abs().max()), 1e-6)
        chosen, asked = self._chosen(params.word)
        cosine = unit @ unit[chosen]                               # (V,)
        best = cosine.topk(min(NEAR + 1, len(names))).indices.tolist()
        near = [one for one in best if one != chosen][:NEAR]
        counts = vocabulary.counts
        left, p_path, off, leads_to = self._path(params, inputs, outputs, moment)
        rows, row_words, p_rows, target, number = self._rows(params, inputs, outputs, moment)
        decisions = float(self.huffman.lengths[self._ends(params, moment)[1]])
        return Frame(
            points=(points / extent * 32767).round().short().cpu().numpy(), extent=extent,
            fitted=fitted, closeness=(cosine.clamp(0, 1) * 255).byte().cpu().numpy(),
            labels=names[:NAMES], twins=self.twins.int().numpy(),
            twins_found=twins_found,
            twin_words=tuple(names[one] for one in self.twins.flatten().tolist()),
            word=names[chosen], asked=asked, word_at=chosen,
            frequency=float(counts[chosen] / counts.sum()),
            noise=float(noise_distribution(counts, params.noise_power)[chosen]),
            kept=float(keep_probability(counts, params.subsampling)[chosen]),
            neighbours=tuple(names[one] for one in near),
            neighbours_at=torch.tensor(near, dtype=torch.int32).numpy(),
            cosines=cosine[near].cpu().numpy(),
            centre=names[moment[0]], context=names[moment[1][-1]], rows=rows.cpu().numpy(),
            row_words=row_words, inputs=number, row_probability=p_rows.cpu().numpy(),
            row_target=target.cpu().numpy(),
            path_left=left.byte().cpu().numpy(), path_probability=p_path.cpu().numpy(),
            path_off=off, path_word=leads_to,
            touched=touched_weights(inputs.shape[1], len(names), params.negatives,
                                    decisions).float().numpy(),
            matrix=float(outputs.numel()), vocabulary=len(names), **self._window(params), **grid,
        )

    def _window(self, params: Params) -> dict[str, Any]:
        """A sentence as training meets it: words are dropped first, then each window is drawn among those
        that are left, and gives the pairs (middle, neighbour)."""
        words = cut(params.sentence)[:24] or ["?"]
        ids, luck = self.vocabulary.ids, np.random.default_rng((params.seed, params.shaken))
        keep = keep_probability(self.vocabulary.counts, params.subsampling)
        # A word that the vocabulary lacks is rare enough to be kept always.
        keeping = np.array([float(keep[ids[one]]) if one in ids else 1.0 for one in words], np.float32)
        drawn = luck.random(len(words)) < keeping                  # (S,)
        sizes = luck.integers(1, params.window + 1, len(words)) if params.soft \
            else np.full(len(words), params.window)
        left = np.flatnonzero(drawn).tolist()
        place = min(max(params.place, 0), len(words) - 1)
        pairs = [(middle, other) for at, middle in enumerate(left) if middle <= place
                 for other in left[max(0, at - int(sizes[middle])) : at + int(sizes[middle]) + 1]
                 if other != middle]
        return {"sentence": tuple(words), "keeping": keeping, "drawn": drawn.astype(np.uint8),
                "sizes": sizes.astype(np.int32), "place": place,
                "pairs": np.array(pairs, np.int32).reshape(-1, 2)}

    def _chosen(self, word: str) -> tuple[int, str]:
        """The rank of the word asked for, and the word itself where the vocabulary lacks it.

        ``#17`` asks for rank 17: what a click on a point without a name sends.
        """
        ids, word = self.vocabulary.ids, word.strip()
        if word.startswith("#") and word[1:].isdecimal() and int(word[1:]) < len(ids):
            return int(word[1:]), ""
        for one in (word, word.lower()):
            if one in ids:
                return ids[one], ""
        usual = next((ids[one] for one in ("list", "king", "student", "学生") if one in ids),
                     min(60, len(ids) - 1))
        return usual, word

    def _ends(self, params: Params, moment: Moment) -> tuple[list[int], int]:
        """The words whose inputs predict at this moment, and the word that is predicted."""
        centre, around, _ = moment
        return ([centre], around[-1]) if params.model == "skip-gram" else (list(around), centre)

    def _rows(
        self, params: Params, inputs: Tensor, outputs: Tensor, moment: Moment
    ) -> tuple[Tensor, tuple[str, ...], Tensor, Tensor, int]:
        """The vectors this pair touches, whose they are, P and target of each output."""
        names = self.vocabulary.words
        predict, predicted = self._ends(params, moment)
        hidden = inputs[predict].mean(0)                           # (d,)
        if params.output == "hierarchical softmax":
            length = int(self.huffman.lengths[predicted])
            at = self.huffman.nodes[predicted, :length].tolist()
            said = [str(depth + 1) for depth in range(length)]
            probability = torch.sigmoid(outputs[at] @ hidden)      # (L,) of going left
            target = (self.huffman.signs[predicted, :length] > 0).float()
        elif params.output == "negative sampling":
            at = [predicted, *moment[2][: params.negatives]]
            said = [names[one] for one in at]
            probability = torch.sigmoid(outputs[at] @ hidden)      # (1 + k,)
            target = torch.tensor([1.0] + [0.0] * (len(at) - 1))
        else:  # every row is touched: the likeliest ones are shown
            softmax = torch.softmax(outputs @ hidden, 0)           # (V,)
            best = softmax.topk(min(10, len(names))).indices.tolist()
            at = [predicted, *(one for one in best if one != predicted)][:10]
            said = [names[one] for one in at]
            probability = softmax[at]
            target = torch.tensor([1.0] + [0.0] * (len(at) - 1))
        words = tuple([names[one] for one in predict] + said)
        return torch.cat([inputs[predict], outputs[at]]), words, probability, target, len(predict)

    def _path(
        self, params: Params, inputs: Tensor, outputs: Tensor, moment: Moment
    ) -> tuple[Tensor, Tensor, tuple[str, ...], str]:
        """The decisions that lead to the predicted word; none without hierarchical softmax."""
        if params.output != "hierarchical softmax":
            return torch.zeros(0), torch.zeros(0), (), ""
        predict, predicted = self._ends(params, moment)
        length = int(self.huffman.lengths[predicted])
        nodes, signs = (table[predicted, :length] for table in (self.huffman.nodes,
                                                                self.huffman.signs))
        hidden = inputs[predict].mean(0)                           # (d,)
        probability = torch.sigmoid(signs * (outputs[nodes] @ hidden))       # (L,)
        off = tuple(self.vocabulary.words[self.huffman.heaviest[node][1 if sign > 0 else 0]]
                    for node, sign in zip(nodes.tolist(), signs.tolist(), strict=True))
        return signs > 0, probability, off, self.vocabulary.words[predicted]


@lru_cache(maxsize=16)
def cut(sentence: str) -> list[str]:
    """The words of a sentence in either language."""
    return split(sentence, "zh" if CHINESE.search(sentence) else "en", lambda _done, _total, _what: None)

"""A graph of drugs and diseases, read from sentences: names first, then what is said of each pair.

*Names.* A tagger (``visualizers/models/tagger.py``) reads each sentence in both directions and says of
every word whether a name begins or goes on there. One of two taggers knows whole words alone: every
word that was not in training is the same unknown word to it. The other adds to a word's vector the sum
of its pieces (Bojanowski et al. 2017), so that *-pril* and *-itis* say something of names never seen:

    x_word = E[word] + mean_pieces P[piece].

*Relations.* A CNN (``visualizers/models/text_cnn.py``) reads the sentence with every name replaced by
what it is, "drug relieved disease , whereas drug triggered disease", once for each pair; one of two
readers gets markers round the pair, <1> drug </1> (Zhang and Wang 2015). So relations are learnt from
the words between names, not from names.

Scores are strict: a name counts with its exact words, a fact with both names and its relation.

Shapes: B sentences, T words, D numbers a word, W different words, C tags, R relations.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from visualizers.data.abstracts import (
    ACTING,
    DISEASE,
    DRUG,
    NOT,
    NOTHING,
    RELATIONS,
    SUFFERING,
    TAGS,
    Sentence,
    Shelf,
    Span,
    made_drugs,
    pairs_of,
    sentences,
    short_names,
    spans_of,
)
from visualizers.l7_biomedical.knowledge_extraction.panel import (
    MISSED,
    RIGHT,
    SHOWN,
    WRONG,
    Frame,
    Params,
)
from visualizers.models.arrays import array
from visualizers.models.retrieval import Bags, pieces_of
from visualizers.models.tagger import Tagger, reversal
from visualizers.models.text_cnn import TextCNN
from visualizers.panel import Context

LEARNT, TESTED = 800, 60  # sentences; tested on so many of known names, and of unseen ones
UNSEEN = 80  # names that are kept from training
POOL = 7  # names that the shown sentences are about, so that they meet again
BATCH, PAIRS = 24, 48  # sentences, and pairs of names, of one step
WIDTH = 24  # D
ROWS = 4096  # of the table of pieces
FORGOTTEN = 0.5  # share of the words in training that are read as unknown ones
MOST = 6  # pairs of a sentence that are read; it speaks of four at most
WINDOW = 4  # words that a reader's filter sees
TESTS_NEGATED = 0.25
UNKNOWN = 1  # the row of every word that training did not have; 0 is empty space
MARKERS = ("<1>", "</1>", "<2>", "</2>")
Pair = tuple[Span, Span]
T = TypeVar("T")


# --- what is read --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Corpus:
    """Sentences to learn from, to be tested on and to be shown; the last two of known names first."""

    train: list[Sentence]
    tests: tuple[list[Sentence], list[Sentence]]
    shown: tuple[list[Sentence], list[Sentence]]
    known: frozenset[str]  # names in training


@lru_cache(maxsize=4)
def corpus_of(
    drugs: tuple[str, ...], diseases: tuple[str, ...], names: int, negation: float, seed: int
) -> Corpus:
    """Names are dealt to training and to the tests; those of the tests occur nowhere else."""
    draw = random.Random(seed)
    dealt = [draw.sample(listed, len(listed)) for listed in (drugs, diseases, ACTING, SUFFERING)]
    ours, theirs, shown = [], [], []
    counts = names, names, 2 * len(ACTING) // 3, 2 * len(SUFFERING) // 3
    for listed, count in zip(dealt, counts, strict=True):
        ours.append(tuple(listed[:count]))
        theirs.append(tuple(listed[count : count + UNSEEN]))
        shown.append((tuple(listed[:POOL]), tuple(listed[count : count + POOL])))
    known, unseen = Shelf(*ours), Shelf(*theirs)
    return Corpus(
        sentences(known, LEARNT, negation, f"{seed} learnt"),
        (sentences(known, TESTED, TESTS_NEGATED, f"{seed} known"),
         sentences(unseen, TESTED, TESTS_NEGATED, f"{seed} unseen")),
        (sentences(Shelf(*(one for one, _ in shown)), SHOWN, TESTS_NEGATED, f"{seed} shown"),
         sentences(Shelf(*(one for _, one in shown)), SHOWN, TESTS_NEGATED, f"{seed} shown unseen")),
        frozenset(ours[0] + ours[1]))


def padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """Rows of different lengths as one tensor, (N, T), T at least a filter's window."""
    lengths = np.array([len(row) for row in rows], np.int64)                    # (N,)
    found = np.full((len(rows), max(WINDOW, lengths.max(initial=0))), filler, np.int64)
    found[np.arange(found.shape[1]) < lengths[:, None]] = np.fromiter(chain.from_iterable(rows), np.int64)
    return torch.from_numpy(found)


class Words:
    """Every word that occurs, by number; a word that training did not have has the row of the unknown."""

    def __init__(self, train: Sequence[Sentence], others: Iterable[Sentence]) -> None:
        self.numbers: dict[str, int] = {"": 0, "\ufffd": UNKNOWN}
        for one in train:
            for word in one.words:
                self.numbers.setdefault(word, len(self.numbers))
        self.known = len(self.numbers)
        for one in others:
            for word in one.words:
                self.numbers.setdefault(word, len(self.numbers))
        self.pieces = Bags.of(pieces_of(word, ROWS, True) for word in self.numbers)

    def encode(self, read: Sequence[Sentence]) -> tuple[Tensor, Tensor]:
        """Words and tags of sentences, (T, B) each; 0 and −1 after the end."""
        words = padded([[self.numbers[word] for word in one.words] for one in read], 0)
        return words.T.contiguous(), padded([one.tags for one in read], -1).T.contiguous()


class NameTagger:
    """Both directions over vectors of words, and perhaps of their pieces."""

    def __init__(self, words: Words, characters: bool, size: int, generator: torch.Generator) -> None:
        self.words, self.characters = words, characters
        self.tagger = Tagger("tanh", ("forward", "backward"), size, words.known, len(TAGS), generator,
                             WIDTH)
        self.pieces = torch.randn(ROWS, WIDTH, generator=generator) if characters else torch.zeros(0)

    def to(self, device: str) -> None:
        self.tagger.to(device)
        for one in self.tagger.learnt:
            one.requires_grad_(False)  # the way back is written out
        self.pieces = self.pieces.to(device)

    @property
    def learnt(self) -> list[Tensor]:
        return [*self.tagger.learnt, *([self.pieces] if self.characters else [])]

    def vectors(self, words: Tensor, forgotten: Tensor | None = None) -> tuple[
            Tensor, Tensor, tuple[Tensor, Bags] | None]:
        """x of each word (T, B, D), the rows of E that it has, and which pieces. ``forgotten`` words are
        read as unknown ones."""
        rows = words.masked_fill(words >= self.words.known, UNKNOWN)            # (T, B)
        if forgotten is not None:
            rows = rows.masked_fill(forgotten & (words > 0), UNKNOWN)
        x = self.tagger.e[rows]                                                 # (T, B, D)
        if not self.characters:
            return x, rows, None
        there, at = words.unique(return_inverse=True)                           # (W,), (T, B)
        bags = self.words.pieces[there.cpu()].to(words.device)
        return x + embedding_bag(bags.ids, self.pieces, bags.starts, mode="mean")[at], rows, (at, bags)

    def scores(self, words: Tensor) -> Tensor:
        """Scores of the tags of each word, (T, B) → (T, B, C)."""
        order = reversal((words > 0).sum(0), len(words))                        # (T, B)
        return self.tagger.read(self.vectors(words)[0], order)

    def loss(self, words: Tensor, tags: Tensor, forgotten: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Cross-entropy and the gradients of ``learnt``."""
        x, rows, pieces = self.vectors(words, forgotten)
        order = reversal((words > 0).sum(0), len(words))                        # (T, B)
        loss, _, gradients, d_x = self.tagger.loss(x, order, tags)
        errors = d_x.flatten(0, 1)                                              # (T·B, D)
        gradients.insert(0, torch.zeros_like(self.tagger.e).index_add_(0, rows.flatten(), errors))
        if pieces is not None:
            at, bags = pieces
            d_means = errors.new_zeros(len(bags.sizes), WIDTH).index_add_(0, at.flatten(), errors)
            shares = (d_means / bags.sizes[:, None])[bags.owners]               # (pieces, D)
            gradients.append(torch.zeros_like(self.pieces).index_add_(0, bags.ids, shares))
        return loss, gradients


def blinded(one: Sentence, spans: Sequence[Span]) -> tuple[list[str], dict[Span, int]]:
    """A sentence with its names replaced by their kinds, and where each of them is now."""
    tokens: list[str] = []
    places: dict[Span, int] = {}
    at = 0
    for span in spans:
        tokens += one.words[at : span.start]
        places[span] = len(tokens)
        tokens.append("drug" if span.kind == DRUG else "disease")
        at = span.end
    return [*tokens, *one.words[at:]], places


def marked(tokens: list[T], places: Mapping[Span, int], pair: Pair, signs: Sequence[T]) -> list[T]:
    """The same with markers round a pair: the first two signs round the drug, the others round the other."""
    drug, disease = (places[span] for span in pair)
    (a, before_a), (b, before_b) = sorted([(drug, 0), (disease, 2)])
    return [*tokens[:a], signs[before_a], tokens[a], signs[before_a + 1], *tokens[a + 1 : b],
            signs[before_b], tokens[b], signs[before_b + 1], *tokens[b + 1 :]]


Asked = tuple[Sentence, Sequence[Span], Pair]


def encoded(asked: Sequence[Asked], vocabulary: Mapping[str, int], markers: bool) -> tuple[Tensor, Tensor]:
    """Questions as numbers (N, T), and their lengths (N,). Those about one sentence follow each other."""
    signs = [vocabulary[one] for one in MARKERS]
    rows: list[list[int]] = []
    last: Sentence | None = None
    for one, spans, pair in asked:
        if one is not last:
            tokens, places = blinded(one, spans)
            ids, last = [vocabulary.get(word, UNKNOWN) for word in tokens], one
        rows.append(marked(ids, places, pair, signs) if markers else ids)
    return padded(rows, 0), torch.tensor([len(row) for row in rows], dtype=torch.long)


@lru_cache(maxsize=4)
def asked_of(corpus: Corpus) -> tuple[dict[str, int], list[tuple[Tensor, Tensor]], Tensor]:
    """The words of all questions of training, the questions without and with markers, the answers."""
    pairs = [(one, one.spans, pair) for one in corpus.train for pair in one.pairs]
    seen = sorted({word for one in corpus.train for word in blinded(one, one.spans)[0]})
    vocabulary = {word: at for at, word in enumerate(("", "\ufffd", *MARKERS, *seen))}
    return vocabulary, [encoded(pairs, vocabulary, markers) for markers in (False, True)], \
        torch.tensor([one.relation(*pair) for one, _, pair in pairs])


class Reader:
    """A CNN over questions, with or without markers."""

    def __init__(
        self, markers: bool, vocabulary: dict[str, int], filters: int, generator: torch.Generator
    ) -> None:
        self.markers, self.vocabulary = markers, vocabulary
        self.cnn = TextCNN(len(vocabulary), WIDTH, WINDOW, filters, len(RELATIONS), generator)


def f1(found: int, true: int, both: int) -> float:
    """The harmonic mean of precision, both / found, and recall, both / true."""
    return 2 * both / max(found + true, 1)


@dataclass(frozen=True)
class Seen:
    """What a tagger and both readers made of one sentence.

    Attributes:
        tags, sure: of each word, and the odds of that tag.
        odds: by reader, pair → odds of the relations.
    """

    sentence: Sentence
    tags: list[int]
    sure: list[float]
    spans: list[Span]
    odds: tuple[dict[Pair, list[float]], ...]

    def __deepcopy__(self, _memo: object) -> Seen:
        return self  # it never changes: copies of a run share it


class Extraction:
    """Two taggers and two readers, trained on the same sentences in the same steps."""

    shared: ClassVar[tuple[str, ...]] = (
        "corpus", "words", "encoded", "tests", "asked", "questions", "labels", "true", "stated")
    measure_every = 40

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        context.progress(0, 2, "reading the names")
        listed: tuple[str, ...] = ()
        if params.drugs == "real drugs":
            listed = context.data.read("table", "drug-names")
            if not listed:
                context.stands_in("drug-names", "made drugs")
        self.real = bool(listed)
        icd = context.data.read("table", "icd-10-cm")
        context.progress(1, 2, "reading the names")
        self.corpus = corpus_of(listed or made_drugs(), diseases_of(icd), params.names, params.negation,
                                params.seed)
        self.tests = [*self.corpus.tests[0], *self.corpus.tests[1],
                      *self.corpus.shown[0], *self.corpus.shown[1]]
        self.words = Words(self.corpus.train, self.tests)
        self.encoded = [one.to(self.device) for one in self.words.encode(self.corpus.train)]
        self.asked = self.words.encode(self.tests)[0].to(self.device)

        vocabulary, questions, labels = asked_of(self.corpus)
        # The pairs of the true names in the tests, and what is said of them.
        true = [(one, one.spans, pair) for one in self.tests[: 2 * TESTED] for pair in one.pairs]
        self.stated = np.array([one.relation(*pair) for one, _, pair in true])
        self.true = [[one.to(self.device) for one in encoded(true, vocabulary, markers)]
                     for markers in (False, True)]
        self.questions = [[one.to(self.device) for one in each] for each in questions]
        self.labels = labels.to(self.device)
        self.taggers = [NameTagger(self.words, characters, params.hidden_size, self.generator)
                        for characters in (False, True)]
        for tagger in self.taggers:
            tagger.to(self.device)
        self.readers = [Reader(markers, vocabulary, params.filters, self.generator)
                        for markers in (False, True)]
        for reader in self.readers:
            reader.cnn.tensors = {name: one.to(self.device) for name, one in reader.cnn.tensors.items()}
        self.optimizer = torch.optim.Adam([
            *(one for each in self.taggers for one in each.learnt),
            *(one for each in self.readers for one in each.cnn.tensors.values())], fused=True)

    def step(self, params: Params) -> Mapping[str, float]:
        """One update of both taggers on the same sentences, and of both readers on the same pairs."""
        words, tags = self.encoded                                              # (T, N) each
        columns = torch.randint(words.shape[1], (BATCH,), generator=self.generator).to(self.device)
        words, tags = words[:, columns], tags[:, columns]                       # (T, B)
        longest = int((words > 0).sum(0).max())
        words, tags = words[:longest], tags[:longest]
        forgotten = (torch.rand(words.shape, generator=self.generator) < FORGOTTEN).to(self.device)
        losses = []
        for tagger in self.taggers:
            loss, found = tagger.loss(words, tags, forgotten)
            losses.append(loss)
            for tensor, gradient in zip(tagger.learnt, found, strict=True):
                tensor.grad = gradient

        rows = torch.randint(len(self.labels), (PAIRS,), generator=self.generator).to(self.device)
        for reader, (ids, lengths) in zip(self.readers, self.questions, strict=True):
            everything = torch.ones(PAIRS, params.filters, device=self.device)  # nothing is left out
            loss, _, gradients = reader.cnn.loss(ids[rows], lengths[rows], self.labels[rows], everything)
            losses.append(loss)
            for name, tensor in reader.cnn.tensors.items():
                tensor.grad = gradients[name]
        self.optimizer.param_groups[0]["lr"] = params.learning_rate
        self.optimizer.step()
        return {"loss": sum(map(float, losses)) / len(losses)}

    # --- measuring

    @torch.no_grad()
    def measure(self, params: Params) -> Mapping[str, float]:
        """Everything of all test sentences: names, relations between the true names, and facts."""
        self.seen = [self._see(tagger) for tagger in self.taggers]  # by tagger, of each sentence
        tested = [slice(0, TESTED), slice(TESTED, 2 * TESTED)]
        self.names_f1 = np.array([[names_f1(seen[part]) for part in tested] for seen in self.seen],
                                 np.float32)
        self.facts_f1 = np.array([[[facts_f1(seen[part], reader) for part in tested] for reader in range(2)]
                                  for seen in self.seen], np.float32)
        self.relations_f1, self.does_not = np.zeros(2, np.float32), np.zeros(2, np.float32)
        right = self.stated
        for at, (reader, true) in enumerate(zip(self.readers, self.true, strict=True)):
            said = array(reader.cnn.logits(*true).argmax(1))
            self.relations_f1[at] = f1((said != NOTHING).sum(), (right != NOTHING).sum(),
                                       ((said == right) & (right != NOTHING)).sum())
            self.does_not[at] = (said == right)[right == NOT].mean()
        names = self.names_f1.tolist()
        return {"names_words_known": names[0][0], "names_words_unseen": names[0][1],
                "names_characters_known": names[1][0], "names_characters_unseen": names[1][1],
                "relations_plain": float(self.relations_f1[0]),
                "relations_markers": float(self.relations_f1[1])}

    def _read(self, reader: Reader, asked: Sequence[Asked]) -> Tensor:
        """The odds of the relations of N pairs, (N, R)."""
        if not asked:
            return torch.zeros(0, len(RELATIONS))
        ids, lengths = (one.to(self.device)
                        for one in encoded(asked, reader.vocabulary, reader.markers))
        return reader.cnn.logits(ids, lengths).softmax(1)

    def _see(self, tagger: NameTagger) -> list[Seen]:
        """What a tagger finds in all test sentences, and the readers between what it found."""
        sure, tags = tagger.scores(self.asked).softmax(2).max(2)                # (T, Q) each
        listed = [[one[: len(each.words)] for one in (column, odds)] for each, column, odds in
                  zip(self.tests, tags.T.tolist(), sure.T.tolist(), strict=True)]
        spans = [spans_of(column) for column, _ in listed]
        pairs = [pairs_of(found)[:MOST] for found in spans]
        asked = [(one, found, pair) for one, found, each in zip(self.tests, spans, pairs, strict=True)
                 for pair in each]
        odds = [iter(self._read(reader, asked).tolist()) for reader in self.readers]
        return [Seen(one, column, certain, found, tuple({pair: next(said) for pair in each} for said in odds))
                for one, (column, certain), found, each in
                zip(self.tests, listed, spans, pairs, strict=True)]

    # --- looking

    def frame(self, params: Params) -> Frame:
        """The graph of some of the shown sentences, by one tagger and one reader."""
        seen, reader = self.seen[int(params.characters)], int(params.markers)
        unseen = round(params.unseen * params.texts)
        begin = 2 * TESTED
        numbers = [*range(begin, begin + params.texts - unseen),
                   *range(begin + SHOWN, begin + SHOWN + unseen)]
        graph = Graph(self.corpus.known)
        for number in numbers:
            graph.add(number - begin, seen[number], reader)
        edges = graph.finished()
        wanted = next((at for at, one in enumerate(edges) if one.where == tuple(params.edge)), -1)
        said = [at for at, one in enumerate(edges) if one.state != MISSED]
        if wanted < 0 and said:  # a wrong one says most
            wanted = max(said, key=lambda at: (edges[at].state, edges[at].score))
        number = edges[wanted].where[0] + begin if wanted >= 0 else next(
            (each for each in numbers if seen[each].odds[reader]), numbers[0])
        one, odds = seen[number], [0.0] * len(RELATIONS)
        pair = edges[wanted].pair if wanted >= 0 else next(iter(one.odds[reader]), None)
        truth = NOTHING if pair is None else one.sentence.relation(*pair)
        if pair is not None:
            odds = one.odds[reader].get(pair, odds)
        return Frame(
            drugs=tuple(graph.names[0]), diseases=tuple(graph.names[1]),
            drug_kind=graph.kinds(0), disease_kind=graph.kinds(1),
            drug_found=graph.found(0), disease_found=graph.found(1),
            ends=np.array([edge.ends for edge in edges], np.int32).reshape(-1, 2),
            relation=np.array([edge.relation for edge in edges], np.int32),
            state=np.array([edge.state for edge in edges], np.int32),
            score=np.array([edge.score for edge in edges], np.float32),
            where=np.array([edge.where for edge in edges], np.int32).reshape(-1, 3), chosen=wanted,
            pair=() if pair is None else tuple(map(one.sentence.name, pair)),
            words=one.sentence.words, tags=np.array(one.sentence.tags, np.int32),
            found=np.array(one.tags, np.int32), sure=np.array(one.sure, np.float32),
            odds=np.array(odds, np.float32), truth=truth, names_f1=self.names_f1.copy(),
            relations_f1=self.relations_f1.copy(), does_not=self.does_not.copy(),
            facts_f1=self.facts_f1.copy(), read=len(numbers), real=self.real)


def names_f1(seen: Sequence[Seen]) -> float:
    """Of names with their exact words and kind."""
    pairs = [(set(one.spans), set(one.sentence.spans)) for one in seen]
    return f1(sum(len(found) for found, _ in pairs), sum(len(true) for _, true in pairs),
              sum(len(found & true) for found, true in pairs))


def facts_f1(seen: Sequence[Seen], reader: int) -> float:
    """Of drug, relation and disease, all three right."""
    found = true = both = 0
    for one in seen:
        said = {(pair, int(np.argmax(odds))) for pair, odds in one.odds[reader].items()}
        said = {each for each in said if each[1] != NOTHING}
        stated = {each for each in one.sentence.facts.items() if each[1] != NOTHING}
        found, true, both = found + len(said), true + len(stated), both + len(said & stated)
    return f1(found, true, both)


@lru_cache(maxsize=1)
def diseases_of(icd: object) -> tuple[str, ...]:
    """Short names of diseases among all titles."""
    return short_names([title for one in icd.categories if one.code < "O"  # type: ignore[attr-defined]
                        for title in (one.title, *one.names)])


# --- the graph -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edge:
    """A fact that was found or missed: its ends, what it says, and where it stands."""

    ends: tuple[int, int]
    relation: int
    state: int
    score: float
    where: tuple[int, int, int]
    pair: Pair


class Graph:
    """Names and facts of several sentences; what is said twice is one edge."""

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.names: tuple[dict[str, int], dict[str, int]] = {}, {}
        self.true: tuple[set[str], set[str]] = set(), set()
        self.seen: tuple[set[str], set[str]] = set(), set()
        self.edges: dict[tuple[int, int, int, bool], Edge] = {}

    def add(self, number: int, one: Seen, reader: int) -> None:
        """What was found in a sentence, and what was missed there."""
        said = {pair: (int(np.argmax(odds)), max(odds)) for pair, odds in one.odds[reader].items()}
        said = {pair: each for pair, each in said.items() if each[0] != NOTHING}
        for into, spans in ((self.true, one.sentence.spans), (self.seen, one.spans)):
            for span in spans:
                name = one.sentence.name(span)
                into[span.kind == DISEASE].add(name)
                self.names[span.kind == DISEASE].setdefault(name, len(self.names[span.kind == DISEASE]))
        for pair, (relation, score) in said.items():
            right = one.sentence.facts.get(pair, NOTHING) == relation
            self._keep(number, one.sentence, pair, relation, RIGHT if right else WRONG, score)
        for pair, relation in one.sentence.facts.items():
            if relation != NOTHING and said.get(pair, (NOTHING, 0.0))[0] != relation:
                self._keep(number, one.sentence, pair, relation, MISSED, 0.0)

    def _keep(
        self, number: int, one: Sentence, pair: Pair, relation: int, state: int, score: float
    ) -> None:
        first, second = (self.names[side][one.name(span)] for side, span in enumerate(pair))
        key = first, second, relation, state == MISSED
        edge = Edge((first, second), relation, state, score, (number, pair[0].start, pair[1].start), pair)
        if key not in self.edges or self.edges[key].state > state:
            self.edges[key] = edge

    def finished(self) -> list[Edge]:
        """All edges; what one sentence missed and another one told is not missed."""
        told = {(one.ends, one.relation) for one in self.edges.values() if one.state == RIGHT}
        return [one for one in self.edges.values()
                if one.state != MISSED or (one.ends, one.relation) not in told]

    def kinds(self, side: int) -> np.ndarray:
        """Of each name: known, unseen, or none."""
        return np.array([2 if name not in self.true[side] else int(name not in self.known)
                         for name in self.names[side]], np.uint8)

    def found(self, side: int) -> np.ndarray:
        return np.array([name in self.seen[side] for name in self.names[side]], np.uint8)

"""A trial as a chain of yes/no questions: which to ask next, and when a charge is proven.

Zhong et al. 2020, "Iteratively Questioning and Answering for Interpretable Legal Judgment Prediction"
(AAAI). A case is a hidden set of elements (took property, by stealth, …). The questions are those of a
decision tree (Quinlan 1986): of all that may be asked, the one whose answer tells most about the
verdict. With H the entropy of the verdicts Y of the decided cases that gave the same answers so far,

    H(Y) = - Σ_y p(y) log2 p(y)
    gain(e) = H(Y) - p(yes) H(Y | e is there) - p(no) H(Y | e is not there)

Being sure is not having proven: where all cases agree on a charge, its elements that nobody has asked
about are asked about next. A charge is *proven* when each of its elements was answered yes; what is
unknown counts as no (the presumption of innocence). Beside it a black box, a small network, reads the
words of the facts and says a charge without any reason.

Shapes: N decided cases, M test cases, E elements, C charges and one acquittal, V words, H hidden units.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from visualizers.data.cases import CHARGE, CHARGES, ELEMENTS, Case, charge_of, make_cases
from visualizers.l8_legal.elements_trial.panel import (
    ACQUITTED,
    TESTS,
    VERDICTS,
    Frame,
    Params,
    case_key,
)
from visualizers.models.tokenizers import Vocabulary
from visualizers.panel import Context

IDS = tuple(ELEMENTS)
E = len(IDS)
YES, NO, UNKNOWN = 1, 0, -1
CODES = {"yes": YES, "no": NO, "unknown": UNKNOWN}
SAID = {code: said for said, code in CODES.items()}
REQUIRED = np.array([[one in charge.required for one in IDS] for charge in CHARGES])  # (C, E)
WORDS, HIDDEN, ROUNDS = 500, 24, 20  # of the black box; ROUNDS are trained in a step
Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]


# --- the law: what is proven ---------------------------------------------------------------------


def proven_charge(proven: Bools) -> Ints:
    """The first charge whose every element is proven, of each row of (…, E); else an acquittal."""
    met = (proven[..., None, :] | ~REQUIRED).all(-1)                           # (…, C)
    return np.where(met.any(-1), met.argmax(-1), ACQUITTED)


# --- the tree: what to ask -----------------------------------------------------------------------


def entropy(verdicts: Ints) -> float:
    """Of the verdicts of some cases, in bits."""
    p = np.bincount(verdicts) / max(1, len(verdicts))
    p = p[p > 0]
    return float(max(0.0, -(p * np.log2(p)).sum()))


def gains(X: Bools, y: Ints, askable: Bools) -> NDArray[np.float64]:
    """What each question tells about the verdicts y of cases X (n, E), in bits; 0 if not askable."""
    found = np.zeros(E)
    for e in np.flatnonzero(askable).tolist():
        yes = X[:, e]
        parts = [part for part in (yes, ~yes) if part.any()]
        found[e] = entropy(y) - sum(part.mean() * entropy(y[part]) for part in parts)
    return found.clip(0)


@dataclass
class Node:
    """A question, or the end of questions, and the decided cases that come here."""

    parent: int
    side: int           # the answer that leads here
    depth: int
    rows: Ints          # the cases
    likely: int         # their most frequent verdict
    unsure: float       # the entropy of their verdicts
    askable: Bools      # (E,) what is neither asked before nor forbidden
    gains: NDArray[np.float64]  # (E,)
    question: int = -1  # the element asked about
    children: dict[int, int] = field(default_factory=dict)  # YES and NO → nodes


def grow(X: Bools, y: Ints, levels: int, forbidden: Bools) -> list[Node]:
    """The tree of at most so many questions from decided cases X (N, E) with verdicts y (N,)."""
    nodes: list[Node] = []

    def add(parent: int, side: int, rows: Ints, askable: Bools) -> int:
        verdicts = y[rows]
        before = nodes[parent] if parent >= 0 else None
        likely = int(np.bincount(verdicts, minlength=ACQUITTED + 1).argmax()) if len(rows) else \
            before.likely if before else ACQUITTED
        depth = before.depth + 1 if before else 0
        nodes.append(Node(parent, side, depth, rows, likely, entropy(verdicts), askable,
                          gains(X[rows], verdicts, askable)))
        return len(nodes) - 1

    add(-1, NO, np.arange(len(y)), ~forbidden)
    at = 0
    while at < len(nodes):
        node = nodes[at]
        if node.depth < levels and (e := next_question(node)) >= 0:
            node.question = e
            askable = node.askable & (np.arange(E) != e)
            yes = X[node.rows, e]
            for side, part in ((NO, ~yes), (YES, yes)):
                node.children[side] = add(at, side, node.rows[part], askable)
        at += 1
    return nodes


def next_question(node: Node) -> int:
    """The element to ask about: what tells most, else what is left to prove; −1 if there is none."""
    if node.gains.max() > 1e-9:
        return int(node.gains.argmax())
    if node.likely == ACQUITTED or not len(node.rows):
        return -1
    left = REQUIRED[node.likely] & node.askable  # all cases here agree; what was asked and denied …
    return int(left.argmax()) if left.any() else -1


def route(nodes: list[Node], answers: Ints, presume: bool) -> tuple[Ints, Bools]:
    """Where M cases come to with answers (M, E), and what is proven then, after 0, 1, 2 … questions.

    What is unknown counts as no, or goes with most of the decided cases.

    Returns:
        (nodes (L + 1, M), proven (L + 1, M, E)) for a tree of depth L.
    """
    M, L = len(answers), max(node.depth for node in nodes)
    question = np.array([node.question for node in nodes])
    child = np.array([[node.children.get(side, at) for side in (NO, YES)]
                      for at, node in enumerate(nodes)])                       # (n, 2)
    larger = np.array([[len(nodes[one].rows) for one in row] for row in child]).argmax(1)
    at, proven = np.zeros(M, np.int64), np.zeros((M, E), bool)
    places, proofs = [at], [proven]
    for _ in range(L):
        asked = question[at]                                                   # (M,)
        said = np.where(asked >= 0, answers[np.arange(M), asked], NO)
        proven = proven.copy()
        proven[np.arange(M), asked] |= (said == YES) & (asked >= 0)
        side = np.where(said == UNKNOWN, NO if presume else larger[at], said)
        at = child[at, side]
        places.append(at)
        proofs.append(proven)
    return np.stack(places), np.stack(proofs)


# --- the cases -----------------------------------------------------------------------------------


def innocent(case: Case, draw: random.Random) -> Case:
    """The same story without one element, so that no charge is left; itself if that cannot be."""
    without = [one for one in sorted(CHARGE[case.charge].required)
               if not charge_of(case.elements - {one})]
    return replace(case, elements=case.elements - {draw.choice(without)}) if without else case


def docket(count: int, seed: int, share: float) -> list[Case]:
    """Cases of all nine charges, of which this share has lost an element."""
    draw = random.Random(seed)
    return [innocent(one, draw) if draw.random() < share else one for one in make_cases(count, seed)]


def table(cases: list[Case]) -> tuple[Bools, Ints]:
    """Elements (N, E) and verdicts (N,)."""
    return (np.array([[one in case.elements for one in IDS] for case in cases]),
            np.array([VERDICTS.index(case.charge) for case in cases]))


class ElementsTrial:
    """Grows the tree a question at a time, tries cases by it, and asks the black box."""

    shared: ClassVar[tuple[str, ...]] = ("tests", "X", "y", "T", "truth", "luck", "order", "box",
                                         "read", "unread", "verdicts",
                                         "tree", "rates")
    measure_every = 1
    measure_reads: ClassVar[tuple[str, ...]] = ("forbidden", "unknown", "wrong", "presume")

    def __init__(self, params: Params, context: Context) -> None:
        language = "zh" if params.language == "Chinese" else "en"
        self.language, self.device = language, context.device
        context.progress(0, 2, "making the cases")
        decided = docket(params.cases, 2 * params.seed, params.innocent)
        self.tests = docket(TESTS, 2 * params.seed + 1, params.innocent)
        self.X, self.y = table(decided)                                        # (N, E), (N,)
        self.T, self.truth = table(self.tests)                                 # (M, E), (M,)
        self.luck = torch.rand(2, TESTS, E, generator=context.generator).numpy()
        self.order = torch.randperm(E, generator=context.generator).numpy()
        context.progress(1, 2, "making the cases")
        self._prepare_box(decided, context.generator)
        self.level = 0  # steps so far
        self.tried: object = None  # for what the tree and the rates hold

    def _prepare_box(self, decided: list[Case], generator: torch.Generator) -> None:
        """A network of one hidden layer that reads which words are there."""
        texts = [one.facts(self.language) for one in decided]
        words = Vocabulary.learn(texts, self.language, WORDS)

        def there(texts: list[str]) -> Tensor:
            found = torch.zeros(len(texts), words.size)
            for row, text in zip(found, texts, strict=True):
                row[torch.from_numpy(words.encode(text))] = 1
            return found.to(self.device)

        self.read, self.unread = there(texts), there([one.facts(self.language) for one in self.tests])
        self.verdicts = torch.from_numpy(self.y).to(self.device)               # (N,)
        shapes = ((words.size, HIDDEN), (HIDDEN, len(VERDICTS)))
        self.learnt = [(torch.randn(*one, generator=generator) / one[0] ** 0.5).to(self.device)
                       .requires_grad_() for one in shapes]                    # (V, H), (H, C + 1)
        self.optimizer = torch.optim.Adam(self.learnt, lr=0.005, fused=True)

    def _say(self, texts: Tensor) -> Tensor:
        """The black box's scores (n, C + 1) for words (n, V)."""
        scores: Tensor = (texts @ self.learnt[0]).tanh() @ self.learnt[1]
        return scores

    # --- one more question

    def step(self, params: Params) -> Mapping[str, float]:
        """Every open leaf of the tree gets its question, and the black box some rounds of training."""
        self.level += 1
        for _ in range(ROUNDS):
            loss = cross_entropy(self._say(self.read), self.verdicts)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return {"loss": loss.item()}

    def _forbidden(self, params: Params) -> Bools:
        return np.array([one in params.forbidden for one in IDS])

    def _answers(self, params: Params) -> Ints:
        """What the files answer, (M, E): some answers are wrong, some are not there."""
        wrong, unknown = self.luck < np.array([params.wrong, params.unknown])[:, None, None]
        return np.where(unknown, UNKNOWN, self.T ^ wrong)

    def measure(self, params: Params) -> Mapping[str, float]:
        """The tree, and how the test cases fare under both rules after each number of questions."""
        with torch.no_grad():
            self.box = self._say(self.unread).softmax(1).cpu().numpy()         # (M, C + 1)
        asked = min(self.level, E)
        now = (asked, params.forbidden, params.unknown, params.wrong)
        if now != self.tried:
            self.tried = now
            self._try(asked, params)
        rule = "proven" if params.presume else "likely"
        return {"accuracy": self.rates[f"{rule}_right"][-1],
                "convicted": self.rates[f"{rule}_convicts"][-1]}

    def _try(self, asked: int, params: Params) -> None:
        """Grow the tree, and judge all test cases by both rules after 0, 1, 2 … questions."""
        self.tree = grow(self.X, self.y, asked, self._forbidden(params))
        answers, likely = self._answers(params), np.array([one.likely for one in self.tree])
        innocents = self.truth == ACQUITTED
        self.rates: dict[str, list[float]] = {}
        for rule, presume in (("proven", True), ("likely", False)):
            places, proofs = route(self.tree, answers, presume)                # (L + 1, M), (L + 1, M, E)
            verdicts = proven_charge(proofs) if presume else likely[places]    # (L + 1, M)
            convicted = verdicts[:, innocents] != ACQUITTED
            right = (verdicts == self.truth).mean(1)                           # (L + 1,)
            convicts = convicted.mean(1) if innocents.any() else np.zeros(len(verdicts))
            for name, rate in (("right", right), ("convicts", convicts)):
                # Where no case has anything left to ask, more questions change nothing.
                self.rates[f"{rule}_{name}"] = np.pad(
                    rate, (0, max(0, asked + 1 - len(rate))), "edge").tolist()
            if presume:
                self.rates["questions"] = [float(np.mean([self.tree[at].depth for at in places[-1]]))]
        first = np.argsort(self.order)[None] < np.arange(E + 1)[:, None]       # (E + 1, E)
        blind = (answers == YES) & (first & ~self._forbidden(params))[:, None]  # (E + 1, M, E)
        self.rates["random_right"] = (proven_charge(blind) == self.truth).mean(1).tolist()

    # --- one case

    def _path(self, params: Params) -> tuple[list[int], list[str], list[str]]:
        """The nodes that the case goes through, the answers on the way, and those set by hand."""
        set_by_hand = dict(one.split("=", 1) for one in params.answers[1:] if "=" in one) \
            if params.answers[:1] == (case_key(params),) else {}
        told = self._answers(params)[params.example]                           # (E,)
        path, answers, changed = [0], [], []
        while (node := self.tree[path[-1]]).question >= 0:
            name = IDS[node.question]
            by_hand = set_by_hand.get(name, "")
            by_hand = by_hand if by_hand in CODES else ""
            said = by_hand or ("" if params.witness == "you" else SAID[int(told[node.question])])
            answers.append(said)
            changed.append(by_hand)
            if not said:
                break  # the question waits for its answer
            side = CODES[said]
            if side == UNKNOWN:
                sizes = [len(self.tree[node.children[one]].rows) for one in (NO, YES)]
                side = NO if params.presume else int(np.argmax(sizes))
            path.append(node.children[side])
        return path, answers, changed

    def frame(self, params: Params) -> Frame:
        """The tree with the path of one case, and what the questions lead to."""
        tree, case = self.tree, self.tests[params.example]
        path, answers, changed = self._path(params)
        asked = [tree[at] for at in path[: len(answers)]]
        proven = np.zeros(E, bool)
        for node, said in zip(asked, answers, strict=True):
            proven[node.question] = said == "yes"
        verdict = int(proven_charge(proven)) if params.presume else tree[path[-1]].likely
        sentences = {kind: one.zh if self.language == "zh" else one.en for kind, one in case.parts if kind}
        evidence = tuple(sentences.get(IDS[node.question], "") if said == "yes" else ""
                         for node, said in zip(asked, answers, strict=True))
        last = asked[-1] if asked else tree[path[-1]]
        rates = {name: np.array(values, np.float32) for name, values in self.rates.items()}
        box = self.box.argmax(1)
        innocents = self.truth == ACQUITTED
        return Frame(
            parents=np.array([one.parent for one in tree], np.int32),
            sides=np.array([one.side for one in tree], np.uint8),
            questions=np.array([one.question for one in tree], np.int32),
            likely=np.array([one.likely for one in tree], np.int32),
            cases=np.array([len(one.rows) for one in tree], np.int32),
            unsure=np.array([one.unsure for one in tree], np.float32),
            path=tuple(path), answers=tuple(answers), changed=tuple(changed), evidence=evidence,
            told=np.array([one.gains[one.question] for one in asked], np.float32),
            gains=last.gains.astype(np.float32), forbidden=self._forbidden(params).astype(np.uint8),
            proven=proven.astype(np.uint8), verdict=verdict, truth=int(self.truth[params.example]),
            box=int(box[params.example]), box_share=float(self.box[params.example].max()),
            facts=case.facts(self.language),
            numbers=np.arange(len(rates["proven_right"]), dtype=np.int32),
            **{name: rates[name] for name in (
                "proven_right", "likely_right", "proven_convicts", "likely_convicts", "random_right")},
            box_right=float((box == self.truth).mean()),
            box_convicts=float((box[innocents] != ACQUITTED).mean()) if innocents.any() else 0.0,
            mean_questions=self.rates["questions"][0])

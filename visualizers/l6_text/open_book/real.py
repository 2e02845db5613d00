"""A real language model with the book closed and open: prompts, answers, and citations that are checked.

Lewis et al. 2020, "Retrieval-Augmented Generation". What was found stands in the prompt, numbered; the
model is shown twice how an answer names its passage, [1]. Whether that passage has the answer is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visualizers.l6_text.open_book.scoring import normal
from visualizers.models.language import Language

MOST = 12  # tokens of an answer
CLOSED = "Question: what is the capital of Italy ?\nAnswer: Rome\n\nQuestion: {question}\nAnswer:"
OPEN = ("[1] the capital of Italy is Rome .\nQuestion: what is the capital of Italy ?\nAnswer: Rome [1]\n\n"
        "[1] anna berg comes from port royal . she works as a farmer .\n"
        "Question: where was anna berg born ?\nAnswer: port royal [1]\n\n"
        "{passages}\nQuestion: {question}\nAnswer:")


class Asking:
    """What a real model has answered so far: question → closed, open, and with the passage removed."""

    def __init__(self) -> None:
        self.answers: dict[int, tuple[str, str, str]] = {}

    def order(self, split: int, count: int) -> int:
        """The next question: old and new ones in turn."""
        old, new = list(range(split)), list(range(split, count))
        turns = [one for pair in zip(old, new, strict=False) for one in pair]
        turns += [one for one in (*old, *new) if one not in turns]
        return next(one for one in turns if one not in self.answers)

    def answer(
        self, model: Language, question: str, passages: Sequence[str], others: Sequence[str]
    ) -> tuple[str, str, str]:
        """Ask three times."""
        prompts = [CLOSED.format(question=question)]
        prompts += [OPEN.format(question=question, passages="\n".join(
            f"[{at + 1}] {one}" for at, one in enumerate(given))) for given in (passages, others)]
        closed, opened, removed = (written(model, one) for one in prompts)
        return closed, opened, removed


def written(model: Language, prompt: str) -> str:
    """What the model goes on with, up to the end of the line."""
    ids = list[int]()
    for token in model.write(model.encode(prompt), MOST):
        ids.append(token)
        if "\n" in model.decode(ids).lstrip():
            break
    return model.decode(ids).strip().split("\n")[0].strip()


def cited(
    answers: Sequence[str], passages: Sequence[Sequence[str]]
) -> tuple[list[str], list[str], list[bool]]:
    """The citation of each answer, the answer without it, and whether the passage named has the answer."""
    names, plain, good = list[str](), list[str](), list[bool]()
    for answer, given in zip(answers, passages, strict=True):
        found = re.search(r"\[(\d+)\]", answer)
        names.append(found.group() if found else "")
        said = re.sub(r"\[\d*\]?", "", answer).strip()
        plain.append(said)
        at = int(found.group(1)) - 1 if found else -1
        good.append(0 <= at < len(given) and bool(normal(said))
                    and f" {normal(said)} " in f" {normal(given[at])} ")
    return names, plain, good

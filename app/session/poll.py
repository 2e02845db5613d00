"""What a lecture hall guessed: how many hands for each answer of a question, once and perhaps once more.

Only counts are kept: nobody has a name here, and nothing comes over a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.session.tours import Ask

MOST_HANDS = 9_999
DISCUSS = (0.4, 0.6)  # of the hall right: those who are can convince the others
VOTES = 2


@dataclass
class Poll:
    """The votes on one question.

    Attributes:
        answers: how many there are.
        right: the number of the answer that the tour proves right; None where nobody knows.
        votes: of each vote the hands for each answer; the last one is being counted.
    """

    answers: int
    right: int | None = None
    votes: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.votes:
            self.votes = [[0] * self.answers]

    def set(self, answer: int, hands: int) -> None:
        """So many hands for an answer, in the vote that is being counted."""
        self.votes[-1][answer] = max(0, min(MOST_HANDS, hands))

    def total(self, vote: int = -1) -> int:
        """How many hands a vote has."""
        return sum(self.votes[vote])

    def share(self, answer: int, vote: int = -1) -> float:
        """Of all hands of a vote, 0 … 1; 0 where there are none."""
        total = self.total(vote)
        return self.votes[vote][answer] / total if total else 0.0

    @property
    def may_vote_again(self) -> bool:
        """Whether there is a first vote and no second."""
        return len(self.votes) < VOTES and self.total() > 0

    def again(self) -> None:
        """Begin a second vote beside the first."""
        if self.may_vote_again:
            self.votes.append([0] * self.answers)

    @property
    def guess(self) -> int | None:
        """What most hands say in the newest vote that has any; None where there are none."""
        for vote in reversed(self.votes):
            if any(vote):
                return max(range(self.answers), key=vote.__getitem__)
        return None

    @property
    def discuss(self) -> bool:
        """Whether the hall should talk before the truth plays: 40–60 % are right in the first vote,
        and there has been no second."""
        return self.right is not None and self.may_vote_again \
            and DISCUSS[0] <= self.share(self.right) <= DISCUSS[1]

    @property
    def tally(self) -> tuple[tuple[int, ...], ...]:
        """The votes that have hands, as a moment keeps them."""
        return tuple(tuple(vote) for vote in self.votes if any(vote))


def poll_of(ask: Ask, tally: Sequence[Sequence[int]] = ()) -> Poll:
    """A poll on a question, with the votes that a moment kept; what does not fit the question is left out.

    Each wrong answer of a tour says what is mistaken about it, and a contract test proves that the one
    that does not is the right one.
    """
    right = [index for index, answer in enumerate(ask.answers) if not answer.why]
    kept = [list(vote) for vote in tally[:VOTES] if len(vote) == len(ask.answers)]
    return Poll(len(ask.answers), right[0] if len(right) == 1 else None, kept)

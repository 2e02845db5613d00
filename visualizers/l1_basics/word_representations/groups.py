"""Which words are shown, and what is known of them: that those of a group mean something alike."""

from __future__ import annotations

from collections import Counter

import torch

from visualizers.l1_basics.word_representations.panel import WORDS, Params
from visualizers.models.word2vec import OFTEN, Vocabulary, plant_twins, split
from visualizers.panel import Context
from visualizers.refusal import Refusal

LEAST = 5  # a word that stands in the text less often says nothing
ENOUGH = 20  # words of a list that a text must know for the list to be used
TWINS = 15  # words that are given a twin where no list fits

LISTS = (  # of three words each, for texts about programs, for tales and news, for Chinese
    "list tuple dict, int float complex, module package file, class instance object, name value type, "
    "raise raised handled, if while for, may must can, first second last, one two three",
    "king queen princess, father mother brother, wolf fox bird, house castle church, gold silver golden, "
    "eyes hand head, day night evening, bread wine water, young old little, said cried asked",
    "北京 上海 武汉, 中国 法国 意大利, 苹果 西瓜 葡萄, 老虎 狮子 猴子, 医生 护士 律师, 春天 夏天 秋天, "
    "红色 白色 蓝色, 父亲 母亲 哥哥, 物理 数学 化学, 学校 医院 图书馆",
)


def listed(groups: str, known: Counter[str]) -> list[list[str]]:
    """Groups of words, without those that the text has not or hardly has, and without groups of one."""
    found: list[list[str]] = []
    seen: set[str] = set()
    for group in groups.replace("，", ",").replace(";", ",").split(","):
        kept = [word for word in dict.fromkeys(group.split())
                if known[word] >= LEAST and word not in seen]
        if len(kept) > 1 and len(seen) + len(kept) <= WORDS:
            seen.update(kept)
            found.append(kept)
    return found


class Reading:
    """A text made ready. Nothing here changes after ``__init__``.

    Attributes:
        names: the V words that are counted: the most frequent ones, and those that are shown.
        ids: (N,) the text as numbers of them; V for any other word.
        rows: (n,) the words that are shown, group by group.
        group: (n,) the group of each.
        planted: whether the groups are words and their twins.
    """

    def __init__(self, params: Params, context: Context) -> None:
        text = context.text(params.text)
        words = split(text.text, text.language, context.progress)
        known = Counter(words)
        groups = listed(params.words.lower(), known)
        if params.words.strip() and sum(map(len, groups)) < 4:
            context.note("Fewer than four of these words, in groups of two or more, stand in the text "
                         "{least} times or oftener: others are shown.", least=LEAST)
        if sum(map(len, groups)) < 4:
            groups = max((listed(one, known) for one in LISTS), key=lambda found: sum(map(len, found)))
            self.planted = sum(map(len, groups)) < ENOUGH
            if self.planted:
                words, pairs = plant_twins(words, TWINS, context.generator)
                groups = [list(pair) for pair in pairs]
        else:
            self.planted = False
        if len(groups) < 2:
            raise Refusal("{title} has {count} words that stand in it {times} times or oftener; at least "
                          "{least} are needed: choose a longer text.", title=text.title, times=OFTEN,
                          count=sum(number >= OFTEN for number in known.values()), least=32)
        vocabulary = Vocabulary.of(words, params.contexts)
        shown = [word for group in groups for word in group]
        rare = [word for word in shown if word not in vocabulary.ids]
        self.names = (*vocabulary.words, *rare)
        at = {word: number for number, word in enumerate(self.names)}
        V = len(self.names)
        self.ids = torch.tensor([at.get(word, V) for word in words])                    # (N,)
        self.rows = torch.tensor([at[word] for word in shown])                          # (n,)
        self.group = torch.tensor([number for number, group in enumerate(groups) for _ in group])

"""Short reviews made by a small grammar, in which no single word decides.

Half of them praise and half of them blame, and half of either do so by a negation: "the plot was
good", "the plot was not good", "the plot was bad", "the plot was not bad". A praising word is as
frequent in the blaming reviews, and so is each negator, each adverb and each noun: whoever counts
words learns nothing. Whoever reads "not good" as one thing knows the answer; so an n-gram has to
reach from the negator to what it negates, over none, one or two words. Some sentences hold a *not*
that negates something else.

Nobody wrote these reviews, and whoever shows them says so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

NEGATIVE, POSITIVE = 0, 1


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


# --- English: one token a word -----------------------------------------------------------------

_PRAISE = _words("good great brilliant moving clever charming funny gripping memorable fresh")
_BLAME = _words("bad dull boring weak clumsy tedious shallow silly predictable tiresome")
_PARTS = _words("film story plot acting music ending dialogue cast picture script")
_WHOLES = _words("film story plot picture script play show tale")
_SEEN = _words("was seemed felt looked")
_HOW = _words("very really truly particularly")
_NOT = _words("not never hardly")
_FIRST = (
    "to be honest", "after all the talk", "on a rainy evening", "seen with two friends",
    "for a second time", "in the old cinema", "i did not read the book but",
    "we had never heard of it and", "nobody said a word and", "i could hardly find a seat but",
    "it is not a long one and", "without any warning", "at the end of the week",
)
_LAST = (
    "from the first minute", "in my opinion", "this time", "as we all said", "and we left early",
    "and i will not forget the date", "and it never rained", "and there is hardly more to say",
    "for two hours", "on a large screen", "and that is all", "and nobody spoke",
)


def _english(draw: random.Random) -> tuple[str, int]:
    one = draw.choice
    praise, negated, gap = draw.random() < 0.5, draw.random() < 0.5, draw.choice((0, 0, 1, 2))
    opinion, no = one(_PRAISE if praise else _BLAME), one(_NOT)
    if gap == 2:  # "this was not a very good film"
        said = f"this was {no + ' ' if negated else ''}a {one(_HOW)} {opinion} {one(_WHOLES)}"
    else:
        how = f"{one(_HOW)} " if gap else ""
        said = f"the {one(_PARTS)} {one(_SEEN)} {no + ' ' if negated else ''}{how}{opinion}"
    first = one(_FIRST) + " " if draw.random() < 0.6 else ""
    last = " " + one(_LAST) if draw.random() < 0.6 else ""
    return f"{first}{said}{last}", POSITIVE if praise != negated else NEGATIVE


# --- Chinese: one token a character ------------------------------------------------------------

_PRAISE_ZH = _words("好 好看 精彩 动人 有趣 出色 聪明 难忘 新颖 迷人")
_BLAME_ZH = _words("差 难看 无聊 乏味 拖沓 糟糕 沉闷 俗套 幼稚 尴尬")
_PARTS_ZH = _words("电影 故事 剧情 演技 音乐 结尾 对白 画面 剧本 节奏")
_HOW_ZH = _words("很 特别 十分")
_FIRST_ZH = (
    "说实话", "听了许多介绍", "一个下雨的晚上", "和两个朋友一起看的", "第二次看了", "在老电影院里",
    "我不知道原著", "我们从不看预告片", "大家都没有说话", "好像没有空座位", "票还不难买", "周末看完",
)
_LAST_ZH = (
    "从头到尾都是这样", "这是我的看法", "这一次", "大家都这么说", "我们早早离场", "散场时天还不晚",
    "我也没有看表", "两个小时", "在大屏幕上看", "就是这些", "谁也不说话", "下次再谈",
)


def _chinese(draw: random.Random) -> tuple[str, int]:
    one = draw.choice
    praise, negated, gap = draw.random() < 0.5, draw.random() < 0.5, draw.choice((0, 0, 1, 2))
    opinion = one(_PRAISE_ZH if praise else _BLAME_ZH)
    between = ("", one(_HOW_ZH), "是" + one(_HOW_ZH))[gap]  # 不好，不很好，不是很好
    said = f"{one(_PARTS_ZH)}{'不' if negated else ''}{between}{opinion}"
    first = one(_FIRST_ZH) + "，" if draw.random() < 0.6 else ""
    last = "，" + one(_LAST_ZH) if draw.random() < 0.6 else ""
    return f"{first}{said}{last}", POSITIVE if praise != negated else NEGATIVE


def _distinct(one: Callable[[random.Random], tuple[str, int]], seed: int) -> Iterator[tuple[str, int]]:
    draw, seen = random.Random(seed), set()
    while True:
        text, label = one(draw)
        if text not in seen:  # so that no text is both learnt from and tested on
            seen.add(text)
            yield text, label


def reviews(language: str = "en", count: int = 6000, seed: int = 0) -> tuple[list[str], list[int]]:
    """``count`` different reviews, 0 negative and 1 positive; the same for the same seed."""
    made = _distinct(_chinese if language == "zh" else _english, seed)
    pairs = [next(made) for _ in range(count)]
    return [text for text, _ in pairs], [label for _, label in pairs]

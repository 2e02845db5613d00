"""Short reviews made by a small grammar, in which no single word decides, only what "not" stands by.

Each review holds an opinion, a remark that is neither praise nor blame, and exactly one negator,

    the plot was very good and the book was not very long       positive
    the plot was not very good and the book was very long       negative

so that two reviews of opposite labels may consist of the very same words, and of the very same pairs
of neighbours too. An n-gram must reach from the negator to what it negates: over no word in half of
the reviews (n = 2), over one in a quarter (n = 3) and over two in a quarter (n = 4). So the best that
n-grams of 1, 2, 3 and 4 words allow is 1/2, 3/4, 7/8 and all of the reviews right.

Nobody wrote these reviews, and whoever shows them says so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

NEGATIVE, POSITIVE = 0, 1
BEST_POSSIBLE = (0.5, 0.75, 0.875, 1.0)  # share that n-grams of 1, 2, 3, 4 English words can get right


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


# --- English: one token a word -----------------------------------------------------------------

_PRAISE = _words("good great brilliant moving clever charming funny gripping memorable fresh")
_BLAME = _words("bad dull boring weak clumsy tedious shallow silly predictable tiresome")
_NEITHER = _words("long short new old early late quiet loud warm cold")
_PARTS = _words("film story plot acting music ending dialogue cast picture script")
_OTHERS = _words("book evening walk street room hall queue interval crowd weather")
_HOW = _words("very really truly particularly")
_NOT = _words("not never hardly")
_FIRST = ("to be honest", "after all the talk", "seen with two friends", "for a second time",
          "without any warning", "at the end of the week")
_LAST = ("from the first minute", "in my opinion", "this time", "as we all said", "for two hours",
         "and that is all")


def _english(draw: random.Random) -> tuple[str, int]:
    one = draw.choice
    praise, negated, gap = draw.random() < 0.5, draw.random() < 0.5, draw.choice((0, 0, 1, 2))
    how, no = one(_HOW), one(_NOT)

    def clause(subject: str, predicate: str, turned: bool) -> str:
        was = f"was {no}" if turned else "was"
        if gap == 2:
            return f"it {was} a {how} {predicate} {subject}"
        return f"the {subject} {was} {how + ' ' if gap else ''}{predicate}"

    clauses = [clause(one(_PARTS), one(_PRAISE if praise else _BLAME), negated),
               clause(one(_OTHERS), one(_NEITHER), not negated)]
    draw.shuffle(clauses)
    first = one(_FIRST) + " " if draw.random() < 0.4 else ""
    last = " " + one(_LAST) if draw.random() < 0.4 else ""
    return f"{first}{' and '.join(clauses)}{last}", POSITIVE if praise != negated else NEGATIVE


# --- Chinese: one token a character ------------------------------------------------------------

_PRAISE_ZH = _words("好 好看 精彩 动人 有趣 出色 聪明 难忘 新颖 迷人")
_BLAME_ZH = _words("差 难看 无聊 乏味 拖沓 糟糕 沉闷 俗套 幼稚 尴尬")
_NEITHER_ZH = _words("长 短 早 晚 远 近 大 小 安静 拥挤")
_PARTS_ZH = _words("电影 故事 剧情 演技 音乐 结尾 对白 画面 剧本 节奏")
_OTHERS_ZH = _words("街道 影院 票根 队伍 大厅 车站 座位 书店 广场 咖啡馆")
_HOW_ZH = _words("很 特别 十分")
_FIRST_ZH = ("说实话", "听了许多介绍", "和两个朋友一起看的", "第二次看了", "在下雨的晚上", "周末看完")
_LAST_ZH = ("从头到尾都这样", "我这么看", "这一次", "大家都这么说", "两个小时", "就这些")


def _chinese(draw: random.Random) -> tuple[str, int]:
    one = draw.choice
    praise, negated, gap = draw.random() < 0.5, draw.random() < 0.5, draw.choice((0, 0, 1, 2))
    how = one(_HOW_ZH)
    between = ("", how, "是" + how)[gap]  # 不好，不很好，不是很好

    def clause(subject: str, predicate: str, turned: bool) -> str:
        return f"{subject}{'不' if turned else ''}{between}{predicate}"

    clauses = [clause(one(_PARTS_ZH), one(_PRAISE_ZH if praise else _BLAME_ZH), negated),
               clause(one(_OTHERS_ZH), one(_NEITHER_ZH), not negated)]
    draw.shuffle(clauses)
    first = one(_FIRST_ZH) + "，" if draw.random() < 0.4 else ""
    last = "，" + one(_LAST_ZH) if draw.random() < 0.4 else ""
    return f"{first}{'，'.join(clauses)}{last}", POSITIVE if praise != negated else NEGATIVE


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

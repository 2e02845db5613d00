"""A small made language in which it is known what each side of a word tells about it.

Every sentence is built alike,

    an old cook slices a carrot in the kitchen
    two tall sailors drop an anchor on the ship

and all sentences of the language are equally likely, so that the best guess of a word from the words
before it, and from the words on both sides, can be counted. "a" or "an" follows from the next word and
who acts from what is done where: there the words behind decide. Which "old", "young" … it is, nobody
can know from either side.

Nobody wrote these sentences, and whoever shows them says so.
"""

from __future__ import annotations

import random
from itertools import product

_TOPICS = (  # who, what they do (one, two), with what, where
    (("cook", "baker", "chef"), (("slices", "slice"), ("tastes", "taste")),
     ("carrot", "onion", "cake"), "in the kitchen"),
    (("singer", "pianist", "drummer"), (("hears", "hear"), ("practises", "practise")),
     ("song", "opera", "tune"), "in the theatre"),
    (("sailor", "captain", "diver"), (("lifts", "lift"), ("drops", "drop")),
     ("rope", "anchor", "net"), "on the ship"),
    (("teacher", "pupil", "student"), (("reads", "read"), ("copies", "copy")),
     ("poem", "essay", "map"), "in the school"),
    (("gardener", "florist", "farmer"), (("waters", "water"), ("plants", "plant")),
     ("rose", "orchid", "bush"), "in the garden"),
    (("mechanic", "driver", "plumber"), (("repairs", "repair"), ("cleans", "clean")),
     ("wheel", "engine", "brake"), "in the garage"),
)
_LIKE = ("young", "tall", "busy", "kind", "old", "eager", "angry", "idle")


def _a(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _english() -> list[str]:
    return [
        f"{'two' if many else _a(like)} {like} {who}{'s' * many} {does[many]} {_a(what)} {what} {where}"
        for people, deeds, things, where in _TOPICS
        for many, like, who, does, what in product((0, 1), _LIKE, people, deeds, things)]


_TOPICS_ZH = (  # who, where, what they do, with what: its measure word first
    (("厨师", "徒弟", "管家"), "厨房", "切洗", ("根黄瓜", "个苹果", "条草鱼")),
    (("歌手", "乐师", "演员"), "剧院", "听练", ("首民歌", "支舞曲", "段京剧")),
    (("船长", "水手", "渔民"), "船舱", "收补", ("张渔网", "根缆绳", "面船帆")),
    (("老师", "学生", "校长"), "教室", "读抄", ("首古诗", "篇课文", "段对白")),
    (("园丁", "花匠", "农民"), "花园", "浇种", ("朵玫瑰", "棵果树", "盆兰花")),
    (("司机", "技工", "车主"), "车库", "修擦", ("辆卡车", "台马达", "个轮胎")),
)
_LIKE_ZH = "老新高瘦"


def _chinese() -> list[str]:
    return [f"{many}位{like}{who}在{where}里{does}一{what}"
            for people, where, deeds, things in _TOPICS_ZH
            for many, like, who, does, what in product("一两三", _LIKE_ZH, people, deeds, things)]


def sentences(language: str = "en") -> list[str]:
    """All sentences of the language, in an order that is always the same and means nothing."""
    made = _chinese() if language == "zh" else _english()
    random.Random(0).shuffle(made)
    return made

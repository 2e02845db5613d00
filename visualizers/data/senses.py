"""A small made language in which some words have two meanings, and it is known which is meant where.

There are six fields, each with nouns, verbs and adjectives of its own. Sentences of all fields are built
alike, so that only the words of the field tell which one it is:

    the bank and the clerk lent the private loan .
    the muddy bank of the stream reached the boat .

A word with two meanings is a noun of two fields: "bank" stands beside "boat" and beside "loan". Which is
meant is the sentence's field, and nothing else in the word says it.

Nobody wrote these sentences, and whoever shows them says so.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple


class Field(NamedTuple):
    """What is spoken of."""

    name: str
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]


class Language(NamedTuple):
    """Fields, the words that stand in two of them, and how a sentence is built."""

    fields: tuple[Field, ...]
    senses: dict[str, tuple[int, int]]  # word → its two fields
    forms: tuple[str, ...]  # N, V and A are drawn from the field, other words stand as they are
    space: str  # between two words


def _field(name: str, nouns: str, verbs: str, adjectives: str) -> Field:
    return Field(name, tuple(nouns.split()), tuple(verbs.split()), tuple(adjectives.split()))


ENGLISH = Language(
    (_field("river", "river boat fish bridge shore stream", "flooded crossed reached followed",
            "muddy deep wet green"),
     _field("money", "loan account cash clerk customer debt", "paid lent owed approved",
            "rich cheap monthly private"),
     _field("animals", "owl fox moth cave insect nest", "hunted chased caught heard",
            "furry dark wild hungry"),
     _field("sport", "ball team coach player glove pitcher", "hit swung threw dropped",
            "wooden fast winning heavy"),
     _field("fruit", "pear tree orchard pie juice basket", "ate peeled picked baked",
            "sweet ripe red fresh"),
     _field("computers", "phone laptop screen software chip engineer", "sold launched designed updated",
            "digital smart faulty thin")),
    {"bank": (0, 1), "bat": (2, 3), "apple": (4, 5), "mouse": (2, 5)},
    ("the N V the A N and the N .", "the A N V the N near the N .", "the N and the N V the A N .",
     "the A N of the N V the N .", "a A N and a N V the N ."), " ")

CHINESE = Language(
    (_field("食物", "梨 果园 篮子 果汁 粥 农民", "吃掉 洗净 煮熟 收获", "香甜 成熟 新鲜 美味"),
     _field("科技", "手机 电脑 屏幕 软件 芯片 工程师", "发布 升级 设计 销售", "智能 轻薄 昂贵 时尚"),
     _field("鸟", "燕子 麻雀 森林 鸟巢 翅膀 猎人", "飞过 听见 追赶 筑起", "灵巧 机警 吵闹 自由"),
     _field("花", "玫瑰 花园 花瓶 花瓣 园丁 泥土", "种下 浇灌 修剪 闻到", "鲜艳 芬芳 粉红 湿润"),
     _field("农场", "水牛 牧场 草地 犁 牛犊 牧人", "耕种 拉动 喂养 放牧", "强壮 温顺 勤劳 宽阔"),
     _field("票", "车票 演唱会 车站 警察 乘客 站台", "倒卖 抓住 检查 等候", "拥挤 违法 紧张 热门")),
    {"苹果": (0, 1), "杜鹃": (2, 3), "黄牛": (4, 5), "窗口": (1, 5)},
    ("N V A N 和 N 。", "A N 在 N 旁 V N 。", "N 和 N V A N 。", "A N 的 N V N 。", "A N 和 N V N 。"), "")

LANGUAGES = {"English": ENGLISH, "Chinese": CHINESE}


class Sentence(NamedTuple):
    """A sentence, the field it speaks of, and where in it an asked word stands, or −1."""

    words: tuple[str, ...]
    field: int
    place: int = -1


def sentence(language: Language, field: int, draw: random.Random, word: str = "") -> Sentence:
    """A sentence of a field; with a ``word``, one in which it stands, once, as one of the nouns."""
    said = language.fields[field]
    both = [one for one, fields in language.senses.items() if field in fields]
    form = draw.choice(language.forms).split()
    nouns = [at for at, slot in enumerate(form) if slot == "N"]
    place = draw.choice(nouns) if word else -1
    words = []
    for at, slot in enumerate(form):
        if at == place:
            words.append(word)
        elif slot == "N":
            words.append(draw.choice([*said.nouns, *(one for one in both if one != word)]))
        elif slot in "VA":
            words.append(draw.choice(said.verbs if slot == "V" else said.adjectives))
        else:
            words.append(slot)
    return Sentence(tuple(words), field, place)


def sentences(language: Language, count: int, seed: int) -> list[Sentence]:
    """``count`` sentences of all fields; the same for the same seed."""
    draw = random.Random(seed)
    return [sentence(language, draw.randrange(len(language.fields)), draw) for _ in range(count)]


def content_words(language: Language) -> tuple[str, ...]:
    """Every word that means something: those of a field together, those with two meanings last."""
    return (*(word for one in language.fields for group in one[1:] for word in group), *language.senses)


def vocabulary(language: Language) -> tuple[str, ...]:
    """Every word that can be said: those that all sentences share, then those that mean something."""
    fixed = dict.fromkeys(slot for form in language.forms for slot in form.split() if slot not in "NVA")
    return (*fixed, *content_words(language))


def cut(language: Language, text: str) -> list[str]:
    """The words of a text that somebody typed; without spaces, always the longest that is known."""
    if language.space:
        return re.findall(r"\w+|[^\w\s]", text.lower())
    known, words, at = set(vocabulary(language)), [], 0
    text = "".join(text.split())
    while at < len(text):
        end = next((end for end in range(len(text), at, -1) if text[at:end] in known), at + 1)
        words.append(text[at:end])
        at = end
    return words


def written(language: Language, words: Sequence[str]) -> str:
    """The words as a line, as they are usually written."""
    return language.space.join(words).replace(" .", ".")

"""Statute books: articles of law, each with its citation, and two that are made here.

An article is known by its law and its label, ``("Harbour Act", "12")`` or ``("港口法", "第十二条")``; some
are amended or repealed. The made books consist of invented laws of no country, drawn from a seed, so
all that is true of them is known: which articles there are, which of them are still in force, and which
one answers a question. What citations look like is written out here too:

    Harbour Act, Article 12         Article 7 of this Act       Article 7 of the Mill Act
    《港口法》第十二条               本法第七条

Real statutes come from a source of the kind ``statutes``, in the same form.
"""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

Status = Literal["in force", "amended", "repealed"]
STATUSES: tuple[Status, ...] = ("in force", "amended", "repealed")  # the best comes first


class Article(NamedTuple):
    """One article, or one version of it.

    Attributes:
        law: its name, without the country's.
        label: as it is cited, ``"12"`` or ``"第十二条"``; ``number`` is that as a number.
        question: its first words, as somebody would ask who does not know where they stand.
    """

    law: str
    label: str
    number: float
    status: Status
    question: str
    text: str


@dataclass(frozen=True)
class Statutes:
    """A statute book.

    Attributes:
        language: ``"en"`` or ``"zh"``.
        missing: the id that was asked for and is not fetched, where this stands in for it.
    """

    id: str
    articles: tuple[Article, ...]
    language: str
    title: str
    missing: str = ""


def cited(article: Article, language: str) -> str:
    """The full citation of an article."""
    return f"《{article.law}》{article.label}" if language == "zh" \
        else f"{article.law}, Article {article.label}"


# --- numbers ------------------------------------------------------------------------------------

_DIGITS = "零一二三四五六七八九"
_UNITS = {"十": 10, "百": 100, "千": 1000}


def in_chinese(n: int) -> str:
    """1 … 9999 as articles are numbered: 12 is 十二, 105 一百零五, 120 一百二十."""
    said, left = "", n
    for unit, size in (("千", 1000), ("百", 100), ("十", 10)):
        digit, left = divmod(left, size)
        if digit:
            said += _DIGITS[digit] + unit
        elif said and left and not said.endswith("零"):
            said += "零"
    said += _DIGITS[left] if left else ""
    return said[1:] if said.startswith("一十") else said


def from_chinese(label: str) -> float:
    """The number in 第一百零五条; 第十二条之一 lies between 12 and 13."""
    def whole(said: str) -> int:
        total = digit = 0
        for sign in said:
            if sign in _UNITS:
                total, digit = total + (digit or 1) * _UNITS[sign], 0
            else:
                digit = _DIGITS.find(sign)
        return total + digit

    main, _, part = label.removeprefix("第").partition("条")
    return whole(main) + whole(part.removeprefix("之")) / 100


# --- the made books -----------------------------------------------------------------------------

LONGEST_LAW, SHORTEST_LAW = 40, 10     # numbers of articles …
EMPTY = 0.25                           # … of which this share was struck out: nobody has it any more
OLD_LAWS = 1                           # laws that are repealed as a whole
AMENDED, REPEALED = 0.06, 0.08         # shares of the single articles
REFERRING = 0.3                        # share of articles that cite another one

_LAWS_EN = {
    "Harbour Act": ("moor tow unload paint", "a barge|a ferry|a tugboat|a houseboat"),
    "Market Act": ("sell weigh store display", "soft cheese|live geese|used shoes|fireworks"),
    "Forest Act": ("fell plant burn remove", "an oak|young pines|dry wood|a beehive"),
    "Railway Act": ("board stop clean hire", "a goods train|a night train|a handcar|a steam engine"),
    "Archive Act": ("copy lend bind seal", "a land register|a private letter|an old map|a court file"),
    "Water Act": ("divert drain fence dye", "a brook|a village well|a mill pond|a fountain"),
    "Bridge Act": ("cross close repair light", "a rope bridge|a toll bridge|a footbridge|a viaduct"),
    "Theatre Act": ("stage film delay cancel", "an opera|a puppet show|a rehearsal|a ballet"),
    "Postal Act": ("open forward weigh return", "a parcel|a telegram|a postcard|a money order"),
    "Carriage Act": ("hire drive park wash", "a coach|a sledge|a rickshaw|a hay cart"),
}
_WHEN_EN = ("at night", "without a permit", "on a holiday", "near a school", "for payment", "in a storm")
_LAWS_ZH = {
    "港口法": ("停泊 拖带 卸载 涂装", "驳船|渡轮|拖船|游船"),
    "市场法": ("出售 称量 存放 陈列", "奶酪|活鹅|旧鞋|烟花"),
    "森林法": ("砍伐 种植 焚烧 搬走", "橡树|松苗|枯枝|蜂箱"),
    "铁路法": ("登乘 拦停 清洗 租用", "货车|夜车|手摇车|蒸汽机车"),
    "档案法": ("复制 出借 装订 封存", "地籍册|私人信件|旧地图|庭审卷宗"),
    "水法": ("改道 排干 围挡 染色", "溪流|村井|磨坊池|喷泉"),
    "桥梁法": ("穿越 封闭 修理 照明", "索桥|收费桥|人行桥|高架桥"),
    "戏剧法": ("上演 拍摄 推迟 取消", "歌剧|木偶戏|彩排|芭蕾"),
    "邮政法": ("拆开 转寄 称重 退回", "包裹|电报|明信片|汇款单"),
    "马车法": ("租用 驾驶 停放 冲洗", "客车|雪橇|人力车|干草车"),
}
_WHEN_ZH = ("夜间", "未经许可", "节假日", "在学校附近", "有偿", "暴雨中")
_FINES = (20, 50, 80, 100, 200, 500, 900)


def _english(verb: str, thing: str, when: str, draw: random.Random) -> tuple[str, str]:
    gerund = {"stop": "stopping", "dye": "dyeing"}.get(verb, verb.removesuffix("e") + "ing")
    third = "copies" if verb == "copy" else verb + ("es" if verb.endswith(("sh", "ss")) else "s")
    fine = draw.choice((f"pays {draw.choice(_FINES)} crowns", "loses the permit"))
    return f"{gerund.capitalize()} {thing} {when}?", f"whoever {third} {thing} {when} {fine}"


def _chinese(verb: str, thing: str, when: str, draw: random.Random) -> tuple[str, str]:
    fine = draw.choice((f"处{in_chinese(draw.choice(_FINES))}元罚款",
                        "吊销许可"))
    return f"{when}{verb}{thing}？", f"{when}{verb}{thing}的，{fine}"


def made(language: str = "en", seed: int = 0) -> tuple[Article, ...]:
    """The articles of ten invented laws, law after law; the same for the same seed."""
    draw, chinese = random.Random(seed), language == "zh"
    laws = _LAWS_ZH if chinese else _LAWS_EN
    numbers = {law: [one for one in range(1, draw.randint(SHORTEST_LAW, LONGEST_LAW) + 1)
                     if draw.random() > EMPTY] for law in laws}
    old = list(laws)[-OLD_LAWS:]
    found = []
    for law, (verbs, things) in laws.items():
        cases = list(product(verbs.split(), things.split("|"), _WHEN_ZH if chinese else _WHEN_EN))
        for number, case in zip(numbers[law], draw.sample(cases, len(numbers[law])), strict=True):
            chance = draw.random()
            status: Status = "repealed" if law in old or chance < REPEALED \
                else "amended" if chance < REPEALED + AMENDED else "in force"
            question, text = (_chinese if chinese else _english)(*case, draw)
            if draw.random() < REFERRING:
                text += _reference(law, number, numbers, draw, chinese)
            label = f"第{in_chinese(number)}条" if chinese else str(number)
            found.append(Article(law, label, number, status, question, text + ("。" if chinese else ".")))
    return tuple(found)


def _reference(
    law: str, number: int, numbers: dict[str, list[int]], draw: random.Random, chinese: bool
) -> str:
    """A clause that cites another article, in two of three cases of the same law."""
    other = law if draw.random() < 0.67 else draw.choice([one for one in numbers if one != law])
    at = draw.choice([one for one in numbers[other] if (other, one) != (law, number)])
    if chinese:
        return f"，参见{'本法' if other == law else f'《{other}》'}第{in_chinese(at)}条"
    return f"; see Article {at} of {'this Act' if other == law else f'the {other}'}"


# --- reading citations --------------------------------------------------------------------------


class Citation(NamedTuple):
    """A citation that stands in a text: characters start … end - 1. ``law`` is empty for "this Act"."""

    start: int
    end: int
    law: str
    label: str


_NAME = r"[A-Z][\w’'-]*(?: (?:and |of (?!the People)|on |the )*[A-Z][\w’'-]*)*"
_PATTERNS = {
    "en": re.compile(
        rf"(?P<law>{_NAME}), (?:Article|Section) (?P<label>\d+)"
        r"|(?:Article|Section) (?P<label2>\d+)(?: ?\(\d+\))? of (?:this (?:Act|Law|Code)"
        rf"|(?:the )?(?P<law2>{_NAME}))"),
    "zh": re.compile(
        r"《(?P<law>[^《》\s]{1,60})》(?P<label>第[一二三四五六七八九十百千零]+条(?:之[一二三四五六七八九十]+)?)"
        r"|本(?:法|条例)(?P<label2>第[一二三四五六七八九十百千零]+条(?:之[一二三四五六七八九十]+)?)(?P<law2>)"),
}


_COUNTRY = re.compile("^中华人民共和国|^The |^Chinese |^China’s |^China's | of China$")  # goes without saying


def citations(text: str, language: str) -> Iterator[Citation]:
    """The citations of a text, from left to right."""
    for one in _PATTERNS[language].finditer(text):
        law = _COUNTRY.sub("", one["law"] or one["law2"] or "")
        yield Citation(one.start(), one.end(), law, one["label"] or one["label2"])


class Shelf:
    """The articles of a statute book by what they are cited as: what is not here does not exist."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles: dict[tuple[str, str], Article] = {}
        for one in articles:  # of several versions the best one counts
            known = self.articles.get((one.law, one.label))
            if known is None or STATUSES.index(one.status) < STATUSES.index(known.status):
                self.articles[one.law, one.label] = one
        self.laws: dict[str, list[Article]] = {}
        for one in self.articles.values():
            self.laws.setdefault(one.law, []).append(one)

    def find(self, law: str, label: str) -> Article | None:
        """Exactly this article, or nothing."""
        return self.articles.get((law, label))

    def nearest(self, law: str, label: str, count: int = 1) -> list[Article]:
        """Articles of the law that is written most alike, those of the nearest numbers first."""
        if law not in self.laws:
            law = difflib.get_close_matches(law, self.laws, n=1, cutoff=0.0)[0]
        number = float(label) if label.isdecimal() else from_chinese(label)
        return sorted(self.laws[law], key=lambda one: abs(one.number - number))[:count]


# --- the user's own -----------------------------------------------------------------------------

_MARKS: dict[str, Status] = {"[amended]": "amended", "[repealed]": "repealed",
                             "（已修改）": "amended", "（已废止）": "repealed"}


def read_lines(text: str, language: str) -> tuple[Article, ...]:
    """The articles of a text in which each line begins with a full citation.

        Harbour Act, Article 12 [repealed]: whoever tows a barge at night pays 50 crowns.
    """
    found = []
    for line in text.splitlines():
        one = next(citations(line, language), None)
        if one is None or one.start or not one.law:
            continue
        status, rest = STATUSES[0], line[one.end :].strip()
        for mark, meant in _MARKS.items():
            if rest.startswith(mark):
                status, rest = meant, rest.removeprefix(mark)
        rest = " ".join(rest.lstrip(":： \u3000").split())
        if rest:
            asked = re.split("[,，;；:：.。]", rest)[0][:60]
            number = float(one.label) if one.label.isdecimal() else from_chinese(one.label)
            found.append(Article(one.law, one.label, number, status,
                                 asked + ("？" if language == "zh" else "?"), rest))
    return tuple(found)

"""Made criminal cases whose elements are known, told in English and Chinese.

Nine charges of the Criminal Law of China that are easily taken for one another. A case is a set of
elements, and its charge follows from them alone: the first of ``CHARGES`` whose required elements are
all there. Around them stand a place, a thing, an amount, a date and remarks that prove nothing ("No
one was hurt"), so the same words occur under every charge.

    one, *more = make_cases(18, seed=0)      # two of each charge, in the order of CHARGES
    one.facts_en, one.charge, one.elements, one.term_months
    edited(one, violence=True).charge        # the same story with one fact changed
    replace(one, place=3, style="legal")     # told again: every text follows from the fields

Persons, places and firms are invented. Of each article only its core is kept, and the terms follow a
made scale that grows with the amount: for teaching, not legal advice.
"""

from __future__ import annotations

import math
import random
from collections.abc import Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

Style = Literal["mixed", "lay", "legal"]
Office = Literal["none", "company", "state"]


@dataclass(frozen=True)
class Named:
    """Something with a name in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Charge:
    """One of the nine.

    Attributes:
        article: of the Criminal Law of China.
        required: ids of the elements without which there is no such charge.
        base_months: the term for an amount of 1,000 yuan on the made scale.
        statute_en, statute_zh: the core of the article in its own kind of words.
    """

    id: str
    name_en: str
    name_zh: str
    article: int
    required: frozenset[str]
    base_months: int
    statute_en: str
    statute_zh: str

    def name(self, language: str) -> str:
        """What it is called in ``"en"`` or ``"zh"``."""
        return self.name_zh if language == "zh" else self.name_en

    def short(self, language: str) -> str:
        """Its name where there is little room."""
        return _SHORT.get(self.id, {}).get(language) or self.name(language)


_SHORT = {"embezzlement": {"en": "embezzlement"}, "injury": {"en": "injury"},
          "private_bribery": {"en": "private bribe", "zh": "非公受贿罪"}}

ELEMENTS: dict[str, Named] = {
    "property": Named("took property", "取得财物"),
    "secret": Named("by stealth", "秘密窃取"),
    "sudden": Named("openly, by surprise", "公然夺取"),
    "deceit": Named("by deceit", "欺骗"),
    "violence": Named("violence or threat", "暴力或胁迫"),
    "injury": Named("bodily injury", "造成伤害"),
    "company_staff": Named("company staff", "公司人员"),
    "state_staff": Named("state functionary", "国家工作人员"),
    "own_unit": Named("own unit's property", "本单位财物"),
    "office_used": Named("used the position", "利用职务便利"),
    "received": Named("accepted money", "收受财物"),
    "favour": Named("did a favour for it", "为人谋利"),
}


def _charge(id: str, en: str, zh: str, article: int, required: str, months: int, *statute: str) -> Charge:
    return Charge(id, en, zh, article, frozenset(required.split()), months, *statute)


# In the order in which they are tried: whoever robs by stealth robs, and whoever takes what the own
# office gives access to commits corruption or embezzlement, by whatever means.
CHARGES: tuple[Charge, ...] = (
    _charge("robbery", "robbery", "抢劫罪", 263, "property violence", 36,
            "Whoever robs public or private property by violence, coercion or other methods.",
            "以暴力、胁迫或者其他方法抢劫公私财物的。"),
    _charge("corruption", "corruption", "贪污罪", 382,
            "property own_unit office_used state_staff", 24,
            "State functionaries who, taking advantage of their office, appropriate, steal, swindle or "
            "otherwise unlawfully take possession of public property.",
            "国家工作人员利用职务上的便利，侵吞、窃取、骗取或者以其他手段非法占有公共财物的。"),
    _charge("embezzlement", "embezzlement by company staff", "职务侵占罪", 271,
            "property own_unit office_used company_staff", 14,
            "Staff of a company, enterprise or other unit who, taking advantage of their position, "
            "unlawfully take possession of property of their own unit.",
            "公司、企业或者其他单位的工作人员，利用职务上的便利，将本单位财物非法占为己有的。"),
    _charge("bribery", "bribe-taking", "受贿罪", 385, "received favour office_used state_staff", 26,
            "State functionaries who, taking advantage of their office, demand money or goods of others, "
            "or accept them and in return seek benefits for others.",
            "国家工作人员利用职务上的便利，索取他人财物的，或者非法收受他人财物，为他人谋取利益的。"),
    _charge("private_bribery", "bribe-taking by non-state staff", "非国家工作人员受贿罪", 163,
            "received favour office_used company_staff", 15,
            "Staff of a company, enterprise or other unit who, taking advantage of their position, "
            "demand or accept money or goods of others and in return seek benefits for others.",
            "公司、企业或者其他单位的工作人员，利用职务上的便利，索取或者非法收受他人财物，为他人谋取利益的。"),
    _charge("snatching", "snatching", "抢夺罪", 267, "property sudden", 10,
            "Whoever openly seizes public or private property by surprise.",
            "公然夺取公私财物的。"),
    _charge("theft", "theft", "盗窃罪", 264, "property secret", 8,
            "Whoever steals public or private property by stealth.",
            "秘密窃取公私财物的。"),
    _charge("fraud", "fraud", "诈骗罪", 266, "property deceit", 9,
            "Whoever swindles public or private property by fabricating facts or concealing the truth.",
            "虚构事实、隐瞒真相，诈骗公私财物的。"),
    _charge("injury", "intentional injury", "故意伤害罪", 234, "violence injury", 16,
            "Whoever intentionally injures the body of another person.",
            "故意伤害他人身体的。"),
)
CHARGE = {one.id: one for one in CHARGES}

# Place i is the one that a planted correlation ties to charge i.
PLACES = tuple(Named(*one.split(" | ")) for one in (
    "East Gate Market | 东门市场", "North Bridge Station | 北桥车站", "South Lake Park | 南湖公园",
    "West Hill Estate | 西山小区", "Golden Water Tower | 金水大厦", "Red Star Depot | 红星仓库",
    "Ginkgo Street | 银杏街", "Blue Stone Pier | 青石码头", "White Pagoda Square | 白塔广场"))
ITEMS = tuple(Named(*one.split(" | ")) for one in (
    "a mobile phone | 手机", "a handbag | 手提包", "a gold necklace | 金项链", "an e-bike | 电动车",
    "a laptop | 笔记本电脑", "a wristwatch | 手表", "a camera | 照相机", "a bottle of spirits | 白酒",
    "a box of cigarettes | 香烟", "a power drill | 电钻"))
PERSONS = tuple(Named(*one.split(" | ")) for one in (
    "Zhao | 赵某", "Qian | 钱某", "Sun | 孙某", "Zhou | 周某", "Wu | 吴某", "Zheng | 郑某", "Feng | 冯某",
    "Jiang | 蒋某", "Shen | 沈某", "Tao | 陶某"))
_FIRMS = tuple(Named(*one.split(" | ")) for one in (
    "Qingfan Trading | 青帆商贸", "Yunqi Hardware | 云栖五金", "Hemu Furniture | 禾木家居"))
_COURTS = tuple(Named(*one.split(" | ")) for one in (
    "Linjiang County | 临江县", "Anping District | 安平区", "Heyang City | 和阳市"))
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")

# Six wordings of each element: three in everyday words, three in those of a judgment. p is the accused,
# v who suffers, g who gives, i the thing, a the amount, f the firm.
_WORDINGS: dict[str, tuple[Named, ...]] = {kind: tuple(Named(*one.split(" | ")) for one in told)
                                           for kind, told in {
    "property": (
        "{p} went off with property worth {a} yuan, {i} among it. | {p}拿走了价值{a}元的东西，其中有{i}。",
        "In the end {i} and other things worth {a} yuan were in {p}'s hands. | "
        "最后{i}等价值{a}元的东西到了{p}手里。",
        "{p} kept {i} and more, {a} yuan in all. | {p}把{i}等东西归了自己，一共值{a}元。",
        "What {p} obtained, including {i}, was appraised at {a} yuan. | "
        "经鉴定，{p}所得财物含{i}，价值{a}元。",
        "{p} took unlawful possession of {i} and other property to the value of {a} yuan. | "
        "{p}非法占有{i}等财物，数额为{a}元。",
        "Property of {a} yuan, {i} included, thereby came under the control of {p}. | "
        "包括{i}在内的财物共计{a}元由此为{p}所控制。"),
    "secret": (
        "While nobody was looking, {p} slipped in without a sound. | 趁没人注意，{p}悄悄溜了进去。",
        "{p} waited until everyone was asleep and picked the lock. | {p}等大家都睡着了，撬开了门锁。",
        "{p} reached into an open cupboard and no one noticed. | {p}把手伸进没关的柜子，谁也没有发觉。",
        "The act was carried out by stealth, without the holder's knowledge. | "
        "{p}采取秘密手段，未被保管人察觉。",
        "{p} entered by night with a copied key, unknown to the owner. | "
        "{p}于夜间用配制的钥匙潜入，所有人并不知情。",
        "{p} acted covertly during an unattended interval. | {p}在无人看管的间隙暗中下手。"),
    "sudden": (
        "{p} rode past on a scooter, tore it out of {v}'s hand and raced off. | "
        "{p}骑车从旁经过，一把从{v}手里扯走就跑。",
        "Before {v} could react, {p} grabbed it and ran into the crowd. | "
        "{v}还没反应过来，{p}抓起来就钻进了人群。",
        "In broad daylight {p} yanked it off {v}'s shoulder and fled. | "
        "大白天里，{p}从{v}肩上猛地一拽，转身就逃。",
        "Taking {v} unawares, {p} openly wrested it away. | {p}乘{v}不备，公然夺取后逃离。",
        "{p} seized it by surprise in public view. | {p}当众突然夺取。",
        "The act was an open seizure from {v}, over in a moment. | "
        "该行为系公开从{v}处夺走，瞬间即告完成。"),
    "deceit": (
        "{p} pretended to be a bank clerk, and was believed. | {p}冒充银行职员，对方信以为真。",
        "{p} made up a story about a sick child. | {p}编了一个孩子生病的谎话。",
        "{p} promised high returns from a project that did not exist. | "
        "{p}吹嘘一个高回报的项目，其实根本没有。",
        "{p} fabricated facts and concealed the truth. | {p}虚构事实、隐瞒真相。",
        "By forged documents {p} induced a mistaken belief. | {p}以伪造的单据使人陷入错误认识。",
        "{p} handed in false invoices, which were taken for genuine. | {p}提交虚假发票，他人误以为真。"),
    "violence": (
        "{p} held a knife to {v}'s neck. | {p}用刀抵住{v}的脖子。",
        "{p} knocked {v} to the ground and kicked. | {p}把{v}打倒在地，又踢又踹。",
        "{p} punched {v} in the face and promised worse. | {p}一拳打在{v}脸上，还说要再打。",
        "{p} used violence against the person of {v}. | {p}对{v}的人身实施暴力。",
        "{p} overcame {v}'s resistance by blows and threats. | {p}以殴打、胁迫方法压制{v}的反抗。",
        "{p} assaulted {v} with a blunt object. | {p}持钝器击打{v}。"),
    "injury": (
        "{v} was left with a broken arm. | {v}断了一条胳膊。",
        "{v} lost two teeth and lay in hospital for a month. | {v}掉了两颗牙，住院一个月。",
        "{v} could not see with one eye afterwards. | {v}后来有一只眼睛看不见了。",
        "{v}'s harm was assessed as minor injury of the first degree. | "
        "经鉴定，{v}的损伤程度为轻伤一级。",
        "The forensic report found a serious injury of {v}. | 法医鉴定意见为{v}构成重伤二级。",
        "{v} suffered a fracture of three ribs, as certified. | {v}三根肋骨骨折，有鉴定意见为证。"),
    "company_staff": (
        "{p} kept the storeroom of {f}, a private firm. | {p}在私人开的{f}看管库房。",
        "{p} drove deliveries for {f}, a family business. | {p}给家族企业{f}开车送货。",
        "{p} sold things for {f}, a private shop. | {p}在私人店铺{f}卖货。",
        "{p} was an employee of {f}, a privately held company. | {p}系民营企业{f}的员工。",
        "{p} served as purchasing manager of {f}, a limited company. | {p}任{f}有限公司采购经理。",
        "{p} was employed by {f}, which has no state share. | {p}受雇于没有国有股份的{f}。"),
    "state_staff": (
        "{p} worked for the district government. | {p}在区政府上班。",
        "{p} was a clerk in the tax office. | {p}是税务局的办事员。",
        "{p} did the books of a public hospital. | {p}在公立医院管账。",
        "{p} was a state functionary. | {p}系国家工作人员。",
        "{p} held public office in the land bureau. | {p}在国土局从事公务。",
        "{p} was delegated by the state to a state-owned enterprise. | {p}受国家机关委派到国有企业工作。"),
    "own_unit": (
        "What was missing belonged to {p}'s own workplace. | 少掉的正是{p}自己单位的东西。",
        "It was the employer's own stock. | 那是用人单位自己的存货。",
        "It all came out of the till at work. | 这些都出自上班的地方。",
        "The property belonged to the unit that {p} served. | 涉案财物属{p}所在单位所有。",
        "The assets were on the books of {p}'s own unit. | 涉案款物系{p}本单位账内资产。",
        "The loss fell on the unit of {p}. | {p}所在单位因此遭受损失。"),
    "office_used": (
        "It was {p}'s own job that opened the door. | 正是{p}自己的岗位给了方便。",
        "As the one who signs, {p} had to ask nobody. | 签字的就是{p}自己，用不着问别人。",
        "This passed through {p}'s hands every day at work. | 这正是{p}每天上班经手的事。",
        "{p} took advantage of the position held. | {p}利用了职务上的便利。",
        "The act rested on {p}'s powers of management. | 该行为凭借{p}主管、经手的职权。",
        "{p} abused the duties entrusted to the post. | {p}滥用了岗位所受委托的职责。"),
    "received": (
        "{g} slipped {p} an envelope with {a} yuan. | {g}塞给{p}一个装着{a}元的信封。",
        "{p} let {g} pay {a} yuan and got {i} besides. | {p}让{g}付了{a}元，另外还得了{i}。",
        "From {g} {p} got {i} and cash, together {a} yuan. | {p}从{g}那里得了{i}和现金，合计{a}元。",
        "{p} accepted money and goods of {a} yuan from {g}. | {p}收受{g}所送财物共计{a}元。",
        "{p} demanded {a} yuan of {g}, who paid. | {p}向{g}索要{a}元，{g}照付。",
        "{g} transferred {a} yuan to {p} as a rebate. | {g}以回扣名义转给{p}{a}元。"),
    "favour": (
        "In return {g} was moved to the front of the line. | 作为回报，{g}的事排到了最前面。",
        "After that {g}'s papers went through at once. | 此后{g}的手续一路绿灯。",
        "{p} saw to it that {g} got the order. | {p}设法让{g}拿到了订单。",
        "{p} sought benefits for {g} in awarding a contract. | {p}在发包中为{g}谋取利益。",
        "{g}'s bid was accepted on {p}'s word. | 经{p}关照，{g}得以中标。",
        "{p} helped {g} to be paid ahead of time. | {p}为{g}提前结算提供帮助。"),
}.items()}
_INTROS = tuple(Named(*one.split(" | ")) for one in (
    "On {d} {p} was at {place}. | {d}，{p}在{place}。",
    "The events took place at {place} on {d}. | {d}，事情发生在{place}。",
    "At {place}, on {d}, {p} was seen. | {d}，有人在{place}见到{p}。"))
_CLOSES = tuple(Named(*one.split(" | ")) for one in (
    "{p} was arrested three days later. | {p}三天后被抓获。",
    "{p} confessed before the police came. | {p}在警察到来前就认了。",
    "The People's Court of {c} heard the case. | 本案由{c}人民法院审理。"))
_COST = Named("Treatment cost {a} yuan.", "治疗花了{a}元。")
_PRIVATE = Named("It had nothing to do with {p}'s job.", "此事与{p}的工作无关。")

# Remarks that prove nothing. One that begins with the ids of elements is left out where these are true.
_REMARKS = tuple((frozenset(without.split()), Named(en, zh)) for without, en, zh in (
    one.split(" | ") for one in (
        "injury | No one was hurt. | 没有人受伤。",
        "violence | {p} did not threaten anyone. | {p}没有威胁任何人。",
        "violence | A knife lay in a drawer and was not used. | 抽屉里有一把刀，但没有用过。",
        "deceit | {p} had given the right name. | {p}报的是真名。",
        "secret | The locks were intact. | 门锁完好无损。",
        "received | Nobody had given {p} anything. | 没有人给过{p}什么好处。",
        "state_staff | The neighbour who called is a civil servant. | 打电话的邻居是一名公务员。",
        "company_staff | {p} once worked for a firm that has closed. | {p}曾在一家已经关门的公司干过。",
        "own_unit | A state firm has its office next door. | 隔壁是一家国有企业的办公室。",
        " | The police first suspected a theft. | 警方起初怀疑是盗窃。",
        " | Someone in the crowd shouted “robbery”. | 人群里有人喊“抢劫”。",
        " | {v} had been cheated on the telephone a year before. | {v}一年前在电话里被人骗过。",
        " | {v} had a scar from an old accident. | {v}身上有一处早年事故留下的旧伤。",
        " | {p} and {v} had once quarrelled about a parking place. | {p}和{v}曾为车位吵过架。",
        " | {p} had borrowed money from a cousin. | {p}向表弟借过钱。",
        " | It had rained since the morning. | 从早上起就一直下雨。",
        " | A bus driver saw part of it. | 一名公交司机看到了一部分。",
        " | {p} went home and cooked dinner. | {p}随后回家做了晚饭。",
        " | The cameras showed only shadows. | 监控只拍到人影。",
        " | {v} called the police from a shop. | {v}在一家店里报了警。")))

_ORDER = ("company_staff", "state_staff", "deceit", "secret", "sudden", "office_used", "violence",
          "property", "own_unit", "received", "favour", "injury")  # as they are told
_STAFF = frozenset({"company_staff", "state_staff"})
_MEANS = frozenset({"secret", "sudden", "deceit"})


def charge_of(elements: Set[str]) -> str:
    """The charge that follows from the elements; empty where none of the nine does."""
    return next((one.id for one in CHARGES if one.required <= elements), "")


@dataclass(frozen=True)
class Case:
    """What happened; all else follows from it, so ``dataclasses.replace`` tells a case anew.

    Attributes:
        elements: ids of ``ELEMENTS`` that are true of it.
        place, item: indices of ``PLACES`` and ``ITEMS``.
        amount: yuan; where nothing was taken or given, what the treatment cost.
        style: whether it is told in everyday words, in those of a judgment, or in both.
        persons: indices of ``PERSONS``: the accused, who suffers, who gives.
        date: (year, month, day).
        wording: one number a sentence, by which its wording is chosen.
        remarks: how many remarks that prove nothing are told.
    """

    elements: frozenset[str]
    place: int
    item: int
    amount: int
    style: Style
    persons: tuple[int, int, int]
    date: tuple[int, int, int]
    wording: tuple[int, ...]
    remarks: int = 2

    @cached_property
    def charge(self) -> str:
        """The id of its charge, or empty."""
        return charge_of(self.elements)

    @cached_property
    def office(self) -> Office:
        """What the accused is."""
        return "state" if "state_staff" in self.elements else \
            "company" if "company_staff" in self.elements else "none"

    @cached_property
    def term_months(self) -> int:
        """The term of imprisonment on the made scale; 0 without a charge."""
        return term_of(self.charge, self.amount, "injury" in self.elements)

    @cached_property
    def parts(self) -> tuple[tuple[str, Named], ...]:
        """Its sentences in order, each with the element that it tells; empty for all others."""
        slots_en, slots_zh = self._slots("en"), self._slots("zh")

        def told(one: Named) -> Named:
            en = one.en.format(**slots_en)
            return Named(en[0].upper() + en[1:], one.zh.format(**slots_zh))

        pick = iter(self.wording)
        intro, close = _INTROS[next(pick) % len(_INTROS)], _CLOSES[next(pick) % len(_CLOSES)]
        body = []
        for kind in _ORDER:
            number = next(pick)
            if kind in self.elements:
                which = number % 6 if self.style == "mixed" else \
                    number % 3 + 3 * (self.style == "legal")
                body.append((kind, told(_WORDINGS[kind][which])))
        if not self.elements & {"property", "received"}:
            body.append(("", told(_COST)))
        if self.elements & _STAFF and "office_used" not in self.elements:
            body.append(("", told(_PRIVATE)))
        start, *places = pick
        fitting = [one for without, one in _REMARKS if not without & self.elements]
        for index, place in zip(range(self.remarks), places, strict=False):
            remark = fitting[(start + 3 * index) % len(fitting)]
            body.insert(place % (len(body) + 1), ("", told(remark)))
        return (("", told(intro)), *body, ("", told(close)))

    def _slots(self, language: str) -> dict[str, str]:
        """What stands in the places of a wording."""
        year, month, day = self.date
        amount = f"{self.amount:,}" if language == "en" else str(self.amount)
        first, second, third = (getattr(PERSONS[one], language) for one in self.persons)
        return {
            "p": first, "v": second, "g": third, "a": amount,
            "i": getattr(ITEMS[self.item], language), "place": getattr(PLACES[self.place], language),
            "d": f"{day} {_MONTHS[month - 1]} {year}" if language == "en" else f"{year}年{month}月{day}日",
            "f": getattr(_FIRMS[self.wording[0] // 3 % len(_FIRMS)], language),
            "c": getattr(_COURTS[self.wording[1] // 3 % len(_COURTS)], language)}

    def names(self, language: str) -> tuple[tuple[str, str], ...]:
        """The names in its facts, each after what it names: a person, a place, a time, an organisation."""
        slots = self._slots(language)
        court = f"{slots['c']}人民法院" if language == "zh" else f"People's Court of {slots['c']}"
        known = (("time", slots["d"]), ("place", slots["place"]), ("person", slots["p"]),
                 ("person", slots["v"]), ("person", slots["g"]), ("organisation", slots["f"]),
                 ("organisation", court))
        facts = self.facts(language)
        return tuple((kind, name) for kind, name in known if name in facts)

    @cached_property
    def facts_en(self) -> str:
        """The facts as a paragraph."""
        return " ".join(one.en for _, one in self.parts)

    @cached_property
    def facts_zh(self) -> str:
        """The facts as a paragraph."""
        return "".join(one.zh for _, one in self.parts)

    def facts(self, language: str) -> str:
        """The facts in ``"en"`` or ``"zh"``."""
        return self.facts_zh if language == "zh" else self.facts_en


def term_of(charge: str, amount: int, injury: bool = False) -> int:
    """Months on the made scale: more for a larger amount, and for an injury on top of a robbery."""
    if not charge:
        return 0
    months = CHARGE[charge].base_months
    if charge != "injury":
        months += round(18 * math.log10(max(amount, 1000) / 1000))
    return months + 24 * (injury and charge == "robbery")


def make_case(charge: str, draw: random.Random, place_bias: float = 0.0, style: Style = "mixed") -> Case:
    """One case of a charge: its required elements, and some that do not decide it.

    Args:
        place_bias: how often it is set in the place that belongs to its charge (``PLACES``), rather
            than in one drawn evenly: a correlation that proves nothing.
    """
    elements = set(CHARGE[charge].required)
    if charge == "robbery":
        elements |= set(draw.choice((("secret",), ("sudden",), ())))
        elements |= {"injury"} if draw.random() < 0.3 else set()
    elif charge in ("corruption", "embezzlement"):
        elements |= set(draw.choice((("secret",), ("deceit",), ())))
    if "office_used" not in elements and draw.random() < 0.25:
        elements.add(draw.choice(sorted(_STAFF)))  # an office that has nothing to do with it
    place = draw.randrange(len(PLACES))
    if draw.random() < place_bias:
        place = CHARGES.index(CHARGE[charge])
    first, second, third = draw.sample(range(len(PERSONS)), 3)
    return Case(
        elements=frozenset(elements), place=place, item=draw.randrange(len(ITEMS)),
        amount=_amount(draw), style=style,
        persons=(first, second, third),
        date=(draw.randrange(2015, 2026), draw.randrange(1, 13), draw.randrange(1, 29)),
        wording=tuple(draw.randrange(9000) for _ in range(len(_ORDER) + 2 + 1 + 4)))


def _amount(draw: random.Random) -> int:
    """From 2,000 to 400,000 yuan, drawn evenly by ratio, alike for every charge."""
    return 100 * round(20 * math.pow(200, draw.random()))


def make_cases(count: int, seed: int, place_bias: float = 0.0, style: Style = "mixed") -> list[Case]:
    """``count`` cases, the charges taking turns: the first 9 n hold n of each."""
    draw = random.Random(seed)
    return [make_case(CHARGES[index % len(CHARGES)].id, draw, place_bias, style)
            for index in range(count)]


def edited(case: Case, *, amount: int | None = None, violence: bool | None = None,
           office: Office | None = None) -> Case:
    """The same story with some facts changed; what they entail changes with them.

    Without violence nobody is injured, and what was robbed is then snatched, if nothing else is said
    of how it was taken. An office is one that was used, and what was taken is then its own unit's;
    without one, what was embezzled is then stolen. A favour for money is no charge of the nine without
    an office.
    """
    elements = set(case.elements)
    if violence is not None and violence != ("violence" in elements):
        if violence:
            elements.add("violence")
        else:
            elements -= {"violence", "injury"}
            if "property" in elements and not elements & (_MEANS | {"office_used"}):
                elements.add("sudden")
    if office is not None and (office != case.office or ("office_used" not in elements and office != "none")):
        elements -= _STAFF | {"office_used", "own_unit"}
        if office != "none":
            elements |= {f"{office}_staff", "office_used"}
            elements |= {"own_unit"} if "property" in elements else set()
        elif "property" in elements and not elements & (_MEANS | {"violence"}):
            elements.add("secret")
    return replace(case, elements=frozenset(elements), amount=case.amount if amount is None else amount)

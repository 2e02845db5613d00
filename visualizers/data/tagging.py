"""Sentences with the part of speech of each word, made by small grammars, in English and Chinese.

Some words have two readings, as in *the old man the boats*, and the grammars are made so that what
decides between them stands on one side: to the left, to the right, or partly on each. Every word
belongs to one class, and a sentence is a pattern of classes whose words are drawn independently. So
it can be *counted* how well any reader could do that sees only one side: the best guess is the tag
that most of the patterns with the same classes so far would give.

Nobody wrote these sentences, and whoever shows them says so.

    grammar = GRAMMARS["English"](reach=1)
    words, tags, needs = grammar.fill(rng.random((8, 1 + grammar.longest)))     # (8, T) each
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

LEFT, RIGHT, BOTH = range(3)  # what a word needs beside itself
NOTHING = -1                  # … no word on either side, or any one of the two sides will do
NEEDS = ("left", "right", "both")
TAGS = {"n": "noun", "v": "verb", "adj": "adjective", "adv": "adverb", "pron": "pronoun",
        "det": "determiner", "prep": "preposition", "ptcp": "participle", "ger": "gerund",
        "aux": "auxiliary", "ptcl": "particle", "punct": "punctuation"}
FILLER = "…"                  # in a pattern: 0 … reach copies of what follows in brackets


@dataclass(frozen=True)
class Slot:
    """A place in a pattern: any word of a class, and the tag it has there."""

    kind: str
    tag: str


@dataclass(frozen=True)
class Grammar:
    """Patterns with weights over classes of words.

    Attributes:
        classes: words by the name of their class; no word is in two classes.
        patterns: K sequences of slots.
        weights: how often each pattern is drawn, (K,), summing to one.
        examples: for each of ``NEEDS``, sentences in which some word needs that.
        joined: whether words are written without spaces.
    """

    classes: dict[str, tuple[str, ...]]
    patterns: tuple[tuple[Slot, ...], ...]
    weights: NDArray[np.float64]
    examples: tuple[tuple[str, ...], ...]
    joined: bool = False

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """C tags, in the order in which the patterns bring them up."""
        return tuple(dict.fromkeys(slot.tag for one in self.patterns for slot in one))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The vocabulary, V words; word 0 is the empty one after the end of a sentence."""
        return "", *(word for listed in self.classes.values() for word in listed)

    @cached_property
    def ids(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.words)}

    @property
    def longest(self) -> int:
        """T, the words of the longest pattern."""
        return max(map(len, self.patterns))

    # --- sentences

    @cached_property
    def _tables(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Class, tag and need of each place (K, T), and each class's words (N, W) and their number."""
        kinds = ["", *self.classes]
        kind = np.zeros((len(self.patterns), self.longest), np.int64)
        tag = np.full_like(kind, -1)
        for k, pattern in enumerate(self.patterns):
            kind[k, : len(pattern)] = [kinds.index(slot.kind) for slot in pattern]
            tag[k, : len(pattern)] = [self.tags.index(slot.tag) for slot in pattern]
        sizes = np.array([1, *(len(listed) for listed in self.classes.values())])
        members = np.zeros((len(kinds), sizes.max()), np.int64)
        for index, listed in enumerate(self.classes.values(), 1):
            members[index, : len(listed)] = [self.ids[word] for word in listed]
        return kind, tag, self.needs, members, sizes

    def fill(self, uniform: NDArray[np.float64]) -> tuple[Ints, Ints, Ints]:
        """Sentences from numbers drawn from 0 … 1: one for the pattern, then one for each word.

        Args:
            uniform: (B, 1 + T).

        Returns:
            words (B, T), 0 after the end; tags (B, T), −1 after the end; needs (B, T).
        """
        kind, tag, needs, members, sizes = self._tables
        k = np.searchsorted(np.cumsum(self.weights)[:-1], uniform[:, 0], side="right")  # (B,)
        drawn = (uniform[:, 1:] * sizes[kind[k]]).astype(np.int64)                      # (B, T)
        return members[kind[k], drawn], tag[k], needs[k]

    def cut(self, text: str) -> tuple[str, ...]:
        """A typed text as words. Without spaces between them, the longest known word comes next."""
        for mark in (".", "。"):
            text = text.replace(mark, f" {mark} ")
        parts = text.lower().split()
        return tuple(word for part in parts for word in self._pieces(part)) if self.joined \
            else tuple(parts)

    def _pieces(self, text: str) -> list[str]:
        found, longest = [], max(map(len, self.words))
        while text:
            size = next((n for n in range(min(longest, len(text)), 0, -1) if text[:n] in self.ids), 1)
            found.append(text[:size])
            text = text[size:]
        return found

    def read(self, words: Sequence[str]) -> tuple[Ints, Ints] | None:
        """Tags and needs of a sentence, (T,) each; none if it is not a sentence of the grammar."""
        kind_of = {word: kind for kind, listed in self.classes.items() for word in listed}
        kinds = [kind_of.get(word) for word in words]
        for k, pattern in enumerate(self.patterns):
            if kinds == [slot.kind for slot in pattern]:
                return self._tables[1][k, : len(words)], self.needs[k, : len(words)]
        return None

    # --- what one side can tell

    @cached_property
    def hits(self) -> NDArray[np.float64]:
        """How often the best guess is right at each place, (2, K, T): from the words up to this one,
        and from this one on. Where two tags are equally likely, each is guessed half the time."""
        found = np.ones((2, len(self.patterns), self.longest))
        for side in (LEFT, RIGHT):
            counted: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
            places = [(k, t, tuple(slot.kind for slot in (one[: t + 1], one[t:])[side]), one[t].tag)
                      for k, one in enumerate(self.patterns) for t in range(len(one))]
            for k, _, seen, tag in places:
                counted[seen][tag] += self.weights[k]
            for k, t, seen, tag in places:
                top = max(counted[seen].values())
                best = [one for one, weight in counted[seen].items() if weight > top - 1e-9]
                found[side, k, t] = (tag in best) / len(best) if len(counted[seen]) > 1 else 1.0
        return found

    @cached_property
    def needs(self) -> Ints:
        """What the word at each place needs beside itself, (K, T): LEFT, RIGHT, BOTH or NOTHING."""
        tags_seen: list[defaultdict[tuple[str, ...], set[str]]] = [defaultdict(set), defaultdict(set)]
        for one in self.patterns:
            for t, slot in enumerate(one):
                for side in (LEFT, RIGHT):
                    seen = tuple(each.kind for each in (one[: t + 1], one[t:])[side])
                    tags_seen[side][seen].add(slot.tag)
        found = np.full((len(self.patterns), self.longest), NOTHING, np.int64)
        for k, one in enumerate(self.patterns):
            kinds = tuple(slot.kind for slot in one)
            for t in range(len(one)):
                left_is_enough = len(tags_seen[LEFT][kinds[: t + 1]]) == 1
                right_is_enough = len(tags_seen[RIGHT][kinds[t:]]) == 1
                if not (left_is_enough and right_is_enough):
                    found[k, t] = LEFT if left_is_enough else RIGHT if right_is_enough else BOTH
        return found

    @cached_property
    def ceiling(self) -> NDArray[np.float64]:
        """The best accuracy of a reader of one side, (2, 3): LEFT or RIGHT side × need of the word."""
        weight = self.weights[:, None] * np.array([self.needs == need for need in range(3)])
        return np.array([[(weight[need] * hit).sum() / max(weight[need].sum(), 1e-9)
                          for need in range(3)] for hit in self.hits])


def grammar(
    classes: str, patterns: str, examples: Sequence[str], reach: int, joined: bool = False
) -> Grammar:
    """A grammar from its description.

    Args:
        classes: lines ``name: word word …``.
        patterns: lines ``weight  class/tag class/tag …``. ``…( class/tag … )`` stands for none up to
            ``reach`` copies, each equally likely. What is no class is a word, a class of its own.
        examples: for each need, sentences separated by ``|``.
    """
    listed = {name.strip(): tuple(words.split())
              for name, _, words in (line.partition(":") for line in classes.strip().splitlines())}
    made: list[tuple[Slot, ...]] = []
    weights: list[float] = []
    for line in patterns.strip().splitlines():
        weight, text = line.split(maxsplit=1)
        before, _, rest = text.partition(FILLER + "(")
        filler, _, after = rest.partition(")")
        copies = range(reach + 1) if filler else range(1)
        for count in copies:
            slots = (before.split() + count * filler.split() + after.split()) if filler \
                else text.split()
            pairs = (one.split("/") for one in slots)
            made.append(tuple(Slot(kind, TAGS.get(tag, tag)) for kind, tag in pairs))
            weights.append(float(weight) / len(copies))
    for slot in (slot for one in made for slot in one):
        listed.setdefault(slot.kind, (slot.kind,))
    return Grammar(listed, tuple(made), np.array(weights) / sum(weights),
                   tuple(tuple(one.strip() for one in each.split("|")) for each in examples), joined)


def english(reach: int = 1) -> Grammar:
    """Garden paths and homographs. ``reach``: how many phrases may stand between a word and what
    decides about it."""
    return grammar("""
        we: we they you
        like: like want prefer need love
        kin: brother sister mother father friend
        old: old young rich poor sick wise brave proud
        man: man guard cook judge nurse pilot coach
        sails: sails repairs paints sells loads
        boats: boats ships wagons houses planes
        visiting: visiting flying charming entertaining moving boring
        relatives: relatives snakes clowns guests neighbours
        tiring: tiring dangerous common rare useful
        horse: horse dog boat car wagon
        raced: raced walked moved marched rolled
        past: past near behind beside
        barn: barn river town market bridge
        fell: fell stopped slept vanished arrived
        often: often never quietly always
        cut: cut hit shut read split spread
        bread: bread box door book rope
        calm: calm quiet cool warm dry light
        animals: animals children rooms streets voices
        """, """
        2.0  we/pron like/v her/pron ./punct
        2.0  we/pron like/v her/det kin/n ./punct
        2.0  the/det old/adj man/n sails/v the/det boats/n ./punct
        2.0  the/det old/n man/v the/det boats/n ./punct
        2.0  visiting/ger relatives/n …( past/prep the/det barn/n ) is/v tiring/adj ./punct
        2.0  visiting/ptcp relatives/n …( past/prep the/det barn/n ) are/v tiring/adj ./punct
        2.0  the/det horse/n raced/v past/prep the/det barn/n …( past/prep the/det barn/n ) ./punct
        2.0  the/det horse/n raced/ptcp past/prep the/det barn/n …( past/prep the/det barn/n ) fell/v ./punct
        3.0  we/pron did/aux …( often/adv ) cut/v the/det bread/n ./punct
        3.0  we/pron had/aux …( often/adv ) cut/ptcp the/det bread/n ./punct
        2.0  we/pron like/v the/det man/n ./punct
        2.0  we/pron like/v to/ptcl man/v ./punct
        2.0  we/pron like/v the/det calm/adj animals/n ./punct
        2.0  we/pron like/v the/det calm/n ./punct
        1.0  we/pron like/v to/ptcl calm/v animals/n ./punct
        3.0  we/pron like/v to/ptcl calm/v ./punct
        """, (
        "they did cut the bread . | they had cut the bread . | we like to cook . | we like the cook .",
        "the old man the boats . | the old man sails the boats . | the horse raced past the barn fell . "
        "| the horse raced past the barn . | they want her . "
        "| they want her brother . | visiting relatives is tiring . | visiting relatives are tiring .",
        "they like the calm animals . | they like the calm ."), reach)


def chinese(reach: int = 1) -> Grammar:
    """Words that are verb or preposition, noun or verb, by what stands beside them."""
    return grammar("""
        她: 她 他 我 我们 老师 同学
        在: 在 到
        家乡: 家乡 北京 上海 村子
        学校: 学校 公园 医院 图书馆 车站
        学习: 学习 唱歌 休息 跳舞 看书
        用: 用 拿
        朋友: 朋友 爸爸 妈妈 邻居
        电脑: 电脑 手机 毛笔 相机
        画画: 画画 写信 拍照 记账
        书: 书 钱 票 米 花
        买: 买 卖 拿走 送
        长期: 长期 深入 全面 系统
        研究: 研究 训练 翻译 设计 调查 实验
        认真: 认真 努力 仔细 安静
        稳定: 稳定 平衡 统一 繁荣 方便
        市场: 市场 社会 国家 城市
        """, """
        2.5  她/pron 在/v …( 家乡/n 的/ptcl ) 学校/n 。/punct
        2.5  她/pron 在/prep …( 家乡/n 的/ptcl ) 学校/n 学习/v 。/punct
        2.5  她/pron 用/v …( 朋友/n 的/ptcl ) 电脑/n 。/punct
        2.5  她/pron 用/prep …( 朋友/n 的/ptcl ) 电脑/n 画画/v 。/punct
        2.0  她/pron 没有/v 书/n 。/punct
        2.0  她/pron 没有/adv 买/v 书/n 。/punct
        2.5  这/pron 是/v 她/pron 的/ptcl …( 长期/adj ) 研究/n 。/punct
        2.5  她/pron 正在/adv …( 长期/adv ) 研究/v 。/punct
        2.5  她/pron 喜欢/v 认真/adj 的/ptcl 研究/n 。/punct
        2.5  她/pron 喜欢/v 认真/adv 地/ptcl 研究/v 。/punct
        2.0  她/pron 需要/v 稳定/adj 的/ptcl 市场/n 。/punct
        2.0  她/pron 需要/v 稳定/n 。/punct
        1.0  这/pron 是/v 可以/aux 稳定/v 的/ptcl 市场/n 。/punct
        3.0  她/pron 可以/aux 稳定/v 。/punct
        """, (
        "他 正在 研究 。 | 这 是 他 的 研究 。 | 她 喜欢 认真 地 训练 。 | 她 喜欢 认真 的 训练 。",
        "他 在 图书馆 看书 。 | 他 在 图书馆 。 | 她 用 电脑 画画 。 | 她 用 电脑 。 | 我 没有 买 票 。 "
        "| 我 没有 票 。",
        "我们 需要 稳定 的 市场 。 | 我们 需要 稳定 。"), reach, joined=True)


GRAMMARS = {"English": english, "Chinese": chinese}

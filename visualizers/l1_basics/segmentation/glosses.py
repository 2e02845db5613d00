"""What the sentences and their words mean, for those who do not read Chinese; and parts of speech."""

from __future__ import annotations

MEANINGS = {
    "married or not": "those who are married and those not yet married",
    "sold out": "the table-tennis-ball auction is over, or: the bats are sold out",
    "origin of life": "to study the origin of life",
    "growth": "output will grow by two times in three years",
    "a general": "the general appointed a lieutenant general",
    "a name": "Li Xiaofu studies at Fudan University in Shanghai",
    "a new word": "everybody pays with WeChat",
}

GLOSSES = {
    "一": "one", "一名": "one (person)", "三": "three", "三年": "three years", "上": "up",
    "上海": "Shanghai", "两": "two", "两倍": "two times", "中": "middle", "中将": "lieutenant general",
    "乒": "ping", "乒乓": "ping-pong", "乒乓球": "ping-pong ball", "乒乓球拍": "ping-pong bat", "乓": "pong",
    "书": "book", "了": "done", "产": "produce", "产量": "output", "付": "pay", "任": "appoint",
    "任命": "appoint", "信": "letter", "倍": "times", "军": "army", "卖": "sell", "卖完": "sell out",
    "名": "name", "命": "fate", "和": "and", "和尚": "monk", "在": "at", "增": "increase", "增长": "grow",
    "复": "again", "复旦": "Fudan", "复旦大学": "Fudan University", "大": "big", "大学": "university",
    "大家": "everybody", "婚": "wed", "学": "learn", "完": "finish", "家": "home", "将": "will",
    "将军": "general", "小": "small", "尚": "still", "尚未": "not yet", "年": "year", "微": "tiny",
    "微信": "WeChat", "拍": "bat, hit", "拍卖": "auction", "支": "support", "支付": "pay", "旦": "dawn",
    "未": "not", "未结": "unsettled", "李": "Li, plum", "李小福": "Li Xiaofu", "海": "sea", "源": "source",
    "球": "ball", "球拍": "bat", "生": "live", "生命": "life", "用": "use", "的": "of",
    "研": "grind", "研究": "research", "研究生": "graduate student", "福": "luck", "究": "probe",
    "结": "tie", "结婚": "marry", "读": "read", "读书": "study", "起": "rise", "起源": "origin",
    "都": "all", "量": "amount", "长": "long",
}

# What the dictionary's tags stand for; a longer one that is not here is what its first letter says.
PARTS_OF_SPEECH = {
    "a": "adjective", "ad": "adverb-adjective", "b": "distinguishing word", "c": "conjunction",
    "d": "adverb", "e": "interjection", "eng": "Latin letters", "f": "direction", "g": "part of a word",
    "h": "prefixed part", "i": "idiom", "j": "abbreviation", "k": "suffixed part", "l": "set phrase",
    "m": "numeral",
    "n": "noun", "o": "sound word", "p": "preposition", "q": "measure word", "r": "pronoun",
    "s": "locality",
    "t": "time word", "u": "particle", "v": "verb", "vn": "verb-noun", "w": "punctuation", "x": "other sign",
    "y": "mood particle", "z": "state word",
}

# Tags of names, and what they name.
NAMES = {"nr": "person", "nrt": "person", "nrfg": "person", "ns": "place", "nt": "organisation",
         "nz": "other name"}


def part_of_speech(tag: str) -> str:
    """The English name of a tag."""
    return NAMES.get(tag) or PARTS_OF_SPEECH.get(tag) or PARTS_OF_SPEECH.get(tag[:1], tag)

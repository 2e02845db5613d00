"""Word sets of association tests, in two languages, and words to keep them company in a made corpus.

The English sets are short forms of those of the Implicit Association Test as Caliskan, Bryson and
Narayanan (2017) used them; the Chinese ones are this program's own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WordTest:
    """Do the words of X lean to A rather than B more than those of Y do?

    Attributes:
        names: what X, Y, A and B are called.
        x, y: the two sets of target words.
        a, b: the two sets of attribute words.
        weat: what the sets are called in WEAT.json; empty for the program's own.
    """

    names: tuple[str, str, str, str]
    x: tuple[str, ...]
    y: tuple[str, ...]
    a: tuple[str, ...]
    b: tuple[str, ...]
    language: str = "en"
    weat: tuple[str, ...] = ()


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


_PLEASANT = _words("love peace friend happy laughter health gift honest")
_UNPLEASANT = _words("death disaster grief poison hatred poverty ugly prison")
_HE = _words("brother father uncle grandfather son he his him")
_SHE = _words("sister mother aunt grandmother daughter she hers her")

TESTS: dict[str, WordTest] = {
    "instruments / weapons": WordTest(
        ("instruments", "weapons", "pleasant", "unpleasant"),
        _words("violin guitar piano flute trumpet drum harp cello"),
        _words("gun sword rifle bomb pistol knife missile spear"), _PLEASANT, _UNPLEASANT,
        weat=("instruments", "weapons", "pleasant_5", "unpleasant_5a")),
    "flowers / insects": WordTest(
        ("flowers", "insects", "pleasant", "unpleasant"),
        _words("rose lily tulip daisy orchid violet iris poppy"),
        _words("ant spider fly moth wasp mosquito beetle cricket"), _PLEASANT, _UNPLEASANT,
        weat=("flowers", "insects", "pleasant_5", "unpleasant_5a")),
    "names of men / of women": WordTest(
        ("names of men", "names of women", "career", "family"),
        _words("John Paul Mike Kevin Steve Greg Jeff Bill"),
        _words("Amy Joan Lisa Sarah Diana Kate Ann Donna"),
        _words("executive management professional corporation salary office business career"),
        _words("home parents children family cousins marriage wedding relatives"),
        weat=("male_names", "female_names", "career", "family")),
    "mathematics / arts": WordTest(
        ("mathematics", "arts", "words for men", "words for women"),
        _words("math algebra geometry calculus equations computation numbers addition"),
        _words("poetry art dance literature novel symphony drama sculpture"),
        _words("male man boy brother he him his son"),
        _words("female woman girl sister she her hers daughter"),
        weat=("math", "arts", "male_terms", "female_terms")),
    "science / arts": WordTest(
        ("science", "arts", "words for men", "words for women"),
        _words("science technology physics chemistry einstein nasa experiment astronomy"),
        _words("poetry art shakespeare dance literature novel symphony drama"), _HE, _SHE,
        weat=("science", "arts_2", "male_terms_2", "female_terms_2")),
    "flowers / insects, Chinese": WordTest(
        ("flowers", "insects", "pleasant", "unpleasant"),
        _words("玫瑰 百合 牡丹 荷花 菊花 兰花 茉莉 郁金香"),
        _words("苍蝇 蚊子 蟑螂 蚂蚁 蝗虫 黄蜂 飞蛾 跳蚤"),
        _words("喜悦 爱 和平 快乐 朋友 幸福 笑声 健康"),
        _words("痛苦 死亡 灾难 仇恨 疾病 毒药 事故 贫穷"), "zh"),
    "science / arts, Chinese": WordTest(
        ("science", "arts", "words for men", "words for women"),
        _words("科学 技术 物理 化学 实验 天文 数学 工程"),
        _words("诗歌 艺术 舞蹈 文学 小说 交响乐 戏剧 雕塑"),
        _words("哥哥 父亲 叔叔 爷爷 儿子 他 男孩 男人"),
        _words("姐姐 母亲 阿姨 奶奶 女儿 她 女孩 女人"), "zh"),
}

# Words outside the test: those that keep company with A, with B, and with all.
COMPANY = {
    "en": (_words("morning harbour window garden river apple letter bridge"),
           _words("cellar copper winter corner basket ladder engine forest"),
           _words("table street paper water evening number walk market village stone coat story")),
    "zh": (_words("清晨 港口 窗户 花园 河流 苹果 信件 桥梁"),
           _words("地窖 铜器 冬天 街角 篮子 梯子 引擎 森林"),
           _words("桌子 街道 纸张 水 傍晚 数字 散步 市场 村庄 石头 大衣 故事")),
}

"""Chinese sentences made by a small grammar, for when no Chinese text has been fetched.

The words fall into groups that are used alike (animals with animals, cities with cities), which is
all that embeddings and small language models need in order to show what they do. Nobody wrote these
sentences, and whoever shows them says so.
"""

from __future__ import annotations

import random

from visualizers.data.registry import Source


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


_PEOPLE = _words("老师 学生 医生 护士 工人 农民 司机 厨师 作家 画家 律师 法官 警察 商人 记者")
_FEMALE = _words("女王 公主 母亲 女儿 姐姐 奶奶 妻子 姑娘")
_MALE = _words("国王 王子 父亲 儿子 哥哥 爷爷 丈夫 小伙子")
_ANIMALS = _words("小猫 小狗 兔子 老虎 狮子 大象 猴子 熊猫 马 牛 羊 鸭子")
_CITIES = _words("北京 上海 广州 成都 西安 杭州 南京 武汉 重庆 天津")
_COUNTRIES = (("中国", "北京"), ("法国", "巴黎"), ("日本", "东京"), ("英国", "伦敦"),
              ("德国", "柏林"), ("意大利", "罗马"), ("俄罗斯", "莫斯科"), ("埃及", "开罗"))
_FOODS = _words("米饭 面条 饺子 包子 馒头 豆腐 鱼 鸡蛋 青菜")
_FRUITS = _words("苹果 香蕉 葡萄 西瓜 桃子 梨 橘子 草莓")
_DRINKS = _words("茶 咖啡 牛奶 果汁 水 豆浆")
_PLACES = _words("学校 医院 公园 商店 图书馆 车站 工厂 饭馆 博物馆 法院")
_VEHICLES = _words("火车 飞机 汽车 公共汽车 自行车 地铁 轮船")
_SEASONS = (("春天", "暖和", "花开了"), ("夏天", "炎热", "常常下雨"),
            ("秋天", "凉爽", "树叶黄了"), ("冬天", "寒冷", "常常下雪"))
_COLOURS = _words("红色 蓝色 绿色 黄色 白色 黑色 紫色")
_TIMES = _words("早上 中午 下午 晚上 昨天 今天 星期天 周末")
_SUBJECTS = _words("数学 语文 英语 历史 物理 化学 生物 音乐")
_FEELINGS = _words("高兴 难过 生气 害怕 惊讶 满意 着急")
_SIZES = (("大", "小"), ("高", "矮"), ("长", "短"), ("快", "慢"), ("新", "旧"), ("多", "少"))


def read(count: int = 12_000, seed: int = 0) -> str:
    """``count`` sentences, one paragraph of eight sentences a line; the same for the same seed."""
    draw = random.Random(seed)
    one = draw.choice

    def sentence() -> str:
        country, capital = one(_COUNTRIES)
        season, weather, happens = one(_SEASONS)
        big, small = one(_SIZES)
        pair = draw.randrange(len(_MALE))
        return one((
            f"{one(_TIMES)}，{one(_PEOPLE)}坐{one(_VEHICLES)}去{one(_CITIES)}。",
            f"{one(_PEOPLE)}在{one(_PLACES)}里喝{one(_DRINKS)}，吃{one(_FOODS)}。",
            f"{one(_ANIMALS)}在{one(('森林', '河边', '山上', '草地', '院子'))}里跑，"
            f"比{one(_ANIMALS)}跑得{one(('快', '慢'))}。",
            f"{country}的首都是{capital}，{one(_PEOPLE)}坐飞机从{capital}回来。",
            f"{season}到了，天气{weather}，{happens}。",
            f"{one(_PEOPLE)}买了三斤{one(_FRUITS)}和两斤{one(_FRUITS)}，{one(_FRUITS)}很甜。",
            f"{one(_PEOPLE)}穿着{one(_COLOURS)}的衣服，"
            f"坐在{one(_COLOURS)}的{one(('椅子', '沙发', '汽车'))}上。",
            f"学生在{one(_PLACES)}学习{one(_SUBJECTS)}和{one(_SUBJECTS)}，老师很{one(_FEELINGS)}。",
            f"{_MALE[pair]}和{_FEMALE[pair]}住在{one(_CITIES)}，他们{one(('都', '非常', '有点'))}"
            f"{one(_FEELINGS)}。",
            f"他是{_MALE[pair]}，她是{_FEMALE[pair]}。",
            f"这个{one(('房子', '箱子', '桌子', '杯子'))}很{big}，那个很{small}，"
            f"不{big}也不{small}的最好。",
            f"{one(_PEOPLE)}问{one(_PEOPLE)}：“{one(_PLACES)}在哪里？”"
            f"“在{one(_PLACES)}的{one(('前面', '后面', '旁边', '对面'))}。”",
        ))

    lines = ["".join(sentence() for _ in range(8)) for _ in range(count // 8)]
    return "\n".join(lines) + "\n"


SOURCE = Source(
    kind="text", id="chinese-sentences", title="Chinese sentences", language="zh",
    about="Simple sentences made by a small grammar of this program",
    licence="Made by this program", read=read)

"""Laws of China that a model can be asked about in English, and questions whose answer can be looked up.

The texts of the statutes are Chinese, so each question has the Chinese words that a search looks for;
which article has them is not written here but found.
"""

from __future__ import annotations

from typing import NamedTuple

from visualizers.data.statutes import Article, Statutes

NAMES = {
    "刑法": "Criminal Law", "宪法": "Constitution", "民法典": "Civil Code", "劳动法": "Labor Law",
    "公司法": "Company Law", "刑事诉讼法": "Criminal Procedure Law", "民事诉讼法": "Civil Procedure Law",
    "著作权法": "Copyright Law", "专利法": "Patent Law", "商标法": "Trademark Law",
    "教育法": "Education Law", "食品安全法": "Food Safety Law", "证券法": "Securities Law",
    "保险法": "Insurance Law", "劳动合同法": "Labor Contract Law", "网络安全法": "Cybersecurity Law",
    "个人信息保护法": "Personal Information Protection Law", "海商法": "Maritime Law",
}


class Question(NamedTuple):
    """What is asked, the law that it is about, and the words to look for in it."""

    say: str
    law: str
    words: str


QUESTIONS = (
    Question("Which article of the Criminal Law of China punishes theft?", "Criminal Law",
             "盗窃公私财物，数额较大的"),
    Question("Which article of the Constitution of China protects the freedom of speech?", "Constitution",
             "言论、出版、集会、结社、游行、示威的自由"),
    Question("Which article of the Labor Law of China limits the working day to eight hours?", "Labor Law",
             "劳动者每日工作时间不超过八小时"),
    Question("Which article of the Criminal Law of China punishes fraud?", "Criminal Law",
             "诈骗公私财物，数额较大的"),
    Question("Which article of the Patent Law of China says how long a patent lasts?", "Patent Law",
             "发明专利权的期限为二十年"),
    Question("Which article of the Constitution of China sets the age to vote?", "Constitution",
             "年满十八周岁的公民，都有选举权和被选举权"),
)


def in_english(book: Statutes) -> tuple[Article, ...]:
    """The numbered articles of those laws as they are cited in English; their texts stay Chinese."""
    return tuple(one._replace(law=NAMES[one.law], label=f"{int(one.number)}") for one in book.articles
                 if one.law in NAMES and one.number == int(one.number))

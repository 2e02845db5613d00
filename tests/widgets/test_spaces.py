"""Words: values in their places, and a space where Latin letters meet Chinese ones."""

from __future__ import annotations

import pytest

from widgets.theme.words import Words

TABLE = {"trained by {method}": "{method}训练的参数", "after {n} steps": "第{n}步之后",
         "{a} of {b}": "{b}中的{a:.1f}", "plain": "平的"}


@pytest.mark.parametrize(("text", "values", "said"), [
    ("trained by {method}", {"method": "LoRA"}, "LoRA 训练的参数"),
    ("trained by {method}", {"method": "全量微调"}, "全量微调训练的参数"),
    ("trained by {method}", {"method": "前缀 P"}, "前缀 P 训练的参数"),
    ("after {n} steps", {"n": 3}, "第3步之后"),
    ("{a} of {b}", {"a": 1.25, "b": "3 kB"}, "3 kB 中的1.2"),
    ("plain", {}, "平的"),
    ("no entry for {x}", {"x": "LoRA"}, "no entry for LoRA"),
])
def test_that_a_value_keeps_its_distance_from_chinese(
    text: str, values: dict[str, object], said: str
) -> None:
    assert Words("zh", TABLE)(text, **values) == said


def test_that_english_is_left_alone() -> None:
    assert Words()("“{token}的”", token="a") == "“a的”"

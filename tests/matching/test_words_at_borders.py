"""Words are found where a text is cut for speed: after 64 characters of a row, and after eight letters of a word."""

import re

import numpy as np
import pyarrow as pa
import pytest

from labelkit.matching import ColumnScan, column_scan
from labelkit.rules.predicates import Words


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    """Compile the tables, however few the rows are."""
    monkeypatch.setattr(column_scan, "WORTH_COMPILING", 0)


def by_re(word):
    """A word as a pattern: no word character may stand beside one at its ends."""
    before = r"(?<!\w)" if re.match(r"\w", word) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", word) else ""
    return before + re.escape(word) + after


def votes_and_truth(lists, texts):
    """The votes of a scan, and what ``re`` says of each list and text."""
    votes = ColumnScan([Words(tuple(words)) for words in lists]).scan(pa.array(texts))
    patterns = [re.compile("|".join(map(by_re, words)), re.IGNORECASE) for words in lists]
    return votes, np.array([[pattern.search(text) is not None for pattern in patterns] for text in texts])


@pytest.mark.parametrize("filler", ["x", "-", "x ", "é", "🙂", "-é ", "日"])
def test_words_are_found_at_each_place_of_a_text(filler):
    before = [(filler * n)[:n] for n in range(140)]
    lists = [["spam"], ["check out"], ["c++"], ["#ad"], ["🙂🙂"]]
    texts = [
        b + gap + word for b in before for gap in ("", " ") for word in ("SPAM", "check out", "c++ now", "#ad", "")
    ]
    texts += [text + filler for text in texts] + [word + " " + text for text in texts[:300] for word in ("spam", "a")]
    votes, truth = votes_and_truth(lists, texts)
    assert np.array_equal(votes, truth)
    assert truth.any(axis=0).sum() >= 4
    assert not truth.all(axis=0).any()


def test_words_of_any_length_are_told_from_longer_and_shorter_ones():
    letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
    words = [letters[:n] for n in range(1, 38)]
    votes, truth = votes_and_truth([[word] for word in words], [f"say {word.upper()}, twice" for word in words])
    assert np.array_equal(votes, np.eye(len(words), dtype=bool))
    assert np.array_equal(votes, truth)


def test_letters_whose_last_bytes_are_equal_are_told_apart():
    texts = ["taak", "ta\u0161k", "t\u0461ak", "ta\u0561k", "ta\u0100", "ta", "taa", "ta\u0200"]
    votes, truth = votes_and_truth([[text] for text in texts], [f"{text} and {text.upper()}" for text in texts])
    assert np.array_equal(votes, truth)
    assert votes.diagonal().all()
    assert not votes[0, 1:4].any()


@pytest.mark.parametrize("spaces", [" ", "  ", "\n\t ", "\u3000\u2028", " " * 70])
def test_white_space_between_the_words_of_a_phrase_is_one_space_wherever_it_is(spaces):
    texts = ["x" * n + spaces + "check" + spaces + "out" + spaces + "y" * m for n in range(55, 70) for m in (0, 9)]
    scan = ColumnScan([Words(("check out",)), Words(("checkout",)), Words(("out",))])
    votes = scan.scan(pa.array([*texts, "checkout", ""]))
    assert votes[:-2].tolist() == [[True, False, True]] * len(texts)
    assert votes[-2:].tolist() == [[False, True, False], [False, False, False]]

"""A check notes rows without a value, on which a rule is not called that looks for empty texts or missing values."""

import math

import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules


@lk.column
def n_words(text: str) -> int:
    return len(text.split())


@lk.labeling_function
def empty(text: str) -> int | None:
    return 1 if not text.strip() else None


@lk.labeling_function
def short(n_words: int) -> int | None:
    return 0 if n_words < 3 else None


@lk.labeling_function
def no_words(n_words: int) -> int | None:
    return 1 if n_words == 0 else None


@lk.labeling_function
def takes_null(text: str | None) -> int | None:
    return None if text else 1


@lk.labeling_function
def first_word(text: str) -> int | None:
    return 1 if text.split(maxsplit=1)[0] == "free" else None


@lk.labeling_function(batch=True)
def batched(text) -> list:
    return [0 if one == "" else -1 for one in text]


no_link = (~lk.regex("http")).rule(name="no_link", column="text", label=0)
blank = lk.regex(r"^\s*$", label=1).rule(name="blank", column="title")
word = lk.keywords("free", label=1).rule(name="word", column="text")


def notes(*rules, corpus):
    report = check_rules(lk.LabelingFunctions(rules, labels=["HAM", "SPAM"]), corpus)
    return [problem for problem in report.problems if problem.code == "LK917"]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('text,title\nfree money for you,a\n,b\n,\nhttp see this page,c\n"",d\n')
    return path


def test_it_is_noted_once_a_column_with_the_number_of_rows_and_the_rules(corpus):
    text, title = notes(empty, short, no_words, no_link, blank, word, corpus=corpus)
    assert text.severity == "note"
    assert "'text' is missing in 2 of the 5 rows that were tried" in text.message
    assert "empty, no_words look for empty texts, but are not called" in text.message
    assert "`text: str | None`" in text.hint
    assert "'title' is missing in 1 of the 5 rows" in title.message
    assert "blank looks for empty texts, but is not called" in title.message


@pytest.mark.parametrize("rule", [takes_null, word, first_word, batched, short, no_link])
def test_a_rule_that_takes_null_or_looks_for_other_texts_is_not_named(corpus, rule):
    assert notes(rule, corpus=corpus) == []


def test_texts_that_are_there_are_no_matter(corpus):
    assert notes(empty, short, corpus={"text": ["", "a b c d", "free"]}) == []
    assert notes(empty, corpus={"text": ["free", None]})[0].message.startswith("'text' is missing in 1 of the 2 rows")


def test_the_remedy_gives_votes(corpus):
    votes = lk.Applier([takes_null], labels=["HAM", "SPAM"]).apply(corpus).votes[:, 0]
    assert votes.tolist() == [-1, 1, 1, -1, 1]


@lk.labeling_function
def no_likes(likes) -> int | None:
    return 1 if math.isnan(likes or math.nan) else None


@lk.labeling_function
def no_title(title: str, likes: object) -> int | None:
    return 1 if title in {None, "-"} else None


@lk.labeling_function
def unpopular(likes) -> int | None:
    return 1 if likes != 3 else None


@lk.labeling_function
def takes_no_likes(likes: int | None) -> int | None:
    return 1 if likes is None else None


def test_rules_that_look_for_missing_values_are_noted_whatever_the_type():
    corpus = {"likes": [3, 5, None], "title": ["a", None, "b"]}
    likes, title = notes(no_likes, no_title, unpopular, takes_no_likes, corpus=corpus)
    assert "'likes' is missing in 1 of the 3 rows" in likes.message
    assert "no_likes looks for missing values, but is not called where there is none" in likes.message
    assert likes.hint.endswith("`likes: int | None` with `if likes is None`")
    assert "no_title looks for missing values, but is not called where there is none" in title.message
    assert title.hint.endswith("`title: str | None` with `if not title`")


def test_a_rule_that_votes_on_values_too_looks_for_others():
    assert notes(unpopular, corpus={"likes": [3, 5, None]}) == []
    assert notes(no_likes, corpus={"likes": [None, None]}) == []


def test_the_hint_makes_the_rule_vote_there():
    corpus = {"likes": [3, 5, None]}
    assert notes(takes_no_likes, corpus=corpus) == []
    matrix = lk.Applier(lk.LabelingFunctions([takes_no_likes], labels=["HAM", "SPAM"])).apply(corpus)
    assert matrix.votes.ravel().tolist() == [-1, -1, 1]

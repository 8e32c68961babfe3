"""A check counts the votes that a regular expression would gain if it ignored case, as keywords does."""

import re

import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.rules._letter_case import means_case

TEXTS = ["Die Sicherung ist raus"] * 20 + ["SICHERUNG DEFEKT"] * 4 + ["die sicherung"] + ["WLAN", "wlan"] * 5 + [None]


def of_case(rule, texts=TEXTS):
    report = check_rules(lk.LabelingFunctions([rule], labels=["HAM", "SPAM"]), texts)
    return [problem for problem in report.problems if problem.code == "LK924"]


def regex(pattern, **options):
    return lk.regex(pattern, label=1, **options).rule(name="rule")


def test_votes_that_hang_on_case_are_counted_with_the_first_of_them():
    (problem,) = of_case(regex("Sicherung"))
    assert problem.severity == "note"
    assert problem.rule == "rule"
    assert (
        "vote on 5 more of the 36 rows that were tried, beside 20 (the first: row 20, 'SICHERUNG')" in problem.message
    )
    assert problem.hint.startswith("(?i)")
    assert of_case(regex("(?i)Sicherung")) == []


def test_a_condition_counts_as_a_whole():
    both = (lk.regex("Sicherung") & lk.regex("DEFEKT")).rule(name="both", label=1)
    (problem,) = of_case(both)
    assert "4 more of the 36 rows that were tried, beside 0" in problem.message
    without = (lk.regex("Sicherung") & ~lk.regex("defekt")).rule(name="without", label=1)
    (problem,) = of_case(without)  # what must not be found stays as it is
    assert "5 more" in problem.message
    assert of_case((lk.regex("Sicherung") & lk.keywords("raus")).rule(name="raus", label=1)) == []


@pytest.mark.parametrize(
    "rule",
    [
        regex("WLAN"),  # capitals alone
        regex(r"\b[A-Z]{5,}\b"),
        regex("Sicherung|SICHERUNG|sicherung"),
        regex("sicherung", flags=re.IGNORECASE),
        regex("(?-i:Sicherung)(?i: ist)"),
        lk.keywords("Sicherung", label=1).rule(name="rule"),
    ],
    ids=["capitals", "range", "spellings", "flag", "local", "keywords"],
)
def test_what_means_case_or_ignores_it_is_not_told(rule):
    assert of_case(rule) == []


def test_a_name_that_is_seldom_a_word_is_not_told():
    texts = ["Apple sells"] * 200 + ["an apple"] * 9
    assert of_case(regex("Apple"), texts) == []
    assert "10 more" in of_case(regex("Apple"), [*texts, "apple"])[0].message
    assert of_case(regex("Apple"), ["Apple", "apple", "APPLE"]) == []  # two rows tell nothing


@pytest.mark.parametrize(
    ("pattern", "means"),
    [
        (r"\w+ung", False),
        (r"\W\S\D", True),
        ("(?P<name>SMS)", True),
        ("[A-Za-z]+s", False),
        ("[А-Я]{4}", True),
        ("Ä", True),
    ],
)
def test_syntax_is_not_taken_for_letters(pattern, means):
    assert means_case(pattern) is means

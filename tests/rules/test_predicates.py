"""The slow, obvious definitions that every engine is held to, and their logic of three truth values."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given, strategies as st

from labelkit.rules.expressions import AllOf, AnyOf, Leaf, Not, columns_of, leaves
from labelkit.rules.predicates import Pattern, Words
from labelkit.rules.value_predicates import Values


@pytest.mark.parametrize(
    ("word", "text", "stands"),
    [
        ("c++", "I like C++!", True),
        ("#ad", "see #ad here", True),
        ("#ad", "#adorable", False),
        ("#ad", "x#ad", True),
        ("check out", "check \n\t OUT", True),
        ("check out", "checkout", False),
        ("  check   out ", "check out", True),
        ("ad", "bad", False),
        ("ad", "ad_", False),
        ("😀", "x😀y", True),
        ("ß", "SS", False),
        ("i", "İ", True),
        ("naïve", "NAÏVE", True),
        (".", "anything", False),
    ],
)
def test_a_whole_word_stands_where_no_word_character_touches_its_word_ends(word, text, stands):
    assert Words((word,)).matches(text) is stands


def test_scripts_without_spaces_want_parts_of_words():
    assert not Words(("免费",)).matches("完全免费的")
    assert Words(("免费",), whole_word=False).matches("完全免费的")


def test_case_counts_if_asked():
    assert not Words(("Free",), ignore_case=False).matches("free")
    assert Words(("Free",)).matches("fREE")


def test_a_pattern_is_found_as_re_search_finds_it():
    assert Pattern("^b", re.MULTILINE).matches("a\nb")
    assert not Pattern("^b").matches("a\nb")


@pytest.mark.parametrize("test", [Words(("5",)), Pattern("5")])
@pytest.mark.parametrize("value", [5, b"5", ["5"]])
def test_text_is_looked_for_in_text_only(test, value):
    with pytest.raises(TypeError, match=re.escape(f"not in {value!r} ({type(value).__name__})")):
        test.matches(value)


PLAIN = [1, True, 1.0, "1", b"1", dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), 0, False, 0.0, "", None]  # noqa: DTZ001


@pytest.mark.parametrize("entry", PLAIN)
@pytest.mark.parametrize("value", PLAIN)
def test_a_value_equals_an_entry_only_if_its_type_does_too(entry, value):
    assert Values((entry,)).matches(value) is (type(entry) is type(value) and entry == value)


def test_nan_equals_nothing_and_negative_zero_equals_zero():
    assert not Values((1.0,)).matches(float("nan"))
    assert Values((0.0,)).matches(-0.0)


@pytest.mark.parametrize("value", [[1], {"a": 1}, {1}])
def test_a_container_equals_no_entry(value):
    assert not Values((1,)).matches(value)


def test_values_may_ignore_case_by_casefold():
    values = Values(("Straße", 5), ignore_case=True)
    assert [values.matches(v) for v in ("STRASSE", "straße", 5, "5")] == [True, True, True, False]


# --------------------------------------------------------------------------------------- three truth values

A, B = Leaf(Words(("a",)), ("x",)), Leaf(Words(("b",)), ("y",))
TRUE, FALSE, UNKNOWN = {"x": "a", "y": "b"}, {"x": "-", "y": "-"}, {"x": None, "y": None}


@pytest.mark.parametrize(
    ("x", "y", "both", "either"),
    [
        ("a", "b", True, True),
        ("a", "-", False, True),
        ("a", None, None, True),
        ("-", "-", False, False),
        ("-", None, False, None),
        (None, None, None, None),
    ],
)
def test_and_and_or_follow_the_tables_of_sql(x, y, both, either):
    values = {"x": x, "y": y}
    assert (AllOf((A, B)).holds(values), AnyOf((A, B)).holds(values)) == (both, either)


@pytest.mark.parametrize(("value", "answer"), [("a", False), ("-", True), (None, None)])
def test_of_the_unknown_the_opposite_is_unknown(value, answer):
    assert Not(A).holds({"x": value}) is answer


def test_a_leaf_of_several_columns_holds_if_one_matches_whatever_the_others_are():
    leaf = Leaf(Words(("a",)), ("x", "y"))
    answers = [leaf.holds({"x": x, "y": y}) for x, y in [("a", None), (None, "a"), ("-", None), ("-", "-")]]
    assert answers == [True, True, None, False]


def test_an_optional_null_is_known_not_to_match():
    leaf = Leaf(Words(("a",)), ("x",), optional=("x",))
    assert (leaf.holds({"x": None}), Not(leaf).holds({"x": None})) == (False, True)


def trees(columns=("x", "y", "z")):
    leaf = st.builds(
        lambda word, names: Leaf(Words((word,)), tuple(names)),
        st.sampled_from("abc"),
        st.lists(st.sampled_from(columns), min_size=1, max_size=2, unique=True),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: AllOf(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        ),
        max_leaves=6,
    )


rows = st.fixed_dictionaries({c: st.one_of(st.none(), st.text("abc ", max_size=4)) for c in "xyz"})


@given(trees(), rows)
def test_an_answer_that_is_known_stays_when_nulls_become_known(tree, row):
    answer = tree.holds(row)
    if answer is not None:
        for filling in ("", "a", "a b c"):
            assert tree.holds({c: filling if v is None else v for c, v in row.items()}) is answer


@given(trees(), trees(), rows)
def test_de_morgan_holds_with_nulls(left, right, row):
    assert Not(AllOf((left, right))).holds(row) is AnyOf((Not(left), Not(right))).holds(row)


@given(trees())
def test_binding_gives_columns_only_to_leaves_that_have_none(tree):
    bound = AllOf((tree, Leaf(Words(("q",))))).bind(("w",), optional=("x",))
    assert [leaf.columns for leaf in leaves(bound)] == [*(leaf.columns for leaf in leaves(tree)), ("w",)]
    assert all(leaf.optional == ("x",) for leaf in leaves(bound))
    assert columns_of(bound)[-1] == "w"

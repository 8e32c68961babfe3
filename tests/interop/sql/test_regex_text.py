"""Expressions are spelled so that they mean the same to engines of several kinds."""

import itertools

import duckdb
import pytest
import sqlglot

import labelkit as lk
from labelkit.interop.sql._portable_regex import TEXT_END, TEXT_START, empty_matches
from labelkit.interop.sql._regex_text import RegexStyle
from labelkit.matching.charsets import complement, contains, union
from labelkit.matching.regex_syntax import Chars, Concat, Either, Repeat

SIGNS = "[]\\^-.a"
SETS = [
    union((ord(sign), ord(sign) + 1) for sign in some)
    for n in range(1, len(SIGNS) + 1)
    for some in itertools.combinations(SIGNS, n)
]
POSIX = RegexStyle("itself", "^", "$", "(", first=1)


def check_sets(holds):
    for ranges in [*SETS, *map(complement, SETS), (1, 0x110000), (33, 97), (1, 93), (91, 127)]:
        expression = POSIX.text(Concat((TEXT_START, Chars(ranges), TEXT_END)))
        expected = [contains(ranges, ord(sign)) for sign in f"{SIGNS}\nb😀"]
        assert holds(expression, list(f"{SIGNS}\nb😀")) == expected, expression


def test_sets_of_the_characters_themselves_are_those_of_re2():
    with duckdb.connect() as connection:
        text = "SELECT list_transform(?, lambda sign: regexp_matches(sign, ?))"
        check_sets(lambda expression, signs: connection.execute(text, [signs, expression]).fetchone()[0])


def test_sets_of_the_characters_themselves_are_those_of_posix(postgres):
    text = "SELECT array_agg(sign ~ ('(?e)' || %s) ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY AS t(sign, n)"
    check_sets(lambda expression, signs: postgres.execute(text, [expression, signs]).fetchone()[0])


A = Chars((97, 98))


@pytest.mark.parametrize(
    ("tree", "ways"),
    [
        (A, set()),
        (Repeat(A, 0, None), {frozenset()}),
        (Repeat(A, 1, 3), set()),
        (Repeat(A, 0, 0), {frozenset()}),
        (Concat((TEXT_START, Repeat(A, 0, 1), TEXT_END)), {frozenset({TEXT_START, TEXT_END})}),
        (Either((Concat((TEXT_START, A)), TEXT_END)), {frozenset({TEXT_END})}),
        (Repeat(TEXT_END, 1, 2), {frozenset({TEXT_END})}),
    ],
)
def test_ways_to_match_without_reading_are_found(tree, ways):
    assert empty_matches(tree) == ways


def test_an_empty_alternative_is_spelled_as_an_option():
    assert POSIX.text(Either((A, Concat(())))) == "(a)?"
    assert POSIX.text(Concat((Either((Concat(()), A, TEXT_END)), A))) == "(a|$)?a"
    assert POSIX.text(Repeat(Concat(()), 2, 3)) == ""


@pytest.mark.parametrize(("pattern", "found"), [("a*", True), ("$", True), ("^a?", True), ("(?:a|$)b?", True)])
def test_what_every_text_matches_needs_no_expression(pattern, found):
    lfs = lk.LabelingFunctions([lk.regex(pattern, label=1).rule(name="x")], labels=2)
    for dialect in ("duckdb", "snowflake", "spark", "postgres", "bigquery"):
        assert ("REGEXP" in lk.to_sql(lfs, dialect=dialect).sql) is not found


def test_an_empty_text_is_compared_where_its_matches_have_no_place():
    lfs = lk.LabelingFunctions([lk.regex(r"\A(?:a|\Z)", label=1).rule(name="x")], labels=2)
    sql = lk.to_sql(lfs, dialect="snowflake").sql
    assert """WHEN (COLLATE(labelkit_rows."TEXT", '') = '' OR REGEXP_INSTR""" in " ".join(sql.split()).replace(
        "( ", "("
    )


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "spark", "duckdb"])
def test_a_literal_is_read_as_it_was_meant(dialect):
    odd = "a'b\"c\\d\n\r\t%`$$\u2028\ufeff😀\\' OR 1=1 --"
    lfs = lk.LabelingFunctions([lk.lookup([odd], match="value", label=1).rule(name="x")], labels=2)
    parsed = sqlglot.parse_one(lk.to_sql(lfs, dialect=dialect).sql, dialect=dialect)
    assert odd in [one.this for one in parsed.find_all(sqlglot.exp.Literal)]

"""Rules as SQL: the engines give the votes of labelkit, and what they cannot hold is said."""

import math
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import RuleError
from labelkit.interop.sql._dialects import DIALECTS

ODD = "Kk\u212aſsSßẞiIİıΣσςµμéÅ\u0301\u0345ͅ\u200d٣²_\u00a0\u2028\x1c\x85\u3000中😀\U00010400\U00010428"
"""Characters on which engines and Python disagree."""

TEXTS = [
    "", "free", "FREE!", "xfree", "free_", "éfree", "free\u0301", "a  b", "a\u00a0b", "a\u2003b", "a\x1cb", "foo", "foo\n",
    "foo\n\n", "\nfoo", "x\nfoo\ny", "STRASSE", "straße", "Straẞe", "ſtrasse", "\u212aelvin", "kelvin", "KELVIN",
    "İstanbul", "istanbul", "ıstanbul", "c++", "C++.", "c+++", "xc++", "foo bar", "foo-bar", "12", "٣٤", "²", "a'b\"c\\d",
    "ab" * 40, "w", "(w)", "aw", "W x", "😀", "\U00010400", "Σίσυφος", "ΣΊΣΥΦΟΣ", *ODD,
]  # fmt: skip
NUMBERS = [3, 3.0, 3.5, -0.0, math.nan, math.inf, -math.inf, 0.1, 1e300, None]

PATTERNS = [
    r"\bfoo\b", r"foo$", r"^foo", r"(?m)^foo$", r"foo\Z", r"\w+\s\w+", r"\d", r"(?i)straße", r"(?i)k", r"(?i)[^k]",
    r"(?i)ς", r"\Bo", r"o\B", r"\b\w\b", r"(?<!x)free(?!_)", r"a.b", r"(?s)a.b", r"(ab){3,5}$", r"[^\W\d_]\b", r"\$?\bfoo|bar\b",
    r"(?a)\bfree\b", r"(?a)\w\s", r"x?\b\d?$", r"(?:^|\s)foo(?:\s|$)", r"\S\s*$", r"(?<![\w])12(?=\Z)", r"", r"a\\d|'",
    r"(?=foo)", r"foo(?=\n)", r"(?<=\n)foo", r"(?:\bfoo\b)?$", r"\s$", r"$", r"(?m)$", r"[\n]$",
]  # fmt: skip

WORDS = [
    ("free", "a b", "c++"), ("straße", "kelvin", "istanbul"), ("#x", "+", "_"), ("ς", "é", "\u0345"), ("😀", "中", "²"),
    ("a'b\"c\\d", "ab"), ("w", "w x"),
]  # fmt: skip


def rules():
    made = [lk.regex(pattern, label=1).rule(name=f"rx {n} {pattern}") for n, pattern in enumerate(PATTERNS)]
    for n, words in enumerate(WORDS):
        for case in (True, False):
            for whole in (True, False):
                condition = lk.keywords(*words, ignore_case=case, whole_word=whole, label=1)
                made.append(condition.rule(name=f"kw {n} {case} {whole}"))
    free, foo, three = (
        lk.keywords("free", column="text"),
        lk.regex("foo", column="text"),
        lk.between(3, column="number"),
    )
    made += [
        lk.lookup(["straße", "Kelvin", "a'b\"c\\d"], match="value", ignore_case=True, label=0).rule(name="folded"),
        lk.lookup(["straße", "Kelvin", "a'b\"c\\d", ""], match="value", label=0).rule(name="equal"),
        lk.lookup({"straße": 0, "free": 1}, match="value").rule(name="several"),
        lk.keywords({"free": 1, "foo": 0}).rule(name="first entry"),
        (free & foo).labeled(1).rule(name="and"),
        (free | three).labeled(1).rule(name="or"),
        (~free).labeled(0).rule(name="not"),
        (~(free & three)).labeled(0).rule(name="not and"),
        lk.at_least(2, free, foo, three).labeled(1).rule(name="at least"),
        (~lk.at_least(2, free, foo, three)).labeled(0).rule(name="not at least"),
        lk.keywords("free", column=("text", "other"), label=1).rule(name="two columns"),
        (~lk.keywords("free", column=("text", "other"))).labeled(1).rule(name="not in two columns"),
        lk.between(3, label=1, column="number").rule(name="above"),
        lk.between(None, 3, label=1, column="number").rule(name="at most"),
        lk.between(0.1, 3.5, label=1, column="number").rule(name="in between"),
        (~lk.between(0.1, 3.5, column="number")).labeled(1).rule(name="not between"),
        lk.between("foo", "free", label=1).rule(name="texts between"),
        lk.between("", "free", label=1).rule(name="not empty"),
        lk.lookup([3.0, 0.1, 0.0], match="value", label=1, column="number").rule(name="floats"),
        lk.lookup([3, 4], match="value", label=1, column="whole").rule(name="integers"),
        lk.lookup([True], match="value", label=1, column="flag").rule(name="booleans"),
        lk.lookup([("free", 3), ("FOO", 4)], ignore_case=True, label=1).rule(name="tuples", column=("text", "whole")),
        lk.keywords("free", label=1, column='odd "n`ame\\').rule(name="odd column"),
    ]
    return lk.LabelingFunctions(made, labels=["HAM", 'SP"AM'])


LFS = rules()


def corpus(texts):
    n = len(texts)
    return pa.table(
        {
            "key": pa.array(range(n), pa.int64()),
            "text": pa.array(texts, pa.string()),
            "other": pa.array([("free", None, "x")[i % 3] for i in range(n)], pa.string()),
            "number": pa.array([NUMBERS[i % len(NUMBERS)] for i in range(n)], pa.float64()),
            "whole": pa.array([(3, None, 4, 5)[i % 4] for i in range(n)], pa.int64()),
            "flag": pa.array([(True, False, None)[i % 3] for i in range(n)], pa.bool_()),
            'odd "n`ame\\': pa.array(texts, pa.string()),
        }
    )


def votes_of(table, lfs=LFS):
    return lk.Applier(lfs).apply(table, id="key").votes.tolist()


def in_duckdb(table, query):
    with duckdb.connect() as connection:
        connection.register("corpus", table)
        return sorted(connection.execute(query).fetchall())


def query(dialect, lfs=LFS, **options):
    return lk.to_sql(lfs, dialect=dialect, id="key", **options)


DUCKDB = query("duckdb")


def held_votes(table, answer):
    places = [LFS.names.index(name) for name in answer.rules]
    return [[row[j] for j in places] for row in votes_of(table)]


def differing(answer, expected, rows, table):
    texts = table["text"].to_pylist()
    return [
        (answer.rules[j], texts[i], expected[i][j], row[1 + j])
        for i, row in enumerate(rows)
        for j in range(len(answer.rules))
        if expected[i][j] != row[1 + j]
    ]


def test_every_rule_of_these_is_held():
    assert DUCKDB.left_out == {}
    assert set(DUCKDB.columns) == set(corpus([]).column_names)


def test_votes_are_equal_on_duckdb():
    table = corpus([*TEXTS, None])
    assert differing(DUCKDB, held_votes(table, DUCKDB), in_duckdb(table, DUCKDB.sql), table) == []


@settings(max_examples=2, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from(ODD + "fofre e\nab+12kKsSxX'\\") | st.characters(codec="utf-8"), max_size=12),
        min_size=100,
    )
)
def test_votes_are_equal_on_duckdb_for_any_texts(texts):
    table = corpus(texts)
    assert differing(DUCKDB, held_votes(table, DUCKDB), in_duckdb(table, DUCKDB.sql), table) == []


PIECES = st.sampled_from([
    "a", "b", "k", "ß", "\\b", "\\B", "^", "$", "\\s", "\\w", "\\W", ".", "\\n", "[^a]", "(?=a)", "(?!\\w)", "(?<!k)", "(?<=\\s)",
    "a?", "b*", "\\w+", "(?:a|\\b)", "(?:k|$)", "\\Z", "\\A", "\\d",
])  # fmt: skip


@pytest.mark.parametrize(
    "pattern", ["中|(?i:k)", "a中|a(?i:k)", "(?:(?i:s)|中)x?", "(?i:k)|(?i:s)|b", "(?i:k)", "(?i:sk)"]
)
def test_a_letter_in_two_cases_is_found_in_no_third_one_on_duckdb(pattern):
    """RE2, with which DuckDB searches, makes one set of the ways of an alternation, and folds ``[Kk]`` anew for it."""
    lfs = lk.LabelingFunctions([lk.regex(pattern, re.ASCII, label=1).rule(name="one")], labels=2)
    texts = ["k", "K", "\u212a", "a\u212a", "ak", "s", "S", "ſ", "ſx", "中", "a中", "b", "SK", "ſ\u212a"]
    expected = [(i, 1 if re.search(pattern, text, re.ASCII) else -1) for i, text in enumerate(texts)]
    assert in_duckdb(corpus(texts), query("duckdb", lfs).sql) == expected


FLAGS = st.sampled_from([0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII | re.IGNORECASE])


@settings(max_examples=25, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=5).map("".join), FLAGS)
def test_any_pattern_that_is_held_finds_the_same(pattern, flags):
    lfs = lk.LabelingFunctions([lk.regex(pattern, flags, label=1).rule(name="one")], labels=2)
    try:
        answer = query("duckdb", lfs)
    except RuleError:
        return
    texts = ["", "a", "b a", "k\n", "\n", "ab\nka", "aß\u212a", "_a-", "b\n\n", " a", "٣", "aab k", "A\x85", "ſa\n"]
    expected = [[i, 1 if re.search(pattern, text, flags) else -1] for i, text in enumerate(texts)]
    assert [list(row) for row in in_duckdb(corpus(texts), answer.sql)] == expected


def test_a_categorical_column_is_text_on_duckdb():
    lang = pd.Series(["de", "EN", None, "fr"], dtype="category")
    frame = pd.DataFrame({"key": range(4), "lang": lang, "text": ["de", "x", "y", "z"]})
    on = {"column": "lang"}
    lfs = lk.LabelingFunctions(
        [
            lk.lookup(["de", "fr", "it"], match="value", label=1).rule(name="equal", **on),
            lk.lookup(["en"], match="value", ignore_case=True, label=0).rule(name="folded", **on),
            lk.between("a", "e", label=1).rule(name="range", **on),
            lk.regex("[dE]", label=1).rule(name="found", **on),
        ],
        labels=2,
    )
    expected = [[0, 1, -1, 1, 1], [1, -1, 0, -1, 1], [2, -1, -1, -1, -1], [3, 1, -1, -1, -1]]
    assert [[i, *row] for i, row in enumerate(votes_of(frame, lfs))] == expected
    with duckdb.connect() as connection:
        connection.register("corpus", frame)
        assert connection.execute("SELECT TYPEOF(lang) FROM corpus").fetchone() == ("ENUM('EN', 'de', 'fr')",)
        assert [list(row) for row in sorted(connection.execute(query("duckdb", lfs).sql).fetchall())] == expected


@pytest.mark.parametrize("end", [0.1, 0.3, 0.25, 3.0, -0.3])
def test_a_decimal_is_compared_with_the_number_that_an_end_is(end, postgres):
    decimals = [Decimal(text) for text in ("0.10", "0.30", "0.25", "0.31", "3.00", "-0.30", "-0.31")]
    floats = [float(one) for one in decimals]
    kinds = {"decimal(10, 2)": pa.decimal128(10, 2), "double precision": pa.float64()}
    on = {"column": "number", "label": 1}
    lfs = lk.LabelingFunctions(
        [lk.between(end, **on).rule(name="above"), lk.between(None, end, **on).rule(name="up to")], labels=2
    )
    for kind, values in zip(kinds, (decimals, floats), strict=True):
        table = pa.table({"key": range(len(values)), "number": pa.array(values, kinds[kind])})
        expected = [(i, *row) for i, row in enumerate(votes_of(table, lfs))]
        assert in_duckdb(table, query("duckdb", lfs).sql) == expected
        with postgres.transaction(force_rollback=True):
            postgres.execute(f"CREATE TABLE numbers (key int, number {kind})")
            with postgres.cursor() as cursor:
                cursor.executemany("INSERT INTO numbers VALUES (%s, %s)", list(enumerate(values)))
            assert sorted(postgres.execute(query("postgres", lfs, table="numbers").sql).fetchall()) == expected


@lk.labeling_function()
def calls_python(text: str) -> int:
    """Python."""
    return 1 if text else -1


REFUSED = {
    r"(a)b\1": "a back-reference",
    r"a(?=bc)d": "look-around of several characters",
    r"(?:\ba\b\s*)+": "stands in a repetition",
    r"a{300}": "counts to more than 255",
    "(?i)a\U00010400": "letters beyond U\\+FFFF",
    r"(?>ab|a)b": "an atomic group",
    r"a++b": "a possessive repetition",
}


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_pattern_that_cannot_be_held_is_left_out_with_the_reason(pattern):
    lfs = lk.LabelingFunctions(
        [lk.keywords("x", label=1).rule(name="x"), lk.regex(pattern, label=1).rule(name="y")], labels=2
    )
    answer = query("duckdb", lfs)
    assert answer.rules == ("x",)
    assert re.search(REFUSED[pattern], answer.left_out["y"])
    assert str(answer).startswith("-- left out: y: ")
    with pytest.raises(RuleError, match=f"cannot hold y .*{REFUSED[pattern]}"):
        query("duckdb", lfs, strict=True)


def test_what_calls_python_or_says_where_words_stand_is_left_out():
    near = lk.near("free", "money", words=2).labeled(1).rule(name="near")
    names = lk.facts([("Zürich", "CH")], label=1).rule(name="facts", column=("text", "other"))
    lfs = lk.LabelingFunctions([calls_python, near, names, lk.keywords("x", label=1).rule(name="x")], labels=2)
    left_out = query("duckdb", lfs).left_out
    assert left_out["calls_python"] == "it calls a Python function"
    assert left_out["near"].startswith("there is no equivalent of: one of “free” within 2 words")
    assert "accents" in left_out["facts"]
    with pytest.raises(RuleError, match="SQL can hold none of the rules: calls_python"):
        query("duckdb", lk.LabelingFunctions([calls_python], labels=2))


def test_two_columns_of_the_result_with_one_name_are_refused():
    def held(*names):
        return lk.LabelingFunctions([lk.keywords(name, label=1).rule(name=name) for name in names], labels=2)

    with pytest.raises(RuleError, match="the column of ids, 'key' and the rule 'key' would be one column"):
        query("postgres", held("key"))
    with pytest.raises(RuleError, match=r"(?s)the rule 'Free' and the rule 'free' would be one .* duckdb ignores case"):
        query("duckdb", held("Free", "free"))
    assert query("postgres", held("Free", "free")).rules == ("Free", "free")
    assert query("duckdb", held("label", "p_1")).rules == ("label", "p_1")


def test_an_unknown_dialect_and_a_bad_table_are_refused():
    with pytest.raises(RuleError, match="dialect='mysql' is not known"):
        query("mysql")
    with pytest.raises(RuleError, match="table='' is not the name of a table"):
        query("duckdb", table="")


def test_the_name_of_a_table_is_a_name_and_nothing_else():
    lfs = lk.LabelingFunctions([lk.keywords("x", label=1).rule(name="x")], labels=2)
    assert query("postgres", lfs, table='lake."my docs"').sql.endswith('FROM lake."my docs"')
    try:
        sql = query("postgres", lfs, table="a; DROP TABLE b").sql
    except RuleError:  # an older sqlglot reads no such name
        return
    assert sql.endswith('FROM "a; DROP TABLE b"')


def test_a_query_of_the_engines_that_were_not_run_is_read_by_their_parser():
    few = LFS[[name for name in LFS.names if "kw" not in name and "rx" not in name] + list(LFS.names[:3])]
    plain = [replace(lf, name=f"r{n}") for n, lf in enumerate(few) if lf.name != "odd column"]
    for dialect in DIALECTS:
        answer = query(dialect, lk.LabelingFunctions(plain, labels=few.space))
        parsed = sqlglot.parse_one(answer.sql, dialect=dialect)
        assert [column.alias_or_name for column in parsed.selects][1:] == list(answer.rules)


BOUNDED_X = {
    "bigquery": r"SELECT `key`, CASE WHEN REGEXP_CONTAINS(COLLATE(`text`, ''), '(?:\\A|[^0-9A-Z\\x{5F}a-z])x') THEN 1",
    "snowflake": """SELECT labelkit_rows."KEY", CASE WHEN """
    """REGEXP_INSTR(COLLATE(labelkit_rows."TEXT", ''), '(^|[^0-9A-Z_a-z])x') > 0 THEN 1""",
}


@pytest.mark.parametrize("dialect", BOUNDED_X)
def test_golden_text(dialect):
    lfs = lk.LabelingFunctions([lk.regex(r"(?a)\bx", label=1).rule(name="x")], labels=2)
    assert " ".join(query(dialect, lfs).sql.split()).startswith(BOUNDED_X[dialect])


def in_postgres(connection, table, text):
    connection.execute("DROP TABLE IF EXISTS corpus")
    names = [f'"{name.replace(chr(34), 2 * chr(34))}"' for name in table.column_names]
    types = ("bigint", "text", "text", "double precision", "bigint", "boolean", "text")
    columns = ", ".join(map(" ".join, zip(names, types, strict=True)))
    connection.execute(f"CREATE TABLE corpus ({columns})")
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO corpus VALUES ({', '.join(['%s'] * len(names))})", rows)
        return sorted(cursor.execute(text.replace("%", "%%")).fetchall())


def test_votes_are_equal_on_postgresql(postgres):
    texts = [text for text in TEXTS if "\0" not in text]
    table, answer = corpus([*texts, None]), query("postgres")
    assert answer.left_out == {}
    assert differing(answer, held_votes(table, answer), in_postgres(postgres, table, answer.sql), table) == []


def test_the_page_names_the_dialects():
    page = (Path(__file__).parents[3] / "docs" / "how_to" / "sql.md").read_text("utf-8").casefold()
    assert set(DIALECTS) == {"duckdb", "spark", "bigquery", "postgres", "snowflake"}
    assert [name for name in DIALECTS if name not in page] == []


def test_the_command_writes_the_query(tmp_path):
    rules = Path(__file__).parents[3] / "labeling_functions" / "comments.py"

    def command(*options):
        program = [sys.executable, "-m", "labelkit", "sql", str(rules), "--dialect", "duckdb", *options]
        return subprocess.run(program, capture_output=True, text=True, check=False)

    done = command("--out", str(tmp_path / "votes.sql"), "--id", "id")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "votes.sql").read_text("utf-8")
    assert sqlglot.parse_one(text, dialect="duckdb").selects[0].name == "id"
    strict = command("--strict")
    assert strict.returncode == 1
    assert "--strict allows no exception" in strict.stderr

"""Comparisons in the code of a rule that the type of a column decides are told of, and others are not."""

from __future__ import annotations

import datetime as dt
import json
import warnings

import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.interop.snorkel.labeling import PandasLFApplier
from labelkit.rules.load_module import load_file

MODULE = """
import datetime as dt
import numpy as np
import labelkit as lk

ZIPS = {{"12345", "2"}}
NAMES = {{"12345": "spam"}}
MIXED = ["12345", 2]
DAY = dt.date(2026, 1, 5)


@lk.labeling_function{options}
def rule({columns}):
    {body}


import enum


class Kind(enum.Enum):
    A = "a"


class Count(enum.IntEnum):
    NONE = 0


class Same(enum.Enum):
    A = "a"

    def __eq__(self, other):
        return self.value == other

    __hash__ = enum.Enum.__hash__


LISTS = [["a"], ["b"]]
ARRAY = np.array([0, 20])
"""

DAY = dt.date(2026, 1, 5)
FRAME = pd.DataFrame(
    {
        "zip": [12345, 2, 3],
        "likes": ["1", "0", "20"],
        "is_public": [True, False, True],
        "when": pd.to_datetime(["2026-01-05", "2026-01-06", "2026-02-01"]),
        "day": pd.array([DAY, DAY, DAY], dtype=pd.ArrowDtype(pa.date32())),
        "kind": pd.Categorical(["a", "b", "a"]),
        "tags": [["a"], ["b"], []],
        "flag": ["True", "false", None],
        "digit": ["0", "1", "1"],
        "answer": ["yes", "no", "perhaps"],
        "ones": ["1", "yes", "TRUE"],
        "note": pd.Series([None, None, None], dtype="float64"),
    }
)


@pytest.fixture
def rules_of(tmp_path):
    def make(columns, body, options=""):
        path = tmp_path / "rules.py"
        path.write_text(MODULE.format(columns=columns, body=body, options=options))
        return lk.collect(path, labels=["HAM", "SPAM"])

    return make


def told(rules, corpus=FRAME):
    """Return what is warned of when rules vote."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lk.Applier(rules).apply(corpus, on_fault="record")
    return [str(one.message) for one in caught]


UNLIKE = [
    ("likes", "n = likes\n    return 1 if n == 0 else None", "with 0 (int)", "compare int(likes)"),
    ("likes", "return 1 if likes == Count.NONE else None", "with 0", "compare int(likes), or with text: '0'"),
    ("likes", "return 1 if likes in range(3) else None", "with 0 (int)", "compare int(likes)"),
    ("likes", "return 1 if likes in ARRAY else None", "with 0 (int)", "compare int(likes)"),
    ("flag", "return 1 if flag == b'True' else None", "with b'True' (bytes)", "without b before the quotes"),
    (
        "flag",
        "return 1 if flag == ['True', 'false'] else None",
        "with a list",
        "ask whether it is one of them: flag in",
    ),
    ("flag", "return 1 if flag in LISTS else None", "with a list", "compare it with their parts"),
    ("flag", "return 1 if flag == Kind.A else None", "with Kind.A", "the value of the member: Kind.A.value"),
    ("flag", "return 1 if flag in (Kind.A,) else None", "with Kind.A", "the value of the member: Kind.A.value"),
    ("flag", "return 1 if flag in list(Kind) else None", "with Kind.A", "the value of the member: Kind.A.value"),
    ("zip", "return 1 if zip == Kind.A.value else None", "with 'a' (str)", "compare it with a number"),
    ("likes", "return 1 if likes == 0 else None", "text, with 0 (int)", "compare int(likes), or with text: '0'"),
    ("likes", "return 1 if likes != 0.5 else None", "with 0.5 (float)", "compare float(likes), or with text: '0.5'"),
    ("likes", "return 1 if -1 == likes else None", "with 1 (int)", "compare int(likes)"),
    ("likes", "return 1 if likes in (0, 20) else None", "with 0 (int)", "compare int(likes)"),
    ("likes", "return 1 if likes is True else None", "with True (bool)", "compare it with text: 'True'"),
    ("likes", "return 1 if likes == DAY else None", "with a date", "compare date.fromisoformat(likes)"),
    ("likes, zip", "return 1 if likes not in ('', 0) and zip else None", "with 0 (int)", "compare int(likes)"),
    ("likes", "if likes == '':\n        return 0\n    return 1 if likes == 0 else None", "with 0 (int)", "int(likes)"),
    ("zip", "return 1 if zip == '2' else None", "int64, with '2' (str)", "a number, or its text: str(zip)"),
    ("zip", "return 1 if zip in ZIPS else None", "(str)", "or its text: str(zip)"),
    ("zip", "return 1 if zip not in {'2'} else None", "with '2' (str)", "or its text: str(zip)"),
    ("zip", "return 1 if zip in set(ZIPS) else None", "(str)", "or its text: str(zip)"),
    ("zip", "return 1 if NAMES.get(zip) else None", "with '12345' (str)", "or its text: str(zip)"),
    ("zip", "return {'12345': 1}.get(zip)", "with '12345' (str)", "or its text: str(zip)"),
    ("zip", "return 1 if zip in NAMES else None", "with '12345' (str)", "or its text: str(zip)"),
    (
        "zip",
        "match zip:\n        case '1' | '2':\n            return 1\n        case _:\n            return None",
        "(str)",
        "",
    ),
    ("is_public", "return 1 if is_public == 'True' else None", "bool, with 'True' (str)", "with True or False"),
    ("when", "return 1 if when == '2026-01-05' else None", "timestamp", "with a date or time, or its text: str(when)"),
    ("when", "return 1 if when == DAY else None", "with a date", "compare when.date()"),
    ("when", "return 1 if when == dt.date(2026, 1, 5) else None", "with a date", "compare when.date()"),
    ("day", "return 1 if day == dt.datetime(2026, 1, 5) else None", "with a datetime", "compare it with a date"),
    ("day", "return 1 if day == '2026-01-05' else None", "date32[day], with '2026-01-05'", "with a date or time"),
    ("kind", "return 1 if kind == 1 else None", "text, with 1 (int)", "or with text: '1'"),
    ("tags", "return 1 if tags == 'a' else None", "with 'a' (str)", "compare its parts, or ask what is in it"),
]


@pytest.mark.parametrize(("columns", "body", "value", "remedy"), UNLIKE)
def test_a_column_that_is_compared_with_another_type_is_named(rules_of, columns, body, value, remedy):
    (message,) = told(rules_of(columns, body))
    assert message.startswith("rule 'rule': ")
    assert "(line 1" in message
    assert value in message
    assert "they are never equal [LK928]. Hint: " in message
    assert remedy in message


LIKE = [
    ("likes", "n = likes\n    n = int(n)\n    return 1 if n == 0 else None"),
    ("likes", "n = int(likes)\n    return 1 if n == 0 else None"),
    ("likes", "n = likes\n    return 1 if isinstance(n, int) and n == 0 else None"),
    ("zip", "return 1 if zip == Count.NONE or zip in range(3) or zip in ARRAY else None"),
    ("flag", "return 1 if flag == Kind.A.value or flag == Same.A or flag in [] else None"),
    ("tags", "return 1 if tags == ['a'] or tags in LISTS else None"),
    ("likes", "return 1 if likes == '0' else None"),
    ("likes", "return 1 if likes in (0, '0') else None"),
    ("likes", "return 1 if likes == 0 or likes == '0' else None"),
    ("likes", "return 1 if int(likes) == 0 else None"),
    ("likes", "return 1 if likes == '' or likes is None else None"),
    ("likes", "likes = int(likes)\n    return 1 if likes == 0 else None"),
    ("likes", "return 1 if not isinstance(likes, str) and likes == 0 else None"),
    ("likes", "return 1 if any(likes == 0 for likes in [0]) else None"),
    ("likes", "return 1 if (lambda likes: likes == 0)(0) else None"),
    ("likes", "return 1 if likes == UNKNOWN_NAME else None"),
    ("zip", "return 1 if zip == 2.0 else None"),
    ("zip", "return 1 if zip == True else None"),
    ("zip", "return 1 if zip in MIXED else None"),
    ("zip", "return 1 if zip in [*ZIPS, 2] else None"),
    ("zip", "return 1 if str(zip) in ZIPS else None"),
    ("zip", "match zip:\n        case 2:\n            return 1\n        case int():\n            return None"),
    ("is_public", "return 1 if is_public == 1 else None"),
    ("when", "return 1 if when == dt.datetime(2026, 1, 5) else None"),
    ("when", "return 1 if when.date() == dt.date(2026, 1, 5) else None"),
    ("day", "return 1 if day == dt.date(2026, 1, 5) else None"),
    ("kind", "return 1 if kind == 'a' else None"),
    ("tags", "return 1 if tags == ['a'] or 'a' in tags else None"),
    ("note", "return 1 if note == 'a' else None"),
    ("answer", "return 1 if answer else None"),
    ("ones", "return 1 if ones else None"),
    ("flag", "return 1 if flag and flag.lower() == 'true' else None"),
    ("is_public", "return 1 if is_public else None"),
]


@pytest.mark.parametrize(("columns", "body"), LIKE)
def test_nothing_is_said_of_a_comparison_that_values_decide(rules_of, columns, body):
    assert [one for one in told(rules_of(columns, body)) if "LK928" in one] == []


@pytest.mark.parametrize(
    ("columns", "body", "word"),
    [
        ("flag", "return 1 if flag else 0", "'false'"),
        ("flag", "return 1 if not flag else None", "'false'"),
        ("digit", "return 1 if digit and len('a') else None", "'0'"),
    ],
)
def test_texts_for_yes_and_no_of_which_the_truth_is_asked_are_named(rules_of, columns, body, word):
    (message,) = told(rules_of(columns, body))
    name = columns.partition(":")[0]
    assert f"column {name!r} holds text, and {word} is true (line 14), as all but empty text is [LK928]" in message
    assert message.endswith(f"Hint: compare it: {name} == {word}")


def test_an_annotation_that_reads_a_file_of_text_decides(rules_of, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("likes,flag\n0,True\n3,False\n")
    assert "LK928" in told(rules_of("likes", "return 1 if likes == 0 else None"), path)[0]
    assert told(rules_of("likes: int", "return 1 if likes == 0 else None"), path) == []
    assert "LK928" in told(rules_of("flag", "return 1 if flag else 0"), path)[0]
    assert told(rules_of("flag: bool", "return 1 if flag else 0"), path) == []
    assert "LK928" in told(rules_of("likes: int", "return 1 if likes == '0' else None"), path)[0]
    (message,) = told(rules_of("likes: int", "return 1 if likes == 0 else None"))  # of a frame, it does not
    assert "its parameter 'likes' is annotated int, and the column holds" in message


def test_functions_of_a_batch_compare_as_their_library_does(rules_of):
    batch = "(batch=True)"
    body = "return np.where(likes == 0, 1, -1)"
    assert "LK928" in told(rules_of("likes", body, batch))[0]
    assert told(rules_of("likes", "return np.where(likes == '0', 1, -1)", batch)) == []
    assert told(rules_of("when", "return np.where(when == np.datetime64('2026-01-05'), 1, -1)", batch)) == []


def test_derived_columns_and_rules_of_snorkel_are_looked_at(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(
        "import labelkit as lk\n"
        "from labelkit.interop.snorkel.labeling import labeling_function\n"
        "from labelkit.interop.snorkel.preprocess import preprocessor\n\n"
        "@lk.column\ndef is_first(likes):\n    return likes == 0\n\n"
        "@lk.labeling_function\ndef first(is_first):\n    return 1 if is_first == 1 else None\n\n"
        "@labeling_function()\ndef row(x):\n    return 1 if x.zip == '2' else -1\n\n"
        "@preprocessor()\ndef texts(x):\n    x.zip = str(x.zip)\n    return x\n\n"
        "@labeling_function(pre=[texts])\ndef prepared(x):\n    return 1 if x.zip == '2' else -1\n\n"
        "@labeling_function()\ndef written(x):\n    x.zip = str(x.zip)\n    return 1 if x.zip == '2' else -1\n"
    )
    messages = [one for one in told(lk.collect(path, labels=["HAM", "SPAM"])) if "LK928" in one]
    assert [one.partition(" compares")[0] for one in messages] == [
        "rule 'first': likes == 0 (line 7)",
        "rule 'row': x.zip == '2' (line 15)",
    ]


def test_a_rule_is_told_of_once_and_a_check_reports_it_instead(rules_of, tmp_path):
    rules = rules_of("likes", "return 1 if likes == 0 else None")
    assert len(told(rules)) == 1
    assert told(rules) == []
    checked = rules_of("likes", "return 1 if likes == 0 else None")
    (problem,) = [one for one in check_rules(checked, FRAME).problems if one.code == "LK928"]
    assert problem.severity == "warning"
    assert problem.message.startswith("likes == 0 (line 14) compares column 'likes', which holds text, with 0 (int)")
    assert told(checked) == []


def test_a_run_warns_of_it(rules_of, tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"zip": number}) + "\n" for number in (2, 3)))
    rules_of("zip", "return 1 if zip == '2' else 0")
    with pytest.warns(UserWarning, match="LK928"):
        lk.run(tmp_path / "rules.py", path, out=tmp_path / "out", labels=["HAM", "SPAM"], progress=False)


def test_a_lambda_that_is_alone_on_its_line_is_looked_at(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\nrule = lk.labeling_function(name='rule')(lambda likes: 1 if likes == 0 else None)\n"
    )
    (warning,) = told(lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"]))
    assert "rule 'rule': likes == 0 (line 2) compares column 'likes', which holds text, with 0 (int)" in warning


def of_csv(tmp_path, likes):
    file = tmp_path / "comments.csv"
    file.write_text("text,likes\n" + "".join(f"t,{one}\n" for one in likes))
    return str(file)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('return 1 if likes > "10" else None', "likes > '10' (line 14)"),
        ('return 1 if "10" <= likes else None', "'10' <= likes (line 14)"),
        ('n = likes\n    return 1 if "10" < n < "30" else None', "'10' < n < '30' (line 15)"),
    ],
)
def test_numbers_that_are_compared_as_texts_are_named(rules_of, tmp_path, body, shown):
    rules = rules_of("likes", body)
    (one,) = told(rules, of_csv(tmp_path, [3, 9, 25, 100]))
    compared = f"rule 'rule': {shown} compares column 'likes' as text, letter by letter: '3' > '10' is true"
    assert one == f"{compared} [LK928]. Hint: compare numbers: float(likes) with 10"
    assert told(rules, of_csv(tmp_path, [1])) == []  # texts and numbers have the same order here
    assert told(rules, of_csv(tmp_path, [3, "many"])) == []
    assert told(rules_of("likes: int", body.replace('"', "")), of_csv(tmp_path, [3, 9, 25])) == []


def test_years_dates_and_words_are_compared_as_texts(rules_of, tmp_path):
    assert told(rules_of("likes", 'return 1 if likes > "2019" else None'), of_csv(tmp_path, [2018, 2020, 1999])) == []
    assert told(rules_of("likes", 'return 1 if likes > "2019-05-01" else None'), of_csv(tmp_path, ["2019-11-02"])) == []
    assert told(rules_of("likes", 'return 1 if likes == "10" else None'), of_csv(tmp_path, [9, 10])) == []


def test_ranges_and_batches_compare_numbers_as_texts_too(rules_of, tmp_path):
    corpus = of_csv(tmp_path, [3, 25, 100])
    ranged = lk.collect([lk.between("10", label=1).rule(name="liked", column="likes")], labels=2)
    (one,) = told(ranged, corpus)
    compared = "a range (above 10) compares column 'likes' as text, letter by letter: '3' > '10' is true"
    assert one == f"rule 'liked': {compared} [LK928]. Hint: give numbers as ends: 10"
    rules = rules_of("likes: np.ndarray", 'return np.where(likes > "10", 1, -1)', "(batch=True)")
    (one,) = told(rules, corpus)
    assert "likes > '10' (line 14) compares" in one
    assert one.endswith("pandas.to_numeric(likes) with 10")
    assert told(lk.collect([lk.between("b", label=1).rule(name="r", column="likes")], labels=2), corpus) == []


ROWS = """
import pandas as pd
from labelkit.interop.snorkel.labeling import labeling_function


@labeling_function()
def rule(x):
    return {body}
"""
LACKING = pd.DataFrame({"author": ["a", None, float("nan")], "text": ["a", "b", ""]}, dtype=object)
IN_ROWS = "where column 'author' is missing, as in some rows, a row holds NaN"
HINT = "[LK928]. Hint: ask pandas.isna(x.author), where x is the row"


@pytest.fixture
def row_rule(tmp_path):
    def make(body):
        (tmp_path / "rows.py").write_text(ROWS.format(body=body))
        return tmp_path / "rows.py"

    return make


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("1 if x.author is None else -1", ": x.author is None is never so (line 8)"),
        ('1 if x["author"] == None else -1', ": x['author'] == None is never so (line 8)"),
        ("1 if not x.author else -1", ", which is true (line 8)"),
        ('1 if x.text == "b" or not x.author else -1', ", which is true (line 8)"),
    ],
)
def test_a_row_holds_nan_where_a_value_is_missing(row_rule, body, reason):
    rules = lk.collect(row_rule(body), labels=2)
    assert told(rules, LACKING) == [f"rule 'rule': {IN_ROWS}{reason} {HINT}"]
    assert told(rules, LACKING.head(1)) == []
    values = lk.Applier(lk.collect(row_rule(body), labels=2))
    with pytest.warns(UserWarning, match="a row holds NaN"):
        assert values.apply(LACKING).votes[2, 0] == -1  # though no author is there


@pytest.mark.parametrize(
    "body",
    [
        "1 if pd.isna(x.author) else -1",
        "1 if x.author is None or pd.isna(x.author) else -1",
        "-1 if x.author is None else 1",
        "1 if not x.text else -1",
        "1 if not isinstance(x.author, str) else -1",
    ],
)
def test_rules_that_know_nan_are_usual(row_rule, body):
    assert told(lk.collect(row_rule(body), labels=2), LACKING) == []


def test_rows_of_a_frame_hold_none_where_the_frame_does(row_rule):
    module = load_file(row_rule("1 if x.author is None else -1"))
    applier = PandasLFApplier([module.rule])
    assert applier.apply(LACKING, progress_bar=False).tolist() == [[-1], [1], [-1]]
    with pytest.warns(UserWarning, match=f"{IN_ROWS}: x.author is None is never so"):
        votes = applier.apply(LACKING.iloc[[0, 2]], progress_bar=False)
    assert votes.tolist() == [[-1], [-1]]

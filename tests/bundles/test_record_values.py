"""Whatever values a service gives, the votes are those of a corpus like that of the run, or a clear error."""

import dataclasses
import json
import pickle
import warnings
from collections import namedtuple
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.bundles import predict_corpus
from labelkit.corpus.open_corpus import open_with_names
from labelkit.exceptions import BundleError, CorpusError

RULES = """
import datetime as dt

import labelkit as lk

HAM, SPAM = 0, 1


@lk.labeling_function
def shown(share):
    return SPAM if repr(share) in ("1.0", "2.0") else HAM


@lk.labeling_function
def score(user_score):
    return SPAM if isinstance(user_score, float) else HAM


@lk.labeling_function
def number(n):
    return SPAM if isinstance(n, int) else HAM


@lk.labeling_function
def dated(when):
    return SPAM if isinstance(when, dt.datetime) and when.year == 2024 else HAM


old = lk.between(18, None, label=HAM).rule(name="old", column="user.age")
"""

ROWS = [
    {
        "share": i / 4,
        "n": i,
        "user": {"age": 10 + i, "score": i / 8},
        "when": pd.Timestamp(2024, 1, 1 + i % 9).to_pydatetime(),
    }
    for i in range(40)
]
WHOLE = {"share": 1, "n": 1, "user": {"age": 20, "score": 3}, "when": ROWS[0]["when"]}
"""A record of which a service writes 1 for 1.0."""

VOTES = {"shown": 1, "score": 1, "number": 1, "dated": 1, "old": 0}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    (folder / "rules.py").write_text(RULES)
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "corpus.parquet")
    rename = {"user_score": "user.score"}
    options = {"labels": ["HAM", "SPAM"], "rename": rename, "report": False, "cache": False, "progress": False}
    run = lk.run(folder / "rules.py", folder / "corpus.parquet", folder / "run", **options)
    with lk.load_bundle(lk.bundle(run, folder / "a.labelkit")) as loaded:
        yield loaded


def votes_of(bundle, corpus, **options):
    matrix = bundle.applier().apply(corpus, progress=False, cache=False, **options)
    return [dict(zip(matrix.names, row, strict=True)) for row in matrix.votes.tolist()]


@pytest.mark.parametrize("share", [1, np.int64(1), np.uint8(1), 1.0, np.float32(1)])
def test_whole_numbers_of_a_column_of_floats_are_floats_whatever_stands_beside_them(bundle, share):
    record = {**WHOLE, "share": share}
    other = {**WHOLE, "share": 0.3}
    expected = bundle.predict_proba([{**record, "share": 1.0}])[0]
    assert bundle.explain(record).label == bundle.explain({**record, "share": 1.0}).label
    for several in ([record], [record, other], [record] * 17, [record, *[other] * 17]):
        assert bundle.predict_proba(several)[0] == pytest.approx(expected)
    assert votes_of(bundle, [record])[0] == VOTES
    assert votes_of(bundle, [record, other])[0] == VOTES


def test_whole_numbers_of_corpora_are_floats_too(bundle, tmp_path):
    table = pa.Table.from_pylist([WHOLE] * 3)
    pq.write_table(table, tmp_path / "new.parquet")
    line = json.dumps({**WHOLE, "when": None})
    (tmp_path / "new.jsonl").write_text(f"{line}\n" * 3)
    flat = table.to_pandas().drop(columns="user").assign(**{"user.age": 20, "user_score": 3})
    for corpus in (table, tmp_path / "new.parquet", table.to_pandas(), flat, iter([WHOLE] * 3)):
        assert votes_of(bundle, corpus) == [VOTES] * 3
    assert votes_of(bundle, tmp_path / "new.jsonl") == [{**VOTES, "dated": -1}] * 3
    assert votes_of(bundle, table, rename={"user_score": "user.score"}) == [VOTES] * 3
    expected = bundle.predict_proba([WHOLE])[0]
    written = pq.read_table(predict_corpus(bundle, tmp_path / "new.parquet", tmp_path / "labels.parquet").path)
    assert written["p_SPAM"].to_pylist() == pytest.approx([expected[1]] * 3)


def test_columns_of_other_types_stay(bundle):
    corpus = bundle.applier().open([{**WHOLE, "share": None}, {**WHOLE, "share": None}])
    assert str(corpus.column_type("n")) == "int64"
    with lk.load_bundle(bundle.path) as again, pytest.warns(UserWarning, match="numbers in the run, and truth values"):
        assert str(again.applier().open([{**WHOLE, "share": True}]).column_type("share")) == "bool"
    assert bundle.predict_proba([{**WHOLE, "share": None, "n": None}]).shape == (1, 2)
    with pytest.raises(CorpusError, match="does not fit"):
        bundle.predict({**WHOLE, "share": 10**400})


def test_whole_numbers_beyond_those_of_floats_are_the_nearest_ones(tmp_path):
    numbers = [2**53 + 1, -(2**62), 3, None]
    pq.write_table(pa.table({"a": numbers, "b": numbers}), tmp_path / "a.parquet")
    corpus = open_with_names(tmp_path / "a.parquet", floats=["a"])
    again = pickle.loads(pickle.dumps(corpus))
    for one in (corpus, again):
        assert str(one.column_type("a")) == "double"
        read = [one.read(0, 4, ["a", "b"]), next(iter(one.batches(["a", "b"], 10))).table]
        for batch in read:
            assert batch.column("a").to_pylist() == [float(2**53), -float(2**62), 3.0, None]
            assert batch.column("b").to_pylist() == numbers
    plain = open_with_names(tmp_path / "a.parquet")
    assert plain.content("a") != corpus.content("a")


@pytest.mark.parametrize("unit", ["D", "s", "us", "ns"])
def test_times_of_numpy_in_a_row_of_a_frame_are_times(bundle, unit):
    row = pd.Series({**WHOLE, "when": np.datetime64("2024-07-03", unit)})
    assert bundle.predict_proba(row).tolist() == bundle.predict_proba([WHOLE]).tolist()
    nothing = pd.Series({**WHOLE, "when": np.datetime64("NaT", unit)})
    assert bundle.predict_proba(nothing).tolist() == bundle.predict_proba([{**WHOLE, "when": None}]).tolist()


@pytest.mark.parametrize("nothing", [None, float("nan"), np.float64("nan"), pd.NA, pd.NaT])
def test_fields_of_what_is_missing_are_missing(bundle, nothing):
    record = {**WHOLE, "user": nothing}
    expected = bundle.predict_proba([{**WHOLE, "user": {"age": None, "score": None}}])
    assert bundle.predict_proba([record]).tolist() == expected.tolist()
    assert bundle.predict_proba([record] * 17)[:1].tolist() == expected.tolist()


Tuple = namedtuple("Tuple", ["n"])  # noqa: PYI024 - as users have


@dataclasses.dataclass
class Post:
    n: int


class Model:
    def model_dump(self):
        return {}


@pytest.mark.parametrize(
    ("record", "hint"),
    [(Tuple(1), r"record._asdict\(\)"), (Post(1), r"asdict\(record\)"), (Model(), r"record.model_dump\(\)")],
)
def test_of_a_record_that_is_no_mapping_the_hint_says_how_it_becomes_one(bundle, record, hint):
    with pytest.raises(BundleError, match=rf"(?s)not a mapping.*{hint}"):
        bundle.predict(record)
    with pytest.raises(BundleError, match=rf"(?s)record 0 is .*{hint}"):
        bundle.predict_proba([record] * 20)


def test_one_dict_is_one_record_and_a_dict_of_lists_a_corpus(bundle):
    expected = bundle.predict_proba([WHOLE])
    assert bundle.predict_proba(WHOLE).tolist() == expected.tolist()
    columns = {name: [value, value] for name, value in WHOLE.items() if name != "user"}
    columns |= {"user.age": [20, 20], "user_score": [3, 3]}
    assert bundle.predict_proba(columns).tolist() == [*expected.tolist()] * 2
    with pytest.raises(BundleError, match=r"has no column 'user\.age'"):
        bundle.predict_proba({"share": 1.0, "n": 1, "when": None, "user_score": 2.0})


def test_a_row_with_a_column_twice_is_refused(bundle):
    row = pd.Series([*WHOLE.values(), 2.0], index=[*WHOLE, "share"])
    with pytest.raises(BundleError, match="has a column 'share' twice"):
        bundle.predict(row)
    with pytest.raises(BundleError, match="has a column 'share' twice"):
        bundle.predict_proba(row)


def test_a_frame_is_no_record(bundle):
    with pytest.raises(BundleError, match=r"(?s)is DataFrame.*are given to predict_proba"):
        bundle.predict(pd.DataFrame([WHOLE]))


@pytest.mark.parametrize(("column", "before", "here"), [("n", "numbers", "text"), ("when", "times without a zone", "text"),
    ("share", "numbers", "truth values")])  # fmt: skip
def test_values_of_another_kind_than_in_the_run_are_told_once(bundle, tmp_path, column, before, here):
    with lk.load_bundle(bundle.path) as again:
        odd = {**WHOLE, column: True if here == "truth values" else "2024-07-03"}
        told = rf"column '{column}' held {before} in the run, and {here} here"
        with pytest.warns(UserWarning, match=told) as caught:
            again.predict(odd)
        assert "[LK580]" in str(caught[0].message)
        again.predict(odd)  # a warning would be an error
        again.predict({**odd, column: None})
        again.predict({**odd, column: float("nan")})
    for corpus in ([odd], pa.Table.from_pylist([odd]), [odd] * 20):
        with lk.load_bundle(bundle.path) as again:
            with pytest.warns(UserWarning, match=told):
                again.label(corpus)
            again.label(corpus)  # a warning would be an error
    with lk.load_bundle(bundle.path) as again, pytest.warns(UserWarning, match=told):
        again.predict_proba([odd] * 20)


TYPED = """
import datetime as dt

import labelkit as lk


@lk.labeling_function
def early(when: dt.datetime):
    return 0 if when.hour < 12 else 1


@lk.labeling_function
def recent(day: dt.date | None):
    return 1 if day is not None and day.year > 2025 else None


@lk.labeling_function
def liked(likes: float):
    return 0 if likes > 2 else None


@lk.labeling_function
def local(user: str):
    return 0 if user.startswith("7") else None
"""
"""Rules that declare the types of their columns, as those over text of files do."""


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """A bundle of a run over JSON lines, with its records and the labels of its run."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "rules.py").write_text(TYPED)
    rows = [
        {
            "when": f"2026-01-05T{i % 24:02}:00:00",
            "day": None if i % 5 == 0 else f"202{i % 7}-03-01",
            "likes": i % 4 + 0.5,
            "user": f"{i % 9}1",
        }
        for i in range(60)
    ]
    (folder / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    options = {"labels": ["HAM", "SPAM"], "report": False, "cache": False, "progress": False}
    run = lk.run(folder / "rules.py", folder / "corpus.jsonl", folder / "run", **options)
    with lk.load_bundle(lk.bundle(run, folder / "typed.labelkit")) as loaded:
        yield loaded, rows, run.labels()


def test_records_of_json_get_the_labels_of_the_lines_that_they_were(typed):
    bundle, rows, labels = typed
    assert bundle.predict_proba(rows).tolist() == labels.proba.tolist()
    assert [bundle.predict_proba([row]).tolist() for row in rows] == [[row] for row in labels.proba.tolist()]
    assert bundle.label(rows).proba.tolist() == labels.proba.tolist()
    names = [None if label < 0 else bundle.class_names[label] for label in labels.hard()]
    assert [bundle.predict(row) for row in rows] == names
    assert [bundle.explain(row).label for row in rows] == names


@pytest.mark.parametrize(
    ("column", "value", "reason", "hint"),
    [
        ("likes", "3", "float expected, got str: '3'", "give a number, 0.5; None where it is not known"),
        ("user", 71, "str expected, got int: 71", 'give a text, "7"; None'),
        ("when", "2026-01-05T10:00:00Z", "datetime expected, got '2026-01-05T10:00:00Z'", "give a time without a zone"),
        ("day", "05.01.2026", "date expected, got '05.01.2026'", 'give a date, "2026-01-05"; None'),
    ],
)
def test_a_value_of_another_type_than_declared_is_told_to_whom_gives_the_record(typed, column, value, reason, hint):
    bundle, rows, _ = typed
    odd = {**rows[1], column: value}
    for give, name in [
        (lambda: bundle.predict(odd), "the record"),
        (lambda: bundle.predict_proba([*rows[:30], odd]), "record 30"),
    ]:
        with pytest.raises(CorpusError) as caught:
            give()
        assert caught.value.message == f"{name}: column {column!r}: {reason}"
        assert hint in caught.value.hint


def test_a_value_that_rules_cannot_read_is_told_to_whom_gives_the_record(bundle, tmp_path):
    rules = "import labelkit as lk\nasks = lk.keywords('free', label=1).rule(name='asks')\n"
    (tmp_path / "rules.py").write_text(rules)
    options = {"labels": ["HAM", "SPAM"], "report": False, "cache": False, "progress": False}
    run = lk.run(tmp_path / "rules.py", ["free", "a song"] * 9, tmp_path / "run", **options)
    number, large = {"text": 5}, {**WHOLE, "share": 10**400}
    with lk.load_bundle(lk.bundle(run, tmp_path / "a.labelkit")) as of_words:
        for give, reason in [
            (partial(of_words.predict, number), "looks for text in column 'text', which holds int64"),
            (partial(of_words.predict_proba, [number] * 20), "looks for text in column 'text', which holds int64"),
            (partial(bundle.predict, large), "does not fit "),
            (partial(bundle.predict_proba, [WHOLE] * 20 + [large]), "does not fit "),
        ]:
            with pytest.raises(CorpusError, match=reason) as caught, warnings.catch_warnings(action="ignore"):
                give()
            assert caught.value.hint == "give a value of the type that the rule reads; None where it is not known"


def test_an_empty_request_has_no_labels(typed, tmp_path):
    bundle, _, _ = typed
    for nothing in ([], ()):
        assert bundle.predict_proba(nothing).shape == (0, 2)
        assert bundle.label(nothing).proba.shape == (0, 2)
        assert bundle.label(nothing, id="id").ids.tolist() == []
        assert predict_corpus(bundle, nothing, tmp_path / "labels.csv", force=True).n_examples == 0

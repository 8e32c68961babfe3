"""Lists and structs are carried as they are, or the row is bad: nothing within them is cut off or turned into other things."""

from __future__ import annotations

import array
import datetime as dt
import gzip
import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

import labelkit as lk
from labelkit.corpus._python_values import to_array
from labelkit.corpus.sources.json_lines import FIRST_BYTES
from labelkit.corpus.sources.streams import FIRST_ROWS

NESTED = {
    "a fraction in a list of ints": ([1, 2], [1.5]),
    "a fraction in a struct": ({"n": 1}, {"n": 0.7}),
    "a fraction in structs in lists": ([{"n": [1]}], [{"n": [1]}, {"n": [1, 2.5]}]),
    "a text among lists of texts": (["free"], "win"),
    "an empty text among lists": (["free"], ""),
    "an empty list among structs": ({"n": 1}, []),
    "an empty text among structs": ({"n": 1}, ""),
    "an object among lists": (["free"], {}),
    "a bool in a list of ints": ([1], [True]),
    "a number in a list of texts": (["free"], [1]),
}


def lines_of(path, rows, *, end="\n"):
    path.write_text("\n".join(json.dumps(row) for row in rows) + end, "utf-8")
    return path


def values_of(corpus, column="a"):
    return [value for batch in corpus.batches([column], 65_536) for value in batch.table.column(0).to_pylist()]


def many(first, n_bytes):
    """Return so many rows of a value that their lines have more bytes than given."""
    return [{"a": first, "b": "x" * 2**14}] * (n_bytes // 2**14 + 1)


@pytest.mark.parametrize("what", NESTED)
def test_a_value_of_lines_of_json_that_does_not_fit_the_first_ones_makes_a_bad_row(tmp_path, what):
    first, other = NESTED[what]
    rows = many(first, FIRST_BYTES)
    path = lines_of(tmp_path / "rows.jsonl", [*rows, {"a": other}, {"a": first}])
    with pytest.raises(lk.LabelkitError, match=rf"line {len(rows) + 1}: .*does not fit") as caught:
        values_of(lk.open_corpus(path))
    assert "types=" in caught.value.hint
    rejecting = lk.open_corpus(path, on_bad_row="reject")
    assert values_of(rejecting) == [first] * (len(rows) + 1)
    assert [reject.row for reject in rejecting.rejects] == [len(rows)]


@pytest.mark.parametrize("what", NESTED)
def test_a_value_of_an_iterator_that_does_not_fit_the_first_ones_makes_a_bad_row(what):
    first, other = NESTED[what]
    rows = [{"a": first}] * FIRST_ROWS
    with pytest.raises(lk.LabelkitError, match=rf"row {FIRST_ROWS:,}: .*does not fit"):
        values_of(lk.open_corpus(iter([*rows, {"a": other}])))


@pytest.mark.parametrize("what", [what for what in NESTED if "fraction" not in what])
def test_a_list_whose_values_have_no_one_type_is_an_error(what):
    with pytest.raises(lk.LabelkitError, match=r"row 1: column 'a': .*does not fit"):
        values_of(lk.open_corpus([{"a": value} for value in NESTED[what]]))


LATER = {
    "a key": ({"n": 1}, {"n": 2, "m": 3}, {"n": 2}, "'m'"),
    "a key within": ({"n": {"m": 1}}, {"n": {"k": 2}}, {"n": {"m": None}}, "'k'"),
    "a key in a list": ([{"n": 1}], [{"m": 1}], [{"n": None}], "'m'"),
}


@pytest.mark.parametrize("what", LATER)
@pytest.mark.parametrize("kind", ["lines", "an array", "an iterator"])
def test_keys_that_the_first_rows_lack_are_left_out_with_a_warning(tmp_path, what, kind):
    first, later, delivered, key = LATER[what]
    rows = [*many(first, 2 * FIRST_BYTES), *[{"a": first}] * FIRST_ROWS, {"a": later}]
    if kind == "an array":
        (tmp_path / "rows.json").write_text(json.dumps(rows), "utf-8")
    path = tmp_path / "rows.json" if kind == "an array" else lines_of(tmp_path / "rows.jsonl", rows)
    with pytest.warns(UserWarning, match=rf"column 'a' holds objects, and the keys {key} of some rows.*LK221"):
        values = values_of(lk.open_corpus(iter(rows) if kind == "an iterator" else path))
    assert (values[0], values[-1]) == (first, delivered)


def test_a_reader_of_a_field_is_not_warned_of_other_keys(tmp_path):
    rows = [*many({"n": 1}, FIRST_BYTES), {"a": {"n": 2, "m": 3}}]
    path = lines_of(tmp_path / "rows.jsonl", rows)
    assert values_of(lk.open_corpus(path), "a.n")[-1] == 2


def test_a_key_whose_values_have_no_one_type_is_not_left_out_of_a_list():
    with pytest.raises(lk.LabelkitError, match=r"row 1: column 'a': .*does not fit"):
        values_of(lk.open_corpus([{"a": {"n": 1}}, {"a": {"n": 1, "tags": ["free", 1]}}]))


def test_a_type_that_is_given_holds_what_the_first_rows_do_not_have(tmp_path):
    rows = [*many({"n": 1}, FIRST_BYTES), {"a": {"n": 0.7}}]
    path = lines_of(tmp_path / "rows.jsonl", rows)
    corpus = lk.open_corpus(path, types={"a": pa.struct({"n": pa.float64()})})
    assert values_of(corpus) == [row["a"] for row in rows]


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize(("first", "last"), [(1, 1.5), ([1], [1.5]), ({"n": 1}, {"n": 1.5, "m": "x"}), (None, "a")])
@pytest.mark.parametrize("packed", [False, True])
def test_the_last_row_of_a_small_file_counts_without_a_line_end_too(tmp_path, end, first, last, packed):
    path = lines_of(tmp_path / "rows.jsonl", [{"a": first}, {"a": last}], end=end)
    if packed:
        whole, path = path.read_bytes(), tmp_path / "rows.jsonl.gz"
        path.write_bytes(gzip.compress(whole))
    assert values_of(lk.open_corpus(path))[1] == last


@pytest.mark.parametrize("value", [{1}, (1,), np.array([1]), array.array("q", [1])])
def test_what_is_like_a_list_is_carried_as_one(value):
    assert values_of(lk.open_corpus(pd.DataFrame({"a": [value, [2]]}))) == [[1], [2]]


def test_dates_in_lists_keep_their_times():
    array, misfits = to_array(
        [[dt.date(2020, 1, 1)], [dt.datetime(2020, 1, 1, 5, tzinfo=dt.UTC)]], pa.list_(pa.date32())
    )
    assert array is None
    assert list(misfits) == [1]


leaves = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=3)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
)


@given(st.lists(values.filter(lambda value: isinstance(value, list | dict)), min_size=1, max_size=4))
def test_what_is_delivered_is_what_was_given(rows):
    try:
        delivered = values_of(lk.open_corpus([{"a": value} for value in rows]))
    except lk.LabelkitError:
        return
    assert [without_nulls(value) for value in delivered] == [without_nulls(value) for value in rows]


def without_nulls(value):
    """Return a value as a corpus means it: a key that is missing is null, and so is NaN."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return {key: part for key, one in value.items() if (part := without_nulls(one)) is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", [pa.string(), pa.int64(), pa.bool_(), pa.date32(), pa.list_(pa.string())])
@pytest.mark.parametrize("values", [[float("nan")], [float("nan"), None]])
def test_nan_alone_is_missing_in_a_column_of_any_type(kind, values):
    array, misfits = to_array(values, kind)
    assert (array.to_pylist(), misfits) == ([None] * len(values), {})
    assert to_array([0.5], pa.string()) == (None, {0: "str expected, got float: 0.5"})


def test_a_record_without_anything_but_nan_has_no_type():
    corpus = lk.open_corpus([{"text": float("nan")}, {"text": float("nan")}])
    rule = lk.keywords("free", label=1).rule(name="free")
    applier = lk.Applier(lk.LabelingFunctions([rule], labels=2))
    assert applier.apply(corpus, progress=False).votes.tolist() == [[-1], [-1]]

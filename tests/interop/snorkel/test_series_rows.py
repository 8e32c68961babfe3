"""Rows of a frame do what series do, whatever a rule asks of them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from labelkit.interop.snorkel._series_rows import SeriesRow, rows_of
from labelkit.interop.snorkel.map.core import copy_of

MIXED = pd.DataFrame(
    {
        "text": ["a b", "c"],
        "n": [1, 2],
        "a b": [1.5, np.nan],
        "count": [7, 8],
        "t": pd.to_datetime(["2020-01-01", "2021-01-01"]),
        "b": [True, False],
        "l": [[1], [2]],
        "name": ["x", "y"],
        3: [4, 5],
    },
    index=["r", "s"],
)
FRAMES = {
    "mixed": MIXED,
    "strings": pd.DataFrame({"text": ["a", "b"], "n": ["c", None]}),
    "objects": pd.DataFrame({"text": pd.Series(["a", None], dtype=object), "n": ["c", "d"]}),
    "integers": pd.DataFrame({"text": [1, 2], "n": [3, 4]}),
    "integers and floats": pd.DataFrame({"text": [1, 2], "n": [3.5, 4]}),
    "nullable": pd.DataFrame({"text": pd.array([1, None], dtype="Int64"), "n": pd.array([1, 2], dtype="Int64")}),
    "nullable of two types": pd.DataFrame(
        {"text": pd.array([1, None], dtype="Int64"), "n": pd.array([1.5, 2], dtype="Float64")}
    ),
    "categories": pd.DataFrame({"text": pd.Categorical(["a", "b"]), "n": pd.Categorical(["a", "b"])}),
    "times": pd.DataFrame({"text": pd.to_datetime(["2020", "2021"]), "n": pd.to_datetime(["2020", "2021"])}),
    "times of a zone": pd.DataFrame({"text": pd.to_datetime(["2020", "2021"], utc=True)}),
    "spans": pd.DataFrame({"text": pd.to_timedelta([1, 2], unit="D")}),
    "truth": pd.DataFrame({"text": [True, False], "n": [True, True]}),
    "truth and integers": pd.DataFrame({"text": [True, False], "n": [1, 2]}),
    "a name twice": pd.DataFrame([["a", 1]], columns=["text", "text"]),
    "an index that repeats": pd.DataFrame({"text": ["a", "b"], "n": [1, 2]}, index=[7, 7]),
}
USES = {
    "attribute": lambda x: x.text,
    "item": lambda x: x["a b"],
    "type of a field": lambda x: type(x.n),
    "field with the name of a method": lambda x: (x["count"], callable(x.count)),
    "field with the name of a property": lambda x: (x.name, x["name"]),
    "label that is no string": lambda x: x[3],
    "get": lambda x: (x.get("zz", 5), x.get("n"), x.get(3)),
    "in": lambda x: ("text" in x, "zz" in x, 3 in x),
    "missing attribute": lambda x: x.zz,
    "missing item": lambda x: x["zz"],
    "hasattr": lambda x: (hasattr(x, "zz"), hasattr(x, "text")),
    "getattr": lambda x: getattr(x, "a b"),
    "iteration": list,
    "length": len,
    "items": lambda x: list(x.items()),
    "keys": lambda x: x.keys().tolist(),
    "to_dict": lambda x: x.to_dict(),
    "isinstance": lambda x: isinstance(x, pd.Series),
    "index": lambda x: x.index.tolist(),
    "dtype": lambda x: x.dtype,
    "repr": repr,
    "values": lambda x: x.values.tolist(),
    "array": lambda x: np.asarray(x).tolist(),
    "isna": lambda x: x.isna().tolist(),
    "several items": lambda x: x[["text", "n"]].to_dict(),
    "slice": lambda x: x[0:1].to_dict(),
    "iloc": lambda x: x.iloc[0],
    "loc": lambda x: x.loc["n"],
    "drop": lambda x: x.drop("text").to_dict(),
    "copy": lambda x: (x.copy().to_dict(), copy.copy(x).to_dict(), copy.deepcopy(x).to_dict()),
    "pickle": lambda x: (pickle.loads(pickle.dumps(x)).to_dict(), pickle.loads(pickle.dumps(x)).name),
    "frame of rows": lambda x: pd.DataFrame([x]).to_dict(),
    "concat": lambda x: pd.concat([x, x]).tolist(),
    "comparison": lambda x: (x == 1).tolist(),
    "truth": bool,
    "hash": hash,
    "map": lambda x: x.map(str).tolist(),
    "size": lambda x: (x.size, x.shape, x.empty),
}


def outcome(use, x):
    try:
        return repr(use(x))
    except Exception as error:  # noqa: BLE001 - whatever pandas raises
        return type(error).__name__, str(error)


def series_of(frame):
    rows = []
    frame.apply(lambda row: rows.append(row.copy()), axis=1)
    return rows


@pytest.mark.parametrize("kind", FRAMES)
def test_a_row_does_what_a_series_does(kind):
    for use in USES.values():
        expected = [outcome(use, x) for x in series_of(FRAMES[kind])]
        assert [outcome(use, x) for x in rows_of(FRAMES[kind])] == expected


@pytest.mark.parametrize("kind", FRAMES)
def test_a_row_that_has_become_a_series_does_so_too(kind):
    rows = list(rows_of(FRAMES[kind]))
    for row in rows:
        assert len(row.to_dict()) > 0
    for use in USES.values():
        assert [outcome(use, x) for x in rows] == [outcome(use, x) for x in series_of(FRAMES[kind])]


@pytest.mark.parametrize("early", [True, False])
def test_what_is_written_to_a_row_is_read_again(early):
    def write(x):
        if early:
            x.to_dict()
        x.text, x.foo, x["n"], x["bar"] = "new", "f", 9, 3
        return x.text, x.n, x["text"], x.foo, x["bar"], x.bar, x.to_dict(), len(x), "foo" in x

    assert [repr(write(x)) for x in rows_of(MIXED)] == [repr(write(x)) for x in series_of(MIXED)]
    assert MIXED.text.tolist() == ["a b", "c"]


def test_a_row_of_numbers_takes_numbers_as_a_series_does():
    def write(x):
        x.n = 7
        return x.n, type(x.n), x.tolist()

    frame = FRAMES["integers and floats"]
    assert [write(x) for x in rows_of(frame)] == [write(x) for x in series_of(frame)]


def test_fields_alone_build_no_series():
    row = next(rows_of(MIXED))
    assert (row.text, row["a b"], row.get("n"), "b" in row, row["count"]) == ("a b", 1.5, 1, True, 7)
    row.other = 1
    assert "_mgr" not in row.__dict__
    assert type(row) is SeriesRow


def test_a_copy_shares_nothing_and_keeps_fields_that_were_added():
    frame = MIXED.copy()
    frame["l"] = [[1], [2]]
    row = next(rows_of(frame))
    row.tags = ["x"]
    for other in (copy_of(row), pickle.loads(pickle.dumps(row))):
        other.tags.append("y")
        other.l.append(5)
        assert (other.tags, other.l, other.name) == (["x", "y"], [1, 5], "r")
    assert (row.tags, row.l, frame["l"]["r"]) == (["x"], [1], [1])


def test_columns_may_bear_any_name():
    names = ["_mgr", "_name", "name", "index", "values", "added_fields", "with_values", "dtype", "self", "", "1", "str"]
    frame = pd.DataFrame([list(range(len(names)))], columns=names, dtype=object)
    for row, series in zip(rows_of(frame), series_of(frame), strict=True):
        assert [row[name] for name in names] == [series[name] for name in names]
        for name in ("added_fields", "with_values", "self", "1", "name"):
            assert getattr(row, name) == getattr(series, name)
        assert row.to_dict() == series.to_dict()


def test_an_empty_frame_has_no_rows():
    assert list(rows_of(pd.DataFrame({"text": []}))) == []

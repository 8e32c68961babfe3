"""A column votes alike in whichever type Arrow stores its values, by every way to the rules."""

import datetime as dt
import json
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

import labelkit as lk
from labelkit.bundles._record_votes import RecordVoter
from labelkit.corpus.sources._typed_rows import write_rows
from labelkit.exceptions import CorpusError

TIME = pd.Timestamp(2024, 3, 31, 1, 30).to_pydatetime()
ZONED = TIME.replace(tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
UNITS = ["s", "ms", "us", "ns"]
TEXTS = ["free", None, "x", "free", "FREE money"]


def applier_of(*rules):
    return lk.Applier(rules, labels=["NO", "YES"])


def votes_of(rule, values):
    """The votes on a table, row by row, by the function for other engines, on frames, and on records."""
    table = pa.table({"id": range(len(values)), "x": values})
    applier, function = applier_of(rule), applier_of(rule).arrow("id")
    options = {"id": "id", "cache": False, "progress": False}
    frames = [table, pa.concat_tables([table.slice(0, 1), table.slice(1)]), table.to_pandas(types_mapper=pd.ArrowDtype)]
    ways = [applier.apply(frame, **options).votes[:, 0].tolist() for frame in frames]
    ways.append(applier.apply(table, batch_size=1, **options).votes[:, 0].tolist())
    ways.append(function(table)[rule.name].to_pylist())
    voter = RecordVoter(applier.plan)
    ways.append([voter.votes({"x": value}).votes[0] for value in values.to_pylist()])
    ways.append([rule(value) for value in values.to_pylist()])
    assert ways == [ways[0]] * len(ways)
    return ways[0]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("entry", [TIME, pd.Timestamp(TIME), np.datetime64(TIME, "us"), np.datetime64(TIME, "ns")])
def test_a_time_is_found_whatever_the_unit_of_its_column(unit, entry):
    times = pa.array([TIME, None, TIME + DAY, TIME], pa.timestamp(unit))
    assert votes_of(lk.lookup([entry], match="value", label=1).rule(name="r", column="x"), times) == [1, -1, -1, 1]
    pairs = lk.facts([(entry, entry)], normalise=False, label=1).rule(name="r", column=("x", "y"))
    table = pa.table({"x": times, "y": times})
    assert applier_of(pairs).apply(table, progress=False).votes[:, 0].tolist() == [1, -1, -1, 1]
    assert votes_of(lk.between(entry, label=1).rule(name="r", column="x"), times) == [-1, -1, 1, -1]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("entry", [DAY, pd.Timedelta(DAY), np.timedelta64(DAY, "us"), np.timedelta64(DAY, "ns")])
def test_so_is_a_duration(unit, entry):
    durations = pa.array([DAY, None, 2 * DAY], pa.duration(unit))
    assert votes_of(lk.lookup([entry], match="value", label=1).rule(name="r", column="x"), durations) == [1, -1, -1]
    assert votes_of(lk.between(entry, label=1).rule(name="r", column="x"), durations) == [-1, -1, 1]


def test_a_part_of_a_microsecond_is_not_dropped():
    nanoseconds = pa.array([1, 1_000, None], pa.timestamp("ns"))
    rule = lk.lookup([pd.Timestamp(1, unit="us").to_pydatetime()], match="value", label=1).rule(name="r", column="x")
    table = pa.table({"x": nanoseconds})
    assert applier_of(rule).apply(table, progress=False).votes[:, 0].tolist() == [-1, 1, -1]


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": pd.Series([TIME, None]).astype("datetime64[ns]")}),
        pl.DataFrame({"x": [TIME, None]}, schema={"x": pl.Datetime("ns")}),
    ],
)
def test_frames_of_nanoseconds_vote_as_those_of_microseconds(table):
    rule = lk.lookup([TIME], match="value", label=1).rule(name="r", column="x")
    assert applier_of(rule).apply(table, progress=False).votes[:, 0].tolist() == [1, -1]


def test_tables_elsewhere_find_times_and_durations_in_nanoseconds(tmp_path):
    with duckdb.connect(tmp_path / "d.db") as connection:
        connection.execute(
            "create table seen as select timestamp '2024-03-31 01:30:00' as moment, interval 1 day as took"
        )
    for column, value in (("moment", pa.array([TIME, None], pa.timestamp("ns"))),
                          ("took", pa.array([DAY, None], pa.duration("ns")))):  # fmt: skip
        table = lk.duckdb_table(tmp_path / "d.db", "seen", load="per batch")
        rule = lk.lookup(table, key=column, label=1).rule(name="r", column="x")
        assert applier_of(rule).apply(pa.table({"x": value}), progress=False).votes[:, 0].tolist() == [1, -1]


VALUES = {
    "str": ("1", pa.array(["1"])),
    "bool": (True, pa.array([True])),
    "int": (1, pa.array([1])),
    "float": (1.0, pa.array([1.0])),
    "bytes": (b"1", pa.array([b"1"])),
    "Decimal": (Decimal(1), pa.array([Decimal(1)])),
    "datetime": (TIME, pa.array([TIME])),
    "Timestamp": (pd.Timestamp(TIME), pa.array([TIME], pa.timestamp("ns"))),
    "date": (TIME.date(), pa.array([TIME.date()])),
    "time": (TIME.time(), pa.array([TIME.time()])),
    "timedelta": (DAY, pa.array([DAY])),
}
"""A value of each type, and a column that holds it."""


@pytest.mark.parametrize("sought", VALUES)
def test_a_look_up_in_a_column_of_another_type_is_refused_and_never_votes_nothing(sought):
    entry, _ = VALUES[sought]
    rule = lk.lookup([entry], match="value", label=1).rule(name="r", column="x")
    for held, (_, column) in VALUES.items():
        table = pa.table({"x": column})
        if {sought, held} in ({sought}, {"datetime", "Timestamp"}):
            assert applier_of(rule).apply(table, progress=False).votes.tolist() == [[1]]
            continue
        with pytest.raises(CorpusError, match="they are never equal") as error:
            applier_of(rule).apply(table, progress=False)
        assert error.value.code == "LK209"


NUMBERS = {"bool", "int", "float", "Decimal"}
ALIKE = [NUMBERS, {"datetime", "Timestamp"}]


@pytest.mark.parametrize("end", [name for name in VALUES if name != "bool"])
def test_a_range_over_a_column_that_cannot_be_compared_with_its_ends_is_refused(end):
    rule = lk.between(None, VALUES[end][0], label=1).rule(name="r", column="x")
    for held, (value, column) in VALUES.items():
        if held == end or any({held, end} <= alike for alike in ALIKE):
            assert votes_of(rule, column) == [1]
            continue
        with pytest.raises(TypeError):
            rule(value)
        with pytest.raises(CorpusError, match="they cannot be compared") as error:
            applier_of(rule).apply(pa.table({"x": column}), progress=False)
        assert error.value.code == "LK209"


@pytest.mark.parametrize(("zone", "entry", "other"), [(None, TIME, ZONED), ("UTC", ZONED, TIME)])
def test_times_with_a_zone_and_without_are_not_compared(zone, entry, other):
    times = pa.array([TIME, None], pa.timestamp("us", zone))
    for make in (
        lambda value: lk.lookup([value], match="value", label=1),
        lambda value: lk.between(None, value, label=1),
    ):
        assert votes_of(make(entry).rule(name="r", column="x"), times) == [1, -1]
        with pytest.raises(CorpusError, match="LK209") as error:
            applier_of(make(other).rule(name="r", column="x")).apply(pa.table({"x": times}), progress=False)
        assert ("tzinfo=UTC" in error.value.hint, "no zone" in error.value.hint) == (zone is not None, zone is None)


@pytest.mark.parametrize(
    "stored",
    [
        pc.run_end_encode(pa.array(TEXTS)),
        pa.array(TEXTS, pa.large_string()).dictionary_encode(),
        pa.array(TEXTS, pa.string_view()),
        pa.array(TEXTS, pa.json_(pa.large_string())) if hasattr(pa, "json_") else pa.array(TEXTS),
    ],
    ids=str,
)
def test_text_is_searched_however_it_is_stored(stored):
    assert votes_of(lk.keywords("free", label=1).rule(name="r", column="x"), stored) == [1, -1, -1, 1, 1]
    assert votes_of(lk.lookup(["free"], match="value", label=1).rule(name="r", column="x"), stored) == [
        1,
        -1,
        -1,
        1,
        -1,
    ]


def test_json_that_duckdb_wrote_to_parquet_is_text(tmp_path):
    query = """select 0 as id, '{"a": "free"}'::json as x union all select 1, null"""
    duckdb.sql(f"copy ({query} order by id) to '{tmp_path / 'rows.parquet'}'")
    rule = lk.keywords("free", label=1).rule(name="r", column="x")
    assert applier_of(rule).apply(tmp_path / "rows.parquet", progress=False).votes.tolist() == [[1], [-1]]


@pytest.mark.skipif(not hasattr(pa, "bool8"), reason="this pyarrow has no such type")
def test_truths_of_a_byte_are_truths():
    truths = pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0], pa.int8()))
    assert votes_of(lk.lookup([True], match="value", label=1).rule(name="r", column="x"), truths) == [1, -1, -1]


def test_whole_numbers_beyond_int64_are_ids_and_values_of_rows_as_of_tables(tmp_path):
    table = pa.table(
        {"id": pa.array([2**64 - 1, 2**63, 5], pa.uint64()), "x": pa.array([2**63 + 5, None, 1], pa.uint64())}
    )
    rows = table.to_pylist()
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    applier = applier_of(lk.between(2**63, label=1).rule(name="r", column="x"))
    for corpus in (table, rows, iter(rows), tmp_path / "rows.jsonl", pd.DataFrame(rows, dtype=object)):
        matrix = applier.apply(corpus, id="id", cache=False, progress=False)
        assert dict(zip(matrix.ids.tolist(), matrix.votes[:, 0].tolist(), strict=True)) == {
            2**64 - 1: 1,
            2**63: -1,
            5: -1,
        }
    assert [RecordVoter(applier.plan).votes(row).votes for row in rows] == [(1,), (-1,), (-1,)]


def test_rows_of_a_query_are_whole_numbers_of_one_kind(tmp_path):
    for first, then, wanted in ([2**63, 1, pa.uint64()], [1, 2, pa.int64()]):
        write_rows(tmp_path / "rows.parquet", ["x"], iter([[(first,)], [(then,)]]), "")
        assert pq.read_table(tmp_path / "rows.parquet").to_pydict() == {"x": [first, then]}
        assert pq.read_schema(tmp_path / "rows.parquet").field("x").type == wanted
    for first, then in ([-1, 2**63], [2**63, -1]):
        with pytest.raises(CorpusError, match=f"row 1: column 'x': {then} does not fit"):
            write_rows(tmp_path / "rows.parquet", ["x"], iter([[(first,)], [(then,)]]), "")


@lk.labeling_function
def tagged(tags):
    """Read the lists that are there."""
    return 1 if "free" in tags else 0


@lk.labeling_function
def holds(x):
    """Read values of any type, of the rows that have one."""
    return 1 if "free" in repr(x) else 0


NESTED = {
    "list": ([["free"], None, [None], []], pa.list_),
    "large list": ([["free"], None, [None], []], pa.large_list),
    "list of two": ([["free", "x"], None, [None, "x"], ["y", "y"]], lambda kind: pa.list_(kind, 2)),
    "list of lists": ([[["free"]], None, [], [None]], lambda kind: pa.list_(pa.list_(kind))),
    "struct": ([{"a": "free"}, None, {"a": None}, {"a": "x"}], lambda kind: pa.struct([("a", kind)])),
    "map": ([[("a", "free")], None, [], [("b", None)]], lambda kind: pa.map_(kind, kind)),
    "categories": (["free", None, "x", "x"], lambda kind: pa.dictionary(pa.int8(), kind)),
}


@pytest.mark.parametrize("nested", NESTED)
def test_views_of_texts_within_other_values_are_texts(nested, tmp_path):
    values, kind_of_texts = NESTED[nested]
    for kind in (pa.string(), pa.string_view()):
        of_texts = kind_of_texts(kind)
        if nested == "categories":
            array = pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 1], pa.int8()), pa.array(["free", "x"], kind))
        else:
            array = pa.array(values, of_texts)
        assert array.type == of_texts
        table = pa.table({"id": [7, 8, 9, 10], "x": array})
        feather.write_feather(table, tmp_path / "rows.arrow", compression="uncompressed")
        function = applier_of(holds).arrow("id")
        for corpus in (table, pa.concat_tables([table, table]).slice(4), tmp_path / "rows.arrow"):
            matrix = applier_of(holds).apply(corpus, id="id", batch_size=3, cache=False, progress=False)
            assert matrix.votes[:, 0].tolist() == [1, -1, 0, 0]
        assert function(table)["holds"].to_pylist() == [1, -1, 0, 0]
        if nested == "struct":
            rule = lk.keywords("free", column="x.a", label=1).rule(name="r")
            assert applier_of(rule).apply(table, progress=False).votes[:, 0].tolist() == [1, -1, -1, -1]


def test_files_that_polars_wrote_are_read_as_its_frames(tmp_path):
    frame = pl.DataFrame(
        {
            "x": pl.Series(["free", None, "x"], dtype=pl.Categorical),
            "tags": [["free"], None, []],
            "raw": [b"free", None, b""],
        }
    )
    frame.write_ipc(tmp_path / "rows.arrow")
    frame.write_parquet(tmp_path / "rows.parquet")
    rules = [lk.keywords("free", column="x", label=1).rule(name="r")]
    rules += [lk.lookup([b"free"], match="value", column="raw", label=1).rule(name="raw"), tagged]
    for corpus in (frame, frame.lazy(), tmp_path / "rows.arrow", tmp_path / "rows.parquet"):
        matrix = applier_of(*rules).apply(corpus, cache=False, progress=False)
        assert matrix.votes.tolist() == [[1, 1, 1], [-1, -1, -1], [-1, -1, 0]]

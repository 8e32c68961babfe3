"""Files of stored types are read in the type that holds the values of all, and none changes."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st
from pyarrow import feather

import labelkit as lk
from labelkit.corpus.sources._common_types import common_of_stored, stored_as
from labelkit.exceptions import CorpusError

WRITERS = {".parquet": pq.write_table, ".feather": feather.write_feather}


def folder(path, suffix, *columns):
    path.mkdir(exist_ok=True)
    for number, column in enumerate(columns):
        texts = pa.array(["free"] * len(column))
        WRITERS[suffix](pa.table({"text": texts, "n": column}), str(path / f"{number}{suffix}"))
    return path


def read(corpus, column="n", n_rows=100):
    return [value for batch in corpus.batches([column], n_rows) for value in batch.table[column].to_pylist()]


def struct(**fields):
    return pa.struct(list(fields.items()))


LIKE = {
    "widths of integers": ([pa.array([1], pa.int8()), pa.array([2**40])], pa.int64(), [1, 2**40]),
    "signs": ([pa.array([1], pa.uint16()), pa.array([-2], pa.int16())], pa.int32(), [1, -2]),
    "a missing value in pandas": ([pa.array([1, 2]), pa.array([1.0, None])], pa.float64(), [1.0, 2.0, 1.0, None]),
    "three files": ([pa.array([1]), pa.nulls(1), pa.array([0.5], pa.float32())], pa.float64(), [1.0, None, 0.5]),
    "widths of floats": ([pa.array([0.5], pa.float32()), pa.array([0.1])], pa.float64(), [0.5, 0.1]),
    "units of times": (
        [
            pa.array([dt.datetime(2026, 1, 2, tzinfo=dt.UTC)], pa.timestamp("ms", "UTC")),
            pa.array([1], pa.timestamp("us", "UTC")),
        ],
        pa.timestamp("us", "UTC"),
        [dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.datetime(1970, 1, 1, 0, 0, 0, 1, dt.UTC)],
    ),
    "decimals": (
        [pa.array([Decimal("1.5")], pa.decimal128(5, 1)), pa.array([Decimal("2.25")], pa.decimal128(9, 2))],
        pa.decimal128(9, 2),
        [Decimal("1.50"), Decimal("2.25")],
    ),
    "lists": (
        [pa.array([[1], None], pa.list_(pa.int32())), pa.array([[0.5]], pa.large_list(pa.float64()))],
        pa.large_list(pa.float64()),
        [[1.0], None, [0.5]],
    ),
    "fields in another order": (
        [pa.array([{"a": 1, "b": "x"}]), pa.array([{"b": "y", "a": 0.5}], struct(b=pa.string(), a=pa.float64()))],
        struct(a=pa.float64(), b=pa.string()),
        [{"a": 1.0, "b": "x"}, {"a": 0.5, "b": "y"}],
    ),
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("case", LIKE)
def test_files_in_other_widths_are_read_in_the_widest(tmp_path, suffix, case):
    columns, kind, values = LIKE[case]
    corpus = lk.open_corpus(folder(tmp_path / "some", suffix, *columns))
    found = corpus.schema.field("n").type
    assert found.equals(kind) or str(found).replace("element:", "item:") == str(kind)
    assert read(corpus) == read(corpus, n_rows=1) == values
    backwards = lk.open_corpus(folder(tmp_path / "others", suffix, *columns[::-1]))
    found = read(backwards)
    assert len(found) == len(values)
    assert all(value in found for value in values)


OTHERS = {
    "numbers and text": [pa.array([1]), pa.array(["1"])],
    "bool and number": [pa.array([True]), pa.array([1])],
    "zones": [pa.array([1], pa.timestamp("us", "UTC")), pa.array([1], pa.timestamp("us"))],
    "day and time": [pa.array([1], pa.date32()), pa.array([1], pa.timestamp("us"))],
    "decimal and float": [pa.array([Decimal("1.5")]), pa.array([1.5])],
    "text and bytes": [pa.array(["a"]), pa.array([b"a"])],
    "other fields": [pa.array([{"a": 1}]), pa.array([{"b": 1}])],
    "other fields within": [pa.array([[{"a": 1}]]), pa.array([[{"a": 1, "b": 1}]])],
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("case", OTHERS)
def test_files_of_values_of_other_kinds_are_refused(tmp_path, suffix, case):
    corpus = lk.open_corpus(folder(tmp_path / "some", suffix, *OTHERS[case]))
    with pytest.raises(CorpusError, match=r"column 'n' is .* in .*0\..* and .* in .*1\..*\[LK215\]\nHint: write the"):
        read(corpus)


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(
    ("column", "other", "reason"),
    [
        (pa.array([2**53 + 1]), pa.array([0.5]), "9007199254740993"),
        (pa.array([2**63 + 1], pa.uint64()), pa.array([1]), "9223372036854775809"),
        (pa.array([10**15], pa.timestamp("ms")), pa.array([1], pa.timestamp("ns")), "out of bounds"),
    ],
)
def test_a_value_that_would_change_is_an_error_that_names_its_file(tmp_path, suffix, column, other, reason):
    corpus = lk.open_corpus(folder(tmp_path / "some", suffix, column, other))
    with pytest.raises(CorpusError, match=rf"0\{suffix}, and \w+(\[ns\])? holds all files but this: .*{reason}"):
        read(corpus)


def test_rules_vote_as_on_the_frame_that_pandas_makes_of_the_files(tmp_path):
    frames = [pd.DataFrame({"text": ["a", "b"], "n": [5, 7]}), pd.DataFrame({"text": ["c", "d"], "n": [None, 2]})]
    for number, frame in enumerate(frames):
        frame.to_parquet(tmp_path / f"{number}.parquet")

    @lk.labeling_function
    def as_text(n) -> int | None:
        return None if n is None else int(str(n) in {"5.0", "2.0"})

    applier = lk.Applier([as_text, lk.between(4, label=1)(named_n)], labels=["NO", "YES"])
    votes = applier.apply(tmp_path).votes.tolist()
    assert votes == applier.apply(pd.concat(frames, ignore_index=True)).votes.tolist()
    assert votes == [[1, 1], [0, 1], [-1, -1], [1, -1]]


def named_n(n: float) -> None:
    """At least four."""


def test_a_field_of_a_struct_is_read_in_the_widest_type(tmp_path):
    columns = [pa.array([{"a": 1, "b": "x"}]), pa.array([{"a": 0.5, "b": "y"}])]
    corpus = lk.open_corpus(folder(tmp_path / "some", ".parquet", *columns))
    assert read(corpus, "n.a") == [1.0, 0.5]
    assert read(corpus, "n.b") == ["x", "y"]


def test_an_update_with_a_file_of_another_width_is_that_of_a_new_run(tmp_path):
    corpus = folder(tmp_path / "corpus", ".parquet", pa.array([5, 7]))

    @lk.labeling_function
    def as_text(n) -> int:
        return int(len(str(n)) > 1)

    lk.run([as_text], corpus, tmp_path / "run", labels=["NO", "YES"])
    folder(corpus, ".parquet", pa.array([5, 7]), pa.array([0.5]))
    lk.run([as_text], corpus, tmp_path / "run", labels=["NO", "YES"], update=True)
    lk.run([as_text], corpus, tmp_path / "new", labels=["NO", "YES"])
    votes = [lk.RunFolder(tmp_path / name).matrix().votes.tolist() for name in ("run", "new")]
    assert votes == [[[1], [1], [1]], [[1], [1], [1]]]


WIDTHS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32(), pa.float32(), pa.float64()]


@given(st.lists(st.sampled_from(WIDTHS), min_size=2, max_size=4), st.lists(st.integers(0, 100) | st.none()))
def test_small_numbers_are_the_same_in_each_type(kinds, values):
    common = common_of_stored(kinds)
    assert common == common_of_stored(kinds[::-1])
    assert all(stored_as(pa.array(values, kind), common).to_pylist() == values for kind in kinds)

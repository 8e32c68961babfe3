"""The fast reader of CSV says what the definition says, whatever the file holds."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from labelkit.corpus import open_corpus
from labelkit.corpus.sources import csv_text
from labelkit.corpus.sources._csv_rows import count_lines, csv_rows, end_of_rows, quote_marks
from labelkit.exceptions import CorpusError

QUICK = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

PIECES = st.sampled_from(
    [
        *(b'"', b'"', b'""', b",", b",", b"\n", b"\n", b"\r\n", b"\r", b"\t", b" ", b"a", b"1", b"2.5", b"\0"),
        *("é".encode(), "😀".encode(), b"\xef\xbb\xbf", b"\xff", b"\xf0\x9f", b"x" * 70, b'"two\nlines"', b'5" disk'),
    ]
)
FIELDS = st.sampled_from(
    [b"1", b"", b'""', b"a", b'"a,b"', b'"two\nlines"', b'"say ""hi"""', b'5" disk', b"\xe9", b"7 "]
)
ROWS = st.lists(st.tuples(FIELDS, FIELDS), max_size=8).map(
    lambda rows: b"".join(b",".join(row) + b"\n" for row in rows)
)
LAST = st.sampled_from([b"", b"", b'"",', b"1,", b'"a', b"2,3"])
BODIES = (
    st.tuples(ROWS, LAST).map(b"".join)
    | st.lists(PIECES, max_size=25).map(b"".join)
    | st.tuples(ROWS, PIECES, ROWS).map(b"".join)
)


def outcome(path, types, *, fast, start=0):
    """The rows, their types, the rejects, or the error of a file."""
    with pytest.MonkeyPatch.context() as patch:
        if not fast:
            patch.setattr(csv_text, "_read_fast", lambda *_: None)
        result = []
        for on_bad_row in ("reject", "raise"):
            try:
                corpus = open_corpus(path, types=types, on_bad_row=on_bad_row)
                batches = [batch.table for batch in corpus.batches(["a", "b"], 3, start=start)]
                rows = [list(row.values()) for batch in batches for row in batch.to_pylist()]
                result += [repr(rows), {batch.schema for batch in batches}, corpus.rejects]
            except CorpusError as error:
                result.append(str(error))
        return result


@QUICK
@given(
    bom=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    body=BODIES,
    block=st.sampled_from([8, 16, 64, 4096]),
    slow=st.sampled_from([4, 32, 4096]),
    kind=st.sampled_from([str, int, float]),
    zipped=st.booleans(),
    start=st.integers(0, 3),
)
def test_fast_and_slow_csv_agree_on_anything(bom, end, body, block, slow, kind, zipped, start, tmp_path):
    content = bom + b"a,b" + end + (body if end == b"\n" else body.replace(b"\n", end))
    path = tmp_path / ("c.csv.gz" if zipped else "c.csv")
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.MonkeyPatch.context() as patch:
        whole = outcome(path, {"a": kind}, fast=False, start=start)
        patch.setattr(csv_text, "BLOCK_BYTES", block)
        patch.setattr(csv_text, "SLOW_BYTES", slow)
        assert outcome(path, {"a": kind}, fast=True, start=start) == whole


@QUICK
@given(BODIES, st.sampled_from([",", "\t"]))
def test_the_definition_splits_fields_as_the_csv_module_does(data, delimiter):
    text = data.decode(errors="ignore").replace("\0", "")
    rows = list(csv_rows(text.encode(), delimiter))
    expected = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    assert [[(field or b"").decode() for field in row.fields] for row in rows] == expected


@QUICK
@given(BODIES, st.sampled_from([",", "\t"]), st.integers(0, 200))
def test_the_end_of_the_last_whole_row_is_found_wherever_a_read_ends(data, delimiter, stop):
    part = data[:stop]
    ends, at = [0], 0
    for row in csv_rows(part, delimiter):
        at = part.index(row.raw, at) + len(row.raw)
        if row.closed and row.raw.endswith((b"\n", b"\r")) and (at < len(part) or not row.raw.endswith(b"\r")):
            ends.append(at)
    end = end_of_rows(part, delimiter)
    assert end >= ends[-1]
    assert part[ends[-1] : end].strip(b"\r\n") == b""  # blank lines alone
    first, rest = data[:end], data[end:]
    assert list(csv_rows(data, delimiter)) == [
        *csv_rows(first, delimiter),
        *csv_rows(rest, delimiter, 1 + count_lines(first)),
    ]


@QUICK
@given(BODIES, st.sampled_from([",", "\t"]))
def test_an_odd_number_of_marks_is_an_open_quote(data, delimiter):
    rows = list(csv_rows(data, delimiter))
    assert len(quote_marks(data, delimiter)) % 2 == (bool(rows) and not rows[-1].closed)


def test_quotes_inside_unquoted_fields_are_read_by_the_fast_reader(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text, "csv_rows", csv_rows)
    (tmp_path / "c.csv").write_bytes(b'a,b\n5" disk,"two\nlines"\nx"y"z,"a"b\n' * 3)
    corpus = open_corpus(tmp_path / "c.csv")
    monkeypatch.setattr(csv_text, "_read_slowly", lambda *_: pytest.fail("the block was refused"))
    rows = [tuple(row.values()) for batch in corpus.batches(["a", "b"], 100) for row in batch.table.to_pylist()]
    assert rows[:2] == [('5" disk', "two\nlines"), ('x"y"z', "ab")]


def test_a_row_of_many_blocks_is_one_row(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK_BYTES", 64)
    long = "line\n" * 10_000
    (tmp_path / "c.csv").write_text(f'a,b\n1,"{long}"\n2,x\n' * 2, "utf-8")
    corpus = open_corpus(tmp_path / "c.csv")
    rows = [tuple(row.values()) for batch in corpus.batches(["a", "b"], 100) for row in batch.table.to_pylist()]
    assert rows == [("1", long), ("2", "x"), ("a", "b"), ("1", long), ("2", "x")]


def test_a_file_without_a_name_of_a_column_is_an_error(tmp_path):
    (tmp_path / "a.csv").write_text(",\n,\n")
    for policy in ("raise", "reject"):
        with pytest.raises(CorpusError, match="has no header: it holds only blank lines"):
            list(open_corpus(tmp_path / "a.csv", on_bad_row=policy).batches([], 10))

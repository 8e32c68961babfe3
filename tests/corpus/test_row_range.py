"""The rows behind those that are known are read from the byte at which they begin, and are what a whole reading gives."""

import gzip
import json
import re
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, example, given, settings, strategies as st

from labelkit.corpus import open_corpus
from labelkit.corpus.growth import file_records, grown_records, place_of_new_rows
from labelkit.corpus.row_range import RowRange, place_before
from labelkit.corpus.source import RowPlace
from labelkit.corpus.sources import _rows_before
from labelkit.exceptions import CorpusError

BATCH_ROWS = 4
TEXT = [
    "a",
    "é",
    "\u010a",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    " ",
    "\ufeff",
    '"x\ny"',
    "a,b\n",
    'a,"b\n"\n',
]
LINES = [
    '{"text": "a"}',
    '{"text": "é", "b": 1}',
    ' {"b": 2.5}',
    '{"text": null, "b": [1]}',
    "",
    " ",
    "x",
    '{"text": "a"} {"text": "b"}',
    "\ufeff",
]
ENCODINGS = [None, "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "shift_jis", "gb18030"]
_numbers = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corpora")


def rows_of(corpus, columns):
    """Return the rows with their ids and positions, or what is wrong with them."""
    try:
        batches = list(corpus.batches(columns, BATCH_ROWS))
    except CorpusError as error:
        return str(error)
    return list(map(plain, batches))


def plain(batch):
    return batch.start, None if batch.ids is None else batch.ids.to_pylist(), batch.table.to_pylist()


def joined(pieces, ends):
    return "".join(piece + end for piece, end in zip(pieces, ends, strict=False))


def assert_reads_as_the_whole(folder, name, old, new, **options):
    """Compare the rows that were put behind others, read from their byte on, with those of a whole reading."""
    path = folder / f"{next(_numbers)}{name}"
    path.write_bytes(old)
    try:
        before = open_corpus(path, **options)
        columns = list(before.column_names)
        old_rows = list(before.batches(columns, BATCH_ROWS))
    except CorpusError:
        assume(False)
    records, n_old = file_records(before), sum(map(len, old_rows))
    assume(n_old and new)
    path.unlink()
    path.write_bytes(old + new)
    try:
        now = open_corpus(path, **options)
        assume(now.column_names[: len(columns)] == tuple(columns))
        place = place_of_new_rows(records, grown_records(now, records), n_old)
    except CorpusError:
        assume(False)
    same_types = all(before.column_type(name) == now.column_type(name) for name in columns)
    if same_types and not isinstance(rows_of(now, columns), str):
        assert rows_of(RowRange(now, 0, n_old, BATCH_ROWS), columns) == [plain(batch) for batch in old_rows]
    for start in (n_old, n_old + 1, n_old + BATCH_ROWS + 1):
        ranges = [RowRange(now, start, None, BATCH_ROWS, known) for known in (place, None)]
        assert rows_of(ranges[0], columns) == rows_of(ranges[1], columns)
    path.unlink()


@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_rows_of_csv_and_text_are_those_of_a_whole_reading(folder, data):
    name, header = data.draw(
        st.sampled_from([(".csv", "text\n"), (".csv", "text,b\r\n"), (".tsv", "a\tb\n"), (".txt", "")])
    )
    pieces = st.lists(st.sampled_from(TEXT), max_size=8)
    encoding = data.draw(st.sampled_from(ENCODINGS))
    old, new = header + "".join(data.draw(pieces)), "".join(data.draw(pieces))
    options = {} if encoding is None else {"encoding": encoding}
    codec = {"utf-8-sig": "utf-8"}.get(encoding, encoding or "utf-8")
    mark = "\ufeff" if encoding == "utf-8-sig" or data.draw(st.booleans()) else ""
    marked = mark if codec.startswith("utf-8") else ""
    whole = (marked + old + new).encode(codec, "replace")
    size = len((marked + old).encode(codec, "replace"))
    assert_reads_as_the_whole(folder, name, whole[:size], whole[size:], **options)


@settings(max_examples=300, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(
    old=st.lists(st.sampled_from(LINES), min_size=1, max_size=5),
    new=st.lists(st.sampled_from(LINES), min_size=1, max_size=5),
    ends=st.lists(st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n", ""]), min_size=10, max_size=10),
    encoding=st.sampled_from(ENCODINGS),
)
@example(['{"text": "a"}'], ['{"text": "b"}'], ["", "\n"], None)
@example(['{"text": "a"}'], ["\r", '{"text": "b"}'], ["", "", "\n"], None)
def test_rows_of_json_lines_are_those_of_a_whole_reading(folder, old, new, ends, encoding):
    codec = {"utf-8-sig": "utf-8"}.get(encoding, encoding or "utf-8")
    head, tail = joined(old, ends), joined(new, ends[len(old) :])
    whole, size = (head + tail).encode(codec, "replace"), len(head.encode(codec, "replace"))
    options = {} if encoding is None else {"encoding": encoding}
    assert_reads_as_the_whole(folder, ".jsonl", whole[:size], whole[size:], **options)


@settings(max_examples=100, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(
    rows=st.lists(st.text(st.sampled_from('a"\n\r,;é ')), min_size=2, max_size=30),
    cut=st.integers(1, 29),
    end=st.sampled_from(["\n", "\r\n"]),
    ends_a_line=st.booleans(),
    delimiter=st.sampled_from([",", ";", "\t", "|", "§"]),
    encoding=st.sampled_from(["utf-8", "latin-1"]),
)
def test_quoted_rows_with_ids_are_those_of_a_whole_reading(folder, rows, cut, end, ends_a_line, delimiter, encoding):
    def quoted(text):
        return '"' + text.replace('"', '""') + '"'

    lines = [delimiter.join(["key", "text"]), *(f"{i}{delimiter}{quoted(text)}" for i, text in enumerate(rows))]
    head = end.join(lines[: 1 + min(cut, len(rows) - 1)]) + (end if ends_a_line else "")
    tail = (end.join([*lines, ""]))[len(head) :].encode(encoding)
    options = {"id": "key", "delimiter": delimiter, "encoding": encoding, "rename": {"said": "text"}}
    assert_reads_as_the_whole(folder, ".csv", head.encode(encoding), tail, **options)


BROKEN = {
    ".csv": (b"text,b\nonly one\n", b"x,1\ny,2\n"),
    ".tsv": (b"text\tb\nonly one\n", b"x\t1\ny\t2\n"),
    ".jsonl": (b'{"text": "x", "b": "1"}\n{"text": \n', b'{"text": "x", "b": "1"}\n{"text": "y", "b": "2"}\n'),
    ".txt": (b"\xff\n", b"x\ny\n"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("several", [False, True])
def test_rows_before_a_known_place_are_not_parsed(tmp_path, name, several):
    old, new = BROKEN[name]
    first, last = tmp_path / f"a{name}", tmp_path / f"b{name}"
    first.write_bytes(old if several else old + new)
    last.write_bytes((b"" if name in (".jsonl", ".txt") else old.splitlines(keepends=True)[0]) + new)
    corpus = open_corpus(tmp_path if several else first)
    place = RowPlace(7, 1, 0) if several else RowPlace(7, 0, len(old))
    rows = rows_of(RowRange(corpus, 7, None, BATCH_ROWS, place), ["text"])
    assert rows == [(7, None, [{"text": "x"}]), (8, None, [{"text": "y"}])]
    assert re.search(r"line \d: (not|1 fields)", rows_of(RowRange(corpus, 7, None, BATCH_ROWS), ["text"]))


def test_rows_before_the_end_of_the_last_of_several_files_are_not_parsed(tmp_path):
    old, new = BROKEN[".csv"]
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(old)
    (tmp_path / "b.csv").write_bytes(old + new)
    (tmp_path / "c.csv").write_bytes(b"text,b\nz,3\n")
    corpus = open_corpus(tmp_path)
    rows = rows_of(RowRange(corpus, 3, None, BATCH_ROWS, RowPlace(2, 1, len(old))), ["b"])
    assert rows == [(3, None, [{"b": "2"}]), (4, None, [{"b": "3"}])]
    assert corpus.rows_of_files == (None, None, 1)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("c.csv.gz", gzip.compress), ("c.csv", gzip.compress), ("c.csv", lambda data: data.decode().encode("utf-16"))],
    ids=["named gzip", "gzip", "utf-16"],
)
def test_what_cannot_be_read_from_within_is_read_from_the_beginning(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(b"text\n" + b"".join(b"row %d\n" % i for i in range(10))))
    corpus = open_corpus(path)
    offset = path.read_bytes().find(b"\n") + 1
    ranges = [RowRange(corpus, 6, None, BATCH_ROWS, place) for place in (RowPlace(6, 0, max(offset, 1)), None)]
    assert rows_of(ranges[0], ["text"]) == rows_of(ranges[1], ["text"])
    assert rows_of(ranges[0], ["text"])[0] == (6, None, [{"text": "row 6"}, {"text": "row 7"}])


def test_a_bad_row_behind_a_known_place_is_named_by_its_row_and_line_in_the_file(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text('text,b\n"two\nlines",1\nx,2\ny,3\nz\n')
    place = RowPlace(1, 0, path.read_text().index("x,2"))
    message = rows_of(RowRange(open_corpus(path), 1, None, BATCH_ROWS, place), ["text"])
    assert "line 6: 1 fields, not 2" in message
    assert message == rows_of(RowRange(open_corpus(path), 1, None, BATCH_ROWS), ["text"])


def test_files_that_say_where_their_rows_are_are_read_as_before(tmp_path):
    for number in range(3):
        pq.write_table(pa.table({"text": [f"{number} {row}" for row in range(5)]}), tmp_path / f"{number}.parquet")
    corpus = open_corpus(tmp_path)
    ranges = [RowRange(corpus, 10, None, BATCH_ROWS, place) for place in (RowPlace(10, 2, 0), None)]
    assert rows_of(ranges[0], ["text"]) == rows_of(ranges[1], ["text"])


# Rows before a place --------------------------------------------------------------------------------------------------


def in_csv(text, end):
    return '"' + text.replace('"', '""') + '",1' + end


KINDS = {
    ".csv": ("text,b\n", in_csv),
    ".tsv": ('"a\tb"\t"c\nd"\n', lambda text, end: in_csv(text, end).replace(",1", "\t1")),
    ".jsonl": ("", lambda text, end: json.dumps({"text": text}) + end),
    ".txt": ("", lambda text, end: re.sub("[\r\n]", " ", text) + end),
}


@pytest.fixture(scope="module")
def small_windows():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rows_before, "FIRST_WINDOW", 12)
        yield


@pytest.mark.usefixtures("small_windows")
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(list(KINDS)),
    texts=st.lists(st.text(st.sampled_from('ab"\n,é'), max_size=12), min_size=2, max_size=30),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
    files=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    n_rows=st.integers(1, 12),
    encoding=st.sampled_from(["utf-8", "latin-1"]),
    data=st.data(),
)
def test_a_row_before_a_place_is_found_from_behind(folder, kind, texts, end, files, n_rows, encoding, data):
    header, line = KINDS[kind]
    rows = [line(text, "\n" if kind == ".txt" else end) for text in texts]
    place_of_files = folder / str(next(_numbers))
    place_of_files.mkdir()
    starts = sorted({0, *(start % len(rows) for start in files)})
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(rows)], strict=True)):
        content = header + "".join(rows[start:stop])
        (place_of_files / f"{number}{kind}").write_bytes(content.encode(encoding))
    corpus = open_corpus(place_of_files if len(starts) > 1 else place_of_files / f"0{kind}", encoding=encoding)
    row = data.draw(st.integers(1, len(rows)))
    file = max(number for number, start in enumerate(starts) if start < row)
    offset = len((header + "".join(rows[starts[file] : row])).encode(encoding))
    if len(starts) > 1 and row in starts:
        file, offset = file + 1, 0
    found = place_before(corpus, RowPlace(row, file, offset), n_rows)
    if found is None:
        assert row < n_rows or len(starts) == 1 or kind in (".csv", ".tsv")
        return
    assert found.row <= row - n_rows
    ranges = [RowRange(corpus, found.row, None, BATCH_ROWS, place) for place in (found, None)]
    assert rows_of(ranges[0], corpus.column_names) == rows_of(ranges[1], corpus.column_names)
    assert len(rows_of(ranges[0], corpus.column_names)) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_before_a_place_in_a_large_file_is_found_near_it(tmp_path, kind):
    header, line = KINDS[kind]
    rows = [line(f'row {i} "says",\n{"much more " * 20}', "\n") for i in range(5_000)]
    path = tmp_path / f"c{kind}"
    path.write_text(header + "".join(rows))
    found = place_before(open_corpus(path), RowPlace(5_000, 0, path.stat().st_size), 900)
    assert found is not None
    assert 1_000 < found.row <= 4_100
    before = (header + "".join(rows[: found.row])).encode()
    assert found.offset == len(before)

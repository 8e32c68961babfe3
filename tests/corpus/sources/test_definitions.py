"""Readers against their definitions, for any content and any size of the blocks in which it is read."""

from __future__ import annotations

import io
import json
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from labelkit.corpus import open_corpus
from labelkit.corpus.sources import _json_blocks, csv_text, json_lines, text_lines
from labelkit.corpus.sources._csv_rows import csv_rows
from labelkit.exceptions import CorpusError

ANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

PIECES = st.text(st.sampled_from('ab"\\{}[],:é😀 \n\r\t\x01/u0'), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | PIECES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", 'b"]', "{c"]), VALUES, min_size=1), min_size=1, max_size=6)


@ANY
@given(OBJECTS, st.sampled_from([None, 0, 1, 3]), st.booleans(), st.integers(1, 40))
def test_an_array_of_json_is_cut_into_its_elements(tmp_path, rows, indent, ascii_only, size):
    text = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    path = tmp_path / "a.json"
    path.write_text(f" \n{text}\n ", encoding="utf-8")
    with mock.patch.object(_json_blocks, "PIECE", 1 + size // 3):
        blocks = list(_json_blocks.array_blocks(_json_blocks.DataFile(path), size))
    numbered = [pair for block in blocks for pair in block.numbered()]
    assert [json.loads(line) for _, line in numbered] == rows
    lines = f" \n{text}".split("\n")
    if indent is not None:
        assert all(lines[number - 1].strip().startswith(("{", "[{")) for number, _ in numbered)


@ANY
@given(OBJECTS, st.integers(0, 400), st.integers(1, 40))
def test_an_array_that_is_cut_is_an_error_after_its_whole_elements(tmp_path, rows, end, size):
    data = json.dumps(rows).encode()[:-1]
    path = tmp_path / "a.json"
    path.write_bytes(data[: max(1, end % len(data))])
    elements = []

    def read():
        for block in _json_blocks.array_blocks(_json_blocks.DataFile(path), size):
            elements.extend(json.loads(line) for line in block.lines())

    with pytest.raises(CorpusError, match="is cut off"):
        read()
    assert elements == rows[: len(elements)]


@ANY
@given(
    st.lists(st.fixed_dictionaries({"n": st.integers(0, 9), "text": PIECES}), min_size=1, max_size=9),
    st.integers(1, 60),
)
def test_arrays_and_lines_of_json_give_the_same_rows(tmp_path, rows, size):
    (tmp_path / "a.json").write_text(json.dumps(rows, indent=1))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with mock.patch.object(json_lines, "BLOCK_BYTES", size):
        for name in ("a.json", "a.jsonl"):
            batches = open_corpus(tmp_path / name).batches(["n", "text"], 4)
            assert [row for batch in batches for row in batch.table.to_pylist()] == rows


@ANY
@given(st.text(st.sampled_from("ab é😀\n\r\x0b\x85\u2028"), min_size=1, max_size=30), st.integers(1, 9))
def test_lines_of_text_are_those_of_python(tmp_path, text, size):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    with io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8") as opened:  # with universal line ends
        expected = [line.removesuffix("\n") for line in opened]
    with mock.patch.object(text_lines, "BLOCK_BYTES", size):
        batches = open_corpus(path).batches(["text"], 4)
        assert [text for batch in batches for text in batch.table[0].to_pylist()] == expected


@ANY
@given(
    st.sampled_from(";§→é"),
    st.lists(st.lists(st.text(st.sampled_from('ab";§→é\n, ç'), max_size=5), min_size=2, max_size=2), max_size=8),
    st.integers(1, 50),
)
def test_fields_between_any_character_are_those_that_were_written(tmp_path, sign, rows, size):
    def quoted(field):
        return '"' + field.replace('"', '""') + '"'

    lines = [sign.join(["x1", "x2"]), *(sign.join(map(quoted, row)) for row in rows)]
    data = ("\n".join(lines) + "\n").encode()
    assert [[field.decode() for field in row.fields] for row in csv_rows(data, sign)][1:] == rows
    (tmp_path / "a.csv").write_bytes(data)
    with mock.patch.object(csv_text, "BLOCK_BYTES", size):
        batches = open_corpus(tmp_path / "a.csv", delimiter=sign).batches(["x1", "x2"], 4)
        assert [list(row.values()) for batch in batches for row in batch.table.to_pylist()] == rows


@ANY
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
    st.sampled_from([None, "lz4", "zstd"]),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_any_rows_of_an_arrow_file_are_those_of_its_table(tmp_path, sizes, compression, start, size):
    schema = pa.schema([("n", pa.int64()), ("text", pa.large_string())])
    numbers = iter(range(100))
    parts = [[next(numbers) for _ in range(n)] for n in sizes]
    path = tmp_path / "a.arrow"
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
        for part in parts:
            writer.write_batch(pa.record_batch([part, [f"t{n}" for n in part]], schema=schema))
    corpus = open_corpus(path)
    total = sum(sizes)
    assert corpus.n_rows == total
    start, stop = min(start, total), min(start + size, total)
    expected = np.arange(total)
    assert corpus.read(start, stop, ["n"]).column(0).to_pylist() == expected[start:stop].tolist()
    batches = list(corpus.batches(["text"], 4, start=start))
    assert [text for batch in batches for text in batch.table[0].to_pylist()] == [f"t{n}" for n in expected[start:]]

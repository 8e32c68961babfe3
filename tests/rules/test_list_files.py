"""Files of entries beside a module: look-ups, lexicons and examples to compare with read them in one way."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.exceptions import RuleError
from labelkit.rules.list_files import ListFile, read_entries, rows_of

READERS = {
    "lookup": lambda path: lk.lookup(path, value="label", label={"S": 1}),
    "facts": lambda path: lk.facts(path, value="label", label={"S": 1}),
    "rules_from": lambda path: lk.rules_from(path, label={"S": 1}),
    "similar_to": lambda path: lk.similar_to(path, value="label", label={"S": 1}, threshold=0.5),
}

MALFORMED = [
    (
        "a.csv",
        b"word,label\nx,S\ny\n",
        r"^line 3 of 'a.csv' has more or fewer than 2 fields \[LK\d{3}\]\nHint: put a field",
    ),
    ("a.csv", b"word,label\nx, y,S\n", r"^line 2 of 'a.csv' has more or fewer than 2 fields"),
    ("a.tsv", b"word\tlabel\n\nx\n", r"^line 3 of 'a.tsv' has more or fewer than 2 fields"),
    ("a.csv", b"", r"^the (look-up file|lexicon) 'a.csv' cannot be read: '.*a.csv' has no header"),
    ("a.csv", b"\xff", r"^the (look-up file|lexicon) 'a.csv' cannot be read: the header of '.*' is not valid UTF-8"),
    ("a.csv", b"word,label\n\xff", r"^the (look-up file|lexicon) 'a.csv' cannot be read: '.*' is not valid utf-8"),
    ("a.csv", b'word,label\n"x,S\n', r"^the (look-up file|lexicon) 'a.csv' cannot be read: unexpected end of data"),
    ("a.jsonl", b'{"word": "x", "label": "S"}\n\n{"word"\n', r"^line 3 of 'a.jsonl' is no JSON: "),
    (
        "a.jsonl",
        b'{"word": "x", "label": "S"}\n{"word": "y", "word": "z", "label": "S"}\n',
        r"^line 2 of 'a.jsonl' cannot be read: the key 'word' stands twice in one object",
    ),
    (
        "a.ndjson",
        b"[1]\n",
        r"^line 1 of 'a.ndjson' is not an object: \[1\] \[LK\d{3}\]\nHint: one object a line, such as",
    ),
    ("a.jsonl", b"\xff", r"^the (look-up file|lexicon) 'a.jsonl' cannot be read: '.*' is not valid utf-8"),
    ("a.parquet", b"PAR1", r"^the (look-up file|lexicon) 'a.parquet' cannot be read: "),
    (
        "a.xml",
        b"x",
        r"^a (look-up file|lexicon) cannot be '.xml' \[LK\d{3}\]\nHint: one of .*.csv, .tsv, .jsonl, .ndjson, .parquet",
    ),
    ("a", b"x", r"^a (look-up file|lexicon) cannot be 'without suffix'"),
    (
        "b.csv",
        None,
        r"^the (look-up file|lexicon) '.*b.csv' is not there \(looked in .*\) \[LK\d{3}\]\nHint: a path is relative",
    ),
]


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("name", "content", "message"), MALFORMED)
def test_every_reader_refuses_a_malformed_file_in_the_same_words(tmp_path, read, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RuleError, match=message):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_rows_have_their_numbers(tmp_path, name):
    path = tmp_path / name
    rows = [{"word": "x", "label": "S"}, {"word": "y", "label": "H"}]
    if name == "a.csv":
        path.write_text('word,label\nx,S\n\n"y",H\n')
    elif name == "a.jsonl":
        path.write_text('{"word": "x", "label": "S"}\n\n{"word": "y", "label": "H"}\n')
    else:
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.Table.from_pylist(rows), path)
    read = list(rows_of(ListFile.of(name, str(tmp_path / "rules.py"))))
    assert [dict(zip(names, values, strict=True)) for _, names, values in read] == rows
    assert [number for number, _, _ in read] == {"a.csv": [2, 4], "a.jsonl": [1, 3], "a.parquet": [1, 2]}[name]


def test_one_column_may_be_entry_and_value(tmp_path):
    (tmp_path / "a.csv").write_text("word\nx\n")
    assert read_entries(tmp_path / "a.csv", key="word", value="word") == [("x", "x")]


def test_blank_entries_are_left_out(tmp_path):
    (tmp_path / "a.csv").write_text("word,label\n,S\nx,S\n")
    assert read_entries(tmp_path / "a.csv", value="label") == [("x", "S")]
    assert read_entries(tmp_path / "a.csv", all_columns=True) == [(("x", "S"), None)]


def zstd(path, data):
    with pa.output_stream(str(path), compression="zstd") as out:
        out.write(data)


TABLES = {
    "a.csv.zst": lambda path, frame: zstd(path, frame.to_csv(index=False).encode()),
    "a.csv.gz": lambda path, frame: frame.to_csv(path, index=False),
    "a.jsonl.bz2": lambda path, frame: frame.to_json(path, orient="records", lines=True),
    "a.json": lambda path, frame: frame.to_json(path, orient="records", indent=1),
    "a.arrow": lambda path, frame: frame.to_feather(path),
    "a.feather": lambda path, frame: frame.to_feather(path),
    "a.parquet": lambda path, frame: frame.to_parquet(path),
    "a.xlsx": lambda path, frame: frame.to_excel(path, index=False),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_list_may_be_in_the_formats_of_a_corpus(tmp_path, name):
    frame = pd.DataFrame({"word": ["free", "win"], "label": ["SPAM", "SPAM"]})
    TABLES[name](tmp_path / name, frame)
    rule = lk.lookup(tmp_path / name, key="word", value="label", label={"SPAM": 1}, column="text").rule(name="listed")
    assert lk.Applier([rule], labels=2).apply(["a free one", "none"]).votes.ravel().tolist() == [1, -1]

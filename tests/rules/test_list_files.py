"""Files of entries beside a module: look-ups, lexicons and examples to compare with read them in one way."""

from __future__ import annotations

import json
import pathlib
import re
from enum import IntEnum
from io import StringIO

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


# Files that are not read as they are meant ----------------------------------------------------------------------------


def write(folder, name, text):
    path = folder / name
    if path.suffix in (".parquet", ".xlsx"):
        frame = pd.read_csv(StringIO(text))
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_excel(path, index=False)
    else:
        path.write_text(text)
    return path


def words_of(path, **options):
    rule = lk.lookup(path, label=1, **options).rule(name="words")
    return [word for word in ("free", "win", "hello", "1", "2", "word") if rule(word) == 1]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet", "a.xlsx"])
@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (",word\n0,free\n1,win\n", "has no name, as the row numbers that pandas writes", "key='word'"),
        ("id,word\n1,free\n2,win\n", "'id', numbers its rows: 1, 2, ...", "key='word'"),
        ("code,word\n0,free\n1,win\n2,hello\n", "'code', numbers its rows: 0, 1, ...", "key='code' if the numbers"),
    ],
)
@pytest.mark.parametrize("read", [lambda path: lk.lookup(path, label=1), lambda path: lk.rules_from(path, label=1)])
def test_row_numbers_are_no_entries(tmp_path, name, text, says, hint, read):
    path = write(tmp_path, name, text.replace(",", "\t") if name == "a.tsv" else text)
    with pytest.raises(RuleError) as caught:
        read(path)
    if name in ("a.csv", "a.tsv"):  # numbers of other formats are no words
        assert says in caught.value.message
        assert hint in caught.value.hint
    assert words_of(path, key="word")[:2] == ["free", "win"]


@pytest.mark.parametrize(
    "text",
    [
        "code,city\n10115,Berlin\n80331,Munich\n",
        "code,city\n1,a\n3,b\n5,c\n",
        "code\n1\n2\n3\n",
        "code,city\n1,a\n2,b\n",
    ],
)
def test_numbers_that_do_not_count_up_are_entries(tmp_path, text):
    assert lk.lookup(write(tmp_path, "a.csv", text), label=1).rule(name="a")(text.split("\n")[1].split(",")[0]) == 1


def test_numbers_are_entries_if_the_key_says_so(tmp_path):
    path = write(tmp_path, "a.csv", "id,word\n1,free\n2,win\n")
    assert words_of(path, key="id") == ["1", "2"]


def test_one_object_is_no_list(tmp_path):
    path = write(tmp_path, "a.json", '{"free": "SPAM", "win": "SPAM"}\n')
    with pytest.raises(
        RuleError, match="holds one object, whose first key, 'free', would be the column of the entries"
    ) as caught:
        lk.lookup(path, label=1)
    mapping = re.search(r"json\.loads\(.*\)$", caught.value.hint)[0]
    entries = eval(mapping.replace("'a.json'", repr(str(path))), {"json": json, "pathlib": pathlib})
    assert lk.lookup(list(entries), label=1).rule(name="a")("win") == 1
    assert words_of(write(tmp_path, "b.json", '[{"word": "free"}]')) == ["free"]
    assert words_of(write(tmp_path, "c.json", '{"word": "free"}\n{"word": "win"}\n')) == ["free", "win"]
    one = write(tmp_path, "e.json", '{"word": "free", "label": "SPAM"}\n')
    assert [rule("free") for rule in lk.rules_from(one, label={"SPAM": 1})] == [1]
    assert words_of(one, key="word") == ["free"]
    assert words_of(write(tmp_path, "d.jsonl", '{"word": "free"}\n')) == ["free"]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("free\nwin\n", r"the first line of the look-up file 'a.csv', 'free', is its header and no entry \[LK140\]"),
        ("free,SPAM\nwin,SPAM\n", r"'free, SPAM', is its header, and a value in it stands below in its column"),
        ("word,label\nfree,SPAM\nhello,HAM\n", r"has a column 'label' with 'SPAM' and 'HAM', which is not read"),
    ],
)
def test_a_header_that_may_be_an_entry_and_labels_that_are_not_read_are_warned_of(tmp_path, text, warning):
    with pytest.warns(UserWarning, match=warning):
        words_of(write(tmp_path, "a.csv", text))


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx"])
def test_labels_that_are_not_read_are_seen_in_tables_too(tmp_path, name):
    path = write(tmp_path, name, "word,label\nfree,SPAM\nhello,HAM\n")
    with pytest.warns(UserWarning, match="has a column 'label' with 'SPAM' and 'HAM', which is not read"):
        assert words_of(path) == ["free", "hello"]
    assert words_of(path, key="word") == ["free", "hello"]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("word\nfree\n", {}),
        ("Keyword\nfree\n", {}),
        ("wort\nfree\n", {"key": "wort"}),
        ("word,label\nfree,SPAM\nhello,spam\n", {}),
        ("word,label\nfree,SPAM\nhello,HAM\n", {"key": "word"}),
        ("word,text\nword,label\nfree,text\n", {}),
    ],
)
def test_nothing_is_said_of_usual_files(tmp_path, text, options):
    assert "free" in words_of(write(tmp_path, "a.csv", text), **options)  # a warning would be an error


@pytest.mark.parametrize(
    ("text", "entry", "beside"),
    [
        ("free\n# words of spam\nwin\n", "# words of spam", "what looks like a comment"),
        ("free\nwin  # a prize\n", "win  # a prize", "what looks like a comment"),
        ("// words\nfree\n", "// words", "what looks like a comment"),
        ("free\tSPAM\nwin\tSPAM\n", "free\tSPAM", "its tab"),
        ('"free"\n"win"\n', '"free"', "its quotes"),
        ("'free',\n'win'\n", "'free',", "its quotes"),
        ("free;SPAM\nwin;SPAM\n", "free;SPAM", "its semicolon"),
        ("free,\nwin,\n", "free,", "its comma"),
        ("free, win, cash\n", "free, win, cash", "its commas"),
    ],
)
def test_a_line_of_text_that_holds_more_than_an_entry_is_warned_of(tmp_path, text, entry, beside):
    """Such lines were looked for as they stand, and never found, without a word."""
    with pytest.warns(UserWarning, match=re.escape(f"{entry!r} is one entry, with {beside}: ") + ".*LK140"):
        words_of(write(tmp_path, "a.txt", text))


@pytest.mark.parametrize(
    "text",
    [
        "#free\nc#\n#\n",
        "Paris, France\nBonn, Germany\n",
        '"free"\nwin\n',
        "free; win\nhello\n",
        "http://a.b\n",
        "well,\nfree\n",
    ],
)
def test_nothing_is_said_of_usual_lines_of_text(tmp_path, text):
    rule = lk.lookup(write(tmp_path, "a.txt", text), match="value", label=1).rule(name="words")
    assert all(rule(line) == 1 for line in text.splitlines())  # a warning would be an error


def test_a_column_is_named_by_text(tmp_path):
    class Label(IntEnum):
        HAM = 0
        SPAM = 1

    path = write(tmp_path, "a.csv", "word,label\nfree,SPAM\nhello,HAM\n")
    with pytest.raises(RuleError, match="value=Label is not the name of a column") as caught:
        lk.lookup(path, value=Label)
    assert caught.value.hint.startswith("label=Label, value='label'")
    assert lk.lookup(path, label=Label, value="label").rule(name="a")("hello") == 0
    for options in ({"key": 1}, {"key": [0, 1]}, {"value": 1}):
        with pytest.raises(RuleError, match="is not the name of a column"):
            lk.lookup(path, label=1, **options)
    for option in ("key", "value", "group", "weight"):
        with pytest.raises(RuleError, match=f"{option}=1 is not the name of a column"):
            lk.rules_from(path, label=Label, **{option: 1})

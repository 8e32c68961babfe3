"""Which files a path, a folder, a pattern or a list means; pipes and standard input; options of how files are read."""

from __future__ import annotations

import gzip
import inspect
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner

import labelkit as lk
from labelkit.cli import cli
from labelkit.corpus import _spool, open_corpus
from labelkit.exceptions import CorpusError, GoldError
from tests.waiting import GUARD

TABLE = "id,text\n1,free café\n2,hi you\n3,free\n"
VOTES = [[1], [-1], [1]]
FREE = lk.keywords("free", label=1).rule(name="free")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def texts(data, **options):
    return [text for batch in open_corpus(data, **options).batches(["text"], 4) for text in batch.table[0].to_pylist()]


# Which files ----------------------------------------------------------------------------------------------------------


def test_files_of_a_folder_or_a_pattern_stand_in_the_order_of_their_paths(folder):
    for name in ("d/b.csv", "d/a.csv.gz", "d/a-10.csv", "d/a-9.csv", "d/sub/c.csv", "d/.hidden.csv", "d/_SUCCESS"):
        write(name, f"text\n{name}\n")
    for name in ("d/_temporary/x.csv", "d/notes.md", "d/.ipynb_checkpoints/y.csv"):
        write(name, "text\nno\n")
    in_folder = ["d/a-10.csv", "d/a-9.csv", "d/a.csv.gz", "d/b.csv"]
    write("d/a.csv.gz", gzip.compress(b"text\nd/a.csv.gz\n"))
    assert texts("d") == texts(Path("d")) == texts(folder / "d") == texts("d/*.csv*") == in_folder
    assert texts("d/**/*.csv") == ["d/a-10.csv", "d/a-9.csv", "d/b.csv", "d/sub/c.csv"]
    assert texts("d/a-?.csv") == texts(["d/a-?.csv"]) == ["d/a-9.csv"]
    assert texts(["d/b.csv", "d/a-*.csv", "d/sub"]) == ["d/b.csv", "d/a-10.csv", "d/a-9.csv", "d/sub/c.csv"]
    assert texts("d/.hid*.csv") == ["d/.hidden.csv"]
    assert open_corpus("d").files == tuple(Path(name) for name in in_folder)


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(folder):
    write("a[1].csv", "text\nx\n")
    assert texts("a[1].csv") == ["x"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("*.parquet", r"no file matches '\*\.parquet' \[LK\d{3}\]\nHint: the current folder is"),
        ("empty", r"the folder 'empty' holds no files of examples \[LK\d{3}\]\nHint: name one file"),
        (
            "deep",
            r"the folder 'deep' holds no files of examples \[LK\d{3}\]\nHint: for the files .*'deep/\*\*/\*\.csv'",
        ),
        ("other", r"holds no files of examples, but notes\.md"),
        ("mixed", r"several formats: a\.csv \(csv\), b\.jsonl \(jsonl\) \[LK\d{3}\]\nHint: .*'folder/\*\.csv'"),
        ("mixed/*", r"several formats"),
        ("other/*", r"notes\.md' has none of the known suffixes"),
    ],
)
def test_folders_and_patterns_that_are_no_corpus(folder, data, message):
    Path("empty").mkdir()
    write("deep/a/b.csv", TABLE)
    write("other/notes.md", "# Notes")
    write("mixed/a.csv", TABLE)
    write("mixed/b.jsonl", '{"text": "a"}\n')
    with pytest.raises(CorpusError, match=message):
        open_corpus(data)


def test_texts_that_look_like_patterns_are_texts(folder):
    write("a.csv", TABLE)
    assert open_corpus(["what?", "stars * and [brackets]"]).column_names == ("text",)
    with pytest.raises(CorpusError, match=r"give a list: \[text\]"):
        open_corpus("is this a pattern or a text?")


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_a_folder_is_voted_on_by_every_engine(folder, engine):
    for number in range(5):
        frame = pd.DataFrame({"id": [2 * number, 2 * number + 1], "text": ["free", "hi"]})
        Path("d").mkdir(exist_ok=True)
        frame.to_parquet(f"d/{number}.parquet")
    for data in ("d", "d/*.parquet", sorted(Path("d").iterdir())):
        matrix = lk.Applier([FREE], labels=2).apply(
            data, id="id", engine=engine, workers=1 if engine == "serial" else 2, cache=False
        )
        assert matrix.votes.ravel().tolist() == [1, -1] * 5


def test_the_rows_of_each_file_are_known_once_they_were_read(folder):
    for number in range(3):
        write(f"d/{number}.csv", "text\n" + "x\n" * number)
    corpus = open_corpus("d")
    assert corpus.rows_of_files == (None, None, None)
    list(corpus.batches(["text"], 2))
    assert corpus.rows_of_files == (0, 1, 2)


def test_many_files_are_not_open_at_a_time(folder):
    import resource

    for number in range(400):
        write(f"d/{number:03}.csv", f"text\nx{number}\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 60, hard))  # noqa: PTH208 - counted
    try:
        assert texts("d") == [f"x{number}" for number in range(400)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Pipes ----------------------------------------------------------------------------------------------------------------

STREAMS = {
    "csv": (TABLE.encode(), {}),
    "semicolons": (TABLE.replace(",", ";").encode(), {}),
    "gzip": (gzip.compress(TABLE.encode()), {}),
    "jsonl": (b'{"text": "free caf\xc3\xa9"}\n{"text": "hi you"}\n{"text": "free"}\n', {}),
    "json": (b' [{"text": "free caf\xc3\xa9"}, {"text": "hi you"}, {"text": "free"}]', {}),
    "text": ("free café\nhi you\nfree\n".encode(), {"format": "text"}),
    "one column": ("text\nfree café\nhi you\nfree\n".encode(), {"format": "csv"}),
    "parquet": (lambda frame: frame.to_parquet(), {}),
    "arrow": (lambda frame: _arrow(frame, pa.ipc.new_file), {}),
    "arrow stream": (lambda frame: _arrow(frame, pa.ipc.new_stream), {}),
}


def _arrow(frame, make):
    table, sink = pa.Table.from_pandas(frame), pa.BufferOutputStream()
    with make(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def content_of(name):
    content, options = STREAMS[name]
    frame = pd.DataFrame({"text": ["free café", "hi you", "free"]})
    return (content(frame) if callable(content) else content), options


@pytest.mark.parametrize("name", STREAMS)
def test_a_pipe_is_read_by_its_bytes(folder, name):
    content, options = content_of(name)
    os.mkfifo("rows")
    writer = threading.Thread(target=lambda: Path("rows").write_bytes(content))
    writer.start()
    corpus = open_corpus("rows", **options)
    writer.join(GUARD)
    for _ in range(2):
        assert [t for batch in corpus.batches(["text"], 2) for t in batch.table[0].to_pylist()][1:] == [
            "hi you",
            "free",
        ]
    engine = "process" if name == "parquet" else "thread"
    assert lk.Applier([FREE], labels=2).apply(corpus, workers=2, engine=engine).votes.tolist() == VOTES
    assert corpus.path is None
    assert "rows" in repr(corpus)


def test_a_pipe_that_does_not_say_what_it_is_asks(folder):
    os.mkfifo("rows")
    for content, message in (
        (b"free\nhi\n", r"does not say .*\nHint: say it: format=\"csv\", or format=\"text\""),
        (b"", "is empty"),
    ):
        writer = threading.Thread(target=Path("rows").write_bytes, args=(content,))
        writer.start()
        with pytest.raises(CorpusError, match=message):
            open_corpus("rows")
        writer.join(GUARD)


def test_a_pipe_among_several_files_is_refused(folder):
    os.mkfifo("rows.csv")
    write("a.csv", TABLE)
    with pytest.raises(CorpusError, match=r"'rows\.csv' is a pipe or a device, which cannot be one of several files"):
        open_corpus(["rows.csv", "a.csv"])


def test_a_stream_that_is_larger_than_the_room_is_refused(folder, monkeypatch):
    monkeypatch.setattr(_spool, "SHARE_OF_DISK", 0.0)
    os.mkfifo("rows.csv")
    done = subprocess.Popen(["sh", "-c", "yes 1,2 > rows.csv"], stderr=subprocess.DEVNULL)
    with pytest.raises(CorpusError, match=r"(?s)rows\.csv is copied to .* is larger than .*\nHint: write it to a file"):
        open_corpus("rows.csv")
    done.wait(GUARD)


def test_a_disk_that_is_full_is_an_error_that_says_where(folder):
    program = """if True:
        import resource, sys
        from labelkit.corpus import open_corpus
        from labelkit.exceptions import CorpusError
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        try:
            open_corpus("-")
        except CorpusError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], input=b"text\nx\n" * 400_000, timeout=GUARD, capture_output=True, check=True
    )
    assert b"standard input is copied to '/" in done.stdout
    assert b"let TMPDIR name a folder with more room" in done.stdout
    assert done.stderr == b""


def test_standard_input_can_be_opened_again(folder, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(TABLE.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert texts("-") == texts("-") == ["free café", "hi you", "free"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(CorpusError, match=r"standard input is empty \[LK\d{3}\]\nHint: check the command"):
        open_corpus("-")


def command(*arguments, **options):
    return [sys.executable, "-m", "labelkit", *map(str, arguments)], {
        "timeout": GUARD,
        "capture_output": True,
        **options,
    }


@pytest.fixture
def rules(folder):
    return write("rules.py", "import labelkit as lk\nfree = lk.keywords('free', label=1).rule(name='free')\n")


@pytest.mark.parametrize("name", ["semicolons", "parquet", "text"])
def test_the_command_line_reads_standard_input(rules, name):
    content, options = content_of(name)
    flags = [flag for key, value in options.items() for flag in (f"--{key}", value)]
    arguments, settings = command("run", rules, "-", "--out", "out", "--labels", "HAM,SPAM", *flags)
    done = subprocess.run(arguments, input=content, check=False, **settings)
    assert done.returncode == 0, done.stderr.decode()
    assert lk.RunFolder("out").matrix().votes.tolist() == VOTES


def test_the_copy_of_standard_input_is_gone_however_the_command_ends(rules, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    write(
        "rules.py",
        "import labelkit as lk, time, pathlib\n@lk.labeling_function\ndef slow(text):\n    pathlib.Path('here').touch()\n    time.sleep(600)\n",
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        Path("here").unlink(missing_ok=True)
        arguments, _ = command("run", rules, "-", "--out", "out", "--labels", "HAM,SPAM")
        environment = {**os.environ, "TMPDIR": str(scratch)}
        with subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        ) as running:
            running.stdin.write(TABLE.encode())
            running.stdin.close()
            waited = threading.Event()
            for _ in range(int(GUARD * 20)):
                if Path("here").exists():
                    break
                waited.wait(0.05)
            running.send_signal(number)
            running.wait(GUARD)
        assert list(scratch.rglob("*")) == []


def test_the_command_line_takes_several_files_and_options(rules):
    write("d/1.csv", "text§n\nfree café§1\n".encode("cp1252"))
    write("d/2.csv", "text§n\nhi§2\n".encode("cp1252"))
    flags = ["--labels", "HAM,SPAM", "--delimiter", "§", "--encoding", "cp1252"]
    for number, corpus in enumerate((["d/1.csv", "d/2.csv"], ["d/*.csv"], ["d"])):
        done = CliRunner().invoke(cli, ["run", str(rules), *corpus, "--out", f"out{number}", *flags])
        assert done.exit_code == 0, done.output
        assert lk.RunFolder(f"out{number}").matrix().votes.tolist() == [[1], [-1]]
    arguments, settings = command("run", rules, "d", "--out", "x", "--labels", "HAM,SPAM", "--delimiter", "§")
    done = subprocess.run(arguments, check=False, **settings)
    assert b"--encoding cp1252" in done.stderr


# Options --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [",", ";", "|", ":", " ", "x", "§", "¦", "→", "\x1f", "\\t", "tab"])
def test_any_character_is_a_delimiter(folder, sign):
    real = {"\\t": "\t", "tab": "\t"}.get(sign, sign)
    rows = ["id", "te_t"], ["1", '"a, ""b""\nç"'], ["2", '"ç"'], ["3", ""]
    write("a.csv", "".join(real.join(row) + "\n" for row in rows).replace("te_t", "text" if real != "x" else "te_t"))
    corpus = open_corpus("a.csv", delimiter=sign)
    column = corpus.column_names[1]
    values = [v for batch in corpus.batches([column], 2) for v in batch.table[0].to_pylist()]
    assert values == ['a, "b"\nç', "ç", None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": ""}, r"delimiter='' cannot stand between fields \[LK\d{3}\]\nHint: give one character"),
        ({"delimiter": ",,"}, "cannot stand between fields"),
        ({"delimiter": '"'}, "cannot stand between fields"),
        ({"delimiter": "\n"}, "cannot stand between fields"),
        ({"delimiter": 3}, "cannot stand between fields"),
        (
            {"encoding": "klingon"},
            r"encoding='klingon' is no encoding of text that is known \[LK\d{3}\]\nHint: such as encoding=\"cp1252\"",
        ),
        ({"encoding": "utf8-sig"}, r"Hint: did you mean encoding=\"utf-8-sig\"\?$"),
        ({"encoding": "cp-1252"}, r"Hint: did you mean encoding=\"cp1252\"\?$"),
        ({"encoding": "base64"}, "is no encoding of text"),
        ({"encoding": 8}, "is no encoding of text"),
        ({"format": "docx"}, r"format='docx' is not known \[LK\d{3}\]\nHint: the formats are parquet, csv"),
        (
            {"sheet": "a"},
            r"sheet='a' does not fit 'a\.csv', which is csv \[LK\d{3}\]\nHint: sheet is an option of excel",
        ),
        ({"sheet": 1.5}, "neither the name nor the number"),
    ],
)
def test_options_that_cannot_be(folder, options, message):
    write("a.csv", TABLE)
    with pytest.raises(CorpusError, match=message):
        open_corpus("a.csv", **options)


def test_options_are_of_files_alone_and_their_names_are_checked(folder):
    with pytest.raises(CorpusError, match=r"delimiter=';' is an option of files, and the corpus is of type"):
        open_corpus(pd.DataFrame({"text": ["a"]}), delimiter=";")
    applier = lk.Applier([FREE], labels=2)
    for function in (open_corpus, lk.run, applier.apply, applier.open):
        assert {"format", "delimiter", "encoding", "sheet"} <= set(inspect.signature(function).parameters)
        with pytest.raises(TypeError, match=r"argument 'delimeter' \[LK608\]\nHint: did you mean 'delimiter'\?"):
            function(delimeter=";")


def test_the_delimiter_that_was_found_is_said(folder, caplog):
    write("a.csv", TABLE.replace(",", ";"))
    write("b.csv", TABLE)
    with caplog.at_level("INFO", logger="labelkit"):
        assert texts("a.csv") == texts("b.csv")
    assert [record.getMessage() for record in caplog.records] == ["a.csv is read with the delimiter ';'"]


def test_a_wrong_delimiter_is_named_with_the_likely_one(folder):
    write("a.csv", TABLE.replace(",", ";"))
    write("b.csv", TABLE.replace(",", ";") + "4;a;b\n")
    for name, options in (("a.csv", {"delimiter": "tab"}), ("b.csv", {})):
        with pytest.raises(CorpusError, match=r"Hint: the header is one column, .*: delimiter=\";\" names those"):
            texts(name, **options)
    with pytest.raises(CorpusError, match=r"line 5: 3 fields, not 2"):
        texts("b.csv", delimiter=";")


def test_options_reach_the_rules_and_the_run_folder(folder):
    write("a.dat", TABLE.replace(",", "§").encode("cp1252"))
    reading = {"format": "csv", "delimiter": "§", "encoding": "cp1252"}
    assert lk.Applier([FREE], labels=2).apply("a.dat", **reading).votes.tolist() == VOTES
    lk.run(lk.LabelingFunctions([FREE], labels=2), "a.dat", "out", id="id", **reading)
    described = lk.RunFolder("out").manifest["corpus"]
    assert described["reading"] == reading
    assert "free café" in str(lk.why("out", "1"))


def test_other_options_are_another_corpus(folder, tmp_path):
    write("a.csv", "text\nпривет\n".encode("cp1251"))
    cyrillic = lk.keywords("привет", label=1).rule(name="hello")
    for encoding, vote in (("cp1251", 1), ("koi8-r", -1), ("cp1251", 1)):
        found = lk.Applier([cyrillic], labels=2).apply("a.csv", encoding=encoding, cache=tmp_path / "cache")
        assert found.votes.tolist() == [[vote]]
    assert len({open_corpus("a.csv", encoding=encoding).fingerprint() for encoding in ("cp1251", "koi8-r", None)}) == 3


FORMS = {
    "file": ["a.csv"],
    "several files": ["a.csv", "b.csv"],
    "folder": ["d"],
    "pattern": ["d/*.csv"],
    "options": ["c.dat"],
}


@pytest.mark.parametrize("form", FORMS)
def test_what_reads_a_run_finds_its_corpus_again(folder, form):
    rows = [f"{i},{'free' if i % 3 else 'hi'} text {i},{'SPAM' if i % 3 else 'HAM'}" for i in range(20)]
    for name, part in (("a.csv", rows[:10]), ("b.csv", rows[10:])):
        write(name, "\n".join(["id,text,gold", *part]) + "\n")
        write(f"d/{name}", Path(name).read_bytes())
    write("c.dat", "\n".join(["id,text,gold", *rows, "20,café,HAM"]).encode("cp1252"))
    data, reading = FORMS[form], {"format": "csv", "encoding": "cp1252"} if form == "options" else {}
    rules = lk.LabelingFunctions([FREE], labels=["HAM", "SPAM"])
    lk.run(rules, data[0] if len(data) == 1 else data, "out", id="id", gold="gold", **reading)
    lk.run(rules, data[0] if len(data) == 1 else data, "again", id="id", gold="gold", **reading)
    assert "free text 1" in str(lk.why("out", "1"))
    report = Path("out/report.html").read_text("utf-8")
    assert "text 1" in report
    assert "have no texts" not in report
    assert "without their texts" not in report
    lk.export("out", "labels.csv", columns=["text"])
    assert "free text 1" in Path("labels.csv").read_text("utf-8")
    assert "gold" in str(lk.diff("out", "again", gold="gold"))


# Gold -----------------------------------------------------------------------------------------------------------------


def excel(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


GOLD = {
    "gold.json": b'[{"id": "1", "gold": "SPAM"},\n {"id": "2", "gold": "HAM"}]',
    "gold.csv.zst": pa.compress(b"id,gold\n1,SPAM\n2,HAM\n", "zstd", asbytes=True),
    "gold.jsonl.gz": gzip.compress(b'{"id": "1", "gold": "SPAM"}\n{"id": "2", "gold": "HAM"}\n'),
    "gold.tsv": b"id\tgold\n1\tSPAM\n2\tHAM\n",
    "gold.csv": "id,gold,näme\n1,SPAM,é\n2,HAM,ü\n".encode("cp1252"),
    "gold.arrow": _arrow(pd.DataFrame({"id": ["1", "2"], "gold": ["SPAM", "HAM"]}), pa.ipc.new_file),
    "gold.xlsx": lambda path: excel(path, [["id", "gold"], [1.0, "SPAM"], [2, "HAM"]]),
}


@pytest.mark.parametrize("name", GOLD)
def test_gold_is_read_in_every_format(folder, name):
    from labelkit.corpus.gold import open_gold

    GOLD[name](name) if callable(GOLD[name]) else write(name, GOLD[name])
    write("a.csv", TABLE.encode("cp1252"))
    corpus = open_corpus("a.csv", id="id", encoding="cp1252")
    gold = open_gold(name, corpus, ["HAM", "SPAM"])
    batch = next(corpus.batches([], 9))
    assert gold.of(batch, ["HAM", "SPAM"]).tolist() == [1, 0, -1]


def test_a_gold_file_in_another_encoding_than_utf8_and_the_corpus_is_an_error(folder):
    from labelkit.corpus.gold import open_gold

    write("gold.csv", "id,gold,näme\n1,SPAM,é\n".encode("cp1252"))
    with pytest.raises(GoldError, match="not valid UTF-8"):
        open_gold("gold.csv", open_corpus(write("a.csv", TABLE), id="id"), ["HAM", "SPAM"])


def test_a_list_that_begins_with_a_folder_names_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.csv").write_text("text\na\n")
    (tmp_path / "b.csv").write_text("text\nb\n")
    for given in (["d/", "b.csv"], ["d", "b.csv"]):
        assert [row["text"] for row in lk.open_corpus(given).batches(["text"], 9).__next__().table.to_pylist()] == [
            "a",
            "b",
        ]


@pytest.mark.parametrize("again", ["d/a.csv", "d/../d/a.csv", "d", "d/*.csv"])
def test_a_file_that_is_given_twice_is_warned_of(tmp_path, monkeypatch, again):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.csv").write_text("text\na\n")
    with pytest.warns(UserWarning, match="a.csv' is given twice, and its rows count twice"):
        assert len(next(lk.open_corpus([Path("d/a.csv"), again]).batches(["text"], 9))) == 2

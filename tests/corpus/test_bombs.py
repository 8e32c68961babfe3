"""Files that unpack, or claim, more than there is room for: refused in bounded memory, in a process with a limit."""

import gzip
import io
import json
import os
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.waiting import GUARD

LIMIT = 1_200 * 2**20
"""Bytes of memory above what the libraries take when they are loaded."""

PRELUDE = """
import resource, sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
import pyarrow.csv, pyarrow.json
import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.label_models import load_model
lk.Applier([lk.keywords("a", label=0).rule(name="a")], labels=2).apply(["a"], cache=False)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + %d, size + %d))
def read(path, **options):
    corpus = open_corpus(path, **options)
    return sum(len(batch) for batch in corpus.batches(corpus.column_names, 1000))
try:
    %s
except lk.LabelkitError as error:
    print(type(error).__name__, error)
"""

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")  # noqa: PTH110


def limited(code, *arguments):
    """Run code that may raise an error of labelkit, in a process that has little memory; returns what it printed."""
    program = PRELUDE % (LIMIT, LIMIT, textwrap.indent(code, "    ").strip())
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GUARD, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def packed(path, start, filling, size, end=b""):
    """Write a gzip file of one line of a size, which takes a thousandth of it."""
    block = filling * (2**20 // len(filling))
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(start)
        for _ in range(size // len(block)):
            file.write(block)
        file.write(end)
    return path


BOMBS = {
    "one field.csv.gz": (b"text\n", b"a"),
    "an open quote.csv.gz": (b'text\n"', b"a\n"),
    "quotes.csv.gz": (b'text\n"', b'""'),
    "quotes within.csv.gz": (b"text\n", b'a"b'),
    "delimiters.csv.gz": (b"text\n", b","),
    "the header.csv.gz": (b"", b"a,"),
    "one header.tsv.gz": (b"", b"a"),
    "one text.jsonl.gz": (b'{"text": "hi"}\n{"text": "', b"a"),
    "one line.jsonl.gz": (b"", b"["),
    "nested.jsonl.gz": (b'{"text": "hi"}\n', b'{"a":'),
    "zeros.jsonl.gz": (b"", b"\0"),
}


def test_a_line_without_end_is_refused_before_it_takes_memory(tmp_path):
    paths = [packed(tmp_path / name.replace(" ", "_"), *BOMBS[name], 2**27) for name in BOMBS]
    paths += [packed(tmp_path / "large.jsonl.gz", b"", b"x", 3 * 2**30)]
    code = """for path in sys.argv[1:]:
    try:
        read(path)
    except lk.LabelkitError as error:
        print(str(error).splitlines()[0])"""
    lines = limited(code, *paths).splitlines()
    assert len(lines) == len(paths)
    for path, line in zip(paths, lines, strict=True):
        assert path.name in line
        assert "longer than" in line
        assert "MB" in line


def test_many_rows_of_a_packed_file_are_read_in_bounded_memory(tmp_path):
    path = packed(tmp_path / "rows.csv.gz", b"text,n\n", b"hello there my friend,1234567890\n", 2**28)
    assert int(limited("print(read(sys.argv[1]))", path)) > 5_000_000


def test_gold_without_end_is_refused(tmp_path):
    path = packed(tmp_path / "gold.csv.gz", b"id,gold\n", b"a", 2**27)
    code = """
    from labelkit.corpus.gold import open_gold
    open_gold(sys.argv[1], open_corpus({"id": ["a"], "text": ["a"]}, id="id"), ["A", "B"])
    """
    assert limited(textwrap.dedent(code).strip(), path).startswith("GoldError")


@pytest.mark.parametrize("name", ["words.txt", "words.csv", "words.jsonl"])
def test_a_list_of_one_endless_line_is_refused(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b"word\n")
        file.truncate(4 * 2**30)  # a file with a hole, which takes no room on the disk
    shown = limited('lk.lookup(sys.argv[1], label=1, match="phrase", column="text")', path)
    assert shown.startswith("RuleError")


def _npz(path, header, content=b"", compression=zipfile.ZIP_STORED):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, header)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("scores_.npy", member.getvalue() + content)


@pytest.mark.parametrize("kind", ["claims", "packed"])
def test_arrays_of_a_model_are_no_larger_than_their_file(tmp_path, kind):
    from labelkit._shared.stored_files import read_arrays

    n = 2**40 if kind == "claims" else 2**27
    header = {"descr": "<f8", "fortran_order": False, "shape": (n,)}
    content = b"" if kind == "claims" else bytes(n)
    _npz(tmp_path / "arrays.npz", header, content, zipfile.ZIP_STORED if kind == "claims" else zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="not as large as it says" if kind == "claims" else "compressed"):
        read_arrays(tmp_path / "arrays.npz")
    (tmp_path / "model.json").write_text(
        json.dumps({"format": 6, "model": "MajorityVote", "params": {}, "learned": {}})
    )
    assert "holds no label model" in limited("load_model(sys.argv[1])", tmp_path)


def test_a_model_whose_arrays_fit_is_read(tmp_path):
    from labelkit._shared.stored_files import read_arrays

    np.savez(tmp_path / "arrays.npz", a=np.arange(3.0), b=np.zeros((0, 2)), c=np.array(5))
    assert {name: array.shape for name, array in read_arrays(tmp_path / "arrays.npz").items()} == {
        "a": (3,),
        "b": (0, 2),
        "c": (),
    }


def test_a_table_of_one_value_that_stands_often_is_refused_where_there_is_no_room(tmp_path):
    value = "x" * 2**20
    table = pa.table({"text": pa.DictionaryArray.from_arrays(pa.array(np.zeros(16_384, np.int32)), [value])})
    pq.write_table(table, tmp_path / "corpus.parquet")
    assert (tmp_path / "corpus.parquet").stat().st_size < 2e6
    shown = limited("print(read(sys.argv[1]))", tmp_path / "corpus.parquet")
    assert shown.startswith("CorpusError")

"""Files that unpack, or claim, more than there is room for: refused in bounded memory, in a process with a limit."""

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelkit.label_models._saving import FORMAT
from tests.waiting import GUARD

LIMIT = 1_200 * 2**20
"""Bytes of memory above what the libraries take when they are loaded."""

PROGRAM = """
import json, resource, sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
import pyarrow.csv, pyarrow.json
import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.corpus.gold import open_gold
from labelkit.label_models import load_model

def read(path):
    corpus = open_corpus(path)
    return sum(len(batch) for batch in corpus.batches(corpus.column_names, 1000))

def gold(path):
    return open_gold(path, open_corpus({"id": ["a"], "text": ["a"]}, id="id"), ["A", "B"])

def words(path):
    return lk.lookup(path, label=1, match="phrase", column="text")

lk.Applier([lk.keywords("a", label=0).rule(name="a")], labels=2).apply(["a"], cache=False)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + %d, size + %d))
shown = []
for way, path in json.loads(sys.argv[1]):
    try:
        shown.append(str({"read": read, "gold": gold, "words": words, "model": load_model}[way](path)))
    except lk.LabelkitError as error:
        shown.append(f"{type(error).__name__} {error}")
print(json.dumps(shown))
"""

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")  # noqa: PTH110


def limited(*reads):
    """Read files one after the other in a process that has little memory; return what came of each."""
    wanted = json.dumps([[way, str(path)] for way, path in reads])
    command = [sys.executable, "-c", PROGRAM % (LIMIT, LIMIT), wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GUARD, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def packed(path, start, filling, size):
    """Write a gzip file of one line of a size, which takes a thousandth of it; equal blocks are compressed once."""
    block = filling * (2**20 // len(filling))
    n_blocks = size // len(block)
    deflate = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    first, one = (deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH) for data in (start, block))
    check = zlib.crc32(start)
    for _ in range(n_blocks):
        check = zlib.crc32(block, check)
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    tail = struct.pack("<II", check, (len(start) + n_blocks * len(block)) % 2**32)
    path.write_bytes(head + first + one * n_blocks + deflate.flush() + tail)
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
    "one element.json.gz": (b'[{"text": "', b"a"),
    "brackets.json.gz": (b"[", b"[{"),
    "quotes.json.gz": (b"[", b'"'),
    "slashes.json.gz": (b'[{"text": "', b'\\"'),
    "one line.txt.gz": (b"a line\n", b"a"),
}


def test_a_packed_file_is_gzip(tmp_path):
    path = packed(tmp_path / "a.gz", b"text\n", b"ab", 2**22)
    assert gzip.decompress(path.read_bytes()) == b"text\n" + b"ab" * 2**21


def test_lines_without_end_are_refused_before_they_take_memory(tmp_path):
    paths = [packed(tmp_path / name.replace(" ", "_"), *BOMBS[name], 2**26) for name in BOMBS]
    paths.append(packed(tmp_path / "large.jsonl.gz", b"", b"x", 2**31))
    for path, shown in zip(paths, limited(*(("read", path) for path in paths)), strict=True):
        line = shown.splitlines()[0]
        assert line.startswith("CorpusError")
        assert path.name in line
        assert "longer than" in line
        assert "MB" in line


def test_other_files_of_a_line_without_end_and_of_many_values(tmp_path):
    lists = [tmp_path / name for name in ("words.txt", "words.csv", "words.jsonl")]
    for path in lists:
        with path.open("wb") as file:
            file.write(b"word\n")
            file.truncate(4 * 2**30)  # a file with a hole, which takes no room on the disk
    gold = packed(tmp_path / "gold.csv.gz", b"id,gold\n", b"a", 2**26)
    rows = packed(tmp_path / "rows.csv.gz", b"text,n\n", b"hello there my friend,1234567890\n", 2**26)
    value = "x" * 2**18
    often = pa.table({"text": pa.DictionaryArray.from_arrays(pa.array(np.zeros(16_384, np.int32)), [value])})
    pq.write_table(often, tmp_path / "often.parquet")
    assert (tmp_path / "often.parquet").stat().st_size < 2**20
    ways = [("words", path) for path in lists] + [("gold", gold), ("read", rows), ("read", tmp_path / "often.parquet")]
    *of_lists, of_gold, of_rows, of_often = limited(*ways)
    assert [shown.split()[0] for shown in of_lists] == ["RuleError"] * 3
    assert of_gold.startswith("GoldError")
    assert int(of_rows) > 1_000_000
    assert of_often == "16384" or of_often.startswith("CorpusError")  # 4 GB, a batch at a time


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
        json.dumps({"format": FORMAT, "model": "MajorityVote", "params": {}, "learned": {}})
    )
    (shown,) = limited(("model", tmp_path))
    assert "holds no label model" in shown


def test_a_model_whose_arrays_fit_is_read(tmp_path):
    from labelkit._shared.stored_files import read_arrays

    np.savez(tmp_path / "arrays.npz", a=np.arange(3.0), b=np.zeros((0, 2)), c=np.array(5))
    assert {name: array.shape for name, array in read_arrays(tmp_path / "arrays.npz").items()} == {
        "a": (3,),
        "b": (0, 2),
        "c": (),
    }

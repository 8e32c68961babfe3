"""A file is closed when reading ends in an error, also while the error is kept, as notebooks keep the last one."""

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

import labelkit as lk
from labelkit.exceptions import CorpusError

N = 40_000
GOOD, BAD = [5] * 300, [5] * N

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed by Linux alone")


def open_files(folder):
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [path for path in map(os.path.realpath, links) if path.startswith(str(folder))]


def read(corpus, column, n_rows):
    for batch in corpus.batches([column], n_rows):
        del batch


def lines(*values):
    return "".join(f"{value}\n" for value in values).encode()


def objects(*values):
    return lines(*(f'{{"n": {value}, "text": "a"}}' for value in values))


def no_utf8():
    return pa.table({"n": pa.array([*[b"5"] * 300, b"\xff", *[b"5"] * N]).view(pa.string())})


def parquet(path):
    pq.write_table(no_utf8(), path, row_group_size=100)


def arrow(path):
    feather.write_feather(no_utf8(), path, chunksize=100)


MISTAKES = {
    "a.csv": (lines("n", *GOOD, "x", *BAD), {"n": int}),
    "small.csv": (lines("n", 5, "x", 5), {"n": int}),
    "a.tsv": (lines("n\ttext", *["5\ta"] * 300, "5", "5\ta\tb", *["5\ta"] * N), {}),
    "b.csv": (b"n\n" + b"5\n" * 300 + b"\xff\n" + b"5\n" * N, {"n": str}),
    "open.csv": (b'n\n5\n"' + b"x" * (33 << 20), {"n": str}),
    "a.csv.gz": (gzip.compress(lines("n", *GOOD, "x", *BAD)), {"n": int}),
    "cut.csv.gz": (gzip.compress(lines("n", *range(N)))[:-9_000], {}),
    "a.jsonl": (objects(*GOOD, 1.5, *BAD), {"n": int}),
    "b.jsonl": (objects(*GOOD, "{", *BAD), {}),
    "a.json": (b"[" + b",".join(objects(*GOOD, 1.5, *BAD).splitlines()) + b"]", {"n": int}),
    "b.json": (b"[" + b",".join(objects(*GOOD, *BAD).splitlines()) + b",", {}),
    "a.txt": (lines("a") * 300 + b"\xff\xfe\n" + lines("a") * N, {}),
    "cut.txt.gz": (gzip.compress(lines(*range(N)))[:-9_000], {}),
    "image.txt": (b"\x89PNG\r\n\x1a\n" + b"\0" * N, {}),
    "utf16.csv": (lines("n", *GOOD, "x", *BAD).decode().encode("utf-16"), {"n": int}),
    "a.parquet": (parquet, {}),
    "a.feather": (arrow, {}),
}


@pytest.mark.parametrize("file_name", MISTAKES)
@pytest.mark.parametrize("n_rows", [10, 100_000])
def test_no_file_is_open_while_an_error_is_kept(tmp_path, file_name, n_rows):
    content, types = MISTAKES[file_name]
    if callable(content):
        content(tmp_path / file_name)
    else:
        (tmp_path / file_name).write_bytes(content)
    column = "text" if ".txt" in file_name else "n"
    with pytest.raises(CorpusError) as kept:
        read(lk.open_corpus(tmp_path / file_name, types=types), column, n_rows)
    assert kept.value.__traceback__ is not None
    assert not open_files(tmp_path)


@pytest.mark.parametrize("n_rows", [10, 100_000])
def test_nor_of_several_files_of_other_types(tmp_path, n_rows):
    (tmp_path / "a.jsonl").write_bytes(objects(*BAD))
    (tmp_path / "b.jsonl").write_bytes(objects(*GOOD, '"x"', *BAD))
    with pytest.raises(CorpusError) as kept:
        read(lk.open_corpus(tmp_path, types={"n": int}), "n", n_rows)
    assert kept.value.__traceback__ is not None
    assert not open_files(tmp_path)


def test_a_run_that_ends_in_an_error_leaves_no_file_open(tmp_path):
    (tmp_path / "a.csv").write_bytes(lines("n", *GOOD, "x", *BAD))

    @lk.labeling_function
    def large(n: int) -> int:
        return int(n > 3)

    with pytest.raises(CorpusError) as kept:
        lk.run([large], tmp_path / "a.csv", tmp_path / "run", labels=["SMALL", "LARGE"])
    assert kept.value.__traceback__ is not None
    assert not [path for path in open_files(tmp_path) if path.endswith(".csv")]


@pytest.mark.parametrize("n_rows", [10, 100_000])
def test_an_arrow_file_is_closed_by_us_and_not_when_the_threads_of_arrow_let_go_of_it(tmp_path, monkeypatch, n_rows):
    arrow(tmp_path / "a.feather")
    mapped, memory_map = [], pa.memory_map
    monkeypatch.setattr(pa, "memory_map", lambda *args: mapped.append(memory_map(*args)) or mapped[-1])
    corpus = lk.open_corpus(tmp_path / "a.feather")
    assert mapped
    assert all(one.closed for one in mapped)
    with pytest.raises(CorpusError) as kept:
        read(corpus, "n", n_rows)
    assert kept.value.__traceback__ is not None
    assert all(one.closed for one in mapped)

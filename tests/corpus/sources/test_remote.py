"""Files at addresses: in an S3-compatible store, on a web server, in memory."""

from __future__ import annotations

import gzip
import http.server
import io
import json
import pickle
import threading
import tracemalloc
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.corpus import open_corpus
from labelkit.corpus.remote import RemoteFile, is_address, shown_address
from labelkit.exceptions import CorpusChangedError, CorpusError
from tests.corpus.sources.test_formats import ROWS as FORMAT_ROWS, WAYS_IN

fsspec = pytest.importorskip("fsspec")

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning"
)  # of the stores' clients

N = 5_000
ROWS = [{"id": f"k{i:05d}", "text": f"win {i}" if i % 3 == 0 else None, "user": {"n": i}} for i in range(N)]
FLAT = [{"id": row["id"], "text": row["text"]} for row in ROWS]


def parquet_bytes(rows, **options):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, **options)
    return sink.getvalue()


def arrow_bytes(rows):
    sink = io.BytesIO()
    pyarrow.feather.write_feather(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


CSV = ("id,text\n" + "".join(f"{row['id']},{row['text'] or ''}\n" for row in FLAT)).encode()
JSONL = "".join(json.dumps(row) + "\n" for row in FLAT).encode()
FILES = {
    "a.csv": CSV,
    "a.csv.gz": gzip.compress(CSV),
    "a.jsonl": JSONL,
    "a.json": json.dumps(FLAT).encode(),
    "a.parquet": parquet_bytes(ROWS, row_group_size=1_000),
    "a.arrow": arrow_bytes(FLAT),
}
PARTS = {
    "part-0.csv": b"id,text\na,win\n",
    "part-1.csv": b"id,text\nb,\nc,hi\n",
    "_SUCCESS": b"",
}


@pytest.fixture(scope="module")
def s3():
    """A bucket in a store of one's own."""
    pytest.importorskip("s3fs")
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTESTTEST1234")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.get_filesystem_class("s3").clear_instance_cache()  # another test may have asked without these keys
        store = fsspec.filesystem("s3")
        store.mkdir("mails")
        yield "s3://mails"
        fsspec.get_filesystem_class("s3").clear_instance_cache()
    server.stop()


class WebServer(http.server.ThreadingHTTPServer):
    """Files by name, with or without ranges; ``cuts`` is the number of answers that break off."""

    def __init__(self, *, ranges):
        super().__init__(("127.0.0.1", 0), Answers)
        self.files, self.ranges, self.cuts, self.asked = {}, ranges, 0, []


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, *, with_body):
        name = self.path.rpartition("/")[2].partition("?")[0]
        if name in {"403", "404", "500"} or name not in self.server.files:
            self.send_response(int(name) if name.isdecimal() else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = self.server.files[name]
        span = self.headers.get("Range") if self.server.ranges else None
        start, stop = 0, len(body)
        if span is not None:
            first, _, last = span.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last) + 1 if last else len(body), len(body))
        self.server.asked.append((start, stop) if with_body else None)
        self.send_response(206 if span else 200)
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if span:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        if not with_body:
            return
        if self.server.cuts:
            self.server.cuts -= 1
            self.wfile.write(body[start : start + (stop - start) // 2])
            self.close_connection = True
            return
        self.wfile.write(body[start:stop])


@contextmanager
def serving(*, ranges):
    server = WebServer(ranges=ranges)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=["memory", "s3", "http", "http without ranges"])
def place(request):
    """Return what puts a file somewhere, and returns its address."""
    if request.param.startswith("http"):
        pytest.importorskip("aiohttp")
        with serving(ranges=request.param == "http") as (server, root):

            def put(name, data):
                server.files[name] = data
                return f"{root}/{name}"

            yield put
        return
    root = "memory://mails" if request.param == "memory" else request.getfixturevalue("s3")
    store = fsspec.filesystem(request.param)

    def put(name, data):
        store.pipe_file(f"{root}/{name}", data)
        return f"{root}/{name}"

    yield put
    if store.exists(f"{root}/"):
        for path in store.find(root):
            store.rm_file(path)


def texts(corpus):
    return [text for batch in corpus.batches(["text"], 999) for text in batch.table.column(0).to_pylist()]


@pytest.mark.parametrize("name", FILES)
def test_each_format_is_read_from_each_place(place, name):
    corpus = open_corpus(place(name, FILES[name]), id="id")
    assert [text or None for text in texts(corpus)] == [row["text"] for row in ROWS]
    assert texts(corpus) == texts(pickle.loads(pickle.dumps(corpus)))
    corpus.check_unchanged()


def test_folders_patterns_and_lists_are_read(s3):
    store = fsspec.filesystem("s3")
    for name, data in PARTS.items():
        store.pipe_file(f"{s3}/parts/{name}", data)
    for given in (
        f"{s3}/parts",
        f"{s3}/parts/",
        f"{s3}/parts/*.csv",
        f"{s3}/**/part-*",
        [f"{s3}/parts/part-0.csv", f"{s3}/parts/part-1.csv"],
    ):
        assert texts(open_corpus(given)) == ["win", None, "hi"]
    with pytest.raises(CorpusError, match=r"no file matches 's3://mails/parts/\*.tsv'"):
        open_corpus(f"{s3}/parts/*.tsv")


def test_only_what_is_needed_is_read_of_parquet():
    pytest.importorskip("aiohttp")
    table = pa.table({"text": ["hi"] * 20_000, "other": [f"{i:0200d}" for i in range(20_000)]})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="none", use_dictionary=False, row_group_size=5_000)
    with serving(ranges=True) as (server, root):
        server.files["a.parquet"] = sink.getvalue()
        assert len(texts(open_corpus(f"{root}/a.parquet"))) == 20_000
        read = sum(span[1] - span[0] for span in server.asked if span)
    assert read < len(sink.getvalue()) / 4


def test_a_run_over_a_store_is_that_over_a_file(s3, tmp_path):
    store = fsspec.filesystem("s3")
    store.pipe_file(f"{s3}/run/a.parquet", FILES["a.parquet"])
    rule = lk.keywords("win", label=1).rule(name="wins", column="text")
    lfs = lk.LabelingFunctions([rule], labels=["ham", "spam"])
    there = lk.Applier(lfs).apply(f"{s3}/run/a.parquet", id="id", workers=2, engine="process")
    assert there.votes[:, 0].tolist() == [1 if i % 3 == 0 else -1 for i in range(N)]
    corpus = open_corpus(f"{s3}/run/a.parquet")
    assert corpus.fingerprint() == open_corpus(f"{s3}/run/a.parquet").fingerprint() != ""


def test_a_file_that_is_written_again_is_noticed(place):
    address = place("a.csv", b"text\nwin\n")
    corpus = open_corpus(address)
    texts(corpus)
    place("a.csv", b"text\nwin, win\n")
    with pytest.raises(CorpusChangedError, match="written again"):
        corpus.check_unchanged()


def test_a_connection_that_breaks_off_is_tried_again():
    pytest.importorskip("aiohttp")
    for ranges in (True, False):
        with serving(ranges=ranges) as (server, root):
            server.files["a.csv"] = CSV
            corpus = open_corpus(f"{root}/a.csv")
            server.cuts = 1
            assert len(texts(corpus)) == N
            server.cuts = 99
            with pytest.raises(CorpusError, match="cannot be read") as raised:
                texts(corpus)
            assert "\n" not in raised.value.message
            assert "run it again" in raised.value.hint


@pytest.mark.parametrize(
    ("name", "message"), [("404", "nothing at"), ("403", "(?s)403.*check the keys"), ("500", "(?s)500.*run it again")]
)
def test_answers_of_a_server_that_are_no_file(name, message):
    pytest.importorskip("aiohttp")
    with serving(ranges=True) as (_, root), pytest.raises(CorpusError, match=message) as raised:
        open_corpus(f"{root.replace('//', '//bob:hunter2@')}/{name}?token=hunter3")
    assert "hunter" not in str(raised.value)
    assert "\n" not in raised.value.message


def test_a_store_that_cannot_be_read_is_an_error(s3, monkeypatch):
    with pytest.raises(CorpusError, match=r"nothing at 's3://nowhere-at-all/a.csv'"):
        open_corpus("s3://nowhere-at-all/a.csv")
    fsspec.filesystem("s3").clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(CorpusError, match=r"s3://mails/a.csv' cannot be read: .*127.0.0.1:1") as raised:
        open_corpus("s3://mails/a.csv")
    assert "\n" not in raised.value.message
    fsspec.filesystem("s3").clear_instance_cache()


def test_missing_keys_are_named(s3, monkeypatch, tmp_path):
    fsspec.filesystem("s3").clear_instance_cache()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CorpusError, match=r"(?s)cannot be read.*AWS_ACCESS_KEY_ID"):
        open_corpus("s3://mails/a.csv")
    fsspec.filesystem("s3").clear_instance_cache()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nowhere://a/b.csv", "no store of such a name"),
        ("postgresql://bob:pw@host/shop", r"(?s)no store of such a name.*lk\.SqlQuery"),
        ("memory://nowhere/a.csv", "nothing at 'memory://nowhere/a.csv'"),
    ],
)
def test_an_address_of_nothing_is_an_error(address, message):
    with pytest.raises(CorpusError, match=message):
        open_corpus(address)


def test_an_empty_and_a_strange_file_are_errors(place):
    with pytest.raises(CorpusError, match="is empty"):
        open_corpus(place("empty.csv", b""))
    with pytest.raises(CorpusError, match="none of the known suffixes"):
        open_corpus(place("a.doc", b"x"))
    with pytest.raises(CorpusError, match="cannot be read as Parquet"):
        open_corpus(place("a.parquet", FILES["a.parquet"][:-9]))


def test_rows_that_are_addresses_are_texts():
    assert texts(open_corpus(["https://example.org/a", "https://example.org/b"])) == [
        "https://example.org/a",
        "https://example.org/b",
    ]


def test_addresses_are_shown_without_secrets():
    file = RemoteFile("https://bob:hunter2@example.org/key=1/a.csv?X-Amz-Signature=0f3a&sig=abc&v=2")
    assert str(file) == "https://bob:***@example.org/key=1/a.csv?X-Amz-Signature=***&sig=***&v=2"
    assert (file.name, file.suffix) == ("a.csv", ".csv")
    assert shown_address("s3://bucket/a?.csv") == "s3://bucket/a?.csv"
    assert not is_address("C:\\data\\a.csv")


@pytest.mark.parametrize(
    ("name", "ranges"), [("a.jsonl", True), ("a.jsonl", False), ("a.csv", True), ("a.csv", False), ("a.parquet", True)]
)
def test_a_large_file_is_never_in_memory_as_a_whole(name, ranges):
    pytest.importorskip("aiohttp")
    row = {"text": "x" * 999}
    if name == "a.parquet":
        data = parquet_bytes([row] * 80_000, compression="none", use_dictionary=False, row_group_size=2_000)
    else:
        header, line = (b"text\n", row["text"].encode()) if name == "a.csv" else (b"", json.dumps(row).encode())
        data = header + (line + b"\n") * 80_000
    with serving(ranges=ranges) as (server, root):
        server.files[name] = data
        corpus = open_corpus(f"{root}/{name}")
        tracemalloc.start()
        n_rows = sum(map(len, corpus.batches(["text"], 5_000)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert n_rows == 80_000
    assert peak < len(data) * 0.7  # blocks of 4 MB in each stage


DAMAGES = {
    "none": lambda data: data,
    "empty": lambda _: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "without its end": lambda data: data[:-9],
    "not text": lambda data: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "bytes of another encoding": lambda data: data.replace(b"row 5", b"row \xff"),
    "web page": lambda _: b"<!doctype html><html>log in</html>",
}


def outcome(place, on_bad_row):
    """Return the rows and the rejects, or the error, without the name of the place."""
    try:
        corpus = open_corpus(place, on_bad_row=on_bad_row)
        return texts(corpus), [(reject.row, reject.line) for reject in corpus.rejects]
    except CorpusError as error:
        return str(error).replace(str(place), "PLACE")


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", WAYS_IN)
def test_each_format_at_an_address_is_as_a_file_is(tmp_path, suffix, damage):
    data = DAMAGES[damage](WAYS_IN[suffix].write(FORMAT_ROWS))
    (tmp_path / f"a{suffix}").write_bytes(data)
    address = f"memory:/{tmp_path}/a{suffix}"
    fsspec.filesystem("memory").pipe_file(address, data)
    for on_bad_row in ("raise", "reject"):
        assert outcome(address, on_bad_row) == outcome(tmp_path / f"a{suffix}", on_bad_row)

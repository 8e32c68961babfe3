"""Give every reader malformed files: ``python -m tests.benchmarks.fuzz --inputs 200000 --seed 1``.

An input is a valid file with one to four changes: bits, cuts, blocks that stand twice, signs that nobody expects, values
of another type, columns that are swapped, members of archives that are changed. A reader may return a value, or raise an
error of labelkit; any other exception is printed with the seed and the number of the input, by which ``--only`` repeats
it. A reader that hangs ends the process with its stack.
"""

from __future__ import annotations

import argparse
import bz2
import contextlib
import faulthandler
import io
import json
import lzma
import os
import random
import shutil
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

import labelkit as lk
from labelkit.apply.vote_cache import VoteCache
from labelkit.cli import main as command_line
from labelkit.corpus import open_corpus
from labelkit.corpus.gold import open_gold
from labelkit.exceptions import LabelkitError
from labelkit.label_models import MODELS, load_model
from labelkit.runs.report import write_report

GUARD = 300.0
"""Seconds that no input takes, unless a reader hangs."""

ODD = [
    *(b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\r", b"\n", b'"', b"'", b",", b";", b"\t", b"{"),
    *(b"}", b"[", b"]", b":", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1", b"18446744073709551616", b"9" * 400),
    *(b"null", b"true", b'"\\ud800"', b"\\u0000", b"\xf0\x9f\x98\x80", b"\xe2\x80\xae", b"\x1b[31m", b"[" * 3000),
    *(b'{"a":' * 2000, b"2024-01-01", b"1.5", b"0x10", b" " * 100, b"PAR1", b"PK\x03\x04", b"../../x", b"$(x)", b"%s"),
]
"""Bytes that readers may not expect."""

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    2**70,
    1e308,
    float("nan"),
    "",
    "x",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
]
"""Values of JSON."""

RULES = """
import labelkit as lk

@lk.keywords("free", label=1)
def free(text): "Free."

@lk.regex("h.llo", label=0)
def hello(text): "Hello."

@lk.labeling_function
def short(text):
    "Short."
    return 0 if len(text or "") < 9 else None
"""


@dataclass(frozen=True)
class Reader:
    """A kind of input: the file that is changed, and what reads it.

    Parameters
    ----------
    files : list of str
        Files below the folder of the samples; one of them is changed. A folder is copied.
    read : callable
        Given the path of the copy.
    weight : int
        How often it is chosen.
    """

    files: list[str]
    read: Callable[[Path], Any]
    weight: int = 10


# Samples --------------------------------------------------------------------------------------------------------------


def write_samples(folder: Path) -> None:
    """Write a valid file of each kind."""
    texts = ["free money", "hello there", 'a "quoted", text', "", "zwölf Boxkämpfer", "hello free", None, "日本"]
    columns = {
        "id": [f"e{i}" for i in range(len(texts))],
        "text": texts,
        "n": [1, 2, None, 4, 5, 6, 7, 8],
        "day": ["2024-01-01"] * len(texts),
        "gold": ["SPAM", "HAM", "", "HAM", "HAM", "SPAM", "HAM", "HAM"],
    }
    table = pa.table(columns)
    rows = table.to_pylist()
    pq.write_table(table, folder / "corpus.parquet")
    nested = table.append_column("tags", pa.array([["a", "b"]] * len(texts)))
    pq.write_table(nested, folder / "nested.parquet", compression="gzip", row_group_size=3)
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    table.to_pandas().to_csv(folder / "corpus.csv", index=False)
    table.to_pandas().to_csv(folder / "corpus.csv.gz", index=False)
    _write_further_formats(folder, table)
    gold = table.select(["id", "gold"]).slice(0, 6)
    gold.to_pandas().to_csv(folder / "gold.csv", index=False)
    pq.write_table(gold, folder / "gold.parquet")
    (folder / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in gold.to_pylist()))
    lines = [{"word": "free money", "label": "SPAM", "weight": 0.9}, {"word": "hello", "label": "HAM", "weight": 0.8}]
    (folder / "words.csv").write_text("word,label,weight\nfree money,SPAM,0.9\nhello,HAM,0.8\n")
    (folder / "words.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pq.write_table(pa.Table.from_pylist(lines), folder / "words.parquet")
    (folder / "words.txt").write_text("free\nhello there\nmoney\n")
    patterns = [{"label": "SPAM", "pattern": "free money"}, {"label": "HAM", "pattern": [{"LOWER": "hello"}]}]
    (folder / "patterns.jsonl").write_text("".join(json.dumps(line) + "\n" for line in patterns))
    (folder / "rules.py").write_text(RULES)
    _write_results(folder, table)


def _write_further_formats(folder: Path, table: pa.Table) -> None:
    rows = table.to_pylist()
    (folder / "corpus.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    (folder / "corpus.txt").write_text("".join(f"{row['text'] or ''}\n" for row in rows))
    with pa.output_stream(str(folder / "corpus.csv.zst"), compression="zstd") as packed:
        packed.write((folder / "corpus.csv").read_bytes())
    (folder / "corpus.jsonl.bz2").write_bytes(bz2.compress((folder / "corpus.jsonl").read_bytes()))
    (folder / "corpus.json.xz").write_bytes(lzma.compress((folder / "corpus.json").read_bytes()))
    nested = table.append_column("tags", pa.array([["a", "b"]] * len(rows))).append_column(
        "kind", pa.array(["x", "y"] * (len(rows) // 2)).dictionary_encode()
    )
    for name, make, compression in (
        ("corpus.arrow", pa.ipc.new_file, None),
        ("corpus.feather", pa.ipc.new_file, "lz4"),
        ("corpus.arrows", pa.ipc.new_stream, None),
    ):
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with pa.OSFile(str(folder / name), "wb") as sink, make(sink, nested.schema, options=options) as writer:
            writer.write_table(nested, max_chunksize=3)
    book = openpyxl.Workbook()
    for values in (table.column_names, *(row.values() for row in rows)):
        book.active.append(list(values))
    book.active.merge_cells("D2:D4")
    book.save(folder / "corpus.xlsx")
    (folder / "several").mkdir()
    for number in range(3):
        part = rows[2 * number : 2 * number + 2]
        (folder / "several" / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))


def _write_results(folder: Path, table: pa.Table) -> None:
    rules = lk.collect(folder / "rules.py", labels=["HAM", "SPAM"])
    matrix = lk.Applier(rules).apply(table.select(["id", "text"]), id="id", cache=folder / "cache")
    matrix.save(folder / "matrix.parquet")
    matrix.patterns.save(folder / "vote_patterns.parquet")
    for name in MODELS:
        with warnings.catch_warnings(), contextlib.suppress(LabelkitError):
            warnings.simplefilter("ignore")
            MODELS[name]().fit(matrix).save(folder / "models" / name)
    lk.MajorityVote().fit(matrix).label(matrix).save(folder / "labels.parquet")
    for name in ("run", "other"):
        lk.run(rules, folder / "corpus.csv", folder / name, id="id", gold="gold", report=False, on_fault="record")
    run = folder / "run"
    assert (run / "manifest.json").is_file()


# Changes --------------------------------------------------------------------------------------------------------------


def changed(data: bytes, name: str, rng: random.Random) -> bytes:
    """Change a file: as bytes, or as what it is."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        by_kind = _BY_SUFFIX.get(Path(name).suffix, [])
        change = rng.choice([*_BYTES, *by_kind * 2])
        with contextlib.suppress(Exception):  # what is damaged already is not changed as what it was
            data = change(data, rng)
    return data


def _flipped(data: bytes, rng: random.Random) -> bytes:
    array = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 20])):
        if array:
            array[rng.randrange(len(array))] ^= 1 << rng.randrange(8)
    return bytes(array)


def _cut(data: bytes, rng: random.Random) -> bytes:
    start, stop = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return rng.choice([data[:start], data[stop:], data[:start] + data[stop:], b""])


def _twice(data: bytes, rng: random.Random) -> bytes:
    start, stop = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:stop] + data[start:stop] * rng.choice([1, 1, 50]) + data[stop:]


def _with_odd(data: bytes, rng: random.Random) -> bytes:
    at = rng.choice([0, len(data), rng.randrange(len(data) + 1)])
    return data[:at] + rng.choice(ODD) + data[at + rng.choice([0, 0, 1, 5]) :]


def _as_numbers(data: bytes, rng: random.Random) -> bytes:
    """Write an extreme number over eight bytes, as a length or an offset may be."""
    at = rng.randrange(max(len(data) - 8, 1))
    number = rng.choice([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1])
    return data[:at] + number.to_bytes(8, "little")[: rng.choice([1, 2, 4, 8])] + data[at + 8 :]


def _json_changed(data: bytes, rng: random.Random) -> bytes:
    """Change a value or a key of one JSON object of a file."""
    lines = data.split(b"\n") if b'"' in data and data.count(b"\n{") else [data]
    at = rng.randrange(len(lines))
    lines[at] = json.dumps(_value_changed(json.loads(lines[at]), rng)).encode()
    return b"\n".join(lines)


def _value_changed(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        what = rng.random()
        if what < 0.15:
            return {name: inner for name, inner in value.items() if name != key}
        if what < 0.25:
            return {
                rng.choice(["", "x", key.upper(), "\ud800"]) if name == key else name: v for name, v in value.items()
            }
        return {name: _value_changed(inner, rng) if name == key else inner for name, inner in value.items()}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        if rng.random() < 0.3:
            return rng.choice([value[:at], value * 2, value[::-1]])
        return [_value_changed(inner, rng) if place == at else inner for place, inner in enumerate(value)]
    return rng.choice(VALUES)


def _table_changed(data: bytes, rng: random.Random) -> bytes:
    """Swap, drop, rename or cast columns of a Parquet file, make values null, or change its metadata."""
    table = pq.read_table(io.BytesIO(data))
    names, at = table.column_names, rng.randrange(table.num_columns)
    other = rng.randrange(table.num_columns)
    kind = rng.randrange(8)
    if kind == 0:
        columns = list(table.columns)
        columns[at], columns[other] = columns[other], columns[at]
        table = pa.table(
            columns, schema=pa.schema(zip(names, (c.type for c in columns), strict=True), table.schema.metadata)
        )
    elif kind == 1:
        table = table.drop_columns([names[at]])
    elif kind == 2:
        names[at] = rng.choice(["", names[other], "x", "id"])
        table = table.rename_columns(names)
    elif kind == 3:
        types = [
            pa.string(),
            pa.int64(),
            pa.float64(),
            pa.binary(),
            pa.int8(),
            pa.bool_(),
            pa.dictionary(pa.int8(), pa.string()),
        ]
        table = table.set_column(at, names[at], table.column(at).cast(rng.choice(types), safe=False))
    elif kind == 4:
        table = table.set_column(at, names[at], pa.nulls(table.num_rows, table.schema.field(at).type))
    elif kind == 5:
        table = table.slice(0, rng.randrange(table.num_rows + 1))
    elif kind == 6:
        texts = pa.array([rng.choice([b"\xff", b"ok", b"\xed\xa0\x80", b"\0"]) for _ in range(table.num_rows)])
        invalid = pa.Array.from_buffers(pa.string(), len(texts), texts.buffers())
        table = table.set_column(at, names[at], invalid)
    else:
        metadata = dict(table.schema.metadata or {})
        if b"labelkit" in metadata:
            described = _value_changed(json.loads(metadata[b"labelkit"]), rng)
            metadata[b"labelkit"] = json.dumps(described).encode()
        table = table.replace_schema_metadata(metadata)
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _archive_changed(data: bytes, rng: random.Random) -> bytes:
    """Change, drop, rename or compress a member of an archive, or its array."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(members))
    content = members.pop(name)
    kind = rng.randrange(4)
    if kind == 0:
        members[name] = changed(content, "bytes", rng)
    elif kind == 1:
        members[rng.choice(["x.npy", "fit.npy", "__class__.npy", "../x_.npy", "classes_", ""])] = content
    elif kind == 2:
        sink = io.BytesIO()
        array = rng.choice([np.zeros(0), np.zeros((3, 3, 3)), np.array("x"), np.array([[np.nan]]), np.ones(5, np.int8)])
        np.save(sink, array)
        members[name] = sink.getvalue()
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", rng.choice([zipfile.ZIP_STORED] * 4 + [zipfile.ZIP_DEFLATED])) as archive:
        for member, inner in members.items():
            archive.writestr(member, inner)
    return sink.getvalue()


_BYTES = [_flipped, _flipped, _cut, _twice, _with_odd, _with_odd, _as_numbers]
_BY_SUFFIX: dict[str, list[Callable[[bytes, random.Random], bytes]]] = {
    ".json": [_json_changed] * 3,
    ".jsonl": [_json_changed] * 2,
    ".parquet": [_table_changed] * 5,
    ".npz": [_archive_changed] * 3,
    ".xlsx": [_archive_changed] * 3,
}


# Readers --------------------------------------------------------------------------------------------------------------


def _read_corpus(path: Path) -> None:
    for policy in ("raise", "reject"):
        with contextlib.suppress(LabelkitError):
            odd = bool(path.stat().st_size % 2)
            encoding = "cp1252" if odd and path.suffix in {".csv", ".json", ".txt"} else None
            corpus = open_corpus(path, on_bad_row=policy, types={"n": int} if odd else None, encoding=encoding)
            for batch in corpus.batches([name for name in corpus.column_names if name != "missing"], 3):
                batch.table.to_pylist()
            for name in corpus.column_names[:1]:
                corpus.content(name)
            if corpus.splittable:
                corpus.read(0, min(corpus.n_rows, 5), corpus.column_names[:2])


def _read_gold(path: Path) -> None:
    corpus = open_corpus(path.parent.parent / "samples" / "corpus.csv", id="id")
    open_gold(path, corpus, ["HAM", "SPAM"]).checked(["HAM", "SPAM"])


def _read_lexicon(path: Path) -> None:
    rules = lk.rules_from(
        path, label={"SPAM": 1, "HAM": 0}, column="text", **({} if "patterns" in path.name else {"key": "word"})
    )
    lk.Applier(rules, labels=2).apply(["free money", "hello"], cache=False)


def _read_look_up(path: Path) -> None:
    rule = lk.lookup(path, label=1, match="phrase", column="text").rule(name="listed")
    lk.Applier([rule], labels=2).apply(["free money", "hello"], cache=False)


def _read_matrix(path: Path) -> None:
    matrix = lk.LabelMatrix.load(path)
    str(lk.summarize(matrix))


def _read_patterns(path: Path) -> None:
    patterns = lk.VotePatterns.load(path)
    str(patterns)
    lk.MajorityVote().fit(patterns)


def _read_labels(path: Path) -> None:
    labels = lk.ProbabilisticLabels.load(path)
    str(labels)
    labels.hard()


def _read_model(path: Path) -> None:
    model = load_model(path)
    model.predict_proba(lk.LabelMatrix.load(path.parent.parent / "samples" / "matrix.parquet"))


def _read_run(path: Path) -> None:
    for look in (
        lambda: lk.RunFolder(path).faults,
        lambda: lk.RunFolder(path).summary,
        lambda: lk.RunFolder(path).matrix(),
        lambda: lk.RunFolder(path).patterns(),
        lambda: lk.RunFolder(path).labels(),
        lambda: lk.RunFolder(path).timings,
        lambda: str(lk.RunFolder(path).describe()),
    ):
        with contextlib.suppress(LabelkitError):
            look()
    str(lk.diff(path, path.parent.parent / "samples" / "other"))


def _write_report(path: Path) -> None:
    write_report(path, path.parent / "report.html", force=True)


def _read_cache(path: Path) -> None:
    samples = path.parent.parent / "samples"
    rules = lk.collect(samples / "rules.py", labels=["HAM", "SPAM"])
    table = pq.read_table(samples / "corpus.parquet", columns=["id", "text"])
    votes = lk.Applier(rules).apply(table, id="id", cache=VoteCache(path)).votes
    expected = lk.LabelMatrix.load(samples / "matrix.parquet").votes
    if not np.array_equal(votes, expected):
        raise AssertionError("a cache that was changed changed a vote")


def _run_command(*arguments: Any) -> None:
    """Run the command line; it ends with a status, and says what is wrong in lines."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            command_line([str(one) for one in arguments])
        except SystemExit as status:
            if status.code not in {0, 1, 2}:
                raise AssertionError(f"exit status {status.code}") from None
    if "Traceback" in out.getvalue():
        raise AssertionError(out.getvalue())


def _command_on_run(path: Path) -> None:
    _run_command("summarize", path)
    _run_command("diff", path, path.parent.parent / "samples" / "other")


def _command_on_corpus(path: Path) -> None:
    rules = path.parent.parent / "samples" / "rules.py"
    given = [path.stat().st_size % 2 and "--on-bad-row=reject", "--on-fault=record", "--quiet", "--no-cache"]
    options = [option for option in given if option]
    _run_command("run", rules, path, "--out", path.parent / "out", "--labels", "HAM,SPAM", "--no-report", *options)


def _command_on_gold(path: Path) -> None:
    samples = path.parent.parent / "samples"
    _run_command("diff", samples / "run", samples / "other", "--gold", path)


def readers(samples: Path) -> dict[str, Reader]:
    """List the kinds of inputs."""
    corpora = ["corpus.csv", "corpus.csv.gz", "corpus.jsonl", "corpus.parquet", "nested.parquet"]
    packed = ["corpus.csv.zst", "corpus.jsonl.bz2", "corpus.json.xz"]
    further = ["corpus.json", "corpus.txt", "corpus.arrow", "corpus.feather", "corpus.arrows"]
    golds = ["gold.csv", "gold.jsonl", "gold.parquet"]
    return {
        **{f"corpus {name}": Reader([name], _read_corpus, 30) for name in corpora},
        **{f"corpus {name}": Reader([name], _read_corpus, 20) for name in further},
        **{f"corpus {name}": Reader([name], _read_corpus, 5) for name in packed},
        "corpus corpus.xlsx": Reader(["corpus.xlsx"], _read_corpus, 5),
        "corpus several": Reader(["several"], _read_corpus, 5),
        **{f"gold {name}": Reader([name], _read_gold, 15) for name in golds},
        **{f"lexicon {name}": Reader([name], _read_lexicon) for name in ("words.csv", "words.jsonl", "words.parquet")},
        "lexicon patterns.jsonl": Reader(["patterns.jsonl"], _read_lexicon),
        **{f"look-up {name}": Reader([name], _read_look_up) for name in ("words.txt", "words.csv", "words.jsonl")},
        "matrix": Reader(["matrix.parquet"], _read_matrix, 20),
        "labels": Reader(["labels.parquet"], _read_labels, 20),
        "patterns": Reader(["vote_patterns.parquet"], _read_patterns, 20),
        "model": Reader([f"models/{one.name}" for one in sorted((samples / "models").iterdir())], _read_model, 40),
        "run": Reader(["run"], _read_run, 10),
        "report": Reader(["run"], _write_report, 1),
        "cache": Reader(["cache"], _read_cache, 10),
        "command on a run": Reader(["run"], _command_on_run, 4),
        "command on a corpus": Reader(corpora, _command_on_corpus, 2),
        "command on gold": Reader(golds, _command_on_gold, 2),
    }


# The loop -------------------------------------------------------------------------------------------------------------


class Fuzz:
    """Inputs of one seed, in a folder of their own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.samples, self.work, self.seed = folder / "samples", folder / "work", seed
        self.samples.mkdir()
        write_samples(self.samples)
        self.readers = readers(self.samples)
        self.contents = {path: path.read_bytes() for path in self.samples.rglob("*") if path.is_file()}

    def run(self, number: int) -> str:
        """Read one input; returns the name of its kind, and raises what is no error of labelkit."""
        rng = random.Random(f"{self.seed}/{number}")
        names = list(self.readers)
        name = rng.choices(names, [reader.weight for reader in self.readers.values()])[0]
        reader = self.readers[name]
        path = self._copy(rng.choice(reader.files), rng)
        faulthandler.dump_traceback_later(GUARD, exit=True)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with contextlib.suppress(LabelkitError):
                reader.read(path)
        foreign = [one for one in caught if one.category is not UserWarning]
        if foreign:
            raise AssertionError(f"a warning that is not labelkit's: {foreign[0]}")
        return name

    def _copy(self, name: str, rng: random.Random) -> Path:
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        source, target = self.samples / name, self.work / name.replace("/", "-")
        if source.is_file():
            target.write_bytes(changed(self.contents[source], name, rng))
            return target
        files = sorted(path for path in self.contents if source in path.parents)
        chosen = rng.choice(files)
        for path in files:
            content = self.contents[path]
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path != chosen:
                copy.write_bytes(content)
            elif rng.random() < 0.95:
                copy.write_bytes(changed(content, path.name, rng))
        return target


def main(arguments: list[str] | None = None) -> int:
    """Run the inputs of a seed; returns the number of distinct failures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="The number of one input.")
    options = parser.parse_args(arguments)
    faulthandler.enable()
    counts: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        fuzz = Fuzz(Path(folder), options.seed)
        for number in range(options.inputs) if options.only is None else [options.only]:
            try:
                counts[fuzz.run(number)] += 1
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                place = traceback.extract_tb(error.__traceback__)[-1]
                key = f"{type(error).__name__} in {os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119
                failures[key] += 1
                if failures[key] == 1:
                    print(f"--only {number} --seed {options.seed}", flush=True)
                    traceback.print_exc()
        faulthandler.cancel_dump_traceback_later()
    print(f"{sum(counts.values()):,} inputs of seed {options.seed} held: {dict(sorted(counts.items()))}")
    for key, n in failures.most_common():
        print(f"FAILED {n:,} times: {key}")
    return len(failures)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)

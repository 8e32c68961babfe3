"""The one function for all engines: the same votes as the applier's, by id, in any process, on any batches."""

import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import CollectError, CorpusError, FaultError, LabelkitError

RULES = """
import re
from enum import IntEnum
import labelkit as lk
from helpers import shout


class Label(IntEnum):
    HAM = 0
    SPAM = 1


free = lk.keywords("free", "win money", label=Label.SPAM).rule(name="free")
link = lk.regex(r"https?://", label=Label.SPAM).rule(name="link")


@lk.labeling_function
def loud(text):
    return Label.SPAM if shout(text) else None


@lk.labeling_function
def breaks(text):
    if "boom" in text:
        raise ValueError("boom")
    return None


@lk.labeling_function(levels=4)
def sure(text):
    return (Label.HAM, 0.75) if "nice" in text else None


@lk.labeling_function(batch=True)
def long(text: list):
    return [0 if t and len(t) > 12 else None for t in text]
"""


@pytest.fixture
def module(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "helpers.py").write_text("def shout(text):\n    return text.isupper()\n")
    (folder / "arrow_rules.py").write_text(RULES)
    return folder / "arrow_rules.py"


TEXTS = ["free", "WIN MONEY", "boom", "http://x", "nice", "", "a rather long text", "a\x00b", "ſ free é", "boom FREE"]


def table_of(texts):
    return pa.table({"key": [f"k{n}" for n in range(len(texts))], "text": texts})


@settings(max_examples=25)
@given(
    texts=st.lists(st.sampled_from(TEXTS) | st.text(), min_size=1, max_size=40),
    cut=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_votes_are_the_appliers_on_any_batches_in_any_order(tmp_path_factory, texts, cut, seed):
    folder = tmp_path_factory.mktemp("project")
    (folder / "helpers.py").write_text("def shout(text):\n    return text.isupper()\n")
    (folder / "arrow_rules.py").write_text(RULES)
    lfs = lk.collect(folder / "arrow_rules.py")
    table = table_of(texts)
    expected = lk.Applier(lfs).apply(table, id="key", on_fault="record")
    votes = pickle.loads(pickle.dumps(lfs.arrow("key", on_fault="record")))
    order = np.random.default_rng(seed).permutation(len(texts))
    results = list(votes.each(table.take(pa.array(order)).combine_chunks().to_batches(max_chunksize=cut)))
    matrix = votes.matrix(results)
    place = np.argsort(order)
    assert matrix.votes[place].tolist() == expected.votes.tolist()
    assert matrix.ids[place].tolist() == expected.ids.tolist()
    assert matrix.confidence[place].tolist() == expected.confidence.tolist()
    assert sorted((f.id, f.lf, f.error, f.message) for f in matrix.faults) == sorted(
        (f.id, f.lf, f.error, f.message) for f in expected.faults
    )
    assert matrix.lfs == expected.lfs


def test_the_schema_does_not_depend_on_the_rows(module):
    votes = lk.collect(module).arrow(["key", "text"], on_fault="record")
    table = table_of(TEXTS)
    schema = votes.schema_of(table.schema)
    assert votes(table).schema == schema
    assert votes(table.slice(0, 0)).schema == schema
    assert votes(table.combine_chunks().to_batches()[0]).schema == schema
    assert schema.names == ["key", "text", *votes.names, "sure (confidence)", "faults"]
    assert pa.types.is_int8(schema.field("free").type)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_texts_of_any_arrow_type_are_read(module, kind):
    votes = lk.collect(module).arrow("key", on_fault="record")
    table = table_of(TEXTS)
    try:
        cast = table.set_column(1, "text", table["text"].cast(kind))
    except pa.ArrowNotImplementedError:
        pytest.skip("this version of Arrow makes no such text")
    assert votes(cast).drop(["key"]) == votes(table).drop(["key"])


def test_a_table_gives_a_table_and_many_rows_one_batch(module):
    votes = lk.collect(module).arrow("key", on_fault="record")
    table = table_of(["free", "nice"] * 50_000)
    batch = table.combine_chunks().to_batches()[0]
    assert isinstance(votes(batch), pa.RecordBatch)
    assert votes(batch).num_rows == 100_000
    assert isinstance(votes(table), pa.Table)


def test_a_process_that_has_not_got_the_module_unpacks_it(module, tmp_path):
    votes = lk.collect(module).arrow("key", on_fault="record")
    expected = votes(table_of(TEXTS))
    packed = tmp_path / "votes.pickle"
    packed.write_bytes(pickle.dumps(votes))
    module.unlink()
    (module.parent / "helpers.py").unlink()
    program = (
        "import pickle, sys, pyarrow as pa, pyarrow.ipc\n"
        f"votes = pickle.load(open({str(packed)!r}, 'rb'))\n"
        f"table = votes(pa.table({{'key': {[f'k{n}' for n in range(len(TEXTS))]!r}, 'text': {TEXTS!r}}}))\n"
        "with pa.OSFile(sys.argv[1], 'wb') as sink, pa.ipc.new_file(sink, table.schema) as writer:\n"
        "    writer.write_table(table)\n"
    )
    answer = tmp_path / "answer.arrow"
    subprocess.run([sys.executable, "-c", program, str(answer)], check=True, cwd=tmp_path, env=elsewhere())
    with pa.OSFile(str(answer)) as file:
        assert pa.ipc.open_file(file).read_all() == expected


def elsewhere():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_files_that_a_module_reads_are_included(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "words.txt").write_text("free\nwin\n")
    (project / "listed.py").write_text(
        "from pathlib import Path\nimport labelkit as lk\n"
        "WORDS = frozenset(Path(__file__).with_name('words.txt').read_text().split())\n"
        "@lk.labeling_function\ndef listed(text):\n    return 1 if text in WORDS else None\n"
    )
    lfs = lk.collect(project / "listed.py", labels=2)
    without, whole = lfs.arrow("key"), lfs.arrow("key", include=[project / "words.txt"])
    for name, votes in (("without", without), ("whole", whole)):
        (tmp_path / name).write_bytes(pickle.dumps(votes))
    (project / "listed.py").unlink()
    (project / "words.txt").unlink()
    program = (
        "import pickle, sys, pyarrow as pa\n"
        "print(pickle.load(open(sys.argv[1], 'rb'))(pa.table({'key': [1, 2], 'text': ['free', 'no']}))['listed'].to_pylist())"
    )

    def voted(name):
        return subprocess.run(
            [sys.executable, "-c", program, name],
            cwd=tmp_path,
            env=elsewhere(),
            capture_output=True,
            text=True,
            check=False,
        )

    assert voted("whole").stdout == "[1, -1]\n"
    assert "include=[...]" in voted("without").stderr
    assert "rule 'listed' of listed.py cannot be used in this process" in voted("without").stderr


def test_a_fault_stops_the_call_and_names_the_id(module):
    votes = lk.collect(module).arrow("key")
    with pytest.raises(FaultError, match="rule 'breaks' failed on the example with key 'k2': ValueError: boom"):
        votes(table_of(TEXTS))


def test_what_comes_along_may_not_bear_the_name_of_a_rule(module):
    lfs = lk.collect(module)
    with pytest.raises(LabelkitError, match="bears the name of a rule"):
        lfs.arrow("free")
    with pytest.raises(LabelkitError, match="names no column"):
        lfs.arrow([])
    with pytest.raises(LabelkitError, match="repeat a name"):
        lfs.arrow(["key", "key"])
    with pytest.raises(LabelkitError, match="neither 'raise' nor 'record'"):
        lfs.arrow("key", on_fault="ignore")


def test_missing_columns_and_other_types_are_errors(module):
    votes = lk.collect(module).arrow("key")
    with pytest.raises(CorpusError, match="rule 'free' reads column 'text'"):
        votes(pa.table({"key": ["a"]}))
    with pytest.raises(CorpusError, match="'key'"):
        votes(pa.table({"text": ["a"]}))
    with pytest.raises(CorpusError, match="looks for text"):
        votes.schema_of(pa.schema([("key", pa.string()), ("text", pa.int64())]))
    with pytest.raises(CorpusError, match="not of dict"):
        votes({"key": ["a"], "text": ["b"]})


def test_an_id_twice_is_refused_in_the_matrix(module):
    votes = lk.collect(module).arrow("key", on_fault="record")
    part = votes(table_of(["free"]))
    with pytest.raises(CorpusError, match="twice"):
        votes.matrix(pa.concat_tables([part, part]))


@pytest.mark.parametrize("ids", [[True, False, True], [[1], [2], [3]], [1.5, 2.5, 2.5], [b"a", b"b", b"b"]])
def test_ids_that_name_no_row_are_refused_in_the_matrix_as_on_one_machine(module, ids):
    votes = lk.collect(module).arrow("key", on_fault="record")
    voted = votes(pa.table({"key": ids, "text": ["free", "b", "c"]}))
    with pytest.raises(CorpusError, match="neither text nor integers"):
        votes.matrix(voted)


def test_rules_of_a_notebook_and_of_prompts_are_refused_with_the_reason(module):
    space = {"__name__": "__main__", "lk": lk}
    exec("@lk.labeling_function\ndef here(text):\n    return 1\n", space)
    with pytest.raises(CollectError, match="made in the main script or notebook"):
        lk.Applier([space["here"]], labels=2).arrow("key")

    @lk.prompt("Is it spam? {text}", model="m", labels={"yes": 1, "no": 0})
    def asked(text): ...

    with pytest.raises(CollectError, match="belong to one machine"):
        lk.Applier([asked], labels=2).arrow("key")


def test_threads_vote_at_once(module):
    votes = lk.collect(module).arrow("key", on_fault="record")
    table = table_of(TEXTS * 200)
    expected = votes(table)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(votes(table))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer == expected for answer in answers)
    assert len(answers) == 4


def test_polars_and_duckdb_run_it(module):
    duckdb, pl = pytest.importorskip("duckdb"), pytest.importorskip("polars")

    votes = lk.collect(module).arrow("key", on_fault="record")
    table = table_of(TEXTS)
    expected = votes(table).sort_by("key")
    schema = pl.from_arrow(votes.schema_of(table.schema).empty_table()).schema
    lazy = (
        pl.from_arrow(table)
        .lazy()
        .map_batches(lambda frame: pl.from_arrow(votes(frame.to_arrow())), schema=schema, streamable=True)
    )
    in_polars = lazy.collect(engine="streaming").sort("key")
    assert in_polars["free"].to_list() == expected["free"].to_pylist()
    rows = table  # noqa: F841 - which DuckDB reads by its name
    reader = duckdb.sql("select * from rows").to_arrow_reader(3)
    in_duckdb = pa.Table.from_batches(votes.each(reader)).sort_by("key")
    assert in_duckdb == expected


def test_fields_of_structs_are_read():
    lfs = lk.LabelingFunctions([lk.keywords("ann", column="user.name", label=1).rule(name="ann")], labels=2)
    table = pa.table({"id": [1, 2], "user": [{"name": "Ann", "age": 3}, {"name": "Bo", "age": 4}]})
    assert lfs.arrow("id")(table)["ann"].to_pylist() == [1, -1]


OPAQUE = """
import sqlite3
from enum import IntEnum
from pathlib import Path
import labelkit as lk

Label = IntEnum("Label", {"HAM": 0, "SPAM": 1})
DB = sqlite3.connect(":memory:", check_same_thread=False)
DB.execute("CREATE TABLE words (word)")
DB.execute("INSERT INTO words VALUES (?)", (Path(__file__).with_name("word.txt").read_text(),))
"""

KNOWN = """
from enum import IntEnum
from pathlib import Path
import labelkit as lk

Label = IntEnum("Label", {"HAM": 0, "SPAM": 1})
WORD = Path(__file__).with_name("word.txt").read_text()
"""

STORED = """
import labelkit as lk
from FILE import DB, Label


@lk.labeling_function
def stored(text):
    return Label.SPAM if DB.execute("SELECT word FROM words").fetchone()[0] in text else None
"""

READ = """
import labelkit as lk
from FILE import WORD, Label


@lk.labeling_function
def stored(text):
    return Label.SPAM if WORD in text else None
"""

WORKER = """
import pickle
import sys
import pyarrow as pa

for line in sys.stdin:
    with open(line.strip(), "rb") as file:
        votes = pickle.load(file)
    for _ in range(2):
        answer = votes(pa.table({"key": ["a", "b"], "text": ["red", "blue"]})).column("stored").to_pylist()
    print(answer, flush=True)
"""

SENDER = """
import pickle
import sys
import labelkit as lk

if sys.argv[1] == "by name":
    sys.path.insert(0, ".")
    import one_package.worded_rules as rules
else:
    rules = "worded_rules.py"
with open(sys.argv[2], "wb") as file:
    pickle.dump(lk.collect(rules).arrow("key"), file)
"""


@pytest.mark.parametrize("imported", ["by name", "by path"])
@pytest.mark.parametrize("kept", ["known", "opaque"])
def test_a_process_that_lasts_votes_by_what_the_rules_are_now(tmp_path, imported, kept):
    folder = tmp_path / "one_package" if imported == "by name" else tmp_path
    folder.mkdir(exist_ok=True)
    if imported == "by name":
        (folder / "__init__.py").write_text("")
    state, rules = (OPAQUE, STORED) if kept == "opaque" else (KNOWN, READ)
    (folder / "worded_state.py").write_text(state)
    (folder / "worded_rules.py").write_text(
        rules.replace("FILE", ".worded_state" if imported == "by name" else "worded_state")
    )
    env = {**elsewhere(), "PYTHONDONTWRITEBYTECODE": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": tmp_path, "env": env}
    with subprocess.Popen([sys.executable, "-c", WORKER], **pipes) as worker:
        for number, (word, wanted) in enumerate([("red", "[1, -1]"), ("blue", "[-1, 1]"), ("red", "[1, -1]")]):
            (folder / "word.txt").write_text(word)
            packed = tmp_path / f"{number}.pickle"
            subprocess.run([sys.executable, "-c", SENDER, imported, packed], check=True, cwd=tmp_path, env=env)
            worker.stdin.write(f"{packed}\n")
            worker.stdin.flush()
            assert worker.stdout.readline().strip() == wanted, word
        worker.stdin.close()

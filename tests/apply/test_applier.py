"""One contract for every engine, container, batch size and number of workers: the same matrix, bit for bit."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.apply.plan import CHUNK
from labelkit.exceptions import CorpusError, FaultError, LabelkitError, TooManyFaultsError
from tests.waiting import GUARD, wait_until

RULES = '''
"""Rules of every kind."""
from enum import IntEnum
import numpy as np
import labelkit as lk

class Label(IntEnum):
    HAM = 0
    SPAM = 1
    ODD = 2

@lk.keywords("free", "check out", label=Label.SPAM)
def offers(text: str): "Keywords."

@lk.regex({r"^\\\\w+$": Label.HAM, r"[!?]{2}": Label.SPAM})
def shape(text: str): "A mapping."

@(lk.keywords("free") & ~lk.regex("7", column="author")).labeled(Label.SPAM)
def guarded_words(text: str, author: str): "A combination over two columns."

@lk.lookup({7: Label.ODD, 8: Label.HAM}, match="value")
def lucky(n: int): "Values."

@lk.column
def n_words(text: str) -> int:
    return len(text.split())

@lk.column(batch=True)
def rank(n_words, n: int):
    return n_words.argsort().argsort()  # depends on the chunk

@lk.labeling_function(when=lk.regex("e", column="text"))
def short(n_words: int, text: str):
    return Label.HAM if n_words < 3 else None

@lk.labeling_function
def unknown_author(author: str | None):
    return Label.ODD if author is None else lk.ABSTAIN

@lk.labeling_function(batch=True)
def middle(rank):
    return np.where(rank == np.median(rank).astype(int), 1, -1)

@lk.model_output(threshold=0.6)
def model(n: int):
    z = n / n.max()
    return np.column_stack([z / 2, 1 - z, z / 2])
'''

FAULTY = """
import labelkit as lk

@lk.labeling_function
def picky(n: int):
    if n % 1000 == 3:
        raise ValueError(f"no {n}")
    return 7 if n % 1000 == 5 else n % 2

@lk.column
def half(n: int):
    return n // (n - 1500)

@lk.labeling_function
def halves(half): return 1

steady = lk.keywords("free", label=1).rule(name="steady")
"""

N_ROWS = 3 * CHUNK + 700


def example(i):
    return {
        "text": None
        if i % 11 == 5
        else ["free!!", "nice", "check  OUT this", "", "été free 😀 😀", "yes ?!"][i % 6] + " w" * (i % 4),
        "author": None if i % 7 == 3 else f"user{i % 9}",
        "n": None if i % 13 == 4 else i % 10,
        "key": f"k{i}",
    }


EXAMPLES = [example(i) for i in range(N_ROWS)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("applier")
    (folder / "all_kinds.py").write_text(RULES, encoding="utf-8")
    (folder / "faulty.py").write_text(FAULTY, encoding="utf-8")
    frame = pl.DataFrame(EXAMPLES, infer_schema_length=None)
    frame.write_parquet(folder / "corpus.parquet", row_group_size=1000)
    frame.write_csv(folder / "corpus.csv", null_value="", quote_style="non_numeric")
    frame.write_ndjson(folder / "corpus.jsonl")
    numbers = pa.table({"n": list(range(N_ROWS)), "text": ["free"] * N_ROWS, "key": [f"k{i}" for i in range(N_ROWS)]})
    pq.write_table(numbers, folder / "numbers.parquet")
    return folder


@pytest.fixture(scope="session")
def lfs(folder):
    return lk.collect(folder / "all_kinds.py")


@pytest.fixture(scope="session")
def faulty(folder):
    return lk.collect(folder / "faulty.py", labels=2)


@pytest.fixture(scope="session")
def expected(lfs):
    return lk.Applier(lfs).apply(EXAMPLES)


CORPORA = {
    "dicts": lambda folder: EXAMPLES,
    "iterator": lambda folder: iter(EXAMPLES),
    "pandas": lambda folder: pd.DataFrame(EXAMPLES).astype({"n": "Int64"}).set_index(pd.Index([5] * N_ROWS)),
    "polars": lambda folder: pl.DataFrame(EXAMPLES, infer_schema_length=None),
    "arrow": lambda folder: pa.Table.from_pylist(EXAMPLES),
    "parquet": lambda folder: folder / "corpus.parquet",
    "csv": lambda folder: folder / "corpus.csv",
    "jsonl": lambda folder: str(folder / "corpus.jsonl"),
}

ENGINES = {
    "serial": {"workers": 1},
    "serial, small batches": {"workers": 1, "batch_size": 1},
    "one process": {"workers": 1, "engine": "process", "batch_size": 2000},
    "two processes": {"workers": 2, "engine": "process", "batch_size": CHUNK},
    "one thread": {"workers": 1, "engine": "thread", "batch_size": CHUNK},
    "three threads": {"workers": 3, "engine": "thread", "batch_size": CHUNK},
    "two workers": {"workers": 2, "batch_size": CHUNK},
}


@pytest.fixture(params=ENGINES)
def apply(request):
    """``apply(lfs, corpus, ...)`` by each engine."""

    def apply(lfs, corpus, **options):
        return lk.Applier(lfs).apply(corpus, **ENGINES[request.param], **options)

    return apply


def same(one, other):
    assert one.votes.dtype == other.votes.dtype
    assert np.array_equal(one.votes, other.votes)
    assert one.lfs == other.lfs
    assert one.class_names == other.class_names
    assert one.faults == other.faults


def test_each_rule_votes_somewhere_and_as_it_is_defined(lfs, expected):
    n_words = lfs["short"].origin.namespace["n_words"]
    derived = [{**row, "n_words": n_words(row["text"])} for row in EXAMPLES]
    for lf in lfs:
        votes = expected[lf.name].votes.ravel().tolist()
        assert max(votes) >= 0, lf.name
        if lf.name not in ("middle", "model"):  # what sees a batch depends on it
            assert votes == [lf(*(row[column] for column in lf.columns)) for row in derived]


@pytest.mark.parametrize("kind", CORPORA)
def test_a_corpus_of_any_kind_gives_the_same_matrix_by_any_engine(apply, lfs, folder, expected, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same(apply(lfs, CORPORA[kind](folder)), expected)


def test_ids_are_those_of_the_column_or_positions(apply, lfs, folder):
    matrix = apply(lfs[["offers"]], folder / "corpus.csv", id="key")
    assert matrix.ids.tolist() == [row["key"] for row in EXAMPLES]
    assert apply(lfs[["offers"]], folder / "corpus.csv").ids.tolist() == list(range(N_ROWS))


def test_faults_are_recorded_alike(apply, faulty, folder):
    matrix = apply(faulty, folder / "numbers.parquet", id="key", on_fault="record")
    assert [(f.row, f.lf, f.id, f.error) for f in matrix.faults] == [
        (row, lf, f"k{row}", error)
        for row, lf, error in [
            (3, "picky", "ValueError"),
            (5, "picky", "VoteError"),
            (1003, "picky", "ValueError"),
            (1005, "picky", "VoteError"),
            (1500, "halves", "ZeroDivisionError"),
            (2003, "picky", "ValueError"),
            (2005, "picky", "VoteError"),
            (3003, "picky", "ValueError"),
            (3005, "picky", "VoteError"),
        ]
    ]
    assert matrix.faults[0].message == "no 3 (faulty.py, line 7)"
    assert matrix.faults[1].message.startswith("7 is not one of the 2 classes [LK300]\nHint:")
    assert matrix.faults[4].message.startswith("column 'half': integer division or modulo by zero (faulty.py, line 12)")
    assert matrix.votes[[3, 5, 4]].tolist() == [[-1, 1, 1], [-1, 1, 1], [0, 1, 1]]
    assert matrix.outcomes[3].tolist() == [-2, 1, 1]


def test_the_first_fault_stops_the_run_and_is_told_with_rule_example_and_exception(apply, faulty, folder):
    with pytest.raises(FaultError) as caught:
        apply(faulty, folder / "numbers.parquet", id="key")
    assert str(caught.value) == (
        "rule 'picky' failed on the example of id 'k3', row 3: ValueError: no 3 (faulty.py, line 7) [LK130]\n"
        'Hint: on_fault="record" (--on-fault record) goes on, and keeps a table of the faults'
    )


def test_more_faults_than_allowed_stop_the_run_at_the_same_fault(apply, faulty, folder):
    with pytest.raises(TooManyFaultsError) as caught:
        apply(faulty, folder / "numbers.parquet", on_fault="record", max_faults=5)
    assert str(caught.value) == (
        "there are more than 5 faults; at last rule 'picky' failed on the example of row 2003: "
        "ValueError: no 2003 (faulty.py, line 7) [LK131]\nHint: mend the rule, or raise max_faults"
    )
    assert len(apply(faulty, folder / "numbers.parquet", on_fault="record", max_faults=9).faults) == 9


def test_a_row_that_cannot_be_read_stops_every_engine_with_its_line(apply, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("text,n\n" + "free,1\n" * 2000 + "free,many\n")
    lf = lk.labeling_function(counted)
    lfs = lk.LabelingFunctions([lf, lk.keywords("free", label=1).rule(name="free")], labels=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(CorpusError, match=r"bad.csv.*2002.*many"):
            apply(lfs, bad)


def counted(n: int):
    return 1


@pytest.mark.parametrize("rows", [{"text": []}, pd.DataFrame({"text": pd.Series([], dtype=str)})])
def test_a_corpus_of_no_rows_gives_an_empty_matrix(apply, rows):
    lfs = [lk.keywords("free", label=1).rule(name="free")]
    assert apply(lk.LabelingFunctions(lfs, labels=2), rows).shape == (0, 1)


def test_a_corpus_of_nulls_gets_abstains(apply):
    lfs = [lk.keywords("free", label=1).rule(name="free"), (~lk.regex("a", label=1)).rule(name="no_a")]
    matrix = apply(lk.LabelingFunctions(lfs, labels=2), {"text": pa.nulls(5)})
    assert matrix.votes.tolist() == [[-1, -1]] * 5


# ------------------------------------------------------------------------------------ rules that workers cannot have


def made_here(text):
    return 1 if text and "free" in text else None


def unimportable():
    """Rules of a module that has no file."""
    scope = {"__name__": "nowhere", "lk": lk}
    exec("@lk.labeling_function\ndef homeless(text): return 0 if 'nice' in text else None", scope)
    return scope["homeless"]


@pytest.mark.parametrize("kind", ["iterator", "parquet"])
def test_rules_that_workers_cannot_import_run_in_the_parent_with_one_warning(lfs, folder, expected, kind):
    mixed = lk.LabelingFunctions([*lfs[:2], unimportable(), *lfs[2:]])
    with pytest.warns(UserWarning, match="1 of 9 rules run in the main process") as caught:
        matrix = lk.Applier(mixed).apply(CORPORA[kind](folder), workers=2, engine="process", batch_size=CHUNK)
    assert len(caught) == 1
    assert "homeless: its module nowhere has no file" in str(caught[0].message)
    assert matrix.names[2] == "homeless"
    same(matrix[list(lfs.names)], expected)
    same(matrix[["homeless"]], lk.Applier(mixed[["homeless"]]).apply(EXAMPLES))


def test_where_no_rule_can_be_shipped_all_run_in_the_parent():
    lfs = lk.LabelingFunctions([unimportable()], labels=2)
    with pytest.warns(UserWarning, match="1 of 1 rules run in the main process"):
        matrix = lk.Applier(lfs).apply(["nice", "x"], workers=2, engine="process")
    assert matrix.votes.tolist() == [[0], [-1]]


def test_a_rule_whose_file_changed_since_it_was_collected_runs_as_it_was(tmp_path):
    path = tmp_path / "changing.py"
    source = "import labelkit as lk\n@lk.labeling_function\ndef r(text): return {}\n"
    path.write_text(source.format(1))
    lfs = lk.collect(path, labels=2)
    path.write_text("\n\n" + source.format(0))
    with pytest.warns(UserWarning, match=r"r: .*changing.py has changed since it was imported"):
        matrix = lk.Applier(lfs).apply(["a", "b"], workers=2, engine="process")
    assert matrix.votes.ravel().tolist() == [1, 1]


def test_a_rule_file_that_workers_cannot_import_says_why(tmp_path):
    path = tmp_path / "once.py"
    path.write_text(
        "import multiprocessing, labelkit as lk\n"
        "if multiprocessing.parent_process(): raise RuntimeError('not in a worker')\n"
        "@lk.labeling_function\ndef r(text): return 1\n"
    )
    with pytest.warns(UserWarning, match="RuntimeError: not in a worker"):
        matrix = lk.Applier(lk.collect(path, labels=2)).apply(["a"], workers=2, engine="process")
    assert matrix.votes.ravel().tolist() == [1]


def test_rules_of_a_neighbour_a_package_and_a_factory_reach_the_workers(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text("")
    (tmp_path / "pack/near.py").write_text("WORD = 'free'\n")
    (tmp_path / "pack/rules.py").write_text(
        "from .near import WORD\nimport labelkit as lk\n"
        "def made(word):\n    @lk.labeling_function(name=f'says_{word}')\n"
        "    def rule(text): return 1 if word in text else None\n    return rule\n"
        "lfs = [made(w) for w in (WORD, 'nice')]\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        matrix = lk.Applier(lk.collect(tmp_path / "pack/rules.py", labels=2)).apply(
            ["free", "nice"], workers=2, engine="process"
        )
    assert matrix.votes.tolist() == [[1, -1], [-1, 1]]


# -------------------------------------------------------------------------------------------- processes that end


def script(folder, body, *arguments, **options):
    path = folder / "script.py"
    path.write_text(body)
    temp = folder / "temp"
    temp.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temp), "PYTHONPATH": os.pathsep.join(sys.path)}
    return partial(
        options.pop("start", subprocess.run), [sys.executable, str(path), *arguments], env=environment, **options
    ), temp


def test_a_script_needs_no_main_guard(tmp_path):
    (tmp_path / "my_rules.py").write_text("import labelkit as lk\n@lk.labeling_function\ndef r(text): return 1\n")
    run, temp = script(
        tmp_path,
        "import labelkit as lk\nimport my_rules\nprint('started')\n"
        "print(lk.Applier(lk.collect(my_rules, labels=2)).apply(['a'] * 3000, workers=2, engine='process', batch_size=1024))\n",
        capture_output=True, text=True, check=True, timeout=GUARD,
    )  # fmt: skip
    done = run()
    assert (done.stdout.count("started"), "3,000 examples" in done.stdout, done.stderr) == (1, True, "")
    assert list(temp.iterdir()) == []


def test_a_rule_that_ends_its_worker_is_a_fault_and_not_a_hang(tmp_path):
    path = tmp_path / "deadly.py"
    path.write_text("import os, labelkit as lk\n@lk.labeling_function\ndef r(text): os._exit(3)\n")
    with pytest.raises(FaultError, match=r"rule 'r' failed on the example of row 0: WorkerDiedError: .* exit status 3"):
        lk.Applier(lk.collect(path, labels=2)).apply(["a"] * 9000, workers=2, engine="process", batch_size=CHUNK)


def test_interrupting_a_run_ends_it_soon_and_leaves_no_process_or_file(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import os, time, labelkit as lk\n@lk.labeling_function\ndef r(text):\n"
        "    open(os.environ['TMPDIR'] + '/../started', 'a').write(f'{os.getpid()}\\n')\n    time.sleep(3600)\n"
    )
    run, temp = script(
        tmp_path,
        "import labelkit as lk\ncorpus = ['a'] * 9000\n"
        "lk.Applier(lk.collect('slow.py', labels=2)).apply(corpus, workers=2, engine='process', batch_size=1024)\n",
        start=subprocess.Popen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        start_new_session=True,
    )  # fmt: skip
    process = run()
    started = tmp_path / "started"
    wait_until(lambda: started.exists() and len(started.read_text().split()) == 2)
    workers = [int(pid) for pid in started.read_text().split()]
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the whole group
    _, errors = process.communicate(timeout=GUARD)
    assert process.returncode != 0
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert list(temp.iterdir()) == []
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_fault_that_stops_the_run_leaves_no_process_while_its_traceback_is_kept(faulty, folder):
    import multiprocessing

    with pytest.raises(FaultError) as caught:
        lk.Applier(faulty).apply(folder / "numbers.parquet", workers=2, engine="process", batch_size=CHUNK)
    assert caught.tb is not None
    assert multiprocessing.active_children() == []


# ------------------------------------------------------------------------------------------------------ threads


def test_in_threads_the_functions_of_the_user_are_called_in_the_main_thread_alone():
    """They may hold what belongs to one thread, such as a connection to SQLite."""
    seen = set()

    def where(text):
        seen.add(threading.current_thread())
        return 0

    def examples():
        for n in range(4000):
            seen.add(threading.current_thread())
            yield {"text": f"nice {n}"}

    rules = [lk.labeling_function(name="called")(where), lk.keywords("nice", label=1).rule(name="declared")]
    matrix = lk.Applier(rules, labels=2).apply(examples(), workers=3, engine="thread", batch_size=CHUNK)
    assert matrix.votes.tolist() == [[0, 1]] * 4000
    assert seen == {threading.main_thread()}


@pytest.mark.parametrize("kind", [iter, list, "parquet"])
def test_python_rules_that_take_most_of_the_time_go_on_in_processes(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("labelkit.apply.engines.threads.SECONDS_TO_START", 0.0)
    path = tmp_path / "busy.py"
    path.write_text(
        "import multiprocessing, time, labelkit as lk\n@lk.labeling_function\ndef r(text):\n"
        "    time.sleep(0.0001)\n    return int(multiprocessing.parent_process() is not None)\n"
    )
    corpus = ["a"] * (12 * CHUNK)
    if kind == "parquet":
        pq.write_table(pa.table({"text": corpus}), tmp_path / "corpus.parquet")
    given = tmp_path / "corpus.parquet" if kind == "parquet" else kind(corpus)
    votes = lk.Applier(lk.collect(path, labels=2)).apply(given, workers=2, batch_size=CHUNK).votes.ravel()
    assert len(votes) == len(corpus)
    assert (votes[0], votes[-1], np.abs(np.diff(votes)).sum()) == (0, 1, 1)


# ------------------------------------------------------------------------------------------------------ the rest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, r"workers=0 is not a number of workers \[LK\d{3}\]\nHint: give 1 or more"),
        ({"workers": True}, "workers=True is not"),
        ({"workers": 1.5}, "workers=1.5 is not"),
        ({"engine": "cluster"}, r"there is no engine 'cluster' \[LK\d{3}\]\nHint: there are serial, thread, process"),
        ({"batch_size": 0}, "batch_size=0 is not a number of rows"),
        ({"on_fault": "ignore"}, "on_fault='ignore' is neither 'raise' nor 'record'"),
        ({"max_faults": -1}, "max_faults=-1 is not a number of faults"),
        ({"on_bad_row": "skip"}, "on_bad_row='skip' is not known"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_with_its_value(options, message):
    with pytest.raises(LabelkitError, match=message):
        lk.Applier([lk.keywords("a", label=1).rule(name="a")], labels=2).apply(["a"], **options)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="wrokers"):
        lk.Applier([lk.keywords("a", label=1).rule(name="a")], labels=2).apply(["a"], wrokers=2)


def test_the_time_of_each_rule_is_kept(lfs):
    applier = lk.Applier(lfs)
    applier.apply(EXAMPLES)
    assert list(applier.seconds) == list(lfs.names)
    assert all(seconds > 0 for seconds in applier.seconds.values())


def test_a_progress_bar_is_drawn_if_asked_and_not_where_there_is_no_terminal(lfs, capsys):
    lk.Applier(lfs).apply(EXAMPLES)
    assert capsys.readouterr() == ("", "")
    lk.Applier(lfs).apply(EXAMPLES, progress=True)
    assert re.search(r"3\.77k/3\.77k", capsys.readouterr().err)


def test_an_enum_member_that_is_returned_is_a_vote(expected, lfs):
    assert expected.class_names == lfs.space.names == ("HAM", "SPAM", "ODD")
    assert expected.votes.dtype == np.int8

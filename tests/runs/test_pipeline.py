"""The whole run, from rules and a corpus to a folder of labels."""

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.apply.engines import ENGINES, Engine
from labelkit.exceptions import CorpusError, FaultError, GoldError, LabelkitError, RunFolderError, TooManyFaultsError
from tests.waiting import GUARD, wait_until

RULES = '''
from enum import IntEnum
from labelkit import ABSTAIN, column, keywords, labeling_function, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM)
def asks(text: str) -> None:
    """Asks."""

@regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None:
    """Links."""

@column
def n_words(text: str) -> int:
    return len(text.split())

@labeling_function
def short(n_words: int) -> int:
    return Label.HAM if n_words < 5 else ABSTAIN
'''

FAULTY = (
    RULES
    + """
@labeling_function
def fragile(text: str) -> int:
    if "love" in text:
        raise ValueError("I cannot bear love")
    return ABSTAIN
"""
)


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(RULES)
    return path


@pytest.fixture
def faulty(tmp_path):
    path = tmp_path / "faulty.py"
    path.write_text(FAULTY)
    return path


@pytest.fixture(scope="module")
def comments():
    frame = lk.load_comments(6_000)
    return frame[frame["text"] != ""].reset_index(
        drop=True
    )  # CSV as pandas writes it cannot tell an empty text from a null


@pytest.fixture(scope="module")
def corpus(comments, tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "comments.parquet"
    comments.to_parquet(path, row_group_size=700)
    return path


def contents(folder):
    """The digest of every file of a run folder but the timings."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "timings.json"
    }


def test_a_run_equals_the_steps_made_one_by_one(rules, corpus, comments, tmp_path):
    folder = lk.run(rules, corpus, tmp_path / "out", id="id", gold="spam")
    matrix = lk.Applier(lk.collect(rules)).apply(comments, id="id")
    model = lk.LabelModel().fit(matrix)
    labels = model.label(matrix)
    assert np.array_equal(folder.matrix().votes, matrix.votes)
    assert folder.matrix().ids.tolist() == comments["id"].tolist()
    assert np.allclose(folder.labels().proba, labels.proba, atol=1e-12)
    assert np.array_equal(folder.labels().hard(), labels.hard())
    summary = lk.summarize(matrix, model=model, gold=comments["spam"].to_numpy())
    assert np.allclose(folder.summary["precision"], summary.frame["precision"], equal_nan=True)
    assert folder.manifest["examples"] == len(comments)
    assert folder.manifest["covered"] == int(matrix.covered.sum())
    assert folder.manifest["evaluation"]["accuracy"] == pytest.approx(model.score(matrix, comments["spam"].to_numpy()))
    assert np.array_equal(folder.model().predict(matrix), model.predict(matrix))


def test_the_bytes_of_a_run_do_not_depend_on_the_number_of_workers(rules, corpus, tmp_path):
    one = lk.run(rules, corpus, tmp_path / "one", id="id", batch_size=1024)
    two = lk.run(rules, corpus, tmp_path / "two", id="id", batch_size=1024, workers=2)
    assert contents(one.path) == contents(two.path)
    assert len(list((one.path / "votes").iterdir())) == 6  # 1,024 rows each


def test_nor_on_how_many_parts_are_merged_at_a_time(rules, corpus, tmp_path, monkeypatch):
    whole = lk.run(rules, corpus, tmp_path / "whole", id="id", batch_size=1024)
    monkeypatch.setattr("labelkit.runs.parts.TOGETHER", 2)
    assert contents(lk.run(rules, corpus, tmp_path / "pairs", id="id", batch_size=1024).path) == contents(whole.path)


@contextmanager
def away(*folders):
    """Put a file in the place of each folder, so that nothing in it can be read, written or made anew."""
    there = [folder for folder in folders if folder.is_dir()]
    for folder in there:
        folder.rename(folder.with_name(f"{folder.name}.away"))
        folder.write_text("")
    yield
    for folder in there:
        folder.unlink()
        folder.with_name(f"{folder.name}.away").rename(folder)


@pytest.fixture
def far(tmp_path, monkeypatch):
    """An engine whose workers get and return pickles, and have no access to the run folder and the vote cache."""

    def run(job):
        deliver = pickle.dumps(job.deliver)
        assert str(tmp_path / ".far.partial").encode() not in deliver
        for batch in job.batches():
            sent = pickle.dumps(batch)
            with away(tmp_path / ".far.partial", tmp_path / "cache"):
                received = pickle.loads(sent)
                result = pickle.dumps(pickle.loads(deliver)(received, job.plan.vote(received.table)))
            yield pickle.loads(result)

    monkeypatch.setitem(ENGINES, "far", Engine(run, shares_disk=False))


@pytest.mark.parametrize("engine", list(ENGINES))
def test_every_engine_gives_the_same_bytes(faulty, corpus, tmp_path, engine):
    options = {"id": "id", "gold": "spam", "batch_size": 2048, "on_fault": "record", "cache": False}
    expected = lk.run(faulty, corpus, tmp_path / "expected", **options)
    folder = lk.run(faulty, corpus, tmp_path / "out", engine=engine, workers=2, **options)
    assert contents(folder.path) == contents(expected.path)


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("options", [{"id": "id", "gold": "spam"}, {}], ids=["ids and gold", "positions"])
def test_workers_without_access_to_the_run_folder_send_their_parts(faulty, corpus, tmp_path, options):
    options = {"batch_size": 1024, "on_fault": "record", "cache": False, **options}
    expected = lk.run(faulty, corpus, tmp_path / "expected", **options)
    folder = lk.run(faulty, corpus, tmp_path / "far", engine="far", **options)
    assert len(folder.faults) > 0
    assert contents(folder.path) == contents(expected.path)


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("gold", ["spam", None])
def test_workers_without_access_to_the_vote_cache_leave_it_to_the_main_process(rules, corpus, tmp_path, gold):
    options = {"id": "id", "gold": gold, "batch_size": 1024}
    lfs = lk.collect(rules)
    expected = lk.run(lfs, corpus, tmp_path / "expected", cache=False, **options)
    for names in (["asks", "short"], lfs.names, lfs.names):
        folder = lk.run(
            lfs[list(names)], corpus, tmp_path / "far", engine="far", cache=tmp_path / "cache", force=True, **options
        )
    assert contents(folder.path) == contents(expected.path)
    assert folder.timings["remembered"] == list(lfs.names)


@pytest.mark.usefixtures("far")
def test_a_run_by_workers_elsewhere_goes_on_after_its_last_part(faulty, corpus, tmp_path):
    options = {"batch_size": 1024, "cache": False}
    with pytest.raises(TooManyFaultsError):
        lk.run(faulty, corpus, tmp_path / "far", engine="far", on_fault="record", max_faults=3, **options)
    kept = sorted((tmp_path / ".far.partial" / "votes").iterdir())
    folder = lk.run(faulty, corpus, tmp_path / "far", engine="far", on_fault="record", **options)
    expected = lk.run(faulty, corpus, tmp_path / "expected", on_fault="record", **options)
    assert contents(folder.path) == contents(expected.path)
    assert len(kept) < len(list((folder.path / "votes").iterdir()))


def test_an_unknown_engine_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(LabelkitError, match="no engine 'cloud' \\[LK602\\]\nHint: there are serial, thread, process"):
        lk.run(tmp_path / "missing.py", tmp_path / "missing.csv", tmp_path / "out", engine="cloud")


def test_rules_are_given_as_a_list_or_as_labeling_functions_too(rules, corpus, tmp_path):
    lfs = lk.collect(rules)
    for number, given in enumerate((lfs, list(lfs), tuple(lfs))):
        folder = lk.run(given, corpus, tmp_path / str(number), report=False)
        assert [rule["name"] for rule in folder.manifest["rules"]] == list(lfs.names)


def test_parts_of_which_some_have_faults_merge_to_the_patterns_and_gold_of_the_whole(faulty, comments, tmp_path):
    rare = comments["text"].str.contains("love").to_numpy()
    few = comments[~rare | (np.arange(len(comments)) < 2_500)].reset_index(drop=True)  # faults in the first parts alone
    few.to_parquet(tmp_path / "few.parquet")
    run = lk.run(faulty, tmp_path / "few.parquet", tmp_path / "out", gold="spam", on_fault="record", batch_size=1024)
    matrix = lk.Applier(lk.collect(faulty)).apply(few, on_fault="record")
    patterns = run.patterns()
    assert matrix.faults
    assert max(fault.row for fault in matrix.faults) < len(few) - 1024
    assert np.array_equal(patterns.outcomes, matrix.patterns.outcomes)
    assert np.array_equal(patterns.counts, matrix.patterns.counts)
    expected = np.zeros((len(patterns), 2), dtype=int)
    np.add.at(expected, (matrix.pattern_index, few["spam"].to_numpy()), 1)
    assert np.array_equal(patterns.gold, expected)
    assert run.faults == matrix.faults
    labels = lk.LabelModel().fit(matrix).label(matrix)
    assert np.array_equal(run.labels().proba, labels.proba)
    assert run.labels().ids.tolist() == list(range(len(few)))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_text_file_gives_the_labels_of_the_same_parquet_file(rules, corpus, comments, suffix, tmp_path):
    path = tmp_path / f"comments.{suffix}"
    if suffix == "csv":
        comments.to_csv(path, index=False)
    else:
        comments.to_json(path, orient="records", lines=True, date_format="iso")
    text = lk.run(rules, path, tmp_path / "text", id="id", workers=2, batch_size=2048)
    parquet = lk.run(rules, corpus, tmp_path / "parquet", id="id")
    assert np.array_equal(text.matrix().votes, parquet.matrix().votes)
    assert np.array_equal(text.labels().proba, parquet.labels().proba)


def test_a_folder_that_exists_is_refused_and_kept(rules, corpus, tmp_path):
    first = lk.run(rules, corpus, tmp_path / "out")
    before = contents(first.path)
    with pytest.raises(RunFolderError, match=r"exists already.* the label model is MajorityVote, and was LabelModel"):
        lk.run(rules, corpus, tmp_path / "out", model="MajorityVote")
    assert contents(first.path) == before
    lk.run(rules, corpus, tmp_path / "out", force=True, model="MajorityVote")
    assert lk.RunFolder(tmp_path / "out").manifest["model"]["name"] == "MajorityVote"


def test_force_does_not_replace_a_folder_that_is_no_run(rules, corpus, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years of work")
    with pytest.raises(RunFolderError, match="not a run folder"):
        lk.run(rules, corpus, tmp_path / "precious", force=True)
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "years of work"


def test_a_fault_stops_the_run_and_leaves_nothing_under_the_final_name(faulty, corpus, tmp_path):
    with pytest.raises(
        FaultError, match=r"rule 'fragile' failed on the example of id '\w+', row \d+: ValueError: I cannot"
    ):
        lk.run(faulty, corpus, tmp_path / "out", id="id")
    assert not (tmp_path / "out").exists()


def test_recorded_faults_stand_in_a_table_and_do_not_count_as_abstains(faulty, corpus, comments, tmp_path):
    folder = lk.run(faulty, corpus, tmp_path / "out", id="id", on_fault="record")
    expected = [
        i for i, text in zip(comments["id"], comments["text"], strict=True) if isinstance(text, str) and "love" in text
    ]
    assert [fault.id for fault in folder.faults] == expected
    assert {fault.lf for fault in folder.faults} == {"fragile"}
    assert folder.summary.loc["fragile", "faults"] == len(expected)
    assert pq.read_table(folder.path / "faults.parquet").column("message")[0].as_py().endswith("(faulty.py, line 28)")


def test_too_many_faults_stop_the_run(faulty, corpus, tmp_path):
    for _ in range(2):  # the same command, again
        with pytest.raises(TooManyFaultsError, match="more than 3 faults"):
            lk.run(faulty, corpus, tmp_path / "out", on_fault="record", max_faults=3)
    finished = lk.run(faulty, corpus, tmp_path / "out", on_fault="record", max_faults=1_000)
    assert len(finished.faults) > 3


def test_rejected_rows_are_kept_with_their_reason(rules, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("id,text\na,hello there\nb,too,many\nc,subscribe\n")
    with pytest.raises(CorpusError, match="line 3"):
        lk.run(rules, path, tmp_path / "out", id="id")
    folder = lk.run(rules, path, tmp_path / "out", id="id", on_bad_row="reject")
    (reject,) = [json.loads(line) for line in (folder.path / "rejects.jsonl").read_text().splitlines()]
    assert reject["text"] == "b,too,many"
    assert folder.manifest["examples"] == 2


def test_a_corpus_without_rows_is_an_error(rules, tmp_path):
    (tmp_path / "none.csv").write_text("text\n")
    with pytest.raises(CorpusError, match="no rows"):
        lk.run(rules, tmp_path / "none.csv", tmp_path / "out")
    assert not (tmp_path / ".out.partial").exists()


def test_an_unknown_label_model_is_refused_before_anything_is_run(rules, corpus, tmp_path):
    with pytest.raises(LabelkitError, match="MajorityVote"):
        lk.run(rules, corpus, tmp_path / "out", model="Oracle")


def test_gold_may_be_a_column_a_file_a_series_or_in_order(rules, corpus, comments, tmp_path):
    some = comments.sample(500, random_state=1)
    file = tmp_path / "gold.csv"
    some[["id", "spam"]].rename(columns={"spam": "gold"}).to_csv(file, index=False)
    by_file = lk.run(rules, corpus, tmp_path / "a", id="id", gold=file)
    by_series = lk.run(
        rules, corpus, tmp_path / "b", id="id", gold=pd.Series(some["spam"].to_numpy(), index=some["id"])
    )
    in_order = np.full(len(comments), -1)
    in_order[some.index] = some["spam"]
    by_order = lk.run(rules, corpus, tmp_path / "c", id="id", gold=in_order)
    precisions = [folder.summary["precision"].to_numpy() for folder in (by_file, by_series, by_order)]
    assert np.allclose(precisions[0], precisions[1], equal_nan=True)
    assert np.allclose(precisions[0], precisions[2], equal_nan=True)
    assert lk.run(rules, corpus, tmp_path / "d", id="id", gold="spam").manifest["evaluation"]["n"] == len(comments)


def test_gold_that_is_neither_a_column_nor_a_file_is_refused(rules, corpus, tmp_path):
    with pytest.raises(GoldError, match="'spma' is neither a column of the corpus nor a file"):
        lk.run(rules, corpus, tmp_path / "out", gold="spma")


HELD = """
import sys, time
from pathlib import Path
from labelkit.apply.applier import Applier
from labelkit.cli import main

stream = Applier.stream

def held(*arguments, **options):
    for done in stream(*arguments, **options):
        yield done
        Path(sys.argv[0]).touch()
        while True:
            time.sleep(0.1)

Applier.stream = held
sys.argv = sys.argv[1:]
main()
"""
"""A run that goes no further than its first part, and then makes a file to say so."""


def start(rules, corpus, out, *more, held=None):
    program = ["-m", "labelkit.cli"] if held is None else ["-c", HELD, held]
    command = [sys.executable, *program, "run", rules, corpus, "--out", out, "--batch-size", "1024", *more]
    return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_and_hold(rules, corpus, out, *more):
    """Start a run, and return it once its first part is there."""
    held = out.with_name("held")
    process = start(rules, corpus, out, *more, held=held)
    wait_until(lambda: held.exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_that_was_killed_goes_on_where_it_was_and_ends_with_the_same_bytes(rules, corpus, tmp_path, workers):
    killed = start_and_hold(rules, corpus, tmp_path / "out", "--workers", workers)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=GUARD)  # returns only when the workers, who share the pipe, are gone too
    assert not (tmp_path / "out").exists()
    first = tmp_path / ".out.partial" / "votes" / "part-00000.parquet"
    made = first.stat().st_mtime_ns
    resumed = start(rules, corpus, tmp_path / "out", "--workers", workers)
    _, errors = resumed.communicate(timeout=GUARD)
    assert resumed.returncode == 0, errors
    assert (tmp_path / "out" / "votes" / "part-00000.parquet").stat().st_mtime_ns == made
    whole = lk.run(rules, corpus, tmp_path / "whole", batch_size=1024)
    assert contents(tmp_path / "out") == contents(whole.path)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing_under_the_final_name_and_says_so(rules, corpus, tmp_path, workers, number):
    process = start_and_hold(rules, corpus, tmp_path / "out", "--workers", workers)
    process.send_signal(number)
    _, errors = process.communicate(timeout=GUARD)
    assert process.returncode == 128 + number
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def test_a_run_of_other_rules_does_not_go_on_with_the_parts_of_an_interrupted_one(rules, faulty, corpus, tmp_path):
    with pytest.raises(FaultError):
        lk.run(faulty, corpus, tmp_path / "out", batch_size=1024)
    with pytest.warns(UserWarning, match=r"begins anew: the rule 'fragile' is gone \[LK517\]\. Hint"):
        folder = lk.run(rules, corpus, tmp_path / "out", batch_size=1024)
    assert folder.matrix().n_lfs == 3


def test_a_script_without_a_main_guard_may_use_workers(rules, corpus, comments, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import labelkit as lk
        folder = lk.run({str(rules)!r}, {str(corpus)!r}, {str(tmp_path / "out")!r}, workers=2, batch_size=1024)
        print(folder.manifest["examples"])
        """)
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=GUARD, check=False)
    assert (done.stdout, done.stderr) == (f"{len(comments)}\n", "")


def test_a_symbolic_link_is_not_replaced(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("")
    for target in ("elsewhere", "nowhere"):
        link = tmp_path / f"to {target}"
        link.symlink_to(tmp_path / target)
        for force in (False, True):
            with pytest.raises(RunFolderError, match="symbolic link"):
                lk.run([lk.keywords("a", label=1).rule(name="a")], ["a"], link, labels=2, force=force, progress=False)
        assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "kept").exists()

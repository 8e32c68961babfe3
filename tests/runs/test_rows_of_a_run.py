"""A run over some rows of a corpus is a run: it is resumed, cached, labeled and read as any other."""

import json
import re
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.checks.check_rules import check_rules
from labelkit.corpus.chosen_rows import RowChoice, drawn_positions
from labelkit.exceptions import RunFolderError
from labelkit.runs.steps import patterns_of
from tests.waiting import GUARD, wait_until

RULES = '''
from enum import IntEnum
from labelkit import keywords, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM)
def asks(text: str) -> None:
    """Asks."""

@regex("love|song", label=Label.HAM)
def loves(text: str) -> None:
    """Loves."""
'''

N_ROWS = 6_000

SETTINGS = {"progress": False, "cache": False, "batch_size": 1024}


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.py"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def comments():
    frame = lk.load_comments(N_ROWS)
    return frame[frame["text"] != ""].reset_index(drop=True)


@pytest.fixture(scope="module")
def corpora(comments, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    comments.to_csv(folder / "comments.csv", index=False)
    comments.to_parquet(folder / "comments.parquet", index=False, row_group_size=700)
    return {"csv": folder / "comments.csv", "parquet": folder / "comments.parquet"}


def content(folder, *, without=("timings.json", "manifest.json", "report.html", "version.json")):
    """What is in the files of a run; labels without the fingerprint of their run, which holds that of the corpus."""
    files = (path for path in folder.path.rglob("*") if path.is_file() and path.name not in without)
    return {
        str(path.relative_to(folder.path)): pq.read_table(path).to_pydict()
        if path.parent.name == "labels"
        else path.read_bytes()
        for path in files
    }


@pytest.mark.parametrize("options", [{"sample": 3_000, "random_state": 4}, {"limit": 2_500}])
@pytest.mark.parametrize("id_", [None, "id"])
def test_the_run_is_that_of_its_rows_in_any_format_and_by_any_engine(rules, corpora, comments, tmp_path, options, id_):
    runs = [
        lk.run(rules, corpora[kind], tmp_path / f"{kind}-{engine}", id=id_, gold="spam", engine=engine, workers=2,
               **options, **SETTINGS)
        for kind, engine in (("csv", "thread"), ("parquet", "process"), ("csv", "process"))
    ]  # fmt: skip
    assert content(runs[0]) == content(runs[1]) == content(runs[2])
    places = drawn_positions(len(comments), 3_000, 4) if "sample" in options else np.arange(2_500)
    matrix = runs[0].matrix()
    assert matrix.ids.tolist() == (places.tolist() if id_ is None else comments["id"][places].tolist())
    whole = lk.Applier(lk.collect(rules)).apply(comments, cache=False)
    assert np.array_equal(matrix.votes, whole.votes[places])
    assert runs[0].patterns().gold.sum() == len(places)
    assert runs[0].manifest["corpus"]["rows"] == {"limit": None, "sample": None, "random_state": 0, **options}


@pytest.mark.parametrize("id_", [None, "id"])
def test_whoever_reads_it_again_finds_the_right_rows(rules, corpora, comments, tmp_path, id_):
    run = lk.run(rules, corpora["csv"], tmp_path / "run", id=id_, gold="spam", sample=500, random_state=1, **SETTINGS)
    places = drawn_positions(len(comments), 500, 1)
    place = int(places[17])
    name = place if id_ is None else comments["id"][place]
    why = lk.why(run, name)
    assert (why.values["text"], why.gold) == (comments["text"][place], ("HAM", "SPAM")[comments["spam"][place]])
    exported = pd.read_csv(lk.export(run, tmp_path / "out.csv", columns=["text"], unlabeled=True))
    key = "row" if id_ is None else "id"
    assert exported[key].tolist() == (places if id_ is None else comments["id"][places]).tolist()
    assert exported["text"].tolist() == comments["text"][places].tolist()
    report = lk.write_report(run).read_text("utf-8")
    assert "have no texts" not in report
    assert "is not whole" not in report
    assert re.search(r"voted on 500 examples \(a random sample of 500 of the rows \(seed 1\)\)", run.describe())
    assert len(lk.view(run.matrix(), corpora["csv"], id=id_, n=5).frame) == 5
    shown = lk.view(run.matrix(), corpora["csv"], id=id_, n=5).frame
    assert set(shown["text"]) <= set(comments["text"][places])
    whole = lk.run(rules, corpora["csv"], tmp_path / "whole", id=id_, gold="spam", **SETTINGS)
    change = lk.diff(run, whole, gold="spam")
    assert (change.n_examples, change.votes["n"].sum()) == (500, 0)
    assert change.gold.loc["before", "gold"] == 500
    bare = lk.apply_to_folder(rules, corpora["csv"], tmp_path / "bare", id=id_, sample=500, random_state=1, **SETTINGS)
    assert np.array_equal(patterns_of(bare, gold="spam").gold, run.patterns().gold)
    labels = (
        comments[["id", "spam"]] if id_ else pd.DataFrame({"row": np.arange(len(comments)), "spam": comments["spam"]})
    )
    labels.rename(columns={"spam": "gold"}).to_csv(tmp_path / "gold.csv", index=False)
    assert np.array_equal(patterns_of(bare, gold=tmp_path / "gold.csv").gold, run.patterns().gold)
    halves = [
        lk.apply_to_folder(rules, half, tmp_path / name, sample=300, random_state=seed, **SETTINGS)
        for seed, (name, half) in enumerate((("a", corpora["csv"]), ("b", corpora["parquet"])))
    ]
    assert not lk.drift(*halves, by="video").drifted


def test_other_rows_are_another_run(rules, corpora, tmp_path):
    lk.run(rules, corpora["csv"], tmp_path / "out", sample=100, **SETTINGS)
    assert lk.run(rules, corpora["csv"], tmp_path / "out", sample=100, **SETTINGS).was_finished
    for options, said in (
        ({"sample": 101}, "sample changed"),
        ({"sample": 100, "random_state": 1}, "random_state changed"),
        ({"limit": 100}, "limit changed"),
        ({}, "sample changed"),
    ):
        with pytest.raises(RunFolderError, match=said):
            lk.run(rules, corpora["csv"], tmp_path / "out", **options, **SETTINGS)


def test_votes_of_a_sample_are_kept_apart_from_those_of_the_whole(rules, corpora, comments, tmp_path):
    settings = {**SETTINGS, "cache": tmp_path / "cache"}
    choices = [{"sample": 2_000}, {}, {"limit": 2_000}, {"sample": 2_000, "random_state": 1}]
    for again in (False, True):
        for number, options in enumerate(choices):
            run = lk.run(rules, corpora["parquet"], tmp_path / f"{again}-{number}", **options, **settings)
            assert bool(run.timings["remembered"]) == again
            places = run.matrix().ids
            whole = lk.Applier(lk.collect(rules)).apply(comments, cache=False)
            assert np.array_equal(run.matrix().votes, whole.votes[places])
    assert RowChoice(5) != RowChoice(6)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_sample_goes_on_where_it_was_stopped(rules, corpora, tmp_path, kind):
    script = """
        import sys, time
        import labelkit as lk
        from labelkit.runs.parts import PartWriter
        write = PartWriter.__call__
        def slow(self, batch, votes):
            if batch.start == 2048:
                print("two", flush=True)
                time.sleep(600)
            write(self, batch, votes)
        PartWriter.__call__ = slow
        lk.run(sys.argv[1], sys.argv[2], sys.argv[3], gold="spam", sample=4_000, batch_size=1024, progress=False,
               cache=False)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(rules), str(corpora[kind]), str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"two\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=GUARD)
    draft = tmp_path / ".out.partial"
    wait_until((draft / "work" / "00001.npz").is_file)
    assert "sample" in json.loads((draft / "inputs.json").read_text())["options"]
    resumed = lk.run(rules, corpora[kind], tmp_path / "out", gold="spam", sample=4_000, **SETTINGS)
    whole = lk.run(rules, corpora[kind], tmp_path / "whole", gold="spam", sample=4_000, **SETTINGS)
    everything = [content(folder, without=("timings.json",)) for folder in (resumed, whole)]
    assert everything[0] == everything[1]


def test_a_check_tries_a_sample(rules, corpora, comments):
    report = check_rules(str(rules), corpora["csv"], sample=300, random_state=2, gold="spam")
    assert report.n_rows == 300
    whole = lk.Applier(lk.collect(rules)).apply(comments, cache=False)
    places = drawn_positions(len(comments), 300, 2)
    assert list(report.votes.values()) == (whole.votes[places] >= 0).sum(axis=0).tolist()


def test_gold_by_position_beside_rows_that_are_left_out_is_warned_of(rules, tmp_path):
    (tmp_path / "c.csv").write_text("text,n\nlove,1\nbad\nfree,2\nlove,3\n")
    (tmp_path / "gold.csv").write_text("row,gold\n0,HAM\n2,SPAM\n")
    with pytest.warns(UserWarning, match="1 row could not be read: positions count the rows that were kept"):
        lk.run(rules, tmp_path / "c.csv", tmp_path / "out", gold=tmp_path / "gold.csv", on_bad_row="reject", **SETTINGS)


def test_what_has_changed_is_what_was_asked_for(rules, corpora, tmp_path):
    lk.apply_to_folder(rules, corpora["csv"], tmp_path / "out", **SETTINGS)
    with pytest.raises(RunFolderError, match=r"would make: limit changed: none -> 5 \[LK501\]\n") as raised:
        lk.apply_to_folder(rules, corpora["csv"], tmp_path / "out", limit=5, **SETTINGS)
    assert "--update" in str(raised.value.hint)


def test_a_changed_option_of_reading_is_named(rules, tmp_path):
    (tmp_path / "c.csv").write_bytes("text,n\nlove \u00e9,1\nfree,2\n".encode("latin-1"))
    lk.run(rules, tmp_path / "c.csv", tmp_path / "out", encoding="latin-1", **SETTINGS)
    with pytest.raises(
        RunFolderError, match=r"would make: encoding changed: iso8859-1 -> cp1252 \[LK501\]\n"
    ) as raised:
        lk.run(rules, tmp_path / "c.csv", tmp_path / "out", encoding="cp1252", **SETTINGS)
    assert "--update" not in str(raised.value.hint)  # which takes the same reading only
    (tmp_path / "c.csv").write_bytes(b"text,n\nlove,1\nfree,2\nlove,3\n")
    with pytest.raises(RunFolderError, match=r"encoding changed: .*; the corpus is another \(c\.csv: .* bytes\)"):
        lk.run(rules, tmp_path / "c.csv", tmp_path / "out", encoding="cp1252", **SETTINGS)

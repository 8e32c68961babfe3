"""Votes, label model and labels are made one after the other, each from what the others wrote, and equal a run."""

import json
import resource
import shutil
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import (
    ExportError,
    GoldError,
    LabelkitError,
    MatrixError,
    ModelError,
    RunFolderError,
)
from labelkit.runs.steps import label_to_file, patterns_of, save_model, stored_model
from tests.waiting import GUARD, wait_until

RULES = '''
from enum import IntEnum
from labelkit import ABSTAIN, keywords, labeling_function, regex

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@keywords("subscribe", "check out", label=Label.SPAM, group="words")
def asks(text: str) -> None:
    """Asks."""

@regex(r"https?://", label=Label.SPAM)
def link(text: str) -> None:
    """Links."""

@labeling_function(levels=4)
def short(text: str):
    return (Label.HAM, 0.9 if len(text) < 20 else 0.6) if len(text) < 40 else ABSTAIN

@labeling_function
def fragile(text: str) -> int:
    if "love" in text:
        raise ValueError("no")
    return ABSTAIN
'''

SETTINGS = {"on_fault": "record", "batch_size": 1024, "progress": False, "cache": False}


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.py"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "comments.parquet"
    lk.load_comments(3_000).to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(rules, corpus, tmp_path_factory):
    return lk.run(rules, corpus, tmp_path_factory.mktemp("runs") / "run", id="id", gold="spam", **SETTINGS)


@pytest.fixture(scope="module")
def votes(rules, corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("steps") / "votes"
    return lk.apply_to_folder(rules, corpus, out, id="id", gold="spam", **SETTINGS)


def content(folder, *, without=("timings.json",)):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_same(folder, other, *, without=()):
    one, two = (content(run.path, without=("timings.json", *without)) for run in (folder, other))
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == []


@pytest.mark.parametrize("teach", [False, True])
@pytest.mark.parametrize("model", ["LabelModel", "DawidSkene"])
def test_the_three_steps_make_the_bytes_of_a_run(rules, corpus, votes, tmp_path, model, teach):
    whole = lk.run(rules, corpus, tmp_path / "run", id="id", gold="spam", model=model, teach=teach, **SETTINGS)
    fitted = lk.fit_votes(votes.path, model=model, teach=teach)
    fitted.save(tmp_path / "model")
    labeled = lk.label_to_folder(votes, lk.load_model(tmp_path / "model"), tmp_path / "labels")
    assert_same(labeled, whole)
    assert labeled.layout.taught.is_file() == teach


@pytest.mark.parametrize("frame", [True, False])
def test_they_do_without_ids_too_and_with_the_index_of_a_frame(rules, tmp_path, frame):
    comments = lk.load_comments(1_500)
    comments.index = pd.Index([f"c{i}" for i in range(len(comments))]) if frame else comments.index
    given = comments if frame else comments.to_dict("records")
    whole = lk.run(rules, given, tmp_path / "run", report=False, **SETTINGS)
    voted = lk.apply_to_folder(rules, given, tmp_path / "votes", **SETTINGS)
    labeled = lk.label_to_folder(voted, lk.fit_votes(voted), tmp_path / "labels", report=False)
    assert_same(labeled, whole)
    assert label_to_file(voted, lk.fit_votes(voted), tmp_path / "labels.parquet") == len(comments)
    one_file, folder = lk.ProbabilisticLabels.load(tmp_path / "labels.parquet"), whole.labels()
    assert np.array_equal(one_file.proba, folder.proba)
    assert (one_file.frame_index is None) == (not frame)
    assert one_file.ids.tolist() == folder.ids.tolist()


def test_a_run_folder_is_labeled_again_by_another_model(rules, corpus, run, tmp_path):
    other = lk.run(rules, corpus, tmp_path / "run", id="id", gold="spam", model="DawidSkene", **SETTINGS)
    assert_same(lk.label_to_folder(run, other.model(), tmp_path / "labels"), other)
    assert type(stored_model(other.path)).__name__ == type(stored_model(other.layout.model)).__name__ == "DawidSkene"


def test_votes_of_a_run_that_kept_its_model_are_labeled_as_those_of_any_run(rules, tmp_path):
    rows, options = lk.load_comments(1_100), {"id": "id", "gold": "spam", "report": False, **SETTINGS}
    lk.run(rules, rows[:1_000], tmp_path / "run", **options)
    kept = lk.run(rules, rows, tmp_path / "run", update=True, keep_model=True, **options)
    assert kept.manifest["kept_model"]
    labeled = lk.label_to_folder(kept, lk.fit_votes(kept, model="OneCoin"), tmp_path / "labels", report=False)
    assert_same(labeled, lk.run(rules, rows, tmp_path / "new", model="OneCoin", **options))


def test_a_saved_matrix_is_fitted_and_labeled(run, tmp_path):
    path = run.matrix().save(tmp_path / "votes.parquet")
    model = lk.fit_votes(path)
    assert np.array_equal(model.predict_proba(run.matrix()), run.model().predict_proba(run.matrix()))
    assert label_to_file(path, model, tmp_path / "labels.parquet") == 3_000
    assert np.array_equal(lk.ProbabilisticLabels.load(tmp_path / "labels.parquet").proba, run.labels().proba)
    with pytest.raises(RunFolderError, match="no folder of votes") as error:
        lk.label_to_folder(path, model, tmp_path / "labels")
    assert "labels.parquet" in error.value.hint


def test_what_holds_no_votes_is_refused_in_one_line(corpus):
    assert lk.fit_votes([[0, -1], [1, 1], [0, 0]], model="DawidSkene").n_classes_ == 2
    for given, said in (([], "no votes are given"), (corpus, "no label matrix"), ("nowhere", "there is no folder")):
        with pytest.raises(LabelkitError, match=said):
            lk.fit_votes(given)


def test_several_folders_are_fitted_as_the_whole(rules, votes, tmp_path):
    comments = lk.load_comments(3_000)
    halves = [
        lk.apply_to_folder(rules, half, tmp_path / name, gold="spam", **SETTINGS)
        for name, half in (("a", comments[:1_000]), ("b", comments[1_000:]))
    ]
    merged, whole = patterns_of(halves), votes.patterns()
    for name in ("outcomes", "counts", "gold", "confidence"):
        assert np.array_equal(getattr(merged, name), getattr(whole, name))
    fitted = lk.fit_votes([half.path for half in halves], teach=True)
    assert np.array_equal(
        fitted.predict_pattern_proba(whole), lk.fit_votes(votes, teach=True).predict_pattern_proba(whole)
    )
    first = comments[["id", "spam"]][:50].rename(columns={"spam": "gold"})
    of_ids = [
        lk.apply_to_folder(rules, half, tmp_path / f"ids-{name}", id="id", **SETTINGS)
        for name, half in (("a", comments[:1_000]), ("b", comments[1_000:]))
    ]
    first.to_csv(tmp_path / "ids.csv", index=False)
    assert patterns_of(of_ids, gold=tmp_path / "ids.csv").gold.sum() == 50  # of the first half alone
    (tmp_path / "others.csv").write_text("id,gold\nnobody,1\n")
    with pytest.raises(GoldError, match="none of the gold labels is of an example"):
        patterns_of(of_ids, gold=tmp_path / "others.csv")
    stored = [half.patterns().save(tmp_path / f"{number}.parquet") for number, half in enumerate(halves)]
    assert np.array_equal(patterns_of(stored).gold, whole.gold)
    with pytest.raises(GoldError, match="vote patterns know no examples"):
        patterns_of(stored, gold="spam")
    for label in (label_to_file, lk.label_to_folder):
        with pytest.raises(RunFolderError, match=r"patterns, and no examples|no folder of votes"):
            label(stored[0], fitted, tmp_path / "labels.parquet")
    with pytest.raises(RunFolderError, match="given twice"):
        lk.fit_votes([halves[0], halves[0].path])


def test_votes_of_other_rules_versions_or_classes_are_not_merged(rules, votes, tmp_path):
    comments = lk.load_comments(300)
    lfs = lk.collect(rules)
    some = lk.apply_to_folder(lfs.exclude("link"), comments, tmp_path / "some", **SETTINGS)
    with pytest.raises(MatrixError, match="votes of other rules: only one has 'link'"):
        lk.fit_votes([votes, some])
    turned = lk.apply_to_folder(list(lfs)[::-1], comments, tmp_path / "turned", labels=["HAM", "SPAM"], **SETTINGS)
    with pytest.raises(MatrixError, match="their rules have another order"):
        lk.fit_votes([votes, turned])
    other = tmp_path / "rules.py"
    other.write_text(RULES.replace("https?", "http"))
    changed = lk.apply_to_folder(other, comments, tmp_path / "changed", **SETTINGS)
    with pytest.raises(MatrixError, match="votes of other versions of 'link'"):
        lk.fit_votes([votes, changed])
    renamed = lk.apply_to_folder(lfs, comments, tmp_path / "renamed", labels=["ham", "junk"], **SETTINGS)
    with pytest.raises(MatrixError, match=r"the classes are HAM, SPAM in .* and ham, junk in"):
        lk.fit_votes([votes, renamed])
    with pytest.raises(ModelError, match="fitted on the classes"):
        lk.label_to_folder(renamed, lk.fit_votes(votes), tmp_path / "out")
    with pytest.warns(UserWarning, match="fitted on other versions of 'link'"):
        lk.label_to_folder(changed, lk.fit_votes(votes), tmp_path / "out", report=False)
    with pytest.raises(LabelkitError, match="link"):
        lk.label_to_folder(some, lk.fit_votes(votes), tmp_path / "none")
    assert not (tmp_path / "none").exists()


# Votes alone ----------------------------------------------------------------------------------------------------------


def test_a_folder_of_votes_is_read_as_a_run_and_says_where_it_ends(run, votes, tmp_path):
    assert (votes.is_labeled, run.is_labeled) == (False, True)
    assert votes.matrix().votes.tolist() == run.matrix().votes.tolist()
    assert votes.faults == run.faults != ()
    assert votes.summary["precision"].tolist() == pytest.approx(run.summary["precision"].tolist(), nan_ok=True)
    assert "votes alone" in votes.describe()
    assert lk.diff(votes, run).labels is None
    assert not lk.diff(votes, run).votes["n"].sum()
    with pytest.warns(UserWarning, match="LK314"):  # the half is in both
        half = lk.drift(votes, votes.matrix()[:1_500])
    assert not half.drifted
    for load in (lk.LabelMatrix.load, lk.VotePatterns.load, lk.ProbabilisticLabels.load):
        with pytest.raises(MatrixError, match="cannot be read as") as error:
            load(votes.path)
        assert "RunFolder(path)" in error.value.hint
    wanted = [
        votes.labels,
        votes.model,
        lambda: lk.export(votes, tmp_path / "out.csv"),
        lambda: lk.write_report(votes),
        lambda: lk.why(votes, votes.matrix().ids[0]),
        lambda: stored_model(votes.path),
    ]
    for read in wanted:
        with pytest.raises(RunFolderError, match="has votes alone, and neither a label model nor labels") as error:
            read()
        assert "labelkit label" in error.value.hint
    assert not (tmp_path / "out.csv").exists()


def test_votes_that_are_there_are_not_made_again_also_where_a_run_has_them(rules, corpus, run, votes):
    made = content(votes.path, without=())
    for out in (votes.path, run.path):
        again = lk.apply_to_folder(rules, corpus, out, id="id", gold="spam", **SETTINGS)
        assert again.was_finished
    assert content(votes.path, without=()) == made
    with pytest.raises(RunFolderError, match=r"it has votes alone \(`labelkit fit` and `labelkit label` go on"):
        lk.run(rules, corpus, votes.path, id="id", gold="spam", **SETTINGS)


def test_labels_do_not_replace_what_is_there_unless_they_are_to(run, votes, tmp_path):
    shutil.copytree(votes.path, tmp_path / "votes")
    with pytest.raises(RunFolderError, match="exists already"):
        lk.label_to_folder(tmp_path / "votes", run.model(), tmp_path / "votes")
    assert_same(lk.label_to_folder(tmp_path / "votes", run.model(), tmp_path / "votes", force=True), run)
    with pytest.raises(ExportError, match="neither"):
        label_to_file(votes, run.model(), tmp_path / "labels.csv")
    label_to_file(votes, run.model(), tmp_path / "labels.parquet")
    with pytest.raises(ExportError, match="exists already"):
        label_to_file(votes, run.model(), tmp_path / "labels.parquet")
    label_to_file(votes, run.model(), tmp_path / "labels.parquet", force=True)


def test_a_model_is_written_over_a_model_alone_and_only_if_asked_to(run, tmp_path):
    save_model(run.model(), tmp_path / "model", force=False)
    with pytest.raises(RunFolderError, match="exists already"):
        save_model(run.model(), tmp_path / "model", force=False)
    save_model(run.model(), tmp_path / "model", force=True)
    with pytest.raises(RunFolderError, match="is the model of a run"):
        save_model(run.model(), run.layout.model, force=True)
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path):
        with pytest.raises(RunFolderError, match="is no label model, so it is not replaced"):
            save_model(run.model(), place, force=True)


def test_patterns_of_another_run_are_told(votes, tmp_path):
    shutil.copytree(votes.path, tmp_path / "votes")
    patterns = votes.patterns()
    fewer = lk.VotePatterns(patterns.outcomes[1:], patterns.counts[1:], patterns.lfs, patterns.class_names)
    fewer.save(tmp_path / "votes" / "patterns.parquet")
    with pytest.raises(LabelkitError, match="patterns of the run are not those of its votes"):
        lk.label_to_folder(tmp_path / "votes", lk.fit_votes(votes, model="DawidSkene"), tmp_path / "labels")
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == ["votes"]


def test_votes_go_on_where_they_were_stopped_and_a_run_goes_on_from_them(rules, corpus, run, votes, tmp_path):
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
        lk.apply_to_folder(sys.argv[1], sys.argv[2], sys.argv[3], id="id", gold="spam", on_fault="record",
                           batch_size=1024, progress=False, cache=False)
    """
    for make, whole in ((lk.apply_to_folder, votes), (lk.run, run)):
        out = tmp_path / make.__name__
        command = [sys.executable, "-c", textwrap.dedent(script), str(rules), str(corpus), str(out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert process.stdout.readline() == b"two\n"
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=GUARD)
        wait_until(lambda draft=tmp_path / f".{make.__name__}.partial": (draft / "work" / "00001.npz").is_file())
        assert_same(make(rules, corpus, out, id="id", gold="spam", **SETTINGS), whole)


# Gold -----------------------------------------------------------------------------------------------------------------


def test_gold_comes_beside_votes_later_from_a_column_a_file_or_memory(rules, corpus, votes, tmp_path):
    bare = lk.apply_to_folder(rules, corpus, tmp_path / "bare", id="id", **SETTINGS)
    comments = lk.load_comments(3_000)
    comments[["id", "spam"]].rename(columns={"spam": "gold"}).sample(frac=1, random_state=0).to_csv(
        tmp_path / "gold.csv", index=False
    )
    matrix = bare.matrix().save(tmp_path / "votes.parquet")
    by_id = dict(zip(comments["id"], comments["spam"], strict=True))
    truth = votes.patterns().gold
    for of, gold in (
        (bare, "spam"),
        (bare, str(tmp_path / "gold.csv")),
        (bare, tmp_path / "gold.csv"),
        (bare, by_id),
        (matrix, tmp_path / "gold.csv"),
        (matrix, by_id),
    ):
        assert np.array_equal(patterns_of(of, gold=gold).gold, truth)
    with pytest.raises(GoldError, match="there is no such column in its corpus") as error:
        patterns_of(bare, gold="spma")
    assert error.value.hint == "did you mean 'spam'?"
    with pytest.raises(GoldError, match="no such column") as error:
        patterns_of(bare, gold="truth")
    assert error.value.hint.startswith("the columns are 'id', 'text'")
    (tmp_path / "other.csv").write_text("id,gold\nnobody,SPAM\n")
    with pytest.raises(GoldError, match="none of the 1 gold labels is of an example"):
        patterns_of(bare, gold=tmp_path / "other.csv")
    changed = json.loads((bare.path / "manifest.json").read_text())
    changed["corpus"] |= {"fingerprint": "other", "records": [["c", 1, "other"]]}
    (bare.path / "manifest.json").write_text(json.dumps(changed))
    with pytest.raises(GoldError, match="has changed since its rules voted"):
        patterns_of(bare.path, gold="spam")


def test_gold_of_positions_is_found_too(rules, tmp_path):
    comments = lk.load_comments(2_000).drop(columns="id")
    comments.to_parquet(tmp_path / "comments.parquet", index=False)
    bare = lk.apply_to_folder(rules, tmp_path / "comments.parquet", tmp_path / "votes", **SETTINGS)
    gold = pd.DataFrame({"row": [1_500, 3], "gold": [int(comments["spam"][1_500]), int(comments["spam"][3])]})
    gold.to_csv(tmp_path / "gold.csv", index=False)
    assert patterns_of(bare, gold=tmp_path / "gold.csv").gold.sum() == 2
    assert patterns_of(bare, gold="spam").gold.sum() == 2_000
    assert pq.read_table(bare.path / "votes" / "part-00000.parquet").num_rows == 1_024


def test_a_full_disk_under_a_run_that_is_labeled_anew_is_told_and_goes_on(run, tmp_path):
    """A limit on the size of a file stands for a full disk."""
    model, out = stored_model(run.path), tmp_path / "labeled"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(RunFolderError) as refused:
            lk.label_to_folder(run.path, model, out, report=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    part = tmp_path / ".labeled.partial" / "votes"
    assert refused.value.code == "LK512"
    assert f"{str(out)!r} cannot be written: File too large ({part}" in refused.value.message
    assert not out.exists()
    assert len(lk.label_to_folder(run.path, model, out, report=False).labels()) == 3_000

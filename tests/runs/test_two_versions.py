"""What reads several files of a run, or of a data set, gets those of one version, whenever another replaces it."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import labelkit as lk
from labelkit.exceptions import DataSetError, LabelkitError, RunFolderError
from labelkit.runs.certify_run import certify_run
from labelkit.runs.report import write_report
from labelkit.runs.run_examples import RunExamples
from labelkit.runs.steps import label_to_file, patterns_of

CLASSES = ["HAM", "SPAM"]
TEXTS = ["free money now", "nice", "a free win", "a long text that says nothing", "win"] * 300
GOLD = ["SPAM", "HAM", "SPAM", "HAM", "SPAM"] * 300
SETTINGS = {"labels": CLASSES, "progress": False, "cache": False, "batch_size": 1024, "id": "id", "gold": "gold"}
AUDIT = {f"e{i}": int(TEXTS[i].startswith("free") or TEXTS[i] == "win") for i in range(0, 900, 3)}


def rules(*words):
    return [
        lk.keywords(*words, label=1).rule(name="words"),
        lk.regex("^.{0,8}$", label=0).rule(name="short"),
        lk.keywords("nice", label=0).rule(name="nice"),
    ]


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """A run, the same run after an update, and another one."""
    place = tmp_path_factory.mktemp("states")
    corpus = place / "corpus.csv"
    corpus.write_text("id,text,gold\n" + "".join(f"e{i},{text},{GOLD[i]}\n" for i, text in enumerate(TEXTS)))
    lk.run(rules("free"), corpus, place / "run", model="MajorityVote", report=False, **SETTINGS)
    shutil.copytree(place / "run", place / "first")
    lk.run(rules("win", "long"), corpus, place / "run", update=True, report=False, **SETTINGS)
    lk.run(rules("money"), corpus, place / "other", report=False, **SETTINGS)
    return place


class Replaced:
    """Replaces a folder by another at one of the moments at which something in it is looked at.

    Parameters
    ----------
    folder, by : Path
    moment : int
        At which look; above the number of looks, it is never replaced.
    """

    def __init__(self, folder, by, moment):
        self.folder, self.by, self.moment, self.n_looks = folder, by, moment, 0

    def look(self, path):
        if isinstance(path, str | Path) and Path(path).is_relative_to(self.folder):
            self.n_looks += 1
            is_held = self.folder.with_name(f".{self.folder.name}.lock").exists()  # then an update is refused
            if self.n_looks >= self.moment and self.by.is_dir() and not is_held:
                self.folder.rename(self.folder.with_name("gone"))
                self.by.rename(self.folder)

    def watch(self, monkeypatch):
        def watched(owner, name):
            function = getattr(owner, name)

            def looking(*args, **options):
                self.look(args[0] if owner is not pq.ParquetFile else args[1])
                return function(*args, **options)

            monkeypatch.setattr(owner, name, looking)

        for owner, name in [(io, "open"), (pq, "read_schema"), (pq.ParquetFile, "__init__")]:
            watched(owner, name)
        for name in ("stat", "iterdir"):
            watched(Path, name)


def told(run):
    return str(run.to_dict()), run.describe()


def held(run):
    return run.manifest["rules"], run.labels().proba.tolist(), run.matrix().votes.tolist()


def exported(run, place):
    lk.export(run, place / "labels.csv", votes=True, columns=["text"])
    return (place / "labels.csv").read_text()


def data_set(run, place):
    made = lk.create_dataset(place / "set", run=run)
    described = {name: made.manifest["run"][name] for name in ("rules", "evaluation", "version", "total")}
    return described, made.table().to_pylist()


def labeled(run, place):
    model = lk.LabelModel().fit(run.patterns())
    made = lk.label_to_folder(run, model, place / "labeled", report=False)
    return (
        made.manifest["rules"],
        made.summary.to_dict(),
        made.labels().proba.tolist(),
        label_to_file(run, model, place / "labels.parquet"),
    )


def reported(run, place):
    text = write_report(run, place / "report.html", history=False).read_text()
    return text.replace(str(run.path), "")


def viewed(run, place):
    examples = RunExamples.of(run)
    return examples.labels.proba.tolist(), examples.matrix.votes.tolist(), examples.matrix.names


def certified(run, place):
    return certify_run(run.path, AUDIT, 0.4).to_dict()


DOORS = {
    "summary": lambda run, place: (told(run), run.manifest["rules"]),
    "matrix": lambda run, place: held(run),
    "origins": lambda run, place: (run.manifest["rules"], [[str(one.votes), one.model] for one in run.origins()]),
    "patterns": lambda run, place: (run.manifest["model"], patterns_of([run]).votes.tolist()),
    "why": lambda run, place: str(lk.why(run, "e1024")),
    "report": reported,
    "export": exported,
    "dataset": data_set,
    "label": labeled,
    "examples": viewed,
    "certify": certified,
    "diff": lambda run, place: str(lk.diff(run, place / "other", gold="gold")),
    "drift": lambda run, place: str(lk.drift(run, place / "other").frame),
    "history": lambda run, place: [(one.number, one.changes) for one in lk.history(run.path).versions],
}


def answer(door, states, place, moment):
    """Go through a door while a run is replaced at a moment; return what it says, and the number of moments."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(states / "first", place / "run")
    shutil.copytree(states / "run", place / "second")
    shutil.copytree(states / "other", place / "other")
    if moment == 0:
        (place / "run").rename(place / "gone")
        (place / "second").rename(place / "run")
    replaced = Replaced(place / "run", place / "second", moment)
    run = lk.RunFolder(place / "run")
    with pytest.MonkeyPatch.context() as patched:
        replaced.watch(patched)
        try:
            said = json.dumps(DOORS[door](run, place), default=str)
        except LabelkitError as error:
            return error, replaced.n_looks
    return said, replaced.n_looks


NEVER = 10**9
MOMENTS = 12
"""Moments that are tried of each door; all were tried when this was written."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", DOORS)
def test_whenever_a_run_is_replaced_nothing_of_two_versions_is_put_together(door, states, tmp_path):
    place = tmp_path / "place"
    old, n_looks = answer(door, states, place, NEVER)
    new, _ = answer(door, states, place, 0)
    assert isinstance(old, str), old
    assert isinstance(new, str), new
    assert n_looks
    assert old != new
    for moment in sorted({1 + i * (n_looks - 1) // max(MOMENTS - 1, 1) for i in range(MOMENTS)}):
        said, _ = answer(door, states, place, moment)
        if isinstance(said, str):
            assert said in (old, new), moment
        else:
            assert isinstance(said, RunFolderError), (moment, said)
            assert said.code == "LK502", (moment, said)
            assert "was updated since it was opened" in str(said)


def read_from(run, name):
    """Read all that an attribute or a method of a run gives."""
    read = getattr(run, name)
    found = read(len(TEXTS)) if name == "frame_index" else read()
    list(found if name == "origins" else [])


READERS = [name for name in dir(lk.RunFolder) if not name.startswith("_")]
NOT_READ = {"path", "version", "was_finished", "place", "layout", "manifest", "snapshot", "is_labeled", "check_labeled"}
NOT_READ |= {"reading", "describe_finished"}  # of the manifest, which was read


@pytest.mark.parametrize("name", [name for name in READERS if name not in NOT_READ])
def test_all_that_an_open_run_reads_is_of_the_version_that_was_opened(name, states, tmp_path):
    shutil.copytree(states / "first", tmp_path / "run")
    run = lk.RunFolder(tmp_path / "run")
    assert run.manifest["rules"]
    (tmp_path / "run").rename(tmp_path / "gone")
    shutil.copytree(states / "run", tmp_path / "run")
    with pytest.raises(RunFolderError, match="was updated since it was opened") as caught:
        read_from(run, name)
    assert caught.value.code == "LK502"


@pytest.mark.filterwarnings("ignore")
def test_a_certificate_changes_no_label_and_a_run_that_was_opened_before_it_is_read_on(states, tmp_path):
    shutil.copytree(states / "first", tmp_path / "run")
    run = lk.RunFolder(tmp_path / "run")
    before = run.labels().proba
    assert certify_run(run.path, AUDIT, 0.4).n_kept >= 0
    assert np.array_equal(run.labels().proba, before)
    assert run.describe()


def test_labels_that_a_run_has_no_more_are_not_described_by_it(states, tmp_path):
    shutil.copytree(states / "first", tmp_path / "run")
    labels, corpus = lk.RunFolder(tmp_path / "run").labels(), states / "corpus.csv"
    made = lk.create_dataset(tmp_path / "whole", corpus, labels, run=tmp_path / "run", id="id")
    part = lk.create_dataset(tmp_path / "part", corpus, labels[::3], run=tmp_path / "run", id="id")
    assert len(made) == 3 * len(part)
    (tmp_path / "run").rename(tmp_path / "gone")
    shutil.copytree(states / "run", tmp_path / "run")
    with pytest.raises(DataSetError, match=r"are not those of the run .*run', but others, such as that of .* 'e"):
        lk.create_dataset(tmp_path / "mixed", corpus, labels, run=tmp_path / "run", id="id")
    assert not (tmp_path / "mixed").exists()


def test_all_that_an_open_data_set_reads_is_of_the_version_that_was_opened(states, tmp_path):
    shutil.copytree(states / "first", tmp_path / "run")
    opened = lk.create_dataset(tmp_path / "set", run=tmp_path / "run")
    assert len(opened) == len(TEXTS)
    later = opened.take(lk.split(lk.RunFolder(tmp_path / "run").matrix(), {"train": 0.8, "test": 0.2}))
    for read in (opened.table, opened.examples, opened.training_set, opened.card, opened.to_dict, lambda: str(opened)):
        with pytest.raises(RunFolderError, match=r"(?s)was updated since .* it again, lk.open_dataset\("):
            read()
    assert len(later.training_set().weight) <= 0.8 * len(TEXTS)
    assert opened.history().versions[-1].number == 2
    assert opened.diff(1, 2).changed

"""What is made of a run folder is of one version of it, also if the run is updated meanwhile."""

from collections.abc import Mapping

import numpy as np
import pytest

import labelkit as lk
from labelkit.exceptions import RunFolderError
from labelkit.interop._sources import source_of
from labelkit.runs.certify_run import certify_run

TEXTS = ["free money now", "nice", "a free win", "a long text that says nothing", "win"] * 300
SETTINGS = {"labels": ["HAM", "SPAM"], "report": False, "progress": False, "cache": False, "batch_size": 1024}


def rules(*words):
    return [
        lk.keywords(*words, label=1).rule(name="words"),
        lk.regex("^.{0,8}$", label=0).rule(name="short"),
        lk.keywords("nice", label=0).rule(name="nice"),
    ]


def update(folder):
    lk.run(rules("win", "long"), TEXTS, folder, update=True, **SETTINGS)


@pytest.fixture
def run(tmp_path):
    return lk.run(rules("free"), TEXTS, tmp_path / "out", **SETTINGS)


class SlowAnswers(Mapping):
    """Gold; the run is updated while it is read."""

    def __init__(self, folder):
        self.folder, self.answers = folder, {row: int("free" in text) for row, text in enumerate(TEXTS[:600])}

    def __len__(self):
        return len(self.answers)

    def __getitem__(self, row):
        return self.answers[row]

    def __iter__(self):
        if self.folder is not None:
            folder, self.folder = self.folder, None
            update(folder)
        return iter(self.answers)


def test_a_certificate_of_labels_that_are_replaced_is_refused(run):
    with pytest.raises(RunFolderError, match="was updated since it was opened"):
        certify_run(run.path, SlowAnswers(run.path), 0.4)
    assert lk.RunFolder(run.path).manifest.get("certificate") is None
    assert len(lk.history(run.path).versions) == 2
    assert lk.verify(run.path) == []
    assert certify_run(run.path, SlowAnswers(None), 0.4).statement


def test_a_certificate_that_another_would_overwrite_is_kept(run):
    """Labels are read on beside it; whoever writes a certificate has to have seen it."""
    opened = lk.RunFolder(run.path)
    assert opened.manifest.get("certificate") is None
    first = certify_run(run.path, SlowAnswers(None), 0.4)
    assert first.n_kept
    with pytest.raises(RunFolderError, match="was updated since it was opened") as caught:
        certify_run(opened, SlowAnswers(None), 0.45)
    assert caught.value.code == "LK502"
    assert lk.RunFolder(run.path).manifest["certificate"]["n_kept"] == first.n_kept
    assert len(lk.history(run.path).versions) == 2
    assert len(opened.labels()) == len(TEXTS)
    assert lk.label_to_folder(opened, opened.model(), run.path.with_name("again"), report=False).manifest


class SlowModel(lk.MajorityVote):
    """A label model; the run is updated while it predicts."""

    folder = None

    def predict_pattern_proba(self, patterns):
        if SlowModel.folder is not None:
            folder, SlowModel.folder = SlowModel.folder, None
            update(folder)
        return super().predict_pattern_proba(patterns)


def test_labels_of_votes_that_are_replaced_are_refused(run, tmp_path):
    model = SlowModel().fit(run.patterns())
    SlowModel.folder = run.path
    with pytest.raises(RunFolderError, match="was updated since it was opened"):
        lk.label_to_folder(run, model, tmp_path / "labeled", report=False)
    assert not (tmp_path / "labeled").exists()


def test_an_export_of_labels_that_are_replaced_is_refused(run):
    pieces = source_of(run, None, None, None).pieces(votes=True)
    assert len(next(pieces))
    update(run.path)
    with pytest.raises(RunFolderError, match="was updated since it was opened"):
        list(pieces)
    again = np.concatenate([piece.hard for piece in source_of(run.path, None, None, None).pieces(votes=True)])
    assert again.tolist() == lk.RunFolder(run.path).labels().hard().tolist()


def test_a_folder_that_was_opened_before_an_update_is_to_be_opened_again(run, tmp_path):
    assert run.manifest["examples"] == len(TEXTS)
    update(run.path)
    with pytest.raises(RunFolderError, match=r"Hint: open it again, lk.RunFolder\(.*out"):
        lk.export(run, tmp_path / "labels.csv")
    assert not (tmp_path / "labels.csv").exists()
    assert lk.export(lk.RunFolder(run.path), tmp_path / "labels.csv").n_written


MODULE = """
import labelkit as lk

words = lk.keywords("free", label=1).rule(name="words")
short = lk.regex("^.{0,8}$", label=0).rule(name="short")
nice = lk.keywords("nice", label=0).rule(name="nice")
"""


def test_a_bundle_of_a_model_that_is_replaced_is_refused(tmp_path):
    module = tmp_path / "my_rules.py"
    module.write_text(MODULE)
    run = lk.run(module, TEXTS, tmp_path / "out", **SETTINGS)
    assert run.manifest["model"]["name"] == "LabelModel"
    lk.run(module, TEXTS, tmp_path / "out", update=True, model="MajorityVote", **SETTINGS)
    with pytest.raises(RunFolderError, match="was updated since it was opened"):
        lk.bundle(run, tmp_path / "rules.labelkit")
    assert not (tmp_path / "rules.labelkit").exists()
    assert lk.bundle(run.path, tmp_path / "rules.labelkit").is_file()

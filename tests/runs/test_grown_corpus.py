"""An old version of a run is read beside a corpus that has grown since; of a changed one, nothing is read."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError
from labelkit.runs.steps import patterns_of

SETTINGS = {"labels": ["HAM", "SPAM"], "report": False, "progress": False, "cache": False, "gold": "gold"}
RULES = """
import labelkit as lk

free = lk.keywords("free", "win", label=1).rule(name="free")
short = lk.regex("^.{0,8}$", label=0).rule(name="short")
"""
TEXTS = ["free money now", "nice", "a free win", "a long text that says nothing", "win"]


def frame(n):
    kinds = np.arange(n) % 5
    texts = [f"{TEXTS[kind]} {row}" for row, kind in enumerate(kinds)]
    language = np.where(kinds < 2, "de", "en")
    return pd.DataFrame({"id": range(n), "text": texts, "language": language, "gold": [1, 0, 1, 0, 1] * (n // 5)})


@pytest.fixture(params=["csv", "jsonl", "two files"])
def corpus(request, tmp_path):
    """Writes so many rows, and returns where."""

    def write(rows):
        if request.param == "jsonl":
            rows.to_json(tmp_path / "c.jsonl", orient="records", lines=True)
            return tmp_path / "c.jsonl"
        if request.param == "csv":
            rows.to_csv(tmp_path / "c.csv", index=False)
            return tmp_path / "c.csv"
        rows[:100].to_csv(tmp_path / "a.csv", index=False)
        rows[100:].to_csv(tmp_path / "b.csv", index=False)
        return [tmp_path / "a.csv", tmp_path / "b.csv"]

    return write


@pytest.fixture
def run(corpus, tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    return lk.run(tmp_path / "rules.py", corpus(frame(400)), tmp_path / "out", id="id", **SETTINGS).path


def read_again(run, tmp_path):
    """Return what each reader of the corpus makes of a run, as text."""
    lk.export(run, tmp_path / "e.csv", columns=["text", "language"], unlabeled=True, force=True)
    gold = patterns_of([lk.RunFolder(run)], gold="gold").gold
    with pytest.warns(UserWarning, match="LK314"):
        slices = lk.drift(run, run, by="language").frame[["slice", "n_before", "n_after"]]
    return [(tmp_path / "e.csv").read_text(), gold.tolist(), slices.to_string(), str(lk.diff(run, run, gold="gold"))]


def test_an_old_version_is_as_it_was_though_rows_came(run, corpus, tmp_path):
    before = read_again(run, tmp_path)
    lk.run(tmp_path / "rules.py", corpus(frame(450)), run, id="id", update=True, **SETTINGS)
    assert read_again(f"{run}@1", tmp_path) == before
    exported = pd.read_csv(lk.export(run, tmp_path / "now.csv", columns=["text"], unlabeled=True))
    assert exported["text"].tolist() == frame(450)["text"].tolist()
    assert lk.drift(f"{run}@1", run, by="language").frame["n_after"].max() == 50


@pytest.mark.parametrize(
    "read",
    [
        lambda run, to: lk.export(run, to, columns=["text"]),
        lambda run, _: patterns_of([lk.RunFolder(run)], gold="gold"),
        lambda run, _: lk.drift(run, run, by="language"),
        lambda run, _: lk.diff(run, run, gold="gold"),
    ],
    ids=["export", "gold", "drift", "diff"],
)
def test_a_changed_corpus_is_refused(run, corpus, tmp_path, read):
    corpus(frame(400)[::-1])
    with pytest.raises(LabelkitError, match=r"has changed since|not as it was when the run"):
        read(run, tmp_path / "e.csv")

"""A finished run is taken for what a command would make only if it is that, with all of its files."""

import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import RunFolderError
from labelkit.runs.versions import verify

RULES = [
    lk.keywords("free", "win", label=1).rule(name="free"),
    lk.regex("^.{0,8}$", label=0).rule(name="short"),
    lk.keywords("nice", label=0).rule(name="nice"),
]
TEXTS = ["free money now", "nice", "a free win", "a long text that says nothing", "win"]
SETTINGS = {"id": "id", "labels": ["HAM", "SPAM"], "report": False, "progress": False, "cache": False}
APART = ("timings.json", "version.json")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "c.csv"
    pd.DataFrame({"id": [f"k{i}" for i in range(50)], "text": TEXTS * 10}).to_csv(path, index=False)
    return path


@pytest.fixture
def run(corpus, tmp_path):
    return lk.run(RULES, corpus, tmp_path / "out", **SETTINGS)


def content(folder):
    files = (file for file in folder.rglob("*") if file.is_file() and folder / "versions" not in file.parents)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files if file.name not in APART}


def damage(path):
    """Change a bit of a file."""
    old = path.read_bytes()
    path.write_bytes(old[:-20] + bytes([old[-20] ^ 1]) + old[-19:] if old else b"{}")


@pytest.mark.parametrize(
    "name", ["labels/part-00000.parquet", "summary.csv", "patterns.parquet", "model/arrays.npz", "rejects.jsonl"]
)
def test_a_damaged_file_is_told_and_an_update_makes_it_anew(run, corpus, tmp_path, name):
    before = content(run.path)
    damage(run.path / name)
    with pytest.raises(RunFolderError, match=rf"{name} was changed .LK501.\nHint: update=True"):
        lk.run(RULES, corpus, tmp_path / "out", **SETTINGS)
    assert not lk.run(RULES, corpus, tmp_path / "out", update=True, **SETTINGS).was_finished
    assert content(run.path) == before
    assert verify(run.path) == [f"versions/00001/{name} was changed"]
    assert lk.run(RULES, corpus, tmp_path / "out", **SETTINGS).was_finished


@pytest.mark.parametrize("name", ["votes/part-00000.parquet", "faults.parquet"])
def test_damaged_votes_are_told_with_a_remedy_that_works(run, corpus, tmp_path, name):
    damage(run.path / name)
    with pytest.raises(RunFolderError, match=r"was changed .LK501.\nHint: force=True"):
        lk.run(RULES, corpus, tmp_path / "out", **SETTINGS)
    with pytest.raises(RunFolderError, match="damaged"):
        lk.run(RULES, corpus, tmp_path / "out", update=True, **SETTINGS)
    lk.run(RULES, corpus, tmp_path / "out", force=True, **SETTINGS)
    assert verify(run.path) == []


def test_votes_alone_are_finished_whatever_is_damaged_of_labels(run, corpus, tmp_path):
    settings = {name: value for name, value in SETTINGS.items() if name != "report"}
    damage(run.path / "labels" / "part-00000.parquet")
    assert lk.apply_to_folder(RULES, corpus, tmp_path / "out", **settings).was_finished
    damage(run.path / "votes" / "part-00000.parquet")
    with pytest.raises(RunFolderError, match=r"votes/part-00000.parquet was changed"):
        lk.apply_to_folder(RULES, corpus, tmp_path / "out", **settings)


def test_a_file_of_somebody_else_is_no_damage(run, corpus, tmp_path):
    (run.path / "notes.txt").write_text("nice labels")
    assert lk.run(RULES, corpus, tmp_path / "out", **SETTINGS).was_finished
    assert lk.run(RULES, corpus, tmp_path / "out", update=True, **SETTINGS).was_finished


def test_an_update_notes_where_a_corpus_stands_that_was_moved(run, corpus, tmp_path):
    moved = corpus.rename(tmp_path / "moved.csv")
    assert lk.run(RULES, moved, tmp_path / "out", **SETTINGS).was_finished
    updated = lk.run(RULES, moved, tmp_path / "out", update=True, **SETTINGS)
    assert updated.manifest["corpus"]["path"] == str(moved)
    assert TEXTS[0] in str(lk.why(updated, "k0"))
    assert content(updated.path) == content(lk.run(RULES, moved, tmp_path / "new", **SETTINGS).path)
    assert lk.run(RULES, moved, tmp_path / "out", update=True, **SETTINGS).was_finished
    copy = tmp_path / "copy.csv"
    copy.write_bytes(moved.read_bytes())
    assert lk.run(RULES, copy, tmp_path / "out", update=True, **SETTINGS).was_finished  # the other is there, too


def test_an_update_notes_where_a_gold_file_stands_that_was_moved(corpus, tmp_path):
    gold = tmp_path / "gold.csv"
    gold.write_text("id,gold\nk0,SPAM\nk1,HAM\n")
    lk.run(RULES, corpus, tmp_path / "out", gold=gold, **SETTINGS)
    moved = gold.rename(tmp_path / "moved_gold.csv")
    updated = lk.run(RULES, corpus, tmp_path / "out", update=True, gold=moved, **SETTINGS)
    assert updated.manifest["gold_file"] == str(moved)
    assert content(updated.path) == content(lk.run(RULES, corpus, tmp_path / "new", gold=moved, **SETTINGS).path)


def test_a_path_through_a_folder_that_is_not_there_is_that_of_the_run(corpus, tmp_path):
    out = tmp_path / "none" / ".." / "out"
    assert len(lk.run(RULES, corpus, out, **SETTINGS).labels()) == 50
    assert lk.run(RULES, corpus, out, **SETTINGS).was_finished
    assert not (tmp_path / "none").exists()

"""A corpus whose file is written again while rules vote on it: the run stops, and nothing is kept."""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.apply.plan import CHUNK
from labelkit.apply.vote_cache import VoteCache
from labelkit.exceptions import CorpusChangedError

N_ROWS = 4 * CHUNK
OLD, NEW = "free stuff", "nice stuff"


@lk.keywords("free", label=1)
def offers(text):
    """Rule on the text, so that old and new rows differ."""


RULES = lk.LabelingFunctions([offers], labels=2)


def write(path, text):
    """Write a corpus of one text; all texts have the same length, so that files have the same size."""
    frame = pd.DataFrame({"text": [text] * N_ROWS})
    if path.suffix == ".parquet":
        frame.to_parquet(path, row_group_size=CHUNK, compression=None, use_dictionary=False)
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)


def in_place(path):
    """Write other rows into the same file, and give it the time that it had."""
    before = path.stat()
    other = path.with_name(f"other{path.suffix}")
    write(other, NEW)
    with path.open("r+b") as file:
        file.write(other.read_bytes())
    other.unlink()
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def by_rename(path):
    """Put another file into the place, of the same size and time."""
    before = path.stat()
    other = path.with_name(f"other{path.suffix}")
    write(other, NEW)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def cut_off(path):
    os.truncate(path, path.stat().st_size // 3)


def removed(path):
    path.unlink()


CHANGES = [in_place, by_rename, cut_off, removed]
KINDS = ["parquet", "csv", "jsonl"]


@pytest.fixture(params=KINDS)
def path(request, tmp_path):
    file = tmp_path / f"corpus.{request.param}"
    write(file, OLD)
    return file


@pytest.fixture
def cache(tmp_path):
    return VoteCache(tmp_path / "cache")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("workers", [1, 2])
def test_votes_on_a_corpus_that_changes_are_not_kept(path, cache, change, workers):
    applier = lk.Applier(RULES)
    voting = applier.stream(applier.open(path), lambda *_: None, batch_size=CHUNK, cache=cache, workers=workers)
    next(voting)
    change(path)
    with pytest.raises(CorpusChangedError, match="written again while it was read"):
        list(voting)
    assert cache.size() == (0, 0)
    assert not list(cache.folder.glob("*/.*"))
    if path.exists() and change is not cut_off:
        votes = applier.apply(path, cache=cache).votes
        assert set(votes.ravel().tolist()) == {-1}


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_over_a_corpus_that_changes_stops_and_leaves_nothing(path, tmp_path, cache, change, monkeypatch):
    stream = lk.Applier.stream

    def changing(applier, *arguments, **options):
        for n, delivered in enumerate(stream(applier, *arguments, **options)):
            if n == 1:
                change(path)
            yield delivered

    monkeypatch.setattr(lk.Applier, "stream", changing)
    with pytest.raises(CorpusChangedError):
        lk.run(RULES, path, tmp_path / "out", batch_size=CHUNK, cache=cache)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / ".out.partial").exists()
    monkeypatch.undo()
    write(path, OLD)
    folder = lk.run(RULES, path, tmp_path / "out", batch_size=CHUNK, cache=cache)
    assert set(folder.matrix().votes.ravel().tolist()) == {1}


def test_a_corpus_that_changes_after_its_last_vote_stops_the_run_too(path, tmp_path, monkeypatch):
    save = lk.LabelModel.save
    monkeypatch.setattr(lk.LabelModel, "save", lambda model, folder: (in_place(path), save(model, folder))[1])
    with pytest.raises(CorpusChangedError):
        lk.run(RULES, path, tmp_path / "out", batch_size=CHUNK)
    assert not (tmp_path / "out").exists()


def test_a_corpus_that_was_opened_before_it_was_written_is_not_taken_for_the_new_one(path, cache):
    opened = lk.Applier(RULES).open(path)
    opened.fingerprint()
    in_place(path)
    with pytest.raises(CorpusChangedError):
        lk.Applier(RULES).apply(opened, cache=cache)
    assert cache.size() == (0, 0)


def test_a_link_or_a_permission_is_no_change(path, cache):
    applier = lk.Applier(RULES)
    opened = applier.open(path)
    opened.fingerprint()
    for _ in applier.stream(opened, lambda batch, votes: None, batch_size=CHUNK, cache=cache):
        path.chmod(0o640 if path.stat().st_mode & 0o040 == 0 else 0o600)
    assert cache.size()[0] == 1


@pytest.mark.parametrize("content", ["[]", "{}", "nothing", '{"stamp": 1}', '{"stamp": "x", "content": 5}'])
def test_a_note_of_a_corpus_that_cannot_be_read_is_none(path, cache, content):
    applier = lk.Applier(RULES)
    applier.apply(path, cache=cache)
    notes = cache.folder / "corpora"
    notes.mkdir(parents=True, exist_ok=True)
    from labelkit.rules.inspection.fingerprint import fingerprint

    note = notes / f"{fingerprint(str(path), 'text')}.json"
    note.write_text(content)
    assert np.array_equal(applier.apply(path, cache=cache).votes, applier.apply(path, cache=False).votes)
    stamp = fingerprint(applier.open(path).stamp)
    note.write_text(json.dumps({"stamp": stamp, "content": None}))
    assert np.array_equal(applier.apply(path, cache=cache).votes, applier.apply(path, cache=False).votes)

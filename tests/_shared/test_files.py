"""A file under its final name is whole; a draft is known by its process, and goes when that is dead."""

import errno
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import labelkit as lk
from labelkit._shared import files
from labelkit._shared.files import ABANDONED, draft_of, is_abandoned, new_folder, publish, replaced
from labelkit.datasets.starter_project import make_project
from labelkit.exceptions import WriteError


def left_by_a_dead_process(path):
    """Make a draft of a process that has ended, and return it."""
    program = "import sys; from pathlib import Path; from labelkit._shared.files import draft_of; d = draft_of(Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; d.write_text('half'); print(d)", path],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


@pytest.fixture
def calls(monkeypatch):
    """What is written to the disk and renamed, in order."""
    seen, fsync, replace = [], os.fsync, Path.replace

    def synced(handle):
        seen.append(("fsync", os.fstat(handle).st_ino))
        fsync(handle)

    def renamed(path, target):
        seen.append(("rename", path.stat().st_ino, Path(target).parent.stat().st_ino))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    return seen


def check_order(calls):
    """Each file is on the disk before it is renamed, and its folder after that."""
    assert calls
    for n, (kind, *nodes) in enumerate(calls):
        if kind == "rename":
            assert ("fsync", nodes[0]) in calls[:n]
            assert ("fsync", nodes[1]) in calls[n:]


def test_a_file_is_on_the_disk_before_it_is_renamed_and_its_folder_after(tmp_path, calls):
    with replaced(tmp_path / "a") as draft:
        draft.write_text("whole")
    assert [kind for kind, *_ in calls] == ["fsync", "rename", "fsync"]
    check_order(calls)


def test_so_are_all_files_and_folders_of_a_run(tmp_path, calls):
    lk.run(
        [lk.keywords("a", label=1).rule(name="a")],
        ["a", "b"] * 2000,
        tmp_path / "out",
        labels=2,
        batch_size=1024,
        progress=False,
    )
    assert len(calls) > 20
    last = max(n for n, (kind, *_) in enumerate(calls) if kind == "rename")
    for n, (kind, *nodes) in enumerate(calls[: last + 1]):
        assert kind != "rename" or ("fsync", nodes[0]) in calls[:n]
    synced = {node for kind, node, *_ in calls if kind == "fsync"}
    assert {path.stat().st_ino for path in (tmp_path / "out").rglob("*")} <= synced
    assert tmp_path.stat().st_ino in {node for kind, node, *_ in calls[last:] if kind == "fsync"}


def test_threads_do_not_share_drafts(tmp_path):
    def write(number):
        with replaced(tmp_path / "a") as draft:
            draft.write_text(f"{number:02d}" * 10_000)
            return draft.name

    with ThreadPoolExecutor(8) as pool:
        drafts = list(pool.map(write, range(100)))
    assert len(set(drafts)) == 100
    content = (tmp_path / "a").read_text()
    assert content == content[:2] * 10_000
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_fails_leaves_the_old_file_and_no_draft(tmp_path):
    (tmp_path / "a").write_text("old")

    def fail():
        with replaced(tmp_path / "a") as draft:
            draft.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


@pytest.mark.parametrize("name", ["a", "a" * 200, "ä" * 100, "part-00000.parquet", ".hidden"])
def test_the_next_to_write_removes_what_a_killed_process_left(tmp_path, name):
    left = left_by_a_dead_process(tmp_path / name)
    other = left_by_a_dead_process(tmp_path / "zzz")
    assert left.exists()
    with replaced(tmp_path / name) as draft:
        draft.write_text("whole")
    assert not left.exists()
    assert other.exists()


def test_drafts_of_the_living_and_of_other_machines_stay_for_a_day(tmp_path, monkeypatch):
    mine = draft_of(tmp_path / "a")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as living:
        theirs = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{living.pid}-"))
        monkeypatch.setattr(files.socket, "gethostname", lambda: "another machine")
        elsewhere = draft_of(tmp_path / "a")
        monkeypatch.undo()
        nameless = tmp_path / ".a.123.draft"
        for path in (mine, theirs, elsewhere, nameless):
            path.write_text("")
            assert not is_abandoned(path)
        then = time.time() - ABANDONED - 1
        for path in (mine, theirs, elsewhere, nameless):
            os.utime(path, (then, then))
        assert [is_abandoned(path) for path in (mine, theirs, elsewhere, nameless)] == [False, False, True, True]
        living.communicate(b"\n")
    assert is_abandoned(theirs)


def test_a_draft_of_this_number_that_is_not_ours_is_one_of_an_earlier_process(tmp_path):
    mine = draft_of(tmp_path / "a")
    assert is_abandoned(mine.with_name(mine.name.replace(mine.name[-18:-6], "0" * 12)))


def test_what_is_no_file_is_not_replaced_by_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with replaced(tmp_path / "pipe") as draft:
        assert draft == tmp_path / "pipe"
    assert (tmp_path / "pipe").is_fifo()


def test_a_folder_is_published_with_all_that_is_in_it(tmp_path, calls):
    (tmp_path / "draft" / "inner").mkdir(parents=True)
    publish(tmp_path / "draft", tmp_path / "folder")
    assert {path.stat().st_ino for path in (tmp_path / "folder", tmp_path / "folder" / "inner")} <= {
        node for _, node, *_ in calls
    }


def test_a_new_folder_is_whole_or_not_there(tmp_path):
    def stopped():
        with new_folder(tmp_path / "model") as draft:
            (draft / "inner").mkdir()
            (draft / "inner" / "a").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_a_killed_process_left_is_removed_by_the_next(tmp_path):
    left = left_by_a_dead_process(tmp_path / "model")
    left.unlink()
    (left / "inner").mkdir(parents=True)
    with new_folder(tmp_path / "model") as draft:
        (draft / "a").write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.fixture
def little_room():
    """Let no file be larger than 300 bytes, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fitted_model(class_prior=None):
    matrix = lk.LabelMatrix.of([[0, -1], [0, 1], [-1, 1]], names=["a", "b"], classes=["HAM", "SPAM"])
    return lk.MajorityVote(class_prior=class_prior).fit(matrix)


@pytest.mark.parametrize("kind", ["a model", "a project"])
def test_nothing_is_left_of_a_folder_for_which_there_is_no_room(kind, tmp_path, little_room):
    place = tmp_path / "place"
    with pytest.raises(WriteError) as refused:
        fitted_model().save(place) if kind == "a model" else make_project(place)
    assert refused.value.message == f"{str(place)!r} cannot be written: File too large"
    assert refused.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", ["arrays.npz", "model.json"])
def test_a_model_that_cannot_be_replaced_stays_as_it_was(file, tmp_path, monkeypatch):
    fitted_model().save(tmp_path / "model")
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((np, "savez") if file == "arrays.npz" else (Path, "write_text")), full)
    with pytest.raises(WriteError):
        fitted_model([0.3, 0.7]).save(tmp_path / "model")
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before
    assert lk.load_model(tmp_path / "model").class_prior is None


WRITERS = {
    "a summary": lambda matrix, folder: lk.summarize(matrix).to_csv(folder / "a.csv"),
    "a compressed summary": lambda matrix, folder: lk.summarize(matrix).to_csv(folder / "a.csv.gz"),
    "votes": lambda matrix, folder: matrix.save(folder / "a.parquet"),
    "patterns": lambda matrix, folder: matrix.patterns.save(folder / "a.parquet"),
    "labels": lambda matrix, folder: lk.MajorityVote().fit(matrix).label(matrix).save(folder / "a.parquet"),
    "a model": lambda matrix, folder: lk.MajorityVote().fit(matrix).save(folder / "model"),
    "a project": lambda _matrix, folder: make_project(folder / "project"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_writer_replaces_files_that_are_on_the_disk(kind, tmp_path, calls):
    matrix = lk.LabelMatrix.of([[0, -1], [0, 1], [-1, 1]], names=["a", "b"], classes=["HAM", "SPAM"])
    WRITERS[kind](matrix, tmp_path)
    check_order(calls)
    renamed = {node for kind, node, *_ in calls if kind == "rename"}
    files_in_it = {path.stat().st_ino for path in tmp_path.rglob("*") if path.is_file()}
    assert files_in_it | {path.stat().st_ino for path in tmp_path.iterdir()} == renamed


def test_a_summary_is_compressed_as_its_suffix_says(tmp_path):
    summary = lk.summarize(lk.LabelMatrix.of([[0], [1]], names=["a"], classes=["HAM", "SPAM"]))
    summary.to_csv(tmp_path / "a.csv.gz")
    assert (tmp_path / "a.csv.gz").read_bytes()[:2] == b"\x1f\x8b"

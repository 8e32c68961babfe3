"""One run at a time writes a folder; a finished one stays as long as nothing changes; nothing is left beside it."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit._shared.files import draft_of
from labelkit._shared.locks import HeldError, in_turn, locked
from labelkit.corpus import Batch
from labelkit.exceptions import RunFolderError
from labelkit.runs import run_place
from labelkit.runs.parts import Part, PartMaker, PartWriter
from labelkit.runs.run_folder import RunLayout
from tests.waiting import GUARD, wait_until

RULES = 'import labelkit as lk\n@lk.keywords("free", label=1)\ndef offers(text): "Offers."\n'


class KilledTestError(Exception):
    """What stands for a kill."""


HOLDS = """
import sys, time
from pathlib import Path
from labelkit._shared.files import draft_of
from labelkit._shared.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    frame = pd.DataFrame(
        {"id": range(40), "text": ["free money", "hm", "nice", "free"] * 10, "gold": [1, 0, 0, 1] * 10}
    )
    frame.to_csv(tmp_path / "corpus.csv", index=False)
    frame[["id", "gold"]].to_csv(tmp_path / "gold.csv", index=False)
    return tmp_path


def run(project, out="out", **options):
    given = {"id": "id", "labels": ["HAM", "SPAM"], "cache": False, "report": False, "progress": False}
    return lk.run(project / "rules.py", project / "corpus.csv", project / out, **{**given, **options})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def hold(path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    return holder


def end(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=GUARD)


@pytest.mark.parametrize("spelling", ["out", "./here/../out", "link/out", "relative"])
def test_a_folder_that_another_process_writes_is_refused_by_its_name(project, spelling, monkeypatch):
    (project / "here").mkdir()
    (project / "link").symlink_to(project)
    holder = hold(project / ".out.lock")
    try:
        monkeypatch.chdir(project)
        out = "out" if spelling == "relative" else project / spelling
        with pytest.raises(RunFolderError) as caught:
            lk.run(project / "rules.py", project / "corpus.csv", out, labels=2)
        message = str(caught.value)
        assert "\n" not in message
        assert f"process {holder.pid} on {socket.gethostname()}, since 20" in message
        assert "-c" in message  # its command
    finally:
        end(holder)
    assert not run(project).was_finished  # taken over
    assert not (project / ".out.lock").exists()


def test_the_command_line_refuses_it_in_one_line(project):
    holder = hold(project / ".out.lock")
    try:
        command = ["run", project / "rules.py", project / "corpus.csv", "--out", project / "out", "--force"]
        done = subprocess.run([sys.executable, "-m", "labelkit", *command], capture_output=True, text=True, check=False)
    finally:
        end(holder)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"error: another run writes to .*process {holder.pid} .*\n", done.stderr)


def test_two_threads_do_not_write_one_folder(project):
    inside, go_on = threading.Event(), threading.Event()
    fetched = []

    @lk.labeling_function
    def waits(text):
        inside.set()
        assert go_on.wait(GUARD)

    def first():
        fetched.append(lk.run([waits], ["a"], project / "out", labels=2, report=False, model="MajorityVote"))

    thread = threading.Thread(target=first)
    thread.start()
    wait_until(inside.is_set)
    with pytest.raises(RunFolderError, match=f"another thread of this process, {os.getpid()} on"):
        run(project)
    go_on.set()
    thread.join()
    assert fetched[0].manifest["examples"] == 1
    assert names(project) == ["corpus.csv", "gold.csv", "out", "rules.py"]


def test_a_place_is_held_until_the_last_rename_is_done(project, monkeypatch):
    move, seen = run_place.move, []

    def moves(layout):
        move(layout)
        with pytest.raises(RunFolderError, match="another"):
            run(project)
        seen.append(layout.folder.is_dir())

    monkeypatch.setattr("labelkit.runs.pipeline.move", moves)
    run(project)
    assert seen == [True]


def test_a_lock_that_was_left_or_holds_anything_is_taken_over(project):
    for number, content in enumerate((b"", b"{", b'{"pid": 1}', b"\xff" * 100_000, b'{"pid": "x"}')):
        (project / f".{number}.lock").write_bytes(content)
        run(project, str(number))
    assert not [path for path in project.iterdir() if path.suffix == ".lock"]


def test_a_process_that_is_forked_does_not_hold_the_lock_of_its_parent(tmp_path):
    program = f"""
import os, sys
from pathlib import Path
from labelkit._shared.files import draft_of
from labelkit._shared.locks import locked
with locked(Path({str(tmp_path / "lock")!r})):
    if os.fork() == 0:
        print("forked", flush=True)
        sys.stdin.read()
        os._exit(0)
    os.kill(os.getpid(), 9)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "forked\n"
    process.wait(GUARD)
    with locked(tmp_path / "lock"):
        assert json.loads((tmp_path / "lock").read_bytes())["pid"] == os.getpid()
    process.communicate("")


def test_a_lock_whose_file_was_removed_meanwhile_is_not_taken_for_one(tmp_path):
    with locked(tmp_path / "lock"):
        (tmp_path / "lock").unlink()
        other = hold(tmp_path / "lock")
    assert (tmp_path / "lock").exists()  # it is the other's
    with pytest.raises(HeldError, match=str(other.pid)), locked(tmp_path / "lock"):
        pass
    end(other)


def test_a_place_that_cannot_be_is_an_error_that_says_so(project):
    with pytest.raises(RunFolderError, match="cannot be written"):
        run(project, "gold.csv/out")
    with pytest.raises(RunFolderError, match="not a run folder"):
        run(project, ".")
    with pytest.raises(RunFolderError, match="cannot be a run folder"):
        run(project, "/")


# A finished run -------------------------------------------------------------------------------------------------------


def edit(project, name, old, new):
    path = project / name
    path.write_text(path.read_text().replace(old, new, 1))


CHANGES = {
    "a rule": (lambda folder: edit(folder, "rules.py", "free", "nice"), {}, "the rule 'offers' is changed"),
    "the corpus": (lambda folder: edit(folder, "corpus.csv", "hm", "hum"), {}, "the corpus is another"),
    "gold": (lambda folder: edit(folder, "gold.csv", "0,1", "0,0"), {}, "gold changed"),
    "no gold": (None, {"gold": None}, "gold changed"),
    "the model": (None, {"model": "MajorityVote"}, "the label model is MajorityVote, and was LabelModel"),
    "a parameter": (None, {"model": lk.LabelModel(class_prior=[0.3, 0.7])}, "class_prior of the label model is "),
    "a precision": (
        lambda folder: edit(folder, "rules.py", "label=1", "label=1, precision=0.8"),
        {},
        "precision of the rule 'offers' is 0.8",
    ),
    "ids": (None, {"id": None, "gold": "gold"}, "id changed"),
    "the size of batches": (None, {"batch_size": 1024}, "batch_size changed"),
    "classes": (None, {"labels": ["NO", "YES"]}, "labels changed"),
    "a report": (None, {"report": True}, "it has no report"),
    "a part that is gone": (
        lambda folder: RunLayout(folder / "out").part("labels", 0).unlink(),
        {},
        "labels/part-00000.parquet is missing",
    ),
    "a manifest that is broken": (
        lambda folder: (folder / "out" / "manifest.json").write_text("{"),
        {},
        "its manifest.json is damaged",
    ),
    "a manifest of other types": (
        lambda folder: edit(folder, "out/manifest.json", '"rules": [', '"rules": [5, '),
        {},
        "is damaged",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_finished_run_is_refused_with_what_has_changed(project, change):
    edits, options, reason = CHANGES[change]
    run(project, gold=project / "gold.csv")
    if edits is not None:
        edits(project)
    before = {path: path.stat().st_mtime_ns for path in (project / "out").rglob("*")}
    with pytest.raises(RunFolderError, match=reason) as caught:
        run(project, **{"gold": project / "gold.csv", **options})
    assert "force=True (--force)" in caught.value.hint
    assert {path: path.stat().st_mtime_ns for path in (project / "out").rglob("*")} == before
    assert not run(project, force=True, **{"gold": project / "gold.csv", **options}).was_finished
    assert run(project, **{"gold": project / "gold.csv", **options}).was_finished


@pytest.mark.parametrize("same", [{}, {"workers": 2}, {"engine": "process"}, {"cache": True}, {"on_fault": "record"}])
def test_a_finished_run_is_returned_where_nothing_changed_that_counts(project, same):
    first = run(project)
    edit(project, "rules.py", "Offers.", "Offers, of course.  # and so on")
    os.utime(project / "corpus.csv", ns=(0, 0))
    before = {path: path.stat().st_mtime_ns for path in (project / "out").rglob("*")}
    again = run(project, **same)
    assert again.was_finished
    assert again == first
    assert {path: path.stat().st_mtime_ns for path in (project / "out").rglob("*")} == before


def test_a_draft_beside_a_finished_run_that_is_wanted_is_removed(project):
    run(project)
    (project / "out").rename(project / "kept")
    run(project, "out2")
    (project / "out2").rename(project / ".out.partial")
    (project / "kept").rename(project / "out")
    assert run(project).was_finished
    assert names(project) == ["corpus.csv", "gold.csv", "out", "rules.py"]


def test_faults_that_would_stop_the_run_are_a_change(project):
    (project / "rules.py").write_text(RULES + "@lk.labeling_function\ndef bad(text): return 1 // (len(text) - 2)\n")
    run(project, on_fault="record")
    assert run(project, on_fault="record", max_faults=10).was_finished
    for options in ({}, {"on_fault": "record", "max_faults": 9}):
        with pytest.raises(RunFolderError, match="its 10 faults would stop it"):
            run(project, **options)


def test_what_cannot_be_compared_is_not_taken_for_the_same(project):
    (project / "rules.py").write_text(
        RULES + "import random\n@lk.labeling_function\ndef any_(text): return random.choice([0, 1])\n"
    )
    run(project)
    with pytest.raises(RunFolderError, match="it is not known what the rule 'any_' depends on"):
        run(project)


# Between the renames --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("force", [False, True])
def test_a_kill_at_any_moment_of_the_last_renames_loses_nothing(project, monkeypatch, number, force):
    if force:
        run(project, model="MajorityVote")
    steps = []

    def killed(function):
        def step(*given, **more):
            steps.append(function)
            if len(steps) > number:
                raise KilledTestError
            return function(*given, **more)

        return step

    def moves(layout):
        with monkeypatch.context() as patch:
            for name in ("publish", "remove"):
                patch.setattr(run_place, name, killed(getattr(run_place, name)))
            move(layout)

    move = run_place.move
    with monkeypatch.context() as patch:
        patch.setattr("labelkit.runs.pipeline.move", moves)
        with suppress(KilledTestError):
            run(project, force=force)
    if (project / "out").is_dir():
        assert run(project, force=force).manifest["model"]["name"] == "LabelModel"
    assert run(project, force=force).manifest["model"]["name"] == "LabelModel"
    assert names(project) == ["corpus.csv", "gold.csv", "out", "rules.py"]
    assert names(project / "out") == names(run(project, "whole").path)


def test_a_folder_that_was_not_replaced_yet_is_moved_back(project):
    run(project)
    (project / "out").rename(project / ".out.old")
    assert run(project).was_finished
    assert names(project) == ["corpus.csv", "gold.csv", "out", "rules.py"]


def test_drafts_of_killed_processes_are_removed_and_those_of_others_stay(project):
    run(project)
    killed = """
import sys
from pathlib import Path
from labelkit._shared.files import draft_of
for path in sys.argv[1:]:
    draft_of(Path(path)).write_text("half")
"""
    subprocess.run([sys.executable, "-c", killed, project / "out/report.html", project / "labels.parquet"], check=True)
    (project / "a.draft").write_text("no draft of labelkit")
    mine = draft_of(project / "labels.parquet")
    mine.write_text("not written yet")
    assert run(project).was_finished
    assert names(project) == sorted(["a.draft", "corpus.csv", "gold.csv", mine.name, "out", "rules.py"])
    assert not [path for path in (project / "out").iterdir() if path.name.startswith(".")]


def next_run(layout, seen):
    with in_turn(layout.writers, alone=True):
        seen.append("the next run")


@pytest.mark.parametrize("alive", [True, False])
def test_a_worker_writes_nothing_when_its_run_is_dead_and_the_next_run_waits_for_what_it_writes(
    project, monkeypatch, alive
):
    layout = RunLayout(project / ".out.partial")
    layout.begin()
    lfs = lk.collect(project / "rules.py", labels=2)
    writer = PartWriter(PartMaker("", 1024, lfs.infos, lfs.space.names, None), layout, process=-1)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(is_alive=lambda: alive))
    batch = Batch(0, None, pa.record_batch({"text": ["free", "hm"]}))
    reached, go_on, seen = threading.Event(), threading.Event(), []

    def write(part, _layout):
        reached.set()
        assert go_on.wait(GUARD)
        seen.append(part.number)

    monkeypatch.setattr(Part, "write", write)
    worker = threading.Thread(target=writer, args=(batch, lk.Applier(lfs).plan.vote(batch.table)))
    worker.start()
    if alive:
        wait_until(reached.is_set)
        waiting = threading.Thread(target=lambda: next_run(layout, seen))
        waiting.start()
        go_on.set()
        waiting.join(GUARD)
    worker.join(GUARD)
    assert seen == ([0, "the next run"] if alive else [])


def test_races_and_kills_as_the_benchmarks_try_them_often():
    for program in (["races", "--n", "2"], ["kills", "--n", "2", "--aimed"]):
        command = [sys.executable, "-m", f"tests.benchmarks.{program[0]}", *program[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GUARD)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("2 trials, ")


@pytest.mark.parametrize("n_bytes", [1, 1_500, 4_000, 8_000])
def test_a_full_disk_is_an_error_that_names_the_folder_and_the_run_goes_on(tmp_path, n_bytes):
    """A limit of the size of files stands for a disk that is full."""
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "a.csv").write_text("text\n" + "".join(f"free {number}\n" for number in range(3_000)))
    program = """if True:
        import resource, runpy, sys
        limit = int(sys.argv.pop(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        runpy.run_module("labelkit", run_name="__main__", alter_sys=True)
    """

    def run(out, limit=10**9):
        options = ["--labels", "HAM,SPAM", "--no-cache", "--out", out]
        command = [sys.executable, "-c", program, str(limit), "run", "rules.py", "a.csv", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=GUARD, check=False)

    limited = run("out", n_bytes)
    assert limited.returncode == 1
    assert "error: 'out' cannot be written: File too large" in limited.stderr
    assert "[LK512]\nHint: make room on the disk, and give the same command again" in limited.stderr
    assert run("out").returncode == run("whole").returncode == 0
    votes, labels = (lk.RunFolder(tmp_path / "out").matrix(), lk.RunFolder(tmp_path / "out").labels())
    whole = lk.RunFolder(tmp_path / "whole")
    assert votes.votes.tolist() == whole.matrix().votes.tolist()
    assert labels.proba.tolist() == whole.labels().proba.tolist()


IN_MOUNTS = """
set -e
mkdir empty made
mount -t tmpfs tmpfs empty
run="$PYTHON -m labelkit run rules.py a.csv --labels HAM,SPAM --no-cache"
$run --out first > /dev/null
$run --out empty --force || true
mount --bind first made && mount -o remount,bind,ro made
$run --out made
echo "free" >> a.csv
$run --out made --update || true
"""


def test_a_folder_where_a_file_system_is_mounted_is_read_and_not_replaced(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "a.csv").write_text("text\nfree\nbuy\n")
    shell = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    mounts = shutil.which("unshare") and subprocess.run([*shell, "mount -t tmpfs tmpfs ."], cwd=tmp_path, check=False)
    if not mounts or mounts.returncode:
        pytest.skip("this user may not mount a file system")
    settings = {"cwd": tmp_path, "env": {**os.environ, "PYTHON": sys.executable}, "timeout": GUARD}
    done = subprocess.run([*shell, IN_MOUNTS], capture_output=True, text=True, check=True, **settings)
    message = (
        "error: 'empty' is where a file system is mounted, and cannot be replaced [LK513]\nHint: name a folder in it"
    )
    assert message in done.stderr
    assert "finished already: made" in done.stdout
    assert re.search(r"error: 'made' cannot be written: (Device or resource busy|Read-only file system)", done.stderr)

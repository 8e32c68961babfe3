"""Folders for a piece of work are removed, by the next process if theirs is killed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time

import pytest

from labelkit._shared.files import ABANDONED
from labelkit._shared.scratch import LOCK, PREFIX, scratch_folder
from tests.waiting import GUARD

PROGRAM = """
from labelkit._shared.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "a").touch()
    print(folder, flush=True)
    input()
"""


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def started():
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout.readline()
    return running


def test_a_folder_is_private_and_gone_after_its_block(scratch):
    with scratch_folder() as folder:
        (folder / "a").touch()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(scratch.iterdir()) == []
    with pytest.raises(ZeroDivisionError), scratch_folder():
        1 / 0  # noqa: B018 - an error in the block
    assert list(scratch.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_that_of_a_living_one_is_not(scratch):
    with started() as killed:
        killed.kill()
        killed.wait(GUARD)
    (left,) = (path for path in scratch.iterdir() if path.is_dir())
    with started() as living:
        assert not left.exists()
        (theirs,) = (path for path in scratch.iterdir() if path.is_dir())
        with scratch_folder() as ours, scratch_folder() as another:
            assert (theirs / "a").exists()
            assert ours.exists()
            assert ours != another
        living.communicate("\n", GUARD)
    assert list(scratch.iterdir()) == []


def test_a_lock_without_a_note_is_removed_once_no_process_can_be_about_to_write_it(scratch):
    new, old = (scratch / f"{PREFIX}{name}{LOCK}" for name in ("0" * 16, "1" * 16))
    new.touch()
    old.touch()
    then = time.time() - ABANDONED - 1
    os.utime(old, (then, then))
    with scratch_folder():
        assert new.exists()
        assert not old.exists()


def test_what_is_not_of_labelkit_stays(scratch):
    (scratch / "labelkit-scratch-notes").mkdir()
    (scratch / "labelkit-scratch-x.lock").write_text("nothing")
    with scratch_folder():
        pass
    assert len(list(scratch.iterdir())) == 2

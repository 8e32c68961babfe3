"""A process that is killed while it writes leaves the old file or folder, or the new one, and nothing beside it for long."""

import subprocess
import sys

import pyarrow as pa
import pytest

import labelkit as lk

pytest.importorskip("xlsxwriter")
pytest.importorskip("datasets")

WRITE = """
import os, sys
from pathlib import Path
import labelkit as lk


fatal, seen = int(sys.argv[2]), 0

def stop(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir") and str(Path.cwd()) in str(arguments[0]):
        seen += 1
        if seen == fatal:
            os._exit(9)

matrix = lk.LabelMatrix.of([[1, 1], [0, -1], [-1, 1]], names=["a", "b"], classes=["HAM", "SPAM"])
labels = lk.MajorityVote().fit(matrix).label(matrix)
sys.addaudithook(stop)
lk.export(labels, to=Path.cwd() / sys.argv[1], format="hf" if sys.argv[1] == "labels" else None, force=True)
"""


def written(folder, file_name, fatal):
    command = [sys.executable, "-c", WRITE, file_name, str(fatal)]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)


def content(path):
    return {file.name: file.read_bytes() for file in path.rglob("*.arrow")} if path.is_dir() else path.read_bytes()


@pytest.mark.parametrize(("file_name", "steps"), [("labels.xlsx", (2, 4, 7)), ("labels", (2, 4, 9, 14))])
def test_the_next_export_removes_what_a_killed_one_left(tmp_path, file_name, steps):
    assert written(tmp_path, file_name, 0).returncode == 0
    whole = content(tmp_path / file_name)
    for fatal in steps:
        assert written(tmp_path, file_name, fatal).returncode == 9
        assert content(tmp_path / file_name) == whole
    assert written(tmp_path, file_name, 0).returncode == 0
    assert content(tmp_path / file_name) == whole
    assert [path.name for path in tmp_path.iterdir()] == [file_name]


def test_a_folder_that_was_about_to_be_replaced_is_there_again(tmp_path):
    matrix = lk.LabelMatrix.of([[1], [0]], names=["a"], classes=["HAM", "SPAM"])
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    lk.export(labels, to=tmp_path / "labels", format="hf")
    (tmp_path / "labels").rename(tmp_path / ".labels.old")  # as a process does that is killed before its next step
    nothing = lk.LabelMatrix.of([[-1]], names=["a"], classes=["HAM", "SPAM"])
    with pytest.raises(lk.LabelkitError):
        lk.export(lk.MajorityVote().fit(matrix).label(nothing), to=tmp_path / "labels", format="hf", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["labels"]
    assert pa.ipc.open_stream(next((tmp_path / "labels").glob("*.arrow"))).read_all().num_rows == 2

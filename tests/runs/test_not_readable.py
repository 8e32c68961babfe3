"""A file of a run that this user may not read is told from a damaged one: the run need not be made again."""

import os
import shutil
import subprocess
import sys

import pytest

import labelkit as lk
from tests.waiting import GUARD

POWERS = "-dac_override,-dac_read_search"
AS_ANYBODY = ["setpriv", f"--inh-caps={POWERS}", f"--bounding-set={POWERS}"] if os.geteuid() == 0 else []
"""How root, who may read everything, calls a command without that power."""

pytestmark = pytest.mark.skipif(bool(AS_ANYBODY) and shutil.which("setpriv") is None, reason="root reads everything")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "out"
    rules = [lk.keywords("a", label=1).rule(name="a")]
    return lk.run(rules, ["a", "b"] * 20, folder, labels=["HAM", "SPAM"], progress=False, report=False).path


def answer(run, file, *command):
    """Call a command on the run while a file of it cannot be read; returns its status and lines."""
    mode = (run / file).stat().st_mode
    (run / file).chmod(0)
    try:
        done = subprocess.run(
            [*AS_ANYBODY, sys.executable, "-m", "labelkit", *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=run.parent,
            timeout=GUARD,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    finally:
        (run / file).chmod(mode)
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("manifest.json", "summarize out"),
        ("labels/part-00000.parquet", "export out --to x.csv"),
        ("labels/part-00000.parquet", "summarize out"),
        ("patterns.parquet", "fix out"),
        ("version.json", "restore out 1"),
        ("model/arrays.npz", "label out --model out --out again"),
    ],
)
def test_the_error_says_so_and_does_not_send_to_make_the_run_again(run, file, command):
    status, said = answer(run, file, *command.split())
    assert status == 1
    assert "permission denied" in said.lower()
    assert "damaged" not in said.replace("need not be damaged", "")
    assert "--force" not in said


def test_verify_does_not_say_that_it_was_changed(run):
    part = "labels/part-00000.parquet"
    said = f"out: 1 problem found (1 version)\n  {part} cannot be read: permission denied"
    assert answer(run, part, "verify", "out") == (1, said)
    assert answer(run, part, "verify", "out", "--quiet")[0] == 1
    assert lk.verify(run) == []

"""Malformed inputs, as many as there is time for; tests/benchmarks/fuzz.py gives more, with other seeds."""

import subprocess
import sys
from pathlib import Path

from tests.waiting import GUARD

INPUTS = 10_000


def test_no_reader_raises_hangs_or_crashes_on_a_malformed_input(tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks.fuzz", "--inputs", str(INPUTS), "--seed", "0"]
    with (tmp_path / "shown.txt").open("w+") as shown:
        status = subprocess.run(
            command,
            cwd=Path(__file__).parents[1],
            stdout=shown,
            stderr=subprocess.STDOUT,
            timeout=10 * GUARD,
            check=False,
        ).returncode
        shown.seek(0)
        assert status == 0, shown.read()[-10_000:]
        shown.seek(0)
        assert f"{INPUTS:,} inputs of seed 0 held" in shown.read()

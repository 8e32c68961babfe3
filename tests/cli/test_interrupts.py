"""Ctrl-C that comes while an extension module is started ends the command a moment later, and is not lost in it."""

import os
import subprocess
import sys

import pytest

from tests.waiting import GUARD

PROGRAM = """
import signal, sys, time
from importlib.machinery import ExtensionFileLoader
from labelkit.cli import _program, cli, main

EXEC, PLACE, NUMBER = ExtensionFileLoader.exec_module.__code__, int(sys.argv[1]), getattr(signal, sys.argv[2])
n_calls = 0
_program.LONGEST_SECONDS = float(sys.argv[3])  # a slow machine starts slowly


def stop_within(frame, event, _argument):
    global n_calls
    while event == "call" and frame is not None:
        if frame.f_code is EXEC and frame.f_locals["module"].__name__ == "pandas._libs.parsers":
            n_calls += 1
            if n_calls == PLACE:
                sys.setprofile(None)
                signal.raise_signal(NUMBER)
            return
        frame = frame.f_back


@cli.command(name="read")
def read():
    import io, numpy, pyarrow
    sys.setprofile(stop_within)
    import pandas
    sys.setprofile(None)
    assert n_calls >= PLACE
    pandas.read_csv(io.StringIO("a,b\\n1,2\\n"))
    time.sleep(float(sys.argv[3]))
    print("went on")


main(["read"])
"""


@pytest.mark.parametrize(
    ("place", "name", "status"),
    [(1, "SIGINT", 130), (40, "SIGINT", 130), (47, "SIGINT", 130), (54, "SIGINT", 130), (50, "SIGTERM", 143)],
)
def test_a_signal_within_the_start_of_pandas_ends_the_command(place, name, status):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(place), name, str(GUARD)],
        capture_output=True,
        text=True,
        check=False,
        timeout=GUARD,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert done.stderr.strip().startswith("interrupted: ")

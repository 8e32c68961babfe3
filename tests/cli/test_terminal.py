"""In a real terminal: no escape sequence, and no mark that turns the direction, reaches it from data."""

import os
import subprocess
import sys
import threading

import pandas as pd
import pytest

from tests.waiting import GUARD

EVIL = "\x1b[31mred\x1b]0;title\x07\u202etxt\x9b5n"
"""A colour, a title of the window, a bell, a mark that turns the direction, and a sequence of one byte."""

RULES = f"""
import labelkit as lk

shout = lk.keywords("red", label=1).rule(name="shout")

@lk.labeling_function(labels=[0])
def breaks(text):
    if len(text) > 40:
        raise ValueError("cannot read " + text + {EVIL!r})
"""


def in_terminal(*arguments, folder):
    """Run the command line in a pseudo-terminal, and return all that it wrote."""
    parent, child = os.openpty()
    command = [sys.executable, "-m", "labelkit", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, cwd=folder, env=environment)
    os.close(child)
    written = []

    def read():
        try:
            while data := os.read(parent, 65_536):
                written.append(data)
        except OSError:  # the terminal is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    status = process.wait(timeout=GUARD)
    reader.join(timeout=GUARD)
    os.close(parent)
    return status, b"".join(written).decode("utf-8", "replace")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "warns.py").write_text(f"import warnings\nwarnings.warn({EVIL!r})\n{RULES}", encoding="utf-8")
    (tmp_path / "raises.py").write_text(f"raise RuntimeError({EVIL!r})", encoding="utf-8")
    texts = [f"{EVIL} {number}" for number in range(3)] + [f"{'long ' * 10}{EVIL}", "red"]
    frame = pd.DataFrame({"id": [f"{EVIL}{n}" for n in range(5)], "text": texts, f"gold{EVIL}": [1, 1, 1, 0, 1]})
    frame.to_parquet(tmp_path / "corpus.parquet")
    return tmp_path


def commands():
    run = ["run", "rules.py", "corpus.parquet", "--id", "id", "--labels", "HAM,SPAM"]
    yield "a fault", [*run, "--out", "a"]
    yield "recorded faults", [*run, "--out", "b", "--on-fault", "record"]
    yield "a column that is not there", ["run", "rules.py", "corpus.parquet", "--id", EVIL, "--out", "c"]
    yield "gold that does not fit", [*run, "--out", "d", "--gold", "id"]
    yield "a file that is not there", ["run", "rules.py", f"{EVIL}.csv", "--out", "e"]
    yield "a module that warns", ["check", "warns.py"]
    yield "a module that raises", ["check", "raises.py"]
    yield "check", ["check", "rules.py", "corpus.parquet"]


@pytest.mark.parametrize(("name", "command"), [pytest.param(n, c, id=n) for n, c in commands()])
def test_no_escape_sequence_of_data_reaches_a_terminal(name, command, project):
    status, written = in_terminal(*command, folder=project)
    assert status in (0, 1, 2), name
    assert "Traceback" not in written
    for sign in ("\x1b[31m", "\x1b]0", "\x07", "\u202e", "\x9b"):
        assert sign not in written, written

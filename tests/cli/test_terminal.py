"""In a real terminal: no escape sequence, and no mark that turns the direction, reaches it from data."""

import fcntl
import os
import struct
import subprocess
import sys
import termios
import threading

import pandas as pd
import pytest

import labelkit as lk
from labelkit._shared.markup import visible
from labelkit.cli import main
from tests.waiting import GUARD

EVIL = "\x1b[31mred\x1b]0;title\x07\u202etxt\x9b5n"
"""A colour, a title of the window, a bell, a mark that turns the direction, and a sequence of one byte."""

RULES = f"""
import labelkit as lk

shout = lk.keywords("red", label=1).rule(name="shout")

@lk.labeling_function
def breaks(text):
    if len(text) > 40:
        raise ValueError("cannot read " + text + {EVIL!r})
"""


def in_terminal(*arguments, folder):
    """Run the command line in a pseudo-terminal, and return all that it wrote."""
    parent, child = os.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
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


NAMES = f"""
from enum import IntEnum
import labelkit as lk

Label = IntEnum("Label", {{"HAM{EVIL}": 0, "SPAM": 1}})
shout = lk.keywords("red", label=Label(1)).rule(name={"shout" + EVIL!r})
whisper = lk.keywords("blue", label=Label(0)).rule(name="whisper")
"""


def test_nor_does_one_of_the_name_of_a_class_or_rule(project, monkeypatch, capsys):
    (project / "rules.py").write_text(NAMES, encoding="utf-8")
    frame = pd.read_parquet(project / "corpus.parquet")
    frame.assign(id="n" + frame["id"]).to_parquet(project / "next.parquet")
    monkeypatch.chdir(project)
    slices, bundle = f"gold{EVIL}", f"{EVIL[:4]}.labelkit"
    for status, *command in [
        (0, "run", "rules.py", "corpus.parquet", "--id", "id", "--out", "a"),
        (0, "run", "rules.py", "next.parquet", "--id", "id", "--out", "b"),
        (0, "summarize", "a"),
        (0, "why", "a", f"{EVIL}0"),
        (0, "diff", "a", "a"),
        (0, "drift", "a", "b", "--by", slices),
        (0, "export", "a", "--to", "labels.csv", "--columns", slices),
        (0, "export", "a", "--to", "tasks.json", "--format", "label-studio", "--text", "text"),
        (0, "bundle", "a", "--out", bundle),
        (0, "predict", bundle, "next.parquet", "--out", "further.csv"),
        (0, "cache", "info", "rules.py"),
        (1, "why", "a", "0", "--debug"),
        (2, EVIL),
    ]:
        with pytest.raises(SystemExit) as ended:
            main(command)
        written = "".join(capsys.readouterr())
        assert ended.value.code == status, written
        assert visible(written) == written


def test_what_python_prints_does_not_act_either(project):
    (project / "rules.py").write_text(NAMES, encoding="utf-8")
    lfs, frame = lk.collect(project / "rules.py"), pd.read_parquet(project / "corpus.parquet")
    matrix = lk.Applier(lfs).apply(frame, id="id")
    model = lk.LabelModel().fit(matrix)
    shown = (lfs, lfs[0], matrix, model.label(matrix), model.explain(matrix, matrix.ids[:2]), lk.summarize(matrix))
    for one in shown:
        assert visible(str(one)) == str(one)


def test_threads_of_the_program_that_calls_a_command_do_not_end_it(tmp_path, capsys):
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with pytest.raises(SystemExit) as ended:
            main(["init", str(tmp_path / "first")])
        assert not ended.value.code
        assert "are ended" not in capsys.readouterr().err
    finally:
        done.set()
        other.join()

"""Rules that exit, raise anything, change the process or end it: each is a fault, by every engine and kind of rule."""

from __future__ import annotations

import functools
import json
import signal
import subprocess
import sys

import pandas as pd
import pytest

import labelkit as lk
from labelkit.apply import applier
from labelkit.apply.engines import ENGINES
from labelkit.exceptions import CollectError, FaultError, LabelkitError, TooManyFaultsError
from tests.waiting import GUARD

HEAD = """
import _thread, asyncio, ctypes, gc, inspect, io, os, signal, sys, threading, time, warnings
import numpy as np
import labelkit as lk

class Base(BaseException): pass

class Silent(Exception):
    def __str__(self): raise SystemExit(0)
    __repr__ = __str__

class Unpicklable(Exception):
    def __init__(self, one, two): self.held = lambda: one

class Traceless(Exception):
    __traceback__ = property(lambda self: 1 / 0)

class Text(str):
    def __add__(self, other): raise Base
    __radd__ = __format__ = __str__ = encode = replace = __getitem__ = __len__ = __add__

class Oddly(Exception):
    def __str__(self): return Text("odd")

class Value:
    def __repr__(self): raise SystemExit(0)
    __eq__ = __hash__ = __int__ = __index__ = __len__ = __iter__ = __float__ = __bool__ = __repr__

def deep(): return deep()

def lowest_limit():
    # As low as it can be set in this function, and as it could be in one that is called by the rule.
    limit = len(inspect.stack())
    while True:
        try: return sys.setrecursionlimit(limit)
        except RecursionError: limit += 1
"""

RAISES = {
    "exit_0": ("sys.exit(0)", "SystemExit"),
    "exit": ("exit()", "SystemExit"),
    "exit_silent": ("raise SystemExit(Silent())", "SystemExit"),
    "exit_thread": ("_thread.exit()", "SystemExit"),
    "generator_exit": ("raise GeneratorExit", "GeneratorExit"),
    "keyboard": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "base": ("raise Base('b')", "Base"),
    "stop_iteration": ("raise StopIteration", "StopIteration"),
    "cancelled": ("raise asyncio.CancelledError", "CancelledError"),
    "silent": ("raise Silent", "Silent"),
    "surrogate": ("raise ValueError('\\ud800 bad')", "ValueError"),
    "large": ("raise ValueError('x' * 10_000_000)", "ValueError"),
    "nul": ("raise ValueError('a\\0b')", "ValueError"),
    "unpicklable": ("raise Unpicklable(1, 2)", "Unpicklable"),
    "traceless": ("raise Traceless('t')", "Traceless"),
    "odd_text": ("raise Oddly", "Oddly"),
    "group": ("raise ExceptionGroup('g', [ValueError(1)])", "ExceptionGroup"),
    "base_group": ("raise BaseExceptionGroup('g', [KeyboardInterrupt()])", "BaseExceptionGroup"),
    "recursion": ("deep()", "RecursionError"),
    "memory": ("raise MemoryError", "MemoryError"),
    "warning": ("warnings.simplefilter('error'); warnings.warn('w')", "UserWarning"),
    "low_limit": ("lowest_limit(); raise ValueError(1)", ("ValueError", "RecursionError")),
    "limit_10": ("sys.setrecursionlimit(10); raise ValueError(1)", ("ValueError", "RecursionError")),
    "code_of_no_file": ("exec(compile('1 / 0', '/a\\0b', 'exec'))", ("ZeroDivisionError", "ValueError")),
}
"""What a rule does, and the error of the fault that it is."""

CHANGES = {
    "chdir": "os.chdir('/')",
    "close_stderr": "sys.stderr.close()",
    "close_stdout": "sys.stdout.close()",
    "detach_stdout": "sys.stdout.detach()",
    "close_1": "os.close(1)",
    "close_2": "os.close(2)",
    "replace_stdout": "sys.stdout = sys.stderr = io.StringIO()",
    "no_streams": "sys.stdout = sys.stderr = None",
    "ignore_sigint": "signal.signal(signal.SIGINT, signal.SIG_IGN)",
    "alarm": "signal.signal(signal.SIGALRM, lambda *_: 1 / 0); signal.setitimer(signal.ITIMER_REAL, 0.1)",
    "environment": "os.environ.clear(); os.environ['PYTHONHOME'] = '/nowhere'",
    "no_gc": "gc.disable()",
    "strict_numpy": "np.seterr(all='raise')",
    "strict_warnings": "warnings.simplefilter('error')",
    "low_limit": "sys.setrecursionlimit(len(inspect.stack()) + 100)",
    "thread": "threading.Thread(target=time.sleep, args=(3600,)).start()",
    "fork": "os.fork()",
}
"""What a rule does to its process: no fault, and nothing of it is left for others."""

KINDS = {
    "row": "@lk.labeling_function\ndef {0}_row(text):\n    if text == 'bad':\n        {1}\n    return 1\n",
    "batch": "@lk.labeling_function(batch=True)\ndef {0}_batch(text):\n    if 'bad' in list(text):\n        {1}\n"
    "    return [1] * len(text)\n",
    "column": "@lk.column\ndef {0}_derived(text):\n    if text == 'bad':\n        {1}\n    return text\n"
    "@lk.labeling_function\ndef {0}_column({0}_derived): return 1\n",
    "model": "@lk.model_output(threshold=0.6)\ndef {0}_model(text):\n    if 'bad' in list(text):\n        {1}\n"
    "    return np.array([[0.0, 1.0]] * len(text))\n",
}

PROBE = """
@lk.labeling_function
def unchanged(text):
    return int(all([
        os.getcwd() == os.path.dirname(__file__),
        sys.getrecursionlimit() >= 1000,
        gc.isenabled(),
        "PATH" in os.environ and "PYTHONHOME" not in os.environ,
        np.geterr()["divide"] == "warn",
        getattr(signal.getsignal(signal.SIGALRM), "__module__", "labelkit").split(".")[0] in ("labelkit", "signal"),
        not any(one[0] == "error" for one in warnings.filters),
        sys.stdout.writable() and sys.stderr.writable() and os.fstat(1) and os.fstat(2),
    ]))
"""
"""A rule that votes 1 if the process is as it should be."""

N_ROWS = 60


@pytest.fixture
def folder(tmp_path):
    texts = ["bad" if i == 41 else "free money" if i % 2 else "nice" for i in range(N_ROWS)]
    pd.DataFrame({"id": [f"k{i}" for i in range(N_ROWS)], "text": texts}).to_csv(tmp_path / "c.csv", index=False)
    return tmp_path


def module_of(kinds, deeds):
    return "".join(KINDS[kind].format(f"r_{name}", deed) for kind in kinds for name, deed in deeds.items())


def run(folder, rules, *options, out="out", **process):
    (folder / "rules.py").write_text(HEAD + rules)
    command = [sys.executable, "-m", "labelkit", "run", "rules.py", "c.csv", "--out", out, "--id", "id"]
    command += ["--labels", "a,b", "--no-cache", "--no-report", "--model", "MajorityVote", *options]
    return subprocess.run(command, capture_output=True, check=False, cwd=folder, timeout=GUARD, **process)


def engine_options(engine):
    return ["--engine", engine, *([] if engine == "serial" else ["--workers", "2"])]


@pytest.mark.parametrize("engine", ENGINES)
def test_whatever_a_rule_raises_is_a_fault_of_its_example(engine, folder):
    rules = module_of(KINDS, {name: deed for name, (deed, _) in RAISES.items()})
    done = run(folder, rules, "--on-fault", "record", *engine_options(engine))
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"rules voted on 60 examples" in done.stdout
    output = lk.RunFolder(folder / "out")
    json.dumps([fault.message for fault in output.faults], ensure_ascii=False).encode()
    assert max(len(fault.message) for fault in output.faults) < 3_000
    faults = {(fault.lf, fault.row): fault for fault in output.faults}
    for name, (_, error) in RAISES.items():
        for kind in KINDS:
            rows = [41] if kind in {"row", "column"} else range(N_ROWS)  # or a chunk
            there = [faults.pop((f"r_{name}_{kind}", row)) for row in rows]
            assert {fault.error for fault in there} <= {error, *(error if isinstance(error, tuple) else ())}
            assert there[0].id == f"k{there[0].row}"
    assert not faults


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_what_a_rule_does_to_its_process_is_undone(engine, folder):
    done = run(folder, module_of(KINDS, CHANGES) + PROBE, *engine_options(engine))
    errors = done.stderr.decode().splitlines()
    assert (done.returncode, [line for line in errors if "are still running, and are ended" not in line]) == (0, [])
    assert len(errors) == (engine != "process")  # threads of workers end with them
    assert b"rules voted on 60 examples" in done.stdout
    votes = lk.RunFolder(folder / "out").matrix()
    assert (votes.votes == 1).all()


@pytest.mark.parametrize("deed", [deed for deed, _ in RAISES.values()])
def test_a_module_that_raises_anything_is_one_error_that_names_the_line(deed, folder):
    (folder / "rules.py").write_text(
        f"{HEAD}\nif True:\n    {deed}\nsteady = lk.keywords('a', label=1).rule(name='s')\n"
    )
    with pytest.raises(CollectError, match=r"rules.py, line \d+: \w+: "):
        lk.collect(folder / "rules.py")


def test_a_module_that_ends_the_process_by_exit_0_is_no_success(folder):
    done = run(folder, "sys.stderr.close(); os.chdir('/'); sys.exit(0)\n")
    assert done.returncode == 1
    assert done.stderr.decode().startswith("error: ")
    assert "SystemExit: 0" in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "value", ["Value()", "[Value()]", "(Value(), 0.5)", "2**70", "float('nan')", "Silent()", "Base"]
)
@pytest.mark.parametrize("levels", [None, 4])
def test_whatever_a_rule_returns_is_a_vote_or_a_fault(value, levels, folder):
    option = "" if levels is None else f"(levels={levels})"
    path = folder / "rules.py"
    path.write_text(HEAD + f"@lk.labeling_function{option}\ndef r(text):\n    return {value} if text == 'bad' else 1\n")
    matrix = lk.Applier(lk.collect(path, labels=2)).apply(["nice", "bad", "nice"], on_fault="record")
    assert [fault.row for fault in matrix.faults] == [1]
    assert matrix.votes.ravel().tolist() == [1, -1, 1]


@pytest.mark.parametrize("swallowed", ["return 0", "raise ValueError", "raise SystemExit(0)"])
def test_ctrl_c_ends_the_run_whatever_the_rule_makes_of_it(swallowed, folder):
    path = folder / "rules.py"
    code = f"    try: signal.raise_signal(signal.SIGINT)\n    except BaseException: {swallowed}\n"
    path.write_text(f"{HEAD}@lk.labeling_function\ndef r(text):\n{code}")
    with pytest.raises(KeyboardInterrupt):
        lk.Applier(lk.collect(path, labels=2)).apply(["nice"] * 3, on_fault="record")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("ignoring", [False, True])
@pytest.mark.parametrize("place", ["module", "rule"])
def test_sigterm_ends_a_command_with_its_status_also_in_the_background(place, ignoring, folder):
    # Code that is given as text: of an interrupt in it, `python -m` would die by another signal at its end.
    code = "    exec('signal.raise_signal(signal.SIGTERM)')\n"
    rules = "if True:\n" + code if place == "module" else ""
    rules += f"@lk.labeling_function\ndef r(text):\n{code}    return 1\n"
    ignore = functools.partial(signal.signal, signal.SIGINT, signal.SIG_IGN)  # as a script's shell does for `command &`
    done = run(folder, rules, "--on-fault", "record", preexec_fn=ignore if ignoring else None)
    assert (done.returncode, done.stderr.count(b"\n")) == (128 + signal.SIGTERM, 2)  # a blank line after ^C
    assert b"interrupted" in done.stderr


# ---------------------------------------------------------------------------------------- rules that end their process


@pytest.mark.parametrize("engine", ["serial", "thread"])
def test_no_exit_of_the_own_process_passes_for_success(engine, folder):
    rules = module_of(KINDS, {"exit": "os._exit(0)"})
    done = run(folder, rules, "--on-fault", "record", *engine_options(engine))
    assert (done.returncode, done.stderr) == (0, b"")
    faults = {
        (fault.lf, fault.error, fault.message.partition(" (")[0]) for fault in lk.RunFolder(folder / "out").faults
    }
    ended = {(f"r_exit_{kind}", "SystemExit", "os._exit(0)") for kind in KINDS if kind != "column"}
    assert faults == {*ended, ("r_exit_column", "SystemExit", "column 'r_exit_derived': os._exit(0)")}


def test_a_module_that_exits_is_an_error_and_what_it_forks_may_exit(folder):
    module = "pid = os.fork()\nif not pid: os._exit(5)\nassert os.waitpid(pid, 0)[1] == 5 << 8\nos._exit(0)\n"
    done = run(folder, module)
    assert done.returncode == 1
    assert b"SystemExit: os._exit(0)" in done.stderr


DEADLY = """
import os, sys, ctypes, labelkit as lk
from pathlib import Path

@lk.labeling_function
def crashes(text):
    if text == "exit": os._exit(0)
    if text == "segfault": ctypes.string_at(0)
    return 1

@lk.labeling_function(batch=True)
def batch(text):
    if "abort" in list(text): os.abort()
    return [0] * len(text)

@lk.column
def length(text):
    if text == "kill": os.kill(os.getpid(), 9)
    return len(text)

@lk.labeling_function
def by_length(length): return int(length > 4)

words = lk.keywords("free", label=1).rule(name="words")
"""


def texts(**at):
    corpus = ["nice", "free money"] * 1600
    for text, row in at.items():
        corpus[row] = text
    return corpus


def apply(path, corpus, **options):
    given = {"isolate": True, "batch_size": 1024, "on_fault": "record", **options}
    return lk.Applier(lk.collect(path, labels=2)).apply(corpus, **given)


def test_calls_that_end_a_worker_are_faults_and_change_no_other_vote(tmp_path):
    path = tmp_path / "deadly.py"
    path.write_text(DEADLY)
    matrix = apply(path, texts(exit=3, segfault=1500, abort=2100, kill=700), workers=2)
    harmless = apply(path, texts(EXIT=3, SEGFAULT=1500, ABORT=2100, KILL=700), isolate=False)
    expected = harmless.votes.copy()
    expected[[3, 1500], 0] = expected[2048:3072, 1] = expected[700, 2] = -1
    assert (matrix.votes == expected).all()
    faults = {(fault.lf, fault.message): fault.row for fault in reversed(matrix.faults)}
    ended = "this call ended the process:"
    assert faults == {
        ("crashes", f"{ended} exit status 0 [LK132]"): 3,
        ("crashes", f"{ended} SIGSEGV [LK132]"): 1500,
        ("batch", f"{ended} SIGABRT [LK132]"): 2048,
        ("by_length", f"column 'length': {ended} SIGKILL [LK132]"): 700,
    }
    assert len(matrix.faults) == 3 + 1024
    assert {fault.error for fault in matrix.faults} == {"WorkerDiedError"}


@pytest.mark.parametrize("moment", ["the first call", "a later call"])
def test_a_worker_that_is_killed_once_changes_no_vote(moment, tmp_path):
    path = tmp_path / "killed.py"
    path.write_text(
        "import os, labelkit as lk\nfrom pathlib import Path\n"
        f"flag, corpus = Path({str(tmp_path / 'flag')!r}), 0\n"
        "@lk.labeling_function\ndef r(text):\n"
        "    if text == 'here' and not flag.exists():\n        flag.touch()\n        os.kill(os.getpid(), 9)\n"
        "    return len(text) % 2\n"
    )
    corpus = texts(here=0 if moment == "the first call" else 2500)
    matrix = apply(path, corpus, workers=2, on_fault="raise")
    assert (tmp_path / "flag").exists()
    assert matrix.votes.ravel().tolist() == [len(text) % 2 for text in corpus]


def test_too_many_deadly_calls_stop_the_run(tmp_path, monkeypatch):
    path = tmp_path / "deadly.py"
    path.write_text("import os, labelkit as lk\n@lk.labeling_function\ndef r(text): os._exit(3)\n")
    monkeypatch.setattr(applier, "MOST_DEADLY", 2)
    with pytest.raises(TooManyFaultsError, match="rule 'r' failed on the example of row 1: WorkerDiedError"):
        apply(path, ["a"] * 100)


def test_a_module_that_ends_workers_is_an_error(tmp_path):
    path = tmp_path / "deadly.py"
    path.write_text(
        "import multiprocessing, os, labelkit as lk\nif multiprocessing.parent_process(): os._exit(0)\n"
        "@lk.labeling_function\ndef r(text): return 1\n"
    )
    with pytest.raises(LabelkitError, match=r"worker processes die while they import the rules \(exit status 0\)"):
        apply(path, ["a"])


def test_after_a_process_died_the_same_command_with_isolate_finds_the_row(folder):
    rules = module_of(["row"], {"crash": "os.kill(os.getpid(), 11)"})
    died = run(folder, rules)
    assert died.returncode == -signal.SIGSEGV
    again = run(folder, rules)
    assert again.returncode == -signal.SIGSEGV
    assert b"a rule ended it [LK132]. Hint: if it happens again, --isolate finds" in again.stderr
    recorded = run(folder, rules, "--isolate", "--on-fault", "record")
    assert (recorded.returncode, recorded.stderr) == (0, b"")
    assert [fault.id for fault in lk.RunFolder(folder / "out").faults] == ["k41"]


def test_an_engine_that_does_not_isolate_is_refused():
    with pytest.raises(LabelkitError, match="the engine 'thread' does not"):
        lk.Applier([lk.keywords("a", label=1).rule(name="a")], labels=2).apply(["a"], engine="thread", isolate=True)


def test_a_rule_that_fails_in_its_examples_is_a_failure_of_them(folder):
    (folder / "rules.py").write_text(HEAD + "@lk.labeling_function(examples={'a': 1})\ndef r(text): sys.exit(0)\n")
    command = [sys.executable, "-m", "labelkit", "check", "rules.py", "--labels", "a,b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=GUARD)
    assert done.returncode == 1
    assert "raised SystemExit: 0" in done.stdout


def test_faults_stop_a_run_with_one_message_by_every_engine(folder):
    rules = module_of(["row"], {"exit": "sys.exit(0)"})
    errors = {run(folder, rules, *engine_options(engine), out=engine).stderr for engine in ENGINES}
    assert len(errors) == 1
    assert errors.pop().startswith(b"error: rule 'r_exit_row' failed on the example of id 'k41', row 41: SystemExit: 0")
    assert not any((folder / engine).exists() for engine in ENGINES)


def test_a_fault_error_in_python_is_the_same(tmp_path):
    path = tmp_path / "rules.py"
    path.write_text("import labelkit as lk\n@lk.labeling_function\ndef r(text): raise SystemExit(0)\n")
    with pytest.raises(FaultError, match="SystemExit: 0"):
        lk.Applier(lk.collect(path, labels=2)).apply(["a"])

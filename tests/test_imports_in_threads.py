"""Threads that labelkit starts import nothing from outside, and leave the filters of warnings alone.

NumPy, SciPy, pandas and Numba import parts of one another. Two threads that import them at once may each hold a module
that the other waits for; Python then ends one of them with an error (https://github.com/python/cpython/issues/83065), in
one run of very many. An audit hook in a new process tells which thread imports what, whatever the moment. Filters of
warnings belong to all threads, too: two that change them at once may leave all warnings ignored.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

WATCH = """
import json, sys, threading, warnings
import labelkit as lk

outside = set()
PARTS_OF_LOADED = {"pandas.core.methods.to_dict"}  # a single module, beside the whole package


def watch(event, args):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        name, top = args[0], args[0].partition(".")[0]
        if name in PARTS_OF_LOADED and "pandas" in sys.modules or top in sys.stdlib_module_names:
            return
        if top == "numba" and "numba.core.dispatcher" in sys.modules:  # what compiles a function for the first time
            return
        if top not in ("labelkit", "rules", "pyarrow", "coverage"):
            outside.add(name)


sys.addaudithook(watch)

enter = warnings.catch_warnings.__enter__


def noting(self):
    caller = sys._getframe(1).f_globals["__name__"]
    if threading.current_thread() is not threading.main_thread() and caller.startswith("labelkit"):
        outside.add(f"warnings.catch_warnings by {caller}")
    return enter(self)


warnings.catch_warnings.__enter__ = noting
"""

RULES = """
from labelkit import ABSTAIN, keywords, labeling_function, regex

for n in range(40):
    @keywords(f"word{n}", label=n % 2, name=f"word_{n}")
    def rule(text): ...
    globals()[rule.name] = rule

for n in range(10):
    @regex(f"x{n}+y?z|q{n}[[]", label=0, name=f"pattern_{n}")
    def rule(text): ...
    globals()[rule.name] = rule

@labeling_function()
def called(text):
    return 1 if len(text) > 9 else ABSTAIN

del rule
"""

RUN = 'lk.run("rules.py", "old", "out", id="id", labels=["A", "B"], cache=None, workers=2'
MANY = """
from labelkit import ABSTAIN, between, column, keywords, labeling_function, lookup, normalized_text, regex

text = normalized_text("text")
words = keywords("word1", "word7", label=0).rule(name="words")
found = regex(r"xx[0-9]+\\b", label=1).rule(name="found")
lookup_rule = lookup({"word3": 0, "word4": 1}).rule(name="lookup_rule")
high = between(400, None, column="score", label=1).rule(name="high")

@column
def n_words(text):
    return len(text.split())

@labeling_function()
def by_time(when, day):
    return 1 if when.day > 14 and day.day < 20 else ABSTAIN

@labeling_function()
def by_score(score: float, n_words):
    return (0, 0.7) if score > 900 and n_words else ABSTAIN

@labeling_function()
def by_lists(tags, user):
    return 1 // len(tags) if user["age"] < 3 else ABSTAIN

@labeling_function()
def by_text(day, text=None):
    return 0 if text is None and "9" in str(day) else ABSTAIN
"""

MANY_RUN = "lk.run('many.py', 'many.parquet', 'many', labels=['A', 'B'], workers=2, on_fault='record', force=True"
PROGRAMS = {
    "run": f"{RUN})",
    "run that keeps its model": f"{RUN}, update=True, keep_model=True)",
    "run that fits again": f"{RUN}, update=True)",
    "run with gold": f"{RUN}, force=True, gold='gold.csv')",
    "columns of many types": f"{MANY_RUN})",
    "columns of many types, and ids of text": f"{MANY_RUN}, id='id')",
    "content": f"{RUN}, force=True, model=lk.ContentLabelModel(), text_columns='text')",
    "apply": 'lk.Applier(lk.collect("rules.py", labels=["A", "B"])).apply("old/0.csv", workers=2)',
    "frame": """
import pandas as pd
lk.Applier(lk.collect("rules.py", labels=["A", "B"])).apply(pd.read_csv("old/0.csv"), workers=2)
""",
    "bundle": """
bundle = lk.load_bundle("b.labelkit")
bundle.warm_up()
rows = [{"id": n, "text": f"word{n % 50} xx{n}y"} for n in range(5_000)]
for call in (lambda: bundle.predict(rows[0]), lambda: bundle.explain(rows[0]), lambda: bundle.predict_proba(rows)):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
""",
}


def write_rows(file: Path, first: int) -> None:
    rows = (f"{n},word{n % 50} xx{n}y" for n in range(first, first + 20_000))
    file.write_text("\n".join(["id,text", *rows]))


def python(folder: Path, program: str) -> str:
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imports")
    (folder / "old").mkdir()
    (folder / "rules.py").write_text(RULES)
    write_rows(folder / "old/0.csv", 0)
    (folder / "gold.csv").write_text("id,label\n" + "".join(f"{n},{'AB'[n % 3 == 0]}\n" for n in range(600)))
    (folder / "many.py").write_text(MANY)
    columns = {
        "id": [f"key {n}" for n in range(20_000)],
        "text": [f"word{n % 50} xx{n}y\u0301" if n % 9 else None for n in range(20_000)],
        "when": [dt.datetime(2026, 1, 1 + n % 28, tzinfo=dt.UTC) if n % 7 else None for n in range(20_000)],
        "day": [dt.date(2026, 1, 1 + n % 28) for n in range(20_000)],
        "score": [n / 7 if n % 5 else None for n in range(20_000)],
        "tags": [["a", "b"][: n % 3] for n in range(20_000)],
        "user": [{"name": f"u{n}", "age": n % 90} for n in range(20_000)],
    }
    pq.write_table(pa.table(columns), folder / "many.parquet", row_group_size=5_000)
    python(folder, f"import labelkit as lk\n{RUN})\nlk.bundle('out', 'b.labelkit')")
    return folder


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_import_nothing_from_outside(folder: Path, name: str) -> None:
    n_files = len(list((folder / "old").iterdir()))
    if "update=True" in PROGRAMS[name]:
        write_rows(folder / f"old/{n_files}.csv", 20_000 * n_files)
    said = python(folder, f"{WATCH}\n{PROGRAMS[name]}\nprint(json.dumps(sorted(outside)))")
    assert json.loads(said.splitlines()[-1]) == []

"""What a function reads beside its arguments is found, or said not to be known."""

# ruff: noqa: DTZ005, DTZ011, ICN001, NPY002, PLW0108, PLW0603, PTH110, PTH118, PTH119, PTH123, SIM115 - what these functions do wrong is the point

from __future__ import annotations

import datetime
import functools
import gzip
import hashlib
import math
import os
import random
import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime as moment
from os import path as paths
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labelkit.rules.inspection import purity
from labelkit.rules.inspection.resolution import is_fickle, resolve

LIMIT = 5
WORDS = frozenset({"free", "win"})
SEEN: set[str] = set()
TABLE = {"a": 1}
PATTERN = re.compile("a+")
LOCK = threading.Lock()
NAMES: list[str] = []


@dataclass
class Scale:
    factor: float

    def of(self, text):
        return len(text) * self.factor


SCALE = Scale(2.0)


def helper(text):
    return len(text) > LIMIT


def loop_a(text):
    return text and loop_b(text[1:])


def loop_b(text):
    return text and loop_a(text[1:])


def with_default(text, words=("a", "b")):
    return text in words


@functools.cache
def remembered(text):
    return text.lower()


STEADY = {
    "constants": lambda text: len(text) < LIMIT,
    "a set": lambda text: text in WORDS,
    "a table": lambda text: TABLE.get(text) or TABLE["a"],
    "a pattern": lambda text: PATTERN.search(text),
    "a helper": lambda text: helper(text),
    "helpers that call each other": loop_a,
    "the standard library": lambda text: math.sqrt(len(text)) + len(re.findall("a", text)),
    "a digest": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "a package": lambda text: np.mean([len(text)]) > np.float64(1),
    "paths as text": lambda text: os.path.basename(text) + paths.join("a", text),
    "dates as values": lambda text: datetime.date(2026, 1, 1) < datetime.date.fromisoformat(text),
    "an object of one's own": lambda text: SCALE.of(text),
    "a partial function": functools.partial(with_default, words=("c",)),
    "a default": with_default,
    "a remembering function": lambda text: remembered(text),
    "an inner function": lambda text: sorted(text, key=lambda c: (c, LIMIT)),
    "reading a global list": lambda text: text in NAMES,
}


@pytest.mark.parametrize("what", STEADY)
def test_all_is_known_of(what):
    assert resolve(STEADY[what]).problems == ()
    assert resolve(STEADY[what]) == resolve(STEADY[what])


def changes_a_global(text):
    global LIMIT
    LIMIT = 3


def keeps_in_a_variable(text):
    seen = SEEN
    seen.add(text)


def writes_an_item(text):
    TABLE[text] = 1


def imports_late(text):
    import requests

    return requests.get(text)


FICKLE = {
    "dice": (lambda text: random.random(), "random.random"),
    "numpy's dice": (lambda text: np.random.rand(), "numpy.random.rand"),
    "the clock": (lambda text: time.time(), "time.time"),
    "today": (lambda text: datetime.date.today(), "datetime.date.today"),
    "now, by another name": (lambda text: moment.now(), "datetime.datetime.now"),
    "a file": (lambda text: open(text).read(), "open"),
    "a file that is packed": (lambda text: gzip.open(text), "gzip"),
    "a path": (lambda text: Path(text).read_text(), "pathlib.Path"),
    "whether a file exists": (lambda text: paths.exists(text), "os.path.exists"),
    "a table from a file": (lambda text: pd.read_csv(text), "pandas.read_csv"),
    "the environment": (lambda text: os.environ["X"], "os.environ"),
    "a set that it fills": (lambda text: SEEN.add(text), "may change SEEN"),
    "a set in a variable": (keeps_in_a_variable, "may change SEEN"),
    "an item that it writes": (writes_an_item, "may change TABLE"),
    "a global that it changes": (changes_a_global, "the global LIMIT"),
    "an object of another library": (lambda text: LOCK.locked(), "reads LOCK"),
    "a network": (imports_late, "requests"),
    "source as text": (lambda text: eval(text), "eval"),
    "the hash of a text": (lambda text: hash(text), "hash"),
    "a name that is not there": (lambda text: nowhere(text), "nowhere"),  # noqa: F821
    "a module handed on": (lambda text: getattr(math, text), "math"),
    "what a helper reads": (lambda text: helper(text) and keeps_in_a_variable(text), "may change SEEN"),
}


@pytest.mark.parametrize("what", FICKLE)
def test_not_all_is_known_of(what):
    function, told = FICKLE[what]
    assert any(told in problem for problem in resolve(function).problems), resolve(function)


def test_what_a_check_warns_of_is_never_kept():
    """The lint tells where a rule may change its mind; whatever it knows of, the cache must know of, too."""
    names = [name for names in purity._IMPURE.values() for name in names]
    assert [name for name in names if not is_fickle(f"{name}x" if name.endswith(".") else name)] == []


def test_the_digest_follows_what_is_read(monkeypatch):
    before = {what: resolve(STEADY[what]).digest for what in STEADY}
    monkeypatch.setitem(globals(), "LIMIT", 6)
    after = {what: resolve(STEADY[what]).digest for what in STEADY}
    assert {what for what in STEADY if before[what] != after[what]} == {"constants", "a helper", "an inner function"}
    monkeypatch.setitem(globals(), "SCALE", Scale(3.0))
    assert resolve(STEADY["an object of one's own"]).digest != before["an object of one's own"]


def test_the_version_of_a_package_is_part_of_the_digest(monkeypatch):
    before = resolve(STEADY["a package"]).digest
    monkeypatch.setattr("labelkit.rules.inspection.resolution._version_of", lambda package: "0.0")
    assert resolve(STEADY["a package"]).digest != before


def test_a_helper_in_another_module_of_the_project_counts(tmp_path, monkeypatch):
    (tmp_path / "helpers_of_mine.py").write_text("def clean(text): return text.strip()\n")
    (tmp_path / "rules_of_mine.py").write_text("import helpers_of_mine as h\ndef rule(text): return h.clean(text)\n")
    monkeypatch.syspath_prepend(tmp_path)
    import helpers_of_mine
    import rules_of_mine

    before = resolve(rules_of_mine.rule)
    assert before.problems == ()
    (tmp_path / "helpers_of_mine.py").write_text("# now in lower case\ndef clean(text): return text.lower()\n")
    assert resolve(rules_of_mine.rule) == before, "what was loaded counts, not what the file says now"
    exec((tmp_path / "helpers_of_mine.py").read_text(), vars(helpers_of_mine))
    assert resolve(rules_of_mine.rule).digest != before.digest


def test_docstrings_comments_and_lines_do_not_count():
    scopes = [{}, {}, {}]
    exec("def f(text):\n    return len(text) > 5", scopes[0])
    exec("# a comment\n\ndef f(text):\n    'Says if it is long.'\n    return len(text) > 5  # long", scopes[1])
    exec("def f(text):\n    return len(text) > 6", scopes[2])
    one, two, three = (resolve(scope["f"]).digest for scope in scopes)
    assert one == two != three

"""The lint says what is impure, and the cache refuses it: one table, one walk, two readers that cannot disagree."""

import itertools
import textwrap

import pytest

from labelkit.apply.vote_cache import why_not
from labelkit.checks.lint import lint
from labelkit.rules.collect import collect

IMPURE = {
    "time.time()": "import time",
    "time.time_ns()": "import time",
    "time.monotonic_ns()": "import time",
    "datetime.datetime.now().hour": "import datetime",
    "datetime.date.today().day": "import datetime",
    "random.random()": "import random",
    "random.Random().random()": "import random",
    "numpy.random.default_rng().random()": "import numpy",
    "numpy.random.rand()": "import numpy",
    "uuid.uuid4().int": "import uuid",
    "secrets.randbits(2)": "import secrets",
    "os.urandom(1)[0]": "import os",
    "os.getpid()": "import os",
    "os.environ.get('X')": "import os",
    "os.getenv('X')": "import os",
    "os.getcwd()": "import os",
    "os.listdir('.')": "import os",
    "os.path.exists(x)": "import os.path",
    "sys.argv": "import sys",
    "platform.node()": "import platform",
    "threading.get_ident()": "import threading",
    "multiprocessing.current_process()": "import multiprocessing",
    "pathlib.Path(x).read_text()": "import pathlib",
    "pathlib.Path(x).exists()": "import pathlib",
    "glob.glob(x)": "import glob",
    "gzip.open(x)": "import gzip",
    "subprocess.run(x)": "import subprocess",
    "socket.gethostname()": "import socket",
    "urllib.request.urlopen(x)": "import urllib.request",
    "sqlite3.connect(x)": "import sqlite3",
    "globals()": "",
    "locals()": "",
    "vars()": "",
    "hash(x)": "",
    "id(x)": "",
    "open(x).read()": "",
    "input()": "",
    "eval(x)": "",
}
"""Expressions that may differ for the same ``x``, each with the import that it needs."""

PURE = {
    "random.Random(0).random()": "import random",
    "random.Random(len(x)).choice([0, 1])": "import random",
    "numpy.random.default_rng(0).random()": "import numpy",
    "numpy.log(len(x) + 1)": "import numpy",
    "os.path.join(x, 'a')": "import os.path",
    "os.path.basename(x)": "import os",
    "pathlib.PurePath(x).suffix": "import pathlib",
    "datetime.date(2020, 1, 1).day": "import datetime",
    "time.strptime(x, '%Y')": "import time",
    "math.sqrt(len(x))": "import math",
    "json.loads(x)": "import json",
    "re.sub('a', 'b', x)": "import re",
    "hashlib.sha256(x.encode()).digest()[0]": "import hashlib",
    "len(sorted(x, key=lambda c: (c, 3)))": "",
}

WAYS = {
    "directly": "{head}\ndef rule(x):\n    return 1 if {body} else None\n",
    "imported in the function": "def rule(x):\n    {head}\n    return 1 if {body} else None\n",
    "in a helper": "{head}\ndef helper(x):\n    return {body}\ndef rule(x):\n    return 1 if helper(x) else None\n",
    "in a helper's helper": (
        "{head}\ndef inner(x):\n    return {body}\ndef helper(x):\n    return inner(x)\n"
        "def rule(x):\n    return 1 if helper(x) else None\n"
    ),
    "in a class": (
        "{head}\nclass Scorer:\n    def score(self, x):\n        return {body}\nSCORER = Scorer()\n"
        "def rule(x):\n    return 1 if SCORER.score(x) else None\n"
    ),
    "in a comprehension": "{head}\ndef rule(x):\n    return 1 if any([{body} for _ in 'ab']) else None\n",
    "in an inner function": "{head}\ndef rule(x):\n    def inner():\n        return {body}\n    return 1 if inner() else None\n",
    "by a default": "{head}\ndef helper(x):\n    return {body}\ndef rule(x, call=helper):\n    return 1 if call(x) else None\n",
}


def rules_of(tmp_path, source):
    path = tmp_path / "rules.py"
    path.write_text(
        "import labelkit as lk\n" + source.replace("def rule(", "@lk.labeling_function\ndef rule(", 1), "utf-8"
    )
    return collect(path, labels=2)


def read(tmp_path, expression, head, way):
    source = WAYS[way].format(head=head or "pass", body=expression)
    lfs = rules_of(tmp_path, textwrap.dedent(source))
    said = [problem.message for problem in lint(lfs) if "depends on more than the example" in problem.message]
    return said, why_not(lfs["rule"])


@pytest.mark.parametrize(("expression", "way"), list(itertools.product(IMPURE, WAYS)))
def test_what_is_impure_is_said_by_the_lint_and_refused_by_the_cache(tmp_path, expression, way):
    said, refused = read(tmp_path, expression, IMPURE[expression], way)
    assert said
    assert refused
    reasons = {message.split(": it ", 1)[1].rpartition(" (")[0] for message in said}
    assert reasons <= set(refused), "both give the same reasons"


@pytest.mark.parametrize(("expression", "way"), list(itertools.product(PURE, WAYS)))
def test_what_depends_on_its_arguments_alone_is_not_said_to_be_impure(tmp_path, expression, way):
    said, refused = read(tmp_path, expression, PURE[expression], way)
    assert not said
    assert not refused or way == "imported in the function"  # a module that has impure parts may be handed on


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "import random\nRNG = random.Random(0)\ndef rule(x):\n    return RNG.choice([0, 1])",
            "random.Generator.choice",
        ),
        (
            "import numpy as np\nRNG = np.random.default_rng(0)\ndef rule(x):\n    return RNG.integers(2)",
            "numpy.random",
        ),
        ("from time import time_ns as now\ndef rule(x):\n    return now() % 2", "time.time_ns, which reads the clock"),
        ("import time\nnow = time.time\ndef rule(x):\n    return int(now()) % 2", "time.time, which reads the clock"),
        ("import os.path as p\ndef rule(x):\n    return int(p.isfile(x))", "os.path.isfile, which reads a file"),
        ("from os import environ\ndef rule(x):\n    return int(environ['X'])", "os.environ"),
        ("from pathlib import Path\nP = Path('a')\ndef rule(x):\n    return int(P.read_text())", "Path.read_text"),
        ("def rule(x):\n    with open(x) as file:\n        return int(file.read())", "io.open, which reads a file"),
        ("SEEN = []\ndef rule(x):\n    SEEN.append(x)\n    return len(SEEN) % 2", "the global SEEN, which functions"),
        (
            (
                "def make():\n    seen = []\n    def count(x):\n        seen.append(x)\n        return len(seen) % 2\n"
                "    return count\ncount = make()\ndef rule(x):\n    return count(x)"
            ),
            "may change seen",
        ),
        ("N = 0\ndef rule(x):\n    global N\n    N += 1\n    return N % 2", "changes the global N"),
        ("N = 0\ndef other():\n    global N\n    N = 1\ndef rule(x):\n    return N", "the global N, which functions"),
        (
            "def rule(x):\n    rule.n = getattr(rule, 'n', 0) + 1\n    return rule.n % 2",
            "the global rule, which functions",
        ),
    ],
)
def test_other_names_state_and_objects_do_not_hide_it(tmp_path, source, reason):
    lfs = rules_of(tmp_path, source)
    assert any(reason in problem.message for problem in lint(lfs)), lint(lfs)
    assert any(reason in one for one in why_not(lfs["rule"])), why_not(lfs["rule"])


def test_a_file_that_is_read_once_a_process_is_refused_by_the_cache_alone(tmp_path):
    source = "import functools\n@functools.cache\ndef words():\n    return open('a').read()\ndef rule(x):\n    return int(x in words())"
    lfs = rules_of(tmp_path, source)
    assert not [problem for problem in lint(lfs) if "depends on more" in problem.message]
    assert any("io.open" in one for one in why_not(lfs["rule"]))


def test_instructions_of_a_later_python_make_a_function_unknown_and_not_wrong(tmp_path, monkeypatch):
    """A Python that renames an instruction makes votes slower, since they are not cached, and never stale."""
    import dis

    lfs = rules_of(tmp_path, "LIMIT = 3\ndef rule(x):\n    return int(len(x) > LIMIT)")
    assert why_not(lfs["rule"]) == ()
    original = dis.get_instructions

    def renamed(code, **options):
        for step in original(code, **options):
            yield step._replace(opname="LOAD_GLOBAL_FAST") if step.opname == "LOAD_GLOBAL" else step

    monkeypatch.setattr(dis, "get_instructions", renamed)
    assert any("LOAD_GLOBAL_FAST, which is not understood" in one for one in why_not(lfs["rule"]))

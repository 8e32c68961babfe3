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


STATE = {
    "a variable of the function around it": (
        "def make():\n    n = 0\n    def count(x):\n        nonlocal n\n        n += 1\n        return n % 2\n"
        "    return count\ncount = make()\ndef rule(x):\n    return count(x)"
    ),
    "a default": "def rule(x, seen=[]):\n    seen.append(x)\n    return len(seen) % 2",
    "an item of a default": "def rule(x, seen={}):\n    seen[x] = 1\n    return len(seen) % 2",
    "a counted item of a default": "def rule(x, *, seen={'n': 0}):\n    seen['n'] += 1\n    return seen['n'] % 2",
    "a counter of an object": (
        "class C:\n    n = 0\n    def bump(self):\n        self.n += 1\n        return self.n\nc = C()\n"
        "def rule(x):\n    return c.bump() % 2"
    ),
    "a counter of an object that is called": (
        "class C:\n    n = 0\n    def __call__(self):\n        self.n += 1\n        return self.n\nc = C()\n"
        "def rule(x):\n    return c() % 2"
    ),
    "an attribute of an object": ("class C: pass\nc = C()\nc.n = 0\ndef rule(x):\n    c.n += 1\n    return c.n % 2"),
    "an attribute of a class": "class C:\n    n = 0\ndef rule(x):\n    C.n += 1\n    return C.n % 2",
    "by setattr": "class C: pass\nc = C()\ndef rule(x):\n    setattr(c, 'n', 1)\n    return 1",
    "a heap": "import heapq\nH = []\ndef rule(x):\n    heapq.heappush(H, x)\n    return len(H) % 2",
    "an iterator": "import itertools\nIT = itertools.count()\ndef rule(x):\n    return next(IT) % 2",
    "a generator": "IT = (i for i in range(10))\ndef rule(x):\n    return next(IT) % 2",
    "a generator of random numbers": "import random\nR = random.Random(0)\ndef rule(x):\n    return R.randint(0, 1)",
    "a generator of NumPy in a list": (
        "import numpy as np\nR = [np.random.default_rng(0)]\ndef rule(x):\n    return R[0].integers(2)"
    ),
    "a generator of NumPy that is handed on": (
        "import numpy as np\nR = np.random.default_rng(0)\ndef draw(r):\n    return r.integers(2)\n"
        "def rule(x):\n    return draw(R)"
    ),
    "a generator of NumPy of an object": (
        "import numpy as np\nclass C:\n    def __init__(self): self.r = np.random.default_rng(0)\n"
        "    def draw(self): return self.r.integers(2)\nc = C()\ndef rule(x):\n    return c.draw()"
    ),
    "a list of an object": (
        "class C:\n    def __init__(self): self.seen = []\nc = C()\n"
        "def rule(x):\n    c.seen.append(x)\n    return len(c.seen) % 2"
    ),
    "a list of an object of an object": (
        "class C: pass\nc = C()\nc.c = C()\nc.c.seen = []\n"
        "def rule(x):\n    c.c.seen.append(x)\n    return len(c.c.seen) % 2"
    ),
    "a set in a dict": ("SEEN = {'a': set()}\ndef rule(x):\n    SEEN['a'].add(x)\n    return len(SEEN['a']) % 2"),
    "a set that a method of a dict returns": (
        "SEEN = {}\ndef rule(x):\n    SEEN.setdefault('a', set()).add(x)\n    return len(SEEN['a']) % 2"
    ),
    "a list of a class": ("class C:\n    seen = []\ndef rule(x):\n    C.seen.append(x)\n    return len(C.seen) % 2"),
    "an attribute of an object of an object": (
        "class B: n = 0\nclass C:\n    def __init__(self): self.b = B()\n"
        "    def bump(self):\n        self.b.n += 1\n        return self.b.n\nc = C()\ndef rule(x):\n    return c.bump() % 2"
    ),
    "a list that a function of list appends to": (
        "SEEN = []\ndef rule(x):\n    list.append(SEEN, x)\n    return len(SEEN) % 2"
    ),
    "a default that is a deque": (
        "from collections import deque\ndef rule(x, *, seen=deque()):\n    seen.append(x)\n    return len(seen) % 2"
    ),
}
"""Rules that have state: what they changed outlives the call."""

OTHERS = {
    "a method by another name": "from datetime import datetime\nnow = datetime.now\ndef rule(x):\n    return now().hour % 2",
    "a local name": "import time\ndef rule(x):\n    t = time.time\n    return int(t()) % 2",
    "a path in a local name": "from pathlib import Path\ndef rule(x):\n    p = Path(x)\n    return int(p.exists())",
    "a module imported as another name": "def rule(x):\n    import os.path as p\n    return int(p.exists(x))",
    "a name imported as another": "def rule(x):\n    from time import time_ns as t\n    return t() % 2",
    "a partial": "import functools, random\nf = functools.partial(random.randint, 0, 1)\ndef rule(x):\n    return f()",
    "a table of functions": "import time\nF = {'a': time.time}\ndef rule(x):\n    return int(F['a']()) % 2",
    "a lambda": "import time\nf = lambda: time.time()\ndef rule(x):\n    return int(f()) % 2",
    "a property": "import time\nclass C:\n    @property\n    def t(self): return time.time()\nc = C()\ndef rule(x):\n    return int(c.t)",
    "a local object": "import time\nclass C:\n    def t(self): return time.time()\ndef rule(x):\n    return int(C().t())",
    "a decorator": (
        "import time\ndef d(f):\n    def g(x):\n        return f(x) + time.time()\n    return g\n@d\ndef h(x): return 1\n"
        "def rule(x):\n    return int(h(x))"
    ),
    "now in words": "import numpy as np\ndef rule(x):\n    return int(np.datetime64('now').astype(int) % 2)",
    "the time zone": "import datetime\ndef rule(x):\n    return datetime.datetime.fromtimestamp(len(x)).hour % 2",
    "any item of a set": "def rule(x):\n    return int(set(x.split()).pop() == 'a')",
    "an item of a listed set": "def rule(x):\n    return int(list({c for c in x})[0] == 'a')",
    "the next item of a set": "def rule(x):\n    return int(next(iter(set(x))) == 'a')",
    "a joined set": "def rule(x):\n    return int(''.join(set(x)) == 'a')",
}

NO_STATE = {
    "a local object that counts": (
        "class C:\n    def __init__(self): self.n = 0\n    def t(self):\n        self.n += 1\n        return self.n\n"
        "def rule(x):\n    return C().t() % 2"
    ),
    "an object that counts elsewhere": (
        "class C:\n    n = 0\n    def bump(self):\n        self.n += 1\n    def f(self, x): return len(x)\nc = C()\n"
        "def rule(x):\n    return c.f(x) % 2"
    ),
    "a generator of random numbers in a local name": "import random\ndef rule(x):\n    r = random.Random(x)\n    return r.randint(0, 1)",
    "a local counter": "from collections import Counter\ndef rule(x):\n    c = Counter(x)\n    c.update('a')\n    return len(c) % 2",
    "a default that is read": "def rule(x, words=['a']):\n    return int(x in words)",
    "a method of a pattern": "import re\nsearch = re.compile('free').search\ndef rule(x):\n    return int(bool(search(x)))",
    "a sorted set": "def rule(x):\n    return int(sorted(set(x))[0] == 'a')",
    "a local name of a built-in function": "def rule(x):\n    open = x\n    return int(bool(open))",
    "replaced text beside a path": "from pathlib import PurePath\ndef rule(x):\n    return int(PurePath(x.replace('a', 'b')).suffix == '.x')",
}


@pytest.mark.parametrize("what", [*STATE, *OTHERS])
def test_state_and_other_ways_are_said_and_refused(tmp_path, what):
    lfs = rules_of(tmp_path, {**STATE, **OTHERS}[what])
    said = [problem.message.split(": it ", 1)[1].rpartition(" (")[0] for problem in lint(lfs)]
    assert said
    assert set(said) <= set(why_not(lfs["rule"]))


@pytest.mark.parametrize("what", NO_STATE)
def test_what_does_not_outlive_the_call_is_no_state(tmp_path, what):
    lfs = rules_of(tmp_path, NO_STATE[what])
    assert lint(lfs) == []
    assert why_not(lfs["rule"]) == ()


def test_a_method_that_no_code_asks_for_is_refused_by_the_cache_alone(tmp_path):
    source = (
        "class C:\n    def f(self, x): return len(x) % 2\n    def save(self): open('a', 'w')\nc = C()\n"
        "def rule(x):\n    return c.f(x)"
    )
    lfs = rules_of(tmp_path, source)
    assert lint(lfs) == []
    assert any("io.open" in one for one in why_not(lfs["rule"]))


def test_a_file_that_is_read_once_a_process_is_refused_by_the_cache_alone(tmp_path):
    source = "import functools\n@functools.cache\ndef words():\n    return open('a').read()\ndef rule(x):\n    return int(x in words())"
    lfs = rules_of(tmp_path, source)
    assert not [problem for problem in lint(lfs) if "depends on more" in problem.message]
    assert any("io.open" in one for one in why_not(lfs["rule"]))


PATHS = {
    "handed to a helper": "def read(path):\n    with path.open() as file: return file.read()\ndef rule(x):\n    return x in read(P)",
    "in a dict": "D = {'a': P}\ndef rule(x):\n    return x in D['a'].open().read()",
    "of an object": (
        "class C:\n    def __init__(self, path): self.path = path\n    def read(self): return self.path.open().read()\n"
        "c = C(P)\ndef rule(x):\n    return x in c.read()"
    ),
    "of a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    path: Path\nc = C(P)\n"
        "def rule(x):\n    return c.path.exists()"
    ),
    "a default": "def has(x, path=P):\n    return x in path.open().read()\ndef rule(x):\n    return has(x)",
    "of a partial": (
        "import functools\ndef has(path, x):\n    return x in path.open().read()\nhas = functools.partial(has, P)\n"
        "def rule(x):\n    return has(x)"
    ),
    "a variable of the function around a helper": (
        "def make(path):\n    def has(x):\n        own = path\n        return x in own.open().read()\n    return has\n"
        "has = make(P)\ndef rule(x):\n    return has(x)"
    ),
    "by methodcaller": "from operator import methodcaller\nread = methodcaller('read_text')\ndef rule(x):\n    return x in read(P)",
}
"""Ways from a path to the method that reads its file, which is in another function, or of another name."""


@pytest.mark.parametrize("way", PATHS)
def test_a_file_is_refused_by_the_cache_whatever_way_its_path_comes(tmp_path, way):
    lfs = rules_of(tmp_path, f"from pathlib import Path\nP = Path('a')\n{PATHS[way]}")
    assert any("reads a file each time" in one for one in why_not(lfs["rule"])), why_not(lfs["rule"])


def test_a_path_whose_file_is_not_read_is_cached(tmp_path):
    source = "from pathlib import Path\nP = {'a': Path('a.txt')}\ndef rule(x):\n    return int(x == P['a'].name)"
    assert why_not(rules_of(tmp_path, source)["rule"]) == ()


def test_instructions_of_a_later_python_make_a_function_unknown_and_not_wrong(tmp_path, monkeypatch):
    """A Python that renames an instruction makes votes slower, since they are not cached, and never stale."""
    import dis

    lfs = rules_of(
        tmp_path,
        "LIMIT = 3\ndef rule(x):\n    return int(len(x) > LIMIT)\n@lk.labeling_function\ndef more(x):\n    return LIMIT",
    )
    assert why_not(lfs["rule"]) == ()
    original = dis.get_instructions

    def renamed(code, **options):
        for step in original(code, **options):
            yield step._replace(opname="LOAD_GLOBAL_FAST") if step.opname == "LOAD_GLOBAL" else step

    monkeypatch.setattr(dis, "get_instructions", renamed)
    assert any("LOAD_GLOBAL_FAST, which is not understood" in one for one in why_not(lfs["more"]))


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("configparser", "configparser.ConfigParser().read(x)"),
        ("pkgutil", "pkgutil.get_data(x, x)"),
        ("runpy", "runpy.run_path(x)"),
        ("plistlib", "plistlib.load(x)"),
        ("filecmp", "filecmp.cmp(x, x)"),
        ("argparse", "argparse.ArgumentParser(fromfile_prefix_chars='@').parse_args([x])"),
        ("numpy", "numpy.fromregex(x, x, x)"),
        ("pyarrow", "pyarrow.OSFile(x)"),
        ("pyarrow.fs", "pyarrow.fs.LocalFileSystem().open_input_file(x)"),
        ("pyarrow.json", "pyarrow.json.read_json(x)"),
        ("scipy.io", "scipy.io.mmread(x)"),
    ],
)
def test_a_module_that_can_read_files_is_not_cached(module, call, tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(
        f"import labelkit as lk\nimport {module}\n\n"
        f"@lk.labeling_function()\ndef rule(x):\n    return 1 if {call} else 0\n"
    )
    (lf,) = collect(path, labels=["no", "yes"])
    assert any("may depend on more than its arguments" in reason for reason in why_not(lf))


@pytest.mark.parametrize(
    "expression",
    [
        "wave.open(x)",
        "dbm.open(x)",
        "xml.etree.ElementTree.parse(x)",
        "ctypes.CDLL(x)",
        "timeit.default_timer()",
        "asyncio.run(x)",
        "sched.scheduler()",
        "zoneinfo.ZoneInfo(x)",
        "calendar.day_name[0]",
        "email.utils.localtime()",
        "tracemalloc.get_traced_memory()",
        "statistics.NormalDist.samples(x, 3)",
        "pyarrow.input_stream(x)",
        "pandas.ExcelFile(x)",
        "dateutil.parser.parse(x)",
        "spacy.load(x)",
    ],
)
@pytest.mark.parametrize("way", ["directly", "imported in the function", "in a helper"])
def test_what_is_not_listed_as_pure_is_not_cached(tmp_path, expression, way):
    head = f"import {expression.partition('(')[0].partition('[')[0].rpartition('.')[0]}"
    head = {"import statistics.NormalDist": "import statistics"}.get(head, head)
    assert read(tmp_path, expression, head, way)[1]


@pytest.mark.parametrize(
    ("expression", "head"),
    [
        ("unicodedata.normalize('NFKC', x)", "import unicodedata"),
        ("bisect.bisect([1], len(x))", "import bisect"),
        ("collections.Counter(x).most_common(1)", "import collections"),
        ("difflib.SequenceMatcher(None, x, 'a').ratio()", "import difflib"),
        ("html.unescape(x)", "import html"),
        ("urllib.parse.urlsplit(x).netloc", "import urllib.parse"),
        ("ipaddress.ip_address('::1').is_private", "import ipaddress"),
        ("zlib.crc32(x.encode())", "import zlib"),
        ("struct.unpack('<I', b'abcd')", "import struct"),
        ("fractions.Fraction(1, 2)", "import fractions"),
        ("decimal.Decimal('1')", "import decimal"),
        ("csv.reader([x])", "import csv"),
        ("shlex.split(x)", "import shlex"),
        ("functools.reduce(max, [1])", "import functools"),
        ("io.StringIO(x).getvalue()", "import io"),
        ("rapidfuzz.fuzz.ratio(x, 'a')", "import rapidfuzz"),
        ("pandas.Series([x]).str.len()[0]", "import pandas"),
        ("scipy.stats.norm.cdf(1)", "import scipy.stats"),
        ("dateutil.relativedelta.relativedelta(days=1).days", "import dateutil.relativedelta"),
    ],
)
@pytest.mark.parametrize("way", ["directly", "in a helper"])
def test_what_is_listed_as_pure_is_cached(tmp_path, expression, head, way):
    assert read(tmp_path, expression, head, way) == ([], ())


@pytest.mark.parametrize(
    "name",
    [
        *("scipy.sparse.load_npz", "scipy.io.loadmat", "sklearn.utils.shuffle", "sklearn.datasets.load_files"),
        *("pyarrow.csv.read_csv", "pyarrow.csv.open_csv", "pyarrow.parquet.read_table", "pyarrow.parquet.ParquetFile"),
        *("pyarrow.dataset.dataset", "pyarrow.ipc.open_file", "pyarrow.ipc.read_schema", "pyarrow.json.read_json"),
        *("pyarrow.fs.LocalFileSystem", "pyarrow.memory_map", "pyarrow.OSFile", "pandas.read_csv", "pandas.ExcelFile"),
        *(
            "pandas.HDFStore",
            "polars.read_csv",
            "polars.scan_parquet",
            "duckdb.connect",
            "joblib.Memory",
            "joblib.load",
        ),
        *("numpy.load", "numpy.loadtxt", "numpy.fromfile", "numpy.memmap", "numpy.lib.format.open_memmap"),
        *("csv.get_dialect", "codecs.open", "sqlite3.connect", "socket.socket", "email.utils.localtime"),
        *("requests.get", "httpx.get", "charset_normalizer.from_path", "spacy.load", "dateutil.parser.parse"),
    ],
)
@pytest.mark.parametrize("way", ["directly", "imported in the function"])
def test_what_reads_is_refused_by_the_name_of_the_module_that_defines_it_too(tmp_path, name, way):
    module, _, last = name.rpartition(".")
    assert read(tmp_path, f"{last}(x)", f"from {module} import {last}", way)[1]


def test_a_class_that_is_imported_by_name_and_reads_the_clock_is_refused(tmp_path):
    assert read(tmp_path, "Timestamp.now().hour", "from pandas import Timestamp", "directly")[1]

"""The source of a rule tells what it may return and what else than its arguments it reads, without running it."""

import textwrap

import pytest

from labelkit.rules.inspection.dependencies import resolve
from labelkit.rules.inspection.syntax import patterns_used, returned, source_of
from labelkit.rules.load_module import load_file

HEAD = """
from enum import IntEnum
class Label(IntEnum):
    HAM = 0
    SPAM = 1
SPAM = Label.SPAM
"""


@pytest.fixture
def written(tmp_path):
    """Write a module, and take a function of it."""

    def write(text, name="rule"):
        (tmp_path / "rules.py").write_text(HEAD + textwrap.dedent(text))
        return source_of(vars(load_file(tmp_path / "rules.py"))[name])

    return write


@pytest.mark.parametrize(
    ("body", "values", "complete"),
    [
        ("return 1", [1], True),
        ("return -1", [-1], True),
        ("return None", [None], True),
        ("return", [None], True),
        ("pass", [], True),
        ("return Label.SPAM", [1], True),
        ("return SPAM", [1], True),
        ("return Label.SPAM if x else None", [1, None], True),
        ("return 'SPAM'", ["SPAM"], True),
        ("return x > 3", [True], True),
        ("return not x", [True], True),
        ("return x > 3 and SPAM", [True, 1], True),
        ("return len(x)", [], False),
        ("return x", [], False),
        ("SPAM = len(x)\n    return SPAM", [], False),
        ("if x:\n        return 0\n    return int(x)", [0], False),
        ("def inner():\n        return 7\n    return 0", [0], True),
        ("return (lambda: 7)() or 1", [1], False),
    ],
)
def test_what_a_function_may_return_is_known_as_far_as_it_can_be(written, body, values, complete):
    found = returned(written(f"def rule(x):\n    {body}\n"))
    assert [value for value, _ in found.values] == values
    assert found.complete is complete
    assert found.missing == ()


def test_a_member_that_an_enum_does_not_have_is_named_with_its_line(written):
    found = returned(written("def rule(x):\n    return Label.SPAMM\n"))
    assert found.missing == (("Label.SPAMM", 8),)


@pytest.mark.parametrize(
    ("head", "body", "what"),
    [
        ("import random", "return random.random() < 0.5", "random.random, which gives another answer each time"),
        ("from random import choice", "return choice([0, 1])", "random.choice, which gives another"),
        ("import random\nrng = random.Random(0)", "return rng.random() > 1", "Generator.random, which gives another"),
        ("import numpy as np", "return int(np.random.rand() > 1)", "numpy.random.rand, which gives another"),
        ("import numpy as np", "return np.random.default_rng().random()", "numpy.random.default_rng, which gives"),
        ("import uuid", "return uuid.uuid4().int % 2", "uuid.uuid4, which gives another"),
        ("import time", "return int(time.time()) % 2", "time.time, which reads the clock"),
        ("from time import time as now", "return int(now()) % 2", "time.time, which reads the clock"),
        (
            "from datetime import datetime",
            "return datetime.now().hour > 3",
            "datetime.datetime.now, which reads the clock",
        ),
        ("import datetime as dt", "return dt.date.today().day > 3", "datetime.date.today, which reads the clock"),
        ("import os", "return int(os.environ['X'])", "os.environ, which reads the environment"),
        ("import os", "return int(os.environ.get('X'))", "os.environ.get, which reads the environment"),
        ("from os import environ", "return int(environ['X'])", "os.environ, which reads the environment"),
        ("import os", "return int(os.getenv('X'))", "os.getenv, which reads the environment"),
        ("", "return open(x).read() == 'a'", "io.open, which reads a file each time"),
        ("", "return hash(x) % 2", "hash, which differs from process to process"),
        ("", "import random\n    return random.randint(0, 1)", "random.randint, which gives another"),
        ("import subprocess", "return subprocess.run(x).returncode", "subprocess.run, which asks another program"),
        ("seen = []", "seen.append(x)\n    return len(seen)", "the global seen, which functions change"),
        ("n = 0", "global n\n    n += 1\n    return n", "changes the global n"),
        ("n = 0\ndef other():\n    global n\n    n = 5", "return n", "the global n, which functions change (line 10)"),
        (
            "cache = {}\ndef other(k):\n    cache[k] = 5",
            "return cache.get(x)",
            "the global cache, which functions change",
        ),
        ("def helper(x):\n    import time\n    return time.time()", "return helper(x)", "(helper(), line 9)"),
    ],
)
def test_a_function_that_may_answer_otherwise_another_time_is_told_and_why(written, head, body, what):
    found = list(map(str, resolve(written(f"{head}\ndef rule(x):\n    {body}\n").function).impure))
    assert any(what in one for one in found), found


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("import random", "return random.Random(x).random() < 0.5"),
        ("import numpy as np", "return int(np.random.default_rng(len(x)).random() < 0.5)"),
        ("import numpy as np", "return int(np.log(len(x)) > 1)"),
        ("import datetime as dt", "return dt.date(2020, 1, 1) > x"),
        ("import re\nWORD = re.compile('a')", "return int(bool(WORD.search(x)))"),
        ("WORDS = {'a', 'b'}\nWORDS.add('c')", "return x in WORDS"),
        ("LIMIT = 3\nLIMIT = 4", "return len(x) > LIMIT"),
        ("", "seen = []\n    seen.append(x)\n    return len(seen)"),
        ("random = 3", "return random"),
        ("", "open = x\n    return open"),
        ("import functools\n@functools.cache\ndef model():\n    return open('a')", "return model()"),
        ("seen = []\ndef other():\n    seen = []\n    seen.append(1)", "return len(seen)"),
    ],
)
def test_a_function_that_depends_on_its_arguments_alone_is_left_in_peace(written, head, body):
    assert resolve(written(f"{head}\ndef rule(x):\n    {body}\n").function).impure == ()


def test_functions_without_a_source_of_their_own_are_unknown():
    assert source_of(lambda x: x) is None
    assert source_of(len) is None
    assert source_of(eval("lambda x: 1")) is None


def test_the_function_is_found_among_others_of_its_name(written):
    source = written("if 1 > 2:\n    def rule(x):\n        return 1\nelse:\n    def rule(x):\n        return 0\n")
    assert [value for value, _ in returned(source).values] == [0]


def test_patterns_of_the_module_and_of_calls_are_found(written):
    text = """
    import re
    from re import IGNORECASE
    COMPILED = re.compile("(a+)+$", re.MULTILINE)
    NAME = "b+"
    def helper(x):
        return re.findall(NAME, x, flags=IGNORECASE)
    def rule(x):
        return int(bool(COMPILED.search(x) or re.search("c+", x) or helper(x) or re.split(x, x) or re.match("(", x)))
    """
    found = patterns_used(written(text))
    assert [(one.pattern, one.flags) for one in found] == [("(a+)+$", 8), ("c+", 0), ("b+", 2)]

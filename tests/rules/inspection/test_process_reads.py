"""What a rule learns of the process by ordinary syntax: its votes are not cached, and those of its siblings are."""

from __future__ import annotations

import codecs

import pytest

import labelkit as lk
from labelkit.rules.inspection.rule_inputs import inputs_of

HEAD = """
import codecs, contextlib, datetime as dt, logging, re, statistics, time, warnings
from enum import Enum
import numpy as np
import labelkit as lk

class Bare: pass
class Named:
    def __repr__(self):
        return "named"
class Shade(Enum):
    DARK = 1
def helper(text):
    return text
def codec(name):
    return codecs.CodecInfo(lambda text, errors="": (b"a", 1), lambda data, errors="": ("a", 1)) if name == "lk_own" else None
codecs.register(codec)
OBJECT, OBJECTS, NAMED, ERRORS, WARNED = Bare(), [Bare()], Named(), "lk_marks", (UserWarning, KeyError)
FLOATS, INTS, WORDS = {0.1, 0.2}, {1, 2}, {"a", "b"}
WEIGHTS, COUNTS = {"a": 0.1}, {"a": 1}
PATTERN = re.compile(rb"\\w", re.L)

@lk.labeling_function
def rule(text):
"""
ADDRESS, SET = "by its address", "in a way that may depend on its order"
UNCLEAR = {
    "return len(repr(OBJECT))": ADDRESS,
    "return len(str(OBJECTS))": ADDRESS,
    "return len(f'{OBJECT}')": ADDRESS,
    "return len('{}'.format(OBJECT))": ADDRESS,
    "return len('%s' % OBJECT)": ADDRESS,
    "return len('%s %s' % (text, helper))": ADDRESS,
    "return len(str(Bare()))": ADDRESS,
    "return len(repr(lambda: 0))": ADDRESS,
    "return len(text.encode('ascii', 'lk_marks'))": "a handler of errors",
    "return len(text.encode('ascii', errors=ERRORS))": "a handler of errors",
    "return len(str(b'a', 'ascii', 'lk_marks'))": "a handler of errors",
    "return len(text.encode('lk_own'))": "a codec",
    "try:\n        warnings.warn('a')\n    except UserWarning:\n        return 1": "catches UserWarning",
    "try:\n        np.ones(1) / 0\n    except (KeyError, RuntimeWarning):\n        return 1": "catches RuntimeWarning",
    "try:\n        return len(text)\n    except WARNED:\n        return 1": "catches UserWarning",
    "with contextlib.suppress(DeprecationWarning):\n        return 1": "catches DeprecationWarning",
    "with warnings.catch_warnings(record=True) as noted:\n        return len(noted)": "records warnings",
    "return len(warnings.filters)": "warnings.filters",
    "try:\n        return helper(text)\n    except RecursionError:\n        return 1": "catches RecursionError",
    "return time.strptime(text, '%Z') is None": "time zone",
    "return dt.datetime.strptime(text, '%Y %Z') is None": "time zone",
    "return logging.root.level": "logging.root",
    "return PATTERN.match(b'a') is None": "the locale",
    "return re.match(rb'a', b'a', re.L) is None": "re.L",
    "return statistics.NormalDist().samples(1)[0] > 0": "random numbers",
    "return helper.__code__.co_firstlineno": "co_firstlineno",
    "return sum(FLOATS)": SET,
    "return sum(list(FLOATS))": SET,
    "return sum(x * 2 for x in FLOATS)": SET,
    "return sum(x / 2 for x in INTS)": SET,
    "return sum(float(x) for x in set(text.split()))": SET,
    "return sum(WEIGHTS[w] for w in set(text.split()))": SET,
    "return sum(WEIGHTS.get(w, 0) for w in set(text.split()))": SET,
    "return sum(COUNTS.get(w, 0.5) for w in set(text.split()))": SET,
    "return sum(map(float, set(text.split())))": SET,
}
KNOWN = (
    "return len(repr(NAMED)) + len(f'{text}') + len('%s %d' % (text, 5)) + len(str(Shade.DARK)) + len(str(Bare))",
    "return len(str(Named())) + len(str(5))",
    "return len(text.encode('ascii', 'ignore').decode('latin-1', errors='replace')) + len(text.encode())",
    "return len(str(b'a', 'utf-8', 'surrogateescape'))",
    "try:\n        return int(text)\n    except (ValueError, KeyError):\n        return 1",
    "with warnings.catch_warnings():\n        warnings.simplefilter('ignore')\n        return 1",
    "with warnings.catch_warnings(record=True) as noted:\n        warnings.simplefilter('always')\n        return len(noted)",
    "return dt.datetime.strptime(text, '%Y') is None",
    "return sum(INTS) + sum(len(w) for w in WORDS) + sum(w in text for w in WORDS) + sum(map(len, WORDS))",
    "return sum(1 for w in WORDS if w in text) + sum(COUNTS.get(w, 0) for w in set(text.split()))",
    "return sum(COUNTS[w] * 2 for w in set(text.split())) + sum(x + 1 for x in INTS) + sum(text.count(w) for w in WORDS)",
    "return sum(WEIGHTS[w] for w in sorted(set(text.split()))) > 1",
    "return sum(0.5 for letter in text) > 1",
)


def unclear(folder, body):
    (folder / "rules.py").write_text(f"{HEAD}    {body}\n")
    return inputs_of(lk.collect(folder / "rules.py", labels=2)["rule"]).unclear


@pytest.fixture(autouse=True)
def handler():
    codecs.register_error("lk_marks", lambda error: ("?", error.end))


@pytest.mark.parametrize("body", UNCLEAR)
def test_what_differs_by_the_process_is_not_cached(body, tmp_path):
    reasons = unclear(tmp_path, body)
    assert any(UNCLEAR[body] in reason for reason in reasons)


@pytest.mark.parametrize("body", KNOWN)
def test_what_does_not_is_cached(body, tmp_path):
    assert unclear(tmp_path, body) == ()

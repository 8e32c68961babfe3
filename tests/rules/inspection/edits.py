"""Edits of what a function reaches, each a small project and a change that changes what its rule answers.

The language reference was gone through: every way in which a function can get at data stands here. The tests hold the
vote cache and interrupted runs against all of them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

VOTER = """
import zlib, labelkit as _lk
@_lk.labeling_function
def voted(text):
    return zlib.crc32(repr(rule(text)).encode()) % 997
"""
"""The rule of every project: it votes for whatever ``rule`` answers."""

TEXTS = ("free money", "win now", "hm", "")


@dataclass(frozen=True)
class Edit:
    """A project and a change of it.

    Parameters
    ----------
    files : dict of str to str
        The content of each file; ``rules.py`` defines ``rule``.
    old, new : str
        What is replaced by what, in the file that holds it.
    """

    files: dict[str, str] = field(hash=False)
    old: str = "free"
    new: str = "win"

    def write(self, folder, *, edited):
        """Write the project; returns the file of its rules."""
        assert any(self.old in content for content in self.files.values())
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            written = content.replace(self.old, self.new) if edited else content
            path.write_text(written + (VOTER if name == "rules.py" else ""))
        return folder / "rules.py"


def lines(*given):
    return "\n".join(given) + "\n"


def one(*given, old="free", new="win"):
    return Edit({"rules.py": lines(*given)}, old, new)


def project(old="free", new="win", **files):
    return Edit({name.replace("__", "/") + ".py": content for name, content in files.items()}, old, new)


IN_RULE = {
    "a constant": "return 'free' in x",
    "a number": ("return len(x) > 5", "5", "8"),
    "a float": ("return len(x) > 5.5", "5.5", "8.5"),
    "an int that becomes a float": ("return 5", "5", "5.0"),
    "an int that becomes a bool": ("return 1", "return 1", "return True"),
    "a sign of zero": ("return 0.0", "0.0", "-0.0"),
    "bytes": "return b'free' in x.encode()",
    "a complex": ("return 5j", "5j", "6j"),
    "an ellipsis": ("return ...", "...", "None"),
    "a set display": "return x.split()[:1] and x.split()[0] in {'free', 'a'}",
    "a tuple display": "return x.split()[:1] and x.split()[0] in ('free', 'a')",
    "a list display": "return x.split()[:1] and x.split()[0] in ['free', 'a']",
    "a dict display": "return {'free': 1}.get(x[:4])",
    "a value of a dict display": "return {'hm': 'free'}.get(x)",
    "a keyword of a call": "return dict(free=1)",
    "a comparison": ("return len(x) > 3", ">", "<"),
    "a chained comparison": ("return 1 < len(x) < 6", "< 6", "<= 10"),
    "an operator": ("return len(x) + 2", "+", "*"),
    "an in-place operator": ("y = len(x); y += 2; return y", "+=", "-="),
    "a negation": ("return not x", "not x", "x"),
    "an identity": ("return x is None", "is None", "is not None"),
    "a boolean operator": ("return 'e' in x and 'm' in x", "and", "or"),
    "a conditional expression": "return 'free' if x else 'no'",
    "the first constant of a generator expression": "return any(w.startswith('free') for w in x.split())",
    "the first constant of a list comprehension": "return ['free' for w in x]",
    "the first constant of a set comprehension": "return len({'free' + w for w in x}) and sorted({'free' for w in x})",
    "the first constant of a dict comprehension": "return {'free': w for w in x}",
    "a condition of a comprehension": "return [w for w in x.split() if w != 'free']",
    "a nested comprehension": "return [['free' for v in w] for w in x.split()]",
    "an iterable of a comprehension": "return [w for w in ('free',)]",
    "an async comprehension that is not run": "async def f(): return [w async for w in x]\n return f.__name__ == 'f' and 'free'",
    "a lambda": "return (lambda: 'free')()",
    "a default of a lambda": "return (lambda w='free': w)()",
    "a lambda as a key": ("return sorted(['free', 'win'], key=lambda w: w != 'free')", "!= 'free'", "!= 'win'"),
    "an inner function": "def inner(): return 'free'\n return inner()",
    "a default of an inner function": "def inner(w='free'): return w\n return inner()",
    "a keyword default of an inner function": "def inner(*, w='free'): return w\n return inner()",
    "an inner function in an inner function": "def a():\n  def b(): return 'free'\n  return b()\n return a()",
    "the name of an inner function": "def free(): pass\n return free.__name__",
    "the name of an inner class": "class free: pass\n return free.__name__",
    "an inner generator": "def inner(): yield 'free'\n return list(inner())",
    "a yield from": "def a(): yield 'free'\n def b(): yield from a()\n return list(b())",
    "a nonlocal": "w = ''\n def inner():\n  nonlocal w\n  w = 'free'\n inner()\n return w",
    "an inner class": "class A:\n  word = 'free'\n return A.word",
    "a method of an inner class": "class A:\n  def m(self): return 'free'\n return A().m()",
    "an annotation of an inner class that is read": "class A:\n  w: 'free' = 1\n return A.__annotations__['w']",
    "an f-string": "return f'{x}free'",
    "a format of an f-string": ("return f'{len(x):>5}'", ">5", "<5"),
    "a conversion of an f-string": ("return f'{x!r}'", "!r", "!s"),
    "a percent format": "return '%s free' % x",
    "a format call": "return '{} free'.format(x)",
    "a match of a value": "match x[:4]:\n  case 'free': return 1\n  case _: return 2",
    "a match of a sequence": "match x.split():\n  case ['free', *rest]: return rest\n  case _: return 2",
    "a match of a mapping": "match {'a': x}:\n  case {'a': w}: return 'free'\n  case _: return 2",
    "a guard of a match": "match x:\n  case w if 'free' in w: return 1\n  case _: return 2",
    "a match of several": "match x[:4]:\n  case 'free' | 'a': return 1\n  case _: return 2",
    "a walrus": "return (y := 'free') in x and y",
    "a walrus in a comprehension": "return [y for w in x.split() if (y := 'free')]",
    "a loop": "for w in ('free', 'a'):\n  if w in x: return w",
    "an else of a loop": "for w in x: pass\n else: return 'free'",
    "a while": "n = 0\n while n < 5: n += 1\n return n and 'free'",
    "a break": ("for w in x:\n  break\n return w if x else 0", "break", "pass"),
    "an exception": "try: return x[100]\n except IndexError: return 'free'",
    "a kind of exception": (
        "try:\n  return x[100]\n except IndexError: return 1\n except Exception: return 2",
        "except IndexError",
        "except KeyError",
    ),
    "a finally": "try: pass\n finally: y = 'free'\n return y",
    "an exception that is raised": "try: raise ValueError('free')\n except ValueError as error: return str(error)",
    "an unpacking": "a, *b = 'free', 1\n return a",
    "a starred call": "return ''.join([*('free',), x])",
    "a double starred call": "return dict(**{'free': 1})",
    "a slice": ("return x[:4]", ":4", ":3"),
    "a del": ("y = [1, 2]; del y[0]; return y", "y[0]", "y[1]"),
    "an assert": "try:\n  assert 'free' in x\n  return 1\n except AssertionError: return 2",
    "a with": "from contextlib import nullcontext\n with nullcontext('free') as w: return w",
    "a call of a method": ("return x.upper()", "upper", "title"),
    "an argument of a method": "return x.count('free')",
    "a function of the standard library": ("import math\n return math.floor(len(x) / 2)", "floor", "ceil"),
    "an import as": ("from math import floor as f\n return f(len(x) / 2)", "floor", "ceil"),
    "an import of a module as": ("import math as m\n return m.floor(len(x) / 2)", "floor", "ceil"),
    "a regular expression": "import re\n return bool(re.search('free', x))",
    "a flag of a regular expression": ("import re\n return bool(re.search('FREE', x, re.I))", "re.I", "re.A"),
    "a builtin": ("return max(map(len, x.split()), default=0)", "max", "min"),
    "an order of keywords": ("return sorted(x, reverse=True)", "True", "False"),
    "an itemgetter": ("import operator\n return operator.itemgetter(0)((x, len(x)))", "(0)", "(1)"),
    "an attrgetter": ("import operator\n return operator.attrgetter('real')(3+4j)", "real", "imag"),
    "a methodcaller": "import operator\n return operator.methodcaller('count', 'free')(x)",
    "getattr of a text": ("return getattr(x, 'upper')()", "upper", "title"),
    "a computed attribute": ("return getattr(x, 'up' + 'per')()", "'up' + 'per'", "'ti' + 'tle'"),
    "a dynamic type": "return type('A', (), {'w': 'free'}).w",
    "an eval": "return eval(\"'free'\")",
    "an exec": "s = {}; exec(\"w = 'free'\", s); return s['w']",
    "a compile": "return eval(compile(\"'free'\", 'a', 'eval'))",
    "a coroutine": "import asyncio\n async def f(): return 'free'\n try: f().send(None)\n except StopIteration as e: return e.value",
    "an await": "async def f(): return 'free'\n async def g(): return await f()\n try: g().send(None)\n except StopIteration as e: return e.value",
    "a template": "import string\n return string.Template('free $x').substitute(x=x)",
    "an attribute of a parameter": ("return x.__class__.__name__", "__name__", "__module__"),
    "a type alias inside": "w = list['free']\n return w.__args__",
    "a star expression of an index": ("return {(1, 2): 'a', (2, 1): 'b'}[(*(1, 2),)]", "(1, 2),)", "(2, 1),)"),
    "a docstring that is read": "def f(): 'free'\n return f.__doc__",
}
"""What stands in the function itself, by the body."""

AROUND = {
    "a global": ("W = 'free'", "def rule(x): return W"),
    "a global that is computed": ("W = ''.join(['fr', 'ee']) + 'free'", "def rule(x): return W"),
    "a global list": ("W = ['free']", "def rule(x): return W"),
    "a global set": ("W = {'free', 'a'}", "def rule(x): return sorted(W)"),
    "a global frozenset": ("W = frozenset({'free', 'a'})", "def rule(x): return sorted(W)"),
    "a global dict": ("W = {'a': 'free'}", "def rule(x): return W['a']"),
    "a key of a global dict": ("W = {'free': 1}", "def rule(x): return list(W)"),
    "a global tuple of lists": ("W = ([('free',)],)", "def rule(x): return W"),
    "global bytes": ("W = b'free'", "def rule(x): return W"),
    "a global bytearray": ("W = bytearray(b'free')", "def rule(x): return bytes(W)"),
    "a global range": ("W = range(len('free'))", "def rule(x): return list(W)", "len('free')", "5"),
    "a container that holds itself": ("W = ['free']", "W.append(W)", "def rule(x): return W[0]"),
    "two containers that hold each other": (
        "A, B = [], ['free']",
        "A.append(B); B.append(A)",
        "def rule(x): return A[0][0]",
    ),
    "a dict that holds itself": ("W = {}", "W['w'] = W; W['v'] = 'free'", "def rule(x): return W['w']['v']"),
    "a global deque": ("from collections import deque", "W = deque(['free'])", "def rule(x): return W[0]"),
    "a global Counter": ("from collections import Counter", "W = Counter(['free'])", "def rule(x): return list(W)"),
    "a global OrderedDict": (
        "from collections import OrderedDict",
        "W = OrderedDict(free=1)",
        "def rule(x): return list(W)",
    ),
    "a ChainMap": ("from collections import ChainMap", "W = ChainMap({'a': 'free'})", "def rule(x): return W['a']"),
    "the default of a defaultdict": (
        "from collections import defaultdict",
        "W = defaultdict(lambda: 'free')",
        "def rule(x): return W[x]",
    ),
    "a mapping proxy": (
        "from types import MappingProxyType",
        "W = MappingProxyType({'a': 'free'})",
        "def rule(x): return W['a']",
    ),
    "a SimpleNamespace": (
        "from types import SimpleNamespace",
        "W = SimpleNamespace(a='free')",
        "def rule(x): return W.a",
    ),
    "a memoryview": ("W = memoryview(b'free')", "def rule(x): return bytes(W)"),
    "an array of the standard library": (
        "from array import array",
        "W = array('b', b'free')",
        "def rule(x): return W.tobytes()",
    ),
    "a date": ("import datetime as d", "W = d.date(2026, 1, 5)", "def rule(x): return W.isoformat()", "1, 5", "1, 6"),
    "a Decimal": ("from decimal import Decimal", "W = Decimal('1.0')", "def rule(x): return W", "1.0", "1.00"),
    "a Fraction": ("from fractions import Fraction", "W = Fraction(1, 3)", "def rule(x): return W", "1, 3", "1, 4"),
    "a UUID": ("import uuid", "W = uuid.UUID(int=5)", "def rule(x): return W.hex", "int=5", "int=6"),
    "a path": ("from pathlib import Path", "W = Path('free')", "def rule(x): return W.name"),
    "a pattern": ("import re", "W = re.compile('free')", "def rule(x): return bool(W.search(x))"),
    "a flag of a pattern": (
        "import re",
        "W = re.compile('FREE', re.I)",
        "def rule(x): return bool(W.search(x))",
        "re.I",
        "re.A",
    ),
    "a method of a pattern": ("import re", "W = re.compile('free').search", "def rule(x): return bool(W(x))"),
    "a method of a text": ("W = 'free'.join", "def rule(x): return W(['a', 'b'])"),
    "a method of a dict": ("W = {'hm': 'free'}.get", "def rule(x): return W(x)"),
    "a method of a tuple": (
        "W = ('free', 'hm').index",
        "def rule(x): return W('hm')",
        "('free', 'hm')",
        "('hm', 'free')",
    ),
    "an array": ("import numpy as np", "W = np.array([5, 6])", "def rule(x): return W.tolist()", "5, 6", "5, 7"),
    "the type of an array": (
        "import numpy as np",
        "W = np.array([5, 6], 'int8')",
        "def rule(x): return str(W.dtype)",
        "int8",
        "uint8",
    ),
    "an array of objects": (
        "import numpy as np",
        "W = np.array(['free', None], object)",
        "def rule(x): return W.tolist()",
    ),
    "an array of records": (
        "import numpy as np",
        "W = np.array([(1, 2)], [('free', int), ('b', int)])",
        "def rule(x): return W.dtype.names",
    ),
    "a masked array": (
        "import numpy as np",
        "W = np.ma.array([5, 6], mask=[0, 1])",
        "def rule(x): return W.tolist()",
        "[0, 1]",
        "[1, 0]",
    ),
    "a number of numpy": (
        "import numpy as np",
        "W = np.float32(5)",
        "def rule(x): return W.dtype.name, float(W)",
        "float32",
        "float64",
    ),
    "a Series": ("import pandas as pd", "W = pd.Series(['free'])", "def rule(x): return W[0]"),
    "a frame": ("import pandas as pd", "W = pd.DataFrame({'a': ['free']})", "def rule(x): return W['a'][0]"),
    "an Arrow array": ("import pyarrow as pa", "W = pa.array(['free'])", "def rule(x): return W[0].as_py()"),
    "a default": ("def rule(x, w='free'): return w",),
    "a mutable default": ("def rule(x, w=['free']): return w[0]",),
    "a keyword default": ("def rule(x, *, w='free'): return w",),
    "a default that is a function": ("def f(): return 'free'", "def rule(x, f=f): return f()"),
    "a closure": ("def make(w):", "    def rule(x): return w", "    return rule", "rule = make('free')"),
    "a closure of a closure": (
        "def make(w):",
        "    def a():",
        "        def rule(x): return w",
        "        return rule",
        "    return a()",
        "rule = make('free')",
    ),
    "a function in a closure": (
        "def make(f):",
        "    def rule(x): return f(x)",
        "    return rule",
        "rule = make(lambda x: 'free')",
    ),
    "a cell that was assigned later": (
        "def make():",
        "    def rule(x): return w",
        "    w = 'free'",
        "    return rule",
        "rule = make()",
    ),
    "a lambda as a global": ("rule = lambda x: 'free'",),
    "a helper": ("def f(x): return 'free'", "def rule(x): return f(x)"),
    "a helper of a helper": ("def g(): return 'free'", "def f(x): return g()", "def rule(x): return f(x)"),
    "a helper by another name": ("def g(x): return 'free'", "f = g", "def rule(x): return f(x)"),
    "a helper in a list": ("def f(x): return 'free'", "F = [f]", "def rule(x): return F[0](x)"),
    "a helper in a dict": ("def f(x): return 'free'", "F = {'f': f}", "def rule(x): return F['f'](x)"),
    "a helper in a set": ("def f(x): return 'free'", "F = {f}", "def rule(x): return [g(x) for g in F]"),
    "helpers that call each other": (
        "def a(n): return b(n - 1) if n else 'free'",
        "def b(n): return a(n)",
        "def rule(x): return a(3)",
    ),
    "an attribute of a function": ("def f(): return f.w", "f.w = 'free'", "def rule(x): return f()"),
    "a partial": ("import functools", "def f(x, w): return w", "rule = functools.partial(f, w='free')"),
    "a partial of a partial": (
        "from functools import partial",
        "def f(x, v, w): return v, w",
        "rule = partial(partial(f, w='free'), v=1)",
    ),
    "a partial of a builtin": (
        "from functools import partial",
        "f = partial(int, base=16)",
        "def rule(x): return f('11')",
        "16",
        "8",
    ),
    "a partial method": (
        "from functools import partialmethod",
        "class C:",
        "    def f(self, w): return w",
        "    g = partialmethod(f, 'free')",
        "c = C()",
        "def rule(x): return c.g()",
    ),
    "an lru_cache": (
        "from functools import lru_cache",
        "@lru_cache",
        "def f(): return 'free'",
        "def rule(x): return f()",
    ),
    "a cache": ("from functools import cache", "@cache", "def f(): return 'free'", "def rule(x): return f()"),
    "a cached property": (
        "from functools import cached_property",
        "class C:",
        "    @cached_property",
        "    def w(self): return 'free'",
        "c = C()",
        "def rule(x): return c.w",
    ),
    "a decorator": (
        "from functools import wraps",
        "def d(f):",
        "    @wraps(f)",
        "    def g(x): return f(x), 'free'",
        "    return g",
        "@d",
        "def rule(x): return 0",
    ),
    "a decorator with arguments": (
        "def d(w):",
        "    def e(f): return lambda x: (f(x), w)",
        "    return e",
        "@d('free')",
        "def rule(x): return 0",
    ),
    "a decorator that is a class": (
        "class D:",
        "    def __init__(self, f): self.f = f",
        "    def __call__(self, x): return self.f(x), 'free'",
        "@D",
        "def rule(x): return 0",
    ),
    "what a decorator wraps": (
        "from functools import wraps",
        "def d(f):",
        "    @wraps(f)",
        "    def g(x): return f(x)",
        "    return g",
        "@d",
        "def rule(x): return 'free'",
    ),
    "a singledispatch": (
        "from functools import singledispatch",
        "@singledispatch",
        "def rule(x): return 0",
        "@rule.register",
        "def _(x: str): return 'free'",
    ),
    "a default of a singledispatch": (
        "from functools import singledispatch",
        "@singledispatch",
        "def rule(x): return 'free'",
        "@rule.register",
        "def _(x: int): return 0",
    ),
    "a singledispatchmethod": (
        "from functools import singledispatchmethod",
        "class C:",
        "    @singledispatchmethod",
        "    def m(self, x): return 0",
        "    @m.register",
        "    def _(self, x: str): return 'free'",
        "c = C()",
        "def rule(x): return c.m(x)",
    ),
    "a context manager": (
        "from contextlib import contextmanager",
        "@contextmanager",
        "def f(): yield 'free'",
        "def rule(x):",
        "    with f() as w: return w",
    ),
    "a class with enter and exit": (
        "class C:",
        "    def __enter__(self): return 'free'",
        "    def __exit__(self, *a): return False",
        "def rule(x):",
        "    with C() as w: return w",
    ),
    "a total ordering": (
        "from functools import total_ordering",
        "@total_ordering",
        "class C:",
        "    def __init__(self, w): self.w = w",
        "    def __eq__(self, o): return self.w == o.w",
        "    def __lt__(self, o): return 'free' < o.w",
        "def rule(x): return C('a') > C(x), C('a') < C('g')",
    ),
    "a cmp_to_key": (
        "from functools import cmp_to_key",
        "K = cmp_to_key(lambda a, b: (a == 'free') - (b == 'free'))",
        "def rule(x): return sorted(['free', 'win'], key=K)",
        "(a == 'free')",
        "(a == 'win')",
    ),
    "a reduce": (
        "from functools import reduce",
        "def f(a, b): return a + 'free'",
        "def rule(x): return reduce(f, ['a', 'b'])",
    ),
    "an itemgetter as a global": (
        "from operator import itemgetter",
        "f = itemgetter(0)",
        "def rule(x): return f((x, len(x)))",
        "itemgetter(0)",
        "itemgetter(1)",
    ),
    "an attrgetter as a global": (
        "from operator import attrgetter",
        "f = attrgetter('real')",
        "def rule(x): return f(3+4j)",
        "'real'",
        "'imag'",
    ),
    "a methodcaller as a global": (
        "from operator import methodcaller",
        "f = methodcaller('count', 'free')",
        "def rule(x): return f(x)",
    ),
    "a keyword of a methodcaller": (
        "from operator import methodcaller",
        "f = methodcaller('replace', 'free', 'won')",
        "g = methodcaller('encode', encoding='utf-8', errors='ignore')",
        "def rule(x): return g(f(x) + 'é')",
        "'utf-8'",
        "'ascii'",
    ),
    "the name of a methodcaller with keywords": (
        "from operator import methodcaller",
        "g = methodcaller('rsplit', maxsplit=1)",
        "def rule(x): return g('a b ' + x)",
        "'rsplit'",
        "'split'",
    ),
    "a template as a global": (
        "from string import Template",
        "T = Template('free $x')",
        "def rule(x): return T.substitute(x=x)",
    ),
    "a format as a global": ("f = 'free {}'.format", "def rule(x): return f(x)"),
    "a percent format as a global": ("F = 'free %s'", "def rule(x): return F % x"),
    "a translation": ("T = str.maketrans('f', 'g')", "def rule(x): return x.translate(T)", "'f', 'g'", "'f', 'h'"),
    "a method of an iterator": ("W = iter(lambda: 'free', 0).__next__", "def rule(x): return W()"),
    "an iterator": ("W = iter(lambda: 'free', 0)", "def rule(x): return next(W)"),
    "a generator": ("def g():", "    while True: yield 'free'", "W = g()", "def rule(x): return next(W)"),
    "a globals() by name": ("W = 'free'", "def rule(x): return globals()['W']"),
    "a vars of a module": (
        "import sys",
        "W = 'free'",
        "def rule(x): return vars(sys.modules[__name__])['W'] if __name__ in sys.modules else 'free'",
    ),
    "a computed attribute of a class": ("class C:", "    w1 = 'free'", "def rule(x): return getattr(C, 'w' + str(1))"),
    "an environment variable that is set": (
        "import os",
        "os.environ['LK_EDIT'] = 'free'",
        "def rule(x): return os.environ['LK_EDIT']",
    ),
    "an environment variable by getenv": (
        "import os",
        "os.environ['LK_EDIT'] = 'free'",
        "def rule(x): return os.getenv('LK_EDIT')",
    ),
    "a method of the environment": (
        "import os",
        "os.environ['LK_EDIT'] = 'free'",
        "f = os.environ.get",
        "def rule(x): return f('LK_EDIT')",
    ),
    "an environment that is read at import": (
        "import os",
        "os.environ['LK_EDIT'] = 'free'",
        "W = os.environ['LK_EDIT']",
        "def rule(x): return W",
    ),
    "a context variable": (
        "from contextvars import ContextVar",
        "W = ContextVar('w', default='free')",
        "def rule(x): return W.get()",
    ),
    "a thread-local": ("import threading", "W = threading.local(); W.a = 'free'", "def rule(x): return W.a"),
    "a weak reference": (
        "import weakref",
        "class C: w = 'free'",
        "c = C(); R = weakref.ref(c)",
        "def rule(x): return R().w",
    ),
    "a global that is assigned by a function": (
        "W = ''",
        "def f():",
        "    global W",
        "    W = 'free'",
        "f( )",
        "def rule(x): return W",
    ),
    "a global that is deleted and set": ("W = 1", "del W", "W = 'free'", "def rule(x): return W"),
    "a builtin that is hidden": ("def len(x): return 'free'", "def rule(x): return len(x)"),
    "a builtin that is patched": (
        "import builtins",
        "builtins.lk_edit = lambda: 'free'",
        "def rule(x): return lk_edit()",
    ),
    "a text among the builtins": ("import builtins", "builtins.LK_EDIT = 'free'", "def rule(x): return LK_EDIT"),
    "a name that a loop leaves": ("for W in ['a', 'free']: pass", "def rule(x): return W"),
    "a name of a with": (
        "import contextlib",
        "with contextlib.nullcontext('free') as W: pass",
        "def rule(x): return W",
    ),
    "a name of a match": ("match ['free']:", "    case [W]: pass", "def rule(x): return W"),
    "a name of a walrus": ("(W := 'free')", "def rule(x): return W"),
    "an unpacked name": ("W, *V = 'free', 1", "def rule(x): return W"),
    "a conditional definition": (
        "if 'free' == 'free':",
        "    def rule(x): return 1",
        "else:",
        "    def rule(x): return 2",
        "'free' ==",
        "'win' ==",
    ),
    "a definition in a try": (
        "try: import no_such_module_at_all",
        "except ImportError:",
        "    def rule(x): return 'free'",
    ),
    "an annotation that is read": ("def f(x: 'free'): pass", "def rule(x): return f.__annotations__['x']"),
    "a docstring that is read from outside": ("def f(): 'free'", "def rule(x): return f.__doc__"),
    "a name that is read": ("def f(): pass", "f.__name__ = 'free'", "def rule(x): return f.__name__"),
    "defaults that are read": ("def f(w='free'): pass", "def rule(x): return f.__defaults__"),
    "code that is replaced": (
        "def f(): return 'a'",
        "f.__code__ = (lambda: 'free').__code__",
        "def rule(x): return f()",
    ),
    "defaults that are replaced": ("def f(w='a'): return w", "f.__defaults__ = ('free',)", "def rule(x): return f()"),
    "a coroutine function": (
        "async def f(): return 'free'",
        "def rule(x):",
        "    try: f().send(None)",
        "    except StopIteration as e: return e.value",
    ),
    "an async generator": (
        "async def f(): yield 'free'",
        "def rule(x):",
        "    try: f().__anext__().send(None)",
        "    except StopIteration as e: return e.value",
    ),
    "an async context": (
        "class C:",
        "    async def __aenter__(self): return 'free'",
        "    async def __aexit__(self, *a): pass",
        "async def f():",
        "    async with C() as w: return w",
        "def rule(x):",
        "    try: f().send(None)",
        "    except StopIteration as e: return e.value",
    ),
    "an awaitable": (
        "class C:",
        "    def __await__(self):",
        "        return 'free'",
        "        yield",
        "async def f(): return await C()",
        "def rule(x):",
        "    try: f().send(None)",
        "    except StopIteration as e: return e.value",
    ),
    "an async iteration": (
        "class C:",
        "    n = 0",
        "    def __aiter__(self): return self",
        "    async def __anext__(self):",
        "        self.n += 1",
        "        if self.n > 1: raise StopAsyncIteration",
        "        return 'free'",
        "async def f():",
        "    return [w async for w in C()]",
        "def rule(x):",
        "    try: f().send(None)",
        "    except StopIteration as e: return e.value",
    ),
    "a type variable": ("from typing import TypeVar", "T = TypeVar('free')", "def rule(x): return T.__name__"),
    "a type alias": ("from typing import Literal, get_args", "W = Literal['free']", "def rule(x): return get_args(W)"),
    "a generic alias": ("W = list['free']", "def rule(x): return W.__args__"),
    "a NewType": ("from typing import NewType", "W = NewType('free', str)", "def rule(x): return W.__name__"),
    "a sentinel with a repr": ("class C:", "    def __repr__(self): return 'free'", "c = C()", "def rule(x): return c"),
    "an exception class": (
        "class E(Exception):",
        "    def __str__(self): return 'free'",
        "def rule(x):",
        "    try: raise E",
        "    except E as e: return str(e)",
    ),
    "an exception group": (
        "def f(): raise ExceptionGroup('free', [ValueError()])",
        "def rule(x):",
        "    try: f()",
        "    except* ValueError as e: w = e.message",
        "    return w",
    ),
    "a StringIO": ("import io", "W = io.StringIO('free')", "def rule(x): return W.getvalue()"),
    "a counter of itertools": ("import itertools", "W = itertools.repeat('free')", "def rule(x): return next(W)"),
    "a compiled struct": ("import struct", "S = struct.Struct('<i')", "def rule(x): return S.pack(5)", "<i", ">i"),
    "a json encoder": (
        "import json",
        "E = json.JSONEncoder(indent=1)",
        "def rule(x): return E.encode([x])",
        "indent=1",
        "indent=2",
    ),
    "a text wrapper": (
        "import textwrap",
        "W = textwrap.TextWrapper(width=5)",
        "def rule(x): return W.wrap(x)",
        "width=5",
        "width=3",
    ),
    "a sequence matcher": (
        "import difflib",
        "M = difflib.SequenceMatcher(a='free')",
        "def rule(x):",
        "    M.set_seq2(x)",
        "    return M.ratio()",
    ),
    "an html parser": (
        "from html.parser import HTMLParser",
        "class P(HTMLParser):",
        "    def handle_data(self, d): self.d = d + 'free'",
        "def rule(x):",
        "    p = P()",
        "    p.feed(x + '!')",
        "    p.close()",
        "    return p.d",
    ),
    "a stemmer of one's own": (
        "class S:",
        "    ends = ('free',)",
        "    def stem(self, w): return w.removeprefix(self.ends[0])",
        "stem = S().stem",
        "def rule(x): return stem(x)",
    ),
}
"""What stands in the module around it; the last two parts are the edit, where they are no code."""

CLASSES = {
    "a class attribute": ("class C: w = 'free'", "def rule(x): return C.w"),
    "an inherited attribute": ("class B: w = 'free'", "class C(B): pass", "def rule(x): return C.w"),
    "a class attribute that is set later": ("class C: pass", "C.w = 'free'", "def rule(x): return C.w"),
    "an instance attribute": ("class C: pass", "c = C(); c.w = 'free'", "def rule(x): return c.w"),
    "an attribute set by __init__": (
        "class C:",
        "    def __init__(self): self.w = 'free'",
        "c = C()",
        "def rule(x): return c.w",
    ),
    "an object that is made in the call": (
        "class C:",
        "    def __init__(self): self.w = 'free'",
        "def rule(x): return C().w",
    ),
    "__new__": (
        "class C:",
        "    def __new__(cls): self = super().__new__(cls); self.w = 'free'; return self",
        "def rule(x): return C().w",
    ),
    "a method": ("class C:", "    def m(self): return 'free'", "c = C()", "def rule(x): return c.m()"),
    "a method by a method": (
        "class C:",
        "    def a(self): return self.b()",
        "    def b(self): return 'free'",
        "c = C()",
        "def rule(x): return c.a()",
    ),
    "an inherited method": (
        "class B:",
        "    def m(self): return 'free'",
        "class C(B): pass",
        "c = C()",
        "def rule(x): return c.m()",
    ),
    "a super": (
        "class B:",
        "    def m(self): return 'free'",
        "class C(B):",
        "    def m(self): return super().m()",
        "c = C()",
        "def rule(x): return c.m()",
    ),
    "an order of bases": (
        "class A: w = 'a'",
        "class B: w = 'b'",
        "class C(A, B): pass",
        "def rule(x): return C.w",
        "C(A, B)",
        "C(B, A)",
    ),
    "a mixin": (
        "class M:",
        "    def m(self): return 'free'",
        "class B: pass",
        "class C(M, B): pass",
        "c = C()",
        "def rule(x): return c.m()",
    ),
    "bases that are set later": (
        "class A: w = 'a'",
        "class B: w = 'free'",
        "class C(A): pass",
        "C.__bases__ = (B,)",
        "def rule(x): return C.w",
    ),
    "a class method": ("class C:", "    @classmethod", "    def m(cls): return 'free'", "def rule(x): return C.m()"),
    "a bound class method": (
        "class C:",
        "    @classmethod",
        "    def m(cls): return 'free'",
        "m = C.m",
        "def rule(x): return m()",
    ),
    "a static method": ("class C:", "    @staticmethod", "    def m(): return 'free'", "def rule(x): return C.m()"),
    "a property": ("class C:", "    @property", "    def w(self): return 'free'", "c = C()", "def rule(x): return c.w"),
    "a setter": (
        "class C:",
        "    @property",
        "    def w(self): return self.v",
        "    @w.setter",
        "    def w(self, v): self.v = v + 'free'",
        "def rule(x): c = C(); c.w = x; return c.w",
    ),
    "a deleter": (
        "class C:",
        "    v = 0",
        "    @property",
        "    def w(self): return 1",
        "    @w.deleter",
        "    def w(self): type(self).v = 'free'",
        "def rule(x): c = C(); del c.w; return c.v",
    ),
    "a property made by a call": ("class C: w = property(lambda self: 'free')", "c = C()", "def rule(x): return c.w"),
    "a bound method": ("class C:", "    def m(self): return 'free'", "m = C().m", "def rule(x): return m()"),
    "an unbound method": ("class C:", "    def m(self): return 'free'", "m = C.m", "def rule(x): return m(0)"),
    "a method that is patched": (
        "class C:",
        "    def m(self): return 'a'",
        "C.m = lambda self: 'free'",
        "c = C()",
        "def rule(x): return c.m()",
    ),
    "a method of an instance that is patched": (
        "class C:",
        "    def m(self): return 'a'",
        "c = C(); c.m = lambda: 'free'",
        "def rule(x): return c.m()",
    ),
    "a name-mangled attribute": (
        "class C:",
        "    __w = 'free'",
        "    def m(self): return self.__w",
        "c = C()",
        "def rule(x): return c.m()",
    ),
    "slots": ("class C:", "    __slots__ = ('w',)", "c = C(); c.w = 'free'", "def rule(x): return c.w"),
    "inherited slots": (
        "class B: __slots__ = ('w',)",
        "class C(B): __slots__ = ()",
        "c = C(); c.w = 'free'",
        "def rule(x): return c.w",
    ),
    "a name-mangled slot": (
        "class C:",
        "    __slots__ = ('__w',)",
        "    def __init__(self, w): self.__w = w",
        "    def m(self): return self.__w",
        "c = C('free')",
        "def rule(x): return c.m()",
    ),
    "a descriptor": (
        "class D:",
        "    def __get__(self, o, t): return 'free'",
        "class C: w = D()",
        "c = C()",
        "def rule(x): return c.w",
    ),
    "a data of a descriptor": (
        "class D:",
        "    def __init__(self, w): self.w = w",
        "    def __get__(self, o, t): return self.w",
        "class C: w = D('free')",
        "c = C()",
        "def rule(x): return c.w",
    ),
    "__set_name__": (
        "class D:",
        "    def __set_name__(self, o, n): self.w = n + 'free'",
        "    def __get__(self, o, t): return self.w",
        "class C: w = D()",
        "c = C()",
        "def rule(x): return c.w",
    ),
    "__set_name__ in the call": (
        "class D:",
        "    def __set_name__(self, o, n): o.v = 'free'",
        "def rule(x):",
        "    class C: w = D()",
        "    return C.v",
    ),
    "__set__": (
        "class D:",
        "    def __set__(self, o, v): o.__dict__['v'] = v + 'free'",
        "class C: w = D()",
        "def rule(x): c = C(); c.w = x; return c.v",
    ),
    "__delete__": (
        "class D:",
        "    def __delete__(self, o): o.v = 'free'",
        "class C: w = D()",
        "def rule(x): c = C(); del c.w; return c.v",
    ),
    "__init_subclass__": (
        "class B:",
        "    def __init_subclass__(cls): cls.w = 'free'",
        "class C(B): pass",
        "def rule(x): return C.w",
    ),
    "__init_subclass__ in the call": (
        "class B:",
        "    def __init_subclass__(cls): cls.w = 'free'",
        "def rule(x):",
        "    class C(B): pass",
        "    return C.w",
    ),
    "an argument of __init_subclass__": (
        "class B:",
        "    def __init_subclass__(cls, w): cls.w = w",
        "class C(B, w='free'): pass",
        "def rule(x): return C.w",
    ),
    "__class_getitem__": ("class C:", "    def __class_getitem__(cls, i): return 'free'", "def rule(x): return C[0]"),
    "__getattr__": (
        "class C:",
        "    def __getattr__(self, n): return 'free'",
        "c = C()",
        "def rule(x): return c.anything",
    ),
    "__getattribute__": (
        "class C:",
        "    def __getattribute__(self, n): return 'free'",
        "c = C()",
        "def rule(x): return c.anything",
    ),
    "__setattr__": (
        "class C:",
        "    def __setattr__(self, n, v): self.__dict__[n] = 'free'",
        "def rule(x): c = C(); c.w = 1; return c.w",
    ),
    "__delattr__": (
        "class C:",
        "    def __delattr__(self, n): self.__dict__['v'] = 'free'",
        "def rule(x): c = C(); del c.w; return c.v",
    ),
    "__dir__": ("class C:", "    def __dir__(self): return ['free']", "c = C()", "def rule(x): return c.__dir__()"),
    "__call__": ("class C:", "    def __call__(self, x): return 'free'", "rule = C()"),
    "__call__ of a metaclass": (
        "class M(type):",
        "    def __call__(cls): return 'free'",
        "class C(metaclass=M): pass",
        "def rule(x): return C()",
    ),
    "a metaclass": (
        "class M(type):",
        "    def m(cls): return 'free'",
        "class C(metaclass=M): pass",
        "def rule(x): return C.m()",
    ),
    "an attribute of a metaclass": (
        "class M(type): w = 'free'",
        "class C(metaclass=M): pass",
        "def rule(x): return C.w",
    ),
    "__new__ of a metaclass": (
        "class M(type):",
        "    def __new__(m, n, b, d): return super().__new__(m, n, b, {**d, 'w': 'free'})",
        "class C(metaclass=M): pass",
        "def rule(x): return C.w",
    ),
    "__prepare__": (
        "class M(type):",
        "    @classmethod",
        "    def __prepare__(m, n, b): return {'w': 'free'}",
        "class C(metaclass=M): pass",
        "def rule(x): return C.w",
    ),
    "__instancecheck__": (
        "class M(type):",
        "    def __instancecheck__(cls, o): return 'free' in o",
        "class C(metaclass=M): pass",
        "def rule(x): return isinstance(x, C)",
    ),
    "__getattr__ of a metaclass": (
        "class M(type):",
        "    def __getattr__(cls, n): return 'free'",
        "class C(metaclass=M): pass",
        "def rule(x): return C.anything",
    ),
    "__iter__ of a metaclass": (
        "class M(type):",
        "    def __iter__(cls): return iter(['free'])",
        "class C(metaclass=M): pass",
        "def rule(x): return list(C)",
    ),
    "__contains__": (
        "class C:",
        "    def __contains__(self, w): return 'free' in w",
        "c = C()",
        "def rule(x): return x in c",
    ),
    "__getitem__": ("class C:", "    def __getitem__(self, i): return 'free'", "c = C()", "def rule(x): return c[x]"),
    "__setitem__": (
        "class C:",
        "    def __setitem__(self, i, v): self.w = v + 'free'",
        "def rule(x): c = C(); c[0] = x; return c.w",
    ),
    "__delitem__": (
        "class C:",
        "    def __delitem__(self, i): self.w = 'free'",
        "def rule(x): c = C(); del c[0]; return c.w",
    ),
    "__iter__": ("class C:", "    def __iter__(self): return iter(['free'])", "c = C()", "def rule(x): return list(c)"),
    "__reversed__": (
        "class C:",
        "    def __reversed__(self): return iter(['free'])",
        "c = C()",
        "def rule(x): return list(reversed(c))",
    ),
    "__len__": ("class C:", "    def __len__(self): return len('free')", "c = C()", "def rule(x): return len(c)"),
    "__bool__": (
        "class C:",
        "    def __bool__(self): return len('free') > 3",
        "c = C()",
        "def rule(x): return bool(c)",
    ),
    "__eq__": ("class C:", "    def __eq__(self, o): return 'free' in o", "c = C()", "def rule(x): return c == x"),
    "__hash__": (
        "class C:",
        "    def __hash__(self): return len('free')",
        "c = C()",
        "def rule(x): return c.__hash__()",
    ),
    "__lt__": ("class C:", "    def __lt__(self, o): return 'free' in o", "c = C()", "def rule(x): return c < x"),
    "__add__": ("class C:", "    def __add__(self, o): return 'free'", "c = C()", "def rule(x): return c + x"),
    "__radd__": ("class C:", "    def __radd__(self, o): return 'free'", "c = C()", "def rule(x): return x + c"),
    "__iadd__": ("class C:", "    def __iadd__(self, o): return 'free'", "def rule(x): c = C(); c += x; return c"),
    "__matmul__": ("class C:", "    def __matmul__(self, o): return 'free'", "c = C()", "def rule(x): return c @ x"),
    "__neg__": ("class C:", "    def __neg__(self): return 'free'", "c = C()", "def rule(x): return -c"),
    "__int__": ("class C:", "    def __int__(self): return len('free')", "c = C()", "def rule(x): return int(c)"),
    "__index__": (
        "class C:",
        "    def __index__(self): return len('free')",
        "c = C()",
        "def rule(x): return 'abcdef'[c]",
    ),
    "__round__": ("class C:", "    def __round__(self): return 'free'", "c = C()", "def rule(x): return round(c)"),
    "__format__": ("class C:", "    def __format__(self, s): return 'free'", "c = C()", "def rule(x): return f'{c}'"),
    "__str__": ("class C:", "    def __str__(self): return 'free'", "c = C()", "def rule(x): return str(c)"),
    "__bytes__": ("class C:", "    def __bytes__(self): return b'free'", "c = C()", "def rule(x): return bytes(c)"),
    "__fspath__": (
        "import os",
        "class C:",
        "    def __fspath__(self): return 'free'",
        "c = C()",
        "def rule(x): return os.fspath(c)",
    ),
    "__missing__": (
        "class C(dict):",
        "    def __missing__(self, k): return 'free'",
        "c = C()",
        "def rule(x): return c[x]",
    ),
    "__copy__": (
        "import copy",
        "class C:",
        "    def __copy__(self): return 'free'",
        "c = C()",
        "def rule(x): return copy.copy(c)",
    ),
    "__match_args__": (
        "class C:",
        "    __match_args__ = ('a',)",
        "    a, b = 1, 2",
        "c = C()",
        "def rule(x):",
        "    match c:",
        "        case C(w): return w",
        "('a',)",
        "('b',)",
    ),
    "__length_hint__": (
        "import operator",
        "class C:",
        "    def __length_hint__(self): return len('free')",
        "c = C()",
        "def rule(x): return operator.length_hint(c)",
    ),
    "__mro_entries__": (
        "class B: w = 'free'",
        "class E:",
        "    def __mro_entries__(self, b): return (B,)",
        "e = E()",
        "def rule(x):",
        "    class C(e): pass",
        "    return C.w",
    ),
    "__doc__ of a class": ("class C: 'free'", "def rule(x): return C.__doc__"),
    "a subclass of str": ("class S(str):", "    def m(self): return 'free'", "s = S('a')", "def rule(x): return s.m()"),
    "the value of a subclass of str": ("class S(str): pass", "s = S('free')", "def rule(x): return str(s)"),
    "an attribute of a subclass of str": ("class S(str): pass", "s = S('a'); s.w = 'free'", "def rule(x): return s.w"),
    "a subclass of int": (
        "class N(int):",
        "    def __add__(self, o): return 'free'",
        "n = N(1)",
        "def rule(x): return n + 1",
    ),
    "a subclass of list": ("class L(list):", "    def m(self): return 'free'", "c = L()", "def rule(x): return c.m()"),
    "the items of a subclass of list": ("class L(list): pass", "c = L(['free'])", "def rule(x): return c[0]"),
    "an attribute of a subclass of list": ("class L(list): pass", "c = L(); c.w = 'free'", "def rule(x): return c.w"),
    "a subclass of set": (
        "class S(set):",
        "    def __contains__(self, w): return 'free' in w",
        "c = S()",
        "def rule(x): return x in c",
    ),
    "a subclass of frozenset": (
        "class S(frozenset):",
        "    def m(self): return 'free'",
        "c = S()",
        "def rule(x): return c.m()",
    ),
    "a subclass of tuple": (
        "class T(tuple):",
        "    def m(self): return 'free'",
        "c = T()",
        "def rule(x): return c.m()",
    ),
    "a subclass of bytes": (
        "class T(bytes):",
        "    def m(self): return 'free'",
        "c = T()",
        "def rule(x): return c.m()",
    ),
    "a subclass of UserDict": (
        "from collections import UserDict",
        "class D(UserDict): pass",
        "c = D(a='free')",
        "def rule(x): return c['a']",
    ),
    "a UserDict": ("from collections import UserDict", "c = UserDict(a='free')", "def rule(x): return c['a']"),
    "a UserString": ("from collections import UserString", "c = UserString('free')", "def rule(x): return str(c)"),
    "a subclass of defaultdict": (
        "from collections import defaultdict",
        "class D(defaultdict): pass",
        "c = D(lambda: 'free')",
        "def rule(x): return c[x]",
    ),
    "a subclass of deque": (
        "from collections import deque",
        "class D(deque): pass",
        "c = D(['free'])",
        "def rule(x): return c[0]",
    ),
    "a subclass of ndarray": (
        "import numpy as np",
        "class A(np.ndarray):",
        "    def m(self): return 'free'",
        "c = np.zeros(1).view(A)",
        "def rule(x): return c.m()",
    ),
    "a subclass of Path": (
        "from pathlib import PurePosixPath",
        "class P(PurePosixPath):",
        "    def m(self): return 'free'",
        "c = P('a')",
        "def rule(x): return c.m()",
    ),
    "a subclass of date": (
        "import datetime",
        "class D(datetime.date):",
        "    def m(self): return 'free'",
        "c = D(2026, 1, 1)",
        "def rule(x): return c.m()",
    ),
    "a subclass of Decimal": (
        "from decimal import Decimal",
        "class D(Decimal):",
        "    def m(self): return 'free'",
        "c = D(1)",
        "def rule(x): return c.m()",
    ),
    "a subclass of partial": (
        "from functools import partial",
        "class P(partial):",
        "    def m(self): return 'free'",
        "c = P(len)",
        "def rule(x): return c.m()",
    ),
    "a subclass of property": (
        "class P(property):",
        "    def __get__(self, o, t=None): return 'free'",
        "class C: w = P(lambda self: 0)",
        "c = C()",
        "def rule(x): return c.w",
    ),
    "a subclass of a function's type": (
        "class F:",
        "    def __init__(self, f): self.__wrapped__ = f",
        "    def __call__(self, x): return 'free'",
        "rule = F(len)",
    ),
    "a dataclass": (
        "from dataclasses import dataclass",
        "@dataclass",
        "class C:",
        "    w: str",
        "c = C('free')",
        "def rule(x): return c.w",
    ),
    "a default of a dataclass": (
        "from dataclasses import dataclass",
        "@dataclass",
        "class C:",
        "    w: str = 'free'",
        "def rule(x): return C().w",
    ),
    "a default factory": (
        "from dataclasses import dataclass, field",
        "@dataclass",
        "class C:",
        "    w: list = field(default_factory=lambda: ['free'])",
        "def rule(x): return C().w",
    ),
    "a named default factory": (
        "from dataclasses import dataclass, field",
        "def f(): return 'free'",
        "@dataclass",
        "class C:",
        "    w: str = field(default_factory=f)",
        "def rule(x): return C().w",
    ),
    "a default of a field": (
        "from dataclasses import dataclass, field",
        "@dataclass(slots=True)",
        "class C:",
        "    w: str = field(default='free')",
        "def rule(x): return C().w",
    ),
    "metadata of a field": (
        "from dataclasses import dataclass, field, fields",
        "@dataclass",
        "class C:",
        "    w: str = field(default='', metadata={'m': 'free'})",
        "def rule(x): return fields(C)[0].metadata['m']",
    ),
    "an option of a field": (
        "from dataclasses import dataclass, field",
        "@dataclass",
        "class C:",
        "    v: int = 1",
        "    w: int = field(default=2, repr=True)",
        "def rule(x): return repr(C())",
        "repr=True",
        "repr=False",
    ),
    "an option of a dataclass": (
        "from dataclasses import dataclass",
        "@dataclass(eq=True)",
        "class C:",
        "    w: int = 2",
        "def rule(x): return C() == C()",
        "eq=True",
        "eq=False",
    ),
    "an order of fields": (
        "from dataclasses import dataclass",
        "@dataclass",
        "class C:",
        "    v: int = 1",
        "    w: int = 1",
        "def rule(x): return repr(C(5))",
        "    v: int = 1\n    w: int = 1",
        "    w: int = 1\n    v: int = 1",
    ),
    "__post_init__": (
        "from dataclasses import dataclass",
        "@dataclass",
        "class C:",
        "    w: str = ''",
        "    def __post_init__(self): self.w = 'free'",
        "def rule(x): return C().w",
    ),
    "a method of a dataclass": (
        "from dataclasses import dataclass",
        "@dataclass",
        "class C:",
        "    def m(self): return 'free'",
        "def rule(x): return C().m()",
    ),
    "a dataclass with slots": (
        "from dataclasses import dataclass",
        "@dataclass(slots=True)",
        "class C:",
        "    w: str",
        "c = C('free')",
        "def rule(x): return c.w",
    ),
    "an inherited field": (
        "from dataclasses import dataclass",
        "@dataclass",
        "class B:",
        "    w: str = 'free'",
        "@dataclass",
        "class C(B): pass",
        "def rule(x): return C().w",
    ),
    "a class variable of a dataclass": (
        "from dataclasses import dataclass",
        "from typing import ClassVar",
        "@dataclass",
        "class C:",
        "    w: ClassVar[str] = 'free'",
        "def rule(x): return C.w",
    ),
    "make_dataclass": (
        "from dataclasses import make_dataclass",
        "C = make_dataclass('C', [('w', str, 'free')])",
        "def rule(x): return C().w",
    ),
    "a replaced dataclass": (
        "from dataclasses import dataclass, replace",
        "@dataclass",
        "class C:",
        "    w: str = ''",
        "c = replace(C(), w='free')",
        "def rule(x): return c.w",
    ),
    "a named tuple": (
        "from typing import NamedTuple",
        "class N(NamedTuple):",
        "    w: str",
        "n = N('free')",
        "def rule(x): return n.w",
    ),
    "a default of a named tuple": (
        "from typing import NamedTuple",
        "class N(NamedTuple):",
        "    w: str = 'free'",
        "def rule(x): return N().w",
    ),
    "a method of a named tuple": (
        "from typing import NamedTuple",
        "class N(NamedTuple):",
        "    w: str = ''",
        "    def m(self): return 'free'",
        "def rule(x): return N().m()",
    ),
    "an order of a named tuple": (
        "from collections import namedtuple",
        "N = namedtuple('N', 'a b')",
        "def rule(x): return N(1, 2).a",
        "'a b'",
        "'b a'",
    ),
    "a default of a namedtuple": (
        "from collections import namedtuple",
        "N = namedtuple('N', 'a', defaults=['free'])",
        "def rule(x): return N().a",
    ),
    "a typed dict": (
        "from typing import TypedDict",
        "class D(TypedDict):",
        "    free: str",
        "def rule(x): return list(D.__annotations__)",
    ),
    "a value of a typed dict": (
        "from typing import TypedDict",
        "class D(TypedDict):",
        "    w: str",
        "d: D = {'w': 'free'}",
        "def rule(x): return d['w']",
    ),
    "an abstract class": (
        "from abc import ABC, abstractmethod",
        "class B(ABC):",
        "    @abstractmethod",
        "    def m(self): ...",
        "    def n(self): return self.m()",
        "class C(B):",
        "    def m(self): return 'free'",
        "c = C()",
        "def rule(x): return c.n()",
    ),
    "a registered subclass": (
        "from abc import ABC",
        "class B(ABC): pass",
        "B.register(str)",
        "def rule(x): return isinstance(x, B)",
        "register(str)",
        "register(int)",
    ),
    "__subclasshook__": (
        "from abc import ABC",
        "class B(ABC):",
        "    @classmethod",
        "    def __subclasshook__(cls, o): return len('free') == 4",
        "def rule(x): return issubclass(str, B)",
    ),
    "subclasses that are listed": (
        "class B: pass",
        "class C(B): w = 'free'",
        "def rule(x): return [c.w for c in B.__subclasses__()]",
    ),
    "a registry by a decorator": (
        "R = {}",
        "def reg(f): R[f.__name__] = f; return f",
        "@reg",
        "def f(): return 'free'",
        "def rule(x): return R['f']()",
    ),
    "a registry by __init_subclass__": (
        "class B:",
        "    kinds = []",
        "    def __init_subclass__(cls): B.kinds.append(cls)",
        "class C(B): w = 'free'",
        "def rule(x): return [c.w for c in B.kinds]",
    ),
    "a protocol": (
        "from typing import Protocol, runtime_checkable",
        "@runtime_checkable",
        "class P(Protocol):",
        "    def upper(self): ...",
        "def rule(x): return isinstance(x, P)",
        "upper",
        "nope",
    ),
    "a generic class": (
        "from typing import Generic, TypeVar",
        "T = TypeVar('T')",
        "class C(Generic[T]):",
        "    def m(self): return 'free'",
        "c = C[int]()",
        "def rule(x): return c.m()",
    ),
    "an alias of a generic class": (
        "from typing import Generic, TypeVar",
        "T = TypeVar('T')",
        "class C(Generic[T]):",
        "    def m(self): return 'free'",
        "A = C[int]",
        "def rule(x): return A().m()",
    ),
    "a value of an enum": ("from enum import Enum", "class E(Enum): A = 'free'", "def rule(x): return E.A.value"),
    "a member of an enum": (
        "from enum import Enum",
        "class E(Enum): A = 'free'",
        "A = E.A",
        "def rule(x): return A.value",
    ),
    "a look-up of an enum": (
        "from enum import Enum",
        "class E(Enum): A = 'free'; B = 'b'",
        "def rule(x): return E['A'].value",
    ),
    "the members of an enum": (
        "from enum import Enum",
        "class E(Enum): free = 1",
        "def rule(x): return [e.name for e in E]",
    ),
    "a method of an enum": (
        "from enum import Enum",
        "class E(Enum):",
        "    A = 1",
        "    def m(self): return 'free'",
        "def rule(x): return E.A.m()",
    ),
    "a property of an enum": (
        "from enum import Enum",
        "class E(Enum):",
        "    A = 1",
        "    @property",
        "    def w(self): return 'free'",
        "def rule(x): return E.A.w",
    ),
    "__init__ of an enum": (
        "from enum import Enum",
        "class E(Enum):",
        "    A = 1",
        "    def __init__(self, n): self.w = 'free'",
        "def rule(x): return E.A.w",
    ),
    "__new__ of an enum": (
        "from enum import Enum",
        "class E(Enum):",
        "    A = 1",
        "    def __new__(cls, n): o = object.__new__(cls); o._value_ = 'free'; return o",
        "def rule(x): return E.A.value",
    ),
    "_missing_ of an enum": (
        "from enum import Enum",
        "class E(Enum):",
        "    A = 'a'",
        "    B = 'b'",
        "    @classmethod",
        "    def _missing_(cls, v): return cls.A",
        "def rule(x): return E(x).value",
        "return cls.A",
        "return cls.B",
    ),
    "_generate_next_value_": (
        "from enum import Enum, auto",
        "class E(Enum):",
        "    def _generate_next_value_(name, *a): return name + 'free'",
        "    A = auto()",
        "def rule(x): return E.A.value",
    ),
    "an alias of an enum": (
        "from enum import Enum",
        "class E(Enum):",
        "    A = 1",
        "    B = 2",
        "    C = 1",
        "def rule(x): return E.C.name",
        "C = 1",
        "C = 2",
    ),
    "a value of an IntEnum": (
        "from enum import IntEnum",
        "class E(IntEnum): A = 1",
        "def rule(x): return E.A + 0",
        "A = 1",
        "A = 2",
    ),
    "a StrEnum": ("from enum import StrEnum", "class E(StrEnum): A = 'free'", "def rule(x): return E.A + ''"),
    "a Flag": (
        "from enum import IntFlag",
        "class E(IntFlag): A = 4",
        "def rule(x): return int(E.A | 1)",
        "A = 4",
        "A = 8",
    ),
    "a mixin of an enum": (
        "from enum import Enum",
        "class M:",
        "    def m(self): return 'free'",
        "class E(M, Enum): A = 1",
        "def rule(x): return E.A.m()",
    ),
    "a nonmember of an enum": (
        "from enum import Enum, nonmember",
        "class E(Enum):",
        "    A = 1",
        "    w = nonmember('free')",
        "def rule(x): return E.w",
    ),
    "a functional enum": ("from enum import Enum", "E = Enum('E', {'A': 'free'})", "def rule(x): return E.A.value"),
    "a nested class": ("class C:", "    class D: w = 'free'", "def rule(x): return C.D.w"),
    "a class body with a loop": (
        "class C:",
        "    ws = []",
        "    for w in ['free']: ws.append(w)",
        "def rule(x): return C.ws",
    ),
    "a class made by type": ("C = type('C', (), {'w': 'free'})", "def rule(x): return C.w"),
    "a class made by types.new_class": (
        "import types",
        "C = types.new_class('C', (), {}, lambda d: d.update(w='free'))",
        "def rule(x): return C.w",
    ),
    "a decorated class": ("def d(c): c.w = 'free'; return c", "@d", "class C: pass", "def rule(x): return C.w"),
    "an object in an object": ("class A: pass", "a = A(); a.b = A(); a.b.w = 'free'", "def rule(x): return a.b.w"),
    "an object that holds itself": ("class A: pass", "a = A(); a.a = a; a.w = 'free'", "def rule(x): return a.a.a.w"),
    "an object in a list": ("class A: pass", "a = A(); a.w = 'free'; L = [a]", "def rule(x): return L[0].w"),
    "an object as a key": (
        "class A: pass",
        "a = A(); a.w = 'free'; D = {a: 1}",
        "def rule(x): return [k.w for k in D]",
    ),
    "a method of an object as a default": (
        "class A:",
        "    def m(self): return 'free'",
        "def rule(x, m=A().m): return m()",
    ),
    "an object of a class made in a function": (
        "def make():",
        "    class A: w = 'free'",
        "    return A()",
        "a = make()",
        "def rule(x): return a.w",
    ),
    "a type of an object": ("class A: w = 'free'", "a = A()", "def rule(x): return type(a).w"),
    "a class of an object that is replaced": (
        "class A: w = 'a'",
        "class B: w = 'free'",
        "a = A(); a.__class__ = B",
        "def rule(x): return a.w",
    ),
    "a class in a variable of the call": ("class A: w = 'free'", "def rule(x): a = A; b = a; return b.w"),
    "__get__ of a callable object": (
        "class D:",
        "    def __init__(self, f): self.f = f",
        "    def __get__(self, o, t=None): return lambda: self.f(o)",
        "class C:",
        "    @D",
        "    def m(self): return 'free'",
        "c = C()",
        "def rule(x): return c.m()",
    ),
    "__getstate__": (
        "class C:",
        "    def __getstate__(self): return 'free'",
        "c = C()",
        "def rule(x): return c.__getstate__()",
    ),
    "an attribute with an odd name": (
        "class C: pass",
        "c = C(); c.__dict__['a b'] = 'free'",
        "def rule(x): return vars(c)['a b']",
    ),
    "__wrapped__ that hides a call": (
        "import functools",
        "class C:",
        "    def __init__(self, f): functools.update_wrapper(self, f)",
        "    def __call__(self, x): return 'free'",
        "@C",
        "def rule(x): return 0",
    ),
    "__fingerprint_parts__ of one's own": (
        "class C:",
        "    def __fingerprint_parts__(self): return []",
        "    def __call__(self, x): return 'free'",
        "rule = C()",
    ),
    "__resolved_parts__ of one's own": (
        "class C:",
        "    def __resolved_parts__(self): return ()",
        "    def __call__(self, x): return 'free'",
        "rule = C()",
    ),
}
"""Classes and their objects."""

PROJECTS = {
    "a module of the project": project(rules="import helpers\ndef rule(x): return helpers.W\n", helpers="W = 'free'\n"),
    "a function of a module": project(
        rules="import helpers\ndef rule(x): return helpers.f()\n", helpers="def f(): return 'free'\n"
    ),
    "a function by name": project(
        rules="from helpers import f\ndef rule(x): return f()\n", helpers="def f(): return 'free'\n"
    ),
    "a function by another name": project(
        rules="from helpers import f as g\ndef rule(x): return g()\n", helpers="def f(): return 'free'\n"
    ),
    "a module by another name": project(
        rules="import helpers as h\ndef rule(x): return h.f()\n", helpers="def f(): return 'free'\n"
    ),
    "from x import *": project(
        rules="from helpers import *\ndef rule(x): return f()\n", helpers="def f(): return 'free'\n"
    ),
    "a global of a helper": project(
        rules="from helpers import f\ndef rule(x): return f()\n", helpers="W = 'free'\ndef f(): return W\n"
    ),
    "a helper of a helper's module": project(
        rules="from a import f\ndef rule(x): return f()\n",
        a="from b import g\ndef f(): return g()\n",
        b="def g(): return 'free'\n",
    ),
    "a class of a module": project(
        rules="from helpers import C\ndef rule(x): return C().m()\n",
        helpers="class C:\n    w = 'free'\n    def m(self): return self.w\n",
    ),
    "a constant of a settings module": project(
        rules="import settings\ndef rule(x): return len(x) > settings.LIMIT\n", settings="LIMIT = 5\n", old="5", new="8"
    ),
    "a package": Edit(
        {
            "rules.py": "import pack.part\ndef rule(x): return pack.part.W\n",
            "pack/__init__.py": "",
            "pack/part.py": "W = 'free'\n",
        }
    ),
    "the __init__ of a package": Edit(
        {"rules.py": "import pack\ndef rule(x): return pack.W\n", "pack/__init__.py": "W = 'free'\n"}
    ),
    "a function of a package": Edit(
        {
            "rules.py": "from pack.part import f\ndef rule(x): return f()\n",
            "pack/__init__.py": "",
            "pack/part.py": "def f(): return 'free'\n",
        }
    ),
    "a relative import": Edit(
        {
            "rules.py": "from pack import f\ndef rule(x): return f()\n",
            "pack/__init__.py": "from .part import f\n",
            "pack/part.py": "def f(): return 'free'\n",
        }
    ),
    "a relative import from above": Edit(
        {
            "rules.py": "from pack.sub import f\ndef rule(x): return f()\n",
            "pack/__init__.py": "W = 'free'\n",
            "pack/sub/__init__.py": "from .. import W\ndef f(): return W\n",
        }
    ),
    "an import inside": project(
        rules="import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\ndef rule(x):\n    import helpers\n    return helpers.W\n",
        helpers="W = 'free'\n",
    ),
    "an import of a name inside": project(
        rules="import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\ndef rule(x):\n    from helpers import W\n    return W\n",
        helpers="W = 'free'\n",
    ),
    "an import inside that was loaded before": project(
        rules="import helpers as _\ndef rule(x):\n    import helpers\n    return helpers.W\n", helpers="W = 'free'\n"
    ),
    "importlib.import_module": project(
        rules="import importlib\nimport helpers as _\ndef rule(x): return importlib.import_module('helpers').W\n",
        helpers="W = 'free'\n",
    ),
    "importlib at import": project(
        rules="import importlib\nh = importlib.import_module('helpers')\ndef rule(x): return h.W\n",
        helpers="W = 'free'\n",
    ),
    "__import__": project(
        rules="import helpers as _\ndef rule(x): return __import__('helpers').W\n", helpers="W = 'free'\n"
    ),
    "sys.modules": project(
        rules="import sys, helpers\nsys.modules['lk_edit'] = helpers\ndef rule(x): return sys.modules['lk_edit'].W\n",
        helpers="W = 'free'\n",
    ),
    "a module that is reloaded": project(
        rules="import importlib, helpers\nimportlib.reload(helpers)\ndef rule(x): return helpers.W\n",
        helpers="W = 'free'\n",
    ),
    "a module in a variable": project(
        rules="import helpers\nh = [helpers]\ndef rule(x): return h[0].W\n", helpers="W = 'free'\n"
    ),
    "a module that is handed on": project(
        rules="import helpers\ndef f(m): return m.W\ndef rule(x): return f(helpers)\n", helpers="W = 'free'\n"
    ),
    "getattr of a module": project(
        rules="import helpers\ndef rule(x): return getattr(helpers, 'W')\n", helpers="W = 'free'\n"
    ),
    "getattr of a module by a computed name": project(
        rules="import helpers\ndef rule(x): return getattr(helpers, 'W' * 1)\n", helpers="W = 'free'\n"
    ),
    "vars of a module": project(
        rules="import helpers\ndef rule(x): return vars(helpers)['W']\n", helpers="W = 'free'\n"
    ),
    "__dict__ of a module": project(
        rules="import helpers\ndef rule(x): return helpers.__dict__['W']\n", helpers="W = 'free'\n"
    ),
    "__getattr__ of a module": project(
        rules="import helpers\ndef rule(x): return helpers.anything\n", helpers="def __getattr__(name): return 'free'\n"
    ),
    "a function that a module patches": project(
        rules="import helpers, patch\ndef rule(x): return helpers.f()\n",
        helpers="def f(): return 'a'\n",
        patch="import helpers\nhelpers.f = lambda: 'free'\n",
    ),
    "a function that the rules patch": project(
        rules="import helpers\nhelpers.f = lambda: 'free'\ndef rule(x): return helpers.f()\n",
        helpers="def f(): return 'a'\n",
    ),
    "a class that a module patches": project(
        rules="import helpers, patch\ndef rule(x): return helpers.C.w\n",
        helpers="class C: w = 'a'\n",
        patch="import helpers\nhelpers.C.w = 'free'\n",
    ),
    "a function of the standard library that is patched": one(
        "import textwrap", "textwrap.lk_edit = lambda: 'free'", "def rule(x): return textwrap.lk_edit()"
    ),
    "a class of the standard library that is patched": one(
        "import textwrap", "class T(textwrap.TextWrapper): pass", "T.lk_edit = 'free'", "def rule(x): return T.lk_edit"
    ),
    "a builtin of the module that is patched": one(
        "import types", "m = types.ModuleType('m'); m.w = 'free'", "def rule(x): return m.w"
    ),
    "a base of another module": project(
        rules="from helpers import B\nclass C(B): pass\nc = C()\ndef rule(x): return c.m()\n",
        helpers="class B:\n    def m(self): return 'free'\n",
    ),
    "a decorator of another module": project(
        rules="from helpers import d\n@d\ndef rule(x): return 0\n",
        helpers="from functools import wraps\ndef d(f):\n    @wraps(f)\n    def g(x): return f(x), 'free'\n    return g\n",
    ),
    "a global Path whose file changes": Edit(
        {
            "rules.py": "from pathlib import Path\nP = Path(__file__).parent / 'w.txt'\ndef rule(x): return P.read_text()\n",
            "w.txt": "free",
        }
    ),
    "a file whose path is handed to a helper": Edit(
        {
            "rules.py": "from pathlib import Path\nP = Path(__file__).parent / 'w.txt'\ndef read(path):\n    with path.open() as f: return f.read()\ndef rule(x): return read(P)\n",
            "w.txt": "free",
        }
    ),
    "a file whose path is in a dict": Edit(
        {
            "rules.py": "from pathlib import Path\nP = {'w': Path(__file__).parent / 'w.txt'}\ndef rule(x): return P['w'].open().read()\n",
            "w.txt": "free",
        }
    ),
    "a file whose path an object holds": Edit(
        {
            "rules.py": "from pathlib import Path\nclass C:\n    def __init__(self): self.p = Path(__file__).parent / 'w.txt'\n    def read(self): return self.p.open().read()\nc = C()\ndef rule(x): return c.read()\n",
            "w.txt": "free",
        }
    ),
    "a file that is opened": Edit(
        {
            "rules.py": "P = __file__.replace('rules.py', 'w.txt')\ndef rule(x):\n    with open(P) as f: return f.read()\n",
            "w.txt": "free",
        }
    ),
    "a file that is read at import": Edit(
        {
            "rules.py": "from pathlib import Path\nW = (Path(__file__).parent / 'w.txt').read_text().split()\ndef rule(x): return W\n",
            "w.txt": "free",
        }
    ),
    "JSON that is read at import": Edit(
        {
            "rules.py": "import json\nfrom pathlib import Path\nW = json.loads((Path(__file__).parent / 'w.json').read_text())\ndef rule(x): return W['a'][0]\n",
            "w.json": '{"a": ["free"]}',
        }
    ),
    "JSON in an object of one's own": Edit(
        {
            "rules.py": "import json\nfrom pathlib import Path\nclass C:\n    def __init__(self): self.w = json.loads((Path(__file__).parent / 'w.json').read_text())\nc = C()\ndef rule(x): return c.w['a']\n",
            "w.json": '{"a": ["free"]}',
        }
    ),
    "a file that a cached function reads": Edit(
        {
            "rules.py": "from functools import cache\nfrom pathlib import Path\n@cache\ndef f(): return (Path(__file__).parent / 'w.txt').read_text()\ndef rule(x): return f()\n",
            "w.txt": "free",
        }
    ),
    "a file that a cached property reads": Edit(
        {
            "rules.py": "from functools import cached_property\nfrom pathlib import Path\nclass C:\n    @cached_property\n    def w(self): return (Path(__file__).parent / 'w.txt').read_text()\nc = C()\ndef rule(x): return c.w\n",
            "w.txt": "free",
        }
    ),
    "a CSV by pandas": Edit(
        {
            "rules.py": "import pandas as pd\nW = pd.read_csv(__file__.replace('rules.py', 'w.csv'))\ndef rule(x): return W['a'][0]\n",
            "w.csv": "a\nfree\n",
        }
    ),
    "linecache": Edit(
        {
            "rules.py": "import linecache\nP = __file__.replace('rules.py', 'w.txt')\ndef rule(x): linecache.checkcache(P); return linecache.getline(P, 1)\n",
            "w.txt": "free\n",
        }
    ),
    "a @column": Edit(
        {
            "rules.py": "import labelkit as lk, zlib\n@lk.column\ndef word(text): return text + 'free'\n@lk.labeling_function\ndef by_column(word): return zlib.crc32(word.encode()) % 997\ndef rule(x): return 0\n"
        }
    ),
    "a @column of a @column": Edit(
        {
            "rules.py": "import labelkit as lk, zlib\n@lk.column\ndef first(text): return text + 'free'\n@lk.column\ndef word(first): return first + '!'\n@lk.labeling_function\ndef by_column(word): return zlib.crc32(word.encode()) % 997\ndef rule(x): return 0\n"
        }
    ),
    "a helper of a @column": project(
        rules="import labelkit as lk, zlib\nfrom helpers import f\n@lk.column\ndef word(text): return f(text)\n@lk.labeling_function\ndef by_column(word): return zlib.crc32(word.encode()) % 997\ndef rule(x): return 0\n",
        helpers="def f(x): return x + 'free'\n",
    ),
    "keywords": Edit(
        {
            "rules.py": "import labelkit as lk\n@lk.keywords('free', label=5)\ndef words(text): pass\ndef rule(x): return 0\n"
        }
    ),
    "the label of keywords": Edit(
        {
            "rules.py": "import labelkit as lk\n@lk.keywords('free', label=5)\ndef words(text): pass\ndef rule(x): return 0\n"
        },
        "label=5",
        "label=6",
    ),
    "a regex": Edit(
        {
            "rules.py": "import labelkit as lk\n@lk.regex('fr.e', label=5)\ndef words(text): pass\ndef rule(x): return 0\n"
        },
        "fr.e",
        "w.n",
    ),
    "a list of words": Edit(
        {
            "rules.py": "import labelkit as lk\n@lk.lookup('w.txt', match='phrase', label=5)\ndef words(text): pass\ndef rule(x): return 0\n",
            "w.txt": "free\n",
        }
    ),
    "a guard": Edit(
        {
            "rules.py": "import labelkit as lk\n@lk.labeling_function(when=lk.keywords('free'))\ndef guarded(text): return 3\ndef rule(x): return 0\n"
        }
    ),
    "a batch function": Edit(
        {
            "rules.py": "import labelkit as lk, numpy as np\n@lk.labeling_function(batch=True)\ndef many(text): return np.array(['free' in t for t in text], int)\ndef rule(x): return 0\n"
        }
    ),
}
"""Several files, and what labelkit itself reads."""

SINCE_3_12 = {
    "a type parameter of a function": ("def f[T](x: T): return 'free'", "def rule(x): return f(x)"),
    "a type parameter of a class": (
        "class C[T]:",
        "    def m(self): return 'free'",
        "c = C[int]()",
        "def rule(x): return c.m()",
    ),
    "a type statement": ("type W = list['free']", "def rule(x): return W.__value__.__args__"),
    "a bound of a type parameter": ("def f[T: 'free'](): pass", "def rule(x): return f.__type_params__[0].__bound__"),
    "an f-string within an f-string": ("def rule(x): return f'{f'{'free'}'}'",),
}


def _in_rule(body):
    source, *edit = (body,) if isinstance(body, str) else body
    indented = "\n".join(f" {line}" if n == 0 else line for n, line in enumerate(source.split("\n")))
    return one("def rule(x):", indented, **dict(zip(("old", "new"), edit, strict=False)))


def _around(parts):
    """Take the last two parts for the edit, where the one before the last stands in the source."""
    *source, old, new = parts if len(parts) > 2 else (*parts, "", "")
    if old and old in lines(*source):
        return one(*source, old=old, new=new)
    return one(*parts)


EDITS: dict[str, Edit] = {
    **{f"{name}, in the rule": _in_rule(body) for name, body in IN_RULE.items()},
    **{name: _around(parts) for name, parts in AROUND.items()},
    **{f"{name}, of a class": _around(parts) for name, parts in CLASSES.items()},
    **{f"{name}, in a project": edit for name, edit in PROJECTS.items()},
    **({name: _around(parts) for name, parts in SINCE_3_12.items()} if sys.version_info >= (3, 12) else {}),
}
"""Edits that change what a rule answers."""

BASE = '''import re
import math
import labelkit as lk
from functools import cache

LIMIT = 5
WORDS = {"free", "win"}
PATTERN = re.compile("free")

class Scale:
    """Scales."""
    factor = 2
    def of(self, x: str) -> int:
        """Scale a length."""
        return len(x) * self.factor

scale = Scale()

@cache
def helper(x):
    """Help."""
    total = len(x)
    return total > LIMIT

def unused(x):
    return "unused"

@lk.column
def shout(text):
    return text.upper()

@lk.labeling_function
def loud(shout):
    """Loud."""
    return 3 if "FREE" in shout else None

@lk.keywords("free", label=4)
def listed(text):
    """Listed."""

def rule(x):
    """Say something."""
    found = [w for w in x.split() if w in WORDS]
    return helper(x), scale.of(x), found, bool(PATTERN.search(x)), math.floor(len(x) / 2)
'''

NOTHING = {
    "nothing": ("LIMIT", "LIMIT"),
    "a comment": ("LIMIT = 5", "LIMIT = 5  # characters"),
    "a comment in the rule": ("    found = [", "    # those that are listed\n    found = ["),
    "a comment that goes on for lines": ("def rule(x):", "# one\n# two\n\n\ndef rule(x):"),
    "blank lines": ("\nclass Scale:", "\n\n\n\nclass Scale:"),
    "spaces": ("w in WORDS]", "w  in  WORDS ]"),
    "brackets": ("total > LIMIT", "(total > LIMIT)"),
    "a line that is broken": (
        "return helper(x), scale.of(x), found,",
        "return helper(x), scale.of(x), found, \\\n       ",
    ),
    "other quotes": ('{"free", "win"}', "{'free', 'win'}"),
    "an order of a set": ('{"free", "win"}', '{"win", "free"}'),
    "the docstring of the rule": ('"""Say something."""', '"""Say it in other words."""'),
    "no docstring of the rule": ('    """Say something."""\n', ""),
    "the docstring of a helper": ('"""Help."""', '"""Lend a hand."""'),
    "no docstring of a helper": ('    """Help."""\n', ""),
    "the docstring of a class": ('"""Scales."""', '"""Scale lengths."""'),
    "the docstring of a method": ('"""Scale a length."""', '"""Length, scaled."""'),
    "the docstring of a declarative rule": ('"""Listed."""', '"""On the list."""'),
    "an order of imports": ("import re\nimport math\n", "import math\nimport re\n"),
    "an import that nobody uses": ("import re\n", "import re\nimport string\n"),
    "an unused function": ('"unused"', '"not used"'),
    "an unused function that is renamed": ("def unused", "def idle"),
    "an unused function that is removed": ('def unused(x):\n    return "unused"\n', ""),
    "an unused global": ("LIMIT = 5", "OTHER = 7\nLIMIT = 5"),
    "an annotation of the rule": ("def rule(x):", "def rule(x: str) -> tuple:"),
    "an annotation of a helper": ("def helper(x):", "def helper(x: str) -> bool:"),
    "an annotation of a method": ("x: str) -> int", "x: object) -> float"),
    "an annotation of a global": ("LIMIT = 5", "LIMIT: int = 5"),
    "an annotation of a local variable": ("    total = ", "    total: int = "),
    "a local variable that is renamed": ("total", "length"),
    "a variable of a comprehension that is renamed": (
        "[w for w in x.split() if w in WORDS]",
        "[v for v in x.split() if v in WORDS]",
    ),
    "an order of functions": ('def unused(x):\n    return "unused"\n\n@lk.column', "@lk.column"),
    "a number in another way": ("LIMIT = 5", "LIMIT = 0x5"),
    "a constant that is computed": ("LIMIT = 5", "LIMIT = 2 + 3"),
    "a group and a precision": ("@lk.labeling_function", "@lk.labeling_function(group='ann', precision=0.9)"),
}
"""Edits of the source above that change nothing that the rules answer."""

OTHER_RULES = {
    "a rule that is declared": (('"free", label=4', '"win", label=4'), {"listed"}),
    "a rule of Python": (("return 3 if", "return 2 if"), {"loud"}),
    "a column": (("text.upper()", "text.upper() + '!'"), {"loud"}),
    "a helper": (("total > LIMIT", "total < LIMIT"), {"voted"}),
    "a class attribute": (("factor = 2", "factor = 3"), {"voted"}),
}
"""Edits that change the rules that are named, and no other one."""

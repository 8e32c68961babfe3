"""Edits of what a function of an installed package reaches, which none of labelkit's tables names.

Each is a made-up package in a folder ``site-packages``: its name and version stay as they are, while a file that it
reads, its environment or its code changes.
"""

from __future__ import annotations

from tests.rules.inspection.edits import Edit

HEAD = """import os, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/site-packages")
WORDS = HERE + "/words.txt"
"""


def package(code, rule, words="free\n", **files):
    """A package ``somepkg`` of that code, the rule that uses it, and a list of words beside both."""
    named = {f"site-packages/somepkg/{name.replace('__', '.')}": content for name, content in files.items()}
    return Edit(
        {
            "site-packages/somepkg/__init__.py": f'__version__ = "1.0"\n{code}\n',
            "rules.py": f"{HEAD}{rule}\n",
            "words.txt": words,
            **named,
        }
    )


OPENS = "def load(name):\n    with open(name) as file:\n        return file.read().split()"
USES = "from somepkg import load\ndef rule(x): return load(WORDS)"

READS = {
    "open": package(OPENS, USES),
    "open of a relative name": package(OPENS, "from somepkg import load\ndef rule(x): return load('words.txt')"),
    "open of a name in a default": package(
        f"{OPENS}\ndef listed(name='words.txt'): return load(name)",
        "import somepkg\ndef rule(x): return somepkg.listed()",
    ),
    "open of a name in a global of the package": package(
        f"NAME = 'words.txt'\n{OPENS}\ndef listed(): return load(NAME)",
        "from somepkg import listed as them\ndef rule(x): return them()",
    ),
    "open, imported in the rule": package(
        OPENS, "import somepkg as _\ndef rule(x):\n    from somepkg import load\n    return load(WORDS)"
    ),
    "open, imported as a module in the rule": package(
        OPENS, "import somepkg as _\ndef rule(x):\n    import somepkg\n    return somepkg.load(WORDS)"
    ),
    "open, not loaded before the rule is called": package(
        OPENS, "def rule(x):\n    import somepkg\n    return somepkg.load(WORDS)"
    ),
    "open, in a module of the package": package("from somepkg.files import load", USES, files__py=OPENS),
    "open, in a module of the package that is imported when it is called": package(
        "def load(name):\n    from somepkg.files import load as do\n    return do(name)", USES, files__py=OPENS
    ),
    "open, by an alias": package("_o = open\ndef load(name): return _o(name).read()", USES),
    "open, by getattr": package("import io\ndef load(name): return getattr(io, 'open')(name).read()", USES),
    "open, in a method": package(
        "class Words:\n    def load(self, name): return open(name).read()",
        "from somepkg import Words\ndef rule(x): return Words().load(WORDS)",
    ),
    "open, in the constructor": package(
        "class Words:\n    def __init__(self, name): self.words = open(name).read()",
        "from somepkg import Words\ndef rule(x): return Words(WORDS).words",
    ),
    "open, in a property": package(
        "class Words:\n    @property\n    def words(self): return open('words.txt').read()",
        "from somepkg import Words\nW = Words()\ndef rule(x): return W.words",
    ),
    "open, in a class method": package(
        "class Words:\n    @classmethod\n    def load(cls, name): return open(name).read()",
        "from somepkg import Words\ndef rule(x): return Words.load(WORDS)",
    ),
    "open, in an object of the package": package(
        "class Words:\n    def __call__(self, name): return open(name).read()\nload = Words()", USES
    ),
    "open, in a partial function of the package": package(
        f"import functools\n{OPENS}\nlisted = functools.partial(load, 'words.txt')",
        "from somepkg import listed\ndef rule(x): return listed()",
    ),
    "open, cached": package(f"import functools\n{OPENS}\nload = functools.lru_cache(load)", USES),
    "open, behind a decorator": package(
        "import functools\ndef around(f):\n    @functools.wraps(f)\n    def call(*a): return f(*a)\n    return call\n"
        "@around\ndef load(name): return open(name).read()",
        USES,
    ),
    "open, in a generator": package("def load(name): yield from open(name)", f"{USES[:-11]}list(load(WORDS))"),
    "open, in a lambda": package("load = lambda name: open(name).read()", USES),
    "open, by a subclass of a class of another package": package(
        "from somepkg.base import Base\nclass Words(Base): pass",
        "from somepkg import Words\ndef rule(x): return Words().load(WORDS)",
        base__py="class Base:\n    def load(self, name): return open(name).read()",
    ),
    "Path.read_text": package("import pathlib\ndef load(name): return pathlib.Path(name).read_text()", USES),
    "os.scandir": package(
        "import os\ndef load(name): return sorted(e.stat().st_size for e in os.scandir(name) if e.name == 'words.txt')",
        "from somepkg import load\ndef rule(x): return load(HERE)",
    ),
    "package data beside __file__": package(
        "import os\ndef load(): return open(os.path.join(os.path.dirname(__file__), 'data.txt')).read()",
        "from somepkg import load\ndef rule(x): return load()",
        data__txt="free",
    ),
    "package data by importlib.resources": package(
        "from importlib import resources\ndef load(): return resources.files('somepkg').joinpath('data.txt').read_text()",
        "from somepkg import load\ndef rule(x): return load()",
        data__txt="free",
    ),
    "package data by pkgutil": package(
        "import pkgutil\ndef load(): return pkgutil.get_data('somepkg', 'data.txt')",
        "from somepkg import load\ndef rule(x): return load()",
        data__txt="free",
    ),
    "data loaded at import": package(
        "import os\nWORDS = open(os.path.join(os.path.dirname(__file__), 'data.txt')).read().split()",
        "import somepkg\ndef rule(x): return somepkg.WORDS",
        data__txt="free",
    ),
    "data loaded at import, behind a function": package(
        "import os\n_W = open(os.path.join(os.path.dirname(__file__), 'data.txt')).read().split()\n"
        "def has(x): return [w for w in ('free', 'win') if w in _W]",
        "from somepkg import has\ndef rule(x): return has(x)",
        data__txt="free",
    ),
    "data loaded at import, in an object": package(
        "import os\nclass Lexicon:\n    def __init__(self, name): self.words = set(open(name).read().split())\n"
        "    def has(self, x): return sorted(self.words)\n"
        "LEXICON = Lexicon(os.path.join(os.path.dirname(__file__), 'data.txt'))",
        "from somepkg import LEXICON\ndef rule(x): return LEXICON.has(x)",
        data__txt="free",
    ),
    "data loaded at the first call": package(
        f"{OPENS}\n_W = []\ndef words(name):\n    if not _W:\n        _W.extend(load(name))\n    return list(_W)",
        "from somepkg import words\ndef rule(x): return words(WORDS)",
    ),
    "the environment": package(
        "import os\ndef load(): return os.environ.get('LK_SOMEPKG')",
        "os.environ['LK_SOMEPKG'] = 'free'\nfrom somepkg import load\ndef rule(x): return load()",
    ),
    "the environment at import": package(
        "import os\nW = os.environ.get('LK_SOMEPKG')\ndef load(): return W",
        "os.environ['LK_SOMEPKG'] = 'free'\nfrom somepkg import load\ndef rule(x): return load()",
    ),
    "a file named by the environment": package(
        "import os\ndef load(): return open(os.environ['LK_SOMEPKG']).read()",
        "os.environ['LK_SOMEPKG'] = WORDS\nfrom somepkg import load\ndef rule(x): return load()",
    ),
    "numpy.loadtxt": package("import numpy as np\ndef load(name): return np.loadtxt(name, dtype=str).tolist()", USES),
    "numpy.memmap": package("import numpy as np\ndef load(name): return bytes(np.memmap(name, mode='r'))", USES),
    "pandas.read_csv": package(
        "import pandas as pd\ndef load(name): return pd.read_csv(name, header=None)[0][0]", USES
    ),
    "pyarrow.input_stream": package("import pyarrow as pa\ndef load(name): return pa.input_stream(name).read()", USES),
    "csv.reader": package("import csv\ndef load(name): return list(csv.reader(open(name, newline='')))", USES),
    "json.load": package("import json\ndef load(name): return json.load(open(name))", USES, words='"free"'),
    "linecache": package(
        "import linecache\ndef load(name):\n    linecache.checkcache()\n    return linecache.getline(name, 1)", USES
    ),
    "configparser": package(
        "import configparser\ndef load(name):\n    parser = configparser.ConfigParser()\n    parser.read(name)\n"
        "    return parser['a']['b']",
        USES,
        words="[a]\nb = free\n",
    ),
    "sqlite3": package(
        "import sqlite3\ndef load(sql):\n    db = sqlite3.connect(':memory:')\n    return db.execute(sql).fetchone()",
        "from somepkg import load\ndef rule(x): return load(f'select {open(WORDS).read()!r}')",
    ),
    "a parser of another package": Edit(
        {
            "site-packages/otherpkg.py": "def safe_load(file): return file.read()\n",
            "site-packages/somepkg.py": (
                "__version__ = '1'\nimport otherpkg\ndef load(name): return otherpkg.safe_load(open(name))\n"
            ),
            "rules.py": f"{HEAD}{USES}\n",
            "words.txt": "free",
        }
    ),
}
"""Packages that read something; their rules are not cached, unless what was read is known."""

HARMLESS = {
    "a function": package("def has(x): return 'free' in x", "from somepkg import has\ndef rule(x): return has(x)"),
    "a function that calls another": package(
        "from somepkg.words import has as _has\ndef has(x): return _has(x.lower())",
        "import somepkg\ndef rule(x): return somepkg.has(x)",
        words__py="def has(x): return 'free' in x",
    ),
    "an expression": package(
        "import re\n_W = re.compile(r'\\bfree\\b')\ndef has(x): return bool(_W.search(x))",
        "from somepkg import has\ndef rule(x): return has(x)",
    ),
    "a table": package(
        "SCORES = {'free': 1.5, 'now': 0.5}\ndef score(x): return sum(SCORES.get(w, 0) for w in x.split())",
        "from somepkg import score\ndef rule(x): return score(x)",
    ),
    "a stemmer": package(
        "class Stemmer:\n    ends = ('free', 'ing')\n    def stem(self, w):\n        for end in self.ends:\n"
        "            w = w.removesuffix(end)\n        return w",
        "from somepkg import Stemmer\nS = Stemmer()\ndef rule(x): return S.stem(x.split(' ')[0])",
    ),
    "an object like a text": package(
        "class Blob:\n    def __init__(self, text): self.words = text.split()\n    @property\n"
        "    def sentiment(self): return self.words.count('free')",
        "from somepkg import Blob\ndef rule(x): return Blob(x).sentiment",
    ),
    "arrays": package(
        "import numpy as np\ndef mean(x): return float(np.mean([len(w) for w in x.split()] or [len('free')]))",
        "from somepkg import mean\ndef rule(x): return mean(x)",
    ),
    "texts of pandas": package(
        "import pandas as pd\ndef has(x): return bool(pd.Series([x]).str.contains('free')[0])",
        "from somepkg import has\ndef rule(x): return has(x)",
    ),
    "the standard library": package(
        "import base64, difflib, hashlib, html, itertools, json, math, statistics, string, textwrap, unicodedata\n"
        "def digest(x):\n    x = unicodedata.normalize('NFKC', html.unescape(textwrap.dedent(x + 'free')))\n"
        "    return hashlib.md5(json.dumps(x).encode()).hexdigest(), math.floor(statistics.fmean(map(len, [x]))), "
        "base64.b64encode(x.encode()), difflib.SequenceMatcher(None, x, 'a').ratio(), string.capwords(x)",
        "from somepkg import digest\ndef rule(x): return digest(x)",
    ),
    "an enum and a dataclass": package(
        "import dataclasses, enum\nclass Kind(enum.Enum):\n    A = 'free'\n@dataclasses.dataclass(frozen=True)\n"
        "class Tagger:\n    kind: Kind = Kind.A\n    def tag(self, x): return self.kind.value in x\n",
        "from somepkg import Tagger\ndef rule(x): return Tagger().tag(x)",
    ),
    "a function that is imported in the rule": package(
        "def has(x): return 'free' in x",
        "import somepkg as _\ndef rule(x):\n    import somepkg\n    return somepkg.has(x)",
    ),
    "a function behind a decorator": package(
        "import functools\ndef around(f):\n    @functools.wraps(f)\n    def call(*a): return f(*a)\n    return call\n"
        "@around\ndef has(x): return 'free' in x",
        "from somepkg import has\ndef rule(x): return has(x)",
    ),
}
"""Packages that read nothing: their rules are cached, and made anew where the code of the package changes."""

PACKAGE_EDITS = {
    **{f"{name}, in a package": edit for name, edit in READS.items()},
    **{f"{name}, of a harmless package": edit for name, edit in HARMLESS.items()},
}

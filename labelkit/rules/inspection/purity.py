"""The one table of what makes a function impure: what answers differently for the same arguments.

:mod:`labelkit.rules.inspection.dependencies` walks over the code of a rule and looks up here what it reaches. The lint
reports what is impure, and the vote cache refuses it; what is merely unclear, the cache refuses in silence.

>>> impurity("random.random"), impurity("os.environ.get"), impurity("math.sqrt")
('gives another answer each time', 'reads the environment', None)
>>> is_unclear("pickle.loads"), is_unclear("wave.open"), is_unclear("math.sqrt")
(True, True, False)
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet
from enum import Enum
from types import ModuleType
from typing import Any, Final, TypeGuard

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection._judged_names import is_of_pure_module
from labelkit.rules.inspection._origin import is_ours
from labelkit.rules.inspection.syntax import (
    UNKNOWN,
    FunctionNode,
    FunctionSource,
    loads,
    own_names,
)

OF_FILES: Final = "reads a file each time"
"""The reason why what reads files is impure."""

_IMPURE: Final[dict[str, tuple[str, ...]]] = {
    "gives another answer each time": (
        *("random.", "numpy.random.", "secrets.", "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getrandom"),
        *("torch.rand.", "torch.randn.", "torch.randint.", "torch.randperm."),
    ),
    "reads the clock": (
        *("time.", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
        *("datetime.date.today", "os.times", "pandas.Timestamp.now", "pandas.Timestamp.today"),
    ),
    "reads the environment": (
        *("os.environ", "os.environb", "os.getenv", "os.getcwd", "os.cpu_count", "os.uname", "os.getlogin"),
        *(
            "os.getuid",
            "os.name",
            "datetime.datetime.fromtimestamp",
            "datetime.date.fromtimestamp",
            "sys.",
            "platform.",
            "locale.",
            "getpass.",
            "socket.gethostname",
        ),
        *("pathlib.Path.cwd", "pathlib.Path.home", "tempfile.gettempdir"),
    ),
    OF_FILES: (
        *("io.open", "io.FileIO.", "os.", "glob.", "shutil.", "tempfile.", "fileinput.", "linecache.", "gzip.", "bz2."),
        *("lzma.", "codecs.open", "zipfile.", "tarfile.", "mmap.", "dbm.", "shelve.", "builtins.input", "pickle.load"),
        *("json.load", "tomllib.load", "numpy.load", "numpy.fromfile", "numpy.genfromtxt", "numpy.loadtxt"),
        *("numpy.memmap", "pandas.read_", "pandas.io.", "pyarrow.csv.", "pyarrow.dataset.", "pyarrow.feather."),
        *("pyarrow.parquet.", "polars.read_", "polars.scan_", "importlib.resources.", "joblib.load"),
    ),
    "asks another program": (
        *("requests.", "httpx.", "urllib.request.", "urllib3.", "http.", "aiohttp.", "socket.", "ssl.", "ftplib."),
        *("subprocess.", "boto3.", "openai.", "redis.", "pymongo.", "mysql.", "psycopg.", "psycopg2.", "sqlite3."),
        *("sqlalchemy.", "duckdb.", "os.system", "os.popen", "smtplib.", "webbrowser."),
    ),
    "differs from process to process": (
        *("builtins.hash", "builtins.id", "os.getpid", "os.getppid", "threading.", "multiprocessing."),
        *("_thread.", "concurrent.futures.", "gc."),
    ),
    "depends on the state of the interpreter": (
        *("builtins.globals", "builtins.locals", "builtins.vars", "builtins.dir", "builtins.breakpoint"),
        *("builtins.eval", "builtins.exec", "builtins.compile", "builtins.__import__", "importlib.", "inspect."),
    ),
}
"""The dotted names of what a rule should not use, by the reason.

A name that ends in a dot or an underscore stands for all that begins with it; another one for itself and its
attributes. The longest that fits decides.
"""

_UNCLEAR: Final = frozenset(
    (
        *("torch", "jinja2", "json.load", "tokenize.open", "logging.config", "logging.handlers", "logging.FileHandler"),
        *("decimal.getcontext", "decimal.setcontext", "decimal.localcontext", "uuid.getnode", "email.utils.localtime"),
        *("email.utils.formatdate", "email.utils.make_msgid", "email.message_from_file", "calendar.LocaleTextCalendar"),
        *(
            "email.message_from_binary_file",
            "calendar.LocaleHTMLCalendar",
            "calendar.month_name",
            "calendar.month_abbr",
        ),
        *("calendar.day_name", "calendar.day_abbr", "statistics.NormalDist.samples", "csv.get_dialect"),
        *("scipy.io", "scipy.datasets", "scipy.sparse.load_npz", "scipy.stats.qmc", "sklearn.datasets"),
        *("sklearn.utils.shuffle", "sklearn.utils.resample", "numpy.fromregex", "numpy.DataSource", "numpy.lib.npyio"),
        *("numpy.lib.format", "numpy.lib._datasource", "numpy.ctypeslib", "numpy.f2py", "numpy.geterr", "numpy.test"),
        *("pandas.ExcelFile", "pandas.HDFStore", "pandas.ExcelWriter", "pandas.get_option", "pandas.options"),
        *("pandas._libs.tslibs.timestamps.Timestamp.now", "pandas._libs.tslibs.timestamps.Timestamp.today"),
        *("pandas._libs.tslibs.timestamps.Timestamp.utcnow", "polars.dataframe.frame.DataFrame.deserialize"),
        *("polars.lazyframe.frame.LazyFrame.deserialize", "joblib.memory", "pyarrow._dataset_", "pyarrow._s3fs"),
        *("pyarrow._hdfs", "pyarrow._gcsfs", "pyarrow._azurefs", "pyarrow.lib.read_"),
        *("pandas.Timestamp.utcnow", "pyarrow.fs", "pyarrow._fs", "pyarrow.OSFile", "pyarrow.lib.OSFile"),
        *(
            "pyarrow.json",
            "pyarrow._json",
            "pyarrow.memory_map",
            "pyarrow.lib.memory_map",
            "pyarrow.ipc",
            "pyarrow.orc",
        ),
        *("pyarrow.input_stream", "pyarrow.lib.input_stream", "pyarrow.CompressedInputStream", "pyarrow.flight"),
        *("pyarrow.lib.CompressedInputStream", "pyarrow.MemoryMappedFile", "pyarrow.lib.MemoryMappedFile"),
        *(
            "polars.io",
            "polars.SQLContext",
            "polars.DataFrame.deserialize",
            "polars.LazyFrame.deserialize",
            "polars.sql",
        ),
        *("spacy.load", "spacy.util", "spacy.cli", "spacy.training", "joblib.Memory", "joblib.numpy_pickle"),
        *("dateutil.parser", "dateutil.tz", "dateutil.zoneinfo", "charset_normalizer.from_path", "pyparsing.testing"),
        *("charset_normalizer.api.from_path", "ahocorasick.load", "nltk.data", "nltk.corpus", "nltk.download"),
        *("nltk.downloader", "nltk.load", "nltk.find", "nltk.tokenize.word_tokenize", "nltk.tokenize.sent_tokenize"),
        *("nltk.word_tokenize", "nltk.sent_tokenize", "nltk.pos_tag", "nltk.ne_chunk", "nltk.tag", "nltk.chunk"),
        *("nltk.parse", "nltk.sentiment", "nltk.stem.wordnet", "nltk.stem.WordNetLemmatizer", "nltk.inference"),
        *("nltk.WordNetLemmatizer", "nltk.classify", "nltk.cluster", "nltk.lm", "nltk.tokenize.punkt"),
        *("nltk.PunktSentenceTokenizer", "nltk.tokenize.PunktSentenceTokenizer"),
        *("warnings.filters", "logging.root", "re.L", "re.LOCALE", "sklearn.get_config", "sklearn._config"),
    )
)
"""What depends on more than its arguments, or may, in modules that otherwise do not."""

_PURE: Final = re.compile(
    r"os\.path\.(basename|dirname|join|normpath|split|splitext|commonprefix|commonpath|isabs)|os\.(sep|linesep|fspath)"
    r"|pathlib\.Pure\w+(\.\w+)*|time\.(strptime|struct_time|sleep)|json\.loads|tomllib\.loads|sys\.(intern|maxsize|maxunicode)"
    r"|_?io\.(StringIO|BytesIO)|dateutil\.parser\.isoparse"
    r"|http\.HTTPStatus(\.\w+)*|numpy\.random\.(SeedSequence|Generator|PCG64|Philox|MT19937|SFC64|PCG64DXSM)"
)
"""Names in impure and unclear modules that depend on their arguments alone (bit generators are seeded, see below)."""

SEEDED: Final = frozenset(
    (
        *("random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence"),
        *("numpy.random.PCG64", "numpy.random.Philox", "numpy.random.MT19937", "numpy.random.SFC64"),
        "numpy.random.PCG64DXSM",
    )
)
"""Called with a seed, these give the same answers each time; without one, others."""

FILE_METHODS: Final = frozenset(
    ("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "rglob", "is_file", "is_dir", "is_symlink")
)
"""Methods that paths alone have."""

PATH_METHODS: Final = frozenset(
    (
        *("open", "exists", "glob", "stat", "lstat", "resolve", "expanduser", "absolute", "readlink", "samefile"),
        *("owner", "group", "touch", "unlink", "mkdir", "rmdir", "rename", "walk", "is_mount"),
    )
)
"""Methods of paths that other objects have, too."""

MUTATORS: Final = frozenset(
    (
        *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop", "popitem"),
        *("popleft", "remove", "reverse", "rotate", "setdefault", "sort", "subtract", "update", "difference_update"),
        *("intersection_update", "symmetric_difference_update", "fill", "put", "resize", "__setitem__", "__delitem__"),
    )
)
"""Methods that change the object that they belong to."""

CHANGING: Final = frozenset(
    (
        *("heappush", "heappop", "heapify", "heapreplace", "heappushpop", "insort", "insort_left", "insort_right"),
        *("setattr", "delattr", "setitem", "delitem", "shuffle"),
    )
)
"""Functions that change their first argument."""


@functools.cache
def impurity(dotted: str) -> str | None:
    """Return why something of the standard library or a package is impure, by its dotted name; None if it is not."""
    if _PURE.fullmatch(dotted) and dotted not in SEEDED:
        return None
    forms = _forms(dotted)
    fitting = {
        name: reason for reason, names in _IMPURE.items() for name in names if any(_fits(name, form) for form in forms)
    }
    return fitting[max(fitting, key=len)] if fitting else None


def _forms(dotted: str) -> set[str]:
    """Return a name as it is and as users know it, without the private modules that stand behind public ones.

    >>> sorted(_forms("scipy.sparse._matrix_io.load_npz"))
    ['scipy.sparse._matrix_io.load_npz', 'scipy.sparse.load_npz', 'scipy.sparse.matrix_io.load_npz']
    """
    parts = dotted.split(".")
    public = [part for part in parts if not part.startswith("_")]
    return {dotted, ".".join(part.lstrip("_") for part in parts), ".".join(public)}


def _fits(name: str, dotted: str) -> bool:
    return dotted == name or dotted.startswith(name if name.endswith((".", "_")) else f"{name}.")


@functools.cache
def is_unclear(dotted: str) -> bool:
    """Return whether something of the standard library or a judged package may depend on more than its arguments.

    Of the standard library, all that is not known to be pure is unclear. A module of which all is impure is unclear
    itself: it may be handed on.
    """
    if any(map(_PURE.fullmatch, _forms(dotted))):  # Python 3.13 has pathlib._local.PurePath
        return False
    top = dotted.partition(".")[0]
    if top in sys.stdlib_module_names and not is_of_pure_module(dotted):
        return True
    all_impure = any(f"{dotted}." in names for names in _IMPURE.values())
    return all_impure or any(_fits(module, form) for module in _UNCLEAR for form in _forms(dotted))


def arbitrary_choices(source: FunctionSource) -> Iterator[tuple[str, int]]:
    """List the expressions of which the value depends on the order of a set, or on the word "now".

    Yields
    ------
    what : str
    line : int
    """
    for node in nodes_of(source.tree):
        if isinstance(node, ast.Subscript) and _is_call(node.value, "list", "tuple") and _takes_set(node.value):
            yield f"takes an item of a set by its place, which {_ORDER}", node.lineno
        elif isinstance(node, ast.Call) and _last_name(node.func) == "join" and _takes_set(node):
            yield f"joins the items of a set, which {_ORDER}", node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "pop":
            if _is_set(node.func.value):
                yield f"takes any item of a set, which {_ORDER}", node.lineno
        elif _is_call(node, "next") and node.args and _is_call(node.args[0], "iter") and _takes_set(node.args[0]):
            yield f"takes any item of a set, which {_ORDER}", node.lineno
        elif _is_call(node, "datetime64", "Timestamp", "to_datetime") and _first_constant(node) in {"now", "today"}:
            yield f"uses {ast.unparse(node)}, which reads the clock", node.lineno


_ORDER: Final = "differs from process to process"


def _is_call(node: ast.AST, *names: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and _last_name(node.func) in names


def _is_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Set | ast.SetComp) or _is_call(node, "set", "frozenset")


def _takes_set(call: ast.Call) -> bool:
    return bool(call.args) and _is_set(call.args[0])


def _first_constant(call: ast.Call) -> Any:
    return call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None


# State that functions change ------------------------------------------------------------------------------------------


def shared_state(source: FunctionSource) -> Iterator[tuple[str, int]]:
    """List the globals that a function changes, and those that it reads and a function of its module changes.

    Yields
    ------
    what : str
        Such as ``"reads the global n, which functions change (line 3)"``.
    line : int
    """
    for node in nodes_of(source.tree):
        if isinstance(node, ast.Global):
            yield from ((f"changes the global {name}", node.lineno) for name in node.names)
    changed = _changed_names(source)
    for node in loads(source):
        if node.id in changed and source.look_up(node.id) is not UNKNOWN:
            yield f"reads the global {node.id}, which functions change (line {changed[node.id]})", node.lineno


def _changed_names(source: FunctionSource) -> dict[str, int]:
    """List the globals that a function of the module assigns, or whose content it changes, with the line."""
    namespace = source.function.__globals__
    changed: dict[str, int] = {}
    for name, how, line in _changes(source.module):
        if name in namespace and how.concerns(namespace[name]):
            changed.setdefault(name, line)
    return changed


class _Change(Enum):
    """The way in which a statement changes a name, which tells of what kind the object must be."""

    NAME = "assigns it"
    PART = "assigns an item or an attribute of it"
    METHOD = "calls a method that changes it"
    METHOD_OF_PART = "calls a method that changes an item or an attribute of it"
    ARGUMENT = "calls a function that changes it"

    def concerns(self, value: Any) -> bool:
        """Return whether the statement changes such an object."""
        if self in {_Change.PART, _Change.METHOD_OF_PART}:
            return not isinstance(value, ModuleType | type) or is_ours(value)
        return self is not _Change.METHOD or isinstance(value, MutableMapping | MutableSequence | MutableSet)


@functools.lru_cache(maxsize=64)
def _changes(module: ast.Module) -> tuple[tuple[str, _Change, int], ...]:
    """List what the functions of a module change of names that are not their own; a module is read once."""
    changes: dict[tuple[str, _Change], int] = {}
    for function in nodes_of(module):
        if isinstance(function, FunctionNode):
            local_names = own_names(function)
            for node in nodes_of(function):
                name, how = _changed_name(node)
                if name is not None and name not in local_names:
                    changes.setdefault((name, how), node.lineno)  # type: ignore[attr-defined] # statements and expressions have one
    return tuple((name, how, line) for (name, how), line in changes.items())


def _changed_name(node: ast.AST) -> tuple[str | None, _Change]:
    """Return the name that a statement assigns to, or whose content it changes."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return node.id, _Change.NAME
    if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        return _root(node), _Change.PART
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id in _CONTAINERS and node.args:  # list.append(words, "free")
            return _root(node.args[0]), _Change.ARGUMENT
        return _root(owner), (_Change.METHOD if isinstance(owner, ast.Name) else _Change.METHOD_OF_PART)
    if isinstance(node, ast.Call) and node.args and _last_name(node.func) in CHANGING:
        return (node.args[0].id if isinstance(node.args[0], ast.Name) else None), _Change.ARGUMENT
    return None, _Change.NAME


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


_CONTAINERS: Final = frozenset(("list", "dict", "set", "bytearray", "deque", "Counter", "defaultdict", "OrderedDict"))
"""Classes whose methods may be called with the object as the first argument."""


def _root(node: ast.expr) -> str | None:
    """Return the name of which an expression is a part, as far as items, attributes and ``get`` lead."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if not isinstance(node, ast.Call):
            node = node.value
        elif isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "setdefault"}:
            node = node.func.value
        else:
            return None
    return node.id if isinstance(node, ast.Name) else None

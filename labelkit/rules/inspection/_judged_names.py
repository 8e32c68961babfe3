"""Names whose answers are judged by the tables of :mod:`labelkit.rules.inspection.purity`, and not by their code.

Of the standard library, the modules that depend on their arguments alone; what is not among them is unclear. Of
installed packages, those that are large or compiled, and were gone through; the code of any other package is searched
as that of the project is.
"""

from __future__ import annotations

from typing import Final

PURE_MODULES: Final = frozenset(
    (
        *("__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "builtins", "calendar", "cmath"),
        *("collections", "colorsys", "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib"),
        *(
            "email",
            "enum",
            "errno",
            "fnmatch",
            "fractions",
            "functools",
            "graphlib",
            "hashlib",
            "heapq",
            "hmac",
            "html",
        ),
        *("ipaddress", "itertools", "json", "keyword", "logging", "math", "numbers", "operator", "os.path", "pprint"),
        *("quopri", "random", "re", "reprlib", "shlex", "stat", "statistics", "string", "stringprep", "struct"),
        *("textwrap", "token", "tokenize", "tomllib", "types", "typing", "unicodedata", "urllib.error"),
        *("urllib.parse", "uuid", "warnings", "zlib"),
    )
)
"""Modules of the standard library that depend on their arguments alone, but for the names that the tables list."""

WRITTEN_IN_C: Final = {
    **dict.fromkeys(("_blake2", "_hashlib", "_md5", "_sha1", "_sha2", "_sha3", "_sha256", "_sha512"), "hashlib"),
    "_sre": "re",
    "_tokenize": "tokenize",
    "_strptime": "datetime",
    "_pydatetime": "datetime",
    "_pydecimal": "decimal",
    "_collections_abc": "collections",
    "_py_abc": "abc",
    "sre_compile": "re",
}
"""Modules that stand behind others; of any other one, the name without the underscore is that of the public module."""

JUDGED_PACKAGES: Final = frozenset(
    (
        *("labelkit", "numpy", "pandas", "pyarrow", "polars", "scipy", "sklearn", "spacy", "torch", "joblib", "jinja2"),
        *("rapidfuzz", "thefuzz", "Levenshtein", "jellyfish", "regex", "emoji", "unidecode", "text_unidecode", "ftfy"),
        *("slugify", "dateutil", "idna", "wcwidth", "packaging", "sortedcontainers", "more_itertools", "toolz"),
        *("charset_normalizer", "pyparsing", "markdown_it", "nltk", "snowballstemmer", "inflect", "inflection", "bs4"),
        *("ahocorasick", "yaml", "orjson", "simplejson", "typing_extensions"),
        *(
            "requests",
            "httpx",
            "urllib3",
            "aiohttp",
            "boto3",
            "openai",
            "redis",
            "pymongo",
            "mysql",
            "psycopg",
            "psycopg2",
        ),
        *("sqlalchemy", "duckdb"),
    )
)
"""Installed packages that are judged by their names."""


def is_judged(dotted: str) -> bool:
    """Return whether the tables judge something by its dotted name, as far as that tells its package."""
    return dotted.partition(".")[0] in JUDGED_PACKAGES


def is_of_pure_module(dotted: str) -> bool:
    """Return whether something lies in a module of the standard library that depends on its arguments alone.

    >>> is_of_pure_module("math.sqrt"), is_of_pure_module("_bisect.insort"), is_of_pure_module("wave.open")
    (True, True, False)
    """
    first, _, rest = dotted.partition(".")
    top = WRITTEN_IN_C.get(first, first if first == "__future__" else first.lstrip("_"))
    return top in PURE_MODULES or f"{top}.{rest.partition('.')[0]}" in PURE_MODULES

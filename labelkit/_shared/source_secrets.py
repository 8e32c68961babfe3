"""Find the secrets in Python source: the texts that are given to a name such as ``api_key``, in whatever way.

>>> print(masked_source('''def ask(text, api_key="k-123456"):
...     return client(password=b"hunter2").ask(text)  # was: password = swordfish'''))
def ask(text, api_key=***):
    return client(password=***).ask(text)  # was: password = ***
"""

from __future__ import annotations

import ast
import linecache
import re
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

from labelkit._shared.secrets import MASK, is_secret, is_secret_name, masked, secrets_of, without_secrets

Text: TypeAlias = ast.Constant | ast.JoinedStr

_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})

_UNUSUAL: Final = re.compile(r"(?s)(?=.*[^A-Za-z]).{4,}|.{8,}")
"""A secret that can be replaced wherever it stands; a short word would be replaced in other sentences, too."""

_ASKS: Final = re.compile(r"env|get|read|load|open|input|fetch|find", re.IGNORECASE)
"""In the names of functions whose first argument names a secret, and is none."""


_SETS: Final = re.compile(r"set|put|add|update|with|header|cookie|auth|login|connect|option", re.IGNORECASE)
"""In the names of functions that are given the name of a secret, and the secret behind it."""

_LOGIN: Final = re.compile(r"(?:auth|login|credentials)$", re.IGNORECASE)
"""In the names of what takes a user and a password, in this order."""


def masked_source(source: str, whole: str = "") -> str:
    """Replace the secrets in Python source by ``***``.

    Parameters
    ----------
    source : str
        The text to show; what is no statement is treated as a message is.
    whole : str, optional
        The text of its file, of which other parts may name a secret that stands in this one.
    """
    if source in whole and _texts_in(whole) == ():  # so that this part is not parsed again
        return without_secrets(source, secrets_in(whole))
    data, starts = source.encode("utf-8", "surrogatepass"), [0]
    for line in re.split(rb"(?<=\n)", data):
        starts.append(starts[-1] + len(line))
    spans = {
        (starts[text.lineno - 1] + text.col_offset, starts[text.end_lineno - 1] + text.end_col_offset)
        for text, _ in _secret_texts(source)
        if text.end_lineno is not None and text.end_col_offset is not None
    }
    for start, stop in sorted(spans, reverse=True):
        data = data[:start] + MASK.encode() + data[stop:]
    return without_secrets(data.decode("utf-8", "surrogatepass"), secrets_in(whole or source))


def masked_message(message: str, files: Iterable[str]) -> str:
    """Replace the secrets of some files of Python, those of a traceback, in the message of an exception."""
    for file in sorted(set(files)):
        if not file.startswith(_LIBRARIES):
            message = without_secrets(message, secrets_in(text_of_file(file)))
    return masked(message)


def text_of_file(file: str) -> str:
    """Return the text of a file, or of a cell of a notebook; empty if there is none."""
    return "".join(linecache.getlines(file))


@lru_cache(maxsize=64)
def secrets_in(source: str) -> tuple[str, ...]:
    """Return the secrets in Python source that can be told from other words, longest first."""
    texts = {*secrets_of(source), *(value for _, given in _secret_texts(source) for value in given)}
    lines = {part.strip() for value in texts for part in (value, *value.splitlines())}
    return tuple(sorted(filter(_UNUSUAL.fullmatch, lines), key=lambda value: (-len(value), value)))


def _secret_texts(source: str) -> tuple[tuple[Text, list[str]], ...]:
    """List the literals of secrets, with the texts that they hold; none of what is not Python."""
    return _texts_in(source) or ()


@lru_cache(maxsize=64)
def _texts_in(source: str) -> tuple[tuple[Text, list[str]], ...] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an escape sequence that is none
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    secrets = []
    for name, value in _named(tree):
        for text in _texts(value):
            given = _values(text)
            if any(is_secret(name, one) for one in given) or (is_secret_name(name) and isinstance(text, ast.JoinedStr)):
                secrets.append((text, given))
    return tuple(secrets)


def _named(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield names with the expressions that are given to them, or compared with them."""
    for name, value in _given(tree):
        yield name, value
        if _LOGIN.search(name) and isinstance(value, ast.Tuple) and len(value.elts) == 2:
            yield "password", value.elts[1]  # auth=("reader", "...")


def _given(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from (pair for target in node.targets for pair in _paired(target, node.value))
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
            yield _name(node.target), node.value
        elif isinstance(node, ast.keyword):
            yield node.arg or "", node.value
        elif isinstance(node, ast.Dict):
            yield from (
                (_name(key), value) for key, value in zip(node.keys, node.values, strict=True) if key is not None
            )
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            yield from ((_name(one), other) for one in sides for other in sides if one is not other)
        elif isinstance(node, ast.arguments):
            yield from _defaults(node)
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and is_secret_name(_name(node.elts[0])):
            yield "key", node.elts[1]  # ("password", "...") may be two words: it depends on what the other looks like
        elif isinstance(node, ast.Call) and _SETS.search(ast.unparse(node.func)):
            yield _name(node.func), ast.Tuple(node.args)  # HTTPBasicAuth("reader", "...")
            yield from ((_name(one), other) for one, other in pairwise(node.args))


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    names = [*arguments.posonlyargs, *arguments.args][::-1]
    pairs = [*zip(names, arguments.defaults[::-1], strict=False)]
    pairs += [
        (name, value)
        for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if value is not None
    ]
    yield from ((name.arg, value) for name, value in pairs)


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Pair names with values, each with its own where both are written as tuples."""
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        same = len(values) == len(target.elts)
        for place, part in enumerate(target.elts):
            yield from _paired(part, values[place] if same else value)
    else:
        yield _name(target), value


def _name(node: ast.expr) -> str:
    """Return the last name of an expression: of ``self.key``, ``settings["key"]``, ``"key"``."""
    if isinstance(node, ast.NamedExpr):
        return _name(node.target)
    if isinstance(node, ast.Subscript):
        return _name(node.slice) or _name(node.value)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _texts(node: ast.expr) -> Iterator[Text]:
    """Yield the texts that an expression is made of; what another is looked up by is none."""
    if isinstance(node, ast.JoinedStr) or _is_text(node):
        yield node  # type: ignore[misc]
        return
    parts: list[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call):
        first = 1 if _ASKS.search(ast.unparse(node.func)) else 0
        method = [node.func.value] if isinstance(node.func, ast.Attribute) else []  # "...".encode(), "".join(...)
        parts = [*method, *node.args[first:], *(keyword.value for keyword in node.keywords)]
    elif isinstance(node, ast.Subscript):
        parts = [node.value]
    elif isinstance(node, ast.Dict):
        parts = list(node.values)
    elif isinstance(node, ast.Lambda | ast.Compare):
        parts = []
    for part in parts:
        if isinstance(part, ast.expr):
            yield from _texts(part)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _values(node: Text) -> list[str]:
    if isinstance(node, ast.JoinedStr):
        return [value for part in node.values if isinstance(part, ast.Constant) for value in _values(part)]
    value = node.value
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)]

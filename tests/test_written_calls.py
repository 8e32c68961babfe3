"""Calls of labelkit's functions that stand in hints, messages and docstrings take the options that they are written with."""

import ast
import inspect
import re
from pathlib import Path

import labelkit as lk

PACKAGE = Path(lk.__file__).parent
OF_SNORKEL = {"interop", "snorkel.py"}
"""Snorkel's functions have the names of labelkit's, and options of their own."""

CALL = re.compile(r"(?<![\w.])(?:lk\.|labelkit\.)?([a-zA-Z_]\w+)\(([^()]*)\)")
OPTION = re.compile(r"(?:^|[,(]\s*)([a-z_]\w*)=")


def texts(source):
    """Iterate over the strings of a module; what an f-string fills in is an X."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
            yield node.lineno, "".join(map(str, parts))


def unknown_options(text):
    """List the options of calls in a text that the functions do not take."""
    for call in CALL.finditer(text):
        function = getattr(lk, call[1]) if call[1] in lk.__all__ else None
        if not callable(function):
            continue
        parameters = inspect.signature(function).parameters
        if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            yield from (f"{call[0]}: {name}" for name in OPTION.findall(call[2]) if name not in parameters)


def test_the_check_finds_an_option_that_there_is_not():
    assert list(unknown_options('leave them out: lk.regex(r"free", ignore_case=True)'))
    assert not list(unknown_options('keywords("free", ignore_case=False) and re.compile(x, flags=0)'))


def test_calls_in_messages_take_their_options():
    wrong = [
        f"{file.relative_to(PACKAGE)}:{line}: {found}"
        for file in sorted(PACKAGE.rglob("*.py"))
        if not OF_SNORKEL & set(file.relative_to(PACKAGE).parts)
        for line, text in texts(file.read_text("utf-8"))
        for found in unknown_options(text)
    ]
    assert wrong == []

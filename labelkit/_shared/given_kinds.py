"""Tell what is given in the place of something else, and show the call that makes what is wanted of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from numbers import Integral
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from labelkit._shared.foreign import named_type
from labelkit.exceptions import LabelkitError

LONGEST: Final = 60
"""Characters of a value that a message repeats."""

_LABELKIT: Final = {
    "LabelingFunction": "rule",
    "LabelingFunctions": "rules",
    "Condition": "condition",
    "Corpus": "corpus",
    "Applier": "applier",
    "LabelMatrix": "matrix",
    "VotePatterns": "matrix",
    "ProbabilisticLabels": "labels",
    "RunFolder": "run",
    "ScikitLearnEstimator": "model",
}
"""What objects of labelkit are, by their class or a base of it."""

_PLAIN: Final[dict[str, Any]] = {
    "text": str,
    "path": os.PathLike,
    "module": ModuleType,
    "class": type,
    "function": FunctionType | BuiltinFunctionType,
}
"""What objects of Python are."""

_TABLES: Final = frozenset(("pandas", "polars", "pyarrow", "datasets", "pyspark", "dask"))
"""Libraries whose objects hold examples."""

_VOTE: Final = "labelkit.Applier(labelkit.collect({rules})).apply({corpus}) returns the votes"

_RULES: Final = {
    "module": "labelkit.collect(module)",
    "condition": 'condition.rule(name="...") makes a rule of it; give a list of rules',
    "rule": "give a list of it: [lf]",
    "function": "@labelkit.labeling_function() above the function makes a rule of it",
    "corpus": 'rules come first: labelkit.Applier(labelkit.collect("rules.py")).apply(corpus)',
    "table": 'rules come first: labelkit.Applier(labelkit.collect("rules.py")).apply(corpus)',
    "texts": 'rules come first: labelkit.Applier(labelkit.collect("rules.py")).apply(corpus)',
    "applier": "applier.lfs are its rules",
    "run": 'labelkit.collect takes the file of the rules: labelkit.collect("rules.py")',
}

_VOTES: Final = {
    "module": _VOTE.format(rules="rules", corpus="corpus"),
    "rule": "labelkit.Applier([lf]).apply(corpus) returns the votes",
    "rules": "labelkit.Applier(lfs).apply(corpus) returns the votes",
    "condition": 'labelkit.Applier([condition.rule(name="...")]).apply(corpus) returns the votes',
    "applier": "applier.apply(corpus) returns the votes",
    "corpus": _VOTE.format(rules='"rules.py"', corpus="corpus"),
    "table": _VOTE.format(rules='"rules.py"', corpus="frame"),
    "texts": _VOTE.format(rules='"rules.py"', corpus="texts"),
    "model": "give the matrix from which it learns: model.fit(matrix)",
    "run": "run.matrix() returns the votes",
    "labels": "give the matrix of which they were made; of a run, run.matrix()",
}


def kind_of(value: Any) -> str:
    """Name the kind of an object: rules, votes, examples, a module, a path, ...; empty if it is another.

    >>> kind_of(["win a prize"]), kind_of("rules.py"), kind_of(len), kind_of(3)
    ('texts', 'text', 'function', '')
    """
    for name, kinds in _PLAIN.items():
        if isinstance(value, kinds):
            return name
    for base in type(value).__mro__:
        if base.__module__.partition(".")[0] == "labelkit" and base.__name__ in _LABELKIT:
            return _LABELKIT[base.__name__]
    if type(value).__module__.partition(".")[0] in _TABLES:
        return "table"
    first = value[0] if isinstance(value, list | tuple) and value else None
    inner = "" if first is None or isinstance(first, list | tuple) else kind_of(first)
    return {"text": "texts", "rule": "rules"}.get(inner, "texts" if isinstance(first, dict) else "")


def shown_kind(value: Any) -> str:
    """Show what is given, in a few words.

    >>> shown_kind("rules.py"), shown_kind({1: 2}), shown_kind(dict), shown_kind(["win a prize", "hello"])
    ("'rules.py'", '{1: 2}', 'the class dict', 'a list of 2 texts')
    """
    kind, plain = kind_of(value), type(value).__module__ == "builtins"
    if kind == "class":
        return f"the class {value.__name__}"
    if kind == "module":
        return f"the module {value.__name__}"
    if kind == "function":
        return f"the function {value.__name__}"
    if kind == "texts":
        return f"a {type(value).__name__} of {len(value):,} {'texts' if isinstance(value[0], str) else 'dicts'}"
    if isinstance(value, os.PathLike):
        value, plain = os.fspath(value), True
    shown = repr(value) if plain else ""
    return shown if 0 < len(shown) <= LONGEST else f"an object of type {named_type(value)}"


def rules_remedy(value: Any) -> str:
    """Show how rules are given where something else is.

    >>> rules_remedy("rules.py")
    "labelkit.collect('rules.py')"
    """
    if isinstance(value, str | os.PathLike):
        path = str(value)
        is_name = all(map(str.isidentifier, path.split("."))) and not Path(path).is_file()
        if is_name or path.endswith(".py"):
            return f"labelkit.collect({path!r})"
        return _RULES["corpus"]
    return _RULES.get(kind_of(value), 'labelkit.collect("rules.py") returns the rules of a file')


def votes_remedy(value: Any) -> str | None:
    """Show the call that makes votes of what is given; None if it is not known.

    >>> votes_remedy(["win a prize"])
    'labelkit.Applier(labelkit.collect("rules.py")).apply(texts) returns the votes'
    """
    return _VOTES.get(kind_of(value))


def check_kind(
    value: Any, has: Iterable[str], what: str, error: type[LabelkitError], hint: str, *, code: str | None = None
) -> None:
    """Refuse an object that lacks the attributes of what is wanted.

    Parameters
    ----------
    value : object
    has : iterable of str
        Attributes of its class, or of the object itself.
    what : str
        What is wanted, with its article.
    error : type
    hint : str
        The call that returns such a thing.
    code : str, optional

    Examples
    --------
    >>> check_kind([1], ["frame"], "a table", LabelkitError, "labelkit.drift(first, second) returns one")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.LabelkitError: [1] is not a table [LK600]
    Hint: labelkit.drift(first, second) returns one
    """
    if isinstance(value, type) or not all(hasattr(type(value), name) or name in _fields(value) for name in has):
        raise error(f"{shown_kind(value)} is not {what}", hint=hint, code=code)


def _fields(value: Any) -> Sequence[str]:
    return list(getattr(value, "__dict__", ()))


def check_whole(value: Any, name: str, error: type[LabelkitError], hint: str) -> None:
    """Refuse what is no whole number.

    >>> check_whole("ten", "n", LabelkitError, "n=1_000")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.LabelkitError: n='ten' is not a whole number [LK600]
    Hint: n=1_000
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise error(f"{name}={shown_kind(value)} is not a whole number", hint=hint)

"""Refuse a keyword that a function does not take, and name the one that was meant, or what does the same here.

Every public function is under :func:`checks_keywords`, or :func:`checks_keywords_with` if it passes options on; those
that make rules call :func:`check_keywords`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from inspect import Parameter
from types import FunctionType
from typing import Any, Final, TypeVar, cast

from labelkit._shared.near_names import did_you_mean, near_name
from labelkit.exceptions import KeywordError

F = TypeVar("F", bound=Callable[..., Any])

LONGEST_VALUE: Final = 60
"""Characters of a value that a remedy repeats."""

_ALIKE: Final = (
    ("random_state", "seed", "random_seed", "rng"),
    ("gold", "y", "Y", "y_true", "truth", "gold_labels", "true_labels"),
    ("lfs", "rules", "rule", "labeling_functions"),
    ("workers", "n_workers", "num_workers", "n_jobs", "processes", "threads"),
    ("out", "path", "output", "to", "folder"),
    ("force", "overwrite", "exist_ok"),
    ("rename", "map"),
    ("votes", "votes_of"),
    ("conflict", "conflicts", "conflict_of"),
    ("model", "label_model"),
    ("matrix", "votes", "L", "L_train"),
    ("text_columns", "text_column", "column", "columns", "text"),
    ("class_prior", "prior", "class_balance"),
    ("n", "limit", "top", "k", "n_rows", "rows", "size", "max_rows"),
    ("quotas", "quota"),
)
"""Words for the same thing, where a function takes one of them; the first that it takes is meant."""

_CLASSES: Final = 'labels=["HAM", "SPAM"] names the classes, in the order of their numbers'

_REMEDIES: Final = {
    "map_label": ("gold", "gold=gold.replace({value}) says what values of a Series mean"),
    "classes": ("rules", _CLASSES),
    "class_names": ("rules", _CLASSES),
    "cardinality": ("rules", _CLASSES),
    "n_classes": ("rules", _CLASSES),
    "select": ("rules", "rules=labelkit.collect(rules).select({value})"),
    "exclude": ("rules", "rules=labelkit.collect(rules).exclude({value})"),
    "no_cache": ("cache", "cache=False"),
    "no_label": ("label", "label=labelkit.ABSTAIN"),
    "query": ("corpus", "corpus=labelkit.SqlQuery(query, address)"),
    "url": ("corpus", "corpus=labelkit.SqlQuery(query, address)"),
    "encoding": ("corpus", "corpus=labelkit.open_corpus(path, encoding={value})"),
    "delimiter": ("corpus", "corpus=labelkit.open_corpus(path, delimiter={value})"),
    "sheet": ("corpus", "corpus=labelkit.open_corpus(path, sheet={value})"),
    "rename": ("corpus", "corpus=labelkit.open_corpus(path, rename={value})"),
    "map": ("corpus", "corpus=labelkit.open_corpus(path, rename={value})"),
    "types": ("corpus", "corpus=labelkit.open_corpus(path, types={value})"),
    "class_prior": ("model", "model=labelkit.LabelModel(class_prior={value})"),
    "model": ("matrix labels", "labels=model.label(matrix)"),
}
"""What does the same as a keyword of another function or command, where a function takes certain parameters."""


def checks_keywords(function: F) -> F:
    """Refuse the keywords that a function does not take; its signature stays.

    >>> @checks_keywords
    ... def show(matrix: object, *, gold: object = None, random_state: int = 0) -> None: ...
    >>> show([], seed=1)
    Traceback (most recent call last):
        ...
    labelkit.exceptions.KeywordError: show() got an unexpected keyword argument 'seed' [LK608]
    Hint: did you mean 'random_state'?
    """
    return _checked(function, ())


def checks_keywords_with(*others: Callable[..., Any]) -> Callable[[F], F]:
    """Refuse the keywords that neither a function takes, nor those to which it passes its ``**options``.

    >>> def read(path: str, *, encoding: str = "utf-8") -> None: ...
    >>> @checks_keywords_with(read)
    ... def show(data: object, **reading: object) -> None: ...
    >>> show([], encodnig="cp1252")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.KeywordError: show() got an unexpected keyword argument 'encodnig' [LK608]
    Hint: did you mean 'encoding'?
    """
    return lambda function: _checked(function, [name for other in others for name in _keywords(other)[1:]])


def _checked(function: F, more: Collection[str]) -> F:
    assert isinstance(function, FunctionType)
    code = function.__code__
    assert more or not code.co_flags & inspect.CO_VARKEYWORDS, "of **options, it is to be known who takes them"
    names = [*code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount], *more]
    taken = frozenset(names)

    @wraps(function)
    def called(*arguments: Any, **keywords: Any) -> Any:
        if not taken.issuperset(keywords):
            name = next(name for name in keywords if name not in taken)
            raise unknown_keyword(function.__name__, name, names, keywords[name])
        return function(*arguments, **keywords)

    return cast("F", called)


def check_keywords(function: Callable[..., Any], keywords: Iterable[str]) -> None:
    """Refuse keywords that are not in the signature of a function, which takes any as ``**options``.

    Raises
    ------
    KeywordError
    """
    taken = _keywords(function)
    for name in keywords:
        if name not in taken:
            raise unknown_keyword(function.__name__, name, taken)


def _keywords(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.kind in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]


def unknown_keyword(function: str, name: str, taken: Collection[str], value: Any = ...) -> KeywordError:
    """Return the error of a keyword that a function does not take.

    Parameters
    ----------
    function, name : str
    taken : collection of str
        The keywords that it takes.
    value : object
        As it was given; a remedy repeats one that is short.

    Examples
    --------
    >>> print(unknown_keyword("summarize", "map_label", ["matrix", "gold"], {"junk": "SPAM"}))
    summarize() got an unexpected keyword argument 'map_label' [LK608]
    Hint: gold=gold.replace({'junk': 'SPAM'}) says what values of a Series mean
    >>> print(unknown_keyword("view", "conflicts", ["matrix", "conflict"]).hint)
    did you mean 'conflict'?
    """
    taken = [one for one in taken if one not in ("self", "cls")]
    hint = _hint(name, taken, value)
    return KeywordError(f"{function}() got an unexpected keyword argument {name!r}", hint=hint)


def _hint(name: str, taken: list[str], value: Any) -> str:
    for words in _ALIKE:
        same = next((one for one in words if one in taken), None) if name in words else None
        if same is not None:
            return f"did you mean {same!r}?"
    beside, remedy = _REMEDIES.get(name, ("", ""))
    if remedy and set(beside.split()).issubset(taken):
        shown = repr(value) if isinstance(value, str | int | float | dict | list | tuple) else "..."
        return remedy.replace("{value}", shown if len(shown) <= LONGEST_VALUE else "...")
    if (meant := near_name(name, taken)) is not None:
        return did_you_mean(name, meant)
    return f"it takes {', '.join(taken)}" if taken else "it takes no keywords"

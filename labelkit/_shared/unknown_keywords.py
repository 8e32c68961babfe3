"""Refuse a call that a function, a constructor or a method cannot take, with what was meant, or a call that works.

Every public function and class is under :func:`checks_keywords`, or :func:`checks_keywords_with` if it passes options
on; functions that make rules call :func:`check_keywords`. Python itself checks the arguments of a call; only what it
refuses is looked at, so that calls stay fast.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from types import FunctionType
from typing import Any, Final, TypeVar, cast

from labelkit._shared.meant_keywords import keywords_of, unknown_keyword
from labelkit._shared.refused_calls import Callee
from labelkit._shared.user_errors import traceback_of

F = TypeVar("F", bound=Callable[..., Any])

_CALLEE: Final = "_callee"
"""The attribute of a function that is checked."""


def checks_keywords(subject: F) -> F:
    """Refuse what a function, or the constructor and the public methods of a class, cannot take; signatures stay.

    >>> @checks_keywords
    ... def show(matrix: object, *, gold: object = None, random_state: int = 0) -> None: ...
    >>> show([], seed=1)
    Traceback (most recent call last):
        ...
    labelkit.exceptions.KeywordError: show() got an unexpected keyword argument 'seed' [LK608]
    Hint: did you mean 'random_state'?
    >>> show(gold=[])
    Traceback (most recent call last):
        ...
    labelkit.exceptions.ArgumentError: show() lacks 'matrix' [LK609]
    Hint: show(matrix, gold=...)
    """
    if isinstance(subject, type):
        _check_members(subject)
        return subject
    assert isinstance(subject, FunctionType)
    assert not subject.__code__.co_flags & inspect.CO_VARKEYWORDS, "of **options, it is to be known who takes them"
    return checked_call(subject)


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
    return lambda function: checked_call(function, [name for other in others for name in keywords_of(other)[1:]])


def checked_call(
    function: F, more: Collection[str] | None = None, kind: type | None = None, how: type | None = None
) -> F:
    """Return a function that refuses what it cannot take; its signature stays.

    Parameters
    ----------
    function : function
    more : collection of str, optional
        The keywords that it takes as ``**options``; any, if not given.
    kind : type, optional
        The class of which it is a method.
    how : type, optional
        ``staticmethod`` or ``classmethod``, of a method that is one.
    """
    assert isinstance(function, FunctionType)
    callee = Callee(function, more, kind, is_static=how is staticmethod and function.__name__ != "__new__")
    taken = None if more is None else frozenset((*keywords_of(function), *more))

    @wraps(function)
    def called(*arguments: Any, **keywords: Any) -> Any:
        if taken is not None and not taken.issuperset(keywords):
            raise callee.refusal(arguments, keywords) or AssertionError
        try:
            return function(*arguments, **keywords)
        except TypeError as error:
            trace = traceback_of(error)
            was_called = trace is None or trace.tb_next is not None
            refusal = None if was_called else callee.refusal(arguments, keywords)
            if refusal is None:
                raise
        raise refusal

    setattr(called, _CALLEE, callee)
    return cast("F", called)


def is_checked(function: Any) -> bool:
    """Tell whether a function or method refuses what it cannot take."""
    return hasattr(function, _CALLEE)


def _check_members(kind: type) -> None:
    for name, member in list(vars(kind).items()):
        how = type(member) if isinstance(member, staticmethod | classmethod) else None
        function = member if how is None else member.__func__
        if not isinstance(function, FunctionType) or not function.__qualname__.startswith(f"{kind.__qualname__}."):
            continue
        if is_checked(function):  # by another decorator, which did not know of the class
            getattr(function, _CALLEE).kind = kind
        elif name in ("__init__", "__new__") or not name.startswith("_"):
            called = checked_call(function, None, kind, how)
            setattr(kind, name, called if how is None else how(called))


def check_keywords(function: Callable[..., Any], keywords: Iterable[str]) -> None:
    """Refuse keywords that are not in the signature of a function, which takes any as ``**options``.

    Raises
    ------
    KeywordError
    """
    taken = keywords_of(function)
    for name in keywords:
        if name not in taken:
            raise unknown_keyword(function.__name__, name, taken)

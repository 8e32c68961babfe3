"""Refuse decorators without their parentheses: ``@keywords`` above a function, for ``@keywords("free", label=1)``.

>>> @called_first('("free", label=Label.SPAM)')
... def words(*words: str) -> tuple[str, ...]:
...     return words
>>> @words
... def offers(text): ...
Traceback (most recent call last):
    ...
labelkit.exceptions.RuleError: @words stands without parentheses above 'offers' [LK103]
Hint: @words("free", label=Label.SPAM)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

from labelkit.exceptions import RuleError

P = ParamSpec("P")
R = TypeVar("R")


def called_first(example: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function that makes a rule or a condition raise RuleError where its only argument is a function.

    Parameters
    ----------
    example : str
        The parentheses with arguments as a user would give them, for the hint.
    """

    def decorate(make: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(make)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if len(args) == 1 and not kwargs and isinstance(args[0], FunctionType):
                raise no_parentheses(make.__name__, args[0], example)
            return make(*args, **kwargs)

        return checked

    return decorate


def no_parentheses(decorator: str, function: Callable[..., Any], example: str) -> RuleError:
    """Return the error for a decorator without parentheses above a function."""
    return RuleError(
        f"@{decorator} stands without parentheses above {function.__name__!r}",
        hint=f"@{decorator}{example}",
        code="LK103",
    )

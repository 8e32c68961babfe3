"""Options that every rule has beside how it votes: one list of them, and one way to merge those of two conditions.

Every decorator and method that makes rules takes ``**options: Unpack[RuleOptions]`` (PEP 692), so that type checkers
and editors know each option and its type; :func:`takes_options` shows the same list to ``help`` and to notebooks.

>>> left = Options({"group": "ann"}, {"group": "keywords('a')"})
>>> merged(left, Options({"precision": 0.9})).values
{'group': 'ann', 'precision': 0.9}
>>> merged(left, Options({"group": "bob"}, {"group": "keywords('b')"}))
Traceback (most recent call last):
    ...
labelkit.exceptions.RuleError: group has two values: 'ann' in keywords('a') and 'bob' in keywords('b') [LK100]
Hint: give group= once; in .rule(name=..., group=...) it replaces what the condition was made with
"""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from typing import Any, Final, TypedDict, TypeVar, cast

import numpy as np

from labelkit._shared.unknown_keywords import check_keywords, checked_call
from labelkit.exceptions import RuleError
from labelkit.votes.label_space import ABSTAIN

F = TypeVar("F", bound=Callable[..., Any])

_ABSENT: Final = object()


class AuthorOptions(TypedDict, total=False):
    """Options that say who made a rule and how far to trust it."""

    group: str | None
    """The person or source that the rule comes from."""
    precision: float | None
    """The expected share of right votes, in (0, 1)."""
    trusted: bool | None
    """True if the author vouches for the rule."""


class UnnamedOptions(AuthorOptions, total=False):
    """Options of every rule but its name."""

    examples: Mapping[Any, Any] | None
    """An input, or a tuple of inputs, to the expected vote; run by ``labelkit check``."""
    cache: bool | None
    """True if the votes may be cached; found out from the rule's code if not given."""


class RuleOptions(UnnamedOptions, total=False):
    """Options of every rule; one that is left out, or None, is not given."""

    name: str | None
    """The rule's name; that of the decorated function if not given."""


@dataclass(frozen=True)
class Options:
    """The options that were given, each with the call that gave it.

    Attributes
    ----------
    values : RuleOptions
        Without those that are None.
    sources : mapping from option to str
        The call that gave an option, such as ``keywords('free')``, for messages.
    """

    values: RuleOptions = field(default_factory=RuleOptions)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, function: Callable[..., Any], options: Mapping[str, Any], *arguments: Any) -> Options:
        """Take the options of a call.

        Parameters
        ----------
        function : callable
            Decorated with :func:`takes_options`.
        options : mapping
            The keywords that the function got.
        *arguments : object
            Positional arguments of the call, the first of which is shown in messages if it is text or a path.

        Raises
        ------
        KeywordError
            If the function takes no such option.
        """
        check_keywords(function, options)
        shown = [repr(one) for one in arguments[:1] if isinstance(one, str | os.PathLike) and len(repr(one)) <= 40]
        more = ["..."] if len(shown) < len(arguments) else []
        call = f"{function.__name__}({', '.join(shown + more)})"
        values = {option: value for option, value in options.items() if value is not None}
        return cls(cast("RuleOptions", values), dict.fromkeys(values, call))

    def replaced_by(self, other: Options) -> Options:
        """Take the other's value of each option that it gives, and keep the rest."""
        values = cast("RuleOptions", {**self.values, **other.values})
        return Options(values, {**self.sources, **other.sources})

    def checked(self, what: str) -> Options:
        """Raise RuleError if an option has an impossible value; ``what`` names the rule."""
        precision = self.values.get("precision")
        if precision is not None and not (isinstance(precision, float | np.floating) and 0 < precision < 1):
            raise RuleError(
                f"precision={precision!r} of {what} is not between 0 and 1",
                hint="precision is the share of its votes that you think right, such as 0.9",
            )
        return self


def merged(left: Options, right: Options) -> Options:
    """Keep the options of both sides; ``examples`` are merged input by input.

    Raises
    ------
    RuleError
        If both sides give an option, or the expected vote of an input, and the values differ.
    """
    values: dict[str, Any] = {
        **left.values,
        **{name: value for name, value in right.values.items() if name not in left.values},
    }
    sources = {**right.sources, **left.sources}
    for option in [name for name in left.values if name in right.values]:
        sides = _sides(option, left, right)
        if option == "examples":
            values[option] = _merged_examples(left.values["examples"] or {}, right.values["examples"] or {}, sides)
            sources[option] = " and ".join(dict.fromkeys(filter(None, (o.sources.get(option) for o in (left, right)))))
        elif not _equal(one := left.values[option], other := right.values[option]):  # type: ignore[literal-required] # a key of both
            hint = f"give {option}= once; in .rule(name=..., {option}=...) it replaces what the condition was made with"
            raise RuleError(f"{option} has two values: {one!r}{sides[0]} and {other!r}{sides[1]}", hint=hint)
    return Options(cast("RuleOptions", values), sources)


def _sides(option: str, left: Options, right: Options) -> tuple[str, str]:
    """Say in which calls both sides gave an option, as far as known."""
    calls = [options.sources.get(option) for options in (left, right)]
    first, second = (f" in {call}" if call else "" for call in calls)
    return first, second


def _merged_examples(left: Mapping[Any, Any], right: Mapping[Any, Any], sides: tuple[str, str]) -> dict[Any, Any]:
    for inputs, expected in right.items():
        other = left.get(inputs, _ABSENT)
        if other is not _ABSENT and not _equal(_vote(other), _vote(expected)):
            raise RuleError(
                f"examples has two expected votes for {inputs!r}: {other!r}{sides[0]} and {expected!r}{sides[1]}",
                hint="keep one, or give examples= to the combination: (a & b).labeled(label, examples={...})",
                code="LK126",
            )
    return {**left, **{inputs: vote for inputs, vote in right.items() if inputs not in left}}


def _vote(expected: Any) -> Any:
    """Write both ways to expect an abstain as one."""
    return ABSTAIN if expected is None else expected


def _equal(one: Any, other: Any) -> bool:
    """Compare two values of an option, which may be of any type: NaN equals itself, an array nothing."""
    try:
        return one is other or bool(one == other)
    except (TypeError, ValueError):  # an array is not one truth value
        return False


def takes_options(kind: type[AuthorOptions]) -> Callable[[F], F]:
    """List the options of a function that takes them as ``**options`` in its signature, for ``help`` and notebooks.

    >>> @takes_options(AuthorOptions)
    ... def words(*words: str, **options: typing.Unpack[AuthorOptions]) -> None: ...
    >>> list(inspect.signature(words).parameters)
    ['words', 'group', 'precision', 'trusted']
    """
    hints = typing.get_type_hints(kind)
    listed = [Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=hints[name]) for name in hints]

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        named = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        function.__signature__ = signature.replace(parameters=[*named, *listed])  # type: ignore[attr-defined] # where ``inspect.signature`` looks first
        return checked_call(function)

    return decorate

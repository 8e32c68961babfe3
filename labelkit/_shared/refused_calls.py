"""Explain a call that Python refuses: which argument is missing or one too many, and a call that works."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, Final

from labelkit._shared.meant_keywords import unknown_keyword
from labelkit.exceptions import ArgumentError, LabelkitError

MOST_KEYWORDS: Final = 8
"""Keywords that a hint lists."""

MOST_NAMES: Final = 5
"""Missing arguments that a message names."""

_EITHER: Final = Parameter.POSITIONAL_OR_KEYWORD

MOST_BY_HAND: Final = 2
"""Arguments that an object needs which people make by its constructor."""

_MAKERS: Final = {"Condition": "keywords", "Corpus": "open_corpus", "LabelingFunction": "labeling_function"}
"""The function that makes objects of a class, where several do."""

_VARIABLES: Final = {
    "LabelMatrix": "matrix",
    "LabelingFunctions": "lfs",
    "RunFolder": "run",
    "ProbabilisticLabels": "labels",
}
"""What a variable is called that holds an instance of a class, in the calls that hints show."""


@dataclass
class Callee:
    """What is called, by which a call that Python refuses is explained."""

    function: Callable[..., Any]
    more: Collection[str] | None
    kind: type | None
    is_static: bool

    def refusal(self, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> LabelkitError | None:
        """Return the error of a call; None if the function takes it."""
        parameters = list(inspect.signature(self.function).parameters.values())
        if self.kind is None or self.is_static:
            call = _Call(self.function.__name__, self.kind, parameters, arguments, keywords)
            return call.unknown(self.more) or call.surplus() or call.missing()
        first = arguments[0] if arguments else None
        of = first if isinstance(first, type) else type(first)
        is_bound = issubclass(of, self.kind)
        call = _Call(self.function.__name__, of if is_bound else self.kind, parameters[1:], arguments[1:], keywords)
        return call.unknown(self.more) or (call.surplus() or call.missing() if is_bound else call.of_the_class())


@dataclass(frozen=True)
class _Call:
    """A call, without the object whose method it is of."""

    name: str
    kind: type | None
    parameters: list[Parameter]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]

    @property
    def shown(self) -> str:
        """The function as messages name it."""
        if self.kind is None:
            return self.name
        return self.kind.__name__ if self.is_constructor else f"{self.kind.__name__}.{self.name}"

    @property
    def is_constructor(self) -> bool:
        """Whether an object is made."""
        return self.name in ("__init__", "__new__")

    @property
    def positional(self) -> list[Parameter]:
        """The parameters that may stand without a name."""
        return [one for one in self.parameters if one.kind in (Parameter.POSITIONAL_ONLY, _EITHER)]

    def unknown(self, more: Collection[str] | None) -> LabelkitError | None:
        """Return the error of a keyword that is not taken."""
        if more is None and any(one.kind is Parameter.VAR_KEYWORD for one in self.parameters):
            return None
        taken = [one.name for one in self.parameters if one.kind in (Parameter.KEYWORD_ONLY, _EITHER)] + list(
            more or ()
        )
        name = next((name for name in self.keywords if name not in taken), None)
        return None if name is None else unknown_keyword(self.shown, name, taken, self.keywords[name], of=self.kind)

    def of_the_class(self) -> LabelkitError:
        """Return the error of a method that is called on the class instead of an object."""
        assert self.kind is not None
        kind = _public_kind(self.kind)
        construction = call_that_works(_public(kind.__name__), inspect.signature(kind).parameters.values())
        return ArgumentError(
            f"{self.name}() is a method of an object, and was called on the class",
            hint=call_that_works(f"{construction}.{self.name}", self.parameters),
        )

    def surplus(self) -> LabelkitError | None:
        """Return the error of more arguments without a name than are taken, or of one that is given twice."""
        positional = [one.name for one in self.positional]
        given = len(self.arguments)
        if given > len(positional) and all(one.kind is not Parameter.VAR_POSITIONAL for one in self.parameters):
            number = len(positional) or "no"
            return ArgumentError(
                f"{self.shown}() takes {number} argument{'s'[: number != 1]} without a name, and got {given}",
                hint=self._fitted() or self._named(),
            )
        twice = next((name for name in positional[:given] if name in self.keywords), None)
        if twice is None:
            return None
        return ArgumentError(f"{self.shown}() got {twice!r} twice, once without its name", hint=self._works())

    def missing(self) -> LabelkitError | None:
        """Return the error of arguments that have no default, and are not given."""
        given = {*self.keywords, *(one.name for one in self.positional[: len(self.arguments)])}
        names = [repr(one.name) for one in self.parameters if _is_needed(one) and one.name not in given]
        if not names:
            return None
        if len(names) > MOST_NAMES:
            names[MOST_NAMES - 1 :] = [f"{len(names) - MOST_NAMES + 1} more"]
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        return ArgumentError(f"{self.shown}() lacks {listed}", hint=self._maker() or self._works())

    def _fitted(self) -> str | None:
        """Show the call that is meant where a label model is made of what it learns from."""
        if not self.is_constructor or not hasattr(self.kind, "fit") or isinstance(self.arguments[0], int | float):
            return None
        return f"{call_that_works(_public(self.shown), self.parameters)}.fit(matrix)"

    def _named(self) -> str:
        """Show the call with the first keyword, and list all."""
        names = [one.name for one in self.parameters if one.kind is Parameter.KEYWORD_ONLY]
        more = [name for name in names if name not in self.keywords]
        if "n_classes" in more and isinstance(self.arguments[-1], int):
            return f"{_public(self.shown)}(n_classes={self.arguments[-1]})"
        listed = ", ".join([*names[:MOST_KEYWORDS], *(["..."] if len(names) > MOST_KEYWORDS else [])])
        return self._works(more[:1]) + (f"; it takes {listed} by name" if len(names) > 1 else "")

    def _maker(self) -> str | None:
        """Show the call that makes an object which people do not make by its constructor."""
        if not self.is_constructor or self.kind is None:
            return None
        needed = [one for one in self.parameters if _is_needed(one)]
        if (of := getattr(self.kind, "of", None)) is not None:
            return call_that_works(f"{_public(self.shown)}.of", inspect.signature(of).parameters.values())
        door = sys.modules["labelkit"]
        named = [_MAKERS[self.shown]] if self.shown in _MAKERS else door.__all__ if len(needed) > MOST_BY_HAND else []
        for name in named:
            function = getattr(door, name)
            if inspect.isfunction(function) and function.__annotations__.get("return") == self.kind.__name__:
                call = call_that_works(_public(name), inspect.signature(function).parameters.values())
                return f"{call} returns one"
        return f"help({_public(self.shown)}) lists them" if len(needed) > MOST_NAMES else None

    def _works(self, also: Collection[str] = ()) -> str:
        start = self.shown if self.kind is None or self.is_constructor else f"{_variable(self.kind)}.{self.name}"
        return call_that_works(_public(start), self.parameters, (*self.keywords, *also))


def call_that_works(function: str, parameters: Iterable[Parameter], also: Collection[str] = ()) -> str:
    """Show a call with the arguments that have no default, and more keywords.

    >>> def show(path: str, *words: str, label: int, name: str = "", size: int = 0) -> None: ...
    >>> call_that_works("show", inspect.signature(show).parameters.values(), ["size"])
    'show(path, *words, label=..., size=...)'
    """
    shown = []
    for one in parameters:
        if one.kind is Parameter.VAR_POSITIONAL:
            shown.append(f"*{one.name}")
        elif _is_needed(one) and one.kind is not Parameter.KEYWORD_ONLY:
            shown.append(one.name)
        elif _is_needed(one) or one.name in also:
            shown.append(f"{one.name}=...")
    return f"{function}({', '.join(shown)})"


def _is_needed(parameter: Parameter) -> bool:
    return parameter.default is Parameter.empty and parameter.kind not in (
        Parameter.VAR_POSITIONAL,
        Parameter.VAR_KEYWORD,
    )


def _public(name: str) -> str:
    """Return the name with that of the package before it, where it is public."""
    door = sys.modules.get("labelkit")
    return f"labelkit.{name}" if name in getattr(door, "__all__", ()) else name


def _public_kind(kind: type) -> type:
    """Return a class that is public and has the methods of another one."""
    door = sys.modules["labelkit"]
    public = (getattr(door, name) for name in (kind.__name__, "LabelModel", *door.__all__) if name in door.__all__)
    return next((one for one in public if isinstance(one, type) and issubclass(one, kind)), kind)


def _variable(kind: type) -> str:
    """Return what a variable is called that holds an object of a class: the last word of its name, in small letters."""
    return _VARIABLES.get(kind.__name__) or re.split(r"(?<=[a-z])(?=[A-Z])", kind.__name__)[-1].lower()

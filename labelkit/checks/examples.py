"""The ``examples=`` of rules, run: what a rule said of one, what was expected, and why a declarative rule said it.

``labelkit check``, the pytest plugin and :mod:`labelkit.testing` all ask :func:`failure_of`.

>>> from labelkit.rules.labeling_functions import LabelingFunctions
>>> from labelkit.rules.keywords import keywords
>>> asks = keywords("subscribe", label=1, examples={"Subscribe!": 1, "unsubscribe": 1}).rule(name="asks")
>>> rules = LabelingFunctions([asks], labels=["HAM", "SPAM"])
>>> [print(failure) for failure in failures_of(asks, rules.space)]
asks('unsubscribe') voted ABSTAIN, but its example expects SPAM
  SPAM needs: one of the keywords 'subscribe' in text: no match
[None]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from labelkit._shared.user_errors import described
from labelkit.exceptions import LabelSpaceError, VoteError
from labelkit.rules.expressions import AllOf, AtLeast, Expression, Leaf, Not
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.predicates import InContext, OfDocument, Pattern, Test, Values, Words
from labelkit.votes.label_space import MAX_CLASSES, LabelSpace

MOST_SHOWN: Final = 6
"""Entries of a list that are named in a failure."""

LONGEST_SHOWN: Final = 80
"""Characters of an input that are shown."""


@dataclass(frozen=True)
class ExampleFailure:
    """An example that did not get the vote that it expects.

    Attributes
    ----------
    call : str
        The rule called with the example's inputs.
    expected, vote : str
        Names of classes, or ``"ABSTAIN"``; ``vote`` is empty where there was none.
    error : Exception or None
        What the rule raised.
    why : tuple of str
        For declarative rules and guards: what matched, and what did not.
    """

    call: str
    expected: str
    vote: str
    error: Exception | None = None
    why: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The failure in a line."""
        if self.error is None:
            return f"{self.call} voted {self.vote}, but its example expects {self.expected}"
        if isinstance(self.error, VoteError):
            return f"{self.call} returned no vote: {self.error.message}; its example expects {self.expected}"
        kind, message = described(self.error)
        return f"{self.call} raised {kind}: {message}; its example expects {self.expected}"

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"  {line}" for line in self.why)])


def failure_of(
    lf: LabelingFunction[...], inputs: Sequence[Any], expected: int, space: LabelSpace
) -> ExampleFailure | None:
    """Run one example of a rule.

    Parameters
    ----------
    lf : LabelingFunction
    inputs : sequence
        A value for each column that the rule reads.
    expected : int
        A class, or -1.
    space : LabelSpace
        Names the classes, and says which there are.

    Returns
    -------
    ExampleFailure or None
        None if the vote is the expected one.
    """
    call = f"{lf.name}({', '.join(map(_shown, inputs))})"
    try:
        vote = space.vote(lf(*inputs))
    except VoteError as error:
        return ExampleFailure(call, space.name(expected), "", error, (f"Hint: {error.hint}",))
    except Exception as error:  # noqa: BLE001 - a rule may raise anything
        return ExampleFailure(call, space.name(expected), "", error)
    if vote == expected:
        return None
    values = lf.arguments(*inputs)
    return ExampleFailure(call, space.name(expected), space.name(vote), why=tuple(_reasons(lf, values, space)))


def failures_of(lf: LabelingFunction[...], space: LabelSpace) -> Iterator[ExampleFailure]:
    """Run all examples of a rule, and tell those that fail."""
    for inputs, expected in lf.examples:
        failure = failure_of(lf, inputs, expected, space)
        if failure is not None:
            yield failure


def space_of(lfs: Iterable[LabelingFunction[...]]) -> LabelSpace:
    """The label space of rules; where it cannot be inferred, one of numbers, since examples can be run without.

    Raises
    ------
    CollectError
        If two rules share a name, or they belong to two label spaces.
    """
    rules = list(lfs)
    try:
        return LabelingFunctions(rules).space
    except LabelSpaceError:
        if any(lf.enum is not None for lf in rules):
            raise
        return LabelSpace.of(MAX_CLASSES)


# Why a declarative rule votes as it does ------------------------------------------------------------------------------


def _reasons(lf: LabelingFunction[...], values: dict[str, Any], space: LabelSpace) -> Iterator[str]:
    if isinstance(lf.body, Calls):
        if lf.body.when is not None:
            yield from _explained("the function is called where: ", lf.body.when, values)
        return
    for expression, label in lf.body.cases:
        yield from _explained(f"{space.name(label)} needs: ", expression, values)
        if expression.holds(values) is True:
            return


def _explained(prefix: str, expression: Expression, values: dict[str, Any]) -> Iterator[str]:
    """An expression as lines, each part with whether it holds."""
    if isinstance(expression, Leaf):
        for where, value in _asked(expression, values):
            yield f"{prefix}{_named(expression.test)} in {where}: {_found(expression.test, value)}"
        return
    answer = {True: "holds", False: "does not hold", None: "is not known"}[expression.holds(values)]
    parts = (expression.part,) if isinstance(expression, Not) else expression.parts
    yield f"{prefix}{_joint(expression)} the following, which {answer}"
    for part in parts:
        yield from (f"  {line}" for line in _explained("- ", part, values))


def _joint(expression: Expression) -> str:
    if isinstance(expression, Not):
        return "not"
    if isinstance(expression, AtLeast):
        return f"at least {expression.number} of"
    return "all of" if isinstance(expression, AllOf) else "any of"


def _asked(leaf: Leaf, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """The values that a test is asked of, with their columns: one after the other, or all together."""
    if getattr(leaf.test, "width", 0):
        return [(", ".join(leaf.columns), tuple(values[column] for column in leaf.columns))]
    return [(column, values[column]) for column in leaf.columns]


def _named(test: Test) -> str:
    if isinstance(test, Pattern):
        return f"the pattern {test.pattern!r}"
    if isinstance(test, InContext):
        return f"{type(test).__name__.lower()}({'; '.join(map(_named, test.needs))})"
    if isinstance(test, OfDocument):
        return test.said
    entries = test.words if isinstance(test, Words) else getattr(test, "values", None)
    if entries is None:  # in a table that is kept elsewhere
        return _shown(test)
    listed = ", ".join(map(_shown, entries[:MOST_SHOWN]))
    more = f" and {len(entries) - MOST_SHOWN:,} more" if len(entries) > MOST_SHOWN else ""
    return f"one of the {'keywords' if isinstance(test, Words) else 'values'} {listed}{more}"


def _found(test: Test, value: Any) -> str:
    """What a test found in a value."""
    if value is None or (isinstance(value, tuple) and None in value):
        return "the value is null, so nothing is known"
    if not test.matches(value):
        strict = f" ({_shown(value)} is of type {type(value).__name__})" if isinstance(test, Values) else ""
        return f"no match{strict}"
    if isinstance(test, Words | Pattern):
        match = test.regex.search(value)
        assert match is not None
        return f"found {_shown(match[0])} at {match.start()}"
    place = next(iter(test.spans(value)), None) if isinstance(test, InContext | OfDocument) else None
    text = value.text if isinstance(test, OfDocument) else value
    return "equal" if place is None else f"found {_shown(text[slice(*place)])} at {place[0]}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"

"""Run the ``examples=`` of rules: the vote on each, the expected vote, and for a declarative rule the reason.

``labelkit check``, the pytest plugin and :mod:`labelkit.testing` all ask :func:`failure_of`.

>>> from labelkit.rules.labeling_functions import LabelingFunctions
>>> from labelkit.rules.keywords import keywords
>>> asks = keywords("subscribe", label=1, examples={"Subscribe!": 1, "unsubscribe": 1}).rule(name="asks")
>>> rules = LabelingFunctions([asks], labels=["HAM", "SPAM"])
>>> [print(failure) for failure in failures_of(asks, rules.space)]
asks('unsubscribe') voted ABSTAIN, but its example expects SPAM
  SPAM needs: one of “subscribe” in text: no match
[None]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from labelkit._shared.user_code import UserCode
from labelkit._shared.user_errors import described
from labelkit.exceptions import LabelSpaceError, VoteError
from labelkit.rules.expressions import Expression, Leaf
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.predicates import Predicate
from labelkit.votes.label_space import MAX_CLASSES, LabelSpace

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
    error : BaseException or None
        What the rule raised.
    why : tuple of str
        For declarative rules and guards: what matched, and what did not.
    """

    call: str
    expected: str
    vote: str
    error: BaseException | None = None
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
        with UserCode() as code:
            vote = space.vote(lf(*inputs))
    except VoteError as error:
        return ExampleFailure(call, space.name(expected), "", error, (f"Hint: {error.hint}",))
    except BaseException as error:
        if code.interrupted_by(error):
            raise
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
    """Return an expression as lines, each part with whether it holds."""
    if isinstance(expression, Leaf):
        for where, value in _tested(expression, values):
            yield f"{prefix}{expression.test.describe()} in {where}: {_outcome(expression.test, value)}"
        return
    answer = {True: "holds", False: "does not hold", None: "is not known"}[expression.holds(values)]
    yield f"{prefix}{expression.operator} the following, which {answer}"
    for part in expression.parts:
        yield from (f"  {line}" for line in _explained("- ", part, values))


def _tested(leaf: Leaf, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """List the values that a predicate reads, with their columns: one after the other, or all together."""
    if leaf.joint:
        return [(", ".join(leaf.columns), tuple(values[column] for column in leaf.columns))]
    return [(column, values[column]) for column in leaf.columns]


def _outcome(test: Predicate, value: Any) -> str:
    """Describe the first match of a predicate in a value, or why there is none."""
    if value is None or (isinstance(value, tuple) and None in value):
        return "the value is null, so nothing is known"
    if not test.matches(value):
        strict = f" ({_shown(value)} is of type {type(value).__name__})" if test.reads == "value" else ""
        return f"no match{strict}"
    place = None if test.reads in ("value", "tuple") else next(iter(test.spans(value)), None)
    if place is None:
        return "equal"
    text = value.text if test.reads == "document" else value
    return f"found {_shown(text[slice(*place)])} at {place[0]}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"

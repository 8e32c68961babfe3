"""Find mistakes in rules: in their source, in their regular expressions, and in their votes on a sample.

An *error* is a rule that cannot work: it returns something that is not a vote, it can only abstain, its pattern does
not finish on a short text. A *warning* is a rule that works, but probably not as meant. A *note* is information.

>>> from labelkit.rules.python_rule import labeling_function
>>> from labelkit.rules.labeling_functions import LabelingFunctions
>>> @labeling_function
... def long_comment(text: str):
...     return "SPAM" if len(text) > 40 else None
>>> [print(problem) for problem in lint(LabelingFunctions([long_comment], labels=["HAM", "SPAM"]))]
error: long_comment: it can return 'SPAM' (line 3): 'SPAM' (str) is not a vote [LK901]
  Hint: return the class's number 1 or its enum member, not its name
[None]
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from labelkit.checks.slow_regex import SlowPattern, begin_search
from labelkit.exceptions import VoteError, with_code
from labelkit.matching.regex_syntax import NotReadError, read
from labelkit.rules.inspection.dependencies import resolve
from labelkit.rules.inspection.syntax import patterns_used, returned, source_of
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.oddities import ONLY_ABSTAINS, note_told, oddities
from labelkit.rules.predicates import Pattern, parts_of
from labelkit.rules.row_rules import plain_function
from labelkit.votes.label_space import LabelSpace

Severity: TypeAlias = Literal["error", "warning", "note"]

_NO_FASTER: Final = (
    "let what is repeated not match what stands beside it: a+ for (a+)+, [^@]+@ for .+@, one of two .* for both"
)


@dataclass(frozen=True)
class Problem:
    """A possible mistake in a rule.

    Parameters
    ----------
    severity : {"error", "warning", "note"}
    rule : str
        The name of the rule; empty if it is of all of them.
    message : str
    hint : str, optional
        How to mend it.
    code : str
        Its code, which ``labelkit explain`` knows more of.
    """

    severity: Severity
    rule: str
    message: str
    hint: str | None = None
    code: str = field(kw_only=True)

    def __str__(self) -> str:
        named = not self.rule or self.message.startswith(f"{self.rule}(")
        of_rule = "" if named else f"{self.rule}: "
        first, *rest = self.message.split("\n")
        line = "\n".join([with_code(f"{self.severity}: {of_rule}{first}", self.code), *rest])
        return line if self.hint is None else f"{line}\n  Hint: {self.hint}"


def lint(lfs: LabelingFunctions) -> list[Problem]:
    """Find mistakes in the declarations of rules, in their order.

    Parameters
    ----------
    lfs : LabelingFunctions

    Returns
    -------
    list of Problem
    """
    return begin_lint(lfs)()


def begin_lint(lfs: LabelingFunctions) -> Callable[[], list[Problem]]:
    """Begin :func:`lint`: another process searches for slow patterns until the result is asked for.

    Parameters
    ----------
    lfs : LabelingFunctions

    Returns
    -------
    callable
        Returns what :func:`lint` does.
    """
    note_told(lfs)
    patterns = {lf.name: _patterns(lf) for lf in lfs}
    slow = begin_search(p for of_rule in patterns.values() for p in of_rule)
    return lambda: _problems(lfs, patterns, {one.pattern: one for one in slow.result()})


def _problems(
    lfs: LabelingFunctions, patterns: dict[str, dict[Pattern, bool]], slow: dict[Pattern, SlowPattern]
) -> list[Problem]:
    problems: list[Problem] = []
    for lf in lfs:
        if isinstance(lf.body, Calls):
            problems += _of_returns(lf, lf.body, lfs.space)
        problems += _of_state(lf)
        problems += [
            Problem("error" if one.code == ONLY_ABSTAINS else "warning", lf.name, one.reason, one.remedy, code=one.code)
            for one in oddities(lf)
        ]
        problems += [_of_pattern(lf, slow[p], scanned=scanned) for p, scanned in patterns[lf.name].items() if p in slow]
    return problems


# By the source --------------------------------------------------------------------------------------------------------


def _of_returns(lf: LabelingFunction[...], body: Calls, space: LabelSpace) -> Iterator[Problem]:
    """Report returned constants that are not votes."""
    source = None if body.batch else source_of(body.function)
    if source is None:
        return
    if inspect.isgeneratorfunction(source.function) or inspect.iscoroutinefunction(source.function):
        yield Problem(
            "error", lf.name, "it is a generator or a coroutine, which is not a vote", "return a class", code="LK903"
        )
        return
    result = returned(source)
    for text, line in result.missing:
        yield Problem(
            "error", lf.name, f"it can return {text} (line {line}), which the enum does not have", code="LK901"
        )
    for value, line in dict.fromkeys(result.values):
        try:
            space.vote(value)
        except VoteError as error:
            yield Problem(
                "error", lf.name, f"it can return {value!r} (line {line}): {error.message}", error.hint, code="LK901"
            )


def _of_state(lf: LabelingFunction[...]) -> Iterator[Problem]:
    """Report dependence on anything but the arguments, of the rule itself or of a column that it reads."""
    for owner, function in lf.owned_functions:
        for finding in resolve(function).impure:
            reason = str(finding) if owner is lf else f"column {owner.name}: {finding}"
            yield Problem(
                "warning",
                lf.name,
                f"its vote depends on more than the example: {reason}",
                "a rule that votes the same on the same example can be cached, and run in any order",
                code="LK904",
            )


# By the regular expressions -------------------------------------------------------------------------------------------


def _patterns(lf: LabelingFunction[...]) -> dict[Pattern, bool]:
    """List the patterns of a rule, with True for those that labelkit scans for, rather than the rule's own code."""
    sources = [source_of(plain_function(function)) for function in lf.functions]
    used = {pattern: False for source in sources if source is not None for pattern in patterns_used(source)}
    parts = [part for predicate in lf.predicates for part in parts_of(predicate)]
    is_scanned = [(predicate, True) for predicate in lf.predicates] + [(part, False) for part in parts]
    declared = {one: scanned for one, scanned in is_scanned if isinstance(one, Pattern)}
    return {**declared, **used}


def _of_pattern(lf: LabelingFunction[...], slow: SlowPattern, *, scanned: bool) -> Problem:
    hint = _NO_FASTER if slow.rewriting is None else f"{slow.rewriting.how}: {slow.rewriting.pattern.pattern}"
    if slow.hopeless:
        return Problem("error", lf.name, f"its pattern {slow}", hint, code="LK906")
    if scanned and _is_followed(slow.pattern):
        aside = (
            "; large runs, which match it without re, are not slowed by it, but small runs and calls of the rule are"
        )
        return Problem("note", lf.name, f"its pattern {slow}{aside}", hint, code="LK906")
    return Problem("warning", lf.name, f"its pattern {slow}", hint, code="LK906")


def _is_followed(pattern: Pattern) -> bool:
    """Return True if an automaton decides the pattern, in time proportional to the length of the text."""
    try:
        return read(pattern).exact
    except NotReadError:
        return False


# Rules that are not tried -------------------------------------------------------------------------------------------


def costs(lf: LabelingFunction[...]) -> bool:
    """True if trying a rule costs money: it sends requests to a language model."""
    return lf.kind == "prompt"


def untried(lf: LabelingFunction[...]) -> Problem:
    """Note that such a rule was left out."""
    message = "it asks a language model, so it was not tried"
    return Problem("note", lf.name, message, "labelkit plan RULES CORPUS --ask", code="LK915")

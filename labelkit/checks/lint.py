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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from labelkit._shared.distributions import clopper_pearson, exact_interval
from labelkit._shared.numbers import percent
from labelkit.checks.slow_regex import SlowPattern, begin_search
from labelkit.exceptions import VoteError, parts_of_text, with_code
from labelkit.matching.regex_syntax import NotReadError, read
from labelkit.rules.inspection.dependencies import resolve
from labelkit.rules.inspection.syntax import patterns_used, returned, source_of
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.oddities import ONLY_ABSTAINS, note_told, oddities
from labelkit.rules.oddities.anchors import anchored_search
from labelkit.rules.predicates import Pattern, parts_of
from labelkit.rules.row_rules import plain_function
from labelkit.votes.label_space import ABSTAIN, LabelSpace

if TYPE_CHECKING:
    from labelkit.votes.label_matrix import LabelMatrix

Severity: TypeAlias = Literal["error", "warning", "note"]

OVERLAP: Final = 0.99
"""Report two rules that vote on the same rows more often than this: models cannot tell them apart."""

NEARLY_ALL: Final = 0.9
"""Report a rule that surely votes for one class on a larger share of the rows than this."""

FEW_VOTES: Final = 20
"""Do not report the overlaps of a rule with fewer votes on the sample."""

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


# By the votes ---------------------------------------------------------------------------------------------------------


def lint_votes(lfs: LabelingFunctions, matrix: LabelMatrix) -> list[Problem]:
    """Find mistakes by the votes of rules on a sample: faults, no votes, one vote on all, votes of another rule.

    Parameters
    ----------
    lfs : LabelingFunctions
    matrix : LabelMatrix
        Their votes on the sample.

    Returns
    -------
    list of Problem
    """
    return [*_of_faults(matrix), *_of_silence(lfs, matrix), *_of_voting_on_all(matrix), *_of_overlaps(matrix)]


def _of_faults(matrix: LabelMatrix) -> Iterator[Problem]:
    """Report each rule that fails, once for each kind of error."""
    kinds: dict[tuple[str, str], list[Any]] = {}
    for fault in matrix.faults:
        kinds.setdefault((fault.lf, fault.error), []).append(fault)
    for (name, error), faults in kinds.items():
        first = faults[0]
        where = f"the first in row {first.row}: " if len(faults) > 1 else f"row {first.row}: "
        reason, code, hint = parts_of_text(first.message)
        message = f"failed on {len(faults):,} of {len(matrix):,} rows, {where}{error}: {reason}"
        yield Problem("error", name, message, hint, code=code or "LK907")


def _of_silence(lfs: LabelingFunctions, matrix: LabelMatrix) -> Iterator[Problem]:
    """Report rules that never voted: a note for one whose examples show that it can, else a warning."""
    failed = {fault.lf for fault in matrix.faults}
    for lf, votes in zip(lfs, matrix.votes.T, strict=True):
        if lf.name in failed or (votes >= 0).any():
            continue
        most = clopper_pearson(0, len(votes), 0.95)
        message = (
            f"it never voted on {len(votes):,} rows, so that its coverage is at most {percent(float(most))} (95% sure)"
        )
        if any(vote != ABSTAIN for _, vote in lf.examples):
            yield Problem("note", lf.name, message, code="LK908")
        else:
            hint = anchored_search(lf) or "an example on which it votes would show that it can: examples={...}"
            yield Problem("warning", lf.name, message, hint, code="LK908")


def _of_voting_on_all(matrix: LabelMatrix) -> Iterator[Problem]:
    """Report rules that vote for one class on nearly every row."""
    if matrix.n_classes == 1:
        return
    for name, votes in zip(matrix.names, matrix.votes.T, strict=True):
        labels, counts = np.unique(votes[votes >= 0], return_counts=True)
        if len(labels) == 1 and exact_interval(int(counts[0]), len(votes), 0.95)[0] > NEARLY_ALL:
            message = (
                f"it votes {matrix.class_names[int(labels[0])]} on {counts[0]:,} of {len(votes):,} rows, "
                "which tells none from another"
            )
            hint = "look for a test that is always true; a class that is frequent is said by a class prior"
            yield Problem("warning", name, message, hint, code="LK927")


def _of_overlaps(matrix: LabelMatrix) -> Iterator[Problem]:
    """Report pairs of rules that vote on the same rows, and rules that vote only where another one votes the same."""
    votes, counts = matrix.patterns.votes, matrix.patterns.counts.astype(np.float64)[:, None]
    voted = (votes >= 0).astype(np.float64)
    both = voted.T @ (counts * voted)
    alike = sum((one.T @ (counts * one) for one in _by_class(votes, matrix.n_classes)), np.zeros_like(both))
    n_votes = both.diagonal()
    either = n_votes[:, None] + n_votes[None, :] - both
    for i, j in _pairs(both > OVERLAP * either, n_votes):
        same = f"{percent(alike[i, j] / both[i, j], decimals=0)} of them for the same class"
        message = f"it votes where {matrix.names[j]} votes, on {both[i, j]:,.0f} of {either[i, j]:,.0f} rows, {same}"
        yield Problem(
            "warning", matrix.names[i], message, "a model counts them as two witnesses: keep one", code="LK909"
        )
    inside = (alike > OVERLAP * n_votes[:, None]) & ~(both > OVERLAP * either)
    for i in np.flatnonzero(inside.any(axis=1) & (n_votes >= FEW_VOTES)).tolist():
        j = int(np.flatnonzero(inside[i])[0])
        message = (
            f"{matrix.names[j]} votes the same on {alike[i, j]:,.0f} of the {n_votes[i]:,.0f} rows on which it votes"
        )
        yield Problem("note", matrix.names[i], message, code="LK910")


def _by_class(votes: Any, n_classes: int) -> Iterable[Any]:
    return ((votes == label).astype(np.float64) for label in range(n_classes))


def _pairs(mask: Any, n_votes: Any) -> list[tuple[int, int]]:
    """List the pairs of rules that a mask marks, each once, those with few votes left out."""
    enough = n_votes >= FEW_VOTES
    return list(zip(*np.nonzero(np.triu(mask & enough[:, None] & enough[None, :], 1)), strict=True))

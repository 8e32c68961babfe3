"""Expressions that find the matches of a rule again, so that a report can mark them without running anybody's code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

from labelkit._shared.quiet_regex import quietly_compiled
from labelkit._shared.secrets import without_secrets
from labelkit.matching.regex_cost import safe_length
from labelkit.rules.expressions import Expression
from labelkit.rules.inspection.source_text import cases_of, secrets_of_rule
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.predicates import Pattern, Words

Match: TypeAlias = tuple[int, int, int]
"""Start and end of a match, and the position of the rule."""

MOST_MATCHES: Final = 3
"""Matches of one expression that are marked."""

LONGEST_PATTERN: Final = 20_000
"""Characters of an expression that finds matches; a longer one (a look-up of thousands of names) is not kept."""

WORDS_WITHIN: Final = 200_000
"""In how many characters of a text words are looked for again."""


def match_patterns(lf: LabelingFunction[...]) -> list[dict[str, Any]]:
    """List the expressions that find a match of a rule.

    Returns
    -------
    list of dict
        For each expression its ``columns``, ``pattern``, ``flags``, the ``label`` that it stands for, and ``within``:
        in how many characters of a text it is looked for.
    """
    patterns = [pattern for expression, label in cases_of(lf) for pattern in _patterns(expression, label)]
    secrets = secrets_of_rule(lf) if patterns else ()
    return [pattern for pattern in patterns if not _holds_secret(pattern["pattern"], secrets)]


def _patterns(expression: Expression, label: int | None) -> Iterator[dict[str, Any]]:
    for leaf in expression.positive():
        for need in leaf.test.needs:
            within = _searchable(need)
            if within:
                pattern = {"columns": list(leaf.columns), "pattern": need.regex.pattern, "flags": need.regex.flags}
                yield {**pattern, "label": label, "within": within}


def _holds_secret(pattern: str, secrets: Iterable[str]) -> bool:
    """Return whether an expression looks for a secret: what finds it again would show it."""
    plain = re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)
    return without_secrets(plain, secrets) != plain


def _searchable(test: Words | Pattern) -> int:
    """Return the number of characters of a text in which the matches are searched again; 0 for none."""
    if isinstance(test, Words):
        return WORDS_WITHIN if sum(map(len, test.words)) * 2 <= LONGEST_PATTERN else 0
    return safe_length(test) if len(test.pattern) <= LONGEST_PATTERN else 0


# Finding them again --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MatchFinder:
    """Find the matches that made one rule vote.

    Parameters
    ----------
    lf : int
        The position of the rule.
    label : int or None
        The class that a match stands for; None for any.
    columns : tuple of str
    regex : re.Pattern
    within : int
        Characters of a text that are searched.
    """

    lf: int
    label: int | None
    columns: tuple[str, ...]
    regex: re.Pattern[str]
    within: int

    def matches(self, text: str) -> Iterator[Match]:
        """Find the first matches in a text."""
        for match in islice(self.regex.finditer(text[: self.within]), MOST_MATCHES):
            if match.end() > match.start():
                yield match.start(), match.end(), self.lf


def finders_of(rules: Sequence[Mapping[str, Any]]) -> dict[int, list[MatchFinder]]:
    """Read the patterns of each rule from a run's manifest; runs of earlier versions have none."""
    return {
        j: [
            MatchFinder(j, p["label"], tuple(p["columns"]), quietly_compiled(p["pattern"], p["flags"]), within)
            for p in rule.get("finds", ())
            if (within := int(p["within"]))
        ]
        for j, rule in enumerate(rules)
    }

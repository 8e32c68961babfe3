"""Find the matches that made a rule of a run vote, so that a report can mark them without running anybody's code.

A run keeps the conditions of each rule as plain values: words and patterns as regular expressions, and how they are
combined. What cannot be searched again (values, tables, documents, expressions that may be slow) is *unknown*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final, TypeAlias, cast

from labelkit._shared.secrets import without_secrets
from labelkit.matching.regex_cost import safe_length
from labelkit.rules.base_columns import text_behind
from labelkit.rules.context_predicates import SCOPES, Near, Repeated, Unnegated, Within, places
from labelkit.rules.expressions import AllOf, AnyOf, AtLeast, Expression, Leaf, Not, columns_of, leaves
from labelkit.rules.inspection.source_text import cases_of, secrets_of_rule
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.normalized_text import normalized_origins
from labelkit.rules.predicates import Pattern, Predicate, Words, parts_of

Match: TypeAlias = tuple[int, int, int]
"""Start and end of a match, and the position of the rule."""

MOST_MATCHES: Final = 3
"""Matches of one test that are marked."""

LONGEST_PATTERN: Final = 20_000
"""Characters of an expression that finds matches; a longer one (a look-up of thousands of names) is not kept."""

WORDS_WITHIN: Final = 200_000
"""In how many characters of a text words are looked for again."""

CONTEXT_WITHIN: Final = 20_000
"""In how many characters of a text it is asked again where words stand, each beside each."""


def match_patterns(lf: LabelingFunction[...]) -> list[dict[str, Any]]:
    """List the conditions of a rule, as plain values that find what matched.

    Returns
    -------
    list of dict
        For each case the ``label`` that it stands for, and what ``holds``; empty if no match could be found.
    """
    cases = cases_of(lf)
    secrets = secrets_of_rule(lf) if any(leaf.test.needs or leaf.test.parts for leaf in _leaves(cases)) else ()

    behind = {column: text_behind(lf, column) for column in columns_of(*(expression for expression, _ in cases))}

    def searched(leaf: Leaf, _: bool) -> Expression:  # noqa: FBT001 - as map_leaves calls it
        within = _within(leaf.test, secrets)
        columns = tuple("" if behind[column] is None else column for column in leaf.columns)
        return TextLeaf(leaf.test, columns, leaf.optional, within) if within and any(columns) else UNKNOWN

    written = [(expression.map_leaves(searched), label) for expression, label in cases]
    if all(leaf == UNKNOWN for leaf in _leaves(written)):
        return []
    forms = {name: list(source) for name, source in behind.items() if source is not None and source != (name, ())}
    return [{"label": label, "holds": _plain(expression), "forms": forms} for expression, label in written]


def _leaves(cases: Iterable[tuple[Expression, int | None]]) -> Iterator[Leaf]:
    return (leaf for expression, _ in cases for leaf in leaves(expression))


def _within(test: Predicate, secrets: Sequence[str]) -> int:
    """Return the number of characters of a text in which a test is asked again; 0 for none."""
    tests = [test, *parts_of(test)]
    if any(type(one) not in KINDS.values() for one in tests):
        return 0
    scopes = [Pattern(scope) for one in tests if (scope := getattr(one, "scope", None)) and scope not in SCOPES]
    searches = [*scopes, *(cast("Words | Pattern", one) for one in tests if one.scanned)]
    within = min([CONTEXT_WITHIN if test.parts else WORDS_WITHIN, *map(_searchable, searches)])
    return 0 if within and any(_holds_secret(one.regex.pattern, secrets) for one in searches) else within


def _plain(value: Any) -> Any:
    """Write tests and expressions as plain values."""
    if is_dataclass(value):
        return {"kind": type(value).__name__, **{one.name: _plain(getattr(value, one.name)) for one in fields(value)}}
    return list(map(_plain, value)) if isinstance(value, tuple) else value


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
class TextLeaf(Leaf):
    """A test of texts that is asked of their first characters alone."""

    within: int = 0

    def holds(self, values: dict[str, Any]) -> bool | None:
        """Decide the texts that are there; the answer is unknown where none matches and one is not, or was cut."""
        texts = {column: values[column] for column in self.columns if column in values}
        if any(text is not None and self.test.matches(text[: self.within]) for text in texts.values()):
            return True
        nulls = {column for column, text in texts.items() if text is None}
        is_whole = all(text is None or len(text) <= self.within for text in texts.values())
        is_known = len(texts) == len(self.columns) and nulls <= set(self.optional)
        return False if is_whole and is_known else None

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """List the first matches in a text; one that the cut may have made is none."""
        spans = places(self.test, text[: self.within])
        whole = ((start, stop) for start, stop in spans if stop < self.within or len(text) <= self.within)
        return islice(whole, MOST_MATCHES)


@dataclass(frozen=True)
class MatchFinder:
    """Find the matches that made one rule vote.

    Parameters
    ----------
    cases : sequence of dict
        What :func:`match_patterns` returned.
    """

    cases: Sequence[Mapping[str, Any]]

    @cached_property
    def _expressions(self) -> list[tuple[Expression, int | None]]:
        return [(_read(case["holds"]), case["label"]) for case in self.cases]

    @property
    def _forms(self) -> Mapping[str, tuple[str, Sequence[str]]]:
        """The columns of the corpus that the rule reads by another name or normalized, with the steps."""
        return next((case["forms"] for case in self.cases if "forms" in case), {})

    def matches(self, values: Mapping[str, Any], vote: int) -> Iterator[tuple[str, int, int]]:
        """Find the matches in an example on which the rule voted.

        Parameters
        ----------
        values : mapping from str to object
            The columns of the example that are there.
        vote : int

        Yields
        ------
        tuple of str, int and int
            The column, and start and stop of the match in it. Where it is not known which case held, the matches of
            all that may have.
        """
        cases = [expression for expression, label in self._expressions if label in {None, vote}]
        texts, origins = dict[str, str | None](), dict[str, Sequence[tuple[int, int]]]()
        sources = {column: self._forms.get(column, (column, ())) for column in columns_of(*cases)}
        for column, (source, steps) in sources.items():
            if isinstance(value := values.get(source, UNKNOWN), str | None):
                texts[column] = value
                if value is not None and steps:
                    texts[column], origins[column] = normalized_origins(value, tuple(steps))
        held = next((expression for expression in cases if expression.holds(texts) is True), None)
        if held is None:
            reasons = [leaf for expression in cases for leaf in expression.positive() if leaf.holds(texts)]
        else:
            reasons = list(held.witnesses(texts))
        for leaf in reasons:
            for column in leaf.columns:
                source = sources[column][0]
                for start, stop in cast("TextLeaf", leaf).places(texts.get(column) or ""):
                    begins = origins.get(column)
                    yield (source, start, stop) if begins is None else (source, begins[start][0], begins[stop - 1][1])


def _read(written: Any) -> Any:
    """Make tests and expressions of plain values."""
    if isinstance(written, list):
        return tuple(map(_read, written))
    if not isinstance(written, dict):
        return written
    return KINDS[written["kind"]](**{name: _read(value) for name, value in written.items() if name != "kind"})


UNKNOWN: Final = TextLeaf(Pattern(""), ("",))
"""What stands for a test that cannot be asked again: no example has this column."""

KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (Words, Pattern, Near, Unnegated, Repeated, Within, Leaf, TextLeaf, AllOf, AnyOf, AtLeast, Not)
}


def finders_of(rules: Sequence[Mapping[str, Any]]) -> dict[int, MatchFinder]:
    """Read the conditions of each rule from a run's manifest; runs of earlier versions have none."""
    return {j: MatchFinder([case for case in rule.get("finds", ()) if "holds" in case]) for j, rule in enumerate(rules)}

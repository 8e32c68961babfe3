"""Find the matches of rules, by evaluating their definitions on the examples that are shown and on no others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple

import pyarrow as pa

from labelkit.corpus import Corpus
from labelkit.corpus.rows_at import SAME
from labelkit.exceptions import CorpusError
from labelkit.rules.base_columns import text_behind
from labelkit.rules.expressions import AllOf, AnyOf, Expression, Leaf
from labelkit.rules.labeling_function import Column, LabelingFunction, derived_columns
from labelkit.rules.normalized_text import normalized_origins
from labelkit.rules.predicates import tokens_of

MOST: Final = 20
"""Matches of one test in one text that are shown."""


class Span(NamedTuple):
    """A match of a rule.

    Parameters
    ----------
    lf : str
    column : str
    start, stop : int
        In characters of the value.
    text : str
        ``value[start:stop]``.
    """

    lf: str
    column: str
    start: int
    stop: int
    text: str


class Finder:
    """Find the matches of rules; each text and each list of words is searched once.

    A list of words becomes the shorter list of those that can stand in a text at all, which are told by a word that
    they share with it: ``re`` takes half a second for fifty thousand alternatives, and finds the same with a few.

    Examples
    --------
    >>> from labelkit.rules.keywords import keywords
    >>> rule = keywords("win", "free", label=1).rule(name="gift")
    >>> [tuple(span)[2:] for span in Finder().spans(rule, {"text": "Free! You win."})]
    [(0, 4, 'Free'), (10, 13, 'win')]
    """

    def __init__(self) -> None:
        self._tokens: dict[str, frozenset[str]] = {}

    def spans(
        self, lf: LabelingFunction[...], values: Mapping[str, Any], row: Mapping[str, Any] | None = None
    ) -> list[Span]:
        """List the matches of the condition of a rule in an example on which the rule voted.

        Parameters
        ----------
        lf : LabelingFunction
            A Python rule without ``when=`` has no spans.
        values : mapping
            The columns that the rule reads.
        row : mapping, optional
            The columns of the corpus, if matches are to be found in these. A column that a rule reads in another form
            by the same name is normalized anew; one that a function made has no matches where it is another text.

        Returns
        -------
        list of Span
            Of what speaks for the vote: a negated test has none.
        """
        given = dict(values)
        texts = _texts(lf, given)
        spans = [
            Span(lf.name, texts[column][0], start, stop, texts[column][1][start:stop])
            for leaf in self._reasons(lf, given)
            for column in leaf.columns
            if column in texts
            for start, stop in islice(leaf.test.spans(given[column]), MOST)
        ]
        if row is not None:
            spans = [there for span in spans for there in _in_corpus(span, lf, texts, row)]
        return sorted(dict.fromkeys(spans), key=lambda span: (span.column, span.start, span.stop))

    def _reasons(self, lf: LabelingFunction[...], values: dict[str, Any]) -> Iterator[Leaf]:
        """List the leaves that made a rule vote."""

        def narrow(leaf: Leaf, negated: bool) -> Expression:  # noqa: FBT001 - as map_leaves calls it
            return self._narrowed(leaf, values, negated=negated)

        narrowed = (expression.map_leaves(narrow) for expression in lf.expressions)
        holding = next((expression for expression in narrowed if expression.holds(values) is True), None)
        return iter(()) if holding is None else holding.witnesses(values)

    def _narrowed(self, leaf: Leaf, values: dict[str, Any], *, negated: bool) -> Expression:
        """Return an expression with the same answer and the same matches on these values.

        A table that is kept elsewhere is not queried again: the rule voted, so its answer speaks for the vote.
        """
        if leaf.test.stored is not None:
            return AnyOf(()) if negated else AllOf(())
        texts = [values[column] for column in leaf.columns if isinstance(values.get(column), str)]
        tokens: frozenset[str] = frozenset().union(*map(self._tokens_of, texts))
        return replace(leaf, test=leaf.test.narrowed(tokens))

    def _tokens_of(self, text: str) -> frozenset[str]:
        if text not in self._tokens:
            self._tokens[text] = tokens_of(text)
        return self._tokens[text]


def _texts(lf: LabelingFunction[...], values: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the texts that a rule reads, by its columns, each with the corpus column that holds it."""
    texts = {column: (column, value) for column, value in values.items() if isinstance(value, str)}
    for name, column in derived_columns(lf).items():
        text = getattr(values.get(name), "text", None)
        if column.raw is str and isinstance(text, str):
            texts[name] = (column.parameters[0].name, text)
    return texts


def _in_corpus(
    span: Span, lf: LabelingFunction[...], texts: Mapping[str, tuple[str, str]], row: Mapping[str, Any]
) -> Iterator[Span]:
    """Find the place of a span in the text of the corpus that a rule reads in another form, by the same name."""
    if span.column not in row or texts.get(span.column, (span.column, row[span.column]))[1] == row[span.column]:
        yield span
        return
    behind = text_behind(lf, span.column)
    if behind is not None and behind[0] == span.column and span.start < span.stop:
        origins = normalized_origins(row[span.column], behind[1])[1]
        start, stop = origins[span.start][0], origins[span.stop - 1][1]
        yield Span(span.lf, span.column, start, stop, row[span.column][start:stop])


def columns_shown(corpus: Corpus, read: Collection[str]) -> list[str]:
    """List the columns of a corpus to show: those that the rules read; where that is not known, its texts.

    Raises
    ------
    CorpusError
        If it has none.
    """
    there = [name for name in corpus.column_names if name in read]
    there += sorted(name for name in set(read).difference(there) if corpus.has_column(name))  # fields of structs
    if there:
        return there
    texts = [field.name for field in corpus.schema if pa.types.is_string(field.type) and field.name != corpus.id]
    shown = ["text"] if "text" in texts else texts or list(corpus.column_names)
    if not shown:
        raise CorpusError("the corpus has no columns to show", hint=SAME)
    return shown


def values_for(
    asker: LabelingFunction[...] | Column, row: Mapping[str, Any], computed: dict[Column, Any]
) -> dict[str, Any]:
    """Return the values that a rule or a derived column reads of an example, derived ones computed by their definition.

    Parameters
    ----------
    asker : LabelingFunction or Column
    row : mapping
        The columns of the corpus.
    computed : dict
        The derived values of this example so far; more are added.

    Returns
    -------
    dict
    """
    derived = derived_columns(asker)
    values = {}
    for parameter in asker.parameters:
        column = derived.get(parameter.name)
        if column is not None and column not in computed:
            computed[column] = column(**values_for(column, row, computed))
        values[parameter.name] = row[parameter.name] if column is None else computed[column]
    return values

"""Make a rule of words that an annotator selects: count what it would label, and write its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.plain_values import plain_value
from labelkit.annotate._estimates import share_of
from labelkit.annotate._examples import AskedExamples, draw_examples
from labelkit.apply.applier import Applier
from labelkit.exceptions import AnnotationError
from labelkit.rules.base_columns import base_columns, column_of_new_rule
from labelkit.rules.keyword_source import free_name, keywords_call, keywords_source, label_source
from labelkit.rules.keywords import keywords
from labelkit.rules.labeling_functions import LabelingFunctions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.corpus import Corpus
    from labelkit.rules.labeling_function import LabelingFunction

LOOKED_AT: Final = 10_000
"""Examples of the corpus that a rule is counted on, drawn at random."""


class WordRules:
    """Count rules of words on a sample of the corpus, and on the examples that were answered.

    Parameters
    ----------
    corpus : Corpus
    asked : AskedExamples
    lfs : LabelingFunctions or None
        The rules that there are: a class is written as they do, and no name is given twice.
    class_names : sequence of str
    random_state : int
    """

    def __init__(
        self,
        corpus: Corpus,
        asked: AskedExamples,
        lfs: LabelingFunctions | None,
        class_names: Sequence[str],
        random_state: int,
    ) -> None:
        self._corpus, self._asked, self._lfs = corpus, asked, lfs
        self._class_names, self._random_state = tuple(class_names), random_state
        self._samples: dict[tuple[str, ...], AskedExamples] = {}

    @cached_property
    def _names(self) -> set[str]:
        return {lf.name for lf in self._lfs or ()}

    def count(self, words: Sequence[str], label: str, column: str, labels: Mapping[Any, str]) -> dict[str, Any]:
        """Count what a rule would label.

        Parameters
        ----------
        words : sequence of str
        label, column : str
        labels : mapping of id to class
            Of the examples that were answered.

        Returns
        -------
        dict
            ``source``; ``share`` of the corpus that it labels, with an interval; ``precision`` on the answered examples
            that it labels, with an interval.
        """
        given = list(dict.fromkeys(word.strip() for word in words if word.strip()))
        if not given:
            raise AnnotationError("the rule has no words", hint="select some in the text, or write them")
        number = self._class_names.index(label)
        name = free_name(given[0], set(self._names))
        rule = self._rule(given, number, name, column)
        share = share_of("share", self._hits(rule, self._sample(rule)))
        hits = self._hits(rule, self._asked)
        answered = [
            (labels[item] == label) for item, hit in zip(self._asked.ids, hits, strict=True) if hit and item in labels
        ]
        precision = share_of("precision", np.array(answered, dtype=np.bool_))
        source = keywords_source(
            given,
            label=label_source(number, self._lfs or ()),
            label_name=label,
            name=name,
            column=column,
            call=keywords_call(self._lfs or ()),
            doc=f"Written on a page to label on: {int(hits.sum()):,} of {len(hits):,} examples there.",
        )
        return {"source": source, "share": plain_value(asdict(share)), "precision": plain_value(asdict(precision))}

    def _rule(self, words: Sequence[str], number: int, name: str, column: str) -> LabelingFunction[...]:
        """Make the rule as its source is read below the others: it reads the columns that their module derives."""
        rule = keywords(*words, label=number).rule(name=name, column=column)
        first = next(iter(self._lfs or ()), None)
        if first is None or column_of_new_rule(column, [first]) is None:
            return rule
        below = replace(rule, origin=first.origin)
        return below if set(base_columns(below)) <= set(self._asked.table.column_names) else rule

    def _sample(self, rule: LabelingFunction[...]) -> AskedExamples:
        """Draw examples of the corpus once for what rules read; where it cannot be read again, take those at hand."""
        columns = tuple(base_columns(rule))
        if columns not in self._samples:
            again = self._corpus.is_repeatable
            drawn = draw_examples(self._corpus, LOOKED_AT, columns, self._random_state) if again else self._asked
            self._samples[columns] = drawn
        return self._samples[columns]

    def _hits(self, rule: LabelingFunction[...], examples: AskedExamples) -> NDArray[np.bool_]:
        applier = Applier([rule], labels=list(self._class_names))
        votes = applier.apply(examples.corpus, on_fault="record", cache=False, progress=False).votes
        return np.asarray(votes[:, 0] >= 0)

"""Draw the examples that are looked at, with their texts, labels and gold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.seed_streams import seeded
from labelkit.apply.plan.derived_values import derived_values
from labelkit.corpus import open_corpus
from labelkit.corpus.all_missing import is_all_missing
from labelkit.corpus.rows_at import examples_at
from labelkit.exceptions import AnalysisError, CorpusError
from labelkit.rules.base_columns import base_columns
from labelkit.rules.labeling_function import Column
from labelkit.votes.hard_labels import hard_labels
from labelkit.votes.label_space import ABSTAIN
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.corpus import Corpus
    from labelkit.rules.labeling_function import LabelingFunction
    from labelkit.votes.label_matrix import LabelMatrix

MAX_CHARACTERS: Final = 5_000
"""Of a longer text, only the beginning is looked at."""


@dataclass(frozen=True, eq=False)
class ScoredExamples:
    """Examples that are looked at.

    Attributes
    ----------
    places : ndarray of int64
        Their positions, ascending.
    texts : list of str or None
    proba : ndarray of shape (n_sampled, n_classes)
    hard : ndarray of int64
        The labels; -1 for none.
    covered : ndarray of bool
    gold : ndarray of int64
        Gold of the examples that tell the precision; -1 for the others, which choose the phrases.
    weight : ndarray
        How many examples of the corpus each stands for.
    """

    places: NDArray[np.int64]
    texts: list[str | None]
    proba: NDArray[np.float64]
    hard: NDArray[np.int64]
    covered: NDArray[np.bool_]
    gold: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def teaches(self) -> NDArray[np.bool_]:
        """True for each covered example that chooses phrases."""
        return np.asarray(self.covered & (self.gold < 0))


def sampled(
    rows: LabelMatrix,
    labels: ProbabilisticLabels,
    truth: NDArray[np.int64],
    corpus: Any,
    column: str | Column,
    max_rows: int,
    random_state: int,
) -> ScoredExamples:
    """Draw examples with and without a vote, and with gold; the text is a column of the corpus, or a derived one."""
    rng = seeded(random_state)
    judges = truth >= 0
    if 2 * judges.sum() > len(rows):
        judges = judges & (rng.random(len(rows)) < 0.5)
    covered, uncovered = (np.flatnonzero(mask & ~judges) for mask in (labels.is_covered, ~labels.is_covered))
    n_uncovered = min(len(uncovered), max(max_rows // 2, max_rows - len(covered)))
    n_covered = min(len(covered), max(max_rows - n_uncovered, 1))
    strata = (uncovered, n_uncovered), (covered, n_covered), (np.flatnonzero(judges), max(max_rows // 2, 1))
    drawn = [rng.choice(part, min(k, len(part)), replace=False) for part, k in strata]
    places = np.concatenate(drawn)
    weight = np.repeat(
        [len(part) / max(len(few), 1) for (part, _), few in zip(strata, drawn, strict=True)], [*map(len, drawn)]
    )
    order = np.argsort(places)
    places, weight = places[order], weight[order]
    chosen = labels[places]
    return ScoredExamples(
        places,
        _texts(rows, corpus, column, places),
        chosen.proba,
        np.where(chosen.is_covered, hard_labels(chosen.proba), ABSTAIN),
        chosen.is_covered,
        np.where(judges[places], truth[places], ABSTAIN),
        weight,
    )


def text_column(rows: LabelMatrix, lfs: Iterable[LabelingFunction[...]], corpus: Corpus) -> str:
    """Choose the text to look at: ``text``, or else the first column of the corpus that the rules read."""
    read = [*(column for info in rows.lfs for column in info.columns), *(column for lf in lfs for column in lf.columns)]
    there: list[str] = [name for name in ("text", *read) if name in corpus.column_names]
    if not there:
        raise AnalysisError(
            "the corpus has no column 'text', and no rule reads a column of it",
            hint="column=... names a text",
            code="LK202",
        )
    return there[0]


def _texts(rows: LabelMatrix, corpus: Any, column: str | Column, places: NDArray[np.int64]) -> list[str | None]:
    """Read the texts of some examples again, or compute them from the columns that they are made of."""
    opened = open_corpus(corpus)
    names = base_columns(column) if isinstance(column, Column) else [column]
    if not isinstance(column, Column):
        kind = opened.column_type(column)
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
        if not is_text and not is_all_missing(opened, column):
            raise _no_text(column, str(kind))
    try:
        table = examples_at(opened, rows.examples, places, names)
    except CorpusError as error:
        raise AnalysisError(error.message, hint=error.hint, code=error.code) from None
    if isinstance(column, Column):
        texts = derived_values(column, table)
        if others := {type(text).__name__ for text in texts if text is not None and not isinstance(text, str)}:
            raise _no_text(column.name, min(others))
    else:
        texts = [text for chunk in table.column(0).chunks for text in chunk.to_pylist()]
    return [None if text is None else text[:MAX_CHARACTERS] for text in texts]


def _no_text(column: str, kind: str) -> AnalysisError:
    return AnalysisError(f"column {column!r} holds {kind}, not text", hint="column=... names a text", code="LK209")

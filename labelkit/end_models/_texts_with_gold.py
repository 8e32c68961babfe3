"""Read the texts of a corpus that have gold, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.corpus.gold import open_gold
from labelkit.exceptions import GoldError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.corpus import Corpus

BATCH_ROWS: Final = 16_384
"""Rows of a corpus that are read at a time."""


def texts_of(column: Any) -> list[str]:
    """Return the texts of a column; a null counts as an empty text."""
    return ["" if value is None else str(value) for value in column.to_pylist()]


def texts_with_gold(
    corpus: Corpus, column: str, gold: Any, class_names: Sequence[str]
) -> tuple[list[str], NDArray[np.int64], str]:
    """Return the texts of the rows that have gold, their classes, and how gold was matched.

    Parameters
    ----------
    corpus : Corpus
    column : str
        Of the texts.
    gold : object
        As :func:`labelkit.corpus.gold.open_gold` takes it.
    class_names : sequence of str

    Raises
    ------
    GoldError
        If no row has gold, or it does not fit.
    """
    source = open_gold(gold, corpus, class_names).checked(class_names)
    columns = dict.fromkeys([column, *([] if source.column is None else [source.column])])
    texts, classes, first_ids, n_rows = list[str](), list[Any](), None, 0
    for batch in corpus.batches(tuple(columns), BATCH_ROWS):
        truth = source.of(batch, class_names)
        rows = np.flatnonzero(truth >= 0)
        texts += texts_of(batch.table.column(column).take(rows))
        classes.append(truth[rows])
        if first_ids is None:
            first_ids = np.arange(len(batch)) if batch.ids is None else batch.ids.to_numpy(zero_copy_only=False)
        n_rows += len(batch)
    source.check_matched(len(texts), n_rows, np.arange(0) if first_ids is None else first_ids)
    if not texts:
        hint = "gold is -1, None or NaN where it is unknown"
        raise GoldError("no row of the corpus has gold, so there is nothing to judge by", hint=hint, code="LK329")
    return texts, np.concatenate(classes), source.way

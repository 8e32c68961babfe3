"""Find the column of a corpus that holds its texts, by content, to propose it."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from labelkit.corpus.corpus import Corpus
from labelkit.exceptions import CorpusError

LOOKED_AT: Final = 200
"""Rows whose values are looked at."""

LEAST_LENGTH: Final = 10
"""Characters that texts have on average; shorter ones are names, codes or classes."""


def likely_text(corpus: Corpus) -> str | None:
    """Return the column with the longest texts, which are of several words; None if there is none.

    The column of the ids is never one, nor are columns of dates, codes and classes: their values are one word. What
    can be read only once is not read for this.
    """
    if not corpus.is_repeatable:
        return None
    names = [name for name in corpus.column_names if name != corpus.id and pa.types.is_string(corpus.column_type(name))]
    try:
        batch = next(iter(corpus.batches(names, LOOKED_AT)), None) if names else None
    except CorpusError:  # a row that cannot be read
        return None
    if batch is None:
        return None
    lengths = {name: _mean_length(batch.table.column(name)) for name in names}
    best = max(lengths, key=lambda name: lengths[name])
    return best if lengths[best] >= LEAST_LENGTH else None


def _mean_length(values: pa.Array) -> float:
    """Return the mean length of texts; 0 if fewer than half of them are of several words."""
    texts = pc.utf8_trim_whitespace(pc.drop_null(values))
    several = pc.mean(pc.match_substring_regex(texts, r"\s")).as_py() if len(texts) else None
    return pc.mean(pc.utf8_length(texts)).as_py() if several is not None and several > 1 / 2 else 0.0

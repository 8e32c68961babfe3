"""Hold the values of a gold column against what they are said to mean, before any rule votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from labelkit.corpus.corpus import BATCH_ROWS, Corpus
from labelkit.corpus.gold import GoldSource
from labelkit.corpus.gold_ids import column_values
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import object_array


def check_mapped_column(gold: GoldSource, corpus: Corpus, class_names: Sequence[str]) -> None:
    """Read a gold column whose values have meanings, in one pass; warn of meanings of values that it never holds.

    Raises
    ------
    GoldError
        If a value is neither mapped, nor a class, nor empty; it lists all of them.
    """
    if gold.column is None or gold.mapping is None or not corpus.is_repeatable:
        return
    counts: Counter[tuple[type, Any]] = Counter()
    for batch in corpus.batches([gold.column], BATCH_ROWS):
        counts.update((type(value), value) for value in column_values(batch.table.column(0)).tolist())
    distinct = object_array([value for _, value in counts])
    try:
        gold.classes(distinct, class_names)
    except GoldError:  # which counts them, too
        gold.classes(object_array([value for (_, value), n in counts.items() for _ in range(n)]), class_names)
    gold.mapping.check_used(distinct)

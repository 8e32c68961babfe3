"""Hold the values of a gold column against what they are said to mean, before any rule votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from labelkit.corpus.corpus import BATCH_ROWS, Corpus
from labelkit.corpus.gold import GoldSource
from labelkit.corpus.gold_ids import column_values
from labelkit.exceptions import GoldError
from labelkit.votes.alignment import object_array
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_space import are_other_numbers
from labelkit.votes.minus_one import warn_of_minus_one


def check_mapped_column(gold: GoldSource, corpus: Corpus, class_names: Sequence[str]) -> None:
    """Read a gold column whose values have meanings, in one pass; warn of meanings of values that it never holds.

    Raises
    ------
    GoldError
        If a value is neither mapped, nor a class, nor empty; it lists all of them.
    """
    if gold.column is None or not corpus.is_repeatable:
        return
    if gold.mapping is None:
        warn_by_first_rows(gold, corpus, class_names)
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


def warn_by_first_rows(gold: GoldSource, corpus: Corpus, class_names: Sequence[str]) -> None:
    """Warn if the first labels of a column are -1 and 1; values that mean no class are told where they are read."""
    if gold.column is None or gold.mapping is not None or not corpus.is_repeatable or are_other_numbers(class_names):
        return
    for batch in islice(corpus.batches([gold.column], BATCH_ROWS), 1):
        values = column_values(batch.table.column(0))
        with suppress(GoldError):
            classes = gold.classes(values, class_names)
            warn_of_minus_one(values, gold_values, classes, class_names, can_map=True)

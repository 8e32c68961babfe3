"""Find the examples of a folder of votes among those that taught a label model that was fitted elsewhere."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.label_models.taught_examples import NAMES, TaughtExamples, taught_by
from labelkit.runs.folder_gold import gold_by_example
from labelkit.runs.run_folder import RunFolder
from labelkit.runs.taught_in import ids_at, ids_of_parts, key_of_ids
from labelkit.runs.teaching import is_taught, judged_rows
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.named_by import named_by
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray


def examples_with_gold(
    votes: Iterable[RunFolder | LabelMatrix | VotePatterns],
    gold: Any,
    map_label: Mapping[Any, str | int | None] | None,
) -> TaughtExamples | None:
    """Return the examples whose gold is counted beside votes; None if it is not known of all.

    Parameters
    ----------
    votes : iterable of RunFolder, LabelMatrix or VotePatterns
    gold, map_label
        As :func:`labelkit.fit_votes` takes them; without gold, that of the folders.
    """
    opened, parts = list(votes), []
    for one in opened:
        key, rows = _key(one), _rows(one, gold, map_label, alone=len(opened) == 1)
        if rows is None or (key is None and len(rows)):
            return None
        if key is not None and not isinstance(one, VotePatterns):
            parts.append((key, one.ids[rows] if isinstance(one, LabelMatrix) else ids_at(one, rows)))
    return TaughtExamples.of(parts)


def rows_that_taught(model: Any, folder: RunFolder) -> list[NDArray[np.int64]] | None:
    """Return the positions of the examples of a folder that taught a model, by part; None if that is not known."""
    taught, key, start = taught_by(model) if is_taught(model) else None, key_of_ids(folder), 0
    if taught is None or key is None:
        return None
    rows = []
    for ids in ids_of_parts(folder):
        is_seen = taught.among(key, ids)
        if is_seen is None:
            return None
        rows.append(start + np.flatnonzero(is_seen))
        start += len(ids)
    return rows


def _key(votes: RunFolder | LabelMatrix | VotePatterns) -> str | None:
    """Return the key of the ids of examples (see :class:`TaughtExamples`); None if they say nothing elsewhere."""
    if isinstance(votes, VotePatterns):
        return None
    if isinstance(votes, LabelMatrix):
        named = named_by(votes.examples)
        is_counted = votes.examples.are_positions or (named is not None and str(named) == "positions")
        return None if is_counted else NAMES
    return key_of_ids(votes)


def _rows(
    votes: RunFolder | LabelMatrix | VotePatterns,
    gold: Any,
    map_label: Mapping[Any, str | int | None] | None,
    *,
    alone: bool,
) -> NDArray[np.int64] | None:
    """Return the positions of the examples that have gold; None if that is not known."""
    if gold is not None and not isinstance(votes, VotePatterns):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what there is to say of this gold was said when it was counted
            return np.flatnonzero(gold_by_example(votes, gold, map_label, must_match=alone).classes >= 0)
    rows = judged_rows(votes) if isinstance(votes, RunFolder) else None
    if rows is not None:
        return rows
    counts = None if isinstance(votes, LabelMatrix) else _patterns(votes).gold
    return np.zeros(0, dtype=np.int64) if counts is None or not counts.any() else None


def _patterns(votes: RunFolder | VotePatterns) -> VotePatterns:
    return votes.patterns() if isinstance(votes, RunFolder) else votes

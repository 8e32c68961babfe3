"""Decide which examples gold in memory names: by their ids, by the index of the frame, or by the order of a side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelkit.corpus.gold import GoldSource, gold_by_name, named_gold
from labelkit.exceptions import GoldError
from labelkit.runs.diff._sides import FolderSide, Side, joined_ids
from labelkit.votes.alignment import Match, RowNames, bears, has_index, is_default, is_text, match, names_of
from labelkit.votes.example_names import ExampleNames, FrameIndex
from labelkit.votes.gold_values import gold_values


def named_as_examples(given: Any, sides: tuple[Side, Side]) -> GoldSource | None:
    """Take gold by the ids of the examples of two sides, as :func:`labelkit.votes.alignment.match` finds them.

    Parameters
    ----------
    given : mapping, pandas Series or array-like
    sides : tuple of two Side

    Returns
    -------
    GoldSource or None
        A label of no example of either side has no id. None where gold is in the order of a side.

    Raises
    ------
    GoldError
        If no name is an example's, one stands twice, or ids and indexes fit in different ways.
    """
    if names_of(given) is None:
        return None
    if all(map(_has_texts_alone, sides)) and (isinstance(given, Mapping) or is_text(given.index)):
        return named_gold(given)
    before, after = (side.examples for side in sides)
    in_order = _in_order_of(given, before, after)
    if in_order:
        if np.array_equal(before.ids, after.ids) or len(in_order) > 1:
            return None
        return GoldSource(values=gold_values(given), names=RowNames(in_order[0].ids), numbers="unclear")
    examples = _joined(before, after)
    return _by_ids_alone(given, before, after) if examples is None else _matched(given, examples)


def _matched(given: Any, examples: ExampleNames) -> GoldSource | None:
    """Match gold with examples by the names that it has."""
    matched = match(given, examples, what="gold", error=GoldError)
    if matched is None:
        return None
    _check_told(given, matched, examples)
    source = gold_by_name(matched.given.names, gold_values(given), "unclear")
    if matched.examples is not examples.by_index:
        return source
    names = examples.ids.astype(object)[matched.places]
    names[matched.places < 0] = None
    return GoldSource(values=source.values, names=RowNames(names), numbers="unclear")


def _has_texts_alone(side: Side) -> bool:
    """Return True for a run whose examples are named by texts in its files: these need not be held in memory."""
    return isinstance(side, FolderSide) and not side.has_index and not side.are_numbers


def _in_order_of(given: Any, before: ExampleNames, after: ExampleNames) -> list[ExampleNames]:
    """Return the sides in whose order a Series is: it has their index, or none, and a row for each example."""
    if not has_index(given):
        return []
    borne = [side for side in (before, after) if bears(given, side.index)]
    if borne or not is_default(given.index):
        return borne
    sized = [side for side in (before, after) if len(side) == len(given)]
    return [side for side in sized if match(given, side, what="gold", error=GoldError) is None]


def _joined(before: ExampleNames, after: ExampleNames) -> ExampleNames | None:
    """Put the examples of two sides under one another, each once; None if the indexes of their frames disagree."""
    here, there = before.by_index, after.by_index
    in_before = before.by_id.positions(after.ids)
    if here is not None and there is not None and not np.array_equal(here.positions(there.names), in_before):
        return None
    if before.index is None and after.index is not None:
        return after
    if before.index is not None and after.index is None:
        return before
    new = in_before < 0
    index = FrameIndex.joined([before.index, None if after.index is None else after.index[new]])
    return ExampleNames(joined_ids([before.ids, after.ids[new]]), index)


def _by_ids_alone(given: Any, before: ExampleNames, after: ExampleNames) -> GoldSource | None:
    """Take gold by id where the indexes of the frames name other examples on each side."""
    names = names_of(given)
    assert names is not None
    indexes = [side.index for side in (before, after) if side.index is not None]
    is_id, is_label = (
        _is_in(names, [rows for rows in both if rows is not None])
        for both in ((before.by_id, after.by_id), (before.by_index, after.by_index))
    )
    named = has_index(given) and given.index.names not in [index.labels.names for index in indexes]
    if is_label.any() and not (is_id.all() and (named or isinstance(given, Mapping))):
        raise GoldError(
            "gold is by the index of a frame, or could be, and the same index names one example before and another "
            "after",
            hint="give gold as a dict by id",
            code="LK326",
        )
    return named_gold(given)


def _is_in(names: NDArray[Any], rows: list[RowNames]) -> NDArray[np.bool_]:
    """Return which names are those of some rows."""
    is_in = np.zeros(len(names), dtype=np.bool_)
    for one in rows:
        is_in |= one.positions(names) >= 0
    return is_in


def _check_told(given: Any, matched: Match, examples: ExampleNames) -> None:
    """Refuse names of which only some are an example's, if they could be of another kind than the examples'."""
    if (matched.places >= 0).all():
        return
    is_by_index = matched.examples is examples.by_index
    other = None if examples.by_index is None else examples.by_id if is_by_index else examples.by_index
    other_places = None if other is None else Match(matched.given, other).places
    is_of_other_name = _is_of_other_name(given, examples)
    if examples.are_positions or (other_places is not None and np.array_equal(other_places, matched.places)):
        if is_of_other_name and examples.ids.dtype.kind in "iu":
            raise _of_other_kind(given, matched, examples)
        return
    n_other = 0 if other_places is None else int((other_places >= 0).sum())
    if not n_other or (matched.sources >= 0).all() or (is_of_other_name and not is_by_index):
        return
    counts = [int((matched.places >= 0).sum()), n_other]
    n_ids, n_labels = reversed(counts) if is_by_index else counts
    raise GoldError(
        f"of the {len(matched.given):,} names of gold, {n_ids:,} are ids of examples and {n_labels:,} are in the index "
        "of their frame: it could be by either",
        hint="leave out the gold of other examples, or give gold.to_numpy() in the order of the examples",
        code="LK326",
    )


def _is_of_other_name(given: Any, examples: ExampleNames) -> bool:
    """Return True for a Series whose index has a name, and not that of the index of the frame."""
    frame_name = None if examples.index is None else examples.index.labels.name
    return has_index(given) and given.index.name not in {None, frame_name}


def _of_other_kind(given: Any, matched: Match, examples: ExampleNames) -> GoldError:
    what = "their positions" if examples.index is None else "the index of their frame"
    return GoldError(
        f"gold is by {given.index.name!r}, and the examples are named by {what}: "
        f"{int((matched.places >= 0).sum()):,} of its {len(matched.given):,} numbers are in both, by chance or not",
        hint=f"apply the rules with id={given.index.name!r}; if these are the names of the examples, gold.to_dict() "
        "is matched by them",
        code="LK326",
    )

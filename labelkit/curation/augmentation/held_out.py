"""Which rows may be augmented: those of the training part, and none that judges a model.

>>> import numpy as np
>>> from labelkit.votes.example_names import ExampleNames
>>> examples = ExampleNames(np.array(["a", "b", "c"], dtype=object))
>>> may_be_augmented(examples, split={"a": "train", "b": "test", "c": "train"}).tolist()
[True, False, True]
>>> may_be_augmented(examples, evaluation={"b": 1, "c": None}).tolist()
[True, False, True]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.missing import is_missing
from labelkit._shared.numbers import count
from labelkit.curation.step import Curated
from labelkit.exceptions import AnalysisError
from labelkit.votes.alignment import RowNames, aligned_values, has_index, match, names_hint, object_array, shown_names
from labelkit.votes.listed_values import listed_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames


def may_be_augmented(
    examples: ExampleNames, *, split: Any = None, part: str = "train", evaluation: Any = None
) -> NDArray[np.bool_]:
    """Return the rows that may be augmented; shape (n_examples,).

    Parameters
    ----------
    examples : ExampleNames
        Of the corpus.
    split : optional
        What :func:`labelkit.augment` takes.
    part : str
        The part of the split that is trained on.
    evaluation : optional
        Gold by id, or ids; these rows are left alone.

    Raises
    ------
    AnalysisError
        If names are no example's, no row is of the part, or a row is both trained on and evaluated on.
    """
    trained = np.ones(len(examples), dtype=bool) if split is None else _of_part(examples, split, part)
    judged = np.zeros(len(examples), dtype=bool) if evaluation is None else _judged(examples, evaluation)
    both = np.flatnonzero(trained & judged)
    if split is not None and len(both):
        raise AnalysisError(
            f"{count(len(both))} rows that evaluation= names are to be augmented by split= ({part!r}), such as "
            f"{shown_names(examples.ids[both])}: a model would be judged on examples that it learned copies of",
            hint="leave them out of one of the two",
        )
    return trained & ~judged


def _of_part(examples: ExampleNames, split: Any, part: str) -> NDArray[np.bool_]:
    names = _parts(examples, split)
    if names is None:
        return _named(examples, split, "split")
    trained = np.array([name == part for name in names.tolist()], dtype=bool)
    if not trained.any():
        others = ", ".join(map(repr, dict.fromkeys(name for name in names.tolist() if name is not None)))
        raise AnalysisError(f"no row of the corpus is in the part {part!r} of the split", hint=f"part= one of {others}")
    return trained


def _parts(examples: ExampleNames, split: Any) -> NDArray[Any] | None:
    """Return the part of each example; None if the split is a list of ids."""
    if isinstance(split, Curated):
        table = split.rows()
        if "split" not in table.column_names:
            raise AnalysisError(f"{type(split).__name__} has no parts: its rows have no column 'split'")
        split = dict(zip(table.column("id").to_pylist(), table.column("split").to_pylist(), strict=True))
    split = getattr(split, "assignment", split)
    return _by_name(examples, split, "split") if isinstance(split, Mapping) or has_index(split) else None


def _judged(examples: ExampleNames, evaluation: Any) -> NDArray[np.bool_]:
    if not isinstance(evaluation, Mapping) and not has_index(evaluation):
        return _named(examples, evaluation, "evaluation")
    return np.array([_is_answer(value) for value in _by_name(examples, evaluation, "evaluation").tolist()], dtype=bool)


def _is_answer(value: Any) -> bool:
    return not is_missing(value) and not (isinstance(value, int | np.integer) and value < 0)


def _by_name(examples: ExampleNames, given: Any, what: str) -> NDArray[Any]:
    """Return the value of each example, None where it has none; rows of other corpora are passed over."""
    values = listed_values(given, what=what, error=AnalysisError)
    matched = match(given, examples, what=what, error=AnalysisError)
    if matched is None:
        return aligned_values(given, values, examples, None, what=what, error=AnalysisError)
    if not matched.given.is_unique:
        raise AnalysisError(
            f"{what}= names {matched.given.repeated()!r} twice", hint="one value for each example", code="LK325"
        )
    aligned = np.full(len(examples), None, dtype=object)
    inside = matched.places >= 0
    aligned[matched.places[inside]] = values[inside]
    return aligned


def _named(examples: ExampleNames, ids: Any, what: str) -> NDArray[np.bool_]:
    """Mark the rows that are named one by one; names of other corpora are passed over if some are of this one."""
    ids = getattr(ids, "ids", ids)
    if isinstance(ids, str) or not hasattr(ids, "__iter__"):
        raise AnalysisError(f"{what}={ids!r:.60} names no examples", hint=f"{what}= a list of ids, or a dict by id")
    names = object_array(getattr(ids, "tolist", lambda: list(ids))())
    if len(set(names.tolist())) < len(names):
        raise AnalysisError(
            f"{what}= names an example twice, as a list of classes does and one of ids does not",
            hint=f"{what}=dict(zip(ids, gold)) says whose class each is",
        )
    places = _places(examples, names)
    if len(names) and (places < 0).all():
        raise AnalysisError(
            f"none of the {count(len(names))} names in {what}= is that of an example of the corpus, such as "
            f"{shown_names(names)}",
            hint=names_hint(examples.ids, names),
            code="LK321",
        )
    marked = np.zeros(len(examples), dtype=bool)
    marked[places[places >= 0]] = True
    return marked


def _places(examples: ExampleNames, names: NDArray[Any]) -> NDArray[np.int64]:
    places = RowNames(examples.ids.astype(object)).positions(names)
    return examples.by_index.positions(names) if (places < 0).all() and examples.by_index is not None else places

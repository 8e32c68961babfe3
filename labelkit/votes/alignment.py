"""Match rows that a user gives beside the examples (gold, slices, weights, labels, ids) with the examples.

The law, for all of them: what names its rows is matched by name; what does not is matched by position, if it has as
many rows; anything else is an error that shows names of both sides. :func:`match` decides by which names of the
examples (see :mod:`labelkit.votes.example_names`) something given is matched, :class:`RowNames` finds rows by their
names, and the caller says of which domain an error is.

>>> from labelkit.exceptions import GoldError
>>> from labelkit.votes.example_names import ExampleNames
>>> examples = ExampleNames(np.array(["a", "b", "c"]))
>>> match({"b": 1, "c": 0}, examples, what="gold", error=GoldError).sources.tolist()
[-1, 0, 1]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.numbers import numbers_of_texts, plural
from labelkit._shared.user_errors import warn
from labelkit.exceptions import LabelkitError
from labelkit.votes.exact_names import READ_EXACTLY, check_exact
from labelkit.votes.name_habits import habit

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames, FrameIndex


@dataclass(frozen=True, eq=False)
class RowNames:
    """An index of rows by their names.

    Parameters
    ----------
    names : ndarray, shape (n_rows,)
        In the order of the rows; a name may occur several times.
    """

    names: NDArray[Any]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _index(self) -> pd.Index[Any]:
        import pandas as pd  # noqa: PLC0415 - only where rows are matched by name

        index: pd.Index[Any] = pd.Index(self.names)
        return index

    @cached_property
    def _is_first(self) -> NDArray[np.bool_]:
        return np.asarray(~self._index.duplicated())

    @property
    def is_unique(self) -> bool:
        """Return True if no name occurs twice."""
        return bool(self._index.is_unique)

    def repeated(self) -> Any:
        """Return the first name that occurs a second time, as a Python object; only if not unique."""
        return self._index[~self._is_first].tolist()[0]

    def positions(self, wanted: NDArray[Any]) -> NDArray[np.int64]:
        """Find the row of each wanted name (of several, the first), -1 where there is none; shape (n_wanted,)."""
        import pandas as pd  # noqa: PLC0415 - as above

        if self.is_unique:
            return np.asarray(self._index.get_indexer(pd.Index(wanted)), dtype=np.int64)
        among_first = self._index[self._is_first].get_indexer(pd.Index(wanted))
        return np.where(among_first >= 0, np.flatnonzero(self._is_first)[among_first], -1)


@dataclass(frozen=True, eq=False)
class Match:
    """Rows that are given, and the examples, by names of the same kind.

    Parameters
    ----------
    given : RowNames
    examples : RowNames
    """

    given: RowNames
    examples: RowNames
    by_index: bool = False  # whether the names are those of the index of a frame, and not ids

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """The example of each row given, -1 where there is none; shape (n_given,)."""
        return self.examples.positions(self.given.names)

    @cached_property
    def sources(self) -> NDArray[np.int64]:
        """The row given for each example, -1 where there is none; shape (n_examples,)."""
        return self.given.positions(self.examples.names)


def match(given: Any, examples: ExampleNames, *, what: str, error: type[LabelkitError]) -> Match | None:
    """Decide by which names the rows of something given are matched with the examples.

    A mapping is matched by its keys, a Series by its index: with the ids of the examples, or with the index of the
    frame that they came from. A Series with that very index is in the order of the examples.

    Parameters
    ----------
    given : mapping, pandas Series or DataFrame, or anything else
    examples : ExampleNames
    what : str
        The word for it in errors.
    error : type of LabelkitError

    Returns
    -------
    Match or None
        None where only the order says which row is which; the caller compares the lengths.

    Raises
    ------
    LabelkitError
        If no name is an example's, the index of the frame repeats, or names fit ids and index in different ways.
    """
    names = names_of(given, examples.ids if examples.index is None else None)
    if bears(given, examples.index):
        return None
    _check_order(given, examples, what, error)
    if names is None:
        return None
    rows = RowNames(_as_ids(given, names, examples))
    if examples.index is not None and examples.by_index is None:
        return _despite_repeats(rows, examples, what, error)
    by_id = Match(rows, examples.by_id)
    if examples.by_index is None:
        if examples.are_positions and has_index(given) and not given.index.is_monotonic_increasing:
            raise error(
                f"the examples have no names, and {what} has an index in an order of its own, which begins with "
                f"{shown_names(names)}: it could be of their positions, or of a frame in another order",
                hint=f"apply the rules to the frame itself, or give {what}.to_numpy() in the order of the rows",
                code="LK326",
            )
        return _checked(by_id, given, what, error)
    by_index = Match(rows, examples.by_index, by_index=True)
    n_ids, n_labels = (int((matched.places >= 0).sum()) for matched in (by_id, by_index))
    is_of_all = has_index(given) and len(given) == len(examples) and is_default(given.index)
    if is_of_all and not n_ids and not n_labels:
        warn(
            f"{what} has the index 0, 1, 2, ..., as after reset_index(drop=True), and the examples have that of their "
            f"frame, {shown_names(by_index.examples.names)}: it is taken in their order, which nothing proves. Hint: "
            f"keep the index of the frame in {what}; {what}.to_numpy() says that it is in the order of the frame",
            code="LK345",
        )
        return None
    if n_ids == n_labels and _could_be_either(given, examples, by_id, by_index):
        raise error(
            f"the index of {what}, which begins with {shown_names(names)}, could be of ids or the index of the frame: "
            f"the examples have the ids {shown_names(examples.ids)} and the index "
            f"{shown_names(by_index.examples.names)}",
            hint=f"give {what} as a dict by id, or {what}.to_numpy() in the order of the rows",
            code="LK326",
        )
    return _checked(by_id if n_ids >= n_labels else by_index, given, what, error)


def _check_order(given: Any, examples: ExampleNames, what: str, error: type[LabelkitError]) -> None:
    """Refuse a Series with the index 0, 1, 2, ... where these numbers, or texts, name the examples in another order."""
    if not has_index(given) or len(given) != len(examples) or not is_default(given.index):
        return
    for rows, kind in ((examples.by_index, "index"), (examples.by_id, "ids")):
        names = np.zeros(0) if rows is None else rows.names
        are_numbers = names.dtype.kind in "iuf"
        if are_numbers and not _is_counted(given.index):
            continue
        numbers = names if are_numbers else numbers_of_texts(names)
        if is_default_order(numbers) or not is_default_order(np.sort(numbers)):
            continue
        by_name = f"{what}.to_dict() is matched by the {kind}"
        if not are_numbers:
            plain = names.tolist() == list(map(str, numbers.tolist()))
            way = f"{what}.rename(index=str) is matched by them" if plain else "read both so, read_csv(..., dtype=str)"
            by_name = f"the {kind} are text: {way}"
        raise error(
            f"{what} has the index 0, 1, 2, ..., that of the whole frame or, as after reset_index(drop=True), "
            f"none; the examples bear the same numbers in another order, which begins with {shown_names(names)}",
            hint=f"{what}.to_numpy() is in the order of the examples; {by_name}",
            code="LK326",
        )


def _is_counted(index: pd.Index[Any]) -> bool:
    """Return True for the index that pandas gives to what has none."""
    return hasattr(index, "step") and is_default(index)


def is_default_order(names: NDArray[Any]) -> bool:
    """Return True for the numbers 0, 1, 2, ..."""
    return np.array_equal(names, np.arange(len(names)))


def _as_ids(given: Any, names: NDArray[Any], examples: ExampleNames) -> NDArray[Any]:
    """Return dates and other labels in the form of the ids that they gave, where the frame itself is not known."""
    if examples.index is not None or not has_index(given) or names.dtype.kind in "iu" or is_text(given.index):
        return names
    ids = label_ids(given.index)
    return names if ids is None or (RowNames(ids).positions(examples.ids) < 0).all() else ids


def _could_be_either(given: Any, examples: ExampleNames, by_id: Match, by_index: Match) -> bool:
    """Return True for a Series whose index fits ids and frame in two ways; an index of another name is of ids."""
    if not has_index(given) or np.array_equal(by_id.places, by_index.places):
        return False
    return examples.index is not None and given.index.names == examples.index.labels.names


def bears(given: Any, index: FrameIndex | None) -> bool:
    """Return True for a Series that has the index of the frame, in the same order."""
    if index is None or not has_index(given):
        return False
    return bool(given.index.names == index.labels.names and given.index.equals(index.labels))


def _despite_repeats(rows: RowNames, examples: ExampleNames, what: str, error: type[LabelkitError]) -> Match:
    """Match by ids where the index of the frame names nothing, if no name could be meant as one of that index."""
    assert examples.index is not None
    labels, by_id = RowNames(labels_of(examples.index.labels)), Match(rows, examples.by_id)
    if len(rows) and (by_id.places >= 0).all() and (labels.positions(rows.names) < 0).all():
        return by_id
    raise error(
        f"the index of the frame {'has empty labels' if labels.is_unique else 'repeats, as after pd.concat'}, so that "
        f"it names no example: it begins with {shown_names(labels.names)}, that of {what} with "
        f"{shown_names(rows.names)}",
        hint="apply the rules to df.reset_index(drop=True), or to pd.concat(..., ignore_index=True); "
        f"{what} with the very index of the frame, or {what}.to_numpy(), is in the order of the rows",
        code="LK326",
    )


def _checked(matched: Match, given: Any, what: str, error: type[LabelkitError]) -> Match:
    """Refuse names of which none is an example's, and floats that stand for several whole numbers."""
    if matched.examples.names.dtype.kind in "iu":
        check_exact(matched.given.names, what, error, hint=READ_EXACTLY)
    if len(matched.given) and len(matched.examples) and (matched.places < 0).all():
        raise of_strangers(matched.given.names, matched.examples.names, what, error, given=given)
    return matched


def of_strangers(
    names: NDArray[Any], ids: NDArray[Any], what: str, error: type[LabelkitError], *, given: Any = None
) -> LabelkitError:
    """Return the error for names that no example bears; of a Series or mapping, with the way to give it by position."""
    hints = [names_hint(ids, names), by_position(given, what, n_examples=len(ids))]
    return error(
        f"{what} names {len(names):,} id(s) that are not examples, such as {names[:1].tolist()[0]!r}",
        hint="; ".join(hint for hint in hints if hint) or None,
        code="LK321",
    )


def by_position(given: Any, what: str, *, n_examples: int) -> str | None:
    """Hint at how a Series is given without its index; None for what has none."""
    if not has_index(given):
        return None
    labels = labels_of(given.index)
    if len(given) == n_examples and labels.dtype.kind in "iu" and is_default_order(np.sort(labels)):
        order = "" if is_default_order(labels) else ".sort_index()"
        return f"or give {what}{order}.to_numpy(), if its index counts the examples"
    if len(given) == n_examples:
        return f"or give {what}.to_numpy(), where its rows are the examples in their order"
    rows = f"{plural(len(given), 'row')} for {plural(n_examples, 'example')}"
    return f"or give {what} with the ids as its index: it has {rows}"


# What is given --------------------------------------------------------------------------------------------------------


def aligned_values(
    given: Any,
    values: NDArray[Any],
    examples: ExampleNames,
    fill: Any,
    *,
    what: str,
    error: type[LabelkitError],
    unit: str = "values",
) -> NDArray[Any]:
    """Bring values into the order of the examples; ``fill`` where an example has none.

    Parameters
    ----------
    given
        What the values are of, which may name them.
    values : ndarray, shape (n_given,) or (n_given, k)
    examples, what, error
        As in :func:`match`.
    fill : object
    unit : str
        The word for one of the values, in the plural.

    Raises
    ------
    LabelkitError
        If a name is no example's or stands twice, an example's name is another's too, or the lengths differ.
    """
    matched = match(given, examples, what=what, error=error)
    if matched is None:
        if len(values) != len(examples):
            raise error(
                f"{what} has {plural(len(values), unit[:-1], unit)} for {plural(len(examples), 'example')}",
                hint=f"give a Series or dict by id where some examples have none; after matrix[rows], {what}[rows]",
                code="LK322",
            )
        return values
    check_names(matched, what, error, given=given)
    aligned = np.full((len(examples), *values.shape[1:]), fill, dtype=values.dtype)
    aligned[matched.places] = values
    return aligned


def check_names(matched: Match, what: str, error: type[LabelkitError], *, given: Any = None) -> None:
    """Refuse names that are no example's, stand twice, or name several examples; hints look at what bears them.

    Raises
    ------
    LabelkitError
    """
    if not matched.examples.is_unique:
        raise error(
            f"the id {matched.examples.repeated()!r} names several examples, so {what} by id has no meaning",
            hint=f"give {what} as an array in the order of the examples",
            code="LK205",
        )
    missing = matched.given.names[matched.places < 0]
    if len(missing) and (matched.sources >= 0).all():
        names = 'matrix.to_pandas(index="frame").index' if matched.by_index else "matrix.ids"
        series = what if has_index(given) else f"pandas.Series({what})"
        raise error(
            f"{what} names all of the {len(matched.examples):,} examples, and {len(missing):,} id(s) that are not "
            f"examples, such as {missing[:1].tolist()[0]!r}",
            hint=f"after matrix[rows], take {what} of these rows too: {series}.loc[{names}]",
            code="LK321",
        )
    if len(missing):
        raise of_strangers(missing, matched.examples.names, what, error, given=given)
    if not matched.given.is_unique:
        raise error(
            f"{what} names the id {matched.given.repeated()!r} twice", hint="keep one label an example", code="LK325"
        )


def names_of(given: Any, ids: NDArray[Any] | None = None) -> NDArray[Any] | None:
    """Return the names that the rows of something bear.

    Parameters
    ----------
    given : mapping, pandas Series or DataFrame, or anything else
    ids : ndarray, shape (n_examples,), optional
        Those that the names are going to be matched with, where nothing else names the examples.

    Returns
    -------
    ndarray or None
        The keys of a mapping, or the index of a Series. None where only the order says which row is which: the index of
        a Series that was made without one, with a row for each example, if its numbers are not all ids.
    """
    if isinstance(given, Mapping):
        return object_array(given)
    if not has_index(given):
        return None
    names = labels_of(given.index)
    if ids is None or len(given) != len(ids) or not is_default(given.index):
        return names
    return None if (RowNames(ids).positions(names) < 0).any() else names


def has_index(given: Any) -> bool:
    """Return True for a pandas Series or frame, told without importing pandas (a list's ``index`` is a method)."""
    return hasattr(getattr(given, "index", None), "to_numpy")


def listed_names(given: Any) -> NDArray[Any]:
    """Return one name, or several, as an array."""
    is_one = isinstance(given, str) or not hasattr(given, "__iter__")
    return object_array([given] if is_one else given)


def object_array(values: Iterable[Any]) -> NDArray[Any]:
    """Return values of any types as an array, without making one type of them."""
    return np.fromiter(values, dtype=object)


# The index of a frame -------------------------------------------------------------------------------------------------


def labels_of(index: pd.Index[Any]) -> NDArray[Any]:
    """Return the labels of an index; those of several levels are tuples."""
    labels: NDArray[Any] = index.to_numpy()
    return labels


def is_default(index: pd.Index[Any]) -> bool:
    """Return True for the index of a frame that was made without one: 0, 1, 2, ..."""
    if index.nlevels > 1 or getattr(index.dtype, "kind", "O") not in "iu":
        return False
    start, step = getattr(index, "start", None), getattr(index, "step", None)
    if step is not None:  # a range is not written out
        return (start, step) == (0, 1) or not len(index)
    return is_default_order(index.to_numpy())


def label_ids(index: pd.Index[Any]) -> NDArray[Any] | None:
    """Return the labels of an index as ids: numbers and text as they are, others as text; None if that repeats."""
    labels = labels_of(index)
    if labels.dtype.kind in "iu" and int(labels.max(initial=0)) < 2**63:
        return labels.astype(np.int64)
    if is_text(index):
        return labels.astype(object)
    texts = object_array(map(str, index))
    return texts if RowNames(texts).is_unique else None


def is_text(index: pd.Index[Any]) -> bool:
    """Return True if all labels of an index are text."""
    return index.inferred_type == "string"


# Names in messages ----------------------------------------------------------------------------------------------------


def shown_names(names: NDArray[Any], most: int = 2) -> str:
    """Return the first names as their author wrote them, for an error.

    >>> shown_names(np.array([7, 8, 9])), shown_names(np.array([]))
    ('[7, 8]', '(none)')
    """
    return repr(names[:most].tolist()) if len(names) else "(none)"


def names_hint(ids: NDArray[Any], names: NDArray[Any] | None = None) -> str | None:
    """Return a hint that shows an id of the examples, for an error about names that none of them bears, and why."""
    if not len(ids):
        return None
    why = None if names is None else habit(names, ids)
    return f"ids look like {ids[:1].tolist()[0]!r}{f'; {why}' if why else ''}"

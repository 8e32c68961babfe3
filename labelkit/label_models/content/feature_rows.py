"""Features of examples: checked, brought into the order of the examples, hashed, and read in batches.

Rows are hashed by the columns and values that are not 0, so that an example has the same hash in a dense and a sparse
array, in any batch and any order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from scipy import sparse

from labelkit._shared.numbers import plural
from labelkit.exceptions import ModelError
from labelkit.label_models._seen_gold import mixed_bits
from labelkit.votes.alignment import has_index, match
from labelkit.votes.example_names import ExampleNames

if TYPE_CHECKING:
    from numpy.typing import NDArray

Features: TypeAlias = Any
"""Features of shape (n_rows, n_features): an ndarray of floats, or a csr_array."""

BATCH_CELLS: Final = 4_000_000
"""Rows of dense features are read so many numbers at a time: 32 MB."""

BATCH_ROWS: Final = 65_536
"""Rows are read so many at a time."""

_DIGEST: Final = "digest of names: "

HABIT: Final = (
    "compute the features of the rows that the votes are of, in their order: after matrix[rows], features[rows]"
)


def is_sparse(features: Features) -> bool:
    """Return True for a sparse matrix."""
    return bool(sparse.issparse(features))


def read_features(
    features: Any, examples: ExampleNames, n_features: int | None = None, columns: tuple[str, ...] = ()
) -> Features:
    """Check features, and bring them into the order of the examples, and of the columns that a model learned from.

    Parameters
    ----------
    features : array-like, scipy sparse matrix, DataFrame or CorpusFeatures of shape (n_rows, n_features)
        A frame with an index of its own is matched by it, as gold is; what ``labelkit.read_features`` returns, by id.
    examples : ExampleNames
    n_features : int, optional
        The number of columns that there must be.
    columns : tuple of str
        Those of the fit, as :func:`known_columns` gives them.

    Raises
    ------
    ModelError
        If they are no table of finite numbers, or do not fit the examples, ``n_features`` or ``columns``.
    """
    table = _in_columns(_in_order(features, examples), features, columns)
    if table.shape[0] != len(examples):
        raise ModelError(
            f"the features have {plural(table.shape[0], 'row')}, and there are {len(examples):,} examples",
            hint=HABIT,
            code="LK406",
        )
    if n_features is not None and table.shape[1] != n_features:
        raise ModelError(
            f"the features have {plural(table.shape[1], 'column')}, and the model was fitted on {n_features:,}",
            hint="transform new rows with the vectorizer that was fitted then: vectorizer.transform, not fit_transform",
            code="LK406",
        )
    _check_finite(table, examples)
    return table


def names_given(features: Any, feature_names: Any) -> Any:
    """Return the names of the columns: those that were given, else those that the features bear; None without."""
    if feature_names is not None:
        return feature_names
    if bears_examples(features):
        return features.names
    return _names_of_frame(features)


def known_columns(features: Any) -> tuple[str, ...]:
    """Return what the columns of later features are compared with: the names of a frame, or a digest of many names.

    Nothing is known of the columns of an array, nor of a frame whose columns are numbers.

    >>> import pandas as pd
    >>> known_columns(pd.DataFrame({"length": [1], "links": [2]})), known_columns(np.ones((1, 2)))
    (('length', 'links'), ())
    """
    if bears_examples(features):
        names = getattr(features, "fixed_names", None)
        return () if names is None else (_DIGEST + blake2b("\0".join(map(str, names)).encode()).hexdigest(),)
    return tuple(_names_of_frame(features) or ()) if _has_named_columns(features) else ()


def _names_of_frame(features: Any) -> list[Any] | None:
    names = getattr(features, "column_names", None)  # of Arrow
    names = getattr(features, "columns", None) if names is None else names
    return None if names is None else list(names)


def _has_named_columns(features: Any) -> bool:
    """Return True for a frame whose columns have names, each another one."""
    names = _names_of_frame(features) or []
    return len(names) > 0 and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _in_columns(table: Features, features: Any, columns: tuple[str, ...]) -> Features:
    """Bring columns into the order of the fit, where they had names at the fit and have them now."""
    names = known_columns(features)
    if not names or not columns or names == columns:
        return table
    if names[0].startswith(_DIGEST) or columns[0].startswith(_DIGEST):
        if not (names[0].startswith(_DIGEST) and columns[0].startswith(_DIGEST)):
            return table  # a frame, and features of a corpus
        raise ModelError(
            "the features are of other words or columns than those that the model was fitted on",
            hint="features.of(corpus) computes the same features of other rows, by what was fitted then",
            code="LK406",
        )
    missing, extra = sorted(set(columns) - set(names)), sorted(set(names) - set(columns))
    if missing or extra:
        lacks = f"lack {', '.join(map(repr, missing[:8]))}" if missing else ""
        has = f"have {', '.join(map(repr, extra[:8]))}, unknown to it" if extra else ""
        raise ModelError(
            f"the model was fitted on other features: these {' and '.join(filter(None, (lacks, has)))}",
            hint="give the columns of the fit, in any order; or arrays, in the same order",
            code="LK406",
        )
    places = {name: place for place, name in enumerate(names)}
    return table[:, [places[name] for name in columns]]


def bears_examples(features: Any) -> bool:
    """Return True for features that name their examples, as ``labelkit.read_features`` returns them."""
    return isinstance(getattr(features, "examples", None), ExampleNames)


def _of_corpus(features: Any, examples: ExampleNames) -> Features:
    """Bring features that name their examples into order; positions in a corpus of another length name nothing."""
    table = _as_numbers(features.values)
    by_position = all(np.array_equal(one.ids, np.arange(len(one))) for one in (features.examples, examples))
    places = None if by_position else features.examples.order(examples, what="the features", error=ModelError)
    return table if places is None else table[places]


def _in_order(features: Any, examples: ExampleNames) -> Features:
    if bears_examples(features):
        return _of_corpus(features, examples)
    table = _as_numbers(features)
    matched = match(features, examples, what="features", error=ModelError) if has_index(features) else None
    if matched is None:
        return table
    if not matched.given.is_unique:
        raise ModelError(
            f"the features name the id {matched.given.repeated()!r} twice: which row is meant is not clear",
            hint="keep one row an example: features[~features.index.duplicated()]",
            code="LK325",
        )
    if (matched.sources < 0).any():
        lost = examples.ids[matched.sources < 0]
        raise ModelError(
            f"{len(lost):,} examples have no features, such as {lost[:1].tolist()[0]!r}", hint=HABIT, code="LK406"
        )
    return table[matched.sources]


def _as_numbers(features: Any) -> Features:
    """Convert to an array or a sparse matrix of floats."""
    if is_sparse(features):
        cells = sparse.csr_array(features)
        if cells.dtype.kind != "f":
            cells = cells.astype(np.float64)
        if not cells.has_canonical_format:
            cells = cells.copy()
            cells.sum_duplicates()
        return cells
    array = np.asarray(features)
    if array.ndim != 2:
        raise ModelError(
            f"features have shape {array.shape}, not (n_examples, n_features)",
            hint="features come as numbers: a vectorizer or an embedding makes them from texts; a single column is "
            "values.reshape(-1, 1)",
            code="LK406",
        )
    try:
        return array if array.dtype.kind == "f" else array.astype(np.float64)
    except (TypeError, ValueError):
        raise ModelError(
            f"features hold values that are no numbers, such as {_no_number(array)!r:.80}",
            hint="features come as numbers: a vectorizer or an embedding makes them from texts",
            code="LK406",
        ) from None


def _no_number(array: NDArray[Any]) -> Any:
    for value in array.ravel()[:100_000].tolist():
        try:
            float(value)
        except (TypeError, ValueError):
            return value
    return array.dtype


def _check_finite(table: Features, examples: ExampleNames) -> None:
    for start, batch in batches(table):
        if np.isfinite(batch.data if is_sparse(batch) else batch).all():
            continue
        row, column = _first_infinite(batch)
        name = examples.ids[start + row : start + row + 1].tolist()[0]
        raise ModelError(
            f"the features of example {name!r} hold NaN or infinity, in column {column}",
            hint="np.nan_to_num(features) takes 0 in their place",
            code="LK406",
        )


def _first_infinite(batch: Features) -> tuple[int, int]:
    """Return the row and the column of the first number that is not finite."""
    if is_sparse(batch):
        place = int(np.flatnonzero(~np.isfinite(batch.data))[0])
        return int(np.searchsorted(batch.indptr, place, side="right")) - 1, int(batch.indices[place])
    place = int(np.flatnonzero(~np.isfinite(batch))[0])
    return place // batch.shape[1], place % batch.shape[1]


def batches(table: Features) -> Iterator[tuple[int, Features]]:
    """Iterate over batches of rows, each with the position of its first."""
    step = BATCH_ROWS if is_sparse(table) else max(1, min(BATCH_ROWS, BATCH_CELLS // max(table.shape[1], 1)))
    for start in range(0, table.shape[0], step):
        yield start, table[start : start + step]


def feature_hashes(batch: Features) -> NDArray[np.uint64]:
    """Hash the features of each row, as a sum over those that are not 0; shape (n_rows,).

    >>> dense = np.array([[0.0, 2.0], [0.0, 0.0]])
    >>> bool((feature_hashes(dense) == feature_hashes(sparse.csr_array(dense))).all())
    True
    """
    if is_sparse(batch):
        terms = np.where(batch.data != 0, _hashed(batch.data, batch.indices), np.uint64(0))
        sums = np.append(np.uint64(0), np.cumsum(terms, dtype=np.uint64))
        return np.asarray(sums[batch.indptr[1:]] - sums[batch.indptr[:-1]])
    terms = np.where(batch != 0, _hashed(batch, np.arange(batch.shape[1])), np.uint64(0))
    return np.asarray(terms.sum(axis=1, dtype=np.uint64))


def _hashed(values: NDArray[np.float64], columns: NDArray[Any]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        bits = values.astype(np.float32).view(np.uint32).astype(np.uint64)
    return mixed_bits(bits + mixed_bits(columns.astype(np.uint64)))

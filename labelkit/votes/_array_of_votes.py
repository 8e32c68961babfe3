"""What lets a label matrix stand where NumPy expects the array of its votes: operators, functions and methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from labelkit._shared.numbers import plural
from labelkit.exceptions import MatrixError
from labelkit.votes.alignment import RowNames, aligned_values, has_index, labels_of, of_strangers, shown_names

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.votes.example_names import ExampleNames


IDS_CHOOSE: Final = "pandas.Index(ids) in the brackets chooses rows by their ids; else a mask, positions or a slice"


def positions_of(key: Any, examples: ExampleNames) -> NDArray[np.int64]:
    """Return the positions of the examples that a slice, a mask, positions or one position choose.

    A mask that is a Series is matched by its index, as gold is; an index of pandas names rows, as in ``frame.loc``.

    Raises
    ------
    MatrixError
        If a mask has another length, the key is nothing of the kind, or an index names rows in two ways.
    IndexError
        If there is no such row.
    """
    n_examples = len(examples)
    if has_index(key) and key.dtype.kind == "b":
        if key.hasnans:
            raise MatrixError("the mask has missing values", hint="mask.fillna(False)", code="LK310")
        mask = key.to_numpy(dtype=bool)
        key = aligned_values(key, mask, examples, fill=False, what="the mask", error=MatrixError)
    elif hasattr(key, "get_indexer") and key.dtype.kind != "b":
        return _places_of_index(key, examples)
    given = key if isinstance(key, slice) or key is Ellipsis else np.asarray(key)
    if isinstance(given, np.ndarray):
        if given.dtype.kind == "b" and given.shape != (n_examples,):
            raise MatrixError(
                f"the mask has {plural(given.size, 'value')} for {plural(n_examples, 'example')}",
                hint="make it of the same matrix or labels, such as matrix.covered; after matrix[rows], of these rows",
            )
        if given.ndim > 1 or (given.size and given.dtype.kind not in "biu"):
            raise MatrixError(
                f"{key!r:.80} chooses no rows",
                hint=IDS_CHOOSE if given.dtype.kind in "OUST" else "give a mask, positions or a slice",
            )
        given = given if given.size else given.astype(np.int64)
    try:
        return np.atleast_1d(np.arange(n_examples)[given])
    except TypeError:
        raise MatrixError(f"{key!r} chooses no rows", hint="a slice is of positions: matrix[:100]") from None
    except IndexError:
        beyond = np.asarray(given)[(np.asarray(given) >= n_examples) | (np.asarray(given) < -n_examples)]
        raise IndexError(
            f"there is no row {beyond.ravel()[0]} among {n_examples:,}: rows are chosen by position. "
            "Hint: by ids, or the index of a frame: matrix[pandas.Index(ids)]"
        ) from None


def _places_of_index(index: pd.Index[Any], examples: ExampleNames) -> NDArray[np.int64]:
    """Return the positions of the examples that an index of pandas names: ``train.index`` after a split of the frame.

    It names them by the index of their frame if it is called as that is, or by the ids. Where it names none of them, it
    may be the index of an array of all examples, which counts their positions; one that could be both is refused.

    Raises
    ------
    MatrixError
        If a label is no example's, or the labels could be names and positions.
    """
    labels = labels_of(index)
    frame = examples.index
    named_none = np.zeros(0) if frame is None or frame.names_rows else labels_of(frame.labels)
    if (RowNames(named_none).positions(labels) >= 0).any():
        raise MatrixError(
            f"the index of the frame repeats labels or has empty ones, so that {shown_names(labels, 1)} names no row",
            hint="choose by a mask, matrix[mask.to_numpy()], or apply the rules to df.reset_index(drop=True)",
            code="LK326",
        )
    ways = [("pandas.Index(matrix.ids)", examples.by_id)]
    if frame is not None and examples.by_index is not None:
        is_called_so = index.names == frame.labels.names
        ways.insert(0 if is_called_so else 1, ("frame.index", examples.by_index))
    named = ((way, rows, rows.positions(labels)) for way, rows in ways if rows.is_unique)
    way, rows, places = next((one for one in named if (one[2] >= 0).all()), (*ways[0], None))
    are_positions = labels.dtype.kind in "iu" and bool(((labels >= 0) & (labels < len(examples))).all())
    if places is None and not are_positions:
        raise of_strangers(labels[rows.positions(labels) < 0], rows.names, "the index", MatrixError)
    if places is None:
        return labels.astype(np.int64)
    if are_positions and index.name is None and not np.array_equal(places, labels):
        raise MatrixError(
            f"the index, which begins with {shown_names(labels)}, could be of names of the examples, which begin with "
            f"{shown_names(rows.names)}, or of their positions",
            hint=f"{way}.get_indexer_for(index) is of what it names, index.to_numpy() of these positions",
            code="LK326",
        )
    return places


def _is_text(given: Any) -> bool:
    """Return True for a string, or an array, column or list of them."""
    if isinstance(given, str | list | tuple):
        return np.asarray(given).dtype.kind in "UT"
    dtype = getattr(given, "dtype", None)
    if getattr(dtype, "kind", "") == "O" and isinstance(given, np.ndarray):
        return any(isinstance(value, str) for value in given.ravel().tolist())
    return getattr(dtype, "kind", "") in {"U", "T"} or type(dtype).__name__ == "StringDtype"


class ArrayOfVotes(NDArrayOperatorsMixin):
    """A base class whose arithmetic, comparisons and methods are those of the array ``votes``, which nobody changes.

    ``matrix == 1`` is a mask, ``matrix + 1`` an array, ``matrix.mean()`` a number. The result is never a matrix.
    """

    votes: NDArray[Any]

    __pandas_priority__ = 5000  # so that pandas leaves ``frame == matrix`` to the matrix

    @property
    def shape(self) -> tuple[int, int]:
        """(n_examples, n_lfs)."""
        return self.votes.shape[0], self.votes.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """int8, or int16 from 128 classes."""
        return self.votes.dtype

    @property
    def ndim(self) -> int:
        """Two."""
        return 2

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return self.shape[0]

    @property
    def n_lfs(self) -> int:
        """Number of labeling functions."""
        return self.shape[1]

    def __iter__(self) -> Iterator[Any]:
        """Yield each example, as a matrix; with it, ``pandas.DataFrame(matrix)`` takes the array of votes."""
        return (self[row] for row in range(len(self)))  # type: ignore[index] # of the class that this is a base of

    def __len__(self) -> int:
        return self.n_examples

    def __contains__(self, vote: object) -> bool:
        return vote in self.votes

    __hash__ = object.__hash__  # two matrices are equal where their votes are, and told apart by identity

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 - NumPy's protocol
        if dtype is not None and np.dtype(dtype) != self.votes.dtype:
            return self.votes.astype(dtype)
        return self.votes.copy() if copy else self.votes

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(out, ArrayOfVotes) for out in options.get("out", ())):
            raise MatrixError("the votes of a matrix cannot be changed", hint="votes = matrix.votes.copy()")
        name = next((given for given in inputs if _is_text(given)), None)
        if name is not None:
            raise MatrixError(
                f"votes are numbers, and {name if isinstance(name, str) else 'the other side'!r} is text",
                hint="compare with the class: matrix == Label.SPAM, or its number",
            )
        arrays = [given.votes if isinstance(given, ArrayOfVotes) else given for given in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    if not TYPE_CHECKING:  # so that a misspelled attribute stays an error of the type checker

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or not hasattr(np.ndarray, name):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return getattr(self.votes, name)

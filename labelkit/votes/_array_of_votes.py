"""What lets a label matrix stand where NumPy expects the array of its votes: operators, functions and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from labelkit.exceptions import MatrixError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ArrayOfVotes(NDArrayOperatorsMixin):
    """A base class whose arithmetic, comparisons and methods are those of the array ``votes``, which nobody changes.

    ``matrix == 1`` is a mask, ``matrix + 1`` an array, ``matrix.mean()`` a number. The result is never a matrix.
    """

    votes: NDArray[Any]

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
        arrays = [given.votes if isinstance(given, ArrayOfVotes) else given for given in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    if not TYPE_CHECKING:  # so that a misspelled attribute stays an error of the type checker

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or not hasattr(np.ndarray, name):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return getattr(self.votes, name)

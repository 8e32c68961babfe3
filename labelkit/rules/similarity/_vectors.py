"""Check vectors, and scale them to unit length, so that cosines are dot products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

PIECE: Final = 1024
"""Texts that are embedded in one call: the chunk on which rules are called."""

Embed: TypeAlias = Callable[[list[str]], Any]
"""A function that embeds texts as vectors."""

VectorErrors: TypeAlias = dict[int, Exception]
"""Errors of the examples without a usable vector, by position."""


def embedded(embed: Embed, texts: Sequence[str], rule: str) -> Any:
    """Embed texts, a chunk at a time.

    Parameters
    ----------
    embed : callable
        Takes a list of texts and returns an array or a sparse matrix of shape (n_texts, n_dimensions).
    texts : sequence of str
    rule : str
        The name of the rule, for messages.

    Returns
    -------
    ndarray of float32, or scipy.sparse.csr_array, shape (n_texts, n_dimensions)

    Raises
    ------
    ValueError
        If ``embed`` returns another shape.
    """
    parts = [_embedded(embed, list(texts[start : start + PIECE]), rule) for start in range(0, len(texts), PIECE)]
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    from scipy import sparse  # noqa: PLC0415 - only for embeddings that are sparse

    return sparse.vstack(parts, format="csr")


def _embedded(embed: Embed, texts: list[str], rule: str) -> Any:
    output = embed(texts)
    if not hasattr(output, "tocsr"):
        output = np.asarray(output, dtype=np.float32)
    if len(output.shape) != 2 or output.shape[0] != len(texts):
        raise ValueError(
            f"embed= of {rule} returned an array of shape {tuple(output.shape)} for {len(texts)} texts, "
            "not one vector a text"
        )
    return output if isinstance(output, np.ndarray) else output.tocsr()


def stacked(vectors: Sequence[Any], size: int | None, rule: str) -> tuple[npt.NDArray[np.float32], VectorErrors]:
    """Stack vectors as rows of an array; an invalid one becomes zeros, with an error.

    Parameters
    ----------
    vectors : sequence
        Lists or arrays of numbers.
    size : int, optional
        The expected length of each; that of the first if not given.
    rule : str
        The name of the rule, for messages.
    """
    errors: VectorErrors = {}
    rows: list[npt.NDArray[np.float32] | None] = []
    for number, vector in enumerate(vectors):
        try:
            row = np.asarray(vector, dtype=np.float32)
        except (TypeError, ValueError):
            row = np.empty((0, 0), np.float32)
        if row.ndim != 1:
            errors[number] = TypeError(f"{rule} compares texts or vectors, not {type(vector).__name__}")
        elif size is not None and len(row) != size:
            errors[number] = ValueError(f"the vector has {len(row)} numbers, and the references of {rule} have {size}")
        size = len(row) if size is None and row.ndim == 1 else size
        rows.append(None if number in errors else row)
    empty = np.zeros(size or 0, np.float32)
    return np.stack([empty if row is None else row for row in rows]), errors


def unit(vectors: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], VectorErrors]:
    """Scale vectors to unit length; zero and non-finite vectors become zeros, with an error.

    >>> points, errors = unit(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    >>> (points * 10).round().tolist(), errors
    ([[6.0, 8.0], [0.0, 0.0]], {1: ValueError('the vector is all zeros, so it has no direction')})
    """
    errors: VectorErrors = {}
    # Divide by the largest component first: squares of very large or very small numbers overflow 32 bits.
    largest = np.abs(vectors).max(axis=1, initial=0)
    for row in np.flatnonzero(~np.isfinite(largest)).tolist():
        not_finite = vectors[row][~np.isfinite(vectors[row])][0]
        errors[row] = ValueError(f"the vector holds {not_finite}")
    for row in np.flatnonzero(largest == 0).tolist():
        errors[row] = ValueError("the vector is all zeros, so it has no direction")
    safe = vectors / np.where(np.isfinite(largest) & (largest > 0), largest, 1)[:, None]
    safe[list(errors)] = 0
    norms = np.sqrt(np.einsum("ij,ij->i", safe, safe))
    return (safe / np.where(norms > 0, norms, 1)[:, None]).astype(np.float32), errors


def unit_sparse(vectors: Any) -> Any:
    """Scale the rows of a sparse matrix to unit length; an empty row stays zero, with cosine 0 to every other."""
    from scipy import sparse  # noqa: PLC0415 - only for embeddings that are sparse

    rows = sparse.csr_array(vectors, dtype=np.float64)
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sparse.csr_array(sparse.diags_array(1 / np.where(norms > 0, norms, 1)) @ rows)


def means(vectors: Any, groups: npt.NDArray[np.int64]) -> Any:
    """Return the mean of the vectors of each group, dense or sparse like the vectors."""
    from scipy import sparse  # noqa: PLC0415 - only where examples are compared by their mean

    n_groups = int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=n_groups)
    entries: Any = (1 / sizes[groups], (groups, np.arange(len(groups))))
    shape: Any = (n_groups, len(groups))
    group_means: Any = sparse.csr_array(entries, shape=shape) @ vectors
    return group_means.astype(np.float32) if isinstance(group_means, np.ndarray) else group_means

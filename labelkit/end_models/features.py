r"""Features of the examples of a corpus: one row of numbers for each, for models that read the examples.

:func:`read_features` goes through the corpus in batches. By default the texts become hashed word 1-2-grams, weighted by
``1 + log tf``, by inverse document frequency and to length 1; any scikit-learn vectorizer or transformer, any function
of texts, such as a sentence embedding, or an array can take their place.

>>> features = read_features(["win a prize", "see you at lunch", "win now"])
>>> features.values.shape, features.of(["a prize at lunch"]).values.shape
((3, 262144), (1, 262144))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from labelkit._shared.arrow_kinds import value_type
from labelkit._shared.files import replaced
from labelkit._shared.protected_values import protects_values
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.all_missing import is_without_values
from labelkit.end_models.hashed_words import N_BUCKETS, HashedWords
from labelkit.exceptions import CorpusError, ModelError
from labelkit.votes.alignment import object_array
from labelkit.votes.example_names import ExampleNames

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

BATCH_ROWS: Final = 16_384
"""Rows of a corpus that are transformed at a time."""


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False)
class CorpusFeatures:
    """Features of the rows of a corpus.

    Attributes
    ----------
    values : ndarray or csr_array of shape (n_rows, n_features)
        In the order of the corpus.
    examples : ExampleNames
        The ids of the rows.
    names : ndarray of str, shape (n_features,), or None
        Of the columns; of hashed ones, the most frequent words of the first texts.
    columns : tuple of str
        The columns of the corpus that were read.
    transform : function
        From the cells of a batch to its features, fitted on this corpus.
    n_empty : int
        Rows without a text: null, or empty.
    """

    values: Any
    examples: ExampleNames
    names: NDArray[np.str_] | None
    columns: tuple[str, ...]
    transform: Callable[[Any], Any]
    n_empty: int

    def of(self, corpus: Any) -> CorpusFeatures:
        """Return the features of another corpus, by what was fitted on this one."""
        opened = open_corpus(corpus)
        values, examples, n_empty = _collected(opened, self.columns, self.transform)
        return replace(self, values=values, examples=examples, n_empty=n_empty)

    def of_batch(self, table: pa.RecordBatch | pa.Table) -> Any:
        """Return the features of the rows of an Arrow table that has the columns; an array of (n_rows, n_features)."""
        cells, _ = _cells_of(table.select(list(self.columns)), self.columns)
        return _checked(self.transform(cells), table.num_rows)

    @property
    def fixed_names(self) -> Any:
        """The names of the columns, if these are the same in any corpus; None of hashed words, named by the corpus."""
        return None if isinstance(self.transform, HashedWords) else self.names

    def save(self, path: Path) -> None:
        """Write the transformation to a file, without the features; :func:`load_features` reads it.

        Raises
        ------
        ModelError
            If it is a vectorizer or function that was given, which only pickle could write.
        """
        if not isinstance(self.transform, HashedWords):
            raise ModelError("features by a given vectorizer or function cannot be saved without pickle")
        with replaced(path) as draft, draft.open("wb") as file:
            arrays: dict[str, Any] = {"columns": np.array(self.columns), **self.transform.arrays()}
            np.savez_compressed(file, **arrays)

    def batches(self, corpus: Any) -> Iterator[tuple[NDArray[Any], Any]]:
        """Iterate over the ids and features of another corpus, a batch at a time."""
        for ids, cells, _ in _cells(open_corpus(corpus), self.columns):
            yield ids, _checked(self.transform(cells), len(ids))

    def aligned(self, matrix: Any) -> CorpusFeatures:
        """Return the features of the rows of a label matrix, in its order, by id.

        Raises
        ------
        ModelError
            If a row of the matrix has no features.
        """
        places = self.examples.order(matrix.examples, what="the features", error=ModelError)
        if places is None:
            return self
        return replace(self, values=self.values[places], examples=self.examples[places])

    def __repr__(self) -> str:
        n_rows, n_features = self.values.shape
        empty = f", {self.n_empty:,} of them without a text" if self.n_empty else ""
        return f"CorpusFeatures({n_rows:,} rows{empty}, {n_features:,} features of {', '.join(self.columns)})"


def load_features(path: Path) -> CorpusFeatures:
    """Read a transformation that :meth:`CorpusFeatures.save` wrote; there are no rows yet."""
    with np.load(path, allow_pickle=False) as arrays:
        words = HashedWords.of_arrays(arrays)
        columns = tuple(map(str, arrays["columns"].tolist()))
    nothing = sparse.csr_array((0, N_BUCKETS), dtype=np.float32)
    return CorpusFeatures(nothing, ExampleNames(np.zeros(0, np.int64)), None, columns, words, 0)


@checks_keywords
def read_features(corpus: Any, columns: str | Sequence[str] = "text", by: Any = None) -> CorpusFeatures:
    """Compute features of the rows of a corpus.

    Parameters
    ----------
    corpus : Corpus, frame, path, list or iterator of texts
        As :func:`~labelkit.open_corpus` takes it. It is read once; the features are held in memory, the texts are not.
    columns : str or list of str
        The columns to read.
    by : optional
        A scikit-learn vectorizer or transformer: one that is fitted is used as it is, any other is fitted on a copy. A
        vectorizer of one column gets texts ("" where null); a transformer of several columns gets a frame of them. A
        function from a list of texts to an array (n_texts, n_features), such as ``SentenceTransformer(...).encode``.
        An array with a row for each row of the corpus. If not given, hashed word 1-2-grams with TF-IDF weights.

    Returns
    -------
    CorpusFeatures

    Raises
    ------
    CorpusError
        If a column is missing, or the corpus has no rows.
    ModelError
        If ``by`` is none of these, or returns another number of rows or something else than numbers.

    Examples
    --------
    >>> features = read_features(["win a prize", "see you"], by=lambda texts: [[len(text)] for text in texts])
    >>> features.values.tolist()
    [[11.0], [7.0]]
    """
    opened, names = open_corpus(corpus), (columns,) if isinstance(columns, str) else tuple(columns)
    if by is None:
        return _hashed(opened, names)
    if hasattr(by, "transform") and not isinstance(by, type):
        return _transformed(opened, names, by)
    if isinstance(by, type) or (not callable(by) and not hasattr(by, "shape") and not isinstance(by, list)):
        raise ModelError(
            f"by={by!r:.100} makes no features",
            hint="give a vectorizer (TfidfVectorizer()), a function of a list of texts, or an array",
            code="LK406",
        )
    if callable(by):
        values, examples, n_empty = _collected(opened, names, by)
        return CorpusFeatures(values, examples, None, names, by, n_empty)
    _, examples, n_empty = _collected(opened, names, lambda cells: np.zeros((len(cells), 0)))
    return CorpusFeatures(_checked(by, len(examples)), examples, None, names, _no_transform, n_empty)


def _no_transform(_cells: Any) -> Any:
    raise ModelError(
        "the features were given as an array, which says nothing of other rows",
        hint="read_features(corpus, by=function) computes those of any corpus",
    )


def _hashed(corpus: Corpus, columns: tuple[str, ...]) -> CorpusFeatures:
    """Hash words in one pass, and weigh them by the document frequencies that it has counted."""
    hashing = HashedWords()
    values, examples, n_empty = _collected(corpus, columns, hashing.counted)
    return CorpusFeatures(hashing.weighted(values), examples, hashing.names(), columns, hashing, n_empty)


def _transformed(corpus: Corpus, columns: tuple[str, ...], transformer: Any) -> CorpusFeatures:
    fitted = transformer if _is_fitted(transformer) else _fitted_copy(transformer, corpus, columns)
    values, examples, n_empty = _collected(corpus, columns, fitted.transform)
    names = getattr(fitted, "get_feature_names_out", None)
    return CorpusFeatures(values, examples, None if names is None else names(), columns, fitted.transform, n_empty)


def _is_fitted(transformer: Any) -> bool:
    from sklearn.exceptions import NotFittedError  # noqa: PLC0415 - slow to import
    from sklearn.utils.validation import check_is_fitted  # noqa: PLC0415 - the same

    try:
        check_is_fitted(transformer)
    except NotFittedError:
        return False
    except TypeError:  # no estimator of scikit-learn
        return True
    return True


def _fitted_copy(transformer: Any, corpus: Corpus, columns: tuple[str, ...]) -> Any:
    """Fit a copy; a vectorizer reads the texts as a stream, anything else gets all cells at once."""
    from sklearn.base import clone  # noqa: PLC0415 - slow to import
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415 - the same

    if not corpus.splittable and corpus.path is None:
        raise ModelError(
            "an iterator can be read once, and the features need a second reading",
            hint="give a list or a file, or a vectorizer that is fitted",
            code="LK211",
        )
    copy = clone(transformer)
    parts = (cells for _, cells, _ in _cells(corpus, columns))
    try:
        if isinstance(copy, CountVectorizer):  # TfidfVectorizer is one
            return copy.fit(text for part in parts for text in part)
        return copy.fit(_all_cells(list(parts)))
    except ValueError as error:
        raise ModelError(f"{type(copy).__name__} cannot be fitted on the texts: {error}") from error


def _all_cells(parts: list[Any]) -> Any:
    if parts and not isinstance(parts[0], list):
        import pandas as pd  # noqa: PLC0415 - for transformers of several columns

        return pd.concat(parts, ignore_index=True)
    return [text for part in parts for text in part]


def _collected(
    corpus: Corpus, columns: tuple[str, ...], transform: Callable[[Any], Any]
) -> tuple[Any, ExampleNames, int]:
    """Transform the corpus a batch at a time; returns the features, the names of the rows, and how many are empty."""
    parts, ids, n_empty = [], [], 0
    for names, cells, empty in _cells(corpus, columns):
        ids.append(names)
        parts.append(_checked(transform(cells), len(names)))
        n_empty += empty
    if not parts:
        raise CorpusError(
            "the corpus has no rows, and so no features", hint="check the export that made it", code="LK204"
        )
    values = sparse.vstack(parts, format="csr") if sparse.issparse(parts[0]) else np.concatenate(parts)
    return values, ExampleNames(np.concatenate(ids), corpus.frame_index), n_empty


def _cells(corpus: Corpus, columns: tuple[str, ...]) -> Iterator[tuple[NDArray[Any], Any, int]]:
    """Iterate over ids, cells and the number of empty rows; one column is a list of texts, several are a frame."""
    for batch in corpus.batches(columns, BATCH_ROWS):
        start = batch.start
        ids = np.arange(start, start + len(batch)) if batch.ids is None else object_array(batch.ids.to_pylist())
        yield ids, *_cells_of(batch.table, columns)


def _cells_of(table: pa.RecordBatch | pa.Table, columns: tuple[str, ...]) -> tuple[Any, int]:
    if len(columns) > 1:
        return table.to_pandas(), 0
    texts = _texts(table.column(0), columns[0])
    return texts, sum(not text.strip() for text in texts)


def _texts(column: pa.Array, name: str) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    kind = value_type(column.type)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    if not is_text and not pa.types.is_string_view(kind) and not is_without_values(column):
        raise ModelError(
            f"the column {name!r} holds no texts, but {kind}",
            hint="name the column of the texts: read_features(corpus, 'text')",
            code="LK209",
        )
    return [text or "" for text in column.to_pylist()]


def _checked(values: Any, n_rows: int) -> Any:
    """Check what came of a batch: a table of numbers with a row for each of its rows."""
    is_sparse: bool = sparse.issparse(values)
    table: Any = sparse.csr_array(values) if is_sparse else np.asarray(values)
    if table.ndim != 2 or table.shape[0] != n_rows:
        raise ModelError(
            f"the features of {n_rows:,} rows have shape {table.shape}, not ({n_rows:,}, n_features)",
            hint="a function gets a list of texts and returns a row of numbers for each, in their order",
            code="LK406",
        )
    if table.dtype.kind not in "biuf":
        raise ModelError(f"features are numbers, and these are of type {table.dtype}", code="LK406")
    return table if table.dtype.kind == "f" else table.astype(np.float64)

"""Near-duplicates of a column of texts: read it once for signatures, and the texts that share one a second time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.arrow_kinds import value_type
from labelkit._shared.numbers import count, decimal, plural
from labelkit._shared.protected_values import protects_values
from labelkit._shared.tables import FIRST_ROWS, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.all_missing import is_all_missing
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.curation.near_duplicates.bands import Bands
from labelkit.curation.near_duplicates.clusters import PieceSets, clustered, numbered_by_first
from labelkit.curation.near_duplicates.shingles import BY_CHARACTERS, BY_WORDS, HashedShingles, Shingling
from labelkit.exceptions import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

BATCH: Final = 16_384
"""Texts that are read together."""

MOST_PAIRS: Final = 1_000_000


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class NearDuplicates(ShownResult):
    """Texts that are nearly the same; made by :func:`labelkit.near_duplicate_texts`.

    Attributes
    ----------
    ids : ndarray, shape (n_rows,)
    cluster : ndarray of int64, shape (n_rows,)
        The number of each row's cluster, in the order of the first rows; -1 for a text that is like no other.
    column : str
    threshold : float
        Jaccard coefficient from which two texts are linked; a cluster is what links connect.
    shingling : Shingling
        What is compared.
    """

    ids: NDArray[Any]
    cluster: NDArray[np.int64]
    column: str
    threshold: float
    shingling: Shingling
    _sets: PieceSets
    _set_of: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.cluster)

    @property
    def n_clusters(self) -> int:
        """Clusters of at least two rows."""
        return int(self.cluster.max(initial=-1)) + 1

    @property
    def repeated(self) -> NDArray[Any]:
        """The ids of all rows but the first of each cluster: what to leave out for one of each."""
        rows = np.flatnonzero(self.cluster >= 0)
        first = np.unique(self.cluster[rows], return_index=True)[1]
        return self.ids[np.delete(rows, first)]

    def groups(self) -> NDArray[np.int64]:
        """Number all rows by cluster, a text that is like no other by itself; shape (n_rows,)."""
        alone = self.cluster < 0
        return np.where(alone, self.n_clusters + np.cumsum(alone) - 1, self.cluster)

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows that are in a cluster: ``id``, ``cluster``, those of a cluster together."""
        import pandas as pd  # noqa: PLC0415 - only for who asks

        rows = self._in_clusters()
        return pd.DataFrame({"id": self.ids[rows], "cluster": self.cluster[rows]})

    def _in_clusters(self) -> NDArray[np.int64]:
        rows = np.flatnonzero(self.cluster >= 0)
        return rows[np.argsort(self.cluster[rows], kind="stable")]

    def pairs(self, most: int = MOST_PAIRS) -> pd.DataFrame:
        """Return the pairs of texts that are at least as alike as the threshold.

        Parameters
        ----------
        most : int
            Pairs that may be compared.

        Returns
        -------
        pandas.DataFrame
            ``first`` and ``second``, ids in the order of the corpus, and ``similarity``, the most alike first.

        Raises
        ------
        AnalysisError
            If the clusters have more pairs, as a text with thousands of copies has.
        """
        import pandas as pd  # noqa: PLC0415 - as above

        first, second = self._pairs_of(self._in_clusters(), most)
        similarity = self._sets.jaccard(self._set_of[first], self._set_of[second])
        alike = similarity >= self.threshold - 1e-12
        first, second, similarity = first[alike], second[alike], similarity[alike]
        order = np.lexsort((second, first, -similarity))
        return pd.DataFrame(
            {"first": self.ids[first[order]], "second": self.ids[second[order]], "similarity": similarity[order]}
        )

    def _pairs_of(self, rows: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        sizes = np.bincount(self.cluster[rows], minlength=self.n_clusters)
        n_pairs = int((sizes * (sizes - 1) // 2).sum())
        if n_pairs > most:
            raise AnalysisError(
                f"the {count(self.n_clusters)} clusters, the largest of {count(sizes.max())} rows, have "
                f"{count(n_pairs)} pairs, more than {count(most)}",
                hint="to_pandas() has the clusters, repeated the ids to leave out; most= raises the limit",
            )
        behind = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(rows)) - 1
        first = np.repeat(np.arange(len(rows)), behind)
        nth = np.arange(len(first)) - np.repeat(np.cumsum(behind) - behind, behind)
        return rows[first], rows[first + nth + 1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the counts."""
        in_clusters = int((self.cluster >= 0).sum())
        return {
            "column": self.column,
            "threshold": self.threshold,
            "shingles": "words" if self.shingling.words else "characters",
            "rows": len(self),
            "clusters": self.n_clusters,
            "rows_in_clusters": in_clusters,
            "repeated": in_clusters - self.n_clusters,
        }

    def _page(self) -> ResultPage:
        counts = self.to_dict()
        lead = (
            f"{plural(self.n_clusters, 'cluster')} of nearly the same {self.column!r} (Jaccard of {counts['shingles']} "
            f"at least {decimal(self.threshold, 2)}): {count(counts['rows_in_clusters'])} of {count(len(self))} rows"
        )
        rows = self._in_clusters()
        sizes = np.bincount(self.cluster[rows], minlength=self.n_clusters)
        largest = np.argsort(-sizes, kind="stable")[:FIRST_ROWS]
        members = [self.ids[rows[self.cluster[rows] == number][:3]].tolist() for number in largest.tolist()]
        cells = [
            [str(number), count(sizes[number]), ", ".join(map(str, ids))]
            for number, ids in zip(largest.tolist(), members, strict=True)
        ]
        return ResultPage([lead], [ResultTable(cells, ["cluster", "rows", "ids"], align="<><")])


@checks_keywords_with(open_corpus)
def near_duplicate_texts(
    corpus: Any,
    column: str = "text",
    *,
    threshold: float = 0.8,
    words: bool = False,
    id: str | None = None,  # noqa: A002 - the word that users write
    **reading: Any,
) -> NearDuplicates:
    """Find the texts of a corpus that are nearly the same.

    Parameters
    ----------
    corpus : object
        As :func:`labelkit.open_corpus` takes it. It is read twice, unless no two texts are alike.
    column : str
        The texts.
    threshold : float in (0, 1]
        The Jaccard coefficient from which two texts are linked: the share of common pieces among all pieces of both.
        Case does not count, and any run of white space is one space. Missing and blank texts are like no other.
    words : bool
        Compare runs of two words. By default, runs of four characters are compared.
    id : str, optional
        The column that names the examples.
    **reading
        Further options of :func:`labelkit.open_corpus`.

    Returns
    -------
    NearDuplicates
        Links are exact: no two texts below the threshold are linked. Of the pairs at it, more than 99% are expected to
        be compared, of those that are more alike, nearly all.

    Raises
    ------
    AnalysisError
        If the column is not text, or the threshold is out of its range.
    CorpusError
        If there is no such column, an id stands twice, or the corpus cannot be read twice.
    MissingExtraError
        Without the package ``rensa``: ``pip install 'labelkit[dedup]'``.

    References
    ----------
    Broder (1997), On the resemblance and containment of documents. https://doi.org/10.1109/SEQUEN.1997.666900

    Examples
    --------
    >>> import labelkit as lk
    >>> texts = ["Win a new phone today, click here", "good morning", "WIN a new phone today,  click here!"]
    >>> lk.near_duplicate_texts({"text": texts}).pairs()
       first  second  similarity
    0      0       2    0.967742
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold <= 1:
        raise AnalysisError(
            f"threshold={threshold!r} is not a share of common pieces", hint="a number above 0, at most 1"
        )
    opened = corpus if isinstance(corpus, Corpus) and id is None else open_corpus(corpus, id=id, **reading)
    how = BY_WORDS if words else BY_CHARACTERS
    _check_text(opened, column)
    signed = _Signatures.read(opened, column, how, Bands.at(threshold))
    rows = signed.candidates()
    sets = _pieces_of(opened, column, rows, how)
    linked = clustered(sets, signed.bands[rows], threshold)
    set_of = np.full(len(signed.keys), -1)
    set_of[rows] = np.arange(len(rows))
    set_of = set_of[signed.first]
    cluster = np.where(set_of < 0, -1, linked[np.maximum(set_of, 0)] if len(rows) else -1)
    return NearDuplicates(signed.ids, _numbered(cluster), column, float(threshold), how, sets, set_of)


def _check_text(corpus: Corpus, column: str) -> None:
    kind = value_type(corpus.column_type(column))
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    if not is_text and kind != pa.string_view() and not is_all_missing(corpus, column):
        raise AnalysisError(
            f"the column {column!r} has no texts, but {kind}", hint="name the column of the texts", code="LK209"
        )


@dataclass(frozen=True, eq=False)
class _Signatures:
    """What is kept of each text.

    Attributes
    ----------
    ids : ndarray, shape (n_rows,)
    keys : ndarray of uint64, shape (n_rows,)
        Equal for texts that have the same pieces in the same order.
    blank : ndarray of bool, shape (n_rows,)
    bands : ndarray of uint32, shape (n_rows, n_bands)
    first : ndarray of int64, shape (n_rows,)
        The first row with the same text.
    """

    ids: NDArray[Any]
    keys: NDArray[np.uint64]
    blank: NDArray[np.bool_]
    bands: NDArray[np.uint32]
    first: NDArray[np.int64]

    @classmethod
    def read(cls, corpus: Corpus, column: str, how: Shingling, bands: Bands) -> _Signatures:
        seen, ids, parts, n_rows = DistinctIds(corpus), [], [], 0
        with corpus.watched():
            for batch in corpus.batches([column], BATCH):
                seen.add(batch.ids, batch.start)
                numbers = np.arange(batch.start, batch.start + len(batch))
                ids.append(numbers if batch.ids is None else batch.ids.to_numpy(zero_copy_only=False))
                pieces = HashedShingles.of(batch.table.column(0).to_pylist(), how)
                parts.append((pieces.keys, np.diff(pieces.starts) == 0, bands.of(pieces)))
                n_rows += len(batch)
        if not n_rows:
            raise AnalysisError(f"{corpus.name} has no rows", hint="check the export that made it", code="LK204")
        keys, blank, of_bands = (np.concatenate(part) for part in zip(*parts, strict=True))
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        return cls(np.concatenate(ids), keys, blank, of_bands, np.where(blank, np.arange(n_rows), first[place]))

    def candidates(self) -> NDArray[np.int64]:
        """Return the rows to compare: of each text the first row, if another has its text or one of its bands."""
        copies = np.bincount(self.first, minlength=len(self.first))
        rows = np.flatnonzero((copies > 0) & ~self.blank)
        shared = copies[rows] > 1
        for band in self.bands.T:
            _, place, counts = np.unique(band[rows], return_inverse=True, return_counts=True)
            shared |= counts[place] > 1
        return rows[shared]


def _pieces_of(corpus: Corpus, column: str, rows: NDArray[np.int64], how: Shingling) -> PieceSets:
    """Read the texts of some rows again, some at a time."""
    empty = PieceSets.of(np.zeros(0, np.uint64), np.zeros(1, np.int64))
    if not len(rows):
        return empty
    parts, chosen = [empty], np.zeros(int(rows[-1]) + 1, dtype=np.bool_)
    chosen[rows] = True
    with corpus.watched():
        for batch in corpus.batches([column], BATCH):
            here = chosen[batch.start : batch.start + len(batch)]
            if here.any():
                texts = pc.take(batch.table.column(0), pa.array(np.flatnonzero(here)))
                pieces = HashedShingles.of(texts.to_pylist(), how)
                parts.append(PieceSets.of(pieces.hashes, pieces.starts))
            if batch.start + len(batch) >= len(chosen):
                break
    return PieceSets.stacked(parts)


def _numbered(cluster: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the clusters of at least two rows in the order of their first rows; -1 for all others."""
    in_cluster = cluster >= 0
    in_cluster[in_cluster] = np.bincount(cluster[in_cluster], minlength=1)[cluster[in_cluster]] > 1
    numbered = np.full(len(cluster), -1)
    numbered[in_cluster] = numbered_by_first(cluster[in_cluster])
    return numbered

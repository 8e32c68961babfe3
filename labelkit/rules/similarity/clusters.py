"""Cluster a corpus by k-means, for a person to inspect and to label the useful clusters in a ``@similar_to`` rule.

A cluster is saved as the texts nearest to its centroid, which show its topic and represent it in the rule: a small JSON
file to put beside the module. Clusters of vectors are saved as their centroids.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from labelkit._shared.files import replaced
from labelkit._shared.missing import is_blank
from labelkit._shared.near_names import path_hint
from labelkit._shared.numbers import percent
from labelkit._shared.seed_streams import seed_of_32_bits, seeded
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus import open_corpus
from labelkit.exceptions import AnalysisError, RuleError
from labelkit.rules.similarity._ngrams import count_ngrams
from labelkit.rules.similarity._vectors import Embed, embedded, stacked, unit

if TYPE_CHECKING:
    import pandas as pd

N_NGRAMS: Final = 20_000
"""Number of n-grams in the TF-IDF vectors: the most frequent ones of the sample."""

N_DIMENSIONS: Final = 50
"""Number of dimensions to which truncated SVD reduces them."""

BATCH: Final = 65_536
"""Rows of the corpus that are read at a time."""


@checks_keywords
@dataclass(frozen=True, eq=False)
class Clusters:
    """Groups of similar examples, the largest first.

    Created by :func:`labelkit.fit_clusters`; used by ``@similar_to(clusters, label={3: Label.SPAM}, ...)``.

    Attributes
    ----------
    examples : tuple of tuple
        For each cluster the texts nearest to its centroid, the nearest first; of vectors, the centroid alone.
    sizes : tuple of int
        The number of rows of the sample in each; nulls and blank texts are in none.
    """

    examples: tuple[tuple[Any, ...], ...]
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.sizes)

    def __repr__(self) -> str:
        total = sum(self.sizes)
        lines = [f"{len(self)} clusters of {total:,} examples"]
        for number, (members, size) in enumerate(zip(self.examples, self.sizes, strict=True)):
            shown = " | ".join(_short(member) for member in members[:3])
            lines.append(f"{number:>3}  {percent(size / total, decimals=0):>4}  {shown}")
        return "\n".join(lines)

    def to_pandas(self) -> pd.DataFrame:
        """Return a frame with a row for each example in ``examples``: its cluster, the cluster's size, the example."""
        import pandas as pd  # noqa: PLC0415 - only when a frame is requested

        rows = [
            (number, size, member)
            for number, (members, size) in enumerate(zip(self.examples, self.sizes, strict=True))
            for member in members
        ]
        return pd.DataFrame(rows, columns=["cluster", "size", "example"])

    def save(self, path: str | Path) -> None:
        """Write a JSON file, to be put beside the module of the rule."""
        entries = [{"size": size, "examples": list(e)} for e, size in zip(self.examples, self.sizes, strict=True)]
        with replaced(Path(path)) as draft:
            draft.write_text(json.dumps({"clusters": entries}, ensure_ascii=False, indent=1), "utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Clusters:
        """Read a file written by :meth:`save`.

        Raises
        ------
        RuleError
            If the file is missing or has another content.
        """
        try:
            entries = json.loads(Path(path).read_text("utf-8"))["clusters"]
            return cls(tuple(tuple(one["examples"]) for one in entries), tuple(int(one["size"]) for one in entries))
        except FileNotFoundError:
            raise RuleError(
                f"the file of clusters {str(path)!r} does not exist",
                hint=path_hint(path, "clusters.save(path) writes one"),
                code="LK107",
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RuleError(f"{str(path)!r} is not a file of clusters: {error}") from None


def _short(member: Any) -> str:
    text = " ".join(str(member).split())
    return text if len(text) <= 40 else f"{text[:39]}…"


@checks_keywords
def fit_clusters(
    corpus: Any,
    n_clusters: int,
    *,
    column: str = "text",
    embed: Embed | None = None,
    n_rows: int = 20_000,
    n_examples: int = 20,
    random_state: int = 0,
) -> Clusters:
    """Cluster a sample of a corpus by k-means.

    Parameters
    ----------
    corpus : object
        As in :meth:`labelkit.Applier.apply`; it is read once.
    n_clusters : int
    column : str
        The column of texts, or of vectors.
    embed : callable, optional
        As in :func:`labelkit.similar_to`. If not given, texts are compared by TF-IDF of their n-grams, reduced to 50
        dimensions.
    n_rows : int
        The size of the sample.
    n_examples : int
        Number of texts to keep of each cluster: those nearest to its centroid.
    random_state : int
        The seed of the sample and of k-means.

    Returns
    -------
    Clusters

    Raises
    ------
    AnalysisError
        If there are fewer distinct examples than clusters, or the column holds neither texts nor vectors.

    Examples
    --------
    >>> from labelkit.datasets import load_comments
    >>> clusters = fit_clusters(load_comments(300), 4)
    >>> len(clusters), sum(clusters.sizes), len(clusters.examples[0])
    (4, 298, 20)
    """
    for option, number in (("n_clusters", n_clusters), ("n_rows", n_rows), ("n_examples", n_examples)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise AnalysisError(f"{option}={number!r} is not a whole number from 1")
    values, counts = _sample(corpus, column, n_rows, random_state)
    if len(values) < n_clusters:
        raise AnalysisError(f"the sample has {len(values)} distinct examples, too few for {n_clusters} clusters")
    points = _points(values, embed, random_state)
    owners = _k_means(points, counts, n_clusters, random_state)
    clusters = [
        _cluster(values, points, counts, np.flatnonzero(owners == number), n_examples) for number in set(owners)
    ]
    clusters.sort(key=lambda one: (-one[1], str(one[0][0])))
    return Clusters(tuple(members for members, _ in clusters), tuple(size for _, size in clusters))


def _sample(corpus: Any, column: str, n_rows: int, random_state: int) -> tuple[list[Any], npt.NDArray[np.float64]]:
    """Draw a random sample; return its distinct examples, in the order of the corpus, and the count of each."""
    rng = seeded(random_state)
    kept: list[tuple[float, Any]] = []
    limit = 1.0
    for batch in open_corpus(corpus).batches((column,), BATCH):
        draws = rng.random(len(batch))
        rows = np.flatnonzero(draws < limit)
        values = batch.table.column(column).take(rows).to_pylist()
        kept += [(d, v) for d, v in zip(draws[rows].tolist(), values, strict=True) if not is_blank(v)]
        if len(kept) > n_rows:
            limit = sorted(draw for draw, _ in kept)[n_rows]
            kept = [pair for pair in kept if pair[0] < limit]
    counts: dict[Any, int] = {}
    for _, value in kept:
        hashable = value if isinstance(value, str) or not hasattr(value, "__len__") else tuple(value)
        counts[hashable] = counts.get(hashable, 0) + 1
    return list(counts), np.array(list(counts.values()), dtype=np.float64)


def _points(values: Sequence[Any], embed: Embed | None, random_state: int) -> npt.NDArray[np.float32]:
    """Convert examples to vectors of unit length."""
    if all(isinstance(value, str) for value in values):
        vectors = _reduced(values, random_state) if embed is None else embedded(embed, values, "fit_clusters")
        if not isinstance(vectors, np.ndarray):
            vectors = _reduced_matrix(vectors, random_state)
        return unit(vectors.astype(np.float32))[0]
    vectors, errors = stacked(values, None, "fit_clusters")
    points, without_direction = unit(vectors)
    for error in {**without_direction, **errors}.values():
        raise AnalysisError(f"an example cannot be put into a cluster: {error}")
    return points


def _reduced(texts: Sequence[str], random_state: int) -> npt.NDArray[np.float32]:
    """Compute TF-IDF of the n-grams that at least two texts have, reduced to N_DIMENSIONS dimensions."""
    from scipy import sparse  # noqa: PLC0415 - only for clustering

    bags = count_ngrams(texts)
    vocabulary, places, n_with = np.unique(bags.ngrams, return_inverse=True, return_counts=True)
    frequent = np.zeros(len(vocabulary), np.bool_)
    frequent[np.argsort(-n_with, kind="stable")[:N_NGRAMS]] = True
    frequent &= (n_with > 1) | (len(texts) == 1)
    weights = (1 + np.log(bags.counts)) * (np.log((1 + len(texts)) / (1 + n_with)) + 1)[places]
    owners, kept = np.repeat(np.arange(len(texts)), bags.sizes), frequent[places]
    numbers = np.cumsum(frequent) - 1
    shape = (len(texts), max(1, int(frequent.sum())))
    return _reduced_matrix(
        sparse.csr_array((weights[kept], (owners[kept], numbers[places[kept]])), shape=shape), random_state
    )


def _reduced_matrix(matrix: Any, random_state: int) -> npt.NDArray[np.float32]:
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - only for clustering
    from sklearn.preprocessing import normalize  # noqa: PLC0415 - the same
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - the same

    if min(matrix.shape) <= N_DIMENSIONS + 1:
        return np.asarray(normalize(matrix).toarray(), dtype=np.float32)
    with threadpool_limits(1):  # sums over several threads are not reproducible to the last bit
        reduced = TruncatedSVD(N_DIMENSIONS, random_state=seed_of_32_bits(random_state)).fit_transform(
            normalize(matrix)
        )
    return np.asarray(reduced, dtype=np.float32)


def _k_means(
    points: npt.NDArray[np.float32], counts: npt.NDArray[np.float64], n_clusters: int, random_state: int
) -> npt.NDArray[np.int64]:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - only for clustering
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - the same

    with threadpool_limits(1):  # as above
        fitted = KMeans(n_clusters, n_init=4, random_state=seed_of_32_bits(random_state)).fit(
            points, sample_weight=counts
        )
    return np.asarray(fitted.labels_, dtype=np.int64)


def _cluster(
    values: Sequence[Any],
    points: npt.NDArray[np.float32],
    counts: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int64],
    n_examples: int,
) -> tuple[tuple[Any, ...], int]:
    """Return the examples that represent a cluster, and its size."""
    centroid = unit((points[rows] * counts[rows, None]).sum(axis=0, keepdims=True).astype(np.float32))[0][0]
    size = int(counts[rows].sum())
    if not isinstance(values[0], str):
        return (tuple(np.round(centroid.astype(np.float64), 6).tolist()),), size
    nearest = np.argsort(-np.round(points[rows] @ centroid, 5), kind="stable")[:n_examples]
    return tuple(values[row] for row in rows[nearest].tolist()), size

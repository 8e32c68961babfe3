"""The function of a similarity rule: takes a chunk of texts or vectors, returns votes by the nearest references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from labelkit.rules.inspection.model_digest import Content, content_of
from labelkit.rules.similarity._references import References
from labelkit.rules.similarity._spaces import EmbeddingSpace, Space, TfidfSpace
from labelkit.rules.similarity._vectors import Embed
from labelkit.votes.label_space import ABSTAIN, LabelSpace

CELLS: Final = 1 << 20
"""Cosines that are processed together: some 30 MB with the intermediate arrays."""

_TOLERANCE: Final = 1e-9
"""Tolerance of comparisons of shares, so that 3 of 5 equals 0.6."""


@dataclass(frozen=True)
class NearestNeighbours:
    """Vote by the k nearest references.

    Parameters
    ----------
    limits : tuple of float
        Least cosine at which a reference counts, for each group.
    n_neighbors : int
        Number of nearest references that vote, together with all that are as near as the last of them.
    share : float
        The share of them that must agree, in [0, 1].
    """

    limits: tuple[float, ...]
    n_neighbors: int = 1
    share: float = 0.5

    def votes(
        self, cosines: npt.NDArray[np.float64], groups: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Return for each example the most frequent label of its nearest references; -1 if below the share or tied.

        Parameters
        ----------
        cosines : ndarray of float, shape (n_examples, n_references)
        groups : ndarray of int, shape (n_references,)
        labels : ndarray of int, shape (n_groups,)
            -1 for references that mean an abstain; they vote like any other label.
        """
        n_references = cosines.shape[1]
        rank = n_references - min(self.n_neighbors, n_references)
        last = np.partition(cosines, rank, axis=1)[:, rank]
        near = cosines >= last[:, None]
        classes, places = np.unique(labels, return_inverse=True)
        of_class = np.eye(len(classes), dtype=np.float32)[places[groups]]
        counts = (near & (cosines >= np.array(self.limits)[groups])).astype(np.float32) @ of_class
        most = counts.max(axis=1)
        clear = (most > 0) & ((counts == most[:, None]).sum(axis=1) == 1)
        clear &= most >= self.share * near.sum(axis=1) - _TOLERANCE
        return np.where(clear, classes[counts.argmax(axis=1)], ABSTAIN)


@dataclass(frozen=True, eq=False)
class ReferenceComparison:
    """Compare examples with references, and vote.

    Parameters
    ----------
    rule : str
    references : References
    neighbours : NearestNeighbours
    mean : bool
        True to compare with the mean of each group instead of its members.
    embed : callable, optional
        Embeds texts as vectors; TF-IDF is used if not given.
    function : callable
        The decorated function; its source is shown as the source of the rule.
    """

    rule: str
    references: References
    neighbours: NearestNeighbours
    mean: bool
    embed: Embed | None
    function: Any
    _space: list[Space | Exception] = field(default_factory=list, repr=False)

    @property
    def __wrapped__(self) -> Any:
        return self.function  # inspect.getsource follows this attribute

    def __call__(self, column: Any) -> list[Any]:
        """Return a vote for each example, or an exception for one that cannot be compared."""
        values = list(column.to_pylist() if hasattr(column, "to_pylist") else column)
        is_text = np.fromiter((isinstance(value, str) for value in values), np.bool_, len(values))
        votes: list[Any] = [ABSTAIN] * len(values)
        for rows in (np.flatnonzero(is_text), np.flatnonzero(~is_text)):
            if len(rows):
                for row, vote in zip(rows.tolist(), self._votes([values[row] for row in rows]), strict=True):
                    votes[row] = vote
        return votes

    def _votes(self, values: Sequence[Any]) -> list[Any]:
        """Return the votes on values of one kind, texts or vectors."""
        space = self._reference_space()
        points, errors = space.points(values)
        groups = np.arange(len(self.references.labels)) if self.mean else self.references.groups
        step = max(1, CELLS // space.n_references)
        votes: list[Any] = []
        for start in range(0, len(values), step):
            cosines = space.cosines(points[start : start + step])
            votes += self.neighbours.votes(cosines, groups, self.references.labels).tolist()
        for row, error in errors.items():
            votes[row] = error
        return votes

    def _reference_space(self) -> Space:
        """Return the space of the references, built on the first call; a failure is raised again on later calls."""
        if not self._space:
            try:
                self._space.append(self._build_space())
            except Exception as error:
                self._space.append(error)
                raise
        space = self._space[0]
        if isinstance(space, Exception):
            raise space
        return space

    def _build_space(self) -> Space:
        entries, groups, rule = self.references.entries, self.references.groups, f"rule {self.rule!r}"
        if self.embed is None and not isinstance(entries, np.ndarray):
            return TfidfSpace.of(entries, groups, rule, mean=self.mean)
        return EmbeddingSpace.of(entries, groups, self.embed, rule, mean=self.mean)

    @property
    def _embedding(self) -> Content:
        return Content("tfidf", (), known=True) if self.embed is None else content_of(self.embed)

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.references, self.neighbours, self.mean, self._embedding.digest]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        """Return the dependencies of the votes besides the column."""
        return (np.__version__, self._embedding.digest, *self._embedding.code)


@dataclass(frozen=True)
class VotesUnchanged:
    """Return votes unchanged, and declare the possible labels, for a function that computes votes itself."""

    labels: tuple[int, ...]

    def __call__(self, output: Any, _n_examples: int, _space: LabelSpace) -> Sequence[Any]:
        """Return the output, which is a sequence of votes."""
        votes: Sequence[Any] = output
        return votes

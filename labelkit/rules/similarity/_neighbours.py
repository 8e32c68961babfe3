"""What a similarity rule calls: a chunk of texts or vectors goes in, and votes come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from labelkit.rules.inspection.model_digest import Content, content_of
from labelkit.rules.similarity._references import References
from labelkit.rules.similarity._spaces import Embedded, Space, Tfidf
from labelkit.rules.similarity._vectors import Embed
from labelkit.votes.label_space import ABSTAIN, LabelSpace

CELLS: Final = 1 << 20
"""Cosines that are looked at together: some 30 MB with what is made of them."""

_NEARLY: Final = 1e-9
"""Shares are compared with this much room: 3 of 5 is 0.6."""


@dataclass(frozen=True)
class Neighbours:
    """How the nearest references decide.

    Parameters
    ----------
    limits : tuple of float
        The cosine from which a reference counts, for each group.
    n_neighbors : int
        How many of the nearest are asked; with all that are just as near as the last of them.
    share : float
        The share of them that must agree, in [0, 1].
    """

    limits: tuple[float, ...]
    n_neighbors: int = 1
    share: float = 0.5

    def votes(
        self, cosines: npt.NDArray[np.float64], groups: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The label that enough of the nearest references have; -1 where there is none, or several as often.

        Parameters
        ----------
        cosines : ndarray of float, shape (n_examples, n_references)
        groups : ndarray of int, shape (n_references,)
        labels : ndarray of int, shape (n_groups,)
            -1 for an abstain, which is a label among others here.
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
        clear &= most >= self.share * near.sum(axis=1) - _NEARLY
        return np.where(clear, classes[counts.argmax(axis=1)], ABSTAIN)


@dataclass(frozen=True, eq=False)
class NeighbourVotes:
    """Compares examples with references.

    Parameters
    ----------
    rule : str
    references : References
    neighbours : Neighbours
    mean : bool
        Whether the mean of each group stands for it.
    embed : callable, optional
        Makes vectors of texts; TF-IDF if not given.
    function : callable
        What the rule was made of: its text is the rule's, for people.
    """

    rule: str
    references: References
    neighbours: Neighbours
    mean: bool
    embed: Embed | None
    function: Any
    _space: list[Space | Exception] = field(default_factory=list, repr=False)

    @property
    def __wrapped__(self) -> Any:
        return self.function  # where Python looks for the source

    def __call__(self, column: Any) -> list[Any]:
        """A vote for each example, or why there is none."""
        values = list(column.to_pylist() if hasattr(column, "to_pylist") else column)
        is_text = np.fromiter((isinstance(value, str) for value in values), np.bool_, len(values))
        votes: list[Any] = [ABSTAIN] * len(values)
        for rows in (np.flatnonzero(is_text), np.flatnonzero(~is_text)):
            if len(rows):
                for row, vote in zip(rows.tolist(), self._votes([values[row] for row in rows]), strict=True):
                    votes[row] = vote
        return votes

    def _votes(self, values: Sequence[Any]) -> list[Any]:
        """The votes on texts alone, or on vectors alone."""
        space = self._known_space()
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

    def _known_space(self) -> Space:
        """The references in their space: made when the first example is there; what failed once is not tried again."""
        if not self._space:
            try:
                self._space.append(self._made_space())
            except Exception as error:
                self._space.append(error)
                raise
        space = self._space[0]
        if isinstance(space, Exception):
            raise space
        return space

    def _made_space(self) -> Space:
        entries, groups, what = self.references.entries, self.references.groups, f"rule {self.rule!r}"
        if self.embed is None and not isinstance(entries, np.ndarray):
            return Tfidf.of(entries, groups, what, mean=self.mean)
        return Embedded.of(entries, groups, self.embed, what, mean=self.mean)

    @property
    def _embedding(self) -> Content:
        return Content("tfidf", (), known=True) if self.embed is None else content_of(self.embed)

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.references, self.neighbours, self.mean, self._embedding.digest]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        """What the votes depend on beside the column."""
        return (np.__version__, self._embedding.digest, *self._embedding.code)


@dataclass(frozen=True)
class Votes:
    """Takes votes as they are; says which there can be."""

    labels: tuple[int, ...]

    def __call__(self, output: Any, _n_examples: int, _space: LabelSpace) -> Sequence[Any]:
        """The votes."""
        made: Sequence[Any] = output
        return made

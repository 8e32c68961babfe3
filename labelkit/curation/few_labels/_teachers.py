r"""What predicts the class of rows without a label: content, neighbours in a graph, and rules beside content.

Neighbours. Rows are joined with their nearest ones; W is the symmetric matrix of edges, D its degrees, and Y the soft
labels of the rows that have one. Spreading iterates

.. math:: F \leftarrow \alpha D^{-1/2} W D^{-1/2} F + (1 - \alpha) Y,

so that labels that disagree with their neighbours give way; propagation iterates :math:`F \leftarrow D^{-1} W F` and
holds labeled rows to Y. scikit-learn's LabelSpreading and LabelPropagation do so from hard labels; with those, the
results are the same. A row that no labeled one reaches is of all classes alike.

References
----------
Zhou et al. (2003), Learning with local and global consistency.
https://proceedings.neurips.cc/paper/2003/hash/87682805257e619d49b8e0dfdc14affa-Abstract.html

Zhu, Ghahramani (2002), Learning from labeled and unlabeled data with label propagation, CMU-CALD-02-107.

Blum, Mitchell (1998), Combining labeled and unlabeled data with co-training. https://doi.org/10.1145/279943.279962
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import sparse

from labelkit.label_models import LabelModel
from labelkit.label_models.content.soft_regression import log_softmax, soft_regression
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.training_set import certainty

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.curation.few_labels._spread_task import Prediction, SpreadTask, Taught

STRENGTH: Final = 10.0
"""``C`` of logistic regression, that of the end model."""

DESCENTS: Final = 60
"""Most steps of the regression."""

ALPHA: Final = 0.8
"""Part of a row's label that comes of its neighbours, in spreading."""

STEPS: Final = 100
"""Most steps of the iteration."""

NEAR: Final = 1e-4
"""Largest change of a step that ends the iteration."""

FOLDS: Final = 3
"""Parts of the rows with votes, of which content judges each by what it learned of the others."""

MEGABYTES: Final = 64
"""Memory for the distances of the rows whose neighbours are sought at a time."""


# Content --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ContentPrediction:
    """Logistic regression of features, by its weights, the intercept last; None where only one class taught it."""

    features: Any
    weights: NDArray[np.float64] | None
    shares: NDArray[np.float64]

    def at(self, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Predict some rows of the task."""
        return self.of(self.features[nodes])

    def of(self, features: Any) -> NDArray[np.float64]:
        """Predict rows by their features."""
        if self.weights is None:
            return np.tile(self.shares, (features.shape[0], 1))
        return np.asarray(np.exp(log_softmax(features @ self.weights[:-1] + self.weights[-1])))


class ContentTeacher:
    """Teaches logistic regression, as an end model is trained."""

    def __init__(self, task: SpreadTask) -> None:
        self._features = task.features

    def __call__(self, taught: Taught) -> ContentPrediction:
        """Learn from labeled rows."""
        mass = (taught.weight[:, None] * taught.soft).sum(axis=0)
        shares = mass / mass.sum() if mass.any() else np.full(len(mass), 1 / len(mass))
        if (mass > 0).sum() < 2:
            return ContentPrediction(self._features, None, shares)
        weights = soft_regression(self._features[taught.nodes], taught.soft, taught.weight, STRENGTH, DESCENTS)
        return ContentPrediction(self._features, weights, shares)


# Neighbours -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class NeighborPrediction:
    """Labels of the rows of the graph; other rows have the mean label of their nearest ones."""

    labels: NDArray[np.float64]
    index: NeighborIndex

    def at(self, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the labels of rows of the graph."""
        return self.labels[nodes]

    def of(self, features: Any) -> NDArray[np.float64]:
        """Return the mean labels of the nearest rows."""
        return np.asarray(self.labels[self.index.nearest(features)].mean(axis=1))


class NeighborIndex:
    """Finds the nearest rows: by the cosine of sparse features, by the distance of dense ones."""

    def __init__(self, features: Any, n_neighbors: int) -> None:
        from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - slow to import

        self._n = min(n_neighbors, features.shape[0] - 1)
        metric = "cosine" if sparse.issparse(features) else "euclidean"
        algorithm = "brute" if sparse.issparse(features) else "auto"
        self._neighbors = NearestNeighbors(n_neighbors=self._n, metric=metric, algorithm=algorithm).fit(features)

    def nearest(self, features: Any) -> NDArray[np.int64]:
        """Return the nearest rows to each of some others; shape (n_rows, n_neighbors)."""
        from sklearn import config_context  # noqa: PLC0415 - slow to import

        if not features.shape[0]:
            return np.zeros((0, self._n), dtype=np.int64)
        with config_context(working_memory=MEGABYTES):
            return np.asarray(self._neighbors.kneighbors(features, return_distance=False))

    def edges(self) -> sparse.csr_array:
        """Return the symmetric matrix of the rows that are near one another, without a row's edge to itself."""
        from sklearn import config_context  # noqa: PLC0415 - slow to import

        with config_context(working_memory=MEGABYTES):
            near = sparse.csr_array(self._neighbors.kneighbors_graph(mode="connectivity"))
        return sparse.csr_array(near.maximum(near.T))


class NeighborTeacher:
    """Teaches by a graph of neighbours: propagation holds labels as they are, spreading lets them give way."""

    def __init__(self, task: SpreadTask, n_neighbors: int, *, clamped: bool) -> None:
        self._index = NeighborIndex(task.features, n_neighbors)
        self._edges, self._clamped = self._index.edges(), clamped

    def __call__(self, taught: Taught) -> NeighborPrediction:
        """Spread the labels over the graph."""
        given = np.zeros((self._edges.shape[0], taught.soft.shape[1]))
        given[taught.nodes] = taught.soft * (1.0 if self._clamped else taught.weight[:, None])
        spread = propagated(self._edges, given, taught.nodes) if self._clamped else smoothed(self._edges, given)
        mass = spread.sum(axis=1, keepdims=True)
        labels = np.where(mass > 1e-12, spread / np.maximum(mass, 1e-12), 1 / given.shape[1])
        return NeighborPrediction(labels, self._index)


def propagated(edges: sparse.csr_array, given: NDArray[np.float64], labeled: NDArray[np.int64]) -> NDArray[np.float64]:
    """Propagate labels along the edges of a graph, and hold labeled rows to theirs; shape (n_nodes, n_classes)."""
    step = sparse.diags_array(1 / np.maximum(edges.sum(axis=1), 1e-12)) @ edges
    labels = given
    for _ in range(STEPS):
        moved = step @ labels
        moved[labeled] = given[labeled]
        change, labels = np.abs(moved - labels).max(initial=0.0), moved
        if change < NEAR:
            break
    return labels


def smoothed(edges: sparse.csr_array, given: NDArray[np.float64], alpha: float = ALPHA) -> NDArray[np.float64]:
    """Spread labels along the edges of a graph, a part of each coming of the neighbours; shape (n_nodes, n_classes)."""
    root = sparse.diags_array(1 / np.sqrt(np.maximum(edges.sum(axis=1), 1e-12)))
    step = root @ edges @ root
    labels = given
    for _ in range(STEPS):
        moved = alpha * (step @ labels) + (1 - alpha) * given
        change, labels = np.abs(moved - labels).max(initial=0.0), moved
        if change < NEAR:
            break
    return labels


# Rules beside content -------------------------------------------------------------------------------------------------


class CoTeacher:
    """Teaches content by rules, and rules by content, on rows that have votes.

    Content votes, where it is sure, on rows that it has not learned from, as a further rule; LabelModel learns from the
    votes of all, so that rules that content contradicts count less; content learns from the labels of that.
    """

    def __init__(self, task: SpreadTask, votes: LabelMatrix) -> None:
        self._content, self._confidence = ContentTeacher(task), task.confidence
        self._votes, self._has_votes = votes, votes.covered

    def __call__(self, taught: Taught) -> Prediction:
        """Let rules and content learn from one another once."""
        voted = np.flatnonzero(self._has_votes[taught.nodes])
        if len(voted) < FOLDS:
            return self._content(taught)
        proba, fold = np.zeros((len(voted), taught.soft.shape[1])), np.arange(len(voted)) % FOLDS
        for number in range(FOLDS):
            hidden = np.zeros(len(taught.nodes), dtype=bool)
            hidden[voted[fold == number]] = True
            proba[fold == number] = self._content(taught[~hidden]).at(taught.nodes[hidden])
        nodes = taught.nodes[voted]
        labels = self._labels(self._votes[nodes], np.where(proba.max(axis=1) >= self._confidence, proba.argmax(1), -1))
        soft, weight = taught.soft.copy(), taught.weight.copy()
        soft[voted], weight[voted] = labels, certainty(labels)
        return self._content(type(taught)(taught.nodes, soft, weight))

    def _labels(self, votes: LabelMatrix, by_content: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the labels by the rules and content together."""
        name = "content"
        while name in votes.names:
            name += "_"
        column = LabelMatrix.of(by_content[:, None], names=[name], classes=list(votes.class_names), ids=votes.ids)
        both = votes.join(column)
        return np.asarray(LabelModel(n_classes=votes.n_classes).fit(both).predict_proba(both))

"""Explanations of probabilities: the class prior and a term for each vote, in log-odds that add up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.markup import visible
from labelkit.label_models._posterior import softmax
from labelkit.votes.hard_labels import hard_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from labelkit.label_models._vote_table import VoteTable


HELD: Final = 1e-6
"""Probabilities that differ by more than this from those of the log-odds were held to the votes."""

HELD_TERMS: Final = (
    "the terms favour a class that no rule voted for: its probability was lowered to that of the best class with a "
    "vote, so that they do not add up to the probabilities, and there is no label"
)
"""What is said where :attr:`Explanation.held` is true."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """Log-scores of the patterns of a vote table as sums.

    Attributes
    ----------
    prior : ndarray of shape (n_patterns, n_classes)
    votes : ndarray of shape (n_votes, n_classes)
        A term for each vote, in the order of the table's ``hits.indices``.
    """

    prior: NDArray[np.float64]
    votes: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContentTerms:
    """The part of content in the log-odds of some examples.

    Attributes
    ----------
    log_odds : ndarray of shape (n, n_classes)
    words : tuple of tuple of (str, ndarray of shape (n_classes,))
        For each example, the features that add most to its log-odds, and what each adds.
    """

    log_odds: NDArray[np.float64]
    words: tuple[tuple[tuple[str, NDArray[np.float64]], ...], ...]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Decomposition of the probabilities of some examples.

    With two classes, the log-odds of a class are ``log(p / (1 - p))``. With more, they are *mean log-odds*: the mean of
    ``log(p[c] / p[other])`` over the other classes, which is the log-probability less the mean of the others'.
    ``log_odds`` is ``prior`` plus the sum of ``contributions`` over the labeling functions, plus that of the
    content if the model reads it, to 1e-9. They
    give the probabilities, as ``softmax(log_odds * (k - 1) / k)`` of k classes, except where ``held`` is True: there
    they favour a class that no labeling function voted
    for, which is lowered to the most probable class that has a vote, and the example has no hard label.

    Attributes
    ----------
    ids : ndarray of shape (n,)
    proba, prior, log_odds : ndarray of shape (n, n_classes)
    contributions : ndarray of shape (n, n_lfs, n_classes)
        0 where an LF did not vote.
    votes : ndarray of int64, shape (n, n_lfs)
    held : ndarray of bool, shape (n,)
    lf_names, class_names : tuple of str
    content : ContentTerms or None
        Of a model that reads features beside votes.
    """

    ids: NDArray[Any]
    proba: NDArray[np.float64]
    prior: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    contributions: NDArray[np.float64]
    votes: NDArray[np.int64]
    held: NDArray[np.bool_]
    lf_names: tuple[str, ...]
    class_names: tuple[str, ...]
    content: ContentTerms | None = None

    @classmethod
    def of(
        cls,
        table: VoteTable,
        contributions: Contributions,
        *,
        proba: NDArray[np.float64],
        ids: NDArray[Any],
        lf_names: tuple[str, ...],
    ) -> Explanation:
        """Make it from the contributions to log-scores and the probabilities; a row of the table is an example."""
        pattern, lf = table.pattern_of_vote, table.lf[table.hits.indices]
        votes = np.full((table.n_patterns, table.n_lfs), -1, dtype=np.int64)
        votes[pattern, lf] = table.label[table.hits.indices]
        terms = np.zeros((table.n_patterns, table.n_lfs, table.n_classes))
        terms[pattern, lf] = contributions.votes
        scores = contributions.prior + terms.sum(axis=1)
        return cls(
            ids=ids,
            proba=proba,
            prior=against_others(contributions.prior),
            log_odds=against_others(scores),
            contributions=against_others(terms),
            votes=votes,
            held=np.asarray((np.abs(softmax(scores) - proba) > HELD).any(axis=1)),
            lf_names=lf_names,
            class_names=table.class_names,
        )

    def with_content(
        self,
        content: ContentTerms,
        *,
        log_votes: NDArray[np.float64],
        vote_factor: NDArray[np.float64],
        proba: NDArray[np.float64],
    ) -> Explanation:
        """Return the explanation of probabilities in which content has a part.

        Parameters
        ----------
        content : ContentTerms
        log_votes : ndarray of shape (n, n_classes)
            Log-odds before content.
        vote_factor : ndarray of shape (n,)
            Factor of the terms of the votes.
        proba : ndarray of shape (n, n_classes)
        """
        silent = (content.log_odds == 0).all(axis=1)[:, None]
        terms = self.contributions * vote_factor[:, None, None]
        # the prior takes up what held the label to the votes, which is no sum over them
        prior = np.where(silent, self.prior, log_votes - terms.sum(axis=1))
        return replace(
            self,
            proba=proba,
            prior=prior,
            log_odds=prior + terms.sum(axis=1) + content.log_odds,
            contributions=terms,
            held=self.held & silent[:, 0],
            content=content,
        )

    @property
    def scale(self) -> str:
        """The name of what adds up: log-odds, or mean log-odds with more than two classes."""
        return scale_of(len(self.class_names))

    def terms_of(self, example: int, label: int, lfs: Iterable[str]) -> dict[str, float]:
        """Return what the vote of each rule adds to the log-odds of a class; ranges of confidence are one rule's."""
        names, terms = set(lfs), dict[str, float]()
        for name, term in zip(self.lf_names, self.contributions[example, :, label].tolist(), strict=True):
            lf = name if name in names else name.rpartition(" (")[0]
            terms[lf] = terms.get(lf, 0.0) + term
        return terms

    def to_pandas(self) -> pd.DataFrame:
        """Return a row with ``log_odds`` for each example, class and source (``prior``, ``content``, or an LF)."""
        import pandas as pd  # noqa: PLC0415 - explaining in words needs no tables

        rows: list[tuple[Any, ...]] = []
        for i, name in enumerate(self.ids):
            for c, label in enumerate(self.class_names):
                rows.append((name, label, "prior", "", self.prior[i, c]))
                rows += [
                    (name, label, self.lf_names[j], self.class_names[self.votes[i, j]], self.contributions[i, j, c])
                    for j in np.flatnonzero(self.votes[i] >= 0)
                ]
                if self.content is not None:
                    rows.append((name, label, "content", "", self.content.log_odds[i, c]))
        return pd.DataFrame(rows, columns=["id", "class", "source", "vote", "log_odds"])

    def __repr__(self) -> str:
        lines = []
        for i, name in enumerate(self.ids[:10]):
            c = int(self.log_odds[i].argmax())
            terms = [
                (f"{lf} ({self.class_names[self.votes[i, j]]})", self.contributions[i, j, c])
                for j, lf in enumerate(self.lf_names)
                if self.votes[i, j] >= 0
            ]
            if self.content is not None:
                words = ", ".join(f"{word} {of_class[c]:+.2f}" for word, of_class in self.content.words[i])
                terms.append((f"content ({words})", self.content.log_odds[i, c]))
            terms.sort(key=lambda term: -abs(term[1]))
            parts = ", ".join(f"{source} {value:+.2f}" for source, value in [("prior", self.prior[i, c]), *terms])
            class_name, terms_of = self.class_names[c], f"{self.scale} {self.log_odds[i, c]:+.2f} = {parts}"
            best = f"{class_name} {self.proba[i, c]:.3f} = {terms_of}"
            if self.held[i]:
                why = f"no rule votes for {class_name}, so it is held to the best class with a vote"
                lines.append(f"{name}: no label: {why}, {self.proba[i, c]:.3f}; {terms_of}")
            elif self.content is None and (self.votes[i] < 0).all():
                lines.append(f"{name}: no label: no rule votes; {best}")
            elif hard_labels(self.proba[[i]])[0] < 0:
                lines.append(f"{name}: no label: the most probable classes are tied; {best}")
            else:
                lines.append(f"{name}: {best}")
        lines += [f"... and {len(self.ids) - 10:,} more"] * (len(self.ids) > 10)
        return visible("\n".join([*lines, *meaning_of("a class", len(self.class_names))]))


def scale_of(n_classes: int) -> str:
    """Return the name of the log-odds of an explanation.

    >>> scale_of(2), scale_of(3)
    ('log-odds', 'mean log-odds')
    """
    return "log-odds" if n_classes <= 2 else "mean log-odds"


def meaning_of(label: str, n_classes: int) -> list[str]:
    """Return the definition of mean log-odds, for people who read them; nothing of two classes.

    >>> meaning_of("HAM", 2), meaning_of("HAM", 3)
    ([], ['mean log-odds of HAM: the mean of ln(p(HAM) / p(another class)) over the 2 other classes'])
    """
    if n_classes <= 2:
        return []
    ratio = f"p({label}) / p(another class)"
    return [f"mean log-odds of {label}: the mean of ln({ratio}) over the {n_classes - 1} other classes"]


def against_others(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract from each class's score the mean of the others', over the last axis.

    >>> against_others(np.array([1.0, 0.0])).tolist(), against_others(np.array([3.0, 0.0, 0.0])).tolist()
    ([1.0, -1.0], [3.0, -1.5, -1.5])
    """
    k = scores.shape[-1]
    if k == 1:
        return np.zeros_like(scores)
    return np.asarray((scores * k - scores.sum(axis=-1, keepdims=True)) / (k - 1))

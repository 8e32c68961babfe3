"""Counts of examples add up, in any order, to the last bit, and survive a manifest."""

import json
from dataclasses import fields, replace

import numpy as np
from hypothesis import given, settings, strategies as st

from labelkit.analysis.counts import UNIT, VoteTally, tallied
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import FAULT
from labelkit.votes.vote_patterns import VotePatterns


def tables(seed, n_parts, n_lfs, n_classes, most):
    """Draw the patterns of some parts of a corpus, and probabilities that depend on a pattern alone."""
    rng = np.random.default_rng(seed)
    names, classes = [f"r{j}" for j in range(n_lfs)], [f"c{c}" for c in range(n_classes)]
    votes = [rng.integers(FAULT, n_classes, (rng.integers(0, 30), n_lfs)) for _ in range(n_parts)]
    patterns = [LabelMatrix.of(np.maximum(part, -1), names=names, classes=classes).patterns for part in votes]
    patterns = [replace(part, counts=rng.integers(1, most, len(part))) for part in patterns]
    weights = rng.normal(size=(n_lfs, n_classes, n_classes))

    def proba(part):
        scores = np.zeros((len(part), n_classes))
        for j, column in enumerate(part.outcomes.T):
            scores[column >= 0] += weights[j][column[column >= 0]]
        exps = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exps / exps.sum(axis=1, keepdims=True)

    return patterns, proba


def as_lists(tally):
    values = (getattr(tally, field.name) for field in fields(tally))
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in values]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4), st.integers(2, 4), st.sampled_from([3, 2**40]))
def test_counts_of_parts_are_those_of_the_whole(seed, n_parts, n_lfs, n_classes, most):
    parts, proba = tables(seed, n_parts, n_lfs, n_classes, most)
    whole = VotePatterns.merge(parts)
    tallies = [tallied(part, proba(part)) for part in parts]
    expected = tallied(whole, proba(whole))
    forth, back = tallies[0], tallies[-1]
    for tally in tallies[1:]:
        forth += tally
    for tally in tallies[-2::-1]:
        back += tally
    assert as_lists(forth) == as_lists(back) == as_lists(expected)
    stored = VoteTally.from_dict(json.loads(json.dumps(expected.to_dict())), n_classes)
    assert as_lists(stored) == as_lists(expected)
    assert expected.n_examples == int(whole.counts.sum())
    for j, column in enumerate(whole.outcomes.T):
        voted = column >= 0
        chances = proba(whole)[voted, column[voted]]
        exact = sum(int(n) * float(p) for n, p in zip(whole.counts[voted].tolist(), chances.tolist(), strict=True))
        total = int(whole.counts[voted].sum())
        assert abs(expected.right[j] * UNIT - exact) <= UNIT * total


def test_counts_without_probabilities_have_no_sums():
    patterns = LabelMatrix.of([[0, -1], [1, 1]]).patterns
    known = tallied(patterns, np.array([[0.5, 0.5], [0.25, 0.75]]))
    assert tallied(patterns).right is None
    assert (known + tallied(patterns)).right is None
    assert "right" not in tallied(patterns).to_dict()
    assert known.to_dict()["right"] == [int(1.25 / UNIT), int(0.75 / UNIT)]

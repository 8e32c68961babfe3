"""Votes with a column for each example in place of a row are warned of."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import labelkit as lk

VOTES = np.random.default_rng(0).integers(-1, 2, (500, 4))


@pytest.mark.parametrize(
    "given",
    [
        VOTES.T,
        VOTES.T.tolist(),
        [*VOTES.T],
        pd.DataFrame(VOTES, columns=list("abcd")).T,
        pd.DataFrame(VOTES[:, :2]).T,
    ],
    ids=["array", "list", "list of arrays", "frame", "frame without names"],
)
def test_votes_that_are_transposed_are_warned_of(given):
    for use in (lk.LabelMatrix.of, lk.LabelModel().fit, lk.summarize, lk.MajorityVote().fit):
        with pytest.warns(UserWarning, match=r"of 500 columns, .*LK315.*transpose: votes\.T"):
            use(given)


def test_a_sparse_matrix_that_is_transposed_is_warned_of():
    with pytest.warns(UserWarning, match="LK315"):
        lk.LabelMatrix.of(sparse.csr_matrix(VOTES.T + 1))


@pytest.mark.parametrize(
    "votes",
    [
        VOTES,
        VOTES.tolist(),
        VOTES[:1],
        VOTES[:20].T,
        VOTES[:199].T[:, :199],
        np.zeros((21, 200), dtype=int),
        np.zeros((1, 1_000), dtype=int),
        pd.DataFrame(VOTES.T, columns=[f"ann{j}" for j in range(500)]),
    ],
)
def test_other_votes_are_not(votes):
    assert len(lk.LabelMatrix.of(votes)) == len(votes)


def test_many_people_who_are_named_may_answer_few_questions():
    people = [f"ann{j}" for j in range(500)]
    assert lk.LabelMatrix.of(VOTES.T, names=people).names == tuple(people)
    long = pd.DataFrame({"task": np.repeat(range(4), 500), "who": people * 4, "label": abs(VOTES.T.ravel())})
    assert lk.LabelMatrix.from_long(long["task"], long["who"], long["label"]).shape == (4, 500)

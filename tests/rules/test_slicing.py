"""Slices that functions and conditions name, and ranges of values."""

import types

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import CorpusError, FaultError, LabelSpaceError, RuleError, VoteError

FRAME = pd.DataFrame({"text": ["a refund please", "hello", None, "REFUND"], "age": [17, 18, 70, None]})


@lk.slicing_function()
def short(text: str) -> bool:
    return len(text.split()) < 2


@lk.slicing_function(batch=True, name="grown")
def batch_of_ages(age: np.ndarray) -> np.ndarray:
    return age >= 18


@lk.slicing_function(when=lk.keywords("refund"))
def shouted(text: str) -> bool:
    return text.isupper()


def votes(*lfs, frame=FRAME, **options):
    return lk.Applier(lfs, labels=1).apply(frame, **options).votes.T.tolist()


def test_true_is_inside_and_the_rest_is_outside():
    assert votes(short, batch_of_ages, shouted) == [[-1, 0, -1, 0], [-1, 0, 0, -1], [-1, -1, -1, 0]]


def test_a_condition_with_any_label_or_several_is_a_slice():
    one = lk.keywords("refund", label=5).slice(name="one")
    several = lk.keywords({"refund": 1, "hello": 2}).slice(name="several", doc="Either.")
    assert votes(one, several) == [[0, -1, -1, 0], [0, 0, -1, 0]]
    assert several.doc == "Either."


@pytest.mark.parametrize("answer", [1, "yes", 0.5, np.float64(1)])
def test_what_is_neither_true_nor_false_is_a_fault(answer):
    @lk.slicing_function
    def odd(text: str):
        return answer

    with pytest.raises(VoteError, match="does not say whether"):
        odd("a")
    with pytest.raises(FaultError, match="rule 'odd' failed on the example of row 0: VoteError"):
        votes(odd)


def test_a_batch_function_may_return_an_exception_for_one_example():
    @lk.slicing_function(batch=True)
    def odd(text: list):
        return [ValueError("no") if one == "hello" else None for one in text]

    matrix = lk.Applier([odd], labels=1).apply(FRAME, on_fault="record")
    assert [(fault.row, fault.message) for fault in matrix.faults] == [(1, "no")]


def test_slices_beside_rules_are_no_rules():
    module = types.ModuleType("my_rules")
    module.free = lk.keywords("free", label=1).rule(name="free")
    module.short = short
    module.refunds = lk.keywords("refund").slice(name="refunds")
    assert lk.collect(module, labels=2).names == ("free",)


def test_the_fingerprint_is_of_the_function():
    def made(limit):
        @lk.slicing_function(name="made")
        def inner(text: str) -> bool:
            return len(text) < limit

        return inner

    assert made(3).fingerprint == made(3).fingerprint != made(4).fingerprint


def test_a_range_leaves_the_lower_end_out():
    assert votes(lk.between(17, 70, column="age").slice(name="grown"))[0] == [-1, 0, 0, -1]
    assert votes(lk.between(high=18, column="age").slice(name="young"))[0] == [0, 0, -1, -1]
    assert votes((lk.between(17, column="age") & lk.keywords("hello", column="text")).slice(name="b"))[0] == [
        -1, 0, -1, -1,
    ]  # fmt: skip


@pytest.mark.parametrize(("ends", "column"), [((17, 70), "text"), ((None, 70.5), "text"), (("a", None), "age")])
def test_a_range_that_the_column_cannot_be_compared_with_is_refused(ends, column):
    with pytest.raises(CorpusError, match="they cannot be compared"):
        votes(lk.between(*ends, column=column).slice(name="grown"))


def test_a_range_of_texts_is_compared_with_texts():
    assert votes(lk.between("a", column="text").slice(name="late"))[0]


@pytest.mark.parametrize(("low", "high"), [(None, None), (2, 2), (3, 2)])
def test_a_range_without_values_is_refused(low, high):
    with pytest.raises(RuleError, match=r"no ends|no value"):
        lk.between(low, high)


def test_a_slice_takes_a_function_with_columns():
    with pytest.raises(RuleError, match="reads no column"):
        lk.slicing_function(lambda: True)
    with pytest.raises(LabelSpaceError):
        lk.Applier([short])

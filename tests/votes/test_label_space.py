"""Classes are 0 .. k-1, a vote is a class or an abstain, and what is neither is refused with a hint."""

from __future__ import annotations

from enum import Enum, IntEnum

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from labelkit.exceptions import LabelSpaceError, VoteError
from labelkit.votes.label_space import ABSTAIN, LabelSpace


class Label(IntEnum):
    ABSTAIN = -1
    HAM = 0
    SPAM = 1


SPACE = LabelSpace.of(Label)


def test_an_enum_gives_its_members_in_order_and_leaves_abstain_out():
    assert SPACE.names == ("HAM", "SPAM")


def test_an_alias_of_a_member_is_no_class_of_its_own():
    class Aliased(IntEnum):
        HAM = 0
        SPAM = 1
        JUNK = 1

    assert LabelSpace.of(Aliased).names == ("HAM", "SPAM")


def test_members_may_be_declared_in_any_order():
    class Backwards(IntEnum):
        SPAM = 1
        HAM = 0

    assert LabelSpace.of(Backwards).names == ("HAM", "SPAM")


@pytest.mark.parametrize(
    ("given", "names"), [(2, ("0", "1")), (np.int64(2), ("0", "1")), (["a", "b"], ("a", "b")), (SPACE, SPACE.names)]
)
def test_a_number_a_list_and_a_space_are_label_spaces(given, names):
    assert LabelSpace.of(given).names == names


def test_an_enum_that_starts_from_one_is_refused_with_its_numbers():
    with pytest.raises(
        LabelSpaceError, match=r"classes of Shifted are \[1, 2\], not 0 \.\. 1 \[LK\d{3}\]\nHint: number the members"
    ):
        LabelSpace.of(IntEnum("Shifted", ["A", "B"]))


def test_an_enum_of_strings_is_refused():
    with pytest.raises(
        LabelSpaceError, match=r"classes of Color are not integers \[LK\d{3}\]\nHint: make it an IntEnum"
    ):
        LabelSpace.of(Enum("Color", {"RED": "red"}))


@pytest.mark.parametrize("wrong", [True, 1.5, "HAM", None])
def test_what_is_no_label_space_is_refused_with_its_value(wrong):
    with pytest.raises(LabelSpaceError, match=repr(wrong).replace(".", r"\.")):
        LabelSpace.of(wrong)


@pytest.mark.parametrize("empty", [0, -3, []])
def test_a_label_space_has_at_least_one_class(empty):
    with pytest.raises(LabelSpaceError, match="at least one class"):
        LabelSpace.of(empty)


def test_class_names_that_repeat_are_refused():
    with pytest.raises(LabelSpaceError, match=r"class names repeat: \['a', 'a'\]"):
        LabelSpace.of(["a", "a"])


@pytest.mark.parametrize(("n_classes", "dtype"), [(2, np.int8), (127, np.int8), (128, np.int16), (32_767, np.int16)])
def test_votes_take_two_bytes_from_128_classes(n_classes, dtype):
    assert LabelSpace.of(n_classes).dtype == dtype


def test_more_classes_than_fit_a_vote_are_refused():
    with pytest.raises(LabelSpaceError, match="32768 classes"):
        LabelSpace.of(32_768)


class Chatty(int):
    """An int of the user's own."""


@pytest.mark.parametrize(
    ("value", "vote"),
    [(Label.SPAM, 1), (1, 1), (0, 0), (None, -1), (ABSTAIN, -1), (Label.ABSTAIN, -1), (np.int64(1), 1), (Chatty(1), 1)],
)
def test_members_integers_none_and_abstain_are_votes(value, vote):
    made = SPACE.vote(value)
    assert (made, type(made)) == (vote, int)


@pytest.mark.parametrize("value", [7, 2, -2, np.int64(7), 10**30])
def test_an_integer_that_is_no_class_is_refused_with_its_value_and_the_classes(value):
    with pytest.raises(VoteError) as caught:
        SPACE.vote(value)
    assert str(caught.value) == (
        f"{value!r} is not one of the 2 classes [LK300]\nHint: return a class (HAM=0, SPAM=1), or ABSTAIN or None"
    )


@pytest.mark.parametrize("value", [True, np.True_])
def test_a_bool_is_refused_with_a_hint_that_a_test_is_no_vote(value):
    with pytest.raises(
        VoteError, match=r"True.* \(bool\S*\) is not a vote \[LK\d{3}\]\nHint: return a class .* where the test holds"
    ):
        SPACE.vote(value)


def test_the_name_of_a_class_is_refused_with_its_number():
    with pytest.raises(VoteError, match=r"'SPAM' \(str\) is not a vote \[LK\d{3}\]\nHint: return the class's number 1"):
        SPACE.vote("SPAM")


@pytest.mark.parametrize("value", [1.0, float("nan"), "spam", [1], np.float64(1), b"1", object])
def test_anything_else_is_refused_with_its_value_and_type(value):
    with pytest.raises(VoteError) as caught:
        SPACE.vote(value)
    assert caught.value.message == f"{value!r} ({type(value).__name__}) is not a vote"


class Plain(Enum):
    SPAM = 1


async def asked():
    return 1


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("spam", "return the class's number 1 or its enum member, not its name"),
        ("Label.SPAM", "return the class's number 1"),
        ("1", "return the class's number 1"),
        ("abstain", "return ABSTAIN, which is -1, or None, and no text"),
        ("", "return a class (HAM=0, SPAM=1), or ABSTAIN or None"),
        ("eggs", "return a class (HAM=0, SPAM=1), or ABSTAIN or None"),
        (Plain.SPAM, "make Plain an IntEnum, with the numbers of the classes (HAM=0, SPAM=1)"),
        (float("nan"), "return None to abstain"),
        (np.float32("nan"), "return None to abstain"),
        (pd.NA, "return None to abstain"),
        (1.0, "return a whole number: int(1.0)"),
        (0.5, "return a class (HAM=0, SPAM=1), or ABSTAIN or None"),
        (np.array([1]), "return one number: value.item()"),
        ((1, 0.9), "a rule that returns (label, confidence) says so: @labeling_function(levels=8)"),
        ((one for one in [1]), "write return in place of yield"),
    ],
)
def test_the_hint_says_how_a_value_becomes_a_vote(value, hint):
    with pytest.raises(VoteError) as caught:
        SPACE.vote(value)
    assert caught.value.hint.startswith(hint)


def test_a_coroutine_is_refused_and_closed():
    with pytest.raises(VoteError) as caught:
        SPACE.vote(asked())  # a warning that it was never awaited would be an error
    assert caught.value.hint == "write def in place of async def"


@given(st.integers())
def test_an_integer_is_a_vote_exactly_if_it_is_a_class_or_abstain(value):
    if -1 <= value < 2:
        assert SPACE.vote(value) == value
    else:
        with pytest.raises(VoteError):
            SPACE.vote(value)


def test_classes_and_abstain_have_names_and_nothing_else_has():
    assert [SPACE.name(label) for label in (-1, 0, np.int8(1))] == ["ABSTAIN", "HAM", "SPAM"]
    with pytest.raises(VoteError, match="-2 is not one of the 2 classes"):
        SPACE.name(-2)


def test_a_large_space_is_shown_by_its_size():
    assert repr(LabelSpace.of(200)) == "LabelSpace(200 classes)"

"""A class prior that is written as text is complete, or an error says what it lacks."""

import re

import pytest

from labelkit.exceptions import ModelError
from labelkit.label_models.written_prior import written_prior

TWO, THREE = ["HAM", "SPAM"], ["a", "b", "c=d"]


@pytest.mark.parametrize(
    ("entries", "names", "prior"),
    [
        (["SPAM=0.25"], TWO, {"HAM": 0.75, "SPAM": 0.25}),
        (["HAM = 0.75"], TWO, {"HAM": 0.75, "SPAM": 0.25}),
        (["SPAM=.25", "HAM=.75"], TWO, {"HAM": 0.75, "SPAM": 0.25}),
        (["c=d=0.5", "a=0.25", "b=0.25"], THREE, {"a": 0.25, "b": 0.25, "c=d": 0.5}),
    ],
)
def test_shares_are_by_name_and_of_two_classes_one_has_the_rest(entries, names, prior):
    written = written_prior(entries, names)
    assert (written, list(written)) == (prior, names)


def test_rounded_shares_are_scaled_to_sum_to_one():
    assert sum(written_prior(["a=0.333", "b=0.333", "c=d=0.333"], THREE).values()) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("entries", "names", "said", "hint"),
    [
        (["spam=0.13"], TWO, "names the class 'spam', which there is not", "did you mean 'SPAM'?"),
        (["SPAMM=0.13"], TWO, "names the class 'SPAMM'", "did you mean 'SPAM'?"),
        (["1=0.13"], TWO, "names the class '1'", "did you mean 'SPAM'?"),
        (["eggs=0.13"], TWO, "names the class 'eggs'", "the classes are HAM, SPAM"),
        (["SPAM"], TWO, "'SPAM' is no class with its share", "SPAM=0.13"),
        (["SPAM=13%"], TWO, "'13%' is no share", "percents as a number"),
        (["SPAM=13"], TWO, "the share of 'SPAM' is 13", "not a percentage"),
        (["SPAM=0"], TWO, "is 0", "could never be found"),
        (["SPAM=nan"], TWO, "is nan", "write a share"),
        (["SPAM="], TWO, "'' is no share", "write a number"),
        (["SPAM=0.1", "SPAM=0.2"], TWO, "names 'SPAM' twice", "one share"),
        (["SPAM=0.1", "HAM=0.2"], TWO, "sums to 0.3", "sum to 1"),
        (["a=0.4"], THREE, "lacks b, c=d; what is left for them is 0.6", "for each class"),
        (["a=0.4", "b=0.4"], THREE, "lacks c=d", "for each class"),
    ],
)
def test_what_is_no_prior_is_an_error_that_says_why(entries, names, said, hint):
    with pytest.raises(ModelError, match=re.escape(said)) as error:
        written_prior(entries, names)
    assert hint in error.value.hint

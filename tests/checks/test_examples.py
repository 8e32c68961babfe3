"""An example that fails says what was called, what was expected, and why a declarative rule voted as it did."""

import numpy as np
import pytest

import labelkit as lk
from labelkit.checks.examples import failure_of, failures_of, space_of
from labelkit.exceptions import CollectError, RuleError
from labelkit.testing import assert_votes
from labelkit.votes.label_space import MAX_CLASSES, LabelSpace

SPACE = LabelSpace(("HAM", "SPAM"))


def told(rule, inputs, expected):
    return str(failure_of(rule, inputs, expected, SPACE)).splitlines()


def test_an_example_that_gets_its_vote_is_no_failure():
    rule = lk.keywords("win", label=1, examples={"win": 1, "winner": None}).rule(name="wins")
    assert list(failures_of(rule, SPACE)) == []


def test_of_a_mapping_the_cases_are_shown_up_to_the_one_that_matched():
    rule = lk.keywords({"best price": 1, "best": 0, "love": 0}).rule(name="tone")
    assert told(rule, ("the best",), 1) == [
        "tone('the best') voted HAM, but its example expects SPAM",
        "  SPAM needs: one of “best price” in text: no match",
        "  HAM needs: one of “best”, “love” in text: found 'best' at 4",
    ]


def test_combined_conditions_are_shown_part_by_part():
    rule = (lk.keywords("my") & ~lk.regex("chan+el")).labeled(1).rule(name="own", column=("title", "text"))
    assert told(rule, ("My", None), 1) == [
        "own('My', None) voted ABSTAIN, but its example expects SPAM",
        "  SPAM needs: all of the following, which is not known",
        "    - one of “my” in title: found 'My' at 0",
        "    - one of “my” in text: the value is null, so nothing is known",
        "    - not the following, which is not known",
        "      - the pattern chan+el in title: no match",
        "      - the pattern chan+el in text: the value is null, so nothing is known",
    ]


def test_counted_conditions_and_conditions_of_where_others_match_are_shown():
    rule = lk.at_least(2, lk.near("win", "now", words=1), lk.keywords("free")).labeled(1).rule(name="spam")
    assert told(rule, ("WIN it now",), 1) == [
        "spam('WIN it now') voted ABSTAIN, but its example expects SPAM",
        "  SPAM needs: at least 2 of the following, which does not hold",
        "    - one of “win” within 1 word of one of “now” in text: found 'WIN it now' at 0",
        "    - one of “free” in text: no match",
    ]


def test_long_lists_and_long_texts_are_cut():
    rule = lk.lookup(range(1000), match="value", label=1).rule(name="known", column="code")
    first, why = told(rule, ("x" * 5000,), 1)
    assert len(first) < 200
    assert "equal to 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 988 more in code: no match" in why
    assert why.endswith("is of type str)")


def test_a_guard_is_shown_with_whether_it_let_the_function_be_called():
    @lk.labeling_function(when=lk.keywords("refund"))
    def rule(text):
        return 1

    assert told(rule, ("funds",), 1)[1] == ("  the function is called where: one of “refund” in text: no match")


def test_a_rule_that_raises_or_returns_no_vote_fails_with_the_reason():
    @lk.labeling_function
    def divides(n):
        return 1 // n

    @lk.labeling_function
    def truth(n):
        return n > 3

    (line,) = told(divides, (0,), 1)
    assert line.startswith("divides(0) raised ZeroDivisionError: integer division or modulo by zero (test_examples.py,")
    assert line.endswith("its example expects SPAM")
    assert told(truth, (5,), 1)[0] == "truth(5) returned no vote: True (bool) is not a vote; its example expects SPAM"


def test_a_class_out_of_the_label_space_fails_though_the_rule_does_not_know_the_space():
    @lk.labeling_function
    def far(n):
        return 7

    assert "7 is not one of the 2 classes" in told(far, (1,), 1)[0]


def test_batch_rules_and_model_outputs_are_run_on_a_batch_of_one():
    @lk.labeling_function(batch=True, examples={"a": 1, "b": None})
    def batch(text):
        return np.where(text == "a", 1, -1)

    @lk.model_output(threshold=0.6, examples={"a": 1, "b": 1})
    def model(text):
        return np.array([[0.1, 0.9] if t == "a" else [0.5, 0.5] for t in text])

    assert list(failures_of(batch, SPACE)) == []
    (failure,) = failures_of(model, SPACE)
    assert failure.summary == "model('b') voted ABSTAIN, but its example expects SPAM"


def test_where_the_classes_are_not_known_they_are_numbers():
    rule = lk.keywords("a", label=1).rule(name="rule")
    assert len(space_of([rule])) == MAX_CLASSES
    with pytest.raises(CollectError, match="two labeling functions are named"):
        space_of([rule, lk.keywords("b", label=1).rule(name="rule")])


def test_assert_votes_shows_every_example_that_fails():
    rule = lk.keywords("win", label=1).rule(name="wins")
    assert_votes(rule, {"win": 1, "loss": None, None: None})
    with pytest.raises(AssertionError, match="2 of 3 examples failed") as error:
        assert_votes(rule, {"win": 0, "loss": None, "winner": 1})
    assert "wins('win') voted 1, but its example expects 0" in str(error.value)
    assert "wins('winner') voted ABSTAIN" in str(error.value)


def test_assert_votes_keeps_what_a_rule_raised_as_its_cause():
    @lk.labeling_function
    def divides(n):
        return 1 // n

    with pytest.raises(AssertionError, match="ZeroDivisionError") as error:
        assert_votes(divides, {0: 1})
    assert isinstance(error.value.__cause__, ZeroDivisionError)


def test_assert_votes_takes_rules_and_examples_that_fit():
    with pytest.raises(RuleError, match="is not a rule"):
        assert_votes(len, {"a": 1})
    with pytest.raises(RuleError, match=r"has 2 input\(s\), but it reads 1"):
        assert_votes(lk.keywords("win", label=1).rule(name="wins"), {("a", "b"): 1})

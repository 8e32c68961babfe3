"""A run says whether its class prior was given, learned, or is a result, in the order of the classes."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.votes.described_prior import described_prior

COMMENTS = lk.load_comments(600)
RULES = [
    lk.keywords("subscribe", "check out", "free", label=0).rule(name="asks", column="text"),
    lk.regex("http", label=0).rule(name="link", column="text"),
    lk.keywords("love", "great", "song", label=1).rule(name="loves", column="text"),
]


def always_votes(word):
    """Make a rule that votes on every text."""

    @lk.labeling_function(name=word)
    def votes(text):
        return 0 if word in text.lower() else 1

    return votes


CROWD = [always_votes(word) for word in ("check", "subscribe", "channel", "http")]
OF_GOLD = COMMENTS.set_index("id")["spam"].rsub(1)
FEW_SPAM = pd.concat([OF_GOLD[OF_GOLD == 0][:15], OF_GOLD[OF_GOLD == 1][:60]])
CLASSES = ["SPAM", "HAM"]  # not by the alphabet


def line_of(run):
    """Return the line of the class prior."""
    return next(line for line in str(run.describe()).splitlines() if "of the classes" in line or "class prior" in line)


def run_with(tmp_path, **options):
    rules = options.pop("rules", RULES)
    return lk.run(rules, COMMENTS[["id", "text"]], tmp_path / "run", id="id", labels=CLASSES, progress=False, **options)


def test_expected_shares_are_called_a_result_and_stand_in_the_order_of_the_classes(tmp_path):
    run = run_with(tmp_path)
    prior = run.model().class_prior_
    assert line_of(run) == (
        "estimated shares of the classes among rows with a vote (by the label model; rows without a vote have these as "
        f"their probabilities): SPAM {prior[0]:.1%}, HAM {prior[1]:.1%}"
    )
    labels = run.labels()
    expected = labels.proba[labels.is_covered].sum(axis=0) + 1
    assert prior == pytest.approx(expected / expected.sum(), abs=1e-6)
    assert labels.proba[~labels.is_covered][0] == pytest.approx(prior, abs=1e-6)
    assert list(run.to_dict()["class_prior"]) == CLASSES
    report = lk.write_report(run).read_text("utf-8")
    assert f"SPAM {prior[0]:.1%}, HAM {prior[1]:.1%}" in report
    assert "by the label model; rows without a vote have these" in report


@pytest.mark.parametrize(
    ("options", "meaning"),
    [
        (
            {"model": lk.LabelModel(class_prior={"SPAM": 0.7, "HAM": 0.3})},
            "class prior, given (a statement of the user): ",
        ),
        ({"rules": CROWD, "model": lk.DawidSkene()}, "class prior, learned from the votes alone: "),
        (
            {"teach": True, "gold": FEW_SPAM},
            "class prior, estimated from the gold that teaches (nearer to even than the gold, by what may be chance): ",
        ),
    ],
)
def test_a_prior_that_is_an_input_says_so(tmp_path, options, meaning):
    run = run_with(tmp_path, **options)
    prior = run.model().class_prior_
    assert prior[0] != prior[1]
    assert line_of(run) == f"{meaning}SPAM {prior[0]:.1%}, HAM {prior[1]:.1%}"
    if "teach" in options:
        assert np.mean(FEW_SPAM == 0) < prior[0] < 0.5


def test_what_is_left_out_of_many_classes_is_counted():
    shares = {f"c{i}": 1 / 14 for i in range(14)}
    assert described_prior(shares, None).startswith("class prior of the label model: c0 7.1%, c1 ")
    assert described_prior(shares, None).endswith("c11 7.1% and 2 more classes")

"""Two rules on a corpus: equal, or the examples on which they differ."""

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import AnalysisError, CorpusError

TEXTS = ["so free", "freedom", "no", None, "Free!"]


@lk.labeling_function
def free(text: str) -> int:
    "Says free anywhere."
    return 1 if "free" in text.lower() else -1


WORD = lk.keywords("free", label=1).rule(name="word")
SUBSTRING = lk.regex("free", label=1).rule(name="free")


def test_rules_that_vote_alike_are_equal():
    same = lk.compare_votes(free, lk.regex("(?i)free", label=1).rule(name="pattern"), TEXTS)
    assert same.equal
    assert (same.n_examples, same.n_differing, len(same.differing), len(same.changes)) == (5, 0, 0, 0)
    assert str(same) == "free and pattern vote alike on 5 examples"


def test_the_examples_that_differ_are_shown_with_both_votes():
    differences = lk.compare_votes(free, WORD, TEXTS, labels=["HAM", "SPAM"])
    assert not differences.equal
    assert differences.differing.to_dict("records") == [{"id": 1, "old": "SPAM", "new": "abstain", "text": "freedom"}]
    assert differences.changes.to_dict("records") == [{"old": "SPAM", "new": "abstain", "n": 1}]
    assert "free and word differ on 1 of 5 examples" in str(differences)
    assert "freedom" in str(differences)
    assert "freedom" in differences._repr_html_()


def test_examples_are_named_by_their_ids():
    frame = pd.DataFrame({"key": ["a", "b"], "text": ["freedom", "free"]})
    assert lk.compare_votes(free, WORD, frame, id="key").differing["id"].tolist() == ["a"]


def test_two_rules_of_one_name_are_told_apart():
    differences = lk.compare_votes(free, SUBSTRING, TEXTS)
    assert (differences.old, differences.new) == ("free", "free (new)") or differences.equal
    assert differences.equal == (lk.compare_votes(free, lk.regex("free", label=1).rule(name="other"), TEXTS).equal)


def test_a_condition_is_a_rule():
    assert lk.compare_votes(free, lk.regex("(?i)free", label=1), TEXTS).equal


def test_a_fault_is_no_abstain():
    @lk.labeling_function
    def strict(text: str | None) -> int:
        return 1 if "free" in text.lower() else -1

    differences = lk.compare_votes(strict, free, TEXTS)
    assert differences.differing[["id", "old", "new"]].to_numpy().tolist() == [[3, "fault", "abstain"]]
    assert len(differences.errors) == 1
    assert "strict" in differences.errors[0]
    assert lk.compare_votes(strict, strict, TEXTS).equal


def test_all_differences_are_counted_and_the_first_are_kept():
    texts = ["freedom", "free", "none", "x"] * 20_000
    differences = lk.compare_votes(free, WORD, texts, rows=3)
    assert (differences.n_examples, differences.n_differing) == (80_000, 20_000)
    assert differences.differing["id"].tolist() == [0, 4, 8]
    assert differences.changes["n"].tolist() == [20_000]


def test_a_stream_is_read_once():
    rows = ({"text": text} for text in TEXTS)
    assert lk.compare_votes(free, WORD, rows).n_differing == 1


def test_it_is_what_the_matrices_say():
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("fre "), 8)) for _ in range(3_000)]
    old, new = lk.regex("fr", label=1).rule(name="a"), lk.regex("fr|ef", label=1).rule(name="b")
    votes = lk.Applier([old, new], labels=2).apply(texts).votes
    differing = np.flatnonzero(votes[:, 0] != votes[:, 1])
    assert lk.compare_votes(old, new, texts, rows=9_999).differing["id"].tolist() == differing.tolist()


def test_a_column_may_have_the_name_of_a_result():
    old, new = (lk.regex(p, label=1).rule(name=n, column="old") for p, n in (("a", "x"), ("b", "y")))
    assert lk.compare_votes(old, new, pd.DataFrame({"old": ["a", "b"]})).differing["old"].tolist() == ["1", "abstain"]


def test_what_is_wrong_is_named():
    with pytest.raises(AnalysisError, match="the new rule, 'free', is not a rule"):
        lk.compare_votes(free, "free", TEXTS)
    with pytest.raises(CorpusError, match="reads column 'text'"):
        lk.compare_votes(free, WORD, pd.DataFrame({"body": TEXTS}))
    with pytest.raises(AnalysisError, match="rows=-1"):
        lk.compare_votes(free, WORD, TEXTS, rows=-1)


def test_values_for_programs_are_plain():
    values = lk.compare_votes(free, WORD, TEXTS).to_dict()
    assert values["differing"] == [{"id": 1, "old": "1", "new": "abstain", "text": "freedom"}]
    assert values["equal"] is False

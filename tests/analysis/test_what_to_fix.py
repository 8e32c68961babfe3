"""What to fix next: every problem that is looked for is found where it is, and not found where it is not."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from labelkit.analysis.counts import read
from labelkit.analysis.suggest import suggest
from labelkit.analysis.what_to_fix import URGENCY, Finding, what_to_fix
from labelkit.analysis.what_to_fix._evidence import Evidence, surely
from labelkit.analysis.what_to_fix._misjudged import _Claim, misjudged
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models import LabelModel, MajorityVote
from labelkit.votes.gold import count_gold
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import FAULT, Fault
from labelkit.votes.vote_patterns import VotePatterns

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 2, size=1_000)


def voter(precision, coverage, *, seed, only=None):
    """Votes that are right so often, on so many examples, perhaps for one class alone."""
    rng = np.random.default_rng(seed)
    votes = np.where(rng.random(len(TRUTH)) < precision, TRUTH, 1 - TRUTH)
    spoken = rng.random(len(TRUTH)) < coverage
    return np.where(spoken & ((votes == only) | (only is None)), votes, -1)


BEHIND = {"less precise than the others", "labels are better without it"}
GOOD = [voter(0.9, 0.6, seed=seed) for seed in range(1, 5)]


def found(columns, **given_):
    return what_to_fix(LabelMatrix.of(np.column_stack(columns), classes=["HAM", "SPAM"]), **given_)


def problems(findings):
    return {(item.subject, item.problem) for item in findings}


def test_good_rules_with_gold_leave_little_to_say():
    told = problems(found(GOOD, gold=TRUTH))
    assert told <= {("examples", "votes are tied"), ("gold", "gold against unanimous votes")}


def test_rules_that_never_vote_are_one_finding():
    findings = found([*GOOD, np.full(1_000, -1), np.full(1_000, -1)], gold=TRUTH)
    last = findings[-1]
    assert (last.subject, last.problem, last.lfs) == ("lf4, lf5", "never votes", ("lf4", "lf5"))


def test_a_rule_that_votes_on_everything_is_found():
    assert ("lf4", "votes on everything") in problems(found([*GOOD, np.ones(1_000, int)]))
    assert "votes on everything" not in {p for _, p in problems(found([*GOOD, TRUTH]))}  # but a classifier is none


def test_the_same_rule_twice_and_a_part_of_a_rule_are_found():
    part = np.where(np.arange(1_000) < 300, GOOD[0], -1)
    told = problems(found([*GOOD, GOOD[1], part], gold=TRUTH))
    assert ("lf1, lf4", "the same rule twice") in told
    assert ("lf5", "nothing of its own") in told


def test_few_common_votes_prove_no_copy():
    one = np.full(1_000, -1)
    one[:5] = 1
    assert "the same rule twice" not in {p for _, p in problems(found([*GOOD, one, one]))}


def test_a_rule_against_the_others_is_found_without_gold_and_worse_than_chance_with_it():
    bad = voter(0.1, 0.5, seed=9)
    assert ("lf4", "against the others") in problems(found([*GOOD, bad]))
    told = problems(found([*GOOD, bad], gold=TRUTH))
    assert ("lf4", "worse than chance") in told
    assert ("lf4", "against the others") not in told  # gold has said why


def test_a_model_doubts_a_rule_where_there_is_no_gold_and_does_not_say_that_it_is_wrong():
    bad = voter(0.1, 0.5, seed=9)
    matrix = LabelMatrix.of(np.column_stack([*GOOD, bad]))
    findings = what_to_fix(matrix, model=LabelModel().fit(matrix))
    item = next(i for i in findings if i.problem == "the model doubts it")
    assert item.subject == "lf4"
    assert "either the rule or the model is mistaken" in item.why
    assert "worse than chance" not in {i.problem for i in findings}


def test_a_precise_rule_that_many_votes_speak_against_is_not_called_wrong():
    rare = np.where(TRUTH == 1, np.where(RNG.random(1_000) < 0.2, 1, -1), -1)  # right where three broad rules err
    broad = [np.where(RNG.random(1_000) < 0.9, 0, -1) for _ in range(3)]
    item = next(i for i in found([rare, *broad]) if i.problem == "against the others")
    assert item.subject == "lf0"
    assert "cannot tell which side errs" in item.why
    some = np.where((rare == 1) & (np.cumsum(rare == 1) <= 19), TRUTH, -1)
    assert ("lf0", "against the others") not in problems(found([rare, *broad], gold=some))  # 19 of 19 are right


def test_a_rule_that_is_less_precise_than_the_others_is_found():
    good, weak = [voter(0.95, 0.5, seed=seed) for seed in range(30, 36)], voter(0.78, 0.516, seed=9)
    item = next(i for i in found([*good, weak], gold=TRUTH) if i.problem in BEHIND)
    assert (item.subject, item.lfs) == ("lf6", ("lf6",))
    wrong = (weak >= 0) & (weak != TRUTH)
    assert item.problem == "labels are better without it" or item.effect == wrong.sum()
    assert not BEHIND & {p for _, p in problems(found([*good, voter(0.92, 0.5, seed=9)], gold=TRUTH))}


def test_findings_about_a_class_or_ties_name_the_rules_that_they_are_about():
    one, other = voter(0.95, 0.9, seed=1, only=0), voter(0.95, 0.2, seed=2, only=1)
    findings = found([one, other], gold=TRUTH)
    assert next(i for i in findings if i.problem == "few votes for it").lfs == ("lf1",)
    tied = found([np.zeros(1_000, int), np.where(np.arange(1_000) < 100, 1, -1), np.full(1_000, -1)])
    assert next(i for i in tied if i.problem == "votes are tied").lfs == ("lf0", "lf1")


def test_three_gold_rows_prove_nothing_but_that_they_are_few():
    gold = np.full(1_000, -1)
    gold[:3] = 1 - TRUTH[:3]
    told = problems(found(GOOD, gold=gold))
    assert ("gold", "too little gold") in told
    assert "worse than chance" not in {p for _, p in told}


def test_a_rule_without_which_labels_are_better_is_found_by_votes_and_by_a_model():
    columns = [voter(0.95, 0.9, seed=1), voter(0.55, 0.9, seed=20)]
    gold = TRUTH
    told = problems(found(columns, gold=gold))
    assert ("lf1", "labels are better without it") in told
    matrix = LabelMatrix.of(np.column_stack(columns), classes=["HAM", "SPAM"])
    model = LabelModel().fit(matrix, gold=gold)
    asked = {s for s, p in problems(what_to_fix(matrix, gold=gold, model=model)) if p == "labels are better without it"}
    assert asked <= {s for s, p in told if p == "labels are better without it"}  # a model weighs them down already


def test_a_class_without_a_rule_counts_its_share_of_the_gold():
    spam_only = [voter(0.9, 0.6, seed=seed, only=1) for seed in range(3)]
    item = next(i for i in found(spam_only, gold=TRUTH) if i.problem == "no rule votes for it")
    assert item.subject == "HAM"
    assert item.effect == pytest.approx((TRUTH == 0).sum(), abs=1)
    assert ("HAM", "no rule votes for it") in problems(found(spam_only))


def test_many_classes_without_a_rule_are_one_finding():
    findings = what_to_fix(LabelMatrix.of([[0]] * 60, classes=30))
    assert [i.subject for i in findings if i.problem == "no rule votes for it"] == ["1, 2, 3 and 26 more"]


def test_a_class_that_few_votes_reach_is_found():
    one = voter(0.95, 0.9, seed=1, only=0)
    other = voter(0.95, 0.2, seed=2, only=1)
    assert ("SPAM", "few votes for it") in problems(found([one, other], gold=TRUTH))


def test_labels_that_do_not_follow_the_gold_are_found():
    mostly_ham = np.where(RNG.random(1_000) < 0.9, 0, TRUTH)
    told = problems(found([mostly_ham], gold=TRUTH))
    assert ("SPAM", "labels do not follow the gold") in told


def test_a_class_that_is_hardly_ever_the_label_is_found_without_gold():
    votes = np.zeros(1_000, int)
    votes[:3] = 1
    assert ("SPAM", "hardly any label") in problems(found([votes]))


def test_gold_against_unanimous_rules_is_found_while_it_is_rare():
    gold = TRUTH.copy()
    gold[:10] = 1 - gold[:10]
    columns = [TRUTH, TRUTH, voter(1.0, 0.5, seed=4)]
    item = next(i for i in found(columns, gold=gold) if i.problem == "gold against unanimous votes")
    assert item.effect == 10
    with pytest.warns(UserWarning, match="LK34[46]"):
        by_chance = found(columns, gold=RNG.integers(0, 2, 1_000))
    assert "gold against unanimous votes" not in {problem for _, problem in problems(by_chance)}


def test_faults_are_found():
    whole = LabelMatrix.of(np.column_stack(GOOD))
    faults = tuple(Fault(row=i, lf="lf2", id=i, error="ValueError", message="") for i in range(40))
    votes = whole.votes.copy()
    votes[:40, 2] = -1
    matrix = LabelMatrix(votes, whole.lfs, whole.class_names, whole.ids, faults)
    item = next(i for i in what_to_fix(matrix) if i.problem == "fails")
    assert (item.subject, item.effect) == ("lf2", 40)
    assert "4.0%" in item.why


def test_a_rule_that_failed_everywhere_does_not_also_never_vote():
    whole = LabelMatrix.of(np.full((20, 1), -1))
    faults = tuple(Fault(row=i, lf="lf0", id=i, error="ValueError", message="") for i in range(20))
    matrix = LabelMatrix(whole.votes, whole.lfs, whole.class_names, whole.ids, faults)
    assert {p for _, p in problems(what_to_fix(matrix))} == {"fails", "no vote", "too little gold"}


def test_ties_are_found():
    told = problems(found([np.zeros(1_000, int), np.where(np.arange(1_000) < 100, 1, 0)]))
    assert ("examples", "votes are tied") in told


def test_zero_covered_rows_say_so_first():
    findings = what_to_fix(np.full((50, 3), -1))
    assert (findings[0].subject, findings[0].problem, findings[0].effect) == ("examples", "no vote", 50)
    assert "No rule votes at all" in findings[0].why


def test_no_examples_and_one_rule_are_no_reason_to_fail():
    assert len(what_to_fix(np.zeros((0, 3), int))) == 0
    assert str(what_to_fix(np.zeros((0, 3), int))) == "Nothing stands out."
    assert len(what_to_fix([[0], [1], [-1]], gold=[0, 1, -1])) > 0


@given(st.integers(0, 100_000), st.integers(1, 30), st.integers(1, 5), st.integers(1, 4), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_matrix_gets_an_ordered_answer_and_patterns_the_same_one(seed, n, m, k, with_gold):
    rng = np.random.default_rng(seed)
    cells = rng.integers(-3, k, size=(n, m))
    cells = np.where(cells == -3, FAULT, np.maximum(cells, -1))
    whole = LabelMatrix.of(np.maximum(cells, -1), classes=k)
    faults = tuple(
        Fault(row=int(i), lf=f"lf{j}", id=int(i), error="E", message="") for i, j in np.argwhere(cells == FAULT)
    )
    matrix = LabelMatrix(whole.votes, whole.lfs, whole.class_names, whole.ids, faults)
    gold = rng.integers(-1, k, size=n) if with_gold else None
    findings = what_to_fix(matrix, gold=gold)
    assert [item.rank for item in findings] == list(range(1, len(findings) + 1))
    weights = [URGENCY[item.problem] * item.effect for item in findings]
    assert all(one >= other - 1 for one, other in itertools.pairwise(weights))  # effects are rounded
    assert all("nan" not in item.why for item in findings)
    p = matrix.patterns
    counts = None if gold is None else count_gold(matrix.pattern_index, gold, len(p), k)
    alone = what_to_fix(VotePatterns(p.outcomes, p.counts, p.lfs, p.class_names, counts))
    assert alone.items == findings.items


def test_findings_are_a_sequence_a_frame_a_text_and_a_table():
    findings = found([*GOOD, np.full(1_000, -1)])
    assert list(findings.frame.columns) == ["rank", "subject", "problem", "code", "why", "effect"]
    assert findings[0].code == findings.frame["code"][0] == findings.to_dict()["findings"][0]["code"]
    assert str(findings).splitlines()[0].endswith(f" examples) [{findings[0].code}]")
    assert len(findings.frame) == len(findings) == len(list(findings))
    assert isinstance(findings[0], Finding)
    assert len(findings[:1]) == 1
    assert str(findings).startswith("1. ")
    assert max(map(len, str(findings).splitlines())) <= 120
    assert "<table" in findings._repr_html_()
    with pytest.raises(AttributeError):
        findings[0].rank = 2


def test_names_are_escaped_in_html():
    matrix = LabelMatrix.of([[-1]] * 20, names=["<script>"])
    assert "<script>" not in what_to_fix(matrix)._repr_html_()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ModelError, match="no label model"):
        what_to_fix([[0]], model="majority")
    with pytest.raises(GoldError, match="class 7"):
        what_to_fix([[0]], gold=[7])


# Gold that could teach ------------------------------------------------------------------------------------------------


def far_from_gold(seed=0, n=4_000, n_gold=500):
    """Ten rules of 70%: their label model takes its labels to be right less often than they are."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    votes = np.where(rng.random((n, 10)) < 0.7, truth[:, None], 1 - truth[:, None])
    votes[:, :2] = np.where(rng.random((n, 1)) < 0.55, truth[:, None], 1 - truth[:, None])  # two err together
    votes[rng.random(votes.shape) < 0.3] = -1
    return LabelMatrix.of(votes, classes=["HAM", "SPAM"]), np.where(np.arange(n) < n_gold, truth, -1)


@cache
def model_of_600(seed):
    return LabelModel().fit(far_from_gold(seed, n=600)[0])


class Unsure(MajorityVote):
    """A model that could learn from gold, and says 60% of each label."""

    learns_from_gold = True

    def predict_pattern_proba(self, patterns):
        proba = super().predict_pattern_proba(patterns)
        return np.where(proba > 0.5, 0.6, np.where(proba < 0.5, 0.4, 0.5))


def of_code(findings, code):
    return [one for one in findings if one.code == code]


def test_a_model_that_is_far_from_gold_is_told_that_gold_could_teach_it():
    matrix, gold = far_from_gold()
    model = LabelModel().fit(matrix)
    (item,) = of_code(what_to_fix(matrix, gold=gold, model=model), "LK969")
    assert "model.fit(matrix, gold=gold) lets gold teach the label model" in item.why
    assert "cross-fitted" in item.why
    proba, labels = model.predict_proba(matrix), model.predict(matrix)
    judged = (gold >= 0) & (labels >= 0)
    assert f"by the model {proba[judged].max(axis=1).mean():.1%}" in item.why
    assert "Both shares are of the examples with gold." in item.why
    rows = np.flatnonzero(gold >= 0)
    (item,) = of_code(what_to_fix(matrix[rows], gold=gold[rows], model=model), "LK969")
    assert "Both shares" not in item.why  # all have gold
    taught = LabelModel().fit(matrix, gold=gold)
    assert of_code(what_to_fix(matrix, gold=gold, model=taught), "LK969") == []
    assert taught.evaluate(matrix, gold=gold).n_seen == 500
    assert of_code(what_to_fix(matrix, gold=gold), "LK969") == []  # majority vote says nothing of itself


@pytest.mark.parametrize("n_gold", [20, 50, 90, 300])
def test_calibrated_labels_are_hardly_ever_said_to_be_far_from_gold_by_however_little(n_gold):
    reported = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        matrix, _ = far_from_gold(seed % 5, n=600)
        model = model_of_600(seed % 5)
        truth = (rng.random(600) < model.predict_proba(matrix)[:, 1]).astype(int)
        rows = rng.permutation(600) < n_gold
        patterns, counts = read(matrix, np.where(rows, truth, -1), None)
        reported += len(list(misjudged(Evidence(patterns, counts, model))))
    assert reported <= 5


def test_83_gold_rows_tell_a_model_that_takes_right_votes_for_wrong_ones():
    n = 3_000
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, n)
    votes = np.full((n, 3), -1)
    for j in range(3):  # seldom two votes on an example, so that agreement tells the model little
        on = rng.permutation(n) < 900
        votes[on, j] = np.where(rng.random(n) < 0.9, truth, 1 - truth)[on]
    matrix = LabelMatrix.of(votes, classes=["BAD", "GOOD"])
    gold = np.where(rng.permutation(n) < 83 * n / matrix.covered.sum(), truth, -1)
    model = Unsure().fit(matrix)
    (item,) = of_code(what_to_fix(matrix, gold=gold, model=model), "LK969")
    assert "of the labels are right, by the model 60.0%" in item.why
    note = suggest(matrix, [f"text {i}" for i in range(n)], model, gold=gold).note
    assert "(LK969)" in note
    assert "model.fit(matrix, gold=gold)" in note
    few = np.where((np.cumsum((gold >= 0) & (truth == 1)) <= 3) | (truth == 0), gold, -1)
    (item,) = of_code(what_to_fix(matrix, gold=few, model=model), "LK969")
    assert "First give 5 examples each of GOOD gold" in item.why


def test_calibrated_labels_are_hardly_ever_said_to_be_far_from_gold():
    """Gold is drawn by the model's own probabilities, so that these are right, whatever the votes are."""
    reported = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        matrix, _ = far_from_gold(seed, n=600)
        model = LabelModel().fit(matrix)
        truth = (rng.random(600) < model.predict_proba(matrix)[:, 1]).astype(int)
        patterns, counts = read(matrix, np.where(np.arange(600) < 300, truth, -1), None)
        reported += len(list(misjudged(Evidence(patterns, counts, model))))
    assert reported <= 3  # 5%


def test_gold_that_is_far_from_a_few_rules_is_told_with_the_gold_that_there_is():
    """What a model says of 11 rules and the labels, and how much of it is right, by little gold."""
    said = [("labels", 0.83, 133, 139), ("hot", 0.72, 35, 35), ("moving_parts", 0.68, 40, 44)]
    claims = [_Claim(name, share * n, right, n) for name, share, right, n in said]
    others = [_Claim("other", 0.8 * 30, 24, 30)] * 9
    p = [one.p_value for one in (*claims, *others)]
    assert p[1] == pytest.approx(2 * 0.72**35)
    assert p[2] == pytest.approx(2 * stats.binom.cdf(4, 44, 0.32))
    assert surely(p, n_checks=1).tolist() == [True] * 3 + [False] * 9
    assert [round(one.gap, 2) for one in claims] == [0.13, 0.28, 0.23]
    assert np.isnan(_Claim("silent", 0, 0, 0).p_value)


@given(doubts=st.lists(st.floats(0, 1), min_size=1, max_size=12), data=st.data())
def test_the_p_value_of_a_claim_is_at_least_the_exact_one(doubts, data):
    wrong = data.draw(st.integers(0, len(doubts)))
    chances = np.ones(1)
    for doubt in doubts:
        chances = np.convolve(chances, [1 - doubt, doubt])
    tail = chances[wrong:].sum() if wrong > sum(doubts) else chances[: wrong + 1].sum()
    claim = _Claim("", len(doubts) - sum(doubts), len(doubts) - wrong, len(doubts))
    assert claim.p_value >= min(1, 2 * tail) - 1e-9


def test_a_small_difference_is_not_told_however_sure_it_is():
    rng = np.random.default_rng(0)
    matrix, _ = far_from_gold(n=20_000)
    model = LabelModel().fit(matrix)
    truth = (rng.random(20_000) < model.predict_proba(matrix)[:, 1]).astype(int)
    labels = model.predict(matrix)
    wrong = np.flatnonzero((labels >= 0) & (labels != truth))
    gold = truth.copy()
    mended = rng.permutation(wrong)[: len(labels) // 33]  # three points more are right
    gold[mended] = labels[mended]
    assert of_code(what_to_fix(matrix, gold=gold, model=model), "LK969") == []


def test_three_hundred_gold_mostly_tell_a_model_that_is_ten_points_from_its_labels():
    reported = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 2, 1_000)
        votes = np.where(rng.random((1_000, 10)) < 0.75, truth[:, None], 1 - truth[:, None])
        votes[rng.random(votes.shape) < 0.5] = -1
        matrix = LabelMatrix.of(votes, classes=["HAM", "SPAM"])
        patterns, counts = read(matrix, np.where(np.arange(1_000) < 300, truth, -1), None)
        reported += len(list(misjudged(Evidence(patterns, counts, LabelModel().fit(matrix)))))
    assert reported >= 7

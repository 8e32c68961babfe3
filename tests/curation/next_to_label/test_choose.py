"""Examples to label next: each strategy finds what it looks for, and the random share stays unbiased."""

import json
from types import MappingProxyType

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

import labelkit as lk
from labelkit.exceptions import AnalysisError, GoldError

N = 600


@pytest.fixture(scope="module")
def pool():
    """Votes, labels, texts and the truth; every fifth example is without a vote."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, N)
    votes = np.where(rng.random((N, 4)) < [0.1, 0.2, 0.3, 0.35], 1 - truth[:, None], truth[:, None])
    votes[rng.random((N, 4)) < 0.4] = -1
    votes[::5] = -1
    matrix = lk.LabelMatrix.of(votes, names=list("abcd"), classes=["HAM", "SPAM"])
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 6)) for _ in range(60)]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(N)]
    return matrix, lk.LabelModel().fit(matrix).label(matrix), texts, truth


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_is_told_its_column_of_texts(kind, pool):
    matrix, labels, texts, _ = pool
    frame = kind({"id": list(range(N)), "text": texts, "likes": [1] * N})
    with pytest.raises(
        AnalysisError, match=r"texts has 3 columns, .*\nHint: give one of them, such as frame\['text'\]"
    ):
        lk.next_to_label(matrix, labels, texts=frame)
    one = kind({"text": texts})
    assert lk.next_to_label(matrix, labels, texts=one).ids.tolist() == lk.next_to_label(matrix, labels).ids.tolist()


@pytest.mark.parametrize("name", [*lk.STRATEGIES, "bandit"])
def test_a_batch_has_new_examples_alone_and_its_share_at_random(name, pool):
    matrix, labels, texts, truth = pool
    gold = np.where(np.arange(N) < 100, truth, -1)
    slices = np.arange(N) % 3
    chosen = lk.next_to_label(matrix, labels, n=40, strategy=name, gold=gold, texts=texts, slices=slices)
    assert len(set(chosen.positions.tolist())) == len(chosen) == 40
    assert chosen.positions.min() >= 100
    assert chosen.ids.tolist() == matrix.ids[chosen.positions].tolist()
    n_random = 40 if name == "random" else 10
    assert chosen.estimable.sum() >= n_random
    drawn = chosen.inclusion[np.isfinite(chosen.inclusion)]
    assert drawn == pytest.approx(np.full(n_random, n_random / 500))
    assert name in {*chosen.strategy.tolist(), "bandit"}
    again = lk.next_to_label(matrix, labels, n=40, strategy=name, gold=gold, texts=texts, slices=slices)
    assert again.positions.tolist() == chosen.positions.tolist()
    assert lk.STRATEGIES["random"].good_for in str(chosen)
    assert len(json.loads(json.dumps(chosen.to_dict()))["examples"]) == 40
    assert chosen.frame.columns.tolist() == ["id", "position", "strategy", "score", "inclusion_probability"]


def test_each_strategy_finds_what_it_looks_for(pool):
    matrix, labels, _, truth = pool
    covered, votes = matrix.covered, matrix.votes

    def best(name, **options):
        return lk.next_to_label(matrix, labels, n=15, strategy=name, random_share=0, **options).positions

    for name in ("least_confident", "margin", "entropy"):
        uncertain = labels.proba.max(axis=1)
        assert uncertain[best(name)].max() <= np.sort(uncertain[covered])[30]
    clash = best("disagreement")
    assert all(len(set(votes[row][votes[row] >= 0])) == 2 for row in clash)
    assert (votes[best("rule", rule="c"), 2] >= 0).all()
    assert ((votes[best("expected_change")] >= 0).sum(axis=1) >= 1).all()
    others = [lk.MajorityVote(), lk.DawidSkene()]
    hard = [one.fit(matrix).predict_proba(matrix) for one in others]
    gap = np.abs(hard[0] - hard[1]).max(axis=1)
    assert gap[best("committee", committee=others)].min() >= np.quantile(gap[covered], 0.7)
    gold = np.where(np.arange(N) < 300, np.where(np.arange(N) % 2, truth, 1 - labels.proba.argmax(axis=1)), -1)
    with pytest.warns(UserWarning, match="LK34[46]"):  # right on one half, wrong on the other
        by_slices = best("slices", gold=gold, slices=np.arange(N) % 2)
    assert (by_slices % 2 == 0).all()


def test_the_rule_whose_precision_is_known_worst_is_taken(pool):
    matrix, labels, _, truth = pool
    judged = np.where((matrix.votes[:, [0, 1, 3]] >= 0).any(axis=1) & (matrix.votes[:, 2] < 0), truth, -1)
    chosen = lk.next_to_label(matrix, labels, n=10, strategy="rule", gold=judged, random_share=0)
    assert (matrix.votes[chosen.positions, 2] >= 0).all()


def test_the_random_share_is_drawn_alike_among_all_without_an_answer(pool):
    matrix, labels, _, truth = pool
    gold = np.where(np.arange(N) < 300, truth, -1)
    counts = np.zeros(N)
    for seed in range(300):
        chosen = lk.next_to_label(matrix, labels, n=40, strategy="entropy", gold=gold, random_state=seed)
        counts[chosen.positions[chosen.estimable]] += 1
    assert counts[:300].sum() == 0
    assert stats.chisquare(counts[300:]).pvalue > 1e-4
    shares = []
    for seed in range(300):
        chosen = lk.next_to_label(matrix, labels, n=40, strategy="entropy", gold=gold, random_state=seed)
        shares.append(truth[chosen.positions[chosen.estimable]].mean())
    assert abs(np.mean(shares) - truth[300:].mean()) < 4 * np.std(shares) / np.sqrt(300)


def test_no_two_of_a_batch_are_nearly_the_same_and_foreign_texts_are_left_to_chance(pool):
    matrix, labels, texts, _ = pool
    texts = list(texts)
    uncertain = np.argsort(labels.proba.max(axis=1) + ~matrix.covered)[:60]
    for place, row in enumerate(uncertain[:30]):
        texts[row] = f"Win {place} dollars now, at once!"
    for row in uncertain[30:60]:
        texts[row] = f"qzx{row} vvk{row} jjw{row} pph{row} xqe{row}"
    chosen = lk.next_to_label(matrix, labels, n=40, strategy="entropy", texts=texts, random_share=0)
    assert sum(texts[row].startswith("Win") for row in chosen.positions) == 1
    assert not any(texts[row].startswith("qzx") for row in chosen.positions)
    assert chosen.n_foreign == 30
    assert "30 examples left to chance, since hardly any of their words stand in others" in str(chosen)


@pytest.mark.parametrize("kind", [None, "str", object])
def test_a_column_with_missing_texts_is_taken_as_a_list_is(pool, kind):
    matrix, labels, texts, _ = pool
    texts = [None if row % 7 == 0 else text for row, text in enumerate(texts)]
    column = pd.Series(texts, dtype=kind)
    options = {"n": 40, "strategy": "entropy"}
    chosen = lk.next_to_label(matrix, labels, texts=column, **options)
    assert chosen.positions.tolist() == lk.next_to_label(matrix, labels, texts=texts, **options).positions.tolist()


@pytest.mark.parametrize("strategy", ["random", "entropy"])
def test_texts_are_found_by_the_names_of_their_examples(pool, strategy):
    matrix, labels, texts, _ = pool
    ids = [f"k{row}" for row in range(N)]
    named = lk.LabelMatrix.of(matrix.votes, classes=matrix.class_names, ids=ids)
    column = pd.Series(texts, index=ids).sample(frac=1, random_state=1)
    options = {"n": 40, "strategy": strategy}
    expected = lk.next_to_label(matrix, labels, texts=list(texts), **options).positions.tolist()
    of_named = lk.LabelModel().fit(named).label(named)
    for given in (column, column.to_dict(), column.drop(["k3"]).to_dict() | {"k3": texts[3]}):
        assert lk.next_to_label(named, of_named, texts=given, **options).positions.tolist() == expected
    with pytest.raises(AnalysisError, match="index in an order of its own"):
        lk.next_to_label(matrix, labels, texts=pd.Series(texts).sample(frac=1, random_state=1), **options)


@pytest.mark.parametrize(("texts", "message"), [(["a"], "texts has 1 text for 600 examples"), ([1] * N, "no texts")])
def test_texts_that_are_not_those_of_the_examples_are_refused(pool, texts, message):
    with pytest.raises(AnalysisError, match=message):
        lk.next_to_label(pool[0], pool[1], texts=texts)


def test_the_bandit_goes_where_answers_are_a_surprise(pool):
    matrix, labels, texts, _ = pool
    answered = {"entropy": [True] * 20 + [False] * 5, "committee": [False] * 25, "disagreement": [False] * 25}
    answered |= {"expected_change": [False] * 25, "random": [False] * 25}
    chosen = lk.next_to_label(matrix, labels, n=40, strategy="bandit", answered=answered, texts=texts)
    names, counts = np.unique(chosen.strategy, return_counts=True)
    assert dict(zip(names, counts, strict=True))["entropy"] >= 20
    fresh = lk.next_to_label(matrix, labels, n=40, strategy="bandit")
    assert len(set(fresh.strategy)) >= 3


@pytest.mark.parametrize(
    ("answered", "message"),
    [
        ([True, False], "answered is list, and no dict by strategy"),
        ({"entropi": [True]}, "no strategy by 'entropi'"),
        ({"entropy": True}, "is no list of truth values"),
        ({"entropy": ["False"]}, "is no list of truth values"),
        ({"entropy": "no"}, "is no list of truth values"),
        ({"entropy": [True, np.nan]}, "is no list of truth values"),
    ],
)
def test_what_does_not_say_whether_answers_were_a_surprise_is_refused(pool, answered, message):
    """A misspelt strategy was left out, and "False" was true, without a word."""
    with pytest.raises(AnalysisError, match=message):
        lk.next_to_label(pool[0], pool[1], strategy="bandit", answered=answered)


def test_surprises_are_truth_values_of_any_kind(pool):
    matrix, labels, *_ = pool
    one, other = (
        lk.next_to_label(matrix, labels, n=40, strategy="bandit", answered={"entropy": given, "committee": []})
        for given in ([True, False, True], np.array([1, 0, 1]))
    )
    assert one.positions.tolist() == other.positions.tolist()


def test_a_pool_that_is_smaller_than_the_budget_is_taken_whole(pool):
    matrix, labels, _, truth = pool
    gold = np.where(np.arange(N) < N - 5, truth, -1)
    chosen = lk.next_to_label(matrix, labels, n=40, gold=gold, random_share=1)
    assert sorted(chosen.positions) == list(range(N - 5, N))
    assert len(lk.next_to_label(matrix, n=10)) == 10


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"strategy": "luck"}, AnalysisError, r"(?s)no strategy 'luck'.*least_confident"),
        ({"strategy": "slices"}, AnalysisError, r"(?s)no slices are given.*slices="),
        ({"strategy": "rule", "rule": "z"}, AnalysisError, r"(?s)no rule 'z'.*a, b, c, d"),
        ({"strategy": "committee", "committee": [lk.MajorityVote()]}, AnalysisError, "at least two members"),
        ({"n": 0}, AnalysisError, "n=0"),
        ({"random_share": 2}, AnalysisError, "random_share=2"),
        ({"gold": np.zeros(N, int)}, AnalysisError, "every example has an answer"),
        ({"gold": {"no such": 1}}, GoldError, "no such"),
        ({"slices": [1, 2]}, AnalysisError, "slices"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, error, message, pool):
    matrix, labels, _, _ = pool
    with pytest.raises(error, match=message):
        lk.next_to_label(matrix, labels, **{"strategy": "entropy", **options})


@pytest.mark.parametrize("n", [4.0, True, 0, "4"])
def test_how_many_are_chosen_is_a_whole_number(n, pool):
    matrix, labels, _, _ = pool
    with pytest.raises(AnalysisError, match="is not a number of examples"):
        lk.next_to_label(matrix, labels, n=n)


def test_a_stream_is_chosen_from_at_a_steady_rate():
    rng = np.random.default_rng(0)
    chooser = lk.StreamChooser(0.1, random_share=0.5)
    proba = rng.dirichlet([1, 1], size=20_000)
    wanted, drawn = [], []
    for start in range(0, 20_000, 1_000):
        wanted.append(chooser.choose(proba[start : start + 1_000]))
        drawn.append(chooser.drawn.copy())
    wanted, drawn = np.concatenate(wanted), np.concatenate(drawn)
    assert wanted.mean() == pytest.approx(0.1, abs=0.01)
    assert drawn[1_000:].mean() == pytest.approx(0.05, abs=0.006)
    assert (drawn <= wanted).all()
    top = proba.max(axis=1)
    assert top[wanted & ~drawn][10:].mean() < 0.6 < top[drawn].mean()
    with pytest.raises(AnalysisError, match="share=2"):
        lk.StreamChooser(2)
    with pytest.raises(AnalysisError, match="no NaN"):
        chooser.choose([[np.nan, 1.0]])


def test_the_chances_of_a_stream_are_those_with_which_it_was_drawn_from_from_its_beginning_on():
    """Sums of 1 / chance over 400 short streams; the chance of the rest for the first 100 gives 460 in place of 160."""
    proba, sums = np.random.default_rng(0).dirichlet([1, 1], size=160), []
    for seed in range(400):
        chooser, here = lk.StreamChooser(0.2, random_state=seed), 0.0
        for start in (0, 70, 140):
            chooser.choose(proba[start : start + 70])
            here += (1 / chooser.inclusion[chooser.drawn]).sum()
        sums.append(here)
    assert chooser.inclusion == pytest.approx(0.05)
    assert np.mean(sums) == pytest.approx(160, abs=4 * np.std(sums) / 20)


def test_labels_are_those_of_the_examples_in_whatever_order_they_and_their_classes_are():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 300)
    votes = np.where(rng.random((300, 4)) < 0.25, 1 - truth[:, None], truth[:, None])
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"], ids=[f"e{i}" for i in range(300)])
    labels = lk.LabelModel().fit(matrix).label(matrix)
    other = lk.MajorityVote().fit(matrix).label(matrix)
    order = rng.permutation(300)
    turned = lk.LabelMatrix.of(1 - votes, classes=["SPAM", "HAM"], ids=matrix.ids)
    swapped = lk.LabelModel().fit(turned).label(turned)

    def ids(strategy, given=labels, **options):
        return lk.next_to_label(matrix, given, n=20, strategy=strategy, random_share=0, **options).ids.tolist()

    assert ids("entropy", labels[order]) == ids("entropy")
    slices, gold = np.arange(300) % 3, np.where(np.arange(300) < 60, truth, -1)
    assert ids("slices", swapped, slices=slices, gold=gold) == ids("slices", slices=slices, gold=gold)
    assert ids("committee", committee=[labels[order], other]) == ids("committee", committee=[labels, other])
    assert ids("committee", committee=[labels.proba, other]) == ids("committee", committee=[labels, other])
    unfitted = lk.MajorityVote()
    ids("committee", committee=[labels, unfitted])
    assert not hasattr(unfitted, "class_prior_")
    with pytest.raises(AnalysisError, match="are of other examples"):
        ids("entropy", labels[:200])
    renamed = lk.LabelMatrix.of(votes, classes=["NO", "YES"], ids=matrix.ids)
    strange = lk.MajorityVote().fit(renamed).label(renamed)
    with pytest.raises(AnalysisError, match="are of the classes NO, YES, and not of HAM, SPAM"):
        ids("entropy", strange)
    with pytest.raises(AnalysisError, match=r"of the committee have shape \(2, 300\), and there are 300 examples"):
        ids("committee", committee=[labels, labels.proba.T])


def test_the_strategy_of_slices_judges_labels_and_not_the_prior_of_examples_without_one():
    """All gold of the large slice is of examples without a label, which no label gets wrong; the small one errs."""
    votes = np.array([[0, 0]] * 60 + [[-1, -1]] * 100 + [[0, 0]] * 40)
    slices = np.repeat(["poor", "large"], [60, 140])
    gold = np.full(200, -1)
    gold[:30] = 1  # all labels there are wrong
    gold[60:130] = 1  # no labels
    gold[160:180] = 0  # right
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"])
    model = lk.LabelModel(class_prior=[0.8, 0.2]).fit(matrix)
    summary = lk.summarize_slices(None, model.label(matrix), gold, by=slices)
    assert lk.next_slices(summary).first == "poor"
    chosen = lk.next_to_label(
        matrix, model.label(matrix), n=5, strategy="slices", slices=slices, gold=gold, random_share=0
    )
    assert set(slices[chosen.positions]) == {"poor"}


@pytest.mark.parametrize(
    "kind",
    [pa.array, pl.Series, lambda one: pd.DataFrame({"slice": one}), lambda one: MappingProxyType(dict(enumerate(one)))],
)
def test_slices_come_in_any_container(kind, pool):
    """Values of Arrow were slices of their own, and of a mapping that is no dict its keys."""
    matrix, labels, _, truth = pool
    gold, slices = np.where(np.arange(N) < 100, truth, -1), [f"s{i % 3}" for i in range(N)]
    expected = lk.next_to_label(matrix, labels, n=20, strategy="slices", gold=gold, slices=slices)
    chosen = lk.next_to_label(matrix, labels, n=20, strategy="slices", gold=gold, slices=kind(slices))
    assert chosen.ids.tolist() == expected.ids.tolist()


def test_the_rule_that_is_validated_is_named(pool):
    matrix, labels = pool[:2]
    chosen = lk.next_to_label(matrix, labels, n=10, strategy="rule")
    assert chosen.rule in matrix.names
    assert f"a random sample of its votes ({chosen.rule})" in str(chosen)
    assert lk.next_to_label(matrix, labels, n=10, strategy="rule", rule=matrix.names[1]).rule == matrix.names[1]
    assert lk.next_to_label(matrix, labels, n=10, strategy="entropy").rule is None


def test_estimates_after_several_batches_have_weights_for_the_answers_before(pool):
    """What strategies leave is easier than the whole, of which the random rows of a later batch are thus no sample."""
    matrix, labels, _, truth = pool
    model, covered = lk.LabelModel().fit(matrix), labels.hard() >= 0
    right = labels.hard() == truth
    alone, weighted = [], []
    for repeat in range(60):
        before: dict[int, int] = {}
        options = {"n": 60, "strategy": "margin", "random_state": repeat}
        chosen = lk.next_to_label(matrix, labels, **options)
        for _ in range(2):
            before |= {row: truth[row] for row in chosen.positions.tolist()}
            chosen = lk.next_to_label(matrix, labels, gold=before, **options)
        drawn = chosen.positions[chosen.estimable]
        alone.append(right[drawn[covered[drawn]]].mean())
        chances = chosen.inclusion[chosen.estimable]
        weights = dict.fromkeys(before, 1.0) | dict(zip(drawn.tolist(), 1 / chances, strict=True))
        assert np.isclose(sum(weights.values()), N)
        gold = {row: truth[row] for row in weights}
        weighted.append(model.evaluate(matrix, gold, weights=weights).accuracy)
    error = [
        (np.mean(given) - right[covered].mean()) / (np.std(given) / len(given) ** 0.5) for given in (alone, weighted)
    ]
    assert error[0] > 5
    assert abs(error[1]) < 3


def test_copies_among_the_best_rows_leave_the_batch_as_large_as_was_asked_for():
    """The 1,500 rows that the rules differ on most are copies of three texts; the others are all different."""
    rng = np.random.default_rng(0)
    votes = np.where(np.arange(1_700)[:, None] < 1_500, [0, 1], [0, 0])
    votes[1_500:, 1] = np.where(np.arange(200) % 2, 1, 0)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 6)) for _ in range(60)]
    texts = ["win a prize today in our shop", "my cat sat on that mat again", "the train was late this morning"] * 500
    texts += [" ".join(rng.choice(words, 6)) for _ in range(200)]
    matrix = lk.LabelMatrix.of(votes, classes=["HAM", "SPAM"])
    chosen = lk.next_to_label(matrix, n=30, strategy="disagreement", random_share=0, texts=texts)
    assert len(chosen) == 30
    assert chosen.n_missing == 0
    assert len({texts[row] for row in chosen.positions}) == 30
    assert "fewer than" not in str(chosen)


def test_a_batch_that_is_smaller_than_was_asked_for_says_so(pool):
    matrix, labels, _, _ = pool
    texts = ["win a prize today in our shop", "my cat sat on that mat again", "the train was late this morning"] * 200
    chosen = lk.next_to_label(matrix, labels, n=30, strategy="entropy", random_share=0, texts=texts)
    assert len(chosen) == 3
    assert chosen.n_missing == 27
    assert "27 fewer than were asked for" in str(chosen)
    assert lk.next_to_label(matrix, labels, n=N + 5).n_missing == 5

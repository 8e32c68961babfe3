"""Gold that a model learned from is recognised, and judged by models that did not see it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from labelkit.label_models import IBCC, DawidSkene, LabelModel, MajorityVote, OneCoin, WeightedVote, load_model
from labelkit.votes.gold import count_gold
from labelkit.votes.label_matrix import LabelMatrix

LEARNERS = [DawidSkene, IBCC, LabelModel, OneCoin, WeightedVote]


def noise(n=300, m=12, seed=0):
    """Votes that say nothing: what a model learns from gold is chance."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 2, n)
    votes = rng.integers(0, 2, (n, m))
    votes[rng.random((n, m)) < 0.6] = -1
    return votes, gold


def forms(votes, gold):
    """The same examples in all containers, in other orders, as parts, with other ids."""
    n = len(votes)
    order = np.random.default_rng(1).permutation(n)
    names = [f"lf{j}" for j in range(votes.shape[1])]
    ids = np.array([f"x{i}" for i in range(n)])
    yield "array", votes, gold
    yield "shuffled", votes[order], gold[order]
    yield "part", votes[: n // 2], gold[: n // 2]
    yield "list", votes.tolist(), gold.tolist()
    yield "frame", pd.DataFrame(votes, columns=names), gold
    yield "sparse", sparse.csr_array(votes + 1), gold
    yield "matrix", LabelMatrix.of(votes), gold
    yield "matrix with ids", LabelMatrix.of(votes, ids=ids), dict(zip(ids.tolist(), gold.tolist(), strict=True))
    yield "part of a matrix", LabelMatrix.of(votes, ids=ids)[order[:50]], gold[order[:50]]


def test_gold_that_taught_a_model_does_not_flatter_it():
    accuracies = {model: [] for model in LEARNERS}
    for seed in range(8):
        votes, gold = noise(seed=seed)
        for model in LEARNERS:
            found = model().fit(votes, gold=gold).evaluate(votes, gold)
            assert found.n_seen == len(gold)
            accuracies[model].append(found.accuracy)
    for model, values in accuracies.items():
        assert 0.4 < np.mean(values) < 0.56, model  # half, and ties count as wrong


@pytest.mark.parametrize("name", [name for name, _, _ in forms(*noise())])
def test_gold_is_recognised_in_any_container_order_and_part(name):
    votes, gold = noise(m=30)  # so that nearly all rows of votes differ
    model = LabelModel().fit(votes, gold=gold)
    again, its_gold = next((v, g) for key, v, g in forms(votes, gold) if key == name)
    found = model.evaluate(again, its_gold)
    assert found.n_seen == found.n
    assert found.accuracy < 0.65
    assert "judged by cross-fitting" in repr(found)
    assert "judged by cross-fitting" in found._repr_html_()


def test_other_gold_of_the_same_matrix_is_judged_by_the_model_itself():
    votes, gold = noise(n=600, m=30)
    first = np.where(np.arange(600) < 300, gold, -1)
    model = LabelModel().fit(votes, gold=first)
    assert model.evaluate(votes, np.where(first < 0, gold, -1)).n_seen == 0
    both = model.evaluate(votes, gold)
    assert (both.n_seen, both.n) == (300, 600)


def test_another_set_with_the_same_positions_is_not_taken_for_the_first():
    votes, gold = noise(n=300, m=30)
    others, other_gold = noise(n=300, m=30, seed=1)
    assert LabelModel().fit(votes, gold=gold).evaluate(others, other_gold).n_seen == 0


def test_gold_from_fit_is_recognised_among_other_gold_without_ids():
    votes, gold = noise(400)
    model = LabelModel().fit(votes, gold=np.where(np.arange(400) < 300, gold, -1))
    order = np.random.default_rng(2).permutation(400)
    found = model.evaluate(votes[order], gold=gold[order])
    assert found.n_seen == 300
    assert found.accuracy < 0.6
    assert model.evaluate(votes[:300], gold=gold[:300]).accuracy < 0.6


def test_patterns_with_their_gold_are_recognised():
    votes, gold = noise(m=4)
    matrix = LabelMatrix.of(votes)
    counts = count_gold(matrix.pattern_index, gold, len(matrix.patterns.counts), 2)
    patterns = replace(matrix.patterns, gold=counts)
    found = LabelModel().fit(patterns).evaluate(patterns)
    assert found.n_seen == found.n == len(gold)
    assert found.accuracy == pytest.approx(LabelModel().fit(matrix, gold=gold).evaluate(matrix, gold).accuracy)


def test_a_model_that_ignores_gold_is_judged_on_all_of_it():
    votes, gold = noise()
    found = MajorityVote().fit(votes, gold=gold).evaluate(votes, gold)
    assert found.n_seen == 0
    assert found.accuracy == MajorityVote().fit(votes).evaluate(votes, gold).accuracy


def test_a_saved_model_still_knows_its_gold(tmp_path):
    votes, gold = noise(m=30)
    model = LabelModel().fit(votes, gold=gold)
    loaded = load_model(model.save(tmp_path))
    assert loaded.evaluate(votes, gold).to_dict() == model.evaluate(votes, gold).to_dict()
    assert loaded.score(votes, gold) == model.score(votes, gold)


def test_weights_and_a_single_gold_row_are_no_trouble():
    votes, gold = noise()
    one = np.where(np.arange(len(gold)) < 1, gold, -1)
    assert LabelModel().fit(votes, gold=one).evaluate(votes, one).n_seen == 1
    model = LabelModel().fit(votes, gold=gold)
    weight = np.linspace(0.1, 2, len(gold))
    assert 0 <= model.score(votes, gold, sample_weight=weight) <= 1


def test_held_out_probabilities_do_not_depend_on_their_own_gold():
    votes, gold = noise()
    fold = np.arange(len(gold)) % 5
    proba = LabelModel().held_out_proba(votes, gold, fold)
    changed = np.where(fold == 0, 1 - gold, gold)
    np.testing.assert_array_equal(LabelModel().held_out_proba(votes, changed, fold)[fold == 0], proba[fold == 0])


@pytest.mark.filterwarnings("ignore:gold holds -1")
@pytest.mark.parametrize("model", LEARNERS)
def test_gold_of_one_class_is_no_sample_to_learn_from(model):
    votes, gold = noise()
    chosen = np.where((gold == 1) & (np.arange(len(gold)) < 100), 1, -1)
    with pytest.warns(UserWarning, match="gold labels are of class '1'"):
        model().fit(votes, gold=chosen)
    model().fit(votes, gold=np.where(np.arange(len(gold)) < 30, gold, -1))
    model().fit(np.where(votes == 0, -1, votes), gold=chosen)  # no rule votes for another class
    MajorityVote().fit(votes, gold=chosen)


def test_gold_that_was_corrected_since_is_still_known():
    biases = []
    for seed in range(6):
        votes, gold = noise(seed=seed)
        matrix = LabelMatrix.of(votes, ids=[f"x{i}" for i in range(len(gold))])
        model = LabelModel().fit(matrix, gold=gold)
        corrected = np.where(np.arange(len(gold)) % 5 == 0, 1 - gold, gold)
        found = model.evaluate(matrix, gold=corrected)
        assert found.n_seen == len(gold)
        biases.append(found.accuracy - 0.5)
    assert abs(np.mean(biases)) < 0.05


@pytest.mark.parametrize("container", ["rows in another order", "patterns"])
def test_gold_that_was_corrected_since_is_known_by_its_rows_of_votes_where_ids_say_nothing(container):
    biases = []
    for seed in range(4):
        votes, gold = noise(m=6, seed=seed)
        corrected = np.where(np.arange(len(gold)) % 4 == 0, 1 - gold, gold)
        order = np.random.default_rng(seed).permutation(len(gold))
        if container == "patterns":
            model = LabelModel().fit(with_counts(votes, gold))
            found = model.evaluate(with_counts(votes, corrected))
        else:
            model = LabelModel().fit(votes, gold=gold)
            found = model.evaluate(votes[order], gold=corrected[order])
        assert found.n_seen == found.n == len(gold)
        biases.append(found.accuracy - 0.5)
    assert abs(np.mean(biases)) < 0.06


def with_counts(votes, gold):
    matrix = LabelMatrix.of(votes)
    counts = count_gold(matrix.pattern_index, gold, len(matrix.patterns.counts), 2)
    return replace(matrix.patterns, gold=counts)


@pytest.mark.parametrize("m", [4, 6, 10])
def test_a_fresh_sample_of_gold_is_not_taken_for_corrected_gold(m):
    for seed in range(4):
        votes, gold = noise(600, m=m, seed=seed)
        model = LabelModel().fit(with_counts(votes[:300], gold[:300]))
        assert model.evaluate(with_counts(votes[300:], gold[300:])).n_seen == 0


def test_a_model_has_seen_no_more_gold_than_it_learned_from():
    votes = np.tile([[0, -1], [1, 1], [-1, -1]], (100, 1))
    truth = np.tile([0, 1, 0], 100)
    matrix = LabelMatrix.of(votes)
    few = np.full(300, -1)
    few[[0, 1, 2]] = truth[[0, 1, 2]]
    model = LabelModel().fit(matrix, gold=few)
    patterns = replace(matrix.patterns, gold=count_gold(matrix.pattern_index, truth, len(matrix.patterns), 2))
    assert 0 < model.evaluate(patterns).n_seen <= 3


@pytest.mark.parametrize("m", [2, 3, 30])
@pytest.mark.parametrize("container", ["a part of one matrix", "another matrix"])
@pytest.mark.parametrize("saved", [False, True])
def test_gold_of_examples_with_other_names_did_not_teach_the_model(m, container, saved, tmp_path):
    """Where rules are few, half of a corpus has the votes and classes of the other half."""
    votes, gold = noise(n=1_000, m=m)
    ids = np.array([f"k{i}" for i in range(1_000)])
    first, second = np.arange(1_000) < 500, np.arange(1_000) >= 500
    matrix = LabelMatrix.of(votes, ids=ids)
    truth = dict(zip(ids, gold.tolist(), strict=True))
    half = {key: truth[key] for key in ids[second]}
    taught = LabelModel().fit(matrix, gold={key: truth[key] for key in ids[first]})
    if container == "another matrix":
        taught = LabelModel().fit(LabelMatrix.of(votes[first], ids=ids[first]), gold=gold[first])
    model = load_model(taught.save(tmp_path / "model")) if saved else taught
    judged = matrix if container == "a part of one matrix" else LabelMatrix.of(votes[second], ids=ids[second])
    assert model.evaluate(judged, half).n_seen == 0
    assert model.evaluate(matrix, truth).n_seen == 500

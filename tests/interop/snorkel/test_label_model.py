"""Snorkel's label model and the drop-in's: the same settings give the same probabilities."""

from __future__ import annotations

import importlib
import itertools
import pickle

import numpy as np
import pytest

from labelkit.interop.snorkel.labeling.model import LabelModel

heavy = pytest.mark.heavy

SCHEDULES = {
    "constant": {},
    "linear": {},
    "exponential": {"lr_scheduler_config": {"exponential_config": {"gamma": 0.95}}},
    "step": {"lr_scheduler_config": {"step_config": {"step_size": 7}, "min_lr": 0.004}},
}
RISES = [{}, {"warmup_steps": 4, "warmup_unit": "epochs"}, {"warmup_percentage": 0.2}]
OTHERS = {
    "balance": {"class_balance": [0.15, 0.25, 0.6]},
    "gold": {"Y_dev": np.array([0, 0, 1, 2, 2, 2])},
    "penalty": {"l2": 0.3},
    "bounds": {"mu_eps": 0.05},
    "one precision": {"prec_init": 0.9},
    "precisions": {"prec_init": [0.6, 0.7, 0.8, 0.9, 0.75]},
    "momentum": {"optimizer_config": {"sgd_config": {"momentum": 0.5}}},
    "amsgrad": {"optimizer": "adam", "optimizer_config": {"adam_config": {"amsgrad": True, "betas": (0.8, 0.99)}}},
    "seed": {"seed": 12345},
    "many epochs": {"n_epochs": 500},
    "no epochs": {"n_epochs": 0},
}


def made_up_votes(n_classes=3, n_lfs=5, seed=0):
    draw = np.random.default_rng(seed)
    gold = draw.choice(n_classes, 500, p=np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum())
    right = draw.random((500, n_lfs)) < np.linspace(0.6, 0.9, n_lfs)
    votes = np.where(right, gold[:, None], draw.integers(0, n_classes, (500, n_lfs)))
    return np.where(draw.random((500, n_lfs)) < 0.7, votes, -1)


def fitted(package, votes, n_classes, **settings):
    model = importlib.import_module(f"{package}.labeling.model").LabelModel(n_classes, verbose=False)
    model.fit(votes, **{"seed": 3, "n_epochs": 60, "progress_bar": False, **settings})
    return model


def check_same(votes, n_classes, **settings):
    pytest.importorskip("snorkel")
    theirs, ours = (fitted(name, votes, n_classes, **settings) for name in ("snorkel", "labelkit.interop.snorkel"))
    for name in ("get_conditional_probs", "get_weights"):
        np.testing.assert_allclose(getattr(ours, name)(), getattr(theirs, name)(), atol=1e-3)
    np.testing.assert_allclose(ours.predict_proba(votes), theirs.predict_proba(votes), atol=1e-3)


@heavy
@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning:torch")
@pytest.mark.parametrize(
    ("optimizer", "schedule", "rise"), list(itertools.product(["sgd", "adam", "adamax"], SCHEDULES, [0, 1, 2]))
)
def test_each_way_of_training_ends_where_snorkels_does(optimizer, schedule, rise):
    settings = {**SCHEDULES[schedule].get("lr_scheduler_config", {}), **RISES[rise]}
    check_same(made_up_votes(2), 2, optimizer=optimizer, lr_scheduler=schedule, lr_scheduler_config=settings)


@heavy
@pytest.mark.parametrize("name", OTHERS)
def test_each_setting_has_the_effect_that_it_has_in_snorkel(name):
    check_same(made_up_votes(), 3, **OTHERS[name])


@heavy
@pytest.mark.parametrize("n_classes", [2, 4, 7])
@pytest.mark.parametrize("n_lfs", [3, 20])
def test_any_number_of_classes_and_rules(n_classes, n_lfs):
    check_same(made_up_votes(n_classes, n_lfs, seed=n_lfs), n_classes)


@heavy
def test_votes_of_other_types_and_a_fit_after_another():
    votes = made_up_votes(2)
    check_same(votes.astype(float), 2)
    check_same(votes.astype(np.int8), 2)
    model = fitted("labelkit.interop.snorkel", made_up_votes(2, seed=9), 2)
    model.fit(votes, seed=3, n_epochs=60, progress_bar=False)
    np.testing.assert_array_equal(model.mu, fitted("labelkit.interop.snorkel", votes, 2).mu)


NO_VOTES = {"below": -2, "above": 9, "half": 0.5, "unknown": np.nan}
"""Cells that hold no class: Snorkel counts none of them as a vote."""


def with_no_votes(kind):
    votes = made_up_votes(2)
    cell = NO_VOTES[kind]
    return votes, np.where(votes == -1, cell, votes).astype(type(cell) if kind != "unknown" else float)


@heavy
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning:snorkel")
@pytest.mark.filterwarnings("ignore:L holds")
@pytest.mark.parametrize("kind", NO_VOTES)
def test_cells_without_a_class_are_no_votes_to_snorkel_either(kind):
    pytest.importorskip("snorkel")
    votes, others = with_no_votes(kind)
    theirs, ours = (fitted(name, votes, 2) for name in ("snorkel", "labelkit.interop.snorkel"))
    np.testing.assert_allclose(ours.predict_proba(others), theirs.predict_proba(others), atol=1e-3)


@pytest.mark.filterwarnings("ignore:L holds")
@pytest.mark.parametrize("kind", NO_VOTES)
def test_cells_without_a_class_are_no_votes(kind):
    votes, others = with_no_votes(kind)
    model = fitted("labelkit.interop.snorkel", votes, 2)
    np.testing.assert_array_equal(model.predict_proba(others), model.predict_proba(votes))
    np.testing.assert_array_equal(model.predict(others), model.predict(votes))
    if kind != "above":
        again = fitted("labelkit.interop.snorkel", others, 2)
        np.testing.assert_array_equal(again.mu, model.mu)


@pytest.mark.filterwarnings("ignore:L holds")
@pytest.mark.parametrize("highest", [2, 1.5])
def test_votes_above_the_classes_are_refused_at_fit(highest):
    with pytest.raises(ValueError, match="L_train has cardinality"):
        fitted("labelkit.interop.snorkel", np.where(made_up_votes(2) == 1, highest, 0), 2)


def test_parameters_are_read_as_those_of_torch():
    model = fitted("labelkit.interop.snorkel", made_up_votes(2), 2)
    np.testing.assert_array_equal(model.mu.data.numpy(), model.mu.detach().cpu().numpy())
    assert model.mu.data[0, 0] == model.mu[0, 0].item()


def test_rows_without_a_vote_abstain_only_where_ties_do():
    votes = np.vstack([made_up_votes(2), np.full((3, 5), -1)])
    model = fitted("labelkit.interop.snorkel", votes, 2, class_balance=[0.1, 0.9])
    assert model.predict(votes)[-3:].tolist() == [-1, -1, -1]
    assert model.predict(votes, tie_break_policy="random")[-3:].tolist() == [1, 1, 1]
    np.testing.assert_allclose(model.predict_proba(votes)[-1], [0.1, 0.9])


@pytest.mark.parametrize("n_lfs", [1, 2])
def test_one_and_two_rules_are_fitted(n_lfs):
    votes = made_up_votes(2, n_lfs)
    proba = fitted("labelkit.interop.snorkel", votes, 2).predict_proba(votes)
    assert ((proba > 0) & (proba < 1)).all()


def test_a_model_is_saved_loaded_and_pickled(tmp_path):
    votes = made_up_votes()
    model, again = fitted("labelkit.interop.snorkel", votes, 3), LabelModel(3, verbose=False)
    model.save(str(tmp_path / "model.pkl"))
    again.load(str(tmp_path / "model.pkl"))
    for other in (again, pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.predict_proba(votes), model.predict_proba(votes))


def test_a_rate_that_is_too_high_is_said():
    with pytest.raises(Exception, match="Loss is NaN"):
        fitted("labelkit.interop.snorkel", made_up_votes(), 3, lr=1e8)

"""Snorkel's label model without Snorkel: the same probabilities, and models that go both ways."""

import numpy as np
import pytest

import labelkit as lk
from labelkit.exceptions import ModelError
from labelkit.interop.snorkel.labeling.model import LabelModel as DropIn
from labelkit.label_models import SnorkelLabelModel, load_model

SETTINGS = [
    {},
    {"seed": 3, "n_epochs": 500},
    {"optimizer": "adam", "lr": 0.003},
    {"optimizer": "adamax", "lr_scheduler": "linear"},
    {"lr_scheduler": "exponential", "lr_scheduler_config": {"warmup_steps": 9, "warmup_unit": "epochs"}},
    {"lr_scheduler": "step", "optimizer_config": {"sgd_config": {"momentum": 0.5}}},
    {"l2": 0.2, "mu_eps": 0.03, "prec_init": 0.6},
    {"prec_init": [0.9, 0.8, 0.7, 0.6, 0.75]},
]


def votes(n_rows=600, n_lfs=5, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(n_classes, n_rows, p=[0.5, 0.3, 0.2][:n_classes] if n_classes == 3 else [0.6, 0.4])
    right = rng.random((n_rows, n_lfs)) < np.linspace(0.6, 0.9, n_lfs)
    answers = np.where(right, truth[:, None], rng.integers(n_classes, size=(n_rows, n_lfs)))
    return np.where(rng.random((n_rows, n_lfs)) < 0.6, answers, -1), truth


def ours_of(settings, **more):
    given = dict(settings)
    return SnorkelLabelModel(random_state=given.pop("seed", 0), **given, **more)


def assert_alike(model, theirs, L, atol):
    covered = (L != -1).any(axis=1)
    assert np.allclose(model.predict_proba(L)[covered], theirs.predict_proba(L)[covered], atol=atol)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("balance", [None, [0.5, 0.3, 0.2]])
def test_it_is_the_model_of_the_drop_in(settings, balance):
    L, _ = votes()
    theirs = DropIn(cardinality=3, verbose=False)
    theirs.fit(L, class_balance=balance, progress_bar=False, **settings)
    assert_alike(ours_of(settings, class_prior=balance, n_classes=3).fit(L), theirs, L, 1e-5)


@pytest.mark.heavy
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("balance", [None, [0.5, 0.3, 0.2]])
def test_its_probabilities_are_those_of_snorkel(settings, balance):
    snorkel = pytest.importorskip("snorkel.labeling.model")
    L, _ = votes()
    theirs = snorkel.LabelModel(cardinality=3, verbose=False)
    theirs.fit(L, class_balance=balance, progress_bar=False, **{"seed": 0, **settings})
    model = ours_of(settings, class_prior=balance, n_classes=3).fit(L)
    assert_alike(model, theirs, L, 1e-3)


@pytest.mark.heavy
@pytest.mark.parametrize("n_classes", [2, 3])
def test_models_go_both_ways(n_classes):
    snorkel = pytest.importorskip("snorkel.labeling.model")
    L, truth = votes(n_classes=n_classes)
    model = SnorkelLabelModel(n_classes=n_classes, class_prior=[0.6, 0.4] if n_classes == 2 else None).fit(L)
    theirs = model.to_snorkel()
    assert isinstance(theirs, snorkel.LabelModel)
    assert_alike(model, theirs, L, 1e-5)
    assert theirs.score(L, truth)["accuracy"] > 0.6
    assert theirs.get_weights().shape == (5,)
    again = SnorkelLabelModel.from_snorkel(theirs, L)
    assert np.allclose(again.predict_proba(L), model.predict_proba(L), atol=1e-6)
    theirs.fit(L, progress_bar=False, seed=5)
    assert_alike(SnorkelLabelModel.from_snorkel(theirs, L), theirs, L, 1e-5)


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:Input has data type:FutureWarning")
def test_a_label_matrix_is_an_array_to_snorkel():
    labeling = pytest.importorskip("snorkel.labeling")
    model = pytest.importorskip("snorkel.labeling.model")
    L, truth = votes(n_classes=2)
    matrix = lk.LabelMatrix.of(L, names=[f"rule_{j}" for j in range(5)])
    ours, theirs = (model.LabelModel(verbose=False) for _ in range(2))
    ours.fit(matrix, progress_bar=False)
    theirs.fit(L, progress_bar=False)
    assert np.array_equal(ours.predict_proba(matrix), theirs.predict_proba(L))
    assert ours.score(matrix, truth) == theirs.score(L, truth)
    for voter in (model.MajorityLabelVoter(), model.MajorityClassVoter()):
        if hasattr(voter, "fit") and isinstance(voter, model.MajorityClassVoter):
            voter.fit(np.array([0.6, 0.4]))
        assert np.array_equal(voter.predict(matrix), voter.predict(L))
    summary, plain = (labeling.LFAnalysis(one).lf_summary(truth) for one in (matrix, L))
    assert summary.equals(plain)
    assert labeling.LFAnalysis(matrix).label_coverage() == labeling.LFAnalysis(L).label_coverage()


def test_other_models_of_snorkel_are_refused_in_words():
    L, _ = votes()
    unfitted = DropIn(cardinality=3, verbose=False)
    with pytest.raises(ModelError, match="not fitted"):
        SnorkelLabelModel.from_snorkel(unfitted, L)
    unfitted.fit(L, progress_bar=False)
    with pytest.raises(ModelError, match="of 5 rules and 3 classes, and the votes are of 4 and 3"):
        SnorkelLabelModel.from_snorkel(unfitted, L[:, :4])


def test_names_and_orders_of_rules_do_not_matter_to_what_is_taken_over():
    L, _ = votes()
    theirs = DropIn(cardinality=3, verbose=False)
    theirs.fit(L, progress_bar=False)
    matrix = lk.LabelMatrix.of(L, names=["e", "b", "d", "a", "c"], classes=["X", "Y", "Z"])
    model = SnorkelLabelModel.from_snorkel(theirs, matrix)
    assert model.class_names_ == ("X", "Y", "Z")
    assert_alike(model, theirs, L, 1e-6)
    reordered = matrix[["a", "b", "c", "d", "e"]]
    assert np.allclose(model.predict_proba(reordered), model.predict_proba(matrix), atol=1e-12)


def test_settings_by_rule_follow_their_rules():
    L, _ = votes(seed=4)
    precision = [0.9, 0.6, 0.8, 0.7, 0.65]
    order = [3, 0, 4, 1, 2]
    one = SnorkelLabelModel(prec_init=precision, n_classes=3).fit(L)
    other = SnorkelLabelModel(prec_init=[precision[j] for j in order], n_classes=3).fit(L[:, order])
    assert np.allclose(one.predict_proba(L), other.predict_proba(L[:, order]), atol=1e-6)


def test_it_learns_from_few_rules_and_leaves_the_global_state_alone():
    L, truth = votes(n_lfs=2)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - that it is left alone
    assert SnorkelLabelModel(n_classes=3).fit(L).score(L, truth) > 0.6
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_it_is_saved_and_read(tmp_path):
    L, _ = votes()
    model = SnorkelLabelModel(
        n_classes=3, prec_init=[0.7] * 5, lr_scheduler_config={"warmup_steps": 3, "warmup_unit": "epochs"}
    ).fit(L)
    assert np.array_equal(load_model(model.save(tmp_path / "m")).predict_proba(L), model.predict_proba(L))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"optimizer": "lbfgs"}, "Unrecognized optimizer option 'lbfgs'"),
        ({"lr_scheduler": "cosine"}, "Unrecognized lr scheduler option 'cosine'"),
        ({"prec_init": [0.7, 0.7]}, "prec_init must have shape 5"),
        ({"lr": 1e6}, "Loss is NaN"),
        ({"class_prior": [1.0, 0.0, 0.0]}, "not above 0"),
    ],
)
def test_wrong_settings_are_errors_in_words(wrong, said):
    L, _ = votes()
    with pytest.raises(ModelError, match=said):
        SnorkelLabelModel(**{"n_classes": 3, **wrong}).fit(L)


def test_steps_that_are_too_long_for_many_rules_are_an_error_and_shorter_ones_learn():
    L, truth = votes(n_rows=300, n_lfs=1_000, n_classes=2)
    with pytest.raises(ModelError, match="reducing learning rate"):
        SnorkelLabelModel().fit(L)
    assert SnorkelLabelModel(lr=1e-5, n_epochs=40).fit(L).score(L, truth) > 0.9

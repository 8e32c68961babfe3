"""The EM loop ends when it has converged, and the models of expectation maximisation all run it."""

from __future__ import annotations

import numpy as np
import pytest

from labelkit.label_models import IBCC, DawidSkene, LabelModel, LabelModelLike, MajorityVote, OneCoin
from labelkit.label_models._em import run_em


def halved(*, max_iter, tol):
    """A loop whose only parameter is halved in each step, beginning at 1."""
    return run_em(
        lambda rows: np.ones(1),
        m_step=lambda posterior: posterior(slice(0, 1)) / 2,
        e_step=lambda parameter: lambda rows: parameter,
        monitored=np.asarray,
        start=np.ones(1),
        max_iter=max_iter,
        tol=tol,
    )


@pytest.mark.parametrize(
    ("max_iter", "tol", "n_iter"), [(50, 0.1, 4), (3, 0.1, 3), (3, 0.0, 3), (0, 0.1, 1), (9, 1, 1)]
)
def test_em_ends_when_no_parameter_changes_by_the_tolerance_or_after_so_many_steps(max_iter, tol, n_iter):
    em = halved(max_iter=max_iter, tol=tol)
    assert em.n_iter == n_iter
    assert em.parameters.tolist() == [0.5**n_iter]


@pytest.mark.parametrize("Model", [DawidSkene, IBCC, OneCoin, LabelModel])
def test_one_loop_runs_every_model_of_expectation_maximisation(Model, monkeypatch):
    calls = []
    monkeypatch.setattr(
        f"{Model.__module__}.run_em", lambda *args, **kwargs: (calls.append(1), run_em(*args, **kwargs))[1]
    )
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, 300)
    votes = np.where(rng.random((300, 5)) < 0.8, gold[:, None], 1 - gold[:, None])
    assert Model().fit(votes).score(votes, gold) > 0.9
    assert calls == [1]


def test_likelihood_of_votes_does_not_fall_from_step_to_step():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 3, 500)
    votes = np.where(rng.random((500, 5)) < 0.7, gold[:, None], rng.integers(0, 3, (500, 5)))

    def log_likelihood(steps):
        model = DawidSkene(max_iter=steps, tol=0, diagonal=0, smoothing=1e-9, class_prior=[1 / 3] * 3).fit(votes)
        codes = dict(zip(model.column_codes_.tolist(), model.weights_, strict=True))
        scores = [sum(codes[j * 3 + vote] for j, vote in enumerate(row)) for row in votes[:, model.lf_order_].tolist()]
        return np.logaddexp.reduce(np.array(scores) - np.log(3), axis=1).sum()

    values = [log_likelihood(steps) for steps in (1, 2, 3, 5, 8, 20)]
    assert (np.diff(values) >= -1e-6).all()


def test_every_model_is_a_label_model_by_protocol():
    assert isinstance(MajorityVote(), LabelModelLike)
    assert not isinstance(object(), LabelModelLike)

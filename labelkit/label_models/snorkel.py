"""Snorkel's label model, trained as Snorkel trains it, from patterns of votes and without Snorkel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from labelkit._shared.memory import FOR_MANY_CLASSES, check_room
from labelkit._shared.optional import optional
from labelkit._shared.seed_streams import checked_seed
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ModelError
from labelkit.label_models._additive import AdditiveModel
from labelkit.label_models._class_prior import SourcedPrior
from labelkit.label_models._overlaps import shared_examples
from labelkit.label_models.moment_training import train
from labelkit.label_models.snorkel_settings import TrainConfig, merge_config

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from labelkit.label_models._class_prior import ClassPrior
    from labelkit.label_models._vote_table import VoteTable
    from labelkit.votes.gold import GoldCounts


@checks_keywords
class SnorkelLabelModel(AdditiveModel):
    """``snorkel.labeling.model.LabelModel``: its probabilities within 1e-3, from patterns of votes, without Snorkel.

    What it learns from is how often pairs of votes occur together; the training is Snorkel's, from the same start of
    the same seed, in 32-bit numbers. Fewer than three labeling functions are taken, too.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), or dict or Series by class, optional
        Snorkel's ``class_balance``; uniform if not given.
    n_epochs : int
    lr : float
        The learning rate.
    l2 : float
        Strength with which the parameters are drawn to their start.
    optimizer : {"sgd", "adam", "adamax"}
    optimizer_config : dict, optional
        Its settings, as Snorkel has them: ``{"sgd_config": {"momentum": 0.5}}``.
    lr_scheduler : {"constant", "linear", "exponential", "step"}
    lr_scheduler_config : dict, optional
        Its settings: ``{"warmup_steps": 10, "warmup_unit": "epochs"}``.
    prec_init : float or array-like of shape (n_lfs,)
        Precision of the rules at the start, in [0, 1].
    mu_eps : float, optional
        The least conditional probability; by default 0.01, or less where there are more examples.
    random_state : int
        Snorkel's ``seed``.
    n_classes : int, optional
        Number of classes, if the votes do not determine it.

    References
    ----------
    Ratner et al. (2017), Snorkel: rapid training data creation with weak supervision.
    https://doi.org/10.14778/3157794.3157797

    Examples
    --------
    >>> votes = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]] * 5)
    >>> SnorkelLabelModel().fit(votes).predict(votes)[:4].tolist()
    [0, 1, 0, 1]
    """

    learns_from_gold: ClassVar[bool] = False

    def __init__(
        self,
        *,
        class_prior: ClassPrior | None = None,
        n_epochs: int = 100,
        lr: float = 0.01,
        l2: float = 0.0,
        optimizer: str = "sgd",
        optimizer_config: Mapping[str, Any] | None = None,
        lr_scheduler: str = "constant",
        lr_scheduler_config: Mapping[str, Any] | None = None,
        prec_init: ArrayLike = 0.7,
        mu_eps: float | None = None,
        random_state: int = 0,
        n_classes: int | None = None,
    ) -> None:
        self.class_prior = class_prior
        self.n_epochs = n_epochs
        self.lr = lr
        self.l2 = l2
        self.optimizer = optimizer
        self.optimizer_config = optimizer_config
        self.lr_scheduler = lr_scheduler
        self.lr_scheduler_config = lr_scheduler_config
        self.prec_init = prec_init
        self.mu_eps = mu_eps
        self.random_state = random_state
        self.n_classes = n_classes

    def _learn(self, table: VoteTable, gold: GoldCounts) -> None:  # noqa: ARG002 - Snorkel's model does not use gold
        prior = SourcedPrior.given_or_even(self.class_prior, table.class_names)
        check_room(
            16.0 * (table.n_lfs * table.n_classes) ** 2, "the moments of all pairs of votes", hint=FOR_MANY_CLASSES
        )
        config = self._config()
        try:
            mu = train(_moments(table), prior.values, float(table.counts.sum()), config)
        except (ValueError, FloatingPointError) as error:
            raise ModelError(f"the model cannot be trained: {error}", hint="see the parameters of its class") from None
        self._set_weights(table, np.log(mu[table.codes].astype(np.float64)), prior)

    def _config(self) -> TrainConfig:
        """Return the settings, the precisions in the order in which the rules are learned from."""
        order, precision = self.lf_order_, np.asarray(self.prec_init, dtype=np.float64)
        config = {
            **{name: getattr(self, name) for name in ("n_epochs", "lr", "l2", "optimizer", "lr_scheduler", "mu_eps")},
            "prec_init": precision[order] if precision.ndim and len(precision) == len(order) else precision,
            "seed": checked_seed(self.random_state),
            "optimizer_config": dict(self.optimizer_config or {}),
            "lr_scheduler_config": dict(self.lr_scheduler_config or {}),
        }
        merged: TrainConfig = merge_config(TrainConfig(), config)
        return merged

    @property
    def _mu(self) -> NDArray[np.float64]:
        """P(vote | class), rules in the order of the input; shape (n_lfs * n_classes, n_classes)."""
        n_lfs, k = len(self.lf_order_), self.n_classes_
        mu = np.full((n_lfs * k, k), np.nan)
        mu[self.column_codes_] = np.exp(self.weights_)
        least = np.nanmin(mu, initial=0.01)
        by_rule = np.empty((n_lfs, k, k))
        by_rule[self.lf_order_] = np.where(np.isnan(mu), least, mu).reshape(n_lfs, k, k)
        return by_rule.reshape(-1, k)

    @classmethod
    def from_snorkel(cls, model: Any, matrix: Any) -> Self:
        """Take over what a label model of Snorkel, or of its drop-in, has learned; its probabilities stay the same.

        Parameters
        ----------
        model : snorkel.labeling.model.LabelModel
            It is fitted.
        matrix : LabelMatrix or array of shape (n_examples, n_lfs)
            Votes of the same rules in the same order, which name them and the classes; nothing is learned from them.

        Returns
        -------
        SnorkelLabelModel

        Raises
        ------
        ModelError
            If the model is not fitted, or of other numbers of rules or classes.

        Examples
        --------
        >>> from labelkit.interop.snorkel.labeling.model import LabelModel
        >>> L = np.array([[0, 0, -1], [1, 1, -1], [0, 0, 0], [1, -1, 1]])
        >>> theirs = LabelModel(verbose=False)
        >>> theirs.fit(L, seed=1, progress_bar=False)
        >>> ours = SnorkelLabelModel.from_snorkel(theirs, L)
        >>> bool(np.allclose(ours.predict_proba(L), theirs.predict_proba(L), atol=1e-6))
        True
        """
        if getattr(model, "mu", None) is None:
            raise ModelError("the label model of Snorkel is not fitted", hint="model.fit(L_train)")
        taken = cls(class_prior=[float(share) for share in model.p], n_classes=int(model.cardinality), n_epochs=0)
        taken.fit(matrix)
        mu = model.mu.detach().cpu().numpy() if hasattr(model.mu, "detach") else model.mu
        mu, k = np.asarray(mu, dtype=np.float64), taken.n_classes_
        if mu.shape != (len(taken.lf_order_) * k, k):
            raise ModelError(
                f"the label model of Snorkel is of {len(mu) // max(mu.shape[1], 1)} rules and {mu.shape[1]} classes, "
                f"and the votes are of {len(taken.lf_order_)} and {k}"
            )
        taken.column_codes_ = np.arange(len(mu))
        taken.weights_ = np.log(mu.reshape(-1, k, k)[taken.lf_order_].reshape(-1, k))
        return taken

    def to_snorkel(self) -> Any:
        """Return what was learned as a fitted ``snorkel.labeling.model.LabelModel``; needs the extra ``snorkel``.

        Its ``predict_proba``, ``predict``, ``score``, ``get_weights`` and ``save`` work as if it had been fitted there.
        """
        torch = optional("torch", extra="snorkel")  # a requirement of Snorkel's model, not of its package
        snorkel = optional("snorkel.labeling.model", extra="snorkel")
        model = snorkel.LabelModel(cardinality=self.n_classes_, verbose=False)
        mu, prior = self._mu, self.class_prior_
        model.m, model.t, model.n = len(self.lf_order_), 1, 0
        model.d = len(mu)
        model._create_tree()  # noqa: SLF001 - what Snorkel's fit sets before it learns
        model.p, model.P = prior.copy(), torch.diag(torch.Tensor(prior.copy()))
        model.mu = torch.nn.Parameter(torch.Tensor(mu.copy()))
        model.coverage = (mu @ prior).reshape(model.m, -1).sum(axis=1)
        return model


def _moments(table: VoteTable) -> NDArray[np.float32]:
    """Return the shares of examples that have both votes, of all pairs of (rule, class)."""
    shared = shared_examples(table)
    d = table.n_lfs * table.n_classes
    moments = np.zeros((d, d), dtype=np.float32)
    rows, columns = table.codes[shared.row], table.codes[shared.col]
    moments[rows, columns] = shared.data / table.counts.sum()
    return moments

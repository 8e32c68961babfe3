"""Compare label models: several are fitted on the same votes, shown side by side, and the simplest good one named.

With gold, each is judged on gold that it was not given (five folds), by the accuracy of covered examples. Votes alone
cannot judge: a model that foretells left-out votes best may have found what the functions have in common instead of the
classes (with four copies of a poor rule, one that is 37 points worse). Without gold the default model is named.

>>> from labelkit.label_models import DawidSkene, MajorityVote
>>> votes = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]] * 10)
>>> found = compare(votes, [MajorityVote(), DawidSkene()], gold=[0, 1, 0, 1] * 10)
>>> found.best, found.frame["accuracy"].tolist()
('MajorityVote', [1.0, 1.0])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd

from labelkit._shared.numbers import count, decimal, percent, wilson_interval
from labelkit._shared.protected_values import protects_values
from labelkit._shared.seed_streams import seeded
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import gold_of
from labelkit.analysis.simplest_model import simplest_unbeaten
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models import EVERY_MODEL, MODELS, ContentLabelModel, LabelModel, PatternLabelModel
from labelkit.label_models.content.feature_rows import feature_hashes, read_features
from labelkit.label_models.scikit_learn_estimator import unfitted
from labelkit.votes.gold import named_classes
from labelkit.votes.gold_beside import gold_was_judged
from labelkit.votes.hard_labels import hard_labels, tie_credit
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.metrics import brier_score, calibration_error, log_loss
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray

Model: TypeAlias = PatternLabelModel | ContentLabelModel

FOLDS: Final = 5
"""Parts of the gold that are left out in turn."""

SAME_LABELS: Final = 0.005
"""Difference in agreement up to which models label alike to a user."""

OF_CONTENT: Final = ContentLabelModel.__name__

ADVICE: Final = "give gold for a test of accuracy"

DEFAULT: Final = ("MajorityVote", "WeightedVote", "OneCoin", "DawidSkene", "LabelModel")


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class Comparison(HasFrame, ShownResult):
    """Label models side by side.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row for each model, the simplest first. With gold: ``accuracy`` with ``low`` and ``high`` (Wilson, 95%; a tie
        counts as its chance of being right), ``log_loss``, ``brier``, ``ece``, all on covered rows. Always:
        ``agreement``, the share of covered examples that it labels as majority vote does.
    best : str or None
        With gold, the simplest model that no more complex one surely beats. Without, the simplest if all label alike,
        else :class:`~labelkit.LabelModel`; None if that is not among them.
    reason : str
    ties : dict of str to int
        Covered examples with gold on which the most probable classes of a model are tied; empty without gold.
        ``model.evaluate`` gives these no label, and so counts them as wrong.
    """

    frame: pd.DataFrame
    best: str | None
    reason: str
    ties: Mapping[str, int] = field(default_factory=dict)

    def _page(self) -> ResultPage:
        rows = [
            [str(name), *map(decimal, row)]
            for name, row in zip(self.frame.index, self.frame.itertuples(index=False), strict=True)
        ]
        table = ResultTable(rows, ["", *map(str, self.frame.columns)], align="<>")
        return ResultPage(tables=[table], notes=[f"{self.best or 'none is named'}: {self.reason}", *self._of_ties()])

    def _of_ties(self) -> list[str]:
        tied = ", ".join(f"{name} {count(n)}" for name, n in self.ties.items() if n)
        if not tied:
            return []
        return [f"a tie counts here as its chance of being right, in evaluate as wrong; examples with one: {tied}"]


@checks_keywords
def compare(
    matrix: Any,
    models: Sequence[Model | str] | Mapping[str, Model] | None = None,
    gold: Any = None,
    *,
    features: Any = None,
    n_classes: int | None = None,
    random_state: int = 0,
) -> Comparison:
    """Fit several label models on the same votes and name the simplest that no more complex one surely beats.

    Parameters
    ----------
    matrix : LabelMatrix, array-like, or DataFrame
        Votes of shape (n_examples, n_lfs).
    models : list of label models or their names, or mapping from names, optional
        From simple to complex; majority vote, weighted vote, one coin, Dawid-Skene and the default if not given, and
        :class:`~labelkit.ContentLabelModel` behind them if there are features.
    gold : array-like, Series or dict by id, optional
        Trusted labels of some examples. Each model is judged on a fifth of them at a time, and learns from the others
        as in its ``fit(matrix, gold)``.
    features : array-like, scipy sparse matrix, DataFrame or CorpusFeatures of shape (n_examples, n_features), optional
        For ContentLabelModel, as its ``fit`` takes them. It is compared, as the others, on covered examples: that it
        labels uncovered ones, too, is not in the table.
    n_classes : int, optional
        How many classes there are, where the votes cannot tell.
    random_state : int
        For the folds and the bootstrap.

    Returns
    -------
    Comparison

    Raises
    ------
    ModelError
        If a name is unknown, no model is given, or the matrix is of vote patterns; if a model reads features, and there
        are none, or they do not fit.
    GoldError
        If fewer than ten covered examples have gold.

    Notes
    -----
    Each model is tested against all more complex ones together, from the simplest on, until one is not beaten
    (:mod:`labelkit.analysis.simplest_model`). The error rate is family-wise: that any model is passed over though none
    after it is better happens in at most about 5% of comparisons. That the named one is as good as the others is not
    shown: with few gold labels, it may well be worse.
    """
    if isinstance(matrix, VotePatterns):
        raise ModelError(
            "vote patterns know no examples to leave out", hint="compare(matrix) takes the label matrix", code="LK328"
        )
    rows = matrix if isinstance(matrix, LabelMatrix) else LabelMatrix.of(matrix, classes=n_classes)
    chosen = _models([*DEFAULT, OF_CONTENT] if models is None and features is not None else models)
    _check_features(chosen, features)
    agreement = _agreement(rows, chosen, features)
    if gold is None:
        return _by_votes(chosen, agreement)
    truth = gold_of(rows, gold)
    with gold_was_judged():
        return _by_gold(rows, chosen, agreement, truth, random_state, features)


def _models(models: Any) -> dict[str, Model]:
    given = DEFAULT if models is None else models
    if isinstance(given, Mapping):
        named = dict(given)
    else:
        instances = [_made(model) if isinstance(model, str) else model for model in given]
        named = {_free_name(type(model).__name__, i, instances): model for i, model in enumerate(instances)}
    if not named:
        raise ModelError("there is no model to compare", hint=f"known: {', '.join(EVERY_MODEL)}", code="LK405")
    return named


def _made(name: str) -> Model:
    if name not in EVERY_MODEL:
        raise ModelError(f"{name!r} is not a label model", hint=f"known: {', '.join(EVERY_MODEL)}", code="LK405")
    model: Model = EVERY_MODEL[name]()
    return model


def _check_features(models: Mapping[str, Model], features: Any) -> None:
    """Refuse a model that reads features where there are none."""
    without = [name for name, model in models.items() if isinstance(model, ContentLabelModel)]
    if without and features is None:
        raise ModelError(
            f"{without[0]} reads features of the examples beside their votes, and none are given",
            hint="compare(matrix, models, gold, features=labelkit.read_features(corpus, column))",
            code="LK406",
        )


def _free_name(name: str, place: int, models: Sequence[Model]) -> str:
    """The class's name, with a number where it stands several times."""
    same = [i for i, model in enumerate(models) if type(model).__name__ == name]
    return name if len(same) == 1 else f"{name} {same.index(place) + 1}"


def _agreement(rows: LabelMatrix, models: Mapping[str, Model], features: Any) -> dict[str, float]:
    majority = MODELS["MajorityVote"]().fit(rows).predict(rows)[rows.covered]
    labels = {name: _predicted(unfitted(model), rows, features)[rows.covered] for name, model in models.items()}
    return {name: float(np.mean(hard == majority)) if len(hard) else float("nan") for name, hard in labels.items()}


def _predicted(model: Model, rows: LabelMatrix, features: Any) -> NDArray[np.int64]:
    if isinstance(model, ContentLabelModel):
        return model.fit(rows, features).predict(rows, features)
    return model.fit(rows).predict(rows)


# With gold ------------------------------------------------------------------------------------------------------------


def _by_gold(
    rows: LabelMatrix,
    models: Mapping[str, Model],
    agreement: Mapping[str, float],
    gold: NDArray[np.int64],
    random_state: int,
    features: Any,
) -> Comparison:
    with_gold = np.flatnonzero((gold >= 0) & rows.covered)
    if len(with_gold) < 2 * FOLDS:
        raise GoldError(
            f"{len(with_gold)} covered examples have gold, and a comparison needs at least {2 * FOLDS}",
            hint="compare(matrix) shows without gold how far the models agree",
            code="LK329",
        )
    rng = seeded(random_state)
    group = np.arange(len(with_gold)) if features is None else _copies(features, rows, with_gold)
    fold = rng.permutation(np.arange(group.max() + 1) % FOLDS)[group]
    credit, lines, ties = {}, {}, {}
    for name, model in models.items():
        truth = gold[with_gold]
        proba = _held_out(model, rows, features, np.where(rows.covered, gold, -1), fold)
        credit[name] = tie_credit(proba, truth)
        ties[name] = int((hard_labels(proba) < 0).sum())
        low, high = wilson_interval(credit[name].sum(), len(with_gold))
        lines[name] = {
            "accuracy": float(credit[name].mean()),
            "low": float(low),
            "high": float(high),
            "log_loss": log_loss(proba, truth),
            "brier": brier_score(proba, truth),
            "ece": calibration_error(proba, truth),
            "agreement": agreement[name],
        }
    means = {name: float(values.mean()) for name, values in credit.items()}
    top = max(means, key=lambda name: means[name])
    best = list(models)[simplest_unbeaten(np.stack([*credit.values()], axis=1), group, rng)]
    reason = f"right on {percent(means[best])} of {len(with_gold):,} covered examples with gold"
    if means[best] < means[top]:
        reason += f", simpler than {top} ({percent(means[top])}), which is not surely better"
    return Comparison(pd.DataFrame.from_dict(lines, orient="index"), best, reason, ties)


def _copies(features: Any, rows: LabelMatrix, some: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the distinct features of some examples, by their first one; rows of zeros are all distinct."""
    hashes = feature_hashes(read_features(features, rows.examples)[some]).tolist()
    number: dict[Any, int] = {}
    return np.array([number.setdefault(one or ("none", i), len(number)) for i, one in enumerate(hashes)], np.int64)


def _held_out(
    model: Model, rows: LabelMatrix, features: Any, gold: NDArray[np.int64], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the probabilities of the examples with gold, by copies of a model without the gold of their fold."""
    if not isinstance(model, ContentLabelModel):
        return model.held_out_proba(rows, named_classes(gold, rows.class_names), fold)
    example = np.flatnonzero(gold >= 0)
    proba = np.zeros((len(example), rows.n_classes))
    for number in range(FOLDS):
        left_out = example[fold == number]
        rest = named_classes(gold, rows.class_names)
        rest[left_out] = None
        proba[fold == number] = unfitted(model).fit(rows, features, rest).predict_proba(rows, features)[left_out]
    return proba


# Without gold ---------------------------------------------------------------------------------------------------------


def _by_votes(models: Mapping[str, Model], agreement: Mapping[str, float]) -> Comparison:
    """Name the default model, unless the simplest labels alike; votes cannot tell which of several is right."""
    frame = pd.DataFrame({"agreement": agreement})
    default = next((name for name, model in models.items() if isinstance(model, LabelModel)), None)
    simplest = next(iter(models))
    differ = [name for name in models if not abs(agreement[name] - agreement[simplest]) < SAME_LABELS]
    if not differ or all(np.isnan(list(agreement.values()))):
        return Comparison(frame, simplest, "all label alike; it is the simplest")
    if default is None:
        return Comparison(frame, None, f"votes alone cannot tell which is right; {ADVICE}")
    return Comparison(
        frame, default, f"the default, since votes alone cannot tell which is right: it leads on public sets; {ADVICE}"
    )

"""Decide on a class for each pattern of votes: for most right labels, for F1, for macro F1, or by costs.

All decide by the probabilities of the classes, which are taken as right. Examples are grouped by pattern, with a count:
the examples of a group get the same class.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from labelkit._shared.computed_rows import Rows, rows_at
from labelkit._shared.user_errors import warn
from labelkit.exceptions import ModelError
from labelkit.votes.alignment import has_index
from labelkit.votes.given_class import class_of_key, given_class
from labelkit.votes.hard_labels import Ties, hard_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Costs: TypeAlias = ArrayLike | Mapping[Any, Mapping[Any, float]]

Objective: TypeAlias = Literal["accuracy", "f1", "macro_f1"]

PRIOR_GIVEN: Final = "a statement of the user"
"""Where a class prior comes from that was given as numbers."""

PRIOR_OF_GOLD: Final = "the gold that the model was fitted with"
"""Where a class prior comes from that gold gives."""

PRIOR_OF_GOLD_AND_VOTES: Final = f"{PRIOR_OF_GOLD}, and the votes"
"""Where a class prior comes from that a model learned with gold."""

PRIOR_OF_VOTES: Final = "the votes alone"
"""Where a class prior comes from that a model learned without gold."""

PRIOR_EXPECTED: Final = "the expected labels of rows with a vote, by the votes alone"
"""Where the shares come from that a model without a class prior expects; they are a result, no input."""

PRIOR_OF_CONTENT: Final = "the votes and the content of examples"
"""Where the prior of examples without votes comes from, in a model that reads them, without gold."""

PRIOR_EVEN: Final = "no knowledge: it is even"
"""Where a class prior comes from that a model takes as the same for all classes."""

STEP: Final = 0.1
"""Between nodes of the integral over log s; the trapezoidal rule has 12 digits there."""

ROUNDS: Final = 100
"""Rounds of moves for macro F1."""


def decide(
    proba: Rows,
    index: NDArray[np.int64],
    *,
    counts: NDArray[np.int64],
    class_names: Sequence[str],
    objective: Objective,
    positive: Any,
    costs: Costs | None,
    ties: Ties,
    random_state: int,
    prior_source: str | None,
) -> NDArray[np.int64]:
    """Decide on a class for each example; see :meth:`labelkit.ProbabilisticLabels.hard`.

    Parameters
    ----------
    proba : ndarray or ComputedRows of shape (n_patterns, n_classes)
    index : ndarray of int64, shape (n_examples,)
        The pattern of each example.
    counts : ndarray of int64, shape (n_patterns,)
        How many examples count for the objective; 0 for a pattern without votes.

    Returns
    -------
    ndarray of int64, shape (n_examples,)
        -1 for ties.
    """
    if objective not in get_args(Objective):
        raise ModelError(
            f"objective={objective!r} is not one of 'accuracy', 'f1', 'macro_f1'",
            hint="costs= takes a matrix of costs",
            code="LK410",
        )
    if costs is not None and objective != "accuracy":
        raise ModelError(
            "costs and an objective are two answers to the same question", hint="give one of them", code="LK410"
        )
    if positive is not None and objective != "f1":
        raise ModelError(
            f"positive={positive!r} is of objective='f1' alone", hint="hard(objective='f1', positive=...)", code="LK410"
        )
    if objective == "accuracy" and costs is None:
        return _by_pattern(proba, index, ties, random_state)
    _warn_of_guessed_prior(prior_source)
    used, place = np.unique(index, return_inverse=True)
    rows, weight = np.asarray(rows_at(proba, used), dtype=np.float64), counts[used].astype(np.float64)
    if costs is not None:
        gains = _gains(rows, checked_costs(costs, class_names))
        return _by_pattern(gains, place, ties, random_state)
    covered = np.flatnonzero(weight > 0)
    classes = np.full(len(rows), -1, dtype=np.int64)
    if len(covered) and objective == "f1":
        classes[covered] = f1_decisions(rows[covered], weight[covered], _positive(positive, class_names))
    elif len(covered):
        classes[covered] = macro_f1_decisions(rows[covered], weight[covered])
    return np.asarray(classes[place])


def _by_pattern(scores: Rows, index: NDArray[np.int64], ties: Ties, random_state: int) -> NDArray[np.int64]:
    """Return the class of the highest score of each example, looking at each pattern that occurs once."""
    if ties == "random":
        return hard_labels(rows_at(scores, index), ties=ties, random_state=random_state)
    if len(index) < len(scores):
        used, place = np.unique(index, return_inverse=True)
        return hard_labels(rows_at(scores, used), ties=ties)[place]
    return hard_labels(scores, ties=ties)[index]


def _warn_of_guessed_prior(source: str | None) -> None:
    if source in {PRIOR_OF_VOTES, PRIOR_EXPECTED, PRIOR_OF_CONTENT, PRIOR_EVEN}:
        warn(
            f"the class prior behind these probabilities is from {source}, and decisions for F1 or by costs are only "
            "as right as it is. Hint: label 50 examples drawn at random, and fit "
            "LabelModel(class_prior=labelkit.estimate_prior(gold, matrix))",
            code="LK416",
        )


# F1 -------------------------------------------------------------------------------------------------------------------


def expected_f1(p: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the expected F1 of labeling the first examples positive, for each number of groups that are.

    Parameters
    ----------
    p : ndarray of shape (n_groups,)
        The probability of the positive class, the highest first.
    counts : ndarray of shape (n_groups,)
        Examples in each group.

    Returns
    -------
    ndarray of shape (n_groups + 1,)
        With none, one, two, ... groups labeled positive. F1 is 1 where nothing is positive, nor labeled so.

    Notes
    -----
    Classes are independent given the probabilities, so that P, the number of positives, is a sum of Bernoulli trials.
    With m examples labeled positive, E[2 TP / (m + P)] is the sum over these of 2 p_i E[1 / (m + 1 + P_-i)], P_-i the
    number of other positives, and E[1 / (a + P)] the integral over t in [0, 1] of t^(a - 1) prod_j (1 - p_j + p_j t).
    With t = exp(-exp(u)) the trapezoidal rule is exact to rounding. No approximation of a large number of examples, nor
    time that grows with its square.

    References
    ----------
    Ye, Chai, Lee, Chieu (2012), Optimizing F-measure: a tale of two approaches (the expectation, in quadratic time).
    https://doi.org/10.48550/arXiv.1206.4625

    Examples
    --------
    >>> expected_f1(np.array([0.5]), np.array([1.0])).round(6).tolist()
    [0.5, 0.5]
    """
    p = np.minimum(p, 1 - 1e-12)  # a logarithm of 0 would be a vanishing integrand all the same
    labeled = np.cumsum(counts)
    nodes = np.arange(np.log(1e-10 / (labeled[-1] + 1)), np.log(60.0), STEP)
    expected = np.zeros(len(p))
    for u in nodes:
        s = np.exp(u)
        t = np.exp(-s)
        each = 1 - p * -np.expm1(-s)  # 1 - p + p t
        log_all = float((counts * np.log(each)).sum())
        share = np.cumsum(counts * p / each)
        # dt = t s du
        expected += 2 * STEP * s * share * np.exp(log_all - (labeled + 1) * s)
        if t == 0.0:
            break
    none = float(np.exp((counts * np.log1p(-p)).sum()))
    return np.append(none, expected)


def f1_decisions(proba: NDArray[np.float64], counts: NDArray[np.float64], positive: int) -> NDArray[np.int64]:
    """Label the groups for the highest expected F1 of one class; the others get the most probable other class.

    Parameters
    ----------
    proba : ndarray of shape (n_groups, n_classes)
    counts : ndarray of shape (n_groups,)
    positive : int

    Returns
    -------
    ndarray of int64, shape (n_groups,)
        The positive class goes to the most probable groups (Lewis 1995, https://doi.org/10.1145/215206.215366).

    Examples
    --------
    >>> f1_decisions(np.array([[0.3, 0.7], [0.6, 0.4], [0.9, 0.1]]), np.ones(3), 1).tolist()
    [1, 1, 0]
    """
    p = proba[:, positive]
    threshold = _f1_threshold(p, counts)
    others = proba.copy()
    others[:, positive] = -1.0
    return np.where(p >= threshold, positive, others.argmax(axis=1))


def _f1_threshold(p: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    values, group = np.unique(-p, return_inverse=True)
    expected = expected_f1(-values, np.bincount(group, weights=counts).astype(np.float64))
    best = int(expected.argmax())
    return float("inf") if best == 0 else float(-values[best - 1])


def macro_f1_decisions(proba: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Label the groups for the highest mean over classes of 2 E[TP] / (E[labeled] + E[true]).

    Parameters
    ----------
    proba : ndarray of shape (n_groups, n_classes)
    counts : ndarray of shape (n_groups,)

    Returns
    -------
    ndarray of int64, shape (n_groups,)

    Notes
    -----
    From several starts, groups move to another class as long as that raises the objective: as many at a time of those
    that gain most as raise it together. The result is never worse, by the expectation, than the most probable class,
    and no move of a single group makes it better. The ratio of expectations takes the place of the expected ratio,
    from which it differs the less the more examples there are.

    References
    ----------
    Narasimhan, Ramaswamy, Saha, Agarwal (2015), Consistent multiclass algorithms for complex performance measures.
    https://proceedings.mlr.press/v37/narasimhanb15.html

    Koyejo, Natarajan, Ravikumar, Dhillon (2015), Consistent multilabel classification.
    https://papers.nips.cc/paper/5883-consistent-multilabel-classification

    Examples
    --------
    >>> macro_f1_decisions(np.array([[0.9, 0.1], [0.9, 0.1], [0.65, 0.35]]), np.ones(3)).tolist()
    [0, 0, 1]
    """
    true = counts @ proba
    starts = (proba, proba / np.maximum(true, 1e-12), proba / np.maximum(true, 1e-12) ** 0.5)
    best = [_climbed(proba, counts, start.argmax(axis=1)) for start in starts]
    return max(best, key=lambda labels: _f1_of(proba, counts, labels)[0].mean())


def _climbed(proba: NDArray[np.float64], counts: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move groups to other classes until no move of one raises macro F1."""
    for _ in range(ROUNDS):
        f1, right, size = _f1_of(proba, counts, labels)
        gains = _gains_of_moves(proba, counts, labels, f1, right, size)
        target, gain = gains.argmax(axis=1), gains.max(axis=1)
        movers = np.flatnonzero(gain > 1e-12)
        movers = movers[np.argsort(-gain[movers], kind="stable")]
        while len(movers):
            moved = labels.copy()
            moved[movers] = target[movers]
            if _f1_of(proba, counts, moved)[0].mean() > f1.mean():
                labels = moved
                break
            movers = movers[: len(movers) // 2]
        else:
            break
    return labels


def _gains_of_moves(
    proba: NDArray[np.float64],
    counts: NDArray[np.float64],
    labels: NDArray[np.int64],
    f1: NDArray[np.float64],
    right: NDArray[np.float64],
    size: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what the sum of F1 gains if one group moves to each class; 0 for its own."""
    of_group = counts[:, None] * proba
    rows = np.arange(len(labels))
    gained = 2 * (right + of_group) / (size + counts[:, None]) - f1
    left = np.maximum(size[labels] - counts, 1e-12)
    lost = 2 * (right[labels] - of_group[rows, labels]) / left - f1[labels]
    gains = gained + lost[:, None]
    gains[rows, labels] = 0.0
    return np.asarray(gains)


def _f1_of(
    proba: NDArray[np.float64], counts: NDArray[np.float64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the F1 of each class by expectations, its expected right labels, and labels and examples added up."""
    n_classes = proba.shape[1]
    hit = counts * proba[np.arange(len(labels)), labels]
    right = np.bincount(labels, weights=hit, minlength=n_classes).astype(np.float64)
    size = np.maximum(np.bincount(labels, weights=counts, minlength=n_classes) + counts @ proba, 1e-12)
    return 2 * right / size, right, size


def _positive(positive: Any, class_names: Sequence[str]) -> int:
    """Return the number of the class that F1 is of."""
    if positive is None and len(class_names) == 2:
        return 1
    if positive is None:
        raise ModelError(
            "objective='f1' is of one class, and names no class",
            hint=f"positive={class_names[-1]!r}, one of {', '.join(class_names[:12])}; of all, objective='macro_f1'",
            code="LK410",
        )
    return given_class(positive, class_names, "positive", error=ModelError, code="LK410")


# Costs ----------------------------------------------------------------------------------------------------------------


def checked_costs(costs: Costs, class_names: Sequence[str]) -> NDArray[np.float64]:
    """Bring costs into the order of the classes; shape (n_classes, n_classes), rows true, columns decided.

    Raises
    ------
    ModelError
        If the shape does not fit, a name is no class, or a cost is not a finite number.

    Examples
    --------
    >>> checked_costs({"SPAM": {"HAM": 10}}, ["HAM", "SPAM"]).tolist()
    [[0.0, 1.0], [10.0, 0.0]]
    """
    hint = f"rows are true classes, columns decided ones, in the order {', '.join(class_names[:6])}; or a dict of dict"
    try:
        if isinstance(costs, Mapping) or (has_index(costs) and hasattr(costs, "columns")):
            table = _costs_by_name(costs, class_names)
        else:
            table = np.asarray(costs, dtype=np.float64)
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"costs={costs!r:.200} is no matrix of numbers", hint=hint, code="LK410") from None
    if table.shape != (len(class_names), len(class_names)):
        raise ModelError(
            f"costs has shape {table.shape}, but there are {len(class_names)} classes", hint=hint, code="LK410"
        )
    if not np.isfinite(table).all():
        raise ModelError(
            "costs holds a number that is not finite", hint="give a mistake that must not be a high cost", code="LK410"
        )
    return table


def _costs_by_name(costs: Any, class_names: Sequence[str]) -> NDArray[np.float64]:
    """Fill a table from names; what is not named costs 1, and a right label 0."""
    by_true = costs if isinstance(costs, Mapping) else costs.to_dict(orient="index")
    table = 1.0 - np.eye(len(class_names))
    number_of = partial(class_of_key, class_names=class_names, what="costs", error=ModelError, code="LK410")
    for true, of_true in by_true.items():
        for decided, cost in of_true.items():
            table[number_of(true), number_of(decided)] = float(cost)
    return table


def _gains(proba: NDArray[np.float64], costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each decision saves, scaled so that a tolerance of probabilities serves for ties."""
    scale = float(np.abs(costs).max(initial=0.0)) or 1.0
    return np.asarray(-(proba @ (costs / scale)))

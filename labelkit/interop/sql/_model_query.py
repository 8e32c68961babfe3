"""Write the probabilities and labels of a fitted label model as steps of a query over votes.

The steps are common table expressions that build on each other; rules are ``v0, v1, ...`` and classes ``0, 1, ...`` in
their names, so that no name of a user can collide with them. They are written once, in the dialect of DuckDB, and
spelled for each engine by sqlglot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from labelkit.votes.hard_labels import RUNNER_UP, TIE_TOLERANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.label_models.fitted_formula import FittedFormula
    from labelkit.label_models.formula import ScoreFormula, VoteSum

LEAST_LOG: Final = -700.0
"""The lowest logarithm whose exponential is a normal number; some engines raise below it."""


Step: TypeAlias = tuple[str, list[str], str]
"""The name of a step, the columns that it adds, and the step before it."""


def label_steps(model: FittedFormula, n_lfs: int) -> list[Step]:
    """Return the steps behind ``votes``; the last one, ``answers``, has p0, p1, ... and best."""
    k = range(len(model.class_names))
    scores = [f"{_score(model.scores, y)} AS s{y}" for y in k] + [f"{_voted(n_lfs, y)} AS c{y}" for y in k]
    exps = [f"EXP({_greatest([f's{y} - top', _number(LEAST_LOG)])}) AS e{y}" for y in k]
    total, covered = " + ".join(f"e{y}" for y in k), " + ".join(f"c{y}" for y in k)
    prior = map(_number, model.class_prior)
    proba = [
        f"CASE WHEN {covered} = 0 THEN {uncovered} ELSE h{y} END AS p{y}" for y, uncovered in zip(k, prior, strict=True)
    ]
    tied = " + ".join(f"CASE WHEN p{y} >= high - {_number(TIE_TOLERANCE)} THEN 1 ELSE 0 END" for y in k)
    best = " ".join(f"WHEN p{y} = high THEN {y}" for y in k)
    return [
        ("scores", scores, "votes"),
        ("tops", [f"{_greatest(f's{y}' for y in k)} AS top"], "scores"),
        ("exponentials", exps, "tops"),
        ("free", [f"e{y} / ({total}) AS q{y}" for y in k], "exponentials"),
        *_held_steps(len(k), free=model.free),
        ("probabilities", proba, "held"),
        ("likeliest", [f"{_greatest(f'p{y}' for y in k)} AS high"], "probabilities"),
        ("answers", [f"CASE WHEN {covered} = 0 OR {tied} > 1 THEN NULL {best} END AS best"], "likeliest"),
    ]


def _held_steps(n_classes: int, *, free: bool) -> list[Step]:
    """Lower classes without a vote to the most probable class that has one, as label models do."""
    k, gap, zero = range(n_classes), _number(RUNNER_UP), _number(0.0)
    if free:
        return [("held", [f"q{y} AS h{y}" for y in k], "free")]
    most = _greatest(f"CASE WHEN c{y} > 0 THEN q{y} ELSE {zero} END" for y in k)
    others = [f"CASE WHEN c{y} > 0 THEN {zero} ELSE q{y} END AS o{y}" for y in k]
    total, rest = " + ".join(f"l{y}" for y in k), " + ".join(f"r{y}" for y in k)
    near = f"{_greatest(f'n{y}' for y in k)} - {gap}"
    runners = [f"n{y} - CASE WHEN o{y} > 0 AND n{y} > {near} THEN {gap} ELSE {zero} END AS r{y}" for y in k]
    is_held = f"most > 0 AND {_greatest(f'o{y}' for y in k)} > most - {gap}"
    return [
        ("voted", [f"{most} AS most", *others], "free"),
        ("lowered", [f"LEAST(q{y}, most) AS l{y}" for y in k], "voted"),
        ("evened", [f"l{y} / CASE WHEN most > 0 THEN {total} ELSE 1 END AS n{y}" for y in k], "lowered"),
        ("runners_up", runners, "evened"),
        ("held", [f"CASE WHEN {is_held} THEN r{y} / ({rest}) ELSE q{y} END AS h{y}" for y in k], "runners_up"),
    ]


def _voted(n_lfs: int, y: int) -> str:
    """Count the votes for a class."""
    return " + ".join(f"CASE WHEN v{j} = {y} THEN 1 ELSE 0 END" for j in range(n_lfs))


def _score(formula: ScoreFormula, y: int) -> str:
    parts = [_number(formula.prior[y]), *(_sum(formula, one, y) for one in formula.sums)]
    score = " + ".join(parts)
    if formula.scale is not None:
        t, u, weights = formula.scale
        votes = _greatest([_weighted(formula, weights), _number(1.0)])
        score = f"EXP({_number(t)} + {_number(u)} * LN({votes})) * ({score})"
    if formula.offsets is not None:
        score = f"{score} + {_number(formula.offsets[y])}"
    return score if formula.after is None else f"{score} + {_sum(formula, formula.after, y)}"


def _sum(formula: ScoreFormula, one: VoteSum, y: int) -> str:
    total = f"({_weighted(formula, one.weights[:, y])})"
    if one.slopes is not None or one.log_weight:
        slope = 1.0 if one.slopes is None else float(one.slopes[y])
        total = f"({_number(slope)} * {total} + {_number(one.log_weight)} * LN({_number(1.0)} + {total}))"
    if one.divided_by is None:
        return total
    correlation, weights = one.divided_by
    more = _greatest([f"{_weighted(formula, weights)} - {_number(1.0)}", _number(0.0)])
    return f"{total} / ({_number(1.0)} + {_number(correlation)} * {more})"


def _weighted(formula: ScoreFormula, weights: NDArray[np.float64]) -> str:
    """Sum the weights of an example's votes: a CASE for each rule that has any."""
    terms = [_number(0.0)]
    for j in np.unique(formula.lf).tolist():
        cases = [
            f"WHEN {formula.label[column]} THEN {_number(weights[column])}"
            for column in np.flatnonzero((formula.lf == j) & (weights != 0)).tolist()
        ]
        if cases:
            terms.append(f"CASE v{j} {' '.join(cases)} ELSE {_number(0.0)} END")
    return " + ".join(terms)


def _greatest(values: Iterable[str]) -> str:
    several = list(values)
    return several[0] if len(several) == 1 else f"GREATEST({', '.join(several)})"


def _number(value: float) -> str:
    return f"CAST('{float(value)!r}' AS DOUBLE)"

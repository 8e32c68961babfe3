"""Labels from logs: rates with and without weights by propensity, propensities, and the mean of a model's probabilities.

python -m tests.benchmarks.honesty.logs --repeats 200
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main, row

IMPRESSIONS, POSITIONS = 30_000, 5
FEATURES = ["same_topic", "item_score"]


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate logs with a planted position bias, of which a tenth, or a fiftieth, is at random positions."""
    return [line for share in (0.1, 0.02) for line in log_rows(repeats, random_state, IMPRESSIONS, share)]


def log_rows(repeats: int, random_state: int, n: int, share: float) -> Iterator[dict[str, Any]]:
    """Estimate what is known of each log; one that is too small for propensities is left out."""
    logs = [_estimates(n, share, 1_000 * random_state + repeat) for repeat in range(repeats)]
    for name in logs[0]:
        values = np.array([one for log in logs for one in log.get(name, ())], dtype=np.float64)
        scenario = f"{share:.0%} randomised, {name}"
        if values.shape[1] == 4:
            yield interval_row(scenario, n, n * share, *values.T)
        else:
            yield row(scenario, n, n * share, bias=float(np.mean(values[:, 1] - values[:, 0])))


def _estimates(n: int, share: float, seed: int) -> dict[str, list[tuple[float, ...]]]:
    """Return truth, estimate and interval, or truth and estimate, of all that is estimated of one log."""
    log = lk.engagement_log(n, n_positions=POSITIONS, randomised=share, random_state=seed)
    options = {"impression": "impression", "action": ["like", "comment"], "id": "id", "bots": "100/1h"}
    natural = lk.natural_labels(log.events, keep=FEATURES, clip=0.02, **options)
    truth = log.impressions.to_pandas().set_index("id").loc[natural.rows()["id"].to_pylist()]
    if natural.propensities is None:
        return {}
    planted = truth.groupby("position")["like_relevance"].mean()
    rates = natural.rates("like", by="position")
    whole, mean = natural.rates("like").iloc[0], truth["like_relevance"].mean()
    frame = natural.propensities.to_pandas().iloc[1:]
    values = {
        "rate as it is": [(mean, whole["rate"], whole["low"], whole["high"])],
        "weighted rate": [(mean, *whole[["weighted_rate", "weighted_low", "weighted_high"]])],
        "rate at a position": _columns(planted, rates, "rate", "low", "high"),
        "weighted rate at a position": _columns(planted, rates, "weighted_rate", "weighted_low", "weighted_high"),
        "propensity": _columns(pd.Series(1 / frame.index, frame.index), frame, "propensity", "low", "high"),
    }
    return {**values, **{f"model, {name}": [(mean, p)] for name, p in _models(natural, truth)}}


def _columns(truth: Any, frame: Any, *names: str) -> list[tuple[float, ...]]:
    return list(zip(truth, *(frame[name] for name in names), strict=True))


def _models(natural: lk.NaturalLabels, truth: Any) -> Iterator[tuple[str, float]]:
    for name, unbiased, weighted in (("no weights", 0, 0), ("weights of positives", 0, 1), ("unbiased rows", 1, 1)):
        frame = natural.examples("like", columns=FEATURES, unbiased=bool(unbiased)).to_pandas()
        weight = frame["weight"] if weighted else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=1e6).fit(frame[FEATURES].astype(float), frame["label"], sample_weight=weight)
        yield name, float(model.predict_proba(truth[FEATURES].astype(float))[:, 1].mean())


if __name__ == "__main__":
    main(rows)

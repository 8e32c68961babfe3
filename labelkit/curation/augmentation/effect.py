"""Measure what augmentation brings: an end model with and without made examples, on gold that neither has learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from scipy.special import stdtrit

from labelkit._shared.numbers import count, decimal, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.protected_values import protects_values
from labelkit._shared.seed_streams import seed_stream
from labelkit._shared.tables import HasFrame, ResultPage, ResultTable, ShownResult
from labelkit._shared.time_limit import TIME_LIMIT
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.apply.voting_options import OnFault
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.made_rows import MADE_FROM
from labelkit.corpus.rows_at import examples_at
from labelkit.curation.augmentation.augmenting import augment
from labelkit.curation.augmentation.vote_check import Check, VoteChange
from labelkit.end_models.end_model import train_end_model
from labelkit.exceptions import AnalysisError
from labelkit.votes.given_labels import checked_labels
from labelkit.votes.gold_beside import gold_of_labels
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.training_set import Weight

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SHARE: Final = 0.8
"""Part of the rows that each seed trains on, at most."""

FEWEST_GOLD: Final = 10

PHRASES: Final = {
    "helps": "augmentation helps",
    "repeats": "augmentation helps no more than repeating the originals",
    "harms": "augmentation harms",
    "none": "augmentation does not help",
}
NOTES: Final = {
    "helps": "",
    "repeats": "Further rows weigh more against the penalty of the model: a weaker penalty may bring the same.",
    "harms": "",
    "repetition harms": "Repeating the originals harms as much: that is the weight of further rows, not the changes.",
    "none": "The interval of the accuracy's difference holds 0: no effect is shown.",
}


@checks_keywords
@protects_values
@dataclass(frozen=True, eq=False, repr=False)
class AugmentationEffect(HasFrame, ShownResult):
    """An end model with and without made examples; made by :func:`labelkit.augmentation_effect`.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row for ``accuracy`` and for ``log_loss``: ``without``, ``repeated`` (each made example replaced by its
        original) and ``with``; the ``difference`` of with and without, and its interval, ``low`` to ``high``; that of
        with and repeated, ``over_repeated``, with ``over_repeated_low`` and ``over_repeated_high``.
    by_seed : pandas.DataFrame
        The same figures for each seed, with the number of examples ``made``.
    n_seeds, n_gold, n_rows : int
        Seeds, gold examples that judge, and originals that each seed trained on.
    confidence : float
    """

    frame: pd.DataFrame
    by_seed: pd.DataFrame
    n_seeds: int
    n_gold: int
    n_rows: int
    confidence: float

    @property
    def verdict(self) -> str:
        """Return ``"helps"``, ``"repeats"``, ``"harms"`` or ``"none"``, by the accuracy.

        It helps if the intervals of both differences lie above 0. If only that to no augmentation does, repeating the
        originals may bring the same. It harms if that interval lies below 0.
        """
        low, high = float(self.frame["low"]["accuracy"]), float(self.frame["high"]["accuracy"])
        if low > 0:
            return "helps" if float(self.frame["over_repeated_low"]["accuracy"]) > 0 else "repeats"
        return "harms" if high < 0 else "none"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dict(
            plain_value(
                {
                    "verdict": self.verdict,
                    "figures": {str(name): row for name, row in self.frame.to_dict("index").items()},
                    "by_seed": self.by_seed.to_dict("records"),
                    "seeds": self.n_seeds,
                    "gold": self.n_gold,
                    "rows": self.n_rows,
                    "confidence": self.confidence,
                }
            )
        )

    def _page(self) -> ResultPage:
        n_made = count(round(float(self.by_seed["made"].mean())))
        seeds, originals = plural(self.n_seeds, "seed"), plural(self.n_rows, "original")
        data = f"{seeds}, each with {originals} and {n_made} made examples"
        lead = f"{PHRASES[self.verdict]}: {data}, judged on {plural(self.n_gold, 'gold example')}"
        interval = f"{self.confidence:.0%} interval"
        heads = ["", "without", "with", "difference", interval, "repeated", "over repeated", interval]
        rows = [
            [
                str(name).replace("_", "-"),
                decimal(row["without"]),
                decimal(row["with"]),
                decimal(row["difference"]),
                f"{decimal(row['low'])} to {decimal(row['high'])}",
                decimal(row["repeated"]),
                decimal(row["over_repeated"]),
                f"{decimal(row['over_repeated_low'])} to {decimal(row['over_repeated_high'])}",
            ]
            for name, row in self.frame.to_dict("index").items()
        ]
        is_weight = self.verdict == "harms" and float(self.frame["over_repeated_high"]["accuracy"]) >= 0
        notes = [note] if (note := NOTES["repetition harms" if is_weight else self.verdict]) else []
        return ResultPage([lead], [ResultTable(rows, heads, align="<>")], notes)


@checks_keywords
def augmentation_effect(
    corpus: Any,
    labels: ProbabilisticLabels,
    tfs: Any,
    *,
    gold: Any,
    policy: Any = None,
    lfs: Any = None,
    check: Check | None = "drop",
    changes: VoteChange = "any",
    column: str = "text",
    seeds: int = 5,
    pipeline: Any = None,
    weight: Weight = "certainty",
    max_rows: int = 5_000,
    confidence: float = 0.95,
    id: str | None = None,  # noqa: A002 - the word that users write
    on_fault: OnFault = "raise",
    time_limit: float = TIME_LIMIT,
    random_state: int = 0,
) -> AugmentationEffect:
    """Train an end model with and without made examples, and compare them on originals with gold.

    Each seed draws four fifths of the covered originals without gold, at most ``max_rows``, trains on them as they are,
    augmented, and with each made example replaced by its original, and judges the three models on all gold. The third
    tells what the changes bring from what further rows bring, which weigh more against the penalty of a model. Examples
    with gold are never augmented.

    Parameters
    ----------
    corpus : object
        As :func:`labelkit.open_corpus` takes it.
    labels : ProbabilisticLabels
        Of the corpus; from a label model that did not learn from this gold.
    tfs, policy, lfs, check, changes, on_fault, time_limit
        As in :func:`labelkit.augment`.
    gold : array-like, Series or dict by id
        Trusted classes of some examples.
    column : str
        The column of texts that the end model reads.
    seeds : int
        At least 2.
    pipeline, weight
        As in :func:`labelkit.train_end_model`.
    max_rows : int
        Originals that a seed trains on, at most.
    confidence : float in (0, 1)
    id : str, optional
        The column that names the examples.
    random_state : int

    Returns
    -------
    AugmentationEffect
        The interval of a difference allows for the chance in both the gold examples and the seeds. It holds for models
        trained on this corpus; another corpus may answer otherwise.

    Raises
    ------
    AnalysisError
        If there are fewer than 10 examples with gold, fewer than two seeds, or no row to train on.
    ModelError
        If the end model cannot learn from the rows.

    References
    ----------
    Agresti, Min (2005), Simple improved confidence intervals for comparing matched proportions.
    https://doi.org/10.1002/sim.1781
    """
    _check_numbers(seeds, max_rows, confidence)
    opened = open_corpus(corpus, id=id)
    truth = gold_of_labels(gold, checked_labels(labels))
    judged, pool = np.flatnonzero(truth >= 0), np.flatnonzero((truth < 0) & labels.is_covered)
    if len(judged) < FEWEST_GOLD:
        raise AnalysisError(
            f"{plural(len(judged), 'example')} with gold cannot show an effect",
            hint="gold= of at least 100 examples",
            code="LK329",
        )
    if len(pool) < 2:
        raise AnalysisError(
            "no covered row without gold is left to train on", hint="gold= of a part of the corpus", code="LK407"
        )
    n_rows = max(min(round(SHARE * len(pool)), max_rows), 1)
    judged_texts = examples_at(opened, labels.examples, judged, [column])
    options = {"column": column, "pipeline": pipeline, "weight": weight}
    making = {"policy": policy, "lfs": lfs, "check": check, "changes": changes, "on_fault": on_fault}
    proba: dict[str, list[NDArray[np.float64]]] = {"without": [], "repeated": [], "with": []}
    n_made = []
    for seed in range(random_state, random_state + seeds):
        rng = seed_stream("effect", seed)
        rows = np.sort(rng.choice(pool, n_rows, replace=False))
        originals, few = _table(opened, labels, rows, column), replace(labels[rows], frame_index=None)
        proba["without"].append(_proba(originals, few, judged_texts, options))
        more = augment(originals, tfs, labels=few, id="id", random_state=seed, time_limit=time_limit, **making)
        proba["repeated"].append(_proba(_repeated(originals, more.rows()), more.labels, judged_texts, options))
        proba["with"].append(_proba(more.rows(), more.labels, judged_texts, options))
        n_made.append(more.n_made)
    scores = {name: _scores(np.stack(several), truth[judged]) for name, several in proba.items()}
    return _effect(scores, n_made, n_rows, confidence)


def _check_numbers(seeds: Any, max_rows: Any, confidence: Any) -> None:
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 2:
        raise AnalysisError(f"seeds={seeds!r} is not a number from 2, which an interval needs", hint="seeds=5")
    if isinstance(max_rows, bool) or not isinstance(max_rows, int) or max_rows < 1:
        raise AnalysisError(f"max_rows={max_rows!r} is not a number of rows", hint="max_rows=5000")
    if not 0 < confidence < 1:
        raise AnalysisError(f"confidence={confidence!r} is not between 0 and 1", hint="confidence=0.95")


def _table(corpus: Corpus, labels: ProbabilisticLabels, rows: NDArray[np.int64], column: str) -> pa.Table:
    """Read originals, with their ids; columns that labels have are left out."""
    corpus.column_type(column)
    if corpus.has_column(MADE_FROM):
        raise AnalysisError(
            "the corpus holds examples that were made already, and the effect is measured on originals",
            hint="give the corpus that was augmented",
        )
    names = [name for name in corpus.column_names if name not in {corpus.id, "id", "label", "proba"}]
    table = examples_at(corpus, labels.examples, rows, names)
    return table.add_column(0, "id", pa.array(labels.ids[rows].tolist()))


def _repeated(originals: pa.Table, rows: pa.Table) -> pa.Table:
    """Return the rows of an augmentation with each made example replaced by its original."""
    pairs = zip(rows.column("id").to_pylist(), rows.column(MADE_FROM).to_pylist(), strict=True)
    sources = [name if original is None else str(original) for name, original in pairs]
    place = {str(name): i for i, name in enumerate(originals.column("id").to_pylist())}
    table = originals.take(pa.array([place[name] for name in sources]))
    return table.set_column(0, "id", rows.column("id"))


def _proba(
    rows: pa.Table, labels: ProbabilisticLabels, judged: pa.Table, options: dict[str, Any]
) -> NDArray[np.float64]:
    model = train_end_model(open_corpus(rows, id="id"), labels, max_rows=len(labels), **options)
    return model.predict_proba(judged)


def _scores(proba: NDArray[np.float64], truth: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Return how right each model is on each gold example; arrays of shape (n_seeds, n_gold).

    Parameters
    ----------
    proba : ndarray of shape (n_seeds, n_gold, n_classes)
    truth : ndarray of shape (n_gold,)
    """
    of_truth = proba[:, np.arange(len(truth)), truth]
    return {
        "accuracy": (proba.argmax(axis=2) == truth).astype(np.float64),
        "log_loss": -np.log(np.clip(of_truth, 1e-15, 1)),
    }


def _effect(
    scores: dict[str, dict[str, NDArray[np.float64]]],
    n_made: Sequence[int],
    n_rows: int,
    confidence: float,
) -> AugmentationEffect:
    import pandas as pd  # noqa: PLC0415 - only for the tables

    figures: dict[str, dict[str, float]] = {}
    by_seed: dict[str, list[float]] = {"made": list(n_made)}
    for name in scores["with"]:
        by_arm = {arm: of_arm[name] for arm, of_arm in scores.items()}
        row = {arm: float(values.mean()) for arm, values in by_arm.items()}
        for other, (what, low, high) in _DIFFERENCES.items():
            difference = by_arm["with"] - by_arm[other]
            row[what] = float(difference.mean())
            row[low], row[high] = crossed_interval(difference, confidence, paired_shares=name == "accuracy")
        figures[name] = row
        by_seed |= {f"{name}_{arm}": values.mean(axis=1).tolist() for arm, values in by_arm.items()}
    frame = pd.DataFrame.from_dict(figures, orient="index")
    n_seeds, n_gold = scores["with"]["accuracy"].shape
    return AugmentationEffect(frame, pd.DataFrame(by_seed), n_seeds, n_gold, n_rows, confidence)


_DIFFERENCES: Final = {
    "without": ("difference", "low", "high"),
    "repeated": ("over_repeated", "over_repeated_low", "over_repeated_high"),
}
"""Columns of the differences to each other model."""


def crossed_interval(
    differences: NDArray[np.float64], confidence: float, *, paired_shares: bool = False
) -> tuple[float, float]:
    """Return an interval of a mean over seeds and examples, each of which is a random draw.

    The variance of the mean has a part of the examples and one of the seeds, each estimated by the variance of their
    means. Each part is widened by the quantile of t with its degrees of freedom; what seeds and examples do together is
    counted in both, so that the interval is rather too wide.

    Parameters
    ----------
    differences : ndarray of shape (n_seeds, n_examples)
    confidence : float in (0, 1)
    paired_shares : bool
        Whether these are differences of right (1) and wrong (0): then a half of an example is added for each way to
        differ, and one without a difference, so that few examples that do not differ prove nothing (Agresti and Min).

    Examples
    --------
    >>> low, high = crossed_interval(np.zeros((5, 20)), 0.95, paired_shares=True)
    >>> round(low, 2), round(high, 2)
    (-0.1, 0.1)
    """
    n_seeds, n_examples = differences.shape
    mean, of_seeds, of_examples = differences.mean(), differences.mean(axis=1), differences.mean(axis=0)
    n, squares = n_examples, (of_examples**2).sum()
    if paired_shares:
        n, squares = n_examples + 2, squares + 1
        mean = mean * n_examples / n
    by_examples = (squares / n - mean**2) / (n - 1)
    by_seeds = of_seeds.var(ddof=1) / n_seeds
    quantile = 0.5 + confidence / 2
    reach = np.sqrt(stdtrit(n - 1, quantile) ** 2 * by_examples + stdtrit(n_seeds - 1, quantile) ** 2 * by_seeds)
    return float(mean - reach), float(mean + reach)

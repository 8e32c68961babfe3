"""Pipelines of scikit-learn from texts to classes: made, fitted to soft labels, and their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit.end_models.hashed_words import WORD
from labelkit.exceptions import ModelError
from labelkit.votes.training_set import TrainingSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRENGTH: Final = 10.0
"""``C`` of logistic regression, where nobody says another."""


def check_pipeline(pipeline: Any) -> None:
    """Refuse what is no pipeline from texts to probabilities, or cannot learn from soft labels.

    Raises
    ------
    ModelError
    """
    if pipeline is None:
        return
    from sklearn.pipeline import Pipeline  # noqa: PLC0415 - only for who trains

    steps = pipeline.steps if isinstance(pipeline, Pipeline) else [("", pipeline)]
    last = steps[-1][1]
    name = (last if isinstance(last, type) else type(last)).__name__
    if len(steps) < 2:
        raise ModelError(
            f"pipeline= is {name}, which is no pipeline of two steps: features of texts, and a classifier",
            hint="sklearn.pipeline.make_pipeline(TfidfVectorizer(), LogisticRegression())",
        )
    if not hasattr(last, "predict_proba"):
        raise ModelError(
            f"{name}, the last step of the pipeline, gives no probabilities",
            hint=f"sklearn.calibration.CalibratedClassifierCV({name}()) does; or LogisticRegression()",
        )
    parameters = signature(last.fit).parameters.values()
    if not any(one.name == "sample_weight" or one.kind is one.VAR_KEYWORD for one in parameters):
        raise ModelError(
            f"{name}, the last step of the pipeline, takes no sample_weight, by which soft labels teach",
            hint="LogisticRegression() does",
        )


def strengths_of(pipeline: Any, strength: float | Sequence[float], *, has_gold: bool) -> list[float | None]:
    """Return the strengths to choose from; None leaves that of the user's pipeline."""
    several = list(np.atleast_1d(np.asarray(strength, dtype=np.float64)).tolist())
    if not several or not all(np.isfinite(one) and one > 0 for one in several):
        raise ModelError(
            f"strength={strength!r} is not positive", hint="strength=10, or (1, 10, 100) to choose by gold"
        )
    if len(several) > 1 and not has_gold:
        raise ModelError(
            f"there is no gold to choose one of {len(several)} strengths by", hint="gold=..., or one strength"
        )
    if pipeline is None:
        return several
    if len(several) == 1:
        return [None]
    if "C" not in pipeline[-1].get_params():
        raise ModelError(f"{type(pipeline[-1]).__name__}, the last step of the pipeline, has no strength C")
    return several


def unfitted_pipeline(pipeline: Any, strength: float | None) -> Any:
    """Return an unfitted copy of a pipeline, or TF-IDF and logistic regression; a strength of None is left as it is."""
    from sklearn.base import clone  # noqa: PLC0415 - only for who trains
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - the same
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - the same
    from sklearn.pipeline import Pipeline  # noqa: PLC0415 - the same

    if pipeline is None:
        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=WORD, sublinear_tf=True)
        return Pipeline([("features", words), ("classifier", LogisticRegression(C=strength, max_iter=200))])
    copied = clone(pipeline)
    if strength is not None:
        copied[-1].set_params(C=strength)
    return copied


def fit_pipelines(pipelines: Sequence[Any], texts: list[str], given: TrainingSet) -> None:
    """Fit features to each text once, and the last step of each to a row for each class of a text."""
    row, label, weight = given.by_class()
    first, *others = pipelines
    try:
        features = first[:-1].fit_transform(texts)
        for one in pipelines:
            one[-1].fit(features[row], label, sample_weight=weight)
    except ValueError as error:
        raise ModelError(
            f"the pipeline cannot learn from the texts: {error}", hint="pipeline=..., column=..."
        ) from error
    for one in others:
        one.steps[:-1] = first.steps[:-1]  # which differ by their last step alone


def class_proba(pipeline: Any, texts: list[str], n_classes: int) -> NDArray[np.float64]:
    """Return the probabilities of all classes; shape (n_texts, n_classes)."""
    proba = np.zeros((len(texts), n_classes))
    if texts:
        proba[:, pipeline.classes_] = pipeline.predict_proba(texts)
    return proba

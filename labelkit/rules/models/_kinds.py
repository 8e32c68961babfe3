"""Adapt each kind of model to one interface; a kind is recognised by its methods (duck typing)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from labelkit.exceptions import RuleError
from labelkit.rules.models._outputs import Scored, from_dicts, one_hot, plain


class Predictor(Protocol):
    """A model with the interface that rules call."""

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Any:
        """Return the outputs for the examples of columns: ``Scored``, an array, or a list."""


PredictorFactory: TypeAlias = Callable[..., Predictor]
"""A function of the model, the name of the rule for messages, and ``needs_scores=``."""


def predictor_of(model: Any, rule: str, *, needs_scores: bool) -> Predictor:
    """Wrap a model in the adapter of its kind.

    Parameters
    ----------
    model : object
    rule : str
        The name of the rule, for messages.
    needs_scores : bool
        True if the rule needs probabilities, not labels alone.

    Raises
    ------
    RuleError
        If the object is not a model, or returns no probabilities although the rule needs them.
    """
    if isinstance(model, type):
        raise RuleError(
            f"the model of {rule} is the class {model.__name__}, not an instance of it",
            hint=f"model={model.__name__}(...).fit(...), or a function without parameters that returns this",
            code="LK127",
        )
    for recognises, make in KINDS:
        if recognises(model):
            return make(model, rule, needs_scores=needs_scores)
    raise RuleError(
        f"the model of {rule} is {type(model).__name__}, which has no predict_proba or predict and is not callable",
        hint="give an estimator with predict_proba, a spaCy or Hugging Face pipeline, a function, or a file of a model",
        code="LK127",
    )


@dataclass(frozen=True, eq=False)
class Estimator:
    """A model with the interface of scikit-learn's estimators."""

    model: Any
    rule: str

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Any:
        """Return the probabilities of ``predict_proba``, or the labels of ``predict`` if it has only that."""
        features = self._features(columns, names)
        classes = getattr(self.model, "classes_", None)
        labels = None if classes is None else plain(classes)
        if not hasattr(self.model, "predict_proba"):
            output = self.model.predict(features)
            return output if labels is None else one_hot(labels, output)
        proba = self.model.predict_proba(features)
        if isinstance(proba, list):
            raise RuleError(f"the model of {self.rule} predicts {len(proba)} targets at once, and a rule votes on one")
        return proba if labels is None else Scored(labels, np.asarray(proba, dtype=np.float64))

    def _features(self, columns: Sequence[Any], names: Sequence[str]) -> Any:
        """Arrange columns as the model was fitted: a frame with names, an array of numbers, or a list of texts."""
        import pandas as pd  # noqa: PLC0415 - only for rules that have an estimator

        fitted = getattr(self.model, "feature_names_in_", None)
        width = getattr(self.model, "n_features_in_", None)
        if fitted is not None and set(fitted) != set(names):
            raise ValueError(
                f"the model of {self.rule} was fitted on columns {list(fitted)}, and the rule reads {list(names)}"
            )
        if fitted is not None or (width is None and len(columns) > 1):
            frame = pd.DataFrame(dict(zip(names, columns, strict=True)))
            return frame if fitted is None else frame[list(fitted)]
        if width is None:
            return list(columns[0])
        if len(columns) == 1 and len(columns[0]) and isinstance(columns[0][0], list | tuple | np.ndarray):
            return np.stack([np.asarray(vector) for vector in columns[0]])
        return np.column_stack([np.asarray(column) for column in columns])


@dataclass(frozen=True, eq=False)
class TextCategorizer:
    """A spaCy pipeline with a text categorizer."""

    nlp: Any
    labels: tuple[str, ...]
    rule: str

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Scored:
        """Return the scores of all categories."""
        if len(columns) > 1:
            raise ValueError(f"a text categorizer reads one column, and {self.rule} reads {list(names)}")
        scores = [[doc.cats[label] for label in self.labels] for doc in self.nlp.pipe(list(columns[0]))]
        return Scored(self.labels, np.array(scores, dtype=np.float64).reshape(-1, len(self.labels)))


@dataclass(frozen=True, eq=False)
class CalledModel:
    """A function, a method, or an object that is called, such as a Hugging Face pipeline."""

    model: Any
    labels: tuple[Any, ...] | None

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Any:  # noqa: ARG002 - required by the protocol
        """Call the model, with texts as a list; convert the output of a Hugging Face pipeline to ``Scored``."""
        output = self.model(*map(_as_list, columns))
        scored = from_dicts(output, self.labels)
        return output if scored is None else scored


def _as_list(column: Any) -> Any:
    return column.tolist() if isinstance(column, np.ndarray) and column.dtype == object else column


def _estimator(model: Any, rule: str, *, needs_scores: bool) -> Predictor:
    if needs_scores and not hasattr(model, "predict_proba") and hasattr(model, "classes_"):
        raise RuleError(
            f"the model of {rule}, {type(model).__name__}, returns labels and not probabilities, so threshold=, "
            "margin= and abstain= have no meaning",
            hint="fit CalibratedClassifierCV(model), which has predict_proba, or leave them out",
        )
    return Estimator(model, rule)


def _text_categorizer(nlp: Any, rule: str, *, needs_scores: bool) -> Predictor:  # noqa: ARG001 - one signature for all
    pipes = [nlp.get_pipe(name) for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory.startswith("textcat")]
    labels = tuple(dict.fromkeys(label for pipe in pipes for label in pipe.labels))
    if not labels:
        raise RuleError(
            f"the spaCy pipeline of {rule} has no text categorizer; its pipes are {nlp.pipe_names}",
            hint='train one with a pipe "textcat" or "textcat_multilabel"',
        )
    return TextCategorizer(nlp, labels, rule)


def _callable(model: Any, rule: str, *, needs_scores: bool) -> Predictor:  # noqa: ARG001 - one signature for all
    config = getattr(getattr(model, "model", None), "config", None)
    names = getattr(config, "id2label", None)
    return CalledModel(model, tuple(names.values()) if isinstance(names, dict) else None)


KINDS: Final[tuple[tuple[Callable[[Any], bool], PredictorFactory], ...]] = (
    (lambda model: hasattr(model, "pipe_names") and hasattr(model, "vocab"), _text_categorizer),
    (lambda model: hasattr(model, "predict_proba"), _estimator),
    (callable, _callable),
    (lambda model: hasattr(model, "predict"), _estimator),
)
"""Pairs of a test that recognises a kind of model, in this order, and the factory of its adapter."""

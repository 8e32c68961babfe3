"""The kinds of models that a rule can ask, each known by what it can do, and how each is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from labelkit.exceptions import RuleError
from labelkit.rules.models._outputs import Scored, chosen, from_dicts, plain


class Asked(Protocol):
    """A model, ready to be asked."""

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Any:
        """What the model says of the examples of columns: ``Scored``, an array, or a list."""


AskedMaker: TypeAlias = Callable[..., Asked]
"""Given a model, what to call the rule in messages, and ``sure=``."""


def asked(model: Any, what: str, *, sure: bool) -> Asked:
    """Make a model ready to be asked.

    Parameters
    ----------
    model : object
    what : str
        What to call the rule in messages.
    sure : bool
        Whether the rule wants to know how sure the model is.

    Raises
    ------
    RuleError
        If it is no model, or does not say what the rule wants to know.
    """
    if isinstance(model, type):
        raise RuleError(
            f"the model of {what} is the class {model.__name__}, not a model made of it",
            hint=f"model={model.__name__}(...).fit(...), or a function without parameters that returns this",
        )
    for recognises, make in KINDS:
        if recognises(model):
            return make(model, what, sure=sure)
    raise RuleError(
        f"the model of {what} is {type(model).__name__}, which can be neither called nor asked to predict",
        hint="give an estimator with predict_proba, a spaCy or Hugging Face pipeline, a function, or a file of a model",
    )


@dataclass(frozen=True, eq=False)
class Estimator:
    """What predicts as scikit-learn's estimators do."""

    model: Any
    what: str

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Any:
        """Probabilities where it has them, else what it predicts."""
        features = self._features(columns, names)
        labels = getattr(self.model, "classes_", None)
        known = None if labels is None else plain(labels)
        if not hasattr(self.model, "predict_proba"):
            output = self.model.predict(features)
            return output if known is None else chosen(known, output)
        proba = self.model.predict_proba(features)
        if isinstance(proba, list):
            raise RuleError(f"the model of {self.what} predicts {len(proba)} things at once, and a rule votes on one")
        return proba if known is None else Scored(known, np.asarray(proba, dtype=np.float64))

    def _features(self, columns: Sequence[Any], names: Sequence[str]) -> Any:
        """Columns as the model was fitted: a frame with names, numbers side by side, or the texts of one column."""
        import pandas as pd  # noqa: PLC0415 - only for rules that have an estimator

        fitted = getattr(self.model, "feature_names_in_", None)
        width = getattr(self.model, "n_features_in_", None)
        if fitted is not None and set(fitted) != set(names):
            raise ValueError(
                f"the model of {self.what} was fitted on columns {list(fitted)}, and the rule reads {list(names)}"
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
    what: str

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Scored:
        """The scores of all categories."""
        if len(columns) > 1:
            raise ValueError(f"a text categorizer reads one column, and {self.what} reads {list(names)}")
        found = [[doc.cats[label] for label in self.labels] for doc in self.nlp.pipe(list(columns[0]))]
        return Scored(self.labels, np.array(found, dtype=np.float64).reshape(-1, len(self.labels)))


@dataclass(frozen=True, eq=False)
class CalledModel:
    """A function, a method, or an object that is called, such as a Hugging Face pipeline."""

    model: Any
    known: tuple[Any, ...] | None

    def __call__(self, columns: Sequence[Any], names: Sequence[str]) -> Any:  # noqa: ARG002 - as the protocol has it
        """Whatever it returns; texts are handed to it as a list."""
        output = self.model(*map(_as_list, columns))
        scored = from_dicts(output, self.known)
        return output if scored is None else scored


def _as_list(column: Any) -> Any:
    return column.tolist() if isinstance(column, np.ndarray) and column.dtype == object else column


def _estimator(model: Any, what: str, *, sure: bool) -> Asked:
    if sure and not hasattr(model, "predict_proba") and hasattr(model, "classes_"):
        raise RuleError(
            f"the model of {what}, {type(model).__name__}, says labels and not probabilities, so threshold=, margin= "
            "and abstain= have no meaning",
            hint="fit CalibratedClassifierCV(model), which has predict_proba, or leave them out",
        )
    return Estimator(model, what)


def _text_categorizer(nlp: Any, what: str, *, sure: bool) -> Asked:  # noqa: ARG001 - as the table has it
    pipes = [nlp.get_pipe(name) for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory.startswith("textcat")]
    labels = tuple(dict.fromkeys(label for pipe in pipes for label in pipe.labels))
    if not labels:
        raise RuleError(
            f"the spaCy pipeline of {what} has no text categorizer; its pipes are {nlp.pipe_names}",
            hint='train one with a pipe "textcat" or "textcat_multilabel"',
        )
    return TextCategorizer(nlp, labels, what)


def _callable(model: Any, what: str, *, sure: bool) -> Asked:  # noqa: ARG001 - as the table has it
    config = getattr(getattr(model, "model", None), "config", None)
    names = getattr(config, "id2label", None)
    return CalledModel(model, tuple(names.values()) if isinstance(names, dict) else None)


KINDS: Final[tuple[tuple[Callable[[Any], bool], AskedMaker], ...]] = (
    (lambda model: hasattr(model, "pipe_names") and hasattr(model, "vocab"), _text_categorizer),
    (lambda model: hasattr(model, "predict_proba"), _estimator),
    (callable, _callable),
    (lambda model: hasattr(model, "predict"), _estimator),
)
"""How a model is recognised, in this order, and what makes it ready."""

"""The decorator ``@model_output``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any, Final, ParamSpec, TypeAlias, Unpack, overload

from labelkit.exceptions import RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules._parentheses import no_parentheses
from labelkit.rules.condition import Condition
from labelkit.rules.declaration import Declaration
from labelkit.rules.inspection.bare_body import is_bare
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.models._model import ModelSource
from labelkit.rules.models._model_call import InPieces, ModelCall
from labelkit.rules.models.decision import decision
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.python_rule import calling

P = ParamSpec("P")

Classes: TypeAlias = Sequence[int | None] | Mapping[Any, int | None] | type[IntEnum]
"""The classes of a model's labels, in one of three forms."""

CHUNK: Final = 1024
"""Largest number of examples in one call of a function (as :data:`labelkit.apply.plan.CHUNK`)."""


@overload
def model_output(function: Callable[P, Any], /) -> LabelingFunction[P]: ...
@overload
def model_output(
    *,
    model: None = ...,
    threshold: float | Mapping[int, float] | None = ...,
    label: int | None = ...,
    classes: Classes | None = ...,
    abstain: tuple[float, float] | None = ...,
    margin: float | None = ...,
    batch_size: int | None = ...,
    when: Condition | None = ...,
    levels: int = ...,
    **options: Unpack[RuleOptions],
) -> Callable[[Callable[P, Any]], LabelingFunction[P]]: ...
@overload
def model_output(
    *,
    model: Any,
    threshold: float | Mapping[int, float] | None = ...,
    label: int | None = ...,
    classes: Classes | None = ...,
    abstain: tuple[float, float] | None = ...,
    margin: float | None = ...,
    batch_size: int | None = ...,
    when: Condition | None = ...,
    levels: int = ...,
    **options: Unpack[RuleOptions],
) -> Declaration: ...
@takes_options(RuleOptions)
def model_output(
    function: Callable[P, Any] | None = None,
    /,
    *,
    model: Any = None,
    threshold: float | Mapping[int, float] | None = None,
    label: int | None = None,
    classes: Classes | None = None,
    abstain: tuple[float, float] | None = None,
    margin: float | None = None,
    batch_size: int | None = None,
    when: Condition | None = None,
    levels: int = 0,
    **options: Unpack[RuleOptions],
) -> Any:
    """Declare a rule that votes by the output of a model, such as a classifier.

    Without ``model=`` the decorated function calls the model: it takes columns (NumPy arrays, or the types in its
    annotations) and returns, for the batch, class labels of shape (n,), or probabilities of shape (n, n_classes), or
    one score per example of shape (n,) if ``label`` or ``abstain`` is given, or the output of a Hugging Face pipeline.
    Where an option depends on probabilities, an example for which one is not from 0 to 1 (percent, a logarithm) is a
    fault; of a single score, which a regressor may give, one that is not from -1 to 2.
    It is called on fixed chunks of 1,024 examples, so that its outputs do not depend on the batch size.

    With ``model=`` the body of the function is its docstring alone; the result can also declare rules in a loop, by
    ``.rule(name=..., column=...)``. The model is loaded or created on first use, once in each process.

    Parameters
    ----------
    model : object, str or Path, optional
        - A scikit-learn estimator or pipeline, or an object with its methods. It gets the values of the one column as a
          list, or, if it was fitted on a table, that table: named columns in a frame, numbers or vectors in an array.
        - A spaCy pipeline with a text categorizer.
        - A Hugging Face pipeline, or any callable: it gets lists of texts or arrays of numbers, and returns one of the
          outputs above.
        - A file of one of the first two, relative to the calling module: ``.joblib``, ``.pkl``, ``.skops`` (extra
          ``skops``), or the folder of a spaCy pipeline. Its content is part of the rule's fingerprint. Loading a pickle
          may run any code: use only files that you trust.
        - A function without parameters that returns one of the first three.
    threshold : float or mapping from class to float, optional
        Least probability of the most probable class for a vote, in [0, 1]: one for all classes, or one per class (a
        class left out is never voted for). If the most probable classes are tied, the rule abstains.
    label : int, optional
        Vote for this class only, where its probability, or the single score of an example, reaches ``threshold``.
    classes : mapping, IntEnum or sequence, optional
        The class of each of the model's labels: a mapping, with None for an abstain, which must name all labels; an
        enum whose names (in upper or lower case, or capitalised) or numbers are the labels; or the class of each column
        of probabilities. The labels of an array of probabilities are the numbers of its columns. By default, the labels
        are the numbers of classes. Probabilities of labels with the same class are added.
    abstain : (float, float), optional
        For two classes: vote for the last one named (class 1) where its probability, or the single score, reaches the
        second number, and for the other where it is at most the first.
    margin : float, optional
        Least difference between the probabilities of the best class and the second best.
    batch_size : int, optional
        Examples in one call of the model, from 1 to 1,024: pieces of the fixed chunks.
    when, name, examples, group, precision, trusted, cache
        As in :func:`labelkit.labeling_function`. The votes of an estimator, a spaCy pipeline or a function are cached
        until its parameters, its code or its package change; those of other models only with ``cache=True``, by which
        you assert that the model does not change.
    levels : int
        Store the probability of the class voted for, rounded to this many steps (from 1 to 255): label models estimate
        the accuracy of each range of it. The model must return probabilities.

    Returns
    -------
    LabelingFunction, or callable
        Decorates a function.

    Raises
    ------
    RuleError
        If a threshold is not in [0, 1], or ``label`` is given without one; if the model file is missing, or an object
        is not a model.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import HashingVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> classifier = make_pipeline(HashingVectorizer(), LogisticRegression(C=100))
    >>> classifier = classifier.fit(["nice song", "free money", "great song", "win money"], ["ham", "spam"] * 2)
    >>> @model_output(model=classifier, classes={"ham": 0, "spam": 1}, threshold=0.9)
    ... def old_classifier(text):
    ...     "The one that we had before."
    >>> old_classifier("money money"), old_classifier("my song"), old_classifier("money song")
    (1, 0, -1)
    """
    if function is not None and (not callable(function) or hasattr(function, "predict")):
        raise RuleError(
            f"model_output takes a function here, and {type(function).__name__} is none",
            hint="a model is given by its name: @model_output(model=..., threshold=0.9)",
        )
    given = Options.of(model_output, options)
    decide = decision(threshold, label, classes, abstain, margin, levels)
    _check_size(batch_size)
    enums = [type(c) for c in (label, *decide.named_classes) if isinstance(c, IntEnum)]
    if model is not None:
        source = ModelSource(model, file_of_caller(), needs_scores=decide.needs_scores)
        declared = Declaration(
            "model",
            lambda rule, columns, decorated: ModelCall(rule, columns, source, batch_size, decorated),
            decide,
            given,
            when,
            enums[0] if enums else None,
        )
        return declared if function is None else declared(function)

    if function is not None and is_bare(function):
        raise no_parentheses("model_output", function, '(model="model.joblib", threshold=0.9)')

    def decorate(function: Callable[P, Any]) -> LabelingFunction[P]:
        rule = calling(
            function,
            kind="model",
            batch=True,
            when=when,
            enum=enums[0] if enums else None,
            options=given,
            decide=decide,
        )
        assert isinstance(rule.body, Calls)
        called = function if batch_size is None else InPieces(function, batch_size)
        return replace(rule, body=replace(rule.body, function=called))

    return decorate if function is None else decorate(function)


def _check_size(batch_size: Any) -> None:
    if batch_size is None:
        return
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or not 1 <= batch_size <= CHUNK:
        raise RuleError(
            f"batch_size={batch_size!r} is not a number of examples from 1 to {CHUNK:,}",
            hint="rules are called on chunks of 1,024 examples; batch_size divides these into smaller pieces",
        )

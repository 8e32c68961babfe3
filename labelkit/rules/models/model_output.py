"""The decorator ``@model_output``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any, Final, ParamSpec, TypeAlias, Unpack, overload

from labelkit.exceptions import RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules.condition import Condition
from labelkit.rules.declaration import Declaration
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.models._model import OutputModel
from labelkit.rules.models._model_call import InPieces, ModelCall
from labelkit.rules.models.decision import decision
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.python_rule import calling

P = ParamSpec("P")

Classes: TypeAlias = Sequence[int | None] | Mapping[Any, int | None] | type[IntEnum]
"""What the labels of a model mean."""

CHUNK: Final = 1024
"""Examples that a function is called with at the most (as :data:`labelkit.apply.plan.CHUNK`)."""


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
    """Make a rule of a model that knows the classes, or something like them.

    Without ``model=`` the decorated function asks the model: it takes columns (NumPy arrays, or what its parameters are
    annotated with) and returns, for the batch, class labels of shape (n,), or probabilities of shape (n, n_classes), or
    one score an example of shape (n,), where ``label`` or ``abstain`` is given, or what a Hugging Face pipeline
    returns. It is called on fixed chunks of 1,024 examples, so that its outputs do not depend on the batch size.

    With ``model=`` the function's body is its docstring alone, and what this returns also makes rules in a loop, with
    ``.rule(name=..., column=...)``. The model is loaded or made when it is first asked, once in each process.

    Parameters
    ----------
    model : object, str or Path, optional
        - A scikit-learn estimator or pipeline, or what predicts like one. It is given the values of the one column as a
          list, or, if it was fitted on a table, that table: named columns in a frame, numbers or vectors in an array.
        - A spaCy pipeline with a text categorizer.
        - A Hugging Face pipeline, or any callable: it is given lists of texts, arrays of numbers, and returns what a
          function may return.
        - A file of one of the first two, relative to the module that names it: ``.joblib``, ``.pkl``, ``.skops`` (extra
          ``skops``), or the folder of a spaCy pipeline. Its content is part of the rule's fingerprint. Loading a pickle
          may run any code: name only files of your own.
        - A function without parameters that makes one of the first three.
    threshold : float or mapping from class to float, optional
        The probability that the most probable class must reach for a vote, in [0, 1]: one for all classes, or one a
        class (a class left out is never voted for). Most probable classes that are tied abstain.
    label : int, optional
        Vote for this class alone, where its probability, or the single score of an example, reaches ``threshold``.
    classes : mapping, IntEnum or sequence, optional
        What the model's labels mean: a class for each (None for an abstain); all of them must be named. An enum, whose
        names (in capitals, small or capitalised) or numbers they are. Or a class for each column of probabilities. If
        not given, the labels are the numbers of classes. Labels that mean the same count together.
    abstain : (float, float), optional
        For two classes: vote for the last one named (class 1) where its probability, or the single score, reaches the
        second number, and for the other where it is at most the first.
    margin : float, optional
        How far the most probable class must be ahead of the second.
    batch_size : int, optional
        Examples that the model is given at a time, from 1 to 1,024: pieces of the fixed chunks.
    when, name, examples, group, precision, trusted, cache
        As in :func:`labelkit.labeling_function`. The votes of an estimator, of a spaCy pipeline and of a function are
        cached as long as what it learned, its code and its package are the same; those of other models if
        ``cache=True`` is your word that they do not change.
    levels : int
        Keep how probable the model thought the class that is voted for, rounded to so many steps (from 1 to 255): label
        models learn what each range of it is worth. The model must return probabilities.

    Returns
    -------
    LabelingFunction, or callable
        Decorates a function.

    Raises
    ------
    RuleError
        If a threshold is not in [0, 1], or ``label`` stands without one; if the model file is missing, or an object is
        no model.

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
    given = Options.of(model_output, options)
    decide = decision(threshold, label, classes, abstain, margin, levels)
    _check_size(batch_size)
    enums = [type(c) for c in (label, *decide.known) if isinstance(c, IntEnum)]
    if model is not None:
        source = OutputModel(model, file_of_caller(), sure=decide.sure)
        declared = Declaration(
            "model",
            lambda rule, columns, made_of: ModelCall(rule, columns, source, batch_size, made_of),
            decide,
            given,
            when,
            enums[0] if enums else None,
        )
        return declared if function is None else declared(function)

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
            hint="rules are called on chunks of 1,024 examples, and a model may be given them in smaller pieces",
        )

"""Name the keyword that was meant where a function does not take one, or what does the same here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from inspect import Parameter
from typing import Any, Final

from labelkit._shared.near_names import did_you_mean, near_name
from labelkit.exceptions import KeywordError

LONGEST_VALUE: Final = 60
"""Characters of a value that a remedy repeats."""

_ALIKE: Final = (
    ("random_state", "seed", "random_seed", "rng"),
    ("gold", "y", "Y", "y_true", "truth", "gold_labels", "true_labels"),
    ("lfs", "rules", "rule", "labeling_functions"),
    ("workers", "n_workers", "num_workers", "n_jobs", "processes", "threads"),
    ("out", "path", "output", "to", "folder"),
    ("force", "overwrite", "exist_ok"),
    ("rename", "map"),
    ("delimiter", "sep"),
    ("progress", "progress_bar", "verbose"),
    ("n_classes", "cardinality", "num_classes", "n_labels"),
    ("corpus", "df", "data", "dataset", "data_points"),
    ("votes", "votes_of"),
    ("conflict", "conflicts", "conflict_of"),
    ("model", "label_model"),
    ("matrix", "votes", "L", "L_train"),
    ("text_columns", "text_column", "column", "columns", "text"),
    ("class_prior", "prior", "class_balance"),
    ("n", "limit", "top", "k", "n_rows", "nrows", "rows", "size", "max_rows", "batch_size", "n_samples"),
    ("quotas", "quota"),
    ("by", "strata", "stratify", "stratify_by"),
    ("group", "groups", "groupby", "group_by", "by"),
    ("pipeline", "estimator", "classifier", "clf", "model"),
    ("strength", "C"),
    ("threshold", "similarity"),
    ("confidence", "threshold", "min_confidence"),
)
"""Words for the same thing, where a function takes one of them; the first that it takes is meant."""

_CLASSES: Final = 'labels=["HAM", "SPAM"] names the classes, in the order of their numbers'

_NEEDLESS: Final = "leave it out: no label model prints, shows a bar, or computes on another device"

_TIES: Final = "leave it out: a tie is an abstain; predict_proba(matrix) shows between which classes"

_OF_SNORKELS_GOLD: Final = (
    "gold= takes labels of these very rows; of Y_dev, Snorkel used the share of each class: "
    "LabelModel(class_prior=np.bincount(Y_dev) / len(Y_dev))"
)

_REMEDIES: Final = (
    ("map_label", "gold", "gold=gold.replace({value}) says what values of a Series mean"),
    ("classes class_names cardinality n_classes", "rules", _CLASSES),
    ("classes class_names cardinality n_classes", "lfs labels", _CLASSES),
    ("select", "rules", "rules=labelkit.collect(rules).select({value})"),
    ("exclude", "rules", "rules=labelkit.collect(rules).exclude({value})"),
    ("no_cache", "cache", "cache=False"),
    ("test_size train_size sizes", "parts stratify", 'parts={"train": 0.8, "test": 0.2}'),
    ("frac", "n quotas", "n=round({value} * len(data)), a number of rows"),
    ("default default_label", "hard()", "uncovered={value}, of examples without a vote"),
    ("threshold min_confidence", "hard()", "labels.proba[:, 1] >= {value} compares probabilities"),
    ("no_label", "label", "label=labelkit.ABSTAIN"),
    ("query url", "corpus", "corpus=labelkit.SqlQuery(query, address)"),
    ("encoding", "corpus", "corpus=labelkit.open_corpus(path, encoding={value})"),
    ("delimiter", "corpus", "corpus=labelkit.open_corpus(path, delimiter={value})"),
    ("sheet", "corpus", "corpus=labelkit.open_corpus(path, sheet={value})"),
    ("skip_rows skiprows header", "corpus", "corpus=labelkit.open_corpus(path, skip_rows={value})"),
    ("rename map", "corpus", "corpus=labelkit.open_corpus(path, rename={value})"),
    ("types", "corpus", "corpus=labelkit.open_corpus(path, types={value})"),
    ("format", "corpus", "corpus=labelkit.open_corpus(path, format={value})"),
    ("id", "corpus", "corpus=labelkit.open_corpus(corpus, id={value})"),
    ("on_bad_row", "corpus", "corpus=labelkit.open_corpus(corpus, on_bad_row={value})"),
    ("class_prior", "model", "model=labelkit.LabelModel(class_prior={value})"),
    ("model", "matrix labels", "labels=model.label(matrix)"),
    ("fault_tolerant", "on_fault", 'on_fault="record" goes on, and notes what failed in matrix.faults'),
    ("return_meta", "on_fault", 'leave it out: on_fault="record" notes what failed in matrix.faults'),
    ("return_probs", "predict()", "predict_proba(matrix) returns probabilities"),
    ("tie_break_policy", "matrix", _TIES),
    ("metrics", "score()", "evaluate(matrix, gold) returns accuracy, precision, recall and F1"),
    (
        "Y_dev",
        "fit() gold",
        _OF_SNORKELS_GOLD,
    ),
    ("progress_bar verbose device log_freq", "fit()", _NEEDLESS),
    ("progress_bar verbose device", "n_classes", _NEEDLESS),
    ("tie_break_policy", "n_classes", _TIES),
    ("f", "body", "@labelkit.labeling_function() above a function makes a rule of it"),
    ("resources", "labeling_function()", "a rule reads globals of its module; leave resources out of its parameters"),
    *(
        ("label", f"{function}()", f"{function}(...).labeled({{value}}) gives it a label; or a condition in it has one")
        for function in ("near", "within", "unnegated", "repeated", "at_least")
    ),
    ("ignore_case ignorecase case", "regex()", '(?i) at the beginning of the pattern ignores case: r"(?i)free"'),
    ("whole_word", "regex()", r'\b at both ends finds whole words: r"\bfree\b"'),
    ("flags", "keywords()", "ignore_case=False tells capitals apart; a regex(...) takes flags"),
    ("pre", "labeling_function()", "@labelkit.column makes what a preprocessor made; a rule names it as a parameter"),
)
"""What does the same as keywords of another function or command, beside certain parameters, or in a function."""

_TRAINING: Final = (
    *("n_epochs", "lr", "l2", "seed", "prec_init", "mu_eps"),
    *("optimizer", "optimizer_config", "lr_scheduler", "lr_scheduler_config"),
)
"""Settings with which Snorkel trains."""


def unknown_keyword(
    function: str, name: str, taken: Collection[str], value: Any = ..., *, of: type | None = None
) -> KeywordError:
    """Return the error of a keyword that a function does not take.

    Parameters
    ----------
    function, name : str
    taken : collection of str
        The keywords that it takes.
    value : object
        As it was given; a remedy repeats one that is short.
    of : type, optional
        The class of which the function is a method, or the constructor if it has its name.

    Examples
    --------
    >>> print(unknown_keyword("summarize", "map_label", ["matrix", "gold"], {"junk": "SPAM"}))
    summarize() got an unexpected keyword argument 'map_label' [LK608]
    Hint: gold=gold.replace({'junk': 'SPAM'}) says what values of a Series mean
    >>> print(unknown_keyword("view", "conflicts", ["matrix", "conflict"]).hint)
    did you mean 'conflict'?
    """
    taken = [one for one in taken if one not in ("self", "cls")]
    beside = {*taken, f"{function.rpartition('.')[2]}()"}
    hint = (
        _alike(name, taken)
        or _remedy(name, beside, value)
        or (None if of is None else _elsewhere(of, function, name, value))
        or _near(name, taken)
    )
    return KeywordError(f"{function}() got an unexpected keyword argument {name!r}", hint=hint)


def _alike(name: str, taken: list[str]) -> str | None:
    same = _same_word(name, taken)
    return None if same is None else f"did you mean {same!r}?"


def _same_word(name: str, taken: Collection[str]) -> str | None:
    groups = (words for words in _ALIKE if name in words)
    return next((one for words in groups for one in words if one in taken), None)


def _remedy(name: str, beside: Collection[str], value: Any) -> str | None:
    for names, needed, remedy in _REMEDIES:
        if name in names.split() and set(needed.split()).issubset(beside):
            return remedy.replace("{value}", _shown(value))
    return None


def _shown(value: Any) -> str:
    shown = repr(value) if isinstance(value, str | int | float | dict | list | tuple) else "..."
    return shown if len(shown) <= LONGEST_VALUE else "..."


def _elsewhere(kind: type, function: str, name: str, value: Any) -> str | None:
    """Hint at the constructor or the method of a class that takes a keyword, or a word for the same."""
    constructor: Callable[..., Any] = kind
    taken = [] if function == kind.__name__ else keywords_of(constructor)
    same = name if name in taken else _same_word(name, taken)
    if same is not None:
        return f"{kind.__name__}({same}={_shown(value)}) takes it, where it is made"
    if hasattr(kind, "fit") and name in _TRAINING:
        same = _same_word(name, ["random_state"]) or name
        return f"leave it out: {kind.__name__} needs none; labelkit.SnorkelLabelModel({same}={_shown(value)}) does"
    if function != kind.__name__:
        return None
    methods = [(method, inspect.signature(member)) for method, member in inspect.getmembers(kind, inspect.isfunction)]
    for method, signature in sorted(methods, key=lambda one: one[0] not in ("fit", "apply")):
        if not method.startswith("_") and name in signature.parameters:
            return f"method {method} takes it: .{method}(..., {name}={_shown(value)})"
    return None


def _near(name: str, taken: list[str]) -> str:
    if (meant := near_name(name, taken)) is not None:
        return did_you_mean(name, meant)
    return f"it takes {', '.join(taken)}" if taken else "it takes no keywords"


def keywords_of(function: Callable[..., Any]) -> list[str]:
    """List the names of the parameters of a function that may be given by name."""
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.kind in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]

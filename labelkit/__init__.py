"""labelkit turns rules into training data.

Write short labeling functions in a Python module, apply them to an unlabeled corpus, let a label model weigh their
votes, and get a probability of every class for each example, with statistics that say how far to trust each rule and
each label.

>>> import labelkit as lk
>>> asks = lk.keywords("subscribe", "check out my", label=1).rule(name="asks")
>>> praise = lk.keywords("love", "great song", label=0).rule(name="praise")
>>> matrix = lk.Applier([asks, praise], labels=["HAM", "SPAM"]).apply(["Please subscribe!", "I love it", "hm"])
>>> lk.MajorityVote().fit(matrix).label(matrix).hard().tolist()
[1, 0, -1]
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from labelkit._version import __version__

if TYPE_CHECKING:
    from labelkit.analysis import Summary, pairwise_conflicts, pairwise_overlaps, summarize
    from labelkit.applier import Applier
    from labelkit.collecting import collect
    from labelkit.comparison import Comparison, compare
    from labelkit.corpus import Corpus, open_corpus
    from labelkit.datasets import generate_comments, generate_posts, load_comments, load_posts
    from labelkit.exceptions import LabelkitError
    from labelkit.label_models import (
        IBCC,
        DawidSkene,
        Evaluation,
        LabelModel,
        MajorityVote,
        MetalModel,
        OneCoin,
        QuorumVote,
        SnorkelLabelModel,
        TripletModel,
        WeightedVote,
        load_model,
    )
    from labelkit.labels import ABSTAIN, LabelSpace
    from labelkit.lf import Column, LabelingFunction, LabelingFunctions, LFInfo
    from labelkit.matrix import Fault, LabelMatrix, VotePatterns
    from labelkit.model_outputs import model_output
    from labelkit.pipeline import run
    from labelkit.probabilistic_labels import ProbabilisticLabels
    from labelkit.rules import Condition, column, keywords, labeling_function, lookup, regex
    from labelkit.run_folder import RunFolder

_HOMES = {
    "ABSTAIN": "labels",
    "Applier": "applier",
    "Column": "lf",
    "Comparison": "comparison",
    "Condition": "rules",
    "Corpus": "corpus",
    "DawidSkene": "label_models",
    "Evaluation": "label_models",
    "Fault": "matrix",
    "IBCC": "label_models",
    "LFInfo": "lf",
    "LabelMatrix": "matrix",
    "LabelModel": "label_models",
    "LabelSpace": "labels",
    "LabelingFunction": "lf",
    "LabelingFunctions": "lf",
    "LabelkitError": "exceptions",
    "MajorityVote": "label_models",
    "MetalModel": "label_models",
    "OneCoin": "label_models",
    "ProbabilisticLabels": "probabilistic_labels",
    "QuorumVote": "label_models",
    "RunFolder": "run_folder",
    "SnorkelLabelModel": "label_models",
    "Summary": "analysis",
    "TripletModel": "label_models",
    "VotePatterns": "matrix",
    "WeightedVote": "label_models",
    "collect": "collecting",
    "column": "rules",
    "compare": "comparison",
    "generate_comments": "datasets",
    "generate_posts": "datasets",
    "keywords": "rules",
    "labeling_function": "rules",
    "load_comments": "datasets",
    "load_model": "label_models",
    "load_posts": "datasets",
    "lookup": "rules",
    "model_output": "model_outputs",
    "open_corpus": "corpus",
    "pairwise_conflicts": "analysis",
    "pairwise_overlaps": "analysis",
    "regex": "rules",
    "run": "pipeline",
    "summarize": "analysis",
}
"""The module of each public name; it is imported when the name is first used."""

__all__ = [
    "ABSTAIN",
    "IBCC",
    "Applier",
    "Column",
    "Comparison",
    "Condition",
    "Corpus",
    "DawidSkene",
    "Evaluation",
    "Fault",
    "LFInfo",
    "LabelMatrix",
    "LabelModel",
    "LabelSpace",
    "LabelingFunction",
    "LabelingFunctions",
    "LabelkitError",
    "MajorityVote",
    "MetalModel",
    "OneCoin",
    "ProbabilisticLabels",
    "QuorumVote",
    "RunFolder",
    "SnorkelLabelModel",
    "Summary",
    "TripletModel",
    "VotePatterns",
    "WeightedVote",
    "__version__",
    "collect",
    "column",
    "compare",
    "generate_comments",
    "generate_posts",
    "keywords",
    "labeling_function",
    "load_comments",
    "load_model",
    "load_posts",
    "lookup",
    "model_output",
    "open_corpus",
    "pairwise_conflicts",
    "pairwise_overlaps",
    "regex",
    "run",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

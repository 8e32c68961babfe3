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
    from labelkit.advice import Finding, Findings, what_to_fix
    from labelkit.analysis import (
        Summary,
        coverage_by,
        coverage_by_class,
        coverage_over_time,
        marginal_values,
        near_duplicates,
        pairwise_conflicts,
        pairwise_overlaps,
        summarize,
        suspicious_gold,
    )
    from labelkit.applier import Applier
    from labelkit.collecting import collect
    from labelkit.comparison import Comparison, compare
    from labelkit.composing import at_least, near, repeated, unnegated, within
    from labelkit.corpus import Corpus, open_corpus
    from labelkit.databases import duckdb_table, sql_table
    from labelkit.datasets import generate_comments, generate_posts, load_comments, load_posts
    from labelkit.differences import Difference, diff
    from labelkit.estimating import DryRun, Estimates, dry_run, estimate
    from labelkit.exceptions import LabelkitError
    from labelkit.gates import expect
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
    from labelkit.lexicons import rules_from
    from labelkit.lf import Column, LabelingFunction, LabelingFunctions, LFInfo
    from labelkit.lookups import facts, lookup
    from labelkit.matrix import Fault, LabelMatrix, VotePatterns
    from labelkit.model_outputs import model_output
    from labelkit.nlp import entities, phrases, spacy_doc, token_pattern
    from labelkit.pipeline import run
    from labelkit.plots import (
        plot_coverage,
        plot_coverage_over_time,
        plot_label_distribution,
        plot_pairwise,
        plot_reliability,
    )
    from labelkit.probabilistic_labels import ProbabilisticLabels
    from labelkit.prompts import prompt
    from labelkit.report import write_report
    from labelkit.rules import Condition, column, keywords, labeling_function, regex
    from labelkit.run_folder import RunFolder
    from labelkit.similarity import Clusters, fit_clusters, similar_to
    from labelkit.suggestions import Suggestion, Suggestions, suggest
    from labelkit.views import View, view

_HOMES = {
    "ABSTAIN": "labels",
    "Applier": "applier",
    "Clusters": "similarity",
    "Column": "lf",
    "Comparison": "comparison",
    "Condition": "rules",
    "Corpus": "corpus",
    "DawidSkene": "label_models",
    "Difference": "differences",
    "DryRun": "estimating",
    "Estimates": "estimating",
    "Evaluation": "label_models",
    "Fault": "matrix",
    "Finding": "advice",
    "Findings": "advice",
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
    "Suggestion": "suggestions",
    "Suggestions": "suggestions",
    "Summary": "analysis",
    "TripletModel": "label_models",
    "View": "views",
    "VotePatterns": "matrix",
    "WeightedVote": "label_models",
    "at_least": "composing",
    "collect": "collecting",
    "column": "rules",
    "compare": "comparison",
    "coverage_by": "analysis",
    "coverage_by_class": "analysis",
    "coverage_over_time": "analysis",
    "diff": "differences",
    "dry_run": "estimating",
    "duckdb_table": "databases",
    "entities": "nlp",
    "estimate": "estimating",
    "expect": "gates",
    "facts": "lookups",
    "fit_clusters": "similarity",
    "generate_comments": "datasets",
    "generate_posts": "datasets",
    "keywords": "rules",
    "labeling_function": "rules",
    "load_comments": "datasets",
    "load_model": "label_models",
    "load_posts": "datasets",
    "lookup": "lookups",
    "marginal_values": "analysis",
    "model_output": "model_outputs",
    "near": "composing",
    "near_duplicates": "analysis",
    "open_corpus": "corpus",
    "pairwise_conflicts": "analysis",
    "pairwise_overlaps": "analysis",
    "phrases": "nlp",
    "plot_coverage": "plots",
    "plot_coverage_over_time": "plots",
    "plot_label_distribution": "plots",
    "plot_pairwise": "plots",
    "plot_reliability": "plots",
    "prompt": "prompts",
    "regex": "rules",
    "repeated": "composing",
    "rules_from": "lexicons",
    "run": "pipeline",
    "similar_to": "similarity",
    "spacy_doc": "nlp",
    "sql_table": "databases",
    "suggest": "suggestions",
    "summarize": "analysis",
    "suspicious_gold": "analysis",
    "token_pattern": "nlp",
    "unnegated": "composing",
    "view": "views",
    "what_to_fix": "advice",
    "within": "composing",
    "write_report": "report",
}
"""The module of each public name; it is imported when the name is first used."""

__all__ = [
    "ABSTAIN",
    "IBCC",
    "Applier",
    "Clusters",
    "Column",
    "Comparison",
    "Condition",
    "Corpus",
    "DawidSkene",
    "Difference",
    "DryRun",
    "Estimates",
    "Evaluation",
    "Fault",
    "Finding",
    "Findings",
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
    "Suggestion",
    "Suggestions",
    "Summary",
    "TripletModel",
    "View",
    "VotePatterns",
    "WeightedVote",
    "__version__",
    "at_least",
    "collect",
    "column",
    "compare",
    "coverage_by",
    "coverage_by_class",
    "coverage_over_time",
    "diff",
    "dry_run",
    "duckdb_table",
    "entities",
    "estimate",
    "expect",
    "facts",
    "fit_clusters",
    "generate_comments",
    "generate_posts",
    "keywords",
    "labeling_function",
    "load_comments",
    "load_model",
    "load_posts",
    "lookup",
    "marginal_values",
    "model_output",
    "near",
    "near_duplicates",
    "open_corpus",
    "pairwise_conflicts",
    "pairwise_overlaps",
    "phrases",
    "plot_coverage",
    "plot_coverage_over_time",
    "plot_label_distribution",
    "plot_pairwise",
    "plot_reliability",
    "prompt",
    "regex",
    "repeated",
    "rules_from",
    "run",
    "similar_to",
    "spacy_doc",
    "sql_table",
    "suggest",
    "summarize",
    "suspicious_gold",
    "token_pattern",
    "unnegated",
    "view",
    "what_to_fix",
    "within",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

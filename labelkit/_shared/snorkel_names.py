"""Say where the drop-in has the names of Snorkel, and what takes their place; read when one is missed."""

from __future__ import annotations

from typing import Final

PACKAGE: Final = "labelkit.interop.snorkel"

NAMES: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("LFApplier", "PandasLFApplier"), ("labeling", "Applier")),
    **dict.fromkeys(("DaskLFApplier", "PandasParallelLFApplier"), ("labeling.apply.dask", "Applier")),
    "SparkLFApplier": ("labeling.apply.spark", "Applier"),
    "LFAnalysis": ("labeling", "summarize"),
    "filter_unlabeled_dataframe": ("labeling", "ProbabilisticLabels"),
    **dict.fromkeys(("MajorityLabelVoter", "MajorityClassVoter", "RandomVoter"), ("labeling.model", "MajorityVote")),
    **dict.fromkeys(("NLPLabelingFunction", "nlp_labeling_function"), ("labeling.lf.nlp", "token_pattern")),
    **dict.fromkeys(("preprocessor", "Preprocessor"), ("preprocess", "column")),
    "SpacyPreprocessor": ("preprocess.nlp", "spacy_doc"),
    **dict.fromkeys(("probs_to_preds", "preds_to_probs"), ("utils", "ProbabilisticLabels")),
    "get_label_buckets": ("analysis", "view"),
    "get_label_instances": ("analysis", "view"),
    **dict.fromkeys(("Scorer", "metric_score"), ("analysis", "Evaluation")),
    **dict.fromkeys(("PandasSFApplier", "SFApplier"), ("slicing", "apply_slices")),
    **dict.fromkeys(("PandasTFApplier", "TFApplier"), ("augmentation", "augment")),
}
"""The module below the drop-in, and the name in labelkit."""


def snorkel_hint(name: str) -> str:
    """Return where a name of Snorkel is, to be put behind a message; empty of others.

    >>> snorkel_hint("LFAnalysis")
    '; labelkit.interop.snorkel.labeling has it, and labelkit.summarize takes its place'
    >>> snorkel_hint("lfanalysis")
    ''
    """
    if name not in NAMES:
        return ""
    module, successor = NAMES[name]
    return f"; {PACKAGE}.{module} has it, and labelkit.{successor} takes its place"

"""Describe the run that labels come from, as a data set records it: rules, label model, evaluation, certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.plain_values import plain_value
from labelkit.analysis.summary import Summary
from labelkit.corpus import BATCH_ROWS
from labelkit.exceptions import DataSetError
from labelkit.runs.one_version import one_version
from labelkit.runs.run_folder import RunFolder, reading_run

if TYPE_CHECKING:
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

TOLERANCE: Final = 1e-6
"""By which probabilities that were written may differ."""

OF_RULE: Final = ("name", "kind", "fingerprint", "columns", "labels", "file", "module")
OF_SUMMARY: Final = ("coverage", "conflicts", "votes", "faults", "precision", "precision_interval", "gold")
OF_RUN: Final = (
    "classes",
    "examples",
    "covered",
    "faults",
    "rejects",
    "gold",
    "gold_labels",
    "taught",
    "model",
    "class_prior",
    "prior_source",
    "evaluation",
    "certificate",
    "failed_certificates",
    "run_fingerprint",
    "model_fingerprint",
    "versions",
)


def check_labels_of(run: RunFolder, labels: ProbabilisticLabels) -> None:
    """Refuse labels that are not those of a run, whose evaluation and certificate are to stand beside them.

    Raises
    ------
    DataSetError
    """
    if not run.is_labeled:
        return
    difference = _difference(run.labels(), labels)
    if difference is not None:
        raise DataSetError(
            f"the labels are not those of the run {run.place!r}, but {difference}: its evaluation and its certificate "
            "would be said of labels that they are not of",
            hint="leave labels out, and the data set has those of the run as it is now; or leave run= out",
        )


def _difference(of_run: ProbabilisticLabels, labels: ProbabilisticLabels) -> str | None:
    """Say by what the first of some labels is not one of a run; None if all are."""
    if of_run.class_names != labels.class_names:
        return f"of the classes {', '.join(labels.class_names)}"
    places = of_run.examples.by_id.positions(labels.ids)
    for start in range(0, len(labels), BATCH_ROWS):
        rows = slice(start, start + BATCH_ROWS)
        is_other = places[rows] < 0
        if not is_other.any():
            distance = np.abs(of_run[places[rows]].proba - labels[rows].proba)
            is_other = np.asarray((distance > TOLERANCE).any(axis=1))
        if is_other.any():
            return f"others, such as that of the example {labels.ids[rows][is_other][:1].tolist()[0]!r}"
    return None


def described_run(run: RunFolder) -> dict[str, Any]:
    """Return what a run recorded of its rules and labels, as plain values; what it did not record is None."""
    manifest = run.manifest
    with one_version(run), reading_run(run.layout.summary):
        summary, number = Summary.read_csv(run.layout.summary).to_dict(), run.layout.number
    of_rule = {row["rule"]: row for row in summary["rules"]}
    rules = [
        {name: rule.get(name) for name in OF_RULE}
        | {name: of_rule.get(rule["name"], {}).get(name) for name in OF_SUMMARY}
        for rule in manifest["rules"]
    ]
    corpus = {name: manifest["corpus"].get(name) for name in ("path", "name", "fingerprint", "id")}
    values = {name: manifest.get(name) for name in OF_RUN}
    where = {"path": str(run.layout.current.folder), "version": number, "corpus": corpus}
    return dict(plain_value({**where, **values, "rules": rules, "total": summary["total"]}))

"""Describe the run that labels come from, as a data set records it: rules, label model, evaluation, certificate."""

from __future__ import annotations

from typing import Any, Final

from labelkit._shared.plain_values import plain_value
from labelkit.analysis import Summary
from labelkit.runs.run_folder import RunFolder, reading_run

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


def described_run(run: RunFolder) -> dict[str, Any]:
    """Return what a run recorded of its rules and labels, as plain values; what it did not record is None."""
    manifest = run.manifest
    with reading_run(run.layout.summary):
        summary = Summary.read_csv(run.layout.summary).to_dict()
    of_rule = {row["rule"]: row for row in summary["rules"]}
    rules = [
        {name: rule.get(name) for name in OF_RULE}
        | {name: of_rule.get(rule["name"], {}).get(name) for name in OF_SUMMARY}
        for rule in manifest["rules"]
    ]
    corpus = {name: manifest["corpus"].get(name) for name in ("path", "name", "fingerprint", "id")}
    values = {name: manifest.get(name) for name in OF_RUN}
    where = {"path": str(run.layout.current.folder), "version": run.layout.number, "corpus": corpus}
    return dict(plain_value({**where, **values, "rules": rules, "total": summary["total"]}))

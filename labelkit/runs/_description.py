"""Describe a finished run in a few lines of text, as the command line prints it."""

from __future__ import annotations

from collections import Counter
from math import nan
from typing import TYPE_CHECKING, Any, Final

import pyarrow.compute as pc

from labelkit._shared.command_line import as_both
from labelkit._shared.markup import visible
from labelkit._shared.numbers import count, decimal, percent, plural, share_where_wide
from labelkit._shared.plain_values import plain_value
from labelkit._shared.stored_files import read_parquet
from labelkit.analysis.summary import Summary
from labelkit.runs.command_again import command_to_teach
from labelkit.runs.vote_origins import FROM_CACHE, ORIGINS
from labelkit.votes.described_prior import described_prior

if TYPE_CHECKING:
    from labelkit.runs.run_folder import RunFolder


EVEN: Final = 1e-9
"""Difference of shares below which all classes are as frequent."""

NEXT: Final = (
    "next: .describe() has a line for each rule, .labels() the labels; labelkit.what_to_fix(run.patterns()) says what "
    "to improve"
)
"""What to do with a run, in Python."""

NEXT_OF_VOTES: Final = (
    "votes alone: model = labelkit.LabelModel().fit(run.patterns()) learns from them, labelkit.label_to_folder(run, "
    "model, folder) writes labels"
)
"""What to do with a run without labels, in Python."""


def describe_finished(folder: RunFolder) -> str:
    """Say in one line when a run was finished, and with how many rows."""
    when = str(folder.timings.get("finished", "")).replace("T", " ").replace("+00:00", " UTC")
    rows = f"{plural(folder.manifest['examples'], 'row')}, {plural(len(folder.manifest['rules']), 'rule')}"
    return f"finished already: {folder.place} ({when}, {rows}); nothing has changed since, so nothing was done"


def describe(folder: RunFolder) -> str:
    """Describe the statistics of the rules, the labels, the accuracy where there was gold, and the files of a run."""
    manifest = folder.manifest
    lines = [
        _votes(manifest, folder.timings),
        "",
        str(Summary.read_csv(folder.layout.summary)),
        "",
    ]
    if folder.is_labeled:
        lines.append(f"labels by {manifest['model']['name']}: {_labels(folder)}")
        lines += _known(manifest)
    if manifest.get("gold_labels"):
        matched, given = (manifest["gold_labels"][key] for key in ("matched", "given"))
        lines.append(f"gold: {count(matched)} of {plural(given, 'label')} matched an example")
    if manifest["evaluation"]:
        lines += _accuracy(manifest["evaluation"], by_content=bool(manifest.get("content")))
        teach = command_to_teach(folder.manifest, folder.place)
        lines += [as_both(sentence, teach, folder.place) for sentence in _teachable(folder)]
    return visible("\n".join(lines + _files(folder)))


def overview(folder: RunFolder) -> str:
    """Say in a few lines what a run has: rows with votes, conflicts, labels, accuracy by gold, and what to do next."""
    manifest = folder.manifest
    total = Summary.read_csv(folder.layout.summary).to_dict()["total"]
    covered, n_rows = manifest["covered"], manifest["examples"]
    voted = f"{count(covered)} ({percent(covered / n_rows)}) have a vote"
    conflicts = percent(nan if total["conflicts"] is None else total["conflicts"])
    rows = f"{plural(n_rows, 'example')}{_chosen(manifest['corpus'].get('rows') or {})}"
    rules = plural(len(manifest["rules"]), "rule")
    lines = [f"{folder.place}: {rules} on {rows}; {voted}, {conflicts} votes for several classes"]
    if manifest["faults"]:
        lines.append(f"{plural(manifest['faults'], 'fault')}: rules failed there (.faults)")
    if not folder.is_labeled:
        lines.append(NEXT_OF_VOTES)
        return visible("\n".join(lines))
    lines.append(f"labels by {manifest['model']['name']}: {_labels(folder)}")
    if manifest["evaluation"]:
        lines.append(_accuracy(manifest["evaluation"], by_content=bool(manifest.get("content")))[0])
        lines += _teachable(folder)
    lines.append(NEXT)
    if folder.layout.report.is_file():
        lines.append(f"to look at: {folder.layout.report}")
    return visible("\n".join(lines))


def values_of(folder: RunFolder) -> dict[str, Any]:
    """Return what :func:`describe` tells, and the paths of the files, as plain values."""
    manifest, layout = folder.manifest, folder.layout
    labels = _label_counts(folder) if folder.is_labeled else None
    return {
        "folder": folder.place,
        "was_finished": folder.was_finished,
        "finished": folder.timings.get("finished"),
        "examples": manifest["examples"],
        "covered": manifest["covered"],
        "faults": manifest["faults"],
        "rejects": manifest["rejects"],
        "chosen_rows": manifest["corpus"].get("rows"),
        "classes": manifest["classes"],
        "labels": None if labels is None else {name: labels[c] for c, name in enumerate(manifest["classes"])},
        "no_label": None if labels is None else labels[None],
        "model": manifest["model"],
        **{name: manifest.get(name) for name in ("class_prior", "prior_source", "content")},
        "gold": manifest.get("gold_labels"),
        "evaluation": plain_value(manifest["evaluation"]),
        **Summary.read_csv(layout.summary).to_dict(),
        "seconds": folder.timings["seconds"],
        "report": str(layout.report) if layout.report.is_file() else None,
    }


def _chosen(described: dict[str, Any]) -> str:
    """Say which rows of the corpus were chosen; nothing of all."""
    if not described:
        return ""
    from labelkit.corpus.chosen_rows import RowChoice  # noqa: PLC0415 - brings all readers of files

    rows = RowChoice(**described)
    return f" ({rows})" if rows else ""


def _votes(manifest: dict[str, Any], timings: dict[str, Any]) -> str:
    n_rows, covered = manifest["examples"], manifest["covered"]
    n_kept = len(timings.get("remembered", ()))
    kept = f" (the votes of {n_kept:,} {ORIGINS[timings.get('remembered_from', FROM_CACHE)]})" if n_kept else ""
    seconds = decimal(timings["seconds"]["apply"], 1)
    chosen = _chosen(manifest["corpus"].get("rows") or {})
    return (
        f"{plural(len(manifest['rules']), 'rule')} voted on {plural(n_rows, 'example')}{chosen} in {seconds} s{kept}; "
        f"{count(covered)} ({percent(covered / n_rows)}) have a vote"
    )


def _known(manifest: dict[str, Any]) -> list[str]:
    """Say what content was used for, and which class prior, where it is not that each class is as frequent."""
    lines = [manifest["content"]] if manifest.get("content") else []
    prior = manifest.get("class_prior")
    if prior and max(prior.values()) - min(prior.values()) > EVEN:
        lines.append(described_prior(prior, manifest.get("prior_source")))
    return lines


def _labels(folder: RunFolder) -> str:
    """List the number and the share of examples with each label."""
    counts = _label_counts(folder)
    by_name = [(name, counts[c]) for c, name in enumerate(folder.manifest["classes"])]
    total = counts.total()
    return ", ".join(f"{name} {count(n)} ({percent(n / total)})" for name, n in [*by_name, ("no label", counts[None])])


def _label_counts(folder: RunFolder) -> Counter[int | None]:
    """Count the examples with each label; parts are read one at a time."""
    counts: Counter[int | None] = Counter()
    for part in folder.layout.parts("labels"):
        for pair in pc.value_counts(read_parquet(part, columns=["label"]).column(0)).to_pylist():
            counts[pair["values"]] += pair["counts"]
    return counts


def _accuracy(evaluation: dict[str, Any], *, by_content: bool) -> list[str]:
    nowhere = (nan, nan)  # in a run of an earlier version
    low, high = map(percent, evaluation["accuracy_interval"])
    macro = share_where_wide(evaluation["f1_macro"], *evaluation.get("f1_macro_interval", nowhere))
    judged = "labeled by votes or content" if by_content else "with a vote"
    line = (
        f"against gold, on {count(evaluation['n_covered'])} of {plural(evaluation['n'], 'example')} ({judged}): "
        f"accuracy {percent(evaluation['accuracy'])} ({low} - {high}), "
        f"macro F1 {macro}, log-loss {decimal(evaluation['log_loss'])}, "
        f"calibration error {percent(evaluation['ece'])}"
    )
    lines = [line]
    if evaluation["n_seen"]:
        lines.append(f"the model learned from {count(evaluation['n_seen'])} of them: they are judged by cross-fitting")
    if evaluation["n_labeled"] < evaluation["n_covered"]:
        ends = evaluation.get("accuracy_labeled_interval", nowhere)
        right = f"{share_where_wide(evaluation['accuracy_labeled'], *ends)} are right"
        n_labeled = count(evaluation["n_labeled"])
        lines.append(f"only {n_labeled} of them got a hard label, of which {right}; the others count as wrong")
    return lines


def _teachable(folder: RunFolder) -> list[str]:
    """Say where the label model is far from gold that could teach it; nothing of labels by content."""
    if folder.manifest.get("content") or folder.manifest["evaluation"]["n_seen"]:
        return []
    from labelkit.analysis.what_to_fix import gold_could_teach  # noqa: PLC0415 - where there is gold alone

    sentence = gold_could_teach(folder.patterns(), folder.model())
    return [sentence] if sentence else []


def _files(folder: RunFolder) -> list[str]:
    manifest, layout = folder.manifest, folder.layout
    lines = []
    if manifest["faults"]:
        lines.append(f"{plural(manifest['faults'], 'fault')}: see {layout.faults}")
    if manifest["rejects"]:
        lines.append(f"{plural(manifest['rejects'], 'row was', 'rows were')} rejected: see {layout.rejects}")
    if not folder.is_labeled:
        lines.append(f"written to {folder.place}: votes/, summary.csv, patterns.parquet, faults.parquet, manifest.json")
        lines.append(f"votes alone: labelkit fit {folder.place} --out MODEL learns a label model from them")
        return lines
    lines.append(f"written to {folder.place}: labels/, votes/, summary.csv, model/, faults.parquet, manifest.json")
    if layout.report.is_file():
        lines.append(f"to look at: {layout.report}")
    return lines

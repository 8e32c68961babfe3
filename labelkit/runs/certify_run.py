"""Certify the labels of a run: what an audit proves of them stands in the manifest and the report from then on.

A certificate that keeps no label is recorded as failed, beside the one in force, which it does not displace.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit._shared.numbers import count, plural
from labelkit.exceptions import GoldError, RunFolderError
from labelkit.runs.folder_gold import gold_by_example
from labelkit.runs.given_run import opened_run
from labelkit.runs.judged_gold import n_judged_before
from labelkit.runs.local_copies import origin
from labelkit.runs.report import write_report
from labelkit.runs.run_folder import RunFolder, write_json
from labelkit.runs.run_place import held_place, move
from labelkit.runs.teaching import taught_rows
from labelkit.runs.versions import copied, finish
from labelkit.votes.gold_beside import gold_was_judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from labelkit.votes.audit.certificate import Certificate, Guarantee


def certify_run(
    path: str | Path,
    gold: Any,
    max_error: float = 0.03,
    confidence: float = 0.95,
    *,
    guarantee: Guarantee = "bound",
    weights: Any = None,
    map_label: Mapping[Any, str | int | None] | None = None,
    random_state: int = 0,
) -> Certificate:
    """Find the largest set of a run's labels that an audit proves good enough, and write that into the run.

    The run gets a new version, whose manifest has the certificate, and a report that shows it, if it had a report. A
    failed one (``certificate.certified`` is False) is added to ``failed_certificates`` of the manifest; the certificate
    in force, if there is one, stays.

    Parameters
    ----------
    path : path
        Of the run folder.
    gold : str, path, mapping, Series or array-like
        What people answered on a random sample of the labeled examples, as :func:`labelkit.run` takes gold.
    max_error, confidence, guarantee, weights, random_state
        As in :meth:`labelkit.ProbabilisticLabels.certify`.
    map_label : mapping, optional
        As :func:`labelkit.run` takes it.

    Returns
    -------
    Certificate

    Raises
    ------
    RunFolderError
        If there is no run folder, it has no labels, is an old version, or is updated meanwhile.
    GoldError
        If gold does not fit, or the label model learned from it.
    """
    certificate, _ = certified_with_note(
        path,
        gold,
        max_error,
        confidence,
        map_label=map_label,
        guarantee=guarantee,
        weights=weights,
        random_state=random_state,
    )
    return certificate


def certified_with_note(
    path: str | Path, gold: Any, *levels: float, map_label: Mapping[Any, str | int | None] | None = None, **options: Any
) -> tuple[Certificate, str | None]:
    """Certify as :func:`certify_run` does, and return what :func:`note_on_gold` says of the gold beside it."""
    folder = opened_run(path)
    folder.check_labeled()
    if folder.layout.current != folder.layout:
        raise RunFolderError(
            f"{str(path)!r} is an old version, which is not changed",
            hint="`labelkit restore` makes it the current one again, as a new version, and that can be certified",
        )
    labels, truth = folder.labels(), gold_by_example(folder, gold, map_label)
    if labels.learned_from_gold:
        labels = replace(labels, learned_from_gold=not _is_unseen(folder, truth.classes))
    certificate = labels.certify(truth, *levels, **options)
    note = note_on_gold(folder, truth.classes)
    with held_place(origin(folder.path), force=False) as layout:
        folder.snapshot.check_replaceable(layout)
        draft = copied(layout, layout)
        write_json(draft.manifest, {**folder.manifest, **certificates_with(folder.manifest, certificate.to_dict())})
        finish(draft, layout)
        move(layout)
    if folder.layout.report.is_file():
        write_report(origin(folder.path))
    return certificate, note


def note_on_gold(folder: RunFolder, classes: NDArray[np.int64]) -> str | None:
    """Say on which condition gold that a run was judged by is an audit; None for other gold.

    Parameters
    ----------
    folder : RunFolder
    classes : ndarray of int64, shape (n_examples,)
        The gold of the audit, -1 where unknown.
    """
    n_before, n_labels = n_judged_before(folder, classes), int((classes >= 0).sum())
    if not n_before:
        return None
    what = "this is the gold"
    if n_before < n_labels:
        what = f"{count(n_before)} of these {count(n_labels)} rows have gold"
    proves = "it proves" if n_before == n_labels else "these prove"
    return (
        f"{what} that the run was judged by: {proves} something only if nobody looked at it while making the "
        "rules (run, check, view --wrong, fix, suggest); else give answers on rows drawn anew"
    )


def certificates_with(manifest: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a manifest for the certificate in force and the failed ones, with one more.

    >>> certificates_with({"certificate": {"n_kept": 5}}, {"n_kept": 0})
    {'certificate': {'n_kept': 5}, 'failed_certificates': [{'n_kept': 0}]}
    """
    before = manifest.get("certificate")
    failed = list(manifest.get("failed_certificates") or ())
    if before and not before["n_kept"]:  # of an earlier version, which kept it in the place of one in force
        before, failed = None, [*failed, before]
    if found["n_kept"]:
        return {"certificate": found, **({"failed_certificates": failed} if failed else {})}
    return {"certificate": before, "failed_certificates": [*failed, found]}


def _is_unseen(folder: RunFolder, truth: NDArray[np.int64]) -> bool:
    """Refuse gold that the label model learned from; return True if it is known that it did not."""
    audit, taught = np.flatnonzero(truth >= 0), taught_rows(folder)
    if taught is not None:
        n_seen = int(np.isin(audit, taught).sum())
        which, hint = "", f"leave {'it' if n_seen == 1 else 'them'} out: the other {len(audit) - n_seen:,} are an audit"
    else:
        with gold_was_judged():
            n_seen = folder.votes_model().evaluate(folder.matrix()[audit], truth[audit]).n_seen
        which, hint = ", or from rows like these,", "`labelkit run ... --update` writes down which rows teach"
    if n_seen:
        raise GoldError(
            f"the label model learned from {plural(n_seen, 'row')} of this gold{which} so that it proves nothing",
            hint=hint,
            code="LK330",
        )
    return taught is not None

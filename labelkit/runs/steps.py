"""Go on from votes that were written before: fit a label model to them, and label them with one that was fitted.

``apply_to_folder``, ``fit_votes`` and ``label_to_folder`` make the same bytes as ``run`` does.

>>> import tempfile
>>> import labelkit as lk
>>> rules, folder = [lk.keywords("free", label=1).rule(name="free")], Path(tempfile.mkdtemp())
>>> votes = lk.apply_to_folder(rules, ["free!", "hi"], folder / "votes", labels=["HAM", "SPAM"], progress=False)
>>> model = fit_votes(votes, model="MajorityVote")
>>> label_to_folder(votes, model, folder / "labels").labels().hard().tolist()
[1, -1]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.files import replaced
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.stored_files import read_parquet
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.counts import tallied
from labelkit.exceptions import ExportError, GoldError, MatrixError, RunFolderError
from labelkit.label_models.taught_examples import note_taught, without_note
from labelkit.runs.folder_gold import with_gold
from labelkit.runs.folder_parts import PatternPlaces, matrices_of
from labelkit.runs.given_votes import Votes, all_opened, opened_votes
from labelkit.runs.manifest import of_votes, saved_model, write_labeled, write_timings
from labelkit.runs.named_model import label_model
from labelkit.runs.one_version import one_version
from labelkit.runs.parts import write_part
from labelkit.runs.provenance import REPEATING, model_fingerprint, run_fingerprint
from labelkit.runs.run_folder import RunFolder, RunLayout
from labelkit.runs.run_place import held_place, move, run_at
from labelkit.runs.run_state import PatternLabels, StageTimes
from labelkit.runs.taught_elsewhere import examples_with_gold, rows_that_taught
from labelkit.runs.teaching import check_teachable, is_taught, warn_of_few, write_taught
from labelkit.runs.versioned_layout import named_version
from labelkit.runs.versions import finish
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.saved_index import SavedIndex
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL_FILES: Final = (".parquet", ".pq")
"""Suffixes of a file of labels."""

OTHER_FILES: Final = (".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".arrow", ".feather", ".gz", ".zst", ".txt")
"""Suffixes of what :func:`labelkit.export` writes."""

MODEL_FILE: Final = "model.json"
"""The file by which the folder of a label model is known."""


# Fit ------------------------------------------------------------------------------------------------------------------


@checks_keywords
def fit_votes(
    votes: Votes | Sequence[Votes],
    *,
    model: Any = "LabelModel",
    gold: Any = None,
    map_label: Mapping[Any, str | int | None] | None = None,
    teach: bool = False,
) -> Any:
    """Fit a label model to votes that were written before, of one or several folders.

    Parameters
    ----------
    votes : path of a folder of votes, of a run, or of saved votes; RunFolder, LabelMatrix, VotePatterns; or several
        The votes of several are those of parts of one corpus, or of corpora of one kind: the model is fitted to all.
    model : str or label model
        The name of a label model, or one with parameters set.
    gold : str, path, mapping, Series or array-like, optional
        As :func:`labelkit.run` takes it; by default, the gold that rules were applied with.
    map_label : mapping of value to name or number of a class, optional
        As :func:`labelkit.run` takes it.
    teach : bool
        Whether the model learns from gold.

    Returns
    -------
    label model
        Fitted; ``save`` writes it for :func:`label_to_folder`, and ``evaluate`` judges it.

    Raises
    ------
    MatrixError
        If there are no votes, or those of several are of other rules or classes.
    RunFolderError
        If a folder is given twice, or holds no votes.
    GoldError, ModelError
        If gold does not fit; if it is to teach, and there is none or the model does not learn from it.
    """
    estimator = label_model(model)
    opened = all_opened(votes)
    fitted = fit_patterns(_merged(opened, gold, map_label), estimator, teach=teach)
    if teach:
        note_taught(fitted, examples_with_gold(opened.values(), gold, map_label))
    return fitted


def fit_patterns(patterns: VotePatterns, model: Any, *, teach: bool) -> Any:
    """Fit a label model to patterns, with their gold only if it is to teach.

    Raises
    ------
    GoldError, ModelError
        As in :func:`fit_votes`.
    """
    if teach:
        check_teachable(model, has_gold=patterns.gold is not None)
        warn_of_few(patterns)
    return model.fit(patterns if teach else replace(patterns, gold=None))


def save_model(model: Any, out: Path, *, force: bool) -> None:
    """Write a fitted label model to a folder; one that stands there is replaced only with ``force``.

    Raises
    ------
    RunFolderError
        If something else stands there, or a model and ``force`` is not given.
    """
    there = out.is_symlink() or out.exists()
    is_model = (out / MODEL_FILE).is_file() and not out.is_symlink()
    if RunLayout(out.parent).manifest.is_file() and RunLayout(out.parent).model == out:
        raise RunFolderError(
            f"{str(out)!r} is the model of a run, and is not replaced", hint="name another folder", code="LK513"
        )
    if there and not is_model and not (out.is_dir() and not any(out.iterdir())):
        raise RunFolderError(
            f"{str(out)!r} is no label model, so it is not replaced", hint="name another folder", code="LK513"
        )
    if is_model and not force:
        raise RunFolderError(f"{str(out)!r} exists already", hint="force=True (--force) replaces it", code="LK501")
    model.save(out)


def stored_model(path: Path) -> Any:
    """Read a label model from its folder, or from the folder of the run that it was fitted in.

    Raises
    ------
    ModelError
        If the folder holds none.
    RunFolderError
        If it is a run folder with votes alone.
    """
    from labelkit.label_models import load_model  # noqa: PLC0415 - brings scikit-learn

    there, version = named_version(path)
    return RunFolder(there, version).model() if RunLayout(there).manifest.is_file() else load_model(path)


def patterns_of(
    votes: Any, *, gold: Any = None, map_label: Mapping[Any, str | int | None] | None = None
) -> VotePatterns:
    """Return the patterns of votes that were written before, with counts of gold.

    Parameters
    ----------
    votes, gold, map_label
        As in :func:`fit_votes`.

    Raises
    ------
    MatrixError, RunFolderError, GoldError
        As in :func:`fit_votes`.
    """
    return _merged(all_opened(votes), gold, map_label)


def _merged(
    opened: Mapping[str, RunFolder | LabelMatrix | VotePatterns],
    gold: Any,
    map_label: Mapping[Any, str | int | None] | None,
) -> VotePatterns:
    parts = {name: _patterns(one, gold, map_label, alone=len(opened) == 1) for name, one in opened.items()}
    _check_alike(parts)
    patterns = next(iter(parts.values())) if len(parts) == 1 else VotePatterns.merge(parts.values())
    if gold is not None and patterns.gold is not None and not patterns.gold.any():
        raise GoldError(
            "none of the gold labels is of an example of these votes",
            hint="name the examples as the votes do: by id",
            code="LK321",
        )
    return patterns


def _patterns(
    votes: RunFolder | LabelMatrix | VotePatterns,
    gold: Any,
    map_label: Mapping[Any, str | int | None] | None,
    *,
    alone: bool,
) -> VotePatterns:
    if isinstance(votes, VotePatterns):
        if gold is not None:
            raise GoldError(
                "vote patterns know no examples, so gold cannot be given beside them",
                hint="give the folder of the votes",
                code="LK328",
            )
        return votes
    if gold is not None:
        return with_gold(votes, gold, map_label, must_match=alone)
    return votes.patterns() if isinstance(votes, RunFolder) else votes.patterns


def _check_alike(parts: dict[str, VotePatterns]) -> None:
    """Refuse votes of other rules, versions of rules or classes than the first."""
    (first_name, first), *rest = parts.items()
    for name, part in rest:
        if part.class_names != first.class_names:
            raise MatrixError(
                f"the classes are {', '.join(first.class_names)} in {first_name} and "
                f"{', '.join(part.class_names)} in {name}",
                hint="apply the same rules to both corpora",
                code="LK312",
            )
        lost = [lf for lf in dict.fromkeys([*first.names, *part.names]) if (lf in first.names) != (lf in part.names)]
        if lost or part.names != first.names:
            what = f"only one has {', '.join(map(repr, lost[:5]))}" if lost else "their rules have another order"
            raise MatrixError(
                f"{first_name} and {name} have votes of other rules: {what}",
                hint="apply the same rules to both corpora",
                code="LK312",
            )
        prints = zip(first.lfs, part.lfs, strict=True)
        changed = [a.name for a, b in prints if a.fingerprint and b.fingerprint and a.fingerprint != b.fingerprint]
        if changed:
            raise MatrixError(
                f"{first_name} and {name} have votes of other versions of {', '.join(map(repr, changed[:5]))}",
                hint="apply the rules as they are now to both corpora",
                code="LK312",
            )


# Label ----------------------------------------------------------------------------------------------------------------


@checks_keywords
def label_to_folder(
    votes: RunFolder | str | Path, model: Any, out: str | Path, *, report: bool = True, force: bool = False
) -> RunFolder:
    """Label votes that were written before, with a label model that was fitted before: a run folder with both.

    Parameters
    ----------
    votes : RunFolder or path
        Of votes alone, or of a run, whose own model is then left behind.
    model : label model
        Fitted, on these or other votes of the same rules.
    out : path
        The run folder to make; votes, faults and rejects are copied into it.
    report : bool
        Whether to write ``report.html`` into it.
    force : bool
        Whether to replace a run folder that exists.

    Returns
    -------
    RunFolder
        As :func:`labelkit.run` makes it, with the same bytes where the model was fitted to the same votes.

    Raises
    ------
    RunFolderError
        If there are no votes, they are damaged or updated meanwhile, or ``out`` exists and ``force`` is not given.
    ModelError
        If the model was fitted on other rules or classes.
    """
    folder, out = opened_votes(votes), Path(out)
    if not isinstance(folder, RunFolder):
        raise RunFolderError(
            f"{str(votes)!r} is no folder of votes, so that no run folder can be made of it",
            hint="label a matrix into a file: labels.parquet",
        )
    manifest = of_votes(folder.manifest)  # before all that is read of the folder
    with held_place(out, force=force) as layout:
        if layout.folder.exists() and not force:
            raise RunFolderError(f"{str(out)!r} exists already", hint="force=True (--force) replaces it", code="LK501")
        draft = RunLayout(layout.draft)
        times = StageTimes()
        patterns, proba = _predicted(folder, model)
        with one_version(folder):
            draft.start_with(folder.layout)
        patterns.save(draft.patterns)
        fingerprint = saved_model(draft, model)
        if (rows := rows_that_taught(model, folder)) is not None:
            write_taught(draft, rows)
        labels = PatternLabels.of(proba, patterns, model=fingerprint, run=run_fingerprint(manifest["inputs"]))
        for number, (ids, index) in enumerate(_patterns_of_parts(folder, patterns)):
            with replaced(draft.part("labels", number), one_of_many=True) as file:
                write_part(labels.table(ids, index), file, repeating=REPEATING)
        folder.snapshot.check()
        times.note("labels")
        write_labeled(draft, manifest, model, patterns, tallied(patterns, proba))
        times.note("summary")
        if report:
            _report(draft)
        times.note("report")
        before = folder.timings
        write_timings(draft, {**before.get("seconds", {}), **times.seconds}, before)
        finish(draft, None)
        move(layout)
    return run_at(out, layout)


def is_label_file(out: Path) -> bool:
    """Return True for the name of a file of labels, and False for that of a folder.

    Raises
    ------
    ExportError
        If it is that of a file of another kind.
    """
    if out.suffix.lower() in OTHER_FILES:
        raise ExportError(
            f"labels are written as a run folder or a Parquet file, and {str(out)!r} is neither",
            hint="name a folder; then `labelkit export` writes CSV, JSONL and more of it",
            code="LK532",
        )
    return out.suffix.lower() in LABEL_FILES


def label_to_file(
    votes: RunFolder | LabelMatrix | str | Path, model: Any, out: str | Path, *, force: bool = False
) -> int:
    """Label votes that were written before, into one Parquet file that ``ProbabilisticLabels.load`` reads.

    Parameters
    ----------
    votes, model
        As in :func:`label_to_folder`; also a saved matrix.
    out : path
    force : bool
        Whether to replace a file that exists.

    Returns
    -------
    int
        Number of examples.

    Raises
    ------
    RunFolderError, ModelError
        As in :func:`label_to_folder`.
    ExportError
        If the file is not called ``.parquet``, or exists and ``force`` is not given.
    """
    out = Path(out)
    if not is_label_file(out):
        raise ExportError(f"{str(out)!r} is not called .parquet", hint="labels.parquet", code="LK532")
    if out.exists() and not force:
        raise ExportError(f"{str(out)!r} exists already", hint="force=True (--force) replaces it", code="LK501")
    opened = opened_votes(votes)
    if isinstance(opened, VotePatterns):
        raise RunFolderError(
            f"{str(votes)!r} has vote patterns, and no examples", hint="give the folder of the votes", code="LK328"
        )
    if isinstance(opened, LabelMatrix):
        model.label(opened).save(out)
        return len(opened)
    patterns, proba = _predicted(opened, model)
    with scratch_folder() as place:
        fingerprint = model_fingerprint(without_note(model).save(place / "model"))
    labels = PatternLabels.of(proba, patterns, model=fingerprint, run=run_fingerprint(opened.manifest["inputs"]))
    origin = {"prior_source": getattr(model, "prior_source_", None), "learned_from_gold": is_taught(model) or None}
    labels = replace(labels, origin=origin)
    index = SavedIndex.of(opened.frame_index(patterns.n_examples))
    tables = (labels.table(ids, places) for ids, places in _patterns_of_parts(opened, patterns))
    return _write_tables(tables, index, out)


def _write_tables(tables: Iterable[pa.Table], index: SavedIndex, out: Path) -> int:
    n_rows, writer = 0, None
    with replaced(out) as draft:
        try:
            for table in tables:
                whole = index.beside(table, slice(n_rows, n_rows + table.num_rows))
                writer = pq.ParquetWriter(draft, whole.schema, compression="zstd") if writer is None else writer
                writer.write_table(whole.cast(writer.schema))
                n_rows += table.num_rows
        finally:
            if writer is not None:
                writer.close()
    return n_rows


def _predicted(folder: RunFolder, model: Any) -> tuple[VotePatterns, NDArray[Any]]:
    """Return the patterns of a run, and their probabilities by a model; it warns of rules that have changed."""
    patterns = folder.patterns()
    return patterns, model.predict_pattern_proba(patterns)


def _patterns_of_parts(folder: RunFolder, patterns: VotePatterns) -> Iterator[tuple[pa.Array, NDArray[Any]]]:
    """Yield the ids of the examples of each part, and the position of the pattern of each in the whole."""
    places = PatternPlaces(patterns)
    for (_, part), file in zip(matrices_of(folder), folder.layout.parts("votes"), strict=True):
        with one_version(folder):
            ids = read_parquet(file, columns=[pq.read_schema(file).names[0]]).column(0).combine_chunks()
        yield ids, places.of(part)[part.pattern_index]


def _report(draft: RunLayout) -> None:
    """Write the report, also where the corpus has moved since: it says so itself."""
    from labelkit.runs.report import write_report  # noqa: PLC0415 - brings scikit-learn

    write_report(draft.folder, history=False)

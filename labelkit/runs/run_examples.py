"""A run with all that shows its examples: votes, labels, the corpus, gold, and the rules that find their matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelkit.corpus import Corpus
from labelkit.corpus.gold import open_gold
from labelkit.corpus.gold_ids import column_values
from labelkit.corpus.rows_at import examples_at
from labelkit.exceptions import CorpusError, LabelkitError
from labelkit.rules.collect import collect
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.runs.given_run import opened_run
from labelkit.runs.report.source import SourceRows
from labelkit.runs.run_corpus import as_it_is_now, gold_column, meanings_of_gold, voting_again
from labelkit.runs.run_folder import RunFolder
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.probabilistic_labels import ProbabilisticLabels


@dataclass(frozen=True, eq=False)
class RunExamples:
    """The examples of a run, in memory.

    Attributes
    ----------
    matrix : LabelMatrix
    labels : ProbabilisticLabels or None
        None of a folder of votes alone.
    corpus : Corpus
    lfs : LabelingFunctions or None
        The rules as they are now; None where they are not at hand.
    gold : ndarray of int64 or None
        Gold by example, -1 where unknown.
    notes : tuple of str
        What is not known, and how to give it.
    """

    matrix: LabelMatrix
    labels: ProbabilisticLabels | None
    corpus: Corpus
    lfs: LabelingFunctions | None
    gold: NDArray[np.int64] | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        run: Any,
        *,
        corpus: Any = None,
        rules: Any = None,
        gold: str | Path | None = None,
        map_label: Mapping[Any, str | int | None] | None = None,
        without_gold: bool = False,
    ) -> RunExamples:
        """Read a run, find its corpus and import its rules.

        Parameters
        ----------
        run : RunFolder or path
        corpus : object, optional
            The corpus, as :func:`labelkit.open_corpus` takes it, if it is not where it was.
        rules : optional
            As :func:`labelkit.collect` takes them, if they are not where they were.
        gold : str or path, optional
            A column of the corpus or a file of ids and labels; that of the run, a column or a file, if not given.
        map_label : mapping of value to name or number of a class, optional
            As :func:`labelkit.run` takes it.
        without_gold : bool
            Whether that of the run is left out, too.

        Raises
        ------
        RunFolderError
            If there is no run.
        CorpusError
            If the corpus is not at hand, or has changed since the run.
        GoldError
            If gold is neither a column nor a file, or does not fit.
        """
        folder = opened_run(run)
        source = SourceRows.of(folder.manifest, corpus)
        if source.has_changed:
            command = voting_again(folder.manifest)
            hint = f"if {as_it_is_now(folder.manifest)}; or {command} votes on what it is now"
            raise CorpusError(source.note.rstrip("."), hint=hint, code="LK216")
        if source.corpus is None:
            raise CorpusError(
                source.note.rstrip("."), hint="say where it is now: corpus= (--corpus FILE)", code="LK533"
            )
        matrix = folder.matrix()
        gold_note = None
        if gold is None and source.gold_source is not None and not without_gold:
            gold = source.gold_source.column
        if gold is None and not without_gold:
            gold, gold_note = _gold_file_of(folder.manifest)
        truth = None if gold is None else _gold_of(gold, map_label, source.corpus, matrix, folder.manifest)
        labels = folder.labels() if folder.is_labeled else None
        lfs, notes = _rules_of(folder, rules)
        notes += [note for note in (source.note, gold_note) if note]
        return cls(matrix, labels, source.corpus, lfs, truth, tuple(notes))


def _gold_file_of(manifest: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the file of gold that a run was judged by, or a note that it is not where it was."""
    file = manifest.get("gold_file")
    if file is None or "://" in file or Path(file).exists():
        return file, None
    return None, f"the gold of the run is not at {file} any more: say where it is, gold= (--gold FILE)."


def _gold_of(
    gold: str | Path,
    map_label: Mapping[Any, str | int | None] | None,
    corpus: Corpus,
    matrix: LabelMatrix,
    manifest: Mapping[str, Any],
) -> NDArray[np.int64]:
    """Return the gold labels of the examples of a run, -1 where unknown."""
    names, rows = matrix.class_names, np.arange(len(matrix))
    if not map_label and not corpus.has_column(str(gold)):
        map_label = meanings_of_gold(manifest, gold)
    source = open_gold(gold, corpus, names, map_label).checked(names)
    if source.column is None:
        truth = source.at(rows, matrix.ids, names)
    else:
        meant = source if map_label else gold_column(manifest, source.column)
        values = examples_at(corpus, matrix.examples, rows, [source.column]).column(0)
        truth = meant.classes(column_values(values), names)
        if map_label and source.mapping is not None:
            source.mapping.check_used(column_values(values))
    is_part = bool(manifest["corpus"].get("rows"))
    source.check_matched(int((truth >= 0).sum()), None if is_part else len(matrix), matrix.ids)
    return truth


def _rules_of(folder: RunFolder, given: Any) -> tuple[LabelingFunctions | None, list[str]]:
    """Import the rules; those that are not at hand are no error, since the votes are there without them."""
    classes = folder.manifest["classes"]
    if given is not None:
        return collect(given, labels=classes), []
    files = list(dict.fromkeys(rule.get("file") for rule in folder.manifest["rules"]))
    there = [file for file in files if file is not None and Path(file).is_file()]
    if len(there) < len(files):
        note = (
            "The module of the rules is not where it was, so that no match is shown; rules= (--rules) says where it is."
        )
        return None, [note]
    try:
        return collect(there, labels=classes), []
    except LabelkitError as error:
        return None, [f"The rules cannot be imported, so that no match is shown: {error.message}"]

"""Make a data set of a corpus and labels: the first version of a folder, written in one pass over the corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.files import remove
from labelkit._shared.given_paths import given_path
from labelkit._shared.names_beside import counts_beside
from labelkit._shared.numbers import count, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.unknown_keywords import checks_keywords_with
from labelkit.corpus import BATCH_ROWS, Corpus, open_corpus
from labelkit.corpus.distinct_ids import DistinctIds
from labelkit.curation.data_set.data_set import DataSet
from labelkit.curation.data_set.described_run import check_labels_of, described_run
from labelkit.curation.data_set.layout import ID, KIND, MADE, DataSetLayout, write_table, written_whole
from labelkit.curation.data_set.rows import counts_of, first_rows, rows_schema
from labelkit.curation.step import CurationStep
from labelkit.exceptions import CorpusError, DataSetError, RunFolderError
from labelkit.runs.given_run import opened_run
from labelkit.runs.report.source import SourceRows
from labelkit.runs.run_folder import RunFolder, write_json
from labelkit.runs.run_place import held_layout, move
from labelkit.runs.versions import finish
from labelkit.votes.alignment import is_default_order, shown_names
from labelkit.votes.example_names import of_two_orders
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXAMPLES_ROWS: Final = 4 * BATCH_ROWS
"""Examples of a file."""

RESERVED: Final = (ID, "place", "split", "weight", "slices", "label", "covered", "proba", *MADE)
"""Columns that a data set has beside those of its examples."""


@checks_keywords_with(open_corpus)
def create_dataset(
    folder: str | Path,
    corpus: Any = None,
    labels: ProbabilisticLabels | None = None,
    *,
    columns: Sequence[str] | None = None,
    run: RunFolder | str | Path | None = None,
    id: str | None = None,  # noqa: A002 - the word that users write
    training: str | Sequence[str] = "train",
    about: Mapping[str, str] | None = None,
    agreement: Any = None,
    **reading: Any,
) -> DataSet:
    """Make a data set: a folder with examples and labels, which records every step of curation as a version.

    Parameters
    ----------
    folder : path
        That does not exist yet.
    corpus : object, optional
        The examples, as :func:`labelkit.open_corpus` takes them; by default, the corpus of ``run``.
    labels : ProbabilisticLabels, optional
        Of examples of the corpus, matched by id, or by position if neither has ids. By default, those of ``run``.
        Examples of the corpus without a row of labels are left out.
    columns : sequence of str, optional
        Columns of the corpus to keep; by default, all.
    run : RunFolder or path, optional
        The run that the labels come from, in the version that they are of; its rules, evaluation and certificate
        stand in the data card. Other labels are refused.
    id : str, optional
        The column of the corpus that names the examples.
    training : str or sequence of str
        Names of the parts of a split that models learn from. Rows of all other parts are for evaluation, and are never
        dropped, repeated, weighed or made.
    about : mapping of str to str, optional
        What the author says of the data set, such as its purpose and licence, for the card.
    agreement : Agreement, optional
        How far people agreed (:func:`labelkit.agreement`), for the card.
    **reading
        Further options of :func:`labelkit.open_corpus`.

    Returns
    -------
    DataSet

    Raises
    ------
    RunFolderError
        If the folder exists, or cannot be written.
    CorpusError
        If the corpus cannot be read, or an id stands twice in it.
    DataSetError
        If labels are missing, of other examples or not those of ``run``, or a column has a name that a data set needs.

    Examples
    --------
    >>> import labelkit as lk, tempfile
    >>> texts = ["win money", "hello", "win", "see you"]
    >>> votes = lk.LabelMatrix.of([[1], [0], [1], [0]], classes=["HAM", "SPAM"])
    >>> labels = lk.MajorityVote().fit(votes).label(votes)
    >>> data_set = lk.create_dataset(Path(tempfile.mkdtemp()) / "spam", {"text": texts}, labels)
    >>> data_set.table().column("label").to_pylist()
    ['SPAM', 'HAM', 'SPAM', 'HAM']
    """
    hint = "name the folder to write: labelkit.create_dataset('sets/spam', corpus, labels)"
    out = given_path(folder, "a data set", RunFolderError, hint)
    of_run = None if run is None else opened_run(run)
    opened, labels = _opened(corpus, labels, of_run, id, reading)
    described = None if of_run is None else described_run(of_run)
    names = _columns(opened, columns)
    with held_layout(DataSetLayout, out, force=False) as layout:
        if layout.folder.exists():
            raise RunFolderError(
                f"the data set {str(out)!r} exists already",
                hint="labelkit.open_dataset(folder) reads it, and take(...) adds a version; or name another folder",
                code="LK501",
            )
        draft = DataSetLayout(layout.draft)
        remove(draft.folder)
        with written_whole(draft, out):
            rows, n_rows = _written(draft, opened, names, labels)
            if not rows.num_rows:
                raise DataSetError(
                    f"{opened.name} has no examples with labels", hint="check the export that made it, and its ids"
                )
            left_out = n_rows - rows.num_rows
            notes = [f"{plural(left_out, 'row')} of the corpus without labels left out"] if left_out else []
            counts = counts_of(rows, rows.num_rows, 0)
            step = CurationStep(
                "create_dataset",
                {"corpus": opened.name, "columns": names, "run": None if of_run is None else of_run.place},
                before={"rows": n_rows},
                after=counts_beside({"rows": rows.num_rows}, "class", counts["classes"].items()),
                notes=tuple(notes),
            )
            manifest = {
                "kind": KIND,
                "classes": list(labels.class_names),
                "columns": names,
                "id_type": str(_id_type(opened)),
                "training": [training] if isinstance(training, str) else list(training),
                "corpus": {
                    "path": None if opened.path is None else str(opened.path),
                    "name": opened.name,
                    "files": [str(path) for path in opened.files],
                    "fingerprint": opened.fingerprint(),
                    "id": opened.id,
                    "rows": n_rows,
                },
                "run": described,
                "prior_source": labels.prior_source,
                "about": plain_value(dict(about or {})),
                "agreement": plain_value(agreement),
                "steps": [{**step.to_dict(), "effects": [], "rows": [n_rows, rows.num_rows]}],
                "counts": counts,
            }
            draft.write_rows(rows)
            write_json(draft.manifest, manifest)
            finish(draft, None)
            move(layout)
    return DataSet(out)


def _opened(
    corpus: Any,
    labels: ProbabilisticLabels | None,
    run: RunFolder | None,
    id_column: str | None,
    reading: Mapping[str, Any],
) -> tuple[Corpus, ProbabilisticLabels]:
    """Open the corpus, and take the labels: of the run, if they are not given."""
    if labels is None and run is None:
        raise DataSetError("a data set needs labels", hint="give labels=model.label(matrix), or run= of labelkit.run")
    if labels is not None and not isinstance(labels, ProbabilisticLabels):
        raise DataSetError(
            f"labels are a {type(labels).__name__}, and no labels of a label model", hint="labels=model.label(matrix)"
        )
    if labels is not None and run is not None:
        check_labels_of(run, labels)
    chosen = labels if labels is not None else run.labels() if run is not None else None
    assert chosen is not None
    if corpus is None:
        if run is None:
            raise DataSetError(
                "a data set needs the corpus of its examples", hint="give corpus=, or run= of labelkit.run"
            )
        source = SourceRows.of(run.manifest, None)
        if source.corpus is None:
            raise CorpusError(
                f"the corpus of the run {run.place!r} is not at hand: {source.note.rstrip('.')}",
                hint="give the corpus: create_dataset(folder, corpus, run=run)",
                code="LK533",
            )
        return source.corpus, chosen
    if id_column is None and run is not None and not isinstance(corpus, Corpus):
        id_column = run.manifest["corpus"]["id"]
    return open_corpus(corpus, id=id_column, **reading), chosen


def _columns(corpus: Corpus, columns: Sequence[str] | None) -> list[str]:
    """Return the columns to keep."""
    wanted = corpus.column_names if columns is None else [columns] if isinstance(columns, str) else columns
    names = [name for name in dict.fromkeys(wanted) if name != corpus.id]
    wrong = [name for name in names if name in RESERVED]
    if wrong:
        renamed = f"rename={{{wrong[0]!r}: '{wrong[0]}_given'}}"
        raise DataSetError(
            f"the column {wrong[0]!r} of the corpus has a name that a data set needs",
            hint=f"id={ID!r}, if it names the examples; or {renamed}"
            if wrong[0] == ID
            else f"columns= without it, or {renamed}",
        )
    return names


def _id_type(corpus: Corpus) -> pa.DataType:
    whole = not corpus.has_ids or pa.types.is_integer(corpus.id_type)
    return pa.int64() if whole else pa.string()


def _written(
    draft: DataSetLayout, corpus: Corpus, columns: list[str], labels: ProbabilisticLabels
) -> tuple[pa.Table, int]:
    """Write the examples, and return the rows with the number of rows of the corpus."""
    matching = _LabelsOfCorpus(corpus, labels)
    pending: list[pa.Table] = []
    rows: list[pa.Table] = []
    n_files = n_pending = n_kept = n_rows = 0
    for batch in corpus.batches(columns, BATCH_ROWS):
        n_rows = batch.start + len(batch)
        places = matching.places(batch.ids, batch.start, len(batch))
        there = np.flatnonzero(places >= 0)
        examples = _examples(batch.ids, batch.start, batch.table, _id_type(corpus)).take(pa.array(there))
        of_batch = labels[places[there]]
        rows.append(first_rows(n_kept, of_batch.hard(), of_batch.is_covered, of_batch.proba, labels.class_names))
        pending.append(examples)
        n_kept, n_pending = n_kept + len(there), n_pending + len(there)
        if n_pending >= EXAMPLES_ROWS:
            write_table(draft.examples_file(n_files), pa.concat_tables(pending))
            pending, n_files, n_pending = [], n_files + 1, 0
    matching.check_all(n_rows)
    if pending and (n_pending or not n_files):
        write_table(draft.examples_file(n_files), pa.concat_tables(pending))
    return pa.concat_tables(rows or [rows_schema(labels.n_classes).empty_table()]).unify_dictionaries(), n_rows


def _examples(ids: pa.Array | None, start: int, table: pa.RecordBatch, id_type: pa.DataType) -> pa.Table:
    """Return the examples of a batch with their ids, and the columns of what made them, which nothing did."""
    n = table.num_rows
    names = pa.array(np.arange(start, start + n)) if ids is None else ids.cast(id_type)
    nothing = [pa.nulls(n, kind) for kind in (id_type, pa.string())]
    arrays = [names, *(table.column(name) for name in table.schema.names), *nothing]
    return pa.Table.from_arrays(arrays, names=[ID, *table.schema.names, *MADE])


class _LabelsOfCorpus:
    """Matches the rows of a corpus with labels: by id, or by position where neither has ids.

    Parameters
    ----------
    corpus : Corpus
    labels : ProbabilisticLabels
    """

    def __init__(self, corpus: Corpus, labels: ProbabilisticLabels) -> None:
        self._corpus, self._labels = corpus, labels
        self._names = labels.examples.by_id
        self._unnamed = is_default_order(labels.ids)
        self._could_be_either = self._unnamed and (corpus.id is not None or labels.examples.index is None)
        self._first_ids = labels.ids[:0]
        self._by_position: bool | None = None
        self._is_moved = False
        self._distinct = DistinctIds(corpus)
        self._n_found = 0
        if not self._names.is_unique:
            raise DataSetError(
                f"the labels name the id {self._names.repeated()!r} twice", hint="an id names one example of a data set"
            )

    def places(self, ids: pa.Array | None, start: int, n: int) -> NDArray[np.int64]:
        """Return the position among the labels of each row of a batch; -1 for a row without."""
        self._distinct.add(ids, start)
        self._first_ids = self._first_ids if start or ids is None else ids[:2].to_numpy(zero_copy_only=False)
        if ids is None:
            if not self._unnamed:
                raise DataSetError(
                    f"the labels have ids such as {shown_names(self._labels.ids, 1)}, and the corpus has none",
                    hint="id= names the column of the corpus that holds them",
                    code="LK214",
                )
            self._by_position = True
        places = None if ids is None else self._names.positions(ids.to_numpy(zero_copy_only=False))
        if self._by_position is None:
            self._by_position = self._unnamed and places is not None and bool((places < 0).all())
        here = np.arange(start, start + n)
        if self._by_position or places is None:
            places = np.where(here < len(self._labels), here, -1)
        self._is_moved |= not np.array_equal(places, here)
        self._n_found += int((places >= 0).sum())
        return places

    def check_all(self, n_rows: int) -> None:
        """Refuse labels of examples that the corpus does not have."""
        if self._by_position and n_rows != len(self._labels):
            raise DataSetError(
                f"there are {count(len(self._labels))} labels without ids for {plural(n_rows, 'row')}",
                hint="give the corpus that the rules were applied to; with id=, some of its rows may be left out",
                code="LK214",
            )
        if self._could_be_either and self._is_moved and self._n_found == n_rows == len(self._labels):
            raise of_two_orders("the labels", self._first_ids, DataSetError)
        if self._n_found < len(self._labels):
            raise DataSetError(
                f"{self._corpus.name} has {count(self._n_found)} of the {count(len(self._labels))} examples that the "
                f"labels name, such as {shown_names(self._labels.ids)}",
                hint="give the corpus that the rules were applied to, with the same id=",
                code="LK214",
            )

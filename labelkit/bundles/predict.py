"""Label a corpus with a bundle, and write the labels to a file, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, Unpack

import pyarrow as pa

from labelkit._shared.files import check_free, check_not_read, replaced
from labelkit._shared.markup import visible
from labelkit._shared.numbers import count, percent, plural
from labelkit._shared.spreadsheets import harmless_table
from labelkit.bundles.loading import Bundle
from labelkit.corpus import BATCH_ROWS, Corpus
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.corpus.usual_names import UsualNames
from labelkit.exceptions import BundleError
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.named_labels import ROW, free_name, named_labels
from labelkit.votes.outcomes import Fault

if TYPE_CHECKING:
    from labelkit.apply.applier import Applier
    from labelkit.apply.plan import BatchVotes
    from labelkit.corpus import Batch

Write: TypeAlias = Callable[[pa.Table], Any]


@dataclass(frozen=True)
class Predictions:
    """The outcome of labeling a corpus with a bundle.

    Attributes
    ----------
    path : Path
        The file of the labels, a table as :func:`labelkit.export` writes it: the id, ``label`` (the name of the class,
        null where there is none), ``confidence``, ``covered``, and the probability of each class.
    n_examples, n_faults, n_rejects : int
        The faults and the rows that could not be read stand in files beside it, ``<name>.faults.jsonl`` and
        ``<name>.rejects.jsonl``, if there are any.
    counts : dict of str to int
        How many examples have each label.
    rename : dict of str to str
        The names that columns got as in the run, since none were given: ``{"text": "Comment"}``.
    """

    path: Path
    n_examples: int
    n_faults: int
    n_rejects: int
    counts: dict[str, int]
    rename: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``path``, ``examples``, ``labels`` (how many of each), ``no_label``, ``faults``, ..."""
        return {
            "path": str(self.path),
            "examples": self.n_examples,
            "labels": dict(self.counts),
            "no_label": self.n_examples - sum(self.counts.values()),
            "faults": self.n_faults,
            "rejects": self.n_rejects,
            "map_of_run": dict(self.rename),
        }

    def __str__(self) -> str:
        return self.described()

    def described(self, to: str | None = None) -> str:
        """Return the counts in words; ``to`` is where the labels went, if not to a file beside which others stand."""
        total = max(self.n_examples, 1)
        shares = [f"{name} {count(n)} ({percent(n / total)})" for name, n in self.counts.items()]
        none = self.n_examples - sum(self.counts.values())
        lines = [f"{plural(self.n_examples, 'example')}: {', '.join([*shares, f'no label {count(none)}'])}"]
        if self.rename:
            read = UsualNames(self.rename).described()
            lines.append(f"read as in the run: {read} (--no-map, in Python rename={{}}, leaves the names)")
        if self.n_faults:
            lines.append(f"{plural(self.n_faults, 'fault')}{self._seen('faults', to)}")
        if self.n_rejects:
            rejected = plural(self.n_rejects, "row was", "rows were")
            lines.append(f"{rejected} rejected{self._seen('rejects', to)}")
        return visible("\n".join([*lines, f"written to {self.path if to is None else to}"]))

    def _seen(self, kind: str, to: str | None) -> str:
        return f": see {_beside(self.path, kind)}" if to is None else f": --out FILE writes the {kind} beside it"


@takes_reading
def predict_corpus(
    bundle: Bundle,
    corpus: Any,
    out: str | Path,
    *,
    id: str | None = None,  # noqa: A002 - the word that users write
    workers: int = 1,
    on_bad_row: Literal["raise", "reject"] = "raise",
    force: bool = False,
    progress: bool | None = None,
    **reading: Unpack[ReadOptions],
) -> Predictions:
    """Label a corpus with a bundle, and write the labels to a file; memory is bounded by a batch for each worker.

    Parameters
    ----------
    bundle : Bundle
    corpus, id, on_bad_row, progress, format, delimiter, encoding, sheet
        As in :meth:`labelkit.Applier.apply`.
    rename : mapping of str to str, optional
        As in :meth:`Bundle.label`: by default as in the run.
    out : path
        A ``.parquet``, ``.csv`` or ``.jsonl`` file; it has its name when it is whole.
    workers : int
        Threads to use.
    force : bool
        Whether to replace a file that exists.

    Returns
    -------
    Predictions

    Raises
    ------
    BundleError
        If the file exists and ``force`` is not given, or is a file of the corpus, or of no known kind.
    """
    path = Path(out)
    if path.suffix.lower() not in _WRITERS:
        raise BundleError(
            f"labels cannot be written to {str(path)!r}", hint=f"one of {', '.join(_WRITERS)}", code="LK532"
        )
    check_free(path, force=force, error=BundleError)
    applier = bundle.applier()
    opened = applier.open(corpus, id=id, on_bad_row=on_bad_row, **reading)
    check_not_read(path, opened.files, error=BundleError)
    labeling = _Labeling(bundle, applier, ROW if opened.named_by_position else opened.id or "id")
    n_examples, faults = 0, list[Fault]()
    counts = dict.fromkeys(bundle.class_names, 0)
    with replaced(path) as draft, _WRITERS[path.suffix.lower()](draft) as write:
        for delivered in applier.stream(
            opened,
            labeling,
            workers=workers,
            engine="serial" if workers == 1 else "thread",
            batch_size=BATCH_ROWS,
            on_fault=bundle.on_fault,
            progress=progress,
            cache=False,
        ):
            write(delivered.result)
            n_examples += delivered.n_rows
            faults += applier.faults_of(delivered)
            for pair in delivered.result["label"].value_counts().to_pylist():
                if pair["values"] is not None:
                    counts[pair["values"]] += pair["counts"]
        if not n_examples:
            write(labeling.empty(opened.id_type))
    bundle.note_faults(faults)
    for kind, records in (("faults", faults), ("rejects", opened.rejects)):
        _write_beside(path, kind, records)
    given = isinstance(corpus, Corpus) or reading.get("rename") is not None
    rename = {} if given else dict(opened.reading.get("rename") or {})
    return Predictions(path, n_examples, len(faults), len(opened.rejects), counts, rename)


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f"{path.name}.{kind}.jsonl")


def _write_beside(path: Path, kind: str, records: Sequence[Any]) -> None:
    """Write faults or rejects to a file of their own, or remove that of an earlier time."""
    file = _beside(path, kind)
    if not records:
        file.unlink(missing_ok=True)
        return
    lines = (f"{json.dumps(asdict(one), ensure_ascii=False, default=str)}\n" for one in records)
    with replaced(file) as draft:
        draft.write_text("".join(lines), "utf-8")


class _Labeling:
    """Label a batch, given its votes."""

    def __init__(self, bundle: Bundle, applier: Applier, id_name: str) -> None:
        self._bundle = bundle
        self._infos = applier.lfs.infos
        self._id_name = free_name(id_name, (), bundle.class_names)

    def __call__(self, batch: Batch, votes: BatchVotes) -> pa.Table:
        import numpy as np  # noqa: PLC0415 - as the rest of this function

        start, names = batch.start, self._bundle.class_names
        ids = pa.array(np.arange(start, start + len(batch))) if batch.ids is None else batch.ids
        matrix = LabelMatrix(votes.votes, self._infos, names, ids.to_numpy(zero_copy_only=False), (), votes.confidence)
        labels = self._bundle.model.label(matrix)
        hard = labels.hard().astype(np.int64)
        return pa.table(named_labels(self._id_name, ids, hard, labels.is_covered, labels.proba, names))

    def empty(self, ids: pa.DataType) -> pa.Table:
        """Return the table of no labels."""
        import numpy as np  # noqa: PLC0415 - as above

        names = self._bundle.class_names
        no_rows, no_proba = np.empty(0, np.int64), np.empty((0, len(names)))
        return pa.table(named_labels(self._id_name, pa.array([], ids), no_rows, no_rows > 0, no_proba, names))


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - only for who asks

    with _first_schema(lambda schema: pq.ParquetWriter(path, schema)) as write:
        yield write


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    from pyarrow import csv  # noqa: PLC0415 - only for who asks

    with _first_schema(lambda schema: csv.CSVWriter(path, schema)) as write:
        yield lambda table: write(harmless_table(table))


@contextmanager
def _json_lines(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield lambda table: file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in table.to_pylist())


@contextmanager
def _first_schema(make: Callable[[pa.Schema], Any]) -> Iterator[Write]:
    """Make a writer when the first table says which columns there are, and close it."""
    writers: list[Any] = []

    def write(table: pa.Table) -> None:
        if not writers:
            writers.append(make(table.schema))
        writers[0].write_table(table)

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()


_WRITERS: Final[dict[str, Callable[[Path], Any]]] = {".parquet": _parquet, ".csv": _csv, ".jsonl": _json_lines}
"""Writers of labels by the suffix of the file."""

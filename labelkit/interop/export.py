"""Write labels in the formats of other tools."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.files import check_not_read
from labelkit._shared.markup import visible
from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus import Corpus
from labelkit.corpus.open_files import COMPRESSIONS
from labelkit.corpus.reading import checked_reading
from labelkit.exceptions import CorpusError, ExportError
from labelkit.interop._annotation_tools import ArgillaRows, LabelStudioRows, ProdigyRows, label_studio_note
from labelkit.interop._chosen import LabelChoice
from labelkit.interop._excel import ExcelRows
from labelkit.interop._hugging_face import HuggingFaceRows
from labelkit.interop._layout import ExportLayout
from labelkit.interop._sources import LabelSource, source_of
from labelkit.interop._spacy import FIRST_FILE, SpacyRows
from labelkit.interop._tables import ArrowFileRows, CsvRows, JsonLinesRows, ParquetRows
from labelkit.interop._writers import ExportFormat

if TYPE_CHECKING:
    from labelkit.interop._corpus_columns import CorpusColumns
    from labelkit.runs.run_folder import RunFolder
    from labelkit.votes.label_matrix import LabelMatrix
    from labelkit.votes.probabilistic_labels import ProbabilisticLabels

FORMATS: Final = {
    "parquet": ExportFormat(ParquetRows, (".parquet", ".pq")),
    "csv": ExportFormat(CsvRows, (".csv",)),
    "jsonl": ExportFormat(JsonLinesRows, (".jsonl", ".ndjson")),
    "xlsx": ExportFormat(ExcelRows, (".xlsx",)),
    "arrow": ExportFormat(ArrowFileRows, (".arrow", ".feather", ".ipc")),
    "label-studio": ExportFormat(LabelStudioRows, shows_text=True, note=label_studio_note),
    "prodigy": ExportFormat(ProdigyRows, shows_text=True),
    "spacy": ExportFormat(SpacyRows, (".spacy",), shows_text=True, holds=FIRST_FILE),
    "argilla": ExportFormat(ArgillaRows, shows_text=True),
    "hf": ExportFormat(HuggingFaceRows, holds="dataset_info.json"),
}
"""Formats by name; the first whose suffix a path has is taken, where none is named."""


@checks_keywords
@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : Path
    format : str
    n_written, n_left_out : int
        Examples in the file, and those without a label, or without one that is sure enough.
    note : str
        What a person who opens the file in its tool needs; mostly nothing.
    """

    path: Path
    format: str
    n_written: int
    n_left_out: int
    note: str = ""

    def __str__(self) -> str:
        rest = f" ({self.n_left_out:,} without such a label left out)" if self.n_left_out else ""
        note = f"\n{self.note}" if self.note else ""
        return visible(f"{plural(self.n_written, 'example')} written to {self.path}{rest}{note}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``path``, ``format``, ``written``, ``left_out``, ``note``."""
        values = {"path": str(self.path), "format": self.format}
        return {**values, "written": self.n_written, "left_out": self.n_left_out, "note": self.note or None}

    def __fspath__(self) -> str:
        return str(self.path)


@checks_keywords
def export(
    labels: RunFolder | ProbabilisticLabels | str | Path,
    to: str | Path,
    *,
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Sequence[str] = (),
    corpus: Any = None,
    id: str | None = None,  # noqa: A002 - the same
    text: str | None = None,
    min_confidence: float | None = None,
    default_label: Any = None,
    unlabeled: bool = False,
    votes: bool = False,
    reasons: bool = False,
    matrix: LabelMatrix | None = None,
    encoding: str | None = None,
    force: bool = False,
) -> Exported:
    """Write labels to a file, or a folder, in the format of another tool.

    The examples that have a label are written, in their order, with its name, its probability, and the probability of
    every class. A run is read and written a piece at a time (but a single file of spaCy is in memory until it is
    written: name a folder for millions of examples). The file appears under its name when it is whole.

    Parameters
    ----------
    labels : RunFolder, path of a run folder, or ProbabilisticLabels
    to : path
        The file to write. ``hf``, and ``spacy`` without the suffix ``.spacy``, write a folder.
    format : str, optional
        ``parquet``, ``csv``, ``jsonl``, ``xlsx``, ``arrow``; ``label-studio``, ``prodigy``, ``argilla`` (to annotate);
        ``spacy``, ``hf`` (to train). By default, as the suffix says.
    columns : sequence of str
        Columns of the corpus to write beside the labels. One with the name of a column of the export is written as
        ``corpus_<name>``.
    corpus : object, optional
        The corpus, as :func:`labelkit.open_corpus` takes it. That of a run is read again from where it was; if it has
        moved, give its new place. A corpus that is not as it was when the run read it, is refused. That of labels in
        memory is matched by name, as everywhere.
    id : str, optional
        The column of the ids, with labels in memory.
    text : str, optional
        The column that annotation tools and spaCy show; ``text``, or else the first that the rules read.
    min_confidence : float, optional
        Labels with a probability below this, in [0, 1], are not written.
    default_label : str, int or enum member, optional
        A class for all other examples: without a vote, tied, or below ``min_confidence``. They are marked in a column
        ``by_default``.
    unlabeled : bool
        Whether the other examples are written, too, without a label.
    votes, reasons : bool
        Whether to write the vote of each rule (``vote_<rule>``), and the names of those that voted for the label.
    matrix : LabelMatrix, optional
        The votes, with labels in memory.
    encoding : str, optional
        Of CSV, which is UTF-8 without a byte order mark by default; any of Python's. ``utf-8-sig`` is for Excel, which
        reads UTF-8 with its mark as what it is.
    force : bool
        Whether to replace a file that exists.

    Returns
    -------
    Exported

    Raises
    ------
    ExportError
        If the format is not known, the file exists or cannot be written, no example has such a label, an option does
        not fit, or the format cannot hold the content (a text of 40,000 characters in a cell of Excel, a character that
        the encoding lacks).
    CorpusError
        If the corpus lacks a column, or is of other examples.
    RunFolderError
        If there is no run.
    MissingExtraError
        If the format needs a package that is not installed.
    """
    to = Path(to).expanduser()
    name, kind = _format_of(to, format)
    coded = _encoding_of(encoding, name)
    kind.check_target(to, force=force)
    source = source_of(labels, matrix, corpus, id)
    check_not_read(to, source.corpus_files, error=ExportError)
    if (votes or reasons) and not source.lf_names:
        raise ExportError("there are no votes beside these labels", hint="give them: matrix=, or a run folder")
    selection = LabelChoice.of(source.class_names, min_confidence, default_label, unlabeled=unlabeled)
    layout, inputs = _layout(source, kind, columns, text, votes=votes, reasons=reasons)
    layout = replace(layout, by_default=selection.default >= 0, encoding=coded)
    n_written, n_rows = _write(source, selection, layout, inputs, kind, to)
    notes = [] if kind.note is None else [kind.note(layout)]
    if layout.infinite:
        columns_named = ", ".join(map(repr, sorted(layout.infinite)))
        notes.append(f"infinite numbers are null, since {name} has none: of {columns_named}")
    return Exported(to, name, n_written, n_rows - n_written, "\n".join(notes))


def _write(
    source: LabelSource,
    selection: LabelChoice,
    layout: ExportLayout,
    inputs: CorpusColumns | None,
    kind: ExportFormat,
    to: Path,
) -> tuple[int, int]:
    """Write the chosen examples; returns their number, and that of all."""
    n_written, n_rows, highest = 0, 0, 0.0
    with ExitStack() as stack:
        writer = stack.enter_context(kind.open(stack.enter_context(kind.draft(to)), layout))
        for piece in source.pieces(votes=layout.votes or layout.reasons or bool(layout.finders)):
            chosen, rows = selection.choose(piece)
            if inputs is not None:
                rows = replace(rows, inputs=inputs.read(piece.start, piece.ids, chosen))
            if len(rows):
                writer.write(rows)
            n_written, n_rows = n_written + len(rows), n_rows + len(piece)
            labeled = piece.hard >= 0
            highest = max(highest, float(piece.proba[labeled].max(initial=0.0)))
        if inputs is not None:
            inputs.finish()
        if not n_written:
            raise _nothing(n_rows, selection, highest)
    return n_written, n_rows


def _nothing(n_rows: int, selection: LabelChoice, highest: float) -> ExportError:
    """Return the error for labels of which none is written."""
    if not n_rows:
        return ExportError(
            "there are no examples, so there is nothing to write", hint="apply the rules to a corpus", code="LK534"
        )
    sure = f" with a probability of at least {selection.min_confidence}" if selection.min_confidence else ""
    most = f" (the highest is {np.floor(1000 * highest) / 1000:g})" if sure and highest else ""
    return ExportError(
        f"none of the {n_rows:,} examples has a label{sure}{most}, so there is nothing to write",
        hint="unlabeled=True (--unlabeled) writes them without one, default_label= (--default-label) gives them one",
        code="LK534",
    )


def _format_of(to: Path, name: str | None) -> tuple[str, ExportFormat]:
    """Return the format that is named, or that the suffix of a path says."""
    packed = next((one.suffix for one in COMPRESSIONS if to.name.lower().endswith(one.suffix)), None)
    if packed is not None:
        raise ExportError(
            f"{to.name!r} is the name of a compressed file, and what is exported is not",
            hint=f"name it {to.name[: -len(packed)]!r}, and compress it afterwards",
            code="LK532",
        )
    if name is not None:
        if name not in FORMATS:
            close = get_close_matches(name, FORMATS, n=1)
            raise ExportError(
                f"there is no format {name!r}; there are {', '.join(FORMATS)}",
                hint=f"did you mean {close[0]!r}?" if close else None,
                code="LK532",
            )
        return name, FORMATS[name]
    for key, kind in FORMATS.items():
        if to.name.lower().endswith(kind.suffixes or ("\0",)):
            return key, kind
    raise ExportError(
        f"{to.name!r} does not say which format it is to have",
        hint=f"format= (--format) names one of {', '.join(FORMATS)}",
        code="LK532",
    )


def _encoding_of(encoding: str | None, format_name: str) -> str | None:
    """Return an encoding as Python has it; None is UTF-8."""
    name = checked_reading({"encoding": encoding}).get("encoding")
    if name is None:
        return None
    if format_name != "csv":
        raise ExportError(
            f"encoding={encoding!r} is of CSV, and {format_name} has its own",
            hint="leave encoding= (--encoding) out, or write .csv",
        )
    return None if name == "utf-8" else name


# The columns of the corpus --------------------------------------------------------------------------------------------


def _layout(
    source: LabelSource, kind: ExportFormat, columns: Sequence[str], text: str | None, *, votes: bool, reasons: bool
) -> tuple[ExportLayout, CorpusColumns | None]:
    """Find out what is written, and open the corpus if columns of it are."""
    if isinstance(columns, str):
        raise ExportError(f"columns={columns!r} is one text", hint=f"give a list: columns=[{columns!r}]")
    opened = source.open_corpus() if columns or kind.shows_text else None
    if opened is None and (columns or kind.shows_text):
        raise ExportError(
            "the columns of the corpus are wanted, and there is no corpus beside these labels",
            hint="give it: corpus=",
            code="LK533",
        )
    if text is not None and not kind.shows_text:
        raise ExportError(
            f"a table shows no text of its own, so text={text!r} means nothing", hint="use columns= (--columns)"
        )
    shown = _text_column(opened, source, text) if opened is not None and kind.shows_text else None
    written = tuple(name for name in dict.fromkeys(columns) if name not in {source.id_name, shown})
    read = [*written, *([] if shown is None else [shown])]
    layout = ExportLayout(
        class_names=source.class_names,
        lf_names=source.lf_names,
        id_name=source.id_name,
        columns=written,
        text=shown,
        votes=votes,
        reasons=reasons,
        by_default=False,
        version=source.version,
        finders=source.finders if kind.open is ProdigyRows else {},
    )
    if opened is None or not read:
        return layout, None
    for name in columns:
        opened.column_type(name)  # a mistake is an error before anything is written
    return layout, source.corpus_columns(opened, read)


def _text_column(corpus: Corpus, source: LabelSource, asked: str | None) -> str:
    """Choose the column that a tool shows."""
    if asked is not None:
        corpus.column_type(asked)
        return asked
    for name in ("text", *source.text_columns):
        if corpus.has_column(name):
            return name
    raise CorpusError(
        f"which column a tool is to show is not clear: the corpus has {', '.join(corpus.column_names[:30])}",
        hint="name it: text= (--text COLUMN)",
    )

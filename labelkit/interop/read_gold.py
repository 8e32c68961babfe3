"""Read gold labels that people gave in another tool, or in a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from labelkit._shared.given_paths import given_path
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.unreadable import opening
from labelkit.corpus.annotations import EXAMPLE_KEYS, AnnotationFormat, read_annotations
from labelkit.corpus.gold import read_gold_file
from labelkit.corpus.gold_columns import NamedColumns
from labelkit.corpus.gold_file import gold_file, unreadable_gold
from labelkit.corpus.gold_ids import ids_of_file
from labelkit.corpus.reading import checked_reading
from labelkit.corpus.text_file import hint_for_gold
from labelkit.exceptions import CorpusError, GoldError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

GoldFormat: TypeAlias = AnnotationFormat | Literal["table"]
"""A format of gold labels."""

_FORMATS: Final = (*get_args(AnnotationFormat), "table")


@checks_keywords
def read_gold(
    path: str | Path,
    *,
    format: GoldFormat | None = None,  # noqa: A002 - the word that users write
    id: str | None = None,  # noqa: A002 - the same
    label: str | None = None,
    classes: Sequence[str] = (),
    encoding: str | None = None,
) -> pd.Series[Any]:
    r"""Read gold labels from a file: an export of Label Studio or Prodigy, answers of a crowd, or a table.

    An example that several people labeled has the label that most of them gave, or that one marked as ground truth;
    where they are tied, or all skipped it, it has none, and a warning counts such examples.

    Parameters
    ----------
    path : path or address
    format : {"label-studio", "prodigy", "crowd", "table"}, optional
        ``label-studio``: an export as JSON, JSON-MIN or CSV. ``prodigy``: the JSONL of ``prodigy db-out``, of
        choices, or of one label that was accepted or rejected. ``crowd``: a long table, a row for each answer, with
        columns such as ``task``, ``worker`` and ``label`` (:meth:`labelkit.LabelMatrix.from_long` makes votes of it).
        ``table``: a column of ids, and one of labels. By default, recognised by its content.
    id : str, optional
        The name of the ids in the file. Tasks that :func:`labelkit.export` wrote have them as ``example_id``, or as
        ``row`` where the position names the example.
    label : str, optional
        The name of the column of the labels, or of the question in a project of Label Studio that has several; by
        default ``gold`` or ``label``.
    classes : sequence of str
        Of two classes, a label that was rejected in Prodigy means the other one.
    encoding : str, optional
        Of text: any that Python has, such as ``cp1252``. By default UTF-8, or the one that a byte order mark names.

    Returns
    -------
    pandas.Series
        Labels by id, named ``gold``: ready for ``gold=``. Ids of a CSV file that are all whole numbers are integers.

    Raises
    ------
    GoldError
        If the file cannot be read, has no column that ``id`` or ``label`` names, does not name the examples, or has
        several labels for one by the same person.

    Examples
    --------
    >>> import json, tempfile
    >>> tasks = [{"text": "hi", "label": "SPAM", "answer": "reject", "meta": {"example_id": "c7"}}]
    >>> path = Path(tempfile.mkdtemp()) / "annotated.jsonl"
    >>> _ = path.write_text("".join(json.dumps(task) + "\n" for task in tasks))
    >>> read_gold(path, classes=["HAM", "SPAM"]).to_dict()
    {'c7': 'HAM'}
    """
    if format is not None and format not in _FORMATS:
        raise GoldError(f"there is no format {format!r} of gold labels; there are {', '.join(_FORMATS)}")
    given_path(
        path, "a file of gold", GoldError, "labels in memory need no reading: gold=labels takes them as they are"
    )
    coded = checked_reading({"encoding": encoding}).get("encoding")
    with gold_file(path) as file:
        return _read(file, format, id, label, classes, coded)


def _read(
    path: Path,
    format_: GoldFormat | None,
    id_: str | None,
    label: str | None,
    classes: Sequence[str],
    encoding: str | None,
) -> pd.Series[Any]:
    """Read gold labels from a file that is there."""
    import pandas as pd  # noqa: PLC0415 - an export needs none

    try:
        with opening(GoldError):
            answers = None
            if format_ != "table":
                answers = read_annotations(
                    path, format=format_, id_columns=[id_], label=label, class_names=classes, encoding=encoding
                )
            if answers is None:
                ids, labels = _table(path, NamedColumns(id_, label), encoding)
                return pd.Series(labels, index=pd.Index(ids), name="gold")
    except CorpusError as error:
        raise unreadable_gold(error, hint_for_gold(error, path, "encoding")) from None
    if id_ not in {None, answers.key, "id"}:  # "id" is what Label Studio calls its own numbers of tasks
        raise GoldError(
            f"{path} has no ids called {id_!r}, but {answers.key!r}",
            hint="name the ids of the file: id=, or leave it out",
            code="LK327",
        )
    gold = pd.Series(answers.labels, index=pd.Index(ids_of_file(answers.ids, path, are_text=None)), name="gold")
    return gold.sort_index() if answers.key == "row" else gold  # positions are in the order of the corpus


def _table(path: Path, named: NamedColumns, encoding: str | None) -> tuple[NDArray[Any], NDArray[Any]]:
    keys = ["id", *EXAMPLE_KEYS]
    source = read_gold_file(path, keys, are_text=None, table=named, encoding=encoding, encoding_option="encoding")
    assert source.values is not None
    return np.arange(len(source.values)) if source.names is None else source.names.names, source.values

"""Find the columns of ids and labels in a file of gold, and refuse one that does not name the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labelkit._shared.what_stands import what_stands
from labelkit.exceptions import GoldError

LABEL_COLUMNS: Final = ("gold", "label")
"""Names that the column of the labels in a file may have."""

WIDE: Final = "; of a column for each annotator, make a row for each answer: id, annotator, label"
"""What to do about a table with a column for each annotator."""

ROW_COLUMNS: Final = ("row", "position")
"""Names that a column of positions in the corpus, from 0, may have in a file."""


@dataclass(frozen=True)
class NamedColumns:
    """Columns of a file that the user names; each has to be there.

    Parameters
    ----------
    id, label : str, optional
    """

    id: str | None = None
    label: str | None = None

    def check(self, path: Path, names: Sequence[str]) -> None:
        """Refuse a name that the file does not have."""
        for word, name in (("id", self.id), ("label", self.label)):
            if name is not None and name not in names:
                raise GoldError(
                    f"{path} has no column {name!r}; it has {', '.join(names)}",
                    hint=f"name one of them: {word}=, or leave it out",
                    code="LK327",
                )
        if self.id is not None and self.id == self.label:
            raise GoldError(
                f"{path}: the column {self.id!r} is named for the ids, and for the labels", hint="name two columns"
            )


def columns_of_gold(
    path: Path, names: list[str], id_columns: Sequence[str | None], named: NamedColumns | None = None
) -> tuple[str | None, str]:
    """Find the columns of the ids (None if there is none) and of the labels."""
    if not names:
        raise GoldError(
            f"{path} has no column with a name", hint="name the columns of ids and of labels in a header", code="LK327"
        )
    if named is not None:
        named.check(path, names)
        id_columns = [named.id, *(name for name in id_columns if name != named.label)]
    asked = None if named is None else named.label
    label_columns = LABEL_COLUMNS if asked is None else (asked,)
    key = next((name for name in id_columns if name in names), None)
    if key is None and names[0] in label_columns and len(names) == 1:
        return None, names[0]
    key = key or next((name for name in names if name not in label_columns), names[0])
    rest = [name for name in names if name != key]
    label = next((name for name in label_columns if name in rest), rest[0] if len(rest) == 1 else None)
    if label is None:
        raise GoldError(
            f"{path} has the columns {names}: which holds the labels is not clear",
            hint="name it 'gold' or 'label'" + (WIDE if len(rest) > 1 else ""),
            code="LK327",
        )
    return key, label


def check_header(
    path: Path, key: str | None, label: str, id_columns: Sequence[str | None], class_names: Sequence[str]
) -> None:
    """Refuse a file whose first line is a label, which would be lost."""
    if key is None or key in id_columns or label in LABEL_COLUMNS:
        return
    classes = {name.casefold() for name in class_names}
    if _is_number(key) or _is_number(label) or label.strip().casefold() in classes:
        raise GoldError(
            f"{path} seems to have no header: its first line is {key!r}, {label!r}",
            hint="put a line above it with the name of the column of ids and 'gold'",
            code="LK327",
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def check_names_of_file(
    path: Path,
    key: str | None,
    id_columns: Sequence[str | None],
    corpus_columns: Sequence[str],
    *,
    are_positions: bool,
) -> None:
    """Refuse ids beside a corpus without, and positions beside a corpus with ids."""
    if are_positions and key is not None and key not in ROW_COLUMNS:
        raise _no_ids(path, key, corpus_columns)
    if not are_positions and key in ROW_COLUMNS and key not in id_columns:
        raise GoldError(
            f"{path} counts the rows by {key!r}, and the examples of the corpus have ids",
            hint="give the labels by those ids, or open the corpus without",
            code="LK321",
        )


def _no_ids(path: Path, key: str, corpus_columns: Sequence[str]) -> GoldError:
    """Return the error for a file of ids beside a corpus that was opened without."""
    named = f"id={key!r} (--id {key})" if key in corpus_columns else "id= (--id), one of its columns"
    return GoldError(
        f"{path} names the examples by {key!r}, and the examples of the corpus have no ids but their positions",
        hint=f"name the column of the ids of the corpus: {named}; or call the column in the file 'row' if it counts "
        "the rows from 0",
        code="LK321",
    )


def a_folder_of_gold(gold: str) -> GoldError:
    """Return the error for a folder in the place of gold, which says what it holds."""
    stands = what_stands(gold)
    is_of_files = stands in {None, "a folder"}
    return GoldError(
        f"gold={gold!r} is {'a folder' if is_of_files else stands}, and gold is one file",
        hint="name the file, or put several into one"
        if is_of_files
        else "give a file with a column of ids and one of labels, or a column of the corpus",
        code="LK323",
    )

"""Tell of list files whose first column numbers the rows, whose header is an entry, or whose lines hold more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from labelkit._shared.user_errors import warn
from labelkit.corpus.text_file import open_text
from labelkit.exceptions import RuleError

if TYPE_CHECKING:
    from labelkit.rules.list_files import ListFile

CODE: Final = "LK140"

_NUMBERS: Final = re.compile(r"#|id|index|no|nr|num|number|row|line|rank|position", re.IGNORECASE)

FEWEST: Final = 3
"""Entries that count up, and number the rows."""

SHOWN_LABELS: Final = 2
"""Labels that a warning shows of a column that is not read."""

_HEADER: Final = re.compile(
    r"account|address|author|banned|brand|code|comment|domain|entit|entry|entries|example|expression|handle|host|id\b|key"
    r"|label|lemma|lexicon|link|list|mail|name|pattern|phrase|site|string|term|text|title|token|url|user|value|word",
    re.IGNORECASE,
)


_PARTS: Final = (
    ("what looks like a comment", re.compile(r"(?:#|//)\s|.*\s#\s"), False),
    ("its tab", re.compile(r".*\t"), False),
    ("its quotes", re.compile(r"""(["']).*\1[,;]?$"""), True),
    ("its semicolon", re.compile(r".*;"), True),
    ("its comma", re.compile(r".*,$"), True),
)
"""What a line of text holds beside an entry, as its author may mean it; True where each line of the file has to."""


def first_column(names: Sequence[str], file: ListFile) -> str:
    """Return the column of entries where none is named.

    Raises
    ------
    RuleError
        If it has no name, as the row numbers that pandas writes.
    """
    if len(names) > 1 and (not names[0] or re.fullmatch(r"Unnamed: \d+|__index_level_\d+__", names[0])):
        raise RuleError(
            f"the first column of {file} has no name, as the row numbers that pandas writes without index=False",
            hint=f"key={names[1]!r} names the column of the entries",
            code="LK108",
        )
    return names[0]


class FirstColumn:
    """Watches the entries that are read of the first column of a list file, since no other is named."""

    def __init__(self, file: ListFile, value: str | None = None) -> None:
        self.header: Sequence[str] = ()
        self._file = file
        self._value = value
        self._entries: list[Any] = []
        self._labels: dict[str, str] = {}

    def saw(self, names: Sequence[str], entry: Any, label: Any = None) -> None:
        """Note an entry, and the label beside it that is not read."""
        self.header = self.header or names
        if entry is not None:
            self._entries.append(entry)
        if label not in (None, "") and len(self._labels) < SHOWN_LABELS:
            self._labels.setdefault(str(label).casefold(), str(label))

    def tell(self) -> None:
        """Refuse entries that number the rows; warn of labels that are not read, and of a header that may be an entry.

        Raises
        ------
        RuleError
        """
        if not self.header:
            return
        file, first = self._file, self.header[0]
        numbers = [int(entry) if str(entry).isdecimal() else -1 for entry in self._entries]
        fewest = 2 if _NUMBERS.fullmatch(first) else FEWEST
        counted = [list(range(start, start + len(numbers))) for start in (0, 1)]
        if len(self.header) > 1 and len(numbers) >= fewest and numbers in counted:
            raise RuleError(
                f"the first column of {file}, {first!r}, numbers its rows: {numbers[0]}, {numbers[1]}, ...",
                hint=f"key={self.header[1]!r} names the column of the entries; key={first!r} if the numbers are meant",
                code="LK108",
            )
        if self._value is None and file.suffix == ".json" and len(self._entries) == 1 and _is_object(file):
            read = f"json.loads(pathlib.Path({file.path.name!r}).read_text())"
            raise RuleError(
                f"{file} holds one object, whose first key, {first!r}, would be the column of the entries",
                hint=f"rows are a list of objects, [{{...}}]; keys as entries are a mapping: {read}",
                code="LK108",
            )
        if len(self._labels) > 1:
            one, other = self._labels.values()
            warn(
                f"{file} has a column 'label' with {one!r} and {other!r}, which is not read: all entries get one "
                f"label. Hint: value='label', label=Label (the enum) reads it; key={first!r} says that it is not meant",
                code=CODE,
            )
        is_of_text = file.suffix in (".csv", ".tsv")
        if is_of_text and len(self.header) == 1 and not _HEADER.search(first):
            warn(
                f"the first line of {file}, {first[:80]!r}, is its header and no entry. Hint: if it is an entry, name "
                f"the file .txt, or write a header above it; key={first!r} says that it is the header",
                code=CODE,
            )


class TextEntries:
    """Watches the entries of a file of text, each of which is a line as it stands."""

    def __init__(self, file: ListFile) -> None:
        self._file = file
        self._n = 0
        self._first: dict[str, str] = {}
        self._counts = dict.fromkeys((part for part, _, _ in _PARTS), 0)

    def saw(self, entry: str) -> None:
        """Note an entry that is not blank."""
        self._n += 1
        for part, pattern, _ in _PARTS:
            if pattern.match(entry):
                self._first.setdefault(part, entry)
                self._counts[part] += 1
        if self._n == 1 and "," in entry:
            self._first.setdefault("its commas", entry)

    def tell(self) -> None:
        """Warn of the first entry that holds what is probably not looked for: a comment, quotes, several words."""
        doubts = [part for part, _, by_all in _PARTS if self._counts[part] >= (self._n if by_all else 1) > 0]
        if not doubts and self._n == 1 and self._first:
            doubts = list(self._first)
        if doubts:
            warn(
                f"{self._file}: {self._first[doubts[0]][:60]!r} is one entry, with {doubts[0]}: each line is an entry, "
                "as it stands. Hint: write nothing else into it; in a file of CSV, with key=, such an entry is meant",
                code=CODE,
            )


def _is_object(file: ListFile) -> bool:
    with open_text(file.path) as opened:
        return next((line for line in opened if line.strip()), "").lstrip().startswith("{")


def check_header(
    rows: Iterator[tuple[int, list[str], Sequence[Any]]], names: Sequence[str], file: ListFile
) -> Iterator[tuple[int, list[str], Sequence[Any]]]:
    """Hand rows on, and warn if the header of a file of CSV seems to be its first entry."""
    unusual = [place for place, name in enumerate(names) if name and not _HEADER.search(name)]
    is_entry = False
    for line, columns, values in rows:
        is_entry = is_entry or any(values[place] == names[place] for place in unusual)
        yield line, columns, values
    if is_entry and len(names) > 1:
        shown = ", ".join(names)
        warn(
            f"the first line of {file}, {shown[:80]!r}, is its header, and a value in it stands below in its column. "
            "Hint: if it is an entry, write a header above it: word,label",
            code=CODE,
        )

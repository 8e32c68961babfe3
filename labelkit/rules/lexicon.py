r"""Make rules of a list of words with labels, or of spaCy's patterns: ``rules_from``.

One rule is made for each label, or for each label of each group: a label model learns how far to trust a list from how
it agrees with the other rules, and there is little to learn of one word.

>>> import tempfile, pathlib
>>> path = pathlib.Path(tempfile.mkdtemp(), "mood.csv")
>>> _ = path.write_text("word,label\nlovely,GOOD\nawful,BAD\nso sad,BAD\n")
>>> rules_from(path, label={"GOOD": 1, "BAD": 0})
[<keywords rule mood_good(text) -> 1>, <keywords rule mood_bad(text) -> 0>]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.written_lists import names_and_more
from labelkit.corpus.missing_columns import missing_hint
from labelkit.exceptions import RuleError
from labelkit.rules._caller import origin_of_caller
from labelkit.rules._doubtful_lists import FirstColumn, first_column
from labelkit.rules._labels import Label, meaning_of
from labelkit.rules.condition import Condition
from labelkit.rules.keywords import keywords
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.list_files import ListFile, checked_column, rows_of

BAND: Final = 0.1
"""Width of the range of weights that share a rule."""

MAX_IDS: Final = 5
"""Maximum number of ids that a rule's description names."""


@checks_keywords
def rules_from(
    source: str | Path,
    *,
    label: type[IntEnum] | Mapping[Any, Label] | Label | None = None,
    key: str | None = None,
    value: str = "label",
    group: str | None = None,
    weight: str | None = None,
    column: str | tuple[str, ...] | None = None,
    name: str | None = None,
    ignore_case: bool = True,
    whole_word: bool = True,
) -> list[LabelingFunction[...]]:
    """Make rules of a file of words and phrases with labels, or of patterns as spaCy and Prodigy write them.

    Parameters
    ----------
    source : path
        CSV or TSV with a header, JSONL or Parquet, beside the module that names it. A line of JSONL with a ``pattern``
        is one of spaCy's: a phrase, or a list of token patterns, which needs the extra ``nlp`` and a column of parsed
        documents (see :func:`labelkit.spacy_doc`).
    label : IntEnum, mapping or int, optional
        What the file's labels mean: an enum whose names or numbers they are, or a mapping to classes. A single class
        is for a file without labels.
    key : str, optional
        The column of words and phrases: ``"pattern"`` where there is one, else the first.
    value : str
        The column of labels.
    group : str, optional
        A column that splits the rules further, such as the person who listed a word or the ``id`` of a pattern; it
        becomes the group of the rule.
    weight : str, optional
        A column of numbers between 0 and 1: how often a word is thought to be right. Words of one tenth share a rule,
        whose prior precision is their mean.
    column : str or tuple of str, optional
        The column or columns that are read: ``"text"``, and ``"doc"`` for token patterns, if not given.
    name : str, optional
        What the rules' names begin with; the name of the file if not given.
    ignore_case, whole_word : bool
        As in :func:`labelkit.keywords`, for words and phrases.

    Returns
    -------
    list of LabelingFunction
        In the order in which their labels come in the file. :func:`labelkit.collect` finds them in a module's globals.

    Raises
    ------
    RuleError
        If the file is missing, malformed or empty, or a line of it has no word or an unknown label; the message names
        the line.
    """
    if not isinstance(source, str | Path):
        raise RuleError(f"rules_from reads a file, not {source!r:.80}", hint="keywords(...) takes words in the code")
    origin = origin_of_caller()
    for option, name_of_column in (("key", key), ("value", value), ("group", group), ("weight", weight)):
        checked_column(name_of_column, option)
    file = ListFile.of(source, origin.namespace.get("__file__"), "lexicon")
    path = file.path
    columns = _LexiconColumns(key, None if isinstance(label, int) else value, group, weight)
    parts: dict[tuple[Any, ...], _LexiconPart] = {}
    watch = FirstColumn(file, columns.value)
    for line, names, values in rows_of(file):
        row = dict(zip(names, values, strict=True))
        entry = _entry_of(row, columns, f"line {line} of {path.name!r}", file)
        if columns.key is None and entry.what is row[names[0]]:
            watch.saw(names, entry.what)
        meaning = label if columns.value is None else meaning_of(entry.label, label, f"line {line} of {path.name!r}")
        band = None if entry.weight is None else int(entry.weight / BAND + 1e-9)
        parts.setdefault((meaning, entry.group, band, entry.is_tokens), _LexiconPart(meaning, entry)).add(entry)
    if not parts:
        raise RuleError(f"{file} has no words", code="LK108")
    watch.tell()
    rules, rule_names = [], _Names(name or path.stem)
    for part in parts.values():
        condition = part.condition(ignore_case=ignore_case, whole_word=whole_word)
        rule = condition.rule(
            name=rule_names.next(part),
            column=column,
            group=None if part.first.group is None else str(part.first.group),
            precision=part.precision,
            doc=part.description(path.name),
        )
        rules.append(replace(rule, origin=origin))
    return rules


@dataclass(frozen=True)
class _LexiconColumns:
    """The columns of a lexicon that are read."""

    key: str | None
    value: str | None
    group: str | None
    weight: str | None


@dataclass(frozen=True)
class _LexiconEntry:
    """A line of a lexicon."""

    what: Any
    label: Any
    group: Any
    weight: float | None
    id: Any

    @property
    def is_tokens(self) -> bool:
        """True for a pattern of tokens, False for a phrase."""
        return not isinstance(self.what, str)


@dataclass
class _LexiconPart:
    """The lines that make one rule."""

    label: Any
    first: _LexiconEntry
    entries: list[_LexiconEntry] = field(default_factory=list)

    def add(self, entry: _LexiconEntry) -> None:
        """Add a line."""
        self.entries.append(entry)

    @property
    def precision(self) -> float | None:
        """Mean weight; None without weights."""
        weights = [entry.weight for entry in self.entries if entry.weight is not None]
        return sum(weights) / len(weights) if weights else None

    def condition(self, *, ignore_case: bool, whole_word: bool) -> Condition:
        """Make the condition of the rule."""
        if self.first.is_tokens:
            from labelkit.rules.nlp import token_pattern  # noqa: PLC0415 - most lexicons have no patterns of tokens

            return token_pattern(*(entry.what for entry in self.entries), label=self.label)
        words = list(dict.fromkeys(entry.what for entry in self.entries))
        return keywords(words, label=self.label, ignore_case=ignore_case, whole_word=whole_word)

    def description(self, file: str) -> str:
        """Describe the list that the rule is made of, with the ids of its patterns."""
        ids = list(dict.fromkeys(str(entry.id) for entry in self.entries if entry.id is not None))
        of_ids = f" (ids {names_and_more(ids, MAX_IDS)})" if ids else ""
        kind = "patterns of tokens" if self.first.is_tokens else "words and phrases"
        return f"{len(self.entries):,} {kind} of {file}{of_ids}."


class _Names:
    """Make unique names of rules."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._used_names: set[str] = set()

    def next(self, part: _LexiconPart) -> str:
        """Make a name of the list's name, the group, the label and the tenth of the weights."""
        band = None if part.first.weight is None else int(100 * BAND * int(part.first.weight / BAND + 1e-9))
        tokens = "tokens" if part.first.is_tokens else None
        label = part.label.name if isinstance(part.label, IntEnum) else part.first.label
        pieces = [self._stem, part.first.group, label, band, tokens]
        name = "_".join(re.sub(r"\W+", "_", str(piece)).strip("_").lower() for piece in pieces if piece is not None)
        number = 2
        unique = name
        while unique in self._used_names:
            unique, number = f"{name}_{number}", number + 1
        self._used_names.add(unique)
        return unique


def _entry_of(row: Mapping[str, Any], columns: _LexiconColumns, where: str, file: ListFile) -> _LexiconEntry:
    key = columns.key or ("pattern" if "pattern" in row else first_column(list(row), file) if row else "")
    for wanted in (key, columns.value, columns.group, columns.weight):
        if wanted is not None and wanted not in row:
            listed = ", ".join(map(repr, row)) or "nothing"
            raise RuleError(
                f"{where} has no {wanted!r}; it has {listed}", hint=missing_hint(wanted, list(row)), code="LK108"
            )
    what = row[key]
    if not (isinstance(what, str) and what.strip()) and not _is_tokens(what):
        hint = "one word or phrase a line" if isinstance(what, list) else "leave such lines out"
        raise RuleError(
            f"{where} holds {what!r:.80}, which is neither a word or phrase nor a pattern of tokens", hint=hint
        )
    weight = None if columns.weight is None else _weight(row[columns.weight], where)
    label = None if columns.value is None else row[columns.value]
    group = None if columns.group is None else row[columns.group]
    if isinstance(group, list | dict):
        raise RuleError(f"{where} has the group {group!r:.80}", hint="one group a line, as text or number")
    return _LexiconEntry(what, label, group, weight, row.get("id") if "pattern" in row else None)


def _is_tokens(what: Any) -> bool:
    return isinstance(what, list) and bool(what) and all(isinstance(token, dict) for token in what)


def _weight(given: Any, where: str) -> float:
    try:
        weight = float(given)
    except (TypeError, ValueError):
        weight = float("nan")
    if not 0 < weight < 1:
        raise RuleError(f"{where} has the weight {given!r}, which is not between 0 and 1")
    return weight

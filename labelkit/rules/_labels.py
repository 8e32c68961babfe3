"""Read the labels that rules are declared with: numbers, members of an enum, mappings, and the texts of a file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from enum import Enum, IntEnum
from typing import Any, TypeAlias

import numpy as np

from labelkit._shared.given_kinds import kind_of
from labelkit.exceptions import LabelSpaceError, RuleError
from labelkit.rules._caller import origin_of_caller
from labelkit.votes.label_space import ABSTAIN, MAX_CLASSES, LabelSpace, is_written

Label: TypeAlias = int

Runs: TypeAlias = tuple[list[tuple[list[Any], Label | None]], type[IntEnum] | None]
"""Runs of entries with the same label, in the order declared, and the enum of the labels."""


def label_and_enum(value: Any) -> tuple[Label, type[IntEnum] | None]:
    """Read a label that a rule is declared with: its number, and its enum if it is a member of one.

    Raises
    ------
    RuleError
        If it is neither a class nor an abstain.
    """
    if isinstance(value, np.integer):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not ABSTAIN <= value < MAX_CLASSES:
        raise RuleError(f"label={value!r:.80} is not a class", hint=_label_hint(value), code="LK102")
    if isinstance(value, IntEnum):
        try:
            LabelSpace.of(type(value))
        except LabelSpaceError as error:
            raise RuleError(error.message, hint=error.hint, code=error.code) from None
        return int(value), type(value)
    return value, None


def checked_enum(value: Any, what: str) -> type[IntEnum] | None:
    """Read the enum of the classes that a function returns.

    Raises
    ------
    LabelSpaceError
        If it is not one, with what is given where.
    """
    if value is None:
        return None
    if isinstance(value, type) and issubclass(value, IntEnum):
        LabelSpace.of(value)
        return value
    if isinstance(value, IntEnum):
        enum = type(value).__name__
        hint = f"label={enum}, or leave it out; the function returns the class: return {enum}.{value.name}"
    elif isinstance(value, type) and issubclass(value, Enum):
        hint = f"derive {value.__name__} from IntEnum, with the classes 0, 1, ..."
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        hint = f"leave it out; names are given for all rules: lk.collect(..., labels={list(value)!r:.80}) (--labels)"
    else:
        hint = "leave it out; the function returns the class, or ABSTAIN"
    raise LabelSpaceError(
        f"label={value!r:.80} of {what} is no enum of the classes that it returns", hint=hint, code="LK120"
    )


def _label_hint(value: Any) -> str:
    """Return what to give in place of a label that is no class, by what it is."""
    give = "give a member of an IntEnum"
    if isinstance(value, str):
        named = (f"{enum.__name__}.{member.name}" for enum, member in _members_near() if is_written(member.name, value))
        member = next(named, None)
        declare = "class Label(IntEnum): HAM = 0; SPAM = 1; or a number: 0 for the first class of labels= (--labels)"
        return f"{give}: label={member}" if member else f"{give}, label=Label.SPAM, with {declare}"
    if isinstance(value, type) and issubclass(value, IntEnum):
        first = next((member.name for member in value if member >= 0), "SPAM")
        all_of_it = "all of it goes with value='label', a column of a file"
        return f"give one class of it: label={value.__name__}.{first}; {all_of_it}"
    if isinstance(value, Enum):
        return f"{give}: derive {type(value).__name__} from it, with the classes 0, 1, ..."
    if isinstance(value, Iterable):
        return 'one label an entry, and the entry first: {"free": Label.SPAM, "win": Label.SPAM}'
    return f"{give}, or a number from 0 (ABSTAIN in a mapping)"


def _members_near() -> list[tuple[type[IntEnum], IntEnum]]:
    """List the members of the enums that the module of the caller has."""
    values = list(origin_of_caller().namespace.values())
    enums = [value for value in values if issubclass(type(value), type) and issubclass(value, IntEnum)]
    return [(enum, member) for enum in enums for member in enum]


def runs_of(kind: str, given: tuple[Any, ...], label: Any) -> Runs:
    """Sort the entries of a decorator into runs with the same label, in the order declared.

    Parameters
    ----------
    kind : str
        The name of the decorator, for messages.
    given : tuple
        Entries, iterables of them, or one mapping from entry to label.
    label : int, mapping or None
        The label of all entries, or a mapping as in ``given``.

    Raises
    ------
    RuleError
        If there are no entries, both a mapping and a label, no class, or labels of several enums.
    """
    if isinstance(label, Mapping):
        given, label = (*given, label), None
    mappings = [part for part in given if isinstance(part, Mapping)]
    if mappings and (len(given) > 1 or label is not None):
        raise RuleError(f"{kind} takes either entries and one label, or one mapping from entries to labels")
    if mappings:
        pairs: list[tuple[Any, tuple[Label | None, type[IntEnum] | None]]] = [
            (entry, label_and_enum(number)) for entry, number in mappings[0].items()
        ]
    else:
        one: tuple[Label | None, type[IntEnum] | None] = (None, None) if label is None else label_and_enum(label)
        pairs = [(entry, one) for part in given for entry in _flat(part, kind)]
    if not pairs:
        raise RuleError(
            f"{kind} needs at least one entry", hint=f"@{kind}('first', 'second', label=Label.SPAM)", code="LK106"
        )
    enums = {enum for _, (_, enum) in pairs if enum is not None}
    if len(enums) > 1:
        raise RuleError(f"{kind} has labels of {len(enums)} enums: {sorted(e.__name__ for e in enums)}", code="LK123")
    cases: list[tuple[list[Any], Label | None]] = []
    for entry, (number, _) in pairs:
        if cases and cases[-1][1] == number:
            cases[-1][0].append(entry)
        else:
            cases.append(([entry], number))
    return cases, next(iter(enums), None)


def _flat(part: Any, kind: str) -> list[Any]:
    columns = list(getattr(part, "columns", ())) if kind_of(part) == "table" else []
    if columns:
        names = getattr(part, "column_names", columns)
        many = f"frame.itertuples(index=False, name=None) for its {len(names)} columns together"
        raise RuleError(
            f"{kind} takes entries, and a frame gives the names of its columns: {names}",
            hint=f"frame[{names[0]!r}]" + (f"; or {many}" if len(names) > 1 and kind in ("lookup", "facts") else ""),
        )
    if isinstance(part, set | frozenset):
        return sorted(part, key=lambda entry: (type(entry).__name__, entry))
    if isinstance(part, str | bytes) or not isinstance(part, Iterable):
        return [part]
    return list(part)


def meanings_of(label: Any) -> Mapping[Any, Label]:
    """Map the texts of labels to classes, in the order declared; empty where the texts must be numbers."""
    if isinstance(label, type) and issubclass(label, IntEnum):
        return {**{m.name: m for m in label}, **{m.value: m for m in label}, **{str(m.value): m for m in label}}
    return label if isinstance(label, Mapping) else {}


def meaning_of(text: Any, label: Any, source: Any) -> Label:
    """Map the text of a label in a file or table to a class.

    Parameters
    ----------
    text : object
        As the file has it.
    label : IntEnum, mapping or None
        The ``label=`` of the decorator.
    source : object
        The file or table, for messages.

    Raises
    ------
    RuleError
        If the text is not among the labels.
    """
    meanings = meanings_of(label)
    if isinstance(text, bool) or not isinstance(text, Hashable):
        kind = type(text).__name__
        raise RuleError(
            f"{source} holds the label {text!r:.80} ({kind})",
            hint="one label an entry, as text or number",
            code="LK102",
        )
    if meanings:
        if text in meanings:
            return _class_of(meanings[text])
        alike = {str(meanings[name]): meanings[name] for name in meanings if is_written(name, text)}
        if len(alike) == 1:
            return _class_of(next(iter(alike.values())))
        names = dict.fromkeys(name for name in meanings if isinstance(name, str) and not name.lstrip("-").isdecimal())
        listed = ", ".join(map(repr, list(names or meanings)[:12]))
        raise RuleError(
            f"{source} holds the label {text!r}, which is not among {listed}", hint=_text_hint(text), code="LK102"
        )
    if isinstance(text, int) and not isinstance(text, bool) and label is None:
        return text
    raise RuleError(
        f"{source} holds the label {text!r}, and the rule does not say what that means",
        hint="label=Label (an IntEnum with these names), or label={'spam': Label.SPAM}",
        code="LK102",
    )


def _class_of(meaning: Any) -> Label:
    """Return what a text means, if that is a class."""
    return meaning if isinstance(meaning, int) else label_and_enum(meaning)[0]


def _text_hint(text: Any) -> str:
    if text is None or not str(text).strip():
        return "give each entry a label, or leave the entry out"
    return f"write one of these, or say what it means: label={{{text!r}: Label.SPAM, ...}}"

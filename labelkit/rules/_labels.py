"""Read the labels that rules are declared with: numbers, members of an enum, mappings, and the texts of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np

from labelkit.exceptions import LabelSpaceError, RuleError
from labelkit.votes.label_space import ABSTAIN, LabelSpace

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
    if isinstance(value, bool) or not isinstance(value, int) or value < ABSTAIN:
        raise RuleError(
            f"label={value!r} is not a class",
            hint="give a member of an IntEnum, or a number from 0 (ABSTAIN in a mapping)",
        )
    if isinstance(value, IntEnum):
        try:
            LabelSpace.of(type(value))
        except LabelSpaceError as error:
            raise RuleError(error.message, hint=error.hint) from None
        return int(value), type(value)
    return value, None


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
        pairs = [(entry, one) for part in given for entry in _flat(part)]
    if not pairs:
        raise RuleError(f"{kind} needs at least one entry", hint=f"@{kind}('first', 'second', label=Label.SPAM)")
    enums = {enum for _, (_, enum) in pairs if enum is not None}
    if len(enums) > 1:
        raise RuleError(f"{kind} has labels of {len(enums)} enums: {sorted(e.__name__ for e in enums)}")
    cases: list[tuple[list[Any], Label | None]] = []
    for entry, (number, _) in pairs:
        if cases and cases[-1][1] == number:
            cases[-1][0].append(entry)
        else:
            cases.append(([entry], number))
    return cases, next(iter(enums), None)


def _flat(part: Any) -> list[Any]:
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
    if meanings:
        if text not in meanings:
            raise RuleError(f"{source} holds the label {text!r}, which is not among {list(meanings)}")
        return meanings[text]
    if isinstance(text, int) and not isinstance(text, bool) and label is None:
        return text
    raise RuleError(
        f"{source} holds the label {text!r}, and the rule does not say what that means",
        hint="label=Label (an IntEnum with these names), or label={'spam': Label.SPAM}",
    )

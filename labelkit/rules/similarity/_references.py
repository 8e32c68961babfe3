"""Read the references of a similarity rule: labeled texts or vectors, in groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from labelkit.exceptions import RuleError
from labelkit.rules._caller import beside
from labelkit.rules._labels import label_and_enum, meaning_of
from labelkit.rules.list_files import read_entries
from labelkit.rules.similarity._vectors import stacked
from labelkit.rules.similarity.clusters import Clusters
from labelkit.votes.label_space import ABSTAIN

LabeledGroup: TypeAlias = tuple[list[Any], int | None]
"""Entries that share a label, and the label; None for an abstain."""


@dataclass(frozen=True, eq=False)
class References:
    """Labeled texts or vectors to compare with.

    Attributes
    ----------
    entries : tuple of str, or ndarray of float32, shape (n_references, n_dimensions)
    groups : ndarray of int64, shape (n_references,)
        The group of each entry.
    labels : ndarray of int64, shape (n_groups,)
        The label of each group; -1 for an abstain.
    enum : IntEnum, optional
        The enum of the labels.
    """

    entries: Any
    groups: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    enum: type[IntEnum] | None = None

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.entries, self.groups, self.labels]


def references_of(
    source: Any, label: Any, *, key: str | None = None, value: str | None = None, module_file: str | None = None
) -> References:
    """Read the source of ``@similar_to``.

    Raises
    ------
    RuleError
        If there are no references, or a label is missing or not a class; if an entry is neither text nor vector, or has
        two labels.
    """
    groups = list(_groups(source, label, key, value, module_file))
    numbers, enums = [], []
    for _, group_label in groups:
        number, enum = (ABSTAIN, None) if group_label is None else label_and_enum(group_label)
        numbers.append(number)
        enums += [] if enum is None else [enum]
    if len(set(enums)) > 1:
        raise RuleError(
            f"similar_to has labels of {len(set(enums))} enums: {sorted(e.__name__ for e in set(enums))}", code="LK123"
        )
    entries = [entry for members, _ in groups for entry in members]
    if not entries:
        raise RuleError(
            "similar_to needs at least one example",
            hint='@similar_to(["free money"], label=Label.SPAM, ...)',
            code="LK106",
        )
    if all(number == ABSTAIN for number in numbers):
        raise RuleError(
            "a rule whose examples all mean an abstain can only abstain", hint="label=Label.SPAM", code="LK105"
        )
    owners = np.repeat(np.arange(len(groups)), [len(members) for members, _ in groups])
    _check_one_label_each(entries, [numbers[owner] for owner in owners])
    return References(_checked(entries), owners, np.array(numbers, dtype=np.int64), next(iter(enums), None))


def _groups(
    source: Any, label: Any, key: str | None, value: str | None, module_file: str | None
) -> Iterator[LabeledGroup]:
    if isinstance(source, str | Path):
        path = beside(source, module_file)
        if path.suffix.lower() == ".json":
            source = Clusters.load(path)
        else:
            pairs = read_entries(source, key=key, value=value, module_file=module_file)
            if value is None:
                only = _one_label(label)
                yield from _by_label((entry, only) for entry, _ in pairs)
            else:
                yield from _by_label((entry, meaning_of(text, label, source)) for entry, text in pairs)
            return
    if key is not None or value is not None:
        raise RuleError(f"key= and value= name the columns of a file, and {type(source).__name__} has none")
    if isinstance(source, Clusters):
        yield from _of_clusters(source, label)
    elif isinstance(source, Mapping):
        if label is not None:
            raise RuleError("similar_to takes either examples and one label, or one mapping from labels to examples")
        yield from _of_mapping(source)
    elif isinstance(source, np.ndarray) or (isinstance(source, Iterable) and not isinstance(source, bytes)):
        yield list(source), _one_label(label)
    else:
        raise RuleError(
            f"{source!r} holds no examples",
            hint="a list of texts, a mapping from labels to lists, or a file",
            code="LK106",
        )


def _one_label(label: Any) -> Any:
    if label is None:
        raise RuleError(
            "similar_to has no label to vote for",
            hint="@similar_to([...], label=Label.SPAM, threshold=0.4)",
            code="LK105",
        )
    if isinstance(label, Mapping | type):
        raise RuleError(
            f"label={label!r} maps the labels of a file to classes, and no column of labels is named",
            hint='value="label"',
        )
    return label


def _by_label(pairs: Iterable[tuple[Any, Any]]) -> Iterator[LabeledGroup]:
    members_by_label: dict[Any, list[Any]] = {}
    for entry, label in pairs:
        members_by_label.setdefault(label, []).append(entry)
    yield from ((members, label) for label, members in members_by_label.items())


def _of_mapping(source: Mapping[Any, Any]) -> Iterator[LabeledGroup]:
    """Yield the groups of a mapping from labels to lists of examples, or from examples to labels."""
    if any(isinstance(one, str) for one in source):
        yield from _by_label(source.items())
        return
    for label, members in source.items():
        if isinstance(members, str):
            raise RuleError(
                f"the examples of {label!r} are one text, not a list: {members!r}", hint=f"[{members!r}]", code="LK106"
            )
        yield list(members), label


def _of_clusters(clusters: Clusters, label: Any) -> Iterator[LabeledGroup]:
    if not isinstance(label, Mapping) or not label:
        raise RuleError("clusters need a mapping from their numbers to labels", hint="label={0: Label.SPAM}")
    unknown = [number for number in label if number not in range(len(clusters))]
    if unknown:
        raise RuleError(f"there is no cluster {unknown[0]!r}; they are numbered 0 .. {len(clusters) - 1}")
    yield from ((list(members), label.get(number)) for number, members in enumerate(clusters.examples))


def _check_one_label_each(entries: list[Any], labels: list[int]) -> None:
    label_of: dict[str, int] = {}
    for entry, label in zip(entries, labels, strict=True):
        if isinstance(entry, str) and label_of.setdefault(entry, label) != label:
            raise RuleError(f"the example {entry!r} has two labels, {label_of[entry]} and {label}")


def _checked(entries: list[Any]) -> Any:
    if all(isinstance(entry, str) for entry in entries):
        empty = [entry for entry in entries if not entry.split()]
        if empty:
            raise RuleError(
                f"similar_to has an empty example {empty[0]!r}, to which no text can be similar", code="LK106"
            )
        return tuple(entries)
    if any(isinstance(entry, str | bytes) for entry in entries):
        raise RuleError("similar_to takes texts or vectors, not both")
    vectors, errors = stacked(entries, None, "similar_to")
    for number, error in errors.items():
        raise RuleError(f"example {number} of similar_to is not a vector like the first: {error}")
    return vectors

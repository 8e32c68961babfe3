"""Which number each class has: by the enum of rules, by the constants of their modules, or by ``labels=``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from labelkit.exceptions import CollectError, LabelSpaceError
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.votes.label_space import ABSTAIN, LabelSpace

MOST_NAMES: Final = 100
"""Entries of a dict that is looked at."""


def check_numbers(lfs: Sequence[LabelingFunction[...]], space: LabelSpace) -> None:
    """Refuse classes in another order than that of the enum of the rules, or of the constants of their modules.

    Raises
    ------
    LabelSpaceError
    """
    _check_enums(lfs, space)
    numbers = {name.casefold(): number for number, name in enumerate(space.names)}
    for where, constants in _constants_near(lfs):
        _check_abstain(where, constants, space)
        for name, value in constants.items():
            number = numbers.get(name.casefold(), value)
            if number != value and value < len(space):  # MAX = 500 is no class
                raise LabelSpaceError(
                    f"{name} is {value} in {where}, but {number} in labels={list(space.names)!r}",
                    hint=f"name the classes in the order of their numbers: labels={_in_order(constants, space)!r}",
                    code="LK125",
                )
    if "abstain" in numbers:
        others = [name for name in space.names if name.casefold() != "abstain"]
        raise LabelSpaceError(
            f"an abstain is {ABSTAIN}, and no class, but {numbers['abstain']} in labels={list(space.names)!r}",
            hint=f"leave it out: labels={others!r}",
            code="LK125",
        )


def _check_abstain(where: str, constants: Mapping[str, int], space: LabelSpace) -> None:
    """Refuse a constant for an abstain that is the number of a class."""
    for name, value in constants.items():
        if name.casefold() == "abstain" and ABSTAIN < value < len(space):
            raise LabelSpaceError(
                f"{name} is {value} in {where}, which is the class {space.name(value)}: an abstain is {ABSTAIN}",
                hint=f"write {name} = {ABSTAIN}, and number the classes from 0: labels={list(space.names)!r}",
                code="LK125",
            )


def _in_order(constants: Mapping[str, int], space: LabelSpace) -> list[str]:
    """Return the names of classes by the numbers that constants give them; those of a space fill the gaps."""
    spelled = {name.casefold(): name for name in space.names}
    by_number = {value: spelled.pop(name.casefold(), name) for name, value in constants.items() if value > ABSTAIN}
    rest = iter([name for name in spelled.values() if name.casefold() != "abstain"])
    n_classes = max([*by_number, len(space) - 1]) + 1
    names = [by_number[number] if number in by_number else next(rest, None) for number in range(n_classes)]
    return [name for name in names if name is not None]


def _constants_near(lfs: Sequence[LabelingFunction[...]]) -> Iterator[tuple[str, dict[str, int]]]:
    """Iterate over the constants of the modules of rules, of classes and dicts in them, with where they stand."""
    namespaces = {id(lf.origin.namespace): lf.origin for lf in lfs}
    for origin in namespaces.values():
        file = Path(str(origin.namespace.get("__file__") or origin.module)).name
        yield file, _numbers(origin.namespace)
        for name, value in list(origin.namespace.items()):
            if type(value) is type and value.__module__ == origin.module:
                yield f"{name} of {file}", _numbers(vars(value))
            elif type(value) is dict and 0 < len(value) <= MOST_NAMES and _numbers_classes(value):
                yield f"{name} of {file}", value


def _numbers_classes(entries: dict[Any, Any]) -> bool:
    """Return whether a dict has the numbers of classes for names: from 0 on, each once, but for an abstain."""
    if not all(isinstance(name, str) and _is_number(number) for name, number in entries.items()):
        return False
    numbers = [number for number in entries.values() if number > ABSTAIN]
    return sorted(numbers) == list(range(len(numbers)))


def _numbers(namespace: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in list(namespace.items()) if name.isupper() and _is_number(value)}


def _is_number(value: Any) -> bool:
    return type(value) is int and value >= ABSTAIN


def _by_constants(lfs: Sequence[LabelingFunction[...]]) -> list[str]:
    """Return the names of classes that constants of a module have, such as ABSTAIN, HAM, SPAM = -1, 0, 1."""
    for _, constants in _constants_near(lfs):
        numbers = {n: number for n, number in constants.items() if number > ABSTAIN and n.casefold() != "abstain"}
        if len(numbers) > 1 and sorted(numbers.values()) == list(range(len(numbers))):
            return sorted(numbers, key=numbers.__getitem__)
    return []


def _check_enums(lfs: Sequence[LabelingFunction[...]], space: LabelSpace) -> None:
    """Refuse classes in another order than that of the enum of the rules; other names are allowed."""
    numbers = {form(name): number for form in (str.casefold, str) for number, name in enumerate(space.names)}
    near = None
    for lf in lfs:
        if lf.enum is None and near is None:
            near = _enums_near(lfs)
        for enum in near or [] if lf.enum is None else [lf.enum]:
            for label in enum:
                number = numbers.get(label.name, numbers.get(label.name.casefold(), label.value))
                if number != label.value:
                    raise LabelSpaceError(
                        f"{label.name} is {label.value} in {enum.__name__}, with which rule {lf.name!r} votes, but "
                        f"{number} in labels={list(space.names)!r}",
                        hint="leave labels out, or name the classes in the order of "
                        f"{enum.__name__}: labels={list(LabelSpace.of(enum).names)!r}",
                        code="LK125",
                    )


def inferred_space(lfs: Sequence[LabelingFunction[...]]) -> LabelSpace:
    """Infer the one label space that rules belong to."""
    spaces: dict[LabelSpace, str] = {}
    for lf in lfs:
        if lf.enum is not None:
            spaces.setdefault(LabelSpace.of(lf.enum), f"{lf.enum.__name__} of rule {lf.name!r}")
    if not spaces:
        for enum in _enums_near(lfs):
            spaces.setdefault(LabelSpace.of(enum), f"{enum.__name__} of module {enum.__module__}")
    if len(spaces) == 1:
        return next(iter(spaces))
    if not spaces:
        raise LabelSpaceError(
            "the classes are not known",
            hint=f"declare an IntEnum of them, or pass labels={_by_constants(lfs) or ['HAM', 'SPAM']!r}",
            code="LK121",
        )
    listed = "; ".join(f"{space!r} ({where})" for space, where in spaces.items())
    raise CollectError(
        f"the rules belong to {len(spaces)} label spaces: {listed}",
        hint="collect them apart, or pass labels=...",
        code="LK123",
    )


def _enums_near(lfs: Sequence[LabelingFunction[...]]) -> list[type[IntEnum]]:
    """List the integer enums of the rules' modules: those made there, else those imported."""
    enums = {
        id(value): (value, value.__module__ == lf.origin.module)
        for lf in lfs
        for value in list(lf.origin.namespace.values())
        if issubclass(type(value), type) and issubclass(value, IntEnum) and len(value)
    }
    return [enum for enum, is_local in enums.values() if is_local] or [enum for enum, _ in enums.values()]

"""Names of totals, rests and counts that stand beside names of the user: of classes, rules, slices, parts, groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping


def name_beside(name: str, names: Collection[object]) -> str:
    """Return a name that is none of those that are there: in parentheses, if it has to be another.

    >>> name_beside("total", ["link"]), name_beside("total", ["total"]), name_beside("(all)", ["(all)", "((all))"])
    ('total', '(total)', '(((all)))')
    """
    while name in names:
        name = f"({name})"
    return name


def counts_beside(fixed: Mapping[str, int], kind: str, named: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Put counts by names of the user behind counts with fixed names, so that none takes the place of another.

    >>> counts_beside({"rows": 9}, "class", [("HAM", 4), ("rows", 5)])
    {'rows': 9, 'HAM': 4, 'class rows': 5}
    """
    pairs = list(named)
    counts, names = dict(fixed), {name for name, _ in pairs}
    for name, size in pairs:
        key = name
        while key in counts or (key != name and key in names):
            key = f"{kind} {key}"
        counts[key] = size
    return counts

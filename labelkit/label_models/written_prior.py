"""Read a class prior that is written as text, ``spam=0.13``, by the names of the classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labelkit._shared.near_names import did_you_mean, near_name
from labelkit._shared.written_lists import names_and_more
from labelkit.exceptions import ModelError
from labelkit.votes.label_space import class_written

MOST_NAMES = 12
"""Classes that an error lists."""

SUM_TOLERANCE = 1e-3
"""How far the shares of all classes may be from 1, as rounded numbers are; they are scaled to sum to 1."""


def written_prior(entries: Iterable[str], class_names: Sequence[str]) -> dict[str, float]:
    """Return the share of each class, from entries such as ``spam=0.13``.

    Of two classes, one may be left out: it has the rest. Of more, all are to be given, since nothing says how the rest
    is divided.

    Parameters
    ----------
    entries : iterable of str
        A class as it is called, ``=``, and a number in (0, 1).
    class_names : sequence of str

    Returns
    -------
    dict from str to float
        In the order of the classes; the values sum to 1.

    Raises
    ------
    ModelError
        If an entry is not of this form, names no class or one twice, a class is left out, or the sum is not 1.

    Examples
    --------
    >>> written_prior(["SPAM=0.125"], ["HAM", "SPAM"])
    {'HAM': 0.875, 'SPAM': 0.125}
    """
    shares: dict[str, float] = {}
    for entry in entries:
        name, share = _read(entry, class_names)
        if name in shares:
            raise ModelError(
                f"the class prior names {name!r} twice", hint="give one share for each class", code="LK403"
            )
        shares[name] = share
    missing = [name for name in class_names if name not in shares]
    total = sum(shares.values())
    if len(missing) == 1 and len(class_names) == 2:
        shares[missing[0]] = 1.0 - total
    elif missing:
        raise ModelError(
            f"the class prior lacks {names_and_more(missing, MOST_NAMES)}; what is left for them is {1 - total:.4g}",
            hint="give a share for each class; of two classes alone, the other one has the rest",
            code="LK403",
        )
    elif abs(total - 1.0) > SUM_TOLERANCE:
        raise ModelError(
            f"the class prior sums to {total:.4g}, not 1", hint="the shares of all classes sum to 1", code="LK403"
        )
    scale = sum(shares.values())
    return {name: shares[name] / scale for name in class_names}


def _read(entry: str, class_names: Sequence[str]) -> tuple[str, float]:
    """Read one entry; the name of a class may hold ``=``."""
    name, sign, number = (part.strip() for part in entry.rpartition("="))
    example = f"{class_names[-1]}=0.13"
    if not sign:
        raise ModelError(f"{entry!r} is no class with its share", hint=f"write it so: {example}", code="LK403")
    if name not in class_names:
        raise _no_class(name, class_names)
    try:
        share = float(number)
    except ValueError:
        hint = "write percents as a number" if number.endswith("%") else "write a number"
        raise ModelError(
            f"{number!r} is no share of the class {name!r}", hint=f"{hint}: {example}", code="LK403"
        ) from None
    if not 0.0 < share < 1.0:
        raise ModelError(
            f"the share of {name!r} is {number}, and is to be above 0 and below 1",
            hint="a class with the share 0 could never be found: give a rare one a small share, such as 0.001"
            if share == 0
            else f"write a share, not a percentage or a count: {example}",
            code="LK403",
        )
    return name, share


def _no_class(name: str, class_names: Sequence[str]) -> ModelError:
    number = class_written(name, class_names)
    near = class_names[number] if number is not None and 0 <= number < len(class_names) else None
    if near is None:
        near = near_name(name, class_names)
    return ModelError(
        f"the class prior names the class {name!r}, which there is not",
        hint=f"the classes are {', '.join(class_names[:MOST_NAMES])}" if near is None else did_you_mean(name, near),
        code="LK403",
    )

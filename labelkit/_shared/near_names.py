"""Hint at the name that was probably meant: of what there is, or of files beside a path that is not there."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from labelkit._shared.given_paths import is_there

MOST_SHOWN: Final = 12
"""Names that a hint lists."""

MOST_SIGNS: Final = 3
"""Characters that a hint names."""

MOST_FILES: Final = 2_000
"""Files of a folder that are looked at."""


_DOUBLES: Final = str.maketrans(
    "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0425\u0423"
    "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0445\u0443"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf",
    "ABCEHIJKMOPSTXYaceijopsxyABEZHIKMNOPTYXo",
)
"""Letters of Cyrillic and Greek that look as Latin ones do."""


def near_name(name: Any, names: Iterable[str]) -> str | None:
    """Return the name that is most like another, whatever its case and Unicode form; None if none is like it.

    >>> near_name("labelmodl", ["LabelModel", "MajorityVote"])
    'LabelModel'
    """
    by_letters = {as_seen(one): one for one in names}
    close = difflib.get_close_matches(as_seen(str(name)), by_letters, n=1)
    return by_letters[close[0]] if close else None


def as_seen(text: str) -> str:
    """Return what is seen of a text, in small letters: composed, without invisible characters, in Latin letters.

    >>> as_seen("Cafe\u0301\u200b ") == as_seen("Caf\u00e9"), as_seen("\u0421afe") == as_seen("cafe")
    (True, True)
    """
    composed = unicodedata.normalize("NFKC", text)
    seen = "".join(" " if sign.isspace() else sign for sign in composed if not _is_unseen(sign))
    return " ".join(seen.translate(_DOUBLES).casefold().split())


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cf", "Cc"} and not sign.isspace()


def did_you_mean(given: Any, meant: str) -> str:
    """Hint at the name that was meant, with the difference if it is not seen.

    >>> did_you_mean("colour", "color"), did_you_mean("to\u200bken", "token")
    ("did you mean 'color'?", "did you mean 'token'? The two look alike, but the first has U+200B ZERO WIDTH SPACE")
    """
    difference = unseen_difference(str(given), meant)
    return f"did you mean {meant!r}?{f' The two {difference}' if difference else ''}"


def unseen_difference(first: str, second: str) -> str | None:
    r"""Name what differs in two texts that look alike; None if they are the same, or it is seen.

    >>> unseen_difference("Cafe\u0301", "Caf\u00e9")
    "have the same letters, written otherwise: 'Cafe\\u0301' (decomposed) and 'Caf\\xe9'"
    """
    if _plain(first) == _plain(second) or as_seen(first) != as_seen(second):
        return None
    composed = [_plain(unicodedata.normalize("NFC", text)) for text in (first, second)]
    if composed[0] == composed[1]:
        return f"have the same letters, written otherwise: {_with_form(first)} and {_with_form(second)}"
    odd = [_odd_signs(first, second), _odd_signs(second, first)]
    listed = [f"the {which} has {signs}" for which, signs in zip(("first", "second"), odd, strict=True) if signs]
    return f"look alike, but {' and '.join(listed)}" if listed else None


def _plain(text: str) -> str:
    """Return a text without what is seen and does not count: capitals, and more than one space."""
    return " ".join(text.split(" ")).strip(" ").casefold()


def _with_form(text: str) -> str:
    is_decomposed = not text.isascii() and not unicodedata.is_normalized("NFC", text)
    return f"{text!a}{' (decomposed)' if is_decomposed else ''}"


def _odd_signs(text: str, other: str) -> str:
    """List the characters beyond ASCII that one text has, and another has not."""
    odd = dict.fromkeys(sign for sign in text if sign not in other and (not sign.isascii() or not sign.isprintable()))
    return ", ".join(f"U+{ord(sign):04X} {unicodedata.name(sign, 'without a name')}" for sign in list(odd)[:MOST_SIGNS])


def names_hint(name: Any, names: Iterable[str]) -> str:
    """Hint at the name that was meant, or list those that there are.

    >>> names_hint("serail", ["serial", "thread"]), names_hint("cloud", ["serial", "thread"])
    ("did you mean 'serial'?", 'there are serial, thread')
    """
    names = list(names)
    close = near_name(name, names)
    if close is not None:
        return did_you_mean(name, close)
    more = ", ..." if len(names) > MOST_SHOWN else ""
    return f"there are {', '.join(names[:MOST_SHOWN])}{more}"


def path_hint(path: str | Path, otherwise: str = "", *, at: Path | None = None, folders: bool = False) -> str:
    """Hint at the file that was meant by a path at which nothing is.

    Parameters
    ----------
    path : str or Path
        As it was given.
    otherwise : str
        The hint where no name beside it is like it; the current folder if not given.
    at : Path, optional
        The place that it stands for, where the path is relative to another folder than the current one.
    folders : bool
        Whether folders alone are meant.
    """
    given = Path(path).expanduser()
    base = Path() if at is None else Path(*at.parts[: len(at.parts) - len(given.parts)])
    try:
        near = _near_path(base, given, folders=folders)
    except (OSError, ValueError):  # a folder that may not be read, or no path
        near = None
    if near is not None and near != given and is_there(base / near):
        return f"did you mean {str(near)!r}?"
    return otherwise or f"the current folder is {str(Path.cwd())!r}"


def _near_path(base: Path, given: Path, *, folders: bool) -> Path | None:
    """Follow a path, by the most similar name where one is not there; None if no name is like it."""
    near = Path()
    for part in given.parts:
        if (base / near / part).exists():
            near /= part
            continue
        there = [one for one, _ in zip((base / near).iterdir(), range(MOST_FILES), strict=False)]
        is_last = len(near.parts) + 1 == len(given.parts)
        name = near_name(part, sorted(one.name for one in there if one.is_dir() or (is_last and not folders)))
        if name is None:
            return None
        near /= name
    return near

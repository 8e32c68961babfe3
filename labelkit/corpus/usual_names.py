"""The names under which columns were read at another time, for a corpus whose user says nothing of its names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labelkit.corpus.sources.renamed import with_field


@dataclass(frozen=True)
class UsualNames:
    """A default of ``rename``, of which a corpus takes what it can.

    Attributes
    ----------
    rename : mapping of str to str
        The columns by the names that they got, as in :func:`labelkit.open_corpus`.
    needed : frozenset of str
        The columns that are read, by the names that they got.
    """

    rename: Mapping[str, str]
    needed: frozenset[str] = frozenset()

    def of(self, names: Collection[str], also: Iterable[str | None] = ()) -> dict[str, str]:
        """Return which columns of a corpus get other names: those that are needed, and those in their way.

        A column that has its new name already stays as it is, unless the column of the old name is there, too, and this
        one gets another name itself.

        >>> usual = UsualNames({"text": "Comment", "about": "Title"}, frozenset(["text"]))
        >>> usual.of(["Nr", "Comment"]), usual.of(["Nr", "text"]), usual.of(["Title"]), usual.of(["text", "Comment"])
        ({'text': 'Comment'}, {}, {}, {})
        >>> UsualNames({"text": "title", "title": "text"}, frozenset(["text"])).of(["title", "text"])
        {'text': 'title', 'title': 'text'}
        """
        needed = {*self.needed, *(name for name in also if name is not None)}
        there = {new: old for new, old in self.rename.items() if new != old and _is_among(old, names)}
        taken = {new: old for new, old in there.items() if _is_read(new, needed)}
        while True:
            moved = set(taken.values())
            blocked = [new for new in taken if new in names and new not in moved]
            if not blocked:
                return {new: old for new, old in self.rename.items() if taken.get(new) == old}
            for new in blocked:
                mover = next((name for name, old in there.items() if old == new and name not in taken), None)
                if mover is None:
                    del taken[new], there[new]
                else:
                    taken[mover] = new

    def renamed(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a record with its values under the names that are read, too.

        >>> UsualNames({"text": "post.body"}, frozenset(["text"])).renamed({"post": {"body": "hi"}})
        {'post': {'body': 'hi'}, 'text': 'hi'}
        """
        rename = self.of(record.keys())
        return {**record, **{new: _value(record, old) for new, old in rename.items()}} if rename else record

    def described(self, rename: Mapping[str, str] | None = None) -> str:
        """Describe these names, or some of them.

        >>> UsualNames({"text": "Comment"}).described()
        "'Comment' as 'text'"
        """
        return ", ".join(f"{old!r} as {new!r}" for new, old in (self.rename if rename is None else rename).items())


def _is_among(column: str, names: Collection[str]) -> bool:
    """Return True for a column, also one with spaces around its name, and for what may be a field of one."""
    parts = column.split(".")
    begins = {".".join(parts[:stop]) for stop in range(1, len(parts))}
    return any(name == column or name.strip() == column or name in begins for name in names)


def _value(record: Mapping[str, Any], column: str) -> Any:
    """Return a value of a record; None for a field of what is no dict."""
    name = next((one for one in record if one == column or one.strip() == column), None)
    return with_field(record, column).get(column) if name is None else record[name]


def _is_read(name: str, needed: Collection[str]) -> bool:
    return any(one == name or one.startswith(f"{name}.") for one in needed)

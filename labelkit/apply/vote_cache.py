"""Cache votes on disk: after an edit, only the rules that it changed are applied again.

The votes of a rule are stored under a key, a hash of all that they depend on: what the rule does and reads (see
:mod:`labelkit.rules.inspection.rule_inputs`), what its columns hold, the classes, and the versions of labelkit and
Python. A key is never used for anything else, so entries never become outdated; those that were not used for longest
are removed when the room is used up. Files get their names only when they are complete, so any number of processes may
share a cache, and one that is killed leaves at most a draft that nobody reads.

The folder is ``LABELKIT_CACHE`` where that is set (``off`` keeps nothing), else the user's cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from labelkit._shared.cache_folder import (
    default_folder,
    files_below,
    is_file_of_user,
    keeps_nothing,
    make_private,
)
from labelkit._shared.files import DRAFT, is_abandoned, publish, replaced
from labelkit._shared.user_errors import warn
from labelkit._version import __version__
from labelkit.corpus import Corpus
from labelkit.exceptions import LabelkitError
from labelkit.rules.inspection.fingerprint import fingerprint
from labelkit.rules.inspection.rule_inputs import RuleInputs, inputs_of
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.votes.label_space import ABSTAIN, LabelSpace

FORMAT: Final = "votes-2"
"""The layout of the folder; another version of labelkit that lays it out otherwise uses another."""

MAX_BYTES: Final = 4 * 2**30
"""Room for columns of votes, if ``LABELKIT_CACHE_BYTES`` does not say otherwise."""

HELD: Final = ".held"
"""Suffix of a second name of votes, which a run reads."""

CHECKSUM_BYTES: Final = 16
"""Bytes at the end of a file: the checksum of its votes and its name."""

MIN_ROWS: Final = 10_000
"""Corpora with fewer rows are voted on again sooner than files are found, unless a cache is asked for."""

SETTLED: Final = 2.0
"""Seconds after which a file that was written can be told from one that is written again: clocks are coarse."""


@dataclass(frozen=True)
class VoteFile:
    """The file of the votes of one rule on one corpus.

    Parameters
    ----------
    path : Path
        A file of plain int8 or int16, one for each example, and a checksum.
    exists : bool
    digest : str
        The digest of what the rule reads (:class:`~labelkit.rules.inspection.rule_inputs.RuleInputs`).
    """

    path: Path
    exists: bool
    digest: str = ""

    def n_votes(self, space: LabelSpace) -> int | None:
        """Read the file, and return its number of votes; None unless it is as it was written, and all are votes."""
        if not is_file_of_user(self.path):
            return None
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        votes, checksum = content[:-CHECKSUM_BYTES], content[-CHECKSUM_BYTES:]
        if checksum != _checksum(votes, self.path.name) or len(votes) % np.dtype(space.dtype).itemsize:
            return None
        column = np.frombuffer(votes, space.dtype)
        in_range = column.min(initial=ABSTAIN) >= ABSTAIN and column.max(initial=ABSTAIN) < len(space)
        return len(column) if in_range else None

    def seal(self, draft: Path) -> None:
        """Give a draft of votes its checksum and its name."""
        checksum = _checksum(draft.read_bytes(), self.path.name)
        with draft.open("ab") as file:
            file.write(checksum)
        publish(draft, self.path)


class VoteCache:
    """A folder of cached votes, one file for each rule and corpus.

    Parameters
    ----------
    folder : path, optional
        ``LABELKIT_CACHE``, or the user's cache folder, if not given.
    max_bytes : int, optional
        The size above which the files that were not used for longest are removed.

    Examples
    --------
    >>> import tempfile, labelkit as lk
    >>> cache = VoteCache(tempfile.mkdtemp())
    >>> rules = [lk.keywords("free", label=1).rule(name="free")]
    >>> votes = lk.Applier(rules, labels=2).apply(["free money", "hello"], cache=cache).votes
    >>> cache.size()[0]
    1
    """

    def __init__(self, folder: str | Path | None = None, *, max_bytes: int | None = None) -> None:
        self.folder = (default_folder() if folder is None else Path(folder).absolute()) / FORMAT
        self.max_bytes = _room() if max_bytes is None else max_bytes

    def __repr__(self) -> str:
        return f"VoteCache({str(self.folder.parent)!r})"

    def entry(
        self,
        lf: LabelingFunction[...],
        corpus: Corpus,
        space: LabelSpace,
        read: Sequence[str] = (),
        *,
        inputs: RuleInputs | None = None,
    ) -> VoteFile | None:
        """Return the file of the votes of a rule on a corpus; None if they cannot be cached (see :func:`why_not`).

        Parameters
        ----------
        lf : LabelingFunction
        corpus : Corpus
        space : LabelSpace
        read : sequence of str
            All columns that are read. Where bad rows are left out, these decide which rows there are.
        inputs : RuleInputs, optional
            Those of the rule as they are now; found if not given.
        """
        inputs = inputs or inputs_of(lf)
        if _not_kept(lf) or inputs.unclear:
            return None
        left_out = read if corpus.on_bad_row == "reject" else ()
        contents = {name: self._content(corpus, name) for name in sorted({*lf.corpus_columns, *left_out})}
        if not all(contents.values()):
            return None
        kinds = [str(corpus.column_type(name)) for name in contents]
        decides = isinstance(lf.body, Calls) and lf.body.decide is not None  # by the names of classes, perhaps
        classes = space.names if decides else len(space)
        rows = [str(corpus.choice)] if corpus.choice else []
        about = (__version__, sys.version_info[:3], str(space.dtype), classes, corpus.on_bad_row, *rows)
        key = fingerprint(about, inputs.digest, inputs.packages, contents, kinds)
        path = self.folder / key[:2] / f"{key}.{np.dtype(space.dtype).name}"
        if path.parent.is_symlink():
            return None
        return VoteFile(path, is_file_of_user(path), inputs.digest)

    def why_not_used(self) -> str:
        """Return why the folder must not be used (see :mod:`labelkit._shared.cache_folder`); empty if it may."""
        return make_private(self.folder.parent) or make_private(self.folder)

    def touch(self, entry: VoteFile) -> None:
        """Mark an entry as used now."""
        with contextlib.suppress(OSError):
            os.utime(entry.path)

    def size(self) -> tuple[int, int]:
        """Return the number of cached files, and their bytes."""
        sizes = [stat.st_size for _, stat in self._kept()]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Remove all cached votes; returns the number of files."""
        kept = list(self._kept())
        for path, _ in kept:
            path.unlink(missing_ok=True)
        for path in files_below(self.folder):
            if path.parent.name == "corpora" and path.suffix == ".json":
                path.unlink(missing_ok=True)
        self.tidy(everything=True)
        return len(kept)

    def prune(self) -> None:
        """Remove the files that were not used for longest, until the rest has room, and what killed processes left."""
        kept = sorted(self._kept(), key=lambda one: one[1].st_mtime)
        total = sum(stat.st_size for _, stat in kept)
        for path, stat in kept:
            if total <= self.max_bytes:
                break
            path.unlink(missing_ok=True)
            total -= stat.st_size
        self.tidy()

    def tidy(self, *, everything: bool = False) -> None:
        """Remove the drafts of killed processes, and what they held; with ``everything``, all drafts."""
        for path in files_below(self.folder):
            with contextlib.suppress(OSError):
                is_left = path.name.startswith(".") and path.suffix in (DRAFT, HELD)
                if is_left and ((everything and path.suffix == DRAFT) or is_abandoned(path)):
                    path.unlink()

    def _kept(self) -> list[tuple[Path, os.stat_result]]:
        files = []
        for path in files_below(self.folder):
            with contextlib.suppress(OSError):  # another process may remove it at this moment
                if len(path.parent.name) == 2 and path.suffix.startswith(".int") and not path.name.startswith("."):
                    files.append((path, path.lstat()))
        return files

    def _content(self, corpus: Corpus, column: str) -> str:
        """Hash the content of a column; the hash of a file's column is stored until the file is written again."""
        if corpus.stamp is None:
            return corpus.content(column)
        stamp = fingerprint(corpus.stamp)
        files = [file[0] for file in corpus.stamp.files]
        note = self.folder / "corpora" / f"{fingerprint(files, sorted(corpus.reading.items()), column)}.json"
        if note.parent.is_symlink() or note.is_symlink():
            return corpus.content(column)
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # a note that cannot be read is none
            kept = json.loads(note.read_text("utf-8"))
            if kept["stamp"] == stamp and isinstance(kept["content"], str):
                return str(kept["content"])
        content = corpus.content(column)
        if content and time.time() - corpus.stamp.latest > SETTLED:
            corpus.check_unchanged()
            with contextlib.suppress(OSError), replaced(note) as draft:
                draft.write_text(json.dumps({"stamp": stamp, "content": content}), "utf-8")
        return content


def cache_of(given: VoteCache | str | Path | bool | None, n_rows: int | None) -> VoteCache | None:  # noqa: FBT001 - the values of cache=
    """Return the cache that ``cache=`` names: a cache, a folder, yes, no; None decides by the size of the corpus."""
    if isinstance(given, VoteCache):
        return _if_private(given)
    if given is False or keeps_nothing():
        return None
    if given is None and (n_rows is not None and n_rows < MIN_ROWS):
        return None
    return _if_private(VoteCache(None if given is None or given is True else given))


def _if_private(cache: VoteCache) -> VoteCache | None:
    """Return a cache, or None, with a warning, where others could decide what is in it."""
    reason = cache.why_not_used()
    if not reason:
        return cache
    warn(
        f"no votes are cached in {str(cache.folder.parent)!r}: {reason}. "
        "Hint: set LABELKIT_CACHE to a folder of your own",
        code="LK516",
    )
    return None


def why_not(lf: LabelingFunction[...]) -> tuple[str, ...]:
    """Return the reasons why the votes of a rule are not cached; empty if they are.

    >>> import random, labelkit as lk
    >>> @lk.labeling_function
    ... def lucky(text):
    ...     return 1 if random.random() < 0.5 else None
    >>> why_not(lucky)
    ('uses random.random, which gives another answer each time',)
    """
    return _not_kept(lf) or inputs_of(lf).unclear


def _not_kept(lf: LabelingFunction[...]) -> tuple[str, ...]:
    """Return the reason why there is no room here for what a rule says, whatever it depends on."""
    if any(getattr(function, "keeps_answers", False) for function in lf.functions):
        return ("its answers are kept, and not its votes",)
    return ("it says how sure it is, which is not kept",) if lf.levels else ()


def _checksum(votes: bytes, name: str) -> bytes:
    """Hash votes and the name of their file, so that one that is renamed is none."""
    return hashlib.blake2b(votes, digest_size=CHECKSUM_BYTES, key=name.encode()[:64]).digest()


def _room() -> int:
    given = os.environ.get("LABELKIT_CACHE_BYTES")
    if given is None:
        return MAX_BYTES
    try:
        room = int(given)
    except ValueError:
        room = -1
    if room < 0:
        raise LabelkitError(
            f"LABELKIT_CACHE_BYTES={given!r} is not a number of bytes", hint="LABELKIT_CACHE_BYTES=4000000000"
        )
    return room

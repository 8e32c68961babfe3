"""Store answers, claims and expenses in one SQLite file, so that no request is paid for twice.

An answer is written as soon as it arrives, under the hash of its request. Before a prompt is sent it is claimed, so
that only one of several processes sends it; a claim expires with the process that made it. Expenses are written before
a request is sent, so that a budget holds for all processes of a run together.

The file is in the folder of :func:`labelkit._shared.cache_folder.default_folder`, or in memory if ``LABELKIT_CACHE`` is
``off``. It contains neither prompts nor API keys.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import platform
import sqlite3
import sys
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from labelkit._shared.cache_folder import default_folder, keeps_nothing, make_private
from labelkit.exceptions import StopRunError
from labelkit.rules.prompts.answers import Answer
from labelkit.rules.prompts.budget import Budget, Expense

FILE: Final = "answers-1/answers.sqlite"
"""Path of the file within the cache folder; the number is the version of its schema."""

LOCK_TIMEOUT: Final = 30.0
"""Seconds that a process waits for another one to finish writing."""

EXPENSE_LIFETIME: Final = 30 * 86_400.0
"""Seconds after which the expenses of a run are deleted."""

KEYS_PER_QUERY: Final = 500
"""Keys that one statement looks up."""

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""Errors of SQLite that no other folder helps against."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, confidence REAL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, rule TEXT NOT NULL, run TEXT NOT NULL, host TEXT NOT NULL,
    pid INTEGER NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS expenses (run TEXT, rule TEXT, requests INTEGER NOT NULL, tokens REAL NOT NULL,
    money REAL NOT NULL, at REAL NOT NULL, PRIMARY KEY (run, rule)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS terms (endpoint TEXT PRIMARY KEY, dropped TEXT NOT NULL) WITHOUT ROWID;
"""


class AnswerStore:
    """The file of answers.

    Parameters
    ----------
    path : Path, optional
        The default is :meth:`default_path`.

    Examples
    --------
    >>> import tempfile
    >>> store = AnswerStore(Path(tempfile.mkdtemp()) / "answers.sqlite")
    >>> store.claim("a1", rule="spam", slots=8, seconds=60)
    True
    >>> store.keep("a1", Answer("spam", tokens_in=30, tokens_out=1))
    >>> store.get_many(["a1", "b2"])["a1"].text, store.claim("a1", rule="spam", slots=8, seconds=60).text
    ('spam', 'spam')
    >>> store.close()
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = self.default_path() if path is None else path
        self.run = run_name()
        with self._guarded():
            if self.path is not None:
                _make_private(self.path)
            name = ":memory:" if self.path is None else str(self.path)
            self._sql = sqlite3.connect(name, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
            weakref.finalize(self, self._sql.close)
            _create_tables(self._sql)

    def __repr__(self) -> str:
        return f"AnswerStore({'in memory' if self.path is None else str(self.path)!r})"

    @staticmethod
    def default_path() -> Path | None:
        """Return the path of the file, or None if ``LABELKIT_CACHE`` is ``off``."""
        return None if keeps_nothing() else default_folder() / FILE

    def close(self) -> None:
        """Close the file; a store in memory stays open, since closing would delete it."""
        if self.path is not None:
            self._sql.close()

    def get_many(self, keys: Iterable[str]) -> dict[str, Answer]:
        """Return the stored answers of some keys, by key."""
        wanted = list(keys)
        answers: dict[str, Answer] = {}
        with self._guarded():
            for start in range(0, len(wanted), KEYS_PER_QUERY):
                some = wanted[start : start + KEYS_PER_QUERY]
                marks = ",".join("?" * len(some))
                rows = self._sql.execute(
                    f"SELECT key, text, finish, confidence, tokens_in, tokens_out FROM answers WHERE key IN ({marks})",  # noqa: S608 - question marks alone
                    some,
                )
                answers |= {key: Answer(*rest) for key, *rest in rows}
        return answers

    def claim(self, key: str, *, rule: str, slots: int, seconds: float) -> Answer | bool:
        """Claim a request for this process.

        Returns
        -------
        Answer or bool
            The answer, if it is stored already; True, if this process may send the request; False, if another one has
            claimed it, or all ``slots`` of the rule are taken.
        """
        with self._transaction():
            answer = self.get_many([key]).get(key)
            if answer is not None:
                return answer
            claims = self._sql.execute(
                "SELECT key, host, pid, until FROM claims WHERE run = ? AND rule = ? OR key = ?", (self.run, rule, key)
            )
            held = []
            for other, host, pid, until in claims.fetchall():
                if _is_expired(host, pid, until):
                    self._sql.execute("DELETE FROM claims WHERE key = ?", (other,))
                else:
                    held.append(other)
            if key in held or len(held) >= slots:
                return False
            row = (key, rule, self.run, platform.node(), os.getpid(), time.time() + seconds)
            self._sql.execute("INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)", row)
        return True

    def prolong(self, key: str, seconds: float) -> None:
        """Extend a claim."""
        with self._guarded():
            self._sql.execute("UPDATE claims SET until = ? WHERE key = ?", (time.time() + seconds, key))

    def release(self, key: str) -> None:
        """Release a claim."""
        with self._guarded():
            self._sql.execute("DELETE FROM claims WHERE key = ? AND pid = ?", (key, os.getpid()))

    def claimed_by_others(self) -> set[str]:
        """Return the prompts that other live processes of this run have claimed."""
        with self._guarded():
            claims = self._sql.execute(
                "SELECT key, host, pid, until FROM claims WHERE run = ? AND NOT (host = ? AND pid = ?)",
                (self.run, platform.node(), os.getpid()),
            ).fetchall()
        return {key for key, host, pid, until in claims if not _is_expired(host, pid, until)}

    def keep(self, key: str, answer: Answer) -> None:
        """Store an answer, and release the claim."""
        row = (key, answer.text, answer.finish, answer.confidence, answer.tokens_in, answer.tokens_out, time.time())
        with self._transaction():
            self._sql.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._sql.execute("DELETE FROM claims WHERE key = ?", (key,))

    def reserve(self, rule: str, cost: Expense, of_rule: Budget, of_run: Budget) -> str:
        """Reserve the estimated cost of a request; return the limit that it would exceed, or "" if it is reserved."""
        with self._transaction():
            spent = self.spent(rule), self.spent()
            for limit, before in zip((of_rule, of_run), spent, strict=True):
                if exceeded := limit.exceeded_by(before, cost):
                    return exceeded
            if not any(vars(spent[1]).values()):
                self._sql.execute("DELETE FROM expenses WHERE at < ?", (time.time() - EXPENSE_LIFETIME,))
            self._add(rule, cost)
        return ""

    def settle(self, rule: str, difference: Expense) -> None:
        """Correct a reserved cost by the difference to the actual cost."""
        with self._transaction():
            self._add(rule, difference)

    def _add(self, rule: str, cost: Expense) -> None:
        self._sql.execute(
            "INSERT INTO expenses VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, rule) DO UPDATE SET "
            "requests = requests + excluded.requests, tokens = tokens + excluded.tokens, "
            "money = money + excluded.money, at = excluded.at",
            (self.run, rule, cost.requests, cost.tokens, cost.money, time.time()),
        )

    def spent(self, rule: str | None = None) -> Expense:
        """Return the expenses of this run, for one rule or for all."""
        with self._guarded():
            row = self._sql.execute(
                "SELECT total(requests), total(tokens), total(money) FROM expenses "
                "WHERE run = ? AND rule = coalesce(?, rule)",
                (self.run, rule),
            ).fetchone()
        return Expense(int(row[0]), row[1], row[2])

    def dropped_fields(self, endpoint: str) -> frozenset[str] | None:
        """Return the fields that an endpoint rejects, or None if it has not been probed."""
        with self._guarded():
            row = self._sql.execute("SELECT dropped FROM terms WHERE endpoint = ?", (endpoint,)).fetchone()
        return None if row is None else frozenset(json.loads(row[0]))

    def note_dropped_fields(self, endpoint: str, dropped: frozenset[str]) -> None:
        """Store the fields that an endpoint rejects."""
        with self._guarded():
            self._sql.execute("INSERT OR REPLACE INTO terms VALUES (?, ?)", (endpoint, json.dumps(sorted(dropped))))

    def size(self) -> tuple[int, int, int]:
        """Return the number of stored answers, and the total of their input and output tokens."""
        with self._guarded():
            row = self._sql.execute("SELECT count(*), total(tokens_in), total(tokens_out) FROM answers").fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    def clear(self) -> int:
        """Delete all answers; return their number."""
        with self._transaction():
            count = self._sql.execute("DELETE FROM answers").rowcount
            self._sql.execute("DELETE FROM terms")
        return int(count)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded():
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Raise StopRunError if the file fails: answers that cannot be stored would be paid for again."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StopRunError(f"answers cannot be stored in {self.path}: {error}", hint=self._remedy(error)) from error

    def _remedy(self, error: Exception) -> str:
        if self.path is not None and getattr(error, "sqlite_errorcode", None) in _DAMAGED:
            again = "answers in it are asked for, and paid for, again"
            return f"the file is damaged: move the folder {str(self.path.parent)!r} away; {again}"
        return "set LABELKIT_CACHE to a folder on a local disk"


def _make_private(path: Path) -> None:
    """Make the file and its folder for their user alone; refuse a link, and a folder that others can write to."""
    reason = make_private(path.parent)
    if path.is_symlink():
        reason = "it is a link"
    if reason:
        raise StopRunError(
            f"answers cannot be stored in {path}: {reason}", hint="set LABELKIT_CACHE to a folder of your own"
        )
    path.touch(mode=0o600)


def run_name() -> str:
    """Return a name for this run, shared only with the processes that this one starts."""
    key = bytes(multiprocessing.current_process().authkey)  # random in the main process, inherited by its workers
    return hashlib.blake2b(key, digest_size=8, person=b"labelkit-run").hexdigest()


def _create_tables(sql: sqlite3.Connection) -> None:
    """Create the tables if they are missing; processes that start at the same time wait for each other."""
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            sql.execute("PRAGMA journal_mode=WAL")
            sql.execute("PRAGMA synchronous=NORMAL")
            sql.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _is_expired(host: str, pid: int, until: float) -> bool:
    """Return True if a claim is void: its time is over, or its process has ended."""
    if time.time() > until:
        return True
    if host != platform.node() or sys.platform == "win32":  # another host's cannot be checked; on Windows, kill ends it
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

"""Answers, claims and expenses in one SQLite file, so that nothing is paid for twice.

An answer is written when it comes, under the key of its request, and stays. Before a prompt is sent it is claimed, so
that of several processes one asks; a claim lapses with the process that made it. Expenses are written before a request
goes out, so that a budget holds for all processes of a run together.

The file stands in the folder of :func:`labelkit._shared.cache_folder.default_folder`; where ``LABELKIT_CACHE`` is
``off``, in memory. Neither prompts nor keys are in it.
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

from labelkit._shared.cache_folder import default_folder
from labelkit.exceptions import StopRunError
from labelkit.rules.prompts.answers import Answer
from labelkit.rules.prompts.budget import Budget, Expense

FILE: Final = "answers-1/answers.sqlite"
"""Where the file stands; another layout will stand elsewhere."""

PATIENCE: Final = 30.0
"""Seconds that a process waits for another one to write."""

MEMORABLE: Final = 30 * 86_400.0
"""Seconds after which the expenses of a run are forgotten."""

AT_ONCE: Final = 500
"""Keys that are looked up in one statement."""

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
        As the module says if not given.

    Examples
    --------
    >>> import tempfile
    >>> store = AnswerStore(Path(tempfile.mkdtemp()) / "answers.sqlite")
    >>> store.claim("a1", rule="spam", slots=8, seconds=60)
    True
    >>> store.keep("a1", Answer("spam", tokens_in=30, tokens_out=1))
    >>> store.found(["a1", "b2"])["a1"].text, store.claim("a1", rule="spam", slots=8, seconds=60).text
    ('spam', 'spam')
    >>> store.close()
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = self.default_path() if path is None else path
        self.run = run_name()
        with self._guarded():
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            name = ":memory:" if self.path is None else str(self.path)
            self._sql = sqlite3.connect(name, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            weakref.finalize(self, self._sql.close)
            _prepared(self._sql)

    def __repr__(self) -> str:
        return f"AnswerStore({'in memory' if self.path is None else str(self.path)!r})"

    @staticmethod
    def default_path() -> Path | None:
        """Where the file stands; None where answers are not to be kept on disk."""
        return None if os.environ.get("LABELKIT_CACHE") == "off" else default_folder() / FILE

    def close(self) -> None:
        """Let go of the file; a store in memory would be lost, and stays."""
        if self.path is not None:
            self._sql.close()

    def found(self, keys: Iterable[str]) -> dict[str, Answer]:
        """The answers that are there."""
        wanted = list(keys)
        answers: dict[str, Answer] = {}
        with self._guarded():
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._sql.execute(
                    f"SELECT key, text, finish, confidence, tokens_in, tokens_out FROM answers WHERE key IN ({marks})",  # noqa: S608 - question marks alone
                    some,
                )
                answers |= {key: Answer(*rest) for key, *rest in rows}
        return answers

    def claim(self, key: str, *, rule: str, slots: int, seconds: float) -> Answer | bool:
        """Claim a prompt for this process.

        Returns
        -------
        Answer or bool
            The answer, where somebody has got it; True, where it is this process's turn to ask; False, where another
            one is asking, or all ``slots`` of the rule are taken.
        """
        with self._transaction():
            ready = self.found([key]).get(key)
            if ready is not None:
                return ready
            claims = self._sql.execute(
                "SELECT key, host, pid, until FROM claims WHERE run = ? AND rule = ? OR key = ?", (self.run, rule, key)
            )
            held = []
            for other, host, pid, until in claims.fetchall():
                if _lapsed(host, pid, until):
                    self._sql.execute("DELETE FROM claims WHERE key = ?", (other,))
                else:
                    held.append(other)
            if key in held or len(held) >= slots:
                return False
            row = (key, rule, self.run, platform.node(), os.getpid(), time.time() + seconds)
            self._sql.execute("INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)", row)
        return True

    def prolong(self, key: str, seconds: float) -> None:
        """Hold a claim for longer."""
        with self._guarded():
            self._sql.execute("UPDATE claims SET until = ? WHERE key = ?", (time.time() + seconds, key))

    def release(self, key: str) -> None:
        """Give a claim back."""
        with self._guarded():
            self._sql.execute("DELETE FROM claims WHERE key = ? AND pid = ?", (key, os.getpid()))

    def claimed_by_others(self) -> set[str]:
        """Return the prompts that other live processes of this run have claimed."""
        with self._guarded():
            claims = self._sql.execute(
                "SELECT key, host, pid, until FROM claims WHERE run = ? AND NOT (host = ? AND pid = ?)",
                (self.run, platform.node(), os.getpid()),
            ).fetchall()
        return {key for key, host, pid, until in claims if not _lapsed(host, pid, until)}

    def keep(self, key: str, answer: Answer) -> None:
        """Keep an answer, and give the claim back."""
        row = (key, answer.text, answer.finish, answer.confidence, answer.tokens_in, answer.tokens_out, time.time())
        with self._transaction():
            self._sql.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._sql.execute("DELETE FROM claims WHERE key = ?", (key,))

    def reserve(self, rule: str, cost: Expense, own: Budget, of_run: Budget) -> str:
        """Set the cost of a request aside; returns the limit that it would pass, empty if it was set aside."""
        with self._transaction():
            spent = self.spent(rule), self.spent()
            for limit, before in zip((own, of_run), spent, strict=True):
                if passed := limit.exceeded_by(before, cost):
                    return passed
            if not any(vars(spent[1]).values()):
                self._sql.execute("DELETE FROM expenses WHERE at < ?", (time.time() - MEMORABLE,))
            self._add(rule, cost)
        return ""

    def settle(self, rule: str, difference: Expense) -> None:
        """Put right what was set aside, once the cost is known."""
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
        """What this run has spent, on one rule or on all."""
        with self._guarded():
            row = self._sql.execute(
                "SELECT total(requests), total(tokens), total(money) FROM expenses "
                "WHERE run = ? AND rule = coalesce(?, rule)",
                (self.run, rule),
            ).fetchone()
        return Expense(int(row[0]), row[1], row[2])

    def dropped(self, endpoint: str) -> frozenset[str] | None:
        """The fields that an endpoint is known not to take; None if nothing is known."""
        with self._guarded():
            row = self._sql.execute("SELECT dropped FROM terms WHERE endpoint = ?", (endpoint,)).fetchone()
        return None if row is None else frozenset(json.loads(row[0]))

    def note_dropped(self, endpoint: str, dropped: frozenset[str]) -> None:
        """Remember which fields an endpoint does not take."""
        with self._guarded():
            self._sql.execute("INSERT OR REPLACE INTO terms VALUES (?, ?)", (endpoint, json.dumps(sorted(dropped))))

    def size(self) -> tuple[int, int, int]:
        """How many answers are kept, and the tokens that went in and out for them."""
        with self._guarded():
            row = self._sql.execute("SELECT count(*), total(tokens_in), total(tokens_out) FROM answers").fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    def clear(self) -> int:
        """Forget all answers; returns how many there were."""
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
        """Stop rather than pay for answers that cannot be kept."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StopRunError(
                f"answers cannot be kept in {self.path}: {error}", hint="set LABELKIT_CACHE to a folder on a local disk"
            ) from error


def run_name() -> str:
    """A name for this run, which is the same in the processes that this one starts, and in no other."""
    key = bytes(multiprocessing.current_process().authkey)  # made at random by the main process, and handed on
    return hashlib.blake2b(key, digest_size=8, person=b"labelkit-run").hexdigest()


def _prepared(sql: sqlite3.Connection) -> None:
    """Make the tables; processes that begin at the same time wait for each other."""
    deadline = time.monotonic() + PATIENCE
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


def _lapsed(host: str, pid: int, until: float) -> bool:
    """Whether nobody holds a claim any more: its time is over, or its process gone."""
    if time.time() > until:
        return True
    if host != platform.node() or sys.platform == "win32":  # elsewhere it cannot be seen; there, a signal would end it
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

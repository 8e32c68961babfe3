"""Keep the answers of annotators: a log that only grows, and beside it a Parquet table that is gold for other commands.

The log is the truth. A line of it is on the disk before an answer counts as kept, so that whoever ends the process
loses nothing; the table is written anew from it, and notes in the log which state of it it holds. A table that holds no
noted state was edited by hand: what differs from the latest state is taken over, as further lines of the log.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.events import log_event
from labelkit._shared.exact_values import whole_numbers
from labelkit._shared.files import replaced, sync
from labelkit.corpus.annotations import TRUTH_COLUMN, is_marked
from labelkit.corpus.worker_answers import WorkerAnswer
from labelkit.exceptions import GoldError

AnswerStatus: TypeAlias = Literal["labeled", "unsure", "skipped", "changed"]
"""What an annotator did with an example; ``changed``: it was labeled, and the example is another one now."""

LOG_SUFFIX: Final = ".log"
"""Suffix of the log, behind the name of the table."""

_KEY_COLUMNS: Final = ("item", "row")
"""The column of the examples' ids, and the same where they are positions."""

_Key: TypeAlias = tuple[Any, str, bool]


@dataclass(frozen=True)
class KeptAnswer:
    """What one annotator answered to one example.

    Attributes
    ----------
    item : str or int
        The id of the example.
    annotator : str
    label : str or None
    status : {"labeled", "unsure", "skipped", "changed"}
    truth : bool
        Whether the answer stands for all: it was given with the others' before one's eyes.
    seconds : float
        How long the example was looked at; NaN if that is not known.
    when : str
        ISO 8601, in UTC.
    note : str
    sample : str
        How the example was chosen.
    inclusion_probability : float
        How probable it was that it would be; NaN if that is not known.
    content : str
        Digest of what was shown; empty if that is not known.
    """

    item: Any
    annotator: str
    label: str | None
    status: AnswerStatus = "labeled"
    truth: bool = False
    seconds: float = math.nan
    when: str = ""
    note: str = ""
    sample: str = ""
    inclusion_probability: float = math.nan
    content: str = ""

    @property
    def key(self) -> tuple[Any, str, bool]:
        """What there is one answer for."""
        return self.item, self.annotator, self.truth

    @property
    def editable(self) -> tuple[Any, ...]:
        """What a person may change in the table."""
        return *self.key, self.label, self.status, self.note

    def as_worker_answer(self) -> WorkerAnswer:
        """Return the answer as the readers of gold have it."""
        return WorkerAnswer(self.item, self.annotator, self.label if self.status == "labeled" else None, self.truth)


class AnswerLog:
    """The answers in a table, and the log beside it; one process at a time writes them.

    Parameters
    ----------
    path : Path
        The table, ``*.parquet``.
    class_names : sequence of str
    are_positions : bool
        Whether the examples are named by their positions.

    Attributes
    ----------
    answers : dict
        The latest answer by example, annotator and whether it stands for all, in the order of the first ones.
    edits : int
        How many answers of the table were edited by hand since it was written.

    Raises
    ------
    GoldError
        If the table or the log cannot be read, or holds no answers, or one that is none of the classes.
    """

    def __init__(self, path: Path, class_names: Sequence[str], *, are_positions: bool = False) -> None:
        self.path, self.log_path = path, path.with_name(path.name + LOG_SUFFIX)
        self._key_column = _KEY_COLUMNS[are_positions]
        self._class_names = tuple(class_names)
        self.answers: dict[_Key, KeptAnswer] = {}
        self.edits = 0
        self._lock = threading.RLock()
        self._stale = threading.Condition(self._lock)
        self._ended = False
        published = self._replay()
        edited = read_table(path, self._key_column) if path.exists() else None
        self._check_classes(edited or ())
        taken, removed = ({}, set()) if edited is None else self._edits_in(edited, published or {})
        self._check_classes(answer for key, answer in (self.answers | taken).items() if key not in removed)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(
            self.log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666
        )
        sync(self.log_path.parent)
        if edited is not None:
            self._take_over(edited, published or {})
        self._published, self._mark = dict(self.answers), _mark_of(path)
        self._n_kept = self._n_written = 0
        self._writer = threading.Thread(target=self._write_on, name="labelkit-answers", daemon=True)
        self._writer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Keep -------------------------------------------------------------------------------------------------------------

    def keep(self, answer: KeptAnswer) -> KeptAnswer:
        """Keep an answer: it is on the disk when this returns. An earlier one of the same annotator gives way to it.

        Raises
        ------
        OSError
            If it cannot be written, as on a full disk; then it is not kept.
        """
        dated = replace(answer, when=answer.when or datetime.now(UTC).isoformat(timespec="milliseconds"))
        with self._lock:
            self._append({"event": "answer", **asdict(dated)})
            self.answers[dated.key] = dated
            self._n_kept += 1
            self._stale.notify_all()
        return dated

    def of(self, annotator: str) -> list[KeptAnswer]:
        """Return the answers of an annotator, in the order in which the examples were answered first."""
        with self._lock:
            return [answer for answer in self.answers.values() if answer.annotator == annotator]

    def all(self) -> list[KeptAnswer]:
        """Return all answers."""
        with self._lock:
            return list(self.answers.values())

    def flush(self) -> None:
        """Write the table as the log is now.

        Raises
        ------
        OSError
            If it cannot be written; the log has all.
        """
        with self._lock:
            if self._mark not in (None, mark := _mark_of(self.path)) and mark is not None:
                self._take_over_now()
            answers, n_kept = list(self.answers.values()), self._n_kept
            digest = _digest(answers)
            self._append({"event": "publishing", "digest": digest})
            with replaced(self.path) as draft:
                pq.write_table(table_of(answers, self._key_column), draft)
            self._append({"event": "published", "digest": digest})
            self._noted.add(digest)
            self._published, self._mark = dict(self.answers), _mark_of(self.path)
            self._n_written = n_kept

    def close(self) -> None:
        """Write the table, and end."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            self._stale.notify_all()
        self._writer.join()
        try:
            if self.answers or self.path.exists():
                self.flush()
        finally:
            is_empty = not os.fstat(self._handle).st_size
            os.close(self._handle)
            if is_empty:
                self.log_path.unlink(missing_ok=True)  # nobody answered

    def _write_on(self) -> None:
        """Write the table whenever there are newer answers; what comes meanwhile is written together."""
        while True:
            with self._stale:
                self._stale.wait_for(lambda: self._ended or self._n_kept > self._n_written)
                if self._ended:
                    return
                try:
                    self.flush()
                except OSError:  # the log has the answers; the next one tries again, and closing raises
                    self._n_written = self._n_kept

    def _append(self, event: dict[str, Any]) -> None:
        line = json.dumps(_finite(event), ensure_ascii=True).encode() + b"\n"
        size = os.fstat(self._handle).st_size
        try:
            done = 0
            while done < len(line):
                done += os.write(self._handle, line[done:])
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, size)  # half a line would spoil the next one
            raise

    # Read -------------------------------------------------------------------------------------------------------------

    def _replay(self) -> dict[_Key, KeptAnswer] | None:
        """Read the log; returns the answers as they were when the table was written last, None if it never was."""
        published: dict[_Key, KeptAnswer] | None = None
        self._noted: set[str] = set()
        if not self.log_path.exists():
            return None
        content = self.log_path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):  # a line that was being written when the process was killed: never said to be kept
            os.truncate(self.log_path, whole)
        for number, line in enumerate(content[:whole].splitlines(), 1):
            try:
                event = json.loads(line)
                kind = event.pop("event")
                if kind == "answer":
                    event |= {name: math.nan for name in _NUMBERS if event[name] is None}
                    answer = KeptAnswer(**event)
                    self.answers[answer.key] = answer
                elif kind == "removed":
                    self.answers.pop((event["item"], event["annotator"], event["truth"]), None)
                elif kind == "publishing":
                    self._noted.add(event["digest"])
                elif kind == "published":
                    published = dict(self.answers)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise GoldError(
                    f"{self.log_path}, line {number}, is no answer: {error}",
                    hint="the log is not to be edited: take the line out, or restore the file",
                ) from None
        return published

    def _take_over_now(self) -> None:
        """Take over what was edited by hand while people answer; an edit that makes no sense is put aside."""
        try:
            rows = read_table(self.path, self._key_column)
            self._check_classes(rows)
        except GoldError as error:
            aside = self.path.with_name(f"{self.path.name}.edited")
            self.path.replace(aside)
            log_event("edit refused", f"an edit was refused, and is put aside as {aside}: {error.message}")
        else:
            self._take_over(rows, self._published)

    def _take_over(self, rows: Sequence[KeptAnswer], before: dict[_Key, KeptAnswer]) -> None:
        """Take over what was edited by hand in the table since it was written."""
        taken, removed = self._edits_in(rows, before)
        for key, answer in taken.items():
            self._append({"event": "answer", **asdict(answer)})
            self.answers[key] = answer
        for key in removed:
            self._append({"event": "removed", **dict(zip(("item", "annotator", "truth"), key, strict=True))})
            del self.answers[key]
        self.edits += len(taken) + len(removed)

    def _edits_in(
        self, rows: Sequence[KeptAnswer], before: dict[_Key, KeptAnswer]
    ) -> tuple[dict[_Key, KeptAnswer], set[_Key]]:
        """Return the answers that were changed or added by hand since the table was written, and the removed ones."""
        edited = {answer.key: answer for answer in rows}
        if _digest(edited.values()) in self._noted:
            return {}, set()
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        taken: dict[_Key, KeptAnswer] = {}
        for key, answer in edited.items():
            if key in before and before[key].editable == answer.editable:
                continue
            earlier, new = self.answers.get(key), answer
            if earlier is not None:
                new = replace(earlier, label=answer.label, status=answer.status, note=answer.note, when=now)
            if earlier is None or earlier.editable != new.editable:
                taken[key] = new
        return taken, {key for key in before.keys() - edited.keys() if self.answers.get(key) == before[key]}

    def _check_classes(self, answers: Iterable[KeptAnswer]) -> None:
        for answer in answers:
            if answer.label is not None and answer.label not in self._class_names:
                raise GoldError(
                    f"{self.path}: {answer.annotator!r} answers {answer.item!r} with {answer.label!r}, which is none "
                    f"of the classes {', '.join(self._class_names[:12])}",
                    hint="correct the file, give the classes that were used, or choose another file: out= (--out)",
                    code="LK324",
                )


_NUMBERS: Final = {"seconds", "inclusion_probability"}


def _mark_of(path: Path) -> tuple[int, ...] | None:
    """Return by what it shows whether somebody wrote a file; None if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _finite(event: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in event.items()}


def _digest(answers: Iterable[KeptAnswer]) -> str:
    """Digest what a person may change, in any order of the rows."""
    rows = sorted(json.dumps(answer.editable) for answer in answers)
    return blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()


def table_of(answers: Sequence[KeptAnswer], key_column: str) -> pa.Table:
    """Make the table of answers: a row for each, with the label where there is one."""
    items = [answer.item for answer in answers]
    are_numbers = bool(items) and all(isinstance(item, int) for item in items)
    whens = [datetime.fromisoformat(answer.when) if answer.when else None for answer in answers]
    numbers = pa.float64()
    return pa.table(
        {
            key_column: pa.array(whole_numbers(items)) if are_numbers else pa.array(items, pa.string()),
            "annotator": pa.array([answer.annotator for answer in answers], pa.string()),
            "label": pa.array([answer.label for answer in answers], pa.string()),
            "status": pa.array([answer.status for answer in answers], pa.string()),
            TRUTH_COLUMN: pa.array([answer.truth for answer in answers], pa.bool_()),
            "seconds": pa.array([answer.seconds for answer in answers], numbers, from_pandas=True),
            "when": pa.array(whens, pa.timestamp("ms", "UTC")),
            "note": pa.array([answer.note for answer in answers], pa.string()),
            "sample": pa.array([answer.sample for answer in answers], pa.string()),
            "inclusion_probability": pa.array(
                [answer.inclusion_probability for answer in answers], numbers, from_pandas=True
            ),
            "content": pa.array([answer.content for answer in answers], pa.string()),
        }
    )


def read_table(path: Path, key_column: str) -> list[KeptAnswer]:
    """Read a table of answers, also one that another program wrote.

    Raises
    ------
    GoldError
        If it is no Parquet file, lacks a column, or somebody answers an example twice in it.
    """
    aside = "the log beside it has all answers that were given on the page: with the file moved away, it is made anew"
    try:
        rows = pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise GoldError(f"{path} is no Parquet file: {error}", hint=aside) from None
    columns = pq.read_schema(path).names
    missing = [name for name in (key_column, "annotator", "label") if name not in columns]
    if missing == [key_column] and set(_KEY_COLUMNS) & set(columns):
        ways = {"item": "ids", "row": "positions"}
        (other,) = set(_KEY_COLUMNS) - {key_column}
        raise GoldError(
            f"{path} names the examples by their {ways[other]}, and the corpus now by their {ways[key_column]}",
            hint="name the column of the ids by id= (--id) as before, or choose another file: out= (--out)",
        )
    if missing:
        raise GoldError(
            f"{path} is there already, and is no table of answers: it has no column {missing[0]!r} "
            f"(but {', '.join(columns)})",
            hint=f"choose another file; {aside}",
        )
    answers: dict[_Key, KeptAnswer] = {}
    for place, row in enumerate(rows):
        answer = _answer_of(row, key_column, f"{path}, row {place}")
        if answers.setdefault(answer.key, answer).editable != answer.editable:
            raise GoldError(
                f"{path}: {answer.annotator!r} answers {answer.item!r} twice", hint="keep one of the rows", code="LK331"
            )
    return list(answers.values())


def _answer_of(row: dict[str, Any], key_column: str, place: str) -> KeptAnswer:
    item, label, when = row[key_column], row["label"], row.get("when")
    if isinstance(item, float) and item.is_integer():
        item = int(item)  # as pandas has numbers with gaps
    if not isinstance(item, int | str) or not row["annotator"]:
        raise GoldError(f"{place}: an answer needs the id of an example and an annotator", hint="fill in or remove it")
    label = None if label is None or label != label or not str(label).strip() else str(label).strip()  # noqa: PLR0124 - NaN
    status: Any = row.get("status")
    if status not in get_args(AnswerStatus) or (status != "labeled") is not (label is None):
        status = "skipped" if label is None else "labeled"
    probability, seconds = (_number(row.get(name)) for name in ("inclusion_probability", "seconds"))
    return KeptAnswer(
        item=item,
        annotator=str(row["annotator"]),
        label=label,
        status=status,
        truth=is_marked(row.get(TRUTH_COLUMN)),
        seconds=seconds,
        when=when.isoformat(timespec="milliseconds") if isinstance(when, datetime) else "",
        note=str(row.get("note") or ""),
        sample=str(row.get("sample") or ""),
        inclusion_probability=probability,
        content=str(row.get("content") or ""),
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan

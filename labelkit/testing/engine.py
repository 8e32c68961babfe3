"""Hold an engine against the votes of labelkit's own: ``python -m labelkit.testing.engine my_package.my_engine:run``.

An engine is a function ``run(votes, table)``: given an :class:`labelkit.ArrowVotes` and a :class:`pyarrow.Table`, it
cuts the rows as it likes, calls ``votes`` on the pieces wherever it likes, and returns the voted rows in any order, as
a table or as several batches. Each check has a corpus with something in it that engines change on the way: texts that
are no ASCII, nulls, NaN, decimals, times with zones, nested values, large ids, rules that fail or have changed,
a module that workers have not got. Passing all of them means: the same votes, confidences and faults by id as on one
machine, no row lost and none doubled.
"""

from __future__ import annotations

import argparse
import importlib
import math
import pickle
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.numbers import plural
from labelkit.apply.applier import Applier
from labelkit.apply.arrow_votes import ArrowVotes
from labelkit.apply.voting_options import OnFault
from labelkit.exceptions import LabelkitError
from labelkit.rules.collect import collect
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_matrix import LabelMatrix

VotingEngine: TypeAlias = Callable[[ArrowVotes, pa.Table], pa.Table | Iterable[pa.RecordBatch]]
Pack: TypeAlias = Callable[[tuple[str, ...], OnFault], ArrowVotes]

RULES: Final = """
from enum import IntEnum
import labelkit as lk
from {helpers} import fold, is_loud


class Label(IntEnum):
    HAM = 0
    SPAM = 1


free = lk.keywords("free", "win money", "ſtraße", label=Label.SPAM).rule(name="free")
link = lk.regex(r"https?://|\\\\bwww\\\\.", label=Label.SPAM).rule(name="link")
short = lk.regex(r"^.{{1,6}}$", label=Label.HAM).rule(name="short")
empty = lk.labeling_function(lambda text: Label.HAM if text == "" else None, name="empty")


same_text = lk.labeling_function(lambda text: fold(text), name="text is the same")


@lk.labeling_function
def loud(text):
    return Label.SPAM if text and is_loud(text) else None


@lk.labeling_function(levels=4)
def sure(text):
    return (Label.HAM, 0.75) if text and "nice" in text else None


@lk.labeling_function
def breaks(text):
    if text and "boom" in text:
        raise ValueError("boom: ſ")
    return Label.SPAM if text == "boom" else None
"""
"""Rules of all kinds that travel, in a module that is removed before an engine may need it."""

VALUES: Final = """
from enum import IntEnum
import labelkit as lk
from {helpers} import fold


class Label(IntEnum):
    HAM = 0
    SPAM = 1


number = lk.labeling_function(lambda number: fold(number), name="number is the same")
count = lk.labeling_function(lambda count: fold(count), name="count is the same")
price = lk.labeling_function(lambda price: fold(price), name="price is the same")
flag = lk.labeling_function(lambda flag: fold(flag), name="flag is the same")
moment = lk.labeling_function(lambda moment: fold(moment), name="moment is the same")
clock = lk.labeling_function(lambda clock: fold(clock), name="clock is the same")
day = lk.labeling_function(lambda day: fold(day), name="day is the same")
raw = lk.labeling_function(lambda raw: fold(raw), name="raw is the same")
tags = lk.labeling_function(lambda tags: fold(tags), name="tags are the same")
lang = lk.lookup(["de"], match="value", column="meta.lang", label=Label.SPAM).rule(name="field of a struct")
title = lk.keywords("free", column="Title", label=Label.SPAM).rule(name="column with a capital")
"""
"""A rule for each type of values that Python sees; any change of a value changes half of its votes."""

HELPERS: Final = """
from zlib import crc32


def is_loud(text):
    return text.isupper()


def fold(value):
    shown = value.isoformat() if hasattr(value, "isoformat") else repr(value)
    return crc32(shown.encode()) % 2
"""

TEXTS: Final = (
    *("free", "WIN  MONEY now", "https://a.b", "see www.a.b", "nice", "", "hm", "a longer text about nothing at all"),
    *(
        "boom",
        "STRASSE",
        "straße FREE",
        "ſ",
        "İ",
        "a\x00b",
        "a\x00 free",
        "line\nbreak",
        "line\r\nbreak",
        "\r",
        " hm \t",
    ),
    *(
        '"quoted", and, commas',
        "back\\slash",
        "🎉 free 🎉",
        "\u2028",
        "\ufeffhm",
        "e\u0301",
        "u\u0308ber",
        "é",
        "NULL",
        "nan",
        "1.0",
        "007",
    ),
    "long " * 20_000 + "free",
)


MOST_LONG: Final = 1_000
"""Of more rows than this, none has the longest text."""

N_VALUES: Final = 211
"""Rows of a column of each type."""


@dataclass(frozen=True)
class EngineCheck:
    """One thing that an engine must keep.

    Attributes
    ----------
    name : str
        What is checked, as a sentence.
    rows : callable
        Makes the table.
    fails : bool
        Whether a rule must stop the engine with an error.
    rules : str
        The source of the rules.
    columns : tuple of str
        The columns that come along.
    """

    name: str
    rows: Callable[[], pa.Table]
    fails: bool = False
    rules: str = RULES
    columns: tuple[str, ...] = ("key",)


@dataclass(frozen=True)
class EngineFinding:
    """What a check found.

    Attributes
    ----------
    name : str
    problem : str
        Empty if there is none.
    """

    name: str
    problem: str


def _rows(n_rows: int, ids: Callable[[int], Any], seed: int = 0, *, nulls: bool = False) -> pa.Table:
    places = np.random.default_rng(seed).integers(0, len(TEXTS) - (n_rows > MOST_LONG), n_rows)
    texts: list[str | None] = [TEXTS[place] for place in places]
    if nulls:
        texts = [None if row % 7 == 3 else text for row, text in enumerate(texts)]
    keys = pa.array([ids(row) for row in range(n_rows)], None if n_rows else pa.string())
    return pa.table({"key": keys, "text": pa.array(texts, pa.string())})


def _values() -> pa.Table:
    """Make a column of each type, each with nulls and the values that are lost first."""
    start = datetime(2024, 3, 31, 0, 59, 59, 123_456, tzinfo=UTC)
    times = [start + timedelta(hours=7 * row, microseconds=row) for row in range(N_VALUES)]
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "text": (pa.string(), list(TEXTS[:-1])),
        "number": (pa.float64(), [0.1, math.nan, -0.0, 0.0, math.inf, -math.inf, 1 / 3, 5e-324, 16_777_217.0, 2.0]),
        "count": (pa.int64(), [0, 1, 2**53 + 1, -(2**63), 2**63 - 1, 7]),
        "price": (pa.decimal128(20, 2), [Decimal(one) for one in ("0.10", "-0.30", "90071992547409931.01", "2.00")]),
        "flag": (pa.bool_(), [True, False]),
        "moment": (pa.timestamp("us", "UTC"), times),
        "clock": (pa.timestamp("us"), [time.replace(tzinfo=None) for time in times]),
        "day": (pa.date32(), [time.date() for time in times]),
        "raw": (pa.binary(), [b"", b"\x00\xff", b"free"]),
        "tags": (pa.list_(pa.string()), [[], ["a", None], ["b", ""], ["a", "b"]]),
        "meta": (
            pa.struct([("lang", pa.string()), ("stars", pa.int64())]),
            [{"lang": "de"}, {"lang": "en", "stars": 3}],
        ),
        "Title": (pa.string(), ["free", "Free!", "hm", ""]),
    }
    arrays = {
        name: pa.array([None if row % 5 == 4 else some[row % len(some)] for row in range(N_VALUES)], kind)
        for name, (kind, some) in columns.items()
    }
    return pa.table({"key": [_text_id(row) for row in range(N_VALUES)], **arrays})


def _text_id(row: int) -> str:
    return f"k{row}"


def _odd_id(row: int) -> str:
    return 'ſ🎉 "' * (row % 3) + f"{row}\n"


CHANGED: Final = RULES.replace('"free", "win money"', '"nice", "hm"').replace('== ""', '== "hm"')
"""Rules of the same names that vote otherwise."""

COME_ALONG: Final = ("text", "count", "price", "moment", "tags")

CHECKS: Final = (
    EngineCheck("votes, confidences and faults are those of one machine", lambda: _rows(500, _text_id)),
    EngineCheck("missing texts stay missing", lambda: _rows(500, _text_id, 1, nulls=True)),
    EngineCheck(
        "values of every type reach the rules as they are", _values, rules=VALUES, columns=("key", *COME_ALONG)
    ),
    EngineCheck("one row is enough", lambda: _rows(1, _text_id)),
    EngineCheck("rows that need several batches are neither lost nor doubled", lambda: _rows(70_000, _text_id, 2)),
    EngineCheck("whole numbers beyond 2**53 are ids to the last digit", lambda: _rows(300, lambda n: 2**62 + n, 3)),
    EngineCheck("ids of any text are ids", lambda: _rows(300, _odd_id, 4)),
    EngineCheck("no rows give no votes, in the same columns", lambda: _rows(0, _text_id)),
    EngineCheck("rules that have changed since vote as they are now", lambda: _rows(500, _text_id), rules=CHANGED),
    EngineCheck("a fault stops the engine, if it is to", lambda: _rows(500, _text_id), fails=True),
)


def check_engine(engine: VotingEngine) -> list[EngineFinding]:
    """Run all checks on an engine.

    Parameters
    ----------
    engine : callable
        From an :class:`labelkit.ArrowVotes` and a table to voted rows, in any order.

    Returns
    -------
    list of EngineFinding
        One for each check, in their order.

    Examples
    --------
    >>> findings = check_engine(lambda votes, table: votes(table))
    >>> [finding.problem for finding in findings if finding.problem]
    []
    """
    return list(each_finding(engine))


def each_finding(engine: VotingEngine) -> Iterator[EngineFinding]:
    """Run check after check, as :func:`check_engine` does."""
    rules = {source: _rules_without_module(source) for source in dict.fromkeys(check.rules for check in CHECKS)}
    for check in CHECKS:
        table, (lfs, pack) = check.rows(), rules[check.rules]
        votes = pack(check.columns, "raise" if check.fails else "record")
        try:
            problem = _raised(engine, votes, table) if check.fails else _difference(engine, votes, table, lfs)
        except Exception as error:  # noqa: BLE001 - whatever an engine raises is a finding
            problem = f"{type(error).__name__}: {error}"
        yield EngineFinding(check.name, problem)


def _rules_without_module(source: str) -> tuple[LabelingFunctions, Pack]:
    """Make rules, and functions of them, of which the source is gone: another process has to unpack it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        helpers = f"labelkit_engine_helpers_{folder.name}".replace("-", "_").replace(".", "_")
        (folder / f"{helpers}.py").write_text(HELPERS, encoding="utf-8")
        module = folder / "engine_rules.py"
        module.write_text(source.format(helpers=helpers), encoding="utf-8")
        lfs = collect(module)
        wanted = {(c.columns, "raise" if c.fails else "record") for c in CHECKS if c.rules == source}
        packed = {(columns, fault): lfs.arrow(columns, on_fault=fault) for columns, fault in wanted}
        return lfs, lambda columns, fault: packed[columns, fault]


def _raised(engine: VotingEngine, votes: ArrowVotes, table: pa.Table) -> str:
    try:
        _whole(engine(votes, table))
    except Exception as error:  # noqa: BLE001 - engines wrap errors in their own
        shown = "".join(traceback.format_exception(error))
        return "" if "boom" in shown else f"the error does not say what the rule raised: {error!r:.300}"
    return "a rule failed, and nothing was raised"


def _difference(engine: VotingEngine, votes: ArrowVotes, table: pa.Table, lfs: LabelingFunctions) -> str:
    pickle.loads(pickle.dumps(votes))  # noqa: S301 - what was pickled a moment ago
    result = _whole(engine(votes, table))
    wanted = votes.schema_of(table.schema)
    if set(result.schema.names) != set(wanted.names):
        return f"the columns are {result.schema.names}, not {wanted.names}"
    kind, of_table = result.schema.field("key").type, table.schema.field("key").type
    if len(table) and pa.types.is_integer(kind) != pa.types.is_integer(of_table):
        return f"the ids are of the type {kind}, not {of_table}"
    result = _as_columns(result, wanted)
    ids = result.column("key")
    lost = pc.sum(pc.invert(pc.is_in(table.column("key"), ids))).as_py() or 0
    if lost or len(result) != len(table):
        doubled = len(result) - (len(table) - lost)
        return f"of {plural(len(table), 'row')}, {lost:,} are lost and {doubled:,} too many are there"
    if not len(table):
        return ""
    absent = next((name for name in votes.names if result.column(name).null_count), None)
    if absent is not None:
        return f"the votes of rule {absent!r} have nulls; a rule that abstains or fails votes -1"
    matrix = votes.matrix(result)
    expected = Applier(lfs).apply(table, id="key", on_fault="record")
    return _unequal(matrix, expected, table) or _others(result, table, votes.columns[1:])


def _others(result: pa.Table, table: pa.Table, names: tuple[str, ...]) -> str:
    """Say which column that came along has other values."""
    result, table = result.sort_by("key"), table.sort_by("key")
    for name in names:
        if repr(result.column(name).to_pylist()) != repr(table.column(name).to_pylist()):
            return f"the column {name!r} that comes along has other values"
    return ""


def _as_columns(result: pa.Table, wanted: pa.Schema) -> pa.Table:
    """Bring the columns to their order and types: engines have large strings, or views of them."""
    return pa.table({field.name: result.column(field.name).cast(field.type) for field in wanted})


def _unequal(matrix: LabelMatrix, expected: LabelMatrix, table: pa.Table) -> str:
    order, wanted = np.argsort(matrix.ids, kind="stable"), np.argsort(expected.ids, kind="stable")
    if matrix.ids[order].tolist() != expected.ids[wanted].tolist():
        return "the ids are not those of the rows"
    differ = np.argwhere(matrix.votes[order] != expected.votes[wanted])
    if len(differ):
        row, j = differ[0].tolist()
        values = table.take(pa.array(wanted[row : row + 1])).to_pylist()[0]
        of_rule = {name: values.get(name.split(".")[0]) for name in expected.lfs[j].columns}
        return (
            f"{plural(len(differ), 'vote')} differ; rule {expected.lfs[j].name!r} on id "
            f"{expected.ids[wanted][row]!r}: {matrix.votes[order][row, j]}, not {expected.votes[wanted][row, j]}; "
            f"it reads {', '.join(f'{name} = {ascii(value)[:80]}' for name, value in of_rule.items())}"
        )
    sure = [None if one.confidence is None else one.confidence[o] for one, o in ((matrix, order), (expected, wanted))]
    if not np.array_equal(*sure):  # type: ignore[arg-type]
        return "the confidences differ"
    faults, others = (sorted((f.id, f.lf, f.error, f.message) for f in one.faults) for one in (matrix, expected))
    return "" if faults == others else f"{plural(len(faults), 'fault')}, not {len(others)}"


def _whole(result: pa.Table | Iterable[pa.RecordBatch]) -> pa.Table:
    return result if isinstance(result, pa.Table) else pa.Table.from_batches(list(result))


def engine_at(place: str) -> VotingEngine:
    """Import an engine by ``module:function`` or ``module.function``.

    Raises
    ------
    LabelkitError
        If there is none.
    """
    module, _, name = place.rpartition(":" if ":" in place else ".")
    sys.path.insert(0, "")
    try:
        engine = getattr(importlib.import_module(module or place), name if module else "run")
    except (ImportError, AttributeError) as error:
        raise LabelkitError(
            f"there is no engine {place!r}: {error}", hint="name it package.module:function", code="LK602"
        ) from error
    finally:
        sys.path.remove("")
    if not callable(engine):
        raise LabelkitError(f"{place!r} is no function", hint="def run(votes, table): return voted_rows", code="LK602")
    return engine  # type: ignore[no-any-return]


def main(arguments: list[str] | None = None) -> int:
    """Check the engine that the command line names, and print what is found; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m labelkit.testing.engine", description=__doc__)
    parser.add_argument("engine", help="package.module:function, called with an ArrowVotes and a table")
    try:
        engine = engine_at(parser.parse_args(arguments).engine)
    except LabelkitError as error:
        parser.exit(2, f"error: {error}\n")
    n_problems = 0
    for finding in each_finding(engine):
        n_problems += bool(finding.problem)
        sys.stdout.write(f"{'FAILS' if finding.problem else 'holds'}  {finding.name}\n")
        sys.stdout.write(f"       {finding.problem}\n" if finding.problem else "")
    sys.stdout.write(f"{len(CHECKS) - n_problems} of {plural(len(CHECKS), 'check')} hold\n")
    return int(n_problems > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Hold an engine against the votes of labelkit's own: ``python -m labelkit.testing.engine my_package.my_engine:run``.

An engine is a function ``run(votes, table)``: given an :class:`labelkit.ArrowVotes` and a :class:`pyarrow.Table`, it
cuts the rows as it likes, calls ``votes`` on the pieces wherever it likes, and returns the voted rows in any order, as
a table or as several batches. Each check has a corpus with something in it that engines change on the way: texts that
are no ASCII, nulls, ids that are large, rules that fail, a module that workers have not got. Passing all of them means:
the same votes, confidences and faults by id as on one machine, no row lost and none doubled.
"""

from __future__ import annotations

import argparse
import importlib
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelkit._shared.numbers import plural
from labelkit.apply.applier import Applier
from labelkit.apply.arrow_votes import ArrowVotes
from labelkit.exceptions import LabelkitError
from labelkit.rules.collect import collect
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.votes.label_matrix import LabelMatrix

VotingEngine: TypeAlias = Callable[[ArrowVotes, pa.Table], pa.Table | Iterable[pa.RecordBatch]]

RULES: Final = """
from enum import IntEnum
import labelkit as lk
from {helpers} import is_loud


class Label(IntEnum):
    HAM = 0
    SPAM = 1


free = lk.keywords("free", "win money", "ſtraße", label=Label.SPAM).rule(name="free")
link = lk.regex(r"https?://|\\\\bwww\\\\.", label=Label.SPAM).rule(name="link")
short = lk.regex(r"^.{{1,6}}$", label=Label.HAM).rule(name="short")
empty = lk.labeling_function(lambda text: Label.HAM if text == "" else None, name="empty")


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
    return None
"""
"""Rules of all kinds that travel, in a module that is removed before an engine may need it."""

HELPERS: Final = "def is_loud(text):\n    return text.isupper()\n"

TEXTS: Final = (
    *("free", "WIN  MONEY now", "https://a.b", "see www.a.b", "nice", "", "hm", "a longer text about nothing at all"),
    *(
        "boom",
        "STRASSE",
        "straße FREE",
        "ſ",
        "İ",
        "a\x00b",
        "line\nbreak",
        '"quoted", and, commas',
        "🎉 free 🎉",
        "\u2028",
    ),
)


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
    """

    name: str
    rows: Callable[[], pa.Table]
    fails: bool = False


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
    texts: list[str | None] = list(np.random.default_rng(seed).choice(np.array(TEXTS, dtype=object), n_rows))
    if nulls:
        texts = [None if row % 7 == 3 else text for row, text in enumerate(texts)]
    return pa.table({"key": [ids(row) for row in range(n_rows)], "text": pa.array(texts, pa.string())})


def _text_id(row: int) -> str:
    return f"k{row}"


def _odd_id(row: int) -> str:
    return 'ſ🎉 "' * (row % 3) + f"{row}\n"


CHECKS: Final = (
    EngineCheck("votes, confidences and faults are those of one machine", lambda: _rows(500, _text_id)),
    EngineCheck("missing texts stay missing", lambda: _rows(500, _text_id, 1, nulls=True)),
    EngineCheck("one row is enough", lambda: _rows(1, _text_id)),
    EngineCheck("rows that need several batches are neither lost nor doubled", lambda: _rows(70_000, _text_id, 2)),
    EngineCheck("whole numbers beyond 2**53 are ids to the last digit", lambda: _rows(300, lambda n: 2**62 + n, 3)),
    EngineCheck("ids of any text are ids", lambda: _rows(300, _odd_id, 4)),
    EngineCheck("no rows give no votes, in the same columns", lambda: _rows(0, _text_id)),
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
    return list(_findings(engine))


def _findings(engine: VotingEngine) -> Iterator[EngineFinding]:
    lfs, recording, raising = _rules_without_module()
    for check in CHECKS:
        table = check.rows()
        try:
            problem = _raised(engine, raising, table) if check.fails else _difference(engine, recording, table, lfs)
        except Exception as error:  # noqa: BLE001 - whatever an engine raises is a finding
            problem = f"{type(error).__name__}: {error}"
        yield EngineFinding(check.name, problem)


def _rules_without_module() -> tuple[LabelingFunctions, ArrowVotes, ArrowVotes]:
    """Make rules and the functions of them, of which the source is gone: another process has to unpack it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        helpers = f"labelkit_engine_helpers_{folder.name}".replace("-", "_").replace(".", "_")
        (folder / f"{helpers}.py").write_text(HELPERS, encoding="utf-8")
        module = folder / "engine_rules.py"
        module.write_text(RULES.format(helpers=helpers), encoding="utf-8")
        lfs = collect(module)
        return lfs, lfs.arrow("key", on_fault="record"), lfs.arrow("key")


def _raised(engine: VotingEngine, votes: ArrowVotes, table: pa.Table) -> str:
    try:
        _whole(engine(votes, table))
    except Exception as error:  # noqa: BLE001 - engines wrap errors in their own
        chain = f"{error!r} {error.__cause__!r} {error.__context__!r} {error}"
        return "" if "boom" in chain else f"the error does not say what the rule raised: {chain[:300]}"
    return "a rule failed, and nothing was raised"


def _difference(engine: VotingEngine, votes: ArrowVotes, table: pa.Table, lfs: LabelingFunctions) -> str:
    pickle.loads(pickle.dumps(votes))  # noqa: S301 - what was pickled a moment ago
    result = _whole(engine(votes, table))
    wanted = votes.schema_of(table.schema)
    if set(result.schema.names) != set(wanted.names):
        return f"the columns are {result.schema.names}, not {wanted.names}"
    result = _as_columns(result, wanted)
    ids = result.column("key")
    lost = pc.sum(pc.invert(pc.is_in(table.column("key"), ids))).as_py() or 0
    if lost or len(result) != len(table):
        doubled = len(result) - (len(table) - lost)
        return f"of {plural(len(table), 'row')}, {lost:,} are lost and {doubled:,} too many are there"
    if not len(table):
        return ""
    matrix = votes.matrix(result)
    return _unequal(matrix, Applier(lfs).apply(table, id="key", on_fault="record"))


def _as_columns(result: pa.Table, wanted: pa.Schema) -> pa.Table:
    """Bring the columns to their order and types: engines have large strings, or views of them."""
    return pa.table({field.name: result.column(field.name).cast(field.type) for field in wanted})


def _unequal(matrix: LabelMatrix, expected: LabelMatrix) -> str:
    order, wanted = np.argsort(matrix.ids, kind="stable"), np.argsort(expected.ids, kind="stable")
    if matrix.ids[order].tolist() != expected.ids[wanted].tolist():
        return "the ids are not those of the rows"
    differ = np.argwhere(matrix.votes[order] != expected.votes[wanted])
    if len(differ):
        row, j = differ[0].tolist()
        return (
            f"{plural(len(differ), 'vote')} differ; rule {expected.lfs[j].name!r} on id "
            f"{expected.ids[wanted][row]!r}: {matrix.votes[order][row, j]}, not {expected.votes[wanted][row, j]}"
        )
    assert matrix.confidence is not None
    assert expected.confidence is not None
    if not np.array_equal(matrix.confidence[order], expected.confidence[wanted]):
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
    for finding in _findings(engine):
        n_problems += bool(finding.problem)
        sys.stdout.write(f"{'FAILS' if finding.problem else 'holds'}  {finding.name}\n")
        sys.stdout.write(f"       {finding.problem}\n" if finding.problem else "")
    sys.stdout.write(f"{len(CHECKS) - n_problems} of {plural(len(CHECKS), 'check')} hold\n")
    return int(n_problems > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Vote by the workers of Spark: ``DataFrame.mapInArrow``, without RDDs, so that Spark Connect runs it, too.

What the workers need goes to each of them once, as a file (an artifact of the session), and not with every task.
"""

from __future__ import annotations

import atexit
import pickle
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from labelkit import exceptions
from labelkit._shared.optional import optional
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.user_errors import warn
from labelkit.apply.fault_hints import GOES_ON
from labelkit.apply.voting_options import OnFault, check_on_fault
from labelkit.corpus.sources.spark_errors import is_of_spark, misread
from labelkit.corpus.sources.spark_frame import SparkCorpus, is_spark_frame, numbers
from labelkit.exceptions import FaultError, LabelkitError, TooManyFaultsError

if TYPE_CHECKING:
    from labelkit.apply.applier import Applier
    from labelkit.votes.label_matrix import LabelMatrix

NAME: Final = "spark"

_RAISED: Final = re.compile(
    r"^labelkit\.exceptions\.(\w+): (.*?)(?: \[(LK\d{3})\])?(?:\nHint: ([^\n]*?))?"
    r"(?=\n\s*\n|\n\s+at |\n? SQLSTATE|\s*\Z)",
    re.DOTALL | re.MULTILINE,
)
"""An error of labelkit at the end of what Spark tells of a worker."""


def is_for_spark(corpus: Any, engine: str | None) -> bool:
    """Return whether Spark is to vote: it is named, or the corpus is a frame of it and no engine is named.

    It warns of a frame with another engine.
    """
    is_frame = is_spark_frame(corpus)
    if is_frame and engine not in (None, NAME):
        warn(
            f"engine={engine!r} brings all rows of the Spark frame to this machine. "
            "Hint: leave engine out, or give engine='spark': the workers of Spark vote where the rows are",
            code="LK607",
        )
    return engine == NAME or (engine is None and is_frame)


def check_for_spark(*, workers: int, isolate: bool, cache: Any) -> None:
    """Refuse the options of voting that belong to one machine.

    Raises
    ------
    LabelkitError
        The message says why.
    """
    refused = {
        f"workers={workers!r}": (workers != 1, "Spark has workers of its own", "its configuration says how many"),
        "isolate=True": (isolate, "Spark calls the rules in processes already", "leave it out"),
        f"cache={cache!r}": (cache not in (None, False), "the cache of votes is of one machine", "leave it out"),
    }
    for option, (given, why, hint) in refused.items():
        if given:
            raise LabelkitError(f"{option} does not hold with the engine 'spark': {why}", hint=hint, code="LK603")


def votes_by_spark(
    applier: Applier, corpus: SparkCorpus, *, on_fault: OnFault, max_faults: int | None, time_limit: float
) -> LabelMatrix:
    """Vote on all rows of a frame, and bring the votes here.

    Raises
    ------
    FaultError, TooManyFaultsError
        After all rows were voted on.
    LabelkitError
        If Spark gave the job up.
    """
    check_on_fault(on_fault)
    votes = applier.arrow(str(corpus.id), on_fault="record", time_limit=time_limit)
    frame, columns = corpus.selected(votes.reads)
    wanted = votes.schema_of(columns.schema)
    numbered = pa.schema([field.with_name(name) for field, name in zip(wanted, numbers(len(wanted)), strict=True)])
    schema = optional("pyspark.sql.pandas.types", extra="spark").from_arrow_schema(numbered)
    task = sent(frame.sparkSession, (columns, votes))
    voted = collected(frame.mapInArrow(partial(_voted, task), schema))
    matrix = votes.matrix(voted.rename_columns(wanted.names))
    if matrix.faults and on_fault == "raise":
        raise fault_error(matrix.faults[0])
    if max_faults is not None and len(matrix.faults) > max_faults:
        raise too_many_faults(matrix.faults[max_faults], max_faults)
    return matrix


def fault_error(fault: Any) -> FaultError:
    """Return the error that tells of a fault, of an example that has no position."""
    return FaultError.of(_described(fault), hint=GOES_ON)


def too_many_faults(fault: Any, most: int) -> TooManyFaultsError:
    """Return the error that tells of too many faults, and of one of them."""
    return TooManyFaultsError.of(
        f"there are more than {most:,} faults, of all workers together; one is: {_described(fault)}",
        hint="mend the rule, or raise max_faults",
    )


def _described(fault: Any) -> str:
    return f"rule {fault.lf!r} failed on the example of id {fault.id!r}: {fault.error}: {fault.message}"


def _voted(sent_votes: Sent, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    columns, votes = sent_votes.load()
    for voted in votes.each(columns.each(batches)):
        yield voted.rename_columns(numbers(voted.num_columns))


@dataclass(frozen=True)
class Sent:
    """An object that was sent to the workers of a session, once to each.

    Parameters
    ----------
    name : str
        The name of its file.
    """

    name: str

    def load(self) -> Any:
        """Return the object, in a worker; a process reads it once."""
        return _read(self.name)


@lru_cache(maxsize=4)  # of runs that go on at once; a worker outlives many
def _read(name: str) -> Any:
    from pyspark import SparkFiles  # noqa: PLC0415 - a worker has it

    with open(SparkFiles.get(name), "rb") as file:  # noqa: PTH123 - as Spark names it
        return pickle.load(file)  # noqa: S301 - the driver of this job wrote it


def sent(session: Any, value: Any) -> Sent:
    """Send an object that can be pickled to the workers of a session.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
    value : object
    """
    content = pickle.dumps(value)
    name = f"labelkit-{blake2b(content, digest_size=12).hexdigest()}.pickle"
    file = _folder() / name
    if not file.exists():
        file.write_bytes(content)
    session.addArtifact(str(file), file=True)
    return Sent(name)


@cache
def _folder() -> Path:
    """Return a folder that lasts as long as this process: workers may ask for a file whenever one of them starts."""
    return _until_exit.enter_context(scratch_folder())


_until_exit: Final = ExitStack()
atexit.register(_until_exit.close)


def collected(frame: Any) -> pa.Table:
    """Compute a frame, and bring its rows here.

    Raises
    ------
    LabelkitError
        That of a worker, or one that says how Spark ended the job.
    """
    try:
        return frame.toArrow()
    except Exception as error:
        if not is_of_spark(error):
            raise
        raise _of_worker(str(error)) from error


def _of_worker(message: str) -> LabelkitError:
    """Return the error that a worker raised, as Spark tells of it."""
    matches = list(_RAISED.finditer(message))
    kind = getattr(exceptions, matches[-1][1], None) if matches else None
    if isinstance(kind, type) and issubclass(kind, LabelkitError):
        return kind(matches[-1][2], hint=matches[-1][4], code=matches[-1][3])
    if (of_file := misread(message, "the files of the corpus")) is not None:
        return of_file
    lines = [line.strip() for line in message.splitlines() if line.strip() and not line.strip().startswith("at ")]
    reason = next((line for line in lines if "Error" in line or "Exception" in line or "exited" in line), lines[0])
    return LabelkitError(
        f"Spark gave the job up: {reason[:500]}",
        hint="the logs of its workers say more; a rule that ends its process does so at each retry "
        "(isolate=True on one machine finds it)",
    )

"""Find the reason why Spark cannot read a file in what it tells of an error."""

from __future__ import annotations

import re
from typing import Final

from labelkit.exceptions import CorpusError

_CAUSE: Final = re.compile(
    r"^Caused by: [\w.$]+: (.*(?:\n(?!Caused by: |\s+at |\s*\.\.\.|Internal state|Parse Mode).*)*)", re.MULTILINE
)
_FILE: Final = re.compile(r"while reading file (\S+?)\.?\s")
_MISREAD: Final = re.compile("FAILED_READ_FILE|MALFORMED_RECORD_IN_PARSING|MALFORMED_CSV_RECORD|TextParsingException")
_HINTS: Final = {
    "CSV header": "give all files the same columns in one order, or join a frame of each by one.unionByName(other)",
    "physicalType": "write the files with the same types",
}
"""What to do, by what stands in the message."""

_MEND: Final = 'mend the file; or a frame without such rows is a corpus: spark.read.option("mode", "DROPMALFORMED")'
_LONGEST: Final = 300
"""Characters of a reason."""


def is_of_spark(error: Exception) -> bool:
    """Return whether Spark raised an error, here or in Java."""
    return type(error).__module__.partition(".")[0] in {"pyspark", "py4j"}


def misread(message: str, name: str) -> CorpusError | None:
    r"""Return the error for a file that Spark cannot read, or for rows of it; None if it tells of something else.

    >>> misread(
    ...     "Job aborted\nCaused by: a.B: [FAILED_READ_FILE] Encountered error while reading file file:///x.csv. "
    ...     " SQLSTATE: KD001\nCaused by: a.C: Malformed CSV record: b SQLSTATE: KD000",
    ...     "a Spark frame",
    ... ).message
    'Spark cannot read file:///x.csv: Malformed CSV record: b'
    """
    if not _MISREAD.search(message):
        return None
    file = _FILE.search(message)
    reasons = _CAUSE.findall(message) or [message]
    reason = " ".join(re.sub(r"\s*SQLSTATE: \w+", "", reasons[-1]).split())
    return CorpusError(
        f"Spark cannot read {file[1] if file else name}: {reason[:_LONGEST]}",
        hint=next((hint for sign, hint in _HINTS.items() if sign in message), _MEND),
        code="LK207",
    )

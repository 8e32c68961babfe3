"""The errors of labelkit: each message names the failure, the rule and the example, and may end with a hint.

Every error that labelkit raises on purpose is a :class:`LabelkitError`; those about a wrong value or type are also
subclasses of the built-in error that a Python programmer would expect. Each ends with a code, of which
``labelkit explain CODE`` (:func:`labelkit.explain_error`) says what mostly causes it, and what to do. The codes and
their texts are those of ``_shared/error_codes.md``.

>>> from labelkit.exceptions import CorpusError
>>> raise CorpusError("the file 'a.csv' is empty", hint="check the export that made it")
Traceback (most recent call last):
    ...
labelkit.exceptions.CorpusError: the file 'a.csv' is empty [LK200]
Hint: check the export that made it
"""

from __future__ import annotations

import re
from typing import Final, Self

_WRITTEN: Final = re.compile(r"(.*?)(?: \[(LK\d{3})\])?(?:\nHint: (.*))?", re.DOTALL)


class LabelkitError(Exception):
    """Base of all errors that labelkit raises on purpose.

    Parameters
    ----------
    message : str
        The failure, with the value that caused it.
    hint : str, optional
        A remedy, if possible a line of code that works; shown after the message as ``Hint: ...``.
    code : str, optional
        The code of the failure, such as ``"LK202"``; that of the class if not given.
    """

    code: str = "LK600"

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        if code is not None:
            self.code = code
        super().__init__(with_code(message, self.code) + ("" if hint is None else f"\nHint: {hint}"))
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with hint and code, so that an error keeps them on the way back from a worker process."""
        return (_rebuild, (type(self), self.message, self.hint, self.code))


def _rebuild(kind: type[LabelkitError], message: str, hint: str | None, code: str) -> LabelkitError:
    return kind(message, hint=hint, code=code)


def with_code(message: str, code: str) -> str:
    """Write the code of a failure behind its message.

    >>> with_code("the file 'a.csv' is empty", "LK204")
    "the file 'a.csv' is empty [LK204]"
    """
    return f"{message} [{code}]"


def parts_of_text(text: str) -> tuple[str, str | None, str | None]:
    r"""Take the text of an error apart, where it has come along as text: message, code and hint.

    >>> parts_of_text("the file 'a.csv' is empty [LK204]\nHint: check the export")
    ("the file 'a.csv' is empty", 'LK204', 'check the export')
    >>> parts_of_text("division by zero")
    ('division by zero', None, None)
    """
    written = _WRITTEN.fullmatch(text)
    assert written is not None  # any text fits
    return written[1], written[2], written[3]


class RuleError(LabelkitError, ValueError):
    """A labeling function, condition or column is declared incorrectly."""

    code = "LK100"


class CollectError(LabelkitError, ValueError):
    """Rules could not be collected: an import error, no rules, duplicate names, two label spaces."""

    code = "LK110"


class LabelSpaceError(LabelkitError, ValueError):
    """Classes are not ``0 .. k-1``, or cannot be determined."""

    code = "LK120"


class VoteError(LabelkitError, ValueError):
    """A value is not a vote: neither a class of the label space nor an abstain."""

    code = "LK300"


class CorpusError(LabelkitError, ValueError):
    """A corpus is missing, empty, malformed, or lacks a column that a rule reads."""

    code = "LK200"


class CorpusChangedError(CorpusError):
    """The file of a corpus was written again while it was read: its votes would be those of two corpora."""

    code = "LK210"


class FaultError(LabelkitError, RuntimeError):
    """A labeling function raised, or returned a value that is not a vote, in a run that stops on faults."""

    code = "LK130"

    @classmethod
    def of(cls, described: str, *, hint: str) -> Self:
        """Make the error of a fault, which may be an error of labelkit itself, with its own code and hint."""
        message, code, remedy = parts_of_text(described)
        hint = hint if remedy is None else f"{remedy}; {hint}"
        return cls(message, hint=hint, code=code if cls is FaultError else None)


class TooManyFaultsError(FaultError):
    """More faults were recorded than ``max_faults`` allows."""

    code = "LK131"


class WorkerDiedError(LabelkitError, RuntimeError):
    """A call of a rule ended the process that made it, such as by a segmentation fault or ``os._exit``."""

    code = "LK132"


class TimeLimitError(LabelkitError, RuntimeError):
    """A rule took longer for a batch than ``time_limit`` allows, such as one whose pattern never ends."""

    code = "LK133"


class MatrixError(LabelkitError, ValueError):
    """Votes, ids or their metadata do not form a label matrix."""

    code = "LK310"


class GoldError(LabelkitError, ValueError):
    """Gold labels do not fit the examples or the label space."""

    code = "LK320"


class AnnotationError(LabelkitError, ValueError):
    """A page to label on cannot be opened, or an answer that is given on it is none."""

    code = "LK340"


class ModelError(LabelkitError, ValueError):
    """A parameter or an input of a label model is invalid."""

    code = "LK400"


class AnalysisError(LabelkitError, ValueError):
    """A statistic, a suggestion or a plot cannot be computed from the given data."""

    code = "LK420"


class ExportError(LabelkitError, ValueError):
    """Labels cannot be written in a format: there are none, the file exists, or the format cannot hold them."""

    code = "LK530"


class ConfigError(LabelkitError, ValueError):
    """``labelkit.toml`` or ``pyproject.toml`` has an unknown key, or a value that its option does not take."""

    code = "LK610"


class RunFolderError(LabelkitError, OSError):
    """A run folder exists already, is incomplete, or is not a run folder."""

    code = "LK500"


class KeywordError(LabelkitError, TypeError):
    """A function got a keyword that it does not take."""

    code = "LK608"


class ArgumentError(LabelkitError, TypeError):
    """A function lacks an argument, or got one too many."""

    code = "LK609"


class WriteError(LabelkitError, OSError):
    """A file or folder cannot be written; ``errno`` and ``filename`` are those of the system."""

    code = "LK512"


class DataSetError(LabelkitError, ValueError):
    """A data set cannot be made of what is given, or cannot take it over without harm to its evaluation."""

    code = "LK540"


class BundleError(LabelkitError, ValueError):
    """A run cannot be bundled, or a bundle is damaged, was changed, or does not load here."""

    code = "LK550"


class DatabaseError(LabelkitError, OSError):
    """A database cannot be reached, does not answer in time, or lacks a table or column that a rule needs."""

    code = "LK620"


class MissingExtraError(LabelkitError, ImportError):
    """An optional dependency is not installed; the hint names the extra that installs it."""

    code = "LK630"


class StopRunError(LabelkitError, RuntimeError):
    """A rule cannot continue, such as one that has spent its budget: the run stops, and no example gets a fault."""

    code = "LK640"


class PromptError(LabelkitError, RuntimeError):
    """A language model gave no answer for an example, or one that is not among the rule's answers."""

    code = "LK650"

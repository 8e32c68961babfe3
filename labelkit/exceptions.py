"""Errors that say what happened, to which rule, on which example, and what to do about it.

Every error that labelkit raises on purpose is a :class:`LabelkitError`; those that stand for a wrong value or type are
also the built-in error that a Python programmer would expect.

>>> from labelkit.exceptions import CorpusError
>>> raise CorpusError("the file 'a.csv' is empty", hint="check the export that made it")
Traceback (most recent call last):
    ...
labelkit.exceptions.CorpusError: the file 'a.csv' is empty
Hint: check the export that made it
"""

from __future__ import annotations


class LabelkitError(Exception):
    """Base of all errors that labelkit raises on purpose.

    Parameters
    ----------
    message : str
        What happened, with the value that was wrong.
    hint : str, optional
        A line that works; shown after the message as ``Hint: ...``.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message if hint is None else f"{message}\nHint: {hint}")
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the hint, so that an error survives the way back from a worker process."""
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[LabelkitError], message: str, hint: str | None) -> LabelkitError:
    return kind(message, hint=hint)


class RuleError(LabelkitError, ValueError):
    """A labeling function, condition or column is wrongly declared."""


class CollectError(LabelkitError, ValueError):
    """Rules could not be collected: an import error, no rules, duplicate names, two label spaces."""


class LabelSpaceError(LabelkitError, ValueError):
    """Classes are not ``0 .. k-1``, or are not known."""


class VoteError(LabelkitError, ValueError):
    """A value is not a vote: neither a class of the label space nor an abstain."""


class CorpusError(LabelkitError, ValueError):
    """A corpus is missing, empty, malformed, or lacks a column that a rule reads."""


class FaultError(LabelkitError, RuntimeError):
    """A labeling function raised, or returned no vote, and faults were to stop the run."""


class TooManyFaultsError(FaultError):
    """More faults were recorded than ``max_faults`` allows."""


class MatrixError(LabelkitError, ValueError):
    """Votes, ids or their description do not make a label matrix."""


class GoldError(LabelkitError, ValueError):
    """Gold labels do not fit the examples or the label space."""


class ModelError(LabelkitError, ValueError):
    """A label model's parameter or input cannot be used."""


class AnalysisError(LabelkitError, ValueError):
    """A statistic, a suggestion or a plot cannot be made of what was given."""


class RunFolderError(LabelkitError, OSError):
    """A run folder exists already, is not one, or is incomplete."""


class DatabaseError(LabelkitError, OSError):
    """A database cannot be reached, does not answer in time, or lacks what a rule asks of it."""


class MissingExtraError(LabelkitError, ImportError):
    """An optional dependency is not installed; the hint names the extra that brings it."""


class StopRunError(LabelkitError, RuntimeError):
    """A rule must not go on, such as one that has spent its budget: it stops the run, and is no fault of an example."""


class PromptError(LabelkitError, RuntimeError):
    """A language model gave no answer to an example, or none that is allowed."""

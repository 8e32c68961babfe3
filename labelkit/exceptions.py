"""The errors of labelkit: each message names the failure, the rule and the example, and may end with a hint.

Every error that labelkit raises on purpose is a :class:`LabelkitError`; those about a wrong value or type are also
subclasses of the built-in error that a Python programmer would expect.

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
        The failure, with the value that caused it.
    hint : str, optional
        A remedy, if possible a line of code that works; shown after the message as ``Hint: ...``.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message if hint is None else f"{message}\nHint: {hint}")
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the hint, so that an error keeps it on the way back from a worker process."""
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[LabelkitError], message: str, hint: str | None) -> LabelkitError:
    return kind(message, hint=hint)


class RuleError(LabelkitError, ValueError):
    """A labeling function, condition or column is declared incorrectly."""


class CollectError(LabelkitError, ValueError):
    """Rules could not be collected: an import error, no rules, duplicate names, two label spaces."""


class LabelSpaceError(LabelkitError, ValueError):
    """Classes are not ``0 .. k-1``, or cannot be determined."""


class VoteError(LabelkitError, ValueError):
    """A value is not a vote: neither a class of the label space nor an abstain."""


class CorpusError(LabelkitError, ValueError):
    """A corpus is missing, empty, malformed, or lacks a column that a rule reads."""


class CorpusChangedError(CorpusError):
    """The file of a corpus was written again while it was read: its votes would be those of two corpora."""


class FaultError(LabelkitError, RuntimeError):
    """A labeling function raised, or returned a value that is not a vote, in a run that stops on faults."""


class TooManyFaultsError(FaultError):
    """More faults were recorded than ``max_faults`` allows."""


class WorkerDiedError(LabelkitError, RuntimeError):
    """A call of a rule ended the process that made it, such as by a segmentation fault or ``os._exit``."""


class TimeLimitError(LabelkitError, RuntimeError):
    """A rule took longer for a batch than ``time_limit`` allows, such as one whose pattern never ends."""


class MatrixError(LabelkitError, ValueError):
    """Votes, ids or their metadata do not form a label matrix."""


class GoldError(LabelkitError, ValueError):
    """Gold labels do not fit the examples or the label space."""


class AnnotationError(LabelkitError, ValueError):
    """A page to label on cannot be opened, or an answer that is given on it is none."""


class ModelError(LabelkitError, ValueError):
    """A parameter or an input of a label model is invalid."""


class AnalysisError(LabelkitError, ValueError):
    """A statistic, a suggestion or a plot cannot be computed from the given data."""


class ExportError(LabelkitError, ValueError):
    """Labels cannot be written in a format: there are none, the file exists, or the format cannot hold them."""


class ConfigError(LabelkitError, ValueError):
    """``labelkit.toml`` or ``pyproject.toml`` has an unknown key, or a value that its option does not take."""


class RunFolderError(LabelkitError, OSError):
    """A run folder exists already, is incomplete, or is not a run folder."""


class DataSetError(LabelkitError, ValueError):
    """A data set cannot be made of what is given, or cannot take it over without harm to its evaluation."""


class BundleError(LabelkitError, ValueError):
    """A run cannot be bundled, or a bundle is damaged, was changed, or does not load here."""


class DatabaseError(LabelkitError, OSError):
    """A database cannot be reached, does not answer in time, or lacks a table or column that a rule needs."""


class MissingExtraError(LabelkitError, ImportError):
    """An optional dependency is not installed; the hint names the extra that installs it."""


class StopRunError(LabelkitError, RuntimeError):
    """A rule cannot continue, such as one that has spent its budget: the run stops, and no example gets a fault."""


class PromptError(LabelkitError, RuntimeError):
    """A language model gave no answer for an example, or one that is not among the rule's answers."""

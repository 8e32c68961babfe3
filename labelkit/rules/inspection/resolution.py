"""The result of a search of a function's code: a digest of what it reads, and reasons why it may answer differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A reason why a function may answer differently for the same arguments.

    Parameters
    ----------
    what : str
        Such as ``"uses time.time, which reads the clock"``.
    impure : bool
        True where it does depend on more than its arguments; False where that cannot be ruled out.
    line : int
    function : str
        The helper that does so; empty for the function itself.
    """

    what: str
    impure: bool
    line: int = 0
    function: str = ""

    @property
    def changes(self) -> bool:
        """Whether the function itself may change what it reads."""
        return self.what.startswith(("changes ", "may change "))

    def __str__(self) -> str:
        helper = f"{self.function}(), " if self.function else ""
        return f"it {self.what} ({helper}line {self.line})"


@dataclass(frozen=True)
class Resolution:
    """The inputs of functions besides their arguments.

    Attributes
    ----------
    digest : str
        Changes when anything does that is read.
    packages : tuple of (name, version)
        The installed packages that are used, by name; no part of the digest.
    files : tuple of str
        The files of the project's functions that were searched; no part of the digest.
    findings : tuple of Reason
        Reasons why the answer may change though the digest does not; empty if all is known.
    """

    digest: str
    packages: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    findings: tuple[Reason, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """All findings in words, each once: the vote cache refuses a function that has any."""
        return tuple(dict.fromkeys(finding.what for finding in self.findings))

    @property
    def impure(self) -> tuple[Reason, ...]:
        """The findings that the lint reports, each once."""
        return tuple({finding.what: finding for finding in reversed(self.findings) if finding.impure}.values())[::-1]

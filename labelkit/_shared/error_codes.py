"""Say what the code of an error, a lint problem or a finding means: cause and remedy, from the page beside this file.

``error_codes.md`` is the one owner of the codes and of these texts; the reference of the site includes it.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.wrapping import wrapped
from labelkit.exceptions import LabelkitError

_CODE: Final = re.compile(r"\bLK\d{3}\b", re.IGNORECASE)
_SECTION: Final = re.compile(
    r"^### (?P<code>LK\d{3})\n\n\*\*(?P<title>.+)\*\*\n\nCause: (?P<cause>.+)\n\nRemedy: (?P<remedy>.+)\n"
    r"(?:\n```text\n(?P<example>(?:(?!```).*\n)+?)```\n)?",
    re.MULTILINE,
)


@checks_keywords
@dataclass(frozen=True)
class ErrorSection:
    """What is known of the failures that have one code.

    Attributes
    ----------
    code : str
        ``LK`` and three digits.
    title : str
        What has happened.
    cause : str
        What mostly causes it.
    remedy : str
        What to do.
    example : str
        A message with this code; empty where there is none.
    """

    code: str
    title: str
    cause: str
    remedy: str
    example: str = ""

    def __str__(self) -> str:
        example = f"\n\n{textwrap.indent(self.example, '    ')}" if self.example else ""
        paragraphs = (f"{self.code}: {self.title}", f"Cause: {self.cause}", f"Remedy: {self.remedy}")
        return "\n\n".join(wrapped(one, 100) for one in paragraphs) + example


@checks_keywords
@dataclass(frozen=True)
class ErrorSections:
    """What is known of some failures, or the list of all codes.

    Attributes
    ----------
    sections : tuple of ErrorSection
    is_list : bool
        Whether only the titles are shown.
    """

    sections: tuple[ErrorSection, ...]
    is_list: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``errors``, each with the attributes of :class:`ErrorSection`."""
        return {"errors": [asdict(one) for one in self.sections]}

    def __str__(self) -> str:
        if self.is_list:
            return "\n".join(f"{one.code}  {one.title}" for one in self.sections)
        return "\n\n\n".join(map(str, self.sections))

    __repr__ = __str__


@checks_keywords
def explain_error(*codes: str) -> ErrorSections:
    """Say what a failure means, what mostly causes it, and what to do.

    Parameters
    ----------
    *codes : str
        The codes at the end of messages, such as ``"LK205"``; whole messages will do. None lists all codes.

    Returns
    -------
    ErrorSections

    Raises
    ------
    LabelkitError
        If there is no such code.

    Examples
    --------
    >>> print(explain_error("LK103"))
    LK103: A decorator stands without parentheses.
    <BLANKLINE>
    Cause: `@keywords` for `@keywords("free", label=1)`: a declarative rule needs to be told its words
    and its label.
    ...
    """
    sections = error_sections()
    if not codes:
        return ErrorSections(tuple(sections.values()), is_list=True)
    named = [one.upper() for text in map(str, codes) for one in _CODE.findall(text) or [text]]
    unknown = [one for one in named if one not in sections]
    if unknown:
        hint = "labelkit explain lists the codes; in Python, explain_error()"
        raise LabelkitError(f"there is no code {unknown[0]!r} of an error", hint=hint, code="LK606")
    return ErrorSections(tuple(sections[one] for one in dict.fromkeys(named)))


@cache
def error_sections() -> dict[str, ErrorSection]:
    """Read what is known of each code, in the order of the codes."""
    page = (resources.files("labelkit._shared") / "error_codes.md").read_text("utf-8")
    return {one["code"]: ErrorSection(**one.groupdict(default="")) for one in _SECTION.finditer(page)}

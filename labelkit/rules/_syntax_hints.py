r"""Say how to mend a module of rules that is not valid Python, to those who seldom write any.

Python's message names the place and what it expected. The hints name the habit that mostly leads there: quotes of a
word processor, a decimal comma, a rule without a body, a Windows path, a file in another encoding than UTF-8.

>>> hint_of_syntax("invalid character '“' (U+201C)", "")
'a word processor makes such quotes: write straight ones, " or \''
"""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import Final

__all__ = ["hint_of_syntax"]

_BODY: Final = 'below def stands, four spaces in, what the function does, or a docstring: """What the rule finds."""'
_NAME: Final = "a name has letters, digits and _ alone, begins with no digit, and is no word of Python: my_rule"
_QUOTE: Final = (
    'a text ends with the quote that it begins with, in its line: "don\'t" holds an apostrophe; a backslash does not '
    "stand before the last quote"
)
_INDENTED: Final = (
    "lines that belong together begin with equally many spaces: none for @ and def, four for what is below def"
)
_POINT: Final = "a decimal number has a point: 0.5; words and patterns stand before what is named (label=...)"
_SAVE: Final = "save the file as UTF-8, as plain text"

_OF_NAMES: Final = {"expected '('", "invalid decimal literal", "invalid syntax"}
_HINTS: Final = (
    (r"invalid character '[“”„‟‘’‚‛«»‹›＂＇]'", "a word processor makes such quotes: write straight ones, \" or '"),
    (r"invalid character '[‐‑‒–—−]'", "write - of the keyboard: a word processor makes such dashes"),
    (r"invalid character '…'", "write three dots: ..."),
    (r"invalid character '[\u3000-\u303f\uff00-\uffef]'", "type it anew, with the keyboard set to English"),
    (r"invalid non-printable character", "delete this invisible character, which was copied along, or type a space"),
    (r"unterminated triple-quoted string", '""" opens a text, and """ closes it'),
    (r"unterminated (f-)?string literal", _QUOTE),
    (r"'.' was never closed", "each bracket that opens is closed, mostly at the end of this line"),
    (r"expected an indented block after function", _BODY),
    (r"expected an indented block|unexpected indent|unindent does not match", _INDENTED),
    (r"inconsistent use of tabs", "use four spaces in place of each tab"),
    (r"positional argument follows keyword", _POINT),
    (r"'unicodeescape' codec", 'a Windows path has r before its quotes: r"C:\\Users", or slashes: "C:/Users"'),
    (r"'utf-8' codec|null bytes|encoding problem|unknown encoding|Non-UTF-8", _SAVE),
    (r"unexpected character after line continuation", rf'a backslash stands within quotes, r"\d"; {_SAVE}'),
    (r"expected ':'", "a line with def, if, for or class ends with a colon"),
)


def hint_of_syntax(message: str, line: str) -> str | None:
    """Return the likely remedy of a syntax error.

    Parameters
    ----------
    message : str
        Of Python.
    line : str
        The line of the module where it stands; empty if it is not known.

    Returns
    -------
    str or None
        None where the message says all that there is to say.
    """
    if "forgot a comma" in message:
        inner = line.count('"') > 2 or line.count("'") > 2
        quoted = "; within a text in \" quotes, ' is used" if inner else ""
        return f"words and options have commas between them{quoted}"
    if message in _OF_NAMES and _has_odd_name(line):
        return _NAME
    if message == "invalid syntax" and line.lstrip().startswith("@"):
        return f"below the decorator stands its function: def my_rule(text):. {_BODY[0].upper()}{_BODY[1:]}"
    return next((hint for pattern, hint in _HINTS if re.search(pattern, message)), None)


def _has_odd_name(line: str) -> bool:
    """Return whether a line with def or class gives a name that Python does not take."""
    name = re.match(r"\s*(?:def|class)\b([^(:]*)", line)
    return name is not None and (not name[1].strip().isidentifier() or iskeyword(name[1].strip()))

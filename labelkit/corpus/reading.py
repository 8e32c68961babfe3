r"""Options of how files are read: one list of them for every function that takes a path.

>>> checked_reading({"delimiter": "tab", "encoding": "latin1"})
{'delimiter': '\t', 'encoding': 'iso8859-1'}
"""

from __future__ import annotations

import codecs
import difflib
import inspect
import typing
from collections.abc import Callable, Mapping
from encodings.aliases import aliases
from inspect import Parameter
from typing import Any, Final, TypedDict, TypeVar, cast

from labelkit._shared.unknown_keywords import checked_call
from labelkit.exceptions import CorpusError

F = TypeVar("F", bound=Callable[..., Any])


class ReadOptions(TypedDict, total=False):
    """Options of how files are read; one that is left out, or None, is not given."""

    format: str | None
    """The format of the files, where their names do not say it: csv, jsonl, json, text, parquet, arrow, excel."""
    delimiter: str | None
    """The character between the fields of CSV; found out by the first rows if not given. ``tab`` is a tabulator."""
    encoding: str | None
    """The encoding of text (any of Python's, such as ``cp1252``); UTF-8, or what the first bytes say, if not given."""
    sheet: str | int | None
    """The sheet of a workbook, by its name or its number from 1; needed where there are several."""
    skip_rows: int | None
    """Lines of CSV, or rows of a sheet, above the header that are not read, such as a title; 0 if not given."""
    rename: Mapping[str, str] | None
    """The columns, or fields of columns, that get other names: ``{"text": "Comment"}``, the new name first."""
    gold_encoding: str | None
    """The encoding of a file of gold that is read beside the corpus; that of the corpus, or UTF-8, if not given."""


NOT_OF_ROWS: Final = frozenset({"gold_encoding"})
"""Options that say nothing of how the rows of the corpus are read."""


_NAMED_DELIMITERS: Final = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


def checked_reading(options: Mapping[str, Any]) -> ReadOptions:
    """Return the options that were given, as they are meant.

    Raises
    ------
    CorpusError
        If one cannot be as it is given.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if "delimiter" in given:
        given["delimiter"] = _delimiter(given["delimiter"])
    for name in ("encoding", "gold_encoding"):
        if name in given:
            given[name] = _encoding(given[name], name)
    if "rename" in given:
        given["rename"] = _new_names(given["rename"])
    if "sheet" in given and (isinstance(given["sheet"], bool) or not isinstance(given["sheet"], str | int)):
        raise CorpusError(f"sheet={given['sheet']!r} is neither the name nor the number of a sheet", code="LK217")
    skip = given.get("skip_rows", 0)
    if isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
        raise CorpusError(f"skip_rows={skip!r} is not a number of rows", hint="give 0 or more", code="LK217")
    return cast("ReadOptions", given)


def _delimiter(given: Any) -> str:
    sign = _NAMED_DELIMITERS.get(given, given) if isinstance(given, str) else given
    if not isinstance(sign, str) or len(sign) != 1 or sign in '"\r\n\0' or "\ud800" <= sign <= "\udfff":
        raise CorpusError(
            f"delimiter={given!r} cannot stand between fields",
            hint='give one character, such as delimiter=";", or delimiter="tab"; neither a quote nor a line end',
            code="LK217",
        )
    return sign


def of_rows(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options by which the rows are read.

    >>> of_rows({"encoding": "cp1252", "gold_encoding": "utf-8"})
    {'encoding': 'cp1252'}
    """
    return {name: value for name, value in reading.items() if name not in NOT_OF_ROWS}


def _encoding(given: Any, option: str) -> str:
    """Return the name of an encoding as Python has it."""
    try:
        codec = codecs.lookup(given)
        name = codec.name if codec._is_text_encoding and codec.name != "undefined" else None  # noqa: SLF001 - as ``open`` does
    except (LookupError, TypeError, ValueError):
        name = None
    if name is None:
        raise CorpusError(
            f"{option}={given!r} is no encoding of text that is known",
            hint=f'such as {option}="cp1252" (Windows, Western), "cp1251", "utf-16", "shift_jis", "gb18030"'
            if (meant := _meant_encoding(str(given))) is None
            else f'did you mean {option}="{meant}"?',
            code="LK212",
        )
    return name


def _meant_encoding(given: str) -> str | None:
    """Return the name of an encoding of text that is like another, whatever stands between letters and digits."""
    names = ["utf_8_sig", *(name for pair in aliases.items() for name in pair)]
    there = {_letters(name): name.replace("_", "-") for name in names if _is_of_text(name)}
    close = difflib.get_close_matches(_letters(given), there, n=1, cutoff=0.8)
    return there[close[0]] if close else None


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _is_of_text(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - as ``open`` does
    except LookupError:  # of another system
        return False


def _new_names(given: Any) -> dict[str, str]:
    is_mapping = isinstance(given, Mapping)
    if not is_mapping or not all(isinstance(name, str) and name for pair in given.items() for name in pair):
        raise CorpusError(
            f"rename={given!r} does not give columns new names",
            hint='rename={"text": "Comment"}, the new name first',
            code="LK217",
        )
    return dict(given)


def takes_reading(function: F) -> F:
    """List the options of a function that takes them as ``**reading``, and refuse others.

    >>> @takes_reading
    ... def show(path: str, **reading: typing.Unpack[ReadOptions]) -> None: ...
    >>> list(inspect.signature(show).parameters)
    ['path', 'format', 'delimiter', 'encoding', 'sheet', 'skip_rows', 'rename', 'gold_encoding']
    >>> show("a.csv", delimeter=";")
    Traceback (most recent call last):
        ...
    labelkit.exceptions.KeywordError: show() got an unexpected keyword argument 'delimeter' [LK608]
    Hint: did you mean 'delimiter'?
    """
    hints = typing.get_type_hints(ReadOptions)
    listed = [Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=hints[name]) for name in hints]
    signature = inspect.signature(function)
    named = [parameter for parameter in signature.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
    called = checked_call(function, list(hints))
    called.__signature__ = signature.replace(parameters=[*named, *listed])  # type: ignore[attr-defined] # where ``inspect.signature`` looks first
    return called

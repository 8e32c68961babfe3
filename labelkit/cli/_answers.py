"""What a command answers: text for people, plain values for programs, and the status that it ends with."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Final, Self, TextIO

import click

from labelkit._shared.markup import COLOURED_MARKS, MARKS, visible

_COLOURED: Final = re.compile(f"{COLOURED_MARKS[0]}(.*?){COLOURED_MARKS[1]}", re.DOTALL)


@dataclass(frozen=True)
class CommandAnswer:
    """The answer of a command. Only what is shown is computed.

    Parameters
    ----------
    text : callable
        Returns the text for people.
    values : callable
        Returns the plain values for programs, under names that stay the same.
    status : int
        The exit status.
    coloured : bool
        Whether marks in the text stand for colour.
    """

    text: Callable[[], str]
    values: Callable[[], Mapping[str, Any]]
    status: int = 0
    coloured: bool = False

    @classmethod
    def of(cls, result: Any, *, text: str | None = None, status: int = 0) -> CommandAnswer:
        """Make the answer of a result with ``to_dict()``, or of values with their text."""
        if isinstance(result, CommandAnswer):
            return result
        values = result if isinstance(result, Mapping) else result.to_dict()
        return cls(lambda: str(result) if text is None else text, lambda: values, status)


def of_run(folder: Any) -> CommandAnswer:
    """Make the answer of a command that has made a run, or found it finished."""
    return CommandAnswer(folder.describe_finished if folder.was_finished else folder.describe, folder.to_dict)


def written(path: Any, text: str, **values: Any) -> CommandAnswer:
    """Make the answer of a command that has written a file."""
    return CommandAnswer.of({"path": str(path), **values}, text=text)


def say(text: str, *, err: bool = False) -> None:
    """Write to the terminal, where no character of a text, a name or a path acts.

    Where standard error cannot be written, since the disk of a log is full, what is said there is lost: no work is.
    """
    with suppress(OSError) if err else nullcontext():
        click.echo(visible(text), err=err)


def say_coloured(text: str) -> None:
    """Write a text to a terminal, with colour between :data:`~labelkit._shared.markup.COLOURED_MARKS`."""
    pieces = enumerate(_COLOURED.split(text))
    click.echo("".join(_highlighted(visible(piece)) if i % 2 else visible(piece) for i, piece in pieces), color=True)


def _highlighted(text: str) -> str:
    return click.style(MARKS[0] + text + MARKS[1], fg="yellow", bold=True)


@contextmanager
def reader_may_leave(stream: TextIO) -> Iterator[None]:
    """Write to a stream whose reader may end before, as ``head`` does: the rest is of no use to anybody.

    Raises
    ------
    OSError
        If it cannot be written for another reason, such as a full disk.
    """
    try:
        yield
        stream.flush()
    except BrokenPipeError:
        _write_nowhere(stream)
    except OSError as error:
        _write_nowhere(stream)
        raise OSError(error.errno, f"the answer cannot be written to standard output: {error.strerror}") from error


def _write_nowhere(stream: TextIO) -> None:
    """Let nothing fail when Python flushes a stream at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def flush_for_the_last_time() -> None:
    """Flush standard output and standard error; the interpreter would end with a status of its own if it cannot."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _write_nowhere(stream)
        except ValueError:  # a rule closed it
            pass


def open_closed_streams() -> None:
    """Open those of the standard streams that are closed, as ``>&-`` leaves them: what is written there is lost.

    Else the next file that is opened would have the number of one of them, and what C code or another process writes
    to standard output would be written into that file.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is not None:
            continue
        nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        if nowhere == number:
            os.set_inheritable(nowhere, True)  # noqa: FBT003 - a positional argument of its own
        setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8", errors="backslashreplace"))


def has_colour() -> bool:
    """Tell if standard output is a terminal whose user wants colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class ResultStream:
    """Keeps standard output for one document: all else that is written there goes to standard error.

    That holds for the code of rules, for what it calls and for worker processes. It stays so until the process ends,
    since what is printed then is no result either.
    """

    def __init__(self) -> None:
        self._stream: TextIO = sys.stdout
        self._others = redirect_stdout(sys.stderr)

    def __enter__(self) -> Self:
        try:
            number = sys.stdout.fileno()
            self._stream.flush()
            kept = os.dup(number)
            os.dup2(sys.stderr.fileno(), number)
        except (OSError, ValueError, AttributeError):
            pass  # no stream of the operating system, such as one in memory
        else:
            self._stream = os.fdopen(kept, "w", encoding="utf-8")
        self._others.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._others.__exit__(None, None, None)

    def copy(self, path: Path) -> None:
        """Write the content of a file, UTF-8 whatever the terminal has."""
        with reader_may_leave(self._stream), path.open("rb") as file:
            stream = getattr(self._stream, "buffer", None)
            if stream is None:
                self._stream.write(file.read().decode("utf-8"))
            else:
                copyfileobj(file, stream)
                stream.flush()

    def write(self, values: Mapping[str, Any]) -> None:
        """Write the document."""
        from labelkit._shared.plain_values import json_text  # noqa: PLC0415 - --help has to be quick

        with reader_may_leave(self._stream):
            self._stream.write(json_text(values, indent=2) + "\n")

"""The program: its group of commands, and how it ends; the commands are in the files beside this one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from typing import Any, NoReturn, TypeVar

import click

from labelkit._shared.command_line import as_on_command_line
from labelkit._shared.markup import visible
from labelkit._shared.secrets import masked
from labelkit._shared.time_limit import may_exit
from labelkit._shared.user_code import UserCode
from labelkit._shared.user_errors import described, plain
from labelkit._version import __version__
from labelkit.exceptions import LabelkitError

F = TypeVar("F", bound=Callable[..., Any])

_debug: list[bool] = [False]
_ended_by: list[int] = [signal.SIGINT]


def _set_debug(_context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's protocol
    if value:
        _debug[0] = True


def with_debug(command: F) -> F:
    """Let ``--debug`` stand behind any command."""
    option = click.option(
        "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show a traceback when something fails."
    )
    return option(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@with_debug
def cli() -> None:
    """Turn rules into training data.

    Write labeling functions in a Python module; labelkit applies them to a corpus and gives each example a
    probability for every class.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with a status that a script can rely on."""
    if "_LABELKIT_COMPLETE" in os.environ:
        cli.main(arguments, prog_name="labelkit")  # answers the shell, and ends the process
    _debug[0], _ended_by[0], may_exit[0] = False, signal.SIGINT, True
    warnings.showwarning = _show_warning
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            signal.signal(signal.SIGINT, _end_if_terminated)
    try:
        with UserCode():  # the modules and functions of rules
            status = cli.main(arguments, prog_name="labelkit", standalone_mode=False)
    except click.ClickException as error:
        usage = StringIO()
        error.show(usage)
        say(usage.getvalue().rstrip(), err=True)
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say(
            "interrupted: nothing was written under the final name; the same command goes on where it was "
            "(with --force, it begins anew)",
            err=True,
        )
        status = 128 + _ended_by[0]
    except BaseException as error:  # noqa: BLE001 - nothing ends with a traceback, and SystemExit(0) is no success
        _show_error(error)
        status = 1
    _leave(status if isinstance(status, int) else 0)


def _terminate(_number: int, _frame: Any) -> None:
    """End as Ctrl-C does, also within the code of a rule."""
    _ended_by[0] = signal.SIGTERM
    signal.raise_signal(signal.SIGINT)


def _end_if_terminated(_number: int, _frame: Any) -> None:
    """Stand in for an ignored SIGINT, as a command in the background of a script has it: end for SIGTERM alone."""
    if _ended_by[0] == signal.SIGTERM:
        raise KeyboardInterrupt


def _show_error(error: BaseException) -> None:
    """Say what went wrong in one line, and what to do in another."""
    if _debug[0]:
        say(masked(traceback.format_exc()).rstrip(), err=True)
    elif isinstance(error, LabelkitError | OSError):
        say(f"error: {_shown(plain(str(error)))}", err=True)
    else:
        kind, message = described(error)
        say(f"error: {_shown(f'{kind}: {message}')}\nHint: --debug shows where", err=True)


def _shown(message: str) -> str:
    """Return a message with options as they are written here, and without secrets."""
    return masked(as_on_command_line(message))


def say(text: str, *, err: bool = False) -> None:
    """Write to the terminal, where no character of a text, a name or a path acts."""
    click.echo(visible(text), err=err)


def _leave(status: int) -> NoReturn:
    """End the process, also where code of the user left threads that do not end by themselves."""
    main_thread = threading.main_thread()
    others = [one for one in threading.enumerate() if not one.daemon and one is not main_thread]
    left = [one.name for one in others if not one.name.startswith("labelkit")]  # ours end by themselves
    exec("")  # noqa: S102 - the interpreter forgets a KeyboardInterrupt in such code, of which it would die by SIGINT
    if not left:
        sys.exit(status)
    say(f"warning: threads that the rules started are still running, and are ended: {', '.join(left)}", err=True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _show_warning(message: Warning | str, *_where: Any, **_more: Any) -> None:
    say(f"warning: {_shown(str(message))}", err=True)


def classes_named(labels: str | None) -> list[str] | None:
    """Return the names in ``--labels``; spaces around them do not count."""
    return None if labels is None else [name.strip() for name in labels.split(",")]

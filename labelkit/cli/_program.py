"""The program: its group of commands, and how it ends; the commands are in the files beside this one."""

from __future__ import annotations

import _thread
import atexit
import gc
import os
import re
import shlex
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.machinery import ExtensionFileLoader
from io import StringIO
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from click.core import ParameterSource

from labelkit._shared.written_lists import entries_written, names_and_more
from labelkit._version import __version__
from labelkit.cli._answers import ResultStream, flush_for_the_last_time, open_closed_streams, say
from labelkit.cli._command import ProgramGroup, Settings, common_options, shown_hint, shown_message
from labelkit.cli._common_options import option_name, twins_of
from labelkit.exceptions import ConfigError, LabelkitError, with_code

if TYPE_CHECKING:
    from labelkit.cli._logs import LogFormat

SWITCH_SECONDS: Final = 0.001
"""How long a thread that hashes, scans or predicts waits for one that runs Python; 0.005 is Python's own."""

NAMED: Final = 3
"""Commands that are named for an option that another one does not take."""

AGAIN_SECONDS: Final = 0.05
"""How long a signal waits that comes while an extension module is started."""

LONGEST_SECONDS: Final = 5.0
"""How long such signals wait in all: a module of the user's may do all its work as it is imported."""

_STARTING: Final[frozenset[CodeType]] = frozenset(
    {ExtensionFileLoader.create_module.__code__, ExtensionFileLoader.exec_module.__code__}
)

_ended_by: list[int] = [signal.SIGINT]
_waiting_since: list[float] = []


@click.group(
    cls=ProgramGroup,
    params=common_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def cli() -> None:
    """Turn rules into training data.

    Write labeling functions in a Python module; labelkit applies them to a corpus and gives each example a
    probability for every class.

    Arguments and options can stand in pyproject.toml ([tool.labelkit.run]) or labelkit.toml ([run]).
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with a status that a script can rely on."""
    open_closed_streams()
    if "_LABELKIT_COMPLETE" in os.environ:
        cli.main(arguments, prog_name="labelkit")  # answers the shell, and ends the process
    atexit.register(
        gc.freeze
    )  # else the interpreter looks through all objects for circles, again and again, as it ends
    sys.setswitchinterval(SWITCH_SECONDS)
    warnings.showwarning = _show_warning
    given = sys.argv[1:] if arguments is None else arguments
    before = set(threading.enumerate())
    with ExitStack() as stack:
        stack.enter_context(_ended_by_signals())
        settings = _settings_asked_for(given)
        if settings.result is not None:
            stack.enter_context(settings.result)
        status = _status_of(given, settings)
    _leave(status, settings, before)


def _settings_asked_for(given: list[str]) -> Settings:
    """Return what the arguments ask for, also where they turn out to be wrong: then the error is JSON, too."""
    options = given[: given.index("--") if "--" in given else None]
    pairs = [*pairwise(options), *(tuple(one.split("=", 1)) for one in options if "=" in one)]
    log_format: LogFormat = "json" if ("--log-format", "json") in pairs else "text"
    return Settings(result=ResultStream() if "--json" in options else None, log_format=log_format)


def _status_of(arguments: list[str], settings: Settings) -> int:
    """Call the command that the arguments name, and say how it failed if it does."""
    try:
        status = cli.main(arguments, prog_name="labelkit", standalone_mode=False, obj=settings)
    except click.ClickException as error:
        _show_usage_error(error, settings, arguments)
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        message = "interrupted: nothing was written under the final name"
        hint = "the same command goes on where it was (with --force, it begins anew)"
        _show(Failure("Interrupted", message, hint), f"{message}; {hint}", settings)
        status = 128 + _ended_by[0]
    except BaseException as error:  # noqa: BLE001 - nothing ends with a traceback, and SystemExit(0) is no success
        _show_error(error, settings, arguments)
        status = 1
    return status if isinstance(status, int) else 0


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block, also within the code of a rule; nothing is done in another thread."""
    _ended_by[0] = signal.SIGINT
    _waiting_since.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end_if_terminated)
    elif before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _end:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _terminate(_number: int, _frame: Any) -> None:
    """End as Ctrl-C does, also within the code of a rule."""
    _ended_by[0] = signal.SIGTERM
    signal.raise_signal(signal.SIGINT)


def _end_if_terminated(number: int, frame: FrameType | None) -> None:
    """Stand in for an ignored SIGINT, as a command in the background of a script has it: end for SIGTERM alone."""
    if _ended_by[0] == signal.SIGTERM:
        _end(number, frame)


def _end(_number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, or look again in a moment if an extension module is being started.

    Such code may drop an exception that Python raises in it: pandas then goes on without its parser, and the process
    dies of a memory fault at the next table that it reads.
    """
    if _starts_extension(frame):
        if not _waiting_since:
            _waiting_since.append(time.monotonic())
        if time.monotonic() - _waiting_since[0] < LONGEST_SECONDS:
            again = threading.Timer(AGAIN_SECONDS, _signal_again)
            again.daemon = True
            again.start()
            return
    _waiting_since.clear()
    raise KeyboardInterrupt


def _starts_extension(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code in _STARTING:
            return True
        frame = frame.f_back
    return False


def _signal_again() -> None:
    """Send the signal to the main thread, which it wakes where the system can."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main(signal.SIGINT)


@dataclass(frozen=True)
class Failure:
    """Why a command failed, for programs.

    Attributes
    ----------
    kind : str
        The type of the error, such as ``CorpusError``.
    message : str
    hint : str or None
    code : str or None
        What ``labelkit explain`` knows it by; None for a mistake in the call.
    """

    kind: str
    message: str
    hint: str | None
    code: str | None = None

    def __str__(self) -> str:
        line = f"error: {self.message if self.code is None else with_code(self.message, self.code)}"
        return line if self.hint is None else f"{line}\nHint: {self.hint}"


def _show_usage_error(error: click.ClickException, settings: Settings, arguments: list[str]) -> None:
    """Say how the command was called wrongly."""
    from labelkit.cli._suggestions import folder_missing, with_suggestions  # noqa: PLC0415 - only for an error

    usage = StringIO()
    is_same = with_suggestions(error, arguments)
    error.show(usage)
    context = getattr(error, "ctx", None)
    hint = None if context is None else f"{context.command_path} --help"
    text = usage.getvalue().rstrip()
    if isinstance(error, click.NoSuchOption) and not is_same and (others := _commands_with(error.option_name)):
        taken = f"{error.option_name} is an option of {others}"
        text, hint = f"{text}\nHint: {taken}", taken if hint is None else f"{taken}; {hint}"
    elif (remedy := _of_a_flag(error.format_message(), context, arguments) or folder_missing(error)) is not None:
        hint, text = remedy, f"{text}\nHint: {remedy}"
    _show(Failure(type(error).__name__, error.format_message(), hint), text, settings)


def _commands_with(option: str) -> str:
    """Name the commands that take an option, those that make labels first; empty if none does."""
    commands = sorted(cli.commands.items(), key=lambda pair: pair[0] not in _MAKE_LABELS)
    names = [
        f"labelkit {name}"
        for name, command in commands
        if option in {text for one in command.params for text in (*one.opts, *one.secondary_opts)}
        or option in {twin for twin, _ in twins_of(command)}
    ]
    return names_and_more(names, NAMED)


_MAKE_LABELS: Final = frozenset({"run", "fit"})


def _of_a_flag(message: str, context: click.Context | None, arguments: list[str]) -> str | None:
    """Say that an option takes no value, where the message is of a word behind it that seems to be meant as one."""
    flags = {
        text
        for one in ([] if context is None else context.command.params)
        if isinstance(one, click.Option) and (one.is_flag or one.count)
        for text in (*one.opts, *one.secondary_opts)
    }
    for flag, word in pairwise(arguments):
        is_subject = repr(word) in message or f"({word})" in message
        is_option = word.startswith("-") and word != "-"
        if flag in flags and is_subject and not is_option and "." not in word and os.sep not in word:
            of_gold = "; --gold names gold" if flag == "--teach" else ""
            return f"{flag} takes no value, so that {word!r} is read as an argument{of_gold}"
    return None


def _show_error(error: BaseException, settings: Settings, arguments: list[str]) -> None:
    """Say what went wrong in one line, and what to do in another."""
    from labelkit._shared.unreadable import CODE, LET_READ, why_not_opened  # noqa: PLC0415 - --help has to be quick
    from labelkit._shared.user_errors import described, plain  # noqa: PLC0415 - as above

    if isinstance(error, LabelkitError):
        context = settings.context
        hint = None if error.hint is None else shown_hint(plain(error.hint), context)
        message = shown_message(plain(error.message), context)
        hint = _with_replaced_map(error, hint, settings)
        remedy = _of_a_flag(message, context, arguments) or _without_default(error, message, hint, settings)
        failure = Failure(type(error).__name__, message, remedy, error.code)
        text = str(failure)
    elif isinstance(error, FileNotFoundError) and error.filename is None and _current_folder_is_gone():
        failure = Failure(type(error).__name__, "the current folder was removed", "cd into a folder that exists")
        text = str(failure)
    elif isinstance(error, OSError):
        may_not = isinstance(error, PermissionError) and error.filename is not None
        hint, code = (LET_READ, CODE) if may_not else (None, None)
        failure = Failure(type(error).__name__, shown_message(plain(why_not_opened(error))), hint, code)
        text = str(failure)
    else:
        kind, message = described(error)
        failure = Failure(kind, shown_message(message), "--debug shows where")
        text = f"error: {shown_message(f'{kind}: {message}')}\nHint: --debug shows where"
    if settings.debug:
        from labelkit._shared.secrets import masked  # noqa: PLC0415 - --help has to be quick

        text = masked(traceback.format_exc()).rstrip()
    _show(failure, text, settings)


def _current_folder_is_gone() -> bool:
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def _with_replaced_map(error: LabelkitError, hint: str | None, settings: Settings) -> str | None:
    """Add to the hint of a missing column that ``--map`` took the place of names in the project's file."""
    from labelkit._shared.secrets import masked  # noqa: PLC0415 - --help has to be quick

    context, config = settings.context, settings.config
    if context is None or config is None or error.code != "LK202":
        return hint
    before = (context.default_map or {}).get("rename")
    if not before or context.get_parameter_source("rename") is not ParameterSource.COMMANDLINE:
        return hint
    pairs = " ".join(f"--map {shlex.quote(str(pair))}" for pair in ([before] if isinstance(before, str) else before))
    replaced = masked(f"--map replaces the map of {config.shown_path}, and does not add to it: give {pairs}, too")
    return replaced if hint is None else f"{replaced}; {hint}"


def _without_default(error: LabelkitError, message: str, hint: str | None, settings: Settings) -> str | None:
    """Add to a hint how to call without the default of the project's file that the message names."""
    context, config = settings.context, settings.config
    if context is None or config is None or isinstance(error, ConfigError):
        return hint
    for twin, option in twins_of(context.command):
        name = option.name or ""
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT_MAP:
            continue
        if option.is_flag:
            if context.params.get(name) and re.search(rf"--{option_name(option)}\b(?!-)", message):
                remedy = f"{option_name(option)} is a default of {config.shown_path}: {twin} switches it off"
                return remedy if hint is None else f"{hint}; {remedy}"
            continue
        value = context.params.get(name)
        texts = [
            part for one in (value if isinstance(value, tuple) else (value,)) for part in _own_words(name, str(one))
        ]
        if name in _OF_EXAMPLES and _OF_A_RULE.search(error.message):
            continue
        subject = _WHAT_IS_THERE.sub("", error.message)
        if any(repr(text) in subject for text in texts):
            remedy = f"{option_name(option)} is a default of {config.shown_path}: {twin} takes none"
            if name == "rename" and "is there already" not in (error.hint or ""):
                remedy = f"{option_name(option)} is a default of {config.shown_path}"
            return remedy if hint is None else f"{hint}; {remedy}"
    return hint


_WHAT_IS_THERE: Final = re.compile(r"(?:\bit has|\bits columns are|\(columns:|\bthere (?:is|are)|\(but) '.*", re.DOTALL)
"""The end of a message that lists what there is in place of what was asked for."""

_OF_A_RULE: Final = re.compile(r"\brule '")
_OF_EXAMPLES: Final = frozenset({"id_", "gold"})
"""Options that name columns, in which an error about a rule and the column that it reads has no part."""


def _own_words(option: str, value: str) -> list[str]:
    """Return what only this option says: of a pair of a value and a class, the value; classes are named by others."""
    if option == "map_label" and "=" in value:
        return [value.rpartition("=")[0]]
    return [word for entry in entries_written([value]) for word in (entry, *entry.split("="))]


def _show(failure: Failure, text: str, settings: Settings) -> None:
    """Write to standard error why the command failed, and with ``--json`` to standard output, too."""
    if settings.log_format == "json":
        from labelkit.cli._logs import log_error  # noqa: PLC0415 - --help has to be quick

        log_error(asdict(failure), shown_message)
    else:
        say(text, err=True)
    if settings.result is not None:
        with suppress(OSError):  # which may be the failure
            settings.result.write({"error": asdict(failure)})


def _leave(status: int, settings: Settings, before: set[threading.Thread]) -> NoReturn:
    """End the process, also where code of the user left threads that do not end by themselves.

    Threads from before the command are those of a program that calls it: they do not end that program.
    """
    others = [one for one in threading.enumerate() if not one.daemon and one not in before]
    left = [one.name for one in others if not one.name.startswith("labelkit")]  # ours end by themselves
    exec("")  # noqa: S102 - the interpreter forgets a KeyboardInterrupt in such code, of which it would die by SIGINT
    if not left:
        flush_for_the_last_time()
        sys.exit(status)
    from labelkit._shared.events import log_warning  # noqa: PLC0415 - seldom needed
    from labelkit.cli._logs import logging_to_stderr  # noqa: PLC0415 - as above

    with logging_to_stderr(settings.log_format, shown_message, quiet=False):
        names = ", ".join(left)
        log_warning(f"threads that the rules started are still running, and are ended: {names}", "RuntimeWarning")
    flush_for_the_last_time()
    os._exit(status)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str = "", lineno: int = 0, *_where: Any, **_more: Any
) -> None:
    """Show a warning that comes before the command or after it."""
    from labelkit._shared.user_errors import with_place  # noqa: PLC0415 - --help has to be quick

    say(f"warning: {shown_message(with_place(message, category, filename, lineno))}", err=True)

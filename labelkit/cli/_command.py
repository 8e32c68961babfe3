"""What all commands have in common: options, defaults from a file, the log, and how the answer is given.

A command is a function that prints nothing, and returns a result with ``to_dict()``, or a ``CommandAnswer``
(:mod:`labelkit.cli._answers`). So a new command has ``--json``, ``--log-format``, ``--quiet``, defaults from
``pyproject.toml`` and completion without a line of its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from labelkit.cli._answers import CommandAnswer, ResultStream, reader_may_leave, say, say_coloured
from labelkit.cli._common_options import (
    SWITCHED_OFF,
    add_once,
    add_twins,
    given_once,
    in_shared_words,
    leave_gold_to_run,
    refuse_empty_places,
    switched_off,
    twins_of,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from labelkit.cli._config import Config
    from labelkit.cli._logs import LogFormat


@dataclass
class Settings:
    """What the common options of one call say.

    Attributes
    ----------
    result : ResultStream or None
        Where the answer goes as JSON; None for text.
    log_format : {"text", "json"}
    quiet, debug, final : bool
    config : Config or None
        The file whose defaults were taken.
    context : click.Context or None
        The call of the command, once there is one.
    """

    result: ResultStream | None = None
    log_format: LogFormat = "text"
    quiet: bool = False
    debug: bool = False
    final: bool = False
    config: Config | None = None
    context: click.Context | None = None


def settings_of(context: click.Context) -> Settings:
    """Return the settings of this call."""
    settings = context.find_object(Settings)
    return Settings() if settings is None else settings


def _set(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what an option says, unless it stands before the command and was not given there again."""
    if parameter.name is not None and context.get_parameter_source(parameter.name) is not ParameterSource.DEFAULT:
        setattr(settings_of(context), parameter.name, value)


def _set_config(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's protocol
    """Take the defaults of a command from the file of the project."""
    if value:
        context.meta[__name__] = "no config"
    if isinstance(context.command, click.Group) or __name__ in context.meta:
        return
    from labelkit.cli._config import config_here, defaults_of  # noqa: PLC0415 - --help has to be quick
    from labelkit.exceptions import ConfigError  # noqa: PLC0415 - as above

    try:
        config = config_here()
        if config is not None:
            context.default_map = defaults_of(config, context)
            settings_of(context).config = config
    except ConfigError:
        if not context.resilient_parsing:  # the shell asks for completions
            raise


class _ConfigOption(click.Option):
    """``--no-config``, read before all else; then the arguments that are given are those without a default."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Take the defaults, and leave them in place where fewer arguments are given than there are."""
        if isinstance(opts, dict):
            given_once(ctx, opts)
            if not ctx.resilient_parsing:  # the shell asks for completions
                refuse_empty_places(ctx, opts)
        without = switched_off(ctx, opts) if isinstance(opts, dict) else ()
        ctx.meta[SWITCHED_OFF] = frozenset(without)
        handled = super().handle_parse_result(ctx, opts, args)
        if ctx.default_map:
            ctx.default_map = {name: value for name, value in ctx.default_map.items() if name not in without}
        arguments = [one for one in ctx.command.params if isinstance(one, click.Argument)]
        names = [one.name or "" for one in arguments]
        given = [opts[name] for name in names if isinstance(opts.get(name), str)]
        by_default = [name for name in names if name in (ctx.default_map or {})][: len(names) - len(given)]
        if given and by_default and all(one.nargs == 1 for one in arguments) and isinstance(opts, dict):
            for name in names:
                opts.pop(name, None)
            opts.update(zip([name for name in names if name not in by_default], given, strict=False))
        return handled


def common_options() -> list[click.Option]:
    """Make the options of every command, in the order of its help."""
    return [
        click.Option(["--json"], is_flag=True, expose_value=False, help="Print the result as one JSON document."),
        click.Option(
            ["--quiet"], is_flag=True, expose_value=False, callback=_set, help="Print nothing but warnings and errors."
        ),
        click.Option(
            ["--log-format"],
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            expose_value=False,
            callback=_set,
            help="How to write what is said on standard error.",
        ),
        _ConfigOption(
            ["--no-config"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set_config,
            help="Take no defaults from labelkit.toml or pyproject.toml; --no-gold and the like: none for one option.",
        ),
        click.Option(
            ["--final"],
            is_flag=True,
            expose_value=False,
            callback=_set,
            help="Read what labelkit.toml holds out, to measure at the end.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_set,
            help="Show a traceback when something fails.",
        ),
    ]


class CompletedText(click.types.StringParamType):
    """A text that the shell can complete, by the name of its parameter."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """List what begins as the user has typed."""
        from labelkit.cli._completion import completions  # noqa: PLC0415 - only the shell asks

        return completions(ctx, param, incomplete)


class _StrictCommand(click.Command):
    """A command of which a list shows the first sentence, whole, and that takes each option once."""

    def make_parser(self, ctx: click.Context) -> Any:
        """Make the parser, which keeps all values of an option, so that a second one is refused."""
        parser = super().make_parser(ctx)
        add_once(self, parser)
        return parser

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence, up to a colon."""
        del limit
        first = " ".join((self.help or "").split("\n\n")[0].split())
        return re.split(r"[.:;](?:\s|$)", first)[0] + "."


class ProgramCommand(_StrictCommand):
    """A command with the common options."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params = [*in_shared_words(self.params), *common_options()]
        for parameter in self.params:
            if type(parameter.type) is click.types.StringParamType:
                parameter.type = CompletedText()
            elif isinstance(parameter.type, click.Path):
                parameter.type.readable = False  # whoever opens it says what to do

    def make_parser(self, ctx: click.Context) -> Any:
        """Make the parser, which also takes ``--no-gold`` for a default of the file."""
        parser = super().make_parser(ctx)
        add_twins(self, parser)
        return parser

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a mistake in a default is one of the file, not of the call."""
        settings_of(ctx).context = ctx
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = None if error.param is None else error.param.name
            config = settings_of(ctx).config
            if config is None or name is None or ctx.get_parameter_source(name) is not ParameterSource.DEFAULT_MAP:
                raise
            from labelkit.cli._config import of_defaults  # noqa: PLC0415 - --help has to be quick

            raise of_defaults(error, config) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the command itself, and then those of every command."""
        common = {"--help", *(name for option in common_options() for name in option.opts)}
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        for title, is_common in (("Options", False), ("Options of every command", True)):
            listed = [one.get_help_record(ctx) for one in options if common.isdisjoint(one.opts) is not is_common]
            rows = [row for row in listed if row is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> int:
        """Call the function, and give its answer; returns the exit status."""
        from labelkit._shared.garbage import of_a_program  # noqa: PLC0415 - --help has to be quick
        from labelkit._shared.time_limit import may_exit  # noqa: PLC0415 - as above
        from labelkit._shared.user_code import UserCode  # noqa: PLC0415 - as above
        from labelkit.cli._held_out import refuse_held_out  # noqa: PLC0415 - as above
        from labelkit.cli._logs import logging_to_stderr  # noqa: PLC0415 - as above

        may_exit[0] = of_a_program[0] = True
        settings, spelled = settings_of(ctx), partial(shown_message, context=ctx)
        with ExitStack() as stack:
            stack.enter_context(logging_to_stderr(settings.log_format, spelled, quiet=settings.quiet))
            if settings.config is not None:
                leave_gold_to_run(ctx)
                settings.config.log_taken(ctx)
            refuse_held_out(ctx, settings.config, final=settings.final)
            with UserCode():  # the modules and functions of rules
                result = super().invoke(ctx)
            answer = CommandAnswer(lambda: "", dict) if result is None else CommandAnswer.of(result)
            give(answer, settings)
        return answer.status


class ProgramGroup(_StrictCommand, click.Group):
    """A group whose commands, and those of the groups in it, have the common options."""

    command_class = ProgramCommand
    group_class = type


def give(answer: CommandAnswer, settings: Settings) -> None:
    """Print an answer, as JSON if that was asked for."""
    if settings.result is not None:
        settings.result.write(answer.values())
    elif not settings.quiet and (text := answer.text()):
        with reader_may_leave(sys.stdout):
            (say_coloured if answer.coloured else say)(text)


_HINT: Final = re.compile(r"(Hint: )([^\n]*)")


def shown_message(message: str, context: click.Context | None = None) -> str:
    """Return a message with options as they are written here, and without secrets.

    A hint in it has no remedy that the command does not take.
    """
    from labelkit._shared.command_line import as_on_command_line  # noqa: PLC0415 - --help has to be quick
    from labelkit._shared.secrets import masked  # noqa: PLC0415 - as above

    takes = _options_of(context)
    spelled = as_on_command_line(message, takes or (), _names_in_python(context))
    if takes is not None and "Hint: " in spelled:
        spelled = _HINT.sub(lambda found: _taken(found[2], takes, found[1]), spelled).rstrip()
    return masked(spelled)


def shown_hint(hint: str, context: click.Context | None = None) -> str | None:
    """Return a hint as :func:`shown_message` does; None if the command takes none of its remedies."""
    return shown_message(f"Hint: {hint}", context).removeprefix("Hint: ") or None


def _taken(hint: str, takes: frozenset[str], before: str) -> str:
    from labelkit._shared.command_line import remedies_taken  # noqa: PLC0415 - --help has to be quick

    remedies = remedies_taken(hint, takes)
    return "" if remedies is None else before + remedies


def _options_of(context: click.Context | None) -> frozenset[str] | None:
    """Return all options that a command takes, by default the current one; None if none was called yet."""
    context = click.get_current_context(silent=True) if context is None else context
    if context is None or isinstance(context.command, click.Group):
        return None
    there = [text for one in context.command.params for text in (*one.opts, *one.secondary_opts)]
    return frozenset([*there, *context.help_option_names, *(twin for twin, _ in twins_of(context.command))])


def _names_in_python(context: click.Context | None) -> dict[str, str]:
    """Return the options of a command by the names of their parameters, which are those of Python's arguments."""
    context = click.get_current_context(silent=True) if context is None else context
    options = () if context is None else (one for one in context.command.params if isinstance(one, click.Option))
    return {(one.name or "").rstrip("_"): max(one.opts, key=len) for one in options}


def shown_rows(rows: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Return rows of a document in which the messages under these names are as :func:`shown_message` shows them."""
    return [
        {**row, **{name: None if row[name] is None else shown_message(row[name]) for name in names}} for row in rows
    ]


__all__ = [
    "ProgramCommand",
    "ProgramGroup",
    "Settings",
    "common_options",
    "give",
    "say",
    "settings_of",
    "shown_hint",
    "shown_message",
    "shown_rows",
]

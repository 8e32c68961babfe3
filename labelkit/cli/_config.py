"""Defaults from the file of a project: ``labelkit.toml``, or the table ``tool.labelkit`` of ``pyproject.toml``.

The file is looked for from the current folder upward, to the root of the repository (a folder with ``.git``) or of the
file system; the nearest one counts. A table bears the name of a command, and a key the name of an argument or of an
option without its dashes; what means the same in all commands may stand above the tables. Paths are relative to the
file. The command line wins.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from labelkit._shared.events import log_event
from labelkit._shared.near_names import near_name
from labelkit._shared.project_file import ProjectFile, find_project_file
from labelkit._shared.secrets import masked
from labelkit._shared.written_lists import as_entry
from labelkit._shared.written_pairs import as_pair
from labelkit.cli._common_options import NEVER, OwnOption, SharedOption, is_place, option_name, twins_of
from labelkit.cli._completion import FILES, takes_list
from labelkit.exceptions import ConfigError

GENERAL_ARGUMENTS: Final = frozenset({"rules", "corpus", "folder"})
"""Arguments that mean the same in all commands."""

GENERAL_OPTIONS: Final = frozenset(
    {
        *("id", "labels", "gold", "workers", "engine", "isolate", "batch-size", "on-fault", "max-faults"),
        *("time-limit", "on-bad-row", "no-cache", "random-state", "delimiter", "encoding", "map", "sheet", "map-label"),
        "skip-rows",
        *("select", "exclude", "class-prior", "gold-encoding"),
        *("quiet", "log-format", "debug"),
    }
)
"""Options that do."""

LONGEST_VALUE: Final = 60
"""Signs of a default that are shown; of a longer list, its first entry."""

HELD_OUT: Final = "heldout"
"""The key of the file alone: what no command reads (:mod:`labelkit.cli._held_out`)."""


class Config(ProjectFile):
    """The file of a project, with what commands take from it."""

    @property
    def held_out(self) -> tuple[str, ...]:
        """The files and folders that are held out, from the current folder.

        Raises
        ------
        ConfigError
            If it is neither a text nor a list of texts.
        """
        given = self.values.get(HELD_OUT, [])
        names = [given] if isinstance(given, str) else given
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            shown = masked(f"{HELD_OUT} = {given!r}")
            raise ConfigError(f"{self.shown_path}: {shown}, and it takes a file, or a list of files")
        folder = Path(os.path.relpath(self.path.parent))
        return tuple(name if "://" in name else str(folder / name) for name in names)

    def log_taken(self, context: click.Context) -> None:
        """Log which defaults a command took."""
        names = [*_named_parameters(context.command)]
        taken = {
            name: context.params.get(parameter.name or "", _shown_of(self, context, name))
            for name, parameter in names
            if parameter.name and context.get_parameter_source(parameter.name) is ParameterSource.DEFAULT_MAP
        }
        if taken:
            shown = ", ".join(f"{name} = {_shortened(value)}" for name, value in taken.items())
            text = masked(f"defaults of {self.shown_path}: {shown}")
            values = {name: masked(f"{name}={_shown(value)}").partition("=")[2] for name, value in taken.items()}
            log_event("config", text, file=self.shown_path, defaults=values)


def _shown_of(config: Config, context: click.Context, name: str) -> Any:
    """Return the value of a common option, which is no parameter of the function."""
    defaults = context.default_map or {}
    return defaults.get(name.replace("-", "_"), config.values.get(name))


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _shortened(value: Any) -> str:
    """Return a value for people: of a long list, the first entry and how many there are.

    >>> _shortened(("junk=SPAM", "fine=HAM")), _shortened([f"answer {i}=HAM" for i in range(40)])
    ('junk=SPAM fine=HAM', 'answer 0=HAM ... (40 entries)')
    """
    shown = _shown(value)
    entries = value if isinstance(value, tuple | list) and len(value) > 1 else shown.split(",")
    return shown if len(shown) <= LONGEST_VALUE or len(entries) == 1 else f"{entries[0]} ... ({len(entries)} entries)"


# The file -------------------------------------------------------------------------------------------------------------


def config_here() -> Config | None:
    """Find the file of the project that the current folder is of.

    Raises
    ------
    ConfigError
        If it is no TOML, or a folder has two.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody has removed it
        return None
    file = find_project_file(here)
    return None if file is None else Config(file.path, file.values, file.root)


# What it says ---------------------------------------------------------------------------------------------------------


def defaults_of(config: Config, context: click.Context) -> dict[str, Any]:
    """Return the defaults of a command by the names of its parameters; the whole file is checked.

    Raises
    ------
    ConfigError
        If the file has a key that no command has, or a value of another type; it names file and key.
    """
    root = context.find_root()
    path = _path_of(context)
    defaults: dict[str, Any] = {}
    _ = config.held_out  # checks it
    without: set[str] = set()
    values = {key: value for key, value in config.values.items() if key != HELD_OUT}
    for names, command, table in _tables(config, values, root.command, ()):
        general = not names
        for key, value in table.items():
            if names and (switched := _switched_off(config, names, key, command, value)) is not None:
                without |= {switched.name or ""} if names == path else set()
                continue
            for parameter in _of_key(config, names, key, root.command if general else command):
                given = _value(config, names, key, parameter, value)
                if names == path:
                    defaults[parameter.name or ""] = given
                elif general and any(parameter is one for one in context.command.params):
                    defaults.setdefault(parameter.name or "", given)
    return {name: value for name, value in defaults.items() if name not in without}


def _switched_off(
    config: Config, names: tuple[str, ...], key: str, command: click.Command, value: Any
) -> click.Option | None:
    """Return the option whose default above the tables a table switches off: ``no-gold = true``.

    Raises
    ------
    ConfigError
        If the table gives the option a value, too.
    """
    twins = {twin.removeprefix("--"): option for twin, option in twins_of(command) if not option.is_flag}
    option = twins.get(_normal(key))
    if option is None or value is not True:
        return None
    table = config.values
    for name in names:
        table = table[name]
    given = [one for one in table if _normal(one) == option_name(option)]
    if given:
        raise ConfigError(
            f"{config.table(names)} in {config.shown_path}: {key!r} switches off what {given[0]!r} gives",
            hint="keep one of them",
            code="LK612",
        )
    return option


def _path_of(context: click.Context) -> tuple[str, ...]:
    """Return the names of a command below the program: ``("cache", "info")``."""
    path: list[str] = []
    while context.parent is not None:
        path.insert(0, context.info_name or "")
        context = context.parent
    return tuple(path)


def _tables(
    config: Config, table: Mapping[str, Any], command: click.Command, names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command, Mapping[str, Any]]]:
    """Yield the keys of each table with the command that it is of; the tables of commands first."""
    keys = {}
    for key, value in table.items():
        below = command.commands.get(key) if isinstance(command, click.Group) else None
        if below is not None and isinstance(value, dict):
            yield from _tables(config, value, below, (*names, key))
        elif below is not None and not (names == () and _normal(key) in GENERAL_OPTIONS):
            place = config.table([*names, key])
            raise ConfigError(f"{config.shown_path}: {key!r} is a command, and takes a table", hint=f"{place}")
        else:
            keys[key] = value
    yield names, command, keys


def _of_key(config: Config, names: tuple[str, ...], key: str, command: click.Command) -> list[click.Parameter]:
    """Find the parameters that a key gives a default."""
    if names:
        there = dict(_named_parameters(command))
        if _normal(key) in there:
            return [there[_normal(key)]]
        flags = {name for name, one in there.items() if isinstance(one, click.Option) and one.is_flag}
        groups = command.commands if isinstance(command, click.Group) else ()
        raise _no_such_key(config, names, key, [*there, *groups], flags)
    assert isinstance(command, click.Group)
    everywhere = [(*one, names) for names, each in _commands(command) for one in _named_parameters(each)]
    general = [parameter for name, parameter, _ in everywhere if name == _normal(key) and _is_general(name, parameter)]
    if general:
        return general
    tables = [config.table(of) for name, _, of in everywhere if name == _normal(key)]
    if tables:
        raise ConfigError(
            f"{config.shown_path}: {key!r} means another thing in each command",
            hint=f"put it into {', '.join(sorted(tables, key=lambda table: 'run' not in table)[:4])}",
        )
    there_too = {name: parameter for name, parameter, _ in everywhere if _is_general(name, parameter)}
    flags = {name for name, one in there_too.items() if isinstance(one, click.Option) and one.is_flag}
    raise _no_such_key(config, names, key, [HELD_OUT, *sorted(there_too), *command.commands], flags)


def _is_general(name: str, parameter: click.Parameter) -> bool:
    if isinstance(parameter, OwnOption):
        return False
    if isinstance(parameter, SharedOption):
        return name in GENERAL_ARGUMENTS
    return name in (GENERAL_ARGUMENTS if isinstance(parameter, click.Argument) else GENERAL_OPTIONS)


def _no_such_key(
    config: Config, names: tuple[str, ...], key: str, there: Sequence[str], flags: Collection[str]
) -> ConfigError:
    place = f"{config.table(names)} in {config.shown_path}" if names or config.root else config.shown_path
    close = near_name(_normal(key), there)
    flag = f"--no-{_normal(key)}" if f"no-{_normal(key)}" in there else None
    name = _normal(key).removeprefix("no-")
    if name in there and name in flags:
        hint = f"write {name} = false"
    elif name in there:
        hint = _to_switch_off(name, general=not names)
    elif close or flag:
        hint = f"did you mean {close if flag is None else flag.removeprefix('--')!r}?"
    else:
        hint = f"there are {', '.join(sorted(there))}"
    return ConfigError(f"{place} has a key {key!r}, which is no argument or option", hint=hint, code="LK611")


def _to_switch_off(name: str, *, general: bool) -> str:
    """Say how the default of an option is switched off, above the tables or in one."""
    if general:
        return f"leave {name} out here; no-{name} = true in the table of a command, such as [check], takes none there"
    return f"no-{name} = true takes no default"


def _normal(key: str) -> str:
    return key.strip("-").replace("_", "-")


def _commands(group: click.Group, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*names, name))
        else:
            yield (*names, name), command


def _named_parameters(command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
    """Yield the parameters of a command by their names in the file."""
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            name = (parameter.name or "").rstrip("_").replace("_", "-")
        else:
            name = option_name(parameter)
        if name not in NEVER:
            yield name, parameter


def of_defaults(error: click.BadParameter, config: Config) -> ConfigError:
    """Return the error for a default that its option refuses, such as a number out of range."""
    name = "" if error.param is None or error.ctx is None else _key_of(error.ctx.command, error.param)
    return ConfigError(
        f"{config.shown_path}: {name}: {error.message}", hint="--no-config takes no defaults from it", code="LK612"
    )


def _key_of(command: click.Command, parameter: click.Parameter) -> str:
    return next((name for name, one in _named_parameters(command) if one is parameter), parameter.name or "")


# Values ---------------------------------------------------------------------------------------------------------------


def _value(config: Config, names: Sequence[str], key: str, parameter: click.Parameter, value: Any) -> Any:
    """Return the value of a parameter as the command line would give it."""
    takes = _wrong(parameter, value)
    if takes is not None:
        place = f"{config.table(names)} in {config.shown_path}" if names or config.root else config.shown_path
        shown = masked(f"{key} = {value!r}")
        raise ConfigError(
            f"{place}: {shown}, and it takes {takes}",
            hint=_hint(parameter, value, key, general=not names),
            code="LK612",
        )
    if _takes_several(parameter):
        if takes_list(parameter) and isinstance(value, dict):
            return [as_pair(name, str(one)) for name, one in value.items()]
        if takes_list(parameter) and not isinstance(value, str):
            return [as_entry(str(one)) for one in value]
        several = [f"{name}={one}" for name, one in value.items()] if isinstance(value, dict) else value
        return [_placed(config, parameter, str(one)) for one in ([several] if isinstance(several, str) else several)]
    return _placed(config, parameter, value) if isinstance(value, str) else value


def _wrong(parameter: click.Parameter, value: Any) -> str | None:
    """Return what a parameter takes, if the value is not of that type."""
    kind, takes = parameter.type, None
    if is_place(parameter) and "" in (value if isinstance(value, list) else [value]):
        return "a file or a folder, not an empty text"
    if isinstance(parameter, click.Option) and parameter.is_flag:
        takes = None if isinstance(value, bool) else "true or false"
    elif _takes_several(parameter):
        many = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        fits = all(
            isinstance(one, str) or (isinstance(value, dict) and not isinstance(one, dict | list)) for one in many
        )
        takes = None if fits else "a list of texts"
    elif isinstance(kind, click.types.IntParamType):
        takes = None if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    elif isinstance(kind, click.types.FloatParamType):
        takes = None if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
    elif isinstance(kind, click.Choice):
        choices = list(map(str, kind.choices))
        takes = None if isinstance(value, str) and value in choices else f"one of {', '.join(map(repr, choices))}"
    elif takes_list(parameter) and isinstance(value, list):
        takes = None if all(isinstance(one, str) for one in value) else "a list of texts"
    else:
        takes = None if isinstance(value, str) else "a text"
    return takes


def _takes_several(parameter: click.Parameter) -> bool:
    return parameter.multiple or parameter.nargs == -1


def _hint(parameter: click.Parameter, value: Any, key: str, *, general: bool) -> str | None:
    if value is False and isinstance(parameter, click.Option) and (general or not parameter.required):
        return _to_switch_off(_normal(key), general=general)
    if isinstance(parameter.type, click.Choice):
        close = difflib.get_close_matches(str(value).lower(), list(map(str, parameter.type.choices)), n=1)
        return f'did you mean {key} = "{close[0]}"?' if close else None
    if isinstance(value, str) and isinstance(parameter.type, click.types.IntParamType | click.types.FloatParamType):
        return f"{key} = {value}, without quotes" if value.replace(".", "", 1).isdigit() else None
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return f"{key} = {value.lower()}, without quotes"
    return f'{key} = "{value}", with quotes' if isinstance(value, int | float) and not isinstance(value, bool) else None


def _placed(config: Config, parameter: click.Parameter, value: str) -> str:
    """Return a path as it is from the current folder; a name, a URL and ``-`` stay as they are."""
    is_path = isinstance(parameter.type, click.Path)
    if "://" in value or value == "-" or not (is_path or parameter.name in FILES):
        return value
    folder = Path(os.path.relpath(config.path.parent))
    looks_like_path = "/" in value or value.endswith(".py") or (folder / value).exists()
    return str(folder / value) if is_path or parameter.name == "corpus" or looks_like_path else value

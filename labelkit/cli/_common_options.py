"""Options that several commands share: their words, their order, and what their texts mean."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from labelkit._shared.written_lists import entries_written, names_written, parts_written

if TYPE_CHECKING:
    from labelkit.rules.labeling_functions import LabelingFunctions
    from labelkit.runs.run_examples import RunExamples
    from labelkit.runs.run_folder import RunFolder

F = TypeVar("F", bound=Callable[..., Any])

WORDS: Final[dict[str, str | None]] = {
    "--corpus": "Where the corpus is now, if it has moved.",
    "--rules": "Where the rules are now, if they have moved.",
    "--id": "The column that names the examples (else: their positions).",
    "--gold": "Trusted labels: a column of the corpus, or a file of ids and labels.",
    "--gold-encoding": "Of a file of gold, such as cp1252 (else that of the corpus, or UTF-8).",
    "--map-label": None,
    "--labels": "The classes, where the rules do not say.",
    "--select": None,
    "--exclude": None,
    "--limit": None,
    "--sample": None,
    "--random-state": "The seed of what is drawn at random.",
    "--workers": "Threads or processes to use.",
    "--engine": "serial, thread, process, dask, spark, or tcp://HOST:PORT of Dask (else chosen by workers and rules).",
    "--master": "The address of Spark, for its engine: local[4], yarn, sc://HOST, ...",
    "--isolate": "Call the rules in processes: one that crashes is a fault.",
    "--batch-size": "Rows in memory at a time, for each worker.",
    "--on-fault": "When a rule fails on an example: stop, or keep a table of such faults.",
    "--max-faults": "With --on-fault record: stop when there are more.",
    "--time-limit": "For a rule and batch; 0: none.",
    "--on-bad-row": "When a row cannot be read: stop, or leave it out and keep it in a file.",
    "--no-cache": "Let every rule vote anew, and keep no votes.",
    "--force": "Replace what exists.",
}
"""In the order of help; options that are not among them stand before these. Commands give no text of their own to those
that have one here."""

_ORDER: Final = {name: place for place, name in enumerate(WORDS)}


def in_shared_words(parameters: list[click.Parameter]) -> list[click.Parameter]:
    """Return the parameters of a command in the order of help, those of several commands with their shared words."""
    for parameter in parameters:
        if (
            isinstance(parameter, click.Option)
            and parameter.opts[0] in WORDS
            and not isinstance(parameter, SharedOption)
        ):
            parameter.help = WORDS[parameter.opts[0]] or parameter.help
        if isinstance(parameter.type, click.types.IntParamType | click.types.FloatParamType):
            parameter.metavar = parameter.metavar or "N"
    return sorted(parameters, key=_place)


def _place(parameter: click.Parameter) -> int:
    return _ORDER.get(parameter.opts[0], -1) if isinstance(parameter, click.Option) else -1


def with_options(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Give a command several options, which its help lists in this order."""

    def decorated(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


with_rule_options = with_options(
    click.option("--labels", metavar="A,B,...", multiple=True),
    click.option(
        "--select",
        metavar="PATTERN,...",
        multiple=True,
        help="Use these rules alone: names, patterns such as 'link*', or group:NAME. May be given several times.",
    ),
    click.option("--exclude", metavar="PATTERN,...", multiple=True, help="Leave these rules out; as in --select."),
)


class OwnOption(click.Option):
    """An option that means another thing than it does in other commands: a default of all commands is not for it."""


class SharedOption(click.Option):
    """An option that means what the argument of its name does in all commands, and has words of its own.

    A default above the tables of the file of a project is for it.
    """


with_map_label = click.option(
    "--map-label",
    metavar="VALUE=CLASS,...",
    multiple=True,
    help="What the values of --gold mean, if not names of classes: junk=SPAM (unsure= for one without a class).",
)

with_gold_encoding = click.option("--gold-encoding", metavar="NAME")


def with_gold_meanings(command: F) -> F:
    """Give a command that has ``gold`` what reads it: ``map_label``, and an encoding, which ``gold`` then carries."""

    @wraps(command)
    def called(*arguments: Any, gold: str | None, gold_encoding: str | None, **options: Any) -> Any:
        return command(*arguments, gold=_encoded(gold, gold_encoding), **options)

    decorated: Any = with_map_label(called)
    return cast("F", with_gold_encoding(decorated))


def _encoded(gold: str | None, encoding: str | None) -> str | None:
    """Return a file of gold with its encoding; a column of the corpus has that of the corpus."""
    if encoding is None:
        return gold
    if gold is None:
        if is_default_of_project("gold_encoding"):
            return None
        raise click.UsageError("--gold-encoding is that of a file of gold: give --gold, too")
    from labelkit.corpus.reading import checked_reading  # noqa: PLC0415 - --help has to be quick
    from labelkit.corpus.text_file import EncodedPath  # noqa: PLC0415 - as above

    return EncodedPath.of(gold, checked_reading({"gold_encoding": encoding})["gold_encoding"] or encoding)


with_gold_options = with_options(
    click.option("--id", "id_", metavar="COLUMN"),
    click.option("--gold", metavar="COLUMN|FILE"),
    with_gold_encoding,
    with_map_label,
)


def check_free(out: Path, *, force: bool, corpus: Any = None) -> None:
    """Refuse to write over what exists without ``--force``, and over the files of a corpus with it, too.

    Raises
    ------
    ExportError
    """
    from labelkit._shared import files  # noqa: PLC0415 - --help has to be quick
    from labelkit.exceptions import ExportError  # noqa: PLC0415 - as above

    files.check_free(out, force=force, error=ExportError)
    given = [one for one in (corpus if isinstance(corpus, list) else [corpus]) if isinstance(one, Path)]
    files.check_not_read(out, given, error=ExportError)


def names_among(option: str, texts: Sequence[str], names_there: Callable[[], Any]) -> list[str]:
    """Return what an option names among names that there are, which may hold commas.

    Raises
    ------
    click.BadParameter
        If an entry is no name, and a name with a comma may be meant.
    """
    try:
        return names_written(texts, names_there)
    except ValueError as error:
        raise click.BadParameter(f"{option}: {error}") from None


def columns_of_run(folder: Path, corpus: Any = None) -> Sequence[str]:
    """Return the columns of the corpus of a run; none if it is not at hand."""
    from labelkit.runs.report.source import SourceRows  # noqa: PLC0415 - as above
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - --help has to be quick

    opened = SourceRows.of(RunFolder(folder).manifest, corpus).corpus
    return () if opened is None else opened.column_names


def columns_among(option: str, texts: Sequence[str], corpus: Any, reading: Mapping[str, Any]) -> list[str]:
    """Return the columns of a corpus that an option names; what is read once, such as standard input, is not opened."""

    def names_there() -> Sequence[str]:
        from labelkit.corpus import open_corpus  # noqa: PLC0415 - --help has to be quick

        is_path = isinstance(corpus, str | Path) and str(corpus) != "-"
        return open_corpus(corpus, **reading).column_names if is_path or isinstance(corpus, list) else ()

    return names_among(option, texts, names_there)


def label_meanings(texts: Sequence[str], *, gold: str | None) -> dict[str, str] | None:
    """Return the class by value of ``--map-label``; None if there is none."""
    if texts and gold is None:
        if is_default_of_project("map_label"):
            return None
        raise click.UsageError("--map-label says what the values of --gold mean: give --gold, too")
    from labelkit._shared.written_pairs import meanings_written  # noqa: PLC0415 - --help has to be quick

    try:
        return meanings_written(texts) or None
    except ValueError as error:
        raise click.BadParameter(f"--map-label {error}") from None


def is_default_of_project(*names: str) -> bool:
    """Return True if the parameters of these names that have a value have it from the file of the project.

    Such a value is for the commands and calls that can use it, and no reason to refuse the others.
    """
    context = click.get_current_context()
    sources = {context.get_parameter_source(name) for name in names if context.params.get(name)}
    return sources == {click.core.ParameterSource.DEFAULT_MAP}


def is_switched_off(name: str) -> bool:
    """Return True if the default of a parameter is switched off in this call: ``--no-map`` for ``rename``."""
    return name in click.get_current_context().meta.get(SWITCHED_OFF, ())


class GoldOfRun(click.Option):
    """``--gold`` of a command that judges a run by its own gold, unless another one is named in the call."""


with_gold_of_run = click.option("--gold", cls=GoldOfRun, metavar="COLUMN|FILE")


def leave_gold_to_run(context: click.Context) -> None:
    """Drop the project's default of gold, and of what its values mean, where a command judges a run by its own gold."""
    is_judge = any(isinstance(one, GoldOfRun) for one in context.command.params)
    if not is_judge or context.get_parameter_source("gold") is not click.core.ParameterSource.DEFAULT_MAP:
        return
    from labelkit._shared.events import log_event  # noqa: PLC0415 - --help has to be quick
    from labelkit._shared.secrets import masked  # noqa: PLC0415 - as above
    from labelkit.exceptions import LabelkitError  # noqa: PLC0415 - as above
    from labelkit.runs.run_corpus import is_gold_of  # noqa: PLC0415 - as above
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - as above

    try:
        manifest = RunFolder(context.params["folder"]).manifest
    except (LabelkitError, OSError):  # the command says so
        return
    gold_of_run = manifest.get("gold_file") or manifest.get("gold")
    if gold_of_run in (None, "given"):
        return
    default = context.params["gold"]
    for name, nothing in (("gold", None), ("map_label", ()), ("gold_encoding", None)):
        if context.get_parameter_source(name) is click.core.ParameterSource.DEFAULT_MAP:
            context.params[name] = nothing
            context.set_parameter_source(name, click.core.ParameterSource.DEFAULT)
    if not is_gold_of(manifest, default):
        other = f"--gold {shlex.quote(default)} takes the default of the project"
        text = f"judged by the gold of the run, {gold_of_run}: {other}"
        log_event("gold", masked(text), gold=gold_of_run, default=masked(default))


def examples_of_run(
    run: RunFolder, *, gold: str | None, map_label: Sequence[str], corpus: Path | None = None, rules: str | None = None
) -> RunExamples:
    """Return the examples of a run, judged by the gold that the options name."""
    from labelkit.runs.run_examples import RunExamples  # noqa: PLC0415 - --help has to be quick

    return RunExamples.of(
        run,
        corpus=corpus,
        rules=rules,
        gold=gold,
        map_label=label_meanings(map_label, gold=gold),
        without_gold=is_switched_off("gold"),
    )


def classes_named(labels: Sequence[str]) -> list[str] | None:
    """Return the names in ``--labels``; spaces around them do not count."""
    return [name.strip() for text in labels for name, _ in parts_written(text)] or None


def collected(rules: str, labels: Sequence[str], select: Sequence[str], exclude: Sequence[str]) -> LabelingFunctions:
    """Collect the rules of RULES that ``--select`` and ``--exclude`` leave."""
    from labelkit.rules.collect import collect  # noqa: PLC0415 - --help has to be quick

    for option, given in (("--select", select), ("--exclude", exclude)):
        if given and not entries_written(given):
            raise click.BadParameter(f"{option} names no rule; leave it out for all of them")
    lfs = collect(rules, labels=classes_named(labels))
    selected, excluded = (
        [name for text in given for name in ([text] if text in lfs.names else entries_written([text]))]
        for given in (select, exclude)
    )
    return lfs.select(*selected).exclude(*excluded)


# One default of the project's file is switched off: --no-gold for its gold, --cache for no-cache = true. Every option
# that the file may set has such a twin. The parser reads it, and it is no parameter, so that help, keys and completion
# stay as they are.

SWITCHED_OFF: Final = "labelkit.switched_off"
"""Where the parser, and then the context of the call, keeps the names of parameters; no parameter is called so."""


PLACES: Final = frozenset({"corpus", "gold", "rules", "model", "examples", "guidelines", "edges"})
"""Options that name files, among others; :func:`refuse_empty_places` looks at them, too."""

NEVER: Final = frozenset({"json", "no-config", "final", "help", "version"})
"""Options of the command line alone."""


def option_name(option: click.Parameter) -> str:
    """Return the name of an option in the file of a project."""
    return max(option.opts, key=len).removeprefix("--")


def add_twins(command: click.Command, parser: Any) -> None:
    """Let a parser of Click take the options that switch off defaults."""
    for twin, option in twins_of(command):
        parser.add_option(obj=option, opts=[twin], dest=SWITCHED_OFF, action="append_const", const=option.name)


def given_once(context: click.Context, given: MutableMapping[str, Any]) -> None:
    """Replace the lists of values that the parser has read by the one value of each option that takes one.

    Raises
    ------
    click.UsageError
        If such an option is given twice.
    """
    for option in _taken_once(context.command):
        values = given.get(option.name or "")
        if not isinstance(values, list):
            continue
        if len(values) > 1 and not context.resilient_parsing:  # the shell asks for completions
            times = "twice" if len(values) == 2 else f"{len(values)} times"
            raise click.UsageError(f"{option.opts[0]} is given {times}, and takes one value", context)
        given[option.name or ""] = values[-1]


def is_place(parameter: click.Parameter) -> bool:
    """Tell if a parameter is an argument, or names a file or a folder."""
    of_file = isinstance(parameter, click.Argument) or isinstance(parameter.type, click.Path)
    return of_file or parameter.name in PLACES


def refuse_empty_places(context: click.Context, given: Mapping[str, Any]) -> None:
    """Refuse an empty text as an argument or a place, which a variable of the shell that is not set leaves.

    As a path, it would be the current folder.

    Raises
    ------
    click.UsageError
    """
    for parameter in context.command.params:
        values = given.get(parameter.name or "")
        if is_place(parameter) and "" in (values if isinstance(values, list | tuple) else [values]):
            name = parameter.human_readable_name if isinstance(parameter, click.Argument) else parameter.opts[0]
            raise click.UsageError(f"{name} is an empty text: a variable of the shell may not be set", context)


def add_once(command: click.Command, parser: Any) -> None:
    """Let a parser of Click keep all values of options that take one, of which it keeps the last."""
    for option in _taken_once(command):
        parser.add_option(obj=option, opts=option.opts, dest=option.name, action="append", nargs=option.nargs)


def _taken_once(command: click.Command) -> Iterator[click.Option]:
    options = (one for one in command.params if isinstance(one, click.Option))
    return (one for one in options if not (one.multiple or one.is_flag or one.count))


def switched_off(context: click.Context, given: MutableMapping[str, Any]) -> Sequence[str]:
    """Take what was switched off out of what the parser has read; returns the names of parameters.

    Raises
    ------
    click.UsageError
        If an option is given and switched off.
    """
    names: list[str] = given.pop(SWITCHED_OFF, None) or []
    for twin, option in twins_of(context.command):
        if option.name in names and given.get(option.name or "") not in (None, ()):
            raise click.UsageError(f"{option.opts[0]} and {twin} are given: leave one of them out", context)
    return names


def twins_of(command: click.Command) -> Iterator[tuple[str, click.Option]]:
    """Yield the options of a command that a file may set, with the name that switches each off."""
    named = [(option_name(one), one) for one in command.params if isinstance(one, click.Option)]
    options = [(name, one) for name, one in named if name not in NEVER and not one.required]
    there = {text for one in command.params for text in (*one.opts, *one.secondary_opts)}
    for name, option in options:
        twin = f"--{name.removeprefix('no-')}" if name.startswith("no-") else f"--no-{name}"
        if twin not in there:
            yield twin, option

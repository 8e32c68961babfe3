"""Spell the options of messages as the command line does, where that is where the user stands.

Messages are written in the spelling of Python; a remedy that only Python has is their last, "or give" an expression.

>>> print(as_on_command_line('on_bad_row="reject" leaves such rows out; or pass labels=["HAM", "SPAM"]'))
--on-bad-row reject leaves such rows out; or pass --labels HAM,SPAM
>>> print(as_on_command_line("name the ids: id='key' (--id key); save it as CSV, or give pandas.read_excel(path)"))
name the ids: --id key; save it as CSV

A remedy that the command at hand does not take is none: :func:`remedies_taken`.
"""

from __future__ import annotations

import re
import shlex
from ast import literal_eval
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

_OPTIONS: Final = (
    "on_bad_row|on_fault|max_faults|id|gold|labels|workers|engine|batch_size|force|random_state|time_limit|isolate"
    "|format|delimiter|encoding|gold_encoding|sheet|skip_rows|default_label|min_confidence|unlabeled|rules|corpus|include|alpha|at_least"
    "|teach|update|keep_model|limit|sample|map_label|between|wrong|method|by|weights|allocation|ids|n|out|double|port"
    "|text_columns|max_error|expected_error|write|rows|dialect|table|strict"
)
"""Options that functions and commands share."""

_NUMBER: Final = r"(?:nan|-?inf)\b|-?\d+(?:\.\d+)?\b"
_TUPLE: Final = r"""\((?:(?:'[^']*'|"[^"]*"),? ?)+\)"""
_VALUE: Final = rf""""[^"]*"|'[^']*'|\[[^\]{{}}]*\]|{_TUPLE}|\{{[^{{}}]*\}}|\.\.\.|True\b|{_NUMBER}|(?=[\s,;:)]|$)"""
_TWICE: Final = re.compile(r"(--[\w-]+)(?: [^\s()]+)? \((\1(?: [^()]+)?)\)")
_PYTHON_ONLY: Final = re.compile(r"(?:[,;] )?or (?:give [A-Za-z_]+[.(]|types=)[^;\n]*")
_FRAMES_ONLY: Final = re.compile(
    r" \(df\.\w+\([^()]*\)\)|: df\[[^\]]*\]\.astype\(str\)|: read both as text, read_csv\(\.\.\., dtype=str\)"
    r"|: answers[.\[][^;\n]*"
)
"""What is done to a frame before it is given: commands read files."""
_OF_FILES: Final = {
    ": votes.T (of lists, numpy.transpose(votes)); if not, give LabelMatrix.of(votes, names=[...])": (
        " the table, so that it has a row for each example; if not, name its columns by their rules"
    ),
}
"""What is done to an object in memory, and what is done to the file that a command reads."""
_ZEROS: Final = re.compile(r"but for leading zeros: read both as text, read_csv\([^()]*\)")

_LITERAL: Final = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
"""A text of Python, which a name with an apostrophe is written as, too."""

_PAIR: Final = rf"rename=\{{({_LITERAL}): ({_LITERAL})\}}"
_RENAME: Final = re.compile(
    rf"(?:(?:lk|labelkit)\.)?open_corpus\([^()]*?, {_PAIR}(?:, types=\{{[^{{}}]*\}})?\)|{_PAIR}"
)
_CLAUSE: Final = re.compile(r"(; (?:or )?|, or )")
_FLAG: Final = re.compile(r"(?<![\w-])--[a-z][\w-]*")
_TEXT: Final = re.compile(r"""["']([^"']*)["']""")
_NUMBERS: Final = re.compile(r"\[-?\d+(?:, -?\d+)*\]")


_COMMANDS: Final = {
    "lk.suggest(matrix, corpus)": "labelkit suggest {run}",
    "lk.suspicious_gold(matrix, gold, proba)": "labelkit view {run} --wrong",
    "lk.what_to_fix(run.patterns())": "labelkit fix {run}",
    "model.fit(matrix, gold=gold)": "labelkit run RULES CORPUS --gold GOLD --out {run} --update --teach",
}
"""Functions that advice about a run names, and the command that does the same."""


TEACHING: Final = "model.fit(matrix, gold=gold)"
"""The function whose command depends on how the run was made."""


def as_commands(advice: str, run: str, teach: str | None = None) -> str:
    """Return advice about a run with commands in place of the functions of Python.

    Parameters
    ----------
    advice, run : str
    teach : str, optional
        The whole command by which gold teaches the label model of the run, if it is known.

    Examples
    --------
    >>> as_commands("lk.suggest(matrix, corpus) proposes rules for them.", "runs/first")
    '`labelkit suggest runs/first` proposes rules for them.'
    """
    for function, command in _COMMANDS.items():
        whole = teach if function == TEACHING and teach is not None else command.format(run=shlex.quote(run))
        advice = advice.replace(function, f"`{whole}`")
    return advice


def as_both(advice: str, teach: str | None = None, run: str = "RUN") -> str:
    """Return advice that is read by users of the command line and of Python; ``teach`` as in :func:`as_commands`.

    >>> as_both("lk.suggest(matrix, corpus) proposes rules for them.")
    '`labelkit suggest RUN` (in Python lk.suggest(matrix, corpus)) proposes rules for them.'
    """
    for function, command in _COMMANDS.items():
        whole = teach if function == TEACHING and teach is not None else command.format(run=shlex.quote(run))
        advice = advice.replace(function, f"`{whole}` (in Python {function})")
    return advice


def as_on_command_line(message: str, takes: Collection[str] = (), names: Mapping[str, str] | None = None) -> str:
    """Return a message with options in the spelling of the command line, without remedies of Python alone.

    Parameters
    ----------
    message : str
    takes : collection of str
        The options of the command at hand, which it spells beside those that functions and commands share.
    names : mapping of str to str, optional
        The options by the arguments of Python that they give, where their names differ: ``{"quotas": "--quota"}``.

    Examples
    --------
    >>> as_on_command_line("lk.open_corpus(corpus, rename={'part': 'Part of town'}) reads it; or max_words=3")
    "--map part='Part of town' reads it; or max_words=3"
    >>> as_on_command_line("max_words=3", takes={"--max-words"})
    '--max-words 3'
    >>> as_on_command_line("quotas= is of 3 examples, and n=20", {"--n"}, {"quotas": "--quota"})
    '--quota is of 3 examples, and --n 20'
    """
    flags = {flag.removeprefix("--").replace("-", "_"): flag for flag in takes if flag.startswith("--")}
    flags |= names or {}
    message = _FRAMES_ONLY.sub(
        "", _ZEROS.sub("but for leading zeros, which spreadsheets drop", _PYTHON_ONLY.sub("", message))
    )
    for of_object, of_file in _OF_FILES.items():
        message = message.replace(of_object, of_file)
    message = _RENAME.sub(_mapped, message)
    return _TWICE.sub(r"\2", _options(frozenset(flags)).sub(lambda match: _spelled(match, flags), message))


def remedies_taken(hint: str, takes: Collection[str]) -> str | None:
    """Leave out of a hint the remedies by options that a command does not take; None if none is left.

    A remedy that names another command, or stands in backticks, stays.

    Examples
    --------
    >>> remedies_taken("write the names of the classes; --map-label VALUE=CLASS says what others mean", {"--gold"})
    'write the names of the classes'
    >>> remedies_taken("labelkit run --update makes it anew", {"--gold"})
    'labelkit run --update makes it anew'
    """
    clauses = _CLAUSE.split(hint)
    kept: list[str] = []
    for place in range(0, len(clauses), 2):
        clause = clauses[place]
        of_others = "labelkit " in clause or "`" in clause
        if of_others or all(flag in takes for flag in _FLAG.findall(clause)):
            kept += [clauses[place - 1], clause] if kept else [clause]
    return "".join(kept) or None


@lru_cache
def _options(names: frozenset[str]) -> re.Pattern[str]:
    """Compile what finds the options in messages: those that are shared, and more."""
    listed = "|".join([_OPTIONS, *sorted(map(re.escape, names))])
    return re.compile(rf"(?<![\w.(])({listed})=({_VALUE})")


def _mapped(match: re.Match[str]) -> str:
    new, old = (literal_eval(text) for text in match.groups() if text is not None)
    return f"--map {shlex.quote(new)}={shlex.quote(old)}"


def _spelled(match: re.Match[str], flags: Mapping[str, str]) -> str:
    value = match[2]
    flag = flags.get(match[1], "--" + match[1].replace("_", "-"))
    if value in {"", "True"}:
        return flag
    if value.startswith(("[", "(")):
        numbers = value[1:-1].replace(" ", "") if _NUMBERS.fullmatch(value) else None
        return f"{flag} {','.join(_TEXT.findall(value)) or numbers or 'A,B,...'}"
    if value.startswith("{"):
        return f"{flag} {'NAME=COLUMN' if flag == '--map' else 'VALUE=CLASS'}"
    is_text = value.startswith(('"', "'"))
    return f"{flag} {shlex.quote(value[1:-1]) if is_text else value}"

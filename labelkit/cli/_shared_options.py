"""The words and the order of the options that several commands have, so that they read the same everywhere."""

from __future__ import annotations

from typing import Final

import click

WORDS: Final = {
    "--corpus": "Where the corpus is now, if it has moved.",
    "--rules": "Where the rules are now, if they have moved.",
    "--id": "The column that names the examples (else: their positions).",
    "--gold": "Trusted labels: a column of the corpus, or a file of ids and labels.",
    "--labels": "The classes, where the rules do not say.",
    "--workers": "Threads or processes to use.",
    "--engine": "serial, thread or process (else chosen by workers and rules).",
    "--isolate": "Call the rules in processes: one that crashes is a fault.",
    "--batch-size": "Rows in memory at a time, for each worker.",
    "--on-fault": "When a rule fails on an example: stop, or keep a table of such faults.",
    "--max-faults": "With --on-fault record: stop when there are more.",
    "--time-limit": "For a rule and batch; 0: none.",
    "--on-bad-row": "When a row cannot be read: stop, or leave it out and keep it in a file.",
    "--no-cache": "Let every rule vote anew, and keep no votes.",
    "--random-state": "The seed of what is drawn at random.",
    "--force": "Replace what exists.",
}
"""In the order of help; options that are not among them stand before these. Commands give them no text of their own."""

_ORDER: Final = {name: place for place, name in enumerate(WORDS)}


def in_shared_words(parameters: list[click.Parameter]) -> list[click.Parameter]:
    """Return the parameters of a command in the order of help, those of several commands with their shared words."""
    for parameter in parameters:
        if isinstance(parameter, click.Option) and parameter.opts[0] in WORDS:
            parameter.help = WORDS[parameter.opts[0]]
        if isinstance(parameter.type, click.types.IntParamType | click.types.FloatParamType):
            parameter.metavar = parameter.metavar or "N"
    return sorted(parameters, key=_place)


def _place(parameter: click.Parameter) -> int:
    return _ORDER.get(parameter.opts[0], -1) if isinstance(parameter, click.Option) else -1

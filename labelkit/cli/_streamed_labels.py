"""Write the labels of ``labelkit predict --out -`` to standard output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from labelkit.cli._answers import CommandAnswer, ResultStream, say
from labelkit.cli._command import settings_of


def streamed(predict: Callable[[Path], Any], suffix: str) -> CommandAnswer:
    """Label to a file of this call, and copy it to standard output when it is whole: half of the labels is none.

    What the rules print goes to standard error, as with ``--json``, and so do the counts.

    Parameters
    ----------
    predict : callable
        Writes the labels to a file, and returns the :class:`~labelkit.bundles.predict.Predictions`.
    suffix : str
        Of the file, which tells its format.
    """
    from labelkit._shared.scratch import scratch_folder  # noqa: PLC0415 - --help has to be quick

    settings = settings_of(click.get_current_context())
    if settings.result is not None:
        raise click.UsageError(
            "--json and --out - both write to standard output: give --out a file, or leave --json out"
        )
    with scratch_folder() as folder, ResultStream() as stream:
        file = folder / f"labels{suffix}"
        predictions = predict(file)
        stream.copy(file)
        if not settings.quiet:
            say(predictions.described(to="standard output"), err=True)
    return CommandAnswer(lambda: "", dict)

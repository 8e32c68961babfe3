"""Keep what ``labelkit.toml`` holds out from whoever writes rules: no command reads it without ``--final``.

``heldout`` names files, or folders of them: gold by which labels are measured at the end, with or without the texts. A
command is refused that is given one of them, a copy of it, a folder or a pattern with it as its corpus, or a run that
was made with it. What Python reads, or a person opens, no command can see.
"""

from __future__ import annotations

import filecmp
import glob
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from labelkit._shared.events import log_event
from labelkit.cli._config import Config, config_here
from labelkit.exceptions import ConfigError, GoldError, LabelkitError

_WRITTEN: Final = frozenset({"out", "to"})
"""Parameters that name what a command writes."""


def refuse_held_out(context: click.Context, config: Config | None, *, final: bool) -> None:
    """Refuse a command that would read what is held out; with ``--final``, log that it is read.

    Raises
    ------
    GoldError
    """
    if config is None:  # --no-config takes no defaults, and lets nothing be read
        with suppress(ConfigError):
            config = config_here()
    held_out = () if config is None else config.held_out
    if config is None or not held_out:
        return
    read = [place for place in _places(context) if any(place.reads(kept) for kept in held_out)]
    if not read:
        return
    if not final:
        first = read[0]
        raise GoldError(
            f"{first} is held out by {config.shown_path}, or has such a file in it: who writes rules does not read it",
            hint="judge rules by other gold; --final reads it, for a person's last measurement",
        )
    names = list(dict.fromkeys(place.path for place in read))
    log_event("final", f"held out, and read with --final: {', '.join(map(repr, names))}", files=names)


@dataclass(frozen=True)
class _InputPlace:
    """What a command is given, or what a run that it is given was made of.

    Parameters
    ----------
    path : str
    is_corpus : bool
        Whether all files in a folder are read.
    run : str, optional
    """

    path: str
    is_corpus: bool
    run: str | None = None

    def __str__(self) -> str:
        return repr(self.path) if self.run is None else f"{self.path!r}, which {self.run!r} was made of,"

    def reads(self, kept: str) -> bool:
        """Tell if that is what is held out, a part or a copy of it, or a folder of a corpus with it."""
        if "://" in self.path or "://" in kept:
            return self.path == kept
        try:
            here, there = Path(self.path).resolve(), Path(kept).resolve()
            if here.is_relative_to(there) or (self.is_corpus and there.is_relative_to(here)):
                return True
            return here.is_file() and there.is_file() and filecmp.cmp(here, there, shallow=False)
        except (OSError, ValueError):  # a text that is no path
            return False


def _places(context: click.Context) -> Iterator[_InputPlace]:
    """Yield what the arguments and options of a command name, and what its runs were made of."""
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.name in _WRITTEN or isinstance(value, bool | int | float) or value is None:
            continue
        for given in map(str, value if isinstance(value, tuple | list) else [value]):
            is_pattern = glob.has_magic(given)
            matched = glob.glob(given, recursive=True) if is_pattern else [given]  # noqa: PTH207 - absolute ones, too
            yield from (_InputPlace(one, parameter.name == "corpus") for one in sorted(matched))
            yield from _made_of(given)


def _made_of(run: str) -> Iterator[_InputPlace]:
    """Yield the corpus and the gold of a run; nothing for what is none."""
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - heavy, and asked where something is held out

    manifest: dict[str, Any] = {}
    with suppress(LabelkitError, OSError, ValueError):  # no run
        manifest = dict(RunFolder(Path(run)).manifest)
    corpus = manifest.get("corpus", {})
    files = [corpus.get("path"), *corpus.get("files", [])]
    yield from (_InputPlace(str(file), is_corpus=True, run=run) for file in files if file is not None)
    if manifest.get("gold_file") is not None:
        yield _InputPlace(manifest["gold_file"], is_corpus=False, run=run)

"""Keep what ``labelkit.toml`` holds out from whoever writes rules: no command reads it without ``--final``.

``heldout`` names files, or folders of them: gold on which labels are measured at the end, with or without the texts. A
command is refused that is given one of them, a copy of it, a folder or a pattern with it as its corpus, or a run that
was made with it. What Python reads, or a person opens, no command can see.
"""

from __future__ import annotations

import filecmp
import glob
from collections.abc import Iterator
from contextlib import suppress
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
    read = [place for place, is_corpus in _places(context) if any(_is(place, kept, is_corpus) for kept in held_out)]
    if not read:
        return
    names = ", ".join(map(repr, dict.fromkeys(read)))
    if not final:
        raise GoldError(
            f"{names} is held out by {config.shown_path}: who writes rules does not read it",
            hint="judge rules by other gold; --final reads it, for a person's last measurement",
        )
    log_event("final", f"held out, and read with --final: {names}", files=list(dict.fromkeys(read)))


def _places(context: click.Context) -> Iterator[tuple[str, bool]]:
    """Yield what the arguments and options of a command name, and what its runs were made of; whether as a corpus."""
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.name in _WRITTEN or isinstance(value, bool | int | float) or value is None:
            continue
        for place in map(str, value if isinstance(value, tuple | list) else [value]):
            matched = glob.glob(place, recursive=True) if glob.has_magic(place) else [place]  # noqa: PTH207 - absolute ones, too
            for one in sorted(matched):
                yield one, parameter.name == "corpus"
            yield from _made_of(place)


def _made_of(place: str) -> Iterator[tuple[str, bool]]:
    """Yield the corpus and the gold of a run; nothing for what is none."""
    from labelkit.runs.run_folder import RunFolder  # noqa: PLC0415 - heavy, and asked where something is held out

    manifest: dict[str, Any] = {}
    with suppress(LabelkitError, OSError, ValueError):  # no run
        manifest = dict(RunFolder(Path(place)).manifest)
    corpus = manifest.get("corpus", {})
    yield from ((str(file), True) for file in (corpus.get("path"), *corpus.get("files", [])) if file is not None)
    if manifest.get("gold_file") is not None:
        yield manifest["gold_file"], False


def _is(place: str, kept: str, is_corpus: bool) -> bool:  # noqa: FBT001 - what _places yields
    """Tell if a place is what is held out, a part or a copy of it, or a folder of corpora with it."""
    if "://" in place or "://" in kept:
        return place == kept
    try:
        here, there = Path(place).resolve(), Path(kept).resolve()
        if here.is_relative_to(there) or (is_corpus and there.is_relative_to(here)):
            return True
        return here.is_file() and there.is_file() and filecmp.cmp(here, there, shallow=False)
    except (OSError, ValueError):  # a text that is no path
        return False

"""The file that teaches a coding assistant to write rules, with the places of the project where it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

import click

from labelkit._shared.files import replaced
from labelkit.cli._answers import CommandAnswer
from labelkit.cli._command import settings_of
from labelkit.cli._config import HELD_OUT, Config, defaults_of
from labelkit.exceptions import ExportError

_FILE: Final = "SKILL.md"
_NAME: Final = re.compile(r"(?=.{1,64}\Z)[a-z0-9]+(-[a-z0-9]+)*")
"""A name of a skill, which is that of its folder (https://agentskills.io/specification)."""

_DESCRIPTION: Final = (
    "Write, test and improve labelkit labeling functions (weak supervision rules that label text or tables): sample "
    "rows, write rules, run labelkit check, run, fix, view, suggest and diff, and stop in time. Use when asked to "
    "label data by rules, to add or mend labeling functions, or to raise the coverage or accuracy of a labelkit run."
)

_STAND_INS: Final = {"rules": "RULES", "corpus": "CORPUS", "folder": "RUN", "gold": "GOLD"}
"""What stands for a place that the file of the project does not name."""

_NOT_HELD_OUT: Final = 'ask; `heldout = "FILE"` in labelkit.toml lets no command read it'

_PLACES: Final = {
    "rules": "Rules, which you edit",
    "corpus": "Corpus",
    "gold": "Development gold, by which rules may be judged, and whose rows may be read",
    "folder": "Run",
}

_CALLS: Final = {
    "sample": ("sample", "--n 40 --columns text --out rows.csv"),
    "check": ("check", ""),
    "run": ("run", ""),
    "fix": ("fix", ""),
    "view_uncovered": ("view", "--uncovered --n 30"),
    "view_wrong": ("view", "--wrong --n 30"),
    "view_conflicts": ("view", "--conflicts --n 30"),
    "suggest": ("suggest", ""),
    "update": ("run", "--update"),
}
"""The commands of the loop, without what stands in the file of the project."""


def write_skill(context: click.Context, path: Path, *, force: bool) -> CommandAnswer:
    """Write the file; to ``-``, answer with its text.

    Raises
    ------
    ExportError
        If it exists, and is not to be replaced.
    """
    text = _text(context)
    if str(path) == "-":
        return CommandAnswer.of({"path": None, "text": text}, text=text.rstrip("\n"))
    if path.name == _FILE:
        folder = path.resolve().parent.name
        name = folder if _NAME.fullmatch(folder) else "labelkit"
        text = f"---\nname: {name}\ndescription: >-\n  {_DESCRIPTION}\n---\n\n{text}"
    if path.exists() and not force:
        hint = f"--force replaces it; labelkit skill --to - >> {shlex.quote(str(path))} adds to it"
        raise ExportError(f"{str(path)!r} exists already", hint=hint)
    with replaced(path) as draft:
        draft.write_text(text, "utf-8")
    return CommandAnswer.of({"path": str(path), "text": text}, text=f"written to {path}")


def _text(context: click.Context) -> str:
    """Fill in the template with the places of the project."""
    project = _Project(context, settings_of(context).config)
    held_out = project.held_out
    kept = ", ".join(f"`{one}`" for one in held_out)
    lines = [f"- {meaning}: {project.described(name)}" for name, meaning in _PLACES.items()]
    lines.append(f"- Held-out gold: {kept or _NOT_HELD_OUT}.")
    rule = "Do not open it, and give it to no command, as gold or as a corpus."
    if held_out:
        rule = f"Do not open {kept}, give it to no command, and never give `--final`."
    run = project.named("folder") or _STAND_INS["folder"]
    measure = {"out": "runs/final", "gold": held_out[0] if held_out else "HELDOUT"}
    template = (resources.files("labelkit.cli") / "skill.md.txt").read_text("utf-8")
    return Template(template).substitute(
        {name: project.call(command, more) for name, (command, more) in _CALLS.items()},
        places="\n".join(lines),
        held_out=rule,
        folder=run,
        diff=project.call("diff", places=[f"{run}@1", run]),
        final=project.call("run", "--final" if held_out else "", options=measure),
    )


@dataclass(frozen=True)
class _Project:
    """What the file of a project gives its commands, if there is one.

    Parameters
    ----------
    context : click.Context
        Of any command of the program.
    config : Config or None
    """

    context: click.Context
    config: Config | None

    @property
    def held_out(self) -> list[str]:
        """What is held out, as the file names it."""
        given = [] if self.config is None else self.config.values.get(HELD_OUT, [])
        return [given] if isinstance(given, str) else given

    def named(self, name: str) -> str | None:
        """Return a place, as the file names it."""
        values = {} if self.config is None else self.config.values
        value = values.get(name, values.get("run", {}).get("out" if name == "folder" else name))
        return " ".join(map(str, value)) if isinstance(value, list) else value

    def described(self, name: str) -> str:
        """Say where a place is, or what stands for it."""
        named = self.named(name)
        return f"`{named}`." if named else f"{_STAND_INS[name]} below; ask where it is."

    def call(
        self,
        name: str,
        more: str = "",
        *,
        places: Sequence[str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> str:
        """Write a command with the arguments and options that the file does not give.

        Parameters
        ----------
        name : str
        more : str
            What stands behind them.
        places : sequence of str, optional
            The arguments, where they are others than those of the project.
        options : mapping of name to value, optional
            Options that the command has in any case.
        """
        group = self.context.find_root().command
        assert isinstance(group, click.Group)
        command = group.commands[name]
        of_command = click.Context(command, info_name=name, parent=self.context.parent)
        given = {} if self.config is None else defaults_of(self.config, of_command)
        arguments = [one.name or "" for one in command.params if isinstance(one, click.Argument)]
        words = places or [_STAND_INS[one] for one in arguments if one not in given]
        taken = {one.name for one in command.params} - set(given)
        wanted = {"id": self.named("id") if "id_" in taken else None}
        wanted |= {"out": _STAND_INS["folder"] if name == "run" and "out" in taken else None}
        wanted |= {"gold": _STAND_INS["gold"] if "gold" in taken else None} | dict(options or {})
        chosen = {key: value for key, value in wanted.items() if value is not None}
        flags = [f"--{key} {shlex.quote(value)}" for key, value in chosen.items()]
        return " ".join(["labelkit", name, *words, *flags, *([more] if more else [])])

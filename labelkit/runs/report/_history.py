"""Earlier runs beside a run folder: what each rule was and did then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from labelkit.exceptions import RunFolderError
from labelkit.runs.run_folder import RunFolder, RunLayout

if TYPE_CHECKING:
    import pandas as pd

MOST_RUNS: Final = 20
"""Runs that are looked at, the latest first."""


@dataclass(frozen=True)
class EarlierRun:
    """The summary of another run.

    Attributes
    ----------
    name : str
        Of its folder.
    finished : str
        The date and the minute.
    same_corpus : bool
    fingerprints : dict from str to str
        Of its rules, by name.
    summary : DataFrame
    """

    name: str
    finished: str
    same_corpus: bool
    fingerprints: dict[str, str]
    summary: pd.DataFrame


def earlier_runs(folder: RunFolder) -> list[EarlierRun]:
    """The runs in the folder that a run folder stands in, other than itself, the latest first."""
    here = folder.path.resolve()
    siblings = sorted(_siblings(here), key=lambda sibling: (sibling[0], sibling[1].path.name), reverse=True)
    return [_told(finished, other, folder.manifest) for finished, other in siblings[:MOST_RUNS]]


def _siblings(here: Any) -> Iterator[tuple[str, RunFolder]]:
    for path in here.parent.iterdir():
        if path == here or path.name.startswith(".") or not RunLayout(path).manifest.is_file():
            continue
        try:
            other = RunFolder(path)
            if other.manifest["rules"] and not other.summary.empty:
                yield str(other.timings["finished"]), other
        except (RunFolderError, OSError, ValueError, KeyError, TypeError):  # not whole, or of another program
            continue


def _told(finished: str, other: RunFolder, manifest: dict[str, Any]) -> EarlierRun:
    fingerprint = manifest["corpus"]["fingerprint"]
    return EarlierRun(
        name=other.path.name,
        finished=finished[:16].replace("T", " "),
        same_corpus=bool(fingerprint) and other.manifest["corpus"].get("fingerprint") == fingerprint,
        fingerprints={rule["name"]: rule["fingerprint"] for rule in other.manifest["rules"]},
        summary=other.summary,
    )

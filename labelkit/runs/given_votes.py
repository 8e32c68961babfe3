"""Take votes that were written before: of folders and files, or in memory, of one or several corpora."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from labelkit.exceptions import MatrixError, RunFolderError
from labelkit.runs.run_folder import RunFolder
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.vote_patterns import VotePatterns

Votes: TypeAlias = RunFolder | LabelMatrix | VotePatterns | str | Path
"""Votes that were written before."""


def opened_votes(votes: Any) -> RunFolder | LabelMatrix | VotePatterns:
    """Open a folder of votes, or the file of a matrix or of vote patterns; a table of votes is a matrix.

    Raises
    ------
    RunFolderError
        If there is no such folder.
    MatrixError
        If it is a file of something else.
    """
    if isinstance(votes, RunFolder | LabelMatrix | VotePatterns):
        return votes
    if not isinstance(votes, str | Path):
        return LabelMatrix.of(votes)
    path = Path(votes)
    if not path.is_file():
        return RunFolder(path)
    try:
        return VotePatterns.load(path)
    except MatrixError:
        return LabelMatrix.load(path)


def all_opened(votes: Any) -> dict[str, RunFolder | LabelMatrix | VotePatterns]:
    """Open votes, or each of several, by a name for messages.

    Raises
    ------
    MatrixError
        If there are none, or a file is one of something else.
    RunFolderError
        If there is no such folder, or some votes are given twice.
    """
    several = list(votes) if isinstance(votes, list | tuple) and all(map(_is_stored, votes)) else [votes]
    if not several:
        raise MatrixError("no votes are given", hint="give a folder that apply_to_folder or run wrote, or several")
    opened = {_name(one): opened_votes(one) for one in several}
    if len(opened) < len(several):
        raise RunFolderError("some votes are given twice, so that their examples would count twice", code="LK313")
    return opened


def _is_stored(votes: Any) -> bool:
    return isinstance(votes, RunFolder | LabelMatrix | VotePatterns | str | Path)


def _name(votes: Any) -> str:
    if isinstance(votes, RunFolder | str | Path):
        return str(Path(votes.path if isinstance(votes, RunFolder) else votes).resolve())
    return f"votes {id(votes)}"

"""Find which files a path means: a file, those of a folder, those that a pattern matches.

Files of a folder or a pattern stand in the order of their paths, compared part by part and character by character
(``comments-10`` before ``comments-9``): number them with leading zeros. Files and folders whose names begin with
a dot or an underscore (``_SUCCESS``, ``.crc``) are passed over, unless the pattern names them so.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from labelkit._shared.given_paths import is_there
from labelkit._shared.near_names import path_hint
from labelkit._shared.unreadable import check_listed
from labelkit._shared.what_stands import A_BUNDLE, A_DATA_SET, A_RUN, what_stands
from labelkit.exceptions import CorpusError

_ADDRESS: Final = re.compile(r"(https?|s3|gs|ftp|hdfs|abfss?):/")
"""The beginning of an address, of which a path has one slash less."""

_HIDDEN: Final = (".", "_")


def expanded(data: str | Path) -> Path:
    """Return a path with the home folder in the place of ``~``, if it names one."""
    try:
        return Path(data).expanduser()
    except RuntimeError:  # of nobody who is known
        return Path(data)


def existing(data: str | Path) -> Path:
    """Return a path at which something is.

    Raises
    ------
    CorpusError
        If nothing is there.
    """
    path = expanded(data)
    if is_there(path):
        return path
    shown = f"{str(data)!r:.100}"
    if _ADDRESS.match(str(data)):
        raise CorpusError(
            f"{shown} is an address, not a file", hint="download it first, or give pandas.read_csv(address)"
        )
    if isinstance(data, str) and (len(data) > 255 or len(data.split()) > 2 or "\n" in data):
        raise CorpusError(
            f"there is no file {shown}", hint="if it is a text and not a path, give a list: [text]", code="LK201"
        )
    raise CorpusError(f"there is no file {shown}", hint=path_hint(path), code="LK201")


def is_pattern(data: str | Path) -> bool:
    """Return whether a text is a pattern of names of files, and no file of that name is there."""
    text = str(data)
    if not glob.has_magic(text) or len(text) > 1_024 or "\n" in text or is_there(expanded(text)):
        return False
    return isinstance(data, Path) or len(text.split()) <= 2


def files_matching(pattern: str | Path) -> list[Path]:
    """List the files that a pattern matches; ``**`` stands for any folders.

    Raises
    ------
    CorpusError
        If there is none.
    """
    parts = expanded(pattern).parts
    wild = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    matches = {Path(match) for match in glob.glob(str(Path(*parts)), recursive=True)}  # noqa: PTH207 - paths stay as they are given
    files = sorted(path for path in matches if path.is_file() and not _is_hidden(path.parts[wild:], parts[wild:]))
    if not files:
        check_listed(Path(*parts[:wild]), CorpusError)
        raise CorpusError(
            f"no file matches {str(pattern)!r}",
            hint=f"the current folder is {str(Path.cwd())!r}; ** stands for folders",
            code="LK201",
        )
    return files


def _is_hidden(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Return whether a name is one that patterns pass over, and the pattern does not name it."""
    asked = tuple(part for part in pattern if part.startswith(_HIDDEN))
    return any(name.startswith(_HIDDEN) and not any(map(Path(name).match, asked)) for name in names)


def refuse_what_is_no_corpus(path: Path) -> None:
    """Refuse what labelkit itself wrote, and holds no examples as a corpus has them.

    Raises
    ------
    CorpusError
        If it is a run, a data set or a bundle.
    """
    stands = what_stands(path)
    hints = {
        A_RUN: "give the corpus that it was made of; `labelkit view RUN` shows its examples, and "
        "`labelkit export RUN --to FILE` writes its labels",
        A_DATA_SET: f"its examples are in {str(path / 'examples')!r}",
        A_BUNDLE: "`labelkit predict BUNDLE CORPUS` labels a corpus with it",
    }
    if stands in hints:
        raise CorpusError(f"{str(path)!r} is {stands}, and not a corpus", hint=hints[stands], code="LK203")


def files_of_folder(folder: Path, is_read: Callable[[Path], bool]) -> list[Path]:
    """List the files of a folder that are read; those in folders below it are not.

    Raises
    ------
    CorpusError
        If there is none.
    """
    files = sorted(path for path in folder.iterdir() if not path.name.startswith(_HIDDEN) and path.is_file())
    data = [path for path in files if is_read(path)]
    if data:
        return data
    deeper = next((path for path in sorted(folder.rglob("*")) if path.is_file() and is_read(path)), None)
    suffix = "" if deeper is None else "".join(deeper.suffixes[-2:])
    others = ", ".join(path.name for path in files[:5])
    raise CorpusError(
        f"the folder {str(folder)!r} holds no files of examples" + (f", but {others}" if others else ""),
        hint=f"for the files of folders below it, give {str(folder / '**' / ('*' + suffix))!r}"
        if deeper
        else "name one file, or convert them",
        code="LK201",
    )

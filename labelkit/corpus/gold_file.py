"""Find a file of gold labels, here or at an address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labelkit._shared.given_paths import is_file, is_folder
from labelkit._shared.near_names import path_hint
from labelkit._shared.unreadable import opening
from labelkit.corpus._paths import is_pattern
from labelkit.corpus.gold_columns import a_folder_of_gold
from labelkit.corpus.missing_columns import columns_listed, missing_hint
from labelkit.corpus.remote import is_address, local_copy, shown_address
from labelkit.exceptions import CorpusError, GoldError, LabelkitError


@contextmanager
def gold_file(gold: str | Path, columns: Sequence[str] = ()) -> Iterator[Path]:
    """Give a file of gold while the block lasts; one at an address is copied for that time.

    Parameters
    ----------
    gold : str or Path
    columns : sequence of str
        Those of the corpus, one of which may have been meant.

    Raises
    ------
    GoldError
        If there is no such file, or it cannot be read.
    """
    if is_address(gold):
        try:
            with local_copy(str(gold)) as path:
                yield path
        except CorpusError as error:
            raise unreadable_gold(error, error.hint) from None
        return
    if not is_file(Path(gold)):
        raise _no_file(str(gold), columns)
    with opening(GoldError):
        yield Path(gold)


def unreadable_gold(error: LabelkitError, hint: str | None) -> GoldError:
    """Return the error for gold whose place cannot be read as a corpus is, with what can be done about it."""
    return GoldError(f"gold cannot be read: {error.message}", hint=hint, code=error.code)


def _no_file(gold: str, columns: Sequence[str]) -> GoldError:
    if is_pattern(gold):
        return GoldError(
            f"gold={gold!r} is a pattern, and gold is one file", hint="put the files into one", code="LK323"
        )
    if is_folder(Path(gold)):
        return a_folder_of_gold(gold)
    if not columns:
        return GoldError(f"there is no file {gold!r}", hint=path_hint(gold), code="LK201")
    hint = missing_hint(gold, columns) or path_hint(gold, f"the columns are {columns_listed(columns)}")
    return GoldError(f"gold={gold!r} is neither a column of the corpus nor a file", hint=hint, code="LK323")


def shown_place(gold: str | Path) -> str:
    """Return the name of a file of gold for messages, without secrets."""
    return repr(shown_address(str(gold)) if is_address(gold) else str(gold))

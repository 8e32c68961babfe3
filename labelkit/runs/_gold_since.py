"""Compare the gold that a run was judged by with what stands now where it came from."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labelkit.corpus import Corpus
from labelkit.corpus.gold import open_gold
from labelkit.corpus.remote import is_address
from labelkit.exceptions import CorpusError, GoldError
from labelkit.runs.folder_gold import with_gold
from labelkit.runs.run_corpus import holds_rows_of, is_there, meanings_of_gold, opened_again, place_of
from labelkit.runs.run_inputs import digest_of_gold

if TYPE_CHECKING:
    from labelkit.runs.run_folder import RunFolder


def changed(folder: RunFolder) -> str | None:
    """Return what has changed, for a message; None if nothing is known to have."""
    column, file = folder.manifest["gold"], folder.manifest.get("gold_file")
    try:
        corpus = _corpus(folder)
        if file is None:
            if corpus is None or not corpus.has_column(column) or not _is_written_again(corpus, folder):
                return None
            return f"the corpus {corpus.name}, with the gold in its column {column!r},"
        is_known = not is_address(file) and Path(file).is_file() and Path(file).stat().st_ctime_ns > _made(folder)
        return f"the gold file {file}" if is_known and _holds_other_labels(file, corpus, folder) else None
    except (CorpusError, OSError):
        return None


def _made(folder: RunFolder) -> int:
    """Return when a run counted gold, in ns; a certificate writes its manifest later."""
    files = [file for file in (folder.layout.manifest, folder.layout.patterns) if file.is_file()]
    return min(file.stat().st_mtime_ns for file in files)


def _corpus(folder: RunFolder) -> Corpus | None:
    described = folder.manifest["corpus"]
    place = place_of(described)
    is_here = place is not None and not is_address(place) and is_there(place)
    return opened_again(place, described) if is_here else None


def _is_written_again(corpus: Corpus, folder: RunFolder) -> bool:
    """Return whether the rows of a run are others now."""
    if corpus.stamp is None or max(corpus.stamp.changed, default=0) <= _made(folder):
        return False
    return not holds_rows_of(corpus, folder.manifest)


def _holds_other_labels(file: str, corpus: Corpus | None, folder: RunFolder) -> bool:
    """Return whether a file of gold gives the examples of a run other labels than it did."""
    names = tuple(folder.manifest["classes"])
    noted = (folder.manifest.get("inputs") or {}).get("gold")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the run has said what there is to say of its gold
        try:
            if corpus is not None:
                source = open_gold(Path(file), corpus, names, meanings_of_gold(folder.manifest, file)).checked(names)
                if digest_of_gold(source) == noted:
                    return False
                if source.names is None:  # it is in the order of rows, which have to be those of the run
                    return _has_rows_of_run(corpus, folder)
            before, now = folder.patterns().gold, with_gold(folder, Path(file)).gold
        except GoldError as error:
            return error.code != "LK322"  # in the order of rows
    return before is not None and now is not None and not np.array_equal(before, now)


def _has_rows_of_run(corpus: Corpus, folder: RunFolder) -> bool:
    return bool(corpus.fingerprint()) and corpus.fingerprint() == folder.manifest["corpus"]["fingerprint"]

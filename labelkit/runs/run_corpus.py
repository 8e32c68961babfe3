"""Open the corpus of a finished run again, as the run read it, with its gold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from labelkit._shared.written_options import as_written
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.gold import GoldSource, read_gold_column
from labelkit.corpus.growth import (
    ANEW,
    FileRecord,
    file_records,
    grown_records,
    place_of_new_rows,
)
from labelkit.corpus.open_files import are_there
from labelkit.corpus.reading import NOT_OF_ROWS, of_rows
from labelkit.corpus.remote import is_address
from labelkit.corpus.row_range import place_before
from labelkit.corpus.source import FirstIndex, RowPlace
from labelkit.exceptions import CorpusError
from labelkit.votes.alignment import RowNames, labels_of, shown_names
from labelkit.votes.gold_mapping import GoldMapping

_TYPES: Final = {"int": int, "float": float, "bool": bool, "str": str}

READ_AS: Final = {"rename": "rename (--map)"}
"""Options of reading that the command line calls otherwise."""


Place: TypeAlias = str | Path | list[str | Path]
"""A file, a folder, a pattern, an address, or several files."""


def place_of(described: Mapping[str, Any]) -> Place | None:
    """Return where a run read its corpus, whose manifest describes it; None for memory and pipes."""
    if described.get("path") is not None:
        return _place(described["path"])
    return [_place(file) for file in described.get("files") or ()] or None


def described_place(corpus: Corpus) -> dict[str, Any]:
    """Return what a manifest has of where a corpus is read, for :func:`place_of`."""
    path = corpus.path
    return {
        "path": None if path is None else str(path),
        "files": [] if path is not None else [str(file) for file in corpus.files],
    }


def _place(written: str) -> str | Path:
    """Return a path that a manifest has; an address is no path."""
    return written if is_address(written) else Path(written)


def where_no_file_is(described: Mapping[str, Any]) -> str:
    """Return where a run read a corpus that is no file, behind "from".

    >>> where_no_file_is({"name": "the query 'SELECT 1' to a.duckdb"}), where_no_file_is({"name": "a list"})
    ("a database, by the query 'SELECT 1' to a.duckdb", 'memory, or Spark did')
    """
    name = described.get("name") or ""
    return f"a database, by {name}" if name.startswith("the query ") else "memory, or Spark did"


def place_name(place: Place) -> str:
    """Name a place in a message.

    >>> place_name([Path("data/a.csv"), Path("data/b.csv")])
    'a.csv and 1 more'
    """
    if isinstance(place, list):
        return f"{place_name(place[0])} and {len(place) - 1} more"
    return Path(str(place).partition("?")[0]).name


def is_there(place: Place) -> bool:
    """Return whether the files of a place are there; an address is asked when it is opened."""
    return is_address(place) or are_there(place)


def opened_again(given: Any, described: Mapping[str, Any]) -> Corpus:
    """Open a corpus as a run did, whose manifest describes it: same ids, types, options, chosen and rejected rows."""
    types = {name: _TYPES[kind] for name, kind in described.get("types", {}).items() if kind in _TYPES}
    reading = described.get("reading") or {}
    if _suffix(given) != _suffix(place_of(described)):
        reading = {name: value for name, value in reading.items() if name in {"rename", *NOT_OF_ROWS}}
    whole = open_corpus(given, id=described["id"], types=types, on_bad_row="reject", **reading)
    columns = [name for name in described.get("columns") or () if whole.has_column(name)]
    return whole.chosen(RowChoice(**(described.get("rows") or {})), columns)


def _suffix(given: Any) -> str | None:
    """Return the suffix of a path, or of the first of several; None for what is no path."""
    first = given[0] if isinstance(given, list) and given else given
    return Path(first).suffix if isinstance(first, str | Path) else None


def has_grown(corpus: Corpus, manifest: Mapping[str, Any]) -> bool:
    """Return whether the corpus of a run has rows behind those of the run.

    Raises
    ------
    CorpusError
        If other rows stand in the place of the old ones, or it cannot be known.
    """
    described = manifest["corpus"]
    if corpus.fingerprint() and corpus.fingerprint() == described["fingerprint"]:
        return False
    files = _records(manifest)
    if corpus.stamp is not None and files and not are_chosen(corpus):
        check_reading(corpus, described)
        try:
            grown_records(corpus, files)
        except CorpusError as error:
            raise CorpusError(error.message, hint=f"{if_only_gold(manifest)}{error.hint}", code=error.code) from None
        return True
    head = "" if are_chosen(corpus) else corpus.fingerprint_of_first(int(manifest["examples"]))
    if head and head == described["fingerprint"]:
        return True
    if head:
        _check_index(corpus, described, int(manifest["examples"]))
    what = (
        "the rows that were voted on have changed, or are no longer the first ones"
        if head
        else "it cannot be known whether the rows that were voted on have changed"
    )
    needs = "an update needs a corpus of files, or a frame with its new rows at the end"
    if head:
        needs += ", and the old ones with the types they had: old and new.astype(old.dtypes), one behind the other"
    raise CorpusError(what, hint=f"{if_only_gold(manifest)}{needs}; {ANEW}", code="LK216")


def if_only_gold(manifest: Mapping[str, Any]) -> str:
    """Return what to do if only the column of gold changed; empty if gold was no column, or a rule reads it.

    >>> if_only_gold({"corpus": {"id": None, "columns": ["text"]}, "gold": "truth", "rules": []})
    "it cannot be known that only the gold in its column 'truth' changed; "
    >>> if_only_gold({"corpus": {"id": None, "columns": ["text"]}, "gold": None, "rules": []})
    ''
    """
    column = manifest.get("gold")
    if column is None or column in read_by_rules(manifest):
        return ""
    if manifest["corpus"]["id"] is None:
        return f"it cannot be known that only the gold in its column {column!r} changed; "
    return (
        f"if only the gold in its column {column!r} changed, put the corpus back, and give the new gold as a file of "
        "ids and labels, gold='gold.csv' (--gold FILE); "
    )


def takes_new_gold(manifest: Mapping[str, Any]) -> bool:
    """Return whether an update takes new gold in its column, which no rule reads, of examples that have ids.

    >>> takes_new_gold({"corpus": {"id": "id", "columns": ["text"]}, "gold": "truth", "rules": []})
    True
    """
    column = manifest.get("gold")
    return column is not None and column not in read_by_rules(manifest) and manifest["corpus"]["id"] is not None


def voting_again(manifest: Mapping[str, Any]) -> str:
    """Return what votes on a corpus as it is now; an update does where its old rows differ in gold alone."""
    anew = "`labelkit run ... --out other`"
    return f"`labelkit run ... --update`, if only gold changed, else {anew}," if takes_new_gold(manifest) else anew


def read_by_rules(manifest: Mapping[str, Any]) -> list[str]:
    """List the columns that the rules of a run read."""
    return manifest["corpus"].get("columns") or [name for rule in manifest["rules"] for name in rule["columns"]]


def as_it_is_now(manifest: Mapping[str, Any]) -> str:
    """Return how to show the examples of a run with the texts of its corpus, which has changed since."""
    by = "their ids" if manifest["corpus"]["id"] is not None else "their places"
    return (
        f"its texts are as they were, since only other columns changed, such as gold: corpus= (--corpus FILE) reads "
        f"it as it is now, and finds the examples by {by}"
    )


def _check_index(corpus: Corpus, described: Mapping[str, Any], n_rows: int) -> None:
    """Refuse a frame whose first rows are those of a run, and are named otherwise by its index.

    Raises
    ------
    CorpusError
    """
    index = corpus.frame_index
    if index is None or corpus.id is not None:
        return
    named: FirstIndex
    for named in ("none", "first"):
        if corpus.fingerprint_of_first(n_rows, index=named) != described["fingerprint"]:
            continue
        labels = RowNames(labels_of(index.labels))
        if not labels.is_unique:
            how = f"repeats {labels.repeated()!r}, so that it names no example any more"
            hint = "give the new rows labels of their own, or name a column of ids and make the run anew, id="
        elif named == "first":
            how = "names them otherwise, since the new rows have empty labels, or labels of another type"
            hint = "give the new rows labels as the old ones have them"
        else:
            how = f"names the examples by {shown_names(labels.names[n_rows:])}, and those of the run have no names"
            hint = "pandas.concat([old, new], ignore_index=True) has none either"
        raise CorpusError(
            f"the rows that were voted on are the same, but the index of the frame, with the new ones, {how}",
            hint=f"{hint}; {ANEW}",
            code="LK205" if not labels.is_unique else "LK326",
        )


def changed_reading(
    before: Mapping[str, Any] | None, now: Mapping[str, Any] | None, *, sep: str = " changed:"
) -> list[str]:
    """List the options of reading the rows that are others, as they were and as they are.

    >>> changed_reading({"encoding": "latin-1"}, {"encoding": "cp1252"})
    ['encoding changed: latin-1 -> cp1252']
    """
    old, new = of_rows(before or {}), of_rows(now or {})
    values = [
        (READ_AS.get(name, name), as_written(old.get(name)), as_written(new.get(name))) for name in {**old, **new}
    ]
    return [f"{name}{sep} {was} -> {becomes}" for name, was, becomes in values if was != becomes]


def check_reading(corpus: Corpus, described: Mapping[str, Any]) -> None:
    """Refuse other options of reading, by which the same bytes give other rows."""
    before, now = of_rows(described.get("reading") or {}), of_rows(corpus.reading)
    other = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if other:
        was = ", ".join(f"{READ_AS.get(name, name)} {as_written(before.get(name))}" for name in other)
        raise CorpusError(
            f"the rows that were voted on were read with {was}, and would be read in another way now",
            hint=f"give the options of reading as they were; {ANEW}",
            code="LK216",
        )


def new_rows_begin(corpus: Corpus, manifest: Mapping[str, Any], from_row: int) -> RowPlace | None:
    """Return where the rows behind those of a run begin, or an earlier one, once it is sure that the corpus has grown.

    Parameters
    ----------
    corpus : Corpus
    manifest : mapping
    from_row : int
        The first row that is to be read; one of the run or the one behind them.

    Returns
    -------
    RowPlace or None
        Of that row, or one before it; None if it is known of no file, or can only be found from the beginning.
    """
    before, now = _records(manifest), file_records(corpus)
    if not before or not now or of_rows(corpus.reading) != of_rows(manifest["corpus"].get("reading") or {}):
        return None
    place = place_of_new_rows(before, now, int(manifest["examples"]))
    return place if from_row >= place.row else place_before(corpus, place, place.row - from_row)


def _records(manifest: Mapping[str, Any]) -> list[FileRecord]:
    return [(name, size, digest) for name, size, digest in manifest["corpus"].get("records") or ()]


def are_chosen(corpus: Corpus) -> bool:
    """Return True for some rows of a corpus: of more rows, others would be chosen."""
    return bool(getattr(corpus, "choice", None))


def holds_rows_of(corpus: Corpus, manifest: Mapping[str, Any]) -> bool:
    """Return whether the first rows of a corpus are those of a run."""
    try:
        has_grown(corpus, manifest)
    except CorpusError:
        return False
    return True


def rows_of_run(corpus: Corpus, manifest: Mapping[str, Any]) -> Corpus | None:
    """Return the rows of a run, also of a corpus that has grown since; None if they have changed.

    Raises
    ------
    CorpusError
        If the corpus cannot be read.
    """
    described = manifest["corpus"]
    if corpus.fingerprint() and corpus.fingerprint() == described["fingerprint"]:
        return corpus
    if not holds_rows_of(corpus, manifest):
        return None
    columns = [name for name in described.get("columns") or () if corpus.has_column(name)]
    return corpus.chosen(RowChoice(limit=int(manifest["examples"])), columns)


def is_gold_of(manifest: Mapping[str, Any], gold: Any) -> bool:
    """Return whether gold, as :func:`labelkit.run` takes it, is the column or the file that a run was judged by.

    >>> [is_gold_of({"gold": "given", "gold_file": "gold.csv"}, gold) for gold in ("./gold.csv", "other.csv", "given")]
    [True, False, False]
    """
    if not isinstance(gold, str | Path):
        return False
    file = manifest.get("gold_file")
    if file is None:
        return gold == manifest.get("gold")
    return str(gold) == file or Path(gold).absolute() == Path(file).absolute()


def meanings_of_gold(manifest: Mapping[str, Any], gold: Any) -> dict[str, str | None] | None:
    """Return the classes that the values of a run's own gold had then; None for other gold, or values that name them.

    >>> manifest = {"gold": "given", "gold_file": "gold.csv", "map_label": {"bon": 0, "?": -1}, "classes": ["HAM"]}
    >>> meanings_of_gold(manifest, "gold.csv"), meanings_of_gold(manifest, "other.csv")
    ({'bon': 'HAM', '?': None}, None)
    """
    if not manifest.get("map_label") or not is_gold_of(manifest, gold):
        return None
    names = manifest["classes"]
    return {value: None if label < 0 else names[label] for value, label in manifest["map_label"].items()}


def gold_column(manifest: Mapping[str, Any], column: str) -> GoldSource:
    """Return the gold in a column of the corpus of a run; that of the run's own gold has the meanings it had then."""
    classes = manifest.get("map_label") if column == manifest.get("gold") else None
    return GoldSource(column=column, mapping=GoldMapping(classes) if classes else None, numbers="names")


def gold_in_column(corpus: Corpus, manifest: Mapping[str, Any], column: str) -> GoldSource:
    """Read the gold in a column of the corpus of a run, with the ids beside it.

    Raises
    ------
    GoldError
        If the corpus cannot be read, or an id names several rows.
    """
    loaded = manifest["corpus"].get("columns") or ()
    also = [name for name in loaded if not corpus.splittable and corpus.has_column(name)]
    return replace(read_gold_column(corpus, column, also=also), mapping=gold_column(manifest, column).mapping)

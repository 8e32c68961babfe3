"""Count gold labels beside votes that were written without them, or with others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from labelkit._shared.near_names import path_hint
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.gold import GoldSource, open_gold
from labelkit.corpus.gold_columns import a_folder_of_gold
from labelkit.corpus.missing_columns import columns_listed, missing_hint
from labelkit.corpus.remote import is_address
from labelkit.corpus.text_file import EncodedPath, encoding_beside
from labelkit.exceptions import GoldError
from labelkit.runs.folder_parts import PatternPlaces, matrices_of
from labelkit.runs.local_copies import brought
from labelkit.runs.run_corpus import gold_in_column, is_there, meanings_of_gold, opened_again, place_of, rows_of_run
from labelkit.votes.alignment import aligned_values
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.gold import AlignedGold, GoldCounts, count_gold, gold_classes
from labelkit.votes.gold_beside import warn_of_gold_beside_votes, way_of
from labelkit.votes.gold_mapping import GoldMapping
from labelkit.votes.gold_values import gold_values
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.minus_one import warn_of_minus_one
from labelkit.votes.storage import vote_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.runs.run_folder import RunFolder
    from labelkit.votes.vote_patterns import VotePatterns


def with_gold(
    votes: RunFolder | LabelMatrix,
    gold: Any,
    map_label: Mapping[Any, str | int | None] | None = None,
    *,
    must_match: bool = True,
) -> VotePatterns:
    """Return the patterns of votes with counts of the given gold, in place of those that they had.

    Parameters
    ----------
    votes : RunFolder or LabelMatrix
    gold : str, path, mapping, Series or array-like
        As :func:`labelkit.run` takes it; a column is read of the run's corpus, which has to be where it was.
    map_label : mapping, optional
        As :func:`labelkit.run` takes it.
    must_match : bool
        Whether gold of no example is an error; of several folders, it may be of the others.

    Raises
    ------
    GoldError
        If gold does not fit the examples or the classes, or none of it is of an example.
    """
    if not isinstance(gold, str | Path):
        return _counted_in(votes if isinstance(votes, LabelMatrix) else votes.matrix(), gold, map_label)
    patterns = votes.patterns if isinstance(votes, LabelMatrix) else votes.patterns()
    names, places = patterns.class_names, PatternPlaces(patterns)
    source = _file_beside(votes, gold) if isinstance(votes, LabelMatrix) else _source(votes, gold, names)
    source = _mapped(source, map_label, names)
    counts, first = np.zeros((len(patterns), len(names)), dtype=np.int64), np.zeros(0)
    for start, part in _parts_of(votes):
        labels = source.at(np.arange(start, start + len(part)), part.ids, names)
        counts += count_gold(places.of(part)[part.pattern_index].astype(np.int64), labels, *counts.shape)
        first = first if start else part.ids
    if must_match or source.names is None:
        source.check_matched(int(counts.sum()), patterns.n_examples, first)
    return _judged(replace(patterns, gold=counts), lambda: source.way)


def _judged(patterns: VotePatterns, matched: Callable[[], str]) -> VotePatterns:
    """Return patterns, with a warning if their gold does not go with the votes."""
    assert patterns.gold is not None
    counts = GoldCounts.of_table(patterns.gold)
    warn_of_gold_beside_votes(patterns.votes, counts, patterns.class_names, matched, can_map=True)
    return patterns


def gold_by_example(
    votes: RunFolder | LabelMatrix,
    gold: Any,
    map_label: Mapping[Any, str | int | None] | None,
    *,
    must_match: bool = True,
) -> AlignedGold:
    """Return the gold labels of the examples of a run.

    Parameters and errors are those of :func:`with_gold`.
    """
    names = votes.class_names if isinstance(votes, LabelMatrix) else tuple(votes.manifest["classes"])
    if not isinstance(gold, str | Path):
        examples = (votes if isinstance(votes, LabelMatrix) else votes.matrix()).examples
        return AlignedGold(_in_memory(gold, examples, names, map_label), way_of(gold, examples)())
    source = _file_beside(votes, gold) if isinstance(votes, LabelMatrix) else _source(votes, gold, names)
    source = _mapped(source, map_label, names)
    parts, first = [np.zeros(0, dtype=np.int64)], np.zeros(0)
    for start, part in _parts_of(votes):
        parts.append(source.at(np.arange(start, start + len(part)), part.ids, names))
        first = first if start else part.ids
    labels = np.concatenate(parts)
    if must_match or source.names is None:
        source.check_matched(int((labels >= 0).sum()), len(labels), first)
    return AlignedGold(labels, source.way)


def _parts_of(votes: RunFolder | LabelMatrix) -> Iterable[tuple[int, LabelMatrix]]:
    return [(0, votes)] if isinstance(votes, LabelMatrix) else matrices_of(votes)


def same_gold_by_pattern(folder: RunFolder, classes: NDArray[np.int64], fewest: int) -> bool:
    """Return whether gold is, on each pattern of votes, what a run counted; False if fewer counts can be compared."""
    patterns = folder.patterns()
    if patterns.gold is None or np.count_nonzero(patterns.gold) < fewest:
        return False
    places, counts = PatternPlaces(patterns), np.zeros_like(patterns.gold)
    for start, part in matrices_of(folder):
        place = places.of(part)[part.pattern_index].astype(np.int64)
        counts += count_gold(place, classes[start : start + len(part)], *counts.shape)
    return bool(np.array_equal(counts, patterns.gold))


def _mapped(source: GoldSource, map_label: Mapping[Any, str | int | None] | None, names: tuple[str, ...]) -> GoldSource:
    return (replace(source, mapping=GoldMapping.of(map_label, names)) if map_label else source).checked(names)


def _in_memory(
    gold: Any, examples: ExampleNames, names: tuple[str, ...], map_label: Mapping[Any, str | int | None] | None
) -> NDArray[np.int64]:
    """Align gold in memory with examples."""
    values, mapping = gold_values(gold), GoldMapping.of(map_label, names) if map_label else None
    classes = gold_classes(gold, names) if mapping is None else mapping.apply(values, names)
    if mapping is None:
        warn_of_minus_one(gold, gold_values, classes, names, can_map=True)
    else:
        mapping.check_used(values)
    return np.asarray(aligned_values(gold, classes, examples, -1, what="gold", unit="labels", error=GoldError))


def _counted_in(matrix: LabelMatrix, gold: Any, map_label: Mapping[Any, str | int | None] | None) -> VotePatterns:
    """Count gold in memory by the patterns of a matrix."""
    patterns = matrix.patterns
    labels = _in_memory(gold, matrix.examples, matrix.class_names, map_label)
    counts = count_gold(matrix.pattern_index, labels, len(patterns), patterns.n_classes)
    return _judged(replace(patterns, gold=counts), way_of(gold, matrix.examples))


def _file_beside(matrix: LabelMatrix, gold: str | Path) -> GoldSource:
    """Read a file of gold by the ids of a matrix."""
    are_positions = matrix.examples.are_positions
    ids = open_corpus({"id": matrix.ids.tolist()}, id=None if are_positions else "id")
    return open_gold(gold, ids, matrix.class_names)


def _source(folder: RunFolder, gold: str | Path, names: tuple[str, ...]) -> GoldSource:
    """Find the gold: in a column of the run's corpus, or by the ids that the votes have."""
    if isinstance(gold, str):
        corpus = _corpus(folder)
        if corpus is not None and corpus.has_column(gold):
            return gold_in_column(_rows_of(folder, corpus), folder.manifest, gold)
        if not Path(gold).is_file() and not is_address(gold):
            raise _no_gold(gold, () if corpus is None else corpus.column_names)
    id_name = vote_columns([rule["name"] for rule in folder.manifest["rules"]])[0]
    votes = open_corpus(brought(folder.path / "votes"))
    are_numbers = pa.types.is_integer(votes.column_type(id_name))
    if folder.manifest["corpus"]["id"] is not None or folder.layout.index.is_file() or not are_numbers:
        votes = votes.with_id(id_name)
    meanings = meanings_of_gold(folder.manifest, gold)
    return open_gold(_as_run_reads(gold, folder.manifest), votes, names, meanings)


def _as_run_reads(gold: str | Path, manifest: Mapping[str, Any]) -> str | Path:
    """Return a file of gold with the encoding that a run reads such files in, if none was given for it."""
    if isinstance(gold, EncodedPath) or not Path(gold).is_file():
        return gold
    encoding = encoding_beside(Path(gold), manifest["corpus"].get("reading") or {})
    return gold if encoding is None else EncodedPath.of(str(gold), encoding)


def _no_gold(gold: str, columns: Sequence[str]) -> GoldError:
    """Return the error for a name that is neither a file nor a column of the run's corpus."""
    if Path(gold).is_dir():
        return a_folder_of_gold(gold)
    if not columns:
        what = "its corpus is not where it was, to look for a column"
        hint = path_hint(gold, "give a file with a column of ids and labels")
    else:
        what = "there is no such column in its corpus"
        hint = missing_hint(gold, columns) or path_hint(gold, f"the columns are {columns_listed(columns)}")
    return GoldError(f"gold={gold!r} is no file, and {what}", hint=hint, code="LK323")


def _corpus(folder: RunFolder) -> Corpus | None:
    """Open the corpus of a run; None if it is not there."""
    described = folder.manifest["corpus"]
    place = place_of(described)
    return None if place is None or not is_there(place) else opened_again(place, described)


def _rows_of(folder: RunFolder, corpus: Corpus) -> Corpus:
    """Return the rows of a corpus that the run of a folder voted on."""
    rows = rows_of_run(corpus, folder.manifest)
    if rows is None:
        raise GoldError(
            f"the corpus {corpus.name} has changed since its rules voted, so that its gold may be of other examples",
            hint="give gold as a file with a column of ids and labels",
            code="LK216",
        )
    return rows

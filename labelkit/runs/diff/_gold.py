"""Find the gold for a difference: by id, in the order of a side, in a file, or in a column of the corpus of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelkit._shared.numbers import plural
from labelkit.corpus import Corpus
from labelkit.corpus.gold import GoldSource, read_gold_file
from labelkit.corpus.gold_file import gold_file
from labelkit.corpus.missing_columns import columns_listed
from labelkit.corpus.remote import is_address
from labelkit.corpus.text_file import encoding_beside
from labelkit.exceptions import GoldError
from labelkit.runs.diff._gold_names import named_as_examples
from labelkit.runs.diff._sides import Chunk, Pairing, Side
from labelkit.runs.run_corpus import (
    gold_in_column,
    is_there,
    meanings_of_gold,
    opened_again,
    place_name,
    place_of,
    rows_of_run,
)
from labelkit.votes.alignment import RowNames, of_strangers
from labelkit.votes.example_names import ExampleNames
from labelkit.votes.gold_mapping import GoldMapping
from labelkit.votes.gold_values import gold_values


@dataclass(frozen=True, eq=False)
class PairedGold:
    """Trusted classes of the examples of two sides.

    Parameters
    ----------
    source : GoldSource
        Class numbers, by id or in the order of a side.
    class_names : tuple of str
    n_labels : int or None
        How many labels were given; None for a column of the corpus.
    after : bool
        True if the order is that of the second side.
    """

    source: GoldSource
    class_names: tuple[str, ...]
    n_labels: int | None
    after: bool = False

    def of(self, before: Chunk, after: Chunk) -> NDArray[np.int64]:
        """Return the classes of some examples, -1 where unknown."""
        chunk = after if self.after else before
        return self.source.at(chunk.rows, chunk.ids, self.class_names)

    def note(self, n_matched: int) -> str | None:
        """Say how many labels are of an example that both sides have, if not all are."""
        if self.n_labels is None or self.n_labels <= n_matched:
            return None
        return f"of the {plural(self.n_labels, 'gold label')}, {n_matched:,} are of an example that both have"


def pair_gold(
    given: Any,
    sides: tuple[Side, Side],
    pairing: Pairing,
    class_names: tuple[str, ...],
    map_label: Mapping[Any, str | int | None] | None = None,
) -> PairedGold:
    """Find gold for both sides.

    Parameters
    ----------
    given : str, path, mapping, Series or array-like
    sides : tuple of two Side
        Each with all of its examples, in its order.
    pairing : Pairing
    class_names : tuple of str
    map_label : mapping, optional

    Raises
    ------
    GoldError
        If it fits neither side, it cannot be told which examples it names, or a value is not a class.
    """
    named = _read(given, pairing, class_names) if isinstance(given, str | Path) else named_as_examples(given, sides)
    mapping = GoldMapping.of(map_label, class_names) if map_label else None
    if named is not None and mapping is not None:
        named = replace(named, mapping=mapping)
    if named is not None and named.names is not None:
        source = named.checked(class_names)
        _check_named(named.names, sides)
        return PairedGold(source, class_names, source.n_labels)
    if named is None or named.values is None:
        values = gold_values(given)
        are_classes = values is given and values.dtype.kind in "iu" and mapping is None
        named = GoldSource(values=values, mapping=mapping, numbers="classes" if are_classes else "unclear")
    source = named.checked(class_names)
    n_gold = 0 if source.values is None else len(source.values)
    return PairedGold(source, class_names, source.n_labels, after=_is_in_order_of_after(n_gold, sides, pairing))


def note_on_gold_of_runs(sides: tuple[Side, Side]) -> str | None:
    """Say how the gold of two runs would judge the change; None where one of them has none."""
    manifests = [side.manifest for side in sides]
    if not all(manifest.get("gold") for manifest in manifests):
        return None
    after = manifests[1]
    corpus, column = after.get("corpus") or {}, after["gold"]
    is_of_file = corpus.get("path") is not None or bool(corpus.get("files"))
    gold = after.get("gold_file") or (column if is_of_file and column != "given" else None)
    how = "gold=, a Series or dict by id," if gold is None else f"gold={gold!r} (--gold {quote(gold)})"
    return f"both runs have gold, which is not asked here: {how} says if the change is for the better"


def _is_in_order_of_after(n_gold: int, sides: tuple[Side, Side], pairing: Pairing) -> bool:
    """Choose the side in whose order gold is: the one that has as many examples."""
    sizes = [sum(map(len, side.ids())) for side in sides]
    fits = [size == n_gold for size in sizes]
    if not any(fits):
        raise GoldError(
            f"gold has {plural(n_gold, 'label')} for {plural(sizes[0], 'example')} before and {sizes[1]:,} after",
            hint="give a Series or dict by id",
            code="LK322",
        )
    if all(fits) and not pairing.same:
        raise GoldError(
            "gold could be in the order of either side, and the two differ",
            hint="give a Series or dict by id",
            code="LK326",
        )
    return not fits[0]


def _check_named(names: RowNames, sides: tuple[Side, Side]) -> None:
    """Refuse gold of which no name is an example's of either side."""
    parts = [part for side in sides for part in side.ids()]
    if len(names) and parts and all((names.positions(part) < 0).all() for part in parts):
        raise of_strangers(names.names, parts[0], "gold", GoldError)


def _read(given: str | Path, pairing: Pairing, class_names: tuple[str, ...]) -> GoldSource:
    """Read gold by id out of a column of a corpus, or of a file."""
    for side in (pairing.after, pairing.before):
        corpus = _corpus_of(side, given) if isinstance(given, str) else None
        if corpus is not None:
            return _meaning(gold_in_column(corpus, side.manifest, str(given)), given, [side], class_names)
    if not is_address(given) and not Path(given).is_file():
        columns = _columns(pairing)
        hint = f"the columns are {columns_listed(columns)}" if columns else "give a file with columns of ids and labels"
        message = f"gold={str(given)!r} is neither a file nor a column of the corpus of a run"
        raise GoldError(message, hint=hint, code="LK323")
    id_columns = [side.corpus.get("id") for side in (pairing.after, pairing.before)]
    sample = next((part for part in pairing.before.ids() if len(part)), np.zeros(1, np.int64))
    with gold_file(given, _columns(pairing)) as path:
        source = read_gold_file(
            path,
            id_columns,
            are_text=sample.dtype.kind == "O",
            are_positions=not any(id_columns) and ExampleNames(sample).are_positions,
            corpus_columns=_columns(pairing),
            class_names=class_names,
            mapping=_mapping(given, [pairing.after, pairing.before], class_names),
            encoding=encoding_beside(path, pairing.after.corpus.get("reading") or {}, given),
        )
    return _meaning(source, given, [pairing.after, pairing.before], class_names)


def _meaning(source: GoldSource, given: str | Path, sides: Sequence[Side], class_names: tuple[str, ...]) -> GoldSource:
    """Return gold whose values mean what they meant in the first run that was judged by it."""
    mapping = _mapping(given, sides, class_names)
    return source if mapping is None else replace(source, mapping=mapping)


def _mapping(given: str | Path, sides: Sequence[Side], class_names: tuple[str, ...]) -> GoldMapping | None:
    """Return what the values of gold meant in the first run that was judged by it; None where they are classes."""
    meant = (meanings_of_gold(side.manifest, given) for side in sides)
    meanings = next((one for one in meant if one is not None), None)
    return None if meanings is None else GoldMapping.of(meanings, class_names)


def _columns(pairing: Pairing) -> tuple[str, ...]:
    """List the columns of the corpus of a run, if it is still there."""
    for side in (pairing.after, pairing.before):
        place = place_of(side.corpus)
        if place is not None and is_there(place):
            return opened_again(place, side.corpus).column_names
    return ()


def _corpus_of(side: Side, column: str) -> Corpus | None:
    """Open the rows of a run in its corpus, if that has a column, and is still there."""
    place = place_of(side.corpus)
    if place is None or not is_there(place):
        return None
    corpus = opened_again(place, side.corpus)
    if not corpus.has_column(column):
        return None
    rows = rows_of_run(corpus, side.manifest)
    if rows is None:
        raise GoldError(
            f"the corpus {place_name(place)} has changed since the run, or another version of labelkit took its "
            "fingerprint",
            hint="give gold as a file with ids",
            code="LK216",
        )
    return rows

"""Match examples by entries that are kept in a file, a table of a database, or the code: ``lookup`` and ``facts``.

A look-up compares strictly, as programs write; facts are compared as people write, in pairs or more: the distant
supervision of relations by a knowledge base.

>>> @facts([("Ann Lee", "Bo Ek")], symmetric=True, label=1)
... def married(person: str, other: str) -> None:
...     "Both names stand in the register of marriages."
>>> married("Bo Ek", "ANN LEE"), married("Ann Lee", "Cy Orr"), married("Ann Lee", None)
(1, -1, -1)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Literal, TypeAlias, Unpack

from labelkit._shared.near_names import names_hint
from labelkit._shared.numpy_scalars import plain_scalar
from labelkit.exceptions import RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules._labels import Label, Runs, label_and_enum, meaning_of, meanings_of, runs_of
from labelkit.rules._normalise import STEPS, normalised
from labelkit.rules._parentheses import called_first
from labelkit.rules.condition import Condition
from labelkit.rules.databases import DatabaseQuery, Table
from labelkit.rules.expressions import Leaf
from labelkit.rules.keywords import check_surrogates, checked_word
from labelkit.rules.list_files import read_entries
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.parameters import column_names
from labelkit.rules.predicates import Words
from labelkit.rules.value_predicates import Stored, Tuples, Values

NormaliseStep: TypeAlias = Literal["case", "accents", "punctuation", "space"]


@called_first('("words.txt", label=Label.SPAM)')
@takes_options(RuleOptions)
def lookup(
    source: str | Path | Table | Iterable[Any] | Mapping[Any, Label],
    *,
    match: Literal["phrase", "value"] | None = None,
    label: Label | type[IntEnum] | Mapping[Any, Label] | None = None,
    key: str | Sequence[str] | None = None,
    value: str | None = None,
    ignore_case: bool | None = None,
    whole_word: bool = True,
    column: str | tuple[str, ...] | None = None,
    **options: Unpack[RuleOptions],
) -> Condition:
    """Match examples by a list that is kept elsewhere: a file, a table of a database, a set, or a mapping to labels.

    Parameters
    ----------
    source : path, table, iterable, or mapping from entry to label
        A file beside the module that names it: CSV with a header, JSONL, Parquet, or text with one entry a line; or
        what :func:`labelkit.sql_table` or :func:`labelkit.duckdb_table` made. An entry may be a tuple: then the values
        of as many columns are looked up together.
    match : {"phrase", "value"}, optional
        Whether an entry stands in the text (as in :func:`keywords`) or equals the value, strictly in type. If not
        given: the value for tables and tuples, else the phrase.
    label : int, IntEnum or mapping, optional
        The class to vote for. With ``value=``: what the values of the file or table mean, as a mapping to classes, or
        an enum whose names or numbers they are. Of several labels of one entry in a file the first counts, in a table
        that which is declared first.
    key : str or sequence of str, optional
        The column of entries of the file or table, the first if not given; several make each entry a tuple.
    value : str, optional
        The column of labels, if there is one.
    ignore_case : bool, optional
        True for phrases and False for values if not given. Values are compared by ``str.casefold``.
    whole_word : bool
        As in :func:`keywords`, for phrases.
    column, name, examples, group, precision, trusted, cache
        As in :func:`keywords`. Tuples are looked up in all columns of the rule, in their order, or in these. Votes by a
        table that is asked per batch are cached only with ``cache=True``.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If the file is missing, malformed or empty, or a label in it is not known.
    DatabaseError
        If a table that is read once cannot be read, or lacks a column.

    Examples
    --------
    >>> @lookup({"DE": 0, "FR": 1}, match="value")
    ... def country(code: str) -> None:
    ...     "Where the sender lives."
    >>> country("FR"), country("fr"), country("DE ")
    (1, -1, -1)
    >>> @lookup([("Paris", "FR"), ("Paris", "US")], label=1)
    ... def known_place(city: str, country: str) -> None:
    ...     "Both columns together."
    >>> known_place("Paris", "US"), known_place("Paris", "DE")
    (1, -1)
    """
    given = Options.of(lookup, options, source)
    if match not in (None, "phrase", "value"):
        raise RuleError(f"match={match!r} of a look-up is neither 'phrase' nor 'value'")
    module_file = file_of_caller()
    if isinstance(source, Table) and source.load == "per batch":
        if match == "phrase" or ignore_case:
            raise RuleError("a table that is asked per batch is asked for whole values as they are", hint='load="once"')
        return _asking(source.keyed(key, value), "lookup", label, column, given)
    by_value = match == "value" or (match is None and isinstance(source, Table))
    cases, enum = _entries_of(
        source, "lookup", label, key=key, value=value, module_file=module_file, keep_blanks=by_value
    )
    if any(isinstance(entry, tuple) for entries, _ in cases for entry in entries):
        if match == "phrase":
            raise RuleError("a phrase stands in one text, and an entry of the look-up is a tuple", hint='match="value"')
        return _among_tuples(cases, "lookup", ("case",) if ignore_case else (), column, given, enum)

    def test(entries: list[Any]) -> Words | Values:
        if by_value:
            return Values(tuple(map(_entry, entries)), ignore_case=bool(ignore_case))
        return Words(tuple(checked_word(e, "lookup") for e in entries), ignore_case is not False, whole_word)

    leaf_cases = tuple((Leaf(test(entries), column_names(column)), number) for entries, number in cases)
    return Condition(leaf_cases, "lookup", given, enum)


@called_first('("pairs.csv", label=Label.SPAM)')
@takes_options(RuleOptions)
def facts(
    source: str | Path | Table | Iterable[Any] | Mapping[Any, Label],
    *,
    label: Label | type[IntEnum] | Mapping[Any, Label] | None = None,
    key: str | Sequence[str] | None = None,
    value: str | None = None,
    normalise: bool | Sequence[NormaliseStep] = True,
    symmetric: bool = False,
    column: str | tuple[str, ...] | None = None,
    **options: Unpack[RuleOptions],
) -> Condition:
    """Match examples that stand in a table of facts: several columns together, as people write names.

    Parameters
    ----------
    source : path, table, iterable of tuples, or mapping from tuple to label
        As in :func:`lookup`.
    label : int, IntEnum or mapping, optional
        As in :func:`lookup`.
    key : str or sequence of str, optional
        The columns of the file or table that make a fact; all but ``value`` if not given.
    value : str, optional
        The column of labels, if there is one.
    normalise : bool or sequence of {"case", "accents", "punctuation", "space"}
        What does not matter when names are compared: all of these, some, or none. Marks count as spaces, but full stops
        and apostrophes as nothing, so that ``O'Brien & Co.`` is ``obrien co``.
    symmetric : bool
        Whether the order within a fact does not matter.
    column : tuple of str, optional
        The columns of the corpus, in the order of the key; all parameters of the rule if not given.
    name, examples, group, precision, trusted, cache
        As in :func:`lookup`.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If the source is missing, malformed or empty, a label in it is not known, or a table that is asked per batch is
        to be normalised.
    DatabaseError
        If a table that is read once cannot be read, or lacks a column.

    Examples
    --------
    >>> @facts({("Zürich", "CH"): 0, ("Lyon", "FR"): 1})
    ... def known_place(city: str, country: str) -> None:
    ...     "Where it is."
    >>> known_place("ZURICH", "ch"), known_place("Lyon ", "FR"), known_place("Lyon", "CH")
    (0, 1, -1)
    """
    given = Options.of(facts, options, source)
    steps = _steps(normalise)
    module_file = file_of_caller()
    if isinstance(source, Table) and source.load == "per batch":
        if steps:
            hint = 'load="once", or normalise=False with names that are normalised in the table and in a @column'
            raise RuleError("a table that is asked per batch is asked for names as they are", hint=hint)
        names = (key,) if isinstance(key, str) else key
        return _asking(replace(source.keyed(names, value), symmetric=symmetric), "facts", label, column, given)
    names = (key,) if isinstance(key, str) else key
    cases, enum = _entries_of(source, "facts", label, key=names, value=value, module_file=module_file, all_columns=True)
    return _among_tuples(cases, "facts", steps, column, given, enum, symmetric=symmetric)


def _steps(normalise: Any) -> tuple[str, ...]:
    if isinstance(normalise, bool):
        return STEPS if normalise else ()
    wanted = [normalise] if isinstance(normalise, str) else list(normalise)
    unknown = [step for step in wanted if step not in STEPS]
    if unknown:
        raise RuleError(f"normalise={normalise!r} holds {unknown[0]!r}", hint=names_hint(unknown[0], STEPS))
    return tuple(step for step in STEPS if step in wanted)


def _entries_of(
    source: Any,
    kind: str,
    label: Any,
    *,
    key: str | Sequence[str] | None,
    value: str | None,
    module_file: str | None,
    all_columns: bool = False,
    keep_blanks: bool = False,
) -> Runs:
    """Read the entries of a file, a table or an iterable, in runs with the same label."""
    if isinstance(source, Table):
        entries = source.entries(source.keyed(key, value, all_columns=all_columns))
        pairs = [pair for pair in entries if keep_blanks or "" not in _parts(pair[0])]
        pairs.sort(key=lambda pair: [(type(part).__name__, part) for part in _parts(pair[0])])  # of no order otherwise
    elif isinstance(source, str | Path):
        pairs = read_entries(source, key=key, value=value, module_file=module_file, all_columns=all_columns)
    else:
        if key is not None or value is not None:
            raise RuleError(f"{kind} has columns to choose from in a file or a table, not in {type(source).__name__}")
        return runs_of(kind, (source,), label)
    if value is None:
        return runs_of(kind, ([_entry(entry) for entry, _ in pairs],), label)
    labeled = [(_entry(entry), meaning_of(text, label, source)) for entry, text in pairs]
    if isinstance(source, Table):
        declared = {int(number): rank for rank, number in enumerate(dict.fromkeys(meanings_of(label).values()))}
        labeled.sort(key=lambda pair: declared.get(int(pair[1]), int(pair[1])))
    return runs_of(kind, (_first_of_each(labeled),), None)


def _parts(entry: Any) -> tuple[Any, ...]:
    return entry if isinstance(entry, tuple) else (entry,)


def _among_tuples(
    cases: list[tuple[list[Any], Label | None]],
    kind: str,
    steps: tuple[str, ...],
    column: str | tuple[str, ...] | None,
    options: Options,
    enum: type[IntEnum] | None,
    *,
    symmetric: bool = False,
) -> Condition:
    """Make a condition of tuples, one case a label; of entries that are compared alike, the first counts."""
    by_label: dict[Label | None, dict[Any, tuple[Any, ...]]] = {}
    seen: set[Any] = set()
    width = len(cases[0][0][0]) if isinstance(cases[0][0][0], tuple) else 0
    for entry, label in ((entry, label) for entries, label in cases for entry in entries):
        if not isinstance(entry, tuple) or len(entry) != width or not entry:
            raise RuleError(f"{kind} takes tuples of one length, and {entry!r} is not one of {width}")
        whole = tuple(map(_entry, entry))
        compared = Tuples((whole,), steps, symmetric).key(whole)
        if "" in [normalised(part, steps) for part in whole if isinstance(part, str) and (part or kind == "facts")]:
            raise RuleError(
                f"{kind} has an entry {entry!r}, of which nothing is left once it is normalised", code="LK106"
            )
        if compared not in seen:
            seen.add(compared)
            by_label.setdefault(label, {})[compared] = whole
    leaf_cases = (
        (Leaf(Tuples(tuple(entries.values()), steps, symmetric), column_names(column)), label)
        for label, entries in by_label.items()
    )
    return Condition(tuple(leaf_cases), kind, options, enum)


def _asking(
    question: DatabaseQuery, kind: str, label: Any, column: str | tuple[str, ...] | None, options: Options
) -> Condition:
    """Make a condition that asks a table for each batch; a case for each label that the table may say."""
    if question.value is None:
        number, enum = (None, None) if label is None else label_and_enum(label)
        return Condition(((Leaf(Stored(question), column_names(column)), number),), kind, options, enum)
    meanings = meanings_of(label)
    if not meanings:
        raise RuleError(
            f"{kind} asks a table what it says of a key, and not what that means",
            hint="label=Label (an IntEnum with these names), or label={'spam': Label.SPAM}",
        )
    texts: dict[Label | None, set[Any]] = {}
    enums: list[type[IntEnum]] = []
    for text, meant in meanings.items():
        number, enum = label_and_enum(meant)
        texts.setdefault(number, set()).add(text)
        enums += [] if enum is None else [enum]
    all_texts = frozenset(meanings)
    cases = (
        (Leaf(Stored(question, frozenset(t), all_texts), column_names(column)), number) for number, t in texts.items()
    )
    return Condition(tuple(cases), kind, options, next(iter(enums), None))


def _entry(entry: Any) -> Any:
    """Convert an entry to the plain value that a corpus can hold, since values are compared strictly in type."""
    if isinstance(entry, Enum):
        entry = entry.value
    entry = plain_scalar(entry)
    try:
        hash(entry)
    except TypeError:
        several = f"an entry of several columns is a tuple: {tuple(entry)!r:.60}"
        hint = several if isinstance(entry, list) else "take one value of each: [row['name'] for row in rows]"
        raise RuleError(
            f"lookup takes plain values, not {entry!r:.80} ({type(entry).__name__})", hint=hint, code="LK106"
        ) from None
    if isinstance(entry, str):
        check_surrogates(entry, "lookup")
    if entry is None or entry != entry:  # noqa: PLR0124 - NaN differs from itself
        raise RuleError(f"lookup has an entry {entry!r}, which equals nothing", hint="leave it out", code="LK106")
    return entry


def _first_of_each(pairs: Iterable[tuple[Any, Label]]) -> dict[Any, Label]:
    """Map each entry to its label, the first where it has several."""
    mapping: dict[Any, Label] = {}
    for entry, label in pairs:
        mapping.setdefault(entry, label)
    return mapping

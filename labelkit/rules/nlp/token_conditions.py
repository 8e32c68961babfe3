"""``@token_pattern``, ``@phrases``, ``@entities``: conditions on parsed documents.

They combine with each other and with all other conditions (``&``, ``|``, ``~``), declare rules in a loop by
:meth:`labelkit.Condition.rule`, and restrict Python rules by ``when=``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Unpack

from labelkit._shared.given_kinds import kind_of, shown_kind
from labelkit.exceptions import RuleError
from labelkit.rules._labels import Label, runs_of
from labelkit.rules._parentheses import called_first
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import Leaf
from labelkit.rules.nlp._annotations import checked_attribute
from labelkit.rules.nlp._predicates import Entities, Phrases, TokenPatterns
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.parameters import column_names


@called_first('([{"LOWER": "buy"}], label=Label.SPAM)')
@takes_options(RuleOptions)
def token_pattern(
    *patterns: Iterable[Any],
    label: Label | None = None,
    column: str | tuple[str, ...] | None = None,
    **options: Unpack[RuleOptions],
) -> Condition:
    """Match documents in which one of several patterns of spaCy's ``Matcher`` matches.

    Parameters
    ----------
    *patterns : list of dict, or lists of them, or one list of (pattern, label) pairs
        A pattern is a list with a dict for each token, which maps attributes to the required values, in plain data. Of
        pairs, the first declared pattern that matches gives the label.
    label : int, optional
        The class to vote for.
    column : str or tuple of str, optional
        The column of documents that this condition reads (see :func:`labelkit.spacy_doc`); by default, all columns of
        the rule.
    name, examples, group, precision, trusted, cache
        As in :func:`labelkit.keywords`. An example may be a text: it is parsed by the column's pipeline.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If a pattern is not a list of dicts, or names an attribute that tokens do not have.

    Examples
    --------
    >>> import labelkit as lk
    >>> doc = lk.spacy_doc("text", model="blank:en")
    >>> @token_pattern([{"LOWER": {"IN": ["buy", "get"]}}, {"LIKE_NUM": True}], label=1, examples={"Get 10!": 1})
    ... def order(doc) -> None:
    ...     "Says how many to buy."
    >>> order("Buy two of them"), order("buy it")
    (1, -1)
    """
    given = Options.of(token_pattern, options, *patterns)
    labels: dict[str, Label | None] = {}
    for pattern, number in (entry for part in patterns for entry in _patterns_in(part)):
        labels.setdefault(_as_json(pattern), number)
    unlabeled = [pattern for pattern, number in labels.items() if number is None]
    if unlabeled and len(unlabeled) < len(labels):
        raise RuleError(f"some patterns of token_pattern have a label of their own, and {unlabeled[0]} has none")
    entries: Any = list(labels) if len(unlabeled) == len(labels) else labels
    runs, enum = runs_of("token_pattern", (entries,), label)
    cases = tuple((Leaf(TokenPatterns(tuple(run)), column_names(column)), number) for run, number in runs)
    return Condition(cases, "token_pattern", given, enum)


@called_first('("check out", label=Label.SPAM)')
@takes_options(RuleOptions)
def phrases(
    *texts: str | Iterable[str] | Mapping[str, Label],
    label: Label | Mapping[str, Label] | None = None,
    attr: str = "LOWER",
    column: str | tuple[str, ...] | None = None,
    **options: Unpack[RuleOptions],
) -> Condition:
    """Match documents that contain one of several phrases, compared token by token (spaCy's ``PhraseMatcher``).

    Parameters
    ----------
    *texts : str, iterable of str, or one mapping from str to label
        The phrases; the pipeline's tokenizer cuts them into tokens. Of a mapping, the first declared entry that matches
        gives the label.
    label : int, optional
        The class to vote for; a mapping here stands for one in ``texts``.
    attr : str
        The token attribute to compare: ``"LOWER"`` ignores case, ``"ORTH"`` does not, ``"LEMMA"`` matches other forms
        of a word, ``"SHAPE"`` words of the same pattern of letters and digits.
    column, name, examples, group, precision, trusted, cache
        As in :func:`token_pattern`.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If there are no phrases, one is empty or not a string, or tokens have no such attribute.

    Examples
    --------
    >>> import labelkit as lk
    >>> doc = lk.spacy_doc("text", model="blank:en")
    >>> @phrases("check out my", "don't miss", label=1)
    ... def invites(doc) -> None:
    ...     "Leads the reader elsewhere."
    >>> invites("Check out my song"), invites("Do n't miss it"), invites("I checked out")
    (1, 1, -1)
    """
    given = Options.of(phrases, options, *texts)
    attribute = checked_attribute(attr, "phrases")
    if attribute in ("_", "SPACY", "LENGTH"):
        raise RuleError(f"phrases cannot be compared by {attr!r}", hint='attr="LOWER"')
    runs, enum = runs_of("phrases", texts, label)
    cases = tuple(
        (Leaf(Phrases(tuple(_text(phrase, "phrases") for phrase in run), attribute), column_names(column)), number)
        for run, number in runs
    )
    return Condition(cases, "phrases", given, enum)


@called_first('("ORG", label=Label.SPAM)')
@takes_options(RuleOptions)
def entities(
    *labels: str | Iterable[str] | Mapping[str, Label],
    label: Label | Mapping[str, Label] | None = None,
    column: str | tuple[str, ...] | None = None,
    **options: Unpack[RuleOptions],
) -> Condition:
    """Match documents that have an entity with one of several labels.

    Parameters
    ----------
    *labels : str, iterable of str, or one mapping from str to label
        Labels of entities, such as ``"ORG"``. Of a mapping, the first declared entry that matches gives the vote.
    label : int, optional
        The class to vote for; a mapping here stands for one in ``labels``.
    column, name, examples, group, precision, trusted, cache
        As in :func:`token_pattern`.

    Returns
    -------
    Condition

    Raises
    ------
    RuleError
        If there are no labels, or one is empty or not a string.

    Examples
    --------
    >>> import labelkit as lk
    >>> def with_prices():
    ...     import spacy
    ...     nlp = spacy.blank("en")
    ...     nlp.add_pipe("entity_ruler").add_patterns([{"label": "MONEY", "pattern": [{"IS_CURRENCY": True}, {}]}])
    ...     return nlp
    >>> doc = lk.spacy_doc("text", model=with_prices)
    >>> @entities("MONEY", label=1)
    ... def price(doc) -> None:
    ...     "Names a sum of money."
    >>> price("only $5"), price("for free")
    (1, -1)
    """
    given = Options.of(entities, options, *labels)
    runs, enum = runs_of("entities", labels, label)
    cases = tuple(
        (Leaf(Entities(tuple(_text(one, "entities") for one in run)), column_names(column)), number)
        for run, number in runs
    )
    return Condition(cases, "entities", given, enum)


def _patterns_in(part: Any) -> list[tuple[Any, Label | None]]:
    """Return the patterns of an argument, which is one pattern, several, or pairs of a pattern and its label."""
    if isinstance(part, str | bytes | Mapping) or not isinstance(part, Iterable) or kind_of(part) not in ("", "texts"):
        raise RuleError(
            f"a token pattern is a list of dicts, not {shown_kind(part)}",
            hint='token_pattern([{"LOWER": "buy"}, {"POS": "NOUN"}])',
        )
    entries = list(part)
    if not entries:
        raise RuleError("token_pattern has an empty pattern, which would match nothing", hint="leave it out")
    if all(isinstance(entry, Mapping) for entry in entries):
        return [(entries, None)]
    return [one for entry in entries for one in ([_pair(entry)] if _is_pair(entry) else _patterns_in(entry))]


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and not isinstance(entry[1], Mapping)


def _pair(entry: tuple[Any, Any]) -> tuple[Any, Label]:
    inner = _patterns_in(entry[0])
    if len(inner) != 1 or inner[0][1] is not None:
        raise RuleError(f"{entry[0]!r} is not one token pattern", hint="give a (pattern, label) pair for each")
    return inner[0][0], entry[1]


def _as_json(pattern: Sequence[Mapping[str, Any]]) -> str:
    """Write a pattern as JSON, in one canonical form."""
    tokens = [{_key(key): value for key, value in token.items()} for token in pattern]
    for attribute, value in (item for token in tokens for item in token.items()):
        _check_letters(attribute, value)
    try:
        return json.dumps(tokens, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RuleError(
            f"the token pattern {tokens!r} cannot be written as JSON: {error}",
            hint="text, numbers, True and False, and lists and dicts of them",
        ) from None


_LETTERS: Final[dict[str, Callable[[str], str]]] = {"LOWER": str.lower, "POS": str.upper}
"""Attributes of tokens that have letters of one case."""


def _check_letters(attribute: str, value: Any) -> None:
    """Raise RuleError for a value in letters that its attribute never has, so that it could not match."""
    change = _LETTERS.get(attribute, str)
    given = value.get("IN", []) if isinstance(value, Mapping) else [value]
    pattern = value.get("REGEX") if isinstance(value, Mapping) else None
    if isinstance(pattern, str) and attribute in _LETTERS and not re.search(r"[|\[(?]", pattern):
        plain = re.sub(r"\\.", "", pattern)
        given = [pattern] if plain != change(plain) else []
    odd = next((one for one in given if isinstance(one, str) and one != change(one)), None)
    if odd is not None:
        case = "lower" if attribute == "LOWER" else "upper"
        raise RuleError(
            f"a token pattern has {attribute!r}: {odd!r}, and never matches: {attribute} is in {case} case",
            hint=f'{{"{attribute}": "{change(odd)}"}}' + ('; {"ORTH": ...} heeds case' if attribute == "LOWER" else ""),
        )


def _key(key: Any) -> str:
    """Check a key of a token in a pattern: a token attribute, or the operator ``OP``."""
    return "OP" if isinstance(key, str) and key.upper() == "OP" else checked_attribute(key, "a token pattern")


def _text(entry: Any, kind: str) -> str:
    if not isinstance(entry, str):
        raise RuleError(f"{kind} takes strings, not {entry!r} ({type(entry).__name__})", code="LK106")
    if not entry.strip():
        raise RuleError(f"{kind} has an empty entry {entry!r}", hint="leave it out", code="LK106")
    return entry

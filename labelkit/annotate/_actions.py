"""What the page and the widget may ask of a session, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from labelkit.exceptions import AnnotationError

if TYPE_CHECKING:
    from labelkit.annotate.session import AnnotationSession


def _answer(session: AnnotationSession, values: Mapping[str, Any]) -> dict[str, Any]:
    return session.answer(
        values.get("annotator", ""),
        values.get("key", ""),
        label=values.get("label"),
        status=values.get("status", "labeled"),
        seconds=values.get("seconds", float("nan")),
        note=values.get("note", ""),
    )


def _count_words(session: AnnotationSession, values: Mapping[str, Any]) -> dict[str, Any]:
    words = values.get("words")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise AnnotationError("words are a list of texts")
    return session.count_words(words, values.get("label", ""), values.get("column"))


ACTIONS: Final[Mapping[str, Callable[[AnnotationSession, Mapping[str, Any]], dict[str, Any]]]] = {
    "next": lambda session, values: session.next(values.get("annotator", "")),
    "back": lambda session, values: session.back(values.get("annotator", ""), values.get("key")),
    "answer": _answer,
    "rule": _count_words,
}
"""Functions of a session and the values that were sent."""

KEYS: Final = (*"1234567890", *"acdefhijklmopqtvwxyz")
"""The keys of the classes; the other letters are those of skip, unsure, back, note, rule and guidelines."""

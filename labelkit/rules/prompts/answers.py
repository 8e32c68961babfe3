"""Convert the answers of a language model to votes: one of the rule's classes, an abstain, or an error.

An answer must equal one of the allowed answers, apart from case, spaces and surrounding punctuation. A sentence that
contains an allowed answer is not accepted; nor is a refusal, or a text that was cut off where another allowed answer
goes on.

>>> reading = Reading((("spam", 1), ("not spam", 0), ("unsure", -1)))
>>> reading.vote(Answer('{"answer": "Spam."}')), reading.vote(Answer("NOT  SPAM")), reading.vote(Answer("unsure"))
(1, 0, -1)
>>> reading.vote(Answer("This is not spam"))
PromptError("the answer 'This is not spam' is none of 'spam', 'not spam', 'unsure' [LK651]")
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import EnumType, IntEnum
from functools import cached_property
from typing import Any, Final

from labelkit.exceptions import PromptError, RuleError, StopRunError
from labelkit.rules._labels import label_and_enum
from labelkit.votes.label_space import ABSTAIN, LabelSpace

UNSURE: Final = "unsure"
"""An answer that is always allowed, and means an abstain."""

LONGEST_SHOWN: Final = 80
"""Characters of an answer that an error message shows."""

_DECLINED: Final = ("content_filter", "refusal")
"""Reasons to stop by which a text is not the answer, whatever it says: "No." may be a refusal."""

_THOUGHT: Final = re.compile(r"\A.*</think>", re.DOTALL)
"""What a model thinks; its chat template may have written the tag that begins it."""
_MINUS: Final = re.compile(r"-\.?\d")
_GRADE: Final = re.compile(r"\w-\Z")
_FENCE: Final = re.compile(r"\A```(?:\w*[ \t]*\n|json(?=\s*\{))?\s*(.*?)\s*```\Z", re.DOTALL)
"""A block of code, or code within a line, where the first word is a part of the answer and no language."""


@dataclass(frozen=True)
class Answer:
    """The reply of a language model.

    Parameters
    ----------
    text : str
        The text as received.
    finish : str
        The reason why the model stopped, as reported by the endpoint: ``"stop"``, ``"length"``, ``"content_filter"``,
        ``"refusal"``.
    confidence : float, optional
        The probability of the answer, in [0, 1], if the endpoint returned log-probabilities.
    tokens_in, tokens_out : int
        The tokens that were paid for.
    """

    text: str
    finish: str = "stop"
    confidence: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def content(self) -> str:
        """The answer alone: without a ``<think>`` block, and extracted from JSON or a code block."""
        value = self.json_value
        return self._bare_text if value is None else value

    @property
    def is_declined(self) -> bool:
        """True if the model refused to answer, or a filter removed the answer or a part of it."""
        return self.finish in _DECLINED

    @property
    def is_cut_off(self) -> bool:
        """True if the limit of tokens ended the text, and no JSON object shows that the answer is whole."""
        return self.finish == "length" and self.json_value is None

    @property
    def _bare_text(self) -> str:
        text = _THOUGHT.sub("", self.text).strip()
        fenced = _FENCE.match(text)
        return fenced.group(1) if fenced else text

    @property
    def json_value(self) -> str | None:
        """The answer in a JSON object; None if the text is not one, or holds no answer, or two that differ."""
        text = self._bare_text
        if not text.startswith("{"):
            return None
        try:
            values = [value for key, value in json.loads(text, object_pairs_hook=list) if key == "answer"]
        except (ValueError, RecursionError):
            return None
        value = values[0] if len(set(map(repr, values))) == 1 else None
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class Reading:
    """Convert the answers to a rule's prompts to votes.

    Parameters
    ----------
    meanings : tuple of (answer, class)
        The allowed answers; the class is -1 for those that abstain.
    threshold : float, optional
        The confidence that an answer must reach for a vote.
    rule : str
        The name of the rule, for messages.
    """

    meanings: tuple[tuple[str, int], ...]
    threshold: float | None = None
    rule: str = ""

    @property
    def labels(self) -> tuple[int, ...]:
        """The classes that the rule can vote for."""
        return tuple(sorted({label for _, label in self.meanings} - {ABSTAIN}))

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers that are allowed."""
        return tuple(answer for answer, _ in self.meanings)

    @cached_property
    def _class_by_answer(self) -> dict[str, int]:
        return {normalised(answer): label for answer, label in self.meanings}

    def __call__(self, answers: Sequence[Any], n_examples: int, _space: LabelSpace) -> list[Any]:
        """Return the votes of a chunk; an exception in place of each vote that has no allowed answer."""
        assert len(answers) == n_examples
        return [answer if isinstance(answer, Exception) else self.vote(answer) for answer in answers]

    def vote(self, answer: Answer) -> int | PromptError:
        """Return the vote of an answer, or an error if the answer is not allowed.

        Raises
        ------
        StopRunError
            If the rule has a threshold of confidence, and the endpoint returned no log-probabilities.
        """
        given = normalised(answer.content)
        label = None if answer.is_declined else self._class_by_answer.get(given)
        if label is None or (answer.is_cut_off and self._goes_on(given)):
            return PromptError(self._describe_unknown(answer), code="LK651")
        if self.threshold is None or label == ABSTAIN:
            return label
        if answer.confidence is None:
            raise StopRunError(
                f"rule {self.rule!r} requires a confidence of {self.threshold}, and the endpoint returns none",
                hint="leave confidence= out, or use a model that returns log-probabilities",
            )
        return label if answer.confidence >= self.threshold else ABSTAIN

    def _goes_on(self, given: str) -> bool:
        """Return True if another allowed answer begins with this one, of which it may be the beginning."""
        return any(other.startswith(given) and other != given for other in self._class_by_answer)

    def _describe_unknown(self, answer: Answer) -> str:
        content = answer.content
        shown = content if len(content) <= LONGEST_SHOWN else f"{content[: LONGEST_SHOWN - 1]}…"
        if answer.is_declined:
            return f"the model declined to answer ({answer.finish}): {shown!r}"
        allowed = ", ".join(map(repr, self.answers))
        if answer.is_cut_off and self._class_by_answer.get(normalised(content)) is not None:
            return f"the answer {shown!r} was cut off, and may be the beginning of another of {allowed}"
        cut = "; it was cut off, since it was too long" if answer.finish == "length" else ""
        return f"the answer {shown!r} is none of {allowed}{cut}"

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.meanings, self.threshold]


def reading_of(labels: Any, threshold: float | None, rule: str) -> tuple[Reading, type[IntEnum] | None]:
    """Check ``labels=``, the answers and their classes; return their reading and the enum of the classes.

    Raises
    ------
    RuleError
        If an answer is empty or equal to another one, all abstain, or a class is invalid.
    """
    if isinstance(labels, EnumType):
        members: Mapping[str, Any] = labels.__members__
        labels = {name.lower().replace("_", " "): member for name, member in members.items()}
    if not isinstance(labels, Mapping) or not labels:
        raise RuleError(
            f"labels={labels!r} of rule {rule!r} does not map answers to classes",
            hint='labels={"spam": Label.SPAM, "no spam": Label.HAM}, or the IntEnum itself',
            code="LK102",
        )
    meanings: dict[str, int] = {}
    enums: set[type[IntEnum]] = set()
    for answer, label in labels.items():
        number, enum = (ABSTAIN, None) if label is None else label_and_enum(label)
        enums |= set() if enum is None else {enum}
        meanings[_checked(answer, meanings, rule)] = number
    if len(enums) > 1:
        raise RuleError(f"labels= of rule {rule!r} has classes of {len(enums)} enums", code="LK123")
    if set(meanings.values()) == {ABSTAIN}:
        raise RuleError(
            f"rule {rule!r} can only abstain", hint='labels={"spam": Label.SPAM, "ham": None}', code="LK105"
        )
    if normalised(UNSURE) not in map(normalised, meanings):
        meanings[UNSURE] = ABSTAIN
    return Reading(tuple(meanings.items()), _probability(threshold, rule), rule), next(iter(enums), None)


def _checked(answer: Any, before: Mapping[str, int], rule: str) -> str:
    if not isinstance(answer, str) or not answer.strip():
        raise RuleError(f"the answer {answer!r} of rule {rule!r} is not a text", hint='labels={"spam": Label.SPAM}')
    same = next((other for other in before if normalised(other) == normalised(answer)), None)
    if same is not None:
        raise RuleError(
            f"the answers {same!r} and {answer!r} of rule {rule!r} count as equal",
            hint="case, spaces, and punctuation around an answer are ignored; use other words",
        )
    return answer


def _probability(threshold: Any, rule: str) -> float | None:
    if threshold is None:
        return None
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise RuleError(f"confidence={threshold!r} of rule {rule!r} is not a probability", hint="confidence=0.8")
    return float(threshold)


def normalised(answer: str) -> str:
    """Normalise an answer for comparison: fold case, reduce runs of spaces, strip surrounding punctuation.

    The minus of a number or a grade is no punctuation.

    >>> normalised("  **Not  Spam**. "), normalised("C++"), normalised("?!"), normalised("-1."), normalised("- A-")
    ('not spam', 'c++', '?!', '-1', 'a-')
    """
    text = " ".join(unicodedata.normalize("NFKC", answer).casefold().split())
    first, last = 0, len(text)
    while first < last and _is_mark(text[first]) and not _MINUS.match(text, first):
        first += 1
    while last > first and _is_mark(text[last - 1]) and not _GRADE.match(text, max(last - 2, first), last):
        last -= 1
    return text[first:last] or text


def _is_mark(character: str) -> bool:
    return character in " `" or unicodedata.category(character).startswith("P")


def confidence_of(text: str, tokens: Sequence[tuple[str, float]]) -> float:
    """Return the probability of the answer in a text: the product over the tokens that spell it.

    Parameters
    ----------
    text : str
        The whole reply of the model.
    tokens : sequence of (token, log-probability)

    >>> round(confidence_of('{"answer": "spam"}', [('{"answer": "', 0.0), ("sp", -0.1), ("am", -0.2), ('"}', -1.0)]), 3)
    0.741
    """
    answer = Answer(text)
    content = answer.content
    first = _place_of(answer) if "".join(token for token, _ in tokens) == text else -1
    total, place = 0.0, 0
    for token, logprob in tokens:
        if first < 0 or (place < first + len(content) and place + len(token) > first):
            total += logprob
        place += len(token)
    return min(1.0, math.exp(total))


def _place_of(answer: Answer) -> int:
    """Return where the answer stands in its text: behind its key of JSON, since other values may repeat it."""
    if answer.json_value is None:
        return answer.text.rfind(answer.content)
    behind_key = re.finditer(rf'"answer"\s*:\s*"?({re.escape(answer.content)})', answer.text)
    return max((match.start(1) for match in behind_key), default=-1)

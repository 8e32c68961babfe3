"""What a rule calls: the columns of a chunk go in, and for each example an answer comes out, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labelkit.exceptions import PromptError
from labelkit.rules.prompts._question import PromptQuestion
from labelkit.rules.prompts.answers import Answer
from labelkit.rules.prompts.budget import Budget, Prices
from labelkit.rules.prompts.endpoint import Endpoint

if TYPE_CHECKING:
    from labelkit.rules.prompts.answer_store import AnswerStore


@dataclass(frozen=True, eq=False)
class Asker:
    """Asks a rule's question of examples.

    Parameters
    ----------
    rule : str
        The name of the rule.
    columns : tuple of str
        The columns that it is called with.
    question : PromptQuestion
    budget : Budget
        What a run may spend on this rule.
    prices : Prices
    concurrency : int
        Requests under way at a time, in all processes of a run together.
    retries : int
        How often a prompt is sent again.
    timeout : float
        Seconds until a request is given up.
    function : callable
        What the rule was made of: its text is the rule's, for people.
    """

    rule: str
    columns: tuple[str, ...]
    question: PromptQuestion
    budget: Budget
    prices: Prices
    concurrency: int
    retries: int
    timeout: float
    function: Any = field(repr=False)
    _settled: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _in_memory: list[AnswerStore] = field(default_factory=list, repr=False)

    @property
    def __wrapped__(self) -> Any:
        return self.function  # where Python looks for the source

    def __call__(self, *columns: Any) -> list[Answer | PromptError]:
        """Ask about the examples of a chunk."""
        return self.ask(self.prompts(columns))

    def prompts(self, columns: Sequence[Any]) -> list[str]:
        """The prompts of the examples of a chunk."""
        template = self.question.template
        return [template.render(dict(zip(self.columns, row, strict=True))) for row in columns_as_rows(columns)]

    def ask(self, prompts: Sequence[str]) -> list[Answer | PromptError]:
        """Ask about each distinct prompt that has no answer yet.

        Raises
        ------
        StopRunError
            If the run must not go on: the budget or the quota is spent, the key, the address or the model is wrong, or
            the endpoint is out of reach. What was answered is kept.
        """
        from labelkit.rules.prompts._requests import ask_all  # noqa: PLC0415 - asyncio is for rules that run

        endpoint = Endpoint.of_environment(self.rule)
        keys = [self.question.key(endpoint.name, prompt) for prompt in prompts]
        store = self.store()
        answers: dict[str, Answer | PromptError] = dict(store.found(dict.fromkeys(keys)))
        rest = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in answers}
        if rest:
            answers |= ask_all(self, endpoint, store, rest)
        else:
            store.close()
        return [answers[key] for key in keys]

    def store(self) -> AnswerStore:
        """Where answers are kept: a file that is opened for each chunk, or one store in memory for good."""
        from labelkit.rules.prompts.answer_store import AnswerStore  # noqa: PLC0415 - brings Arrow

        if self._in_memory:
            return self._in_memory[0]
        store = AnswerStore()
        if store.path is None:
            self._in_memory.append(store)
        return store

    def known_terms(self, endpoint: Endpoint) -> frozenset[str] | None:
        """The fields that the endpoint has shown in this process not to take; None before it answered."""
        return self._settled.get(endpoint.name)

    def settle_terms(self, endpoint: Endpoint, dropped: frozenset[str]) -> None:
        """Note which fields the endpoint does not take."""
        self._settled[endpoint.name] = dropped

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.question, self.columns]


def columns_as_rows(columns: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of columns as plain values, whatever kind of array the columns are.

    >>> import numpy as np
    >>> list(columns_as_rows([np.array([1, 2]), ["a", "b"]]))
    [(1, 'a'), (2, 'b')]
    """
    return zip(*map(_values, columns), strict=True)


def _values(column: Any) -> list[Any]:
    if getattr(getattr(column, "dtype", None), "kind", "") == "M" and hasattr(column, "astype"):
        column = column.astype("datetime64[us]")  # finer ones would turn into numbers
    way = next((getattr(column, name) for name in ("to_pylist", "tolist", "to_list") if hasattr(column, name)), None)
    return list(column) if way is None else list(way())

"""The function of a prompt rule: takes the columns of a chunk, returns an answer or an error for each example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from labelkit.exceptions import PromptError, StopRunError
from labelkit.rules.inspection.fingerprint import fingerprint
from labelkit.rules.prompts._request_template import RequestTemplate
from labelkit.rules.prompts.answers import Answer
from labelkit.rules.prompts.budget import Budget, Prices
from labelkit.rules.prompts.endpoint import Endpoint

if TYPE_CHECKING:
    from labelkit.rules.prompts.answer_store import AnswerStore


@dataclass(frozen=True, eq=False)
class Asker:
    """Send a rule's prompt for each example, or take its answer from the store.

    Parameters
    ----------
    rule : str
        The name of the rule.
    columns : tuple of str
        The columns of a call, in order.
    request : RequestTemplate
    budget : Budget
        Limits on the expenses of this rule in a run.
    prices : Prices
    concurrency : int
        Concurrent requests, in all processes of a run together.
    retries : int
        Number of times that a prompt is sent again.
    timeout : float
        Time limit of a request, in seconds.
    function : callable
        The decorated function; its source is shown as the source of the rule.
    """

    keeps_answers: ClassVar[bool] = True

    rule: str
    columns: tuple[str, ...]
    request: RequestTemplate
    budget: Budget
    prices: Prices
    concurrency: int
    retries: int
    timeout: float
    function: Any = field(repr=False)
    _rejected_fields: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _in_memory: list[AnswerStore] = field(default_factory=list, repr=False)

    @property
    def __wrapped__(self) -> Any:
        return self.function  # inspect.getsource follows this attribute

    def __call__(self, *columns: Any) -> list[Answer | PromptError]:
        """Return the answers, or errors, of the examples of a chunk."""
        return self.ask(self.prompts(columns))

    def prompts(self, columns: Sequence[Any]) -> list[str]:
        """Render the prompts of the examples of a chunk."""
        template = self.request.template
        return [template.render(dict(zip(self.columns, row, strict=True))) for row in columns_as_rows(columns)]

    def ask(self, prompts: Sequence[str]) -> list[Answer | PromptError]:
        """Send each distinct prompt that has no stored answer; return the answers of all.

        Raises
        ------
        StopRunError
            If the budget or the quota is spent, the key, the address or the model is wrong, or the endpoint is out of
            reach. Answers that arrived before are stored.
        """
        from labelkit.rules.prompts._requests import send_all  # noqa: PLC0415 - asyncio is for rules that run

        endpoint = Endpoint.of_environment(self.rule)
        keys = [self.request.key(endpoint.name, prompt) for prompt in prompts]
        store = self.store()
        answers: dict[str, Answer | PromptError] = dict(store.get_many(dict.fromkeys(keys)))
        rest = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in answers}
        if rest:
            answers |= send_all(self, endpoint, store, rest)
        else:
            store.close()
        return [answers[key] for key in keys]

    def store(self) -> AnswerStore:
        """Return the store of answers: a file, opened for each chunk, or one store in memory for all chunks."""
        from labelkit.rules.prompts.answer_store import AnswerStore  # noqa: PLC0415 - imports Arrow

        if self._in_memory:
            return self._in_memory[0]
        store = AnswerStore()
        if store.path is None:
            self._in_memory.append(store)
        return store

    def rejected_fields(self, endpoint: Endpoint) -> frozenset[str] | None:
        """Return the fields that the endpoint rejects, or None before its first answer in this process."""
        return self._rejected_fields.get(endpoint.name)

    def note_rejected_fields(self, endpoint: Endpoint, dropped: frozenset[str]) -> None:
        """Record the fields that the endpoint rejects."""
        self._rejected_fields[endpoint.name] = dropped

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.request, self.columns]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        """Return what the answers depend on: the request, and the address of the endpoint, if there is one."""
        try:
            address = Endpoint.of_environment(self.rule).name
        except StopRunError:
            address = ""
        return fingerprint(self), address


def columns_as_rows(columns: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Iterate over the rows of columns as plain Python values, for any kind of array.

    >>> import numpy as np
    >>> list(columns_as_rows([np.array([1, 2]), ["a", "b"]]))
    [(1, 'a'), (2, 'b')]
    """
    return zip(*map(_values, columns), strict=True)


def _values(column: Any) -> list[Any]:
    if getattr(getattr(column, "dtype", None), "kind", "") == "M" and hasattr(column, "astype"):
        column = column.astype("datetime64[us]")  # nanoseconds would become integers
    names = ("to_pylist", "tolist", "to_list")
    to_list = next((getattr(column, name) for name in names if hasattr(column, name)), None)
    return list(column) if to_list is None else list(to_list())

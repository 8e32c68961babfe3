"""Send concurrent requests, in a thread with its own event loop (a notebook's event loop is already running).

Each prompt is claimed and sent, retried after a pause if the failure may be temporary, and its answer is stored as
soon as it arrives. When an error stops the run, no new request is sent; those in flight are awaited, since they are
paid for.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from labelkit._shared.optional import optional
from labelkit.exceptions import MissingExtraError, PromptError, RuleError, StopRunError
from labelkit.rules.prompts._request_template import DROPPED_FIRST
from labelkit.rules.prompts.answer_store import AnswerStore
from labelkit.rules.prompts.answers import Answer
from labelkit.rules.prompts.budget import VARIABLE, Budget, Expense
from labelkit.rules.prompts.endpoint import Endpoint, RejectedRequestError, RetryError, is_success, pause_after

if TYPE_CHECKING:
    from labelkit.rules.prompts.asker import Asker

Outcome: TypeAlias = Answer | PromptError

FIRST_WAIT: Final = 0.5
"""Seconds before the first retry, doubled for each further one; times a factor between 0.5 and 1 (jitter)."""

MOST_WAIT: Final = 30.0
"""Upper limit of that wait, in seconds."""

MOST_GIVEN_UP: Final = 50
"""Consecutive examples without an answer after which the run stops."""

CONNECTING: Final = 10.0
"""Time limit of a connection attempt, in seconds."""

POLL: Final = 0.02
"""Seconds between two checks of the claims of other processes."""

LARGEST: Final = 4 * 2**20
"""Limit on the bytes of a reply; an answer is a word."""

LEASE: Final = 60.0
"""Seconds for which a claim holds beyond the time limit of its request."""

GRACE: Final = 3.0
"""Seconds that an interrupted run waits for requests in flight."""


def send_all(asker: Asker, endpoint: Endpoint, store: AnswerStore, prompts: dict[str, str]) -> dict[str, Outcome]:
    """Send prompts, given by the keys of their requests, and return the answers by key; closes the store.

    Raises
    ------
    StopRunError
        If no further request can be sent.
    """
    requests = _PendingRequests(asker, endpoint, store)
    thread = threading.Thread(target=requests.run, args=(prompts,), name="labelkit-prompts", daemon=True)
    try:
        thread.start()
        requests.over.wait()
    except BaseException:  # Ctrl-C: requests in flight may still be answered, but are not awaited for long
        requests.interrupt()
        requests.over.wait(GRACE)
        raise
    if requests.failure is not None:
        raise requests.failure
    return requests.outcomes


class _HaltedError(Exception):
    """The run is stopping: no new request may be sent."""


class _PendingRequests:
    """The requests of one chunk.

    Attributes
    ----------
    outcomes : dict from key to Answer or PromptError
    failure : BaseException or None
        The error that stopped the run, if any.
    over : Event
        Set when all requests have ended.
    """

    def __init__(self, asker: Asker, endpoint: Endpoint, store: AnswerStore) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.failure: BaseException | None = None
        self.over = threading.Event()
        self._asker = asker
        self._endpoint = endpoint
        self._store = store
        self._loop: asyncio.AbstractEventLoop | None = None
        self._not_before = 0.0
        self._n_replies = 0
        self._n_given_up = 0

    def run(self, prompts: dict[str, str]) -> None:
        """Send all prompts; runs in a thread of its own."""
        try:
            self._http = _client_library(self._asker.rule)
            asyncio.run(self._run(prompts))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._fail(error)
        finally:
            self._store.close()
            self.over.set()

    def interrupt(self) -> None:
        """Send no new requests; called from another thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(self._stop, _HaltedError())

    def _fail(self, error: BaseException) -> None:
        self.failure = self.failure or error

    def _stop(self, error: BaseException) -> None:
        self._fail(error)
        self._halt.set()

    async def _run(self, prompts: dict[str, str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._halt, self._probing = asyncio.Event(), asyncio.Lock()
        self._of_run = _budget_of_run(self._asker)
        n_tasks = min(self._asker.concurrency, len(prompts))
        limits = self._http.Limits(max_connections=n_tasks, max_keepalive_connections=n_tasks)
        timeout = self._http.Timeout(None, connect=min(CONNECTING, self._asker.timeout))  # a request has its own
        headers = {**self._endpoint.headers, "Content-Type": "application/json", "Accept": "application/json"}
        options = {"headers": headers, "limits": limits, "timeout": timeout, "verify": _certificates()}
        async with self._http.AsyncClient(**options) as self._client:
            todo = iter(prompts.items())
            await asyncio.gather(*(self._work(todo) for _ in range(n_tasks)))
        if isinstance(self.failure, StopRunError):
            await self._wait_for_other_processes()

    async def _work(self, todo: Iterator[tuple[str, str]]) -> None:
        """Send one prompt after the other, until none is left or the run stops."""
        for key, prompt in todo:
            try:
                self.outcomes[key] = await self._outcome(key, prompt)
            except _HaltedError:
                return
            except BaseException as error:
                self._stop(error)
                if not isinstance(error, Exception):
                    raise
                return

    async def _wait_for_other_processes(self) -> None:
        """Wait for the requests in flight of the run's other processes: an error in this one ends those processes."""
        in_flight = self._store.claimed_by_others()
        while in_flight:
            await asyncio.sleep(POLL)
            in_flight &= self._store.claimed_by_others()

    async def _outcome(self, key: str, prompt: str) -> Outcome:
        answer = await self._claim(key)
        if answer is not None:
            return answer
        try:
            return await self._send_with_retries(key, prompt)
        finally:
            self._store.release(key)

    async def _claim(self, key: str) -> Answer | None:
        """Wait until this process may send the request; return the answer if another process got it first."""
        wait, asker = POLL, self._asker
        while not self._halt.is_set():
            seconds = asker.timeout + LEASE
            claim = self._store.claim(key, rule=asker.rule, slots=asker.concurrency, seconds=seconds)
            if claim is not False:
                return claim if isinstance(claim, Answer) else None
            await self._pause(wait)
            wait = min(2 * wait, 0.5)
        raise _HaltedError

    async def _send_with_retries(self, key: str, prompt: str) -> Outcome:
        """Send a prompt until there is an answer, the endpoint rejects it, or the retries are used up."""
        n_replies = self._n_replies
        last = RetryError("")
        for attempt in range(self._asker.retries + 1):
            await self._wait_for_limits()
            try:
                answer = await self._send_once(key, prompt)
            except RejectedRequestError as rejected:
                self._n_given_up = 0
                return PromptError(f"{self._endpoint.name} rejects the prompt: {rejected.reason}")
            except RetryError as error:
                last = error
                wait = _back_off(key, attempt)
                if error.wait is not None:
                    self._hold_all(error.wait)
                self._store.prolong(key, self._asker.timeout + LEASE + wait + (error.wait or 0.0))
                if attempt < self._asker.retries:
                    await self._pause(wait if error.wait is None else 0.1 * wait)
            else:
                self._n_given_up = 0
                return answer
        return self._give_up(last, silent=self._n_replies == n_replies)

    def _give_up(self, last: RetryError, *, silent: bool) -> PromptError:
        """Return the error of one example; stop the run if the endpoint answers no example at all."""
        self._n_given_up += 1
        times = f"{self._asker.retries + 1} attempts" if self._asker.retries else "one attempt"
        if (last.unreachable and silent) or self._n_given_up >= MOST_GIVEN_UP:
            reason = "is out of reach" if last.unreachable else f"gave no answer to {MOST_GIVEN_UP} examples in a row"
            raise StopRunError(
                f"rule {self._asker.rule!r} cannot go on: {self._endpoint.name} {reason}; last failure: {last.reason}",
                hint="check LABELKIT_LLM_URL, and run the same command again: it continues, with the stored answers",
                code="LK644",
            )
        return PromptError(f"no answer after {times}; last failure: {last.reason}")

    async def _send_once(self, key: str, prompt: str) -> Answer:
        """Send a prompt without the fields that the endpoint rejects.

        Until the endpoint has answered for the first time, send one request at a time, to find those fields.
        """
        while self._asker.rejected_fields(self._endpoint) is None:
            async with self._probing:
                if self._asker.rejected_fields(self._endpoint) is None:
                    self._check_halt()
                    return await self._probe(key, prompt)
        self._check_halt()  # it may have been set while another prompt was the probe
        return await self._send(key, prompt, self._asker.rejected_fields(self._endpoint) or frozenset())

    async def _probe(self, key: str, prompt: str) -> Answer:
        """Send a prompt, leaving out one field after the other, until the endpoint answers."""
        target = f"{self._endpoint.name} {self._asker.request.model}"
        before = dropped = self._store.dropped_fields(target) or frozenset()
        while True:
            try:
                answer = await self._send(key, prompt, dropped)
            except RejectedRequestError as rejected:
                field = None if rejected.final else self._next_to_drop(rejected.reason, dropped, prompt)
                if field is None:
                    raise
                dropped |= {field}
            else:
                self._asker.note_rejected_fields(self._endpoint, dropped)
                if dropped != before:
                    self._store.note_dropped_fields(target, dropped)
                return answer

    def _next_to_drop(self, reason: str, dropped: frozenset[str], prompt: str) -> str | None:
        """Return the field to leave out next: the one that the endpoint names, else the first of DROPPED_FIRST."""
        left = [name for name in self._asker.request.body(prompt, dropped) if name in DROPPED_FIRST]
        named = [name for name in left if name in reason or (name == "response_format" and "schema" in reason)]
        return next(iter(named or sorted(left, key=DROPPED_FIRST.index)), None)

    async def _send(self, key: str, prompt: str, dropped: frozenset[str]) -> Answer:
        """Send one request, within the budget, and store its answer at once."""
        asker, endpoint = self._asker, self._endpoint
        tokens_in, tokens_out = asker.request.tokens_in(prompt), asker.request.tokens_out
        cost = asker.prices.expense(tokens_in, tokens_out)
        self._reserve(cost)
        body = json.dumps(asker.request.body(prompt, dropped)).encode()
        status, headers, content = await self._post(body)
        try:
            answer = endpoint.answer(status, headers, content, asker.rule)
        except (RetryError, RejectedRequestError, StopRunError):
            if not is_success(status):  # nothing was paid for
                self._settle(Expense(0, -cost.tokens, -cost.money))
            raise
        self._n_replies += 1
        self._store.keep(key, answer)
        paid = asker.prices.expense(answer.tokens_in or tokens_in, answer.tokens_out or tokens_out)
        self._settle(paid - cost)
        self._hold_all(pause_after(headers, cost.tokens))
        return answer

    async def _post(self, body: bytes) -> tuple[int, Any, bytes]:
        """Post a request within the time limit; return the status, the headers and the content of the reply."""
        http, endpoint = self._http, self._endpoint
        try:
            async with asyncio.timeout(self._asker.timeout):
                async with self._client.stream("POST", endpoint.url, content=body) as reply:
                    content = bytearray()
                    async for piece in reply.aiter_bytes():
                        content += piece
                        if len(content) > LARGEST:
                            raise RetryError(f"the reply is longer than {LARGEST:,} bytes")
                    return reply.status_code, reply.headers, bytes(content)
        except (TimeoutError, http.TimeoutException) as error:
            connecting = isinstance(error, http.ConnectTimeout)
            raise RetryError(f"no reply within {self._asker.timeout:g} seconds", unreachable=connecting) from None
        except (http.UnsupportedProtocol, http.LocalProtocolError) as error:
            raise self._unusable(error) from None
        except http.TransportError as error:
            reason = endpoint.redacted(f"{type(error).__name__}: {error}".rstrip(": "))
            unreachable = isinstance(error, http.ConnectError | http.ProxyError)
            raise RetryError(reason, unreachable=unreachable) from None
        except http.DecodingError as error:
            raise RetryError(f"the reply cannot be decoded: {error}") from None

    def _unusable(self, error: Exception) -> StopRunError:
        reason = self._endpoint.redacted(str(error))
        return StopRunError(
            f"rule {self._asker.rule!r} cannot query {self._endpoint.name}: {reason}",
            hint="check LABELKIT_LLM_URL",
            code="LK644",
        )

    def _reserve(self, cost: Expense) -> None:
        """Reserve the estimated cost of a request in the budgets of the rule and of the run, or stop the run."""
        of_rule = self._asker.budget
        if not of_rule and not self._of_run:
            return
        exceeded = self._store.reserve(self._asker.rule, cost, of_rule, self._of_run)
        if exceeded:
            is_of_rule = of_rule.exceeded_by(self._store.spent(self._asker.rule), cost)
            whose, option = ("", "budget=") if is_of_rule else (" of the run", VARIABLE)
            raise StopRunError(
                f"rule {self._asker.rule!r} stops: the budget{whose} of {exceeded} is spent",
                hint=f"answers are stored; raise {option}, or run the same command again to spend as much once more",
                code="LK642",
            )

    def _settle(self, difference: Expense) -> None:
        if self._asker.budget or self._of_run:
            self._store.settle(self._asker.rule, difference)

    def _hold_all(self, seconds: float) -> None:
        """Delay all requests by some seconds, as requested by the endpoint."""
        if seconds > 0:
            assert self._loop is not None
            self._not_before = max(self._not_before, self._loop.time() + seconds)

    async def _wait_for_limits(self) -> None:
        assert self._loop is not None
        while (wait := self._not_before - self._loop.time()) > 0:
            await self._pause(wait)
        self._check_halt()

    async def _pause(self, seconds: float) -> None:
        """Wait, or raise _HaltedError as soon as the run stops."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._halt.wait(), seconds)
        self._check_halt()

    def _check_halt(self) -> None:
        if self._halt.is_set():
            raise _HaltedError


def _client_library(rule: str) -> ModuleType:
    try:
        return optional("httpx2", extra="llm")
    except MissingExtraError as error:
        raise StopRunError(
            f"rule {rule!r} cannot send requests: {error.message}", hint=error.hint, code=error.code
        ) from None


@functools.cache
def _certificates() -> Any:
    """Load the trusted certificates, once a process, since that takes a tenth of a second."""
    return optional("httpx2", extra="llm").create_ssl_context()


def _budget_of_run(asker: Asker) -> Budget:
    """Read the budget of the run from the environment; a limit on money requires prices."""
    try:
        of_run = Budget.of_run()
    except RuleError as error:
        raise StopRunError(error.message, hint=error.hint, code=error.code) from None
    if of_run.money is not None and not asker.prices.known:
        raise StopRunError(
            f"{VARIABLE} limits money, and rule {asker.rule!r} has no prices of tokens",
            hint="prices=(0.15, 0.60): for a million tokens of prompts, and of answers",
        )
    return of_run


def _back_off(key: str, attempt: int) -> float:
    """Return the seconds before the next attempt: exponential back-off with jitter from a hash of the key."""
    digest = hashlib.blake2b(f"{key} {attempt}".encode(), digest_size=4).digest()
    jitter = 0.5 + 0.5 * int.from_bytes(digest, "big") / 2**32
    return jitter * min(MOST_WAIT, FIRST_WAIT * 2.0**attempt)

"""Many requests at a time, in a thread that has an event loop of its own (a notebook's is busy already).

Each prompt is claimed, sent, sent again after a while if that may help, and its answer kept the moment it comes. When
something stops the run, requests that are under way are waited for, since they are paid for; no new ones go out.
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
from labelkit.rules.prompts._question import DROPPED_FIRST
from labelkit.rules.prompts.answer_store import AnswerStore
from labelkit.rules.prompts.answers import Answer
from labelkit.rules.prompts.budget import VARIABLE, Budget, Expense
from labelkit.rules.prompts.endpoint import AgainError, Endpoint, UnfitError, is_success, pause_after

if TYPE_CHECKING:
    from labelkit.rules.prompts.asker import Asker

Outcome: TypeAlias = Answer | PromptError

FIRST_WAIT: Final = 0.5
"""Seconds before a prompt is sent again, doubled each time; at random, between half of it and all of it."""

MOST_WAIT: Final = 30.0
"""Seconds to which that grows."""

HOPELESS: Final = 50
"""Examples given up one after the other, with no answer in between, after which the run stops."""

CONNECTING: Final = 10.0
"""Seconds until an endpoint that does not take a connection is out of reach."""

POLL: Final = 0.02
"""Seconds between two looks at the claims of other processes."""

LARGEST: Final = 4 * 2**20
"""Bytes of a reply that are read; an answer is a word."""

LEASE: Final = 60.0
"""Seconds for which a claim holds beyond the time that its request may take."""

GRACE: Final = 3.0
"""Seconds that an interrupted run waits for requests that are under way."""


def ask_all(asker: Asker, endpoint: Endpoint, store: AnswerStore, prompts: dict[str, str]) -> dict[str, Outcome]:
    """Ask about prompts, by their keys; closes the store.

    Raises
    ------
    StopRunError
        If the run must not go on.
    """
    asking = _PendingRequests(asker, endpoint, store)
    thread = threading.Thread(target=asking.run, args=(prompts,), name="labelkit-prompts", daemon=True)
    try:
        thread.start()
        asking.over.wait()
    except BaseException:  # Ctrl-C: what is under way may still be answered, but nobody waits for long
        asking.interrupt()
        asking.over.wait(GRACE)
        raise
    if asking.failure is not None:
        raise asking.failure
    return asking.outcomes


class _HaltedError(Exception):
    """The run stops, so that nothing new is begun."""


class _PendingRequests:
    """The requests of one chunk.

    Attributes
    ----------
    outcomes : dict from key to Answer or PromptError
    failure : BaseException or None
        Why there are no more.
    over : Event
        Set at the end.
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
        """Ask, from the first to the last prompt."""
        try:
            self._http = _client_library(self._asker.rule)
            asyncio.run(self._run(prompts))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._fail(error)
        finally:
            self._store.close()
            self.over.set()

    def interrupt(self) -> None:
        """Begin nothing new; called from another thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it is over already
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
        """Take one prompt after the other, until there are none or the run stops."""
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
        """Wait for the requests that other processes of the run have under way: an error here ends these processes."""
        under_way = self._store.claimed_by_others()
        while under_way:
            await asyncio.sleep(POLL)
            under_way &= self._store.claimed_by_others()

    async def _outcome(self, key: str, prompt: str) -> Outcome:
        ready = await self._claimed(key)
        if ready is not None:
            return ready
        try:
            return await self._tried(key, prompt)
        finally:
            self._store.release(key)

    async def _claimed(self, key: str) -> Answer | None:
        """Wait for this process's turn to ask; the answer, if another one got it."""
        wait, asker = POLL, self._asker
        while not self._halt.is_set():
            seconds = asker.timeout + LEASE
            turn = self._store.claim(key, rule=asker.rule, slots=asker.concurrency, seconds=seconds)
            if turn is not False:
                return turn if isinstance(turn, Answer) else None
            await self._pause(wait)
            wait = min(2 * wait, 0.5)
        raise _HaltedError

    async def _tried(self, key: str, prompt: str) -> Outcome:
        """Send a prompt until there is an answer, or no hope of one."""
        n_replies = self._n_replies
        last = AgainError("")
        for attempt in range(self._asker.retries + 1):
            await self._wait_for_limits()
            try:
                answer = await self._sent(key, prompt)
            except UnfitError as unfit:
                self._n_given_up = 0
                return PromptError(f"{self._endpoint.name} does not take the prompt: {unfit.reason}")
            except AgainError as error:
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
        return self._given_up(last, silent=self._n_replies == n_replies)

    def _given_up(self, last: AgainError, *, silent: bool) -> PromptError:
        """No answer to one example; where there is none for anybody, the run stops."""
        self._n_given_up += 1
        times = f"{self._asker.retries + 1} attempts" if self._asker.retries else "one attempt"
        if (last.unreachable and silent) or self._n_given_up >= HOPELESS:
            what = "is out of reach" if last.unreachable else f"gave no answer to {HOPELESS} examples in a row"
            raise StopRunError(
                f"rule {self._asker.rule!r} cannot go on: {self._endpoint.name} {what}; at last: {last.reason}",
                hint="check LABELKIT_LLM_URL; the same command goes on where it was, and what was answered is kept",
            )
        return PromptError(f"no answer after {times}; at last: {last.reason}")

    async def _sent(self, key: str, prompt: str) -> Answer:
        """Send a prompt once, with the fields that the endpoint takes; until it has answered, one request at a time."""
        while self._asker.known_terms(self._endpoint) is None:
            async with self._probing:
                if self._asker.known_terms(self._endpoint) is None:
                    self._check_halt()
                    return await self._probed(key, prompt)
        self._check_halt()  # it may have been set while another prompt was the probe
        return await self._send(key, prompt, self._asker.known_terms(self._endpoint) or frozenset())

    async def _probed(self, key: str, prompt: str) -> Answer:
        """Find out which fields the endpoint takes; only an answer proves it."""
        terms = f"{self._endpoint.name} {self._asker.question.model}"
        before = dropped = self._store.dropped(terms) or frozenset()
        while True:
            try:
                answer = await self._send(key, prompt, dropped)
            except UnfitError as unfit:
                field = None if unfit.final else self._to_drop(unfit.reason, dropped, prompt)
                if field is None:
                    raise
                dropped |= {field}
            else:
                self._asker.settle_terms(self._endpoint, dropped)
                if dropped != before:
                    self._store.note_dropped(terms, dropped)
                return answer

    def _to_drop(self, reason: str, dropped: frozenset[str], prompt: str) -> str | None:
        """The field to leave out next: the one that the endpoint names, else the first of those it may not know."""
        left = [name for name in self._asker.question.body(prompt, dropped) if name in DROPPED_FIRST]
        named = [name for name in left if name in reason or (name == "response_format" and "schema" in reason)]
        return next(iter(named or sorted(left, key=DROPPED_FIRST.index)), None)

    async def _send(self, key: str, prompt: str, dropped: frozenset[str]) -> Answer:
        """Send one request, within the budget; an answer is kept at once."""
        asker, endpoint = self._asker, self._endpoint
        tokens_in, tokens_out = asker.question.tokens_in(prompt), asker.question.tokens_out
        cost = asker.prices.expense(tokens_in, tokens_out)
        self._reserve(cost)
        body = json.dumps(asker.question.body(prompt, dropped)).encode()
        status, headers, content = await self._posted(body)
        try:
            answer = endpoint.answer(status, headers, content, asker.rule)
        except (AgainError, UnfitError, StopRunError):
            if not is_success(status):  # nothing was paid for
                self._settle(Expense(0, -cost.tokens, -cost.money))
            raise
        self._n_replies += 1
        self._store.keep(key, answer)
        paid = asker.prices.expense(answer.tokens_in or tokens_in, answer.tokens_out or tokens_out)
        self._settle(paid - cost)
        self._hold_all(pause_after(headers, cost.tokens))
        return answer

    async def _posted(self, body: bytes) -> tuple[int, Any, bytes]:
        """Post, and read what comes, in the time that there is."""
        http, endpoint = self._http, self._endpoint
        try:
            async with asyncio.timeout(self._asker.timeout):
                async with self._client.stream("POST", endpoint.url, content=body) as reply:
                    content = bytearray()
                    async for piece in reply.aiter_bytes():
                        content += piece
                        if len(content) > LARGEST:
                            raise AgainError(f"the reply is longer than {LARGEST:,} bytes")
                    return reply.status_code, reply.headers, bytes(content)
        except (TimeoutError, http.TimeoutException) as error:
            connecting = isinstance(error, http.ConnectTimeout)
            raise AgainError(f"no reply within {self._asker.timeout:g} seconds", unreachable=connecting) from None
        except (http.UnsupportedProtocol, http.LocalProtocolError) as error:
            raise self._unusable(error) from None
        except http.TransportError as error:
            told = endpoint.redacted(f"{type(error).__name__}: {error}".rstrip(": "))
            unreachable = isinstance(error, http.ConnectError | http.ProxyError)
            raise AgainError(told, unreachable=unreachable) from None
        except http.DecodingError as error:
            raise AgainError(f"the reply cannot be decoded: {error}") from None

    def _unusable(self, error: Exception) -> StopRunError:
        told = self._endpoint.redacted(str(error))
        return StopRunError(
            f"rule {self._asker.rule!r} cannot ask {self._endpoint.name}: {told}", hint="check LABELKIT_LLM_URL"
        )

    def _reserve(self, cost: Expense) -> None:
        own = self._asker.budget
        if not own and not self._of_run:
            return
        passed = self._store.reserve(self._asker.rule, cost, own, self._of_run)
        if passed:
            is_own = own.exceeded_by(self._store.spent(self._asker.rule), cost)
            whose, raised = ("", "budget=") if is_own else (" of the run", VARIABLE)
            raise StopRunError(
                f"rule {self._asker.rule!r} stops: the budget{whose} of {passed} is spent",
                hint=f"what was answered is kept; raise {raised}, or give the same command again to spend as much more",
            )

    def _settle(self, difference: Expense) -> None:
        if self._asker.budget or self._of_run:
            self._store.settle(self._asker.rule, difference)

    def _hold_all(self, seconds: float) -> None:
        """Let no request go out for a while: the endpoint asks for it."""
        if seconds > 0:
            assert self._loop is not None
            self._not_before = max(self._not_before, self._loop.time() + seconds)

    async def _wait_for_limits(self) -> None:
        assert self._loop is not None
        while (wait := self._not_before - self._loop.time()) > 0:
            await self._pause(wait)
        self._check_halt()

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the run stops."""
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
        raise StopRunError(f"rule {rule!r} cannot ask: {error.message}", hint=error.hint) from None


@functools.cache
def _certificates() -> Any:
    """The certificates that are trusted; to load them takes a tenth of a second."""
    return optional("httpx2", extra="llm").create_ssl_context()


def _budget_of_run(asker: Asker) -> Budget:
    """The budget of the environment; a limit on money needs prices."""
    try:
        of_run = Budget.of_run()
    except RuleError as error:
        raise StopRunError(error.message, hint=error.hint) from None
    if of_run.money is not None and not asker.prices.known:
        raise StopRunError(
            f"{VARIABLE} limits money, and rule {asker.rule!r} does not say what tokens cost",
            hint="prices=(0.15, 0.60): for a million tokens of prompts, and of answers",
        )
    return of_run


def _back_off(key: str, attempt: int) -> float:
    """How long to wait before the next attempt: longer each time, and not at the same time as others."""
    digest = hashlib.blake2b(f"{key} {attempt}".encode(), digest_size=4).digest()
    share = 0.5 + 0.5 * int.from_bytes(digest, "big") / 2**32
    return share * min(MOST_WAIT, FIRST_WAIT * 2.0**attempt)

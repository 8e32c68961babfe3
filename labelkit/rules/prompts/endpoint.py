"""The address and key of the endpoint, and the interpretation of its replies: answer, retry, reject, or stop the run.

The address and the key are read from the environment only: ``LABELKIT_LLM_URL`` and ``LABELKIT_LLM_KEY``, or, if the
first is not set, ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``. A key is never sent to the address of the other pair.
Secrets are removed from every text that the endpoint returns before it is shown or stored.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from labelkit.exceptions import StopRunError
from labelkit.rules.prompts.answers import Answer, confidence_of

PAIRS: Final = (("LABELKIT_LLM_URL", "LABELKIT_LLM_KEY"), ("OPENAI_BASE_URL", "OPENAI_API_KEY"))
"""Environment variables of addresses, each with that of its key."""

PATH: Final = "/chat/completions"

A_KEY: Final = 16
"""Length from which a secret is removed from answers too; shorter ones, such as "none", may be answers."""

LONGEST_REASON: Final = 200
"""Characters of an endpoint's error message that are shown."""

LONGEST_WAIT: Final = 600.0
"""Longest wait in seconds that an endpoint may request; if it requests more, the run stops."""

_RETRY: Final = {408, 409, 425, 429}
_REJECTED: Final = {400, 413, 422}
_SPENT: Final = re.compile(r"quota|billing|credit|balance|payment|spending|funds", re.IGNORECASE)
_TOO_LONG: Final = re.compile(
    r"context.?(length|window|size)|too long|too many tokens|maximum.{0,20}tokens", re.IGNORECASE
)
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class RetryError(Exception):
    """A failure that may be temporary: the request is worth a retry.

    Parameters
    ----------
    reason : str
    wait : float, optional
        Seconds that the endpoint requests to wait, before any request.
    unreachable : bool
        True if there was no connection at all.
    """

    def __init__(self, reason: str, *, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.unreachable = unreachable


class RejectedRequestError(Exception):
    """The endpoint rejects this request.

    Parameters
    ----------
    reason : str
    final : bool
        True if the prompt itself is the cause (too long), so that leaving out fields of the request cannot help.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of OpenAI's chat completions API.

    Parameters
    ----------
    name : str
        The address without secrets.
    url : str
        The address to which requests are sent.
    headers : dict
    secrets : tuple of str
        Texts that must not be shown.
    """

    name: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of_environment(cls, rule: str) -> Endpoint:
        """Read the address and the key.

        Raises
        ------
        StopRunError
            If there is no address, or the address or the key is invalid.
        """
        url, key, variable = _given(rule)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StopRunError(
                f"rule {rule!r} asks a language model, and {variable} is not an address of http or https",
                hint=f"{variable}=https://api.example.com/v1",
                code="LK643",
            )
        if not key.isascii() or any(character.isspace() for character in key):
            raise StopRunError(
                f"the key that belongs to {variable} has characters that no key has", hint="copy it again", code="LK643"
            )
        host = parts.netloc.rpartition("@")[2]
        path = parts.path.rstrip("/")
        path = path if path.endswith(PATH) else path + PATH
        user = (unquote(parts.username or ""), unquote(parts.password or ""))
        return cls(
            name=urlunsplit((parts.scheme, host, path, "", "")),
            url=urlunsplit((parts.scheme, host, quote(path, safe="/%:@"), parts.query, "")),
            headers=_authorization(key, user),
            secrets=_secrets(key, user[1], parts.password or "", parts.query),
        )

    def redacted(self, text: str, *, least: int = 3) -> str:
        """Replace the secrets of at least ``least`` characters in a text by ``***``."""
        for secret in self.secrets:
            text = text if len(secret) < least else text.replace(secret, "***")
        return text

    def answer(self, status: int, headers: Mapping[str, str], content: bytes, rule: str) -> Answer:
        """Parse a reply.

        Raises
        ------
        RetryError
            If the failure may be temporary.
        RejectedRequestError
            If the endpoint rejects this request.
        StopRunError
            If every request must fail: the key, the address or the model is wrong, or the quota is spent.
        """
        body = _json(content)
        if is_success(status):
            return self._answer(body)
        reason = self._reason(status, body, content)
        error = body.get("error") if isinstance(body, dict) else None
        kind = " ".join(str(error.get(name, "")) for name in ("code", "type")) if isinstance(error, dict) else ""
        if status == 402 or (status in (403, 429) and (_SPENT.search(kind) or "insufficient_quota" in reason)):
            raise _stop(rule, self, reason, "the quota is spent", "raise the quota, and run the same command again")
        if status in _RETRY or (status >= 500 and status not in (501, 505)):
            raise RetryError(reason, wait=self._wait(headers, reason, rule))
        if status in _REJECTED:
            raise RejectedRequestError(reason, final=status == 413 or bool(_TOO_LONG.search(f"{kind} {reason}")))
        raise _stop(rule, self, reason, *_WRONG.get(status, _WRONG[404]))

    def _answer(self, body: Any) -> Answer:
        try:
            choice = body["choices"][0]
            message = choice["message"]
            text, refusal = _joined(message.get("content")), message.get("refusal")
            finish = "refusal" if refusal and not text else str(choice.get("finish_reason") or "stop")
            content = text or str(refusal or "")
            if not content and finish == "stop":
                raise RetryError("the reply holds no answer")
            used = body.get("usage") or {}
            counts = [int(used.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
            return Answer(self.redacted(content, least=A_KEY), finish, _confidence(content, choice), *counts)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise RetryError(f"the reply is not a chat completion: {self._shortened(body)}") from None

    def _reason(self, status: int, body: Any, content: bytes) -> str:
        """Return the status and the error message of a reply, without secrets and shortened."""
        error = body.get("error", body.get("message")) if isinstance(body, dict) else None
        message = error.get("message") if isinstance(error, dict) else error
        text = message if isinstance(message, str) else content[: 2 * LONGEST_REASON].decode("utf-8", "replace")
        code = f" [{error['code']}]" if isinstance(error, dict) and isinstance(error.get("code"), str) else ""
        return f"{status}{code}: {self._shortened(text)}"

    def _shortened(self, value: Any) -> str:
        text = " ".join(self.redacted(value if isinstance(value, str) else json.dumps(value)).split())
        return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"

    def _wait(self, headers: Mapping[str, str], reason: str, rule: str) -> float | None:
        wait = retry_after(headers)
        if wait is not None and wait > LONGEST_WAIT:
            problem = f"the endpoint requests a wait of {wait:,.0f} seconds"
            raise _stop(rule, self, reason, problem, "run the same command again then")
        return wait


_WRONG: Final = {
    401: ("the key is not accepted", "set LABELKIT_LLM_KEY to a valid key"),
    403: ("the key lacks permission", "set LABELKIT_LLM_KEY to a key that may use the model"),
    404: ("the address or the model does not exist", "check LABELKIT_LLM_URL and model="),
}


def _stop(rule: str, endpoint: Endpoint, reason: str, problem: str, hint: str) -> StopRunError:
    """Build the error that stops the run, with the reply of the endpoint."""
    return StopRunError(
        f"rule {rule!r} cannot go on: {problem}; {endpoint.name} replied {reason}",
        hint=f"{hint}; answers so far are stored, and not paid for again",
        code="LK644",
    )


def _given(rule: str) -> tuple[str, str, str]:
    for variable, secret in PAIRS:
        url = os.environ.get(variable, "").strip()
        if url:
            return url, os.environ.get(secret, "").strip(), variable
    raise StopRunError(
        f"rule {rule!r} asks a language model, and the environment has no address of one",
        hint="set LABELKIT_LLM_URL to an address such as https://api.example.com/v1, and LABELKIT_LLM_KEY to its key",
        code="LK643",
    )


def _authorization(key: str, user: tuple[str, str]) -> dict[str, str]:
    if key:
        return {"Authorization": f"Bearer {key}"}
    if any(user):
        return {"Authorization": f"Basic {base64.b64encode(':'.join(user).encode()).decode()}"}
    return {}


def _secrets(key: str, password: str, quoted: str, query: str) -> tuple[str, ...]:
    """Return the texts that must not be shown, longest first, except those too short to be secrets (1 or 2 letters)."""
    values = [part.partition("=")[2] for part in query.split("&")]
    secrets = {secret for secret in (key, password, quoted, query, *values, *map(unquote, values)) if len(secret) > 2}
    return tuple(sorted(secrets, key=len, reverse=True))


def is_success(status: int) -> bool:
    """Return True for a status of success (2xx)."""
    return status // 100 == 2


def _joined(content: Any) -> str:
    """Join the text of a message, which may be a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content)
    return content if isinstance(content, str) else ""


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content[:LONGEST_REASON].decode("utf-8", "replace")


def _confidence(text: str, choice: Mapping[str, Any]) -> float | None:
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not tokens:
        return None
    confidence = confidence_of(text, [(str(token["token"]), float(token["logprob"])) for token in tokens])
    return None if math.isnan(confidence) else confidence


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait before a retry, from the headers of a reply; None if it has none.

    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "250"}), retry_after({})
    (2.0, 0.25, None)
    """
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - slow to import, and a rule may never need it

    with contextlib.suppress(KeyError, ValueError):
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    with contextlib.suppress(KeyError, ValueError):
        seconds = float(headers["retry-after"])
        return max(0.0, seconds) if math.isfinite(seconds) else None
    with contextlib.suppress(KeyError, ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    return None


def pause_after(headers: Mapping[str, str], tokens: float) -> float:
    """Return the seconds to wait before the next request, from the rate-limit headers of a reply.

    >>> pause_after({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"}, 100)
    62.5
    >>> pause_after({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1m2.5s"}, 100)
    0.0
    """
    wait = 0.0
    for unit, needed in (("requests", 1.0), ("tokens", tokens)):
        with contextlib.suppress(KeyError, ValueError):
            if float(headers[f"x-ratelimit-remaining-{unit}"]) < needed:
                wait = max(wait, _seconds(headers[f"x-ratelimit-reset-{unit}"]))
    return min(wait, LONGEST_WAIT)


def _seconds(duration: str) -> float:
    parts = _DURATION.findall(duration)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else float(duration)

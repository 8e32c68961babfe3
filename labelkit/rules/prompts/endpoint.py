"""Where to ask, and what a reply means: an answer, a reason to ask again, to give up on an example, or to stop.

The address and the key come from the environment alone: ``LABELKIT_LLM_URL`` and ``LABELKIT_LLM_KEY``, or where the
first is not set ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``. A key is never sent to the address of the other pair. What
is secret is taken out of every text that comes from outside before anybody sees it.
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
"""Variables of the environment: addresses, each with its key."""

PATH: Final = "/chat/completions"

A_KEY: Final = 16
"""Characters from which a secret is taken out of answers too; shorter ones, such as "none", may be answers."""

LONGEST_REASON: Final = 200
"""Characters of what an endpoint says that are passed on."""

LONGEST_WAIT: Final = 600.0
"""Seconds that a run waits for an endpoint that asks it to; after more, it stops."""

_AGAIN: Final = {408, 409, 425, 429}
_UNFIT: Final = {400, 413, 422}
_SPENT: Final = re.compile(r"quota|billing|credit|balance|payment|spending|funds", re.IGNORECASE)
_TOO_LONG: Final = re.compile(
    r"context.?(length|window|size)|too long|too many tokens|maximum.{0,20}tokens", re.IGNORECASE
)
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class AgainError(Exception):
    """No answer this time, but perhaps the next.

    Parameters
    ----------
    reason : str
    wait : float, optional
        Seconds that the endpoint asks everybody to wait.
    unreachable : bool
        Whether nobody answered at all.
    """

    def __init__(self, reason: str, *, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.unreachable = unreachable


class UnfitError(Exception):
    """The endpoint does not take this request.

    Parameters
    ----------
    reason : str
    final : bool
        Whether it is because of the example, so that the same request in other words is of no use.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True)
class Endpoint:
    """An address that speaks OpenAI's chat completions.

    Parameters
    ----------
    name : str
        The address without anything secret.
    url : str
        Where requests go.
    headers : dict
    secrets : tuple of str
        What must not be shown.
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
            If there is no address, or what there is cannot be used.
        """
        url, key, variable = _given(rule)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StopRunError(
                f"rule {rule!r} asks a language model, and {variable} is not an address of http or https",
                hint=f"{variable}=https://api.example.com/v1",
            )
        if not key.isascii() or any(character.isspace() for character in key):
            raise StopRunError(f"the key beside {variable} holds characters that no key has", hint="copy it anew")
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
        """A text without what is secret, as far as it has so many characters."""
        for secret in self.secrets:
            text = text if len(secret) < least else text.replace(secret, "***")
        return text

    def answer(self, status: int, headers: Mapping[str, str], content: bytes, rule: str) -> Answer:
        """Make an answer of a reply.

        Raises
        ------
        AgainError, UnfitError
            If it is none.
        StopRunError
            If there will be none for any example: the key, the address or the model is wrong, or the quota is spent.
        """
        body = _json(content)
        if is_success(status):
            return self._answer(body)
        reason = self._reason(status, body, content)
        error = body.get("error") if isinstance(body, dict) else None
        kind = " ".join(str(error.get(name, "")) for name in ("code", "type")) if isinstance(error, dict) else ""
        if status == 402 or (status in (403, 429) and (_SPENT.search(kind) or "insufficient_quota" in reason)):
            raise _stop(rule, self, reason, "the quota is spent", "when there is more, give the same command again")
        if status in _AGAIN or (status >= 500 and status not in (501, 505)):
            raise AgainError(reason, wait=self._wait(headers, reason, rule))
        if status in _UNFIT:
            raise UnfitError(reason, final=status == 413 or bool(_TOO_LONG.search(f"{kind} {reason}")))
        raise _stop(rule, self, reason, *_WRONG.get(status, _WRONG[404]))

    def _answer(self, body: Any) -> Answer:
        try:
            choice = body["choices"][0]
            message = choice["message"]
            text, refusal = _joined(message.get("content")), message.get("refusal")
            finish = "refusal" if refusal and not text else str(choice.get("finish_reason") or "stop")
            said = text or str(refusal or "")
            if not said and finish == "stop":
                raise AgainError("the reply holds no answer")
            used = body.get("usage") or {}
            counts = [int(used.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
            return Answer(self.redacted(said, least=A_KEY), finish, _confidence(said, choice), *counts)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise AgainError(f"the reply is no chat completion: {self._start(body)}") from None

    def _reason(self, status: int, body: Any, content: bytes) -> str:
        """What the endpoint says is wrong."""
        error = body.get("error", body.get("message")) if isinstance(body, dict) else None
        said = error.get("message") if isinstance(error, dict) else error
        text = said if isinstance(said, str) else content[: 2 * LONGEST_REASON].decode("utf-8", "replace")
        code = f" [{error['code']}]" if isinstance(error, dict) and isinstance(error.get("code"), str) else ""
        return f"{status}{code}: {self._start(text)}"

    def _start(self, said: Any) -> str:
        text = " ".join(self.redacted(said if isinstance(said, str) else json.dumps(said)).split())
        return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"

    def _wait(self, headers: Mapping[str, str], reason: str, rule: str) -> float | None:
        wait = retry_after(headers)
        if wait is not None and wait > LONGEST_WAIT:
            told = f"asks to come back in {wait:,.0f} seconds"
            raise _stop(rule, self, reason, told, "give the same command again then")
        return wait


_WRONG: Final = {
    401: ("the key is not accepted", "set LABELKIT_LLM_KEY to a key that is valid"),
    403: ("the key may not do this", "set LABELKIT_LLM_KEY to a key that may use the model"),
    404: ("the address or the model is not there", "check LABELKIT_LLM_URL and model="),
}


def _stop(rule: str, endpoint: Endpoint, reason: str, what: str, hint: str) -> StopRunError:
    """The run cannot go on; what was answered so far is kept."""
    return StopRunError(
        f"rule {rule!r} cannot go on: {what}; {endpoint.name} says {reason}",
        hint=f"{hint}; what was answered is kept, and not paid for again",
    )


def _given(rule: str) -> tuple[str, str, str]:
    for variable, secret in PAIRS:
        url = os.environ.get(variable, "").strip()
        if url:
            return url, os.environ.get(secret, "").strip(), variable
    raise StopRunError(
        f"rule {rule!r} asks a language model, and the environment does not say where",
        hint="set LABELKIT_LLM_URL to an address such as https://api.example.com/v1, and LABELKIT_LLM_KEY to its key",
    )


def _authorization(key: str, user: tuple[str, str]) -> dict[str, str]:
    if key:
        return {"Authorization": f"Bearer {key}"}
    if any(user):
        return {"Authorization": f"Basic {base64.b64encode(':'.join(user).encode()).decode()}"}
    return {}


def _secrets(key: str, password: str, quoted: str, query: str) -> tuple[str, ...]:
    """All that must not be shown, the longest first; a value of one or two characters would blot out everything."""
    values = [part.partition("=")[2] for part in query.split("&")]
    found = {secret for secret in (key, password, quoted, query, *values, *map(unquote, values)) if len(secret) > 2}
    return tuple(sorted(found, key=len, reverse=True))


def is_success(status: int) -> bool:
    """Whether a status says that there is an answer."""
    return status // 100 == 2


def _joined(content: Any) -> str:
    """The text of a message, which may come in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content)
    return content if isinstance(content, str) else ""


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content[:LONGEST_REASON].decode("utf-8", "replace")


def _confidence(text: str, choice: Mapping[str, Any]) -> float | None:
    told = choice.get("logprobs")
    tokens = told.get("content") if isinstance(told, Mapping) else None
    if not tokens:
        return None
    confidence = confidence_of(text, [(str(token["token"]), float(token["logprob"])) for token in tokens])
    return None if math.isnan(confidence) else confidence


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a reply asks to wait.

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
    """The seconds after which the next request is welcome, by what a reply says is left of a rate limit.

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

"""Remove passwords from addresses before they are shown, written or hashed.

A user may give an address with a password in it, or a reference to an environment variable (``${DB_PASSWORD}``), which
is replaced by its value only when a connection is opened.

>>> masked("postgresql://reader:hunter2@db.example/shop?sslmode=require")
'postgresql://reader:***@db.example/shop?sslmode=require'
>>> masked("postgresql://reader:${DB_PASSWORD}@db.example/shop")
'postgresql://reader:${DB_PASSWORD}@db.example/shop'
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote

from labelkit.exceptions import LabelkitError

MASK: Final = "***"

_REFERENCE: Final = re.compile(r"\$\{(\w+)\}")
_PASSWORD: Final = re.compile(r"([a-zA-Z][\w+.-]*://[^\s:/@\"']*:)([^\s\"']+)(?=@)")
_USER: Final = re.compile(r"(?<=://)[^\s\"']*@")
_OPTION: Final = re.compile(
    r"([?&;][\w.-]*(?:passw|pwd|secret|token|api_?key|access_?key|credential|signature)[\w.-]*=)([^&;\s\"']+)",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """Replace the passwords of the addresses in a text by ``***``; references to environment variables stay."""
    return _OPTION.sub(_hidden, _PASSWORD.sub(_hidden, text))


def _hidden(match: re.Match[str]) -> str:
    return match[0] if _REFERENCE.fullmatch(match[2]) else match[1] + MASK


def anonymous(address: str) -> str:
    """Remove user, password and secret options from an address, so that it is the same for every user.

    >>> anonymous("postgresql://reader:hunter2@db.example/shop")
    'postgresql://db.example/shop'
    """
    return _OPTION.sub(lambda match: match[1] + MASK, _USER.sub("", address))


def secrets_of(address: str) -> tuple[str, ...]:
    """Return the passwords in an address whose references were replaced, as written and URL-decoded, longest first."""
    given = {match[2] for pattern in (_PASSWORD, _OPTION) for match in pattern.finditer(address)}
    return tuple(sorted({*given, *map(unquote, given)} - {MASK}, key=len, reverse=True))


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Replace secrets, and the passwords of addresses, in a message such as a driver's."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return masked(text)


def from_environment(address: str) -> str:
    """Replace references to environment variables by their values, URL-quoted if they are part of a user or password.

    Parameters
    ----------
    address : str
        ``env:NAME`` stands for the whole address, ``${NAME}`` for a part of it.

    Raises
    ------
    LabelkitError
        If a variable is not set.

    >>> os.environ["DB_PASSWORD"] = "p@ss"
    >>> from_environment("postgresql://reader:${DB_PASSWORD}@db.example/shop")
    'postgresql://reader:p%40ss@db.example/shop'
    >>> del os.environ["DB_PASSWORD"]
    """
    if address.startswith("env:"):
        address = _variable(address.removeprefix("env:"))
    host, query = address.rfind("@"), address.find("?")

    def value(match: re.Match[str]) -> str:
        is_plain = host < match.start() and (query < 0 or match.start() < query)  # host, port and name of the database
        return _variable(match[1]) if is_plain else quote(_variable(match[1]), safe="")

    return _REFERENCE.sub(value, address)


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise LabelkitError(f"the environment variable {name!r} is not set", hint=f"export {name}=... before the run")
    return value

"""Remove passwords from addresses, source text and messages before they are shown, written or hashed.

A user may give an address with a password in it, or a reference to an environment variable (``${DB_PASSWORD}``), which
is replaced by its value only when a connection is opened. The source of a rule may hold keys: what is written beside a
name such as ``api_key`` or ``password``, and what has the shape of a token (:mod:`labelkit._shared.source_secrets`
finds the former in Python).

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

UNREAD_ADDRESS: Final = (
    "a port is a number; let an environment variable hold a password (${DB_PASSWORD}), or percent-encode it: "
    "urllib.parse.quote(password, safe='')"
)
"""What to do about an address of a database that cannot be taken apart."""

_REFERENCE: Final = re.compile(r"\$\{(\w+)\}")
_PASSWORD: Final = re.compile(r"([a-zA-Z][\w+.-]{0,15}://[^\s:/@\"']{0,256}:)([^\s\"']{1,1024})(?=@)")
_USER: Final = re.compile(r"(?<=://)[^\s\"']*@")
_OPTION: Final = re.compile(
    r"([?&;][\w.-]*(?:passw|pwd|secret|token|api_?key|access_?key|credential|signature)[\w.-]*=)([^&;\s\"']+)",
    re.IGNORECASE,
)
_SHAPES: Final = re.compile(
    r"""
    -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | \beyJ[\w-]{8,4096}\.eyJ[\w-]{4,}\.[\w-]*                            # JSON Web Token
    | (?<![A-Za-z0-9])(?:
        (?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}                                # AWS
        | gh[oprsu]_\w{16,} | github_pat_\w{16,} | glpat-[\w-]{12,}          # GitHub, GitLab
        | xox[a-z]-[\w-]{8,} | xapp-[\w-]{8,}                               # Slack
        | AIza[\w-]{16,} | ya29\.[\w-]{8,} | GOCSPX-[\w-]{8,}               # Google
        | sk-[\w-]{12,} | [prs]k_(?:live|test)_\w{8,} | whsec_\w{8,}        # OpenAI and others, Stripe
        | hf_[A-Za-z0-9]{12,} | npm_[A-Za-z0-9]{16,} | pypi-[\w-]{16,} | SG\.[\w-]{8,}\.[\w-]{8,}
        | dop_v1_[0-9a-f]{16,} | shp(?:at|ca|pa|ss)_[0-9a-fA-F]{16,} | EAACEdEose0cBA\w+
    )
    | (?<=hooks\.slack\.com/services/)[\w/-]{8,}
    | (?<=\bBearer[ ])[\w.~+/=-]{8,} | (?<=\bBasic[ ])(?=[\w+/=]*[\d=])[\w+/=]{8,}
    """,
    re.VERBOSE | re.DOTALL,
)
"""Tokens and keys that are known by their shape.

References
----------
GitHub, "Supported secret scanning patterns".
https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
"""

_NAMED: Final = re.compile(
    r"(?P<name>(?<![\w.-])[\w.-]*?(?:pass|pwd|secret|token|key|auth|pat|cookie|session|webhook|credential)[\w.-]{0,64})"
    r"(?P<between>[\"']?\s?(?:=(?!=)|:)\s{0,4})(?P<value>[brufBRUF]{0,2}\"[^\"\n]*\"|"
    r"[brufBRUF]{0,2}'[^'\n]*'|[^\s\"'&;,(){}\[\]<>]+)",
    re.IGNORECASE,
)
"""A name and a value, as in ``password=hunter2`` and ``"api_key": "..."``."""

_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")

_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|pwd|secret(?!ary|ion)|credential|authorization|bearer|(?:^|_)(?:pass|pw)$"
    r"|(?:api|access|private|auth|bot|account|encryption|signing|ssh|master)_?(?:key|token)"
)
_PERHAPS_SECRET: Final = re.compile(r"(?:key|token|auth|pat|salt|cookie|session|signature|webhook|hash)s?\d*$")
_LOOKS_SECRET: Final = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[\x21-\x7e]{12,}|[\x21-\x7e]{20,}")
_ABOUT_SECRETS: Final = re.compile(
    r"(?:^|_)(?:(?:word|term|phrase|pattern|name|field|column|hint|label|url|file|path|rule)s?|regex|env|count)$"
)


def is_secret_name(name: str) -> bool:
    """Return whether what is assigned to a name is a secret, whatever it looks like.

    >>> [is_secret_name(name) for name in ("API_KEY", "dbPassword", "token", "password_words")]
    [True, True, False, False]
    """
    name = _snake(name)
    return bool(_SECRET_NAME.search(name)) and not _ABOUT_SECRETS.search(name)


def is_secret(name: str, value: str) -> bool:
    """Return whether a value is a secret: by its name, or by a name that may be one's and its looks.

    >>> is_secret("password", "hunter2"), is_secret("token", "free"), is_secret("token", "f3A9xQ0c7Lm2Zt8R")
    (True, False, True)
    """
    if not value or _REFERENCE.fullmatch(value) or value.startswith("env:"):
        return False
    if is_secret_name(name):
        return True
    return bool(_PERHAPS_SECRET.search(_snake(name)) and _LOOKS_SECRET.fullmatch(value))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_").replace(" ", "_")


def masked(text: str) -> str:
    """Replace the secrets in a text by ``***``; references to environment variables stay.

    These are the passwords of addresses, tokens of a known shape, and what stands behind a name such as ``password=``.

    >>> masked("login of bob failed: password=hunter2, with ghp_0123456789abcdef0123")
    'login of bob failed: password=***, with ***'
    """
    return _NAMED.sub(_without_value, _SHAPES.sub(MASK, _OPTION.sub(_hidden, _PASSWORD.sub(_hidden, text))))


def _without_value(match: re.Match[str]) -> str:
    parts = _parts_of(match)
    return match[0] if parts is None else f"{match['name']}{match['between']}{parts[0]}{MASK}{parts[2]}"


def _parts_of(match: re.Match[str]) -> tuple[str, str, str] | None:
    """Return the value of a name between its quotes; without quotes, only one that is no code and no prose."""
    quoted = re.fullmatch(r"([brufBRUF]{0,2}[\"'])(.*)([\"'])", match["value"], re.DOTALL)
    before, value, after = ("", match["value"], "") if quoted is None else (quoted[1], quoted[2], quoted[3])
    if value.startswith(MASK) or not is_secret(match["name"].split(".")[-1], value):
        return None
    if quoted is None:
        follows = match.string[match.end() : match.end() + 1]
        is_code = value in {"None", "True", "False", "str", "bytes", "..."} or _DOTTED.fullmatch(value) is not None
        in_sentence = ":" in match["between"] and value.isalpha() and follows not in {"", "\n"}
        if is_code or in_sentence or (follows and follows in "([{"):
            return None
    return before, value, after


def _hidden(match: re.Match[str]) -> str:
    return match[0] if _REFERENCE.fullmatch(match[2]) else match[1] + MASK


def anonymous(address: str) -> str:
    """Remove user, password and secret options from an address, so that it is the same for every user.

    >>> anonymous("postgresql://reader:hunter2@db.example/shop")
    'postgresql://db.example/shop'
    """
    return _OPTION.sub(lambda match: match[1] + MASK, _USER.sub("", address))


def secrets_of(text: str) -> tuple[str, ...]:
    """Return what :func:`masked` replaces in a text, as written and URL-decoded, longest first.

    >>> secrets_of("postgresql://reader:p%40ss@db.example/shop  # password: hunter2")
    ('hunter2', 'p%40ss', 'p@ss')
    """
    given = {match[2] for pattern in (_PASSWORD, _OPTION) for match in pattern.finditer(text)}
    given |= {match[0] for match in _SHAPES.finditer(text)}
    given |= {parts[1] for match in _NAMED.finditer(text) if (parts := _parts_of(match)) is not None}
    return tuple(sorted({*given, *map(unquote, given)} - {MASK}, key=lambda secret: (-len(secret), secret)))


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Replace secrets, and whatever else :func:`masked` does, in a message such as a driver's."""
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
        raise LabelkitError(
            f"the environment variable {name!r} is not set", hint=f"export {name}=... before the run", code="LK601"
        )
    return value

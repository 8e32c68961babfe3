"""Spell the functions of labelkit in hints as the module of the rules knows them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from labelkit._shared.near_names import near_name

_CALLED: Final = re.compile(
    r"(?<![\w.])(?:labelkit\.(?P<full>[a-z]\w*)(?=\()|(?P<sign>@)(?P<decorator>[a-z]\w*)|(?P<made>spacy_doc)(?=\())"
)
"""What of a hint belongs into the module: a call in full, a decorator, or a function that makes a column."""


def as_module_spells(hint: str, namespace: Mapping[str, Any]) -> str:
    """Return a hint with the functions of labelkit as a module has imported them.

    Parameters
    ----------
    hint : str
    namespace : mapping
        The globals of the module.

    Examples
    --------
    >>> import labelkit
    >>> as_module_spells('text = labelkit.normalized_text("text")', {"lk": labelkit})
    'text = lk.normalized_text("text")'
    >>> as_module_spells("@column def n(text: str)", {"lk": labelkit, "column": labelkit.column})
    '@column def n(text: str)'
    >>> as_module_spells('text = labelkit.normalized_text("text")', {})
    'text = normalized_text("text") (from labelkit import normalized_text)'
    """
    public = sys.modules["labelkit"].__all__
    unknown: dict[str, None] = {}

    def spelled(match: re.Match[str]) -> str:
        name = match["full"] or match["decorator"] or match["made"]
        if name not in public:
            return match[0]
        written = spelling(name, namespace)
        if written is None:
            unknown.setdefault(name)
        return (match["sign"] or "") + (written or name)

    written = _CALLED.sub(spelled, hint)
    return f"{written} (from labelkit import {', '.join(unknown)})" if unknown else written


def spelling(name: str, namespace: Mapping[str, Any]) -> str | None:
    """Return how a module writes a public name of labelkit; None if it has imported neither it nor the package."""
    package = sys.modules["labelkit"]
    value = getattr(package, name, None)
    names = [key for key, one in namespace.items() if value is not None and one is value]
    if names:
        return name if name in names else names[0]
    packages = [key for key, one in namespace.items() if one is package]
    return f"{packages[0]}.{name}" if packages else None


def hint_of_undefined(name: str, namespace: Mapping[str, Any]) -> str | None:
    """Return what to write for a name that a module does not have, if it is labelkit's.

    >>> import labelkit
    >>> hint_of_undefined("labelkit", {"lk": labelkit}), hint_of_undefined("keywords", {})
    ('this module knows it as lk', 'from labelkit import keywords')
    """
    package = sys.modules["labelkit"]
    packages = [key for key, one in namespace.items() if one is package]
    if name in {"labelkit", "lk"}:
        if packages:
            return f"this module knows it as {packages[0]}"
        return "import labelkit" if name == "labelkit" else "import labelkit as lk"
    public = name if name in package.__all__ else near_name(name, package.__all__) if packages else None
    if public is None:
        return None
    return f"write {packages[0]}.{public}" if packages else f"from labelkit import {public}"

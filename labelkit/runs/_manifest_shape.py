"""Check that a manifest has the values that its readers use, of the types that they have.

Reports and comparisons read manifests of runs that somebody else, or another version, wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from labelkit._shared.shapes import Shape, check_shape
from labelkit.runs._places_from_here import with_places_from_here

RULE: Final = {"name": str, "fingerprint": str, "kind": str, "columns": [str], "labels": ([int], None)}

MANIFEST: Final[dict[str, Shape]] = {
    "rules": [RULE],
    "classes": [str],
    "corpus": {"path": (str, None), "fingerprint": str, "id": (str, None)},
    "gold": (str, None),
    "model": ({"name": str, "params": dict}, None),
    "evaluation": (dict, None),
    "examples": int,
    "covered": int,
    "patterns": int,
    "faults": int,
    "rejects": int,
    "versions": dict,
}
"""The keys that every manifest has, with the types of their values; a tuple lists several, a list has one for all."""


def checked_manifest(manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the manifest of the run in a folder as its readers use it: classes in order, paths from here.

    Raises
    ------
    ValueError
        If a key is missing, or a value is of another type.
    """
    check_manifest(manifest)
    return with_places_from_here(in_class_order(manifest), folder)


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Raise ValueError with the place of the first value that is missing, or of another type.

    >>> check_manifest({"rules": [3]})
    Traceback (most recent call last):
        ...
    ValueError: 'rules' 0 is 3
    """
    check_shape(manifest, MANIFEST)


def in_class_order(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest whose class prior, which the file has by the alphabet, is in the order of the classes.

    >>> in_class_order({"classes": ["SPAM", "HAM"], "class_prior": {"HAM": 0.6, "SPAM": 0.4}})["class_prior"]
    {'SPAM': 0.4, 'HAM': 0.6}
    """
    prior = manifest.get("class_prior")
    if not isinstance(prior, Mapping) or set(prior) != set(manifest["classes"]):
        return manifest
    return {**manifest, "class_prior": {name: prior[name] for name in manifest["classes"]}}

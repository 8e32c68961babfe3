"""The two packages that are compared: Snorkel where it is installed, and the drop-in."""

from __future__ import annotations

import importlib


class Package:
    """One of the two packages, by its modules: ``package.labeling__apply__dask``."""

    def __init__(self, name):
        self.name = name

    def __getattr__(self, path):
        if path.startswith("_"):
            raise AttributeError(path)
        return importlib.import_module(f"{self.name}.{path.replace('__', '.')}")


OURS = Package("labelkit.interop.snorkel")
THEIRS = Package("snorkel")

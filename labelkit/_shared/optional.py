"""Import an optional dependency inside the call that needs it.

>>> optional("json", extra="none").dumps([1])
'[1]'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from labelkit.exceptions import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType


def optional(module: str, *, extra: str) -> ModuleType:
    """Import ``module``, or raise an error whose hint names the extra that installs it.

    Raises
    ------
    MissingExtraError
        If the module is not installed.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise MissingExtraError(
            f"this needs the package {package!r}, which is not installed",
            hint=f"pip install 'labelkit[{extra}]'",
        ) from error

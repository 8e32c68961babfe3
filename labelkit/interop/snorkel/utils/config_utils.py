"""Merge settings."""

from __future__ import annotations

from typing import Any


def merge_config(config: Any, config_updates: dict[str, Any]) -> Any:
    """Return a named tuple of settings with some of them replaced; a dict in the place of one is merged into it.

    Raises
    ------
    ValueError
        If there is no setting of a name.
    """
    merged = {
        name: merge_config(getattr(config, name), value) if isinstance(value, dict) else value
        for name, value in config_updates.items()
    }
    return config._replace(**merged)

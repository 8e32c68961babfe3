"""Merge settings."""

from labelkit.label_models.snorkel_settings import merge_config

__all__ = ["merge_config"]

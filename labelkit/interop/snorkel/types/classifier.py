"""The base of configurations."""

from typing import NamedTuple

Config = NamedTuple

"""Auditing events of what rule modules read: whoever listens (``sys.addaudithook``) learns what their rules need."""

from typing import Final

READS_FILE: Final = "labelkit.reads_file"
"""A rule names a file or folder; the argument is its path."""

READS_DATABASE: Final = "labelkit.reads_database"
"""A table is read as a whole, when a rule is declared; the argument says which."""

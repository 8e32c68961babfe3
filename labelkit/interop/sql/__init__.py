"""The votes without Python: rules and label models as SQL queries."""

from labelkit.interop.sql.to_sql import SqlVotes, to_sql

__all__ = ["SqlVotes", "to_sql"]

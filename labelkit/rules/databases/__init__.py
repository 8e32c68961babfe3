"""Database tables for look-up rules: any database that SQLAlchemy supports, and DuckDB.

A table is a frozen value: its address, and whether it is read once or queried for the keys of each batch.
:func:`labelkit.lookup` and :func:`labelkit.facts` turn it into rules. Keys and values are sent as bound parameters; no
address is shown, written or hashed with its password.

>>> sql_table("postgresql+psycopg://reader:hunter2@db.example/shop", "banned", load="per batch")
sql_table('postgresql+psycopg://reader:***@db.example/shop', 'banned', load='per batch')
"""

from labelkit.rules.databases.duckdb_table import DuckDBTable, duckdb_table
from labelkit.rules.databases.sql_table import SQLTable, sql_table
from labelkit.rules.databases.table import DatabaseQuery, Table

__all__ = ["DatabaseQuery", "DuckDBTable", "SQLTable", "Table", "duckdb_table", "sql_table"]

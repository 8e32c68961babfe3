"""Tables that rules look things up in: of any database that SQLAlchemy speaks to, and of DuckDB.

A table is a value: where it is, and whether it is read once or asked for the keys of each batch. What is made of it is
for :func:`labelkit.lookup` and :func:`labelkit.facts` to say. Keys and values travel as bound parameters; no address is
shown, written or hashed with its password.

>>> sql_table("postgresql+psycopg://reader:hunter2@db.example/shop", "banned", load="per batch")
sql_table('postgresql+psycopg://reader:***@db.example/shop', 'banned', load='per batch')
"""

from labelkit.rules.databases.duckdb_table import DuckDBTable, duckdb_table
from labelkit.rules.databases.sql_table import SQLTable, sql_table
from labelkit.rules.databases.table import Asking, Table

__all__ = ["Asking", "DuckDBTable", "SQLTable", "Table", "duckdb_table", "sql_table"]

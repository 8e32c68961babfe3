"""Rules that look up external data: a database of accounts, a table of facts, a lexicon.

``known_account`` needs ``pip install 'labelkit[duckdb]'`` to vote: DuckDB reads the CSV file beside this module, and
could read ``s3://bucket/accounts/*.parquet``. A table on a server is declared as follows, with its password in an
environment variable:

    ACCOUNTS = sql_table("postgresql+psycopg://reader:${DB_PASSWORD}@db.example/shop", "accounts", load="per batch")

>>> the_performer("waka_wheel!", "Waka Wheel") == Label.HAM
True
"""

from enum import IntEnum

from labelkit import duckdb_table, facts, lookup, rules_from


class Label(IntEnum):
    """The classes of a comment."""

    HAM = 0
    SPAM = 1


ACCOUNTS = duckdb_table("known_accounts.csv", load="per batch")
"""Accounts with a verdict; the table is queried for the distinct authors of each batch."""


@lookup(ACCOUNTS, key="account", value="verdict", label=Label, examples={"cash4clicks": Label.SPAM, "nobody": None})
def known_account(author: str) -> None:
    """The verdict on the author's account."""


@facts("performers.csv", key=("account", "video"), label=Label.HAM, examples={("shuffle", "Party Stone"): None})
def the_performer(author: str, video: str) -> None:
    """The performer comments on the own video: a fact about two columns, with names normalised."""


WORDS = rules_from("comment_words.csv", label=Label)
"""One rule for each label of a lexicon; the label model estimates its accuracy."""

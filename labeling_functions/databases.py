"""Rules by what is known elsewhere: a database of accounts, a table of facts, a lexicon.

``known_account`` needs ``pip install 'labelkit[duckdb]'`` when it votes: DuckDB reads the CSV file beside this module,
and would read ``s3://bucket/accounts/*.parquet``. A table of a server is named so, its password by the environment:

    ACCOUNTS = sql_table("postgresql+psycopg://reader:${DB_PASSWORD}@db.example/shop", "accounts", load="per batch")

>>> the_performer("waka_wheel!", "Waka Wheel") == Label.HAM
True
"""

from enum import IntEnum

from labelkit import duckdb_table, facts, lookup, rules_from


class Label(IntEnum):
    """What a comment is."""

    HAM = 0
    SPAM = 1


ACCOUNTS = duckdb_table("known_accounts.csv", load="per batch")
"""Accounts that somebody has looked at; it is asked for the distinct authors of each batch."""


@lookup(ACCOUNTS, key="account", value="verdict", label=Label, examples={"cash4clicks": Label.SPAM, "nobody": None})
def known_account(author: str) -> None:
    """What was found of the account before."""


@facts("performers.csv", key=("account", "video"), label=Label.HAM, examples={("shuffle", "Party Stone"): None})
def the_performer(author: str, video: str) -> None:
    """The performer writes under the own video: two columns together, compared as people write names."""


WORDS = rules_from("comment_words.csv", label=Label)
"""A rule for each label of a list that others keep; the label model finds out how good it is."""

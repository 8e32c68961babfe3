"""A million rows against a table of five million keys in a real PostgreSQL, and in a Parquet file that DuckDB reads.

The corpus is as bad as can be: its keys hardly repeat, and half of them are in the table. The memory is that of the
process that votes, not of the server.

    python -m tests.benchmarks.databases
    python -m tests.benchmarks.databases --rows 100000 --keys 500000
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.benchmarks.measuring import machine, run_and_watch, timed
from tests.postgresql import binaries, postgresql

LABELS = {"spam": 1, "ham": 0}


def make_corpus(path: Path, rows: int, keys: int) -> None:
    """Write a corpus with an account and a number in each row; half of the accounts are in the table."""
    numbers = np.random.default_rng(7).integers(0, 2 * keys, rows)
    accounts = pc.binary_join_element_wise("account-", pa.array(numbers).cast(pa.string()), "")
    text = pa.array(["a text that nobody reads"]).take(pa.array(np.zeros(rows, dtype=np.int64)))
    pq.write_table(pa.table({"account": accounts, "number": numbers, "text": text}), path)


def fill(address: str, keys: int) -> None:
    """Create the table: an account, its number and its verdict, with an index on the keys."""
    import psycopg

    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE accounts (account text, number bigint, label text)")
        rows = f"SELECT 'account-' || n, n, CASE WHEN n % 3 = 0 THEN 'spam' ELSE 'ham' END FROM generate_series(0, {keys - 1}) n"
        connection.execute(f"INSERT INTO accounts {rows}")
        connection.execute("CREATE INDEX ON accounts (account)")
        connection.execute("CREATE INDEX ON accounts (account, number)")
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE accounts")


def write_parquet(path: Path, keys: int) -> None:
    """The same table as a Parquet file."""
    numbers = np.arange(keys)
    accounts = pc.binary_join_element_wise("account-", pa.array(numbers).cast(pa.string()), "")
    labels = pa.array(["ham", "spam"]).take(pa.array((numbers % 3 == 0).astype(np.int64)))
    pq.write_table(pa.table({"account": accounts, "number": numbers, "label": labels}), path)


def vote(source: str, corpus: str, kind: str, workers: int) -> None:
    """Vote on the corpus, and write nothing; the parent process measures this function."""
    import labelkit as lk

    if source.endswith(".parquet"):
        table = lk.duckdb_table(source, load="per batch")
    else:
        table = lk.sql_table(source, "accounts", load="per batch", timeout=120)
    key = ("account", "number") if kind == "pair" else "account"
    rule = lk.lookup(table, key=key, value="label", label=LABELS).rule(name="accounts", column=key)
    seconds, matrix = timed(lambda: lk.Applier([rule], labels=["HAM", "SPAM"]).apply(corpus, workers=workers))
    votes = np.asarray(matrix)[:, 0]
    numbers = pq.read_table(corpus, columns=["number"])["number"].to_numpy()
    keys = int(os.environ["KEYS"])
    expected = np.where(numbers >= keys, -1, (numbers % 3 == 0).astype(int))
    assert (votes == expected).all(), "the votes are wrong"
    print(f"{seconds:.1f}")


def measure(title: str, *arguments: str) -> None:
    """Run one case in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.databases", "--vote", *arguments]
    _, memory, output = run_and_watch(command)
    print(f"{title:58} {float(output.strip().splitlines()[-1]):7.1f} s {memory:7.0f} MB", flush=True)


def main() -> None:
    """Measure all cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=5_000_000)
    parser.add_argument("--vote", nargs=4, metavar=("SOURCE", "CORPUS", "KIND", "WORKERS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.vote:
        vote(*options.vote[:3], int(options.vote[3]))
        return
    if binaries() is None:
        raise SystemExit("there is no PostgreSQL on this machine: apt-get install postgresql")
    os.environ["KEYS"] = str(options.keys)
    print(machine())
    print(f"{options.rows:,} rows, {options.keys:,} keys")
    with tempfile.TemporaryDirectory() as folder, postgresql("-c", "shared_buffers=256MB") as server:
        corpus, table = Path(folder, "corpus.parquet"), Path(folder, "accounts.parquet")
        make_corpus(corpus, options.rows, options.keys)
        write_parquet(table, options.keys)
        seconds, _ = timed(lambda: fill(server.url(), options.keys))
        print(f"the table was filled in {seconds:.0f} s")
        for workers in ("1", "2"):
            for kind in ("single", "pair"):
                for name, source in (("PostgreSQL", server.url()), ("Parquet, by DuckDB", str(table))):
                    title = f"{name}, key of {'two columns' if kind == 'pair' else 'one column'}, {workers} worker(s)"
                    measure(title, source, str(corpus), kind, workers)


if __name__ == "__main__":
    main()

"""A PostgreSQL for the tests of queries."""

import pytest

from tests.postgresql import PASSWORD, USER, binaries, postgresql


@pytest.fixture(scope="package")
def postgres():
    """Return a connection to a server of these tests' own."""
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    import psycopg

    with postgresql() as server:
        address = f"host=127.0.0.1 port={server.port} user={USER} dbname=postgres"
        with psycopg.connect(address, password=PASSWORD, autocommit=True) as connection:
            yield connection

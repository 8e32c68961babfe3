"""Fixtures that several test modules share."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("labelkit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labelkit")


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """Keep votes in a folder of the tests, here and in the processes that they start."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["LABELKIT_CACHE"] = str(folder)
    return folder


@pytest.fixture(autouse=True, scope="session")
def interruptible():
    """Handle Ctrl-C here and in processes that are started: a shell has its background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real vote matrices, where there is one."""
    folder = Path(os.environ.get("LABELKIT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real vote matrices are not here")
    return folder

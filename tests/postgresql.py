"""A real PostgreSQL for tests and benchmarks: started in a folder of its own, on a free port, and gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.waiting import GUARD

PASSWORD = "p@ss:w/rd"
USER = "reader"


def binaries() -> Path | None:
    """The folder of the newest ``initdb`` and ``postgres`` on this machine, if there is one."""
    found = [Path(which).resolve().parent] if (which := shutil.which("initdb")) else []
    for root in ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt"):
        found += [*sorted(Path(root).glob("*/bin"), reverse=True), Path(root, "bin")]
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _owner() -> pwd.struct_passwd | None:
    """Whom the server runs as, where that must not be root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is no other user")


class Server:
    """A PostgreSQL that can be stopped and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        owner = _owner()
        self._as = {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._prepare()

    def url(self, password: str = PASSWORD, *, port: int | None = None) -> str:
        """The address that users write."""
        return f"postgresql+psycopg://{USER}:{quote(password, safe='')}@127.0.0.1:{port or self.port}/postgres"

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, env=self._environment, **self._as)

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _prepare(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        how = ("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync")
        self._run(binaries() / "initdb", "-D", self._folder / "data", f"--username={USER}", *how)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        listen = ("-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder))
        fast = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
        command = (binaries() / "postgres", "-D", self._folder / "data", *listen, *fast, *self._options)
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=self._environment, stdout=log, stderr=log, **self._as
            )
        self._wait()

    def _wait(self) -> None:
        import psycopg

        address = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres connect_timeout=60"
        until = time.monotonic() + GUARD
        while time.monotonic() < until:
            try:
                psycopg.connect(address, password=PASSWORD).close()
            except psycopg.OperationalError:
                if self._process is None or self._process.poll() is not None:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("PostgreSQL does not answer")

    def stop(self) -> None:
        """Stop it at once; connections are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=GUARD)
            self._process = None


@contextmanager
def postgresql(*options: str) -> Iterator[Server]:
    """Run a PostgreSQL of one's own.

    Parameters
    ----------
    *options : str
        More of what the server is started with.
    """
    folder = Path(tempfile.mkdtemp(prefix="labelkit-postgresql-"))
    try:
        server = Server(folder, *options)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)

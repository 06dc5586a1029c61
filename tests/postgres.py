"""A real PostgreSQL server for the tests, on a free loopback port, in a temporary folder.

It is started by a small process of its own that waits for the end of its standard input. However the test run ends,
killed or not, the pipe closes, and that process stops the server and removes the folder.
"""

import glob
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from waiting import until

MISSING = "These tests need a PostgreSQL server and find none: install the package postgresql (`sudo apt-get install postgresql`)."
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # the machine does not lose power in a test
    "max_connections": "60",
    "shared_buffers": "16MB",
}


def binaries() -> Path | None:
    """Where `initdb` and `pg_ctl` are; the newest release when there are several."""
    found = [Path(place) for pattern in PLACES for place in glob.glob(pattern)]
    on_path = shutil.which("initdb")
    found += [Path(os.path.realpath(on_path)).parent] if on_path else []
    usable = [place for place in found if all((place / program).exists() for program in ("initdb", "pg_ctl", "postgres"))]
    return max(usable, key=lambda place: [int(part) for part in str(place).replace("@", "/").split("/") if part.isdigit()], default=None)


class Server:
    """A running server: `database()` makes an empty database and returns its URL."""

    def __init__(self) -> None:
        command = [sys.executable, __file__]
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert self._keeper.stdout
        line = self._keeper.stdout.readline()
        assert line, "PostgreSQL did not start; see above"
        self.port, self.password = json.loads(line).values()
        self._made = 0

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://mlops:{self.password}@127.0.0.1:{self.port}/{database}"

    def database(self, like: str = "template1") -> str:
        "The URL of a new database: empty, or a copy of the database that the URL `like` names."
        self._made += 1
        name = f"test_{self._made}"
        until(lambda: self._done(f"CREATE DATABASE {name} TEMPLATE {like.rpartition('/')[2]}"), f"nobody uses {like}")
        return self.url(name)

    def drop(self, url: str) -> None:
        "Removes a database, whoever still is connected."
        until(lambda: self._done(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)"), f"nobody uses {url}")

    def _done(self, statement: str) -> bool:
        "Whether it could be carried out; not yet while somebody who was told to leave, or just has, is still connected after five seconds."
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            try:
                connection.execute(statement)
            except psycopg.errors.ObjectInUse:
                return False
        return True

    def stop(self) -> None:
        """Returns when the server has ended."""
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait(300)


def keep() -> None:
    """Starts the server, says where it is, and stops it when standard input ends."""
    place = binaries()
    assert place is not None, MISSING
    user = None
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        known = {entry.pw_name for entry in pwd.getpwall()}
        user = "postgres" if "postgres" in known else "nobody"
    folder = Path(tempfile.mkdtemp(prefix="mlops_nb_pg_"))
    password = secrets.token_hex(12)
    (folder / "password").write_text(password)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, user)

    def call(program: str, *words: str) -> int:
        with open(folder / "log", "ab") as log:
            return subprocess.call([place / program, *words], user=user, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    data, quickly = str(folder / "data"), ("--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C")
    try:
        started = call("initdb", "-D", data, "-U", "mlops", f"--pwfile={folder / 'password'}", *quickly) == 0
        for _ in range(3 if started else 0):  # somebody else may take the port between looking and starting
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            settings = SETTINGS | {"port": str(port), "unix_socket_directories": str(folder)}
            options = " ".join(f"-c {name}={value}" for name, value in settings.items())
            started = call("pg_ctl", "start", "-D", data, "-w", "-t", "300", "-o", options) == 0
            if started:
                break
        if not started:
            sys.exit((folder / "log").read_text(errors="replace"))
        print(json.dumps({"port": port, "password": password}), flush=True)
        sys.stdin.read()
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            call("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep()

"""PostgreSQL 15 on loopback, as a child of the test run, from a template directory made once a run.

`admin` is the superuser of tests and of a TargetClass's adminSecretRef; it has a password, so that a wrong
one is refused. Optionally the server speaks TLS with a certificate of a CA made for the run.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess

import psycopg

from support import paths, tls
from support.children import Child, ChildEnded, free_ports, port_owner_is

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
ADMIN, PASSWORD = "admin", "admin-secret"

_template = None


def _as_server_user() -> list[str]:
    """PostgreSQL does not run as root; as root it gets the user that its Debian package made."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig", "SIGQUIT"]


def _environment() -> dict:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _template_folder() -> pathlib.Path:
    global _template
    if _template is None or not _template.exists():
        assert (BIN / "initdb").exists(), "postgresql-15 is missing: run ./dev deps test"
        holder = paths.scratch() / "pg-template"
        holder.mkdir()
        password = holder / "password"
        password.write_text(PASSWORD)
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(holder, user.pw_uid, user.pw_gid)
        folder = holder / "data"
        subprocess.run([*_as_server_user(), BIN / "initdb", "-D", folder, "-U", ADMIN, "-A", "scram-sha-256",
                        f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
                       check=True, stdout=subprocess.DEVNULL, env=_environment(), cwd="/")
        _template = folder
    return _template


class Postgres:
    def __init__(self, folder: pathlib.Path, with_tls: bool = False, host: str = "127.0.0.1", names: str = "",
                 **settings):
        """`host`: the address it listens on, as that of this machine for pods of a cluster; `names`: other ones that
        its certificate is for, as DNS:*.example.org."""
        self.folder, self.host = folder, host
        self.child = None
        self.authority = None
        self._settings = settings
        folder.mkdir(parents=True)
        self._data = folder / "data"
        subprocess.run(["cp", "-a", "--reflink=auto", str(_template_folder()), str(self._data)], check=True)
        owner = self._data.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        if host != "127.0.0.1":
            with open(self._data / "pg_hba.conf", "a") as rules:
                rules.write("host all all samenet scram-sha-256\n")
        if with_tls:
            self.authority = tls.Authority(folder / "tls")
            issued = self.authority.issue("postgres", names=",".join(filter(None, [f"IP:{host}", "DNS:localhost", names])))
            for source, name in zip(issued, ("server.key", "server.crt")):
                shutil.copy(source, self._data / name)
                os.chown(self._data / name, owner.st_uid, owner.st_gid)
                (self._data / name).chmod(0o600)

    def start(self) -> "Postgres":
        """Starts it, on a new port the first time and on the same one later."""
        attempts = 3 if not hasattr(self, "port") else 1
        for attempt in range(attempts):
            if attempts > 1:
                (self.port,) = free_ports(1)
            try:
                self._launch()
                return self
            except ChildEnded:
                if attempt + 1 == attempts:
                    raise
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """Fast shutdown: open sessions are ended."""
        if self.child is not None and self.child.running():
            self.child.stop(signal.SIGINT)

    def kill(self) -> None:
        self.child.kill()

    def connect(self, user: str = ADMIN, password: str = PASSWORD, database: str = "postgres", **options):
        """An autocommit connection in UTC."""
        return psycopg.connect(host=self.host, port=self.port, user=user, password=password, dbname=database,
                               autocommit=True, options="-c TimeZone=UTC", **options)

    def create_database(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')

    def url(self, database: str = "postgres", host: str | None = None) -> str:
        return f"postgresql://{host or self.host}:{self.port}/{database}"

    def _launch(self) -> None:
        settings = {"listen_addresses": self.host, "fsync": "off", "full_page_writes": "off",
                    "wal_level": "minimal", "max_wal_senders": 0, "max_connections": 100, "max_wal_size": "4GB",
                    "TimeZone": "UTC", "log_line_prefix": "%m [%p] %u@%d ", **self._settings}
        if self.authority is not None:
            settings["ssl"] = "on"
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self.child = Child("postgres", [*_as_server_user(), BIN / "postgres", "-D", self._data, "-p", self.port,
                                        "-k", self.folder, *options], self.folder / "postgres.log", _environment())
        self.child.wait_until(self._answers, 30, "it accepts connections")

    def _answers(self) -> bool:
        if not port_owner_is(self.port, self.child.pid):
            return False
        try:
            with self.connect(connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

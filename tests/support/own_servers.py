"""Servers that an installation under test runs itself: data/servers/<class>/."""

import base64
import json
import pathlib

import psycopg

from support.children import is_running, signal_process
from support.offtake import Server


class OwnServer:
    def __init__(self, server: Server, name: str):
        self.server, self.name = server, name
        self.folder: pathlib.Path = server.data / "servers" / name

    def get(self) -> dict | None:
        return self.server.cli.get("targetclass", self.name)

    @property
    def address(self) -> str:
        """Of the server that this run of the installation knows."""
        address = self.get()["status"].get("address")
        assert address, f"class {self.name} has no address"
        return address

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    @property
    def pid(self) -> int | None:
        try:
            return json.loads((self.folder / "pid").read_text())["pid"]
        except (OSError, ValueError):
            return None

    def is_ours(self, pid: int) -> bool:
        """A pid file may outlive its process, and the number may be somebody else's by now."""
        try:
            return str(self.folder).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def running(self) -> bool:
        pid = self.pid
        return pid is not None and self.is_ours(pid) and is_running(pid)

    def processes(self) -> list[int]:
        """All that were started for this folder's data."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and self.is_ours(int(entry.name)) and is_running(int(entry.name)):
                found.append(int(entry.name))
        return found

    def kill(self) -> int:
        """kill -9. Gives the pid."""
        pid = self.pid
        assert pid is not None and self.is_ours(pid), f"no server process for {self.folder}"
        signal_process(pid, 9)
        return pid

    def secret(self) -> dict[str, str]:
        uid = self.get()["metadata"]["uid"]
        data = self.server.cli.get("secret", f"server-{uid}", "offtake-system")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}


class OwnPostgres(OwnServer):
    """As support.postgres.Postgres, as far as products ask it."""

    def connect(self, database: str = "postgres", **options):
        admin = self.secret()
        return psycopg.connect(host="127.0.0.1", port=self.port, user=admin["username"], password=admin["password"],
                               dbname=database, autocommit=True, options="-c TimeZone=UTC", **options)

    def answers(self) -> bool:
        try:
            with self.connect(connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


def kill_all(server: Server) -> None:
    """For teardown, when the server itself could not stop them."""
    for folder in server.data.glob("servers/*"):
        own = OwnServer(server, folder.name)
        for pid in own.processes():
            signal_process(pid, 9)

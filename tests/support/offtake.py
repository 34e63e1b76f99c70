"""`offtake serve` as a child of the run, with its data directory, its workers and the view of its products."""

import json
import os
import pathlib
import re
import signal

import requests

from support import paths
from support.children import Child, ChildEnded, eventually, free_ports, is_running, port_owner_is, signal_process
from support.cli import Cli


class Worker:
    """A worker process as its run folder shows it: run/<product uid>/r<N>/."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.revision = int(folder.name[1:])
        self.uid = folder.parent.name

    @property
    def pid(self) -> int | None:
        try:
            found = re.search(r"\d+", (self.folder / "pid").read_text())
        except OSError:
            return None
        return int(found[0]) if found else None

    def running(self) -> bool:
        pid = self.pid
        return pid is not None and self.is_ours(pid) and is_running(pid)

    def is_ours(self, pid: int) -> bool:
        """A pid file may outlive its process, and the number may be somebody else's by now."""
        try:
            arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            program = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            return False
        return "worker" in arguments and program.startswith(str(paths.offtake_binary().resolve()))

    def send(self, number: int) -> int:
        """Signals the process, which must be there. Gives its pid."""
        pid = self.pid
        assert pid is not None and self.is_ours(pid), f"no worker process for {self.folder}"
        os.kill(pid, number)
        return pid

    def second(self, name: str, incarnation: int) -> Child:
        """Another worker of the same revision, started by hand beside this one as on another machine."""
        state = paths.scratch() / name
        state.mkdir()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OFFTAKE_")}
        return Child("second worker", [
            paths.offtake_binary(), "worker", "--job", self.folder / "job.json", "--secrets", self.folder / "secrets",
            "--state", state, "--status", f"unix:{state}/worker.sock", "--incarnation", incarnation],
            state / "worker.log", environment)

    def log_text(self) -> str:
        """All that it wrote: its rotated log, and what went to its standard output and error."""
        files = sorted([*self.folder.glob("worker*.log*"), *self.folder.glob("worker.out")], key=lambda f: f.stat().st_mtime)
        return "".join(f.read_text(errors="replace") for f in files)

    def log_lines(self) -> list[dict]:
        lines = []
        for line in self.log_text().splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue  # a line cut off by a kill
        return lines

    def crash_points(self) -> list[str]:
        """The crash points that were reached, from the log."""
        return [line.get("name") for line in self.log_lines() if line.get("msg") == "crash point"]


class Server:
    def __init__(self, folder: pathlib.Path, host: str = "127.0.0.1", **environment):
        """`host`: the address it listens on, as that of this machine for pods of a cluster."""
        self.host = host
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self.environment = environment
        self.child = None
        self.starts = 0
        self.environment_of_start: dict = {}

    # --- its life

    def start(self, **environment) -> "Server":
        """Starts it, on a new port the first time and on the same one later; `environment` is for this start."""
        attempts = 3 if not hasattr(self, "port") else 1
        for attempt in range(attempts):
            if attempts > 1:
                (self.port,) = free_ports(1)
            try:
                self._launch(environment)
                return self
            except ChildEnded:
                if attempt + 1 == attempts:
                    raise
        raise AssertionError("unreachable")

    def terminate(self, timeout: float = 10) -> int:
        """SIGTERM, and how it ended; a server that has not drained within the time fails the test."""
        self.child.send(signal.SIGTERM)
        return self.child.wait(timeout)

    def kill(self) -> None:
        """kill -9. Its workers go on."""
        self.child.kill()

    def restart(self, **environment) -> "Server":
        self.kill()
        return self.start(**environment)

    def close(self) -> None:
        """For teardown: ends it and every worker it left behind."""
        if self.child is not None and self.child.running():
            self.child.stop(timeout=15)
        for worker in self.workers():
            pid = worker.pid
            if pid is not None and worker.is_ours(pid):
                signal_process(pid, signal.SIGCONT)
                signal_process(pid, signal.SIGKILL)

    # --- how to reach it

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def registry_url(self) -> str:
        return f"{self.url}/registry"

    @property
    def token(self) -> str:
        return (self.data / "token").read_text().strip()

    @property
    def cli(self) -> Cli:
        return Cli(self.url, self.token, self.home)

    def http(self, method: str, path: str, token: str | None = "own", **options) -> requests.Response:
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {self.token if token == 'own' else token}"
        return requests.request(method, self.url + path, headers=headers, timeout=30, **options)

    def log_lines(self) -> list[dict]:
        lines = []
        for line in self.child.output().splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue
        return lines

    # --- what runs under it

    def workers(self) -> list[Worker]:
        return [Worker(folder) for folder in sorted(self.data.glob("run/*/r*")) if folder.is_dir()]

    def worker(self, uid: str, revision: int | None = None) -> Worker:
        """The given or else the latest revision's."""
        found = [w for w in self.workers() if w.uid == uid and revision in (None, w.revision)]
        assert found, f"no run folder of {uid}" + (f" r{revision}" if revision else "")
        return max(found, key=lambda w: w.revision)

    def _launch(self, environment: dict) -> None:
        self.starts += 1
        self.environment_of_start = environment
        log = self.folder / f"serve-{self.starts}.log"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("OFFTAKE_")}
        self.child = Child("offtake serve", self._command(self.data), log,
                           {**inherited, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"),
                            **self.environment, **environment})
        self.child.wait_until(self._ready, 20, "/readyz answers")
        # Only the server of this data directory knows the token in it.
        eventually(lambda: self.http("GET", "/version").status_code == 200, 5, "the token is accepted")

    def _command(self, data: pathlib.Path) -> list:
        return [paths.offtake_binary(), "serve", "--data-dir", data, "--listen", f"{self.host}:{self.port}"]

    def _ready(self) -> bool:
        if not port_owner_is(self.port, self.child.pid):
            return False
        return requests.get(self.url + "/readyz", timeout=2).status_code == 200

"""Child processes of the test run: start, wait until ready, signal, reap. Free ports. Polling."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

from support import sanitizers

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_ports(count: int) -> list[int]:
    """Distinct ports nobody listens on now. Somebody else may take one before its user does: whoever uses
    them checks that the process that answers is its own, and tries again with others."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def eventually(condition, timeout: float, what: str = "", interval: float | None = None):
    """Calls `condition` until it gives something true, and returns that. An AssertionError or OSError of
    it counts as "not yet". At the end of the time the last value or error is part of the failure. Without an
    interval it asks less often the longer it waits: asking costs what is waited for."""
    timeout *= sanitizers.patience()
    deadline = time.monotonic() + timeout
    last, pause = None, interval or 0.03
    while True:
        try:
            last = condition()
            if last:
                return last
        except (AssertionError, OSError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}; last seen: {last!r}")
        time.sleep(pause)
        if interval is None:
            pause = min(pause * 1.2, 0.3)


def cpu_seconds(pid: int) -> float:
    """What the process has used of processors so far, all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def port_owner_is(port: int, pid: int) -> bool:
    """Is the listener on this loopback port a socket of process `pid`? (/proc/net/tcp and its fds)"""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = pathlib.Path(table).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            if os.readlink(f"/proc/{pid}/fd/{descriptor}") in inodes:
                return True
        except OSError:
            pass
    return False


def process_state(pid: int) -> str | None:
    """R, S, D, T, Z …; None when there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rsplit(")", 1)[1].split()[0]


def is_running(pid: int) -> bool:
    return process_state(pid) not in (None, "Z", "X")


def children_of(pid: int) -> list[int]:
    """Those that its first thread made."""
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def signal_process(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Child:
    """A process this run started. Its output goes to a file. The kernel ends it when the run itself is killed;
    workers, which outlive their server on purpose, are found by their pid files instead."""

    all: list["Child"] = []

    def __init__(self, name: str, command: list, log: pathlib.Path, env: dict | None = None, cwd=None):
        self.name = name
        self.log = log
        self._log_file = open(log, "ab")
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                        stdout=self._log_file, stderr=subprocess.STDOUT, env=env, cwd=cwd,
                                        preexec_fn=_die_with_parent)
        Child.all.append(self)

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until(self, ready, timeout: float, what: str) -> None:
        """Polls `ready`, but fails at once when the process ends."""
        def check():
            if not self.running():
                raise ChildEnded(f"{self.name} ended with {self.process.returncode} before {what}; its log "
                                 f"ends:\n{self.output()[-3000:]}")
            return ready()
        try:
            eventually(check, timeout, f"{self.name}: {what}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.name}'s log ends:\n{self.output()[-3000:]}") from None

    def send(self, number: int) -> None:
        if self.running():
            self.process.send_signal(number)

    def wait(self, timeout: float) -> int:
        timeout *= sanitizers.patience()
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} (pid {self.pid}) still runs after {timeout} s; its log ends:\n"
                                 f"{self.output()[-3000:]}") from None
        self._forget()
        return code

    def stop(self, number: int = signal.SIGTERM, timeout: float = 15) -> int:
        """Asks it to end; kills it when it does not."""
        self.send(number)
        try:
            code = self.process.wait(timeout * sanitizers.patience())
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            code = self.process.wait()
        self._forget()
        return code

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.process.wait()
        self._forget()

    def _forget(self) -> None:
        self._log_file.close()
        if self in Child.all:
            Child.all.remove(self)


class ChildEnded(Exception):
    """The process ended while somebody waited for it. Not an AssertionError: polling does not go on."""


def stop_all() -> None:
    for child in list(reversed(Child.all)):
        child.stop(timeout=5)

"""A machine within this one, for a node of Kubernetes: it has processes, mounts, network, host name and IPC of its own,
cgroups below one of its own, and a link to this machine. Several may run at once: each has a number."""

import fcntl
import os
import pathlib
import subprocess
from typing import IO

from support import paths
from support.children import Child, children_of, eventually, is_running, signal_process

FILES = paths.TESTS / "support/cluster"
NAME = "node1"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}

_NAMESPACES = ["--pid", "--mount", "--net", "--uts", "--ipc"]
_UNSHARE = ["unshare", "--fork", "--kill-child", "--mount-proc", *_NAMESPACES]
_LOCKS = pathlib.Path("/run/lock")


def refusal() -> str | None:
    """Why this machine lets nobody run pods; None where it does."""
    if os.getuid() != 0:
        return "pods need root"
    done = subprocess.run([*_UNSHARE, FILES / "probe.sh"], capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode != 0:
        return f"pods are refused: {done.stderr.strip()}"
    cgroup = Cgroup(f"offtake-probe-{os.getpid()}")
    try:
        cgroup.make()
    except OSError as error:
        return f"pods are refused: {error}"
    finally:
        cgroup.remove()
    return None


class Inside(Child):
    """A program in the node. The child of this run is an nsenter that waits for it; signals go to the program."""

    def __init__(self, node: "Node", name: str, command: list):
        super().__init__(name, ["nsenter", f"--target={node.pid}", *_NAMESPACES, "--", *command],
                         node.logs / f"{name}.log", ENVIRONMENT)

    def send(self, number: int) -> None:
        for pid in children_of(self.pid) if self.running() else []:
            signal_process(pid, number)


class Node:
    def __init__(self, folder: pathlib.Path):
        self.folder, self.logs = folder, folder / "logs"
        self.logs.mkdir(parents=True)
        self._lock, number = _free_number()
        self.link = f"offtake{number}"
        # Of the addresses that are set aside for tests between machines (RFC 2544).
        self.machine, self.address = f"198.18.{4 * number}.1", f"198.18.{4 * number}.2"
        self.pods, self.services = f"198.18.{4 * number + 1}.0/24", f"198.18.{4 * number + 2}.0/24"
        self.kubernetes_service = f"198.18.{4 * number + 2}.1"
        self.cgroup = Cgroup(self.link)
        self._init, self._inside = None, []

    def start(self) -> "Node":
        _ip("link", "delete", self.link, check=False)
        self.cgroup.make()
        first = [FILES / "node.sh", self.folder, NAME, f"{self.address}/24", self.machine, self.services]
        self._init = Child("node", [*_UNSHARE, *first], self.logs / "node.log", ENVIRONMENT)
        self._init.wait_until(lambda: children_of(self._init.pid), 30, "its first process is there")
        (self.pid,) = children_of(self._init.pid)
        _ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.pid)
        _ip("address", "add", f"{self.machine}/24", "dev", self.link)
        _ip("link", "set", self.link, "up")
        for addresses in (self.pods, self.services):
            _ip("route", "replace", addresses, "via", self.address, "dev", self.link)
        self._init.wait_until((self.folder / "node.ready").exists, 30, "it has its address")
        return self

    def run(self, name: str, command: list) -> Inside:
        child = Inside(self, name, command)
        self._inside.append(child)
        return child

    def stop(self) -> None:
        """With its first process the kernel ends all others, and takes the mounts and the network away."""
        if self._lock.closed:  # somebody else may have its number
            return
        if self._init is not None:
            first = children_of(self._init.pid) if self._init.running() else []
            self._init.kill()  # it takes the first process with it
            eventually(lambda: not any(is_running(pid) for pid in first), 60, "the node has ended")
            for child in self._inside:
                if child in Child.all:
                    child.wait(30)
        _ip("link", "delete", self.link, check=False)
        self.cgroup.remove()
        self._lock.close()

    def process_of(self, pod: str, container: str) -> int:
        """The first process of a container, both by their ids, by this machine's number for it."""
        for quality in ("", "burstable", "besteffort"):
            processes = self.cgroup.places[0] / "kubepods" / quality / f"pod{pod}" / container / "cgroup.procs"
            for pid in processes.read_text().split() if processes.exists() else []:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
                if numbers[-1] == "1":
                    return int(pid)
        raise AssertionError(f"no process of container {container} runs")


class Cgroup:
    """One of a name in every hierarchy of the machine; with cgroup v2 there is only one."""

    def __init__(self, name: str):
        mounts = (line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines())
        self.path = f"/{name}"
        self.places = [pathlib.Path(mount[1]) / name for mount in mounts if mount[2] in ("cgroup", "cgroup2")]

    def make(self) -> None:
        self.remove()  # what a run that was killed has left
        for place in self.places:
            self._pass_on(place.parent)
            place.mkdir()
            for setting in ("cpuset.cpus", "cpuset.mems"):  # empty ones take no process in version 1
                if (place.parent / setting).exists():
                    (place / setting).write_text((place.parent / setting).read_text())

    def _pass_on(self, root: pathlib.Path) -> None:
        """With version 2 a cgroup has what its parent lets its children have."""
        passed = root / "cgroup.subtree_control"
        if passed.exists():
            there = (root / "cgroup.controllers").read_text().split()
            for controller in set(there) - set(passed.read_text().split()):
                passed.write_text(f"+{controller}")

    def remove(self) -> None:
        for place in self.places:
            eventually(lambda: _removed(place), 30, f"{place} is gone")


def _removed(cgroup: pathlib.Path) -> bool:
    for folder, _, _ in os.walk(cgroup, topdown=False):
        os.rmdir(folder)
    return True


def _free_number() -> tuple[IO, int]:
    """(a lock held until it is closed, number)"""
    for number in range(60):
        lock = open(_LOCKS / f"offtake-node-{number}", "a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock, number
        except BlockingIOError:
            lock.close()
    raise AssertionError("60 nodes run on this machine")


def _ip(*arguments, check: bool = True) -> None:
    done = subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0 or not check, f"ip {' '.join(map(str, arguments))}: {done.stderr}"

"""What `offtake serve` costs when it has nothing to do: how soon it is ready, and its memory 10 s later."""

import dataclasses
import pathlib
import time

from support.offtake import Server

READY_SECONDS, IDLE_MIB, IDLE_AFTER_SECONDS = 1.0, 40.0, 10.0


@dataclasses.dataclass
class Footprint:
    ready_seconds: list[float]  # of each start, on an empty directory: from the start to an answer to a caller
    idle_mib: list[float]       # resident, IDLE_AFTER_SECONDS after being ready

    def missed(self) -> list[str]:
        """The best start counts, since others run on the machine; of the memory the largest."""
        out = []
        if min(self.ready_seconds) >= READY_SECONDS:
            out.append(f"ready after {min(self.ready_seconds):.2f} s, not in under {READY_SECONDS} s")
        if max(self.idle_mib) >= IDLE_MIB:
            out.append(f"{max(self.idle_mib):.1f} MiB resident, not under {IDLE_MIB}")
        return out


def resident_mib(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def measure(folder: pathlib.Path, starts: int = 5) -> Footprint:
    """Servers one after the other, each on a directory of its own."""
    servers, ready = [], []
    try:
        for number in range(starts):
            begin = time.monotonic()
            servers.append(Server(folder / f"idle-{number}").start())
            ready.append(time.monotonic() - begin)
        time.sleep(IDLE_AFTER_SECONDS)
        return Footprint(ready, [resident_mib(server.child.pid) for server in servers])
    finally:
        for server in servers:
            server.close()

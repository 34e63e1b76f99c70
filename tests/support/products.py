"""One data product under test: its object, its conditions, its worker, and its control row in PostgreSQL."""

import dataclasses
import datetime
import json

from support.children import eventually
from support.offtake import Server, Worker
from support.postgres import Postgres


def condition(object_: dict | None, type_: str) -> dict:
    for entry in ((object_ or {}).get("status") or {}).get("conditions") or []:
        if entry["type"] == type_:
            return entry
    return {"type": type_, "status": "Unknown", "reason": "", "message": ""}


def wait_condition(server: Server, kind: str, name: str, namespace: str | None, type_: str, status: str = "True",
                   reason: str | None = None, timeout: float = 60) -> dict:
    """Polls until the condition has the status (and reason). Gives the condition."""
    def check():
        found = condition(server.cli.get(kind, name, namespace), type_)
        assert found["status"] == status and reason in (None, found["reason"]), found
        return found
    return eventually(check, timeout, f"{kind} {name}: {type_}={status} {reason or ''}")


@dataclasses.dataclass
class ControlRow:
    revision: int
    phase: str
    epoch: int
    incarnation: int
    owner: str | None
    backend_pid: int | None
    start_offsets: dict
    cut: dict
    offsets: dict
    rows: int
    checksum: object


def _vectors(text) -> dict:
    """{"ns/dataset": {partition: offset}} from the column's JSON."""
    value = json.loads(text) if isinstance(text, str) else (text or {})
    vectors = {}
    for dataset, vector in value.items():
        pairs = enumerate(vector) if isinstance(vector, list) else vector.items()
        vectors[dataset] = {int(partition): int(offset) for partition, offset in pairs}
    return vectors


class Product:
    def __init__(self, server: Server, postgres: Postgres, database: str, namespace: str, name: str):
        self.server, self.postgres, self.database = server, postgres, database
        self.namespace, self.name = namespace, name

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    # --- what the API says

    def get(self) -> dict:
        found = self.server.cli.get("dataproduct", self.name, self.namespace)
        assert found is not None, f"{self} does not exist"
        return found

    @property
    def uid(self) -> str:
        return self.get()["metadata"]["uid"]

    def wait(self, type_: str = "Ready", status: str = "True", reason: str | None = None, timeout: float = 90) -> dict:
        return wait_condition(self.server, "dataproduct", self.name, self.namespace, type_, status, reason, timeout)

    def wait_live(self, timeout: float = 90, revision: int | None = None) -> None:
        """Ready for the present generation, with the given revision being the one that readers see."""
        def check():
            found = self.get()
            ready = condition(found, "Ready")
            current = (found.get("status", {}).get("revision") or {}).get("current")
            assert ready["status"] == "True" and ready["reason"] == "Live", ready
            assert ready.get("observedGeneration") in (None, found["metadata"]["generation"]), ready
            assert revision in (None, current), f"revision {current}"
            return True
        eventually(check, timeout, f"{self} is live")

    @property
    def start_time(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.get()["status"]["startTime"].replace("Z", "+00:00"))

    @property
    def revision(self) -> int:
        return self.get()["status"]["revision"]["current"]

    def worker(self, revision: int | None = None) -> Worker:
        return self.server.worker(self.uid, revision)

    def wait_worker(self, revision: int | None = None, not_pid: int | None = None, timeout: float = 30) -> Worker:
        def check():
            worker = self.worker(revision)
            return worker if worker.running() and worker.pid != not_pid else None
        return eventually(check, timeout, f"{self} has a running worker" + (f" other than {not_pid}" if not_pid else ""))

    # --- what the target says

    @property
    def view(self) -> str:
        """schema.view, from status.endpoint."""
        return self.get()["status"]["endpoint"]["object"]

    @property
    def schema(self) -> str:
        return self.view.rsplit(".", 1)[0].strip('"')

    def binding(self) -> dict:
        """What a consumer of the data gets: the decoded Secret of the read-only role."""
        import base64
        name = self.get()["status"]["binding"]["name"]
        secret = self.server.cli.get("secret", name, self.namespace)
        return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}

    def controls(self, schema: str | None = None) -> list[ControlRow]:
        names = [field.name for field in dataclasses.fields(ControlRow)]
        with self.postgres.connect(database=self.database) as connection:
            rows = connection.execute(
                f'SELECT {", ".join(names)} FROM "{schema or self.schema}"._offtake_control ORDER BY revision').fetchall()
        controls = [ControlRow(*row) for row in rows]
        for control in controls:
            for name in ("start_offsets", "cut", "offsets"):
                setattr(control, name, _vectors(getattr(control, name)))
        return controls

    def control(self, revision: int | None = None) -> ControlRow:
        controls = self.controls()
        assert controls, f"{self} has no control row"
        if revision is None:
            return controls[-1]
        return next(control for control in controls if control.revision == revision)

    def fill_progress(self) -> dict[str, int]:
        """Rows by stream, of the pieces of a fill that are in the target for good."""
        with self.postgres.connect(database=self.database) as connection:
            return dict(connection.execute(
                f'SELECT stream, rows FROM "{self.schema}"._offtake_fill WHERE offsets IS NOT NULL').fetchall())

    def wait_reached(self, goal: dict[str, dict[int, int]], timeout: float = 60) -> None:
        """Until the current revision's committed offsets are at or past `goal` ({dataset: {partition: offset}})
        for each dataset that the product reads."""
        def check():
            current = [control for control in self.controls() if control.phase == "Current"]
            assert len(current) == 1, [(c.revision, c.phase) for c in self.controls()]
            for key, offsets in current[0].offsets.items():
                wanted = goal.get(key.split("/")[-1], {})
                behind = {p: (offsets.get(p), o) for p, o in wanted.items() if offsets.get(p, 0) < o}
                assert not behind, f"{key}: partition: (at, wanted) {behind}"
            return True
        eventually(check, timeout, f"{self} reached {goal}")

"""A stateful product goes on from its checkpoint: over compacted topics, where lost state could not be rebuilt,
without a refill; over the embedded log without reading everything again. Where the checkpoints are lost or damaged
it is filled again, or replayed, as it must be."""

import io
import json
import shutil
import signal
import sqlite3
import struct

import fastavro
import pytest

from support import flight_products as fp
from support import manifests
from support.children import eventually
from support.crash import CHECKPOINTS, TOPICS, hit, live_changes
from support.products import Product


def recent(name: str, namespace: str) -> dict:
    """Of a quarter of the year: there is state enough, and the fill is not what is tested here."""
    return fp.enriched(name, namespace, history="90d")


def assert_equal(world, product) -> None:
    count = world.assert_equal(product, fp.since(fp.ENRICHED, "f.time_hour"), {"start": product.start_time})
    assert count > 50_000


def converge(world, product) -> None:
    product.wait_live(timeout=120)
    assert_equal(world, product)


def said(worker) -> list[str]:
    return [line.get("msg") for line in worker.log_lines()]


def names(worker) -> list[str]:
    """Whole checkpoints, the oldest first."""
    folder = worker.folder / "checkpoints"
    return sorted(path.name for path in folder.glob("[0-9]*") if (path / "MANIFEST").exists())


def wait_checkpoint(product, count: int = 1) -> None:
    eventually(lambda: said(product.worker()).count("checkpoint written") >= count, 60, f"{product} has {count} checkpoints")


def kill_all(world, worker) -> None:
    """The server first, so that nobody starts the worker again."""
    world.server.kill()
    worker.send(signal.SIGKILL)


@TOPICS
def test_killed_it_goes_on_from_its_checkpoint(world, namespace):
    product = world.product(recent("from-checkpoint", namespace))
    product.wait_live(timeout=120)
    wait_checkpoint(product)
    for _ in range(2):
        live_changes(world)
        assert_equal(world, product)  # the control row is past the checkpoint
        pid = product.worker().send(signal.SIGKILL)
        live_changes(world)
        assert product.wait_worker(not_pid=pid)
        converge(world, product)
    assert product.revision == 1
    lines = said(product.worker())
    assert lines.count("fill started") == 1 and "rebuilding state by replay" not in lines, lines
    assert lines.count("restoring a checkpoint") == 2, lines


@TOPICS
def test_drained_it_has_nothing_to_read_again(world, namespace):
    product = world.product(recent("drained", namespace))
    product.wait_live(timeout=120)
    live_changes(world)
    assert_equal(world, product)
    worker = product.worker()
    world.server.terminate(timeout=30)
    assert len(names(worker)) == 2
    world.server.start()
    product.wait_worker()
    converge(world, product)
    restored = [line for line in product.worker().log_lines() if line.get("msg") == "restoring a checkpoint"]
    assert [line["records_to_come"] for line in restored] == ["0"], restored
    assert product.revision == 1


def lost(worker) -> None:
    shutil.rmtree(worker.folder / "checkpoints")


def damaged(worker) -> None:
    found = names(worker)
    assert found
    for name in found:
        state = worker.folder / "checkpoints" / name / "state"
        content = bytearray(state.read_bytes())
        content[len(content) // 3] ^= 4
        state.write_bytes(content)


@TOPICS
@pytest.mark.parametrize("spoil", [lost, damaged])
def test_without_a_good_checkpoint_it_is_as_without(world, namespace, spoil):
    product = world.product(recent(spoil.__name__, namespace))
    product.wait_live(timeout=120)
    wait_checkpoint(product)
    live_changes(world)
    assert_equal(world, product)
    first = product.worker()
    kill_all(world, first)
    spoil(first)
    world.server.start()
    if namespace == fp.COMPACTED:
        product.wait_live(timeout=120, revision=2)
    else:
        product.wait_worker()
        eventually(lambda: "rebuilding state by replay" in said(first), 60, "it replays")
        assert product.revision == 1
    if spoil is damaged and namespace != fp.COMPACTED:  # of a refill its folder goes with the revision
        thrown = [line for line in first.log_lines() if line.get("msg") == "checkpoint thrown away"]
        assert thrown and all("checksum" in line["why"] for line in thrown), thrown
    converge(world, product)


@TOPICS
@pytest.mark.parametrize("point", CHECKPOINTS)
def test_killed_while_a_checkpoint_is_written(world, namespace, point):
    if point == "checkpoint-deleting":  # which is when the third is there
        product = world.product(recent(f"at-{point}", namespace))
        product.wait_live(timeout=120)
        wait_checkpoint(product)
        live_changes(world)
        assert_equal(world, product)
        worker = product.worker()
        world.server.terminate(timeout=30)
        assert len(names(worker)) == 2
        live_changes(world)
        world.server.start(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    else:
        world.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
        product = world.product(recent(f"at-{point}", namespace))
    pid = hit(product, point)
    worker = product.worker()
    whole = names(worker)
    assert len(whole) == {"checkpoint-written": 0, "checkpoint-renamed": 1, "checkpoint-deleting": 2}[point]
    live_changes(world)
    kill_all(world, worker)
    world.server.start()
    assert product.wait_worker(not_pid=pid)
    converge(world, product)
    if point == "checkpoint-written" and namespace == fp.COMPACTED:
        assert product.revision == 2  # there was none yet
    else:
        assert product.revision == 1
    if whole:
        assert "restoring a checkpoint" in said(product.worker())
        assert "rebuilding state by replay" not in said(product.worker())


SCHEMA = {"type": "record", "name": "reading", "namespace": "embedded", "fields": [
    {"name": "place", "type": "int"}, {"name": "value", "type": "long"}]}
PARSED = fastavro.parse_schema(SCHEMA)
EMBEDDED, TOPIC = "embedded", "embedded.readings"


class Readings:
    """Readings in the embedded log, and the sums by place that they amount to."""

    def __init__(self, server):
        self.server, self.sums = server, {}
        server.cli.apply(manifests.namespace(EMBEDDED), manifests.dataset(
            EMBEDDED, "readings", "Event", TOPIC,
            source={"eventStoreName": "embedded", "topic": TOPIC, "topicConfig": {"partitions": 2, "retention": "Forever"}}))
        answer = server.http("POST", f"/registry/subjects/{TOPIC}-value/versions", json={"schema": json.dumps(SCHEMA)})
        assert answer.status_code == 200, answer.text
        self.schema_id = answer.json()["id"]
        eventually(self._ready, 10, "the dataset is ready")

    def _ready(self) -> bool:
        status = (self.server.cli.get("dataset", "readings", EMBEDDED) or {}).get("status") or {}
        return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or [])

    def add(self, count: int, series: int) -> None:
        body = bytearray()
        for number in range(count):
            place, value = number % 97, series * number
            encoded = io.BytesIO()
            encoded.write(struct.pack(">bI", 0, self.schema_id))
            fastavro.schemaless_writer(encoded, PARSED, {"place": place, "value": value})
            body += struct.pack(">iqii", -1, -1, -1, len(encoded.getvalue())) + encoded.getvalue()
            self.sums[place] = self.sums.get(place, 0) + value
        answer = self.server.http("POST", f"/offtake/v1/events?topic={TOPIC}", data=bytes(body),
                                  headers={"Content-Type": "application/vnd.offtake.records"})
        assert answer.status_code == 200, answer.text


def test_a_killed_server_goes_on_without_reading_its_log_again(server):
    readings = Readings(server)
    readings.add(20_000, 3)
    server.cli.apply(manifests.product(EMBEDDED, "sums", "SELECT place, sum(value) AS total FROM readings GROUP BY place",
                                       class_name="sqlite"))
    product = Product(server, None, "", EMBEDDED, "sums")
    product.wait_live()

    def equal() -> bool:
        endpoint = product.get()["status"]["endpoint"]
        connection = sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True)
        try:
            rows = connection.execute(f'SELECT place, total FROM "{endpoint["object"]}"').fetchall()
            return {place: int(total) for place, total in rows} == readings.sums  # numeric is text there
        finally:
            connection.close()

    wait_checkpoint(product)
    readings.add(500, 7)
    eventually(equal, 20, "what came live")
    server.kill()
    server.start()
    readings.add(500, 11)
    eventually(equal, 30, "what came after the restart")
    restored = [line for line in product.worker().log_lines() if line.get("msg") == "restoring a checkpoint"]
    assert len(restored) == 1 and int(restored[0]["records_to_come"]) <= 500, restored
    assert "rebuilding state by replay" not in said(product.worker())
    assert product.revision == 1

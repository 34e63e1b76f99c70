"""Events over HTTP into the embedded log of a real server that is killed while it takes them: whatever was
acknowledged is there after the restart, once, and a request is there as a whole or not at all."""

import collections
import io
import json
import random
import sqlite3
import struct
import threading

import fastavro
import pytest
import requests

from support import manifests
from support.children import eventually
from support.products import Product

NAMESPACE, TOPIC, BATCH = "ingest", "ingest.readings", 500
SENDERS, KILLS = 4, 4
SCHEMA = {"type": "record", "name": "reading", "namespace": "ingest", "fields": [
    {"name": "request", "type": "long"}, {"name": "place", "type": "int"}, {"name": "note", "type": "string"}]}
PARSED = fastavro.parse_schema(SCHEMA)


@pytest.fixture(scope="module")
def schema_id(server):
    server.cli.apply(manifests.namespace(NAMESPACE), manifests.dataset(
        NAMESPACE, "readings", "Event", TOPIC,
        source={"eventStoreName": "embedded", "topic": TOPIC, "topicConfig": {"partitions": 3, "retention": "Forever"}}))
    answer = server.http("POST", f"/registry/subjects/{TOPIC}-value/versions", json={"schema": json.dumps(SCHEMA)})
    assert answer.status_code == 200, answer.text
    eventually(lambda: _ready(server), 10, "the dataset is ready")
    return answer.json()["id"]


def _ready(server) -> bool:
    status = (server.cli.get("dataset", "readings", NAMESPACE) or {}).get("status") or {}
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or [])


class Traffic:
    """Senders that write, each request once, until the server no longer answers."""

    def __init__(self, server, schema_id: int):
        self.server, self.schema_id = server, schema_id
        self.lock = threading.Lock()
        self.next_request = 0
        self.under_way = 0
        self.acknowledged: set[int] = set()
        self.unanswered: set[int] = set()

    def run_and_kill(self, after: int) -> None:
        """Kills the server once `after` more requests have been acknowledged, while others are under way."""
        goal = len(self.acknowledged) + after
        threads = [threading.Thread(target=self._send_until_it_breaks) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: len(self.acknowledged) >= goal and self.under_way > 0, 60,
                       f"{goal} requests are acknowledged", interval=0.001)
        finally:
            self.server.kill()
            for thread in threads:
                thread.join()

    def _send_until_it_breaks(self) -> None:
        session = requests.Session()
        while True:
            with self.lock:
                number = self.next_request
                self.next_request += 1
            body = self._body(number)
            try:
                self._count_under_way(1)
                answer = session.post(f"{self.server.url}/offtake/v1/events", params={"topic": TOPIC}, timeout=30,
                                      data=body, headers={
                                          "Authorization": f"Bearer {self.server.token}",
                                          "Content-Type": "application/vnd.offtake.records"})
            except requests.RequestException:
                with self.lock:
                    self.unanswered.add(number)
                return
            finally:
                self._count_under_way(-1)
            assert answer.status_code == 200, answer.text
            assert sum(part["count"] for part in answer.json()["offsets"]) == BATCH
            with self.lock:
                self.acknowledged.add(number)

    def _count_under_way(self, change: int) -> None:
        with self.lock:
            self.under_way += change

    def _body(self, number: int) -> bytes:
        """200 bytes a record; the partition is chosen by the key."""
        body = bytearray()
        for place in range(BATCH):
            value = io.BytesIO()
            value.write(struct.pack(">bI", 0, self.schema_id))
            fastavro.schemaless_writer(value, PARSED, {"request": number, "place": place, "note": "n" * 188})
            key = f"{number}-{place}".encode()
            body += struct.pack(">iqii", -1, -1, len(key), len(value.getvalue())) + key + value.getvalue()
        return bytes(body)


def test_what_was_acknowledged_outlives_kill_9(server, schema_id):
    traffic = Traffic(server, schema_id)
    for _ in range(KILLS):
        traffic.run_and_kill(after=random.randint(5, 40))
        server.start()
    server.cli.apply(manifests.product(NAMESPACE, "all-readings", "SELECT request, place FROM readings",
                                       class_name="sqlite"))
    product = Product(server, None, "", NAMESPACE, "all-readings")
    product.wait_live()
    endpoint = product.get()["status"]["endpoint"]
    connection = sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True)
    try:
        rows = connection.execute(f'SELECT request, place FROM "{endpoint["object"]}"').fetchall()
    finally:
        connection.close()
    assert len(set(rows)) == len(rows), "a record is there twice"
    kept = collections.Counter(request for request, _ in rows)
    lost = {request: kept[request] for request in traffic.acknowledged if kept[request] != BATCH}
    assert not lost, f"acknowledged requests that are not whole: {lost}"
    assert set(kept) <= traffic.acknowledged | traffic.unanswered
    assert all(count == BATCH for count in kept.values()), "a request was kept in part"

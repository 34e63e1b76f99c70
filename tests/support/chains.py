"""Orders and customers in Kafka, products whose target is a topic, and what stands in such a topic."""

import collections
import io
import json
import signal
import struct

import fastavro

from support import manifests
from support.children import eventually
from support.products import Product
from support.shop import Shop

NAMESPACE = "chains"
TOTALS_SQL = """
SELECT customer_id, count(*) AS orders, CAST(sum(amount_cents) AS bigint) AS total, max(placed_at) AS latest
FROM orders GROUP BY customer_id
"""


def topic_class(name: str, store: str) -> dict:
    return {"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": name},
            "spec": {"engine": "topic", "description": "Records that other products read",
                     "provisioner": {"external": {"eventStoreName": store}}}}


def totals_of(orders: list[dict]) -> dict[int, tuple]:
    found = collections.defaultdict(lambda: [0, 0, None])
    for order in orders:
        entry = found[order["customer_id"]]
        entry[0] += 1
        entry[1] += order["amount_cents"]
        entry[2] = max(filter(None, [entry[2], order["placed_at"]]))
    return {customer: tuple(entry) for customer, entry in found.items()}


class Chain:
    """Orders and customers in Kafka; a product on a topic; what stands in that topic."""

    def __init__(self, kafka, postgres, server, prefix: str = "chains"):
        """`prefix` is that of its topics, and the name of its database."""
        self.kafka, self.postgres, self.server, self.database = kafka, postgres, server, prefix
        postgres.create_database(self.database)
        self.shop = Shop(kafka, server.registry_url, prefix)
        self.shop.create_topics()
        self.shop.fill(3_000, 100)
        server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                         *manifests.event_store(kafka), *manifests.target_class(postgres, self.database),
                         topic_class("topics", "kafka"), *self.classified_datasets())

    def classified_datasets(self) -> list[dict]:
        found = self.shop.datasets(NAMESPACE)
        found[1]["spec"]["columns"] = [{"path": "name", "description": "Full name", "classification": "pii.name"}]
        found[0]["spec"]["columns"] = [{"path": "customer_id", "description": "Who ordered"}]
        return found

    def product(self, name: str, sql: str, class_name: str = "topics", **spec) -> Product:
        self.server.cli.apply(manifests.product(NAMESPACE, name, sql, class_name=class_name, **spec))
        return Product(self.server, self.postgres, self.database, NAMESPACE, name)

    def remove(self, *names: str) -> None:
        for name in names:  # they may hold each other
            self.server.cli.delete("dataproduct", name, NAMESPACE, flags=("--wait=false",))
        for name in names:
            eventually(lambda: self.server.cli.get("dataproduct", name, NAMESPACE) is None, 30, f"{name} is gone")

    def records(self, topic: str) -> list[tuple]:
        """(partition, key, value or None) as a reader of committed records gets them, in the order of each partition."""
        self.kafka.wait_no_open_transaction(topic)
        return [(message.partition(), message.key(), message.value()) for message in self.kafka.read(topic)]

    def schema(self, id_: int):
        answer = self.server.http("GET", f"/registry/schemas/ids/{id_}")
        return fastavro.parse_schema(json.loads(answer.json()["schema"]))

    def decoded(self, topic: str) -> list[tuple]:
        return [(key, row) for _, key, row in self.decoded_with_partitions(topic)]

    def decoded_with_partitions(self, topic: str) -> list[tuple]:
        schemas, found = {}, []
        for partition, key, value in self.records(topic):
            row = None
            if value is not None:
                id_ = struct.unpack(">xI", value[:5])[0]
                schemas.setdefault(id_, self.schema(id_))
                row = fastavro.schemaless_reader(io.BytesIO(value[5:]), schemas[id_])
            found.append((partition, key, row))
        return found

    def content(self, topic: str) -> dict:
        latest = dict(self.decoded(topic))
        return {key: row for key, row in latest.items() if row is not None}

    def totals(self, topic: str) -> dict[int, tuple]:
        return {row["customer_id"]: (row["orders"], row["total"], row["latest"])
                for row in self.content(topic).values()}

    def wait_totals(self, topic: str) -> None:
        wanted = totals_of(self.shop.orders)
        eventually(lambda: self.totals(topic) == wanted, 90, f"{topic} holds the totals", interval=0.3)

    def each_once(self, topic: str) -> None:
        """Orders only come: whoever wrote a record twice, or an older one behind a newer one, shows."""
        counts = collections.defaultdict(list)
        for _, row in self.decoded(topic):
            assert row is not None, "a tombstone that nothing asked for"
            counts[row["customer_id"]].append(row["orders"])
        for customer, series in counts.items():
            assert series == sorted(set(series)), f"customer {customer}: {series}"

    def calm_down(self, before: set[str]) -> None:
        """After a test that kills: the server runs, not armed, and the products that are not of `before` are gone."""
        if not self.server.child.running():
            self.server.start()
        elif self.server.environment_of_start:
            self.server.restart()
        for worker in self.server.workers():
            if worker.running():
                worker.send(signal.SIGCONT)
        self.remove(*[name for name in names_of_products(self.server) if name not in before])


def names_of_products(server) -> set[str]:
    found = json.loads(server.cli.run("get", "dataproducts", "-n", NAMESPACE, "-o", "json").stdout)["items"]
    return {item["metadata"]["name"] for item in found}

"""A live product rides out a restart of its database and of its event store: the same revision, the same worker,
no refill, and afterwards exactly the rows it must have. The entity is on a compacted topic, so that state which is
lost could not be rebuilt by reading again. Both servers are this module's own, so that others are undisturbed."""

import pytest

from support import manifests
from support.children import eventually
from support.kafka import Kafka
from support.offtake import Server
from support.postgres import Postgres
from support.products import Product
from support.shop import JOINED_SQL, Shop, rows

NAMESPACE = "outages"


class World:
    database = "outages"

    def __init__(self, folder):
        self.kafka = Kafka(folder / "kafka").start()
        self.postgres = Postgres(folder / "postgres").start()
        self.postgres.create_database(self.database)
        self.server = Server(folder / "server").start()
        self.shop = Shop(self.kafka, self.server.registry_url, "outages")
        self.shop.create_topics("orders")
        self.kafka.create_topic(self.shop.topic("customers"), 3, cleanup_policy="compact")
        self.shop.fill(2_000, 100)
        self.server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                              *manifests.event_store(self.kafka), *manifests.target_class(self.postgres, self.database),
                              *self.shop.datasets(NAMESPACE), manifests.product(NAMESPACE, "joined", JOINED_SQL))
        self.product = Product(self.server, self.postgres, self.database, NAMESPACE, "joined")
        self.product.wait_live()

    def close(self):
        self.server.close()
        self.postgres.stop()
        self.kafka.stop()

    def change(self, number: int) -> None:
        """Orders, and a customer whom earlier rows join."""
        self.shop.put_customer(number, f"Renamed {number}", "Elsewhere")
        self.shop.add_orders(300)

    def delivered(self) -> list[tuple]:
        with self.postgres.connect(database=self.database) as connection:
            return rows(connection, f"SELECT order_id, amount_cents, name, city FROM {self.product.view} ORDER BY order_id")


@pytest.fixture(scope="module")
def world(_scratch):
    made = World(_scratch / "outages")
    yield made
    made.close()


@pytest.fixture
def undisturbed(world):
    """Whatever happens in the test, afterwards it is the same worker with the same state."""
    worker = world.product.worker()
    pid = worker.pid
    yield world
    world.product.wait_live()
    world.product.wait_reached(world.shop.ends())
    assert world.delivered() == world.shop.joined_rows()
    assert worker.running() and world.product.worker().pid == pid
    assert world.product.revision == 1
    said = [line.get("msg") for line in worker.log_lines()]
    assert said.count("fill started") == 1 and "rebuilding state by replay" not in said, said
    assert "cannot go on" not in said, said


def test_the_database_is_killed_and_comes_back(undisturbed):
    world = undisturbed
    world.change(1)
    world.postgres.kill()
    world.change(2)
    # It is told of, though not at once: a restart that takes a moment is nobody's concern.
    found = world.product.wait("Ready", "False", timeout=15)
    assert "PostgreSQL" in found["message"], found
    world.change(3)
    world.postgres.start()


def test_the_event_store_is_killed_and_comes_back(undisturbed):
    world = undisturbed
    epoch = world.product.control().epoch
    world.kafka.kill()
    worker = world.product.worker()
    eventually(lambda: any(line.get("msg") == "reading stopped" for line in worker.log_lines()), 20,
               "the worker says that it cannot read")
    world.product.wait("Ready", "False", "Unreachable", timeout=10)
    world.kafka.start()
    world.change(4)
    eventually(lambda: world.product.control().epoch > epoch, 30, "epochs go on")

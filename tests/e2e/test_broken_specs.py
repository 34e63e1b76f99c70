"""Twenty-two broken specs: what is refused at once, and what is accepted, explained, and heals by itself.

A bystander runs all the while: its revision, worker and incarnation stay, and its epochs advance.
"""

import datetime
import os
import pathlib
import subprocess

import pytest
from confluent_kafka import TopicPartition

from support import broken_specs, manifests
from support.children import eventually, free_ports
from support.postgres import Postgres
from support.products import Product, wait_condition
from support.shop import ORDERS_SQL, Shop

NAMESPACE = "shop"


class Bystander:
    """A healthy product that nothing may touch."""

    def __init__(self, product: Product, shop: Shop):
        self.product, self.shop = product, shop
        product.wait_live()
        self.before = self._identity()

    def _identity(self) -> tuple:
        control = self.product.control()
        return control.revision, control.incarnation, control.owner, self.product.worker().pid

    def untouched_and_alive(self) -> None:
        epoch = self.product.control().epoch
        self.shop.add_orders(10)
        self.product.wait_reached(self.shop.ends())
        assert self._identity() == self.before
        assert self.product.control().epoch > epoch


class World:
    def __init__(self, server, kafka, postgres, database, folder: pathlib.Path):
        self.server, self.kafka, self.postgres, self.folder = server, kafka, postgres, folder
        self.database = database
        self.shop = Shop(kafka, server.registry_url, "broken")
        self.shop.create_topics()
        self.shop.fill(orders=500, customers=50)
        self.damaged = Shop(kafka, server.registry_url, "damaged", partitions=1)
        self.damaged.create_topics("orders")
        self.damaged.add_orders(1)
        self.damaged.send_raw("orders", self.damaged.encode_order()[:6])  # cut off in the first field
        self.damaged.add_orders(20)
        self.namesakes = Shop(kafka, server.registry_url, "namesakes", partitions=1)
        self.namesakes.create_topics("customers")
        self.namesakes.put_customer(1, "Twin", "Rome")
        self.namesakes.put_customer(2, "Twin", "Alba")
        self.namesakes.put_customer(3, "Only", None)
        self.namesakes.flush()
        self._make_clicks()
        (self.closed_port,) = free_ports(1)
        self.server.cli.apply(
            manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE), manifests.namespace("vault"),
            *manifests.event_store(kafka), *manifests.target_class(postgres, database), *self.shop.datasets(NAMESPACE),
            self._dataset("damaged", "Event", self.damaged.topic("orders")),
            self._dataset("namesakes", "Entity", self.namesakes.topic("customers"),
                          {"columns": ["customer_id"], "from": "Value"}),
            self._dataset("clicks", "Event", "broken.clicks", subject="broken.orders-value"),
            {**manifests.dataset("vault", "salaries", "Event", self.shop.topic("orders")), "spec": {
                **manifests.dataset("vault", "salaries", "Event", self.shop.topic("orders"))["spec"],
                "owner": "payroll-team"}},
            manifests.product(NAMESPACE, "bystander", ORDERS_SQL),
            manifests.product(NAMESPACE, "holder", ORDERS_SQL))
        self.bystander = Bystander(self.product("bystander"), self.shop)
        self.product("holder").wait_live()

    def product(self, name: str) -> Product:
        return Product(self.server, self.postgres, self.database, NAMESPACE, name)

    def values(self) -> dict[str, str]:
        return {"prefix": self.shop.prefix, "closed_port": str(self.closed_port),
                "database_url": self.postgres.url(self.database), "port": str(self.postgres.port),
                "small_url": self.postgres.url("small"), "kafka_port": str(self.kafka.port)}

    def _dataset(self, name: str, type_: str, topic: str, key: dict | None = None, subject: str | None = None) -> dict:
        return manifests.dataset(NAMESPACE, name, type_, topic, key,
                                 schema={"format": "Avro", "subject": subject or f"{topic}-value"})

    def _make_clicks(self) -> None:
        """A topic whose log begins thirty days ago, because what was before has been removed."""
        self.kafka.create_topic("broken.clicks", 1, retention_ms=-1)
        for days in (100, 60, 30, 1):
            at = datetime.datetime.now() - datetime.timedelta(days=days)
            self.shop.producer.produce("broken.clicks", value=self.shop.encode_order(), partition=0,
                                       timestamp=int(at.timestamp() * 1000))
        self.shop.flush()
        self.delete_records_before("broken.clicks", 2)

    def delete_records_before(self, topic: str, offset: int) -> None:
        for future in self.kafka.admin().delete_records([TopicPartition(topic, 0, offset)]).values():
            future.result(30)


@pytest.fixture(scope="module")
def world(server, kafka, postgres, database, _scratch):
    return World(server, kafka, postgres, database, _scratch / "broken-specs")


def run_apply(world: World, case: broken_specs.Case, tmp_path, expect: int) -> str:
    file = tmp_path / case.file.name
    file.write_text(case.filled_in(world.values()))
    outcome = world.server.cli.run("apply", "-f", file, expect=expect)
    return outcome.stderr.replace(f"{tmp_path}/", "")


def test_there_are_twenty_two():
    assert len(broken_specs.cases("apply")) == 13
    assert len(broken_specs.cases("condition")) == 9


@pytest.mark.parametrize("case", broken_specs.cases("apply"), ids=lambda case: case.name)
def test_refused_by_apply(world, case, tmp_path):
    case.check(run_apply(world, case, tmp_path, expect=1), world.values())
    for kind in ("dataproduct", "dataset"):
        assert world.server.cli.get(kind, "broken", NAMESPACE) is None, f"{kind} was stored"
    world.bystander.untouched_and_alive()


# --- what makes the cause of each condition go; a generator where there is something to prepare first

def heal_missing_dataset(world):
    yield
    world.server.cli.apply(world._dataset("parcels", "Event", world.shop.topic("orders")))


def heal_key_not_unique(world):
    yield
    world.namesakes.put_customer(2, "No longer", "Alba")
    world.namesakes.flush()


def heal_target_name_taken(world):
    yield
    world.server.cli.delete("dataproduct", "holder", NAMESPACE)


def heal_unreachable_database(world):
    late = Postgres(world.folder / "late-postgres")
    late.port = world.closed_port
    yield
    late.start()


def heal_wrong_password(world):
    yield
    world.server.cli.apply(manifests.secret("wrong-password-admin", username="admin", password="admin-secret",
                                            sslmode="disable"))


def heal_missing_topic(world):
    yield
    world.kafka.create_topic(f"{world.shop.prefix}.returns", 2, retention_ms=-1)


def heal_missing_subject(world):
    yield
    latest = world.server.http("GET", f"/registry/subjects/{world.shop.prefix}.orders-value/versions/latest").json()
    done = world.server.http("POST", f"/registry/subjects/{world.shop.prefix}.unregistered-value/versions",
                             json={"schema": latest["schema"]})
    assert done.status_code == 200, done.text


def heal_record_not_decoded(world):
    yield
    # Retention takes the record away.
    world.delete_records_before(world.damaged.topic("orders"), 2)


def heal_disk_full(world):
    """A database whose tables live on a small disk, which is full."""
    disk = world.folder / "small-disk"
    disk.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0777", "tmpfs", disk], capture_output=True,
                             text=True)
    if mounted.returncode != 0:
        pytest.skip(f"needs the right to mount a small disk: {mounted.stderr.strip()}")
    try:
        space = disk / "tablespace"
        space.mkdir()
        owner = world.postgres._data.stat()
        os.chown(space, owner.st_uid, owner.st_gid)
        with world.postgres.connect() as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
            connection.execute("CREATE DATABASE small TABLESPACE small")
        with open(disk / "ballast", "wb") as ballast:
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
            ballast.write(bytes(free - 1024 * 1024))
        world.shop.add_orders(40_000)
        yield
        (disk / "ballast").unlink()
        yield
        world.server.cli.delete("dataproduct", "disk-full", NAMESPACE)
        eventually(lambda: world.server.cli.get("dataproduct", "disk-full", NAMESPACE) is None, 30, "it is gone")
        with world.postgres.connect() as connection:
            connection.execute("DROP DATABASE small WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


@pytest.mark.parametrize("case", broken_specs.cases("condition"), ids=lambda case: case.name)
def test_accepted_and_waited_for(world, case, tmp_path):
    kind, name = case.case["object"].split("/")
    wanted = case.case["condition"]
    healing = globals()["heal_" + case.name.replace("-", "_")](world)
    try:
        next(healing)
        run_apply(world, case, tmp_path, expect=0)
        found = wait_condition(world.server, kind, name, NAMESPACE, wanted["type"], wanted["status"], wanted["reason"],
                               timeout=5)
        case.check(found["message"], world.values())
        ready = wait_condition(world.server, kind, name, NAMESPACE, "Ready", "False", timeout=1)
        assert ready["message"]
        world.bystander.untouched_and_alive()
        next(healing, None)
        wait_condition(world.server, kind, name, NAMESPACE, "Ready", "True", timeout=60)
        world.bystander.untouched_and_alive()
        next(healing, None)
    finally:
        healing.close()
        if world.server.cli.get(kind, name, NAMESPACE) is not None:
            world.server.cli.delete(kind, name, NAMESPACE)

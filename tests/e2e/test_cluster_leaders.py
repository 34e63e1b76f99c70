"""Two operators, of which one leads: who is held for a minute writes nothing when it goes on, and what is written to
targets is one worker's throughout."""

import shutil
import signal
import time

import pytest

from support import manifests, paths
from support.children import eventually
from support.installation import Installation
from support.kafka import Kafka
from support.offtake import Server
from support.postgres import Postgres
from support.shop import JOINED_SQL, Shop

pytestmark = pytest.mark.cluster
NAMESPACE, DATABASE = "led", "data"
PRODUCT = manifests.product(NAMESPACE, "joined", JOINED_SQL, key=["order_id"])
HELD = 60.0


@pytest.fixture(scope="module")
def registry(cluster, _scratch):
    """A schema registry that is on no operator's volume."""
    server = Server(_scratch / "registry-outside", host=cluster.machine).start()
    yield server
    server.close()


class World:
    def __init__(self, cluster, folder, registry):
        self.cluster = cluster
        self.kafka = Kafka(folder / "kafka", host=cluster.machine).start()
        self.postgres = Postgres(folder / "postgres", host=cluster.machine).start()
        self.postgres.create_database(DATABASE)
        self.volume = cluster.add_volume("offtake-worker", owner=65532, size="64Mi")
        # Longer than it is held here, or the kubelet would end it.
        self.operator = Installation(cluster).install("--worker-volume=64Mi", replicas=2, registry=False, patient=True)
        self.shop = Shop(self.kafka, registry.registry_url.replace("//", f"//offtake:{registry.token}@"), "led")
        self.shop.create_topics()
        self.shop.fill()
        cluster.create_namespace(NAMESPACE)
        (store,) = manifests.event_store(self.kafka)
        store["spec"]["registry"] = {"confluent": {"urls": [registry.registry_url],
                                                   "secretRef": {"name": "registry-user"}}}
        user = manifests.secret("registry-user", username="offtake", password=registry.token)
        self.operator.apply(user, store, *manifests.target_class(self.postgres, DATABASE),
                            *self.shop.datasets(NAMESPACE), PRODUCT)
        self.operator.wait_live("joined", NAMESPACE)
        self.connection = self.postgres.connect(database=DATABASE)

    def stop(self) -> None:
        self.connection.close()
        self.operator.remove()
        self.cluster.kubectl("delete", "persistentvolume", "offtake-worker", "--ignore-not-found")
        shutil.rmtree(self.volume)
        self.postgres.stop()
        self.kafka.stop()

    def place(self) -> str:
        return self.operator.read("DataProduct", "joined", NAMESPACE)["status"]["endpoint"]["object"]

    def owners(self) -> list[tuple]:
        """Of the control rows: who may write."""
        schema = self.place().split(".")[0]
        return self.connection.execute(
            f"SELECT revision, incarnation, owner FROM {schema}._offtake_control ORDER BY revision").fetchall()

    def wait_equal(self) -> None:
        wanted = self.shop.joined_rows()

        def check():
            assert sorted(self.connection.execute(f"SELECT * FROM {self.place()}").fetchall()) == wanted
            return True
        eventually(check, 60, "the rows are those of the topics")


@pytest.fixture(scope="module")
def world(cluster, registry):
    world = World(cluster, paths.scratch() / "leaders", registry)
    yield world
    world.stop()


def holder(world) -> str:
    """Whom the Lease names: a pod and a process in it; nothing while nobody leads."""
    lease = world.cluster.get("leases", "offtake-operator", manifests.SYSTEM)
    return lease["spec"].get("holderIdentity", "")


def leader(world) -> str:
    """Its pod."""
    return holder(world).split("_")[0]


def transitions(world) -> int:
    return world.cluster.get("leases", "offtake-operator", manifests.SYSTEM)["spec"]["leaseTransitions"]


def edited(world, description: str, timeout: float = 40) -> None:
    world.operator.apply({**PRODUCT, "spec": {**PRODUCT["spec"], "description": description}})
    world.operator.wait_live("joined", NAMESPACE, timeout)


def log_of(world, pod: str) -> str:
    return world.cluster.kubectl("-n", manifests.SYSTEM, "logs", pod, "--tail=-1")


def test_one_leads_and_the_other_stands_by(world):
    world.wait_equal()
    names = {pod["metadata"]["name"] for pod in world.operator.pods()}
    assert len(names) == 2 and leader(world) in names
    (other,) = names - {leader(world)}
    assert '"msg":"leading"' not in log_of(world, other)


def test_who_is_held_for_a_minute_writes_nothing_afterwards(world):
    held = leader(world)
    owners, before = world.owners(), transitions(world)
    world.operator.apply({**PRODUCT, "spec": {**PRODUCT["spec"], "description": "just before"}})
    world.cluster.signal_pod(signal.SIGSTOP, manifests.SYSTEM, held)
    begun = time.monotonic()
    eventually(lambda: leader(world) not in ("", held), 40, "the other one leads")
    taken = time.monotonic() - begun
    print(f"the other one leads after {taken:.1f} s")
    edited(world, "by the other one")
    world.shop.add_orders(100)
    world.wait_equal()
    # Not a wait for something: so long is it held, far longer than its lease.
    time.sleep(max(0.0, HELD - (time.monotonic() - begun)))
    version = world.operator.read("DataProduct", "joined", NAMESPACE)["metadata"]["resourceVersion"]
    world.cluster.signal_pod(signal.SIGCONT, manifests.SYSTEM, held)
    eventually(lambda: "leads no longer" in log_of(world, held), 20, "it sees that it leads no longer")
    acting = leader(world)
    assert acting != held
    # It stands by and lets the other one act; nothing was written when it went on.
    assert world.operator.read("DataProduct", "joined", NAMESPACE)["metadata"]["resourceVersion"] == version
    edited(world, "after it went on")
    assert leader(world) == acting and transitions(world) == before + 1
    world.shop.add_orders(100)
    world.wait_equal()
    assert world.owners() == owners, "one worker wrote throughout"


def test_who_is_killed_is_followed_within_twenty_seconds(world):
    killed = holder(world)
    begun = time.monotonic()
    world.cluster.kill_pod(manifests.SYSTEM, leader(world))
    eventually(lambda: holder(world) not in ("", killed), 40, "another process leads")
    took = time.monotonic() - begun
    print(f"another process leads {took:.1f} s after a leader was killed")
    assert took < 30  # the lease ends after 15 s, and is looked at every other second
    edited(world, "after a leader was killed")
    world.wait_equal()


def test_who_leaves_in_order_is_followed_at_once(world):
    eventually(lambda: len([pod for pod in world.operator.pods() if is_ready(pod)]) == 2, 60, "there are two again")
    leaving = leader(world)
    begun = time.monotonic()
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "pod", leaving, "--wait=false")
    eventually(lambda: leader(world) not in ("", leaving), 20, "another one leads")
    took = time.monotonic() - begun
    print(f"another one leads {took:.1f} s after a leader left")
    assert took < 10
    edited(world, "after a leader left")
    world.wait_equal()


def workers(world) -> list[dict]:
    return [pod for pod in world.operator.workers("joined") if "deletionTimestamp" not in pod["metadata"]]


def test_a_worker_that_is_replaced_goes_on_from_its_volume(world):
    (before,) = workers(world)
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "pod", before["metadata"]["name"], "--wait=false")
    world.shop.add_orders(100)

    def restored():
        (pod,) = workers(world)
        assert pod["metadata"]["uid"] != before["metadata"]["uid"]
        said = log_of(world, pod["metadata"]["name"])
        assert "restoring a checkpoint" in said, said
        return said
    assert "rebuilding state by replay" not in eventually(restored, 60, "its successor takes up its state")
    world.wait_equal()


def test_the_volume_goes_with_the_product(world):
    def claims() -> list[dict]:
        return world.cluster.list("persistentvolumeclaims", manifests.SYSTEM)
    (claim,) = claims()
    assert claim["metadata"]["labels"]["offtake.dev/product-name"] == "joined"
    world.cluster.kubectl("-n", NAMESPACE, "delete", "dataproduct", "joined", "--timeout=60s")
    eventually(lambda: claims() == [], 30, "the claim is gone")


def is_ready(pod: dict) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))

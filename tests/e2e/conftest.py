"""Servers and data that the end-to-end tests share; each is made once a run, when first asked for."""

import os
import pathlib
import re
import signal

import pytest
from xdist.scheduler import LoadFileScheduling

from support import children, flight_products, manifests, node, paths
from support import cluster as clusters
from support.children import signal_process
from support.chromium import Chromium
from support.flights_avro import FlightFeed
from support.kafka import Kafka
from support.offtake import Server
from support.oracle import Oracle
from support.postgres import Postgres
from support.products import Product


# Files that take a minute or more, the longest first: what is begun last decides when the run ends.
LONG = ["test_cluster_operator", "test_cluster_leaders", "test_cluster_provisioner", "test_cluster_chart",
        "test_cluster_support", "test_operator_numbers",
        "test_finance", "test_flights_crash_live", "test_checkpoints", "test_push_receivers", "test_push",
        "test_search_frozen", "test_topics_appended", "test_flights_crash", "test_push_crash", "test_flights_fences",
        "test_topics", "test_limit_check", "test_ledger", "test_own_servers", "test_push_secrets", "test_push_functions",
        "test_search", "test_console_safety", "test_console_accessibility"]


# A cluster is for all files of this name: one process takes them, however many there are.
OF_THE_CLUSTER = "test_cluster_"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    class ByServers(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return OF_THE_CLUSTER if pathlib.Path(file).stem.startswith(OF_THE_CLUSTER) else file
    return ByServers(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    rank = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONG)))
    if not clusters.is_there() and os.environ.get("OFFTAKE_TEST_REQUIRE") != "all":
        missing = pytest.mark.skip(reason="needs Kubernetes: ./dev deps cluster builds it")
        for item in items:
            if item.get_closest_marker("cluster"):
                item.add_marker(missing)


@pytest.fixture(scope="session", autouse=True)
def _scratch():
    yield paths.scratch()
    children.stop_all()
    paths.remove_scratch()


@pytest.fixture(scope="session")
def kafka(_scratch):
    broker = Kafka(_scratch / "kafka").start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres(_scratch):
    server = Postgres(_scratch / "postgres").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def cluster(_scratch):
    """With pods; the tests of one process share it, each with a namespace of its own."""
    refusal = node.refusal()
    if refusal is not None:
        (pytest.fail if os.environ.get("OFFTAKE_TEST_REQUIRE") == "all" else pytest.skip)(f"no cluster: {refusal}")
    started = clusters.Cluster(_scratch / "cluster").start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def chromium(_scratch):
    browser = Chromium()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def secure_postgres(_scratch):
    server = Postgres(_scratch / "postgres-tls", with_tls=True).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(_scratch, request):
    """A server with nothing in it, for one module."""
    name = re.sub(r"^test_", "", request.module.__name__.rsplit(".", 1)[-1])
    started = Server(_scratch / name).start()
    yield started
    started.close()


@pytest.fixture(scope="module")
def database(postgres, request):
    """A database of its own for one module."""
    name = request.module.__name__.rsplit(".", 1)[-1]
    postgres.create_database(name)
    return name


class FlightWorld:
    """The server whose registry and resources flight tests share, the data in Kafka, and the oracle."""

    def __init__(self, folder, kafka: Kafka, postgres: Postgres, name: str):
        """`name` is that of its folder and database, and the prefix of its topics."""
        self.kafka, self.postgres, self.database = kafka, postgres, name
        self.products: list[Product] = []
        self.server = Server(folder / name).start()
        postgres.create_database(self.database)
        self.feed = FlightFeed(kafka, self.server.registry_url, prefix=f"{name}.")
        self.feed.create_topics()
        self.feed.load_files()
        self.oracle = Oracle(lambda: postgres.connect(database=self.database), self.feed)
        self.oracle.load_files()
        self.cli.apply(manifests.namespace(manifests.SYSTEM), *manifests.event_store(kafka),
                       *manifests.target_class(postgres, self.database),
                       *flight_products.datasets(self.feed),
                       *flight_products.datasets(self.feed, flight_products.COMPACTED))

    @property
    def cli(self):
        return self.server.cli

    def product(self, document: dict) -> Product:
        """Applies it."""
        self.cli.apply(document)
        meta = document["metadata"]
        product = Product(self.server, self.postgres, self.database, meta["namespace"], meta["name"])
        self.products.append(product)
        return product

    def ends(self, product: Product) -> dict[str, dict[int, int]]:
        compacted = product.namespace == flight_products.COMPACTED
        return self.feed.ends_compacted() if compacted else self.feed.ends()

    def assert_equal(self, product: Product, sql: str, parameters: dict | None = None) -> int:
        """Waits until the product has taken in all that is committed, then compares. Gives the row count."""
        product.wait_reached(self.ends(product))
        return self.oracle.assert_equal(sql, product.view, parameters)

    def remove(self, product: Product) -> None:
        self.cli.delete("dataproduct", product.name, product.namespace)
        children.eventually(lambda: self.cli.get("dataproduct", product.name, product.namespace) is None, 30,
                            f"{product} is gone")
        self.products.remove(product)


@pytest.fixture(scope="session")
def flight_world(_scratch, kafka, postgres):
    world = FlightWorld(_scratch, kafka, postgres, "flights")
    yield world
    world.server.close()


@pytest.fixture(scope="module")
def fresh_flights(_scratch, kafka, postgres):
    """One that nobody has written to: the rows are those of the files."""
    world = FlightWorld(_scratch, kafka, postgres, "fresh-flights")
    yield world
    world.server.close()


@pytest.fixture
def world(flight_world):
    """The flight world for a test that kills: afterwards its server runs, not armed, and the products that the
    test made are gone, also when it failed."""
    kept = list(flight_world.products)
    yield flight_world
    if not flight_world.server.child.running():
        flight_world.server.start()
    elif flight_world.server.environment_of_start:
        flight_world.server.restart()
    for product in [product for product in flight_world.products if product not in kept]:
        for worker in flight_world.server.workers():
            if worker.running():
                signal_process(worker.pid, signal.SIGCONT)
        flight_world.remove(product)

"""Three months of trades, from Kafka and from the embedded log, into an OpenSearch that Offtake started, by the
manifests of the example: filled, then live, killed in epochs, edited and killed in the swap; rows and aggregations are
those of PostgreSQL over the same events. The same points one by one, in a small product: test_search.py."""

import signal

import pytest
import yaml

from support import finance as floor
from support import manifests, opensearch, own_servers, paths
from support.children import eventually
from support.crash import hit
from support.finance import Finance
from support.opensearch import SearchProduct
from support.own_servers import OwnServer
from support.products import wait_condition

NAMESPACES = {"kafka": "finance-kafka", "embedded": "finance"}
STORES = pytest.mark.parametrize("store", NAMESPACES)
CLASS = "local-opensearch"
COLUMNS = ("trade_id", "traded_at", "instrument", "side", "quantity", "price", "currency", "book", "desk", "trader",
           "present_value", "delta", "valued_at")
SQL = floor.example_product("finance", "positions")["spec"]["sql"]
EDITED_SQL = SQL + "WHERE t.quantity > 9000"
SWAP = ("handing-over", "before-swap-commit", "public-name-moved", "after-swap-commit")
# As documents spell the values.
ORACLE_SQL = """
SELECT trade_id, to_char(traded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), instrument, side, quantity,
       price::text, currency, book, desk, trader, present_value::text, delta,
       to_char(valued_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM ({}) AS positions ORDER BY trade_id
"""


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(server):
    yield
    server.close()
    own_servers.kill_all(server)


@pytest.fixture(scope="module")
def finance(server, kafka, postgres, database):
    server.cli.apply(manifests.namespace(manifests.SYSTEM), *manifests.event_store(kafka), local_class())
    finance = Finance(server, kafka, lambda: postgres.connect(database=database))
    for store, namespace in NAMESPACES.items():
        finance.generate(store, namespace)
    finance.load()
    wait_condition(server, "targetclass", CLASS, None, "Ready", timeout=90)
    return finance


def local_class() -> dict:
    """The example's, with where OpenSearch is on this machine."""
    (example,) = yaml.safe_load_all((paths.ROOT / "manifests/examples/local-opensearch/target-class.yaml").read_text())
    example["spec"]["parameters"] = opensearch.local_class()["spec"]["parameters"]
    return example


def positions(server, store: str) -> SearchProduct:
    return SearchProduct(server, NAMESPACES[store], "positions")


def apply(server, store: str) -> SearchProduct:
    server.cli.apply(floor.example_product(NAMESPACES[store], f"positions_{store}"))
    return positions(server, store)


def edit(server, store: str) -> None:
    document = floor.example_product(NAMESPACES[store], f"positions_{store}")
    document["spec"]["sql"] = EDITED_SQL
    server.cli.apply(document)


def arm(point: str | None, variable: str = "OFFTAKE_WORKER_CRASH_AT", then: str = ":stop") -> dict[str, str]:
    """The environment of a server whose next worker stops there, or ends there."""
    return {} if point is None else {variable: f"{point}:1{then}"}


def assert_equal_aggregations(finance: Finance, product: SearchProduct, sql: str = SQL) -> None:
    found = product.search(size=0, aggs={
        "desks": {"terms": {"field": "desk", "size": 100, "order": {"_key": "asc"}},
                  "aggs": {"quantity": {"sum": {"field": "quantity"}}, "valued": {"value_count": {"field": "delta"}}}},
        "days": {"date_histogram": {"field": "traded_at", "calendar_interval": "day", "format": "yyyy-MM-dd",
                                    "min_doc_count": 1}},
        "runs": {"date_histogram": {"field": "valued_at", "calendar_interval": "day", "format": "yyyy-MM-dd",
                                    "min_doc_count": 1}}})
    with finance.connect() as oracle:
        oracle.execute(f"CREATE TEMP TABLE positions AS {sql}")
        total = oracle.execute("SELECT count(*) FROM positions").fetchone()[0]
        by_desk = oracle.execute("SELECT desk, count(*), sum(quantity), count(delta) FROM positions WHERE desk IS NOT NULL "
                                 "GROUP BY desk ORDER BY desk COLLATE \"C\"").fetchall()
        by_day, by_run = (oracle.execute(
            f"SELECT to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*) FROM positions WHERE {column} IS NOT NULL "
            "GROUP BY 1 ORDER BY 1").fetchall() for column in ("traded_at", "valued_at"))
    assert found["hits"]["total"]["value"] == total
    buckets = {name: found["aggregations"][name]["buckets"] for name in ("desks", "days", "runs")}
    assert [(b["key"], b["doc_count"], int(b["quantity"]["value"]), b["valued"]["value"]) for b in buckets["desks"]] == by_desk
    assert [(b["key_as_string"], b["doc_count"]) for b in buckets["days"]] == by_day
    assert [(b["key_as_string"], b["doc_count"]) for b in buckets["runs"]] == by_run
    assert len(by_day) >= 90 and len(by_run) >= 85 and len(by_desk) == 5


def assert_caught_up(finance: Finance, store: str, product: SearchProduct, sql: str = SQL) -> None:
    product.wait_reached(finance.ends(store))
    eventually(lambda: product.intent() is None, 30, "no epoch is open")
    assert_equal_aggregations(finance, product, sql)


def assert_equal(finance: Finance, store: str, product: SearchProduct, sql: str = SQL) -> None:
    """Every row: some seconds of work, so of one product before its edit and of the other one after it."""
    assert_caught_up(finance, store, product, sql)
    with finance.connect() as oracle:
        assert product.rows(*COLUMNS, by="trade_id") == oracle.execute(ORACLE_SQL.format(sql)).fetchall()


def test_what_was_generated(finance):
    assert finance.records["trades"] == len(finance.rows["trades"]) == 300_000
    assert len(finance.rows["books"]) == finance.records["books"] == 200
    assert 1.3 < finance.records["risk"] / 300_000 < 1.5 and 200_000 < len(finance.rows["risk"]) < 280_000


def test_filled_from_kafka_though_worker_and_server_are_killed_in_a_bulk(server, finance):
    server.restart(OFFTAKE_WORKER_CRASH_AT="mid-load:3:stop")
    try:
        product = apply(server, "kafka")
        pid = hit(product, "mid-load")
        OwnServer(server, CLASS).kill()
        product.worker().send(signal.SIGKILL)
    finally:
        server.restart()
    assert product.wait_worker(not_pid=pid, timeout=120)
    product.wait_live(timeout=240)
    assert_equal_aggregations(finance, product)


def test_filled_from_the_embedded_log(server, finance):
    product = apply(server, "embedded")
    product.wait_live(timeout=240)
    assert_equal_aggregations(finance, product)


@STORES
def test_live_afterwards(server, finance, store):
    for _ in range(3):
        finance.live_changes()
    assert_caught_up(finance, store, positions(server, store))


def test_killed_with_its_server(server, finance):
    """Twice in one epoch, the second time when it is committed again."""
    product = positions(server, "kafka")
    for points in (("intent-stored", "before-epoch-commit"), ("mid-epoch", "after-epoch-commit")):
        server.restart(**arm(points[0]))
        try:
            product.wait_worker(timeout=120).send(signal.SIGKILL)
            finance.live_changes()
            for point, following in zip(points, (points[1], None)):
                pid = hit(product, point)
                OwnServer(server, CLASS).kill()
                product.worker().send(signal.SIGKILL)
                server.restart(**arm(following))
        except BaseException:
            server.restart()
            raise
        assert product.wait_worker(not_pid=pid, timeout=120)
        product.wait_live(timeout=120)
        finance.live_changes()
        assert_caught_up(finance, "kafka", product)
    assert_equal(finance, "kafka", product)


@pytest.mark.timeout(600)
def test_an_edit_killed_at_each_step_of_its_swap(server, finance):
    """A filter: a tenth of the rows. Readers see the whole of one revision or of the other."""
    product = positions(server, "kafka")
    server.restart(**arm(SWAP[0]))
    try:
        edit(server, "kafka")
        for point, following in zip(SWAP, (*SWAP[1:], None)):
            hit(product, point, timeout=400)
            finance.live_changes()
            OwnServer(server, CLASS).kill()
            product.worker(2).send(signal.SIGKILL)
            server.restart(**arm(following))
    except BaseException:
        server.restart()
        raise
    product.wait_live(revision=2, timeout=240)
    finance.live_changes()
    assert_caught_up(finance, "kafka", product, EDITED_SQL)


def test_killed_where_the_server_is_the_worker(server, finance):
    """A product over the embedded log is worked on by the server's own process: its events have just been taken."""
    product = positions(server, "embedded")
    for _ in range(2):
        finance.live_changes()
        server.kill()
        OwnServer(server, CLASS).kill()
        server.start()
        product.wait_live(timeout=120)
    assert_caught_up(finance, "embedded", product)


@pytest.mark.timeout(600)  # of a machine that does other things, too
def test_an_edit_killed_where_the_server_is_the_worker(server, finance):
    product = positions(server, "embedded")
    points = ("handing-over", "public-name-moved")
    server.restart(**arm(points[0], "OFFTAKE_CRASH_AT", then=""))
    edit(server, "embedded")
    for point, following in zip(points, (points[1], None)):
        assert server.child.wait(400) == -signal.SIGKILL
        assert [line["name"] for line in server.log_lines() if line.get("msg") == "crash point"] == [point]
        OwnServer(server, CLASS).kill()
        server.start(**arm(following, "OFFTAKE_CRASH_AT", then=""))
    product.wait_live(revision=2, timeout=240)
    finance.live_changes()
    assert_equal(finance, "embedded", product, EDITED_SQL)

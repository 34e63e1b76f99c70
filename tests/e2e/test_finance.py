"""Trades with risk results and books in an OpenSearch that Offtake started: filled with three months, then live, and
each time rows and aggregations are those of PostgreSQL over the same events."""

import signal

import pytest

from support import manifests, opensearch, own_servers
from support.children import eventually
from support.crash import hit
from support.finance import POSITIONS_SQL, Finance
from support.opensearch import SearchProduct
from support.own_servers import OwnServer
from support.products import wait_condition

NAMESPACE = "finance"
TRADES = 30_000
COLUMNS = ("trade_id", "traded_at", "instrument", "side", "quantity", "price", "book", "desk", "trader",
           "present_value", "delta")
# As documents spell the values.
ORACLE_SQL = f"""
SELECT trade_id, to_char(traded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), instrument, side, quantity, price::text, book, desk,
       trader, present_value::text, delta
FROM ({POSITIONS_SQL}) AS positions ORDER BY trade_id
"""


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(server):
    yield
    server.close()
    own_servers.kill_all(server)


@pytest.fixture(scope="module")
def finance(server, kafka, postgres, database):
    finance = Finance(kafka, server.registry_url, "finance", lambda: postgres.connect(database=database))
    finance.fill(TRADES)
    finance.flush()
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka), *finance.datasets(NAMESPACE), opensearch.local_class())
    wait_condition(server, "targetclass", "search", None, "Ready", timeout=90)
    return finance


@pytest.fixture(scope="module")
def positions(server, finance):
    server.cli.apply(manifests.product(NAMESPACE, "positions", POSITIONS_SQL, class_name="search", key=["trade_id"]))
    product = SearchProduct(server, NAMESPACE, "positions")
    product.wait_live(timeout=180)
    return product


def assert_equal(finance: Finance, product: SearchProduct) -> None:
    product.wait_reached(finance.ends())
    eventually(lambda: product.intent() is None, 30, "no epoch is open")
    with finance.connect() as oracle:
        assert product.rows(*COLUMNS, by="trade_id") == oracle.execute(ORACLE_SQL).fetchall()
        by_desk = oracle.execute(f"SELECT desk, count(*), sum(quantity) FROM ({POSITIONS_SQL}) p WHERE desk IS NOT NULL "
                                 "GROUP BY desk ORDER BY desk").fetchall()
        by_day = oracle.execute(f"SELECT to_char(date_trunc('day', traded_at), 'YYYY-MM-DD'), count(*) "
                                f"FROM ({POSITIONS_SQL}) p GROUP BY 1 ORDER BY 1").fetchall()
    found = product.search(size=0, aggs={
        "desks": {"terms": {"field": "desk", "size": 100, "order": {"_key": "asc"}},
                  "aggs": {"quantity": {"sum": {"field": "quantity"}}}},
        "days": {"date_histogram": {"field": "traded_at", "calendar_interval": "day", "format": "yyyy-MM-dd",
                                    "min_doc_count": 1}}})["aggregations"]
    assert [(b["key"], b["doc_count"], int(b["quantity"]["value"])) for b in found["desks"]["buckets"]] == by_desk
    assert [(b["key_as_string"], b["doc_count"]) for b in found["days"]["buckets"]] == by_day
    assert len(by_day) >= 90


def test_three_months_then_live(finance, positions):
    assert_equal(finance, positions)
    for _ in range(3):
        finance.live_changes()
    assert_equal(finance, positions)


@pytest.mark.parametrize("point", ["intent-stored", "mid-epoch"])
def test_killed_with_its_server(server, finance, positions, point):
    own = OwnServer(server, "search")
    server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    try:
        positions.wait_worker(timeout=60).send(signal.SIGKILL)
        finance.live_changes()
        pid = hit(positions, point)
        own.kill()
        positions.worker().send(signal.SIGKILL)
    finally:
        server.restart()
    assert positions.wait_worker(not_pid=pid, timeout=60)
    positions.wait_live(timeout=120)
    finance.live_changes()
    assert_equal(finance, positions)

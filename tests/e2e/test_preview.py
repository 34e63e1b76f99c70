"""`offtake preview`: rows as the target would show them, equal to PostgreSQL's over the same newest records; what is
masked, missing or refused; and nothing made anywhere."""

import io
import json
import time

import fastavro
import pytest
import yaml
from confluent_kafka import Consumer, TopicPartition

from support import manifests
from support.children import eventually
from support.products import condition
from support.shop import CUSTOMER, JOINED_SQL, ORDER, TOTALS_SQL, Shop

NAMESPACE, OTHER = "glance", "stranger"


@pytest.fixture(scope="module")
def shop(server, kafka, postgres, database):
    shop = Shop(kafka, server.registry_url, "preview")
    shop.create_topics()
    # "Newest" is told by the records' milliseconds, and a fast machine writes more than a page of records in one.
    shop.fill(orders=2_999)
    filled = time.time_ns() // 1_000_000
    eventually(lambda: time.time_ns() // 1_000_000 > filled, 1, "the next millisecond")
    shop.add_orders(1)
    orders, customers = shop.datasets(NAMESPACE)
    customers["spec"]["columns"] = [{"path": "city", "classification": "pii.address"}]
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE), manifests.namespace(OTHER),
                     *manifests.event_store(kafka), *manifests.target_class(postgres, database), orders, customers)
    return shop


@pytest.fixture(scope="module")
def oracle(shop, kafka, postgres, database):
    """The topics' records in PostgreSQL, the orders with their places."""
    connection = postgres.connect(database=database)
    connection.execute("""
        CREATE SCHEMA judge; SET search_path = judge; SET TimeZone = 'UTC';
        CREATE TABLE orders_read (partition int, at bigint, order_id bigint, customer_id bigint, amount_cents bigint,
                                  note text, placed_at timestamptz);
        CREATE TABLE customers (customer_id bigint PRIMARY KEY, name text, city text)""")
    for partition, offset, row in read_all(kafka, shop.topic("orders"), ORDER):
        connection.execute("INSERT INTO orders_read VALUES (%s, %s, %s, %s, %s, %s, %s)", (partition, offset, *row.values()))
    for _, _, row in read_all(kafka, shop.topic("customers"), CUSTOMER):
        connection.execute("INSERT INTO customers VALUES (%s, %s, %s) ON CONFLICT (customer_id) DO UPDATE SET "
                           "name = excluded.name, city = excluded.city", tuple(row.values()))
    yield connection
    connection.close()


def read_all(kafka, topic: str, schema: dict):
    """Every record as another client reads it: partition, offset, value."""
    parsed = fastavro.parse_schema(schema)
    ends = kafka.offsets(topic)
    consumer = Consumer({**kafka.client_config(), "group.id": "judge", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    left = sum(ends.values())
    while left > 0:
        message = consumer.poll(30)
        assert message is not None and message.error() is None, message and message.error()
        yield message.partition(), message.offset(), fastavro.schemaless_reader(io.BytesIO(message.value()[5:]), parsed)
        left -= 1
    consumer.close()


def preview(server, tmp_path, document: dict, *flags, expect: int = 0) -> dict:
    file = tmp_path / "product.yaml"
    file.write_text(yaml.safe_dump(document))
    return json.loads(server.cli.run("preview", "-f", file, "-o", "json", *flags, expect=expect).stdout)


def source(answer: dict, name: str) -> dict:
    return next(s for s in answer["sources"] if s["dataset"] == f"{NAMESPACE}/{name}")


def judged(connection, answer: dict, sql: str, key: str, columns: list[str], limit: int) -> list[list]:
    """PostgreSQL's rows for the SQL over the orders that the answer says were read."""
    ranges = [(int(p), start, source(answer, "orders")["until"][p])
              for p, start in source(answer, "orders")["from"].items()]
    connection.execute("CREATE TEMPORARY TABLE ranges (partition int, start bigint, until bigint)")
    try:
        for one in ranges:
            connection.execute("INSERT INTO ranges VALUES (%s, %s, %s)", one)
        connection.execute("CREATE TEMPORARY VIEW orders AS SELECT o.* FROM judge.orders_read o JOIN ranges r "
                           "ON r.partition = o.partition AND o.at >= r.start AND o.at < r.until")
        texts = ", ".join(f"{column}::text" for column in columns)
        rows = connection.execute(f"SELECT {texts} FROM ({sql}) q ORDER BY q.{key} LIMIT {limit}").fetchall()
        return [list(row) for row in rows]
    finally:
        connection.execute("DROP VIEW IF EXISTS orders; DROP TABLE ranges")


UNMASKED = JOINED_SQL.replace(", c.city", "")


@pytest.mark.parametrize("limit", [20, 1000])
def test_a_join_is_what_postgresql_says(server, shop, oracle, tmp_path, limit):
    document = manifests.product(NAMESPACE, "glanced", UNMASKED)
    answer = preview(server, tmp_path, document, "--limit", limit)
    read = source(answer, "orders")
    assert read["role"] == "driving" and read["recordsKept"] == (500 if limit == 20 else 3_000)
    assert answer["rowsFound"] == read["recordsKept"]
    assert answer["rows"] == judged(oracle, answer, UNMASKED, "order_id", ["order_id", "amount_cents", "name"], limit)
    # Of 120 customers in the orders 20 are not there, and the whole topic was looked through for them.
    joined = source(answer, "customers")
    assert (joined["wantedKeys"], joined["foundKeys"]) == (120, 100) and joined["complete"] and joined["whole"]
    assert f"{NAMESPACE}/customers: joined 100 of 120; scanned to its first record" in answer["summary"]


def test_the_sample_is_of_the_newest_records(server, shop, oracle, tmp_path):
    answer = preview(server, tmp_path, manifests.product(NAMESPACE, "glanced", UNMASKED))
    read = source(answer, "orders")
    ends = shop.ends()["orders"]
    assert read["until"] == {str(p): o for p, o in ends.items()}
    assert sum(read["until"][p] - read["from"][p] for p in read["from"]) == 500


def test_an_aggregate_is_what_postgresql_says(server, shop, oracle, tmp_path):
    answer = preview(server, tmp_path, manifests.product(NAMESPACE, "totals", TOTALS_SQL), "--limit", 200)
    columns = ["customer_id", "orders", "total"]
    assert [c["name"] for c in answer["columns"]] == columns
    assert len(answer["rows"]) == 120
    assert answer["rows"] == judged(oracle, answer, TOTALS_SQL, "customer_id", columns, 200)


def test_classified_columns_are_masked_and_errors_shown(server, shop, tmp_path):
    sql = """SELECT o.order_id, c.city AS town, upper(c.city) AS loud, 1000 / (o.amount_cents + 15) AS share
             FROM orders o JOIN customers c ON c.customer_id = o.customer_id"""
    answer = preview(server, tmp_path, manifests.product(NAMESPACE, "masked", sql), "--limit", 1000)
    assert len(answer["rows"]) > 500 and {(row[1], row[2]) for row in answer["rows"]} == {("•••", "•••")}
    assert [c.get("masked", False) for c in answer["columns"]] == [False, True, True, False]
    assert "City " not in json.dumps(answer)
    failed = [row for row in shop.orders if row["amount_cents"] == -15 and row["customer_id"] < 100]
    assert failed and {e["message"] for e in answer["rowErrors"]} == {"division by zero"}
    assert len(answer["rowErrors"]) == len(failed)


def test_the_table_the_notes_and_the_help(server, shop, tmp_path):
    file = tmp_path / "product.yaml"
    file.write_text(yaml.safe_dump(manifests.product(NAMESPACE, "glanced", UNMASKED)))
    shown = server.cli.run("preview", "-f", file, "--limit", 5)
    lines = shown.stdout.splitlines()
    assert lines[1].split() == ["order_id", "amount_cents", "name"] and len(lines) == 7
    assert "5 of 500 rows" in shown.stderr and "joined 100 of 120" in shown.stderr
    recent = server.cli.run("preview", "-f", file, "--from", "1h", "--limit", 5)
    assert "all 3000 records" in recent.stderr or "the newest 3000 records" in recent.stderr, recent
    help_ = server.cli.run("preview", "--help").stdout
    assert "offtake preview -f product.yaml" in help_ and "--from" in help_
    server.cli.run("preview", "-f", file, "--limit", "many", expect=2)
    assert "from 1 to 1000" in server.cli.run("preview", "-f", file, "--limit", "5000", expect=1).text


def test_a_product_that_exists_shows_its_newest_rows(server, shop, tmp_path):
    sql = "SELECT order_id, placed_at FROM orders"
    document = manifests.product(NAMESPACE, "kept", sql, paused=True)
    server.cli.apply(document)
    try:
        def whole(look) -> dict:
            """A crowded machine may not read the newest records in the time there is; then the answer says so."""
            def read_all_it_wanted():
                answer = look()
                return None if source(answer, "orders")["timeOver"] else answer
            return eventually(read_all_it_wanted, 60, "a preview that read all it wanted")

        stored = whole(lambda: json.loads(
            server.cli.run("preview", "kept", "-n", NAMESPACE, "-o", "json", "--limit", 40).stdout))
        assert stored["rows"] == whole(lambda: preview(server, tmp_path, document, "--limit", 40))["rows"]
        # The last record of all is the first of them, and its time reads as PostgreSQL prints it.
        last = shop.orders[-1]
        assert stored["rows"][0] == [str(last["order_id"]), last["placed_at"].strftime("%Y-%m-%d %H:%M:%S.%f").rstrip(
            "0").rstrip(".") + "+00"]
        assert len(stored["rows"]) == 40
    finally:
        server.cli.delete("dataproduct", "kept", NAMESPACE)
        eventually(lambda: server.cli.get("dataproduct", "kept", NAMESPACE) is None, 30, "the product is gone")


def test_nothing_is_made(server, shop, kafka, oracle, postgres, database, tmp_path):
    def everything() -> tuple:
        schemas = oracle.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp' "
                                 "ORDER BY 1").fetchall()
        roles = oracle.execute("SELECT rolname FROM pg_roles ORDER BY 1").fetchall()
        topics = sorted(t for t in kafka.admin().list_topics(timeout=10).topics if not t.startswith("__"))
        return schemas, roles, topics, shop.ends()
    before = everything()
    preview(server, tmp_path, manifests.product(NAMESPACE, "glanced", JOINED_SQL))
    assert everything() == before
    assert server.cli.get("dataproduct", "glanced", NAMESPACE) is None
    assert not list((server.data / "run").glob("*"))


def test_who_may_not_read_is_refused(server, shop, tmp_path):
    sql = f"SELECT o.order_id FROM {NAMESPACE}.orders o"
    file = tmp_path / "product.yaml"
    open_orders = shop.datasets(NAMESPACE)[0]
    open_orders["spec"]["access"] = {"namespaces": {"from": "All"}}
    for documents in ([manifests.product(OTHER, "spy", sql)], [open_orders, manifests.product(OTHER, "spy", sql)]):
        file.write_text(yaml.safe_dump_all(documents))
        refused = server.cli.run("preview", "-f", file, expect=1)
        assert f"may not read dataset {NAMESPACE}.orders" in refused.stderr
        assert refused.stdout == ""


def test_plan_says_how_long_and_what_is_made(server, shop, tmp_path):
    file = tmp_path / "product.yaml"
    document = manifests.product(NAMESPACE, "planned", JOINED_SQL, target={"indexes": [
        {"name": "by-name", "columns": ["name"]}]})
    file.write_text(yaml.safe_dump(document))
    plan = json.loads(server.cli.run("plan", "-f", file, "-o", "json", expect=3).stdout)
    assert plan["estimate"]["recordsPerSecond"] == 50_000 and plan["estimate"]["basis"].startswith("assumed")
    assert plan["makes"][-3:] == ["table planned__r1", "index by-name__r1 (name)", "view planned"]
    assert plan["makes"][0].startswith("schema ")
    assert {s["dataset"]: s["read"] for s in plan["sources"]} == {f"{NAMESPACE}/orders": "windowed",
                                                                 f"{NAMESPACE}/customers": "whole"}
    assert "delivery" not in plan
    text = server.cli.run("plan", "-f", file, expect=3).stdout
    assert "filled in less than a minute, at 50,000 records/s (assumed" in text and "table planned__r1" in text
    # Only a receiver is sent changes.
    document["spec"]["delivery"] = {"changes": "All"}
    file.write_text(yaml.safe_dump(document))
    refused = server.cli.run("plan", "-f", file, expect=1)
    assert "spec.delivery.changes: engine postgres keeps the product's rows as they are" in refused.stderr


# --- the embedded log


def test_over_the_embedded_log(server, oracle, tmp_path):
    space = "glance-embedded"
    reading = {"type": "record", "name": "reading", "fields": [
        {"name": "place", "type": "string"}, {"name": "celsius", "type": "double"},
        {"name": "taken_at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}
    place = {"type": "record", "name": "place", "fields": [
        {"name": "place", "type": "string"}, {"name": "country", "type": ["null", "string"], "default": None}]}

    def made(name: str, type_: str, schema: dict, **spec) -> dict:
        topic = f"{space}.{name}"
        return manifests.dataset(space, name, type_, topic, source={
            "eventStoreName": "embedded", "topic": topic, "topicConfig": {"partitions": 2, "retention": "Forever"}},
            schema={"format": "Avro", "definition": json.dumps(schema)}, **spec)

    server.cli.apply(manifests.namespace(space), made("readings", "Event", reading),
                     made("places", "Entity", place, key={"columns": ["place"], "from": "Value"}))
    for name in ("readings", "places"):
        eventually(lambda name=name: condition(server.cli.get("dataset", name, space), "Ready")["status"] == "True", 20,
                   f"{name} is ready")
    places = [{"place": f"p{n}", "country": None if n % 4 == 0 else {"string": f"C{n % 5}"}} for n in range(40)]
    places += [{"place": "p1", "country": {"string": "moved"}}]
    readings = [{"place": f"p{n % 50}", "celsius": n / 8, "taken_at": 1_790_000_000_000_000 + n} for n in range(1_500)]
    for name, lines, key in (("places", places, ["--key", "place"]), ("readings", readings, ["--key", "place"])):
        server.cli.run("produce", name, "-n", space, *key, stdin="\n".join(json.dumps(line) for line in lines))
    sql = """SELECT r.place, r.celsius, r.taken_at, p.country FROM readings r
             LEFT JOIN places p ON p.place = r.place WHERE r.celsius > 100"""
    document = manifests.product(space, "warm", sql)
    answer = preview(server, tmp_path, document, "--limit", 1000)
    assert answer["sources"][0]["recordsKept"] == 1_500 and answer["sources"][0]["whole"]
    assert (answer["sources"][1]["wantedKeys"], answer["sources"][1]["foundKeys"]) == (50, 40)
    now = {line["place"]: line["country"] and line["country"]["string"] for line in places}
    oracle.execute("CREATE TEMPORARY TABLE readings (place text, celsius float8, taken_at timestamptz); "
                   "CREATE TEMPORARY TABLE places (place text, country text)")
    for line in readings:
        oracle.execute("INSERT INTO readings VALUES (%s, %s, to_timestamp(%s::numeric / 1000000))",
                       (line["place"], line["celsius"], line["taken_at"]))
    for pair in now.items():
        oracle.execute("INSERT INTO places VALUES (%s, %s)", pair)
    expected = oracle.execute("SELECT place::text, celsius::text, taken_at::text, country::text FROM "
                              f"({sql}) q").fetchall()
    assert sorted(map(tuple, answer["rows"]), key=str) == sorted(expected, key=str)

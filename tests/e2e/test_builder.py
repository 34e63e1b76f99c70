"""The console's builder over HTTP: a three-way join made by edits alone, planned, previewed, and kept by its product;
what is proposed, saved, refused and stale."""

import http.server
import json
import pathlib
import sqlite3
import threading

import pytest
import requests
import yaml

from support import deliveries, manifests, openapi
from support.children import eventually
from support.products import Product

pytestmark = pytest.mark.embedded

NAMESPACE = "retail"


class Builder:
    """A person at the form: holds the text, sends edits made from the last look."""

    def __init__(self, server, namespace: str = NAMESPACE):
        self.server, self.namespace = server, namespace
        self.look = self.post("analyse", sql="")

    def send(self, verb: str, **body) -> requests.Response:
        url = f"{self.server.url}/apis/view.offtake.dev/v1alpha1/namespaces/{self.namespace}/sql/{verb}"
        return requests.post(url, json=body, headers={"Authorization": f"Bearer {self.server.token}"}, timeout=30)

    def post(self, verb: str, **body) -> dict:
        response = self.send(verb, **body)
        assert response.status_code == 200, response.text
        return response.json()

    def analyse(self, sql: str, **more) -> dict:
        self.look = self.post("analyse", sql=sql, **more)
        return self.look

    def edit(self, kind: str, **members) -> dict:
        before = self.look
        self.look = self.post("edit", sql=before["sql"], hash=before["hash"], edit={"kind": kind, **members})
        check_ranges(self.look)
        begin, end = self.look["changed"]
        old, new = before["sql"].encode(), self.look["sql"].encode()
        assert old.startswith(new[:begin]) and old.endswith(new[end:]), "more was changed than is said"
        return self.look

    def refused(self, **body) -> tuple[int, dict]:
        response = self.send("edit", **body)
        assert response.status_code >= 400, response.text
        return response.status_code, response.json()

    def join(self, name: str, kind: str = "Inner") -> dict:
        """As it is proposed."""
        proposal = next(p for p in self.look["proposals"] if p["name"] == name and p["joinable"] and p["readable"])
        return self.edit("addDataset", name=name, namespace=proposal["namespace"],
                         join={"type": kind, "pairs": proposal["pairs"]})

    def tick(self, dataset: str, *columns: str) -> dict:
        return self.edit("addColumn", dataset=dataset, columns=list(columns))


def check_ranges(look: dict) -> None:
    text = look["sql"].encode()
    form = look.get("form", {})
    for part in [*look["diagnostics"], *sum(form.values(), [])]:
        if "range" in part:
            begin, end = part["range"]
            text[begin:end].decode()
            assert 0 <= begin <= end <= len(text)


@pytest.fixture(scope="module")
def company(server):
    """The demo's company, in the catalogue with its schemas."""
    server.cli.run("demo", "generate", "--company", "retail", "--seed", "7", "--events", "12000")
    eventually(lambda: all(server.cli.get("dataset", name, NAMESPACE)["status"]["conditions"][0]["status"] == "True"
                           for name in ("customers", "orders", "payments")), 30, "the datasets are ready")
    look = Builder(server)
    eventually(lambda: {p["name"] for p in look.analyse("SELECT o.order_id FROM orders o")["proposals"]}
               >= {"customers", "payments"}, 30, "the catalogue knows the schemas")
    return server


def test_a_join_of_three_by_edits_alone(company, tmp_path):
    form = Builder(company)
    form.edit("addDataset", name="payments")
    assert form.look["form"]["columns"] == [] and form.look["diagnostics"][0]["severity"] == "Error"
    form.tick("p", "payment_id", "method", "captured_at")
    form.join("orders")
    form.join("customers", "Left")
    form.tick("o", "order_id", "channel")
    form.tick("c", "email")
    form.edit("addFilter", source={"dataset": "p", "column": "status"}, operator="=", values=["CAPTURED"])
    form.edit("addFilter", source={"dataset": "p", "column": "amount_cents"}, operator=">=", values=[500])
    form.edit("renameColumn", index=5, name="to")
    form.edit("reorderColumns", order=[0, 3, 5, 1, 2, 4])
    assert form.look["sql"] == (
        "SELECT p.payment_id, o.order_id, c.email AS \"to\", p.method, p.captured_at, o.channel\n"
        "FROM payments p\n"
        "JOIN orders o ON o.order_id = p.order_id\n"
        "LEFT JOIN customers c ON c.customer_id = o.customer_id\n"
        "WHERE p.status = 'CAPTURED'\n"
        "  AND p.amount_cents >= 500")
    assert form.look["diagnostics"] == []
    assert [(c["name"], c["type"], c["masked"], c.get("classification")) for c in form.look["output"]][1:4] == [
        ("order_id", "bigint", False, None), ("to", "text", True, "pii.email"), ("method", "text", False, None)]
    reads = {r["name"]: r for r in form.look["reads"]}
    assert reads["orders"]["columns"] == ["order_id", "customer_id", "channel"]

    product = {"apiVersion": "offtake.dev/v1alpha1", "kind": "DataProduct",
               "metadata": {"name": "built", "namespace": NAMESPACE},
               "spec": {"owner": "checkout", "description": "Made by clicking", "sql": form.look["sql"],
                        "target": {"className": "sqlite", "name": "built", "key": ["payment_id"]}}}
    file = tmp_path / "built.yaml"
    file.write_text(yaml.safe_dump(product))
    plan = company.cli.run("plan", "-f", file, expect=3).text
    for line in ("retail/payments", "retail/orders", "retail/customers", "payment_id"):
        assert line in plan, plan
    preview = json.loads(company.cli.run("preview", "-f", file, "-o", "json", "--limit", "5").stdout)
    assert [c["name"] for c in preview["columns"]] == [c["name"] for c in form.look["output"]]
    assert len(preview["rows"]) == 5 and preview["errors"] == [] and preview["waiting"] == []
    assert all(row[2] == "•••" for row in preview["rows"])


def test_what_is_saved_is_measured_on_records(company):
    form = Builder(company)

    def measured():
        reads = form.analyse("SELECT payment_id, status FROM payments")["reads"][0]
        return reads if reads["bytes"]["basis"] == "Sample" else None

    found = eventually(measured, 20, "a sample")
    assert found["columns"] == ["payment_id", "status"] and found["columnsTotal"] == 7
    assert 0 < found["bytes"]["read"] < found["bytes"]["whole"] and 1 <= found["bytes"]["records"] <= 200
    assert found["bytes"]["savedPercent"] == pytest.approx(
        100 * (1 - found["bytes"]["read"] / found["bytes"]["whole"]), abs=3)


def fields_of(look: dict) -> dict[str, dict]:
    """Columns of the first dataset, and the fields within them, by their paths."""
    found = {}

    def walk(columns: list[dict]) -> None:
        for column in columns:
            found[column["name"]] = column
            walk(column.get("fields", []))
    walk(look["form"]["datasets"][0]["columns"])
    return found


@pytest.fixture(scope="module")
def records(server):
    """Those that were sent; whoever sends more adds them."""
    return deliveries.create(server)


def test_fields_of_records_are_taken_alone(server, records):
    form = Builder(server, deliveries.NAMESPACE)
    form.edit("addDataset", name="deliveries")
    fields = fields_of(form.look)
    assert [name for name in fields if name.startswith("address")] == [
        "address", "address.city", "address.street", "address.geo", "address.geo.lat", "address.geo.lon"]
    assert "fields" not in fields["stops"], "what is within an array is many values"
    assert fields["address.geo.lat"]["nullable"] and fields["address.geo.lat"]["type"] == "double precision"
    assert not fields["parcel.weight"]["nullable"]
    form.tick("d", "delivery_id", "address.city", "parcel.city", "address.geo.lat")
    form.edit("addFilter", source={"dataset": "d", "column": "parcel.weight"}, operator=">", values=[100])
    assert form.look["sql"] == ("SELECT d.delivery_id, (d.address).city, (d.parcel).city AS parcel_city, (d.address).geo.lat\n"
                                "FROM deliveries d\n"
                                "WHERE (d.parcel).weight > 100")
    fields = fields_of(form.look)
    assert {name: field["selected"] for name, field in fields.items() if "selected" in field} == {
        "delivery_id": 0, "address.city": 1, "parcel.city": 2, "address.geo.lat": 3}
    assert not fields["address"]["used"] and fields["parcel.weight"]["used"] and not fields["address.street"]["used"]
    assert form.look["reads"][0]["columns"] == ["delivery_id", "address.city", "address.geo.lat", "parcel.weight",
                                                "parcel.city"]
    form.edit("removeColumn", dataset="d", column="address.geo.lat")
    form.edit("addAggregate", function="count", group=True)
    form.edit("removeColumn", index=0)
    form.edit("setGroupBy", items=[{"source": {"dataset": "d", "column": "address.city"}},
                                   {"source": {"dataset": "d", "column": "parcel.city"}}])
    assert form.look["diagnostics"] == []
    assert [f["source"]["column"] for f in form.look["form"]["groupBy"]] == ["address.city", "parcel.city"]
    code, status = form.refused(sql=form.look["sql"], edit={"kind": "addColumn", "dataset": "d", "column": "stops.city"})
    assert code == 422 and "no column stops.city" in status["message"]


def test_the_bytes_of_a_field_are_saved_and_no_more(server, records):
    form = Builder(server, deliveries.NAMESPACE)

    def read(sql: str) -> dict | None:
        found = form.analyse(sql)["reads"][0]["bytes"]
        return found if found["basis"] == "Sample" else None

    eventually(lambda: read("SELECT delivery_id FROM deliveries"), 20, "a sample")
    city, street, whole, both = (read(f"SELECT {columns} FROM deliveries") for columns in (
        "(address).city", "(address).street", "address", "address, (address).city"))
    assert 0 < city["read"] < street["read"] < whole["read"] < whole["whole"]
    assert both["read"] == whole["read"], "what is read within the record is not counted again"
    assert read("SELECT * FROM deliveries")["savedPercent"] == 0


def test_rows_with_fields_of_records_arrive(server, records):
    sql = ("SELECT d.delivery_id, (d.address).city, (d.address).geo.lat AS latitude, (d.parcel).weight, d.parcel "
           "FROM deliveries d WHERE (d.address).city <> 'Chur' OR (d.address).city IS NULL")
    server.cli.apply(manifests.product(deliveries.NAMESPACE, "by-city", sql, class_name="sqlite", key=["delivery_id"]))
    Product(server, None, "", deliveries.NAMESPACE, "by-city").wait_live()
    records.extend(deliveries.send(server, 1001, 8))
    wanted = [(r["delivery_id"], (r["address"] or {}).get("city"), (r["address"] or {"geo": {"lat": None}})["geo"]["lat"],
               r["parcel"]["weight"], r["parcel"]) for r in records if (r["address"] or {}).get("city") != "Chur"]
    endpoint = server.cli.get("dataproduct", "by-city", deliveries.NAMESPACE)["status"]["endpoint"]

    def stored() -> list:
        with sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True) as database:
            rows = database.execute(f'SELECT * FROM "{endpoint["object"]}" ORDER BY delivery_id').fetchall()
        return [(*row[:4], json.loads(row[4])) for row in rows]
    eventually(lambda: stored() == wanted, 30, "every row is there")
    assert server.cli.get("dataproduct", "by-city", deliveries.NAMESPACE)["status"]["sources"][0]["columns"] == 3


def test_a_join_and_groups_on_fields_of_records(server, records, tmp_path):
    form = Builder(server, deliveries.NAMESPACE)
    form.analyse("SELECT (a.address).city FROM deliveries a")
    form.edit("addDataset", name="deliveries", alias="b", join={"type": "Inner", "pairs": [
        {"left": {"dataset": "a", "column": "address.geo.lat"}, "column": "address.geo.lat"}]})
    form.edit("addAggregate", function="sum", source={"dataset": "b", "column": "parcel.weight"}, group=True)
    assert form.look["sql"] == (
        "SELECT (a.address).city, sum((b.parcel).weight) AS sum_weight FROM deliveries a "
        "JOIN deliveries b ON (b.address).geo.lat = (a.address).geo.lat GROUP BY (a.address).city")
    assert form.look["form"]["joins"][0]["pairs"] == [
        {"left": {"dataset": "a", "column": "address.geo.lat"}, "column": "address.geo.lat"}]
    product = manifests.product(deliveries.NAMESPACE, "weights", form.look["sql"], class_name="sqlite")
    wanted = {}
    for record in records:
        if record["address"]:
            city = record["address"]["city"]
            wanted[city] = wanted.get(city, 0) + record["parcel"]["weight"]
    file = tmp_path / "weights.yaml"
    file.write_text(yaml.safe_dump(product))
    plan = server.cli.run("plan", "-f", file, expect=3).text
    assert "2 of 7" in plan, plan
    preview = json.loads(server.cli.run("preview", "-f", file, "-o", "json").stdout)
    assert dict(preview["rows"]) == {city: str(weight) for city, weight in wanted.items()}
    server.cli.apply(product)
    Product(server, None, "", deliveries.NAMESPACE, "weights").wait_live()
    endpoint = server.cli.get("dataproduct", "weights", deliveries.NAMESPACE)["status"]["endpoint"]
    with sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True) as database:
        assert dict(database.execute(f'SELECT * FROM "{endpoint["object"]}"').fetchall()) == wanted


def test_joins_on_fields_are_proposed_and_not_on_what_is_within_arrays(server, records):
    schema = {"type": "record", "name": "City", "namespace": "parcels", "fields": [
        {"name": "name", "type": "string"}, {"name": "people", "type": "long"}]}
    to = {"name": "deliveries"}
    server.cli.apply(manifests.dataset(
        deliveries.NAMESPACE, "cities", "Event", "parcels.cities", {"columns": ["name"], "from": "Value"}, "embedded",
        schema={"format": "Avro", "subject": "parcels.cities-value", "definition": json.dumps(schema)},
        source={"eventStoreName": "embedded", "topic": "parcels.cities", "topicConfig": {"partitions": 1}},
        relationships=[{"name": "goes-to", "dataset": to, "columns": [{"from": "name", "to": "address.city"}]},
                       {"name": "stops-at", "dataset": to, "columns": [{"from": "name", "to": "stops.city"}]}]))
    form = Builder(server, deliveries.NAMESPACE)

    def proposed(sql: str, name: str) -> list[tuple]:
        found = form.analyse(sql)["proposals"]
        return [(p["pairs"][0]["left"]["column"], p["pairs"][0]["column"], p["joinable"], p.get("problem", "")[:27])
                for p in found if p["name"] == name]
    eventually(lambda: proposed("SELECT c.name FROM cities c", "deliveries") == [
        ("name", "address.city", True, ""), ("name", "stops.city", False, "stops.city is within an arr")],
        30, "the catalogue knows both")
    assert proposed("SELECT d.delivery_id FROM deliveries d", "cities") == [
        ("address.city", "name", True, ""), ("stops.city", "name", False, "stops.city is within an arr")]
    assert form.join("cities")["sql"].endswith("JOIN cities c ON c.name = (d.address).city")


def test_what_is_classified_of_a_record_is_masked(company):
    form = Builder(company)
    form.analyse("SELECT c.customer_id, (c.address).city, (c.address).city || '!' AS loud FROM customers c")
    assert [(c["name"], c["masked"], c.get("classification")) for c in form.look["output"]] == [
        ("customer_id", False, None), ("city", True, "pii.address"), ("loud", True, "pii.address")]
    assert fields_of(form.look)["address.city"]["classified"]


def test_proposals_say_why_and_their_types(company):
    form = Builder(company)
    form.analyse("SELECT o.order_id FROM orders o")
    customers = next(p for p in form.look["proposals"] if p["name"] == "customers")
    assert customers["basis"] == "Declared" and customers["joinable"] and customers["readable"]
    assert customers["types"] == [{"left": "bigint", "right": "bigint"}]
    assert "customer_id" in customers["reason"] and customers["owner"] == "customer-care"
    # What is in the query is not proposed again, and nothing is where nobody asks.
    form.join("customers")
    assert "customers" not in {p["name"] for p in form.look["proposals"]}
    assert "proposals" not in form.analyse(form.look["sql"], proposals=False)


def test_the_target_is_looked_at(company):
    form = Builder(company)
    look = form.analyse("SELECT payment_id, captured_at FROM payments", target={"className": "sqlite"}, key=["payment_id"])
    assert [c["targetType"] for c in look["output"]] == ["INTEGER", "TEXT"]
    assert look["key"]["columns"] == ["payment_id"] and look["key"]["kind"] in ("Proved", "Watched")
    wrong = form.analyse("SELECT payment_id FROM payments", key=["payment"])["diagnostics"]
    assert [(d["field"], d["code"], "range" in d) for d in wrong] == [("spec.target.key", "UnknownKeyColumn", False)]
    missing = form.analyse("SELECT payment_id FROM payments", target={"className": "nowhere"})["diagnostics"]
    assert [(d["field"], d["severity"]) for d in missing] == [("spec.target.className", "Waiting")]


def test_errors_are_at_their_place(company):
    form = Builder(company)
    sql = "SELECT '😀' AS é, p.pament_id\nFROM payments p"
    (error,) = form.analyse(sql)["diagnostics"]
    begin, end = error["range"]
    assert sql.encode()[begin:end].decode() == "p.pament_id"
    assert (error["line"], error["column"], error["hint"]) == (1, 18, "did you mean payment_id?")
    undrawable = form.analyse("SELECT DISTINCT status FROM payments")["undrawable"]
    assert undrawable["reason"].startswith("The query leaves out equal rows") and undrawable["column"] == 8


def test_stale_and_impossible_edits_change_nothing(company):
    form = Builder(company)
    look = form.analyse("SELECT payment_id, status FROM payments")
    code, status = form.refused(sql=look["sql"] + " ", hash=look["hash"], edit={"kind": "removeColumn", "index": 0})
    assert (code, status["reason"]) == (409, "Conflict") and "analyse it again" in status["message"]
    code, status = form.refused(sql=look["sql"], edit={"kind": "removeColumn", "index": 0})
    assert (code, status["reason"]) == (400, "BadRequest") and "hash" in status["message"]
    code, status = form.refused(sql=look["sql"], hash=look["hash"], edit={"kind": "removeColumn", "index": 7})
    assert (code, status["reason"]) == (422, "Invalid") and status["message"] == "the query has no column 7"
    code, status = form.refused(sql="SELECT", edit={"kind": "addDataset", "name": "orders"})
    assert code == 422
    code, status = form.refused(sql=7, edit={"kind": "addDataset", "name": "orders"})
    assert code == 400
    code, status = form.refused(sql="", edit={"kind": "addData"})
    assert code == 400 and "addDataset" in status["message"]


def test_whose_rights_count_is_told_by_the_path(company):
    stranger = Builder(company, "stranger")
    look = stranger.analyse("SELECT p.payment_id FROM retail.payments p")
    assert look["form"]["datasets"][0]["state"] == "Denied" and "columns" not in look["form"]["datasets"][0]
    assert [d["code"] for d in look["diagnostics"]] == ["AccessDenied"] and "output" not in look


class Registry:
    """Where an EventStore could send the server to: notes who calls."""

    def __init__(self):
        self.calls = calls = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                calls.append(self.path)
                self.send_error(404)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def ask_product(server, verb: str, namespace: str, sql: str, *objects: dict) -> dict:
    """As the console does: of a product that is not stored."""
    product = manifests.product(namespace, "asked", sql, class_name="sqlite")
    answer = server.http("POST", f"/apis/view.offtake.dev/v1alpha1/namespaces/{namespace}/dataproducts/asked/{verb}",
                         headers={"Content-Type": "application/json"},
                         data=json.dumps({"object": product, "objects": list(objects)}))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_schema_that_is_sent_along_unmasks_nothing(company):
    stored = company.cli.get("dataset", "customers", NAMESPACE)
    schema = json.loads(stored["spec"]["schema"]["definition"])
    for field in schema["fields"]:
        if field["name"] == "email":
            field.update(name="e2", aliases=["email"])
    mine = {**stored, "metadata": {"name": "mine", "namespace": NAMESPACE}, "spec": {
        "type": "Event", "owner": "me", "source": {"eventStoreName": "embedded", "topic": stored["spec"]["source"]["topic"]},
        "schema": {"format": "Avro", "subject": "mine-value", "definition": json.dumps(schema)}}}
    renamed = ask_product(company, "preview", NAMESPACE, "SELECT customer_id, e2 FROM mine", mine)
    assert [e["code"] for e in renamed["errors"]] == ["UnknownColumn"] and renamed["rows"] == []
    shown = ask_product(company, "preview", NAMESPACE, "SELECT customer_id, email FROM mine", mine)
    assert shown["rows"] and {row[1] for row in shown["rows"]} == {"•••"}
    assert "retail/customers" in shown["warnings"][-1]
    form = Builder(company)
    look = form.analyse("SELECT customer_id, email FROM mine", objects=[mine])
    assert [c["masked"] for c in look["output"]] == [False, True]
    # Who may not read the stored one reads nothing through a new one.
    mine["metadata"]["namespace"] = "stranger"
    strange = ask_product(company, "preview", "stranger", "SELECT customer_id FROM mine", mine)
    assert [e["code"] for e in strange["errors"]] == ["AccessDenied"]


def test_what_is_sent_along_opens_and_calls_nothing(company):
    opened = company.cli.get("dataset", "customers", NAMESPACE)
    opened["spec"]["access"] = {"namespaces": {"from": "All"}}
    sql = "SELECT c.email FROM retail.customers c"
    look = Builder(company, "stranger").analyse(sql, objects=[opened])
    assert look["form"]["datasets"][0]["state"] == "Denied" and "columns" not in look["form"]["datasets"][0]
    assert "reads" not in look and "output" not in look
    for verb in ("preview", "plan"):
        assert [e["code"] for e in ask_product(company, verb, "stranger", sql, opened)["errors"]] == ["AccessDenied"]

    registry = Registry()
    elsewhere = {"apiVersion": "offtake.dev/v1alpha1", "kind": "EventStore", "metadata": {"name": "elsewhere"}, "spec": {
        "kafka": {"bootstrapServers": ["127.0.0.1:1"]}, "registry": {"confluent": {"urls": [registry.url]}}}}
    theirs = manifests.dataset(NAMESPACE, "theirs", "Event", "theirs",
                               source={"eventStoreName": "elsewhere", "topic": "theirs"})
    sql = "SELECT t.a FROM theirs t"
    form = Builder(company)
    look = form.analyse(sql, objects=[elsewhere, theirs])
    assert [(d["code"], d["severity"]) for d in look["diagnostics"]] == [("EventStoreMissing", "Waiting")]
    edited = form.post("edit", sql=sql, objects=[elsewhere, theirs],
                       edit={"kind": "addColumn", "expression": "t.b", "name": "b"})
    assert [d["code"] for d in edited["diagnostics"]] == ["EventStoreMissing"]
    waiting = ask_product(company, "preview", NAMESPACE, sql, elsewhere, theirs)["waiting"]
    assert [w["code"] for w in waiting] == ["EventStoreMissing"] and registry.calls == []
    # `offtake plan -f` with a new store in the file looks there: whoever plans may store it.
    assert [w["code"] for w in ask_product(company, "plan", NAMESPACE, sql, elsewhere, theirs)["waiting"]] == ["SubjectMissing"]
    assert registry.calls


def test_a_new_dataset_does_not_change_the_groups(company):
    form = Builder(company)
    form.analyse("SELECT p.status, upper(p.status) AS channel, count(*) AS n\n"
                 "FROM payments p\nGROUP BY p.status, channel")
    form.join("orders")
    assert form.look["sql"].endswith("GROUP BY p.status, upper(p.status)") and form.look["diagnostics"] == []
    assert [r["columns"] for r in form.look["reads"] if r["name"] == "orders"] == [["order_id"]]


def test_the_examples_of_the_repository_are_drawn(company):
    form = Builder(company)
    root = pathlib.Path(__file__).resolve().parents[2] / "manifests" / "examples"
    drawn = 0
    for file in sorted(root.glob("*/*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if not document or document.get("kind") != "DataProduct":
                continue
            look = form.analyse(document["spec"]["sql"], proposals=False)
            check_ranges(look)
            assert "form" in look, (file, look.get("undrawable"))
            drawn += 1
    assert drawn >= 5


def test_answers_are_as_the_openapi_document_says(company):
    document = company.http("GET", "/openapi/v3/apis/view.offtake.dev/v1alpha1").json()
    path = "/apis/view.offtake.dev/v1alpha1/namespaces/{namespace}/sql/"
    schema = openapi.answer_schema(document, path + "edit", "post")
    assert schema == openapi.answer_schema(document, path + "analyse", "post")
    form = Builder(company)
    looks = [form.look, form.edit("addDataset", name="payments"), form.join("orders"), form.tick("o", "channel"),
             form.edit("addAggregate", function="sum", source={"dataset": "p", "column": "amount_cents"}, group=True),
             form.edit("addFilter", source={"dataset": "p", "column": "status"}, operator="In", values=["CAPTURED"]),
             form.analyse("SELECT * FROM payments JOIN nowhere USING (order_id) WHERE a OR b", key=["x"]),
             form.analyse("SELECT 1; SELECT 2"),
             form.analyse("SELECT (c.address).city FROM customers c WHERE (c.address).postcode = '1'"),
             form.analyse("SELECT payment_id FROM payments ORDER BY 1", target={"className": "sqlite"})]
    for look in looks:
        assert list(openapi.differences(document, schema, look)) == [], look["sql"]

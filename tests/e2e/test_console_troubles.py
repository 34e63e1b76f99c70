"""Products in between, as the console shows them and as axe reads it, in both themes: one whose history is in by 62 %, and
one with records that do not decode, which somebody looks at, replays and discards by mouse."""

import json
import os
import re
import sqlite3
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from support import manifests, paths
from support.children import eventually
from support.chromium import look
from support.console import click_box, one, truth
from support.products import Product

pytestmark = pytest.mark.embedded
EXAMPLE = paths.ROOT / "manifests" / "examples" / "bad-records"
NAMESPACE = "depot"
# The embedded log gives a fill as many whole blocks as have 8,192 records or fewer, and `produce` makes blocks of a
# thousand: the first batch of these is 62.0 %.
TICKETS, BATCH = 12_903, 8_000


@pytest.fixture
def filling(server):
    """Of a history of one partition the first batch is read, and the reader stands still before the second."""
    server.restart(OFFTAKE_CRASH_AT="mid-read:2:hold")
    dataset = manifests.dataset(NAMESPACE, "tickets", "Event", "depot.tickets", store="embedded")
    dataset["spec"]["source"]["topicConfig"] = {"partitions": 1}
    dataset["spec"]["schema"]["definition"] = json.dumps({"type": "record", "name": "Ticket", "fields": [
        {"name": "ticket_id", "type": "long"}]})
    server.cli.apply(manifests.namespace(NAMESPACE), dataset)
    eventually(lambda: server.http("GET", "/registry/subjects/depot.tickets-value/versions/latest").status_code == 200,
               30, "the schema is registered")
    server.cli.run("produce", "tickets", "-n", NAMESPACE, stdin="".join(
        json.dumps({"ticket_id": number}) + "\n" for number in range(TICKETS)))
    server.cli.apply(manifests.product(NAMESPACE, "all-tickets", "SELECT ticket_id FROM tickets", class_name="sqlite"))
    product = Product(server, None, "", NAMESPACE, "all-tickets")
    eventually(lambda: any(line.get("msg") == "crash point" for line in server.log_lines()), 60, "its reader stands still")
    yield product
    server.restart()
    product.wait_live()
    server.cli.delete("dataproduct", "all-tickets", NAMESPACE)


def test_a_product_that_is_filled_by_62_percent(chromium, server, filling):
    found = []
    for theme in ("light", "dark"):
        with chromium.person(server, theme) as person:
            page = person.sign_in()
            page.goto(f"/products/{NAMESPACE}/all-tickets")
            expect(truth(page)).to_have_text(re.compile(r"^Filling 62%, .* left$"))
            meter = page.locator(".truth-meter").get_by_role("progressbar")
            expect(meter).to_have_attribute("aria-valuenow", "62")
            expect(page.locator("main")).to_contain_text(f"{BATCH:,}")
            found += look(page, f"product at 62 %, {theme}")
            page.goto("/products")
            expect(page.get_by_role("row").filter(has_text="all-tickets")).to_contain_text("62%")
            found += look(page, f"products, one at 62 %, {theme}")
    assert found == [], "\n".join(found)


def send(server, *arguments) -> None:
    subprocess.run([sys.executable, EXAMPLE / "send_readings.py", *map(str, arguments)], check=True,
                   env={**os.environ, "OFFTAKE_SERVER": server.url, "OFFTAKE_TOKEN": server.token})


def readings(server) -> int:
    endpoint = server.cli.get("dataproduct", "readings-by-sensor", "plant")["status"]["endpoint"]
    with sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True) as database:
        return database.execute(f"SELECT count(*) FROM \"{endpoint['object']}\"").fetchone()[0]


@pytest.fixture(scope="module")
def plant(server):
    server.cli.run("apply", "-f", EXAMPLE / "dataset.yaml")
    eventually(lambda: server.http("GET", "/registry/subjects/plant.readings-value/versions/latest").status_code == 200,
               30, "the schema is registered")
    server.cli.run("apply", "-f", EXAMPLE / "product.yaml")
    Product(server, None, "", "plant", "readings-by-sensor").wait_live()
    return server


def choose(page: Page, status: str) -> None:
    row = one(page, "table", "Parked records").get_by_role("row").filter(has_text=re.compile(rf"{status} "))
    click_box(row.first.get_by_role("checkbox"))


def test_a_record_that_does_not_decode_is_looked_at_replayed_and_discarded(chromium, plant):
    with chromium.person(plant) as person:
        page = person.sign_in()
        page.goto("/products/plant/readings-by-sensor")
        expect(truth(page)).to_have_text(re.compile("^Live"))
        # Readings 42, 52, 62, 72, 82 and 92 are of one sensor.
        send(plant, 0, 100, "--bad", 42)
        parked = one(one(page, "navigation", "Product"), "link", re.compile("^Parked"))
        expect(parked).to_have_text(re.compile(r"Parked\s*[16]"))
        parked.click()
        rows = one(page, "table", "Parked records").get_by_role("row")
        expect(rows.filter(has_text="Waiting ")).to_have_count(5)
        assert readings(plant) == 94

        choose(page, "Parked")
        one(page, "button", "Replay").click()
        one(one(page, "dialog", "Replay 1 record?"), "button", "Replay 1 record").click()
        expect(page.get_by_text("0 records taken in, 1 still parked")).to_be_visible()
        assert readings(plant) == 94

        rows.filter(has_text="Parked ").first.get_by_role("button", name=re.compile("^Show")).click()
        dialog = one(page, "dialog", "Parked record")
        expect(dialog).to_contain_text("sensor-2".encode().hex())
        page.keyboard.press("Escape")
        choose(page, "Parked")
        one(page, "button", "Discard").click()
        one(one(page, "dialog", "Discard 1 record?"), "button", "Discard 1 record").click()
        expect(page.get_by_text("1 record discarded, 5 behind it taken in")).to_be_visible()
        expect(rows.filter(has_text="Discarded ")).to_have_count(1)
        expect(rows.filter(has_text="Waiting ")).to_have_count(0)
        eventually(lambda: readings(plant) == 99, 30, "what waited is there")

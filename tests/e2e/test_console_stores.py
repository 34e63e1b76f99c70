"""The console over Kafka and PostgreSQL: the same request, and credentials that are shown when they are asked for."""

import re
import signal
import subprocess

import pytest
from playwright.sync_api import expect

from support import manifests
from support.children import eventually
from support.chromium import clipboard, look
from support.console import build_by_mouse, look_before_making, one, watch_it_fill
from support.crash import hit
from support.products import Product

NAMESPACE = "retail"


@pytest.fixture(scope="module")
def company(server, kafka, postgres, database):
    server.cli.apply(manifests.namespace(manifests.SYSTEM), *manifests.event_store(kafka),
                     *manifests.target_class(postgres, database))
    server.cli.run("demo", "generate", "--company", "retail", "--events", "10500", "--event-store", "kafka")
    return server


def shown_events(server) -> list[dict]:
    answer = server.http("GET", f"/api/v1/namespaces/{NAMESPACE}/events")
    assert answer.status_code == 200, answer.text
    return [event for event in answer.json()["items"] if event["reason"] == "CredentialsShown"]


def test_a_request_lands_in_postgres_and_its_credentials_are_shown_on_demand(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        build_by_mouse(page)
        one(page, "button", re.compile("Where it lands")).click()
        one(page, "option", re.compile("^postgres")).click()
        look_before_making(page)
        watch_it_fill(page, NAMESPACE, "captured-payments")

        snippet = page.get_by_role("figure", name="psql snippet")
        expect(snippet).to_contain_text("USER")
        assert not [each for each in person.addresses if "/secrets/" in each] and shown_events(company) == []
        one(page, "button", "Show credentials").click()
        expect(snippet).not_to_contain_text("USER")
        [event] = shown_events(company)
        assert event["involvedObject"]["name"] == "captured-payments"
        one(page, "button", "Copy psql snippet").click()
        text = eventually(lambda: clipboard(page), 10, "the snippet is on the clipboard")
        done = subprocess.run(text, shell=True, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "payment_id" in done.stdout and "(10 rows)" in done.stdout
        one(page, "button", "Hide credentials").click()
        expect(snippet).to_contain_text("USER")
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        password = re.search(r"://[^:]+:([^@]+)@", text)[1]
        assert password not in kept and not [each for each in person.addresses if password in each]
    company.cli.delete("dataproduct", "captured-payments", NAMESPACE)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_product_that_is_being_filled_has_no_violation(chromium, company, postgres, database, theme):
    """Its worker stands still in the middle of the history."""
    name = f"filling-{theme}"
    company.restart(OFFTAKE_WORKER_CRASH_AT="mid-read:1:stop")
    company.cli.apply(manifests.product(NAMESPACE, name, "SELECT order_id, channel, items FROM orders", class_name="postgres",
                                        runner={"type": "Process"}))
    product = Product(company, postgres, database, NAMESPACE, name)
    hit(product, "mid-read")
    found = []
    with chromium.person(company, theme) as person:
        page = person.sign_in()
        page.goto(f"/products/{NAMESPACE}/{name}")
        expect(page.locator(".truth-text")).to_have_text(re.compile("^Filling"))
        expect(page.locator(".truth-meter").get_by_role("progressbar")).to_be_visible()
        found += look(page, "product, filling")
        page.goto("/products")
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Filling")
        found += look(page, "products, one of them filling")
    assert found == [], "\n".join(found)
    product.worker().send(signal.SIGKILL)
    company.restart()
    product.wait_live()
    company.cli.delete("dataproduct", name, NAMESPACE)

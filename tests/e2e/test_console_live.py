"""What the console shows while the world changes beneath it: datasets that others make, a server that goes away."""

import json
import re
import time

import pytest
from playwright.sync_api import Page, expect

from support import manifests, sanitizers

pytestmark = pytest.mark.embedded
NAMESPACE = "retail"
# From the loss of the server to the banner; the browser knows at once, a busy machine does not draw at once.
AT_ONCE = 5


@pytest.fixture(scope="module")
def company(server):
    server.cli.run("demo", "generate", "--company", "retail", "--events", "2100")
    return server


def returns(description: str) -> dict:
    fields = [{"name": "return_id", "type": "long"}, {"name": "order_id", "type": "long"}]
    return {"apiVersion": manifests.API, "kind": "Dataset", "metadata": {"name": "returns", "namespace": NAMESPACE},
            "spec": {"owner": "returns-desk", "description": description, "type": "Event",
                     "source": {"eventStoreName": "embedded", "topic": "retail.returns"},
                     "schema": {"format": "Avro", "subject": "retail.returns-value", "definition": json.dumps(
                         {"type": "record", "name": "Return", "fields": fields})}}}


def loaded(page: Page) -> float:
    """When the page was loaded: the same as long as nobody loads it again."""
    return page.evaluate("performance.timeOrigin")


def test_a_dataset_that_somebody_makes_appears_and_changes_and_goes_by_itself(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        rows = page.get_by_role("table", name="Datasets").get_by_role("link")
        expect(rows).to_have_count(3)
        before = loaded(page)
        company.cli.apply(returns("What was sent back."))
        found = rows.filter(has_text="returns")
        expect(found).to_contain_text("What was sent back.")
        expect(rows).to_have_count(4)
        company.cli.apply(returns("What was sent back, and why."))
        expect(found).to_contain_text("and why")
        company.cli.delete("dataset", "returns", NAMESPACE)
        expect(rows).to_have_count(3)
        assert loaded(page) == before


def test_a_product_that_somebody_makes_and_pauses_is_shown_as_it_is(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Products").click()
        expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()
        before = loaded(page)
        company.cli.apply(manifests.product(NAMESPACE, "channels", "SELECT order_id, channel FROM orders",
                                            class_name="sqlite"))
        row = page.get_by_role("row").filter(has_text="channels")
        expect(row).to_contain_text("Live")
        # How many rows there are now, and how far behind they are.
        for shown in (r"^(\d{1,3},\d{3}|[\d.]+k)$", r"^[\d.]+ s$"):
            expect(row.get_by_role("cell").filter(has_text=re.compile(shown)).first).to_be_visible()
        company.cli.run("pause", "channels", "-n", NAMESPACE)
        expect(row).to_contain_text("Paused")
        company.cli.delete("dataproduct", "channels", NAMESPACE)
        expect(row).to_have_count(0)
        assert loaded(page) == before


def test_a_server_that_goes_is_told_at_once_and_drafts_outlive_it(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        page.goto(f"/request?dataset={NAMESPACE}/orders")
        sql = page.locator(".cm-content")
        expect(sql).to_contain_text("FROM orders")
        page.get_by_role("textbox", name="Owner").fill("before it went")
        banner = page.get_by_role("alert").filter(has_text="The server has not answered")
        expect(banner).to_have_count(0)
        before = loaded(page)

        company.kill()
        gone = time.monotonic()
        expect(banner).to_be_visible()
        took = time.monotonic() - gone
        print(f"the banner came {took:.2f} s after the server had gone")
        assert took < AT_ONCE * sanitizers.patience()
        # What is there stays and can be worked on.
        page.get_by_role("textbox", name="Owner").fill("while it was away")
        page.get_by_role("textbox", name="What one row means").fill("An order.")
        expect(sql).to_contain_text("FROM orders")

        company.start()
        expect(banner).to_have_count(0)
        assert loaded(page) == before
        expect(page.get_by_role("textbox", name="Owner")).to_have_value("while it was away")
        page.get_by_role("button", name="Preview", exact=True).click()
        expect(page.get_by_role("region", name="Rows of the preview")).to_be_visible()
        # And what others do is heard of again.
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Catalogue", exact=True).click()
        company.cli.apply(returns("Made after it came back."))
        expect(page.get_by_role("link", name=re.compile("returns"))).to_contain_text("Made after it came back.")
        company.cli.delete("dataset", "returns", NAMESPACE)
        page.goto("/request")
        expect(page.get_by_role("textbox", name="Owner")).to_have_value("while it was away")
        expect(page.get_by_role("textbox", name="What one row means")).to_have_value("An order.")

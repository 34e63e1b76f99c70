"""Every screen of the console as axe reads it, in both themes: no violation."""

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from support import paths
from support.children import eventually
from support.chromium import look
from support.products import Product

pytestmark = pytest.mark.embedded
EXAMPLE = paths.ROOT / "manifests" / "examples" / "bad-records"
PRODUCT = "/products/plant/readings-by-sensor"


@pytest.fixture(scope="module")
def world(server):
    """The retail company, and a product with three parked records and those behind them."""
    server.cli.run("demo", "generate", "--company", "retail", "--events", "4200")
    server.cli.run("apply", "-f", EXAMPLE / "dataset.yaml")
    eventually(lambda: server.http("GET", "/registry/subjects/plant.readings-value/versions/latest").status_code == 200,
               30, "the schema is registered")
    server.cli.run("apply", "-f", EXAMPLE / "product.yaml")
    product = Product(server, None, "", "plant", "readings-by-sensor")
    product.wait_live()
    environment = {**os.environ, "OFFTAKE_SERVER": server.url, "OFFTAKE_TOKEN": server.token}
    subprocess.run([sys.executable, EXAMPLE / "send_readings.py", "0", "100", "--bad", "42", "--bad", "55", "--bad", "61"],
                   env=environment, check=True)
    product.wait("Degraded", "True", "RecordsParked", timeout=30)
    return server


SCREENS = {
    "catalogue": ("/catalogue", "payments"),
    "catalogue with words and a facet": ("/catalogue?q=order&owner=payments-team", "payments"),
    "catalogue without results": ("/catalogue?q=nothinghasthis", "Nothing fits"),
    "dataset": ("/catalogue/retail/customers", "Number of the customer"),
    "dataset, sample": ("/catalogue/retail/customers/sample", "Consumer"),
    "dataset, versions": ("/catalogue/retail/orders/versions", "1"),
    "dataset, relationships": ("/catalogue/retail/orders/relationships", "customers"),
    "dataset, used by": ("/catalogue/plant/readings/products", "readings-by-sensor"),
    "dataset, lineage": ("/catalogue/plant/readings/lineage", "readings-by-sensor"),
    "dataset that is not there": ("/catalogue/retail/nothing", "There is no dataset"),
    "products": ("/products", "readings-by-sensor"),
    "product": (PRODUCT, "Degraded"),
    "product, parked": (f"{PRODUCT}/parked", "Waiting"),
    "product, lineage": (f"{PRODUCT}/lineage", "readings"),
    "product, events": (f"{PRODUCT}/events", "What happened"),
    "product, logs": (f"{PRODUCT}/logs", "Logs"),
    "product, definition": (f"{PRODUCT}/definition", "apiVersion"),
    "platform": ("/platform", "embedded"),
    "platform, classes": ("/platform/classes", "sqlite"),
    "platform, registry": ("/platform/registry/retail.orders-value", "retail.orders-value"),
    "nowhere": ("/nowhere", "There is no page here"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("half", range(2))
def test_no_screen_has_a_violation(chromium, world, theme, half):
    found = []
    with chromium.person(world, theme) as person:
        page = person.tab("/")
        expect(page.get_by_role("heading", name="Sign in to Offtake")).to_be_visible()
        found += look(page, "sign-in")
        page.close()
        page = person.sign_in()
        for name, (path, text) in list(SCREENS.items())[half::2]:
            page.goto(path)
            expect(page.locator("main")).to_contain_text(text)
            found += look(page, name)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_that_opens_has_a_violation(chromium, world, theme):
    found = []
    with chromium.person(world, theme) as person:
        page = person.sign_in()
        page.keyboard.press("Control+k")
        page.keyboard.type("orders")
        expect(page.get_by_role("option").first).to_be_visible()
        found += look(page, "palette")
        page.keyboard.press("Escape")

        page.goto(f"{PRODUCT}/parked")
        page.get_by_role("button", name=re.compile("^Show")).first.click()
        expect(page.get_by_role("dialog")).to_contain_text("partition")
        found += look(page, "parked record")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Pause", exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += look(page, "pause")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="More actions").click()
        expect(page.get_by_role("menuitem").first).to_be_visible()
        found += look(page, "menu")
        page.get_by_role("menuitem", name="Delete…").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found += look(page, "delete")
        page.keyboard.press("Escape")

        with page.expect_response(re.compile("/sql/analyse$")):
            page.goto("/request")
        expect(page.get_by_role("button", name="Choose a dataset")).to_be_visible()
        expect(page.get_by_role("list", name="Problems")).to_have_count(0)  # nothing was written yet
        found += look(page, "request, empty")
        page.goto("/request?dataset=retail/payments")
        page.get_by_role("button", name="Join orders").click()
        expect(page.get_by_role("group", name="Columns of orders")).to_be_visible()
        page.get_by_role("button", name="Preview", exact=True).click()
        expect(page.get_by_role("region", name="Rows of the preview")).to_be_visible()
        found += look(page, "request, preview")
        page.get_by_role("button", name="Plan", exact=True).click()
        expect(page.locator("main")).to_contain_text("Makes a new product")
        found += look(page, "request, plan")
        page.locator(".cm-content").click()
        page.keyboard.press("Control+Home")
        page.keyboard.type("wrong ")
        expect(page.get_by_role("list", name="Problems")).to_be_visible()
        found += look(page, "request, problems")
        page.get_by_role("radio", name="YAML").click()
        expect(page.locator(".cm-content")).to_contain_text("apiVersion")
        found += look(page, "request, YAML")
    assert found == [], "\n".join(found)

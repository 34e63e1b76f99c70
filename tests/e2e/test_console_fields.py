"""Fields of records in the console's request: ticked by mouse and by keyboard, previewed, and made into columns of a
database of their own."""

import re
import sqlite3

import pytest
from playwright.sync_api import Locator, Page, expect

from support import deliveries
from support.chromium import look, tab_to
from support.console import click_box, click_slider, expect_valid, one, tick, watch_it_fill

pytestmark = pytest.mark.embedded
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def records(server):
    return deliveries.create(server)


def begin(page: Page) -> Locator:
    page.goto(f"/request?dataset={deliveries.NAMESPACE}/deliveries")
    expect(tick(page, "deliveries", "delivery_id")).to_be_checked()
    return one(page, "group", "Columns of deliveries")


def expect_partial(box: Locator) -> None:
    expect(box).not_to_be_checked()
    expect(box).to_have_js_property("indeterminate", True)


def opener(page: Page, path: str) -> Locator:
    return one(page, "button", f"Fields of {path}")


def sql(page: Page) -> Locator:
    return page.locator(".cm-content").first


def history(page: Page) -> None:
    slider = one(page, "slider", "How much history")
    click_slider(page, int(slider.get_attribute("max")))


def stored(server, name: str) -> list:
    endpoint = server.cli.get("dataproduct", name, deliveries.NAMESPACE)["status"]["endpoint"]
    with sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True) as database:
        return database.execute(f'SELECT * FROM "{endpoint["object"]}" ORDER BY delivery_id').fetchall()


def test_fields_by_mouse_until_rows_arrive(chromium, server, records):
    with chromium.person(server) as person:
        page = person.sign_in()
        begin(page)
        expect(tick(page, "deliveries", "city")).to_have_count(0)
        opener(page, "address").click()
        inside = one(page, "list", "Fields of address")
        click_box(tick(page, "deliveries", "city of address"))
        expect_partial(tick(page, "deliveries", "address"))
        expect(one(page, "group", "Columns of deliveries")).to_contain_text("1 of 4 fields")
        opener(page, "address.geo").click()
        click_box(tick(page, "deliveries", "lat of address.geo"))
        expect_partial(one(inside, "checkbox", re.compile("^geo of address")))
        expect(one(page, "group", "Columns of deliveries")).to_contain_text("2 of 4 fields")
        expect(page.get_by_text(re.compile(r"\d+% saved"))).to_be_visible()
        expect(sql(page)).to_contain_text("(d.address).city, (d.address).geo.lat")

        # The record in place of its fields, and a field out of the record again.
        click_box(tick(page, "deliveries", "address"))
        expect(sql(page)).to_contain_text("SELECT d.delivery_id, d.address")
        expect(tick(page, "deliveries", "street of address")).to_be_checked()
        tick(page, "deliveries", "street of address").locator("xpath=..").click()
        expect_partial(tick(page, "deliveries", "address"))
        expect(sql(page)).to_contain_text("SELECT d.delivery_id, (d.address).city, (d.address).geo")
        expect(sql(page)).not_to_contain_text("street")

        # Found by what is within; nothing else is shown meanwhile.
        one(page, "searchbox", "Search columns").fill("weight")
        click_box(tick(page, "deliveries", "weight of parcel"))
        expect(tick(page, "deliveries", "note")).to_have_count(0)
        one(page, "button", "Clear search").click()
        expect(tick(page, "deliveries", "weight of parcel")).to_be_visible()

        one(page, "button", re.compile("Add a filter")).click()
        one(page, "option", re.compile(r"d\.parcel\.weight")).click()
        one(page, "button", re.compile(r"How d\.parcel\.weight is compared")).click()
        one(page, "option", "more than").click()
        value = one(page, "textbox", "Value for d.parcel.weight")
        value.fill("50")
        value.blur()
        expect(sql(page)).to_contain_text("WHERE (d.parcel).weight > 50")

        history(page)
        one(page, "textbox", "Owner").fill("parcel-desk")
        one(page, "textbox", "Name").fill("by-mouse")
        expect_valid(page)
        one(page, "button", "Preview").click()
        rows = one(page, "region", "Rows of the preview")
        expect(rows.get_by_role("table")).to_contain_text("Basel")
        one(page, "button", "Plan").click()
        expect(one(page, "region", "Preview and plan")).to_contain_text("Makes a new product")
        one(page, "button", "Create").click()
        watch_it_fill(page, deliveries.NAMESPACE, "by-mouse")
    found = stored(server, "by-mouse")
    assert [(row[0], row[1], row[3]) for row in found] == [
        (r["delivery_id"], (r["address"] or {}).get("city"), r["parcel"]["weight"])
        for r in records if r["parcel"]["weight"] > 50]


def test_fields_by_keyboard(chromium, server, records):
    with chromium.person(server) as person:
        page = person.sign_in()
        begin(page)
        page.mouse.move(0, 0)
        address = opener(page, "address")
        tab_to(page, address)
        expect(address).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Enter")
        expect(address).to_have_attribute("aria-expanded", "true")
        city = tick(page, "deliveries", "city of address")
        tab_to(page, city)
        page.keyboard.press("Space")
        expect(city).to_be_checked()
        expect_partial(tick(page, "deliveries", "address"))
        # The focus stays where it is, for the next one.
        expect(city).to_be_focused()
        tab_to(page, opener(page, "address.geo"))
        page.keyboard.press("Space")
        lon = tick(page, "deliveries", "lon of address.geo")
        tab_to(page, lon)
        page.keyboard.press("Space")
        expect(lon).to_be_checked()
        page.keyboard.press("Space")
        expect(lon).not_to_be_checked()
        expect(sql(page)).to_contain_text("SELECT d.delivery_id, (d.address).city")
        # What was opened by hand stays open with nothing ticked in it.
        tab_to(page, city, key="Shift+Tab")
        page.keyboard.press("Space")
        expect(city).not_to_be_checked()
        expect(sql(page)).not_to_contain_text("city")
        tab_to(page, address, key="Shift+Tab")
        page.keyboard.press("Enter")
        expect(city).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("window", [None, PHONE], ids=["desk", "phone"])
def test_an_open_record_has_no_violation_and_fits(chromium, server, records, theme, window):
    with chromium.person(server, theme, window) as person:
        page = person.sign_in()
        begin(page)
        opener(page, "address").click()
        opener(page, "address.geo").click()
        click_box(tick(page, "deliveries", "lat of address.geo"))
        found = look(page, "request, an open record")
        assert found == [], "\n".join(found)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
        for box in one(page, "group", "Columns of deliveries").get_by_role("checkbox").all():
            assert box.locator("xpath=..").bounding_box()["width"] > 60

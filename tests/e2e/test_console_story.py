"""The console as somebody uses it who needs data: from a word of a column's description to a database that is fed,
changed, mended, paused and deleted. By mouse, and the request once more by keyboard alone."""

import datetime
import json
import re
import sqlite3
import subprocess

import pytest
from playwright.sync_api import Locator, Page, expect

from support.children import eventually
from support.chromium import clipboard, tab_to
from support.console import (LIVE, build_by_mouse, click_box, expect_valid, look_before_making, one, tick, truth,
                             watch_it_fill)

pytestmark = pytest.mark.embedded
NAMESPACE = "retail"


@pytest.fixture(scope="module")
def company(server):
    server.cli.run("demo", "generate", "--company", "retail", "--events", "21000")
    return server


def run_snippet(text: str) -> list[str]:
    done = subprocess.run(text, shell=True, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def stored(server, name: str, sql: str) -> list:
    """Of the product's table, as its `{table}`."""
    endpoint = server.cli.get("dataproduct", name, NAMESPACE)["status"]["endpoint"]
    with sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True) as database:
        return database.execute(sql.format(table=f'"{endpoint["object"]}"')).fetchall()


def alter(server, name: str, sql: str) -> None:
    """By somebody else, who may write to the file."""
    endpoint = server.cli.get("dataproduct", name, NAMESPACE)["status"]["endpoint"]
    with sqlite3.connect(endpoint["address"], timeout=30) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ? ORDER BY name",
                                  (endpoint["object"] + "__r*",)).fetchall()
        database.execute(sql.format(table=f'"{tables[-1][0]}"'))


def test_somebody_finds_shapes_and_gets_data_and_lives_with_it(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        find_orders(page)
        build_by_mouse(page)
        look_before_making(page)
        watch_it_fill(page, NAMESPACE, "captured-payments")
        take_the_snippet(page, company)
        edit_and_see_the_swap(page, company)
        park_and_replay(page, company)
        pause_and_delete(page, company)


def find_orders(page: Page) -> None:
    one(page, "searchbox", "Search datasets").fill("receipt")
    rows = one(page, "table", "Datasets").get_by_role("link")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Number of the order, as on the receipt")
    rows.first.click()
    expect(one(page, "heading", "orders", level=1)).to_be_visible()
    expect(one(one(page, "table", "Columns"), "cell", "Number of the order, as on the receipt")).to_be_visible()


def take_the_snippet(page: Page, server) -> None:
    one(page, "button", "Copy sqlite3 snippet").click()
    text = eventually(lambda: clipboard(page), 10, "the snippet is on the clipboard")
    assert text.startswith("sqlite3 -readonly"), text
    lines = run_snippet(text)
    assert lines[0].split() == ["payment_id", "amount_cents", "captured_at", "channel", "segment"]
    assert len(lines) == 2 + 10
    one(page, "radio", "Python").check(force=True)
    one(page, "button", "Copy Python snippet").click()
    eventually(lambda: clipboard(page).startswith("import sqlite3"), 10, "the other snippet is")
    done = subprocess.run(["python3", "-"], input=clipboard(page), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 10, done
    # What was asked for: captured ones, of 90 days.
    [(count, oldest)] = stored(server, "captured-payments", "SELECT count(*), min(captured_at) FROM {table}")
    assert count > 100
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=90, hours=1)
    assert str(oldest) > since.strftime("%Y-%m-%d"), oldest


def edit_and_see_the_swap(page: Page, server) -> None:
    before = stored(server, "captured-payments", "SELECT count(*) FROM {table}")
    one(page, "link", "Edit").click()
    click_box(tick(page, "payments", "method"))
    expect_valid(page)
    one(page, "button", "Plan").click()
    shown = one(page, "region", "Preview and plan")
    expect(shown).to_contain_text("a new revision is filled beside the present one, then takes its place")
    expect(shown.locator(".consequences")).to_contain_text(re.compile("rebuil|column|SQL", re.I))
    one(page, "button", "Apply and rebuild").click()
    expect(page.get_by_text("revision 2", exact=True)).to_be_visible()
    expect(truth(page)).to_have_text(LIVE)
    assert stored(server, "captured-payments", "SELECT count(method) FROM {table}") == before


def park_and_replay(page: Page, server) -> None:
    """Another one's trigger refuses a row; it is listed, and taken in once the trigger is gone."""
    alter(server, "captured-payments", "CREATE TRIGGER affordable BEFORE INSERT ON {table} "
          "WHEN NEW.amount_cents > 90000000 BEGIN SELECT raise(ABORT, 'too dear to be true'); END")
    [(order,)] = stored(server, "captured-payments", "SELECT 1 FROM {table} LIMIT 1")
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.cli.run("produce", "payments", "-n", NAMESPACE, stdin=json.dumps(
        {"payment_id": 99_000_001, "order_id": order, "method": "card", "status": "CAPTURED",
         "amount_cents": 99_000_000, "reference": "r", "captured_at": now}) + "\n")
    tabs = one(page, "navigation", "Product")
    parked = one(tabs, "link", re.compile(r"^Parked"))
    expect(parked).to_have_text(re.compile(r"Parked\s*1"))  # by itself
    parked.click()
    rows = one(page, "table", "Parked records")
    expect(rows).to_contain_text("too dear to be true")
    one(rows, "button", re.compile("^Show")).click()
    expect(one(page, "dialog", "Parked record")).to_contain_text("too dear to be true")
    page.keyboard.press("Escape")
    alter(server, "captured-payments", "DROP TRIGGER affordable")
    click_box(one(page, "checkbox", re.compile("Choose all|chosen")))
    one(page, "button", "Replay").click()
    one(one(page, "dialog", "Replay 1 record?"), "button", "Replay 1 record").click()
    expect(page.get_by_text("1 record taken in")).to_be_visible()
    expect(one(page, "heading", "Nothing is left out")).to_be_visible()
    assert stored(server, "captured-payments",
                  "SELECT count(*) FROM {table} WHERE payment_id = 99000001") == [(1,)]
    one(tabs, "link", "Overview").click()


def pause_and_delete(page: Page, server) -> None:
    one(page, "button", "Pause").click()
    one(one(page, "dialog", "Pause captured-payments?"), "button", "Pause").click()
    expect(truth(page)).to_have_text("Paused")
    one(page, "button", "Resume").click()
    expect(truth(page)).to_have_text(LIVE)
    one(page, "button", "More actions").click()
    one(page, "menuitem", "Delete…").click()
    dialog = one(page, "dialog", "Delete captured-payments?")
    [(rows,)] = stored(server, "captured-payments", "SELECT count(*) FROM {table}")
    expect(dialog).to_contain_text(f"with its {rows:,} rows")
    expect(one(dialog, "button", "Delete product")).to_be_disabled()
    one(dialog, "textbox", re.compile("to confirm")).fill("captured-payments")
    one(dialog, "button", "Delete product").click()
    expect(page).to_have_url(re.compile("/products$"))
    expect(one(page, "link", re.compile("captured-payments"))).to_have_count(0)
    eventually(lambda: server.cli.get("dataproduct", "captured-payments", NAMESPACE) is None, 30, "it is gone")


def test_the_same_request_by_keyboard_alone(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        page.mouse.move(0, 0)

        def press(wanted: Locator, *keys: str) -> None:
            tab_to(page, wanted)
            for key in keys:
                page.keyboard.press(key)

        page.keyboard.press("/")
        page.keyboard.type("receipt")
        rows = one(page, "table", "Datasets").get_by_role("link")
        expect(rows).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(one(page, "heading", "orders", level=1)).to_be_visible()

        page.keyboard.press("Control+k")
        page.keyboard.type("request data")
        expect(page.get_by_role("option").first).to_contain_text("Request data")
        page.keyboard.press("Enter")
        press(one(page, "button", "Choose a dataset"), "Enter")
        expect(one(page, "combobox", "Search datasets")).to_be_focused()
        page.keyboard.type("payments")
        expect(page.get_by_role("option").first).to_contain_text("payments")
        page.keyboard.press("Enter")
        press(one(page, "button", "Join orders"), "Enter")
        press(one(page, "button", "Join customers"), "Enter")
        for dataset, column in (("payments", "amount_cents"), ("customers", "country")):
            press(tick(page, dataset, column), "Space")
            expect(tick(page, dataset, column)).to_be_checked()
        press(one(page, "button", re.compile("Add a filter")), "Enter")
        wanted = one(page, "option", re.compile(r"\.status"))
        for _ in range(50):
            if wanted.evaluate("element => element === document.activeElement"):
                break
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        press(one(page, "textbox", re.compile(r"Value for \w+\.status")))
        page.keyboard.type("CAPTURED")
        page.keyboard.press("Enter")
        slider = one(page, "slider", "How much history")
        tab_to(page, slider)
        for _ in range(20):
            if slider.get_attribute("aria-valuetext") == "the last 90 days":
                break
            page.keyboard.press("ArrowLeft")
        expect(slider).to_have_attribute("aria-valuetext", "the last 90 days")
        press(one(page, "textbox", "Name"), "Control+a")
        page.keyboard.type("by-keyboard")
        expect_valid(page)
        for button, then in (("Preview", "What became of the records"), ("Plan", None), ("Create", None)):
            wanted = one(page, "button", button)
            expect(wanted).to_be_enabled()
            tab_to(page, wanted, key="Shift+Tab" if button == "Preview" else "Tab")
            page.keyboard.press("Enter")
            if then:
                expect(one(page, "list", then)).to_be_visible()
        watch_it_fill(page, NAMESPACE, "by-keyboard")
        assert stored(company, "by-keyboard", "SELECT count(*) > 100, count(country) = count(*) FROM {table}") == [(1, 1)]
    company.cli.delete("dataproduct", "by-keyboard", NAMESPACE)

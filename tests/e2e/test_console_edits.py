"""Edits in the console that meet others: another person's, those of one's own that are under way, and a kept draft."""

import re

import pytest
import yaml
from playwright.sync_api import Page, Route, expect

from support import manifests
from support.chromium import look
from support.console import LIVE, click_box, expect_valid, one, tick, truth

pytestmark = pytest.mark.embedded
NAMESPACE = "retail"
MEANWHILE = re.compile("It was changed meanwhile")


@pytest.fixture(scope="module")
def company(server):
    server.cli.run("demo", "generate", "--company", "retail", "--events", "2100")
    return server


def apply(server, name: str, sql: str, **spec) -> dict:
    """As another person does in another console: by the same manager of fields."""
    document = manifests.product(NAMESPACE, name, sql, class_name="sqlite", **spec)
    answer = server.http("PATCH", f"/apis/{manifests.API}/namespaces/{NAMESPACE}/dataproducts/{name}",
                         params={"fieldManager": "offtake-console"}, data=yaml.safe_dump(document),
                         headers={"Content-Type": "application/apply-patch+yaml"})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def stored_sql(server, name: str) -> str:
    return server.cli.get("dataproduct", name, NAMESPACE)["spec"]["sql"].strip()


def code(page: Page):
    return page.locator(".cm-content").first


def sql_of(page: Page) -> str:
    return " ".join(code(page).inner_text().split())


def begin(person, dataset: str = "payments") -> Page:
    """A new request that a dataset is brought along to."""
    page = person.sign_in()
    page.goto(f"/request?dataset={NAMESPACE}/{dataset}")
    expect_valid(page)
    return page


def write(page: Page, sql: str) -> None:
    code(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(sql)
    expect_valid(page)


def slow_edits(page: Page):
    """Edits of the form are answered only when they are let go. Gives how."""
    held: list[Route] = []
    page.route("**/sql/edit", lambda route: held.append(route))

    def let_go(count: int) -> None:
        for _ in range(count):
            while not held:
                page.wait_for_timeout(20)
            held.pop(0).continue_()
    return let_go


def test_another_persons_change_is_told_and_not_taken_back(chromium, company):
    apply(company, "shared", "SELECT order_id, channel FROM orders")
    with chromium.person(company) as person:
        page = person.sign_in()
        page.goto(f"/request?product={NAMESPACE}/shared")
        expect_valid(page)
        one(page, "textbox", "Owner").fill("mine")
        one(page, "button", "Plan").click()
        expect(one(page, "button", re.compile("^Apply"))).to_be_enabled()

        apply(company, "shared", "SELECT order_id, channel, items FROM orders")
        note = page.get_by_role("note").filter(has_text=MEANWHILE)
        expect(note).to_be_visible()
        expect(one(page, "button", re.compile("^Apply"))).to_be_disabled()
        one(note, "button", "Show the difference").click()
        expect(page.get_by_label("Definition, and what was changed meanwhile")).to_contain_text("items")
        assert look(page, "request, overtaken") == []
        assert "items" in stored_sql(company, "shared")

        one(note, "button", "Begin anew").click()
        expect(note).to_have_count(0)
        expect(code(page)).to_contain_text("items")
        one(page, "textbox", "Owner").fill("mine")
        one(page, "button", "Plan").click()
        one(page, "button", re.compile("^Apply")).click()
        expect(truth(page)).to_have_text(LIVE)
        product = company.cli.get("dataproduct", "shared", NAMESPACE)
        assert product["spec"]["owner"] == "mine" and "items" in product["spec"]["sql"]
    company.cli.delete("dataproduct", "shared", NAMESPACE)


def test_a_kept_draft_says_what_it_began_from(chromium, company):
    apply(company, "kept", "SELECT order_id FROM orders")
    with chromium.person(company) as person:
        page = person.sign_in()
        page.goto(f"/request?product={NAMESPACE}/kept")
        expect_valid(page)
        click_box(tick(page, "orders", "channel"))
        expect_valid(page)
        page.goto("/products")
        expect(page.get_by_role("row").filter(has_text="kept")).to_be_visible()
        apply(company, "kept", "SELECT order_id FROM orders", description="Of another person.")
        # Also in the tab that shows the definition: it is one draft.
        page.goto(f"/products/{NAMESPACE}/kept/definition")
        expect(code(page)).to_contain_text("channel")
        note = page.get_by_role("note").filter(has_text=MEANWHILE)
        expect(note).to_be_visible()
        one(note, "button", "Keep mine").click()
        expect(note).to_have_count(0)
        one(page, "button", "Plan").click()
        one(page, "button", re.compile("^Apply")).click()
        expect(page.get_by_text("kept is applied")).to_be_visible()
        assert "channel" in stored_sql(company, "kept")
    company.cli.delete("dataproduct", "kept", NAMESPACE)


def test_a_new_request_does_not_take_the_place_of_a_product(chromium, company):
    apply(company, "there", "SELECT order_id FROM orders")
    with chromium.person(company) as person:
        page = begin(person)
        one(page, "textbox", "Name").fill("there")
        one(page, "textbox", "Owner").fill("me")
        one(page, "button", "Plan").click()
        expect(page.get_by_role("note").filter(has_text="has a product there already")).to_be_visible()
        expect(one(page, "button", "Create")).to_be_disabled()
        one(page, "textbox", "Name").fill("not-there")
        one(page, "button", "Plan").click()
        expect(one(page, "button", "Create")).to_be_enabled()
        # And where it came between the plan and this.
        apply(company, "not-there", "SELECT order_id FROM orders")
        one(page, "button", "Create").click()
        expect(page.get_by_role("alert").filter(has_text="already")).to_be_visible()
    for name in ("there", "not-there"):
        assert stored_sql(company, name) == "SELECT order_id FROM orders"
        company.cli.delete("dataproduct", name, NAMESPACE)


def test_clicks_ahead_of_the_answers_mean_what_was_seen(chromium, company):
    with chromium.person(company) as person:
        page = begin(person)
        write(page, "SELECT p.payment_id, p.status, p.method, p.order_id FROM payments p "
                    "WHERE p.status = 'CAPTURED' AND p.amount_cents > 1 AND p.order_id > 2")
        let_go = slow_edits(page)
        one(page, "button", re.compile("^Remove filter p.status")).click()
        one(page, "button", re.compile("^Remove filter p.amount_cents")).click()
        one(page, "button", re.compile("^Take payment_id out")).click()
        one(page, "button", re.compile("^Take status out")).click()
        let_go(4)
        expect(code(page)).to_have_text(re.compile(r"SELECT p.method, p.order_id\s*FROM payments p\s*WHERE p.order_id > 2"))
        # Twice on the same takes out one.
        one(page, "button", re.compile("^Take method out")).dblclick()
        let_go(1)
        expect(page.get_by_text("The SQL changed meanwhile")).to_be_visible()
        expect(code(page)).to_have_text(re.compile(r"SELECT p.order_id\s*FROM payments p\s*WHERE p.order_id > 2"))


def test_what_is_typed_during_an_edit_stays(chromium, company):
    with chromium.person(company) as person:
        page = begin(person)
        let_go = slow_edits(page)
        tick(page, "payments", "method").locator("xpath=..").click()
        code(page).click()
        page.keyboard.press("Control+End")
        page.keyboard.type(" WHERE order_id > 77")
        let_go(1)
        expect(page.get_by_text("The SQL changed meanwhile")).to_be_visible()
        assert sql_of(page).endswith("WHERE order_id > 77") and "method" not in sql_of(page)


def test_another_target_is_looked_at_anew(chromium, company):
    """The answer of an edit was about the target of then."""
    with chromium.person(company) as person:
        page = begin(person)
        click_box(tick(page, "payments", "captured_at"))
        types = page.locator(".result-type")
        expect(types.last).to_have_text("timestamptz")
        one(page, "button", re.compile("Where it lands")).click()
        one(page, "option", re.compile("^sqlite")).click()
        expect(types.last).to_have_text("TEXT")


def test_a_key_goes_along_with_the_name_of_its_column(chromium, company):
    with chromium.person(company) as person:
        page = begin(person)
        click_box(one(one(page, "group", "Key"), "checkbox", "payment_id"))
        expect_valid(page)
        field = one(page, "textbox", re.compile(r"^Name of .*payment_id"))
        field.fill("number")
        field.press("Enter")
        expect(one(one(page, "group", "Key"), "checkbox", "number")).to_be_checked()
        expect_valid(page)


def test_a_dataset_is_offered_to_a_draft_that_is_under_way(chromium, company):
    with chromium.person(company) as person:
        page = begin(person)
        page.goto(f"/catalogue/{NAMESPACE}/orders")
        one(page, "link", re.compile("Use this data")).click()
        note = page.get_by_role("note").filter(has_text="orders is not part of it")
        expect(note).to_be_visible()
        expect(code(page)).to_contain_text("FROM payments")
        one(note, "button", "Begin anew with orders").click()
        expect(code(page)).to_contain_text("FROM orders")


def test_a_star_of_two_datasets_loses_what_is_unticked_and_nothing_else(chromium, company):
    both = "SELECT * FROM orders o JOIN customers c USING (customer_id)"
    with chromium.person(company) as person:
        page = begin(person, "orders")
        write(page, both)
        expect(tick(page, "customers", "segment")).to_be_checked()
        tick(page, "customers", "segment").locator("xpath=..").click()
        expect(code(page)).to_contain_text("o.channel")
        assert "c.country" in sql_of(page) and "segment" not in sql_of(page), sql_of(page)
        write(page, both)
        all_customers = one(page, "checkbox", "All columns of customers")
        expect(all_customers).to_be_checked()
        all_customers.locator("xpath=..").click()
        expect(code(page)).to_contain_text("o.channel")
        expect(code(page)).not_to_contain_text("c.country")
        expect_valid(page)


def test_values_of_a_list_are_kept_as_they_are(chromium, company):
    with chromium.person(company) as person:
        page = begin(person)
        write(page, "SELECT p.payment_id FROM payments p WHERE p.status IN ('a,b', ' c ', '', 'it''s')")
        field = one(page, "textbox", re.compile("Values for p.status"))
        expect(field).to_have_value("'a,b', ' c ', '', 'it''s'")
        field.fill("'a,b', ' c ', '', 'it''s', d")
        field.press("Enter")
        expect(code(page)).to_contain_text("IN ('a,b', ' c ', '', 'it''s', 'd')")


def test_the_keyboard_stays_where_things_went(chromium, company):
    """What was under the focus is gone: its neighbour has it, or the button that made it."""
    with chromium.person(company) as person:
        page = begin(person)
        write(page, "SELECT p.payment_id, p.status, p.method FROM payments p WHERE p.status = 'A' AND p.amount_cents > 1")
        one(page, "button", re.compile("^Remove filter p.status")).press("Enter")
        expect(one(page, "button", re.compile("^Remove filter p.amount_cents"))).to_be_focused()
        page.keyboard.press("Enter")
        expect(one(page, "button", re.compile("Add a filter"))).to_be_focused()
        one(page, "button", "Take method out").press("Enter")
        expect(one(page, "button", "Take status out")).to_be_focused()
        one(page, "button", "Move status up").press("Enter")
        expect(code(page)).to_contain_text("SELECT p.status, p.payment_id")
        write_condition = one(page, "button", "Write a condition")
        write_condition.press("Enter")
        page.keyboard.press("Escape")
        expect(write_condition).to_be_focused()
        # What is refused stays to be mended.
        page.keyboard.press("Enter")
        field = one(page, "textbox", "Condition")
        field.fill("p.nothing >")
        field.press("Enter")
        expect(page.get_by_text("That cannot be done")).to_be_visible()
        expect(field).to_have_value("p.nothing >")


def test_two_tabs_have_one_draft(chromium, company):
    with chromium.person(company) as person:
        first = begin(person)
        second = person.tab("/request")
        expect(code(second)).to_contain_text("FROM payments")
        one(second, "textbox", "Owner").fill("of the second tab")
        expect(one(first, "textbox", "Owner")).to_have_value("of the second tab")
        one(first, "textbox", "What one row means").fill("Of the first.")
        expect(one(second, "textbox", "What one row means")).to_have_value("Of the first.")
        expect(one(second, "textbox", "Owner")).to_have_value("of the second tab")

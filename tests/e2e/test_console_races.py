"""What the console shows when things come in an unlucky order: an answer that is older than what was told meanwhile,
changes of what another page shows, a session that began elsewhere, a server that is away just then."""

import contextlib
import json
import re
import time

import pytest
from playwright.sync_api import Error, Locator, Page, Request, Route, expect

from support import manifests, sanitizers
from support.children import eventually
from support.chromium import console_link

pytestmark = pytest.mark.embedded
NAMESPACE = "retail"
PRODUCTS = f"/apis/{manifests.API}/namespaces/{NAMESPACE}/dataproducts"
PATIENCE = 20
SESSION = "**/offtake/v1/session"


@pytest.fixture(scope="module")
def company(server):
    server.cli.run("demo", "generate", "--company", "retail", "--events", "2100")
    for name in ("first", "second"):
        server.cli.apply(manifests.product(NAMESPACE, name, "SELECT order_id, channel FROM orders", class_name="sqlite"))
    return server


def change(server, name: str, spec: dict, manager: str = "somebody") -> None:
    answer = server.http("PATCH", f"{PRODUCTS}/{name}?fieldManager={manager}", data=json.dumps({"spec": spec}),
                         headers={"Content-Type": "application/merge-patch+json"})
    assert answer.status_code == 200, answer.text


def go(page: Page, place: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=place, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=place)).to_be_visible()


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def drawn(page: Page) -> None:
    """What is known by now is shown."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


class Held:
    """Answers that the server has given and the page does not get before it is let have them."""

    def __init__(self, page: Page, url: str):
        self._page, self._url = page, url
        self._answers: list[tuple[Route, object]] = []
        page.route(url, lambda route: self._answers.append((route, route.fetch())))

    def wait(self) -> None:
        until = time.monotonic() + PATIENCE * sanitizers.patience()
        while not self._answers:
            assert time.monotonic() < until, f"{self._url} was not asked for"
            self._page.wait_for_timeout(20)

    def release(self) -> None:
        self._page.unroute(self._url)
        for route, answer in self._answers:
            # One that the page has given up.
            with contextlib.suppress(Error):
                route.fulfill(response=answer)


def test_a_change_that_another_page_was_shown_is_not_lost_to_the_list(chromium, company):
    change(company, "first", {"paused": None})
    with chromium.person(company) as person:
        page = person.sign_in()
        go(page, "Products")
        expect(row(page, "first")).to_contain_text("Live")
        # The list is as new as can be.
        change(company, "second", {"description": "told to the list"})
        page.get_by_role("link", name="second").click()
        expect(page.get_by_text("told to the list").first).to_be_visible()
        change(company, "first", {"paused": True})
        change(company, "second", {"description": "told to the page"})
        expect(page.get_by_text("told to the page").first).to_be_visible()
        go(page, "Products")
        expect(row(page, "first")).to_contain_text("Paused", timeout=4000)


def test_an_older_answer_does_not_undo_what_was_told(chromium, company):
    change(company, "first", {"paused": None})
    with chromium.person(company) as person:
        page = person.sign_in()
        go(page, "Products")
        expect(row(page, "first")).to_contain_text("Live")
        go(page, "Catalogue")
        held = Held(page, f"**/apis/{manifests.API}/dataproducts")
        go(page, "Products")
        held.wait()
        change(company, "first", {"paused": True})
        expect(row(page, "first")).to_contain_text("Paused")
        held.release()
        drawn(page)
        expect(row(page, "first")).to_contain_text("Paused")


def test_who_else_manages_a_product_is_said_for_as_long_as_they_do(chromium, company):
    change(company, "second", {"description": "managed"}, manager="pipeline")
    with chromium.person(company) as person:
        page = person.sign_in()
        page.goto(f"/products/{NAMESPACE}/second/definition")
        note = page.get_by_role("note").filter(has_text="Managed by")
        expect(note).to_contain_text("pipeline")
        change(company, "second", {"owner": "the next one"}, manager="pipeline")
        expect(page.locator(".cm-content")).to_contain_text("the next one")
        drawn(page)
        expect(note).to_contain_text("pipeline")
        change(company, "second", {"owner": "and one more"}, manager="another-tool")
        expect(note).to_contain_text("another-tool")


def test_a_product_that_is_deleted_while_it_is_looked_at_is_said_to_be_gone(chromium, company):
    company.cli.apply(manifests.product(NAMESPACE, "brief", "SELECT order_id FROM orders", class_name="sqlite"))
    with chromium.person(company) as person:
        page = person.sign_in()
        page.goto(f"/products/{NAMESPACE}/brief")
        expect(page.get_by_role("heading", level=1, name="brief")).to_be_visible()
        company.cli.delete("dataproduct", "brief", NAMESPACE)
        expect(page.get_by_text("There is no product brief")).to_be_visible()


def test_who_signs_in_in_another_tab_goes_on_writing_in_the_first(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        # Nobody tells it.
        page.route("**/offtake/v1/stream*", lambda route: route.abort())
        page.goto(f"/request?dataset={NAMESPACE}/orders")
        expect(page.locator(".cm-content")).to_contain_text("FROM orders")
        person.tab(console_link(company))
        page.get_by_role("button", name="Preview", exact=True).click()
        expect(page.get_by_role("region", name="Rows of the preview")).to_be_visible()


def of_stream(request: Request) -> bool:
    return "/offtake/v1/stream" in request.url


def test_who_signs_in_in_another_tab_is_told_of_changes_in_the_first(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        go(page, "Products")
        with page.expect_request(of_stream):
            person.tab(console_link(company))
        expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()
        change(company, "first", {"description": "after the other tab"})
        row(page, "first").get_by_role("link").click()
        expect(page.get_by_text("after the other tab").first).to_be_visible()


def test_a_page_stays_while_the_server_does_not_say_whether_the_session_is_over(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        go(page, "Products")
        page.route(SESSION, lambda route: route.fulfill(status=503, body="busy"))
        with page.expect_response("**/offtake/v1/session"):
            person.tab(console_link(company))
        drawn(page)
        expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()
        with page.expect_request(of_stream):
            page.unroute(SESSION)


@pytest.mark.parametrize("how", ["no answer", "busy", "a proxy that has no server"])
def test_a_server_that_is_away_at_the_start_is_asked_until_it_answers(chromium, company, how):
    with chromium.person(company) as person:
        page = person.sign_in()

        def away(route: Route) -> None:
            if how == "no answer":
                route.abort()
            else:
                route.fulfill(status=503 if how == "busy" else 502, body=how)
        page.route(SESSION, away)
        page.goto("/products")
        expect(page.get_by_text("The console cannot reach its server.")).to_be_visible()
        # And goes on asking.
        with page.expect_request(SESSION):
            pass
        expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)
        page.unroute(SESSION)
        expect(page.get_by_role("heading", level=1, name="Products")).to_be_visible()


def test_a_link_signs_in_once_the_server_answers(chromium, company):
    with chromium.person(company) as person:
        page = person.context.new_page()
        page.route(SESSION, lambda route: route.abort())
        page.goto(console_link(company))
        expect(page.get_by_text("The console cannot reach its server.")).to_be_visible()
        page.unroute(SESSION)
        expect(page.get_by_role("heading", level=1, name="Catalogue")).to_be_visible()


def test_a_sign_out_that_fails_says_so(chromium, company):
    def sign_out(page: Page) -> None:
        page.get_by_role("button", name="Account and theme").click()
        page.get_by_role("menuitem", name="Sign out").click()

    with chromium.person(company) as person:
        page = person.sign_in()
        page.route(SESSION, lambda route: route.abort() if route.request.method == "DELETE" else route.continue_())
        sign_out(page)
        expect(page.get_by_text("You are still signed in")).to_be_visible()
        expect(page.get_by_role("heading", level=1, name="Catalogue")).to_be_visible()
        page.unroute(SESSION)
        sign_out(page)
        expect(page.get_by_role("heading", level=1, name="Sign in to Offtake")).to_be_visible()


def test_a_request_that_waits_for_a_dataset_hears_of_it(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        page.goto(f"/request?dataset={NAMESPACE}/orders")
        sql = page.locator(".cm-content")
        expect(sql).to_contain_text("FROM orders")
        sql.click()
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.insert_text("SELECT return_id FROM returns")
        problems = page.get_by_role("list", name="Problems")
        expect(problems).to_contain_text("returns")
        fields = [{"name": "return_id", "type": "long"}, {"name": "order_id", "type": "long"}]
        company.cli.apply(manifests.dataset(
            NAMESPACE, "returns", "Event", "retail.returns", store="embedded",
            schema={"format": "Avro", "subject": "retail.returns-value",
                    "definition": json.dumps({"type": "record", "name": "Return", "fields": fields})}))
        expect(problems).to_have_count(0)
        company.cli.delete("dataset", "returns", NAMESPACE)


def test_a_log_is_followed_over_a_restart_of_the_server(chromium, company):
    change(company, "first", {"paused": None})
    company_log = f"/apis/view.offtake.dev/v1alpha1/namespaces/{NAMESPACE}/dataproducts/first/logs"

    def said() -> list[str]:
        return [line for line in company.http("GET", company_log).text.split("\n") if line]

    with chromium.person(company) as person:
        page = person.sign_in()
        page.goto(f"/products/{NAMESPACE}/first/logs")
        lines = page.locator(".log-line")
        def all_shown() -> int:
            count = len(said())
            assert lines.count() == count > 0
            return count

        before = eventually(all_shown, PATIENCE, "all that was said is shown")
        broke_off = page.get_by_role("note").filter(has_text="The log broke off")
        company.terminate()
        expect(broke_off).to_be_visible()
        assert lines.count() >= before  # what it said at its end may be among them
        before = lines.count()
        company.start()
        expect(broke_off).to_have_count(0)
        # A worker that begins anew says so; each line is there once.
        page.wait_for_function(f"document.querySelectorAll('.log-line').length > {before}")
        change(company, "first", {"paused": True})
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
        eventually(all_shown, PATIENCE, "each line is there once")


def test_what_is_typed_before_the_palette_is_there_is_not_lost(chromium, company):
    with chromium.person(company) as person:
        page = person.sign_in()
        held: list[Route] = []
        page.route(re.compile("/assets/palette"), lambda route: held.append(route))
        page.goto("/products")
        expect(page.get_by_role("heading", name="Products", level=1)).to_be_visible()
        page.keyboard.press("Control+k")
        page.keyboard.type("first!")
        page.keyboard.press("Backspace")
        expect(page.get_by_role("combobox")).to_have_count(0)
        for route in held:
            route.continue_()
        field = page.get_by_role("combobox", name="Search datasets, products and actions")
        expect(field).to_have_value("first")
        expect(field).to_be_focused()
        # Enter before the catalogue has answered means the first of its answer.
        answers: list[Route] = []
        page.route("**/v1alpha1/catalog*", lambda route: answers.append(route))
        with page.expect_request(re.compile("catalog.*q=receipt")):
            field.fill("receipt")
        page.keyboard.press("Enter")
        assert page.url.endswith("/products") and field.is_visible()
        for route in answers:
            route.continue_()
        expect(field).to_have_count(0)
        expect(page).to_have_url(re.compile(f"/catalogue/{NAMESPACE}/orders$"))

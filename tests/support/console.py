"""The console's controls as somebody finds them who sees or hears it, and the steps that several stories share."""

import re

from playwright.sync_api import Locator, Page, expect

LIVE = re.compile(r"^Live")


def one(scope: Page | Locator, role: str, name, **options) -> Locator:
    """A control by its accessible name: the whole of it, or a pattern."""
    return scope.get_by_role(role, name=name, exact=isinstance(name, str), **options)


def tick(page: Page, dataset: str, column: str) -> Locator:
    """Of a request: the box of a dataset's column."""
    return one(one(page, "group", f"Columns of {dataset}"), "checkbox", re.compile(rf"^{column}\b"))


def click_box(box: Locator) -> None:
    """Where it is seen: the input itself is covered by its picture."""
    box.locator("xpath=..").click()
    expect(box).to_be_checked()


def click_slider(page: Page, step: int) -> None:
    slider = one(page, "slider", "How much history")
    box = slider.bounding_box()
    # The thumb's middle never reaches the ends of the track.
    fraction = step / int(slider.get_attribute("max"))
    slider.click(position={"x": 8 + (box["width"] - 16) * fraction, "y": box["height"] / 2})


def truth(page: Page) -> Locator:
    """The line that says how a product is."""
    return page.locator(".truth-text")


def expect_valid(page: Page) -> None:
    expect(page.locator(".page-head").get_by_text(re.compile("^Valid"))).to_be_visible()


def build_by_mouse(page: Page) -> None:
    """Captured payments of 90 days with their orders and customers, as a request of the retail company."""
    one(one(page, "navigation", "Main"), "link", "Request").click()
    one(page, "button", "Choose a dataset").click()
    one(page, "combobox", "Search datasets").fill("payments")
    page.get_by_role("option").filter(has_text=re.compile("^payments")).click()
    expect(tick(page, "payments", "payment_id")).to_be_checked()
    one(page, "button", "Join orders").click()
    one(page, "button", "Join customers").click()
    for dataset, column in (("payments", "amount_cents"), ("payments", "captured_at"), ("orders", "channel"),
                            ("customers", "segment")):
        click_box(tick(page, dataset, column))
    expect(page.get_by_text(re.compile(r"\d+% saved"))).to_be_visible()
    one(page, "button", re.compile("Add a filter")).click()
    one(page, "option", re.compile(r"\.status")).click()
    value = one(page, "textbox", re.compile(r"Value for \w+\.status"))
    value.fill("CAPTURED")
    value.blur()
    # Now, nine steps from an hour to 90 days, and so on.
    click_slider(page, 9)
    expect(one(page, "slider", "How much history")).to_have_attribute("aria-valuetext", "the last 90 days")
    click_box(one(one(page, "group", "Key"), "checkbox", "payment_id"))
    one(page, "textbox", "Owner").fill("checkout")
    expect(one(page, "textbox", "Name")).to_have_value("captured-payments")
    expect_valid(page)


def look_before_making(page: Page) -> None:
    one(page, "button", "Preview").click()
    shown = one(page, "region", "Preview and plan")
    expect(one(shown, "list", "What became of the records")).to_contain_text(
        re.compile(r"orders \d+ of \d+"))
    expect(shown.get_by_role("table")).to_contain_text("Consumer")
    one(page, "button", "Plan").click()
    expect(shown).to_contain_text("Makes a new product")
    expect(shown).to_contain_text("retail/payments")
    one(page, "button", "Create").click()


def watch_it_fill(page: Page, namespace: str, name: str) -> None:
    expect(page).to_have_url(re.compile(f"/products/{namespace}/{name}$"))
    shown = page.evaluate("performance.timeOrigin")
    expect(truth(page)).to_have_text(LIVE, timeout=60_000)
    expect(page.get_by_text("revision 1", exact=True)).to_be_visible()
    assert page.evaluate("performance.timeOrigin") == shown  # nobody loaded the page again

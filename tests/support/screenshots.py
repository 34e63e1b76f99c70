"""The pictures of docs/screenshots: six screens in both themes, of a server with a company that is at work.
Run by `./dev screenshots`."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

from playwright.sync_api import Page, expect

from support import children, paths
from support.children import eventually
from support.chromium import Chromium
from support.offtake import Server
from support.products import Product

FOLDER = paths.ROOT / "docs" / "screenshots"
EXAMPLES = paths.ROOT / "manifests" / "examples"
WINDOW = {"width": 1280, "height": 840}
MOST_BYTES = 150_000
PRODUCT = "payment-confirmations"


class Installed(Server):
    """Shows the addresses that an installation has: for it and its workers alone this run's scratch folder stands in the
    place of /var/lib, so that its data directory is /var/lib/offtake and is gone with the run."""

    def __init__(self, folder: pathlib.Path):
        super().__init__(folder)
        self.library = folder / "lib"
        self.library.mkdir()
        self.data = self.library / "offtake"
        self.payments = 0

    def _command(self, data: pathlib.Path) -> list:
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        return ["unshare", "--mount", *as_root, "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', self.library,
                *super()._command(pathlib.Path("/var/lib/offtake"))]


def prepare(server: Server) -> None:
    server.cli.run("demo", "generate", "--company", "retail", "--events", "60000")
    for folder in ("retail", "chain"):
        server.cli.run("apply", "-f", EXAMPLES / folder)
    server.cli.run("apply", "-f", EXAMPLES / "bad-records" / "dataset.yaml")
    eventually(lambda: server.http("GET", "/registry/subjects/plant.readings-value/versions/latest").status_code == 200,
               30, "the schema is registered")
    server.cli.run("apply", "-f", EXAMPLES / "bad-records" / "product.yaml")
    readings = Product(server, None, "", "plant", "readings-by-sensor")
    readings.wait_live()
    subprocess.run([sys.executable, EXAMPLES / "bad-records" / "send_readings.py", "0", "2000", "--bad", "1942",
                    "--bad", "1955", "--bad", "1961"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "OFFTAKE_SERVER": server.url, "OFFTAKE_TOKEN": server.token})
    readings.wait("Degraded", "True", "RecordsParked", timeout=30)
    evolve(server)
    Product(server, None, "", "retail", PRODUCT).wait_live()


def evolve(server: Server) -> None:
    """A second version of a schema, so that there is a difference to be seen."""
    path = "/registry/subjects/plant.readings-value/versions"
    schema = json.loads(server.http("GET", f"{path}/latest").json()["schema"])
    schema["fields"].append({"name": "humidity", "type": ["null", "double"], "default": None,
                             "doc": "Relative, in percent; sensors of the second series measure it"})
    answer = server.http("POST", path, json={"schema": json.dumps(schema)})
    assert answer.status_code == 200, answer.text


def pay(server: Installed, count: int) -> None:
    """Payments of this moment, so that there is something to see of a product at work."""
    first = server.payments
    server.payments += count
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.cli.run("produce", "payments", "-n", "retail", stdin="".join(json.dumps(
        {"payment_id": 9_000_000 + n, "order_id": n % 20_000, "method": "card", "status": "CAPTURED",
         "amount_cents": 1_250 + n * 7_919 % 68_000, "reference": f"{n:016x}", "captured_at": now}) + "\n"
        for n in range(first, first + count)))


def catalogue(page: Page, server: Installed) -> None:
    page.goto("/catalogue?q=customer")
    expect(page.get_by_role("table", name="Datasets").get_by_role("link").first).to_be_visible()


def dataset(page: Page, server: Installed) -> None:
    page.goto("/catalogue/retail/orders")
    expect(page.locator("main")).to_contain_text("as on the receipt")
    expect(page.locator("main")).not_to_contain_text("asking the store")


def request(page: Page, server: Installed) -> None:
    page.goto("/request?dataset=retail/payments")
    for name in ("orders", "customers"):
        page.get_by_role("button", name=f"Join {name}").click()
    for set_, column in (("payments", "amount_cents"), ("orders", "channel"), ("customers", "segment")):
        group = page.get_by_role("group", name=f"Columns of {set_}")
        box = group.get_by_role("checkbox", name=re.compile(rf"^{column}\b"))
        box.locator("xpath=..").click()
        expect(box).to_be_checked()
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("region", name="Rows of the preview")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")


def products(page: Page, server: Installed) -> None:
    page.goto("/products")
    row = page.get_by_role("row").filter(has_text=PRODUCT)
    expect(row).to_contain_text("Live")
    expect(row.get_by_role("cell").filter(has_text=re.compile(r"^[\d.]+ s$"))).to_be_visible()  # how far behind


def product(page: Page, server: Installed) -> None:
    page.goto(f"/products/retail/{PRODUCT}")
    expect(page.locator(".truth-text")).to_contain_text("Live")
    for round_ in range(30):
        pay(server, 20 + 37 * round_ % 90)
        page.wait_for_timeout(1000)  # the plots show half a minute
    expect(page.locator(".react-flow__node").first).to_be_visible()


def platform(page: Page, server: Installed) -> None:
    page.goto("/platform/registry/plant.readings-value")
    expect(page.locator("main")).to_contain_text("humidity")


def take(page: Page, name: str) -> None:
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.mouse.move(2, 2)
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file, animations="disabled", caret="hide")
    subprocess.run(["pngquant", "--force", "--skip-if-larger", "--strip", "--quality", "85-100", "--speed", "1",
                    "--output", file, file], check=True)
    size = file.stat().st_size
    print(f"{file.relative_to(paths.ROOT)}  {size // 1000} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"{file} has {size} bytes, more than {MOST_BYTES}")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = Installed(paths.scratch() / "screenshots").start()
    browser = Chromium()
    try:
        prepare(server)
        for theme in ("light", "dark"):
            with browser.person(server, theme, WINDOW) as person:
                page = person.sign_in()
                for screen in (catalogue, dataset, request, products, product, platform):
                    screen(page, server)
                    take(page, f"{screen.__name__}-{theme}")
    finally:
        browser.close()
        server.close()
        children.stop_all()
        paths.remove_scratch()


if __name__ == "__main__":
    main()

"""The system's Chromium on the console of a server: tabs, what the browser says of them, the clipboard, axe."""

import contextlib
import json
import os
import re

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, expect, sync_playwright

from support import paths, sanitizers
from support.offtake import Server

PROGRAM = os.environ.get("OFFTAKE_TEST_CHROMIUM", "/usr/bin/chromium")
AXE = paths.ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"

# Sizes of a window.
WINDOW = {"width": 1280, "height": 900}

# Told to the test by the page itself, before any script of it runs.
_WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  offtakeTest("policy", `${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
addEventListener("error", (event) => offtakeTest("error", event.message ?? String(event)));
"""


class Chromium:
    """Started once a run. One thread."""

    def __init__(self):
        assert os.path.exists(PROGRAM), f"{PROGRAM} does not exist: run ./dev deps test"
        self._playwright: Playwright = sync_playwright().start()
        self._browser: Browser = self._playwright.chromium.launch(
            executable_path=PROGRAM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                  "--disable-component-update"])
        expect.set_options(timeout=20_000 * sanitizers.patience())

    def close(self) -> None:
        self._browser.close()
        self._playwright.stop()

    @contextlib.contextmanager
    def person(self, server: Server, theme: str = "light", window: dict | None = None, **options):
        """Somebody with a browser of their own, without cookies. Whatever their pages complained of fails the test."""
        context = self._browser.new_context(base_url=server.url, viewport=window or WINDOW, color_scheme=theme,
                                            reduced_motion="reduce", locale="en-GB", timezone_id="UTC", **options)
        someone = Person(context, server)
        try:
            yield someone
            someone.assert_no_complaint()
        except BaseException:
            someone.leave_picture()
            raise
        finally:
            context.close()


class Person:
    """`complaints`: policy violations and errors of scripts, of all their tabs."""

    def __init__(self, context: BrowserContext, server: Server):
        self.context, self.server = context, server
        self.complaints: list[str] = []
        self.addresses: list[str] = []  # of every request and of every page that was shown
        context.set_default_timeout(20_000 * sanitizers.patience())
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        context.expose_binding("offtakeTest", lambda _, kind, text: self.complaints.append(f"{kind}: {text}"))
        context.add_init_script(_WATCH)
        context.on("page", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._said)
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("framenavigated", lambda frame: self.addresses.append(frame.url))

    def _said(self, message: ConsoleMessage) -> None:
        # What a request ended with is told by the page; what the console itself complains of is not expected.
        if message.type == "error" and not re.search(r"Failed to load resource|net::ERR_", message.text):
            self.complaints.append(f"console: {message.text}")

    def assert_no_complaint(self) -> None:
        assert self.complaints == [], self.complaints

    def leave_picture(self) -> None:
        """Beside the logs of the run, which OFFTAKE_KEEP=1 keeps."""
        for number, page in enumerate(self.context.pages):
            with contextlib.suppress(Exception):
                name = re.sub(r"[^a-z0-9]+", "-", os.environ.get("PYTEST_CURRENT_TEST", "page").lower())[:80]
                page.screenshot(path=paths.scratch() / f"{name}-{number}.png")

    def tab(self, path: str = "/") -> Page:
        page = self.context.new_page()
        page.goto(path)
        return page

    def sign_in(self) -> Page:
        """By the link that `offtake console` prints."""
        page = self.context.new_page()
        page.goto(console_link(self.server))
        expect(page.get_by_role("heading", level=1, name="Catalogue")).to_be_visible()
        return page


def console_link(server: Server) -> str:
    found = re.search(r"http://\S+/sign-in#code=\S+", server.cli.run("console").stdout)
    assert found, "no link"
    return found[0]


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def tab_to(page: Page, wanted: Locator, key: str = "Tab", at_most: int = 250) -> None:
    """Goes on by keyboard until the element has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(at_most):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {wanted}")


def axe_violations(page: Page) -> list[str]:
    """What axe has to say against the page as it is, a line each."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {each['help']}: {node['target']} {json.dumps(node['any'][:1])[:300]}"
            for each in found for node in each["nodes"][:3]]


def settled(page: Page) -> None:
    """Nothing is being loaded, and what opens has opened."""
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    page.wait_for_function("document.getAnimations().every((each) => each.playState !== 'running' || "
                           "each.effect.getComputedTiming().iterations === Infinity)")


def look(page: Page, what: str) -> list[str]:
    """What axe says of the page that is `what`, when it stands still."""
    settled(page)
    return [f"{what}: {each}" for each in axe_violations(page)]

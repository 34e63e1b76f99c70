"""The console in the face of texts that would be programs, pages that would frame it, and secrets that would leak:
nothing that people write is run, in any field, on any screen."""

import functools
import http.server
import json
import re
import sqlite3
import threading

import pytest
from playwright.sync_api import Page, expect

from support import manifests
from support.children import eventually
from support.chromium import console_link
from support.products import Product

pytestmark = pytest.mark.embedded
NAMESPACE = "corpus"

# Each would tell the test, by the binding that every page has, if it were run; {n} says which field it stood in.
CORPUS = [
    "<script>offtakeTest('ran', '{n}')</script>",
    "<img src=x onerror=\"offtakeTest('ran', '{n}')\">",
    "\"><svg onload=offtakeTest('ran','{n}')>",
    "' autofocus onfocus=offtakeTest('ran','{n}') x='",
    "</textarea></title></style><script>offtakeTest('ran','{n}')</script>",
    "<iframe srcdoc=\"<script>parent.offtakeTest('ran','{n}')</script>\"></iframe>",
    "<a href=\"javascript:offtakeTest('ran','{n}')\">{n}</a> javascript:offtakeTest('ran','{n}')",
    "<math><mtext><table><mglyph><style><img src=x onerror=offtakeTest('ran','{n}')>",
    "{{constructor.constructor(\"offtakeTest('ran','{n}')\")()}} ${offtakeTest('ran','{n}')}",
    "`<img src=x onerror=offtakeTest('ran','{n}')>` \u2028\u202e<!--",
]


def of(corpus: int, field: str) -> str:
    return CORPUS[corpus % len(CORPUS)].replace("{n}", field)


def tag(corpus: int) -> str:
    """As much as a tag may have."""
    return of(corpus, "tag").encode()[:63].decode(errors="ignore").strip()


def documents(corpus: int) -> list[dict]:
    """A Dataset and a DataProduct with one of the corpus in everything that people write freely."""
    def text(field: str) -> str:
        return of(corpus, field)
    name = f"d{corpus}"
    schema = {"type": "record", "name": "R", "doc": text("schema"), "fields": [
        {"name": "id", "type": "long", "doc": text("doc")}, {"name": "said", "type": "string"}]}
    return [
        {"apiVersion": manifests.API, "kind": "Dataset", "metadata": {"name": name, "namespace": NAMESPACE, "annotations": {
            "note": text("annotation")}},
         "spec": {"owner": text("owner"), "description": text("description"), "type": "Event", "tags": [tag(corpus)],
                  "source": {"eventStoreName": "embedded", "topic": f"corpus.{name}",
                             "topicConfig": {"partitions": 1, "retention": "Forever"}}, "key": {"columns": ["id"], "from": "Value"},
                  "schema": {"format": "Avro", "subject": f"corpus.{name}-value", "definition": json.dumps(schema)},
                  "columns": [{"path": "said", "description": text("column"), "classification": "pii"}]}},
        {"apiVersion": manifests.API, "kind": "DataProduct", "metadata": {"name": f"p{corpus}", "namespace": NAMESPACE},
         "spec": {"owner": text("product owner"), "description": text("product description"),
                  "sql": f"SELECT id, said AS \"{text('alias')[:50].replace(chr(34), '')}\" FROM {name} -- {text('comment')}".replace("\u2028", ""),
                  "history": {"from": "Beginning"}}}]


@pytest.fixture(scope="module")
def world(server):
    server.cli.apply(manifests.namespace(NAMESPACE))
    for corpus in range(len(CORPUS)):
        server.cli.apply(*documents(corpus))
    server.cli.apply(manifests.product(NAMESPACE, "parks", "SELECT id, said FROM d0", class_name="sqlite"))
    for corpus in range(len(CORPUS)):
        eventually(lambda name=f"d{corpus}": server.cli.run(
            "produce", name, "-n", NAMESPACE, expect=None,
            stdin="".join(json.dumps({"id": n, "said": of(corpus, f"value {n}")}) + "\n" for n in range(3))).code == 0,
            30, "records are taken")
    Product(server, None, "", NAMESPACE, "parks").wait_live()
    park(server)
    return server


def park(server) -> None:
    """Rows that a trigger refuses in words that somebody else chose."""
    endpoint = server.cli.get("dataproduct", "parks", NAMESPACE)["status"]["endpoint"]
    with sqlite3.connect(endpoint["address"], timeout=30) as database:
        for corpus in range(len(CORPUS)):
            words = of(corpus, "error").replace("'", "''")
            database.execute(f"CREATE TRIGGER refuses_{corpus} BEFORE INSERT ON \"{endpoint['object']}__r1\" "
                             f"WHEN NEW.id = {1000 + corpus} BEGIN SELECT raise(ABORT, '{words}'); END")
    server.cli.run("produce", "d0", "-n", NAMESPACE, stdin="".join(
        json.dumps({"id": 1000 + corpus, "said": "refused"}) + "\n" for corpus in range(len(CORPUS))))
    Product(server, None, "", NAMESPACE, "parks").wait("Degraded", "True", "RecordsParked", timeout=30)


def pages() -> list[str]:
    found = ["/catalogue", "/catalogue?q=" + "%3Cimg%20src%3Dx%20onerror%3DofftakeTest('ran'%2C'q')%3E",
             "/catalogue?owner=%3Cscript%3EofftakeTest('ran'%2C'q')%3C%2Fscript%3E", "/products",
             f"/products/{NAMESPACE}/parks", f"/products/{NAMESPACE}/parks/parked", f"/products/{NAMESPACE}/parks/events",
             f"/products/{NAMESPACE}/parks/logs", "/catalogue/%3Csvg%20onload=offtakeTest('ran','path')%3E/x",
             "/products/%22%3E%3Csvg%20onload=offtakeTest('ran','path')%3E/x", "/platform/registry/%3Cimg%20src=x%3E"]
    for corpus in range(len(CORPUS)):
        found.append(f"/catalogue/{NAMESPACE}/d{corpus}")
        found.append(f"/products/{NAMESPACE}/p{corpus}")
    for tab in ("sample", "versions", "relationships", "products", "lineage"):
        found.append(f"/catalogue/{NAMESPACE}/d0/{tab}")
    for tab in ("lineage", "definition"):
        found.append(f"/products/{NAMESPACE}/p1/{tab}")
    return [*found, f"/request?dataset={NAMESPACE}/d1", f"/request?product={NAMESPACE}/p1",
            "/platform/registry/corpus.d0-value"]


def settled(page: Page) -> None:
    expect(page.get_by_role("heading", level=1).or_(page.get_by_role("heading", level=2)).first).to_be_visible()
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)


def assert_harmless(page: Page, path: str) -> None:
    made = page.evaluate("""() => [...document.querySelectorAll('*')].filter((each) =>
        [...each.attributes].some((attribute) => /^on/.test(attribute.name) || /^\\s*javascript:/i.test(attribute.value)) ||
        (each.localName === 'img' && each.getAttribute('src') === 'x') || each.localName === 'iframe' ||
        (each.localName === 'script' && !each.src)).map((each) => each.outerHTML.slice(0, 200))""")
    assert made == [], (path, made)


@pytest.mark.parametrize("third", range(3))
def test_nothing_that_people_write_is_run(chromium, world, third):
    with chromium.person(world) as person:
        page = person.sign_in()
        for path in pages()[third::3]:
            page.goto(path)
            settled(page)
            assert_harmless(page, path)
            person.assert_no_complaint()


def test_what_people_write_is_there_as_the_text_that_it_is(chromium, world):
    with chromium.person(world) as person:
        page = person.sign_in()
        for corpus in (0, 1, 6):
            page.goto(f"/catalogue/{NAMESPACE}/d{corpus}")
            for text in (*(of(corpus, field) for field in ("description", "owner", "column")), tag(corpus)):
                expect(page.locator("main")).to_contain_text(text)
        page.goto(f"/products/{NAMESPACE}/parks/parked")
        for corpus in (0, 1, 6):
            expect(page.get_by_role("table", name="Parked records")).to_contain_text(of(corpus, "error"))


def test_what_is_typed_is_not_run_either(chromium, world):
    with chromium.person(world) as person:
        page = person.sign_in()
        for corpus in range(len(CORPUS)):
            page.get_by_role("searchbox", name="Search datasets").fill(of(corpus, "search"))
            expect(page.get_by_role("status").first).to_have_text(re.compile("dataset"))
            assert_harmless(page, "search")
        page.goto(f"/request?dataset={NAMESPACE}/d1")
        expect(page.get_by_role("textbox", name="Owner")).to_be_visible()
        for corpus in range(len(CORPUS)):
            for name in ("Owner", "What one row means", "Table", "Namespace", "Name"):
                page.get_by_role("textbox", name=name, exact=True).fill(of(corpus, name))
            page.get_by_role("button", name="Preview", exact=True).click()
            expect(page.get_by_role("alert").filter(has_text=re.compile("could not|refused", re.I)).or_(
                page.locator(".request-result-body .note, .request-result-body table")).first).to_be_visible()
            assert_harmless(page, "request")
        page.get_by_role("radio", name="YAML").click()
        expect(page.locator(".cm-content")).to_contain_text("kind: DataProduct")
        assert_harmless(page, "request, YAML")


@pytest.mark.parametrize("attempt, directive", [
    ("const it = document.createElement('script'); it.textContent = \"offtakeTest('ran', 'inline')\"; document.head.append(it)",
     "script-src"),
    ("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\" onerror=\"offtakeTest(1, 2)\">')", "script-src"),
    ("const it = document.createElement('a'); it.href = \"javascript:offtakeTest('ran', 'link')\"; document.body.append(it); "
     "it.click()", "script-src"),
    ("const it = document.createElement('script'); it.src = 'data:text/javascript,offtakeTest(1,2)'; document.head.append(it)",
     "script-src"),
    ("setTimeout(\"offtakeTest('ran', 'text')\", 0)", "script-src"),
    ("fetch('http://localhost:9/').catch(() => {})", "connect-src"),
    ("const it = document.createElement('style'); it.textContent = 'body { color: red }'; document.head.append(it)",
     "style-src"),
    ("const it = document.createElement('form'); it.action = 'http://localhost:9/'; document.body.append(it); it.submit()",
     "form-action"),
    ("const it = document.createElement('base'); it.href = 'http://localhost:9/'; document.head.append(it)", "base-uri"),
    ("document.body.insertAdjacentHTML('beforeend', '<iframe src=\"http://localhost:9/\"></iframe>')", "frame-src"),
], ids=["inline script", "handler", "link", "data script", "text as code", "fetch", "style", "form", "base", "frame"])
def test_the_policy_stops_what_would_come_in_by_another_way(chromium, world, attempt, directive):
    with chromium.person(world) as person:
        page = person.sign_in()
        page.evaluate(f"() => {{ {attempt} }}")
        stopped = eventually(lambda: waited(page, [each for each in person.complaints if each.startswith("policy: ")]), 10,
                             "the browser reports it")
        assert stopped[0].startswith(f"policy: {directive}"), person.complaints
        assert not [each for each in person.complaints if each.startswith(("ran", "1"))], person.complaints
        person.complaints.clear()


def waited(page: Page, value):
    """Events of the browser come in while it is talked to."""
    page.wait_for_timeout(50)
    return value


class Stranger(http.server.BaseHTTPRequestHandler):
    """A site of somebody else that would show the console as a part of itself."""

    def __init__(self, console: str, *arguments):
        self.console = console
        super().__init__(*arguments)

    def do_GET(self):
        body = f"<!doctype html><h1>Stranger</h1><iframe src='{self.console}/catalogue'></iframe>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_nobody_frames_it(chromium, world):
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Stranger, world.url))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with chromium.person(world) as person:
        person.sign_in()
        page = person.tab(f"http://127.0.0.1:{site.server_port}/")
        expect(page.get_by_role("heading", name="Stranger")).to_be_visible()
        frame = eventually(lambda: waited(page, [each for each in page.frames if each != page.main_frame]), 10, "a frame")[0]
        assert eventually(lambda: waited(page, frame.url.startswith("chrome-error:")), 10, "it shows nothing")
        refused = [each for each in person.complaints if "frame" in each.lower()]
        assert refused == person.complaints and refused, person.complaints
        person.complaints.clear()
    site.shutdown()
    site.server_close()


def test_no_address_has_a_secret_and_nothing_in_the_page_does(chromium, world):
    with chromium.person(world) as person:
        link = console_link(world)
        code = link.rpartition("=")[2]
        page = person.tab(link)
        expect(page.get_by_role("heading", level=1, name="Catalogue")).to_be_visible()
        for path in ("/products", f"/products/{NAMESPACE}/parks", "/request", "/platform"):
            page.goto(path)
            settled(page)
        secrets = [world.token, *[cookie["value"] for cookie in person.context.cookies()],
                   page.evaluate("fetch('/offtake/v1/session').then((answer) => answer.json()).then((it) => it.csrf)")]
        for address in person.addresses:
            assert not any(secret in address for secret in secrets), address
        # The link itself is the only one that has the code, and nowhere to be gone back to.
        assert [each for each in person.addresses if code in each] in ([], [link])
        for _ in range(4):
            page.go_back()
        assert code not in page.url
        [cookie] = person.context.cookies()
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
        assert page.evaluate("document.cookie") == ""
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert not any(secret in kept for secret in [*secrets, code])
    with chromium.person(world) as another:
        page = another.tab(link)
        expect(page.get_by_role("heading", name="Sign in to Offtake")).to_be_visible()
        expect(page.get_by_role("alert")).to_be_visible()  # it worked once
        assert code not in page.url

"""The console's files and sessions as a browser meets them: what is served in which encoding and under which policy,
and who is let in."""

import gzip
import http.client
import json
import os
import pty
import re
import signal
import subprocess

import httpx
import pytest

from support import manifests, paths
from support.browser import BROWSER, Browser
from support.children import free_ports
from support.offtake import Server

pytestmark = pytest.mark.embedded
ASSET = re.compile(r'(?:src|href)="(/assets/[^"]+)"')


@pytest.fixture(scope="module")
def page(server):
    answer = httpx.get(server.url + "/", headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return answer


def policy(answer: httpx.Response) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: value for name, _, value in parts}


def test_every_page_of_the_application_is_the_same_file_with_a_nonce_of_its_own(server, page):
    nonces = set()
    for path in ("/", "/datasets/retail/orders", "/sign-in", "/products?owner=me", "/index.html"):
        answer = httpx.get(server.url + path, headers=BROWSER)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8", path
        rules = policy(answer)
        nonce = re.fullmatch(r"'self' 'nonce-([A-Za-z0-9+/=]{24})'", rules["style-src"])[1]
        nonces.add(nonce)
        assert "OFFTAKE_CSP_NONCE" not in answer.text
        assert answer.text.replace(nonce, "N") == page.text.replace(re.search(r"nonce-([^']+)'", page.headers[
            "Content-Security-Policy"])[1], "N")
        assert f'property="csp-nonce" nonce="{nonce}"' in answer.text
        assert rules["default-src"] == "'none'" and rules["script-src"] == "'self'" and rules["connect-src"] == "'self'"
        assert rules["frame-ancestors"] == "'none'" and rules["base-uri"] == "'none'"
        assert answer.headers["Cache-Control"] == "no-store"
        for name, value in {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
                            "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
                            "Cross-Origin-Resource-Policy": "same-origin"}.items():
            assert answer.headers[name] == value
    assert len(nonces) == 5


def test_the_page_has_nothing_inline(page):
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page.text)
    assert not re.search(r"\son[a-z]+=|javascript:|<style", page.text)


def test_head_says_what_get_says(server, page):
    for path in ("/", ASSET.findall(page.text)[0]):
        got = httpx.get(server.url + path, headers=BROWSER)
        head = httpx.head(server.url + path, headers=BROWSER)
        assert head.status_code == 200 and head.content == b""
        without = {"date", "content-security-policy"}
        assert {k: v for k, v in head.headers.items() if k not in without} == \
               {k: v for k, v in got.headers.items() if k not in without}


def raw(server, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Without a client's own decoding and its own idea of a path."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("GET", path, skip_accept_encoding=True, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def brotli_decoded(body: bytes) -> bytes:
    node = paths.ROOT / "web/node_modules/.bin/node"
    script = ("const b=[];process.stdin.on('data',d=>b.push(d)).on('end',()=>process.stdout.write("
              "require('zlib').brotliDecompressSync(Buffer.concat(b))))")
    return subprocess.run([node, "-e", script], input=body, stdout=subprocess.PIPE, check=True).stdout


def test_assets_are_one_content_in_three_encodings_kept_for_a_year(server, page):
    assets = ASSET.findall(page.text)
    assert any(path.endswith(".js") for path in assets) and any(path.endswith(".css") for path in assets)
    for path in assets:
        status, headers, plain = raw(server, path)
        assert status == 200 and headers["Content-Encoding"] is None
        tags, sizes = {headers["ETag"]}, [len(plain)]
        for encoding, decode in (("gzip", gzip.decompress), ("br", brotli_decoded)):
            status, headers, body = raw(server, path, Accept_Encoding=encoding)
            if headers["Content-Encoding"] is None:
                assert len(plain) < 2000  # too small to become smaller
                continue
            assert headers["Content-Encoding"] == encoding
            assert decode(body) == plain
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert headers["Vary"] == "Accept-Encoding"
            tags.add(headers["ETag"])
            sizes.append(len(body))
            status, again, body = raw(server, path, Accept_Encoding=encoding, If_None_Match=headers["ETag"])
            assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
        assert len(tags) == len(sizes) and sizes == sorted(sizes, reverse=True)
        status, headers, _ = raw(server, path, Accept_Encoding="gzip, deflate, br, zstd")
        assert headers["Content-Encoding"] in ("br", None)
    types = {path.rsplit(".", 1)[1]: raw(server, path)[1]["Content-Type"] for path in assets}
    assert types["js"] == "text/javascript; charset=utf-8" and types["css"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("path", [
    "/assets/none.js", "/assets/", "/assets", "/assets/../index.html", "/assets/..%2findex.html", "/assets/%2e%2e/%2e%2e/etc/passwd",
    "/assets//etc/passwd", "/assets/%00", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%5c..%5cetc",
    "/assets/%", "/no/such/page.json"])
def test_names_that_lead_nowhere(server, path):
    status, headers, body = raw(server, path)
    assert status in (400, 404), body
    assert b"root:" not in body and b"<div" not in body
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/apis/nothing", "/apis/offtake.dev/v1alpha1/nothing", "/api/v2", "/openapi/v9",
                                  "/offtake/v1/nothing", "/registry/nothing", "/metrics/x", "/healthz/x", "/version/x"])
def test_paths_of_the_api_are_no_pages(server, path):
    for accept in ("application/json", "text/html"):
        answer = server.http("GET", path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert "html" not in answer.headers["Content-Type"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        if path.startswith("/api"):
            assert answer.json()["kind"] == "Status"
    assert server.http("POST", path, json={}).status_code in (404, 405)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7070", "127.0.0.1.evil.example", "10.1.2.3", ""])
def test_a_name_that_was_made_to_lead_here_is_refused(server, host):
    for path in ("/", "/assets/x.js", "/apis", "/offtake/v1/session", "/registry/subjects"):
        status, _, body = raw(server, path, Host=host, Accept="text/html", Authorization=f"Bearer {server.token}")
        assert status in (400, 403), (path, body)
        assert b"<div" not in body


def test_a_name_that_a_proxy_gives_it(_scratch):
    proxied = Server(_scratch / "console-host", OFFTAKE_CONSOLE_HOST="data.example,other.example").start()
    try:
        for host in ("data.example", "other.example:443", "localhost", "127.0.0.1"):
            assert raw(proxied, "/", Host=host, Accept="text/html")[0] == 200
        assert raw(proxied, "/", Host="evil.example", Accept="text/html")[0] == 403
        # Behind TLS the cookie is for TLS alone.
        answer = httpx.post(proxied.url + "/offtake/v1/session", json={"token": proxied.token},
                            headers={"Host": "data.example", "Origin": "https://data.example"})
        assert answer.status_code == 200 and answer.headers["Set-Cookie"].endswith("; Secure")
    finally:
        proxied.close()


# --- sessions


def test_signing_in_by_token_and_out(server):
    browser = Browser(server)
    answer = browser.client.get("/offtake/v1/session")
    assert answer.status_code == 401 and answer.json()["reason"] == "Unauthorized"
    assert browser.client.get("/apis/offtake.dev/v1alpha1/datasets").status_code == 401
    answer = browser.sign_in()
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    cookie = answer.headers["Set-Cookie"]
    assert re.fullmatch(r"offtake_session_[0-9a-f]{8}=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=\d+", cookie)
    assert server.token not in cookie and server.token not in answer.text
    document = answer.json()
    assert document["user"] == {"name": "admin"} and document["method"] == "session"
    assert browser.client.get("/offtake/v1/session").json()["csrf"] == document["csrf"]
    assert browser.client.get("/apis/offtake.dev/v1alpha1/datasets").status_code == 200
    assert browser.client.delete("/offtake/v1/session").status_code == 403
    kept = dict(browser.client.cookies)
    assert browser.send("DELETE", "/offtake/v1/session").status_code == 204
    assert not browser.client.cookies
    # Not only forgotten by the browser.
    assert httpx.get(server.url + "/offtake/v1/session", cookies=kept).status_code == 401
    assert server.http("GET", "/offtake/v1/session").json()["method"] == "token"


def test_a_link_signs_in_once_and_holds_no_token(server):
    outcome = server.cli.run("console", "--no-open")
    link = outcome.stdout.strip()
    found = re.fullmatch(re.escape(server.url) + r"/sign-in#code=([A-Za-z0-9_-]{43})", link)
    assert found, outcome
    assert server.token not in outcome.text
    browser = Browser(server)
    assert browser.sign_in(code=found[1]).status_code == 200
    assert browser.client.get("/apis").status_code == 200
    again = Browser(server).sign_in(code=found[1])
    assert again.status_code == 401 and "offtake console" in again.json()["message"]
    assert found[1] not in server.child.output()
    # Who has no session gives nobody a link.
    assert httpx.post(server.url + "/offtake/v1/session/codes").status_code == 401


def test_a_session_outlives_kill_9(server):
    browser = Browser(server)
    browser.sign_in()
    server.restart()
    assert browser.client.get("/offtake/v1/session").json()["csrf"] == browser.csrf
    assert browser.send("DELETE", "/offtake/v1/session").status_code == 204
    server.restart()
    assert browser.client.get("/offtake/v1/session").status_code == 401
    for folder in (server.data, server.folder):
        for file in folder.glob("*"):
            if file.is_file() and file.name not in ("resources.db", "registry.db"):
                assert browser.csrf not in file.read_text(errors="replace"), file


@pytest.mark.parametrize("body, type_, status", [
    ('{"token": "x"', "application/json", 400), ("[]", "application/json", 400), ("{}", "application/json", 400),
    ('{"token": "a", "code": "b"}', "application/json", 400), ('{"token": 1}', "application/json", 400),
    ('{"token": "x"}', "text/plain", 415), ("token=x", "application/x-www-form-urlencoded", 415),
    ('{"token": "x"}', None, 415), (json.dumps({"token": "x" * 20_000}), "application/json", 413)])
def test_what_is_no_sign_in(server, body, type_, status):
    headers = {"Content-Type": type_} if type_ else {}
    answer = httpx.post(server.url + "/offtake/v1/session", content=body, headers=headers)
    assert answer.status_code == status and "Set-Cookie" not in answer.headers


def test_other_sites_can_neither_sign_in_nor_act(server):
    browser = Browser(server)
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": f"http://localhost:{server.port}"}):
        answer = browser.client.post("/offtake/v1/session", json={"token": server.token}, headers=headers)
        assert answer.status_code == 403, headers
    browser.sign_in()
    for name, options in {
            "no word of the page": {"headers": {"Origin": server.url}},
            "another session's word": {"headers": {"Origin": server.url, "X-Offtake-CSRF": "0" * 64}},
            "no origin": {"headers": {"X-Offtake-CSRF": browser.csrf}},
            "another origin": {"headers": {"X-Offtake-CSRF": browser.csrf, "Origin": "http://evil.example"}},
            "another port": {"headers": {"X-Offtake-CSRF": browser.csrf, "Origin": "http://127.0.0.1:1",
                                         "Sec-Fetch-Site": "same-site"}},
            "a form": {"headers": {"Content-Type": "text/plain", "Origin": server.url}}}.items():
        for method, path in (("POST", "/api/v1/namespaces"), ("DELETE", "/api/v1/namespaces/default"),
                             ("PATCH", "/api/v1/namespaces/default"), ("PUT", "/api/v1/namespaces/default"),
                             ("DELETE", "/offtake/v1/session"), ("POST", "/offtake/v1/session/codes")):
            answer = browser.client.request(method, path, content=json.dumps(manifests.namespace("stolen")), **options)
            assert answer.status_code == 403, (name, method, path, answer.text)
    assert server.cli.get("namespace", "stolen", None) is None
    # Reading from a page of another port of this host: its browser says so.
    for site in ("same-site", "cross-site"):
        assert browser.client.get("/api/v1/namespaces", headers={"Sec-Fetch-Site": site}).status_code == 403
    answer = browser.send("POST", "/api/v1/namespaces", json=manifests.namespace("wanted"))
    assert answer.status_code == 201, answer.text


def reasons(answer: httpx.Response) -> list[str]:
    return [cause["reason"] for cause in answer.json()["details"].get("causes", [])]


def test_a_page_knows_that_its_word_is_of_an_earlier_session(server):
    browser = Browser(server)
    browser.sign_in()
    before = browser.csrf
    browser.sign_in()
    stale = {"Origin": server.url, "X-Offtake-CSRF": before}
    answer = browser.client.post("/api/v1/namespaces", json=manifests.namespace("renewed"), headers=stale)
    assert answer.status_code == 403 and answer.json()["reason"] == "Forbidden" and reasons(answer) == ["CsrfStale"]
    # Of another site nothing is said that would help it.
    answer = browser.client.post("/api/v1/namespaces", json=manifests.namespace("renewed"),
                                 headers={**stale, "Origin": "http://evil.example"})
    assert answer.status_code == 403 and reasons(answer) == []
    now = {**stale, "X-Offtake-CSRF": browser.client.get("/offtake/v1/session").json()["csrf"]}
    answer = browser.client.post("/api/v1/namespaces", json=manifests.namespace("renewed"), headers=now)
    assert answer.status_code == 201, answer.text


def test_a_browser_is_not_asked_by_the_registry(_scratch):
    """Beyond loopback the registry wants credentials: of a browser the session's."""
    wide = Server(_scratch / "console-wide", host="0.0.0.0").start()
    wide.host = "127.0.0.1"
    try:
        browser = Browser(wide)
        refused = browser.client.get("/registry/subjects", headers={"Sec-Fetch-Site": "same-origin"})
        assert refused.status_code == 401 and "WWW-Authenticate" not in refused.headers
        assert browser.sign_in().status_code == 200
        assert browser.client.get("/registry/subjects").json() == []
        assert raw(wide, "/", Host="evil.example", Accept="text/html")[0] == 403
    finally:
        wide.close()


def test_who_guesses_is_held_up(_scratch):
    """On a server of its own: all of this machine is one address."""
    guessed = Server(_scratch / "console-guess").start()
    try:
        for _ in range(10):
            assert Browser(guessed).sign_in(token="wrong" * 5).status_code == 401
        refused = Browser(guessed).sign_in()
        assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 61
        # Those who are in stay in.
        assert guessed.http("GET", "/api/v1/namespaces").status_code == 200
    finally:
        guessed.close()


def test_serve_prints_a_link_on_a_terminal(_scratch):
    """Where somebody reads along; a log that is kept has none."""
    folder = _scratch / "console-terminal"
    folder.mkdir()
    (port,) = free_ports(1)
    mine, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OFFTAKE_")}
    log = (folder / "serve.log").open("wb")
    child = subprocess.Popen([paths.offtake_binary(), "serve", "--data-dir", folder / "data", "--listen", f"127.0.0.1:{port}"],
                             stdin=theirs, stdout=theirs, stderr=log,
                             env={**environment, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")})
    os.close(theirs)
    try:
        shown = ""
        while "another such link" not in shown:
            shown += os.read(mine, 65536).decode()
        code = re.search(rf"http://127\.0\.0\.1:{port}/sign-in#code=([A-Za-z0-9_-]{{43}})\r?\n", shown)[1]
        answer = httpx.post(f"http://127.0.0.1:{port}/offtake/v1/session", json={"code": code})
        assert answer.status_code == 200
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 0
        os.close(mine)
        log.close()
    assert code not in (folder / "serve.log").read_text()


def test_the_demo_opens_with_a_link(tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OFFTAKE_")}
    child = subprocess.Popen([paths.offtake_binary(), "demo", "--events", "4200", "--data-dir", tmp_path / "data"],
                             stdout=subprocess.PIPE, text=True, cwd=tmp_path,
                             env={**environment, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"),
                                  "NO_COLOR": "1"})
    try:
        before = []
        for line in child.stdout:
            found = re.fullmatch(r"  (http://127\.0\.0\.1:\d+)/sign-in#code=(\S{43})\n", line)
            if found:
                break
            before.append(line)
        assert found and len(before) < 10, before
        url, code = found.groups()
        answer = httpx.post(url + "/offtake/v1/session", json={"code": code})
        assert answer.status_code == 200
        assert httpx.get(url + "/api/v1/namespaces", cookies=answer.cookies).status_code == 200
        # What it says of other terminals is said by the time that all is live.
        shown = next(line for line in child.stdout if " console " in line)
        assert "signs a browser in" in shown
    finally:
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
        assert child.wait(60) == 0

"""Credentials of receivers and functions: used as they should be, and nowhere to be read, whatever goes wrong: no file
but the worker's secrets, no log, condition, event, plan, API answer, argument list or topic."""

import base64
import hashlib
import hmac
import json
import os
import sys

import pytest
import yaml

from support import manifests
from support.children import eventually
from support.push import Service, World, answer, journal

PAYMENTS = "SELECT payment_id, amount_cents FROM payments"
TOKEN, NEW_TOKEN = "bearer-7f3a91c2-of-the-tests", "bearer-0be55d10-its-successor"
USER, PASSWORD = "teller", "basic-c04d7e55-of-the-tests"
KEY = b"hmac-51d0aa9e-of-the-tests-32byt"
ENV = "env-2b8e6f04-of-the-tests"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SIGNING = base64.b64encode(KEY).decode()
NEEDLES = [TOKEN, NEW_TOKEN, PASSWORD, BASIC, KEY.decode(), SIGNING, ENV,
           *(base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] for secret in (TOKEN, NEW_TOKEN, PASSWORD, ENV))]

FUNCTION = """
import http.server, os, sys
secret = os.environ["SECRET"]
if os.environ["WAY"] == "blurts":
    print("cannot log in with", secret, file=sys.stderr); sys.exit(1)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500); self.send_header("Secret", secret)
        self.send_header("Content-Length", str(len(secret))); self.end_headers()
        self.wfile.write(secret.encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def world(kafka, postgres, server):
    world = World(kafka, postgres, server, "credentials", history=100)
    server.cli.apply(manifests.secret("bearer", world.namespace, token=TOKEN),
                     manifests.secret("basic", world.namespace, username=USER, password=PASSWORD),
                     manifests.secret("signed", world.namespace, signingKey="whsec_" + SIGNING),
                     manifests.secret("env", world.namespace, value=ENV))
    return world


def shows_who_it_is(way: str, message, token: str = TOKEN) -> bool:
    if way == "bearer":
        return message.headers.get("Authorization") == f"Bearer {token}"
    if way == "basic":
        return message.headers.get("Authorization") == f"Basic {BASIC}"
    signed = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    right = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    return message.headers["webhook-signature"] == f"v1,{right}" and message.headers["webhook-id"] == message.id


def function_product(world, tmp_path, way: str) -> dict:
    script = tmp_path / "function.py"
    script.write_text(FUNCTION)
    env = [{"name": "WAY", "value": way},
           {"name": "SECRET", "secretKeyRef": {"name": "env", "key": "value"}}]
    return dict(class_name="functions", key=["payment_id"], history="Now", delivery=IMPATIENT,
                target={"function": {"command": [sys.executable, str(script)], "env": env}})


IMPATIENT = {"answerTimeout": "1s", "retry": {"maxDelay": "1s", "maxAttempts": 1000}}


def test_credentials_are_shown_to_the_receiver_alone(world, tmp_path):
    ways = ("bearer", "basic", "signed")
    services = {way: Service() for way in ways}
    products = {way: world.sent_to(service, way, PAYMENTS, key=["payment_id"], delivery=IMPATIENT,
                                   http={"authSecretRef": {"name": way}})
                for way, service in services.items()}
    functions = {way: world.product(way, PAYMENTS, **function_product(world, tmp_path, way))
                 for way in ("blurts", "echoes")}
    for product in (*products.values(), *functions.values()):
        product.wait_live()

    lot = set(range(world.data.payments, world.data.payments + 10))
    world.data.add(10)
    for way, service in services.items():
        eventually(lambda: lot <= set(service.subjects()), 30, f"{way}: all came")
        assert all(shows_who_it_is(way, message) for message in service.messages()), way
    blurted = functions["blurts"].wait("Stalled", "True", "FunctionFailed", timeout=30)["message"]
    assert "cannot log in with ***" in blurted, blurted
    functions["echoes"].wait("Stalled", "True", "ReceiverBusy", timeout=30)

    # Everything goes wrong, and the receivers say all they know.
    elsewhere = Service()
    for status, reason in ((401, "ReceiverRefuses"), (503, "ReceiverBusy"), (307, "RedirectRefused")):
        for way, service in services.items():
            def tells(handler, message, status=status):
                secret = message.headers.get("Authorization", SIGNING)
                handler.say(status, body=secret.encode(), WWW_Authenticate=secret,
                            Location=f"{elsewhere.url}/in?token={secret.replace(' ', '+')}")
            service.behave = tells
        world.data.add(5)
        for way, product in products.items():
            product.wait("Stalled", "True", reason, timeout=90)
            assert_clean(f"{way}, {status}", json.dumps(product.get()))
    for product in (*products.values(), *functions.values()):
        ask_for(world, product)
    look_at_files(world)
    look_at_processes()
    assert elsewhere.messages() == []

    # A secret that is replaced counts from then on.
    world.server.cli.apply(manifests.secret("bearer", world.namespace, token=NEW_TOKEN))
    before = len(services["bearer"].messages())
    for way, service in services.items():
        service.behave = lambda handler, message, way=way: handler.say(
            204 if shows_who_it_is(way, message, NEW_TOKEN) else 401)
    lot = set(range(world.data.payments, world.data.payments + 5))
    world.data.add(5)
    for way, service in services.items():
        eventually(lambda: lot <= {int(m.subject) for m in service.taken()}, 90, f"{way}: all were taken", interval=0.2)
    assert shows_who_it_is("bearer", services["bearer"].messages()[-1], NEW_TOKEN) and before
    look_at_files(world)
    world.remove(*products, *functions)
    for service in (*services.values(), elsewhere):
        service.close()


def assert_clean(place, text: str | bytes) -> None:
    data = text.encode() if isinstance(text, str) else text
    found = [needle for needle in NEEDLES if needle.encode() in data]
    assert not found, f"{place} holds {found}"


def ask_for(world, product) -> None:
    """All that a user can ask for about the product, and what it keeps in its event store."""
    server, where = world.server, ("-n", product.namespace)
    for arguments in (("get", "dataproduct", product.name, "-o", "yaml"), ("describe", "dataproduct", product.name),
                      ("logs", product.name)):
        assert_clean(arguments, server.cli.run(*arguments, *where).text)
    spec = product.get()
    document = {"apiVersion": spec["apiVersion"], "kind": spec["kind"],
                "metadata": {"name": product.name, "namespace": product.namespace},
                "spec": {**spec["spec"], "description": "changed"}}
    for arguments in (("plan",), ("plan", "-o", "json"), ("preview", "--limit", "1")):
        told = server.cli.run(*arguments, "-f", "-", stdin=yaml.safe_dump(document), expect=None)
        assert told.code in (0, 3), told
        assert_clean(arguments, told.text)
    base = f"/apis/view.offtake.dev/v1alpha1/namespaces/{product.namespace}/dataproducts/{product.name}"
    for path in (base + "/plan", base + "/progress", base + "/logs", "/metrics"):
        told = server.http("GET", path)
        assert told.status_code == 200, told.text
        assert_clean(path, told.text)
    assert_clean("the journal", json.dumps({k: v.decode(errors="replace") for k, v in
                                            journal(world.kafka, product).items()}))
    if product.name != "blurts" and "function" in spec["spec"]["target"]:
        assert_clean("logs --function", server.cli.run("logs", product.name, "--function", *where).text)


def look_at_files(world) -> None:
    """Secrets in the resource store are sealed; what a function prints is its own affair."""
    server, seen = world.server, 0
    for path in [*server.folder.glob("serve-*.log"), *server.data.rglob("*")]:
        if not path.is_file() or "secrets" in path.relative_to(server.folder).parts or path.name == "function.log":
            continue
        try:
            assert_clean(path, path.read_bytes())
            seen += 1
        except FileNotFoundError:
            continue  # gone since
    files = [path for path in server.data.glob("run/*/r*/secrets/**/*") if path.is_file()]
    assert seen > 20 and len(files) >= 6, (seen, files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files), files


def look_at_processes() -> None:
    for entry in filter(str.isdigit, os.listdir("/proc")):
        for file in ("cmdline", "environ"):
            try:
                data = open(f"/proc/{entry}/{file}", "rb").read()
            except OSError:
                continue
            # A function is given its secrets by its environment, and nobody else's holds one.
            if file == "cmdline" or b"OFFTAKE_FUNCTION=" not in data:
                assert_clean(f"/proc/{entry}/{file}", data)

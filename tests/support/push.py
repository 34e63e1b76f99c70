"""Products whose rows are sent: the world they live in, and receivers over HTTP whose behaviour a test sets."""

import collections
import dataclasses
import datetime
import http.server
import json
import socket
import socketserver
import threading
import time

from support import manifests
from support.children import eventually
from support.kafka import Kafka
from support.payments import Payments
from support.products import Product


class World:
    """A namespace with the payments of support/payments.py, and the class `functions`."""

    def __init__(self, kafka, postgres, server, name: str, history: int):
        """`name`: of the namespace and the database, and the prefix of the topics."""
        self.kafka, self.postgres, self.server, self.namespace, self.database = kafka, postgres, server, name, name
        postgres.create_database(self.database)
        self.data = Payments(kafka, server.registry_url, name)
        self.data.fill(history)
        server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(name),
                         *manifests.event_store(kafka), *manifests.target_class(postgres, self.database),
                         push_class("functions", "function", {"local": {}}), *self.data.datasets(name))

    def product(self, name: str, sql: str, **spec) -> Product:
        self.server.cli.apply(manifests.product(self.namespace, name, sql, **spec))
        return Product(self.server, self.postgres, self.database, self.namespace, name)

    def sent_to(self, service: "Service", name: str, sql: str, **spec) -> Product:
        """A product whose rows are sent to the service, from now on. `http`: members of its target."""
        self.server.cli.apply(push_class(f"to-{name}", "http", {"external": {"url": service.url}}))
        spec = {"history": "Now", **spec}
        http = {"url": service.url + "/in", **spec.pop("http", {})}
        return self.product(name, sql, class_name=f"to-{name}", target={"http": http}, **spec)

    def remove(self, *names: str) -> None:
        for name in names:
            self.server.cli.delete("dataproduct", name, self.namespace)
        for name in names:
            eventually(lambda: self.server.cli.get("dataproduct", name, self.namespace) is None, 30, f"{name} is gone")


def push_class(name: str, engine: str, provisioner: dict) -> dict:
    return {"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": name},
            "spec": {"engine": engine, "description": "A receiver", "provisioner": provisioner}}


def wait_complete(product: Product) -> None:
    """Until all that was written before this call is taken in."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def check():
        revisions = product.server.http("GET", f"/apis/view.offtake.dev/v1alpha1/namespaces/{product.namespace}"
                                        f"/dataproducts/{product.name}/progress").json()["revisions"]
        through = revisions[-1]["completeThrough"]
        assert datetime.datetime.fromisoformat(through.replace("Z", "+00:00")) > now, (through, now)
        return True
    eventually(check, 60, f"{product} has read all", interval=0.2)


def journal(kafka: Kafka, product: Product) -> dict[str, bytes]:
    """What the product keeps beside its event store's other topics: the latest value of each key."""
    found = {}
    for message in kafka.read(f"_offtake.state.{product.uid}"):
        if message.value() is None:
            found.pop(message.key().decode(), None)
        else:
            found[message.key().decode()] = message.value()
    return found


def unsent(kafka: Kafka, product: Product) -> list[dict]:
    """The messages that were not taken, those of a key in their order."""
    return [json.loads(value) for key, value in sorted(journal(kafka, product).items()) if key.startswith("retry/")]


@dataclasses.dataclass
class Message:
    id: str
    type: str  # created, updated, deleted
    subject: str
    data: dict
    headers: dict
    body: bytes
    at: float
    status: int | None = None  # what it was answered


class Service:
    """A receiver of CloudEvents in binary mode. `behave(handler, message)` answers, by `handler.say` or otherwise."""

    def __init__(self, host: str = "127.0.0.1"):
        """`host`: the address it listens on, as that of this machine for pods of a cluster."""
        self.host = host
        self._lock = threading.Lock()
        self.seen: list[Message] = []
        self.behave = take
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.message = Message(self.headers["ce-id"], self.headers["ce-type"].rsplit(".", 1)[-1],
                                       self.headers["ce-subject"], json.loads(body), dict(self.headers), body,
                                       time.monotonic())
                with service._lock:
                    service.seen.append(self.message)
                service.behave(self, self.message)

            def say(self, status: int, body: bytes = b"", **headers):
                self.message.status = status
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *arguments):
                pass

        class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 256
            allow_reuse_address = True

            def process_request(self, request, client_address):
                with service._lock:
                    service._connections.add(request)
                super().process_request(request, client_address)

            def shutdown_request(self, request):
                with service._lock:
                    service._connections.discard(request)
                super().shutdown_request(request)

            def handle_error(self, request, client_address):
                pass  # a sender that was killed, or a connection that was cut

        self._connections: set[socket.socket] = set()
        self._make = lambda port: Listener((host, port), Handler)
        self._server = self._place = None
        self.port = 0
        self.come_back()
        self.url = f"http://{host}:{self.port}"

    def come_back(self) -> None:
        if self._place is not None:
            self._place.close()
        self._server = self._make(self.port)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def go_away(self) -> None:
        """Nobody listens there any more, and every connection is cut."""
        self._server.shutdown()
        self._server.server_close()
        self._place = socket.socket()  # bound and no listener: refused, and the port is nobody else's
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._place.bind((self.host, self.port))
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def messages(self) -> list[Message]:
        with self._lock:
            return list(self.seen)

    def taken(self) -> list[Message]:
        """Those that it answered well, each id once, in the order in which they came."""
        return list({m.id: m for m in self.messages() if m.status is not None and m.status < 300}.values())

    def subjects(self, type_: str = "created") -> collections.Counter:
        """How often a message of that type came for each key, whatever was answered."""
        return collections.Counter(int(m.subject) for m in self.messages() if m.type == type_)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def take(handler, message) -> None:
    handler.say(204)


def answer(status: int, **headers):
    return lambda handler, message: handler.say(status, **headers)


class Hang:
    """A behaviour: no answer, until it is over."""

    def __init__(self):
        self.over = threading.Event()

    def __call__(self, handler, message) -> None:
        self.over.wait()
        handler.close_connection = True  # who asked has long gone

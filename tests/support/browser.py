"""A browser's side of the console: cookies, the page's own origin, and streams of server-sent events."""

import json
import threading

import httpx

from support import sanitizers
from support.children import eventually
from support.offtake import Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, deflate, br"}


class Browser:
    """Someone at the console of a server. Without signing in it has no session."""

    def __init__(self, server: Server):
        self.server = server
        self.client = httpx.Client(base_url=server.url, timeout=30, headers=BROWSER)
        self.csrf = ""

    def sign_in(self, **credentials: str) -> httpx.Response:
        """`token` or `code`; the installation's token when none is given."""
        answer = self.client.post("/offtake/v1/session", json=credentials or {"token": self.server.token},
                                  headers=self.of_page())
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer

    def of_page(self, **headers: str) -> dict:
        """What a fetch of our own page carries."""
        return {"Origin": self.server.url, "Sec-Fetch-Site": "same-origin", **headers}

    def send(self, method: str, path: str, **options) -> httpx.Response:
        headers = {**self.of_page(), "X-Offtake-CSRF": self.csrf, **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)


class Stream:
    """Follows topics in a thread, as EventSource does, until it ends or is closed."""

    def __init__(self, server: Server, topics: str, client: httpx.Client | None = None, last_id: str | None = None):
        self._client = client or httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"})
        self._headers = {"Last-Event-ID": last_id} if last_id else {}
        self._changed = threading.Condition()
        self.events: list[dict] = []  # {"event", "id", "data"}
        self.comments = 0
        self.ended = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, args=(topics,), daemon=True)
        self._thread.start()
        self.first = self.wait(lambda event: event["event"] in ("ready", "reset"))

    def _run(self, topics: str) -> None:
        try:
            with self._client.stream("GET", "/offtake/v1/stream", params={"topics": topics}, headers=self._headers,
                                     timeout=httpx.Timeout(10, read=40 * sanitizers.patience())) as answer:
                assert answer.status_code == 200, answer.read()
                fields: dict[str, str] = {}
                for line in answer.iter_lines():
                    if self._closing:
                        return
                    if line:
                        name, _, value = line.partition(": ")
                        fields[name] = value
                    elif "data" in fields:
                        with self._changed:
                            self.events.append({"event": fields.get("event"), "id": fields.get("id"),
                                                "data": json.loads(fields["data"])})
                            self._changed.notify_all()
                        fields = {}
                    else:
                        fields = {}
        except httpx.HTTPError:
            pass  # the server went; `ended` says so
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def wait(self, wanted, timeout: float = 20) -> dict:
        """The first event, of those so far and to come, that `wanted` accepts."""
        def find():
            return next((event for event in self.events if wanted(event)), None)
        with self._changed:
            found = self._changed.wait_for(lambda: find() or self.ended, timeout * sanitizers.patience())
            event = find()
        assert event is not None, f"{'ended' if found else 'in time'} without it; came: {self.names()}"
        return event

    def wait_changed(self, topic: str, id_: str, **where) -> dict:
        """`where`: paths in the object, written with `__`, and their values."""
        def matches(event):
            data = event["data"]
            if event["event"] != "changed" or data["topic"] != topic or data["id"] != id_:
                return False
            for path, value in where.items():
                found = data["object"]
                for part in path.split("__"):
                    found = (found or {}).get(part)
                if found != value:
                    return False
            return True
        return self.wait(matches)["data"]

    def wait_ended(self, timeout: float = 20) -> None:
        eventually(lambda: self.ended, timeout, "the stream ends")

    def names(self) -> list:
        return [(event["event"], event["data"].get("id")) for event in self.events]

    def last_id(self) -> str:
        return next(event["id"] for event in reversed(self.events) if event["id"])

    def close(self) -> None:
        """Whatever comes next is not read."""
        self._closing = True
        self._client.close()

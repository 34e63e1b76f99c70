"""An HTTP proxy on loopback that sends one request on by half, keeps the rest until it is told, and keeps the answer:
a writer that stands still in the middle of what it sends, which arrives later as a whole."""

import socket
import threading


class HoldingProxy:
    def __init__(self, port: int):
        """In front of the server on this port."""
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._armed: bytes | None = None
        self._lock = threading.Lock()
        self._release = threading.Event()
        self._answered = threading.Event()
        self.held = threading.Event()
        self.request = self.answer = b""
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def arm(self, word: bytes) -> None:
        """The next request with this word in its path is held."""
        self._armed = word

    def release(self, timeout: float) -> bytes:
        """Sends the rest of it. Gives the server's answer."""
        self._release.set()
        assert self._answered.wait(timeout), f"no answer to what was held: {self.answer[:500]}"
        return self.answer

    def close(self) -> None:
        self._release.set()
        for open_ in self._sockets:
            try:
                open_.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            open_.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._server_port))
        self._sockets += [client, server]
        held = threading.Event()  # on this connection
        threading.Thread(target=self._back, args=(server, client, held), daemon=True).start()
        try:
            while data := client.recv(1 << 16):
                if self._takes(data):
                    data = self._whole(client, data)
                    self.request = data
                    half = len(data) - len(data.partition(b"\r\n\r\n")[2]) // 2
                    server.sendall(data[:half])
                    held.set()
                    self.held.set()
                    self._release.wait()
                    data = data[half:]
                server.sendall(data)
        except OSError:
            pass  # one of the two is gone
        finally:
            # The writer may have given up; what it sent is answered all the same.
            if held.is_set():
                self._answered.wait(30)
            server.close()

    def _takes(self, data: bytes) -> bool:
        with self._lock:
            if self._armed is None or self._armed not in data.split(b"\r\n", 1)[0]:
                return False
            self._armed = None
            return True

    def _whole(self, client: socket.socket, data: bytes) -> bytes:
        while b"\r\n\r\n" not in data:
            data += client.recv(1 << 16)
        head, _, body = data.partition(b"\r\n\r\n")
        (length,) = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while len(body) < length:
            body += client.recv(1 << 16)
        return head + b"\r\n\r\n" + body

    def _back(self, server: socket.socket, client: socket.socket, held: threading.Event) -> None:
        try:
            while data := server.recv(1 << 16):
                if held.is_set() and not self._answered.is_set():
                    self.answer += data
                    head, _, body = self.answer.partition(b"\r\n\r\n")
                    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                               if line.lower().startswith(b"content-length:")]
                    if lengths and len(body) >= lengths[0]:
                        self._answered.set()
                try:
                    client.sendall(data)
                except OSError:
                    if not held.is_set():
                        raise
        except OSError:
            pass
        finally:
            client.close()

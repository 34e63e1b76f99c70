"""An SMTP server on loopback that keeps what it is sent: as much of RFC 5321 as smtplib speaks."""

import collections
import email
import re
import socketserver
import threading


class Mailbox:
    def __init__(self):
        self._lock = threading.Lock()
        self._mails: list[tuple[str, str]] = []  # (message id, subject)
        self.refusing = False
        box = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("220 mailbox")
                for line in self.rfile:
                    verb = line[:4].upper().strip()
                    if verb == b"DATA":
                        self.say("354 go on")
                        self.say(box._take(self.data()))
                    elif verb == b"QUIT":
                        return self.say("221 bye")
                    else:
                        self.say("250 fine")

            def data(self) -> bytes:
                lines = []
                for line in self.rfile:
                    if line == b".\r\n":
                        return b"".join(lines)
                    lines.append(line[1:] if line.startswith(b".") else line)
                raise ConnectionError("cut off")

            def say(self, text: str) -> None:
                self.wfile.write(text.encode() + b"\r\n")

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # a sender that was killed

        self._server = Listener(("127.0.0.1", 0), Session)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, data: bytes) -> str:
        if self.refusing:
            return "451 not now"
        mail = email.message_from_bytes(data)
        with self._lock:
            self._mails.append((mail["Message-ID"], mail["Subject"]))
        return "250 taken"

    def ids_by_payment(self) -> dict[int, set[str]]:
        """The different message ids of each payment: one, unless it was sent as another message."""
        found = collections.defaultdict(set)
        with self._lock:
            for id_, subject in self._mails:
                found[int(re.search(r"\d+", subject)[0])].add(id_)
        return found

    def __len__(self) -> int:
        with self._lock:
            return len(self._mails)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

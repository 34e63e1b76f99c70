#!/usr/bin/env python3
"""A function that mails a confirmation for each payment it is sent. Python's own library, nothing else.

It answers HTTP on $PORT, as Knative and Cloud Run have it. Each request is a CloudEvent: attributes in ce-… headers,
{"row": {…}} as the body. 2xx says that it was taken. The event's id is the mail's Message-ID: the same message may
come again after a crash, and whoever reads the mails knows it by that.
"""

import email.message
import http.server
import json
import os
import smtplib
import socketserver
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            send(self.headers["ce-id"], json.loads(body)["row"])
        except (KeyError, TypeError, ValueError) as wrong:
            return self.answer(400, f"not understood: {wrong!r}")  # it would not be the next time either
        except (OSError, smtplib.SMTPException) as failed:
            print(f"no mail: {failed!r}", file=sys.stderr, flush=True)
            return self.answer(503, "the mail server does not take it")  # tried again later
        self.answer(204)

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        if status != 204:
            self.wfile.write(text.encode())

    def log_message(self, format, *arguments):
        pass  # one line a mail is enough


def send(event_id: str, payment: dict) -> None:
    mail = email.message.EmailMessage()
    mail["From"] = os.environ.get("MAIL_FROM", "shop@example.com")
    mail["To"] = payment["email"]
    mail["Subject"] = f"Payment {payment['payment_id']}"
    mail["Message-ID"] = f"<{event_id.replace(':', '.')}@offtake>"  # no colons there (RFC 5322)
    mail.set_content(f"Dear {payment['name']},\n\nwe have received {payment['amount_cents'] / 100:.2f} EUR for your order "
                     f"{payment['order_id']}.\n")
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=10) as server:
        if "SMTP_PASSWORD" in os.environ:
            server.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        server.send_message(mail)
    print(f"confirmed payment {payment['payment_id']}", flush=True)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()

#!/usr/bin/env python3
"""A microservice that checks orders against a limit: takes a CloudEvent, answers with one. Python's own library.

usage: check_limit.py PORT [LIMIT_IN_CENTS]
"""

import http.server
import json
import socketserver
import sys

LIMIT = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        row = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))["row"]
        verdict = {"payment_id": row["payment_id"], "customer_id": row["customer_id"],
                   "amount_cents": row["amount_cents"],
                   "verdict": "OVER" if row["amount_cents"] > LIMIT else "WITHIN"}
        print(f"payment {row['payment_id']}: {verdict['verdict']}\n", end="", flush=True)  # one line, of many threads
        body = json.dumps(verdict).encode()
        self.send_response(200)
        # The answer is a CloudEvent as well, in binary mode; its subject becomes the record's key.
        self.send_header("ce-specversion", "1.0")
        self.send_header("ce-id", "verdict-" + self.headers["ce-id"])
        self.send_header("ce-source", "/limit-check")
        self.send_header("ce-type", "shop.limit.checked")
        self.send_header("ce-subject", str(row["payment_id"]))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

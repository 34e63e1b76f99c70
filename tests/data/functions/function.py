"""A function as users write them, which misbehaves as MODE says."""
import http.server
import json
import os
import socket
import subprocess
import sys
import time

MODE = os.environ.get("MODE", "echo")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if MODE == "hang" or (MODE == "hang-at-0" and self.headers["ce-subject"] == "0"):
            time.sleep(3600)
        if MODE == "exit":
            print("last words of the function", flush=True)
            os._exit(7)
        if MODE == "hog":
            held = bytearray(400 << 20)
            held[::4096] = b"x" * len(held[::4096])
            time.sleep(3600)
        if MODE == "hog-child":
            code = "h=bytearray(400<<20); h[::4096]=b'x'*len(h[::4096]); import time; time.sleep(3600)"
            subprocess.Popen([sys.executable, "-c", code]).wait()
        answer = {"environment": dict(os.environ), "pid": os.getpid(), "argv": sys.argv, "body": body.decode()}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("ce-specversion", "1.0")
        self.send_header("ce-id", "answer-" + self.headers.get("ce-id", ""))
        self.send_header("ce-source", "/function")
        self.send_header("ce-type", "test.answered")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


if MODE == "die":
    print("cannot reach the mail server as " + os.environ.get("TOKEN", "nobody"), file=sys.stderr)
    sys.exit(3)
if MODE == "mute":
    time.sleep(3600)
if MODE == "children":
    pids = [subprocess.Popen(["sleep", "3600"]).pid]
    pids.append(subprocess.Popen(["sleep", "3600"], start_new_session=True).pid)
    pids.append(os.getpid())
    with open("pids.new", "w") as file:
        file.write(" ".join(map(str, pids)))
    os.rename("pids.new", "pids")
if MODE == "stubborn":
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
port = int(os.environ["PORT"])
if MODE == "garbage":
    server = socket.create_server(("127.0.0.1", port))
    while True:
        peer, _ = server.accept()
        if peer.recv(65536):
            peer.sendall(b"this is no HTTP\n")
        peer.close()
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()

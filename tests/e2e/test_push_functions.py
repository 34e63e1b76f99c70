"""Functions that die at their start, exceed their memory, answer garbage or nothing: shown as conditions, started
again, and healed by themselves."""

import sys

import pytest

from support.children import eventually
from support.push import World

FUNCTION = """
import http.server, os, sys, time
way = os.environ["WAY"]
def wanted(): return not os.path.exists(os.environ["GOOD"])
print("started", flush=True)
if way == "dies" and wanted(): sys.exit("it is not my day")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        subject = self.headers["ce-subject"]
        self.rfile.read(int(self.headers["Content-Length"]))
        if way == "memory" and wanted():
            self.server.hoard = bytearray(os.urandom(1 << 20)) * 200
            time.sleep(5)
        if way == "garbage" and wanted():
            self.wfile.write(b"not http at all\\n"); return
        if way == "hangs" and wanted():
            print("hears of", subject, flush=True)
            time.sleep(600)
        print("took", subject, flush=True)
        self.send_response(204); self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def world(kafka, postgres, server):
    return World(kafka, postgres, server, "functions", history=100)


@pytest.mark.parametrize("way, reasons", [("dies", {"FunctionFailed"}), ("memory", {"FunctionMemory"}),
                                          ("garbage", {"NotHttp"}), ("hangs", {"TimedOut", "FunctionHangs"})])
def test_a_function_that_misbehaves(world, tmp_path, way, reasons):
    script, good = tmp_path / "function.py", tmp_path / "good"
    script.write_text(FUNCTION)
    name = f"function-{way}"
    product = world.product(
        name, "SELECT payment_id, amount_cents FROM payments", history="Now", class_name="functions",
        key=["payment_id"], delivery={"answerTimeout": "1s", "retry": {"maxDelay": "1s", "maxAttempts": 1000}},
        target={"function": {"command": [sys.executable, str(script)], "memory": "64Mi",
                             "env": [{"name": "WAY", "value": way}, {"name": "GOOD", "value": str(good)}]}})
    product.wait_live()
    lot = range(world.data.payments, world.data.payments + 5)
    world.data.add(5)

    def printed() -> str:
        return world.server.cli.run("logs", name, "-n", world.namespace, "--function").stdout

    def shown() -> bool:
        found = product.wait("Stalled", "True", timeout=0)
        assert found["reason"] in reasons, found
        return True
    eventually(shown, 45, f"{name} is shown as stalled: {reasons}", interval=0.1)
    if way == "hangs":
        # Who answers nobody is killed and started again.
        eventually(lambda: printed().count("started\n") >= 3, 45, "it was started again", interval=0.5)
        assert "hears of" in printed() and "took" not in printed()
    good.touch()
    eventually(lambda: all(f"took {payment}\n" in printed() for payment in lot), 60,
               "they were taken once it was well", interval=0.5)
    product.wait("Stalled", "False", timeout=60)
    world.remove(name)

"""Kafka Avro to PostgreSQL: a DataProduct of the product against a loader written by hand, in turn.

Both read the same topic up to its end into a table of 8 columns with a primary key, in the same PostgreSQL, which
is brought to rest before each. No time counts before both tables were found equal.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

from support import children, manifests, paths
from support.children import eventually
from support.kafka import Kafka
from support.offtake import Server
from support.postgres import ADMIN, PASSWORD, Postgres
from support.products import Product

HERE = pathlib.Path(__file__).resolve().parent
RATIO, MEMORY_MIB = 0.25, 200  # the bars
TOPIC, PARTITIONS = "bench.orders", 6
DATABASE, NAMESPACE = "bench", "bench"
BY_HAND = "public.by_hand"
COLUMNS = "id, customer, quantity, price, placed_at, status, product, note"
SQL = f"SELECT {COLUMNS} FROM orders"


def say(text: str) -> None:
    print(text, flush=True)


def load_bench(*arguments) -> dict:
    program = paths.offtake_binary().parent / "bench/load_bench"
    done = subprocess.run([str(part) for part in (program, *arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


class Machine:
    """The servers, and the topic filled with `records`."""

    def __init__(self, folder: pathlib.Path, records: int):
        self.records = records
        self.kafka = Kafka(folder / "kafka").start(["-XX:TieredStopAtLevel=4"])
        self.postgres = Postgres(folder / "postgres", shared_buffers="1GB", maintenance_work_mem="512MB",
                                 max_wal_size="16GB").start()
        self.postgres.create_database(DATABASE)
        self.server = Server(folder / "serve").start()
        self.kafka.create_topic(TOPIC, PARTITIONS, retention_ms=-1)
        self.server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                              *manifests.event_store(self.kafka), *manifests.target_class(self.postgres, DATABASE))
        self.produced = load_bench("produce", self.kafka.bootstrap, TOPIC, PARTITIONS, self._register(), records)
        self.server.cli.apply(manifests.dataset(NAMESPACE, "orders", "Event", TOPIC))

    def _register(self) -> int:
        schema = (HERE / "order.avsc").read_text()
        answer = self.server.http("POST", f"/registry/subjects/{TOPIC}-value/versions", json={"schema": schema})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def run_sql(self, sql: str):
        with self.postgres.connect(database=DATABASE) as connection:
            connection.execute("SET work_mem = '1GB'")
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def come_to_rest(self) -> None:
        self.run_sql("CHECKPOINT")

    def by_hand(self) -> dict:
        self.run_sql(f"DROP TABLE IF EXISTS {BY_HAND}")
        self.come_to_rest()
        connection = (f"host=127.0.0.1 port={self.postgres.port} dbname={DATABASE} user={ADMIN} password={PASSWORD} "
                      "sslmode=disable")
        return load_bench("load", self.kafka.bootstrap, TOPIC, connection, BY_HAND)

    def by_product(self, name: str) -> tuple[Product, dict]:
        self.come_to_rest()
        self.server.cli.apply(manifests.product(NAMESPACE, name, SQL))
        product = Product(self.server, self.postgres, DATABASE, NAMESPACE, name)
        product.wait_live(timeout=900)
        worker = product.worker()
        at = {line["msg"]: instant(line["ts"]) for line in worker.log_lines()}
        seconds = {name: (at[message] - at["fill started"]).total_seconds() for name, message in
                   (("loaded", "rows loaded"), ("indexed", "keys and indexes built"), ("verified", "fill finished"),
                    ("seconds", "published"))}
        return product, {**seconds, "cpu_seconds": cpu_seconds(worker.pid), "peak_mib": peak_mib(worker.pid)}

    def assert_equal(self, product: Product, every_row: bool) -> None:
        ours, theirs = f"SELECT {COLUMNS} FROM {product.view}", f"SELECT {COLUMNS} FROM {BY_HAND}"
        digests = [self.run_sql(f"SELECT count(*), sum(hashtextextended(r::text, 0)::numeric) FROM ({rows}) r")[0]
                   for rows in (ours, theirs)]
        assert digests[0] == digests[1] and digests[0][0] == self.records, digests
        if not every_row:
            return
        for one, other in ((ours, theirs), (theirs, ours)):
            found = self.run_sql(f"SELECT count(*) FROM ({one} EXCEPT ALL {other}) r")
            assert found == [(0,)], f"{found} rows are in one table only: {one}"

    def remove(self, product: Product) -> None:
        self.server.cli.delete("dataproduct", product.name, product.namespace)
        eventually(lambda: self.server.cli.get("dataproduct", product.name, product.namespace) is None, 60,
                   f"{product} is gone")

    def close(self) -> None:
        self.server.close()
        self.postgres.stop()
        self.kafka.stop()


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def peak_mib(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(machine: Machine, rounds: int) -> bool:
    ratios, peaks = [], []
    for number in range(1, rounds + 1):
        hand = machine.by_hand()
        product, ours = machine.by_product(f"orders-{number}")
        machine.assert_equal(product, every_row=number == 1)
        machine.remove(product)
        ratios.append(hand["seconds"] / ours["seconds"])
        peaks.append(ours["peak_mib"])
        say(f"round {number}: by hand {hand['seconds']:.1f} s (key {hand['key_seconds']:.1f} s, "
            f"CPU {hand['cpu_seconds']:.1f} s), product {ours['seconds']:.1f} s (loaded after {ours['loaded']:.1f} s, "
            f"indexed {ours['indexed']:.1f} s, verified {ours['verified']:.1f} s; CPU {ours['cpu_seconds']:.1f} s, "
            f"peak {ours['peak_mib']:.0f} MiB): {ratios[-1]:.2f}")
    ratio, peak = statistics.median(ratios), max(peaks)
    say(json.dumps({"records": machine.records, "mean_bytes": machine.produced["mean_bytes"],
                    "ratio": round(ratio, 3), "ratios": [round(r, 3) for r in ratios], "peak_mib": round(peak)}))
    missed = ([f"ratio {ratio:.2f} is below {RATIO}"] if ratio < RATIO else []) + \
             ([f"peak memory {peak:.0f} MiB is not below {MEMORY_MIB}"] if peak >= MEMORY_MIB else [])
    for text in missed:
        say(f"MISSED: {text}")
    return not missed


def main() -> int:
    options = argparse.ArgumentParser(prog="./dev bench load")
    options.add_argument("--records", type=int, default=5_000_000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    try:
        machine = Machine(paths.scratch(), chosen.records)
        say(f"{chosen.records} records of {machine.produced['mean_bytes']} bytes are in the topic")
        return 0 if measure(machine, chosen.rounds) else 1
    finally:
        children.stop_all()
        paths.remove_scratch()


if __name__ == "__main__":
    sys.exit(main())

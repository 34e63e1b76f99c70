"""Kafka Avro to OpenSearch: a DataProduct of the product against a bulk loader written by hand, in turn.

Both read the same topic up to its end into an index of one shard with the same mapping, no copies and no refresh
meanwhile, in the same OpenSearch, which Offtake started; then both flush and refresh. Who begins changes with the rounds, and one before them does not count. No time
counts before both indexes were found equal.
"""

import argparse
import json
import pathlib
import random
import statistics
import sys

import requests

from bench.load.load import HERE as LOAD
from bench.load.load import NAMESPACE, PARTITIONS, SQL, TOPIC, cpu_seconds, instant, load_bench, peak_mib, say
from support import children, manifests, opensearch, own_servers, paths
from support.children import eventually
from support.kafka import Kafka
from support.offtake import Server
from support.opensearch import SearchProduct
from support.products import wait_condition

RATIO = 0.8  # the bar
BY_HAND = "by_hand"
SAMPLED = 1_000


class Machine:
    """The servers, and the topic filled with `records`."""

    def __init__(self, folder: pathlib.Path, records: int):
        self.records = records
        self.kafka = Kafka(folder / "kafka").start(["-XX:TieredStopAtLevel=4"])
        self.server = Server(folder / "serve").start()
        self.kafka.create_topic(TOPIC, PARTITIONS, retention_ms=-1)
        self.server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                              *manifests.event_store(self.kafka), opensearch.local_class(memory="2g"))
        answer = self.server.http("POST", f"/registry/subjects/{TOPIC}-value/versions",
                                  json={"schema": (LOAD / "order.avsc").read_text()})
        assert answer.status_code == 200, answer.text
        self.produced = load_bench("produce", self.kafka.bootstrap, TOPIC, PARTITIONS, answer.json()["id"], records)
        self.server.cli.apply(manifests.dataset(NAMESPACE, "orders", "Event", TOPIC))
        wait_condition(self.server, "targetclass", "search", None, "Ready", timeout=120)

    def by_product(self, name: str) -> tuple[SearchProduct, dict]:
        self.server.cli.apply(manifests.product(NAMESPACE, name, SQL, class_name="search", key=["id"]))
        product = SearchProduct(self.server, NAMESPACE, name)
        product.wait_live(timeout=900)
        worker = product.worker()
        at = {line["msg"]: instant(line["ts"]) for line in worker.log_lines()}
        seconds = {name: (at[message] - at["fill started"]).total_seconds() for name, message in
                   (("loaded", "rows loaded"), ("seconds", "keys and indexes built"), ("published", "published"))}
        return product, {**seconds, "cpu_seconds": cpu_seconds(worker.pid), "peak_mib": peak_mib(worker.pid)}

    def request(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = requests.request(method, self.url + path, json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def by_hand(self) -> dict:
        """Into an index made as the product's is."""
        self.request("PUT", f"/{BY_HAND}", {"mappings": self.mapping, "settings": {"index": {
            "number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}}})
        return load_bench("bulk", self.kafka.bootstrap, TOPIC, self.url, BY_HAND)

    def warm_up(self) -> None:
        """The server compiles what it does often; nobody's round is the one in which it has not yet."""
        product, _ = self.by_product("orders-0")
        self.url = product.url
        (index,) = self.request("GET", f"/{product.place}/_mapping").values()
        self.mapping = index["mappings"]
        self.by_hand()
        self.assert_equal(product)
        self.remove(product)

    def assert_equal(self, product: SearchProduct) -> None:
        sums = {name: {"sum": {"field": name}} for name in ("id", "customer", "quantity", "price")}
        asked = {"size": 0, "track_total_hits": True, "aggs": {**sums, "status": {"terms": {"field": "status"}}}}
        ids = [str(number) for number in random.Random(1).sample(range(self.records), min(SAMPLED, self.records))]
        seen = []
        for index in (product.place, BY_HAND):
            found = self.request("POST", f"/{index}/_search", asked)
            documents = self.request("POST", f"/{index}/_mget", {"ids": ids})["docs"]
            assert all(document["found"] for document in documents)
            aggregations = {name: round(value["value"], 3) if "value" in value else value["buckets"]
                            for name, value in found["aggregations"].items()}
            seen.append((found["hits"]["total"]["value"], aggregations, [document["_source"] for document in documents]))
        assert seen[0] == seen[1] and seen[0][0] == self.records, seen

    def remove(self, product: SearchProduct) -> None:
        self.request("DELETE", f"/{BY_HAND}")
        self.server.cli.delete("dataproduct", product.name, product.namespace)
        eventually(lambda: self.server.cli.get("dataproduct", product.name, product.namespace) is None, 60,
                   f"{product} is gone")

    def close(self) -> None:
        self.server.close()
        own_servers.kill_all(self.server)
        self.kafka.stop()


def measure(machine: Machine, rounds: int) -> bool:
    machine.warm_up()
    ratios = []
    for number in range(1, rounds + 1):
        hand = machine.by_hand() if number % 2 == 0 else None
        product, ours = machine.by_product(f"orders-{number}")
        hand = hand or machine.by_hand()
        machine.assert_equal(product)
        machine.remove(product)
        ratios.append(hand["seconds"] / ours["seconds"])
        say(f"round {number}: by hand {hand['seconds']:.1f} s (flush {hand['flush_seconds']:.1f} s, "
            f"CPU {hand['cpu_seconds']:.1f} s), product {ours['seconds']:.1f} s (loaded after {ours['loaded']:.1f} s, "
            f"verified and published after {ours['published']:.1f} s; CPU {ours['cpu_seconds']:.1f} s, "
            f"peak {ours['peak_mib']:.0f} MiB): {ratios[-1]:.2f}")
    ratio = statistics.median(ratios)
    say(json.dumps({"records": machine.records, "mean_bytes": machine.produced["mean_bytes"], "ratio": round(ratio, 3),
                    "ratios": [round(r, 3) for r in ratios]}))
    if ratio < RATIO:
        say(f"MISSED: ratio {ratio:.2f} is below {RATIO}")
    return ratio >= RATIO


def main() -> int:
    options = argparse.ArgumentParser(prog="./dev bench targets search")
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    machine = None
    try:
        machine = Machine(paths.scratch(), chosen.records)
        say(f"{chosen.records} records of {machine.produced['mean_bytes']} bytes are in the topic")
        return 0 if measure(machine, chosen.rounds) else 1
    finally:
        if machine is not None:
            machine.close()
        children.stop_all()
        paths.remove_scratch()


if __name__ == "__main__":
    sys.exit(main())

"""The operator in a cluster, as manifests/ install it: a join of Kafka's records in PostgreSQL, kept exact through
everything that happens to clusters, and gone without a trace."""

import copy
import json
import pathlib
import subprocess
import time

import pytest

from support import manifests, node, paths
from support.children import eventually
from support.installation import Installation
from support.kafka import Kafka
from support.postgres import Postgres
from support.shop import JOINED_SQL, ORDERS_SQL, Shop

pytestmark = pytest.mark.cluster
NAMESPACE, DATABASE = "retail", "data"
PRODUCT = manifests.product(NAMESPACE, "joined", JOINED_SQL, key=["order_id"])


class World:
    """What is outside of the cluster, and the operator in it."""

    def __init__(self, cluster, folder: pathlib.Path):
        self.cluster = cluster
        self.kafka = Kafka(folder / "kafka", host=cluster.machine).start()
        self.postgres = Postgres(folder / "postgres", host=cluster.machine).start()
        self.postgres.create_database(DATABASE)
        self.operator = Installation(cluster).install()
        self.shop = Shop(self.kafka, self.operator.registry_url, "retail")
        self.shop.create_topics()
        self.shop.fill()
        cluster.create_namespace(NAMESPACE)
        self.operator.apply(*manifests.event_store(self.kafka), *manifests.target_class(self.postgres, DATABASE),
                            *self.shop.datasets(NAMESPACE))
        self.connection = self.postgres.connect(database=DATABASE)

    def stop(self) -> None:
        self.connection.close()
        self.operator.remove()
        self.postgres.stop()
        self.kafka.stop()

    def rows(self, name: str = "joined") -> list[tuple]:
        place = self.operator.read("DataProduct", name, NAMESPACE)["status"]["endpoint"]["object"]
        return sorted(self.connection.execute(f"SELECT * FROM {place}").fetchall())

    def wait_equal(self, timeout: float = 60) -> None:
        """What readers see is what the topics hold: nothing lost, nothing doubled."""
        wanted = self.shop.joined_rows()

        def check():
            found = self.rows()
            assert len(found) == len(wanted) and found == wanted, f"{len(found)} rows for {len(wanted)}"
            return True
        eventually(check, timeout, "the rows are those of the topics")

    def change_some(self) -> None:
        """An order, and what is joined to many."""
        self.shop.add_orders(50)
        self.shop.put_customer(len(self.shop.orders) % 100, f"Renamed at {len(self.shop.orders)}", None)
        self.shop.flush()

    def wait_live(self, timeout: float = 90) -> dict:
        return self.operator.wait_live("joined", NAMESPACE, timeout)

    def worker(self) -> dict:
        """The pod that runs."""
        def check():
            pods = [pod for pod in self.operator.workers("joined") if "deletionTimestamp" not in pod["metadata"]]
            assert len(pods) == 1 and pods[0]["status"]["phase"] == "Running", pods
            return pods[0]
        return eventually(check, 60, "one worker runs")


@pytest.fixture(scope="module")
def world(cluster):
    world = World(cluster, paths.scratch() / "operator")
    yield world
    world.stop()


@pytest.fixture(scope="module")
def product(world):
    world.operator.apply(PRODUCT)
    world.wait_live()
    return PRODUCT


def condition_of(world, name: str, kind: str, reason: str) -> dict | None:
    found = world.operator.read("DataProduct", name, NAMESPACE) or {}
    return next((each for each in found.get("status", {}).get("conditions", [])
                 if each["type"] == kind and each["reason"] == reason), None)


def restarts(pod: dict) -> int:
    return pod["status"]["containerStatuses"][0]["restartCount"]


def test_a_join_becomes_a_table(world, product):
    world.wait_equal()
    found = world.operator.read("DataProduct", "joined", NAMESPACE)
    binding = world.cluster.get("secrets", found["status"]["binding"]["name"], NAMESPACE)
    assert {"type", "host", "port", "database", "username", "password", "uri"} <= binding["data"].keys()
    pod = world.worker()
    assert pod["metadata"]["labels"]["offtake.dev/product-namespace"] == NAMESPACE
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert not world.operator.cluster.list("pods", NAMESPACE), "nothing of ours runs where tenants may look"


def test_kubectl_shows_what_people_look_for(world, product):
    kubectl = world.cluster.kubectl
    table = kubectl("-n", NAMESPACE, "get", "product", "joined", "-o", "wide").splitlines()
    assert table[0].split()[:8] == ["NAME", "READY", "STATUS", "TARGET", "HISTORY", "FILLED", "PARKED", "AGE"]
    assert table[1].split()[:6] == ["joined", "True", "Live", "postgres", "Beginning", "100"]
    assert {"OWNER", "ENDPOINT", "REVISION", "MESSAGE"} <= set(table[0].split())
    for short, name in (("dset", "orders"), ("tclass", "postgres"), ("evs", "kafka")):
        assert name in kubectl("-n", NAMESPACE, "get", short)
    everything = kubectl("get", "offtake", "-A", "-o", "name").split()
    assert {"dataproduct.offtake.dev/joined", "eventstore.offtake.dev/kafka"} <= set(everything)
    kubectl("-n", NAMESPACE, "wait", "dataproduct/joined", "--for=condition=Ready", "--timeout=10s")
    kubectl("wait", "eventstore/kafka", "targetclass/postgres", "--for=condition=Ready", "--timeout=10s")
    kubectl("-n", NAMESPACE, "wait", "dataproduct/joined", "--for=jsonpath={.status.backfill.percent}=100", "--timeout=10s")
    described = kubectl("-n", NAMESPACE, "describe", "dataproduct", "joined")
    assert "Fed since" in described and "Readers get a complete result of revision 1." in described
    assert any(line.split()[:2] == ["Normal", "Live"] for line in described.splitlines())
    explained = kubectl("explain", "dataproduct.spec.history.from")
    assert "FIELD: from <string>" in explained and "DESCRIPTION" in explained
    changed = kubectl("-n", NAMESPACE, "diff", "--server-side", "-f", "-", input=json.dumps(product), check=False)
    assert changed == "", changed


@pytest.fixture(scope="module")
def receiver(cluster, tmp_path_factory):
    """The image of a function that writes what it is sent to its log."""
    program = tmp_path_factory.mktemp("receiver") / "receiver"
    subprocess.run(["cc", "-Os", "-static", "-s", "-o", program, node.FILES / "receiver.c"], check=True)
    cluster.load_image("localhost/receiver:test", ["/receiver"], (program, "/receiver"), user="65532:65532")
    return "localhost/receiver:test"


def test_a_join_becomes_calls_of_a_function(world, receiver):
    functions = {"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": "functions"},
                 "spec": {"engine": "function", "provisioner": {"local": {}}}}
    sent = manifests.product(NAMESPACE, "sent", JOINED_SQL, class_name="functions", key=["order_id"],
                             delivery={"changes": "All"})
    sent["spec"]["target"].update({"function": {"image": receiver, "memory": "64Mi", "env": [
        {"name": "GREETING", "value": "hello"}]}})
    del sent["spec"]["target"]["name"]
    sent["spec"]["history"] = {"from": "Beginning"}
    world.operator.apply(functions, sent)
    # Nobody has allowed it here yet: said in the product, with what to do.
    said = eventually(lambda: condition_of(world, "sent", "Ready", reason="Forbidden"), 60, "it may not make a Deployment")
    assert "offtake-runs-functions" in said["message"], said
    world.cluster.kubectl("-n", NAMESPACE, "create", "rolebinding", "offtake-runs-functions",
                          "--clusterrole=offtake-runs-functions",
                          f"--serviceaccount={manifests.SYSTEM}:offtake-operator")
    found = world.operator.wait_live("sent", NAMESPACE)
    deployment = world.cluster.get("deployments", "sent-function", NAMESPACE)
    assert deployment["metadata"]["ownerReferences"][0]["uid"] == found["metadata"]["uid"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {"name": "GREETING", "value": "hello"} in container["env"]
    before = set(world.shop.joined_rows())
    world.change_some()

    def received() -> dict:
        lines = world.cluster.kubectl("-n", NAMESPACE, "logs", "deployment/sent-function", "--tail=-1").splitlines()
        last = {}
        for line in lines:
            subject, body = line.split(" ", 1)
            last[subject] = json.loads(body)
        return last

    wanted = {row[0]: {"order_id": row[0], "amount_cents": row[1], "name": row[2], "city": row[3]}
              for row in world.shop.joined_rows() if row not in before}
    assert len(wanted) > 50

    def equal():
        rows = {each["row"]["order_id"]: each["row"] for each in received().values()}
        assert rows == wanted, f"{len(rows)} rows for {len(wanted)}"
        return True
    eventually(equal, 60, "the function was told of every row that changed, and of no other")
    world.cluster.kubectl("-n", NAMESPACE, "delete", "dataproduct", "sent", "--timeout=60s")
    eventually(lambda: world.cluster.get("deployments", "sent-function", NAMESPACE) is None, 60, "its function is gone")
    assert of_product(world, found["metadata"]["uid"]) == []


def test_the_operators_pod_is_killed(world, product):
    before = world.worker()
    pod = world.operator.pods()[0]
    world.cluster.kill_pod(manifests.SYSTEM, pod["metadata"]["name"])
    world.change_some()
    world.wait_equal()  # the worker does not need it
    eventually(lambda: restarts(world.operator.pods()[0]) == restarts(pod) + 1, 60, "the operator is started again")
    world.operator.wait_ready()
    after = world.worker()
    assert after["metadata"]["uid"] == before["metadata"]["uid"] and restarts(after) == restarts(before)


def test_the_operators_pod_is_deleted(world, product):
    before = world.worker()
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "pod", world.operator.pods()[0]["metadata"]["name"])
    world.operator.wait_ready()
    world.change_some()
    world.wait_equal()
    assert world.worker()["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_workers_process_is_killed(world, product):
    before = world.worker()
    world.shop.add_orders(500)
    world.cluster.kill_pod(manifests.SYSTEM, before["metadata"]["name"])
    world.change_some()
    eventually(lambda: restarts(world.worker()) == restarts(before) + 1, 60, "the kubelet starts it again")
    world.wait_equal()
    world.wait_live()


def test_a_workers_pod_is_deleted(world, product):
    before = world.worker()
    world.shop.add_orders(500)
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "pod", before["metadata"]["name"], "--wait=false")
    world.change_some()
    eventually(lambda: world.worker()["metadata"]["uid"] != before["metadata"]["uid"], 60, "there is another pod")
    world.wait_equal()
    world.wait_live()


def test_a_workers_deployment_is_deleted(world, product):
    name = world.worker()["metadata"]["name"].rsplit("-", 2)[0]
    before = world.cluster.get("deployments", name, manifests.SYSTEM)["metadata"]["uid"]
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "deployment", name)

    def made_again():
        found = world.cluster.get("deployments", name, manifests.SYSTEM)
        assert found is not None and found["metadata"]["uid"] != before
        assert found["status"].get("readyReplicas") == 1, found["status"]
        return True
    eventually(made_again, 60, "there is another Deployment")
    world.change_some()
    world.wait_equal()
    world.wait_live()


def test_the_kubelet_is_away(world, product):
    world.cluster.stop_kubelet()
    stopped = time.monotonic()
    world.change_some()
    world.wait_equal()
    # Not a wait for something: as long as this is it away.
    time.sleep(max(0.0, 30 - (time.monotonic() - stopped)))
    world.cluster.start_kubelet()
    world.change_some()
    world.wait_equal()
    world.wait_live()


def test_the_api_server_starts_again(world, product):
    before = world.worker()
    world.cluster.restart_api_server()
    world.change_some()
    world.wait_equal()
    edit(world, product, description="edited after the API server was away")
    assert world.worker()["metadata"]["uid"] == before["metadata"]["uid"]


def test_what_came_since_is_compacted(world, product):
    """Watches cannot go on from where they were: everything is listed anew, and nothing is missed."""
    world.cluster.stop_api_server()
    world.cluster.start_api_server()
    world.cluster.compact_etcd()
    edit(world, product, description="edited after a compaction")
    world.change_some()
    world.wait_equal()


def test_the_crds_are_applied_again(world, product):
    before = world.worker()
    world.cluster.install_crds()
    edit(world, product, description="edited after the CRDs were applied")
    world.change_some()
    world.wait_equal()
    assert world.worker()["metadata"]["uid"] == before["metadata"]["uid"]


def edit(world, product, **spec) -> dict:
    """Gives the product once it is live as edited."""
    edited = copy.deepcopy(product)
    edited["spec"].update(spec)
    world.operator.apply(edited)
    return world.wait_live()


def test_a_pod_that_finds_no_place_is_said_and_corrected(world, product):
    too_much = copy.deepcopy(product)
    too_much["spec"]["runner"] = {"memory": "900Gi"}
    world.operator.apply(too_much)

    def said():
        found = world.operator.read("DataProduct", "joined", NAMESPACE)
        ready = next(each for each in found["status"]["conditions"] if each["type"] == "Ready")
        assert ready["status"] == "False" and ready["reason"] == "WorkerPending", ready
        assert "Insufficient memory" in ready["message"], ready
        return found
    found = eventually(said, 60, "the condition says what the pod waits for")
    assert found["status"]["revision"]["current"] == 1
    edit(world, product)
    world.change_some()
    world.wait_equal()


def test_a_worker_that_cannot_go_on_says_so(world):
    """Its topic was replaced: the container stays up to say it, and it does not count as running."""
    other = "replaced"
    world.cluster.create_namespace(other)
    shop = Shop(world.kafka, world.operator.registry_url, other)
    shop.create_topics()
    shop.fill(orders=100, customers=10)
    world.operator.apply(*shop.datasets(other), manifests.product(other, "copied", ORDERS_SQL, key=["order_id"]))
    world.operator.wait_live("copied", other)
    world.kafka.delete_topic(shop.topic("orders"))
    shop.create_topics("orders")
    shop.add_orders(3)

    def said():
        found = world.operator.read("DataProduct", "copied", other)
        conditions = {each["type"]: each for each in found["status"]["conditions"]}
        assert conditions["Ready"]["status"] == "False", conditions
        assert conditions["Ready"]["reason"] == "SourceReplaced" == conditions["Stalled"]["reason"], conditions
        return True
    eventually(said, 90, "the product says that its topic was replaced")
    world.cluster.kubectl("-n", other, "delete", "dataproduct", "copied", "--timeout=60s")
    world.cluster.kubectl("delete", "namespace", other, "--timeout=90s")


def test_an_edit_swaps_the_revision(world, product):
    before = world.worker()
    found = edit(world, product, sql=JOINED_SQL + " WHERE o.amount_cents > 0")
    assert found["status"]["revision"]["current"] == 2
    positive = {row["order_id"] for row in world.shop.orders if row["amount_cents"] > 0}
    wanted = [row for row in world.shop.joined_rows() if row[0] in positive]
    assert world.rows() == wanted
    # Of the first one nothing is left but what PostgreSQL's readers were promised.
    uid = found["metadata"]["uid"]

    def gone():
        left = of_product(world, uid)
        assert all(name.split("-r")[1].startswith("2") for name in left), left
        return True
    eventually(gone, 60, "the first revision's objects are gone")
    assert world.worker()["metadata"]["uid"] != before["metadata"]["uid"]
    edit(world, product)
    world.wait_equal()


def of_product(world, uid: str) -> list[str]:
    """The objects in the operator's namespace that are there for it."""
    found = []
    for kind in ("pods", "deployments", "configmaps", "secrets"):
        found += [each["metadata"]["name"] for each in
                  world.cluster.list(kind, manifests.SYSTEM, labelSelector=f"offtake.dev/product-uid={uid}")
                  if not each["metadata"]["name"].startswith("target-")]
    return found


def test_a_namespace_goes_with_its_products(world, product):
    other = "leaving"
    world.cluster.create_namespace(other)
    documents = [*world.shop.datasets(other), manifests.product(other, "first", ORDERS_SQL, key=["order_id"]),
                 manifests.product(other, "second", JOINED_SQL, key=["order_id"])]
    world.operator.apply(*documents)
    found = [world.operator.wait_live(name, other) for name in ("first", "second")]
    places = [each["status"]["endpoint"]["object"].split(".")[0] for each in found]
    world.cluster.kubectl("delete", "namespace", other, "--wait=false")

    def gone():
        answer = world.cluster.request("GET", f"/api/v1/namespaces/{other}")
        assert answer.status_code == 404, answer.text
        return True
    eventually(gone, 120, "the namespace is gone")
    for each in found:
        assert of_product(world, each["metadata"]["uid"]) == []
        assert world.cluster.get("secrets", f"target-{each['metadata']['uid']}", manifests.SYSTEM) is None
    left = world.connection.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", (places,)).fetchall()
    assert left == []
    roles = [row[0] for row in world.connection.execute("SELECT rolname FROM pg_roles").fetchall()]
    assert [role for role in roles if any(role.startswith(place) for place in places)] == []
    world.change_some()
    world.wait_equal()

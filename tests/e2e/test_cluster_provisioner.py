"""Classes that give each product a server of its own in the cluster: a real PostgreSQL as a StatefulSet, and the
objects of operators whose CustomResourceDefinitions are the real ones and whose controllers the test plays."""

import base64
import pathlib

import psycopg
import pytest
import yaml

from support import kubernetes, manifests, paths, tls
from support.children import eventually
from support.installation import Installation
from support.kafka import Kafka
from support.postgres import ADMIN, PASSWORD, Postgres
from support.products import condition
from support.push import Service
from support.shop import JOINED_SQL, Shop

pytestmark = pytest.mark.cluster
NAMESPACE = "provisioned"
UID = "offtake.dev/product-uid"


def shipped(name: str, **parameters: str) -> list[dict]:
    """The class as manifests/classes has it, with other values of its parameters, and what stands beside it."""
    found = list(yaml.safe_load_all((paths.ROOT / f"manifests/classes/{name}.yaml").read_text()))
    assert parameters.keys() <= found[0]["spec"]["parameters"].keys()
    found[0]["spec"]["parameters"].update(parameters)
    return found


class World:
    def __init__(self, cluster, folder: pathlib.Path):
        self.cluster = cluster
        self.kafka = Kafka(folder / "kafka", host=cluster.machine).start()
        self.operator = Installation(cluster).install()
        self.shop = Shop(self.kafka, self.operator.registry_url, NAMESPACE)
        self.shop.create_topics()
        self.shop.fill()
        cluster.create_namespace(NAMESPACE)
        self.operator.apply(*manifests.event_store(self.kafka), *self.shop.datasets(NAMESPACE))

    def stop(self) -> None:
        self.operator.remove()
        self.kafka.stop()

    def make(self, name: str, class_name: str, **spec) -> None:
        self.operator.apply(manifests.product(NAMESPACE, name, JOINED_SQL, class_name=class_name, key=["order_id"],
                                              **spec))

    def product(self, name: str) -> dict | None:
        return self.operator.read("DataProduct", name, NAMESPACE)

    def uid(self, name: str) -> str:
        return self.product(name)["metadata"]["uid"]

    def id(self, name: str) -> str:
        return f"{name}-{self.uid(name)[:8]}"

    def wait_says(self, name: str, reason: str, *words: str, timeout: float = 60) -> str:
        """What Ready says, by its reason."""
        def check():
            found = condition(self.product(name), "Ready")
            assert found["reason"] == reason and all(word in found["message"] for word in words), found
            return found["message"]
        return eventually(check, timeout, f"{name} says {reason}")

    def objects(self, uid: str, *kinds: str) -> list[str]:
        """All that the product has in the operator's namespace."""
        kinds = kinds or ("secrets", "services", "statefulsets", "pods", "persistentvolumeclaims", "deployments",
                          "configmaps")
        return [f"{kind}/{each['metadata']['name']}" for kind in kinds
                for each in self.cluster.list(kind, manifests.SYSTEM, labelSelector=f"{UID}={uid}")]

    def binding(self, name: str) -> dict[str, str]:
        data = self.cluster.get("secrets", f"{name}-binding", NAMESPACE)["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def reader(self, name: str) -> psycopg.Connection:
        """As a reader in a pod would, but that names of Services are looked up here."""
        binding = self.binding(name)
        service, namespace = binding["host"].split(".")[:2]
        address = self.cluster.get("services", service, namespace)["spec"]["clusterIP"]
        return psycopg.connect(host=binding["host"], hostaddr=address, port=binding["port"],
                               dbname=binding["database"], user=binding["username"], password=binding["password"],
                               connect_timeout=5, autocommit=True)

    def wait_equal(self, name: str, timeout: float = 60) -> None:
        wanted = self.shop.joined_rows()

        def check():
            with self.reader(name) as connection:
                found = sorted(connection.execute(f"SELECT * FROM {self.binding(name)['object']}").fetchall())
            assert len(found) == len(wanted) and found == wanted, f"{len(found)} rows for {len(wanted)}"
            return True
        eventually(check, timeout, "readers see what the topics hold")

    def delete(self, name: str, timeout: float = 90) -> None:
        self.cluster.kubectl("-n", NAMESPACE, "delete", "dataproduct", name, f"--timeout={timeout}s")


@pytest.fixture(scope="module")
def world(cluster):
    started = World(cluster, paths.scratch() / "provisioner")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def statefulset(world):
    return shipped("postgres-statefulset", image=world.cluster.postgres_image(), pullPolicy="Never", storage="1Gi")


def test_a_product_gets_a_postgres_of_its_own(world, statefulset):
    name = "orders"
    target_class, *rights = statefulset
    world.operator.apply(target_class)
    world.make(name, "postgres-statefulset")
    said = world.wait_says(name, "Forbidden", "class postgres-statefulset, template ", "needs a Role")
    assert "cannot get resource" in said
    world.operator.apply(*rights)
    # There is no volume yet.
    world.wait_says(name, "ProvisionerPending", f"StatefulSet {world.id(name)}: 0 of 1 replicas are ready "
                    f"(Pod {world.id(name)}-0: Unschedulable: ", "PersistentVolumeClaims")
    world.cluster.add_volume("of-orders", owner=999)
    world.operator.wait_live(name, NAMESPACE, timeout=150)
    world.wait_equal(name)
    world.shop.add_orders(100)
    world.wait_equal(name)
    with world.reader(name) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TABLE t (n int)")
    mine = world.objects(world.uid(name))
    assert {f"secrets/{world.id(name)}", f"services/{world.id(name)}", f"statefulsets/{world.id(name)}",
            f"persistentvolumeclaims/data-{world.id(name)}-0"} <= set(mine), mine
    assert not world.cluster.list("pods", NAMESPACE) and not world.cluster.list("statefulsets", NAMESPACE)


def test_another_operator_finds_all_as_it_was(world, statefulset):
    """What is right is not written."""
    name = world.id("orders")

    def state() -> list:
        found = [world.cluster.get(kind, name, manifests.SYSTEM) for kind in ("secrets", "services", "statefulsets")]
        return [(each["metadata"].get("generation"), each.get("data"),
                 [entry for entry in each["metadata"]["managedFields"] if entry["manager"] == "offtake"])
                for each in found]
    before = state()
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "pod", world.operator.pods()[0]["metadata"]["name"])
    world.operator.wait_ready()
    world.shop.add_orders(100)
    world.wait_equal("orders")
    # A change of the product has its target looked at anew.
    world.cluster.kubectl("-n", NAMESPACE, "annotate", "dataproduct", "orders", "looked=at")
    world.operator.wait_live("orders", NAMESPACE)
    assert state() == before


def test_nothing_is_left_of_a_product(world, statefulset):
    uid = world.uid("orders")
    world.delete("orders")
    eventually(lambda: world.objects(uid) == [], 30, "all of it is gone")
    assert world.cluster.get("secrets", "orders-binding", NAMESPACE) is None
    world.cluster.kubectl("delete", "persistentvolume", "of-orders")


def test_what_is_retained_stays_and_is_nobodys(world, statefulset):
    name = "kept"
    world.cluster.add_volume("of-kept", owner=999)
    world.make(name, "postgres-statefulset", deletionPolicy="Retain")
    world.operator.wait_live(name, NAMESPACE, timeout=150)
    first, uid = world.id(name), world.uid(name)
    with world.reader(name) as connection:
        world.delete(name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    found = world.cluster.get("statefulsets", first, manifests.SYSTEM)
    assert found["metadata"]["annotations"]["offtake.dev/retained"] == f"{NAMESPACE}/{name}"
    assert found["status"]["readyReplicas"] == 1
    # Another product of this name gets a server of its own.
    world.make(name, "postgres-statefulset")
    world.wait_says(name, "ProvisionerPending", f"StatefulSet {world.id(name)}: 0 of 1 replicas are ready")
    assert world.id(name) != first
    world.delete(name)
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "statefulset,service,secret", first)
    world.cluster.kubectl("-n", manifests.SYSTEM, "delete", "pvc", "-l", f"{UID}={uid}")
    world.cluster.kubectl("delete", "persistentvolume", "of-kept")


# Controllers that are not there: their definitions are the real ones, and what they would answer is written here.


def path_of(object_: str, name: str) -> str:
    """`object_` as postgresql.cnpg.io/v1/clusters."""
    group_version, plural = object_.rsplit("/", 1)
    return f"/apis/{group_version}/namespaces/{manifests.SYSTEM}/{plural}/{name}"


class Played:
    """A class of somebody else's objects, and what their controller would do."""

    def __init__(self, world: World, class_name: str, object_: str, **parameters: str):
        self.world, self.object, self.class_name = world, object_, class_name
        world.operator.apply(*shipped(class_name, **parameters))

    def get(self, name: str) -> dict | None:
        answer = self.world.cluster.request("GET", path_of(self.object, name))
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.status_code == 200 else None

    def wait_made(self, name: str) -> dict:
        return eventually(lambda: self.get(name), 30, f"{self.object} {name} is made")["spec"]

    def say(self, name: str, **status) -> None:
        answer = self.world.cluster.request("PATCH", path_of(self.object, name) + "/status", {"status": status},
                                            "application/merge-patch+json")
        assert answer.status_code == 200, answer.text

    def give(self, name: str, **values: str) -> None:
        """A Secret."""
        self.world.cluster.apply_all(manifests.secret(name, **values))


@pytest.fixture(scope="module")
def definitions(cluster):
    """Function that installs a file of them."""
    return lambda name: cluster.install_crds(kubernetes.controllers_crds() / f"{name}.yaml")


def test_a_cluster_of_cloudnative_pg(world, definitions):
    name = "by-cnpg"
    played = Played(world, "cloudnative-pg", "postgresql.cnpg.io/v1/clusters", instances="2")
    # Whatever comes first: the definition is waited for.
    world.make(name, "cloudnative-pg")
    said = world.wait_says(name, "KindMissing", "Cluster of postgresql.cnpg.io/v1", "CustomResourceDefinition")
    assert "cloudnative-pg, template cluster" in said
    definitions("clusters")
    id_ = world.id(name)
    spec = played.wait_made(id_)
    assert spec["instances"] == 2 and spec["storage"]["size"] == "10Gi" and spec["enableSuperuserAccess"] is True
    world.wait_says(name, "ProvisionerPending", f"Cluster {id_}: its controller has not looked at it yet")
    played.say(id_, phase="Setting up primary", instances=2, readyInstances=0)
    world.wait_says(name, "ProvisionerPending", f"Cluster {id_}: 0 of 2 instances are ready (Setting up primary)")
    played.say(id_, phase="Cluster in healthy state", readyInstances=2,
               conditions=[{"type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "Cluster is Ready",
                            "lastTransitionTime": "2026-01-01T00:00:00Z"}])
    world.wait_says(name, "ProvisionerPending", f"Secret {id_}-superuser does not exist yet")

    server = Postgres(paths.scratch() / "cnpg", with_tls=True, host=world.cluster.machine,
                      names=f"DNS:*.{manifests.SYSTEM}.svc").start()
    try:
        server.create_database("data")
        meta = {"name": f"{id_}-rw", "namespace": manifests.SYSTEM}
        ports = [{"port": 5432, "targetPort": server.port}]
        world.cluster.apply_all(
            {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": ports}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
             "metadata": {**meta, "labels": {"kubernetes.io/service-name": f"{id_}-rw"}},
             "ports": [{"port": server.port}], "endpoints": [{"addresses": [world.cluster.machine]}]})
        played.give(f"{id_}-superuser", username=ADMIN, password=PASSWORD)
        world.wait_says(name, "ProvisionerPending", f"Secret {id_}-ca does not exist yet")
        played.give(f"{id_}-ca", ca_crt=server.authority.certificate.read_text())
        found = world.operator.wait_live(name, NAMESPACE)
        with server.connect(database="data") as connection:
            rows = connection.execute(f"SELECT * FROM {found['status']['endpoint']['object']}").fetchall()
        assert sorted(rows) == world.shop.joined_rows()
    finally:
        server.stop()
    # The server does not answer any more, and is not asked.
    world.delete(name)
    assert played.get(id_) is None


def test_an_elasticsearch_of_eck(world, definitions):
    name = "by-eck"
    definitions("elastic")
    played = Played(world, "eck-elasticsearch", "elasticsearch.k8s.elastic.co/v1/elasticsearches", nodes="3")
    world.make(name, "eck-elasticsearch")
    id_ = world.id(name)
    nodes = played.wait_made(id_)["nodeSets"][0]
    assert nodes["count"] == 3 and nodes["volumeClaimTemplates"][0]["spec"]["resources"] == {
        "requests": {"storage": "10Gi"}}
    played.say(id_, phase="ApplyingChanges", health="red", availableNodes=0)
    world.wait_says(name, "ProvisionerPending", f"Elasticsearch {id_}: health is red, phase ApplyingChanges")
    played.say(id_, phase="Ready", health="green", availableNodes=3)
    world.wait_says(name, "ProvisionerPending", f"Secret {id_}-es-elastic-user does not exist yet")
    authority = tls.Authority(paths.scratch() / "eck")
    played.give(f"{id_}-es-elastic-user", elastic="secret")
    played.give(f"{id_}-es-http-certs-public", ca_crt=authority.certificate.read_text())
    # There is no server: it is the one that the outputs say which is asked for.
    world.wait_says(name, "Unreachable", f"{id_}-es-http.{manifests.SYSTEM}.svc")
    world.delete(name)
    assert played.get(id_) is None


def test_a_function_of_knative(world, definitions):
    name = "by-knative"
    definitions("services")
    played = Played(world, "knative-function", "serving.knative.dev/v1/services")
    service = Service(world.cluster.machine)
    try:
        world.make(name, "knative-function")
        id_ = world.id(name)
        container = played.wait_made(id_)["template"]["spec"]["containers"][0]
        assert container["env"] == [{"name": "PRODUCT", "value": f"{NAMESPACE}/{name}"}]
        world.wait_says(name, "ProvisionerPending", f"Service {id_}: its controller has not looked at it yet")
        played.say(id_, observedGeneration=1, url=service.url,
                   conditions=[{"type": "Ready", "status": "Unknown", "reason": "RevisionMissing"}])
        world.wait_says(name, "ProvisionerPending", f"Service {id_}: RevisionMissing")
        played.say(id_, conditions=[{"type": "Ready", "status": "True"}])
        world.operator.wait_live(name, NAMESPACE)
        before = len(world.shop.orders)
        world.shop.add_orders(50)  # what was there before is no change
        eventually(lambda: set(service.subjects()) == set(range(before, before + 50)), 60, "it is called for each")
        world.delete(name)
        assert played.get(id_) is None
    finally:
        service.close()

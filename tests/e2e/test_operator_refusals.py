"""Manifests that are wrong get one verdict: what the command line says before it sends them, the API server says when
they are created (schema and CEL), or the operator in their Ready condition. Each can be corrected, and deleted."""

import base64
import json
import subprocess

import pytest
import yaml

from support import manifests, operator, paths
from support.children import eventually
from support.kubernetes import TOKEN, path_of
from support.operator import Operator

pytestmark = pytest.mark.cluster
NAMESPACE = "refused"


@pytest.fixture(scope="module")
def plane(_scratch):
    with operator.control_plane(_scratch / "kubernetes-refusals", NAMESPACE) as plane:
        yield plane


@pytest.fixture(scope="module")
def started(plane, _scratch):
    it = Operator(plane, _scratch / "operator-refusals").start()
    it.wait_ready()
    yield it
    it.stop()


def product() -> dict:
    return manifests.product(NAMESPACE, "it", "SELECT order_id FROM orders", paused=True)


def dataset() -> dict:
    return manifests.dataset(NAMESPACE, "it", "Event", "orders", store="nowhere")


def entity() -> dict:
    return manifests.dataset(NAMESPACE, "it", "Entity", "customers", {"columns": ["id"], "from": "Value"}, store="nowhere")


def store() -> dict:
    return {"apiVersion": manifests.API, "kind": "EventStore", "metadata": {"name": "it"},
            "spec": {"kafka": {"bootstrapServers": ["127.0.0.1:1"]}}}


def target_class() -> dict:
    return {"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": "it"},
            "spec": {"engine": "postgres", "provisioner": {"external": {"url": "postgresql://db:5432/data"}}}}


INDEX = {"name": "by-x", "columns": ["x"]}
CASES = [
    (product, "spec.sql", None), (product, "spec.sql", "SELECT a FROM b " + " " * 70_000),
    (product, "spec.sql", "SELEC order_id FROM orders"), (product, "spec.sql", "SELECT order_id FROM orders; SELECT 1"),
    (product, "spec.sql", "DELETE FROM orders"),
    (product, "spec.sql", "SELECT row_number() OVER (ORDER BY order_id) AS n FROM orders"),
    (product, "spec.nonsense", 1), (product, "spec.runner.type", "Flink"), (product, "spec.delivery.errorPolicy", "park"),
    (product, "spec.freshness", "soon"), (product, "spec.target.key", ["a-b"]), (product, "spec.target.key", ["a"] * 17),
    (product, "spec.target.key", ["a", "a"]), (product, "spec.target.name", "Orders"), (product, "spec.runner.threads", 65),
    (product, "spec.paused", "yes"), (product, "spec.history.from", "yesterday"),
    (product, "spec.target.indexes", [{"name": "by-x", "columns": []}]), (product, "spec.target.indexes", [INDEX, INDEX]),
    (product, "spec.delivery.maxInFlight", 0), (product, "spec.runner.memory", "1Mi"),
    (product, "spec.target.http", {"url": "ftp://somewhere/"}),
    (product, "spec.target.function", {"command": ["a"], "env": [{"name": "A=B", "value": "c"}]}),
    (dataset, "spec.type", "Table"), (dataset, "spec.source.topic", "a b"), (dataset, "spec.schema.format", "Thrift"),
    (dataset, "spec.columns", [{"path": "a", "description": "x"}, {"path": "a", "description": "y"}]),
    (entity, "spec.key", None), (entity, "spec.source.topicConfig", {"partitions": 1, "retention": "7d"}),
    (dataset, "spec.relationships", [{"name": "customer", "dataset": {"name": "customers"}, "columns": []}]),
    (store, "spec.embedded", {}), (store, "spec.kafka", None), (store, "spec.kafka.bootstrapServers", []),
    (store, "spec.kafka.bootstrapServers", ["no port"]), (store, "spec.kafka.properties", {"group.id": "x"}),
    (target_class, "spec.engine", "mysql"), (target_class, "spec.engine", "redis"),
    (target_class, "spec.provisioner.external.url", "opensearch://db:9200"),
    (target_class, "spec.provisioner.external.url", "postgresql://user:secret@db:5432/data"),
    (target_class, "spec.provisioner.local", {}), (target_class, "spec.parameters", {"nonsense": "1"}),
]


def condition(found: dict, type_: str) -> dict:
    return next((each for each in found.get("status", {}).get("conditions", []) if each["type"] == type_), {})


def read(plane, document: dict) -> dict | None:
    answer = plane.request("GET", path_of(document))
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


def refused_by_api(answer) -> bool:
    assert answer.status_code in (201, 400, 422), answer.text
    return answer.status_code != 201


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{make.__name__}-{path}-{number}"
                                                           for number, (make, path, _) in enumerate(CASES)])
def test_one_verdict(plane, started, server, number):
    make, path, value = CASES[number]
    document = manifests.changed(make(), path, value)
    server.cli.apply(manifests.namespace(NAMESPACE))
    said = server.cli.apply(document, expect=1).text
    answer = plane.request("POST", path_of(document).rsplit("/", 1)[0], document, fieldValidation="Strict", dryRun="All")
    if refused_by_api(answer):
        assert answer.json()["message"], answer.text
    else:
        # As whoever corrects it below: what is left out then is taken away.
        assert plane.apply(path_of(document), document).status_code == 201

        def invalid():
            found = condition(read(plane, document), "Ready")
            assert found.get("status") == "False" and found["reason"] == "Invalid", found
            return found["message"]
        message = eventually(invalid, 30, "the condition says that it is invalid")
        # The same words, without the place in a file.
        sentence = message.split("; ")[0].split(": ", 1)[-1]
        assert sentence in " ".join(said.split()), f"{message}\n{said}"
    right = make()
    answer = plane.apply(path_of(right), right)
    assert answer.status_code in (200, 201), answer.text

    def corrected():
        found = read(plane, right)
        ready = condition(found, "Ready")
        assert ready and ready["reason"] != "Invalid" and condition(found, "Stalled").get("reason") != "Invalid", found
        return True
    eventually(corrected, 30, "it was looked at again")
    plane.request("DELETE", path_of(right))
    eventually(lambda: read(plane, right) is None, 30, "it is gone")


def test_one_that_is_invalid_can_be_deleted(plane, started):
    document = manifests.changed(product(), "spec.sql", "SELEC 1")
    assert plane.apply(path_of(document), document).status_code == 201
    eventually(lambda: condition(read(plane, document), "Ready").get("reason") == "Invalid", 30, "it is invalid")
    plane.request("DELETE", path_of(document))
    eventually(lambda: read(plane, document) is None, 30, "it is gone")


def test_the_command_line_works_with_a_kubeconfig_alone(plane, started, tmp_path):
    """Of a cluster: certificates or a token; no server of ours has to be there."""
    file = tmp_path / "product.yaml"
    file.write_text(yaml.safe_dump_all([product(), dataset()]))
    config = tmp_path / "kubeconfig"
    config.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin", "namespace": NAMESPACE}}],
        "clusters": [{"name": "test", "cluster": {"server": plane.url, "certificate-authority-data": base64.b64encode(
            plane.authority.certificate.read_bytes()).decode()}}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}]}))

    def offtake(*arguments, expect: int = 0) -> str:
        done = subprocess.run([paths.offtake_binary(), *arguments, "--kubeconfig", config], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr
    said = offtake("apply", "-f", file)
    assert f"DataProduct {NAMESPACE}/it created" in said and "makes no plans" in said
    assert f"DataProduct {NAMESPACE}/it unchanged" in offtake("apply", "-f", file)
    eventually(lambda: condition(read(plane, product()), "Ready"), 30, "the operator has looked at it")
    assert "it" in offtake("get", "products") and "Paused" in offtake("describe", "product", "it")
    assert "does not answer this" in offtake("logs", "it", expect=1)
    offtake("delete", "-f", file)
    eventually(lambda: read(plane, product()) is None, 30, "it is gone")

"""manifests/crds on a real API server: they are structural and established; it takes every example, keeps all its fields,
fills the defaults in, and refuses what the command line refuses."""

import pytest
import yaml

from support import kubernetes, manifests, paths
from support.kubernetes import ControlPlane, path_of

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def plane(_scratch):
    plane = ControlPlane(_scratch / "kubernetes").start()
    plane.install_crds()
    yield plane
    plane.stop()


def namespace(plane, name: str) -> None:
    answer = plane.apply(f"/api/v1/namespaces/{name}", manifests.namespace(name))
    assert answer.status_code in (200, 201), answer.text


def examples() -> list[tuple[str, dict]]:
    found = []
    for file in sorted((paths.ROOT / "manifests/examples").rglob("*.yaml")):
        for number, document in enumerate(yaml.safe_load_all(file.read_text())):
            if document and document.get("apiVersion") == manifests.API:
                found.append((f"{file.parent.name}/{file.name}[{number}]", document))
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("document", [document for _, document in EXAMPLES], ids=[name for name, _ in EXAMPLES])
def test_every_example_is_taken_as_it_is(plane, document):
    if "namespace" in document["metadata"]:
        namespace(plane, document["metadata"]["namespace"])
    plane.request("DELETE", path_of(document))  # another example may have one of that name
    answer = plane.apply(path_of(document), document)
    assert answer.status_code == 201, answer.text
    contains(answer.json()["spec"], document["spec"], "spec")


def contains(stored, wanted, path: str) -> None:
    if isinstance(wanted, dict):
        assert isinstance(stored, dict), path
        for name, value in wanted.items():
            assert name in stored, f"{path}.{name} was dropped"
            contains(stored[name], value, f"{path}.{name}")
    elif isinstance(wanted, list):
        assert len(stored) == len(wanted), path
        for number, value in enumerate(wanted):
            contains(stored[number], value, f"{path}[{number}]")
    else:
        assert stored == wanted, path


def product() -> dict:
    return manifests.product("crds", "orders", "SELECT order_id FROM orders")


def store() -> dict:
    return {"apiVersion": manifests.API, "kind": "EventStore", "metadata": {"name": "crds"},
            "spec": {"embedded": {}}}


def test_defaults_are_filled_in(plane):
    namespace(plane, "crds")
    spec = plane.apply(path_of(product()), product()).json()["spec"]
    assert spec["history"]["keep"] == "All" and spec["rollout"] == {"keepPrevious": "None", "verify": "Checksum"}
    assert spec["delivery"]["errorPolicy"] == "Park" and spec["freshness"] == "60s"


# What the server refuses, and a word of what it says.
REFUSED = [
    (product(), "spec.sql", None, "Required value"),
    (product(), "spec.sql", "x" * 70_000, "Too long"),
    (product(), "spec.delivery.maxAge", "7d", "unknown field"),
    (product(), "spec.nonsense", 1, "unknown field"),
    (product(), "spec.runner.type", "Flink", "Unsupported value"),
    (product(), "spec.delivery.errorPolicy", "park", "Unsupported value"),
    (product(), "spec.freshness", "soon", "should match"),
    (product(), "spec.target.key", ["a-b"], "should match"),
    (product(), "spec.target.key", ["a"] * 17, "Too many"),
    (product(), "spec.target.name", "Orders", "should match"),
    (product(), "spec.runner.threads", 65, "should be less than or equal to 64"),
    (product(), "spec.paused", "yes", "boolean"),
    (product(), "metadata.name", "1orders", "should match"),
    (store(), "spec.kafka", {"bootstrapServers": ["a:1"]}, "exactly one of"),
    (store(), "spec", {}, "exactly one of"),
]


@pytest.mark.parametrize("document, path, value, word", REFUSED,
                         ids=[f"{document['kind']}-{path}-{word}" for document, path, _, word in REFUSED])
def test_what_the_server_refuses(plane, server, document, path, value, word):
    namespace(plane, "crds")
    wrong = manifests.changed(document, path, value)
    wrong["metadata"].setdefault("name", "orders")
    answer = plane.request("POST", path_of(wrong).rsplit("/", 1)[0], wrong, fieldValidation="Strict")
    assert answer.status_code in (400, 422), answer.text
    assert word in answer.json()["message"], answer.json()["message"]
    # So does the command line, in its own words.
    server.cli.apply(manifests.namespace("crds"))
    server.cli.apply(wrong, expect=1)


def test_what_cannot_change(plane):
    namespace(plane, "crds")
    made = manifests.changed(product(), "metadata.name", "fixed")
    assert plane.apply(path_of(made), made).status_code == 201
    for path, value in (("spec.target.name", "other"), ("spec.target.className", "other"), ("spec.target.name", None)):
        answer = plane.apply(path_of(made), manifests.changed(made, path, value))
        assert answer.status_code == 422 and "cannot change" in answer.json()["message"], answer.text
    assert plane.apply(path_of(made), manifests.changed(made, "spec.sql", "SELECT 1")).status_code == 200
    assert plane.request("DELETE", path_of(made)).status_code == 200


def test_status_is_written_on_its_own(plane):
    namespace(plane, "crds")
    made = manifests.changed(product(), "metadata.name", "told")
    stored = plane.apply(path_of(made), made).json()
    condition = {"type": "Ready", "status": "True", "reason": "Live", "message": "", "observedGeneration": 1,
                 "lastTransitionTime": "2026-11-23T09:02:11Z"}
    status = {**{name: made[name] for name in ("apiVersion", "kind")},
              "metadata": {"name": "told", "namespace": "crds", "uid": stored["metadata"]["uid"]},
              "status": {"conditions": [condition], "className": "postgres"}}
    answer = plane.apply(path_of(made) + "/status", status, "offtake-status")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"]["conditions"] == [condition] and answer.json()["metadata"]["generation"] == 1
    table = plane.session.get(plane.url + f"{kubernetes.GROUP}/namespaces/crds/dataproducts", timeout=30, headers={
        "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}).json()
    names = [column["name"] for column in table["columnDefinitions"]]
    row = next(row["cells"] for row in table["rows"] if row["cells"][0] == "told")
    assert names[:4] == ["Name", "Ready", "Status", "Target"] and row[:4] == ["told", "True", "Live", "postgres"]

"""The Helm chart: the same objects as manifests/, what it refuses, and a life in a cluster."""

import re

import pytest
import requests
import yaml

from support import helm, paths
from support.children import eventually

pytestmark = pytest.mark.cluster

LABELS = {"helm.sh/chart", *(f"app.kubernetes.io/{name}" for name in ("instance", "managed-by", "version"))}
NAME = "offtake-chart"  # release and namespace
WORKERS = "offtake-chart-workers"
IMAGE = {"repository": "localhost/offtake", "tag": "test", "pullPolicy": "Never"}


def without_helm(value):
    """What is Helm's alone left out: its labels, and what it shall do with an object."""
    if isinstance(value, list):
        return [without_helm(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_helm(each) for key, each in value.items() if key not in LABELS | {"helm.sh/resource-policy"}}
    return {key: each for key, each in kept.items() if each or key not in ("labels", "annotations")}


def by_name(documents: list[dict]) -> dict[str, dict]:
    found = {}
    for document in documents:
        meta = document["metadata"]
        key = f"{document['kind']} {meta.get('namespace', '')}/{meta['name']}"
        assert key not in found, f"{key} is there twice"
        found[key] = without_helm(document)
    return found


def of_kind(documents: list[dict], kind: str, name: str | None = None) -> dict:
    found = [each for each in documents if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name or ''}"
    return found[0]


def operator_arguments(documents: list[dict]) -> list[str]:
    return of_kind(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]


def test_lint():
    assert "0 chart(s) failed" in helm.run("lint", "--strict", helm.CHART)


def test_default_is_what_the_manifests_are():
    files = [file for folder in ("crds", "rbac", "operator") for file in (paths.ROOT / "manifests" / folder).iterdir()]
    manifests = by_name([each for file in files for each in yaml.safe_load_all(file.read_text()) if each])
    del manifests["Namespace /offtake-system"]  # a chart is installed into one
    chart = by_name(helm.template())
    assert chart.keys() == manifests.keys()
    for key, document in manifests.items():
        assert chart[key] == document, key


def test_one_version():
    project = re.search(r"project\(offtake VERSION (\S+)", (paths.ROOT / "CMakeLists.txt").read_text())[1]
    chart = yaml.safe_load((helm.CHART / "Chart.yaml").read_text())
    dockerfile = (paths.ROOT / "deploy/docker/Dockerfile").read_text()
    assert (chart["version"], chart["appVersion"]) == (project, project)
    assert f"ARG VERSION={project}\n" in dockerfile


@pytest.mark.parametrize("values, said", [
    ({"replica": 1}, "additional properties 'replica' not allowed"),
    ({"registry": {"volume": {"sice": "1Gi"}}}, "at '/registry/volume': additional properties 'sice' not allowed"),
    ({"replicas": 0}, "at '/replicas': minimum: got 0, want 1"),
    ({"replicas": "1"}, "at '/replicas': got string, want integer"),
    ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy': value must be one of"),
    ({"image": {"pullSecrets": [{"name": "a"}]}}, "at '/image/pullSecrets/0': got object, want string"),
    ({"registry": {"mode": "Embedded"}}, "at '/registry/mode': value must be one of 'Served', 'URL', 'None'"),
    ({"registry": {"volume": {"size": "a lot"}}}, "at '/registry/volume/size'"),
    ({"replicas": 2}, "replicas is 2, and registry.mode Served is for one replica"),
    ({"registry": {"mode": "URL"}}, "registry.mode is URL, and registry.url is empty"),
    ({"registry": {"url": "http://registry:8081"}}, "registry.url is for registry.mode URL, and the mode is Served"),
])
def test_refused(values, said):
    assert said in helm.refusal(values)


def test_replicas_with_the_registry_elsewhere():
    documents = helm.template({"replicas": 3, "registry": {"mode": "URL", "url": "http://registry:8081"},
                               "writes": {"perSecond": 5, "burst": 10}, "extraArgs": ["--identity=a b"]})
    deployment = of_kind(documents, "Deployment")
    assert deployment["spec"]["replicas"] == 3 and "strategy" not in deployment["spec"]
    assert operator_arguments(documents) == [
        "operator", "--worker-image=offtake:0.1.0", "--registry-url=http://registry:8081", "--writes-per-second=5",
        "--write-burst=10", "--identity=a b"]
    assert [each["name"] for each in deployment["spec"]["template"]["spec"]["volumes"]] == ["tmp"]
    assert "PersistentVolumeClaim" not in {each["kind"] for each in documents}


def test_images_and_who_may_pull_them():
    pull = {"pullPolicy": "Always", "pullSecrets": ["one", "two"]}
    documents = helm.template({"image": {"repository": "r.example.org/offtake", "tag": "1", **pull}})
    pod = of_kind(documents, "Deployment")["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]
    assert pod["containers"][0]["image"] == "r.example.org/offtake:1"
    assert pod["containers"][0]["imagePullPolicy"] == "Always"
    assert operator_arguments(documents)[1:5] == [
        "--worker-image=r.example.org/offtake:1", "--worker-pull-policy=Always", "--worker-pull-secret=one",
        "--worker-pull-secret=two"]
    kept = {"volume": {"size": "10Gi", "storageClass": "fast"}}
    assert {"--worker-volume=10Gi", "--worker-storage-class=fast"} <= set(operator_arguments(helm.template({"worker": kept})))
    own = {"image": "w.example.org/offtake:2", "pullPolicy": "Never", "pullSecrets": ["three"]}
    assert operator_arguments(helm.template({"image": pull, "worker": own}))[1:4] == [
        "--worker-image=w.example.org/offtake:2", "--worker-pull-policy=Never", "--worker-pull-secret=three"]


def test_workers_elsewhere_have_the_same_rights():
    def rights(role: dict) -> set[tuple[str, str]]:
        return {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    name, (_, namespace) = "offtake-operator", helm.RELEASE
    together = rights(of_kind(helm.template(), "Role", name))
    documents = helm.template({"worker": {"namespace": "elsewhere"}})
    own = of_kind(documents, "Role", name)
    workers = of_kind(documents, "Role", f"{name}-workers")
    assert (own["metadata"]["namespace"], workers["metadata"]["namespace"]) == (namespace, "elsewhere")
    assert rights(own) | rights(workers) == together
    assert {resource for resource, _ in rights(own)} == {"secrets", "leases"}
    assert rights(workers) - {each for each in together if each[0] != "leases"} == set()
    binding = of_kind(documents, "RoleBinding", f"{name}-workers")
    assert binding["metadata"]["namespace"] == "elsewhere" and binding["roleRef"]["name"] == f"{name}-workers"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]


def test_what_is_left_out_and_what_is_added():
    default = by_name(helm.template())
    fewer = by_name(helm.template({"crds": {"install": False}, "rbac": {"create": False}}))
    assert {key.split()[0] for key in default.keys() - fewer.keys()} == {
        "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
    more = helm.template({"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}})
    assert by_name(more).keys() - default.keys() == {"ServiceMonitor offtake-system/offtake-operator"}
    monitor = of_kind(more, "ServiceMonitor")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    selected = monitor["spec"]["selector"]["matchLabels"].items()
    assert selected <= of_kind(more, "Service")["metadata"]["labels"].items()
    keep = {"helm.sh/resource-policy": "keep"}
    assert all(each["metadata"]["annotations"] == keep for each in more if each["kind"] == "CustomResourceDefinition")
    assert of_kind(more, "PersistentVolumeClaim")["metadata"]["annotations"] == keep
    dropped = helm.template({"registry": {"volume": {"keep": False, "storageClass": "fast", "size": "2Gi"}}})
    claim = of_kind(dropped, "PersistentVolumeClaim")
    assert "annotations" not in claim["metadata"] and claim["spec"]["storageClassName"] == "fast"


def test_releases_share_no_name():
    def names(release: str) -> set[str]:
        return {key for key in by_name(helm.template({"crds": {"install": False}}, (release, "offtake-system")))
                if not key.startswith("CustomResourceDefinition")}
    assert not names("offtake") & names("offtake-chart") and not names("offtake") & names("other")


@pytest.fixture
def release(cluster):
    """Two namespaces, a volume, and what runs helm; the definitions stay, as Helm leaves them."""
    cluster.offtake_image()
    cluster.add_volume("offtake-chart", owner=65532)
    for namespace in (NAME, WORKERS):
        cluster.create_namespace(namespace, restricted=True)

    def run(verb: str, *arguments, **options) -> str:
        return helm.run(verb, NAME, *arguments, "--namespace", NAME, kubeconfig=cluster.kubeconfig, **options)
    yield run
    run("uninstall", "--ignore-not-found", "--wait")
    cluster.kubectl("delete", "namespace", NAME, WORKERS, "--wait=false")


def test_a_life_in_a_cluster(cluster, release):
    def say(path: str) -> str:
        service = cluster.get("services", "offtake-chart-operator", NAME)["spec"]["clusterIP"]
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://{service}:8080{path}", timeout=5).text

    def pods() -> list[dict]:
        return [each for each in cluster.list("pods", NAME) if "deletionTimestamp" not in each["metadata"]]

    def may(verb: str, what: str, namespace: str) -> bool:
        return cluster.kubectl("auth", "can-i", verb, what, "-n", namespace, "--as",
                               f"system:serviceaccount:{NAME}:offtake-chart-operator", check=False).startswith("yes")

    values = {"image": IMAGE, "worker": {"namespace": WORKERS}}
    # Definitions that others have made become those of the release.
    release("install", helm.CHART, "--wait", "--timeout=90s", "--take-ownership", values=values)
    assert eventually(lambda: say("/readyz"), 30) == "leading\n"
    assert 'leader_election_master_status{name="offtake-operator"} 1' in say("/metrics")
    assert may("get", "secrets", NAME) and not may("get", "secrets", "default")
    assert may("create", "configmaps", WORKERS) and not may("create", "configmaps", NAME)

    before = {each["metadata"]["name"] for each in pods()}
    release("upgrade", helm.CHART, "--wait", "--timeout=90s", values={**values, "writes": {"perSecond": 5}})
    after = eventually(lambda: pods() if len(pods()) == 1 else None, 30, "one operator")
    assert after[0]["metadata"]["name"] not in before
    assert "--writes-per-second=5" in after[0]["spec"]["containers"][0]["args"]
    assert eventually(lambda: say("/readyz"), 30) == "leading\n"

    release("uninstall", "--wait", "--timeout=90s")

    def left(namespaced: bool, *arguments) -> set[str]:
        kinds = cluster.kubectl("api-resources", "--verbs=list", f"--namespaced={str(namespaced).lower()}", "-o", "name")
        return set(cluster.kubectl("get", ",".join(kinds.split()), "-o", "name", *arguments).split())
    definitions = {f"customresourcedefinition.apiextensions.k8s.io/{name}.offtake.dev"
                   for name in ("dataproducts", "datasets", "eventstores", "targetclasses")}
    claim = "persistentvolumeclaim/offtake-chart-registry"
    labelled = ["-l", f"app.kubernetes.io/instance={NAME}"]
    assert left(False, *labelled) == definitions
    eventually(lambda: left(True, "-A", *labelled) == {claim}, 20, "nothing else of the release is left")
    # What no release made: its token and its Lease.
    of_kubernetes = re.compile(r"event|configmap/kube-root-ca|serviceaccount/default")
    own = {each for each in left(True, "-n", NAME) if not of_kubernetes.match(each)}
    assert own == {claim, "secret/offtake-operator", "lease.coordination.k8s.io/offtake-operator"}
    # The same release takes them up again, another one does not.
    release("install", helm.CHART, "--dry-run=server", values=values)
    refused = helm.run("install", "other", helm.CHART, "--namespace", NAME, "--dry-run=server", values=values,
                       kubeconfig=cluster.kubeconfig, check=False)
    assert "invalid ownership metadata" in refused, refused

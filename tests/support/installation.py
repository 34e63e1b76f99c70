"""The operator in a cluster, installed as a user would: manifests/{crds,rbac,operator}, with the image under test."""

import base64
import shutil

import requests
import yaml

from support import manifests, paths
from support.children import eventually
from support.cluster import Cluster
from support.kubernetes import path_of

FOLDER = paths.ROOT / "manifests"
RELEASED = "offtake:0.1.0"


def documents(folder: str, image: str) -> list[dict]:
    found = []
    for file in sorted((FOLDER / folder).glob("*.yaml"), key=lambda file: (file.stem != "namespace", file.stem)):
        found += [each for each in yaml.safe_load_all(file.read_text().replace(RELEASED, image)) if each]
    return found


class Installation:
    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.volume = None  # of its registry

    def install(self, *arguments: str, replicas: int = 1, registry: bool = True,
                patient: bool = False) -> "Installation":
        """`arguments` are added to the operator's. Without a registry event stores have to name one. `patient`: the
        kubelet lets a pod that does not answer be."""
        self.image = self.cluster.offtake_image()
        self.cluster.install_crds()
        if registry:
            self.volume = self.cluster.add_volume("offtake-registry", owner=65532)
        found = documents("operator", self.image)
        self.cluster.apply_all(found[0])
        self.cluster.apply_all(*documents("rbac", self.image))
        for document in found[1:]:
            if document["kind"] == "Deployment":
                spec = document["spec"]["template"]["spec"]
                container = spec["containers"][0]
                container["imagePullPolicy"] = "Never"
                container["args"] += ["--worker-pull-policy=Never", *arguments]
                document["spec"]["replicas"] = replicas
                if patient:
                    container["livenessProbe"]["failureThreshold"] = 60
                if not registry:
                    document["spec"]["strategy"] = {"type": "RollingUpdate"}
                    container["args"] = [each for each in container["args"] if not each.startswith("--registry-")]
                    container["volumeMounts"] = [each for each in container["volumeMounts"] if each["name"] == "tmp"]
                    spec["volumes"] = [each for each in spec["volumes"] if each["name"] == "tmp"]
            if registry or document["kind"] != "PersistentVolumeClaim":
                self.cluster.apply_all(document)
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        def leads():
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(f"http://{self.address}/readyz", timeout=5)
            assert answer.status_code == 200, answer.text
            return True
        eventually(leads, 60, "the operator is ready")

    def remove(self) -> None:
        """Products first: what they have elsewhere goes with them, as long as there is an operator."""
        for kinds in ("dataproducts", "datasets", "targetclasses,eventstores"):
            self.cluster.kubectl("delete", kinds, "--all", "--all-namespaces", "--timeout=90s")
        for folder in ("operator", "rbac"):
            for document in reversed(documents(folder, self.image)):
                scope = ["-n", document["metadata"]["namespace"]] if "namespace" in document["metadata"] else []
                self.cluster.kubectl(*scope, "delete", document["kind"], document["metadata"]["name"],
                                     "--ignore-not-found", "--timeout=90s")
        if self.volume is not None:
            self.cluster.kubectl("delete", "persistentvolume", "offtake-registry", "--ignore-not-found")
            shutil.rmtree(self.volume)

    def pods(self) -> list[dict]:
        return [each for each in self.cluster.list("pods", manifests.SYSTEM,
                                                   labelSelector="app.kubernetes.io/name=offtake-operator")
                if "deletionTimestamp" not in each["metadata"]]

    def logs(self) -> str:
        return self.cluster.kubectl("-n", manifests.SYSTEM, "logs", "deployment/offtake-operator", "--tail=-1", check=False)

    @property
    def address(self) -> str:
        """Of the Service, from this machine."""
        return self.cluster.get("services", "offtake-operator", manifests.SYSTEM)["spec"]["clusterIP"] + ":8080"

    @property
    def registry_url(self) -> str:
        secret = eventually(lambda: self.cluster.get("secrets", "offtake-operator", manifests.SYSTEM), 30, "its token")
        token = base64.b64decode(secret["data"]["token"]).decode()
        return f"http://offtake:{token}@{self.address}/registry"

    def metrics(self) -> str:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://{self.address}/metrics", timeout=10).text

    def apply(self, *documents: dict) -> None:
        self.cluster.apply_all(*documents)

    def read(self, kind: str, name: str, namespace: str | None = None) -> dict | None:
        document = {"kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}}
        answer = self.cluster.request("GET", path_of(document))
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.status_code == 200 else None

    def workers(self, product: str) -> list[dict]:
        """Pods of the product, those that end too."""
        return self.cluster.list("pods", manifests.SYSTEM, labelSelector=f"offtake.dev/product-name={product}")

    def wait_live(self, name: str, namespace: str, timeout: float = 90) -> dict:
        def check():
            found = self.read("DataProduct", name, namespace)
            conditions = {c["type"]: c for c in (found or {}).get("status", {}).get("conditions", [])}
            ready = conditions.get("Ready", {})
            assert ready.get("status") == "True" and ready["reason"] == "Live", conditions
            assert ready["observedGeneration"] == found["metadata"]["generation"], conditions
            return found
        return eventually(check, timeout, f"{namespace}/{name} is live")

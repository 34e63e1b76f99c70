"""`offtake operator` as a child of the run, outside of any cluster, with the rights that manifests/rbac give it."""

import contextlib
import json
import pathlib

import requests

from support import manifests, paths
from support.children import Child, eventually, free_ports
from support.installation import documents
from support.kubernetes import ControlPlane, place

IMAGE = "localhost/offtake:test"
_PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
}


def apply(plane: ControlPlane, document: dict) -> None:
    """Of any kind that manifests/ have."""
    kind, meta = document["kind"], document["metadata"]
    folder = _PATHS.get(kind) or place(kind.lower() + "s", meta["namespace"])
    answer = plane.apply(f"{folder}/{meta['name']}", document)
    assert answer.status_code in (200, 201), answer.text


def grant(plane: ControlPlane) -> None:
    """The operator's namespace, account and rights."""
    apply(plane, manifests.namespace(manifests.SYSTEM))
    for document in documents("rbac", IMAGE):
        apply(plane, document)


@contextlib.contextmanager
def control_plane(folder: pathlib.Path, *namespaces: str):
    """An API server with the definitions, the operator's rights and these namespaces."""
    plane = ControlPlane(folder).start()
    try:
        grant(plane)
        plane.install_crds()
        for name in namespaces:
            apply(plane, manifests.namespace(name))
        yield plane
    finally:
        plane.stop()


def token(plane: ControlPlane) -> str:
    path = place("serviceaccounts", manifests.SYSTEM) + "/offtake-operator/token"
    answer = plane.request("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                                          "spec": {"expirationSeconds": 36_000}})
    assert answer.status_code == 201, answer.text
    return answer.json()["status"]["token"]


class Operator:
    def __init__(self, plane: ControlPlane, folder: pathlib.Path, name: str = "operator"):
        folder.mkdir(parents=True, exist_ok=True)
        self.plane, self.folder, self.name = plane, folder, name
        self.token_file = folder / "token"
        self.kubeconfig = folder / "kubeconfig"
        self.log = folder / f"{name}.log"

    def write_kubeconfig(self, user: dict | None = None, **cluster) -> None:
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "operator"}}],
            "clusters": [{"name": "test", "cluster": {"server": self.plane.url, "certificate-authority":
                                                      str(self.plane.authority.certificate), **cluster}}],
            "users": [{"name": "operator", "user": user or {"tokenFile": str(self.token_file)}}]}))

    def start(self, *arguments: str) -> "Operator":
        if not self.token_file.exists():
            self.token_file.write_text(token(self.plane))
        if not self.kubeconfig.exists():
            self.write_kubeconfig()
        (self.port,) = free_ports(1)
        self.child = Child(self.name, [
            paths.offtake_binary(), "operator", "--kubeconfig", self.kubeconfig, "--namespace", manifests.SYSTEM,
            "--worker-image", IMAGE, "--listen", f"127.0.0.1:{self.port}", "--identity", self.name, *arguments], self.log)
        return self

    def stop(self) -> int:
        return self.child.stop(timeout=30)

    def get(self, path: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)

    def wait_ready(self, timeout: float = 60) -> None:
        def ready():
            answer = self.get("/readyz")
            assert answer.status_code == 200, answer.text
            return True
        self.child.wait_until(ready, timeout, "the operator is ready")

    def wait_said(self, *words: str, timeout: float = 30) -> str:
        """/readyz is not well and says all of them."""
        def said():
            answer = self.get("/readyz")
            assert answer.status_code == 503 and all(word in answer.text for word in words), answer.text
            return answer.text
        return eventually(said, timeout, f"the operator says {words}")

"""A real Kubernetes API: its administrator, and a control plane without nodes. All of Kubernetes is one binary that
`./dev deps cluster` builds (support/hyperkube); it is the component whose name it is called by."""

import hashlib
import json
import pathlib
import subprocess

import requests
import yaml

from support import paths
from support.children import Child, ChildEnded, eventually, free_ports
from support.tls import Authority

VERSION = "1.34.10"
TOKEN = "admin-of-the-tests"
GROUP = "/apis/offtake.dev/v1alpha1"

_GROUPS = {
    "/api/v1": "configmaps endpoints events persistentvolumeclaims pods secrets serviceaccounts services",
    "/apis/apps/v1": "daemonsets deployments replicasets statefulsets",
    "/apis/batch/v1": "cronjobs jobs",
    "/apis/coordination.k8s.io/v1": "leases",
    "/apis/networking.k8s.io/v1": "ingresses networkpolicies",
    "/apis/policy/v1": "poddisruptionbudgets",
    "/apis/rbac.authorization.k8s.io/v1": "rolebindings roles",
}


def programs() -> pathlib.Path:
    return paths.cached(f"hyperkube-{VERSION}")


def is_there() -> bool:
    return (paths.cache() / f"hyperkube-{VERSION}/.complete").exists()


class Administrator:
    """Who may do everything at an API server."""

    url: str

    def __init__(self, authority: pathlib.Path):
        self.session = requests.Session()
        self.session.trust_env = False  # or an authority named there would replace ours
        self.session.verify = str(authority)
        self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def request(self, method: str, path: str, body: dict | list | None = None,
                content_type: str = "application/json", **query) -> requests.Response:
        data = None if body is None else json.dumps(body)
        return self.session.request(method, self.url + path, data=data, params=query, timeout=60,
                                    headers={"Content-Type": content_type})

    def get(self, kind: str, name: str, namespace: str = "default") -> dict | None:
        """`kind` as in paths: pods, statefulsets; of those that live in namespaces."""
        answer = self.request("GET", f"{place(kind, namespace)}/{name}")
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.status_code == 200 else None

    def list(self, kind: str, namespace: str = "default", **query) -> list[dict]:
        """`query` as labelSelector="app=offtake"."""
        answer = self.request("GET", place(kind, namespace), **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def apply(self, path: str, document: dict, manager: str = "tests") -> requests.Response:
        return self.request("PATCH", path, document, "application/apply-patch+yaml", fieldManager=manager, force="true",
                            fieldValidation="Strict")

    def install_crds(self, *files: pathlib.Path) -> None:
        """Those of manifests/crds, or of the files, each until it is served."""
        files = files or sorted((paths.ROOT / "manifests/crds").glob("*.yaml"))
        for crd in (each for file in files for each in yaml.safe_load_all(file.read_text()) if each):
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}"
            answer = self.apply(path, crd)
            assert answer.status_code in (200, 201), answer.text

            def established():
                conditions = self.request("GET", path).json().get("status", {}).get("conditions") or []
                refused = [c for c in conditions if c["type"] == "NonStructuralSchema" and c["status"] == "True"]
                assert not refused, refused
                return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
            eventually(established, 30, f"{crd['metadata']['name']} is established")


def controllers_crds() -> pathlib.Path:
    """CustomResourceDefinitions of controllers whose objects our classes make (support/controllers)."""
    versions = (paths.TESTS / "support/controllers/go.mod").read_bytes()
    return paths.cache() / f"crds-{hashlib.sha256(versions).hexdigest()[:12]}"


def service_account_key(folder: pathlib.Path) -> pathlib.Path:
    """What the tokens of service accounts are signed with."""
    file = folder / "accounts.key"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file], check=True)
    return file


class ControlPlane(Administrator):
    """etcd and an API server on this machine's loopback, without nodes."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        folder.mkdir(parents=True)
        self.authority = Authority(folder / "pki", "Kubernetes test CA")
        super().__init__(self.authority.certificate)
        self.key, self.certificate = self.authority.issue("kube-apiserver")
        self._service_accounts = service_account_key(folder / "pki")
        (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')

    def start(self) -> "ControlPlane":
        clients, peers, self.port = free_ports(3)
        store, peer = f"http://127.0.0.1:{clients}", f"http://127.0.0.1:{peers}"
        self.etcd_url = store
        self.etcd = Child("etcd", [
            programs() / "etcd", "--name", "t", "--data-dir", self.folder / "etcd", "--listen-client-urls", store,
            "--advertise-client-urls", store, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"t={peer}", "--unsafe-no-fsync", "--log-level", "warn"], self.folder / "etcd.log")
        self.url = f"https://127.0.0.1:{self.port}"
        self.start_server()
        return self

    def start_server(self) -> None:
        self.server = Child("kube-apiserver", [
            programs() / "kube-apiserver", f"--etcd-servers={self.etcd_url}", f"--secure-port={self.port}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
            f"--tls-cert-file={self.certificate}", f"--tls-private-key-file={self.key}",
            f"--token-auth-file={self.folder / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._service_accounts}",
            f"--service-account-signing-key-file={self._service_accounts}", "--profiling=false"],
            self.folder / "apiserver.log")

        def ready():
            for child in (self.etcd, self.server):
                if child.process.poll() is not None:
                    raise ChildEnded(f"{child.name} ended: {child.output()[-3000:]}")
            return self.session.get(self.url + "/readyz", timeout=5).status_code == 200
        eventually(ready, 120, "the API server is ready")

    def stop_server(self) -> None:
        self.server.stop(timeout=30)

    def stop(self) -> None:
        self.server.stop(timeout=30)
        self.etcd.stop()


def place(kind: str, namespace: str) -> str:
    """The path of a namespace's objects of a kind; ours when Kubernetes has none of the name."""
    group = next((group for group, kinds in _GROUPS.items() if kind in kinds.split()), GROUP)
    return f"{group}/namespaces/{namespace}/{kind}"


def path_of(document: dict) -> str:
    """Of one of our objects."""
    plural = document["kind"].lower() + ("es" if document["kind"].endswith("s") else "s")
    meta = document["metadata"]
    where = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"{GROUP}{where}/{plural}/{meta['name']}"

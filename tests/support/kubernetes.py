"""A real Kubernetes API on this machine's loopback: etcd and kube-apiserver, no nodes. Both are one binary that
`./dev deps cluster` builds (support/hyperkube); it is the component whose name it is called by."""

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


def programs() -> pathlib.Path:
    return paths.cached(f"hyperkube-{VERSION}")


def is_there() -> bool:
    return (paths.cache() / f"hyperkube-{VERSION}/.complete").exists()


class ControlPlane:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        folder.mkdir(parents=True)
        self.authority = Authority(folder / "pki", "Kubernetes test CA")
        self.key, self.certificate = self.authority.issue("kube-apiserver")
        self._service_accounts = folder / "pki/accounts.key"
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-out", self._service_accounts], check=True)
        (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
        self.session = requests.Session()
        self.session.trust_env = False  # or an authority named there would replace ours
        self.session.verify = str(self.authority.certificate)
        self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def start(self) -> "ControlPlane":
        clients, peers, self.port = free_ports(3)
        store, peer = f"http://127.0.0.1:{clients}", f"http://127.0.0.1:{peers}"
        self.etcd_url = store
        self.etcd = Child("etcd", [
            programs() / "etcd", "--name", "t", "--data-dir", self.folder / "etcd", "--listen-client-urls", store,
            "--advertise-client-urls", store, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"t={peer}", "--unsafe-no-fsync", "--log-level", "warn"], self.folder / "etcd.log")
        self.server = Child("kube-apiserver", [
            programs() / "kube-apiserver", f"--etcd-servers={store}", f"--secure-port={self.port}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
            f"--tls-cert-file={self.certificate}", f"--tls-private-key-file={self.key}",
            f"--token-auth-file={self.folder / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._service_accounts}",
            f"--service-account-signing-key-file={self._service_accounts}", "--profiling=false"],
            self.folder / "apiserver.log")
        self.url = f"https://127.0.0.1:{self.port}"

        def ready():
            for child in (self.etcd, self.server):
                if child.process.poll() is not None:
                    raise ChildEnded(f"{child.name} ended: {child.output()[-3000:]}")
            return self.session.get(self.url + "/readyz", timeout=5).status_code == 200
        eventually(ready, 120, "the API server is ready")
        return self

    def stop(self) -> None:
        self.server.stop(timeout=30)
        self.etcd.stop()

    def request(self, method: str, path: str, body: dict | list | None = None,
                content_type: str = "application/json", **query) -> requests.Response:
        data = None if body is None else json.dumps(body)
        return self.session.request(method, self.url + path, data=data, params=query, timeout=60,
                                    headers={"Content-Type": content_type})

    def apply(self, path: str, document: dict, manager: str = "tests") -> requests.Response:
        return self.request("PATCH", path, document, "application/apply-patch+yaml", fieldManager=manager, force="true",
                            fieldValidation="Strict")

    def install_crds(self) -> None:
        """Those of manifests/crds, each until it is served."""
        for file in sorted((paths.ROOT / "manifests/crds").glob("*.yaml")):
            crd = yaml.safe_load(file.read_text())
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}"
            answer = self.apply(path, crd)
            assert answer.status_code in (200, 201), answer.text

            def established():
                conditions = self.request("GET", path).json().get("status", {}).get("conditions") or []
                refused = [c for c in conditions if c["type"] == "NonStructuralSchema" and c["status"] == "True"]
                assert not refused, refused
                return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
            eventually(established, 30, f"{crd['metadata']['name']} is established")


def path_of(document: dict) -> str:
    """Of one of our objects."""
    plural = document["kind"].lower() + ("es" if document["kind"].endswith("s") else "s")
    meta = document["metadata"]
    where = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"{GROUP}{where}/{plural}/{meta['name']}"

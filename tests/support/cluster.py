"""A cluster of one node that runs pods: all of a real Kubernetes, containerd and CoreDNS, in namespaces of the kernel
beside those of this machine (support/node.py). cluster/README.md says what is where.

This machine reaches the API at `url`, pods and Services by their addresses. Pods reach what listens on `machine`.
"""

import json
import os
import pathlib
import shutil
import signal
import string
import subprocess
from typing import BinaryIO

import requests

from support import helm, images, kubernetes, node, paths
from support.children import eventually, signal_process
from support.tls import Authority

COREDNS_VERSION = "1.15.0"
COMPONENTS = {  # user name, groups
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "kubelet": (f"system:node:{node.NAME}", "system:nodes"),
}


def is_there() -> bool:
    """What `./dev deps cluster` installs."""
    return (kubernetes.is_there() and helm.is_there() and (kubernetes.controllers_crds() / ".complete").exists()
            and (paths.cache() / f"clusterdns-{COREDNS_VERSION}/.complete").exists()
            and shutil.which("containerd", path=node.ENVIRONMENT["PATH"]) is not None)


class Cluster(kubernetes.Administrator):
    def __init__(self, folder: pathlib.Path):
        """`folder` holds all of it, and is short: sockets live in it."""
        self.folder = folder
        self.node = node.Node(folder)
        self.machine, self.address = self.node.machine, self.node.address
        self.url = f"https://{self.address}:6443"
        self.kubeconfig = folder / "admin.kubeconfig"
        self._children = {}
        self._pki = Authority(folder / "pki", "Kubernetes test CA")
        super().__init__(self._pki.certificate)

    def start(self) -> "Cluster":
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        self.session.close()
        self.node.stop()

    def kubectl(self, *arguments, input: str | None = None, check: bool = True) -> str:
        """What it prints; with check=False also when it fails, with its complaint."""
        done = subprocess.run([kubernetes.programs() / "kubectl", *map(str, arguments)], input=input, text=True,
                              capture_output=True, timeout=120,
                              env={**node.ENVIRONMENT, "KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder)})
        assert done.returncode == 0 or not check, f"kubectl {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"
        return done.stdout if check else done.stdout + done.stderr

    def apply_all(self, *documents: dict) -> None:
        """By kubectl, server-side."""
        self.kubectl("apply", "--server-side", "--validate=strict", "-f", "-",
                     input="".join(f"---\n{json.dumps(document)}\n" for document in documents))

    def create_namespace(self, name: str, restricted: bool = False) -> None:
        """One that takes pods; with `restricted` only those of that Pod Security standard."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"} if restricted else {}
        self.apply_all({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        eventually(lambda: self.get("serviceaccounts", "default", name), 30, f"{name} has its service account")

    # Images. Pods name them with imagePullPolicy: Never.

    def load_image(self, name: str, entry: list[str], *files, user: str = "") -> None:
        """`files`: paths on this machine, or pairs of one and the path in the image; with the libraries they need.
        `user`: a number and that of the group."""
        self._import(images.programs(name, entry, *files, user=user))

    def offtake_image(self, binary: pathlib.Path | None = None, name: str = "localhost/offtake:test") -> str:
        self._import(images.offtake(name, binary or paths.offtake_binary()))
        return name

    def postgres_image(self, name: str = "localhost/postgres:15") -> str:
        self._import(images.postgres(name))
        return name

    def add_volume(self, name: str, owner: int = 0, size: str = "1Gi") -> pathlib.Path:
        """A PersistentVolume of no class that a claim of no class gets; its folder as this machine sees it."""
        path = f"/run/offtake/volumes/{name}"
        folder = pathlib.Path(f"/proc/{self.node.pid}/root{path}")
        folder.mkdir(parents=True)
        os.chown(folder, owner, owner)
        self.apply_all({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": path},
            "persistentVolumeReclaimPolicy": "Retain"}})
        return folder

    # What goes wrong.

    def pod_pid(self, namespace: str, pod: str, container: str | None = None) -> int:
        """The first process of the container, the first one if none is named, as this machine numbers it."""
        it = self.get("pods", pod, namespace)
        status = it["status"]
        running = [each for each in status.get("containerStatuses", [])
                   if container in (None, each["name"]) and "running" in each["state"]]
        assert running, f"no container {container or ''} of {namespace}/{pod} runs: {status}"
        return self.node.process_of(it["metadata"]["uid"], running[0]["containerID"].removeprefix("containerd://"))

    def signal_pod(self, number: int, namespace: str, pod: str, container: str | None = None) -> None:
        """SIGSTOP freezes the first process, SIGCONT lets it go on."""
        signal_process(self.pod_pid(namespace, pod, container), number)

    def kill_pod(self, namespace: str, pod: str, container: str | None = None) -> None:
        """The container's end; the kubelet starts it again."""
        self.signal_pod(signal.SIGKILL, namespace, pod, container)

    def stop_kubelet(self) -> None:
        """Pods go on, and nobody sees to them."""
        self._children["kubelet"].stop()

    def start_kubelet(self) -> None:
        folder = self.folder
        self._run("kubelet", f"--config={folder / 'kubelet.yaml'}", f"--kubeconfig={folder / 'kubelet.kubeconfig'}",
                  f"--hostname-override={node.NAME}", f"--node-ip={self.address}", "--root-dir=/run/offtake/kubelet",
                  f"--cert-dir={folder / 'pki'}")

    def stop_api_server(self, number: int = signal.SIGKILL) -> None:
        self._children["kube-apiserver"].stop(number, timeout=60)

    def start_api_server(self) -> None:
        folder, pki = self.folder, self.folder / "pki"
        self._run("kube-apiserver", f"--etcd-servers=http://{self.address}:2379", "--bind-address=0.0.0.0",
                  "--secure-port=6443", f"--advertise-address={self.address}", "--allow-privileged=true",
                  f"--tls-cert-file={pki / 'kube-apiserver.crt'}",
                  f"--tls-private-key-file={pki / 'kube-apiserver.key'}",
                  f"--client-ca-file={pki / 'ca.crt'}", f"--token-auth-file={folder / 'tokens.csv'}",
                  "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
                  f"--service-cluster-ip-range={self.node.services}",
                  "--service-account-issuer=https://kubernetes.default.svc",
                  f"--service-account-key-file={pki / 'accounts.key'}",
                  f"--service-account-signing-key-file={pki / 'accounts.key'}",
                  "--kubelet-preferred-address-types=InternalIP", f"--kubelet-certificate-authority={pki / 'ca.crt'}",
                  f"--kubelet-client-certificate={pki / 'kubelet-client.crt'}",
                  f"--kubelet-client-key={pki / 'kubelet-client.key'}", "--profiling=false")
        self._wait("kube-apiserver", lambda: self._answers(f"{self.url}/readyz"), "it is ready")

    def restart_api_server(self, number: int = signal.SIGKILL) -> None:
        """Every watch ends, and everybody has to come again."""
        self.stop_api_server(number)
        self.start_api_server()

    def compact_etcd(self) -> None:
        """Nobody can go on from a resource version of before: its watch gets 410, its list's next page too. The API
        server starts again, for it would answer from what it remembers."""
        store = f"http://{self.address}:2379/v3"
        self.stop_api_server()
        revision = requests.post(f"{store}/maintenance/status", json={}, timeout=30).json()["header"]["revision"]
        answer = requests.post(f"{store}/kv/compaction", json={"revision": revision, "physical": True}, timeout=60)
        assert answer.ok, answer.text
        self.start_api_server()

    # How it starts.

    def _start(self) -> None:
        self.node.start()
        self._write_files()
        store = f"http://{self.address}:2379"
        self._run("etcd", "--name=t", "--data-dir=/run/offtake/etcd", f"--listen-client-urls={store}",
                  f"--advertise-client-urls={store}", "--unsafe-no-fsync", "--log-level=warn")
        runtime = ["containerd", "-c", self.folder / "containerd.toml"]
        self._children["containerd"] = self.node.run("containerd", runtime)
        pause = images.programs("localhost/pause:test", ["/bin/sleep", "infinity"], "/bin/sleep")
        self.start_api_server()
        self._wait("containerd", lambda: self._ctr("version").returncode == 0, "it answers")
        self._import(pause)
        self.start_kubelet()
        for name, more in (("kube-controller-manager", [
                "--kube-api-qps=500", "--kube-api-burst=1000", "--use-service-account-credentials=true",
                f"--service-account-private-key-file={self.folder / 'pki/accounts.key'}",
                f"--root-ca-file={self._pki.certificate}", "--allocate-node-cidrs=true",
                f"--cluster-cidr={self.node.pods}", f"--service-cluster-ip-range={self.node.services}"]),
                ("kube-scheduler", ["--kube-api-qps=500", "--kube-api-burst=1000"])):
            login = self.folder / f"{name}.kubeconfig"
            self._run(name, f"--kubeconfig={login}", f"--authentication-kubeconfig={login}",
                      f"--authorization-kubeconfig={login}", "--leader-elect=false", "--bind-address=127.0.0.1", *more)
        self._run("kube-proxy", f"--config={self.folder / 'proxy.yaml'}")
        dns = paths.cached(f"clusterdns-{COREDNS_VERSION}") / "clusterdns"
        self._children["clusterdns"] = self.node.run("clusterdns", [dns, "-conf", self.folder / "Corefile"])
        self._wait("kubelet", self._node_is_ready, "the node is ready")
        self._wait("clusterdns", lambda: self._answers(f"http://{self.address}:8181/ready"), "it is ready")
        self._wait("kube-controller-manager", self._accounts_are_there, "it makes service accounts")
        self._wait("kube-proxy", lambda: self._answers(f"https://{self.node.kubernetes_service}/readyz"),
                   "Services are reached")

    def _write_files(self) -> None:
        self._pki.issue("kube-apiserver", names=",".join([
            f"IP:{self.address}", f"IP:{self.node.kubernetes_service}", "IP:127.0.0.1", "DNS:kubernetes",
            "DNS:kubernetes.default", "DNS:kubernetes.default.svc", "DNS:kubernetes.default.svc.cluster.local"]))
        self._pki.issue("kubelet", names=f"IP:{self.address},DNS:{node.NAME}")
        self._pki.issue("kubelet-client", subject="/O=system:masters/CN=kube-apiserver")
        kubernetes.service_account_key(self.folder / "pki")
        logins = {"admin": ("admin", "system:masters", kubernetes.TOKEN),
                  **{name: (user, groups, f"{name}-of-the-tests") for name, (user, groups) in COMPONENTS.items()}}
        (self.folder / "tokens.csv").write_text("".join(f'{token},{user},{user},"{groups}"\n'
                                                        for user, groups, token in logins.values()))
        for name, (_, _, token) in logins.items():
            (self.folder / f"{name}.kubeconfig").write_text(json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "test",
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
                "clusters": [{"name": "test", "cluster": {
                    "server": self.url, "certificate-authority": str(self._pki.certificate)}}],
                "users": [{"name": name, "user": {"token": token}}]}))
        (self.folder / "cni").mkdir()
        values = {"folder": self.folder, "name": node.NAME, "address": self.address, "cgroup": self.node.cgroup.path,
                  "pods": self.node.pods}
        for file, target in (("kubelet.yaml", "kubelet.yaml"), ("proxy.yaml", "proxy.yaml"), ("Corefile", "Corefile"),
                             ("containerd.toml", "containerd.toml"), ("network.conflist", "cni/network.conflist")):
            text = string.Template((node.FILES / file).read_text()).substitute(values)
            (self.folder / target).write_text(text)

    def _run(self, name: str, *arguments: str) -> None:
        self._children[name] = self.node.run(name, [kubernetes.programs() / name, *arguments])

    def _wait(self, name: str, ready, what: str) -> None:
        self._children[name].wait_until(ready, 120, what)

    def _answers(self, url: str) -> bool:
        return self.session.get(url, timeout=5).status_code == 200

    def _node_is_ready(self) -> bool:
        answer = self.request("GET", f"/api/v1/nodes/{node.NAME}")
        return answer.status_code == 200 and any(
            each["type"] == "Ready" and each["status"] == "True" for each in answer.json()["status"]["conditions"])

    def _accounts_are_there(self) -> bool:
        return self._answers(f"{self.url}/api/v1/namespaces/default/serviceaccounts/default")

    def _ctr(self, *arguments, stdin=subprocess.DEVNULL) -> subprocess.CompletedProcess:
        return subprocess.run(["ctr", "-a", self.folder / "containerd.sock", "-n", "k8s.io", *arguments],
                              stdin=stdin, capture_output=True, text=True)

    def _import(self, archive: BinaryIO) -> None:
        with archive:
            done = self._ctr("images", "import", "-", stdin=archive)
        assert done.returncode == 0, done.stderr


def _by_hand() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    cluster = Cluster(paths.scratch() / "cluster").start()
    try:
        print(f"export KUBECONFIG={cluster.kubeconfig} PATH={kubernetes.programs()}:$PATH", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        cluster.stop()
        paths.remove_scratch()


if __name__ == "__main__":
    _by_hand()

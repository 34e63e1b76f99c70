"""The cluster that other tests stand on: pods run and are reached, break and heal, and nothing of it stays."""

import json
import pathlib
import re
import signal
import subprocess
import time

import psycopg
import pytest
import requests

from support import node, paths
from support.children import eventually, process_state
from support.cluster import Cluster
from support.kubernetes import place
from support.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.cluster

HELLO, SHELL = "localhost/hello:test", "localhost/shell:test"
TOOLS = ["/bin/bash", "/bin/sleep", "/usr/bin/curl", "/usr/bin/getent"]


@pytest.fixture(scope="module")
def images(cluster, tmp_path_factory):
    hello = tmp_path_factory.mktemp("hello") / "hello"
    subprocess.run(["cc", "-Os", "-static", "-s", "-o", hello, node.FILES / "hello.c"], check=True)
    cluster.load_image(HELLO, ["/hello"], (hello, "/hello"))
    cluster.load_image(SHELL, ["/bin/bash"], *TOOLS)


@pytest.fixture(scope="module")
def hello(cluster, images):
    """A Deployment of two with a Service, and a pod with a shell."""
    labels = {"app": "hello"}
    cluster.apply_all(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "hello", "namespace": "default"}, "spec": {
            "replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                "containers": [{"name": "hello", "image": HELLO, "imagePullPolicy": "Never", "readinessProbe": {
                    "httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}}]}}}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hello", "namespace": "default"}, "spec": {
            "selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}},
        pod("shell", {"image": SHELL, "command": ["/bin/bash", "-c", "echo begun; exec sleep infinity"]}))
    cluster.kubectl("rollout", "status", "deployment/hello", "--timeout=60s")
    cluster.kubectl("wait", "pod/shell", "--for=condition=Ready", "--timeout=60s")
    yield
    cluster.kubectl("delete", "deployment/hello", "service/hello", "pod/shell", "--wait=false")


def pod(name: str, container: dict, namespace: str = "default", **spec) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": {
        "containers": [{"name": "it", "imagePullPolicy": "Never", **container}], **spec}}


def hello_pods(cluster) -> dict[str, dict]:
    return {each["metadata"]["name"]: each for each in cluster.list("pods", labelSelector="app=hello")}


def restarts(cluster, name: str, namespace: str = "default") -> int:
    return cluster.get("pods", name, namespace)["status"]["containerStatuses"][0]["restartCount"]


def ready(cluster, name: str, namespace: str = "default") -> bool:
    it = cluster.get("pods", name, namespace)
    return it is not None and any(each["type"] == "Ready" and each["status"] == "True"
                                  for each in it["status"].get("conditions", []))


def test_services_answer_pods_and_this_machine(cluster, hello):
    names = set(hello_pods(cluster))
    assert len(names) == 2
    address = cluster.get("services", "hello")["spec"]["clusterIP"]
    seen = set()

    def both_answered():
        seen.add(requests.get(f"http://{address}/", timeout=5).text.strip())
        return seen == names
    eventually(both_answered, 30, "both pods answered this machine through the Service", interval=0.01)
    for each in hello_pods(cluster).values():
        answer = requests.get(f"http://{each['status']['podIP']}:8080/", timeout=5)
        assert answer.text.strip() == each["metadata"]["name"]
    for name in ("hello", "hello.default.svc.cluster.local"):
        assert cluster.kubectl("exec", "shell", "--", "curl", "-sS", "-m", "5", f"http://{name}/").strip() in names
    assert cluster.kubectl("exec", "shell", "--", "getent", "hosts", "hello").split()[0] == address


def test_exec_and_logs(cluster, hello):
    assert cluster.kubectl("logs", "shell") == "begun\n"
    assert cluster.kubectl("exec", "shell", "--", "/bin/bash", "-c", "echo $HOSTNAME") == "shell\n"
    assert "exit code 7" in cluster.kubectl("exec", "shell", "--", "/bin/bash", "-c", "exit 7", check=False)


def test_pods_reach_servers_of_this_machine(cluster, hello):
    server = Postgres(paths.scratch() / "postgres-of-cluster", host=cluster.machine).start()
    try:
        cluster.kubectl("exec", "shell", "--", "/bin/bash", "-c", f"exec 3<>/dev/tcp/{cluster.machine}/{server.port}")
        with server.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_what_is_killed_starts_again(cluster, hello):
    name = sorted(hello_pods(cluster))[0]
    for count in (1, 2):
        before = cluster.pod_pid("default", name)
        cluster.kill_pod("default", name)
        eventually(lambda: restarts(cluster, name) == count and ready(cluster, name), 30, "it was started again")
        assert cluster.pod_pid("default", name) != before


def test_what_is_frozen_goes_on_when_it_may(cluster, hello):
    name = sorted(hello_pods(cluster))[1]
    before = restarts(cluster, name)
    cluster.signal_pod(signal.SIGSTOP, "default", name)
    eventually(lambda: process_state(cluster.pod_pid("default", name)) == "T", 10, "it stands still")
    eventually(lambda: not ready(cluster, name), 30, "the probe of the frozen pod fails")
    cluster.signal_pod(signal.SIGCONT, "default", name)
    eventually(lambda: ready(cluster, name), 30, "the probe of the pod succeeds")
    assert restarts(cluster, name) == before


def test_pods_outlive_kubelet_and_api_server(cluster, hello):
    before = {name: cluster.pod_pid("default", name) for name in hello_pods(cluster)}
    name = sorted(before)[0]
    count = restarts(cluster, name)
    cluster.stop_kubelet()
    address = cluster.get("services", "hello")["spec"]["clusterIP"]
    assert requests.get(f"http://{address}/", timeout=5).ok
    cluster.signal_pod(signal.SIGKILL, "default", name)
    cluster.restart_api_server()
    assert restarts(cluster, name) == count, "nobody saw it die"
    cluster.start_kubelet()
    eventually(lambda: restarts(cluster, name) == count + 1 and ready(cluster, name), 60, "the kubelet saw its death")
    assert {other: cluster.pod_pid("default", other) for other in before if other != name} == {
        other: pid for other, pid in before.items() if other != name}


def watch(cluster, version: str):
    """The first event, or the status code of the answer."""
    query = {"watch": "1", "resourceVersion": version, "fieldSelector": "metadata.name=compacted"}
    with cluster.session.get(cluster.url + place("configmaps", "default"), params=query, stream=True,
                             timeout=30) as answer:
        return json.loads(next(answer.iter_lines())) if answer.status_code == 200 else answer.status_code


def test_compaction_is_the_end_of_old_watches(cluster):
    def write(number: int) -> str:
        answer = cluster.apply(f"{place('configmaps', 'default')}/compacted", {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "compacted"}, "data": {"n": str(number)}})
        return answer.json()["metadata"]["resourceVersion"]
    old = write(1)
    write(2)
    event = watch(cluster, old)
    assert event["type"] == "MODIFIED" and event["object"]["data"] == {"n": "2"}
    write(3)
    cluster.compact_etcd()
    event = watch(cluster, old)
    assert event == 410 or event["type"] == "ERROR" and event["object"]["code"] == 410, event
    new = write(4)
    write(5)
    assert watch(cluster, new)["object"]["data"] == {"n": "5"}


RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True,
              "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_offtake_runs_without_rights(cluster):
    image = cluster.offtake_image()
    cluster.create_namespace("restricted", restricted=True)
    refused = cluster.kubectl("run", "-n", "restricted", "root", f"--image={image}", check=False)
    assert "violates PodSecurity" in refused, refused
    it = {"image": image, "args": ["--version"], "securityContext": RESTRICTED,
          "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}]}
    cluster.apply_all(pod("version", it, "restricted", restartPolicy="Never",
                          volumes=[{"name": "scratch", "emptyDir": {}}]))
    eventually(lambda: cluster.get("pods", "version", "restricted")["status"]["phase"] == "Succeeded", 30, "it ended")
    here = subprocess.run([paths.offtake_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    assert cluster.kubectl("logs", "-n", "restricted", "version") == here


def test_a_stateful_postgres(cluster):
    image = cluster.postgres_image()
    cluster.add_volume("postgres", owner=999)
    cluster.create_namespace("stateful", restricted=True)
    labels = {"app": "postgres"}
    container = {
        "name": "postgres", "image": image, "imagePullPolicy": "Never", "ports": [{"containerPort": 5432}],
        "securityContext": RESTRICTED, "env": [{"name": "POSTGRES_PASSWORD", "value": PASSWORD}],
        "volumeMounts": [{"name": "data", "mountPath": "/var/lib/postgresql/data"},
                         {"name": "run", "mountPath": "/var/run/postgresql"}, {"name": "run", "mountPath": "/tmp"}],
        "readinessProbe": {"exec": {"command": ["pg_isready", "-h", "127.0.0.1"]}, "periodSeconds": 1}}
    cluster.apply_all(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "postgres", "namespace": "stateful"}, "spec": {
            "clusterIP": "None", "selector": labels, "ports": [{"port": 5432}]}},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "postgres", "namespace": "stateful"},
         "spec": {"serviceName": "postgres", "selector": {"matchLabels": labels}, "template": {
             "metadata": {"labels": labels}, "spec": {
                 "securityContext": {"runAsUser": 999, "runAsGroup": 999, "fsGroup": 999}, "containers": [container],
                 "volumes": [{"name": "run", "emptyDir": {}}]}},
             "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
                 "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}})

    def connect(password=PASSWORD):
        address = cluster.get("pods", "postgres-0", "stateful")["status"]["podIP"]
        return psycopg.connect(host=address, user="postgres", password=password, connect_timeout=5, autocommit=True)
    eventually(lambda: ready(cluster, "postgres-0", "stateful"), 60, "PostgreSQL is ready")
    with connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    cluster.kill_pod("stateful", "postgres-0")
    eventually(lambda: restarts(cluster, "postgres-0", "stateful") == 1 and ready(cluster, "postgres-0", "stateful"),
               60, "PostgreSQL is ready again")
    with connect() as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect("wrong")


def traces(of: Cluster) -> list[str]:
    """What there is of a cluster outside of its folder."""
    cgroups = [str(path) for path in of.node.cgroup.places if path.exists()]
    mounts = [line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if str(of.folder) in line]
    links = [line for line in subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout.splitlines()
             if f"{of.node.link}@" in line]
    routes = [line for line in subprocess.run(["ip", "route"], capture_output=True, text=True).stdout.splitlines()
              if of.node.link in line.split()]
    processes = []
    for command in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(of.folder) in command.read_text():
                processes.append(command.read_text())
        except OSError:
            pass
    return cgroups + mounts + links + routes + processes


def iptables() -> str:
    """The machine's rules, without what was counted."""
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True, env=node.ENVIRONMENT).stdout
    return re.sub(r"^#.*\n|\[\d+:\d+\]", "", saved, flags=re.MULTILINE)


def test_nothing_stays_of_a_cluster(cluster, images):
    rules = iptables()
    second = Cluster(paths.scratch() / "second").start()
    try:
        assert second.node.link != cluster.node.link
        second.load_image(SHELL, ["/bin/bash"], *TOOLS)
        second.apply_all(pod("shell", {"image": SHELL, "command": ["/bin/sleep", "infinity"]}))
        second.kubectl("wait", "pod/shell", "--for=condition=Ready", "--timeout=60s")
        assert len(traces(second)) > 10
    finally:
        before = time.monotonic()
        second.stop()
    assert time.monotonic() - before < 10
    assert traces(second) == [] and iptables() == rules
    assert cluster.request("GET", "/readyz").status_code == 200, "the other one is as it was"

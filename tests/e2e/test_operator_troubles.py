"""What the operator says when its API server is not as it should be, and that it goes on by itself afterwards."""

import json
import subprocess
import time

import pytest

from support import manifests, operator, paths
from support.children import eventually
from support.kubernetes import ControlPlane
from support.operator import Operator

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def plane(_scratch):
    plane = ControlPlane(_scratch / "kubernetes-troubles").start()
    operator.grant(plane)
    yield plane
    plane.stop()


@pytest.fixture
def started(plane, tmp_path):
    it = Operator(plane, tmp_path)
    yield it
    it.stop()


def run(*arguments, expect: int) -> str:
    done = subprocess.run([paths.offtake_binary(), "operator", *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == expect, done.stderr
    return done.stderr


def test_a_kubeconfig_that_is_none(tmp_path):
    image = ["--worker-image", "x:1"]
    said = run("--kubeconfig", tmp_path / "missing", *image, expect=2)
    assert "missing" in said and "No such file" in said
    file = tmp_path / "kubeconfig"
    file.write_text("apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: b, context: {cluster: c}}\n")
    said = run("--kubeconfig", file, *image, expect=2)
    assert "there is no context `a`" in said and "known are: b" in said
    said = run("--kubeconfig", file, "--context", "b", *image, expect=2)
    assert "names no server" in said
    file.write_text("contexts: [")
    assert "kubeconfig:1" in run("--kubeconfig", file, *image, expect=2)
    file.write_text('clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]\n'
                    "contexts: [{name: b, context: {cluster: c, user: u}}]\n"
                    "users: [{name: u, user: {exec: {command: aws}}}]\n")
    assert "of apiVersion" in run("--kubeconfig", file, "--context", "b", *image, expect=2)
    said = run(*image, expect=2)
    assert "runs in no pod" in said and "--kubeconfig" in said
    assert "--worker-image" in run("--kubeconfig", file, expect=2)


def test_a_server_that_is_another(plane, started):
    started.write_kubeconfig(**{"certificate-authority": "/etc/ssl/certs/ca-certificates.crt"})
    started.start()
    assert plane.url in started.wait_said("does not answer", "certificate")


def test_a_token_that_is_not_accepted(plane, started):
    """The kind before the kinds: without CRDs there is something to say as well."""
    good = operator.token(plane)
    started.token_file.write_text("expired")
    started.start()
    started.wait_said("does not accept these credentials", "kubeconfig", "context test")
    started.token_file.write_text(good + "\n")
    kinds = [f"does not know {kind} of offtake.dev/v1alpha1" for kind in ("dataproducts", "datasets", "eventstores")]
    started.wait_said(*kinds, "CustomResourceDefinition")
    plane.install_crds()
    started.wait_ready()
    plane.apply("/apis/offtake.dev/v1alpha1/namespaces/default/dataproducts/x",
                manifests.product("default", "x", "SELECT a FROM b"))
    eventually(lambda: ready_of(plane, "x"), 30, "it goes on")


def test_a_plugin_that_gives_no_token_at_first(plane, started):
    """As kubeconfigs of managed clusters have one: who has not signed in is told so by it."""
    plane.install_crds()
    signed_in, plugin = started.folder / "signed-in", started.folder / "plugin"
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
              "status": {"token": operator.token(plane)}}
    plugin.write_text(f"#!/bin/sh\ntest -e {signed_in} || {{ echo sign in first >&2; exit 1; }}\n"
                      f"echo '{json.dumps(answer)}'\n")
    plugin.chmod(0o755)
    started.write_kubeconfig({"exec": {"apiVersion": answer["apiVersion"], "command": "./plugin"}})
    started.start()
    started.wait_said("plugin", "sign in first")
    signed_in.touch()
    started.wait_ready()


def ready_of(plane, name: str) -> dict:
    found = plane.get("dataproducts", name)
    conditions = {each["type"]: each for each in found.get("status", {}).get("conditions", [])}
    return conditions.get("Ready", {})


def test_a_verb_that_is_forbidden(plane, started):
    plane.install_crds()
    role = next(each for each in operator.documents("rbac", operator.IMAGE)
                if each["kind"] == "ClusterRole" and each["metadata"]["name"] == "offtake-operator")
    rules = [dict(rule) for rule in role["rules"]]
    narrowed = {**role, "rules": [{**rules[0], "verbs": ["get", "list", "patch"]}, *rules[1:]]}
    operator.apply(plane, narrowed)
    started.start()
    started.wait_said("cannot watch resource", "datasets")
    operator.apply(plane, role)
    started.wait_ready()
    # A write that is refused is said where the user looks.
    without_status = {**role, "rules": [rules[0], *rules[2:]]}
    operator.apply(plane, without_status)
    eventually(lambda: not may(plane, "patch", "dataproducts", "status"), 30, "the API server knows the new role")
    plane.apply("/apis/offtake.dev/v1alpha1/namespaces/default/dataproducts/forbidden",
                manifests.product("default", "forbidden", "SELECT a FROM b"))
    eventually(lambda: "cannot patch resource \\\"dataproducts/status\\\"" in started.child.output(), 30, "it is logged")
    operator.apply(plane, role)
    eventually(lambda: ready_of(plane, "forbidden"), 60, "it goes on")


def may(plane, verb: str, resource: str, subresource: str) -> bool:
    answer = plane.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
            "user": f"system:serviceaccount:{manifests.SYSTEM}:offtake-operator",
            "resourceAttributes": {"verb": verb, "group": "offtake.dev", "resource": resource,
                                   "subresource": subresource, "namespace": "default"}}})
    return answer.json()["status"]["allowed"]


def test_an_api_server_that_is_away(plane, started):
    plane.install_crds()
    started.start()
    started.wait_ready()
    plane.stop_server()
    stopped = time.monotonic()
    started.wait_said("does not answer", timeout=15)
    # Not a wait for something: as long as this is it away, longer than the lease lasts.
    time.sleep(max(0.0, 20 - (time.monotonic() - stopped)))
    plane.start_server()
    started.wait_ready()
    plane.apply("/apis/offtake.dev/v1alpha1/namespaces/default/dataproducts/later",
                manifests.product("default", "later", "SELECT a FROM b"))
    eventually(lambda: ready_of(plane, "later"), 30, "it goes on")
    assert started.child.running()

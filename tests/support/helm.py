"""Helm and the chart of this repository, with settings and caches of this run."""

import functools
import json
import pathlib
import subprocess

import yaml

from support import node, paths

VERSION = "3.19.5"
CHART = paths.ROOT / "deploy/helm/offtake"
RELEASE = ("offtake", "offtake-system")  # whose objects have the names of manifests/


def is_there() -> bool:
    return (paths.cache() / f"helm-{VERSION}/.complete").exists()


def run(*arguments, kubeconfig: pathlib.Path | None = None, values: dict | None = None, check: bool = True) -> str:
    """What it prints; with check=False also when it fails, with its complaint."""
    home = paths.scratch() / "helm"
    environment = {**node.ENVIRONMENT, "HOME": str(home), "KUBECONFIG": str(kubeconfig or home / "none"),
                   **{f"HELM_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}}
    given = [] if values is None else ["--values", "-"]
    done = subprocess.run([paths.cached(f"helm-{VERSION}") / "helm", *map(str, arguments), *given], text=True,
                          input=json.dumps(values or {}), capture_output=True, timeout=180, env=environment)
    assert done.returncode == 0 or not check, f"helm {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"
    return done.stdout if check else done.stdout + done.stderr


def template(values: dict | None = None, release: tuple[str, str] = RELEASE) -> list[dict]:
    return [each for each in yaml.safe_load_all(_rendered(json.dumps(values or {}), release)) if each]


@functools.cache
def _rendered(values: str, release: tuple[str, str]) -> str:
    name, namespace = release
    return run("template", name, CHART, "--namespace", namespace, values=json.loads(values))


def refusal(values: dict) -> str:
    """In which words the values are refused, in one line."""
    name, namespace = RELEASE
    said = run("template", name, CHART, "--namespace", namespace, values=values, check=False)
    assert said.startswith("Error:"), f"{values} were taken"
    return " ".join(said.split())

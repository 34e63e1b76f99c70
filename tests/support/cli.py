"""The command line of Offtake against one server: runs it as a user would, and reads its JSON."""

import dataclasses
import os
import subprocess

import requests
import yaml

from support import paths, sanitizers
from support.manifests import API

_CORE = ("namespace", "secret")
_PLURALS = {"dataproduct": "dataproducts", "dataset": "datasets", "eventstore": "eventstores", "namespace": "namespaces",
            "secret": "secrets", "targetclass": "targetclasses"}


@dataclasses.dataclass
class Outcome:
    command: str
    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout + self.stderr

    def __str__(self) -> str:
        return f"$ {self.command}\n(exit {self.code})\n{self.stdout}{self.stderr}"


class Cli:
    """`home` is an empty folder, so that no kubeconfig of the machine is picked up."""

    def __init__(self, server: str, token: str | None, home):
        self._server = server
        self._environment = {**sanitizers.options(), "PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1",
                             "XDG_CONFIG_HOME": str(home / ".config"), "OFFTAKE_SERVER": server}
        if token is not None:
            self._environment["OFFTAKE_TOKEN"] = token

    def run(self, *arguments, stdin: str | None = None, expect: int | None = 0, timeout: float = 120) -> Outcome:
        command = [str(paths.offtake_binary()), *[str(a) for a in arguments]]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True,
                              timeout=timeout * sanitizers.patience(), env=self._environment)
        outcome = Outcome("offtake " + " ".join(command[1:]), done.returncode, done.stdout, done.stderr)
        assert expect is None or outcome.code == expect, f"expected exit {expect}:\n{outcome}\nstdin:\n{stdin or ''}"
        return outcome

    def start(self, *arguments, stdout) -> subprocess.Popen:
        """For verbs that do not end by themselves (`logs -f`, `get -w`)."""
        command = [str(paths.offtake_binary()), *[str(a) for a in arguments]]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT,
                                env=self._environment)

    def apply(self, *documents: dict, expect: int = 0, flags: tuple = ()) -> Outcome:
        text = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)
        return self.run("apply", *flags, "-f", "-", stdin=text, expect=expect)

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict | None:
        """The object, or None when there is none. By the API and without a process: what waits asks it all the time."""
        api = "/api/v1" if kind in _CORE else f"/apis/{API}"
        where = f"/namespaces/{namespace}" if namespace else ""
        answer = requests.get(f"{self._server}{api}{where}/{_PLURALS[kind]}/{name}", timeout=60 * sanitizers.patience(),
                              headers={"Authorization": f"Bearer {self._environment['OFFTAKE_TOKEN']}"})
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        return answer.json()

    def delete(self, kind: str, name: str, namespace: str | None = None, expect: int = 0, flags: tuple = ()) -> Outcome:
        where = ["-n", namespace] if namespace else []
        return self.run("delete", kind, name, *where, *flags, expect=expect)

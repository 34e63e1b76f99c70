"""How `offtake serve` is set up: from a file, and bound beyond loopback, where the registry asks who is calling."""

import json
import os
import signal
import subprocess

import pytest
import requests
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from support import paths
from support.children import Child, free_ports

SCHEMA = Schema(json.dumps({"type": "record", "name": "a", "fields": [{"name": "id", "type": "long"}]}), "AVRO")


@pytest.fixture(scope="module")
def open_server(_scratch):
    """(url, token) of a server on every address, set up by a file alone."""
    folder = _scratch / "settings"
    folder.mkdir()
    (port,) = free_ports(1)
    (folder / "offtake.yaml").write_text(f"# ours\ndata-dir: {folder / 'data'}\nlisten: 0.0.0.0:{port}\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OFFTAKE_")}
    child = Child("offtake serve", [paths.offtake_binary(), "serve", "--config", folder / "offtake.yaml"],
                  folder / "serve.log", {**environment, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")})
    url = f"http://127.0.0.1:{port}"
    child.wait_until(lambda: _answers(url), 20, "/readyz answers")
    yield url, (folder / "data" / "token").read_text().strip()
    assert child.stop(signal.SIGTERM) == 0


def _answers(url: str) -> bool:
    try:
        return requests.get(url + "/readyz", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def test_registry_clients_sign_in_with_basic_authentication(open_server):
    url, token = open_server
    with SchemaRegistryClient({"url": f"{url}/registry", "basic.auth.user.info": f"offtake:{token}"}) as client:
        assert client.register_schema("a-value", SCHEMA) == client.get_latest_version("a-value").schema_id
    for settings in ({}, {"basic.auth.user.info": "offtake:wrong"}, {"basic.auth.user.info": f"root:{token}"}):
        with SchemaRegistryClient({"url": f"{url}/registry", **settings}) as client:
            with pytest.raises(SchemaRegistryError) as refused:
                client.get_subjects()
            assert (refused.value.http_status_code, refused.value.error_code) == (401, 401)
    assert requests.get(f"{url}/registry/subjects", auth=("offtake", token), timeout=5).json() == ["a-value"]
    # Basic authentication is the registry's alone.
    assert requests.get(f"{url}/apis", auth=("offtake", token), timeout=5).status_code == 401


def test_a_settings_file_that_is_wrong_is_refused_with_places(_scratch):
    file = _scratch / "wrong-settings.yaml"
    file.write_text("data_dir: /srv\nlisten: [a]\n")
    done = subprocess.run([paths.offtake_binary(), "serve", "--config", file], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr == (f"{file}:1:1: there is no setting `data_dir`; did you mean data-dir?\n"
                           f"{file}:2:9: `listen` needs a value; write one text, or remove the line\n")

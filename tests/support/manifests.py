"""The documents that the tests apply, in the form users write them."""

import base64
import copy

from support.kafka import PASSWORD as KAFKA_PASSWORD
from support.kafka import USER as KAFKA_USER
from support.kafka import Kafka
from support.postgres import ADMIN, PASSWORD, Postgres

API = "offtake.dev/v1alpha1"
SYSTEM = "offtake-system"


def secret(name: str, namespace: str = SYSTEM, **values: str) -> dict:
    data = {key.replace("_", "."): base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
            "type": "Opaque", "data": data}


def namespace(name: str, **labels: str) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def event_store(kafka: Kafka, name: str = "kafka", secure: bool = False) -> list[dict]:
    """The store and the Secrets it needs. Its registry is the one of the installation."""
    store = {"apiVersion": API, "kind": "EventStore", "metadata": {"name": name}, "spec": {"kafka": {}}}
    arm = store["spec"]["kafka"]
    if not secure:
        arm["bootstrapServers"] = [kafka.bootstrap]
        return [store]
    arm["bootstrapServers"] = [kafka.secure_bootstrap]
    arm["tls"] = {"caSecretRef": {"name": f"{name}-ca", "key": "ca.crt"}}
    arm["sasl"] = {"mechanism": "PLAIN", "secretRef": {"name": f"{name}-user"}}
    return [secret(f"{name}-ca", ca_crt=kafka.authority.certificate.read_text()),
            secret(f"{name}-user", username=KAFKA_USER, password=KAFKA_PASSWORD), store]


def target_class(postgres: Postgres, database: str, name: str = "postgres", password: str = PASSWORD,
                 **admin: str) -> list[dict]:
    """A class of PostgreSQL targets in `database`, and its admin Secret."""
    if postgres.authority is not None:
        tls = {"sslmode": "verify-full", "ca_crt": postgres.authority.certificate.read_text()}
    else:
        tls = {"sslmode": "disable"}
    return [secret(f"{name}-admin", username=ADMIN, password=password, **{**tls, **admin}),
            {"apiVersion": API, "kind": "TargetClass", "metadata": {"name": name},
             "spec": {"engine": "postgres", "description": "PostgreSQL of the tests",
                      "provisioner": {"external": {"url": postgres.url(database),
                                                   "adminSecretRef": {"name": f"{name}-admin"}}}}}]


def dataset(namespace: str, name: str, type_: str, topic: str, key: dict | None = None, store: str = "kafka",
            **spec) -> dict:
    """`spec` adds or replaces fields of the spec."""
    body = {"owner": "tests", "description": f"{name} of the tests", "type": type_,
            "source": {"eventStoreName": store, "topic": topic},
            "schema": {"format": "Avro", "subject": f"{topic}-value"}}
    if key is not None:
        body["key"] = key
    body.update(spec)
    return {"apiVersion": API, "kind": "Dataset", "metadata": {"name": name, "namespace": namespace}, "spec": body}


def product(namespace: str, name: str, sql: str, history: str = "Beginning", class_name: str = "postgres",
            key: list[str] | None = None, target: dict | None = None, **spec) -> dict:
    """`target` and `spec` add fields."""
    where = {"className": class_name, "name": name.replace("-", "_"), **(target or {})}
    if key is not None:
        where["key"] = key
    body = {"owner": "tests", "description": f"{name} of the tests", "sql": sql, "history": {"from": history},
            "target": where, **spec}
    return {"apiVersion": API, "kind": "DataProduct", "metadata": {"name": name, "namespace": namespace},
            "spec": body}


def changed(document: dict, path: str, value) -> dict:
    """A copy in which the member is set; None: removed."""
    out = copy.deepcopy(document)
    *parents, last = path.split(".")
    place = out
    for name in parents:
        place = place.setdefault(name, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return out

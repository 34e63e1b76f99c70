"""The registry under /registry, as confluent-kafka's own client and serialisers use it."""

import json

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from support import flights, flights_avro

pytestmark = pytest.mark.embedded


def record(name: str, *fields) -> Schema:
    return Schema(json.dumps({"type": "record", "name": name, "fields": list(fields)}), "AVRO")


ID = {"name": "id", "type": "long"}
NOTE = {"name": "note", "type": ["null", "string"], "default": None}
AMOUNT = {"name": "amount", "type": "long"}


@pytest.fixture
def client(server):
    """A new one each time: nothing comes from its cache."""
    with SchemaRegistryClient({"url": server.registry_url}) as client:
        yield client


def failure(call, *arguments, **options) -> tuple[int, int]:
    """(HTTP status, error code) of the error that the call must raise."""
    with pytest.raises(SchemaRegistryError) as raised:
        call(*arguments, **options)
    return raised.value.http_status_code, raised.value.error_code


def test_register_and_read_back(client):
    first = client.register_schema("a-value", record("a", ID))
    assert client.register_schema("a-value", record("a", ID)) == first
    second = client.register_schema("a-value", record("a", ID, NOTE))
    assert second > first
    assert json.loads(client.get_schema(first).schema_str)["fields"] == [ID]
    assert "a-value" in client.get_subjects()
    assert client.get_versions("a-value") == [1, 2]
    latest = client.get_latest_version("a-value")
    assert (latest.version, latest.schema_id, latest.subject) == (2, second, "a-value")
    assert client.get_version("a-value", 1).schema_id == first
    found = client.lookup_schema("a-value", record("a", ID))
    assert (found.version, found.schema_id) == (1, first)


def test_one_schema_in_two_subjects_has_one_id(client):
    schema = record("shared", ID)
    assert client.register_schema("s1-value", schema) == client.register_schema("s2-value", schema)


def test_errors_carry_the_codes_of_the_protocol(client):
    client.register_schema("e-value", record("e", ID))
    assert failure(client.get_latest_version, "missing-value") == (404, 40401)
    assert failure(client.get_version, "e-value", 9) == (404, 40402)
    assert failure(client.get_schema, 999_999) == (404, 40403)
    assert failure(client.lookup_schema, "e-value", record("other", ID)) == (404, 40403)
    assert failure(client.lookup_schema, "missing-value", record("e", ID)) == (404, 40401)
    assert failure(client.register_schema, "e-value", Schema('{"type": "recor"}', "AVRO")) == (422, 42201)


def test_backward_compatibility(client):
    client.register_schema("b-value", record("b", ID))
    assert client.get_compatibility() == "BACKWARD"
    assert client.test_compatibility("b-value", record("b", ID, NOTE)) is True
    assert client.test_compatibility("b-value", record("b", ID, AMOUNT)) is False
    assert failure(client.register_schema, "b-value", record("b", ID, AMOUNT))[0] == 409
    client.set_compatibility("b-value", "NONE")
    assert client.get_compatibility("b-value") == "NONE"
    assert client.register_schema("b-value", record("b", ID, AMOUNT)) > 0
    assert failure(client.set_compatibility, "b-value", "SIDEWARD") == (422, 42203)


def test_associations_are_not_found(server):
    """New clients ask for them first, and go on with the topic's name at a 404."""
    answer = server.http("GET", "/registry/associations/resources/-/orders?resourceType=topic", token=None)
    assert answer.status_code == 404
    assert "error_code" in answer.json()


@pytest.mark.parametrize("table", list(flights.COLUMNS))
def test_serialiser_round_trip(client, table):
    """What AvroSerializer writes with our ids, AvroDeserializer reads with our schemas."""
    context = SerializationContext(f"rt.{table}", MessageField.VALUE)
    write = AvroSerializer(client, flights_avro.value_schema(table))
    with SchemaRegistryClient({"url": client._rest_client.base_urls[0]}) as other:
        read = AvroDeserializer(other)
        for row in flights.rows(table)[:50]:
            expected = dict(row)
            if table == "airlines":
                del expected["carrier"]
            assert read(write(row, context), context) == expected
    assert client.get_latest_version(f"rt.{table}-value").version == 1


def test_serialiser_without_registration_needs_the_schema(client):
    unregistered = AvroSerializer(client, record("u", ID).schema_str, conf={"auto.register.schemas": False})
    context = SerializationContext("unregistered", MessageField.VALUE)
    with pytest.raises(SchemaRegistryError):
        unregistered({"id": 1}, context)
    client.register_schema("unregistered-value", record("u", ID))
    assert unregistered({"id": 1}, context)[:1] == b"\0"


def test_schemas_survive_kill_9(server, client):
    ids = [client.register_schema(f"kept-{n}-value", record(f"kept{n}", ID)) for n in range(20)]
    server.restart()
    with SchemaRegistryClient({"url": server.registry_url}) as after:
        for n, schema_id in enumerate(ids):
            assert json.loads(after.get_schema(schema_id).schema_str)["name"] == f"kept{n}"
        assert after.register_schema("kept-new-value", record("keptnew", ID)) > max(ids)


def test_references(client):
    client.register_schema("address-value", Schema(json.dumps(
        {"type": "record", "name": "Address", "namespace": "shop", "fields": [{"name": "city", "type": "string"}]}),
        "AVRO"))
    person = Schema(json.dumps({"type": "record", "name": "Person", "namespace": "shop", "fields": [
        ID, {"name": "home", "type": "shop.Address"}]}), "AVRO", [SchemaReference("shop.Address", "address-value", 1)])
    schema_id = client.register_schema("person-value", person)
    assert client.get_schema(schema_id).references[0].subject == "address-value"

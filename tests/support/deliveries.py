"""A dataset with records in its records, one of which may be absent, in the embedded log."""

import json

from support import manifests
from support.children import eventually
from support.offtake import Server

NAMESPACE = "parcels"
SCHEMA = {"type": "record", "name": "Delivery", "namespace": "parcels", "fields": [
    {"name": "delivery_id", "type": "long"},
    {"name": "address", "type": ["null", {"type": "record", "name": "Address", "fields": [
        {"name": "city", "type": "string"},
        {"name": "street", "type": "string"},
        {"name": "geo", "type": {"type": "record", "name": "Geo", "fields": [
            {"name": "lat", "type": "double"}, {"name": "lon", "type": "double"}]}}]}], "default": None},
    {"name": "parcel", "type": {"type": "record", "name": "Parcel", "fields": [
        {"name": "weight", "type": "int"}, {"name": "city", "type": ["null", "string"], "default": None}]}},
    {"name": "stops", "type": {"type": "array", "items": {"type": "record", "name": "Stop", "fields": [
        {"name": "city", "type": "string"}]}}},
    {"name": "carrier", "type": "string"},
    {"name": "sent_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "note", "type": "string"}]}


def record(number: int) -> dict:
    """Every fourth one goes nowhere."""
    city = ("Bern", "Basel", "Chur")[number % 3]
    address = {"city": city, "street": f"Long street with a long name, number {number}",
               "geo": {"lat": 46.5 + number, "lon": 7.25}}
    return {"delivery_id": number, "address": None if number % 4 == 0 else address,
            "parcel": {"weight": number * 10, "city": "Genf" if number % 2 else None},
            "stops": [{"city": city}], "carrier": "dove", "sent_at": "2026-01-02T03:04:05Z",
            "note": "leave it at the door " * 5}


def create(server: Server, count: int = 40) -> list[dict]:
    server.cli.apply(manifests.namespace(NAMESPACE), {
        "apiVersion": manifests.API, "kind": "Dataset", "metadata": {"name": "deliveries", "namespace": NAMESPACE},
        "spec": {"owner": "parcel-desk", "description": "One record per delivery.", "type": "Event",
                 "source": {"eventStoreName": "embedded", "topic": "parcels.deliveries",
                            "topicConfig": {"partitions": 1, "retention": "Forever"}},
                 "schema": {"format": "Avro", "subject": "parcels.deliveries-value", "definition": json.dumps(SCHEMA)},
                 "key": {"columns": ["delivery_id"], "from": "Value"}}})
    eventually(lambda: server.http("GET", "/registry/subjects/parcels.deliveries-value/versions/latest").status_code == 200,
               30, "the schema is registered")
    return send(server, 1, count)


def send(server: Server, first: int, count: int) -> list[dict]:
    records = [record(number) for number in range(first, first + count)]
    server.cli.run("produce", "deliveries", "-n", NAMESPACE, stdin="".join(json.dumps(one) + "\n" for one in records))
    return records

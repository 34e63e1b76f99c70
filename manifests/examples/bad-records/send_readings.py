#!/usr/bin/env python3
"""Appends readings to the embedded log, as any program would: Avro behind the id of its schema, over HTTP.

    send_readings.py FIRST COUNT [--bad N]...

Readings FIRST to FIRST + COUNT - 1, of ten sensors; those given with --bad end in the middle of a field. Address and
token are those of the CLI: $OFFTAKE_SERVER and $OFFTAKE_TOKEN. Python's own library only."""

import argparse
import json
import os
import struct
import urllib.request

TOPIC = "plant.readings"


def call(path: str, body: bytes | None = None, content_type: str = "application/json") -> dict:
    request = urllib.request.Request(os.environ["OFFTAKE_SERVER"].rstrip("/") + path, data=body, headers={
        "Authorization": f"Bearer {os.environ['OFFTAKE_TOKEN']}", "Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def zigzag(number: int) -> bytes:
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def reading(schema_id: int, number: int, damaged: bool) -> bytes:
    sensor = f"sensor-{number % 10}".encode()
    value = struct.pack(">bI", 0, schema_id) + zigzag(number) + zigzag(len(sensor)) + sensor
    return value if damaged else value + struct.pack("<d", 20 + number % 7)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("first", type=int)
    arguments.add_argument("count", type=int)
    arguments.add_argument("--bad", type=int, action="append", default=[])
    options = arguments.parse_args()
    schema_id = call(f"/registry/subjects/{TOPIC}-value/versions/latest")["id"]
    body = bytearray()
    for number in range(options.first, options.first + options.count):
        key = f"sensor-{number % 10}".encode()
        value = reading(schema_id, number, number in options.bad)
        # Partition and time are the server's to choose; then the lengths of key and value.
        body += struct.pack(">iqii", -1, -1, len(key), len(value)) + key + value
    call(f"/offtake/v1/events?topic={TOPIC}", bytes(body), "application/vnd.offtake.records")
    print(f"{options.count} readings, {len(options.bad)} of them damaged")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Records decode.json: Avro bytes as fastavro writes them (the avro package must write the same), and the rows
that Offtake's decoder must make of them, in PostgreSQL's text form.

    python record.py > decode.json      needs: fastavro, avro
"""
import datetime as dt
import decimal
import io
import json
import uuid

import avro.io
import avro.schema
import fastavro

EPOCH = dt.datetime(1970, 1, 1)


def jsonb(value):
    """PostgreSQL's text of a jsonb value."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda k: (len(k.encode()), k.encode()))
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {jsonb(value[k])}" for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(jsonb(v) for v in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(decimal.Decimal(repr(value)), "f").removesuffix(".0") if value != int(value) else str(int(value))
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, bytes):
        return json.dumps("\\x" + value.hex())
    if isinstance(value, dt.datetime):
        text = value.replace(tzinfo=None).isoformat()
        text = text.rstrip("0") if "." in text else text
        return json.dumps(text + ("+00:00" if value.tzinfo else ""))
    return json.dumps(str(value), ensure_ascii=False)


def text(value):
    """PostgreSQL's text of a plain value; None is NULL."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, dt.datetime):
        out = value.replace(tzinfo=None).isoformat(sep=" ")
        out = out.rstrip("0") if "." in out else out
        return out + ("+00" if value.tzinfo else "")
    if isinstance(value, dt.time):
        out = value.isoformat()
        return out.rstrip("0") if "." in out else out
    if isinstance(value, (dict, list)):
        return jsonb(value)
    return str(value)


def encode(schema, value, both=True):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(json.dumps(schema))), value)
    if both:
        other = io.BytesIO()
        avro.io.DatumWriter(avro.schema.parse(json.dumps(schema))).write(value, avro.io.BinaryEncoder(other))
        assert other.getvalue() == out.getvalue(), (schema, value)
    return out.getvalue()


CASES = []


def case(name, writer, values, rows, reader=None, wanted=None, both=True):
    CASES.append({
        "name": name, "writer": writer, "reader": reader, "wanted": wanted,
        "records": [encode(writer, v, both).hex() for v in values],
        "rows": [[text(c) for c in row] for row in rows],
    })


def record(*fields, name="R", **more):
    return {"type": "record", "name": name, "fields": [dict(name=n, type=t, **o) for n, t, *rest in fields
                                                      for o in [rest[0] if rest else {}]], **more}


def values(schema, rows):
    return [dict(zip([f["name"] for f in schema["fields"]], row)) for row in rows]


utc = dt.timezone.utc
scalars = record(("b", "boolean"), ("i", "int"), ("l", "long"), ("f", "float"), ("d", "double"), ("s", "string"),
                 ("y", "bytes"), ("e", {"type": "enum", "name": "E", "symbols": ["RED", "GREEN_AND_QUITE_LONG"]}),
                 ("x", {"type": "fixed", "name": "X", "size": 3}))
rows = [
    [True, 1, -1, 1.5, 0.1, "hello", b"\x00\xff", "RED", b"abc"],
    [False, 2**31 - 1, 2**63 - 1, -2.0, 1e14, "", b"", "GREEN_AND_QUITE_LONG", b"\x00\x01\x02"],
    [True, -2**31, -2**63, 0.0, -3.25, "längerer Text ♥ 𝄞 with more than twelve bytes", b"x" * 40, "RED", b"zzz"],
    [False, 64, -65, 0.25, 2.5, "exactly12byt", b"exactly13byte", "RED", b"\xff\xff\xff"],
    [False, 8191, 8192, 0.25, 2.5, "a", b"", "RED", b"\xff\xff\xff"],
    [False, 1048576, 2**27, 0.25, 2.5, "a", b"", "RED", b"\xff\xff\xff"],
    [False, -1048577, 2**34 - 1, 0.25, 2.5, "a", b"", "RED", b"\xff\xff\xff"],
    [False, 0, 2**41, 0.25, 2.5, "a", b"", "RED", b"\xff\xff\xff"],
    [False, 0, -2**48, 0.25, 2.5, "a", b"", "RED", b"\xff\xff\xff"],
    [False, 0, 2**55, 0.25, 2.5, "a", b"", "RED", b"\xff\xff\xff"],
]
case("scalars", scalars, values(scalars, rows), rows)
for keep in (["b"], ["x"], ["s"], ["i", "x"], ["x", "b"], ["l", "s", "e"], ["s", "s"]):
    index = [[f["name"] for f in scalars["fields"]].index(k) for k in keep]
    case("scalars, wanted " + " ".join(keep), scalars, values(scalars, rows), [[r[i] for i in index] for r in rows],
         wanted=keep)

nullable = record(*[(f["name"], ["null", f["type"]] if n % 2 else [f["type"], "null"])
                    for n, f in enumerate(scalars["fields"])])
rows_n = rows[:3] + [[None] * 9, [None, 1, None, 1.5, None, "x", None, "RED", None]]
case("nullable scalars", nullable, values(nullable, rows_n), rows_n)
case("nullable scalars, the last", nullable, values(nullable, rows_n), [[r[8]] for r in rows_n], wanted=["x"])

stamp = dt.datetime(2026, 11, 23, 9, 2, 11, 123000, tzinfo=utc)
before = dt.datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=utc)
logical = record(
    ("d", {"type": "int", "logicalType": "date"}),
    ("tm", {"type": "int", "logicalType": "time-millis"}), ("tu", {"type": "long", "logicalType": "time-micros"}),
    ("sm", {"type": "long", "logicalType": "timestamp-millis"}),
    ("su", {"type": "long", "logicalType": "timestamp-micros"}),
    ("lm", {"type": "long", "logicalType": "local-timestamp-millis"}),
    ("lu", {"type": "long", "logicalType": "local-timestamp-micros"}),
    ("n", {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}),
    ("nx", {"type": "fixed", "name": "D", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 4}),
    ("nb", {"type": "bytes", "logicalType": "decimal", "precision": 60, "scale": 3}),
    ("u", {"type": "string", "logicalType": "uuid"}))
D = decimal.Decimal
rows_l = [
    [dt.date(2026, 11, 23), dt.time(9, 2, 11, 5000), dt.time(23, 59, 59, 999999), stamp, stamp, stamp.replace(tzinfo=None),
     stamp.replace(tzinfo=None), D("12.50"), D("-0.0001"), D("123456789012345678901234567890123456789012345678901234.125"),
     uuid.UUID("12345678-1234-5678-9abc-def012345678")],
    [dt.date(1969, 12, 31), dt.time(0, 0, 0), dt.time(0, 0, 0), before, before, before.replace(tzinfo=None),
     before.replace(tzinfo=None), D("-9999999999.99"), D("99999999999999.9999"), D("-1.000"),
     uuid.UUID(int=0)],
]
case("logical types", logical, values(logical, rows_l), rows_l, both=False)
case("a duration", record(("x", {"type": "fixed", "name": "I", "size": 12, "logicalType": "duration"})),
     [{"x": (14).to_bytes(4, "little") + (3).to_bytes(4, "little") + (3723004).to_bytes(4, "little")}],
     [["1 year 2 mons 3 days 01:02:03.004"]], both=False)

address = record(("street", "string"), ("city", ["null", "string"]), ("zip", "int"), name="Address")
nested = record(("id", "long"), ("address", address), ("tags", {"type": "array", "items": "string"}),
                ("scores", {"type": "map", "values": ["null", "double"]}),
                ("past", {"type": "array", "items": "Address"}), ("last", "int"))
a1 = {"street": "Main \"1\"", "city": "Ulm", "zip": 89073}
a2 = {"street": "\\side\n", "city": None, "zip": -1}
rows_d = [[1, a1, ["a", "b"], {"zz": 1.5, "a": None, "b": 2.0}, [a1, a2], 7],
          [2, a2, [], {}, [], 8]]
case("nested", nested, values(nested, rows_d), rows_d)
case("paths", nested, values(nested, rows_d), [[r[1]["city"], r[1]["zip"], r[5]] for r in rows_d],
     wanted=["address.city", "address.zip", "last"])
case("whole and parts", nested, values(nested, rows_d), [[r[1]["zip"], r[1], r[0], r[1]["street"], r[1]] for r in rows_d],
     wanted=["address.zip", "address", "id", "address.street", "address"])
case("skips nested", nested, values(nested, rows_d), [[r[5]] for r in rows_d], wanted=["last"])
optional = record(("a", ["null", address]), ("z", "int"))
rows_o = [[a1, 1], [None, 2], [a2, 3]]
case("a path through a nullable record", optional, values(optional, rows_o),
     [[r[1], r[0] and r[0]["zip"], r[0] and r[0]["city"]] for r in rows_o], wanted=["z", "a.zip", "a.city"])

# Resolution.
old = record(("i", "int"), ("l", "long"), ("f", "float"), ("s", "string"), ("y", "bytes"), ("gone", nested["fields"][3]["type"]),
             ("n", ["null", "int"]), ("plain", "int"))
new = record(("y", "string"), ("added", "string", {"default": "a default of more than twelve"}),
             ("l", "double"), ("i", "long"), ("f", "double"), ("s", "bytes"), ("n", ["long", "null"]),
             ("renamed", ["null", "int"], {"aliases": ["plain"]}), ("none", ["null", "string"], {"default": None}),
             ("rec", record(("a", "int", {"default": 5}), ("b", {"type": "array", "items": "int"}), name="In"),
              {"default": {"b": [1, 2]}}))
rows_w = [[1, 2, 1.5, "text", b"bytes", {"k": 1.0}, None, 9], [-1, -2, 0.5, "t", b"", {}, 5, 10]]
case("promotions, aliases, defaults", old, values(old, rows_w),
     [[r[4].decode(), "a default of more than twelve", float(r[1]), r[0], r[2], r[3].encode(), r[6], r[7], None,
       {"a": 5, "b": [1, 2]}] for r in rows_w], reader=new)
case("a default below a nullable record", record(("a", ["null", record(("x", "int"), name="In")])),
     [{"a": None}, {"a": {"x": 3}}], [[None], ["7"]],
     reader=record(("a", ["null", record(("x", "int"), ("y", "int", {"default": 7}), name="In")])), wanted=["a.y"])
case("enum default", record(("e", {"type": "enum", "name": "E", "symbols": ["A", "NEW", "B"]})),
     [{"e": "A"}, {"e": "NEW"}, {"e": "B"}], [["A"], ["B"], ["B"]],
     reader=record(("e", {"type": "enum", "name": "E", "symbols": ["B", "A"], "default": "B"})))
many = record(("u", ["int", "null", "string", {"type": "array", "items": "int"}, "long"]), ("z", "int"))
case("skips a union", many, values(many, [[1, 5], [None, 6], ["x", 7], [[1, 2, 3], 8]]), [[5], [6], [7], [8]], wanted=["z"],
     both=False)
numbers = record(("u", ["int", "double", "null", "long"]), ("z", "int"))
case("a union of numbers", numbers, values(numbers, [[1, 5], [2.5, 6], [None, 7]]), [["1", 5], ["2.5", 6], [None, 7]],
     both=False)
case("a union read as one of its types", record(("u", ["null", "int", "long"])), [{"u": 1}, {"u": None}], [[1], [None]],
     reader=record(("u", ["null", "double"])), both=False)
case("millis read as micros", record(("t", {"type": "long", "logicalType": "timestamp-millis"})), [{"t": stamp}], [[stamp]],
     reader=record(("t", {"type": "long", "logicalType": "timestamp-micros"})), both=False)
case("a smaller decimal", record(("n", {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 1})),
     [{"n": D("12.5")}, {"n": D("-0.1")}], [["12.500"], ["-0.100"]],
     reader=record(("n", {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 3})), both=False)
tree = record(("v", "int"), ("children", {"type": "array", "items": "Tree"}), name="Tree")
forest = record(("tree", tree), ("z", "int"))
leaf = {"v": 1, "children": []}
case("skips a recursive type", forest, values(forest, [[{"v": 1, "children": [leaf, {"v": 2, "children": [leaf]}]}, 5]]),
     [[5]], wanted=["z"])
case("a key that is no record", "long", [5, -70000], [[5], [-70000]], wanted=[""])
case("nothing wanted", old, values(old, rows_w), [[], []], wanted=[])

print("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in CASES) + "\n]")

"""Whether an answer is what the OpenAPI document says: no member missing, none that is not named, each of its type."""

_TYPES = {"string": str, "object": dict, "array": list, "boolean": bool}


def differences(document: dict, schema: dict, value, place: str = "$"):
    """Sentences; nothing where the value fits."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    if value is None and schema.get("nullable"):
        return
    kind = schema["type"]
    if kind in ("integer", "number"):
        fits = isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    else:
        fits = isinstance(value, _TYPES[kind])
    if not fits:
        yield f"{place} is {value!r} and no {kind}"
    elif kind == "array":
        for number, item in enumerate(value):
            yield from differences(document, schema["items"], item, f"{place}[{number}]")
    elif kind == "object" and not schema.get("additionalProperties"):
        properties = schema.get("properties", {})
        yield from (f"{place} lacks {name}" for name in schema.get("required", []) if name not in value)
        for name, member in value.items():
            if name in properties:
                yield from differences(document, properties[name], member, f"{place}.{name}")
            else:
                yield f"{place}.{name} is not in the document"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{place} is {value!r}, which is none of {schema['enum']}"


def answer_schema(document: dict, path: str, method: str = "get") -> dict:
    content = document["paths"][path][method]["responses"]["200"]["content"]
    return content["application/json"]["schema"]

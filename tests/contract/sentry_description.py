"""Sentry's published API description, as tests hold requests and answers to it."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema

DESCRIPTION = json.loads((Path(__file__).parent / "sentry.openapi.subset.json").read_text())


def operation_of(url, method="get"):
    """What the description says of a call."""
    parts = urlsplit(url).path.strip("/").split("/")
    for template, item in DESCRIPTION["paths"].items():
        wanted = template.strip("/").split("/")
        if method in item and len(wanted) == len(parts) and all(a.startswith("{") or a == b for a, b in zip(wanted, parts, strict=True)):
            return item[method]
    raise AssertionError(f"the description has no {method} {url}")


def plain_schema(schema):
    """OpenAPI 3.0 as JSON Schema: `nullable` becomes a type."""
    if isinstance(schema, list):
        return [plain_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: plain_schema(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") and "type" in found:
        found["type"] = [found["type"], "null"]
    return found


def hold_answer(operation, status, body):
    """Hold an answer to its operation; a status that is described without a body promises nothing about it."""
    assert str(status) in operation["responses"]
    content = operation["responses"][str(status)].get("content")
    if content:
        jsonschema.validate(body, plain_schema(content["application/json"]["schema"]))

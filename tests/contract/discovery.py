"""Holds requests and answers to the published description of the Chrome Web Store API v2."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema

DISCOVERY = json.loads((Path(__file__).parent / "chromewebstore.v2.discovery.json").read_text())
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "status"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "status": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object", "required": ["@type"]}},
            },
            "additionalProperties": False,
        }
    },
}


def methods(description: Mapping[str, Any] = DISCOVERY) -> dict[str, dict[str, Any]]:
    """Every method of a description by its id."""
    found: dict[str, dict[str, Any]] = {}

    def walk(resource: Mapping[str, Any]) -> None:
        for method in resource.get("methods", {}).values():
            found[method["id"]] = method
        for inner in resource.get("resources", {}).values():
            walk(inner)

    walk(description)
    return found


@functools.cache
def json_schema(reference: str) -> dict[str, Any]:
    """A schema of the description as JSON Schema, strict about keys that it does not know, and about those it calls required."""

    def convert(schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            return convert(DISCOVERY["schemas"][schema["$ref"]])
        if schema["type"] == "array":
            return {"type": "array", "items": convert(schema["items"])}
        if schema["type"] == "object":
            properties = {name: convert(value) for name, value in schema.get("properties", {}).items()}
            required = [name for name, value in schema.get("properties", {}).items() if is_required(value)]
            return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        return {"type": schema["type"], **({"enum": schema["enum"]} if "enum" in schema else {})}

    return convert({"$ref": reference})


def is_required(described: dict[str, Any]) -> bool:
    """Whether a field or parameter must be there: the description says so in a flag, or in the first word of its text."""
    return bool(described.get("required")) or described.get("description", "").startswith("Required.")


def method_of(verb: str, url: str) -> dict[str, Any]:
    """The method that a request is of; an error when the description knows none."""
    path = urlsplit(url).path.lstrip("/")
    for method in methods().values():
        upload = method.get("mediaUpload", {}).get("protocols", {}).get("simple", {}).get("path", "").lstrip("/")
        for template in filter(None, (method["path"], upload)):
            pattern = re.sub(r"\\\{\\\+?\w+\\\}", "publishers/[^/]+/items/[^/:]+(?:/ratingSummary)?", re.escape(template))
            if method["httpMethod"] == verb and re.fullmatch(pattern, path):
                return method
    raise AssertionError(f"the description has no {verb} /{path}")


def check_request(verb: str, url: str, body: bytes | None) -> dict[str, Any]:
    """Hold a request to the description; its method."""
    method = method_of(verb, url)
    known = set(method["parameters"]) | set(DISCOVERY["parameters"])
    for name, value in parse_qsl(urlsplit(url).query):
        assert name in known, f"{method['id']} knows no parameter {name}"
        described = {**DISCOVERY["parameters"], **method["parameters"]}[name]
        assert "enum" not in described or value in described["enum"], f"{method['id']}: {name} cannot be {value}"
        assert described["type"] != "integer" or value.isdecimal(), f"{method['id']}: {name} is no number"
    for name, described in method["parameters"].items():
        given = described["location"] == "path" or name in dict(parse_qsl(urlsplit(url).query))
        assert given or not is_required(described), f"{method['id']} needs the parameter {name}"
    if "mediaUpload" not in method and "request" in method:
        sent = json.loads(body or b"{}")
        jsonschema.validate(sent, json_schema(method["request"]["$ref"]))
    return method


def check_answer(method: dict[str, Any], status: int, body: bytes) -> None:
    """Hold an answer to the description."""
    schema = json_schema(method["response"]["$ref"]) if status == 200 else ERROR
    jsonschema.validate(json.loads(body), schema)

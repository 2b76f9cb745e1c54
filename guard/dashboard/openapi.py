"""The API's description (OpenAPI 3.1), made of the table of operations and the documents' models."""

import functools
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from guard.dashboard.acts import ACTS
from guard.dashboard.documents.parts import Trouble
from guard.dashboard.operations import BASE, Operation
from guard.dashboard.questions import QUESTIONS
from guard.dashboard.refusals import Overloaded

OPERATIONS: tuple[Operation, ...] = (*QUESTIONS, *ACTS)
_REF = "#/components/schemas/{model}"
_ALWAYS = (400, 405, 421, 422, 500, 503)
"""What any operation may refuse with: an address or a parameter that makes no sense, a foreign name, a fault, too much at once."""
_OF_BODIES = (413, 415)
_OF_ACTS = (401, 403, 429)
_WORDS = {
    400: "It cannot be read.",
    401: "Nobody is known to ask.",
    403: "It is not allowed.",
    404: "There is no such thing.",
    405: "The address is not for this method.",
    409: "It makes no sense as things stand now.",
    413: "The body is too long.",
    415: "The body is no JSON.",
    421: "The server is called by a name that is not its own.",
    422: "It can be read, and makes no sense.",
    429: "Too many wrong tokens.",
    500: "A fault of the guard itself.",
    503: "Too much is asked at once, or the database or the store does not answer.",
}
_PARTS = {
    "item": "The extension's id, or its name in the configuration.",
    "version": "The release's version.",
    "number": "The picture's number, from 0 on.",
    "id": "The incident's id, such as INC-2026-0001.",
}
_DESCRIPTION = (
    "What the release guard has seen, judged and done; and what people do here. Times are UTC, ISO 8601. Rates and shares are ratios "
    "from 0 to 1, lengths of time are seconds. Later versions add fields, none goes away."
)


@functools.cache
def document() -> dict[str, Any]:
    """The whole description."""
    answers = {operation.answers for operation in OPERATIONS if operation.answers}
    bodies = {operation.body for operation in OPERATIONS if operation.body}
    models: list[tuple[type[BaseModel], Any]] = [
        *((model, "serialization") for model in (*answers, Trouble)),
        *((model, "validation") for model in bodies),
    ]
    models.sort(key=lambda one: one[0].__name__)
    _, schemas = models_json_schema(models, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"{BASE}{operation.path}", {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "release-guard", "version": version("release-guard"), "description": _DESCRIPTION},
        "paths": paths,
        "components": {"schemas": schemas["$defs"], "securitySchemes": _SECURITY},
    }


_SECURITY: dict[str, Any] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "release_guard_session",
        "description": "After `POST /api/v1/session`; each action also needs the header `X-CSRF-Token` with `whoami`'s `csrf`.",
    },
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "With a session, or behind a reverse proxy."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token, by a program; it needs no CSRF token."},
    "user": {"type": "apiKey", "in": "header", "name": "X-Release-Guard-User", "description": "Who the program asks for."},
}


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.body:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(operation.body)}}}
    if operation.acts:
        found["security"] = [{"bearer": [], "user": []}, {"session": [], "csrf": []}]
    if operation.asks_who:
        found["security"] = [{"bearer": [], "user": []}, {"session": []}]
    return found


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "description": _PARTS[name], "schema": {"type": "string", "minLength": 1}}
        for name in operation.parameters
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    """The fields of the operation's question. A schema of its own stands in its place, since parameters refer to nothing."""
    schema = operation.query.model_json_schema()
    properties = cast("dict[str, dict[str, Any]]", schema["properties"])
    definitions = cast("dict[str, Any]", schema.get("$defs", {}))
    found: list[dict[str, Any]] = []
    for name, described in properties.items():
        words = described.get("description", "")
        kept = {key: value for key, value in described.items() if key not in {"title", "description"}}
        found.append({"name": name, "in": "query", "required": False, "description": words, "schema": _without_null(kept, definitions)})
    return found


def _without_null(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or it is not: what it may be when it is there."""
    choices = [one for one in cast("Sequence[dict[str, Any]]", schema.get("anyOf", ())) if one.get("type") != "null"]
    kept = {key: value for key, value in schema.items() if key != "anyOf" and not (key == "default" and value is None)}
    for one in choices[:1]:
        kept |= one
    if reference := kept.pop("$ref", None):
        kept |= {key: value for key, value in definitions[reference.rsplit("/", 1)[-1]].items() if key in {"type", "enum"}}
    return kept


def _responses(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": _schema(operation.answers)}} if operation.answers else {}
    content |= {kind: {"schema": {} if kind == "image/png" else {"type": "string"}} for kind in operation.media_types}
    words = "It is begun." if operation.status == 202 else "The answer."  # noqa: PLR2004 - accepted, as HTTP calls it
    refused = {*_ALWAYS, *operation.refusals, *(_OF_BODIES if operation.body else ()), *(_OF_ACTS if operation.acts else ())}
    return {
        str(operation.status): {"description": words, "content": content},
        **{str(status): _refusal(status) for status in sorted(refused)},
    }


def _refusal(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {"description": _WORDS[status], "content": {"application/json": {"schema": _schema(Trouble)}}}
    if status in {429, Overloaded.status}:
        words = "Seconds after which the same may be asked again."
        found["headers"] = {"Retry-After": {"description": words, "schema": {"type": "string"}}}
    return found


def _schema(model: type[BaseModel] | None) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model.__name__)} if model else {}

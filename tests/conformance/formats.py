"""The two formats that descriptions are published in: Google's discovery document and OpenAPI; and of each what we use. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contract.discovery import is_required, methods
from pydantic import BaseModel

from conformance.parts import Part, Parts, Place, Schemas, mapping, sequence, text
from guard.sources import sentry_answers as answers

_ORGANIZATION = "/api/0/organizations/{organization_id_or_slug}/"
_PROJECT = "/api/0/projects/{organization_id_or_slug}/{project_id_or_slug}/"
READ_OF_SENTRY: Mapping[str, type[BaseModel]] = {
    _ORGANIZATION: answers.OrganizationAnswer,
    f"{_ORGANIZATION}environments/": answers.EnvironmentsAnswer,
    f"{_ORGANIZATION}events/": answers.EventsAnswer,
    f"{_ORGANIZATION}events-timeseries/": answers.SeriesAnswer,
    f"{_ORGANIZATION}issues/": answers.IssuesAnswer,
    f"{_ORGANIZATION}releases/": answers.ReleasesAnswer,
    f"{_ORGANIZATION}sessions/": answers.SessionsAnswer,
    f"{_ORGANIZATION}stats_v2/": answers.StatsAnswer,
    _PROJECT: answers.ProjectAnswer,
    f"{_PROJECT}filters/": answers.FiltersAnswer,
}
"""What the guard asks Sentry, all of it by GET, and what it reads of each answer. A test holds this list to the client."""

_INNER = {"each": "items", "any name": "additionalProperties"}
_CHOICES = ("allOf ", "anyOf ", "oneOf ")
"""With these, the words of a place that are no field's name."""


def of_discovery(document: Any) -> Parts:
    """Google's format: every method, since the local store has them all.

    Raises:
        ValueError: it is no such document.
    """
    description = mapping(document)
    if not mapping(description.get("resources")) or not mapping(description.get("schemas")):
        raise ValueError("it is no discovery document")
    try:
        return dict(_discovered(description))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("it is a broken discovery document") from error


def of_sentry(document: Any) -> Parts:
    """OpenAPI, of which the guard uses a few operations, and of their answers a few fields.

    Raises:
        ValueError: it is no such document.
    """
    paths = mapping(mapping(document).get("paths"))
    if not paths:
        raise ValueError("it is no OpenAPI document")
    found: dict[Place, Part] = {}
    for path, model in READ_OF_SENTRY.items():
        operation = mapping(mapping(paths.get(path)).get("get"))
        if operation:
            schema = model.model_json_schema()
            of_it = _operation(document, operation, (f"GET {path}",))
            found.update({place: part for place, part in of_it if part.is_sent or _is_read(schema, schema, place[2:])})
    return found


def _discovered(description: Mapping[str, Any]) -> Iterator[tuple[Place, Part]]:
    named = mapping(description["schemas"])
    schemas = Schemas(
        lambda name: mapping(named.get(name)), lambda schema, key: is_required(mapping(mapping(schema.get("properties")).get(key)))
    )
    yield ("address",), Part(f"{text(description.get('rootUrl'))}{text(description.get('servicePath'))}")
    for name, method in methods(description).items():
        place = (name,)
        yield place, Part(f"{text(method.get('httpMethod'))} {text(method.get('path'))}")
        yield (*place, "scopes"), Part(values=frozenset(map(text, sequence(method.get("scopes")))))
        for protocol, told in mapping(mapping(method.get("mediaUpload")).get("protocols")).items():
            yield (*place, f"{protocol} upload"), Part(text(mapping(told).get("path")))
        for key, told in mapping(method.get("parameters")).items():
            yield from _parameter(schemas, (*place, f"parameter {key}"), mapping(told), mapping(told))
        yield from schemas.parts(method.get("request"), (*place, "request"), is_sent=True)
        yield from schemas.parts(method.get("response"), (*place, "answer"), is_sent=False)


def _operation(document: Any, operation: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, Part]]:
    schemas = Schemas(lambda name: _pointed_at(document, name), lambda schema, key: key in sequence(schema.get("required")))
    yield place, Part()
    for told in map(mapping, sequence(operation.get("parameters"))):
        parameter = _pointed_at(document, text(told["$ref"])) if "$ref" in told else told
        yield from _parameter(schemas, (*place, f"parameter {text(parameter.get('name'))}"), parameter, parameter.get("schema"))
    yield from schemas.parts(_body(operation.get("requestBody")), (*place, "request"), is_sent=True)
    for code, answer in mapping(operation.get("responses")).items():
        if code.startswith("2"):
            yield from schemas.parts(_body(answer), (*place, f"answer {code}"), is_sent=False)


def _parameter(schemas: Schemas, place: Place, told: Mapping[str, Any], schema: Any) -> Iterator[tuple[Place, Part]]:
    where = text(told.get("location")) or text(told.get("in"))
    yield from schemas.parts(schema, place, is_sent=True, is_required=is_required(told))
    yield (
        (*place, "stands in"),
        Part(" ".join(filter(None, [where, text(told.get("pattern")), "repeated" if told.get("repeated") else ""]))),
    )


def _body(told: Any) -> Any:
    return mapping(mapping(mapping(told).get("content")).get("application/json")).get("schema")


def _pointed_at(document: Any, pointer: str) -> Mapping[str, Any]:
    """What a reference inside the document stands for; nothing is ever fetched for one."""
    found = document if pointer.startswith("#/") else None
    for key in pointer.removeprefix("#/").split("/"):
        found = mapping(found).get(key)
    return mapping(found)


def _is_read(schema: Mapping[str, Any], root: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether the model of an answer has a field of these names inside each other; what it takes as it comes it reads whole."""
    for name in names:
        schema = _plain(schema, root)
        if name in _INNER:
            inner = schema.get(_INNER[name])
            if not isinstance(inner, dict):
                return True
            schema = inner
        elif not name.startswith(_CHOICES):
            if "properties" not in schema:
                return True
            if name not in schema["properties"]:
                return False
            schema = schema["properties"][name]
    return True


def _plain(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A model's schema without the reference, and without the choice of nothing at all, around it."""
    chosen = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    schema = chosen[0] if len(chosen) == 1 else schema
    return _pointed_at(root, schema["$ref"]) if "$ref" in schema else schema

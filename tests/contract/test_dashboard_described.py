"""The OpenAPI document: it is what it was, it is a valid one, and whatever it allows and more is answered as it says."""

import functools
import json
from pathlib import Path

import hypothesis
import jsonschema
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from contract.dashboard_world import TOKEN
from guard.dashboard import openapi
from guard.dashboard.refusals import REFUSED

GOLDEN = Path(__file__).parent / "dashboard.openapi.json"
AS_DESCRIBED = [status_code_conformance, content_type_conformance, response_schema_conformance]
ASKED = [operation for operation in openapi.OPERATIONS if not operation.streams]
"""All but the stream of events, which has no end; it has tests of its own."""
PROGRAM = {"Authorization": f"Bearer {TOKEN}", "X-Release-Guard-User": "robot"}


def test_the_document_is_what_it_was():
    """Whoever changes the API on purpose renews the file."""
    assert json.loads(GOLDEN.read_text()) == unversioned(), (
        "the API has changed: look at the difference, and renew the file with "
        "PYTHONPATH=tests python -c 'from contract.test_dashboard_described import renew; renew()'"
    )


def unversioned():
    """The document as JSON knows it; the program's own version is no part of what it promises."""
    document = json.loads(json.dumps(openapi.document()))
    del document["info"]["version"]
    return document


def renew():
    GOLDEN.write_text(json.dumps(unversioned(), indent=1, sort_keys=True) + "\n")


def test_every_schema_in_it_is_one_and_every_reference_leads_somewhere():
    document = openapi.document()
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    references = [part.partition('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]]
    assert set(references) <= set(schemas)


def test_every_operation_is_told_in_full():
    document = openapi.document()
    names = [found["operationId"] for path in document["paths"].values() for found in path.values()]
    assert len(names) == len(set(names)) == len(openapi.OPERATIONS)
    for operation in openapi.OPERATIONS:
        found = document["paths"][f"/api/v1{operation.path}"][operation.method.lower()]
        assert found["summary"]
        assert all(parameter["description"] for parameter in found["parameters"]), operation.name
        assert {parameter["name"] for parameter in found["parameters"] if parameter["in"] == "path"} == set(operation.parameters)
        codes = {int(code) for code in found["responses"]}
        assert codes - {operation.status} <= set(REFUSED)
        assert ("security" in found) == (operation.acts or operation.asks_who)
        if operation.body:
            assert {413, 415, 422} <= codes
        if operation.acts or operation.asks_who:
            assert {401, 403} <= codes


SETTINGS = hypothesis.settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_whatever_is_asked_is_answered_as_the_document_says(site, mode):
    """Requests that the document allows, and those that it does not; with addresses that are there, and such that are not."""
    schema = schemathesis.openapi.from_dict(openapi.document())
    known = {"item": "shelf", "version": "2.0.0", "id": site.filled.waiting, "number": "0"}
    answered = set()

    def ask(operation, case, *, is_known):
        if is_known:
            case.path_parameters = {name: known[name] for name in operation.parameters}
        answer = case.call(base_url=site.base, headers=PROGRAM if operation.acts or operation.asks_who else None)
        reaches_the_store = operation.seconds is not None  # which is out of reach here
        case.validate_response(answer, checks=AS_DESCRIBED if reaches_the_store else [*AS_DESCRIBED, not_a_server_error])
        assert answer.status_code != 500
        answered.add((operation.name, answer.status_code))

    for operation in ASKED:
        strategy = schema[f"/api/v1{operation.path}"][operation.method].as_strategy(generation_mode=mode)
        _each(strategy, functools.partial(ask, operation))
    assert {name for name, _ in answered} == {operation.name for operation in ASKED}
    if mode is GenerationMode.POSITIVE:
        assert len({name for name, status in answered if status < 300}) > len(ASKED) // 3
    else:
        assert {404, 422} <= {status for _, status in answered}


def _each(strategy, ask):
    """Ask with examples of a strategy, the same ones each time."""

    @SETTINGS
    @hypothesis.given(case=strategy, is_known=st.booleans())
    def example(case, is_known):
        ask(case, is_known=is_known)

    example()

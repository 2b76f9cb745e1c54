"""Where a published description does not keep what is held: edits of the held ones, each with what is said of it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from conformance.formats import READ_OF_SENTRY, of_discovery, of_sentry
from conformance.parts import Part, compare
from conformance.published import DESCRIPTIONS
from contract.sentry_description import operation_of

from guard.sources.sentry_client import SentryClient

STORE, SENTRY = DESCRIPTIONS
SESSIONS = "/api/0/organizations/{organization_id_or_slug}/sessions/"
SERIES = "/api/0/organizations/{organization_id_or_slug}/events-timeseries/"


def held(description):
    return json.loads(description.held.read_bytes())


def differences(description, edit):
    document = held(description)
    edit(document)
    return [found.words for found in description.differences(json.dumps(document).encode())]


def items_of(document):
    return document["resources"]["publishers"]["resources"]["items"]["methods"]


def get(document, path):
    return document["paths"][path]["get"]


def parameter(document, path, name):
    return next(one for one in get(document, path)["parameters"] if one["name"] == name)


def answer(document, path):
    return get(document, path)["responses"]["200"]["content"]["application/json"]["schema"]


def without_rollback(document):
    del items_of(document)["rollback"]


def elsewhere(document):
    items_of(document)["publish"]["path"] = "v3/{+name}:publish"


def asks_for_more(document):
    items_of(document)["publish"]["parameters"]["reason"] = {"type": "string", "location": "query", "required": True}


def asks_by_its_words(document):
    document["schemas"]["PublishItemRequest"]["properties"]["why"] = {"type": "string", "description": "Required. Why."}


def knows_no_staging(document):
    field = document["schemas"]["PublishItemRequest"]["properties"]["publishType"]
    field["enum"] = [value for value in field["enum"] if value != "STAGED_PUBLISH"]


def another_state(document):
    document["schemas"]["ItemRevisionStatus"]["properties"]["state"]["enum"].append("ON_HOLD")


def a_number_as_text(document):
    document["schemas"]["DistributionChannel"]["properties"]["deployPercentage"]["type"] = "string"


def another_field(document):
    document["schemas"]["RollbackItemRequest"]["properties"] = {"howFar": {"type": "string"}}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (without_rollback, ["chromewebstore.publishers.items.rollback: is not there any more"]),
        (
            elsewhere,
            ["chromewebstore.publishers.items.publish: was `POST v2/{+name}:publish`, and is `POST v3/{+name}:publish`"],
        ),
        (asks_for_more, ["chromewebstore.publishers.items.publish › parameter reason: is new, and required"]),
        (asks_by_its_words, ["chromewebstore.publishers.items.publish › request › why: is new, and required"]),
        (
            knows_no_staging,
            ["chromewebstore.publishers.items.publish › request › publishType: cannot be `STAGED_PUBLISH` any more"],
        ),
    ],
)
def test_what_the_store_takes_away_or_asks_for_is_a_difference(edit, said):
    assert differences(STORE, edit) == said


def test_a_state_that_nobody_has_met_and_another_type_are_told_wherever_they_are_answered():
    said = differences(STORE, another_state)
    assert said
    assert all(" › answer › " in one and one.endswith("state: can be `ON_HOLD` as well") for one in said)
    said = differences(STORE, a_number_as_text)
    assert said
    assert all(one.endswith("deployPercentage: was `integer int32`, and is `string int32`") for one in said)


def test_a_field_that_is_gone_is_told_once_and_not_all_that_was_in_it():
    def edit(document):
        del document["schemas"]["FetchItemStatusResponse"]["properties"]["publishedItemRevisionStatus"]

    (said,) = differences(STORE, edit)
    assert said == "chromewebstore.publishers.items.fetchStatus › answer › publishedItemRevisionStatus: is not there any more"


def other_words(document):
    def rewrite(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in {"description", "summary"} and isinstance(inner, str) and not inner.startswith("Required."):
                    value[key] = "Other words."
                else:
                    rewrite(inner)
        elif isinstance(value, list):
            for inner in value:
                rewrite(inner)

    rewrite(document)
    document["revision"] = "20991231"


def more_of_everything(document):
    if "resources" in document:
        items_of(document)["dance"] = copy.deepcopy(items_of(document)["publish"]) | {"id": "chromewebstore.publishers.items.dance"}
        items_of(document)["publish"]["parameters"]["hint"] = {"type": "string", "location": "query"}
        document["schemas"]["RollbackItemResponse"].setdefault("properties", {})["extra"] = {"type": "string"}
        document["schemas"]["PublishItemRequest"]["properties"]["publishType"]["enum"].append("SLOWLY")
    else:
        document["paths"]["/api/0/new/"] = {"get": {"parameters": [], "responses": {}}}
        get(document, SESSIONS)["parameters"].append({"name": "hint", "in": "query", "schema": {"type": "string"}})
        answer(document, SESSIONS)["properties"]["extra"] = {"type": "string"}


def what_nobody_reads(document):
    if "paths" in document:
        del document["paths"]["/api/0/organizations/{organization_id_or_slug}/release-threshold-statuses/"]
        organization = answer(document, "/api/0/organizations/{organization_id_or_slug}/")
        del organization["properties"]["features"]
        organization["required"].remove("isEarlyAdopter")
        organization["properties"]["isEarlyAdopter"]["type"] = "string"
        del document["paths"]["/api/0/organizations/{organization_id_or_slug}/issues/"]["put"]
    else:
        del document["icons"]


@pytest.mark.parametrize("edit", [lambda _document: None, other_words, more_of_everything, what_nobody_reads])
@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda description: description.name)
def test_what_changes_nothing_for_us_is_no_difference(description, edit):
    assert differences(description, edit) == []


def no_sessions(document):
    del document["paths"][SESSIONS]


def no_environment(document):
    get(document, SESSIONS)["parameters"].remove(parameter(document, SESSIONS, "environment"))


def a_required_region(document):
    get(document, SESSIONS)["parameters"].append({"name": "region", "in": "query", "required": True, "schema": {"type": "string"}})


def no_spans(document):
    parameter(document, SERIES, "dataset")["schema"]["enum"].remove("spans")


def seconds_as_text(document):
    answer(document, SERIES)["properties"]["timeSeries"]["items"]["properties"]["meta"]["properties"]["interval"]["type"] = "string"


def perhaps_no_groups(document):
    answer(document, SESSIONS)["required"].remove("groups")


def perhaps_null(document):
    answer(document, SESSIONS)["properties"]["groups"]["nullable"] = True


def in_the_path(document):
    parameter(document, SESSIONS, "field")["in"] = "header"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (no_sessions, f"GET {SESSIONS}: is not there any more"),
        (no_environment, f"GET {SESSIONS} › parameter environment: is not there any more"),
        (a_required_region, f"GET {SESSIONS} › parameter region: is new, and required"),
        (no_spans, f"GET {SERIES} › parameter dataset: cannot be `spans` any more"),
        (
            seconds_as_text,
            f"GET {SERIES} › answer 200 › timeSeries › each › meta › interval: was `number double`, and is `string double`",
        ),
        (perhaps_no_groups, f"GET {SESSIONS} › answer 200 › groups: may be absent now"),
        (perhaps_null, f"GET {SESSIONS} › answer 200 › groups: was `array`, and is `array or null`"),
        (in_the_path, f"GET {SESSIONS} › parameter field › stands in: was `query`, and is `header`"),
    ],
)
def test_what_sentry_changes_in_what_we_use_is_a_difference(edit, said):
    assert differences(SENTRY, edit) == [said]


def test_a_description_that_refers_to_its_schemas_says_the_same_as_one_that_holds_them():
    document = held(SENTRY)
    document["components"]["schemas"] = {"Sessions": answer(document, SESSIONS)}
    get(document, SESSIONS)["responses"]["200"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Sessions"}
    document["components"]["parameters"] = {"Field": parameter(document, SESSIONS, "field")}
    given = get(document, SESSIONS)["parameters"]
    given[given.index(document["components"]["parameters"]["Field"])] = {"$ref": "#/components/parameters/Field"}
    assert compare(of_sentry(held(SENTRY)), of_sentry(document)) == []


def test_schemas_that_hold_themselves_come_to_an_end():
    document = held(STORE)
    document["schemas"]["Warning"]["properties"]["inner"] = {"$ref": "Warning"}
    assert compare(of_discovery(held(STORE)), of_discovery(document)) == []
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(300):
        deep = {"type": "object", "properties": {"x": deep}}
    document["schemas"]["Warning"]["properties"]["deep"] = deep
    assert len(max(of_discovery(document), key=len)) < 60


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda description: description.name)
@pytest.mark.parametrize(
    "published", [b"", b"<html>", b"{}", b"[]", b"null", b'{"resources": {"a": 1}, "schemas": {"a": 1}}', b"[" * 100_000], ids=repr
)
def test_what_is_no_description_is_never_taken_for_one_that_conforms(description, published):
    from conformance.published import NotFetched

    with pytest.raises(NotFetched, match="makes no sense"):
        description.differences(published)


@pytest.mark.parametrize("wrong", [None, 7, "text", [], {}, [[]], [{}]])
def test_parts_of_another_shape_are_differences_and_no_crash(wrong):
    document = held(SENTRY)
    for path in READ_OF_SENTRY:
        get(document, path)["parameters"] = wrong
        get(document, path)["responses"] = wrong
    assert len(compare(of_sentry(held(SENTRY)), of_sentry(document))) > len(READ_OF_SENTRY)


def test_what_is_answered_and_what_is_sent_are_held_to_different_things():
    place = ("a",)

    def said(is_sent, before, after):
        parts = [
            {(): Part(), place: Part("string", frozenset(values), is_required=required, is_sent=is_sent)}
            for values, required in (before, after)
        ]
        return [found.what for found in compare(*parts)]

    assert said(True, ("ab", False), ("abc", False)) == []
    assert said(False, ("ab", False), ("abc", False)) == ["can be `c` as well"]
    assert said(False, ("ab", False), ("", False)) == ["can be anything"]
    assert said(True, ("ab", False), ("", False)) == []
    assert said(True, ("", False), ("a", False)) == ["can be `a` alone"]
    assert said(True, ("", True), ("", False)) == []
    assert said(True, ("", False), ("", True)) == ["is required now"]
    assert said(False, ("", False), ("", True)) == []
    assert said(False, ("", True), ("", False)) == ["may be absent now"]


class Recorded:
    """A transport that answers nothing of use, and remembers which model was to read what."""

    def __init__(self):
        self.asked = {}

    def get(self, model, _base_url, path, _parameters):
        self.asked[path] = model
        return model.model_construct(root=[])

    def pages(self, model, base_url, path, parameters):
        return [self.get(model, base_url, path, parameters)]


def test_everything_that_the_guard_asks_sentry_is_compared_with_the_model_that_reads_it(monkeypatch):
    client = SentryClient("https://sentry.example", "token")
    transport = Recorded()
    monkeypatch.setattr(client, "_transport", transport)
    for name in ("sessions", "events", "timeseries", "issues", "stats"):
        getattr(client, name)("acme", ())
    list(client.releases("acme", ()))
    client.environments("acme")
    client.organization("acme")
    client.project("acme", "shelf")
    client.filters("acme", "shelf")
    public = {name for name in vars(SentryClient) if not name.startswith("_")} - {"region"}
    assert len(transport.asked) == len(public)
    document = held(SENTRY)
    templates = {id(item["get"]): path for path, item in document["paths"].items() if "get" in item}
    assert len(templates) > len(READ_OF_SENTRY)
    asked = {path_of(document, path): model for path, model in transport.asked.items()}
    assert asked == dict(READ_OF_SENTRY)


def path_of(document, path):
    operation = operation_of(f"https://sentry.example/api/0/{path}")
    (found,) = [template for template, item in document["paths"].items() if item.get("get") == operation]
    return found


def test_googles_own_client_bundles_what_we_hold():
    from googleapiclient.discovery_cache import DISCOVERY_DOC_DIR

    bundled = Path(DISCOVERY_DOC_DIR, "chromewebstore.v2.json").read_bytes()
    assert STORE.differences(bundled) == []


def test_every_operation_that_is_compared_is_held():
    assert {place[0].removeprefix("GET ") for place in of_sentry(held(SENTRY))} == set(READ_OF_SENTRY)

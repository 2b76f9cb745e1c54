"""Whether what is configured can be asked for as often as it is polled: the figure that is needed is said, and is enough."""

import re

import pytest

from guard.config import Config
from guard.doctor.budgets import sentry_budget, store_budget
from guard.doctor.finding import FindingStatus

SENTRY = {"organization": "o", "project": "p"}


def a_config(items, *, poll_seconds=30, store=None, sentry=None):
    extensions = [
        {"id": f"{number:032d}".translate(str.maketrans("0123456789", "abcdefghij")), "publisher": "p"} for number in range(items)
    ]
    settings = {"watch": {"poll_seconds": poll_seconds}, "store": store or {}, "extension": extensions}
    return Config.model_validate(settings if sentry is None else {**settings, "sentry": {**SENTRY, **sentry}})


def one(findings):
    (found,) = findings
    return found


@pytest.mark.parametrize("look", [store_budget, sentry_budget])
def test_a_few_items_are_within_the_defaults(look):
    found = one(look(a_config(20, sentry={})))
    assert (found.status, found.hint) == (FindingStatus.OK, "")


@pytest.mark.parametrize("items", [60, 1000])
def test_the_figures_that_are_named_are_enough(items):
    found = one(store_budget(a_config(items)))
    assert found.status is FindingStatus.WARNING
    enough = int(re.search(r"set it to (\d+)", found.hint)[1])
    assert one(store_budget(a_config(items, store={"requests_per_minute": enough}))).status is FindingStatus.OK
    assert one(store_budget(a_config(items, store={"requests_per_minute": enough - 1}))).status is FindingStatus.WARNING


@pytest.mark.parametrize("look", [store_budget, sentry_budget])
def test_polling_as_seldom_as_is_named_is_enough_too(look):
    found = one(look(a_config(100, sentry={"requests_per_second": 5})))
    seldom = int(re.search(r"`poll_seconds` under \[watch\] to (\d+)", found.hint)[1])
    assert str(seldom) in found.message
    assert one(look(a_config(100, poll_seconds=seldom, sentry={"requests_per_second": 5}))).status is FindingStatus.OK
    assert one(look(a_config(100, poll_seconds=seldom - 2, sentry={"requests_per_second": 5}))).status is FindingStatus.WARNING


def test_where_polling_seldom_is_not_enough_it_is_not_advised():
    found = one(store_budget(a_config(700)))
    assert "however seldom" in found.message
    assert "poll_seconds" not in found.hint


def test_the_questions_that_sentry_needs_are_named():
    found = one(sentry_budget(a_config(1000, sentry={"base_url": "https://de.sentry.io"})))
    assert found.status is FindingStatus.WARNING
    assert "1000 items every 30 s need up to 266.7 questions a second of de.sentry.io, and 20 are allowed" in found.message
    assert "takes 400 s" in found.message
    assert "to 267" in found.hint


def test_a_sentry_on_this_machine_may_be_asked_anything_and_none_needs_nothing():
    found = one(sentry_budget(a_config(1000, sentry={"base_url": "http://127.0.0.1:9000"})))
    assert found.status is FindingStatus.OK
    assert list(sentry_budget(a_config(1000))) == []


def test_items_with_tokens_of_their_own_are_counted_apart():
    config = a_config(4)
    tables = [{**SENTRY, "token_env": token} for token in ("A", "A", "A", "B")]
    extensions = [{"id": one.id, "publisher": "p", "sentry": table} for one, table in zip(config.extension, tables, strict=True)]
    found = list(sentry_budget(Config.model_validate({"extension": extensions})))
    assert [finding.message.split(" every")[0] for finding in found] == ["3 items", "1 item"]

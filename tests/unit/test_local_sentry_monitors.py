"""Cron monitors of the local Sentry: what is kept of a check-in, and what is refused or dropped, as Sentry does."""

import json
import uuid

import pytest

from guard.localsentry.envelope import Envelope, EnvelopeError, EnvelopeItem
from guard.localsentry.state import LocalSentry

CONFIG = {"schedule": {"type": "crontab", "value": "0 * * * *"}, "checkin_margin": 5, "timezone": "UTC"}
IDENTITY = uuid.UUID(int=7).hex


@pytest.fixture
def sentry(clock):
    return LocalSentry(clock)


def send(sentry, **given):
    item = {"check_in_id": IDENTITY, "monitor_slug": "nightly", "status": "in_progress", "monitor_config": CONFIG, **given}
    sentry.ingest(Envelope({}, (EnvelopeItem("check_in", {}, json.dumps(item).encode()),)))


def statuses(sentry):
    return [found.status for found in sentry.monitors.all()]


def outcomes(sentry):
    return {(category, outcome, reason): count for (_, category, outcome, reason), count in sentry.outcomes.items()}


def test_an_end_is_written_on_its_beginning_and_stays(sentry, clock):
    send(sentry)
    clock.forward(seconds=90)
    send(sentry, status="ok")
    send(sentry, status="error")
    (listed,) = sentry.monitors.listed("nightly")
    assert (listed["status"], listed["duration"]) == ("ok", 90_000)
    assert listed["dateUpdated"] > listed["dateAdded"]
    assert outcomes(sentry) == {("monitor", "accepted", ""): 2, ("monitor", "invalid", "duplicate"): 1}


def test_the_newest_stands_first_and_a_later_configuration_holds(sentry):
    send(sentry)
    later = {"schedule": {"type": "interval", "value": 2, "unit": "hour"}}
    send(sentry, check_in_id=uuid.UUID(int=8).hex, status="error", duration=1.5, monitor_config=later, environment="staging")
    newest, oldest = sentry.monitors.listed("nightly")
    assert (newest["status"], newest["duration"], newest["environment"], oldest["status"]) == ("error", 1500, "staging", "in_progress")
    assert newest["monitorConfig"]["schedule"] == [2, "hour"]


def test_what_no_monitor_waits_for_is_dropped(sentry):
    send(sentry, monitor_config=None)
    assert (statuses(sentry), sentry.monitors.listed("nightly")) == ([], None)
    assert outcomes(sentry) == {("monitor", "invalid", "monitor_not_found"): 1}


def test_a_status_that_only_sentry_gives_is_unknown(sentry):
    send(sentry, status="missed")
    assert statuses(sentry) == ["unknown"]


@pytest.mark.parametrize(
    "given",
    [{"monitor_slug": ""}, {"check_in_id": "x"}, {"duration": "long"}, {"monitor_config": {}}, {"monitor_config": {"schedule": "hourly"}}],
)
def test_what_makes_no_sense_is_refused(sentry, given):
    with pytest.raises(EnvelopeError):
        send(sentry, **given)
    assert statuses(sentry) == []

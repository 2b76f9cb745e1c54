"""A local Sentry with users of an extension, and the guard's client of it; everything that passes is held to the published description."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from contract.sentry_description import hold_answer, operation_of
from guard.model import Interval, Signal
from guard.rehearsal.users import envelope_items
from guard.sources.sentry import SentrySource
from guard.sources.sentry_client import SentryClient
from webstore.versions import Version

NEW, OLD = Version.parse("1.3.0"), Version.parse("1.2.0")

BEYOND_THE_SCHEMA = {"disableAggregateExtrapolation"}
"""Sentry's own pages send it to the table of events too; the schema names it for series only."""


class SentryWitness(requests.Session):
    """A session that holds everything that passes to the description, and counts the calls by their endpoint."""

    def __init__(self):
        super().__init__()
        self.calls = Counter()

    def send(self, request, **kwargs):
        operation = operation_of(request.url)
        known = {parameter["name"]: parameter for parameter in operation["parameters"]}
        given = {name for name, _ in parse_qsl(urlsplit(request.url).query)}
        assert given <= set(known) | BEYOND_THE_SCHEMA
        assert {name for name, parameter in known.items() if parameter.get("required") and parameter["in"] == "query"} <= given
        self.calls[urlsplit(request.url).path.rstrip("/").rpartition("/")[2]] += 1
        answer = super().send(request, **kwargs)
        if answer.status_code == 200:
            hold_answer(operation, 200, json.loads(answer.content))
        return answer


def attributes(values):
    return {name: {"value": value, "type": "string"} for name, value in values.items()}


class World:
    def __init__(self, state, address, clock, session):
        self.state, self.address, self.clock, self.session = state, address, clock, session
        self.client = SentryClient(address.base_url, address.token, session, attempts=2, sleep=lambda _seconds: None)
        self.source = self.a_source(self.client)

    def a_source(self, client=None, **changes):
        settings = {"organization": "local", "project": "extension", "environment": "production", "release_name": "shelf@{version}"}
        return SentrySource(client or self.client, **{**settings, "settle": timedelta(0), **changes})

    def send(self, *items):
        lines = ["{}", *(json.dumps(part) for kind, payload in items for part in ({"type": kind}, payload))]
        url = f"{self.address.base_url}/api/1/envelope/?sentry_key={urlsplit(self.address.dsn).username}"
        requests.post(url, data="\n".join(lines), timeout=5).raise_for_status()

    def use(self, version, users, failing):
        """Pages are opened: sessions, and an error with each failing one."""
        for number in range(users):
            moment = self.clock().isoformat()
            items = envelope_items(f"shelf@{version}", f"user-{number}", fails=number < failing)
            self.send(*((kind, {**payload, "started": moment, "timestamp": moment}) for kind, payload in items))

    def count(self, version, outcomes, *, users=True, name="ext.operation"):
        """Operations are counted: so many of each outcome, each by a user of its own unless ``users`` names them."""
        found = []
        for outcome, number in outcomes.items():
            for one in range(number):
                user = {"user.id": f"{outcome}-{one}" if users is True else users} if users else {}
                known = {"sentry.release": f"shelf@{version}", "sentry.environment": "production", "outcome": outcome, **user}
                found.append(
                    {
                        "timestamp": self.clock().timestamp(),
                        "name": name,
                        "type": "counter",
                        "value": 1,
                        "attributes": attributes(known),
                    }
                )
        self.send(("trace_metric", {"version": 2, "items": found}))

    def span(self, version, *, number=1, failing=0, seconds=0.5, request=False, users=True):
        """So many operations, or requests to the backend, the first of them failing."""
        at = self.clock().timestamp()
        found = []
        for one in range(number):
            op = {"sentry.op": "http.client" if request else "function"}
            user = {"user.id": f"user-{one}"} if users else {}
            known = {"sentry.release": f"shelf@{version}", "sentry.environment": "production", **op, **user}
            status = "error" if one < failing else "ok"
            found.append(
                {
                    "name": "collect",
                    "start_timestamp": at - seconds,
                    "end_timestamp": at,
                    "is_segment": not request,
                    "status": status,
                    "attributes": attributes(known),
                }
            )
        self.send(("span", {"version": 2, "items": found}))

    def fail(self, version, message, *, handled=False):
        """An error event and nothing else."""
        mechanism = {"type": "test", "handled": handled}
        event = {
            "event_id": f"{abs(hash((version, message, self.clock()))):032x}"[:32],
            "timestamp": self.clock().isoformat(),
            "release": f"shelf@{version}",
            "environment": "production",
            "exception": {"values": [{"type": "Error", "value": message, "mechanism": mechanism}]},
        }
        self.send(("event", event))

    def past(self, *, weeks, a_minute, hours=2.0):
        """Sessions around this time in earlier weeks."""
        for week in weeks:
            begin = self.clock() - timedelta(weeks=week, hours=hours / 2)
            for minute in range(int(hours * 60)):
                started = begin + timedelta(minutes=minute)
                self.state.add_sessions(release="shelf@1.2.0", environment="production", started=started, count=a_minute)

    def interval(self, minutes=10.0, ahead=30):
        return Interval(self.clock() - timedelta(minutes=minutes), self.clock() + timedelta(seconds=ahead))

    def samples(self, version=NEW, source=None):
        return (source or self.source).read([version], self.interval())

    def read(self, version=NEW, source=None) -> dict[tuple[Signal, str], Any]:
        return {(sample.signal, getattr(sample.reading, "unit", "")): sample.reading for sample in self.samples(version, source)}

    def overall(self, source=None, **interval) -> dict[Signal, Any]:
        return {sample.signal: sample.reading for sample in (source or self.source).read_overall(NEW, self.interval(**interval))}

"""Two processes of the operating system that open the same incident at the same instant, a hundred times, on both databases."""

import json
import subprocess
import sys

from guard.incidents.events import Kind
from guard.store.incidents import IncidentRecords

ROUNDS = 100
OPENER = """
import json, sys
from datetime import UTC, datetime
from guard.config import Config
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState
from guard.severity import Severity
from guard.store.database import open_database
from guard.store.incidents import IncidentRecords
from webstore.models import Item
from webstore.versions import Version

config = Config.model_validate({"extension": [{"id": "a" * 32, "publisher": "p"}], "oncall": {"rotation": ["ann"]}})
now = lambda: datetime(2026, 7, 1, tzinfo=UTC)
records = IncidentRecords(open_database(sys.argv[1]), now, rules=config.incident_rules)
print("ready", flush=True)
for line in sys.stdin:
    draft = Incident("", line.strip(), "t", Severity.P0, IncidentState.INVESTIGATING, Item("p", "a" * 32), Version.parse("1.0"), now())
    opened, is_new = records.open(draft, records.entry(said(Kind.BREACH_SEEN, version="1.0")))
    print(json.dumps([opened.id, is_new]), flush=True)
"""


def test_two_processes_open_each_incident_once_100_times(database, clock):
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", OPENER, url]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        assert [one.stdout.readline() for one in both] == ["ready\n"] * 2
        for number in range(ROUNDS):
            for one in both:
                one.stdin.write(f"{number:032d}\n")
                one.stdin.flush()
            (first, new), (second, new_too) = (json.loads(one.stdout.readline()) for one in both)
            assert first == second
            assert new != new_too
    finally:
        for one in both:
            one.stdin.close()
            one.wait(timeout=30)
            one.stdout.close()
    records = IncidentRecords(database, clock)
    found = records.all()
    assert len({incident.id for incident in found}) == len(found) == ROUNDS
    for incident in found:
        assert [entry.kind for entry in records.timeline(incident.id)] == [Kind.BREACH_SEEN, Kind.ROLE_TAKEN]
        standing = records.standing(incident.id)
        assert (standing.commander, len(standing.clocks)) == ("ann", 2)

"""A month of sixty incidents, played in order over restarts, on both databases: the report says what a count by other means says.

The count reads the tables themselves and imports nothing of the analysis.
"""

import json
import random
import shutil
import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy

from factories import Clock
from guard.cli.after_arguments import FORMATS, LANGUAGES
from guard.cli.arguments import build_parser
from guard.cli.main import main
from guard.clockwork import ring_due
from guard.config import Config
from guard.engine import Engine
from guard.incident_life import acknowledge, assign, end_postmortem, false_alarm, reopen, resolve
from guard.incidents.action_items import ActionItem, ActionState, IncidentClass, Priority
from guard.incidents.events import Kind, Language, said
from guard.incidents.incident import Incident, IncidentState, Trigger
from guard.incidents.roles import Role
from guard.model import Counted, Interval, Provenance, Release, ReleaseState, Sample, Signal
from guard.monthly import Format, gather, to_html, to_json, to_markdown, to_text
from guard.reminding import remind_due
from guard.severity import Severity
from guard.store.action_items import ActionItems
from guard.store.database import open_database
from webstore.models import Item
from webstore.versions import Version

SEED = 20260731
START = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
END = START + timedelta(days=30)
COUNT = 60
ITEMS = [Item("publisher", letter * 32) for letter in "abc"]
TARGETS = {"P0": (15, 120), "P1": (60, 240), "P2": (240, 1440), "P3": (1440, 4320)}
"""Minutes to respond and to resolve, by the handbook."""
PLAN = {"plan": "p", "target": "1.0.0", "new_version": "9.0.0.1"}
RESTART_EVERY = 40


class Month:
    """What happens, as moments and what is done at each."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.acts = []
        for day in range(1, 31):
            self.at(START + timedelta(days=day, minutes=-30), lambda _engine: None)  # somebody is awake each day, before anything ends
        for number in range(COUNT):
            self._incident(number)
        self.acts.sort(key=lambda act: act[0])

    def at(self, moment, do):
        if moment < END:
            self.acts.append((moment, do))

    def _incident(self, number):
        rng = self.random
        severity = rng.choices(list(Severity), weights=(3, 4, 4, 2))[0]
        opened = START + timedelta(minutes=rng.uniform(30, 29.8 * 1440))
        respond, solve = (timedelta(minutes=minutes) for minutes in TARGETS[severity.name])
        item, version = rng.choice(ITEMS), Version.parse(f"2.{number}.0")
        is_breach = rng.random() < 0.75
        cause = rng.choice(["deployment: d", "deployment: d", "external: e", ""]) if is_breach else ""
        known = {}
        if is_breach:
            released = opened - timedelta(minutes=rng.uniform(0.5, 20))
            self.at(released, lambda engine: engine.releases.record(Release(item, version, released, provenance=Provenance.UPLOAD)))
            self.at(opened, lambda engine: sampled(engine, item, version, released, opened, rng_of(number)))
        trigger = Trigger.BREACH if is_breach else Trigger.PERSON
        draft = Incident(
            "",
            f"{number:032d}",
            f"incident {number}",
            severity,
            IncidentState.INVESTIGATING,
            item,
            version,
            opened,
            10,
            cause,
            trigger=trigger,
        )
        self.at(opened, lambda engine: known.update(id=opened_as(engine, draft)))
        if rng.random() < 0.12:
            self.at(opened + respond / 2, lambda engine: false_alarm(engine, known["id"], "alice", "it was the watcher"))
            return
        self._response(known, opened, respond, solve)

    def _response(self, known, opened, respond, solve):
        rng = self.random
        solved = opened + solve * rng.uniform(0.3, 1.5)
        answered = min(opened + respond * rng.uniform(0.1, 1.6), opened + (solved - opened) * 0.2)
        if rng.random() < 0.85:
            self.at(answered, lambda engine: acknowledge(engine, known["id"], "bob"))
            if rng.random() < 0.5:
                handed = answered + (solved - answered) * 0.1
                self.at(handed, lambda engine: assign(engine, known["id"], Role.INCIDENT_COMMANDER, "carol", "bob", "end of shift"))
        if rng.random() < 0.6:
            self._rollback(known, answered + (solved - answered) * 0.2, rng.choice([True, True, True, False]))
        self.at(solved, lambda engine: resolve(engine, known["id"], "bob", "it is well"))
        if rng.random() < 0.25:
            again = solved + timedelta(minutes=rng.uniform(5, 600))
            self.at(again, lambda engine: reopen(engine, known["id"], "dave", "it is back"))
            self.at(again + solve / 3, lambda engine: resolve(engine, known["id"], "dave", "really"))
        elif rng.random() < 0.4:
            self.at(solved + timedelta(minutes=5), lambda engine: end_postmortem(engine, known["id"], "bob"))

    def _rollback(self, known, begun, is_done):
        by_hand = self.random.random() < 0.3

        def begin(engine):
            incident = engine.incidents.get(known["id"])
            facts = {**PLAN, "version": incident.version}
            if by_hand:
                engine.incidents.note(incident.id, said(Kind.APPROVED, **facts), actor="bob")
            engine.incidents.move(incident, IncidentState.MITIGATING, said(Kind.ROLLBACK_BEGUN, **facts))

        def end(engine):
            incident = engine.incidents.get(known["id"])
            facts = {**PLAN, "version": incident.version}
            if is_done:
                engine.incidents.move(incident, IncidentState.MONITORING, said(Kind.ROLLBACK_DONE, **facts))
            else:
                engine.incidents.move(incident, IncidentState.INVESTIGATING, said(Kind.ROLLBACK_FAILED, failure="refused"))

        if begun + timedelta(minutes=4) < END:
            self.at(begun, begin)
            self.at(begun + timedelta(seconds=self.random.uniform(20, 200)), end)


def rng_of(number):
    return random.Random(1000 + number)


def opened_as(engine, draft):
    is_breach = draft.trigger is Trigger.BREACH
    event = said(Kind.BREACH_SEEN, version=draft.version) if is_breach else said(Kind.OPENED_BY_HAND, title=draft.title)
    evidence = "breach: error_rate: 40 of 100 sessions failed; health: ui failed" if is_breach else ""
    incident, is_new = engine.incidents.open(draft, engine.incidents.entry(event, evidence))
    assert is_new
    return incident.id


def sampled(engine, item, version, released, opened, rng):
    """Three polls between the release and the incident: totals since the release."""
    failures = total = 0
    for part in (1, 2, 3):
        total += rng.randint(50, 500)
        failures += rng.randint(0, 20)
        end = released + (opened - released) * part / 3
        read = [Sample(Signal.ERROR_RATE, version, Interval(released, end), Counted(failures, total, "sessions"), "test")]
        read.append(Sample(Signal.ERROR_RATE, version, Interval(released, end), Counted(failures, total // 2 + failures, "users"), "test"))
        engine.samples.record(item, read, end)


def an_action(number, day, **changes):
    item = ActionItem("", f"item {number}", "ann", Priority.MEDIUM, (START + timedelta(days=day)).date(), "ann", START)
    return ActionItem(**{**vars(item), **changes})


def a_config(folder):
    extensions = [{"id": item.id, "publisher": item.publisher, "name": f"shelf-{item.id[0]}"} for item in ITEMS]
    target = {"name": "team", "kind": "slack-webhook", "channels": ["reminders"], "url_env": "NOBODY_IS_REALLY_TOLD"}
    tables = {"notify": {"target": [target]}, "actions": {"channels": ["reminders"]}}
    return Config.model_validate({"state": str(folder), "extension": extensions, **tables})


def played(config, database):
    """The month is over; every forty acts another process went on with it."""
    clock = Clock()
    clock.moment = START - timedelta(days=40)
    engine = Engine(config, database, now=clock)
    for item in ITEMS:
        engine.releases.record(Release(item, Version.parse("1.0.0"), clock(), state=ReleaseState.GOOD))
    month = Month(SEED)
    actions(month)
    for count, (moment, act) in enumerate(month.acts):
        if count % RESTART_EVERY == 0:
            engine = Engine(config, database, now=clock)
        clock.moment = moment
        ring_due(engine)
        remind_due(engine)
        act(engine)
    clock.moment = END
    ring_due(engine)
    return Engine(config, database, now=clock)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The month in a file of its own, played once."""
    folder = tmp_path_factory.mktemp("month")
    database = open_database(f"sqlite:///{folder / 'month.db'}")
    played(a_config(folder), database)
    database.dispose()
    return folder / "month.db"


@pytest.fixture
def engine(file, tmp_path):
    """A copy that a test may write to."""
    shutil.copy(file, tmp_path / "month.db")
    database = open_database(f"sqlite:///{tmp_path / 'month.db'}")
    yield Engine(a_config(tmp_path), database, now=lambda: END)
    database.dispose()


def actions(month):
    """Six action items: two done in time, one too late, one dropped, two left."""
    of_a = IncidentClass(ITEMS[0].id, Signal.ERROR_RATE, None)
    drafts = [
        (an_action(1, 20, prevents=of_a, estimated_preventions=24), 14, ActionState.DONE),
        (an_action(2, 20, prevents=IncidentClass()), 16, ActionState.DONE),
        (an_action(3, 5), 18, ActionState.DONE),
        (an_action(4, 20), 12, ActionState.DROPPED),
        (an_action(5, 25), 9, ActionState.IN_PROGRESS),
        (an_action(6, 40), None, None),
    ]
    for draft, day, state in drafts:
        known = {}

        def add(engine, draft=draft, known=known):
            known["item"] = ActionItems(engine.database, engine.now).add(draft)

        def end(engine, state=state, known=known):
            ActionItems(engine.database, engine.now).move(known["item"], state, "ann", "because")

        month.acts.append((START + timedelta(days=1), add))
        if day is not None:
            month.acts.append((START + timedelta(days=day), end))
    month.acts.sort(key=lambda act: act[0])


def rows_of(database, table, order) -> list[dict[str, Any]]:
    with database.connect() as connection:
        found = connection.execute(sqlalchemy.text(f"SELECT * FROM {table} ORDER BY {order}")).mappings().all()  # noqa: S608 - ours
    return [{name: as_python(name, value) for name, value in row.items()} for row in found]


def as_python(name: str, value: Any) -> Any:
    """SQLite tells times and JSON as text."""
    if value is None:
        return None
    if name == "at" or name.endswith("_at"):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return json.loads(value) if name in {"reading", "facts"} and isinstance(value, str) else value


def walk(row, events, published):
    """The seconds of one incident, by going along its events once."""
    opened, found = events[0]["at"], {}
    for event in events:
        kind, passed = event["kind"], (event["at"] - opened).total_seconds()
        if kind.startswith("reopened"):
            found.pop("to_mitigate", None)
            found.pop("to_resolve", None)
        elif kind == "acknowledged":
            found.setdefault("to_acknowledge", passed)
        elif kind == "rollback_done":
            found.setdefault("to_mitigate", passed)
        elif kind in {"resolved", "recovered"}:
            found["to_resolve"] = passed
        if kind in {"acknowledged", "approved", "rollback_begun", "resolved"}:
            found.setdefault("to_respond", passed)
    if "to_resolve" in found:
        found.setdefault("to_mitigate", found["to_resolve"])
    if row["trigger"] == "breach" and not row["cause"].startswith("external"):
        found["to_detect"] = (opened - published[row["version"]]).total_seconds()
    return found


def summed(values):
    values = sorted(values)
    if not values:
        return None
    ninth = next(value for value in values if sum(other <= value for other in values) * 10 >= 9 * len(values))
    return {"count": len(values), "mean": sum(values) / len(values), "median": statistics.median(values), "p90": ninth}


def counted_by_hand(database) -> dict[str, Any]:
    """The report's figures, from the tables alone."""
    events = {}
    for event in rows_of(database, "timeline", "id"):
        events.setdefault(event["incident_id"], []).append(event)
    published = {row["version"]: row["published_at"] for row in rows_of(database, "releases", "id")}
    rows = rows_of(database, "incidents", "id")
    real = [row for row in rows if row["state"] != "false_alarm"]
    walked = {row["id"]: walk(row, events[row["id"]], published) for row in real}
    everything = [event for found in events.values() for event in found]
    kinds = Counter(event["kind"] for event in everything)
    open_states = {"investigating", "identified", "mitigating", "monitoring"}
    return {
        "incidents": {
            "total": len(rows),
            "open": sum(row["state"] in open_states for row in rows),
            "reopened": sum(any(event["kind"].startswith("reopened") for event in events[row["id"]]) for row in rows),
            "by_severity": {name: sum(row["severity"] == name for row in rows) for name in TARGETS},
            "by_cause": dict(Counter(row["cause"].split(":")[0] or "unknown" for row in real)),
        },
        "seconds": {
            name: summed(found[name] for found in walked.values() if name in found)
            for name in ("to_detect", "to_acknowledge", "to_respond", "to_mitigate", "to_resolve")
        },
        "false_alarms": len(rows) - len(real),
        "rollbacks": {
            "done": kinds["rollback_done"],
            "failed": kinds["rollback_failed"] + kinds["rollback_failed_worse"],
            "success": kinds["rollback_done"] / (kinds["rollback_done"] + kinds["rollback_failed"]),
            "by_hand": sum(
                any(event["kind"] == "approved" for event in found) and any(event["kind"] == "rollback_done" for event in found)
                for found in events.values()
            ),
        },
        "response": met(real, walked, events, 0, "to_respond"),
        "resolution": met(real, walked, events, 1, "to_resolve"),
    }


def met(rows, walked, events, place, name):
    """How many met a target, of those that met it or whose time is over."""
    good = over = 0
    for row in rows:
        limit = TARGETS[row["severity"]][place] * 60
        took = walked[row["id"]].get(name)
        waited = (END - events[row["id"]][0]["at"]).total_seconds()
        good += took is not None and took <= limit
        over += took is not None or waited > limit
    return {"met": good, "of": over}


def budgets_by_hand(database):
    """The last total of each release's sessions, by extension."""
    last = {}
    for row in rows_of(database, "samples", "ended_at"):
        if row["unit"] == "sessions":
            last[row["item_id"], row["version"]] = row["reading"]
    found = {}
    for (item, _), reading in last.items():
        known = found.setdefault(item, [0, 0])
        known[0], known[1] = known[0] + reading["failures"], known[1] + reading["total"]
    return found


def test_the_figures_of_a_month_equal_those_of_an_independent_count(database, tmp_path):
    engine = played(a_config(tmp_path), database)
    said_by_it, by_hand = to_json(gather(engine, 30)), counted_by_hand(engine.database)
    assert by_hand["incidents"]["total"] == COUNT
    assert said_by_it["incidents"] == by_hand["incidents"]
    for name, expected in by_hand["seconds"].items():
        assert said_by_it["seconds"][name] == pytest.approx(expected, abs=0.001), name
    assert said_by_it["targets"] == {"response": by_hand["response"], "resolution": by_hand["resolution"]}
    assert said_by_it["false_alarms"]["total"] == by_hand["false_alarms"]
    for name, expected in by_hand["rollbacks"].items():
        assert said_by_it["rollbacks"][name] == pytest.approx(expected), name
    budgets = {one["item"]: [one["failures"], one["total"]] for one in said_by_it["error_budgets"]}
    assert budgets == budgets_by_hand(engine.database)
    for one in said_by_it["error_budgets"]:
        assert one["used"] == pytest.approx(one["failures"] / (0.01 * one["total"]), abs=1e-5)


def test_the_month_has_what_a_month_can_have(engine):
    """Else the comparison above would prove little."""
    found, kinds = to_json(gather(engine, 30)), Counter(row["kind"] for row in rows_of(engine.database, "timeline", "id"))
    assert kinds["clock_missed"] > 10
    assert kinds["handed_over"] > 10
    assert kinds["reopened_by_hand"] > 5
    assert kinds["rollback_failed"] > 2
    assert found["incidents"]["open"] > 0
    assert found["false_alarms"]["total"] > 2
    for name in ("response", "resolution"):
        assert 0 < found["targets"][name]["met"] < found["targets"][name]["of"]
    assert {one["rule"] for one in found["recommendations"]} >= {
        "deployment_cause",
        "slow_detection",
        "response_missed",
        "resolution_missed",
        "rollback_failed",
        "false_alarm",
        "reopened",
        "outside_cause",
    }


def test_action_items_and_what_they_prevented_are_counted(engine):
    found = to_json(gather(engine, 30))
    assert found["action_items"] == {"open": 1, "in_progress": 1, "overdue": 1, "done": 3, "done_in_time": 2, "dropped": 1}
    began = {row["id"]: row["opened_at"] for row in rows_of(engine.database, "incidents", "id") if row["state"] != "false_alarm"}
    seen = {
        row["id"] for row in rows_of(engine.database, "incidents", "id") if row["trigger"] == "breach" and row["item_id"] == ITEMS[0].id
    }
    for one, day, wanted in zip(found["prevention"], (14, 16), (seen & set(began), set(began)), strict=True):
        ended, window = START + timedelta(days=day), timedelta(days=30 - day)
        assert one["days_on_each_side"] == 30 - day
        assert one["before"] == sum(ended - window <= began[identifier] < ended for identifier in wanted)
        assert one["after"] == sum(ended <= began[identifier] < END for identifier in wanted)
    assert found["prevention"][0]["expected_fewer"] == pytest.approx(24 * 16 / 365, abs=0.001)


def test_reminders_7_days_before_3_days_before_and_daily_once_overdue_come_once_over_restarts(engine):
    put = Counter(row["key"] for row in rows_of(engine.database, "messages", "id") if row["event"] == "action_reminder")
    expected = set()
    for item in rows_of(engine.database, "action_items", "id"):
        due, added = datetime.fromisoformat(item["due_on"]).date(), item["created_at"].date()
        ended = (item["ended_at"] or END).date() if item["state"] in {"done", "dropped"} else END.date()
        for day in (added + timedelta(days=number) for number in range((ended - added).days + 1)):
            before = {7: "7-days-before", 3: "3-days-before"}.get((due - day).days, f"overdue-{day}" if day > due else None)
            expected |= {f"{item['id']}:{due}:{before}:team"} if before else set()
    assert put == Counter(expected)
    assert len(expected) > 15


@pytest.mark.parametrize("language", Language)
def test_every_shape_of_the_report_says_the_same_and_lets_no_markup_in(engine, language):
    evil = "<script>alert(1)</script> | @here \x1b[31m \u202e `x`"
    engine.incidents.note("INC-2026-0001", evil, actor=evil)
    draft = an_action(9, 20, title=evil, owner=evil, prevents=IncidentClass())
    ActionItems(engine.database, engine.now).move(ActionItems(engine.database, engine.now).add(draft), ActionState.DONE, evil)
    figures = gather(engine, 30)
    shapes = [shape(figures, language) for shape in (to_text, to_markdown, to_html)]
    reopened = to_json(figures)["incidents"]["reopened"]
    for text in shapes:
        assert (f"{reopened} came back" if language is Language.ENGLISH else f"重新開啟 {reopened} 件") in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script" not in shapes[1] + shapes[2]
    assert "@here" not in shapes[1]
    page = shapes[2]
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "unsafe-inline" not in page
    assert " style=" not in page


def test_the_report_is_of_30_days_and_its_choices_are_all_there_are():
    assert build_parser().parse_args(["report"]).days == 30
    assert set(LANGUAGES) == {language.value for language in Language}
    assert set(FORMATS) == {shape.value for shape in Format}
    for days in ("0", "-1", "x", "3661"):
        with pytest.raises(SystemExit):
            build_parser().parse_args(["report", "--days", days])


def test_the_command_writes_each_shape(engine, tmp_path, capsys):
    file = tmp_path / "release-guard.toml"
    file.write_text(f'state = "{tmp_path}"\n[[extension]]\nid = "{ITEMS[0].id}"\npublisher = "publisher"\n')
    url = engine.database.url.render_as_string(hide_password=False)
    common = ["--config", str(file), "--database", url]
    assert main(["report", "--days", "3660", "--json", *common]) == 0
    assert json.loads(capsys.readouterr().out)["incidents"]["total"] <= COUNT
    for shape, mark in (("text", "Incidents by severity"), ("markdown", "| P0 |"), ("html", "<!doctype html>")):
        assert main(["report", "--days", "3660", "--format", shape, "-o", str(tmp_path / shape), *common]) == 0
        assert mark in (tmp_path / shape).read_text()
    assert main(["report", "-o", str(tmp_path / "none" / "x"), *common]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["postmortem", "INC-2026-0001", "--language", "zh-TW", *common]) == 0
    assert "# 事後檢討 INC-2026-0001" in capsys.readouterr().out
    assert main(["postmortem", "inc-2026-0001", "-o", str(tmp_path / "p.md"), *common]) == 0
    assert (tmp_path / "p.md").read_text().startswith("<!-- guard:document INC-2026-0001 en -->")
    assert main(["postmortem", "INC-2026-9999", *common]) == 2

"""Fills a database with what a year of guarding leaves behind, by the program's own stores: for the dashboard's tests and its pages.

The same seed gives the same data. With ``hostile`` every text that can come from outside tries to be more than text.
"""

import dataclasses
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy

from guard import incident_life as life
from guard.config import Config
from guard.decision.orders import Proposal
from guard.decision.repair import Surroundings, in_full
from guard.decision.strategies import ROLLBACK, RepairPlan
from guard.engine import Engine
from guard.incidents.action_items import ActionItem, ActionState, IncidentClass, Priority
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState, fingerprint
from guard.incidents.roles import Role
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Counted, Events, Interval, Provenance, Release, ReleaseState, Sample, Signal
from guard.notify.message import Attempt, Message, MessageState
from guard.notify.message import Outcome as Delivered
from guard.ordering import block, pause
from guard.outcome import Outcome
from guard.rollback.plan import RollbackPlan, RollbackState, StepName, StepState
from guard.severity import Severity
from guard.store.action_items import ActionItems
from guard.store.looks import LookRecord
from guard.store.messages import put_message
from guard.store.standings import Point, SignalStanding
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Drill, DrillVerdict, Finding
from webstore.models import Item
from webstore.versions import Version

V = Version.parse
START = datetime.fromisoformat("2026-11-25T02:00:00+00:00")
"""The moment at which the dashboard is looked at."""
SEED = 20261125
PUBLISHER = "a-publisher"
HOSTILE = (
    "<script>fetch('/api/v1/pause',{method:'POST'})</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) `rm -rf` ![](x) **bold** <!-- -->",
    '=HYPERLINK("http://evil.example","x")',
    "\u202egnp.exe\u202c \u0007\u001b[31mred\u001b[0m",
    "&lt;b&gt; {{ 7*7 }} ${7*7} %s %(x)s",
    "字" * 400,
    "x" * 1500,
)
_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class Moving:
    """A clock that stands where the filler has put it."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@dataclasses.dataclass(frozen=True)
class Filled:
    """What was filled in."""

    engine: Engine
    clock: Moving
    config: Config
    waiting: str
    """The incident whose rollback waits for a yes."""
    incidents: tuple[str, ...]

    def again(self, database: sqlalchemy.Engine, folder: Path) -> "Filled":
        """The same in a copy of the database and its folder."""
        clock = Moving()
        config = self.config.model_copy(update={"state": folder})
        return dataclasses.replace(self, engine=Engine(config, database, now=clock), clock=clock, config=config)

    @property
    def item(self) -> Item:
        """The first extension: it has everything."""
        return self.config.extension[0].item


def item_id(number: int) -> str:
    """The id of an extension, as the store makes them: 32 letters from a to p."""
    return "".join("abcdefghijklmnop"[int(digit, 16)] for digit in f"{number + 1:032x}")


def config_of(folder: Path, items: int, **tables: Any) -> Config:
    """A configuration of so many extensions."""
    return Config.model_validate(
        {
            "state": str(folder),
            "oncall": {"rotation": ["ann", "bob"], "management": ["dana"]},
            "notify": {
                "target": [
                    {
                        "name": "crew",
                        "kind": "slack-bot",
                        "channels": ["slack-critical", "slack-alerts"],
                        "url_env": "RELEASE_GUARD_SLACK",
                        "to": "C0123ABCD",
                    }
                ]
            },
            "extension": [
                {"id": item_id(number), "publisher": PUBLISHER, "name": f"shelf-{number}" if number else "shelf"} for number in range(items)
            ],
            **tables,
        }
    )


def fill(database: sqlalchemy.Engine, folder: Path, *, items: int = 5, hostile: bool = False, **tables: Any) -> Filled:
    """Fill an empty database."""
    clock, chance = Moving(), random.Random(SEED)
    config = config_of(folder, items, **tables)
    engine = Engine(config, database, now=clock)
    words = _Words(chance, hostile=hostile)
    found: list[str] = []
    waiting = ""
    for number, extension in enumerate(config.extension):
        story = _Story(engine, clock, extension.item, chance, words, folder)
        story.past()
        match number:
            case 0:
                waiting = story.waits_for_a_yes()
            case 1:
                story.was_rolled_back()
            case 2:
                story.is_healthy()
            case 3:
                story.is_failing_to_roll_back()
            case _:
                story.is_undecided()
        found += story.incidents
    _action_items(engine, clock, words, found)
    clock.at = START
    if items > 1:
        pause(engine, config.extension[1].item, "ann", words("the backend is being moved"))
    engine.executors.join("watch")
    return Filled(engine, clock, config, waiting, tuple(found))


class _Words:
    """Texts from outside."""

    def __init__(self, chance: random.Random, *, hostile: bool) -> None:
        self._chance, self._hostile = chance, hostile

    def __call__(self, text: str) -> str:
        return f"{text} {self._chance.choice(HOSTILE)}" if self._hostile else text


class _Story:
    """What happened to one extension."""

    def __init__(self, engine: Engine, clock: Moving, item: Item, chance: random.Random, words: _Words, folder: Path) -> None:
        self.engine, self.clock, self.item, self.chance, self.words, self.folder = engine, clock, item, chance, words, folder
        self.incidents: list[str] = []

    def past(self) -> None:
        """Releases of half a year, with an incident of each ending."""
        for number, days in enumerate(range(180, 20, -20)):
            self.release(f"1.{number}.0", timedelta(days=days), ReleaseState.GOOD)
        self.release("1.1.5", timedelta(days=150), ReleaseState.BAD)
        block_at = timedelta(days=149)
        self.clock.at = START - block_at
        block(self.engine, self.item, V("1.1.5"), "bob", self.words("its migration loses settings"))
        for days, ends in (
            (150, IncidentState.CLOSED),
            (90, IncidentState.FALSE_ALARM),
            (60, IncidentState.RESOLVED),
            (25, IncidentState.POSTMORTEM_DONE),
        ):
            incident = self.incident("1.1.5" if days == 150 else "1.2.0", timedelta(days=days), Severity.P2, signal=list(Signal)[days % 5])
            self.clock.at += timedelta(minutes=20)
            life.acknowledge(self.engine, incident, "ann", self.words("on it"))
            self.clock.at += timedelta(minutes=30)
            self._end(incident, ends)

    def _end(self, incident: str, ends: IncidentState) -> None:
        if ends is IncidentState.FALSE_ALARM:
            life.false_alarm(self.engine, incident, "bob", self.words("a test account"))
            return
        life.resolve(self.engine, incident, "ann", self.words("a fix was published"))
        if ends is IncidentState.POSTMORTEM_DONE:
            life.end_postmortem(self.engine, incident, "ann", "wiki/incidents")
        if ends is IncidentState.CLOSED:
            life.close(self.engine, incident, "ann")

    def release(self, version: str, ago: timedelta, state: ReleaseState, **more: Any) -> Release:
        """A release that was seen."""
        found = Release(self.item, V(version), START - ago, state=state, **{"provenance": Provenance.UPLOAD, **more})
        self.engine.releases.record(found)
        return found

    def incident(self, version: str, ago: timedelta, severity: Severity, signal: Signal = Signal.ERROR_RATE) -> str:
        """An incident as a breach opens it."""
        self.clock.at = START - ago
        draft = Incident(
            id="",
            fingerprint=fingerprint(self.item, V(version), [signal]),
            title=self.words(f"{version}: error rate over its limit"),
            severity=severity,
            state=IncidentState.INVESTIGATING,
            item=self.item,
            version=V(version),
            opened_at=self.clock.at,
            affected_users=self.chance.randrange(10, 900),
            cause=self.words("deployment: the release fails more often than its baseline"),
        )
        entry = self.engine.incidents.entry(
            said(Kind.BREACH_SEEN, version=version), self.words(f"breach: {signal.value}: 96 of 400 sessions failed")
        )
        opened, _ = self.engine.incidents.open(draft, entry)
        self.incidents.append(opened.id)
        self.engine.incidents.note(opened.id, said(Kind.DIAGNOSED, cause="deployment"), evidence=self.words("the baseline is well"))
        self.message(opened)
        return opened.id

    def message(self, incident: Incident) -> None:
        """People were told, and of one message nothing came."""
        for number, (outcome, state) in enumerate(((Delivered.SENT, MessageState.SENT), (Delivered.REFUSED, MessageState.FAILED))):
            message = Message(
                key=f"{incident.id}:{number}",
                incident_id=incident.id,
                event="opened",
                channel="slack-alerts",
                target="crew",
                subject=self.words(incident.title),
                body="…",
                not_before=self.clock.at,
            )
            with self.engine.database.begin() as connection:
                put_message(connection, message, self.clock.at)
            queued = next(one for one in self.engine.messages.waiting() if one.message.key == message.key)
            mine = self.engine.messages.claim(queued, "filler")
            assert mine is not None
            self.engine.messages.finish(mine, "filler", Attempt(outcome, self.words("the channel answered")), state)

    def samples(self, release: Release, baseline: Release, rate: float, minutes: int) -> None:
        """A poll every half minute: totals since the publish."""
        totals = {release.version: [0, 0], baseline.version: [0, 0]}
        hour_before = Interval(release.published_at - timedelta(hours=1), release.published_at)
        for poll in range(1, minutes * 2 + 1):
            at = release.published_at + timedelta(seconds=30 * poll)
            interval = Interval(release.published_at, at)
            read = [Sample(Signal.ERROR_RATE, baseline.version, hour_before, Counted(9, 1800, "sessions"), "sentry sessions")]
            for version, share in ((release.version, rate), (baseline.version, 0.005)):
                units = self.chance.randrange(5, 15)
                totals[version][0] += sum(self.chance.random() < share for _ in range(units))
                totals[version][1] += units
                bad, total = totals[version]
                read.append(Sample(Signal.ERROR_RATE, version, interval, Counted(bad, total, "sessions"), "sentry sessions"))
                read.append(Sample(Signal.API_FAILURES, version, interval, Counted(bad // 3, total * 4, "requests"), "sentry spans"))
                read.append(Sample(Signal.EXTENSION_CRASHES, version, interval, Events(bad // 5), "sentry"))
            self.engine.samples.record(self.item, read, at)

    def judged(
        self, release: Release, baseline: Release, verdicts: dict[Signal, Verdict], outcome: Outcome, plan: RepairPlan | None = None
    ) -> None:
        """The newest verdicts, the newest look, the checks of both versions, and the drill."""
        engine, thresholds, now = self.engine, Thresholds(), START - timedelta(seconds=12)
        self.clock.at = now
        found: list[SignalStanding] = []
        for signal in Signal:
            for version in (release.version, baseline.version):
                verdict = verdicts.get(signal, Verdict.HEALTHY) if version == release.version else Verdict.HEALTHY
                measured = signal not in {Signal.RATING, Signal.ACTIVE_USERS}
                said_now = SignalVerdict(
                    signal,
                    verdict if measured else Verdict.NO_DATA,
                    self.words(f"{signal.value} of {version} is {verdict.value}"),
                    failures=96 if verdict is Verdict.BREACH else 3,
                    total=400 if measured else 0,
                    log_evidence=9.0 if verdict is Verdict.BREACH else -2.0,
                    is_measured=measured,
                    reason="" if verdict in {Verdict.HEALTHY, Verdict.BREACH} else "few_units",
                )
                points = tuple(
                    Point(now - timedelta(seconds=30 * (20 - step)), float(step * (5 if verdict is Verdict.BREACH else 0)), 20 * step)
                    for step in range(20)
                )
                limit = thresholds.error_rate if signal is Signal.ERROR_RATE else 0.1 if signal is Signal.API_FAILURES else None
                found.append(SignalStanding(self.item, release.version, version, said_now, limit, points if measured else (), now))
        engine.standings.record(found)
        document = {**plan.to_json(), "held_because": [self.words("the mode is propose, so a person says yes")]} if plan else None
        engine.looks.record(
            LookRecord(self.item, str(release.version), outcome, self.words(f"{release.version}: {outcome.value}"), now, 0.4, document)
        )
        self.checks(release, failing=outcome is not Outcome.HEALTHY)
        self.checks(baseline, failing=False)
        engine.drills.record(self.item, release.version, Drill(DrillVerdict.SAFE, str(baseline.version)), now)

    def checks(self, release: Release, *, failing: bool) -> None:
        """A report of the browser checks, with a picture that is really there."""
        folder = self.folder / "runs" / "filled" / self.item.id / str(release.version)
        folder.mkdir(parents=True, exist_ok=True)
        picture = folder / "popup.png"
        picture.write_bytes(_PICTURE)
        finding = (
            [Finding("popup_throws", self.words("the popup throws"), "see its console", detail=self.words("Error: x"))] if failing else []
        )
        checks = (
            CheckResult(CheckName.LOAD, CheckStatus.PASSED, seconds=1.2),
            CheckResult.of(CheckName.UI, finding, [picture]),
            CheckResult.absent(CheckName.EXTRACTION, "add [[extension.checks.extraction]]"),
        )
        self.engine.check_reports.record(self.item, CheckReport(self.words("shelf"), str(release.version), checks), folder, self.clock.at)

    def plan(self, release: Release, baseline: Release) -> RepairPlan:
        """What would be done now."""
        chosen = RepairPlan(ROLLBACK, self.words("the release is the cause"))
        return in_full(chosen, release, baseline, None, Surroundings())

    def rolled(self, release: Release, to: Release, incident: str, ends: RollbackState, *, automatic: bool) -> RollbackPlan:
        """A rollback that came to an end, or is under way."""
        plan = RollbackPlan(self.item, release.version, to.version, V(f"{release.version}.1"), self.words("bad"), automatic=automatic)
        journal = self.engine.journal
        journal.create(plan)
        self.engine.incidents.move(self.engine.incidents.get(incident), IncidentState.MITIGATING, said(Kind.ROLLBACK_BEGUN, **plan.facts))
        last = {RollbackState.COMPLETED: len(StepName), RollbackState.FAILED: 3, RollbackState.RUNNING: 3}[ends]
        for place, step in enumerate(StepName):
            if place >= last:
                break
            journal.begin(plan.id, step)
            self.clock.at += timedelta(seconds=20)
            if place + 1 < last or ends is RollbackState.COMPLETED:
                journal.end(plan.id, step, StepState.DONE, self.words(f"{step.value} is done"))
            elif ends is RollbackState.FAILED:
                journal.end(plan.id, step, StepState.FAILED, self.words("the store refused it"))
        if ends is not RollbackState.RUNNING:
            journal.finish(plan.id, ends, self.words("the store refused it") if ends is RollbackState.FAILED else "")
        return plan

    def waits_for_a_yes(self) -> str:
        """The newest release is bad, and its rollback is proposed."""
        baseline = self.release("1.9.0", timedelta(days=10), ReleaseState.GOOD)
        release = self.release("2.0.0", timedelta(minutes=31), ReleaseState.BAD, deploy_percentage=50)
        self.samples(release, baseline, 0.24, 30)
        incident = self.incident("2.0.0", timedelta(minutes=20), Severity.P1)
        self.engine.incidents.move(self.engine.incidents.get(incident), IncidentState.IDENTIFIED, said(Kind.CAUSE_FOUND, version="2.0.0"))
        proposal = Proposal(self.item, release.version, incident, "ROLLBACK", baseline.version, V("2.0.0.1"), self.words("bad"))
        self.engine.orders.propose(proposal)
        facts = {"target": baseline.version, "version": release.version, "new_version": "2.0.0.1"}
        self.engine.incidents.note(
            incident, said(Kind.PROPOSED, **facts), evidence=f"`release-guard rollback approve {incident} --by NAME`"
        )
        life.assign(self.engine, incident, Role.TECHNICAL_LEAD, "zoë", "ann", self.words("knows the code"))
        life.note(self.engine, incident, self.words("users in Germany see a blank popup"), "zoë")
        verdicts = {Signal.ERROR_RATE: Verdict.BREACH, Signal.HEALTH: Verdict.BREACH, Signal.API_FAILURES: Verdict.INCONCLUSIVE}
        self.judged(release, baseline, verdicts, Outcome.HELD, self.plan(release, baseline))
        return incident

    def was_rolled_back(self) -> None:
        """The newest release was rolled back by the guard, and what it put back is watched."""
        baseline = self.release("1.9.0", timedelta(days=10), ReleaseState.GOOD)
        bad = self.release("2.0.0", timedelta(hours=3), ReleaseState.ROLLED_BACK)
        self.samples(bad, baseline, 0.5, 10)
        incident = self.incident("2.0.0", timedelta(hours=2, minutes=50), Severity.P0)
        plan = self.rolled(bad, baseline, incident, RollbackState.COMPLETED, automatic=True)
        self.engine.incidents.move(self.engine.incidents.get(incident), IncidentState.MONITORING, said(Kind.ROLLBACK_DONE, **plan.facts))
        self.judged(bad, baseline, {Signal.ERROR_RATE: Verdict.BREACH}, Outcome.ROLLED_BACK)
        back = self.release(
            "2.0.0.1",
            timedelta(hours=2, minutes=45),
            ReleaseState.WATCHED,
            provenance=Provenance.ROLLBACK,
            rollback_of=V("2.0.0"),
            restores=V("1.9.0"),
        )
        self.engine.looks.record(LookRecord(self.item, str(back.version), Outcome.ROLLED_BACK, "recovery is not proved yet", START, 0.2))

    def is_healthy(self) -> None:
        """The newest release is well."""
        baseline = self.release("1.9.0", timedelta(days=10), ReleaseState.GOOD)
        release = self.release("2.0.0", timedelta(minutes=40), ReleaseState.GOOD)
        self.samples(release, baseline, 0.004, 39)
        self.judged(release, baseline, {}, Outcome.HEALTHY)

    def is_failing_to_roll_back(self) -> None:
        """A rollback has failed, and a person is needed."""
        baseline = self.release("1.9.0", timedelta(days=10), ReleaseState.GOOD)
        bad = self.release("2.0.0", timedelta(minutes=50), ReleaseState.BAD)
        self.samples(bad, baseline, 0.3, 8)
        incident = self.incident("2.0.0", timedelta(minutes=45), Severity.P1)
        self.rolled(bad, baseline, incident, RollbackState.FAILED, automatic=False)
        failed = said(Kind.ROLLBACK_FAILED, failure=self.words("the store refused it"))
        self.engine.incidents.move(self.engine.incidents.get(incident), IncidentState.INVESTIGATING, failed)
        self.judged(bad, baseline, {Signal.ERROR_RATE: Verdict.BREACH}, Outcome.FAILED, self.plan(bad, baseline))

    def is_undecided(self) -> None:
        """Too few use the newest release to say anything; of the last extension nothing was ever judged."""
        baseline = self.release("1.9.0", timedelta(days=10), ReleaseState.GOOD)
        release = self.release("2.0.0", timedelta(minutes=15), ReleaseState.WATCHED, deploy_percentage=5)
        self.samples(release, baseline, 0.01, 2)
        self.judged(release, baseline, dict.fromkeys((Signal.ERROR_RATE, Signal.SILENCE), Verdict.INCONCLUSIVE), Outcome.INCONCLUSIVE)


def _action_items(engine: Engine, clock: Moving, words: Callable[[str], str], incidents: list[str]) -> None:
    """Of each state, and one that is overdue."""
    items = ActionItems(engine.database, clock)
    for number, (due, state) in enumerate(
        (
            (date(2026, 11, 20), ActionState.OPEN),
            (date(2026, 12, 1), ActionState.IN_PROGRESS),
            (date(2026, 11, 1), ActionState.DONE),
            (date(2026, 12, 24), ActionState.DROPPED),
        )
    ):
        clock.at = START - timedelta(days=30)
        draft = ActionItem(
            id="",
            title=words(f"test the popup in German ({number})")[:200],
            owner="bob",
            priority=list(Priority)[number % 3],
            due_on=due,
            created_by="ann",
            created_at=clock.at,
            incidents=tuple(incidents[number : number + 1]),
            prevents=IncidentClass(None, Signal.ERROR_RATE, None),
            estimated_preventions=2,
        )
        item = items.add(draft)
        clock.at = START - timedelta(days=3)
        if state is not ActionState.OPEN:
            items.move(item, state, "bob", words("not worth it"))

"""What the public is told: a few facts of each incident, and nothing that was written about it. Pure.

Only what this module takes over can be on the page. Of an incident it takes its times, how bad it is, the names of a few events, and a
version that users were seen to have, and the words that a person has given for the public; never its title, cause, texts, evidence or
people, nor the publisher. All other sentences are made in `guard.statuspage.wording` from these facts alone.
"""

import dataclasses
import enum
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from guard.incidents.analysis import DETECTED, Case
from guard.incidents.events import Kind
from guard.incidents.incident import IncidentState
from guard.incidents.wording import one_line
from guard.model import Interval
from guard.statuspage.overall import OverallStatus, overall_status
from guard.statuspage.uptime import CONDITIONS, DAYS, Condition, Uptime, stretches_of, troubles_of, uptime_of
from webstore.models import Item
from webstore.versions import Version

ASLEEP_AFTER = timedelta(hours=1)
"""An extension that nobody looked at for so long is not being watched, whatever was seen before."""
_LONGEST_NAME = 80
_MOST_UPDATES = 40
_NAMESPACE = uuid.UUID("5b6f7e0a-6f0c-4c57-9a0c-6a1d3a0b9c41")
"""Of the names by which incidents are known in public: made up once."""


class Stage(enum.StrEnum):
    """How far an incident has come, as users are told of it."""

    SEEN = "seen"
    TAKEN_ON = "taken_on"
    GOING_BACK = "going_back"
    """The previous version is being put back."""
    BACK = "back"
    NOT_BACK = "not_back"
    """It was stopped."""
    BACK_FAILED = "back_failed"
    REPAIRING = "repairing"
    REPAIRED = "repaired"
    REPAIR_FAILED = "repair_failed"
    AGAIN = "again"
    WELL = "well"
    FALSE_ALARM = "false_alarm"
    TOLD = "told"
    """A person has words for the public."""


_STAGES: Mapping[str, Stage] = {
    **dict.fromkeys(DETECTED, Stage.SEEN),
    Kind.ACKNOWLEDGED: Stage.TAKEN_ON,
    Kind.ROLLBACK_BEGUN: Stage.GOING_BACK,
    Kind.ROLLBACK_DONE: Stage.BACK,
    Kind.ROLLBACK_STOPPED: Stage.NOT_BACK,
    Kind.ROLLBACK_FAILED: Stage.BACK_FAILED,
    Kind.ROLLBACK_FAILED_WORSE: Stage.BACK_FAILED,
    Kind.REPAIR_BEGUN: Stage.REPAIRING,
    Kind.REOPENED: Stage.AGAIN,
    Kind.REOPENED_BY_HAND: Stage.AGAIN,
    Kind.RECOVERED: Stage.WELL,
    Kind.RESOLVED: Stage.WELL,
    Kind.FALSE_ALARM: Stage.FALSE_ALARM,
}
"""What of a timeline is told. An event that is not named here is nobody else's business."""


@dataclasses.dataclass(frozen=True)
class Update:
    """One thing that users are told of an incident."""

    at: datetime
    stage: Stage
    words: str = ""
    """A person's own, where the stage is that: one bounded line."""


@dataclasses.dataclass(frozen=True)
class PublicIncident:
    """An incident as users are told of it."""

    reference: uuid.UUID
    """The same as long as the incident is known; says nothing by itself."""
    name: str
    """What the extension is called."""
    condition: Condition
    since: datetime
    until: datetime | None
    """None while it is open."""
    updates: tuple[Update, ...]
    """The oldest first; there is at least one."""
    changed_at: datetime
    """When something was last told of it, or taken back."""
    version: Version | None = None
    """The version that it was seen in, if users were seen to have that."""

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.until is None

    @property
    def is_false_alarm(self) -> bool:
        """Whether nothing was wrong."""
        return any(update.stage is Stage.FALSE_ALARM for update in self.updates) and not self.is_open


@dataclasses.dataclass(frozen=True)
class PublicExtension:
    """An extension as users know it."""

    id: str
    """The item's id, as it stands in its address in the store."""
    name: str
    looked_at: datetime | None
    """When the guard last looked; none when it never did."""
    was_seen: bool
    """Whether that look came to its end."""
    is_watched: bool
    """Whether what is said of it now is known: somebody looked lately, and saw."""
    condition: Condition
    """How it does now: by its open incidents; unknown when nobody watches and none is open."""
    uptime: Uptime


@dataclasses.dataclass(frozen=True)
class PublicStatus:
    """All that the public is told."""

    at: datetime
    """When this was said."""
    overall: OverallStatus
    extensions: tuple[PublicExtension, ...]
    incidents: tuple[PublicIncident, ...]
    """Those of the days that are shown: the open ones first, of these the worst; else the newest."""
    began_at: datetime | None = None
    """When the guard first saw one of these extensions."""

    @property
    def is_watched(self) -> bool:
        """Whether every extension is being watched."""
        return all(extension.is_watched for extension in self.extensions)

    @property
    def condition(self) -> Condition:
        """The worst of all extensions; unknown when none has a problem and one is not being watched: silence is no good news."""
        worst = max((extension.condition for extension in self.extensions), default=Condition.UNKNOWN)
        return Condition.UNKNOWN if worst is Condition.GOOD and not self.is_watched else worst

    @property
    def name(self) -> str:
        """The overall status by its name; UNKNOWN where silence must not pass for good news."""
        return "UNKNOWN" if self.condition is Condition.UNKNOWN else self.overall.value


@dataclasses.dataclass(frozen=True)
class Watched:
    """What the guard knows of one extension."""

    item: Item
    name: str
    """As it is configured; it may be anything."""
    cases: Sequence[Case]
    first_seen_at: datetime | None
    looked_at: datetime | None
    """When the guard last looked."""
    was_seen: bool = True
    """Whether that look came to its end; else it is not known how the extension does."""
    published: Collection[Version] = ()
    """The versions that users were seen to have."""


def publish(watched: Iterable[Watched], now: datetime) -> PublicStatus:
    """What may be told of these extensions."""
    known = list(watched)
    shown = [(one, case) for one in known for case in one.cases if _is_shown(case, now)]
    incidents = [_incident(one, case, now) for one, case in shown]
    return PublicStatus(
        at=now,
        overall=overall_status(case.incident for _, case in shown if case.incident.state.is_open),
        extensions=tuple(_extension(one, now) for one in known),
        incidents=tuple(sorted(incidents, key=_place, reverse=True)),
        began_at=min((at for one in known if (at := _first_seen(one))), default=None),
    )


def _place(incident: PublicIncident) -> tuple[bool, int, datetime]:
    return incident.is_open, incident.condition if incident.is_open else 0, incident.since


def name_in_public(name: str, item: Item) -> str:
    """What an extension is called: one bounded line of its name, or its id where nothing of it can be read."""
    line = one_line(name)
    return (line if len(line) <= _LONGEST_NAME else f"{line[:_LONGEST_NAME].rstrip()}…") or item.id


def _is_shown(case: Case, now: datetime) -> bool:
    """Whether it is open, or ended within the days that are shown."""
    ended = case.incident.resolved_at or case.incident.opened_at
    return case.incident.state.is_open or ended >= now - timedelta(days=DAYS)


def _extension(one: Watched, now: datetime) -> PublicExtension:
    first, last = _first_seen(one), one.looked_at
    is_watched = last is not None and one.was_seen and now - last <= ASLEEP_AFTER
    known = Interval(first, now if is_watched else last) if first and last else None
    open_now = [CONDITIONS[case.incident.severity] for case in one.cases if case.incident.state.is_open]
    condition = max(open_now, default=Condition.GOOD if is_watched else Condition.UNKNOWN)
    uptime = uptime_of(troubles_of(one.cases, now), known, now)
    return PublicExtension(one.item.id, name_in_public(one.name, one.item), last, one.was_seen, is_watched, condition, uptime)


def _first_seen(one: Watched) -> datetime | None:
    """When the extension was first seen, or was first in trouble: what is older is not known."""
    moments = [one.first_seen_at, *(case.incident.opened_at for case in one.cases)]
    return min((at for at in moments if at), default=None)


def _incident(one: Watched, case: Case, now: datetime) -> PublicIncident:
    incident, stretches = case.incident, stretches_of(case, now)
    since = stretches[0].start if stretches else incident.opened_at
    until = stretches[-1].end if stretches else incident.resolved_at or incident.opened_at
    updates = _updates(case, since)
    withdrawn = [entry.at for entry in case.all({Kind.PUBLIC_WITHDRAWN})]
    return PublicIncident(
        reference=uuid.uuid5(_NAMESPACE, f"{one.item.id}\n{incident.id}"),
        name=name_in_public(one.name, one.item),
        condition=CONDITIONS[incident.severity],
        since=since,
        until=None if incident.state.is_open else until,
        updates=updates,
        changed_at=max([updates[-1].at, *withdrawn]),
        version=incident.version if incident.version in one.published else None,
    )


def _updates(case: Case, since: datetime) -> tuple[Update, ...]:
    """The events that are told, each once in a row; what a person never named may lack its end, which the state then tells."""
    found: list[Update] = [Update(since, Stage.SEEN)]
    for entry in case.timeline:
        if entry.kind == Kind.PUBLIC_WITHDRAWN:
            found = [update for update in found if update.stage is not Stage.TOLD]
        elif entry.kind == Kind.PUBLIC_NOTE:
            found.append(Update(max(entry.at, since), Stage.TOLD, one_line(entry.facts.get("text", ""))))
        elif (stage := _stage(entry.kind, entry.facts)) and entry.at >= since and stage not in {Stage.SEEN, _newest(found).stage}:
            found.append(Update(entry.at, stage))
    if not case.incident.state.is_open and _newest(found).stage not in {Stage.WELL, Stage.FALSE_ALARM}:
        is_false = case.incident.state is IncidentState.FALSE_ALARM
        ended = case.incident.resolved_at or found[-1].at
        found.append(Update(max(ended, found[-1].at), Stage.FALSE_ALARM if is_false else Stage.WELL))
    return (found[0], *found[1:][-_MOST_UPDATES:])


def _newest(updates: Sequence[Update]) -> Update:
    """The last of those that say how far it has come."""
    return next(update for update in reversed(updates) if update.stage is not Stage.TOLD)


def _stage(kind: str, facts: Mapping[str, str]) -> Stage | None:
    if kind == Kind.REPAIR_ENDED:
        return Stage.REPAIRED if facts.get("result") == "done" else Stage.REPAIR_FAILED
    return _STAGES.get(kind)

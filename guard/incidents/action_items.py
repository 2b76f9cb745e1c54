"""Action items: what a team does so that an incident does not come back, what class of incidents that prevents, and when to remind."""

import dataclasses
import enum
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from guard.errors import UsageError
from guard.incidents.events import Kind
from guard.incidents.incident import Incident, TimelineEntry
from guard.judge.diagnosis import Cause
from guard.model import Signal

_ANY = "*"
_ITEM = re.compile(r"[a-p]{32}")
_SIGNAL = re.compile(rf"(?:^[a-z_ ()]+: |; )({'|'.join(signal.value for signal in Signal)}): ")
"""A signal as the headline of an assessment names it."""
_SEEN = {Kind.BREACH_SEEN, Kind.OPENED_BY_CANARY, Kind.REOPENED}
LONGEST_TITLE = 200


class ActionState(enum.StrEnum):
    """Where an action item stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DROPPED = "dropped"
    """Given up, with a reason."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self in OPEN_STATES


OPEN_STATES = frozenset({ActionState.OPEN, ActionState.IN_PROGRESS})


class Priority(enum.StrEnum):
    """How soon an action item is worth doing."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ActionRefused(UsageError):
    """What was asked of an action item makes no sense."""

    hint = "see `release-guard action show ID` for where it stands"


@dataclasses.dataclass(frozen=True)
class IncidentClass:
    """Incidents that are alike: of an item, seen by a signal, with a cause. None stands for any.

    Unlike an incident's own fingerprint it knows no version, so that incidents before and after an action item can be counted by it.
    """

    item_id: str | None = None
    signal: Signal | None = None
    cause: Cause | None = None

    def __str__(self) -> str:
        return "/".join((self.item_id or _ANY, self.signal or _ANY, self.cause or _ANY))

    @classmethod
    def parse(cls, text: str) -> "IncidentClass":
        """Read ITEM/SIGNAL/CAUSE, each of them a value or ``*``.

        Raises:
            UsageError: it is no such class.
        """
        parts = text.strip().split("/")
        try:
            item, signal, cause = (None if part == _ANY else part for part in parts)
            return cls(_item_of(item), None if signal is None else Signal(signal), None if cause is None else Cause(cause))
        except ValueError:
            wrong = UsageError("a class of incidents is written ITEM/SIGNAL/CAUSE, each of them a value or *")
            signals, causes = ", ".join(Signal), ", ".join(Cause)
            raise wrong.advise(f"such as */error_rate/deployment; signals: {signals}; causes: {causes}; items by their id") from None

    def covers(self, incident: Incident, signals: Iterable[Signal]) -> bool:
        """Whether an incident, seen by those signals, is of the class."""
        if self.item_id is not None and self.item_id != incident.item.id:
            return False
        if self.signal is not None and self.signal not in set(signals):
            return False
        return self.cause is None or self.cause is cause_of(incident)


def _item_of(text: str | None) -> str | None:
    if text is not None and not _ITEM.fullmatch(text):
        raise ValueError(text)
    return text


def cause_of(incident: Incident) -> Cause:
    """The diagnosed cause of an incident; unknown where a person's own words stand there."""
    word = incident.cause.partition(":")[0].strip()
    return Cause(word) if word in set(Cause) else Cause.UNKNOWN


def signals_of(timeline: Sequence[TimelineEntry]) -> tuple[Signal, ...]:
    """The signals that an incident was seen by, as its timeline tells them, in their order."""
    found = [Signal(name) for entry in timeline if entry.kind in _SEEN for name in _SIGNAL.findall(entry.evidence)]
    return tuple(dict.fromkeys(found))


def class_of(incident: Incident, timeline: Sequence[TimelineEntry]) -> IncidentClass:
    """The class of an incident: its item, the first signal that it was seen by, and its cause where one is known."""
    cause = cause_of(incident)
    return IncidentClass(incident.item.id, next(iter(signals_of(timeline)), None), None if cause is Cause.UNKNOWN else cause)


@dataclasses.dataclass(frozen=True)
class ActionItem:
    """What somebody does after an incident."""

    id: str
    """Readable and unique: ACT-2026-0001."""
    title: str
    owner: str
    priority: Priority
    due_on: date
    """The last day on which it is in time."""
    created_by: str
    created_at: datetime
    state: ActionState = ActionState.OPEN
    incidents: tuple[str, ...] = ()
    """The incidents that it came of."""
    prevents: IncidentClass | None = None
    estimated_preventions: int = 0
    """How many incidents a year of that class the team expects it to prevent."""
    ended_at: datetime | None = None
    reason: str = ""
    """Why it was dropped, or what was done."""

    def is_overdue(self, today: date) -> bool:
        """Whether its last day is over and it is not done."""
        return self.state.is_open and today > self.due_on

    def moved(self, to: ActionState, at: datetime, reason: str = "") -> "ActionItem":
        """The item in another state.

        Raises:
            ActionRefused: it has ended, is there already, or is dropped without a reason.
        """
        if not self.state.is_open:
            raise ActionRefused(f"{self.id} is {self.state.value} and stays so").advise("add a new one with `release-guard action add`")
        if to is self.state:
            raise ActionRefused(f"{self.id} is {to.value.replace('_', ' ')} already")
        if to is ActionState.DROPPED and not reason.strip():
            raise ActionRefused(f"{self.id} is dropped only with a reason").advise("say why with --reason")
        return dataclasses.replace(self, state=to, ended_at=None if to.is_open else at, reason=reason.strip() or self.reason)


@dataclasses.dataclass(frozen=True)
class Reminder:
    """A reminder that is due."""

    item: ActionItem
    which: str
    """Which of the item's reminders, so that each is put down once."""
    days_left: int
    """Until its last day; negative when that is over."""

    @property
    def key(self) -> str:
        """What makes two reminders the same one. A new due date is reminded of anew."""
        return f"{key_prefix(self.item.id)}{self.item.due_on.isoformat()}:{self.which}"


BEFORE = (timedelta(days=3), timedelta(days=7))
"""So long before its last day an item is reminded of (DESIGN, section 6); the nearer first."""


def reminders_due(item: ActionItem, today: date) -> list[Reminder]:
    """What an item is to be reminded of today: 7 days before, 3 days before, and each day once it is overdue.

    A day on which nobody asked is made up for by the next, but only the last of several that were missed; what was due before the item was
    there is not.
    """
    if not item.state.is_open:
        return []
    left = (item.due_on - today).days
    if left < 0:
        return [Reminder(item, f"overdue-{today.isoformat()}", left)]
    for before in BEFORE:
        day = item.due_on - before
        if day <= today:
            return [Reminder(item, f"{before.days}-days-before", left)] if item.created_at.date() <= day else []
    return []


def key_prefix(action_id: str) -> str:
    """How the keys of all reminders of an item begin."""
    return f"{action_id}:"


def action_id(year: int, number: int) -> str:
    """ACT-2026-0001: the year, and a number that only rises within it."""
    return f"ACT-{year}-{number:04d}"


def is_action(identifier: str) -> bool:
    """Whether an id is an action item's."""
    return identifier.startswith("ACT-")


def title_of(text: str) -> str:
    """A title, on one line and of bounded length.

    Raises:
        UsageError: nothing is left of it, or it is too long.
    """
    title = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not 0 < len(title) <= LONGEST_TITLE:
        raise UsageError(f"a title has 1 to {LONGEST_TITLE} letters").advise("say in one line what will be done")
    return title
